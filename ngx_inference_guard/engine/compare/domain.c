/*
 * Classes of what a request has one of: tenant, country, reading, model, path;
 * and of endpoints.
 */

#include "compare/domain.h"
#include "compare/globs.h"

#include <string.h>


const ig_rule_t *
ig_domain_rule(const ig_domain_t *d, size_t rule, ig_side_name_t *side)
{
    *side = rule < d->side[IG_SIDE_NEW].first ? IG_SIDE_OLD : IG_SIDE_NEW;

    return &d->side[*side].policy->rules[rule - d->side[*side].first];
}


const ig_condition_t *
ig_domain_condition(const ig_domain_t *d, size_t condition)
{
    ig_side_name_t    side;
    const ig_rule_t  *rule;

    rule = ig_domain_rule(d, condition / 2, &side);

    return condition & 1 ? &rule->unless : &rule->when;
}


void
ig_domain_law(const ig_domain_t *d, ig_side_name_t side, ig_country_t c,
    uint64_t *effect)
{
    size_t            i;
    uint32_t          stand_in;
    const ig_pack_t  *packs;
    const ig_side_t  *s;

    s = &d->side[side];

    if (c == IG_COUNTRY_UNKNOWN) {
        return;
    }

    if (!ig_countries_has(&s->covered, c)) {
        stand_in = s->policy->stances.jurisdiction_without_pack;

        if (stand_in < s->policy->npacks) {
            ig_bit_set(effect, s->packs + stand_in);

        } else {
            ig_bit_set(effect, s->uncovered);
        }

        return;
    }

    packs = s->policy->packs;

    for (i = 0; i < s->policy->npacks; i++) {
        if (!packs[i].everywhere && ig_countries_has(&packs[i].members, c)) {
            ig_bit_set(effect, s->packs + i);
        }
    }
}


/* one block of memory for all bits of a class, so that it compares at once */

static size_t
ig_class_words(const ig_domain_t *d)
{
    return d->condition_words + d->effect_words + d->rule_words
           + d->endpoint_words;
}


static bool
ig_class_new(ig_domain_t *d, ig_class_t *c)
{
    memset(c, 0, sizeof(ig_class_t));

    c->holds = ig_arena_calloc(d->arena,
                               ig_class_words(d) * sizeof(uint64_t));
    if (c->holds == NULL) {
        return false;
    }

    c->effect = c->holds + d->condition_words;
    c->refuses = c->effect + d->effect_words;
    c->serves = c->refuses + d->rule_words;

    return true;
}


static bool
ig_classes_begin(ig_domain_t *d, ig_classes_t *all, size_t max)
{
    all->n = 0;
    all->items = ig_arena_calloc(d->arena, (max + 1) * sizeof(ig_class_t));

    return all->items && ig_class_new(d, &all->items[0]);
}


/* keeps the class being made (items[n]) unless there is one like it */

static bool
ig_classes_keep(ig_domain_t *d, ig_classes_t *all)
{
    size_t       i, size;
    ig_class_t  *c, *k;

    c = &all->items[all->n];
    size = ig_class_words(d) * sizeof(uint64_t);

    for (i = 0; i < all->n; i++) {
        k = &all->items[i];

        if (memcmp(k->holds, c->holds, size) == 0
            && k->refused[0] == c->refused[0]
            && k->refused[1] == c->refused[1]
            && k->reason == c->reason
            && k->uninspectable == c->uninspectable)
        {
            memset(c->holds, 0, size);
            return true;
        }
    }

    return ig_class_new(d, &all->items[++all->n]);
}


static bool
ig_rows_have(const ig_rows_t *rows, uint32_t row)
{
    size_t  i;

    for (i = 0; i < rows->n; i++) {
        if (rows->items[i] == row) {
            return true;
        }
    }

    return false;
}


/* the value of each key that a class is of; only one key is looked at */
typedef struct {
    uint32_t      tenant[2];
    ig_country_t  country[2];
    ig_dialect_t  dialect;
    ig_str_t      text;
} ig_domain_value_t;

static bool
ig_domain_key_holds(const ig_condition_t *c, unsigned key, ig_side_name_t side,
    const ig_domain_value_t *v)
{
    switch (key) {

    case IG_WHEN_TENANT:
        return v->tenant[side] != IG_NONE
               && ig_rows_have(&c->tenants, v->tenant[side]);

    case IG_WHEN_COUNTRY:
        return ig_countries_has(&c->countries, v->country[side]);

    case IG_WHEN_DIALECT:
        return c->dialects & IG_DIALECT_BIT(v->dialect);

    case IG_WHEN_MODEL:
        return v->text.len && ig_glob_list_match(&c->models, v->text);

    default:
        return ig_glob_list_match(&c->paths, v->text);
    }
}


static void
ig_domain_holds(const ig_domain_t *d, unsigned key, const ig_domain_value_t *v,
    uint64_t *holds)
{
    size_t                 i;
    ig_side_name_t         side;
    const ig_condition_t  *c;

    for (i = 0; i < 2 * d->rules; i++) {
        c = ig_domain_condition(d, i);
        (void) ig_domain_rule(d, i / 2, &side);

        if (!(c->keys & key) || ig_domain_key_holds(c, key, side, v)) {
            ig_bit_set(holds, i);
        }
    }
}


/* -- tenants -------------------------------------------------------------- */

static bool
ig_domain_tenant(ig_domain_t *d, ig_str_t name)
{
    size_t              i;
    ig_class_t         *c;
    ig_domain_value_t   v;
    const ig_policy_t  *p;

    c = &d->tenants.items[d->tenants.n];
    c->text = name;

    for (i = 0; i < 2; i++) {
        p = d->side[i].policy;
        v.tenant[i] = name.len ? ig_policy_tenant(p, name) : IG_NONE;

        if (v.tenant[i] == IG_NONE) {
            v.tenant[i] = p->stances.unknown_tenant;
        }

        c->refused[i] = v.tenant[i] >= p->ntenants;

        if (!c->refused[i] && (p->stances.jurisdictions_from & IG_FROM_TENANT))
        {
            ig_domain_law(d, (ig_side_name_t) i,
                          p->tenants[v.tenant[i]].home, c->effect);
        }
    }

    ig_domain_holds(d, IG_WHEN_TENANT, &v, c->holds);

    return ig_classes_keep(d, &d->tenants);
}


static bool
ig_domain_tenants(ig_domain_t *d)
{
    size_t              i, k;
    const ig_policy_t  *p;

    if (!ig_classes_begin(d, &d->tenants,
                          d->side[0].policy->ntenants
                          + d->side[1].policy->ntenants + 1))
    {
        return false;
    }

    for (i = 0; i < 2; i++) {
        p = d->side[1 - i].policy;

        for (k = 0; k < p->ntenants; k++) {
            if (!ig_domain_tenant(d, p->tenants[k].name)) {
                return false;
            }
        }
    }

    return ig_domain_tenant(d, IG_NO_STR);
}


/* -- countries of the client ---------------------------------------------- */

static bool
ig_domain_country(ig_domain_t *d, ig_country_t country)
{
    size_t               i;
    ig_class_t          *c;
    ig_domain_value_t    v;
    const ig_stances_t  *s;

    c = &d->countries.items[d->countries.n];
    c->country = country;

    for (i = 0; i < 2; i++) {
        s = &d->side[i].policy->stances;
        v.country[i] = country;

        if (country == IG_COUNTRY_UNKNOWN) {
            v.country[i] = s->unknown_country;
            c->refused[i] = !s->ignore_unknown_country
                            && s->unknown_country == IG_COUNTRY_UNKNOWN;
        }

        if (s->jurisdictions_from & IG_FROM_CLIENT) {
            ig_domain_law(d, (ig_side_name_t) i, v.country[i], c->effect);
        }
    }

    ig_domain_holds(d, IG_WHEN_COUNTRY, &v, c->holds);

    return ig_classes_keep(d, &d->countries);
}


static bool
ig_domain_countries(ig_domain_t *d)
{
    size_t  i;

    if (!ig_classes_begin(d, &d->countries, ig_country_count() + 1)) {
        return false;
    }

    for (i = 0; i < ig_country_count(); i++) {
        if (!ig_domain_country(d, (ig_country_t) i)) {
            return false;
        }
    }

    return true;
}


/* -- readings ------------------------------------------------------------- */

static bool
ig_domain_reading(ig_domain_t *d, ig_dialect_t dialect, ig_reason_t reason,
    unsigned uninspectable)
{
    size_t              i;
    ig_class_t         *c;
    const ig_policy_t  *p;
    ig_domain_value_t   v;

    c = &d->readings.items[d->readings.n];
    c->dialect = dialect;
    c->reason = reason;
    c->uninspectable = uninspectable;

    for (i = 0; i < 2; i++) {
        c->refused[i] = (reason != IG_REASON_NONE || uninspectable)
                        && !d->side[i].policy->stances.uninspectable_allowed;
    }

    p = d->side[IG_SIDE_NEW].policy;

    for (i = 0; i < p->nendpoints; i++) {
        if (dialect == IG_DIALECT_NONE
            || (p->endpoints[i].dialects & IG_DIALECT_BIT(dialect)))
        {
            ig_bit_set(c->serves, i);
        }
    }

    v.dialect = dialect;
    ig_domain_holds(d, IG_WHEN_DIALECT, &v, c->holds);

    return ig_classes_keep(d, &d->readings);
}


static bool
ig_domain_readings(ig_domain_t *d)
{
    int           i;
    ig_dialect_t  k;

    if (!ig_classes_begin(d, &d->readings, 3 * IG_DIALECTS)) {
        return false;
    }

    for (i = IG_DIALECT_NONE + 1; i < IG_DIALECTS; i++) {
        k = (ig_dialect_t) i;

        if (!ig_domain_reading(d, k, IG_REASON_NONE, 0)
            || !ig_domain_reading(d, k, IG_REASON_NONE,
                                  IG_UNINSPECTABLE_MEDIA)
            || !ig_domain_reading(d, k, IG_REASON_unsupported_media_type, 0))
        {
            return false;
        }
    }

    return ig_domain_reading(d, IG_DIALECT_NONE, IG_REASON_unknown_operation,
                             0);
}


/* -- models and paths ----------------------------------------------------- */

/* rules whose `models` refuse; a request without a model passes */

static void
ig_domain_model_rules(const ig_domain_t *d, bool read, ig_str_t model,
    uint64_t *refuses)
{
    size_t            i;
    ig_side_name_t    side;
    const ig_rule_t  *rule;

    for (i = 0; i < d->rules; i++) {
        rule = ig_domain_rule(d, i, &side);

        if ((rule->effects & IG_THEN_MODELS) && !rule->audit
            && !(read && (model.len == 0
                          || ig_glob_list_match(&rule->models, model))))
        {
            ig_bit_set(refuses, i);
        }
    }
}


static bool
ig_domain_model(ig_domain_t *d, bool read, ig_str_t model, ig_class_t *c)
{
    size_t              i;
    const ig_policy_t  *p;
    ig_domain_value_t   v;

    p = d->side[IG_SIDE_NEW].policy;
    c->text = model;
    v.text = model;

    for (i = 0; i < p->nendpoints; i++) {
        if (model.len == 0
            || ig_glob_list_match(&p->endpoints[i].models, model))
        {
            ig_bit_set(c->serves, i);
        }
    }

    ig_domain_model_rules(d, read, model, c->refuses);
    ig_domain_holds(d, IG_WHEN_MODEL, &v, c->holds);

    return true;
}


/* every list of globs over models or paths in both policies */

static ig_strs_t *
ig_domain_lists(ig_domain_t *d, bool models, size_t *n)
{
    size_t                 i, max;
    ig_strs_t             *lists;
    ig_side_name_t         side;
    const ig_rule_t       *rule;
    const ig_policy_t     *p;
    const ig_condition_t  *c;

    p = d->side[IG_SIDE_NEW].policy;
    max = 3 * d->rules + p->nendpoints;
    lists = ig_arena_calloc(d->arena, (max + 1) * sizeof(ig_strs_t));

    for (i = 0, *n = 0; lists && i < 2 * d->rules; i++) {
        c = ig_domain_condition(d, i);

        if (c->keys & (models ? IG_WHEN_MODEL : IG_WHEN_PATH)) {
            lists[(*n)++] = models ? c->models : c->paths;
        }
    }

    for (i = 0; lists && models && i < d->rules; i++) {
        rule = ig_domain_rule(d, i, &side);

        if (rule->effects & IG_THEN_MODELS) {
            lists[(*n)++] = rule->models;
        }
    }

    for (i = 0; lists && models && i < p->nendpoints; i++) {
        lists[(*n)++] = p->endpoints[i].models;
    }

    return lists;
}


static ig_rc_t
ig_domain_models(ig_domain_t *d, const char **bound)
{
    size_t      i, n;
    ig_rc_t     rc;
    ig_strs_t  *lists, texts;

    *bound = "the globs of models tell too many strings apart";

    lists = ig_domain_lists(d, true, &n);
    if (lists == NULL) {
        return ig_arena_status(d->arena);
    }

    rc = ig_glob_classes(lists, n, false, d->arena, &texts);
    if (rc != IG_OK) {
        return rc;
    }

    if (!ig_class_new(d, &d->unread)
        || !ig_classes_begin(d, &d->models, texts.n + 1)
        || !ig_domain_model(d, false, IG_NO_STR, &d->unread))
    {
        return ig_arena_status(d->arena);
    }

    for (i = 0; i <= texts.n; i++) {
        if (!ig_domain_model(d, true, i ? texts.items[i - 1] : IG_NO_STR,
                             &d->models.items[d->models.n])
            || !ig_classes_keep(d, &d->models))
        {
            return ig_arena_status(d->arena);
        }
    }

    return IG_OK;
}


static ig_rc_t
ig_domain_paths(ig_domain_t *d, const char **bound)
{
    size_t             i, n;
    ig_rc_t            rc;
    ig_class_t        *c;
    ig_strs_t         *lists, texts;
    ig_domain_value_t  v;

    *bound = "the globs of paths tell too many strings apart";

    lists = ig_domain_lists(d, false, &n);
    if (lists == NULL) {
        return ig_arena_status(d->arena);
    }

    rc = ig_glob_classes(lists, n, true, d->arena, &texts);
    if (rc != IG_OK) {
        return rc;
    }

    if (!ig_classes_begin(d, &d->paths, texts.n + 1)) {
        return ig_arena_status(d->arena);
    }

    /* a path that people know, before those made up */

    for (i = 0; i <= texts.n; i++) {
        c = &d->paths.items[d->paths.n];
        c->text = i ? texts.items[i - 1] : IG_STR("/v1/chat/completions");
        v.text = c->text;
        ig_domain_holds(d, IG_WHEN_PATH, &v, c->holds);

        if (!ig_classes_keep(d, &d->paths)) {
            return ig_arena_status(d->arena);
        }
    }

    return IG_OK;
}


/* -- endpoints ------------------------------------------------------------ */

static bool
ig_domain_excludes(const ig_rule_t *rule, const ig_endpoint_t *e)
{
    if (rule->audit) {
        return false;
    }

    return (rule->effects & IG_THEN_BLOCK)
           || ((rule->effects & IG_THEN_DESTINATIONS)
               && !ig_countries_has(&rule->destinations, e->country))
           || ((rule->effects & IG_THEN_OPERATORS)
               && !ig_countries_subset(&e->operators, &rule->operators));
}


/* is it served exactly when the other is? */

static bool
ig_domain_served_alike(const ig_domain_t *d, uint32_t a, uint32_t b)
{
    size_t             i, k;
    const ig_class_t  *c;
    const ig_classes_t *all[] = { &d->readings, &d->models };

    for (k = 0; k < 2; k++) {
        for (i = 0; i < all[k]->n; i++) {
            c = &all[k]->items[i];

            if (ig_bit_get(c->serves, a) != ig_bit_get(c->serves, b)) {
                return false;
            }
        }
    }

    return true;
}


static bool
ig_domain_places(ig_domain_t *d)
{
    size_t              i, k;
    ig_side_name_t      side;
    const ig_rule_t    *rule;
    const ig_policy_t  *p;
    ig_place_class_t   *c;

    p = d->side[IG_SIDE_NEW].policy;
    d->places = ig_arena_calloc(d->arena, (p->nendpoints + 1)
                                          * sizeof(ig_place_class_t));

    for (i = 0; d->places && i < p->nendpoints; i++) {
        c = &d->places[d->nplaces];
        c->row = (uint32_t) i;
        c->excluders = ig_arena_calloc(d->arena, d->rule_words
                                                 * sizeof(uint64_t));
        if (c->excluders == NULL) {
            return false;
        }

        for (k = 0; k < d->rules; k++) {
            rule = ig_domain_rule(d, k, &side);

            if (ig_domain_excludes(rule, &p->endpoints[i])) {
                ig_bit_set(c->excluders, k);
            }
        }

        for (k = 0; k < 2; k++) {
            c->confined[k] = ig_rows_have(
                                 &d->side[k].policy->stances.uninspectable,
                                 c->row);
        }

        for (k = 0; k < d->nplaces; k++) {
            if (memcmp(d->places[k].excluders, c->excluders,
                       d->rule_words * sizeof(uint64_t)) == 0
                && memcmp(d->places[k].confined, c->confined,
                          sizeof(c->confined)) == 0
                && ig_domain_served_alike(d, d->places[k].row, c->row))
            {
                break;
            }
        }

        d->nplaces += k == d->nplaces;
    }

    return d->places != NULL;
}


/* -- all ------------------------------------------------------------------ */

static void
ig_domain_sides(ig_domain_t *d, const ig_policy_t *old, const ig_policy_t *new)
{
    size_t      i, k, bit, conditions;
    ig_side_t  *s;

    d->side[IG_SIDE_OLD].policy = old;
    d->side[IG_SIDE_NEW].policy = new;
    bit = 0;

    for (i = 0; i < 2; i++) {
        s = &d->side[i];
        s->first = d->rules;
        s->packs = bit;
        s->uncovered = bit + s->policy->npacks;
        s->covered = ig_countries_none();
        bit = s->uncovered + 1;
        d->rules += s->policy->nrules;

        for (k = 0; k < s->policy->npacks; k++) {
            if (!s->policy->packs[k].everywhere) {
                ig_countries_union(&s->covered, &s->policy->packs[k].members);
            }
        }
    }

    conditions = 2 * d->rules;
    d->data = bit;
    d->tools = bit + conditions;
    d->rule_words = IG_BIT_WORDS(d->rules + 1);
    d->condition_words = IG_BIT_WORDS(conditions + 1);
    d->effect_words = IG_BIT_WORDS(bit + 2 * conditions + 1);
    d->endpoint_words = IG_BIT_WORDS(new->nendpoints + 1);
}


static bool
ig_domain_always(ig_domain_t *d)
{
    size_t            i, k;
    const ig_side_t  *s;

    d->always = ig_arena_calloc(d->arena, d->effect_words * sizeof(uint64_t));

    for (i = 0; d->always && i < 2; i++) {
        s = &d->side[i];

        for (k = 0; k < s->policy->npacks; k++) {
            if (s->policy->packs[k].everywhere) {
                ig_bit_set(d->always, s->packs + k);
            }
        }
    }

    return d->always != NULL;
}


ig_rc_t
ig_domain_make(ig_domain_t *d, const ig_policy_t *old, const ig_policy_t *new,
    ig_arena_t *arena, const char **bound)
{
    ig_rc_t  rc;

    memset(d, 0, sizeof(ig_domain_t));
    d->arena = arena;

    ig_domain_sides(d, old, new);

    if (!ig_domain_always(d) || !ig_domain_tenants(d)
        || !ig_domain_countries(d) || !ig_domain_readings(d))
    {
        return ig_arena_status(arena);
    }

    rc = ig_domain_models(d, bound);

    if (rc == IG_OK) {
        rc = ig_domain_paths(d, bound);
    }

    if (rc == IG_OK && (!ig_domain_places(d) || !ig_domain_items(d))) {
        rc = ig_arena_status(arena);
    }

    return rc;
}

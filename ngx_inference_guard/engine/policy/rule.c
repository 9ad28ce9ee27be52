/*
 * Rules, and transfers, which become rules.
 */

#include "load.h"

#include <stdlib.h>
#include <string.h>


/* a pack's `transfers` while it is read */
typedef struct {
    ig_rule_t  *rule;
    bool        personal;      /* of: personal_data */
    bool        anywhere;      /* allowed: "*" */
} ig_transfers_t;


bool
ig_value_enforcement(ig_load_t *l, const ig_yaml_t *node, bool *audit)
{
    size_t                    word;
    static const char *const  words[] = { "enforce", "audit", NULL };

    if (!ig_value_word(l, node, words, &word)) {
        return false;
    }

    *audit = (word == 1);

    return true;
}


static uint32_t
ig_rule_law(ig_load_t *l, uint32_t pack, ig_str_t id, ig_nearest_t *nearest)
{
    size_t  i;

    ig_nearest_init(nearest, id);

    for (i = 0; i < l->policy->nlaws; i++) {

        if (l->laws[i].pack != pack) {
            continue;
        }

        if (ig_str_eq(l->laws[i].id, id)) {
            return (uint32_t) i;
        }

        ig_nearest_offer(nearest, l->laws[i].id);
    }

    return IG_NONE;
}


static uint32_t
ig_rule_law_row(ig_load_t *l, const ig_yaml_t *name, void *object)
{
    uint32_t          row;
    ig_nearest_t      nearest;
    const ig_rule_t  *r = object;

    row = ig_rule_law(l, r->pack, name->text, &nearest);

    if (row != IG_NONE) {
        l->law_used[row] = true;
        return row;
    }

    if (nearest.best.len) {
        ig_unknown_name(l, name, IG_NAMES_LAWS, "law", &nearest);

    } else if (!ig_maybe_defined(l, IG_NAMES_LAWS, name->text)) {
        ig_mistakes_error(l->mistakes, name->place,
                          "unknown law \"%s\"; define it under \"law\" of "
                          "this file", ig_text_show(name->text).text);
    }

    return IG_NONE;
}


static void
ig_rule_laws(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_rule_t  *r = object;

    r->laws = ig_names_rows(l, value, "the id of a law", ig_rule_law_row, r);
}


static void
ig_effect_block(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    if (!ig_value_is(l, value, IG_YAML_TEXT, "\"block\"")) {
        return;
    }

    if (!ig_str_eq(value->text, IG_STR("true"))) {
        ig_mistakes_error(l->mistakes, value->place,
                          "block can only be true; leave the key out of a rule "
                          "that does not block");
        return;
    }

    ((ig_rule_t *) object)->effects |= IG_THEN_BLOCK;
}


/* a rule may only narrow, and one that narrows nothing is not meant so */

static void
ig_effect_countries(ig_load_t *l, const ig_yaml_t *value, ig_countries_t *out)
{
    ig_countries_t  all;

    (void) ig_value_countries(l, value, out);

    all = ig_countries_all();

    if (ig_countries_subset(&all, out)) {
        ig_mistakes_error(l->mistakes, value->place,
                          "this names every country, so it narrows nothing");
    }
}


static void
ig_effect_destinations(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_rule_t  *r = object;

    r->effects |= IG_THEN_DESTINATIONS;

    ig_effect_countries(l, value, &r->destinations);
}


static void
ig_effect_operators(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_rule_t  *r = object;

    r->effects |= IG_THEN_OPERATORS;

    ig_effect_countries(l, value, &r->operators);
}


static void
ig_effect_models(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t      i, k;
    ig_rule_t  *r = object;

    r->effects |= IG_THEN_MODELS;

    (void) ig_value_strs(l, value, &r->models);

    for (i = 0; i < r->models.n; i++) {

        for (k = 0; k < r->models.items[i].len; k++) {
            if (r->models.items[i].data[k] != '*') {
                break;
            }
        }

        if (k == r->models.items[i].len) {
            ig_mistakes_error(l->mistakes, value->place,
                              "\"*\" permits every model, so this narrows "
                              "nothing");
            return;
        }
    }
}


static void
ig_effect_flag(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t            n;
    ig_str_t          name;
    ig_rule_t        *r = object;
    const ig_yaml_t  *v;

    r->effects |= IG_THEN_FLAG;

    (void) ig_value_strs(l, value, &r->flags);

    if (r->flags.n == 0) {
        return;
    }

    for (v = ig_value_items(l, value, &n); v; v = ig_value_next(value, v)) {
        if (ig_value_sound(v)) {
            (void) ig_value_name(l, v, &name);
        }
    }
}


static void
ig_effect_transform(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) object;

    ig_mistakes_error(l->mistakes, value->key->place,
                      "transform is not there yet in this version; a rule "
                      "cannot ask for it");
}


static const ig_key_t  ig_effect_keys[] = {
    { "block", false, ig_effect_block },
    { "destinations", false, ig_effect_destinations },
    { "operators", false, ig_effect_operators },
    { "models", false, ig_effect_models },
    { "flag", false, ig_effect_flag },
    { "transform", false, ig_effect_transform },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_effects = {
    "effects", "an effect", ig_effect_keys
};


static void
ig_rule_id(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_name(l, value, &((ig_rule_t *) object)->id);
}


static void
ig_rule_when(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_condition_read(l, value, &((ig_rule_t *) object)->when);
}


static void
ig_rule_unless(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_condition_read(l, value, &((ig_rule_t *) object)->unless);
}


static void
ig_rule_then(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    if (ig_object_read(l, &ig_object_effects, value, object)
        && value->n == 0)
    {
        ig_mistakes_error(l->mistakes, value->place,
                          "then is empty, so the rule does nothing; it needs "
                          "block, destinations, operators, models or flag");
    }
}


static void
ig_rule_enforcement(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_enforcement(l, value, &((ig_rule_t *) object)->audit);
}


static const ig_key_t  ig_rule_keys[] = {
    { "id", true, ig_rule_id },
    { "when", false, ig_rule_when },
    { "unless", false, ig_rule_unless },
    { "then", true, ig_rule_then },
    { "law", false, ig_rule_laws },
    { "enforcement", false, ig_rule_enforcement },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_rule = { "rule", "a rule", ig_rule_keys };


static void
ig_rule_read(ig_load_t *l, const ig_yaml_t *node, uint32_t pack, ig_rule_t *r)
{
    const ig_yaml_t  *id;

    r->pack = pack;
    r->place = node->place;
    r->when.score = IG_SCORE_DEFAULT;
    r->unless.score = IG_SCORE_DEFAULT;

    id = ig_yaml_get(node, "id");

    if (id) {
        r->place = id->place;
    }

    if (!ig_object_read(l, &ig_object_rule, node, r)) {
        return;
    }

    if (!l->packs[pack].everywhere
        && !ig_object_has(&ig_object_rule, node, "law"))
    {
        ig_mistakes_error(l->mistakes, r->place,
                          "a rule of a jurisdiction needs the key \"law\": the "
                          "article it rests on");
    }
}


static void
ig_transfers_allowed(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_countries_t   all;
    ig_transfers_t  *t = object;

    if (value->kind == IG_YAML_TEXT && ig_str_eq(value->text, IG_STR("*"))) {
        t->anywhere = true;
        return;
    }

    (void) ig_value_countries(l, value, &t->rule->destinations);

    all = ig_countries_all();

    if (ig_countries_subset(&all, &t->rule->destinations)) {
        ig_mistakes_error(l->mistakes, value->place,
                          "this names every country; write allowed: \"*\"");
    }
}


static void
ig_transfers_of(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t                    word;
    static const char *const  words[] = { "any", "personal_data", NULL };

    if (ig_value_word(l, value, words, &word)) {
        ((ig_transfers_t *) object)->personal = (word == 1);
    }
}


static void
ig_transfers_law(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_rule_laws(l, value, ((ig_transfers_t *) object)->rule);
}


static const ig_key_t  ig_transfers_keys[] = {
    { "allowed", true, ig_transfers_allowed },
    { "of", false, ig_transfers_of },
    { "law", true, ig_transfers_law },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_transfers = {
    "transfers", "transfers", ig_transfers_keys
};


static void
ig_transfers_id(ig_load_t *l, const ig_pack_t *pack, ig_rule_t *r)
{
    size_t    i;
    uint8_t  *id;

    id = ig_arena_alloc(l->arena, pack->jurisdiction.len + 11);
    if (id == NULL) {
        return;
    }

    for (i = 0; i < pack->jurisdiction.len; i++) {
        id[i] = pack->jurisdiction.data[i];

        if (id[i] >= 'A' && id[i] <= 'Z') {
            id[i] |= 0x20;
        }
    }

    memcpy(id + i, "-transfers", 11);

    r->id = (ig_str_t) { id, i + 10 };
}


/* when any personal data is found, of whatever pack */

static void
ig_transfers_personal(ig_load_t *l, ig_rule_t *r)
{
    size_t  i;

    r->when.keys = IG_WHEN_DATA;

    for (i = 0; i < l->policy->ndetectors; i++) {
        l->marked[i] = l->detectors[i].kind == IG_DATA_PERSONAL;
    }

    r->when.data = ig_condition_marked(l);

    if (r->when.data.n == 0 && !(l->incomplete & IG_NAMES_DETECTORS)) {
        ig_mistakes_warning(l->mistakes, r->place,
                            "transfers of personal_data, but no detector of "
                            "personal data is loaded, so this never holds");
    }
}


/* false: nothing is narrowed, so there is no rule */

static bool
ig_transfers_read(ig_load_t *l, const ig_file_t *f, ig_rule_t *r)
{
    ig_transfers_t    t;
    const ig_pack_t  *pack;

    pack = &l->packs[f->pack];

    r->pack = f->pack;
    r->place = pack->place;
    r->when.score = IG_SCORE_DEFAULT;
    r->unless.score = IG_SCORE_DEFAULT;
    r->effects = IG_THEN_DESTINATIONS;
    r->transfers = true;
    r->destinations = pack->members;

    ig_transfers_id(l, pack, r);

    if (f->transfers == NULL) {
        return true;
    }

    t = (ig_transfers_t) { r, false, false };
    r->place = f->transfers->key->place;
    r->destinations = ig_countries_none();

    (void) ig_object_read(l, &ig_object_transfers, f->transfers, &t);

    if (t.personal) {
        ig_transfers_personal(l, r);
    }

    return !t.anywhere;
}


static void
ig_rules_of_file(ig_load_t *l, const ig_file_t *f, bool *broken)
{
    size_t            errors;
    ig_rule_t        *r;
    const ig_yaml_t  *v;

    l->incomplete &= ~(unsigned) IG_NAMES_LAWS;
    l->incomplete |= f->incomplete & IG_NAMES_LAWS;

    if (l->packs[f->pack].jurisdiction.len || f->transfers) {

        r = &l->rules[l->policy->nrules];
        errors = ig_mistakes_errors(l->mistakes);
        l->doubtful = false;

        /* those of nobody are read for the mistakes in them */

        if (ig_transfers_read(l, f, r)
            && l->packs[f->pack].jurisdiction.len)
        {
            broken[l->policy->nrules++]
                = ig_mistakes_errors(l->mistakes) != errors || l->doubtful
                  || (f->transfers == NULL
                      && ig_object_has(&ig_object_file, f->root, "transfers"));

        } else {
            memset(r, 0, sizeof(ig_rule_t));
        }
    }

    if (f->rules == NULL) {
        return;
    }

    for (v = f->rules->first; v; v = v->next) {

        r = &l->rules[l->policy->nrules];
        errors = ig_mistakes_errors(l->mistakes);
        l->doubtful = false;

        ig_rule_read(l, v, f->pack, r);

        /* names that are not known make an empty condition */

        if (ig_mistakes_errors(l->mistakes) == errors && !l->doubtful) {
            ig_lint_rule(l, r);

        } else {
            broken[l->policy->nrules] = true;
        }

        l->policy->nrules++;
    }
}


static int
ig_rule_id_cmp(const void *one, const void *two)
{
    int                      rc;
    const ig_rule_t         *a, *b;

    a = *(const ig_rule_t *const *) one;
    b = *(const ig_rule_t *const *) two;

    rc = ig_str_cmp(a->id, b->id);

    return rc ? rc : ig_place_cmp(&a->place, &b->place);
}


static int
ig_rule_cmp(const void *one, const void *two)
{
    const ig_rule_t  *a = one, *b = two;

    if (a->pack != b->pack) {
        return a->pack < b->pack ? -1 : 1;
    }

    return ig_rule_id_cmp(&a, &b);
}


static void
ig_rules_twice(ig_load_t *l)
{
    size_t             i, n;
    const ig_rule_t   *a, *b;
    const ig_rule_t  **sorted;

    n = l->policy->nrules;

    sorted = ig_arena_alloc(l->scratch, n * sizeof(ig_rule_t *));
    if (sorted == NULL) {
        return;
    }

    for (i = 0; i < n; i++) {
        sorted[i] = &l->rules[i];
    }

    qsort(sorted, n, sizeof(ig_rule_t *), ig_rule_id_cmp);

    for (i = 1; i < n; i++) {

        a = sorted[i - 1];
        b = sorted[i];

        /* transfers twice: two packs of one jurisdiction, told already */

        if (b->id.len == 0 || !ig_str_eq(a->id, b->id)
            || (a->transfers && b->transfers))
        {
            continue;
        }

        if (a->transfers || b->transfers) {
            ig_mistakes_error(l->mistakes, a->transfers ? b->place : a->place,
                              "\"%s\" is the id of the rule made from the "
                              "pack's transfers; choose another",
                              ig_text_show(a->id).text);

        } else {
            ig_already_defined(l, "rule", b->id, b->place, a->place);
        }
    }
}


void
ig_load_rules(ig_load_t *l)
{
    bool    *broken;
    size_t   i, n;

    ig_load_count(l, rules, n);
    n += l->policy->npacks;

    broken = ig_arena_calloc(l->scratch, n * sizeof(bool));
    l->rules = ig_arena_calloc(l->arena, n * sizeof(ig_rule_t));
    l->marked = ig_arena_calloc(l->scratch, l->policy->ndetectors);

    if (l->rules == NULL || l->marked == NULL || l->packs == NULL
        || l->law_used == NULL || broken == NULL)
    {
        return;
    }

    for (i = 0; i < l->nfiles; i++) {
        if (l->files[i].pack != IG_NONE) {
            ig_rules_of_file(l, &l->files[i], broken);
        }
    }

    ig_lint_same_rules(l, broken);
    qsort(l->rules, l->policy->nrules, sizeof(ig_rule_t), ig_rule_cmp);
    ig_rules_twice(l);

    if (l->policy->nrules > IG_MAX_RULES) {
        ig_mistakes_error(l->mistakes, l->rules[IG_MAX_RULES].place,
                          "more than %d rules", IG_MAX_RULES);
    }

    l->policy->rules = l->rules;
}

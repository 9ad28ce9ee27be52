/*
 * The stances: what policy.yaml says about what nobody else said, and the
 * operator's own groups and networks.
 */

#include "load.h"

#include <stdlib.h>
#include <string.h>


static void
ig_stance_from(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t                    n, word;
    ig_stances_t             *s = object;
    const ig_yaml_t          *v;
    static const char *const  words[] = {
        "tenant", "client", "data", "claim", NULL
    };
    static const unsigned     bits[] = {
        IG_FROM_TENANT, IG_FROM_CLIENT, IG_FROM_DATA, IG_FROM_CLAIM
    };

    s->jurisdictions_from = 0;

    for (v = ig_value_items(l, value, &n); v; v = ig_value_next(value, v)) {
        if (ig_value_word(l, v, words, &word)) {
            s->jurisdictions_from |= bits[word];
        }
    }
}


static int
ig_stance_network_cmp(const void *one, const void *two)
{
    const ig_network_country_t  *a = one, *b = two;

    if (a->network.bits != b->network.bits) {
        return a->network.bits > b->network.bits ? -1 : 1;
    }

    return memcmp(a->network.address, b->network.address, 16);
}


static void
ig_stance_networks(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    char                   text[64];
    size_t                 i, n;
    ig_buf_t               b;
    ig_stances_t          *s = object;
    const ig_yaml_t       *v;
    ig_network_country_t  *rows;

    if (!ig_value_is(l, value, IG_YAML_MAP, "\"networks\"")) {
        return;
    }

    rows = ig_arena_calloc(l->arena, value->n * sizeof(ig_network_country_t));
    if (rows == NULL) {
        return;
    }

    n = 0;

    for (v = value->first; v; v = v->next) {

        if (!ig_value_network(l, v->key, &rows[n].network)
            || !ig_value_country(l, v, &rows[n].country))
        {
            continue;
        }

        n++;
    }

    qsort(rows, n, sizeof(ig_network_country_t), ig_stance_network_cmp);

    for (i = 1; i < n; i++) {
        if (ig_stance_network_cmp(&rows[i - 1], &rows[i]) == 0) {
            ig_buf_fixed(&b, text, sizeof(text));
            ig_network_print(&rows[i].network, &b);
            ig_mistakes_error(l->mistakes, value->key->place,
                              "the network %.*s is twice in this map, written "
                              "differently", (int) b.len,
                              (const char *) b.data);
        }
    }

    s->networks = rows;
    s->nnetworks = n;
}


static void
ig_stance_tenant(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t         i;
    ig_str_t       name;
    ig_nearest_t   nearest;
    ig_stances_t  *s = object;

    if (!ig_value_text(l, value, &name)
        || ig_str_eq(name, IG_STR("refuse")))
    {
        return;
    }

    s->unknown_tenant = ig_policy_tenant(l->policy, name);

    if (s->unknown_tenant != IG_NONE) {
        return;
    }

    ig_nearest_init(&nearest, name);
    ig_nearest_offer(&nearest, IG_STR("refuse"));

    for (i = 0; i < l->policy->ntenants; i++) {
        ig_nearest_offer(&nearest, l->tenants[i].name);
    }

    ig_unknown_name(l, value, IG_NAMES_TENANTS, "tenant", &nearest);
}


static void
ig_stance_country(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_stances_t  *s = object;

    if (value->kind == IG_YAML_TEXT) {

        if (ig_str_eq(value->text, IG_STR("refuse"))) {
            return;
        }

        if (ig_str_eq(value->text, IG_STR("ignore"))) {
            s->ignore_unknown_country = true;
            return;
        }
    }

    (void) ig_value_country(l, value, &s->unknown_country);
}


static void
ig_stance_pack(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t          i;
    ig_str_t        name;
    ig_country_t    country;
    ig_stances_t   *s = object;
    ig_countries_t  members;

    if (!ig_value_text(l, value, &name)
        || ig_str_eq(name, IG_STR("refuse"))
        || !ig_value_jurisdiction(l, value, &members, &country))
    {
        return;
    }

    for (i = 0; i < l->policy->npacks; i++) {
        if (ig_str_eq(l->packs[i].jurisdiction, name)) {
            s->jurisdiction_without_pack = (uint32_t) i;
            return;
        }
    }

    if (!ig_maybe_defined(l, IG_NAMES_PACKS, name)) {
        ig_mistakes_error(l->mistakes, value->place,
                          "no rule file is the pack of %s, so it cannot stand "
                          "in", ig_text_show(name).text);
    }
}


static uint32_t
ig_uninspectable_row(ig_load_t *l, const ig_yaml_t *name, void *object)
{
    size_t        i;
    uint32_t      row;
    ig_nearest_t  nearest;

    (void) object;

    row = ig_policy_endpoint(l->policy, name->text);

    if (row != IG_NONE) {
        return row;
    }

    ig_nearest_init(&nearest, name->text);

    for (i = 0; i < l->policy->nendpoints; i++) {
        ig_nearest_offer(&nearest, l->endpoints[i].name);
    }

    ig_unknown_name(l, name, IG_NAMES_ENDPOINTS, "endpoint", &nearest);

    return IG_NONE;
}


static void
ig_uninspectable_endpoints(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_stances_t  *s = object;

    s->uninspectable_allowed = true;
    s->uninspectable = ig_names_rows(l, value, "the name of an endpoint",
                                     ig_uninspectable_row, NULL);
}


static const ig_key_t  ig_uninspectable_keys[] = {
    { "endpoints", true, ig_uninspectable_endpoints },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_uninspectable = {
    "uninspectable", "the stance uninspectable", ig_uninspectable_keys
};


static void
ig_stance_uninspectable(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    if (value->kind == IG_YAML_TEXT) {

        if (!ig_str_eq(value->text, IG_STR("refuse"))) {
            ig_mistakes_error(l->mistakes, value->place,
                              "uninspectable is refuse, or {endpoints: [...]}");
        }

        return;
    }

    (void) ig_object_read(l, &ig_object_uninspectable, value, object);
}


/* those that are not named come after those that are, in the usual order */

static void
ig_stance_tiers(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    bool              named[IG_TIERS] = { false };
    size_t            i, n;
    ig_tier_t         tier;
    ig_stances_t     *s = object;
    const ig_yaml_t  *v;

    i = 0;

    for (v = ig_value_items(l, value, &n); v; v = ig_value_next(value, v)) {

        if (ig_value_tier(l, v, &tier) && !named[tier]) {
            named[tier] = true;
            s->tiers[i++] = tier;
        }
    }

    for (tier = 0; tier < IG_TIERS; tier++) {
        if (!named[tier]) {
            s->tiers[i++] = tier;
        }
    }
}


static const ig_key_t  ig_policy_keys[] = {
    { "jurisdictions_from", false, ig_stance_from },
    { "networks", false, ig_stance_networks },
    { "groups", false, NULL },               /* ig_load_groups(), long before */
    { "unknown_tenant", false, ig_stance_tenant },
    { "unknown_country", false, ig_stance_country },
    { "jurisdiction_without_pack", false, ig_stance_pack },
    { "uninspectable", false, ig_stance_uninspectable },
    { "tiers", false, ig_stance_tiers },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_policy = {
    "policy", "the policy", ig_policy_keys
};


static void
ig_group_read(ig_load_t *l, const ig_yaml_t *node, size_t *n)
{
    ig_group_t      *g;
    ig_countries_t   members;

    g = &l->groups[*n];
    g->place = node->key->place;

    if (!ig_value_name(l, node->key, &g->name)) {
        ig_misnamed(l, IG_NAMES_GROUPS, node->key->text);
        return;
    }

    if (g->name.len < 3 || ig_country_group(g->name, &members)
        || ig_str_eq(g->name, IG_STR("refuse"))
        || ig_str_eq(g->name, IG_STR("ignore")))
    {
        ig_mistakes_error(l->mistakes, g->place,
                          "a group cannot be named \"%s\"; take three letters "
                          "or more, and not EEA, GCC, refuse or ignore",
                          ig_text_show(g->name).text);
        ig_misnamed(l, IG_NAMES_GROUPS, g->name);
        return;
    }

    /* groups are no members of groups but for the known ones, as none of the
       policy's is in the table yet: a group cannot hold itself */

    if (!ig_value_countries(l, node, &g->members)) {
        ig_misnamed(l, IG_NAMES_GROUPS, g->name);
        return;
    }

    (*n)++;
}


void
ig_load_groups(ig_load_t *l)
{
    size_t            i, n;
    const ig_yaml_t  *groups, *v;

    n = 0;

    for (i = 0; i < l->nfiles; i++) {

        groups = ig_yaml_get(l->files[i].policy, "groups");

        if (groups) {
            n += groups->n;
        }
    }

    l->groups = ig_arena_calloc(l->scratch, n * sizeof(ig_group_t));
    if (l->groups == NULL) {
        return;
    }

    n = 0;

    for (i = 0; i < l->nfiles; i++) {

        groups = ig_yaml_get(l->files[i].policy, "groups");

        if (groups == NULL) {

            if (l->files[i].policy
                && ig_object_has(&ig_object_policy, l->files[i].policy,
                                 "groups"))
            {
                l->incomplete |= IG_NAMES_GROUPS;
            }

            continue;
        }

        if (l->files[i].policy->twice) {
            l->incomplete |= IG_NAMES_GROUPS;
        }

        if (!ig_value_is(l, groups, IG_YAML_MAP, "\"groups\"")) {
            l->incomplete |= IG_NAMES_GROUPS;
            continue;
        }

        for (v = groups->first; v; v = v->next) {
            ig_group_read(l, v, &n);
        }
    }

    l->ngroups = n;
}


/* what holds where policy.yaml is silent: everything is refused */

static void
ig_stances_default(ig_stances_t *s)
{
    ig_tier_t  tier;

    s->jurisdictions_from = IG_FROM_TENANT|IG_FROM_CLIENT|IG_FROM_DATA
                            |IG_FROM_CLAIM;
    s->unknown_tenant = IG_NONE;
    s->jurisdiction_without_pack = IG_NONE;

    for (tier = 0; tier < IG_TIERS; tier++) {
        s->tiers[tier] = tier;
    }
}


void
ig_load_stances(ig_load_t *l)
{
    size_t            i;
    ig_stances_t     *s;
    const ig_yaml_t  *first, *policy;

    s = &l->policy->stances;
    first = NULL;

    ig_stances_default(s);

    for (i = 0; i < l->nfiles; i++) {

        policy = l->files[i].policy;

        if (policy == NULL) {
            continue;
        }

        if (first) {
            ig_mistakes_error(l->mistakes, policy->key->place,
                              "policy is already at %s:%u; there is one",
                              first->key->place.file, first->key->place.line);
        }

        first = policy;
        s->place = policy->key->place;

        (void) ig_object_read(l, &ig_object_policy, policy, s);
    }
}

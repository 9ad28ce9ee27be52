/*
 * Conditions: what `when` and `unless` ask, with names resolved to rows.
 */

#include "load.h"

#include <string.h>


/* whose glob or name it is does not matter: a detector of any pack */

static size_t
ig_condition_mark(ig_load_t *l, ig_str_t glob)
{
    size_t    i, n;
    uint32_t  row;

    if (glob.len && memchr(glob.data, '*', glob.len) == NULL) {

        row = ig_policy_detector(l->policy, glob);

        if (row == IG_NONE) {
            return 0;
        }

        l->marked[row] = true;
        return 1;
    }

    /* a glob may also match what cannot be read */

    (void) ig_maybe_defined(l, IG_NAMES_DETECTORS, glob);

    n = 0;

    for (i = 0; i < l->policy->ndetectors; i++) {
        if (ig_glob_match(glob, l->detectors[i].id)) {
            l->marked[i] = true;
            n++;
        }
    }

    return n;
}


ig_rows_t
ig_condition_marked(ig_load_t *l)
{
    size_t     i, n;
    uint32_t  *rows;

    n = 0;

    for (i = 0; i < l->policy->ndetectors; i++) {
        n += l->marked[i];
    }

    rows = ig_arena_alloc(l->arena, n * sizeof(uint32_t));
    if (rows == NULL) {
        return (ig_rows_t) { NULL, 0 };
    }

    n = 0;

    for (i = 0; i < l->policy->ndetectors; i++) {
        if (l->marked[i]) {
            rows[n++] = (uint32_t) i;
            l->marked[i] = false;
        }
    }

    return (ig_rows_t) { rows, n };
}


static void
ig_condition_data(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t            i, n;
    ig_nearest_t      nearest;
    ig_condition_t   *c = object;
    const ig_yaml_t  *v;

    c->keys |= IG_WHEN_DATA;

    for (v = ig_value_items(l, value, &n); v; v = ig_value_next(value, v)) {

        if (!ig_value_is(l, v, IG_YAML_TEXT, "the name of a detector")
            || ig_condition_mark(l, v->text))
        {
            continue;
        }

        ig_nearest_init(&nearest, v->text);

        if (v->text.len && memchr(v->text.data, '*', v->text.len)) {

            if (!ig_maybe_defined(l, IG_NAMES_DETECTORS, v->text)) {
                ig_mistakes_error(l->mistakes, v->place,
                                  "no detector matches \"%s\", so this can "
                                  "never hold", ig_text_show(v->text).text);
            }

            continue;
        }

        for (i = 0; i < l->policy->ndetectors; i++) {
            ig_nearest_offer(&nearest, l->detectors[i].id);
        }

        ig_unknown_name(l, v, IG_NAMES_DETECTORS, "detector", &nearest);
    }

    c->data = ig_condition_marked(l);
}


static void
ig_condition_score(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    uint64_t         n;
    ig_condition_t  *c = object;

    if (!ig_value_decimal(l, value, 3, IG_SCORE_ONE,
                          "a score that a finding can reach; write a decimal "
                          "above 0, up to 1, with up to three digits", &n))
    {
        return;
    }

    if (n == 0) {
        ig_mistakes_error(l->mistakes, value->place,
                          "score 0 asks for nothing; the least is 0.001");
        return;
    }

    c->score = (uint16_t) n;
}


static void
ig_condition_model(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_condition_t  *c = object;

    c->keys |= IG_WHEN_MODEL;

    (void) ig_value_strs(l, value, &c->models);
}


static uint32_t
ig_condition_tenant_row(ig_load_t *l, const ig_yaml_t *name, void *object)
{
    size_t        i;
    uint32_t      row;
    ig_nearest_t  nearest;

    (void) object;

    row = ig_policy_tenant(l->policy, name->text);

    if (row != IG_NONE) {
        return row;
    }

    ig_nearest_init(&nearest, name->text);

    for (i = 0; i < l->policy->ntenants; i++) {
        ig_nearest_offer(&nearest, l->tenants[i].name);
    }

    ig_unknown_name(l, name, IG_NAMES_TENANTS, "tenant", &nearest);

    return IG_NONE;
}


static void
ig_condition_tenant(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_condition_t  *c = object;

    c->keys |= IG_WHEN_TENANT;

    c->tenants = ig_names_rows(l, value, "the name of a tenant",
                               ig_condition_tenant_row, NULL);
}


static void
ig_condition_country(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_condition_t  *c = object;

    c->keys |= IG_WHEN_COUNTRY;

    (void) ig_value_countries(l, value, &c->countries);
}


static void
ig_condition_dialect(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_condition_t  *c = object;

    c->keys |= IG_WHEN_DIALECT;

    (void) ig_value_dialects(l, value, &c->dialects);
}


static void
ig_condition_tools(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_condition_t  *c = object;

    c->keys |= IG_WHEN_TOOLS;

    (void) ig_value_strs(l, value, &c->tools);
}


static void
ig_condition_path(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t            n;
    ig_condition_t   *c = object;
    const ig_yaml_t  *v;

    c->keys |= IG_WHEN_PATH;

    (void) ig_value_strs(l, value, &c->paths);

    if (c->paths.n == 0) {
        return;
    }

    for (v = ig_value_items(l, value, &n); v; v = ig_value_next(value, v)) {
        if (ig_value_sound(v) && v->text.data[0] != '/' && v->text.data[0] != '*') {
            ig_mistakes_error(l->mistakes, v->place,
                              "a path begins with '/', so \"%s\" can never "
                              "match", ig_text_show(v->text).text);
        }
    }
}


static const ig_key_t  ig_condition_keys[] = {
    { "data", false, ig_condition_data },
    { "score", false, ig_condition_score },
    { "model", false, ig_condition_model },
    { "tenant", false, ig_condition_tenant },
    { "client_country", false, ig_condition_country },
    { "dialect", false, ig_condition_dialect },
    { "tools", false, ig_condition_tools },
    { "path", false, ig_condition_path },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_condition = {
    "condition", "a condition", ig_condition_keys
};


void
ig_condition_read(ig_load_t *l, const ig_yaml_t *node, ig_condition_t *c)
{
    const ig_yaml_t  *score;

    c->score = IG_SCORE_DEFAULT;

    if (!ig_object_read(l, &ig_object_condition, node, c)) {
        return;
    }

    if (node->n == 0) {
        ig_mistakes_error(l->mistakes, node->place,
                          "an empty condition; leave the key out");
    }

    score = ig_yaml_get(node, "score");

    if (score && !ig_object_has(&ig_object_condition, node, "data")) {
        ig_mistakes_error(l->mistakes, score->key->place,
                          "score without data has no effect; name the data it "
                          "is about");
    }
}

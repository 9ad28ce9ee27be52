/*
 * Writing what was decided.
 */

#include "show.h"


unsigned
ig_show_status(const ig_verdict_t *v)
{
    return v->word == IG_VERDICT_BLOCK ? ig_reason_status(v->reason) : 200;
}


static void
ig_show_item(ig_buf_t *out, size_t *n, ig_str_t s)
{
    if ((*n)++) {
        ig_buf_lit(out, ", ");
    }

    ig_buf_str(out, s);
}


void
ig_show_countries(ig_buf_t *out, const ig_countries_t *s)
{
    size_t                    i, k, n;
    ig_country_t              c;
    ig_countries_t            all, left, group;
    static const char *const  groups[] = { "EEA", "EU", "GCC" };

    all = ig_countries_all();
    left = *s;
    n = 0;

    if (ig_countries_eq(s, &all)) {
        ig_buf_lit(out, "all");
        return;
    }

    for (i = 0; i < 3; i++) {
        if (ig_country_group(ig_str_from_c(groups[i]), &group)
            && ig_countries_subset(&group, &left))
        {
            ig_show_item(out, &n, ig_str_from_c(groups[i]));

            for (k = 0; k < IG_COUNTRY_SET_WORDS; k++) {
                left.bits[k] &= ~group.bits[k];
            }
        }
    }

    for (c = ig_countries_next(&left, 1);
         c;
         c = ig_countries_next(&left, (ig_country_t) (c + 1)))
    {
        ig_show_item(out, &n, ig_country_code(c));
    }

    if (n == 0) {
        ig_buf_lit(out, "none");
    }
}


void
ig_show_countries_json(ig_buf_t *out, const ig_countries_t *s)
{
    size_t        n;
    ig_country_t  c;

    n = 0;

    ig_buf_char(out, '[');

    for (c = ig_countries_next(s, 1);
         c;
         c = ig_countries_next(s, (ig_country_t) (c + 1)))
    {
        if (n++) {
            ig_buf_lit(out, ", ");
        }

        ig_buf_json(out, ig_country_code(c));
    }

    ig_buf_char(out, ']');
}


const char *
ig_show_key(unsigned key)
{
    switch (key) {

    case IG_WHEN_DATA:
        return "data";

    case IG_WHEN_MODEL:
        return "model";

    case IG_WHEN_TENANT:
        return "tenant";

    case IG_WHEN_COUNTRY:
        return "client_country";

    case IG_WHEN_DIALECT:
        return "dialect";

    case IG_WHEN_TOOLS:
        return "tools";

    case IG_WHEN_PATH:
        return "path";

    default:
        return "";
    }
}


const char *
ig_show_state(const ig_trace_rule_t *t)
{
    switch (t->state) {

    case IG_TRACE_MATCHED:
        return "matched";

    case IG_TRACE_PACK:
        return "its jurisdiction does not apply";

    case IG_TRACE_UNLESS:
        return "its exception holds";

    case IG_TRACE_AUDIT:
        return "matched, but is only audited";

    default:
        break;
    }

    switch (t->key) {

    case IG_WHEN_DATA:
        return "none of its data was found";

    case IG_WHEN_MODEL:
        return "another model";

    case IG_WHEN_TENANT:
        return "another tenant";

    case IG_WHEN_COUNTRY:
        return "another client country";

    case IG_WHEN_DIALECT:
        return "another dialect";

    case IG_WHEN_TOOLS:
        return "none of its tools";

    default:
        return "another path";
    }
}


const char *
ig_show_state_word(ig_trace_state_t s)
{
    static const char *const  words[] = {
        "matched", "pack", "when", "unless", "audit"
    };

    return words[s];
}


static void
ig_show_strs(ig_buf_t *out, const ig_strs_t *s)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < s->n; i++) {
        ig_show_item(out, &n, s->items[i]);
    }
}


void
ig_show_effects(ig_buf_t *out, const ig_rule_t *r)
{
    size_t  n;

    n = 0;

    if (r->effects & IG_THEN_BLOCK) {
        ig_show_item(out, &n, IG_STR("block"));
    }

    if (r->effects & IG_THEN_DESTINATIONS) {
        ig_show_item(out, &n, IG_STR("destinations: "));
        ig_show_countries(out, &r->destinations);
    }

    if (r->effects & IG_THEN_OPERATORS) {
        ig_show_item(out, &n, IG_STR("operators: "));
        ig_show_countries(out, &r->operators);
    }

    if (r->effects & IG_THEN_MODELS) {
        ig_show_item(out, &n, IG_STR("models: "));
        ig_show_strs(out, &r->models);
    }

    if (r->effects & IG_THEN_FLAG) {
        ig_show_item(out, &n, IG_STR("flag: "));
        ig_show_strs(out, &r->flags);
    }
}


static void
ig_show_collect(void *data, const ig_trace_rule_t *t)
{
    ig_show_trace_t  *all = data;

    if (all->n < all->cap) {
        all->rules[all->n++] = *t;
    }
}


void
ig_show_trace(ig_show_trace_t *t, ig_arena_t *arena, const ig_guard_t *g,
    const ig_facts_t *f, ig_mode_t mode)
{
    ig_verdict_t  v;

    t->n = 0;
    t->cap = ig_guard_policy(g)->nrules;
    t->rules = ig_arena_alloc(arena, (t->cap + 1) * sizeof(ig_trace_rule_t));

    if (t->rules == NULL) {
        t->cap = 0;
    }

    ig_decide(ig_guard_decider(g), f, mode, &v, ig_show_collect, t);
}

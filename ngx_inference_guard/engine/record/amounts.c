/*
 * Amounts in records.
 */

#include "amounts.h"


#define IG_NANO  UINT64_C(1000000000)


void
ig_line_number(ig_line_t *l, const char *name, uint64_t n)
{
    ig_line_lit(l, ",\"");
    ig_line_bytes(l, name, strlen(name));
    ig_line_lit(l, "\":");
    ig_line_uint(l, n);
}


/* "0.001234000": a decimal in quotes */

static void
ig_line_money(ig_line_t *l, uint64_t nano)
{
    size_t    i;
    uint64_t  rest;
    uint8_t   digits[9];

    rest = nano % IG_NANO;

    for (i = sizeof(digits); i > 0; i--) {
        digits[i - 1] = (uint8_t) ('0' + rest % 10);
        rest /= 10;
    }

    ig_line_lit(l, "\"");
    ig_line_uint(l, nano / IG_NANO);
    ig_line_lit(l, ".");
    ig_line_bytes(l, digits, sizeof(digits));
    ig_line_lit(l, "\"");
}


static void
ig_line_cost(ig_line_t *l, uint64_t cost, const char *currency)
{
    if (currency[0] == '\0') {
        return;
    }

    ig_line_lit(l, ",\"cost\":");
    ig_line_money(l, cost);
    ig_line_lit(l, ",\"currency\":");
    ig_line_json(l, ig_str_from_c(currency));
}


static void
ig_line_amount(ig_line_t *l, const ig_limit_t *limit, uint64_t n)
{
    if (limit->of == IG_LIMIT_COST) {
        ig_line_money(l, n);
        return;
    }

    ig_line_lit(l, "\"");
    ig_line_uint(l, n);
    ig_line_lit(l, "\"");
}


void
ig_line_state(ig_line_t *l, const ig_limit_t *limit,
    const ig_limit_state_t *s)
{
    ig_line_lit(l, ",\"used\":");
    ig_line_amount(l, limit, s->used);
    ig_line_lit(l, ",\"max\":");
    ig_line_amount(l, limit, s->max);
    ig_line_number(l, "resets_s", s->reset_ns / IG_NANO
                                  + (s->reset_ns % IG_NANO != 0));
}


static void
ig_line_hit(ig_list_t *list, ig_line_t *l, const ig_limit_t *limit,
    const ig_limit_state_t *s, ig_str_t result)
{
    if (limit == NULL) {
        return;
    }

    ig_list_next(list);
    ig_line_lit(l, "{\"limit\":");
    ig_line_json(l, limit->name);
    ig_line_lit(l, ",\"result\":");
    ig_line_json(l, result);
    ig_line_state(l, limit, s);
    ig_line_lit(l, "}");
    (void) ig_list_keep(list);
}


void
ig_line_limited(ig_line_t *l, const ig_limited_t *limited)
{
    ig_list_t  list;

    if (limited->reckoned) {
        ig_line_lit(l, ",\"estimate\":{\"input\":");
        ig_line_uint(l, limited->amounts.input);
        ig_line_number(l, "output", limited->amounts.output);
        ig_line_cost(l, limited->amounts.cost, limited->currency);
        ig_line_lit(l, "}");
    }

    if (limited->hit == NULL && limited->would == NULL) {
        return;
    }

    ig_list_begin(&list, l, "limits", 1024);

    ig_line_hit(&list, l, limited->hit, &limited->hit_state,
                IG_STR("refused"));
    ig_line_hit(&list, l, limited->would, &limited->would_state,
                IG_STR("would_refuse"));

    ig_list_end(&list, list.n);
}


void
ig_line_tokens(ig_line_t *l, const ig_tokens_t *t)
{
    if (!t->known) {
        return;
    }

    ig_line_lit(l, ",\"tokens\":{\"input\":");
    ig_line_uint(l, t->input);
    ig_line_number(l, "output", t->output);

    if (t->cached) {
        ig_line_number(l, "cached", t->cached);
    }

    if (t->cache_written) {
        ig_line_number(l, "cache_written", t->cache_written);
    }

    if (t->reasoning) {
        ig_line_number(l, "reasoning", t->reasoning);
    }

    ig_line_lit(l, ",\"source\":");
    ig_line_json(l, t->estimated ? IG_STR("estimate") : IG_STR("usage"));
    ig_line_lit(l, "}");

    ig_line_cost(l, t->cost, t->currency);
}


void
ig_line_times(ig_line_t *l, const ig_outcome_t *o)
{
    if (o->timed & IG_TIMED_FIRST_BYTE) {
        ig_line_number(l, "first_byte_ms", o->first_byte_ms);
    }

    if (o->timed & IG_TIMED_CONNECT) {
        ig_line_number(l, "connect_ms", o->connect_ms);
    }

    if (o->timed & IG_TIMED_HEADER) {
        ig_line_number(l, "header_ms", o->header_ms);
    }

    if (o->timed & IG_TIMED_UPSTREAM) {
        ig_line_number(l, "upstream_ms", o->upstream_ms);
    }
}

/*
 * Compiling rules and endpoints: rules by pack, sets as bits.
 */

#include "decide/table.h"

#include <stdlib.h>
#include <string.h>


static bool
ig_decide_row_less(const ig_policy_t *p, uint32_t a, uint32_t b)
{
    int               rc;
    const ig_rule_t  *x, *y;

    x = &p->rules[a];
    y = &p->rules[b];
    rc = ig_str_cmp(x->id, y->id);

    if (rc == 0) {
        rc = ig_str_cmp(p->packs[x->pack].jurisdiction,
                        p->packs[y->pack].jurisdiction);
    }

    return rc != 0 ? rc < 0 : a < b;
}


/*
 * A merge sort of row numbers: qsort() passes no context in C11, and a global
 * would have to change.
 */

static void
ig_decide_sort(const ig_policy_t *p, uint32_t *rows, uint32_t *spare, size_t n)
{
    size_t  half, i, j, k;

    if (n < 2) {
        return;
    }

    half = n / 2;
    ig_decide_sort(p, rows, spare, half);
    ig_decide_sort(p, rows + half, spare, n - half);

    memcpy(spare, rows, half * sizeof(uint32_t));

    i = 0;
    j = half;

    for (k = 0; i < half; k++) {
        if (j < n && ig_decide_row_less(p, rows[j], spare[i])) {
            rows[k] = rows[j++];

        } else {
            rows[k] = spare[i++];
        }
    }
}


/* rank[row]: the place of a rule among all, whatever the order of files */

static bool
ig_decide_ranks(const ig_policy_t *p, uint32_t *rank)
{
    size_t     i;
    uint32_t  *rows;

    rows = malloc((2 * p->nrules + 1) * sizeof(uint32_t));
    if (rows == NULL) {
        return false;
    }

    for (i = 0; i < p->nrules; i++) {
        rows[i] = (uint32_t) i;
    }

    ig_decide_sort(p, rows, rows + p->nrules, p->nrules);

    for (i = 0; i < p->nrules; i++) {
        rank[rows[i]] = (uint32_t) i;
    }

    free(rows);

    return true;
}


/* detectors are sorted, so first and last bound the words */

static size_t
ig_decide_clause_words(const ig_condition_t *c)
{
    if (!(c->keys & IG_WHEN_DATA) || c->data.n == 0) {
        return 0;
    }

    return (c->data.items[c->data.n - 1] >> 6) - (c->data.items[0] >> 6) + 1;
}


static void
ig_decide_clause(const ig_condition_t *text, ig_clause_t *c, uint64_t **words)
{
    size_t    i;
    uint32_t  d;

    c->text = text;
    c->data = *words;
    c->n = (uint32_t) ig_decide_clause_words(text);

    if (c->n == 0) {
        return;
    }

    c->first = text->data.items[0] >> 6;

    for (i = 0; i < text->data.n; i++) {
        d = text->data.items[i] - c->first * 64;
        ig_bit_set(*words, d);
    }

    *words += c->n;
}


static void
ig_decide_rule_endpoints(const ig_decider_t *d, ig_compiled_rule_t *r)
{
    size_t                i;
    const ig_endpoint_t  *e;

    for (i = 0; i < d->policy->nendpoints; i++) {
        e = &d->policy->endpoints[i];

        if ((r->text->effects & IG_THEN_DESTINATIONS)
            && !ig_countries_has(&r->text->destinations, e->country))
        {
            continue;
        }

        if ((r->text->effects & IG_THEN_OPERATORS)
            && !ig_countries_subset(&e->operators, &r->text->operators))
        {
            continue;
        }

        ig_bit_set(r->endpoints.bits, i);
    }
}


static bool
ig_decide_compile_rules(ig_decider_t *d)
{
    size_t               i, n;
    uint32_t            *rank, *next, pack;
    uint64_t            *words;
    const ig_rule_t     *text;
    ig_compiled_rule_t  *r;

    n = 0;

    for (i = 0; i < d->policy->nrules; i++) {
        text = &d->policy->rules[i];
        n += ig_decide_clause_words(&text->when);
        n += ig_decide_clause_words(&text->unless);
        d->first[text->pack + 1]++;
    }

    for (i = 0; i < d->policy->npacks; i++) {
        d->first[i + 1] += d->first[i];
    }

    d->words = calloc(n + 1, sizeof(uint64_t));
    d->rules = calloc(d->policy->nrules + 1, sizeof(ig_compiled_rule_t));
    rank = calloc(d->policy->nrules + d->policy->npacks + 1, sizeof(uint32_t));

    if (d->words == NULL || d->rules == NULL || rank == NULL
        || !ig_decide_ranks(d->policy, rank))
    {
        free(rank);
        return false;
    }

    next = rank + d->policy->nrules;
    words = d->words;

    for (i = 0; i < d->policy->nrules; i++) {
        text = &d->policy->rules[i];
        pack = text->pack;

        r = &d->rules[d->first[pack] + next[pack]++];
        r->text = text;
        r->row = (uint32_t) i;
        r->rank = rank[i];
        r->narrows = text->effects & (IG_THEN_DESTINATIONS | IG_THEN_OPERATORS);

        ig_decide_clause(&text->when, &r->when, &words);
        ig_decide_clause(&text->unless, &r->unless, &words);
        ig_decide_rule_endpoints(d, r);
    }

    free(rank);

    return true;
}


static void
ig_decide_compile_endpoints(ig_decider_t *d)
{
    size_t                i, k;
    const ig_rows_t      *rows;
    const ig_endpoint_t  *e;

    for (i = 0; i < d->policy->nendpoints; i++) {
        e = &d->policy->endpoints[i];

        ig_bit_set(d->all.bits, i);

        for (k = 0; k < IG_DIALECTS; k++) {
            if (k == IG_DIALECT_NONE || (e->dialects & IG_DIALECT_BIT(k))) {
                ig_bit_set(d->speaks[k].bits, i);
            }
        }

        for (k = 0; k < e->models.n; k++) {
            if (ig_str_eq(e->models.items[k], IG_STR("*"))) {
                ig_bit_set(d->any_model.bits, i);
            }
        }
    }

    rows = &d->policy->stances.uninspectable;

    for (i = 0; i < rows->n; i++) {
        ig_bit_set(d->uninspectable.bits, rows->items[i]);
    }
}


ig_decider_t *
ig_decide_compile(const ig_policy_t *p)
{
    ig_decider_t  *d;

    if (p->nendpoints > IG_MAX_ENDPOINTS || p->ndetectors > IG_MAX_DETECTORS
        || p->npacks > IG_MAX_PACKS)
    {
        return NULL;
    }

    d = calloc(1, sizeof(ig_decider_t));
    if (d == NULL) {
        return NULL;
    }

    d->policy = p;
    d->everywhere = ig_countries_all();
    d->first = calloc(p->npacks + 2, sizeof(uint32_t));

    if (d->first == NULL || !ig_decide_compile_rules(d)) {
        ig_decider_free(d);
        return NULL;
    }

    ig_decide_compile_endpoints(d);

    return d;
}


void
ig_decider_free(ig_decider_t *d)
{
    if (d == NULL) {
        return;
    }

    free(d->rules);
    free(d->first);
    free(d->words);
    free(d);
}

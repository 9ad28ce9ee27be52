/*
 * The choice: the first permitted endpoint in one order over all of them, made
 * when the policy is compiled.  The order is written in verdict.h.
 */

#include <inference_guard/verdict.h>

#include <stdlib.h>
#include <string.h>


/* an endpoint with what it is ordered by */
typedef struct {
    const ig_endpoint_t  *endpoint;
    unsigned              tier;        /* place in the policy's order */
    uint64_t              price;       /* input and output */
    uint32_t              row;
} ig_candidate_t;

struct ig_chooser_s {
    size_t    n;
    uint16_t  order[IG_MAX_ENDPOINTS];
};


static unsigned
ig_choose_tier(const ig_policy_t *p, ig_tier_t tier)
{
    unsigned  i;

    for (i = 0; i < IG_TIERS; i++) {
        if (p->stances.tiers[i] == tier) {
            break;
        }
    }

    return i;
}


/* a sum that does not fit is the highest price there is */

static uint64_t
ig_choose_price(const ig_endpoint_t *e)
{
    if (e->price_input > UINT64_MAX - e->price_output) {
        return UINT64_MAX;
    }

    return e->price_input + e->price_output;
}


static int
ig_choose_cmp(const void *one, const void *two)
{
    int                    rc;
    const ig_candidate_t  *a = one, *b = two;

    if (a->tier != b->tier) {
        return a->tier < b->tier ? -1 : 1;
    }

    if (a->endpoint->priced != b->endpoint->priced) {
        return a->endpoint->priced ? -1 : 1;
    }

    if (a->endpoint->priced) {
        rc = memcmp(a->endpoint->currency, b->endpoint->currency, 3);

        if (rc != 0) {
            return rc;
        }

        if (a->price != b->price) {
            return a->price < b->price ? -1 : 1;
        }
    }

    return ig_str_cmp(a->endpoint->name, b->endpoint->name);
}


ig_chooser_t *
ig_choose_compile(const ig_policy_t *p)
{
    size_t           i;
    ig_chooser_t    *c;
    ig_candidate_t  *all;

    if (p->nendpoints > IG_MAX_ENDPOINTS) {
        return NULL;
    }

    c = calloc(1, sizeof(ig_chooser_t));
    all = calloc(p->nendpoints + 1, sizeof(ig_candidate_t));

    if (c == NULL || all == NULL) {
        free(c);
        free(all);
        return NULL;
    }

    for (i = 0; i < p->nendpoints; i++) {
        all[i].endpoint = &p->endpoints[i];
        all[i].tier = ig_choose_tier(p, p->endpoints[i].tier);
        all[i].price = ig_choose_price(&p->endpoints[i]);
        all[i].row = (uint32_t) i;
    }

    qsort(all, p->nendpoints, sizeof(ig_candidate_t), ig_choose_cmp);

    for (i = 0; i < p->nendpoints; i++) {
        c->order[i] = (uint16_t) all[i].row;
    }

    c->n = p->nendpoints;
    free(all);

    return c;
}


void
ig_chooser_free(ig_chooser_t *c)
{
    free(c);
}


uint32_t
ig_choose(const ig_chooser_t *c, const uint64_t permitted[IG_ENDPOINT_WORDS],
    const uint64_t tried[IG_ENDPOINT_WORDS])
{
    size_t    i;
    uint32_t  row;

    for (i = 0; i < c->n; i++) {
        row = c->order[i];

        if (ig_bit_get(permitted, row)
            && !(tried && ig_bit_get(tried, row)))
        {
            return row;
        }
    }

    return IG_NONE;
}

/*
 * The comparison: the old policy among the new one's endpoints, the search, and
 * the check of what it found.
 */

#include "compare/check.h"
#include "compare/search.h"

#include <string.h>


static bool
ig_compare_same_place(const ig_endpoint_t *a, const ig_endpoint_t *b)
{
    return ig_str_eq(a->name, b->name) && a->country == b->country
           && ig_countries_eq(&a->operators, &b->operators);
}


/* a copy of the old policy that has the endpoints of the new one */

static bool
ig_compare_move(const ig_policy_t *old, const ig_policy_t *new,
    ig_arena_t *arena, ig_policy_t *moved)
{
    size_t            i;
    uint32_t          row, to, *rows;
    const ig_rows_t  *from;

    *moved = *old;
    moved->endpoints = new->endpoints;
    moved->nendpoints = new->nendpoints;

    from = &old->stances.uninspectable;
    rows = ig_arena_alloc(arena, (from->n + 1) * sizeof(uint32_t));

    if (rows == NULL) {
        return false;
    }

    moved->stances.uninspectable = (ig_rows_t) { rows, 0 };

    for (i = 0; i < from->n; i++) {
        row = from->items[i];
        to = ig_policy_endpoint(new, old->endpoints[row].name);

        if (to != IG_NONE && ig_compare_same_place(&old->endpoints[row],
                                                   &new->endpoints[to]))
        {
            rows[moved->stances.uninspectable.n++] = to;
        }
    }

    return true;
}


/* -- reservations --------------------------------------------------------- */

static bool
ig_compare_networks(const ig_stances_t *a, const ig_stances_t *b)
{
    size_t                       i, k;
    const ig_network_country_t  *x, *y;

    if (a->nnetworks != b->nnetworks) {
        return true;
    }

    for (i = 0; i < a->nnetworks; i++) {
        x = &a->networks[i];

        for (k = 0; k < b->nnetworks; k++) {
            y = &b->networks[k];

            if (x->country == y->country && x->network.bits == y->network.bits
                && memcmp(x->network.address, y->network.address, 16) == 0)
            {
                break;
            }
        }

        if (k == b->nnetworks) {
            return true;
        }
    }

    return false;
}


static bool
ig_compare_texts(const ig_strs_t *a, const ig_strs_t *b)
{
    size_t  i;

    for (i = 0; a->n == b->n && i < a->n; i++) {
        if (!ig_str_eq(a->items[i], b->items[i])) {
            return false;
        }
    }

    return a->n == b->n;
}


static bool
ig_compare_detector(const ig_detector_t *a, const ig_detector_t *b)
{
    return ig_str_eq(a->pattern, b->pattern) && ig_str_eq(a->weak, b->weak)
           && ig_str_eq(a->validator, b->validator)
           && a->unofficial == b->unofficial && a->owner == b->owner
           && a->anchor == b->anchor
           && ig_compare_texts(&a->literals, &b->literals)
           && ig_compare_texts(&a->context, &b->context);
}


static bool
ig_compare_credentials(const ig_tenant_t *a, const ig_tenant_t *b)
{
    return a->nkeys == b->nkeys && ig_compare_texts(&a->subjects, &b->subjects)
           && (a->nkeys == 0
               || memcmp(a->keys, b->keys, a->nkeys * IG_DIGEST_SIZE) == 0);
}


static void
ig_compare_reservations(const ig_policy_t *old, const ig_policy_t *new,
    ig_comparison_t *out)
{
    size_t    i;
    uint32_t  row;

    out->networks = ig_compare_networks(&old->stances, &new->stances);

    for (i = 0; i < old->ndetectors; i++) {
        row = ig_policy_detector(new, old->detectors[i].id);

        if (row != IG_NONE && !ig_compare_detector(&old->detectors[i],
                                                   &new->detectors[row]))
        {
            out->detector = old->detectors[i].id;
            out->detectors++;
        }
    }

    for (i = 0; i < new->ntenants; i++) {
        row = ig_policy_tenant(old, new->tenants[i].name);

        if (row != IG_NONE && !ig_compare_credentials(&old->tenants[row],
                                                      &new->tenants[i]))
        {
            out->tenants++;
        }
    }
}


/* -- the answer ----------------------------------------------------------- */

static bool
ig_compare_items(const ig_search_t *s, ig_arena_t *arena,
    ig_compare_request_t *r)
{
    size_t                 i;
    ig_str_t              *tools;
    const ig_item_t       *item;
    ig_compare_finding_t  *findings;

    tools = ig_arena_alloc(arena, (s->depth + 1) * sizeof(ig_str_t));
    findings = ig_arena_alloc(arena, (s->depth + 1)
                                     * sizeof(ig_compare_finding_t));

    if (tools == NULL || findings == NULL) {
        return false;
    }

    r->tools.items = tools;
    r->findings = findings;

    for (i = 0; i < s->depth; i++) {
        item = s->chosen[i];

        switch (item->kind) {

        case IG_ITEM_FINDING:
            findings[r->nfindings++] = item->finding;
            break;

        case IG_ITEM_TOOL:
            tools[r->tools.n++] = item->tool;
            break;

        case IG_ITEM_CLAIM:
            ig_countries_add(&r->claimed, item->country);
            break;
        }
    }

    return true;
}


static bool
ig_compare_request(const ig_search_t *s, ig_arena_t *arena,
    ig_compare_request_t *r)
{
    const ig_setting_t  *at;

    at = &s->at;
    memset(r, 0, sizeof(ig_compare_request_t));

    r->tenant = at->tenant->text;
    r->client = at->country->country;
    r->claimed = ig_countries_none();
    r->reason = at->reading->reason;
    r->uninspectable = at->reading->uninspectable;
    r->dialect = at->reading->dialect;
    r->model = at->model->text;
    r->path = at->path->text;
    r->endpoint = at->place->row;
    r->rule = IG_NONE;

    return ig_compare_items(s, arena, r);
}


ig_rc_t
ig_compare(const ig_policy_t *old, const ig_policy_t *new, uint64_t max_steps,
    ig_arena_t *arena, ig_comparison_t *out)
{
    ig_rc_t      rc;
    ig_domain_t  d;
    ig_policy_t  moved;
    ig_search_t  s;

    memset(out, 0, sizeof(ig_comparison_t));
    out->answer = IG_COMPARE_UNDECIDED;

    ig_compare_reservations(old, new, out);

    if (!ig_compare_move(old, new, arena, &moved)) {
        return ig_arena_status(arena);
    }

    rc = ig_domain_make(&d, &moved, new, arena, &out->bound);

    if (rc == IG_ERROR) {
        return IG_OK;
    }

    if (rc != IG_OK || !ig_search_make(&s, &d, max_steps)) {
        return rc == IG_OK ? ig_arena_status(arena) : rc;
    }

    out->bound = NULL;

    switch (ig_search_run(&s)) {

    case IG_SEARCH_NONE:
        out->answer = IG_COMPARE_PROVEN;
        break;

    case IG_SEARCH_FOUND:
        if (!ig_compare_request(&s, arena, &out->request)) {
            return ig_arena_status(arena);
        }

        rc = ig_compare_check(&moved, new, &out->request, arena);

        if (rc == IG_OK) {
            out->answer = IG_COMPARE_COUNTEREXAMPLE;
        }
        break;

    case IG_SEARCH_BOUND:
        out->bound = "the number of steps";
        break;
    }

    out->steps = s.steps;

    return rc;
}

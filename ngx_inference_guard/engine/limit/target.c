/*
 * The counters that a request is to go through, by its tenant's limits.
 */

#include <limit/table.h>

#include <inference_guard/calendar.h>


uint64_t
ig_limit_amount(const ig_limit_t *limit, const ig_amounts_t *a)
{
    switch (limit->of) {

    case IG_LIMIT_REQUESTS:
    case IG_LIMIT_CALLS:
        return a->requests;

    case IG_LIMIT_CONCURRENT:
        return 1;

    case IG_LIMIT_TOKENS:
        return a->input > UINT64_MAX - a->output ? UINT64_MAX
                                                 : a->input + a->output;

    case IG_LIMIT_TOKENS_IN:
        return a->input;

    case IG_LIMIT_TOKENS_OUT:
        return a->output;

    default:
        return a->cost;
    }
}


/* what stays counted when nobody settles */

static uint64_t
ig_limit_kept(const ig_limit_t *limit, const ig_amounts_t *a)
{
    switch (limit->of) {

    case IG_LIMIT_REQUESTS:
    case IG_LIMIT_CALLS:
        return a->requests;

    case IG_LIMIT_TOKENS:
    case IG_LIMIT_TOKENS_IN:
        return a->input;

    case IG_LIMIT_COST:
        return ig_min(a->cost_input, a->cost);

    default:
        return 0;
    }
}


bool
ig_limit_settles(const ig_limit_t *limit)
{
    return limit->of != IG_LIMIT_REQUESTS && limit->of != IG_LIMIT_CALLS
           && limit->of != IG_LIMIT_CONCURRENT;
}


void
ig_targets_init(ig_targets_t *s, const ig_limits_t *h, const ig_limiter_t *l,
    const ig_limit_request_t *q, uint64_t now)
{
    s->h = h;
    s->l = l;
    s->q = q;
    s->quota = &l->policy->tenants[q->tenant].quota;
    s->rows = l->rows + l->tenants[q->tenant].first;
    s->now = now;
    s->day[1] = 0;
    s->month[1] = 0;
    s->n = 0;
}


static void
ig_target_window(ig_targets_t *s, ig_target_t *g)
{
    uint64_t  *w;

    w = g->limit->per == IG_PER_DAY ? s->day : s->month;

    if (w[1] == 0) {
        ig_calendar_window(s->quota->zone, g->limit->per, s->now / IG_SECOND,
                           &w[0], &w[1]);
        w[0] *= IG_SECOND;
        w[1] *= IG_SECOND;
    }

    g->start = w[0];
    g->end = w[1];
}


/* of 64 bits, so that a share of the largest maximum does not overflow */

static uint64_t
ig_target_share(uint64_t max, uint16_t share)
{
    max = max / IG_SHARE_ALL * share + max % IG_SHARE_ALL * share
                                       / IG_SHARE_ALL;

    return ig_max(max, 1);
}


void
ig_target_limit(ig_targets_t *s, ig_target_t *g, uint32_t number)
{
    bool               alone;
    const ig_limit_t  *limit;

    g->row = &s->rows[number];
    limit = g->row->limit;
    alone = s->h->fleet && s->h->local
            && s->quota->without_store == IG_WITHOUT_STORE_LOCAL;

    g->limit = limit;
    g->number = number;
    g->country = IG_COUNTRY_UNKNOWN;
    g->cell = IG_NO_CELL;
    g->audit = limit->audit || s->q->audit;
    g->leased = s->h->fleet && !alone && !g->audit;
    g->alone = alone && !g->audit;
    g->amount = ig_limit_amount(limit, &s->q->amounts);
    g->kept = ig_min(ig_limit_kept(limit, &s->q->amounts), g->amount);
    g->rate = limit->max;
    g->max = limit->algorithm == IG_ALGORITHM_GCRA ? limit->burst : limit->max;
    g->start = 0;
    g->end = 0;
    g->ttl = s->quota->task_ttl_s * IG_SECOND;

    if (alone) {
        g->rate = ig_target_share(g->rate, s->quota->local_share);
        g->max = ig_target_share(g->max, s->quota->local_share);
    }

    g->cap = s->q->batch ? ig_target_share(g->max, limit->batch) : g->max;

    if (limit->algorithm == IG_ALGORITHM_CALENDAR) {
        ig_target_window(s, g);
    }
}


bool
ig_target_of(ig_targets_t *s, const ig_counter_t *c, ig_target_t *g)
{
    uint32_t  i;

    if (c->tenant != s->l->policy->tenants[s->q->tenant].id) {
        return false;
    }

    for (i = 0; i < s->quota->nlimits; i++) {

        if (s->rows[i].tag == c->tag
            && s->rows[i].limit->algorithm == c->algorithm)
        {
            ig_target_limit(s, g, i);
            return true;
        }
    }

    return false;
}


/* IG_TABLE_FULL: more than there is room for, or no hash could be made */

static ig_admission_t
ig_targets_of(ig_targets_t *s, uint32_t number)
{
    ig_target_t     g;
    ig_country_t    c;
    ig_countries_t  all;

    ig_target_limit(s, &g, number);

    all = ig_countries_none();

    if ((g.limit->by & IG_BY_JURISDICTION) && s->q->jurisdictions) {
        all = *s->q->jurisdictions;
    }

    c = ig_countries_next(&all, 1);

    do {
        g.country = c;

        if (s->n == IG_LIMIT_COUNTERS || !ig_names_key(s, &g)) {
            return IG_TABLE_FULL;
        }

        s->targets[s->n++] = g;
        c = c ? ig_countries_next(&all, (ig_country_t) (c + 1)) : c;

    } while (c);

    return IG_ADMITTED;
}


ig_admission_t
ig_targets_make(ig_targets_t *s, uint32_t *missing, uint32_t *would)
{
    uint32_t           i;
    ig_admission_t     rc;
    const ig_limit_t  *limit;

    for (i = 0; i < s->quota->nlimits; i++) {
        limit = s->rows[i].limit;

        if ((limit->by & IG_BY_TASK) && s->q->read) {
            continue;
        }

        if ((limit->by & IG_BY_TASK) && s->q->task.len == 0) {

            if (!limit->audit && !s->q->audit) {
                *missing = i;
                return IG_TASK_MISSING;
            }

            *would = *would == IG_NONE ? i : *would;
            continue;
        }

        rc = ig_targets_of(s, i);

        if (rc != IG_ADMITTED) {
            return rc;
        }
    }

    return IG_ADMITTED;
}

/*
 * A fleet: what this node has leased of each counter, and how it comes, is used
 * and ends.
 */

#include <limit/table.h>

#include <string.h>


#define IG_LEASE_QUIET         (IG_SECOND / 10)


void
ig_limits_fleet(ig_limits_t *h, bool on)
{
    h->fleet = on;
}


void
ig_limits_local(ig_limits_t *h, bool on)
{
    h->local = on;
}


ig_info_t *
ig_lease_info(const ig_limit_table_t *t, const ig_counter_t *c)
{
    if (c == NULL || c->info == IG_NO_CELL) {
        return NULL;
    }

    return &ig_cell(t, c->info)->info;
}


static uint64_t
ig_lease_pool(const ig_limit_table_t *t, const ig_counter_t *c, uint64_t now)
{
    ig_info_t  *i;

    i = ig_lease_info(t, c);

    return i && i->until > now ? i->pool : 0;
}


bool
ig_lease_covers(const ig_limit_table_t *t, const ig_counter_t *c,
    uint64_t amount, uint64_t now)
{
    return amount <= ig_lease_pool(t, c, now);
}


bool
ig_lease_holds(const ig_limit_table_t *t, const ig_counter_t *c, uint64_t now)
{
    ig_info_t  *i;

    i = ig_lease_info(t, c);

    return i && (i->over || (i->pool && i->until > now));
}


void
ig_lease_refused(ig_limit_table_t *t, ig_counter_t *c, uint64_t wait,
    uint64_t now)
{
    ig_info_t  *i;

    i = ig_lease_info(t, c);

    if (i) {
        IG_SET(t, i->refused, now + ig_min(wait, IG_LEASE_QUIET));
        ig_commit(t);
    }
}


uint64_t
ig_lease_quiet(const ig_limit_table_t *t, const ig_counter_t *c, uint64_t now)
{
    ig_info_t  *i;

    i = ig_lease_info(t, c);

    return i && i->refused > now && i->refused - now <= IG_LEASE_QUIET
           ? i->refused - now : 0;
}


/* when the store may forget what it knows of a counter */

static uint64_t
ig_lease_expires(const ig_target_t *g, uint64_t now)
{
    ig_wide_t  ns;

    switch (g->limit->algorithm) {

    case IG_ALGORITHM_GCRA:
        ns = (ig_wide_t) g->max * g->row->period / g->rate + g->row->period;
        break;

    case IG_ALGORITHM_SLIDING:
        ns = 2 * (ig_wide_t) g->row->period;
        break;

    case IG_ALGORITHM_CALENDAR:
        ns = g->end - now;
        break;

    default:
        ns = g->ttl;
        break;
    }

    return (uint64_t) ((now + ns) / IG_SECOND) + 1;
}


void
ig_lease_ask(const ig_limit_table_t *t, const ig_targets_t *s,
    const ig_target_t *g, uint64_t now, ig_limit_lease_t *out)
{
    const ig_counter_t  *c;

    c = g->cell == IG_NO_CELL ? NULL : &ig_cell(t, g->cell)->counter;

    memcpy(out->key, g->key, sizeof(out->key));

    out->tenant = s->l->policy->tenants[s->q->tenant].id;
    out->limit = g->number;
    out->tag = g->row->tag;
    out->algorithm = g->limit->algorithm;
    out->window_s = g->start / IG_SECOND;
    out->expires_s = ig_lease_expires(g, now);
    out->max = g->limit->algorithm == IG_ALGORITHM_GCRA ? g->rate : g->cap;
    out->burst = g->cap;
    out->period_ns = g->row->period;
    out->want = g->amount - ig_lease_pool(t, c, now);
    out->size = ig_max(out->want, ig_min(g->limit->lease, g->cap));
    out->granted = 0;
    out->used = 0;
    out->retry_ns = 0;
}


void
ig_lease_take(ig_limit_table_t *t, ig_counter_t *c, uint64_t amount,
    uint64_t now)
{
    ig_info_t  *i;

    i = ig_lease_info(t, c);

    if (amount && i) {
        IG_SET(t, i->pool, i->pool - ig_min(i->pool, amount));
        IG_SET(t, i->touched, now);
    }
}


/* what the store has not heard of yet is taken back before it does */

void
ig_lease_back(ig_limit_table_t *t, ig_counter_t *c, uint64_t amount,
    uint64_t now)
{
    uint64_t    over;
    ig_info_t  *i;

    i = ig_lease_info(t, c);

    if (i == NULL) {
        return;
    }

    over = ig_min(i->over, amount);

    if (over) {
        IG_SET(t, i->over, i->over - over);
        amount -= over;
    }

    if (amount && i->until > now) {
        IG_SET(t, i->pool, i->pool + amount);
        IG_SET(t, i->touched, now);
    }
}


/* the store has to hear of it soon: the counter need not be looked for */

void
ig_lease_owe(ig_limit_table_t *t, ig_counter_t *c, uint64_t over)
{
    uint32_t    n;
    ig_info_t  *i;

    i = ig_lease_info(t, c);
    n = t->nowing;

    if (i->over == 0 && over) {

        if (n < IG_OWING) {
            IG_SET(t, t->owing[n], (uint32_t) ((ig_any_t *) c
                                               - ig_cell(t, 0)));
            IG_SET(t, t->nowing, n + 1);

        } else {
            IG_SET(t, t->unseen, t->ncells);
        }
    }

    IG_SET(t, i->over, over);
}


void
ig_lease_over(ig_limit_table_t *t, ig_counter_t *c, uint64_t amount,
    uint64_t now)
{
    uint64_t    pool;
    ig_info_t  *i;

    i = ig_lease_info(t, c);

    if (i == NULL) {
        return;
    }

    pool = ig_min(ig_lease_pool(t, c, now), amount);

    if (pool) {
        IG_SET(t, i->pool, i->pool - pool);
    }

    if (amount > pool) {
        ig_lease_owe(t, c, i->over + (amount - pool));
    }
}


void
ig_lease_reset(ig_limit_table_t *t, ig_counter_t *c, uint64_t flying)
{
    ig_info_t  *i;

    i = ig_lease_info(t, c);

    if (i) {
        IG_SET(t, i->pool, 0);
        ig_lease_owe(t, c, flying);
        IG_SET(t, i->seen, 0);
        IG_SET(t, i->refused, 0);
    }
}


/* to a counter from before it was a fleet */

static bool
ig_lease_attach(ig_limit_table_t *t, ig_counter_t *c)
{
    uint32_t   n;
    ig_any_t  *cell;

    if (t->nfree == 0) {
        return false;
    }

    n = ig_cell_take(t, IG_CELL_INFO);
    cell = ig_cell(t, n);
    memset((uint8_t *) cell + sizeof(ig_cell_t), 0,
           sizeof(ig_any_t) - sizeof(ig_cell_t));

    IG_SET(t, c->info, n);

    if (c->list & IG_NAMED) {
        IG_SET(t, t->nnamed, t->nnamed + 1);
    }

    return true;
}


static uint64_t
ig_lease_until(const ig_target_t *g, uint64_t now)
{
    switch (g->limit->algorithm) {

    case IG_ALGORITHM_GCRA:
    case IG_ALGORITHM_SLIDING:
        return now + g->row->period;

    case IG_ALGORITHM_CALENDAR:
        return g->end;

    default:
        return UINT64_MAX;
    }
}


/*
 * Admitted without the store: it hears of it when it is back, as of amounts
 * beyond a lease, and what of it was not used is given back like one.
 */

void
ig_lease_alone(ig_limit_table_t *t, ig_counter_t *c, const ig_target_t *g,
    uint64_t now)
{
    ig_info_t  *i;

    if (c->info == IG_NO_CELL && !ig_lease_attach(t, c)) {
        t->stats.uncharged++;
        return;
    }

    i = &ig_cell(t, c->info)->info;

    IG_SET(t, i->until, ig_lease_until(g, now));
    IG_SET(t, i->touched, now);
    IG_SET(t, i->max, g->limit->max);
    IG_SET(t, i->period, g->row->period);

    ig_lease_over(t, c, g->amount, now);
}


/* what was granted goes to the pool; false: there is no room to note it */

static bool
ig_lease_deposit(ig_limit_table_t *t, ig_targets_t *s, ig_target_t *g,
    const ig_limit_lease_t *lease)
{
    uint32_t       cells, named;
    uint64_t       until;
    ig_info_t     *i;
    ig_counter_t  *c;

    if (lease->window_s != g->start / IG_SECOND) {
        return true;
    }

    cells = ig_counter_cells(g);
    named = g->row->list & IG_NAMED ? cells : 0;

    ig_counter_ensure(t, cells, named, s->now);
    g->cell = ig_counter_find(t, g->key, g->hash);

    if (g->cell == IG_NO_CELL) {

        if (!ig_counter_room(t, cells, named)) {
            return lease->granted == 0;
        }

        g->cell = ig_counter_make(t, s, g);
    }

    c = &ig_cell(t, g->cell)->counter;

    if (c->info == IG_NO_CELL && !ig_lease_attach(t, c)) {
        return lease->granted == 0;
    }

    i = &ig_cell(t, c->info)->info;
    until = ig_lease_until(g, s->now);

    IG_SET(t, i->pool, ig_lease_pool(t, c, s->now)
                       + ig_min(lease->granted, IG_AMOUNT_MAX));
    IG_SET(t, i->until, until);
    IG_SET(t, i->seen, lease->used);
    IG_SET(t, i->touched, s->now);
    IG_SET(t, i->max, lease->max);
    IG_SET(t, i->period, lease->period_ns);

    return true;
}


static void
ig_lease_deposits(ig_limit_table_t *t, ig_targets_t *s,
    const ig_limit_lease_t *leases, size_t n)
{
    size_t    i, j;
    uint64_t  key[2];

    for (i = 0; i < n; i++) {
        memcpy(key, leases[i].key, sizeof(key));

        for (j = 0; j < s->n; j++) {

            if (s->targets[j].key[0] != key[0]
                || s->targets[j].key[1] != key[1])
            {
                continue;
            }

            if (!ig_lease_deposit(t, s, &s->targets[j], &leases[i])) {
                t->stats.uncharged++;
            }

            ig_commit(t);
            break;
        }
    }
}


void
ig_limit_grant(ig_limits_t *h, const ig_limiter_t *l,
    const ig_limit_request_t *q, const ig_limit_lease_t *leases, size_t n,
    uint64_t now_ns, uint64_t deadline_ns, ig_limit_result_t *out)
{
    ig_targets_t  s;

    ig_limit_result_init(out);

    if (q->tenant >= l->policy->ntenants) {
        out->admission = IG_TABLE_FULL;
        return;
    }

    ig_targets_init(&s, h, l, q, now_ns);

    if (s.quota->nlimits == 0) {
        return;
    }

    out->admission = ig_targets_make(&s, &out->limit, &out->would);

    if (out->admission != IG_ADMITTED) {
        return;
    }

    ig_limits_lock(h);

    ig_lease_deposits(h->table, &s, leases, n);
    ig_reserve_locked(h, &s, leases, n, deadline_ns, out);

    ig_limits_unlock(h);
}

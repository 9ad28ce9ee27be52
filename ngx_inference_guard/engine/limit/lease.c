/*
 * A fleet: what this node has leased of each counter, and how it comes and
 * goes.
 */

#include <limit/table.h>

#include <string.h>


#define IG_LEASE_IDLE          (2 * IG_SECOND)
#define IG_LEASE_QUIET         (IG_SECOND / 10)
#define IG_RETURNS_LOOK        1024   /* cells under one lock */
#define IG_RETURNS_PASS        16     /* calls, until all were looked at */


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


static ig_info_t *
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
        IG_SET(t, i->over, i->over + (amount - pool));
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


/* false: nothing to tell of it */

static bool
ig_lease_return(ig_limit_table_t *t, ig_counter_t *c, uint64_t now,
    ig_limit_lease_t *out)
{
    bool        idle;
    ig_info_t  *i;

    i = ig_lease_info(t, c);

    if (i == NULL || (i->pool == 0 && i->over == 0)) {
        return false;
    }

    idle = now - i->touched > IG_LEASE_IDLE || i->touched > now;

    if (i->over == 0 && !idle) {
        return false;
    }

    memset(out, 0, sizeof(ig_limit_lease_t));
    memcpy(out->key, c->key, sizeof(out->key));

    out->tenant = c->tenant;
    out->limit = IG_NONE;
    out->algorithm = (ig_limit_algorithm_t) c->algorithm;
    out->window_s = c->algorithm == IG_ALGORITHM_CALENDAR
                    ? c->start / IG_SECOND : 0;
    out->expires_s = ig_max(c->end, now) / IG_SECOND + 1;
    out->max = i->max;
    out->period_ns = i->period;
    out->want = i->over;

    IG_SET(t, i->over, 0);

    if (idle && i->pool) {

        /* what is too old the store has forgotten as well */

        out->granted = i->until > now ? i->pool : 0;
        IG_SET(t, i->pool, 0);
    }

    ig_commit(t);

    return out->want || out->granted;
}


size_t
ig_limit_returns(ig_limits_t *h, ig_limit_lease_t *out, size_t max,
    uint64_t now_ns)
{
    size_t             n;
    uint32_t           look, left;
    ig_any_t          *cell;
    ig_limit_table_t  *t;

    t = h->table;
    left = ig_max(t->ncells / IG_RETURNS_PASS, IG_RETURNS_LOOK);

    for (n = 0; left > 0 && n < max; /* void */ ) {

        ig_limits_lock(h);

        for (look = ig_min(left, IG_RETURNS_LOOK); look > 0 && n < max;
             look--, left--)
        {
            cell = ig_cell(t, t->returns_at % t->ncells);
            t->returns_at = (t->returns_at + 1) % t->ncells;

            if (cell->cell.type == IG_CELL_COUNTER) {
                n += ig_lease_return(t, &cell->counter, now_ns, &out[n]);
            }
        }

        ig_limits_unlock(h);
    }

    return n;
}


void
ig_limit_unreturn(ig_limits_t *h, const ig_limit_lease_t *returned, size_t n,
    uint64_t now_ns)
{
    size_t             i;
    uint32_t           cell;
    uint64_t           key[2];
    ig_info_t         *info;
    ig_counter_t      *c;
    ig_limit_table_t  *t;

    t = h->table;

    ig_limits_lock(h);

    for (i = 0; i < n; i++) {
        memcpy(key, returned[i].key, sizeof(key));
        cell = ig_counter_find(t, key, ig_siphash(t->seed, key, sizeof(key)));
        c = cell == IG_NO_CELL ? NULL : &ig_cell(t, cell)->counter;
        info = ig_lease_info(t, c);

        if (info == NULL) {
            t->stats.uncharged += returned[i].want != 0;
            continue;
        }

        ig_lease_back(t, c, returned[i].granted, now_ns);
        IG_SET(t, info->over, info->over + returned[i].want);
        ig_commit(t);
    }

    ig_limits_unlock(h);
}

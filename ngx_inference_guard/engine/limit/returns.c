/*
 * A fleet: what the store has to hear of this node, and what is heard of it.
 */

#include <limit/table.h>

#include <string.h>


#define IG_LEASE_IDLE          (2 * IG_SECOND)
#define IG_RETURNS_LOOK        1024   /* cells under one lock */
#define IG_RETURNS_PASS        16     /* calls, until all were looked at */


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
    out->tag = c->tag;
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


/* those that are known to owe; how many */

static size_t
ig_returns_owed(ig_limits_t *h, ig_limit_lease_t *out, size_t max, uint64_t now)
{
    size_t             n;
    uint32_t           left;
    ig_any_t          *cell;
    ig_limit_table_t  *t;

    t = h->table;
    n = 0;

    ig_limits_lock(h);

    for (left = t->nowing; left > 0 && n < max; left--) {

        /* it may be another's by now, and then owes nothing or is told early */

        cell = ig_cell(t, t->owing[left - 1] % t->ncells);

        if (cell->cell.type == IG_CELL_COUNTER) {
            n += ig_lease_return(t, &cell->counter, now, &out[n]);
        }

        IG_SET(t, t->nowing, left - 1);
        ig_commit(t);
    }

    ig_limits_unlock(h);

    return n;
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
    left = ig_max(left, t->unseen);

    for (n = ig_returns_owed(h, out, max, now_ns); left > 0 && n < max;
         /* void */ )
    {
        ig_limits_lock(h);

        for (look = ig_min(left, IG_RETURNS_LOOK); look > 0 && n < max;
             look--, left--)
        {
            cell = ig_cell(t, t->returns_at % t->ncells);
            t->returns_at = (t->returns_at + 1) % t->ncells;
            t->unseen -= ig_min(t->unseen, 1);

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
        ig_lease_owe(t, c, info->over + returned[i].want);
        ig_commit(t);
    }

    ig_limits_unlock(h);
}


void
ig_limit_heard(ig_limits_t *h, const ig_limit_lease_t *counter)
{
    uint32_t           cell;
    uint64_t           key[2];
    ig_info_t         *info;
    ig_limit_table_t  *t;

    t = h->table;

    memcpy(key, counter->key, sizeof(key));

    ig_limits_lock(h);

    cell = ig_counter_find(t, key, ig_siphash(t->seed, key, sizeof(key)));

    if (cell != IG_NO_CELL
        && (ig_cell(t, cell)->counter.algorithm != IG_ALGORITHM_CALENDAR
            || ig_cell(t, cell)->counter.start / IG_SECOND
               == counter->window_s))
    {
        info = ig_lease_info(t, &ig_cell(t, cell)->counter);

        if (info) {
            IG_SET(t, info->seen, counter->used);
            ig_commit(t);
        }
    }

    ig_limits_unlock(h);
}

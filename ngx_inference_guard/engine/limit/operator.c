/*
 * What an operator sees of a tenant's counters, and may set back.
 */

#include <limit/table.h>

#include <string.h>


#define IG_SHOW_BATCH          32     /* counters under one lock */


typedef struct {
    ig_limit_state_t  state;
    size_t            len;
    uint8_t           label[IG_LIMIT_LABEL];
} ig_shown_t;


static uint32_t
ig_tenant_first(const ig_limit_table_t *t, uint64_t tenant)
{
    return *ig_tenants(t, ig_siphash(t->seed, &tenant, sizeof(tenant)));
}


static bool
ig_show_counter(ig_limit_table_t *t, ig_targets_t *s, const ig_counter_t *c,
    ig_shown_t *out)
{
    ig_info_t    *i;
    ig_look_t     look;
    ig_target_t   g;

    if (!ig_target_of(s, c, &g)) {
        return false;
    }

    ig_limit_look(t, c, &g, s->now, &look);

    out->state = (ig_limit_state_t) {
        .limit = g.number, .max = g.max, .used = look.used,
        .reset_ns = look.reset, .node_used = look.own, .fleet = g.leased
    };
    out->len = 0;

    if (c->info != IG_NO_CELL) {
        i = &ig_cell(t, c->info)->info;
        out->len = ig_min(i->cell.a, IG_LIMIT_LABEL);
        memcpy(out->label, i->label, out->len);
    }

    return true;
}


/* the chain from *next on, which ends when that has gone meanwhile */

static size_t
ig_show_batch(ig_limits_t *h, ig_targets_t *s, uint32_t *next, ig_shown_t *out)
{
    size_t             n;
    uint32_t           cell, looked;
    uint64_t           tenant;
    ig_counter_t      *c;
    ig_limit_table_t  *t;

    t = h->table;
    tenant = s->l->policy->tenants[s->q->tenant].id;

    ig_limits_lock(h);

    cell = *next;

    for (n = 0, looked = 0; cell != IG_NO_CELL && looked < IG_SHOW_BATCH;
         looked++)
    {
        c = &ig_cell(t, cell)->counter;

        if (c->type != IG_CELL_COUNTER
            || (looked == 0 && cell != ig_tenant_first(t, tenant)
                && c->tenant_prev == IG_NO_CELL))
        {
            cell = IG_NO_CELL;
            break;
        }

        n += ig_show_counter(t, s, c, &out[n]);
        cell = c->tenant_next;
    }

    *next = cell;

    ig_limits_unlock(h);

    return n;
}


void
ig_limit_show(ig_limits_t *h, const ig_limiter_t *l, uint32_t tenant,
    uint64_t now_ns, ig_limit_show_pt show, void *ctx)
{
    size_t              i, n;
    uint32_t            next;
    ig_shown_t          shown[IG_SHOW_BATCH];
    ig_targets_t        s;
    ig_limit_request_t  q;

    if (tenant >= l->policy->ntenants) {
        return;
    }

    memset(&q, 0, sizeof(q));
    q.tenant = tenant;
    ig_targets_init(&s, h, l, &q, now_ns);

    ig_limits_lock(h);
    next = ig_tenant_first(h->table, l->policy->tenants[tenant].id);
    ig_limits_unlock(h);

    while (next != IG_NO_CELL) {
        n = ig_show_batch(h, &s, &next, shown);

        for (i = 0; i < n; i++) {

            if (!show(ctx, &shown[i].state,
                      (ig_str_t) { shown[i].label, shown[i].len }))
            {
                return;
            }
        }
    }
}


static void
ig_reset_counter(ig_limit_table_t *t, ig_counter_t *c, bool leased,
    uint64_t now)
{
    unsigned    i;
    uint64_t    flying;
    ig_ring_t  *r;

    flying = 0;

    switch (c->algorithm) {

    case IG_ALGORITHM_GCRA:
        IG_SET(t, c->start, 0);
        IG_SET(t, c->used, 0);
        IG_SET(t, c->end, now);
        break;

    case IG_ALGORITHM_SLIDING:
        r = &ig_cell(t, c->ring)->ring;

        for (i = 0; i < IG_RING; i++) {
            IG_SET(t, r->amounts[i], 0);
        }

        IG_SET(t, c->seq, c->seq + IG_RING);
        IG_SET(t, c->end, now);
        break;

    default:
        flying = c->reserved;
        IG_SET(t, c->used, flying);
        break;
    }

    /* slots are what is in flight: the fleet's are not set back */

    if (leased && c->algorithm != IG_ALGORITHM_SLOTS) {
        ig_lease_reset(t, c, flying);
    }

    IG_SET(t, c->levels, 0);
    ig_commit(t);
}


size_t
ig_limit_reset(ig_limits_t *h, const ig_limiter_t *l, uint32_t tenant,
    uint32_t limit, uint64_t now_ns)
{
    size_t              n;
    uint32_t            cell;
    ig_target_t         g;
    ig_targets_t        s;
    ig_counter_t       *c;
    ig_limit_table_t   *t;
    ig_limit_request_t  q;

    if (tenant >= l->policy->ntenants) {
        return 0;
    }

    t = h->table;
    memset(&q, 0, sizeof(q));
    q.tenant = tenant;
    ig_targets_init(&s, h, l, &q, now_ns);

    ig_limits_lock(h);

    cell = ig_tenant_first(t, l->policy->tenants[tenant].id);

    for (n = 0; cell != IG_NO_CELL; cell = c->tenant_next) {
        c = &ig_cell(t, cell)->counter;

        if (ig_target_of(&s, c, &g)
            && (limit == IG_NONE || limit == g.number))
        {
            ig_reset_counter(t, c, g.leased, now_ns);
            n++;
        }
    }

    ig_limits_unlock(h);

    return n;
}

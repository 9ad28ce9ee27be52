
/*
 * Limits that are set back in the whole fleet.
 *
 * The store keeps a generation of each limit that was ever set back, the moment
 * of the last time, and so does each node's zone.  A counter that holds what is
 * of an older one is unused, and what a node tells of an older one is not heard:
 * so a reset is one small write, whatever counters there are (by user, by model)
 * and whichever node knows of them.
 *
 * A node hears of a reset with the next answer about the limit, or because each
 * second it asks for those of some tenants.  Then its own counters, leases and
 * sums are forgotten at once, under the lock of the zone; what is in flight of
 * budgets it reports anew.
 */


#include "ngx_http_inference_guard_store_parts.h"


#define NGX_HTTP_IG_RESET_TENANTS  64       /* asked for in a second */


static ngx_http_ig_store_gen_t *ngx_http_ig_store_gen_find(
    ngx_http_ig_store_table_t *t, uint64_t tenant, uint32_t tag);
static void ngx_http_ig_store_forget_limit(ngx_http_ig_store_t *s,
    ngx_http_ig_counter_t *c);
static ngx_http_ig_command_t *ngx_http_ig_store_reset_command(
    ngx_http_ig_store_t *s, uint32_t tenant, uint32_t limit);


/* its place, or the free one for it; NULL: there is none */

static ngx_http_ig_store_gen_t *
ngx_http_ig_store_gen_find(ngx_http_ig_store_table_t *t, uint64_t tenant,
    uint32_t tag)
{
    ngx_uint_t                i, n;
    ngx_http_ig_store_gen_t  *gen;

    /* both are parts of SHA-256 */

    n = (ngx_uint_t) ((tenant ^ tag) % t->ngens);

    for (i = 0; i < t->ngens; i++) {
        gen = &t->gens[(n + i) % t->ngens];

        if (gen->gen == 0 || (gen->tenant == tenant && gen->tag == tag)) {
            return gen;
        }
    }

    return NULL;
}


uint64_t
ngx_http_ig_store_gen(ngx_http_ig_store_table_t *t, uint64_t tenant,
    uint32_t tag)
{
    ngx_http_ig_store_gen_t  *gen;

    if (t->gens_used == 0) {
        return 0;
    }

    gen = ngx_http_ig_store_gen_find(t, tenant, tag);

    return gen ? gen->gen : 0;
}


void
ngx_http_ig_store_renew(ngx_http_ig_store_table_t *t,
    ngx_http_ig_store_row_t *row)
{
    uint64_t  gen;

    gen = ngx_http_ig_store_gen(t, row->tenant, row->tag);

    if (row->gen >= gen) {
        return;
    }

    row->g = 0;
    row->r = 0;
    row->epoch = 0;
    row->seen = 0;
    row->seen_at = 0;
    row->check = 0;
    row->due = 0;
    row->known = 1;
    row->gen = gen;
}


void
ngx_http_ig_store_learn_gen(ngx_http_ig_store_t *s,
    ngx_http_ig_store_table_t *t, ngx_http_ig_counter_t *c, uint64_t now)
{
    ngx_uint_t                anew;
    ngx_http_ig_store_gen_t  *gen;

    static time_t             logged;

    if (t->born == 0) {
        t->born = now;
    }

    if (c->gen == 0) {
        return;
    }

    gen = ngx_http_ig_store_gen_find(t, c->lease.tenant, c->lease.tag);

    /* a quarter stays free, or looking takes long */

    if (gen == NULL
        || (gen->gen == 0 && t->gens_used >= t->ngens - t->ngens / 4))
    {
        if (ngx_time() - logged >= 60) {
            logged = ngx_time();

            ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                          "inference guard: no room for a reset in the zone of "
                          "inference_guard_store: make it larger");
        }

        return;
    }

    if (c->gen <= gen->gen) {
        return;
    }

    /* nothing here is from before, when the node is younger than the reset */

    anew = (gen->gen != 0 || c->gen > t->born);

    if (gen->gen == 0) {
        gen->tenant = c->lease.tenant;
        gen->tag = c->lease.tag;
        t->gens_used++;
    }

    ngx_memory_barrier();
    gen->gen = c->gen;

    if (anew) {
        ngx_http_ig_store_forget_limit(s, c);
    }
}


static void
ngx_http_ig_store_forget_limit(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c)
{
    uint32_t             i, j;
    const ig_policy_t   *policy;
    const ig_limiter_t  *limiter;

    policy = s->mcf->policy;
    limiter = ig_guard_limiter(s->mcf->guard);

    for (i = 0; i < policy->ntenants; i++) {

        if (policy->tenants[i].id != c->lease.tenant) {
            continue;
        }

        for (j = 0; j < policy->tenants[i].quota.nlimits; j++) {
            if (ig_limit_tag(limiter, i, j) == c->lease.tag) {
                (void) ig_limit_reset(s->limits, limiter, i, j,
                                      ngx_http_ig_now_ns());
            }
        }
    }
}


void
ngx_http_ig_store_learn_resets(ngx_http_ig_store_t *s,
    ngx_http_ig_command_t *cmd)
{
    ngx_uint_t                  i;
    ngx_http_ig_store_table_t  *t;

    t = ngx_http_ig_store_lock(s);

    for (i = 0; i < cmd->n; i++) {
        ngx_http_ig_store_learn_gen(s, t, &cmd->counters[i],
                                    cmd->counters[i].seen_at);
    }

    ngx_http_ig_store_unlock(s);
}


/* of the tenant's limits, or of one; NULL: no memory, or it has none but slots */

static ngx_http_ig_command_t *
ngx_http_ig_store_reset_command(ngx_http_ig_store_t *s, uint32_t tenant,
    uint32_t limit)
{
    uint32_t                i;
    ngx_uint_t              n;
    const ig_tenant_t      *t;
    ngx_http_ig_command_t  *cmd;

    t = &s->mcf->policy->tenants[tenant];

    cmd = ngx_http_ig_script_command(s, IG_MAX_LIMITS);
    if (cmd == NULL) {
        return NULL;
    }

    for (n = 0, i = 0; i < t->quota.nlimits; i++) {

        if ((limit != IG_NONE && limit != i)
            || t->quota.limits[i].algorithm == IG_ALGORITHM_SLOTS)
        {
            continue;
        }

        cmd->counters[n].lease.tenant = t->id;
        cmd->counters[n++].lease.tag
            = ig_limit_tag(ig_guard_limiter(s->mcf->guard), tenant, i);
    }

    if (n == 0) {
        ngx_http_ig_script_free(cmd);
        return NULL;
    }

    cmd->n = n;

    return cmd;
}


ngx_int_t
ngx_http_ig_store_reset(ngx_http_ig_store_t *s, uint32_t tenant, uint32_t limit,
    ngx_http_ig_lease_t *l)
{
    ngx_http_ig_command_t  *cmd;

    l->command = NULL;
    l->n = 0;

    if (!ngx_http_ig_nodes_available(s)) {
        return NGX_ERROR;
    }

    cmd = ngx_http_ig_store_reset_command(s, tenant, limit);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    cmd->reset = 1;
    cmd->lease = l;

    if (ngx_http_ig_store_call(s, cmd) != NGX_OK) {
        return NGX_ERROR;
    }

    l->command = cmd;

    return NGX_AGAIN;
}


void
ngx_http_ig_store_ask_resets(ngx_http_ig_store_t *s)
{
    ngx_uint_t                  i, n, first;
    ngx_http_ig_command_t      *cmd;
    ngx_http_ig_store_table_t  *t;

    n = ngx_min(s->mcf->policy->ntenants, NGX_HTTP_IG_RESET_TENANTS);

    t = ngx_http_ig_store_lock(s);
    first = t->asked;
    t->asked += n;
    ngx_http_ig_store_unlock(s);

    for (i = 0; i < n; i++) {
        cmd = ngx_http_ig_store_reset_command(s,
                  (uint32_t) ((first + i) % s->mcf->policy->ntenants), IG_NONE);

        if (cmd) {
            cmd->resets = 1;
            (void) ngx_http_ig_store_call(s, cmd);
        }
    }
}

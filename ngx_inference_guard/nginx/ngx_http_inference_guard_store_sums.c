
/*
 * What this node was granted and has given back, and what it heard, from call to
 * call of the script: the rows of store_zone.
 */


#include "ngx_http_inference_guard_store_parts.h"


#define NGX_HTTP_IG_STORE_RETURNS  64       /* of the engine at a time */


/* when no answer can be on its way any more, by both clocks */
#define ngx_http_ig_store_later(s)                                            \
    ((uint32_t) ngx_time() + (uint32_t) ((s)->grace / 1000) + 2)


static void
ngx_http_ig_store_copy(ngx_http_ig_counter_t *c, ngx_http_ig_store_row_t *row)
{
    c->g = row->g;
    c->r = row->r;
    c->epoch = row->epoch;
    c->seen = row->seen;
    c->seen_at = row->seen_at;
    c->known = row->known;

    if (!c->told) {
        c->gen = row->gen;
    }
}


void
ngx_http_ig_store_recall(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c)
{
    ngx_http_ig_store_row_t    *row;
    ngx_http_ig_store_table_t  *t;

    t = ngx_http_ig_store_lock(s);

    row = ngx_http_ig_store_find(t, c,
                                 ngx_http_ig_is_sum(c->lease.algorithm));

    if (row) {
        ngx_http_ig_store_copy(c, row);

    } else if (!c->told) {
        c->gen = ngx_http_ig_store_gen(t, c->lease.tenant, c->lease.tag);
    }

    ngx_http_ig_store_unlock(s);
}


ngx_int_t
ngx_http_ig_store_learn(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c,
    ngx_uint_t report)
{
    time_t                      now;
    ig_limit_lease_t            heard;
    ngx_http_ig_store_row_t    *row;
    ngx_http_ig_store_table_t  *t;

    static time_t               logged;

    t = ngx_http_ig_store_lock(s);

    ngx_http_ig_store_learn_gen(s, t, c, c->seen_at);

    if (c->gen < ngx_http_ig_store_gen(t, c->lease.tenant, c->lease.tag)) {
        ngx_http_ig_store_unlock(s);
        return NGX_DECLINED;
    }

    row = ngx_http_ig_store_find(t, c, 1);

    if (row) {
        row->epoch = c->epoch;
        row->seen = c->seen;
        row->seen_at = c->seen_at;

        if (!row->known) {
            row->g = c->g;
            row->r = c->r;
            row->known = 1;

        } else {

            /*
             * what was received, not what the store says: more than that is a
             * lease whose answer got lost, and is to be taken back
             */

            row->g += c->lease.granted;

            /* only this node gives back: its row had ended, and began anew */

            if (c->r > row->r) {
                row->g += c->r - row->r;
                row->r = c->r;
            }

            /* too early to take it back, or the counter is in use */

            if (report && c->g > row->g) {
                row->check = ngx_http_ig_store_later(s);
            }
        }
    }

    ngx_http_ig_store_unlock(s);

    if (report) {
        heard = c->lease;
        heard.used <<= c->shift;
        ig_limit_heard(s->limits, &heard);
    }

    now = ngx_time();

    if (row == NULL && now - logged >= 60) {
        logged = now;

        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "inference guard: no room for a counter in the zone of "
                      "inference_guard_store, a store that loses its data "
                      "loses that counter");
    }

    return NGX_OK;
}


/* under the lock */

static ngx_int_t
ngx_http_ig_store_add(ngx_http_ig_store_table_t *t, ngx_http_ig_counter_t *c)
{
    uint64_t                  give;
    ngx_http_ig_store_row_t  *row;

    if (c->gen < ngx_http_ig_store_gen(t, c->lease.tenant, c->lease.tag)) {

        /* of before a reset: nobody wants to hear it */

        return NGX_OK;
    }

    if (!ngx_http_ig_is_sum(c->lease.algorithm)) {
        return NGX_DECLINED;
    }

    row = ngx_http_ig_store_find(t, c, 0);

    if (row && row->known) {
        give = c->give;

        /* slots of another life of this node go by its silence */

        if (row->algorithm == IG_ALGORITHM_SLOTS
            && give > row->g + c->lease.want - row->r)
        {
            give = row->g + c->lease.want - row->r;
        }

        row->g += c->lease.want;
        row->r += give;
        row->due = 1;

        return NGX_OK;
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_ig_store_owe(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c)
{
    ngx_int_t                   rc;
    ngx_http_ig_store_table_t  *t;

    t = ngx_http_ig_store_lock(s);
    rc = ngx_http_ig_store_add(t, c);
    ngx_http_ig_store_unlock(s);

    return rc;
}


/*
 * Under the lock together, as a reset is learned: no amount of before it can get
 * among those that come after.
 */

ngx_uint_t
ngx_http_ig_store_take(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c,
    ngx_uint_t max, ngx_uint_t *more)
{
    size_t                      i, n;
    ngx_uint_t                  left;
    ngx_http_ig_store_table_t  *t;

    static ig_limit_lease_t     returns[NGX_HTTP_IG_STORE_RETURNS];

    left = 0;
    t = ngx_http_ig_store_lock(s);

    max = ngx_min(max, NGX_HTTP_IG_STORE_RETURNS);
    n = ig_limit_returns(s->limits, returns, max, ngx_http_ig_now_ns());

    for (i = 0; i < n; i++) {
        ngx_memzero(&c[left], sizeof(ngx_http_ig_counter_t));

        c[left].lease = returns[i];
        c[left].lease.granted = 0;
        c[left].lease.size = 0;
        c[left].give = returns[i].granted;
        c[left].told = 1;
        c[left].gen = ngx_http_ig_store_gen(t, returns[i].tenant,
                                            returns[i].tag);

        ngx_http_ig_script_scale(&c[left]);

        if (ngx_http_ig_store_add(t, &c[left]) != NGX_OK) {
            left++;
        }
    }

    ngx_http_ig_store_unlock(s);

    *more = (n == max);

    return left;
}


void
ngx_http_ig_store_untake(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c,
    ngx_uint_t sent)
{
    ig_limit_lease_t            l;
    ngx_http_ig_store_table_t  *t;

    l = c->lease;
    l.want <<= c->shift;
    l.granted = sent ? 0 : c->give << c->shift;

    if (l.want == 0 && l.granted == 0) {
        return;
    }

    t = ngx_http_ig_store_lock(s);

    if (c->gen >= ngx_http_ig_store_gen(t, l.tenant, l.tag)) {
        ig_limit_unreturn(s->limits, &l, 1, ngx_http_ig_now_ns());
    }

    ngx_http_ig_store_unlock(s);
}


void
ngx_http_ig_store_doubt(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c)
{
    ngx_http_ig_store_row_t    *row;
    ngx_http_ig_store_table_t  *t;

    t = ngx_http_ig_store_lock(s);

    row = ngx_http_ig_store_find(t, c, 0);

    if (row && row->known && ngx_http_ig_is_sum(row->algorithm)) {
        row->due = 1;
        row->check = ngx_http_ig_store_later(s);
    }

    ngx_http_ig_store_unlock(s);
}


void
ngx_http_ig_store_doubt_all(ngx_http_ig_store_t *s)
{
    ngx_uint_t                  i;
    ngx_http_ig_store_row_t    *row;
    ngx_http_ig_store_table_t  *t;

    t = ngx_http_ig_store_lock(s);

    for (i = 0; i < t->nrows; i++) {
        row = &t->rows[i];

        if (row->used && row->known && ngx_http_ig_is_sum(row->algorithm)) {
            row->due = 1;
        }
    }

    ngx_http_ig_store_unlock(s);
}


ngx_uint_t
ngx_http_ig_store_due(ngx_http_ig_store_t *s, ngx_uint_t *next,
    ngx_http_ig_counter_t *c, ngx_uint_t max)
{
    uint64_t                    now;
    ngx_uint_t                  n;
    ngx_http_ig_store_row_t    *row;
    ngx_http_ig_store_table_t  *t;

    n = 0;
    now = (uint64_t) ngx_time();
    t = ngx_http_ig_store_lock(s);

    while (*next < t->nrows && n < max) {
        row = &t->rows[(*next)++];

        if (row->used) {
            ngx_http_ig_store_renew(t, row);
        }

        if (row->check && row->check <= now) {
            row->check = 0;
            row->due = 1;
        }

        if (!row->used || !row->due) {
            continue;
        }

        row->due = 0;

        if (row->expires_s < now) {
            continue;
        }

        ngx_memzero(&c[n], sizeof(ngx_http_ig_counter_t));

        ngx_memcpy(c[n].lease.key, row->key, sizeof(row->key));
        c[n].lease.tenant = row->tenant;
        c[n].lease.limit = IG_NONE;
        c[n].lease.tag = row->tag;
        c[n].lease.algorithm = (ig_limit_algorithm_t) row->algorithm;
        c[n].lease.window_s = row->window_s;
        c[n].lease.expires_s = row->expires_s;
        c[n].shift = row->shift;

        ngx_http_ig_store_copy(&c[n], row);

        n++;
    }

    ngx_http_ig_store_unlock(s);

    return n;
}


ngx_int_t
ngx_http_ig_store_turn(ngx_http_ig_store_t *s)
{
    time_t                      now;
    ngx_uint_t                  i;
    ngx_atomic_uint_t           last;
    ngx_http_ig_store_row_t    *row;
    ngx_http_ig_store_table_t  *t;

    now = ngx_time();
    t = ngx_http_ig_store_lock(s);

    last = t->turn;

    if (last == (ngx_atomic_uint_t) now) {
        ngx_http_ig_store_unlock(s);
        return NGX_DECLINED;
    }

    t->turn = (ngx_atomic_uint_t) now;

    if ((ngx_atomic_uint_t) now - t->beat >= NGX_HTTP_IG_STORE_HEARTBEAT) {
        t->beat = (ngx_atomic_uint_t) now;

        for (i = 0; i < t->nrows; i++) {
            row = &t->rows[i];

            if (row->used && row->algorithm == IG_ALGORITHM_SLOTS && row->known
                && row->g > row->r)
            {
                row->due = 1;
                row->expires_s = ngx_max(row->expires_s, (uint64_t) now + 60);
            }
        }
    }

    ngx_http_ig_store_unlock(s);

    return NGX_OK;
}

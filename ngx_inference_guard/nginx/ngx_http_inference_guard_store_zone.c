
/*
 * What this node was granted in all (g) and has given back (r), counter by
 * counter, in memory of all its workers.  The two only grow, so the store takes
 * the larger of what it has and what it is told: a server that was restarted
 * empty, or that is a replica which missed the last writes, learns them again,
 * and a report that was sent twice does no harm.
 *
 * Of all counters it is also kept what the store last said of them, as that of
 * nodes that are gone is known by nobody else.
 *
 * Only this process's zone knows its numbers, so each zone is a node of its own:
 * its name has a random part, and a counter that never had a row was granted
 * nothing.  A set of eight rows belongs to each hash of a key.  A row whose sum
 * still counts is never given away; a counter that has no row is reported by
 * amounts, not by sums, and cannot be restored.
 *
 * A worker that dies while it writes here leaves a row that is wrong by the call
 * it was about; keys are written first, and `used` last.
 */


#include "ngx_http_inference_guard_store_parts.h"

#include <openssl/rand.h>


#define NGX_HTTP_IG_STORE_VERSION  0x49475301
#define NGX_HTTP_IG_STORE_WAYS     8


typedef struct {
    u_char          key[16];
    uint64_t        tenant;
    uint64_t        window_s;
    uint64_t        expires_s;
    uint64_t        g;
    uint64_t        r;
    uint64_t        epoch;
    uint64_t        seen;
    uint64_t        seen_at;
    uint32_t        check;          /* s: to be reported then; 0: no need */
    uint8_t         algorithm;
    uint8_t         used;
    uint8_t         due;            /* to be reported */
    uint8_t         known;          /* g and r are all there is */
    uint8_t         shift;
} ngx_http_ig_store_row_t;

typedef struct {
    ngx_uint_t               version;
    ngx_uint_t               nrows;
    ngx_atomic_t             turn;  /* s: when a worker was last at it */
    ngx_atomic_t             beat;
    ngx_uint_t               full;  /* once there was no row */
    size_t                   id_len;
    u_char                   id[NGX_HTTP_IG_STORE_ID];
    ngx_http_ig_store_row_t  rows[1];
} ngx_http_ig_store_table_t;


static ngx_int_t ngx_http_ig_store_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);
static ngx_http_ig_store_row_t *ngx_http_ig_store_find(
    ngx_http_ig_store_table_t *t, ngx_http_ig_counter_t *c, ngx_uint_t make);


/* when no answer can be on its way any more, by both clocks */
#define ngx_http_ig_store_later(s)                                            \
    ((uint32_t) ngx_time() + (uint32_t) ((s)->grace / 1000) + 2)

/* sums over nodes; the other algorithms recover by themselves */
#define ngx_http_ig_is_sum(algorithm)                                         \
    ((algorithm) == IG_ALGORITHM_CALENDAR || (algorithm) == IG_ALGORITHM_TASK \
     || (algorithm) == IG_ALGORITHM_SLOTS)


char *
ngx_http_ig_store_zone(ngx_conf_t *cf, ngx_http_ig_store_t *s)
{
    ngx_str_t  name = ngx_string("inference_guard_store");

    if (s->zone_size < (ssize_t) (16 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone=%z is too small, it must be at least %uzk",
                           s->zone_size, 16 * ngx_pagesize / 1024);
        return NGX_CONF_ERROR;
    }

    s->zone = ngx_shared_memory_add(cf, &name, (size_t) s->zone_size,
                                    &ngx_http_inference_guard_module);
    if (s->zone == NULL) {
        return NGX_CONF_ERROR;
    }

    s->zone->init = ngx_http_ig_store_init_zone;
    s->zone->data = s;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_ig_store_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    u_char                     *p, random[8];
    size_t                      size;
    ngx_slab_pool_t            *shpool;
    ngx_http_ig_store_t        *s;
    ngx_http_ig_store_table_t  *t;

    s = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (data || shm_zone->shm.exists) {
        t = shpool->data;

        if (t == NULL || t->version != NGX_HTTP_IG_STORE_VERSION) {
            ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                          "the zone of inference_guard_store is of another "
                          "version; give it another size");
            return NGX_ERROR;
        }

        return NGX_OK;
    }

    if (RAND_bytes(random, sizeof(random)) != 1) {
        ngx_log_error(NGX_LOG_ALERT, shm_zone->shm.log, 0,
                      "RAND_bytes() failed");
        return NGX_ERROR;
    }

    /* the slab pool needs about a hundredth of its memory itself */

    size = shm_zone->shm.size - shm_zone->shm.size / 32 - 4 * ngx_pagesize;

    t = ngx_slab_calloc(shpool, size);
    if (t == NULL) {
        return NGX_ERROR;
    }

    t->nrows = (size - offsetof(ngx_http_ig_store_table_t, rows))
               / sizeof(ngx_http_ig_store_row_t)
               / NGX_HTTP_IG_STORE_WAYS * NGX_HTTP_IG_STORE_WAYS;

    p = ngx_cpymem(t->id, s->name.data, s->name.len);
    *p++ = '-';
    p = ngx_hex_dump(p, random, sizeof(random));

    t->id_len = (size_t) (p - t->id);
    t->version = NGX_HTTP_IG_STORE_VERSION;

    shpool->data = t;

    return NGX_OK;
}


static ngx_http_ig_store_table_t *
ngx_http_ig_store_lock(ngx_http_ig_store_t *s)
{
    ngx_slab_pool_t  *shpool;

    shpool = (ngx_slab_pool_t *) s->zone->shm.addr;

    ngx_shmtx_lock(&shpool->mutex);

    return shpool->data;
}


static void
ngx_http_ig_store_unlock(ngx_http_ig_store_t *s)
{
    ngx_slab_pool_t  *shpool;

    shpool = (ngx_slab_pool_t *) s->zone->shm.addr;

    ngx_shmtx_unlock(&shpool->mutex);
}


ngx_str_t
ngx_http_ig_store_id(ngx_http_ig_store_t *s)
{
    ngx_str_t                   id;
    ngx_slab_pool_t            *shpool;
    ngx_http_ig_store_table_t  *t;

    shpool = (ngx_slab_pool_t *) s->zone->shm.addr;
    t = shpool->data;

    id.data = t->id;
    id.len = t->id_len;

    return id;
}


static ngx_http_ig_store_row_t *
ngx_http_ig_store_find(ngx_http_ig_store_table_t *t, ngx_http_ig_counter_t *c,
    ngx_uint_t make)
{
    uint64_t                  hash;
    ngx_uint_t                i;
    ig_limit_lease_t         *l;
    ngx_http_ig_store_row_t  *row, *set, *found;

    l = &c->lease;

    ngx_memcpy(&hash, l->key, sizeof(uint64_t));

    hash = hash % (t->nrows / NGX_HTTP_IG_STORE_WAYS);
    set = &t->rows[hash * NGX_HTTP_IG_STORE_WAYS];

    for (i = 0; i < NGX_HTTP_IG_STORE_WAYS; i++) {
        row = &set[i];

        if (row->used && row->window_s == l->window_s && row->shift == c->shift
            && ngx_memcmp(row->key, l->key, sizeof(row->key)) == 0)
        {
            row->expires_s = ngx_max(row->expires_s, l->expires_s);
            return row;
        }
    }

    if (!make) {
        return NULL;
    }

    found = NULL;

    for (i = 0; i < NGX_HTTP_IG_STORE_WAYS; i++) {
        row = &set[i];

        if (!row->used || row->expires_s < (uint64_t) ngx_time()) {
            found = row;
            break;
        }

        if (!ngx_http_ig_is_sum(row->algorithm)
            && (found == NULL || row->seen_at < found->seen_at))
        {
            found = row;
        }
    }

    if (found == NULL) {
        t->full = 1;
        return NULL;
    }

    found->used = 0;
    ngx_memory_barrier();

    ngx_memzero(found, sizeof(ngx_http_ig_store_row_t));

    ngx_memcpy(found->key, l->key, sizeof(found->key));
    found->tenant = l->tenant;
    found->window_s = l->window_s;
    found->expires_s = l->expires_s;
    found->algorithm = (uint8_t) l->algorithm;
    found->shift = (uint8_t) c->shift;

    /* a counter that had no row may have been granted something before */

    found->known = !t->full;

    ngx_memory_barrier();
    found->used = 1;

    return found;
}


static void
ngx_http_ig_store_copy(ngx_http_ig_counter_t *c, ngx_http_ig_store_row_t *row)
{
    c->g = row->g;
    c->r = row->r;
    c->epoch = row->epoch;
    c->seen = row->seen;
    c->seen_at = row->seen_at;
    c->known = row->known;
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
    }

    ngx_http_ig_store_unlock(s);
}


void
ngx_http_ig_store_learn(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c,
    ngx_uint_t report)
{
    time_t                      now;
    ngx_http_ig_store_row_t    *row;
    ngx_http_ig_store_table_t  *t;

    static time_t               logged;

    t = ngx_http_ig_store_lock(s);

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

    now = ngx_time();

    if (row == NULL && now - logged >= 60) {
        logged = now;

        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "inference guard: no room for a counter in the zone of "
                      "inference_guard_store, a store that loses its data "
                      "loses that counter");
    }
}


ngx_int_t
ngx_http_ig_store_owe(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c)
{
    uint64_t                    give;
    ngx_int_t                   rc;
    ngx_http_ig_store_row_t    *row;
    ngx_http_ig_store_table_t  *t;

    if (!ngx_http_ig_is_sum(c->lease.algorithm)) {
        return NGX_DECLINED;
    }

    rc = NGX_DECLINED;
    t = ngx_http_ig_store_lock(s);

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
        rc = NGX_OK;
    }

    ngx_http_ig_store_unlock(s);

    return rc;
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

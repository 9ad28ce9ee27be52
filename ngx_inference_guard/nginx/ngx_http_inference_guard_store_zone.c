
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
 *
 * Beside them the generations of limits that were set back: store_reset.  What is
 * in a row is of one, and forgotten when there is a later one.
 */


#include "ngx_http_inference_guard_store_parts.h"

#include <openssl/rand.h>


#define NGX_HTTP_IG_STORE_VERSION  0x49475302
#define NGX_HTTP_IG_STORE_WAYS     8


static ngx_int_t ngx_http_ig_store_init_zone(ngx_shm_zone_t *shm_zone,
    void *data);


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
    size_t                      size, gens;
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

    gens = shm_zone->shm.size / 32;
    size = shm_zone->shm.size - 2 * gens - 5 * ngx_pagesize;

    t = ngx_slab_calloc(shpool, size);
    if (t == NULL) {
        return NGX_ERROR;
    }

    t->gens = ngx_slab_calloc(shpool, gens);
    if (t->gens == NULL) {
        return NGX_ERROR;
    }

    t->ngens = gens / sizeof(ngx_http_ig_store_gen_t);
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


ngx_http_ig_store_table_t *
ngx_http_ig_store_lock(ngx_http_ig_store_t *s)
{
    ngx_slab_pool_t  *shpool;

    shpool = (ngx_slab_pool_t *) s->zone->shm.addr;

    ngx_shmtx_lock(&shpool->mutex);

    return shpool->data;
}


void
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


ngx_http_ig_store_row_t *
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
            ngx_http_ig_store_renew(t, row);
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
    found->tag = l->tag;
    found->gen = ngx_http_ig_store_gen(t, l->tenant, l->tag);
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

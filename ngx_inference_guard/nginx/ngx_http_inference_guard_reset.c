
/*
 * A tenant's limits set back to unused, by the operator.
 *
 *     POST /quota?tenant=acme          all of them
 *     POST /quota?tenant=acme&limit=N  that one
 *
 * It needs the header "X-Inference-Guard: reset", which no page of a foreign
 * site can make a browser send.  Its record is in the file before it is done.  In
 * a fleet the store does it, for all nodes, and the answer waits for that.
 */


#include "ngx_http_inference_guard.h"


typedef struct {
    ngx_http_request_t       *r;
    ngx_http_ig_main_conf_t  *mcf;
    uint32_t                  tenant;
    uint32_t                  limit;
    ngx_http_ig_wait_t        wait;       /* for the record */
    ngx_http_ig_lease_t       lease;      /* for the store */
} ngx_http_ig_reset_t;


static ngx_int_t ngx_http_ig_reset_limit(ngx_http_request_t *r,
    const ig_quota_t *quota, uint32_t *limit);
static ngx_uint_t ngx_http_ig_reset_meant(ngx_http_request_t *r);
static ngx_uint_t ngx_http_ig_reset_stored(ngx_http_ig_main_conf_t *mcf,
    uint32_t tenant, uint32_t limit);
static ngx_http_ig_reset_t *ngx_http_ig_reset_create(ngx_http_request_t *r);
static void ngx_http_ig_reset_cleanup(void *data);
static void ngx_http_ig_reset_recorded(void *data, ngx_int_t rc);
static void ngx_http_ig_reset_heard(void *data, ngx_int_t rc);
static ngx_int_t ngx_http_ig_reset_answer(ngx_http_ig_reset_t *w,
    size_t counters, ngx_uint_t fleet);


ngx_int_t
ngx_http_ig_reset(ngx_http_request_t *r, ngx_http_ig_main_conf_t *mcf,
    uint32_t tenant)
{
    uint32_t              limit;
    ig_buf_t              record;
    ngx_int_t             rc;
    ig_record_head_t      head;
    ngx_http_ig_reset_t  *w;

    if (tenant == IG_NONE) {
        return NGX_HTTP_BAD_REQUEST;
    }

    if (!ngx_http_ig_reset_meant(r)) {
        return NGX_HTTP_FORBIDDEN;
    }

    rc = ngx_http_ig_reset_limit(r, &mcf->policy->tenants[tenant].quota,
                                 &limit);
    if (rc != NGX_OK) {
        return rc;
    }

    /* where it is known to be in vain, it is not recorded either */

    if (ngx_http_ig_reset_stored(mcf, tenant, limit)
        && !ngx_http_ig_store_available(mcf->store))
    {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    w = ngx_http_ig_reset_create(r);
    if (w == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    w->mcf = mcf;
    w->tenant = tenant;
    w->limit = limit;

    if (ngx_http_ig_worker_init(mcf, r->connection->log) != NGX_OK
        || ngx_http_ig_audit_begin(mcf->audit, &record, 1) != NGX_OK)
    {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    head = ngx_http_ig_record_head(r, mcf);

    ig_record_reset(&record, ngx_http_ig_audit_writer(mcf->audit), &head,
                    mcf->guard, tenant, limit,
                    ngx_http_ig_from_ngx(r->connection->addr_text));

    if (ngx_http_ig_audit_end(mcf->audit, &record, &w->wait) != NGX_OK) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    r->main->count++;

    return NGX_DONE;
}


static ngx_int_t
ngx_http_ig_reset_limit(ngx_http_request_t *r, const ig_quota_t *quota,
    uint32_t *limit)
{
    ngx_int_t  rc;
    ngx_str_t  name;

    *limit = IG_NONE;

    rc = ngx_http_ig_quota_arg(r, "limit", 5, &name);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED) ? NGX_OK : rc;
    }

    for (*limit = 0; *limit < quota->nlimits; (*limit)++) {
        if (ig_str_eq(quota->limits[*limit].name, ngx_http_ig_from_ngx(name))) {
            return NGX_OK;
        }
    }

    return NGX_HTTP_NOT_FOUND;
}


static ngx_uint_t
ngx_http_ig_reset_meant(ngx_http_request_t *r)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    static ngx_str_t  name = ngx_string("x-inference-guard");

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (header[i].key.len == name.len
                && ngx_strncmp(header[i].lowcase_key, name.data, name.len) == 0
                && header[i].value.len == 5
                && ngx_strncmp(header[i].value.data, "reset", 5) == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


/* whether the store has a part in it; slots are what is in flight */

static ngx_uint_t
ngx_http_ig_reset_stored(ngx_http_ig_main_conf_t *mcf, uint32_t tenant,
    uint32_t limit)
{
    uint32_t           i;
    const ig_quota_t  *quota;

    if (mcf->store == NULL) {
        return 0;
    }

    quota = &mcf->policy->tenants[tenant].quota;

    for (i = 0; i < quota->nlimits; i++) {
        if ((limit == IG_NONE || limit == i)
            && quota->limits[i].algorithm != IG_ALGORITHM_SLOTS)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_http_ig_reset_t *
ngx_http_ig_reset_create(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t   *cln;
    ngx_http_ig_reset_t  *w;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_ig_reset_t));
    if (cln == NULL) {
        return NULL;
    }

    w = cln->data;
    ngx_memzero(w, sizeof(ngx_http_ig_reset_t));

    w->r = r;
    w->wait.handler = ngx_http_ig_reset_recorded;
    w->wait.data = w;
    w->lease.handler = ngx_http_ig_reset_heard;
    w->lease.data = w;

    cln->handler = ngx_http_ig_reset_cleanup;

    return w;
}


static void
ngx_http_ig_reset_cleanup(void *data)
{
    ngx_http_ig_reset_t *w = data;

    ngx_http_ig_audit_forget(&w->wait);
    ngx_http_ig_store_forget(&w->lease);
}


static void
ngx_http_ig_reset_recorded(void *data, ngx_int_t rc)
{
    ngx_http_ig_reset_t *w = data;

    size_t                    counters;
    ngx_connection_t         *c;
    ngx_http_request_t       *r;
    ngx_http_ig_main_conf_t  *mcf;

    r = w->r;
    c = r->connection;
    mcf = w->mcf;

    ngx_http_set_log_request(c->log, r);

    if (rc != NGX_OK || mcf->limits == NULL) {
        rc = NGX_HTTP_SERVICE_UNAVAILABLE;

    } else if (ngx_http_ig_reset_stored(mcf, w->tenant, w->limit)) {

        if (ngx_http_ig_store_reset(mcf->store, w->tenant, w->limit, &w->lease)
            == NGX_AGAIN)
        {
            return;
        }

        rc = NGX_HTTP_SERVICE_UNAVAILABLE;

    } else {
        counters = ig_limit_reset(mcf->limits, ig_guard_limiter(mcf->guard),
                                  w->tenant, w->limit, ngx_http_ig_now_ns());

        rc = ngx_http_ig_reset_answer(w, counters, 0);
    }

    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(c);
}


static void
ngx_http_ig_reset_heard(void *data, ngx_int_t rc)
{
    ngx_http_ig_reset_t *w = data;

    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = w->r;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    rc = (rc == NGX_OK) ? ngx_http_ig_reset_answer(w, 0, 1)
                        : NGX_HTTP_SERVICE_UNAVAILABLE;

    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_ig_reset_answer(ngx_http_ig_reset_t *w, size_t counters,
    ngx_uint_t fleet)
{
    ig_buf_t     b;
    ngx_int_t    rc;
    ig_arena_t  *arena;

    arena = ig_arena_new(65536, 0);
    if (arena == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ig_buf_init(&b, arena, 256);

    ig_buf_lit(&b, "{\"reset\": ");
    ig_buf_json(&b, w->mcf->policy->tenants[w->tenant].name);

    if (fleet) {
        ig_buf_lit(&b, ", \"fleet\": true}\n");

    } else {
        ig_buf_printf(&b, ", \"counters\": %lu}\n", (unsigned long) counters);
    }

    rc = ngx_http_ig_send_json(w->r, &b);

    ig_arena_free(arena);

    return rc;
}


/*
 * Limits for the operator: what of them is used, and setting them back.
 *
 *     GET  /quota                      every tenant that has limits
 *     GET  /quota?tenant=acme          one of them
 *     POST /quota?tenant=acme          all its limits are unused again
 *     POST /quota?tenant=acme&limit=N  that one
 *
 * A reset needs the header "X-Inference-Guard: reset", which no page of a
 * foreign site can make a browser send, and it is recorded before it is done.  In
 * a fleet the store does it, for all nodes, and the answer waits for that.
 */


#include "ngx_http_inference_guard.h"


#define NGX_HTTP_IG_QUOTA_SIZE   (4 * 1024 * 1024)



typedef struct {
    ig_buf_t          *b;
    const ig_quota_t  *quota;
    ngx_uint_t         n;
    unsigned           full:1;
} ngx_http_ig_show_t;


typedef struct {
    ngx_http_request_t       *r;
    ngx_http_ig_main_conf_t  *mcf;
    uint32_t                  tenant;
    ngx_http_ig_lease_t       lease;
} ngx_http_ig_quota_wait_t;


static ngx_int_t ngx_http_ig_quota_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_ig_quota_tenant(ngx_http_request_t *r,
    ngx_http_ig_main_conf_t *mcf, uint32_t *tenant);
static ngx_int_t ngx_http_ig_quota_limit(ngx_http_request_t *r,
    const ig_quota_t *quota, uint32_t *limit);
static ngx_int_t ngx_http_ig_quota_arg(ngx_http_request_t *r, const char *name,
    size_t len, ngx_str_t *value);
static ngx_uint_t ngx_http_ig_quota_meant(ngx_http_request_t *r);
static ngx_int_t ngx_http_ig_quota_reset(ngx_http_request_t *r,
    ngx_http_ig_main_conf_t *mcf, uint32_t tenant, ig_buf_t *b);
static ngx_int_t ngx_http_ig_quota_fleet(ngx_http_request_t *r,
    ngx_http_ig_main_conf_t *mcf, uint32_t tenant, uint32_t limit);
static void ngx_http_ig_quota_done(void *data, ngx_int_t rc);
static void ngx_http_ig_quota_cleanup(void *data);
static ngx_uint_t ngx_http_ig_quota_stored(ngx_http_ig_main_conf_t *mcf,
    uint32_t tenant, uint32_t limit);
static bool ngx_http_ig_quota_counter(void *ctx, const ig_limit_state_t *s,
    ig_str_t label);
static void ngx_http_ig_quota_amount(ig_buf_t *b, const ig_limit_t *limit,
    uint64_t n);


char *
ngx_http_ig_quota_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ig_loc_conf_t *lcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    if (lcf->mode == NGX_CONF_UNSET_UINT) {
        lcf->mode = NGX_HTTP_IG_OFF;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_ig_quota_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_ig_quota_handler(ngx_http_request_t *r)
{
    ig_buf_t                  b;
    uint32_t                  tenant;
    ngx_int_t                 rc;
    ig_arena_t               *arena;
    ngx_http_ig_main_conf_t  *mcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_POST))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_inference_guard_module);

    if (mcf->limits == NULL || mcf->policy == NULL) {
        return NGX_HTTP_NOT_FOUND;
    }

    rc = ngx_http_ig_quota_tenant(r, mcf, &tenant);

    if (rc != NGX_OK) {
        return rc;
    }

    arena = ig_arena_new(2 * NGX_HTTP_IG_QUOTA_SIZE, 0);
    if (arena == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ig_buf_init(&b, arena, 4096);

    if (r->method == NGX_HTTP_POST) {
        rc = ngx_http_ig_quota_reset(r, mcf, tenant, &b);

    } else {
        ig_buf_lit(&b, "{\"tenants\": ");
        ngx_http_ig_quota_json(mcf, tenant, &b);
        ig_buf_lit(&b, "}\n");
    }

    if (rc == NGX_OK) {
        rc = ngx_http_ig_send_json(r, &b);
    }

    ig_arena_free(arena);

    /* NGX_DONE: the store is asked */

    return rc;
}


/* IG_NONE: none is named */

static ngx_int_t
ngx_http_ig_quota_tenant(ngx_http_request_t *r, ngx_http_ig_main_conf_t *mcf,
    uint32_t *tenant)
{
    ngx_int_t  rc;
    ngx_str_t  name;

    *tenant = IG_NONE;

    rc = ngx_http_ig_quota_arg(r, "tenant", 6, &name);

    if (rc != NGX_OK) {
        return (rc == NGX_DECLINED) ? NGX_OK : rc;
    }

    *tenant = ig_policy_tenant(mcf->policy, ngx_http_ig_from_ngx(name));

    return (*tenant == IG_NONE) ? NGX_HTTP_NOT_FOUND : NGX_OK;
}


static ngx_int_t
ngx_http_ig_quota_limit(ngx_http_request_t *r, const ig_quota_t *quota,
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


/* NGX_DECLINED: there is no such argument */

static ngx_int_t
ngx_http_ig_quota_arg(ngx_http_request_t *r, const char *name, size_t len,
    ngx_str_t *value)
{
    u_char     *src, *dst;
    ngx_str_t   raw;

    if (ngx_http_arg(r, (u_char *) name, len, &raw) != NGX_OK) {
        return NGX_DECLINED;
    }

    value->data = ngx_pnalloc(r->pool, raw.len + 1);
    if (value->data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    src = raw.data;
    dst = value->data;

    ngx_unescape_uri(&dst, &src, raw.len, 0);

    value->len = (size_t) (dst - value->data);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_ig_quota_meant(ngx_http_request_t *r)
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


static ngx_int_t
ngx_http_ig_quota_reset(ngx_http_request_t *r, ngx_http_ig_main_conf_t *mcf,
    uint32_t tenant, ig_buf_t *b)
{
    size_t             counters;
    uint32_t           limit;
    ig_buf_t           record;
    ngx_uint_t         stored;
    ngx_int_t          rc;
    ig_record_head_t   head;
    const ig_quota_t  *quota;

    if (tenant == IG_NONE) {
        return NGX_HTTP_BAD_REQUEST;
    }

    if (!ngx_http_ig_quota_meant(r)) {
        return NGX_HTTP_FORBIDDEN;
    }

    quota = &mcf->policy->tenants[tenant].quota;
    rc = ngx_http_ig_quota_limit(r, quota, &limit);

    if (rc != NGX_OK) {
        return rc;
    }

    /* where it is known to be in vain, it is not recorded either */

    stored = ngx_http_ig_quota_stored(mcf, tenant, limit);

    if (stored && !ngx_http_ig_store_available(mcf->store)) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    if (ngx_http_ig_worker_init(mcf, r->connection->log) != NGX_OK
        || ngx_http_ig_audit_begin(mcf->audit, &record, 1) != NGX_OK)
    {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    head = ngx_http_ig_record_head(r, mcf);

    ig_record_reset(&record, ngx_http_ig_audit_writer(mcf->audit), &head,
                    mcf->guard, tenant, limit,
                    ngx_http_ig_from_ngx(r->connection->addr_text));

    if (ngx_http_ig_audit_end(mcf->audit, &record, NULL) != NGX_OK) {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    if (stored) {
        return ngx_http_ig_quota_fleet(r, mcf, tenant, limit);
    }

    counters = ig_limit_reset(mcf->limits, ig_guard_limiter(mcf->guard),
                              tenant, limit, ngx_http_ig_now_ns());

    ig_buf_lit(b, "{\"reset\": ");
    ig_buf_json(b, mcf->policy->tenants[tenant].name);
    ig_buf_printf(b, ", \"counters\": %lu}\n", (unsigned long) counters);

    return NGX_OK;
}


/* whether the store has a part in it; slots are what is in flight */

static ngx_uint_t
ngx_http_ig_quota_stored(ngx_http_ig_main_conf_t *mcf, uint32_t tenant,
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


static ngx_int_t
ngx_http_ig_quota_fleet(ngx_http_request_t *r, ngx_http_ig_main_conf_t *mcf,
    uint32_t tenant, uint32_t limit)
{
    ngx_pool_cleanup_t        *cln;
    ngx_http_ig_quota_wait_t  *w;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_ig_quota_wait_t));
    if (cln == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    w = cln->data;
    ngx_memzero(w, sizeof(ngx_http_ig_quota_wait_t));

    w->r = r;
    w->mcf = mcf;
    w->tenant = tenant;
    w->lease.handler = ngx_http_ig_quota_done;
    w->lease.data = w;

    cln->handler = ngx_http_ig_quota_cleanup;

    if (ngx_http_ig_store_reset(mcf->store, tenant, limit, &w->lease)
        != NGX_AGAIN)
    {
        return NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    r->main->count++;

    return NGX_DONE;
}


static void
ngx_http_ig_quota_cleanup(void *data)
{
    ngx_http_ig_quota_wait_t *w = data;

    ngx_http_ig_store_forget(&w->lease);
}


static void
ngx_http_ig_quota_done(void *data, ngx_int_t rc)
{
    ngx_http_ig_quota_wait_t *w = data;

    ig_buf_t             b;
    ig_arena_t          *arena;
    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = w->r;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (rc != NGX_OK) {
        ngx_http_finalize_request(r, NGX_HTTP_SERVICE_UNAVAILABLE);
        ngx_http_run_posted_requests(c);
        return;
    }

    rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
    arena = ig_arena_new(NGX_HTTP_IG_QUOTA_SIZE, 0);

    if (arena) {
        ig_buf_init(&b, arena, 256);

        ig_buf_lit(&b, "{\"reset\": ");
        ig_buf_json(&b, w->mcf->policy->tenants[w->tenant].name);
        ig_buf_lit(&b, ", \"fleet\": true}\n");

        rc = ngx_http_ig_send_json(r, &b);

        ig_arena_free(arena);
    }

    ngx_http_finalize_request(r, rc);
    ngx_http_run_posted_requests(c);
}


void
ngx_http_ig_quota_json(ngx_http_ig_main_conf_t *mcf, uint32_t tenant,
    ig_buf_t *b)
{
    uint32_t             i, n, last;
    ngx_http_ig_show_t   show;
    const ig_tenant_t   *t;

    i = (tenant == IG_NONE) ? 0 : tenant;
    last = (tenant == IG_NONE) ? (uint32_t) mcf->policy->ntenants : tenant + 1;

    show.b = b;
    show.full = 0;
    n = 0;

    ig_buf_lit(b, "{");

    for ( /* void */ ; i < last && !show.full; i++) {

        t = &mcf->policy->tenants[i];

        if (t->quota.nlimits == 0) {
            continue;
        }

        if (b->len > NGX_HTTP_IG_QUOTA_SIZE) {
            show.full = 1;
            break;
        }

        if (n++) {
            ig_buf_lit(b, ", ");
        }

        ig_buf_json(b, t->name);
        ig_buf_lit(b, ": [");

        show.quota = &t->quota;
        show.n = 0;

        ig_limit_show(mcf->limits, ig_guard_limiter(mcf->guard), i,
                      ngx_http_ig_now_ns(), ngx_http_ig_quota_counter, &show);

        ig_buf_lit(b, "]");
    }

    ig_buf_lit(b, "}");

    if (show.full) {
        ig_buf_lit(b, ", \"more\": true");
    }
}


static bool
ngx_http_ig_quota_counter(void *ctx, const ig_limit_state_t *s, ig_str_t label)
{
    ngx_http_ig_show_t *show = ctx;

    ig_buf_t          *b;
    const ig_limit_t  *limit;

    b = show->b;
    limit = &show->quota->limits[s->limit];

    if (b->len > NGX_HTTP_IG_QUOTA_SIZE) {
        show->full = 1;
        return false;
    }

    if (show->n++) {
        ig_buf_lit(b, ", ");
    }

    ig_buf_lit(b, "{\"limit\": ");
    ig_buf_json(b, limit->name);

    if (label.len) {
        ig_buf_lit(b, ", \"of\": ");
        ig_buf_json(b, label);
    }

    ig_buf_lit(b, ", \"used\": ");
    ngx_http_ig_quota_amount(b, limit, s->used);

    if (s->fleet) {
        ig_buf_lit(b, ", \"fleet\": true, \"node_used\": ");
        ngx_http_ig_quota_amount(b, limit, s->node_used);
    }

    ig_buf_lit(b, ", \"max\": ");
    ngx_http_ig_quota_amount(b, limit, s->max);
    ig_buf_printf(b, ", \"resets_s\": %lu, \"enforcement\": \"%s\"}",
                  (unsigned long) ((s->reset_ns + 999999999) / 1000000000),
                  limit->audit ? "audit" : "enforce");

    return true;
}


/* as in records: a string, money with nine places */

static void
ngx_http_ig_quota_amount(ig_buf_t *b, const ig_limit_t *limit, uint64_t n)
{
    if (limit->of == IG_LIMIT_COST) {
        ig_buf_printf(b, "\"%lu.%09lu\"", (unsigned long) (n / 1000000000),
                      (unsigned long) (n % 1000000000));
        return;
    }

    ig_buf_printf(b, "\"%lu\"", (unsigned long) n);
}

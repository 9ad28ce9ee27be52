
/*
 * Limits for the operator: what of them is used.
 *
 *     GET  /quota                      every tenant that has limits
 *     GET  /quota?tenant=acme          one of them
 *     POST /quota?tenant=acme          a reset: see there
 */


#include "ngx_http_inference_guard.h"


#define NGX_HTTP_IG_QUOTA_SIZE   (4 * 1024 * 1024)


typedef struct {
    ig_buf_t          *b;
    const ig_quota_t  *quota;
    ngx_uint_t         n;
    unsigned           full:1;
} ngx_http_ig_show_t;


static ngx_int_t ngx_http_ig_quota_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_ig_quota_tenant(ngx_http_request_t *r,
    ngx_http_ig_main_conf_t *mcf, uint32_t *tenant);
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

    if (r->method == NGX_HTTP_POST) {
        return ngx_http_ig_reset(r, mcf, tenant);
    }

    arena = ig_arena_new(2 * NGX_HTTP_IG_QUOTA_SIZE, 0);
    if (arena == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ig_buf_init(&b, arena, 4096);

    ig_buf_lit(&b, "{\"tenants\": ");
    ngx_http_ig_quota_json(mcf, tenant, &b);
    ig_buf_lit(&b, "}\n");

    rc = ngx_http_ig_send_json(r, &b);

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


ngx_int_t
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

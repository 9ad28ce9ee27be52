
/*
 * The one choke point for what leaves.
 *
 * In a guarded location the content handler is this one.  It lets the original
 * handler prepare its upstream, but not start it: NGINX's own upstreams start
 * in ngx_http_upstream_init_request(), which returns at once while r->aio is
 * set.  Then the destination can be seen (u->resolved, u->conf->upstream,
 * u->schema, u->ssl), whatever module it is of and however it was named, and
 * only a permitted endpoint, by its declared scheme, goes on to
 * ngx_http_upstream_init().
 *
 * A handler that makes no upstream answers from here; r->aio is taken back
 * before its header is sent (see the header filter), or when it redirects.
 */


#include "ngx_http_inference_guard.h"


static ngx_int_t ngx_http_ig_record_destination(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
static ngx_int_t ngx_http_ig_refuse_destination(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg, ig_reason_t reason);
static void ngx_http_ig_send(ngx_http_request_t *r, ngx_http_ig_leg_t *leg);
static uint32_t ngx_http_ig_destination(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
static ngx_http_upstream_srv_conf_t *ngx_http_ig_find_upstream(
    ngx_http_request_t *r);
static ngx_uint_t ngx_http_ig_goes_to(ngx_http_request_t *r,
    ngx_http_ig_endpoint_t *ep, ngx_http_upstream_srv_conf_t *uscf);
#if (NGX_HTTP_CACHE)
static ngx_int_t ngx_http_ig_create_key(ngx_http_request_t *r);
#endif


ngx_int_t
ngx_http_ig_content_handler(ngx_http_request_t *r)
{
    uint32_t                endpoint;
    ngx_int_t               rc;
    ngx_http_ig_leg_t      *leg;
    ngx_http_upstream_t    *before;
    ngx_http_ig_request_t  *req;

    leg = ngx_http_get_module_ctx(r, ngx_http_inference_guard_module);

    if (leg == NULL || leg->state != NGX_HTTP_IG_LEG_PASSED) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    req = leg->request;
    before = r->upstream;

    req->probing = r;
    r->aio = 1;

    rc = leg->content_handler(r);

    if (req->probing != r) {
        return rc;
    }

    req->probing = NULL;
    r->aio = 0;

    if (r->upstream == before || r->upstream == NULL || rc != NGX_DONE) {
        return rc;
    }

    endpoint = ngx_http_ig_destination(r, leg);

    if (endpoint == IG_NONE) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "inference guard: the destination is no permitted "
                      "endpoint, nothing is sent");

        return ngx_http_ig_refuse_destination(r, leg,
                                          IG_REASON_destination_not_permitted);
    }

    if (endpoint == leg->endpoint) {
        ngx_http_ig_send(r, leg);
        return NGX_DONE;
    }

    /* permitted, but another than the record says: it is recorded first */

    leg->endpoint = endpoint;

    switch (ngx_http_ig_limit_next(r, leg, endpoint)) {

    case NGX_OK:
        return ngx_http_ig_record_destination(r, leg);

    case NGX_AGAIN:
        r->write_event_handler = ngx_http_request_empty_handler;
        return NGX_DONE;

    default:
        return ngx_http_ig_refuse_destination(r, leg, IG_REASON_internal_error);
    }
}


/* the limits of another destination are known now */

void
ngx_http_ig_leave_limited(ngx_http_ig_leg_t *leg)
{
    (void) ngx_http_ig_record_destination(leg->r, leg);
}


static ngx_int_t
ngx_http_ig_record_destination(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    ig_buf_t                  b;
    ig_reason_t               reason;
    ig_record_head_t          head;
    ngx_http_ig_main_conf_t  *mcf;

    mcf = leg->request->mcf;
    reason = leg->charge ? leg->charge->reason : IG_REASON_NONE;

    head = ngx_http_ig_record_head(r, mcf);

    if (ngx_http_ig_audit_begin(mcf->audit, &b, 1) == NGX_OK) {

        ig_record_redirect(&b, ngx_http_ig_audit_writer(mcf->audit), &head,
                           mcf->guard,
                           reason == IG_REASON_NONE ? leg->endpoint : IG_NONE,
                           reason);

        if (ngx_http_ig_audit_end(mcf->audit, &b, &leg->wait) == NGX_OK) {
            leg->state = NGX_HTTP_IG_LEG_LEAVING;
            r->write_event_handler = ngx_http_request_empty_handler;
            return NGX_DONE;
        }
    }

    ngx_http_ig_count_unrecorded(mcf);

    return ngx_http_ig_refuse_destination(r, leg, IG_REASON_not_recorded);
}


void
ngx_http_ig_leave(ngx_http_ig_leg_t *leg, ngx_int_t rc)
{
    ig_reason_t  reason;

    leg->state = NGX_HTTP_IG_LEG_PASSED;

    reason = (rc != NGX_OK) ? IG_REASON_not_recorded
             : leg->charge ? leg->charge->reason : IG_REASON_NONE;

    if (reason == IG_REASON_NONE) {
        ngx_http_ig_send(leg->r, leg);
        return;
    }

    (void) ngx_http_ig_refuse_destination(leg->r, leg, reason);
}


static void
ngx_http_ig_send(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    ngx_http_upstream_t       *u;
#if (NGX_HTTP_CACHE)
    ngx_http_upstream_conf_t  *conf;
#endif

    u = r->upstream;

    leg->create_request = u->create_request;
    u->create_request = ngx_http_ig_create_request;

#if (NGX_HTTP_CACHE)

    if (u->conf->cache) {
        leg->create_key = u->create_key;
        u->create_key = ngx_http_ig_create_key;

        if (u->conf->cache_background_update) {

            /*
             * the update is a clone of this request that starts in its content
             * phase: nobody would have decided it
             */

            conf = ngx_palloc(r->pool, sizeof(ngx_http_upstream_conf_t));
            if (conf == NULL) {
                ngx_http_finalize_request(r, NGX_HTTP_INTERNAL_SERVER_ERROR);
                return;
            }

            *conf = *u->conf;
            conf->cache_background_update = 0;
            u->conf = conf;
        }
    }

#endif

    if (r == r->main) {
        leg->request->endpoint = leg->endpoint;
    }

    ig_bit_set(leg->request->tried, leg->endpoint);

    ngx_http_upstream_init(r);
}


/* the upstream was prepared and counted on, but never starts */

static ngx_int_t
ngx_http_ig_refuse_destination(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_reason_t reason)
{
    ngx_int_t  rc;

    r->upstream = NULL;
    leg->endpoint = IG_NONE;

    if (r == r->main) {
        rc = ngx_http_ig_refuse(r, leg, reason);

    } else {
        leg->reason = reason;
        rc = (ngx_int_t) ig_reason_status(reason);
    }

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


static uint32_t
ngx_http_ig_destination(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    uint32_t                       i, n;
    ngx_http_ig_request_t         *req;
    ngx_http_ig_main_conf_t       *mcf;
    ngx_http_upstream_srv_conf_t  *uscf;

    req = leg->request;
    mcf = req->mcf;

    uscf = ngx_http_ig_find_upstream(r);

    if (uscf == NULL) {
        return IG_NONE;
    }

    if (leg->endpoint != IG_NONE
        && ig_bit_get(req->verdict.permitted, leg->endpoint)
        && ngx_http_ig_goes_to(r, &mcf->endpoints[leg->endpoint], uscf))
    {
        return leg->endpoint;
    }

    n = (uint32_t) mcf->policy->nendpoints;

    for (i = 0; i < n; i++) {
        if (ig_bit_get(req->verdict.permitted, i)
            && ngx_http_ig_goes_to(r, &mcf->endpoints[i], uscf))
        {
            return i;
        }
    }

    return IG_NONE;
}


/* as ngx_http_upstream_init_request() will find it */

static ngx_http_upstream_srv_conf_t *
ngx_http_ig_find_upstream(ngx_http_request_t *r)
{
    ngx_str_t                       *host;
    ngx_uint_t                       i;
    ngx_http_upstream_t             *u;
    ngx_http_upstream_srv_conf_t   **uscfp;
    ngx_http_upstream_main_conf_t   *umcf;

    u = r->upstream;

    if (u->resolved == NULL) {
        return u->conf->upstream;
    }

    host = &u->resolved->host;

    umcf = ngx_http_get_module_main_conf(r, ngx_http_upstream_module);
    uscfp = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {

        if (uscfp[i]->host.len == host->len
            && ((uscfp[i]->port == 0 && u->resolved->no_port)
                || uscfp[i]->port == u->resolved->port)
            && ngx_strncasecmp(uscfp[i]->host.data, host->data, host->len)
               == 0)
        {
            return uscfp[i];
        }
    }

    return NULL;
}


static ngx_uint_t
ngx_http_ig_goes_to(ngx_http_request_t *r, ngx_http_ig_endpoint_t *ep,
    ngx_http_upstream_srv_conf_t *uscf)
{
    ngx_str_t            *schema;
    ngx_http_upstream_t  *u;

    u = r->upstream;

    if (ep->upstream != uscf) {
        return 0;
    }

    /* "https://": fastcgi and its kind speak no scheme of an endpoint */

    schema = &u->schema;

    if (schema->len != ep->scheme.len + 3
        || ngx_strncasecmp(schema->data, ep->scheme.data, ep->scheme.len) != 0
        || ngx_strncmp(schema->data + ep->scheme.len, "://", 3) != 0)
    {
        return 0;
    }

    return u->ssl == (ep->scheme.len == sizeof("https") - 1);
}


#if (NGX_HTTP_CACHE)

/*
 * An answer is cached for the tenant, the place and the content that it was
 * made for, whatever proxy_cache_key forgot of them.
 */

static ngx_int_t
ngx_http_ig_create_key(ngx_http_request_t *r)
{
    u_char                   *p;
    ngx_str_t                *key;
    ngx_str_t                 tenant;
    ngx_http_ig_leg_t        *leg;
    ngx_http_ig_request_t    *req;
    ngx_http_ig_main_conf_t  *mcf;

    leg = ngx_http_get_module_ctx(r, ngx_http_inference_guard_module);

    if (leg == NULL || leg->endpoint == IG_NONE) {
        return NGX_ERROR;
    }

    if (leg->create_key(r) != NGX_OK) {
        return NGX_ERROR;
    }

    req = leg->request;
    mcf = req->mcf;
    ngx_str_null(&tenant);

    if (req->tenant != IG_NONE) {
        tenant = ngx_http_ig_to_ngx(mcf->policy->tenants[req->tenant].name);
    }

    key = ngx_array_push(&r->cache->keys);
    if (key == NULL) {
        return NGX_ERROR;
    }

    key->len = 4 + tenant.len + mcf->endpoints[leg->endpoint].name.len
               + req->jurisdictions.len + mcf->digest.len;

    p = ngx_pnalloc(r->pool, key->len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    key->data = p;

    ngx_sprintf(p, "|%V|%V|%V|%V", &tenant, &mcf->endpoints[leg->endpoint].name,
                &req->jurisdictions, &mcf->digest);

    return NGX_OK;
}

#endif

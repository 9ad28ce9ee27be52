
/*
 * What is remembered of a request: one record for it, and one for each of its
 * legs.  NGINX clears the contexts of all modules on a redirect, so the record
 * hangs on a cleanup of the request's pool (as realip's does), and is found
 * there again.
 */


#include "ngx_http_inference_guard.h"


static ngx_http_ig_request_t *ngx_http_ig_create(ngx_http_request_t *r,
    ngx_http_ig_main_conf_t *mcf);
static void ngx_http_ig_request_cleanup(void *data);


/*
 * The request's state survives redirects, which clear the contexts of all
 * modules, in a cleanup record of its pool (as realip's does).
 */

ngx_http_ig_request_t *
ngx_http_ig_find(ngx_http_request_t *r)
{
    ngx_http_ig_leg_t   *leg;
    ngx_pool_cleanup_t  *cln;

    leg = ngx_http_get_module_ctx(r, ngx_http_inference_guard_module);

    if (leg) {
        return leg->request;
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_ig_request_cleanup) {
            return cln->data;
        }
    }

    return NULL;
}


ngx_http_ig_leg_t *
ngx_http_ig_get_leg(ngx_http_request_t *r)
{
    ngx_http_ig_leg_t      *leg;
    ngx_http_ig_request_t  *req;

    leg = ngx_http_get_module_ctx(r, ngx_http_inference_guard_module);

    if (leg || r != r->main) {
        return leg;
    }

    req = ngx_http_ig_find(r);

    return req ? req->leg : NULL;
}


static ngx_http_ig_request_t *
ngx_http_ig_create(ngx_http_request_t *r, ngx_http_ig_main_conf_t *mcf)
{
    ngx_pool_cleanup_t     *cln;
    ngx_http_ig_request_t  *req;

    cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_ig_request_t));
    if (cln == NULL) {
        return NULL;
    }

    req = cln->data;
    ngx_memzero(req, sizeof(ngx_http_ig_request_t));

    req->r = r->main;
    req->mcf = mcf;
    req->tenant = IG_NONE;
    req->endpoint = IG_NONE;

    cln->handler = ngx_http_ig_request_cleanup;

    return req;
}


ngx_http_ig_leg_t *
ngx_http_ig_add_leg(ngx_http_request_t *r)
{
    ngx_http_ig_leg_t        *leg;
    ngx_http_ig_request_t    *req;
    ngx_http_ig_loc_conf_t   *lcf;
    ngx_http_ig_main_conf_t  *mcf;

    req = ngx_http_ig_find(r);

    if (req == NULL) {
        mcf = ngx_http_get_module_main_conf(r,
                                            ngx_http_inference_guard_module);

        req = ngx_http_ig_create(r, mcf);
        if (req == NULL) {
            return NULL;
        }
    }

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_inference_guard_module);

    leg = ngx_pcalloc(r->pool, sizeof(ngx_http_ig_leg_t));
    if (leg == NULL) {
        return NULL;
    }

    leg->request = req;
    leg->r = r;
    leg->guarded = (lcf->mode != NGX_HTTP_IG_OFF);
    leg->err_status = r->err_status;
    leg->endpoint = IG_NONE;

    leg->next = req->legs;
    req->legs = leg;

    if (r == r->main) {
        req->leg = leg;
    }

    ngx_http_set_ctx(r, leg, ngx_http_inference_guard_module);

    return leg;
}


static void
ngx_http_ig_request_cleanup(void *data)
{
    ngx_http_ig_request_t *req = data;

    ngx_http_ig_leg_t  *leg;

    for (leg = req->legs; leg; leg = leg->next) {
        ngx_http_ig_audit_forget(&leg->wait);
        ngx_http_ig_settle(req->r, leg);
    }

    ig_arena_free(req->decoded);
}


/*
 * What happens to a request, in order.
 *
 *     REWRITE      ngx_http_ig_enter_handler(): from here on the request is
 *                  known to have been in a guarded location, whatever comes
 *     PRECONTENT   ngx_http_ig_guard_handler(), called again whenever the
 *                  request goes on:
 *
 *         NEW ──> READING ──> (LEASING) ──> WAITING ──> READY ──> PASSED
 *          │                                 ^   └────> REFUSED
 *          └── refused early ────────────────┘
 *
 * READING takes the body as the mirror module does.  LEASING asks the store of
 * limits, where there is one and this machine's share is used up; then the
 * request is decided again.  WAITING is for the record of the decision: nothing
 * leaves, and no refusal is sent, before it is in the file.  PASSED requests have
 * the choke point as their content handler.
 *
 * A redirect starts another leg.  In a guarded location the content's verdict
 * stands and the next endpoint is chosen; in one without a guard nothing that
 * has a content handler may run.
 */


#include "ngx_http_inference_guard.h"


static ngx_int_t ngx_http_ig_unguarded(ngx_http_request_t *r);
static ngx_int_t ngx_http_ig_start(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
static void ngx_http_ig_body_handler(ngx_http_request_t *r);
static void ngx_http_ig_decide_body(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
static ngx_int_t ngx_http_ig_continue(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
static ngx_int_t ngx_http_ig_refuse_phase(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
static void ngx_http_ig_recorded(void *data, ngx_int_t rc);


/*
 * The first handler of the REWRITE phase: `return 403` with an error_page that
 * leads elsewhere must find the request marked.
 */

ngx_int_t
ngx_http_ig_enter_handler(ngx_http_request_t *r)
{
    ngx_http_ig_request_t   *req;
    ngx_http_ig_loc_conf_t  *lcf;

    if (r->internal) {
        req = ngx_http_ig_find(r);

        if (req && req->probing == r) {

            /* the content handler redirected: egress has nothing to look at */

            req->probing = NULL;
            r->aio = 0;
        }
    }

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_inference_guard_module);

    if (lcf->mode == NGX_HTTP_IG_OFF) {
        return NGX_DECLINED;
    }

    if (r == r->main && ngx_http_ig_add_leg(r) == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_ig_guard_handler(ngx_http_request_t *r)
{
    ngx_http_ig_leg_t       *leg;
    ngx_http_ig_loc_conf_t  *lcf;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_inference_guard_module);

    if (lcf->mode == NGX_HTTP_IG_OFF) {
        return ngx_http_ig_unguarded(r);
    }

    leg = ngx_http_get_module_ctx(r, ngx_http_inference_guard_module);

    if (leg == NULL) {
        leg = ngx_http_ig_add_leg(r);
        if (leg == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (leg->state == NGX_HTTP_IG_LEG_NEW) {
        return ngx_http_ig_start(r, leg);
    }

    return ngx_http_ig_continue(r, leg);
}


/*
 * A location without a guard.  Once the main request has been in a guarded
 * one, nothing may be sent from here: mirrors, error pages, named locations,
 * X-Accel-Redirect, other subrequests.  Static files and `return` are fine.
 *
 * One thing is allowed: a subrequest that starts before the decision and
 * carries no body, which is what auth_request makes.
 */

static ngx_int_t
ngx_http_ig_unguarded(ngx_http_request_t *r)
{
    ngx_http_ig_leg_t         *leg;
    ngx_http_ig_request_t     *req;
    ngx_http_core_loc_conf_t  *clcf;

    if (!r->internal && r == r->main && !r->uri_changed
        && r->uri_changes == NGX_HTTP_MAX_URI_CHANGES + 1)
    {
        /* it came here straight from the client */
        return NGX_DECLINED;
    }

    req = ngx_http_ig_find(r);

    if (req == NULL || r->content_handler == NULL) {
        return NGX_DECLINED;
    }

    if (r != r->main
        && req->state == NGX_HTTP_IG_UNDECIDED
        && (r->request_body == NULL || r->request_body->bufs == NULL))
    {
        return NGX_DECLINED;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                  "inference guard: location \"%V\" has no guard, and the "
                  "request has been in a guarded one", &clcf->name);

    leg = ngx_http_ig_add_leg(r);
    if (leg == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    leg->reason = IG_REASON_unguarded_location;

    return ngx_http_ig_refuse_phase(r, leg);
}


static ngx_int_t
ngx_http_ig_start(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    ngx_int_t               rc;
    ig_reason_t             early;
    ngx_http_ig_request_t  *req;

    req = leg->request;

    leg->wait.handler = ngx_http_ig_recorded;
    leg->wait.data = leg;

    if (req->state == NGX_HTTP_IG_DECIDED) {

        if (ngx_http_ig_decide_again(r, leg) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_ig_continue(r, leg);
    }

    if (r != r->main) {

        /*
         * the guard decides on main requests; a subrequest of one that was
         * never in a guarded location has nobody to answer for it
         */

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "inference guard: a subrequest is guarded, but its "
                      "request has not been decided");

        leg->reason = IG_REASON_unguarded_location;

        return ngx_http_ig_refuse_phase(r, leg);
    }

    early = ngx_http_ig_early_reason(r, leg);
    leg->early = early;

    if (early != IG_REASON_NONE) {
        rc = ngx_http_ig_decide(r, leg, early);

        if (rc == NGX_OK) {
            return ngx_http_ig_continue(r, leg);
        }

        if (rc != NGX_DECLINED) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    leg->state = NGX_HTTP_IG_LEG_READING;

    rc = ngx_http_read_client_request_body(r, ngx_http_ig_body_handler);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_DONE;
}


static void
ngx_http_ig_body_handler(ngx_http_request_t *r)
{
    ngx_http_ig_leg_t  *leg;

    leg = ngx_http_get_module_ctx(r, ngx_http_inference_guard_module);

    r->preserve_body = 1;

    ngx_http_ig_decide_body(r, leg);
}


static void
ngx_http_ig_decide_body(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    if (ngx_http_ig_decide(r, leg, IG_REASON_NONE) != NGX_OK) {
        /* it may have failed behind its record, and goes on but once */

        ngx_http_ig_audit_forget(&leg->wait);

        leg->state = NGX_HTTP_IG_LEG_REFUSED;
        leg->reason = IG_REASON_internal_error;
    }

    if (leg->state == NGX_HTTP_IG_LEG_WAITING
        || leg->state == NGX_HTTP_IG_LEG_LEASING)
    {
        r->write_event_handler = ngx_http_request_empty_handler;
        return;
    }

    r->write_event_handler = ngx_http_core_run_phases;
    ngx_http_core_run_phases(r);
}


static ngx_int_t
ngx_http_ig_continue(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    switch (leg->state) {

    case NGX_HTTP_IG_LEG_READY:

        leg->state = NGX_HTTP_IG_LEG_PASSED;

        if (r->content_handler) {
            leg->content_handler = r->content_handler;
            r->content_handler = ngx_http_ig_content_handler;
        }

        return NGX_DECLINED;

    case NGX_HTTP_IG_LEG_PASSED:
        return NGX_DECLINED;

    case NGX_HTTP_IG_LEG_REFUSED:
        return ngx_http_ig_refuse_phase(r, leg);

    default: /* READING, LEASING, WAITING */

        r->write_event_handler = ngx_http_request_empty_handler;
        return NGX_DONE;
    }
}


static ngx_int_t
ngx_http_ig_refuse_phase(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    if (r != r->main) {
        leg->request->reason = leg->reason;
        return (ngx_int_t) ig_reason_status(leg->reason);
    }

    /* the phase engine would take NGX_OK as leave to go on */

    ngx_http_finalize_request(r, ngx_http_ig_refuse(r, leg, leg->reason));

    return NGX_DONE;
}


void
ngx_http_ig_limited(ngx_http_ig_leg_t *leg)
{
    ngx_http_request_t  *r;

    r = leg->r;

    switch (leg->state) {

    case NGX_HTTP_IG_LEG_READING:
        ngx_http_ig_decide_body(r, leg);
        return;

    case NGX_HTTP_IG_LEG_PASSED:
        ngx_http_ig_leave_limited(leg);
        return;

    default: /* NGX_HTTP_IG_LEG_NEW: another leg */

        ngx_http_ig_record_again(r, leg);

        if (leg->state == NGX_HTTP_IG_LEG_WAITING) {
            return;
        }

        r->write_event_handler = ngx_http_core_run_phases;
        ngx_http_core_run_phases(r);
    }
}


/* the record that a leg waited for is in the file, or cannot be written */

static void
ngx_http_ig_recorded(void *data, ngx_int_t rc)
{
    ngx_http_ig_leg_t *leg = data;

    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = leg->r;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (leg->state == NGX_HTTP_IG_LEG_LEAVING) {
        ngx_http_ig_leave(leg, rc);

    } else {

        if (rc != NGX_OK) {
            leg->reason = IG_REASON_not_recorded;
        }

        leg->state = (leg->reason == IG_REASON_NONE) ? NGX_HTTP_IG_LEG_READY
                                                     : NGX_HTTP_IG_LEG_REFUSED;

        r->write_event_handler = ngx_http_core_run_phases;
        ngx_http_core_run_phases(r);
    }

    ngx_http_run_posted_requests(c);
}

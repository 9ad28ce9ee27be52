
/*
 * How a request ended: the outcome of one that was decided, or that NGINX, the
 * client or another module ended one before any decision.
 */


#include "ngx_http_inference_guard.h"


static void ngx_http_ig_outcome(ngx_http_request_t *r,
    ngx_http_ig_request_t *req, ig_outcome_t *o);
static void ngx_http_ig_outcome_times(ngx_http_ig_request_t *req,
    ngx_http_upstream_state_t *state, ig_outcome_t *o);
static void ngx_http_ig_outcome_answer(ngx_http_ig_request_t *req,
    ig_outcome_t *o);
static unsigned ngx_http_ig_status_sent(ngx_http_request_t *r);


ngx_int_t
ngx_http_ig_log_handler(ngx_http_request_t *r)
{
    ig_buf_t                  b;
    ig_outcome_t              o;
    ig_record_head_t          head;
    ngx_http_ig_leg_t        *leg;
    ngx_http_ig_request_t    *req;
    ngx_http_ig_loc_conf_t   *lcf;
    ngx_http_ig_main_conf_t  *mcf;

    if (r != r->main) {
        return NGX_OK;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_inference_guard_module);
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_inference_guard_module);

    req = ngx_http_ig_find(r);

    if ((req == NULL && lcf->mode == NGX_HTTP_IG_OFF) || (req && req->logged)) {
        return NGX_OK;
    }

    if (ngx_http_ig_worker_init(mcf, r->connection->log) != NGX_OK) {
        return NGX_OK;
    }

    if (req) {
        req->logged = 1;

        for (leg = req->legs; leg; leg = leg->next) {
            ngx_http_ig_settle(r, leg);
        }
    }

    if (ngx_http_ig_audit_begin(mcf->audit, &b, 0) != NGX_OK) {
        ngx_http_ig_count_unrecorded(mcf);
        return NGX_OK;
    }

    head = ngx_http_ig_record_head(r, mcf);

    if (req && req->state == NGX_HTTP_IG_DECIDED) {

        ngx_http_ig_outcome(r, req, &o);
        ngx_http_ig_count_endpoint(mcf, o.endpoint);

        ig_record_outcome(&b, ngx_http_ig_audit_writer(mcf->audit), &head,
                          mcf->guard, &o);

    } else {
        ngx_http_ig_count_undecided(mcf);

        ig_record_undecided(&b, ngx_http_ig_audit_writer(mcf->audit), &head,
                            mcf->guard, ngx_http_ig_client_country(r, mcf),
                            ngx_http_ig_tenant_row(r, mcf),
                            ngx_http_ig_status_sent(r));
    }

    (void) ngx_http_ig_audit_end(mcf->audit, &b, NULL);

    return NGX_OK;
}


static void
ngx_http_ig_outcome(ngx_http_request_t *r, ngx_http_ig_request_t *req,
    ig_outcome_t *o)
{
    ngx_uint_t                  i;
    ngx_http_upstream_state_t  *state, *last;

    ngx_memzero(o, sizeof(ig_outcome_t));

    o->status = ngx_http_ig_status_sent(r);
    o->reason = req->reason;
    o->endpoint = req->tries ? req->endpoint : IG_NONE;
    o->address.data = req->address;
    o->address.len = req->address_len;
    o->verified = req->tries && !req->unverified;
    o->tries = (unsigned) req->tries;
    o->duration_us = ngx_http_ig_elapsed_ms(r) * 1000;
    o->guard_us = req->guard_us;
    o->aborted = r->connection->error || o->status == 499;
    o->tokens = req->tokens;

    ngx_http_ig_outcome_answer(req, o);

    last = NULL;

    if (r->upstream_states == NULL) {
        ngx_http_ig_outcome_times(req, last, o);
        return;
    }

    state = r->upstream_states->elts;

    for (i = 0; i < r->upstream_states->nelts; i++) {

        if (state[i].peer) {
            o->upstream_status = (unsigned) state[i].status;
            last = &state[i];
        }

        o->sent += (uint64_t) state[i].bytes_sent;
        o->received += (uint64_t) state[i].bytes_received;
    }

    ngx_http_ig_outcome_times(req, last, o);
}


/* NGINX counts all of them in milliseconds */

static void
ngx_http_ig_outcome_times(ngx_http_ig_request_t *req,
    ngx_http_upstream_state_t *state, ig_outcome_t *o)
{
    if (req->answered) {
        o->timed |= IG_TIMED_FIRST_BYTE;
        o->first_byte_ms = req->first_byte_ms;
    }

    if (state == NULL || req->tries == 0) {
        return;
    }

    if (state->connect_time != (ngx_msec_t) -1) {
        o->timed |= IG_TIMED_CONNECT;
        o->connect_ms = state->connect_time;
    }

    if (state->header_time != (ngx_msec_t) -1) {
        o->timed |= IG_TIMED_HEADER;
        o->header_ms = state->header_time;
    }

    if (state->response_time != (ngx_msec_t) -1) {
        o->timed |= IG_TIMED_UPSTREAM;
        o->upstream_ms = state->response_time;
    }
}


/* in the words of the endpoint that the request was sent to last */

static void
ngx_http_ig_outcome_answer(ngx_http_ig_request_t *req, ig_outcome_t *o)
{
    ig_usage_t          usage;
    ngx_http_ig_leg_t  *leg;

    for (leg = req->legs; leg; leg = leg->next) {
        if (leg->r == req->r && leg->answer && leg->sent
            && leg->endpoint == o->endpoint)
        {
            break;
        }
    }

    if (leg == NULL) {
        return;
    }

    ig_answer_usage(leg->answer, &usage);

    o->finish = usage.reason;

    /* endpoints repeat the name that they were given */

    if (!req->model_withheld) {
        o->model = usage.model;
    }
}


uint64_t
ngx_http_ig_elapsed_ms(ngx_http_request_t *r)
{
    ngx_time_t      *tp;
    ngx_msec_int_t   ms;

    tp = ngx_timeofday();

    ms = (ngx_msec_int_t) ((tp->sec - r->start_sec) * 1000
                           + ((ngx_msec_int_t) tp->msec
                              - (ngx_msec_int_t) r->start_msec));

    return (uint64_t) ngx_max(ms, 0);
}


/* as $status */

static unsigned
ngx_http_ig_status_sent(ngx_http_request_t *r)
{
    if (r->err_status) {
        return (unsigned) r->err_status;
    }

    return (unsigned) r->headers_out.status;
}

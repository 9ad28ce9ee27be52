
/*
 * Limits of the tenant.  When the endpoint is known, and before the decision's
 * record, an estimate is reserved in all limits or in none; when the leg has
 * ended, what it really took settles it.
 *
 *     ngx_http_ig_limit()      reserve: admitted, refused, or a lease is asked
 *                              of the store, and the decision is made again
 *                              when it is there
 *     ngx_http_ig_limit_next() the same for another leg, or another endpoint
 *     ngx_http_ig_settle()     once for each leg, whatever has become of it
 *
 * A leg holds its own reservation: a mirror to another endpoint is another
 * answer to pay for.
 */


#include "ngx_http_inference_guard.h"


/* a reservation is given up so long after anything was heard of its answer */
#define NGX_HTTP_IG_DEADLINE    (600 * UINT64_C(1000000000))


static ngx_int_t ngx_http_ig_reserve(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
static ngx_int_t ngx_http_ig_reserved(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg, ig_limit_result_t *result);
static const ig_limit_t *ngx_http_ig_hit(const ig_quota_t *quota,
    ig_limit_result_t *result, uint32_t limit, ig_limit_state_t *state);
static ngx_int_t ngx_http_ig_ask_store(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg, ig_limit_result_t *result);
static ngx_int_t ngx_http_ig_alone(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
static void ngx_http_ig_leased(void *data, ngx_int_t rc);
static void ngx_http_ig_events(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_limit_result_t *result);


/* one at a time: nothing in it outlives a call */
static ig_limit_result_t  ngx_http_ig_result;


/*
 * The decision is made and does not refuse.  NGX_OK: *d says how it goes on,
 * with a refusal in it or not.  NGX_AGAIN: the store is asked, and the leg is
 * LEASING.
 */

ngx_int_t
ngx_http_ig_limit(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_decision_t *d, ngx_str_t *body)
{
    ngx_int_t                 rc;
    ig_asked_t                asked;
    const ig_quota_t         *quota;
    ngx_http_ig_charge_t     *c;
    ngx_http_ig_request_t    *req;
    ngx_http_ig_main_conf_t  *mcf;

    req = leg->request;
    mcf = req->mcf;
    c = leg->charge;
    quota = ngx_http_ig_quota(mcf, d->facts.tenant);

    if (quota == NULL || (quota->nlimits == 0 && quota->cap_output == 0)) {
        return NGX_OK;
    }

    ngx_memzero(&asked, sizeof(ig_asked_t));

    if (d->reading.operation->body
        && ig_asked(ngx_http_ig_from_ngx(*body), d->reading.operation, &asked)
           != IG_OK)
    {
        ig_decision_refuse(d, IG_REASON_internal_error);
        return NGX_OK;
    }

    if (c == NULL) {

        if (ngx_http_ig_charge(r, leg, d, &asked) != NGX_OK) {
            ig_decision_refuse(d, IG_REASON_internal_error);
            return NGX_OK;
        }

        c = leg->charge;

        rc = quota->nlimits ? ngx_http_ig_reserve(r, leg) : NGX_OK;

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (rc != NGX_OK) {
            ig_decision_refuse(d, IG_REASON_internal_error);
            return NGX_OK;
        }

    } else if (c->query.endpoint != d->endpoint
               || c->query.tenant != d->facts.tenant)
    {
        /* the same request is decided in the same way: this cannot be */

        ig_decision_refuse(d, IG_REASON_internal_error);
        return NGX_OK;
    }

    d->limited = c->limited;

    if (c->reason != IG_REASON_NONE) {
        ig_decision_refuse(d, c->reason);
        return NGX_OK;
    }

    /* whatever way led here: who has limits leaves with a reservation only */

    if (quota->nlimits && !c->reserved) {
        ig_decision_refuse(d, IG_REASON_internal_error);
        return NGX_OK;
    }

    if (ngx_http_ig_splice(r, req, d, quota, body) != NGX_OK) {
        ig_decision_refuse(d, IG_REASON_internal_error);
    }

    return NGX_OK;
}


/*
 * Another leg of the same content, or another endpoint than was meant: calls
 * and requests were counted.  NGX_OK: leg->charge->reason tells; NGX_AGAIN: as
 * above.
 */

ngx_int_t
ngx_http_ig_limit_next(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    uint32_t endpoint)
{
    ngx_http_ig_leg_t     *l, *first;
    ngx_http_ig_charge_t  *c;

    first = NULL;

    for (l = leg->request->legs; l; l = l->next) {

        if (l->charge == NULL) {
            continue;
        }

        first = l;

        /* what this request left behind; a mirror's parent goes on */

        if (l->r == r) {
            ngx_http_ig_settle(r, l);
        }
    }

    if (first == NULL) {
        return NGX_OK;
    }

    leg->settled = 0;

    c = ngx_pcalloc(r->pool, sizeof(ngx_http_ig_charge_t));
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->query = first->charge->query;
    c->query.endpoint = endpoint;
    c->query.amounts.requests = 0;

    leg->charge = c;

    if (first->charge->limited.reckoned) {
        ngx_http_ig_charge_cost(leg);
    }

    if (ngx_http_ig_quota(leg->request->mcf, c->query.tenant)->nlimits == 0) {
        return NGX_OK;
    }

    return ngx_http_ig_reserve(r, leg);
}


static ngx_int_t
ngx_http_ig_reserve(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    uint64_t                  now;
    ngx_http_ig_charge_t     *c;
    ngx_http_ig_main_conf_t  *mcf;

    c = leg->charge;
    mcf = leg->request->mcf;

    if (mcf->limits == NULL) {
        c->reason = IG_REASON_limits_unavailable;
        return NGX_OK;
    }

    now = ngx_http_ig_now_ns();
    c->deadline = now + NGX_HTTP_IG_DEADLINE;

    ig_limit_reserve(mcf->limits, ig_guard_limiter(mcf->guard), &c->query, now,
                     c->deadline, &ngx_http_ig_result);

    return ngx_http_ig_reserved(r, leg, &ngx_http_ig_result);
}


static ngx_int_t
ngx_http_ig_reserved(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_limit_result_t *result)
{
    size_t                 size;
    const ig_quota_t      *quota;
    ngx_http_ig_charge_t  *c;

    c = leg->charge;
    quota = ngx_http_ig_quota(leg->request->mcf, c->query.tenant);

    c->retry_ns = result->retry_ns;
    c->reason = IG_REASON_NONE;

    c->limited.hit = ngx_http_ig_hit(quota, result, result->limit,
                                     &c->limited.hit_state);
    c->limited.would = ngx_http_ig_hit(quota, result, result->would,
                                       &c->limited.would_state);

    switch (result->admission) {

    case IG_ADMITTED:
        c->reservation = result->reservation;
        c->reserved = 1;
        break;

    case IG_REFUSED:
        c->reason = result->never ? IG_REASON_exceeds_limit
                    : result->spent ? IG_REASON_insufficient_quota
                                    : IG_REASON_rate_limited;
        break;

    case IG_TASK_MISSING:
        c->reason = IG_REASON_task_missing;
        break;

    case IG_LEASE_NEEDED:
        return ngx_http_ig_ask_store(r, leg, result);

    default: /* IG_TABLE_FULL */
        c->reason = IG_REASON_limits_unavailable;
        break;
    }

    size = result->nstates * sizeof(ig_limit_state_t);

    c->states = ngx_palloc(r->pool, size + 1);

    if (c->states) {
        ngx_memcpy(c->states, result->states, size);
        c->nstates = result->nstates;
    }

    ngx_http_ig_events(r, leg, result);

    return NGX_OK;
}


static const ig_limit_t *
ngx_http_ig_hit(const ig_quota_t *quota, ig_limit_result_t *result,
    uint32_t limit, ig_limit_state_t *state)
{
    size_t  i;

    ngx_memzero(state, sizeof(ig_limit_state_t));

    if (limit == IG_NONE) {
        return NULL;
    }

    for (i = 0; i < result->nstates; i++) {
        if (result->states[i].limit == limit) {
            *state = result->states[i];
        }
    }

    return &quota->limits[limit];
}


static ngx_int_t
ngx_http_ig_ask_store(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_limit_result_t *result)
{
    size_t                 size;
    ngx_int_t              rc;
    ngx_http_ig_charge_t  *c;

    c = leg->charge;

    if (c->asked++ == NGX_HTTP_IG_LEASES) {
        c->reason = IG_REASON_limits_unavailable;
        return NGX_OK;
    }

    size = result->nleases * sizeof(ig_limit_lease_t);

    c->lease.leases = ngx_palloc(r->pool, size + 1);
    if (c->lease.leases == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(c->lease.leases, result->leases, size);
    c->lease.n = result->nleases;
    c->lease.handler = ngx_http_ig_leased;
    c->lease.data = leg;

    rc = ngx_http_ig_store_lease(leg->request->mcf->store, &c->lease);

    if (rc == NGX_AGAIN) {
        leg->leasing = leg->state;
        leg->state = NGX_HTTP_IG_LEG_LEASING;
        return NGX_AGAIN;
    }

    return ngx_http_ig_alone(r, leg);
}


/*
 * The store is gone, perhaps for this tenant alone: a plan that allows it is
 * admitted within this machine's share, and others are refused.
 */

static ngx_int_t
ngx_http_ig_alone(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    ngx_int_t                 rc;
    const ig_quota_t         *quota;
    ngx_http_ig_charge_t     *c;
    ngx_http_ig_main_conf_t  *mcf;

    c = leg->charge;
    mcf = leg->request->mcf;
    quota = ngx_http_ig_quota(mcf, c->query.tenant);

    if (quota->without_store == IG_WITHOUT_STORE_LOCAL && !c->alone) {
        c->alone = 1;

        ig_limits_local(mcf->limits, true);
        rc = ngx_http_ig_reserve(r, leg);
        ig_limits_local(mcf->limits, false);

        return rc;
    }

    c->reason = IG_REASON_limits_unavailable;

    return NGX_OK;
}


/* the store has answered, or cannot: the leg goes on where it waited */

static void
ngx_http_ig_leased(void *data, ngx_int_t rc)
{
    ngx_http_ig_leg_t *leg = data;

    ngx_int_t                 n;
    ngx_connection_t         *c;
    ngx_http_request_t       *r;
    ngx_http_ig_charge_t     *charge;
    ngx_http_ig_main_conf_t  *mcf;

    r = leg->r;
    c = r->connection;
    charge = leg->charge;
    mcf = leg->request->mcf;

    ngx_http_set_log_request(c->log, r);

    leg->state = leg->leasing;

    if (rc == NGX_ERROR) {
        n = ngx_http_ig_alone(r, leg);

    } else {
        ig_limit_grant(mcf->limits, ig_guard_limiter(mcf->guard),
                       &charge->query, charge->lease.leases, charge->lease.n,
                       ngx_http_ig_now_ns(), charge->deadline,
                       &ngx_http_ig_result);

        n = ngx_http_ig_reserved(r, leg, &ngx_http_ig_result);
    }

    if (n == NGX_ERROR) {
        charge->reason = IG_REASON_internal_error;
    }

    if (n != NGX_AGAIN) {
        ngx_http_ig_limited(leg);
    }

    ngx_http_run_posted_requests(c);
}


void
ngx_http_ig_settle(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    ig_amounts_t              actual;
    ngx_http_ig_charge_t     *c;
    ngx_http_ig_request_t    *req;
    ngx_http_ig_main_conf_t  *mcf;

    if (leg->settled) {
        return;
    }

    leg->settled = 1;

    req = leg->request;
    mcf = req->mcf;
    c = leg->charge;

    ngx_http_ig_charge_actual(leg, &actual);

    if (c) {
        ngx_http_ig_store_forget(&c->lease);

        if (c->reserved && mcf->limits) {
            c->reserved = 0;

            ig_limit_settle(mcf->limits, ig_guard_limiter(mcf->guard),
                            &c->query, &c->reservation, &actual,
                            ngx_http_ig_now_ns(), &ngx_http_ig_result);

            ngx_http_ig_events(r, leg, &ngx_http_ig_result);
        }
    }
}


/* what is reached for the first time is told once, in a record of its own */

static void
ngx_http_ig_events(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_limit_result_t *result)
{
    size_t                    i;
    ig_buf_t                  b;
    ig_record_head_t          head;
    ngx_http_ig_charge_t     *c;
    ngx_http_ig_main_conf_t  *mcf;

    c = leg->charge;
    mcf = leg->request->mcf;

    if (result->ncrossed == 0) {
        return;
    }

    head = ngx_http_ig_record_head(r, mcf);

    for (i = 0; i < result->ncrossed; i++) {

        if (ngx_http_ig_audit_begin(mcf->audit, &b, 0) != NGX_OK) {
            ngx_http_ig_count_unrecorded(mcf);
            return;
        }

        ig_record_limit(&b, ngx_http_ig_audit_writer(mcf->audit), &head,
                        mcf->guard, c->query.tenant, &result->crossed[i]);

        (void) ngx_http_ig_audit_end(mcf->audit, &b, NULL);
    }
}


uint64_t
ngx_http_ig_now_ns(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + (uint64_t) ts.tv_nsec;
}


void
ngx_http_ig_limit_extend(ngx_http_ig_leg_t *leg)
{
    uint64_t               now;
    ngx_http_ig_charge_t  *c;

    c = leg->charge;

    if (c == NULL || !c->reserved) {
        return;
    }

    /* NGINX's cached time: this is asked for every piece of a stream */

    now = (uint64_t) ngx_time() * 1000000000;

    if (now + NGX_HTTP_IG_DEADLINE / 2 < c->deadline) {
        return;
    }

    c->deadline = now + NGX_HTTP_IG_DEADLINE;

    ig_limit_extend(leg->request->mcf->limits, c->reservation, c->deadline);
}


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


/* tokens of an answer whose length nobody has limited */
#define NGX_HTTP_IG_OUTPUT      1024

/* names of users and tasks beyond this are one with those that begin alike */
#define NGX_HTTP_IG_NAME_MAX    512

/* a reservation is given up so long after anything was heard of its answer */
#define NGX_HTTP_IG_DEADLINE    (600 * UINT64_C(1000000000))


static ngx_int_t ngx_http_ig_reserve(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
static ngx_int_t ngx_http_ig_reserved(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg, ig_limit_result_t *result);
static ngx_int_t ngx_http_ig_ask_store(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg, ig_limit_result_t *result);
static void ngx_http_ig_leased(void *data, ngx_int_t rc);
static ngx_int_t ngx_http_ig_query(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg, ig_decision_t *d, ig_asked_t *asked);
static void ngx_http_ig_query_key(ngx_http_request_t *r, ig_str_t *key);
static ngx_int_t ngx_http_ig_query_name(ngx_http_request_t *r,
    ngx_int_t index, ig_str_t said, ig_str_t *name);
static void ngx_http_ig_query_cost(ngx_http_ig_leg_t *leg,
    ig_amounts_t *amounts);
static void ngx_http_ig_actual(ngx_http_ig_leg_t *leg, ig_amounts_t *actual);
static void ngx_http_ig_add_tokens(ngx_http_ig_leg_t *leg, ig_usage_t *usage,
    ig_amounts_t *actual);
static void ngx_http_ig_events(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_limit_result_t *result);
static ngx_uint_t ngx_http_ig_is_batch(ngx_http_request_t *r,
    ngx_http_ig_loc_conf_t *lcf);


/* one at a time: nothing in it outlives a call */
static ig_limit_result_t  ngx_http_ig_result;


static ngx_inline const ig_quota_t *
ngx_http_ig_quota(ngx_http_ig_main_conf_t *mcf, uint32_t tenant)
{
    return (tenant == IG_NONE) ? NULL : &mcf->policy->tenants[tenant].quota;
}


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

        if (ngx_http_ig_query(r, leg, d, &asked) != NGX_OK) {
            ig_decision_refuse(d, IG_REASON_internal_error);
            return NGX_OK;
        }

        c = leg->charge;

        rc = quota->nlimits ? ngx_http_ig_reserve(r, leg) : NGX_OK;

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
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
    ngx_http_ig_leg_t     *first;
    ngx_http_ig_charge_t  *c;

    if (leg->charge) {
        ngx_http_ig_settle(r, leg);
    }

    for (first = leg->request->legs; first; first = first->next) {
        if (first->charge) {
            break;
        }
    }

    if (first == NULL) {
        return NGX_OK;
    }

    c = ngx_pcalloc(r->pool, sizeof(ngx_http_ig_charge_t));
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->query = first->charge->query;
    c->query.endpoint = endpoint;
    c->query.amounts.requests = 0;

    leg->charge = c;

    ngx_http_ig_query_cost(leg, &c->query.amounts);

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

    c->limited.hit = NULL;
    c->limited.would = NULL;
    c->retry_ns = result->retry_ns;
    c->reason = IG_REASON_NONE;

    if (result->limit != IG_NONE) {
        c->limited.hit = &quota->limits[result->limit];
    }

    if (result->would != IG_NONE) {
        c->limited.would = &quota->limits[result->would];
    }

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
        charge->reason = IG_REASON_limits_unavailable;
        n = NGX_OK;

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


/* what the limits need to know of the request, in memory that lives with it */

static ngx_int_t
ngx_http_ig_query(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_decision_t *d, ig_asked_t *asked)
{
    uint64_t                  output, cap;
    ig_str_t                  none;
    ngx_http_ig_charge_t     *c;
    ngx_http_ig_loc_conf_t   *lcf;
    ngx_http_ig_main_conf_t  *mcf;

    mcf = leg->request->mcf;
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_inference_guard_module);

    c = ngx_pcalloc(r->pool, sizeof(ngx_http_ig_charge_t));
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->jurisdictions = d->facts.jurisdictions;

    c->query.tenant = d->facts.tenant;
    c->query.endpoint = d->endpoint;
    c->query.jurisdictions = &c->jurisdictions;
    c->query.audit = (d->mode == IG_MODE_AUDIT);
    c->query.batch = ngx_http_ig_is_batch(r, lcf);

    ngx_http_ig_query_key(r, &c->query.key);

    none = IG_NO_STR;

    if (ngx_http_ig_query_name(r, NGX_DECLINED, d->reading.model,
                               &c->query.model) != NGX_OK
        || ngx_http_ig_query_name(r, lcf->user,
                                  lcf->user >= 0 ? none : asked->user,
                                  &c->query.user) != NGX_OK
        || ngx_http_ig_query_name(r, lcf->task,
                                  lcf->task >= 0 ? none : asked->task,
                                  &c->query.task) != NGX_OK)
    {
        return NGX_ERROR;
    }

    c->query.amounts.requests = 1;
    c->query.amounts.input = ig_estimate_reading(&d->reading);

    if (asked->generates) {
        cap = mcf->policy->tenants[d->facts.tenant].quota.cap_output;
        output = asked->max_output;

        if (output == UINT64_MAX) {
            output = cap ? cap : NGX_HTTP_IG_OUTPUT;

        } else if (cap && output > cap) {
            output = cap;
        }

        c->query.amounts.output = (output > UINT64_MAX / asked->choices)
                                  ? UINT64_MAX : output * asked->choices;
    }

    leg->charge = c;

    ngx_http_ig_query_cost(leg, &c->query.amounts);

    return NGX_OK;
}


/* the credential without its scheme, as the tenant's own keys are compared */

static void
ngx_http_ig_query_key(ngx_http_request_t *r, ig_str_t *key)
{
    ngx_int_t                  *index;
    ngx_uint_t                  i;
    ngx_http_ig_loc_conf_t     *lcf;
    ngx_http_variable_value_t  *v;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_inference_guard_module);

    if (lcf->tenant == NULL) {
        return;
    }

    index = lcf->tenant->elts;

    for (i = 0; i < lcf->tenant->nelts; i++) {
        v = ngx_http_ig_variable(r, index[i]);

        if (v == NULL) {
            continue;
        }

        key->data = v->data;
        key->len = v->len;

        if (key->len > 7
            && ngx_strncasecmp(v->data, (u_char *) "Bearer ", 7) == 0)
        {
            key->data += 7;
            key->len -= 7;
        }

        return;
    }
}


static ngx_int_t
ngx_http_ig_query_name(ngx_http_request_t *r, ngx_int_t index, ig_str_t said,
    ig_str_t *name)
{
    u_char                     *p;
    ngx_http_variable_value_t  *v;

    if (index >= 0) {
        v = ngx_http_ig_variable(r, index);

        if (v) {
            said.data = v->data;
            said.len = v->len;
        }
    }

    if (said.len == 0) {
        return NGX_OK;
    }

    said.len = ngx_min(said.len, NGX_HTTP_IG_NAME_MAX);

    p = ngx_pnalloc(r->pool, said.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, said.data, said.len);

    name->data = p;
    name->len = said.len;

    return NGX_OK;
}


/* of the amounts, at the price of the endpoint that is meant */

static void
ngx_http_ig_query_cost(ngx_http_ig_leg_t *leg, ig_amounts_t *amounts)
{
    ngx_http_ig_charge_t  *c;
    const ig_endpoint_t   *row;

    c = leg->charge;
    row = leg->request->mcf->endpoints[c->query.endpoint].row;

    amounts->cost = ig_price(row, amounts->input, amounts->output);

    c->limited.reckoned = true;
    c->limited.amounts = c->query.amounts;

    if (row->priced) {
        ngx_memcpy(c->limited.currency, row->currency,
                   sizeof(c->limited.currency));
    }
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

    ngx_http_ig_actual(leg, &actual);

    if (c) {
        ngx_http_ig_store_forget(&c->lease);

        if (c->reserved) {
            c->reserved = 0;

            ig_limit_settle(mcf->limits, ig_guard_limiter(mcf->guard),
                            &c->query, c->reservation, &actual,
                            ngx_http_ig_now_ns(), &ngx_http_ig_result);

            ngx_http_ig_events(r, leg, &ngx_http_ig_result);
        }
    }
}


/*
 * What a leg took.  The provider's own figures count; where it says none, the
 * estimate of what was sent and the text that came back do.  An answer that
 * went by unread counts as much as was reserved for it.
 */

static void
ngx_http_ig_actual(ngx_http_ig_leg_t *leg, ig_amounts_t *actual)
{
    ig_usage_t     usage;
    ngx_uint_t     failed;
    ig_amounts_t   none;
    ig_amounts_t  *estimate;

    ngx_memzero(actual, sizeof(ig_amounts_t));

    if (!leg->sent || leg->endpoint == IG_NONE) {
        return;
    }

    ngx_memzero(&none, sizeof(ig_amounts_t));
    ngx_memzero(&usage, sizeof(ig_usage_t));

    if (leg->answer) {
        (void) ig_answer_end(leg->answer);
        ig_answer_usage(leg->answer, &usage);
    }

    estimate = leg->charge ? &leg->charge->query.amounts : &none;
    failed = (leg->upstream_status >= NGX_HTTP_BAD_REQUEST);

    actual->requests = estimate->requests;

    actual->input = (usage.said & IG_USAGE_INPUT) ? usage.input
                    : failed ? 0 : estimate->input;

    if (usage.said & IG_USAGE_OUTPUT) {
        actual->output = usage.output;

    } else if (leg->answer) {
        actual->output = ig_estimate_tokens(&usage.text);

    } else if (leg->upstream_status && !failed) {
        actual->output = estimate->output;
    }

    actual->cost = ig_price(leg->request->mcf->endpoints[leg->endpoint].row,
                            actual->input, actual->output);

    if (leg->r == leg->request->r && (leg->charge || usage.said)) {
        ngx_http_ig_add_tokens(leg, &usage, actual);
    }
}


/* a request may have had several answers to pay for; the outcome says their
   sum */

static void
ngx_http_ig_add_tokens(ngx_http_ig_leg_t *leg, ig_usage_t *usage,
    ig_amounts_t *actual)
{
    ig_tokens_t          *t;
    const ig_endpoint_t  *row;

    t = &leg->request->tokens;
    row = leg->request->mcf->endpoints[leg->endpoint].row;

    t->known = true;
    t->estimated |= (usage->said & (IG_USAGE_INPUT|IG_USAGE_OUTPUT))
                    != (IG_USAGE_INPUT|IG_USAGE_OUTPUT);
    t->input += actual->input;
    t->output += actual->output;
    t->cached += usage->cached;
    t->cache_written += usage->cache_written;
    t->reasoning += usage->reasoning;

    if (row->priced
        && (t->currency[0] == '\0'
            || ngx_memcmp(t->currency, row->currency, sizeof(t->currency))
               == 0))
    {
        ngx_memcpy(t->currency, row->currency, sizeof(t->currency));
        t->cost += actual->cost;
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
    const ig_quota_t         *quota;
    ngx_http_ig_charge_t     *c;
    ngx_http_ig_main_conf_t  *mcf;

    c = leg->charge;
    mcf = leg->request->mcf;

    if (result->ncrossed == 0) {
        return;
    }

    quota = ngx_http_ig_quota(mcf, c->query.tenant);
    head = ngx_http_ig_record_head(r, mcf);

    for (i = 0; i < result->ncrossed; i++) {

        if (ngx_http_ig_audit_begin(mcf->audit, &b, 0) != NGX_OK) {
            ngx_http_ig_count_unrecorded(mcf);
            return;
        }

        ig_record_limit(&b, ngx_http_ig_audit_writer(mcf->audit), &head,
                        mcf->guard, c->query.tenant,
                        &quota->limits[result->crossed[i].state.limit],
                        &result->crossed[i]);

        (void) ngx_http_ig_audit_end(mcf->audit, &b, NULL);
    }
}


static ngx_uint_t
ngx_http_ig_is_batch(ngx_http_request_t *r, ngx_http_ig_loc_conf_t *lcf)
{
    ngx_http_variable_value_t  *v;

    if (lcf->batch < 0) {
        return 0;
    }

    v = ngx_http_ig_variable(r, lcf->batch);

    return v && (v->len != 1 || v->data[0] != '0');
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

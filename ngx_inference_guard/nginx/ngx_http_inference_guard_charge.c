
/*
 * What a leg is charged: who pays, an estimate before it leaves, and what it
 * took when it is over.
 */


#include "ngx_http_inference_guard.h"

#include <openssl/sha.h>


/* tokens of an answer whose length nobody has limited */
#define NGX_HTTP_IG_OUTPUT      1024

/* of the digest that stands for a key, a user or a task */
#define NGX_HTTP_IG_NAME_BYTES  12


static ngx_uint_t ngx_http_ig_charge_batch(ngx_http_request_t *r,
    ngx_http_ig_loc_conf_t *lcf);
static ig_str_t ngx_http_ig_charge_key(ngx_http_request_t *r);
static ngx_int_t ngx_http_ig_charge_digest(ngx_http_request_t *r,
    ngx_int_t index, ig_str_t said, ig_str_t *name);
static ngx_int_t ngx_http_ig_charge_model(ngx_http_request_t *r,
    ig_decision_t *d, ig_str_t *name);
static unsigned ngx_http_ig_charge_by(const ig_quota_t *quota);
static void ngx_http_ig_charge_tokens(ngx_http_ig_leg_t *leg,
    ig_usage_t *usage, ig_amounts_t *actual);


/* what the limits need to know of the request, in memory that lives with it */

ngx_int_t
ngx_http_ig_charge(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_decision_t *d, ig_asked_t *asked)
{
    uint64_t                 output, cap;
    unsigned                 by;
    const ig_quota_t        *quota;
    ngx_http_ig_charge_t    *c;
    ngx_http_ig_loc_conf_t  *lcf;

    quota = ngx_http_ig_quota(leg->request->mcf, d->facts.tenant);
    by = ngx_http_ig_charge_by(quota);
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
    c->query.read = !d->reading.operation->body;
    c->query.batch = ngx_http_ig_charge_batch(r, lcf);

    if (((by & IG_BY_MODEL)
         && ngx_http_ig_charge_model(r, d, &c->query.model) != NGX_OK)
        || ((by & IG_BY_KEY)
            && ngx_http_ig_charge_digest(r, NGX_DECLINED,
                                        ngx_http_ig_charge_key(r),
                                        &c->query.key) != NGX_OK)
        || ((by & IG_BY_USER)
            && ngx_http_ig_charge_digest(r, lcf->user, asked->user,
                                        &c->query.user) != NGX_OK)
        || ((by & IG_BY_TASK)
            && ngx_http_ig_charge_digest(r, lcf->task, asked->task,
                                        &c->query.task) != NGX_OK))
    {
        return NGX_ERROR;
    }

    leg->charge = c;
    c->query.amounts.requests = 1;

    if (!ngx_http_ig_counts_tokens(quota)) {
        return NGX_OK;
    }

    c->query.amounts.input = ig_estimate_reading(&d->reading);

    if (asked->generates) {
        cap = ngx_http_ig_cap(d, quota);
        output = asked->max_output;

        if (output == UINT64_MAX) {
            output = cap ? cap : NGX_HTTP_IG_OUTPUT;

        } else if (cap && output > cap) {
            output = cap;
        }

        c->query.amounts.output = (output > UINT64_MAX / asked->choices)
                                  ? UINT64_MAX : output * asked->choices;
    }

    ngx_http_ig_charge_cost(leg);

    return NGX_OK;
}


/* the credential without its scheme, as the tenant's own keys are compared */

static ig_str_t
ngx_http_ig_charge_key(ngx_http_request_t *r)
{
    ig_str_t                    key;
    ngx_int_t                  *index;
    ngx_uint_t                  i;
    ngx_http_ig_loc_conf_t     *lcf;
    ngx_http_variable_value_t  *v;

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_inference_guard_module);

    for (i = 0; lcf->tenant && i < lcf->tenant->nelts; i++) {

        index = lcf->tenant->elts;
        v = ngx_http_ig_variable(r, index[i]);

        if (v == NULL) {
            continue;
        }

        key.data = v->data;
        key.len = v->len;

        if (key.len > 7
            && ngx_strncasecmp(v->data, (u_char *) "Bearer ", 7) == 0)
        {
            key.data += 7;
            key.len -= 7;
        }

        return key;
    }

    return IG_NO_STR;
}


/*
 * A user, a task, a key: what tells them apart, and never what they are.  The
 * labels of limits are shown to operators, and a user's name may be an e-mail
 * address.  A variable of the location goes before what the body says.
 */

static ngx_int_t
ngx_http_ig_charge_digest(ngx_http_request_t *r, ngx_int_t index, ig_str_t said,
    ig_str_t *name)
{
    u_char                     *p, digest[SHA256_DIGEST_LENGTH];
    ngx_http_variable_value_t  *v;

    if (index >= 0) {

        /* nothing in the body can stand in for what the operator named */

        said = IG_NO_STR;
        v = ngx_http_ig_variable(r, index);

        if (v) {
            said.data = v->data;
            said.len = v->len;
        }
    }

    if (said.len == 0) {
        return NGX_OK;
    }

    (void) SHA256(said.data, said.len, digest);

    p = ngx_pnalloc(r->pool, 2 * NGX_HTTP_IG_NAME_BYTES);
    if (p == NULL) {
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(p, digest, NGX_HTTP_IG_NAME_BYTES);

    name->data = p;
    name->len = 2 * NGX_HTTP_IG_NAME_BYTES;

    return NGX_OK;
}


/* a model whose name may itself be personal data is no label, either */

static ngx_int_t
ngx_http_ig_charge_model(ngx_http_request_t *r, ig_decision_t *d,
    ig_str_t *name)
{
    u_char    *p;
    ig_str_t   model;

    model = d->reading.model;

    if (model.len == 0) {
        return NGX_OK;
    }

    if (!ngx_http_ig_model_is_clean(d)) {
        return ngx_http_ig_charge_digest(r, NGX_DECLINED, model, name);
    }

    p = ngx_pnalloc(r->pool, model.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(p, model.data, model.len);

    name->data = p;
    name->len = model.len;

    return NGX_OK;
}


/* whether what an answer takes matters to any of them */

ngx_uint_t
ngx_http_ig_counts_tokens(const ig_quota_t *quota)
{
    size_t  i;

    for (i = 0; i < quota->nlimits; i++) {

        switch (quota->limits[i].of) {

        case IG_LIMIT_TOKENS:
        case IG_LIMIT_TOKENS_IN:
        case IG_LIMIT_TOKENS_OUT:
        case IG_LIMIT_COST:
            return 1;

        default:
            break;
        }
    }

    return 0;
}


static unsigned
ngx_http_ig_charge_by(const ig_quota_t *quota)
{
    size_t    i;
    unsigned  by;

    by = 0;

    for (i = 0; i < quota->nlimits; i++) {
        by |= quota->limits[i].by;
    }

    return by;
}


/* of the amounts, at the price of the endpoint that is meant */

void
ngx_http_ig_charge_cost(ngx_http_ig_leg_t *leg)
{
    ig_amounts_t          *amounts;
    ngx_http_ig_charge_t  *c;
    const ig_endpoint_t   *row;

    c = leg->charge;
    amounts = &c->query.amounts;
    row = leg->request->mcf->endpoints[c->query.endpoint].row;

    amounts->cost = ig_price(row, amounts->input, amounts->output);
    amounts->cost_input = ig_price(row, amounts->input, 0);

    c->limited.reckoned = true;
    c->limited.amounts = *amounts;

    if (row->priced) {
        ngx_memcpy(c->limited.currency, row->currency,
                   sizeof(c->limited.currency));
    }
}


static ngx_uint_t
ngx_http_ig_charge_batch(ngx_http_request_t *r, ngx_http_ig_loc_conf_t *lcf)
{
    ngx_http_variable_value_t  *v;

    if (lcf->batch < 0) {
        return 0;
    }

    v = ngx_http_ig_variable(r, lcf->batch);

    return v && (v->len != 1 || v->data[0] != '0');
}


/*
 * What a leg took.  The provider's own figures count; where it says none, the
 * estimate of what was sent and the text that came back do.  An answer that
 * went by unread counts as much as was reserved for it.
 */

void
ngx_http_ig_charge_actual(ngx_http_ig_leg_t *leg, ig_amounts_t *actual)
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

        /* without memory for the last event, what came before it counts */

        if (ig_answer_end(leg->answer) != IG_OK) {
            ngx_log_error(NGX_LOG_WARN, leg->r->connection->log, 0,
                          "inference guard: the answer was not followed to "
                          "its end");
        }

        ig_answer_usage(leg->answer, &usage);
    }

    estimate = leg->charge ? &leg->charge->query.amounts : &none;
    failed = (leg->upstream_status >= NGX_HTTP_BAD_REQUEST);

    actual->requests = estimate->requests;

    actual->input = (usage.said & IG_USAGE_INPUT) ? usage.input
                    : failed ? 0 : estimate->input;

    if (usage.said & IG_USAGE_OUTPUT) {
        actual->output = usage.output;

        if (usage.after) {
            actual->output = ngx_max(actual->output,
                                     ig_estimate_tokens(&usage.text));
        }

    } else if (leg->answer) {
        actual->output = ig_estimate_tokens(&usage.text);

    } else if (leg->upstream_status && !failed) {
        actual->output = estimate->output;
    }

    actual->cost = ig_price(leg->request->mcf->endpoints[leg->endpoint].row,
                            actual->input, actual->output);

    if (leg->r == leg->request->r
        && (usage.said || (leg->charge && leg->charge->limited.reckoned)))
    {
        ngx_http_ig_charge_tokens(leg, &usage, actual);
    }
}


/* a request may have had several answers to pay for; the outcome says their
   sum */

static void
ngx_http_ig_charge_tokens(ngx_http_ig_leg_t *leg, ig_usage_t *usage,
    ig_amounts_t *actual)
{
    ig_tokens_t          *t;
    const ig_endpoint_t  *row;

    t = &leg->request->tokens;
    row = leg->request->mcf->endpoints[leg->endpoint].row;

    t->known = true;
    t->estimated |= (usage->said & (IG_USAGE_INPUT|IG_USAGE_OUTPUT))
                    != (IG_USAGE_INPUT|IG_USAGE_OUTPUT)
                    || usage->after;
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

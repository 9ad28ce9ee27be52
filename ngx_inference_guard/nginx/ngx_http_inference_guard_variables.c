
/*
 * $inference_guard_...: every fact and decision.  None is cached by NGINX: a
 * map that looked before the decision must not keep what it saw.  None holds a
 * byte of what was found.
 */


#include "ngx_http_inference_guard.h"


typedef enum {
    NGX_HTTP_IG_VAR_DECISION = 0,
    NGX_HTTP_IG_VAR_REASON,
    NGX_HTTP_IG_VAR_RULE,
    NGX_HTTP_IG_VAR_RULES,
    NGX_HTTP_IG_VAR_WOULD,
    NGX_HTTP_IG_VAR_MODE,
    NGX_HTTP_IG_VAR_JURISDICTIONS,
    NGX_HTTP_IG_VAR_CLIENT_COUNTRY,
    NGX_HTTP_IG_VAR_TENANT,
    NGX_HTTP_IG_VAR_SCHEME,
    NGX_HTTP_IG_VAR_UPSTREAM,
    NGX_HTTP_IG_VAR_HOST,
    NGX_HTTP_IG_VAR_ENDPOINT,
    NGX_HTTP_IG_VAR_ENDPOINT_COUNTRY,
    NGX_HTTP_IG_VAR_ADDRESS,
    NGX_HTTP_IG_VAR_FINDINGS,
    NGX_HTTP_IG_VAR_DIALECT,
    NGX_HTTP_IG_VAR_OPERATION,
    NGX_HTTP_IG_VAR_MODEL,
    NGX_HTTP_IG_VAR_STREAM,
    NGX_HTTP_IG_VAR_POLICY,
    NGX_HTTP_IG_VAR_TIME,
    NGX_HTTP_IG_VAR_LIMIT,
    NGX_HTTP_IG_VAR_TOKENS_INPUT,
    NGX_HTTP_IG_VAR_TOKENS_OUTPUT,
    NGX_HTTP_IG_VAR_COST,
    NGX_HTTP_IG_VAR_REQUEST_ID
} ngx_http_ig_variable_e;


static ngx_int_t ngx_http_ig_fact_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_ig_endpoint_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_ig_decision_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_ig_limit_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_ig_tokens_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_ig_rules_text(ngx_http_request_t *r,
    ngx_http_ig_request_t *req, ngx_str_t *text);
static ngx_int_t ngx_http_ig_time_text(ngx_http_request_t *r,
    ngx_http_ig_request_t *req, ngx_str_t *text);
static ngx_int_t ngx_http_ig_set_value(ngx_http_variable_value_t *v,
    ngx_str_t *text);


#define ngx_http_ig_var(name, handler, data)                                  \
    { ngx_string("inference_guard_" name), NULL, handler, data,               \
      NGX_HTTP_VAR_NOCACHEABLE, 0 }

static ngx_http_variable_t  ngx_http_ig_vars[] = {

    ngx_http_ig_var("decision", ngx_http_ig_decision_variable,
                    NGX_HTTP_IG_VAR_DECISION),
    ngx_http_ig_var("reason", ngx_http_ig_decision_variable,
                    NGX_HTTP_IG_VAR_REASON),
    ngx_http_ig_var("rule", ngx_http_ig_decision_variable,
                    NGX_HTTP_IG_VAR_RULE),
    ngx_http_ig_var("rules", ngx_http_ig_decision_variable,
                    NGX_HTTP_IG_VAR_RULES),
    ngx_http_ig_var("would", ngx_http_ig_decision_variable,
                    NGX_HTTP_IG_VAR_WOULD),
    ngx_http_ig_var("jurisdictions", ngx_http_ig_decision_variable,
                    NGX_HTTP_IG_VAR_JURISDICTIONS),
    ngx_http_ig_var("findings", ngx_http_ig_decision_variable,
                    NGX_HTTP_IG_VAR_FINDINGS),
    ngx_http_ig_var("dialect", ngx_http_ig_decision_variable,
                    NGX_HTTP_IG_VAR_DIALECT),
    ngx_http_ig_var("operation", ngx_http_ig_decision_variable,
                    NGX_HTTP_IG_VAR_OPERATION),
    ngx_http_ig_var("model", ngx_http_ig_decision_variable,
                    NGX_HTTP_IG_VAR_MODEL),
    ngx_http_ig_var("stream", ngx_http_ig_decision_variable,
                    NGX_HTTP_IG_VAR_STREAM),
    ngx_http_ig_var("time", ngx_http_ig_decision_variable,
                    NGX_HTTP_IG_VAR_TIME),
    ngx_http_ig_var("address", ngx_http_ig_decision_variable,
                    NGX_HTTP_IG_VAR_ADDRESS),

    ngx_http_ig_var("limit", ngx_http_ig_limit_variable,
                    NGX_HTTP_IG_VAR_LIMIT),
    ngx_http_ig_var("tokens_input", ngx_http_ig_tokens_variable,
                    NGX_HTTP_IG_VAR_TOKENS_INPUT),
    ngx_http_ig_var("tokens_output", ngx_http_ig_tokens_variable,
                    NGX_HTTP_IG_VAR_TOKENS_OUTPUT),
    ngx_http_ig_var("cost", ngx_http_ig_tokens_variable,
                    NGX_HTTP_IG_VAR_COST),

    ngx_http_ig_var("scheme", ngx_http_ig_endpoint_variable,
                    NGX_HTTP_IG_VAR_SCHEME),
    ngx_http_ig_var("upstream", ngx_http_ig_endpoint_variable,
                    NGX_HTTP_IG_VAR_UPSTREAM),
    ngx_http_ig_var("host", ngx_http_ig_endpoint_variable,
                    NGX_HTTP_IG_VAR_HOST),
    ngx_http_ig_var("endpoint", ngx_http_ig_endpoint_variable,
                    NGX_HTTP_IG_VAR_ENDPOINT),
    ngx_http_ig_var("endpoint_country", ngx_http_ig_endpoint_variable,
                    NGX_HTTP_IG_VAR_ENDPOINT_COUNTRY),

    ngx_http_ig_var("mode", ngx_http_ig_fact_variable,
                    NGX_HTTP_IG_VAR_MODE),
    ngx_http_ig_var("client_country", ngx_http_ig_fact_variable,
                    NGX_HTTP_IG_VAR_CLIENT_COUNTRY),
    ngx_http_ig_var("tenant", ngx_http_ig_fact_variable,
                    NGX_HTTP_IG_VAR_TENANT),
    ngx_http_ig_var("policy", ngx_http_ig_fact_variable,
                    NGX_HTTP_IG_VAR_POLICY),
    ngx_http_ig_var("request_id", ngx_http_ig_fact_variable,
                    NGX_HTTP_IG_VAR_REQUEST_ID),

      ngx_http_null_variable
};


ngx_int_t
ngx_http_ig_add_variables(ngx_conf_t *cf)
{
    ngx_http_variable_t  *var, *v;

    for (v = ngx_http_ig_vars; v->name.len; v++) {
        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;
        var->data = v->data;
    }

    return NGX_OK;
}


/* known in every phase, guarded or not */

static ngx_int_t
ngx_http_ig_fact_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    uint32_t                  tenant;
    ngx_str_t                 text;
    ig_country_t              country;
    ngx_http_ig_request_t    *req;
    ngx_http_ig_loc_conf_t   *lcf;
    ngx_http_ig_main_conf_t  *mcf;

    static ngx_str_t  modes[] = {
        ngx_string("off"),
        ngx_string("on"),
        ngx_string("audit")
    };

    mcf = ngx_http_get_module_main_conf(r, ngx_http_inference_guard_module);
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_inference_guard_module);

    ngx_str_null(&text);

    if (mcf->guard == NULL) {
        return ngx_http_ig_set_value(v, &text);
    }

    req = ngx_http_ig_find(r);

    if (req && req->state == NGX_HTTP_IG_UNDECIDED) {
        req = NULL;
    }

    switch (data) {

    case NGX_HTTP_IG_VAR_MODE:
        text = modes[req ? req->mode : lcf->mode];
        break;

    case NGX_HTTP_IG_VAR_CLIENT_COUNTRY:
        country = req ? req->client_country
                      : ngx_http_ig_client_country(r, mcf);

        text = ngx_http_ig_to_ngx(ig_country_code(country));
        break;

    case NGX_HTTP_IG_VAR_TENANT:
        tenant = req ? req->tenant : ngx_http_ig_tenant_row(r, mcf);

        if (tenant != IG_NONE) {
            text = ngx_http_ig_to_ngx(mcf->policy->tenants[tenant].name);
        }

        break;

    case NGX_HTTP_IG_VAR_POLICY:
        text = mcf->digest;
        break;

    default: /* NGX_HTTP_IG_VAR_REQUEST_ID */

        if (mcf->used) {
            text = ngx_http_ig_request_id(r, mcf);
        }

        break;
    }

    return ngx_http_ig_set_value(v, &text);
}


/* of the leg's endpoint; empty, which leads nowhere, without a permission */

static ngx_int_t
ngx_http_ig_endpoint_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                text;
    ngx_http_ig_leg_t       *leg;
    ngx_http_ig_endpoint_t  *ep;

    ngx_str_null(&text);

    leg = ngx_http_ig_get_leg(r);

    if (leg == NULL || leg->request == NULL
        || leg->request->state != NGX_HTTP_IG_DECIDED
        || leg->endpoint == IG_NONE)
    {
        return ngx_http_ig_set_value(v, &text);
    }

    ep = &leg->request->mcf->endpoints[leg->endpoint];

    switch (data) {

    case NGX_HTTP_IG_VAR_SCHEME:
        text = ep->scheme;
        break;

    case NGX_HTTP_IG_VAR_UPSTREAM:
        text = ep->upstream_name;
        break;

    case NGX_HTTP_IG_VAR_HOST:
        text = ep->host;
        break;

    case NGX_HTTP_IG_VAR_ENDPOINT:
        text = ep->name;
        break;

    default: /* NGX_HTTP_IG_VAR_ENDPOINT_COUNTRY */
        text = ep->country;
        break;
    }

    return ngx_http_ig_set_value(v, &text);
}


static ngx_int_t
ngx_http_ig_decision_variable(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t               text;
    ngx_http_ig_request_t  *req;

    ngx_str_null(&text);

    req = ngx_http_ig_find(r);

    if (req == NULL || req->state != NGX_HTTP_IG_DECIDED) {
        return ngx_http_ig_set_value(v, &text);
    }

    switch (data) {

    case NGX_HTTP_IG_VAR_DECISION:
        text = ngx_http_ig_to_ngx(ig_verdict_name(req->verdict.word));
        break;

    case NGX_HTTP_IG_VAR_REASON:
        if (req->reason != IG_REASON_NONE) {
            text = ngx_http_ig_to_ngx(ig_reason_code(req->reason));
        }

        break;

    case NGX_HTTP_IG_VAR_RULE:
        if (req->verdict.rule != IG_NONE) {
            text = ngx_http_ig_to_ngx(
                       req->mcf->policy->rules[req->verdict.rule].id);

        } else if (req->verdict.ncauses) {
            text = ngx_http_ig_to_ngx(
                       req->mcf->policy->rules[req->verdict.causes[0]].id);
        }

        break;

    case NGX_HTTP_IG_VAR_RULES:
        if (ngx_http_ig_rules_text(r, req, &text) != NGX_OK) {
            return NGX_ERROR;
        }

        break;

    case NGX_HTTP_IG_VAR_WOULD:
        text = req->would;
        break;

    case NGX_HTTP_IG_VAR_JURISDICTIONS:
        text = req->jurisdictions;
        break;

    case NGX_HTTP_IG_VAR_FINDINGS:
        text = req->findings;
        break;

    case NGX_HTTP_IG_VAR_DIALECT:
        if (req->dialect != IG_DIALECT_NONE) {
            text = ngx_http_ig_to_ngx(ig_dialect_name(req->dialect));
        }

        break;

    case NGX_HTTP_IG_VAR_OPERATION:
        if (req->operation) {
            text = ngx_http_ig_to_ngx(req->operation->name);
        }

        break;

    case NGX_HTTP_IG_VAR_MODEL:
        text = req->model;
        break;

    case NGX_HTTP_IG_VAR_STREAM:
        if (req->stream) {
            ngx_str_set(&text, "1");
        }

        break;

    case NGX_HTTP_IG_VAR_ADDRESS:
        text.data = req->address;
        text.len = req->address_len;
        break;

    default: /* NGX_HTTP_IG_VAR_TIME */

        if (ngx_http_ig_time_text(r, req, &text) != NGX_OK) {
            return NGX_ERROR;
        }

        break;
    }

    return ngx_http_ig_set_value(v, &text);
}


/* the limit that refused, on any way that the request took; the last one */

static ngx_int_t
ngx_http_ig_limit_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t               text;
    ngx_http_ig_leg_t      *leg;
    ngx_http_ig_charge_t   *c;
    ngx_http_ig_request_t  *req;

    ngx_str_null(&text);

    req = ngx_http_ig_find(r);

    for (leg = req ? req->legs : NULL; leg; leg = leg->next) {

        c = leg->charge;

        if (c && c->reason != IG_REASON_NONE && c->limited.hit) {
            text = ngx_http_ig_to_ngx(c->limited.hit->name);
            break;
        }
    }

    return ngx_http_ig_set_value(v, &text);
}


/* known when the request has ended: our log handler runs before all others */

static ngx_int_t
ngx_http_ig_tokens_variable(ngx_http_request_t *r, ngx_http_variable_value_t *v,
    uintptr_t data)
{
    ngx_str_t               text;
    ig_tokens_t            *t;
    ngx_http_ig_request_t  *req;

    ngx_str_null(&text);

    req = ngx_http_ig_find(r);
    t = req ? &req->tokens : NULL;

    if (t == NULL || !req->logged || !t->known
        || (data == NGX_HTTP_IG_VAR_COST && t->currency[0] == '\0'))
    {
        return ngx_http_ig_set_value(v, &text);
    }

    text.data = ngx_pnalloc(r->pool, NGX_INT64_LEN + sizeof(".000000000"));
    if (text.data == NULL) {
        return NGX_ERROR;
    }

    switch (data) {

    case NGX_HTTP_IG_VAR_TOKENS_INPUT:
        text.len = (size_t) (ngx_sprintf(text.data, "%uL", t->input)
                             - text.data);
        break;

    case NGX_HTTP_IG_VAR_TOKENS_OUTPUT:
        text.len = (size_t) (ngx_sprintf(text.data, "%uL", t->output)
                             - text.data);
        break;

    default: /* NGX_HTTP_IG_VAR_COST */
        text.len = (size_t) (ngx_sprintf(text.data, "%uL.%09uL",
                                         t->cost / 1000000000,
                                         t->cost % 1000000000)
                             - text.data);
        break;
    }

    return ngx_http_ig_set_value(v, &text);
}


static ngx_int_t
ngx_http_ig_rules_text(ngx_http_request_t *r, ngx_http_ig_request_t *req,
    ngx_str_t *text)
{
    u_char            *p;
    size_t             i, n, len;
    const ig_rule_t   *rules;

    rules = req->mcf->policy->rules;
    n = req->verdict.ncauses;
    len = 0;

    for (i = 0; i < n; i++) {
        len += rules[req->verdict.causes[i]].id.len + 1;
    }

    if (n == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    text->data = p;
    text->len = len - 1;

    for (i = 0; i < n; i++) {
        if (i) {
            *p++ = ',';
        }

        p = ngx_cpymem(p, rules[req->verdict.causes[i]].id.data,
                       rules[req->verdict.causes[i]].id.len);
    }

    return NGX_OK;
}


/* seconds, with microseconds */

static ngx_int_t
ngx_http_ig_time_text(ngx_http_request_t *r, ngx_http_ig_request_t *req,
    ngx_str_t *text)
{
    text->data = ngx_pnalloc(r->pool, NGX_INT64_LEN + 8);
    if (text->data == NULL) {
        return NGX_ERROR;
    }

    text->len = (size_t) (ngx_sprintf(text->data, "%uL.%06uL",
                                      req->guard_us / 1000000,
                                      req->guard_us % 1000000)
                          - text->data);

    return NGX_OK;
}


static ngx_int_t
ngx_http_ig_set_value(ngx_http_variable_value_t *v, ngx_str_t *text)
{
    if (text->len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    v->data = text->data;
    v->len = text->len;
    v->valid = 1;
    v->no_cacheable = 1;
    v->not_found = 0;

    return NGX_OK;
}


/*
 * What a request keeps of a decision, whose own memory is the worker's scratch:
 * the verdict, and the texts of the variables.
 */


#include "ngx_http_inference_guard.h"


static ngx_int_t ngx_http_ig_keep_jurisdictions(ngx_http_request_t *r,
    ngx_http_ig_request_t *req, ig_decision_t *d);
static ngx_int_t ngx_http_ig_keep_uri(ngx_http_request_t *r,
    ngx_http_ig_request_t *req, ig_request_t *ir);
static ngx_int_t ngx_http_ig_keep_model(ngx_http_request_t *r,
    ngx_http_ig_request_t *req, ig_decision_t *d);
static ngx_uint_t ngx_http_ig_model_is_text(ngx_http_request_t *r,
    ig_decision_t *d);
static ngx_int_t ngx_http_ig_keep_verdict(ngx_http_request_t *r,
    ngx_http_ig_kept_t *kept, ig_verdict_t *v);
static ngx_int_t ngx_http_ig_keep_findings(ngx_http_request_t *r,
    ngx_http_ig_request_t *req, ig_decision_t *d);
static ngx_int_t ngx_http_ig_copy(ngx_pool_t *pool, ngx_str_t *dst,
    ig_str_t src);


ngx_int_t
ngx_http_ig_keep(ngx_http_request_t *r, ngx_http_ig_request_t *req,
    ig_decision_t *d, ig_request_t *ir)
{
    if (ngx_http_ig_keep_verdict(r, &req->verdict, &d->verdict) != NGX_OK) {
        return NGX_ERROR;
    }

    req->dialect = d->reading.dialect;
    req->operation = d->reading.operation;
    req->stream = d->reading.stream;
    req->tenant = d->facts.tenant;
    req->client_country = d->facts.client_country;

    if (d->would_differs
        && ngx_http_ig_copy(r->pool, &req->would,
                            d->would.word == IG_VERDICT_BLOCK
                                ? ig_reason_code(d->would.reason)
                                : ig_verdict_name(d->would.word))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_http_ig_keep_jurisdictions(r, req, d) != NGX_OK
        || ngx_http_ig_keep_uri(r, req, ir) != NGX_OK
        || ngx_http_ig_keep_model(r, req, d) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_ig_keep_findings(r, req, d);
}


static ngx_int_t
ngx_http_ig_keep_verdict(ngx_http_request_t *r, ngx_http_ig_kept_t *kept,
    ig_verdict_t *v)
{
    kept->word = v->word;
    kept->reason = v->reason;
    kept->rule = v->rule;
    kept->ncauses = (uint32_t) ngx_min(v->ncauses, IG_MAX_CAUSES);

    ngx_memcpy(kept->permitted, v->permitted, sizeof(kept->permitted));

    if (kept->ncauses == 0) {
        return NGX_OK;
    }

    kept->causes = ngx_palloc(r->pool, kept->ncauses * sizeof(uint32_t));
    if (kept->causes == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(kept->causes, v->causes, kept->ncauses * sizeof(uint32_t));

    return NGX_OK;
}


static ngx_int_t
ngx_http_ig_keep_jurisdictions(ngx_http_request_t *r,
    ngx_http_ig_request_t *req, ig_decision_t *d)
{
    u_char        *p;
    size_t         n;
    ig_country_t   c;

    n = ig_countries_size(&d->facts.jurisdictions);

    p = ngx_pnalloc(r->pool, 3 * n + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    req->jurisdictions.data = p;

    for (c = ig_countries_next(&d->facts.jurisdictions, 1);
         c != IG_COUNTRY_UNKNOWN;
         c = ig_countries_next(&d->facts.jurisdictions,
                               (ig_country_t) (c + 1)))
    {
        if (p != req->jurisdictions.data) {
            *p++ = ',';
        }

        p = ngx_cpymem(p, ig_country_code(c).data, 2);
    }

    req->jurisdictions.len = (size_t) (p - req->jurisdictions.data);

    return NGX_OK;
}


static ngx_int_t
ngx_http_ig_keep_uri(ngx_http_request_t *r, ngx_http_ig_request_t *req,
    ig_request_t *ir)
{
    u_char  *p;

    req->uri.len = ir->path.len + (ir->args.len ? 1 + ir->args.len : 0);

    p = ngx_pnalloc(r->pool, req->uri.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    req->uri.data = p;

    p = ngx_cpymem(p, ir->path.data, ir->path.len);

    if (ir->args.len) {
        *p++ = '?';
        ngx_memcpy(p, ir->args.data, ir->args.len);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ig_keep_model(ngx_http_request_t *r, ngx_http_ig_request_t *req,
    ig_decision_t *d)
{
    ig_str_t  model;

    model = d->reading.model;

    req->model_withheld = ngx_http_ig_model_is_text(r, d);

    if (d->reading.reason != IG_REASON_NONE
        || model.len == 0
        || !ngx_http_ig_model_is_clean(d))
    {
        return NGX_OK;
    }

    model.len = ngx_min(model.len, NGX_HTTP_IG_MODEL_MAX);

    return ngx_http_ig_copy(r->pool, &req->model, model);
}


/* withheld in the record, as ig_record_decision() has it: an answer may repeat
   it */

static ngx_uint_t
ngx_http_ig_model_is_text(ngx_http_request_t *r, ig_decision_t *d)
{
    ig_str_t  model;

    model = d->reading.model;

    if (d->reading.reason != IG_REASON_NONE) {
        return 1;
    }

    if (model.len == 0) {
        return 0;
    }

    return (model.data >= r->uri.data
            && model.data < r->uri.data + r->uri.len)
           || !ngx_http_ig_model_is_clean(d);
}


/* a model's name may itself be a finding: then it is not shown */

ngx_uint_t
ngx_http_ig_model_is_clean(ig_decision_t *d)
{
    size_t               i, start, end;
    ig_str_t             body, model;
    ngx_uint_t           inside;
    const ig_finding_t  *f;
    const ig_block_t    *block;

    ngx_str_null(&body);
    model = d->reading.model;

    for (i = 0; i < d->findings.n; i++) {
        f = &d->findings.items[i];
        block = &d->reading.blocks[f->block];

        if (block->kind != IG_BLOCK_BODY) {
            continue;
        }

        body = block->bytes;
        inside = (model.data >= body.data
                  && model.data + model.len <= body.data + body.len);

        if (!inside) {
            /* it was unescaped elsewhere: no telling */
            return 0;
        }

        start = (size_t) (model.data - body.data);
        end = start + model.len;

        if (f->start < end && f->end > start) {
            return 0;
        }
    }

    return 1;
}


static ngx_int_t
ngx_http_ig_keep_findings(ngx_http_request_t *r, ngx_http_ig_request_t *req,
    ig_decision_t *d)
{
    u_char               *p, *last;
    size_t                i, j, n, len;
    uint32_t              rows[32], counts[32];
    const ig_finding_t   *f;
    const ig_detector_t  *detectors;

    n = 0;
    len = 0;
    detectors = req->mcf->policy->detectors;

    for (i = 0; i < d->findings.n; i++) {
        f = &d->findings.items[i];

        if (f->score < IG_SCORE_DEFAULT) {
            continue;
        }

        for (j = 0; j < n && rows[j] != f->detector; j++) { /* void */ }

        if (j == n) {
            if (n == 32) {
                continue;
            }

            rows[n] = f->detector;
            counts[n++] = 0;
            len += detectors[f->detector].id.len + NGX_INT32_LEN + 2;
        }

        counts[j]++;
    }

    if (n == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    req->findings.data = p;
    last = p + len;

    for (j = 0; j < n; j++) {
        if (j) {
            *p++ = ',';
        }

        p = ngx_slprintf(p, last, "%*s:%uD", detectors[rows[j]].id.len,
                         detectors[rows[j]].id.data, counts[j]);
    }

    req->findings.len = (size_t) (p - req->findings.data);

    return NGX_OK;
}


static ngx_int_t
ngx_http_ig_copy(ngx_pool_t *pool, ngx_str_t *dst, ig_str_t src)
{
    dst->data = ngx_pnalloc(pool, src.len + 1);
    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(dst->data, src.data, src.len);
    dst->len = src.len;

    return NGX_OK;
}

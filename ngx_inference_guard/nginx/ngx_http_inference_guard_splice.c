
/*
 * What the guard writes into a body, for its limits' sake: that a stream shall
 * say its usage, and the plan's cap of an answer's length.  Every other byte
 * stays as it was.
 */


#include "ngx_http_inference_guard.h"


static ngx_uint_t ngx_http_ig_says_usage(ngx_http_ig_main_conf_t *mcf,
    ig_decision_t *d);


/* NGX_ERROR: the request must be refused */

ngx_int_t
ngx_http_ig_splice(ngx_http_request_t *r, ngx_http_ig_request_t *req,
    ig_decision_t *d, const ig_quota_t *quota, ngx_str_t *body)
{
    ig_buf_t          b;
    ngx_str_t         spliced;
    ig_splice_t       splice;
    ig_splice_want_t  want;

    if (req->spliced.len || !d->reading.operation->body) {
        return NGX_OK;
    }

    ngx_memzero(&want, sizeof(ig_splice_want_t));

    want.include_usage = ngx_http_ig_counts_tokens(quota)
                         && ngx_http_ig_says_usage(req->mcf, d);
    want.cap = ngx_http_ig_cap(d, quota);
    want.cap_name = req->mcf->endpoints[d->endpoint].row->cap_completion
                    ? IG_CAP_MAX_COMPLETION_TOKENS : IG_CAP_MAX_TOKENS;

    if (ig_splice(ngx_http_ig_from_ngx(*body), d->reading.operation, &want,
                  &splice)
        != IG_OK)
    {
        return NGX_ERROR;
    }

    if (splice.edits.n == 0) {
        return NGX_OK;
    }

    spliced.len = ig_edits_size(&splice.edits, body->len);

    spliced.data = ngx_pnalloc(r->pool, spliced.len);
    if (spliced.data == NULL) {
        return NGX_ERROR;
    }

    ig_buf_fixed(&b, spliced.data, spliced.len);
    ig_edits_apply(&splice.edits, ngx_http_ig_from_ngx(*body), &b);

    if (b.failed || b.len != spliced.len) {
        return NGX_ERROR;
    }

    req->spliced = spliced;
    req->hide_usage = splice.hide_usage;

    return NGX_OK;
}


/* the body is one for all endpoints that it may come to */

static ngx_uint_t
ngx_http_ig_says_usage(ngx_http_ig_main_conf_t *mcf, ig_decision_t *d)
{
    size_t  i;

    for (i = 0; i < mcf->policy->nendpoints; i++) {
        if (ig_bit_get(d->verdict.permitted, i)
            && mcf->policy->endpoints[i].stream_usage_never)
        {
            return 0;
        }
    }

    return 1;
}


/*
 * What the guard writes into a body, for its limits' sake: that a stream shall
 * say its usage, and the plan's cap of an answer's length.  Every other byte
 * stays as it was.
 */


#include "ngx_http_inference_guard.h"


static ngx_uint_t ngx_http_ig_counts_tokens(const ig_quota_t *quota);


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

    want.include_usage = ngx_http_ig_counts_tokens(quota);
    want.cap = quota->cap_output;

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


static ngx_uint_t
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


/*
 * What the client reads when the guard refuses, and when NGINX does.
 *
 * Our refusals send their own header and body: error_page never sees them.
 * Errors that NGINX makes itself in a guarded location (not answers of an
 * upstream, nor the operator's own error pages) get the dialect's format in
 * the filters.  Event streams are not buffered.
 */


#include "ngx_http_inference_guard.h"


#define NGX_HTTP_IG_BODY_MAX   2048


static ngx_int_t ngx_http_ig_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_ig_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_uint_t ngx_http_ig_is_answer(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
static ngx_uint_t ngx_http_ig_is_own_error(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
static ngx_int_t ngx_http_ig_format_error(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
static ngx_uint_t ngx_http_ig_is_stream(ngx_http_request_t *r);
static ngx_buf_t *ngx_http_ig_error_body(ngx_http_request_t *r,
    ngx_http_ig_request_t *req, ngx_http_ig_leg_t *leg, ig_reason_t reason,
    ngx_uint_t status);
static ig_dialect_t ngx_http_ig_dialect(ngx_http_request_t *r,
    ngx_http_ig_request_t *req);
static ngx_int_t ngx_http_ig_error_headers(ngx_http_request_t *r,
    ngx_uint_t status, ngx_uint_t retry, uint64_t after, size_t len);
static uint64_t ngx_http_ig_retry_after(ngx_http_ig_leg_t *leg,
    ngx_uint_t status);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


ngx_int_t
ngx_http_ig_filter_init(ngx_conf_t *cf)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_ig_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_ig_body_filter;

    return NGX_OK;
}


ngx_int_t
ngx_http_ig_refuse(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_reason_t reason)
{
    ngx_int_t    rc;
    ngx_buf_t   *b;
    ngx_uint_t   status;
    ngx_chain_t  out;

    leg->reason = reason;
    leg->request->reason = reason;

    if (r->header_sent) {

        /* a post_action, or a redirect too late: there is nobody to tell */

        return NGX_ERROR;
    }

    leg->own = 1;

    status = ig_reason_status(reason);

    ngx_http_ig_count_reason(leg->request->mcf, reason);

    r->expect_tested = 1;

    if (ngx_http_discard_request_body(r) != NGX_OK) {
        r->keepalive = 0;
    }

    b = ngx_http_ig_error_body(r, leg->request, leg, reason, status);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_clean_header(r);

    r->err_status = 0;
    r->headers_out.status = status;

    if (ngx_http_ig_error_headers(r, status, ig_reason_retry(reason),
                                  ngx_http_ig_retry_after(leg, status),
                                  (size_t) (b->last - b->pos))
        != NGX_OK
        || ngx_http_ig_limit_headers(r, leg) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    b->last_buf = 1;
    b->last_in_chain = 1;

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


static ngx_int_t
ngx_http_ig_header_filter(ngx_http_request_t *r)
{
    ngx_http_ig_leg_t        *leg;
    ngx_http_ig_request_t    *req;
    ngx_http_ig_loc_conf_t   *lcf;
    ngx_http_ig_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_inference_guard_module);

    if (!mcf->used) {
        return ngx_http_next_header_filter(r);
    }

    leg = ngx_http_ig_get_leg(r);

    if (leg == NULL) {

        /* an error before any of our handlers ran: 400, 413 */

        lcf = ngx_http_get_module_loc_conf(r, ngx_http_inference_guard_module);

        if (r == r->main
            && lcf->mode != NGX_HTTP_IG_OFF
            && ngx_http_ig_is_own_error(r, NULL)
            && ngx_http_ig_format_error(r, NULL) != NGX_OK)
        {
            return NGX_ERROR;
        }

        return ngx_http_next_header_filter(r);
    }

    req = leg->request;

    if (req == NULL) {
        return ngx_http_next_header_filter(r);
    }

    if (req->probing == r) {
        req->probing = NULL;
        r->aio = 0;
    }

    if (leg->create_request && r->upstream
        && r->headers_out.status == NGX_HTTP_SWITCHING_PROTOCOLS)
    {
        /* a tunnel: nobody could see what goes through it, either way */

        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "inference guard: an endpoint answers 101, "
                      "and the connection stays what it is");

        return NGX_HTTP_BAD_GATEWAY;
    }

    if (r == r->main) {
        req->answered = 1;
        req->first_byte_ms = ngx_http_ig_elapsed_ms(r);
    }

    if (r != r->main || leg->own) {
        return ngx_http_next_header_filter(r);
    }

    if (ngx_http_ig_is_own_error(r, leg)) {

        if (ngx_http_ig_format_error(r, leg) != NGX_OK) {
            return NGX_ERROR;
        }

        return ngx_http_next_header_filter(r);
    }

    if (ngx_http_ig_limit_headers(r, leg) != NGX_OK) {
        return NGX_ERROR;
    }

    if (r->upstream) {

        if (ngx_http_ig_is_stream(r)) {
            r->upstream->buffering = 0;
        }

        if (ngx_http_ig_is_answer(r, leg)
            && ngx_http_ig_watch_answer(r, leg) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return ngx_http_next_header_filter(r);
}


/* from an endpoint, with a body; from a cache only if it may lose an event */

static ngx_uint_t
ngx_http_ig_is_answer(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    if (leg->create_request == NULL || r->header_only) {
        return 0;
    }

#if (NGX_HTTP_CACHE)
    if (r->cached) {
        return leg->request->hide_usage;
    }
#endif

    return r->upstream->cleanup != NULL;
}


static ngx_int_t
ngx_http_ig_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_chain_t         out, *cl;
    ngx_http_ig_leg_t  *leg;

    leg = ngx_http_get_module_ctx(r, ngx_http_inference_guard_module);

    if (leg == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    if (leg->answer) {
        ngx_http_ig_limit_extend(leg);

        if (leg->stream) {
            return ngx_http_ig_filter_answer(r, leg, in,
                                             ngx_http_next_body_filter);
        }

        ngx_http_ig_follow_answer(leg, in);
    }

    if (!leg->replace || in == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    for (cl = in; cl; cl = cl->next) {
        cl->buf->pos = cl->buf->last;
        cl->buf->file_pos = cl->buf->file_last;
    }

    if (leg->replaced) {
        return NGX_OK;
    }

    leg->replaced = 1;
    leg->error->last_buf = 1;
    leg->error->last_in_chain = 1;

    out.buf = leg->error;
    out.next = NULL;

    return ngx_http_next_body_filter(r, &out);
}


/*
 * ngx_http_special_response_handler() sets err_status and sends a text/html
 * page, or none, without Last-Modified.  While an upstream or a cache answers,
 * or in an error_page's location, err_status may be set as well.
 */

static ngx_uint_t
ngx_http_ig_is_own_error(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    ngx_str_t  *type;

    if (r->err_status < NGX_HTTP_BAD_REQUEST) {
        return 0;
    }

    if (leg && !leg->guarded) {
        return 0;
    }

#if (NGX_HTTP_CACHE)
    if (r->cached) {
        return 0;
    }
#endif

    if (r->upstream && r->upstream->cleanup) {
        return 0;
    }

    if (r->headers_out.last_modified_time != -1) {
        return 0;
    }

    type = &r->headers_out.content_type;

    return type->len == 0
           || (type->len == sizeof("text/html") - 1
               && ngx_strncmp(type->data, "text/html", type->len) == 0);
}


static ngx_int_t
ngx_http_ig_format_error(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    ngx_buf_t               *b;
    ngx_uint_t               status, retry;
    ig_reason_t              reason;
    ngx_http_ig_request_t   *req;

    req = leg ? leg->request : NULL;
    reason = leg ? leg->reason : IG_REASON_NONE;
    status = r->headers_out.status ? r->headers_out.status
                                   : (ngx_uint_t) r->err_status;

    if (leg && reason == IG_REASON_NONE
        && (status == NGX_HTTP_BAD_GATEWAY
            || status == NGX_HTTP_GATEWAY_TIME_OUT)
        && r->upstream && !r->upstream->request_sent)
    {
        /* no peer is alive, or none took a connection: nothing was sent */

        reason = IG_REASON_endpoints_down;
        leg->reason = reason;
    }

    if (leg && reason == IG_REASON_NONE && leg->exhausted
        && leg->endpoint == IG_NONE)
    {
        /* proxy_pass to an empty variable: NGINX says 500 */

        reason = IG_REASON_endpoints_down;
        leg->reason = reason;
    }

    if (reason != IG_REASON_NONE) {
        req->reason = reason;
        status = ig_reason_status(reason);
        retry = ig_reason_retry(reason);

        ngx_http_ig_count_reason(req->mcf, reason);

    } else {
        retry = ig_status_retry((unsigned) status);
    }

    b = ngx_http_ig_error_body(r, req, NULL, reason, status);
    if (b == NULL) {
        return NGX_ERROR;
    }

    if (leg == NULL || ngx_http_get_module_ctx(r,
                                               ngx_http_inference_guard_module)
                       != leg)
    {
        /* the body filter finds it in the request's own context */

        leg = ngx_pcalloc(r->pool, sizeof(ngx_http_ig_leg_t));
        if (leg == NULL) {
            return NGX_ERROR;
        }

        leg->request = req;
        leg->r = r;
        leg->endpoint = IG_NONE;

        ngx_http_set_ctx(r, leg, ngx_http_inference_guard_module);
    }

    leg->replace = 1;
    leg->error = b;

    r->err_status = (ngx_int_t) status;
    r->headers_out.status = status;
    r->headers_out.status_line.len = 0;

    return ngx_http_ig_error_headers(r, status, retry,
                                     ngx_http_ig_retry_after(NULL, status),
                                     (size_t) (b->last - b->pos));
}


/* answers that come piece by piece, and are to arrive so */

static ngx_uint_t
ngx_http_ig_is_stream(ngx_http_request_t *r)
{
    ngx_str_t   *type;
    ngx_uint_t   i;

    static ngx_str_t  streams[] = {
        ngx_string("text/event-stream"),
        ngx_string("application/x-ndjson")
    };

    type = &r->headers_out.content_type;

    for (i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        if (type->len >= streams[i].len
            && ngx_strncasecmp(type->data, streams[i].data, streams[i].len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_buf_t *
ngx_http_ig_error_body(ngx_http_request_t *r, ngx_http_ig_request_t *req,
    ngx_http_ig_leg_t *leg, ig_reason_t reason, ngx_uint_t status)
{
    ig_buf_t                  text;
    ngx_buf_t                *b;
    ngx_str_t                 id;
    ig_refusal_t              refusal;
    ngx_http_ig_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_inference_guard_module);
    id = ngx_http_ig_request_id(r, mcf);

    ngx_memzero(&refusal, sizeof(ig_refusal_t));

    refusal.dialect = ngx_http_ig_dialect(r, req);
    refusal.status = (unsigned) status;
    refusal.request_id = ngx_http_ig_from_ngx(id);

    if (reason != IG_REASON_NONE) {
        refusal.code = ig_reason_code(reason);
        refusal.text = ig_reason_text(reason);

    } else {
        refusal.code = ig_status_code((unsigned) status);
        refusal.text = ig_status_text((unsigned) status);
    }

    if (req && reason == req->verdict.reason
        && reason != IG_REASON_NONE
        && req->verdict.rule != IG_NONE
        && req->verdict.rule < mcf->policy->nrules)
    {
        refusal.rule = mcf->policy->rules[req->verdict.rule].id;
    }

    if (leg && leg->charge && leg->charge->reason == reason) {
        refusal.retry_after = ngx_http_ig_retry_after(leg, status);

        if (leg->charge->limited.hit) {
            refusal.limit = leg->charge->limited.hit->name;
        }
    }

    b = ngx_create_temp_buf(r->pool, NGX_HTTP_IG_BODY_MAX);
    if (b == NULL) {
        return NULL;
    }

    ig_buf_fixed(&text, b->start, NGX_HTTP_IG_BODY_MAX);
    ig_refusal_body(&refusal, &text);

    if (text.failed) {
        refusal.rule = IG_NO_STR;
        ig_buf_fixed(&text, b->start, NGX_HTTP_IG_BODY_MAX);
        ig_refusal_body(&refusal, &text);

        if (text.failed) {
            return NULL;
        }
    }

    b->last = b->pos + text.len;

    return b;
}


static ig_dialect_t
ngx_http_ig_dialect(ngx_http_request_t *r, ngx_http_ig_request_t *req)
{
    ngx_str_t              name;
    ngx_uint_t             i, anthropic;
    ig_reason_t            reason;
    ngx_list_part_t       *part;
    ngx_table_elt_t       *header;
    const ig_operation_t  *op;

    if (req && req->state == NGX_HTTP_IG_DECIDED
        && req->dialect != IG_DIALECT_NONE)
    {
        return req->dialect;
    }

    anthropic = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (header[i].lowcase_key == NULL) {
                continue;
            }

            name.data = header[i].lowcase_key;
            name.len = header[i].key.len;

            if (ngx_http_ig_header_kind(&name) == NGX_HTTP_IG_HEADER_ANTHROPIC)
            {
                anthropic = 1;
            }
        }
    }

    op = ig_operation_find(ngx_http_ig_from_ngx(r->method_name),
                           ngx_http_ig_from_ngx(r->uri), anthropic != 0,
                           &reason);
    if (op) {
        return op->dialect;
    }

    return anthropic ? IG_DIALECT_ANTHROPIC : IG_DIALECT_NONE;
}


static ngx_int_t
ngx_http_ig_error_headers(ngx_http_request_t *r, ngx_uint_t status,
    ngx_uint_t retry, uint64_t after, size_t len)
{
    u_char                   *p;
    ngx_str_t                 id;
    ngx_http_ig_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_inference_guard_module);

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;
    ngx_str_null(&r->headers_out.charset);
    r->headers_out.content_length_n = (off_t) len;

    if (r->headers_out.content_length) {
        r->headers_out.content_length->hash = 0;
        r->headers_out.content_length = NULL;
    }

    if (!retry
        && ngx_http_ig_add_header(r, "x-should-retry", "false") != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (after) {
        p = ngx_pnalloc(r->pool, NGX_INT64_LEN + 1);
        if (p == NULL) {
            return NGX_ERROR;
        }

        *ngx_sprintf(p, "%uL", after) = '\0';

        if (ngx_http_ig_add_header(r, "Retry-After", (char *) p) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    if (status == NGX_HTTP_UNAUTHORIZED
        && r->headers_out.www_authenticate == NULL
        && ngx_http_ig_add_header(r, "WWW-Authenticate", "Bearer") != NGX_OK)
    {
        return NGX_ERROR;
    }

    id = ngx_http_ig_request_id(r, mcf);

    p = ngx_pnalloc(r->pool, id.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_cpystrn(p, id.data, id.len + 1);

    if (ngx_http_ig_add_header(r, "x-request-id", (char *) p) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_ig_add_header(r, "request-id", (char *) p);
}


/* seconds; 0: nothing is said */

static uint64_t
ngx_http_ig_retry_after(ngx_http_ig_leg_t *leg, ngx_uint_t status)
{
    uint64_t  ns;

    if (leg && leg->charge && leg->charge->reason == leg->reason
        && leg->charge->retry_ns)
    {
        ns = leg->charge->retry_ns;

        return ns / 1000000000 + (ns % 1000000000 ? 1 : 0);
    }

    return (status == NGX_HTTP_SERVICE_UNAVAILABLE) ? 1 : 0;
}


ngx_int_t
ngx_http_ig_add_header(ngx_http_request_t *r, const char *name,
    const char *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = 1;
    ngx_http_ig_header_single(h);
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value.data = (u_char *) value;
    h->value.len = ngx_strlen(value);

    return NGX_OK;
}

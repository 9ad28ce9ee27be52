
/*
 * From NGINX's request to the engine's, and its decision.  The record is
 * rendered here, while the decision's memory (the worker's scratch) is still
 * good.
 */


#include "ngx_http_inference_guard.h"

#include <time.h>


/* what the headers say, scanned once a request */
struct ngx_http_ig_headers_s {
    ig_header_t   *text;
    ngx_uint_t     ntext;
    ngx_str_t      encoding;
    ngx_str_t      trace;
    ngx_uint_t     ntraces;
    ngx_uint_t     nencodings;
    ngx_uint_t     ntypes;
    ngx_uint_t     anthropic;
};


static ngx_http_ig_headers_t *ngx_http_ig_scan_headers(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
static ngx_uint_t ngx_http_ig_plain_path(ngx_http_request_t *r);
static void ngx_http_ig_sent_args(ngx_http_request_t *r, ngx_str_t *args);
static ngx_uint_t ngx_http_ig_known_encoding(ngx_str_t *encoding);
static ig_reason_t ngx_http_ig_take_body(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg, ngx_http_ig_headers_t *hs, ngx_str_t *body,
    void **copy);
static ngx_int_t ngx_http_ig_run(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ngx_http_ig_headers_t *hs, ig_reason_t reason, ngx_str_t *body,
    ngx_uint_t early);
static void ngx_http_ig_record(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_decision_t *d, ig_request_t *ir);
static uint64_t ngx_http_ig_now_us(void);


ig_reason_t
ngx_http_ig_early_reason(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    ig_reason_t              reason;
    ngx_http_ig_headers_t   *hs;
    ngx_http_ig_loc_conf_t  *lcf;

    if (!ngx_http_ig_plain_path(r)) {
        return IG_REASON_raw_path_differs;
    }

    hs = ngx_http_ig_scan_headers(r, leg);
    if (hs == NULL) {
        return IG_REASON_internal_error;
    }

    if (ig_operation_find(ngx_http_ig_from_ngx(r->method_name),
                          ngx_http_ig_from_ngx(r->uri), hs->anthropic != 0,
                          &reason)
        == NULL)
    {
        return reason;
    }

    if (hs->ntypes > 1) {
        return IG_REASON_unsupported_media_type;
    }

    if (hs->nencodings > 1 || !ngx_http_ig_known_encoding(&hs->encoding)) {
        return IG_REASON_unsupported_encoding;
    }

    lcf = ngx_http_get_module_loc_conf(r, ngx_http_inference_guard_module);

    if (r->headers_in.content_length_n > (off_t) lcf->max_body) {
        return IG_REASON_body_too_large;
    }

    /* nobody whom we do not know shall make us take a large body */

    if (r->headers_in.content_length_n > 65536 || r->headers_in.chunked) {
        ngx_http_ig_main_conf_t  *mcf;

        mcf = ngx_http_get_module_main_conf(r,
                                            ngx_http_inference_guard_module);

        if (mcf->policy->stances.unknown_tenant == IG_NONE
            && ngx_http_ig_tenant_row(r, mcf) == IG_NONE)
        {
            return IG_REASON_unknown_tenant;
        }
    }

    return IG_REASON_NONE;
}


ngx_int_t
ngx_http_ig_decide(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_reason_t early)
{
    void                   *copy;
    uint64_t                start;
    ngx_int_t               rc;
    ngx_str_t               body;
    ig_reason_t             reason;
    ngx_http_ig_headers_t  *hs;
    ngx_http_ig_request_t  *req;

    start = ngx_http_ig_now_us();

    req = leg->request;
    copy = NULL;
    ngx_str_null(&body);

    if (ngx_http_ig_worker_init(req->mcf, r->connection->log) != NGX_OK) {
        leg->reason = IG_REASON_internal_error;
        leg->state = NGX_HTTP_IG_LEG_REFUSED;
        return NGX_OK;
    }

    hs = ngx_http_ig_scan_headers(r, leg);
    if (hs == NULL) {
        return NGX_ERROR;
    }

    reason = early;

    if (early == IG_REASON_NONE) {

        /* known before, and no refusal by the policy's stance */

        reason = leg->early;

        if (reason == IG_REASON_NONE) {
            reason = ngx_http_ig_take_body(r, leg, hs, &body, &copy);
        }
    }

    rc = ngx_http_ig_run(r, leg, hs, reason, &body,
                         early != IG_REASON_NONE);

    ngx_http_ig_body_free(copy);

    if (rc == NGX_OK
        && reason == IG_REASON_NONE
        && leg->reason == IG_REASON_NONE
        && leg->state != NGX_HTTP_IG_LEG_LEASING)
    {
        if (req->spliced.len) {
            rc = ngx_http_ig_body_replace(r, &req->spliced);

        } else if (req->content_decoded) {
            rc = ngx_http_ig_body_replace(r, &body);
        }
    }

    req->guard_us += ngx_http_ig_now_us() - start;

    return rc;
}


/* the body in *body; decoded, it lies in the request's own arena */

static ig_reason_t
ngx_http_ig_take_body(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ngx_http_ig_headers_t *hs, ngx_str_t *body, void **copy)
{
    ig_rc_t                  rc;
    ig_str_t                 decoded;
    ngx_int_t                n;
    ig_reason_t              reason;
    ngx_http_ig_request_t   *req;
    ngx_http_ig_loc_conf_t  *lcf;

    req = leg->request;
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_inference_guard_module);

    n = ngx_http_ig_body_block(r, lcf->max_body, body, copy);

    if (n == NGX_DECLINED) {
        ngx_str_null(body);
        return IG_REASON_body_too_large;
    }

    if (n != NGX_OK) {
        ngx_str_null(body);
        return IG_REASON_internal_error;
    }

    if (body->len == 0
        || hs->encoding.len == 0
        || (hs->encoding.len == 8
            && ngx_strncasecmp(hs->encoding.data, (u_char *) "identity", 8)
               == 0))
    {
        return IG_REASON_NONE;
    }

    /* a request that waited for a lease is decided anew */

    ig_arena_free(req->decoded);

    req->decoded = ig_arena_new(2 * lcf->max_body + NGX_HTTP_IG_BODY_SLACK, 0);
    if (req->decoded == NULL) {
        return IG_REASON_internal_error;
    }

    reason = IG_REASON_NONE;

    rc = ig_decode(ngx_http_ig_from_ngx(hs->encoding),
                   ngx_http_ig_from_ngx(*body), lcf->max_body,
                   (unsigned) lcf->max_ratio, req->decoded, &decoded, &reason);

    if (rc == IG_LIMIT) {
        return IG_REASON_decoded_too_large;
    }

    if (rc != IG_OK) {
        return IG_REASON_internal_error;
    }

    if (reason != IG_REASON_NONE) {
        return reason;
    }

    /* the encoded bytes have done their part */

    ngx_http_ig_body_free(*copy);
    *copy = NULL;

    *body = ngx_http_ig_to_ngx(decoded);
    req->content_decoded = 1;

    return IG_REASON_NONE;
}


static ngx_int_t
ngx_http_ig_run(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ngx_http_ig_headers_t *hs, ig_reason_t reason, ngx_str_t *body,
    ngx_uint_t early)
{
    ig_mode_t                 mode;
    ngx_int_t                 rc;
    ngx_str_t                 args;
    ig_request_t              ir;
    ig_identity_t             id;
    ig_decision_t            *d;
    ngx_http_ig_request_t    *req;
    ngx_http_ig_loc_conf_t   *lcf;
    ngx_http_ig_main_conf_t  *mcf;

    req = leg->request;
    mcf = req->mcf;
    lcf = ngx_http_get_module_loc_conf(r, ngx_http_inference_guard_module);

    ngx_memzero(&ir, sizeof(ig_request_t));

    ngx_http_ig_sent_args(r, &args);

    ir.method = ngx_http_ig_from_ngx(r->method_name);
    ir.path = ngx_http_ig_from_ngx(r->uri);
    ir.args = ngx_http_ig_from_ngx(args);
    ir.anthropic = hs->anthropic != 0;

    if (hs->ntraces == 1) {
        ir.traceparent = ngx_http_ig_from_ngx(hs->trace);
    }

    ir.headers = hs->text;
    ir.nheaders = hs->ntext;
    ir.has_body = body->len != 0;
    ir.body = ngx_http_ig_from_ngx(*body);

    if (r->headers_in.content_type) {
        ir.content_type =
                        ngx_http_ig_from_ngx(r->headers_in.content_type->value);
    }

    if (ngx_http_ig_identity(r, mcf, &id) != NGX_OK) {
        return NGX_ERROR;
    }

    /* a large structure, of no use once the record is rendered */

    d = mcf->decision;

    req->mode = lcf->mode;
    mode = (lcf->mode == NGX_HTTP_IG_AUDIT) ? IG_MODE_AUDIT : IG_MODE_ENFORCE;

    if (reason == IG_REASON_NONE) {
        if (ig_guard_decide(mcf->worker, &ir, &id, mode, d) != IG_OK) {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                          "inference guard: the inspection did not finish");
        }

    } else {
        if (ig_guard_decide_unread(mcf->worker, &ir, &id, mode, reason, d)
            != IG_OK)
        {
            ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                          "inference guard: the inspection did not finish");
        }
    }

    if (early && d->verdict.word != IG_VERDICT_BLOCK) {
        return NGX_DECLINED;
    }

    if (d->verdict.word != IG_VERDICT_BLOCK) {
        rc = ngx_http_ig_limit(r, leg, d, body);

        if (rc != NGX_OK) {
            return (rc == NGX_AGAIN) ? NGX_OK : NGX_ERROR;
        }
    }

    if (ngx_http_ig_keep(r, req, d, &ir) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_ig_record(r, leg, d, &ir);

    return NGX_OK;
}


/* the decision's record; the request waits for it, or is refused without */

static void
ngx_http_ig_record(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_decision_t *d, ig_request_t *ir)
{
    ig_buf_t                  b;
    ig_record_head_t          head;
    ngx_http_ig_request_t    *req;
    ngx_http_ig_main_conf_t  *mcf;

    req = leg->request;
    mcf = req->mcf;

    req->state = NGX_HTTP_IG_DECIDED;

    leg->endpoint = d->endpoint;
    leg->reason = (d->verdict.word == IG_VERDICT_BLOCK) ? d->verdict.reason
                                                        : IG_REASON_NONE;
    req->reason = leg->reason;

    head = ngx_http_ig_record_head(r, mcf);

    if (ngx_http_ig_audit_begin(mcf->audit, &b, 1) == NGX_OK) {

        ig_record_decision(&b, ngx_http_ig_audit_writer(mcf->audit), &head,
                           mcf->guard, d, ir);

        if (ngx_http_ig_audit_end(mcf->audit, &b, &leg->wait) == NGX_OK) {
            leg->state = NGX_HTTP_IG_LEG_WAITING;

            ngx_http_ig_count_decision(mcf, d->verdict.word);
            return;
        }
    }

    ngx_http_ig_count_unrecorded(mcf);

    leg->reason = IG_REASON_not_recorded;
    leg->state = NGX_HTTP_IG_LEG_REFUSED;
    req->reason = leg->reason;
}


ngx_int_t
ngx_http_ig_decide_again(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    ngx_int_t                 rc;
    ngx_http_ig_request_t    *req;
    ngx_http_ig_main_conf_t  *mcf;

    req = leg->request;
    mcf = req->mcf;

    if (req->verdict.word == IG_VERDICT_BLOCK) {
        leg->reason = req->verdict.reason;

    } else if (req->reason == IG_REASON_not_recorded) {
        leg->reason = IG_REASON_not_recorded;

    } else {
        leg->endpoint = ig_choose(ig_guard_chooser(mcf->guard),
                                  req->verdict.permitted, req->tried);

        if (leg->endpoint == IG_NONE) {

            /*
             * all have been tried: the variables lead nowhere, and a location
             * that names its destination has it checked, and recorded, at the
             * choke point
             */

            leg->exhausted = 1;
            leg->state = NGX_HTTP_IG_LEG_READY;

            return NGX_OK;
        }

        rc = ngx_http_ig_limit_next(r, leg, leg->endpoint);

        if (rc != NGX_OK) {
            return (rc == NGX_AGAIN) ? NGX_OK : NGX_ERROR;
        }
    }

    ngx_http_ig_record_again(r, leg);

    return NGX_OK;
}


void
ngx_http_ig_record_again(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    ig_buf_t                  b;
    ig_record_head_t          head;
    ngx_http_ig_main_conf_t  *mcf;

    mcf = leg->request->mcf;

    if (leg->charge && leg->charge->reason != IG_REASON_NONE) {
        leg->reason = leg->charge->reason;
        leg->endpoint = IG_NONE;
    }

    head = ngx_http_ig_record_head(r, mcf);

    if (ngx_http_ig_audit_begin(mcf->audit, &b, 1) == NGX_OK) {

        ig_record_redirect(&b, ngx_http_ig_audit_writer(mcf->audit), &head,
                           mcf->guard, leg->endpoint, leg->reason);

        if (ngx_http_ig_audit_end(mcf->audit, &b, &leg->wait) == NGX_OK) {
            leg->state = NGX_HTTP_IG_LEG_WAITING;
            return;
        }
    }

    ngx_http_ig_count_unrecorded(mcf);

    leg->reason = IG_REASON_not_recorded;
    leg->state = NGX_HTTP_IG_LEG_REFUSED;
}


/*
 * The path as it came must be in its normal form, byte for byte: no escapes,
 * no empty or dot segments, no fragment.  A rewrite of the operator's comes
 * later and is what the endpoint then sees; it is inspected as r->uri.
 */

static ngx_uint_t
ngx_http_ig_plain_path(ngx_http_request_t *r)
{
    u_char     *p, *last, *segment;
    size_t      len;
    ngx_str_t  *raw;

    raw = &r->unparsed_uri;

    if (raw->len == 0 || raw->data[0] != '/') {
        return 0;
    }

    last = raw->data + raw->len;
    segment = raw->data + 1;

    for (p = raw->data + 1; /* void */ ; p++) {

        if (p == last || *p == '/' || *p == '?') {

            len = (size_t) (p - segment);

            if ((len == 0 && p != last && *p == '/')
                || (len == 1 && segment[0] == '.')
                || (len == 2 && segment[0] == '.' && segment[1] == '.'))
            {
                return 0;
            }

            if (p == last) {
                break;
            }

            if (*p == '?') {
                p++;
                break;
            }

            segment = p + 1;
            continue;
        }

        if (*p == '%' || *p == '#' || *p == '\\' || *p <= 0x20 || *p >= 0x7f) {
            return 0;
        }
    }

    /* NGINX cuts a fragment off, and sends it all the same */

    return ngx_strlchr(p, last, '#') == NULL;
}


/* the query string that a proxied request gets */

static void
ngx_http_ig_sent_args(ngx_http_request_t *r, ngx_str_t *args)
{
    u_char  *p, *last;

    *args = r->args;

    if (r->valid_unparsed_uri) {
        last = r->unparsed_uri.data + r->unparsed_uri.len;
        p = ngx_strlchr(r->unparsed_uri.data, last, '?');

        if (p) {
            args->data = p + 1;
            args->len = (size_t) (last - p - 1);
        }
    }
}


static ngx_uint_t
ngx_http_ig_known_encoding(ngx_str_t *encoding)
{
    ngx_uint_t  i;

    static ngx_str_t  known[] = {
        ngx_string("gzip"),
        ngx_string("x-gzip"),
        ngx_string("deflate"),
        ngx_string("identity")
    };

    if (encoding->len == 0) {
        return 1;
    }

    for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (encoding->len == known[i].len
            && ngx_strncasecmp(encoding->data, known[i].data, known[i].len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_http_ig_headers_t *
ngx_http_ig_scan_headers(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    ngx_str_t               name;
    ngx_uint_t              i, n;
    ig_header_t            *h;
    ngx_list_part_t        *part;
    ngx_table_elt_t        *header;
    ngx_http_ig_headers_t  *hs;

    if (leg->headers) {
        return leg->headers;
    }

    n = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        n += part->nelts;
    }

    hs = ngx_pcalloc(r->pool, sizeof(ngx_http_ig_headers_t));
    if (hs == NULL) {
        return NULL;
    }

    hs->text = ngx_palloc(r->pool, (n + 1) * sizeof(ig_header_t));
    if (hs->text == NULL) {
        return NULL;
    }

    for (part = &r->headers_in.headers.part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {

            name.data = header[i].lowcase_key;
            name.len = header[i].key.len;

            switch (ngx_http_ig_header_kind(&name)) {

            case NGX_HTTP_IG_HEADER_CONTENT_ENCODING:
                hs->encoding = header[i].value;
                hs->nencodings++;
                break;

            case NGX_HTTP_IG_HEADER_CONTENT_TYPE:
                hs->ntypes++;
                break;

            case NGX_HTTP_IG_HEADER_ANTHROPIC:
                hs->anthropic = 1;
                break;

            case NGX_HTTP_IG_HEADER_TRACE:
                hs->trace = header[i].value;
                hs->ntraces++;
                break;

            case NGX_HTTP_IG_HEADER_TEXT:

                if (header[i].value.len == 0
                    || ngx_http_ig_is_credential(r, &header[i].value))
                {
                    break;
                }

                h = &hs->text[hs->ntext++];
                h->name = ngx_http_ig_from_ngx(name);
                h->value = ngx_http_ig_from_ngx(header[i].value);
                break;

            default:
                break;
            }
        }
    }

    leg->headers = hs;

    return hs;
}


static uint64_t
ngx_http_ig_now_us(void)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}

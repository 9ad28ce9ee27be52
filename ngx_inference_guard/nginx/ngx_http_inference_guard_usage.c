
/*
 * What an answer took: the body that comes back is followed as it passes, and
 * of a stream that was asked for its usage by us, not by the client, the one
 * event with it is left out.
 *
 * An answer that is only followed goes on as it is, buffer by buffer.  One that
 * may lose an event goes on in buffers of our own.  While one of them waits for
 * a slow client, nothing more is taken of what came, and NGINX does not read on
 * from the endpoint: memory is bounded by what one buffer of NGINX's, and one
 * event that was held, can become.
 */


#include "ngx_http_inference_guard.h"


#define NGX_HTTP_IG_BUFFER_SIZE   8192

/* what is collected before it is handed on: one write for many small events */
#define NGX_HTTP_IG_COLLECT       (4 * NGX_HTTP_IG_BUFFER_SIZE)

/*
 * NGINX has no bit for other modules; that of the image filter is free, as no
 * stream of events is an image
 */
#define NGX_HTTP_IG_BUFFERED      0x08


struct ngx_http_ig_stream_s {
    ngx_http_request_t  *r;
    ngx_chain_t         *in;           /* of NGINX, not yet taken */
    ngx_chain_t         *out;          /* ours, not yet handed on */
    ngx_chain_t        **last;
    ngx_buf_t           *tail;         /* the last of them, with room */
    size_t               size;         /* bytes in them */
    ngx_chain_t         *free;
    ngx_chain_t         *busy;
};


static ngx_uint_t ngx_http_ig_is_plain(ngx_http_request_t *r);
static void *ngx_http_ig_answer_alloc(void *ctx, size_t size);
static bool ngx_http_ig_answer_out(void *ctx, ig_str_t bytes);
static ngx_int_t ngx_http_ig_answer_feed(ig_answer_t *answer, ngx_buf_t *b);
static ngx_int_t ngx_http_ig_stream_take(ngx_http_ig_leg_t *leg);
static ngx_int_t ngx_http_ig_stream_mark(ngx_http_ig_stream_t *s,
    ngx_buf_t *b);
static ngx_buf_t *ngx_http_ig_stream_buf(ngx_http_ig_stream_t *s);


ngx_int_t
ngx_http_ig_watch_answer(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    ig_answer_conf_t       conf;
    ngx_http_ig_stream_t  *s;

    if (leg->answer || !ngx_http_ig_is_plain(r)) {
        return NGX_OK;
    }

    /* the filter of ranges is before ours: the usage may be in no part */

    ngx_http_clear_accept_ranges(r);

    ngx_memzero(&conf, sizeof(ig_answer_conf_t));

    conf.ctx = leg;
    conf.alloc = ngx_http_ig_answer_alloc;
    conf.kind = ig_answer_kind(
                            ngx_http_ig_from_ngx(r->headers_out.content_type));

    if (leg->request->hide_usage && conf.kind == IG_ANSWER_SSE) {

        s = ngx_pcalloc(r->pool, sizeof(ngx_http_ig_stream_t));
        if (s == NULL) {
            return NGX_ERROR;
        }

        s->r = r;
        s->last = &s->out;
        leg->stream = s;

        conf.hide_usage = true;
        conf.out = ngx_http_ig_answer_out;

        ngx_http_clear_content_length(r);
        ngx_http_clear_etag(r);
    }

    leg->answer = ig_answer_new(&conf);

    if (leg->answer == NULL) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* no Content-Encoding was asked for; an answer that has one cannot be read */

static ngx_uint_t
ngx_http_ig_is_plain(ngx_http_request_t *r)
{
    ngx_str_t  *encoding;

    if (r->headers_out.content_encoding == NULL
        || r->headers_out.content_encoding->hash == 0)
    {
        return 1;
    }

    encoding = &r->headers_out.content_encoding->value;

    return encoding->len == 0
           || (encoding->len == sizeof("identity") - 1
               && ngx_strncasecmp(encoding->data, (u_char *) "identity",
                                  encoding->len) == 0);
}


static void *
ngx_http_ig_answer_alloc(void *ctx, size_t size)
{
    ngx_http_ig_leg_t *leg = ctx;

    return ngx_palloc(leg->r->pool, size);
}


void
ngx_http_ig_follow_answer(ngx_http_ig_leg_t *leg, ngx_chain_t *in)
{
    ngx_chain_t  *cl;

    for (cl = in; cl; cl = cl->next) {

        /* without memory less is known of it, and it goes on all the same */

        if (ngx_http_ig_answer_feed(leg->answer, cl->buf) != NGX_OK) {
            return;
        }
    }
}


static ngx_int_t
ngx_http_ig_answer_feed(ig_answer_t *answer, ngx_buf_t *b)
{
    off_t     pos;
    u_char    data[4096];
    ssize_t   n;
    ig_str_t  bytes;

    if (ngx_buf_in_memory(b)) {

        bytes.data = b->pos;
        bytes.len = (size_t) (b->last - b->pos);

        if (bytes.len && ig_answer_feed(answer, bytes) != IG_OK) {
            return NGX_ERROR;
        }

        return NGX_OK;
    }

    if (!b->in_file) {
        return NGX_OK;
    }

    /* of an answer that did not fit into proxy_buffers */

    for (pos = b->file_pos; pos < b->file_last; pos += n) {

        n = ngx_read_file(b->file, data,
                          (size_t) ngx_min(b->file_last - pos,
                                           (off_t) sizeof(data)),
                          pos);
        if (n <= 0) {
            return NGX_ERROR;
        }

        bytes.data = data;
        bytes.len = (size_t) n;

        if (ig_answer_feed(answer, bytes) != IG_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_ig_filter_answer(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ngx_chain_t *in, ngx_http_output_body_filter_pt next)
{
    ngx_int_t              rc;
    ngx_chain_t           *out;
    ngx_http_ig_stream_t  *s;

    s = leg->stream;
    rc = NGX_OK;

    if (in && ngx_chain_add_copy(r->pool, &s->in, in) != NGX_OK) {
        return NGX_ERROR;
    }

    for ( ;; ) {

        if (s->busy == NULL && ngx_http_ig_stream_take(leg) != NGX_OK) {
            return NGX_ERROR;
        }

        if (s->out == NULL && s->busy == NULL) {

            /* what filters behind ours have copied, or put off, may wait */

            if (in == NULL || (r->connection->buffered & ~NGX_HTTP_IG_BUFFERED))
            {
                rc = next(r, NULL);
            }

            break;
        }

        /* a filter behind ours may come back to us before it returns */

        out = s->out;

        s->out = NULL;
        s->last = &s->out;
        s->tail = NULL;
        s->size = 0;

        rc = next(r, out);

        ngx_chain_update_chains(r->pool, &s->free, &s->busy, &out,
                           (ngx_buf_tag_t) &ngx_http_inference_guard_module);

        if (rc == NGX_ERROR || s->busy || s->in == NULL) {
            break;
        }
    }

    if (s->in) {
        r->connection->buffered |= NGX_HTTP_IG_BUFFERED;

    } else {
        r->connection->buffered &= ~NGX_HTTP_IG_BUFFERED;
    }

    return rc;
}


/* takes one buffer after the other until there is enough to be handed on */

static ngx_int_t
ngx_http_ig_stream_take(ngx_http_ig_leg_t *leg)
{
    ngx_buf_t             *b;
    ngx_chain_t           *cl;
    ngx_http_ig_stream_t  *s;

    s = leg->stream;

    while (s->in && s->size < NGX_HTTP_IG_COLLECT) {

        cl = s->in;
        b = cl->buf;

        if (ngx_http_ig_answer_feed(leg->answer, b) != NGX_OK) {
            return NGX_ERROR;
        }

        b->pos = b->last;
        b->file_pos = b->file_last;

        if (b->last_buf && ig_answer_end(leg->answer) != IG_OK) {
            return NGX_ERROR;
        }

        if (ngx_http_ig_stream_mark(s, b) != NGX_OK) {
            return NGX_ERROR;
        }

        s->in = cl->next;
        ngx_free_chain(s->r->pool, cl);
    }

    return NGX_OK;
}


/* what a buffer says besides its bytes goes on behind them */

static ngx_int_t
ngx_http_ig_stream_mark(ngx_http_ig_stream_t *s, ngx_buf_t *b)
{
    ngx_buf_t    *mark;
    ngx_chain_t  *cl;

    if (!b->last_buf && !b->last_in_chain) {

        if (s->tail) {
            s->tail->flush |= b->flush;
        }

        return NGX_OK;
    }

    cl = ngx_alloc_chain_link(s->r->pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    mark = ngx_calloc_buf(s->r->pool);
    if (mark == NULL) {
        return NGX_ERROR;
    }

    mark->flush = b->flush;
    mark->last_buf = b->last_buf;
    mark->last_in_chain = b->last_in_chain;
    mark->sync = !b->last_buf;

    cl->buf = mark;
    cl->next = NULL;

    *s->last = cl;
    s->last = &cl->next;
    s->tail = NULL;

    return NGX_OK;
}


static bool
ngx_http_ig_answer_out(void *ctx, ig_str_t bytes)
{
    ngx_http_ig_leg_t *leg = ctx;

    size_t                 n;
    ngx_buf_t             *b;
    ngx_http_ig_stream_t  *s;

    s = leg->stream;
    b = s->tail;

    while (bytes.len) {

        if (b == NULL || b->last == b->end) {
            b = ngx_http_ig_stream_buf(s);
            if (b == NULL) {
                return false;
            }
        }

        n = ngx_min(bytes.len, (size_t) (b->end - b->last));

        b->last = ngx_cpymem(b->last, bytes.data, n);
        bytes.data += n;
        bytes.len -= n;
        s->size += n;
    }

    return true;
}


static ngx_buf_t *
ngx_http_ig_stream_buf(ngx_http_ig_stream_t *s)
{
    ngx_chain_t  *cl;

    cl = ngx_chain_get_free_buf(s->r->pool, &s->free);
    if (cl == NULL) {
        return NULL;
    }

    if (cl->buf->start == NULL) {
        cl->buf->start = ngx_palloc(s->r->pool, NGX_HTTP_IG_BUFFER_SIZE);
        if (cl->buf->start == NULL) {
            return NULL;
        }

        cl->buf->pos = cl->buf->start;
        cl->buf->last = cl->buf->start;
        cl->buf->end = cl->buf->start + NGX_HTTP_IG_BUFFER_SIZE;
        cl->buf->temporary = 1;
        cl->buf->tag = (ngx_buf_tag_t) &ngx_http_inference_guard_module;
    }

    cl->buf->flush = 0;

    *s->last = cl;
    s->last = &cl->next;
    s->tail = cl->buf;

    return cl->buf;
}


/*
 * The body: as one block of memory for the engine, whatever NGINX has made of
 * it (header buffer, body buffer, temporary file), and back into the request
 * when the decoded bytes go on instead of the encoded ones.
 */


#include "ngx_http_inference_guard.h"


#define NGX_HTTP_IG_READ_SIZE  (256 * 1024)


static ngx_int_t ngx_http_ig_body_file(ngx_http_request_t *r, ngx_buf_t *b,
    u_char *p);


ngx_int_t
ngx_http_ig_body_block(ngx_http_request_t *r, size_t max, ngx_str_t *body,
    void **copy)
{
    off_t         size, total;
    u_char       *p;
    ngx_buf_t    *b, *first;
    ngx_uint_t    n;
    ngx_chain_t  *cl;

    *copy = NULL;
    ngx_str_null(body);

    if (r->request_body == NULL) {
        return NGX_OK;
    }

    n = 0;
    total = 0;
    first = NULL;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;
        size = ngx_buf_size(b);

        if (size == 0) {
            continue;
        }

        if (size < 0 || size > (off_t) max - total) {
            return NGX_DECLINED;
        }

        total += size;
        first = b;
        n++;
    }

    if (n == 0) {
        return NGX_OK;
    }

    body->len = (size_t) total;

    if (n == 1 && ngx_buf_in_memory(first)) {
        body->data = first->pos;
        return NGX_OK;
    }

    p = ngx_alloc(body->len, r->connection->log);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *copy = p;
    body->data = p;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {
        b = cl->buf;
        size = ngx_buf_size(b);

        if (size == 0) {
            continue;
        }

        if (ngx_buf_in_memory(b)) {
            p = ngx_cpymem(p, b->pos, (size_t) size);
            continue;
        }

        if (ngx_http_ig_body_file(r, b, p) != NGX_OK) {
            ngx_http_ig_body_free(*copy);
            *copy = NULL;
            return NGX_ERROR;
        }

        p += size;
    }

    return NGX_OK;
}


/* a part of the body that is read short is no body: every byte, or an error */

static ngx_int_t
ngx_http_ig_body_file(ngx_http_request_t *r, ngx_buf_t *b, u_char *p)
{
    off_t    pos;
    size_t   size;
    ssize_t  n;

    if (!b->in_file || b->file == NULL) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                      "inference guard: a buffer of the body is neither in "
                      "memory nor in a file");
        return NGX_ERROR;
    }

    for (pos = b->file_pos; pos < b->file_last; pos += n) {

        size = (size_t) ngx_min(b->file_last - pos, NGX_HTTP_IG_READ_SIZE);

        n = ngx_read_file(b->file, p, size, pos);

        if (n <= 0) {
            ngx_log_error(NGX_LOG_CRIT, r->connection->log, 0,
                          "inference guard: cannot read the body from \"%V\"",
                          &b->file->name);
            return NGX_ERROR;
        }

        p += n;
    }

    return NGX_OK;
}


void
ngx_http_ig_body_free(void *copy)
{
    if (copy) {
        ngx_free(copy);
    }
}


ngx_int_t
ngx_http_ig_body_replace(ngx_http_request_t *r, ngx_str_t *body)
{
    u_char                  *p;
    ngx_buf_t               *b;
    ngx_chain_t             *cl;
    ngx_table_elt_t         *h;
    ngx_http_request_body_t  *rb;

    rb = r->request_body;

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_ERROR;
    }

    cl = ngx_alloc_chain_link(r->pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    p = ngx_pnalloc(r->pool, NGX_OFF_T_LEN + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    b->start = body->data;
    b->pos = body->data;
    b->last = body->data + body->len;
    b->end = b->last;
    b->memory = 1;
    b->last_buf = 1;

    cl->buf = b;
    cl->next = NULL;

    if (rb->temp_file) {
        ngx_pool_run_cleanup_file(r->pool, rb->temp_file->file.fd);
        rb->temp_file = NULL;
    }

    rb->bufs = cl;
    rb->buf = b;

    r->request_body_in_file_only = 0;
    r->headers_in.content_length_n = (off_t) body->len;

    h = r->headers_in.content_length;

    if (h) {
        h->value.data = p;
        h->value.len = (size_t) (ngx_sprintf(p, "%O", (off_t) body->len) - p);
        *(p + h->value.len) = '\0';
    }

    return NGX_OK;
}

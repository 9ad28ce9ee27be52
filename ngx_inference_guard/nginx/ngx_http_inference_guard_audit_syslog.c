
/*
 * Copies of lines to a syslog server: one datagram (RFC 5426) a line, in the
 * form of RFC 5424, whose MSG is the line as it stands in the file.
 *
 * NGINX's own parameters are read by NGINX.  Its sender is not used: its header
 * is that of RFC 3164, it copies a line to put the header before it, does not
 * say why a datagram did not go, and writes an alert for each.
 *
 * The file is the record, and this a copy: nothing here waits, and nothing that
 * fails refuses a request.  What the server has no room for at the moment, or
 * what comes while it is being restarted, waits in memory up to a limit; what is
 * above it, and lines that are longer than a datagram, are counted as lost.
 */


#include "ngx_http_inference_guard_audit.h"


#define NGX_HTTP_IG_SYSLOG_WAITING   (1024 * 1024)

/* between two tries; it doubles */
#define NGX_HTTP_IG_SYSLOG_RETRY     1
#define NGX_HTTP_IG_SYSLOG_RETRIES   1000

/* between two lines of the error log, in seconds */
#define NGX_HTTP_IG_SYSLOG_TOLD      60


struct ngx_http_ig_syslog_s {
    ngx_syslog_peer_t        peer;      /* its parameters */
    ngx_socket_t             fd;

    /* of a worker */
    ngx_event_t              timer;
    ngx_msec_t               retry;
    u_char                  *data;      /* lines that wait, in a buffer */
    size_t                   at;
    size_t                   len;
    unsigned                 worker:1;

    uint64_t                 lost;
    uint64_t                 too_long;  /* of them */
    uint64_t                 told;      /* of them, in the error log */
    time_t                   told_time;
};


static void ngx_http_ig_syslog_cleanup(void *data);
static void ngx_http_ig_syslog_timer(ngx_event_t *ev);
static size_t ngx_http_ig_syslog_some(ngx_http_ig_syslog_t *s, u_char *data,
    size_t len);
static ngx_int_t ngx_http_ig_syslog_line(ngx_http_ig_syslog_t *s, u_char *line,
    size_t len);
static ngx_err_t ngx_http_ig_syslog_datagram(ngx_http_ig_syslog_t *s,
    u_char *line, size_t len);
static ngx_int_t ngx_http_ig_syslog_open(ngx_http_ig_syslog_t *s);
static void ngx_http_ig_syslog_close(ngx_http_ig_syslog_t *s);
static void ngx_http_ig_syslog_keep(ngx_http_ig_syslog_t *s, u_char *data,
    size_t len);
static void ngx_http_ig_syslog_lose(ngx_http_ig_syslog_t *s, u_char *data,
    size_t len);
static void ngx_http_ig_syslog_tell(ngx_http_ig_syslog_t *s, ngx_err_t err,
    const char *what);


/* NGINX reads a syslog server from a directive's first argument */

char *
ngx_http_ig_syslog_conf(ngx_conf_t *cf, ngx_http_ig_syslog_t **syslog,
    ngx_str_t *value)
{
    char                  *rv;
    ngx_str_t              args[2];
    ngx_array_t            array, *saved;
    ngx_pool_cleanup_t    *cln;
    ngx_http_ig_syslog_t  *s;

    s = ngx_pcalloc(cf->pool, sizeof(ngx_http_ig_syslog_t));
    if (s == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_str_set(&args[0], "inference_guard_audit");
    args[1] = *value;

    ngx_memzero(&array, sizeof(ngx_array_t));

    array.elts = args;
    array.nelts = 2;
    array.nalloc = 2;
    array.size = sizeof(ngx_str_t);

    saved = cf->args;
    cf->args = &array;

    rv = ngx_syslog_process_conf(cf, &s->peer);

    cf->args = saved;

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    s->fd = (ngx_socket_t) -1;

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_ig_syslog_cleanup;
    cln->data = s;

    *syslog = s;

    return NGX_CONF_OK;
}


static void
ngx_http_ig_syslog_cleanup(void *data)
{
    ngx_http_ig_syslog_close(data);
}


void
ngx_http_ig_syslog_init(ngx_http_ig_syslog_t *s)
{
    if (s == NULL) {
        return;
    }

    /* the master may have one, of which the worker has the same */

    ngx_http_ig_syslog_close(s);

    s->timer.handler = ngx_http_ig_syslog_timer;
    s->timer.data = s;
    s->timer.log = ngx_cycle->log;
    s->timer.cancelable = 1;

    s->worker = 1;
}


void
ngx_http_ig_syslog_exit(ngx_http_ig_syslog_t *s)
{
    size_t  n;

    if (s == NULL) {
        return;
    }

    s->worker = 0;

    if (s->timer.timer_set) {
        ngx_del_timer(&s->timer);
    }

    if (s->len) {
        n = ngx_http_ig_syslog_some(s, s->data + s->at, s->len);
        ngx_http_ig_syslog_lose(s, s->data + s->at + n, s->len - n);
        s->len = 0;
    }

    if (s->lost != s->told) {
        s->told_time = 0;
        ngx_http_ig_syslog_tell(s, 0, "sending");
    }

    if (s->data) {
        ngx_free(s->data);
        s->data = NULL;
    }

    ngx_http_ig_syslog_close(s);
}


void
ngx_http_ig_syslog_send(ngx_http_ig_syslog_t *s, u_char *data, size_t len)
{
    size_t  n;

    if (s == NULL || len == 0) {
        return;
    }

    /* none overtakes another */

    n = s->len ? 0 : ngx_http_ig_syslog_some(s, data, len);

    if (n < len) {
        ngx_http_ig_syslog_keep(s, data + n, len - n);
    }
}


static void
ngx_http_ig_syslog_timer(ngx_event_t *ev)
{
    ngx_http_ig_syslog_t *s = ev->data;

    size_t  n;

    n = ngx_http_ig_syslog_some(s, s->data + s->at, s->len);

    s->at += n;
    s->len -= n;

    if (s->len == 0) {
        return;
    }

    s->retry = n ? NGX_HTTP_IG_SYSLOG_RETRY
                 : ngx_min(2 * s->retry, NGX_HTTP_IG_SYSLOG_RETRIES);

    ngx_add_timer(&s->timer, s->retry);
}


/* lines from the first on; how many bytes of them need no more care */

static size_t
ngx_http_ig_syslog_some(ngx_http_ig_syslog_t *s, u_char *data, size_t len)
{
    u_char  *p, *lf, *end;

    p = data;
    end = data + len;

    while (p < end) {

        lf = memchr(p, LF, (size_t) (end - p));

        if (ngx_http_ig_syslog_line(s, p, (size_t) (lf - p)) != NGX_OK) {
            break;
        }

        p = lf + 1;
    }

    return (size_t) (p - data);
}


/* NGX_AGAIN: not now */

static ngx_int_t
ngx_http_ig_syslog_line(ngx_http_ig_syslog_t *s, u_char *line, size_t len)
{
    ngx_err_t   err;
    ngx_uint_t  again;

    for (again = 0; again < 2; again++) {

        if (s->fd == (ngx_socket_t) -1 && ngx_http_ig_syslog_open(s) != NGX_OK)
        {
            return NGX_AGAIN;
        }

        err = ngx_http_ig_syslog_datagram(s, line, len);

        switch (err) {

        case 0:
            return NGX_OK;

        case EMSGSIZE:
            s->lost++;
            s->too_long++;
            ngx_http_ig_syslog_tell(s, err, "sending");
            return NGX_OK;

        case NGX_EAGAIN:
        case ENOBUFS:
        case ENOMEM:
            return NGX_AGAIN;
        }

        /* what came of one before, or the server has another socket now */

        ngx_http_ig_syslog_close(s);
        ngx_http_ig_syslog_tell(s, err, "sending");
    }

    return NGX_AGAIN;
}


static ngx_err_t
ngx_http_ig_syslog_datagram(ngx_http_ig_syslog_t *s, u_char *line, size_t len)
{
    u_char         *p;
    struct iovec    iov[2];
    struct msghdr   msg;
    u_char          header[NGX_HTTP_IG_SYSLOG_HEADER];

    p = ngx_http_ig_syslog_header(&s->peer, header, line, len);

    iov[0].iov_base = header;
    iov[0].iov_len = (size_t) (p - header);
    iov[1].iov_base = line;
    iov[1].iov_len = len;

    ngx_memzero(&msg, sizeof(struct msghdr));

    msg.msg_iov = iov;
    msg.msg_iovlen = 2;

    while (sendmsg(s->fd, &msg, MSG_DONTWAIT|MSG_NOSIGNAL) == -1) {
        if (ngx_socket_errno != NGX_EINTR) {
            return ngx_socket_errno;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_ig_syslog_open(ngx_http_ig_syslog_t *s)
{
    ngx_addr_t  *server;

    server = &s->peer.server;

    s->fd = socket(server->sockaddr->sa_family,
                   SOCK_DGRAM|SOCK_CLOEXEC|SOCK_NONBLOCK, 0);

    if (s->fd == (ngx_socket_t) -1) {
        ngx_http_ig_syslog_tell(s, ngx_socket_errno, "socket()");
        return NGX_ERROR;
    }

    if (connect(s->fd, server->sockaddr, server->socklen) == -1) {
        ngx_http_ig_syslog_tell(s, ngx_socket_errno, "connect()");
        ngx_http_ig_syslog_close(s);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_ig_syslog_close(ngx_http_ig_syslog_t *s)
{
    if (s->fd == (ngx_socket_t) -1) {
        return;
    }

    if (ngx_close_socket(s->fd) == -1) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_socket_errno,
                      ngx_close_socket_n " failed");
    }

    s->fd = (ngx_socket_t) -1;
}


static void
ngx_http_ig_syslog_keep(ngx_http_ig_syslog_t *s, u_char *data, size_t len)
{
    size_t   n;
    u_char  *p;

    n = 0;

    if (s->worker && s->data == NULL) {
        s->data = ngx_alloc(NGX_HTTP_IG_SYSLOG_WAITING, ngx_cycle->log);
    }

    if (s->worker && s->data) {

        if (s->at + s->len + len > NGX_HTTP_IG_SYSLOG_WAITING) {
            ngx_memmove(s->data, s->data + s->at, s->len);
            s->at = 0;
        }

        n = ngx_min(len, NGX_HTTP_IG_SYSLOG_WAITING - s->len);

        /* whole lines */

        for (p = data + n; p > data && p[-1] != LF; p--) { /* void */ }

        n = (size_t) (p - data);

        ngx_memcpy(s->data + s->at + s->len, data, n);
        s->len += n;
    }

    ngx_http_ig_syslog_lose(s, data + n, len - n);

    if (s->len && !s->timer.timer_set) {
        s->retry = NGX_HTTP_IG_SYSLOG_RETRY;
        ngx_add_timer(&s->timer, s->retry);
    }
}


static void
ngx_http_ig_syslog_lose(ngx_http_ig_syslog_t *s, u_char *data, size_t len)
{
    u_char  *p, *lf, *end;

    if (len == 0) {
        return;
    }

    end = data + len;

    for (p = data; p < end; p = lf + 1) {
        lf = memchr(p, LF, (size_t) (end - p));
        s->lost++;
    }

    ngx_http_ig_syslog_tell(s, 0, "sending");
}


static void
ngx_http_ig_syslog_tell(ngx_http_ig_syslog_t *s, ngx_err_t err,
    const char *what)
{
    time_t  now;

    now = ngx_time();

    if (now - s->told_time < NGX_HTTP_IG_SYSLOG_TOLD) {
        return;
    }

    s->told_time = now;
    s->told = s->lost;

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, err,
                  "inference guard: %s to syslog server \"%V\" failed; %uL "
                  "lines were not sent so far, %uL of them longer than a "
                  "datagram", what, &s->peer.server.name, s->lost,
                  s->too_long);
}

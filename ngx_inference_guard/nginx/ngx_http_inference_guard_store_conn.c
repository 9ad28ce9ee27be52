
/*
 * One connection to a server, from TCP to its end.  store_setup makes it ready
 * for the commands of store_pipe.
 *
 *     IDLE        there is none
 *     CONNECTING  commands wait; only those of the setup are sent
 *     READY       commands are sent at once, those of a turn in one write
 *
 * The oldest command's age is the server's: when it is over the timeout, the
 * connection is closed and all commands are told.  From then on it takes no
 * commands until it is ready again, so that nothing piles up.
 */


#include "ngx_http_inference_guard_store_parts.h"


#define NGX_HTTP_IG_CONN_LATER     100      /* ms: after the first failure */
#define NGX_HTTP_IG_CONN_DOUBLINGS 4        /* up to 1.6 s */


static void ngx_http_ig_conn_timer(ngx_event_t *ev);
static void ngx_http_ig_conn_opened(ngx_http_ig_conn_t *conn);


ngx_http_ig_conn_t *
ngx_http_ig_conn_create(ngx_http_ig_store_t *s)
{
    ngx_http_ig_conn_t  *conn;

    conn = ngx_calloc(sizeof(ngx_http_ig_conn_t), ngx_cycle->log);
    if (conn == NULL) {
        return NULL;
    }

    conn->store = s;

    ngx_queue_init(&conn->pending);
    ngx_queue_init(&conn->waiting);

    conn->timer.handler = ngx_http_ig_conn_timer;
    conn->timer.data = conn;
    conn->timer.log = ngx_cycle->log;

    conn->posted.handler = ngx_http_ig_conn_posted;
    conn->posted.data = conn;
    conn->posted.log = ngx_cycle->log;

    conn->retry.data = conn;
    conn->retry.log = ngx_cycle->log;
    conn->retry.cancelable = 1;

    return conn;
}


void
ngx_http_ig_conn_hold(ngx_http_ig_conn_t *conn)
{
    conn->state = NGX_HTTP_IG_CONN_CONNECTING;

    if (conn->timer.timer_set) {
        ngx_del_timer(&conn->timer);
    }

    ngx_add_timer(&conn->timer, conn->store->connect_timeout);
}


void
ngx_http_ig_conn_connect(ngx_http_ig_conn_t *conn)
{
    ngx_int_t               rc;
    ngx_connection_t       *c;
    ngx_peer_connection_t  *pc;

    ngx_http_ig_conn_hold(conn);

    conn->reader = redisReaderCreate();
    if (conn->reader == NULL) {
        ngx_http_ig_conn_fail(conn, "no memory");
        return;
    }

    pc = &conn->pc;

    ngx_memzero(pc, sizeof(ngx_peer_connection_t));

    pc->sockaddr = &conn->server.sockaddr.sockaddr;
    pc->socklen = conn->server.socklen;
    pc->name = &conn->server.name;
    pc->get = ngx_event_get_peer;
    pc->log = ngx_cycle->log;
    pc->log_error = NGX_ERROR_INFO;
    pc->so_keepalive = 1;

    rc = ngx_event_connect_peer(pc);

    if (rc == NGX_ERROR || rc == NGX_BUSY || rc == NGX_DECLINED) {
        ngx_http_ig_conn_fail(conn, "connect() failed");
        return;
    }

    c = pc->connection;

    c->data = conn;
    c->read->handler = ngx_http_ig_conn_read;
    c->write->handler = ngx_http_ig_conn_write;

    c->pool = ngx_create_pool(256, ngx_cycle->log);
    if (c->pool == NULL) {
        ngx_http_ig_conn_fail(conn, "no memory");
        return;
    }

    if (rc == NGX_OK) {
        ngx_http_ig_conn_opened(conn);
    }
}


void
ngx_http_ig_conn_write(ngx_event_t *wev)
{
    int                  err;
    socklen_t            len;
    ngx_connection_t    *c;
    ngx_http_ig_conn_t  *conn;

    c = wev->data;
    conn = c->data;

    if (conn->connected) {
        ngx_http_ig_conn_flush(conn);
        return;
    }

    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        err = ngx_socket_errno;
    }

    if (err) {
        ngx_http_ig_conn_fail(conn, err == NGX_ECONNREFUSED
                                    ? "the connection is refused"
                                    : "connect() failed");
        return;
    }

    ngx_http_ig_conn_opened(conn);
}


static void
ngx_http_ig_conn_opened(ngx_http_ig_conn_t *conn)
{
    ngx_connection_t  *c;

    c = conn->pc.connection;

    if (ngx_tcp_nodelay(c) != NGX_OK) {
        ngx_http_ig_conn_fail(conn, "TCP_NODELAY failed");
        return;
    }

#if (NGX_SSL)

    if (conn->store->tls) {
        ngx_http_ig_conn_tls(conn);
        return;
    }

#endif

    conn->connected = 1;
    ngx_http_ig_conn_setup(conn);
}


void
ngx_http_ig_conn_is_ready(ngx_http_ig_conn_t *conn)
{
    ngx_queue_t            *q;
    ngx_http_ig_command_t  *cmd;

    if (conn->failed) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "inference guard: the store at %V is back",
                      &conn->server.name);
    }

    conn->state = NGX_HTTP_IG_CONN_READY;
    conn->failed = 0;
    conn->failures = 0;

    if (conn->timer.timer_set) {
        ngx_del_timer(&conn->timer);
    }

    while (!ngx_queue_empty(&conn->waiting)) {
        q = ngx_queue_head(&conn->waiting);
        cmd = ngx_queue_data(q, ngx_http_ig_command_t, queue);

        ngx_queue_remove(q);
        cmd->sent = ngx_current_msec;

        if (ngx_http_ig_conn_push(conn, cmd) != NGX_OK) {
            ngx_queue_insert_head(&conn->waiting, q);
            ngx_http_ig_conn_fail(conn, "no memory");
            return;
        }
    }

    if (conn->ready) {
        conn->ready(conn);
    }
}


static void
ngx_http_ig_conn_timer(ngx_event_t *ev)
{
    ngx_msec_t              age;
    ngx_queue_t            *q;
    ngx_http_ig_conn_t     *conn;
    ngx_http_ig_command_t  *cmd;

    conn = ev->data;

    if (conn->state == NGX_HTTP_IG_CONN_CONNECTING) {
        ngx_http_ig_conn_fail(conn, "connecting timed out");
        return;
    }

    if (ngx_queue_empty(&conn->pending)) {
        return;
    }

    q = ngx_queue_head(&conn->pending);
    cmd = ngx_queue_data(q, ngx_http_ig_command_t, queue);

    age = ngx_current_msec - cmd->sent;

    if (age >= conn->store->timeout) {
        ngx_http_ig_conn_fail(conn, "it timed out");
        return;
    }

    ngx_add_timer(ev, conn->store->timeout - age);
}


void
ngx_http_ig_conn_fail(ngx_http_ig_conn_t *conn, const char *why)
{
    ngx_uint_t              level;
    ngx_queue_t             all, *q;
    ngx_http_ig_command_t  *cmd;

    level = conn->failures ? NGX_LOG_INFO : NGX_LOG_ERR;

    ngx_log_error(level, ngx_cycle->log, 0,
                  "inference guard: the store at %V is not available: %s",
                  &conn->server.name, why);

    ngx_http_ig_conn_close(conn);

    conn->failed = 1;
    conn->failures++;

    /* whoever is told may ask again, and is refused at once */

    ngx_queue_init(&all);

    if (!ngx_queue_empty(&conn->pending)) {
        ngx_queue_add(&all, &conn->pending);
        ngx_queue_init(&conn->pending);
    }

    if (!ngx_queue_empty(&conn->waiting)) {
        ngx_queue_add(&all, &conn->waiting);
        ngx_queue_init(&conn->waiting);
    }

    conn->npending = 0;

    if (conn->lost) {
        conn->lost(conn);
    }

    while (!ngx_queue_empty(&all)) {
        q = ngx_queue_head(&all);
        cmd = ngx_queue_data(q, ngx_http_ig_command_t, queue);

        ngx_queue_remove(q);

        cmd->handler(cmd, NULL);
    }
}


void
ngx_http_ig_conn_later(ngx_http_ig_conn_t *conn, ngx_event_handler_pt again)
{
    ngx_msec_t  delay;

    if (ngx_exiting || conn->retry.timer_set) {
        return;
    }

    delay = NGX_HTTP_IG_CONN_LATER
            << ngx_min(conn->failures, NGX_HTTP_IG_CONN_DOUBLINGS);
    delay = delay / 2 + (ngx_msec_t) ngx_random() % (delay / 2);

    conn->retry.handler = again;

    ngx_add_timer(&conn->retry, delay);
}


void
ngx_http_ig_conn_close(ngx_http_ig_conn_t *conn)
{
    ngx_pool_t        *pool;
    ngx_connection_t  *c;

    c = conn->pc.connection;

    if (c) {

#if (NGX_SSL)
        if (c->ssl) {
            c->ssl->no_wait_shutdown = 1;
            c->ssl->no_send_shutdown = 1;

            (void) ngx_ssl_shutdown(c);
        }
#endif

        pool = c->pool;

        ngx_close_connection(c);

        if (pool) {
            ngx_destroy_pool(pool);
        }

        conn->pc.connection = NULL;
    }

    if (conn->reader) {
        redisReaderFree(conn->reader);
        conn->reader = NULL;
    }

    if (conn->out_len) {
        ngx_explicit_memzero(conn->out, conn->out_len);
    }

    conn->out_pos = 0;
    conn->out_len = 0;
    conn->nsetup = 0;
    conn->connected = 0;
    conn->state = NGX_HTTP_IG_CONN_IDLE;

    if (conn->timer.timer_set) {
        ngx_del_timer(&conn->timer);
    }

    if (conn->posted.posted) {
        ngx_delete_posted_event(&conn->posted);
    }
}

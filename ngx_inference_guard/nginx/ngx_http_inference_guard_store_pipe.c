
/*
 * A connection's pipeline: commands go out, those of a turn in one write, and
 * their answers come in order.
 */


#include "ngx_http_inference_guard_store_parts.h"


#define NGX_HTTP_IG_CONN_READ      16384
#define NGX_HTTP_IG_CONN_REPLY     (1024 * 1024)
#define NGX_HTTP_IG_CONN_OUT       (8 * 1024 * 1024)


static void ngx_http_ig_conn_replies(ngx_http_ig_conn_t *conn);


void
ngx_http_ig_conn_read(ngx_event_t *rev)
{
    u_char               buf[NGX_HTTP_IG_CONN_READ];
    ssize_t              n;
    ngx_connection_t    *c;
    ngx_http_ig_conn_t  *conn;

    c = rev->data;
    conn = c->data;

    if (!conn->connected) {

        /* an error; the write handler finds out */

        return;
    }

    for ( ;; ) {

        n = c->recv(c, buf, sizeof(buf));

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == 0 || n == NGX_ERROR) {
            ngx_http_ig_conn_fail(conn, "it closed the connection");
            return;
        }

        if (redisReaderFeed(conn->reader, (char *) buf, (size_t) n) != REDIS_OK
            || conn->reader->len > NGX_HTTP_IG_CONN_REPLY)
        {
            ngx_http_ig_conn_fail(conn, "its answer is too long");
            return;
        }

        ngx_http_ig_conn_replies(conn);

        if (conn->pc.connection != c) {
            return;
        }
    }

    if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        ngx_http_ig_conn_fail(conn, "no event");
    }
}


static void
ngx_http_ig_conn_replies(ngx_http_ig_conn_t *conn)
{
    void                   *reply;
    ngx_queue_t            *q;
    ngx_http_ig_command_t  *cmd;

    /* a handler may fail the connection, and then there is no reader */

    while (conn->reader) {

        if (redisReaderGetReply(conn->reader, &reply) != REDIS_OK) {
            ngx_http_ig_conn_fail(conn, "its answer is not of the protocol");
            return;
        }

        if (reply == NULL) {
            return;
        }

        if (ngx_queue_empty(&conn->pending)) {
            freeReplyObject(reply);
            ngx_http_ig_conn_fail(conn, "it answered what nobody asked");
            return;
        }

        q = ngx_queue_head(&conn->pending);
        cmd = ngx_queue_data(q, ngx_http_ig_command_t, queue);

        ngx_queue_remove(q);
        conn->npending--;

        /* this process slept: what it was granted may have been taken back */

        if (ngx_current_msec - cmd->sent > conn->store->grace) {
            freeReplyObject(reply);
            reply = NULL;
        }

        cmd->handler(cmd, reply);

        if (reply) {
            freeReplyObject(reply);
        }
    }
}


ngx_int_t
ngx_http_ig_conn_send(ngx_http_ig_conn_t *conn, ngx_http_ig_command_t *cmd)
{
    if ((conn->failed && conn->state != NGX_HTTP_IG_CONN_READY)
        || conn->npending >= NGX_HTTP_IG_STORE_PENDING)
    {
        return NGX_ERROR;
    }

    if (conn->state == NGX_HTTP_IG_CONN_IDLE) {
        ngx_http_ig_conn_connect(conn);

        if (conn->failed) {
            return NGX_ERROR;
        }
    }

    cmd->conn = conn;
    cmd->sent = ngx_current_msec;

    if (conn->state == NGX_HTTP_IG_CONN_READY) {

        if (ngx_http_ig_conn_push(conn, cmd) != NGX_OK) {
            return NGX_ERROR;
        }

    } else {
        ngx_queue_insert_tail(&conn->waiting, &cmd->queue);
    }

    conn->npending++;

    return NGX_OK;
}


ngx_int_t
ngx_http_ig_conn_ask(ngx_http_ig_conn_t *conn, ngx_http_ig_reply_pt handler,
    ngx_uint_t n, ngx_str_t *words)
{
    int                     len;
    size_t                  lens[4];
    ngx_int_t               rc;
    ngx_uint_t              i;
    const char             *argv[4];
    ngx_http_ig_command_t  *cmd;

    cmd = ngx_http_ig_script_command(conn->store, 1);
    if (cmd == NULL) {
        return NGX_ERROR;
    }

    for (i = 0; i < n; i++) {
        argv[i] = (const char *) words[i].data;
        lens[i] = words[i].len;
    }

    len = redisFormatCommandArgv(&cmd->bytes, (int) n, argv, lens);

    if (len == -1) {
        cmd->bytes = NULL;
        ngx_http_ig_script_free(cmd);
        return NGX_ERROR;
    }

    cmd->len = (size_t) len;
    cmd->handler = handler;
    cmd->conn = conn;
    cmd->sent = ngx_current_msec;

    if (handler == ngx_http_ig_conn_setup_reply) {
        rc = ngx_http_ig_conn_push(conn, cmd);

        if (rc == NGX_OK) {
            conn->npending++;
            conn->nsetup++;
        }

    } else {
        rc = ngx_http_ig_conn_send(conn, cmd);
    }

    if (rc != NGX_OK) {
        ngx_http_ig_script_free(cmd);
    }

    return rc;
}


/* behind what is to be written; a posted event writes all of a turn at once */

ngx_int_t
ngx_http_ig_conn_push(ngx_http_ig_conn_t *conn, ngx_http_ig_command_t *cmd)
{
    size_t   size;
    u_char  *p;

    if (conn->out_len + cmd->len > conn->out_size) {

        if (conn->out_pos) {
            conn->out_len -= conn->out_pos;
            ngx_memmove(conn->out, conn->out + conn->out_pos, conn->out_len);
            conn->out_pos = 0;
        }

        size = ngx_max(conn->out_size, NGX_HTTP_IG_CONN_READ);

        while (conn->out_len + cmd->len > size) {
            size *= 2;
        }

        if (size > NGX_HTTP_IG_CONN_OUT) {
            return NGX_ERROR;
        }

        if (size != conn->out_size) {
            p = ngx_alloc(size, ngx_cycle->log);
            if (p == NULL) {
                return NGX_ERROR;
            }

            if (conn->out) {
                ngx_memcpy(p, conn->out, conn->out_len);
                ngx_free(conn->out);
            }

            conn->out = p;
            conn->out_size = size;
        }
    }

    ngx_memcpy(conn->out + conn->out_len, cmd->bytes, cmd->len);
    conn->out_len += cmd->len;

    /* it may hold a password, or have to be made anew for another server */

    ngx_explicit_memzero(cmd->bytes, cmd->len);
    free(cmd->bytes);
    cmd->bytes = NULL;

    ngx_queue_insert_tail(&conn->pending, &cmd->queue);

    if (!conn->timer.timer_set) {
        ngx_add_timer(&conn->timer, conn->store->timeout);
    }

    if (!conn->posted.posted) {
        ngx_post_event(&conn->posted, &ngx_posted_events);
    }

    return NGX_OK;
}


void
ngx_http_ig_conn_posted(ngx_event_t *ev)
{
    ngx_http_ig_conn_flush(ev->data);
}


void
ngx_http_ig_conn_flush(ngx_http_ig_conn_t *conn)
{
    ssize_t            n;
    ngx_connection_t  *c;

    c = conn->pc.connection;

    if (c == NULL || !conn->connected) {
        return;
    }

    while (conn->out_pos < conn->out_len) {

        n = c->send(c, conn->out + conn->out_pos, conn->out_len - conn->out_pos);

        if (n == NGX_AGAIN) {
            break;
        }

        if (n == NGX_ERROR || n == 0) {
            ngx_http_ig_conn_fail(conn, "it closed the connection");
            return;
        }

        ngx_explicit_memzero(conn->out + conn->out_pos, (size_t) n);
        conn->out_pos += (size_t) n;
    }

    if (conn->out_pos == conn->out_len) {
        conn->out_pos = 0;
        conn->out_len = 0;
    }

    if (ngx_handle_write_event(c->write, 0) != NGX_OK) {
        ngx_http_ig_conn_fail(conn, "no event");
    }
}


/*
 * A connection from TCP on until it may be used: TLS, AUTH, SELECT, ROLE, PING.
 */


#include "ngx_http_inference_guard_store_parts.h"


#if (NGX_SSL)
static void ngx_http_ig_conn_handshake(ngx_connection_t *c);
static void ngx_http_ig_conn_verify(ngx_http_ig_conn_t *conn);
#endif


#if (NGX_SSL)

void
ngx_http_ig_conn_tls(ngx_http_ig_conn_t *conn)
{
    ngx_int_t             rc;
    ngx_connection_t     *c;
    ngx_http_ig_store_t  *s;

    s = conn->store;
    c = conn->pc.connection;

    /* the same addresses as long as the process lives; SNI wants a C string */

    if (ngx_ssl_create_connection(&s->ssl, c, NGX_SSL_CLIENT) != NGX_OK
        || (s->host.len
            && SSL_set_tlsext_host_name(c->ssl->connection,
                                        (char *) s->host.data)
               == 0))
    {
        ngx_http_ig_conn_fail(conn, "TLS could not start");
        return;
    }

    /* more may be appended to what waits to be written */

    (void) SSL_set_mode(c->ssl->connection,
                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);

    rc = ngx_ssl_handshake(c);

    if (rc == NGX_AGAIN) {
        c->ssl->handler = ngx_http_ig_conn_handshake;
        return;
    }

    ngx_http_ig_conn_verify(conn);
}


static void
ngx_http_ig_conn_handshake(ngx_connection_t *c)
{
    ngx_http_ig_conn_verify(c->data);
}


static void
ngx_http_ig_conn_verify(ngx_http_ig_conn_t *conn)
{
    ngx_connection_t     *c;
    ngx_http_ig_store_t  *s;

    s = conn->store;
    c = conn->pc.connection;

    if (!c->ssl->handshaked) {
        ngx_http_ig_conn_fail(conn, "the TLS handshake failed");
        return;
    }

    if (s->verify) {

        if (SSL_get_verify_result(c->ssl->connection) != X509_V_OK) {
            ngx_http_ig_conn_fail(conn, "its certificate is not of the CA");
            return;
        }

        if (ngx_ssl_check_host(c, &s->host) != NGX_OK) {
            ngx_http_ig_conn_fail(conn, "its certificate has another name");
            return;
        }
    }

    c->read->handler = ngx_http_ig_conn_read;
    c->write->handler = ngx_http_ig_conn_write;

    conn->connected = 1;
    ngx_http_ig_conn_setup(conn);
}

#endif


/* PING tells a server that cannot serve yet, or not to us */

void
ngx_http_ig_conn_setup(ngx_http_ig_conn_t *conn)
{
    u_char      db[NGX_INT_T_LEN];
    ngx_int_t   rc;
    ngx_str_t   words[3];
    ngx_uint_t  n;

    rc = NGX_OK;

    if (conn->password && conn->password->len) {
        ngx_str_set(&words[0], "AUTH");
        n = 1;

        if (conn->user && conn->user->len) {
            words[n++] = *conn->user;
        }

        words[n++] = *conn->password;

        rc |= ngx_http_ig_conn_ask(conn, ngx_http_ig_conn_setup_reply, n, words);
    }

    if (conn->db) {
        ngx_str_set(&words[0], "SELECT");
        words[1].data = db;
        words[1].len = (size_t) (ngx_sprintf(db, "%ui", conn->db) - db);

        rc |= ngx_http_ig_conn_ask(conn, ngx_http_ig_conn_setup_reply, 2, words);
    }

    if (conn->master) {
        ngx_str_set(&words[0], "ROLE");
        rc |= ngx_http_ig_conn_ask(conn, ngx_http_ig_conn_setup_reply, 1, words);
    }

    ngx_str_set(&words[0], "PING");
    rc |= ngx_http_ig_conn_ask(conn, ngx_http_ig_conn_setup_reply, 1, words);

    if (rc != NGX_OK) {
        ngx_http_ig_conn_fail(conn, "no memory");
    }
}


void
ngx_http_ig_conn_setup_reply(ngx_http_ig_command_t *cmd, redisReply *reply)
{
    char                why[128];
    ngx_http_ig_conn_t  *conn;

    conn = cmd->conn;
    ngx_http_ig_script_free(cmd);

    if (reply == NULL) {

        if (conn->reader) {
            ngx_http_ig_conn_fail(conn, "its answer came too late");
        }

        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {

        /* the first words: no server repeats a password in them, or at all */

        *ngx_snprintf((u_char *) why, sizeof(why) - 1, "it says: %*s",
                      strcspn(reply->str, "\r\n"), reply->str) = '\0';

        ngx_http_ig_conn_fail(conn, why);
        return;
    }

    if (reply->type == REDIS_REPLY_ARRAY
        && (reply->elements == 0
            || reply->element[0]->type != REDIS_REPLY_STRING
            || ngx_strcmp(reply->element[0]->str, "master") != 0))
    {
        ngx_http_ig_conn_fail(conn, "it is no master");
        return;
    }

    if (--conn->nsetup == 0) {
        ngx_http_ig_conn_is_ready(conn);
    }
}

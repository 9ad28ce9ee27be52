
/*
 * A cluster: who has which slots, and where a command goes when that has changed.
 */


#include "ngx_http_inference_guard_store_parts.h"


#define NGX_HTTP_IG_NODES_PAUSE    500      /* ms between two looks at a map */


static ngx_uint_t ngx_http_ig_nodes_find(ngx_http_ig_nodes_t *nodes,
    ngx_http_ig_server_t *teller, u_char *host, size_t len, ngx_int_t port);
static void ngx_http_ig_nodes_lost(ngx_http_ig_conn_t *conn);
static void ngx_http_ig_nodes_again(ngx_event_t *ev);
static void ngx_http_ig_nodes_ignore(ngx_http_ig_command_t *cmd,
    redisReply *reply);


/* [[from, to, [address, port, ...], ...replicas], ...] */

ngx_int_t
ngx_http_ig_nodes_map(ngx_http_ig_nodes_t *nodes, redisReply *reply)
{
    size_t       i;
    long long    from, to;
    ngx_uint_t   row;
    redisReply  *range, *node;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) {
        return NGX_ERROR;
    }

    ngx_memzero(nodes->slots, sizeof(nodes->slots));

    for (i = 0; i < reply->elements; i++) {
        range = reply->element[i];

        if (range->type != REDIS_REPLY_ARRAY || range->elements < 3
            || range->element[0]->type != REDIS_REPLY_INTEGER
            || range->element[1]->type != REDIS_REPLY_INTEGER)
        {
            return NGX_ERROR;
        }

        from = range->element[0]->integer;
        to = range->element[1]->integer;
        node = range->element[2];

        if (from < 0 || to >= NGX_HTTP_IG_STORE_SLOTS
            || node->type != REDIS_REPLY_ARRAY || node->elements < 2
            || node->element[1]->type != REDIS_REPLY_INTEGER)
        {
            return NGX_ERROR;
        }

        if (node->element[0]->type == REDIS_REPLY_STRING) {
            row = ngx_http_ig_nodes_find(nodes, &nodes->asker->server,
                                         (u_char *) node->element[0]->str,
                                         node->element[0]->len,
                                         node->element[1]->integer);

        } else {

            /* it does not know its own address: we do */

            row = ngx_http_ig_nodes_find(nodes, &nodes->asker->server, NULL, 0,
                                         node->element[1]->integer);
        }

        for ( /* void */ ; from <= to; from++) {
            nodes->slots[from] = (u_char) row;
        }
    }

    return NGX_OK;
}


/* a map is there, or there will be none */

void
ngx_http_ig_nodes_flush(ngx_http_ig_nodes_t *nodes)
{
    ngx_queue_t             all, *q;
    ngx_http_ig_command_t  *cmd;

    if (ngx_queue_empty(&nodes->waiting)) {
        return;
    }

    ngx_queue_init(&all);
    ngx_queue_add(&all, &nodes->waiting);
    ngx_queue_init(&nodes->waiting);

    nodes->nwaiting = 0;

    while (!ngx_queue_empty(&all)) {
        q = ngx_queue_head(&all);
        cmd = ngx_queue_data(q, ngx_http_ig_command_t, queue);

        ngx_queue_remove(q);

        if (ngx_http_ig_nodes_send(nodes->store, cmd) != NGX_OK) {
            cmd->handler(cmd, NULL);
        }
    }
}


/* the map may have changed; one look at a time */

void
ngx_http_ig_nodes_look(ngx_http_ig_nodes_t *nodes)
{
    if (nodes->asking || nodes->asker->retry.timer_set
        || ngx_current_msec - nodes->asked < NGX_HTTP_IG_NODES_PAUSE)
    {
        return;
    }

    ngx_http_ig_conn_later(nodes->asker, ngx_http_ig_nodes_asker_again);
}


static void
ngx_http_ig_nodes_lost(ngx_http_ig_conn_t *conn)
{
    ngx_uint_t            i;
    ngx_http_ig_nodes_t  *nodes;

    nodes = conn->data;

    ngx_http_ig_nodes_look(nodes);

    for (i = 0; i < NGX_HTTP_IG_STORE_SLOTS; i++) {
        if (nodes->slots[i] && nodes->conns[nodes->slots[i] - 1] == conn) {
            ngx_http_ig_conn_later(conn, ngx_http_ig_nodes_again);
            return;
        }
    }
}


static void
ngx_http_ig_nodes_again(ngx_event_t *ev)
{
    ngx_http_ig_conn_t  *conn;

    conn = ev->data;

    if (conn->state == NGX_HTTP_IG_CONN_IDLE) {
        ngx_http_ig_conn_connect(conn);
    }
}


/* row + 1; 0: an address that is none, or no room.  No host: the teller's */

static ngx_uint_t
ngx_http_ig_nodes_find(ngx_http_ig_nodes_t *nodes, ngx_http_ig_server_t *teller,
    u_char *host, size_t len, ngx_int_t port)
{
    ngx_uint_t             i;
    ngx_http_ig_conn_t    *conn;
    ngx_http_ig_server_t   server;

    if (len == 0) {
        server = *teller;

        if (port < 1 || port > 65535) {
            return 0;
        }

        server.name.data = server.text;
        ngx_inet_set_port(&server.sockaddr.sockaddr, (in_port_t) port);
        server.name.len = ngx_sock_ntop(&server.sockaddr.sockaddr,
                                        server.socklen, server.text,
                                        NGX_SOCKADDR_STRLEN, 1);

    } else if (ngx_http_ig_nodes_address(&server, host, len, port) != NGX_OK) {
        return 0;
    }

    for (i = 0; i < nodes->nconns; i++) {
        conn = nodes->conns[i];

        if (conn->server.name.len == server.name.len
            && ngx_memcmp(conn->server.text, server.text, server.name.len) == 0)
        {
            return i + 1;
        }
    }

    if (nodes->nconns == NGX_HTTP_IG_STORE_NODES) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "inference guard: a cluster of more than %d servers",
                      NGX_HTTP_IG_STORE_NODES);
        return 0;
    }

    conn = ngx_http_ig_nodes_add(nodes);
    if (conn == NULL) {
        return 0;
    }

    conn->lost = ngx_http_ig_nodes_lost;
    conn->server = server;
    conn->server.name.data = conn->server.text;

    return nodes->nconns;
}


/* "MOVED 3999 127.0.0.1:6381", "ASK 3999 127.0.0.1:6381", and what else */

ngx_int_t
ngx_http_ig_nodes_redirect(ngx_http_ig_store_t *s, ngx_http_ig_command_t *cmd,
    redisReply *error)
{
    u_char               *p, *last, *host;
    ngx_int_t             slot;
    ngx_str_t             word;
    ngx_uint_t            row, ask;
    ngx_http_ig_conn_t   *conn;
    ngx_http_ig_nodes_t  *nodes;

    nodes = s->nodes;
    p = (u_char *) error->str;
    last = p + error->len;

    if (ngx_strncmp(p, "READONLY", 8) == 0) {
        ngx_http_ig_conn_fail(cmd->conn, "it is a replica");
        return NGX_DECLINED;
    }

    if (!s->cluster) {
        return NGX_DECLINED;
    }

    ask = (ngx_strncmp(p, "ASK ", 4) == 0);

    if (!ask && ngx_strncmp(p, "MOVED ", 6) != 0) {
        ngx_http_ig_nodes_look(nodes);
        return NGX_DECLINED;
    }

    if (cmd->hops++ == NGX_HTTP_IG_STORE_HOPS) {
        return NGX_DECLINED;
    }

    p += ask ? 4 : 6;
    host = ngx_strlchr(p, last, ' ');

    if (host == NULL) {
        return NGX_DECLINED;
    }

    slot = ngx_atoi(p, (size_t) (host - p));
    host++;

    /* an IPv6 address has colons as well */

    for (p = last; p > host && p[-1] != ':'; p--) { /* void */ }

    if (p == host || slot < 0 || slot >= NGX_HTTP_IG_STORE_SLOTS) {
        return NGX_DECLINED;
    }

    row = ngx_http_ig_nodes_find(nodes, &cmd->conn->server, host,
                                 (size_t) (p - 1 - host),
                                 ngx_atoi(p, (size_t) (last - p)));

    if (row == 0 || ngx_http_ig_script_format(cmd) != NGX_OK) {
        return NGX_DECLINED;
    }

    conn = nodes->conns[row - 1];

    if (ask) {
        ngx_str_set(&word, "ASKING");

        if (ngx_http_ig_conn_ask(conn, ngx_http_ig_nodes_ignore, 1, &word)
            != NGX_OK)
        {
            return NGX_DECLINED;
        }

    } else {
        nodes->slots[slot] = (u_char) row;
        ngx_http_ig_nodes_look(nodes);
    }

    return ngx_http_ig_conn_send(conn, cmd) == NGX_OK ? NGX_OK : NGX_DECLINED;
}


static void
ngx_http_ig_nodes_ignore(ngx_http_ig_command_t *cmd, redisReply *reply)
{
    ngx_http_ig_script_free(cmd);
}

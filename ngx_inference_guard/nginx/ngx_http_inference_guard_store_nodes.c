
/*
 * Which server has a tenant's counters.
 *
 *     one        the configured one; of several addresses, the next after each
 *                failure
 *     Sentinel   the first of the configured sentinels that answers names the
 *                master, anew for each connection; the server must agree (ROLE)
 *     Cluster    any server tells who has which slots: at the start, after a
 *                failure, and when a server sends us to another
 *
 * Sentinels and servers must give addresses: names would have to be resolved,
 * and the configured ones are, when the configuration is read.
 */


#include "ngx_http_inference_guard_store_parts.h"


static void ngx_http_ig_nodes_one(ngx_http_ig_nodes_t *nodes);
static void ngx_http_ig_nodes_back(ngx_http_ig_conn_t *conn);
static void ngx_http_ig_nodes_one_lost(ngx_http_ig_conn_t *conn);
static void ngx_http_ig_nodes_one_again(ngx_event_t *ev);

static void ngx_http_ig_nodes_asker_ready(ngx_http_ig_conn_t *asker);
static void ngx_http_ig_nodes_asker_lost(ngx_http_ig_conn_t *asker);
static void ngx_http_ig_nodes_told(ngx_http_ig_command_t *cmd,
    redisReply *reply);
static ngx_int_t ngx_http_ig_nodes_master(ngx_http_ig_nodes_t *nodes,
    redisReply *reply);



ngx_http_ig_conn_t *
ngx_http_ig_nodes_add(ngx_http_ig_nodes_t *nodes)
{
    ngx_http_ig_conn_t   *conn;
    ngx_http_ig_store_t  *s;

    s = nodes->store;

    conn = ngx_http_ig_conn_create(s);
    if (conn == NULL) {
        return NULL;
    }

    conn->data = nodes;
    conn->user = &s->user;
    conn->password = &s->password;
    conn->db = s->db;
    conn->ready = ngx_http_ig_nodes_back;

    nodes->conns[nodes->nconns++] = conn;

    return conn;
}


ngx_int_t
ngx_http_ig_nodes_init(ngx_http_ig_store_t *s)
{
    ngx_http_ig_conn_t   *conn;
    ngx_http_ig_nodes_t  *nodes;

    nodes = ngx_calloc(sizeof(ngx_http_ig_nodes_t), ngx_cycle->log);
    if (nodes == NULL) {
        return NGX_ERROR;
    }

    s->nodes = nodes;

    nodes->store = s;
    nodes->next = (ngx_uint_t) ngx_random() % s->servers.nelts;

    ngx_queue_init(&nodes->waiting);

    nodes->asker = ngx_http_ig_conn_create(s);
    if (nodes->asker == NULL) {
        return NGX_ERROR;
    }

    nodes->asker->data = nodes;
    nodes->asker->ready = ngx_http_ig_nodes_asker_ready;
    nodes->asker->lost = ngx_http_ig_nodes_asker_lost;

    if (s->cluster) {
        nodes->asker->user = &s->user;
        nodes->asker->password = &s->password;

        ngx_http_ig_nodes_ask(nodes);

        return NGX_OK;
    }

    nodes->asker->password = &s->sentinel_password;

    conn = ngx_http_ig_nodes_add(nodes);
    if (conn == NULL) {
        return NGX_ERROR;
    }

    conn->lost = ngx_http_ig_nodes_one_lost;
    conn->master = (s->sentinel.len != 0);

    ngx_http_ig_nodes_one(nodes);

    return NGX_OK;
}


void
ngx_http_ig_nodes_exit(ngx_http_ig_store_t *s)
{
    ngx_uint_t            i;
    ngx_http_ig_conn_t   *conn;
    ngx_http_ig_nodes_t  *nodes;

    nodes = s->nodes;

    if (nodes == NULL) {
        return;
    }

    for (i = 0; i <= nodes->nconns; i++) {
        conn = (i == nodes->nconns) ? nodes->asker : nodes->conns[i];

        if (conn == NULL) {
            continue;
        }

        ngx_http_ig_conn_close(conn);

        if (conn->retry.timer_set) {
            ngx_del_timer(&conn->retry);
        }
    }
}


ngx_uint_t
ngx_http_ig_nodes_available(ngx_http_ig_store_t *s)
{
    ngx_uint_t            i;
    ngx_http_ig_nodes_t  *nodes;

    nodes = s->nodes;

    if (nodes == NULL) {
        return 0;
    }

    if (s->cluster && !nodes->mapped) {
        return !nodes->failed;
    }

    for (i = 0; i < nodes->nconns; i++) {
        if (!nodes->conns[i]->failed) {
            return 1;
        }
    }

    return 0;
}


/* --- one server, or a sentinel's master --- */

static void
ngx_http_ig_nodes_one(ngx_http_ig_nodes_t *nodes)
{
    ngx_http_ig_store_t   *s;
    ngx_http_ig_server_t  *servers;

    s = nodes->store;

    if (s->sentinel.len) {
        ngx_http_ig_conn_hold(nodes->conns[0]);
        ngx_http_ig_nodes_ask(nodes);
        return;
    }

    servers = s->servers.elts;
    nodes->conns[0]->server = servers[nodes->next];
    nodes->conns[0]->server.name.data = nodes->conns[0]->server.text;

    nodes->next = (nodes->next + 1) % s->servers.nelts;

    ngx_http_ig_conn_connect(nodes->conns[0]);
}


static void
ngx_http_ig_nodes_back(ngx_http_ig_conn_t *conn)
{
    /*
     * It may have been restarted, or be another: it hears of what was used
     * meanwhile, and what it has lost, before anything is asked of it.
     */

    ngx_http_ig_store_hand_in(conn->store);
}


static void
ngx_http_ig_nodes_one_lost(ngx_http_ig_conn_t *conn)
{
    ngx_http_ig_nodes_t  *nodes;

    nodes = conn->data;

    if (nodes->asking) {
        nodes->asking = 0;
        nodes->next++;
        ngx_http_ig_conn_close(nodes->asker);
    }

    ngx_http_ig_conn_later(conn, ngx_http_ig_nodes_one_again);
}


static void
ngx_http_ig_nodes_one_again(ngx_event_t *ev)
{
    ngx_http_ig_conn_t  *conn;

    conn = ev->data;

    ngx_http_ig_nodes_one(conn->data);
}


/* --- who is asked where the data are --- */

/* those of the configuration; of a cluster, all that we know of */

static ngx_uint_t
ngx_http_ig_nodes_askable(ngx_http_ig_nodes_t *nodes)
{
    return nodes->store->servers.nelts
           + (nodes->store->cluster ? nodes->nconns : 0);
}


void
ngx_http_ig_nodes_ask(ngx_http_ig_nodes_t *nodes)
{
    ngx_uint_t             n;
    ngx_http_ig_server_t  *servers;

    if (!nodes->asking) {
        nodes->asking = 1;
        nodes->tried = 0;
    }

    nodes->asked = ngx_current_msec;
    nodes->next %= ngx_http_ig_nodes_askable(nodes);

    n = nodes->store->servers.nelts;
    servers = nodes->store->servers.elts;

    nodes->asker->server = (nodes->next < n)
                           ? servers[nodes->next]
                           : nodes->conns[nodes->next - n]->server;

    nodes->asker->server.name.data = nodes->asker->server.text;

    ngx_http_ig_conn_connect(nodes->asker);
}


static void
ngx_http_ig_nodes_asker_ready(ngx_http_ig_conn_t *asker)
{
    ngx_str_t             words[3];
    ngx_uint_t            n;
    ngx_http_ig_store_t  *s;

    s = asker->store;

    if (s->cluster) {
        ngx_str_set(&words[0], "CLUSTER");
        ngx_str_set(&words[1], "SLOTS");
        n = 2;

    } else {
        ngx_str_set(&words[0], "SENTINEL");
        ngx_str_set(&words[1], "get-master-addr-by-name");
        words[2] = s->sentinel;
        n = 3;
    }

    if (ngx_http_ig_conn_ask(asker, ngx_http_ig_nodes_told, n, words)
        != NGX_OK)
    {
        ngx_http_ig_conn_fail(asker, "no memory");
    }
}


static void
ngx_http_ig_nodes_told(ngx_http_ig_command_t *cmd, redisReply *reply)
{
    ngx_int_t             rc;
    ngx_http_ig_conn_t   *asker;
    ngx_http_ig_nodes_t  *nodes;

    asker = cmd->conn;
    nodes = asker->data;

    ngx_http_ig_script_free(cmd);

    if (reply == NULL) {

        /* the connection failed, and asker_lost() sees to it */

        if (asker->reader) {
            ngx_http_ig_conn_fail(asker, "its answer came too late");
        }

        return;
    }

    rc = nodes->store->cluster ? ngx_http_ig_nodes_map(nodes, reply)
                               : ngx_http_ig_nodes_master(nodes, reply);

    if (rc != NGX_OK) {
        ngx_http_ig_conn_fail(asker, "it does not say where the data are");
        return;
    }

    nodes->asking = 0;
    ngx_http_ig_conn_close(asker);

    if (nodes->store->cluster) {
        nodes->mapped = 1;
        nodes->failed = 0;
        ngx_http_ig_nodes_flush(nodes);
        return;
    }

    ngx_http_ig_conn_connect(nodes->conns[0]);
}


static void
ngx_http_ig_nodes_asker_lost(ngx_http_ig_conn_t *asker)
{
    ngx_http_ig_nodes_t  *nodes;

    nodes = asker->data;

    if (!nodes->asking) {
        return;
    }

    nodes->next++;

    /* not from within: its own commands are still to be told */

    if (++nodes->tried < ngx_http_ig_nodes_askable(nodes)) {
        asker->retry.handler = ngx_http_ig_nodes_asker_again;
        ngx_add_timer(&asker->retry, 1);
        return;
    }

    nodes->asking = 0;

    if (!nodes->store->cluster) {
        ngx_http_ig_conn_fail(nodes->conns[0], "no sentinel knows the master");
        return;
    }

    nodes->failed = 1;
    ngx_http_ig_conn_later(asker, ngx_http_ig_nodes_asker_again);
    ngx_http_ig_nodes_flush(nodes);
}


void
ngx_http_ig_nodes_asker_again(ngx_event_t *ev)
{
    ngx_http_ig_conn_t   *asker;
    ngx_http_ig_nodes_t  *nodes;

    asker = ev->data;
    nodes = asker->data;

    if (asker->state == NGX_HTTP_IG_CONN_IDLE
        && (nodes->asking || nodes->store->cluster))
    {
        ngx_http_ig_nodes_ask(nodes);
    }
}


static ngx_int_t
ngx_http_ig_nodes_master(ngx_http_ig_nodes_t *nodes, redisReply *reply)
{
    redisReply  *host, *port;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2) {
        return NGX_ERROR;
    }

    host = reply->element[0];
    port = reply->element[1];

    if (host->type != REDIS_REPLY_STRING || port->type != REDIS_REPLY_STRING) {
        return NGX_ERROR;
    }

    return ngx_http_ig_nodes_address(&nodes->conns[0]->server,
                                     (u_char *) host->str, host->len,
                                     ngx_atoi((u_char *) port->str, port->len));
}


ngx_int_t
ngx_http_ig_nodes_address(ngx_http_ig_server_t *server, u_char *host,
    size_t len, ngx_int_t port)
{
    ngx_int_t    rc;
    ngx_addr_t   addr;
    ngx_pool_t  *pool;

    if (port < 1 || port > 65535) {
        return NGX_ERROR;
    }

    pool = ngx_create_pool(1024, ngx_cycle->log);
    if (pool == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_parse_addr(pool, &addr, host, len);

    if (rc == NGX_OK) {
        ngx_inet_set_port(addr.sockaddr, (in_port_t) port);

        ngx_memcpy(&server->sockaddr, addr.sockaddr, addr.socklen);
        server->socklen = addr.socklen;
        server->name.data = server->text;
        server->name.len = ngx_sock_ntop(addr.sockaddr, addr.socklen,
                                         server->text, NGX_SOCKADDR_STRLEN, 1);

    } else {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "inference guard: the store names a server \"%*s\", "
                      "which is no address", len, host);
    }

    ngx_destroy_pool(pool);

    return rc == NGX_OK ? NGX_OK : NGX_ERROR;
}


ngx_int_t
ngx_http_ig_nodes_send(ngx_http_ig_store_t *s, ngx_http_ig_command_t *cmd)
{
    ngx_uint_t            row;
    ngx_http_ig_nodes_t  *nodes;

    nodes = s->nodes;

    if (nodes == NULL) {
        return NGX_ERROR;
    }

    if (!s->cluster) {
        return ngx_http_ig_conn_send(nodes->conns[0], cmd);
    }

    if (!nodes->mapped) {

        if (nodes->failed || nodes->nwaiting >= NGX_HTTP_IG_STORE_PENDING) {
            return NGX_ERROR;
        }

        nodes->nwaiting++;
        ngx_queue_insert_tail(&nodes->waiting, &cmd->queue);

        return NGX_OK;
    }

    row = nodes->slots[ngx_http_ig_script_slot(cmd->counters[0].lease.tenant)];

    if (row == 0) {
        ngx_http_ig_nodes_look(nodes);
        return NGX_ERROR;
    }

    return ngx_http_ig_conn_send(nodes->conns[row - 1], cmd);
}


/*
 * The address that a connection really goes to.
 *
 * The init handler of each declared upstream is wrapped after every balancer
 * has set its own; for a guarded request the peer's handlers are wrapped in
 * turn, and each try (the first, a retry, a backup server, a kept connection)
 * passes ngx_http_ig_get_peer().  A guarded request that reaches an upstream
 * without having passed the choke point is refused here.
 */


#include "ngx_http_inference_guard.h"


static ngx_int_t ngx_http_ig_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us);
static ngx_int_t ngx_http_ig_get_peer(ngx_peer_connection_t *pc, void *data);
static ngx_int_t ngx_http_ig_check_address(ngx_http_ig_leg_t *leg,
    ngx_peer_connection_t *pc);
static ngx_uint_t ngx_http_ig_in_ranges(const ig_endpoint_t *row,
    struct sockaddr *sa);
static void ngx_http_ig_free_peer(ngx_peer_connection_t *pc, void *data,
    ngx_uint_t state);
static void ngx_http_ig_notify_peer(ngx_peer_connection_t *pc, void *data,
    ngx_uint_t type);
#if (NGX_SSL || NGX_COMPAT)
static ngx_int_t ngx_http_ig_set_session(ngx_peer_connection_t *pc,
    void *data);
static void ngx_http_ig_save_session(ngx_peer_connection_t *pc, void *data);
#endif


ngx_int_t
ngx_http_ig_peer_init_upstreams(ngx_conf_t *cf, ngx_http_ig_main_conf_t *mcf)
{
    size_t                   i;
    ngx_uint_t               j;
    ngx_http_ig_endpoint_t  *ep;
    ngx_http_ig_upstream_t  *up;

    for (i = 0; i < mcf->policy->nendpoints; i++) {

        ep = &mcf->endpoints[i];
        up = mcf->upstreams.elts;

        for (j = 0; j < mcf->upstreams.nelts; j++) {
            if (up[j].upstream == ep->upstream) {
                break;
            }
        }

        if (j < mcf->upstreams.nelts) {
            continue;
        }

        up = ngx_array_push(&mcf->upstreams);
        if (up == NULL) {
            return NGX_ERROR;
        }

        up->upstream = ep->upstream;
        up->init = ep->upstream->peer.init;

        ep->upstream->peer.init = ngx_http_ig_init_peer;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ig_init_peer(ngx_http_request_t *r, ngx_http_upstream_srv_conf_t *us)
{
    ngx_int_t                 rc;
    ngx_uint_t                i;
    ngx_http_ig_leg_t        *leg;
    ngx_http_upstream_t      *u;
    ngx_http_ig_upstream_t   *up;
    ngx_http_ig_main_conf_t  *mcf;

    mcf = ngx_http_get_module_main_conf(r, ngx_http_inference_guard_module);

    up = mcf->upstreams.elts;

    for (i = 0; i < mcf->upstreams.nelts && up[i].upstream != us; i++) {
        /* void */
    }

    if (i == mcf->upstreams.nelts) {
        return NGX_ERROR;
    }

    rc = up[i].init(r, us);

    if (rc != NGX_OK) {
        return rc;
    }

    leg = ngx_http_get_module_ctx(r, ngx_http_inference_guard_module);

    if (leg == NULL && ngx_http_ig_find(r) == NULL) {

        /* nothing of this request was ever guarded */

        return NGX_OK;
    }

    if (leg == NULL && r != r->main
        && ngx_http_ig_find(r)->state == NGX_HTTP_IG_UNDECIDED)
    {
        /* as an auth_request that goes before the decision */

        return NGX_OK;
    }

    if (leg == NULL || leg->create_request == NULL || leg->endpoint == IG_NONE
        || leg->request->mcf->endpoints[leg->endpoint].upstream != us)
    {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "inference guard: upstream \"%V\" was reached without "
                      "a decision", &us->host);

        if (leg) {
            leg->reason = IG_REASON_destination_not_permitted;
        }

        return NGX_ERROR;
    }

    u = r->upstream;

    leg->get = u->peer.get;
    leg->free = u->peer.free;
    leg->notify = u->peer.notify;
    leg->peer_data = u->peer.data;

    u->peer.data = leg;
    u->peer.get = ngx_http_ig_get_peer;
    u->peer.free = ngx_http_ig_free_peer;

    if (leg->notify) {
        u->peer.notify = ngx_http_ig_notify_peer;
    }

#if (NGX_SSL || NGX_COMPAT)

    leg->set_session = u->peer.set_session;
    leg->save_session = u->peer.save_session;

    if (leg->set_session) {
        u->peer.set_session = ngx_http_ig_set_session;
    }

    if (leg->save_session) {
        u->peer.save_session = ngx_http_ig_save_session;
    }

#endif

    return NGX_OK;
}


static ngx_int_t
ngx_http_ig_get_peer(ngx_peer_connection_t *pc, void *data)
{
    ngx_http_ig_leg_t *leg = data;

    ngx_int_t  rc;

    rc = leg->get(pc, leg->peer_data);

    if (rc == NGX_ERROR || rc == NGX_BUSY || rc == NGX_DECLINED) {
        return rc;
    }

    if (ngx_http_ig_check_address(leg, pc) != NGX_OK) {

        /*
         * NGINX finalizes with 500, calls free() and closes a connection that
         * was kept; the header filter knows the reason
         */

        leg->reason = IG_REASON_destination_not_permitted;
        return NGX_ERROR;
    }

    return rc;
}


static ngx_int_t
ngx_http_ig_check_address(ngx_http_ig_leg_t *leg, ngx_peer_connection_t *pc)
{
    size_t                  len;
    u_char                  text[NGX_SOCKADDR_STRLEN];
    ngx_uint_t              verified;
    const ig_endpoint_t    *row;
    ngx_http_ig_request_t  *req;

    req = leg->request;
    row = req->mcf->endpoints[leg->endpoint].row;

    if (pc->sockaddr == NULL) {
        return NGX_ERROR;
    }

    len = ngx_sock_ntop(pc->sockaddr, pc->socklen, text, NGX_SOCKADDR_STRLEN,
                        1);

    verified = ngx_http_ig_in_ranges(row, pc->sockaddr);

    /* the outcome is the main request's: a mirror has none of its own */

    if (leg->r == req->r) {
        ngx_memcpy(req->address, text, len);
        req->address_len = len;

        if (!verified) {
            req->unverified = 1;
        }
    }

    if (!verified && row->naddresses) {
        ngx_log_error(NGX_LOG_ERR, pc->log, 0,
                      "inference guard: address %*s is not one of endpoint "
                      "\"%V\", nothing is sent", len, text,
                      &req->mcf->endpoints[leg->endpoint].name);
        return NGX_ERROR;
    }

    if (leg->r == req->r) {
        req->tries++;
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_http_ig_in_ranges(const ig_endpoint_t *row, struct sockaddr *sa)
{
    size_t   i;
    uint8_t  address[16];

    if (sa->sa_family != AF_INET && sa->sa_family != AF_INET6) {
        return 0;
    }

    ngx_http_ig_mapped(sa, address);

    for (i = 0; i < row->naddresses; i++) {
        if (ig_network_has(&row->addresses[i], address)) {
            return 1;
        }
    }

    return 0;
}


static void
ngx_http_ig_free_peer(ngx_peer_connection_t *pc, void *data, ngx_uint_t state)
{
    ngx_http_ig_leg_t *leg = data;

    /* keepalive takes the connection: what it carried is seen only here */

    if (pc->connection && pc->connection->sent > 0) {
        leg->sent = 1;
    }

    if (leg->r->upstream) {
        leg->upstream_status = leg->r->upstream->headers_in.status_n;
    }

    leg->free(pc, leg->peer_data, state);
}


static void
ngx_http_ig_notify_peer(ngx_peer_connection_t *pc, void *data, ngx_uint_t type)
{
    ngx_http_ig_leg_t *leg = data;

    leg->notify(pc, leg->peer_data, type);
}


#if (NGX_SSL || NGX_COMPAT)

static ngx_int_t
ngx_http_ig_set_session(ngx_peer_connection_t *pc, void *data)
{
    ngx_http_ig_leg_t *leg = data;

    return leg->set_session(pc, leg->peer_data);
}


static void
ngx_http_ig_save_session(ngx_peer_connection_t *pc, void *data)
{
    ngx_http_ig_leg_t *leg = data;

    leg->save_session(pc, leg->peer_data);
}

#endif


/*
 * The fleet's store of limits: Redis or Valkey, on NGINX's own events.
 *
 *     store          leases, and who waits for them
 *     store_conf     the directive, and store_param its parameters
 *     store_report   what this node owns to or owes the store, and recovery
 *     store_zone     memory of all workers: a row for each counter
 *     store_sums     what this node was granted, in those rows
 *     store_reset    limits that are set back in the whole fleet
 *     store_script   a call of the script: its arguments and its answer
 *     store_nodes    which server: one, or Sentinel's master
 *     store_cluster  or who has a cluster's slots
 *     store_conn     one connection: timeouts, back-off
 *     store_pipe     its commands and their answers
 *     store_setup    before that: TLS, AUTH
 *
 * In:       leases that the engine asked for (IG_LEASE_NEEDED).
 * Out:      how much of each was granted, or which one is refused.
 * Memory:   the caller's ngx_http_ig_lease_t and leases stay until the handler
 *           was called or ngx_http_ig_store_forget(); the store keeps copies.
 * Failure:  NGX_ERROR, at once while the store is known to be gone, else within
 *           `timeout` (the very first time: `connect_timeout`).  What an answer
 *           that never came had granted counts as used until this node's next
 *           report takes it back.
 *
 * docs/fleet.md says what is exact, and by how much the rest can be exceeded.
 */

#ifndef _NGX_HTTP_INFERENCE_GUARD_STORE_H_INCLUDED_
#define _NGX_HTTP_INFERENCE_GUARD_STORE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <inference_guard/limit.h>


struct ngx_http_ig_main_conf_s;

typedef struct ngx_http_ig_store_s    ngx_http_ig_store_t;
typedef struct ngx_http_ig_command_s  ngx_http_ig_command_t;

typedef void (*ngx_http_ig_leased_pt)(void *data, ngx_int_t rc);


typedef struct {
    ig_limit_lease_t               *leases;     /* granted, used, retry_ns are
                                                   filled in */
    ngx_uint_t                      n;          /* of one tenant */
    ngx_http_ig_leased_pt           handler;
    void                           *data;

    ngx_http_ig_command_t          *command;    /* the store's own */
} ngx_http_ig_lease_t;


/* inference_guard_store; conf: ngx_http_ig_main_conf_t, its `store` is set */
char *ngx_http_ig_store_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * In each worker that may serve requests: connects, and once a second hands in
 * what ig_limit_returns() of mcf->limits says.
 */
ngx_int_t ngx_http_ig_store_init_worker(struct ngx_http_ig_main_conf_s *mcf,
    ngx_cycle_t *cycle);
/* from exit_process, or NGINX finds its connections open */
void ngx_http_ig_store_exit_worker(ngx_http_ig_store_t *s);

/*
 * All leases in one atomic call, all or none.  NGX_AGAIN: the handler is called
 * later, never from within, with NGX_OK (granted >= want in each), NGX_DECLINED
 * (nothing was granted; leases are those n that refuse, and no others) or
 * NGX_ERROR (not available).  NGX_ERROR at once: it is known to be gone, or too
 * much waits.
 *
 * Not available is the moment for IG_WITHOUT_STORE_LOCAL: ig_limits_local(on),
 * reserve again, ig_limits_local(off); a cluster can be there for one tenant and
 * gone for another.
 */
ngx_int_t ngx_http_ig_store_lease(ngx_http_ig_store_t *s,
    ngx_http_ig_lease_t *l);
/*
 * One limit of the tenant (row), or all (IG_NONE), unused again in the whole
 * fleet.  As above; NGX_OK: it is, and here already.  A tenant that has no limits
 * but slots: NGX_ERROR.  l->leases are not needed.
 */
ngx_int_t ngx_http_ig_store_reset(ngx_http_ig_store_t *s, uint32_t tenant,
    uint32_t limit, ngx_http_ig_lease_t *l);
/* the handler is not called any more; what is granted yet goes back */
void ngx_http_ig_store_forget(ngx_http_ig_lease_t *l);

/* 1: the next lease is asked for; 0: it is NGX_ERROR at once */
ngx_uint_t ngx_http_ig_store_available(ngx_http_ig_store_t *s);


#endif /* _NGX_HTTP_INFERENCE_GUARD_STORE_H_INCLUDED_ */


/*
 * What the files of the store share; the rest of the adapter sees
 * ngx_http_inference_guard_store.h only.
 */

#ifndef _NGX_HTTP_INFERENCE_GUARD_STORE_PARTS_H_INCLUDED_
#define _NGX_HTTP_INFERENCE_GUARD_STORE_PARTS_H_INCLUDED_


#include "ngx_http_inference_guard.h"
#include "ngx_http_inference_guard_store.h"

#include <hiredis/hiredis.h>


#define NGX_HTTP_IG_STORE_SLOTS     16384   /* of a cluster: its specification */
#define NGX_HTTP_IG_STORE_NODES     128     /* of a cluster, that are known */
#define NGX_HTTP_IG_STORE_HOPS      4       /* MOVED and ASK of one command */
#define NGX_HTTP_IG_STORE_PENDING   8192    /* commands at a connection */
#define NGX_HTTP_IG_STORE_ID        64      /* node=, and what makes it unique */

/* the script takes a node's slots back after 15 s */
#define NGX_HTTP_IG_STORE_HEARTBEAT 3


typedef struct ngx_http_ig_conn_s   ngx_http_ig_conn_t;
typedef struct ngx_http_ig_nodes_s  ngx_http_ig_nodes_t;

/* reply NULL: there is none, and nobody knows whether the command ran */
typedef void (*ngx_http_ig_reply_pt)(ngx_http_ig_command_t *cmd,
    redisReply *reply);
typedef void (*ngx_http_ig_conn_pt)(ngx_http_ig_conn_t *conn);


/*
 * One that is called, and what the zone knows of it.  Amounts here, in the zone
 * and in the store are in units of 2^shift of the engine's: the store's numbers
 * are exact up to 2^53, a budget in 1e-9 of a small currency is soon beyond that.
 */
typedef struct {
    ig_limit_lease_t                lease;
    ngx_uint_t                      shift;
    uint64_t                        give;
    uint64_t                        g;
    uint64_t                        r;
    uint64_t                        epoch;
    uint64_t                        seen;
    uint64_t                        seen_at;    /* us, of the server's clock */
    uint64_t                        gen;        /* us: its limit was set back */
    unsigned                        told:1;     /* gen is that of its amounts */
    unsigned                        known:1;    /* g and r are so */
    unsigned                        refused:1;
} ngx_http_ig_counter_t;


struct ngx_http_ig_command_s {
    ngx_queue_t                     queue;
    ngx_http_ig_conn_t             *conn;
    ngx_http_ig_reply_pt            handler;
    void                           *data;
    ngx_msec_t                      sent;
    char                           *bytes;      /* hiredis': free() */
    size_t                          len;

    /* a call of the script */
    ngx_http_ig_store_t            *store;
    ngx_http_ig_lease_t            *lease;      /* NULL: forgotten, or a report */
    ngx_uint_t                      hops;
    ngx_uint_t                      n;
    unsigned                        report:1;
    unsigned                        reset:1;    /* its counters are limits */
    unsigned                        resets:1;   /* likewise */
    unsigned                        body:1;     /* EVAL, not EVALSHA */
    ngx_http_ig_counter_t           counters[1];
};


typedef struct {
    socklen_t                       socklen;
    ngx_str_t                       name;
    ngx_sockaddr_t                  sockaddr;
    u_char                          text[NGX_SOCKADDR_STRLEN];
} ngx_http_ig_server_t;


typedef enum {
    NGX_HTTP_IG_CONN_IDLE = 0,
    NGX_HTTP_IG_CONN_CONNECTING,    /* with TLS, AUTH, SELECT, ROLE */
    NGX_HTTP_IG_CONN_READY
} ngx_http_ig_conn_state_e;

struct ngx_http_ig_conn_s {
    ngx_http_ig_store_t            *store;
    ngx_http_ig_server_t            server;
    ngx_http_ig_conn_state_e        state;

    /* whom to tell; either may free the connection's owner, not itself */
    ngx_http_ig_conn_pt             ready;
    ngx_http_ig_conn_pt             lost;       /* after it is closed */
    void                           *data;

    ngx_str_t                      *user;       /* len 0: none */
    ngx_str_t                      *password;
    ngx_uint_t                      db;
    unsigned                        master:1;   /* must say so (ROLE) */
    unsigned                        connected:1;
    unsigned                        failed:1;   /* takes no commands until ready */

    ngx_peer_connection_t           pc;
    redisReader                    *reader;
    u_char                         *out;
    size_t                          out_pos;
    size_t                          out_len;
    size_t                          out_size;

    ngx_queue_t                     pending;    /* sent, in order */
    ngx_queue_t                     waiting;    /* until it is ready */
    ngx_uint_t                      npending;   /* and waiting */
    ngx_uint_t                      nsetup;     /* answers until it is ready */

    ngx_event_t                     timer;      /* of the oldest, or connecting */
    ngx_event_t                     posted;     /* write */
    ngx_event_t                     retry;
    ngx_uint_t                      failures;
};


struct ngx_http_ig_store_s {
    ngx_array_t                     servers;    /* ngx_http_ig_server_t */
    ngx_str_t                       user;
    ngx_str_t                       password;
    ngx_str_t                       sentinel;   /* the master's name */
    ngx_str_t                       sentinel_password;
    ngx_str_t                       prefix;
    ngx_str_t                       name;       /* node=; of the certificate */
    ngx_str_t                       host;
    ngx_str_t                       ca;
    ngx_uint_t                      db;
    ngx_msec_t                      timeout;
    ngx_msec_t                      connect_timeout;
    ngx_flag_t                      tls;
    ngx_flag_t                      verify;
    ngx_flag_t                      cluster;
    ngx_msec_t                      grace;      /* then no answer can come */
    ssize_t                         zone_size;
    ngx_shm_zone_t                 *zone;
#if (NGX_SSL)
    ngx_ssl_t                       ssl;
#endif
    u_char                          digest[40];

    /* of a worker */
    ngx_http_ig_nodes_t            *nodes;
    ngx_http_ig_main_conf_t        *mcf;
    ig_limits_t                    *limits;
    ngx_event_t                     tick;
};


struct ngx_http_ig_nodes_s {
    ngx_http_ig_store_t            *store;
    ngx_http_ig_conn_t             *asker;      /* sentinel; for the map */
    ngx_uint_t                      next;       /* server to be asked */
    ngx_uint_t                      tried;
    ngx_uint_t                      nconns;
    ngx_http_ig_conn_t             *conns[NGX_HTTP_IG_STORE_NODES];

    /* of a cluster */
    ngx_queue_t                     waiting;    /* for the first map */
    ngx_uint_t                      nwaiting;
    ngx_msec_t                      asked;
    unsigned                        asking:1;
    unsigned                        mapped:1;
    unsigned                        failed:1;   /* no map, and nobody has one */
    u_char                          slots[NGX_HTTP_IG_STORE_SLOTS];
                                                /* row of conns + 1; 0: nobody */
};


/* memory of all workers: t is locked by ngx_http_ig_store_lock() */

typedef struct {
    u_char                          key[16];
    uint64_t                        tenant;
    uint64_t                        window_s;
    uint64_t                        expires_s;
    uint64_t                        g;
    uint64_t                        r;
    uint64_t                        epoch;
    uint64_t                        seen;
    uint64_t                        seen_at;
    uint64_t                        gen;        /* of all these */
    uint32_t                        tag;
    uint32_t                        check;      /* s: to be reported then; 0: no
                                                   need */
    uint8_t                         algorithm;
    uint8_t                         used;
    uint8_t                         due;        /* to be reported */
    uint8_t                         known;      /* g and r are all there is */
    uint8_t                         shift;
} ngx_http_ig_store_row_t;

/* a limit that was ever set back */
typedef struct {
    uint64_t                        tenant;
    uint64_t                        gen;
    uint32_t                        tag;
} ngx_http_ig_store_gen_t;

typedef struct {
    ngx_uint_t                      version;
    ngx_uint_t                      nrows;
    ngx_uint_t                      ngens;
    ngx_uint_t                      gens_used;
    ngx_http_ig_store_gen_t        *gens;
    uint64_t                        born;       /* us, of the server's clock, when
                                                   it was first heard */
    ngx_uint_t                      asked;      /* tenant whose resets are asked
                                                   for next */
    ngx_atomic_t                    turn;       /* s: when a worker was last at
                                                   it */
    ngx_atomic_t                    beat;
    ngx_uint_t                      full;       /* once there was no row */
    size_t                          id_len;
    u_char                          id[NGX_HTTP_IG_STORE_ID];
    ngx_http_ig_store_row_t         rows[1];
} ngx_http_ig_store_table_t;

/* sums over nodes; the other algorithms recover by themselves */
#define ngx_http_ig_is_sum(algorithm)                                         \
    ((algorithm) == IG_ALGORITHM_CALENDAR || (algorithm) == IG_ALGORITHM_TASK \
     || (algorithm) == IG_ALGORITHM_SLOTS)


/* ngx_http_inference_guard_store.c */

/* a call of the script, with its counters; NGX_ERROR: it was freed */
ngx_int_t ngx_http_ig_store_call(ngx_http_ig_store_t *s,
    ngx_http_ig_command_t *cmd);


/* ngx_http_inference_guard_store_param.c */

/* name=value; says what is wrong with it */
char *ngx_http_ig_store_parameter(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *word);


/* ngx_http_inference_guard_store_report.c */

void ngx_http_ig_store_tick(ngx_event_t *ev);
/* all that the store has to hear, now: a connection is back */
void ngx_http_ig_store_hand_in(ngx_http_ig_store_t *s);
/* c's give and want (in units) are told to the store, sooner or later */
void ngx_http_ig_store_tell(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c);
/* a report that the store has not got; sent: or nobody knows */
void ngx_http_ig_store_untold(ngx_http_ig_store_t *s,
    ngx_http_ig_command_t *cmd, ngx_uint_t sent);


/* ngx_http_inference_guard_store_zone.c */

char *ngx_http_ig_store_zone(ngx_conf_t *cf, ngx_http_ig_store_t *s);
ngx_http_ig_store_table_t *ngx_http_ig_store_lock(ngx_http_ig_store_t *s);
void ngx_http_ig_store_unlock(ngx_http_ig_store_t *s);
/* this node among all that ever were: name and a random part */
ngx_str_t ngx_http_ig_store_id(ngx_http_ig_store_t *s);
/* the row of a counter, of its limit's generation; NULL: none, or no room */
ngx_http_ig_store_row_t *ngx_http_ig_store_find(ngx_http_ig_store_table_t *t,
    ngx_http_ig_counter_t *c, ngx_uint_t make);


/* ngx_http_inference_guard_store_sums.c */

/* what is known of a counter, for a call of the script */
void ngx_http_ig_store_recall(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c);
/* c as answered; NGX_DECLINED: it is of before a reset, and nothing of it holds */
ngx_int_t ngx_http_ig_store_learn(ngx_http_ig_store_t *s,
    ngx_http_ig_counter_t *c, ngx_uint_t report);
/*
 * c's want and give are of this node's sums from now on, and reported until the
 * store has heard of them: NGX_OK.  NGX_DECLINED: it keeps no sums of this one.
 */
ngx_int_t ngx_http_ig_store_owe(ngx_http_ig_store_t *s,
    ngx_http_ig_counter_t *c);
/*
 * What the engine returns, into the sums; those that no sums are kept of are in
 * c.  *more: call again.
 */
ngx_uint_t ngx_http_ig_store_take(ngx_http_ig_store_t *s,
    ngx_http_ig_counter_t *c, ngx_uint_t max, ngx_uint_t *more);
/* back to the engine, but for what is of before a reset */
void ngx_http_ig_store_untake(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c,
    ngx_uint_t sent);
/* no answer came: look again once it cannot come any more, and now */
void ngx_http_ig_store_doubt(ngx_http_ig_store_t *s, ngx_http_ig_counter_t *c);
/* everything is to be reported: the store may have lost it */
void ngx_http_ig_store_doubt_all(ngx_http_ig_store_t *s);
/* the next that are to be reported, from *row on; how many */
ngx_uint_t ngx_http_ig_store_due(ngx_http_ig_store_t *s, ngx_uint_t *row,
    ngx_http_ig_counter_t *c, ngx_uint_t max);
/* of all workers, one a second gets NGX_OK */
ngx_int_t ngx_http_ig_store_turn(ngx_http_ig_store_t *s);


/* ngx_http_inference_guard_store_reset.c */

/* when the node last heard that the limit was set back; 0: never */
uint64_t ngx_http_ig_store_gen(ngx_http_ig_store_table_t *t, uint64_t tenant,
    uint32_t tag);
/* a row of before a reset knows nothing */
void ngx_http_ig_store_renew(ngx_http_ig_store_table_t *t,
    ngx_http_ig_store_row_t *row);
/* under the lock: c's limit was set back at c->gen, said the store at `now` */
void ngx_http_ig_store_learn_gen(ngx_http_ig_store_t *s,
    ngx_http_ig_store_table_t *t, ngx_http_ig_counter_t *c, uint64_t now);
/* the answer to a reset, or to being asked for them */
void ngx_http_ig_store_learn_resets(ngx_http_ig_store_t *s,
    ngx_http_ig_command_t *cmd);
/* asks for the resets of some tenants, of others the next time */
void ngx_http_ig_store_ask_resets(ngx_http_ig_store_t *s);


/* ngx_http_inference_guard_store_script.c */

void ngx_http_ig_script_digest(ngx_http_ig_store_t *s);
/* the engine's amounts in units: what is wanted never less, the rest never more */
void ngx_http_ig_script_scale(ngx_http_ig_counter_t *c);
ngx_http_ig_command_t *ngx_http_ig_script_command(ngx_http_ig_store_t *s,
    ngx_uint_t n);
void ngx_http_ig_script_free(ngx_http_ig_command_t *cmd);
/* cmd->bytes, of its counters */
ngx_int_t ngx_http_ig_script_format(ngx_http_ig_command_t *cmd);
/* NGX_OK, NGX_DECLINED, or NGX_ERROR: no answer of this script */
ngx_int_t ngx_http_ig_script_parse(ngx_http_ig_command_t *cmd,
    redisReply *reply);
/* of a cluster: where the keys of a tenant are */
ngx_uint_t ngx_http_ig_script_slot(uint64_t tenant);


/* ngx_http_inference_guard_store_nodes.c */

ngx_int_t ngx_http_ig_nodes_init(ngx_http_ig_store_t *s);
void ngx_http_ig_nodes_exit(ngx_http_ig_store_t *s);
/*
 * To whoever has the tenant's keys.  NGX_ERROR: nobody is there; the command is
 * the caller's again.
 */
ngx_int_t ngx_http_ig_nodes_send(ngx_http_ig_store_t *s,
    ngx_http_ig_command_t *cmd);
ngx_uint_t ngx_http_ig_nodes_available(ngx_http_ig_store_t *s);
/* one more connection; room for it was looked for */
ngx_http_ig_conn_t *ngx_http_ig_nodes_add(ngx_http_ig_nodes_t *nodes);
/* a server tells where the data are */
void ngx_http_ig_nodes_ask(ngx_http_ig_nodes_t *nodes);
void ngx_http_ig_nodes_asker_again(ngx_event_t *ev);
ngx_int_t ngx_http_ig_nodes_address(ngx_http_ig_server_t *server, u_char *host,
    size_t len, ngx_int_t port);


/* ngx_http_inference_guard_store_cluster.c */

/* the answer of CLUSTER SLOTS */
ngx_int_t ngx_http_ig_nodes_map(ngx_http_ig_nodes_t *nodes, redisReply *reply);
/* a map is there, or there will be none: what waits for it goes on */
void ngx_http_ig_nodes_flush(ngx_http_ig_nodes_t *nodes);
/* the map may have changed */
void ngx_http_ig_nodes_look(ngx_http_ig_nodes_t *nodes);
/* NGX_OK: the error was a way to somebody else, and the command is on it */
ngx_int_t ngx_http_ig_nodes_redirect(ngx_http_ig_store_t *s,
    ngx_http_ig_command_t *cmd, redisReply *error);


/* ngx_http_inference_guard_store_conn.c */

ngx_http_ig_conn_t *ngx_http_ig_conn_create(ngx_http_ig_store_t *s);
/* commands wait until somebody has found out to where it connects */
void ngx_http_ig_conn_hold(ngx_http_ig_conn_t *conn);
void ngx_http_ig_conn_connect(ngx_http_ig_conn_t *conn);
/* closes it; its commands get no answer; `lost` is called */
void ngx_http_ig_conn_fail(ngx_http_ig_conn_t *conn, const char *why);
/* connects again after a while that grows with failures; by `again` */
void ngx_http_ig_conn_later(ngx_http_ig_conn_t *conn,
    ngx_event_handler_pt again);
void ngx_http_ig_conn_close(ngx_http_ig_conn_t *conn);
void ngx_http_ig_conn_write(ngx_event_t *wev);
void ngx_http_ig_conn_is_ready(ngx_http_ig_conn_t *conn);


/* ngx_http_inference_guard_store_pipe.c */

/* NGX_ERROR: it takes none now */
ngx_int_t ngx_http_ig_conn_send(ngx_http_ig_conn_t *conn,
    ngx_http_ig_command_t *cmd);
/* a command of a few words, that frees itself before the handler is called */
ngx_int_t ngx_http_ig_conn_ask(ngx_http_ig_conn_t *conn,
    ngx_http_ig_reply_pt handler, ngx_uint_t n, ngx_str_t *words);
/* the same, whatever its state: behind what is to be written */
ngx_int_t ngx_http_ig_conn_push(ngx_http_ig_conn_t *conn,
    ngx_http_ig_command_t *cmd);
/* what has come; what can be written */
void ngx_http_ig_conn_read(ngx_event_t *rev);
void ngx_http_ig_conn_posted(ngx_event_t *ev);
void ngx_http_ig_conn_flush(ngx_http_ig_conn_t *conn);


/* ngx_http_inference_guard_store_setup.c */

/* TCP is there: then conn_setup(), then conn_is_ready() */
#if (NGX_SSL)
void ngx_http_ig_conn_tls(ngx_http_ig_conn_t *conn);
#endif
void ngx_http_ig_conn_setup(ngx_http_ig_conn_t *conn);
/* of the commands of the setup, which do not wait for it */
void ngx_http_ig_conn_setup_reply(ngx_http_ig_command_t *cmd,
    redisReply *reply);


#endif /* _NGX_HTTP_INFERENCE_GUARD_STORE_PARTS_H_INCLUDED_ */


/*
 * The adapter: the only code that knows NGINX.  It holds no policy: it hands a
 * request's bytes and facts to the engine, and does what the verdict says.
 *
 *     module      directives, and where the module hooks in (start here)
 *     conf        rule files, database, endpoints at configuration time
 *     request     phases: what happens to a request, in order
 *     state       what is remembered of it, through redirects
 *     identity    who asks, from where, under which id
 *     body        the body as one block, decoded, put back
 *     decide      the request and its facts for the engine
 *     keep        what is kept of its decision
 *     headers     what each header is, and those that an endpoint gets
 *     egress      the one choke point for what leaves
 *     peer        the address that a connection really goes to
 *     limits      what the tenant's limits say: reserve, settle
 *     charge      what a leg is charged: estimated, then what it took
 *     splice      what the guard itself writes into a body
 *     usage       the answer followed as it passes
 *     ratelimit   headers that tell a client of its limits
 *     answer      refusals, NGINX's own errors, streams
 *     audit…      the file of records, its chain and its checkpoints
 *     log         how a request ended
 *     variables   facts and decisions
 *     zone        shared memory, its counters, and their JSON
 *     table       the table of limits in it, and its snapshot
 *     quota       a tenant's limits shown
 *     reset       and set back
 *     store       Redis or Valkey: limits of several machines
 *
 * Three structures, by their life:
 *
 *     main_conf   a configuration: the compiled guard, and one worker's scratch
 *     request     a client's request: its decision; found through a pool
 *                 cleanup, because redirects wipe a module's context
 *     leg         one way through the phases: the request itself, then again
 *                 after every redirect; and each subrequest
 */

#ifndef _NGX_HTTP_INFERENCE_GUARD_H_INCLUDED_
#define _NGX_HTTP_INFERENCE_GUARD_H_INCLUDED_


#include "ngx_http_inference_guard_compat.h"

#include <inference_guard/answer.h>
#include <inference_guard/chain.h>
#include <inference_guard/edit.h>
#include <inference_guard/estimate.h>
#include <inference_guard/guard.h>
#include <inference_guard/limit.h>
#include <inference_guard/record.h>
#include <inference_guard/refusal.h>

#include "ngx_http_inference_guard_store.h"


#define NGX_HTTP_IG_OFF             0
#define NGX_HTTP_IG_ON              1
#define NGX_HTTP_IG_AUDIT           2

/* the decoded body, and a few structures, must fit beside it */
#define NGX_HTTP_IG_BODY_SLACK      (64 * 1024)

/* addresses, names and summaries that are kept for variables */
#define NGX_HTTP_IG_MODEL_MAX       128


typedef struct ngx_http_ig_main_conf_s  ngx_http_ig_main_conf_t;
typedef struct ngx_http_ig_request_s    ngx_http_ig_request_t;
typedef struct ngx_http_ig_leg_s        ngx_http_ig_leg_t;
typedef struct ngx_http_ig_chain_s      ngx_http_ig_chain_t;
typedef struct ngx_http_ig_sync_s       ngx_http_ig_sync_t;
typedef struct ngx_http_ig_syslog_s     ngx_http_ig_syslog_t;
typedef struct ngx_http_ig_headers_s    ngx_http_ig_headers_t;
typedef struct ngx_http_ig_audit_s      ngx_http_ig_audit_t;
typedef struct ngx_http_ig_wait_s       ngx_http_ig_wait_t;
typedef struct ngx_http_ig_stream_s     ngx_http_ig_stream_t;
typedef struct ngx_http_ig_table_worker_s  ngx_http_ig_table_worker_t;


/* the table of limits, in a zone */
typedef struct {
    void                           *memory;
    size_t                          size;
    ngx_uint_t                      superseded;   /* a larger or smaller zone
                                                     has taken its place */
} ngx_http_ig_part_t;


/* when a record counts as written */
typedef enum {
    NGX_HTTP_IG_SYNC_OFF = 0,     /* the system has it */
    NGX_HTTP_IG_SYNC_INTERVAL,    /* so, and the disk has it soon */
    NGX_HTTP_IG_SYNC_GROUP        /* the disk has it */
} ngx_http_ig_sync_e;


/* a declared endpoint, resolved to NGINX's own structures */
typedef struct {
    const ig_endpoint_t            *row;
    ngx_http_upstream_srv_conf_t   *upstream;
    ngx_str_t                       name;
    ngx_str_t                       scheme;
    ngx_str_t                       host;
    ngx_str_t                       upstream_name;
    ngx_str_t                       country;
    ngx_str_t                       credential_header;    /* lower case */
    ngx_str_t                       credential;
    ngx_uint_t                      slot;                 /* of the zone */
} ngx_http_ig_endpoint_t;


/* an upstream of at least one endpoint; its balancer's init is wrapped */
typedef struct {
    ngx_http_upstream_srv_conf_t   *upstream;
    ngx_http_upstream_init_peer_pt  init;
} ngx_http_ig_upstream_t;


typedef struct {
    ngx_str_t                       pattern;
    ngx_str_t                       file;         /* of the directive */
    ngx_uint_t                      line;
} ngx_http_ig_rules_t;


struct ngx_http_ig_main_conf_s {
    ngx_array_t                    *rules;        /* ngx_http_ig_rules_t */
    ngx_str_t                       geoip;
    ngx_open_file_t                *audit_file;
    ngx_http_ig_syslog_t           *audit_syslog; /* copies of records */
    ngx_http_ig_chain_t            *chain;        /* what its writers share */
    ig_signer_t                    *signer;       /* until it is the chain's */
    ngx_uint_t                      digests;      /* of values, in records */
    uint8_t                         digest_key[IG_KEYED_KEY_SIZE];
    ngx_msec_t                      checkpoint_interval;
    ngx_open_file_t                *checkpoint_file;
    ngx_http_ig_syslog_t           *checkpoint_syslog;
    ngx_http_ig_sync_e              sync;
    ngx_msec_t                      sync_interval;
#if (NGX_THREADS)
    ngx_thread_pool_t              *sync_pool;
#endif
    ngx_shm_zone_t                 *zone;
    ngx_shm_zone_t                 *old_zone;     /* of the cycle before */
    ngx_str_t                       snapshot;     /* of limits; or empty */
    ngx_msec_t                      snapshot_interval;
    ngx_http_ig_store_t            *store;        /* NULL: limits of this
                                                     machine alone */
    ngx_uint_t                      used;         /* a location is guarded */

    ig_guard_t                     *guard;
    const ig_policy_t              *policy;
    ig_geo_t                       *geo;
    ngx_http_ig_endpoint_t         *endpoints;    /* rows as in the policy */
    ngx_array_t                     upstreams;    /* ngx_http_ig_upstream_t */
    ngx_str_t                       digest;
    ngx_int_t                       request_id;   /* index of the variable */

    /* of this process, made when first needed */
    ig_worker_t                    *worker;
    ig_decision_t                  *decision;     /* the worker's latest */
    ngx_http_ig_table_worker_t     *table_worker;
    ig_limits_t                    *limits;       /* of table_worker */
    uint64_t                        requests;     /* that were given an id */
    u_char                          process[8];   /* random: the id's start */
    ngx_http_ig_audit_t            *audit;
    ngx_array_t                    *http_variables;       /* ngx_uint_t */
};


typedef struct {
    ngx_uint_t                      mode;
    ngx_array_t                    *tenant;       /* ngx_int_t: indices */
    ngx_int_t                       claim;
    ngx_int_t                       user;         /* indices of variables, or */
    ngx_int_t                       task;         /* NGX_DECLINED */
    ngx_int_t                       batch;
    size_t                          max_body;
    ngx_uint_t                      max_ratio;
} ngx_http_ig_loc_conf_t;


typedef void (*ngx_http_ig_written_pt)(void *data, ngx_int_t rc);

/* somebody waits until the record that ends at `end` is in the file */
struct ngx_http_ig_wait_s {
    ngx_queue_t                     queue;
    uint64_t                        end;
    ngx_http_ig_written_pt          handler;
    void                           *data;
    unsigned                        queued:1;
};


typedef enum {
    NGX_HTTP_IG_UNDECIDED = 0,
    NGX_HTTP_IG_DECIDED
} ngx_http_ig_state_e;


/* of a verdict, what is asked for after its record */
typedef struct {
    ig_verdict_word_t               word;
    ig_reason_t                     reason;
    uint32_t                        rule;
    uint32_t                        ncauses;
    uint32_t                       *causes;       /* rows of rules */
    uint64_t                        permitted[IG_ENDPOINT_WORDS];
} ngx_http_ig_kept_t;


/* times that one leg asks the store, before it is refused */
#define NGX_HTTP_IG_LEASES          4

/* what a leg is charged */
typedef struct {
    ig_limit_request_t              query;
    ig_countries_t                  jurisdictions;
    ig_reservation_t                reservation;
    uint64_t                        deadline;
    ig_reason_t                     reason;       /* of limits that refuse */
    ig_limited_t                    limited;      /* as records tell it */
    uint64_t                        retry_ns;
    ig_limit_state_t               *states;
    ngx_uint_t                      nstates;
    ngx_http_ig_lease_t             lease;
    ngx_uint_t                      asked;
    unsigned                        reserved:1;
    unsigned                        alone:1;      /* without the store */
} ngx_http_ig_charge_t;


struct ngx_http_ig_request_s {
    ngx_http_request_t             *r;            /* the main one */
    ngx_http_ig_main_conf_t        *mcf;
    ngx_http_ig_state_e             state;
    ngx_uint_t                      mode;

    ngx_http_ig_leg_t              *legs;         /* all, the newest first */
    ngx_http_ig_leg_t              *leg;          /* the main request's last */
    ngx_http_request_t             *probing;      /* see egress */

    ngx_str_t                       request_id;
    ngx_str_t                       uri;          /* path?args, as inspected */

    /* the decision, as far as it must outlive the worker's scratch */
    ngx_http_ig_kept_t              verdict;
    uint64_t                        tried[IG_ENDPOINT_WORDS];
    ig_dialect_t                    dialect;
    const ig_operation_t           *operation;
    uint32_t                        tenant;
    ig_country_t                    client_country;
    ngx_str_t                       model;        /* empty: none, or withheld */
    ngx_str_t                       jurisdictions;
    ngx_str_t                       findings;
    ngx_str_t                       would;
    uint64_t                        guard_us;
    unsigned                        stream:1;
    unsigned                        model_withheld:1;

    unsigned                        content_decoded:1;
    unsigned                        hide_usage:1; /* we asked for it */
    ngx_str_t                       spliced;      /* the body as it is sent */
    ig_tokens_t                     tokens;       /* of all legs so far */
    uint64_t                        first_byte_ms;
    unsigned                        answered:1;   /* first_byte_ms is known */
    unsigned                        logged:1;

    /* how it went */
    ig_reason_t                     reason;       /* of the last refusal */
    uint32_t                        endpoint;     /* sent to last */
    ngx_uint_t                      tries;
    ngx_uint_t                      address_len;
    unsigned                        unverified:1;
    u_char                          address[NGX_SOCKADDR_STRLEN];

    ig_arena_t                     *decoded;      /* holds the decoded body */
};


typedef enum {
    NGX_HTTP_IG_LEG_NEW = 0,
    NGX_HTTP_IG_LEG_READING,
    NGX_HTTP_IG_LEG_LEASING,      /* for the store of limits */
    NGX_HTTP_IG_LEG_WAITING,      /* for the record of a decision */
    NGX_HTTP_IG_LEG_LEAVING,      /* for that of another destination */
    NGX_HTTP_IG_LEG_READY,
    NGX_HTTP_IG_LEG_REFUSED,
    NGX_HTTP_IG_LEG_PASSED
} ngx_http_ig_leg_state_e;


struct ngx_http_ig_leg_s {
    ngx_http_ig_leg_t              *next;
    ngx_http_ig_request_t          *request;
    ngx_http_request_t             *r;
    ngx_http_ig_leg_state_e         state;
    ngx_uint_t                      guarded;
    ngx_int_t                       err_status;   /* when the leg began */

    uint32_t                        endpoint;     /* meant, and recorded */
    ig_reason_t                     early;        /* known without the body */
    ig_reason_t                     reason;       /* why it is refused */
    ngx_http_ig_headers_t          *headers;      /* NULL: not scanned yet */
    ngx_http_ig_wait_t              wait;

    ngx_http_ig_charge_t           *charge;       /* NULL: no limits */
    ngx_http_ig_leg_state_e         leasing;      /* the state to go back to */
    ig_answer_t                    *answer;       /* NULL: not followed */
    ngx_http_ig_stream_t           *stream;       /* NULL: passes as it is */
    ngx_uint_t                      upstream_status;

    ngx_http_handler_pt             content_handler;

    /* of the upstream module in charge, wrapped by egress and peer */
    ngx_int_t                     (*create_request)(ngx_http_request_t *r);
#if (NGX_HTTP_CACHE)
    ngx_int_t                     (*create_key)(ngx_http_request_t *r);
#endif
    ngx_event_get_peer_pt           get;
    ngx_event_free_peer_pt          free;
    ngx_event_notify_peer_pt        notify;
#if (NGX_SSL || NGX_COMPAT)
    ngx_event_set_peer_session_pt   set_session;
    ngx_event_save_peer_session_pt  save_session;
#endif
    void                           *peer_data;

    unsigned                        sent:1;       /* bytes went out */
    unsigned                        settled:1;
    unsigned                        exhausted:1;  /* no endpoint untried */
    unsigned                        own:1;        /* our own answer */
    unsigned                        replace:1;    /* NGINX's error body */
    unsigned                        replaced:1;
    ngx_buf_t                      *error;
};


#define ngx_http_ig_from_ngx(s)   ((ig_str_t) { (s).data, (s).len })

static ngx_inline ngx_str_t
ngx_http_ig_to_ngx(ig_str_t s)
{
    ngx_str_t  out;

    out.data = (u_char *) s.data;
    out.len = s.len;

    return out;
}


/* ngx_http_inference_guard_module.c */

extern ngx_module_t  ngx_http_inference_guard_module;

/* scratch, audit and the rest of what a worker process owns; once */
ngx_int_t ngx_http_ig_worker_init(ngx_http_ig_main_conf_t *mcf,
    ngx_log_t *log);


/* ngx_http_inference_guard_conf.c */

char *ngx_http_ig_mode(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_ig_rules(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_ig_geoip(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_ig_tenant(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_ig_claim(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* one variable: its index goes to the ngx_int_t at cmd->offset */
char *ngx_http_ig_variable_slot(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_http_ig_compile(ngx_conf_t *cf, ngx_http_ig_main_conf_t *mcf);

/* how much a file's mode matters */
#define NGX_HTTP_IG_PUBLIC     0
#define NGX_HTTP_IG_CREDENTIAL 1      /* a warning */
#define NGX_HTTP_IG_KEY        2      /* an error: evidence hangs on it */

/* a secret lives as long as the configuration, rules only until compiled */
ngx_int_t ngx_http_ig_read_file(ngx_conf_t *cf, ngx_str_t *path, size_t max,
    ngx_uint_t secret, ngx_str_t *text);
void ngx_http_ig_cleanup(void *data);


/* ngx_http_inference_guard_request.c */

ngx_int_t ngx_http_ig_enter_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_ig_guard_handler(ngx_http_request_t *r);


/* ngx_http_inference_guard_state.c */

/* the main request's record, from it or any subrequest of it; or NULL */
ngx_http_ig_request_t *ngx_http_ig_find(ngx_http_request_t *r);
/* the leg that a request is on; after a redirect, the main request's last */
ngx_http_ig_leg_t *ngx_http_ig_get_leg(ngx_http_request_t *r);
ngx_http_ig_leg_t *ngx_http_ig_add_leg(ngx_http_request_t *r);


/* ngx_http_inference_guard_identity.c */

/* what the engine wants to know of who asks; points into the request */
ngx_int_t ngx_http_ig_identity(ngx_http_request_t *r,
    ngx_http_ig_main_conf_t *mcf, ig_identity_t *id);
/* the tenant after the policy's stance, or IG_NONE */
uint32_t ngx_http_ig_tenant_row(ngx_http_request_t *r,
    ngx_http_ig_main_conf_t *mcf);
ig_country_t ngx_http_ig_client_country(ngx_http_request_t *r,
    ngx_http_ig_main_conf_t *mcf);
ngx_str_t ngx_http_ig_request_id(ngx_http_request_t *r,
    ngx_http_ig_main_conf_t *mcf);
ig_record_head_t ngx_http_ig_record_head(ngx_http_request_t *r,
    ngx_http_ig_main_conf_t *mcf);
/* NULL: not found, or empty */
ngx_http_variable_value_t *ngx_http_ig_variable(ngx_http_request_t *r,
    ngx_int_t index);
void ngx_http_ig_mapped(struct sockaddr *sa, uint8_t address[16]);


/* ngx_http_inference_guard_body.c */

/*
 * The whole body as one block, in *body; the caller frees *copy (when not NULL)
 * with ngx_http_ig_body_free() once it is done with it.  NGX_DECLINED: it is
 * larger than max.
 */
ngx_int_t ngx_http_ig_body_block(ngx_http_request_t *r, size_t max,
    ngx_str_t *body, void **copy);
void ngx_http_ig_body_free(void *copy);
/* what goes on instead of the encoded body; the bytes are kept by the caller */
ngx_int_t ngx_http_ig_body_replace(ngx_http_request_t *r, ngx_str_t *body);


/* ngx_http_inference_guard_decide.c */

/* a reason that is known before the body is read, or NONE */
ig_reason_t ngx_http_ig_early_reason(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
/*
 * Decide and hand the record over; leg->state says how it goes on.  With a
 * reason the body is not looked at.  NGX_DECLINED: `early` is no refusal, read
 * on.
 */
ngx_int_t ngx_http_ig_decide(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_reason_t early);
/* the content's verdict stands; the next endpoint for another leg */
ngx_int_t ngx_http_ig_decide_again(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
/* its last part: the record of where it goes, or of why not */
void ngx_http_ig_record_again(ngx_http_request_t *r, ngx_http_ig_leg_t *leg);


/*
 * The store has answered and leg->charge tells how: the decision goes on where
 * it waited.
 */
void ngx_http_ig_limited(ngx_http_ig_leg_t *leg);


/* ngx_http_inference_guard_limits.c */

/*
 * A decision that does not refuse yet, within the tenant's limits.  NGX_OK: *d
 * says how it goes on.  NGX_AGAIN: the leg is LEASING, and decides again.
 */
ngx_int_t ngx_http_ig_limit(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_decision_t *d, ngx_str_t *body);
/* the same for another leg or endpoint: leg->charge->reason says how */
ngx_int_t ngx_http_ig_limit_next(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    uint32_t endpoint);
/* the leg has ended, whatever became of it; once */
void ngx_http_ig_settle(ngx_http_request_t *r, ngx_http_ig_leg_t *leg);
/* bytes of its answer came: its reservation stands */
void ngx_http_ig_limit_extend(ngx_http_ig_leg_t *leg);
uint64_t ngx_http_ig_now_ns(void);


/* ngx_http_inference_guard_charge.c */

/* NULL: the tenant is not known */
static ngx_inline const ig_quota_t *
ngx_http_ig_quota(ngx_http_ig_main_conf_t *mcf, uint32_t tenant)
{
    return (tenant == IG_NONE) ? NULL : &mcf->policy->tenants[tenant].quota;
}

/* 0: none; who only audits shortens no answer */
static ngx_inline uint64_t
ngx_http_ig_cap(ig_decision_t *d, const ig_quota_t *quota)
{
    return (d->mode == IG_MODE_AUDIT) ? 0 : quota->cap_output;
}

ngx_uint_t ngx_http_ig_counts_tokens(const ig_quota_t *quota);
/* makes leg->charge; its strings live with the request */
ngx_int_t ngx_http_ig_charge(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_decision_t *d, ig_asked_t *asked);
/* at the price of the endpoint in leg->charge->query */
void ngx_http_ig_charge_cost(ngx_http_ig_leg_t *leg);
/* of a leg that is over; also adds to the request's tokens */
void ngx_http_ig_charge_actual(ngx_http_ig_leg_t *leg, ig_amounts_t *actual);


/* ngx_http_inference_guard_splice.c */

/* req->spliced: the body that is sent.  NGX_ERROR: refuse */
ngx_int_t ngx_http_ig_splice(ngx_http_request_t *r,
    ngx_http_ig_request_t *req, ig_decision_t *d, const ig_quota_t *quota,
    ngx_str_t *body);


/* ngx_http_inference_guard_usage.c */

/* the header of an endpoint's answer is there: leg->answer follows its body */
ngx_int_t ngx_http_ig_watch_answer(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);
/* without leg->stream: looks, changes nothing */
void ngx_http_ig_follow_answer(ngx_http_ig_leg_t *leg, ngx_chain_t *in);
/* with leg->stream: what goes on goes to `next` */
ngx_int_t ngx_http_ig_filter_answer(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg, ngx_chain_t *in,
    ngx_http_output_body_filter_pt next);


/* ngx_http_inference_guard_ratelimit.c */

ngx_int_t ngx_http_ig_limit_headers(ngx_http_request_t *r,
    ngx_http_ig_leg_t *leg);


/* ngx_http_inference_guard_keep.c */

ngx_int_t ngx_http_ig_keep(ngx_http_request_t *r, ngx_http_ig_request_t *req,
    ig_decision_t *d, ig_request_t *ir);
/* 0: it may hold what was found, and is not shown */
ngx_uint_t ngx_http_ig_model_is_clean(ig_decision_t *d);


/* ngx_http_inference_guard_egress.c */

ngx_int_t ngx_http_ig_content_handler(ngx_http_request_t *r);
/* goes on when the limits of another destination are known */
void ngx_http_ig_leave_limited(ngx_http_ig_leg_t *leg);
/* goes on after the record of another destination was written */
void ngx_http_ig_leave(ngx_http_ig_leg_t *leg, ngx_int_t rc);


/* ngx_http_inference_guard_headers.c */

/* what a header is to the guard */
typedef enum {
    NGX_HTTP_IG_HEADER_TEXT = 0,      /* text that a client may fill */
    NGX_HTTP_IG_HEADER_TRANSPORT,     /* goes on, and says how, not what */
    NGX_HTTP_IG_HEADER_TRACE,         /* the same, and its id is recorded */
    NGX_HTTP_IG_HEADER_CREDENTIAL,    /* of the tenant: never goes on */
    NGX_HTTP_IG_HEADER_OURS,          /* nobody but the guard may set it */
    NGX_HTTP_IG_HEADER_ENCODING,      /* speaks of the body as it came */
    NGX_HTTP_IG_HEADER_ANSWER,        /* would make the answer unreadable, or
                                         less than the whole */
    NGX_HTTP_IG_HEADER_CONTENT_ENCODING,
    NGX_HTTP_IG_HEADER_CONTENT_TYPE,
    NGX_HTTP_IG_HEADER_ANTHROPIC
} ngx_http_ig_header_e;

ngx_http_ig_header_e ngx_http_ig_header_kind(ngx_str_t *name);
ngx_uint_t ngx_http_ig_is_credential(ngx_http_request_t *r, ngx_str_t *value);
/* the request's headers as the endpoint shall get them, while it is made */
ngx_int_t ngx_http_ig_create_request(ngx_http_request_t *r);


/* ngx_http_inference_guard_peer.c */

ngx_int_t ngx_http_ig_peer_init_upstreams(ngx_conf_t *cf,
    ngx_http_ig_main_conf_t *mcf);


/* ngx_http_inference_guard_answer.c */

ngx_int_t ngx_http_ig_filter_init(ngx_conf_t *cf);
/* NGX_OK or an error, for ngx_http_finalize_request() */
ngx_int_t ngx_http_ig_refuse(ngx_http_request_t *r, ngx_http_ig_leg_t *leg,
    ig_reason_t reason);
/* name and value are C strings that live with the request */
ngx_int_t ngx_http_ig_add_header(ngx_http_request_t *r, const char *name,
    const char *value);


/* ngx_http_inference_guard_audit.c, and its parts: see …_audit.h */

char *ngx_http_ig_audit_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
ngx_int_t ngx_http_ig_audit_share(ngx_conf_t *cf, ngx_http_ig_main_conf_t *mcf);
/* where the log goes on: torn ends, the last checkpoint, another key */
void ngx_http_ig_audit_start(ngx_http_ig_main_conf_t *mcf);
ngx_int_t ngx_http_ig_audit_init(ngx_http_ig_main_conf_t *mcf, ngx_log_t *log);
void ngx_http_ig_audit_exit(ngx_http_ig_main_conf_t *mcf);
/*
 * A buffer for one record, or NGX_ERROR when records are waiting and there is
 * no room: `needed` records (decisions) give way to outcomes first.
 */
ngx_int_t ngx_http_ig_audit_begin(ngx_http_ig_audit_t *a, ig_buf_t *b,
    ngx_uint_t needed);
ig_writer_t *ngx_http_ig_audit_writer(ngx_http_ig_audit_t *a);
/* wait may be NULL: nobody waits */
ngx_int_t ngx_http_ig_audit_end(ngx_http_ig_audit_t *a, ig_buf_t *b,
    ngx_http_ig_wait_t *wait);
void ngx_http_ig_audit_forget(ngx_http_ig_wait_t *wait);
ngx_uint_t ngx_http_ig_audit_failed(ngx_http_ig_audit_t *a);


/* ngx_http_inference_guard_log.c */

uint64_t ngx_http_ig_elapsed_ms(ngx_http_request_t *r);
ngx_int_t ngx_http_ig_log_handler(ngx_http_request_t *r);


/* ngx_http_inference_guard_variables.c */

ngx_int_t ngx_http_ig_add_variables(ngx_conf_t *cf);


/* ngx_http_inference_guard_table.c */

ngx_int_t ngx_http_ig_table_init(ngx_shm_zone_t *zone,
    ngx_http_ig_main_conf_t *mcf, ngx_http_ig_part_t *part);
/* the configuration holds: the zone before it, of another size, saves no more */
void ngx_http_ig_table_supersede(ngx_http_ig_main_conf_t *mcf);
/* mcf->limits: NULL when there is no place, and limited tenants are refused */
ngx_int_t ngx_http_ig_table_init_worker(ngx_http_ig_main_conf_t *mcf,
    ngx_cycle_t *cycle);
void ngx_http_ig_table_exit_worker(ngx_http_ig_main_conf_t *mcf);


/* ngx_http_inference_guard_quota.c */

char *ngx_http_ig_quota_directive(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
/* NGX_DECLINED: the query has no such argument */
ngx_int_t ngx_http_ig_quota_arg(ngx_http_request_t *r, const char *name,
    size_t len, ngx_str_t *value);
/* {"tenant": [its counters], ...}; IG_NONE: of all tenants */
void ngx_http_ig_quota_json(ngx_http_ig_main_conf_t *mcf, uint32_t tenant,
    ig_buf_t *b);


/* ngx_http_inference_guard_reset.c */

ngx_int_t ngx_http_ig_reset(ngx_http_request_t *r,
    ngx_http_ig_main_conf_t *mcf, uint32_t tenant);


/* ngx_http_inference_guard_zone.c */

char *ngx_http_ig_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_ig_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
/* a document, copied, as the answer */
ngx_int_t ngx_http_ig_send_json(ngx_http_request_t *r, ig_buf_t *text);
/* of a zone that is laid out; else NULL */
ngx_http_ig_part_t *ngx_http_ig_zone_part(ngx_shm_zone_t *zone);
void ngx_http_ig_count_decision(ngx_http_ig_main_conf_t *mcf,
    ig_verdict_word_t word);
void ngx_http_ig_count_reason(ngx_http_ig_main_conf_t *mcf,
    ig_reason_t reason);
void ngx_http_ig_count_endpoint(ngx_http_ig_main_conf_t *mcf,
    uint32_t endpoint);
void ngx_http_ig_count_undecided(ngx_http_ig_main_conf_t *mcf);
void ngx_http_ig_count_unrecorded(ngx_http_ig_main_conf_t *mcf);


#endif /* _NGX_HTTP_INFERENCE_GUARD_H_INCLUDED_ */

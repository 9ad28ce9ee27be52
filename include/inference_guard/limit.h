/*
 * Limits: reserve before a request leaves, settle when its answer has ended.
 *
 * In:       the limits of a tenant, who asks, estimated and true amounts, time.
 * Out:      admitted or refused, with what clients and records are told.
 * Memory:   one table in memory that the caller gives (shared by processes);
 *           laid out once, it never grows and nothing in it is an address.  A
 *           handle a process.
 * Failure:  IG_TABLE_FULL and all that is not IG_ADMITTED: refuse the request.
 *
 * Time is nanoseconds since 1970 (UTC), by a clock that may be set: a step back
 * makes nobody wait longer than a whole window (calendar: than the end of the
 * window in which the step was made).
 *
 * What is counted when.  A request counts in the window in which it was
 * reserved, with its estimate; settling puts the truth in place of the
 * estimate.  What is beyond the estimate, or comes when that window is over,
 * counts at that moment, and may take a counter over its maximum: the next
 * requests wait for it.  Requests and calls are not given back.
 *
 * Algorithms:
 *   GCRA      rates of requests: the virtual scheduling algorithm of ITU-T
 *             I.371, Annex A, with the remainder of period / max carried, so
 *             that there is no drift.  No window of time t admits more than
 *             burst + t * max / period.
 *   SLIDING   amounts a minute or hour: sums of up to a seventh of the window,
 *             each of which leaves when its last part is a window old.  No
 *             window of its length ever admits more than max.  Use may be held
 *             longer than need be, by a seventh of a window at most; what came
 *             at one moment is not (but for 4 ms).
 *   CALENDAR  budgets from midnight or the first of the month (calendar.h).
 *   TASK      budgets that end when a task has been idle for task_ttl_s.
 *   SLOTS     what is in flight.
 *
 * When a process dies, or a reservation's deadline passes, its slots are free,
 * the estimate of output is given back, and that of input stays counted: the
 * prompt has probably left.
 *
 * A process may be killed at any instruction.  Whoever takes the lock next
 * undoes what was half done; only then may the dead one's lock be broken.
 *
 * When the table is full, counters that have wholly recovered are reused, the
 * longest unused first.  A counter with reservations, or with use that still
 * counts, never is: then the request is refused.  Counters whose names clients
 * choose (by model, key, user, task) get three quarters of the table at most,
 * so that nobody can take the room of everybody with names that he makes up.
 */

#ifndef INFERENCE_GUARD_LIMIT_H
#define INFERENCE_GUARD_LIMIT_H

#include <inference_guard/policy.h>


/* an amount that is larger is larger than any limit */
#define IG_AMOUNT_MAX          (UINT64_C(1) << 48)

#define IG_LIMIT_OWNERS        1024   /* processes at one table */
#define IG_LIMIT_COUNTERS      128    /* of a request; more: IG_TABLE_FULL */
#define IG_LIMIT_LABEL         56     /* bytes of a label; longer are cut */


/*
 * The limits of a policy, compiled: immutable, for any number of processes.
 * It points into the policy.  NULL: no memory.
 */
typedef struct ig_limiter_s  ig_limiter_t;

ig_limiter_t *ig_limiter_compile(const ig_policy_t *p) IG_MUST_CHECK;
void ig_limiter_free(ig_limiter_t *l);                 /* NULL is allowed */


/* --- the table --- */

typedef struct ig_limit_table_s  ig_limit_table_t;

typedef struct {
    void   *ctx;
    void  (*lock)(void *ctx);          /* over all processes at the table */
    void  (*unlock)(void *ctx);
} ig_limit_lock_t;

/* a process's handle; its fields are the engine's */
typedef struct {
    ig_limit_table_t  *table;
    ig_limit_lock_t    lock;
    void              *digest;         /* to hash names with */
    uint32_t           pid;
    uint64_t           start;
    uint16_t           owner;
    bool               fleet;
    bool               local;
} ig_limits_t;

/* the smallest table; for counters, see ig_limit_table_size() */
size_t ig_limit_table_min(void);

/*
 * Bytes for so many cells.  A counter is a cell of 128 bytes, and one more each
 * if its limit is sliding, and if it has `by` or a fleet; a reservation is one
 * for each four limits or so.
 */
size_t ig_limit_table_size(size_t cells);

/*
 * Lays out a fresh table; memory is aligned to 8.  seed: random, so that no
 * client can choose names that meet in the index.  IG_LIMIT: size is too small.
 */
ig_rc_t ig_limit_table_init(void *memory, size_t size, const uint8_t seed[16])
    IG_MUST_CHECK;

/* this memory holds a table of this version and of this size (a reload) */
bool ig_limit_table_known(const void *memory, size_t size);

/*
 * This process as an owner of reservations; start tells two lives of one pid
 * apart.  An owner with the same pid and another start is gone: its
 * reservations end.  IG_LIMIT: no place for one more owner.  IG_NOMEM.  memory
 * must be known.
 */
ig_rc_t ig_limits_open(ig_limits_t *h, void *memory,
    const ig_limit_lock_t *lock, uint32_t pid, uint64_t start, uint64_t now_ns)
    IG_MUST_CHECK;

/* its reservations end as at death */
void ig_limits_close(ig_limits_t *h, uint64_t now_ns);

/* owners, for the caller to look who lives, and then: gone */
typedef struct {
    uint16_t  slot;
    uint32_t  pid;
    uint64_t  start;
    uint32_t  reservations;
} ig_limit_owner_t;

size_t ig_limits_owners(ig_limits_t *h, ig_limit_owner_t *out, size_t max);
/* pid and start as read: nothing happens when the place is another's by now */
void ig_limits_owner_gone(ig_limits_t *h, const ig_limit_owner_t *owner,
    uint64_t now_ns);

/*
 * Once a second by one process: ends reservations whose deadline has passed
 * (all are looked at within 16 calls) and frees counters that have recovered.
 * The lock is given up in between.
 */
void ig_limits_tick(ig_limits_t *h, uint64_t now_ns);


/* --- a request --- */

typedef struct {
    uint64_t  requests;        /* 1; 0 for one more leg of a request that has
                                  been counted: no request and no call more */
    uint64_t  input;           /* tokens */
    uint64_t  output;
    uint64_t  cost;            /* 1e-9 of the endpoint's currency */
    uint64_t  cost_input;      /* the part of cost that the input is: it stays
                                  when a reservation ends unsettled */
} ig_amounts_t;

typedef struct {
    uint32_t               tenant;
    uint32_t               endpoint;   /* chosen */
    const ig_countries_t  *jurisdictions;
    ig_str_t               model;
    ig_str_t               key;        /* a digest of the API key; its label is
                                          the first 8 bytes in hex */
    ig_str_t               user;
    ig_str_t               task;
    bool                   batch;      /* may fill limit->batch only */
    bool                   audit;      /* as if every limit were audited */
    bool                   read;       /* no call of any task: limits by task do
                                          not apply */
    ig_amounts_t           amounts;    /* estimated */
} ig_limit_request_t;


typedef enum {
    IG_ADMITTED = 0,
    IG_REFUSED,                /* by `limit` */
    IG_TASK_MISSING,           /* `limit` is per task, and none is named */
    IG_TABLE_FULL,             /* no room that could be freed */
    IG_LEASE_NEEDED            /* fleet: get leases[], then ig_limit_grant() */
} ig_admission_t;

/* generation 0: none */
typedef struct {
    uint32_t  slot;
    uint32_t  generation;
} ig_reservation_t;

/* of one counter, for headers, records, status */
typedef struct {
    uint32_t  limit;           /* row in the tenant's quota */
    uint64_t  max;             /* GCRA: burst, what is admitted at once */
    uint64_t  used;            /* with what is reserved; may be over max */
    uint64_t  reset_ns;        /* until it is wholly (GCRA, sliding) or anew
                                  (calendar, task) free; slots: 0 */

    uint64_t  node_used;       /* what this node counted */
    bool      fleet;           /* used: by all nodes, as was heard last */
} ig_limit_state_t;

typedef struct {
    ig_limit_state_t  state;
    unsigned          level;           /* 80 or 100 per cent */
} ig_crossed_t;


/*
 * What a node of a fleet asks of the store, and what it got.  key is the same
 * on all nodes: SHA-256 of the names of tenant, limit and what it is by.
 */
typedef struct {
    uint8_t               key[16];
    uint64_t              tenant;      /* its id: hash tag of a cluster */
    uint32_t              limit;       /* row; IG_NONE in returns */
    uint32_t              tag;         /* of it: the same on all nodes */
    ig_limit_algorithm_t  algorithm;
    uint64_t              window_s;    /* calendar: start of it; else 0 */
    uint64_t              expires_s;   /* when the store may forget it */
    uint64_t              max;
    uint64_t              burst;       /* GCRA; else max */
    uint64_t              period_ns;   /* GCRA, sliding */
    uint64_t              want;        /* needed now, of what batch may have */
    uint64_t              size;        /* good to lease, not less than want */

    /* by the store, for ig_limit_grant() */
    uint64_t              granted;     /* 0: none */
    uint64_t              used;        /* by all nodes, with this lease */
    uint64_t              retry_ns;    /* when not granted; 0: not known */
} ig_limit_lease_t;


typedef struct {
    ig_admission_t    admission;
    uint32_t          limit;           /* that refused: the longest wait; or
                                          IG_NONE */
    bool              spent;           /* a calendar or task budget, and not only
                                          by what is in flight:
                                          insufficient_quota */
    bool              never;           /* the request alone is over the limit */
    uint64_t          retry_ns;        /* from now; what is in flight may make it
                                          sooner.  Slots and what is only in
                                          flight: a second */
    uint32_t          would;           /* an audited limit that would have
                                          refused; or IG_NONE */
    ig_reservation_t  reservation;     /* of IG_ADMITTED; else none */

    size_t            nstates;         /* after this call: of each limit that
                                          applied its tightest counter */
    ig_limit_state_t  states[IG_MAX_LIMITS];

    size_t            ncrossed;        /* reached first by this call */
    ig_crossed_t      crossed[IG_MAX_LIMITS];

    size_t            nleases;         /* of IG_LEASE_NEEDED */
    ig_limit_lease_t  leases[IG_MAX_LIMITS];
} ig_limit_result_t;

/*
 * All limits of the request, or none.  An audited limit counts like another
 * and never refuses (GCRA: it counts what it would have admitted).  A tenant
 * without limits is admitted, with no reservation.
 *
 * Thresholds are told once: calendar and task, in a window; others, until less
 * than half is used.  100 is also reached by a refusal.
 */
void ig_limit_reserve(ig_limits_t *h, const ig_limiter_t *l,
    const ig_limit_request_t *q, uint64_t now_ns, uint64_t deadline_ns,
    ig_limit_result_t *out);

/*
 * The answer has ended: the true amounts in place of the estimate, slots free.
 * q as at reserve.  *r becomes none, so that a second call does nothing.  When
 * the reservation has ended meanwhile, what that left uncounted is charged.
 * Sets states and crossed.
 */
void ig_limit_settle(ig_limits_t *h, const ig_limiter_t *l,
    const ig_limit_request_t *q, ig_reservation_t *r,
    const ig_amounts_t *actual, uint64_t now_ns, ig_limit_result_t *out);

/* a long stream: a later deadline; nothing when the reservation has ended */
void ig_limit_extend(ig_limits_t *h, ig_reservation_t r, uint64_t deadline_ns);


/* --- the operator --- */

/*
 * label: "" or "model=gpt-4o user=..." of a limit with `by`: UTF-8 cut at a
 * character, control characters are '?'.  false: no more.  Not under the lock.
 */
typedef bool (*ig_limit_show_pt)(void *ctx, const ig_limit_state_t *s,
    ig_str_t label);

/* every counter of the tenant that has been used; those that come and go
   meanwhile may be missing */
void ig_limit_show(ig_limits_t *h, const ig_limiter_t *l, uint32_t tenant,
    uint64_t now_ns, ig_limit_show_pt show, void *ctx);

/*
 * One limit (row) or all (IG_NONE) of a tenant back to unused, but for what is
 * in flight: of calendar and task budgets that goes on counting, slots stay
 * taken.  Returns counters.
 *
 * Of a fleet, this node's part: call it when the store has set the limit back
 * (or another node had it done).  What was leased before is gone with that, and
 * what is in flight of budgets is in the next returns.
 */
size_t ig_limit_reset(ig_limits_t *h, const ig_limiter_t *l, uint32_t tenant,
    uint32_t limit, uint64_t now_ns);

typedef struct {
    uint64_t  cells;           /* of the table, and of them free */
    uint64_t  cells_free;
    uint64_t  counters;
    uint64_t  reservations;
    uint64_t  evicted;         /* counters reused for want of a free cell */
    uint64_t  full;            /* requests refused for want of one */
    uint64_t  expired;         /* reservations whose deadline passed */
    uint64_t  orphaned;        /* and whose process died */
    uint64_t  repaired;        /* half-done changes that were undone */
    uint64_t  uncharged;       /* settled late, and no room to charge it */
} ig_limit_stats_t;

void ig_limit_stats(ig_limits_t *h, ig_limit_stats_t *out);


/* --- a snapshot --- */

#define IG_LIMIT_PIECE_MIN     1024

/*
 * The next piece of a snapshot: bytes written, 0 when all is done.  *cursor is
 * 0 at first; size is IG_LIMIT_PIECE_MIN or more, and bounds how long the lock
 * is held.  Reservations count as at death (sliding windows: in full).
 */
size_t ig_limit_save(ig_limits_t *h, uint64_t *cursor, void *buf, size_t size,
    uint64_t now_ns);

/*
 * All pieces, one behind the other, into a fresh table of any size.  IG_ERROR:
 * not a whole snapshot of this version, nothing was taken.  IG_LIMIT: budgets
 * that have not ended did not all fit; what fitted was taken.
 */
ig_rc_t ig_limit_restore(ig_limits_t *h, ig_str_t whole, uint64_t now_ns)
    IG_MUST_CHECK;


/* --- a fleet --- */

/*
 * on: limits that are not audited admit from leases only.  The node's own
 * counters go on counting beside them.  A lease of a rate is good for a period,
 * of a calendar budget until the window ends.  So the fleet admits at most max,
 * and the leases that lie with nodes (nodes * lease) shifted by a period.
 */
void ig_limits_fleet(ig_limits_t *h, bool on);

/*
 * The store is gone: of tenants with IG_WITHOUT_STORE_LOCAL, this node's own
 * counters and local_share thousandths of max admit.  Others go on needing
 * leases, and the caller refuses.
 */
void ig_limits_local(ig_limits_t *h, bool on);

/*
 * The leases of IG_LEASE_NEEDED, as they were granted, go to this node's pool,
 * and the request is reserved, in one step.  A lease that is not enough
 * refuses, and for a tenth of a second (or retry_ns) this node does not ask
 * again.  May need leases again: of more limits than fit in one result, or
 * when a window has ended meanwhile.
 */
void ig_limit_grant(ig_limits_t *h, const ig_limiter_t *l,
    const ig_limit_request_t *q, const ig_limit_lease_t *leases, size_t n,
    uint64_t now_ns, uint64_t deadline_ns, ig_limit_result_t *out);

/*
 * What the store has to hear: leases that lie idle, to give back (granted), and
 * amounts that were used beyond leases (want; with the next call).  They are this node's no more: a
 * caller that cannot tell the store puts them back by ig_limit_unreturn().  max
 * bounds the work; call again while it gives max.
 */
size_t ig_limit_returns(ig_limits_t *h, ig_limit_lease_t *out, size_t max,
    uint64_t now_ns);
void ig_limit_unreturn(ig_limits_t *h, const ig_limit_lease_t *returned,
    size_t n, uint64_t now_ns);

/* the store said what all nodes use (used) of a counter (key) */
void ig_limit_heard(ig_limits_t *h, const ig_limit_lease_t *counter);

/* by which a fleet names a limit of a tenant, whichever way plans are sorted */
uint32_t ig_limit_tag(const ig_limiter_t *l, uint32_t tenant, uint32_t limit);

#endif /* INFERENCE_GUARD_LIMIT_H */

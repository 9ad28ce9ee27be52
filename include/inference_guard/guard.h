/*
 * The guard: the engine as one piece, and the order of its stages.
 *
 *     guard = ig_guard_compile(sources…)            once, at configuration
 *     worker = ig_worker_new(guard)                 once a process or thread
 *     ig_guard_decide(worker, request, identity, mode, &decision)
 *
 * A guard is immutable and may be shared by processes and threads; a worker may
 * not.  A decision and all it points to live in the worker's scratch arena and
 * in the request's bytes: they are good until the next ig_guard_decide() of the
 * same worker.  What has to live longer is copied by the caller (a verdict is
 * one plain struct; records are bytes).
 */

#ifndef INFERENCE_GUARD_GUARD_H
#define INFERENCE_GUARD_GUARD_H

#include <inference_guard/facts.h>
#include <inference_guard/limit.h>
#include <inference_guard/verdict.h>


#define IG_VERSION             "0.1.0"


typedef struct ig_guard_s   ig_guard_t;
typedef struct ig_worker_s  ig_worker_t;

/*
 * NULL when there is any mistake that is an error: then the list has those of
 * all files, names and patterns alike.
 */
ig_guard_t *ig_guard_compile(const ig_source_t *sources, size_t n,
    unsigned detect_options, ig_mistakes_t *mistakes) IG_MUST_CHECK;
void ig_guard_free(ig_guard_t *g);

const ig_policy_t *ig_guard_policy(const ig_guard_t *g);
const ig_facts_table_t *ig_guard_facts(const ig_guard_t *g);
const ig_decider_t *ig_guard_decider(const ig_guard_t *g);
const ig_chooser_t *ig_guard_chooser(const ig_guard_t *g);
const ig_limiter_t *ig_guard_limiter(const ig_guard_t *g);
/* the policy's digest in hexadecimal, 64 characters */
ig_str_t ig_guard_digest(const ig_guard_t *g);

ig_worker_t *ig_worker_new(const ig_guard_t *g) IG_MUST_CHECK;
void ig_worker_free(ig_worker_t *w);
ig_detect_worker_t *ig_worker_detect(ig_worker_t *w);
ig_arena_t *ig_worker_arena(ig_worker_t *w);


/* who asks, as the server found it */
typedef struct {
    const ig_str_t  *tenant_values;       /* of the variables, in their order */
    size_t           ntenant_values;
    ig_country_t     client_country;      /* by ig_facts_country() */
    ig_str_t         claim;               /* of the trusted variable, or empty */
} ig_identity_t;

/* what limits said to a request, by whoever holds the table; for its record */
typedef struct {
    bool               reckoned;          /* there are amounts */
    ig_amounts_t       amounts;           /* estimated */
    char               currency[4];       /* of amounts.cost; empty: no price */
    const ig_limit_t  *hit;               /* refuses it, or NULL */
    ig_limit_state_t   hit_state;
    const ig_limit_t  *would;             /* is only audited, or NULL */
    ig_limit_state_t   would_state;
} ig_limited_t;

typedef struct {
    ig_mode_t      mode;                  /* that it was made in */
    ig_reading_t   reading;
    ig_findings_t  findings;
    ig_facts_t     facts;
    ig_verdict_t   verdict;               /* what is applied */
    ig_verdict_t   would;                 /* with all audit rules and stances
                                             enforced; equal when there is no
                                             audit */
    bool           would_differs;         /* in word, reason, permitted or
                                             causes */
    uint32_t       endpoint;              /* chosen, or IG_NONE when blocked */
    ig_limited_t   limited;               /* the caller's to fill in */
} ig_decision_t;

/*
 * Read, detect, facts, decide, choose.  A request that is refused for its
 * tenant in IG_MODE_ENFORCE is not read: reading then has dialect and operation
 * only, and findings are none.
 *
 * `would` is the verdict with every audit rule enforced (IG_MODE_FULL), made
 * when the policy has audit rules or the location audits.
 *
 * Anything but IG_OK refuses the request with internal_error or, for
 * IG_LIMIT, limit_exceeded: *out then holds a verdict that says so (always,
 * in every mode), so that a caller cannot forget.
 */
ig_rc_t ig_guard_decide(ig_worker_t *w, const ig_request_t *r,
    const ig_identity_t *id, ig_mode_t mode, ig_decision_t *out)
    IG_MUST_CHECK;

/*
 * The same for tools, which name the tenant (a row, or IG_NONE for none)
 * instead of proving who they are.  Nothing that serves requests calls it.
 */
ig_rc_t ig_guard_decide_as(ig_worker_t *w, const ig_request_t *r,
    uint32_t tenant, ig_country_t client_country, ig_str_t claim,
    ig_mode_t mode, ig_decision_t *out) IG_MUST_CHECK;

/*
 * A request whose body was not taken (too large, wrong encoding…) or whose
 * path is not in its normal form: decided like any other, with that reason as
 * its reading's.  r->body is not looked at.
 */
ig_rc_t ig_guard_decide_unread(ig_worker_t *w, const ig_request_t *r,
    const ig_identity_t *id, ig_mode_t mode, ig_reason_t reason,
    ig_decision_t *out) IG_MUST_CHECK;

/*
 * A decision that permits becomes a refusal for what came after it: limits.
 * What was permitted stays in it, for the record.
 */
void ig_decision_refuse(ig_decision_t *d, ig_reason_t reason);

#endif /* INFERENCE_GUARD_GUARD_H */

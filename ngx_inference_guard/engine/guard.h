/*
 * A guard and a worker from inside: what guard.c and guard_compile.c share.
 */

#ifndef IG_GUARD_H
#define IG_GUARD_H

#include <inference_guard/guard.h>


/* memory of a request beside its own bytes: this, and twice those bytes */
#define IG_WORKER_BASE   (64 * 1024)

/* memory that a worker keeps between requests */
#define IG_WORKER_KEEP   (512 * 1024)


struct ig_guard_s {
    ig_policy_t       *policy;
    ig_detect_t       *detect;
    ig_facts_table_t  *facts;
    ig_decider_t      *decider;
    ig_chooser_t      *chooser;
    ig_limiter_t      *limiter;
    bool               audits;        /* a rule is only audited */
    char               digest[2 * IG_DIGEST_SIZE];
};

struct ig_worker_s {
    const ig_guard_t    *guard;
    ig_detect_worker_t  *detect;
    ig_digester_t       *digester;
    ig_arena_t          *arena;
};

#endif /* IG_GUARD_H */

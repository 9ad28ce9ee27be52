/*
 * Plans while they are read: what a plan or a tenant says itself (terms), and
 * what then holds (standing), after what it inherits.
 *
 * In:       nodes of rule files.     Out: ig_quota_t of each tenant.
 * Memory:   limits and zones in the policy's arena, the rest in scratch.
 * Failure:  mistakes in the list; terms with one are `doubtful`: what only
 *           follows from that is not told.
 */

#ifndef IG_POLICY_PLAN_H
#define IG_POLICY_PLAN_H

#include <inference_guard/calendar.h>

#include "load.h"


/* a limit as written */
typedef struct {
    ig_limit_t         limit;          /* its lease as of this limit alone */
    bool               remove;         /* max: none */
} ig_term_t;

/* zeros: nothing said */
typedef struct {
    ig_term_t         *limits;
    size_t             nlimits;
    const ig_zone_t   *zone;
    uint64_t           cap_output;
    uint16_t           batch;          /* what `interactive` leaves */
    ig_place_t         interactive_place;
    uint64_t           task_ttl_s;
    bool               exact_said;
    bool               exact;
    bool               store_said;
    ig_without_store_t without_store;
    uint16_t           local_share;
    bool               doubtful;
} ig_terms_t;

typedef struct {
    ig_quota_t         quota;          /* what goes into the policy */
    const ig_limit_t  *limits;         /* the same without batch and exact */
    uint16_t           batch;
    bool               exact;
    bool               doubtful;
} ig_standing_t;

struct ig_plan_s {
    ig_str_t           name;
    ig_place_t         place;
    const ig_yaml_t   *extends;        /* NULL: nothing */
    uint32_t           base;           /* its row, or IG_NONE */
    ig_terms_t         terms;
    ig_standing_t      standing;
    bool               met;            /* on the way from a plan to its bases */
    bool               resolved;
    bool               used;
};


/* limit.c: false after a mistake, or without memory */
bool ig_limit_read(ig_load_t *l, const ig_yaml_t *node, ig_term_t *out)
    IG_MUST_CHECK;

/* terms.c: values of keys */
void ig_terms_limits(ig_load_t *l, const ig_yaml_t *value, ig_terms_t *t);
void ig_terms_timezone(ig_load_t *l, const ig_yaml_t *value, ig_terms_t *t);
void ig_terms_cap_output(ig_load_t *l, const ig_yaml_t *value, ig_terms_t *t);
void ig_terms_interactive(ig_load_t *l, const ig_yaml_t *value, ig_terms_t *t);
void ig_terms_task_ttl(ig_load_t *l, const ig_yaml_t *value, ig_terms_t *t);
void ig_terms_exact(ig_load_t *l, const ig_yaml_t *value, ig_terms_t *t);
void ig_terms_without_store(ig_load_t *l, const ig_yaml_t *value,
    ig_terms_t *t);

/* standing.c */
/* of who says nothing and inherits nothing */
ig_standing_t ig_standing_default(void);
/* what holds with these terms on top; `name` and `at` are of who says them */
ig_standing_t ig_standing_apply(ig_load_t *l, const ig_terms_t *t,
    const ig_standing_t *base, ig_str_t name, ig_place_t at);

/* plan.c */
void ig_load_plans(ig_load_t *l);
/* the plan that a value names, now in use; NULL: a mistake has been told */
const ig_plan_t *ig_plan_use(ig_load_t *l, const ig_yaml_t *value);

#endif /* IG_POLICY_PLAN_H */

/*
 * The decision: a pure function of policy and facts.
 *
 * A verdict is a product.  It starts as "everything that serves the request"
 * and each rule that matches can only narrow it: block is or-ed, destinations,
 * operators and models are intersected, flags are united.  So neither the order
 * of rules nor of files can matter, and a rule more never permits more.
 *
 * Steps, each of which only takes away:
 *   1. stances: unknown tenant, unknown country, a jurisdiction without a pack,
 *      what could not be read or inspected;
 *   2. rules of the packs that apply (facts.packs) whose `when` holds and whose
 *      `unless` does not;
 *   3. endpoints: permitted are those that speak the dialect, serve the model,
 *      lie in a permitted country, and whose operators are all permitted;
 *   4. the choice among them: tier in the policy's order, then price, then name
 *      (choose/).
 *
 * In:       policy (compiled), facts.     Out: ig_verdict_t, no pointers kept.
 * Memory:   none is allocated.            Failure: none.
 */

#ifndef INFERENCE_GUARD_VERDICT_H
#define INFERENCE_GUARD_VERDICT_H

#include <inference_guard/facts.h>


/* in the order in which one word is chosen for the whole */
typedef enum {
    IG_VERDICT_BLOCK,
    IG_VERDICT_ROUTE,          /* destinations or operators are narrowed */
    IG_VERDICT_TRANSFORM,
    IG_VERDICT_FLAG,
    IG_VERDICT_ALLOW
} ig_verdict_word_t;

ig_str_t ig_verdict_name(ig_verdict_word_t w);

/* why an endpoint is not permitted: the first that holds */
typedef enum {
    IG_REJECT_NOT = 0,         /* it is permitted */
    IG_REJECT_DIALECT,
    IG_REJECT_MODEL,
    IG_REJECT_COUNTRY,
    IG_REJECT_OPERATOR,
    IG_REJECT_UNINSPECTABLE,   /* not among the stance's endpoints */
    IG_REJECT_BLOCKED
} ig_reject_t;

ig_str_t ig_reject_name(ig_reject_t r);

#define IG_MAX_CAUSES          64         /* rules named in a verdict */
#define IG_ENDPOINT_WORDS      IG_BIT_WORDS(IG_MAX_ENDPOINTS)

typedef struct {
    ig_verdict_word_t  word;
    ig_reason_t        reason;            /* NONE unless blocked */
    uint32_t           rule;              /* the one that blocks; or IG_NONE */
    ig_countries_t     destinations;
    ig_countries_t     operators;
    bool               narrowed;          /* either is less than all countries */
    uint64_t           permitted[IG_ENDPOINT_WORDS];
    uint8_t            rejected[IG_MAX_ENDPOINTS];     /* ig_reject_t */
    uint32_t           causes[IG_MAX_CAUSES];  /* rules that matched and count,
                                                  in the order of the policy */
    size_t             ncauses;           /* may be larger than IG_MAX_CAUSES */
} ig_verdict_t;

typedef enum {
    IG_MODE_ENFORCE,           /* audit rules aside */
    IG_MODE_FULL,              /* as if every audit rule enforced */
    IG_MODE_AUDIT              /* the location audits: nothing narrows; what
                                  serves the request is permitted */
} ig_mode_t;


/* why a rule counted or not, for explain and the tests */
typedef enum {
    IG_TRACE_MATCHED,
    IG_TRACE_PACK,             /* its jurisdiction does not apply */
    IG_TRACE_WHEN,             /* `key` of when did not hold */
    IG_TRACE_UNLESS,           /* the exception holds */
    IG_TRACE_AUDIT             /* matched, but only audited in this mode */
} ig_trace_state_t;

typedef struct {
    uint32_t          rule;
    ig_trace_state_t  state;
    unsigned          key;     /* IG_WHEN_... for IG_TRACE_WHEN */
} ig_trace_rule_t;

typedef void (*ig_trace_pt)(void *data, const ig_trace_rule_t *t);


typedef struct ig_decider_s  ig_decider_t;

ig_decider_t *ig_decide_compile(const ig_policy_t *p) IG_MUST_CHECK;
void ig_decider_free(ig_decider_t *d);

/* trace may be NULL: then nothing is spent on it */
void ig_decide(const ig_decider_t *d, const ig_facts_t *f, ig_mode_t mode,
    ig_verdict_t *v, ig_trace_pt trace, void *data);


/* order of preference over all endpoints, made once */
typedef struct ig_chooser_s  ig_chooser_t;

ig_chooser_t *ig_choose_compile(const ig_policy_t *p) IG_MUST_CHECK;
void ig_chooser_free(ig_chooser_t *c);

/* the best permitted endpoint not in `tried` (NULL: none tried), or IG_NONE */
uint32_t ig_choose(const ig_chooser_t *c,
    const uint64_t permitted[IG_ENDPOINT_WORDS],
    const uint64_t tried[IG_ENDPOINT_WORDS]);

#endif /* INFERENCE_GUARD_VERDICT_H */

/*
 * The decision: a pure function of policy, facts and mode.  All that it does is
 * written here; the words of this comment are what the tests hold it to.
 *
 * A verdict is a product.  It starts as "everything that serves the request"
 * and each stance and rule can only narrow it: block is or-ed, destinations,
 * operators and models are intersected, flags are united.  These operations
 * commute and none of them adds, so neither the order of rules, packs, files
 * and endpoints can matter, nor does one rule more ever permit more or turn a
 * refusal into a pass.
 *
 * Serving.  The endpoints that speak the request's dialect and, when it names a
 * model, serve that model.  A request of no known dialect could be served by
 * all.  No other endpoint is ever permitted.
 *
 * Step 1, stances, in this order; the first that refuses ends the decision,
 * with no country permitted and no rule looked at:
 *   - two credentials that differ: conflicting_credentials;
 *   - no tenant after the stance `unknown_tenant`: unknown_tenant;
 *   - a claim that is no list of countries, or a client country that is unknown
 *     after the stance `unknown_country`: unknown_country;
 *   - a reading that failed: its reason.  Under the stance `uninspectable` with
 *     endpoints, a reading that failed with unknown_operation, unknown_method
 *     or unsupported_media_type, or one with parts that cannot be inspected, is
 *     not refused but confined to those endpoints.  With no endpoints in the
 *     stance it is refused with that reason, and with `uninspectable` for
 *     such parts;
 *   - an applicable jurisdiction that no pack covers, and no pack stands in:
 *     jurisdiction_without_pack.
 *
 * Step 2, rules.  A rule counts when its pack applies (facts.packs), its `when`
 * holds (an empty one always does), its `unless` does not (an empty one never
 * does), and, in IG_MODE_ENFORCE, it is not `enforcement: audit`.  A condition
 * holds when all its keys do:
 *   - data: one of its detectors was found with at least its score;
 *   - tenant, client_country, dialect: the request's is listed; what is unknown
 *     is in no list;
 *   - model, tools: the model, or one of the tools, matches a glob.  Of a
 *     reading that failed neither is known;
 *   - path: the request's path matches a glob.
 * What counts is multiplied in:
 *   - block: the request is blocked;
 *   - destinations, operators: intersected with what was left;
 *   - models: the request is refused unless its model matches a glob.  A
 *     request that was read and asks for no model (a list of models) passes;
 *   - flag: the verdict is flagged.
 *
 * Step 3, endpoints.  Permitted are the serving ones whose country is in
 * destinations, whose operators are all in operators, and that belong to the
 * endpoints the request is confined to, if it is.
 *
 * Step 4, the reason of a refusal, the first that holds:
 *   - a rule blocks: blocked_by_rule;
 *   - a rule's models do not match: model_not_permitted;
 *   - no endpoint serves: model_not_found;
 *   - none is permitted: no_permitted_destination.
 * A refused verdict permits no endpoint.  `rule` names, for the first two, the
 * rule of the smallest id among those that do it; for the last, of the rules
 * that count and narrow destinations or operators the one that by itself leaves
 * the fewest serving endpoints, then the smallest id (then, between packs, the
 * smallest jurisdiction); IG_NONE when only the stance narrowed.
 *
 * Step 5, the word: block when refused; route when destinations or operators
 * are less than all countries or the request is confined; flag when flagged;
 * else allow.
 *
 * Modes.  IG_MODE_ENFORCE is what is applied, IG_MODE_FULL what would be if
 * rules under `enforcement: audit` were enforced.  In IG_MODE_AUDIT (the
 * location audits) no stance and no rule is applied: what serves is permitted,
 * and no serving endpoint is model_not_found.  Only a reading that failed for a
 * limit (body_too_large, decoded_too_large, limit_exceeded) or for a fault of
 * the guard (internal_error, not_recorded) is refused there too.  What is
 * permitted in ENFORCE is permitted in AUDIT.
 *
 * Choice.  Endpoints have one order, made once: the tier's place in the
 * policy's list; priced before unpriced; the currency's code, as amounts of
 * different currencies cannot be compared and no rate is fixed by law or by us;
 * input and output price added up, the lower first; the name.  The first that
 * is permitted is chosen.
 *
 * Time:     in proportion to the rules of the packs that apply (and the places
 *           found, and the endpoints), not to all rules.
 * In:       policy (compiled), facts.     Out: ig_verdict_t, no pointers kept.
 * Memory:   none is allocated.            Failure: none.
 */

#ifndef INFERENCE_GUARD_VERDICT_H
#define INFERENCE_GUARD_VERDICT_H

#include <inference_guard/facts.h>


/* in the order in which one word is chosen for the whole */
typedef enum {
    IG_VERDICT_BLOCK,
    IG_VERDICT_ROUTE,          /* narrowed, and something is left */
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
    bool               narrowed;          /* either is less than all countries,
                                             or the stance confines */
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

/*
 * trace may be NULL: then nothing is spent on it.  Else it is called once for
 * every rule of the policy, when rules are looked at (step 2).
 */
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

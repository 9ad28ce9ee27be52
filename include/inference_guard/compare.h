/*
 * Does a new policy permit anything that an old one forbids?  A proof over all
 * requests of a finite domain, or one request that shows it.
 *
 * The domain.  A request is any combination of
 *   - a tenant of either policy, or a stranger (no credential, or one that no
 *     tenant has); tenants are the same when their names are;
 *   - a country of the client, or none known;
 *   - any set of countries claimed;
 *   - a reading: complete, with parts that cannot be inspected, or failed for
 *     unknown_operation or unsupported_media_type (every other failure is
 *     refused by both), in each dialect that has such a reading;
 *   - any model and path, any set of tools;
 *   - any set of findings: a detector of either policy, with each score that
 *     its definition can give, and each owner that it can have.
 * In IG_MODE_ENFORCE.  "Permits" is that an endpoint of the new policy is in the
 * permitted set of ig_decide(); the old policy's packs, rules, tenants and
 * stances are asked about the new policy's endpoints, so that a new endpoint is
 * judged by the law and not by its name.  An old stance `uninspectable` means
 * an endpoint of the new policy when name, country and operators are the same.
 *
 * Outside of the domain, and reported as `reservations`: which address is in
 * which country (`networks`), which text a detector finds when its definition
 * differs, which credential is whose.
 *
 * Method.  Values that all conditions treat alike are one class; classes of
 * model and path come from the product of the globs' automata, so each has a
 * string that shows it.  In a class of everything single-valued, what is left
 * (findings, tools, claims) are sets, and all that a set can do grows with it:
 * packs that apply, conditions that hold.  So a request is searched from the
 * empty set upwards: a rule of the new policy that excludes the endpoint must
 * not count, hence its `unless` needs something more; a rule of the old policy
 * must count, hence its pack and its `when` may.  Each step adds what any
 * solution must have one of, so no solution is missed, and the steps are as
 * few as there are conditions.  A tool is needed only as the string that a
 * glob's text makes when its stars are one byte that is in no glob: whatever
 * glob matches that matches all that the first one does.
 *
 * In:       two policies without mistakes.
 * Out:      ig_comparison_t; its texts are in the arena or the policies.
 * Memory:   the arena's.
 * Failure:  IG_NOMEM, IG_LIMIT: the arena's.  IG_ERROR: a counterexample that
 *           ig_decide() does not confirm, which would be a defect here.
 *           IG_COMPARE_UNDECIDED when a bound was reached: never a guess.
 */

#ifndef INFERENCE_GUARD_COMPARE_H
#define INFERENCE_GUARD_COMPARE_H

#include <inference_guard/facts.h>
#include <inference_guard/verdict.h>


/* some ten seconds; a step is one set looked at */
#define IG_COMPARE_STEPS       UINT64_C(100000000)

typedef enum {
    IG_COMPARE_PROVEN,
    IG_COMPARE_COUNTEREXAMPLE,
    IG_COMPARE_UNDECIDED
} ig_compare_answer_t;

/* scores of one finding under both policies; 0: it is not found there */
typedef struct {
    ig_str_t      detector;
    ig_country_t  owner[2];
    uint16_t      score[2];
} ig_compare_finding_t;

/* a request; of pairs the old policy's is the first */
typedef struct {
    ig_str_t                     tenant;      /* empty: a stranger */
    ig_country_t                 client;      /* unknown: none known */
    ig_countries_t               claimed;
    ig_reason_t                  reason;      /* of the reading */
    unsigned                     uninspectable;
    ig_dialect_t                 dialect;
    ig_str_t                     model;       /* empty: none asked */
    ig_str_t                     path;
    ig_strs_t                    tools;
    const ig_compare_finding_t  *findings;
    size_t                       nfindings;
    uint32_t                     endpoint;    /* of the new policy, permitted */
    uint32_t                     rule;        /* of the old one, that forbids
                                                 it, or IG_NONE */
    ig_reason_t                  refused;     /* by the old one as a whole; or
                                                 NONE: only this endpoint */
} ig_compare_request_t;

typedef struct {
    ig_compare_answer_t   answer;
    const char           *bound;       /* IG_COMPARE_UNDECIDED: what was
                                          reached */
    uint64_t              steps;
    ig_compare_request_t  request;     /* IG_COMPARE_COUNTEREXAMPLE */

    /* reservations */
    bool                  networks;    /* differ */
    size_t                detectors;   /* of one name that differ */
    ig_str_t              detector;    /* one of them */
    size_t                tenants;     /* of one name with other credentials */
} ig_comparison_t;

ig_rc_t ig_compare(const ig_policy_t *old, const ig_policy_t *new,
    uint64_t max_steps, ig_arena_t *arena, ig_comparison_t *out)
    IG_MUST_CHECK;

#endif /* INFERENCE_GUARD_COMPARE_H */

/*
 * A counterexample is asked of the deciders that requests are asked of.
 */

#ifndef IG_COMPARE_CHECK_H
#define IG_COMPARE_CHECK_H

#include <inference_guard/compare.h>


/*
 * IG_OK when `new` permits the request's endpoint and `old`, which has the same
 * endpoints, does not; then rule and refused are filled in.  IG_ERROR when not.
 */
ig_rc_t ig_compare_check(const ig_policy_t *old, const ig_policy_t *new,
    ig_compare_request_t *r, ig_arena_t *arena) IG_MUST_CHECK;

#endif /* IG_COMPARE_CHECK_H */

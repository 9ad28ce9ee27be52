/*
 * Strings by the globs that they match.
 *
 * In:       lists of globs ('*' is any run of bytes).
 * Out:      for every set of lists that one string can match, one of the
 *           shortest such strings; none is empty.
 * Memory:   the arena given.
 * Failure:  IG_ERROR when there are more than IG_GLOB_STATES states to look at;
 *           the arena's own.
 */

#ifndef IG_COMPARE_GLOBS_H
#define IG_COMPARE_GLOBS_H

#include <inference_guard/policy.h>


#define IG_GLOB_STATES  20000

/* slash: strings that begin with one, as paths do */
ig_rc_t ig_glob_classes(const ig_strs_t *lists, size_t n, bool slash,
    ig_arena_t *arena, ig_strs_t *texts) IG_MUST_CHECK;

bool ig_glob_list_match(const ig_strs_t *list, ig_str_t text);

/* a byte that is in none of the globs, a letter if there is one; 0: none */
uint8_t ig_glob_fresh(const ig_strs_t *lists, size_t n);

/* the glob with its stars replaced by the byte */
ig_str_t ig_glob_text(ig_str_t glob, uint8_t fresh, ig_arena_t *arena);

#endif /* IG_COMPARE_GLOBS_H */

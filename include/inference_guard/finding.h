/*
 * Findings: what was found in the text of a request, and where; the value only
 * where it was asked for, and never outside of memory.
 *
 * In:       the blocks of a reading.
 * Out:      a list of places.  Of findings of one detector that overlap, only
 *           the longest; none with a score below both IG_SCORE_DEFAULT and what
 *           any rule asks of its detector, as nobody could look at it.
 * Memory:   the arena given; bounded by the body, not by the detectors.
 * Failure:  IG_LIMIT when a bound was reached (regex steps, matches, arena):
 *           a refusal, never a skipped check.
 */

#ifndef INFERENCE_GUARD_FINDING_H
#define INFERENCE_GUARD_FINDING_H

#include <inference_guard/policy.h>
#include <inference_guard/request.h>


#define IG_MAX_FINDINGS        4096       /* places; one more is IG_LIMIT */

typedef struct {
    uint32_t      detector;    /* row of the policy */
    uint16_t      score;       /* of IG_SCORE_ONE, never 0 */
    ig_country_t  owner;       /* whose data it is; unknown: nobody's */
    uint8_t       block;       /* of the reading */
    bool          joined;      /* begins in one span and ends in a later one */
    uint16_t      value;       /* row of the list's values */
    uint32_t      start;       /* bytes of the block, raw as it came */
    uint32_t      end;
} ig_finding_t;

/*
 * What was found as its validator sees it: ASCII letters in upper case and
 * digits, of any script, with nothing between them; a number by its value.
 * Empty when it has more than IG_VALUE_MAX of them.
 */
#define IG_VALUE_MAX           64

typedef struct {
    uint8_t  len;
    uint8_t  bytes[IG_VALUE_MAX];
} ig_value_t;

typedef struct {
    const ig_finding_t  *items;     /* by block, start, end, detector */
    size_t               n;
    const ig_value_t    *values;    /* the worker's, good until it searches
                                       again; NULL: not kept */
} ig_findings_t;


/* compiled once from the policy's detectors; immutable, shared */
typedef struct ig_detect_s  ig_detect_t;

#define IG_DETECT_NO_VECTORSCAN  0x01     /* the same findings, without it */

/*
 * NULL when the list has an error, whosever: of a policy with mistakes in it the
 * detectors are judged, so that theirs are in the list as well, and no more.
 */
ig_detect_t *ig_detect_compile(const ig_policy_t *p, unsigned options,
    ig_mistakes_t *mistakes) IG_MUST_CHECK;
void ig_detect_free(ig_detect_t *d);

/* scratch memory of one worker or thread */
typedef struct ig_detect_worker_s  ig_detect_worker_t;

ig_detect_worker_t *ig_detect_worker_new(const ig_detect_t *d) IG_MUST_CHECK;
void ig_detect_worker_free(ig_detect_worker_t *w);

/*
 * From now on a search keeps the values of what it finds, for keyed digests of
 * them.  False: no memory, and none are kept.
 */
bool ig_detect_keep_values(ig_detect_worker_t *w) IG_MUST_CHECK;

/* a text that somebody wrote, as the value that would be found in it */
void ig_value_of_text(ig_str_t text, ig_value_t *value);

ig_rc_t ig_detect(ig_detect_worker_t *w, const ig_reading_t *reading,
    ig_arena_t *arena, ig_findings_t *out) IG_MUST_CHECK;

/* plain text instead of a request, for `scan`: one span, no escapes */
ig_rc_t ig_detect_text(ig_detect_worker_t *w, ig_str_t text,
    ig_arena_t *arena, ig_findings_t *out) IG_MUST_CHECK;

#endif /* INFERENCE_GUARD_FINDING_H */

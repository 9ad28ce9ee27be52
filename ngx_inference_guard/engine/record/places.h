/*
 * Findings as a record tells them: grouped by detector and owner, with the
 * places of a few.
 *
 * In:       a decision with its findings, the request's body for pointers.
 * Out:      ,"findings":[…],"findings_total":N in the line, with digests of the
 *           values where there is a key.
 * Memory:   none but the stack.
 * Failure:  the line's `full`, when a digest could not be made.  What does not
 *           fit is counted.
 */

#ifndef IG_RECORD_PLACES_H
#define IG_RECORD_PLACES_H

#include "line.h"


void ig_places_write(ig_line_t *l, const ig_policy_t *p,
    const ig_reading_t *reading, const ig_findings_t *findings,
    ig_keyed_t *keyed);

/* was anything found in, or is nothing known about, these bytes? */
bool ig_places_touch(const ig_reading_t *reading,
    const ig_findings_t *findings, ig_str_t bytes);

#endif /* IG_RECORD_PLACES_H */

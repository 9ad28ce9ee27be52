/*
 * Findings as a record tells them: grouped by detector and owner, with the
 * places of a few.
 *
 * In:       a decision with its findings, the request's body for pointers.
 * Out:      ,"findings":[…],"findings_total":N in the line.
 * Memory:   none but the stack.
 * Failure:  none; what does not fit is counted.
 */

#ifndef IG_RECORD_PLACES_H
#define IG_RECORD_PLACES_H

#include "line.h"


void ig_places_write(ig_line_t *l, const ig_policy_t *p,
    const ig_reading_t *reading, const ig_findings_t *findings);

/* was anything found in, or is nothing known about, these bytes? */
bool ig_places_touch(const ig_reading_t *reading,
    const ig_findings_t *findings, ig_str_t bytes);

#endif /* IG_RECORD_PLACES_H */

/*
 * What an endpoint says of its answer, in a record.
 *
 * In:       words of an endpoint: why it ended, its model.
 * Out:      ,"finish":"…","answer_model":"…" in the line.  Words that are not
 *           what they should be are left out: they could be anything.
 */

#ifndef IG_RECORD_ANSWERED_H
#define IG_RECORD_ANSWERED_H

#include "line.h"


void ig_line_answer(ig_line_t *l, const ig_policy_t *p, const ig_outcome_t *o);

#endif /* IG_RECORD_ANSWERED_H */

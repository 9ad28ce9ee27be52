/*
 * What was counted, in a record: estimates, limits, tokens, money, time.
 *
 * In:       numbers of the limits' stage.     Out: fields of a line.
 * Failure:  the line's `full`.
 *
 * Amounts of limits are decimal strings: of money they have nine places, and
 * no reader of JSON rounds them.
 */

#ifndef IG_RECORD_AMOUNTS_H
#define IG_RECORD_AMOUNTS_H

#include "line.h"


/* ,"name":n */
void ig_line_number(ig_line_t *l, const char *name, uint64_t n);

/* ,"estimate":{...},"limits":[...]: what was reckoned, and which said no */
void ig_line_limited(ig_line_t *l, const ig_limited_t *limited);

/* ,"used":"...","max":"...","resets_s":n */
void ig_line_state(ig_line_t *l, const ig_limit_t *limit,
    const ig_limit_state_t *s);

/* ,"first_byte_ms":n and the others, as far as they are known */
void ig_line_times(ig_line_t *l, const ig_outcome_t *o);

/* ,"tokens":{...},"cost":"...","currency":"..." */
void ig_line_tokens(ig_line_t *l, const ig_tokens_t *t);

#endif /* IG_RECORD_AMOUNTS_H */

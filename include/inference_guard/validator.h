/*
 * Validators: checksums and other rules over a candidate, by name.
 *
 * In:       ASCII letters and digits without separators, as folded by detect/.
 * Out:      true when the candidate passes.   Memory: none.   Failure: none.
 *
 * The table and the source of each algorithm are in detect/validator.c.
 */

#ifndef INFERENCE_GUARD_VALIDATOR_H
#define INFERENCE_GUARD_VALIDATOR_H

#include <inference_guard/base.h>


typedef bool (*ig_validator_pt)(ig_str_t candidate);

/* NULL when there is none of that name */
ig_validator_pt ig_validator_find(ig_str_t name);

/* all names, sorted, NULL at the end: for messages and the schema's test */
const char *const *ig_validator_names(void);

#endif /* INFERENCE_GUARD_VALIDATOR_H */

/*
 * What a request will take, before anyone has counted: tokens of text, and
 * what tokens cost.
 *
 * In:       counts of characters by class, a reading, an endpoint's prices.
 * Out:      numbers, rounded up, at most UINT64_MAX.
 * Memory:   none.
 * Failure:  none.
 *
 * The weights of the classes are fitted to the larger of several public
 * tokenizers' counts; docs/limits.md has the measured error of each script.  An
 * estimate reserves, it does not bill: what the provider counts replaces it.
 */

#ifndef INFERENCE_GUARD_ESTIMATE_H
#define INFERENCE_GUARD_ESTIMATE_H

#include <inference_guard/base.h>
#include <inference_guard/policy.h>
#include <inference_guard/request.h>
#include <inference_guard/text_counts.h>


/* tokens of text */
uint64_t ig_estimate_tokens(const ig_text_counts_t *c);

/*
 * Input tokens of a request that was read completely: its texts, names and
 * numbers, tool definitions, and what frames messages and tools.  Media and
 * references are no text and add nothing.
 */
uint64_t ig_estimate_reading(const ig_reading_t *r);

/*
 * The price of so many tokens, in 1e-9 of the endpoint's currency, rounded up
 * once.  0 when it has no price.
 */
uint64_t ig_price(const ig_endpoint_t *e, uint64_t input, uint64_t output);

#endif /* INFERENCE_GUARD_ESTIMATE_H */

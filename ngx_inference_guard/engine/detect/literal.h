/*
 * Literal anchors: one search for all of them.
 *
 * In:       strings when it is made; a text.
 * Out:      numbers of the strings, as they were added, and where they end.
 * Memory:   owned by the set; a worker's scratch by the worker.
 * Failure:  NULL when it cannot be made; IG_ERROR when a search fails.
 *
 * Vectorscan does the work where it is built in; a search of our own gives the
 * same hits elsewhere.
 */

#ifndef IG_DETECT_LITERAL_H
#define IG_DETECT_LITERAL_H

#include <inference_guard/base.h>


typedef struct ig_literals_s  ig_literals_t;

ig_literals_t *ig_literals_new(const ig_str_t *strings, size_t n,
    bool vectorscan) IG_MUST_CHECK;
void ig_literals_free(ig_literals_t *l);

/* grows *scratch so that it serves this set too; NULL to begin with */
bool ig_literals_scratch(const ig_literals_t *l, void **scratch)
    IG_MUST_CHECK;
void ig_literals_scratch_free(void *scratch);

/* false ends the search */
typedef bool (*ig_literal_pt)(void *data, uint32_t number, size_t start,
    size_t end);

ig_rc_t ig_literals_search(const ig_literals_t *l, void *scratch,
    ig_str_t text, ig_literal_pt found, void *data) IG_MUST_CHECK;


/*
 * Patterns without an anchor: Vectorscan says which of them a text may match.
 * Without it every pattern may, and so may an empty one always.
 */
typedef struct ig_gate_s  ig_gate_t;

ig_gate_t *ig_gate_new(const ig_str_t *patterns, size_t n, bool vectorscan)
    IG_MUST_CHECK;
void ig_gate_free(ig_gate_t *g);
bool ig_gate_scratch(const ig_gate_t *g, void **scratch) IG_MUST_CHECK;
/* sets the bit of each pattern that may match */
ig_rc_t ig_gate_open(const ig_gate_t *g, void *scratch, ig_str_t text,
    uint64_t *bits) IG_MUST_CHECK;

#endif /* IG_DETECT_LITERAL_H */

/*
 * What decide/ compiles a policy into.  Private to this folder.
 */

#ifndef IG_DECIDE_TABLE_H
#define IG_DECIDE_TABLE_H

#include <inference_guard/verdict.h>


/* detectors are found or not in 64 words of 64 bits */
#define IG_FOUND_WORDS  IG_BIT_WORDS(IG_MAX_DETECTORS)

_Static_assert(IG_FOUND_WORDS <= 64, "one word has a bit for each word");


typedef struct {
    uint64_t  bits[IG_ENDPOINT_WORDS];
} ig_endpoint_set_t;

/* a condition, its detectors as the words of a bit set that are not empty */
typedef struct {
    const ig_condition_t  *text;
    const uint64_t        *data;
    uint32_t               first;      /* word of data[0] */
    uint32_t               n;
} ig_clause_t;

typedef struct {
    const ig_rule_t    *text;
    uint32_t            row;           /* of the policy */
    uint32_t            rank;          /* by id, then the pack's jurisdiction:
                                          the same in whatever order rules
                                          were read */
    bool                narrows;       /* destinations or operators */
    ig_clause_t         when;
    ig_clause_t         unless;
    ig_endpoint_set_t   endpoints;     /* that this rule, alone, permits */
} ig_compiled_rule_t;

struct ig_decider_s {
    const ig_policy_t   *policy;
    ig_compiled_rule_t  *rules;        /* by pack */
    uint32_t            *first;        /* rules of pack p: first[p] up to
                                          first[p + 1] */
    uint64_t            *words;        /* what clauses' data point into */
    ig_endpoint_set_t    all;
    ig_endpoint_set_t    speaks[IG_DIALECTS];   /* NONE: all, it is not known
                                                   what to speak */
    ig_endpoint_set_t    any_model;    /* serve every model */
    ig_endpoint_set_t    uninspectable;
    ig_countries_t       everywhere;
};


/*
 * Best scores of the detectors found, for one decision, on the stack.  Nothing
 * is cleared that was not found: a bit of `used` says that a word of `bits`
 * means something, and a bit of that word says it of a score.
 */
typedef struct {
    uint64_t  used;
    uint64_t  bits[IG_FOUND_WORDS];
    uint16_t  best[IG_MAX_DETECTORS];
} ig_found_t;

void ig_found_collect(ig_found_t *found, const ig_findings_t *findings);

/* true when all keys hold; else *key is one that does not */
bool ig_clause_holds(const ig_clause_t *c, const ig_facts_t *f,
    const ig_found_t *found, unsigned *key);

bool ig_globs_match(const ig_strs_t *globs, ig_str_t text);

#endif /* IG_DECIDE_TABLE_H */

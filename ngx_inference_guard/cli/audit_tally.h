/*
 * Sums by key, in bounded memory.
 *
 * In:       keys of one or more strings, from records: clients choose some of
 *           them.
 * Out:      rows of IG_TALLY_VALUES numbers.
 * Memory:   at most IG_TALLY_ROWS rows; each string is cut to IG_TALLY_STRING
 *           bytes.  What comes when the table is full goes into one row,
 *           `others`, so that totals stay true.
 * Failure:  NULL when there is no memory.
 */

#ifndef IG_CLI_AUDIT_TALLY_H
#define IG_CLI_AUDIT_TALLY_H

#include <inference_guard/base.h>


#define IG_TALLY_VALUES  12
#define IG_TALLY_FIELDS  5
#define IG_TALLY_ROWS    16384
#define IG_TALLY_STRING  256

typedef struct {
    uint64_t   hash;
    uint64_t   v[IG_TALLY_VALUES];
    uint8_t   *key;                      /* strings, each after its length */
    uint32_t   len;
    uint32_t   next;                     /* in the bucket, plus 1; 0: none */
} ig_tally_row_t;

typedef struct {
    ig_tally_row_t  *rows;
    uint32_t        *buckets;            /* of rows, plus 1 */
    size_t           n;
    size_t           cap;
    uint64_t         overflow;           /* times that `others` was given */
    uint64_t         others[IG_TALLY_VALUES];
} ig_tally_t;

/* the numbers of a key, all 0 when it is new */
uint64_t *ig_tally_at(ig_tally_t *t, const ig_str_t *fields, size_t n);
/* the row of a key, or NULL */
const ig_tally_row_t *ig_tally_find(const ig_tally_t *t,
    const ig_str_t *fields, size_t n);
/* a string of a row's key */
ig_str_t ig_tally_field(const ig_tally_row_t *r, size_t i);

/* most of v[by] first, then by key */
void ig_tally_sort(ig_tally_t *t, size_t by);
/* by key alone */
void ig_tally_sort_keys(ig_tally_t *t);
void ig_tally_free(ig_tally_t *t);

void ig_tally_add(uint64_t *v, uint64_t n);          /* stops at the largest */

/* SipHash-2-4 with a key made once per process: keys cannot be chosen so that
   they collide (Aumasson, Bernstein 2012) */
uint64_t ig_audit_hash(const void *data, size_t len);

#endif /* IG_CLI_AUDIT_TALLY_H */

/*
 * Keyed digests of the findings of one group, in a record.
 *
 * In:       findings with their values; how many digests may be written.
 * Out:      ,"digests":["<16 hex>",…] in the line, sorted, each once.
 * Memory:   the caller's.
 * Failure:  false: the library failed, and the record must not be written.
 */

#ifndef IG_RECORD_DIGESTS_H
#define IG_RECORD_DIGESTS_H

#include "line.h"


#define IG_DIGESTS_GROUP   16
#define IG_DIGESTS_RECORD  128         /* shared by the groups */

typedef struct {
    uint64_t  of[IG_DIGESTS_GROUP];
    uint8_t   n;
    bool      cut;                     /* there are more */
} ig_digests_t;

/* how many each of so many groups may have */
static inline size_t
ig_digests_share(size_t groups)
{
    return groups * IG_DIGESTS_GROUP <= IG_DIGESTS_RECORD
           ? IG_DIGESTS_GROUP : IG_DIGESTS_RECORD / groups;
}

bool ig_digests_collect(ig_digests_t *d, ig_keyed_t *k,
    const ig_findings_t *findings, uint32_t detector, ig_country_t owner,
    size_t max) IG_MUST_CHECK;
void ig_digests_write(ig_line_t *l, const ig_digests_t *d);

#endif /* IG_RECORD_DIGESTS_H */

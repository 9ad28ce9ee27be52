/*
 * Runs of digits, in one pass at the speed of memory where there are none.
 *
 * In:       a text.
 * Out:      clusters: groups of digits that stand near one another, with not
 *           more than IG_CLUSTER_GAP bytes of separators between two.
 * Memory:   the caller's fixed list; a longer cluster comes in pieces that
 *           overlap, so that no candidate of IG_CLUSTER_SPAN bytes is cut.
 */

#ifndef IG_DETECT_CLUSTER_H
#define IG_DETECT_CLUSTER_H

#include <inference_guard/base.h>


#define IG_CLUSTER_GAP         8
#define IG_CLUSTER_GROUPS      192
#define IG_CLUSTER_OVERLAP     64     /* groups that two pieces share */

typedef struct {
    uint32_t  start;
    uint32_t  end;
} ig_group_t;

typedef struct {
    size_t      n;
    ig_group_t  groups[IG_CLUSTER_GROUPS];
    uint32_t    digits;
    uint32_t    solid;         /* of the longest group */
    uint32_t    dots;
    bool        letters;       /* a letter touches one of the groups */
} ig_cluster_t;

/* false ends the pass */
typedef bool (*ig_cluster_pt)(void *data, ig_str_t text, ig_cluster_t *c);
typedef bool (*ig_group_pt)(void *data, ig_str_t text, uint32_t start,
    uint32_t end);

typedef struct {
    uint32_t       digits;     /* smaller clusters are of no interest, */
    uint32_t       plain;      /* nor are those smaller than this without a
                                  letter beside a group */
    uint32_t       dots;       /* or so many dots between them */
    ig_cluster_pt  cluster;
    ig_group_pt    group;      /* two letters and two digits, or more, from the
                                  first letter on: an IBAN may begin; NULL:
                                  nobody asks */
    void          *data;
    ig_cluster_t  *scratch;
} ig_cluster_pass_t;

bool ig_clusters(const ig_cluster_pass_t *pass, ig_str_t text);

#endif /* IG_DETECT_CLUSTER_H */

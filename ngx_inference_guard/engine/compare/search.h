/*
 * The search for a request that the new policy permits and the old forbids.
 */

#ifndef IG_COMPARE_SEARCH_H
#define IG_COMPARE_SEARCH_H

#include "compare/domain.h"


#define IG_GOAL_REFUSED    (SIZE_MAX)        /* by a stance: nothing more */
#define IG_GOAL_UNCOVERED  (SIZE_MAX - 1)    /* a jurisdiction without pack */

/* one class of everything that a request has one of */
typedef struct {
    const ig_class_t        *tenant;
    const ig_class_t        *country;
    const ig_class_t        *reading;
    const ig_class_t        *model;
    const ig_class_t        *path;
    const ig_place_class_t  *place;
} ig_setting_t;

typedef struct {
    const ig_domain_t   *d;
    uint64_t             steps;
    uint64_t             max_steps;
    size_t              *goals;        /* rules of the old policy, or
                                          IG_GOAL_UNCOVERED */
    size_t               ngoals;

    ig_setting_t         at;
    size_t               goal;
    uint64_t            *holds;        /* conditions, by what is single */
    uint64_t            *states;       /* effects, one a depth */
    const ig_item_t    **chosen;       /* to come to the next depth */
    size_t               depth;        /* of the answer */
    size_t               max_depth;
    size_t              *excluders;    /* rules of the new policy that may
                                          count */
    size_t               nexcluders;
} ig_search_t;

typedef enum {
    IG_SEARCH_NONE,
    IG_SEARCH_FOUND,                   /* at, goal, chosen[0..depth) */
    IG_SEARCH_BOUND                    /* max_steps */
} ig_search_end_t;

/* false: no memory in the domain's arena */
bool ig_search_make(ig_search_t *s, const ig_domain_t *d, uint64_t max_steps);
ig_search_end_t ig_search_run(ig_search_t *s);

/*
 * Rules of the old policy that count for no request without one of the new
 * policy that excludes as much are no goals (goals.c).
 */
size_t ig_search_goals(const ig_domain_t *d, size_t *goals);

#endif /* IG_COMPARE_SEARCH_H */

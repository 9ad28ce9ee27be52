/*
 * What `compare` shares among its files.
 */

#ifndef IG_CLI_COMPARE_H
#define IG_CLI_COMPARE_H

#include "cli.h"

#include <inference_guard/compare.h>


/* -- compare_boundary.c --------------------------------------------------- */

/*
 * The policy of `guard` with the boundary's rules besides its own: the same
 * packs, detectors, tenants, endpoints and stances, so that only the rules are
 * asked.  `files` are the guard's.  A boundary whose jurisdiction has a pack
 * adds to that pack; without `transfers` it permits every destination.
 */
typedef struct {
    ig_files_t     files;      /* the boundary's own */
    ig_guard_t    *guard;      /* what its names were looked up in */
    ig_policy_t    policy;
    const char    *name;
} ig_boundary_t;

/* false: said why on stderr */
bool ig_boundary_load(ig_boundary_t *b, const char *path,
    const ig_guard_t *guard, const ig_files_t *files, ig_arena_t *arena);
void ig_boundary_free(ig_boundary_t *b);


/* -- compare_print.c ------------------------------------------------------ */

typedef struct {
    const char             *than;      /* "old rules" or "boundary" */
    const ig_policy_t      *old;
    const ig_policy_t      *new;
    const ig_comparison_t  *comparison;
} ig_compared_t;

void ig_compare_text(const ig_compared_t *c, ig_buf_t *out);
void ig_compare_json(const ig_compared_t *c, ig_buf_t *out);

#endif /* IG_CLI_COMPARE_H */

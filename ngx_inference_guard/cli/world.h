/*
 * Guards for cases: the rule files given, with endpoints, tenants and stances
 * of the case in place of those in the files.
 *
 * Cases that need the same share one guard, as compiling is what takes time.
 */

#ifndef IG_CLI_WORLD_H
#define IG_CLI_WORLD_H

#include "cases.h"
#include "cli.h"


typedef struct ig_world_s   ig_world_t;
typedef struct ig_worlds_s  ig_worlds_t;

/* one compiled world */
struct ig_world_s {
    ig_world_t   *next;
    ig_str_t      text;          /* the source made for it */
    bool          own_endpoints;
    ig_guard_t   *guard;         /* NULL: it has mistakes, already reported */
    ig_worker_t  *worker;
};

struct ig_worlds_s {
    ig_arena_t        *arena;
    const ig_files_t  *files;
    ig_mistakes_t     *mistakes;
    ig_world_t        *first;
};

const ig_world_t *ig_world_find(ig_worlds_t *w, const ig_case_t *test);
void ig_worlds_free(ig_worlds_t *w);

/* the row of the case's tenant, or IG_NONE */
uint32_t ig_world_tenant(const ig_world_t *w, const ig_case_t *test);

#endif /* IG_CLI_WORLD_H */

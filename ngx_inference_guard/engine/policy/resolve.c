/*
 * Reading a policy: the order of the steps, and finding its rows by name.
 */

#include "load.h"

#include <stdlib.h>
#include <string.h>


/* far more than the largest set of packs; what a broken generator writes */
#define IG_POLICY_MEMORY   ((size_t) 1 << 30)


/* the policy and the arena it lies in */
typedef struct {
    ig_policy_t   policy;      /* first: ig_policy_free() gets its address */
    ig_arena_t   *arena;
} ig_policy_arena_t;


static void
ig_load_steps(ig_load_t *l)
{
    ig_load_digest(l);
    ig_load_files(l);
    ig_load_groups(l);
    ig_load_packs(l);
    ig_load_laws(l);
    ig_load_detectors(l);
    ig_load_endpoints(l);
    ig_load_tenants(l);
    ig_load_rules(l);
    ig_load_tools(l);
    ig_load_stances(l);
}


/* false: there is no memory */

static bool
ig_load_complete(ig_load_t *l, const ig_source_t *sources)
{
    size_t  i;

    l->files = ig_arena_calloc(l->scratch, l->nfiles * sizeof(ig_file_t));

    if (l->files) {

        for (i = 0; i < l->nfiles; i++) {
            l->files[i].source = &sources[i];
        }

        ig_load_steps(l);
    }

    if (ig_arena_status(l->arena) == IG_OK
        && ig_arena_status(l->scratch) == IG_OK && !l->failed)
    {
        ig_load_lint(l);
    }

    /* lint allocates as well, so look once more */

    if (ig_arena_status(l->arena) != IG_OK
        || ig_arena_status(l->scratch) != IG_OK || l->failed)
    {
        ig_mistakes_error(l->mistakes, (ig_place_t) { NULL, 0, 0 },
                          "not enough memory to read the rule files");
        return false;
    }

    return true;
}


ig_policy_t *
ig_policy_read(const ig_source_t *sources, size_t n, ig_mistakes_t *mistakes)
{
    bool                ok;
    ig_load_t           l;
    ig_policy_arena_t  *own;

    memset(&l, 0, sizeof(ig_load_t));
    l.mistakes = mistakes;
    l.nfiles = n;
    l.arena = ig_arena_new(IG_POLICY_MEMORY, 0);
    l.scratch = ig_arena_new(IG_POLICY_MEMORY, 0);

    own = NULL;

    if (l.arena && l.scratch) {
        own = ig_arena_calloc(l.arena, sizeof(ig_policy_arena_t));
    }

    if (own == NULL) {
        ig_mistakes_error(mistakes, (ig_place_t) { NULL, 0, 0 },
                          "not enough memory to read the rule files");
        ig_arena_free(l.arena);
        ig_arena_free(l.scratch);
        return NULL;
    }

    own->arena = l.arena;
    l.policy = &own->policy;

    ok = ig_load_complete(&l, sources);

    ig_arena_free(l.scratch);

    if (!ok) {
        ig_arena_free(l.arena);
        return NULL;
    }

    return &own->policy;
}


void
ig_policy_free(ig_policy_t *p)
{
    if (p) {
        ig_arena_free(((ig_policy_arena_t *) p)->arena);
    }
}


/* the name is the first member of each of these rows */

static uint32_t
ig_policy_row(const void *rows, size_t n, size_t size, ig_str_t name)
{
    int     rc;
    size_t  low, high, i;

    low = 0;
    high = n;

    while (low < high) {
        i = low + (high - low) / 2;

        rc = ig_str_cmp(*(const ig_str_t *) ((const char *) rows + i * size),
                        name);

        if (rc == 0) {
            return (uint32_t) i;
        }

        if (rc < 0) {
            low = i + 1;

        } else {
            high = i;
        }
    }

    return IG_NONE;
}


_Static_assert(offsetof(ig_detector_t, id) == 0, "the id comes first");
_Static_assert(offsetof(ig_endpoint_t, name) == 0, "the name comes first");
_Static_assert(offsetof(ig_tenant_t, name) == 0, "the name comes first");


uint32_t
ig_policy_detector(const ig_policy_t *p, ig_str_t id)
{
    return ig_policy_row(p->detectors, p->ndetectors, sizeof(ig_detector_t),
                         id);
}


uint32_t
ig_policy_endpoint(const ig_policy_t *p, ig_str_t name)
{
    return ig_policy_row(p->endpoints, p->nendpoints, sizeof(ig_endpoint_t),
                         name);
}


uint32_t
ig_policy_tenant(const ig_policy_t *p, ig_str_t name)
{
    return ig_policy_row(p->tenants, p->ntenants, sizeof(ig_tenant_t), name);
}

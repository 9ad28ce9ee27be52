/*
 * What rules ask of the names of tools, each glob once: a record says which of
 * them a request met, since the names are text of the client.
 */

#include "load.h"

#include <stdlib.h>
#include <string.h>


static int
ig_tools_cmp(const void *one, const void *two)
{
    return ig_str_cmp(*(const ig_str_t *) one, *(const ig_str_t *) two);
}


static size_t
ig_tools_add(ig_str_t *to, const ig_condition_t *c)
{
    if (to && c->tools.n) {
        memcpy(to, c->tools.items, c->tools.n * sizeof(ig_str_t));
    }

    return c->tools.n;
}


/* all of them, into `to` unless it is NULL; gives their number */

static size_t
ig_tools_all(const ig_load_t *l, ig_str_t *to)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < l->policy->nrules; i++) {
        n += ig_tools_add(to ? to + n : NULL, &l->rules[i].when);
        n += ig_tools_add(to ? to + n : NULL, &l->rules[i].unless);
    }

    return n;
}


void
ig_load_tools(ig_load_t *l)
{
    size_t     i, n, kept;
    ig_str_t  *globs;

    n = l->policy->rules ? ig_tools_all(l, NULL) : 0;

    if (n == 0) {
        return;
    }

    globs = ig_arena_alloc(l->arena, n * sizeof(ig_str_t));
    if (globs == NULL) {
        return;
    }

    (void) ig_tools_all(l, globs);
    qsort(globs, n, sizeof(ig_str_t), ig_tools_cmp);

    kept = 1;

    for (i = 1; i < n; i++) {
        if (!ig_str_eq(globs[i], globs[kept - 1])) {
            globs[kept++] = globs[i];
        }
    }

    l->policy->tools = (ig_strs_t) { globs, kept };
}

/*
 * Plans: the limits that tenants share, and plans that extend others.
 */

#include "plan.h"

#include <stdlib.h>
#include <string.h>


static void
ig_plan_extends(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_str_t    name;
    ig_plan_t  *p = object;

    if (ig_value_name(l, value, &name)) {
        p->extends = value;

    } else {
        p->terms.doubtful = true;
    }
}


#define IG_PLAN_TERM(key)                                                     \
    static void                                                               \
    ig_plan_ ## key(ig_load_t *l, const ig_yaml_t *value, void *object)       \
    {                                                                         \
        ig_terms_ ## key(l, value, &((ig_plan_t *) object)->terms);           \
    }

IG_PLAN_TERM(limits)
IG_PLAN_TERM(timezone)
IG_PLAN_TERM(cap_output)
IG_PLAN_TERM(interactive)
IG_PLAN_TERM(task_ttl)
IG_PLAN_TERM(exact)
IG_PLAN_TERM(without_store)


static const ig_key_t  ig_plan_keys[] = {
    { "extends", false, ig_plan_extends },
    { "limits", false, ig_plan_limits },
    { "cap_output", false, ig_plan_cap_output },
    { "timezone", false, ig_plan_timezone },
    { "interactive", false, ig_plan_interactive },
    { "task_ttl", false, ig_plan_task_ttl },
    { "exact", false, ig_plan_exact },
    { "without_store", false, ig_plan_without_store },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_plan = { "plan", "a plan", ig_plan_keys };


static int
ig_plan_cmp(const void *one, const void *two)
{
    int               rc;
    const ig_plan_t  *a = one, *b = two;

    rc = ig_str_cmp(a->name, b->name);

    return rc ? rc : ig_place_cmp(&a->place, &b->place);
}


static uint32_t
ig_plan_row(const ig_load_t *l, ig_str_t name)
{
    int     rc;
    size_t  low, high, i;

    low = 0;
    high = l->nplans;

    while (low < high) {
        i = low + (high - low) / 2;

        rc = ig_str_cmp(l->plans[i].name, name);

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


const ig_plan_t *
ig_plan_use(ig_load_t *l, const ig_yaml_t *value)
{
    size_t        i;
    uint32_t      row;
    ig_nearest_t  nearest;

    row = ig_plan_row(l, value->text);

    if (row != IG_NONE) {
        l->plans[row].used = true;
        return &l->plans[row];
    }

    ig_nearest_init(&nearest, value->text);

    for (i = 0; i < l->nplans; i++) {
        ig_nearest_offer(&nearest, l->plans[i].name);
    }

    ig_unknown_name(l, value, IG_NAMES_PLANS, "plan", &nearest);

    return NULL;
}


static void
ig_plan_bases(ig_load_t *l)
{
    size_t            i;
    ig_plan_t        *p;
    const ig_plan_t  *base;

    for (i = 0; i < l->nplans; i++) {

        p = &l->plans[i];
        p->base = IG_NONE;

        if (p->extends == NULL) {
            continue;
        }

        base = ig_plan_use(l, p->extends);

        if (base) {
            p->base = (uint32_t) (base - l->plans);

        } else {
            p->terms.doubtful = true;
        }
    }
}


/* p, and it in the end, extends p */

static void
ig_plan_circle(ig_load_t *l, ig_plan_t *p)
{
    if (&l->plans[p->base] == p) {
        ig_mistakes_error(l->mistakes, p->extends->place,
                          "plan \"%s\" extends itself",
                          ig_text_show(p->name).text);

    } else {
        ig_mistakes_error(l->mistakes, p->extends->place,
                          "plan \"%s\" extends itself by way of \"%s\"",
                          ig_text_show(p->name).text,
                          ig_text_show(l->plans[p->base].name).text);
    }
}


/* from row to its last base, then back: `way` has room for all plans */

static void
ig_plan_resolve(ig_load_t *l, uint32_t row, uint32_t *way)
{
    size_t          n;
    ig_plan_t      *p;
    ig_standing_t   base;

    n = 0;

    while (row != IG_NONE && !l->plans[row].met) {
        l->plans[row].met = true;
        way[n++] = row;
        row = l->plans[row].base;
    }

    base = ig_standing_default();

    if (row != IG_NONE && l->plans[row].resolved) {
        base = l->plans[row].standing;

    } else if (row != IG_NONE) {
        ig_plan_circle(l, &l->plans[row]);
        base.doubtful = true;
    }

    while (n) {
        p = &l->plans[way[--n]];

        p->standing = ig_standing_apply(l, &p->terms, &base, p->name, p->place);
        p->resolved = true;

        base = p->standing;
    }
}


static void
ig_plan_read(ig_load_t *l, const ig_yaml_t *node, ig_plan_t *p)
{
    size_t  errors;

    errors = ig_mistakes_errors(l->mistakes);
    l->doubtful = false;

    p->place = node->key->place;

    if (!ig_value_name(l, node->key, &p->name)) {
        ig_misnamed(l, IG_NAMES_PLANS, node->key->text);
    }

    if (!ig_object_read(l, &ig_object_plan, node, p) || l->doubtful
        || ig_mistakes_errors(l->mistakes) != errors)
    {
        p->terms.doubtful = true;
    }
}


void
ig_load_plans(ig_load_t *l)
{
    size_t            i, n;
    uint32_t         *way;
    ig_plan_t        *p;
    const ig_yaml_t  *v;

    ig_load_count(l, plans, n);

    l->plans = ig_arena_calloc(l->scratch, n * sizeof(ig_plan_t));
    way = ig_arena_alloc(l->scratch, n * sizeof(uint32_t));

    if (l->plans == NULL || way == NULL || n == 0) {
        return;
    }

    p = l->plans;

    for (i = 0; i < l->nfiles; i++) {
        if (l->files[i].plans) {
            for (v = l->files[i].plans->first; v; v = v->next) {
                ig_plan_read(l, v, p++);
            }
        }
    }

    qsort(l->plans, n, sizeof(ig_plan_t), ig_plan_cmp);
    l->nplans = n;

    for (i = 1; i < n; i++) {

        p = &l->plans[i];

        if (p->name.len && ig_str_eq(p->name, p[-1].name)
            && p->place.file != p[-1].place.file)
        {
            ig_already_defined(l, "plan", p->name, p->place, p[-1].place);
        }
    }

    ig_plan_bases(l);

    for (i = 0; i < n; i++) {
        ig_plan_resolve(l, (uint32_t) i, way);
    }
}


void
ig_lint_plans(ig_load_t *l)
{
    size_t  i;

    for (i = 0; i < l->nplans; i++) {
        if (!l->plans[i].used) {
            ig_mistakes_warning(l->mistakes, l->plans[i].place,
                                "no tenant has the plan \"%s\"",
                                ig_text_show(l->plans[i].name).text);
        }
    }
}

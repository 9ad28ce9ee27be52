/*
 * What the old policy may forbid by, and the new one perhaps does not.
 *
 * Most rules of two policies are the same.  A rule of the old one is no goal
 * when one of the new excludes the same endpoints, applies wherever it does,
 * and counts whenever it counts: judged class by class, so whatever the text.
 */

#include "compare/search.h"


/* does having the bit `a` always mean having `b`, in every effect? */

static bool
ig_goal_classes_imply(const ig_classes_t *all, size_t a, size_t b)
{
    size_t  i;

    for (i = 0; i < all->n; i++) {
        if (ig_bit_get(all->items[i].effect, a)
            && !ig_bit_get(all->items[i].effect, b))
        {
            return false;
        }
    }

    return true;
}


static bool
ig_goal_effect_implies(const ig_domain_t *d, size_t a, size_t b)
{
    size_t  i;

    for (i = 0; i < d->nitems; i++) {
        if (ig_bit_get(d->items[i].effect, a)
            && !ig_bit_get(d->items[i].effect, b))
        {
            return false;
        }
    }

    return (!ig_bit_get(d->always, a) || ig_bit_get(d->always, b))
           && ig_goal_classes_imply(&d->tenants, a, b)
           && ig_goal_classes_imply(&d->countries, a, b);
}


static bool
ig_goal_holds_imply(const ig_classes_t *all, size_t a, size_t b)
{
    size_t  i;

    for (i = 0; i < all->n; i++) {
        if (ig_bit_get(all->items[i].holds, a)
            && !ig_bit_get(all->items[i].holds, b))
        {
            return false;
        }
    }

    return true;
}


/* does condition `a` holding always mean that `b` holds? */

static bool
ig_goal_condition_implies(const ig_domain_t *d, size_t a, size_t b)
{
    unsigned  ka, kb;

    ka = ig_domain_condition(d, a)->keys;
    kb = ig_domain_condition(d, b)->keys;

    if ((kb & IG_WHEN_DATA)
        && (!(ka & IG_WHEN_DATA)
            || !ig_goal_effect_implies(d, d->data + a, d->data + b)))
    {
        return false;
    }

    if ((kb & IG_WHEN_TOOLS)
        && (!(ka & IG_WHEN_TOOLS)
            || !ig_goal_effect_implies(d, d->tools + a, d->tools + b)))
    {
        return false;
    }

    return ig_goal_holds_imply(&d->tenants, a, b)
           && ig_goal_holds_imply(&d->countries, a, b)
           && ig_goal_holds_imply(&d->readings, a, b)
           && ig_goal_holds_imply(&d->models, a, b)
           && (!ig_bit_get(d->unread.holds, a) || ig_bit_get(d->unread.holds, b))
           && ig_goal_holds_imply(&d->paths, a, b);
}


static bool
ig_goal_excludes_as_much(const ig_domain_t *d, size_t a, size_t b)
{
    size_t  i;

    for (i = 0; i < d->nplaces; i++) {
        if (ig_bit_get(d->places[i].excluders, a)
            && !ig_bit_get(d->places[i].excluders, b))
        {
            return false;
        }
    }

    for (i = 0; i < d->models.n; i++) {
        if (ig_bit_get(d->models.items[i].refuses, a)
            && !ig_bit_get(d->models.items[i].refuses, b))
        {
            return false;
        }
    }

    return !ig_bit_get(d->unread.refuses, a) || ig_bit_get(d->unread.refuses, b);
}


/* `a` of the old policy, `b` of the new one */

static bool
ig_goal_kept(const ig_domain_t *d, size_t a, size_t b)
{
    ig_side_name_t    side;
    const ig_rule_t  *x, *y;

    x = ig_domain_rule(d, a, &side);
    y = ig_domain_rule(d, b, &side);

    if (y->audit || !ig_goal_excludes_as_much(d, a, b)
        || !ig_goal_effect_implies(d, d->side[IG_SIDE_OLD].packs + x->pack,
                                   d->side[IG_SIDE_NEW].packs + y->pack)
        || !ig_goal_condition_implies(d, 2 * a, 2 * b))
    {
        return false;
    }

    if (y->unless.keys == 0) {
        return true;
    }

    return x->unless.keys && ig_goal_condition_implies(d, 2 * b + 1, 2 * a + 1);
}


/* does it exclude any endpoint, for any model? */

static bool
ig_goal_excludes(const ig_domain_t *d, size_t a)
{
    size_t  i;

    for (i = 0; i < d->nplaces; i++) {
        if (ig_bit_get(d->places[i].excluders, a)) {
            return true;
        }
    }

    for (i = 0; i < d->models.n; i++) {
        if (ig_bit_get(d->models.items[i].refuses, a)) {
            return true;
        }
    }

    return ig_bit_get(d->unread.refuses, a);
}


size_t
ig_search_goals(const ig_domain_t *d, size_t *goals)
{
    size_t  a, b, n;

    n = 0;

    for (a = 0; a < d->side[IG_SIDE_NEW].first; a++) {

        if (!ig_goal_excludes(d, a)) {
            continue;
        }

        for (b = d->side[IG_SIDE_NEW].first; b < d->rules; b++) {
            if (ig_goal_kept(d, a, b)) {
                break;
            }
        }

        if (b == d->rules) {
            goals[n++] = a;
        }
    }

    if (!ig_goal_effect_implies(d, d->side[IG_SIDE_OLD].uncovered,
                                d->side[IG_SIDE_NEW].uncovered))
    {
        goals[n++] = IG_GOAL_UNCOVERED;
    }

    return n;
}

/*
 * In one setting and for one goal: sets from the empty one upwards.
 *
 * What counts once counts for good unless its `unless` comes to hold, so each
 * set that is not yet an answer lacks one bit that every answer above it has.
 */

#include "compare/search.h"

#include <string.h>


bool
ig_search_make(ig_search_t *s, const ig_domain_t *d, uint64_t max_steps)
{
    memset(s, 0, sizeof(ig_search_t));

    s->d = d;
    s->max_steps = max_steps;

    /* two keys a rule's unless can lack, and what the goal asks */

    s->max_depth = 2 * d->side[IG_SIDE_NEW].policy->nrules + 4;

    s->goals = ig_arena_alloc(d->arena, (d->rules + 2) * sizeof(size_t));
    s->holds = ig_arena_calloc(d->arena,
                               d->condition_words * sizeof(uint64_t));
    s->states = ig_arena_calloc(d->arena, (s->max_depth + 1) * d->effect_words
                                          * sizeof(uint64_t));
    s->chosen = ig_arena_calloc(d->arena, (s->max_depth + 1)
                                          * sizeof(ig_item_t *));
    s->excluders = ig_arena_alloc(d->arena, (d->rules + 1) * sizeof(size_t));

    if (s->goals == NULL || s->holds == NULL || s->states == NULL
        || s->chosen == NULL || s->excluders == NULL)
    {
        return false;
    }

    s->ngoals = ig_search_goals(d, s->goals);

    return true;
}


/* the first bit that the condition lacks to hold, or SIZE_MAX; `dead` when no
   set can make it hold */

static size_t
ig_search_lacks(const ig_search_t *s, size_t condition, const uint64_t *state,
    bool *dead)
{
    unsigned            keys;
    const ig_domain_t  *d;

    d = s->d;
    keys = ig_domain_condition(d, condition)->keys;
    *dead = !ig_bit_get(s->holds, condition);

    if ((keys & IG_WHEN_DATA) && !ig_bit_get(state, d->data + condition)) {
        return d->data + condition;
    }

    if ((keys & IG_WHEN_TOOLS) && !ig_bit_get(state, d->tools + condition)) {
        return d->tools + condition;
    }

    return SIZE_MAX;
}


static bool
ig_search_holds(const ig_search_t *s, size_t condition, const uint64_t *state)
{
    bool    dead;
    size_t  bit;

    bit = ig_search_lacks(s, condition, state, &dead);

    return bit == SIZE_MAX && !dead;
}


static bool
ig_search_excepted(const ig_search_t *s, size_t rule, const uint64_t *state)
{
    return ig_domain_condition(s->d, 2 * rule + 1)->keys
           && ig_search_holds(s, 2 * rule + 1, state);
}


static size_t
ig_search_pack(const ig_search_t *s, size_t rule)
{
    ig_side_name_t    side;
    const ig_rule_t  *r;

    r = ig_domain_rule(s->d, rule, &side);

    return s->d->side[side].packs + r->pack;
}


/* a bit that an answer above this set must have; SIZE_MAX: the set is one */

static size_t
ig_search_wants(const ig_search_t *s, const uint64_t *state, bool *dead)
{
    size_t  i, rule, bit;

    *dead = true;

    if (ig_bit_get(state, s->d->side[IG_SIDE_NEW].uncovered)
        || (s->goal < IG_GOAL_UNCOVERED
            && ig_search_excepted(s, s->goal, state)))
    {
        return SIZE_MAX;
    }

    for (i = 0; i < s->nexcluders; i++) {
        rule = s->excluders[i];

        if (!ig_bit_get(state, ig_search_pack(s, rule))
            || !ig_search_holds(s, 2 * rule, state))
        {
            continue;
        }

        if (ig_domain_condition(s->d, 2 * rule + 1)->keys == 0) {
            return SIZE_MAX;
        }

        bit = ig_search_lacks(s, 2 * rule + 1, state, dead);

        if (*dead) {
            return SIZE_MAX;
        }

        if (bit != SIZE_MAX) {
            return bit;
        }

        *dead = true;
    }

    *dead = false;

    if (s->goal == IG_GOAL_REFUSED) {
        return SIZE_MAX;
    }

    if (s->goal == IG_GOAL_UNCOVERED) {
        bit = s->d->side[IG_SIDE_OLD].uncovered;
        return ig_bit_get(state, bit) ? SIZE_MAX : bit;
    }

    bit = ig_search_pack(s, s->goal);

    if (!ig_bit_get(state, bit)) {
        return bit;
    }

    return ig_search_lacks(s, 2 * s->goal, state, dead);
}


static ig_search_end_t
ig_search_from(ig_search_t *s, size_t depth)
{
    bool              dead;
    size_t            i, k, bit;
    uint64_t         *state, *next;
    ig_search_end_t   end;
    const ig_item_t  *item;

    if (++s->steps > s->max_steps) {
        return IG_SEARCH_BOUND;
    }

    state = s->states + depth * s->d->effect_words;
    bit = ig_search_wants(s, state, &dead);

    if (dead) {
        return IG_SEARCH_NONE;
    }

    if (bit == SIZE_MAX) {
        s->depth = depth;
        return IG_SEARCH_FOUND;
    }

    next = state + s->d->effect_words;

    for (i = 0; i < s->d->nitems; i++) {
        item = &s->d->items[i];

        /* of what was not read neither findings nor tools are known */

        if (!ig_bit_get(item->effect, bit)
            || (item->kind != IG_ITEM_CLAIM
                && s->at.reading->reason != IG_REASON_NONE))
        {
            continue;
        }

        for (k = 0; k < s->d->effect_words; k++) {
            next[k] = state[k] | item->effect[k];
        }

        s->chosen[depth] = item;
        end = ig_search_from(s, depth + 1);

        if (end != IG_SEARCH_NONE) {
            return end;
        }
    }

    return IG_SEARCH_NONE;
}


static void
ig_search_excluders(ig_search_t *s)
{
    size_t  i;

    s->nexcluders = 0;

    for (i = s->d->side[IG_SIDE_NEW].first; i < s->d->rules; i++) {
        if (ig_bit_get(s->holds, 2 * i)
            && (ig_bit_get(s->at.place->excluders, i)
                || ig_bit_get(s->at.model->refuses, i)))
        {
            s->excluders[s->nexcluders++] = i;
        }
    }
}


/* the endpoint of the setting, for everything that the old policy forbids by */

static ig_search_end_t
ig_search_place(ig_search_t *s, bool refused)
{
    bool             confined;
    size_t           i, goal;
    ig_search_end_t  end;

    confined = s->at.reading->reason != IG_REASON_NONE
               || s->at.reading->uninspectable;

    if (!ig_bit_get(s->at.reading->serves, s->at.place->row)
        || !ig_bit_get(s->at.model->serves, s->at.place->row)
        || (confined && !s->at.place->confined[IG_SIDE_NEW]))
    {
        return IG_SEARCH_NONE;
    }

    ig_search_excluders(s);

    if (refused || (confined && !s->at.place->confined[IG_SIDE_OLD])) {
        s->goal = IG_GOAL_REFUSED;
        return ig_search_from(s, 0);
    }

    for (i = 0; i < s->ngoals; i++) {
        goal = s->goals[i];

        if (goal < IG_GOAL_UNCOVERED
            && (!ig_bit_get(s->holds, 2 * goal)
                || !(ig_bit_get(s->at.place->excluders, goal)
                     || ig_bit_get(s->at.model->refuses, goal))))
        {
            continue;
        }

        s->goal = goal;
        end = ig_search_from(s, 0);

        if (end != IG_SEARCH_NONE) {
            return end;
        }
    }

    return IG_SEARCH_NONE;
}


static ig_search_end_t
ig_search_setting(ig_search_t *s)
{
    bool             refused, confined;
    size_t           i;
    ig_search_end_t  end;

    if (++s->steps > s->max_steps) {
        return IG_SEARCH_BOUND;
    }

    refused = s->at.tenant->refused[IG_SIDE_OLD]
              || s->at.country->refused[IG_SIDE_OLD]
              || s->at.reading->refused[IG_SIDE_OLD];
    confined = s->at.reading->reason != IG_REASON_NONE
               || s->at.reading->uninspectable;

    if (!refused && !confined && s->ngoals == 0) {
        return IG_SEARCH_NONE;
    }

    for (i = 0; i < s->d->effect_words; i++) {
        s->states[i] = s->d->always[i] | s->at.tenant->effect[i]
                       | s->at.country->effect[i];
    }

    if (ig_bit_get(s->states, s->d->side[IG_SIDE_NEW].uncovered)) {
        return IG_SEARCH_NONE;
    }

    for (i = 0; i < s->d->condition_words; i++) {
        s->holds[i] = s->at.tenant->holds[i] & s->at.country->holds[i]
                      & s->at.reading->holds[i] & s->at.model->holds[i]
                      & s->at.path->holds[i];
    }

    for (i = 0; i < s->d->nplaces; i++) {
        s->at.place = &s->d->places[i];
        end = ig_search_place(s, refused);

        if (end != IG_SEARCH_NONE) {
            return end;
        }
    }

    return IG_SEARCH_NONE;
}


/* every model and path in the setting's tenant, country and reading */

static ig_search_end_t
ig_search_strings(ig_search_t *s)
{
    bool             read;
    size_t           m, p;
    ig_search_end_t  end;

    read = s->at.reading->reason == IG_REASON_NONE;

    /* plain ones first: a request for a model, then for none */

    for (p = 0; p < s->d->paths.n; p++) {
        s->at.path = &s->d->paths.items[p];

        for (m = 1; m <= s->d->models.n; m++) {
            s->at.model = read ? &s->d->models.items[m % s->d->models.n]
                               : &s->d->unread;
            end = ig_search_setting(s);

            if (end != IG_SEARCH_NONE) {
                return end;
            }

            if (!read) {
                break;
            }
        }
    }

    return IG_SEARCH_NONE;
}


ig_search_end_t
ig_search_run(ig_search_t *s)
{
    size_t             r, t, c;
    ig_search_end_t    end;
    const ig_domain_t *d;

    d = s->d;

    for (r = 0; r < d->readings.n; r++) {
        s->at.reading = &d->readings.items[r];

        for (t = 0; t < d->tenants.n; t++) {
            s->at.tenant = &d->tenants.items[t];

            /* unknown is the first country, and comes last */

            for (c = 1; c <= d->countries.n; c++) {
                s->at.country = &d->countries.items[c % d->countries.n];

                if (s->at.reading->refused[IG_SIDE_NEW]
                    || s->at.tenant->refused[IG_SIDE_NEW]
                    || s->at.country->refused[IG_SIDE_NEW])
                {
                    continue;
                }

                end = ig_search_strings(s);

                if (end != IG_SEARCH_NONE) {
                    return end;
                }
            }
        }
    }

    return IG_SEARCH_NONE;
}

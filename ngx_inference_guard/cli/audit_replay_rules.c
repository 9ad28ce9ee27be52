/*
 * Rules made ready for records: lists of globs as numbers that can be set one
 * by one, and what can be known of records of these and of older rules.
 */

#include "audit_replay.h"

#include <stdlib.h>
#include <string.h>


#define IG_REPLAY_MEMORY  ((size_t) 1 << 30)


static bool
ig_replay_same_strs(const ig_strs_t *a, const ig_strs_t *b)
{
    size_t  i;

    if (a->n != b->n) {
        return false;
    }

    for (i = 0; i < a->n; i++) {
        if (!ig_str_eq(a->items[i], b->items[i])) {
            return false;
        }
    }

    return true;
}


/* -- lists of globs ------------------------------------------------------- */

/* "*" is left as it is: it asks only whether there is any */

static bool
ig_replay_any(const ig_strs_t *list)
{
    size_t  i;

    for (i = 0; i < list->n; i++) {
        if (ig_str_eq(list->items[i], IG_STR("*"))) {
            return true;
        }
    }

    return false;
}


/* the list becomes one glob with its number: exact for tools, within else */

static bool
ig_replay_list(ig_replay_rules_t *r, ig_replay_lists_t *all, bool whole,
    ig_strs_t *list)
{
    size_t     i;
    char       text[16];
    ig_buf_t   b;
    ig_str_t  *item;

    if (!whole && ig_replay_any(list)) {
        return true;
    }

    for (i = 0; i < all->n; i++) {
        if (ig_replay_same_strs(&all->lists[i], list)) {
            break;
        }
    }

    if (i == IG_REPLAY_LISTS) {
        fputs("inference-guard audit: the rules have too many lists of models, "
              "tools or paths to be replayed\n", stderr);
        return false;
    }

    if (i == all->n) {
        all->lists[all->n++] = *list;
    }

    ig_buf_fixed(&b, text, sizeof(text));
    ig_buf_printf(&b, whole ? "|%zu|" : "*|%zu|*", i);

    item = ig_arena_alloc(r->arena, sizeof(ig_str_t));
    if (item == NULL) {
        return false;
    }

    *item = ig_arena_strdup(r->arena, (ig_str_t) { b.data, b.len });
    *list = (ig_strs_t) { item, 1 };

    return item->data != NULL;
}


static bool
ig_replay_condition(ig_replay_rules_t *r, ig_condition_t *c)
{
    return (!(c->keys & IG_WHEN_MODEL)
            || ig_replay_list(r, &r->models, false, &c->models))
           && (!(c->keys & IG_WHEN_TOOLS)
               || ig_replay_list(r, &r->tools, true, &c->tools))
           && (!(c->keys & IG_WHEN_PATH)
               || ig_replay_list(r, &r->paths, false, &c->paths));
}


static bool
ig_replay_numbers(ig_replay_rules_t *r)
{
    size_t          i;
    ig_rule_t      *rules;
    ig_policy_t    *p;
    ig_endpoint_t  *endpoints;

    p = &r->policy;
    *p = *ig_guard_policy(r->guard);

    rules = ig_arena_alloc(r->arena, (p->nrules + 1) * sizeof(ig_rule_t));
    endpoints = ig_arena_alloc(r->arena,
                               (p->nendpoints + 1) * sizeof(ig_endpoint_t));

    if (rules == NULL || endpoints == NULL) {
        return false;
    }

    memcpy(rules, p->rules, p->nrules * sizeof(ig_rule_t));
    memcpy(endpoints, p->endpoints, p->nendpoints * sizeof(ig_endpoint_t));
    p->rules = rules;
    p->endpoints = endpoints;

    for (i = 0; i < p->nrules; i++) {
        if (!ig_replay_condition(r, &rules[i].when)
            || !ig_replay_condition(r, &rules[i].unless)
            || ((rules[i].effects & IG_THEN_MODELS)
                && !ig_replay_list(r, &r->models, false, &rules[i].models)))
        {
            return false;
        }
    }

    for (i = 0; i < p->nendpoints; i++) {
        if (!ig_replay_list(r, &r->models, false, &endpoints[i].models)) {
            return false;
        }
    }

    return true;
}


/* -- what older rules could see ------------------------------------------- */

static bool
ig_replay_same_detector(const ig_detector_t *a, const ig_detector_t *b)
{
    return ig_str_eq(a->pattern, b->pattern) && ig_str_eq(a->weak, b->weak)
           && ig_str_eq(a->validator, b->validator)
           && a->unofficial == b->unofficial && a->owner == b->owner
           && a->anchor == b->anchor && a->score_shape == b->score_shape
           && a->score_validated == b->score_validated
           && a->score_context == b->score_context
           && ig_replay_same_strs(&a->literals, &b->literals)
           && ig_replay_same_strs(&a->context, &b->context);
}


static bool
ig_replay_in(const ig_rows_t *rows, uint32_t row)
{
    size_t  i;

    for (i = 0; i < rows->n; i++) {
        if (rows->items[i] == row) {
            return true;
        }
    }

    return false;
}


/* from which score on these rules had findings of it recorded */

static uint16_t
ig_replay_floor(const ig_policy_t *p, uint32_t row)
{
    size_t                 i, k;
    uint16_t               floor;
    const ig_condition_t  *c;

    floor = IG_SCORE_DEFAULT;

    for (i = 0; i < p->nrules; i++) {
        for (k = 0; k < 2; k++) {
            c = k ? &p->rules[i].unless : &p->rules[i].when;

            if ((c->keys & IG_WHEN_DATA) && c->score < floor
                && ig_replay_in(&c->data, row))
            {
                floor = c->score;
            }
        }
    }

    return floor;
}


/* can the detector give a score from `low` on, and below `high`? */

static bool
ig_replay_gives(const ig_detector_t *d, uint16_t low, uint16_t high)
{
    return (d->score_shape >= low && d->score_shape < high)
           || (d->score_validated >= low && d->score_validated < high)
           || (d->score_context >= low && d->score_context < high);
}


static bool
ig_replay_blind_add(ig_replay_origin_t *o, uint32_t detector, uint32_t rule,
    uint16_t least)
{
    ig_replay_blind_t  *more;

    if ((o->nblind & (o->nblind - 1)) == 0) {
        more = realloc(o->blind, (o->nblind ? 2 * o->nblind : 1)
                                 * sizeof(ig_replay_blind_t));
        if (more == NULL) {
            return false;
        }

        o->blind = more;
    }

    o->blind[o->nblind++] = (ig_replay_blind_t) { detector, rule, least };

    return true;
}


/* conditions that ask for scores which were not recorded */

static bool
ig_replay_blind_scores(const ig_policy_t *p, const ig_policy_t *old,
    ig_replay_origin_t *o)
{
    size_t                 i, k, n;
    uint16_t               floor;
    uint32_t               row, then;
    const ig_condition_t  *c;

    for (i = 0; i < 2 * p->nrules; i++) {
        c = i & 1 ? &p->rules[i / 2].unless : &p->rules[i / 2].when;
        n = (c->keys & IG_WHEN_DATA) && c->score < IG_SCORE_DEFAULT
            ? c->data.n : 0;

        for (k = 0; k < n; k++) {
            row = c->data.items[k];
            then = old ? ig_policy_detector(old, p->detectors[row].id)
                       : IG_NONE;
            floor = then == IG_NONE ? IG_SCORE_DEFAULT
                                    : ig_replay_floor(old, then);

            if (c->score < floor
                && ig_replay_gives(&p->detectors[row], c->score, floor)
                && !ig_replay_blind_add(o, row, (uint32_t) (i / 2), c->score))
            {
                return false;
            }
        }
    }

    return true;
}


static bool
ig_replay_blind_detectors(const ig_policy_t *p, const ig_policy_t *old,
    ig_replay_origin_t *o)
{
    size_t    i;
    uint32_t  row;

    for (i = 0; i < p->ndetectors; i++) {
        row = ig_policy_detector(old, p->detectors[i].id);

        if ((row == IG_NONE
             || !ig_replay_same_detector(&p->detectors[i],
                                         &old->detectors[row]))
            && !ig_replay_blind_add(o, (uint32_t) i, IG_NONE, UINT16_MAX))
        {
            return false;
        }
    }

    return true;
}


static bool
ig_replay_same_groups(const ig_policy_t *p, const ig_policy_t *old)
{
    size_t  i, k;

    for (i = 0; i < p->npacks; i++) {
        if (p->packs[i].everywhere || p->packs[i].country) {
            continue;
        }

        for (k = 0; k < old->npacks; k++) {
            if (ig_str_eq(p->packs[i].jurisdiction, old->packs[k].jurisdiction)
                && ig_countries_eq(&p->packs[i].members,
                                   &old->packs[k].members))
            {
                break;
            }
        }

        if (k == old->npacks) {
            return false;
        }
    }

    return true;
}


/* is every credential of the new rules one that the old ones know? */

static bool
ig_replay_same_credentials(const ig_policy_t *p, const ig_policy_t *old)
{
    size_t              i, k;
    uint32_t            row;
    const ig_tenant_t  *a, *b;

    for (i = 0; i < p->ntenants; i++) {
        a = &p->tenants[i];
        row = ig_policy_tenant(old, a->name);

        if (row == IG_NONE) {
            return false;
        }

        b = &old->tenants[row];

        if (a->nkeys != b->nkeys || a->subjects.n != b->subjects.n) {
            return false;
        }

        for (k = 0; k < a->nkeys; k++) {
            if (memcmp(a->keys[k], b->keys[k], IG_DIGEST_SIZE) != 0) {
                return false;
            }
        }

        if (!ig_replay_same_strs(&a->subjects, &b->subjects)) {
            return false;
        }
    }

    return true;
}


static bool
ig_replay_same_condition(const ig_condition_t *a, const ig_policy_t *p,
    const ig_condition_t *b, const ig_policy_t *q)
{
    size_t  i;

    if (a->keys != b->keys || a->score != b->score
        || a->data.n != b->data.n || a->tenants.n != b->tenants.n
        || a->dialects != b->dialects
        || !ig_countries_eq(&a->countries, &b->countries)
        || !ig_replay_same_strs(&a->models, &b->models)
        || !ig_replay_same_strs(&a->tools, &b->tools)
        || !ig_replay_same_strs(&a->paths, &b->paths))
    {
        return false;
    }

    for (i = 0; i < a->data.n; i++) {
        if (!ig_str_eq(p->detectors[a->data.items[i]].id,
                       q->detectors[b->data.items[i]].id))
        {
            return false;
        }
    }

    for (i = 0; i < a->tenants.n; i++) {
        if (!ig_str_eq(p->tenants[a->tenants.items[i]].name,
                       q->tenants[b->tenants.items[i]].name))
        {
            return false;
        }
    }

    return true;
}


/* a rule of the same words, whose id names one rule only */

static uint32_t
ig_replay_same_rule(const ig_policy_t *p, uint32_t row, const ig_policy_t *old)
{
    size_t            i;
    uint32_t          found;
    const ig_rule_t  *a, *b;

    a = &p->rules[row];
    found = IG_NONE;

    for (i = 0; i < old->nrules; i++) {
        b = &old->rules[i];

        if (!ig_str_eq(a->id, b->id)) {
            continue;
        }

        if (found != IG_NONE) {
            return IG_NONE;
        }

        found = (uint32_t) i;
    }

    if (found == IG_NONE) {
        return IG_NONE;
    }

    b = &old->rules[found];

    if (!ig_str_eq(p->packs[a->pack].jurisdiction,
                   old->packs[b->pack].jurisdiction)
        || !ig_replay_same_condition(&a->when, p, &b->when, old)
        || !ig_replay_same_condition(&a->unless, p, &b->unless, old))
    {
        return IG_NONE;
    }

    return found;
}


static bool
ig_replay_origin(ig_replay_rules_t *r, const ig_guard_t *old,
    ig_replay_origin_t *o)
{
    size_t              i;
    const ig_policy_t  *p, *q;

    p = ig_guard_policy(r->guard);
    q = old ? ig_guard_policy(old) : NULL;
    o->guard = old;

    if (!ig_replay_blind_scores(p, q, o)) {
        return false;
    }

    if (old == NULL) {
        o->claims = true;
        o->groups = true;
        o->credentials = true;
        return true;
    }

    o->claims = !(p->stances.jurisdictions_from & IG_FROM_CLAIM)
                || (q->stances.jurisdictions_from & IG_FROM_CLAIM);
    o->groups = ig_replay_same_groups(p, q);
    o->credentials = ig_replay_same_credentials(p, q);
    o->same = ig_arena_alloc(r->arena, (p->nrules + 1) * sizeof(uint32_t));

    for (i = 0; o->same && i < p->nrules; i++) {
        o->same[i] = ig_replay_same_rule(p, (uint32_t) i, q);
    }

    return o->same && ig_replay_blind_detectors(p, q, o);
}


bool
ig_replay_rules_make(ig_replay_rules_t *r, const ig_guard_t *guard,
    const ig_guard_t *old)
{
    memset(r, 0, sizeof(*r));

    r->guard = guard;
    r->arena = ig_arena_new(IG_REPLAY_MEMORY, 0);

    if (r->arena == NULL || !ig_replay_numbers(r)) {
        return false;
    }

    r->decider = ig_decide_compile(&r->policy);
    r->facts = ig_facts_compile(&r->policy);

    return r->decider && r->facts
           && ig_replay_origin(r, guard, &r->own)
           && ig_replay_origin(r, NULL, &r->other)
           && (old == NULL || ig_replay_origin(r, old, &r->old));
}


void
ig_replay_rules_free(ig_replay_rules_t *r)
{
    ig_decider_free(r->decider);
    ig_facts_table_free(r->facts);
    free(r->own.blind);
    free(r->old.blind);
    free(r->other.blind);
    ig_arena_free(r->arena);
}

/*
 * What holds for a plan or tenant: its terms on top of what it inherits.
 */

#include "plan.h"

#include <string.h>


ig_standing_t
ig_standing_default(void)
{
    ig_standing_t  s;

    memset(&s, 0, sizeof(ig_standing_t));

    s.quota.zone = ig_zone_utc();
    s.quota.task_ttl_s = IG_TASK_TTL_DEFAULT;
    s.quota.without_store = IG_WITHOUT_STORE_DENY;
    s.batch = IG_SHARE_ALL;

    return s;
}


static void
ig_standing_remove(ig_load_t *l, const ig_terms_t *t, const ig_standing_t *base,
    const ig_limit_t *limit)
{
    if (!base->doubtful && !t->doubtful) {
        ig_mistakes_error(l->mistakes, limit->place,
                          "\"max: none\" takes away an inherited limit, and "
                          "no \"%.*s\" is inherited", IG_FMT(limit->name));
    }
}


/* a limit of the same name is replaced, in its place; others come behind */

static size_t
ig_standing_merge(ig_load_t *l, const ig_terms_t *t, const ig_standing_t *base,
    ig_limit_t *out)
{
    size_t            i, k, n;
    const ig_term_t  *term;

    n = base->quota.nlimits;

    if (n) {
        memcpy(out, base->limits, n * sizeof(ig_limit_t));
    }

    for (i = 0; i < t->nlimits; i++) {

        term = &t->limits[i];

        for (k = 0; k < n; k++) {
            if (ig_str_eq(out[k].name, term->limit.name)) {
                break;
            }
        }

        if (!term->remove) {
            out[k] = term->limit;
            n += (k == n);
            continue;
        }

        if (k == n) {
            ig_standing_remove(l, t, base, &term->limit);
            continue;
        }

        n--;
        memmove(&out[k], &out[k + 1], (n - k) * sizeof(ig_limit_t));
    }

    return n;
}


/* shares are of what is taken and given back, not of what is spent for good */

static bool
ig_standing_shared(const ig_limit_t *limit)
{
    switch (limit->of) {

    case IG_LIMIT_REQUESTS:
    case IG_LIMIT_CONCURRENT:
    case IG_LIMIT_TOKENS:
    case IG_LIMIT_TOKENS_IN:
    case IG_LIMIT_TOKENS_OUT:
        return true;

    default:
        return false;
    }
}


/* max * batch / 1000 is at least 1 */

static bool
ig_standing_leaves(uint64_t max, uint16_t batch)
{
    return max >= IG_SHARE_ALL || max * batch >= IG_SHARE_ALL;
}


static void
ig_standing_batch(ig_load_t *l, const ig_terms_t *t, const ig_standing_t *s,
    ig_limit_t *limit)
{
    size_t      i;
    bool        own;
    uint64_t    most;

    if (!ig_standing_shared(limit)) {
        return;
    }

    limit->batch = s->batch;
    most = limit->algorithm == IG_ALGORITHM_GCRA ? limit->burst : limit->max;

    if (ig_standing_leaves(most, s->batch)) {
        return;
    }

    /* told to who has made it so, once */

    own = t->batch != 0;

    for (i = 0; i < t->nlimits && !own; i++) {
        own = ig_place_cmp(&t->limits[i].limit.place, &limit->place) == 0;
    }

    if (own) {
        ig_mistakes_error(l->mistakes, t->batch ? t->interactive_place
                                                : limit->place,
                          "interactive traffic keeps so much that batch work "
                          "has less than 1 of the limit \"%.*s\" with its "
                          "%s of %llu, and is always refused",
                          IG_FMT(limit->name),
                          limit->algorithm == IG_ALGORITHM_GCRA ? "burst"
                                                                : "max",
                          (unsigned long long) most);
    }
}


/* the limits as the policy has them */

static const ig_limit_t *
ig_standing_finish(ig_load_t *l, const ig_terms_t *t, const ig_standing_t *s)
{
    size_t       i;
    ig_limit_t  *limits;

    limits = ig_arena_alloc(l->arena, s->quota.nlimits * sizeof(ig_limit_t));
    if (limits == NULL) {
        return NULL;
    }

    for (i = 0; i < s->quota.nlimits; i++) {
        limits[i] = s->limits[i];

        ig_standing_batch(l, t, s, &limits[i]);

        if (s->exact) {
            limits[i].lease = 1;
        }
    }

    return limits;
}


static void
ig_standing_limits(ig_load_t *l, const ig_terms_t *t, const ig_standing_t *base,
    ig_standing_t *s, ig_str_t name, ig_place_t at)
{
    size_t       n;
    ig_limit_t  *raw;

    /* who says nothing about limits shares those of its plan */

    if (t->nlimits == 0 && s->batch == base->batch && s->exact == base->exact) {
        return;
    }

    if (t->nlimits) {

        raw = ig_arena_alloc(l->scratch, (base->quota.nlimits + t->nlimits)
                                         * sizeof(ig_limit_t));
        if (raw == NULL) {
            s->quota.nlimits = 0;
            return;
        }

        n = ig_standing_merge(l, t, base, raw);

        if (n > IG_MAX_LIMITS) {
            ig_mistakes_error(l->mistakes, at,
                              "\"%s\" has %zu limits with those it inherits; "
                              "%d are the most", ig_text_show(name).text, n,
                              IG_MAX_LIMITS);
            n = IG_MAX_LIMITS;
        }

        s->limits = raw;
        s->quota.nlimits = n;
    }

    s->quota.limits = ig_standing_finish(l, t, s);

    if (s->quota.limits == NULL) {
        s->quota.nlimits = 0;
    }
}


ig_standing_t
ig_standing_apply(ig_load_t *l, const ig_terms_t *t, const ig_standing_t *base,
    ig_str_t name, ig_place_t at)
{
    ig_standing_t  s;

    s = *base;
    s.doubtful = base->doubtful || t->doubtful;

    if (t->zone) {
        s.quota.zone = t->zone;
    }

    if (t->cap_output) {
        s.quota.cap_output = t->cap_output;
    }

    if (t->task_ttl_s) {
        s.quota.task_ttl_s = t->task_ttl_s;
    }

    if (t->store_said) {
        s.quota.without_store = t->without_store;
        s.quota.local_share = t->local_share;
    }

    if (t->batch) {
        s.batch = t->batch;
    }

    if (t->exact_said) {
        s.exact = t->exact;
    }

    ig_standing_limits(l, t, base, &s, name, at);

    return s;
}

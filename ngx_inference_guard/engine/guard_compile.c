/*
 * All stages compiled into a guard, and the worker that runs them.
 */

#include "guard.h"

#include <stdlib.h>


static void
ig_guard_prepare(ig_guard_t *g)
{
    size_t             i;
    uint8_t            c;
    static const char  hex[] = "0123456789abcdef";

    for (i = 0; i < IG_DIGEST_SIZE; i++) {
        c = g->policy->digest[i];
        g->digest[2 * i] = hex[c >> 4];
        g->digest[2 * i + 1] = hex[c & 15];
    }

    for (i = 0; i < g->policy->nrules; i++) {
        if (g->policy->rules[i].audit) {
            g->audits = true;
        }
    }
}


ig_guard_t *
ig_guard_compile(const ig_source_t *sources, size_t n,
    unsigned detect_options, ig_mistakes_t *mistakes)
{
    ig_guard_t  *g;
    ig_place_t   nowhere = { NULL, 0, 0 };

    g = calloc(1, sizeof(ig_guard_t));
    if (g == NULL) {
        ig_mistakes_error(mistakes, nowhere, "out of memory");
        return NULL;
    }

    g->policy = ig_policy_read(sources, n, mistakes);

    if (g->policy) {
        g->detect = ig_detect_compile(g->policy, detect_options, mistakes);
    }

    /* of a policy with mistakes only the list of them is wanted */

    if (g->policy == NULL || g->detect == NULL
        || ig_mistakes_errors(mistakes))
    {
        if (ig_mistakes_errors(mistakes) == 0) {
            ig_mistakes_error(mistakes, nowhere, "out of memory");
        }

        ig_guard_free(g);
        return NULL;
    }

    g->facts = ig_facts_compile(g->policy);
    g->decider = ig_decide_compile(g->policy);
    g->chooser = ig_choose_compile(g->policy);
    g->limiter = ig_limiter_compile(g->policy);

    if (g->facts == NULL || g->decider == NULL || g->chooser == NULL
        || g->limiter == NULL)
    {
        ig_mistakes_error(mistakes, nowhere, "out of memory");
        ig_guard_free(g);
        return NULL;
    }

    ig_guard_prepare(g);

    return g;
}


void
ig_guard_free(ig_guard_t *g)
{
    if (g == NULL) {
        return;
    }

    ig_limiter_free(g->limiter);

    if (g->chooser) {
        ig_chooser_free(g->chooser);
    }

    if (g->decider) {
        ig_decider_free(g->decider);
    }

    if (g->facts) {
        ig_facts_table_free(g->facts);
    }

    if (g->detect) {
        ig_detect_free(g->detect);
    }

    if (g->policy) {
        ig_policy_free(g->policy);
    }

    free(g);
}


const ig_policy_t *
ig_guard_policy(const ig_guard_t *g)
{
    return g->policy;
}


const ig_facts_table_t *
ig_guard_facts(const ig_guard_t *g)
{
    return g->facts;
}


const ig_decider_t *
ig_guard_decider(const ig_guard_t *g)
{
    return g->decider;
}


const ig_chooser_t *
ig_guard_chooser(const ig_guard_t *g)
{
    return g->chooser;
}


const ig_limiter_t *
ig_guard_limiter(const ig_guard_t *g)
{
    return g->limiter;
}


ig_str_t
ig_guard_digest(const ig_guard_t *g)
{
    return (ig_str_t) { (const uint8_t *) g->digest, sizeof(g->digest) };
}


ig_worker_t *
ig_worker_new(const ig_guard_t *g)
{
    ig_worker_t  *w;

    w = calloc(1, sizeof(ig_worker_t));
    if (w == NULL) {
        return NULL;
    }

    w->guard = g;
    w->detect = ig_detect_worker_new(g->detect);
    w->digester = ig_digester_new();
    w->arena = ig_arena_new(IG_WORKER_BASE, IG_WORKER_KEEP);

    if (w->detect == NULL || w->digester == NULL || w->arena == NULL) {
        ig_worker_free(w);
        return NULL;
    }

    return w;
}


void
ig_worker_free(ig_worker_t *w)
{
    if (w == NULL) {
        return;
    }

    if (w->detect) {
        ig_detect_worker_free(w->detect);
    }

    ig_digester_free(w->digester);
    ig_arena_free(w->arena);
    free(w);
}


ig_detect_worker_t *
ig_worker_detect(ig_worker_t *w)
{
    return w->detect;
}


ig_arena_t *
ig_worker_arena(ig_worker_t *w)
{
    return w->arena;
}

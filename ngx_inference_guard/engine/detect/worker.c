/*
 * The scratch memory of one worker: all that a search writes to.
 */

#include "detect.h"

#include <stdlib.h>


static bool
ig_worker_arrays(ig_detect_worker_t *w)
{
    size_t              words, validators;
    const ig_detect_t  *d;

    d = w->d;
    words = d->nwords + 1;
    validators = d->nvalidators + 1;

    w->done_view = calloc(d->n + 1, sizeof(uint32_t));
    w->done_from = calloc(d->n + 1, sizeof(uint32_t));
    w->done_to = calloc(d->n + 1, sizeof(uint32_t));
    w->last = calloc(d->n + 1, sizeof(uint32_t));
    w->answered = calloc(validators, sizeof(uint32_t));
    w->answer = calloc(validators, sizeof(bool));
    w->gate = calloc(IG_BIT_WORDS(d->n) + 1, sizeof(uint64_t));
    w->context.near = calloc(words, sizeof(uint32_t));
    w->context.key = calloc(words, sizeof(uint32_t));

    return w->done_view && w->done_from && w->done_to && w->last
           && w->answered && w->answer && w->gate && w->context.near
           && w->context.key;
}


static bool
ig_worker_pcre2(ig_detect_worker_t *w)
{
    w->match = pcre2_match_data_create(1, NULL);
    w->limits = pcre2_match_context_create(NULL);
    w->stack = pcre2_jit_stack_create(32 * 1024, 256 * 1024, NULL);

    if (w->match == NULL || w->limits == NULL) {
        return false;
    }

    /* NULL where PCRE2 has no JIT: nothing needs it then */

    if (w->stack) {
        pcre2_jit_stack_assign(w->limits, NULL, w->stack);
    }

    return pcre2_set_match_limit(w->limits, IG_MATCH_LIMIT) == 0
           && pcre2_set_depth_limit(w->limits, IG_DEPTH_LIMIT) == 0
           && pcre2_set_heap_limit(w->limits, IG_HEAP_LIMIT) == 0;
}


ig_detect_worker_t *
ig_detect_worker_new(const ig_detect_t *d)
{
    ig_detect_worker_t  *w;

    w = calloc(1, sizeof(ig_detect_worker_t));
    if (w == NULL) {
        return NULL;
    }

    w->d = d;

    if (!ig_worker_arrays(w) || !ig_worker_pcre2(w)
        || !ig_literals_scratch(d->literals, &w->scratch)
        || !ig_gate_scratch(d->gate, &w->scratch)
        || !ig_gate_scratch(d->cluster_gate, &w->scratch))
    {
        ig_detect_worker_free(w);
        return NULL;
    }

    return w;
}


void
ig_detect_worker_free(ig_detect_worker_t *w)
{
    if (w == NULL) {
        return;
    }

    free(w->done_view);
    free(w->done_from);
    free(w->done_to);
    free(w->last);
    free(w->answered);
    free(w->answer);
    free(w->gate);
    free(w->context.near);
    free(w->context.key);
    pcre2_match_data_free(w->match);
    pcre2_match_context_free(w->limits);
    pcre2_jit_stack_free(w->stack);
    ig_literals_scratch_free(w->scratch);
    free(w->values);
    free(w);
}

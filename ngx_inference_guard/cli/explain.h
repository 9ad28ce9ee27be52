/*
 * What explain found, and its two ways of writing it.
 */

#ifndef IG_CLI_EXPLAIN_H
#define IG_CLI_EXPLAIN_H

#include "show.h"


typedef struct {
    const ig_guard_t     *guard;
    const ig_policy_t    *policy;
    const ig_request_t   *request;
    const ig_decision_t  *decision;
    ig_show_trace_t       trace;
    ig_arena_t           *arena;
} ig_explained_t;

void ig_explain_text(const ig_explained_t *x, ig_buf_t *out);
void ig_explain_json(const ig_explained_t *x, ig_buf_t *out);

const char *ig_explain_tenant(ig_tenant_state_t s);
/* "/messages/0/content" of a finding in the body, else the block's name */
void ig_explain_where(const ig_explained_t *x, const ig_finding_t *k,
    ig_buf_t *out);

#endif /* IG_CLI_EXPLAIN_H */

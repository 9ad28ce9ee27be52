/*
 * One request through all stages: the one file that knows their order.
 */

#include "guard.h"

#include <string.h>


/*
 * Everything starts refused: a path that sets nothing more, by whatever
 * mistake, sends nothing anywhere.
 */

static void
ig_guard_begin(ig_worker_t *w, const ig_request_t *r, ig_mode_t mode,
    ig_decision_t *out)
{
    size_t  i, input;

    memset(out, 0, sizeof(ig_decision_t));

    out->mode = mode;

    out->verdict.word = IG_VERDICT_BLOCK;
    out->verdict.reason = IG_REASON_internal_error;
    out->verdict.rule = IG_NONE;
    out->would = out->verdict;
    out->endpoint = IG_NONE;

    out->facts.tenant_state = IG_TENANT_NONE;
    out->facts.tenant = IG_NONE;
    out->facts.path = r->path;
    out->facts.reading = &out->reading;
    out->facts.findings = &out->findings;

    input = r->body.len + r->args.len;

    for (i = 0; i < r->nheaders; i++) {
        input += r->headers[i].value.len;
    }

    ig_arena_reset(w->arena);
    ig_arena_limit(w->arena, IG_WORKER_BASE + 2 * input);
}


static void
ig_guard_who(ig_worker_t *w, const ig_identity_t *id, ig_facts_t *f)
{
    f->tenant_state = ig_facts_tenant(w->guard->facts, w->digester,
                                      id->tenant_values, id->ntenant_values,
                                      &f->tenant);
    f->client_country = id->client_country;
}


static void
ig_guard_claim(ig_worker_t *w, ig_str_t claim, ig_facts_t *f)
{
    f->claimed = ig_countries_none();
    f->claim_valid = claim.len == 0
                     || ig_facts_claim(w->guard->policy, claim, &f->claimed);
}


/* is it refused for its tenant, whatever it says? */

static bool
ig_guard_stranger(ig_worker_t *w, ig_mode_t mode, const ig_facts_t *f)
{
    if (mode == IG_MODE_AUDIT) {
        return false;
    }

    switch (f->tenant_state) {

    case IG_TENANT_KNOWN:
        return false;

    case IG_TENANT_CONFLICT:
        return true;

    default:
        return w->guard->policy->stances.unknown_tenant == IG_NONE;
    }
}


/* dialect and operation, without the body */

static void
ig_guard_glance(const ig_request_t *r, ig_reason_t reason,
    ig_reading_t *reading)
{
    ig_reason_t  none;

    none = IG_REASON_NONE;

    reading->operation = ig_operation_find(r->method, r->path, r->anthropic,
                                           &none);

    if (reading->operation) {
        reading->dialect = reading->operation->dialect;
    }

    reading->reason = reason;
}


static ig_rc_t
ig_guard_look(ig_worker_t *w, const ig_request_t *r, ig_decision_t *out)
{
    ig_rc_t  rc;

    rc = ig_read(r, w->arena, &out->reading);

    if (rc != IG_OK || out->reading.reason != IG_REASON_NONE) {
        return rc;
    }

    return ig_detect(w->detect, &out->reading, w->arena, &out->findings);
}


static void
ig_guard_refuse(ig_verdict_t *v, ig_reason_t reason)
{
    memset(v, 0, sizeof(ig_verdict_t));

    v->word = IG_VERDICT_BLOCK;
    v->reason = reason;
    v->rule = IG_NONE;
    v->narrowed = true;
    memset(v->rejected, IG_REJECT_BLOCKED, sizeof(v->rejected));
}


static bool
ig_guard_differs(const ig_verdict_t *a, const ig_verdict_t *b)
{
    size_t  n;

    if (a->word != b->word || a->reason != b->reason
        || a->ncauses != b->ncauses
        || memcmp(a->permitted, b->permitted, sizeof(a->permitted)) != 0)
    {
        return true;
    }

    n = a->ncauses < IG_MAX_CAUSES ? a->ncauses : IG_MAX_CAUSES;

    return memcmp(a->causes, b->causes, n * sizeof(uint32_t)) != 0;
}


static void
ig_guard_verdicts(ig_worker_t *w, ig_mode_t mode, ig_decision_t *out)
{
    const ig_guard_t  *g;

    g = w->guard;

    ig_facts_gather(g->facts, &out->facts);
    ig_decide(g->decider, &out->facts, mode, &out->verdict, NULL, NULL);

    if (mode == IG_MODE_AUDIT || (mode == IG_MODE_ENFORCE && g->audits)) {
        ig_decide(g->decider, &out->facts, IG_MODE_FULL, &out->would, NULL,
                  NULL);
        out->would_differs = ig_guard_differs(&out->verdict, &out->would);

    } else {
        out->would = out->verdict;
    }

    if (out->verdict.word == IG_VERDICT_BLOCK) {
        return;
    }

    out->endpoint = ig_choose(g->chooser, out->verdict.permitted, NULL);

    if (out->endpoint == IG_NONE) {
        ig_guard_refuse(&out->verdict, IG_REASON_internal_error);
    }
}


/*
 * A stage that could not finish: nothing of what it left is used, facts and
 * record still say who asked, and the verdict is a refusal in every mode.
 */

static ig_rc_t
ig_guard_finish(ig_worker_t *w, ig_mode_t mode, ig_rc_t rc, ig_decision_t *out)
{
    ig_reason_t           reason;
    const ig_operation_t  *operation;

    if (rc == IG_OK) {
        ig_guard_verdicts(w, mode, out);
        return IG_OK;
    }

    reason = rc == IG_LIMIT ? IG_REASON_limit_exceeded
                            : IG_REASON_internal_error;

    operation = out->reading.operation;

    memset(&out->reading, 0, sizeof(ig_reading_t));
    memset(&out->findings, 0, sizeof(ig_findings_t));

    out->reading.reason = reason;
    out->reading.operation = operation;
    out->reading.dialect = operation ? operation->dialect : IG_DIALECT_NONE;

    ig_facts_gather(w->guard->facts, &out->facts);

    ig_guard_refuse(&out->verdict, reason);
    out->would = out->verdict;
    out->would_differs = false;
    out->endpoint = IG_NONE;

    return rc;
}


static ig_rc_t
ig_guard_run(ig_worker_t *w, const ig_request_t *r, ig_mode_t mode,
    ig_decision_t *out)
{
    ig_rc_t  rc;

    rc = IG_OK;

    if (ig_guard_stranger(w, mode, &out->facts)) {

        /* who is not let in has no work done for him either */

        ig_guard_glance(r, IG_REASON_NONE, &out->reading);

    } else {
        rc = ig_guard_look(w, r, out);
    }

    return ig_guard_finish(w, mode, rc, out);
}


ig_rc_t
ig_guard_decide(ig_worker_t *w, const ig_request_t *r,
    const ig_identity_t *id, ig_mode_t mode, ig_decision_t *out)
{
    ig_guard_begin(w, r, mode, out);
    ig_guard_who(w, id, &out->facts);
    ig_guard_claim(w, id->claim, &out->facts);

    return ig_guard_run(w, r, mode, out);
}


ig_rc_t
ig_guard_decide_as(ig_worker_t *w, const ig_request_t *r, uint32_t tenant,
    ig_country_t client_country, ig_str_t claim, ig_mode_t mode,
    ig_decision_t *out)
{
    ig_guard_begin(w, r, mode, out);

    if (tenant < w->guard->policy->ntenants) {
        out->facts.tenant_state = IG_TENANT_KNOWN;
        out->facts.tenant = tenant;
    }

    out->facts.client_country = client_country;
    ig_guard_claim(w, claim, &out->facts);

    return ig_guard_run(w, r, mode, out);
}


ig_rc_t
ig_guard_decide_unread(ig_worker_t *w, const ig_request_t *r,
    const ig_identity_t *id, ig_mode_t mode, ig_reason_t reason,
    ig_decision_t *out)
{
    ig_guard_begin(w, r, mode, out);
    ig_guard_who(w, id, &out->facts);
    ig_guard_claim(w, id->claim, &out->facts);

    /* "not read" without a reason would be read as "nothing in it" */

    if (reason == IG_REASON_NONE) {
        reason = IG_REASON_internal_error;
    }

    ig_guard_glance(r, reason, &out->reading);

    return ig_guard_finish(w, mode, IG_OK, out);
}


void
ig_decision_refuse(ig_decision_t *d, ig_reason_t reason)
{
    d->verdict.word = IG_VERDICT_BLOCK;
    d->verdict.reason = reason;
    d->verdict.rule = IG_NONE;
    d->endpoint = IG_NONE;
}

/*
 * The request of a counterexample as facts, under each policy.
 */

#include "compare/check.h"

#include <string.h>


typedef struct {
    ig_facts_t     facts;
    ig_reading_t   reading;
    ig_findings_t  findings;
    ig_verdict_t   verdict;
} ig_checked_t;


static bool
ig_check_facts(const ig_policy_t *p, size_t side, const ig_compare_request_t *r,
    ig_arena_t *arena, ig_checked_t *c)
{
    size_t         i;
    ig_finding_t  *items;

    memset(c, 0, sizeof(ig_checked_t));

    items = ig_arena_calloc(arena, (r->nfindings + 1) * sizeof(ig_finding_t));
    if (items == NULL) {
        return false;
    }

    for (i = 0; i < r->nfindings; i++) {
        if (r->findings[i].score[side]) {
            items[c->findings.n++] = (ig_finding_t) {
                .detector = ig_policy_detector(p, r->findings[i].detector),
                .score = r->findings[i].score[side],
                .owner = r->findings[i].owner[side]
            };
        }
    }

    c->findings.items = items;
    c->reading.reason = r->reason;
    c->reading.dialect = r->dialect;
    c->reading.model = r->model;
    c->reading.tools = r->tools;
    c->reading.uninspectable = r->uninspectable;

    c->facts.tenant = r->tenant.len ? ig_policy_tenant(p, r->tenant) : IG_NONE;
    c->facts.tenant_state = c->facts.tenant == IG_NONE ? IG_TENANT_UNKNOWN
                                                       : IG_TENANT_KNOWN;
    c->facts.client_country = r->client;
    c->facts.claim_valid = true;
    c->facts.claimed = r->claimed;
    c->facts.path = r->path;
    c->facts.reading = &c->reading;
    c->facts.findings = &c->findings;

    return true;
}


static ig_rc_t
ig_check_decide(const ig_policy_t *p, ig_checked_t *c)
{
    ig_rc_t            rc;
    ig_decider_t      *d;
    ig_facts_table_t  *t;

    rc = IG_NOMEM;
    d = ig_decide_compile(p);
    t = ig_facts_compile(p);

    if (d && t) {
        ig_facts_gather(t, &c->facts);
        ig_decide(d, &c->facts, IG_MODE_ENFORCE, &c->verdict, NULL, NULL);
        rc = IG_OK;
    }

    ig_facts_table_free(t);
    ig_decider_free(d);

    return rc;
}


static bool
ig_check_rule_excludes(const ig_rule_t *rule, const ig_endpoint_t *e)
{
    return ((rule->effects & IG_THEN_DESTINATIONS)
            && !ig_countries_has(&rule->destinations, e->country))
           || ((rule->effects & IG_THEN_OPERATORS)
               && !ig_countries_subset(&e->operators, &rule->operators));
}


/* the rule that forbids: the verdict's, or of those that counted the first that
   excludes this endpoint */

static uint32_t
ig_check_rule(const ig_policy_t *p, const ig_verdict_t *v,
    const ig_endpoint_t *e)
{
    size_t  i;

    if (v->reason == IG_REASON_blocked_by_rule
        || v->reason == IG_REASON_model_not_permitted)
    {
        return v->rule;
    }

    for (i = 0; i < v->ncauses && i < IG_MAX_CAUSES; i++) {
        if (ig_check_rule_excludes(&p->rules[v->causes[i]], e)) {
            return v->causes[i];
        }
    }

    return IG_NONE;
}


ig_rc_t
ig_compare_check(const ig_policy_t *old, const ig_policy_t *new,
    ig_compare_request_t *r, ig_arena_t *arena)
{
    ig_rc_t       rc;
    ig_checked_t  before, after;

    if (!ig_check_facts(old, 0, r, arena, &before)
        || !ig_check_facts(new, 1, r, arena, &after))
    {
        return ig_arena_status(arena);
    }

    rc = ig_check_decide(old, &before);

    if (rc == IG_OK) {
        rc = ig_check_decide(new, &after);
    }

    if (rc != IG_OK) {
        return rc;
    }

    if (!ig_bit_get(after.verdict.permitted, r->endpoint)
        || ig_bit_get(before.verdict.permitted, r->endpoint))
    {
        return IG_ERROR;
    }

    r->refused = before.verdict.reason;
    r->rule = ig_check_rule(old, &before.verdict, &new->endpoints[r->endpoint]);

    return IG_OK;
}

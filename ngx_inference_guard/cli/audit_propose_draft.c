/*
 * The narrowest change that would permit what was refused.
 *
 * A rule that blocks gets an `unless` with everything that is known of the
 * request.  Where no destination was left, it is the endpoint that the fewest
 * rules keep out: each of them gets an `unless`, or its transfers a country; and
 * if a country is left that has no endpoint, one there needs no rule changed.
 */

#include "audit_propose.h"

#include <string.h>


/* the detector among those found that the rule asks about, or the first */

static const ig_replay_finding_t *
ig_draft_finding(const ig_propose_t *p, const ig_rule_t *rule,
    const ig_replay_record_t *r)
{
    size_t                      i, k;
    uint32_t                    row;
    const ig_policy_t          *policy;
    const ig_replay_finding_t  *first;

    policy = ig_guard_policy(p->guard);
    first = NULL;

    for (i = 0; i < r->nfindings; i++) {
        row = ig_policy_detector(policy, r->findings[i].detector);

        if (row == IG_NONE || r->findings[i].score < IG_SCORE_DEFAULT) {
            continue;
        }

        for (k = 0; (rule->when.keys & IG_WHEN_DATA) && k < rule->when.data.n;
             k++)
        {
            if (rule->when.data.items[k] == row) {
                return &r->findings[i];
            }
        }

        if (first == NULL) {
            first = &r->findings[i];
        }
    }

    return first;
}


static bool
ig_draft_plain(ig_str_t s)
{
    return s.len && memchr(s.data, '*', s.len) == NULL;
}


/* all that is known of the request; false: nothing, so it would be for all */

static bool
ig_draft_unless(const ig_propose_t *p, const ig_rule_t *rule,
    const ig_replay_record_t *r, ig_str_t *out)
{
    ig_buf_t                    b;
    const ig_replay_finding_t  *f;

    ig_buf_init(&b, p->arena, 256);
    ig_buf_char(&b, '{');

    if (r->tenant.len) {
        ig_buf_lit(&b, "tenant: [");
        ig_buf_json(&b, r->tenant);
        ig_buf_lit(&b, "], ");
    }

    if (r->client != IG_COUNTRY_UNKNOWN) {
        ig_buf_printf(&b, "client_country: [\"%.*s\"], ",
                      IG_FMT(ig_country_code(r->client)));
    }

    f = ig_draft_finding(p, rule, r);

    if (f) {
        ig_buf_lit(&b, "data: [");
        ig_buf_json(&b, f->detector);
        ig_buf_lit(&b, "], ");
    }

    /* a star in a name would be a glob */

    if (r->model_known && r->unread == IG_REASON_NONE
        && ig_draft_plain(r->model))
    {
        ig_buf_lit(&b, "model: [");
        ig_buf_json(&b, r->model);
        ig_buf_lit(&b, "], ");
    }

    if (r->dialect != IG_DIALECT_NONE) {
        ig_buf_printf(&b, "dialect: [%.*s], ",
                      IG_FMT(ig_dialect_name(r->dialect)));
    }

    if (b.failed || b.len == 1) {
        return false;
    }

    b.len -= 2;
    ig_buf_char(&b, '}');
    *out = (ig_str_t) { b.data, b.len };

    return !b.failed;
}


static bool
ig_draft_rule(const ig_propose_t *p, ig_draft_t *d, uint32_t row)
{
    size_t            i;
    ig_change_t      *c;
    const ig_rule_t  *rule;

    for (i = 0; i < d->nchanges; i++) {
        if (d->changes[i].kind == IG_CHANGE_RULE && d->changes[i].rule == row) {
            return true;
        }
    }

    if (d->nchanges == IG_PROPOSE_CHANGES) {
        d->advice = "more rules stand against it than a draft should change";
        return false;
    }

    c = &d->changes[d->nchanges];
    memset(c, 0, sizeof(*c));
    c->kind = IG_CHANGE_RULE;
    c->rule = row;
    rule = &ig_guard_policy(p->guard)->rules[row];

    if (rule->unless.keys) {
        d->advice = "a rule against it has an exception already, which is to "
                    "be widened by hand";
        return false;
    }

    if (!ig_draft_unless(p, rule, &d->cause->record, &c->add)) {
        d->advice = "too little is known of the request for an exception";
        return false;
    }

    d->nchanges++;

    return true;
}


static bool
ig_draft_excludes(const ig_rule_t *rule, const ig_endpoint_t *e)
{
    return ((rule->effects & IG_THEN_DESTINATIONS)
            && !ig_countries_has(&rule->destinations, e->country))
           || ((rule->effects & IG_THEN_OPERATORS)
               && !ig_countries_subset(&e->operators, &rule->operators));
}


/* a transfers rule has no `unless`: the country is added */

static bool
ig_draft_admit(const ig_propose_t *p, ig_draft_t *d, uint32_t row,
    const ig_endpoint_t *e)
{
    ig_change_t  *c;

    if (!ig_guard_policy(p->guard)->rules[row].transfers) {
        return ig_draft_rule(p, d, row);
    }

    if (d->nchanges == IG_PROPOSE_CHANGES) {
        d->advice = "more rules stand against it than a draft should change";
        return false;
    }

    c = &d->changes[d->nchanges++];
    memset(c, 0, sizeof(*c));
    c->kind = IG_CHANGE_TRANSFERS;
    c->rule = row;
    c->add = ig_country_code(e->country);

    return true;
}


/* the serving endpoint that the fewest of the rules that counted keep out */

static uint32_t
ig_draft_endpoint(const ig_policy_t *policy, const ig_verdict_t *v)
{
    size_t    i, k, n, least;
    uint32_t  best;

    best = IG_NONE;
    least = SIZE_MAX;

    for (i = 0; i < policy->nendpoints; i++) {

        if (v->rejected[i] != IG_REJECT_COUNTRY
            && v->rejected[i] != IG_REJECT_OPERATOR)
        {
            continue;
        }

        for (k = 0, n = 0; k < v->ncauses && k < IG_MAX_CAUSES; k++) {
            n += ig_draft_excludes(&policy->rules[v->causes[k]],
                                   &policy->endpoints[i]);
        }

        if (n < least) {
            least = n;
            best = (uint32_t) i;
        }
    }

    return best;
}


static void
ig_draft_destination(const ig_propose_t *p, ig_draft_t *d,
    const ig_verdict_t *v)
{
    size_t              i;
    uint32_t            best;
    const ig_policy_t  *policy;

    policy = ig_guard_policy(p->guard);
    best = ig_draft_endpoint(policy, v);

    if (best == IG_NONE) {
        d->advice = "no endpoint that serves it is kept out by a rule";
        return;
    }

    for (i = 0; i < v->ncauses && i < IG_MAX_CAUSES; i++) {
        if (ig_draft_excludes(&policy->rules[v->causes[i]],
                              &policy->endpoints[best])
            && !ig_draft_admit(p, d, v->causes[i], &policy->endpoints[best]))
        {
            d->nchanges = 0;
            return;
        }
    }
}


/* every rule that blocks, as one is as good as another */

static void
ig_draft_block(const ig_propose_t *p, ig_draft_t *d, const ig_replayed_t *r)
{
    size_t               i;
    const ig_rule_t     *rule;
    const ig_verdict_t  *v;

    v = r->verdict.word == IG_VERDICT_BLOCK ? &r->verdict : &r->would;

    for (i = 0; i < v->ncauses && i < IG_MAX_CAUSES; i++) {
        rule = &ig_guard_policy(p->guard)->rules[v->causes[i]];

        if (((rule->effects & IG_THEN_BLOCK)
             || (v->reason == IG_REASON_model_not_permitted
                 && (rule->effects & IG_THEN_MODELS)))
            && !ig_draft_rule(p, d, v->causes[i]))
        {
            d->nchanges = 0;
            return;
        }
    }

    /* where nothing would be left either, that is to be mended, too */

    for (i = 0; i < ig_guard_policy(p->guard)->nendpoints; i++) {
        if (v->rejected[i] == IG_REJECT_BLOCKED) {
            return;
        }
    }

    ig_draft_destination(p, d, v);
}


/* an endpoint where the law permits one, if there is such a country */

static bool
ig_draft_place(const ig_propose_t *p, ig_draft_t *d, const ig_verdict_t *v)
{
    ig_buf_t        b;
    ig_str_t        code;
    ig_country_t    c;
    ig_countries_t  both;
    ig_change_t    *change;

    both = v->destinations;
    ig_countries_intersect(&both, &v->operators);
    c = ig_countries_next(&both, 1);

    if (c == IG_COUNTRY_UNKNOWN || d->cause->record.dialect == IG_DIALECT_NONE)
    {
        return false;
    }

    /* the client's own country, if it is one of them */

    if (ig_countries_has(&both, d->cause->record.client)) {
        c = d->cause->record.client;
    }

    code = ig_country_code(c);
    ig_buf_init(&b, p->arena, 256);
    ig_buf_printf(&b, "{upstream: \"new-%c%c\", country: \"%.*s\", operators: "
                  "[\"%.*s\"], tier: cloud, dialects: [%.*s], models: [",
                  code.data[0] | 0x20, code.data[1] | 0x20, IG_FMT(code),
                  IG_FMT(code),
                  IG_FMT(ig_dialect_name(d->cause->record.dialect)));
    ig_buf_json(&b, d->cause->record.model.len ? d->cause->record.model
                                               : IG_STR("*"));
    ig_buf_lit(&b, "]}");

    change = &d->changes[d->nchanges++];
    memset(change, 0, sizeof(*change));
    change->kind = IG_CHANGE_ENDPOINT;
    change->rule = IG_NONE;
    change->add = (ig_str_t) { b.data, b.len };

    return !b.failed;
}


/* what no rule says, no rule can mend */

static const char *
ig_draft_advice(ig_reason_t reason)
{
    switch (reason) {

    case IG_REASON_unknown_tenant:
        return "add the tenant, with the digest of its key, to tenants";

    case IG_REASON_conflicting_credentials:
        return "the client must send one credential";

    case IG_REASON_unknown_country:
        return "name the client's network in policy.networks, or mend the "
               "claim";

    case IG_REASON_jurisdiction_without_pack:
        return "write the rule file of that jurisdiction, from its law";

    case IG_REASON_uninspectable:
    case IG_REASON_unknown_operation:
    case IG_REASON_unknown_method:
    case IG_REASON_unsupported_media_type:
        return "name endpoints for what cannot be inspected in "
               "policy.uninspectable; it would hold for every tenant";

    case IG_REASON_model_not_found:
        return "add the model to the models of a permitted endpoint";

    default:
        return "this request is at fault, not a rule";
    }
}


size_t
ig_propose_draft(const ig_propose_t *p, const ig_cause_t *cause,
    ig_draft_t drafts[2])
{
    const ig_verdict_t    *v;
    static ig_replayed_t   r;

    memset(drafts, 0, 2 * sizeof(ig_draft_t));
    drafts[0].cause = cause;
    drafts[1].cause = cause;

    ig_replay_decide(p->rules, &cause->record, p->arena, &r);
    v = r.verdict.word == IG_VERDICT_BLOCK ? &r.verdict : &r.would;

    switch (v->reason) {

    case IG_REASON_blocked_by_rule:
    case IG_REASON_model_not_permitted:
        ig_draft_block(p, &drafts[0], &r);
        return 1;

    case IG_REASON_no_permitted_destination:
        ig_draft_destination(p, &drafts[0], v);
        return ig_draft_place(p, &drafts[1], v) ? 2 : 1;

    default:
        drafts[0].advice = ig_draft_advice(v->reason);
        return 1;
    }
}

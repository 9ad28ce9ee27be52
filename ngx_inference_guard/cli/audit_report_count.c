/*
 * One request after another into the sums of the report; where it went is
 * counted in audit_report_sent.c.
 */

#include "audit_report.h"

#include <string.h>


/* adds to one number of a row; false when there is no memory */

bool
ig_report_add(ig_report_t *r, ig_report_tally_t tally, const ig_str_t *fields,
    size_t n, size_t value, uint64_t add)
{
    uint64_t  *v;

    v = ig_tally_at(&r->tallies[tally], fields, n);

    if (v) {
        ig_tally_add(&v[value], add);
    }

    return v != NULL;
}


void
ig_report_when(uint64_t *v, uint64_t ms)
{
    if (ms == 0) {
        return;
    }

    if (v[IG_V_FIRST] == 0 || ms < v[IG_V_FIRST]) {
        v[IG_V_FIRST] = ms;
    }

    if (ms > v[IG_V_LAST]) {
        v[IG_V_LAST] = ms;
    }
}


/* each string of a list of the decision as the last field of a key */

bool
ig_report_each(ig_report_t *r, ig_report_tally_t tally, ig_str_t *fields,
    size_t n, const char *list, const char *key)
{
    size_t                   i, found;
    ig_str_t                 items[IG_REQUEST_LIST];
    const ig_record_line_t  *d = r->request.decision;

    if (d == NULL) {
        return true;
    }

    found = ig_request_list(&r->request, d, ig_record_line_get(d, 0, list),
                            key, items);

    for (i = 0; i < found; i++) {
        fields[n] = items[i];

        if (!ig_report_add(r, tally, fields, n + 1, 0, 1)) {
            return false;
        }
    }

    return true;
}


static bool
ig_count_findings(ig_report_t *r, ig_str_t tenant, bool went, bool abroad)
{
    size_t                   i, list;
    uint64_t                *v;
    ig_audit_request_t      *q = &r->request;
    const ig_record_line_t  *d = q->decision;

    list = ig_record_line_get(d, 0, "findings");

    for (i = ig_record_line_first(d, list); i;
         i = ig_record_line_after(d, list, i))
    {
        v = ig_tally_at(&r->tallies[IG_TALLY_DATA],
                        IG_FIELDS(tenant, ig_request_text(q, d,
                                    ig_record_line_get(d, i, "detector"))));
        if (v == NULL) {
            return false;
        }

        ig_tally_add(&v[IG_V_REQUESTS], 1);
        ig_tally_add(&v[IG_V_PLACES], ig_request_uint(d, i, "count"));
        ig_tally_add(&v[IG_V_WENT], went);
        ig_tally_add(&v[IG_V_ABROAD], abroad);
        ig_tally_add(&v[IG_V_REFUSED], q->refused);
    }

    return true;
}


/*
 * The law speaks in these refusals; in others (a limit, an unreadable body)
 * the rules that counted are not the reason.
 */

static bool
ig_count_lawful(ig_str_t reason)
{
    size_t                       i;
    static const char *const     lawful[] = {
        "blocked_by_rule", "no_permitted_destination", "model_not_permitted",
        "destination_not_permitted", "jurisdiction_without_pack",
    };

    for (i = 0; i < sizeof(lawful) / sizeof(lawful[0]); i++) {
        if (ig_str_eq(reason, ig_str_from_c(lawful[i]))) {
            return true;
        }
    }

    return false;
}


/* the laws that a rule of the files cites */

static bool
ig_count_rule_laws(ig_report_t *r, ig_str_t rule, size_t value)
{
    size_t            i;
    const ig_rule_t  *found;

    found = ig_report_rule(&r->texts, rule);

    for (i = 0; found && i < found->laws.n; i++) {
        if (!ig_report_add(r, IG_TALLY_BY_LAW,
                      &r->texts.policy->laws[found->laws.items[i]].id, 1,
                      value, 1))
        {
            return false;
        }
    }

    return true;
}


static bool
ig_count_blocked(ig_report_t *r)
{
    ig_str_t                 rule, none[1];
    ig_audit_request_t      *q = &r->request;
    const ig_record_line_t  *d = q->decision;

    if (!ig_count_lawful(q->reason)) {
        return true;
    }

    rule = ig_request_get(q, d, "rule");

    if (rule.len == 0) {
        return ig_report_each(r, IG_TALLY_BY_RULE, none, 0, "rules", NULL)
               && ig_report_each(r, IG_TALLY_BY_LAW, none, 0, "laws", NULL);
    }

    if (!ig_report_add(r, IG_TALLY_BY_RULE, &rule, 1, IG_V_BLOCKED, 1)) {
        return false;
    }

    /* the record cites the laws of all rules that counted */

    return ig_report_rule(&r->texts, rule)
           ? ig_count_rule_laws(r, rule, IG_V_BLOCKED)
           : ig_report_each(r, IG_TALLY_BY_LAW, none, 0, "laws", NULL);
}


static bool
ig_count_would(ig_report_t *r)
{
    size_t                   i, n, would;
    ig_str_t                 rules[IG_REQUEST_LIST];
    const ig_record_line_t  *d = r->request.decision;

    would = ig_record_line_get(d, 0, "would");

    if (would == 0 || r->request.refused
        || !ig_str_eq(ig_record_line_raw(d, ig_record_line_get(d, would,
                                                               "verdict")),
                      IG_STR("block")))
    {
        return true;
    }

    r->totals.would++;

    if (!ig_count_lawful(ig_record_line_raw(d, ig_record_line_get(d, would,
                                                                  "reason"))))
    {
        return true;
    }

    n = ig_request_list(&r->request, d, ig_record_line_get(d, would, "rules"),
                        NULL, rules);

    for (i = 0; i < n; i++) {
        if (!ig_report_add(r, IG_TALLY_BY_RULE, &rules[i], 1, IG_V_WOULD, 1)
            || !ig_count_rule_laws(r, rules[i], IG_V_WOULD))
        {
            return false;
        }
    }

    return true;
}


static bool
ig_count_reason(ig_report_t *r, ig_str_t reason, uint64_t status)
{
    char      text[24];
    ig_str_t  s;

    s.len = (size_t) snprintf(text, sizeof(text), "%llu",
                              (unsigned long long) status);
    s.data = (uint8_t *) text;

    return ig_report_add(r, IG_TALLY_REASON, IG_FIELDS(reason, s), IG_V_REQUESTS, 1);
}


static bool
ig_count_limit(ig_report_t *r, ig_str_t tenant, ig_str_t limit, ig_str_t what,
    uint64_t ms)
{
    uint64_t  *v;

    v = ig_tally_at(&r->tallies[IG_TALLY_LIMIT],
                    IG_FIELDS(tenant, limit, what));

    if (v) {
        ig_tally_add(&v[IG_V_REQUESTS], 1);
        ig_report_when(v, ms);
    }

    return v != NULL;
}


static bool
ig_count_limits(ig_report_t *r, ig_str_t tenant, uint64_t ms)
{
    size_t                   i, list;
    ig_audit_request_t      *q = &r->request;
    const ig_record_line_t  *d = q->decision;

    list = ig_record_line_get(d, 0, "limits");

    for (i = ig_record_line_first(d, list); i;
         i = ig_record_line_after(d, list, i))
    {
        if (!ig_count_limit(r, tenant,
                ig_request_text(q, d, ig_record_line_get(d, i, "limit")),
                ig_request_text(q, d, ig_record_line_get(d, i, "result")),
                ms))
        {
            return false;
        }
    }

    return true;
}


/* rows of who, when, what that have the same numbers */

static bool
ig_count_activity(ig_report_t *r, ig_report_tally_t tally, ig_str_t key,
    bool went, bool abroad)
{
    uint64_t  *v;

    v = ig_tally_at(&r->tallies[tally], &key, 1);

    if (v) {
        ig_tally_add(&v[IG_V_REQUESTS], 1);
        ig_tally_add(&v[IG_V_REFUSED], r->request.refused);
        ig_tally_add(&v[IG_V_WENT], went);
        ig_tally_add(&v[IG_V_ABROAD], abroad);
        ig_tally_add(&v[IG_V_WITH],
                     ig_request_uint(r->request.decision, 0,
                                     "findings_total") > 0);
    }

    return v != NULL;
}


static ig_str_t
ig_count_day(const ig_record_line_t *l)
{
    ig_str_t  s;

    s = ig_record_line_raw(l, ig_record_line_get(l, 0, "time"));
    s.len = s.len > 10 ? 10 : s.len;

    return s;
}


static void
ig_count_span(ig_report_t *r, uint64_t ms)
{
    ig_report_totals_t  *t = &r->totals;

    if (ms) {
        t->first = t->first == 0 || ms < t->first ? ms : t->first;
        t->last = ms > t->last ? ms : t->last;
    }
}


static void
ig_count_totals(ig_report_t *r, bool abroad)
{
    size_t                   coverage;
    ig_report_totals_t      *t = &r->totals;
    ig_audit_request_t      *q = &r->request;
    const ig_record_line_t  *d = q->decision;

    t->requests++;
    t->sent += q->sent == IG_SENT_YES;
    t->unknown += q->sent == IG_SENT_UNKNOWN
                  || (q->sent == IG_SENT_NO && q->first.len);
    t->abroad += abroad;
    t->refused += q->refused;
    t->found += ig_request_uint(d, 0, "findings_total") > 0;

    coverage = ig_record_line_get(d, 0, "coverage");
    t->uninspected += !ig_str_eq(ig_record_line_raw(d,
                                     ig_record_line_get(d, coverage,
                                                        "inspected")),
                                 IG_STR("full"));
}


static bool
ig_count_policy(ig_report_t *r, uint64_t ms)
{
    uint64_t  *v;
    ig_str_t   digest;

    digest = ig_request_get(&r->request, r->request.decision, "policy");
    v = ig_tally_at(&r->tallies[IG_TALLY_POLICY], &digest, 1);

    if (v) {
        ig_tally_add(&v[IG_V_REQUESTS], 1);
        ig_report_when(v, ms);
    }

    return v != NULL;
}


static bool
ig_count_request(ig_report_t *r)
{
    bool                     went, abroad;
    uint64_t                 ms;
    ig_str_t                 tenant, model;
    ig_transfer_t            t;
    ig_audit_request_t      *q = &r->request;
    const ig_record_line_t  *d = q->decision;

    ms = ig_request_ms(d);
    tenant = ig_request_get(q, d, "tenant");
    model = ig_request_get(q, d, "model");

    if (model.len == 0 && ig_record_line_get(d, 0, "model_withheld")) {
        model = IG_STR("(withheld)");
    }

    ig_report_laws_of(r);
    ig_report_transfer_of(r, &t, ms);

    went = q->sent != IG_SENT_NO || q->first.len;
    abroad = (q->sent != IG_SENT_NO && ig_report_any_abroad(r, q->country))
             || (q->first.len && ig_report_any_abroad(r, q->first_country));

    ig_count_span(r, ms);
    ig_count_totals(r, abroad);

    if (q->refused && (!ig_count_reason(r, q->reason, q->status)
                       || !ig_count_blocked(r)))
    {
        return false;
    }

    return ig_report_sent(r, tenant, &t)
           && ig_report_operators(r)
           && ig_count_would(r)
           && ig_count_limits(r, tenant, ms)
           && ig_count_findings(r, tenant, went, abroad)
           && ig_count_policy(r, ms)
           && ig_count_activity(r, IG_TALLY_TENANT, tenant, went, abroad)
           && ig_count_activity(r, IG_TALLY_MODEL, model, went, abroad)
           && ig_count_activity(r, IG_TALLY_DAY, ig_count_day(d), went, abroad)
           && ig_report_add(r, IG_TALLY_OPERATION,
                       IG_FIELDS(tenant, ig_request_get(q, d, "operation")),
                       IG_V_REQUESTS, 1);
}


/*
 * An outcome whose decision lies before the log or too far back in it: whose
 * request it was is not known, that something was sent is.
 */

static bool
ig_count_outcome(ig_report_t *r)
{
    uint64_t        ms;
    ig_transfer_t   t;

    ms = ig_request_ms(r->request.outcome);

    r->totals.alone++;
    ig_count_span(r, ms);
    ig_report_laws_of(r);
    ig_report_transfer_of(r, &t, ms);

    return ig_report_sent(r, IG_NO_STR, &t);
}


bool
ig_report_count(void *ctx, const ig_joined_t *j)
{
    ig_report_t             *r = ctx;
    ig_audit_request_t      *q = &r->request;
    const ig_record_line_t  *first;

    first = j->decision ? j->decision : j->outcome ? j->outcome : j->alone;

    if (ig_audit_met(&r->filter, r->filter.keys, first) != r->filter.keys) {
        return true;
    }

    ig_audit_request(q, j);

    switch (j->kind) {

    case IG_JOINED_REQUEST:
        return ig_count_request(r);

    case IG_JOINED_OUTCOME:
        return ig_count_outcome(r);

    case IG_JOINED_UNDECIDED:
        r->totals.undecided++;
        ig_count_span(r, ig_request_ms(j->alone));
        return ig_count_reason(r, IG_STR("(before a decision)"),
                               ig_request_uint(j->alone, 0, "status"));

    default:
        return ig_count_limit(r, ig_request_get(q, j->alone, "tenant"),
                   ig_request_get(q, j->alone, "limit"),
                   ig_request_uint(j->alone, 0, "level") >= 100
                   ? IG_STR("reached") : IG_STR("at 80 %"),
                   ig_request_ms(j->alone));
    }
}

/*
 * explain for people.
 */

#include "explain.h"


static void
ig_text_request(const ig_explained_t *x, ig_buf_t *out)
{
    size_t               i;
    const ig_reading_t  *r;

    r = &x->decision->reading;

    ig_buf_printf(out, "Request\n  %.*s %.*s\n", IG_FMT(x->request->method),
                  IG_FMT(x->request->path));

    if (r->operation) {
        ig_buf_printf(out, "  %.*s of %.*s", IG_FMT(r->operation->name),
                      IG_FMT(ig_dialect_name(r->dialect)));

        if (r->model.len) {
            ig_buf_lit(out, ", model ");
            ig_buf_json(out, r->model);
        }

        ig_buf_str(out, r->stream ? IG_STR(", as a stream\n") : IG_STR("\n"));
    }

    for (i = 0; i < r->tools.n; i++) {
        ig_buf_lit(out, "  tool ");
        ig_buf_json(out, r->tools.items[i]);
        ig_buf_char(out, '\n');
    }

    if (r->reason != IG_REASON_NONE) {
        ig_buf_printf(out, "  not read: %.*s, at byte %zu\n",
                      IG_FMT(ig_reason_text(r->reason)), r->reason_at);

    } else if (r->nblocks == 0 && x->request->has_body) {
        ig_buf_lit(out, "  not read, as it is refused for its tenant\n");
    }

    if (r->uninspectable) {
        ig_buf_lit(out, "  has parts that cannot be inspected\n");
    }
}


static void
ig_text_jurisdictions(const ig_explained_t *x, ig_buf_t *out)
{
    size_t             i, n;
    ig_country_t       c;
    const ig_facts_t  *f;

    f = &x->decision->facts;

    ig_buf_lit(out, "  jurisdictions ");

    for (c = ig_countries_next(&f->jurisdictions, 1);
         c;
         c = ig_countries_next(&f->jurisdictions, (ig_country_t) (c + 1)))
    {
        ig_buf_printf(out, "   %.*s (", IG_FMT(ig_country_code(c)));
        n = 0;

#define ig_from(set, name)                                                    \
        if (ig_countries_has(&f->set, c)) {                                   \
            ig_buf_printf(out, "%s%s", n++ ? ", " : "", name);                \
        }

        ig_from(from_tenant, "tenant")
        ig_from(from_client, "client")
        ig_from(from_data, "data")
        ig_from(from_claim, "claim")

#undef ig_from

        ig_buf_char(out, ')');
    }

    ig_buf_lit(out, "\n  packs         ");

    for (i = 0; i < x->policy->npacks; i++) {
        if (ig_bit_get(f->packs, i)) {
            ig_buf_printf(out, "   %s",
                          x->policy->packs[i].everywhere
                          ? x->policy->packs[i].file : "");
            ig_buf_str(out, x->policy->packs[i].jurisdiction);
        }
    }

    ig_buf_char(out, '\n');

    if (f->without_pack) {
        ig_buf_printf(out, "  no pack covers %.*s\n",
                      IG_FMT(ig_country_code(f->without_pack)));
    }
}


static void
ig_text_facts(const ig_explained_t *x, ig_buf_t *out)
{
    const ig_facts_t   *f;
    const ig_tenant_t  *tenant;

    f = &x->decision->facts;

    ig_buf_lit(out, "\nFacts\n  tenant          ");

    if (f->tenant == IG_NONE) {
        ig_buf_printf(out, " %s\n", ig_explain_tenant(f->tenant_state));

    } else {
        tenant = &x->policy->tenants[f->tenant];
        ig_buf_printf(out, " %.*s, home %.*s%s\n", IG_FMT(tenant->name),
                      IG_FMT(ig_country_code(tenant->home)),
                      f->tenant_state == IG_TENANT_KNOWN ? ""
                      : " (by the stance unknown_tenant)");
    }

    ig_buf_printf(out, "  client country   %.*s%s\n",
                  IG_FMT(ig_country_code(f->client_country)),
                  f->client_country != IG_COUNTRY_UNKNOWN ? ""
                  : f->client_known ? " (unknown, ignored)" : " (unknown)");

    if (!f->claim_valid) {
        ig_buf_lit(out, "  claim            is no list of countries\n");
    }

    ig_text_jurisdictions(x, out);
}


static void
ig_text_findings(const ig_explained_t *x, ig_buf_t *out)
{
    size_t               i;
    const ig_finding_t  *k;

    ig_buf_lit(out, "\nFindings\n");

    for (i = 0; i < x->decision->findings.n; i++) {
        k = &x->decision->findings.items[i];

        ig_buf_printf(out, "  %-28.*s %4.2f  %.*s  ",
                      IG_FMT(x->policy->detectors[k->detector].id),
                      (double) k->score / IG_SCORE_ONE,
                      IG_FMT(k->owner ? ig_country_code(k->owner)
                                      : IG_STR("--")));
        ig_explain_where(x, k, out);
        ig_buf_printf(out, ", bytes %u to %u%s\n", k->start, k->end,
                      k->joined ? ", over several parts" : "");
    }

    if (i == 0) {
        ig_buf_lit(out, "  none\n");
    }
}


static void
ig_text_rules(const ig_explained_t *x, ig_buf_t *out)
{
    bool               matched;
    size_t             i, elsewhere;
    const ig_rule_t   *r;

    ig_buf_lit(out, "\nRules\n");

    if (x->trace.n == 0) {
        ig_buf_lit(out, "  none was looked at\n");
        return;
    }

    elsewhere = 0;

    for (i = 0; i < x->trace.n; i++) {
        r = &x->policy->rules[x->trace.rules[i].rule];

        if (x->trace.rules[i].state == IG_TRACE_PACK) {
            elsewhere++;
            continue;
        }

        matched = x->trace.rules[i].state == IG_TRACE_MATCHED
                  || x->trace.rules[i].state == IG_TRACE_AUDIT;

        ig_buf_printf(out, "  %s %-32.*s %s", matched ? "+" : "-",
                      IG_FMT(r->id), ig_show_state(&x->trace.rules[i]));

        if (matched) {
            ig_buf_lit(out, ": ");
            ig_show_effects(out, r);
        }

        ig_buf_char(out, '\n');
    }

    for (i = 0; elsewhere && i < x->trace.n; i++) {
        if (x->trace.rules[i].state == IG_TRACE_PACK) {
            r = &x->policy->rules[x->trace.rules[i].rule];
            ig_buf_printf(out, "  - %-32.*s %.*s does not apply\n",
                          IG_FMT(r->id),
                          IG_FMT(x->policy->packs[r->pack].jurisdiction));
        }
    }
}


static void
ig_text_endpoints(const ig_explained_t *x, ig_buf_t *out)
{
    size_t                i;
    ig_reject_t           why;
    const ig_endpoint_t  *e;
    static const char *const  words[] = {
        "permitted",
        "no: speaks another dialect",
        "no: does not serve the model",
        "no: its country is not permitted",
        "no: an operator's country is not permitted",
        "no: not named for what cannot be inspected",
        "no: the request is refused"
    };

    ig_buf_lit(out, "\nEndpoints\n");

    for (i = 0; i < x->policy->nendpoints; i++) {
        e = &x->policy->endpoints[i];
        why = (ig_reject_t) x->decision->verdict.rejected[i];

        ig_buf_printf(out, "  %s %-24.*s %.*s (", why ? "-" : "+",
                      IG_FMT(e->name), IG_FMT(ig_country_code(e->country)));
        ig_show_countries(out, &e->operators);
        ig_buf_printf(out, ")  %s%s\n", words[why],
                      x->decision->endpoint == i ? ", chosen" : "");
    }
}


static void
ig_text_verdict(const ig_explained_t *x, const char *title,
    const ig_verdict_t *v, ig_buf_t *out)
{
    ig_buf_printf(out, "\n%s\n  %.*s, status %u", title,
                  IG_FMT(ig_verdict_name(v->word)), ig_show_status(v));

    if (v->reason != IG_REASON_NONE) {
        ig_buf_printf(out, ", %.*s: %.*s", IG_FMT(ig_reason_code(v->reason)),
                      IG_FMT(ig_reason_text(v->reason)));
    }

    if (v->rule != IG_NONE) {
        ig_buf_printf(out, " (rule %.*s)",
                      IG_FMT(x->policy->rules[v->rule].id));
    }

    ig_buf_lit(out, "\n  destinations     ");
    ig_show_countries(out, &v->destinations);
    ig_buf_lit(out, "\n  operators        ");
    ig_show_countries(out, &v->operators);
    ig_buf_char(out, '\n');
}


void
ig_explain_text(const ig_explained_t *x, ig_buf_t *out)
{
    const ig_decision_t  *d;

    d = x->decision;

    ig_text_request(x, out);
    ig_text_facts(x, out);
    ig_text_findings(x, out);
    ig_text_rules(x, out);
    ig_text_endpoints(x, out);
    ig_text_verdict(x, "Verdict", &d->verdict, out);

    if (d->endpoint != IG_NONE) {
        ig_buf_printf(out, "  goes to          %.*s\n",
                      IG_FMT(x->policy->endpoints[d->endpoint].name));
    }

    if (d->would_differs) {
        ig_text_verdict(x, "With audited rules enforced", &d->would, out);
    }
}

/*
 * explain for programs: one JSON object.
 */

#include "explain.h"


static void
ig_json_name(ig_buf_t *out, const char *key, bool there, ig_str_t value)
{
    ig_buf_printf(out, "\"%s\": ", key);

    if (there) {
        ig_buf_json(out, value);

    } else {
        ig_buf_lit(out, "null");
    }
}


static void
ig_json_verdict(const ig_explained_t *x, const ig_verdict_t *v, ig_buf_t *out)
{
    ig_json_name(out, "verdict", true, ig_verdict_name(v->word));
    ig_buf_lit(out, ", ");
    ig_json_name(out, "reason", v->reason != IG_REASON_NONE,
                 ig_reason_code(v->reason));
    ig_buf_printf(out, ", \"status\": %u, ", ig_show_status(v));
    ig_json_name(out, "rule", v->rule != IG_NONE,
                 v->rule != IG_NONE ? x->policy->rules[v->rule].id : IG_NO_STR);
    ig_buf_lit(out, ",\n  \"destinations\": ");
    ig_show_countries_json(out, &v->destinations);
    ig_buf_lit(out, ",\n  \"operators\": ");
    ig_show_countries_json(out, &v->operators);
}


static void
ig_json_request(const ig_explained_t *x, ig_buf_t *out)
{
    size_t               i;
    const ig_reading_t  *r;

    r = &x->decision->reading;

    ig_buf_lit(out, ",\n \"request\": {");
    ig_json_name(out, "method", true, x->request->method);
    ig_buf_lit(out, ", ");
    ig_json_name(out, "path", true, x->request->path);
    ig_buf_lit(out, ", ");
    ig_json_name(out, "dialect", r->dialect != IG_DIALECT_NONE,
                 ig_dialect_name(r->dialect));
    ig_buf_lit(out, ", ");
    ig_json_name(out, "operation", r->operation != NULL,
                 r->operation ? r->operation->name : IG_NO_STR);
    ig_buf_lit(out, ", ");
    ig_json_name(out, "model", r->model.len != 0, r->model);
    ig_buf_printf(out, ", \"stream\": %s, \"uninspectable\": %s, \"tools\": [",
                  r->stream ? "true" : "false",
                  r->uninspectable ? "true" : "false");

    for (i = 0; i < r->tools.n; i++) {
        ig_buf_str(out, i ? IG_STR(", ") : IG_NO_STR);
        ig_buf_json(out, r->tools.items[i]);
    }

    ig_buf_lit(out, "]}");
}


static void
ig_json_facts(const ig_explained_t *x, ig_buf_t *out)
{
    size_t             i;
    const char        *comma;
    const ig_facts_t  *f;

    f = &x->decision->facts;

    ig_buf_lit(out, ",\n \"facts\": {");
    ig_json_name(out, "tenant", f->tenant != IG_NONE,
                 f->tenant != IG_NONE ? x->policy->tenants[f->tenant].name
                                      : IG_NO_STR);
    ig_buf_printf(out, ", \"tenant_state\": \"%s\", ",
                  ig_explain_tenant(f->tenant_state));
    ig_json_name(out, "client_country",
                 f->client_country != IG_COUNTRY_UNKNOWN,
                 ig_country_code(f->client_country));
    ig_buf_lit(out, ",\n  \"jurisdictions\": ");
    ig_show_countries_json(out, &f->jurisdictions);
    ig_buf_lit(out, ", \"from_tenant\": ");
    ig_show_countries_json(out, &f->from_tenant);
    ig_buf_lit(out, ", \"from_client\": ");
    ig_show_countries_json(out, &f->from_client);
    ig_buf_lit(out, ", \"from_data\": ");
    ig_show_countries_json(out, &f->from_data);
    ig_buf_lit(out, ", \"from_claim\": ");
    ig_show_countries_json(out, &f->from_claim);
    ig_buf_lit(out, ",\n  \"packs\": [");

    comma = "";

    for (i = 0; i < x->policy->npacks; i++) {
        if (ig_bit_get(f->packs, i)) {
            ig_buf_str(out, ig_str_from_c(comma));
            ig_buf_json(out, x->policy->packs[i].everywhere
                             ? IG_STR("*") : x->policy->packs[i].jurisdiction);
            comma = ", ";
        }
    }

    ig_buf_lit(out, "]}");
}


static void
ig_json_findings(const ig_explained_t *x, ig_buf_t *out)
{
    char                 where[1024];
    size_t               i;
    ig_buf_t             b;
    const ig_finding_t  *k;

    ig_buf_lit(out, ",\n \"findings\": [");

    for (i = 0; i < x->decision->findings.n; i++) {
        k = &x->decision->findings.items[i];

        ig_buf_str(out, i ? IG_STR(",\n  {") : IG_STR("\n  {"));
        ig_json_name(out, "detector", true,
                     x->policy->detectors[k->detector].id);
        ig_buf_printf(out, ", \"score\": %g, ",
                      (double) k->score / IG_SCORE_ONE);
        ig_json_name(out, "owner", k->owner != IG_COUNTRY_UNKNOWN,
                     ig_country_code(k->owner));
        ig_buf_fixed(&b, where, sizeof(where));
        ig_explain_where(x, k, &b);
        ig_buf_lit(out, ", ");
        ig_json_name(out, "where", true, (ig_str_t) { b.data, b.len });
        ig_buf_printf(out, ", \"start\": %u, \"end\": %u}", k->start, k->end);
    }

    ig_buf_char(out, ']');
}


static void
ig_json_rules(const ig_explained_t *x, ig_buf_t *out)
{
    size_t                  i, k;
    ig_buf_t                b;
    const ig_rule_t        *r;
    const ig_trace_rule_t  *t;

    ig_buf_lit(out, ",\n \"rules\": [");

    for (i = 0; i < x->trace.n; i++) {
        t = &x->trace.rules[i];
        r = &x->policy->rules[t->rule];

        ig_buf_str(out, i ? IG_STR(",\n  {") : IG_STR("\n  {"));
        ig_json_name(out, "id", true, r->id);
        ig_buf_printf(out, ", \"state\": \"%s\", ",
                      ig_show_state_word(t->state));
        ig_json_name(out, "key", t->state == IG_TRACE_WHEN,
                     ig_str_from_c(ig_show_key(t->key)));
        ig_buf_lit(out, ", \"law\": [");

        for (k = 0; k < r->laws.n; k++) {
            ig_buf_str(out, k ? IG_STR(", ") : IG_NO_STR);
            ig_buf_json(out, x->policy->laws[r->laws.items[k]].id);
        }

        ig_buf_lit(out, "], ");
        ig_buf_init(&b, x->arena, 128);
        ig_show_effects(&b, r);
        ig_json_name(out, "then", true, (ig_str_t) { b.data, b.len });
        ig_buf_char(out, '}');
    }

    ig_buf_char(out, ']');
}


static void
ig_json_endpoints(const ig_explained_t *x, ig_buf_t *out)
{
    size_t                i;
    ig_reject_t           why;
    const ig_endpoint_t  *e;

    ig_buf_lit(out, ",\n \"endpoints\": [");

    for (i = 0; i < x->policy->nendpoints; i++) {
        e = &x->policy->endpoints[i];
        why = (ig_reject_t) x->decision->verdict.rejected[i];

        ig_buf_str(out, i ? IG_STR(",\n  {") : IG_STR("\n  {"));
        ig_json_name(out, "name", true, e->name);
        ig_buf_lit(out, ", ");
        ig_json_name(out, "country", true, ig_country_code(e->country));
        ig_buf_lit(out, ", \"operators\": ");
        ig_show_countries_json(out, &e->operators);
        ig_buf_printf(out, ", \"permitted\": %s, ", why ? "false" : "true");
        ig_json_name(out, "why", why != IG_REJECT_NOT, ig_reject_name(why));
        ig_buf_char(out, '}');
    }

    ig_buf_char(out, ']');
}


void
ig_explain_json(const ig_explained_t *x, ig_buf_t *out)
{
    const ig_decision_t  *d;

    d = x->decision;

    ig_buf_char(out, '{');
    ig_json_verdict(x, &d->verdict, out);
    ig_buf_lit(out, ",\n ");
    ig_json_name(out, "endpoint", d->endpoint != IG_NONE,
                 d->endpoint != IG_NONE ? x->policy->endpoints[d->endpoint].name
                                        : IG_NO_STR);
    ig_json_request(x, out);
    ig_json_facts(x, out);
    ig_json_findings(x, out);
    ig_json_rules(x, out);
    ig_json_endpoints(x, out);
    ig_buf_lit(out, ",\n \"would\": {");
    ig_json_verdict(x, &d->would, out);
    ig_buf_lit(out, "}}\n");
}

/*
 * The answer of a comparison, for people and for programs.
 */

#include "compare.h"
#include "show.h"

#include <string.h>


static void
ig_compare_score(ig_buf_t *out, uint16_t score)
{
    ig_buf_printf(out, "%u.%03u", score / IG_SCORE_ONE, score % IG_SCORE_ONE);

    while (out->len && out->data[out->len - 1] == '0'
           && out->data[out->len - 2] != '.')
    {
        out->len--;
    }
}


/* "sa.national_id of SA, score 0.95" */

static void
ig_compare_finding(ig_buf_t *out, const ig_compare_finding_t *f)
{
    size_t  side;

    side = f->score[1] ? 1 : 0;

    ig_buf_str(out, f->detector);

    if (f->owner[side] != IG_COUNTRY_UNKNOWN) {
        ig_buf_printf(out, " of %.*s",
                      IG_FMT(ig_country_code(f->owner[side])));
    }

    ig_buf_lit(out, ", score ");
    ig_compare_score(out, f->score[side]);

    if (f->score[1] == 0) {
        ig_buf_lit(out, " (the new rules do not look for it)");

    } else if (f->score[0] == 0) {
        ig_buf_lit(out, " (the old rules do not look for it)");

    } else if (f->score[0] != f->score[1]) {
        ig_buf_lit(out, " (under the old rules ");
        ig_compare_score(out, f->score[0]);
        ig_buf_lit(out, ")");
    }
}


static void
ig_compare_reading(ig_buf_t *out, const ig_compare_request_t *r)
{
    if (r->reason != IG_REASON_NONE) {
        ig_buf_printf(out, "  not read     %.*s\n",
                      IG_FMT(ig_reason_code(r->reason)));
        return;
    }

    if (r->uninspectable) {
        ig_buf_lit(out, "  has          a part that cannot be inspected\n");
    }
}


static void
ig_compare_who(ig_buf_t *out, const ig_compare_request_t *r)
{
    size_t  i;

    ig_buf_printf(out, "  tenant       %.*s\n",
                  IG_FMT(r->tenant.len ? r->tenant : IG_STR("(unknown)")));
    ig_buf_printf(out, "  client       %.*s\n",
                  IG_FMT(r->client ? ig_country_code(r->client)
                                   : IG_STR("(unknown)")));

    if (!ig_countries_empty(&r->claimed)) {
        ig_buf_lit(out, "  claims       ");
        ig_show_countries(out, &r->claimed);
        ig_buf_char(out, '\n');
    }

    ig_buf_printf(out, "  dialect      %.*s\n",
                  IG_FMT(ig_dialect_name(r->dialect)));
    ig_buf_printf(out, "  path         %.*s\n", IG_FMT(r->path));

    if (r->model.len) {
        ig_buf_printf(out, "  model        %.*s\n", IG_FMT(r->model));
    }

    for (i = 0; i < r->tools.n; i++) {
        ig_buf_printf(out, "  tool         %.*s\n", IG_FMT(r->tools.items[i]));
    }

    for (i = 0; i < r->nfindings; i++) {
        ig_buf_lit(out, "  data         ");
        ig_compare_finding(out, &r->findings[i]);
        ig_buf_char(out, '\n');
    }

    ig_compare_reading(out, r);
}


static void
ig_compare_why(const ig_compared_t *c, ig_buf_t *out)
{
    size_t                       i;
    const ig_rule_t             *rule;
    const ig_compare_request_t  *r;

    r = &c->comparison->request;
    ig_buf_lit(out, "  forbidden    ");

    if (r->rule >= c->old->nrules) {
        ig_buf_printf(out, "by the %s: %.*s\n", c->than,
                      IG_FMT(r->refused == IG_REASON_NONE
                             ? IG_STR("the stance uninspectable")
                             : ig_reason_code(r->refused)));
        return;
    }

    rule = &c->old->rules[r->rule];
    ig_buf_printf(out, "by %.*s, %s:%u", IG_FMT(rule->id), rule->place.file,
                  rule->place.line);

    for (i = 0; i < rule->laws.n; i++) {
        ig_buf_printf(out, "%s%.*s", i ? ", " : " (",
                      IG_FMT(c->old->laws[rule->laws.items[i]].id));
    }

    ig_buf_str(out, rule->laws.n ? IG_STR(")\n") : IG_STR("\n"));
}


static void
ig_compare_reserve(const ig_comparison_t *c, ig_buf_t *out)
{
    if (c->networks) {
        ig_buf_lit(out, "  but: networks differ, and which address is in which "
                   "country is not compared\n");
    }

    if (c->detectors) {
        ig_buf_printf(out, "  but: %zu detectors of one name differ (%.*s), and "
                      "what they find is not compared\n", c->detectors,
                      IG_FMT(c->detector));
    }

    if (c->tenants) {
        ig_buf_printf(out, "  but: %zu tenants have other credentials, and whose "
                      "a credential is is not compared\n", c->tenants);
    }
}


void
ig_compare_text(const ig_compared_t *c, ig_buf_t *out)
{
    const ig_endpoint_t    *e;
    const ig_comparison_t  *k;

    k = c->comparison;

    switch (k->answer) {

    case IG_COMPARE_PROVEN:
        ig_buf_printf(out, "proven: the new rules permit nothing that the %s "
                      "%s\n", c->than,
                      strcmp(c->than, "boundary") == 0 ? "forbids" : "forbid");
        break;

    case IG_COMPARE_UNDECIDED:
        ig_buf_printf(out, "not proven: %s, after %llu steps\n", k->bound,
                      (unsigned long long) k->steps);
        break;

    case IG_COMPARE_COUNTEREXAMPLE:
        e = &c->new->endpoints[k->request.endpoint];
        ig_buf_printf(out, "counterexample: the new rules permit what the %s "
                      "%s\n", c->than,
                      strcmp(c->than, "boundary") == 0 ? "forbids" : "forbid");
        ig_compare_who(out, &k->request);
        ig_buf_printf(out, "  permitted    %.*s in %.*s, operated under ",
                      IG_FMT(e->name), IG_FMT(ig_country_code(e->country)));
        ig_show_countries(out, &e->operators);
        ig_buf_char(out, '\n');
        ig_compare_why(c, out);
        ig_buf_lit(out, "  both were asked about this request, and say so\n");
        break;
    }

    ig_compare_reserve(k, out);
}


/* -- JSON ----------------------------------------------------------------- */

static void
ig_compare_json_side(ig_buf_t *out, const ig_compare_finding_t *f, size_t side,
    const char *name)
{
    ig_buf_printf(out, ", \"%s\": {\"score\": ", name);
    ig_compare_score(out, f->score[side]);

    if (f->owner[side] != IG_COUNTRY_UNKNOWN) {
        ig_buf_printf(out, ", \"owner\": \"%.*s\"",
                      IG_FMT(ig_country_code(f->owner[side])));
    }

    ig_buf_char(out, '}');
}


static void
ig_compare_json_request(ig_buf_t *out, const ig_compare_request_t *r)
{
    size_t  i;

    ig_buf_lit(out, ", \"request\": {\"tenant\": ");

    if (r->tenant.len) {
        ig_buf_json(out, r->tenant);

    } else {
        ig_buf_lit(out, "null");
    }

    ig_buf_lit(out, ", \"client_country\": ");
    ig_buf_json(out, ig_country_code(r->client));
    ig_buf_lit(out, ", \"claims\": ");
    ig_show_countries_json(out, &r->claimed);
    ig_buf_lit(out, ", \"dialect\": ");
    ig_buf_json(out, ig_dialect_name(r->dialect));
    ig_buf_lit(out, ", \"path\": ");
    ig_buf_json(out, r->path);
    ig_buf_lit(out, ", \"model\": ");
    ig_buf_json(out, r->model.len ? r->model : IG_STR(""));
    ig_buf_lit(out, ", \"unread\": ");
    ig_buf_json(out, ig_reason_code(r->reason));
    ig_buf_printf(out, ", \"uninspectable\": %s, \"tools\": [",
                  r->uninspectable ? "true" : "false");

    for (i = 0; i < r->tools.n; i++) {
        ig_buf_str(out, i ? IG_STR(", ") : IG_NO_STR);
        ig_buf_json(out, r->tools.items[i]);
    }

    ig_buf_lit(out, "], \"findings\": [");

    for (i = 0; i < r->nfindings; i++) {
        ig_buf_str(out, i ? IG_STR(", ") : IG_NO_STR);
        ig_buf_lit(out, "{\"detector\": ");
        ig_buf_json(out, r->findings[i].detector);
        ig_compare_json_side(out, &r->findings[i], 0, "old");
        ig_compare_json_side(out, &r->findings[i], 1, "new");
        ig_buf_char(out, '}');
    }

    ig_buf_lit(out, "]}");
}


static void
ig_compare_json_shown(const ig_compared_t *c, ig_buf_t *out)
{
    const ig_rule_t             *rule;
    const ig_endpoint_t         *e;
    const ig_compare_request_t  *r;

    r = &c->comparison->request;
    e = &c->new->endpoints[r->endpoint];

    ig_compare_json_request(out, r);
    ig_buf_lit(out, ", \"endpoint\": ");
    ig_buf_json(out, e->name);
    ig_buf_lit(out, ", \"endpoint_country\": ");
    ig_buf_json(out, ig_country_code(e->country));

    if (r->rule < c->old->nrules) {
        rule = &c->old->rules[r->rule];
        ig_buf_lit(out, ", \"forbidden_by\": ");
        ig_buf_json(out, rule->id);
        ig_buf_lit(out, ", \"file\": ");
        ig_buf_json(out, ig_str_from_c(rule->place.file));
        ig_buf_printf(out, ", \"line\": %u", rule->place.line);
    }

    if (r->refused != IG_REASON_NONE) {
        ig_buf_lit(out, ", \"refused\": ");
        ig_buf_json(out, ig_reason_code(r->refused));
    }
}


void
ig_compare_json(const ig_compared_t *c, ig_buf_t *out)
{
    const ig_comparison_t     *k;
    static const char *const   words[] = { "proven", "counterexample",
                                           "not_proven" };

    k = c->comparison;

    ig_buf_printf(out, "{\"than\": \"%s\", \"answer\": \"%s\", \"steps\": %llu",
                  c->than, words[k->answer], (unsigned long long) k->steps);
    ig_buf_printf(out, ", \"reservations\": {\"networks\": %s, \"detectors\": "
                  "%zu, \"tenants\": %zu}", k->networks ? "true" : "false",
                  k->detectors, k->tenants);

    if (k->answer == IG_COMPARE_UNDECIDED) {
        ig_buf_printf(out, ", \"bound\": \"%s\"", k->bound);
    }

    if (k->answer == IG_COMPARE_COUNTEREXAMPLE) {
        ig_compare_json_shown(c, out);
    }

    ig_buf_char(out, '}');
}

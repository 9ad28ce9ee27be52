/*
 * Refusals, data types, limits, endpoints, and the log itself.
 */

#include "audit_report.h"

#include <inttypes.h>
#include <string.h>


static void
ig_report_reason_row(ig_report_t *r, ig_out_t *o, const ig_tally_row_t *row,
    const uint64_t *v)
{
    ig_str_t     code, text;
    ig_reason_t  i;

    text = IG_NO_STR;

    if (row) {
        code = ig_tally_field(row, 0);

        for (i = 1; i < IG_REASON_COUNT; i++) {
            if (ig_str_eq(code, ig_reason_code(i))) {
                text = ig_reason_text(i);
            }
        }

        ig_out_row(o, false);
        ig_report_field(o, row, 0);
    }

    ig_report_field(o, row, 1);
    ig_out_text(o, text);
    ig_out_number(o, v[IG_V_REQUESTS],
                  row ? r->tallies[IG_TALLY_REASON].rows[0].v[0] : 0);
    ig_out_row_end(o);
}


/* one string of each citation with that id, as packs may share ids */

static void
ig_report_citations(ig_report_t *r, ig_out_t *o, ig_str_t id, size_t offset)
{
    size_t           from;
    ig_str_t         s;
    const ig_law_t  *law;

    ig_out_list(o);
    from = 0;

    while ((law = ig_report_law(&r->texts, id, &from)) != NULL) {
        memcpy(&s, (const uint8_t *) law + offset, sizeof(s));

        if (s.len) {
            ig_out_item(o, s);
        }
    }

    ig_out_list_end(o);
}


static void
ig_report_by_law_row(ig_report_t *r, ig_out_t *o, const ig_tally_row_t *row,
    const uint64_t *v)
{
    ig_str_t  id;

    if (row) {
        id = ig_tally_field(row, 0);
        ig_out_row(o, false);
        ig_report_field(o, row, 0);
        ig_report_citations(r, o, id, offsetof(ig_law_t, title));
        ig_report_citations(r, o, id, offsetof(ig_law_t, article));

    } else {
        ig_out_none(o);
        ig_out_none(o);
    }

    ig_out_number(o, v[IG_V_BLOCKED],
                  row ? r->tallies[IG_TALLY_BY_LAW].rows[0].v[0] : 0);
    ig_out_number(o, v[IG_V_WOULD], 0);
    ig_out_row_end(o);
}


static void
ig_report_by_rule_row(ig_report_t *r, ig_out_t *o, const ig_tally_row_t *row,
    const uint64_t *v)
{
    size_t            i;
    ig_str_t          id;
    const ig_law_t   *law;
    const ig_rule_t  *rule;

    if (row) {
        id = ig_tally_field(row, 0);
        rule = ig_report_rule(&r->texts, id);

        ig_out_row(o, false);
        ig_report_field(o, row, 0);
        ig_out_list(o);

        for (i = 0; rule && i < rule->laws.n; i++) {
            law = &r->texts.policy->laws[rule->laws.items[i]];
            ig_out_item(o, law->id);
        }

        ig_out_list_end(o);

    } else {
        ig_out_none(o);
    }

    ig_out_number(o, v[IG_V_BLOCKED],
                  row ? r->tallies[IG_TALLY_BY_RULE].rows[0].v[0] : 0);
    ig_out_number(o, v[IG_V_WOULD], 0);
    ig_out_row_end(o);
}


void
ig_report_refusals(ig_report_t *r, ig_out_t *o)
{
    static const ig_column_t  reason[] = {
        { "reason", "Reason", IG_COL_TEXT },
        { "status", "Status", IG_COL_TEXT },
        { "means", "That is", IG_COL_TEXT },
        { "requests", "Requests", IG_COL_BAR }
    };
    static const ig_column_t  law[] = {
        { "law", "Law", IG_COL_TEXT },
        { "titles", "Title", IG_COL_TEXT },
        { "articles", "Article", IG_COL_TEXT },
        { "refused", "Refused", IG_COL_BAR },
        { "would_be_refused", "Would be refused", IG_COL_NUMBER }
    };
    static const ig_column_t  rule[] = {
        { "rule", "Rule", IG_COL_TEXT },
        { "laws", "Laws it cites", IG_COL_TEXT },
        { "refused", "Refused", IG_COL_BAR },
        { "would_be_refused", "Would be refused", IG_COL_NUMBER }
    };
    static const ig_table_t   tables[] = {
        { "refusals-by-law", "Refusals by law", NULL, law, 5 },
        { "refusals-by-rule", "Refusals by rule", NULL, rule, 4 },
        { "refusals-by-reason", "All refusals by reason", NULL, reason, 4 }
    };

    ig_out_html(o, "<section id=\"refusals\" aria-labelledby=\"refusals-t\">\n"
                "<h2 id=\"refusals-t\">What was blocked, and why</h2>\n"
                "<p>A refusal that several laws or rules led to counts under "
                "each of them. <em>Would be refused</em>: by rules that are "
                "only audited; these requests went on.</p>\n");

    if (r->texts.policy == NULL) {
        ig_out_html(o, "<p class=\"note\">Laws are shown by the ids of the "
                    "rule packs; <code>--rules</code> adds titles and "
                    "articles.</p>\n");
    }

    ig_report_tally(r, o, IG_TALLY_BY_LAW, &tables[0], ig_report_by_law_row);
    ig_report_tally(r, o, IG_TALLY_BY_RULE, &tables[1], ig_report_by_rule_row);
    ig_report_tally(r, o, IG_TALLY_REASON, &tables[2], ig_report_reason_row);
    ig_out_html(o, "</section>\n");
}


static void
ig_report_data_row(ig_report_t *r, ig_out_t *o, const ig_tally_row_t *row,
    const uint64_t *v)
{
    if (row) {
        ig_out_row(o, false);
        ig_report_field(o, row, 0);
        ig_report_field(o, row, 1);
        ig_out_text(o, ig_report_detector(&r->texts, ig_tally_field(row, 1)));

    } else {
        ig_out_none(o);
        ig_out_none(o);
    }

    ig_out_number(o, v[IG_V_REQUESTS],
                  row ? r->tallies[IG_TALLY_DATA].rows[0].v[0] : 0);
    ig_out_number(o, v[IG_V_PLACES], 0);
    ig_out_number(o, v[IG_V_WENT], 0);
    ig_out_number(o, v[IG_V_ABROAD], 0);
    ig_out_number(o, v[IG_V_REFUSED], 0);
    ig_out_row_end(o);
}


void
ig_report_data(ig_report_t *r, ig_out_t *o)
{
    static const ig_column_t  columns[] = {
        { "tenant", "Tenant", IG_COL_TEXT },
        { "detector", "Data type", IG_COL_TEXT },
        { "title", "That is", IG_COL_TEXT },
        { "requests", "Requests", IG_COL_BAR },
        { "places", "Places", IG_COL_NUMBER },
        { "sent", "Sent or perhaps", IG_COL_NUMBER },
        { "abroad", "Abroad", IG_COL_NUMBER },
        { "refused", "Refused", IG_COL_NUMBER }
    };
    static const ig_table_t   table = {
        "data-types", "Data types by tenant", NULL, columns, 8
    };

    ig_out_html(o, "<section id=\"data\" aria-labelledby=\"data-t\">\n"
                "<h2 id=\"data-t\">Data types</h2>\n<p>What the detectors "
                "found in requests. What none of them knows is not "
                "here.</p>\n");

    ig_report_tally(r, o, IG_TALLY_DATA, &table, ig_report_data_row);
    ig_out_html(o, "</section>\n");
}


static void
ig_report_limit_row(ig_report_t *r, ig_out_t *o, const ig_tally_row_t *row,
    const uint64_t *v)
{
    (void) r;

    if (row) {
        ig_out_row(o, false);
        ig_report_field(o, row, 0);
    }

    ig_report_field(o, row, 1);
    ig_report_field(o, row, 2);
    ig_out_number(o, v[IG_V_REQUESTS], 0);
    ig_out_time(o, row ? v[IG_V_FIRST] : 0);
    ig_out_time(o, row ? v[IG_V_LAST] : 0);
    ig_out_row_end(o);
}


void
ig_report_limits(ig_report_t *r, ig_out_t *o)
{
    static const ig_column_t  columns[] = {
        { "tenant", "Tenant", IG_COL_TEXT },
        { "limit", "Limit", IG_COL_TEXT },
        { "what", "What happened", IG_COL_TEXT },
        { "times", "Times", IG_COL_NUMBER },
        { "first", "First (UTC)", IG_COL_TEXT },
        { "last", "Last (UTC)", IG_COL_TEXT }
    };
    static const ig_table_t   table = {
        "limits-hit", "Limits that were hit", NULL, columns, 6
    };

    ig_out_html(o, "<section id=\"limits\" aria-labelledby=\"limits-t\">\n"
                "<h2 id=\"limits-t\">Limits</h2>\n");
    ig_report_tally(r, o, IG_TALLY_LIMIT, &table, ig_report_limit_row);
    ig_out_html(o, "</section>\n");
}


/* "12.3457 USD" for people, all nine places for programs */

static void
ig_report_cost(ig_report_t *r, ig_out_t *o, ig_str_t endpoint)
{
    char               text[64];
    size_t             i;
    uint64_t           nano;
    ig_str_t           currency;
    const ig_tally_t  *t = &r->tallies[IG_TALLY_COST];

    ig_out_list(o);

    for (i = 0; i < t->n; i++) {

        if (!ig_str_eq(ig_tally_field(&t->rows[i], 0), endpoint)) {
            continue;
        }

        nano = t->rows[i].v[IG_V_NANO];
        currency = ig_tally_field(&t->rows[i], 1);
        currency.len = currency.len < 8 ? currency.len : 8;

        if (o->json) {
            (void) snprintf(text, sizeof(text), "%" PRIu64 ".%09" PRIu64
                            " %.*s", nano / 1000000000, nano % 1000000000,
                            IG_FMT(currency));

        } else {
            nano = nano / 100000 + (nano % 100000 >= 50000);
            (void) snprintf(text, sizeof(text), "%" PRIu64 ".%04" PRIu64
                            " %.*s", nano / 10000, nano % 10000,
                            IG_FMT(currency));
        }

        ig_out_item(o, ig_str_from_c(text));
    }

    ig_out_list_end(o);
}


static void
ig_report_endpoint_row(ig_report_t *r, ig_out_t *o, const ig_tally_row_t *row,
    const uint64_t *v)
{
    ig_str_t  name;

    if (row) {
        name = ig_tally_field(row, 0);
        ig_out_row(o, false);
        ig_report_field(o, row, 0);
        ig_out_country(o, ig_report_field_country(row, 1));
        ig_report_list(r, o, IG_TALLY_OPERATORS, &name, 1);

    } else {
        ig_out_none(o);
        ig_out_none(o);
    }

    ig_out_number(o, v[IG_V_TRANSFERS],
                  row ? r->tallies[IG_TALLY_ENDPOINT].rows[0].v[0] : 0);
    ig_out_number(o, v[IG_V_FAILED], 0);
    ig_out_number(o, v[IG_V_UNVERIFIED], 0);
    ig_out_bytes(o, v[IG_V_SENT]);
    ig_out_bytes(o, v[IG_V_RECEIVED]);
    ig_out_number(o, v[IG_V_INPUT], 0);
    ig_out_number(o, v[IG_V_OUTPUT], 0);

    if (row) {
        ig_report_cost(r, o, ig_tally_field(row, 0));

    } else {
        ig_out_none(o);
    }

    ig_out_row_end(o);
}


static void
ig_report_model_row(ig_report_t *r, ig_out_t *o, const ig_tally_row_t *row,
    const uint64_t *v)
{
    if (row) {
        ig_out_row(o, false);
        ig_report_field(o, row, 0);
    }

    ig_out_number(o, v[IG_V_REQUESTS],
                  row ? r->tallies[IG_TALLY_MODEL].rows[0].v[0] : 0);
    ig_out_number(o, v[IG_V_WENT], 0);
    ig_out_number(o, v[IG_V_ABROAD], 0);
    ig_out_number(o, v[IG_V_REFUSED], 0);
    ig_out_row_end(o);
}


void
ig_report_endpoints(ig_report_t *r, ig_out_t *o)
{
    static const ig_column_t  endpoint[] = {
        { "endpoint", "Endpoint", IG_COL_TEXT },
        { "country", "Country", IG_COL_COUNTRY },
        { "operators", "Operators' law", IG_COL_TEXT },
        { "requests", "Requests", IG_COL_BAR },
        { "failed", "Failed (5xx)", IG_COL_NUMBER },
        { "address_not_verified", "Address not verified", IG_COL_NUMBER },
        { "sent_bytes", "Sent", IG_COL_NUMBER },
        { "received_bytes", "Received", IG_COL_NUMBER },
        { "input_tokens", "Tokens in", IG_COL_NUMBER },
        { "output_tokens", "Tokens out", IG_COL_NUMBER },
        { "cost", "Cost", IG_COL_NUMBER }
    };
    static const ig_column_t  model[] = {
        { "model", "Model asked for", IG_COL_TEXT },
        { "requests", "Requests", IG_COL_BAR },
        { "sent", "Sent or perhaps", IG_COL_NUMBER },
        { "abroad", "Abroad", IG_COL_NUMBER },
        { "refused", "Refused", IG_COL_NUMBER }
    };
    static const ig_table_t   tables[] = {
        { "endpoints-used", "Endpoints used", NULL, endpoint, 11 },
        { "models", "Models asked for", NULL, model, 5 }
    };

    ig_out_html(o, "<section id=\"endpoints\" "
                "aria-labelledby=\"endpoints-t\">\n"
                "<h2 id=\"endpoints-t\">Endpoints</h2>\n<p><em>Address not "
                "verified</em>: the address that was connected to lies in no "
                "range that is declared for the endpoint, because none "
                "is.</p>\n");

    ig_report_tally(r, o, IG_TALLY_ENDPOINT, &tables[0],
                    ig_report_endpoint_row);
    ig_report_tally(r, o, IG_TALLY_MODEL, &tables[1], ig_report_model_row);
    ig_out_html(o, "</section>\n");
}


static void
ig_report_policy_row(ig_report_t *r, ig_out_t *o, const ig_tally_row_t *row,
    const uint64_t *v)
{
    char      hex[2 * IG_DIGEST_SIZE + 1];
    size_t    i;
    ig_str_t  digest;

    if (row) {
        ig_out_row(o, false);
        ig_report_field(o, row, 0);
    }

    if (row && r->texts.policy) {
        for (i = 0; i < IG_DIGEST_SIZE; i++) {
            (void) snprintf(hex + 2 * i, 3, "%02x",
                            r->texts.policy->digest[i]);
        }

        digest = ig_tally_field(row, 0);
        ig_out_word(o, ig_str_eq(digest, ig_str_from_c(hex)) ? "yes" : "no");

    } else {
        ig_out_none(o);
    }

    ig_out_number(o, v[IG_V_REQUESTS], 0);
    ig_out_time(o, row ? v[IG_V_FIRST] : 0);
    ig_out_time(o, row ? v[IG_V_LAST] : 0);
    ig_out_row_end(o);
}


void
ig_report_log(ig_report_t *r, ig_out_t *o)
{
    static const ig_column_t  columns[] = {
        { "policy", "Policy (SHA-256 of the rule files)", IG_COL_TEXT },
        { "these_rules", "Titles are from it", IG_COL_TEXT },
        { "requests", "Requests", IG_COL_NUMBER },
        { "first", "First (UTC)", IG_COL_TEXT },
        { "last", "Last (UTC)", IG_COL_TEXT }
    };
    static const ig_table_t   table = {
        "policies", "Policies that decided", NULL, columns, 5
    };

    ig_out_html(o, "<section id=\"log\" aria-labelledby=\"log-t\">\n"
                "<h2 id=\"log-t\">The log</h2>\n");

    ig_report_tally(r, o, IG_TALLY_POLICY, &table, ig_report_policy_row);

    ig_out_html(o, "<p>No text of a request is in the log, nor a value that "
                "was found: types, counts and places only. A record says what "
                "the guard decided and which address it connected to. It does "
                "not prove that the endpoint processes where its operator "
                "says.</p>\n</section>\n");
}

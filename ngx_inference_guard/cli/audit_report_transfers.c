/*
 * What went where: the pictures, the record of processing, the ledger.
 *
 * Articles are of Regulation (EU) 2016/679 (GDPR), which is in force in the EEA
 * by Decision of the EEA Joint Committee No 154/2018.
 */

#include "audit_report.h"


static uint64_t
ig_report_most(const ig_report_t *r, ig_report_tally_t tally,
    const ig_tally_row_t *row)
{
    return row ? r->tallies[tally].rows[0].v[0] : 0;
}


static void
ig_report_pair(ig_report_t *r, ig_out_t *o, const ig_tally_row_t *row,
    const uint64_t *v, ig_report_tally_t tally)
{
    ig_country_t  from, to;

    if (row) {
        from = ig_report_field_country(row, 0);
        to = ig_report_field_country(row, 1);
        ig_out_row(o, ig_report_abroad(r, from, to));
        ig_out_country(o, from);
        ig_out_country(o, to);

    } else {
        ig_out_none(o);
    }

    ig_out_number(o, v[IG_V_TRANSFERS], ig_report_most(r, tally, row));
    ig_out_number(o, v[IG_V_UNKNOWN], 0);
    ig_out_number(o, v[IG_V_FOUND], 0);
    ig_out_bytes(o, v[IG_V_SENT]);
    ig_out_bytes(o, v[IG_V_RECEIVED]);
    ig_out_row_end(o);
}


static void
ig_report_client_row(ig_report_t *r, ig_out_t *o, const ig_tally_row_t *row,
    const uint64_t *v)
{
    ig_report_pair(r, o, row, v, IG_TALLY_CLIENT);
}


static void
ig_report_law_row(ig_report_t *r, ig_out_t *o, const ig_tally_row_t *row,
    const uint64_t *v)
{
    ig_report_pair(r, o, row, v, IG_TALLY_LAW);
}


static void
ig_report_day_row(ig_report_t *r, ig_out_t *o, const ig_tally_row_t *row,
    const uint64_t *v)
{
    size_t    i;
    uint64_t  most;

    most = 1;

    for (i = 0; row && i < r->tallies[IG_TALLY_DAY].n; i++) {
        if (r->tallies[IG_TALLY_DAY].rows[i].v[0] > most) {
            most = r->tallies[IG_TALLY_DAY].rows[i].v[0];
        }
    }

    if (row) {
        ig_out_row(o, false);
        ig_report_field(o, row, 0);
    }

    ig_out_number(o, v[IG_V_REQUESTS], row ? most : 0);
    ig_out_number(o, v[IG_V_WENT], 0);
    ig_out_number(o, v[IG_V_ABROAD], 0);
    ig_out_number(o, v[IG_V_REFUSED], 0);
    ig_out_number(o, v[IG_V_WITH], 0);
    ig_out_row_end(o);
}


#define IG_PAIR_COLUMNS                                                       \
    { "to", "Endpoint in", IG_COL_COUNTRY },                                  \
    { "transfers", "Transfers", IG_COL_BAR },                                 \
    { "no_outcome", "Without outcome", IG_COL_NUMBER },                       \
    { "with_findings", "With data found", IG_COL_NUMBER },                    \
    { "sent_bytes", "Sent", IG_COL_NUMBER },                                  \
    { "received_bytes", "Received", IG_COL_NUMBER }

void
ig_report_transfers(ig_report_t *r, ig_out_t *o)
{
    static const ig_column_t  client[] = {
        { "from", "Client in", IG_COL_COUNTRY }, IG_PAIR_COLUMNS
    };
    static const ig_column_t  law[] = {
        { "law_of", "Law of", IG_COL_COUNTRY }, IG_PAIR_COLUMNS
    };
    static const ig_column_t  day[] = {
        { "day", "Day (UTC)", IG_COL_TEXT },
        { "requests", "Requests", IG_COL_BAR },
        { "sent", "Sent or perhaps", IG_COL_NUMBER },
        { "abroad", "Abroad", IG_COL_NUMBER },
        { "refused", "Refused", IG_COL_NUMBER },
        { "with_findings", "With data found", IG_COL_NUMBER }
    };
    static const ig_table_t   tables[] = {
        { "by-client", "Transfers by the client's country",
          "From the client's country to the endpoint's", client, 7 },
        { "by-law", "Transfers by the law that applied",
          "From the country whose law applied to the endpoint's", law, 7 },
        { "by-day", "Requests by day", NULL, day, 6 }
    };

    ig_out_html(o, "<section id=\"transfers\" aria-labelledby=\"transfers-t\">"
                "\n<h2 id=\"transfers-t\">Transfers</h2>\n<p>A transfer is a "
                "request that was sent to an endpoint, or that was permitted "
                "and has no outcome in the log: it may have been sent.</p>\n");

    ig_report_tally(r, o, IG_TALLY_CLIENT, &tables[0], ig_report_client_row);

    ig_out_html(o, "<p>The same transfers by the law that applied to them: of "
                "the tenant's home, the client's country, the owner of data "
                "found, and a claim. A request under two laws is in two "
                "rows.</p>\n");

    ig_report_tally(r, o, IG_TALLY_LAW, &tables[1], ig_report_law_row);
    ig_report_tally(r, o, IG_TALLY_DAY, &tables[2], ig_report_day_row);
    ig_out_html(o, "</section>\n");
}


static void
ig_report_recipients(ig_report_t *r, ig_out_t *o, ig_str_t tenant)
{
    char               text[IG_TALLY_STRING + 8];
    size_t             i;
    ig_str_t           name, country;
    const ig_tally_t  *t = &r->tallies[IG_TALLY_RECIPIENT];

    ig_out_list(o);

    for (i = 0; i < t->n && o->items < IG_REPORT_ROWS; i++) {

        if (!ig_str_eq(ig_tally_field(&t->rows[i], 0), tenant)) {
            continue;
        }

        name = ig_tally_field(&t->rows[i], 1);
        country = ig_tally_field(&t->rows[i], 2);
        (void) snprintf(text, sizeof(text), "%.*s (%.*s)", IG_FMT(name),
                        IG_FMT(country));
        ig_out_item(o, ig_str_from_c(text));
    }

    ig_out_list_end(o);
}


/* destinations outside the EEA of what was under the law of a member */

static void
ig_report_third(ig_report_t *r, ig_out_t *o, ig_str_t tenant)
{
    bool               unknown;
    size_t             i;
    ig_country_t       c;
    ig_countries_t     third;
    const ig_tally_t  *t = &r->tallies[IG_TALLY_LEDGER];

    unknown = false;
    third = ig_countries_none();

    for (i = 0; i < t->n; i++) {

        if (!ig_str_eq(ig_tally_field(&t->rows[i], 0), tenant)
            || !ig_countries_has(&r->eea,
                                 ig_report_field_country(&t->rows[i], 1)))
        {
            continue;
        }

        c = ig_report_field_country(&t->rows[i], 2);

        if (c == IG_COUNTRY_UNKNOWN) {
            unknown = true;

        } else if (!ig_countries_has(&r->eea, c)) {
            ig_countries_add(&third, c);
        }
    }

    ig_out_list(o);

    for (c = ig_countries_next(&third, 1); c;
         c = ig_countries_next(&third, (ig_country_t) (c + 1)))
    {
        ig_out_item(o, ig_country_code(c));
    }

    if (unknown) {
        ig_out_item(o, IG_STR("not known"));
    }

    ig_out_list_end(o);
}


static void
ig_report_processing_row(ig_report_t *r, ig_out_t *o,
    const ig_tally_row_t *row, const uint64_t *v)
{
    size_t    i;
    ig_str_t  tenant;

    if (row == NULL) {
        ig_out_number(o, v[IG_V_REQUESTS], 0);

        for (i = 0; i < 4; i++) {
            ig_out_none(o);
        }

        ig_out_number(o, v[IG_V_REFUSED], 0);
        ig_out_row_end(o);
        return;
    }

    tenant = ig_tally_field(row, 0);

    ig_out_row(o, false);
    ig_report_field(o, row, 0);
    ig_out_number(o, v[IG_V_REQUESTS], 0);
    ig_report_list(r, o, IG_TALLY_OPERATION, &tenant, 1);
    ig_report_list(r, o, IG_TALLY_DATA, &tenant, 1);
    ig_report_recipients(r, o, tenant);
    ig_report_third(r, o, tenant);
    ig_out_number(o, v[IG_V_REFUSED], 0);
    ig_out_row_end(o);
}


void
ig_report_processing(ig_report_t *r, ig_out_t *o)
{
    static const ig_column_t  columns[] = {
        { "tenant", "Tenant", IG_COL_TEXT },
        { "requests", "Requests", IG_COL_NUMBER },
        { "operations", "Processing (b)", IG_COL_TEXT },
        { "data_types", "Categories of personal data (c)", IG_COL_TEXT },
        { "recipients", "Categories of recipients (d)", IG_COL_TEXT },
        { "third_countries", "Transfers to third countries (e)",
          IG_COL_TEXT },
        { "refused", "Refused", IG_COL_NUMBER }
    };
    static const ig_table_t   table = {
        "article-30",
        "Record of processing activities: what the log contributes", NULL,
        columns, 7
    };

    ig_out_html(o, "<section id=\"processing\" "
                "aria-labelledby=\"processing-t\">\n<h2 id=\"processing-t\">"
                "Record of processing (GDPR art. 30)</h2>\n<p>Letters are of "
                "art. 30(1). The log knows operations, types of data, "
                "recipients and countries. The controller adds: name and "
                "contacts (a), purposes (b), categories of data subjects (c), "
                "documents of suitable safeguards (e), time limits for erasure "
                "(f). Technical measures (g): each request was inspected and "
                "decided by the rules under <a href=\"#log\">The log</a> "
                "before a byte left; refusals are under "
                "<a href=\"#refusals\">Refusals</a>.</p>\n");

    ig_report_tally(r, o, IG_TALLY_TENANT, &table, ig_report_processing_row);
    ig_out_html(o, "</section>\n");
}


static const char *
ig_report_relation(const ig_report_t *r, ig_country_t law, ig_country_t to)
{
    if (law == IG_COUNTRY_UNKNOWN || to == IG_COUNTRY_UNKNOWN) {
        return "not known";
    }

    if (!ig_countries_has(&r->eea, law)) {
        return "another country";
    }

    return ig_countries_has(&r->eea, to) ? "within the EEA"
                                         : "third country";
}


static void
ig_report_ledger_row(ig_report_t *r, ig_out_t *o, const ig_tally_row_t *row,
    const uint64_t *v)
{
    size_t        i;
    ig_str_t      key[4];
    ig_country_t  law, to;

    if (row) {
        for (i = 0; i < 4; i++) {
            key[i] = ig_tally_field(row, i);
        }

        law = ig_country_parse(key[1]);
        to = ig_country_parse(key[2]);

        ig_out_row(o, ig_report_abroad(r, law, to));
        ig_report_field(o, row, 0);
        ig_out_country(o, law);
        ig_out_country(o, to);
        ig_out_word(o, ig_report_relation(r, law, to));
        ig_report_field(o, row, 3);
        ig_report_list(r, o, IG_TALLY_OPERATORS, &key[3], 1);

    } else {
        for (i = 0; i < 5; i++) {
            ig_out_none(o);
        }
    }

    ig_out_number(o, v[IG_V_TRANSFERS], 0);
    ig_out_number(o, v[IG_V_UNKNOWN], 0);
    ig_out_number(o, v[IG_V_FOUND], 0);

    if (row) {
        ig_report_list(r, o, IG_TALLY_MOVED, key, 4);
        ig_report_list(r, o, IG_TALLY_BASIS, key, 4);

    } else {
        ig_out_none(o);
        ig_out_none(o);
    }

    ig_out_bytes(o, v[IG_V_SENT]);
    ig_out_time(o, row ? v[IG_V_FIRST] : 0);
    ig_out_time(o, row ? v[IG_V_LAST] : 0);
    ig_out_row_end(o);
}


void
ig_report_ledger(ig_report_t *r, ig_out_t *o)
{
    static const ig_column_t  columns[] = {
        { "tenant", "Tenant", IG_COL_TEXT },
        { "law_of", "Law of", IG_COL_COUNTRY },
        { "to", "Endpoint in", IG_COL_COUNTRY },
        { "relation", "That is", IG_COL_TEXT },
        { "endpoint", "Endpoint", IG_COL_TEXT },
        { "operators", "Its operators' law", IG_COL_TEXT },
        { "transfers", "Transfers", IG_COL_NUMBER },
        { "no_outcome", "Without outcome", IG_COL_NUMBER },
        { "with_findings", "With data found", IG_COL_NUMBER },
        { "data_types", "Data types", IG_COL_TEXT },
        { "laws", "Laws applied", IG_COL_TEXT },
        { "sent_bytes", "Sent", IG_COL_NUMBER },
        { "first", "First (UTC)", IG_COL_TEXT },
        { "last", "Last (UTC)", IG_COL_TEXT }
    };
    static const ig_table_t   table = {
        "chapter-5", "Transfers out of the country whose law applied", NULL,
        columns, 14
    };

    ig_out_html(o, "<section id=\"ledger\" aria-labelledby=\"ledger-t\">\n"
                "<h2 id=\"ledger-t\">Transfer ledger (GDPR chapter V, and the "
                "laws of other countries)</h2>\n<p>Every transfer to a country "
                "other than the one whose law applied. <em>Third country</em>: "
                "from a member of the EEA to a country outside it, so that "
                "art. 44 to 50 apply. The log does not know the instrument "
                "(adequacy, clauses, consent); it knows the laws cited by the "
                "rules that counted.</p>\n");

    ig_report_tally(r, o, IG_TALLY_LEDGER, &table, ig_report_ledger_row);
    ig_out_html(o, "</section>\n");
}

/*
 * The report's frame: what was read, whether it is verified, the totals; and
 * how a tally becomes a table.
 */

#include "audit_report.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>


void
ig_report_field(ig_out_t *o, const ig_tally_row_t *row, size_t field)
{
    if (row) {
        ig_out_text(o, ig_tally_field(row, field));

    } else {
        ig_out_none(o);
    }
}


ig_country_t
ig_report_field_country(const ig_tally_row_t *row, size_t field)
{
    return ig_country_parse(ig_tally_field(row, field));
}


static void
ig_report_sum(uint64_t *sum, const uint64_t *v)
{
    size_t  i;

    for (i = 0; i < IG_TALLY_VALUES; i++) {
        ig_tally_add(&sum[i], v[i]);
    }
}


void
ig_report_tally(ig_report_t *r, ig_out_t *o, ig_report_tally_t tally,
    const ig_table_t *table, ig_report_row_f fn)
{
    size_t             i;
    uint64_t           others, sum[IG_TALLY_VALUES];
    const ig_tally_t  *t = &r->tallies[tally];

    ig_out_table(o, table);

    for (i = 0; i < t->n && i < IG_REPORT_ROWS; i++) {
        fn(r, o, &t->rows[i], t->rows[i].v);
    }

    others = t->n - i;
    memcpy(sum, t->others, sizeof(sum));

    for ( /* void */ ; i < t->n; i++) {
        ig_report_sum(sum, t->rows[i].v);
    }

    if (others || t->overflow) {
        ig_out_others(o, others);
        fn(r, o, NULL, sum);
    }

    ig_out_table_end(o);
}


static bool
ig_report_begins(const ig_tally_row_t *row, const ig_str_t *fields, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (!ig_str_eq(ig_tally_field(row, i), fields[i])) {
            return false;
        }
    }

    return true;
}


void
ig_report_list(ig_report_t *r, ig_out_t *o, ig_report_tally_t tally,
    const ig_str_t *fields, size_t n)
{
    size_t             i;
    const ig_tally_t  *t = &r->tallies[tally];

    ig_out_list(o);

    for (i = 0; i < t->n && o->items < IG_REPORT_ROWS; i++) {
        if (ig_report_begins(&t->rows[i], fields, n)) {
            ig_out_item(o, ig_tally_field(&t->rows[i], n));
        }
    }

    if (t->overflow) {
        ig_out_item(o, IG_STR("and others"));
    }

    ig_out_list_end(o);
}


static void
ig_show_fact(FILE *to, const char *name, ig_str_t value)
{
    fprintf(to, "<div><dt>%s</dt><dd><bdi>", name);
    ig_html_text(to, value);
    fputs("</bdi></dd></div>\n", to);
}


static void
ig_show_total(FILE *to, const char *name, uint64_t n, const char *more)
{
    fprintf(to, "<div%s><dt>%s</dt><dd>", n ? "" : " class=\"zero\"", name);
    ig_html_number(to, n);
    fprintf(to, "</dd><dd class=\"more\">%s</dd></div>\n", more);
}


static void
ig_show_span(FILE *to, const char *name, uint64_t from, uint64_t until,
    const char *open)
{
    char  a[20], b[20], text[64];

    ig_time_text(a, from);
    ig_time_text(b, until);
    (void) snprintf(text, sizeof(text), "%s to %s UTC",
                    from ? a : open, until ? b : open);
    ig_show_fact(to, name, ig_str_from_c(text));
}


static void
ig_show_verification(const ig_report_t *r, FILE *to)
{
    size_t                           i;
    const ig_report_verification_t  *v = &r->verification;
    static const char *const         words[] = {
        [IG_NOT_VERIFIED] = "Not verified",
        [IG_VERIFIED] = "Verified",
        [IG_VERIFY_FAILED] = "Verification failed",
    };
    static const char *const         classes[] = {
        [IG_NOT_VERIFIED] = "unsure", [IG_VERIFIED] = "good",
        [IG_VERIFY_FAILED] = "bad",
    };

    fprintf(to, "<section id=\"verification\" class=\"verdict %s\" "
            "aria-labelledby=\"verification-title\">\n"
            "<h2 id=\"verification-title\">%s</h2>\n<p>",
            classes[v->state], words[v->state]);
    ig_html_text(to, ig_str_from_c(v->summary));
    fputs("</p>\n", to);

    if (v->nfacts) {
        fputs("<dl class=\"facts\">\n", to);

        for (i = 0; i < v->nfacts; i++) {
            ig_show_fact(to, v->facts[i].name,
                         ig_str_from_c(v->facts[i].value));
        }

        fputs("</dl>\n", to);
    }

    if (r->counts.bad) {
        fputs("<p><strong>", to);
        ig_html_number(to, r->counts.bad);
        fputs("</strong> lines were no records and are not counted: torn "
              "writes, or tampering.</p>\n", to);
    }

    if (r->totals.alone) {
        fputs("<p><strong>", to);
        ig_html_number(to, r->totals.alone);
        fputs("</strong> outcomes had no decision in these files: the log "
              "begins within these requests, or lines are missing. Whose they "
              "were is not known.</p>\n", to);
    }

    fputs("</section>\n", to);
}


static void
ig_show_head(ig_report_t *r, FILE *to)
{
    char      now[20], text[96];
    size_t    i;
    uint64_t  made;

    made = (uint64_t) time(NULL) * 1000;
    ig_time_text(now, made);

    (void) fwrite(ig_report_page_head, 1, ig_report_page_head_len, to);

    fputs("<header>\n<h1>Where inference requests went</h1>\n"
          "<p class=\"sub\">Transfers, refusals and data types, from the audit "
          "log of Inference Guard.</p>\n<dl class=\"facts\">\n", to);

    ig_show_span(to, "Period", r->filter.since ? r->filter.since
                                                : r->totals.first,
                 r->filter.until ? r->filter.until : r->totals.last, "-");

    if (r->filter.since || r->filter.until) {
        ig_show_span(to, "Records", r->totals.first, r->totals.last, "-");
    }

    ig_show_fact(to, "Tenants", r->filter.tenant.len ? r->filter.tenant
                                                     : IG_STR("all"));

    fprintf(to, "<div><dt>Log</dt><dd>%zu file%s, ", r->nfiles,
            r->nfiles == 1 ? "" : "s");
    ig_html_number(to, r->counts.records);
    fputs(" records</dd></div>\n", to);

    (void) snprintf(text, sizeof(text), "%s UTC, inference-guard %s", now,
                    IG_VERSION);
    ig_show_fact(to, "Made", ig_str_from_c(text));
    fputs("</dl>\n</header>\n", to);

    ig_show_verification(r, to);

    fputs("<nav aria-label=\"Contents\"><ul>\n", to);

    for (i = 0; i < 8; i++) {
        static const char *const  at[] = {
            "transfers", "refusals", "data", "limits", "endpoints",
            "processing", "ledger", "log",
        };
        static const char *const  names[] = {
            "Transfers", "Refusals", "Data types", "Limits", "Endpoints",
            "Record of processing", "Transfer ledger", "The log",
        };

        fprintf(to, "<li><a href=\"#%s\">%s</a></li>\n", at[i], names[i]);
    }

    fputs("</ul></nav>\n<main id=\"main\">\n", to);
}


static void
ig_show_totals(const ig_report_t *r, FILE *to)
{
    const ig_report_totals_t  *t = &r->totals;

    fputs("<section aria-labelledby=\"totals-title\">\n"
          "<h2 id=\"totals-title\">In short</h2>\n<dl class=\"totals\">\n", to);

    ig_show_total(to, "Requests", t->requests, "decided by the guard");
    ig_show_total(to, "Sent", t->sent, "to an endpoint");
    ig_show_total(to, "Perhaps sent", t->unknown,
                  "permitted; no outcome seen");
    ig_show_total(to, "Abroad", t->abroad,
                  "sent or perhaps, to another legal area");
    ig_show_total(to, "Refused", t->refused, "by the guard");
    ig_show_total(to, "Would be refused", t->would,
                  "by rules that only audit");
    ig_show_total(to, "With data found", t->found,
                  "personal data or secrets");
    ig_show_total(to, "Not fully inspected", t->uninspected,
                  "media, references, refused unread");
    ig_show_total(to, "Ended undecided", t->undecided,
                  "before the guard decided");

    fputs("</dl>\n<p class=\"note\">Abroad: the endpoint lies outside the "
          "country whose law applies, and not both are in the EEA. A request "
          "under several laws is abroad when it is so for one of "
          "them.</p>\n</section>\n", to);
}


static void
ig_show_json_time(FILE *to, const char *key, uint64_t ms)
{
    char  text[20];

    ig_time_text(text, ms);

    if (ms) {
        fprintf(to, "\"%s\":\"%.10sT%sZ\"", key, text, text + 11);

    } else {
        fprintf(to, "\"%s\":null", key);
    }
}


static void
ig_show_json_head(const ig_report_t *r, FILE *to)
{
    size_t                           i;
    const ig_report_totals_t        *t = &r->totals;
    const ig_report_verification_t  *v = &r->verification;
    static const char *const         words[] = {
        [IG_NOT_VERIFIED] = "not_verified", [IG_VERIFIED] = "verified",
        [IG_VERIFY_FAILED] = "failed",
    };

    fputs("{\"v\":1,", to);
    ig_show_json_time(to, "made", (uint64_t) time(NULL) * 1000);
    fputs(",\"period\":{", to);
    ig_show_json_time(to, "since", r->filter.since);
    fputc(',', to);
    ig_show_json_time(to, "until", r->filter.until);
    fputc(',', to);
    ig_show_json_time(to, "first", t->first);
    fputc(',', to);
    ig_show_json_time(to, "last", t->last);
    fputs("},\"tenant\":", to);

    if (r->filter.tenant.len) {
        ig_print_json(to, r->filter.tenant);

    } else {
        fputs("null", to);
    }

    fprintf(to, ",\n\"verification\":{\"state\":\"%s\",\"summary\":",
            words[v->state]);
    ig_print_json(to, ig_str_from_c(v->summary));
    fputs(",\"facts\":{", to);

    for (i = 0; i < v->nfacts; i++) {
        fputs(i ? "," : "", to);
        ig_print_json(to, ig_str_from_c(v->facts[i].name));
        fputc(':', to);
        ig_print_json(to, ig_str_from_c(v->facts[i].value));
    }

    fprintf(to, "}},\n\"log\":{\"files\":%zu,\"records\":%" PRIu64
            ",\"bad_lines\":%" PRIu64 ",\"checkpoints\":%" PRIu64 "},\n",
            r->nfiles, r->counts.records, r->counts.bad,
            r->counts.checkpoints);

    fprintf(to, "\"totals\":{\"requests\":%" PRIu64 ",\"sent\":%" PRIu64
            ",\"perhaps_sent\":%" PRIu64 ",\"abroad\":%" PRIu64
            ",\"refused\":%" PRIu64 ",\"would_be_refused\":%" PRIu64,
            t->requests, t->sent, t->unknown, t->abroad, t->refused, t->would);
    fprintf(to, ",\"with_findings\":%" PRIu64 ",\"not_fully_inspected\":%"
            PRIu64 ",\"undecided\":%" PRIu64 ",\"outcomes_alone\":%" PRIu64
            "},\n\"tables\":{", t->found, t->uninspected, t->undecided,
            t->alone);
}


static void
ig_report_sort(ig_report_t *r)
{
    size_t  i;

    for (i = 0; i < IG_TALLIES; i++) {
        if (i == IG_TALLY_DAY) {
            ig_tally_sort_keys(&r->tallies[i]);

        } else {
            ig_tally_sort(&r->tallies[i], 0);
        }
    }
}


void
ig_report_show(ig_report_t *r, FILE *to)
{
    ig_out_t  o;

    memset(&o, 0, sizeof(o));
    o.to = to;
    o.json = r->json;

    ig_report_sort(r);

    if (r->json) {
        ig_show_json_head(r, to);

    } else {
        ig_show_head(r, to);
        ig_show_totals(r, to);
    }

    ig_report_transfers(r, &o);
    ig_report_refusals(r, &o);
    ig_report_data(r, &o);
    ig_report_limits(r, &o);
    ig_report_endpoints(r, &o);
    ig_report_processing(r, &o);
    ig_report_ledger(r, &o);
    ig_report_log(r, &o);

    if (r->json) {
        fputs("}}\n", to);

    } else {
        fputs("</main>\n", to);
        (void) fwrite(ig_report_page_tail, 1, ig_report_page_tail_len, to);
    }
}

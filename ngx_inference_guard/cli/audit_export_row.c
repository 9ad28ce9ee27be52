/*
 * The records of a request as one flat row.
 */

#include "audit_export.h"

#include <string.h>


const ig_export_head_t  ig_export_heads[IG_EXPORT_WIDTH] = {
#define IG_EXPORT_HEAD(name, kind)  { #name, IG_EXPORT_##kind },
    IG_EXPORT_COLUMNS(IG_EXPORT_HEAD)
#undef IG_EXPORT_HEAD
};


static void
ig_row_text(ig_export_row_t *row, ig_export_column_t c, ig_str_t s)
{
    row->cells[c].text = s;
}


static void
ig_row_get(ig_export_row_t *row, ig_export_column_t c,
    const ig_record_line_t *l)
{
    ig_row_text(row, c, ig_request_get(&row->request, l,
                                       ig_export_heads[c].name));
}


static void
ig_row_uint(ig_export_row_t *row, ig_export_column_t c,
    const ig_record_line_t *l, size_t object, const char *key)
{
    row->cells[c].there =
        ig_record_line_uint(l, ig_record_line_get(l, object, key),
                            &row->cells[c].n);
}


static void
ig_row_bool(ig_export_row_t *row, ig_export_column_t c,
    const ig_record_line_t *l)
{
    ig_str_t  s;

    s = ig_record_line_raw(l, ig_record_line_get(l, 0,
                                                 ig_export_heads[c].name));
    row->cells[c].n = ig_str_eq(s, IG_STR("true"));
    row->cells[c].there = row->cells[c].n || ig_str_eq(s, IG_STR("false"));
}


static void
ig_row_list(ig_export_row_t *row, ig_export_column_t c,
    const ig_record_line_t *l, const char *key)
{
    size_t             list;
    ig_export_cell_t  *cell = &row->cells[c];

    list = ig_record_line_get(l, 0, ig_export_heads[c].name);

    cell->items = row->items[c];
    cell->nitems = ig_request_list(&row->request, l, list, key,
                                   row->items[c]);

    /* "all" in place of a list of countries */

    if (list && l->nodes[list].kind == IG_NODE_STRING) {
        row->items[c][0] = ig_record_line_raw(l, list);
        cell->nitems = 1;
    }
}


/* a text of an object in the record */

static void
ig_row_inner(ig_export_row_t *row, ig_export_column_t c,
    const ig_record_line_t *l, const char *object, const char *key)
{
    size_t  node;

    node = ig_record_line_get(l, 0, object);
    node = node ? ig_record_line_get(l, node, key) : 0;

    if (node && l->nodes[node].kind == IG_NODE_STRING) {
        ig_row_text(row, c, ig_request_text(&row->request, l, node));
    }
}


static void
ig_row_common(ig_export_row_t *row, const ig_record_line_t *l)
{
    row->ms = ig_request_ms(l);

    /* a column of times takes nothing else */

    if (row->ms) {
        ig_row_get(row, IG_EXPORT_time, l);

    } else {
        ig_row_text(row, IG_EXPORT_time, IG_STR("1970-01-01T00:00:00.000Z"));
    }

    ig_row_get(row, IG_EXPORT_id, l);
    ig_row_get(row, IG_EXPORT_writer, l);
    ig_row_uint(row, IG_EXPORT_seq, l, 0, "seq");
    ig_row_get(row, IG_EXPORT_tenant, l);
    ig_row_get(row, IG_EXPORT_client_country, l);
    ig_row_get(row, IG_EXPORT_policy, l);
}


static void
ig_row_decision(ig_export_row_t *row, const ig_record_line_t *l)
{
    ig_row_get(row, IG_EXPORT_tenant_state, l);
    ig_row_list(row, IG_EXPORT_jurisdictions, l, "country");
    ig_row_get(row, IG_EXPORT_dialect, l);
    ig_row_get(row, IG_EXPORT_operation, l);
    ig_row_get(row, IG_EXPORT_model, l);
    ig_row_bool(row, IG_EXPORT_stream, l);
    ig_row_uint(row, IG_EXPORT_bytes, l, 0, "bytes");
    ig_row_inner(row, IG_EXPORT_inspected, l, "coverage", "inspected");
    ig_row_get(row, IG_EXPORT_mode, l);
    ig_row_get(row, IG_EXPORT_verdict, l);
    ig_row_get(row, IG_EXPORT_rule, l);
    ig_row_list(row, IG_EXPORT_rules, l, NULL);
    ig_row_list(row, IG_EXPORT_laws, l, NULL);
    ig_row_list(row, IG_EXPORT_flags, l, NULL);
    ig_row_inner(row, IG_EXPORT_would_verdict, l, "would", "verdict");
    ig_row_inner(row, IG_EXPORT_would_reason, l, "would", "reason");
    ig_row_list(row, IG_EXPORT_findings, l, "detector");
    ig_row_uint(row, IG_EXPORT_findings_total, l, 0, "findings_total");
    ig_row_get(row, IG_EXPORT_trace, l);

    /* it tells of the endpoint that the decision chose, of no other */

    if (ig_str_eq(ig_request_get(&row->request, l, "endpoint"),
                  row->request.endpoint))
    {
        ig_row_list(row, IG_EXPORT_endpoint_operators, l, NULL);
    }
}


static void
ig_row_outcome(ig_export_row_t *row, const ig_record_line_t *l)
{
    size_t    tokens;
    uint64_t  nano;

    ig_row_get(row, IG_EXPORT_address, l);
    ig_row_bool(row, IG_EXPORT_verified, l);
    ig_row_uint(row, IG_EXPORT_tries, l, 0, "tries");
    ig_row_uint(row, IG_EXPORT_upstream_status, l, 0, "upstream_status");
    ig_row_uint(row, IG_EXPORT_sent, l, 0, "sent");
    ig_row_uint(row, IG_EXPORT_received, l, 0, "received");
    ig_row_uint(row, IG_EXPORT_duration_us, l, 0, "duration_us");
    ig_row_uint(row, IG_EXPORT_guard_us, l, 0, "guard_us");
    ig_row_uint(row, IG_EXPORT_first_byte_us, l, 0, "first_byte_us");
    ig_row_bool(row, IG_EXPORT_aborted, l);
    ig_row_get(row, IG_EXPORT_currency, l);
    ig_row_get(row, IG_EXPORT_finish, l);

    /* a string in the record, but a number in an export: only if it is one */

    ig_row_get(row, IG_EXPORT_cost, l);

    if (!ig_request_nano(row->cells[IG_EXPORT_cost].text, &nano)) {
        row->cells[IG_EXPORT_cost].text = IG_NO_STR;
    }

    tokens = ig_record_line_get(l, 0, "tokens");

    if (tokens) {
        ig_row_uint(row, IG_EXPORT_input_tokens, l, tokens, "input");
        ig_row_uint(row, IG_EXPORT_output_tokens, l, tokens, "output");
        ig_row_uint(row, IG_EXPORT_cached_tokens, l, tokens, "cached");
        ig_row_uint(row, IG_EXPORT_reasoning_tokens, l, tokens, "reasoning");
        ig_row_inner(row, IG_EXPORT_tokens_source, l, "tokens", "source");
    }
}


void
ig_export_row(ig_export_row_t *row, const ig_joined_t *j)
{
    ig_audit_request_t       *q = &row->request;
    static const char *const  kinds[] = {
        [IG_JOINED_REQUEST] = "request", [IG_JOINED_OUTCOME] = "outcome",
        [IG_JOINED_UNDECIDED] = "undecided", [IG_JOINED_LIMIT] = "limit",
    };
    static const char *const  sent[] = {
        [IG_SENT_NO] = "nowhere", [IG_SENT_YES] = "endpoint",
        [IG_SENT_UNKNOWN] = "unknown",
    };

    memset(row->cells, 0, sizeof(row->cells));
    row->kind = j->kind;
    ig_audit_request(q, j);

    ig_row_common(row, j->decision ? j->decision
                                   : j->outcome ? j->outcome : j->alone);
    ig_row_text(row, IG_EXPORT_kind, ig_str_from_c(kinds[j->kind]));

    if (j->alone) {
        ig_row_uint(row, IG_EXPORT_status, j->alone, 0, "status");
        return;
    }

    if (j->decision) {
        ig_row_decision(row, j->decision);
    }

    if (j->outcome) {
        ig_row_outcome(row, j->outcome);
    }

    row->cells[IG_EXPORT_status].n = q->status;
    row->cells[IG_EXPORT_status].there = q->status != 0;
    ig_row_text(row, IG_EXPORT_reason, q->reason);
    ig_row_text(row, IG_EXPORT_sent_to, ig_str_from_c(sent[q->sent]));

    if (q->sent != IG_SENT_NO) {
        ig_row_text(row, IG_EXPORT_endpoint, q->endpoint);
        ig_row_text(row, IG_EXPORT_endpoint_country,
                    ig_country_code(q->country));
    }
}

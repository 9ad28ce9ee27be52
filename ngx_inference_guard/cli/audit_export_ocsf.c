/*
 * Open Cybersecurity Schema Framework, version 1.8.0: class API Activity
 * (6003) with the profiles security_control, ai_operation and, where there is a
 * trace, trace.
 *
 * Source: the schema's repository at 1.8.0 (events/application/
 * api_activity.json, events/base_event.json, the profiles and the objects that
 * they use).  What it has no attribute for is in `unmapped`, by the column's
 * name.
 */

#include "audit_export.h"

#include <inttypes.h>
#include <string.h>


#define IG_OCSF_VERSION   "1.8.0"
#define IG_OCSF_CATEGORY  6              /* Application Activity */
#define IG_OCSF_CLASS     6003           /* API Activity */

/* activity_id */
#define IG_OCSF_CREATE    1
#define IG_OCSF_READ      2
#define IG_OCSF_OTHER     99


static ig_str_t
ig_ocsf_text(const ig_export_row_t *row, ig_export_column_t c)
{
    return row->cells[c].text;
}


/* a member with a value; nothing when there is none */

static void
ig_ocsf_member(FILE *to, const char *key, ig_str_t s)
{
    if (s.len) {
        fprintf(to, ",\"%s\":", key);
        ig_export_string(to, s);
    }
}


/*
 * An inference creates an answer; the operations that have no body read.  What
 * was not understood is neither.
 */

static unsigned
ig_ocsf_activity(const ig_export_row_t *row)
{
    size_t                    i;
    ig_str_t                  operation;
    static const char *const  reads[] = {
        "models", "model", "tags", "version", "root",
    };

    operation = ig_ocsf_text(row, IG_EXPORT_operation);

    if (operation.len == 0) {
        return IG_OCSF_OTHER;
    }

    for (i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
        if (ig_str_eq(operation, ig_str_from_c(reads[i]))) {
            return IG_OCSF_READ;
        }
    }

    return IG_OCSF_CREATE;
}


static void
ig_ocsf_class(FILE *to, const ig_export_row_t *row)
{
    unsigned                  activity;
    static const char *const  names[] = { "", "Create", "Read" };

    activity = ig_ocsf_activity(row);

    fprintf(to, "{\"category_uid\":%u,\"category_name\":\"Application "
            "Activity\",\"class_uid\":%u,\"class_name\":\"API Activity\","
            "\"activity_id\":%u,\"activity_name\":\"%s\",\"type_uid\":%u,"
            "\"time\":%" PRIu64,
            IG_OCSF_CATEGORY, IG_OCSF_CLASS, activity,
            activity == IG_OCSF_OTHER ? "Other" : names[activity],
            IG_OCSF_CLASS * 100 + activity, row->ms);
}


/*
 * severity: a refusal by law is worth a look (3, Medium), another refusal less
 * (2, Low), the rest is information (1).  status: 1 Success, 2 Failure, 0
 * Unknown.  action: 1 Allowed, 2 Denied, 0 Unknown; disposition: 1 Allowed,
 * 2 Blocked, 0 Unknown.
 */

static void
ig_ocsf_result(FILE *to, const ig_export_row_t *row)
{
    bool                      denied, known;
    uint64_t                  status;
    unsigned                  severity, result, action;
    static const char *const  severities[] = {
        "", "Informational", "Low", "Medium",
    };
    static const char *const  results[] = { "Unknown", "Success", "Failure" };
    static const char *const  actions[] = { "Unknown", "Allowed", "Denied" };
    static const char *const  ends[] = { "Unknown", "Allowed", "Blocked" };

    status = row->cells[IG_EXPORT_status].n;
    denied = row->request.refused && row->kind != IG_JOINED_UNDECIDED;
    known = row->kind == IG_JOINED_REQUEST;

    severity = !denied ? 1 : status == 403 || status == 451 ? 3 : 2;
    result = status == 0 ? 0 : status < 400 ? 1 : 2;
    action = denied ? 2 : known ? 1 : 0;

    fprintf(to, ",\"severity_id\":%u,\"severity\":\"%s\",\"status_id\":%u,"
            "\"status\":\"%s\"", severity, severities[severity], result,
            results[result]);

    if (status) {
        fprintf(to, ",\"status_code\":\"%" PRIu64 "\"", status);
    }

    ig_ocsf_member(to, "status_detail", ig_ocsf_text(row, IG_EXPORT_reason));

    fprintf(to, ",\"action_id\":%u,\"action\":\"%s\",\"disposition_id\":%u,"
            "\"disposition\":\"%s\"", action, actions[action], action,
            ends[action]);
}


static void
ig_ocsf_metadata(FILE *to, const ig_export_row_t *row, bool model)
{
    fputs(",\"metadata\":{\"version\":\"" IG_OCSF_VERSION "\",\"product\":{"
          "\"name\":\"Inference Guard\",\"vendor_name\":\"Inference Guard\","
          "\"version\":\"" IG_VERSION "\"},\"profiles\":["
          "\"security_control\"", to);
    fputs(model ? ",\"ai_operation\"" : "", to);
    fputs(ig_ocsf_text(row, IG_EXPORT_trace).len ? ",\"trace\"]" : "]", to);

    ig_ocsf_member(to, "uid", ig_ocsf_text(row, IG_EXPORT_id));
    ig_ocsf_member(to, "log_name", ig_ocsf_text(row, IG_EXPORT_writer));

    if (row->cells[IG_EXPORT_seq].there) {
        fprintf(to, ",\"sequence\":%" PRIu64, row->cells[IG_EXPORT_seq].n);
    }

    ig_ocsf_member(to, "original_time", ig_ocsf_text(row, IG_EXPORT_time));
    ig_ocsf_member(to, "tenant_uid", ig_ocsf_text(row, IG_EXPORT_tenant));
    fputc('}', to);
}


static void
ig_ocsf_api(FILE *to, const ig_export_row_t *row)
{
    ig_str_t  operation;

    operation = ig_ocsf_text(row, IG_EXPORT_operation);

    fputs(",\"api\":{\"operation\":", to);
    ig_export_string(to, operation.len ? operation : IG_STR("unknown"));
    fputs(",\"request\":{\"uid\":", to);
    ig_export_string(to, ig_ocsf_text(row, IG_EXPORT_id));
    fputs("}", to);

    if (row->cells[IG_EXPORT_status].there) {
        fprintf(to, ",\"response\":{\"code\":%" PRIu64,
                row->cells[IG_EXPORT_status].n);
        ig_ocsf_member(to, "error", ig_ocsf_text(row, IG_EXPORT_reason));
        fputc('}', to);
    }

    if (ig_ocsf_text(row, IG_EXPORT_dialect).len) {
        fputs(",\"service\":{\"name\":", to);
        ig_export_string(to, ig_ocsf_text(row, IG_EXPORT_dialect));
        fputc('}', to);
    }

    fputc('}', to);
}


/* host and port of "10.1.0.5:8000" or "[2001:db8::1]:8000" */

static void
ig_ocsf_address(FILE *to, ig_str_t s)
{
    size_t    i;
    uint64_t  port;

    for (i = s.len; i && s.data[i - 1] >= '0' && s.data[i - 1] <= '9'; i--) {
        /* void */
    }

    if (i < 2 || s.data[i - 1] != ':' || i == s.len || s.len - i > 5) {
        return;
    }

    for (port = 0; i < s.len; i++) {
        port = port * 10 + (uint64_t) (s.data[i] - '0');
    }

    for (i = s.len; s.data[i - 1] != ':'; i--) { /* void */ }

    s.len = i - 1;

    if (s.len > 2 && s.data[0] == '[' && s.data[s.len - 1] == ']') {
        s.data++;
        s.len -= 2;
    }

    if (s.len > 5 && memcmp(s.data, "unix:", 5) == 0) {
        return;
    }

    ig_ocsf_member(to, "ip", s);
    fprintf(to, ",\"port\":%" PRIu64, port);
}


static void
ig_ocsf_location(FILE *to, ig_str_t country)
{
    if (country.len == 2 && !ig_str_eq(country, IG_STR("ZZ"))) {
        fputs(",\"location\":{\"country\":", to);
        ig_export_string(to, country);
        fputc('}', to);
    }
}


/* the client's address is in no record: only its country is */

static void
ig_ocsf_ends(FILE *to, const ig_export_row_t *row)
{
    ig_str_t  tenant, endpoint;

    tenant = ig_ocsf_text(row, IG_EXPORT_tenant);
    endpoint = ig_ocsf_text(row, IG_EXPORT_endpoint);

    fputs(",\"actor\":{\"user\":{\"name\":", to);
    ig_export_string(to, tenant.len ? tenant : IG_STR("unknown"));
    fputs(",\"type_id\":0}},\"src_endpoint\":{\"name\":\"client\"", to);
    ig_ocsf_location(to, ig_ocsf_text(row, IG_EXPORT_client_country));
    fputc('}', to);

    if (endpoint.len == 0) {
        return;
    }

    fputs(",\"dst_endpoint\":{\"name\":", to);
    ig_export_string(to, endpoint);
    ig_ocsf_address(to, ig_ocsf_text(row, IG_EXPORT_address));
    ig_ocsf_location(to, ig_ocsf_text(row, IG_EXPORT_endpoint_country));
    fputc('}', to);
}


static void
ig_ocsf_policy(FILE *to, const ig_export_row_t *row)
{
    ig_str_t  policy, rule;

    policy = ig_ocsf_text(row, IG_EXPORT_policy);
    rule = ig_ocsf_text(row, IG_EXPORT_rule);

    if (policy.len) {
        fputs(",\"policy\":{\"name\":\"inference-guard\",\"uid\":", to);
        ig_export_string(to, policy);
        fprintf(to, ",\"is_applied\":%s}",
                ig_str_eq(ig_ocsf_text(row, IG_EXPORT_mode), IG_STR("audit"))
                ? "false" : "true");
    }

    if (rule.len) {
        fputs(",\"firewall_rule\":{\"uid\":", to);
        ig_export_string(to, rule);
        fputc('}', to);
    }
}


/* ai_provider is required with a model: the endpoint is all that is known */

static void
ig_ocsf_model(FILE *to, const ig_export_row_t *row)
{
    const ig_export_cell_t  *in = &row->cells[IG_EXPORT_input_tokens];
    const ig_export_cell_t  *out = &row->cells[IG_EXPORT_output_tokens];

    fputs(",\"ai_model\":{\"name\":", to);
    ig_export_string(to, ig_ocsf_text(row, IG_EXPORT_model));
    fputs(",\"ai_provider\":", to);
    ig_export_string(to, ig_ocsf_text(row, IG_EXPORT_endpoint));
    fputc('}', to);

    if (in->there && out->there) {
        fputs(",\"message_context\":{\"uid\":", to);
        ig_export_string(to, ig_ocsf_text(row, IG_EXPORT_id));
        fputs(",\"service\":{\"name\":", to);
        ig_export_string(to, ig_ocsf_text(row, IG_EXPORT_endpoint));
        fprintf(to, "},\"ai_role_id\":2,\"prompt_tokens\":%" PRIu64
                ",\"completion_tokens\":%" PRIu64 ",\"total_tokens\":%" PRIu64
                "}", in->n, out->n, in->n + out->n);
    }
}


static void
ig_ocsf_unmapped(FILE *to, const ig_export_row_t *row)
{
    size_t                           i, k;
    const ig_export_cell_t          *c;
    static const ig_export_column_t  columns[] = {
        IG_EXPORT_kind, IG_EXPORT_tenant_state, IG_EXPORT_jurisdictions,
        IG_EXPORT_bytes, IG_EXPORT_inspected, IG_EXPORT_verdict,
        IG_EXPORT_rules, IG_EXPORT_laws, IG_EXPORT_flags,
        IG_EXPORT_would_verdict, IG_EXPORT_would_reason, IG_EXPORT_findings,
        IG_EXPORT_findings_total, IG_EXPORT_sent_to,
        IG_EXPORT_endpoint_operators, IG_EXPORT_verified, IG_EXPORT_tries,
        IG_EXPORT_upstream_status, IG_EXPORT_sent, IG_EXPORT_received,
        IG_EXPORT_duration_us, IG_EXPORT_guard_us, IG_EXPORT_first_byte_us,
        IG_EXPORT_aborted, IG_EXPORT_cached_tokens,
        IG_EXPORT_reasoning_tokens, IG_EXPORT_tokens_source, IG_EXPORT_cost,
        IG_EXPORT_currency, IG_EXPORT_finish,
    };

    fputs(",\"unmapped\":{\"format\":1", to);

    for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        c = &row->cells[columns[i]];

        if (c->nitems) {
            fprintf(to, ",\"%s\":[", ig_export_heads[columns[i]].name);

            for (k = 0; k < c->nitems; k++) {
                fputs(k ? "," : "", to);
                ig_export_string(to, c->items[k]);
            }

            fputc(']', to);

        } else if (c->there) {
            fprintf(to, ",\"%s\":", ig_export_heads[columns[i]].name);

            if (ig_export_heads[columns[i]].kind == IG_EXPORT_BOOL) {
                fputs(c->n ? "true" : "false", to);

            } else {
                fprintf(to, "%" PRIu64, c->n);
            }

        } else {
            ig_ocsf_member(to, ig_export_heads[columns[i]].name, c->text);
        }
    }

    fputc('}', to);
}


void
ig_export_ocsf(FILE *to, const ig_export_row_t *row)
{
    bool  model;

    model = ig_ocsf_text(row, IG_EXPORT_model).len
            && ig_ocsf_text(row, IG_EXPORT_endpoint).len;

    ig_ocsf_class(to, row);
    ig_ocsf_result(to, row);
    ig_ocsf_metadata(to, row, model);
    ig_ocsf_api(to, row);
    ig_ocsf_ends(to, row);
    ig_ocsf_policy(to, row);

    if (model) {
        ig_ocsf_model(to, row);
    }

    if (ig_ocsf_text(row, IG_EXPORT_trace).len) {
        fputs(",\"trace\":{\"uid\":", to);
        ig_export_string(to, ig_ocsf_text(row, IG_EXPORT_trace));
        fputc('}', to);
    }

    ig_ocsf_unmapped(to, row);
    fputs("}\n", to);
}

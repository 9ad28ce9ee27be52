/*
 * Error bodies.
 *
 * A client library picks its exception by the status and shows `message`; the
 * rest of an error is carried along.  So the message says everything that a
 * person needs, and the same facts stand beside it for programs, in fields
 * that the libraries do not know and keep.
 */

#include <inference_guard/refusal.h>


/* the words that each dialect has for a kind of status, best first */

typedef struct {
    unsigned     status;
    const char  *openai;
    const char  *anthropic;
} ig_refusal_type_t;

static const ig_refusal_type_t  ig_refusal_types[] = {
    { 400, "invalid_request_error", "invalid_request_error" },
    { 401, "invalid_request_error", "authentication_error" },
    { 402, "insufficient_quota", "billing_error" },
    { 403, "request_forbidden", "permission_error" },
    { 404, "invalid_request_error", "not_found_error" },
    { 413, "invalid_request_error", "request_too_large" },
    { 429, "requests", "rate_limit_error" },
    { 451, "request_forbidden", "permission_error" },
    { 503, "server_error", "overloaded_error" },
    { 504, "server_error", "timeout_error" },
    { 529, "server_error", "overloaded_error" },
    { 0, NULL, NULL }
};


static const char *
ig_refusal_type(const ig_refusal_t *r)
{
    bool                      anthropic;
    const ig_refusal_type_t  *t;

    anthropic = (r->dialect == IG_DIALECT_ANTHROPIC);

    /* a spent budget is not a rate: the libraries' users tell them apart */

    if (!anthropic && ig_str_eq(r->code, IG_STR("insufficient_quota"))) {
        return "insufficient_quota";
    }

    for (t = ig_refusal_types; t->status; t++) {
        if (t->status == r->status) {
            return anthropic ? t->anthropic : t->openai;
        }
    }

    if (r->status >= 500) {
        return anthropic ? "api_error" : "server_error";
    }

    return "invalid_request_error";
}


/*
 * "a rule blocks this request (blocked_by_rule, rule sa-secrets, request
 * 4bf9…)": made in a buffer of its own, to be escaped as one string.
 */

static void
ig_refusal_message(const ig_refusal_t *r, ig_buf_t *out)
{
    char      text[1024];
    ig_buf_t  b;

    ig_buf_fixed(&b, text, sizeof(text));

    ig_buf_str(&b, r->text.len ? r->text : IG_STR("the request is refused"));
    ig_buf_lit(&b, " (");
    ig_buf_str(&b, r->code);

    if (r->rule.len) {
        ig_buf_lit(&b, ", rule ");
        ig_buf_str(&b, r->rule);
    }

    if (r->limit.len) {
        ig_buf_lit(&b, ", limit ");
        ig_buf_str(&b, r->limit);
    }

    if (r->retry_after) {
        ig_buf_lit(&b, ", retry in ");
        ig_buf_uint(&b, r->retry_after);
        ig_buf_lit(&b, " s");
    }

    if (r->request_id.len) {
        ig_buf_lit(&b, ", request ");
        ig_buf_str(&b, r->request_id);
    }

    ig_buf_lit(&b, ")");

    /* names too long for a sentence still stand in their fields */

    ig_buf_json(out, b.failed ? r->code : (ig_str_t) { b.data, b.len });
}


static void
ig_refusal_field(ig_buf_t *out, const char *name, ig_str_t value)
{
    if (value.len == 0) {
        return;
    }

    ig_buf_lit(out, ",\"");
    ig_buf_str(out, ig_str_from_c(name));
    ig_buf_lit(out, "\":");
    ig_buf_json(out, value);
}


/* what else a program may want to know, beside the message */

static void
ig_refusal_fields(const ig_refusal_t *r, ig_buf_t *out)
{
    ig_refusal_field(out, "code", r->code);
    ig_refusal_field(out, "rule", r->rule);
    ig_refusal_field(out, "limit", r->limit);

    if (r->retry_after) {
        ig_buf_lit(out, ",\"retry_after\":");
        ig_buf_uint(out, r->retry_after);
    }
}


void
ig_refusal_body(const ig_refusal_t *r, ig_buf_t *out)
{
    ig_str_t  type;

    type = ig_str_from_c(ig_refusal_type(r));

    switch (r->dialect) {

    case IG_DIALECT_ANTHROPIC:
        ig_buf_lit(out, "{\"type\":\"error\",\"error\":{\"type\":");
        ig_buf_json(out, type);
        ig_buf_lit(out, ",\"message\":");
        ig_refusal_message(r, out);
        ig_refusal_fields(r, out);

        /* where that library looks for its errorCode */
        ig_buf_lit(out, ",\"details\":{\"error_code\":");
        ig_buf_json(out, r->code);
        ig_buf_lit(out, "}}");
        ig_refusal_field(out, "request_id", r->request_id);
        ig_buf_lit(out, "}\n");
        break;

    case IG_DIALECT_OLLAMA:
        ig_buf_lit(out, "{\"error\":");
        ig_refusal_message(r, out);
        ig_refusal_fields(r, out);
        ig_refusal_field(out, "request_id", r->request_id);
        ig_buf_lit(out, "}\n");
        break;

    default:
        ig_buf_lit(out, "{\"error\":{\"message\":");
        ig_refusal_message(r, out);
        ig_buf_lit(out, ",\"type\":");
        ig_buf_json(out, type);
        ig_buf_lit(out, ",\"param\":null");
        ig_refusal_fields(r, out);
        ig_refusal_field(out, "request_id", r->request_id);
        ig_buf_lit(out, "}}\n");
    }
}

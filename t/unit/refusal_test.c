/*
 * Error bodies: valid JSON in each dialect's own form, whatever the ids are.
 */

#include <inference_guard/refusal.h>

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>


static uint8_t  bytes[8192];

static json_t *
body(ig_dialect_t dialect, unsigned status, const char *code, const char *rule,
    const char *id)
{
    json_t        *doc;
    ig_buf_t       out;
    ig_refusal_t   r;

    memset(&r, 0, sizeof(r));
    r.dialect = dialect;
    r.status = status;
    r.code = ig_str_from_c(code);
    r.text = IG_STR("a rule blocks this request");
    r.rule = ig_str_from_c(rule);
    r.request_id = ig_str_from_c(id);

    ig_buf_fixed(&out, bytes, sizeof(bytes));
    ig_refusal_body(&r, &out);
    assert_false(out.failed);
    assert_int_equal(out.data[out.len - 1], '\n');

    doc = json_loadb((char *) out.data, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(doc);

    return doc;
}


static const char *
get(json_t *doc, const char *a, const char *b)
{
    doc = json_object_get(doc, a);

    return json_string_value(b ? json_object_get(doc, b) : doc);
}


static void
openai(void **state)
{
    size_t    i;
    json_t   *doc;
    static const struct {
        unsigned     status;
        const char  *code;
        const char  *type;
    } cases[] = {
        { 400, "invalid_json", "invalid_request_error" },
        { 401, "unknown_tenant", "invalid_request_error" },
        { 403, "blocked_by_rule", "request_forbidden" },
        { 404, "model_not_found", "invalid_request_error" },
        { 405, "unknown_method", "invalid_request_error" },
        { 413, "body_too_large", "invalid_request_error" },
        { 429, "rate_limited", "requests" },
        { 429, "insufficient_quota", "insufficient_quota" },
        { 451, "no_permitted_destination", "request_forbidden" },
        { 500, "server_error", "server_error" },
        { 503, "endpoints_down", "server_error" }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        doc = body(IG_DIALECT_OPENAI, cases[i].status, cases[i].code,
                   "sa-secrets", "4bf9");
        assert_string_equal(get(doc, "error", "type"), cases[i].type);
        assert_string_equal(get(doc, "error", "code"), cases[i].code);
        assert_string_equal(get(doc, "error", "rule"), "sa-secrets");
        assert_string_equal(get(doc, "error", "request_id"), "4bf9");
        assert_true(json_is_null(json_object_get(json_object_get(doc, "error"),
                                                 "param")));
        assert_non_null(strstr(get(doc, "error", "message"),
                               "a rule blocks this request"));
        assert_non_null(strstr(get(doc, "error", "message"), cases[i].code));
        assert_non_null(strstr(get(doc, "error", "message"), "sa-secrets"));
        assert_non_null(strstr(get(doc, "error", "message"), "4bf9"));
        json_decref(doc);
    }

    /* an unknown dialect is answered like this one; no rule, no field */

    doc = body(IG_DIALECT_NONE, 404, "unknown_operation", "", "4bf9");
    assert_string_equal(get(doc, "error", "code"), "unknown_operation");
    assert_null(json_object_get(json_object_get(doc, "error"), "rule"));
    json_decref(doc);
}


static void
anthropic(void **state)
{
    size_t    i;
    json_t   *doc, *details;
    static const struct {
        unsigned     status;
        const char  *type;
    } cases[] = {
        { 400, "invalid_request_error" }, { 401, "authentication_error" },
        { 403, "permission_error" }, { 404, "not_found_error" },
        { 413, "request_too_large" }, { 415, "invalid_request_error" },
        { 429, "rate_limit_error" }, { 451, "permission_error" },
        { 500, "api_error" }, { 502, "api_error" },
        { 503, "overloaded_error" }, { 504, "timeout_error" },
        { 529, "overloaded_error" }
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        doc = body(IG_DIALECT_ANTHROPIC, cases[i].status, "some_code",
                   "sa-secrets", "4bf9");
        assert_string_equal(get(doc, "type", NULL), "error");
        assert_string_equal(get(doc, "error", "type"), cases[i].type);
        assert_string_equal(get(doc, "error", "code"), "some_code");
        assert_string_equal(get(doc, "error", "rule"), "sa-secrets");
        assert_string_equal(get(doc, "request_id", NULL), "4bf9");
        details = json_object_get(json_object_get(doc, "error"), "details");
        assert_string_equal(get(details, "error_code", NULL), "some_code");
        json_decref(doc);
    }
}


static void
ollama(void **state)
{
    json_t  *doc;

    (void) state;

    doc = body(IG_DIALECT_OLLAMA, 403, "blocked_by_rule", "sa-secrets", "4bf9");
    assert_string_equal(get(doc, "error", NULL),
                        "a rule blocks this request (blocked_by_rule, "
                        "rule sa-secrets, request 4bf9)");
    assert_string_equal(get(doc, "code", NULL), "blocked_by_rule");
    json_decref(doc);
}


static void
hostile_ids(void **state)
{
    int      dialect;
    char     huge[1500];
    json_t  *doc;

    (void) state;

    memset(huge, 'x', sizeof(huge));
    huge[sizeof(huge) - 1] = '\0';

    for (dialect = 0; dialect < IG_DIALECTS; dialect++) {
        doc = body((ig_dialect_t) dialect, 403, "blocked_by_rule",
                   "\"},{\"a\":\"\\", "\xff\n\x01\"");
        json_decref(doc);

        doc = body((ig_dialect_t) dialect, 403, "blocked_by_rule", huge, "");
        json_decref(doc);
    }
}


static void
no_room(void **state)
{
    size_t        cap;
    ig_buf_t      out;
    ig_refusal_t  r;

    (void) state;

    memset(&r, 0, sizeof(r));
    r.dialect = IG_DIALECT_ANTHROPIC;
    r.status = 403;
    r.code = IG_STR("blocked_by_rule");

    for (cap = 0; cap < 100; cap++) {
        ig_buf_fixed(&out, bytes, cap);
        ig_refusal_body(&r, &out);
        assert_true(out.failed);
    }
}


/* codes have their form, and agree with the guard's where both have one */

static void
statuses(void **state)
{
    size_t    i;
    unsigned  status;
    ig_str_t  code;

    (void) state;

    for (status = 300; status < 700; status++) {
        code = ig_status_code(status);
        assert_true(code.len > 0 && ig_status_text(status).len > 0);
        assert_in_range(code.data[0], 'a', 'z');

        for (i = 0; i < code.len; i++) {
            assert_true((code.data[i] >= 'a' && code.data[i] <= 'z')
                        || (code.data[i] >= '0' && code.data[i] <= '9')
                        || code.data[i] == '_');
        }
    }

    assert_true(ig_str_eq(ig_status_code(413),
                          ig_reason_code(IG_REASON_body_too_large)));
    assert_false(ig_status_retry(400));
    assert_false(ig_status_retry(413));
    assert_true(ig_status_retry(502));
    assert_true(ig_status_retry(504));
    assert_true(ig_status_retry(599));
    assert_false(ig_status_retry(418));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(openai),
        cmocka_unit_test(anthropic),
        cmocka_unit_test(ollama),
        cmocka_unit_test(hostile_ids),
        cmocka_unit_test(no_room),
        cmocka_unit_test(statuses)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What is put into requests: the document as jansson reads it is the original
 * with that one difference, and every other byte is as it was.
 */

#include "read_helpers.h"

#include <inference_guard/edit.h>

#include <jansson.h>


static ig_arena_t  *arena;


static const ig_operation_t *
operation_of(const char *path)
{
    ig_reason_t            reason;
    const ig_operation_t  *operation;

    operation = ig_operation_find(IG_STR("POST"), ig_str_from_c(path),
                                  strncmp(path, "/v1/messages", 12) == 0,
                                  &reason);
    assert_non_null(operation);

    return operation;
}


/* the bytes that are left of the original, in order */

static void
check_rest(const ig_splice_t *s, ig_str_t body, ig_str_t result)
{
    size_t            i, at, to;
    const ig_edit_t  *e;

    for (i = 0, at = 0, to = 0; i <= s->edits.n; i++) {
        e = i < s->edits.n ? &s->edits.items[i] : NULL;

        assert_memory_equal(body.data + at, result.data + to,
                            (e ? e->at : body.len) - at);
        to += (e ? e->at : body.len) - at;

        if (e) {
            assert_memory_equal(result.data + to, e->insert.data,
                                e->insert.len);
            to += e->insert.len;
            at = e->at + e->remove;
        }
    }

    assert_int_equal(to, result.len);
}


static ig_str_t
splice(const char *path, ig_str_t body, const ig_splice_want_t *want,
    ig_splice_t *s)
{
    ig_buf_t  out;

    assert_int_equal(ig_splice(body, operation_of(path), want, s), IG_OK);

    ig_arena_reset(arena);
    ig_buf_init(&out, arena, 1);
    ig_edits_apply(&s->edits, body, &out);
    assert_false(out.failed);
    assert_int_equal(out.len, ig_edits_size(&s->edits, body.len));
    check_rest(s, body, (ig_str_t) { out.data, out.len });

    return (ig_str_t) { out.data, out.len };
}


static json_t *
load(ig_str_t s)
{
    json_t        *j;
    json_error_t   error;

    j = json_loadb((const char *) s.data, s.len, JSON_REJECT_DUPLICATES,
                   &error);

    if (j == NULL) {
        fail_msg("%s: %.*s", error.text, IG_FMT(s));
    }

    return j;
}


#define CHAT  "/v1/chat/completions"
#define TAIL  ",\"model\":\"m\",\"messages\":[{\"role\":\"user\","             \
              "\"content\":\"{\\\"stream_options\\\":{\"}]}"

static void
test_usage(void **state)
{
    size_t             i;
    bool               changed;
    char               text[512];
    json_t            *before, *after, *options;
    ig_str_t           body, result;
    ig_splice_t        s;
    ig_reading_t       reading;
    ig_splice_want_t   want;

    static const struct {
        const char  *head;
        bool         hide;
    } cases[] = {
        { "{\"stream\":true", true },
        { " { \"stream\" : true ", true },
        { "{\"stream\":true,\"stream_options\":{}", true },
        { "{\"stream\":true,\"stream_options\": { } ", true },
        { "{\"stream_options\":null,\"stream\":true", true },
        { "{\"stream\":true,\"stream_options\":{\"include_usage\":false}",
          true },
        { "{\"stream\":true,\"stream_options\":{\"include_usage\": null }",
          true },
        { "{\"stream\":true,\"stream_options\":{\"include_usage\":0}", true },
        { "{\"stream\":true,\"stream_options\":{\"include_usage\":{\"a\":[1]}}",
          true },
        { "{\"stream\":true,\"stream_options\":{\"x\":{\"include_usage\":true}"
          "}", true },
        { "{\"stream\":true,\"stream_options\":{\"include_obfuscation\":false}",
          true },
        { "{\"str\\u0065am\":true,\"stream\\u005foptions\":{\"include_us"
          "\\u0061ge\":false}", true },
        { "{\"x\":\"\\\\\\\"stream\\\":\\\\\",\"stream\":true", true },
        { "{\"x\":[{\"stream_options\":{\"include_usage\":true}}],"
          "\"stream\":true", true },
        { "{\"stream\":true,\"stream_options\":{\"include_usage\":true}",
          false },
        { "{\"stream\":true,\"stream_options\":{\"include_usage\" :\ttrue }",
          false },
        { "{\"stream\":false", false },
        { "{\"temperature\":1", false },
        { "{\"stream\":null,\"stream_options\":{\"include_usage\":false}",
          false },
        { "{\"stream\":true,\"stream_options\":\"x\"", false },
    };

    (void) state;

    memset(&want, 0, sizeof(want));
    want.include_usage = true;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        (void) snprintf(text, sizeof(text), "%s" TAIL, cases[i].head);
        body = ig_str_from_c(text);
        reading = read_post(CHAT, body, arena);
        assert_int_equal(reading.reason, IG_REASON_NONE);

        result = splice(CHAT, body, &want, &s);
        changed = !ig_str_eq(body, result);

        assert_int_equal(s.hide_usage, cases[i].hide);
        assert_int_equal(changed, cases[i].hide);

        before = load(body);
        after = load(result);

        if (changed) {
            options = json_object_get(before, "stream_options");

            if (!json_is_object(options)) {
                options = json_object();
                json_object_set_new(before, "stream_options", options);
            }

            json_object_set_new(options, "include_usage", json_true());
        }

        assert_true(json_equal(before, after));
        json_decref(before);
        json_decref(after);

        /* read the same, and nothing more to do */

        s.hide_usage = true;
        (void) snprintf(text, sizeof(text), "%.*s", IG_FMT(result));
        body = ig_str_from_c(text);
        reading = read_post(CHAT, body, arena);
        assert_int_equal(reading.reason, IG_REASON_NONE);
        result = splice(CHAT, body, &want, &s);
        assert_false(s.hide_usage);
        assert_true(ig_str_eq(body, result));
    }
}


/* only where the dialect has it */

static void
test_usage_elsewhere(void **state)
{
    size_t            i;
    ig_str_t          body;
    ig_splice_t       s;
    ig_splice_want_t  want;

    static const char *const  paths[] = {
        "/v1/responses", "/v1/messages", "/api/chat", "/api/generate",
        "/v1/embeddings", "/api/embed"
    };

    (void) state;

    memset(&want, 0, sizeof(want));
    want.include_usage = true;
    body = IG_STR("{\"model\":\"m\",\"stream\":true}");

    for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        (void) splice(paths[i], body, &want, &s);
        assert_int_equal(s.edits.n, 0);
        assert_false(s.hide_usage);
    }

    (void) splice("/v1/completions", body, &want, &s);
    assert_true(s.hide_usage);

    /* another letter case, which some servers read as well */

    body = IG_STR("{\"model\":\"m\",\"stream\":true,\"Stream_options\":"
                  "{\"Include_Usage\":false}}");
    assert_true(ig_str_eq(splice(CHAT, body, &want, &s),
                          IG_STR("{\"stream_options\":{\"include_usage\":true},"
                                 "\"model\":\"m\",\"stream\":true,"
                                 "\"Stream_options\":{\"include_usage\":true,"
                                 "\"Include_Usage\":true}}")));
}


typedef struct {
    const char  *path;
    const char  *body;
    const char  *result;       /* with a cap of 100; NULL: as it was */
    uint64_t     asked;        /* UINT64_MAX: no limit */
    uint64_t     choices;
} cap_case_t;

#define NONE  UINT64_MAX

static const cap_case_t  caps[] = {
    { CHAT, "{\"model\":\"m\"}", "{\"max_tokens\":100,\"model\":\"m\"}",
      NONE, 1 },
    { CHAT, "{\"max_tokens\":100}", NULL, 100, 1 },
    { CHAT, "{\"max_tokens\":101}", "{\"max_tokens\":100}", 101, 1 },
    { CHAT, "{\"max_tokens\": 1e2 }", NULL, 100, 1 },
    { CHAT, "{\"max_tokens\":1.001e2}", "{\"max_tokens\":100}", 101, 1 },
    { CHAT, "{\"max_tokens\":0.5}", NULL, 1, 1 },
    { CHAT, "{\"max_tokens\":1e99999999999}", "{\"max_tokens\":100}", NONE, 1 },
    { CHAT, "{\"max_tokens\":1e-99999999999}", NULL, 1, 1 },
    { CHAT, "{\"max_tokens\":18446744073709551617}", "{\"max_tokens\":100}",
      UINT64_C(18446744073709551610), 1 },
    { CHAT, "{\"max_tokens\":100000000000000000000000000000000000000e-36}",
      NULL, 100, 1 },
    { CHAT, "{\"max_tokens\":0}", "{\"max_tokens\":100}", NONE, 1 },
    { CHAT, "{\"max_tokens\":0.0}", "{\"max_tokens\":100}", NONE, 1 },
    { CHAT, "{\"max_tokens\":-1}", "{\"max_tokens\":100}", NONE, 1 },
    { CHAT, "{\"max_tokens\":null}", "{\"max_tokens\":100}", NONE, 1 },
    { CHAT, "{\"max_tokens\":\"5000\"}", "{\"max_tokens\":100}", NONE, 1 },
    { CHAT, "{\"max_tokens\":[7]}", "{\"max_tokens\":100}", NONE, 1 },
    { CHAT, "{\"max_completion_tokens\":500,\"n\":3}",
      "{\"max_completion_tokens\":100,\"n\":3}", 500, 3 },
    { CHAT, "{\"max_tokens\":5,\"max_completion_tokens\":500}",
      "{\"max_tokens\":5,\"max_completion_tokens\":100}", 500, 1 },
    { CHAT, "{\"n_predict\":-1,\"max_tokens\":5}",
      "{\"n_predict\":100,\"max_tokens\":5}", NONE, 1 },
    { CHAT, "{\"MAX_TO\xe2\x84\xaa\x45N\xc5\xbf\":700}",
      "{\"max_tokens\":100,\"MAX_TO\xe2\x84\xaa\x45N\xc5\xbf\":100}", 700, 1 },
    { CHAT, "{\"max\\u005ftokens\":700}", "{\"max\\u005ftokens\":100}", 700,
      1 },
    { CHAT, "{\"x\":{\"max_tokens\":700}}",
      "{\"max_tokens\":100,\"x\":{\"max_tokens\":700}}", NONE, 1 },
    { "/v1/completions", "{\"prompt\":[\"a\",\"b\"],\"n\":2,\"best_of\":5}",
      "{\"max_tokens\":100,\"prompt\":[\"a\",\"b\"],\"n\":2,\"best_of\":5}",
      NONE, 10 },
    { "/v1/completions", "{\"prompt\":[1,2,3],\"max_tokens\":7}", NULL, 7, 1 },
    { "/v1/completions", "{\"prompt\":[[1],[2]],\"max_tokens\":7}", NULL, 7,
      2 },
    { "/v1/responses", "{\"input\":\"x\"}",
      "{\"max_output_tokens\":100,\"input\":\"x\"}", NONE, 1 },
    { "/v1/responses", "{\"max_output_tokens\":3000}",
      "{\"max_output_tokens\":100}", 3000, 1 },
    { "/v1/messages", "{\"max_tokens\":1024,\"n\":4}",
      "{\"max_tokens\":100,\"n\":4}", 1024, 1 },
    { "/api/chat", "{\"model\":\"m\"}",
      "{\"options\":{\"num_predict\":100},\"model\":\"m\"}", NONE, 1 },
    { "/api/chat", "{\"options\":{}}", "{\"options\":{\"num_predict\":100}}",
      NONE, 1 },
    { "/api/chat", "{\"options\":null,\"a\":1}",
      "{\"options\":{\"num_predict\":100},\"a\":1}", NONE, 1 },
    { "/api/generate", "{\"options\":{\"num_ctx\":4096}}",
      "{\"options\":{\"num_predict\":100,\"num_ctx\":4096}}", NONE, 1 },
    { "/api/generate", "{\"options\":{\"num_predict\":-2,\"seed\":1}}",
      "{\"options\":{\"num_predict\":100,\"seed\":1}}", NONE, 1 },
    { "/api/generate", "{\"options\":{\"num_predict\":42}}", NULL, 42, 1 },
    { "/api/generate", "{\"options\":{\"num_predict\":42},\"Options\":null}",
      "{\"options\":{\"num_predict\":42},\"Options\":{\"num_predict\":100}}",
      42, 1 },
    { "/api/generate", "{\"num_predict\":42}",
      "{\"options\":{\"num_predict\":100},\"num_predict\":42}", NONE, 1 },
    { "/v1/embeddings", "{\"max_tokens\":500,\"input\":\"x\"}", NULL, 500, 1 },
};


static void
test_cap(void **state)
{
    size_t            i;
    json_t           *j;
    ig_str_t          body, result;
    ig_asked_t        asked;
    ig_splice_t       s;
    ig_splice_want_t  want;

    (void) state;

    memset(&want, 0, sizeof(want));
    want.cap = 100;

    for (i = 0; i < sizeof(caps) / sizeof(caps[0]); i++) {
        body = ig_str_from_c(caps[i].body);
        result = splice(caps[i].path, body, &want, &s);

        if (!ig_str_eq(result, caps[i].result
                               ? ig_str_from_c(caps[i].result) : body))
        {
            fail_msg("%s: %.*s", caps[i].body, IG_FMT(result));
        }

        assert_false(s.hide_usage);
        assert_int_equal(ig_asked(body, operation_of(caps[i].path), &asked),
                         IG_OK);

        if (caps[i].choices != asked.choices
            || (caps[i].asked != asked.max_output
                && !(caps[i].asked > UINT64_MAX / 2
                     && asked.max_output > UINT64_MAX / 2)))
        {
            fail_msg("%s: %llu, %llu", caps[i].body,
                     (unsigned long long) asked.max_output,
                     (unsigned long long) asked.choices);
        }

        j = load(result);
        json_decref(j);
    }

    /* the other name; both at once */

    want.cap_name = IG_CAP_MAX_COMPLETION_TOKENS;
    want.include_usage = true;
    result = splice(CHAT, IG_STR("{\"stream\":true}"), &want, &s);
    assert_true(ig_str_eq(result, IG_STR("{\"stream_options\":{"
                          "\"include_usage\":true},"
                          "\"max_completion_tokens\":100,\"stream\":true}")));
    assert_true(s.hide_usage);
}


/* more limits than there is room for edits: refused, not left */

static void
test_full(void **state)
{
    char              text[4096];
    size_t            n, i, k;
    ig_splice_t       s;
    ig_splice_want_t  want;

    (void) state;

    memset(&want, 0, sizeof(want));
    want.cap = UINT64_MAX - 1;
    n = (size_t) sprintf(text, "{\"model\":\"m\"");

    for (i = 0; i < 40; i++) {
        n += (size_t) sprintf(text + n, ",\"");

        for (k = 0; k < 6; k++) {
            text[n++] = (char) ("tokens"[k] ^ ((i >> k & 1) ? 0x20 : 0));
        }

        memmove(text + n - 6 + 4, text + n - 6, 6);
        memcpy(text + n - 6, "max_", 4);
        n += 4;
        n += (size_t) sprintf(text + n, "\":-1");
    }

    text[n++] = '}';

    assert_int_equal(ig_splice((ig_str_t) { (uint8_t *) text, n },
                               operation_of(CHAT), &want, &s), IG_LIMIT);

    assert_int_equal(ig_splice(IG_STR("{}"), operation_of(CHAT), &want, &s),
                     IG_ERROR);
    assert_int_equal(ig_splice(IG_STR("[1]"), operation_of(CHAT), &want, &s),
                     IG_ERROR);
    assert_int_equal(ig_splice(IG_STR("{\"max_tokens\":"), operation_of(CHAT),
                               &want, &s), IG_ERROR);
}


static void
test_edits(void **state)
{
    ig_buf_t    out;
    ig_edit_t   items[4];
    ig_edits_t  e;

    (void) state;

    ig_edits_init(&e, items, 4);
    ig_edits_add(&e, 5, 1, IG_STR("F"));
    ig_edits_add(&e, 0, 0, IG_STR("<"));
    ig_edits_add(&e, 0, 2, IG_STR("-"));
    ig_edits_add(&e, 6, 0, IG_STR(">"));
    assert_int_equal(ig_edits_check(&e, 6), IG_OK);
    assert_int_equal(ig_edits_size(&e, 6), 7);

    ig_arena_reset(arena);
    ig_buf_init(&out, arena, 16);
    ig_edits_apply(&e, IG_STR("abcdef"), &out);
    assert_int_equal(out.len, 7);
    assert_memory_equal(out.data, "<-cdeF>", 7);

    assert_int_equal(ig_edits_check(&e, 5), IG_ERROR);
    ig_edits_add(&e, 2, 0, IG_STR("x"));
    assert_int_equal(ig_edits_check(&e, 6), IG_LIMIT);

    ig_edits_init(&e, items, 4);
    ig_edits_add(&e, 1, 2, IG_NO_STR);
    ig_edits_add(&e, 2, 1, IG_NO_STR);
    assert_int_equal(ig_edits_check(&e, 6), IG_ERROR);

    ig_edits_init(&e, items, 4);
    ig_edits_add(&e, 1, SIZE_MAX, IG_NO_STR);
    assert_int_equal(ig_edits_check(&e, 6), IG_ERROR);
}


static int
setup(void **state)
{
    (void) state;

    arena = ig_arena_new(8u << 20, 1u << 20);

    return arena == NULL;
}


static int
teardown(void **state)
{
    (void) state;

    ig_arena_free(arena);

    return 0;
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_usage_elsewhere),
        cmocka_unit_test(test_cap),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_edits),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

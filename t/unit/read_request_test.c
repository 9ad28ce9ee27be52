/*
 * A request around its body: operations, methods, content types, query, and
 * headers.
 */

#include "read_helpers.h"


static ig_arena_t  *arena;


typedef struct {
    const char    *method;
    const char    *path;
    bool           anthropic;
    const char    *name;       /* NULL: none */
    ig_dialect_t   dialect;
    ig_reason_t    reason;
} operation_case_t;

#define OK_(method, path, a, name, dialect)                                   \
    { method, path, a, name, IG_DIALECT_##dialect, IG_REASON_NONE }
#define NO(method, path, a, dialect, reason)                                  \
    { method, path, a, NULL, IG_DIALECT_##dialect, IG_REASON_##reason }

static const operation_case_t  operations[] = {
    OK_("POST", "/v1/chat/completions", false, "chat_completions", OPENAI),
    OK_("POST", "/v1/chat/completions", true, "chat_completions", OPENAI),
    OK_("POST", "/v1/completions", false, "completions", OPENAI),
    OK_("POST", "/v1/responses", false, "responses", OPENAI),
    OK_("POST", "/v1/embeddings", false, "embeddings", OPENAI),
    OK_("GET", "/v1/models", false, "models", OPENAI),
    OK_("GET", "/v1/models", true, "models", ANTHROPIC),
    OK_("GET", "/v1/models/gpt-4o", false, "model", OPENAI),
    OK_("GET", "/v1/models/claude", true, "model", ANTHROPIC),
    OK_("POST", "/v1/messages", true, "messages", ANTHROPIC),
    OK_("POST", "/v1/messages", false, "messages", ANTHROPIC),
    OK_("POST", "/v1/messages/count_tokens", true, "count_tokens", ANTHROPIC),
    OK_("POST", "/api/chat", false, "chat", OLLAMA),
    OK_("POST", "/api/generate", false, "generate", OLLAMA),
    OK_("POST", "/api/embed", false, "embed", OLLAMA),
    OK_("POST", "/api/embeddings", false, "embeddings", OLLAMA),
    OK_("GET", "/api/tags", false, "tags", OLLAMA),
    OK_("GET", "/api/version", false, "version", OLLAMA),
    OK_("HEAD", "/", false, "root", OLLAMA),
    OK_("GET", "/", false, "root", OLLAMA),

    NO("GET", "/v1/chat/completions", false, OPENAI, unknown_method),
    NO("post", "/v1/chat/completions", false, OPENAI, unknown_method),
    NO("DELETE", "/v1/models/x", false, OPENAI, unknown_method),
    NO("POST", "/api/tags", false, OLLAMA, unknown_method),
    NO("POST", "/v1/chat/completions/", false, OPENAI, unknown_operation),
    NO("POST", "/v1/Chat/completions", false, OPENAI, unknown_operation),
    NO("POST", "/v1/messages/batches", true, ANTHROPIC, unknown_operation),
    NO("GET", "/v1/models/", false, OPENAI, unknown_operation),
    NO("GET", "/v1/models/a/b", false, OPENAI, unknown_operation),
    NO("POST", "/v1/files", false, OPENAI, unknown_operation),
    NO("POST", "/api/pull", false, OLLAMA, unknown_operation),
    NO("POST", "/other", false, NONE, unknown_operation),
    NO("POST", "", false, NONE, unknown_operation),
};


static void
test_operations(void **state)
{
    size_t                   i;
    ig_reason_t              reason;
    ig_request_t             r;
    ig_reading_t             reading;
    const ig_operation_t    *o;
    const operation_case_t  *c;

    (void) state;

    for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        c = &operations[i];

        o = ig_operation_find(ig_str_from_c(c->method), ig_str_from_c(c->path),
                              c->anthropic, &reason);

        assert_int_equal(reason, c->reason);

        if (c->name) {
            assert_true(ig_str_eq(o->name, ig_str_from_c(c->name)));
            assert_int_equal(o->dialect, c->dialect);

        } else if (o) {
            assert_int_equal(reason, IG_REASON_unknown_method);
            assert_int_equal(o->dialect, c->dialect);
        }

        memset(&r, 0, sizeof(r));
        r.method = ig_str_from_c(c->method);
        r.path = ig_str_from_c(c->path);
        r.anthropic = c->anthropic;

        ig_arena_reset(arena);
        assert_int_equal(ig_read(&r, arena, &reading), IG_OK);
        assert_int_equal(reading.dialect, c->dialect);
        assert_int_equal(reading.operation != NULL, c->name != NULL);

        if (c->name && o->body) {
            assert_int_equal(reading.reason, IG_REASON_missing_body);

        } else {
            assert_int_equal(reading.reason, c->reason);
        }
    }
}


typedef struct {
    const char   *type;
    ig_reason_t   reason;
} type_case_t;

static const type_case_t  types[] = {
    { "application/json", IG_REASON_NONE },
    { "Application/JSON", IG_REASON_NONE },
    { " application/json ", IG_REASON_NONE },
    { "application/json;charset=utf-8", IG_REASON_NONE },
    { "application/json ; charset=UTF-8", IG_REASON_NONE },
    { "application/json; charset=\"utf-8\"", IG_REASON_NONE },
    { "application/json;", IG_REASON_NONE },
    { "", IG_REASON_unsupported_media_type },
    { ";", IG_REASON_unsupported_media_type },
    { "application/json; charset=utf-16", IG_REASON_unsupported_media_type },
    { "application/json; charset=utf-8; charset=utf-7",
      IG_REASON_unsupported_media_type },
    { "application/json; boundary=x", IG_REASON_unsupported_media_type },
    { "application/json, text/plain", IG_REASON_unsupported_media_type },
    { "application/jsonx", IG_REASON_unsupported_media_type },
    { "application/x-www-form-urlencoded", IG_REASON_unsupported_media_type },
    { "text/json", IG_REASON_unsupported_media_type },
    { "multipart/form-data; boundary=x", IG_REASON_unsupported_media_type },
};


static void
test_content_types(void **state)
{
    size_t        i;
    ig_request_t  r;
    ig_reading_t  reading;

    (void) state;

    for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        r = post("/api/generate", IG_STR("{\"model\":\"m\"}"));
        r.content_type = ig_str_from_c(types[i].type);

        ig_arena_reset(arena);
        assert_int_equal(ig_read(&r, arena, &reading), IG_OK);
        assert_int_equal(reading.reason, types[i].reason);
    }
}


static void
test_body_or_none(void **state)
{
    uint8_t      *p;
    ig_request_t  r;
    ig_reading_t  reading;

    (void) state;

    r = post("/v1/models", IG_STR("{}"));
    r.method = IG_STR("GET");
    assert_int_equal(ig_read(&r, arena, &reading), IG_OK);
    assert_int_equal(reading.reason, IG_REASON_unexpected_body);

    reading = read_post("/api/chat", IG_NO_STR, arena);
    assert_int_equal(reading.reason, IG_REASON_missing_body);
    assert_int_equal(reading.dialect, IG_DIALECT_OLLAMA);

    reading = read_post("/api/chat", IG_STR(" \n"), arena);
    assert_int_equal(reading.reason, IG_REASON_invalid_json);

    /* one byte too much, and not one of it is read */

    p = mmap(NULL, IG_MAX_BODY + 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
             -1, 0);
    assert_true(p != MAP_FAILED);
    reading = read_post("/api/chat", (ig_str_t) { p, IG_MAX_BODY + 1 }, arena);
    assert_int_equal(reading.reason, IG_REASON_body_too_large);
    assert_int_equal(munmap(p, IG_MAX_BODY + 1), 0);
}


typedef struct {
    const char  *args;
    bool         good;
    const char  *span;         /* one that must be there, or NULL */
    unsigned     flags;
} query_case_t;

static const query_case_t  queries[] = {
    { "limit=1000", true, "1000", 0 },
    { "limit=1000", true, "limit", IG_SPAN_KEY },
    { "a=1&national=2000000006", true, "2000000006", 0 },
    { "2000000006", true, "2000000006", IG_SPAN_KEY },
    { "a=b=2000000006", true, "b=2000000006", 0 },
    { "&&=&a&=long", true, "long", 0 },
    { "q=%32000000006", true, "%32000000006", IG_SPAN_PERCENT },
    { "q=a+b+c", true, "a+b+c", IG_SPAN_PERCENT },
    { "q=%D8%A7%d8%a7", true, "%D8%A7%d8%a7", IG_SPAN_PERCENT | IG_SPAN_FOLD },
    { "q=\xd8\xa7\xd8\xa7", true, "\xd8\xa7\xd8\xa7", IG_SPAN_FOLD },
    { "%6eame=x", true, "%6eame", IG_SPAN_KEY | IG_SPAN_PERCENT },
    { "q=%", false, NULL, 0 },
    { "q=%2", false, NULL, 0 },
    { "q=%2&a=1", false, NULL, 0 },
    { "q=%zz", false, NULL, 0 },
    { "%zz=q", false, NULL, 0 },
    { "q=%ff", false, NULL, 0 },
    { "q=%d8", false, NULL, 0 },
    { "q=%d8&a=%a7", false, NULL, 0 },
    { "q=\xff", false, NULL, 0 },
    { "q=%ed%a0%80", false, NULL, 0 },
};


static void
test_queries(void **state)
{
    size_t               i;
    guarded_t            g;
    ig_request_t         r;
    ig_reading_t         reading;
    const query_case_t  *c;

    (void) state;

    guarded_open(&g, 4096);

    for (i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
        c = &queries[i];

        memset(&r, 0, sizeof(r));
        r.method = IG_STR("GET");
        r.path = IG_STR("/v1/models");
        r.args = guarded_end(&g, ig_str_from_c(c->args));

        ig_arena_reset(arena);
        assert_int_equal(ig_read(&r, arena, &reading), IG_OK);
        assert_int_equal(reading.reason,
                         c->good ? IG_REASON_NONE : IG_REASON_invalid_query);

        if (c->good) {
            assert_int_equal(span_count(block_of(&reading, IG_BLOCK_QUERY),
                                        c->span, c->flags), 1);
        }
    }

    guarded_close(&g);
}


static void
test_headers(void **state)
{
    ig_request_t       r;
    ig_reading_t       reading;
    const ig_block_t  *b;

    static const ig_header_t  headers[] = {
        { { (const uint8_t *) "x-user", 6 },
          { (const uint8_t *) "2000000006", 10 } },
        { { (const uint8_t *) "x-short", 7 }, { (const uint8_t *) "abc", 3 } },
        { { (const uint8_t *) "x-empty", 7 }, { NULL, 0 } },
        { { (const uint8_t *) "x-latin", 7 },
          { (const uint8_t *) "caf\xe9", 4 } },
    };

    (void) state;

    r = post("/api/generate", IG_STR("{\"model\":\"m\"}"));
    r.args = IG_STR("name=value");
    r.headers = headers;
    r.nheaders = 4;

    ig_arena_reset(arena);
    assert_int_equal(ig_read(&r, arena, &reading), IG_OK);
    assert_int_equal(reading.reason, IG_REASON_NONE);
    assert_int_equal(reading.nblocks, 3);

    b = block_of(&reading, IG_BLOCK_HEADERS);
    assert_non_null(b);
    assert_true(ig_str_eq(b->bytes, IG_STR("2000000006\x1e" "abc\x1e\x1e" "caf\xe9\x1e")));
    assert_int_equal(b->spans->n, 2);
    assert_int_equal(span_count(b, "2000000006", 0), 1);
    assert_int_equal(span_count(b, "caf\xe9", IG_SPAN_FOLD), 1);
}


/* what the path names is text of the client, and goes on with it */

static void
test_paths(void **state)
{
    ig_request_t       r;
    ig_reading_t       reading;
    const ig_block_t  *b;

    (void) state;

    memset(&r, 0, sizeof(r));
    r.method = IG_STR("GET");
    r.path = IG_STR("/v1/models/2000000006");

    ig_arena_reset(arena);
    assert_int_equal(ig_read(&r, arena, &reading), IG_OK);
    assert_int_equal(reading.reason, IG_REASON_NONE);
    assert_int_equal(reading.nblocks, 1);

    b = block_of(&reading, IG_BLOCK_PATH);
    assert_non_null(b);
    assert_int_equal(b->spans->n, 1);
    assert_int_equal(span_count(b, "2000000006", 0), 1);
    assert_int_equal(span_count(b, "2000000006", IG_SPAN_FOLD), 0);

    r.path = IG_STR("/v1/models/\xd9\xa2\xd9\xa0\xd9\xa0");

    ig_arena_reset(arena);
    assert_int_equal(ig_read(&r, arena, &reading), IG_OK);
    assert_int_equal(span_count(block_of(&reading, IG_BLOCK_PATH),
                                "\xd9\xa2\xd9\xa0\xd9\xa0", IG_SPAN_FOLD), 1);

    r.path = IG_STR("/v1/models");

    ig_arena_reset(arena);
    assert_int_equal(ig_read(&r, arena, &reading), IG_OK);
    assert_null(block_of(&reading, IG_BLOCK_PATH));
}


int
main(void)
{
    int                      rc;
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_content_types),
        cmocka_unit_test(test_body_or_none),
        cmocka_unit_test(test_queries),
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_paths),
    };

    arena = ig_arena_new(16u << 20, 1u << 20);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    ig_arena_free(arena);

    return rc;
}

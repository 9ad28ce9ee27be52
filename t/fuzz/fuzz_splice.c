/*
 * libFuzzer: splices into any body; where ig_read() accepts it, the result is
 * accepted too, and jansson sees the original with the wanted difference.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined ... fuzz_splice.c
 *
 * The first byte says operation and wish.
 */

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <inference_guard/edit.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define CAP  100

static const char *const  paths[] = {
    "/v1/chat/completions", "/v1/completions", "/v1/responses",
    "/v1/messages", "/api/chat", "/api/generate", "/v1/embeddings"
};

#define PATHS  (sizeof(paths) / sizeof(paths[0]))


static void
check(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


static json_t *
load(ig_str_t s)
{
    /* jansson has no numbers of 400 digits; then there is nothing to compare */

    return json_loadb((const char *) s.data, s.len,
                      JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
}


/* could a key be there in other letters, where more is put in? */

static bool
other_letters(ig_str_t body)
{
    size_t  i;

    for (i = 0; i < body.len; i++) {
        if (body.data[i] == '\\' || body.data[i] >= 0x80
            || (body.data[i] >= 'A' && body.data[i] <= 'Z'))
        {
            return true;
        }
    }

    return false;
}


static void
check_usage(ig_str_t body, ig_str_t result, bool added)
{
    json_t  *before, *after, *options;

    before = load(body);
    after = load(result);

    if (before && after) {

        if (added) {
            options = json_object_get(after, "stream_options");
            check(json_is_true(json_object_get(options, "include_usage")),
                  "not asked");

            options = json_object_get(before, "stream_options");

            if (!json_is_object(options)) {
                options = json_object();
                json_object_set_new(before, "stream_options", options);
            }

            json_object_set_new(options, "include_usage", json_true());
        }

        /* in another letter case it may be put in several times */

        check(json_equal(before, after) || (added && other_letters(body)),
              "another document");
    }

    json_decref(before);
    json_decref(after);
}


static ig_reason_t
read_as(const char *path, ig_str_t body, ig_arena_t *arena)
{
    ig_request_t  r;
    ig_reading_t  reading;

    memset(&r, 0, sizeof(r));
    r.method = IG_STR("POST");
    r.path = ig_str_from_c(path);
    r.content_type = IG_STR("application/json");
    r.anthropic = strcmp(path, "/v1/messages") == 0;
    r.has_body = true;
    r.body = body;

    ig_arena_reset(arena);
    check(ig_read(&r, arena, &reading) == IG_OK, "out of memory");

    return reading.reason;
}


static void
splice(ig_arena_t *arena, const char *path, const ig_splice_want_t *want,
    ig_str_t body)
{
    bool                   good;
    ig_rc_t                rc;
    ig_buf_t               out;
    ig_str_t               result;
    uint8_t               *bytes;
    ig_asked_t             asked;
    ig_splice_t            s;
    ig_reason_t            reason;
    const ig_operation_t  *operation;

    operation = ig_operation_find(IG_STR("POST"), ig_str_from_c(path),
                                  strcmp(path, "/v1/messages") == 0, &reason);
    check(operation != NULL, "no operation");

    good = read_as(path, body, arena) == IG_REASON_NONE;
    rc = ig_splice(body, operation, want, &s);
    check(!good || rc == IG_OK || rc == IG_LIMIT, "a good body refused");

    if (rc != IG_OK) {
        return;
    }

    bytes = malloc(ig_edits_size(&s.edits, body.len) + 1);
    check(bytes != NULL, "no memory");
    ig_buf_fixed(&out, bytes, ig_edits_size(&s.edits, body.len));
    ig_edits_apply(&s.edits, body, &out);
    check(!out.failed && out.len == ig_edits_size(&s.edits, body.len), "size");
    result = (ig_str_t) { out.data, out.len };

    if (good) {
        reason = read_as(path, result, arena);
        check(reason == IG_REASON_NONE, "the result is not accepted");

        if (want->cap == 0) {
            check_usage(body, result, s.hide_usage);

        } else if (operation->name.data[0] != 'e') {
            check(ig_asked(result, operation, &asked) == IG_OK, "asked");
            check(asked.max_output <= CAP
                  || memmem(body.data, body.len, "ptions", 6) != NULL,
                  "no cap");
        }

        /* a second time there is nothing to do */

        check(ig_splice(result, operation, want, &s) == IG_OK
              && s.edits.n == 0, "not stable");
    }

    free(bytes);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ig_arena_t        *arena;
    ig_splice_want_t   want;

    if (size < 2) {
        return 0;
    }

    arena = ig_arena_new(64u << 20, 0);
    check(arena != NULL, "no memory");

    memset(&want, 0, sizeof(want));
    want.include_usage = (data[0] & 0x80) != 0;
    want.cap = want.include_usage ? 0 : CAP;
    want.cap_name = (data[0] & 0x40) ? IG_CAP_MAX_COMPLETION_TOKENS
                                     : IG_CAP_MAX_TOKENS;

    splice(arena, paths[(data[0] & 0x3f) % PATHS], &want,
           (ig_str_t) { data + 1, size - 1 });

    ig_arena_free(arena);

    return 0;
}

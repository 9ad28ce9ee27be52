/*
 * The strict reader: spans and their flags, reasons and places, bounds of depth
 * and memory, duplicate keys in any number.
 */

#include "read_helpers.h"

#include <read/json.h>


static ig_arena_t  *arena;
static guarded_t    guard;
static ig_json_t    reader;


static bool
read_as(ig_str_t body, ig_place_id_t place)
{
    ig_arena_reset(arena);
    ig_json_init(&reader, body, arena);

    return ig_json_read(&reader, place, 0);
}


static ig_reason_t
reason_of(const char *body)
{
    ig_str_t  s;

    s = guarded_end(&guard, ig_str_from_c(body));

    return read_as(s, IG_PLACE_ANY) ? IG_REASON_NONE : reader.reason;
}


typedef struct {
    const char   *body;
    ig_reason_t   reason;
    size_t        at;
} reason_case_t;

static const reason_case_t  reasons[] = {
    { "{\"a\":1}", IG_REASON_NONE, 0 },
    { " ", IG_REASON_invalid_json, 1 },
    { "[]", IG_REASON_wrong_type, 0 },
    { "\"a\"", IG_REASON_invalid_json, 0 },
    { "\xef\xbb\xbf{}", IG_REASON_invalid_json, 0 },
    { "{}{}", IG_REASON_trailing_bytes, 2 },
    { "{} \n x", IG_REASON_trailing_bytes, 5 },
    { "{\"a\":\"\xff\"}", IG_REASON_invalid_utf8, 6 },
    { "{\"a\":\"\\q\"}", IG_REASON_invalid_json, 6 },
    { "{\"a\":01}", IG_REASON_invalid_json, 6 },
    { "{\"a\":1,\"b\":2,\"a\":3}", IG_REASON_duplicate_key, 14 },
    { "{\"a\":1,\"\\u0061\":3}", IG_REASON_duplicate_key, 8 },
    { "{\"\\u0000\":3}", IG_REASON_invalid_json, 2 },
    { "{\"a\\u0000\":3}", IG_REASON_invalid_json, 2 },
    { "{\"a\":\"\\u0000\"}", IG_REASON_NONE, 0 },
    { "{\"a\":{\"a\":{\"a\":[{\"a\":1},{\"a\":1}]}}}", IG_REASON_NONE, 0 },
    { "{\"a\":1,\"A\":2}", IG_REASON_NONE, 0 },
    { "{\"x\":[{\"k\":1,\"k\":2}]}", IG_REASON_duplicate_key, 14 },
};


static void
test_reasons(void **state)
{
    size_t       i;
    ig_reason_t  reason;

    (void) state;

    for (i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        reason = reason_of(reasons[i].body);

        if (reason != reasons[i].reason) {
            fail_msg("%s: %s", reasons[i].body,
                     (const char *) ig_reason_code(reason).data);
        }

        if (reason != IG_REASON_NONE) {
            assert_int_equal(reader.at - reader.base, reasons[i].at);
        }
    }
}


static void
test_spans(void **state)
{
    size_t            i;
    ig_str_t          body;
    const ig_span_t  *s;

    static const struct {
        const char  *text;
        unsigned     flags;
    } expected[] = {
        { "name", IG_SPAN_KEY },
        { "2000000006", IG_SPAN_NUMBER },
        { "k\\n3\\n", IG_SPAN_KEY | IG_SPAN_ESCAPED },
        { "\xd8\xa7\xd8\xa7", IG_SPAN_FOLD },
        { "-1.5e3", IG_SPAN_NUMBER },
        { "\\u0031", IG_SPAN_FOLD },
        { "a\\/\\n", IG_SPAN_ESCAPED | IG_SPAN_FOLD },
        { "unknown", IG_SPAN_KEY },
        { "deep", 0 },
        { "1234", IG_SPAN_NUMBER },
    };

    (void) state;

    body = IG_STR("{\"name\":2000000006,\"k\\n3\\n\":[\"\xd8\xa7\xd8\xa7\","
                  "-1.5e3,\"abc\",123,\"\\u0031\",\"a\\/\\n\"],\"id\":true,"
                  "\"x\":{\"unknown\":[[{\"y\":\"deep\"}]]},\"z\":1234}");

    assert_true(read_as(guarded_end(&guard, body), IG_PLACE_ANY));
    assert_int_equal(reader.spans.first->n,
                     sizeof(expected) / sizeof(expected[0]));

    for (i = 0; i < reader.spans.first->n; i++) {
        s = &reader.spans.first->spans[i];

        assert_int_equal(s->len, strlen(expected[i].text));
        assert_memory_equal(reader.base + s->start, expected[i].text, s->len);
        assert_int_equal(s->flags, expected[i].flags);
    }
}


static void
test_truncated(void **state)
{
    size_t    n;
    ig_str_t  body;

    (void) state;

    body = IG_STR("{\"model\":\"m\\u0061\",\"messages\":[{\"role\":\"user\","
                  "\"content\":[{\"type\":\"text\",\"text\":\"\xd8\xa7\\u00e9"
                  "\\ud83d\\ude00 and a text that is longer than one block of "
                  "the reader, so that its end lies in another\"}]}],\"n\":"
                  "-12.5e+10,\"t\":true,\"f\":false,\"z\":null}");

    assert_true(read_as(guarded_end(&guard, body), IG_PLACE_CHAT));

    for (n = 0; n < body.len; n++) {
        assert_false(read_as(guarded_end(&guard,
                                         (ig_str_t) { body.data, n }),
                             IG_PLACE_CHAT));
    }
}


/* nothing before the body is read either: a long key that begins at byte 2 */

static void
test_begin(void **state)
{
    (void) state;

    assert_true(read_as(guarded_begin(&guard,
        IG_STR("{\"\xd8\xa7 a key of more than sixteen bytes, and more than "
               "one block of the reader, so that it is read in place\":1}")),
        IG_PLACE_ANY));

    assert_false(read_as(guarded_begin(&guard,
        IG_STR("{\"\xa7 a key of more than sixteen bytes, and more than "
               "one block of the reader, so that it is read in place\":1}")),
        IG_PLACE_ANY));
    assert_int_equal(reader.reason, IG_REASON_invalid_utf8);
}


static void
test_depth(void **state)
{
    char    body[4 * IG_MAX_DEPTH];
    size_t  i, n, depth;

    (void) state;

    for (depth = IG_MAX_DEPTH; depth <= IG_MAX_DEPTH + 1; depth++) {
        n = (size_t) sprintf(body, "{\"a\":");

        for (i = 1; i < depth; i++) {
            body[n++] = '[';
        }

        for (i = 1; i < depth; i++) {
            body[n++] = ']';
        }

        body[n++] = '}';
        body[n] = '\0';

        assert_int_equal(reason_of(body), depth <= IG_MAX_DEPTH
                         ? IG_REASON_NONE : IG_REASON_too_deep);
    }
}


/* objects of n keys, then with one of them again, plain or escaped */

static char *
many_keys(size_t n, size_t again, bool escaped, size_t *len)
{
    char    *p;
    size_t   i, k;

    p = malloc(n * 40 + 100);
    assert_non_null(p);

    k = (size_t) sprintf(p, "{\"outer\":{");

    for (i = 0; i < n; i++) {
        k += (size_t) sprintf(p + k, "%s\"key %zu\":%zu", i ? "," : "", i, i);
    }

    if (again < n) {
        k += (size_t) sprintf(p + k, escaped ? ",\"\\u006bey %zu\":0"
                                             : ",\"key %zu\":0", again);
    }

    k += (size_t) sprintf(p + k, "}}");
    *len = k;

    return p;
}


static void
test_many_keys(void **state)
{
    char                 *p;
    size_t                i, len, again;
    static const size_t   sizes[] = {
        1, 2, 15, 16, 17, 18, 100, 127, 128, 129, 700, 5000, 40000
    };

    (void) state;

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        p = many_keys(sizes[i], SIZE_MAX, false, &len);
        assert_true(read_as((ig_str_t) { (uint8_t *) p, len }, IG_PLACE_ANY));
        free(p);

        for (again = 0; again < 4; again++) {
            p = many_keys(sizes[i], (sizes[i] - 1) * (again & 1),
                          again > 1, &len);

            assert_false(read_as((ig_str_t) { (uint8_t *) p, len },
                                 IG_PLACE_ANY));
            assert_int_equal(reader.reason, IG_REASON_duplicate_key);
            assert_memory_equal(reader.at - 1, again > 1 ? "\"\\u006bey "
                                                         : "\"key ", 5);
            assert_true(reader.at > (const uint8_t *) p + len - 30);
            free(p);
        }
    }
}


/* the stack's space is used again, and outer keys are kept below inner ones */

static void
test_nested_keys(void **state)
{
    char    *p;
    size_t   i, k, round;

    (void) state;

    p = malloc(1u << 20);
    assert_non_null(p);

    for (round = 0; round < 2; round++) {
        k = (size_t) sprintf(p, "{");

        for (i = 0; i < 400; i++) {
            k += (size_t) sprintf(p + k, "\"outer %zu\":{\"a\":1,\"b\":{", i);
            k += (size_t) sprintf(p + k, "\"outer %zu\":1", i);
            k += (size_t) sprintf(p + k, "}},");
        }

        k += (size_t) sprintf(p + k, "\"outer %s\":0}", round ? "399" : "x");

        assert_int_equal(read_as((ig_str_t) { (uint8_t *) p, k },
                                 IG_PLACE_ANY), round == 0);
    }

    assert_int_equal(reader.reason, IG_REASON_duplicate_key);
    free(p);
}


/*
 * With a hash that an attacker has broken: all keys of one hash.  The sort by
 * bytes must find the duplicate, and find none where there is none.
 */

static void
test_equal_hashes(void **state)
{
    bool             found;
    char            *p;
    size_t           len, round, last;
    uint32_t         i;
    ig_keys_t        keys;
    const uint8_t   *at;

    (void) state;

    for (round = 0; round < 3; round++) {
        p = many_keys(3000, round == 1 ? 0 : round == 2 ? 2999 : SIZE_MAX,
                      false, &len);

        ig_arena_reset(arena);
        ig_keys_init(&keys, arena, (const uint8_t *) p);

        found = false;
        last = 0;

        /* the start of each key, as the reader would push it */

        for (i = 11; i + 4 < len; i++) {
            if (memcmp(p + i, "key ", 4) == 0) {
                assert_true(ig_keys_add(&keys, 0, (const uint8_t *) p + i, 4,
                                        len - i, false, &found) || found);
                last = i;
                i += 4;

                if (found) {
                    break;
                }
            }
        }

        /* few keys of one length hash alike: their first four bytes are */

        if (!found) {
            found = !ig_keys_close(&keys, 0, &at);

            if (found) {
                assert_int_equal(at - (const uint8_t *) p, last);
            }
        }

        assert_int_equal(found, round > 0);
        free(p);
    }
}


/* what reading allocates, in hundredths of the body */

static size_t
memory_of(const char *before, const char *repeat, const char *after,
    const char *path, size_t size)
{
    char          *p;
    size_t         n, i, len, used;
    ig_str_t       body;
    ig_arena_t    *big;
    ig_reading_t   r;

    p = malloc(size + 512);
    assert_non_null(p);

    n = (size_t) sprintf(p, "%s", before);

    for (i = 0; n < size; i++) {
        len = (size_t) sprintf(p + n, repeat, (unsigned) i);
        n += len;
    }

    n--;                                               /* the last comma */
    n += (size_t) sprintf(p + n, "%s", after);

    body = (ig_str_t) { (uint8_t *) p, n };
    big = ig_arena_new(SIZE_MAX, 0);
    assert_non_null(big);

    r = read_post(path, body, big);
    if (r.reason != IG_REASON_NONE) {
        fail_msg("%s %s: %s", before, repeat,
                 (const char *) ig_reason_code(r.reason).data);
    }

    used = ig_arena_used(big);
    ig_arena_free(big);
    free(p);

    /* one chunk of spans, whatever the size */

    return (used - sizeof(ig_span_chunk_t)) * 100 / n;
}


static void
test_memory(void **state)
{
    static const struct {
        const char  *before, *repeat, *after;
    } hostile[] = {
        { "{\"model\":\"m\",\"messages\":[],\"x\":[", "1,", "]}" },
        { "{\"model\":\"m\",\"messages\":[],\"x\":[", "1234,", "]}" },
        { "{\"model\":\"m\",\"messages\":[],\"x\":[", "\"\",", "]}" },
        { "{\"model\":\"m\",\"messages\":[],\"x\":[", "\"abcd\",", "]}" },
        { "{\"model\":\"m\",\"messages\":[],\"x\":[", "[],", "]}" },
        { "{\"model\":\"m\",\"messages\":[],\"x\":[", "{},", "]}" },
        { "{\"model\":\"m\",\"messages\":[],\"x\":[", "{\"a\":1},", "]}" },
        { "{\"model\":\"m\",\"messages\":[],\"x\":{", "\"%x\":1,", "}}" },
        { "{\"model\":\"m\",\"messages\":[],\"x\":{", "\"%04x\":1,", "}}" },
        { "{\"model\":\"m\",\"messages\":[],\"x\":{", "\"%x\":{},", "}}" },
        { "{\"model\":\"m\",\"messages\":[],", "\"%x\":1,", "}" },
        { "{\"model\":\"m\",\"messages\":[{\"content\":[", "\"a\",", "]}]}" },
        { "{\"model\":\"m\",\"messages\":[{\"content\":[", "\"\",", "]}]}" },
        { "{\"model\":\"m\",\"messages\":[{\"content\":[",
          "{\"text\":\"a\"},", "]}]}" },
    };
    size_t  i, size, percent;

    (void) state;

    for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        for (size = 16384; size <= (4u << 20); size *= 16) {

            percent = memory_of(hostile[i].before, hostile[i].repeat,
                                hostile[i].after, "/v1/chat/completions",
                                size);

            if (percent > 215) {
                fail_msg("%s: %zu %% of %zu bytes", hostile[i].repeat, percent,
                         size);
            }
        }
    }
}


/* at every bound of the arena: the arena's reason or a good reading */

static void
test_no_memory(void **state)
{
    char          *p;
    size_t         limit, len;
    ig_rc_t        rc;
    ig_arena_t    *small;
    ig_request_t   r;
    ig_reading_t   reading;

    (void) state;

    p = many_keys(2000, SIZE_MAX, false, &len);
    len += (size_t) sprintf(p + len - 1, ",\"model\":\"\\u0061\","
                            "\"messages\":[],"
                            "\"tools\":[{\"name\":\"a\\u0062\"}]}") - 1;

    r = post("/v1/chat/completions", (ig_str_t) { (uint8_t *) p, len });
    rc = IG_LIMIT;

    for (limit = 0; rc != IG_OK; limit += 512) {
        small = ig_arena_new(limit, 0);
        assert_non_null(small);

        rc = ig_read(&r, small, &reading);
        assert_true(rc == IG_OK || rc == IG_LIMIT);
        ig_arena_free(small);
    }

    assert_int_equal(reading.reason, IG_REASON_NONE);
    assert_true(limit > 16384);
    free(p);
}


/* every key of the tables is found, alone and with nothing around it */

static void
test_key_ids(void **state)
{
    size_t                    i, len;
    ig_str_t                  s;
    static const char *const  names[] = {
        NULL,
#define KEY_NAME(name)  #name,
        IG_KEYS(KEY_NAME)
    };

    (void) state;

    for (i = 1; i < IG_KEY_COUNT; i++) {
        s = guarded_end(&guard, ig_str_from_c(names[i]));

        assert_true(s.len <= IG_KEY_MAX_LEN);
        assert_int_equal(ig_key_id(s.data, s.len), i);

        for (len = 0; len < s.len; len++) {
            assert_int_not_equal(ig_key_id(s.data, len), i);
        }
    }
}


int
main(void)
{
    int                      rc;
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_begin),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_many_keys),
        cmocka_unit_test(test_nested_keys),
        cmocka_unit_test(test_equal_hashes),
        cmocka_unit_test(test_key_ids),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_no_memory),
    };

    arena = ig_arena_new(64u << 20, 1u << 20);
    guarded_open(&guard, 8192);

    rc = cmocka_run_group_tests(tests, NULL, NULL);

    guarded_close(&guard);
    ig_arena_free(arena);

    return rc;
}

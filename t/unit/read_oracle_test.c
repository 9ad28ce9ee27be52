/*
 * The strict reader against its oracles: hand-made documents, every byte of
 * them changed to every other, and documents from a generator, whole and
 * mutated.  Deterministic: the same documents on every run.
 */

#include "read_helpers.h"

#include "../fuzz/oracle.h"


static ig_arena_t  *arena;
static guarded_t    guard;


static void
compare(ig_str_t s)
{
    size_t       i;
    ig_str_t     body;
    ig_reason_t  reason;
    const char  *wrong;

    body = guarded_end(&guard, s);

    reason = ig_oracle_read(arena, body.data, body.len, IG_PLACE_ANY);
    wrong = ig_oracle_compare(reason, body.data, body.len);

    if (wrong == NULL) {
        reason = ig_oracle_read(arena, body.data, body.len, IG_PLACE_CHAT);
        wrong = ig_oracle_compare(reason, body.data, body.len);
    }

    if (wrong) {
        for (i = 0; i < s.len; i++) {
            fprintf(stderr, s.data[i] >= 0x20 && s.data[i] < 0x7f
                            ? "%c" : "\\x%02x", s.data[i]);
        }

        fail_msg("%s (%s)", wrong,
                 (const char *) ig_reason_code(reason).data);
    }
}


static const char *const  documents[] = {
    "{}",
    " {\t\"a\" :\r\n1 } ",
    "{\"a\":[1,-0,0.5,1e5,1E+5,1.25e-7,true,false,null,\"x\",{},[]]}",
    ("{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":"
     "\"\\u0041\\ud83d\\ude00\\n\xd8\xa7\xe4\xb8\xad\xf0\x9f\x98\x80\"}]}"),
    "{\"a\":{\"b\":{\"c\":[[[\"d\"]]]}},\"e\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
    "{\"a\":1,\"\\u0061b\":2,\"b\":{\"a\":1},\"\":0}",
};

static const char *const  broken[] = {
    "", " ", "{", "}", "[", "{]", "[}", "{}}", "{} {}", "{},", "{}x",
    "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,\"a\":1}", "{\"a\":1 \"b\":2}",
    "{\"a\" 1}", "{a:1}", "{'a':1}", "{1:1}", "{\"a\":1;}", "{null:1}",
    "{\"a\":01}", "{\"a\":-}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}",
    "{\"a\":1.e1}", "{\"a\":1e}", "{\"a\":1e+}", "{\"a\":0x1}", "{\"a\":00}",
    "{\"a\":-01}", "{\"a\":--1}", "{\"a\":1e1.5}", "{\"a\":1_0}",
    "{\"a\":NaN}", "{\"a\":Infinity}", "{\"a\":-Infinity}", "{\"a\":True}",
    "{\"a\":tru}", "{\"a\":nul}", "{\"a\":nulll}", "{\"a\":truefalse}",
    "{\"a\":[1,]}", "{\"a\":[,1]}", "{\"a\":[1 2]}", "{\"a\":[1,,2]}",
    "{\"a\":[}", "{\"a\":{]}", "{\"a\":\"}", "{\"a\":\"\n\"}",
    "{\"a\":\"\x01\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\ud800\"}",
    "{\"a\":\"\\udc00\"}", "{\"a\":\"\\ud800\\ud800\"}", "{\"a\":\"\\q\"}",
    "{\"a\":\"\xff\"}", "{\"a\":\"\xc0\x80\"}", "{\"a\":\"\xed\xa0\x80\"}",
    "\xef\xbb\xbf{}", "{\"a\":1}\xef\xbb\xbf", "\xfe\xff", "// x\n{}",
    "{/**/}", "{\"a\":1}//", "{\"a\":\"\\u0000\"", "{\"\\u0000\":1}",
    "{\"a\\u0000b\":1}",
    "{\"a\":1,\"a\":2}", "{\"a\":1,\"\\u0061\":2}",
    "{\"x\":{\"\\u00e9\":1,\"\xc3\xa9\":2}}",
    "{\"\\/\":1,\"/\":2}", "{\"\":1,\"\":2}",
    "{\v\"a\":1}", "{\f}", "{\xc2\xa0}",
};


static void
test_documents(void **state)
{
    size_t       i, n;
    ig_str_t     s;
    ig_reason_t  reason;

    (void) state;

    for (i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        s = ig_str_from_c(documents[i]);

        assert_int_equal(ig_oracle_read(arena, s.data, s.len, IG_PLACE_ANY),
                         IG_REASON_NONE);
        assert_int_equal(ig_oracle_jansson(s.data, s.len), 1);
        assert_int_equal(ig_oracle_simdjson(s.data, s.len), 1);
        compare(s);

        /* no beginning of a document is one, but for the space behind it */

        for (n = 0; n < s.len; n++) {
            reason = ig_oracle_read(arena, s.data, n, IG_PLACE_ANY);
            compare((ig_str_t) { s.data, n });

            if (s.data[n] != ' ') {
                assert_int_not_equal(reason, IG_REASON_NONE);
            }
        }
    }

    for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
        s = ig_str_from_c(broken[i]);

        assert_int_not_equal(ig_oracle_read(arena, s.data, s.len,
                                            IG_PLACE_ANY), IG_REASON_NONE);
        compare(s);
    }

    /* with the NUL that a C string hides */

    compare((ig_str_t) { (const uint8_t *) "{}\0", 3 });
    assert_int_equal(ig_oracle_read(arena, (const uint8_t *) "{}\0", 3,
                                    IG_PLACE_ANY), IG_REASON_trailing_bytes);
}


/* the exceptions, one by one, so that the list in oracle.h stays true */

static void
test_exceptions(void **state)
{
    size_t                    i;
    ig_str_t                  s;
    static const char *const  accepted[] = {
        "{\"a\":1e400}", "{\"a\":-1e400}", "{\"a\":9223372036854775808}",
        "{\"a\":123456789012345678901234567890}",
        "{\"a\":-9223372036854775809}",
    };

    (void) state;

    for (i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        s = ig_str_from_c(accepted[i]);

        assert_int_equal(ig_oracle_read(arena, s.data, s.len, IG_PLACE_ANY),
                         IG_REASON_NONE);
        assert_int_equal(ig_oracle_jansson(s.data, s.len), -1);
        compare(s);
    }

    s = IG_STR("[1]");
    assert_int_equal(ig_oracle_jansson(s.data, s.len), 1);
    assert_int_equal(ig_oracle_read(arena, s.data, s.len, IG_PLACE_ANY),
                     IG_REASON_wrong_type);
}


static void
test_every_byte(void **state)
{
    int       c;
    size_t    i, k, len;
    uint8_t   buf[512];

    (void) state;

    for (i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
        len = strlen(documents[i]);

        for (k = 0; k < len; k++) {
            for (c = 0; c < 256; c++) {
                memcpy(buf, documents[i], len);
                buf[k] = (uint8_t) c;
                compare((ig_str_t) { buf, len });
            }

            /* removed, and doubled */

            memcpy(buf, documents[i], k);
            memcpy(buf + k, documents[i] + k + 1, len - k - 1);
            compare((ig_str_t) { buf, len - 1 });

            memcpy(buf, documents[i], k + 1);
            memcpy(buf + k + 1, documents[i] + k, len - k);
            compare((ig_str_t) { buf, len + 1 });
        }
    }
}


/* a generator of documents, most of them good */

typedef struct {
    uint64_t  seed;
    size_t    n;
    uint8_t   buf[8192];
} generator_t;


static void
put(generator_t *g, const char *s)
{
    size_t  len;

    len = strlen(s);

    if (g->n + len < sizeof(g->buf)) {
        memcpy(g->buf + g->n, s, len);
        g->n += len;
    }
}


static const char *
pick(generator_t *g, const char *const *list, size_t n)
{
    return list[random_below(&g->seed, n)];
}

#define PICK(g, list)  put(g, pick(g, list, sizeof(list) / sizeof(list[0])))


static const char *const  spaces[] = {
    "", "", "", "", "", "", " ", "\n", "\t", "\r\n  "
};

static const char *const  letters[] = {
    "a", "b", "model", "content", "x y", "1234567890", "\\n", "\\\"", "\\\\",
    "\\/", "\\u0062", "\\u0000", "\\ud83d\\ude00", "\xc3\xa9", "\xe4\xb8\xad",
    "\xf0\x9f\x98\x80", "a longer run of text that fills some of a block, ",
    "\\u00e9", "\x7f", "{", "]", ":", ",",
};

static const char *const  scalars[] = {
    "0", "-0", "1", "12.5", "-1e5", "1E-2", "1000000000", "0.0", "true",
    "false", "null", "[]", "{}", "\"\"", "123456789012345678",
};


static void
put_string(generator_t *g, size_t max)
{
    size_t  n;

    put(g, "\"");

    for (n = random_below(&g->seed, max); n > 0; n--) {
        PICK(g, letters);
    }

    put(g, "\"");
}


static void
put_value(generator_t *g, unsigned depth, bool object)
{
    size_t  i, n;

    if (!object && (depth == 0 || random_below(&g->seed, 3) == 0)) {

        if (random_below(&g->seed, 2)) {
            PICK(g, scalars);

        } else {
            put_string(g, 6);
        }

        return;
    }

    object = object || random_below(&g->seed, 2);
    put(g, object ? "{" : "[");

    n = random_below(&g->seed, random_below(&g->seed, 20) ? 5 : 40);

    for (i = 0; i < n; i++) {
        put(g, i ? "," : "");
        PICK(g, spaces);

        if (object) {
            put_string(g, 4);
            PICK(g, spaces);
            put(g, ":");
            PICK(g, spaces);
        }

        put_value(g, depth - (depth > 0), false);
        PICK(g, spaces);
    }

    put(g, object ? "}" : "]");
}


static void
mutate(generator_t *g)
{
    size_t                    at, len;
    static const char *const  marks[] = {
        "\"", "\\", "{", "}", "[", "]", ",", ":", "\\u", "0", "-", "e", ".",
        "\xc3", "\x80", "\xed\xa0\x80", "\n", " ", "\x01", "\\ud800", "null"
    };
    const char               *mark;

    if (g->n == 0) {
        return;
    }

    at = random_below(&g->seed, g->n);

    switch (random_below(&g->seed, 4)) {

    case 0:
        g->buf[at] = (uint8_t) random_next(&g->seed);
        break;

    case 1:
        g->n--;
        memmove(g->buf + at, g->buf + at + 1, g->n - at);
        break;

    case 2:
        g->n = at;
        break;

    default:
        mark = pick(g, marks, sizeof(marks) / sizeof(marks[0]));
        len = strlen(mark);

        if (g->n + len < sizeof(g->buf)) {
            memmove(g->buf + at + len, g->buf + at, g->n - at);
            memcpy(g->buf + at, mark, len);
            g->n += len;
        }
    }
}


static void
test_generated(void **state)
{
    size_t              round, k;
    size_t              accepted;
    static generator_t  g;

    (void) state;

    g.seed = 9;
    accepted = 0;

    for (round = 0; round < 25000; round++) {
        g.n = 0;
        put_value(&g, (unsigned) random_below(&g.seed, 6), true);

        compare((ig_str_t) { g.buf, g.n });

        accepted += ig_oracle_read(arena, g.buf, g.n, IG_PLACE_ANY)
                    == IG_REASON_NONE;

        for (k = random_below(&g.seed, 4); k > 0; k--) {
            mutate(&g);
            compare((ig_str_t) { g.buf, g.n });
        }
    }

    /* or the generator makes nothing that tests acceptance */

    assert_true(accepted > 5000);
}


int
main(void)
{
    int                      rc;
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_documents),
        cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_generated),
    };

    arena = ig_arena_new(16u << 20, 1u << 20);
    guarded_open(&guard, 16384);

    rc = cmocka_run_group_tests(tests, NULL, NULL);

    guarded_close(&guard);
    ig_arena_free(arena);

    return rc;
}

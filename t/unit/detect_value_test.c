/*
 * The value of a finding: the same however it was written, its own however many
 * there are, and none unless it was asked for.
 */

#include "detect_helper.h"


static const test_row_t  rows[] = {
    { "sa.id", "[12]\\d{9}", "digits", "luhn", NULL, 0, IG_OWNER_PACK, false },
    { "iban", "[A-Z]{2}\\d{2}[A-Z0-9]{11,30}", NULL, "iban", NULL, 0,
      IG_OWNER_IBAN, false },
    { "mail", "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+", NULL,
      NULL, NULL, 800, IG_OWNER_PACK, false },
    { "odd.id", "\\d{10,12}", "digits", NULL, NULL, 700, IG_OWNER_PACK, false }
};

/* 2000000006 */
#define ARABIC  "\331\242\331\240\331\240\331\240\331\240\331\240\331\240"        \
                "\331\240\331\240\331\246"

#define NROWS  (sizeof(rows) / sizeof(rows[0]))

static test_t  t;


static int
opened(void **state)
{
    (void) state;

    if (!test_open(&t, rows, NROWS, 0)) {
        return -1;
    }

    return ig_detect_keep_values(t.w) ? 0 : -1;
}


static int
closed(void **state)
{
    (void) state;
    test_close(&t);

    return 0;
}


/* the value of the detector's only finding */

static void
assert_value(uint32_t detector, const char *value)
{
    size_t             i, n;
    const ig_value_t  *v;

    assert_int_equal(t.rc, IG_OK);
    assert_non_null(t.found.values);
    n = 0;

    for (i = 0; i < t.found.n; i++) {
        if (t.found.items[i].detector == detector) {
            v = &t.found.values[t.found.items[i].value];
            assert_int_equal(v->len, strlen(value));
            assert_memory_equal(v->bytes, value, v->len);
            n++;
        }
    }

    assert_int_equal(n, 1);
}


static void
however_written(void **state)
{
    size_t              i;
    static const char  *ids[] = {
        "[\"2000000006\"]", "[\"2000 000 006\"]", "[\"2000-000-006\"]",
        "[2000000006]", "[2.000000006e9]", "[2000000006.0]",
        "[\"" ARABIC "\"]",
        "[\"\\u0032000000006\"]", "[\"x\\n2000000006\\n\"]",
        "[\"{\\\"a\\\":\\\"\\\\u0032000000006\\\"}\"]",
        "[\"\357\274\222000000006\"]", "[\"2000\342\200\213000006\"]",
        "[\"my number is 20000\",\"00006 you see\"]"
    };
    static const char  *ibans[] = {
        "[\"GB82WEST12345698765432\"]", "[\"GB82 WEST 1234 5698 7654 32\"]",
        "[\"gb82west12345698765432\"]"
    };
    static const char  *mails[] = {
        "[\"jo.doe@mail.example\"]", "[\"to: JO.DOE@Mail.Example\"]",
        "[\"jo.doe\\u0040mail.example\"]"
    };

    (void) state;

    for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        test_json(&t, ids[i]);
        assert_value(0, "2000000006");
    }

    for (i = 0; i < sizeof(ibans) / sizeof(ibans[0]); i++) {
        test_json(&t, ibans[i]);
        assert_value(1, "GB82WEST12345698765432");
    }

    for (i = 0; i < sizeof(mails) / sizeof(mails[0]); i++) {
        test_json(&t, mails[i]);
        assert_value(2, "JODOEMAILEXAMPLE");
    }
}


static void
text_of_somebody(void **state)
{
    size_t              i;
    char                text[1100];
    ig_value_t          v;
    static const char  *ids[] = {
        "2000000006", " 2000 000 006", "2000-000-006\r",
        ARABIC
    };

    (void) state;

    for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        ig_value_of_text(ig_str_from_c(ids[i]), &v);
        assert_int_equal(v.len, 10);
        assert_memory_equal(v.bytes, "2000000006", 10);
    }

    ig_value_of_text(IG_STR("jo.doe@Mail.example"), &v);
    assert_int_equal(v.len, 16);
    assert_memory_equal(v.bytes, "JODOEMAILEXAMPLE", 16);

    ig_value_of_text(IG_NO_STR, &v);
    assert_int_equal(v.len, 0);
    ig_value_of_text(IG_STR("\xff\xfe -"), &v);
    assert_int_equal(v.len, 0);

    memset(text, '1', sizeof(text));

    for (i = 1; i < sizeof(text); i++) {
        ig_value_of_text((ig_str_t) { (uint8_t *) text, i }, &v);
        assert_int_equal(v.len, i <= IG_VALUE_MAX ? i : 0);
    }
}


/* an address of more than 64 letters and digits */

static void
too_long(void **state)
{
    size_t  i;
    char    body[128];

    (void) state;

    for (i = 50; i < 70; i++) {
        (void) snprintf(body, sizeof(body), "[\"%.*s@b.example\"]", (int) i,
                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        test_json(&t, body);
        assert_int_equal(t.found.n, 1);
        assert_int_equal(t.found.values[t.found.items[0].value].len,
                         i + 8 <= IG_VALUE_MAX ? i + 8 : 0);
    }
}


/*
 * Thousands, written so that many are found several times, and shorter ones
 * first: each has the digits that stand in its own place.
 */

static void
each_its_own(void **state)
{
    size_t             i, k, n, len, at;
    char              *body;
    ig_value_t         own;
    const ig_value_t  *v;

    (void) state;

    body = t.body;
    len = 0;
    body[len++] = '[';

    for (i = 0; i < 3000; i++) {
        len += (size_t) sprintf(body + len, "%s\"a\\n%zu%04zu%s\"",
                                i ? "," : "", 100000 + i * 7, i,
                                i % 3 ? "" : " 12");
    }

    body[len++] = ']';

    test_free_chunks(&t);
    test_lex(&t, (uint8_t *) body, len);
    test_detect(&t, IG_BLOCK_BODY, body, len);
    assert_int_equal(t.rc, IG_OK);
    assert_true(t.found.n >= 3000);

    n = 0;

    for (i = 0; i < t.found.n; i++) {
        v = &t.found.values[t.found.items[i].value];
        own.len = 0;

        for (at = t.found.items[i].start; at < t.found.items[i].end; at++) {
            if (body[at] >= '0' && body[at] <= '9') {
                own.bytes[own.len++] = (uint8_t) body[at];
            }
        }

        assert_int_equal(v->len, own.len);
        assert_memory_equal(v->bytes, own.bytes, own.len);
        n += own.len == 12;

        for (k = i + 1; k < t.found.n && k < i + 10; k++) {
            assert_int_not_equal(t.found.items[i].value,
                                 t.found.items[k].value);
        }
    }

    assert_true(n >= 1000);

    /* too many, and then few again */

    for (i = 0; i < len; i++) {
        body[i] = "2000000006,"[i % 11];
    }

    test_free_chunks(&t);
    test_lex(&t, (uint8_t *) body, len);
    test_detect(&t, IG_BLOCK_BODY, body, len);

    for (i = len; i + 12 < sizeof(t.body) / 2; i++) {
        body[i] = "2000000006,"[i % 11];
    }

    test_free_chunks(&t);
    test_lex(&t, (uint8_t *) body, i);
    test_detect(&t, IG_BLOCK_BODY, body, i);
    assert_int_equal(t.rc, IG_LIMIT);
    assert_null(t.found.values);

    test_json(&t, "[\"2000000006\"]");
    assert_value(0, "2000000006");
}


static void
not_asked_for(void **state)
{
    (void) state;

    assert_true(test_open(&t, rows, NROWS, 0));
    test_json(&t, "[\"2000000006\"]");
    assert_int_equal(t.found.n, 2);
    assert_null(t.found.values);
    test_close(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test_setup_teardown(however_written, opened, closed),
        cmocka_unit_test_setup_teardown(too_long, opened, closed),
        cmocka_unit_test_setup_teardown(each_its_own, opened, closed),
        cmocka_unit_test(text_of_somebody),
        cmocka_unit_test(not_asked_for)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Numbers in other words: by value in JSON, with ".0" in text, behind a sign
 * that folds to letters.
 */

#include "detect_helper.h"

#include <detect/number.h>


static test_t  t;

static const test_row_t  rows[] = {
    { "sa.id", "[12]\\d{9}", "digits", "luhn", "iqama", 0, 0, false }
};


typedef struct {
    const char  *token;
    const char  *whole;        /* empty: none */
} number_t;

static const number_t  numbers[] = {
    { "2000000006", "" },                  /* read where it stands */
    { "-2000000006", "" },
    { "2000000006.0", "2000000006" },
    { "-2000000006.000", "2000000006" },
    { "2.000000006e9", "2000000006" },
    { "2.000000006E+9", "2000000006" },
    { "2000000006e0", "2000000006" },
    { "2000000006e-0", "2000000006" },
    { "20000000060e-1", "2000000006" },
    { "0.2000000006e10", "2000000006" },
    { "0.0002000000006e0000013", "2000000006" },
    { "2.0000000060e9", "2000000006" },
    { "2e9", "2000000000" },
    { "1e39", "1000000000000000000000000000000000000000" },
    { "1e40", "" },
    { "1e400", "" },
    { "1e99999999999999999999", "" },
    { "1e-99999999999999999999", "" },
    { "2000000006.5", "" },
    { "2.000000006e8", "" },
    { "0.0", "" },
    { "0e9", "" },
    { "-0.0123456", "" },
    { "1.2345678901234567890123456789012345678901", "" },
    { "1234567890123456789012345678901234567890.0",
      "1234567890123456789012345678901234567890" }
};


static void
values(void **state)
{
    size_t   i, n;
    uint8_t  out[IG_NUMBER_MAX];

    (void) state;

    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        n = ig_number_whole((const uint8_t *) numbers[i].token,
                            strlen(numbers[i].token), out);

        if (n != strlen(numbers[i].whole)
            || memcmp(out, numbers[i].whole, n) != 0)
        {
            fail_msg("%s: %.*s", numbers[i].token, (int) n, (char *) out);
        }
    }
}


static void
long_tokens(void **state)
{
    char     token[2 * IG_NUMBER_TOKEN];
    uint8_t  out[IG_NUMBER_MAX];

    (void) state;

    memset(token, '0', sizeof(token));
    memcpy(token, "2000000006.", 11);

    assert_int_equal(ig_number_whole((uint8_t *) token, IG_NUMBER_TOKEN, out),
                     10);
    assert_int_equal(ig_number_whole((uint8_t *) token, IG_NUMBER_TOKEN + 1,
                                     out), 0);
}


static const char *
found(const char *json)
{
    test_json(&t, json);

    return test_findings(&t);
}


/* the place is the whole token, the key beside it counts */

static void
tokens(void **state)
{
    (void) state;

    assert_true(test_open(&t, rows, 1, 0));

    assert_string_equal(found("{\"id\": 2.000000006e9}"), "sa.id:7-20:500");
    assert_string_equal(found("[-20000000060E-1, 7]"), "sa.id:1-16:500");
    assert_string_equal(found("[2000000006.00]"), "sa.id:1-14:500");
    assert_string_equal(found("{\"iqama\": 2.000000006e9}"),
                        "sa.id:10-23:850");
    assert_string_equal(found("[2.000000005e9, 2.000000006e8]"), "");
    assert_string_equal(found("[2.000000006e9, 2.000000006e9]"),
                        "sa.id:1-14:500 sa.id:16-29:500");

    test_close(&t);
}


/* a frame of numbers with one that is missing is written so */

static void
zero_fractions(void **state)
{
    (void) state;

    assert_true(test_open(&t, rows, 1, 0));

    test_text(&t, "a,2000000006.0,b");
    assert_string_equal(test_findings(&t), "sa.id:2-12:500");
    test_text(&t, "2000000006.0");
    assert_string_equal(test_findings(&t), "sa.id:0-10:500");
    test_text(&t, "2000000006.0. It is");
    assert_string_equal(test_findings(&t), "sa.id:0-10:500");

    test_text(&t, "2000000006.00");
    assert_string_equal(test_findings(&t), "");
    test_text(&t, "2000000006.0.1");
    assert_string_equal(test_findings(&t), "");
    test_text(&t, "2000000006.5");
    assert_string_equal(test_findings(&t), "");
    test_text(&t, "2000000006.0x");
    assert_string_equal(test_findings(&t), "");
    test_text(&t, "0.2000000006");
    assert_string_equal(test_findings(&t), "");

    test_close(&t);
}


static void
signs(void **state)
{
    size_t  i;

    static const char *const  texts[] = {
        "n\xc2\xba" "2000000006",                  /* ordinal */
        "n\xc2\xaa" "2000000006",
        "\xe2\x84\x96" "2000000006",               /* numero */
        "\xe2\x84\xa1" "2000000006",               /* telephone */
        "ID\xe2\x84\xa2" "2000000006",             /* trade mark */
        "x\\b2000000006",                          /* escapes, not undone */
        "x\\f2000000006"
    };

    (void) state;

    assert_true(test_open(&t, rows, 1, 0));

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        test_text(&t, texts[i]);

        if (t.found.n != 1) {
            fail_msg("%s", texts[i]);
        }
    }

    test_close(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(values),
        cmocka_unit_test(long_tokens),
        cmocka_unit_test(tokens),
        cmocka_unit_test(zero_fractions),
        cmocka_unit_test(signs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

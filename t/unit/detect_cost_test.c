/*
 * What hostile text may cost.  The bounds are far above what is measured (by a
 * factor of ten and more, for slow machines and sanitizers), and far below what
 * a cost that grows with the square of the text would be.
 */

#include "detect_helper.h"

#include <time.h>


#define BODY        (300 * 1000)
#define NS_A_BYTE   6000.0


static const test_row_t  rows[] = {
    { "sa.id", "[12]\\d{9}", "digits", "luhn", "id|iqama", 0, 0, false },
    { "card", "(?<![0-9])(?:4[0-9]{15}|4[0-9]{3}(?:[ ./-][0-9]{4}){3}"
      "|(?<![0-9][ ./-])4(?:[ ./-][0-9]){15}(?![ ./-][0-9]))(?![0-9])",
      "digits", "luhn", "card", 0, 0, false },
    { "iban", "DE\\d{20}", "digits", "iban", "account", 0, IG_OWNER_IBAN,
      false },
    { "phone", "\\+[1-9]\\d{7,14}", "digits", "e164", "tel", 0,
      IG_OWNER_PHONE, false },
    { "mail", "(?<![A-Za-z0-9._%+-])[A-Za-z0-9][A-Za-z0-9._%+-]{0,63}@"
      "(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.){1,8}[A-Za-z]{2,24}",
      "@", NULL, "mail", 600, 0, false },
    { "token", "eyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}", "eyJ", NULL, NULL,
      600, 0, false }
};

static test_t  t;


/* searches t.body; fails when it took too long, or too much memory */

static void
cheap(const char *what)
{
    size_t   len;
    double   ns;
    clock_t  start;

    len = strlen(t.body);

    test_free_chunks(&t);
    test_lex(&t, (const uint8_t *) t.body, len);

    start = clock();
    test_detect(&t, IG_BLOCK_BODY, t.body, len);
    ns = (double) (clock() - start) * 1e9 / CLOCKS_PER_SEC / (double) len;

    if (ns > NS_A_BYTE) {
        print_error("%s: %.0f ns a byte\n", what, ns);
    }

    assert_true(t.rc == IG_OK || t.rc == IG_LIMIT);
    assert_true(ns <= NS_A_BYTE);
    assert_true(ig_arena_used(t.arena) <= 3 * len + 65536);
}


static void
one_text_over_and_over(void **state)
{
    char    *p;
    size_t   i;

    static const char *const  texts[] = {
        "@", "a@a.a", "a@aaaa.", "eyJ", "eyJ.", "eyJaaaaaaaaaaa.", "://", "1",
        "1 ", "1-", "2 ", "12 ", "4111 ", "12345 ", "123456789 ", "2000000005 ",
        "id 2 ", "+1", "(1)", "1 (", "A1", "DE89", "DE89 ", "de 1 ", "D E 8 9 ",
        "DE89370400440532013001", "DE89 3704 0044 0532 0130 01 ",
        "-a1b2", "\\n1", "\\u0031", "\\u0032 ", "\\\\u0031", "\\\\u",
        "\\\\\\\\u0031", "\\u005c", "\\/", "\xef\xbc\x91", "\xd9\xa2 ",
        "1\xe2\x80\x8b", "1\xcc\x81", "\xef\xb7\xba", "\xf0\x9f\x98\x80",
        "\",\"1", "\",\"\\u0031", "\",\"\\n2000000005", "\":\"1\",\"id",
        "\",\"a@", "\",\"\xe2\x80\x8b", "DE89\",\"", "DE891234567\",\""
    };

    (void) state;

    assert_true(test_open(&t, rows, sizeof(rows) / sizeof(rows[0]), 0));

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {

        p = t.body + sprintf(t.body, "[\"");

        while (p - t.body < BODY) {
            p += sprintf(p, "%s", texts[i]);
        }

        (void) sprintf(p, "\"]");
        cheap(texts[i]);
    }

    test_close(&t);
}


/* nanoseconds a byte of that many bytes of one text */

static double
cost(const char *text, size_t size)
{
    char     *p;
    size_t    len;
    clock_t   start;

    p = t.body + sprintf(t.body, "[\"");

    while ((size_t) (p - t.body) < size) {
        p += sprintf(p, "%s", text);
    }

    p += sprintf(p, "\"]");
    len = (size_t) (p - t.body);

    test_free_chunks(&t);
    test_lex(&t, (const uint8_t *) t.body, len);

    start = clock();
    test_detect(&t, IG_BLOCK_BODY, t.body, len);

    assert_int_equal(t.rc, IG_OK);

    return (double) (clock() - start + 1) * 1e9 / CLOCKS_PER_SEC
           / (double) len;
}


/*
 * Numbers and IBANs of many strings are met in the order of the text: going back
 * for one of them would cost all strings before it.
 */

static void
no_square(void **state)
{
    size_t  i;

    static const char *const  texts[] = {
        "DE89\",\"", "DE891234567\",\"", "12345678901\",\"DE89\",\""
    };

    (void) state;

    assert_true(test_open(&t, rows, sizeof(rows) / sizeof(rows[0]), 0));

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_true(cost(texts[i], 900 * 1000) < 4 * cost(texts[i], 60 * 1000)
                                                 + 20);
    }

    test_close(&t);
}


/* as many findings as there may be, each found again on every level */

static void
full_list_found_again(void **state)
{
    char    *p;
    size_t   i, n, extra;

    (void) state;

    assert_true(test_open(&t, rows, sizeof(rows) / sizeof(rows[0]), 0));

    for (extra = 0; extra < 2; extra++) {

        p = t.body + sprintf(t.body, "[\"\\u0020");
        n = IG_MAX_FINDINGS - 1 + extra * 2;

        for (i = 0; i < n; i++) {
            p += sprintf(p, " ab%zu@ab.example", i);
        }

        (void) sprintf(p, " \\\\\\\\\\\\\\\\u0020 \\\\\\\\u0020 \\\\u0020\"]");
        cheap("found again");

        assert_int_equal(t.rc, extra ? IG_LIMIT : IG_OK);
        assert_int_equal(t.found.n, extra ? 0 : n);
    }

    test_close(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(one_text_over_and_over),
        cmocka_unit_test(no_square),
        cmocka_unit_test(full_list_found_again)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * What is found, where, and what is not: numbers and their edges, escapes and
 * evasions, context, joined text, owners.
 */

#include "detect_helper.h"


static const test_row_t  rows[] = {
    { "sa.id", "[12]\\d{9}", "digits", "luhn",
      "\331\207\331\210\331\212\330\251|\330\245\331\202\330\247\331\205"
      "\330\251|iqama|national id", 0,
      IG_OWNER_PACK, false },
    { "card", "\\d{13,19}", "digits", "luhn", NULL, 0, IG_OWNER_PACK, false },
    { "iban", "[A-Z]{2}\\d{2}[A-Z0-9]{11,30}", NULL, "iban", NULL, 0,
      IG_OWNER_IBAN, false },
    { "mail", "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+", "@",
      NULL, NULL, 800, IG_OWNER_PACK, false },
    { "phone", "\\+\\d{8,15}", "digits", "e164", NULL, 0, IG_OWNER_PHONE,
      false },
    { "aws", "\\b(?:AKIA|ASIA)[0-9A-Z]{16}\\b", "AKIA|ASIA", NULL, NULL, 900,
      IG_OWNER_PACK, false },
    { "es.dni", "\\d{8}-?[A-HJ-NP-TV-Z]", "digits", NULL, "dni", 500,
      IG_OWNER_PACK, false },
    { "ip", "(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?:25[0-5]|2[0-4]\\d"
      "|1?\\d?\\d)){3}", "digits", NULL, NULL, 600, IG_OWNER_PACK, false },
    { "us.ssn", "\\d{3}-\\d{2}-\\d{4}", "digits", "us_ssn", NULL, 0,
      IG_OWNER_PACK, false },
    { "om.civil", "\\d{8}", "digits", NULL, "civil number|ssn", 0,
      IG_OWNER_PACK, false }
};

#define NROWS  (sizeof(rows) / sizeof(rows[0]))

static test_t  t;


static int
setup(void **state)
{
    (void) state;

    return test_open(&t, rows, NROWS, 0) ? 0 : -1;
}


static int
setup_without(void **state)
{
    (void) state;

    return test_open(&t, rows, NROWS, IG_DETECT_NO_VECTORSCAN) ? 0 : -1;
}


static int
teardown(void **state)
{
    (void) state;
    test_close(&t);

    return 0;
}


static void
expect_text(const char *text, const char *findings)
{
    test_text(&t, text);
    assert_string_equal(test_findings(&t), findings);
}


static void
expect_json(const char *body, const char *findings)
{
    test_json(&t, body);
    assert_string_equal(test_findings(&t), findings);
}


static void
plain_numbers(void **state)
{
    (void) state;

    expect_text("2000000006", "sa.id:0-10:500");
    expect_text("id 2000000006.", "sa.id:3-13:500");
    expect_text("(2000000006)", "sa.id:1-11:500");
    expect_text("_2000000006_", "sa.id:1-11:500");
    expect_text("2000000005", "");
    expect_text("20 0000 0006", "sa.id:0-12:500");
    expect_text("2-0-0-0-0-0-0-0-0-6", "sa.id:0-19:500");
    expect_text("2000.000.006", "sa.id:0-12:500");
    expect_text("2000  000006", "");
    expect_text("3000000004", "");
    expect_text("card 4111 1111 1111 1111 ok", "card:5-24:500");
    expect_text("4111-1111/1111.1111", "card:0-19:500");
    expect_text("0000000000000000", "");
}


static void
edges_of_numbers(void **state)
{
    (void) state;

    expect_text("a2000000006", "");
    expect_text("2000000006b", "");
    expect_text("2000000006.5", "");
    expect_text("1.2000000006", "");
    expect_text("12000000006", "");
    expect_text("123e4567-e89b-12d3-a456-2000000006", "");
    expect_text("2000000006-a456-12", "");
    expect_text("0f-beef-2000000006", "");
    expect_text("iqama-2000000006", "sa.id:6-16:850");
    expect_text("beef-2000000006", "sa.id:5-15:500");
    expect_text("+2000000006", "phone:0-11:500");
    expect_text("1+2000000006", "sa.id:2-12:500");
    expect_text("\303\2702000000006", "sa.id:2-12:500");
    expect_text("v1.20.3 and 10.0.0 2023-10-11T12:30:45Z 1700000000", "");
    expect_text("ip 192.168.10.200, or", "ip:3-17:600");
    expect_text("1.2.3.4.5", "");
    expect_text("1.2.3.400", "");
}


static void
letters_in_numbers(void **state)
{
    (void) state;

    expect_text("DNI 12345678Z.", "es.dni:4-13:850");
    expect_text("12345678-Z", "es.dni:0-10:500");
    expect_text("x12345678Z", "");
    expect_text("12345678Zx", "");
    expect_text("ssn 123-45-6789", "us.ssn:4-15:500");
    expect_text("ssn 666-45-6789", "");
}


static void
secrets_and_mail(void **state)
{
    (void) state;

    expect_text("key AKIAIOSFODNN7EXAMPLE,", "aws:4-24:900");
    expect_text("key akiaIOSFODNN7EXAMPLE,", "");
    expect_text("xAKIAIOSFODNN7EXAMPLE", "");
    expect_text("ask jo.doe+x@mail.example.org or @home", "mail:4-29:800");
    expect_text("a@b.de c@d.de", "mail:0-6:800 mail:7-13:800");
    expect_text("a@b", "");
}


static void
ibans(void **state)
{
    (void) state;

    expect_text("DE89370400440532013000", "iban:0-22:500");
    expect_text("IBAN de89 3704 0044 0532 0130 00, thanks",
                "iban:5-32:500");
    expect_text("GB82 WEST 1234 5698 7654 32 now", "iban:0-27:500");
    expect_text("SA03 8000 0000 6080 1016 7519", "iban:0-29:500");
    expect_text("DE88370400440532013000", "");
    expect_text("DE893704004405320130001", "");
    expect_text("XDE89370400440532013000", "");
    expect_text("ZZ89370400440532013000", "");

    test_text(&t, "GB82 WEST 1234 5698 7654 32");
    assert_int_equal(t.found.items[0].owner, ig_country_parse(IG_STR("GB")));
}


static void
phones(void **state)
{
    (void) state;

    expect_text("+966 50 123 4567", "phone:0-16:500");
    expect_text("call +1-212-555-0123 now", "phone:5-20:500");
    expect_text("+46 (0)8-928 571 38", "phone:0-19:500");
    expect_text("+1 (212) 555-0123", "phone:0-17:500");
    expect_text("+1-112-555-0123", "");
    expect_text("+2105551234", "");

    test_text(&t, "+77011234567");
    assert_int_equal(t.found.items[0].owner, ig_country_parse(IG_STR("KZ")));
    test_text(&t, "+79161234567");
    assert_int_equal(t.found.items[0].owner, ig_country_parse(IG_STR("RU")));
    test_text(&t, "+14165550123");
    assert_int_equal(t.found.items[0].owner, ig_country_parse(IG_STR("CA")));
    test_text(&t, "+18765550123");
    assert_int_equal(t.found.items[0].owner, ig_country_parse(IG_STR("JM")));
    test_text(&t, "+12125550123");
    assert_int_equal(t.found.items[0].owner, ig_country_parse(IG_STR("US")));
    test_text(&t, "2000000006");
    assert_int_equal(t.found.items[0].owner, ig_country_parse(IG_STR("SA")));
}


static void
other_scripts(void **state)
{
    (void) state;

    /* Arabic-Indic, Devanagari, full-width, mathematical */

    expect_text("\331\242\331\240\331\240\331\240\331\240\331\240\331\240"
                "\331\240\331\240\331\246", "sa.id:0-20:500");
    expect_text("\340\245\250\340\245\246\340\245\246\340\245\246\340\245\246"
                "\340\245\246\340\245\246\340\245\246\340\245\246\340\245\254",
                "sa.id:0-30:500");
    expect_text("x \357\274\222\357\274\220\357\274\220\357\274\220\357\274\220"
                "\357\274\220\357\274\220\357\274\220\357\274\220\357\274\226",
                "sa.id:2-32:500");
    expect_text("\360\235\237\220\360\235\237\216" "00000006",
                "sa.id:0-16:500");

    /* zero width, soft hyphen, no-break space, dash, variation selector */

    expect_text("20\342\200\2130000\302\2550006", "sa.id:0-15:500");
    expect_text("20\342\200\21300\302\25500\357\270\2170006",
                "sa.id:0-18:500");
    expect_text("20\302\240000\342\200\22400006", "sa.id:0-15:500");

    /* full-width Latin and at sign; a no-break space around */

    expect_text("jo\357\274\240mail.example", "mail:0-17:800");
    expect_text("\302\240\357\274\241KIAIOSFODNN7EXAMPLE", "aws:2-24:900");
}


static void
context_words(void **state)
{
    (void) state;

    expect_text("Iqama: 2000000006", "sa.id:7-17:850");
    expect_text("NATIONAL_ID=2000000006", "sa.id:12-22:850");
    expect_text("liqamax 2000000006", "sa.id:8-18:500");
    expect_text("2000000006 is my iqama", "sa.id:0-10:850");
    expect_text("2000000006 is the number that stands on my iqama",
                "sa.id:0-10:500");

    /* with the article and a prefix joined to it, and vowel marks */

    expect_text("\331\210\330\247\331\204\330\245\331\202\330\247\331\205"
                "\330\251 2000000006", "sa.id:17-27:850");

    /* only with context, for want of a validator */

    expect_text("12345678", "");
    expect_text("Civil number 12345678", "om.civil:13-21:850");
    expect_json("{\"userSsn\":\"12345678\"}", "om.civil:12-20:850");
    expect_json("{\"ssn\" : 12345678}", "om.civil:9-17:850");
    expect_json("{\"civilNumber\":[\"12345678\",\"12345679\"]}",
                "om.civil:17-25:850 om.civil:28-36:850");
    expect_json("{\"x\":\"12345678\",\"ssn\":\"\"}", "");
}


static void
escapes(void **state)
{
    (void) state;

    expect_json("{\"content\":\"my id\\n2000000006\\nthanks\"}",
                "sa.id:19-29:500");
    expect_json("{\"content\":\"\\u0032\\u0030\\u00300000006\"}",
                "sa.id:12-37:500");
    expect_json("{\"content\":\"2000\\/000\\/006\"}", "sa.id:12-26:500");
    expect_json("{\"content\":\"say \\\"jo@mail.example\\\"\"}",
                "mail:18-33:800");
    expect_json("{\"2000000006\":1}", "sa.id:2-12:500");
    expect_json("{\"number\":2000000006}", "sa.id:10-20:500");
    expect_json("[2000000006,2000000006]", "sa.id:1-11:500 sa.id:12-22:500");
    expect_json("{\"content\":\"a\\\\nb 2000000006\"}", "sa.id:18-28:500");

    /* characters that are not seen */

    expect_json("{\"content\":\"2000\\b000\\f006\"}", "sa.id:12-26:500");
    expect_json("{\"content\":\"AKIA\\bIOSFODNN7EXAMPLE\"}",
                "aws:12-34:900");

    /* JSON in a string, whose own escapes hide the number */

    expect_json("{\"arguments\":\"{\\\"a\\\":\\\"\\\\u0032000000006\\\"}\"}",
                "sa.id:23-39:500");
    expect_json("{\"arguments\":\"{\\\"a\\\":\\\"x\\\\n2000000006\\\"}\"}",
                "sa.id:27-37:500");
    expect_json("{\"arguments\":\"\\\\\\\\u0032000000006\"}",
                "sa.id:14-32:500");
}


static void
query_and_headers(void **state)
{
    static const char  query[] = "a=b&iqama=%32000000006&q=jo%40mail.example";

    (void) state;

    test_free_chunks(&t);
    test_span(&t, 10, 22, IG_SPAN_PERCENT);
    test_span(&t, 25, 42, IG_SPAN_PERCENT);
    test_detect(&t, IG_BLOCK_QUERY, query, sizeof(query) - 1);
    assert_string_equal(test_findings(&t), "sa.id:10-22:850 mail:25-42:800");

    test_free_chunks(&t);
    test_span(&t, 0, 10, 0);
    test_detect(&t, IG_BLOCK_HEADERS, "2000000006", 10);
    assert_string_equal(test_findings(&t), "sa.id:0-10:500");

    /* two values are never one number, and each is read to its end */

    test_free_chunks(&t);
    test_span(&t, 0, 10, 0);
    test_span(&t, 11, 16, 0);
    test_detect(&t, IG_BLOCK_HEADERS, "2000000006\x1e" "12345\x1e", 17);
    assert_string_equal(test_findings(&t), "sa.id:0-10:500");

    test_free_chunks(&t);
    test_span(&t, 0, 5, 0);
    test_span(&t, 6, 11, 0);
    test_detect(&t, IG_BLOCK_HEADERS, "20000\x1e" "00006\x1e", 12);
    assert_string_equal(test_findings(&t), "");
}


static void
joined_text(void **state)
{
    (void) state;

    expect_json("[\"my id is 20000\",\"00006\"]", "sa.id:11-24:500j");
    expect_json("[\"20\",\"0000\",\"00\",\"06\"]", "sa.id:2-21:500j");
    expect_json("[\"2\",\"0\",\"0\",\"0\",\"0\",\"0\",\"0\",\"0\",\"0\",\"6\"]",
                "sa.id:2-39:500j");
    expect_json("[\"jo@mail\",\".example\"]", "mail:2-20:800j");
    expect_json("[\"\\u0661 iqama 20000\",\"\\u0660\\u06600\\u06606\"]",
                "sa.id:15-43:850j");

    /* what lies in one is not found twice; what only meets is nothing */

    expect_json("[\"2000000006\",\" yes\"]", "sa.id:2-12:500");
    expect_json("[\"a2000\",\"000006\"]", "");
    expect_json("[\"20000\",\"000060\"]", "");
}


static void
joined_long_and_many(void **state)
{
    size_t  i, n;

    (void) state;

    /* the ends of two long messages */

    n = 0;
    n += (size_t) sprintf(t.body + n, "[\"");

    for (i = 0; i < 3000; i++) {
        n += (size_t) sprintf(t.body + n, "word\\n ");
    }

    n += (size_t) sprintf(t.body + n, "20000\",\"00006 ");

    for (i = 0; i < 3000; i++) {
        n += (size_t) sprintf(t.body + n, "word ");
    }

    n += (size_t) sprintf(t.body + n, "\"]");

    test_json(&t, t.body);
    assert_string_equal(test_ids(&t), "sa.id");
    assert_true(t.found.items[0].joined);
    assert_memory_equal(t.body + t.found.items[0].start, "20000\",\"00006",
                        t.found.items[0].end - t.found.items[0].start);

    /* far into very many tiny ones */

    n = (size_t) sprintf(t.body, "[\"x\"");

    for (i = 0; i < 9000; i++) {
        n += (size_t) sprintf(t.body + n, ",\"%s\"",
                              i == 8000 ? "2000" : i == 8001 ? "000"
                              : i == 8002 ? "006" : " zz ");
    }

    n += (size_t) sprintf(t.body + n, "]");

    test_json(&t, t.body);
    assert_string_equal(test_ids(&t), "sa.id");
}


static void
long_clusters(void **state)
{
    size_t  i, n;

    (void) state;

    /* in the middle of a list of numbers that never ends */

    n = 0;

    for (i = 0; i < 2000; i++) {
        n += (size_t) sprintf(t.body + n, i == 1500 ? "4111111111111111 "
                                                    : "77 - ");
    }

    test_text(&t, t.body);
    assert_string_equal(test_ids(&t), "card");

    /* a run of digits that is no number */

    memset(t.body, '7', 100000);
    strcpy(t.body + 100000, " 2000000006");

    test_text(&t, t.body);
    assert_string_equal(test_ids(&t), "sa.id");
}


static void
bounds(void **state)
{
    size_t  i, n;

    (void) state;

    n = 0;

    for (i = 0; i < IG_MAX_FINDINGS; i++) {
        n += (size_t) sprintf(t.body + n, "2000000006, ");
    }

    test_text(&t, t.body);
    assert_int_equal(t.rc, IG_OK);
    assert_int_equal(t.found.n, IG_MAX_FINDINGS);

    (void) sprintf(t.body + n, "2000000006, ");

    test_text(&t, t.body);
    assert_int_equal(t.rc, IG_LIMIT);
    assert_int_equal(t.found.n, 0);

    /* a worker goes on after a bound */

    expect_text("2000000006", "sa.id:0-10:500");
}


static void
step_limit(void **state)
{
    test_t            *own;
    static const char  bomb[] = "key=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!";

    static const test_row_t  slow[] = {
        { "slow", "key=(?:a+)+(?:a|b)+[0-9]", "key=", NULL, NULL, 500,
          IG_OWNER_PACK, false }
    };

    (void) state;

    own = calloc(1, sizeof(test_t));
    assert_non_null(own);
    assert_true(test_open(own, slow, 1, 0));

    test_text(own, bomb);
    assert_int_equal(own->rc, IG_LIMIT);
    test_text(own, "key=aa7");
    assert_string_equal(test_findings(own), "slow:0-7:500");

    test_close(own);
    free(own);
}


/* a score that a rule asks for is found, however low */

static void
floor_of_scores(void **state)
{
    test_t                *own;
    static const uint32_t  row = 0;
    static ig_rule_t       rule;

    static const test_row_t  low[] = {
        { "low", "\\d{8}", "digits", NULL, NULL, 300, IG_OWNER_PACK, false }
    };

    (void) state;

    own = calloc(1, sizeof(test_t));
    assert_non_null(own);

    assert_true(test_open(own, low, 1, 0));
    test_text(own, "12345678");
    assert_string_equal(test_findings(own), "");
    ig_detect_worker_free(own->w);
    ig_detect_free(own->d);

    rule.when.keys = IG_WHEN_DATA;
    rule.when.data = (ig_rows_t) { &row, 1 };
    rule.when.score = 200;
    own->policy.rules = &rule;
    own->policy.nrules = 1;

    own->d = ig_detect_compile(&own->policy, 0, own->mistakes);
    assert_non_null(own->d);
    own->w = ig_detect_worker_new(own->d);
    assert_non_null(own->w);

    test_text(own, "12345678");
    assert_string_equal(test_findings(own), "low:0-8:300");

    test_close(own);
    free(own);
}


#define BOTH(test)                                                            \
    { #test, test, setup, teardown, NULL },                                   \
    { #test ", without Vectorscan", test, setup_without, teardown, NULL }

int
main(void)
{
    const struct CMUnitTest  tests[] = {
        BOTH(plain_numbers),
        BOTH(edges_of_numbers),
        BOTH(letters_in_numbers),
        BOTH(secrets_and_mail),
        BOTH(ibans),
        BOTH(phones),
        BOTH(other_scripts),
        BOTH(context_words),
        BOTH(escapes),
        BOTH(query_and_headers),
        BOTH(joined_text),
        BOTH(joined_long_and_many),
        BOTH(long_clusters),
        BOTH(bounds),
        cmocka_unit_test(step_limit),
        cmocka_unit_test(floor_of_scores)
    };

    return cmocka_run_group_tests_name("detect_find", tests, NULL, NULL);
}

/*
 * Weak forms: a validated candidate of such a form, as a whole, has the score of
 * its shape until a context word stands near.
 */

#include "detect_helper.h"


static test_t  t;


static void
open_weak(const test_row_t *row, const char *weak, unsigned options)
{
    memset(&t, 0, sizeof(t));
    test_fill(&t, row, 1);
    t.detectors[0].weak = ig_str_from_c(weak);

    t.mistakes = ig_mistakes_new();
    t.arena = ig_arena_new((size_t) 256 << 20, 1 << 20);
    t.d = ig_detect_compile(&t.policy, options, t.mistakes);
    assert_non_null(t.d);
    t.w = ig_detect_worker_new(t.d);
    assert_non_null(t.w);
}


static void
expect_text(const char *text, const char *findings)
{
    test_text(&t, text);
    assert_string_equal(test_findings(&t), findings);
}


/* those of a national number: times, groups, what stands before or behind */

static void
forms(void **state)
{
    unsigned    i;
    test_row_t  row;

    (void) state;

    row = (test_row_t) { "id", "[12]\\d{9}", "digits", "luhn",
                         "iqama|\331\207\331\210\331\212\330\251", 0,
                         IG_OWNER_PACK, false };

    for (i = 0; i < 2; i++) {
        open_weak(&row, "1[2-9].*|.*[^0-9].*|(?<=/|[a-z]-).*|.*(?=%)",
                  i ? IG_DETECT_NO_VECTORSCAN : 0);

        /* 300 is below what counts, and is not told */

        expect_text("2000000006", "id:0-10:500");
        expect_text("x 2000000006 y", "id:2-12:500");
        expect_text("1716239015", "");
        expect_text("20 0000 0006", "");
        expect_text("2000-000-006", "");
        expect_text("runs/2000000006", "");
        expect_text("issue-2000000006", "");
        expect_text("2000000006%", "");
        expect_text("% 2000000006 %", "id:2-12:500");

        expect_text("iqama 1716239015", "id:6-16:850");
        expect_text("iqama 20 0000 0006", "id:6-18:850");
        expect_text("iqama-2000000006", "id:6-16:850");
        expect_text("1716239016 iqama", "");

        /* as folded: Arabic-Indic digits, a no-break space */

        expect_text("\331\242\331\240\331\240\331\240\331\240\331\240\331\240"
                    "\331\240\331\240\331\246", "id:0-20:500");
        expect_text("2000\302\240000006", "");
        expect_text("\331\207\331\210\331\212\330\251 2000\302\240000006",
                    "id:9-21:850");

        test_json(&t, "{\"n\":2000000006,\"t\":1716239015,"
                  "\"iqama\":1716239015}");
        assert_string_equal(test_findings(&t), "id:5-15:500 id:39-49:850");

        test_close(&t);
    }
}


/* the whole candidate, whichever of its ways to match comes first */

static void
whole(void **state)
{
    test_row_t  row;

    (void) state;

    row = (test_row_t) { "id", "[12]\\d{9}", "digits", "luhn", NULL, 0,
                         IG_OWNER_PACK, false };

    open_weak(&row, "2|20|200\\d*|.{3}", 0);
    expect_text("2000000006", "");
    expect_text("2183645072", "id:0-10:500");
    expect_text("2000000006 00", "");
    test_close(&t);

    /* not a part of it, and not more than it */

    open_weak(&row, "0{8}", 0);
    expect_text("2000000006", "id:0-10:500");
    test_close(&t);

    open_weak(&row, "2.*!", 0);
    expect_text("2000000006!", "id:0-10:500");
    test_close(&t);
}


/* found by PCRE2 around digits */

static void
other_anchors(void **state)
{
    test_row_t  row;

    (void) state;

    row = (test_row_t) { "ssn", "\\d{3}-?\\d{2}-?\\d{4}", "digits", "us_ssn",
                         "ssn", 0, IG_OWNER_PACK, false };

    open_weak(&row, "\\d{9}", 0);
    expect_text("123-45-6789", "ssn:0-11:500");
    expect_text("123456789", "");
    expect_text("ssn 123456789", "ssn:4-13:850");
    expect_text("ssn 666456789", "");
    test_close(&t);

    /* and characters that are not bytes */

    open_weak(&row, "(?<=\303\251 )\\d{9}", 0);
    expect_text("123456789", "ssn:0-9:500");
    expect_text("\330\244 123456789", "ssn:3-12:500");
    test_close(&t);

    open_weak(&row, "(?<=\330\247 )\\d{9}", 0);
    expect_text("\330\247 123456789", "");
    expect_text("\331\207 123456789", "ssn:3-12:500");
    test_close(&t);
}


/* more steps than are allowed: the request is refused */

static void
too_many_steps(void **state)
{
    test_row_t  row;

    (void) state;

    row = (test_row_t) { "card", "\\d{13,19}", "digits", "luhn", NULL, 0,
                         IG_OWNER_PACK, false };

    open_weak(&row, "(?:\\d|\\d\\d|\\d\\d\\d)*x", 0);
    expect_text("4111111111111111 x", "rc 3");
    test_close(&t);

    open_weak(&row, "(?:\\d|\\d\\d|\\d\\d\\d)*", 0);
    expect_text("4111111111111111", "");
    test_close(&t);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(forms),
        cmocka_unit_test(whole),
        cmocka_unit_test(other_anchors),
        cmocka_unit_test(too_many_steps),
    };

    return cmocka_run_group_tests_name("detect_weak", tests, NULL, NULL);
}

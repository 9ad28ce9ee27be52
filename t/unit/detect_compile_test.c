/*
 * Detectors that are wrong, and what is said about them; what a pattern's
 * reader makes of patterns; the folding of characters.
 */

#include "detect_helper.h"

#include <detect/fold.h>
#include <detect/pattern.h>


static test_t  t;


static bool
compile(const char *pattern, const char *anchor)
{
    test_row_t  row;

    row = (test_row_t) { "x", pattern, anchor, NULL, NULL, 0, IG_OWNER_PACK,
                         false };

    return test_open(&t, &row, 1, 0);
}


/* one mistake, of that severity, at that column, that says so */

static void
expect_mistake(const char *pattern, const char *anchor, ig_severity_t severity,
    unsigned column, const char *text)
{
    const ig_mistake_t  *k;

    assert_int_equal(compile(pattern, anchor),
                     severity == IG_MISTAKE_WARNING);
    assert_int_equal(ig_mistakes_count(t.mistakes), 1);

    k = ig_mistakes_get(t.mistakes, 0);

    assert_int_equal(k->severity, severity);
    assert_int_equal(k->place.column, column);

    if (strstr(k->message, text) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", k->message, text);
    }

    test_close(&t);
}


static void
mistakes(void **state)
{
    (void) state;

    expect_mistake("[12]\\d{9", NULL, IG_MISTAKE_WARNING, 2, "anchor");
    expect_mistake("[12\\d{9}", "digits", IG_MISTAKE_ERROR, 2, "at offset 8");
    expect_mistake("(\\d{9}", "digits", IG_MISTAKE_ERROR, 2, "parenthesis");
    expect_mistake("\\d{0,9}", "digits", IG_MISTAKE_ERROR, 2, "empty");
    expect_mistake("^\\d{9}", "digits", IG_MISTAKE_ERROR, 2, "offset 0");
    expect_mistake("\\d{9}\\z", "digits", IG_MISTAKE_ERROR, 2, "running text");
    expect_mistake("[A-Z]{9}", "digits", IG_MISTAKE_ERROR, 3, "matches none");
    expect_mistake("key-[a-z]{9}", "KEY!", IG_MISTAKE_ERROR, 3,
                   "cannot occur");
    expect_mistake("key-[a-z]{9}", "\"", IG_MISTAKE_ERROR, 3, "quotes");
    expect_mistake("e[a-z]{9}", "e", IG_MISTAKE_WARNING, 3, "every text");
    expect_mistake("(?x) \\d{9}", "digits", IG_MISTAKE_WARNING, 2, "(?x)");
    expect_mistake("(\\d)\\1{8}", "digits", IG_MISTAKE_WARNING, 2,
                   "every number");
    expect_mistake("[a-z]+[0-9]", NULL, IG_MISTAKE_WARNING, 2, "anchor");
}


static void
good_ones(void **state)
{
    size_t              i;
    static const char  *patterns[] = {
        "\\d{9}", "digits", "[12]\\d{9}|3\\d{8}", "digits",
        "\\b\\d{3}[ -]?\\d{4}\\b", "digits", "(?<!x)key-[a-z]{9}", "key-",
        "-----BEGIN [A-Z ]+-----", NULL, "\\w+@\\w+", NULL,
        "\\p{Lu}{3}key\\d", "key", "(?i)secret=\\S+", NULL,
        "\\d{4}-\\d{4}", NULL
    };

    (void) state;

    for (i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i += 2) {
        if (!compile(patterns[i], patterns[i + 1])
            || ig_mistakes_count(t.mistakes))
        {
            fail_msg("%s: %s", patterns[i],
                     ig_mistakes_get(t.mistakes, 0)->message);
        }

        test_close(&t);
    }
}


/* no anchor at all: the pattern itself, with the same results both ways */

static void
always(void **state)
{
    unsigned    i;
    test_row_t  row;

    (void) state;

    row = (test_row_t) { "x", "(?<=[(])[a-f]{5,6}(?=[)])", NULL, NULL, NULL,
                         500, IG_OWNER_PACK, false };

    for (i = 0; i < 2; i++) {
        assert_true(test_open(&t, &row, 1, i ? IG_DETECT_NO_VECTORSCAN : 0));

        test_text(&t, "abcdef (abcde) (abcdefa)");
        assert_string_equal(test_findings(&t), "x:8-13:500");
        test_json(&t, "[\"see\\n(abcde)\",\"(\\u0061bcde)\"]");
        assert_string_equal(test_findings(&t), "x:8-13:500 x:18-28:500");

        test_close(&t);
    }
}


static ig_pattern_t  p;

static void
pattern(const char *text)
{
    assert_true(ig_pattern_read(ig_str_from_c(text), &p));
}


static void
pattern_bounds(void **state)
{
    (void) state;

    pattern("\\d{3}[ -]?\\d{4}");
    assert_int_equal(p.digits, 7);
    assert_int_equal(p.min, 7);
    assert_int_equal(p.max, 8);
    assert_true(p.compact);
    assert_false(p.digits_only);

    pattern("\\d{1,3}(?:\\.\\d{1,3}){3}");
    assert_int_equal(p.digits, 4);
    assert_int_equal(p.dots, 3);

    pattern("[A-Z]{5}\\d{4}[A-Z]");
    assert_int_equal(p.digits, 4);
    assert_true(p.lettered);

    pattern("[A-Z]?\\d{4}");
    assert_false(p.lettered);

    pattern("\\d{8}-?[A-Z]");
    assert_int_equal(p.digits, 8);
    assert_false(p.lettered);

    pattern("\\d{2}[A-Z]{5}\\d{4}[A-Z]\\dZ\\d");
    assert_int_equal(p.digits, 4);
    assert_true(p.lettered);

    pattern("(?:\\d{9}|[A-Z]\\d{3})x");
    assert_int_equal(p.digits, 3);

    pattern("\\d{3}.{0,9}\\d{4}");
    assert_int_equal(p.digits, 4);

    pattern("\\d{3}\\s*\\d{4}");
    assert_int_equal(p.digits, 4);

    pattern("(?i)ghp_[a-z]{3}");
    assert_int_equal(p.nliteral, 4);
    assert_memory_equal(p.literal, "ghp_", 4);

    pattern("(?:abc|abd)[0-9]");
    assert_int_equal(p.nliteral, 0);

    pattern("x(?<n>abc)?y{2}z");
    assert_int_equal(p.nliteral, 3);
    assert_memory_equal(p.literal, "yyz", 3);

    pattern("(*UTF)\\d{9}");
    assert_true(p.unsure);
    assert_int_equal(p.digits, 0);

    pattern("[[:digit:]]{9}");
    assert_true(p.unsure);
}


static void
pattern_rows(void **state)
{
    (void) state;

    pattern("[12]\\d{9}");
    assert_true(p.digits_only);
    assert_int_equal(p.nrows, 1);
    assert_int_equal(p.rows[0].len, 10);
    assert_int_equal(p.rows[0].classes[0], 0x6);
    assert_int_equal(p.rows[0].classes[9], 0x3ff);

    pattern("\\b\\+?(?:1|22)\\d{2,3}\\b");
    assert_true(p.digits_only);
    assert_int_equal(p.plus, IG_PLUS_OPTIONAL);
    assert_int_equal(p.nrows, 4);

    pattern("\\+\\d{8,15}");
    assert_int_equal(p.plus, IG_PLUS_NEEDED);
    assert_int_equal(p.nrows, 8);

    pattern("\\d{40}");
    assert_false(p.digits_only);

    pattern("(?:1|2|3|4|5|6|7|8|9){3}\\d");
    assert_false(p.digits_only);

    pattern("\\d(?=7)\\d");
    assert_false(p.digits_only);

    pattern("\\d{9}X?");
    assert_false(p.digits_only);
}


static void
expect_fold(int32_t c, const char *text)
{
    size_t   n;
    uint8_t  out[IG_FOLD_STEP];

    n = ig_fold_char(c, out);

    if (n != strlen(text) || memcmp(out, text, n) != 0) {
        fail_msg("U+%04X is folded to \"%.*s\"", (unsigned) c, (int) n, out);
    }
}


static void
folding(void **state)
{
    unsigned              i;
    static const int32_t  zeros[] = {
        0x0660, 0x06f0, 0x07c0, 0x0966, 0x09e6, 0x0a66, 0x0ae6, 0x0b66, 0x0be6,
        0x0c66, 0x0ce6, 0x0d66, 0x0de6, 0x0e50, 0x0ed0, 0x0f20, 0x1040, 0x1090,
        0x17e0, 0x1810, 0x1946, 0x19d0, 0x1a80, 0x1a90, 0x1b50, 0x1bb0, 0x1c40,
        0x1c50, 0xa620, 0xa8d0, 0xa900, 0xa9d0, 0xa9f0, 0xaa50, 0xabf0, 0xff10,
        0x104a0, 0x11066, 0x1d7ce, 0x1d7d8, 0x1d7e2, 0x1d7ec, 0x1d7f6, 0x1e950
    };

    (void) state;

    for (i = 0; i < 10 * sizeof(zeros) / sizeof(zeros[0]); i++) {
        expect_fold(zeros[i / 10] + (int32_t) (i % 10),
                    (const char[]) { (char) ('0' + i % 10), '\0' });
    }

    expect_fold('a', "a");
    expect_fold(0x07, "");
    expect_fold('\n', "\n");
    expect_fold(0xff21, "A");
    expect_fold(0xff20, "@");
    expect_fold(0xff0e, ".");
    expect_fold(0x2460, "1");
    expect_fold(0xb2, "2");
    expect_fold(0xa0, " ");
    expect_fold(0x3000, " ");
    expect_fold(0x202f, " ");
    expect_fold(0x2028, " ");
    expect_fold(0x2011, "-");
    expect_fold(0x2013, "-");
    expect_fold(0x2212, "-");
    expect_fold(0xff0d, "-");
    expect_fold(0x2044, "/");
    expect_fold(0xad, "");
    expect_fold(0x200b, "");
    expect_fold(0x200f, "");
    expect_fold(0x202e, "");
    expect_fold(0x2060, "");
    expect_fold(0xfeff, "");
    expect_fold(0xfe0f, "");
    expect_fold(0xe0031, "");
    expect_fold(0x3164, "");
    expect_fold(0x0301, "");
    expect_fold(0x064e, "");
    expect_fold(0xe9, "e");
    expect_fold(0x0647, "\331\207");
    expect_fold(0x4e00, "\344\270\200");
    expect_fold(0xac00, "\352\260\200");
}


/* every byte of a copy leads back into the character that it came from */

static void
way_back(void **state)
{
    size_t            i, n, nmarks, k;
    uint8_t           out[4096], raw[2048];
    uint32_t          start, end, before;
    ig_fold_mark_t    marks[ig_fold_marks(2048)];
    ig_fold_table_t  *table;
    ig_fold_source_t  s;

    static const char  piece[] =
        "plain text 12 \\n \331\241\\u0661\\ud835\\udfce\342\200\213 "
        "\357\274\241\303\251 end. ";

    (void) state;

    table = malloc(sizeof(ig_fold_table_t));
    assert_non_null(table);
    ig_fold_table_init(table);

    for (n = 0; n + sizeof(piece) < sizeof(raw); n += sizeof(piece) - 1) {
        memcpy(raw + n, piece, sizeof(piece) - 1);
    }

    s = (ig_fold_source_t) { raw, raw, raw + n, 1, false };
    n = ig_fold_text(table, s, out, marks, &nmarks);

    before = 0;

    for (i = 0; i < n; i++) {
        k = i / IG_FOLD_MARK < nmarks ? i / IG_FOLD_MARK : nmarks - 1;

        while (marks[k].at > i) {
            k--;
        }

        ig_fold_back(table, s, &marks[k], (uint32_t) i, &start, &end);

        assert_true(start >= before && end > start);
        before = start;

        if (ig_fold_char(out[i], (uint8_t[64]) { 0 }) && end - start == 1) {
            assert_int_equal(raw[start], out[i]);

        } else if (out[i] == '\n') {
            assert_memory_equal(raw + start, "\\n", 2);

        } else if (out[i] == 'A') {
            assert_memory_equal(raw + start, "\357\274\241", 3);

        } else if (out[i] == '0') {
            assert_memory_equal(raw + start, "\\ud835\\udfce", 12);
        }
    }

    free(table);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(mistakes),
        cmocka_unit_test(good_ones),
        cmocka_unit_test(always),
        cmocka_unit_test(pattern_bounds),
        cmocka_unit_test(pattern_rows),
        cmocka_unit_test(folding),
        cmocka_unit_test(way_back)
    };

    return cmocka_run_group_tests_name("detect_compile", tests, NULL, NULL);
}

/*
 * Text by classes: every byte, every length, and escapes.
 */

#include "answer_helper.h"

#include <inference_guard/text_counts.h>


static void
test_bytes(void **state)
{
    size_t            i, k, n;
    uint8_t           text[600];
    uint64_t          seed = 21;
    ig_text_counts_t  one, all, whole;

    (void) state;

    /* in blocks as one by one; long runs of one kind too */

    for (n = 0; n < 4000; n++) {
        memset(&all, 0, sizeof(all));
        memset(&whole, 0, sizeof(whole));
        k = random_below(&seed, sizeof(text));

        for (i = 0; i < k; i++) {
            text[i] = (uint8_t) (n < 256 ? n : random_next(&seed) >> 20);
            memset(&one, 0, sizeof(one));
            ig_text_count(&one, (ig_str_t) { &text[i], 1 });
            ig_text_counts_add(&all, &one);
        }

        ig_text_count(&whole, (ig_str_t) { text, k });
        assert_memory_equal(&all, &whole, sizeof(all));
    }

    /* more blocks than a counter of one byte holds */

    memset(&whole, 0, sizeof(whole));

    for (i = 0; i < 20; i++) {
        static uint8_t  many[16 * 600 + 3];

        memset(many, 'a', sizeof(many));
        ig_text_count(&whole, (ig_str_t) { many, sizeof(many) });
    }

    assert_int_equal(whole.n[IG_TEXT_LOWER], 20 * (16 * 600 + 3));
}


static void
test_json(void **state)
{
    size_t            i, k;
    ig_text_counts_t  c;

    static const struct {
        const char       *raw;
        ig_text_class_t   class;
        uint64_t          n;
    } cases[] = {
        { "abc", IG_TEXT_LOWER, 3 },
        { "\\n\\t\\r\\b\\f ", IG_TEXT_SPACE, 6 },
        { "\\\"\\\\\\/", IG_TEXT_PUNCT, 3 },
        { "\\u0041", IG_TEXT_UPPER, 1 },
        { "\\u0660\\u0627", IG_TEXT_SEMITIC, 2 },
        { "\\u00e9", IG_TEXT_LATIN, 1 },
        { "\\u0436\\u03b1", IG_TEXT_GREEK, 2 },
        { "\\u0915\\u0e01", IG_TEXT_INDIC, 2 },
        { "\\u2014", IG_TEXT_SYMBOL, 1 },
        { "\\u4E2D\\uff11\\u3042", IG_TEXT_CJK, 3 },
        { "\\uac00", IG_TEXT_HANGUL, 1 },
        { "\\ud83d\\ude00", IG_TEXT_FOUR, 1 },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&c, 0, sizeof(c));
        ig_text_count_json(&c, ig_str_from_c(cases[i].raw));

        for (k = 0; k < IG_TEXT_CLASSES; k++) {
            assert_int_equal(c.n[k], k == cases[i].class ? cases[i].n : 0);
        }
    }

    /* cut inside an escape: counted somehow, and nothing outside is read */

    for (i = 1; i < 7; i++) {
        ig_str_t  piece;

        piece = piece_of("a\\u0041b", i);
        memset(&c, 0, sizeof(c));
        ig_text_count_json(&c, piece);
        assert_int_equal(c.n[IG_TEXT_LOWER] >= 1, 1);
        piece_free(piece);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

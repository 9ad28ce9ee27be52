/*
 * Estimates of tokens, against what tokenizers counted, and prices.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <inference_guard/estimate.h>


/*
 * Printed by bench/tokens/weights.mjs --c: the median of what five tokenizers
 * count for a text, and the text's characters by class.
 */

static const struct {
    const char        *script;
    uint64_t           tokens;
    ig_text_counts_t   counts;
} measured[] = {
    { "Latin", 2017,
      { { 8540, 135, 51, 1746, 159, 0, 0, 0, 0, 6, 0, 0, 0, 12 } } },
    { "Latin", 3000,
      { { 9304, 553, 51, 1634, 183, 168, 0, 0, 0, 4, 0, 0, 0, 176 } } },
    { "Latin", 2995,
      { { 9135, 122, 50, 1948, 183, 368, 0, 0, 0, 95, 0, 0, 0, 558 } } },
    { "Latin", 2809,
      { { 9383, 135, 51, 1912, 199, 207, 0, 0, 0, 0, 0, 0, 0, 207 } } },
    { "Latin", 3059,
      { { 9604, 179, 51, 1810, 209, 81, 0, 0, 0, 0, 0, 0, 0, 81 } } },
    { "Latin", 3420,
      { { 10366, 179, 51, 1962, 212, 1, 0, 0, 0, 0, 0, 0, 0, 1 } } },
    { "Latin", 3527,
      { { 8504, 236, 51, 1524, 178, 632, 0, 0, 0, 0, 0, 0, 0, 632 } } },
    { "Latin", 3357,
      { { 6672, 94, 51, 1502, 192, 1311, 0, 0, 0, 0, 0, 0, 0, 1311 } } },
    { "Latin", 2990,
      { { 7753, 112, 51, 1363, 177, 822, 0, 0, 0, 0, 0, 0, 0, 822 } } },
    { "Latin", 3120,
      { { 10416, 146, 51, 1639, 252, 0, 0, 0, 0, 0, 0, 0, 0, 0 } } },
    { "Latin", 3878,
      { { 7807, 258, 51, 1713, 185, 0, 0, 0, 0, 0, 0, 0, 0, 0 } } },
    { "Latin", 4001,
      { { 8924, 178, 51, 1275, 218, 458, 0, 0, 0, 0, 0, 0, 0, 458 } } },
    { "Latin", 4631,
      { { 8969, 90, 51, 1540, 238, 1143, 0, 0, 0, 0, 0, 0, 0, 1143 } } },
    { "Latin", 6620,
      { { 6394, 103, 51, 2477, 197, 1727, 1940, 0, 0, 0, 0, 0, 0, 3667 } } },
    { "Cyrillic", 3030,
      { { 0, 0, 51, 1587, 215, 0, 9858, 0, 0, 0, 0, 0, 0, 9858 } } },
    { "Cyrillic", 3480,
      { { 0, 0, 51, 1565, 247, 0, 8817, 0, 0, 12, 0, 0, 0, 8841 } } },
    { "Cyrillic", 4110,
      { { 0, 0, 51, 1766, 228, 0, 9320, 0, 0, 9, 0, 0, 0, 9338 } } },
    { "Greek", 4639,
      { { 0, 0, 51, 1906, 213, 0, 10235, 0, 1, 0, 0, 0, 0, 10237 } } },
    { "Arabic", 2738,
      { { 0, 0, 51, 1331, 69, 0, 0, 6107, 0, 0, 0, 0, 0, 6107 } } },
    { "Arabic", 2987,
      { { 0, 0, 0, 1821, 64, 0, 0, 7144, 0, 40, 0, 0, 0, 7224 } } },
    { "Arabic", 4446,
      { { 0, 0, 0, 2112, 0, 0, 0, 7425, 0, 0, 0, 0, 0, 7425 } } },
    { "Hebrew", 3367,
      { { 0, 0, 0, 1274, 199, 0, 0, 5785, 0, 0, 0, 0, 0, 5785 } } },
    { "Devanagari", 5623,
      { { 0, 0, 0, 2008, 129, 0, 0, 0, 8694, 4, 0, 0, 0, 17396 } } },
    { "Devanagari", 6336,
      { { 0, 0, 0, 1613, 164, 0, 0, 0, 9678, 10, 0, 0, 0, 19376 } } },
    { "other Indic", 4094,
      { { 0, 0, 0, 1412, 66, 0, 0, 0, 8152, 84, 0, 0, 0, 16472 } } },
    { "other Indic", 7072,
      { { 0, 0, 51, 1205, 193, 0, 0, 0, 11708, 2, 0, 0, 0, 23420 } } },
    { "other Indic", 8203,
      { { 0, 0, 51, 1125, 325, 0, 0, 0, 9598, 0, 0, 0, 0, 19196 } } },
    { "other Indic", 8161,
      { { 0, 0, 0, 1535, 149, 0, 0, 0, 8270, 0, 0, 0, 0, 16540 } } },
    { "other Indic", 9340,
      { { 1, 0, 54, 2198, 85, 0, 0, 0, 8237, 0, 0, 0, 0, 16474 } } },
    { "other Indic", 8285,
      { { 13, 2, 51, 814, 137, 0, 0, 0, 9292, 280, 0, 0, 0, 19144 } } },
    { "other Indic", 7612,
      { { 0, 0, 0, 1079, 181, 0, 0, 0, 9231, 3, 0, 0, 0, 18468 } } },
    { "other Indic", 9857,
      { { 0, 0, 51, 1577, 149, 0, 0, 0, 8696, 103, 0, 0, 0, 17598 } } },
    { "Thai", 3924,
      { { 0, 0, 51, 340, 9, 0, 0, 0, 8890, 0, 0, 0, 0, 17780 } } },
    { "Georgian, Burmese, Khmer", 8376,
      { { 0, 0, 51, 1367, 230, 0, 0, 0, 10004, 0, 0, 0, 0, 20008 } } },
    { "Georgian, Burmese, Khmer", 13363,
      { { 0, 0, 0, 1170, 3, 0, 0, 0, 13903, 0, 0, 0, 0, 27806 } } },
    { "Georgian, Burmese, Khmer", 12643,
      { { 0, 0, 0, 519, 0, 0, 0, 0, 10107, 0, 0, 0, 0, 20214 } } },
    { "Lao, Ethiopic", 18185,
      { { 0, 0, 54, 400, 127, 0, 0, 0, 9792, 0, 0, 0, 0, 19584 } } },
    { "Lao, Ethiopic", 10843,
      { { 0, 0, 0, 81, 0, 0, 0, 0, 5381, 0, 0, 0, 0, 10762 } } },
    { "Han", 1947,
      { { 0, 0, 0, 89, 84, 0, 0, 0, 0, 0, 2659, 0, 0, 5318 } } },
    { "Han", 2008,
      { { 0, 0, 0, 90, 0, 0, 0, 0, 0, 0, 2667, 0, 0, 5334 } } },
    { "Japanese", 2893,
      { { 0, 0, 42, 89, 0, 0, 0, 0, 0, 0, 4028, 0, 0, 8056 } } },
    { "Hangul", 2785,
      { { 0, 0, 51, 1184, 135, 1, 0, 0, 0, 0, 0, 3344, 0, 6689 } } },
    { "English with Markdown", 11697,
      { { 28472, 763, 636, 8151, 4812, 0, 0, 4, 0, 14, 0, 0, 0, 32 } } },
    { "program text (C)", 8927,
      { { 9327, 5969, 112, 12364, 5491, 0, 0, 0, 0, 0, 0, 0, 0, 0 } } },
    { "program text (Perl)", 5551,
      { { 7912, 686, 155, 4627, 3929, 0, 0, 0, 0, 2, 0, 0, 0, 4 } } },
    { "JSON", 6233,
      { { 14111, 518, 525, 1177, 6705, 0, 0, 0, 0, 0, 0, 0, 0, 0 } } },
    { "YAML, several scripts", 9886,
      { { 15257, 1956, 1592, 5521, 4116, 25, 0, 73, 19, 0, 0, 0, 0, 136 } } },
    { "numbers only", 11621,
      { { 0, 0, 20578, 3000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } } },
    { "hexadecimal", 10821,
      { { 6764, 0, 11236, 281, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 } } },
    { "base64", 5177,
      { { 3266, 3813, 895, 0, 26, 0, 0, 0, 0, 0, 0, 0, 0, 0 } } },
    { "emoji and words", 1081,
      { { 880, 40, 0, 560, 0, 0, 0, 0, 0, 80, 40, 0, 320, 1200 } } },
};

#define MEASURED  (sizeof(measured) / sizeof(measured[0]))

/*
 * How many percent off a script's texts may be together.  The last ones share a
 * class of bytes with scripts that take half or double as much.
 */

static const struct {
    const char  *script;
    int          under, over;
} promised[] = {
    { "Latin", 10, 30 },
    { "Cyrillic", 10, 30 },
    { "Greek", 10, 30 },
    { "Arabic", 10, 30 },
    { "Hebrew", 10, 30 },
    { "Devanagari", 10, 35 },
    { "other Indic", 10, 30 },
    { "Han", 10, 30 },
    { "Japanese", 10, 30 },
    { "Hangul", 10, 30 },
    { "English with Markdown", 10, 30 },
    { "program text (C)", 10, 35 },
    { "program text (Perl)", 10, 30 },
    { "JSON", 10, 30 },
    { "YAML, several scripts", 10, 30 },
    { "numbers only", 10, 30 },
    { "emoji and words", 10, 30 },
    { "hexadecimal", 15, 30 },
    { "base64", 25, 30 },
    { "Thai", 10, 90 },
    { "Georgian, Burmese, Khmer", 20, 30 },
    { "Lao, Ethiopic", 60, 30 },
};

#define PROMISED  (sizeof(promised) / sizeof(promised[0]))


static void
as_promised(void **state)
{
    size_t    i, k, found;
    uint64_t  tokens, estimated;

    (void) state;

    found = 0;

    for (i = 0; i < PROMISED; i++) {

        tokens = 0;
        estimated = 0;

        for (k = 0; k < MEASURED; k++) {
            if (strcmp(measured[k].script, promised[i].script) == 0) {
                tokens += measured[k].tokens;
                estimated += ig_estimate_tokens(&measured[k].counts);
                found++;
            }
        }

        if (estimated * 100 < tokens * (uint64_t) (100 - promised[i].under)
            || estimated * 100 > tokens * (uint64_t) (100 + promised[i].over))
        {
            fail_msg("%s: %llu tokens, estimated %llu", promised[i].script,
                     (unsigned long long) tokens,
                     (unsigned long long) estimated);
        }
    }

    assert_int_equal(found, MEASURED);
}


static uint64_t
tokens_of(const char *text)
{
    ig_text_counts_t  c = { { 0 } };

    ig_text_count(&c, ig_str_from_c(text));

    return ig_estimate_tokens(&c);
}


static void
rounding(void **state)
{
    size_t            i;
    uint64_t          n, last;
    ig_text_counts_t  c = { { 0 } };

    (void) state;

    /* nothing is nothing, and anything is something */

    assert_int_equal(tokens_of(""), 0);
    assert_int_equal(tokens_of("a"), 1);
    assert_int_equal(tokens_of("."), 1);

    /* never less for more */

    for (i = 0; i < IG_TEXT_CLASSES; i++) {

        memset(&c, 0, sizeof(c));
        last = 0;

        for (n = 1; n < 5000; n += 7) {
            c.n[i] = n;
            assert_true(ig_estimate_tokens(&c) >= last);
            last = ig_estimate_tokens(&c);
        }

        assert_int_equal(last == 0, i == IG_TEXT_TAIL);
    }

    /* at its end */

    memset(&c, 0xff, sizeof(c));
    assert_int_equal(ig_estimate_tokens(&c), UINT64_MAX);
    memset(&c, 0, sizeof(c));
    c.n[IG_TEXT_FOUR] = UINT64_MAX / 2;
    assert_in_range(ig_estimate_tokens(&c), UINT64_MAX - 1999, UINT64_MAX);
    c.n[IG_TEXT_FOUR] = UINT64_MAX;
    assert_int_equal(ig_estimate_tokens(&c), UINT64_MAX);
}


static uint64_t
reading_of(const char *body, unsigned *uninspectable)
{
    uint64_t       n;
    ig_arena_t    *a;
    ig_reading_t   r;
    ig_request_t   q;

    memset(&q, 0, sizeof(q));

    q.method = IG_STR("POST");
    q.path = IG_STR("/v1/chat/completions");
    q.content_type = IG_STR("application/json");
    q.has_body = true;
    q.body = ig_str_from_c(body);

    a = ig_arena_new(64u << 20, 0);
    assert_non_null(a);
    assert_int_equal(ig_read(&q, a, &r), IG_OK);

    if (r.reason != IG_REASON_NONE) {
        fail_msg("refused: %s", body);
    }

    if (uninspectable) {
        *uninspectable = r.uninspectable;
    }

    n = ig_estimate_reading(&r);
    ig_arena_free(a);

    return n;
}


#define M      "{\"model\":\"gpt-4o\",\"messages\":["
#define USER   "{\"role\":\"user\",\"content\":"
#define WORDS  "The quick brown fox jumps over the lazy dog. "


static void
readings(void **state)
{
    char       media[8192], body[16384];
    uint64_t   one, two, with, text;
    unsigned   uninspectable;

    (void) state;

    one = reading_of(M USER "\"" WORDS "\"}]}", NULL);
    two = reading_of(M USER "\"" WORDS "\"}," USER "\"" WORDS "\"}]}", NULL);

    /* each message its text and what is around it; the names of the request
       are few */

    text = tokens_of(WORDS);
    assert_in_range(text, 9, 14);
    assert_in_range(one, text + 7, text + 25);
    assert_in_range(two - one, text + 3, text + 12);

    /* escapes are what they stand for */

    assert_int_equal(reading_of(M USER "\"\\u0645\\u0631\\u062d\\u0628\\u0627 "
                                "\\n\\n\"}]}", NULL),
                     reading_of(M USER "\"مرحبا   \"}]}", NULL));

    /* a tool is its text, and what is around it */

    with = reading_of(M USER "\"" WORDS "\"}],\"tools\":[{\"type\":"
                      "\"function\",\"function\":{\"name\":\"get_weather\","
                      "\"description\":\"" WORDS "\",\"parameters\":{"
                      "\"type\":\"object\",\"properties\":{\"city\":{"
                      "\"type\":\"string\"}}}}}]}", NULL);
    assert_in_range(with - one, text + 20, text + 70);

    /* media is no text, and text that looks so is not media */

    memset(media, 'A', sizeof(media));
    media[sizeof(media) - 1] = '\0';

    (void) snprintf(body, sizeof(body), M USER "[{\"type\":\"text\",\"text\":"
                    "\"" WORDS "\"},{\"type\":\"image_url\",\"image_url\":{"
                    "\"url\":\"data:image/png;base64,%s\"}}]}]}", media);
    with = reading_of(body, &uninspectable);
    assert_true(uninspectable & IG_UNINSPECTABLE_MEDIA);
    assert_in_range(with, one, one + 40);

    (void) snprintf(body, sizeof(body), M USER "[{\"type\":\"text\",\"text\":"
                    "\"%s\"},{\"type\":\"image_url\",\"image_url\":{"
                    "\"url\":\"data:image/png;base64,AAAA\"}}]}]}", media);
    assert_in_range(reading_of(body, NULL), tokens_of(media), UINT64_MAX);

    (void) snprintf(body, sizeof(body), M USER "\"" WORDS "\"}],"
                    "\"user\":\"%s\"}", media);
    assert_in_range(reading_of(body, NULL), tokens_of(media), UINT64_MAX);
}


static void
prices(void **state)
{
    ig_endpoint_t  e;

    (void) state;

    memset(&e, 0, sizeof(e));

    /* USD 0.20 and 0.60 for a million */

    e.price_input = 200000;
    e.price_output = 600000;
    assert_int_equal(ig_price(&e, 1000000, 1000000), 0);

    e.priced = true;
    assert_int_equal(ig_price(&e, 1000000, 0), UINT64_C(200000000));
    assert_int_equal(ig_price(&e, 0, 1000000), UINT64_C(600000000));
    assert_int_equal(ig_price(&e, 1000000, 1000000), UINT64_C(800000000));
    assert_int_equal(ig_price(&e, 1, 0), 200);
    assert_int_equal(ig_price(&e, 0, 0), 0);

    /* 0.000001 for a million: rounded up, once */

    e.price_input = 1;
    e.price_output = 1;
    assert_int_equal(ig_price(&e, 1, 0), 1);
    assert_int_equal(ig_price(&e, 1, 1), 1);
    assert_int_equal(ig_price(&e, 999, 1), 1);
    assert_int_equal(ig_price(&e, 999, 2), 2);
    assert_int_equal(ig_price(&e, 1000, 1000), 2);
    assert_int_equal(ig_price(&e, UINT64_MAX, 0), UINT64_MAX / 1000 + 1);

    e.price_input = 1999;
    assert_int_equal(ig_price(&e, 1500, 0), 2999);

    /* at its end */

    e.price_input = UINT64_C(1000000000000);
    assert_int_equal(ig_price(&e, 1000000, 0), UINT64_C(1000000000000000));
    assert_int_equal(ig_price(&e, UINT64_MAX, 1), UINT64_MAX);
    assert_int_equal(ig_price(&e, UINT64_MAX, UINT64_MAX), UINT64_MAX);
    e.price_output = UINT64_MAX;
    assert_int_equal(ig_price(&e, UINT64_MAX, UINT64_MAX), UINT64_MAX);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(as_promised),
        cmocka_unit_test(rounding),
        cmocka_unit_test(readings),
        cmocka_unit_test(prices),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

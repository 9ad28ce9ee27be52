/*
 * Strings: the library's reader and another, compared on the same bytes.  The
 * other is compiled here: the portable one, or, from read_scan_sse2_test.c, the
 * one that a processor without AVX2 would use.
 */

#include "read_helpers.h"

#ifndef IG_SCAN_NO_AVX2
#define IG_SCAN_PORTABLE 1
#endif

#define ig_scan_string    other_scan_string
#define ig_utf8_step      other_utf8_step
#define ig_utf8_valid     other_utf8_valid
#define ig_unescape_init  other_unescape_init
#define ig_unescape_next  other_unescape_next
#define ig_unescape       other_unescape

#include "../../ngx_inference_guard/engine/read/scan.c"

#undef ig_scan_string

const uint8_t *ig_scan_string(ig_scan_t *s, const uint8_t *p);


static guarded_t  guard;


/* s begins with its opening quote */

static const uint8_t *
scan(const uint8_t *(*f)(ig_scan_t *, const uint8_t *), ig_str_t s,
    ig_scan_t *out)
{
    memset(out, 0, sizeof(*out));

    out->base = s.data;
    out->end = s.data + s.len;
    out->reason = IG_REASON_NONE;

    return f(out, s.data + 1);
}


static bool
both(ig_str_t s, unsigned *flags, ig_reason_t *reason)
{
    ig_scan_t       fast, plain;
    const uint8_t  *a, *b;

    a = scan(ig_scan_string, s, &fast);
    b = scan(other_scan_string, s, &plain);

    assert_ptr_equal(a, b);

    if (a) {
        assert_int_equal(*a, '"');
        assert_int_equal(fast.flags, plain.flags);
        *flags = fast.flags;
        *reason = IG_REASON_NONE;
        return true;
    }

    assert_int_not_equal(fast.reason, IG_REASON_NONE);
    assert_true(fast.at >= s.data && fast.at <= s.data + s.len);
    *reason = plain.reason;

    return false;
}


typedef struct {
    const char   *text;        /* without quotes */
    bool          good;
    unsigned      flags;
    ig_reason_t   reason;
} scan_case_t;

#define E  IG_SPAN_ESCAPED
#define F  IG_SPAN_FOLD
#define GOOD(text, flags)    { text, true, flags, IG_REASON_NONE }
#define BAD(text)            { text, false, 0, IG_REASON_invalid_json }
#define BAD_UTF8(text)       { text, false, 0, IG_REASON_invalid_utf8 }

static const scan_case_t  cases[] = {
    GOOD("", 0),
    GOOD("plain", 0),
    GOOD("\x7f", 0),
    GOOD("\\n", E),
    GOOD("\\\\", E),
    GOOD("\\\"", E),
    GOOD("\\b\\f\\n\\r\\t", E),
    GOOD("\\/", F),
    GOOD("\\\\/", E | F),
    GOOD("\\\\u0031", E | F),
    GOOD("\\\\n", E),
    GOOD("\\u0041", F),
    GOOD("\\u0000", F),
    GOOD("\\uFFFF\\uabcD", F),
    GOOD("\\ud83d\\ude00", F),
    GOOD("\\uD7FF\\uE000", F),
    BAD("\\q"),
    BAD("\\u"),
    BAD("\\u12"),
    BAD("\\u12G4"),
    BAD("\\u 123"),
    BAD("\\U0041"),
    BAD("\\x41"),
    BAD("\\'"),
    BAD("\\0"),
    BAD("\\ud83d"),
    BAD("\\ude00"),
    BAD("\\ud83d\\u0041"),
    BAD("\\ud83dx"),
    BAD("\\ud83d\\ud83d"),
    BAD("\\ud83d\\"),
    BAD("\\ud83d\\n"),
    BAD("\n"),
    BAD("\t"),
    BAD("\x1f"),
    BAD("\x01"),
    GOOD("\xc2\x80", F),
    GOOD("\xdf\xbf", F),
    GOOD("\xe0\xa0\x80", F),
    GOOD("\xed\x9f\xbf", F),
    GOOD("\xee\x80\x80", F),
    GOOD("\xef\xbf\xbf", F),
    GOOD("\xf0\x90\x80\x80", F),
    GOOD("\xf4\x8f\xbf\xbf", F),
    BAD_UTF8("\x80"),
    BAD_UTF8("\xbf"),
    BAD_UTF8("\xc0\x80"),
    BAD_UTF8("\xc1\xbf"),
    BAD_UTF8("\xc2"),
    BAD_UTF8("\xc2\xc2\x80"),
    BAD_UTF8("\xc2\x80\x80"),
    BAD_UTF8("\xe0\x9f\xbf"),
    BAD_UTF8("\xe1\x80"),
    BAD_UTF8("\xe1"),
    BAD_UTF8("\xed\xa0\x80"),
    BAD_UTF8("\xed\xbf\xbf"),
    BAD_UTF8("\xf0\x8f\xbf\xbf"),
    BAD_UTF8("\xf0\x90\x80"),
    BAD_UTF8("\xf0\x90"),
    BAD_UTF8("\xf4\x90\x80\x80"),
    BAD_UTF8("\xf5\x80\x80\x80"),
    BAD_UTF8("\xf8\x88\x80\x80\x80"),
    BAD_UTF8("\xfe"),
    BAD_UTF8("\xff"),
    BAD_UTF8("\xe1\\u0041"),
    BAD_UTF8("a\xc3(b"),
};


/* each case behind 0 to 140 other bytes: at every place of a block */

static void
test_cases(void **state)
{
    bool         good;
    char         buf[512];
    size_t       i, pad, len;
    unsigned     flags;
    ig_str_t     s;
    ig_reason_t  reason;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (pad = 0; pad < 141; pad++) {

            len = strlen(cases[i].text);

            buf[0] = '"';
            memset(buf + 1, 'x', pad);
            memcpy(buf + 1 + pad, cases[i].text, len);
            buf[1 + pad + len] = '"';
            memcpy(buf + 2 + pad + len, ",\"\\\x01\xff more", 9);

            /* with bytes behind, and with none */

            s = (ig_str_t) { (uint8_t *) buf, pad + len + 2 + 9 };
            good = both(guarded_begin(&guard, s), &flags, &reason);
            assert_int_equal(good, cases[i].good);

            if (good) {
                assert_int_equal(flags, cases[i].flags);
            }

            s.len -= 9;
            good = both(guarded_end(&guard, s), &flags, &reason);
            assert_int_equal(good, cases[i].good);

            if (good) {
                assert_int_equal(flags, cases[i].flags);

            } else {
                assert_int_equal(reason, cases[i].reason);
            }

            /* without its end it is never good */

            while (s.len > 1) {
                s.len--;
                assert_false(both(guarded_end(&guard, s), &flags, &reason));

                if (pad > 3) {
                    break;
                }
            }
        }
    }
}


static const char *const  pieces[] = {
    "a", "0", " ", "\\\\n", "\\\\\\\"", "\\n\\n\\n", "\\\"n\\\"",
    "text of some length, as usual", "\\n", "\\\\", "\\\"",
    "\\/", "\\u0041", "\\ud83d\\ude00", "\xc3\xa9", "\xd8\xa7", "\xe4\xb8\xad",
    "\xf0\x9f\x98\x80", "\xed\x9f\xbf",
    "\xe8\xaf\xb7\xe6\x8a\x8a\xe4\xb8\x8b\xe9\x9d\xa2\xe7\x9a\x84\xe4\xbc\x9a",
    "\xd8\xb9\xd9\x84\xd9\x8a\xd9\x83\xd9\x85 \xd8\xa3\xd8\xb1\xd9\x8a\xd8\xaf"
};


/*
 * Strings of pieces, with other bytes behind and without, then with one byte
 * changed: both readers agree.
 */

static void
test_random(void **state)
{
    bool         good;
    char         buf[2048];
    size_t       round, n, k, len, end;
    uint64_t     seed;
    unsigned     flags, alone;
    ig_str_t     s;
    ig_reason_t  reason;

    (void) state;

    seed = 20261124;

    for (round = 0; round < 60000; round++) {
        n = 0;
        buf[n++] = '"';

        for (k = random_below(&seed, 24); k > 0; k--) {
            const char  *piece;

            piece = pieces[random_below(&seed,
                                        sizeof(pieces) / sizeof(pieces[0]))];
            len = strlen(piece);
            memcpy(buf + n, piece, len);
            n += len;
        }

        buf[n++] = '"';
        end = n;

        /* what is behind a string is not looked at */

        for (k = random_below(&seed, 8); k > 0; k--) {
            buf[n++] = "\"\\\\nx\x01\xff\xd8"[random_below(&seed, 8)];
        }

        s = guarded_end(&guard, (ig_str_t) { (uint8_t *) buf, n });
        good = both(s, &flags, &reason);
        assert_true(good);

        s = guarded_end(&guard, (ig_str_t) { (uint8_t *) buf, end });
        assert_true(both(s, &alone, &reason));
        assert_int_equal(flags, alone);

        s = guarded_end(&guard, (ig_str_t) { (uint8_t *) buf, n });

        ((uint8_t *) (uintptr_t) s.data)[1 + random_below(&seed, n - 1)] =
            (uint8_t) random_next(&seed);
        (void) both(s, &flags, &reason);
    }
}


/* every sequence of three bytes above 0x7f, and of four by their leads */

static void
test_utf8_all(void **state)
{
    int          a, b, c;
    size_t       pad;
    uint8_t      buf[96];
    unsigned     flags;
    ig_reason_t  reason;

    (void) state;

    memset(buf, 'x', sizeof(buf));
    buf[0] = '"';

    for (a = 0x80; a < 0x100; a++) {
        for (b = 0x7f; b < 0x100; b++) {
            for (c = 0x7f; c < 0x100; c += 3) {
                pad = (size_t) (a + b + c) % 64;

                memset(buf + 1, 'x', 66);
                buf[1 + pad] = (uint8_t) a;
                buf[2 + pad] = (uint8_t) b;
                buf[3 + pad] = (uint8_t) c;
                buf[4 + pad] = (c & 1) ? 0x80 : 'x';
                buf[80] = '"';
                memset(buf + 5 + pad, 'x', 75 - pad);

                (void) both((ig_str_t) { buf, sizeof(buf) }, &flags, &reason);
            }
        }
    }
}


static void
test_unescape(void **state)
{
    uint8_t  out[64];
    size_t   n;

    (void) state;

    n = ig_unescape((const uint8_t *) "a\\n\\u00e9\\ud83d\\ude00\\/\\\"\"",
                    out, sizeof(out));
    assert_int_equal(n, 10);
    assert_memory_equal(out, "a\n\xc3\xa9\xf0\x9f\x98\x80/\"", 10);

    n = ig_unescape((const uint8_t *) "abcd\"", out, 3);
    assert_int_equal(n, 4);
}


int
main(void)
{
    int                      rc;
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_utf8_all),
        cmocka_unit_test(test_unescape),
    };

    guarded_open(&guard, 4096);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    guarded_close(&guard);

    return rc;
}

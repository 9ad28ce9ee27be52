/*
 * With and without Vectorscan, the same: over generated texts, in which
 * identifiers are hidden whole, broken, written in other ways and escaped.  The
 * generator is deterministic; IG_TEST_ROUNDS makes it run longer.
 */

#include "detect_helper.h"


static const test_row_t  rows[] = {
    { "sa.id", "[12]\\d{9}", "digits", "luhn", "iqama|id", 0, IG_OWNER_PACK,
      false },
    { "card", "\\d{13,19}", "digits", "luhn", NULL, 0, IG_OWNER_PACK, false },
    { "in.aadhaar", "[2-9]\\d{11}", "digits", "verhoeff", NULL, 0,
      IG_OWNER_PACK, true },
    { "iban", "[A-Z]{2}\\d{2}[A-Z0-9]{11,30}", NULL, "iban", NULL, 0,
      IG_OWNER_IBAN, false },
    { "mail", "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+", NULL,
      NULL, NULL, 800, IG_OWNER_PACK, false },
    { "aws", "(?:AKIA|ASIA)[0-9A-Z]{16}", "AKIA|ASIA", NULL, NULL, 900,
      IG_OWNER_PACK, false },
    { "pem", "-----BEGIN [A-Z ]*KEY-----", NULL, NULL, NULL, 900,
      IG_OWNER_PACK, false },
    { "es.dni", "\\d{8}-?[A-HJ-NP-TV-Z]", "digits", NULL, "dni", 500,
      IG_OWNER_PACK, false },
    { "in.pan", "[A-Z]{5}\\d{4}[A-Z]", "digits", NULL, NULL, 500,
      IG_OWNER_PACK, false },
    { "ip", "\\d{1,3}(?:\\.\\d{1,3}){3}", "digits", NULL, NULL, 600,
      IG_OWNER_PACK, false },
    { "odd", "(?<=<)[a-z]{3}[0-9](?=>)", NULL, NULL, NULL, 500,
      IG_OWNER_PACK, false },
    { "token", "tok_[a-z0-9]{8,}", "tok_|TOK", NULL, NULL, 700,
      IG_OWNER_PACK, false },
    { "quoted", "\"k\\d\":\"[a-z]{4}\"", "\"k", NULL, NULL, 700,
      IG_OWNER_PACK, false }
};

static const char *const  pieces[] = {
    "2000000006", "iqama ", "4111111111111111", "4111 1111 1111 1111",
    "GB82WEST12345698765432", "de89 3704 0044 0532 0130 00", "jo@mail.example",
    "AKIAIOSFODNN7EXAMPLE", "-----BEGIN RSA PRIVATE KEY-----", "12345678Z",
    "ABCDE1234F", "10.20.30.40", "<abc1>", "tok_abcd1234efgh", " the ", "\n",
    "\\n", "\\\"", "\\u0032", "\342\200\213", "\331\242", "\357\274\221", "@",
    ".", "-", " ", "20", "000", "7", "a", "\\\\u0030", "\\b", "\\f",
    "{\\\"k1\\\":\\\"abcd\\\"}",
    "\",\"", "\":\"", "lorem ipsum dolor sit amet ", "2023-10-11T12:30:45Z",
    "123e4567-e89b-12d3-a456-426614174000", "\\/", "dni ", "\302\240", "x",
    "999941057058", "AKIA", "tok_", "\360\237\230\200", "\303\251"
};

#define NPIECES  (sizeof(pieces) / sizeof(pieces[0]))
#define NROWS    (sizeof(rows) / sizeof(rows[0]))


static test_t    with, without;
static uint64_t  seed = 0x9e3779b97f4a7c15;


/* xorshift64 (Marsaglia, 2003) */

static uint32_t
number(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;

    return (uint32_t) (seed >> 33) % below;
}


/* the body of a string array, which stays JSON when a byte is changed */

static size_t
generate(char *out, size_t cap)
{
    size_t       n, i, len, at;
    const char  *piece;

    n = (size_t) snprintf(out, cap, "[\"");

    for (i = 1 + number(40); i > 0; i--) {
        piece = pieces[number(NPIECES)];
        len = strlen(piece);
        memcpy(out + n, piece, len);

        if (number(8) == 0) {
            at = n + number((uint32_t) len);

            if (out[at] >= '0' && out[at] <= 'z' && out[at] != '\\'
                && memchr(piece, '\\', len) == NULL)
            {
                out[at] = (char) ('0' + number(10));
            }
        }

        n += len;
    }

    n += (size_t) snprintf(out + n, cap - n, "\"]");

    return n;
}


static void
same_findings(void **state)
{
    long         rounds;
    size_t       len, found;
    char        *first;
    const char  *more;

    (void) state;

    more = getenv("IG_TEST_ROUNDS");
    rounds = more ? atol(more) : 20000;
    found = 0;

    assert_true(test_open(&with, rows, NROWS, 0));
    assert_true(test_open(&without, rows, NROWS, IG_DETECT_NO_VECTORSCAN));

    for ( /* void */ ; rounds > 0; rounds--) {

        len = generate(with.body, sizeof(with.body));
        memcpy(without.body, with.body, len + 1);

        test_json(&with, with.body);
        first = strdup(test_findings(&with));
        test_json(&without, without.body);

        if (strcmp(first, test_findings(&without)) != 0) {
            fail_msg("%s\nwith:    %s\nwithout: %s", with.body, first,
                     test_findings(&without));
        }

        found += with.found.n;
        free(first);
    }

    /* the generator does make what is found */

    assert_true(found > 1000);

    test_close(&with);
    test_close(&without);
}


/* a text is what it is, in one piece or in the middle of much more */

static void
same_anywhere(void **state)
{
    char    *own;
    size_t   i, n, len, shift;

    (void) state;

    assert_true(test_open(&with, rows, NROWS, 0));
    own = malloc(1 << 16);
    assert_non_null(own);

    for (i = 0; i < NPIECES; i++) {
        for (shift = 0; shift < 70; shift++) {

            if (strchr(pieces[i], '"')) {
                continue;
            }

            n = (size_t) sprintf(own, "[\"%s\"]", pieces[i]);
            test_json(&with, own);
            len = with.found.n;

            n = (size_t) sprintf(own, "[\"");
            memset(own + n, '.', shift + 1);
            own[n + shift] = ' ';
            (void) sprintf(own + n + shift + 1, "%s \"]", pieces[i]);
            test_json(&with, own);

            if (with.found.n != len) {
                fail_msg("%zu instead of %zu: %s", with.found.n, len, own);
            }
        }
    }

    free(own);
    test_close(&with);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(same_findings),
        cmocka_unit_test(same_anywhere)
    };

    return cmocka_run_group_tests_name("detect_same", tests, NULL, NULL);
}

/*
 * Files that are cut, changed or made to be large: a verdict about them in
 * bounded time, never a crash (run with the sanitizers).
 */

#include "policy_fixture.h"


/* always a policy, with or without mistakes; returns if there are none */

static bool
read_one(const char *name, const char *data, size_t len)
{
    bool            ok;
    char           *exact;
    ig_source_t     s;
    ig_policy_t    *p;
    ig_mistakes_t  *m;

    /* of its exact size, so that a byte too far is seen */

    exact = malloc(len ? len : 1);
    assert_non_null(exact);
    memcpy(exact, data, len);

    s.name = name;
    s.text = (ig_str_t) { (uint8_t *) exact, len };

    m = ig_mistakes_new();
    p = ig_policy_read(&s, 1, m);

    /* it owns its strings: the file may be gone */

    free(exact);

    assert_non_null(p);

    ok = (ig_mistakes_errors(m) == 0);

    if (ok && p->ndetectors) {
        assert_int_equal(ig_policy_detector(p, p->detectors[0].id), 0);
    }

    ig_policy_free(p);
    ig_mistakes_free(m);

    return ok;
}


static void
cut_at_every_byte(void **state)
{
    size_t  i, len, n, refused;

    (void) state;

    refused = 0;

    for (i = 0; i < FIXTURE_FILES; i++) {

        len = strlen(fixture_files[i][1]);

        for (n = 0; n <= len; n++) {
            refused += !read_one(fixture_files[i][0], fixture_files[i][1], n);
        }
    }

    assert_true(refused > 1000);
}


static void
every_byte_changed(void **state)
{
    char    text[2048];
    size_t  i, len, n, k;

    static const char  bytes[] = { '\0', '\n', ' ', ':', '[', '{', '*', '"',
                                   '\x80', '\xff' };

    (void) state;

    for (i = 0; i < FIXTURE_FILES; i++) {

        len = strlen(fixture_files[i][1]);
        assert_true(len < sizeof(text));

        for (n = 0; n < len; n++) {

            memcpy(text, fixture_files[i][1], len);

            for (k = 0; k < sizeof(bytes); k++) {
                text[n] = bytes[k];
                (void) read_one(fixture_files[i][0], text, len);
            }
        }
    }
}


static char *
repeat(const char *before, const char *what, size_t n, const char *after,
    size_t *len)
{
    char    *text, *p;
    size_t   i;

    text = malloc(strlen(before) + n * strlen(what) + strlen(after) + 1);
    assert_non_null(text);

    p = text + sprintf(text, "%s", before);

    for (i = 0; i < n; i++) {
        memcpy(p, what, strlen(what));
        p += strlen(what);
    }

    strcpy(p, after);
    *len = strlen(text);

    return text;
}


static void
large(void **state)
{
    char    *text;
    size_t   len;

    (void) state;

    text = repeat("version: 1\nlaw: ", "[", 200000, "", &len);
    assert_false(read_one("deep.yaml", text, len));
    free(text);

    text = repeat("version: 1\njurisdiction: SA\nlaw: {", "a: b, ", 200000,
                  "}\n", &len);
    assert_false(read_one("keys.yaml", text, len));
    free(text);

    text = repeat("version: 1\njurisdiction: SA\n", "# \n", 3000000, "", &len);
    assert_false(read_one("long.yaml", text, len));
    free(text);

    text = repeat("version: 1\njurisdiction: SA\n", "# \n", 2000000, "", &len);
    assert_true(read_one("fits.yaml", text, len));
    free(text);

    text = repeat("version: 1\npolicy:\n  groups:\n    all: [", "XX, ", 200000,
                  "]\n", &len);
    assert_false(read_one("line.yaml", text, len));
    free(text);

    text = repeat("version: 1\n", "a", 100000, ": b\n", &len);
    assert_false(read_one("key.yaml", text, len));
    free(text);
}


static void
too_many(void **state)
{
    char            name[32], *text, *p;
    size_t          i;
    ig_policy_t    *policy;
    ig_source_t     s;
    ig_mistakes_t  *m;

    (void) state;

    text = malloc(IG_MAX_ENDPOINTS * 128);
    assert_non_null(text);

    p = text + sprintf(text, "version: 1\nendpoints:\n");

    for (i = 0; i <= IG_MAX_ENDPOINTS; i++) {
        p += sprintf(p, "  e%zu: {upstream: u, country: SA, operators: SA, "
                     "dialects: openai, addresses: 10.0.0.1}\n", i + 1000);
    }

    m = ig_mistakes_new();
    s = fixture_source("many.yaml", text);

    policy = ig_policy_read(&s, 1, m);
    assert_non_null(policy);
    assert_int_equal(ig_mistakes_errors(m), 1);
    assert_string_equal(ig_mistakes_get(m, 0)->message,
                        "more than 256 endpoints");

    (void) snprintf(name, sizeof(name), "%u",
                    ig_mistakes_get(m, 0)->place.line);
    assert_string_equal(name, "259");

    ig_policy_free(policy);
    ig_mistakes_free(m);
    free(text);
}


static void
nothing(void **state)
{
    ig_policy_t    *p;
    ig_mistakes_t  *m;

    (void) state;

    m = ig_mistakes_new();
    p = ig_policy_read(NULL, 0, m);

    /* it refuses every request, and says that no law is known */

    assert_non_null(p);
    assert_int_equal(ig_mistakes_count(m), 1);
    assert_int_equal(p->nrules + p->nendpoints + p->npacks, 0);
    assert_int_equal(ig_policy_tenant(p, IG_STR("x")), IG_NONE);

    ig_policy_free(p);
    ig_policy_free(NULL);
    ig_mistakes_free(m);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(cut_at_every_byte),
        cmocka_unit_test(every_byte_changed),
        cmocka_unit_test(large),
        cmocka_unit_test(too_many),
        cmocka_unit_test(nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

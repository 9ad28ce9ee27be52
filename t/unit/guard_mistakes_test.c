/*
 * Mistakes of every kind in several files, names and patterns alike, in one
 * run; and each pattern's mistake alone, without one that only follows from it.
 */

#include <inference_guard/guard.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>


#define V  "version: 1\n"


/* what is said about the files, sorted, a line each */

static size_t  errors;

static const char *
compile(const char *const *texts, size_t n)
{
    size_t          i;
    ig_buf_t        b;
    ig_guard_t     *g;
    ig_source_t     s[8];
    ig_mistakes_t  *m;
    static char     out[16384];
    static char     names[8][8];

    for (i = 0; i < n; i++) {
        (void) snprintf(names[i], sizeof(names[i]), "%c.yaml",
                        'a' + (char) i);
        s[i] = (ig_source_t) { names[i], ig_str_from_c(texts[i]) };
    }

    m = ig_mistakes_new();
    g = ig_guard_compile(s, n, 0, m);

    errors = ig_mistakes_errors(m);
    assert_int_equal(g == NULL, errors != 0);

    ig_mistakes_sort(m);
    ig_buf_fixed(&b, out, sizeof(out) - 1);

    for (i = 0; i < ig_mistakes_count(m); i++) {
        ig_mistake_print(ig_mistakes_get(m, i), &b);
        ig_buf_lit(&b, "\n");
    }

    out[b.len] = '\0';

    ig_guard_free(g);
    ig_mistakes_free(m);

    return out;
}


static void
all_in_one_run(void **state)
{
    size_t       i, n;
    const char  *said, *p;

    static const char *const  files[] = {
        V "jurisdiction: QQ\n"
        "law: {x: {title: a, article: '1', source: s}}\n"
        "detectors:\n"
        "  qq.a: {patern: x}\n"
        "  qq.b: {pattern: '[a', anchor: [''], validator: lun}\n"
        "transfers: {allowed: [SA], law: y}\n",

        V "rules:\n"
        "  - {id: a, when: {data: no.such}, then: {block: true}}\n"
        "  - {id: b, when: {data: qq.b}, then: {block: true}, then: {}}\n"
        "  - {id: c, when: {client_country: SA}, unless: {client_country: GCC},"
        " then: {flag: f}}\n",

        V "endpoints: {x: {upstream: u, operators: US, dialects: openai}}\n",

        V "detectors:\n"
        "  q: {pattern: 'a(b', anchor: a}\n"
        "  r: {pattern: '\\d{0,3}', anchor: digits, score: {shape: 7}}\n"
        "  s: {pattern: '[a-z]{3}', anchor: digits}\n"
        "  t: {pattern: '\\d{9}', anchor: digits, validator: luhn, weak: '1('}\n"
        "  u: {pattern: 'key-\\d', anchor: [key!, '']}\n",

        V "tenants: {t: {home: SA, plan: gold}}\n",

        V "policy: {unknown_tenant: tom, uninspectable: {endpoints: y}}\n",
    };

    static const char *const  expected[] = {
        "a.yaml:2:15: unknown country or group \"QQ\"",
        "a.yaml:5:10: unknown key \"patern\" of a detector",
        "a.yaml:6:19: bad regular expression, at offset 2:",
        "a.yaml:6:34: an item of this list is empty",
        "a.yaml:6:50: unknown validator \"lun\"",
        "a.yaml:7:33: unknown law \"y\"",
        "b.yaml:3:26: unknown detector \"no.such\"",
        "b.yaml:4:54: duplicate key \"then\"",
        "b.yaml:4:60: then is empty",
        "b.yaml:5:10: the rule can never apply",
        "c.yaml:2:13: an endpoint needs the key \"country\"",
        "d.yaml:3:16: bad regular expression, at offset 3:",
        "d.yaml:4:16: the pattern matches the empty string",
        "d.yaml:4:58: \"7\" is not a score",
        "d.yaml:5:36: the anchor is digits, but the pattern matches none",
        "d.yaml:6:64: bad regular expression, at offset 2:",
        "d.yaml:7:34: the anchor \"key!\" cannot occur",
        "d.yaml:7:41: an item of this list is empty",
        "e.yaml:2:31: unknown plan \"gold\"",
        "f.yaml:2:26: unknown tenant \"tom\"",
        "f.yaml:2:58: unknown endpoint \"y\"",
    };

    (void) state;

    said = compile(files, sizeof(files) / sizeof(files[0]));
    p = said;

    for (i = 0, n = sizeof(expected) / sizeof(expected[0]); i < n; i++) {

        if (strncmp(p, expected[i], strlen(expected[i])) != 0) {
            print_error("said:\n%s", p);
            fail_msg("expected: %s", expected[i]);
        }

        p = strchr(p, '\n') + 1;
    }

    assert_string_equal(p, "");
}


/* a detector with a mistake is judged by what is sound in it */

static void
detector_alone(void **state)
{
    size_t       i;
    const char  *said, *text;

    static const char *const  cases[][2] = {
        { "pattern: ''", "the pattern is empty" },
        { "pattern: [a]", "must be a single value" },
        { "patern: abc", "unknown key \"patern\"" },
        { "pattern: '[a-z]+', anchor: []", "an empty list" },
        { "pattern: '[a-z]+', anchr: x", "unknown key \"anchr\"" },
        { "pattern: '[A-Z]{2}[0-9A-Z]+', validator: ibam",
          "unknown validator \"ibam\"" },
        { "pattern: '[A-Z]{2}[0-9A-Z]+', validatr: iban",
          "unknown key \"validatr\"" },
        { "pattern: '[A-Z]{2}[0-9A-Z]+', validator: {nam: iban}",
          "unknown key \"nam\"" },
        { "pattern: '(abc', title: x", "bad regular expression" },
        { "pattern: 'abc', context: []", "an empty list" },
        { "pattern: '\\d{9}', validator: luhn, weak: '^1.*'",
          "a.yaml:2:60: at offset 0: ^ and $" },
        { "pattern: '\\d{9}', validator: luhn, weak: '\\Q1'",
          "a.yaml:2:60: this pattern cannot be a part of another" },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {

        char  file[256];

        (void) snprintf(file, sizeof(file), V "detectors: {abc: {%s}}\n",
                        cases[i][0]);
        text = file;
        said = compile(&text, 1);

        if (strstr(said, cases[i][1]) == NULL || errors != 1
            || strstr(said, "name an anchor"))
        {
            fail_msg("%s\nexpected: %s\nsaid:\n%s", file, cases[i][1], said);
        }
    }
}


/* a pack alone, whose transfers ask for data that nothing knows: a warning */

static void
personal_data_of_nobody(void **state)
{
    const char  *said;

    static const char *const  file = V
        "jurisdiction: EU\n"
        "law: {l: {title: t, article: a, source: s}}\n"
        "transfers: {allowed: EEA, of: personal_data, law: l}\n";

    (void) state;

    said = compile(&file, 1);

    assert_non_null(strstr(said, "a.yaml:4:1: warning: transfers of personal"));
    assert_int_equal(strchr(said, '\n')[1], '\0');
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(all_in_one_run),
        cmocka_unit_test(detector_alone),
        cmocka_unit_test(personal_data_of_nobody),
    };

    return cmocka_run_group_tests_name("guard_mistakes", tests, NULL, NULL);
}

/*
 * What records tell besides the verdict: trace, tools, times, the answer's own
 * words, and digests of values.  Whatever a client or an endpoint wrote there,
 * a record has what the schema says or nothing of it.
 */

#include "record_fixture.h"


static json_t *
decided(const ig_decision_t *d, const ig_request_t *r, ig_keyed_t *keyed)
{
    start();
    writer.keyed = keyed;
    ig_record_decision(&out, &writer, &head, NULL, d, r);

    return check();
}


/* -- trace ---------------------------------------------------------------- */

#define ID      "4bf92f3577b34da6a3ce929d0e0e4736"
#define PARENT  "00f067aa0ba902b7"
#define VALID   "00-" ID "-" PARENT "-01"

static const char *const  traced[] = {
    VALID,
    "00-" ID "-" PARENT "-00",
    "00-" ID "-" PARENT "-ff",
    "01-" ID "-" PARENT "-01",
    "01-" ID "-" PARENT "-01-what-a-later-version-says \"\\",
    "cc-" ID "-" PARENT "-01-",
    "fe-" ID "-" PARENT "-01-x",
    NULL
};

static const char *const  untraced[] = {
    "", "00", "-", ID,
    "ff-" ID "-" PARENT "-01",
    "ff-" ID "-" PARENT "-01-x",
    VALID "-x",                              /* of version 00 nothing more */
    VALID "-",
    VALID " ",
    "01-" ID "-" PARENT "-01x",              /* more, but not behind a '-' */
    "01-" ID "-" PARENT "-01.",
    "00-00000000000000000000000000000000-" PARENT "-01",
    "00-" ID "-0000000000000000-01",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-" PARENT "-01",
    "00-" ID "-00F067AA0BA902B7-01",
    "0A-" ID "-" PARENT "-01",
    "0g-" ID "-" PARENT "-01",
    "00-" ID "-" PARENT "-0g",
    "00-" ID "-" PARENT "-0",
    "00-" ID "-" PARENT,
    "00_" ID "-" PARENT "-01",
    "00-" ID "_" PARENT "-01",
    "00-" ID "-" PARENT "_01",
    " " VALID,
    "0-" ID "-" PARENT "-001",
    "00-\"" "bf92f3577b34da6a3ce929d0e0e4736-" PARENT "-01",
    "00-4bf92f3577b34da6a3ce929d0e0e473-" PARENT "-011",
    NULL
};

static void
trace(void **state)
{
    size_t          i, at;
    char            text[64];
    json_t         *record;
    ig_request_t    r;
    ig_decision_t   d;

    (void) state;

    policy_make(64, 128, 2, NULL);
    decision_make(&d, &r);

    for (i = 0; traced[i]; i++) {
        r.traceparent = ig_str_from_c(traced[i]);
        record = decided(&d, &r, NULL);
        assert_string_equal(get(record, "trace"), ID);
        assert_false(contains(PARENT) || contains("later"));
        json_decref(record);
    }

    for (i = 0; untraced[i]; i++) {
        r.traceparent = ig_str_from_c(untraced[i]);
        record = decided(&d, &r, NULL);

        if (json_object_get(record, "trace")) {
            fail_msg("taken: %s", untraced[i]);
        }

        json_decref(record);
    }

    /* no byte but those that may stand there, and no prefix */

    for (at = 0; at < sizeof(VALID) - 1; at++) {
        for (i = 1; i < 256; i++) {
            (void) strcpy(text, VALID);
            text[at] = (char) i;
            r.traceparent = ig_str_from_c(text);
            record = decided(&d, &r, NULL);

            if (json_object_get(record, "trace")) {
                assert_non_null(strchr("0123456789abcdef-", (int) i));
            }

            json_decref(record);
        }

        r.traceparent = (ig_str_t) { (const uint8_t *) VALID, at };
        record = decided(&d, &r, NULL);
        assert_null(json_object_get(record, "trace"));
        json_decref(record);
    }
}


/* -- tools ---------------------------------------------------------------- */

static void
tools(void **state)
{
    json_t         *record;
    ig_str_t        globs[] = { IG_STR("*patient*"), IG_STR("shell*"),
                                IG_STR("*") };
    ig_str_t        names_of[] = { IG_STR("get_weather"),
                                   IG_STR("read_patient_anna") };
    ig_request_t    r;
    ig_decision_t   d;

    (void) state;

    policy_make(64, 128, 2, NULL);
    decision_make(&d, &r);
    d.reading.tools = (ig_strs_t) { names_of, 2 };

    record = decided(&d, &r, NULL);
    assert_null(json_object_get(record, "tools"));
    json_decref(record);

    policy.tools = (ig_strs_t) { globs, 2 };
    record = decided(&d, &r, NULL);
    assert_int_equal(json_array_size(json_object_get(record, "tools")), 1);
    assert_true(contains("\"tools\":[\"*patient*\"],"));
    assert_false(contains("anna") || contains("weather"));
    json_decref(record);

    d.reading.tools.n = 1;
    record = decided(&d, &r, NULL);
    assert_true(contains("\"tools\":[],"));
    json_decref(record);

    policy.tools.n = 3;
    record = decided(&d, &r, NULL);
    assert_true(contains("\"tools\":[\"*\"],"));
    json_decref(record);

    /* no tools, or a request that was not read to its end */

    d.reading.tools.n = 0;
    record = decided(&d, &r, NULL);
    assert_null(json_object_get(record, "tools"));
    json_decref(record);

    d.reading.tools.n = 2;
    d.reading.reason = IG_REASON_invalid_json;
    record = decided(&d, &r, NULL);
    assert_null(json_object_get(record, "tools"));
    json_decref(record);
}


/* -- the outcome ---------------------------------------------------------- */

static json_t *
ended(const ig_outcome_t *o)
{
    start();
    ig_record_outcome(&out, &writer, &head, NULL, o);

    return check();
}


static void
times(void **state)
{
    json_t        *record;
    ig_outcome_t   o;

    (void) state;

    policy_make(64, 128, 2, NULL);
    memset(&o, 0, sizeof(o));
    o.endpoint = IG_NONE;
    o.first_byte_ms = 1;
    o.connect_ms = 2;
    o.header_ms = 3;
    o.upstream_ms = 4;

    record = ended(&o);
    assert_false(contains("_ms"));
    json_decref(record);

    o.timed = IG_TIMED_FIRST_BYTE | IG_TIMED_CONNECT | IG_TIMED_HEADER
              | IG_TIMED_UPSTREAM;
    record = ended(&o);
    assert_int_equal(get_int(record, "first_byte_ms"), 1);
    assert_int_equal(get_int(record, "connect_ms"), 2);
    assert_int_equal(get_int(record, "header_ms"), 3);
    assert_int_equal(get_int(record, "upstream_ms"), 4);
    json_decref(record);

    o.timed = IG_TIMED_CONNECT;
    o.connect_ms = 0;
    record = ended(&o);
    assert_true(contains("\"connect_ms\":0") && !contains("header_ms"));
    json_decref(record);
}


#define A32   "abcdefghijklmnopqrstuvwxyzabcd_e"
#define A128  A32 A32 A32 A32

static void
answer(void **state)
{
    size_t         i;
    char           text[8];
    json_t        *record;
    ig_str_t       any = IG_STR("*"), some[] = { IG_STR("gpt-*"),
                                                 IG_STR("o3") };
    ig_outcome_t   o;
    static const char *const  good[] = { "stop", "end_turn", A32, NULL };
    static const char *const  bad[] = { "", "Stop", "stop ", "a\"b", "sto9",
                                        "\xc3\xa9", "a\nb", A32 "a", NULL };
    static const char *const  models[] = {
        "gpt-4o-2024-08-06", "org/Llama-3.1:8b@2+x_y", A128, NULL
    };
    static const char *const  no_models[] = {
        "", "a b", "a\"b", "a\\b", "a\nb", "\x1b[31m", "\xc3\xa9", "a,b", "a{",
        A128 "a", NULL
    };

    (void) state;

    policy_make(64, 128, 2, NULL);
    endpoints[0].models = (ig_strs_t) { &any, 1 };
    memset(&o, 0, sizeof(o));

    for (i = 0; good[i]; i++) {
        o.finish = ig_str_from_c(good[i]);
        record = ended(&o);
        assert_string_equal(get(record, "finish"), good[i]);
        json_decref(record);
    }

    for (i = 0; bad[i]; i++) {
        o.finish = ig_str_from_c(bad[i]);
        record = ended(&o);
        assert_null(json_object_get(record, "finish"));
        json_decref(record);
    }

    for (i = 0; models[i]; i++) {
        o.model = ig_str_from_c(models[i]);
        record = ended(&o);
        assert_string_equal(get(record, "answer_model"), models[i]);
        json_decref(record);
    }

    for (i = 0; no_models[i]; i++) {
        o.model = ig_str_from_c(no_models[i]);
        record = ended(&o);
        assert_null(json_object_get(record, "answer_model"));
        json_decref(record);
    }

    /* byte for byte */

    for (i = 0; i < 256; i++) {
        (void) strcpy(text, "abxcd");
        text[2] = (char) i;
        o.model = (ig_str_t) { (uint8_t *) text, 5 };
        record = ended(&o);
        assert_int_equal(json_object_get(record, "answer_model") != NULL,
                         i && strchr("abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-._:/@+", (int) i) != NULL);
        json_decref(record);
    }

    /* only what the endpoint declares, and only of an endpoint */

    endpoints[0].models = (ig_strs_t) { some, 2 };
    o.model = IG_STR("gpt-4o");
    record = ended(&o);
    assert_string_equal(get(record, "answer_model"), "gpt-4o");
    json_decref(record);

    o.model = IG_STR("claude");
    record = ended(&o);
    assert_null(json_object_get(record, "answer_model"));
    json_decref(record);

    o.model = IG_STR("o3");
    o.endpoint = IG_NONE;
    record = ended(&o);
    assert_null(json_object_get(record, "answer_model"));
    json_decref(record);
}


/* -- digests -------------------------------------------------------------- */

/* the first key of RFC 8032, 7.1; what is derived was reckoned apart */
static const char  pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

static const char  line[] =
    "inference-guard-digest-key-1:"
    "219fce0136a3c488f146bcefc760fecdc78da73cfa310acf1105d2ca811ac315\n";

static ig_keyed_t *
keyed_new(void)
{
    uint8_t      key[IG_KEYED_KEY_SIZE];
    ig_keyed_t  *k;
    const char  *why;

    assert_true(ig_keyed_key_read(IG_STR(pem), key, &why));
    k = ig_keyed_new(key);
    assert_non_null(k);

    return k;
}


static ig_value_t
value(const char *text)
{
    ig_value_t  v;

    v.len = (uint8_t) strlen(text);
    memcpy(v.bytes, text, v.len);

    return v;
}


static void
keys(void **state)
{
    size_t        i, n;
    char          file[IG_KEYED_FILE], text[sizeof(line)];
    uint8_t       one[IG_KEYED_KEY_SIZE], two[IG_KEYED_KEY_SIZE];
    const char   *why;
    ig_signer_t  *s;

    (void) state;

    assert_true(ig_keyed_key_read(IG_STR(pem), one, &why));
    n = ig_keyed_key_write(one, file);
    assert_int_equal(n, sizeof(line) - 1);
    assert_memory_equal(file, line, n);
    assert_true(ig_keyed_key_read(IG_STR(line), two, &why));
    assert_memory_equal(one, two, sizeof(one));

    s = ig_signer_new(IG_STR(pem), &why);
    assert_non_null(s);
    assert_true(ig_keyed_key(s, two));
    assert_memory_equal(one, two, sizeof(one));
    ig_signer_free(s);

    /* cut anywhere but before the newline, or changed in its digits */

    for (i = 0; i < n - 1; i++) {
        why = NULL;
        assert_false(ig_keyed_key_read((ig_str_t) { (const uint8_t *) line, i },
                                       two, &why));
        assert_non_null(why);
    }

    assert_true(ig_keyed_key_read((ig_str_t) { (const uint8_t *) line, n - 1 },
                                  two, &why));

    (void) strcpy(text, line);
    text[40] = 'G';
    assert_false(ig_keyed_key_read(IG_STR(text), two, &why));
}


static void
digests_known(void **state)
{
    int          round;
    uint8_t      hex[IG_KEYED_HEX];
    uint64_t     digest_of;
    ig_value_t   v;
    ig_keyed_t  *k;

    (void) state;

    k = keyed_new();

    for (round = 0; round < 3; round++) {
        v = value("2000000006");
        assert_true(ig_keyed_digest(k, &v, &digest_of));
        ig_keyed_hex(digest_of, hex);
        assert_memory_equal(hex, "587438238bd3d7e3", 16);

        v = value("GB82WEST12345698765432");
        assert_true(ig_keyed_digest(k, &v, &digest_of));
        ig_keyed_hex(digest_of, hex);
        assert_memory_equal(hex, "5af41543e5be35aa", 16);
    }

    ig_keyed_free(k);
}


static ig_finding_t  many[IG_MAX_FINDINGS];
static ig_value_t    values[IG_MAX_FINDINGS];

static json_t *
group(json_t *record, size_t i)
{
    json_t  *g;

    g = json_array_get(json_object_get(record, "findings"), i);
    assert_non_null(g);

    return g;
}


static void
digests(void **state)
{
    size_t          i;
    json_t         *record, *list;
    ig_keyed_t     *k;
    const char     *before, *now;
    ig_request_t    r;
    ig_decision_t   d;

    (void) state;

    k = keyed_new();
    policy_make(64, 128, 2, NULL);
    decision_make(&d, &r);

    for (i = 0; i < 40; i++) {
        many[i] = (ig_finding_t) { 0, 500, 0, 0, false, (uint16_t) i, 0, 10 };
        values[i] = value("2000000006");
    }

    /* the same value many times: one; of a short one, or of none: none */

    d.findings = (ig_findings_t) { many, 3, values };
    record = decided(&d, &r, k);
    assert_true(contains("\"digests\":[\"587438238bd3d7e3\"],\"places\":["));
    assert_false(contains("2000000006") || contains("digests_cut"));
    json_decref(record);

    record = decided(&d, &r, NULL);
    assert_false(contains("digests"));
    json_decref(record);

    d.findings.values = NULL;
    record = decided(&d, &r, k);
    assert_false(contains("digests"));
    json_decref(record);

    d.findings.values = values;
    values[0] = value("12345");
    values[1] = value("");
    many[2].detector = 1;
    record = decided(&d, &r, k);
    assert_null(json_object_get(group(record, 0), "digests"));
    assert_non_null(json_object_get(group(record, 1), "digests"));
    json_decref(record);

    values[0] = value("123456");
    record = decided(&d, &r, k);
    assert_int_equal(json_array_size(json_object_get(group(record, 0),
                                                     "digests")), 1);
    json_decref(record);

    /* sixteen, in order, and a word that there are more */

    many[2].detector = 0;

    for (i = 0; i < 40; i++) {
        values[i] = value("2000000006");
        values[i].bytes[9] = (uint8_t) ('a' + i / 2);
    }

    d.findings.n = 32;
    record = decided(&d, &r, k);
    list = json_object_get(group(record, 0), "digests");
    assert_int_equal(json_array_size(list), 16);
    assert_false(contains("digests_cut"));

    for (i = 1; i < 16; i++) {
        before = json_string_value(json_array_get(list, i - 1));
        now = json_string_value(json_array_get(list, i));
        assert_true(strcmp(before, now) < 0);
    }

    json_decref(record);

    d.findings.n = 33;
    record = decided(&d, &r, k);
    assert_int_equal(json_array_size(json_object_get(group(record, 0),
                                                     "digests")), 16);
    assert_true(contains("\"digests_cut\":true"));
    json_decref(record);

    ig_keyed_free(k);
}


/* as many groups, places, digests and names as there can be, at their longest */

static void
digests_bounds(void **state)
{
    size_t          i, n, round;
    json_t         *record, *list, *g;
    ig_keyed_t     *k;
    ig_str_t        globs[200];
    ig_request_t    r;
    ig_decision_t   d;
    const char     *long_names[] = {
        "e-%u", "endpoint-%u-0123456789abcdef0123456789abcdef0123456789abcdef01"
        "23456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "e%u\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x01"
        "\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x01\x02"
        "\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x01\x02\x03"
        "\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x01\x02\x03\x04"
    };

    (void) state;

    k = keyed_new();

    for (round = 0; round < 9; round++) {
        n = round < 3 ? 64 : round < 6 ? 20 : 8;
        policy_make(64, 128, IG_MAX_ENDPOINTS, long_names[round % 3]);
        decision_make(&d, &r);
        r.traceparent = IG_STR(VALID);

        for (i = 0; i < 200; i++) {
            globs[i] = endpoints[i].name;
        }

        policy.tools = (ig_strs_t) { globs, 200 };
        d.reading.tools = policy.tools;

        for (i = 0; i < 64; i++) {
            detectors[i].id = endpoints[i].name;
        }

        for (i = 0; i < IG_MAX_FINDINGS; i++) {
            many[i] = (ig_finding_t) { (uint32_t) (i % n), 950, 1, 0, true,
                                       (uint16_t) i, 50, 60 };
            values[i].len = IG_VALUE_MAX;
            memset(values[i].bytes, 'A', IG_VALUE_MAX);
            (void) memcpy(values[i].bytes, &i, sizeof(i));
        }

        d.findings = (ig_findings_t) { many, IG_MAX_FINDINGS, values };
        record = decided(&d, &r, k);
        list = json_object_get(record, "findings");
        assert_true(json_array_size(list) > 0);
        assert_int_equal(get_int(record, "tools_total"), 200);
        assert_string_equal(get(record, "trace"), ID);

        json_array_foreach(list, i, g) {
            assert_true(json_is_true(json_object_get(g, "digests_cut")));
        }

        /* where names are short none is without */

        if (round % 3 == 0) {
            assert_int_equal(json_array_size(list), n < 32 ? n : 32);

            json_array_foreach(list, i, g) {
                assert_true(json_array_size(json_object_get(g, "digests"))
                            >= (n == 8 ? 16 : 4));
            }
        }

        json_decref(record);
    }

    ig_keyed_free(k);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(trace),
        cmocka_unit_test(tools),
        cmocka_unit_test(times),
        cmocka_unit_test(answer),
        cmocka_unit_test(keys),
        cmocka_unit_test(digests_known),
        cmocka_unit_test(digests),
        cmocka_unit_test(digests_bounds)
    };

    return cmocka_run_group_tests(tests, schema_load, schema_free);
}

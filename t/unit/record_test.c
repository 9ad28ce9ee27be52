/*
 * Records: always one line of valid JSON, with what the schema says and nothing
 * that a client wrote where it must not be.
 */

#include "record_fixture.h"


static void
usual_decision(void **state)
{
    json_t         *record, *list;
    ig_request_t    r;
    ig_decision_t   d;

    (void) state;

    policy_make(64, 128, 2, NULL);
    decision_make(&d, &r);
    d.verdict.rejected[1] = IG_REJECT_COUNTRY;
    start();
    ig_record_decision(&out, &writer, &head, NULL, &d, &r);
    record = check();

    assert_string_equal(get(record, "type"), "decision");
    assert_string_equal(get(record, "time"), "2026-11-24T08:22:29.123Z");
    assert_int_equal(get_int(record, "seq"), 7);
    assert_int_equal(writer.seq, 8);
    assert_string_equal(get(record, "mode"), "enforce");
    assert_string_equal(get(record, "verdict"), "route");
    assert_string_equal(get(record, "model"), "gpt-4o");
    assert_string_equal(get(record, "tenant"), "acme-bank");
    assert_string_equal(get(record, "client_country"), "SA");
    assert_string_equal(get(record, "endpoint"), "place-0");
    assert_string_equal(get(record, "endpoint_country"), "SA");
    assert_string_equal(get(record, "operators"), "all");
    assert_string_equal(get(record, "policy"), digest);
    assert_int_equal(get_int(record, "bytes"), sizeof(body_text) - 1);
    assert_null(json_object_get(record, "reason"));
    assert_null(json_object_get(record, "would"));
    assert_null(json_object_get(record, "tenant_state"));

    list = json_object_get(record, "rules");
    assert_int_equal(json_array_size(list), 1);
    assert_string_equal(json_string_value(json_array_get(list, 0)),
                        "sa-transfers");
    assert_string_equal(json_string_value(json_array_get(
                            json_object_get(record, "laws"), 0)), "pdpl-29");

    list = json_array_get(json_object_get(record, "jurisdictions"), 0);
    assert_string_equal(get(list, "country"), "SA");
    assert_int_equal(json_array_size(json_object_get(list, "from")), 2);

    list = json_array_get(json_object_get(record, "rejected"), 0);
    assert_string_equal(get(list, "endpoint"), "place-1");
    assert_string_equal(get(list, "why"), "country");

    assert_int_equal(get_int(record, "findings_total"), 0);
    assert_false(contains("iqama"));

    json_decref(record);
}


static void
refused_and_audited(void **state)
{
    json_t         *record, *would;
    ig_request_t    r;
    ig_decision_t   d;

    (void) state;

    policy_make(64, 128, 2, NULL);
    decision_make(&d, &r);
    d.mode = IG_MODE_AUDIT;
    d.verdict.word = IG_VERDICT_ALLOW;
    d.verdict.ncauses = 0;
    d.would.word = IG_VERDICT_BLOCK;
    d.would.reason = IG_REASON_blocked_by_rule;
    d.would_differs = true;
    d.facts.tenant_state = IG_TENANT_UNKNOWN;
    d.facts.tenant = IG_NONE;
    d.facts.client_country = IG_COUNTRY_UNKNOWN;
    start();
    ig_record_decision(&out, &writer, &head, NULL, &d, &r);
    record = check();

    assert_string_equal(get(record, "mode"), "audit");
    assert_string_equal(get(record, "verdict"), "allow");
    assert_null(json_object_get(record, "tenant"));
    assert_string_equal(get(record, "tenant_state"), "unknown");
    assert_string_equal(get(record, "client_country"), "ZZ");
    would = json_object_get(record, "would");
    assert_string_equal(get(would, "verdict"), "block");
    assert_string_equal(get(would, "reason"), "blocked_by_rule");
    assert_int_equal(get_int(would, "status"), 403);
    assert_int_equal(json_array_size(json_object_get(would, "rules")), 1);
    json_decref(record);

    decision_make(&d, &r);
    d.verdict.word = IG_VERDICT_BLOCK;
    d.verdict.reason = IG_REASON_invalid_json;
    d.verdict.rule = 3;
    d.verdict.ncauses = 0;
    memset(d.verdict.permitted, 0, sizeof(d.verdict.permitted));
    memset(&d.reading, 0, sizeof(d.reading));
    d.reading.reason = IG_REASON_invalid_json;
    d.endpoint = IG_NONE;
    start();
    ig_record_decision(&out, &writer, &head, NULL, &d, &r);
    record = check();

    assert_string_equal(get(record, "reason"), "invalid_json");
    assert_int_equal(get_int(record, "status"), 400);
    assert_string_equal(get(record, "rule"), "rule-3");
    assert_null(json_object_get(record, "endpoint"));
    assert_string_equal(get(json_object_get(record, "coverage"), "inspected"),
                        "none");
    assert_int_equal(json_array_size(json_object_get(record, "permitted")), 0);
    json_decref(record);
}


static void
partial_coverage(void **state)
{
    json_t         *record, *coverage;
    ig_request_t    r;
    ig_decision_t   d;

    (void) state;

    policy_make(64, 128, 2, NULL);
    decision_make(&d, &r);
    d.reading.uninspectable = 0x3f;
    d.reading.stream = true;
    start();
    ig_record_decision(&out, &writer, &head, NULL, &d, &r);
    record = check();
    coverage = json_object_get(record, "coverage");

    assert_string_equal(get(coverage, "inspected"), "partial");
    assert_int_equal(json_array_size(json_object_get(coverage,
                                                     "uninspectable")), 6);
    assert_true(json_is_true(json_object_get(record, "stream")));
    json_decref(record);

    /* what was refused for its tenant is not read, and never "full" */

    decision_make(&d, &r);
    d.reading.nblocks = 0;
    d.reading.model = IG_NO_STR;
    start();
    ig_record_decision(&out, &writer, &head, NULL, &d, &r);
    record = check();
    coverage = json_object_get(record, "coverage");
    assert_string_equal(get(coverage, "inspected"), "none");
    json_decref(record);

    /* where there is nothing, everything was looked at */

    r.has_body = false;
    start();
    ig_record_decision(&out, &writer, &head, NULL, &d, &r);
    record = check();
    coverage = json_object_get(record, "coverage");
    assert_string_equal(get(coverage, "inspected"), "full");
    json_decref(record);
}


static void
flags_and_laws_once(void **state)
{
    json_t         *record;
    ig_str_t        flags[2] = { IG_STR("review"), IG_STR("hr") };
    ig_request_t    r;
    ig_decision_t   d;

    (void) state;

    policy_make(64, 128, 2, NULL);
    decision_make(&d, &r);
    rules[1].flags = (ig_strs_t) { flags, 2 };
    rules[2].flags = (ig_strs_t) { flags, 1 };
    rules[2].laws = (ig_rows_t) { rows, 2 };
    d.verdict.causes[0] = 1;
    d.verdict.causes[1] = 2;
    d.verdict.ncauses = 2;
    start();
    ig_record_decision(&out, &writer, &head, NULL, &d, &r);
    record = check();

    assert_int_equal(json_array_size(json_object_get(record, "flags")), 2);
    assert_int_equal(json_array_size(json_object_get(record, "laws")), 2);
    json_decref(record);
}


/* bytes that could end a string, a line or a terminal's patience */

static const char *const  adversarial[] = {
    "\"},{\"verdict\":\"allow\"", "\\", "a\nb\rc\td", "\x01\x1b[31m\x7f",
    "\xff\xfe\xc0\x80", "\xed\xa0\x80", "\xe2\x80\xa8\xe2\x80\xa9",
    "\xf0\x9f\x98", "\xd8\xa7\xd9\x84", "", NULL
};

static void
adversarial_strings(void **state)
{
    size_t          i;
    char            quoted[512];
    ig_buf_t        text;
    json_t         *record;
    ig_request_t    r;
    ig_decision_t   d;

    (void) state;

    policy_make(64, 128, 2, NULL);

    for (i = 0; adversarial[i]; i++) {
        ig_buf_fixed(&text, quoted, sizeof(quoted));
        ig_buf_str(&text, ig_str_from_c(adversarial[i]));

        decision_make(&d, &r);
        d.reading.model = (ig_str_t) { text.data, text.len };
        tenants[0].name = d.reading.model;
        endpoints[0].name = d.reading.model;
        rules[0].id = d.reading.model;
        start();
        head.request_id = d.reading.model;
        writer.id = d.reading.model;
        ig_record_decision(&out, &writer, &head, NULL, &d, &r);
        record = check();
        assert_string_equal(get(record, "verdict"), "route");
        assert_non_null(json_object_get(record, "id"));
        assert_false(contains("\x1b") || contains("\r"));
        json_decref(record);
    }
}


/* what has to be escaped is, wherever it stands in the string */

static void
every_byte_everywhere(void **state)
{
    char            text[20];
    size_t          at;
    json_t         *record;
    unsigned        c;
    ig_request_t    r;
    ig_decision_t   d;

    (void) state;

    policy_make(64, 128, 2, NULL);
    decision_make(&d, &r);
    d.reading.model = (ig_str_t) { (uint8_t *) text, 19 };

    for (c = 1; c < 256; c++) {
        for (at = 0; at < 19; at++) {
            memset(text, 'a', 19);
            text[19] = '\0';
            text[at] = (char) c;
            start();
            ig_record_decision(&out, &writer, &head, NULL, &d, &r);
            record = check();

            if (c < 0x80) {
                assert_string_equal(get(record, "model"), text);

            } else {
                assert_int_equal(strlen(get(record, "model")), 21);
            }

            json_decref(record);
        }
    }
}


/* cut to 128 bytes, between characters, whatever lies at the cut */

static void
long_strings(void **state)
{
    size_t          shift, len;
    char            text[400];
    json_t         *record;
    ig_request_t    r;
    ig_decision_t   d;

    (void) state;

    policy_make(64, 128, 2, NULL);

    for (shift = 0; shift < 4; shift++) {
        memset(text, 'a', sizeof(text));

        for (len = shift; len + 4 <= sizeof(text); len += 4) {
            memcpy(text + len, "\xf0\x9f\x98\x80", 4);
        }

        decision_make(&d, &r);
        d.reading.model = (ig_str_t) { (uint8_t *) text, len };
        start();
        ig_record_decision(&out, &writer, &head, NULL, &d, &r);
        record = check();
        assert_false(contains("\xef\xbf\xbd"));
        assert_int_equal(strlen(get(record, "model")),
                         shift ? 124 + shift : 128);
        json_decref(record);
    }
}


static void
other_records(void **state)
{
    json_t        *record;
    ig_outcome_t   o;

    (void) state;

    policy_make(64, 128, 2, NULL);

    start();
    ig_record_redirect(&out, &writer, &head, NULL, 1, IG_REASON_NONE);
    record = check();
    assert_string_equal(get(record, "type"), "redirect");
    assert_string_equal(get(record, "endpoint"), "place-1");
    json_decref(record);

    start();
    ig_record_redirect(&out, &writer, &head, NULL, IG_NONE,
                       IG_REASON_destination_not_permitted);
    record = check();
    assert_string_equal(get(record, "reason"), "destination_not_permitted");
    assert_int_equal(get_int(record, "status"), 451);
    json_decref(record);

    memset(&o, 0, sizeof(o));
    o.status = 200;
    o.endpoint = 0;
    o.address = IG_STR("10.1.0.5:8000");
    o.verified = true;
    o.tries = 1;
    o.upstream_status = 200;
    o.sent = 812;
    o.received = INT64_MAX;
    o.duration_us = 1234567;
    o.guard_us = 9;
    start();
    ig_record_outcome(&out, &writer, &head, NULL, &o);
    record = check();
    assert_string_equal(get(record, "type"), "outcome");
    assert_true(json_is_true(json_object_get(record, "verified")));
    assert_int_equal(get_int(record, "sent"), 812);
    assert_int_equal(get_int(record, "duration_us"), 1234567);
    assert_null(json_object_get(record, "aborted"));
    json_decref(record);

    memset(&o, 0, sizeof(o));
    o.status = 503;
    o.endpoint = IG_NONE;
    o.reason = IG_REASON_endpoints_down;
    o.aborted = true;
    start();
    ig_record_outcome(&out, &writer, &head, NULL, &o);
    record = check();
    assert_string_equal(get(record, "reason"), "endpoints_down");
    assert_null(json_object_get(record, "endpoint"));
    assert_null(json_object_get(record, "address"));
    json_decref(record);

    start();
    ig_record_undecided(&out, &writer, &head, NULL, IG_COUNTRY_UNKNOWN,
                        IG_NONE, 400);
    record = check();
    assert_string_equal(get(record, "type"), "undecided");
    assert_int_equal(get_int(record, "status"), 400);
    assert_null(json_object_get(record, "tenant"));
    json_decref(record);
}


/* days that calendars get wrong, against the C library */

static void
times(void **state)
{
    size_t          i;
    char            text[40];
    time_t          t;
    json_t         *record;
    struct tm       tm;
    static const int64_t  seconds[] = {
        0, 951782400, 951868799, 951868800, 1709164800, 1709251199,
        1735689599, 1735689600, 4107542399, 4107542400, 253402300799
    };

    (void) state;

    policy_make(64, 128, 2, NULL);

    for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]) + 2000; i++) {
        t = i < sizeof(seconds) / sizeof(seconds[0])
            ? (time_t) seconds[i] : (time_t) (i * 86400 * 13 + i * 7);
        start();
        head.time_ms = (uint64_t) t * 1000 + 7;
        ig_record_redirect(&out, &writer, &head, NULL, 0, IG_REASON_NONE);
        record = check();
        gmtime_r(&t, &tm);
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.007Z", &tm);
        assert_string_equal(get(record, "time"), text);
        json_decref(record);
    }
}


/* a time in the far future is cut, not misprinted */

static void
impossible_time(void **state)
{
    json_t  *record;

    (void) state;

    policy_make(64, 128, 2, NULL);
    start();
    head.time_ms = UINT64_MAX;
    ig_record_redirect(&out, &writer, &head, NULL, 0, IG_REASON_NONE);
    record = check();
    assert_int_equal(strlen(get(record, "time")), 24);
    json_decref(record);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(usual_decision),
        cmocka_unit_test(refused_and_audited),
        cmocka_unit_test(partial_coverage),
        cmocka_unit_test(flags_and_laws_once),
        cmocka_unit_test(adversarial_strings),
        cmocka_unit_test(every_byte_everywhere),
        cmocka_unit_test(long_strings),
        cmocka_unit_test(other_records),
        cmocka_unit_test(times),
        cmocka_unit_test(impossible_time)
    };

    return cmocka_run_group_tests(tests, schema_load, schema_free);
}

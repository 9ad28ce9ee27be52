/*
 * Findings in records, and the bounds of a record: what is cut, what is
 * withheld, what happens without room.
 */

#include "record_fixture.h"


static ig_finding_t  many[IG_MAX_FINDINGS];

static void
model_withheld(void **state)
{
    json_t         *record;
    ig_request_t    r;
    ig_decision_t   d;

    (void) state;

    policy_make(64, 128, 2, NULL);

    /* found in it, and elsewhere */

    decision_make(&d, &r);
    many[0] = (ig_finding_t) { 0, 300, 0, 0, false, 0, 12, 14 };
    d.findings = (ig_findings_t) { many, 1, NULL };
    start();
    ig_record_decision(&out, &writer, &head, NULL, &d, &r);
    record = check();
    assert_null(json_object_get(record, "model"));
    assert_true(json_is_true(json_object_get(record, "model_withheld")));
    assert_false(contains("gpt-4o"));
    json_decref(record);

    many[0].start = 60;
    many[0].end = 70;
    start();
    ig_record_decision(&out, &writer, &head, NULL, &d, &r);
    record = check();
    assert_string_equal(get(record, "model"), "gpt-4o");
    json_decref(record);

    /* a copy of an escaped model, with a finding somewhere */

    d.reading.model = IG_STR("meta/2000000006");
    start();
    ig_record_decision(&out, &writer, &head, NULL, &d, &r);
    record = check();
    assert_false(contains("2000000006"));
    json_decref(record);

    /* in the path, which is not inspected */

    decision_make(&d, &r);
    r.path = IG_STR("/v1/models/2000000006");
    d.reading.model = (ig_str_t) { r.path.data + 11, 10 };
    start();
    ig_record_decision(&out, &writer, &head, NULL, &d, &r);
    record = check();
    assert_false(contains("2000000006"));
    json_decref(record);
}


static void
findings_grouped(void **state)
{
    size_t          i;
    json_t         *record, *list, *item;
    ig_request_t    r;
    ig_decision_t   d;

    (void) state;

    policy_make(64, 128, 2, NULL);
    decision_make(&d, &r);

    for (i = 0; i < 40; i++) {
        many[i] = (ig_finding_t) { i == 20 ? 1 : 0, (uint16_t) (500 + i),
                                   (ig_country_t) (i == 30), 0, i == 20, 0,
                                   (uint32_t) (50 + i / 2),
                                   (uint32_t) (60 + i) };
    }

    d.findings = (ig_findings_t) { many, 40, NULL };
    start();
    ig_record_decision(&out, &writer, &head, NULL, &d, &r);
    record = check();
    list = json_object_get(record, "findings");

    assert_int_equal(get_int(record, "findings_total"), 40);
    assert_int_equal(json_array_size(list), 3);

    item = json_array_get(list, 0);
    assert_string_equal(get(item, "detector"), "sa.national_id");
    assert_null(json_object_get(item, "owner"));
    assert_int_equal(get_int(item, "count"), 38);
    assert_int_equal(json_array_size(json_object_get(item, "places")),
                     IG_RECORD_PLACES - 2);
    assert_true(json_real_value(json_object_get(item, "score")) > 0.538
                && json_real_value(json_object_get(item, "score")) < 0.540);

    item = json_array_get(list, 1);
    assert_string_equal(get(item, "detector"), "xx.detector_1");
    item = json_array_get(json_object_get(item, "places"), 0);
    assert_true(json_is_true(json_object_get(item, "joined")));
    assert_int_equal(get_int(item, "start"), 60);
    assert_int_equal(get_int(item, "end"), 80);
    assert_string_equal(get(item, "at"), "/messages/0/content");

    assert_string_equal(get(json_array_get(list, 2), "owner"), "AD");
    assert_false(contains("2000000006"));
    json_decref(record);

    /* other blocks have no pointers */

    d.reading.blocks[1].kind = IG_BLOCK_QUERY;
    d.reading.blocks[2].kind = IG_BLOCK_HEADERS;
    d.reading.nblocks = 3;
    many[0] = (ig_finding_t) { 0, 1000, 0, 1, false, 0, 0, 4 };
    many[1] = (ig_finding_t) { 0, 300, 0, 2, false, 0, 0, 4 };
    d.findings.n = 2;
    start();
    ig_record_decision(&out, &writer, &head, NULL, &d, &r);
    record = check();
    assert_true(contains("\"at\":\"query\"") && contains("\"at\":\"headers\""));
    assert_true(contains("\"score\":1,"));
    json_decref(record);
}


/* everything at once, at its largest: cut lists, true totals, one line */

static void
largest(void **state)
{
    size_t          i, k;
    json_t         *record;
    ig_request_t    r;
    ig_decision_t   d;
    const char     *long_names[] = {
        "endpoint-%u-0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
        "abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "e%u\x01\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x01"
        "\x02\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x01\x02"
        "\x03\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x01\x02\x03"
        "\x04\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x01\x02\x03\x04"
        "\x05\x06\x07\x08\x0b\x0c\x0e\x0f\x10\x11\x12\x13\x01\x02\x03\x04\x05"
    };

    (void) state;

    for (k = 0; k < 2; k++) {
        policy_make(64, 128, IG_MAX_ENDPOINTS, long_names[k]);
        decision_make(&d, &r);

        d.verdict.ncauses = 100;
        d.would_differs = true;

        for (i = 0; i < IG_MAX_CAUSES; i++) {
            d.verdict.causes[i] = (uint32_t) i;
            rules[i].id = endpoints[i].name;
            laws[i].id = endpoints[i].name;
        }

        d.would = d.verdict;
        d.facts.jurisdictions = ig_countries_all();
        d.facts.from_tenant = ig_countries_all();
        d.facts.from_client = ig_countries_all();
        d.facts.from_data = ig_countries_all();
        d.facts.from_claim = ig_countries_all();
        d.verdict.destinations = ig_countries_all();
        ig_bit_clear(d.verdict.destinations.bits, 5);
        d.verdict.operators = d.verdict.destinations;
        endpoints[0].operators = d.verdict.destinations;
        tenants[0].name = endpoints[0].name;
        d.reading.model = endpoints[1].name;

        for (i = 0; i < IG_MAX_ENDPOINTS; i++) {
            if (i % 2) {
                d.verdict.rejected[i] = IG_REJECT_UNINSPECTABLE;
            } else {
                ig_bit_set(d.verdict.permitted, i);
            }
        }

        for (i = 0; i < 64; i++) {
            detectors[i].id = endpoints[i].name;
        }

        for (i = 0; i < IG_MAX_FINDINGS; i++) {
            many[i] = (ig_finding_t) { (uint32_t) (i % 64), 950, 1, 0, true,
                                       0, 50, 60 };
        }

        d.findings = (ig_findings_t) { many, IG_MAX_FINDINGS, NULL };
        start();
        head.request_id = endpoints[2].name;
        writer.id = endpoints[3].name;
        ig_record_decision(&out, &writer, &head, NULL, &d, &r);
        record = check();

        assert_int_equal(get_int(record, "rules_total"), 100);
        assert_int_equal(get_int(record, "permitted_total"), 128);
        assert_int_equal(get_int(record, "rejected_total"), 128);
        assert_int_equal(get_int(record, "findings_total"), IG_MAX_FINDINGS);
        assert_int_equal(get_int(record, "detectors_total"), 64);
        assert_int_equal(get_int(record, "jurisdictions_total"),
                         (json_int_t) ig_country_count() - 1);
        assert_true(json_array_size(json_object_get(record, "rules")) > 0);
        assert_true(json_array_size(json_object_get(record, "findings")) > 0);

        if (k == 0) {
            assert_true(json_array_size(json_object_get(record,
                                                        "permitted")) > 0);
            assert_true(json_array_size(json_object_get(record,
                                                        "rejected")) > 0);
            assert_int_equal(json_array_size(json_object_get(record,
                                 "destinations")),
                             ig_country_count() - 2);
        }

        json_decref(record);
    }
}


static void
no_room(void **state)
{
    size_t          cap, whole;
    uint8_t         prev[IG_HASH_SIZE] = { 0 };
    ig_request_t    r;
    ig_decision_t   d;

    (void) state;

    policy_make(64, 128, 2, NULL);
    decision_make(&d, &r);
    start();
    ig_record_decision(&out, &writer, &head, NULL, &d, &r);
    whole = out.len;

    for (cap = 0; cap < whole; cap++) {
        start();
        ig_buf_fixed(&out, bytes, cap);
        ig_record_decision(&out, &writer, &head, NULL, &d, &r);
        assert_true(out.failed);
        assert_int_equal(out.len, 0);
        assert_int_equal(writer.seq, 7);
        assert_memory_equal(writer.prev, prev, sizeof(prev));
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(model_withheld),
        cmocka_unit_test(findings_grouped),
        cmocka_unit_test(largest),
        cmocka_unit_test(no_room)
    };

    return cmocka_run_group_tests(tests, schema_load, schema_free);
}

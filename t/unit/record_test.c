/*
 * Records: always one line of valid JSON, within its bounds, with what the
 * schema says and nothing that a client wrote where it must not be.
 *
 * The guard is a policy made by hand here: guard.c is not linked.
 */

#include <inference_guard/record.h>

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>


#define SCHEMA  "docs/record.schema.json"

static ig_policy_t    policy;
static ig_detector_t  detectors[64];
static ig_law_t       laws[128];
static ig_rule_t      rules[128];
static ig_endpoint_t  endpoints[IG_MAX_ENDPOINTS];
static ig_tenant_t    tenants[1];
static char           names[1024][160];
static uint32_t       rows[128];

static const char     digest[] =
    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";


const ig_policy_t *
ig_guard_policy(const ig_guard_t *g)
{
    (void) g;
    return &policy;
}


ig_str_t
ig_guard_digest(const ig_guard_t *g)
{
    (void) g;
    return ig_str_from_c(digest);
}


static ig_str_t
name(unsigned slot, const char *fmt, unsigned n)
{
    (void) snprintf(names[slot], sizeof(names[slot]), fmt, n);

    return ig_str_from_c(names[slot]);
}


static void
policy_make(size_t ndetectors, size_t nrules, size_t nendpoints,
    const char *long_name)
{
    unsigned  i;

    memset(&policy, 0, sizeof(policy));
    memset(endpoints, 0, sizeof(endpoints));
    memset(rules, 0, sizeof(rules));

    for (i = 0; i < 64; i++) {
        detectors[i].id = name(i, i ? "xx.detector_%u" : "sa.national_id", i);
    }

    for (i = 0; i < 128; i++) {
        rows[i] = i;
        laws[i].id = name(64 + i, i ? "law-%u" : "pdpl-29", i);
        rules[i].id = name(192 + i, i ? "rule-%u" : "sa-transfers", i);
        rules[i].laws = (ig_rows_t) { &rows[i], 1 };
    }

    for (i = 0; i < IG_MAX_ENDPOINTS; i++) {
        endpoints[i].name = name(320 + i, long_name ? long_name : "place-%u",
                                 i);
        endpoints[i].country = ig_country_parse(IG_STR("SA"));
        ig_countries_add(&endpoints[i].operators, endpoints[i].country);
    }

    tenants[0].name = IG_STR("acme-bank");
    tenants[0].home = ig_country_parse(IG_STR("SA"));

    policy.detectors = detectors;
    policy.ndetectors = ndetectors;
    policy.laws = laws;
    policy.nlaws = 128;
    policy.rules = rules;
    policy.nrules = nrules;
    policy.endpoints = endpoints;
    policy.nendpoints = nendpoints;
    policy.tenants = tenants;
    policy.ntenants = 1;
}


static const char  body_text[] =
    "{\"model\":\"gpt-4o\",\"messages\":[{\"role\":\"user\","
    "\"content\":\"iqama 2000000006\"}]}";

static ig_operation_t  operation = {
    { (const uint8_t *) "chat_completions", 16 },
    { (const uint8_t *) "POST", 4 },
    { (const uint8_t *) "/v1/chat/completions", 20 },
    IG_DIALECT_OPENAI, true, true
};

static void
decision_make(ig_decision_t *d, ig_request_t *r)
{
    ig_country_t  sa;

    sa = ig_country_parse(IG_STR("SA"));

    memset(r, 0, sizeof(*r));
    r->path = operation.path;
    r->method = operation.method;
    r->has_body = true;
    r->body = IG_STR(body_text);

    memset(d, 0, sizeof(*d));
    d->reading.dialect = IG_DIALECT_OPENAI;
    d->reading.operation = &operation;
    d->reading.blocks[0].kind = IG_BLOCK_BODY;
    d->reading.blocks[0].bytes = r->body;
    d->reading.nblocks = 1;
    d->reading.model = (ig_str_t) { r->body.data + 10, 6 };

    d->facts.tenant_state = IG_TENANT_KNOWN;
    d->facts.tenant = 0;
    d->facts.client_country = sa;
    d->facts.client_known = true;
    d->facts.claim_valid = true;
    ig_countries_add(&d->facts.from_tenant, sa);
    ig_countries_add(&d->facts.from_client, sa);
    ig_countries_add(&d->facts.jurisdictions, sa);

    d->verdict.word = IG_VERDICT_ROUTE;
    d->verdict.rule = IG_NONE;
    ig_countries_add(&d->verdict.destinations, sa);
    d->verdict.operators = ig_countries_all();
    d->verdict.narrowed = true;
    ig_bit_set(d->verdict.permitted, 0);
    d->verdict.causes[0] = 0;
    d->verdict.ncauses = 1;
    d->would = d->verdict;
    d->endpoint = 0;
}


static uint8_t           bytes[64 * 1024];
static ig_buf_t          out;
static ig_writer_t       writer;
static ig_record_head_t  head;

static void
start(void)
{
    ig_buf_fixed(&out, bytes, sizeof(bytes));
    writer.id = IG_STR("w1-1700000000-1");
    writer.seq = 7;
    head.time_ms = UINT64_C(1795508549123);
    head.request_id = IG_STR("4bf92f3577b34da6a3ce929d0e0e4736");
}


/* -- a small check of the schema: the keywords that it uses --------------- */

static const json_t  *schema_root;

static bool
schema_type(const json_t *value, const char *type)
{
    if (strcmp(type, "object") == 0) {
        return json_is_object(value);
    }

    if (strcmp(type, "array") == 0) {
        return json_is_array(value);
    }

    if (strcmp(type, "string") == 0) {
        return json_is_string(value);
    }

    if (strcmp(type, "boolean") == 0) {
        return json_is_boolean(value);
    }

    if (strcmp(type, "integer") == 0) {
        return json_is_integer(value);
    }

    if (strcmp(type, "number") == 0) {
        return json_is_number(value);
    }

    fail_msg("the schema has a type that this test does not know: %s", type);
    return false;
}


static bool schema_check(const json_t *schema, const json_t *value,
    char *why, size_t size);

static bool
schema_object(const json_t *schema, json_t *value, char *why, size_t size)
{
    size_t       i;
    json_t      *item, *props;
    const char  *key;

    json_array_foreach(json_object_get(schema, "required"), i, item) {
        if (json_object_get(value, json_string_value(item)) == NULL) {
            (void) snprintf(why, size, "missing %s", json_string_value(item));
            return false;
        }
    }

    props = json_object_get(schema, "properties");

    json_object_foreach(value, key, item) {
        if (json_object_get(props, key) == NULL) {
            if (json_is_false(json_object_get(schema,
                                              "additionalProperties")))
            {
                (void) snprintf(why, size, "unknown field %s", key);
                return false;
            }

            continue;
        }

        if (!schema_check(json_object_get(props, key), item, why, size)) {
            return false;
        }
    }

    return true;
}


static bool
schema_check(const json_t *schema, const json_t *value, char *why, size_t size)
{
    size_t       i;
    bool         ok;
    json_t      *item;
    const char  *ref, *type;

    ref = json_string_value(json_object_get(schema, "$ref"));

    if (ref) {
        assert_int_equal(strncmp(ref, "#/$defs/", 8), 0);
        schema = json_object_get(json_object_get(schema_root, "$defs"),
                                 ref + 8);
        assert_non_null(schema);
    }

    if (json_object_get(schema, "oneOf")) {
        ok = false;

        json_array_foreach(json_object_get(schema, "oneOf"), i, item) {
            if (schema_check(item, value, why, size)) {
                ok = true;
            }
        }

        return ok;
    }

    if (json_object_get(schema, "const")
        && !json_equal(json_object_get(schema, "const"), value))
    {
        (void) snprintf(why, size, "not the constant");
        return false;
    }

    if (json_object_get(schema, "enum")) {
        ok = false;

        json_array_foreach(json_object_get(schema, "enum"), i, item) {
            ok |= json_equal(item, value);
        }

        if (!ok) {
            (void) snprintf(why, size, "not one of the enum: %s",
                            json_is_string(value) ? json_string_value(value)
                                                  : "?");
            return false;
        }
    }

    type = json_string_value(json_object_get(schema, "type"));

    if (type && !schema_type(value, type)) {
        (void) snprintf(why, size, "no %s", type);
        return false;
    }

    if (json_is_array(value)) {
        json_array_foreach(value, i, item) {
            if (!schema_check(json_object_get(schema, "items"), item, why,
                              size))
            {
                return false;
            }
        }
    }

    if (json_is_object(value)) {
        return schema_object(schema, (json_t *) value, why, size);
    }

    return true;
}


static json_t *
check(void)
{
    char          why[200];
    json_t       *record;
    json_error_t  error;

    assert_false(out.failed);
    assert_in_range(out.len, 2, IG_RECORD_MAX);
    assert_int_equal(out.data[out.len - 1], '\n');
    assert_null(memchr(out.data, '\n', out.len - 1));

    record = json_loadb((char *) out.data, out.len,
                        JSON_REJECT_DUPLICATES, &error);
    if (record == NULL) {
        fail_msg("not JSON: %s: %.*s", error.text, (int) out.len, out.data);
    }

    why[0] = '\0';

    if (schema_root && !schema_check(schema_root, record, why, sizeof(why))) {
        fail_msg("not as the schema says (%s): %.*s", why, (int) out.len,
                 out.data);
    }

    return record;
}


static const char *
get(json_t *record, const char *key)
{
    return json_string_value(json_object_get(record, key));
}


static json_int_t
get_int(json_t *record, const char *key)
{
    assert_true(json_is_integer(json_object_get(record, key)));

    return json_integer_value(json_object_get(record, key));
}


static bool
contains(const char *text)
{
    return memmem(out.data, out.len, text, strlen(text)) != NULL;
}

/* ------------------------------------------------------------------------- */


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
    many[0] = (ig_finding_t) { 0, 300, 0, 0, false, 12, 14 };
    d.findings = (ig_findings_t) { many, 1 };
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
                                   (ig_country_t) (i == 30), 0, i == 20,
                                   (uint32_t) (50 + i / 2),
                                   (uint32_t) (60 + i) };
    }

    d.findings = (ig_findings_t) { many, 40 };
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
    many[0] = (ig_finding_t) { 0, 1000, 0, 1, false, 0, 4 };
    many[1] = (ig_finding_t) { 0, 300, 0, 2, false, 0, 4 };
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
                                       50, 60 };
        }

        d.findings = (ig_findings_t) { many, IG_MAX_FINDINGS };
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


static int
schema_load(void **state)
{
    json_error_t  error;

    (void) state;

    schema_root = json_load_file(SCHEMA, JSON_REJECT_DUPLICATES, &error);
    if (schema_root == NULL) {
        fprintf(stderr, "%s: %s\n", SCHEMA, error.text);
        return -1;
    }

    return 0;
}


static int
schema_free(void **state)
{
    (void) state;

    json_decref((json_t *) schema_root);
    schema_root = NULL;

    return 0;
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
        cmocka_unit_test(model_withheld),
        cmocka_unit_test(findings_grouped),
        cmocka_unit_test(largest),
        cmocka_unit_test(no_room),
        cmocka_unit_test(other_records),
        cmocka_unit_test(times),
        cmocka_unit_test(impossible_time)
    };

    return cmocka_run_group_tests(tests, schema_load, schema_free);
}

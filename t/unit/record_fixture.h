/*
 * What the tests of records share: a policy made by hand (guard.c is not
 * linked), a decision over it, and a check of every record against the schema.
 */

#ifndef IG_RECORD_FIXTURE_H
#define IG_RECORD_FIXTURE_H

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
    memset(&writer, 0, sizeof(writer));
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

#endif /* IG_RECORD_FIXTURE_H */

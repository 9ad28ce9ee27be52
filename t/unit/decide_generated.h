/*
 * Policies and requests made from a seed, for decide_property_test.c.
 */

#ifndef IG_TEST_DECIDE_GENERATED_H
#define IG_TEST_DECIDE_GENERATED_H

#include "tables.h"

#include <stdio.h>
#include <stdlib.h>


/* xorshift64* (Vigna, 2016): the same numbers everywhere */

static uint64_t  p_state;


static void
p_seed(uint64_t seed)
{
    p_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}


static uint32_t
p_rand(uint32_t below)
{
    p_state ^= p_state >> 12;
    p_state ^= p_state << 25;
    p_state ^= p_state >> 27;

    return (uint32_t) ((p_state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}


static bool
p_one_in(uint32_t n)
{
    return p_rand(n) == 0;
}


/* what a policy and a request are made of */

#define S(text)  { (const uint8_t *) (text), sizeof(text) - 1 }

static const char *const  p_codes[] = { "SA", "AE", "DE", "FR", "US", "CA" };

#define P_CODES  6

static const ig_str_t  p_models[] = {
    S("*"), S("gpt-*"), S("llama"), S("gpt-4"), S("*-4")
};

static const ig_str_t  p_asked[] = { S(""), S("gpt-4"), S("llama"), S("qwen") };
static const ig_str_t  p_tools[] = { S("mail_*"), S("db_*"), S("*") };
static const ig_str_t  p_called[] = { S("mail_send"), S("db_query"), S("eval") };
static const ig_str_t  p_paths[] = { S("/v1/*"), S("/api/chat"), S("*") };
static const ig_str_t  p_path[] = { S("/v1/messages"), S("/api/chat"), S("/x") };
static const ig_str_t  p_flags[] = { S("look") };

static const ig_reason_t  p_reasons[] = {
    IG_REASON_invalid_json, IG_REASON_body_too_large,
    IG_REASON_decoded_too_large, IG_REASON_limit_exceeded,
    IG_REASON_internal_error, IG_REASON_unknown_operation,
    IG_REASON_unknown_method, IG_REASON_unsupported_media_type,
    IG_REASON_unsupported_encoding, IG_REASON_raw_path_differs
};

typedef struct {
    t_tables_t    t;
    char          names[T_RULES + T_ENDPOINTS + T_DETECTORS][8];
    uint32_t      rows[T_RULES][2][8];      /* of data */
    uint32_t      tenants[T_RULES][2][4];

    ig_facts_t    facts;
    ig_reading_t  reading;
    ig_findings_t findings;
    ig_finding_t  items[16];
} p_case_t;


static ig_countries_t
p_some_countries(uint32_t one_in)
{
    size_t          i;
    ig_countries_t  s;

    s = ig_countries_none();

    for (i = 0; i < P_CODES; i++) {
        if (!p_one_in(one_in)) {
            ig_countries_add(&s, t_country(p_codes[i]));
        }
    }

    return s;
}


static ig_strs_t
p_some(const ig_str_t *from, uint32_t n)
{
    uint32_t  first;

    first = p_rand(n);

    return (ig_strs_t) { from + first, 1 + p_rand(n - first) };
}


static int
p_cmp_rows(const void *one, const void *two)
{
    const uint32_t  *a = one, *b = two;

    return (*a > *b) - (*a < *b);
}


static void
p_condition(p_case_t *c, size_t rule, size_t which, ig_condition_t *k)
{
    size_t     i, n;
    uint32_t  *rows;

    k->score = (uint16_t) (100 * (1 + p_rand(10)));

    if (p_one_in(2)) {
        rows = c->rows[rule][which];
        n = 1 + p_rand(8);

        /* neighbors, as detectors of one pack are, or from anywhere */

        for (i = 0; i < n; i++) {
            rows[i] = p_one_in(2) ? (uint32_t) (i * 7)
                                  : p_rand((uint32_t) c->t.policy.ndetectors);
        }

        qsort(rows, n, sizeof(uint32_t), p_cmp_rows);
        k->keys |= IG_WHEN_DATA;
        k->data = (ig_rows_t) { rows, n };
    }

    if (p_one_in(5)) {
        k->keys |= IG_WHEN_MODEL;
        k->models = p_some(p_models, 5);
    }

    if (p_one_in(5)) {
        rows = c->tenants[rule][which];
        rows[0] = p_rand((uint32_t) c->t.policy.ntenants);
        k->keys |= IG_WHEN_TENANT;
        k->tenants = (ig_rows_t) { rows, 1 };
    }

    if (p_one_in(5)) {
        k->keys |= IG_WHEN_COUNTRY;
        k->countries = p_some_countries(2);
    }

    if (p_one_in(5)) {
        k->keys |= IG_WHEN_DIALECT;
        k->dialects = 2 + p_rand(14);
    }

    if (p_one_in(5)) {
        k->keys |= IG_WHEN_TOOLS;
        k->tools = p_some(p_tools, 3);
    }

    if (p_one_in(5)) {
        k->keys |= IG_WHEN_PATH;
        k->paths = p_some(p_paths, 3);
    }
}


/* effects that often leave something, so that passes are common as well */

static void
p_add_rule(p_case_t *c)
{
    size_t      i;
    ig_rule_t  *r;

    i = c->t.policy.nrules;
    (void) snprintf(c->names[i], 8, "r%03u", p_rand(1000));

    r = t_rule(&c->t, c->names[i], p_rand((uint32_t) c->t.policy.npacks));
    r->audit = p_one_in(4);

    if (!p_one_in(4)) {
        p_condition(c, i, 0, &r->when);
    }

    if (p_one_in(4)) {
        p_condition(c, i, 1, &r->unless);
    }

    if (p_one_in(12)) {
        r->effects |= IG_THEN_BLOCK;
    }

    if (p_one_in(2)) {
        r->effects |= IG_THEN_DESTINATIONS;
        r->destinations = p_some_countries(5);
    }

    if (p_one_in(4)) {
        r->effects |= IG_THEN_OPERATORS;
        r->operators = p_some_countries(8);
    }

    if (p_one_in(8)) {
        r->effects |= IG_THEN_MODELS;
        r->models = p_some(p_models, 5);
    }

    if (p_one_in(4) || r->effects == 0) {
        r->effects |= IG_THEN_FLAG;
        r->flags = (ig_strs_t) { p_flags, 1 };
    }
}


static void
p_make_endpoints(p_case_t *c)
{
    char           *name;
    size_t          i, n;
    ig_endpoint_t  *e;

    n = p_one_in(20) ? 0 : 1 + p_rand(10);

    for (i = 0; i < n; i++) {
        name = c->names[T_RULES + i];
        (void) snprintf(name, 8, "e%c%u", 'a' + (int) p_rand(26), (unsigned) i);

        e = t_endpoint(&c->t, name, p_codes[p_rand(P_CODES)], "");
        e->operators = p_some_countries(2);
        ig_countries_add(&e->operators, e->country);
        e->tier = (ig_tier_t) p_rand(IG_TIERS);
        e->dialects = p_one_in(3) ? 2 + p_rand(14) : e->dialects;
        e->models = p_one_in(3) ? p_some(p_models, 5) : e->models;
        e->priced = p_one_in(2);
        memcpy(e->currency, p_one_in(4) ? "AED" : "USD", 4);
        e->price_input = p_rand(4);
        e->price_output = p_rand(4);
    }
}


static void
p_make_stances(p_case_t *c)
{
    size_t         i;
    ig_stances_t  *s;

    s = &c->t.policy.stances;

    s->jurisdictions_from = p_one_in(3) ? p_rand(16) : 15;

    if (p_one_in(2)) {
        s->unknown_tenant = p_rand((uint32_t) c->t.policy.ntenants);
    }

    if (p_one_in(2)) {
        s->ignore_unknown_country = p_one_in(2);
        s->unknown_country = t_country(p_codes[p_rand(P_CODES)]);
    }

    if (p_one_in(2)) {
        s->jurisdiction_without_pack = p_rand((uint32_t) c->t.policy.npacks);
    }

    if (p_one_in(2)) {
        s->uninspectable_allowed = true;

        for (i = 0; i < c->t.policy.nendpoints; i++) {
            if (p_one_in(2)) {
                c->t.uninspectable[s->uninspectable.n++] = (uint32_t) i;
            }
        }
    }
}


static void
p_make_policy(p_case_t *c)
{
    char      *name;
    size_t     i, n;

    t_init(&c->t);

    (void) t_pack(&c->t, "SA", "SA");
    (void) t_pack(&c->t, "", "");
    (void) t_pack(&c->t, "EU", "DE FR");

    if (p_one_in(2)) {
        (void) t_pack(&c->t, "AE", "AE");
        (void) t_pack(&c->t, "DE", "DE");
        (void) t_pack(&c->t, "US", "US");
        (void) t_pack(&c->t, "GCC", "SA AE");
    }

    if (p_one_in(2)) {
        (void) t_pack(&c->t, "CA", "CA");
        (void) t_pack(&c->t, "NA", "CA US");
    }

    n = p_one_in(2) ? T_DETECTORS : 1 + p_rand(70);

    for (i = 0; i < n; i++) {
        name = c->names[T_RULES + T_ENDPOINTS + i];
        (void) snprintf(name, 8, "d.%03u", (unsigned) i);
        (void) t_detector(&c->t, name, p_rand((uint32_t) c->t.policy.npacks));
    }

    (void) t_tenant(&c->t, "one", "SA");
    (void) t_tenant(&c->t, "two", "DE");
    (void) t_tenant(&c->t, "three", p_codes[p_rand(P_CODES)]);

    p_make_endpoints(c);
    p_make_stances(c);

    n = p_rand(12);

    for (i = 0; i < n; i++) {
        p_add_rule(c);
    }
}


static void
p_make_request(p_case_t *c)
{
    size_t        i;
    uint32_t      from;
    ig_facts_t   *f;
    ig_finding_t *k;

    f = &c->facts;
    memset(f, 0, sizeof(*f));
    memset(&c->reading, 0, sizeof(c->reading));

    f->reading = &c->reading;
    f->findings = &c->findings;
    f->path = p_path[p_rand(3)];
    f->tenant_state = p_one_in(3) ? (ig_tenant_state_t) p_rand(4)
                                  : IG_TENANT_KNOWN;
    f->tenant = f->tenant_state == IG_TENANT_KNOWN ? p_rand(3) : IG_NONE;
    f->claim_valid = !p_one_in(20);

    if (f->claim_valid && p_one_in(4)) {
        f->claimed = p_some_countries(2);
    }

    if (!p_one_in(5)) {
        f->client_country = t_country(p_codes[p_rand(P_CODES)]);
    }

    c->reading.dialect = (ig_dialect_t) (p_one_in(10) ? 0 : 1 + p_rand(3));
    c->reading.model = p_asked[p_rand(4)];
    c->reading.reason = p_one_in(5) ? p_reasons[p_rand(10)] : IG_REASON_NONE;
    c->reading.uninspectable = p_one_in(8) ? 1 + p_rand(60) : 0;
    from = p_rand(3);
    c->reading.tools = (ig_strs_t) { p_called + from, p_rand(4 - from) };

    c->findings.items = c->items;
    c->findings.n = p_one_in(2) ? 0 : p_rand(16);

    for (i = 0; i < c->findings.n; i++) {
        k = &c->items[i];
        memset(k, 0, sizeof(*k));
        k->detector = p_one_in(2)
                      ? p_rand((uint32_t) c->t.policy.ndetectors)
                      : p_rand(8) * 7 % (uint32_t) c->t.policy.ndetectors;
        k->score = (uint16_t) (100 * (1 + p_rand(10)));
        k->owner = p_one_in(2) ? t_country(p_codes[p_rand(P_CODES)])
                               : IG_COUNTRY_UNKNOWN;
    }
}


static p_case_t *
p_make(uint64_t seed)
{
    p_case_t  *c;

    c = calloc(1, sizeof(p_case_t));
    assert_non_null(c);

    p_seed(seed);
    p_make_policy(c);
    p_make_request(c);

    return c;
}

#endif /* IG_TEST_DECIDE_GENERATED_H */

/*
 * Facts: who asks, from where, whose law applies.
 */

#include "tables.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <stdlib.h>


#define STR(c)  ig_str_from_c(c)


static void
digest(const char *text, uint8_t out[IG_DIGEST_SIZE])
{
    assert_int_equal(EVP_Digest(text, strlen(text), out, NULL, EVP_sha256(),
                                NULL), 1);
}


static ig_tenant_state_t
who(const ig_facts_table_t *t, const char *one, const char *two,
    uint32_t *tenant)
{
    ig_str_t  values[2];

    values[0] = STR(one);
    values[1] = STR(two);

    return ig_facts_tenant(t, NULL, values, 2, tenant);
}


static void
test_tenant(void **state)
{
    uint32_t                tenant;
    t_tables_t              t;
    ig_facts_table_t       *table;
    static const ig_str_t   subjects[] = {
        { (const uint8_t *) "CN=acme-bank", 12 },
        { (const uint8_t *) "sub-1", 5 }
    };
    static uint8_t          keys[2][IG_DIGEST_SIZE];

    (void) state;

    t_init(&t);
    (void) t_tenant(&t, "acme", "SA");
    (void) t_tenant(&t, "other", "DE");
    digest("key-of-acme", keys[0]);
    digest("second", keys[1]);
    t.tenants[0].keys = (const uint8_t (*)[IG_DIGEST_SIZE]) keys;
    t.tenants[0].nkeys = 2;
    t.tenants[1].subjects = (ig_strs_t) { subjects, 2 };

    table = ig_facts_compile(&t.policy);
    assert_non_null(table);

    assert_int_equal(who(table, "key-of-acme", "", &tenant), IG_TENANT_KNOWN);
    assert_int_equal(tenant, 0);
    assert_int_equal(who(table, "", "second", &tenant), IG_TENANT_KNOWN);
    assert_int_equal(tenant, 0);
    assert_int_equal(who(table, "Bearer key-of-acme", "key-of-acme", &tenant),
                     IG_TENANT_KNOWN);
    assert_int_equal(who(table, "bEaReR   second", "", &tenant),
                     IG_TENANT_KNOWN);
    assert_int_equal(who(table, "CN=acme-bank", "", &tenant),
                     IG_TENANT_KNOWN);
    assert_int_equal(tenant, 1);

    assert_int_equal(who(table, "", "", &tenant), IG_TENANT_NONE);
    assert_int_equal(tenant, IG_NONE);
    assert_int_equal(who(table, "Bearer ", "bearer", &tenant), IG_TENANT_NONE);
    assert_int_equal(ig_facts_tenant(table, NULL, NULL, 0, &tenant), IG_TENANT_NONE);

    assert_int_equal(who(table, "key-of-acm", "", &tenant),
                     IG_TENANT_UNKNOWN);
    assert_int_equal(who(table, "key-of-acme ", "", &tenant),
                     IG_TENANT_UNKNOWN);
    assert_int_equal(who(table, "Bearerkey-of-acme", "", &tenant),
                     IG_TENANT_UNKNOWN);
    assert_int_equal(who(table, "Basic key-of-acme", "", &tenant),
                     IG_TENANT_UNKNOWN);
    assert_int_equal(tenant, IG_NONE);

    /* two that differ, even when both are one tenant's */

    assert_int_equal(who(table, "key-of-acme", "second", &tenant),
                     IG_TENANT_CONFLICT);
    assert_int_equal(tenant, IG_NONE);

    ig_facts_table_free(table);
}


static void
test_many_credentials(void **state)
{
    char              text[32];
    size_t            i, k;
    uint32_t          tenant;
    t_tables_t        t;
    ig_str_t          value;
    ig_facts_table_t *table;
    ig_digester_t     *digester;
    static uint8_t    keys[T_TENANTS][100][IG_DIGEST_SIZE];

    (void) state;

    t_init(&t);

    for (i = 0; i < T_TENANTS; i++) {
        (void) t_tenant(&t, "t", "SA");

        for (k = 0; k < 100; k++) {
            (void) snprintf(text, sizeof(text), "key %zu %zu", i, k);
            digest(text, keys[i][k]);
        }

        t.tenants[i].keys = (const uint8_t (*)[IG_DIGEST_SIZE]) keys[i];
        t.tenants[i].nkeys = 100;
    }

    table = ig_facts_compile(&t.policy);
    assert_non_null(table);

    digester = ig_digester_new();
    assert_non_null(digester);

    for (i = 0; i < T_TENANTS; i++) {
        for (k = 0; k < 101; k++) {
            (void) snprintf(text, sizeof(text), "key %zu %zu", i, k);
            value = STR(text);

            assert_int_equal(ig_facts_tenant(table, digester, &value, 1, &tenant),
                             k < 100 ? IG_TENANT_KNOWN : IG_TENANT_UNKNOWN);
            assert_int_equal(tenant, k < 100 ? i : IG_NONE);
        }
    }

    ig_digester_free(digester);
    ig_facts_table_free(table);
}


static void
network(t_tables_t *t, const uint8_t address[16], unsigned bits,
    const char *country)
{
    ig_network_country_t  *n;

    n = &t->networks[t->policy.stances.nnetworks++];
    memcpy(n->network.address, address, 16);
    n->network.bits = bits;
    n->country = t_country(country);
}


#define V4(a, b, c, d)                                                        \
    ((const uint8_t [16]) { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,         \
                            a, b, c, d })


static void
test_networks(void **state)
{
    t_tables_t           t;
    ig_facts_table_t    *table;
    static const uint8_t  v6[16] = { 0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4,
                                     5, 6, 7, 8, 9, 10, 11, 12 };
    static const uint8_t  near[16] = { 0x20, 0x01, 0x0d, 0xb8, 1, 2, 3, 4,
                                       5, 6, 7, 8, 9, 10, 11, 13 };

    (void) state;

    /* longest prefix first, as policy/ sorts them */

    t_init(&t);
    network(&t, v6, 128, "FR");
    network(&t, V4(10, 1, 2, 3), 120, "AE");
    network(&t, V4(10, 0, 0, 0), 104, "SA");
    network(&t, V4(192, 168, 64, 0), 114, "DE");
    network(&t, v6, 32, "US");

    table = ig_facts_compile(&t.policy);
    assert_non_null(table);

#define AT(address)  ig_facts_country(table, NULL, address)

    assert_int_equal(AT(V4(10, 1, 2, 99)), t_country("AE"));
    assert_int_equal(AT(V4(10, 1, 3, 3)), t_country("SA"));
    assert_int_equal(AT(V4(11, 1, 3, 3)), IG_COUNTRY_UNKNOWN);
    assert_int_equal(AT(V4(192, 168, 127, 255)), t_country("DE"));
    assert_int_equal(AT(V4(192, 168, 128, 0)), IG_COUNTRY_UNKNOWN);
    assert_int_equal(AT(v6), t_country("FR"));
    assert_int_equal(AT(near), t_country("US"));

#undef AT

    ig_facts_table_free(table);
}


/*
 * A database made here: a tree of one node, the lower half of IPv4 in MaxMind's
 * shape, the upper in the flat one (MaxMind DB File Format Specification 2.0:
 * a control byte has the type in its upper three bits, the size in the lower).
 */

static void
db_string(ig_buf_t *b, const char *s)
{
    ig_buf_char(b, (uint8_t) (2 << 5 | strlen(s)));
    ig_buf_str(b, STR(s));
}


static void
db_map(ig_buf_t *b, unsigned pairs)
{
    ig_buf_char(b, (uint8_t) (7 << 5 | pairs));
}


static void
db_number(ig_buf_t *b, const char *key, unsigned type, uint8_t value)
{
    db_string(b, key);
    ig_buf_char(b, (uint8_t) (type << 5 | 1));
    ig_buf_char(b, value);
}


static void
db_make(ig_buf_t *b)
{
    size_t  data, flat;

    /* two records of 24 bits: nodes + 16 + offset in the data */

    ig_buf_bytes(b, "\0\0\x11\0\0\0", 6);
    ig_buf_bytes(b, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    data = b->len;

    db_map(b, 1);
    db_string(b, "country");
    db_map(b, 1);
    db_string(b, "iso_code");
    db_string(b, "SA");

    flat = b->len - data;
    b->data[5] = (uint8_t) (0x11 + flat);

    db_map(b, 1);
    db_string(b, "country_code");
    db_string(b, "DE");

    ig_buf_bytes(b, "\xab\xcd\xefMaxMind.com", 14);
    db_map(b, 9);
    db_number(b, "node_count", 6, 1);
    db_number(b, "record_size", 5, 24);
    db_number(b, "ip_version", 5, 4);
    db_number(b, "binary_format_major_version", 5, 2);
    db_number(b, "binary_format_minor_version", 5, 0);
    db_string(b, "database_type");
    db_string(b, "test");

    /* an array of none (type 11) and a number of 64 bits (type 9) */

    db_string(b, "languages");
    ig_buf_bytes(b, "\0\4", 2);
    db_string(b, "description");
    db_map(b, 0);
    db_string(b, "build_epoch");
    ig_buf_bytes(b, "\1\2\1", 3);
}


static ig_geo_t *
db_open(const void *bytes, size_t len, ig_buf_t *error)
{
    int        fd;
    char       path[] = "/tmp/ig-facts-XXXXXX";
    FILE      *f;
    ig_geo_t  *g;

    fd = mkstemp(path);
    assert_true(fd >= 0);

    f = fdopen(fd, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);

    g = ig_geo_open(path, error);
    (void) remove(path);

    return g;
}


static void
test_geo(void **state)
{
    char               text[256];
    uint8_t            bytes[1024];
    ig_buf_t           db, error;
    ig_geo_t          *g;
    t_tables_t         t;
    ig_facts_table_t  *table;
    static const uint8_t  v6[16] = { 0x20, 0x01 };

    (void) state;

    ig_buf_fixed(&error, text, sizeof(text));
    assert_null(ig_geo_open("/nonexistent/country.mmdb", &error));
    assert_true(error.len > 0);

    ig_buf_fixed(&error, text, sizeof(text));
    assert_null(db_open("no database", 11, &error));
    assert_true(error.len > 0);

    ig_buf_fixed(&db, bytes, sizeof(bytes));
    db_make(&db);
    assert_false(db.failed);

    g = db_open(db.data, db.len, &error);
    assert_non_null(g);

    assert_int_equal(ig_geo_country(g, V4(10, 1, 2, 3)), t_country("SA"));
    assert_int_equal(ig_geo_country(g, V4(192, 0, 2, 1)), t_country("DE"));
    assert_int_equal(ig_geo_country(g, v6), IG_COUNTRY_UNKNOWN);

    /* what the policy says goes before */

    t_init(&t);
    network(&t, V4(10, 1, 0, 0), 112, "AE");
    table = ig_facts_compile(&t.policy);
    assert_non_null(table);

    assert_int_equal(ig_facts_country(table, g, V4(10, 1, 2, 3)),
                     t_country("AE"));
    assert_int_equal(ig_facts_country(table, g, V4(10, 2, 2, 3)),
                     t_country("SA"));

    ig_facts_table_free(table);
    ig_geo_close(g);
    ig_geo_close(NULL);
}


static void
test_claim(void **state)
{
    t_tables_t      t;
    ig_countries_t  c, eu;

    (void) state;

    t_init(&t);
    (void) t_pack(&t, "SA", "SA");
    (void) t_pack(&t, "", "");
    (void) t_pack(&t, "adequate", "CH JP");

#define CLAIM(text)  ig_facts_claim(&t.policy, IG_STR(text), &c)
#define IS(codes)    (eu = t_countries(codes), ig_countries_eq(&c, &eu))

    assert_true(CLAIM("SA"));
    assert_true(IS("SA"));
    assert_true(CLAIM("SA, DE"));
    assert_true(IS("SA DE"));
    assert_true(CLAIM("GCC"));
    assert_int_equal(ig_countries_size(&c), 6);
    assert_true(CLAIM("FR,adequate"));
    assert_true(IS("FR CH JP"));

    assert_false(CLAIM(""));
    assert_false(CLAIM("SA,"));
    assert_false(CLAIM(",SA"));
    assert_false(CLAIM("sa"));
    assert_false(CLAIM("SA DE"));
    assert_false(CLAIM("SA,XX"));
    assert_true(ig_countries_empty(&c));

#undef IS
#undef CLAIM
}


/* a policy with SA, DE, EU, one for everywhere, and facts of it */

typedef struct {
    t_tables_t         t;
    ig_facts_table_t  *table;
    ig_reading_t       reading;
    ig_finding_t       items[4];
    ig_findings_t      findings;
    ig_facts_t         f;
} world_t;

enum { SA, DE, EU, EVERYWHERE };


static void
world(world_t *w)
{
    memset(w, 0, sizeof(*w));
    t_init(&w->t);

    (void) t_pack(&w->t, "SA", "SA");
    (void) t_pack(&w->t, "DE", "DE");
    (void) t_pack(&w->t, "EU", "DE FR");
    (void) t_pack(&w->t, "", "");
    (void) t_detector(&w->t, "eu.vat", EU);
    (void) t_detector(&w->t, "iban", EVERYWHERE);
    (void) t_detector(&w->t, "sa.national_id", SA);
    (void) t_tenant(&w->t, "acme", "SA");
    (void) t_tenant(&w->t, "guest", "FR");

    w->f.tenant_state = IG_TENANT_KNOWN;
    w->f.claim_valid = true;
    w->f.client_country = t_country("SA");
    w->f.reading = &w->reading;
    w->f.findings = &w->findings;
    w->findings.items = w->items;
}


static void
gather(world_t *w)
{
    w->table = ig_facts_compile(&w->t.policy);
    assert_non_null(w->table);
    ig_facts_gather(w->table, &w->f);
    ig_facts_table_free(w->table);
}


static void
found(world_t *w, uint32_t detector, uint16_t score, const char *owner)
{
    ig_finding_t  *k;

    k = &w->items[w->findings.n++];
    k->detector = detector;
    k->score = score;
    k->owner = owner ? t_country(owner) : IG_COUNTRY_UNKNOWN;
}


static void
assert_applies(world_t *w, const char *jurisdictions, uint64_t packs)
{
    ig_countries_t  c;

    c = t_countries(jurisdictions);
    assert_true(ig_countries_eq(&w->f.jurisdictions, &c));
    assert_int_equal(w->f.packs[0], packs);
}


#define BIT(n)  (UINT64_C(1) << (n))


static void
test_jurisdictions(void **state)
{
    world_t         w;
    ig_countries_t  c;

    (void) state;

    world(&w);
    gather(&w);
    assert_applies(&w, "SA", BIT(SA) | BIT(EVERYWHERE));
    assert_true(w.f.client_known);
    assert_int_equal(w.f.without_pack, IG_COUNTRY_UNKNOWN);

    /* every source, each kept apart */

    world(&w);
    w.f.client_country = t_country("DE");
    w.f.claimed = t_countries("FR");
    found(&w, 1, 900, "SA");
    w.f.tenant = 1;
    gather(&w);
    assert_applies(&w, "SA DE FR",
                   BIT(SA) | BIT(DE) | BIT(EU) | BIT(EVERYWHERE));
    c = t_countries("FR");
    assert_true(ig_countries_eq(&w.f.from_tenant, &c));
    assert_true(ig_countries_eq(&w.f.from_claim, &c));
    c = t_countries("DE");
    assert_true(ig_countries_eq(&w.f.from_client, &c));
    c = t_countries("SA");
    assert_true(ig_countries_eq(&w.f.from_data, &c));

    /* only those that the policy lets count */

    w.t.policy.stances.jurisdictions_from = IG_FROM_CLIENT;
    gather(&w);
    assert_applies(&w, "DE", BIT(DE) | BIT(EU) | BIT(EVERYWHERE));

    /* a claim that cannot be read claims nothing */

    world(&w);
    w.f.claim_valid = false;
    w.f.claimed = t_countries("FR");
    gather(&w);
    assert_applies(&w, "SA", BIT(SA) | BIT(EVERYWHERE));
}


static void
test_jurisdictions_of_data(void **state)
{
    world_t  w;

    (void) state;

    /* a guess does not decide whose law applies */

    world(&w);
    found(&w, 1, IG_SCORE_DEFAULT - 1, "DE");
    found(&w, 0, IG_SCORE_DEFAULT - 1, NULL);
    gather(&w);
    assert_applies(&w, "SA", BIT(SA) | BIT(EVERYWHERE));

    world(&w);
    found(&w, 1, IG_SCORE_DEFAULT, "DE");
    gather(&w);
    assert_applies(&w, "SA DE",
                   BIT(SA) | BIT(DE) | BIT(EU) | BIT(EVERYWHERE));

    /* a group's own number: its law, no one country */

    world(&w);
    found(&w, 0, IG_SCORE_DEFAULT, NULL);
    gather(&w);
    assert_applies(&w, "SA", BIT(SA) | BIT(EU) | BIT(EVERYWHERE));

    w.t.policy.stances.jurisdictions_from = IG_FROM_TENANT;
    gather(&w);
    assert_applies(&w, "SA", BIT(SA) | BIT(EVERYWHERE));

    /* what belongs to nobody brings nothing */

    world(&w);
    found(&w, 1, IG_SCORE_ONE, NULL);
    gather(&w);
    assert_applies(&w, "SA", BIT(SA) | BIT(EVERYWHERE));
}


static void
test_stances(void **state)
{
    world_t  w;

    (void) state;

    world(&w);
    w.f.tenant_state = IG_TENANT_UNKNOWN;
    w.f.tenant = IG_NONE;
    w.f.client_country = IG_COUNTRY_UNKNOWN;
    gather(&w);
    assert_int_equal(w.f.tenant, IG_NONE);
    assert_false(w.f.client_known);
    assert_applies(&w, "", BIT(EVERYWHERE));

    w.t.policy.stances.unknown_tenant = 1;
    w.t.policy.stances.unknown_country = t_country("DE");
    w.f.client_country = IG_COUNTRY_UNKNOWN;
    gather(&w);
    assert_int_equal(w.f.tenant, 1);
    assert_int_equal(w.f.client_country, t_country("DE"));
    assert_true(w.f.client_known);
    assert_applies(&w, "DE FR", BIT(DE) | BIT(EU) | BIT(EVERYWHERE));

    w.t.policy.stances.unknown_country = IG_COUNTRY_UNKNOWN;
    w.t.policy.stances.ignore_unknown_country = true;
    w.f.client_country = IG_COUNTRY_UNKNOWN;
    gather(&w);
    assert_true(w.f.client_known);
    assert_applies(&w, "FR", BIT(EU) | BIT(EVERYWHERE));

    w.f.tenant_state = IG_TENANT_CONFLICT;
    gather(&w);
    assert_int_equal(w.f.tenant, IG_NONE);

    /* a country without a pack: the first is named, or another stands in */

    world(&w);
    w.f.claimed = t_countries("US JP SA");
    gather(&w);
    assert_int_equal(w.f.without_pack, t_country("JP"));

    w.t.policy.stances.jurisdiction_without_pack = DE;
    gather(&w);
    assert_int_equal(w.f.without_pack, IG_COUNTRY_UNKNOWN);
    assert_applies(&w, "JP SA US", BIT(SA) | BIT(DE) | BIT(EVERYWHERE));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_tenant),
        cmocka_unit_test(test_many_credentials),
        cmocka_unit_test(test_networks),
        cmocka_unit_test(test_geo),
        cmocka_unit_test(test_claim),
        cmocka_unit_test(test_jurisdictions),
        cmocka_unit_test(test_jurisdictions_of_data),
        cmocka_unit_test(test_stances),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

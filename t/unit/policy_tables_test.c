/*
 * Good files become the tables that the stages read, whatever their order.
 */

#include "policy_fixture.h"


static ig_policy_t *
read_all(const size_t *order, ig_mistakes_t *m)
{
    size_t       i, k;
    ig_source_t  sources[FIXTURE_FILES];

    for (i = 0; i < FIXTURE_FILES; i++) {
        k = order ? order[i] : i;
        sources[i] = fixture_source(fixture_files[k][0], fixture_files[k][1]);
    }

    return ig_policy_read(sources, FIXTURE_FILES, m);
}


static int
setup(void **state)
{
    char            text[4096];
    ig_policy_t    *p;
    ig_mistakes_t  *m;

    m = ig_mistakes_new();
    p = read_all(NULL, m);

    fixture_print(m, text, sizeof(text));

    if (p == NULL) {
        print_message("%s", text);
    }

    /* the files leave nothing open */

    assert_string_equal(text, "");

    ig_mistakes_free(m);
    *state = p;

    return p == NULL;
}


static int
teardown(void **state)
{
    ig_policy_free(*state);

    return 0;
}


static void
assert_str(ig_str_t s, const char *expected)
{
    assert_int_equal(s.len, strlen(expected));
    assert_memory_equal(s.data, expected, s.len);
}


static void
assert_countries(const ig_countries_t *set, const char *expected)
{
    char          text[1024];
    size_t        n;
    ig_country_t  c;

    n = 0;
    text[0] = '\0';

    for (c = ig_countries_next(set, 1); c; c = ig_countries_next(set, c + 1)) {
        n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%.2s",
                               n ? " " : "",
                               (const char *) ig_country_code(c).data);
    }

    assert_string_equal(text, expected);
}


static void
packs(void **state)
{
    const ig_policy_t  *p = *state;

    assert_int_equal(p->npacks, 2);

    assert_str(p->packs[0].jurisdiction, "");
    assert_true(p->packs[0].everywhere);
    assert_true(ig_countries_empty(&p->packs[0].members));
    assert_string_equal(p->packs[0].file, "global.yaml");

    assert_str(p->packs[1].jurisdiction, "SA");
    assert_str(p->packs[1].title, "Saudi Arabia");
    assert_false(p->packs[1].everywhere);
    assert_countries(&p->packs[1].members, "SA");
    assert_int_equal(p->packs[1].country, ig_country_parse(IG_STR("SA")));

    assert_int_equal(p->nlaws, 2);
    assert_str(p->laws[0].id, "nca");
    assert_str(p->laws[1].id, "pdpl-29");
    assert_str(p->laws[1].title, "PDPL");
    assert_str(p->laws[1].article, "29");
    assert_str(p->laws[1].source, "https://e.example");
    assert_int_equal(p->laws[1].pack, 1);
    assert_int_equal(p->laws[1].place.line, 5);
    assert_int_equal(p->laws[1].place.column, 3);
}


static void
detectors(void **state)
{
    const ig_policy_t    *p = *state;
    const ig_detector_t  *d;

    assert_int_equal(p->ndetectors, 4);

    d = &p->detectors[0];
    assert_str(d->id, "iban");
    assert_str(d->title, "iban");
    assert_int_equal(d->owner, IG_OWNER_IBAN);
    assert_int_equal(d->anchor, IG_ANCHOR_PATTERN);
    assert_str(d->validator, "iban");
    assert_true(d->unofficial);
    assert_int_equal(d->kind, IG_DATA_PERSONAL);
    assert_int_equal(d->score_shape, 300);
    assert_int_equal(d->score_validated, 500);
    assert_int_equal(d->score_context, 850);
    assert_int_equal(d->pack, 0);

    d = &p->detectors[ig_policy_detector(p, IG_STR("sa.national_id"))];
    assert_str(d->title, "National ID or Iqama number");
    assert_str(d->pattern, "[12]\\d{9}");
    assert_int_equal(d->anchor, IG_ANCHOR_DIGITS);
    assert_false(d->unofficial);
    assert_int_equal(d->context.n, 3);
    assert_str(d->context.items[0], "هوية");
    assert_str(d->context.items[2], "national id");
    assert_int_equal(d->score_context, 950);
    assert_int_equal(d->pack, 1);
    assert_int_equal(d->place.line, 8);
    assert_int_equal(d->pattern_place.line, 10);
    assert_int_equal(d->pattern_place.column, 14);
    assert_int_equal(d->validator_place.line, 12);

    d = &p->detectors[3];
    assert_str(d->id, "secret.aws_key");
    assert_int_equal(d->kind, IG_DATA_SECRET);
    assert_int_equal(d->anchor, IG_ANCHOR_LITERALS);
    assert_int_equal(d->literals.n, 2);
    assert_str(d->literals.items[1], "ASIA");
    assert_int_equal(d->score_shape, 1000);

    assert_int_equal(ig_policy_detector(p, IG_STR("sa.nationa")), IG_NONE);
    assert_int_equal(ig_policy_detector(p, IG_STR("")), IG_NONE);
}


static void
rules(void **state)
{
    const ig_rule_t    *r;
    const ig_policy_t  *p = *state;

    assert_int_equal(p->nrules, 4);

    r = &p->rules[0];
    assert_str(r->id, "no-secrets");
    assert_int_equal(r->effects, IG_THEN_BLOCK);
    assert_int_equal(r->when.keys, IG_WHEN_DATA);
    assert_int_equal(r->when.score, IG_SCORE_DEFAULT);
    assert_int_equal(r->when.data.n, 1);
    assert_int_equal(r->when.data.items[0], 3);
    assert_int_equal(r->laws.n, 0);
    assert_false(r->audit);

    r = &p->rules[1];
    assert_str(r->id, "sa-block");
    assert_int_equal(r->when.keys, IG_WHEN_MODEL|IG_WHEN_DIALECT|IG_WHEN_TOOLS
                                   |IG_WHEN_PATH);
    assert_int_equal(r->when.models.n, 2);
    assert_str(r->when.models.items[0], "gpt-*");
    assert_int_equal(r->when.dialects, IG_DIALECT_BIT(IG_DIALECT_OPENAI)
                                       |IG_DIALECT_BIT(IG_DIALECT_OLLAMA));
    assert_str(r->when.tools.items[0], "exec*");
    assert_str(r->when.paths.items[0], "/v1/*");
    assert_int_equal(r->unless.keys, 0);
    assert_int_equal(r->effects, IG_THEN_BLOCK|IG_THEN_MODELS
                                 |IG_THEN_DESTINATIONS);
    assert_countries(&r->destinations, "CH JP");
    assert_str(r->models.items[0], "allam-*");

    r = &p->rules[2];
    assert_str(r->id, "sa-sovereign");
    assert_int_equal(r->pack, 1);
    assert_int_equal(r->when.score, 250);
    assert_int_equal(r->when.data.n, 2);
    assert_int_equal(r->when.data.items[0], 1);
    assert_int_equal(r->when.data.items[1], 2);
    assert_int_equal(r->unless.keys, IG_WHEN_TENANT|IG_WHEN_COUNTRY);
    assert_int_equal(r->unless.tenants.n, 1);
    assert_int_equal(r->unless.tenants.items[0], 0);
    assert_countries(&r->unless.countries, "AE BH JP KW OM QA SA");
    assert_int_equal(r->effects, IG_THEN_OPERATORS|IG_THEN_FLAG);
    assert_countries(&r->operators, "AE BH KW OM QA SA");
    assert_int_equal(r->flags.n, 2);
    assert_int_equal(r->laws.n, 2);
    assert_true(r->audit);
    assert_false(r->transfers);
    assert_int_equal(r->place.line, 18);
    assert_int_equal(r->place.column, 9);

    r = &p->rules[3];
    assert_str(r->id, "sa-transfers");
    assert_true(r->transfers);
    assert_int_equal(r->when.keys, 0);
    assert_int_equal(r->effects, IG_THEN_DESTINATIONS);
    assert_countries(&r->destinations, "NO SA");
    assert_int_equal(r->laws.n, 1);
    assert_int_equal(r->laws.items[0], 1);
}


static void
endpoints(void **state)
{
    uint8_t               a[16] = { 0x20, 0x01, 0x0d, 0xb8, 0x7f };
    const ig_policy_t    *p = *state;
    const ig_endpoint_t  *e;

    assert_int_equal(p->nendpoints, 2);

    e = &p->endpoints[ig_policy_endpoint(p, IG_STR("frankfurt"))];
    assert_str(e->upstream, "fra");
    assert_str(e->scheme, "https");
    assert_str(e->host, "api.example.com");
    assert_str(e->credential_header, "x-api-key");
    assert_str(e->credential_file, "/etc/ig/fra.key");
    assert_countries(&e->operators, "DE US");
    assert_int_equal(e->tier, IG_TIER_CLOUD);
    assert_int_equal(e->dialects, IG_DIALECT_BIT(IG_DIALECT_ANTHROPIC));
    assert_int_equal(e->models.n, 1);
    assert_str(e->models.items[0], "*");
    assert_true(e->priced);
    assert_int_equal(e->addresses[0].bits, 128);
    assert_int_equal(e->upstream_place.line, 13);
    assert_int_equal(e->upstream_place.column, 15);

    e = &p->endpoints[ig_policy_endpoint(p, IG_STR("riyadh"))];
    assert_str(e->scheme, "http");
    assert_str(e->host, "");
    assert_int_equal(e->tier, IG_TIER_ON_PREMISES);
    assert_int_equal(e->country, ig_country_parse(IG_STR("SA")));
    assert_true(e->priced);
    assert_string_equal(e->currency, "USD");
    assert_int_equal(e->price_input, 200000);
    assert_int_equal(e->price_output, 12345678);
    assert_int_equal(e->naddresses, 2);
    assert_int_equal(e->addresses[0].bits, 112);
    assert_true(ig_network_has(&e->addresses[1], a));
    a[4] = 0x80;
    assert_false(ig_network_has(&e->addresses[1], a));
}


static void
tenants_and_stances(void **state)
{
    const ig_policy_t  *p = *state;
    const ig_tenant_t  *t;

    assert_int_equal(p->ntenants, 2);
    t = &p->tenants[ig_policy_tenant(p, IG_STR("acme-bank"))];
    assert_int_equal(t->home, ig_country_parse(IG_STR("SA")));
    assert_int_equal(t->nkeys, 1);
    assert_int_equal(t->keys[0][0], 0x5e);
    assert_int_equal(t->keys[0][31], 0xd8);
    assert_str(t->subjects.items[0], "CN=acme-bank");
    assert_str(t->plan, "standard");

    /* NO is Norway, not false */
    assert_int_equal(p->tenants[1].home, ig_country_parse(IG_STR("NO")));
    assert_int_equal(p->stances.unknown_country,
                     ig_country_parse(IG_STR("NO")));

    assert_int_equal(p->stances.jurisdictions_from,
                     IG_FROM_TENANT|IG_FROM_DATA);
    assert_int_equal(p->stances.unknown_tenant, 1);
    assert_false(p->stances.ignore_unknown_country);
    assert_int_equal(p->stances.jurisdiction_without_pack, 1);
    assert_true(p->stances.uninspectable_allowed);
    assert_int_equal(p->stances.uninspectable.n, 1);
    assert_int_equal(p->stances.uninspectable.items[0],
                     ig_policy_endpoint(p, IG_STR("riyadh")));
    assert_int_equal(p->stances.tiers[0], IG_TIER_CLOUD);
    assert_int_equal(p->stances.tiers[1], IG_TIER_EDGE);
    assert_int_equal(p->stances.tiers[2], IG_TIER_ON_PREMISES);

    assert_int_equal(p->stances.nnetworks, 2);
    assert_int_equal(p->stances.networks[0].network.bits, 112);
    assert_int_equal(p->stances.networks[0].country,
                     ig_country_parse(IG_STR("AE")));
    assert_int_equal(p->stances.networks[1].network.bits, 104);
}


/* what a policy without policy.yaml means */

static void
defaults(void **state)
{
    ig_source_t     s;
    ig_policy_t    *p;
    ig_mistakes_t  *m;

    (void) state;

    m = ig_mistakes_new();
    s = fixture_source("eu.yaml", "version: 1\njurisdiction: EU\n");
    p = ig_policy_read(&s, 1, m);

    assert_non_null(p);
    assert_int_equal(ig_mistakes_count(m), 0);

    assert_int_equal(p->stances.jurisdictions_from, 15);
    assert_int_equal(p->stances.unknown_tenant, IG_NONE);
    assert_int_equal(p->stances.unknown_country, IG_COUNTRY_UNKNOWN);
    assert_false(p->stances.ignore_unknown_country);
    assert_int_equal(p->stances.jurisdiction_without_pack, IG_NONE);
    assert_false(p->stances.uninspectable_allowed);
    assert_int_equal(p->stances.tiers[0], IG_TIER_EDGE);
    assert_int_equal(p->stances.tiers[2], IG_TIER_CLOUD);

    /* no transfers: only the jurisdiction itself */
    assert_int_equal(p->packs[0].country, IG_COUNTRY_UNKNOWN);
    assert_int_equal(p->nrules, 1);
    assert_str(p->rules[0].id, "eu-transfers");
    assert_true(ig_countries_eq(&p->rules[0].destinations,
                                &p->packs[0].members));
    assert_int_equal(ig_countries_size(&p->rules[0].destinations), 27);

    ig_policy_free(p);
    ig_mistakes_free(m);
}


static void
transfers(void **state)
{
    ig_source_t     s[2];
    ig_policy_t    *p;
    ig_mistakes_t  *m;

    (void) state;

    m = ig_mistakes_new();
    s[0] = fixture_source("us.yaml",
        "version: 1\njurisdiction: US\n"
        "law: {a: {title: t, article: a, source: s}}\n"
        "transfers: {allowed: \"*\", law: a}\n");
    s[1] = fixture_source("fr.yaml",
        "version: 1\njurisdiction: FR\n"
        "law: {a: {title: t, article: a, source: s}}\n"
        "detectors:\n"
        "  fr.nir: {pattern: x, score: {shape: 1}}\n"
        "  fr.key: {pattern: y, kind: secret, score: {shape: 1}}\n"
        "transfers: {allowed: EEA, of: personal_data, law: a}\n");
    p = ig_policy_read(s, 2, m);

    assert_non_null(p);
    assert_int_equal(ig_mistakes_count(m), 0);

    /* what narrows nothing is no rule */
    assert_int_equal(p->nrules, 1);
    assert_str(p->rules[0].id, "fr-transfers");
    assert_int_equal(p->rules[0].when.keys, IG_WHEN_DATA);
    assert_int_equal(p->rules[0].when.data.n, 1);
    assert_str(p->detectors[p->rules[0].when.data.items[0]].id, "fr.nir");
    assert_int_equal(ig_countries_size(&p->rules[0].destinations), 30);

    ig_policy_free(p);
    ig_mistakes_free(m);
}


/* the names of every row, to compare two readings */

static void
summary(const ig_policy_t *p, char *text, size_t size)
{
    size_t    i;
    ig_buf_t  b;

    ig_buf_fixed(&b, text, size - 1);

    for (i = 0; i < p->npacks; i++) {
        ig_buf_printf(&b, "%s,", p->packs[i].file);
    }

    for (i = 0; i < p->ndetectors; i++) {
        ig_buf_printf(&b, "%.*s:%u,", IG_FMT(p->detectors[i].id),
                      p->detectors[i].pack);
    }

    for (i = 0; i < p->nrules; i++) {
        ig_buf_printf(&b, "%.*s:%u:%zu,", IG_FMT(p->rules[i].id),
                      p->rules[i].pack, p->rules[i].when.data.n);
    }

    for (i = 0; i < IG_DIGEST_SIZE; i++) {
        ig_buf_printf(&b, "%02x", p->digest[i]);
    }

    assert_false(b.failed);
    text[b.len] = '\0';
}


static void
order_of_files(void **state)
{
    char            one[2048], two[2048];
    size_t          i, k, n, t, order[FIXTURE_FILES];
    ig_policy_t    *p;
    ig_mistakes_t  *m;

    summary(*state, one, sizeof(one));

    /* all 120 permutations, by the factorial digits of n */

    for (n = 0; n < 120; n++) {

        for (i = 0; i < FIXTURE_FILES; i++) {
            order[i] = i;
        }

        for (i = FIXTURE_FILES - 1, k = n; i > 0; k /= i + 1, i--) {
            t = order[i];
            order[i] = order[k % (i + 1)];
            order[k % (i + 1)] = t;
        }

        m = ig_mistakes_new();
        p = read_all(order, m);
        assert_non_null(p);

        summary(p, two, sizeof(two));
        assert_string_equal(one, two);

        ig_policy_free(p);
        ig_mistakes_free(m);
    }
}


static void
digest(void **state)
{
    ig_source_t     s[2];
    ig_policy_t    *a, *b, *c;
    ig_mistakes_t  *m;

    (void) state;

    m = ig_mistakes_new();

    s[0] = fixture_source("a.yaml", "version: 1\njurisdiction: SA\n");
    s[1] = fixture_source("b.yaml", "version: 1\njurisdiction: AE\n");
    a = ig_policy_read(s, 2, m);

    s[0].name = "y.yaml";
    s[1].name = "x.yaml";
    b = ig_policy_read(s, 2, m);

    s[1].text = IG_STR("version: 1\njurisdiction: AE\n\n");
    c = ig_policy_read(s, 2, m);

    assert_non_null(a);
    assert_non_null(b);
    assert_non_null(c);
    assert_memory_equal(a->digest, b->digest, IG_DIGEST_SIZE);
    assert_memory_not_equal(a->digest, c->digest, IG_DIGEST_SIZE);

    ig_policy_free(a);
    ig_policy_free(b);
    ig_policy_free(c);
    ig_mistakes_free(m);
}


static void
networks(void **state)
{
    size_t        i;
    uint8_t       a[16] = { [10] = 0xff, 0xff, 10, 1, 2, 3 };
    ig_network_t  n;

    static const char *const  bad[] = {
        "", "/", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08", "10.0.0.0/+8",
        "10.0.0/8", "10.0.0.0/8 ", "::1/129", "::/-1", "fe80::1%eth0",
        "010.0.0.1", "1.2.3.4.5", "::ffff:10.0.0.0/1000", "x"
    };

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (ig_network_parse(ig_str_from_c(bad[i]), &n)) {
            fail_msg("\"%s\" is taken for a network", bad[i]);
        }
    }

    assert_true(ig_network_parse(IG_STR("10.1.0.0/16"), &n));
    assert_true(ig_network_has(&n, a));
    assert_true(ig_network_parse(IG_STR("10.1.2.3"), &n));
    assert_int_equal(n.bits, 128);
    assert_true(ig_network_has(&n, a));
    assert_true(ig_network_parse(IG_STR("10.1.2.2"), &n));
    assert_false(ig_network_has(&n, a));
    assert_true(ig_network_parse(IG_STR("10.1.2.0/31"), &n));
    assert_false(ig_network_has(&n, a));
    assert_true(ig_network_parse(IG_STR("0.0.0.0/0"), &n));
    assert_true(ig_network_has(&n, a));
    assert_true(ig_network_parse(IG_STR("::/0"), &n));
    assert_true(ig_network_has(&n, a));
    assert_true(ig_network_parse(IG_STR("::ffff:10.0.0.0/104"), &n));
    assert_true(ig_network_has(&n, a));

    a[0] = 0x20;
    assert_true(ig_network_parse(IG_STR("0.0.0.0/0"), &n));
    assert_false(ig_network_has(&n, a));
}


static void
words(void **state)
{
    ig_dialect_t  d;

    (void) state;

    for (d = IG_DIALECT_NONE + 1; d < IG_DIALECTS; d++) {
        assert_int_equal(ig_dialect_parse(ig_dialect_name(d)), d);
    }

    assert_str(ig_dialect_name(IG_DIALECT_ANTHROPIC), "anthropic");
    assert_str(ig_dialect_name(IG_DIALECT_NONE), "-");
    assert_int_equal(ig_dialect_parse(IG_STR("-")), IG_DIALECT_NONE);
    assert_int_equal(ig_dialect_parse(IG_STR("OpenAI")), IG_DIALECT_NONE);
    assert_str(ig_tier_name(IG_TIER_ON_PREMISES), "on-premises");
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(packs),
        cmocka_unit_test(detectors),
        cmocka_unit_test(rules),
        cmocka_unit_test(endpoints),
        cmocka_unit_test(tenants_and_stances),
        cmocka_unit_test(defaults),
        cmocka_unit_test(transfers),
        cmocka_unit_test(order_of_files),
        cmocka_unit_test(digest),
        cmocka_unit_test(networks),
        cmocka_unit_test(words),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

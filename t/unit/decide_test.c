/*
 * The decision, by example: what a reader of verdict.h would try by hand.
 */

#include "tables.h"

#include <stdlib.h>


typedef struct {
    t_tables_t     t;
    ig_reading_t   reading;
    ig_finding_t   items[2];
    ig_findings_t  findings;
    ig_facts_t     f;
    ig_verdict_t   v;
} world_t;

enum { SA, EU, EVERYWHERE };
enum { RIYADH, FRANKFURT, BERLIN };


/* a Saudi tenant asks from Saudi Arabia; one endpoint at home, two in DE */

static void
world(world_t *w)
{
    memset(w, 0, sizeof(*w));
    t_init(&w->t);

    (void) t_pack(&w->t, "SA", "SA");
    (void) t_pack(&w->t, "EU", "DE FR");
    (void) t_pack(&w->t, "", "");
    (void) t_detector(&w->t, "sa.national_id", SA);
    (void) t_tenant(&w->t, "acme", "SA");
    (void) t_endpoint(&w->t, "riyadh", "SA", "SA");
    (void) t_endpoint(&w->t, "frankfurt", "DE", "DE US");
    (void) t_endpoint(&w->t, "berlin", "DE", "DE");

    w->reading.dialect = IG_DIALECT_OPENAI;
    w->reading.model = IG_STR("gpt-4");
    w->findings.items = w->items;
    w->f.reading = &w->reading;
    w->f.findings = &w->findings;
    w->f.path = IG_STR("/v1/chat/completions");
    w->f.tenant_state = IG_TENANT_KNOWN;
    w->f.claim_valid = true;
    w->f.client_country = t_country("SA");
}


static void
decide(world_t *w, ig_mode_t mode)
{
    ig_decider_t      *d;
    ig_facts_t         f;
    ig_facts_table_t  *table;

    table = ig_facts_compile(&w->t.policy);
    d = ig_decide_compile(&w->t.policy);
    assert_non_null(table);
    assert_non_null(d);

    f = w->f;
    ig_facts_gather(table, &f);
    ig_decide(d, &f, mode, &w->v, NULL, NULL);

    ig_decider_free(d);
    ig_facts_table_free(table);
}


static void
assert_verdict(world_t *w, ig_verdict_word_t word, ig_reason_t reason,
    uint64_t permitted)
{
    decide(w, IG_MODE_ENFORCE);
    assert_int_equal(w->v.word, word);
    assert_int_equal(w->v.reason, reason);
    assert_int_equal(w->v.permitted[0], permitted);
}


#define R(name)  IG_REASON_##name
#define BIT(n)   (UINT64_C(1) << (n))
#define ALL      (BIT(RIYADH) | BIT(FRANKFURT) | BIT(BERLIN))


static void
test_allow_flag_route_block(void **state)
{
    world_t     w;
    ig_rule_t  *r;

    (void) state;

    world(&w);
    assert_verdict(&w, IG_VERDICT_ALLOW, R(NONE), ALL);
    assert_int_equal(w.v.ncauses, 0);
    assert_int_equal(w.v.rule, IG_NONE);

    r = t_rule(&w.t, "a-flag", EVERYWHERE);
    r->effects = IG_THEN_FLAG;
    assert_verdict(&w, IG_VERDICT_FLAG, R(NONE), ALL);
    assert_int_equal(w.v.ncauses, 1);

    (void) t_destinations(t_rule(&w.t, "b-destinations", SA), "SA DE");
    assert_verdict(&w, IG_VERDICT_ROUTE, R(NONE), ALL);
    assert_true(w.v.narrowed);

    (void) t_operators(t_rule(&w.t, "c-operators", SA), "SA DE");
    assert_verdict(&w, IG_VERDICT_ROUTE, R(NONE), BIT(RIYADH) | BIT(BERLIN));
    assert_int_equal(w.v.rejected[FRANKFURT], IG_REJECT_OPERATOR);

    (void) t_destinations(t_rule(&w.t, "d-home", SA), "SA");
    assert_verdict(&w, IG_VERDICT_ROUTE, R(NONE), BIT(RIYADH));
    assert_int_equal(w.v.rejected[BERLIN], IG_REJECT_COUNTRY);

    (void) t_destinations(t_rule(&w.t, "e-abroad", SA), "DE");
    assert_verdict(&w, IG_VERDICT_BLOCK, R(no_permitted_destination), 0);
    assert_true(ig_countries_empty(&w.v.destinations));

    /* of those that leave the fewest, the smallest id */

    assert_int_equal(w.v.rule, 3);

    r = t_rule(&w.t, "f-models", SA);
    r->effects = IG_THEN_MODELS;
    assert_verdict(&w, IG_VERDICT_BLOCK, R(model_not_permitted), 0);
    assert_int_equal(w.v.rule, 5);

    r = t_rule(&w.t, "g-block", SA);
    r->effects = IG_THEN_BLOCK;
    assert_verdict(&w, IG_VERDICT_BLOCK, R(blocked_by_rule), 0);
    assert_int_equal(w.v.rule, 6);
    assert_int_equal(w.v.rejected[RIYADH], IG_REJECT_COUNTRY);
    assert_int_equal(w.v.ncauses, 7);
}


/* each refusal goes before those below it */

static void
test_order_of_reasons(void **state)
{
    world_t               w;
    ig_rule_t            *r;
    static const ig_str_t  other[] = { { (const uint8_t *) "other", 5 } };

    (void) state;

    world(&w);
    w.f.tenant_state = IG_TENANT_CONFLICT;
    w.f.tenant = IG_NONE;
    w.f.client_country = IG_COUNTRY_UNKNOWN;
    w.reading.reason = R(invalid_json);
    w.reading.uninspectable = IG_UNINSPECTABLE_MEDIA;
    w.f.claimed = t_countries("JP");
    r = t_rule(&w.t, "r", SA);
    r->effects = IG_THEN_BLOCK | IG_THEN_MODELS;
    (void) t_destinations(r, "FR");

    assert_verdict(&w, IG_VERDICT_BLOCK, R(conflicting_credentials), 0);
    assert_true(ig_countries_empty(&w.v.destinations));
    assert_int_equal(w.v.ncauses, 0);
    assert_int_equal(w.v.rejected[RIYADH], IG_REJECT_BLOCKED);
    w.f.tenant_state = IG_TENANT_UNKNOWN;
    assert_verdict(&w, IG_VERDICT_BLOCK, R(unknown_tenant), 0);
    w.f.tenant_state = IG_TENANT_KNOWN;
    w.f.tenant = 0;
    assert_verdict(&w, IG_VERDICT_BLOCK, R(unknown_country), 0);
    w.f.client_country = t_country("SA");
    w.f.claim_valid = false;
    assert_verdict(&w, IG_VERDICT_BLOCK, R(unknown_country), 0);
    w.f.claim_valid = true;
    assert_verdict(&w, IG_VERDICT_BLOCK, R(invalid_json), 0);
    w.reading.reason = IG_REASON_NONE;
    assert_verdict(&w, IG_VERDICT_BLOCK, R(uninspectable), 0);
    w.reading.uninspectable = 0;
    assert_verdict(&w, IG_VERDICT_BLOCK, R(jurisdiction_without_pack), 0);
    w.f.claimed = ig_countries_none();
    assert_verdict(&w, IG_VERDICT_BLOCK, R(blocked_by_rule), 0);
    r->effects &= ~(unsigned) IG_THEN_BLOCK;
    w.t.endpoints[RIYADH].models = (ig_strs_t) { other, 1 };
    w.t.endpoints[FRANKFURT].models = (ig_strs_t) { other, 1 };
    w.t.endpoints[BERLIN].models = (ig_strs_t) { other, 1 };
    assert_verdict(&w, IG_VERDICT_BLOCK, R(model_not_permitted), 0);
    r->effects &= ~(unsigned) IG_THEN_MODELS;
    assert_verdict(&w, IG_VERDICT_BLOCK, R(model_not_found), 0);
    assert_int_equal(w.v.rejected[RIYADH], IG_REJECT_MODEL);
    w.t.endpoints[RIYADH].models = (ig_strs_t) { t_star, 1 };
    assert_verdict(&w, IG_VERDICT_BLOCK, R(no_permitted_destination), 0);
    r->destinations = t_countries("SA");
    assert_verdict(&w, IG_VERDICT_ROUTE, R(NONE), BIT(RIYADH));
}


static void
test_uninspectable(void **state)
{
    size_t                    i;
    world_t                   w;
    static const ig_reason_t  confined[] = {
        R(unknown_operation), R(unknown_method), R(unsupported_media_type)
    };

    (void) state;

    world(&w);
    w.t.policy.stances.uninspectable_allowed = true;
    w.t.policy.stances.uninspectable.n = 1;
    w.t.uninspectable[0] = BERLIN;

    w.reading.uninspectable = IG_UNINSPECTABLE_REFERENCE;
    assert_verdict(&w, IG_VERDICT_ROUTE, R(NONE), BIT(BERLIN));
    assert_int_equal(w.v.rejected[RIYADH], IG_REJECT_UNINSPECTABLE);
    assert_true(w.v.narrowed);

    w.reading.uninspectable = 0;

    for (i = 0; i < 3; i++) {
        w.reading.reason = confined[i];
        w.reading.dialect = IG_DIALECT_NONE;
        assert_verdict(&w, IG_VERDICT_ROUTE, R(NONE), BIT(BERLIN));
    }

    w.reading.reason = R(unsupported_encoding);
    assert_verdict(&w, IG_VERDICT_BLOCK, R(unsupported_encoding), 0);

    /* the law still holds there */

    w.reading.reason = R(unknown_operation);
    (void) t_destinations(t_rule(&w.t, "home", SA), "SA");
    assert_verdict(&w, IG_VERDICT_BLOCK, R(no_permitted_destination), 0);

    w.t.policy.stances.uninspectable_allowed = false;
    assert_verdict(&w, IG_VERDICT_BLOCK, R(unknown_operation), 0);
}


static void
test_scores(void **state)
{
    world_t         w;
    ig_rule_t      *r;
    const uint32_t  rows[] = { 0 };

    (void) state;

    world(&w);
    r = t_destinations(t_rule(&w.t, "r", SA), "SA");
    r->when.keys = IG_WHEN_DATA;
    r->when.data = (ig_rows_t) { rows, 1 };
    r->when.score = 600;

    w.findings.n = 2;
    w.items[0].detector = 0;
    w.items[0].score = 599;
    w.items[1].detector = 0;
    w.items[1].score = 1;
    assert_verdict(&w, IG_VERDICT_ALLOW, R(NONE), ALL);

    w.items[1].score = 600;
    assert_verdict(&w, IG_VERDICT_ROUTE, R(NONE), BIT(RIYADH));

    /* the best counts, wherever it stands */

    w.items[0].score = 600;
    w.items[1].score = 1;
    assert_verdict(&w, IG_VERDICT_ROUTE, R(NONE), BIT(RIYADH));

    r->unless.keys = IG_WHEN_MODEL;
    r->unless.models = (ig_strs_t) { t_star, 1 };
    assert_verdict(&w, IG_VERDICT_ALLOW, R(NONE), ALL);

    /* an exception does not hold for a model that nobody asked for */

    w.reading.model = IG_NO_STR;
    assert_verdict(&w, IG_VERDICT_ROUTE, R(NONE), BIT(RIYADH));
}


static void
test_modes(void **state)
{
    world_t     w;
    ig_rule_t  *r;

    (void) state;

    world(&w);
    r = t_rule(&w.t, "audited", SA);
    r->effects = IG_THEN_BLOCK;
    r->audit = true;
    assert_verdict(&w, IG_VERDICT_ALLOW, R(NONE), ALL);
    assert_int_equal(w.v.ncauses, 0);
    decide(&w, IG_MODE_FULL);
    assert_int_equal(w.v.reason, R(blocked_by_rule));

    /* a location that audits sends what would be refused, but for limits */

    r->audit = false;
    w.f.tenant_state = IG_TENANT_CONFLICT;
    w.reading.reason = R(invalid_json);
    decide(&w, IG_MODE_AUDIT);
    assert_int_equal(w.v.word, IG_VERDICT_ALLOW);
    assert_int_equal(w.v.permitted[0], ALL);

    w.reading.reason = R(decoded_too_large);
    decide(&w, IG_MODE_AUDIT);
    assert_int_equal(w.v.reason, R(decoded_too_large));
    assert_int_equal(w.v.permitted[0], 0);

    w.reading.reason = IG_REASON_NONE;
    w.reading.dialect = IG_DIALECT_OLLAMA;
    w.t.endpoints[RIYADH].dialects = IG_DIALECT_BIT(IG_DIALECT_OPENAI);
    w.t.endpoints[FRANKFURT].dialects = IG_DIALECT_BIT(IG_DIALECT_OPENAI);
    w.t.endpoints[BERLIN].dialects = IG_DIALECT_BIT(IG_DIALECT_OPENAI);
    decide(&w, IG_MODE_AUDIT);
    assert_int_equal(w.v.reason, R(model_not_found));
    assert_int_equal(w.v.rejected[BERLIN], IG_REJECT_DIALECT);
}


/* more rules than a verdict can name: all count, as many as fit are named */

static void
test_many_causes(void **state)
{
    size_t       i;
    world_t      w;
    ig_rule_t   *rules;

    (void) state;

    world(&w);

    rules = calloc(IG_MAX_CAUSES + 10, sizeof(ig_rule_t));
    assert_non_null(rules);

    for (i = 0; i < IG_MAX_CAUSES + 10; i++) {
        rules[i].id = IG_STR("x");
        rules[i].pack = SA;
        rules[i].effects = IG_THEN_FLAG;
    }

    rules[i - 1].effects = IG_THEN_BLOCK;
    w.t.policy.rules = rules;
    w.t.policy.nrules = i;

    assert_verdict(&w, IG_VERDICT_BLOCK, R(blocked_by_rule), 0);
    assert_int_equal(w.v.ncauses, IG_MAX_CAUSES + 10);
    assert_int_equal(w.v.causes[IG_MAX_CAUSES - 1], IG_MAX_CAUSES - 1);
    assert_int_equal(w.v.rule, i - 1);

    free(rules);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_allow_flag_route_block),
        cmocka_unit_test(test_order_of_reasons),
        cmocka_unit_test(test_uninspectable),
        cmocka_unit_test(test_scores),
        cmocka_unit_test(test_modes),
        cmocka_unit_test(test_many_causes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The comparison: against every request of small worlds, and cases by hand.
 *
 * Where brute force finds a request, so must the comparison; what the
 * comparison finds is confirmed by the deciders here once more.
 */

#include "compare_brute.h"


/* a sanitizer takes ten times as long */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define B_PAIRS  500
#endif
#endif

#ifndef B_PAIRS
#define B_PAIRS  2000
#endif


static void
b_guard(b_guard_t *g, const ig_policy_t *p)
{
    g->policy = p;
    g->decider = ig_decide_compile(p);
    g->facts = ig_facts_compile(p);

    assert_non_null(g->decider);
    assert_non_null(g->facts);
}


static void
b_guard_free(b_guard_t *g)
{
    ig_decider_free(g->decider);
    ig_facts_table_free(g->facts);
}


/* the request of a counterexample, asked of one guard */

static bool
b_asked_of(const b_guard_t *g, size_t side, const ig_compare_request_t *q)
{
    size_t         i;
    ig_facts_t     f;
    ig_reading_t   r;
    ig_verdict_t   v;
    ig_finding_t   items[16];
    ig_findings_t  findings;

    memset(&f, 0, sizeof(f));
    memset(&r, 0, sizeof(r));
    memset(items, 0, sizeof(items));
    findings.items = items;
    findings.n = 0;

    assert_true(q->nfindings <= 16);

    for (i = 0; i < q->nfindings; i++) {
        if (q->findings[i].score[side]) {
            items[findings.n].detector = ig_policy_detector(
                                             g->policy,
                                             q->findings[i].detector);
            items[findings.n].owner = q->findings[i].owner[side];
            items[findings.n++].score = q->findings[i].score[side];
        }
    }

    r.reason = q->reason;
    r.uninspectable = q->uninspectable;
    r.dialect = q->dialect;
    r.model = q->model;
    r.tools = q->tools;

    f.tenant = q->tenant.len ? ig_policy_tenant(g->policy, q->tenant)
                             : IG_NONE;
    f.tenant_state = f.tenant == IG_NONE ? IG_TENANT_NONE : IG_TENANT_KNOWN;
    f.client_country = q->client;
    f.claim_valid = true;
    f.claimed = q->claimed;
    f.path = q->path;
    f.reading = &r;
    f.findings = &findings;

    ig_facts_gather(g->facts, &f);
    ig_decide(g->decider, &f, IG_MODE_ENFORCE, &v, NULL, NULL);

    return ig_bit_get(v.permitted, q->endpoint);
}


static void
b_compare(const ig_policy_t *old, const ig_policy_t *new, ig_arena_t *arena,
    ig_comparison_t *c)
{
    b_guard_t  g[2];

    ig_arena_reset(arena);
    assert_int_equal(ig_compare(old, new, IG_COMPARE_STEPS, arena, c), IG_OK);

    if (c->answer != IG_COMPARE_COUNTEREXAMPLE) {
        return;
    }

    b_guard(&g[0], old);
    b_guard(&g[1], new);

    assert_true(b_asked_of(&g[1], 1, &c->request));
    assert_false(b_asked_of(&g[0], 0, &c->request));

    b_guard_free(&g[0]);
    b_guard_free(&g[1]);
}


/* -- generated ------------------------------------------------------------ */

static b_policy_t  b_old, b_new;


static void
compare_agrees_with_brute_force(void **unused)
{
    bool             found;
    size_t           i, proven, shown, missed;
    unsigned         keys;
    b_world_t        w;
    ig_arena_t      *arena;
    ig_comparison_t  c;
    static const unsigned  some[] = {
        0, IG_WHEN_MODEL, IG_WHEN_TOOLS, IG_WHEN_PATH | IG_WHEN_DIALECT,
        IG_WHEN_MODEL | IG_WHEN_PATH
    };

    (void) unused;

    arena = ig_arena_new((size_t) 512 << 20, 1 << 20);
    assert_non_null(arena);

    proven = 0;
    shown = 0;
    missed = 0;

    for (i = 1; i <= B_PAIRS; i++) {
        keys = some[i % 5];

        b_make(&b_old, i, keys);
        b_make(&b_new, i % 7 ? i : i + 100000, keys);

        if (i % 7) {
            b_change(&b_new, i, keys);
        }

        /* endpoints are one thing, and the old policy has the new one's */

        memcpy(b_old.t.endpoints, b_new.t.endpoints,
               sizeof(b_old.t.endpoints));

        b_compare(&b_old.t.policy, &b_new.t.policy, arena, &c);

        if (c.answer == IG_COMPARE_COUNTEREXAMPLE) {
            shown++;
            continue;
        }

        assert_int_equal(c.answer, IG_COMPARE_PROVEN);
        proven++;

        memset(&w, 0, sizeof(w));
        w.keys = keys;
        w.most = i % 16 == 0 ? 3 : 1 + (int) (i % 2);
        b_guard(&w.old, &b_old.t.policy);
        b_guard(&w.new, &b_new.t.policy);

        found = b_brute(&w);
        missed += found;

        if (found) {
            print_error("seed %zu: brute force finds a request\n", i);
        }

        b_guard_free(&w.old);
        b_guard_free(&w.new);
    }

    print_message("%zu pairs proven, %zu with a counterexample\n", proven,
                  shown);
    assert_int_equal(missed, 0);
    assert_true(proven > B_PAIRS / 10);
    assert_true(shown > B_PAIRS / 10);

    ig_arena_free(arena);
}


/* -- by hand -------------------------------------------------------------- */

typedef struct {
    t_tables_t       old;
    t_tables_t       new;
    ig_arena_t      *arena;
    ig_comparison_t  c;
} h_pair_t;


static void
h_base(t_tables_t *t)
{
    t_init(t);

    (void) t_pack(t, "", "");
    (void) t_pack(t, "SA", "SA");
    (void) t_tenant(t, "bank", "SA");
    (void) t_endpoint(t, "riyadh", "SA", "SA");
    (void) t_endpoint(t, "virginia", "US", "US");
    (void) t_detector(t, "sa.id", 1);
    t->detectors[0].score_shape = 700;
}


static h_pair_t *
h_pair(void)
{
    h_pair_t  *h;

    h = calloc(1, sizeof(h_pair_t));
    assert_non_null(h);

    h->arena = ig_arena_new((size_t) 64 << 20, 0);
    assert_non_null(h->arena);

    h_base(&h->old);
    h_base(&h->new);

    return h;
}


static void
h_compare(h_pair_t *h, ig_compare_answer_t want)
{
    b_compare(&h->old.policy, &h->new.policy, h->arena, &h->c);
    assert_int_equal(h->c.answer, want);
}


static void
h_free(h_pair_t *h)
{
    ig_arena_free(h->arena);
    free(h);
}


static void
compare_same_is_proven(void **unused)
{
    h_pair_t  *h;

    (void) unused;
    h = h_pair();

    (void) t_destinations(t_rule(&h->old, "stay", 1), "SA");
    (void) t_destinations(t_rule(&h->new, "stay", 1), "SA");
    h_compare(h, IG_COMPARE_PROVEN);

    h_free(h);
}


static void
compare_a_country_more_is_shown(void **unused)
{
    h_pair_t  *h;

    (void) unused;
    h = h_pair();

    (void) t_destinations(t_rule(&h->old, "stay", 1), "SA");
    (void) t_destinations(t_rule(&h->new, "stay", 1), "SA US");
    h_compare(h, IG_COMPARE_COUNTEREXAMPLE);

    assert_int_equal(h->c.request.endpoint, 1);
    assert_int_equal(h->c.request.rule, 0);
    assert_true(ig_str_eq(h->c.request.tenant, IG_STR("bank")));

    h_free(h);
}


static void
compare_a_country_less_is_proven(void **unused)
{
    h_pair_t  *h;

    (void) unused;
    h = h_pair();

    (void) t_destinations(t_rule(&h->old, "stay", 1), "SA US");
    (void) t_destinations(t_rule(&h->new, "stay", 1), "SA");
    h_compare(h, IG_COMPARE_PROVEN);

    h_free(h);
}


/* an `unless` that no request can meet opens nothing */

static void
compare_an_impossible_exception_is_proven(void **unused)
{
    ig_rule_t        *r;
    h_pair_t         *h;
    static uint32_t   rows[] = { 0 };

    (void) unused;
    h = h_pair();

    (void) t_destinations(t_rule(&h->old, "stay", 1), "SA");
    r = t_destinations(t_rule(&h->new, "stay", 1), "SA");
    r->unless.keys = IG_WHEN_DATA;
    r->unless.data = (ig_rows_t) { rows, 1 };
    r->unless.score = 800;
    h_compare(h, IG_COMPARE_PROVEN);

    /* and with a score that the detector gives it does */

    r->unless.score = 700;
    h_compare(h, IG_COMPARE_COUNTEREXAMPLE);
    assert_int_equal(h->c.request.nfindings, 1);

    h_free(h);
}


/* two rules, each with an exception: both are met by two findings */

static void
compare_meets_several_exceptions(void **unused)
{
    size_t           i;
    ig_rule_t       *r;
    h_pair_t        *h;
    static uint32_t  rows[] = { 0, 1, 2 };
    static const ig_str_t  tools[] = { S("a*b"), S("c") };

    (void) unused;
    h = h_pair();

    for (i = 1; i < 3; i++) {
        (void) t_detector(&h->old, i == 1 ? "x" : "y", 0);
        (void) t_detector(&h->new, i == 1 ? "x" : "y", 0);
        h->old.detectors[i].score_shape = 500;
        h->new.detectors[i].score_shape = 500;
    }

    (void) t_destinations(t_rule(&h->old, "stay", 1), "SA");

    for (i = 0; i < 3; i++) {
        r = t_destinations(t_rule(&h->new, i == 0 ? "a" : i == 1 ? "b" : "c",
                                  1), "SA");
        r->unless.keys = IG_WHEN_DATA | (i < 2 ? IG_WHEN_TOOLS : 0);
        r->unless.data = (ig_rows_t) { rows + i, 1 };
        r->unless.tools = (ig_strs_t) { tools + i % 2, 1 };
    }

    h_compare(h, IG_COMPARE_COUNTEREXAMPLE);
    assert_int_equal(h->c.request.nfindings, 3);
    assert_int_equal(h->c.request.tools.n, 2);

    /* one that forbids the first tool, when it is met with the data */

    r = t_rule(&h->new, "d", 1);
    r->effects = IG_THEN_BLOCK;
    r->when.keys = IG_WHEN_TOOLS | IG_WHEN_DATA;
    r->when.tools = (ig_strs_t) { tools, 1 };
    r->when.data = (ig_rows_t) { rows + 2, 1 };
    h_compare(h, IG_COMPARE_PROVEN);

    h_free(h);
}


static void
compare_stances_and_tenants(void **unused)
{
    h_pair_t  *h;

    (void) unused;
    h = h_pair();

    h->new.policy.stances.unknown_tenant = 0;
    h_compare(h, IG_COMPARE_COUNTEREXAMPLE);
    assert_int_equal(h->c.request.tenant.len, 0);
    assert_int_equal(h->c.request.refused, IG_REASON_unknown_tenant);

    h->new.policy.stances.unknown_tenant = IG_NONE;
    (void) t_tenant(&h->new, "new", "SA");
    h_compare(h, IG_COMPARE_COUNTEREXAMPLE);
    assert_true(ig_str_eq(h->c.request.tenant, IG_STR("new")));

    h->new.policy.ntenants--;
    h->new.policy.stances.ignore_unknown_country = true;
    h_compare(h, IG_COMPARE_COUNTEREXAMPLE);
    assert_int_equal(h->c.request.client, IG_COUNTRY_UNKNOWN);

    h->new.policy.stances.ignore_unknown_country = false;
    h->new.policy.stances.jurisdiction_without_pack = 1;
    h_compare(h, IG_COMPARE_COUNTEREXAMPLE);
    assert_int_equal(h->c.request.refused,
                     IG_REASON_jurisdiction_without_pack);

    h->new.policy.stances.jurisdiction_without_pack = IG_NONE;
    h->new.policy.stances.uninspectable_allowed = true;
    h->new.policy.stances.uninspectable.n = 1;
    h_compare(h, IG_COMPARE_COUNTEREXAMPLE);
    assert_int_equal(h->c.request.refused, IG_REASON_uninspectable);

    /* the same endpoint in the old stance: nothing new */

    h->old.policy.stances.uninspectable_allowed = true;
    h->old.policy.stances.uninspectable.n = 1;
    h_compare(h, IG_COMPARE_PROVEN);

    /* one more endpoint */

    h->new.uninspectable[1] = 1;
    h->new.policy.stances.uninspectable.n = 2;
    h_compare(h, IG_COMPARE_COUNTEREXAMPLE);
    assert_int_equal(h->c.request.endpoint, 1);

    h_free(h);
}


/* the endpoint of that name was moved: the old stance did not mean this one */

static void
compare_an_endpoint_that_moved(void **unused)
{
    h_pair_t  *h;

    (void) unused;
    h = h_pair();

    h->old.policy.stances.uninspectable_allowed = true;
    h->old.policy.stances.uninspectable.n = 1;
    h->new.policy.stances.uninspectable_allowed = true;
    h->new.policy.stances.uninspectable.n = 1;
    h_compare(h, IG_COMPARE_PROVEN);

    h->new.endpoints[0].country = t_country("US");
    ig_arena_reset(h->arena);
    assert_int_equal(ig_compare(&h->old.policy, &h->new.policy,
                                IG_COMPARE_STEPS, h->arena, &h->c), IG_OK);
    assert_int_equal(h->c.answer, IG_COMPARE_COUNTEREXAMPLE);
    assert_int_equal(h->c.request.endpoint, 0);

    h_free(h);
}


static void
compare_rules_only_audited_do_not_forbid(void **unused)
{
    h_pair_t  *h;

    (void) unused;
    h = h_pair();

    (void) t_destinations(t_rule(&h->old, "stay", 1), "SA");
    t_destinations(t_rule(&h->new, "stay", 1), "SA")->audit = true;
    h_compare(h, IG_COMPARE_COUNTEREXAMPLE);

    h->old.rules[0].audit = true;
    h_compare(h, IG_COMPARE_PROVEN);

    h_free(h);
}


/* a model that only both globs together make */

static void
compare_models_by_their_globs(void **unused)
{
    ig_rule_t              *r;
    h_pair_t               *h;
    static const ig_str_t   globs[] = { S("gpt-*"), S("*-mini") };

    (void) unused;
    h = h_pair();

    r = t_rule(&h->old, "one", 1);
    r->effects = IG_THEN_MODELS;
    r->models = (ig_strs_t) { globs, 1 };
    r = t_rule(&h->old, "two", 1);
    r->effects = IG_THEN_BLOCK;
    r->when.keys = IG_WHEN_MODEL;
    r->when.models = (ig_strs_t) { globs + 1, 1 };

    r = t_rule(&h->new, "one", 1);
    r->effects = IG_THEN_MODELS;
    r->models = (ig_strs_t) { globs, 1 };

    h_compare(h, IG_COMPARE_COUNTEREXAMPLE);
    assert_true(ig_glob_match(globs[0], h->c.request.model));
    assert_true(ig_glob_match(globs[1], h->c.request.model));

    h_free(h);
}


static void
compare_says_when_a_bound_is_reached(void **unused)
{
    h_pair_t  *h;

    (void) unused;
    h = h_pair();

    (void) t_destinations(t_rule(&h->old, "stay", 1), "SA");
    (void) t_destinations(t_rule(&h->new, "stay", 1), "SA US");

    assert_int_equal(ig_compare(&h->old.policy, &h->new.policy, 1, h->arena,
                                &h->c), IG_OK);
    assert_int_equal(h->c.answer, IG_COMPARE_UNDECIDED);
    assert_non_null(h->c.bound);

    h_free(h);
}


static void
compare_without_memory(void **unused)
{
    size_t       limit;
    ig_rc_t      rc;
    h_pair_t    *h;
    ig_arena_t  *small;

    (void) unused;
    h = h_pair();

    (void) t_destinations(t_rule(&h->old, "stay", 1), "SA");
    (void) t_destinations(t_rule(&h->new, "stay", 1), "SA");

    /* never "proven" by an arena that ended */

    for (limit = 0; limit < 200000; limit += 977) {
        small = ig_arena_new(limit, 0);
        assert_non_null(small);
        rc = ig_compare(&h->old.policy, &h->new.policy, IG_COMPARE_STEPS,
                        small, &h->c);
        assert_int_equal(rc, IG_LIMIT);
        assert_int_not_equal(h->c.answer, IG_COMPARE_PROVEN);
        ig_arena_free(small);
    }

    h_free(h);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(compare_same_is_proven),
        cmocka_unit_test(compare_a_country_more_is_shown),
        cmocka_unit_test(compare_a_country_less_is_proven),
        cmocka_unit_test(compare_an_impossible_exception_is_proven),
        cmocka_unit_test(compare_meets_several_exceptions),
        cmocka_unit_test(compare_stances_and_tenants),
        cmocka_unit_test(compare_an_endpoint_that_moved),
        cmocka_unit_test(compare_rules_only_audited_do_not_forbid),
        cmocka_unit_test(compare_models_by_their_globs),
        cmocka_unit_test(compare_says_when_a_bound_is_reached),
        cmocka_unit_test(compare_without_memory),
        cmocka_unit_test(compare_agrees_with_brute_force),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * The guard as a whole: rule files in, decisions out, and what it does when a
 * stage cannot finish.
 */

#include "tables.h"

#include <inference_guard/guard.h>

#include <stdlib.h>


static const char  rules[] =
    "version: 1\n"
    "jurisdiction: SA\n"
    "title: Saudi Arabia\n"
    "law: {l: {title: t, article: '1', source: 'https://example.org'}}\n"
    "detectors:\n"
    "  sa.national_id: {title: t, pattern: '[12]\\d{9}', anchor: digits,\n"
    "    validator: luhn}\n"
    "transfers: {allowed: [SA, DE], law: l}\n"
    "rules:\n"
    "  - {id: home, when: {data: sa.national_id}, then: {destinations: SA},\n"
    "     law: l}\n"
    "  - {id: looked-at, when: {tools: 'x*'}, then: {block: true},\n"
    "     law: l, enforcement: audit}\n";

static const char  world_text[] =
    "version: 1\n"
    "endpoints:\n"
    "  berlin: {upstream: b, country: DE, operators: [DE], tier: cloud,\n"
    "    dialects: [openai], models: ['*']}\n"
    "  riyadh: {upstream: r, country: SA, operators: [SA], tier: on-premises,\n"
    "    dialects: [openai], models: ['*']}\n"
    "tenants: {acme: {home: SA, subjects: [acme]}}\n";


static ig_guard_t *
compile(void)
{
    ig_guard_t     *g;
    ig_source_t     sources[2];
    ig_mistakes_t  *m;

    m = ig_mistakes_new();
    assert_non_null(m);

    sources[0] = (ig_source_t) { "sa.yaml", ig_str_from_c(rules) };
    sources[1] = (ig_source_t) { "world.yaml", ig_str_from_c(world_text) };

    g = ig_guard_compile(sources, 2, 0, m);

    if (g == NULL && ig_mistakes_count(m)) {
        print_error("%s\n", ig_mistakes_get(m, 0)->message);
    }

    assert_non_null(g);
    ig_mistakes_free(m);

    return g;
}


static ig_rc_t
ask(ig_worker_t *w, const char *tenant, const char *body, ig_mode_t mode,
    ig_decision_t *d)
{
    ig_str_t       value;
    ig_request_t   r;
    ig_identity_t  id;

    memset(&r, 0, sizeof(r));
    memset(&id, 0, sizeof(id));

    value = ig_str_from_c(tenant);
    id.tenant_values = &value;
    id.ntenant_values = 1;
    id.client_country = t_country("SA");

    r.method = IG_STR("POST");
    r.path = IG_STR("/v1/chat/completions");
    r.content_type = IG_STR("application/json");
    r.has_body = true;
    r.body = ig_str_from_c(body);

    /* nothing of what was there before may show */

    memset(d, 0x5a, sizeof(*d));

    return ig_guard_decide(w, &r, &id, mode, d);
}


#define CHAT(text)                                                            \
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"" text   \
    "\"}]}"

#define CALL                                                                  \
    "{\"model\":\"m\",\"tools\":[{\"type\":\"function\",\"function\":"        \
    "{\"name\":\"xyz\"}}],\"messages\":[{\"role\":\"user\","                  \
    "\"content\":\"hi\"}]}"


static void
test_decides(void **state)
{
    ig_guard_t     *g;
    ig_worker_t    *w;
    ig_decision_t   d;

    (void) state;

    g = compile();
    w = ig_worker_new(g);
    assert_non_null(w);
    assert_int_equal(ig_guard_digest(g).len, 64);

    assert_int_equal(ask(w, "acme", CHAT("hello"), IG_MODE_ENFORCE, &d),
                     IG_OK);
    assert_int_equal(d.verdict.word, IG_VERDICT_ROUTE);
    assert_int_equal(d.verdict.permitted[0], 3);
    assert_int_equal(d.endpoint, 1);              /* on premises, first */
    assert_false(d.would_differs);

    assert_int_equal(ask(w, "acme", CHAT("id 2000000006"), IG_MODE_ENFORCE,
                         &d), IG_OK);
    assert_int_equal(d.findings.n, 1);
    assert_int_equal(d.verdict.permitted[0], 2);
    assert_int_equal(d.endpoint, 1);

    assert_int_equal(ask(w, "acme", "{", IG_MODE_ENFORCE, &d), IG_OK);
    assert_int_equal(d.verdict.reason, IG_REASON_invalid_json);
    assert_int_equal(d.endpoint, IG_NONE);

    /* an audited rule: what would have been */

    assert_int_equal(ask(w, "acme", CALL, IG_MODE_ENFORCE, &d), IG_OK);
    assert_int_equal(d.verdict.word, IG_VERDICT_ROUTE);
    assert_int_equal(d.would.reason, IG_REASON_blocked_by_rule);
    assert_true(d.would_differs);

    /* a location that audits */

    assert_int_equal(ask(w, "acme", "{", IG_MODE_AUDIT, &d), IG_OK);
    assert_int_equal(d.verdict.word, IG_VERDICT_ALLOW);
    assert_int_equal(d.would.reason, IG_REASON_invalid_json);
    assert_true(d.would_differs);
    assert_int_not_equal(d.endpoint, IG_NONE);

    ig_worker_free(w);
    ig_guard_free(g);
    ig_worker_free(NULL);
    ig_guard_free(NULL);
}


static void
test_stranger_is_not_read(void **state)
{
    ig_guard_t     *g;
    ig_worker_t    *w;
    ig_decision_t   d;

    (void) state;

    g = compile();
    w = ig_worker_new(g);
    assert_non_null(w);

    assert_int_equal(ask(w, "who", CHAT("id 2000000006"), IG_MODE_ENFORCE,
                         &d), IG_OK);
    assert_int_equal(d.verdict.reason, IG_REASON_unknown_tenant);
    assert_int_equal(d.reading.dialect, IG_DIALECT_OPENAI);
    assert_int_equal(d.reading.nblocks, 0);
    assert_int_equal(d.findings.n, 0);
    assert_int_equal(d.endpoint, IG_NONE);

    /* auditing, it is, and what would have been is known */

    assert_int_equal(ask(w, "who", CHAT("id 2000000006"), IG_MODE_AUDIT, &d),
                     IG_OK);
    assert_int_equal(d.findings.n, 1);
    assert_int_equal(d.would.reason, IG_REASON_unknown_tenant);

    ig_worker_free(w);
    ig_guard_free(g);
}


/* more text spans than the memory of a request that size may hold */

static void
test_limit_refuses(void **state)
{
    char           *body, *p;
    size_t          i;
    ig_mode_t       mode;
    ig_guard_t     *g;
    ig_worker_t    *w;
    ig_decision_t   d;
    const size_t    n = 8000;

    (void) state;

    g = compile();
    w = ig_worker_new(g);
    body = malloc(n * 16 + 200);
    assert_non_null(w);
    assert_non_null(body);

    p = stpcpy(body, "{\"model\":\"m\",\"messages\":[{\"role\":\"user\","
               "\"content\":\"");

    for (i = 0; i < n; i++) {
        p = stpcpy(p, "2000000006 ");
    }

    (void) stpcpy(p, "\"}]}");

    for (mode = IG_MODE_ENFORCE; mode <= IG_MODE_AUDIT; mode++) {
        assert_int_equal(ask(w, "acme", body, mode, &d), IG_LIMIT);
        assert_int_equal(d.verdict.word, IG_VERDICT_BLOCK);
        assert_int_equal(d.verdict.reason, IG_REASON_limit_exceeded);
        assert_int_equal(d.would.reason, IG_REASON_limit_exceeded);
        assert_int_equal(d.verdict.permitted[0], 0);
        assert_int_equal(d.endpoint, IG_NONE);
        assert_int_equal(d.facts.tenant, 0);
        assert_int_equal(d.findings.n, 0);
    }

    /* and the worker is as good as before */

    assert_int_equal(ask(w, "acme", CHAT("hello"), IG_MODE_ENFORCE, &d),
                     IG_OK);
    assert_int_equal(d.verdict.word, IG_VERDICT_ROUTE);

    free(body);
    ig_worker_free(w);
    ig_guard_free(g);
}


static void
test_unread(void **state)
{
    ig_str_t        value;
    ig_guard_t     *g;
    ig_worker_t    *w;
    ig_request_t    r;
    ig_decision_t   d;
    ig_identity_t   id;

    (void) state;

    g = compile();
    w = ig_worker_new(g);
    assert_non_null(w);

    memset(&r, 0, sizeof(r));
    memset(&id, 0, sizeof(id));
    value = IG_STR("Bearer acme");
    id.tenant_values = &value;
    id.ntenant_values = 1;
    id.client_country = t_country("SA");
    r.method = IG_STR("POST");
    r.path = IG_STR("/v1/chat/completions");

    assert_int_equal(ig_guard_decide_unread(w, &r, &id, IG_MODE_AUDIT,
                                            IG_REASON_body_too_large, &d),
                     IG_OK);
    assert_int_equal(d.verdict.reason, IG_REASON_body_too_large);
    assert_int_equal(d.reading.dialect, IG_DIALECT_OPENAI);

    /* "not read" needs a reason */

    assert_int_equal(ig_guard_decide_unread(w, &r, &id, IG_MODE_AUDIT,
                                            IG_REASON_NONE, &d), IG_OK);
    assert_int_equal(d.verdict.reason, IG_REASON_internal_error);

    /* a claim that cannot be read */

    id.claim = IG_STR("SA,??");
    assert_int_equal(ig_guard_decide_unread(w, &r, &id, IG_MODE_ENFORCE,
                                            IG_REASON_raw_path_differs, &d),
                     IG_OK);
    assert_int_equal(d.verdict.reason, IG_REASON_unknown_country);

    ig_worker_free(w);
    ig_guard_free(g);
}


static void
test_mistakes_give_no_guard(void **state)
{
    ig_source_t     source;
    ig_mistakes_t  *m;

    (void) state;

    m = ig_mistakes_new();
    assert_non_null(m);
    source = (ig_source_t) { "x.yaml", IG_STR("version: 1\nnonsense: 2\n") };

    assert_null(ig_guard_compile(&source, 1, 0, m));
    assert_true(ig_mistakes_errors(m) > 0);

    ig_mistakes_free(m);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_decides),
        cmocka_unit_test(test_stranger_is_not_read),
        cmocka_unit_test(test_limit_refuses),
        cmocka_unit_test(test_unread),
        cmocka_unit_test(test_mistakes_give_no_guard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

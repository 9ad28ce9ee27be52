/*
 * Properties of the decision, over generated policies and facts:
 *
 *   - it agrees with a second implementation, written from the words of
 *     verdict.h and as simple as can be;
 *   - the order of packs, rules and endpoints changes nothing;
 *   - one rule more never permits more nor turns a refusal into a pass;
 *   - rules that are only audited change nothing that is applied;
 *   - what is permitted when enforcing is permitted when auditing.
 *
 * Every case comes from its seed, which is printed when it fails.
 */

#include "decide_naive.h"


#define P_CASES  6000


typedef struct {
    size_t           n;
    ig_trace_rule_t  rules[T_RULES];
} p_trace_t;


static void
p_trace(void *data, const ig_trace_rule_t *t)
{
    p_trace_t  *all = data;

    assert_true(all->n < T_RULES);
    all->rules[all->n++] = *t;
}


/* facts gathered anew, as rows may have moved; endpoint: chosen or IG_NONE */

static void
p_decide(p_case_t *c, ig_mode_t mode, ig_verdict_t *v, ig_facts_t *f,
    p_trace_t *trace, uint32_t *endpoint)
{
    ig_chooser_t      *chooser;
    ig_decider_t      *d;
    ig_facts_table_t  *table;

    table = ig_facts_compile(&c->t.policy);
    d = ig_decide_compile(&c->t.policy);
    chooser = ig_choose_compile(&c->t.policy);

    assert_non_null(table);
    assert_non_null(d);
    assert_non_null(chooser);

    *f = c->facts;
    ig_facts_gather(table, f);

    /* what was left in it before must not show */

    memset(v, 0xa5, sizeof(*v));
    ig_decide(d, f, mode, v, trace ? p_trace : NULL, trace);

    *endpoint = ig_choose(chooser, v->permitted, NULL);

    ig_chooser_free(chooser);
    ig_decider_free(d);
    ig_facts_table_free(table);
}


/* checks name what differs and the seed that shows it */

static uint64_t  p_case_seed;

#define p_check(what)                                                         \
    do {                                                                      \
        if (!(what)) {                                                        \
            print_error("seed %llu: not so: %s\n",                            \
                        (unsigned long long) p_case_seed, #what);             \
            fail();                                                           \
        }                                                                     \
    } while (0)


/* two rules of one id in one pack cannot be told apart; files have none */

static bool
p_twins(const p_case_t *c)
{
    size_t  i, k;

    for (i = 0; i < c->t.policy.nrules; i++) {
        for (k = 0; k < i; k++) {
            if (ig_str_eq(c->t.rules[i].id, c->t.rules[k].id)
                && c->t.rules[i].pack == c->t.rules[k].pack)
            {
                return true;
            }
        }
    }

    return false;
}


static void
p_check_trace(const p_case_t *c, const ig_facts_t *f, const n_verdict_t *want,
    const p_trace_t *trace)
{
    size_t     i;
    bool       seen[T_RULES] = { false };
    uint32_t   row;
    ig_rule_t  r;

    p_check(trace->n == c->t.policy.nrules);

    for (i = 0; i < trace->n; i++) {
        row = trace->rules[i].rule;
        r = c->t.rules[row];

        p_check(!seen[row]);
        seen[row] = true;

        p_check((trace->rules[i].state == IG_TRACE_MATCHED)
                == want->counts[row]);

        switch (trace->rules[i].state) {

        case IG_TRACE_PACK:
            p_check(!n_pack_applies(c, f, r.pack));
            break;

        case IG_TRACE_WHEN:
            p_check(r.when.keys & trace->rules[i].key);
            r.when.keys = trace->rules[i].key;
            p_check(!n_holds(c, f, &r.when));
            break;

        case IG_TRACE_UNLESS:
            p_check(r.unless.keys && n_holds(c, f, &r.unless));
            break;

        case IG_TRACE_AUDIT:
            p_check(r.audit && n_holds(c, f, &r.when));
            break;

        default:
            break;
        }
    }
}


static void
p_check_same(const p_case_t *c, const ig_facts_t *f, ig_mode_t mode,
    const ig_verdict_t *v, const n_verdict_t *want)
{
    size_t          i, n;
    ig_countries_t  all;

    all = ig_countries_all();

    p_check(v->word == want->word);
    p_check(v->reason == want->reason);
    p_check(v->rule == want->rule);
    p_check(ig_countries_eq(&v->destinations, &want->destinations));
    p_check(ig_countries_eq(&v->operators, &want->operators));
    p_check(v->narrowed == (want->confined
                            || !ig_countries_eq(&v->destinations, &all)
                            || !ig_countries_eq(&v->operators, &all))
            || v->reason != IG_REASON_NONE);

    for (i = 0; i < IG_MAX_ENDPOINTS; i++) {
        p_check(ig_bit_get(v->permitted, i)
                == (i < T_ENDPOINTS && want->permitted[i]));
    }

    for (i = 0; i < c->t.policy.nendpoints; i++) {
        p_check((v->rejected[i] == IG_REJECT_NOT) == want->permitted[i]);
        p_check((v->rejected[i] == IG_REJECT_DIALECT
                 || v->rejected[i] == IG_REJECT_MODEL)
                == !n_serves(c, &c->t.endpoints[i]));
        p_check(v->rejected[i] != IG_REJECT_COUNTRY
                || !ig_countries_has(&v->destinations,
                                     c->t.endpoints[i].country));
        p_check(v->rejected[i] != IG_REJECT_OPERATOR
                || !ig_countries_subset(&c->t.endpoints[i].operators,
                                        &v->operators));
    }

    n = 0;

    for (i = 0; i < c->t.policy.nrules; i++) {
        n += want->counts[i];
    }

    p_check(v->ncauses == n);

    for (i = 0; i < n; i++) {
        p_check(want->counts[v->causes[i]]);
        p_check(i == 0 || v->causes[i] != v->causes[i - 1]);
    }

    if (mode != IG_MODE_AUDIT) {
        for (i = 0; i < c->t.policy.npacks; i++) {
            p_check(ig_bit_get(f->packs, i)
                    == n_pack_applies(c, f, (uint32_t) i));
        }
    }
}


static void
test_second_implementation(void **state)
{
    bool          looked, confined;
    size_t        i;
    uint32_t      endpoint, chosen[IG_REASON_COUNT] = { 0 };
    uint32_t      words[IG_VERDICT_ALLOW + 1] = { 0 };
    p_case_t     *c;
    ig_mode_t     mode;
    p_trace_t     trace;
    ig_facts_t    f;
    n_verdict_t   want;
    ig_verdict_t  v, untraced;
    ig_countries_t  j;

    (void) state;

    for (p_case_seed = 1; p_case_seed <= P_CASES; p_case_seed++) {
        c = p_make(p_case_seed);

        for (mode = IG_MODE_ENFORCE; !p_twins(c) && mode <= IG_MODE_AUDIT;
             mode++)
        {
            trace.n = 0;
            p_decide(c, mode, &v, &f, &trace, &endpoint);
            p_decide(c, mode, &untraced, &f, NULL, &endpoint);

            j = n_jurisdictions(c, &f);
            p_check(ig_countries_eq(&f.jurisdictions, &j));

            n_decide(c, &f, mode, &want);
            p_check_same(c, &f, mode, &v, &want);
            p_check_same(c, &f, mode, &untraced, &want);
            p_check((endpoint == IG_NONE) == (v.word == IG_VERDICT_BLOCK));

            looked = mode != IG_MODE_AUDIT
                     && n_stance(c, &f, &confined) == IG_REASON_NONE;

            if (looked) {
                p_check_trace(c, &f, &want, &trace);

            } else {
                p_check(trace.n == 0);
            }

            chosen[v.reason]++;
            words[v.word]++;
        }

        free(c);
    }

    /* the cases must have been there, or nothing was shown */

    for (i = 0; i <= IG_VERDICT_ALLOW; i++) {
        assert_true(i == IG_VERDICT_TRANSFORM || words[i] > 50);
    }

    assert_true(chosen[IG_REASON_conflicting_credentials] > 50);
    assert_true(chosen[IG_REASON_unknown_tenant] > 50);
    assert_true(chosen[IG_REASON_unknown_country] > 50);
    assert_true(chosen[IG_REASON_invalid_json] > 50);
    assert_true(chosen[IG_REASON_limit_exceeded] > 50);
    assert_true(chosen[IG_REASON_unknown_operation] > 50);
    assert_true(chosen[IG_REASON_uninspectable] > 50);
    assert_true(chosen[IG_REASON_jurisdiction_without_pack] > 50);
    assert_true(chosen[IG_REASON_blocked_by_rule] > 50);
    assert_true(chosen[IG_REASON_model_not_permitted] > 50);
    assert_true(chosen[IG_REASON_model_not_found] > 50);
    assert_true(chosen[IG_REASON_no_permitted_destination] > 50);
}


static void
p_shuffle(uint32_t *order, size_t n)
{
    size_t    i, k;
    uint32_t  swap;

    for (i = 0; i < n; i++) {
        order[i] = (uint32_t) i;
    }

    for (i = n; i > 1; i--) {
        k = p_rand((uint32_t) i);
        swap = order[i - 1];
        order[i - 1] = order[k];
        order[k] = swap;
    }
}


/* the same policy with its rows moved: row i becomes row to[i] */

static void
p_permute(p_case_t *c)
{
    size_t         i;
    uint32_t       to[T_RULES];
    t_tables_t    *was;
    ig_stances_t  *s;

    was = malloc(sizeof(t_tables_t));
    assert_non_null(was);
    memcpy(was, &c->t, sizeof(t_tables_t));

    s = &c->t.policy.stances;

    p_shuffle(to, was->policy.npacks);

    for (i = 0; i < was->policy.npacks; i++) {
        c->t.packs[to[i]] = was->packs[i];
    }

    for (i = 0; i < was->policy.ndetectors; i++) {
        c->t.detectors[i].pack = to[was->detectors[i].pack];
    }

    for (i = 0; i < was->policy.nrules; i++) {
        was->rules[i].pack = to[was->rules[i].pack];
    }

    if (s->jurisdiction_without_pack != IG_NONE) {
        s->jurisdiction_without_pack = to[s->jurisdiction_without_pack];
    }

    p_shuffle(to, was->policy.nrules);

    for (i = 0; i < was->policy.nrules; i++) {
        c->t.rules[to[i]] = was->rules[i];
    }

    p_shuffle(to, was->policy.nendpoints);

    for (i = 0; i < was->policy.nendpoints; i++) {
        c->t.endpoints[to[i]] = was->endpoints[i];
    }

    for (i = 0; i < s->uninspectable.n; i++) {
        c->t.uninspectable[i] = to[was->uninspectable[i]];
    }

    qsort(c->t.uninspectable, s->uninspectable.n, sizeof(uint32_t),
          p_cmp_rows);

    free(was);
}


static bool
p_permits(const p_case_t *c, const ig_verdict_t *v, ig_str_t name)
{
    size_t  i;

    for (i = 0; i < c->t.policy.nendpoints; i++) {
        if (ig_str_eq(c->t.endpoints[i].name, name)) {
            return ig_bit_get(v->permitted, i);
        }
    }

    return false;
}


static ig_str_t
p_rule_id(const p_case_t *c, uint32_t row)
{
    return row == IG_NONE ? IG_STR("-") : c->t.rules[row].id;
}


static void
p_check_equal(const p_case_t *a, const ig_verdict_t *v, uint32_t chosen,
    const p_case_t *b, const ig_verdict_t *w, uint32_t other)
{
    size_t  i;

    p_check(v->word == w->word);
    p_check(v->reason == w->reason);
    p_check(ig_reason_status(v->reason) == ig_reason_status(w->reason));
    p_check(ig_str_eq(p_rule_id(a, v->rule), p_rule_id(b, w->rule)));
    p_check(ig_countries_eq(&v->destinations, &w->destinations));
    p_check(ig_countries_eq(&v->operators, &w->operators));
    p_check(v->narrowed == w->narrowed);
    p_check(v->ncauses == w->ncauses);

    for (i = 0; i < a->t.policy.nendpoints; i++) {
        p_check(p_permits(b, w, a->t.endpoints[i].name)
                == (bool) ig_bit_get(v->permitted, i));
    }

    p_check((chosen == IG_NONE) == (other == IG_NONE));
    p_check(chosen == IG_NONE
            || ig_str_eq(a->t.endpoints[chosen].name,
                         b->t.endpoints[other].name));
}


static void
test_order_never_matters(void **state)
{
    uint32_t      chosen, other;
    p_case_t     *a, *b;
    ig_mode_t     mode;
    ig_facts_t    f;
    ig_verdict_t  v, w;

    (void) state;

    for (p_case_seed = 1; p_case_seed <= P_CASES; p_case_seed++) {
        a = p_make(p_case_seed);
        b = p_make(p_case_seed);

        p_permute(b);

        for (mode = IG_MODE_ENFORCE; !p_twins(a) && mode <= IG_MODE_AUDIT;
             mode++)
        {
            p_decide(a, mode, &v, &f, NULL, &chosen);
            p_decide(b, mode, &w, &f, NULL, &other);
            p_check_equal(a, &v, chosen, b, &w, other);
        }

        free(a);
        free(b);
    }
}


static void
test_rule_more_never_widens(void **state)
{
    size_t        i, narrowed;
    uint32_t      chosen;
    p_case_t     *c;
    ig_mode_t     mode;
    ig_facts_t    f;
    ig_verdict_t  v[IG_MODE_AUDIT + 1], w;

    (void) state;

    narrowed = 0;

    for (p_case_seed = 1; p_case_seed <= P_CASES; p_case_seed++) {
        c = p_make(p_case_seed);

        for (mode = IG_MODE_ENFORCE; mode <= IG_MODE_FULL; mode++) {
            p_decide(c, mode, &v[mode], &f, NULL, &chosen);
        }

        p_add_rule(c);

        for (mode = IG_MODE_ENFORCE; mode <= IG_MODE_FULL; mode++) {
            p_decide(c, mode, &w, &f, NULL, &chosen);

            for (i = 0; i < IG_ENDPOINT_WORDS; i++) {
                p_check((w.permitted[i] & ~v[mode].permitted[i]) == 0);
                narrowed += w.permitted[i] != v[mode].permitted[i];
            }

            p_check(ig_countries_subset(&w.destinations,
                                        &v[mode].destinations));
            p_check(ig_countries_subset(&w.operators, &v[mode].operators));
            p_check(w.word == IG_VERDICT_BLOCK
                    || v[mode].word != IG_VERDICT_BLOCK);
            p_check(w.word <= v[mode].word);
        }

        free(c);
    }

    assert_true(narrowed > 100);
}


static void
test_audit_rules_change_nothing(void **state)
{
    size_t        i, n, changed;
    uint32_t      chosen, other, full;
    p_case_t     *a, *b;
    ig_facts_t    f;
    ig_verdict_t  v, w, x;

    (void) state;

    changed = 0;

    for (p_case_seed = 1; p_case_seed <= P_CASES; p_case_seed++) {
        a = p_make(p_case_seed);
        b = p_make(p_case_seed);
        n = 0;

        for (i = 0; i < b->t.policy.nrules; i++) {
            if (!b->t.rules[i].audit) {
                b->t.rules[n++] = b->t.rules[i];
            }
        }

        b->t.policy.nrules = n;

        p_decide(a, IG_MODE_ENFORCE, &v, &f, NULL, &chosen);
        p_decide(b, IG_MODE_ENFORCE, &w, &f, NULL, &other);
        p_decide(a, IG_MODE_FULL, &x, &f, NULL, &full);

        if (!p_twins(a)) {
            p_check_equal(a, &v, chosen, b, &w, other);
        }

        /* with them enforced, no more is permitted than without them */

        for (i = 0; i < IG_ENDPOINT_WORDS; i++) {
            p_check((x.permitted[i] & ~v.permitted[i]) == 0);
        }

        changed += x.word != v.word;

        free(a);
        free(b);
    }

    assert_true(changed > 100);
}


static void
test_audit_permits_what_enforce_does(void **state)
{
    size_t        i;
    uint32_t      chosen;
    p_case_t     *c;
    ig_facts_t    f;
    ig_verdict_t  v, w;

    (void) state;

    for (p_case_seed = 1; p_case_seed <= P_CASES; p_case_seed++) {
        c = p_make(p_case_seed);

        p_decide(c, IG_MODE_ENFORCE, &v, &f, NULL, &chosen);
        p_decide(c, IG_MODE_AUDIT, &w, &f, NULL, &chosen);

        for (i = 0; i < IG_ENDPOINT_WORDS; i++) {
            p_check((v.permitted[i] & ~w.permitted[i]) == 0);
        }

        free(c);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_second_implementation),
        cmocka_unit_test(test_order_never_matters),
        cmocka_unit_test(test_rule_more_never_widens),
        cmocka_unit_test(test_audit_rules_change_nothing),
        cmocka_unit_test(test_audit_permits_what_enforce_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A request through several limits: all or none, settled, expired, late; audit,
 * batch, thresholds, what by means, and what an operator sees and sets back.
 */

#include "limit_helper.h"


static l_world_t  w;


static uint64_t
used(uint32_t limit)
{
    size_t  i;

    for (i = 0; i < w.out.nstates; i++) {
        if (w.out.states[i].limit == limit) {
            return w.out.states[i].used;
        }
    }

    return UINT64_MAX;
}


static void
test_all_or_none(void **state)
{
    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_REQUESTS, IG_PER_HOUR, 0, 100);
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_MINUTE, 0, 100);
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_DAY, 0, 90);
    (void) l_limit(&w, 0, IG_LIMIT_COST, IG_PER_MONTH, 0, 1000);
    (void) l_limit(&w, 0, IG_LIMIT_CONCURRENT, IG_PER_NONE, 0, 5);
    l_start(&w, 100, L_T0);

    w.q.amounts = (ig_amounts_t) { 1, 40, 20, 100, 60 };
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(w.out.nstates, 5);
    assert_int_equal(used(0), 1);
    assert_int_equal(used(1), 60);
    assert_int_equal(used(2), 60);
    assert_int_equal(used(3), 100);
    assert_int_equal(used(4), 1);

    /* a minute and a day have no room; the day's wait is the longer */

    l_settle(&w, &w.out.reservation, 40, 20, L_T0);
    assert_int_equal(used(3), 0);
    assert_int_equal(l_reserve(&w, L_T0), IG_REFUSED);
    assert_int_equal(w.out.limit, 2);
    assert_true(w.out.spent);
    assert_int_equal(w.out.retry_ns, L_DAY);
    assert_int_equal(w.out.reservation.generation, 0);
    assert_int_equal(used(0), 1);
    assert_int_equal(used(1), 60);
    assert_int_equal(used(4), 0);

    /* nothing left of the refused one, and a smaller one goes */

    w.q.amounts = (ig_amounts_t) { 1, 30, 0, 1, 1 };
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(used(0), 2);
    assert_int_equal(used(1), 90);
    assert_int_equal(used(4), 1);

    /* a tenant without limits */

    (void) l_tenant(&w, "b");
    ig_limiter_free(w.limiter);
    w.limiter = ig_limiter_compile(&w.tables.policy);
    w.q.tenant = 1;
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(w.out.reservation.generation, 0);
    assert_int_equal(w.out.nstates, 0);

    l_end(&w);
}


static void
test_expired_and_late(void **state)
{
    ig_amounts_t       actual = { 1, 50, 70, 0, 0 };
    ig_limit_stats_t   stats;
    ig_reservation_t   r;
    ig_limit_result_t  out;

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_DAY, 0, 1000);
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS_OUT, IG_PER_MINUTE, 0, 1000);
    (void) l_limit(&w, 0, IG_LIMIT_CONCURRENT, IG_PER_NONE, 0, 5);
    (void) l_limit(&w, 0, IG_LIMIT_REQUESTS, IG_PER_MONTH, 0, 5);
    (void) l_limit(&w, 0, IG_LIMIT_COST, IG_PER_DAY, 0, 1000);
    l_start(&w, 100, L_T0);

    w.q.amounts = (ig_amounts_t) { 1, 40, 100, 500, 200 };
    ig_limit_reserve(&w.h, w.limiter, &w.q, L_T0, L_T0 + 10 * L_S, &w.out);
    assert_int_equal(w.out.admission, IG_ADMITTED);
    r = w.out.reservation;

    ig_limits_tick(&w.h, L_T0 + 10 * L_S - 1);
    ig_limit_extend(&w.h, r, L_T0 + 20 * L_S);
    ig_limits_tick(&w.h, L_T0 + 10 * L_S);
    ig_limit_stats(&w.h, &stats);
    assert_int_equal(stats.reservations, 1);

    ig_limits_tick(&w.h, L_T0 + 20 * L_S);
    ig_limit_stats(&w.h, &stats);
    assert_int_equal(stats.reservations, 0);
    assert_int_equal(stats.expired, 1);
    l_check(&w);

    /* input stays, output and the slot do not */

    w.q.amounts = (ig_amounts_t) { 0, 0, 0, 0, 0 };
    assert_int_equal(l_reserve(&w, L_T0 + 20 * L_S), IG_ADMITTED);
    assert_int_equal(used(0), 40);
    assert_int_equal(used(1), 0);
    assert_int_equal(used(2), 1);
    assert_int_equal(used(3), 1);
    assert_int_equal(used(4), 200);

    /* it ends all the same: the rest is charged, once */

    ig_limit_extend(&w.h, r, L_NEVER);
    w.q.amounts = (ig_amounts_t) { 1, 40, 100, 500, 200 };
    actual.cost = 450;
    ig_limit_settle(&w.h, w.limiter, &w.q, &r, &actual, L_T0 + 30 * L_S, &out);
    assert_int_equal(out.nstates, 3);
    assert_int_equal(out.states[0].used, 120);
    assert_int_equal(out.states[1].used, 70);
    assert_int_equal(out.states[2].used, 450);
    ig_limit_settle(&w.h, w.limiter, &w.q, &r, &actual, L_T0 + 30 * L_S, &out);
    assert_int_equal(out.nstates, 0);

    ig_limit_stats(&w.h, &stats);
    assert_int_equal(stats.reservations, 1);

    l_end(&w);
}


static void
test_owner_gone(void **state)
{
    ig_limits_t       other;
    ig_limit_owner_t  owners[4];

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_CONCURRENT, IG_PER_NONE, 0, 3);
    l_start(&w, 100, L_T0);

    assert_int_equal(ig_limits_open(&other, w.memory, &l_unlocked, 77, 5, L_T0),
                     IG_OK);
    ig_limit_reserve(&other, w.limiter, &w.q, L_T0, L_NEVER, &w.out);
    ig_limit_reserve(&other, w.limiter, &w.q, L_T0, L_NEVER, &w.out);
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(l_reserve(&w, L_T0), IG_REFUSED);

    assert_int_equal(ig_limits_owners(&w.h, owners, 4), 2);
    assert_int_equal(owners[1].pid, 77);
    assert_int_equal(owners[1].start, 5);
    assert_int_equal(owners[1].reservations, 2);

    /* another life of the place is not meant */

    owners[1].start = 4;
    ig_limits_owner_gone(&w.h, &owners[1], L_T0);
    assert_int_equal(l_reserve(&w, L_T0), IG_REFUSED);
    owners[1].start = 5;
    ig_limits_owner_gone(&w.h, &owners[1], L_T0);
    assert_int_equal(ig_limits_owners(&w.h, owners, 4), 1);
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(used(0), 2);
    ig_names_free(other.digest);

    /* a pid comes again with another start: its earlier life is over */

    assert_int_equal(ig_limits_open(&other, w.memory, &l_unlocked, 1, 2, L_T0),
                     IG_OK);
    assert_int_equal(ig_limits_owners(&other, owners, 4), 1);
    assert_int_equal(owners[0].start, 2);
    assert_int_equal(owners[0].reservations, 0);
    ig_limits_close(&other, L_T0);

    l_end(&w);
}


static void
test_audit(void **state)
{
    uint32_t  i;

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_DAY, 0, 100)->audit = true;
    l_limit(&w, 0, IG_LIMIT_REQUESTS, IG_PER_SECOND, 0, 2)->audit = true;
    l_limit(&w, 0, IG_LIMIT_CALLS, IG_PER_TASK, 0, 2)->audit = true;
    l_start(&w, 100, L_T0);

    w.q.task = IG_STR("t");
    w.q.amounts.input = 60;

    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(w.out.would, IG_NONE);
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(w.out.would, 0);
    assert_int_equal(used(0), 120);

    for (i = 0; i < 10; i++) {
        assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    }

    assert_int_equal(used(0), 720);
    assert_int_equal(used(1), 2);
    assert_int_equal(used(2), 12);

    /* no task: the audited limit would have asked for one */

    w.q.task = IG_NO_STR;
    w.q.amounts.input = 0;
    assert_int_equal(l_reserve(&w, L_T0 + 600 * L_S), IG_ADMITTED);
    assert_int_equal(w.out.would, 2);

    l_end(&w);
}


static void
test_batch(void **state)
{
    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    l_limit(&w, 0, IG_LIMIT_REQUESTS, IG_PER_HOUR, 0, 10)->batch = 800;
    l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_DAY, 0, 100)->batch = 800;
    l_start(&w, 100, L_T0);

    w.q.batch = true;
    w.q.amounts.input = 81;
    assert_int_equal(l_reserve(&w, L_T0), IG_REFUSED);
    assert_true(w.out.never);
    w.q.amounts.input = 80;
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    w.q.amounts.input = 1;
    assert_int_equal(l_reserve(&w, L_T0), IG_REFUSED);
    assert_int_equal(w.out.limit, 1);

    w.q.batch = false;
    w.q.amounts.input = 2;
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(used(1), 82);

    /* the eighth of ten is the last that batch gets */

    w.q.batch = true;
    w.q.amounts.input = 0;

    while (l_reserve(&w, L_T0) == IG_ADMITTED) {
        /* void */
    }

    assert_int_equal(used(0), 8);
    w.q.batch = false;
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(l_reserve(&w, L_T0), IG_REFUSED);

    l_end(&w);
}


static void
test_thresholds(void **state)
{
    ig_reservation_t  r;

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_DAY, 0, 100);
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_MINUTE, 0, 100);
    l_start(&w, 100, L_T0);

    w.q.amounts.input = 79;
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(w.out.ncrossed, 0);
    w.q.amounts.input = 1;
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    r = w.out.reservation;
    assert_int_equal(w.out.ncrossed, 2);
    assert_int_equal(w.out.crossed[0].level, 80);
    assert_int_equal(w.out.crossed[0].state.limit, 0);
    assert_int_equal(w.out.crossed[0].state.used, 80);
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(w.out.ncrossed, 0);

    /* a settlement reaches the end */

    l_settle(&w, &r, 25, 0, L_T0);
    assert_int_equal(w.out.ncrossed, 2);
    assert_int_equal(w.out.crossed[0].level, 100);
    assert_int_equal(w.out.crossed[0].state.used, 105);
    assert_int_equal(l_reserve(&w, L_T0), IG_REFUSED);
    assert_int_equal(w.out.ncrossed, 0);

    /* a new minute tells anew, the day does not */

    w.q.amounts.input = 0;
    assert_int_equal(l_reserve(&w, L_T0 + 2 * L_MINUTE), IG_ADMITTED);
    assert_int_equal(w.out.ncrossed, 0);
    l_settle(&w, &w.out.reservation, 80, 0, L_T0 + 2 * L_MINUTE);
    assert_int_equal(w.out.ncrossed, 1);
    assert_int_equal(w.out.crossed[0].level, 80);
    assert_int_equal(w.out.crossed[0].state.limit, 1);

    /* a refusal is the end as well */

    w.q.amounts.input = 60;
    assert_int_equal(l_reserve(&w, L_T0 + L_DAY), IG_ADMITTED);
    assert_int_equal(l_reserve(&w, L_T0 + L_DAY), IG_REFUSED);
    assert_int_equal(w.out.ncrossed, 2);
    assert_int_equal(w.out.crossed[0].level, 100);
    assert_int_equal(w.out.crossed[0].state.used, 60);
    assert_int_equal(l_reserve(&w, L_T0 + L_DAY), IG_REFUSED);
    assert_int_equal(w.out.ncrossed, 0);

    l_end(&w);
}


typedef struct {
    size_t    n;
    uint64_t  used;
    char      label[8][IG_LIMIT_LABEL + 1];
} seen_t;


static bool
see(void *ctx, const ig_limit_state_t *s, ig_str_t label)
{
    seen_t  *seen = ctx;

    memcpy(seen->label[seen->n % 8], label.data, label.len);
    seen->label[seen->n++ % 8][label.len] = '\0';
    seen->used += s->used;

    return true;
}


static void
test_by(void **state)
{
    seen_t    seen;
    uint32_t  i;
    char      user[8];

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_tenant(&w, "b");
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_DAY,
                   IG_BY_USER | IG_BY_JURISDICTION, 100);
    (void) l_limit(&w, 1, IG_LIMIT_TOKENS, IG_PER_DAY,
                   IG_BY_MODEL | IG_BY_ENDPOINT | IG_BY_KEY, 100);
    l_start(&w, 1000, L_T0);

    /* one for each country that applies; the fullest refuses */

    w.jurisdictions = t_countries("SA AE");
    w.q.user = IG_STR("u");
    w.q.amounts.input = 60;
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(w.out.nstates, 1);
    w.jurisdictions = t_countries("DE");
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    w.jurisdictions = t_countries("FR AE");
    assert_int_equal(l_reserve(&w, L_T0), IG_REFUSED);
    assert_int_equal(used(0), 60);

    memset(&seen, 0, sizeof(seen));
    ig_limit_show(&w.h, w.limiter, 0, L_T0, see, &seen);
    assert_int_equal(seen.n, 3);
    assert_int_equal(seen.used, 180);
    assert_string_equal(seen.label[0], "jurisdiction=DE user=u");

    /* names are told apart however they are put together */

    w.q.tenant = 1;
    w.q.model = IG_STR("m\n\x1b[1m\xff");
    w.q.key = IG_STR("\x01\xab key that is long");
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    memset(&seen, 0, sizeof(seen));
    ig_limit_show(&w.h, w.limiter, 1, L_T0, see, &seen);
    assert_int_equal(seen.n, 1);
    assert_string_equal(seen.label[0],
                        "model=m??[1m? endpoint=riyadh key=01ab206b65792074");

    /* many: shown in batches, set back together, other tenants as they were */

    w.q.tenant = 0;
    w.jurisdictions = t_countries("SA");

    for (i = 0; i < 100; i++) {
        (void) snprintf(user, sizeof(user), "v%u", i);
        w.q.user = ig_str_from_c(user);
        assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);

        if (i % 2) {
            l_settle(&w, &w.out.reservation, 50, 0, L_T0);
        }
    }

    memset(&seen, 0, sizeof(seen));
    ig_limit_show(&w.h, w.limiter, 0, L_T0, see, &seen);
    assert_int_equal(seen.n, 103);
    assert_int_equal(seen.used, 180 + 50 * 60 + 50 * 50);

    assert_int_equal(ig_limit_reset(&w.h, w.limiter, 0, 1, L_T0), 0);
    assert_int_equal(ig_limit_reset(&w.h, w.limiter, 0, 0, L_T0), 103);
    l_check(&w);

    /* what is in flight goes on counting */

    memset(&seen, 0, sizeof(seen));
    ig_limit_show(&w.h, w.limiter, 0, L_T0, see, &seen);
    assert_int_equal(seen.used, 180 + 50 * 60);
    memset(&seen, 0, sizeof(seen));
    ig_limit_show(&w.h, w.limiter, 1, L_T0, see, &seen);
    assert_int_equal(seen.used, 60);

    l_end(&w);
}


static void
test_reset(void **state)
{
    ig_reservation_t  r;

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_REQUESTS, IG_PER_HOUR, 0, 1);
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_HOUR, 0, 100);
    (void) l_limit(&w, 0, IG_LIMIT_CONCURRENT, IG_PER_NONE, 0, 2);
    l_start(&w, 100, L_T0);

    w.q.amounts.input = 100;
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    r = w.out.reservation;
    assert_int_equal(ig_limit_reset(&w.h, w.limiter, 0, IG_NONE, L_T0), 3);
    l_check(&w);

    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(used(1), 100);
    assert_int_equal(used(2), 2);

    /* the one from before takes nothing from what came after */

    l_settle(&w, &r, 0, 0, L_T0);
    assert_int_equal(used(1), 100);
    assert_int_equal(used(2), 1);

    l_end(&w);
}


/* more counters than a request may have: refused, not cut */

static void
test_too_many(void **state)
{
    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_DAY, IG_BY_JURISDICTION, 100);
    l_start(&w, 1000, L_T0);

    w.q.amounts.input = 1;
    w.jurisdictions = ig_countries_all();
    assert_int_equal(l_reserve(&w, L_T0), IG_TABLE_FULL);

    l_end(&w);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_all_or_none),
        cmocka_unit_test(test_expired_and_late),
        cmocka_unit_test(test_owner_gone),
        cmocka_unit_test(test_audit),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_thresholds),
        cmocka_unit_test(test_by),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_too_many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

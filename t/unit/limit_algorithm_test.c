/*
 * Each algorithm, with values worked out by hand.
 */

#include "limit_helper.h"


static l_world_t  w;


/* 3 a second, 5 at once: a request each 333,333,333 1/3 ns */

static void
test_rate(void **state)
{
    uint32_t  i;

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    l_limit(&w, 0, IG_LIMIT_REQUESTS, IG_PER_SECOND, 0, 3)->burst = 5;
    l_start(&w, 100, L_T0);

    for (i = 1; i <= 5; i++) {
        assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
        assert_int_equal(w.out.states[0].used, i);
        assert_int_equal(w.out.states[0].max, 5);
    }

    assert_int_equal(w.out.states[0].reset_ns, 1666666667);

    assert_int_equal(l_reserve(&w, L_T0), IG_REFUSED);
    assert_int_equal(w.out.limit, 0);
    assert_false(w.out.spent);
    assert_false(w.out.never);
    assert_int_equal(w.out.retry_ns, 333333334);

    assert_int_equal(l_reserve(&w, L_T0 + 333333333), IG_REFUSED);
    assert_int_equal(w.out.retry_ns, 1);
    assert_int_equal(l_reserve(&w, L_T0 + 333333334), IG_ADMITTED);
    assert_int_equal(l_reserve(&w, L_T0 + 333333334), IG_REFUSED);

    /* whole again after 5/3 s, and no more than whole */

    for (i = 0; i < 5; i++) {
        assert_int_equal(l_reserve(&w, L_T0 + L_HOUR), IG_ADMITTED);
    }

    assert_int_equal(l_reserve(&w, L_T0 + L_HOUR), IG_REFUSED);

    l_end(&w);
}


/*
 * 7001 an hour, never a whole number of nanoseconds apart: after 200,000 (28
 * hours) each is still refused a nanosecond before its time and admitted at it.
 * The second of the burst keeps a debt, so that waiting forgives nothing.
 */

static void
test_long_run(void **state)
{
    uint64_t  k;

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    l_limit(&w, 0, IG_LIMIT_REQUESTS, IG_PER_HOUR, 0, 7001)->burst = 2;
    l_start(&w, 100, L_T0);

    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);

    for (k = 0; k < 200000; k++) {

        if (k) {
            assert_int_equal(l_reserve(&w, L_T0 + (k * L_HOUR - 1) / 7001),
                             IG_REFUSED);
        }

        assert_int_equal(l_reserve(&w, L_T0 + (k * L_HOUR + 7000) / 7001),
                         IG_ADMITTED);
        l_settle(&w, &w.out.reservation, 0, 0, L_T0);
    }

    l_end(&w);
}


static void
test_rate_clock_back(void **state)
{
    uint32_t  i;

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    l_limit(&w, 0, IG_LIMIT_REQUESTS, IG_PER_SECOND, 0, 2)->burst = 4;
    l_start(&w, 100, L_T0);

    for (i = 0; i < 4; i++) {
        assert_int_equal(l_reserve(&w, L_T0 + 1000 * L_DAY), IG_ADMITTED);
    }

    /* a full burst behind now, not three years */

    assert_int_equal(l_reserve(&w, L_T0), IG_REFUSED);
    assert_int_equal(w.out.retry_ns, L_S / 2);
    assert_int_equal(l_reserve(&w, L_T0 + L_S / 2 - 1), IG_REFUSED);
    assert_int_equal(l_reserve(&w, L_T0 + L_S / 2), IG_ADMITTED);

    l_end(&w);
}


static void
test_sliding(void **state)
{
    ig_reservation_t  a, b;

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_MINUTE, 0, 1000);
    l_start(&w, 100, L_T0);

    w.q.amounts.input = 100;
    w.q.amounts.output = 300;

    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    a = w.out.reservation;
    assert_int_equal(w.out.states[0].used, 400);

    assert_int_equal(l_reserve(&w, L_T0 + 20 * L_S), IG_ADMITTED);
    b = w.out.reservation;
    assert_int_equal(w.out.states[0].used, 800);

    /* 200 have to leave: the first, a minute (and at most 4 ms) old */

    assert_int_equal(l_reserve(&w, L_T0 + 20 * L_S), IG_REFUSED);
    assert_in_range(w.out.retry_ns, 40 * L_S, 40 * L_S + 4 * L_MS);
    assert_false(w.out.spent);

    /* less than was estimated is given back where it was counted */

    l_settle(&w, &a, 100, 50, L_T0 + 25 * L_S);
    assert_int_equal(w.out.states[0].used, 550);

    /* more counts from now on: 400 at 20 s, 100 at 30 s */

    l_settle(&w, &b, 100, 400, L_T0 + 30 * L_S);
    assert_int_equal(w.out.states[0].used, 650);
    assert_int_equal(b.generation, 0);

    /* a second time is nothing */

    l_settle(&w, &b, 100, 400, L_T0 + 30 * L_S);
    assert_int_equal(w.out.nstates, 0);

    assert_int_equal(l_reserve(&w, L_T0 + 59 * L_S), IG_REFUSED);
    assert_int_equal(l_reserve(&w, L_T0 + 60 * L_S + 4 * L_MS), IG_ADMITTED);
    assert_int_equal(w.out.states[0].used, 900);
    a = w.out.reservation;
    l_settle(&w, &a, 0, 0, L_T0 + 60 * L_S + 4 * L_MS);
    assert_int_equal(w.out.states[0].used, 500);

    /* what has left the window takes nothing along when it is settled */

    w.q.amounts.output = 0;
    assert_int_equal(l_reserve(&w, L_T0 + 70 * L_S), IG_ADMITTED);
    a = w.out.reservation;
    l_settle(&w, &a, 150, 0, L_T0 + 200 * L_S);
    assert_int_equal(w.out.states[0].used, 50);

    w.q.amounts.input = 1001;
    assert_int_equal(l_reserve(&w, L_T0 + 900 * L_S), IG_REFUSED);
    assert_true(w.out.never);

    l_end(&w);
}


/* a clock that was a year ahead: what it counted counts a window more */

static void
test_sliding_clock_back(void **state)
{
    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_MINUTE, 0, 1000);
    l_start(&w, 100, L_T0);

    w.q.amounts.input = 600;

    assert_int_equal(l_reserve(&w, L_T0 + 365 * L_DAY), IG_ADMITTED);
    assert_int_equal(l_reserve(&w, L_T0), IG_REFUSED);
    assert_in_range(w.out.retry_ns, 60 * L_S, 60 * L_S + 4 * L_MS);
    assert_int_equal(l_reserve(&w, L_T0 + 30 * L_S), IG_REFUSED);
    assert_in_range(w.out.retry_ns, 30 * L_S, 30 * L_S + 4 * L_MS);

    w.q.amounts.input = 100;
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(w.out.states[0].used, 700);

    w.q.amounts.input = 1000;
    assert_int_equal(l_reserve(&w, L_T0 + 60 * L_S + 4 * L_MS), IG_ADMITTED);

    l_end(&w);
}


static void
test_calendar(void **state)
{
    ig_reservation_t  r;

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_DAY, 0, 1000);
    (void) l_limit(&w, 0, IG_LIMIT_REQUESTS, IG_PER_MONTH, 0, 100);
    l_start(&w, 100, L_T0);

    w.q.amounts.input = 600;
    assert_int_equal(l_reserve(&w, L_T0 + 23 * L_HOUR), IG_ADMITTED);
    r = w.out.reservation;
    assert_int_equal(w.out.nstates, 2);
    assert_int_equal(w.out.states[0].reset_ns, L_HOUR);
    assert_int_equal(w.out.states[1].reset_ns, 16 * L_DAY + L_HOUR);
    assert_int_equal(w.out.states[1].used, 1);

    /* in flight only: it may come back, so the quota is not spent */

    assert_int_equal(l_reserve(&w, L_T0 + 23 * L_HOUR), IG_REFUSED);
    assert_false(w.out.spent);
    assert_int_equal(w.out.retry_ns, L_S);

    l_settle(&w, &r, 650, 0, L_T0 + 23 * L_HOUR);
    assert_int_equal(w.out.states[0].used, 650);

    assert_int_equal(l_reserve(&w, L_T0 + 23 * L_HOUR), IG_REFUSED);
    assert_true(w.out.spent);
    assert_int_equal(w.out.limit, 0);
    assert_int_equal(w.out.retry_ns, L_HOUR);

    assert_int_equal(l_reserve(&w, L_T0 + L_DAY - 1), IG_REFUSED);
    assert_int_equal(l_reserve(&w, L_T0 + L_DAY), IG_ADMITTED);
    assert_int_equal(w.out.states[0].used, 600);
    assert_int_equal(w.out.states[0].reset_ns, L_DAY);
    assert_int_equal(w.out.states[1].used, 2);
    r = w.out.reservation;

    /* the day of the estimate is over: only what is beyond it counts */

    l_settle(&w, &r, 700, 10, L_T0 + 2 * L_DAY);
    assert_int_equal(w.out.states[0].used, 110);

    /* back over midnight: the later day goes on counting */

    w.q.amounts.input = 900;
    assert_int_equal(l_reserve(&w, L_T0 + 2 * L_DAY - L_HOUR), IG_REFUSED);

    /* back by a week: what was used stays, until that day ends */

    assert_int_equal(l_reserve(&w, L_T0 - 5 * L_DAY), IG_REFUSED);
    w.q.amounts.input = 90;
    assert_int_equal(l_reserve(&w, L_T0 - 5 * L_DAY), IG_ADMITTED);
    assert_int_equal(w.out.states[0].used, 200);
    assert_int_equal(l_reserve(&w, L_T0 - 4 * L_DAY), IG_ADMITTED);
    assert_int_equal(w.out.states[0].used, 90);

    l_end(&w);
}


static void
test_task(void **state)
{
    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_CALLS, IG_PER_TASK, 0, 2);
    l_start(&w, 100, L_T0);

    assert_int_equal(l_reserve(&w, L_T0), IG_TASK_MISSING);
    assert_int_equal(w.out.limit, 0);

    w.q.task = IG_STR("t1");
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    ig_limit_settle(&w.h, w.limiter, &w.q, &w.out.reservation, &w.q.amounts,
                    L_T0, &w.out);

    /* one more leg is no call more */

    w.q.amounts.requests = 0;
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(w.out.states[0].used, 1);
    ig_limit_settle(&w.h, w.limiter, &w.q, &w.out.reservation, &w.q.amounts,
                    L_T0, &w.out);
    w.q.amounts.requests = 1;

    assert_int_equal(l_reserve(&w, L_T0 + 599 * L_S), IG_ADMITTED);
    ig_limit_settle(&w.h, w.limiter, &w.q, &w.out.reservation, &w.q.amounts,
                    L_T0 + 599 * L_S, &w.out);
    assert_int_equal(w.out.states[0].used, 2);

    assert_int_equal(l_reserve(&w, L_T0 + 600 * L_S), IG_REFUSED);
    assert_true(w.out.spent);
    assert_int_equal(w.out.retry_ns, 599 * L_S);

    w.q.task = IG_STR("t2");
    assert_int_equal(l_reserve(&w, L_T0 + 600 * L_S), IG_ADMITTED);
    w.q.task = IG_STR("t1");
    assert_int_equal(l_reserve(&w, L_T0 + 1199 * L_S), IG_ADMITTED);
    assert_int_equal(w.out.states[0].used, 1);

    l_end(&w);
}


static void
test_slots(void **state)
{
    ig_reservation_t  r;

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_CONCURRENT, IG_PER_NONE, 0, 2);
    l_start(&w, 100, L_T0);

    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    r = w.out.reservation;
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    assert_int_equal(l_reserve(&w, L_T0 + L_DAY), IG_REFUSED);
    assert_int_equal(w.out.retry_ns, L_S);
    assert_false(w.out.spent);

    l_settle(&w, &r, 0, 0, L_T0);
    assert_int_equal(w.out.states[0].used, 1);
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);

    l_end(&w);
}


/* SipHash's own vectors: key 00..0f, data 00..0e and none */

static void
test_siphash(void **state)
{
    uint8_t   bytes[16];
    size_t    i;
    uint64_t  key[2];

    (void) state;

    for (i = 0; i < 16; i++) {
        bytes[i] = (uint8_t) i;
    }

    memcpy(key, bytes, 16);

    assert_true(ig_siphash(key, bytes, 15) == UINT64_C(0xa129ca6149be45e5));
    assert_true(ig_siphash(key, bytes, 0) == UINT64_C(0x726fdb47dd0e0e31));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_long_run),
        cmocka_unit_test(test_rate_clock_back),
        cmocka_unit_test(test_sliding),
        cmocka_unit_test(test_sliding_clock_back),
        cmocka_unit_test(test_calendar),
        cmocka_unit_test(test_task),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_siphash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * A fleet: three nodes, each with a table of its own, and a store that hands
 * out leases; here a few lines that stand for the script in Redis.
 */

#include "limit_helper.h"


#define NODES  3

static l_world_t  nodes[NODES];

/* what the store knows of one counter */
static struct {
    uint64_t  used;
    uint64_t  asked;
} store;


static void
start(ig_limit_kind_t of, ig_limit_per_t per, uint64_t max, uint64_t lease)
{
    size_t      i;
    l_world_t  *w;

    memset(&store, 0, sizeof(store));

    for (i = 0; i < NODES; i++) {
        w = &nodes[i];
        l_init(w);
        (void) l_tenant(w, "a");
        l_limit(w, 0, of, per, 0, max)->lease = lease;
        l_start(w, 200, L_T0);
        ig_limits_fleet(&w->h, true);
    }
}


static void
stop(void)
{
    size_t  i;

    for (i = 0; i < NODES; i++) {
        l_end(&nodes[i]);
    }
}


/* as much as is left, up to `size`, but not less than is wanted */

static void
store_lease(ig_limit_lease_t *lease)
{
    uint64_t  left;

    store.asked++;
    left = lease->burst - ig_min(store.used, lease->burst);
    lease->granted = ig_min(left, lease->size);
    lease->granted = lease->granted < lease->want ? 0 : lease->granted;
    store.used += lease->granted;
    lease->used = store.used;
}


static ig_admission_t
ask(l_world_t *w, uint64_t now)
{
    size_t            i, n;
    ig_limit_lease_t  leases[IG_MAX_LIMITS];

    if (l_reserve(w, now) != IG_LEASE_NEEDED) {
        return w->out.admission;
    }

    assert_int_equal(w->out.reservation.generation, 0);
    n = w->out.nleases;
    assert_true(n > 0);
    memcpy(leases, w->out.leases, n * sizeof(ig_limit_lease_t));

    for (i = 0; i < n; i++) {
        store_lease(&leases[i]);
    }

    ig_limit_grant(&w->h, w->limiter, &w->q, leases, n, now, L_NEVER, &w->out);

    return w->out.admission;
}


/* the nodes name a counter alike, whatever their tables' seeds */

static void
test_same_key(void **state)
{
    (void) state;

    start(IG_LIMIT_TOKENS, IG_PER_DAY, 100, 10);
    nodes[0].q.amounts.input = 1;
    nodes[1].q.amounts.input = 4;
    nodes[1].h.table->seed[0] ^= 1;

    assert_int_equal(l_reserve(&nodes[0], L_T0), IG_LEASE_NEEDED);
    assert_int_equal(l_reserve(&nodes[1], L_T0), IG_LEASE_NEEDED);
    assert_memory_equal(nodes[0].out.leases[0].key, nodes[1].out.leases[0].key,
                        16);
    assert_int_equal(nodes[0].out.leases[0].want, 1);
    assert_int_equal(nodes[0].out.leases[0].size, 10);
    assert_int_equal(nodes[1].out.leases[0].want, 4);
    assert_int_equal(nodes[1].out.leases[0].window_s, L_T0 / L_S);
    assert_int_equal(nodes[1].out.leases[0].expires_s,
                     (L_T0 + L_DAY) / L_S + 1);
    assert_int_equal(nodes[1].out.leases[0].max, 100);

    nodes[1].h.table->seed[0] ^= 1;
    stop();
}


/* leases of 1: exactly max, and what comes back is given out again */

static void
test_exact(void **state)
{
    uint32_t          i, n;
    ig_limit_lease_t  back[8];

    (void) state;

    start(IG_LIMIT_CONCURRENT, IG_PER_NONE, 20, 1);

    for (i = 0, n = 0; i < 60; i++) {
        n += ask(&nodes[i % NODES], L_T0) == IG_ADMITTED;
    }

    assert_int_equal(n, 20);
    assert_int_equal(nodes[2].out.admission, IG_REFUSED);
    assert_int_equal(nodes[2].out.retry_ns, L_S);

    /* one ends on node 0: it lies there at first, and comes back idle */

    n = nodes[0].h.table->owners[0].first;
    nodes[0].out.reservation.slot = n;
    nodes[0].out.reservation.generation
        = ig_cell(nodes[0].h.table, n)->held.generation;
    l_settle(&nodes[0], &nodes[0].out.reservation, 0, 0, L_T0);

    assert_int_equal(ig_limit_returns(&nodes[0].h, back, 8, L_T0 + L_S), 0);
    assert_int_equal(ig_limit_returns(&nodes[0].h, back, 8, L_T0 + 3 * L_S), 1);
    assert_int_equal(back[0].granted, 1);
    assert_int_equal(back[0].want, 0);

    /* the store could not be told: it is the node's again */

    ig_limit_unreturn(&nodes[0].h, back, 1, L_T0 + 3 * L_S);
    assert_int_equal(ig_limit_returns(&nodes[0].h, back, 8, L_T0 + 6 * L_S), 1);
    assert_int_equal(back[0].granted, 1);
    store.used -= back[0].granted;

    assert_int_equal(ask(&nodes[1], L_T0 + 7 * L_S), IG_ADMITTED);
    assert_int_equal(ask(&nodes[0], L_T0 + 7 * L_S), IG_REFUSED);

    stop();
}


/* leases of 50: one round trip for 50, never more than max in all */

static void
test_budget(void **state)
{
    uint32_t          i, n;
    ig_limit_lease_t  back[8];

    (void) state;

    start(IG_LIMIT_TOKENS, IG_PER_DAY, 1000, 50);

    for (i = 0, n = 0; i < 400; i++) {
        nodes[i % NODES].q.amounts.input = 1;
        nodes[i % NODES].q.amounts.output = 4;

        if (ask(&nodes[i % NODES], L_T0) == IG_ADMITTED) {
            n++;
            l_settle(&nodes[i % NODES], &nodes[i % NODES].out.reservation, 1,
                     4, L_T0);
        }
    }

    assert_int_equal(n, 200);
    assert_int_equal(store.used, 1000);

    /* 20 leases; each node once heard that there is no more, and asks no more
       in that moment */

    assert_int_equal(store.asked, 20 + NODES);
    assert_int_equal(ask(&nodes[0], L_T0 + L_S / 10), IG_REFUSED);
    assert_int_equal(store.asked, 20 + NODES + 1);

    /* refused by the budget of all, as the last asked */

    assert_int_equal(ask(&nodes[0], L_T0), IG_REFUSED);
    assert_true(nodes[0].out.spent);
    assert_int_equal(nodes[0].out.retry_ns, L_DAY);
    assert_int_equal(nodes[0].out.states[0].used, 1000);

    /* a new day, and an answer that was longer than estimated */

    store.used = 0;
    assert_int_equal(ask(&nodes[0], L_T0 + L_DAY), IG_ADMITTED);
    l_settle(&nodes[0], &nodes[0].out.reservation, 1, 100, L_T0 + L_DAY);
    assert_int_equal(ig_limit_returns(&nodes[0].h, back, 8, L_T0 + L_DAY), 1);
    assert_int_equal(back[0].want, 101 - 50);
    assert_int_equal(back[0].granted, 0);
    assert_int_equal(back[0].window_s, (L_T0 + L_DAY) / L_S);
    assert_int_equal(ig_limit_returns(&nodes[0].h, back, 8, L_T0 + L_DAY), 0);

    stop();
}


/* a lease of a rate is good for a period, and not for ever */

static void
test_rate(void **state)
{
    uint32_t          i;
    ig_limit_lease_t  back[8];

    (void) state;

    start(IG_LIMIT_REQUESTS, IG_PER_SECOND, 100, 10);

    for (i = 0; i < 5; i++) {
        assert_int_equal(ask(&nodes[0], L_T0), IG_ADMITTED);
    }

    assert_int_equal(store.asked, 1);
    assert_int_equal(ask(&nodes[0], L_T0 + L_S - 1), IG_ADMITTED);
    assert_int_equal(store.asked, 1);
    assert_int_equal(ask(&nodes[0], L_T0 + L_S), IG_ADMITTED);
    assert_int_equal(store.asked, 2);
    assert_int_equal(ig_limit_returns(&nodes[0].h, back, 8, L_T0 + L_MINUTE),
                     0);

    stop();
}


/* without its store a node has a quarter, or nothing */

static void
test_local(void **state)
{
    uint32_t     i;
    ig_quota_t  *quota;

    (void) state;

    start(IG_LIMIT_TOKENS, IG_PER_DAY, 100, 10);
    quota = &nodes[0].tables.tenants[0].quota;
    nodes[0].q.amounts.input = 5;

    ig_limits_local(&nodes[0].h, true);
    assert_int_equal(l_reserve(&nodes[0], L_T0), IG_LEASE_NEEDED);

    quota->without_store = IG_WITHOUT_STORE_LOCAL;

    for (i = 0; i < 5; i++) {
        assert_int_equal(l_reserve(&nodes[0], L_T0), IG_ADMITTED);
        assert_int_equal(nodes[0].out.states[0].max, 25);
    }

    assert_int_equal(l_reserve(&nodes[0], L_T0), IG_REFUSED);

    ig_limits_local(&nodes[0].h, false);
    assert_int_equal(ask(&nodes[0], L_T0), IG_ADMITTED);

    stop();
}


/* what a node owes is told with the next call, however large its table is */

static void
test_owes(void **state)
{
    uint32_t          i, told, n;
    l_world_t        *w;
    ig_limit_lease_t  back[100];

    (void) state;

    w = &nodes[0];
    l_init(w);
    (void) l_tenant(w, "a");
    l_limit(w, 0, IG_LIMIT_TOKENS, IG_PER_DAY, IG_BY_USER, 100)->lease = 1;
    l_start(w, 100000, L_T0);
    ig_limits_fleet(&w->h, true);
    w->q.amounts.input = 1;

    for (i = 0; i < 3000; i++) {
        w->q.user = (ig_str_t) { (const uint8_t *) &i, sizeof(i) };
        memset(&store, 0, sizeof(store));
        assert_int_equal(ask(w, L_T0), IG_ADMITTED);
        l_settle(w, &w->out.reservation, 6, 0, L_T0);

        if (i == 9) {
            assert_int_equal(ig_limit_returns(&w->h, back, 100, L_T0), 10);
            assert_int_equal(back[0].want, 5);
        }
    }

    /* and all of them, when there were too many to be noted */

    for (told = 10; (n = (uint32_t) ig_limit_returns(&w->h, back, 100, L_T0));
         told += n)
    {
        /* void */
    }

    assert_int_equal(told, 3000);
    l_check(w);
    l_end(w);
}


/* leases of before a reset are gone; what is in flight is told anew */

static void
test_reset(void **state)
{
    l_world_t        *w;
    ig_reservation_t  r;
    ig_limit_lease_t  back[8];

    (void) state;

    start(IG_LIMIT_TOKENS, IG_PER_DAY, 100, 50);
    w = &nodes[0];
    w->q.amounts.output = 20;
    assert_int_equal(ask(w, L_T0), IG_ADMITTED);
    r = w->out.reservation;

    assert_int_equal(ig_limit_reset(&w->h, w->limiter, 0, 0, L_T0), 1);
    store.used = 0;
    assert_int_equal(l_reserve(w, L_T0), IG_LEASE_NEEDED);
    assert_int_equal(w->out.leases[0].want, 20);
    assert_int_equal(w->out.leases[0].tag, ig_limit_tag(w->limiter, 0, 0));

    assert_int_equal(ig_limit_returns(&w->h, back, 8, L_T0), 1);
    assert_int_equal(back[0].want, 20);
    assert_int_equal(back[0].granted, 0);
    assert_int_equal(back[0].tag, ig_limit_tag(w->limiter, 0, 0));

    l_settle(w, &r, 5, 0, L_T0);
    assert_int_equal(ig_limit_returns(&w->h, back, 8, L_T0 + 3 * L_S), 1);
    assert_int_equal(back[0].granted, 15);

    stop();
}


/* what was leased in a window that is over is not good in the next */

static void
test_late(void **state)
{
    l_world_t         *w;
    ig_reservation_t   r;
    ig_limit_lease_t   back[8];
    static const uint64_t  next = L_T0 + L_DAY;

    (void) state;

    start(IG_LIMIT_TOKENS, IG_PER_DAY, 100, 1);
    w = &nodes[0];
    w->q.amounts.output = 40;
    assert_int_equal(ask(w, L_T0), IG_ADMITTED);
    r = w->out.reservation;

    w->q.amounts.output = 1;
    store.used = 0;
    assert_int_equal(ask(w, next), IG_ADMITTED);
    l_settle(w, &r, 0, 0, next);
    assert_int_equal(ig_limit_returns(&w->h, back, 8, next + 3 * L_S), 0);

    stop();
}


/* what an audited limit has is its own; it asks nobody */

static void
test_audit(void **state)
{
    (void) state;

    start(IG_LIMIT_TOKENS, IG_PER_DAY, 100, 10);
    nodes[0].limits[0][0].audit = true;
    nodes[0].q.amounts.input = 101;
    assert_int_equal(l_reserve(&nodes[0], L_T0), IG_ADMITTED);
    assert_int_equal(nodes[0].out.would, 0);

    /* a request that is larger than the limit needs no round trip */

    nodes[1].q.amounts.input = 101;
    assert_int_equal(l_reserve(&nodes[1], L_T0), IG_REFUSED);
    assert_true(nodes[1].out.never);

    stop();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_same_key),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_rate),
        cmocka_unit_test(test_local),
        cmocka_unit_test(test_owes),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_audit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

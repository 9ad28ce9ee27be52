/*
 * The table when it is full, and its snapshots.
 */

#include "limit_helper.h"


static l_world_t  w;


static ig_admission_t
as_user(unsigned n, uint64_t now)
{
    static char  user[24];

    (void) snprintf(user, sizeof(user), "user%u", n);
    w.q.user = ig_str_from_c(user);

    return l_reserve(&w, now);
}


static void
test_sizes(void **state)
{
    size_t             n;
    uint8_t           *memory;
    ig_limit_table_t  *t;

    (void) state;

    n = ig_limit_table_min();
    memory = calloc(1, n + 100000);
    assert_non_null(memory);

    assert_int_equal(ig_limit_table_init(memory, n - 1, l_seed), IG_LIMIT);
    assert_false(ig_limit_table_known(memory, n));
    assert_int_equal(ig_limit_table_init(memory, n, l_seed), IG_OK);
    assert_true(ig_limit_table_known(memory, n));
    assert_false(ig_limit_table_known(memory, n + 1));

    t = (ig_limit_table_t *) memory;
    assert_int_equal(t->ncells, 64);

    for (n = ig_limit_table_min(); n < ig_limit_table_min() + 100000; n += 999)
    {
        assert_int_equal(ig_limit_table_init(memory, n, l_seed), IG_OK);
        assert_true(t->cells_at + t->ncells * 128ull <= n);
        assert_true(ig_limit_table_size(t->ncells) <= n);
        assert_true(ig_limit_table_size(t->ncells + 1u) > n);
        assert_null(limit_check(t));
    }

    free(memory);
}


/* budgets of made-up users: never evicted, and not all of the table */

static void
test_full(void **state)
{
    unsigned          i, n;
    ig_limit_stats_t  stats;

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "hostile");
    (void) l_tenant(&w, "other");
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_DAY, IG_BY_USER, 100);
    (void) l_limit(&w, 1, IG_LIMIT_TOKENS, IG_PER_DAY, 0, 100);
    l_start(&w, 400, L_T0);

    w.q.amounts.input = 1;

    for (n = 0; as_user(n, L_T0) == IG_ADMITTED; n++) {
        assert_true(n < 400);
        l_settle(&w, &w.out.reservation, 1, 0, L_T0);
    }

    assert_int_equal(w.out.admission, IG_TABLE_FULL);
    assert_int_equal(n, 150);

    /* known users go on, others have room */

    assert_int_equal(as_user(3, L_T0), IG_ADMITTED);
    l_settle(&w, &w.out.reservation, 1, 0, L_T0);
    w.q.tenant = 1;
    assert_int_equal(l_reserve(&w, L_T0), IG_ADMITTED);
    l_settle(&w, &w.out.reservation, 1, 0, L_T0);
    l_check(&w);

    ig_limit_stats(&w.h, &stats);
    assert_int_equal(stats.full, 1);
    assert_int_equal(stats.evicted, 0);
    assert_int_equal(stats.counters, 151);

    /* the next day all of it can go */

    w.q.tenant = 0;

    for (i = 1000; i < 1400; i++) {
        assert_int_equal(as_user(i, L_T0 + L_DAY), IG_ADMITTED);
        w.q.amounts.input = 0;
        l_settle(&w, &w.out.reservation, 0, 0, L_T0 + L_DAY);
        w.q.amounts.input = 1;

        if (i % 100 == 99) {
            assert_int_equal(ig_limit_reset(&w.h, w.limiter, 0, IG_NONE,
                                            L_T0 + L_DAY), 150);
            l_check(&w);
            break;
        }
    }

    ig_limit_stats(&w.h, &stats);
    assert_true(stats.evicted >= 100);

    l_end(&w);
}


/* counters with something in flight stay; those that have recovered go */

static void
test_evict(void **state)
{
    unsigned          i;
    ig_limit_stats_t  stats;
    ig_reservation_t  r;

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_REQUESTS, IG_PER_SECOND, IG_BY_USER, 1);
    l_start(&w, 100, L_T0);

    assert_int_equal(as_user(0, L_T0), IG_ADMITTED);
    r = w.out.reservation;

    for (i = 1; i < 5000; i++) {
        assert_int_equal(as_user(i, L_T0 + i * L_S / 20), IG_ADMITTED);
        l_settle(&w, &w.out.reservation, 0, 0, L_T0 + i * L_S / 20);
    }

    l_check(&w);
    ig_limit_stats(&w.h, &stats);
    assert_true(stats.evicted > 4900);

    l_settle(&w, &r, 0, 0, L_T0 + 250 * L_S);
    assert_int_equal(w.out.nstates, 1);

    /* a tick leaves nothing that has recovered */

    for (i = 0; i < 10; i++) {
        ig_limits_tick(&w.h, L_T0 + 300 * L_S);
    }

    ig_limit_stats(&w.h, &stats);
    assert_int_equal(stats.counters, 0);
    assert_int_equal(stats.cells_free, stats.cells);

    /* as many at once as there is room for; the rest is refused */

    for (i = 0; as_user(i, L_T0 + 300 * L_S) == IG_ADMITTED; i++) {
        /* void */
    }

    assert_int_equal(w.out.admission, IG_TABLE_FULL);
    assert_in_range(i, 30, 37);

    l_end(&w);
}


static size_t
save_all(ig_limits_t *h, uint8_t *out, size_t max, size_t piece, uint64_t now)
{
    size_t    n, len;
    uint64_t  cursor;

    cursor = 0;
    n = 0;

    for ( ;; ) {
        assert_true(max - n >= piece);
        len = ig_limit_save(h, &cursor, out + n, piece, now);

        if (len == 0) {
            return n;
        }

        n += len;
    }
}


static void
world_of_snapshots(size_t cells)
{
    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_DAY, 0, 100000);
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_HOUR, IG_BY_USER, 500);
    (void) l_limit(&w, 0, IG_LIMIT_REQUESTS, IG_PER_HOUR, IG_BY_USER, 7);
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_TASK, 0, 500);
    (void) l_limit(&w, 0, IG_LIMIT_CONCURRENT, IG_PER_NONE, 0, 1000);
    l_start(&w, cells, L_T0);
    w.q.task = IG_STR("t");
}


static void
test_snapshot(void **state)
{
    size_t            n, i, piece;
    uint8_t           *file;

    (void) state;

    file = malloc(1 << 20);
    assert_non_null(file);
    world_of_snapshots(2000);

    for (i = 0; i < 50; i++) {
        w.q.amounts.input = 2;
        w.q.amounts.output = 3;
        w.q.task = i % 2 ? IG_STR("t1") : IG_STR("t2");
        assert_int_equal(as_user((unsigned) i % 10, L_T0 + i), IG_ADMITTED);

        if (i >= 5) {
            l_settle(&w, &w.out.reservation, 2, 1, L_T0 + i);
        }
    }

    for (piece = IG_LIMIT_PIECE_MIN; piece <= 1 << 16; piece *= 4) {
        n = save_all(&w.h, file, 1 << 20, piece, L_T0 + L_S);
    }

    n = save_all(&w.h, file, 1 << 20, IG_LIMIT_PIECE_MIN, L_T0 + L_S);
    l_end(&w);

    world_of_snapshots(500);
    assert_int_equal(ig_limit_restore(&w.h, (ig_str_t) { file, n },
                                      L_T0 + 2 * L_S), IG_OK);
    l_check(&w);

    /* 45 settled with 3; of 5 in flight the input, and all in the hour */

    w.q.amounts = (ig_amounts_t) { 0, 0, 0, 0, 0 };
    w.q.task = IG_STR("t1");
    assert_int_equal(as_user(0, L_T0 + 2 * L_S), IG_ADMITTED);
    assert_int_equal(w.out.states[0].used, 45 * 3 + 5 * 2);
    assert_int_equal(w.out.states[1].used, 4 * 3 + 5);
    assert_int_equal(w.out.states[2].used, 5);
    assert_int_equal(w.out.states[3].used, 23 * 3 + 2 * 2);
    assert_int_equal(w.out.states[4].used, 1);
    l_settle(&w, &w.out.reservation, 0, 0, L_T0 + 2 * L_S);
    l_end(&w);

    /* what is over is not taken */

    world_of_snapshots(500);
    assert_int_equal(ig_limit_restore(&w.h, (ig_str_t) { file, n },
                                      L_T0 + 2 * L_DAY), IG_OK);
    assert_int_equal(w.h.table->ncounters, 0);
    l_end(&w);

    /* no room for all: budgets come first */

    world_of_snapshots(64);
    assert_int_equal(w.h.table->ncells, 64);
    assert_int_equal(ig_limit_restore(&w.h, (ig_str_t) { file, n },
                                      L_T0 + 2 * L_S), IG_OK);
    w.q.task = IG_STR("t2");
    w.q.amounts.requests = 0;
    assert_int_equal(as_user(0, L_T0 + 2 * L_S), IG_ADMITTED);
    assert_int_equal(w.out.states[0].used, 45 * 3 + 5 * 2);
    assert_int_equal(w.out.states[3].used, 22 * 3 + 3 * 2);
    l_end(&w);

    /* torn, mixed or changed anywhere: nothing is taken */

    world_of_snapshots(500);

    for (i = 0; i < n; i += 7) {
        assert_int_equal(ig_limit_restore(&w.h, (ig_str_t) { file, i },
                                          L_T0), IG_ERROR);
        file[i] ^= 0x10;
        assert_int_equal(ig_limit_restore(&w.h, (ig_str_t) { file, n },
                                          L_T0), IG_ERROR);
        file[i] ^= 0x10;
    }

    assert_int_equal(ig_limit_restore(&w.h, (ig_str_t) { file, n - 1 }, L_T0),
                     IG_ERROR);
    assert_int_equal(w.h.table->ncounters, 0);
    l_end(&w);

    free(file);
}


/* budgets that do not fit are told */

static void
test_snapshot_too_large(void **state)
{
    size_t    n, i;
    uint8_t  *file;

    (void) state;

    file = malloc(1 << 20);
    assert_non_null(file);

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_MONTH, IG_BY_USER, 500);
    l_start(&w, 2000, L_T0);
    w.q.amounts.input = 2;

    for (i = 0; i < 300; i++) {
        assert_int_equal(as_user((unsigned) i, L_T0), IG_ADMITTED);
    }

    n = save_all(&w.h, file, 1 << 20, 4096, L_T0);
    l_end(&w);

    l_init(&w);
    (void) l_tenant(&w, "a");
    l_start(&w, 100, L_T0);
    assert_int_equal(ig_limit_restore(&w.h, (ig_str_t) { file, n }, L_T0),
                     IG_LIMIT);
    assert_true(w.h.table->ncounters > 30);
    l_end(&w);

    free(file);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_evict),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_snapshot_too_large),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

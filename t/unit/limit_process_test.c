/*
 * Many processes at one table: K are admitted, neither more nor fewer; and a
 * process that is killed at any moment leaves a table that is whole.
 */

#include "limit_helper.h"

#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>


#define CRASH_SECONDS  12          /* at most, for all rounds */
#define CRASH_ROUNDS   3000

/* as ngx_shmtx: the word holds the pid, so that it can be taken from the dead */

typedef struct {
    uint32_t  word;
    uint32_t  admitted;
    uint64_t  turns;
} shared_t;

static l_world_t   w;
static shared_t   *shared;


static void
spin_lock(void *ctx)
{
    uint32_t   was;
    shared_t  *s = ctx;

    for ( ;; ) {
        was = 0;

        if (__atomic_load_n(&s->word, __ATOMIC_RELAXED) == 0
            && __atomic_compare_exchange_n(&s->word, &was,
                                           (uint32_t) getpid(), false,
                                           __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        {
            return;
        }

        (void) sched_yield();
    }
}


static void
spin_unlock(void *ctx)
{
    shared_t  *s = ctx;

    __atomic_store_n(&s->word, 0, __ATOMIC_RELEASE);
}


/* what the master does for a dead worker */

static bool
spin_force(pid_t pid)
{
    uint32_t  was = (uint32_t) pid;

    return __atomic_compare_exchange_n(&shared->word, &was, 0, false,
                                       __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}


static void
start(size_t cells)
{
    size_t           size;
    uint8_t         *memory;
    ig_limit_lock_t  lock;

    size = ig_limit_table_size(cells);
    memory = mmap(NULL, size + 4096, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(memory != MAP_FAILED);

    shared = (shared_t *) memory;
    lock = (ig_limit_lock_t) { shared, spin_lock, spin_unlock };
    l_start_in(&w, memory + 4096, size, &lock, L_T0);
}


static void
stop(void)
{
    size_t    size;
    uint8_t  *memory;

    size = w.size;
    memory = w.memory;
    w.memory = NULL;
    l_end(&w);
    assert_int_equal(munmap(memory - 4096, size + 4096), 0);
}


static void
open_child(void)
{
    ig_limits_t  h;

    if (ig_limits_open(&h, w.memory, &w.h.lock, (uint32_t) getpid(), 7, L_T0)
        != IG_OK)
    {
        _exit(3);
    }

    w.h = h;
}


static void
wait_all(const pid_t *pids, size_t n)
{
    int     status;
    size_t  i;

    for (i = 0; i < n; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
    }
}


/* 8 processes ask 5000 times each for one of 10,007 */

static void
test_exactly_k(void **state)
{
    size_t    i, j;
    pid_t     pids[8];
    uint32_t  n;

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_REQUESTS, IG_PER_DAY, 0, 10007);
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_MONTH, IG_BY_MODEL,
                   1000000);
    start(50000);

    w.q.amounts.input = 3;

    for (i = 0; i < 8; i++) {
        pids[i] = fork();

        if (pids[i] == 0) {
            open_child();

            for (j = 0, n = 0; j < 5000; j++) {

                if (l_reserve(&w, L_T0 + j) == IG_ADMITTED) {
                    n++;
                    l_settle(&w, &w.out.reservation, 2, 0, L_T0 + j);
                }
            }

            __atomic_fetch_add(&shared->admitted, n, __ATOMIC_SEQ_CST);
            ig_limits_close(&w.h, L_T0);
            _exit(0);
        }

        assert_true(pids[i] > 0);
    }

    wait_all(pids, 8);

    assert_int_equal(shared->admitted, 10007);
    assert_int_equal(l_reserve(&w, L_T0), IG_REFUSED);
    assert_int_equal(w.out.states[0].used, 10007);
    assert_int_equal(w.out.states[1].used, 20014);

    stop();
}


/*
 * A victim does everything that changes the table, for tenants whose counters
 * come and go, and is killed somewhere in it.
 */

static void
victim(uint32_t seed)
{
    static char        user[16];
    uint32_t           i, held;
    uint64_t           now;
    ig_reservation_t   r[8];
    ig_limit_lease_t   back[4];

    open_child();
    memset(r, 0, sizeof(r));

    for (i = 0, held = 0; /* void */ ; i++) {
        seed = seed * 1664525 + 1013904223;
        now = L_T0 + (uint64_t) i * L_S / 4;

        (void) snprintf(user, sizeof(user), "u%u", (seed >> 8) % 200);
        w.q.user = ig_str_from_c(user);
        w.q.task = ig_str_from_c(user);
        w.q.amounts.input = (seed >> 16) % 50;
        w.q.amounts.output = (seed >> 20) % 50;

        held = (seed >> 28) % 8;

        if (r[held].generation) {
            l_settle(&w, &r[held], seed % 70, seed % 90, now);

        } else if (l_reserve(&w, now) == IG_ADMITTED) {
            r[held] = w.out.reservation;
        }

        if (i % 64 == 63) {
            ig_limits_tick(&w.h, now);
            (void) ig_limit_returns(&w.h, back, 4, now);
            (void) ig_limit_reset(&w.h, w.limiter, 0, seed % 6, now);
        }

        shared->turns++;
    }
}


static uint64_t
clock_ns(void)
{
    struct timespec  t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);

    return (uint64_t) t.tv_sec * L_S + (uint64_t) t.tv_nsec;
}


static void
test_killed_anywhere(void **state)
{
    int               status;
    pid_t             pid;
    uint32_t          i, seed, inside;
    uint64_t          begin, until;
    const char       *why;
    ig_limit_stats_t  stats;
    ig_limit_owner_t  owner;

    (void) state;

    l_init(&w);
    (void) l_tenant(&w, "a");
    (void) l_limit(&w, 0, IG_LIMIT_REQUESTS, IG_PER_SECOND, IG_BY_USER, 100);
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_MINUTE, IG_BY_USER, 5000);
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_DAY, 0, IG_LIMIT_MAX_TOKENS);
    (void) l_limit(&w, 0, IG_LIMIT_TOKENS_OUT, IG_PER_TASK, 0, 2000);
    (void) l_limit(&w, 0, IG_LIMIT_CONCURRENT, IG_PER_NONE, 0, 8);
    (void) l_limit(&w, 0, IG_LIMIT_CONCURRENT, IG_PER_NONE, IG_BY_MODEL, 8);
    start(300);

    seed = 1;
    inside = 0;
    begin = clock_ns();

    for (i = 0; i < CRASH_ROUNDS
                && clock_ns() - begin < CRASH_SECONDS * L_S; i++)
    {
        seed = seed * 1664525 + 1013904223;
        pid = fork();

        if (pid == 0) {
            victim(seed);
        }

        assert_true(pid > 0);

        until = clock_ns() + 200000 + (seed >> 12) % 1500000;

        while (clock_ns() < until) {
            (void) sched_yield();
        }

        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));

        inside += spin_force(pid);

        /* the next locker puts it right, and the dead one's slots are free */

        ig_limit_stats(&w.h, &stats);
        why = limit_check(w.h.table);

        if (why) {
            fail_msg("round %u: %s", i, why);
        }

        assert_int_equal(ig_limits_owners(&w.h, &owner, 1), 1);
        owner = (ig_limit_owner_t) { 1, (uint32_t) pid, 7, 0 };
        ig_limits_owner_gone(&w.h, &owner, L_T0 + L_HOUR);

        ig_limit_stats(&w.h, &stats);
        assert_int_equal(stats.reservations, 0);
    }

    why = limit_check(w.h.table);

    if (why) {
        fail_msg("%s", why);
    }

    print_message("%u killed, %u holding the lock, %lu half-done changes "
                  "undone, %lu turns\n", i, inside,
                  (unsigned long) stats.repaired,
                  (unsigned long) shared->turns);
    assert_true(i >= 100);
    assert_true(inside > 0);
    assert_true(stats.repaired > 0);

    /* 8 slots are 8 slots still */

    w.q.user = IG_STR("after");
    w.q.task = IG_STR("after");
    w.q.amounts.input = 1;
    w.q.amounts.output = 1;

    for (i = 0; i < 8; i++) {
        assert_int_equal(l_reserve(&w, L_T0 + L_DAY), IG_ADMITTED);
    }

    assert_int_equal(l_reserve(&w, L_T0 + L_DAY), IG_REFUSED);

    stop();
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_exactly_k),
        cmocka_unit_test(test_killed_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

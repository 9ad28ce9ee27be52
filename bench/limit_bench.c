/*
 * What limits cost: a reservation and its settlement, uncontended, refused, and
 * with 8 processes on one tenant; a million tenants; bytes a tenant.
 *
 *     limit_bench [milliseconds a line, 200 by default] [tenants, 1000000]
 */

#include <inference_guard/calendar.h>
#include <inference_guard/limit.h>

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>


#define T0         (UINT64_C(1736899200) * 1000000000)
#define PROCESSES  8
#define SPIN       2048        /* as NGINX's zones */

typedef struct {
    uint32_t  word;
    uint32_t  go;
    uint64_t  pairs[PROCESSES];
} shared_t;

typedef struct {
    ig_policy_t          policy;
    ig_tenant_t         *tenants;
    ig_limit_t           limits[4];
    ig_limiter_t        *limiter;
    ig_limits_t          h;
    ig_countries_t       jurisdictions;
    ig_limit_request_t   q;
    ig_limit_result_t    out;
    shared_t            *shared;
    size_t               size;
} bench_t;


static double
now(void)
{
    struct timespec  t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);

    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}


/* as ngx_shmtx_lock() without semaphores */

static void
spin_lock(void *ctx)
{
    long       i, n;
    uint32_t   was;
    shared_t  *s = ctx;

    static uint32_t  pid;

    pid = pid ? pid : (uint32_t) getpid();

    for ( ;; ) {
        was = 0;

        if (__atomic_load_n(&s->word, __ATOMIC_RELAXED) == 0
            && __atomic_compare_exchange_n(&s->word, &was, pid, false,
                                           __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
        {
            return;
        }

        for (n = 1; n < SPIN; n <<= 1) {

            for (i = 0; i < n; i++) {
#if defined(__x86_64__)
                __builtin_ia32_pause();
#endif
            }

            was = 0;

            if (__atomic_load_n(&s->word, __ATOMIC_RELAXED) == 0
                && __atomic_compare_exchange_n(&s->word, &was, pid, false,
                                               __ATOMIC_ACQUIRE,
                                               __ATOMIC_RELAXED))
            {
                return;
            }
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


static void
limit(bench_t *b, unsigned n, const char *name, ig_limit_kind_t of,
    ig_limit_per_t per, ig_limit_algorithm_t algorithm, unsigned by)
{
    ig_limit_t  *l;

    l = &b->limits[n];
    l->name.data = (const uint8_t *) name;
    l->name.len = strlen(name);
    l->of = of;
    l->per = per;
    l->algorithm = algorithm;
    l->by = by;
    l->max = IG_LIMIT_MAX_REQUESTS;
    l->burst = IG_LIMIT_MAX_BURST;
    l->batch = IG_SHARE_ALL;
    l->lease = 1;
}


/* requests a second; tokens a minute; cost a month; concurrent */

static void
setup(bench_t *b, size_t tenants, size_t nlimits, unsigned by, size_t cells)
{
    char             *name;
    size_t            i, head;
    uint8_t          *memory;
    ig_limit_lock_t   lock;

    static const uint8_t  seed[16] = "0123456789abcde";

    memset(b, 0, sizeof(*b));

    limit(b, 0, "requests/second", IG_LIMIT_REQUESTS, IG_PER_SECOND,
          IG_ALGORITHM_GCRA, 0);
    limit(b, 1, "tokens/minute", IG_LIMIT_TOKENS, IG_PER_MINUTE,
          IG_ALGORITHM_SLIDING, by);
    limit(b, 2, "cost USD/month", IG_LIMIT_COST, IG_PER_MONTH,
          IG_ALGORITHM_CALENDAR, 0);
    limit(b, 3, "concurrent", IG_LIMIT_CONCURRENT, IG_PER_NONE,
          IG_ALGORITHM_SLOTS, 0);
    b->limits[0].max = 4000000;
    b->limits[1].max = IG_LIMIT_MAX_TOKENS;
    b->limits[2].max = IG_LIMIT_MAX_COST;

    b->tenants = calloc(tenants, sizeof(ig_tenant_t));
    name = malloc(tenants * 16);

    if (b->tenants == NULL || name == NULL) {
        exit(2);
    }

    for (i = 0; i < tenants; i++) {
        b->tenants[i].name.data = (const uint8_t *) name + i * 16;
        b->tenants[i].name.len = (size_t) sprintf(name + i * 16, "tenant%zu",
                                                  i);
        b->tenants[i].id = i * UINT64_C(0x9e3779b97f4a7c15);
        b->tenants[i].quota.limits = b->limits;
        b->tenants[i].quota.nlimits = nlimits;
        b->tenants[i].quota.zone = ig_zone_utc();
        b->tenants[i].quota.task_ttl_s = 600;
    }

    b->policy.tenants = b->tenants;
    b->policy.ntenants = tenants;
    b->limiter = ig_limiter_compile(&b->policy);

    head = 4096;
    b->size = ig_limit_table_size(cells);
    memory = mmap(NULL, b->size + head, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (b->limiter == NULL || memory == MAP_FAILED) {
        exit(2);
    }

    b->shared = (shared_t *) memory;
    lock = (ig_limit_lock_t) { memory, spin_lock, spin_unlock };

    if (ig_limit_table_init(memory + head, b->size, seed) != IG_OK
        || ig_limits_open(&b->h, memory + head, &lock, (uint32_t) getpid(), 1,
                          T0) != IG_OK)
    {
        exit(2);
    }

    b->jurisdictions = ig_countries_none();
    b->q.jurisdictions = &b->jurisdictions;
    b->q.model = IG_STR("gpt-4o-mini");
    b->q.amounts = (ig_amounts_t) { 1, 1000, 500, 900000, 300000 };
}


static void
teardown(bench_t *b)
{
    ig_limits_close(&b->h, T0);
    ig_limiter_free(b->limiter);
    free((void *) (uintptr_t) b->tenants[0].name.data);
    free(b->tenants);
    (void) munmap(b->shared, b->size + 4096);
}


static void
pair(bench_t *b, uint64_t at)
{
    ig_amounts_t      actual = { 1, 1010, 120, 500000, 300000 };
    ig_reservation_t  r;

    ig_limit_reserve(&b->h, b->limiter, &b->q, at, at + 60000000000, &b->out);

    if (b->out.admission != IG_ADMITTED) {
        fprintf(stderr, "not admitted: %d\n", b->out.admission);
        exit(1);
    }

    r = b->out.reservation;
    ig_limit_settle(&b->h, b->limiter, &b->q, &r, &actual, at, &b->out);
}


static void
measure_alone(const char *what, size_t nlimits, unsigned by, double seconds)
{
    size_t    i;
    double    begin, took, best;
    bench_t   b;
    uint64_t  at;

    setup(&b, 1, nlimits, by, 1000);

    at = T0;
    best = 1e9;

    for (begin = now(); now() - begin < seconds; /* void */ ) {
        took = now();

        for (i = 0; i < 1000; i++, at += 1000) {
            pair(&b, at);
        }

        took = (now() - took) / 1000;
        best = took < best ? took : best;
    }

    printf("%-44s %9.3f us\n", what, best * 1e6);
    teardown(&b);
}


static void
measure_refused(double seconds)
{
    size_t   i;
    double   begin, took, best;
    bench_t  b;

    setup(&b, 1, 4, 0, 1000);
    b.limits[3].max = 1;
    ig_limit_reserve(&b.h, b.limiter, &b.q, T0, UINT64_MAX, &b.out);
    best = 1e9;

    for (begin = now(); now() - begin < seconds; /* void */ ) {
        took = now();

        for (i = 0; i < 1000; i++) {
            ig_limit_reserve(&b.h, b.limiter, &b.q, T0, UINT64_MAX, &b.out);

            if (b.out.admission != IG_REFUSED) {
                exit(1);
            }
        }

        took = (now() - took) / 1000;
        best = took < best ? took : best;
    }

    printf("%-44s %9.3f us\n", "a refusal, 4 limits", best * 1e6);
    teardown(&b);
}


static void
measure_together(size_t nlimits, double seconds)
{
    int       i, j, status;
    double    begin, took;
    pid_t     pid;
    bench_t   b;
    uint64_t  n, at;

    setup(&b, 1, nlimits, 0, 10000);
    (void) fflush(stdout);

    for (i = 0; i < PROCESSES; i++) {
        pid = fork();

        if (pid != 0) {
            continue;
        }

        if (ig_limits_open(&b.h, b.h.table, &b.h.lock, (uint32_t) getpid(), 1,
                           T0) != IG_OK)
        {
            _exit(2);
        }

        while (__atomic_load_n(&b.shared->go, __ATOMIC_ACQUIRE) == 0) {
            (void) sched_yield();
        }

        for (n = 0; __atomic_load_n(&b.shared->go, __ATOMIC_RELAXED) == 1;
             n += 100)
        {
            at = T0 + (uint64_t) (now() * 1e9);

            for (j = 0; j < 100; j++) {
                pair(&b, at);
            }
        }

        b.shared->pairs[i] = n;
        _exit(0);
    }

    begin = now();
    __atomic_store_n(&b.shared->go, 1, __ATOMIC_RELEASE);

    while (now() - begin < seconds) {
        (void) usleep(1000);
    }

    __atomic_store_n(&b.shared->go, 2, __ATOMIC_RELEASE);
    took = now() - begin;

    for (i = 0; i < PROCESSES; i++) {
        if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status)) {
            exit(1);
        }
    }

    for (i = 0, n = 0; i < PROCESSES; i++) {
        n += b.shared->pairs[i];
    }

    printf("%d processes, one tenant, %zu limit%s %23.2f M pairs/s\n",
           PROCESSES, nlimits, nlimits == 1 ? " " : "s",
           (double) n / took / 1e6);
    teardown(&b);
}


/* all tenants once, then once more in another order */

static void
measure_tenants(size_t tenants, size_t nlimits, unsigned by)
{
    size_t            i, cells;
    double            first, again;
    bench_t           b;
    ig_limit_stats_t  s;

    cells = tenants * (nlimits + (nlimits > 1) * (by ? 2u : 1u)) + 1000;

    setup(&b, tenants, nlimits, by, cells);
    first = now();

    for (i = 0; i < tenants; i++) {
        b.q.tenant = (uint32_t) i;
        pair(&b, T0);
    }

    first = (now() - first) / (double) tenants;
    again = now();

    for (i = 0; i < tenants; i++) {
        b.q.tenant = (uint32_t) (i * 7919 % tenants);
        pair(&b, T0 + 1000000000);
    }

    again = (now() - again) / (double) tenants;
    ig_limit_stats(&b.h, &s);

    if (s.evicted || s.counters != tenants * nlimits) {
        fprintf(stderr, "counters were evicted\n");
        exit(1);
    }

    printf("%zu tenants, %zu limit%s%-10s %6.0f bytes each %8.0f MB "
           "%6.2f us new %6.2f us\n", tenants, nlimits,
           nlimits == 1 ? " " : "s", by ? " (one by)" : "",
           (double) b.size / (double) tenants, (double) b.size / 1e6,
           first * 1e6, again * 1e6);
    teardown(&b);
}


int
main(int argc, char **argv)
{
    size_t  tenants;
    double  seconds;

    seconds = (argc > 1 ? atof(argv[1]) : 200) / 1e3;
    tenants = argc > 2 ? (size_t) atol(argv[2]) : 1000000;

    measure_alone("reserve and settle, requests/second", 1, 0, seconds);
    measure_alone("  and tokens/minute", 2, 0, seconds);
    measure_alone("  and cost/month, concurrent: 4 limits", 4, 0, seconds);
    measure_alone("  4 limits, one of them by model", 4, IG_BY_MODEL,
                  seconds);
    measure_refused(seconds);
    measure_together(1, seconds * 2);
    measure_together(4, seconds * 2);
    measure_tenants(tenants, 1, 0);
    measure_tenants(tenants, 2, 0);
    measure_tenants(tenants, 4, 0);
    measure_tenants(tenants, 4, IG_BY_MODEL);

    return 0;
}

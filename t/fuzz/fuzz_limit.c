/*
 * libFuzzer: any order of reservations, settlements, deaths, clock steps,
 * resets, leases, snapshots and kills leaves a table that is whole, and no
 * enforced limit is ever over its maximum by what it admitted.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined ... fuzz_limit.c
 *
 * The first byte is the size of the table, then four bytes are an operation:
 * what, for whom, how much, when.
 */

#include "../unit/limit_check.h"

#include <inference_guard/calendar.h>

#include <stdio.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define LIMITS   7
#define TENANTS  2
#define HELD     16
#define HANDLES  2
#define START    (UINT64_C(1736899200) * IG_SECOND)

typedef struct {
    ig_reservation_t    r;
    ig_limit_request_t  q;
    uint8_t             handle;
} flight_t;

static ig_policy_t     policy;
static ig_tenant_t     tenants[TENANTS];
static ig_endpoint_t   endpoint;
static ig_limit_t      limits[LIMITS];
static ig_limiter_t   *limiter;
static ig_countries_t  countries[4];

static const ig_limit_t  shapes[LIMITS] = {
    { .of = IG_LIMIT_REQUESTS, .per = IG_PER_SECOND, .max = 7, .burst = 9,
      .algorithm = IG_ALGORITHM_GCRA, .by = IG_BY_KEY },
    { .of = IG_LIMIT_TOKENS, .per = IG_PER_MINUTE, .max = 900,
      .algorithm = IG_ALGORITHM_SLIDING },
    { .of = IG_LIMIT_TOKENS_OUT, .per = IG_PER_HOUR, .max = 5000,
      .algorithm = IG_ALGORITHM_SLIDING, .by = IG_BY_MODEL },
    { .of = IG_LIMIT_TOKENS, .per = IG_PER_DAY, .max = 20000,
      .algorithm = IG_ALGORITHM_CALENDAR, .by = IG_BY_JURISDICTION },
    { .of = IG_LIMIT_COST, .per = IG_PER_MONTH, .max = 1000, .audit = true,
      .algorithm = IG_ALGORITHM_CALENDAR },
    { .of = IG_LIMIT_CALLS, .per = IG_PER_TASK, .max = 4,
      .algorithm = IG_ALGORITHM_TASK, .by = IG_BY_TASK },
    { .of = IG_LIMIT_CONCURRENT, .per = IG_PER_NONE, .max = 3,
      .algorithm = IG_ALGORITHM_SLOTS, .by = IG_BY_USER },
};


static void
check(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


static void
whole(const ig_limits_t *h)
{
    const char  *why;

    why = limit_check(h->table);
    check(why == NULL, why ? why : "");
}


static void
no_lock(void *ctx)
{
    (void) ctx;
}


static void
setup(void)
{
    size_t  i;

    static const char *const  names[] = { "one", "two" };
    static char               limit[LIMITS][8];

    for (i = 0; i < LIMITS; i++) {
        limits[i] = shapes[i];
        (void) snprintf(limit[i], sizeof(limit[i]), "limit%zu", i);
        limits[i].name = ig_str_from_c(limit[i]);
        limits[i].batch = 700;
        limits[i].lease = 1 + 3 * (i % 3);
    }

    for (i = 0; i < TENANTS; i++) {
        tenants[i].name = ig_str_from_c(names[i]);
        tenants[i].id = i + 1;
        tenants[i].quota.limits = limits;
        tenants[i].quota.nlimits = i == 0 ? LIMITS : LIMITS - 2;
        tenants[i].quota.zone = ig_zone_utc();
        tenants[i].quota.task_ttl_s = 60;
        tenants[i].quota.local_share = 300;
        tenants[i].quota.without_store = i == 0 ? IG_WITHOUT_STORE_LOCAL
                                                : IG_WITHOUT_STORE_DENY;
    }

    endpoint.name = IG_STR("e");
    policy.tenants = tenants;
    policy.ntenants = TENANTS;
    policy.endpoints = &endpoint;
    policy.nendpoints = 1;

    ig_countries_add(&countries[1], 7);
    ig_countries_add(&countries[2], 7);
    ig_countries_add(&countries[2], 9);
    ig_countries_add(&countries[3], 200);

    limiter = ig_limiter_compile(&policy);
    check(limiter != NULL, "no memory");
}


static void
request(const uint8_t *op, ig_limit_request_t *q)
{
    static const char  names[] = "abcdefghijklmnop";

    memset(q, 0, sizeof(*q));
    q->tenant = op[1] % TENANTS;
    q->jurisdictions = &countries[(op[1] >> 1) % 4];
    q->model = (ig_str_t) { (const uint8_t *) names + (op[1] >> 4) % 8, 3 };
    q->key = (ig_str_t) { (const uint8_t *) names, (op[1] >> 3) % 4 };
    q->user = (ig_str_t) { (const uint8_t *) names, op[2] % 16 };
    q->task = (ig_str_t) { (const uint8_t *) names, op[2] >> 4 };
    q->batch = op[3] % 8 == 7;
    q->amounts.requests = op[3] % 16 != 5;
    q->amounts.input = op[2] * 2u;
    q->amounts.output = op[3] * (op[3] % 2 ? 3u : 1u);
    q->amounts.cost = op[2];
    q->amounts.cost_input = op[2] / 2;

    if (op[3] == 255) {
        q->amounts.cost = UINT64_MAX - op[2];
    }
}


/* what was admitted fits; but for what was settled above its estimate */

static void
admitted(const ig_limit_result_t *out, bool exceeded)
{
    size_t            i;
    ig_limit_state_t  s;

    check(out->reservation.generation != 0, "admitted without a reservation");

    for (i = 0; i < out->nstates && !exceeded; i++) {
        s = out->states[i];
        check(limits[s.limit].audit || s.used <= s.max, "admitted too much");
    }
}


static bool
show(void *ctx, const ig_limit_state_t *s, ig_str_t label)
{
    check(s->limit < LIMITS && label.len <= IG_LIMIT_LABEL, "shown wrongly");

    return ++*(size_t *) ctx < 50;
}


static void
snapshot(ig_limits_t *h, uint64_t now)
{
    size_t            n, len;
    uint64_t          cursor;
    ig_rc_t           rc;
    ig_limits_t       copy;
    ig_limit_lock_t   lock = { NULL, no_lock, no_lock };

    static uint8_t        file[1 << 18];
    static const uint8_t  seed[16] = "another";
    static _Alignas(64) uint8_t  memory[1 << 18];

    cursor = 0;
    n = 0;

    do {
        len = ig_limit_save(h, &cursor, file + n, 2048, now);
        n += len;
        check(n <= sizeof(file) - 2048, "a snapshot is too large");
    } while (len);

    check(ig_limit_table_init(memory, sizeof(memory), seed) == IG_OK
          && ig_limits_open(&copy, memory, &lock, 1, 1, now) == IG_OK,
          "no table");
    rc = ig_limit_restore(&copy, (ig_str_t) { file, n }, now);
    check(rc == IG_OK, "a snapshot is not taken");
    check(ig_limit_restore(&copy, (ig_str_t) { file, n - 1 }, now) == IG_ERROR,
          "a torn snapshot is taken");
    whole(&copy);
    ig_limits_close(&copy, now);
}


/* a store that grants what it is asked for, or a part of it, or nothing */

static void
grant(ig_limits_t *h, const ig_limit_request_t *q, uint8_t how, uint64_t now,
    ig_limit_result_t *out)
{
    size_t            i, n;
    ig_limit_lease_t  leases[IG_MAX_LIMITS];

    n = out->nleases;
    check(n > 0, "no lease is asked for");
    memcpy(leases, out->leases, n * sizeof(ig_limit_lease_t));

    for (i = 0; i < n; i++) {
        check(leases[i].size >= leases[i].want, "less than wanted");
        leases[i].granted = how % 4 == 3 ? 0
                            : how % 4 == 2 ? leases[i].want / 2
                                           : leases[i].size;
        leases[i].used = leases[i].granted * 2;
    }

    ig_limit_grant(h, limiter, q, leases, n, now, now + how * IG_SECOND, out);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool               exceeded;
    size_t             i, n, bytes;
    uint8_t           *memory;
    uint64_t           now;
    flight_t           flights[HELD], *f;
    ig_limits_t        h[HANDLES], *p;
    ig_amounts_t       actual;
    ig_limit_lock_t    lock = { NULL, no_lock, no_lock };
    ig_limit_lease_t   returned[4];
    ig_limit_owner_t   owner;
    ig_limit_stats_t   stats;

    static ig_limit_result_t  out;
    static const uint8_t      seed[16] = "fuzz";

    if (size < 5) {
        return 0;
    }

    if (limiter == NULL) {
        setup();
    }

    bytes = ig_limit_table_size(data[0]) + data[0] % 8 * 8u;
    memory = malloc(bytes);
    check(memory != NULL, "no memory");
    check(ig_limit_table_init(memory, bytes, seed) == IG_OK, "no table");

    now = START;
    exceeded = false;
    memset(flights, 0, sizeof(flights));

    for (i = 0; i < HANDLES; i++) {
        check(ig_limits_open(&h[i], memory, &lock, (uint32_t) i + 1, 1, now)
              == IG_OK, "not opened");
    }

    for (data++, size--; size >= 4; data += 4, size -= 4) {
        f = &flights[data[0] >> 4];
        p = &h[data[1] % HANDLES];

        switch (data[0] % 16) {

        default:
            if (f->r.generation == 0) {
                request(data, &f->q);
                f->handle = data[1] % HANDLES;
                ig_limit_reserve(p, limiter, &f->q, now,
                                 now + data[3] * IG_SECOND, &out);

                if (out.admission == IG_LEASE_NEEDED) {
                    grant(p, &f->q, data[3], now, &out);
                }

                if (out.admission == IG_ADMITTED) {
                    admitted(&out, exceeded || p->fleet);
                    f->r = out.reservation;
                }

                break;
            }

            /* fall through */

        case 8:
        case 9:
            actual = f->q.amounts;
            actual.input = data[2];
            actual.output = data[3];
            actual.cost = data[0] % 16 == 9 ? UINT64_MAX : data[3];
            exceeded |= actual.input > f->q.amounts.input
                        || actual.output > f->q.amounts.output;
            ig_limit_settle(&h[f->handle], limiter, &f->q, &f->r, &actual, now,
                            &out);
            check(f->r.generation == 0, "settled and still there");
            break;

        case 10:
            now += (uint64_t) data[2] * data[3] * data[3] * IG_SECOND / 64;
            break;

        case 11:
            now -= ig_min(now - START / 2, (uint64_t) data[3] * data[3]
                                           * data[2] * IG_SECOND);
            exceeded = true;
            break;

        case 12:
            ig_limits_tick(p, now);
            ig_limit_extend(p, f->r, now + data[3] * IG_SECOND);
            n = ig_limit_returns(p, returned, 4, now);

            if (data[3] % 2) {
                ig_limit_unreturn(p, returned, n, now);
            }

            break;

        case 13:
            if (data[2] % 4 == 0) {
                ig_limits_fleet(p, data[3] % 2);
                ig_limits_local(p, data[3] % 4 >= 2);
                exceeded = true;

            } else {
                (void) ig_limit_reset(p, limiter, data[2] % TENANTS,
                                      data[3] % 2 ? IG_NONE : data[3] % LIMITS,
                                      now);
                n = 0;
                ig_limit_show(p, limiter, data[2] % TENANTS, now, show, &n);
            }

            break;

        case 14:
            /* dies, and comes again */

            i = data[1] % HANDLES;
            owner = (ig_limit_owner_t) { p->owner, p->pid, p->start, 0 };
            ig_names_free(p->digest);

            if (data[2] % 2) {
                ig_limits_owner_gone(&h[!i], &owner, now);
            }

            check(ig_limits_open(p, memory, &lock, (uint32_t) i + 1,
                                 owner.start + 1, now) == IG_OK, "not opened");
            break;

        case 15:
            if (data[2] % 8 == 0) {
                snapshot(p, now);
            }

            break;
        }

        whole(p);
    }

    for (i = 0; i < HANDLES; i++) {
        ig_limits_close(&h[i], now);
    }

    ig_limit_stats(&h[0], &stats);
    check(stats.reservations == 0, "reservations without owners");
    whole(&h[0]);
    free(memory);

    return 0;
}

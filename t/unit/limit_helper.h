/*
 * A policy of tenants with limits, a table, and requests, for tests of limits.
 */

#ifndef IG_TEST_LIMIT_HELPER_H
#define IG_TEST_LIMIT_HELPER_H

#include "tables.h"
#include "limit_check.h"

#include <inference_guard/calendar.h>

#include <stdio.h>


#define L_LIMITS     8
#define L_MS         UINT64_C(1000000)
#define L_S          IG_SECOND
#define L_MINUTE     (60 * L_S)
#define L_HOUR       (3600 * L_S)
#define L_DAY        (24 * L_HOUR)

/* 2025-01-15T00:00:00Z */
#define L_T0         (UINT64_C(1736899200) * L_S)
#define L_NEVER      UINT64_MAX

static const uint8_t  l_seed[16] = "an unlucky seed";

typedef struct {
    t_tables_t           tables;
    ig_limit_t           limits[T_TENANTS][L_LIMITS];
    char                 names[T_TENANTS][L_LIMITS][64];
    ig_limiter_t        *limiter;
    ig_countries_t       jurisdictions;
    void                *memory;
    size_t               size;
    ig_limits_t          h;
    ig_limit_request_t   q;            /* what l_reserve() asks for */
    ig_limit_result_t    out;
} l_world_t;


static inline void
l_lock(void *ctx)
{
    (void) ctx;
}

static const ig_limit_lock_t  l_unlocked = { NULL, l_lock, l_lock };


static inline uint32_t
l_tenant(l_world_t *w, const char *name)
{
    uint32_t      n;
    ig_tenant_t  *t;

    n = t_tenant(&w->tables, name, "SA");
    t = &w->tables.tenants[n];
    memcpy(&t->id, "        ", 8);
    memcpy(&t->id, name, ig_min(strlen(name), 8));
    t->quota.limits = w->limits[n];
    t->quota.zone = ig_zone_utc();
    t->quota.task_ttl_s = 600;
    t->quota.local_share = 250;

    return n;
}


static inline ig_limit_t *
l_limit(l_world_t *w, uint32_t tenant, ig_limit_kind_t of, ig_limit_per_t per,
    unsigned by, uint64_t max)
{
    char         *name;
    size_t        n;
    ig_limit_t   *l;
    ig_quota_t   *quota;

    quota = &w->tables.tenants[tenant].quota;
    n = quota->nlimits++;
    l = &w->limits[tenant][n];
    name = w->names[tenant][n];

    (void) snprintf(name, 64, "%u/%u by %x", of, per, by);

    l->name = ig_str_from_c(name);
    l->of = of;
    l->per = per;
    l->by = by;
    l->max = max;
    l->batch = IG_SHARE_ALL;
    l->lease = 1;

    switch (per) {
    case IG_PER_NONE:
        l->algorithm = IG_ALGORITHM_SLOTS;
        break;
    case IG_PER_TASK:
        l->algorithm = IG_ALGORITHM_TASK;
        l->by |= IG_BY_TASK;
        break;
    case IG_PER_DAY:
    case IG_PER_MONTH:
        l->algorithm = IG_ALGORITHM_CALENDAR;
        break;
    default:
        l->algorithm = of == IG_LIMIT_REQUESTS ? IG_ALGORITHM_GCRA
                                               : IG_ALGORITHM_SLIDING;
        l->burst = of == IG_LIMIT_REQUESTS ? max : 0;
    }

    return l;
}


static inline void
l_init(l_world_t *w)
{
    memset(w, 0, sizeof(*w));
    t_init(&w->tables);
    (void) t_endpoint(&w->tables, "riyadh", "SA", "SA");
    w->jurisdictions = t_countries("SA");
}


static inline void
l_start_in(l_world_t *w, void *memory, size_t size, const ig_limit_lock_t *lock,
    uint64_t now)
{
    w->limiter = ig_limiter_compile(&w->tables.policy);
    assert_non_null(w->limiter);

    w->memory = memory;
    w->size = size;
    assert_int_equal(ig_limit_table_init(memory, size, l_seed), IG_OK);
    assert_true(ig_limit_table_known(memory, size));
    assert_int_equal(ig_limits_open(&w->h, memory, lock, 1, 1, now), IG_OK);

    w->q.jurisdictions = &w->jurisdictions;
    w->q.model = IG_STR("gpt-4o");
    w->q.amounts.requests = 1;
}


static inline void
l_start(l_world_t *w, size_t cells, uint64_t now)
{
    size_t   size;
    void    *memory;

    size = ig_limit_table_size(cells);
    memory = malloc(size);
    assert_non_null(memory);
    l_start_in(w, memory, size, &l_unlocked, now);
}


static inline void
l_check(l_world_t *w)
{
    const char  *why;

    why = limit_check(w->h.table);

    if (why) {
        fail_msg("%s", why);
    }
}


static inline void
l_end(l_world_t *w)
{
    l_check(w);
    ig_limits_close(&w->h, 0);
    l_check(w);
    ig_limiter_free(w->limiter);
    free(w->memory);
}


static inline ig_admission_t
l_reserve(l_world_t *w, uint64_t now)
{
    ig_limit_reserve(&w->h, w->limiter, &w->q, now, L_NEVER, &w->out);

    return w->out.admission;
}


static inline void
l_settle(l_world_t *w, ig_reservation_t *r, uint64_t input, uint64_t output,
    uint64_t now)
{
    ig_amounts_t  a = { 1, input, output, 0, 0 };

    ig_limit_settle(&w->h, w->limiter, &w->q, r, &a, now, &w->out);
}

#endif /* IG_TEST_LIMIT_HELPER_H */

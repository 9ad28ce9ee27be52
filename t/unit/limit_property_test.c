/*
 * Random requests against a naive model that keeps every request: rates,
 * budgets and slots agree exactly; a sliding window never admits more than max
 * in any window, and refuses nothing that a window of 8/7 (and 10 ms) has room
 * for.
 */

#include "limit_helper.h"


#define EVENTS     40000
#define FLYING     12
#define RATE       3           /* a second */
#define BURST      4
#define PER_MINUTE 900
#define PER_DAY    200000
#define SLOTS      5

typedef struct {
    uint64_t  at;
    uint64_t  amount;
} event_t;

typedef struct {
    bool              used;
    size_t            event;
    uint64_t          day;
    uint64_t          input;
    uint64_t          output;
    uint64_t          deadline;
    ig_reservation_t  r;
} flight_t;

static l_world_t  w;

static struct {
    event_t    events[EVENTS];
    size_t     n;
    size_t     first;          /* older ones are in no window */
    ig_wide_t  tat;            /* in 1 / RATE ns */
    uint64_t   day;
    uint64_t   used;
    unsigned   slots;
    flight_t   flights[FLYING];
} m;

static uint32_t  seed;


static uint32_t
rnd(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;

    return (seed >> 8) % n;
}


static uint64_t
in_window(uint64_t now, uint64_t width)
{
    size_t    i;
    uint64_t  sum;

    while (m.first < m.n && m.events[m.first].at + 2 * L_MINUTE < now) {
        m.first++;
    }

    for (i = m.first, sum = 0; i < m.n; i++) {
        sum += m.events[i].at + width > now ? m.events[i].amount : 0;
    }

    return sum;
}


static void
event(uint64_t at, uint64_t amount)
{
    assert_true(m.n < EVENTS);
    m.events[m.n].at = at;
    m.events[m.n++].amount = amount;
}


static void
today(uint64_t now)
{
    if (now / L_DAY != m.day) {
        m.day = now / L_DAY;
        m.used = 0;
    }
}


static void
reserve(flight_t *f, uint64_t now)
{
    bool            others;
    uint64_t        amount;
    ig_wide_t       tat;
    ig_admission_t  rc;

    today(now);

    f->input = rnd(60);
    f->output = rnd(200);
    f->deadline = now + rnd(200) * L_S;
    amount = f->input + f->output;

    w.q.amounts = (ig_amounts_t) { 1, f->input, f->output, 0, 0 };
    ig_limit_reserve(&w.h, w.limiter, &w.q, now, f->deadline, &w.out);
    rc = w.out.admission;

    tat = ig_max(m.tat, (ig_wide_t) now * RATE) + L_S;
    others = tat <= (ig_wide_t) now * RATE + BURST * L_S
             && (amount == 0 || m.used + amount <= PER_DAY)
             && m.slots + 1 <= SLOTS;

    /* what takes nothing of a budget is not refused by it */

    if (!others
        || (amount && in_window(now, L_MINUTE) + amount > PER_MINUTE))
    {
        assert_int_equal(rc, IG_REFUSED);

    } else if (amount == 0
               || in_window(now, L_MINUTE / 7 * 8 + 10 * L_MS) + amount
                  <= PER_MINUTE)
    {
        assert_int_equal(rc, IG_ADMITTED);
    }

    if (rc == IG_REFUSED) {
        return;
    }

    assert_int_equal(rc, IG_ADMITTED);
    event(now, amount);
    m.tat = tat;
    m.used += amount;
    m.slots++;

    f->used = true;
    f->event = m.n - 1;
    f->day = m.day;
    f->r = w.out.reservation;

    assert_int_equal(w.out.states[2].used, m.used);
    assert_int_equal(w.out.states[3].used, m.slots);
}


/* the truth in place of what was counted */

static void
truth(flight_t *f, uint64_t was, uint64_t is, uint64_t now)
{
    today(now);

    if (is > was) {
        event(now, is - was);
        m.used += is - was;
        return;
    }

    m.events[f->event].amount -= was - is;

    if (f->day == m.day) {
        m.used -= was - is;
    }
}


static void
settle(flight_t *f, uint64_t now)
{
    uint64_t  input, output;

    input = rnd(80);
    output = rnd(250);

    w.q.amounts = (ig_amounts_t) { 1, f->input, f->output, 0, 0 };
    l_settle(&w, &f->r, input, output, now);

    truth(f, f->input + f->output, input + output, now);
    f->used = false;
    m.slots--;
}


/* a deadline passes: output comes back, the slot too; it may be settled later */

static void
expire(uint64_t now)
{
    size_t     i;
    uint64_t   input, output, due;
    flight_t  *f;

    ig_limits_tick(&w.h, now);

    for (i = 0; i < FLYING; i++) {
        f = &m.flights[i];

        if (!f->used || f->deadline > now) {
            continue;
        }

        truth(f, f->input + f->output, f->input, now);
        f->used = false;
        m.slots--;

        if (rnd(2)) {
            input = rnd(80);
            output = rnd(250);
            w.q.amounts = (ig_amounts_t) { 1, f->input, f->output, 0, 0 };
            l_settle(&w, &f->r, input, output, now);

            due = input + output;
            due -= ig_min(due, f->input);
            event(now, due);
            m.used += due;
        }
    }
}


static void
test_model(void **state)
{
    uint32_t   i, k, admitted, refused;
    uint64_t   now;
    flight_t  *f;

    (void) state;

    admitted = 0;
    refused = 0;

    for (k = 1; k <= 12; k++) {
        seed = k;
        memset(&m, 0, sizeof(m));
        l_init(&w);
        (void) l_tenant(&w, "a");
        l_limit(&w, 0, IG_LIMIT_REQUESTS, IG_PER_SECOND, 0, RATE)->burst
            = BURST;
        (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_MINUTE, 0, PER_MINUTE);
        (void) l_limit(&w, 0, IG_LIMIT_TOKENS, IG_PER_DAY, 0, PER_DAY);
        (void) l_limit(&w, 0, IG_LIMIT_CONCURRENT, IG_PER_NONE, 0, SLOTS);
        l_start(&w, 100, L_T0);
        now = L_T0 + rnd(86400) * L_S;

        for (i = 0; i < 12000; i++) {
            now += rnd(8) ? rnd(1 << 20) * (1 + rnd(3000)) / 2
                          : rnd(k) * 7 * L_S;
            f = &m.flights[rnd(FLYING)];

            if (f->used) {
                settle(f, now);

            } else {
                reserve(f, now);
                admitted += f->used;
                refused += !f->used;
            }

            if (rnd(16) == 0) {
                expire(now);
            }

            if (i % 100 == 0) {
                l_check(&w);
            }
        }

        l_end(&w);
    }

    print_message("%u admitted, %u refused\n", admitted, refused);
    assert_true(admitted > 10000);
    assert_true(refused > 10000);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_model),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Rates of requests: the generic cell rate algorithm by virtual scheduling
 * (ITU-T I.371, Annex A).
 *
 * TAT, the theoretical arrival time, is start + used / max nanoseconds.  What lies
 * between now and TAT is the debt; it is counted in 1 / rate of a nanosecond, in
 * which a request is exactly `period` of them: nothing is rounded, ever.
 */

#include <limit/table.h>


static ig_wide_t
ig_gcra_debt(const ig_counter_t *c, const ig_target_t *g, uint64_t now)
{
    uint64_t   tat, fraction;
    ig_wide_t  debt, full;

    if (c == NULL || c->start < now) {
        return 0;
    }

    tat = c->start;
    fraction = c->used;

    /* of another rate: the fraction becomes a whole nanosecond */

    if (c->max != g->rate) {
        tat += fraction ? 1 : 0;
        fraction = 0;
    }

    debt = (ig_wide_t) (tat - now) * g->rate + fraction;
    full = (ig_wide_t) g->max * g->row->period;

    /* more than can be: the clock was set back, or the limit is another now */

    return ig_min(debt, full);
}


static uint64_t
ig_gcra_divide(ig_wide_t a, uint64_t b)
{
    a += b - 1;

    if (a >> 64 == 0) {
        return (uint64_t) a / b;
    }

    a /= b;

    return a > UINT64_MAX ? UINT64_MAX : (uint64_t) a;
}


void
ig_gcra_look(const ig_counter_t *c, const ig_target_t *g, uint64_t now,
    ig_look_t *out)
{
    uint64_t   amount;
    ig_wide_t  debt, then, cap;

    debt = ig_gcra_debt(c, g, now);
    amount = ig_min(g->amount, IG_AMOUNT_MAX + 1);
    then = debt + (ig_wide_t) amount * g->row->period;
    cap = (ig_wide_t) g->cap * g->row->period;

    out->used = ig_gcra_divide(debt, g->row->period);
    out->reset = ig_gcra_divide(debt, g->rate);
    out->fits = then <= cap || amount == 0;
    out->never = amount > g->cap;
    out->spent = false;
    out->wait = out->fits ? 0 : ig_gcra_divide(then - cap, g->rate);
}


void
ig_gcra_add(ig_limit_table_t *t, ig_counter_t *c, const ig_target_t *g,
    uint64_t amount, uint64_t now)
{
    uint64_t   tat, fraction;
    ig_wide_t  debt, full;

    debt = ig_gcra_debt(c, g, now) + (ig_wide_t) amount * g->row->period;
    full = (ig_wide_t) g->max * g->row->period;

    if (debt > full) {

        if (g->audit) {
            return;
        }

        debt = full;
    }

    if (debt >> 64 == 0) {
        tat = now + (uint64_t) debt / g->rate;
        fraction = (uint64_t) debt % g->rate;

    } else {
        tat = now + (uint64_t) (debt / g->rate);
        fraction = (uint64_t) (debt % g->rate);
    }

    IG_SET(t, c->start, tat);
    IG_SET(t, c->used, fraction);
    IG_SET(t, c->end, tat + 1);

    if (c->max != g->rate) {
        IG_SET(t, c->max, g->rate);
    }

    full = full / g->rate + 2;

    if (c->span != (uint64_t) full) {
        IG_SET(t, c->span, (uint64_t) full);
    }
}

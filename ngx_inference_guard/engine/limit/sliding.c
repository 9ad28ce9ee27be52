/*
 * Amounts a minute or hour, in any window of that length: a ring of sums.
 *
 * A sum takes what comes within a seventh of the window (and a tick) from its
 * first part on, and counts until its last part is a window old.  When the ring
 * comes round to it, it is 8 / 7 of a window (and eight ticks) since its first
 * part: nothing of it counts, whatever was rounded.
 *
 * Times are ticks of 2^20 ns (1.05 ms), modulo 2^32 (52 days); `end` tells
 * whether any of them still means anything.
 */

#include <limit/table.h>


#define IG_TICK                20

#define ig_ticks(ns)           ((uint32_t) (((ns) + (1 << IG_TICK) - 1)       \
                                            >> IG_TICK))


/* a window in ticks, never shorter than it is */

static uint32_t
ig_sliding_width(uint64_t period)
{
    return ig_ticks(period) + 1;
}


/* all of it is over, or the clock was set back and all of it counts anew */

static bool
ig_sliding_over(const ig_counter_t *c, uint64_t now)
{
    return c == NULL || c->end <= now;
}


static bool
ig_sliding_set_back(const ig_counter_t *c, uint64_t now)
{
    return c->end > now && c->end - now > c->span;
}


/* ns until a sum is over; 0: it is */

static uint64_t
ig_sliding_left(const ig_ring_t *r, uint64_t seq, uint64_t period, uint64_t now)
{
    int32_t   left;
    uint64_t  ends;

    left = (int32_t) (r->times[seq % IG_RING] + ig_sliding_width(period)
                      - (uint32_t) (now >> IG_TICK));

    if (left <= 0) {
        return 0;
    }

    ends = ((now >> IG_TICK) + (uint32_t) left) << IG_TICK;

    return ends > now ? ends - now : 0;
}


static uint64_t
ig_sliding_sum(const ig_ring_t *r, const ig_counter_t *c, uint64_t period,
    uint64_t now)
{
    bool      all;
    uint64_t  i, sum;

    if (ig_sliding_over(c, now)) {
        return 0;
    }

    all = ig_sliding_set_back(c, now);

    for (i = 0, sum = 0; i < IG_RING; i++) {
        if (r->amounts[i] && (all || ig_sliding_left(r, i, period, now))) {
            sum += r->amounts[i];
        }
    }

    return sum;
}


/* until so much has left; the oldest sum is the one that comes next */

static uint64_t
ig_sliding_wait(const ig_ring_t *r, const ig_counter_t *c, uint64_t need,
    uint64_t period, uint64_t now)
{
    uint64_t  i, seq, sum, left;

    if (ig_sliding_set_back(c, now)) {
        return period;
    }

    for (i = 1, sum = 0; i <= IG_RING; i++) {
        seq = c->seq + i;
        left = ig_sliding_left(r, seq, period, now);
        sum += left ? r->amounts[seq % IG_RING] : 0;

        if (sum >= need && left) {
            return left;
        }
    }

    return period;
}


void
ig_sliding_look(const ig_limit_table_t *t, const ig_counter_t *c,
    const ig_target_t *g, uint64_t now, ig_look_t *out)
{
    uint64_t          sum, period;
    const ig_ring_t  *r;

    period = g->row->period;
    r = c ? &ig_cell(t, c->ring)->ring : NULL;
    sum = ig_sliding_sum(r, c, period, now);

    out->used = sum;
    out->reset = sum == 0 ? 0 : ig_min(c->end - now, period);
    out->never = g->amount > ig_min(g->cap, IG_AMOUNT_MAX);
    out->fits = g->amount == 0 || (!out->never && sum <= g->cap - g->amount);
    out->spent = false;
    out->wait = 0;

    if (!out->fits && !out->never) {
        out->wait = ig_sliding_wait(r, c, sum - (g->cap - g->amount), period,
                                    now);
    }
}


/* everything in one new sum, as if it came now */

static void
ig_sliding_gather(ig_limit_table_t *t, ig_counter_t *c, ig_ring_t *r,
    uint64_t sum, uint64_t now)
{
    unsigned  i;

    IG_SET(t, c->seq, c->seq + IG_RING);
    IG_SET(t, c->start, now);

    for (i = 0; i < IG_RING; i++) {
        if (r->amounts[i]) {
            IG_SET(t, r->amounts[i], 0);
        }
    }

    if (sum) {
        IG_SET(t, r->amounts[c->seq % IG_RING], sum);
    }

    IG_SET(t, r->times[c->seq % IG_RING], ig_ticks(now));
}


void
ig_sliding_add(ig_limit_table_t *t, ig_counter_t *c, const ig_target_t *g,
    uint64_t amount, uint64_t now)
{
    uint32_t    time;
    uint64_t    period, slot, end;
    ig_ring_t  *r;

    if (amount == 0 && !ig_sliding_set_back(c, now)) {
        return;
    }

    period = g->row->period;
    r = &ig_cell(t, c->ring)->ring;

    if (ig_sliding_over(c, now)) {
        ig_sliding_gather(t, c, r, 0, now);

    } else if (ig_sliding_set_back(c, now)) {
        ig_sliding_gather(t, c, r, ig_sliding_sum(r, c, period, now), now);
        IG_SET(t, c->end, now);

    } else if (now >= c->start
               && now - c->start > period / (IG_RING - 1) + (1 << IG_TICK))
    {
        IG_SET(t, c->seq, c->seq + 1);
        IG_SET(t, c->start, now);
        IG_SET(t, r->amounts[c->seq % IG_RING], 0);
        IG_SET(t, r->times[c->seq % IG_RING], ig_ticks(now));
    }

    slot = c->seq % IG_RING;
    time = ig_ticks(now);

    IG_SET(t, r->amounts[slot], r->amounts[slot] + amount);

    if ((int32_t) (time - r->times[slot]) > 0) {
        IG_SET(t, r->times[slot], time);
    }

    end = now + ((uint64_t) (ig_sliding_width(period) + 1) << IG_TICK);

    if (end > c->end) {
        IG_SET(t, c->end, end);
    }

    if (c->span != end - now) {
        IG_SET(t, c->span, end - now);
    }
}


void
ig_sliding_back(ig_limit_table_t *t, ig_counter_t *c, uint32_t seq,
    uint64_t amount)
{
    uint32_t    slot;
    ig_ring_t  *r;

    if ((uint32_t) c->seq - seq >= IG_RING) {
        return;
    }

    r = &ig_cell(t, c->ring)->ring;
    slot = seq % IG_RING;

    IG_SET(t, r->amounts[slot], r->amounts[slot]
                                - ig_min(r->amounts[slot], amount));
}

/*
 * What a counter says about an amount, and counting it: by algorithm.  Budgets
 * and slots are here, rates and sliding windows in files of their own.
 */

#include <limit/table.h>

#include <string.h>


#define IG_LEVEL_80            0x01
#define IG_LEVEL_100           0x02

#define IG_USED_MAX            (UINT64_C(1) << 62)


/* its window is over */

static bool
ig_budget_over(const ig_counter_t *c, const ig_target_t *g, uint64_t now)
{
    if (c == NULL) {
        return true;
    }

    /* a task is not idle while something of it is in flight */

    if (g->limit->algorithm == IG_ALGORITHM_TASK && c->reserved) {
        return false;
    }

    return c->end <= now;
}


/* a budget or slots */

static void
ig_budget_look(const ig_counter_t *c, const ig_target_t *g, uint64_t now,
    ig_look_t *out)
{
    bool      over, slots;
    uint64_t  held, end;

    slots = g->limit->algorithm == IG_ALGORITHM_SLOTS;
    over = slots ? c == NULL : ig_budget_over(c, g, now);
    held = over ? 0 : c->reserved;

    out->used = over ? 0 : c->used;
    out->never = g->amount > ig_min(g->cap, IG_AMOUNT_MAX);
    out->fits = g->amount == 0
                || (!out->never && out->used <= g->cap - g->amount);
    out->reset = 0;
    out->spent = false;
    out->wait = 0;

    if (slots) {
        out->wait = out->fits ? 0 : IG_SECOND;
        return;
    }

    end = over ? (g->end ? g->end : now + g->ttl) : c->end;

    if (out->used || g->end) {
        out->reset = end > now ? end - now : 0;
    }

    if (out->fits) {
        return;
    }

    out->spent = out->never || out->used - ig_min(out->used, held)
                               > g->cap - g->amount;
    out->wait = out->spent ? out->reset : IG_SECOND;
}


void
ig_limit_look(const ig_limit_table_t *t, const ig_counter_t *c,
    const ig_target_t *g, uint64_t now, ig_look_t *out)
{
    const ig_info_t  *i;

    switch (g->limit->algorithm) {

    case IG_ALGORITHM_GCRA:
        ig_gcra_look(c, g, now, out);
        break;

    case IG_ALGORITHM_SLIDING:
        ig_sliding_look(t, c, g, now, out);
        break;

    default:
        ig_budget_look(c, g, now, out);
        break;
    }

    out->own = out->used;

    /* what the fleet has used, as far as is known here */

    if (g->leased && c && c->info != IG_NO_CELL) {
        i = &ig_cell(t, c->info)->info;

        if (i->until > now && i->seen > i->pool) {
            out->used = ig_max(out->used, i->seen - i->pool);
        }
    }
}


static void
ig_budget_renew(ig_limit_table_t *t, ig_counter_t *c, uint64_t start,
    uint64_t end)
{
    IG_SET(t, c->seq, c->seq + 1);
    IG_SET(t, c->used, 0);
    IG_SET(t, c->reserved, 0);
    IG_SET(t, c->kept, 0);
    IG_SET(t, c->levels, 0);
    IG_SET(t, c->start, start);
    IG_SET(t, c->end, end);
}


/*
 * The window of a budget.  When the clock was set back over its start, or the
 * zone is another now, what has been used stays used: until the later end, but
 * when the window is still to come after this one and the next, until this one
 * ends.
 */

static void
ig_budget_window(ig_limit_table_t *t, ig_counter_t *c, const ig_target_t *g,
    uint64_t now)
{
    uint64_t  end;

    if (g->limit->algorithm == IG_ALGORITHM_TASK) {
        end = now + g->ttl;

        if (ig_budget_over(c, g, now)) {
            ig_budget_renew(t, c, now, end);

        } else {
            IG_SET(t, c->end, end);
        }

    } else if (c->end <= now) {
        ig_budget_renew(t, c, g->start, g->end);

    } else if (c->start > g->end) {
        IG_SET(t, c->start, g->start);
        IG_SET(t, c->end, g->end);

    } else if (c->end < g->end) {
        IG_SET(t, c->end, g->end);
    }

    end = g->limit->algorithm == IG_ALGORITHM_TASK ? g->ttl
                                                   : 2 * (g->end - g->start);

    if (c->span != end) {
        IG_SET(t, c->span, end);
    }
}


void
ig_limit_add(ig_limit_table_t *t, ig_counter_t *c, const ig_target_t *g,
    uint64_t amount, uint64_t now)
{
    uint64_t  used;

    amount = ig_min(amount, IG_AMOUNT_MAX);

    switch (g->limit->algorithm) {

    case IG_ALGORITHM_GCRA:
        ig_gcra_add(t, c, g, amount, now);
        return;

    case IG_ALGORITHM_SLIDING:
        ig_sliding_add(t, c, g, amount, now);
        return;

    case IG_ALGORITHM_SLOTS:
        break;

    default:
        ig_budget_window(t, c, g, now);
        break;
    }

    used = ig_min(c->used + amount, IG_USED_MAX);
    IG_SET(t, c->used, used);
}


void
ig_limit_mend(ig_limit_table_t *t, ig_counter_t *c, const ig_target_t *g,
    uint64_t now)
{
    if (c->end <= now) {
        return;
    }

    if (c->end - now > c->span
        || (c->algorithm == IG_ALGORITHM_CALENDAR && c->start > g->end))
    {
        ig_limit_add(t, c, g, 0, now);
        ig_commit(t);
    }
}


void
ig_limit_back(ig_limit_table_t *t, ig_counter_t *c, uint32_t seq,
    uint64_t amount)
{
    if (amount == 0 || c->algorithm == IG_ALGORITHM_GCRA) {
        return;
    }

    if (c->algorithm == IG_ALGORITHM_SLIDING) {
        ig_sliding_back(t, c, seq, amount);
        return;
    }

    if (seq == (uint32_t) c->seq) {
        IG_SET(t, c->used, c->used - ig_min(c->used, amount));
    }
}


unsigned
ig_limit_level(ig_limit_table_t *t, ig_counter_t *c, uint64_t used,
    uint64_t max)
{
    uint8_t  now, levels;

    levels = c->levels;
    now = 0;

    if ((ig_wide_t) used * 100 >= (ig_wide_t) max * 80) {
        now = IG_LEVEL_80;
    }

    if (used >= max) {
        now |= IG_LEVEL_100;
    }

    if (now & ~levels) {
        IG_SET(t, c->levels, levels | now);
        return now & ~levels & IG_LEVEL_100 ? 100 : 80;
    }

    if (levels
        && c->algorithm != IG_ALGORITHM_CALENDAR
        && c->algorithm != IG_ALGORITHM_TASK
        && (ig_wide_t) used * 2 < max)
    {
        IG_SET(t, c->levels, 0);
    }

    return 0;
}


void
ig_limit_result_init(ig_limit_result_t *out)
{
    out->admission = IG_ADMITTED;
    out->limit = IG_NONE;
    out->spent = false;
    out->never = false;
    out->retry_ns = 0;
    out->would = IG_NONE;
    out->reservation = (ig_reservation_t) { 0, 0 };
    out->nstates = 0;
    out->ncrossed = 0;
    out->nleases = 0;
}


/* the state of a counter, and a threshold that it reaches; c may be NULL */

void
ig_limit_report(ig_limit_table_t *t, ig_counter_t *c, const ig_target_t *g,
    const ig_look_t *look, ig_limit_result_t *out)
{
    unsigned           level;
    ig_limit_state_t   s, *last;

    s.limit = g->number;
    s.max = g->max;
    s.used = look->used;
    s.reset_ns = look->reset;
    s.node_used = look->own;
    s.fleet = g->leased;

    /* counters of one limit come one after the other */

    last = out->nstates ? &out->states[out->nstates - 1] : NULL;

    if (last && last->limit == s.limit) {

        if (s.used > last->used) {
            *last = s;
        }

    } else if (out->nstates < IG_MAX_LIMITS) {
        out->states[out->nstates++] = s;
    }

    if (c == NULL || out->ncrossed == IG_MAX_LIMITS) {
        return;
    }

    level = ig_limit_level(t, c, look->used, g->max);

    if (level) {
        out->crossed[out->ncrossed].state = s;
        out->crossed[out->ncrossed++].level = level;
    }
}

/*
 * Reserving: first every counter is only looked at; a refusal has changed
 * nothing then.  Only when all limits have room are all counted, in one
 * change.
 */

#include <limit/table.h>


typedef struct {
    const ig_limit_lease_t  *leases;
    size_t                   n;
} ig_answers_t;


static ig_counter_t *
ig_target_counter(const ig_limit_table_t *t, const ig_target_t *g)
{
    return g->cell == IG_NO_CELL ? NULL : &ig_cell(t, g->cell)->counter;
}


static void
ig_reserve_find(ig_limit_table_t *t, ig_targets_t *s)
{
    size_t  i;

    for (i = 0; i < s->n; i++) {
        s->targets[i].cell = ig_counter_find(t, s->targets[i].key,
                                             s->targets[i].hash);
    }
}


/* nothing is counted in it, and there is no need to make it */

static bool
ig_target_absent(const ig_target_t *g)
{
    return g->cell == IG_NO_CELL && g->amount == 0;
}


/* cells that the request may need; `all`: as if no counter were there yet */

static void
ig_reserve_need(const ig_targets_t *s, bool all, uint32_t *cells,
    uint32_t *named)
{
    size_t              i;
    uint32_t            n;
    const ig_target_t  *g;

    *cells = ig_held_cells(s->n);
    *named = 0;

    for (i = 0; i < s->n; i++) {
        g = &s->targets[i];

        if (!all && (g->cell != IG_NO_CELL || g->amount == 0)) {
            continue;
        }

        n = ig_counter_cells(g);
        *cells += n;
        *named += g->row->list & IG_NAMED ? n : 0;
    }
}


/* the refusal that lasts longest is the one that is told */

static void
ig_reserve_refuse(ig_limit_result_t *out, const ig_target_t *g,
    const ig_look_t *look)
{
    if (out->admission == IG_REFUSED
        && (out->never || (!look->never && look->wait <= out->retry_ns)))
    {
        return;
    }

    out->admission = IG_REFUSED;
    out->limit = g->number;
    out->spent = look->spent;
    out->never = look->never;
    out->retry_ns = look->wait;
}


static const ig_limit_lease_t *
ig_answer_find(const ig_answers_t *a, const ig_target_t *g)
{
    size_t    i;
    uint64_t  key[2];

    for (i = 0; i < a->n; i++) {
        __builtin_memcpy(key, a->leases[i].key, sizeof(key));

        if (key[0] == g->key[0] && key[1] == g->key[1]) {
            return &a->leases[i];
        }
    }

    return NULL;
}


/* a counter of a fleet: what lies in the pool counts, and nothing else */

static void
ig_reserve_leased(ig_limit_table_t *t, const ig_targets_t *s,
    const ig_target_t *g, const ig_answers_t *answers, ig_look_t *look,
    ig_limit_result_t *out)
{
    bool                     budget;
    ig_counter_t            *c;
    const ig_limit_lease_t  *lease;

    c = ig_target_counter(t, g);
    budget = g->limit->algorithm == IG_ALGORITHM_CALENDAR
             || g->limit->algorithm == IG_ALGORITHM_TASK;

    look->never = g->amount > ig_min(g->cap, IG_AMOUNT_MAX);
    look->fits = !look->never;
    look->spent = budget && look->never;

    if (look->never) {
        look->wait = look->reset;
        ig_reserve_refuse(out, g, look);
        return;
    }

    if (ig_lease_covers(t, c, g->amount, s->now)) {
        return;
    }

    lease = ig_answer_find(answers, g);

    if (lease && lease->window_s == g->start / IG_SECOND) {
        look->fits = false;
        look->spent = budget;
        look->wait = lease->retry_ns ? lease->retry_ns
                     : budget ? look->reset : IG_SECOND;
        ig_reserve_refuse(out, g, look);
        ig_lease_refused(t, c, look->wait, s->now);

    } else if (ig_lease_quiet(t, c, s->now)) {
        look->fits = false;
        look->spent = budget;
        look->wait = budget ? look->reset : IG_SECOND;
        ig_reserve_refuse(out, g, look);

    } else if (out->nleases < IG_MAX_LIMITS) {
        ig_lease_ask(t, s, g, s->now, &out->leases[out->nleases++]);
    }
}


static void
ig_reserve_look(ig_limit_table_t *t, const ig_targets_t *s,
    const ig_answers_t *answers, ig_look_t *looks, ig_limit_result_t *out)
{
    size_t              i;
    ig_look_t          *look;
    const ig_target_t  *g;

    for (i = 0; i < s->n; i++) {
        g = &s->targets[i];
        look = &looks[i];

        ig_limit_look(t, ig_target_counter(t, g), g, s->now, look);

        if (g->leased) {
            ig_reserve_leased(t, s, g, answers, look, out);

        } else if (!look->fits) {

            if (g->audit) {
                out->would = out->would == IG_NONE ? g->number : out->would;

            } else {
                ig_reserve_refuse(out, g, look);
            }
        }
    }

    if (out->admission == IG_REFUSED) {
        out->nleases = 0;

    } else if (out->nleases) {
        out->admission = IG_LEASE_NEEDED;
    }
}


/* nothing is counted; but that a limit is reached is told, once */

static void
ig_reserve_none(ig_limit_table_t *t, const ig_targets_t *s, ig_look_t *looks,
    ig_limit_result_t *out)
{
    size_t              i;
    uint64_t            used;
    ig_counter_t       *c;
    const ig_target_t  *g;

    for (i = 0; i < s->n; i++) {
        g = &s->targets[i];
        c = ig_target_counter(t, g);

        ig_limit_report(t, NULL, g, &looks[i], out);

        if (looks[i].fits || looks[i].never || c == NULL) {
            continue;
        }

        ig_limit_mend(t, c, g, s->now);

        if (out->ncrossed == IG_MAX_LIMITS) {
            continue;
        }

        used = looks[i].used;
        looks[i].used = ig_max(used, g->max);

        if (ig_limit_level(t, c, looks[i].used, g->max)) {
            out->crossed[out->ncrossed].state
                = (ig_limit_state_t) { .limit = g->number, .max = g->max,
                                       .used = used,
                                       .reset_ns = looks[i].reset };
            out->crossed[out->ncrossed++].level = 100;
        }

        ig_commit(t);
    }
}


static void
ig_reserve_count(ig_limit_table_t *t, ig_targets_t *s, ig_target_t *g,
    ig_entry_t *e, ig_limit_result_t *out)
{
    ig_look_t      look;
    ig_counter_t  *c;

    if (g->cell == IG_NO_CELL) {
        g->cell = ig_counter_make(t, s, g);
    }

    c = &ig_cell(t, g->cell)->counter;
    ig_counter_pin(t, g->cell);

    if (g->amount) {
        g->amount = ig_min(g->amount, IG_AMOUNT_MAX);
        g->kept = ig_min(g->kept, g->amount);
        ig_limit_add(t, c, g, g->amount, s->now);
    }

    if (g->leased) {
        ig_lease_take(t, c, g->amount, s->now);

    } else if (g->alone) {
        ig_lease_alone(t, c, g, s->now);
    }

    e->counter = g->cell;
    e->seq = (uint32_t) c->seq;
    e->amount = g->amount;
    e->kept = g->kept;

    if (c->algorithm == IG_ALGORITHM_GCRA) {

        /* never given back */

        e->kept = e->amount;

    } else if (c->algorithm != IG_ALGORITHM_SLIDING) {
        IG_SET(t, c->reserved, c->reserved + g->amount);
        IG_SET(t, c->kept, c->kept + g->kept);
    }

    ig_limit_look(t, c, g, s->now, &look);
    ig_limit_report(t, c, g, &look, out);
}


static bool
ig_reserve_all(ig_limits_t *h, ig_targets_t *s, uint64_t deadline,
    ig_limit_result_t *out)
{
    bool               leased;
    size_t             i, n;
    uint32_t           head;
    ig_look_t          look;
    ig_target_t       *g;
    ig_limit_table_t  *t;

    t = h->table;

    for (i = 0, n = 0; i < s->n; i++) {
        n += !ig_target_absent(&s->targets[i]);
    }

    head = ig_held_make(t, h->owner, n, deadline);

    for (i = 0, n = 0, leased = false; i < s->n; i++) {
        g = &s->targets[i];

        if (!ig_undo_room(t)) {
            return false;
        }

        if (ig_target_absent(g)) {
            ig_limit_look(t, NULL, g, s->now, &look);
            ig_limit_report(t, NULL, g, &look, out);
            continue;
        }

        ig_reserve_count(t, s, g, ig_held_entry(t, head, n++), out);
        leased |= g->leased || g->alone;
    }

    ig_cell(t, head)->held.leased = leased;

    out->reservation.slot = head;
    out->reservation.generation = ig_cell(t, head)->held.generation;

    return true;
}


static void
ig_reserve_full(ig_limit_table_t *t, ig_limit_result_t *out)
{
    ig_limit_result_init(out);
    out->admission = IG_TABLE_FULL;
    out->retry_ns = IG_SECOND;
    t->stats.full++;
}


void
ig_reserve_locked(ig_limits_t *h, ig_targets_t *s,
    const ig_limit_lease_t *leases, size_t n, uint64_t deadline,
    ig_limit_result_t *out)
{
    uint32_t           cells, named;
    ig_look_t          looks[IG_LIMIT_COUNTERS];
    ig_answers_t       answers;
    ig_limit_table_t  *t;

    t = h->table;
    answers.leases = leases;
    answers.n = n;

    /* before anything is found: what is found stays, then */

    ig_reserve_need(s, true, &cells, &named);

    if (!ig_counter_room(t, cells, named)) {
        ig_counter_ensure(t, cells, named, s->now);
    }

    ig_reserve_find(t, s);
    ig_reserve_look(t, s, &answers, looks, out);

    if (out->admission != IG_ADMITTED) {
        ig_reserve_none(t, s, looks, out);
        return;
    }

    ig_reserve_need(s, false, &cells, &named);

    if (!ig_counter_room(t, cells, named)) {
        ig_reserve_full(t, out);
        return;
    }

    if (!ig_reserve_all(h, s, deadline, out)) {
        ig_undo_all(t);
        ig_reserve_full(t, out);
        return;
    }

    ig_commit(t);
}


void
ig_limit_reserve(ig_limits_t *h, const ig_limiter_t *l,
    const ig_limit_request_t *q, uint64_t now_ns, uint64_t deadline_ns,
    ig_limit_result_t *out)
{
    ig_limit_grant(h, l, q, NULL, 0, now_ns, deadline_ns, out);
}

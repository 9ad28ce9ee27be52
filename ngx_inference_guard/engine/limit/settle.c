/*
 * Settling: the truth in place of the estimate.
 */

#include <limit/table.h>


/* of which limit of the tenant a counter is; they may have changed */

static bool
ig_settle_target(ig_targets_t *s, const ig_counter_t *c, ig_target_t *g)
{
    uint32_t  i;

    for (i = 0; i < s->quota->nlimits; i++) {

        if (s->rows[i].tag == c->tag
            && s->rows[i].limit->algorithm == c->algorithm)
        {
            ig_target_limit(s, g, i);
            return true;
        }
    }

    return false;
}


static void
ig_settle_entry(ig_limit_table_t *t, ig_targets_t *s, const ig_entry_t *e,
    bool leased, const ig_amounts_t *actual, ig_limit_result_t *out)
{
    uint64_t       amount;
    ig_look_t      look;
    ig_target_t    g;
    ig_counter_t  *c;

    c = &ig_cell(t, e->counter)->counter;

    if (!ig_settle_target(s, c, &g)) {
        ig_entry_end(t, e, e->kept, leased, s->now);
        return;
    }

    amount = e->kept;

    if (ig_limit_settles(g.limit)) {
        amount = ig_min(ig_limit_amount(g.limit, actual), IG_AMOUNT_MAX);
    }

    ig_entry_end(t, e, amount, leased, s->now);

    if (amount > e->amount) {
        ig_limit_add(t, c, &g, amount - e->amount, s->now);

        if (leased) {
            ig_lease_over(t, c, amount - e->amount, s->now);
        }
    }

    ig_limit_look(t, c, &g, s->now, &look);
    ig_limit_report(t, c, &g, &look, out);
}


static void
ig_settle_held(ig_limit_table_t *t, ig_targets_t *s, uint32_t head,
    const ig_amounts_t *actual, ig_limit_result_t *out)
{
    size_t      i;
    ig_held_t  *r;

    r = &ig_cell(t, head)->held;

    for (i = 0; i < r->n; i++) {
        ig_settle_entry(t, s, ig_held_entry(t, head, i), r->leased, actual,
                        out);
    }

    ig_held_free(t, head);
    ig_commit(t);
}


/*
 * The reservation has ended, and what it left counted is the estimate of input:
 * the rest is charged.
 */

static void
ig_settle_late(ig_limit_table_t *t, ig_targets_t *s,
    const ig_amounts_t *actual, ig_limit_result_t *out)
{
    size_t         i;
    uint32_t       cells;
    uint64_t       amount;
    ig_look_t      look;
    ig_target_t   *g;
    ig_counter_t  *c;

    for (i = 0; i < s->n; i++) {
        g = &s->targets[i];

        if (!ig_limit_settles(g->limit)) {
            continue;
        }

        amount = ig_limit_amount(g->limit, actual);
        amount -= ig_min(g->kept, amount);
        cells = ig_counter_cells(g);

        g->cell = ig_counter_find(t, g->key, g->hash);

        if (g->cell == IG_NO_CELL) {

            if (amount == 0) {
                continue;
            }

            ig_counter_ensure(t, cells, g->row->list & IG_NAMED ? cells : 0,
                              s->now);

            if (!ig_counter_room(t, cells,
                                 g->row->list & IG_NAMED ? cells : 0))
            {
                t->stats.uncharged++;
                continue;
            }

            g->cell = ig_counter_make(t, s, g);
        }

        c = &ig_cell(t, g->cell)->counter;

        if (amount) {
            ig_limit_add(t, c, g, amount, s->now);

            if (g->leased) {
                ig_lease_over(t, c, amount, s->now);
            }
        }

        ig_limit_look(t, c, g, s->now, &look);
        ig_limit_report(t, c, g, &look, out);
        ig_commit(t);
    }
}


void
ig_limit_settle(ig_limits_t *h, const ig_limiter_t *l,
    const ig_limit_request_t *q, ig_reservation_t *r, const ig_amounts_t *actual,
    uint64_t now_ns, ig_limit_result_t *out)
{
    uint32_t          head, missing, would;
    ig_targets_t      s;
    ig_reservation_t  held;

    /* r may be out->reservation */

    held = *r;
    *r = (ig_reservation_t) { 0, 0 };
    ig_limit_result_init(out);

    if (held.generation == 0 || q->tenant >= l->policy->ntenants) {
        return;
    }

    ig_targets_init(&s, h, l, q, now_ns);

    ig_limits_lock(h);

    head = ig_held_find(h->table, held);

    if (head != IG_NO_CELL) {
        ig_settle_held(h->table, &s, head, actual, out);
        ig_limits_unlock(h);

    } else {
        ig_limits_unlock(h);

        /* what could be named then can be named now */

        if (ig_targets_make(&s, &missing, &would) == IG_ADMITTED) {
            ig_limits_lock(h);
            ig_settle_late(h->table, &s, actual, out);
            ig_limits_unlock(h);
        }
    }
}

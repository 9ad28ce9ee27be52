/*
 * Reservations: what a request holds of its counters, in a ring of its owner.
 */

#include <limit/table.h>

#include <string.h>


uint32_t
ig_held_cells(size_t entries)
{
    if (entries <= IG_HEAD_ENTRIES) {
        return 1;
    }

    return (uint32_t) (1 + (entries - IG_HEAD_ENTRIES + IG_MORE_ENTRIES - 1)
                           / IG_MORE_ENTRIES);
}


static void
ig_held_link(ig_limit_table_t *t, uint32_t n)
{
    ig_held_t   *r, *first;
    ig_process_t  *o;

    r = &ig_cell(t, n)->held;
    o = &t->owners[r->owner];

    /* before the one that is looked at next: the last in turn */

    if (o->first == IG_NO_CELL) {
        r->owner_next = n;
        r->owner_prev = n;
        IG_SET(t, o->first, n);

    } else {
        first = &ig_cell(t, o->first)->held;
        r->owner_next = o->first;
        r->owner_prev = first->owner_prev;
        IG_SET(t, ig_cell(t, first->owner_prev)->held.owner_next, n);
        IG_SET(t, first->owner_prev, n);
    }

    IG_SET(t, o->n, o->n + 1);
}


uint32_t
ig_held_make(ig_limit_table_t *t, uint32_t owner, size_t entries,
    uint64_t deadline)
{
    uint32_t   n, more, cells;
    ig_held_t  *r;

    n = ig_cell_take(t, IG_CELL_RESERVATION);
    r = &ig_cell(t, n)->held;

    IG_SET(t, t->generation, t->generation == UINT32_MAX ? 1
                                                         : t->generation + 1);

    r->leased = 0;
    r->n = (uint8_t) entries;
    r->generation = t->generation;
    r->owner = owner;
    r->deadline = deadline;

    for (cells = ig_held_cells(entries) - 1; cells > 0; cells--) {
        more = ig_cell_take(t, IG_CELL_MORE);
        ig_cell(t, more)->cell.next = r->next;
        r->next = more;
    }

    ig_held_link(t, n);
    IG_SET(t, t->nheld, t->nheld + 1);

    return n;
}


ig_entry_t *
ig_held_entry(const ig_limit_table_t *t, uint32_t head, size_t i)
{
    ig_any_t  *cell;

    cell = ig_cell(t, head);

    if (i < IG_HEAD_ENTRIES) {
        return &cell->held.entries[i];
    }

    i -= IG_HEAD_ENTRIES;

    for (cell = ig_cell(t, cell->cell.next);
         i >= IG_MORE_ENTRIES;
         cell = ig_cell(t, cell->cell.next))
    {
        i -= IG_MORE_ENTRIES;
    }

    return &cell->more.entries[i];
}


uint32_t
ig_held_find(const ig_limit_table_t *t, ig_reservation_t r)
{
    const ig_held_t  *held;

    if (r.generation == 0 || r.slot >= t->ncells) {
        return IG_NO_CELL;
    }

    held = &ig_cell(t, r.slot)->held;

    return held->type == IG_CELL_RESERVATION
           && held->generation == r.generation ? r.slot : IG_NO_CELL;
}


void
ig_held_free(ig_limit_table_t *t, uint32_t head)
{
    uint32_t     n, next;
    ig_held_t   *r;
    ig_process_t  *o;

    r = &ig_cell(t, head)->held;
    o = &t->owners[r->owner];

    if (r->owner_next == head) {
        IG_SET(t, o->first, IG_NO_CELL);

    } else {
        IG_SET(t, ig_cell(t, r->owner_next)->held.owner_prev, r->owner_prev);
        IG_SET(t, ig_cell(t, r->owner_prev)->held.owner_next, r->owner_next);

        if (o->first == head) {
            IG_SET(t, o->first, r->owner_next);
        }
    }

    IG_SET(t, o->n, o->n - 1);
    IG_SET(t, t->nheld, t->nheld - 1);

    for (n = head; n != IG_NO_CELL; n = next) {
        next = ig_cell(t, n)->cell.next;
        ig_cell_give(t, n);
    }
}


/* whether what was leased then is still of this window, or was set back */

static bool
ig_entry_counts(const ig_counter_t *c, uint32_t seq)
{
    if (c->algorithm == IG_ALGORITHM_SLIDING) {
        return (uint32_t) c->seq - seq < IG_RING;
    }

    return seq == (uint32_t) c->seq;
}


void
ig_entry_end(ig_limit_table_t *t, const ig_entry_t *e, uint64_t stays,
    bool leased, uint64_t now)
{
    uint64_t       back;
    ig_counter_t  *c;

    c = &ig_cell(t, e->counter)->counter;
    back = e->amount - ig_min(stays, e->amount);

    if (back) {
        ig_limit_back(t, c, e->seq, back);

        if (leased && ig_entry_counts(c, e->seq)) {
            ig_lease_back(t, c, back, now);
        }
    }

    if (c->algorithm != IG_ALGORITHM_SLIDING
        && c->algorithm != IG_ALGORITHM_GCRA
        && e->seq == (uint32_t) c->seq)
    {
        IG_SET(t, c->reserved, c->reserved - ig_min(c->reserved, e->amount));
        IG_SET(t, c->kept, c->kept - ig_min(c->kept, e->kept));
    }

    ig_counter_unpin(t, e->counter);
}


void
ig_held_end(ig_limit_table_t *t, uint32_t head, uint64_t now)
{
    size_t       i;
    ig_held_t   *r;
    ig_entry_t  *e;

    r = &ig_cell(t, head)->held;

    for (i = 0; i < r->n; i++) {
        e = ig_held_entry(t, head, i);
        ig_entry_end(t, e, e->kept, r->leased, now);
    }

    ig_held_free(t, head);
    ig_commit(t);
}


void
ig_limit_extend(ig_limits_t *h, ig_reservation_t r, uint64_t deadline_ns)
{
    uint32_t  n;

    ig_limits_lock(h);

    n = ig_held_find(h->table, r);

    if (n != IG_NO_CELL) {
        ig_cell(h->table, n)->held.deadline = deadline_ns;
    }

    ig_limits_unlock(h);
}

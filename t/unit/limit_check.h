/*
 * Whether a table is as it should be: lists whole, every cell accounted for, and
 * what counters say is reserved is what reservations hold.
 */

#ifndef IG_TEST_LIMIT_CHECK_H
#define IG_TEST_LIMIT_CHECK_H

#include <limit/table.h>

#include <stdlib.h>
#include <string.h>


typedef struct {
    uint64_t  reserved;
    uint64_t  kept;
    uint64_t  ring[IG_RING];
    uint32_t  live;
    bool      indexed;
    bool      chained;
    bool      listed;
} lc_sum_t;

typedef struct {
    const ig_limit_table_t  *t;
    lc_sum_t                *sums;     /* a cell */
    uint32_t                 types[IG_CELL_MORE + 1];
} lc_t;


static inline const char *
lc_types(lc_t *x)
{
    uint32_t  i, n;

    for (i = 0; i < x->t->ncells; i++) {
        if (ig_cell(x->t, i)->cell.type > IG_CELL_MORE) {
            return "a cell of no type";
        }

        x->types[ig_cell(x->t, i)->cell.type]++;
    }

    for (n = 0, i = x->t->free; i != IG_NO_CELL; i = ig_cell(x->t, i)->cell.next)
    {
        if (i >= x->t->ncells || ig_cell(x->t, i)->cell.type != IG_CELL_FREE
            || n++ > x->t->ncells)
        {
            return "the list of free cells";
        }
    }

    return n != x->t->nfree || n != x->types[IG_CELL_FREE]
           ? "the number of free cells" : NULL;
}


static inline const char *
lc_index(lc_t *x)
{
    uint32_t             b, i, n, named, rings, infos;
    const ig_counter_t  *c;

    n = named = rings = infos = 0;

    for (b = 0; b <= x->t->mask; b++) {

        for (i = *ig_index(x->t, b); i != IG_NO_CELL; i = c->next) {

            if (i >= x->t->ncells || x->sums[i].indexed) {
                return "the index";
            }

            c = &ig_cell(x->t, i)->counter;
            x->sums[i].indexed = true;
            n++;

            if (c->type != IG_CELL_COUNTER
                || ((uint32_t) ig_siphash(x->t->seed, c->key, 16)
                    & x->t->mask) != b)
            {
                return "a counter in the index";
            }

            rings += c->ring != IG_NO_CELL;
            infos += c->info != IG_NO_CELL;

            if (c->list & IG_NAMED) {
                named += 1u + (c->ring != IG_NO_CELL) + (c->info != IG_NO_CELL);
            }

            if ((c->ring != IG_NO_CELL) != (c->algorithm == IG_ALGORITHM_SLIDING)
                || (c->ring != IG_NO_CELL
                    && ig_cell(x->t, c->ring)->cell.type != IG_CELL_RING)
                || (c->info != IG_NO_CELL
                    && ig_cell(x->t, c->info)->cell.type != IG_CELL_INFO))
            {
                return "what belongs to a counter";
            }
        }
    }

    if (n != x->t->ncounters || n != x->types[IG_CELL_COUNTER]
        || named != x->t->nnamed || rings != x->types[IG_CELL_RING]
        || infos != x->types[IG_CELL_INFO])
    {
        return "the number of counters";
    }

    return NULL;
}


static inline const char *
lc_chains(lc_t *x)
{
    uint32_t             b, i, last, n;
    const ig_counter_t  *c;

    for (b = 0, n = 0; b <= x->t->mask; b++) {
        last = IG_NO_CELL;

        for (i = *ig_tenants(x->t, b); i != IG_NO_CELL; i = c->tenant_next) {

            if (i >= x->t->ncells || x->sums[i].chained) {
                return "the chain of a tenant";
            }

            c = &ig_cell(x->t, i)->counter;
            x->sums[i].chained = true;
            n++;

            if (c->type != IG_CELL_COUNTER || c->tenant_prev != last
                || ((uint32_t) ig_siphash(x->t->seed, &c->tenant, 8)
                    & x->t->mask) != b)
            {
                return "a counter in a chain";
            }

            last = i;
        }
    }

    return n != x->t->ncounters ? "the chains" : NULL;
}


static inline const char *
lc_lists(lc_t *x)
{
    uint32_t             l, i, last;
    const ig_counter_t  *c;

    for (l = 0; l < IG_LISTS * 2; l++) {
        last = IG_NO_CELL;

        for (i = x->t->lists[l].head; i != IG_NO_CELL; i = c->lru_next) {

            if (i >= x->t->ncells || x->sums[i].listed) {
                return "a list of eviction";
            }

            c = &ig_cell(x->t, i)->counter;
            x->sums[i].listed = true;

            if (c->type != IG_CELL_COUNTER || c->live != 0 || c->list != l
                || c->lru_prev != last)
            {
                return "a counter in a list of eviction";
            }

            last = i;
        }

        if (x->t->lists[l].tail != last) {
            return "the tail of a list of eviction";
        }
    }

    return NULL;
}


static inline const char *
lc_reservation(lc_t *x, uint32_t head)
{
    size_t             i;
    uint32_t           n, cell;
    lc_sum_t          *s;
    ig_held_t         *r;
    const ig_entry_t  *e;

    r = &ig_cell(x->t, head)->held;

    for (n = 1, cell = r->next; cell != IG_NO_CELL;
         cell = ig_cell(x->t, cell)->cell.next, n++)
    {
        if (ig_cell(x->t, cell)->cell.type != IG_CELL_MORE) {
            return "the cells of a reservation";
        }

        x->types[IG_CELL_MORE]--;
    }

    if (n != ig_held_cells(r->n)) {
        return "the number of cells of a reservation";
    }

    for (i = 0; i < r->n; i++) {
        e = ig_held_entry(x->t, head, i);

        if (e->counter >= x->t->ncells || e->kept > e->amount
            || ig_cell(x->t, e->counter)->cell.type != IG_CELL_COUNTER)
        {
            return "an entry of a reservation";
        }

        s = &x->sums[e->counter];
        s->live++;

        if (e->seq == (uint32_t) ig_cell(x->t, e->counter)->counter.seq) {
            s->reserved += e->amount;
            s->kept += e->kept;
        }

        s->ring[e->seq % IG_RING] +=
            (uint32_t) ig_cell(x->t, e->counter)->counter.seq - e->seq
            < IG_RING ? e->amount : 0;
    }

    return NULL;
}


static inline const char *
lc_reservations(lc_t *x)
{
    uint32_t             o, i, n, total;
    const char          *why;
    const ig_held_t     *r;
    const ig_process_t  *p;

    for (o = 0, total = 0; o < IG_LIMIT_OWNERS; o++) {
        p = &x->t->owners[o];
        n = 0;

        for (i = p->first; i != IG_NO_CELL; /* void */ ) {
            r = &ig_cell(x->t, i)->held;

            if (r->type != IG_CELL_RESERVATION || r->owner != o
                || ig_cell(x->t, r->owner_next)->held.owner_prev != i
                || n++ > x->t->nheld)
            {
                return "the ring of an owner";
            }

            why = lc_reservation(x, i);

            if (why) {
                return why;
            }

            i = r->owner_next == p->first ? IG_NO_CELL : r->owner_next;
        }

        if (n != p->n) {
            return "the reservations of an owner";
        }

        total += n;
    }

    return total != x->t->nheld || total != x->types[IG_CELL_RESERVATION]
           || x->types[IG_CELL_MORE] != 0 ? "the reservations" : NULL;
}


static inline const char *
lc_counters(lc_t *x)
{
    uint32_t             i, j;
    const lc_sum_t      *s;
    const ig_counter_t  *c;

    for (i = 0; i < x->t->ncells; i++) {
        c = &ig_cell(x->t, i)->counter;
        s = &x->sums[i];

        if (c->type != IG_CELL_COUNTER) {
            continue;
        }

        if (c->live != s->live || (c->live == 0) != s->listed) {
            return "the live reservations of a counter";
        }

        switch (c->algorithm) {

        case IG_ALGORITHM_GCRA:
            break;

        case IG_ALGORITHM_SLIDING:
            for (j = 0; j < IG_RING; j++) {
                if (ig_cell(x->t, c->ring)->ring.amounts[j] < s->ring[j]) {
                    return "less in a ring than is reserved";
                }
            }

            break;

        case IG_ALGORITHM_SLOTS:
            if (c->used != c->live) {
                return "slots";
            }

            /* fall through */

        default:
            if (c->reserved != s->reserved || c->kept != s->kept
                || c->used < c->reserved)
            {
                return "what is reserved of a counter";
            }
        }
    }

    return NULL;
}


/* NULL: all is well.  Not under a lock of its own; nothing is half done */

static inline const char *
limit_check(const ig_limit_table_t *t)
{
    lc_t         x;
    const char  *why;

    memset(&x, 0, sizeof(x));
    x.t = t;

    x.sums = calloc(t->ncells, sizeof(lc_sum_t));
    if (x.sums == NULL) {
        return "no memory to check";
    }

    why = t->nundo ? "a change is half done" : NULL;
    why = why ? why : lc_types(&x);
    why = why ? why : lc_index(&x);
    why = why ? why : lc_chains(&x);
    why = why ? why : lc_lists(&x);
    why = why ? why : lc_reservations(&x);
    why = why ? why : lc_counters(&x);

    free(x.sums);

    return why;
}

#endif /* IG_TEST_LIMIT_CHECK_H */

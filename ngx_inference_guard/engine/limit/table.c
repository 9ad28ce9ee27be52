/*
 * The table: its layout, its lock, the undo of half-done changes, free cells.
 */

#include <limit/table.h>

#include <string.h>


#define IG_LIMIT_MAGIC         UINT64_C(0x49474c494d495431)   /* with version */
#define IG_CELLS_MIN           64


/* a bucket for each two cells or more: half of them are no counters */

static uint32_t
ig_table_buckets(size_t cells)
{
    uint32_t  n;

    for (n = 32; n < cells / 2 && n < (UINT32_C(1) << 31); n *= 2) {
        /* void */
    }

    return n;
}


size_t
ig_limit_table_size(size_t cells)
{
    cells = ig_max(cells, IG_CELLS_MIN);

    return sizeof(ig_limit_table_t)
           + 2 * sizeof(uint32_t) * ig_table_buckets(cells)
           + cells * sizeof(ig_any_t) + sizeof(ig_any_t);
}


size_t
ig_limit_table_min(void)
{
    return ig_limit_table_size(IG_CELLS_MIN);
}


/* the most cells that fit */

static size_t
ig_table_fit(size_t size)
{
    size_t  low, high, middle;

    low = IG_CELLS_MIN;
    high = ig_min(size / sizeof(ig_any_t), (size_t) UINT32_MAX - 1);

    while (low < high) {
        middle = low + (high - low + 1) / 2;

        if (ig_limit_table_size(middle) <= size) {
            low = middle;

        } else {
            high = middle - 1;
        }
    }

    return low;
}


ig_rc_t
ig_limit_table_init(void *memory, size_t size, const uint8_t seed[16])
{
    uint32_t           i, buckets;
    ig_any_t          *cell;
    ig_limit_table_t  *t;

    if (size < ig_limit_table_min()) {
        return IG_LIMIT;
    }

    t = memory;
    memset(t, 0, sizeof(ig_limit_table_t));

    t->size = size;
    memcpy(t->seed, seed, sizeof(t->seed));
    t->ncells = (uint32_t) ig_table_fit(size);

    buckets = ig_table_buckets(t->ncells);
    t->mask = buckets - 1;
    t->index_at = sizeof(ig_limit_table_t);
    t->tenants_at = t->index_at + buckets * sizeof(uint32_t);

    /* cells do not straddle lines of the cache */

    t->cells_at = t->tenants_at + buckets * sizeof(uint32_t);
    t->cells_at += -((uintptr_t) t + t->cells_at) & (uintptr_t) 63;

    memset((uint8_t *) t + t->index_at, 0xff, 2 * buckets * sizeof(uint32_t));
    memset(t->lists, 0xff, sizeof(t->lists));

    for (i = 0; i < IG_LIMIT_OWNERS; i++) {
        t->owners[i].first = IG_NO_CELL;
    }

    for (i = 0; i < t->ncells; i++) {
        cell = ig_cell(t, i);
        cell->cell = (ig_cell_t) { IG_CELL_FREE, 0, 0, 0,
                                   i + 1 < t->ncells ? i + 1 : IG_NO_CELL };
    }

    t->nfree = t->ncells;
    t->generation = 1;

    ig_barrier();
    t->magic = IG_LIMIT_MAGIC + sizeof(ig_limit_table_t);

    return IG_OK;
}


bool
ig_limit_table_known(const void *memory, size_t size)
{
    const ig_limit_table_t  *t = memory;

    return size >= ig_limit_table_min()
           && t->magic == IG_LIMIT_MAGIC + sizeof(ig_limit_table_t)
           && t->size == size;
}


/* a kill in the middle is no harm: it begins again */

void
ig_undo_all(ig_limit_table_t *t)
{
    uint64_t  n;

    for (n = t->nundo; n > 0; n--) {
        *(ig_word_t *) ((uint8_t *) t + t->undo[n - 1].at)
            = t->undo[n - 1].was;
    }

    ig_commit(t);
}


void
ig_limits_lock(ig_limits_t *h)
{
    h->lock.lock(h->lock.ctx);
    ig_barrier();

    if (h->table->nundo) {
        ig_undo_all(h->table);
        h->table->stats.repaired++;
    }
}


void
ig_limits_unlock(ig_limits_t *h)
{
    ig_barrier();
    h->lock.unlock(h->lock.ctx);
}


/* there is one: who takes cells has made sure before */

uint32_t
ig_cell_take(ig_limit_table_t *t, ig_cell_type_t type)
{
    uint32_t   n;
    ig_any_t  *cell;

    n = t->free;
    cell = ig_cell(t, n);

    IG_SET(t, t->free, cell->cell.next);
    IG_SET(t, t->nfree, t->nfree - 1);
    IG_SET(t, cell->cell, ((ig_cell_t) { (uint8_t) type, 0, 0, 0,
                                         IG_NO_CELL }));

    return n;
}


void
ig_cell_give(ig_limit_table_t *t, uint32_t n)
{
    ig_any_t  *cell;

    cell = ig_cell(t, n);

    IG_SET(t, cell->cell, ((ig_cell_t) { IG_CELL_FREE, 0, 0, 0, t->free }));
    IG_SET(t, t->free, n);
    IG_SET(t, t->nfree, t->nfree + 1);
}


void
ig_limit_stats(ig_limits_t *h, ig_limit_stats_t *out)
{
    ig_limit_table_t  *t;

    t = h->table;

    ig_limits_lock(h);

    *out = t->stats;
    out->cells = t->ncells;
    out->cells_free = t->nfree;
    out->counters = t->ncounters;
    out->reservations = t->nheld;

    ig_limits_unlock(h);
}

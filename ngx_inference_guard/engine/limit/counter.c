/*
 * Counters: found in the index, made, evicted.
 *
 * A counter with reservations is in no list of eviction; one without is at the
 * end of its list, and goes when nothing of it counts any more.
 */

#include <limit/table.h>

#include <string.h>


#define IG_EVICT_LOOK          8      /* of a list, before it is left alone */


uint32_t
ig_counter_find(const ig_limit_table_t *t, const uint64_t key[2], uint64_t hash)
{
    uint32_t             n;
    const ig_counter_t  *c;

    for (n = *ig_index(t, hash); n != IG_NO_CELL; n = c->next) {
        c = &ig_cell(t, n)->counter;

        if (c->key[0] == key[0] && c->key[1] == key[1]) {
            return n;
        }
    }

    return IG_NO_CELL;
}


static uint64_t
ig_counter_tenant_hash(const ig_limit_table_t *t, uint64_t tenant)
{
    return ig_siphash(t->seed, &tenant, sizeof(tenant));
}


static void
ig_counter_link(ig_limit_table_t *t, uint32_t n)
{
    ig_ends_t     *l;
    ig_counter_t  *c;

    c = &ig_cell(t, n)->counter;
    l = &t->lists[c->list];

    IG_SET(t, c->lru_next, IG_NO_CELL);
    IG_SET(t, c->lru_prev, l->tail);

    if (l->tail == IG_NO_CELL) {
        IG_SET(t, l->head, n);

    } else {
        IG_SET(t, ig_cell(t, l->tail)->counter.lru_next, n);
    }

    IG_SET(t, l->tail, n);
}


static void
ig_counter_unlink(ig_limit_table_t *t, uint32_t n)
{
    ig_ends_t     *l;
    ig_counter_t  *c;

    c = &ig_cell(t, n)->counter;
    l = &t->lists[c->list];

    if (c->lru_prev == IG_NO_CELL) {
        IG_SET(t, l->head, c->lru_next);

    } else {
        IG_SET(t, ig_cell(t, c->lru_prev)->counter.lru_next, c->lru_next);
    }

    if (c->lru_next == IG_NO_CELL) {
        IG_SET(t, l->tail, c->lru_prev);

    } else {
        IG_SET(t, ig_cell(t, c->lru_next)->counter.lru_prev, c->lru_prev);
    }
}


void
ig_counter_pin(ig_limit_table_t *t, uint32_t n)
{
    ig_counter_t  *c;

    c = &ig_cell(t, n)->counter;

    if (c->live == 0) {
        ig_counter_unlink(t, n);
    }

    IG_SET(t, c->live, c->live + 1);
}


void
ig_counter_unpin(ig_limit_table_t *t, uint32_t n)
{
    ig_counter_t  *c;

    c = &ig_cell(t, n)->counter;

    IG_SET(t, c->live, c->live - 1);

    if (c->live == 0) {
        ig_counter_link(t, n);
    }
}


static uint32_t
ig_counter_size(const ig_counter_t *c)
{
    return 1u + (c->ring != IG_NO_CELL ? 1 : 0)
           + (c->info != IG_NO_CELL ? 1 : 0);
}


uint32_t
ig_counter_cells(const ig_target_t *g)
{
    return 1u + (g->limit->algorithm == IG_ALGORITHM_SLIDING ? 1 : 0)
           + (g->limit->by != 0 || g->leased || g->alone ? 1 : 0);
}


uint32_t
ig_counter_blank(ig_limit_table_t *t, const uint64_t key[2], uint64_t hash,
    uint64_t tenant, uint8_t list, uint8_t algorithm, bool info)
{
    uint32_t       n, *bucket, *chain;
    ig_any_t      *cell;
    ig_counter_t  *c;

    n = ig_cell_take(t, IG_CELL_COUNTER);
    c = &ig_cell(t, n)->counter;

    bucket = ig_index(t, hash);
    chain = ig_tenants(t, ig_counter_tenant_hash(t, tenant));

    memset(c, 0, sizeof(ig_counter_t));

    c->type = IG_CELL_COUNTER;
    c->list = list;
    c->algorithm = algorithm;
    c->next = *bucket;
    c->key[0] = key[0];
    c->key[1] = key[1];
    c->tenant = tenant;
    c->tenant_next = *chain;
    c->tenant_prev = IG_NO_CELL;
    c->ring = IG_NO_CELL;
    c->info = IG_NO_CELL;

    if (algorithm == IG_ALGORITHM_SLIDING) {
        c->ring = ig_cell_take(t, IG_CELL_RING);
        cell = ig_cell(t, c->ring);
        memset((uint8_t *) cell + sizeof(ig_cell_t), 0,
               sizeof(ig_any_t) - sizeof(ig_cell_t));
    }

    if (info) {
        c->info = ig_cell_take(t, IG_CELL_INFO);
        cell = ig_cell(t, c->info);
        memset((uint8_t *) cell + sizeof(ig_cell_t), 0,
               sizeof(ig_any_t) - sizeof(ig_cell_t));
    }

    IG_SET(t, *bucket, n);

    if (*chain != IG_NO_CELL) {
        IG_SET(t, ig_cell(t, *chain)->counter.tenant_prev, n);
    }

    IG_SET(t, *chain, n);
    IG_SET(t, t->ncounters, t->ncounters + 1);

    if (list & IG_NAMED) {
        IG_SET(t, t->nnamed, t->nnamed + ig_counter_size(c));
    }

    ig_counter_link(t, n);

    return n;
}


uint32_t
ig_counter_make(ig_limit_table_t *t, const ig_targets_t *s,
    const ig_target_t *g)
{
    bool           info;
    uint32_t       n;
    ig_buf_t       label;
    ig_info_t     *i;
    ig_counter_t  *c;

    info = g->limit->by != 0 || g->leased || g->alone;

    n = ig_counter_blank(t, g->key, g->hash,
                         s->l->policy->tenants[s->q->tenant].id, g->row->list,
                         (uint8_t) g->limit->algorithm, info);

    c = &ig_cell(t, n)->counter;
    c->tag = g->row->tag;

    if (info) {
        i = &ig_cell(t, c->info)->info;
        ig_buf_fixed(&label, i->label, IG_LIMIT_LABEL);
        ig_limit_label(s, g, &label);
        i->cell.a = (uint8_t) label.len;
    }

    return n;
}


static void
ig_counter_remove(ig_limit_table_t *t, uint32_t n)
{
    uint32_t      *link;
    ig_counter_t  *c;

    c = &ig_cell(t, n)->counter;

    for (link = ig_index(t, ig_siphash(t->seed, c->key, sizeof(c->key)));
         *link != n;
         link = &ig_cell(t, *link)->counter.next)
    {
        /* void */
    }

    IG_SET(t, *link, c->next);

    if (c->tenant_prev == IG_NO_CELL) {
        link = ig_tenants(t, ig_counter_tenant_hash(t, c->tenant));
        IG_SET(t, *link, c->tenant_next);

    } else {
        IG_SET(t, ig_cell(t, c->tenant_prev)->counter.tenant_next,
               c->tenant_next);
    }

    if (c->tenant_next != IG_NO_CELL) {
        IG_SET(t, ig_cell(t, c->tenant_next)->counter.tenant_prev,
               c->tenant_prev);
    }

    ig_counter_unlink(t, n);

    IG_SET(t, t->ncounters, t->ncounters - 1);

    if (c->list & IG_NAMED) {
        IG_SET(t, t->nnamed, t->nnamed - ig_counter_size(c));
    }

    if (c->ring != IG_NO_CELL) {
        ig_cell_give(t, c->ring);
    }

    if (c->info != IG_NO_CELL) {
        ig_cell_give(t, c->info);
    }

    ig_cell_give(t, n);
}


/*
 * Nothing of it counts any more.  An end that is further ahead than it can be
 * was set by a clock that has been put back since.
 */

static bool
ig_counter_idle(ig_limit_table_t *t, ig_counter_t *c, uint64_t now)
{
    if (c->algorithm == IG_ALGORITHM_SLOTS) {
        return c->used == 0 && !ig_lease_holds(t, c, now);
    }

    if (c->end > now && c->end - now > c->span) {
        IG_SET(t, c->end, now + c->span);
        ig_commit(t);
    }

    return c->end <= now && !ig_lease_holds(t, c, now);
}


size_t
ig_counter_evict(ig_limit_table_t *t, unsigned list, size_t n, size_t most,
    uint64_t now)
{
    size_t      freed;
    uint32_t    cell, last;
    ig_ends_t  *l;

    l = &t->lists[list];
    last = l->tail;

    for (freed = 0; n > 0 && freed < most && l->head != IG_NO_CELL; n--) {
        cell = l->head;

        if (ig_counter_idle(t, &ig_cell(t, cell)->counter, now)) {
            ig_counter_remove(t, cell);
            freed++;

        } else {
            ig_counter_unlink(t, cell);
            ig_counter_link(t, cell);
        }

        ig_commit(t);

        if (cell == last) {
            break;
        }
    }

    return freed;
}


bool
ig_counter_room(const ig_limit_table_t *t, uint32_t cells, uint32_t named)
{
    return t->nfree >= cells
           && (named == 0
               || (uint64_t) t->nnamed + named
                  <= (uint64_t) t->ncells * 3 / 4);
}


/* counters that clients named go first */

void
ig_counter_ensure(ig_limit_table_t *t, uint32_t cells, uint32_t named,
    uint64_t now)
{
    size_t    freed, n;
    unsigned  i, pass;

    do {
        freed = 0;

        for (pass = 0; pass < 2; pass++) {

            for (i = 0; i < IG_LISTS; i++) {

                if (ig_counter_room(t, cells, named)) {
                    return;
                }

                if (pass == 1 && t->nfree >= cells) {
                    break;
                }

                n = ig_counter_evict(t, i * 2 + (pass == 0 ? IG_NAMED : 0),
                                     IG_EVICT_LOOK, 1, now);
                t->stats.evicted += n;
                freed += n;
            }
        }

    } while (freed);
}

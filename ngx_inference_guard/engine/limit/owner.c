/*
 * Owners: the processes whose reservations are in the table; and the work of
 * every second.
 */

#include <limit/table.h>

#include <string.h>


#define IG_OWNER_BATCH         64     /* reservations under one lock */
#define IG_TICK_LOOK           256    /* at least, of an owner */
#define IG_TICK_PASS           16     /* calls, until all were looked at */
#define IG_TICK_EVICT          64     /* counters of a list */


/* ends some of its reservations; false: none is left and its place is free */

static bool
ig_owner_end(ig_limit_table_t *t, ig_process_t *o, uint64_t now)
{
    unsigned  i;

    for (i = 0; i < IG_OWNER_BATCH && o->first != IG_NO_CELL; i++) {
        ig_held_end(t, o->first, now);
        t->stats.orphaned++;
    }

    if (o->first != IG_NO_CELL) {
        return true;
    }

    o->pid = 0;

    return false;
}


static void
ig_owner_end_all(ig_limits_t *h, uint16_t slot, uint32_t pid, uint64_t start,
    uint64_t now)
{
    bool         more;
    ig_process_t  *o;

    if (slot >= IG_LIMIT_OWNERS || pid == 0) {
        return;
    }

    o = &h->table->owners[slot];

    do {
        ig_limits_lock(h);
        more = o->pid == pid && o->start == start
               && ig_owner_end(h->table, o, now);
        ig_limits_unlock(h);
    } while (more);
}


/* a place for this process; or that of an earlier life of its pid, to end */

static bool
ig_owner_place(ig_limits_t *h, ig_limit_owner_t *earlier)
{
    uint16_t           i, slot;
    ig_process_t        *o;
    ig_limit_table_t  *t;

    t = h->table;
    slot = IG_LIMIT_OWNERS;
    *earlier = (ig_limit_owner_t) { 0, 0, 0, 0 };

    for (i = 0; i < IG_LIMIT_OWNERS; i++) {
        o = &t->owners[i];

        if (o->pid == 0) {
            slot = ig_min(slot, i);

        } else if (o->pid == h->pid) {

            if (o->start == h->start) {
                h->owner = i;
                return true;
            }

            *earlier = (ig_limit_owner_t) { i, o->pid, o->start, o->n };
            return true;
        }
    }

    if (slot == IG_LIMIT_OWNERS) {
        return false;
    }

    o = &t->owners[slot];
    o->start = h->start;
    o->first = IG_NO_CELL;
    o->n = 0;
    ig_barrier();
    o->pid = h->pid;

    h->owner = slot;
    t->nowners = ig_max(t->nowners, (uint32_t) slot + 1);

    return true;
}


ig_rc_t
ig_limits_open(ig_limits_t *h, void *memory, const ig_limit_lock_t *lock,
    uint32_t pid, uint64_t start, uint64_t now_ns)
{
    bool              place;
    ig_limit_lock_t   own;
    ig_limit_owner_t  earlier;

    /* the lock may be the handle's, after a fork */

    own = *lock;
    memset(h, 0, sizeof(ig_limits_t));

    h->table = memory;
    h->lock = own;
    h->pid = pid;
    h->start = start;

    h->digest = ig_names_new();
    if (h->digest == NULL) {
        return IG_NOMEM;
    }

    do {
        ig_limits_lock(h);
        place = ig_owner_place(h, &earlier);
        ig_limits_unlock(h);

        ig_owner_end_all(h, earlier.slot, earlier.pid, earlier.start, now_ns);
    } while (place && earlier.pid);

    if (!place) {
        ig_names_free(h->digest);
        h->digest = NULL;
        return IG_LIMIT;
    }

    return IG_OK;
}


void
ig_limits_close(ig_limits_t *h, uint64_t now_ns)
{
    if (h->digest == NULL) {
        return;
    }

    ig_owner_end_all(h, h->owner, h->pid, h->start, now_ns);

    ig_names_free(h->digest);
    h->digest = NULL;
}


size_t
ig_limits_owners(ig_limits_t *h, ig_limit_owner_t *out, size_t max)
{
    size_t             n;
    uint16_t           i;
    ig_process_t        *o;
    ig_limit_table_t  *t;

    t = h->table;
    n = 0;

    ig_limits_lock(h);

    for (i = 0; i < t->nowners && n < max; i++) {
        o = &t->owners[i];

        if (o->pid) {
            out[n++] = (ig_limit_owner_t) { i, o->pid, o->start, o->n };
        }
    }

    ig_limits_unlock(h);

    return n;
}


void
ig_limits_owner_gone(ig_limits_t *h, const ig_limit_owner_t *owner,
    uint64_t now_ns)
{
    ig_owner_end_all(h, owner->slot, owner->pid, owner->start, now_ns);
}


/* looks at some of an owner's reservations, round and round */

static void
ig_tick_owner(ig_limits_t *h, ig_process_t *o, uint64_t now)
{
    uint32_t           left, turn;
    ig_held_t         *r;
    ig_limit_table_t  *t;

    t = h->table;
    left = ig_min(o->n, ig_max(o->n / IG_TICK_PASS + 1, IG_TICK_LOOK));

    while (left > 0) {

        ig_limits_lock(h);

        for (turn = ig_min(left, IG_OWNER_BATCH);
             turn > 0 && o->first != IG_NO_CELL;
             turn--, left--)
        {
            r = &ig_cell(t, o->first)->held;

            if (r->deadline <= now) {
                ig_held_end(t, o->first, now);
                t->stats.expired++;

            } else {
                o->first = r->owner_next;
            }
        }

        left = o->first == IG_NO_CELL ? 0 : left;
        ig_limits_unlock(h);
    }
}


void
ig_limits_tick(ig_limits_t *h, uint64_t now_ns)
{
    uint32_t           i, n;
    ig_limit_table_t  *t;

    t = h->table;

    ig_limits_lock(h);
    n = t->nowners;
    ig_limits_unlock(h);

    for (i = 0; i < n; i++) {

        if (t->owners[i].pid) {
            ig_tick_owner(h, &t->owners[i], now_ns);
        }
    }

    for (i = 0; i < IG_LISTS * 2; i++) {
        ig_limits_lock(h);
        (void) ig_counter_evict(t, i, IG_TICK_EVICT, IG_TICK_EVICT, now_ns);
        ig_limits_unlock(h);
    }
}

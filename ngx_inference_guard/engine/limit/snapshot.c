/*
 * Snapshots: every counter that still counts, as it would be if all processes
 * died now.
 *
 * Pieces of whole records, each with its number and a SipHash of all of it: not
 * against malice (who can write the file can write the memory), but a torn or
 * mixed file is found.  In the machine's own byte order.
 */

#include <limit/table.h>

#include <string.h>


#define IG_PIECE_MAGIC         UINT64_C(0x4947534e41503031)
#define IG_PIECE_LAST          1
#define IG_SAVE_LOOK           1024       /* cells under one lock */

#define IG_CURSOR_CELL         40         /* bits; the piece's number above */
#define IG_CURSOR_DONE         UINT64_MAX


typedef struct {
    uint64_t  magic;
    uint32_t  number;
    uint32_t  last;
    uint64_t  len;                        /* of records */
    uint64_t  sum;                        /* with this 0 */
} ig_piece_t;

typedef struct {
    uint64_t    key[2];
    uint64_t    tenant;
    uint32_t    tag;
    uint8_t     list;
    uint8_t     algorithm;
    uint8_t     levels;
    uint8_t     label_len;
    uint8_t     info;
    uint8_t     spare[7];
    uint64_t    seq;
    uint64_t    used;
    uint64_t    start;
    uint64_t    end;
    uint64_t    max;
    uint64_t    span;
} ig_record_head_t;

typedef struct {
    ig_record_head_t  head;
    uint64_t          amounts[IG_RING];
    uint32_t          times[IG_RING];
    uint8_t           label[IG_LIMIT_LABEL];
} ig_record_whole_t;


/* of the head, and with that as a key of the records */

static uint64_t
ig_piece_sum(const ig_piece_t *piece, const void *records)
{
    uint64_t    key[2];
    ig_piece_t  head;

    head = *piece;
    head.sum = 0;
    key[0] = 0;
    key[1] = 0;
    key[1] = ig_siphash(key, &head, sizeof(head));

    return ig_siphash(key, records, (size_t) piece->len);
}


static bool
ig_save_wants(const ig_any_t *cell, uint64_t now)
{
    return cell->cell.type == IG_CELL_COUNTER
           && cell->counter.algorithm != IG_ALGORITHM_SLOTS
           && (cell->counter.end > now
               || (cell->counter.algorithm == IG_ALGORITHM_TASK
                   && cell->counter.reserved));
}


/* bytes; a ring and a label only where there is one */

static size_t
ig_save_counter(const ig_limit_table_t *t, const ig_counter_t *c, uint64_t now,
    uint8_t *out)
{
    size_t             n;
    ig_info_t         *i;
    ig_ring_t         *r;
    ig_record_head_t   head;

    memset(&head, 0, sizeof(head));
    memcpy(head.key, c->key, sizeof(head.key));

    head.tenant = c->tenant;
    head.tag = c->tag;
    head.list = c->list;
    head.algorithm = c->algorithm;
    head.levels = c->levels;
    head.seq = c->seq;
    head.used = c->used;
    head.start = c->start;
    head.end = c->end;
    head.max = c->max;
    head.span = c->span;

    /* estimates of output go back, as at death */

    if (c->algorithm == IG_ALGORITHM_CALENDAR
        || c->algorithm == IG_ALGORITHM_TASK)
    {
        head.used -= ig_min(head.used, c->reserved
                                       - ig_min(c->reserved, c->kept));
    }

    if (c->algorithm == IG_ALGORITHM_TASK && c->reserved) {
        head.end = ig_max(head.end, now + c->span);
    }

    n = sizeof(head);

    if (c->ring != IG_NO_CELL) {
        r = &ig_cell(t, c->ring)->ring;
        memcpy(out + n, r->amounts, sizeof(r->amounts));
        n += sizeof(r->amounts);
        memcpy(out + n, r->times, sizeof(r->times));
        n += sizeof(r->times);
    }

    if (c->info != IG_NO_CELL) {
        i = &ig_cell(t, c->info)->info;
        head.info = 1;
        head.label_len = (uint8_t) ig_min(i->cell.a, IG_LIMIT_LABEL);
        memcpy(out + n, i->label, head.label_len);
        n += head.label_len;
    }

    memcpy(out, &head, sizeof(head));

    return n;
}


/* true: more of the table is to be looked at, and there is room */

static bool
ig_save_some(ig_limits_t *h, uint64_t *cell, uint8_t *buf, size_t size,
    size_t *len, uint64_t now)
{
    bool               more;
    uint64_t           end;
    ig_limit_table_t  *t;

    t = h->table;

    ig_limits_lock(h);

    end = ig_min(*cell + IG_SAVE_LOOK, t->ncells);
    more = true;

    for ( /* void */ ; *cell < end; (*cell)++) {

        if (!ig_save_wants(ig_cell(t, (uint32_t) *cell), now)) {
            continue;
        }

        if (size - *len < sizeof(ig_record_whole_t)) {
            more = false;
            break;
        }

        *len += ig_save_counter(t, &ig_cell(t, (uint32_t) *cell)->counter, now,
                                buf + *len);
    }

    ig_limits_unlock(h);

    return more && *cell < t->ncells;
}


size_t
ig_limit_save(ig_limits_t *h, uint64_t *cursor, void *buf, size_t size,
    uint64_t now_ns)
{
    size_t      len;
    uint64_t    cell;
    ig_piece_t  piece;

    if (*cursor == IG_CURSOR_DONE || size < IG_LIMIT_PIECE_MIN) {
        return 0;
    }

    memset(&piece, 0, sizeof(piece));
    piece.magic = IG_PIECE_MAGIC + sizeof(ig_record_whole_t);
    piece.number = (uint32_t) (*cursor >> IG_CURSOR_CELL);

    cell = *cursor & ((UINT64_C(1) << IG_CURSOR_CELL) - 1);
    len = sizeof(piece);

    while (ig_save_some(h, &cell, buf, size, &len, now_ns)) {
        /* void */
    }

    piece.last = cell == h->table->ncells ? IG_PIECE_LAST : 0;
    piece.len = len - sizeof(piece);

    piece.sum = ig_piece_sum(&piece, (uint8_t *) buf + sizeof(piece));
    memcpy(buf, &piece, sizeof(piece));

    *cursor = piece.last ? IG_CURSOR_DONE
                         : (uint64_t) (piece.number + 1) << IG_CURSOR_CELL
                           | cell;

    return len;
}


/* the next piece of a file; false: it is not whole */

static bool
ig_piece_next(ig_str_t *file, uint32_t number, ig_piece_t *piece,
    ig_str_t *records)
{
    if (file->len < sizeof(ig_piece_t)) {
        return false;
    }

    memcpy(piece, file->data, sizeof(ig_piece_t));

    if (piece->magic != IG_PIECE_MAGIC + sizeof(ig_record_whole_t)
        || piece->number != number
        || piece->len > file->len - sizeof(ig_piece_t)
        || piece->sum != ig_piece_sum(piece, file->data + sizeof(ig_piece_t)))
    {
        return false;
    }

    records->data = file->data + sizeof(ig_piece_t);
    records->len = (size_t) piece->len;

    file->data = records->data + records->len;
    file->len -= sizeof(ig_piece_t) + records->len;

    return true;
}


/* the next record, taken apart; false: there is none that could be */

static bool
ig_record_next(ig_str_t *records, ig_record_whole_t *r)
{
    size_t  n, ring;

    memset(r, 0, sizeof(ig_record_whole_t));

    if (records->len < sizeof(ig_record_head_t)) {
        return false;
    }

    memcpy(&r->head, records->data, sizeof(ig_record_head_t));

    if (r->head.list >= IG_LISTS * 2
        || r->head.algorithm >= IG_ALGORITHM_SLOTS
        || r->head.label_len > IG_LIMIT_LABEL)
    {
        return false;
    }

    ring = r->head.algorithm == IG_ALGORITHM_SLIDING
           ? sizeof(r->amounts) + sizeof(r->times) : 0;
    n = sizeof(ig_record_head_t) + ring + r->head.label_len;

    if (records->len < n) {
        return false;
    }

    if (ring) {
        memcpy(r->amounts, records->data + sizeof(ig_record_head_t), ring);
    }

    memcpy(r->label, records->data + n - r->head.label_len, r->head.label_len);

    records->data += n;
    records->len -= n;

    return true;
}


static bool
ig_restore_checked(ig_str_t file)
{
    uint32_t           number;
    ig_str_t           records;
    ig_piece_t         piece;
    ig_record_whole_t  r;

    number = 0;

    do {
        if (!ig_piece_next(&file, number++, &piece, &records)) {
            return false;
        }

        while (records.len) {

            if (!ig_record_next(&records, &r)) {
                return false;
            }
        }

    } while (!piece.last);

    return file.len == 0;
}


/* false: there is no room */

static bool
ig_restore_counter(ig_limit_table_t *t, const ig_record_whole_t *r,
    uint64_t now)
{
    uint32_t       n, cells, named;
    uint64_t       hash;
    ig_info_t     *i;
    ig_ring_t     *ring;
    ig_counter_t  *c;

    hash = ig_siphash(t->seed, r->head.key, sizeof(r->head.key));

    /* twice: it was evicted and made again while it was saved; the first may
       be the older, so what is used of both counts */

    n = ig_counter_find(t, r->head.key, hash);

    if (n != IG_NO_CELL) {
        c = &ig_cell(t, n)->counter;
        c->used = ig_max(c->used, r->head.used);
        c->end = ig_max(c->end, r->head.end);
        return true;
    }

    cells = 1u + (r->head.algorithm == IG_ALGORITHM_SLIDING ? 1 : 0)
            + (r->head.info ? 1 : 0);
    named = r->head.list & IG_NAMED ? cells : 0;

    ig_counter_ensure(t, cells, named, now);

    if (!ig_counter_room(t, cells, named)) {
        return false;
    }

    n = ig_counter_blank(t, r->head.key, hash, r->head.tenant, r->head.list,
                         r->head.algorithm, r->head.info);
    c = &ig_cell(t, n)->counter;

    c->tag = r->head.tag;
    c->levels = r->head.levels;
    c->seq = r->head.seq;
    c->used = r->head.used;
    c->start = r->head.start;
    c->end = r->head.end;
    c->max = r->head.max;
    c->span = r->head.span;

    if (c->ring != IG_NO_CELL) {
        ring = &ig_cell(t, c->ring)->ring;
        memcpy(ring->amounts, r->amounts, sizeof(ring->amounts));
        memcpy(ring->times, r->times, sizeof(ring->times));
    }

    if (c->info != IG_NO_CELL) {
        i = &ig_cell(t, c->info)->info;
        i->cell.a = r->head.label_len;
        memcpy(i->label, r->label, r->head.label_len);
    }

    ig_commit(t);

    return true;
}


/* budgets, then what recovers by itself; false: not all had room */

static bool
ig_restore_pass(ig_limits_t *h, ig_str_t file, bool budgets, uint64_t now)
{
    bool               all, budget;
    uint32_t           number;
    ig_str_t           records;
    ig_piece_t         piece;
    ig_record_whole_t  r;

    number = 0;
    all = true;

    do {
        if (!ig_piece_next(&file, number++, &piece, &records)) {
            return false;
        }

        while (records.len) {

            if (!ig_record_next(&records, &r)) {
                return false;
            }

            budget = r.head.algorithm == IG_ALGORITHM_CALENDAR
                     || r.head.algorithm == IG_ALGORITHM_TASK;

            if (budget != budgets || r.head.end <= now) {
                continue;
            }

            ig_limits_lock(h);
            all &= ig_restore_counter(h->table, &r, now);
            ig_limits_unlock(h);
        }

    } while (!piece.last);

    return all;
}


ig_rc_t
ig_limit_restore(ig_limits_t *h, ig_str_t whole, uint64_t now_ns)
{
    if (!ig_restore_checked(whole)) {
        return IG_ERROR;
    }

    if (!ig_restore_pass(h, whole, true, now_ns)) {
        return IG_LIMIT;
    }

    (void) ig_restore_pass(h, whole, false, now_ns);

    return IG_OK;
}

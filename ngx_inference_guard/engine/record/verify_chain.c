/*
 * The second pass: every record against the one before it in its writer's
 * chain, and against the checkpoint that seals it.
 *
 * A failure is told once, where it shows first, and the chain goes on from what
 * is there: one altered record does not hide the next.
 */

#include "verify_state.h"


#define ig_verify_number(n)  (unsigned long long) (n)

/* a tree to which nothing can be added: records of its range are missing */
#define IG_VERIFY_TORN_TREE  UINT64_MAX


static ig_verify_recent_t *
ig_verify_recent(ig_verify_t *v, uint32_t writer, uint64_t seq)
{
    return &v->recent[(seq + writer * UINT64_C(40503))
                      & (IG_VERIFY_RECENT - 1)];
}


static void
ig_verify_remember(ig_verify_t *v, uint32_t writer, uint64_t seq,
    ig_verify_place_t place, const uint8_t *hash)
{
    ig_verify_recent_t  *m;

    m = ig_verify_recent(v, writer, seq);
    m->writer = writer;
    m->seq = seq;
    m->place = place;
    memcpy(m->hash, hash, sizeof(m->hash));
}


/* -- gaps ----------------------------------------------------------------- */

static void
ig_verify_gap_tell(ig_verify_t *v, const ig_verify_gap_t *g)
{
    const ig_verify_writer_t  *w = &v->writers[g->writer];

    ig_verify_tell(v, IG_VERIFY_REMOVED, g->after,
                   "records %llu to %llu of writer %s are missing between %s "
                   "and this one", ig_verify_number(g->from),
                   ig_verify_number(g->to), ig_verify_plain(w->name),
                   ig_verify_at(v, g->before));
}


static void
ig_verify_gap_drop(ig_verify_t *v, size_t i)
{
    v->ngaps--;
    memmove(&v->gaps[i], &v->gaps[i + 1], (v->ngaps - i) * sizeof(v->gaps[0]));
}


static void
ig_verify_gap_keep(ig_verify_t *v, const ig_verify_gap_t *g)
{
    if (v->ngaps == IG_VERIFY_GAPS) {
        ig_verify_gap_tell(v, &v->gaps[0]);
        ig_verify_gap_drop(v, 0);
    }

    v->gaps[v->ngaps++] = *g;
}


/* false: the record fills none of those that are remembered */

static bool
ig_verify_gap_fill(ig_verify_t *v, uint32_t writer, uint64_t seq)
{
    size_t           i;
    ig_verify_gap_t  g, rest;

    for (i = 0; i < v->ngaps; i++) {
        g = v->gaps[i];

        if (g.writer != writer || seq < g.from || seq > g.to) {
            continue;
        }

        ig_verify_gap_drop(v, i);

        rest = g;
        g.to = seq - 1;
        rest.from = seq + 1;

        if (g.from <= g.to) {
            ig_verify_gap_keep(v, &g);
        }

        if (rest.from <= rest.to) {
            ig_verify_gap_keep(v, &rest);
        }

        return true;
    }

    return false;
}


void
ig_verify_gaps_end(ig_verify_t *v)
{
    size_t  i;

    for (i = 0; i < v->ngaps; i++) {
        ig_verify_gap_tell(v, &v->gaps[i]);
    }

    v->ngaps = 0;
}


/* -- records -------------------------------------------------------------- */

static void
ig_verify_gap(ig_verify_t *v, uint32_t writer, uint64_t seq,
    ig_verify_place_t place)
{
    ig_verify_gap_t      g;
    ig_verify_writer_t  *w = &v->writers[writer];

    g.writer = writer;
    g.from = w->next;
    g.to = seq - 1;
    g.before = w->place;
    g.after = place;

    ig_verify_gap_keep(v, &g);

    w->tree.count = IG_VERIFY_TORN_TREE;
}


/* a number that was there before */

static void
ig_verify_late(ig_verify_t *v, uint32_t writer, uint64_t seq,
    ig_verify_place_t place, const uint8_t *hash)
{
    ig_verify_writer_t        *w = &v->writers[writer];
    const ig_verify_recent_t  *m;

    if (seq == w->next - 1 && w->started
        && memcmp(hash, w->head, IG_HASH_SIZE) == 0)
    {
        v->sum.records--;
        ig_verify_tell(v, IG_VERIFY_AGAIN, place,
                       "record %llu of writer %s once more, as at %s: its first "
                       "write may have been cut short before the newline",
                       ig_verify_number(seq), ig_verify_plain(w->name),
                       ig_verify_at(v, w->place));
        return;
    }

    if (ig_verify_gap_fill(v, writer, seq)) {
        ig_verify_tell(v, IG_VERIFY_REORDERED, place,
                       "record %llu of writer %s stands behind record %llu (%s)",
                       ig_verify_number(seq), ig_verify_plain(w->name),
                       ig_verify_number(w->next - 1),
                       ig_verify_at(v, w->place));
        ig_verify_remember(v, writer, seq, place, hash);
        return;
    }

    m = ig_verify_recent(v, writer, seq);

    if (m->seq != seq || m->writer != writer) {
        ig_verify_tell(v, IG_VERIFY_INSERTED, place,
                       "record %llu of writer %s was there before",
                       ig_verify_number(seq), ig_verify_plain(w->name));

    } else if (memcmp(m->hash, hash, sizeof(m->hash)) == 0) {
        ig_verify_tell(v, IG_VERIFY_REPEATED, place,
                       "record %llu of writer %s is the same as at %s",
                       ig_verify_number(seq), ig_verify_plain(w->name),
                       ig_verify_at(v, m->place));

    } else {
        ig_verify_tell(v, IG_VERIFY_INSERTED, place,
                       "another record %llu of writer %s is at %s",
                       ig_verify_number(seq), ig_verify_plain(w->name),
                       ig_verify_at(v, m->place));
    }
}


/*
 * The record holds another hash than that of the one before.  The one before
 * was altered, unless a checkpoint that ends with it holds.
 */

static bool
ig_verify_sealed(const ig_verify_t *v, const ig_verify_writer_t *w,
    uint64_t seq)
{
    size_t                   i;
    const ig_verify_seal_t  *s;

    for (i = w->seal + 1; i > 0; i--) {
        if (i > w->nseals) {
            continue;
        }

        s = &v->seals[w->seals + i - 1];

        if (s->to == seq && s->holds) {
            return true;
        }

        if (s->to < seq) {
            break;
        }
    }

    return false;
}


static void
ig_verify_blame(ig_verify_t *v, ig_verify_writer_t *w, uint64_t seq,
    ig_verify_place_t place)
{
    if (w->place.file == IG_VERIFY_NONE || ig_verify_sealed(v, w, seq - 1)) {
        w->blamed = seq;
        ig_verify_tell(v, IG_VERIFY_ALTERED, place,
                       "record %llu of writer %s does not follow the one "
                       "before it, at %s", ig_verify_number(seq),
                       ig_verify_plain(w->name), ig_verify_at(v, w->place));
        return;
    }

    if (w->blamed == seq - 1) {
        return;
    }

    w->blamed = seq - 1;

    ig_verify_tell(v, IG_VERIFY_ALTERED, w->place,
                   "record %llu of writer %s is not the one that the next, at "
                   "%s, was chained to", ig_verify_number(seq - 1),
                   ig_verify_plain(w->name), ig_verify_at(v, place));
}


static void
ig_verify_close(ig_verify_t *v, ig_verify_writer_t *w, ig_verify_seal_t *s,
    ig_verify_place_t place, const uint8_t *hash)
{
    uint8_t                        root[IG_HASH_SIZE];
    const ig_verify_checkpoint_t  *c = &v->checkpoints[s->checkpoint];

    if (s->broken) {
        return;
    }

    if (!ig_merkle_root(&w->tree, v->hasher, root)) {
        v->rc = IG_ERROR;
        return;
    }

    s->holds = memcmp(root, s->root, IG_HASH_SIZE) == 0
               && memcmp(hash, s->head, IG_HASH_SIZE) == 0;

    if (s->holds) {
        return;
    }

    w->blamed = s->to;

    if (s->from == s->to) {
        ig_verify_tell(v, IG_VERIFY_ALTERED, place,
                       "record %llu of writer %s is not the one that the "
                       "checkpoint at %s seals", ig_verify_number(s->to),
                       ig_verify_plain(w->name), ig_verify_at(v, c->place));
        return;
    }

    ig_verify_tell(v, IG_VERIFY_REWRITTEN, place,
                   "records %llu to %llu of writer %s, from %s to this one, "
                   "are not those that the checkpoint at %s seals",
                   ig_verify_number(s->from), ig_verify_number(s->to),
                   ig_verify_plain(w->name), ig_verify_at(v, w->seal_place),
                   ig_verify_at(v, c->place));
}


/* the record under the checkpoint that seals it */

static void
ig_verify_seal(ig_verify_t *v, ig_verify_writer_t *w, uint64_t seq,
    ig_verify_place_t place, const uint8_t *hash, bool broken)
{
    ig_verify_seal_t  *s;

    while (w->seal < w->nseals && v->seals[w->seals + w->seal].to < seq) {
        w->seal++;
    }

    if (w->seal == w->nseals || v->seals[w->seals + w->seal].from > seq) {
        if (w->tail++ == 0) {
            w->tail_place = place;
        }

        return;
    }

    s = &v->seals[w->seals + w->seal];

    if (seq == s->from) {
        ig_merkle_init(&w->tree);
        w->seal_place = place;

    } else if (w->tree.count != seq - s->from || broken) {
        s->broken = true;
    }

    if (!s->broken && !ig_merkle_add(&w->tree, v->hasher, hash)) {
        v->rc = IG_ERROR;
        return;
    }

    if (seq == s->to) {
        ig_verify_close(v, w, s, place, hash);
    }
}


void
ig_verify_chain(ig_verify_t *v, uint32_t file, const ig_verify_record_t *r)
{
    bool                 broken;
    uint8_t              hash[IG_HASH_SIZE], prev[IG_HASH_SIZE];
    uint32_t             row;
    ig_verify_place_t    place = { file, v->files[file].line };
    ig_verify_writer_t  *w;

    if (!ig_verify_record_prev(r, prev)) {
        ig_verify_tell(v, IG_VERIFY_NOT_CHAINED, place,
                       "this record is not chained: it is of an older version "
                       "or was added");
        return;
    }

    row = ig_verify_writer(v, r->writer);

    if (row == IG_VERIFY_NONE) {
        return;
    }

    if (!ig_leaf_hash(v->hasher, r->line, hash)) {
        v->rc = IG_ERROR;
        return;
    }

    v->sum.records++;
    w = &v->writers[row];
    broken = false;

    if (r->seq < w->next) {
        ig_verify_late(v, row, r->seq, place, hash);
        return;
    }

    if (r->seq > w->next) {
        ig_verify_gap(v, row, r->seq, place);

    } else if (memcmp(prev, w->head, IG_HASH_SIZE) != 0) {
        ig_verify_blame(v, w, r->seq, place);
        broken = true;
    }

    ig_verify_seal(v, w, r->seq, place, hash, broken);
    ig_verify_remember(v, row, r->seq, place, hash);

    memcpy(w->head, hash, IG_HASH_SIZE);
    w->started = true;
    w->next = r->seq + 1;
    w->place = place;
}

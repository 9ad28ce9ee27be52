/*
 * At the end: what a checkpoint seals and is not there, and what is there and
 * no checkpoint seals.
 *
 * Records that no checkpoint covers are to be expected after the last one, and
 * a few of a writer that was killed.  A record that stands before the last but
 * one checkpoint of its node and is covered by none was added, or its machine
 * went down before it was signed: the log cannot tell.
 */

#include "verify_state.h"


#define ig_verify_number(n)  (unsigned long long) (n)


static bool
ig_verify_before(const ig_verify_t *v, ig_verify_place_t a,
    ig_verify_place_t b)
{
    if (a.file != b.file) {
        return v->files[a.file].position < v->files[b.file].position;
    }

    return a.line < b.line;
}


/* does the node have two checkpoints behind that place? */

static bool
ig_verify_passed(const ig_verify_t *v, uint32_t node, ig_verify_place_t place)
{
    size_t                         i, n;
    const ig_verify_checkpoint_t  *c;

    n = 0;

    for (i = v->nodes[node].n; i > 0 && n < 2; i--) {
        c = &v->checkpoints[v->nodes[node].first + i - 1];

        if (ig_verify_in_log(v, c)) {
            if (!ig_verify_before(v, place, c->place)) {
                return false;
            }

            n++;
        }
    }

    return n == 2;
}


/* a file that no node is known to sign: is it younger than all that is signed? */

static bool
ig_verify_younger(const ig_verify_t *v, const ig_verify_file_t *f)
{
    size_t  i;

    for (i = 0; i < v->ncheckpoints; i++) {
        if (memcmp(v->checkpoints[i].time, f->first, IG_VERIFY_TIME) > 0) {
            return false;
        }
    }

    return true;
}


static bool
ig_verify_tail_expected(const ig_verify_t *v, const ig_verify_writer_t *w)
{
    size_t                   i;
    const ig_verify_file_t  *f = &v->files[w->tail_place.file];

    if (w->node != IG_VERIFY_NONE) {
        return !ig_verify_passed(v, w->node, w->tail_place);
    }

    for (i = 0; i < f->nnodes; i++) {
        if (ig_verify_passed(v, f->nodes[i], w->tail_place)) {
            return false;
        }
    }

    return f->nnodes || ig_verify_younger(v, f);
}


static void
ig_verify_tail(ig_verify_t *v, ig_verify_writer_t *w,
    const ig_verify_seal_t *last)
{
    if (w->tail == 0) {
        return;
    }

    if (last && last->state == IG_WRITER_ENDED) {
        ig_verify_tell(v, IG_VERIFY_UNSEALED, w->tail_place,
                       "from here on, %llu records of writer %s, which had "
                       "ended by the checkpoint at %s",
                       ig_verify_number(w->tail), ig_verify_plain(w->name),
                       ig_verify_at(v, v->checkpoints[last->checkpoint].place));
        return;
    }

    if (last && last->state == IG_WRITER_KILLED) {
        if (w->tail <= last->in_flight) {
            v->sum.in_flight += w->tail;
            return;
        }

        ig_verify_tell(v, IG_VERIFY_UNSEALED, w->tail_place,
                       "from here on, %llu records of writer %s that no "
                       "checkpoint covers: it was killed with %llu in flight",
                       ig_verify_number(w->tail), ig_verify_plain(w->name),
                       ig_verify_number(last->in_flight));
        return;
    }

    if (ig_verify_tail_expected(v, w)) {
        v->sum.unsigned_yet += w->tail;
        return;
    }

    ig_verify_tell(v, IG_VERIFY_UNSEALED, w->tail_place,
                   "from here on, %llu records of writer %s that no checkpoint "
                   "covers, though later ones are there: they were added, or "
                   "the machine went down before they were signed",
                   ig_verify_number(w->tail), ig_verify_plain(w->name));
}


static void
ig_verify_absent(ig_verify_t *v, const ig_verify_writer_t *w,
    const ig_verify_seal_t *last)
{
    const char  *at;

    if (w->next > last->to) {
        return;
    }

    at = ig_verify_at(v, v->checkpoints[last->checkpoint].place);

    if (!w->started) {
        ig_verify_tell(v, IG_VERIFY_LEFT_OUT,
                       v->checkpoints[last->checkpoint].place,
                       "records %llu to %llu of writer %s are sealed by this "
                       "checkpoint, and none is there",
                       ig_verify_number(w->next), ig_verify_number(last->to),
                       ig_verify_plain(w->name));
        return;
    }

    ig_verify_tell(v, IG_VERIFY_CUT, w->place,
                   "records %llu to %llu of writer %s are missing behind this "
                   "one: the checkpoint at %s seals them",
                   ig_verify_number(w->next), ig_verify_number(last->to),
                   ig_verify_plain(w->name), at);
}


/*
 * Files are pruned from the oldest on: what is gone was sealed at the latest by
 * the second checkpoint that is still in the log (one may have been written into
 * the next file while the pruned one grew).
 */

static bool
ig_verify_prunable(const ig_verify_t *v, const ig_verify_checkpoint_t *c)
{
    size_t                         i;
    const ig_verify_checkpoint_t  *k;
    const ig_verify_node_row_t    *node = &v->nodes[c->node];

    for (i = 0; i < node->n; i++) {
        k = &v->checkpoints[node->first + i];

        if (ig_verify_in_log(v, k)) {
            return c->number <= k->number + 1;
        }
    }

    return true;
}


static void
ig_verify_count_seal(ig_verify_t *v, ig_verify_writer_t *w,
    const ig_verify_seal_t *s)
{
    uint64_t                       kept;
    const ig_verify_checkpoint_t  *c = &v->checkpoints[s->checkpoint];

    kept = s->from;

    if (w->pruned >= s->from) {
        kept = (w->pruned < s->to ? w->pruned : s->to) + 1;

        if (!ig_verify_prunable(v, c)) {
            ig_verify_tell(v, IG_VERIFY_LEFT_OUT, c->place,
                           "records %llu to %llu of writer %s are said to be "
                           "pruned, but older files are there",
                           ig_verify_number(s->from),
                           ig_verify_number(kept - 1),
                           ig_verify_plain(w->name));
        }

        v->sum.pruned += kept - s->from;
    }

    if (s->holds && c->trusted) {
        v->sum.sealed += s->to + 1 - kept;
    }
}


static void
ig_verify_writer_end(ig_verify_t *v, ig_verify_writer_t *w)
{
    size_t                   i;
    uint64_t                 from;
    const ig_verify_seal_t  *s, *last;

    from = 1;
    last = NULL;

    for (i = 0; i < w->nseals; i++) {
        s = &v->seals[w->seals + i];

        if (s->from != from) {
            ig_verify_tell(v, IG_VERIFY_INVALID,
                           v->checkpoints[s->checkpoint].place,
                           "this checkpoint seals records of writer %s from "
                           "%llu on, but %llu are sealed before",
                           ig_verify_plain(w->name), ig_verify_number(s->from),
                           ig_verify_number(from - 1));
        }

        from = s->to + 1;
        last = s;

        if (s->to >= s->from) {
            ig_verify_count_seal(v, w, s);
        }
    }

    if (last) {
        ig_verify_absent(v, w, last);
    }

    ig_verify_tail(v, w, last);
}


void
ig_verify_writers_end(ig_verify_t *v)
{
    size_t  i;

    for (i = 0; i < v->nwriters; i++) {
        ig_verify_writer_end(v, &v->writers[i]);
    }
}

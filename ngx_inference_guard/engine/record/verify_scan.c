/*
 * The first pass: every checkpoint is kept, and of every file which writers'
 * records it begins with.
 *
 * Files are put in order by what is in them: of two that hold records of one
 * writer, the one with the lower numbers comes first.  Where that says nothing,
 * the time of their first line does.
 */

#include "verify_state.h"

#include <stdlib.h>


static uint32_t
ig_verify_node_row(ig_verify_t *v, ig_str_t name)
{
    size_t                 i;
    ig_verify_node_row_t  *node;

    for (i = v->nnodes; i > 0; i--) {
        if (ig_str_eq(v->nodes[i - 1].name, name)) {
            return (uint32_t) (i - 1);
        }
    }

    name = ig_arena_strdup(v->arena, name);
    node = name.data ? ig_verify_add(v, nodes) : NULL;

    if (node == NULL) {
        v->rc = IG_NOMEM;
        return IG_VERIFY_NONE;
    }

    node->name = name;

    return (uint32_t) (v->nnodes - 1);
}


static void
ig_verify_file_time(ig_verify_file_t *f, ig_str_t time)
{
    if (!f->timed) {
        memcpy(f->first, time.data, IG_VERIFY_TIME);
        memcpy(f->last, time.data, IG_VERIFY_TIME);
        f->timed = true;
    }

    if (memcmp(f->last, time.data, IG_VERIFY_TIME) < 0) {
        memcpy(f->last, time.data, IG_VERIFY_TIME);
    }
}


static bool
ig_verify_scan_seals(ig_verify_t *v, uint32_t checkpoint, uint32_t node)
{
    size_t              i;
    uint32_t            writer;
    ig_sealed_t        *w;
    ig_verify_seal_t   *s;

    for (i = 0; i < v->line.nwriters; i++) {
        w = &v->line.writers[i];

        writer = ig_verify_writer(v, w->writer);
        s = writer == IG_VERIFY_NONE ? NULL : ig_verify_add(v, seals);

        if (s == NULL) {
            return false;
        }

        s->from = w->from;
        s->to = w->to;
        s->in_flight = w->in_flight;
        memcpy(s->root, w->root, IG_HASH_SIZE);
        memcpy(s->head, w->head, IG_HASH_SIZE);
        s->state = w->state;
        s->writer = writer;
        s->checkpoint = checkpoint;

        if (v->writers[writer].node == IG_VERIFY_NONE) {
            v->writers[writer].node = node;
        }
    }

    return true;
}


static void
ig_verify_scan_checkpoint(ig_verify_t *v, uint32_t file, ig_str_t line)
{
    uint32_t                 node;
    ig_verify_file_t        *f = &v->files[file];
    ig_verify_checkpoint_t  *c;

    if (!ig_checkpoint_parse(&v->line, line)
        || v->line.time.len != IG_VERIFY_TIME)
    {
        return;                          /* told in the second pass */
    }

    node = ig_verify_node_row(v, v->line.node);
    c = node == IG_VERIFY_NONE ? NULL : ig_verify_add(v, checkpoints);

    if (c == NULL) {
        return;
    }

    c->number = v->line.number;
    c->node = node;
    c->place = (ig_verify_place_t) { file, f->line };
    c->kept = f->kept;
    c->key = IG_VERIFY_NONE;
    c->next_key = IG_VERIFY_NONE;
    memcpy(c->prev, v->line.prev, IG_HASH_SIZE);
    memcpy(c->time, v->line.time.data, IG_VERIFY_TIME);
    memcpy(c->key_id, v->line.key, IG_KEY_ID_SIZE);

    if (!ig_leaf_hash(v->hasher, line, c->hash)) {
        v->rc = IG_ERROR;
        return;
    }

    if (v->line.has_next_key) {
        c->next_key = ig_verify_key_add(v, v->line.next_key, false);
    }

    ig_verify_file_time(f, v->line.time);

    if (!ig_verify_scan_seals(v, (uint32_t) (v->ncheckpoints - 1), node)
        && v->rc == IG_OK)
    {
        v->rc = IG_NOMEM;
    }
}


void
ig_verify_scan_line(ig_verify_t *v, uint32_t file, ig_str_t line)
{
    uint32_t             writer;
    ig_verify_run_t     *run;
    ig_verify_file_t    *f;
    ig_verify_record_t   r;

    if (ig_checkpoint_is(line)) {
        ig_verify_scan_checkpoint(v, file, line);
        return;
    }

    if (ig_verify_pruned_is(line)) {
        (void) ig_verify_pruned_line(v, line, true);
        return;
    }

    if (!ig_verify_record_parse(&r, line)) {
        return;
    }

    f = &v->files[file];
    f->nrecords++;
    ig_verify_file_time(f, r.time);

    writer = ig_verify_writer(v, r.writer);

    if (writer == IG_VERIFY_NONE || v->writers[writer].scanned == file) {
        return;
    }

    v->writers[writer].scanned = file;

    run = ig_verify_add(v, runs);
    if (run) {
        run->file = file;
        run->writer = writer;
        run->seq = r.seq;
    }
}


/* -- the order of files --------------------------------------------------- */

static int
ig_verify_run_cmp(const void *one, const void *two)
{
    const ig_verify_run_t  *a = one, *b = two;

    if (a->writer != b->writer) {
        return a->writer < b->writer ? -1 : 1;
    }

    if (a->seq != b->seq) {
        return a->seq < b->seq ? -1 : 1;
    }

    return a->file < b->file ? -1 : a->file > b->file;
}


static bool
ig_verify_earlier(const ig_verify_t *v, uint32_t a, uint32_t b)
{
    int  rc;

    rc = memcmp(v->files[a].first, v->files[b].first, IG_VERIFY_TIME);

    return rc ? rc < 0 : a < b;
}


/*
 * How many files must come before each: for each writer, one before the next.
 * Of those that wait for none the earliest is taken; when all wait (which no
 * log does that is as it was written) the earliest of all.
 */

static void
ig_verify_order_files(ig_verify_t *v, uint32_t *waits)
{
    size_t                  i, k;
    uint32_t                best;
    const ig_verify_run_t  *r = v->runs;

    for (i = 1; i < v->nruns; i++) {
        waits[r[i].file] += r[i].writer == r[i - 1].writer;
    }

    for (k = 0; k < v->nfiles; k++) {
        best = IG_VERIFY_NONE;

        for (i = 0; i < v->nfiles; i++) {
            if (v->files[i].position != IG_VERIFY_NONE) {
                continue;
            }

            if (best == IG_VERIFY_NONE
                || (waits[i] == 0) > (waits[best] == 0)
                || ((waits[i] == 0) == (waits[best] == 0)
                    && ig_verify_earlier(v, (uint32_t) i, best)))
            {
                best = (uint32_t) i;
            }
        }

        v->order[k] = best;
        v->files[best].position = (uint32_t) k;

        for (i = 1; i < v->nruns; i++) {
            if (r[i].writer == r[i - 1].writer && r[i - 1].file == best
                && waits[r[i].file])
            {
                waits[r[i].file]--;
            }
        }
    }
}


ig_rc_t
ig_verify_order(ig_verify_t *v, const uint32_t **files, size_t *n)
{
    size_t     i;
    uint32_t  *waits;

    if (v->rc != IG_OK) {
        return v->rc;
    }

    if (v->nruns) {
        qsort(v->runs, v->nruns, sizeof(*v->runs), ig_verify_run_cmp);
    }

    waits = calloc(v->nfiles + 1, sizeof(*waits));
    v->order = calloc(v->nfiles + 1, sizeof(*v->order));

    if (waits == NULL || v->order == NULL) {
        free(waits);
        v->rc = IG_NOMEM;
        return v->rc;
    }

    for (i = 0; i < v->nfiles; i++) {
        v->files[i].position = IG_VERIFY_NONE;
    }

    ig_verify_order_files(v, waits);
    free(waits);

    ig_verify_seal_sort(v);

    *files = v->order;
    *n = v->nfiles;

    return v->rc;
}

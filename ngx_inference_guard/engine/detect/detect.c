/*
 * One request: its blocks, their spans, and what is found in them.
 *
 * Most text is searched where it lies.  The two passes (digits, literals) go
 * over stretches of a block; a hit is then looked up in the list of spans:
 *
 *   - a plain span:        confirmed in place;
 *   - one with escapes:    marked, and read as a folded copy afterwards;
 *   - a folded one:        is read as a copy anyway;
 *   - between the spans:   the JSON around them, of no interest.
 */

#include "detect.h"

#include <string.h>


/* folded spans longer than this are left out of the passes */
#define IG_STRETCH_GAP   512


typedef struct {
    ig_detect_worker_t     *w;
    const ig_block_t       *block;
    uint64_t               *dirty;

    /* the span looked up last */
    const ig_span_chunk_t  *chunk;
    size_t                  i;
    size_t                  ordinal;
    uint32_t                before;    /* where the span before it ends */
    uint32_t                last_key;
    uint32_t                last_key_len;

    uint32_t                base;      /* of the stretch */
    ig_view_t               view;      /* in place, of the span looked up */
} ig_block_state_t;


static void
ig_block_rewind(ig_block_state_t *s)
{
    s->chunk = s->block->spans;
    s->i = 0;
    s->ordinal = 0;
    s->before = 0;
    s->last_key = IG_NONE;
    s->view.high = 0;
    s->view.span_start = UINT32_MAX;
}


static const ig_span_t *
ig_block_span(ig_block_state_t *s)
{
    while (s->chunk && s->i == s->chunk->n) {
        s->chunk = s->chunk->next;
        s->i = 0;
    }

    return s->chunk ? &s->chunk->spans[s->i] : NULL;
}


static void
ig_block_advance(ig_block_state_t *s, const ig_span_t *span)
{
    if (span->flags & IG_SPAN_KEY) {
        s->last_key = span->start;
        s->last_key_len = span->len;
    }

    s->before = span->start + span->len;
    s->i++;
    s->ordinal++;
}


/*
 * The span that holds [start, end) of the stretch, when it is of use here:
 * plain, or with escapes.  Hits come in the order of their places, as a rule
 * that nobody promises.
 */

static const ig_span_t *
ig_block_find(ig_block_state_t *s, uint32_t start, uint32_t end)
{
    const ig_span_t  *span;

    start += s->base;
    end += s->base;

    if (start < s->before) {
        ig_block_rewind(s);
    }

    for ( ;; ) {
        span = ig_block_span(s);

        if (span == NULL || start < span->start) {
            return NULL;
        }

        if (start < span->start + span->len) {
            break;
        }

        ig_block_advance(s, span);
    }

    if (end > span->start + span->len
        || (span->flags & (IG_SPAN_FOLD | IG_SPAN_PERCENT)))
    {
        return NULL;
    }

    return span;
}


/* points the view at a plain span; the same view for all hits in it */

static void
ig_block_view(ig_block_state_t *s, const ig_span_t *span)
{
    ig_view_t  *v;

    v = &s->view;
    s->w->view = v;

    if (v->span_start == span->start) {
        return;
    }

    v->text = s->block->bytes.data + s->base;
    v->base = s->base;
    v->low = span->start - s->base;
    v->high = v->low + span->len;
    v->span_start = span->start;
    v->last_key = s->last_key;
    v->last_key_len = s->last_key_len;
    v->id = ++s->w->view_id;
}


/*
 * Points the view at the plain span of a hit.  False: it is in none, or in one
 * that is marked to be read as a copy.
 */

static bool
ig_block_here(ig_block_state_t *s, uint32_t start, uint32_t end)
{
    const ig_span_t  *span;

    span = ig_block_find(s, start, end);

    if (span == NULL) {
        return false;
    }

    if (span->flags & IG_SPAN_ESCAPED) {
        ig_bit_set(s->dirty, s->ordinal);
        return false;
    }

    ig_block_view(s, span);

    return true;
}


static bool
ig_block_on_cluster(void *data, ig_str_t text, ig_cluster_t *c)
{
    ig_block_state_t  *s = data;

    /* most clusters are years and sums, which nobody asks for */

    if (!ig_anchor_cluster_wanted(s->w->d, text.data, c)) {
        return true;
    }

    if (ig_block_here(s, c->groups[0].start, c->groups[c->n - 1].end)) {
        ig_anchor_cluster(s->w, c);
    }

    return s->w->rc == IG_OK;
}


static bool
ig_block_on_group(void *data, ig_str_t text, uint32_t start, uint32_t end)
{
    ig_block_state_t  *s = data;

    if (ig_digits_iban_length(text.data + start) == 0) {
        return true;
    }

    if (ig_block_here(s, start, end)) {
        ig_digits_iban(s->w, start);
    }

    return s->w->rc == IG_OK;
}


static bool
ig_block_on_literal(void *data, uint32_t number, size_t start, size_t end)
{
    ig_block_state_t  *s = data;

    if (ig_block_here(s, (uint32_t) start, (uint32_t) end)
        && ig_anchor_literal(s->w, number, start, end))
    {
        ig_bit_set(s->dirty, s->ordinal);
    }

    return s->w->rc == IG_OK;
}


static void
ig_block_stretch(ig_block_state_t *s, uint32_t start, uint32_t end)
{
    ig_rc_t              rc;
    ig_str_t             text;
    ig_block_state_t     again;
    ig_cluster_pass_t    pass;
    ig_detect_worker_t  *w;

    w = s->w;

    if (start >= end || w->rc != IG_OK) {
        return;
    }

    text = (ig_str_t) { s->block->bytes.data + start, end - start };
    s->base = start;

    pass = (ig_cluster_pass_t) {
        w->d->digits, w->d->plain, w->d->dots, ig_block_on_cluster,
        w->d->nibans ? ig_block_on_group : NULL, s, &w->cluster
    };

    again = *s;

    if (!ig_clusters(&pass, text)) {
        return;
    }

    /* from the same place in the list of spans, with a view of its own */

    again.view.span_start = UINT32_MAX;

    rc = ig_literals_search(w->d->literals, w->scratch, text,
                            ig_block_on_literal, &again);

    if (rc != IG_OK && w->rc == IG_OK) {
        w->rc = rc;
    }
}


/* the block in stretches, without the long spans that are folded anyway */

static void
ig_block_in_place(ig_block_state_t *s)
{
    size_t                  i;
    uint32_t                start;
    const ig_span_t        *span;
    const ig_span_chunk_t  *c;

    ig_block_rewind(s);

    start = 0;

    for (c = s->block->spans; c; c = c->next) {
        for (i = 0; i < c->n; i++) {
            span = &c->spans[i];

            if ((span->flags & (IG_SPAN_FOLD | IG_SPAN_PERCENT))
                && span->len >= IG_STRETCH_GAP)
            {
                ig_block_stretch(s, start, span->start);
                start = span->start + span->len;
            }
        }
    }

    ig_block_stretch(s, start, (uint32_t) s->block->bytes.len);
}


/* room for a copy of the longest span that needs one; once a request */

static bool
ig_block_room(ig_detect_worker_t *w, const ig_block_t *b, uint32_t len)
{
    size_t                  i;
    uint32_t                longest;
    const ig_span_chunk_t  *c;

    if (len <= w->text_size) {
        return true;
    }

    longest = len;

    for (c = b->spans; c; c = c->next) {
        for (i = 0; i < c->n; i++) {
            if (c->spans[i].len > longest
                && (c->spans[i].flags
                    & (IG_SPAN_FOLD | IG_SPAN_PERCENT | IG_SPAN_ESCAPED)))
            {
                longest = c->spans[i].len;
            }
        }
    }

    w->text = ig_arena_alloc(w->arena, longest + IG_FOLD_STEP + 16);
    w->marks = ig_arena_alloc(w->arena, ig_fold_marks(longest)
                                        * sizeof(ig_fold_mark_t));

    if (w->text == NULL || w->marks == NULL) {
        w->rc = ig_arena_status(w->arena);
        return false;
    }

    w->text_size = longest;

    return true;
}


/* what JSON in JSON could hide a number or a literal with */

static bool
ig_nested(const uint8_t *text, size_t len)
{
    const uint8_t  *p, *end;

    end = text + len;

    for (p = text; len >= 2; p++) {
        p = memchr(p, '\\', (size_t) (end - p));

        if (p == NULL || p + 1 >= end) {
            return false;
        }

        if (p[1] == 'u' || p[1] == '/') {
            return true;
        }
    }

    return false;
}


static void
ig_block_folded(ig_block_state_t *s, const ig_span_t *span)
{
    size_t               len;
    unsigned             level;
    ig_view_t            v;
    const uint8_t       *bytes;
    ig_detect_worker_t  *w;

    w = s->w;
    bytes = s->block->bytes.data;

    if (!ig_block_room(w, s->block, span->len)) {
        return;
    }

    memset(&v, 0, sizeof(v));
    v.block = s->block;
    v.block_number = s->view.block_number;
    v.folded = true;
    v.text = w->text;
    v.marks = w->marks;
    v.span_start = span->start;
    v.last_key = s->last_key;
    v.last_key_len = s->last_key_len;
    v.source = (ig_fold_source_t) {
        bytes, bytes + span->start, bytes + span->start + span->len,
        s->block->kind == IG_BLOCK_BODY,
        s->block->kind == IG_BLOCK_QUERY
    };

    for (level = 0; level < IG_FOLD_LEVELS && w->rc == IG_OK; level++) {

        len = ig_fold_text(&w->d->fold, v.source, w->text, w->marks,
                           &v.nmarks);

        v.high = (uint32_t) len;
        v.id = ++w->view_id;
        w->view = &v;

        ig_anchor_view(w);

        if (!ig_nested(w->text, len)) {
            break;
        }

        v.source.levels++;
    }
}


/* a number by its value, when that is not what it looks like */

static void
ig_block_number(ig_block_state_t *s, const ig_span_t *span)
{
    size_t     len;
    uint8_t    digits[IG_NUMBER_MAX];
    ig_view_t  v;

    len = ig_number_whole(s->block->bytes.data + span->start, span->len,
                          digits);

    if (len < s->w->d->digits) {
        return;
    }

    memset(&v, 0, sizeof(v));
    v.block = s->block;
    v.block_number = s->view.block_number;
    v.text = digits;
    v.high = (uint32_t) len;
    v.whole = span->start + span->len;
    v.span_start = span->start;
    v.last_key = s->last_key;
    v.last_key_len = s->last_key_len;
    v.id = ++s->w->view_id;

    s->w->view = &v;

    ig_anchor_view(s->w);
}


/* what could not be judged where it lies */

static void
ig_block_copies(ig_block_state_t *s)
{
    bool              plain;
    const ig_span_t  *span;

    ig_block_rewind(s);
    s->base = 0;

    for ( ;; ) {
        span = ig_block_span(s);

        if (span == NULL || s->w->rc != IG_OK) {
            return;
        }

        plain = (span->flags & (IG_SPAN_FOLD | IG_SPAN_PERCENT)) == 0;

        if (!plain || ig_bit_get(s->dirty, s->ordinal)
            || (s->w->d->nalways && (span->flags & IG_SPAN_ESCAPED)))
        {
            ig_block_folded(s, span);

        } else if (s->w->d->nalways) {
            ig_block_view(s, span);
            ig_anchor_always(s->w);
        }

        if ((span->flags & IG_SPAN_NUMBER) && s->w->rc == IG_OK) {
            ig_block_number(s, span);
        }

        ig_block_advance(s, span);
    }
}


static void
ig_block(ig_detect_worker_t *w, const ig_block_t *b, uint8_t number)
{
    size_t                  n;
    ig_block_state_t        s;
    const ig_span_chunk_t  *c;

    n = 0;

    for (c = b->spans; c; c = c->next) {
        n += c->n;
    }

    if (n == 0) {
        return;
    }

    memset(&s, 0, sizeof(s));
    s.w = w;
    s.block = b;
    s.dirty = w->dirty;
    s.view.block = b;
    s.view.block_number = number;

    if (n > IG_DIRTY_SPANS) {
        s.dirty = ig_arena_alloc(w->arena, IG_BIT_WORDS(n) * sizeof(uint64_t));

        if (s.dirty == NULL) {
            w->rc = ig_arena_status(w->arena);
            return;
        }
    }

    memset(s.dirty, 0, IG_BIT_WORDS(n) * sizeof(uint64_t));

    ig_block_in_place(&s);
    ig_block_copies(&s);

    if (w->rc == IG_OK && b->kind == IG_BLOCK_BODY) {
        ig_joined_block(w, b, number);
    }
}


/* the marks of earlier requests must not come round again */

static void
ig_detect_forget(ig_detect_worker_t *w)
{
    const ig_detect_t  *d;

    d = w->d;

    if (w->view_id < UINT32_MAX / 2 && w->answer_stamp < UINT32_MAX / 2
        && w->context.stamp < UINT32_MAX / 2)
    {
        return;
    }

    w->view_id = 0;
    w->answer_stamp = 0;
    w->gate_view = 0;
    w->context.stamp = 0;
    w->context.view = 0;
    w->context.asked_view = 0;
    w->context.key_view = 0;

    memset(w->done_view, 0, d->n * sizeof(uint32_t));
    memset(w->answered, 0, d->nvalidators * sizeof(uint32_t));
    memset(w->context.near, 0, d->nwords * sizeof(uint32_t));
    memset(w->context.key, 0, d->nwords * sizeof(uint32_t));
}


ig_rc_t
ig_detect(ig_detect_worker_t *w, const ig_reading_t *reading,
    ig_arena_t *arena, ig_findings_t *out)
{
    size_t         i, bytes;
    ig_finding_t  *items;

    *out = (ig_findings_t) { NULL, 0, NULL };

    ig_detect_forget(w);

    bytes = 0;

    for (i = 0; i < reading->nblocks; i++) {
        bytes += reading->blocks[i].bytes.len;
    }

    w->rc = IG_OK;
    w->work = IG_WORK_FREE + (uint64_t) bytes * IG_WORK_FACTOR;
    w->arena = arena;
    w->text = w->own_text;
    w->marks = w->own_marks;
    w->text_size = IG_SCRATCH_TEXT;

    if (w->nfindings) {
        w->nfindings = 0;
        memset(w->last, 0, w->d->n * sizeof(uint32_t));
        ig_value_sweep(w);
    }

    for (i = 0; i < reading->nblocks && w->rc == IG_OK; i++) {
        ig_block(w, &reading->blocks[i], (uint8_t) i);
    }

    w->view = NULL;

    if (w->rc != IG_OK || w->nfindings == 0) {
        return w->rc;
    }

    ig_confirm_sort(w);

    if (w->rc != IG_OK) {
        return w->rc;
    }

    items = ig_arena_alloc(arena, w->nfindings * sizeof(ig_finding_t));
    if (items == NULL) {
        return ig_arena_status(arena);
    }

    memcpy(items, w->findings, w->nfindings * sizeof(ig_finding_t));

    out->items = items;
    out->n = w->nfindings;
    out->values = w->values;

    return IG_OK;
}


ig_rc_t
ig_detect_text(ig_detect_worker_t *w, ig_str_t text, ig_arena_t *arena,
    ig_findings_t *out)
{
    size_t            i;
    ig_reading_t     *reading;
    ig_span_chunk_t  *chunk;

    if (text.len >= IG_MAX_BODY) {
        *out = (ig_findings_t) { NULL, 0, NULL };
        return IG_LIMIT;
    }

    reading = ig_arena_calloc(arena, sizeof(ig_reading_t));
    chunk = ig_arena_alloc(arena, sizeof(ig_span_chunk_t));

    if (reading == NULL || chunk == NULL) {
        *out = (ig_findings_t) { NULL, 0, NULL };
        return ig_arena_status(arena);
    }

    chunk->next = NULL;
    chunk->n = 1;
    chunk->spans[0].start = 0;
    chunk->spans[0].len = (uint32_t) text.len & 0x3ffffff;
    chunk->spans[0].flags = IG_SPAN_TEXT;

    for (i = 0; i < text.len; i++) {
        if (text.data[i] >= 0x7f
            || (text.data[i] < 0x20 && text.data[i] != '\n'
                && text.data[i] != '\t' && text.data[i] != '\r'))
        {
            chunk->spans[0].flags |= IG_SPAN_FOLD & 0x3f;
            break;
        }
    }

    reading->nblocks = 1;
    reading->blocks[0].kind = IG_BLOCK_HEADERS;
    reading->blocks[0].bytes = text;
    reading->blocks[0].spans = chunk;

    return ig_detect(w, reading, arena, out);
}

/*
 * Text that is split over adjacent spans.
 *
 * The ends of TEXT spans are read together: of a long span its head, then a
 * cut, then its tail; short ones whole.  The text is searched when there is no
 * room, and then begins again with the last part of what was there.  Only what
 * begins in one span and ends in another, with no cut between, is a finding
 * here.
 */

#include "detect.h"

#include <string.h>


/*
 * Raw bytes of a span's end, for about 128 characters: none but signed tokens
 * are longer.  An escape takes two bytes, or, in a folded span, six and more.
 */
#define IG_END_PLAIN     128
#define IG_END_ESCAPED   160
#define IG_END_FOLDED    768


typedef struct {
    ig_detect_worker_t  *w;
    const ig_block_t    *block;
    uint8_t              number;
    size_t               len;
    ig_span_t            before;       /* the span before, when not yet in */
    bool                 waiting;
    bool                 cut;          /* before what comes next */
} ig_joiner_t;


/* stands for a cut: a control that folding drops from all text */
#define IG_CUT           0x1e


static void
ig_joined_search(ig_joiner_t *j)
{
    ig_view_t            v;
    ig_detect_worker_t  *w;

    w = j->w;

    if (w->nsegments < 2) {
        return;
    }

    memset(&v, 0, sizeof(v));
    v.text = w->joined;
    v.high = (uint32_t) j->len;
    v.id = ++w->view_id;
    v.block_number = j->number;
    v.block = j->block;
    v.last_key = IG_NONE;
    v.joined = true;
    v.segments = w->segments;
    v.nsegments = w->nsegments;

    w->view = &v;

    ig_anchor_view(w);
}


/* keeps the last segments, so many that they hold an end's length */

static void
ig_joined_shift(ig_joiner_t *j)
{
    size_t               i, n, kept;
    uint32_t             from;
    ig_detect_worker_t  *w;

    w = j->w;
    n = w->nsegments;
    kept = 0;

    for (i = n; i > 0 && kept < IG_END_PLAIN; i--) {
        kept += w->segments[i - 1].len;
    }

    /* what would leave no room is given up: it is an end in itself */

    if (i == 0 || kept > IG_JOINED_TEXT / 2) {
        i = n - 1;
        kept = w->segments[i].len;
    }

    from = w->segments[i].at;

    memmove(w->joined, w->joined + from, kept);
    memmove(w->segments, w->segments + i, (n - i) * sizeof(ig_segment_t));

    w->nsegments = n - i;
    j->len = kept;

    for (i = 0; i < w->nsegments; i++) {
        w->segments[i].at -= from;
    }
}


/* a raw range of the block, at most an end long, onto the text */

static void
ig_joined_append(ig_joiner_t *j, uint32_t start, uint32_t end)
{
    size_t               n;
    ig_segment_t        *s;
    ig_fold_mark_t       marks[ig_fold_marks(IG_END_FOLDED)];
    ig_detect_worker_t  *w;

    w = j->w;

    if (w->nsegments == IG_JOINED_SEGMENTS
        || j->len + (end - start) + IG_FOLD_STEP + 17 > IG_JOINED_TEXT)
    {
        ig_joined_search(j);

        if (j->cut) {
            w->nsegments = 0;
            j->len = 0;

        } else {
            ig_joined_shift(j);
        }
    }

    if (j->cut && w->nsegments) {
        w->joined[j->len++] = IG_CUT;
        w->segments[w->nsegments - 1].len++;
    }

    s = &w->segments[w->nsegments];

    s->at = (uint32_t) j->len;
    s->cut = j->cut;
    j->cut = false;
    s->source = (ig_fold_source_t) {
        j->block->bytes.data, j->block->bytes.data + start,
        j->block->bytes.data + end, j->block->kind == IG_BLOCK_BODY, false
    };

    s->len = (uint32_t) ig_fold_text(&w->d->fold, s->source,
                                     w->joined + j->len, marks, &n);
    j->len += s->len;

    /* what is not seen joins nothing, and is no cut less */

    if (s->len == 0) {
        j->cut = s->cut;
        return;
    }

    w->nsegments++;
}


static uint32_t
ig_joined_end(const ig_span_t *s)
{
    if (s->flags & IG_SPAN_FOLD) {
        return IG_END_FOLDED;
    }

    return (s->flags & IG_SPAN_ESCAPED) ? IG_END_ESCAPED : IG_END_PLAIN;
}


/* not into an escape, nor into a character; a few bytes more or less do not
   matter so far from where spans meet */

static uint32_t
ig_joined_cut(const ig_joiner_t *j, const ig_span_t *s, uint32_t at)
{
    uint32_t        end, slashes;
    const uint8_t  *p;

    p = j->block->bytes.data;
    end = s->start + s->len;

    while (at < end && (p[at] & 0xc0) == 0x80) {
        at++;
    }

    slashes = 0;

    while (at - slashes > s->start && p[at - slashes - 1] == '\\') {
        slashes++;
    }

    return (slashes % 2 && at < end) ? at + 1 : at;
}


static void
ig_joined_span(ig_joiner_t *j, const ig_span_t *s)
{
    uint32_t  end;

    if (s->len == 0) {
        return;
    }

    if (j->waiting) {

        /* the tail of the long span before, or all of the first */

        end = ig_joined_end(&j->before);

        ig_joined_append(j, j->before.len > end
                            ? ig_joined_cut(j, &j->before, j->before.start
                                            + j->before.len - end)
                            : j->before.start,
                         j->before.start + j->before.len);
    }

    end = ig_joined_end(s);
    j->waiting = s->len > end;
    j->before = *s;

    if (!j->waiting) {
        ig_joined_append(j, s->start, s->start + s->len);
        return;
    }

    ig_joined_append(j, s->start, ig_joined_cut(j, s, s->start + end));
    j->cut = true;
}


void
ig_joined_block(ig_detect_worker_t *w, const ig_block_t *b, uint8_t number)
{
    size_t                  i;
    bool                    first;
    ig_joiner_t             j;
    const ig_span_t        *s;
    const ig_span_chunk_t  *c;

    j = (ig_joiner_t) { w, b, number, 0, { 0, 0, 0 }, false, false };
    w->nsegments = 0;
    first = true;

    for (c = b->spans; c; c = c->next) {
        for (i = 0; i < c->n && w->rc == IG_OK; i++) {

            s = &c->spans[i];

            if ((s->flags & IG_SPAN_TEXT) == 0 || s->len == 0) {
                continue;
            }

            /* nothing to do for the only text of a request */

            if (first) {
                j.before = *s;
                j.waiting = true;
                first = false;
                continue;
            }

            ig_joined_span(&j, s);
        }
    }

    if (w->rc == IG_OK) {
        ig_joined_search(&j);
    }
}

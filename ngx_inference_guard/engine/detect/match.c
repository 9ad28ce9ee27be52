/*
 * PCRE2 around an anchor.
 *
 * A search starts at most `before` bytes ahead of the anchor, never looks at a
 * start behind it (PCRE2's offset limit), and sees at most `after` bytes more.
 * What one search has covered, the next of the same detector does not repeat.
 * So one search for each anchor and detector is bounded by its window; where it
 * goes on, the bytes gone over are counted for the whole request.
 */

#include "detect.h"

#include <string.h>


/* bytes before a window that look-behind may see, and behind a candidate that
   look-ahead may */
#define IG_LOOK_BEHIND   16
#define IG_LOOK_AHEAD    16


static uint32_t
ig_window_start(const ig_view_t *v, uint32_t at, uint32_t before, bool utf)
{
    at = at - v->low > before ? at - before : v->low;

    while (utf && at > v->low && (v->text[at] & 0xc0) == 0x80) {
        at--;
    }

    return at;
}


static void
ig_match_failed(ig_detect_worker_t *w, int rc)
{
    switch (rc) {

    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
    case PCRE2_ERROR_JIT_STACKLIMIT:
        w->rc = IG_LIMIT;
        break;

    case PCRE2_ERROR_NOMEMORY:
        w->rc = IG_NOMEM;
        break;

    default:
        w->rc = IG_ERROR;
    }
}


static bool
ig_match_work(ig_detect_worker_t *w, uint64_t bytes)
{
    if (bytes >= w->work) {
        w->rc = IG_LIMIT;
        return false;
    }

    w->work -= bytes;

    return true;
}


/* one search in text[base, end), for starts in [from, stop] */

static bool
ig_match_next(ig_detect_worker_t *w, const ig_matcher_t *m, uint32_t base,
    uint32_t end, uint32_t from, uint32_t stop, uint32_t found[2])
{
    int          rc;
    PCRE2_SIZE  *o;

    (void) pcre2_set_offset_limit(w->limits, stop - base);

    rc = pcre2_match(m->code, w->view->text + base, end - base, from - base,
                     PCRE2_NOTEMPTY, w->match, w->limits);

    if (rc == PCRE2_ERROR_NOMATCH) {
        return false;
    }

    if (rc < 0) {
        ig_match_failed(w, rc);
        return false;
    }

    o = pcre2_get_ovector_pointer(w->match);

    found[0] = base + (uint32_t) o[0];
    found[1] = base + (uint32_t) o[1];

    /* \K could end a match before it starts */

    if (o[0] >= o[1]) {
        w->rc = IG_ERROR;
        return false;
    }

    return ig_match_work(w, found[1] - from + 16);
}


static bool
ig_match_edges(const ig_view_t *v, const ig_matcher_t *m, uint32_t start,
    uint32_t end)
{
    if (!m->edges) {
        return true;
    }

    return (!ig_ascii_alnum(v->text[start]) || ig_digits_left_edge(v, start))
           && (!ig_ascii_alnum(v->text[end - 1])
               || ig_digits_right_edge(v, end));
}


void
ig_match(ig_detect_worker_t *w, uint32_t detector, uint32_t start,
    uint32_t end)
{
    bool                 confirmed;
    uint8_t              normal[IG_NORMAL_MAX];
    uint32_t             base, from, to, found[2];
    const ig_view_t     *v;
    const ig_matcher_t  *m;

    v = w->view;
    m = &w->d->matchers[detector];

    from = ig_window_start(v, start, m->before, m->utf);

    if (w->done_view[detector] != v->id || from < w->done_from[detector]) {
        w->done_view[detector] = v->id;
        w->done_from[detector] = from;

    } else if (from < w->done_to[detector]) {
        from = w->done_to[detector];
    }

    base = ig_window_start(v, from, IG_LOOK_BEHIND, m->utf);
    to = v->high - end > m->after ? end + m->after : v->high;

    while (from <= end && from < to && w->rc == IG_OK) {

        if (!ig_match_next(w, m, base, to, from, end, found)) {
            from = end + 1;
            break;
        }

        confirmed = found[1] > start
                    && ig_match_edges(v, m, found[0], found[1]);

        if (confirmed) {
            w->answer_stamp++;
            confirmed = ig_confirm(w, detector, found[0], found[1],
                                   ig_value_normal(v->text + found[0],
                                                   found[1] - found[0],
                                                   normal));
        }

        /* a shorter or later one may still be good */

        from = (confirmed || found[1] <= start) ? found[1] : found[0] + 1;

        while (m->utf && from < v->high && (v->text[from] & 0xc0) == 0x80) {
            from++;
        }
    }

    w->done_to[detector] = from;
}


bool
ig_match_whole(ig_detect_worker_t *w, uint32_t detector, const uint8_t *text,
    size_t len)
{
    int                  rc;
    PCRE2_SIZE          *o;
    const ig_matcher_t  *m;

    m = &w->d->matchers[detector];

    (void) pcre2_set_offset_limit(w->limits, 0);

    rc = pcre2_match(m->code, text, len, 0, PCRE2_NOTEMPTY, w->match,
                     w->limits);

    if (rc == PCRE2_ERROR_NOMATCH) {
        return false;
    }

    if (rc < 0) {
        ig_match_failed(w, rc);
        return false;
    }

    o = pcre2_get_ovector_pointer(w->match);

    return o[0] == 0 && o[1] == len && ig_match_work(w, len);
}


/* a match of a weak form that does not end with the candidate is none */

static int
ig_match_weak_end(pcre2_callout_block *block, void *data)
{
    return block->callout_number == IG_CODE_END
           && block->current_position != *(const PCRE2_SIZE *) data;
}


bool
ig_match_weak(ig_detect_worker_t *w, const ig_matcher_t *m, uint32_t start,
    uint32_t end)
{
    int               rc;
    uint32_t          base, to;
    PCRE2_SIZE        last;
    const ig_view_t  *v;

    v = w->view;
    base = ig_window_start(v, start, IG_LOOK_BEHIND, m->weak_utf);
    to = v->high - end > IG_LOOK_AHEAD ? end + IG_LOOK_AHEAD : v->high;
    last = end - base;

    (void) pcre2_set_offset_limit(w->limits, start - base);
    (void) pcre2_set_callout(w->limits, ig_match_weak_end, &last);

    rc = pcre2_match(m->weak, v->text + base, to - base, start - base,
                     PCRE2_NOTEMPTY, w->match, w->limits);

    (void) pcre2_set_callout(w->limits, NULL, NULL);

    if (rc < 0 && rc != PCRE2_ERROR_NOMATCH) {
        ig_match_failed(w, rc);
        return false;
    }

    return ig_match_work(w, to - base) && rc >= 0;
}

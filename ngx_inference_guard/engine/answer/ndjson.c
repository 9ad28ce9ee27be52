/*
 * Newline-delimited JSON: a line that is not blank is an event.  A line ends at
 * LF only, as JSON has no raw LF in it; a CR before it is white space of JSON
 * and stays in the data.
 */

#include <answer/frame.h>

#include <string.h>


enum {
    LINE_BLANK,
    LINE_DATA
};


ig_mark_t
ig_ndjson_next(ig_frame_t *f, const uint8_t **p, const uint8_t *end,
    ig_str_t *data)
{
    const uint8_t  *q, *lf;

    if (f->ended) {
        ig_frame_begin(f);
        f->state = LINE_BLANK;
    }

    q = *p;

    if (f->state == LINE_BLANK) {

        while (q < end && (*q == ' ' || *q == '\t' || *q == '\r')) {
            q++;
        }

        *p = q;

        if (q == end) {
            return IG_MARK_MORE;
        }

        if (*q == '\n') {
            *p = q + 1;
            return IG_MARK_IDLE;
        }

        f->state = LINE_DATA;
        f->fields = true;
        f->lines = 1;
    }

    if (q == end) {
        return IG_MARK_MORE;
    }

    if (*q == '\n') {
        *p = q + 1;
        f->ended = true;
        return IG_MARK_END;
    }

    lf = memchr(q, '\n', (size_t) (end - q));

    if (lf == NULL) {
        lf = end;
    }

    *data = (ig_str_t) { q, (size_t) (lf - q) };
    *p = lf;

    return IG_MARK_DATA;
}

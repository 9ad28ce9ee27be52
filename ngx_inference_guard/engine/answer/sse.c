/*
 * Server-sent events, as the WHATWG HTML standard parses them (9.2.6,
 * "Interpreting an event stream"): lines end in CRLF, LF or CR; one BOM at the
 * start is none of the first line; a line that begins with a colon is a
 * comment; one space after a field's colon is no part of its value; a blank
 * line ends the event.
 */

#include <answer/frame.h>
#include <answer/bytes.h>

#include <string.h>


enum {
    FIELD,                 /* the line's start, or in a field's name */
    DATA_SPACE,            /* behind the colon */
    DATA,
    NAME_SPACE,
    NAME,
    IGNORE                 /* up to the end of the line */
};

static const uint8_t  ig_sse_bom[] = { 0xef, 0xbb, 0xbf };
static const char     ig_sse_data[] = "data:";


static bool
ig_sse_is(const ig_frame_t *f, const char *field)
{
    return f->field_len == strlen(field)
           && memcmp(f->field, field, f->field_len) == 0;
}


/* the field's name is complete; true: it is data, and not its first line */

static bool
ig_sse_field(ig_frame_t *f)
{
    f->fields = true;

    if (ig_sse_is(f, "data")) {
        f->state = DATA_SPACE;
        return f->lines++ > 0;
    }

    if (ig_sse_is(f, "event")) {
        f->state = NAME_SPACE;
        f->name_len = 0;
        return false;
    }

    f->state = IGNORE;

    return false;
}


static void
ig_sse_name(ig_frame_t *f, const uint8_t *p, size_t len)
{
    if (len > sizeof(f->name) - f->name_len) {
        len = sizeof(f->name) - f->name_len;
    }

    memcpy(f->name + f->name_len, p, len);
    f->name_len += len;
}


/* a CR or LF at the end of a line */

static ig_mark_t
ig_sse_line(ig_frame_t *f, uint8_t c)
{
    bool  again;

    again = false;

    if (f->state == FIELD && f->line) {
        again = ig_sse_field(f);       /* a name without a colon */
    }

    f->state = FIELD;
    f->field_len = 0;
    f->cr = (c == '\r');

    if (f->line) {
        f->line = false;
        return again ? IG_MARK_BREAK : f->fields ? IG_MARK_MORE : IG_MARK_IDLE;
    }

    if (!f->fields) {
        return IG_MARK_IDLE;
    }

    f->ended = true;

    return IG_MARK_END;
}


/* a byte that is not the end of a line; true: a further line of data begins */

static bool
ig_sse_byte(ig_frame_t *f, uint8_t c)
{
    if (f->bom < sizeof(ig_sse_bom)) {

        if (c == ig_sse_bom[f->bom]) {
            f->bom++;
            return false;
        }

        /* a part of a BOM begins a field that nobody knows */

        f->line = f->bom > 0;
        f->field_len = f->bom > 0 ? sizeof(f->field) : 0;
        f->bom = sizeof(ig_sse_bom);
    }

    if (c == ':') {
        if (!f->line) {
            f->line = true;
            f->state = IGNORE;
            return false;
        }

        return ig_sse_field(f);
    }

    f->line = true;

    /* the longest field that matters has five bytes */

    if (f->field_len < sizeof(f->field)) {
        f->field[f->field_len++] = c;
    }

    return false;
}


/* nearly every line: its field at once, where byte by byte gives the same */

static inline bool
ig_sse_is_data(const ig_frame_t *f, const uint8_t *p, const uint8_t *end)
{
    return !f->line && f->bom == sizeof(ig_sse_bom)
           && end - p >= (ptrdiff_t) sizeof(ig_sse_data) - 1
           && memcmp(p, ig_sse_data, sizeof(ig_sse_data) - 1) == 0;
}


/*
 * The rest of a line of which nothing but its end matters, or whose bytes are
 * wanted.
 */

static ig_mark_t
ig_sse_value(ig_frame_t *f, const uint8_t **p, const uint8_t *end,
    ig_str_t *data)
{
    const uint8_t  *q, *from;

    if (f->state == DATA_SPACE || f->state == NAME_SPACE) {
        f->state = f->state == DATA_SPACE ? DATA : NAME;
        *p += (**p == ' ');
    }

    from = *p;
    q = ig_find_either(from, end, '\r', '\n');
    *p = q;

    if (q == from) {
        return IG_MARK_MORE;
    }

    if (f->state == NAME) {
        ig_sse_name(f, from, (size_t) (q - from));
    }

    if (f->state == DATA) {
        *data = (ig_str_t) { from, (size_t) (q - from) };
        return IG_MARK_DATA;
    }

    return IG_MARK_MORE;
}


ig_mark_t
ig_sse_next(ig_frame_t *f, const uint8_t **p, const uint8_t *end,
    ig_str_t *data)
{
    uint8_t    c;
    ig_mark_t  mark;

    while (*p < end) {
        c = **p;

        if (f->cr) {
            f->cr = false;

            if (c == '\n') {
                (*p)++;

                if (f->ended) {
                    ig_frame_begin(f);
                    return IG_MARK_TAIL;
                }

                if (!f->fields) {
                    return IG_MARK_IDLE;
                }

                continue;
            }
        }

        if (f->ended) {
            ig_frame_begin(f);
        }

        if (c == '\r' || c == '\n') {
            (*p)++;

            if (f->bom && f->bom < sizeof(ig_sse_bom)) {
                (void) ig_sse_byte(f, c);      /* a part of a BOM */
                f->field_len = sizeof(f->field);
            }

            f->bom = sizeof(ig_sse_bom);
            mark = ig_sse_line(f, c);

        } else if (f->state == FIELD && ig_sse_is_data(f, *p, end)) {
            *p += sizeof(ig_sse_data) - 1;
            f->state = DATA_SPACE;
            f->line = true;
            f->fields = true;
            mark = f->lines++ > 0 ? IG_MARK_BREAK : IG_MARK_MORE;

        } else if (f->state == FIELD) {
            (*p)++;
            mark = ig_sse_byte(f, c) ? IG_MARK_BREAK : IG_MARK_MORE;

        } else {
            mark = ig_sse_value(f, p, end, data);
        }

        if (mark != IG_MARK_MORE) {
            return mark;
        }
    }

    return IG_MARK_MORE;
}

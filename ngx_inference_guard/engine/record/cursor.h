/*
 * A cursor over the JSON of one line, for what has to be read fast or to the
 * byte: heads of records, checkpoints, proofs.
 *
 * Every function gives false when what it expects is not there; the cursor then
 * stands anywhere.  Strings are spans of the line, not decoded.
 */

#ifndef IG_RECORD_CURSOR_H
#define IG_RECORD_CURSOR_H

#include "hex.h"

#include <string.h>


typedef struct {
    const uint8_t  *p;
    const uint8_t  *end;
} ig_cursor_t;


static inline bool
ig_cursor_bytes(ig_cursor_t *c, const char *bytes, size_t n)
{
    if ((size_t) (c->end - c->p) < n || memcmp(c->p, bytes, n) != 0) {
        return false;
    }

    c->p += n;

    return true;
}

#define ig_cursor_lit(c, literal)                                             \
    ig_cursor_bytes(c, literal, sizeof(literal) - 1)


/* a string that stands at the cursor's opening quote */
static inline bool
ig_cursor_string(ig_cursor_t *c, ig_str_t *s)
{
    if (c->p == c->end || *c->p != '"') {
        return false;
    }

    s->data = ++c->p;

    while (c->p < c->end && *c->p != '"') {
        if (*c->p < 0x20) {
            return false;
        }

        if (*c->p++ == '\\' && c->p++ == c->end) {
            return false;
        }
    }

    if (c->p == c->end) {
        return false;
    }

    s->len = (size_t) (c->p++ - s->data);

    return true;
}


/* a whole number as we write it: no sign, no zero before it */
static inline bool
ig_cursor_uint(ig_cursor_t *c, uint64_t *n)
{
    uint8_t         d;
    const uint8_t  *start;

    start = c->p;
    *n = 0;

    for ( /* void */ ; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
        d = (uint8_t) (*c->p - '0');

        if (*n > (UINT64_MAX - d) / 10) {
            return false;
        }

        *n = *n * 10 + d;
    }

    return c->p > start && (*start != '0' || c->p == start + 1);
}


/* a string of 2 * n hexadecimal digits */
static inline bool
ig_cursor_hex(ig_cursor_t *c, uint8_t *to, size_t n)
{
    if ((size_t) (c->end - c->p) < 2 * n + 2 || c->p[0] != '"'
        || c->p[2 * n + 1] != '"' || !ig_unhex(to, c->p + 1, n))
    {
        return false;
    }

    c->p += 2 * n + 2;

    return true;
}


/* any value: what a later version may have added */
bool ig_cursor_skip(ig_cursor_t *c, unsigned depth);

#define IG_CURSOR_DEPTH  16

#endif /* IG_RECORD_CURSOR_H */

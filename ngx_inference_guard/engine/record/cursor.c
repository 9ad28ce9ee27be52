/* Values that are not looked at. */

#include "cursor.h"


static bool
ig_cursor_scalar(ig_cursor_t *c)
{
    const uint8_t  *start;

    start = c->p;

    while (c->p < c->end && *c->p != ',' && *c->p != ']' && *c->p != '}'
           && *c->p > 0x20 && *c->p != '"' && *c->p != '[' && *c->p != '{')
    {
        c->p++;
    }

    return c->p > start;
}


static bool
ig_cursor_members(ig_cursor_t *c, uint8_t close, unsigned depth)
{
    ig_str_t  key;

    c->p++;

    if (c->p < c->end && *c->p == close) {
        c->p++;
        return true;
    }

    for ( ;; ) {
        if (close == '}'
            && !(ig_cursor_string(c, &key) && ig_cursor_lit(c, ":")))
        {
            return false;
        }

        if (!ig_cursor_skip(c, depth + 1) || c->p == c->end) {
            return false;
        }

        if (*c->p == close) {
            c->p++;
            return true;
        }

        if (*c->p++ != ',') {
            return false;
        }
    }
}


bool
ig_cursor_skip(ig_cursor_t *c, unsigned depth)
{
    ig_str_t  s;

    if (c->p == c->end || depth > IG_CURSOR_DEPTH) {
        return false;
    }

    switch (*c->p) {

    case '"':
        return ig_cursor_string(c, &s);

    case '{':
        return ig_cursor_members(c, '}', depth);

    case '[':
        return ig_cursor_members(c, ']', depth);

    default:
        return ig_cursor_scalar(c);
    }
}

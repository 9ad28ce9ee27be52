/*
 * The place of a byte in a body, as a JSON pointer (RFC 6901).
 *
 * The body was accepted by ig_read(), so its grammar is not checked again: only
 * brackets, keys and commas are looked at, and strings are skipped quickly.
 */

#include <read/scan.h>


#define IG_POINTER_NAME_MAX    64
#define IG_POINTER_DIGITS_MAX  4       /* no identifier is that short */

typedef struct {
    bool            object;
    uint32_t        index;     /* of an array's element */
    const uint8_t  *key;       /* NULL: none yet */
    size_t          key_len;
} ig_step_t;

typedef struct {
    uint32_t   depth;
    bool       key_next;       /* the next string is a key */
    ig_step_t  steps[IG_MAX_DEPTH];
} ig_pointer_t;


static bool
ig_pointer_plain(const uint8_t *p, size_t len)
{
    size_t   i, digits;
    uint8_t  c;

    if (len > IG_POINTER_NAME_MAX) {
        return false;
    }

    digits = 0;

    for (i = 0; i < len; i++) {
        c = p[i];
        digits += (c >= '0' && c <= '9');

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
              || (c >= '0' && c <= '9')
              || c == '_' || c == '.' || c == '$' || c == '-'))
        {
            return false;
        }
    }

    return digits <= IG_POINTER_DIGITS_MAX;
}


static void
ig_pointer_write(const ig_pointer_t *s, ig_buf_t *out)
{
    uint32_t          i;
    const ig_step_t  *step;

    for (i = 0; i < s->depth; i++) {
        step = &s->steps[i];

        if (step->object && step->key == NULL) {
            return;
        }

        ig_buf_char(out, '/');

        if (!step->object) {
            ig_buf_uint(out, step->index);

        } else if (ig_pointer_plain(step->key, step->key_len)) {
            ig_buf_bytes(out, step->key, step->key_len);

        } else {
            ig_buf_char(out, '~');
        }
    }
}


/* a byte that is no part of a string */

static void
ig_pointer_step(ig_pointer_t *s, uint8_t c)
{
    ig_step_t  *top;

    switch (c) {

    case '{':
    case '[':
        if (s->depth == IG_MAX_DEPTH) {
            return;
        }

        top = &s->steps[s->depth++];
        top->object = (c == '{');
        top->index = 0;
        top->key = NULL;
        top->key_len = 0;
        s->key_next = top->object;
        break;

    case '}':
    case ']':
        if (s->depth) {
            s->depth--;
        }

        s->key_next = false;
        break;

    case ',':
        if (s->depth == 0) {
            return;
        }

        top = &s->steps[s->depth - 1];
        top->index++;
        s->key_next = top->object;
        break;

    default:
        break;
    }
}


void
ig_json_pointer(ig_str_t body, size_t at, ig_buf_t *out)
{
    ig_scan_t       scan;
    ig_step_t      *top;
    ig_pointer_t    s;
    const uint8_t  *p, *quote, *stop;

    s.depth = 0;
    s.key_next = false;

    scan.base = body.data;
    scan.end = body.data + body.len;
    scan.reason = IG_REASON_NONE;

    stop = body.data + (at < body.len ? at : body.len);

    for (p = body.data; p < scan.end && p <= stop; p++) {

        if (*p != '"') {
            ig_pointer_step(&s, *p);
            continue;
        }

        quote = ig_scan_string(&scan, p + 1);
        if (quote == NULL) {
            break;
        }

        if (s.key_next && s.depth) {
            top = &s.steps[s.depth - 1];
            top->key = p + 1;
            top->key_len = (size_t) (quote - p - 1);
            s.key_next = false;

            /* the byte is in the key: what was found there is the key */

            if (stop <= quote) {
                top->key_len = IG_POINTER_NAME_MAX + 1;
            }
        }

        p = quote;
    }

    ig_pointer_write(&s, out);
}

/*
 * A machine of few states over bytes.  In strings and in what is skipped, which
 * is nearly all of an answer, it jumps to the next byte that matters.
 */

#include <answer/walk.h>
#include <answer/bytes.h>

#include <string.h>


void
ig_walk_init(ig_walk_t *w, const ig_walk_node_t *children,
    const ig_walk_calls_t *calls, void *ctx)
{
    memset(w, 0, sizeof(ig_walk_t));

    w->calls = calls;
    w->ctx = ctx;
    w->root.children = children;
}


static void
ig_walk_token(ig_walk_t *w, const uint8_t *p, size_t len)
{
    if (len > IG_WALK_TOKEN - w->len) {
        w->too_long = true;
        return;
    }

    memcpy(w->token + w->len, p, len);
    w->len += len;
}


static void
ig_walk_token_char(ig_walk_t *w, uint32_t code)
{
    size_t   n;
    uint8_t  c[3];

    /* a pair of surrogates becomes no name that anybody has */

    if (code < 0x80) {
        c[0] = (uint8_t) code;
        n = 1;

    } else if (code < 0x800) {
        c[0] = (uint8_t) (0xc0 | code >> 6);
        c[1] = (uint8_t) (0x80 | (code & 0x3f));
        n = 2;

    } else {
        if (code >= 0xd800 && code <= 0xdfff) {
            code = 0xfffd;
        }

        c[0] = (uint8_t) (0xe0 | code >> 12);
        c[1] = (uint8_t) (0x80 | (code >> 6 & 0x3f));
        c[2] = (uint8_t) (0x80 | (code & 0x3f));
        n = 3;
    }

    ig_walk_token(w, c, n);
}


/* where the value that comes stands; NULL: nowhere that matters */

static const ig_walk_node_t *
ig_walk_place(ig_walk_t *w)
{
    const ig_walk_node_t   *node;
    const ig_walk_level_t  *top;

    if (w->depth == 0) {
        return &w->root;
    }

    top = &w->level[w->depth - 1];

    if (!top->object) {
        if (top->node->take & IG_TAKE_SHAPE) {
            w->calls->shape(w->ctx, top->node->field, IG_SHAPE_ELEMENT);
        }

        return top->node;
    }

    node = w->key_next ? NULL : w->node;
    w->node = NULL;

    return node;
}


static void
ig_walk_key_done(ig_walk_t *w, const uint8_t *key, size_t len)
{
    const ig_walk_node_t  *n;

    w->node = NULL;
    w->key_next = false;
    w->state = IG_WALK_NEXT;

    if (w->too_long) {
        return;
    }

    for (n = w->level[w->depth - 1].node->children; n->key.len; n++) {
        if (n->key.len == len && n->key.data[0] == key[0]
            && memcmp(n->key.data, key, len) == 0)
        {
            w->node = n;
            return;
        }
    }
}


static void
ig_walk_value_done(ig_walk_t *w, bool string)
{
    const ig_walk_node_t  *n;

    n = w->node;

    w->node = NULL;
    w->state = IG_WALK_NEXT;

    if (n && (n->take & IG_TAKE_VALUE) && !w->too_long) {
        w->calls->value(w->ctx, n->field, string,
                        (ig_str_t) { w->token, w->len });
    }
}


static void
ig_walk_run(ig_walk_t *w, const uint8_t *p, size_t len)
{
    if (len == 0) {
        return;
    }

    if (w->state == IG_WALK_KEY) {
        ig_walk_token(w, p, len);
        return;
    }

    if (w->node == NULL) {
        return;
    }

    if (w->node->take & IG_TAKE_TEXT) {
        w->calls->text(w->ctx, (ig_str_t) { p, len });
    }

    if (w->node->take & IG_TAKE_VALUE) {
        ig_walk_token(w, p, len);
    }
}


static void
ig_walk_character(ig_walk_t *w, uint32_t code)
{
    w->escape = 0;

    if (w->state == IG_WALK_KEY) {
        ig_walk_token_char(w, code);
        return;
    }

    if (w->node == NULL) {
        return;
    }

    if (w->node->take & IG_TAKE_TEXT) {
        w->calls->character(w->ctx, code);
    }

    if (w->node->take & IG_TAKE_VALUE) {
        ig_walk_token_char(w, code);
    }
}


/* a byte of an escape; false: it was none, look at the byte again */

static bool
ig_walk_escape(ig_walk_t *w, uint8_t c)
{
    uint8_t  digit;

    if (w->escape == 1) {

        switch (c) {

        case 'u':
            w->escape = 2;
            w->code = 0;
            break;

        case 'n':
            ig_walk_character(w, '\n');
            break;

        case 't':
            ig_walk_character(w, '\t');
            break;

        case 'r':
            ig_walk_character(w, '\r');
            break;

        case 'b':
        case 'f':
            ig_walk_character(w, ' ');
            break;

        default:
            ig_walk_character(w, c < 0x80 ? c : '?');
            break;
        }

        return true;
    }

    if (c >= '0' && c <= '9') {
        digit = (uint8_t) (c - '0');

    } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
        digit = (uint8_t) ((c | 0x20) - 'a' + 10);

    } else {
        w->escape = 0;
        return false;
    }

    w->code = w->code << 4 | digit;

    if (w->escape++ == 5) {
        ig_walk_character(w, w->code);
    }

    return true;
}


static const uint8_t *
ig_walk_string(ig_walk_t *w, const uint8_t *p, const uint8_t *end)
{
    const uint8_t  *q;

    while (p < end) {

        if (w->escape) {
            p += ig_walk_escape(w, *p);
            continue;
        }

        q = ig_find_either(p, end, '"', '\\');

        /* nearly all keys are in one piece, and need no copy */

        if (w->state == IG_WALK_KEY && w->len == 0 && q < end && *q == '"'
            && q - p <= IG_WALK_TOKEN)
        {
            ig_walk_key_done(w, p, (size_t) (q - p));
            q++;
            return q + (q < end && *q == ':');
        }

        ig_walk_run(w, p, (size_t) (q - p));

        if (q == end) {
            return end;
        }

        p = q + 1;

        if (*q == '\\') {
            w->escape = 1;
            continue;
        }

        if (w->state == IG_WALK_KEY) {
            ig_walk_key_done(w, w->token, w->len);

        } else {
            ig_walk_value_done(w, true);
        }

        return p;
    }

    return p;
}


static const uint8_t *
ig_walk_scalar(ig_walk_t *w, const uint8_t *p, const uint8_t *end)
{
    const uint8_t  *q;

    for (q = p; q < end; q++) {
        if (*q <= ' ' || *q == ',' || *q == ':' || *q == '"'
            || (*q | 0x20) == '{' || (*q | 0x20) == '}')
        {
            break;
        }
    }

    if (w->node && (w->node->take & IG_TAKE_VALUE)) {
        ig_walk_token(w, p, (size_t) (q - p));
    }

    if (q < end) {
        ig_walk_value_done(w, false);
    }

    return q;
}


static void
ig_walk_skip_text(ig_walk_t *w, const uint8_t *p, const uint8_t *q)
{
    if (w->node && (w->node->take & IG_TAKE_ALL) && q > p) {
        w->calls->text(w->ctx, (ig_str_t) { p, (size_t) (q - p) });
    }
}


static const uint8_t *
ig_walk_skip_string(ig_walk_t *w, const uint8_t *p, const uint8_t *end)
{
    const uint8_t  *q;

    q = p;

    while (q < end) {

        if (w->escape) {
            w->escape = 0;
            q++;
            continue;
        }

        q = ig_find_either(q, end, '"', '\\');

        if (q == end) {
            break;
        }

        if (*q++ == '"') {
            w->state = IG_WALK_SKIP;
            break;
        }

        w->escape = 1;
    }

    ig_walk_skip_text(w, p, q);

    return q;
}


static const uint8_t *
ig_walk_skip(ig_walk_t *w, const uint8_t *p, const uint8_t *end)
{
    const uint8_t  *q;

    q = p;

    while (q < end) {
        q = ig_find_structure(q, end);

        if (q == end) {
            break;
        }

        if (*q == '"') {
            q++;
            w->state = IG_WALK_SKIP_STRING;
            break;
        }

        if ((*q++ | 0x20) == '{') {
            w->skip++;
            continue;
        }

        if (--w->skip == 0) {
            w->state = IG_WALK_NEXT;
            break;
        }
    }

    ig_walk_skip_text(w, p, q);

    if (w->state == IG_WALK_NEXT) {
        w->node = NULL;
    }

    return q;
}


/* a bracket opens a value: a level of the tree, or something to skip */

static void
ig_walk_open(ig_walk_t *w, bool object)
{
    bool                   all;
    const ig_walk_node_t  *n;

    n = ig_walk_place(w);
    all = n && (n->take & IG_TAKE_ALL);

    if (n && (n->take & IG_TAKE_SHAPE)) {
        w->calls->shape(w->ctx, n->field,
                        object ? IG_SHAPE_OBJECT : IG_SHAPE_ARRAY);
    }

    if (n == NULL || all || w->depth == IG_WALK_DEPTH
        || (object && n->children == NULL))
    {
        w->node = all ? n : NULL;
        w->skip = 1;
        w->state = IG_WALK_SKIP;

        if (all) {
            w->calls->character(w->ctx, object ? '{' : '[');
        }

        return;
    }

    w->level[w->depth].node = n;
    w->level[w->depth].object = object;
    w->depth++;
    w->key_next = object;
    w->node = NULL;
}


static void
ig_walk_byte(ig_walk_t *w, uint8_t c)
{
    bool  object;

    object = w->depth && w->level[w->depth - 1].object;

    switch (c) {

    case '"':
        w->len = 0;
        w->too_long = false;
        w->escape = 0;

        if (object && w->key_next) {
            w->state = IG_WALK_KEY;
            return;
        }

        w->node = ig_walk_place(w);
        w->state = IG_WALK_STRING;
        w->values++;
        return;

    case '{':
    case '[':
        ig_walk_open(w, c == '{');
        return;

    case '}':
    case ']':
        w->node = NULL;
        w->key_next = false;

        if (w->depth && --w->depth == 0) {
            w->closed = true;
        }

        return;

    case ',':
        w->node = NULL;
        w->key_next = object;
        return;

    case ':':
        return;

    default:

        /* a byte that ends a scalar cannot begin one */

        if (c <= ' ') {
            return;
        }

        w->len = 0;
        w->too_long = false;
        w->node = ig_walk_place(w);
        w->state = IG_WALK_SCALAR;
        w->values++;
        return;
    }
}


static inline const uint8_t *
ig_walk_on(ig_walk_t *w, const uint8_t *p, const uint8_t *end)
{
    switch (w->state) {

    case IG_WALK_KEY:
    case IG_WALK_STRING:
        return ig_walk_string(w, p, end);

    case IG_WALK_SCALAR:
        return ig_walk_scalar(w, p, end);

    case IG_WALK_SKIP:
        return ig_walk_skip(w, p, end);

    case IG_WALK_SKIP_STRING:
        return ig_walk_skip_string(w, p, end);

    default: /* IG_WALK_NEXT */
        ig_walk_byte(w, *p);
        return p + (w->state != IG_WALK_SCALAR);
    }
}


const uint8_t *
ig_walk_step(ig_walk_t *w, const uint8_t *p, const uint8_t *end)
{
    return ig_walk_on(w, p, end);
}


void
ig_walk_feed(ig_walk_t *w, ig_str_t piece)
{
    const uint8_t  *p, *end;

    p = piece.data;
    end = p + piece.len;

    while (p < end) {
        p = ig_walk_on(w, p, end);
    }
}


void
ig_walk_value(ig_walk_t *w, const ig_walk_node_t *node, bool string)
{
    w->node = node;
    w->state = string ? IG_WALK_STRING : IG_WALK_SCALAR;
    w->escape = 0;
    w->len = 0;
    w->too_long = false;
}


void
ig_walk_reset(ig_walk_t *w)
{
    w->state = IG_WALK_NEXT;
    w->key_next = false;
    w->closed = false;
    w->escape = 0;
    w->skip = 0;
    w->values = 0;
    w->node = NULL;
    w->depth = 0;
}


void
ig_walk_end(ig_walk_t *w)
{
    if (w->state == IG_WALK_SCALAR) {
        ig_walk_value_done(w, false);
    }

    ig_walk_reset(w);
}

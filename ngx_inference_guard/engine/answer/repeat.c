/*
 * What is kept of a document is its bytes without its holes.  Filled with empty
 * values, those bytes put the walk where the document has it, so nothing needs
 * to be remembered of the walk itself.
 */

#include <answer/repeat.h>

#include <string.h>


#define IG_REPEAT_VALUES  64       /* bits of `vary` */


void
ig_repeat_init(ig_repeat_t *r)
{
    memset(r, 0, offsetof(ig_repeat_t, hole));
}


static inline bool
ig_repeat_in_value(const ig_walk_t *w)
{
    return w->state == IG_WALK_STRING || w->state == IG_WALK_SCALAR;
}


static inline bool
ig_repeat_ends_scalar(uint8_t c)
{
    return c <= ' ' || c == ',' || c == ':' || c == '"' || (c | 0x20) == '{'
           || (c | 0x20) == '}';
}


/* the value that begins or is read may be a hole, if it is seen to vary */

static bool
ig_repeat_may_vary(const ig_walk_t *w)
{
    unsigned  take;

    take = w->node ? w->node->take : 0;

    /* not a string: ig_repeat_again() fills in an empty one */

    return w->values < IG_REPEAT_VALUES
           && !(take & IG_TAKE_SHAPE)
           && (!(take & IG_TAKE_VALUE)
               || ((take & IG_TAKE_FREE) && w->state == IG_WALK_SCALAR));
}


static void
ig_repeat_hole(ig_repeat_t *r, const ig_walk_t *w, size_t at)
{
    ig_repeat_hole_t  *hole;

    if (r->holes == IG_REPEAT_HOLES) {
        r->unfit = true;
        return;
    }

    hole = &r->hole[r->holes++];
    hole->at = at;
    hole->string = (w->state == IG_WALK_STRING);
    hole->node = w->node;

    r->len = at;
    r->in = true;
}


static void
ig_repeat_keep(ig_repeat_t *r, const uint8_t *p, size_t len)
{
    if (len > sizeof(r->bytes) - r->len) {
        r->unfit = true;
        return;
    }

    memcpy(r->bytes + r->len, p, len);
    r->len += len;
}


/* a value begins: what is kept of it, or that it is a hole */

static void
ig_repeat_value(ig_repeat_t *r, const ig_walk_t *w)
{
    unsigned  take;

    take = w->node ? w->node->take : 0;

    if (w->state == IG_WALK_STRING && (take & IG_TAKE_TEXT)) {

        if (take & IG_TAKE_VALUE) {
            r->unfit = true;
            return;
        }

        ig_repeat_hole(r, w, r->len);
        return;
    }

    if (!ig_repeat_may_vary(w)) {
        return;
    }

    if (r->differs) {
        r->vary |= UINT64_C(1) << w->values;
    }

    if (r->vary & (UINT64_C(1) << w->values)) {
        ig_repeat_hole(r, w, r->len);
    }
}


static void
ig_repeat_learn(ig_repeat_t *r, ig_walk_t *w, const uint8_t *p,
    const uint8_t *end)
{
    const uint8_t    *q;
    ig_walk_state_t   before;

    while (p < end && !r->unfit) {
        before = w->state;
        q = ig_walk_step(w, p, end);

        if (r->in) {
            r->in = ig_repeat_in_value(w);

        } else {
            ig_repeat_keep(r, p, (size_t) (q - p));

            if (before == IG_WALK_NEXT && ig_repeat_in_value(w)) {
                ig_repeat_value(r, w);
            }

            r->differs = false;

            /* an object as text */

            r->unfit |= (w->state == IG_WALK_SKIP && w->node != NULL);
        }

        p = q;
    }

    if (p < end) {
        ig_walk_feed(w, (ig_str_t) { p, (size_t) (end - p) });
    }
}


/*
 * The walk at `pos` of what is kept, and all calls up to there.  Where the last
 * value in it begins.
 */

static size_t
ig_repeat_again(const ig_repeat_t *r, ig_walk_t *w)
{
    size_t            i, at, begun;
    const uint8_t    *p, *q, *end;
    ig_walk_state_t   before;

    ig_walk_reset(w);

    for (i = 0, at = 0; i < r->nth; i++) {
        ig_walk_feed(w, (ig_str_t) { r->bytes + at, r->hole[i].at - at });
        ig_walk_feed(w, r->hole[i].string ? IG_STR("\"") : IG_STR("null "));
        at = r->hole[i].at;
    }

    p = r->bytes + at;
    end = r->bytes + r->pos;
    begun = at;

    for ( /* void */ ; p < end; p = q) {
        before = w->state;
        q = ig_walk_step(w, p, end);

        if (before == IG_WALK_NEXT) {
            begun = (size_t) (q - r->bytes);
        }
    }

    return begun;
}


/* the document is no repetition: it is walked and learnt from here on */

static void
ig_repeat_miss(ig_repeat_t *r, ig_walk_t *w)
{
    size_t  begun;

    begun = ig_repeat_again(r, w);

    r->mode = IG_REPEAT_LEARN;
    r->misses++;
    r->len = r->pos;
    r->holes = r->nth;

    /* with a number's first digit, its value is still to come */

    r->differs = (w->state == IG_WALK_NEXT);

    if (ig_repeat_in_value(w) && ig_repeat_may_vary(w)) {
        r->vary |= UINT64_C(1) << w->values;
        ig_repeat_hole(r, w, begun);
    }
}


/* in a hole; NULL: no value of this kind */

static const uint8_t *
ig_repeat_pass(ig_repeat_t *r, ig_walk_t *w, const uint8_t *p,
    const uint8_t *end)
{
    const ig_repeat_hole_t  *hole;

    hole = &r->hole[r->nth];

    if (!r->in) {
        if (!hole->string && ig_repeat_ends_scalar(*p)) {
            return NULL;
        }

        r->in = true;
        ig_walk_value(w, hole->node, hole->string);
    }

    p = ig_walk_step(w, p, end);

    if (w->state == IG_WALK_NEXT) {
        r->in = false;
        r->nth++;
    }

    return p;
}


/* where the document ends or differs */

static const uint8_t *
ig_repeat_match(ig_repeat_t *r, ig_walk_t *w, const uint8_t *p,
    const uint8_t *end)
{
    size_t          n, to;
    const uint8_t  *q, *kept;

    while (p < end) {
        to = r->nth < r->holes ? r->hole[r->nth].at : r->len;

        if (r->pos == to) {
            q = r->nth < r->holes ? ig_repeat_pass(r, w, p, end) : NULL;

            if (q == NULL) {
                return p;
            }

            p = q;
            continue;
        }

        kept = r->bytes + r->pos;
        n = to - r->pos;
        n = n < (size_t) (end - p) ? n : (size_t) (end - p);

        if (memcmp(p, kept, n) != 0) {
            for (q = p; *q == *kept; q++) {
                kept++;
            }

            r->pos += (size_t) (q - p);
            return q;
        }

        p += n;
        r->pos += n;
    }

    return p;
}


void
ig_repeat_feed(ig_repeat_t *r, ig_walk_t *w, ig_str_t piece)
{
    const uint8_t  *p, *end;

    p = piece.data;
    end = p + piece.len;

    if (r->mode == IG_REPEAT_MATCH) {
        p = ig_repeat_match(r, w, p, end);

        if (p == end) {
            return;
        }

        ig_repeat_miss(r, w);
    }

    if (r->mode == IG_REPEAT_LEARN) {
        ig_repeat_learn(r, w, p, end);
        return;
    }

    ig_walk_feed(w, piece);
}


/* the walk has ended; the document is kept or not */

static void
ig_repeat_next(ig_repeat_t *r)
{
    if (r->mode == IG_REPEAT_LEARN && !r->unfit && !r->in && r->len) {
        r->mode = IG_REPEAT_MATCH;

    } else {
        r->misses += r->unfit;
        r->mode = IG_REPEAT_LEARN;
        r->len = 0;
        r->holes = 0;
    }

    if (r->misses >= IG_REPEAT_MISSES) {
        r->misses = 0;
        r->rest = IG_REPEAT_REST;
        r->mode = IG_REPEAT_WALK;
    }

    r->unfit = false;
    r->differs = false;
    r->in = false;
    r->pos = 0;
    r->nth = 0;
}


void
ig_repeat_settle(ig_repeat_t *r, ig_walk_t *w)
{
    ig_walk_t  now;

    if (r->mode != IG_REPEAT_MATCH || (r->pos == 0 && !r->in)) {
        return;
    }

    now = *w;
    (void) ig_repeat_again(r, w);

    if (r->in) {
        w->state = now.state;
        w->node = now.node;
        w->escape = now.escape;
        w->code = now.code;
        w->too_long = now.too_long;
        w->len = now.len;
        memcpy(w->token, now.token, now.len);
    }

    r->mode = IG_REPEAT_LEARN;
    r->unfit = true;
}


bool
ig_repeat_end(ig_repeat_t *r, ig_walk_t *w)
{
    if (r->mode == IG_REPEAT_WALK) {
        ig_walk_end(w);

        if (--r->rest == 0) {
            r->mode = IG_REPEAT_LEARN;
            r->len = 0;
            r->holes = 0;
        }

        return false;
    }

    if (r->mode == IG_REPEAT_MATCH) {

        if (r->pos == r->len && r->nth == r->holes) {
            r->misses = 0;
            r->pos = 0;
            r->nth = 0;
            return true;
        }

        ig_repeat_settle(r, w);
    }

    ig_walk_end(w);
    ig_repeat_next(r);

    return false;
}

/*
 * Bounds of a pattern, computed from its tree, bottom up.
 */

#include "pattern.h"
#include "pattern_tree.h"

#include <stdlib.h>
#include <string.h>


/* the most that may stand between two groups of digits, as in cluster.c */
#define IG_LOOSE_GAP  4


typedef struct {
    uint32_t  min;
    uint32_t  max;
    bool      compact;
    uint32_t  total;           /* digits, in the whole */
    uint32_t  head;            /* in the run that the start may continue */
    uint32_t  tail;            /* in the run that the end may continue */
    uint32_t  best;            /* in the longest run */
    uint32_t  dots;

    bool      pure;            /* digits and nothing else */
    uint32_t  head_solid;      /* the same for digits side by side */
    uint32_t  tail_solid;
    uint32_t  solid;
} ig_bounds_t;

typedef struct {
    size_t          n;
    ig_digit_row_t  rows[IG_PATTERN_ROWS];
} ig_rows_of_digits_t;


bool
ig_pattern_loose(uint8_t c)
{
    switch (c) {

    case ' ':
    case '-':
    case '.':
    case '/':
    case '(':
    case ')':
    case '+':
    case '\t':
    case '\n':
    case '\r':
        return true;
    }

    return false;
}


static uint32_t
ig_sum(uint32_t a, uint32_t b)
{
    return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}


static uint32_t
ig_times(uint32_t a, uint32_t b)
{
    return (b && a > UINT32_MAX / b) ? UINT32_MAX : a * b;
}


static uint32_t
ig_least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}


static uint32_t
ig_most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}


/* only digits and whitespace or separators; \f and \v of \s aside */

static bool
ig_set_compact(const uint64_t set[4])
{
    unsigned  c;

    for (c = 0; c < 256; c++) {

        if (!ig_bit_get(set, c) || c == '\f' || c == '\v') {
            continue;
        }

        if ((c < '0' || c > '9') && !ig_pattern_loose((uint8_t) c)) {
            return false;
        }
    }

    return true;
}


static bool
ig_set_within(const uint64_t set[4], const char *ranges)
{
    unsigned     c;
    const char  *r;

    for (c = 0; c < 256; c++) {

        if (!ig_bit_get(set, c)) {
            continue;
        }

        for (r = ranges; *r; r += 2) {
            if (c >= (uint8_t) r[0] && c <= (uint8_t) r[1]) {
                break;
            }
        }

        if (*r == '\0') {
            return false;
        }
    }

    return true;
}


static ig_bounds_t
ig_bounds_join(ig_bounds_t a, ig_bounds_t b)
{
    ig_bounds_t  r;

    r.min = ig_sum(a.min, b.min);
    r.max = ig_sum(a.max, b.max);
    r.compact = a.compact && b.compact;
    r.total = ig_sum(a.total, b.total);
    r.head = a.compact ? ig_sum(a.total, b.head) : a.head;
    r.tail = b.compact ? ig_sum(b.total, a.tail) : b.tail;
    r.best = ig_most(ig_most(a.best, b.best), ig_sum(a.tail, b.head));
    r.dots = ig_sum(a.dots, b.dots);

    r.pure = a.pure && b.pure;
    r.head_solid = a.pure ? ig_sum(a.total, b.head_solid) : a.head_solid;
    r.tail_solid = b.pure ? ig_sum(b.total, a.tail_solid) : b.tail_solid;
    r.solid = ig_most(ig_most(a.solid, b.solid),
                      ig_sum(a.tail_solid, b.head_solid));

    return r;
}


static ig_bounds_t
ig_bounds_either(ig_bounds_t a, ig_bounds_t b)
{
    a.min = ig_least(a.min, b.min);
    a.max = ig_most(a.max, b.max);
    a.compact = a.compact && b.compact;
    a.total = ig_least(a.total, b.total);
    a.head = ig_least(a.head, b.head);
    a.tail = ig_least(a.tail, b.tail);
    a.best = ig_least(a.best, b.best);
    a.dots = ig_least(a.dots, b.dots);
    a.pure = a.pure && b.pure;
    a.head_solid = ig_least(a.head_solid, b.head_solid);
    a.tail_solid = ig_least(a.tail_solid, b.tail_solid);
    a.solid = ig_least(a.solid, b.solid);

    return a;
}


static ig_bounds_t
ig_bounds_repeat(ig_bounds_t a, uint32_t min, uint32_t max)
{
    ig_bounds_t  r;

    r = a;

    if (min >= 2) {
        r = ig_bounds_join(a, a);

        if (a.compact) {
            r.best = ig_times(a.total, min);
            r.head = r.best;
            r.tail = r.best;
        }

        if (a.pure) {
            r.solid = r.best;
            r.head_solid = r.best;
            r.tail_solid = r.best;
        }
    }

    r.min = ig_times(a.min, min);
    r.max = (max == UINT32_MAX && a.max) ? UINT32_MAX : ig_times(a.max, max);
    r.total = ig_times(a.total, min);
    r.dots = ig_times(a.dots, min);

    if (min == 0) {
        r.head = 0;
        r.tail = 0;
        r.best = 0;
        r.head_solid = 0;
        r.tail_solid = 0;
        r.solid = 0;
    }

    return r;
}


static ig_bounds_t
ig_bounds(const ig_node_t *n)
{
    ig_bounds_t       b;
    const ig_node_t  *child;

    memset(&b, 0, sizeof(b));
    b.compact = true;
    b.pure = true;

    switch (n->kind) {

    case IG_NODE_NOTHING:
        break;

    case IG_NODE_SET:
        b.min = 1;
        b.max = 1;
        b.compact = ig_set_compact(n->set);
        b.total = ig_set_within(n->set, "09");
        b.head = b.total;
        b.tail = b.total;
        b.best = b.total;
        b.dots = ig_set_within(n->set, "..");
        b.pure = b.total;
        b.head_solid = b.total;
        b.tail_solid = b.total;
        b.solid = b.total;
        break;

    case IG_NODE_SEQUENCE:
        for (child = n->first; child; child = child->next) {
            b = ig_bounds_join(b, ig_bounds(child));
        }
        break;

    case IG_NODE_CHOICE:
        b = ig_bounds(n->first);

        for (child = n->first->next; child; child = child->next) {
            b = ig_bounds_either(b, ig_bounds(child));
        }
        break;

    case IG_NODE_REPEAT:
        b = ig_bounds_repeat(ig_bounds(n->first), n->min, n->max);

        /* a gap of any width does not keep two groups in one run */

        if (b.total == 0 && b.max > IG_LOOSE_GAP) {
            b.compact = false;
        }
        break;
    }

    return b;
}


static void
ig_chars(const ig_node_t *n, uint64_t chars[4])
{
    unsigned          i;
    const ig_node_t  *child;

    if (n->kind == IG_NODE_REPEAT && n->max == 0) {
        return;
    }

    for (i = 0; i < 4; i++) {
        chars[i] |= n->set[i];
    }

    for (child = n->first; child; child = child->next) {
        ig_chars(child, chars);
    }
}


/* the byte in lower case, when the set is one byte in one or both cases */

static int
ig_set_single(const uint64_t set[4])
{
    unsigned  c, lower;
    int       found;

    found = -1;

    for (c = 0; c < 256; c++) {

        if (!ig_bit_get(set, c)) {
            continue;
        }

        lower = (c >= 'A' && c <= 'Z') ? c | 0x20 : c;

        if (found >= 0 && (unsigned) found != lower) {
            return -1;
        }

        found = (int) lower;
    }

    return found;
}


typedef struct {
    uint8_t  now[IG_PATTERN_LITERAL];
    size_t   n;
    uint8_t  best[IG_PATTERN_LITERAL];
    size_t   nbest;
} ig_literal_search_t;


static void
ig_literal_flush(ig_literal_search_t *s)
{
    if (s->n > s->nbest) {
        memcpy(s->best, s->now, s->n);
        s->nbest = s->n;
    }

    s->n = 0;
}


static void
ig_literal_search(const ig_node_t *n, ig_literal_search_t *s)
{
    int               c;
    uint32_t          i;
    const ig_node_t  *child;

    switch (n->kind) {

    case IG_NODE_NOTHING:
        return;

    case IG_NODE_SET:
        c = ig_set_single(n->set);

        /* digits make poor literals: they are all over */

        if (c < 0 || (c >= '0' && c <= '9' && s->n == 0)) {
            ig_literal_flush(s);
            return;
        }

        if (s->n == IG_PATTERN_LITERAL) {
            ig_literal_flush(s);
        }

        s->now[s->n++] = (uint8_t) c;
        return;

    case IG_NODE_SEQUENCE:
        for (child = n->first; child; child = child->next) {
            ig_literal_search(child, s);
        }
        return;

    case IG_NODE_REPEAT:
        if (n->min && n->min == n->max && n->min <= 8) {
            for (i = 0; i < n->min; i++) {
                ig_literal_search(n->first, s);
            }
            return;
        }

        ig_literal_flush(s);

        if (n->min) {
            ig_literal_search(n->first, s);
            ig_literal_flush(s);
        }
        return;

    case IG_NODE_CHOICE:
        ig_literal_flush(s);
        return;
    }
}


/*
 * True when a run of digits in the top sequence, as long as `digits`, surely
 * stands right beside a letter: then plain numbers need no look.
 */

static bool
ig_lettered(const ig_node_t *n, uint32_t digits)
{
    bool              letter_before, touched;
    uint32_t          run;
    ig_bounds_t       b;
    const ig_node_t  *child, *unit;

    if (n->kind != IG_NODE_SEQUENCE || digits == 0) {
        return false;
    }

    letter_before = false;
    touched = false;
    run = 0;

    for (child = n->first; child; child = child->next) {

        if (child->kind == IG_NODE_NOTHING) {
            continue;
        }

        unit = (child->kind == IG_NODE_REPEAT && child->min) ? child->first
                                                             : child;
        b = ig_bounds(child);

        if (unit->kind == IG_NODE_SET && ig_set_within(unit->set, "09")
            && b.min)
        {
            touched = run ? touched : letter_before;
            run += b.min;
            letter_before = false;
            continue;
        }

        letter_before = unit->kind == IG_NODE_SET && b.min
                        && ig_set_within(unit->set, "azAZ");

        if (run >= digits && (touched || letter_before)) {
            return true;
        }

        run = 0;
    }

    return run >= digits && touched;
}


static bool
ig_rows_append(ig_rows_of_digits_t *to, const ig_digit_row_t *head,
    const ig_digit_row_t *tail)
{
    ig_digit_row_t  *r;

    if (to->n == IG_PATTERN_ROWS
        || head->len + tail->len > IG_PATTERN_DIGITS)
    {
        return false;
    }

    r = &to->rows[to->n++];
    *r = *head;
    memcpy(r->classes + r->len, tail->classes,
           tail->len * sizeof(tail->classes[0]));
    r->len = (uint8_t) (r->len + tail->len);

    return true;
}


static bool
ig_rows_product(ig_rows_of_digits_t *left, const ig_rows_of_digits_t *right)
{
    bool                  ok;
    size_t                i, k;
    ig_rows_of_digits_t  *to;

    to = malloc(sizeof(ig_rows_of_digits_t));
    if (to == NULL) {
        return false;
    }

    to->n = 0;
    ok = true;

    for (i = 0; ok && i < left->n; i++) {
        for (k = 0; ok && k < right->n; k++) {
            ok = ig_rows_append(to, &left->rows[i], &right->rows[k]);
        }
    }

    *left = *to;
    free(to);

    return ok;
}


static bool ig_rows(const ig_node_t *n, ig_rows_of_digits_t *out);


static bool
ig_rows_repeat(const ig_node_t *n, ig_rows_of_digits_t *out)
{
    bool                  ok;
    size_t                i;
    uint32_t              k;
    ig_rows_of_digits_t  *unit, *power;

    if (n->max > IG_PATTERN_DIGITS) {
        return false;
    }

    unit = calloc(1, sizeof(ig_rows_of_digits_t));
    power = calloc(1, sizeof(ig_rows_of_digits_t));

    ok = (unit && power && ig_rows(n->first, unit));
    out->n = 0;

    if (ok) {
        power->n = 1;
    }

    for (k = 0; ok && k <= n->max; k++) {

        if (k) {
            ok = ig_rows_product(power, unit);
        }

        for (i = 0; ok && k >= n->min && i < power->n; i++) {
            ok = ig_rows_append(out, &power->rows[i],
                                &(ig_digit_row_t) { 0, { 0 } });
        }
    }

    free(unit);
    free(power);

    return ok;
}


static bool
ig_rows_children(const ig_node_t *n, ig_rows_of_digits_t *out)
{
    bool                  ok;
    size_t                i;
    const ig_node_t      *child;
    ig_rows_of_digits_t  *part;

    part = malloc(sizeof(ig_rows_of_digits_t));
    ok = (part != NULL);

    for (child = n->first; ok && child; child = child->next) {

        ok = ig_rows(child, part);

        if (n->kind == IG_NODE_SEQUENCE) {
            ok = ok && ig_rows_product(out, part);
            continue;
        }

        for (i = 0; ok && i < part->n; i++) {
            ok = ig_rows_append(out, &part->rows[i],
                                &(ig_digit_row_t) { 0, { 0 } });
        }
    }

    free(part);

    return ok;
}


/* every row of digit classes that the node stands for; false: not digits */

static bool
ig_rows(const ig_node_t *n, ig_rows_of_digits_t *out)
{
    unsigned  d;

    memset(out, 0, sizeof(ig_rows_of_digits_t));

    switch (n->kind) {

    case IG_NODE_SET:
        if (!ig_set_within(n->set, "09")) {
            return false;
        }

        out->n = 1;
        out->rows[0].len = 1;

        for (d = 0; d < 10; d++) {
            out->rows[0].classes[0] |= (uint16_t)
                                       (ig_bit_get(n->set, '0' + d) << d);
        }
        return true;

    case IG_NODE_NOTHING:
        out->n = 1;
        return true;

    case IG_NODE_REPEAT:
        return ig_rows_repeat(n, out);

    case IG_NODE_SEQUENCE:
        out->n = 1;
        return ig_rows_children(n, out);

    case IG_NODE_CHOICE:
        return ig_rows_children(n, out);
    }

    return false;
}


/* takes a leading plus off the tree */

static ig_plus_t
ig_take_plus(ig_node_t *n)
{
    ig_node_t  *child, *unit;

    if (n->kind != IG_NODE_SEQUENCE) {
        return IG_PLUS_NONE;
    }

    child = n->first;

    while (child && child->kind == IG_NODE_NOTHING) {
        child = child->next;
    }

    if (child == NULL) {
        return IG_PLUS_NONE;
    }

    unit = child->kind == IG_NODE_REPEAT ? child->first : child;

    if (unit->kind != IG_NODE_SET || !ig_set_within(unit->set, "++")
        || (unit != child && child->max != 1))
    {
        return IG_PLUS_NONE;
    }

    n->first = child->next;

    if (child->next == NULL) {
        n->last = NULL;
    }

    return (unit != child && child->min == 0) ? IG_PLUS_OPTIONAL
                                              : IG_PLUS_NEEDED;
}


static bool
ig_pattern_rows(ig_node_t *root, ig_pattern_t *out)
{
    size_t                i;
    ig_rows_of_digits_t  *rows;

    rows = malloc(sizeof(ig_rows_of_digits_t));
    if (rows == NULL) {
        return false;
    }

    out->plus = ig_take_plus(root);

    if (!out->look && ig_rows(root, rows)) {
        out->digits_only = (rows->n != 0);
        out->nrows = rows->n;
        memcpy(out->rows, rows->rows, rows->n * sizeof(ig_digit_row_t));

        for (i = 0; i < rows->n; i++) {
            if (rows->rows[i].len == 0) {
                out->digits_only = false;
            }
        }
    }

    free(rows);

    return true;
}


static void
ig_pattern_fill(const ig_node_t *root, ig_pattern_t *out)
{
    ig_bounds_t          b;
    ig_literal_search_t  s;

    b = ig_bounds(root);

    out->min = b.min;
    out->max = b.max;
    out->compact = b.compact;
    out->digits = b.best;
    out->solid = b.solid;
    out->dots = b.compact ? b.dots : 0;
    out->lettered = ig_lettered(root, b.best > b.solid ? b.best : b.solid);

    ig_chars(root, out->chars);

    memset(&s, 0, sizeof(s));
    ig_literal_search(root, &s);
    ig_literal_flush(&s);

    memcpy(out->literal, s.best, s.nbest);
    out->nliteral = s.nbest;
}


bool
ig_pattern_read(ig_str_t pattern, ig_pattern_t *out)
{
    bool        ok;
    ig_tree_t  *t;
    ig_node_t  *root;

    memset(out, 0, sizeof(ig_pattern_t));

    t = malloc(sizeof(ig_tree_t));
    if (t == NULL) {
        return false;
    }

    ok = true;
    root = ig_tree_read(t, pattern);

    out->anchored = t->anchored;
    out->anchored_at = t->anchored_at;
    out->look = t->look;

    if (root == NULL) {
        out->unsure = true;
        out->max = IG_PATTERN_ENDLESS;
        memset(out->chars, 0xff, sizeof(out->chars));

    } else {
        ig_pattern_fill(root, out);
        ok = ig_pattern_rows(root, out);
    }

    free(t);

    return ok;
}

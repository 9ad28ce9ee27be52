/*
 * Reads the part of PCRE2's syntax (pcre2pattern(3)) that detectors use.  The
 * pattern has been accepted by PCRE2 already, so only meaning is looked for
 * here, not mistakes; what this reader does not know, it says so and stops.
 */

#include "pattern_tree.h"

#include <string.h>


static ig_node_t *ig_tree_choice(ig_tree_t *t);


static ig_node_t *
ig_tree_node(ig_tree_t *t, ig_node_kind_t kind)
{
    ig_node_t  *n;

    if (t->n == IG_TREE_NODES) {
        t->unsure = true;
        return NULL;
    }

    n = &t->nodes[t->n++];
    memset(n, 0, sizeof(ig_node_t));
    n->kind = kind;

    return n;
}


static void
ig_tree_add(ig_node_t *parent, ig_node_t *child)
{
    if (parent->last) {
        parent->last->next = child;

    } else {
        parent->first = child;
    }

    parent->last = child;
}


static void
ig_set_range(ig_tree_t *t, uint64_t set[4], unsigned from, unsigned to)
{
    unsigned  c;

    for (c = from; c <= to && c < 256; c++) {
        ig_bit_set(set, c);

        if (!t->caseless) {
            continue;
        }

        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
            ig_bit_set(set, c ^ 0x20);
        }
    }
}


static void
ig_set_invert(uint64_t set[4])
{
    unsigned  i;

    for (i = 0; i < 4; i++) {
        set[i] = ~set[i];
    }
}


/* \d \w \s \h and their opposites; false for any other letter */

static bool
ig_set_class(ig_tree_t *t, uint64_t set[4], uint8_t letter)
{
    unsigned  i;
    uint64_t  own[4] = { 0, 0, 0, 0 };

    switch (letter | 0x20) {

    case 'd':
        ig_set_range(t, own, '0', '9');
        break;

    case 'w':
        ig_set_range(t, own, '0', '9');
        ig_set_range(t, own, 'A', 'Z');
        ig_set_range(t, own, 'a', 'z');
        ig_bit_set(own, '_');
        break;

    case 's':
        ig_set_range(t, own, 9, 13);
        ig_bit_set(own, ' ');
        break;

    case 'h':
        ig_bit_set(own, ' ');
        ig_bit_set(own, '\t');
        ig_bit_set(own, 0xa0);
        break;

    default:
        return false;
    }

    if ((letter & 0x20) == 0) {
        ig_set_invert(own);
    }

    for (i = 0; i < 4; i++) {
        set[i] |= own[i];
    }

    return true;
}


static int
ig_hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


/* after "\": one byte, or -1 when it stands for something else */

static int
ig_tree_escaped_byte(ig_tree_t *t)
{
    int             hi, lo;
    uint8_t         c;
    static uint8_t  names[] = "n\nt\tr\rf\fe\033a\a";
    const uint8_t  *name;

    if (t->p == t->end) {
        return -1;
    }

    c = *t->p;

    if (c == 'x' && t->end - t->p >= 3) {
        hi = ig_hex_value(t->p[1]);
        lo = ig_hex_value(t->p[2]);

        if (hi < 0 || lo < 0 || hi > 7) {
            return -1;
        }

        t->p += 3;
        return hi * 16 + lo;
    }

    for (name = names; *name; name += 2) {
        if (*name == c) {
            t->p++;
            return name[1];
        }
    }

    if (c >= 0x80 || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a'
                                                 && (c | 0x20) <= 'z'))
    {
        return -1;
    }

    t->p++;

    return c;
}


/* one member of a class, which may begin a range: its byte, or -1 */

static int
ig_tree_class_member(ig_tree_t *t, uint64_t set[4])
{
    int  c;

    if (*t->p != '\\') {
        return *t->p++;
    }

    t->p++;

    if (t->p < t->end && *t->p == 'b') {
        t->p++;
        return '\b';
    }

    c = ig_tree_escaped_byte(t);

    if (c < 0) {
        if (t->p == t->end || !ig_set_class(t, set, *t->p)) {
            t->unsure = true;
            return -1;
        }

        t->p++;
    }

    return c;
}


static ig_node_t *
ig_tree_class(ig_tree_t *t)
{
    int         from, to;
    bool        inverted, first;
    ig_node_t  *n;

    n = ig_tree_node(t, IG_NODE_SET);
    if (n == NULL) {
        return NULL;
    }

    inverted = (t->p < t->end && *t->p == '^');
    t->p += inverted;

    for (first = true; t->p < t->end; first = false) {

        if (*t->p == ']' && !first) {
            break;
        }

        if (*t->p == '[' && t->p + 1 < t->end && t->p[1] == ':') {
            t->unsure = true;
            return NULL;
        }

        from = ig_tree_class_member(t, n->set);

        if (from < 0) {
            continue;
        }

        to = from;

        if (t->end - t->p >= 2 && t->p[0] == '-' && t->p[1] != ']') {
            t->p++;
            to = ig_tree_class_member(t, n->set);

            if (to < 0) {
                t->unsure = true;
                return NULL;
            }
        }

        ig_set_range(t, n->set, (unsigned) from, (unsigned) to);

        if (to >= 0x80) {
            /* bytes of a character, whose range is one of code points */
            ig_set_range(t, n->set, 0x80, 0xff);
        }
    }

    t->p += (t->p < t->end);

    if (t->unsure) {
        return NULL;
    }

    if (inverted) {
        ig_set_invert(n->set);
        ig_set_range(t, n->set, 0x80, 0xff);
    }

    return n;
}


static ig_node_t *
ig_tree_byte(ig_tree_t *t, uint8_t c)
{
    ig_node_t  *n;

    n = ig_tree_node(t, IG_NODE_SET);

    if (n) {
        ig_set_range(t, n->set, c, c);
    }

    return n;
}


static ig_node_t *
ig_tree_escape(ig_tree_t *t)
{
    int         c;
    ig_node_t  *n;

    c = ig_tree_escaped_byte(t);

    if (c >= 0) {
        return ig_tree_byte(t, (uint8_t) c);
    }

    if (t->p == t->end) {
        t->unsure = true;
        return NULL;
    }

    switch (*t->p) {

    case 'A':
    case 'Z':
    case 'z':
    case 'G':
        t->anchored = true;
        t->anchored_at = (size_t) (t->p - t->start) - 1;
        t->p++;
        return ig_tree_node(t, IG_NODE_NOTHING);

    case 'B':
        t->look = true;
        /* fall through */

    case 'b':
        t->p++;
        return ig_tree_node(t, IG_NODE_NOTHING);
    }

    n = ig_tree_node(t, IG_NODE_SET);

    if (n == NULL || !ig_set_class(t, n->set, *t->p)) {
        t->unsure = true;
        return NULL;
    }

    t->p++;

    return n;
}


/* "(?i)", "(?i:" and the like; true when ')' ends them */

static bool
ig_tree_options(ig_tree_t *t, bool *closed)
{
    bool  on;

    on = true;

    for ( /* void */ ; t->p < t->end; t->p++) {

        switch (*t->p) {

        case '-':
            on = false;
            break;

        case 'i':
            t->caseless = on;
            break;

        case 's':
        case 'm':
        case 'U':
            break;

        case ':':
        case ')':
            *closed = (*t->p == ')');
            t->p++;
            return true;

        default:
            return false;
        }
    }

    return false;
}


static bool
ig_tree_starts(ig_tree_t *t, const char *s)
{
    size_t  n;

    n = strlen(s);

    if ((size_t) (t->end - t->p) < n || memcmp(t->p, s, n) != 0) {
        return false;
    }

    t->p += n;

    return true;
}


static ig_node_t *
ig_tree_group(ig_tree_t *t)
{
    bool        look, closed, caseless;
    ig_node_t  *n;

    look = false;
    closed = false;
    caseless = t->caseless;

    if (ig_tree_starts(t, "?=") || ig_tree_starts(t, "?!")
        || ig_tree_starts(t, "?<=") || ig_tree_starts(t, "?<!"))
    {
        look = true;

    } else if (ig_tree_starts(t, "?<") || ig_tree_starts(t, "?P<")) {
        while (t->p < t->end && *t->p++ != '>') { /* void */ }

    } else if (ig_tree_starts(t, "?>") || ig_tree_starts(t, "?:")) {
        /* void */

    } else if (ig_tree_starts(t, "?")) {
        if (!ig_tree_options(t, &closed)) {
            t->unsure = true;
            return NULL;
        }

    } else if (t->p < t->end && *t->p == '*') {
        t->unsure = true;
        return NULL;
    }

    if (closed) {
        /* holds to the end of the group around it */
        return ig_tree_node(t, IG_NODE_NOTHING);
    }

    n = ig_tree_choice(t);

    if (n == NULL || t->p == t->end || *t->p++ != ')') {
        t->unsure = true;
        return NULL;
    }

    t->caseless = caseless;

    if (look) {
        t->look = true;
        return ig_tree_node(t, IG_NODE_NOTHING);
    }

    return n;
}


static ig_node_t *
ig_tree_atom(ig_tree_t *t)
{
    uint8_t     c;
    ig_node_t  *n;

    c = *t->p++;

    switch (c) {

    case '(':
        return ig_tree_group(t);

    case '[':
        return ig_tree_class(t);

    case '\\':
        return ig_tree_escape(t);

    case '^':
    case '$':
        t->anchored = true;
        t->anchored_at = (size_t) (t->p - t->start) - 1;
        return ig_tree_node(t, IG_NODE_NOTHING);

    case '.':
        n = ig_tree_node(t, IG_NODE_SET);

        if (n) {
            ig_set_invert(n->set);
        }

        return n;
    }

    return ig_tree_byte(t, c);
}


/* "{2,5}": false when the brace is an ordinary character */

static bool
ig_tree_braces(ig_tree_t *t, uint32_t *min, uint32_t *max)
{
    const uint8_t  *p;

    p = t->p + 1;
    *min = 0;

    if (p == t->end || *p < '0' || *p > '9') {
        return false;
    }

    for ( /* void */ ; p < t->end && *p >= '0' && *p <= '9'; p++) {
        *min = *min * 10 + (*p - '0');
    }

    *max = *min;

    if (p < t->end && *p == ',') {
        p++;
        *max = UINT32_MAX;

        if (p < t->end && *p >= '0' && *p <= '9') {
            *max = 0;
        }

        for ( /* void */ ; p < t->end && *p >= '0' && *p <= '9'; p++) {
            *max = *max * 10 + (*p - '0');
        }
    }

    if (p == t->end || *p != '}') {
        return false;
    }

    t->p = p + 1;

    return true;
}


static ig_node_t *
ig_tree_repeated(ig_tree_t *t, ig_node_t *atom)
{
    uint32_t    min, max;
    ig_node_t  *n;

    while (atom && t->p < t->end) {

        if (*t->p == '?') {
            min = 0;
            max = 1;
            t->p++;

        } else if (*t->p == '*' || *t->p == '+') {
            min = (*t->p == '+');
            max = UINT32_MAX;
            t->p++;

        } else if (*t->p != '{' || !ig_tree_braces(t, &min, &max)) {
            break;
        }

        /* lazy and possessive ones match no other lengths */

        if (t->p < t->end && (*t->p == '?' || *t->p == '+')) {
            t->p++;
        }

        n = ig_tree_node(t, IG_NODE_REPEAT);
        if (n == NULL) {
            return NULL;
        }

        n->min = min;
        n->max = max;
        ig_tree_add(n, atom);
        atom = n;
    }

    return atom;
}


static ig_node_t *
ig_tree_sequence(ig_tree_t *t)
{
    ig_node_t  *n, *atom;

    n = ig_tree_node(t, IG_NODE_SEQUENCE);

    while (n && t->p < t->end && *t->p != '|' && *t->p != ')') {

        atom = ig_tree_repeated(t, ig_tree_atom(t));

        if (atom == NULL || t->unsure) {
            t->unsure = true;
            return NULL;
        }

        ig_tree_add(n, atom);
    }

    return n;
}


static ig_node_t *
ig_tree_choice(ig_tree_t *t)
{
    ig_node_t  *n, *branch;

    if (++t->depth > IG_TREE_DEPTH) {
        t->unsure = true;
        return NULL;
    }

    branch = ig_tree_sequence(t);

    if (branch == NULL || t->p == t->end || *t->p != '|') {
        t->depth--;
        return branch;
    }

    n = ig_tree_node(t, IG_NODE_CHOICE);
    if (n == NULL) {
        return NULL;
    }

    ig_tree_add(n, branch);

    while (t->p < t->end && *t->p == '|') {
        t->p++;
        branch = ig_tree_sequence(t);

        if (branch == NULL) {
            return NULL;
        }

        ig_tree_add(n, branch);
    }

    t->depth--;

    return n;
}


ig_node_t *
ig_tree_read(ig_tree_t *t, ig_str_t pattern)
{
    ig_node_t  *n;

    t->start = pattern.data;
    t->p = pattern.data;
    t->end = pattern.data + pattern.len;
    t->caseless = false;
    t->unsure = false;
    t->anchored = false;
    t->look = false;
    t->depth = 0;
    t->n = 0;

    n = ig_tree_choice(t);

    if (n == NULL || t->p != t->end || t->unsure) {
        t->unsure = true;
        return NULL;
    }

    return n;
}

/*
 * The product of the globs' automata, breadth first.
 *
 * A glob of n bytes has the positions 0 to n; at a star it may stay or go on.  A
 * state is the set of positions of all globs.  Once a glob that ends in a star
 * has come to it, its list is matched whatever follows: the positions of the
 * list's other globs are dropped then, or every subset of such globs would be a
 * state of its own.
 */

#include "compare/globs.h"

#include <string.h>


#define IG_GLOB_BUCKETS  32768          /* a power of 2 */
#define IG_GLOB_MEMORY   (64u << 20)    /* of states */

typedef struct {
    ig_str_t  text;
    uint32_t  list;
    size_t    first;                    /* bit of its position 0 */
} ig_glob_t;

typedef struct {
    uint32_t  parent;
    uint32_t  length;                   /* of the string that leads here */
    uint32_t  same;                     /* next in the bucket */
    uint8_t   byte;
} ig_glob_state_t;

typedef struct {
    const ig_strs_t  *lists;
    size_t            nlists;
    ig_glob_t        *globs;
    size_t            n;
    size_t            words;
    size_t           *list_first;       /* bits of a list: from, up to */
    uint8_t           alphabet[257];
    size_t            nbytes;
    ig_glob_state_t  *states;
    uint64_t         *bits;             /* of the states, one after another */
    size_t            nstates;
    size_t            max;
    uint32_t         *buckets;
} ig_glob_product_t;


bool
ig_glob_list_match(const ig_strs_t *list, ig_str_t text)
{
    size_t  i;

    for (i = 0; i < list->n; i++) {
        if (ig_glob_match(list->items[i], text)) {
            return true;
        }
    }

    return false;
}


uint8_t
ig_glob_fresh(const ig_strs_t *lists, size_t n)
{
    bool           used[256] = { false };
    size_t         i, k, b;
    ig_str_t       s;
    const uint8_t *p;

    for (i = 0; i < n; i++) {
        for (k = 0; k < lists[i].n; k++) {
            s = lists[i].items[k];

            for (b = 0; b < s.len; b++) {
                used[s.data[b]] = true;
            }
        }
    }

    for (p = (const uint8_t *) "xyzqwvjkubcdefghilmnoprsta0123456789_-"; *p;
         p++)
    {
        if (!used[*p]) {
            return *p;
        }
    }

    for (b = 255; b > 0; b--) {
        if (!used[b] && b != '*') {
            return (uint8_t) b;
        }
    }

    return 0;
}


ig_str_t
ig_glob_text(ig_str_t glob, uint8_t fresh, ig_arena_t *arena)
{
    size_t    i;
    uint8_t  *p;
    ig_str_t  s;

    s = ig_arena_strdup(arena, glob);

    for (i = 0, p = (uint8_t *) s.data; p && i < s.len; i++) {
        if (p[i] == '*') {
            p[i] = fresh;
        }
    }

    return s;
}


/* a star matches nothing as well, so what stands behind it is reached, too */

static void
ig_glob_reach(const ig_glob_t *g, size_t pos, uint64_t *bits)
{
    for ( ;; ) {
        ig_bit_set(bits, g->first + pos);

        if (pos == g->text.len || g->text.data[pos] != '*') {
            return;
        }

        pos++;
    }
}


static bool
ig_glob_for_good(const ig_glob_t *g, const uint64_t *bits)
{
    return g->text.len && g->text.data[g->text.len - 1] == '*'
           && ig_bit_get(bits, g->first + g->text.len);
}


static void
ig_glob_settle(const ig_glob_product_t *p, uint64_t *bits)
{
    size_t            i, k, last;
    const ig_glob_t  *g;

    for (i = 0; i < p->n; i++) {
        g = &p->globs[i];

        if (!ig_glob_for_good(g, bits)) {
            continue;
        }

        for (k = p->list_first[g->list]; k < p->list_first[g->list + 1]; k++) {
            ig_bit_clear(bits, k);
        }

        /* the first such glob stands for the list */

        last = g->first + g->text.len;
        ig_bit_set(bits, last);
        ig_bit_set(bits, last - 1);

        while (i + 1 < p->n && p->globs[i + 1].list == g->list) {
            i++;
        }
    }
}


static void
ig_glob_step(const ig_glob_product_t *p, const uint64_t *from, uint8_t byte,
    uint64_t *to)
{
    size_t            i, k;
    const ig_glob_t  *g;

    memset(to, 0, p->words * sizeof(uint64_t));

    for (i = 0; i < p->n; i++) {
        g = &p->globs[i];

        for (k = 0; k < g->text.len; k++) {
            if (!ig_bit_get(from, g->first + k)) {
                continue;
            }

            if (g->text.data[k] == '*') {
                ig_glob_reach(g, k, to);

            } else if (g->text.data[k] == byte) {
                ig_glob_reach(g, k + 1, to);
            }
        }
    }

    ig_glob_settle(p, to);
}


static size_t
ig_glob_hash(const uint64_t *bits, size_t words)
{
    size_t    i;
    uint64_t  h;

    h = UINT64_C(0xcbf29ce484222325);

    for (i = 0; i < words; i++) {
        h = (h ^ bits[i]) * UINT64_C(0x100000001b3);
        h ^= h >> 29;
    }

    return (size_t) h & (IG_GLOB_BUCKETS - 1);
}


/* the state with those bits, which stand behind the last one; false: no room */

static bool
ig_glob_enter(ig_glob_product_t *p, uint32_t parent, uint8_t byte)
{
    size_t            h;
    uint32_t          i;
    uint64_t         *bits;
    ig_glob_state_t  *s;

    bits = p->bits + p->nstates * p->words;
    h = ig_glob_hash(bits, p->words);

    for (i = p->buckets[h]; i; i = p->states[i].same) {
        if (memcmp(p->bits + i * p->words, bits, p->words * sizeof(uint64_t))
            == 0)
        {
            return true;
        }
    }

    if (p->nstates == p->max) {
        return false;
    }

    i = (uint32_t) p->nstates++;
    s = &p->states[i];
    s->parent = parent;
    s->byte = byte;
    s->length = p->states[parent].length + 1;
    s->same = p->buckets[h];
    p->buckets[h] = i;

    return true;
}


static bool
ig_glob_walk(ig_glob_product_t *p, bool slash)
{
    size_t    i, b;
    uint8_t   byte;

    for (i = 0; i < p->n; i++) {
        ig_glob_reach(&p->globs[i], 0, p->bits);
    }

    /* state 0 is the empty string, which is none of the answers */

    p->nstates = 1;

    for (i = 0; i < p->nstates; i++) {
        for (b = 0; b < p->nbytes; b++) {
            byte = p->alphabet[b];

            if (i == 0 && slash && byte != '/') {
                continue;
            }

            ig_glob_step(p, p->bits + i * p->words, byte,
                         p->bits + p->nstates * p->words);

            if (!ig_glob_enter(p, (uint32_t) i, byte)) {
                return false;
            }
        }
    }

    return true;
}


static ig_str_t
ig_glob_witness(const ig_glob_product_t *p, uint32_t state, ig_arena_t *arena)
{
    size_t    n;
    uint8_t  *text;

    n = p->states[state].length;
    text = ig_arena_alloc(arena, n + 1);

    if (text == NULL) {
        return IG_NO_STR;
    }

    for (text[n] = '\0'; state; state = p->states[state].parent) {
        text[p->states[state].length - 1] = p->states[state].byte;
    }

    return (ig_str_t) { text, n };
}


/* of all states one for each set of lists that it matches, the shortest first */

static ig_rc_t
ig_glob_pick(const ig_glob_product_t *p, ig_arena_t *arena, ig_strs_t *texts)
{
    size_t     i, k, n, words;
    uint64_t  *seen, *set;
    ig_str_t  *items;

    words = IG_BIT_WORDS(p->nlists + 1);
    seen = ig_arena_alloc(arena, p->nstates * words * sizeof(uint64_t));
    items = ig_arena_alloc(arena, p->nstates * sizeof(ig_str_t));

    if (seen == NULL || items == NULL) {
        return ig_arena_status(arena);
    }

    n = 0;

    for (i = 1; i < p->nstates; i++) {
        set = seen + n * words;
        memset(set, 0, words * sizeof(uint64_t));

        for (k = 0; k < p->n; k++) {
            if (ig_bit_get(p->bits + i * p->words,
                           p->globs[k].first + p->globs[k].text.len))
            {
                ig_bit_set(set, p->globs[k].list);
            }
        }

        for (k = 0; k < n; k++) {
            if (memcmp(seen + k * words, set, words * sizeof(uint64_t)) == 0) {
                break;
            }
        }

        if (k < n) {
            continue;
        }

        items[n] = ig_glob_witness(p, (uint32_t) i, arena);

        if (items[n++].data == NULL) {
            return ig_arena_status(arena);
        }
    }

    *texts = (ig_strs_t) { items, n };

    return IG_OK;
}


static void
ig_glob_letters(ig_glob_product_t *p, bool slash)
{
    bool    used[256] = { false };
    size_t  i, k;

    for (i = 0; i < p->n; i++) {
        for (k = 0; k < p->globs[i].text.len; k++) {
            used[p->globs[i].text.data[k]] = true;
        }
    }

    used['*'] = false;

    if (slash) {
        used['/'] = true;
    }

    /* a byte of no glob first: the plainest string of a class is found first */

    p->alphabet[p->nbytes] = ig_glob_fresh(p->lists, p->nlists);
    p->nbytes += p->alphabet[0] != 0;

    for (i = 1; i < 256; i++) {
        if (used[i] && i != p->alphabet[0]) {
            p->alphabet[p->nbytes++] = (uint8_t) i;
        }
    }
}


static bool
ig_glob_same(const ig_strs_t *a, const ig_strs_t *b)
{
    size_t  i;

    if (a->n != b->n) {
        return false;
    }

    for (i = 0; i < a->n; i++) {
        if (!ig_str_eq(a->items[i], b->items[i])) {
            return false;
        }
    }

    return true;
}


/* a list that tells no string from another, or no more than one before it */

static bool
ig_glob_idle(const ig_strs_t *lists, size_t at)
{
    size_t  i;

    for (i = 0; i < lists[at].n; i++) {
        if (ig_str_eq(lists[at].items[i], IG_STR("*"))) {
            return true;
        }
    }

    for (i = 0; i < at; i++) {
        if (ig_glob_same(&lists[i], &lists[at])) {
            return true;
        }
    }

    return false;
}


/* false: no memory */

static bool
ig_glob_positions(ig_glob_product_t *p, ig_arena_t *arena)
{
    size_t  i, k, total, bits;

    total = 0;

    for (i = 0; i < p->nlists; i++) {
        total += p->lists[i].n;
    }

    p->globs = ig_arena_calloc(arena, (total + 1) * sizeof(ig_glob_t));
    p->list_first = ig_arena_calloc(arena, (p->nlists + 1) * sizeof(size_t));

    if (p->globs == NULL || p->list_first == NULL) {
        return false;
    }

    bits = 0;

    for (i = 0; i < p->nlists; i++) {
        p->list_first[i] = bits;

        for (k = 0; k < p->lists[i].n && !ig_glob_idle(p->lists, i); k++) {
            p->globs[p->n++] = (ig_glob_t) { p->lists[i].items[k],
                                             (uint32_t) i, bits };
            bits += p->lists[i].items[k].len + 1;
        }

        p->list_first[i + 1] = bits;
    }

    p->words = IG_BIT_WORDS(bits + 1);

    return true;
}


ig_rc_t
ig_glob_classes(const ig_strs_t *lists, size_t n, bool slash,
    ig_arena_t *arena, ig_strs_t *texts)
{
    ig_glob_product_t  p;

    memset(&p, 0, sizeof(p));
    p.lists = lists;
    p.nlists = n;

    if (!ig_glob_positions(&p, arena)) {
        return ig_arena_status(arena);
    }

    p.max = IG_GLOB_MEMORY / (p.words * sizeof(uint64_t));
    p.max = p.max < IG_GLOB_STATES ? p.max : IG_GLOB_STATES;

    p.states = ig_arena_calloc(arena, (p.max + 1) * sizeof(ig_glob_state_t));
    p.bits = ig_arena_calloc(arena, (p.max + 1) * p.words * sizeof(uint64_t));
    p.buckets = ig_arena_calloc(arena, IG_GLOB_BUCKETS * sizeof(uint32_t));

    if (p.states == NULL || p.bits == NULL || p.buckets == NULL) {
        return ig_arena_status(arena);
    }

    ig_glob_letters(&p, slash);

    if (!ig_glob_walk(&p, slash)) {
        return IG_ERROR;
    }

    return ig_glob_pick(&p, arena, texts);
}

/*
 * What the tests of answer/ share: memory, cuts, numbers that are the same
 * every time.
 */

#ifndef IG_ANSWER_HELPER_H
#define IG_ANSWER_HELPER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <inference_guard/answer.h>


typedef struct {
    void     *blocks[64];
    size_t    nblocks;
    size_t    taken;
    size_t    fail_after;      /* bytes; 0: never */
    char     *out;
    size_t    len;
    size_t    cap;
    bool      refuse;          /* `out` fails */
} sink_t;


static inline void
sink_free(sink_t *s)
{
    while (s->nblocks) {
        free(s->blocks[--s->nblocks]);
    }

    free(s->out);
    memset(s, 0, sizeof(*s));
}


static inline void *
sink_alloc(sink_t *s, size_t size)
{
    void  *p;

    s->taken += size;

    if (s->fail_after && s->taken > s->fail_after) {
        return NULL;
    }

    assert_true(s->nblocks < sizeof(s->blocks) / sizeof(s->blocks[0]));

    p = malloc(size);
    assert_non_null(p);
    s->blocks[s->nblocks++] = p;

    return p;
}


static inline bool
sink_out(sink_t *s, ig_str_t bytes)
{
    if (s->refuse) {
        return false;
    }

    if (s->cap - s->len < bytes.len + 1) {
        s->cap = (s->cap + bytes.len + 1) * 2;
        s->out = realloc(s->out, s->cap);
        assert_non_null(s->out);
    }

    if (bytes.len) {
        memcpy(s->out + s->len, bytes.data, bytes.len);
    }

    s->len += bytes.len;
    s->out[s->len] = '\0';

    return true;
}


/* a piece in memory of its own, so that a sanitizer sees its ends */

static inline ig_str_t
piece_of(const char *p, size_t len)
{
    uint8_t  *copy;

    copy = malloc(len ? len : 1);
    assert_non_null(copy);

    if (len) {
        memcpy(copy, p, len);
    }

    return (ig_str_t) { copy, len };
}


static inline void
piece_free(ig_str_t piece)
{
    free((void *) (uintptr_t) piece.data);
}


/* xorshift64*, Vigna */

static inline uint64_t
random_next(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;

    return *state * UINT64_C(2685821657736338717);
}


static inline size_t
random_below(uint64_t *state, size_t n)
{
    return (size_t) (random_next(state) >> 33) % n;
}


/*
 * How a stream is cut: into two at `cut`, into single bytes, or at random.  The
 * length of the piece at `pos`.
 */

#define CUT_BYTES   SIZE_MAX
#define CUT_RANDOM  (SIZE_MAX - 1)

static inline size_t
piece_len(size_t cut, size_t pos, size_t len, uint64_t *seed)
{
    size_t  n;

    if (cut == CUT_BYTES) {
        return 1;
    }

    if (cut == CUT_RANDOM) {
        n = 1 + random_below(seed, 1 + random_below(seed, 40));
        return n < len - pos ? n : len - pos;
    }

    return pos < cut && cut < len ? cut - pos : len - pos;
}

#endif /* IG_ANSWER_HELPER_H */

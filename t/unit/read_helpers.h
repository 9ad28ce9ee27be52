/*
 * What the tests of read/ share: a body that ends where memory ends, a request
 * around it, and its spans.
 */

#ifndef IG_READ_HELPERS_H
#define IG_READ_HELPERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include <inference_guard/request.h>


/* memory whose last byte is followed by a page that must not be touched */

typedef struct {
    uint8_t  *map;
    size_t    size;            /* of what may be read */
    size_t    page;
} guarded_t;


static inline void
guarded_open(guarded_t *g, size_t size)
{
    g->page = (size_t) sysconf(_SC_PAGESIZE);
    g->size = (size + g->page - 1) / g->page * g->page;

    /* one before as well: nothing in front of a body is ours either */

    g->map = mmap(NULL, g->size + 2 * g->page, PROT_NONE,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(g->map != MAP_FAILED);
    assert_int_equal(mprotect(g->map + g->page, g->size,
                              PROT_READ | PROT_WRITE), 0);
}


static inline void
guarded_close(guarded_t *g)
{
    assert_int_equal(munmap(g->map, g->size + 2 * g->page), 0);
}


/* a copy of s that ends at the guard, or that begins at it */

static inline ig_str_t
guarded_end(const guarded_t *g, ig_str_t s)
{
    uint8_t  *p;

    assert_true(s.len <= g->size);

    p = g->map + g->page + g->size - s.len;

    if (s.len) {
        memcpy(p, s.data, s.len);
    }

    return (ig_str_t) { p, s.len };
}


static inline ig_str_t
guarded_begin(const guarded_t *g, ig_str_t s)
{
    assert_true(s.len <= g->size);

    if (s.len) {
        memcpy(g->map + g->page, s.data, s.len);
    }

    return (ig_str_t) { g->map + g->page, s.len };
}


static inline ig_request_t
post(const char *path, ig_str_t body)
{
    ig_request_t  r;

    memset(&r, 0, sizeof(r));

    r.method = IG_STR("POST");
    r.path = ig_str_from_c(path);
    r.content_type = IG_STR("application/json");
    r.anthropic = strncmp(path, "/v1/messages", 12) == 0;
    r.has_body = true;
    r.body = body;

    return r;
}


static inline ig_reading_t
read_post(const char *path, ig_str_t body, ig_arena_t *arena)
{
    ig_request_t  r;
    ig_reading_t  reading;

    r = post(path, body);
    ig_arena_reset(arena);

    assert_int_equal(ig_read(&r, arena, &reading), IG_OK);

    return reading;
}


static inline const ig_block_t *
block_of(const ig_reading_t *r, ig_block_kind_t kind)
{
    size_t  i;

    for (i = 0; i < r->nblocks; i++) {
        if (r->blocks[i].kind == kind) {
            return &r->blocks[i];
        }
    }

    return NULL;
}


/* the number of spans with exactly these bytes and all these flags */

static inline size_t
span_count(const ig_block_t *b, const char *text, unsigned flags)
{
    size_t                  i, n, len;
    const ig_span_t        *s;
    const ig_span_chunk_t  *c;

    n = 0;
    len = strlen(text);

    for (c = b->spans; c; c = c->next) {
        for (i = 0; i < c->n; i++) {
            s = &c->spans[i];

            if (s->len == len && (s->flags & flags) == flags
                && memcmp(b->bytes.data + s->start, text, len) == 0)
            {
                n++;
            }
        }
    }

    return n;
}


/* TEXT spans, as they stand, one after another */

static inline void
text_of(const ig_block_t *b, char *out, size_t size)
{
    size_t                  i, n;
    const ig_span_t        *s;
    const ig_span_chunk_t  *c;

    n = 0;

    for (c = b->spans; c; c = c->next) {
        for (i = 0; i < c->n; i++) {
            s = &c->spans[i];

            if (s->flags & IG_SPAN_TEXT) {
                assert_true(n + s->len + 1 < size);
                memcpy(out + n, b->bytes.data + s->start, s->len);
                n += s->len;
                out[n++] = '|';
            }
        }
    }

    out[n] = '\0';
}


/* numbers for tests that go the same way every time (xorshift64*, Vigna) */

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

#endif /* IG_READ_HELPERS_H */

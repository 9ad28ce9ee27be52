/*
 * Spans of a block, in the order they come, and what the readers of text share.
 *
 * Memory:   chunks in the arena; none is moved or copied.
 * Failure:  false, for the arena's reason.
 */

#ifndef IG_READ_SPANS_H
#define IG_READ_SPANS_H

#include <inference_guard/request.h>


typedef struct {
    ig_arena_t       *arena;
    ig_span_chunk_t  *first;
    ig_span_chunk_t  *last;
} ig_spans_t;

void ig_spans_init(ig_spans_t *s, ig_arena_t *arena);
bool ig_spans_grow(ig_spans_t *s);

/* short ones are left out; an empty text holds nothing that could be joined */

static inline bool
ig_spans_add(ig_spans_t *s, size_t start, size_t len, unsigned flags)
{
    ig_span_t  *span;

    if (len < IG_MIN_SPAN && ((flags & IG_SPAN_TEXT) == 0 || len == 0)) {
        return true;
    }

    if ((s->last == NULL || s->last->n == IG_SPANS_PER_CHUNK)
        && !ig_spans_grow(s))
    {
        return false;
    }

    span = &s->last->spans[s->last->n++];

    span->start = (uint32_t) start;
    span->len = len & ((1u << 26) - 1);
    span->flags = flags & 0x3f;

    return true;
}


/* the value of a hexadecimal digit, or -1 */
int ig_hex(uint8_t c);

/* without the spaces and tabs around (RFC 9110, 5.6.3) */
ig_str_t ig_trim(ig_str_t s);

#endif /* IG_READ_SPANS_H */

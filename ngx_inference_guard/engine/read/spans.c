/*
 * Chunks of spans, and small helpers for text.
 */

#include <read/spans.h>


void
ig_spans_init(ig_spans_t *s, ig_arena_t *arena)
{
    s->arena = arena;
    s->first = NULL;
    s->last = NULL;
}


bool
ig_spans_grow(ig_spans_t *s)
{
    ig_span_chunk_t  *chunk;

    chunk = ig_arena_alloc(s->arena, sizeof(ig_span_chunk_t));
    if (chunk == NULL) {
        return false;
    }

    chunk->next = NULL;
    chunk->n = 0;

    if (s->last) {
        s->last->next = chunk;

    } else {
        s->first = chunk;
    }

    s->last = chunk;

    return true;
}


int
ig_hex(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


ig_str_t
ig_trim(ig_str_t s)
{
    while (s.len && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.len--;
    }

    while (s.len && (s.data[s.len - 1] == ' ' || s.data[s.len - 1] == '\t')) {
        s.len--;
    }

    return s;
}

/*
 * The arena: chunks in a list, a bump pointer in the newest.
 *
 * A request larger than a chunk gets a chunk of its own size.  Reset keeps the
 * regular chunks, up to `keep` bytes, and returns the others to the system.
 */

#include <inference_guard/base.h>

#include <stdlib.h>
#include <string.h>


#define IG_ARENA_CHUNK   (16 * 1024)
#define IG_ARENA_ALIGN   _Alignof(max_align_t)


typedef struct ig_arena_chunk_s  ig_arena_chunk_t;

struct ig_arena_chunk_s {
    ig_arena_chunk_t  *next;
    size_t             size;       /* of data */
    _Alignas(max_align_t) uint8_t  data[];
};

struct ig_arena_s {
    ig_arena_chunk_t  *chunks;     /* in use, the newest first */
    ig_arena_chunk_t  *spare;      /* kept by reset */
    uint8_t           *pos;
    uint8_t           *end;
    size_t             used;
    size_t             limit;
    size_t             keep;
    ig_rc_t            status;
};


ig_arena_t *
ig_arena_new(size_t limit, size_t keep)
{
    ig_arena_t  *a;

    a = calloc(1, sizeof(ig_arena_t));
    if (a == NULL) {
        return NULL;
    }

    a->limit = limit;
    a->keep = keep;
    a->status = IG_OK;

    return a;
}


static void
ig_arena_free_list(ig_arena_chunk_t *c)
{
    ig_arena_chunk_t  *next;

    for ( /* void */ ; c; c = next) {
        next = c->next;
        free(c);
    }
}


void
ig_arena_free(ig_arena_t *a)
{
    if (a == NULL) {
        return;
    }

    ig_arena_free_list(a->chunks);
    ig_arena_free_list(a->spare);
    free(a);
}


void
ig_arena_reset(ig_arena_t *a)
{
    size_t             kept;
    ig_arena_chunk_t  *c, *next;

    kept = 0;

    for (c = a->spare; c; c = c->next) {
        kept += c->size;
    }

    for (c = a->chunks; c; c = next) {
        next = c->next;

        if (c->size == IG_ARENA_CHUNK && kept + c->size <= a->keep) {
            kept += c->size;
            c->next = a->spare;
            a->spare = c;

        } else {
            free(c);
        }
    }

    a->chunks = NULL;
    a->pos = NULL;
    a->end = NULL;
    a->used = 0;
    a->status = IG_OK;
}


void
ig_arena_limit(ig_arena_t *a, size_t limit)
{
    a->limit = limit;
}


size_t
ig_arena_used(const ig_arena_t *a)
{
    return a->used;
}


ig_rc_t
ig_arena_status(const ig_arena_t *a)
{
    return a->status;
}


static void *
ig_arena_own_chunk(ig_arena_t *a, size_t size)
{
    ig_arena_chunk_t  *c;

    c = malloc(sizeof(ig_arena_chunk_t) + size);
    if (c == NULL) {
        a->status = IG_NOMEM;
        return NULL;
    }

    c->size = size;

    /* behind the newest, whose free bytes stay in use */

    if (a->chunks) {
        c->next = a->chunks->next;
        a->chunks->next = c;

    } else {
        c->next = NULL;
        a->chunks = c;
        a->pos = c->data + size;
        a->end = a->pos;
    }

    a->used += size;

    return c->data;
}


void *
ig_arena_alloc(ig_arena_t *a, size_t size)
{
    uint8_t           *p;
    ig_arena_chunk_t  *c;

    if (size > SIZE_MAX - IG_ARENA_ALIGN) {
        a->status = IG_LIMIT;
        return NULL;
    }

    /* nothing is something as well: NULL means that there was no memory */

    size = size ? size : 1;
    size = (size + IG_ARENA_ALIGN - 1) & ~(IG_ARENA_ALIGN - 1);

    if (size > a->limit || a->used > a->limit - size) {
        a->status = IG_LIMIT;
        return NULL;
    }

    if ((size_t) (a->end - a->pos) < size) {

        if (size > IG_ARENA_CHUNK / 4) {
            return ig_arena_own_chunk(a, size);
        }

        c = a->spare;

        if (c) {
            a->spare = c->next;

        } else {
            c = malloc(sizeof(ig_arena_chunk_t) + IG_ARENA_CHUNK);
            if (c == NULL) {
                a->status = IG_NOMEM;
                return NULL;
            }

            c->size = IG_ARENA_CHUNK;
        }

        c->next = a->chunks;
        a->chunks = c;
        a->pos = c->data;
        a->end = c->data + c->size;
    }

    p = a->pos;
    a->pos += size;
    a->used += size;

    return p;
}


void *
ig_arena_calloc(ig_arena_t *a, size_t size)
{
    void  *p;

    p = ig_arena_alloc(a, size);

    if (p) {
        memset(p, 0, size);
    }

    return p;
}


ig_str_t
ig_arena_strdup(ig_arena_t *a, ig_str_t s)
{
    uint8_t  *p;

    p = ig_arena_alloc(a, s.len + 1);
    if (p == NULL) {
        return IG_NO_STR;
    }

    if (s.len) {
        memcpy(p, s.data, s.len);
    }

    p[s.len] = '\0';

    return (ig_str_t) { p, s.len };
}

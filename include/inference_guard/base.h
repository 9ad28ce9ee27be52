/*
 * What every stage of the engine stands on: byte strings, return codes, the
 * arena, a growing byte buffer.
 *
 * Strings are spans of bytes with a length, never NUL-terminated unless said.
 * No function of the engine frees what it was given; who owns a result is
 * said where the result is declared.
 */

#ifndef INFERENCE_GUARD_BASE_H
#define INFERENCE_GUARD_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>


#if defined(__GNUC__)
#define IG_MUST_CHECK          __attribute__((warn_unused_result))
#define IG_PRINTF(f, a)        __attribute__((format(printf, f, a)))
#else
#define IG_MUST_CHECK
#define IG_PRINTF(f, a)
#endif


typedef struct {
    const uint8_t  *data;
    size_t          len;
} ig_str_t;

#define IG_STR(literal)                                                       \
    ((ig_str_t) { (const uint8_t *) (literal), sizeof(literal) - 1 })
#define IG_NO_STR              ((ig_str_t) { NULL, 0 })

/* for "%.*s" */
#define IG_FMT(s)              (int) (s).len, (const char *) (s).data

bool ig_str_eq(ig_str_t a, ig_str_t b);
bool ig_str_eq_nocase(ig_str_t a, ig_str_t b);    /* ASCII letters only */
int ig_str_cmp(ig_str_t a, ig_str_t b);           /* bytewise, for qsort */
ig_str_t ig_str_from_c(const char *s);            /* NULL gives IG_NO_STR */
/* the bytes of the UTF-8 character at p, of which `left` are there; 0: none */
size_t ig_str_utf8(const uint8_t *p, size_t left);

/* shell-like match of the whole string; '*' is the only special byte */
bool ig_glob_match(ig_str_t pattern, ig_str_t text);


/*
 * How a piece of mechanism ended.  It never carries a verdict: a caller that
 * sees anything but IG_OK refuses the request.
 */
typedef enum {
    IG_OK = 0,
    IG_ERROR,            /* broken input or configuration, already reported */
    IG_NOMEM,            /* no memory, from the system */
    IG_LIMIT             /* a bound of the engine was reached */
} ig_rc_t;


/*
 * An arena: allocations in order, freed all at once.  `limit` bounds the
 * bytes handed out since the last reset; at it, or when the system has no
 * memory, ig_arena_alloc() gives NULL and the arena remembers which of both.
 * Reset keeps the chunks up to `keep` bytes, so that a worker in its steady
 * state calls malloc() for large requests only.
 */
typedef struct ig_arena_s  ig_arena_t;

ig_arena_t *ig_arena_new(size_t limit, size_t keep) IG_MUST_CHECK;
void ig_arena_free(ig_arena_t *a);                     /* NULL is allowed */
void ig_arena_reset(ig_arena_t *a);
void ig_arena_limit(ig_arena_t *a, size_t limit);      /* for the next use */
size_t ig_arena_used(const ig_arena_t *a);             /* bytes handed out */
ig_rc_t ig_arena_status(const ig_arena_t *a);          /* OK, NOMEM, LIMIT */

/* aligned for any type; not zeroed */
void *ig_arena_alloc(ig_arena_t *a, size_t size) IG_MUST_CHECK;
void *ig_arena_calloc(ig_arena_t *a, size_t size) IG_MUST_CHECK;
/* an aligned NUL follows the copy, so that it is a C string as well */
ig_str_t ig_arena_strdup(ig_arena_t *a, ig_str_t s) IG_MUST_CHECK;


/*
 * A growing buffer in an arena, or a fixed one over memory of the caller
 * (arena NULL).  An append that does not fit sets `failed` and changes
 * nothing; look at it once, at the end.
 */
typedef struct {
    uint8_t     *data;
    size_t       len;
    size_t       cap;
    ig_arena_t  *arena;
    bool         failed;
} ig_buf_t;

void ig_buf_init(ig_buf_t *b, ig_arena_t *a, size_t cap);
void ig_buf_fixed(ig_buf_t *b, void *data, size_t cap);
void ig_buf_bytes(ig_buf_t *b, const void *data, size_t len);
void ig_buf_str(ig_buf_t *b, ig_str_t s);
void ig_buf_char(ig_buf_t *b, uint8_t c);
void ig_buf_uint(ig_buf_t *b, uint64_t n);
void ig_buf_printf(ig_buf_t *b, const char *fmt, ...) IG_PRINTF(2, 3);
/* s as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD */
void ig_buf_json(ig_buf_t *b, ig_str_t s);

#define ig_buf_lit(b, literal)  ig_buf_bytes(b, literal, sizeof(literal) - 1)


/* bits of a set whose size is known when rules are compiled */
#define IG_BIT_WORDS(n)        (((n) + 63) / 64)
#define ig_bit_get(w, i)       (((w)[(i) >> 6] >> ((i) & 63)) & 1)
#define ig_bit_set(w, i)       ((w)[(i) >> 6] |= UINT64_C(1) << ((i) & 63))
#define ig_bit_clear(w, i)     ((w)[(i) >> 6] &= ~(UINT64_C(1) << ((i) & 63)))

#endif /* INFERENCE_GUARD_BASE_H */

/*
 * Duplicate keys, found exactly, whatever the keys.
 *
 * In:       each key of an object as it comes; keys of nested objects lie on
 *           top, as on a stack.
 * Out:      whether two keys of one object stand for the same bytes.
 * Memory:   8 bytes a key of the objects that are open, in the arena beyond the
 *           first IG_KEYS_INLINE; space is used again when an object closes.
 * Failure:  the arena's.
 *
 * Few keys are compared as they come; many are sorted by hash when the object
 * closes.  The hash is keyed with a secret of the process, and keys of one hash
 * are sorted by their bytes: no choice of keys makes the time quadratic.
 */

#ifndef IG_READ_KEYS_H
#define IG_READ_KEYS_H

#include <inference_guard/base.h>


#define IG_KEYS_INLINE         128
#define IG_KEYS_CHUNK          512
#define IG_KEYS_FEW            16

typedef struct {
    uint32_t  hash;
    uint32_t  start;           /* offset of the byte after the quote */
} ig_key_t;

typedef struct {
    const uint8_t  *base;
    ig_arena_t     *arena;
    uint64_t        secret[2];
    uint32_t        n;
    uint32_t        nchunks;
    uint32_t        max_chunks;
    ig_key_t      **chunks;
    ig_key_t        few[IG_KEYS_INLINE];
} ig_keys_t;

void ig_keys_init(ig_keys_t *k, ig_arena_t *a, const uint8_t *base);

/*
 * A key of the object whose keys begin at number `first`; `left` bytes may be
 * read from p on.  False: *duplicate is set, or the arena failed.
 */
bool ig_keys_add(ig_keys_t *k, uint32_t first, const uint8_t *p, size_t len,
    size_t left, bool escaped, bool *duplicate);

/* the object ends: false when it has a duplicate, at *at */
bool ig_keys_close(ig_keys_t *k, uint32_t first, const uint8_t **at);

/* a hash of the same kind, for other tables of names */
uint32_t ig_keys_hash(const ig_keys_t *k, const uint8_t *p, size_t len);

#endif /* IG_READ_KEYS_H */

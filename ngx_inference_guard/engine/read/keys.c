/*
 * The stack of keys, its hash and its sort.
 */

#include <read/keys.h>
#include <read/scan.h>

#include <string.h>

#if defined(__linux__)
#include <sys/auxv.h>
#endif


#define IG_SORT_FEW            24      /* from here on insertion is quicker */


void
ig_keys_init(ig_keys_t *k, ig_arena_t *a, const uint8_t *base)
{
    const void  *random;

    random = NULL;

    k->base = base;
    k->arena = a;
    k->n = 0;
    k->nchunks = 0;
    k->max_chunks = 0;
    k->chunks = NULL;

    /*
     * Sixteen random bytes that the kernel gave the process: getauxval(3),
     * AT_RANDOM.  They only make the hash's collisions unknown to a client; no
     * result depends on them.  Without them the sort still bounds the time.
     */

#if defined(__linux__)
    random = (const void *) (uintptr_t) getauxval(AT_RANDOM);
#endif

    if (random) {
        memcpy(k->secret, random, sizeof(k->secret));

    } else {
        k->secret[0] = (uint64_t) (uintptr_t) k;
        k->secret[1] = (uint64_t) (uintptr_t) base;
    }

    k->secret[1] |= 1;
}


static inline ig_key_t *
ig_keys_at(const ig_keys_t *k, uint32_t i)
{
    if (i < IG_KEYS_INLINE) {
        return (ig_key_t *) &k->few[i];
    }

    i -= IG_KEYS_INLINE;

    return &k->chunks[i / IG_KEYS_CHUNK][i % IG_KEYS_CHUNK];
}


static bool
ig_keys_grow(ig_keys_t *k)
{
    uint32_t    max;
    ig_key_t  **chunks;

    if (k->nchunks == k->max_chunks) {
        max = k->max_chunks ? k->max_chunks * 2 : 16;

        chunks = ig_arena_alloc(k->arena, max * sizeof(ig_key_t *));
        if (chunks == NULL) {
            return false;
        }

        if (k->nchunks) {
            memcpy(chunks, k->chunks, k->nchunks * sizeof(ig_key_t *));
        }

        k->chunks = chunks;
        k->max_chunks = max;
    }

    k->chunks[k->nchunks] = ig_arena_alloc(k->arena,
                                           IG_KEYS_CHUNK * sizeof(ig_key_t));
    if (k->chunks[k->nchunks] == NULL) {
        return false;
    }

    k->nchunks++;

    return true;
}


/* both halves of the product: every bit of a and b reaches the result */

static inline uint64_t
ig_mix(uint64_t a, uint64_t b)
{
#if defined(__SIZEOF_INT128__)
    __extension__ unsigned __int128  product;

    product = a;
    product *= b;

    return (uint64_t) product ^ (uint64_t) (product >> 64);
#else
    a *= b;
    a ^= a >> 32;
    a *= b;

    return a ^ a >> 32;
#endif
}


/* words of eight bytes, the last filled with zeros, then the length */

static inline uint64_t
ig_hash_word(const ig_keys_t *k, uint64_t h, uint64_t word)
{
    return ig_mix(h ^ word, k->secret[1]) + k->secret[0];
}


static inline uint32_t
ig_hash_end(const ig_keys_t *k, uint64_t h, uint64_t word, size_t len)
{
    h = ig_hash_word(k, h, word);
    h = ig_mix(h ^ len, UINT64_C(0x9e3779b97f4a7c15));

    return (uint32_t) (h >> 32);
}


static inline uint64_t
ig_word(const uint8_t *p, size_t n, size_t left)
{
    uint64_t  word;

    word = 0;

    if (left < 8) {
        memcpy(&word, p, n);
        return word;
    }

    memcpy(&word, p, 8);

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return n ? word & (UINT64_MAX >> (64 - 8 * n)) : 0;
#else
    return n ? word & (UINT64_MAX << (64 - 8 * n)) : 0;
#endif
}


static inline uint32_t
ig_hash_plain(const ig_keys_t *k, const uint8_t *p, size_t len, size_t left)
{
    size_t    n;
    uint64_t  h;

    h = k->secret[0];

    for (n = len; n >= 8; n -= 8) {
        h = ig_hash_word(k, h, ig_word(p, 8, 8));
        p += 8;
    }

    return ig_hash_end(k, h, ig_word(p, n, left - (len - n)), len);
}


/* the same over what an escaped key stands for */

static uint32_t
ig_hash_escaped(const ig_keys_t *k, const uint8_t *p)
{
    int            c;
    size_t         len, n;
    uint8_t        word[8];
    uint64_t       h;
    ig_unescape_t  u;

    h = k->secret[0];
    n = 0;

    ig_unescape_init(&u, p);

    for (len = 0; (c = ig_unescape_next(&u)) >= 0; len++) {
        word[n++] = (uint8_t) c;

        if (n == 8) {
            h = ig_hash_word(k, h, ig_word(word, 8, 8));
            n = 0;
        }
    }

    return ig_hash_end(k, h, ig_word(word, n, n), len);
}


uint32_t
ig_keys_hash(const ig_keys_t *k, const uint8_t *p, size_t len)
{
    return ig_hash_plain(k, p, len, len);
}


/* the order of the bytes that two keys stand for */

static int
ig_keys_cmp(const ig_keys_t *k, const ig_key_t *a, const ig_key_t *b)
{
    int            x, y;
    ig_unescape_t  ua, ub;

    ig_unescape_init(&ua, k->base + a->start);
    ig_unescape_init(&ub, k->base + b->start);

    do {
        x = ig_unescape_next(&ua);
        y = ig_unescape_next(&ub);
    } while (x == y && x >= 0);

    return x - y;
}


bool
ig_keys_add(ig_keys_t *k, uint32_t first, const uint8_t *p, size_t len,
    size_t left, bool escaped, bool *duplicate)
{
    uint32_t   i;
    ig_key_t   key;
    ig_key_t  *other;

    key.hash = escaped ? ig_hash_escaped(k, p) : ig_hash_plain(k, p, len, left);
    key.start = (uint32_t) (p - k->base);

    if (k->n - first < IG_KEYS_FEW) {

        for (i = first; i < k->n; i++) {
            other = ig_keys_at(k, i);

            if (other->hash == key.hash && ig_keys_cmp(k, other, &key) == 0) {
                *duplicate = true;
                return false;
            }
        }
    }

    if (k->n >= IG_KEYS_INLINE + k->nchunks * IG_KEYS_CHUNK
        && !ig_keys_grow(k))
    {
        return false;
    }

    *ig_keys_at(k, k->n++) = key;

    return true;
}


static void
ig_keys_swap(ig_key_t *a, ig_key_t *b)
{
    ig_key_t  t;

    t = *a;
    *a = *b;
    *b = t;
}


static void
ig_sort_insert(ig_keys_t *k, uint32_t first, uint32_t n)
{
    uint32_t  i, j;
    ig_key_t  key;

    for (i = first + 1; i < first + n; i++) {
        key = *ig_keys_at(k, i);

        for (j = i; j > first && ig_keys_at(k, j - 1)->hash > key.hash; j--) {
            *ig_keys_at(k, j) = *ig_keys_at(k, j - 1);
        }

        *ig_keys_at(k, j) = key;
    }
}


/*
 * American flag sort (McIlroy, Bostic, McIlroy: Engineering Radix Sort, 1993)
 * by one byte of the hash, then each part by the next: linear, in place, at
 * most four deep.
 */

static void
ig_sort_hash(ig_keys_t *k, uint32_t first, uint32_t n, unsigned shift)
{
    uint32_t   i, j, b, at;
    uint32_t   next[256], end[256];
    ig_key_t  *key;

    if (n <= IG_SORT_FEW) {
        ig_sort_insert(k, first, n);
        return;
    }

    memset(end, 0, sizeof(end));

    for (i = first; i < first + n; i++) {
        end[(ig_keys_at(k, i)->hash >> shift) & 0xff]++;
    }

    at = first;

    for (b = 0; b < 256; b++) {
        next[b] = at;
        at += end[b];
        end[b] = at;
    }

    for (b = 0; b < 256; b++) {
        while (next[b] < end[b]) {
            key = ig_keys_at(k, next[b]);
            j = (key->hash >> shift) & 0xff;

            if (j == b) {
                next[b]++;
                continue;
            }

            ig_keys_swap(key, ig_keys_at(k, next[j]++));
        }
    }

    if (shift == 0) {
        return;
    }

    at = first;

    for (b = 0; b < 256; b++) {
        ig_sort_hash(k, at, end[b] - at, shift - 8);
        at = end[b];
    }
}


/* heapsort by bytes (Williams, CACM 7(6), 1964): never worse than n log n */

static void
ig_heap_down(ig_keys_t *k, uint32_t first, uint32_t i, uint32_t n)
{
    uint32_t  child;

    for ( ;; ) {
        child = 2 * i + 1;

        if (child >= n) {
            return;
        }

        if (child + 1 < n
            && ig_keys_cmp(k, ig_keys_at(k, first + child),
                           ig_keys_at(k, first + child + 1)) < 0)
        {
            child++;
        }

        if (ig_keys_cmp(k, ig_keys_at(k, first + i),
                        ig_keys_at(k, first + child)) >= 0)
        {
            return;
        }

        ig_keys_swap(ig_keys_at(k, first + i), ig_keys_at(k, first + child));
        i = child;
    }
}


static void
ig_sort_bytes(ig_keys_t *k, uint32_t first, uint32_t n)
{
    uint32_t  i;

    for (i = n / 2; i > 0; i--) {
        ig_heap_down(k, first, i - 1, n);
    }

    for (i = n - 1; i > 0; i--) {
        ig_keys_swap(ig_keys_at(k, first), ig_keys_at(k, first + i));
        ig_heap_down(k, first, 0, i);
    }
}


bool
ig_keys_close(ig_keys_t *k, uint32_t first, const uint8_t **at)
{
    uint32_t   i, j, n;
    ig_key_t  *a, *b;

    n = k->n - first;

    if (n <= IG_KEYS_FEW) {
        k->n = first;
        return true;
    }

    ig_sort_hash(k, first, n, 24);

    for (i = first; i < first + n; i = j) {

        a = ig_keys_at(k, i);

        for (j = i + 1; j < first + n; j++) {
            if (ig_keys_at(k, j)->hash != a->hash) {
                break;
            }
        }

        if (j - i > 2) {
            ig_sort_bytes(k, i, j - i);
        }

        for ( /* void */ ; i + 1 < j; i++) {
            a = ig_keys_at(k, i);
            b = ig_keys_at(k, i + 1);

            if (ig_keys_cmp(k, a, b) == 0) {
                *at = k->base + (a->start > b->start ? a->start : b->start);
                return false;
            }
        }
    }

    k->n = first;

    return true;
}

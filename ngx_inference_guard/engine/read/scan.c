/*
 * Strings: by 64 bytes on x86-64 (scan_vector.h), with SSE2, which every such
 * machine has, or with AVX2 where the processor says so; elsewhere bytewise.
 * All of them give the same answers.
 */

#include <read/scan.h>
#include <read/spans.h>

#include <string.h>

/* IG_SCAN_PORTABLE and IG_SCAN_NO_AVX2 are for the tests, which compare them */

#if defined(__SSE2__) && !defined(IG_SCAN_PORTABLE)
#include <immintrin.h>
#define IG_SCAN_SSE2           1

#if defined(__x86_64__) && !defined(IG_SCAN_NO_AVX2)
#define IG_SCAN_AVX2           1
#endif
#endif


/* RFC 8259, section 7: the eight escapes of two bytes */
static const uint8_t  ig_escapes[256] = {
    ['"']  = IG_SPAN_ESCAPED,
    ['\\'] = IG_SPAN_ESCAPED,
    ['b']  = IG_SPAN_ESCAPED,
    ['f']  = IG_SPAN_ESCAPED,
    ['n']  = IG_SPAN_ESCAPED,
    ['r']  = IG_SPAN_ESCAPED,
    ['t']  = IG_SPAN_ESCAPED,
    ['/']  = IG_SPAN_FOLD,
};


/* the code unit of \uXXXX at p, or -1 */

static int
ig_hex4(const uint8_t *p)
{
    int  a, b, c, d;

    a = ig_hex(p[0]);
    b = ig_hex(p[1]);
    c = ig_hex(p[2]);
    d = ig_hex(p[3]);

    if ((a | b | c | d) < 0) {
        return -1;
    }

    return (a << 12) | (b << 8) | (c << 4) | d;
}


/* the length of the escape at p, where `left` bytes may be read, or 0 */

static size_t
ig_scan_escape(const uint8_t *p, size_t left, unsigned *flags)
{
    int  unit;

    if (left < 2) {
        return 0;
    }

    if (p[1] != 'u') {

        *flags |= ig_escapes[p[1]];

        /*
         * A backslash that is itself escaped can begin an escape of JSON inside
         * the string, and such an escape can hide an anchor.
         */

        if (p[1] == '\\' && left > 2
            && (p[2] == 'u' || p[2] == '/' || p[2] == '\\'))
        {
            *flags |= IG_SPAN_FOLD;
        }

        return ig_escapes[p[1]] ? 2 : 0;
    }

    *flags |= IG_SPAN_FOLD;

    if (left < 6) {
        return 0;
    }

    unit = ig_hex4(p + 2);

    if (unit < 0xd800 || unit > 0xdfff) {
        return unit < 0 ? 0 : 6;
    }

    /* a surrogate is good only as the first of a pair */

    if (unit > 0xdbff || left < 12 || p[6] != '\\' || p[7] != 'u') {
        return 0;
    }

    unit = ig_hex4(p + 8);

    return (unit >= 0xdc00 && unit <= 0xdfff) ? 12 : 0;
}


static const uint8_t *
ig_scan_fail(ig_scan_t *s, ig_reason_t reason, const uint8_t *at)
{
    s->reason = reason;
    s->at = at;

    return NULL;
}


#if (IG_SCAN_SSE2)

#define IG_SCAN_BLOCK          64
#define IG_SCAN_ESCAPE         12      /* the longest escape: a pair */
#define IG_SCAN_DIRECT         (IG_SCAN_BLOCK + IG_SCAN_ESCAPE)

#define IG_ODD_BITS            UINT64_C(0xaaaaaaaaaaaaaaaa)

/* all bits but the lowest */
#define ig_above(mask)         ((mask) & ((mask) - 1))
#define ig_below(i)            ((UINT64_C(1) << (i)) - 1)
#define ig_through(i)          (ig_below(i) | (UINT64_C(1) << (i)))


typedef struct {
    uint64_t  special;         /* a bit a byte, the first byte lowest */
    uint64_t  high;
    uint64_t  bad;
    uint64_t  carry;           /* continuations due in the next block */
} ig_block_masks_t;


/* the rest of the body, with the byte before and zeros behind it */

static const uint8_t *
ig_scan_copy(const ig_scan_t *s, const uint8_t *p, uint8_t *copy, size_t size)
{
    size_t  left;

    left = (size_t) (s->end - p);

    memset(copy, 0, size);
    memcpy(copy, p - 1, left + 1);

    return copy + 1;
}


/*
 * Walk the mask.  True: the string ends in this block, at *used; false: *used
 * bytes of it are done, or the reason is set.
 */

static inline bool
ig_scan_block(ig_scan_t *s, const uint8_t *b, ig_block_masks_t *m,
    size_t *used)
{
    size_t    i, n;
    uint64_t  mask;

    mask = m->special;
    *used = IG_SCAN_BLOCK;

    while (mask) {
        i = (size_t) __builtin_ctzll(mask);

        if (b[i] == '"') {

            /* with the quote itself, that must not be a continuation */

            if (m->bad & ig_through(i)) {
                break;
            }

            if (m->high & ig_below(i)) {
                s->flags |= IG_SPAN_FOLD;
            }

            *used = i;
            return true;
        }

        n = 0;

        if (b[i] == '\\') {
            n = 2;

            /* most escapes; the next place must not wait for the table */

            if (ig_escapes[b[i + 1]] && b[i + 1] != '\\') {
                s->flags |= ig_escapes[b[i + 1]];

            } else {
                n = ig_scan_escape(b + i, IG_SCAN_DIRECT - i, &s->flags);
            }
        }

        if (n == 0) {
            s->reason = (m->bad & ig_below(i)) ? IG_REASON_invalid_utf8
                                               : IG_REASON_invalid_json;
            *used = i;
            return false;
        }

        i += n;

        if (i >= IG_SCAN_BLOCK) {
            *used = i;
            break;
        }

        mask &= ~ig_below(i);
    }

    if (m->bad) {
        s->reason = IG_REASON_invalid_utf8;
        *used = (size_t) __builtin_ctzll(m->bad);
        return false;
    }

    if (m->high) {
        s->flags |= IG_SPAN_FOLD;
    }

    return false;
}


static inline uint64_t
ig_sse2_mask(__m128i v)
{
    return (uint64_t) (uint32_t) _mm_movemask_epi8(v);
}


#define IG_VEC(name)           ig_sse2_##name
#define IG_VEC_TARGET
#define IG_VECS                4
#define ig_vec_t               __m128i
#define ig_vec_load(p)                                                        \
    _mm_loadu_si128((const __m128i *) (const void *) (p))
#define ig_vec_set(c)          _mm_set1_epi8((char) (c))
#define ig_vec_eq(a, b)        _mm_cmpeq_epi8(a, b)
#define ig_vec_gt(a, b)        _mm_cmpgt_epi8(a, b)
#define ig_vec_min(a, b)       _mm_min_epu8(a, b)
#define ig_vec_max(a, b)       _mm_max_epu8(a, b)
#define ig_vec_or(a, b)        _mm_or_si128(a, b)
#define ig_vec_and(a, b)       _mm_and_si128(a, b)
#define ig_vec_andnot(a, b)    _mm_andnot_si128(a, b)
#define ig_vec_mask(v)         ig_sse2_mask(v)
#define ig_vec_all(f)                                                         \
    (ig_vec_mask(f(v[0])) | ig_vec_mask(f(v[1])) << 16                        \
     | ig_vec_mask(f(v[2])) << 32 | ig_vec_mask(f(v[3])) << 48)

#include <read/scan_vector.h>


#if (IG_SCAN_AVX2)

#undef IG_VEC
#undef IG_VEC_TARGET
#undef IG_VECS
#undef ig_vec_t
#undef ig_vec_load
#undef ig_vec_set
#undef ig_vec_eq
#undef ig_vec_gt
#undef ig_vec_min
#undef ig_vec_max
#undef ig_vec_or
#undef ig_vec_and
#undef ig_vec_andnot
#undef ig_vec_mask
#undef ig_vec_all

#define IG_VEC(name)           ig_avx2_##name
#define IG_VEC_TARGET          __attribute__((target("avx2,bmi")))
#define IG_VECS                2
#define ig_vec_t               __m256i
#define ig_vec_load(p)                                                        \
    _mm256_loadu_si256((const __m256i *) (const void *) (p))
#define ig_vec_set(c)          _mm256_set1_epi8((char) (c))
#define ig_vec_eq(a, b)        _mm256_cmpeq_epi8(a, b)
#define ig_vec_gt(a, b)        _mm256_cmpgt_epi8(a, b)
#define ig_vec_min(a, b)       _mm256_min_epu8(a, b)
#define ig_vec_max(a, b)       _mm256_max_epu8(a, b)
#define ig_vec_or(a, b)        _mm256_or_si256(a, b)
#define ig_vec_and(a, b)       _mm256_and_si256(a, b)
#define ig_vec_andnot(a, b)    _mm256_andnot_si256(a, b)
#define ig_vec_mask(v)         ((uint64_t) (uint32_t) _mm256_movemask_epi8(v))
#define ig_vec_all(f)                                                         \
    (ig_vec_mask(f(v[0])) | ig_vec_mask(f(v[1])) << 32)

#include <read/scan_vector.h>

#endif /* IG_SCAN_AVX2 */


/* a mask tells the block only; where UTF-8 breaks is looked for afterwards */

static const uint8_t *
ig_utf8_place(const uint8_t *p, const uint8_t *end)
{
    uint32_t  state;

    state = 0;

    while (p < end && ig_utf8_step(&state, *p)) {
        p++;
    }

    return p;
}


const uint8_t *
ig_scan_string(ig_scan_t *s, const uint8_t *p)
{
    size_t          i;
    __m128i         v;
    uint64_t        special, high;
    const uint8_t  *quote;

    s->flags = 0;

    /* most strings are short names */

    if (s->end - p >= 16) {
        v = _mm_loadu_si128((const __m128i *) (const void *) p);
        special = ig_sse2_mask(ig_sse2_special(v));
        high = ig_sse2_mask(v);

        if (special) {
            i = (size_t) __builtin_ctzll(special);

            if (p[i] == '"' && (high & ig_below(i)) == 0) {
                return p + i;
            }

        } else if (high == 0) {
            p += 16;
        }
    }

#if (IG_SCAN_AVX2)
    quote = __builtin_cpu_supports("avx2") ? ig_avx2_string(s, p)
                                           : ig_sse2_string(s, p);
#else
    quote = ig_sse2_string(s, p);
#endif

    if (quote == NULL && s->reason == IG_REASON_invalid_utf8) {
        s->at = ig_utf8_place(p, s->end);
    }

    return quote;
}

#else /* !IG_SCAN_SSE2 */

const uint8_t *
ig_scan_string(ig_scan_t *s, const uint8_t *p)
{
    size_t    n;
    uint32_t  state;

    s->flags = 0;
    state = 0;

    while (p < s->end) {

        if (*p >= 0x80 || state) {

            if (!ig_utf8_step(&state, *p)) {
                return ig_scan_fail(s, IG_REASON_invalid_utf8, p);
            }

            s->flags |= IG_SPAN_FOLD;
            p++;
            continue;
        }

        if (*p == '"') {
            return p;
        }

        if (*p == '\\') {
            n = ig_scan_escape(p, (size_t) (s->end - p), &s->flags);

            if (n == 0) {
                return ig_scan_fail(s, IG_REASON_invalid_json, p);
            }

            p += n;
            continue;
        }

        if (*p < 0x20) {
            return ig_scan_fail(s, IG_REASON_invalid_json, p);
        }

        p++;
    }

    return ig_scan_fail(s, IG_REASON_invalid_json, p);
}

#endif


/*
 * The state holds how many continuations are to come (bits 0, 1) and the range
 * of the next one: lowest in bits 8 to 15, highest in bits 16 to 23.
 */

bool
ig_utf8_step(uint32_t *state, uint8_t c)
{
    uint32_t  n, lo, hi;

    if (*state) {
        n = *state & 3;
        lo = (*state >> 8) & 0xff;
        hi = (*state >> 16) & 0xff;

        if (c < lo || c > hi) {
            return false;
        }

        n--;
        *state = n ? (n | 0x80u << 8 | 0xbfu << 16) : 0;

        return true;
    }

    if (c < 0x80) {
        return true;
    }

    lo = 0x80;
    hi = 0xbf;

    if (c >= 0xc2 && c <= 0xdf) {
        n = 1;

    } else if (c >= 0xe0 && c <= 0xef) {
        n = 2;
        lo = (c == 0xe0) ? 0xa0 : lo;
        hi = (c == 0xed) ? 0x9f : hi;

    } else if (c >= 0xf0 && c <= 0xf4) {
        n = 3;
        lo = (c == 0xf0) ? 0x90 : lo;
        hi = (c == 0xf4) ? 0x8f : hi;

    } else {
        return false;
    }

    *state = n | lo << 8 | hi << 16;

    return true;
}


bool
ig_utf8_valid(ig_str_t s)
{
    size_t    i;
    uint32_t  state;

    state = 0;

    for (i = 0; i < s.len; i++) {
        if (!ig_utf8_step(&state, s.data[i])) {
            return false;
        }
    }

    return state == 0;
}


void
ig_unescape_init(ig_unescape_t *u, const uint8_t *p)
{
    u->p = p;
    u->n = 0;
    u->i = 0;
}


/* a code point as UTF-8 (Unicode 15, table 3-6) */

static unsigned
ig_utf8_put(uint8_t *out, uint32_t c)
{
    if (c < 0x80) {
        out[0] = (uint8_t) c;
        return 1;
    }

    if (c < 0x800) {
        out[0] = (uint8_t) (0xc0 | c >> 6);
        out[1] = (uint8_t) (0x80 | (c & 0x3f));
        return 2;
    }

    if (c < 0x10000) {
        out[0] = (uint8_t) (0xe0 | c >> 12);
        out[1] = (uint8_t) (0x80 | (c >> 6 & 0x3f));
        out[2] = (uint8_t) (0x80 | (c & 0x3f));
        return 3;
    }

    out[0] = (uint8_t) (0xf0 | c >> 18);
    out[1] = (uint8_t) (0x80 | (c >> 12 & 0x3f));
    out[2] = (uint8_t) (0x80 | (c >> 6 & 0x3f));
    out[3] = (uint8_t) (0x80 | (c & 0x3f));

    return 4;
}


int
ig_unescape_next(ig_unescape_t *u)
{
    uint8_t   c;
    uint32_t  code;

    if (u->i < u->n) {
        return u->bytes[u->i++];
    }

    c = *u->p;

    if (c == '"') {
        return -1;
    }

    if (c != '\\') {
        u->p++;
        return c;
    }

    c = u->p[1];

    if (c != 'u') {
        u->p += 2;

        switch (c) {
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return c;
        }
    }

    code = (uint32_t) ig_hex4(u->p + 2);
    u->p += 6;

    if (code >= 0xd800 && code <= 0xdbff) {
        code = 0x10000 + ((code - 0xd800) << 10)
               + ((uint32_t) ig_hex4(u->p + 2) - 0xdc00);
        u->p += 6;
    }

    u->n = ig_utf8_put(u->bytes, code);
    u->i = 1;

    return u->bytes[0];
}


size_t
ig_unescape(const uint8_t *p, uint8_t *out, size_t size)
{
    int            c;
    size_t         n;
    ig_unescape_t  u;

    ig_unescape_init(&u, p);

    for (n = 0; (c = ig_unescape_next(&u)) >= 0; n++) {

        if (n == size) {
            return size + 1;
        }

        out[n] = (uint8_t) c;
    }

    return n;
}

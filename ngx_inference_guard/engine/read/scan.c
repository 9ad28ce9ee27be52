/*
 * Strings, 64 bytes at a time.
 *
 * A block gives one mask of the bytes that need a look (quote, backslash,
 * control character).  They are taken from the mask one after another, so an
 * escape costs a few instructions and never a new start of the block.
 *
 * UTF-8 is checked without a state: each vector is compared with the same bytes
 * loaded one, two and three places earlier.  What is before a string is ASCII,
 * so these loads need no special case but at the body's first three bytes.
 *
 * The last bytes of the body are copied and filled with zeros.  A zero is a
 * control character: a string that does not end stops there.
 */

#include <read/scan.h>
#include <read/spans.h>

#include <string.h>

#if defined(__SSE2__) && !defined(IG_SCAN_PORTABLE)
#include <emmintrin.h>
#define IG_SCAN_SSE2           1
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

#define ig_below(i)            ((UINT64_C(1) << (i)) - 1)
#define ig_through(i)          (ig_below(i) | (UINT64_C(1) << (i)))


static inline __m128i
ig_load(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *) (const void *) p);
}


static inline __m128i
ig_special(__m128i v)
{
    __m128i  quote, slash, control;

    quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
    slash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
    control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);

    return _mm_or_si128(_mm_or_si128(quote, slash), control);
}


static inline uint64_t
ig_bits(__m128i v)
{
    return (uint64_t) (uint32_t) _mm_movemask_epi8(v);
}


/*
 * Bytes of v, loaded from p, that break UTF-8 (Unicode 15, table 3-7).  Signed
 * comparison: 0x80 … 0xbf are the smallest numbers.
 */

static inline uint64_t
ig_utf8_bad(const uint8_t *p, __m128i v)
{
    __m128i  p1, p2, p3, lead, bad, below_a0, below_90, none;

    none = _mm_setzero_si128();

    p1 = ig_load(p - 1);
    p2 = ig_load(p - 2);
    p3 = ig_load(p - 3);

    /* a continuation must stand exactly where a lead byte asks for one */

    lead = _mm_or_si128(_mm_or_si128(
               _mm_subs_epu8(p1, _mm_set1_epi8((char) 0xbf)),
               _mm_subs_epu8(p2, _mm_set1_epi8((char) 0xdf))),
               _mm_subs_epu8(p3, _mm_set1_epi8((char) 0xef)));

    bad = _mm_cmpeq_epi8(_mm_cmpeq_epi8(lead, none),
              _mm_cmplt_epi8(v, _mm_set1_epi8((char) 0xc0)));

    /* c0 and c1 could only be overlong; nothing is above f4 */

    bad = _mm_or_si128(bad,
              _mm_cmpeq_epi8(_mm_and_si128(v, _mm_set1_epi8((char) 0xfe)),
                  _mm_set1_epi8((char) 0xc0)));
    bad = _mm_or_si128(bad,
              _mm_cmpeq_epi8(_mm_max_epu8(v, _mm_set1_epi8((char) 0xf5)), v));

    /* overlong after e0 and f0, surrogates after ed, beyond 10ffff after f4 */

    below_a0 = _mm_cmplt_epi8(v, _mm_set1_epi8((char) 0xa0));
    below_90 = _mm_cmplt_epi8(v, _mm_set1_epi8((char) 0x90));

    bad = _mm_or_si128(bad, _mm_and_si128(below_a0,
              _mm_cmpeq_epi8(p1, _mm_set1_epi8((char) 0xe0))));
    bad = _mm_or_si128(bad, _mm_andnot_si128(below_a0,
              _mm_cmpeq_epi8(p1, _mm_set1_epi8((char) 0xed))));
    bad = _mm_or_si128(bad, _mm_and_si128(below_90,
              _mm_cmpeq_epi8(p1, _mm_set1_epi8((char) 0xf0))));
    bad = _mm_or_si128(bad, _mm_andnot_si128(below_90,
              _mm_cmpeq_epi8(p1, _mm_set1_epi8((char) 0xf4))));

    return ig_bits(bad);
}


typedef struct {
    uint64_t  special;         /* a bit a byte, the first byte lowest */
    uint64_t  high;
    uint64_t  bad;
} ig_block_masks_t;


/* `pending`: the block before ends in the middle of a character, maybe */

static inline void
ig_scan_masks(const uint8_t *b, uint64_t pending, ig_block_masks_t *m)
{
    __m128i  v0, v1, v2, v3;

    v0 = ig_load(b);
    v1 = ig_load(b + 16);
    v2 = ig_load(b + 32);
    v3 = ig_load(b + 48);

    m->special = ig_bits(ig_special(v0))
                 | ig_bits(ig_special(v1)) << 16
                 | ig_bits(ig_special(v2)) << 32
                 | ig_bits(ig_special(v3)) << 48;
    m->high = 0;
    m->bad = 0;

    if (pending | ig_bits(_mm_or_si128(_mm_or_si128(v0, v1),
                                       _mm_or_si128(v2, v3))))
    {
        m->high = ig_bits(v0) | ig_bits(v1) << 16 | ig_bits(v2) << 32
                  | ig_bits(v3) << 48;
        m->bad = ig_utf8_bad(b, v0)
                 | ig_utf8_bad(b + 16, v1) << 16
                 | ig_utf8_bad(b + 32, v2) << 32
                 | ig_utf8_bad(b + 48, v3) << 48;
    }
}


/* the rest of the body, with the three bytes before and zeros behind it */

static const uint8_t *
ig_scan_copy(const ig_scan_t *s, const uint8_t *p, uint8_t *copy, size_t size)
{
    size_t  before, left;

    before = (size_t) (p - s->base);
    before = before < 3 ? before : 3;

    left = (size_t) (s->end - p);
    left = left < IG_SCAN_DIRECT ? left : IG_SCAN_DIRECT;

    memset(copy, 0, size);
    memcpy(copy + 3 - before, p - before, before + left);

    return copy + 3;
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

        n = (b[i] == '\\')
            ? ig_scan_escape(b + i, IG_SCAN_DIRECT - i, &s->flags) : 0;

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


static const uint8_t *
ig_scan_long(ig_scan_t *s, const uint8_t *p)
{
    size_t             used;
    uint64_t           pending;
    const uint8_t     *b;
    ig_block_masks_t   m;
    uint8_t            copy[3 + IG_SCAN_DIRECT + 1];

    pending = 0;

    for ( ;; ) {
        b = p;

        if (s->end - p < IG_SCAN_DIRECT || p - s->base < 3) {
            b = ig_scan_copy(s, p, copy, sizeof(copy));
        }

        ig_scan_masks(b, pending, &m);

        if (ig_scan_block(s, b, &m, &used)) {
            return p + used;
        }

        if (s->reason != IG_REASON_NONE) {
            used = used < (size_t) (s->end - p) ? used
                                                : (size_t) (s->end - p);
            return ig_scan_fail(s, s->reason, p + used);
        }

        pending = m.high >> (IG_SCAN_BLOCK - 3);
        p += used;
    }
}


const uint8_t *
ig_scan_string(ig_scan_t *s, const uint8_t *p)
{
    size_t    i;
    __m128i   v;
    uint64_t  special, high;

    s->flags = 0;

    /* most strings are short names */

    if (s->end - p >= 16) {
        v = ig_load(p);
        special = ig_bits(ig_special(v));
        high = ig_bits(v);

        if (special) {
            i = (size_t) __builtin_ctzll(special);

            if (p[i] == '"' && (high & ig_below(i)) == 0) {
                return p + i;
            }

        } else if (high == 0) {
            p += 16;
        }
    }

    return ig_scan_long(s, p);
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

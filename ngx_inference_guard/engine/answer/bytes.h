/*
 * Looking for a few bytes, 16 at a time where the processor can.  Nothing
 * outside p … end is read.
 */

#ifndef IG_ANSWER_BYTES_H
#define IG_ANSWER_BYTES_H

#include <inference_guard/base.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif


/* the first a or b, or end */

static inline const uint8_t *
ig_find_either(const uint8_t *p, const uint8_t *end, uint8_t a, uint8_t b)
{
#ifdef __SSE2__
    int      mask;
    __m128i  v, va, vb;

    va = _mm_set1_epi8((char) a);
    vb = _mm_set1_epi8((char) b);

    for ( /* void */ ; end - p >= 16; p += 16) {
        v = _mm_loadu_si128((const __m128i *) (const void *) p);
        mask = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(v, va),
                                              _mm_cmpeq_epi8(v, vb)));

        if (mask) {
            return p + __builtin_ctz((unsigned) mask);
        }
    }
#endif

    while (p < end && *p != a && *p != b) {
        p++;
    }

    return p;
}


/* the first quote or bracket of any kind, or end */

static inline const uint8_t *
ig_find_structure(const uint8_t *p, const uint8_t *end)
{
#ifdef __SSE2__
    int      mask;
    __m128i  v, low;

    for ( /* void */ ; end - p >= 16; p += 16) {
        v = _mm_loadu_si128((const __m128i *) (const void *) p);

        /* [ and { differ in this bit only, and so do ] and } */

        low = _mm_or_si128(v, _mm_set1_epi8(0x20));
        mask = _mm_movemask_epi8(
                   _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                                _mm_or_si128(
                                    _mm_cmpeq_epi8(low, _mm_set1_epi8('{')),
                                    _mm_cmpeq_epi8(low, _mm_set1_epi8('}')))));

        if (mask) {
            return p + __builtin_ctz((unsigned) mask);
        }
    }
#endif

    while (p < end && *p != '"' && (*p | 0x20) != '{' && (*p | 0x20) != '}') {
        p++;
    }

    return p;
}

#endif /* IG_ANSWER_BYTES_H */

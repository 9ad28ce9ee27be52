/*
 * Text by classes: a histogram of bytes, 16 of them at a time where the
 * processor can.
 */

#include <inference_guard/text_counts.h>

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif


#define IG_BLOCK       16
#define IG_BLOCKS_MAX  255      /* until a counter of one byte is full */


static ig_text_class_t
ig_text_class(uint8_t c)
{
    if (c < 0x80) {

        if (c >= 'a' && c <= 'z') {
            return IG_TEXT_LOWER;
        }

        if (c >= 'A' && c <= 'Z') {
            return IG_TEXT_UPPER;
        }

        if (c >= '0' && c <= '9') {
            return IG_TEXT_DIGIT;
        }

        return (c <= ' ' || c == 0x7f) ? IG_TEXT_SPACE : IG_TEXT_PUNCT;
    }

    if (c < 0xc0) {
        return IG_TEXT_TAIL;
    }

    if (c < 0xe0) {
        return c < 0xcc ? IG_TEXT_LATIN
               : c < 0xd5 ? IG_TEXT_GREEK : IG_TEXT_SEMITIC;
    }

    if (c < 0xe3) {
        return c < 0xe2 ? IG_TEXT_INDIC : IG_TEXT_SYMBOL;
    }

    if (c < 0xf0) {
        return (c < 0xea || c == 0xef) ? IG_TEXT_CJK : IG_TEXT_HANGUL;
    }

    return IG_TEXT_FOUR;
}


#ifdef __SSE2__

/*
 * How many bytes of a block are at least so large: the classes above ASCII are
 * neighbors, so their sizes are differences.
 */

static const uint8_t  ig_text_from[] = {
    0x80, 0xc0, 0xcc, 0xd5, 0xe0, 0xe2, 0xe3, 0xea, 0xef, 0xf0
};

static const ig_text_class_t  ig_text_of[] = {
    IG_TEXT_TAIL, IG_TEXT_LATIN, IG_TEXT_GREEK, IG_TEXT_SEMITIC,
    IG_TEXT_INDIC, IG_TEXT_SYMBOL, IG_TEXT_CJK, IG_TEXT_HANGUL, IG_TEXT_CJK,
    IG_TEXT_FOUR
};

#define IG_FROM  (sizeof(ig_text_from) / sizeof(ig_text_from[0]))


/* 0xff where first <= v <= last */

static inline __m128i
ig_text_range(__m128i v, uint8_t first, uint8_t last)
{
    v = _mm_sub_epi8(v, _mm_set1_epi8((char) first));

    return _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8((char) (last - first))),
                          v);
}


static inline uint64_t
ig_text_sum(__m128i v)
{
    uint64_t  halves[2];

    _mm_storeu_si128((__m128i *) (void *) halves,
                     _mm_sad_epu8(v, _mm_setzero_si128()));

    return halves[0] + halves[1];
}


static void
ig_text_blocks(ig_text_counts_t *c, const uint8_t *p, size_t blocks)
{
    size_t    i, k;
    __m128i   v, lower, upper, digit, space, from[IG_FROM];
    uint64_t  n[IG_FROM + 1], ascii;

    lower = upper = digit = space = _mm_setzero_si128();

    for (k = 0; k < IG_FROM; k++) {
        from[k] = _mm_setzero_si128();
    }

    for (i = 0; i < blocks; i++) {
        v = _mm_loadu_si128((const __m128i *) (const void *)
                            (p + i * IG_BLOCK));

        lower = _mm_sub_epi8(lower, ig_text_range(v, 'a', 'z'));
        upper = _mm_sub_epi8(upper, ig_text_range(v, 'A', 'Z'));
        digit = _mm_sub_epi8(digit, ig_text_range(v, '0', '9'));
        space = _mm_sub_epi8(space,
                             _mm_or_si128(ig_text_range(v, 0, ' '),
                                          ig_text_range(v, 0x7f, 0x7f)));

        if (_mm_movemask_epi8(v)) {

            /* unrolled, the sums stay in registers */

#pragma GCC unroll 10
            for (k = 0; k < IG_FROM; k++) {
                from[k] = _mm_sub_epi8(from[k],
                                       ig_text_range(v, ig_text_from[k], 0xff));
            }
        }
    }

    for (k = 0; k < IG_FROM; k++) {
        n[k] = ig_text_sum(from[k]);
    }

    n[IG_FROM] = 0;

    for (k = 0; k < IG_FROM; k++) {
        c->n[ig_text_of[k]] += n[k] - n[k + 1];
    }

    ascii = blocks * IG_BLOCK - n[0];

    c->n[IG_TEXT_LOWER] += ig_text_sum(lower);
    c->n[IG_TEXT_UPPER] += ig_text_sum(upper);
    c->n[IG_TEXT_DIGIT] += ig_text_sum(digit);
    c->n[IG_TEXT_SPACE] += ig_text_sum(space);
    c->n[IG_TEXT_PUNCT] += ascii - ig_text_sum(lower) - ig_text_sum(upper)
                           - ig_text_sum(digit) - ig_text_sum(space);
}

#endif


void
ig_text_count(ig_text_counts_t *c, ig_str_t text)
{
    const uint8_t  *p, *end;

    p = text.data;
    end = p + text.len;

#ifdef __SSE2__

    while (end - p >= IG_BLOCK) {
        size_t  blocks;

        blocks = (size_t) (end - p) / IG_BLOCK;

        if (blocks > IG_BLOCKS_MAX) {
            blocks = IG_BLOCKS_MAX;
        }

        ig_text_blocks(c, p, blocks);
        p += blocks * IG_BLOCK;
    }

#endif

    for ( /* void */ ; p < end; p++) {
        c->n[ig_text_class(*p)]++;
    }
}


void
ig_text_count_char(ig_text_counts_t *c, uint32_t code)
{
    uint8_t  first;

    if (code < 0x80) {
        first = (uint8_t) code;

    } else if (code < 0x800) {
        first = (uint8_t) (0xc0 | code >> 6);

    } else if (code >= 0xdc00 && code <= 0xdfff) {
        return;

    } else if (code > 0xffff || (code >= 0xd800 && code < 0xdc00)) {
        first = 0xf0;

    } else {
        first = (uint8_t) (0xe0 | code >> 12);
    }

    c->n[ig_text_class(first)]++;
}


static int
ig_text_hex(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


/*
 * The escape at p, behind its backslash, which has been counted as it stands:
 * now as what it stands for.  Its end.
 */

static const uint8_t *
ig_text_escape(ig_text_counts_t *c, const uint8_t *p, const uint8_t *end)
{
    int       i, digit;
    uint32_t  code;

    switch (*p) {

    case 'n':
    case 't':
    case 'r':
    case 'b':
    case 'f':
        c->n[IG_TEXT_LOWER]--;
        c->n[IG_TEXT_SPACE]++;
        return p + 1;

    case 'u':
        break;

    default:
        return p + 1;
    }

    if (end - p < 5) {
        return p;
    }

    code = 0;

    for (i = 1; i <= 4; i++) {
        digit = ig_text_hex(p[i]);

        if (digit < 0) {
            return p;
        }

        code = code << 4 | (uint32_t) digit;
    }

    for (i = 0; i <= 4; i++) {
        c->n[ig_text_class(p[i])]--;
    }

    ig_text_count_char(c, code);

    return p + 5;
}


/* all as it stands, then escapes anew: they do not stop the vector loop */

void
ig_text_count_json(ig_text_counts_t *c, ig_str_t raw)
{
    const uint8_t  *p, *end;

    ig_text_count(c, raw);

    p = raw.data;
    end = p + raw.len;

    while (p < end) {
        p = memchr(p, '\\', (size_t) (end - p));

        if (p == NULL) {
            break;
        }

        c->n[IG_TEXT_PUNCT]--;
        p++;

        if (p < end) {
            p = ig_text_escape(c, p, end);
        }
    }
}


void
ig_text_counts_add(ig_text_counts_t *a, const ig_text_counts_t *b)
{
    size_t  i;

    for (i = 0; i < IG_TEXT_CLASSES; i++) {
        a->n[i] += b->n[i];
    }
}

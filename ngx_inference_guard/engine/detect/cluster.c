/*
 * The pass over digits.
 *
 * Sixty-four bytes at a time become a mask of digits; one without edges is the
 * usual case and costs nothing more.  Groups of digits are told apart by the
 * edges, and collected while what lies between them is only separators.
 */

#include "cluster.h"
#include "pattern.h"
#include "words.h"

#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif


typedef struct {
    const ig_cluster_pass_t  *pass;
    ig_str_t                  text;
    ig_cluster_t             *c;
    bool                      go_on;
} ig_cluster_state_t;


static inline bool
ig_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}


/* what stands between two groups; `\n` and its kind may still be escaped */

static inline bool
ig_cluster_joins(ig_cluster_state_t *s, uint32_t from, uint32_t to)
{
    uint32_t        i;
    const uint8_t  *p;

    if (to - from > IG_CLUSTER_GAP) {
        return false;
    }

    p = s->text.data;

    for (i = from; i < to; i++) {

        if (p[i] == '\\' && i + 1 < to
            && (p[i + 1] == 'n' || p[i + 1] == 't' || p[i + 1] == 'r'
                || p[i + 1] == 'b' || p[i + 1] == 'f'))
        {
            i++;
            continue;
        }

        if (!ig_pattern_loose(p[i])) {
            return false;
        }
    }

    return true;
}


/* what is only worth knowing of a cluster that is large enough */

static inline void
ig_cluster_measure(ig_cluster_state_t *s)
{
    size_t             i;
    uint32_t           at;
    ig_cluster_t      *c;
    const uint8_t     *p;
    const ig_group_t  *g;

    c = s->c;
    p = s->text.data;

    c->solid = 0;
    c->dots = 0;
    c->letters = false;

    for (i = 0; i < c->n; i++) {
        g = &c->groups[i];

        if (g->end - g->start > c->solid) {
            c->solid = g->end - g->start;
        }

        c->letters |= (g->start > 0 && ig_letter(p[g->start - 1]))
                      || (g->end < s->text.len && ig_letter(p[g->end]));

        for (at = i ? g[-1].end : g->start; at < g->start; at++) {
            c->dots += (p[at] == '.');
        }
    }
}


static inline void
ig_cluster_close(ig_cluster_state_t *s)
{
    ig_cluster_t  *c;

    c = s->c;

    if (c->n && c->digits >= s->pass->digits) {
        ig_cluster_measure(s);

        if (c->digits >= s->pass->plain || c->letters
            || c->dots >= s->pass->dots)
        {
            s->go_on = s->go_on && s->pass->cluster(s->pass->data, s->text, c);
        }
    }

    c->n = 0;
    c->digits = 0;
}


/* a short number that stands alone, as most do: what closing it would find */

static inline bool
ig_cluster_is_dull(const ig_cluster_state_t *s)
{
    const uint8_t     *p;
    const ig_group_t  *g;

    p = s->text.data;
    g = &s->c->groups[0];

    if (s->c->digits >= s->pass->plain) {
        return false;
    }

    return s->c->digits < s->pass->digits
           || !((g->start > 0 && ig_letter(p[g->start - 1]))
                || (g->end < s->text.len && ig_letter(p[g->end])));
}


/* the list is full: hand it on, keep its last groups */

static void
ig_cluster_piece(ig_cluster_state_t *s)
{
    size_t      i;
    ig_group_t  kept[IG_CLUSTER_OVERLAP];

    memcpy(kept, s->c->groups + s->c->n - IG_CLUSTER_OVERLAP, sizeof(kept));

    ig_cluster_close(s);

    memcpy(s->c->groups, kept, sizeof(kept));
    s->c->n = IG_CLUSTER_OVERLAP;

    for (i = 0; i < s->c->n; i++) {
        s->c->digits += kept[i].end - kept[i].start;
    }
}


static inline bool
ig_cluster_separator(uint8_t c)
{
    return c == ' ' || c == '-' || c == '.' || c == '/';
}


/*
 * The first of two letters before the digits at `start`, where an IBAN may
 * begin; a separator may stand behind each character.
 */

static __attribute__((noinline)) bool
ig_cluster_iban(ig_str_t text, uint32_t start, uint32_t end, uint32_t *first)
{
    uint32_t        at, letters;
    const uint8_t  *p;

    p = text.data;
    at = start;

    for (letters = 0; letters < 2; letters++) {

        if (at && ig_cluster_separator(p[at - 1])) {
            at--;
        }

        if (at == 0 || !ig_letter(p[at - 1])) {
            return false;
        }

        at--;
    }

    /* the letter of an escape is none of a word */

    if (at && ig_ascii_alnum(p[at - 1]) && !(at >= 2 && p[at - 2] == '\\')) {
        return false;
    }

    *first = at;

    return end - start >= 2
           || (text.len - end >= 2 && ig_cluster_separator(p[end])
               && ig_ascii_digit(p[end + 1]));
}


/* most numbers in a text stand behind a word: told apart in few steps */

static inline bool
ig_cluster_lettered(const uint8_t *p, uint32_t start)
{
    if (start < 4) {
        return true;
    }

    if (ig_cluster_separator(p[start - 1])) {
        return ig_letter(p[start - 2])
               && !(ig_letter(p[start - 3]) && ig_letter(p[start - 4])
                    && (start < 5 || p[start - 5] != '\\'));
    }

    return ig_letter(p[start - 1]);
}


static inline void
ig_cluster_group(ig_cluster_state_t *s, uint32_t start, uint32_t end)
{
    uint32_t       first;
    ig_cluster_t  *c;

    c = s->c;

    if (c->n && !ig_cluster_joins(s, c->groups[c->n - 1].end, start)) {

        if (c->n == 1 && ig_cluster_is_dull(s)) {
            c->n = 0;
            c->digits = 0;

        } else {
            ig_cluster_close(s);
        }
    }

    if (c->n == IG_CLUSTER_GROUPS) {
        ig_cluster_piece(s);
    }

    /*
     * Behind the cluster before it: who is called would have to go back for
     * that one, each time to the beginning.
     */

    if (s->pass->group && ig_cluster_lettered(s->text.data, start)
        && ig_cluster_iban(s->text, start, end, &first))
    {
        s->go_on = s->go_on
                   && s->pass->group(s->pass->data, s->text, first, end);
    }

    c->groups[c->n++] = (ig_group_t) { start, end };
    c->digits += end - start;
}


#if defined(__SSE2__)

/* '0' becomes -128: the ten smallest signed bytes are the digits */

static inline uint64_t
ig_digit_bits(const uint8_t *p)
{
    __m128i  v;

    v = _mm_add_epi8(_mm_loadu_si128((const __m128i *) p),
                     _mm_set1_epi8((char) (0x80 - '0')));

    return (uint32_t) _mm_movemask_epi8(
               _mm_cmplt_epi8(v, _mm_set1_epi8((char) (-128 + 10))));
}

#else

static inline uint64_t
ig_digit_bits(const uint8_t *p)
{
    size_t    i;
    uint64_t  bits;

    bits = 0;

    for (i = 0; i < 16; i++) {
        bits |= (uint64_t) ig_ascii_digit(p[i]) << i;
    }

    return bits;
}

#endif


/* a bit for each digit of the 64 bytes at p */

static inline uint64_t
ig_digit_mask(const uint8_t *p)
{
    return ig_digit_bits(p) | ig_digit_bits(p + 16) << 16
           | ig_digit_bits(p + 32) << 32 | ig_digit_bits(p + 48) << 48;
}


#if defined(__SSE2__) && defined(__GNUC__)

/* the same, 32 bytes at a time, where the processor can */

#define IG_AVX2  __attribute__((target("avx2,bmi")))

static inline IG_AVX2 uint64_t
ig_digit_half_avx2(const uint8_t *p)
{
    __m256i  v;

    v = _mm256_add_epi8(_mm256_loadu_si256((const __m256i *) p),
                        _mm256_set1_epi8((char) (0x80 - '0')));

    return (uint32_t) _mm256_movemask_epi8(
               _mm256_cmpgt_epi8(_mm256_set1_epi8((char) (-128 + 10)), v));
}


static inline IG_AVX2 uint64_t
ig_digit_mask_avx2(const uint8_t *p)
{
    return ig_digit_half_avx2(p) | ig_digit_half_avx2(p + 32) << 32;
}

#endif


/* the pass itself, over masks made one way or the other */

static inline __attribute__((always_inline)) bool
ig_clusters_by(uint64_t (*digits)(const uint8_t *p),
    const ig_cluster_pass_t *pass, ig_str_t text)
{
    bool                inside;
    size_t              at;
    uint32_t            bit, start;
    uint8_t             tail[64];
    uint64_t            mask, edges;
    const uint8_t      *p;
    ig_cluster_state_t  s;

    s = (ig_cluster_state_t) { pass, text, pass->scratch, true };
    s.c->n = 0;
    s.c->digits = 0;

    inside = false;
    start = 0;

    for (at = 0; at < text.len && s.go_on; at += 64) {

        p = text.data + at;

        if (text.len - at < 64) {
            memset(tail, 0, sizeof(tail));
            memcpy(tail, p, text.len - at);
            p = tail;
        }

        mask = digits(p);

        /* a bit where a group begins or ends */

        edges = mask ^ (mask << 1 | (uint64_t) inside);

        while (edges) {
            bit = (uint32_t) __builtin_ctzll(edges);
            edges &= edges - 1;

            if (inside) {
                ig_cluster_group(&s, start, (uint32_t) at + bit);

            } else {
                start = (uint32_t) at + bit;
            }

            inside = !inside;
        }
    }

    if (inside && s.go_on) {
        ig_cluster_group(&s, start, (uint32_t) text.len);
    }

    ig_cluster_close(&s);

    return s.go_on;
}


#ifdef IG_AVX2

static IG_AVX2 bool
ig_clusters_avx2(const ig_cluster_pass_t *pass, ig_str_t text)
{
    return ig_clusters_by(ig_digit_mask_avx2, pass, text);
}

#endif


bool
ig_clusters(const ig_cluster_pass_t *pass, ig_str_t text)
{
#ifdef IG_AVX2
    if (__builtin_cpu_supports("avx2")) {
        return ig_clusters_avx2(pass, text);
    }
#endif

    return ig_clusters_by(ig_digit_mask, pass, text);
}

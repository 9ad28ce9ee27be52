/*
 * A set of byte strings, found at a place or anywhere in a text; letters of
 * ASCII match in either case.
 *
 * In:       strings when it is made; a text.
 * Out:      numbers of the strings, as they were added.
 * Memory:   owned by the set; none while searching.
 * Failure:  NULL when there is no memory.
 *
 * It serves for context words, and for the anchors of literals when Vectorscan
 * is not there.
 */

#ifndef IG_DETECT_WORDS_H
#define IG_DETECT_WORDS_H

#include <inference_guard/base.h>


typedef struct ig_words_s  ig_words_t;

/*
 * The strings are copied; the same string twice is two numbers.  The bytes in
 * `blanks` are read as spaces, in the strings and in the text.
 */
ig_words_t *ig_words_new(const ig_str_t *strings, size_t n,
    const char *blanks) IG_MUST_CHECK;
void ig_words_free(ig_words_t *w);

/* false ends the search */
typedef bool (*ig_words_pt)(void *data, uint32_t number, size_t start,
    size_t end);

/* every string that begins in [from, to) of the text; false when ended */
bool ig_words_search(const ig_words_t *w, ig_str_t text, size_t from,
    size_t to, ig_words_pt found, void *data);

static inline uint8_t
ig_ascii_lower(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') ? c | 0x20 : c;
}

static inline bool
ig_ascii_alnum(uint8_t c)
{
    return (c >= '0' && c <= '9')
           || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static inline bool
ig_ascii_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

#endif /* IG_DETECT_WORDS_H */

/*
 * The strings are sorted, those of one byte first; of the others, those with
 * the same first two bytes lie together, and a table of all pairs of bytes says
 * where.  A bitmap of the pairs in use (8 KB) keeps the search of ordinary text
 * in the nearest cache.
 */

#include "words.h"

#include <stdlib.h>
#include <string.h>


typedef struct {
    ig_str_t  text;
    uint32_t  number;
} ig_word_t;

struct ig_words_s {
    uint8_t     map[256];              /* how a byte of the text is read */
    size_t      n;
    ig_word_t  *items;
    uint8_t    *bytes;
    uint64_t    pairs[65536 / 64];
    uint32_t    single[256 + 1];
    uint32_t    first[65536 + 1];
};


static int
ig_word_cmp(const void *one, const void *two)
{
    int               rc;
    const ig_word_t  *a = one, *b = two;

    if ((a->text.len == 1) != (b->text.len == 1)) {
        return a->text.len == 1 ? -1 : 1;
    }

    rc = ig_str_cmp(a->text, b->text);

    if (rc != 0) {
        return rc;
    }

    return (a->number > b->number) - (a->number < b->number);
}


static unsigned
ig_words_pair(const ig_words_t *w, const uint8_t *p)
{
    return (unsigned) w->map[p[0]] << 8 | w->map[p[1]];
}


static void
ig_words_index(ig_words_t *w)
{
    size_t    i;
    unsigned  byte, pair, second;

    i = 0;

    for (byte = 0; byte < 256; byte++) {
        w->single[byte] = (uint32_t) i;

        while (i < w->n && w->items[i].text.len == 1
               && w->items[i].text.data[0] == byte)
        {
            for (second = 0; second < 256; second++) {
                ig_bit_set(w->pairs, byte << 8 | second);
            }

            i++;
        }
    }

    w->single[256] = (uint32_t) i;

    for (pair = 0; pair < 65536; pair++) {
        w->first[pair] = (uint32_t) i;

        while (i < w->n && ig_words_pair(w, w->items[i].text.data) == pair) {
            ig_bit_set(w->pairs, pair);
            i++;
        }
    }

    w->first[65536] = (uint32_t) i;
}


ig_words_t *
ig_words_new(const ig_str_t *strings, size_t n, const char *blanks)
{
    size_t       i, k, total;
    uint8_t     *p;
    ig_words_t  *w;

    w = calloc(1, sizeof(ig_words_t));
    if (w == NULL) {
        return NULL;
    }

    for (i = 0; i < 256; i++) {
        w->map[i] = ig_ascii_lower((uint8_t) i);
    }

    for ( /* void */ ; *blanks; blanks++) {
        w->map[(uint8_t) *blanks] = ' ';
    }

    total = 0;

    for (i = 0; i < n; i++) {
        total += strings[i].len;
    }

    w->items = calloc(n + 1, sizeof(ig_word_t));
    w->bytes = malloc(total + 1);

    if (w->items == NULL || w->bytes == NULL) {
        ig_words_free(w);
        return NULL;
    }

    p = w->bytes;

    for (i = 0; i < n; i++) {

        if (strings[i].len == 0) {
            continue;
        }

        w->items[w->n].text = (ig_str_t) { p, strings[i].len };
        w->items[w->n].number = (uint32_t) i;
        w->n++;

        for (k = 0; k < strings[i].len; k++) {
            *p++ = w->map[strings[i].data[k]];
        }
    }

    qsort(w->items, w->n, sizeof(ig_word_t), ig_word_cmp);
    ig_words_index(w);

    return w;
}


void
ig_words_free(ig_words_t *w)
{
    if (w == NULL) {
        return;
    }

    free(w->items);
    free(w->bytes);
    free(w);
}


static bool
ig_word_at(const ig_words_t *w, ig_str_t word, const uint8_t *p)
{
    size_t  i;

    for (i = 0; i < word.len; i++) {
        if (w->map[p[i]] != word.data[i]) {
            return false;
        }
    }

    return true;
}


static bool
ig_words_range(const ig_words_t *w, size_t i, size_t end, ig_str_t text,
    size_t at, ig_words_pt found, void *data)
{
    const ig_word_t  *word;

    for ( /* void */ ; i < end; i++) {
        word = &w->items[i];

        if (word->text.len <= text.len - at
            && ig_word_at(w, word->text, text.data + at)
            && !found(data, word->number, at, at + word->text.len))
        {
            return false;
        }
    }

    return true;
}


bool
ig_words_search(const ig_words_t *w, ig_str_t text, size_t from, size_t to,
    ig_words_pt found, void *data)
{
    size_t    i;
    uint8_t   last[2];
    unsigned  pair, byte;

    if (w->n == 0) {
        return true;
    }

    to = to < text.len ? to : text.len;

    for (i = from; i < to; i++) {

        if (i + 1 < text.len) {
            pair = ig_words_pair(w, text.data + i);

        } else {
            last[0] = text.data[i];
            last[1] = 0;
            pair = ig_words_pair(w, last);
        }

        if (!ig_bit_get(w->pairs, pair)) {
            continue;
        }

        byte = pair >> 8;

        if (!ig_words_range(w, w->single[byte], w->single[byte + 1], text, i,
                            found, data)
            || !ig_words_range(w, w->first[pair], w->first[pair + 1], text, i,
                               found, data))
        {
            return false;
        }
    }

    return true;
}

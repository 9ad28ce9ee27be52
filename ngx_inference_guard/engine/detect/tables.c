/*
 * The tables that a search looks things up in, made once.
 */

#include "detect.h"

#include <stdlib.h>
#include <string.h>


/* a row is listed once for each first digit that fits it */

bool
ig_tables_rows(ig_detect_t *d, ig_row_t *rows, size_t n)
{
    size_t    i, at;
    unsigned  len, digit;

    d->rows = rows;
    d->nrows = n;
    d->row_longest = 0;
    d->row_shortest = UINT32_MAX;
    d->row_list = calloc(n * 10 + 1, sizeof(uint32_t));

    if (d->row_list == NULL) {
        return false;
    }

    at = 0;

    for (len = 0; len <= IG_PATTERN_DIGITS; len++) {
        for (digit = 0; digit < 10; digit++) {

            d->row_first[len][digit] = (uint32_t) at;

            for (i = 0; i < n; i++) {
                if (rows[i].row.len == len
                    && (rows[i].row.classes[0] >> digit & 1))
                {
                    d->row_list[at++] = (uint32_t) i;
                    d->row_longest = len;

                    if (d->row_shortest == UINT32_MAX) {
                        d->row_shortest = len;
                    }
                }
            }
        }

        d->row_first[len][10] = (uint32_t) at;
    }

    return true;
}


static int
ig_number_cmp(const void *one, const void *two)
{
    const uint64_t  *a = one, *b = two;

    return (*a > *b) - (*a < *b);
}


/* asking for less than is needed is never wrong */

static uint8_t
ig_need(uint32_t n)
{
    return n < UINT8_MAX ? (uint8_t) n : UINT8_MAX;
}


static bool
ig_tables_clusters(ig_detect_t *d)
{
    size_t               i, n;
    uint64_t            *keys;
    const ig_matcher_t  *m;

    keys = calloc(d->n + 1, sizeof(uint64_t));
    if (keys == NULL) {
        return false;
    }

    n = 0;

    for (i = 0; i < d->n; i++) {
        if (d->matchers[i].find == IG_FIND_CLUSTER) {
            keys[n++] = (uint64_t) d->matchers[i].digits << 32 | i;
        }
    }

    qsort(keys, n, sizeof(uint64_t), ig_number_cmp);

    for (i = 0; i < n; i++) {
        d->clusters[i] = (uint32_t) keys[i];
        m = &d->matchers[d->clusters[i]];

        d->needs[i].digits = ig_need(m->digits);
        d->needs[i].solid = ig_need(m->solid);
        d->needs[i].dots = ig_need(m->dots);
        d->needs[i].lettered = m->lettered;
    }

    d->nclusters = n;
    free(keys);

    return true;
}


/* what most clusters are turned away by, before any list is looked at */

static void
ig_tables_least(ig_detect_t *d)
{
    size_t            i;
    const ig_need_t  *need;

    d->plain = d->row_shortest;
    d->dots = UINT32_MAX;

    for (i = 0; i < d->nclusters; i++) {
        need = &d->needs[i];

        if (need->dots) {
            d->dots = need->dots < d->dots ? need->dots : d->dots;

        } else if (!need->lettered && need->digits < d->plain) {
            d->plain = need->digits;
        }
    }

    d->digits = d->row_shortest;

    if (d->nclusters && d->needs[0].digits < d->digits) {
        d->digits = d->needs[0].digits;
    }
}


bool
ig_tables_lists(ig_detect_t *d)
{
    size_t  i;

    d->clusters = calloc(d->n + 1, sizeof(uint32_t));
    d->needs = calloc(d->n + 1, sizeof(ig_need_t));
    d->ibans = calloc(d->n + 1, sizeof(uint32_t));
    d->always = calloc(d->n + 1, sizeof(uint32_t));

    if (d->clusters == NULL || d->needs == NULL || d->ibans == NULL
        || d->always == NULL)
    {
        return false;
    }

    for (i = 0; i < d->n; i++) {

        if (d->matchers[i].find == IG_FIND_IBAN) {
            d->ibans[d->nibans++] = (uint32_t) i;
        }

        if (d->matchers[i].find == IG_FIND_ALWAYS) {
            d->always[d->nalways++] = (uint32_t) i;
        }
    }

    if (!ig_tables_clusters(d)) {
        return false;
    }

    ig_tables_least(d);

    return true;
}


static int
ig_entry_cmp(const void *one, const void *two)
{
    int                rc;
    const ig_entry_t  *a = one, *b = two;

    rc = ig_str_cmp(a->text, b->text);

    if (rc != 0) {
        return rc;
    }

    return (a->detector > b->detector) - (a->detector < b->detector);
}


/* sorts; strings[k] is the k-th of different texts; gives their number */

static size_t
ig_entries_unique(ig_entry_t *entries, size_t n, ig_str_t *strings)
{
    size_t  i, k;

    if (n) {
        qsort(entries, n, sizeof(ig_entry_t), ig_entry_cmp);
    }

    k = 0;

    for (i = 0; i < n; i++) {
        if (i == 0 || !ig_str_eq(entries[i].text, entries[i - 1].text)) {
            strings[k++] = entries[i].text;
        }
    }

    return k;
}


bool
ig_tables_literals(ig_detect_t *d, ig_entry_t *entries, size_t n,
    bool vectorscan)
{
    size_t     i, k, unique;
    ig_str_t  *strings;

    strings = calloc(n + 4, sizeof(ig_str_t));
    d->literal_first = calloc(n + 2, sizeof(uint32_t));
    d->literal_detectors = calloc(n + 1, sizeof(uint32_t));

    if (strings == NULL || d->literal_first == NULL
        || d->literal_detectors == NULL)
    {
        free(strings);
        return false;
    }

    unique = ig_entries_unique(entries, n, strings);

    for (i = 0, k = 0; i < n; i++) {

        if (i && !ig_str_eq(entries[i].text, entries[i - 1].text)) {
            d->literal_first[++k] = (uint32_t) i;
        }

        d->literal_detectors[i] = entries[i].detector;
    }

    d->literal_first[unique] = (uint32_t) n;
    d->literal_nested = (uint32_t) unique;

    /*
     * Behind them what an anchor could hide behind: the signs of JSON in JSON,
     * and the escapes of characters that are not seen.
     */

    strings[unique] = IG_STR("\\u");
    strings[unique + 1] = IG_STR("\\/");
    strings[unique + 2] = IG_STR("\\b");
    strings[unique + 3] = IG_STR("\\f");

    d->nliterals = unique + 4;
    d->literals = ig_literals_new(strings, d->nliterals, vectorscan);

    free(strings);

    return d->literals != NULL;
}


bool
ig_tables_words(ig_detect_t *d, ig_entry_t *entries, size_t n)
{
    size_t         i, k;
    ig_str_t      *strings;
    uint32_t       at;
    ig_matcher_t  *m;

    strings = calloc(n + 1, sizeof(ig_str_t));
    d->word_numbers = calloc(n + 1, sizeof(uint32_t));

    if (strings == NULL || d->word_numbers == NULL) {
        free(strings);
        return false;
    }

    d->nwords = ig_entries_unique(entries, n, strings);
    d->words = ig_words_new(strings, d->nwords, "_-\t\n\r");

    free(strings);

    if (d->words == NULL) {
        return false;
    }

    for (i = 0; i < n; i++) {
        d->matchers[entries[i].detector].nwords++;
    }

    at = 0;

    for (i = 0; i < d->n; i++) {
        m = &d->matchers[i];
        m->word = at;
        at += m->nwords;
        m->nwords = 0;
    }

    for (i = 0, k = 0; i < n; i++) {

        k += (i && !ig_str_eq(entries[i].text, entries[i - 1].text));

        m = &d->matchers[entries[i].detector];
        d->word_numbers[m->word + m->nwords++] = (uint32_t) k;
    }

    return true;
}

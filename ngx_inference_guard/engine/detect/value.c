/*
 * What was found, as its validator sees it.  Only a worker that was asked keeps
 * the values, for keyed digests: a row each, which a finding holds as long as
 * it is in the list.
 */

#include "detect.h"

#include <stdlib.h>
#include <string.h>


/* of somebody's text; no value is as long */
#define IG_VALUE_TEXT  1024


ig_str_t
ig_value_normal(const uint8_t *text, size_t len, uint8_t normal[IG_NORMAL_MAX])
{
    size_t   i, n;
    uint8_t  c;

    n = 0;

    for (i = 0; i < len; i++) {
        c = text[i];

        if (!ig_ascii_alnum(c)) {
            continue;
        }

        if (n == IG_NORMAL_MAX) {
            return IG_NO_STR;
        }

        normal[n++] = (c >= 'a') ? (uint8_t) (c & ~0x20) : c;
    }

    return (ig_str_t) { normal, n };
}


bool
ig_detect_keep_values(ig_detect_worker_t *w)
{
    if (w->values == NULL) {
        w->values = calloc(IG_FINDINGS_ROOM, sizeof(ig_value_t));
    }

    return w->values != NULL;
}


uint16_t
ig_value_take(ig_detect_worker_t *w)
{
    uint32_t  row;

    if (w->values == NULL) {
        return 0;
    }

    while (ig_bit_get(w->taken, w->value)) {
        w->value = (w->value + 1) % IG_FINDINGS_ROOM;
    }

    row = w->value;
    ig_bit_set(w->taken, row);
    w->value = (row + 1) % IG_FINDINGS_ROOM;

    return (uint16_t) row;
}


void
ig_value_set(ig_detect_worker_t *w, uint16_t row, ig_str_t normal)
{
    if (w->values == NULL) {
        return;
    }

    w->values[row].len = (uint8_t) normal.len;

    if (normal.len) {
        memcpy(w->values[row].bytes, normal.data, normal.len);
    }
}


void
ig_value_sweep(ig_detect_worker_t *w)
{
    size_t  i;

    if (w->values == NULL) {
        return;
    }

    memset(w->taken, 0, sizeof(w->taken));

    for (i = 0; i < w->nfindings; i++) {
        ig_bit_set(w->taken, w->findings[i].value);
    }

    w->value = 0;
}


void
ig_value_of_text(ig_str_t text, ig_value_t *value)
{
    size_t            n, nmarks;
    uint8_t           normal[IG_NORMAL_MAX];
    uint8_t           folded[IG_VALUE_TEXT + IG_FOLD_STEP];
    ig_str_t          s;
    ig_fold_mark_t    marks[ig_fold_marks(IG_VALUE_TEXT)];
    ig_fold_table_t   table;
    ig_fold_source_t  source;

    value->len = 0;

    if (text.len == 0 || text.len > IG_VALUE_TEXT) {
        return;
    }

    ig_fold_table_init(&table);

    source = (ig_fold_source_t) { text.data, text.data, text.data + text.len,
                                  0, false };
    n = ig_fold_text(&table, source, folded, marks, &nmarks);
    s = ig_value_normal(folded, n, normal);

    value->len = (uint8_t) s.len;

    if (s.len) {
        memcpy(value->bytes, s.data, s.len);
    }
}

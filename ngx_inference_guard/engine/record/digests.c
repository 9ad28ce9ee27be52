/*
 * Keyed digests of a group.  Values are compared before they are digested, so a
 * record costs no more than IG_DIGESTS_RECORD of them however often a value
 * stands in the request.
 */

#include "digests.h"

#include <stdlib.h>


static bool
ig_digests_seen(const ig_value_t **seen, size_t n, const ig_value_t *v)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (seen[i]->len == v->len
            && memcmp(seen[i]->bytes, v->bytes, v->len) == 0)
        {
            return true;
        }
    }

    return false;
}


static int
ig_digests_cmp(const void *one, const void *two)
{
    uint64_t  a = *(const uint64_t *) one, b = *(const uint64_t *) two;

    return (a > b) - (a < b);
}


bool
ig_digests_collect(ig_digests_t *d, ig_keyed_t *k,
    const ig_findings_t *findings, uint32_t detector, ig_country_t owner,
    size_t max)
{
    size_t               i;
    const ig_value_t    *v, *seen[IG_DIGESTS_GROUP];
    const ig_finding_t  *f;

    d->n = 0;
    d->cut = false;

    if (k == NULL || findings->values == NULL) {
        return true;
    }

    for (i = 0; i < findings->n; i++) {
        f = &findings->items[i];

        if (f->detector != detector || f->owner != owner) {
            continue;
        }

        v = &findings->values[f->value];

        if (v->len < IG_KEYED_MIN || ig_digests_seen(seen, d->n, v)) {
            continue;
        }

        if (d->n == max) {
            d->cut = true;
            break;
        }

        if (!ig_keyed_digest(k, v, &d->of[d->n])) {
            return false;
        }

        seen[d->n++] = v;
    }

    /* their order is not that of the text */

    qsort(d->of, d->n, sizeof(uint64_t), ig_digests_cmp);

    return true;
}


void
ig_digests_write(ig_line_t *l, const ig_digests_t *d)
{
    size_t   i;
    uint8_t  hex[IG_KEYED_HEX];

    if (d->n) {
        ig_line_lit(l, ",\"digests\":[");

        for (i = 0; i < d->n; i++) {
            ig_keyed_hex(d->of[i], hex);

            if (i) {
                ig_line_lit(l, ",");
            }

            ig_line_lit(l, "\"");
            ig_line_bytes(l, hex, sizeof(hex));
            ig_line_lit(l, "\"");
        }

        ig_line_lit(l, "]");
    }

    if (d->cut) {
        ig_line_lit(l, ",\"digests_cut\":true");
    }
}

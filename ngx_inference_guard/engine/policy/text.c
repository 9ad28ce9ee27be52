/*
 * Helpers over text: edit distance, safe printing, UTF-8, decimals.
 */

#include "text.h"

#include <string.h>


#define IG_DISTANCE_MAX  64


static unsigned
ig_min(unsigned a, unsigned b)
{
    return a < b ? a : b;
}


/*
 * Optimal string alignment: Damerau, "A technique for computer detection and
 * correction of spelling errors" (1964), without overlapping swaps.
 */

unsigned
ig_text_distance(ig_str_t a, ig_str_t b)
{
    size_t    i, j;
    unsigned  cost, d;
    uint8_t   rows[3][IG_DISTANCE_MAX + 1];
    uint8_t  *before, *last, *now;

    if (a.len > IG_DISTANCE_MAX || b.len > IG_DISTANCE_MAX) {
        return IG_DISTANCE_MAX * 2;
    }

    for (j = 0; j <= b.len; j++) {
        rows[0][j] = (uint8_t) j;
    }

    for (i = 1; i <= a.len; i++) {

        before = rows[(i + 1) % 3];
        last = rows[(i - 1) % 3];
        now = rows[i % 3];
        now[0] = (uint8_t) i;

        for (j = 1; j <= b.len; j++) {

            cost = a.data[i - 1] != b.data[j - 1];
            d = ig_min((unsigned) last[j] + 1, (unsigned) now[j - 1] + 1);
            d = ig_min(d, last[j - 1] + cost);

            if (i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2]
                && a.data[i - 2] == b.data[j - 1])
            {
                d = ig_min(d, (unsigned) before[j - 2] + 1);
            }

            now[j] = (uint8_t) d;
        }
    }

    return rows[a.len % 3][b.len];
}


void
ig_nearest_init(ig_nearest_t *n, ig_str_t wanted)
{
    n->wanted = wanted;
    n->best = IG_NO_STR;

    /* a third of the letters may be wrong, and one always */
    n->distance = (wanted.len > 3 && wanted.len <= IG_DISTANCE_MAX)
                  ? (unsigned) wanted.len / 3 + 1 : 2;
}


void
ig_nearest_offer(ig_nearest_t *n, ig_str_t candidate)
{
    unsigned  d;

    d = ig_text_distance(n->wanted, candidate);

    if (d < n->distance) {
        n->distance = d;
        n->best = candidate;
    }
}


ig_shown_t
ig_text_show(ig_str_t s)
{
    size_t      i, n;
    ig_shown_t  shown;

    n = s.len;

    if (n > 80) {
        n = 77;

        /* not in the middle of a character */
        while (n && (s.data[n] & 0xc0) == 0x80) {
            n--;
        }
    }

    for (i = 0; i < n; i++) {
        shown.text[i] = (s.data[i] < 0x20 || s.data[i] == 0x7f)
                        ? '?' : (char) s.data[i];
    }

    shown.text[n] = '\0';

    if (n < s.len) {
        memcpy(shown.text + n, "...", 4);
    }

    return shown;
}


ig_shown_t
ig_text_lower(ig_str_t s)
{
    char        *p;
    ig_shown_t   shown;

    shown = ig_text_show(s);

    for (p = shown.text; *p; p++) {
        if (*p >= 'A' && *p <= 'Z') {
            *p = (char) (*p | 0x20);
        }
    }

    return shown;
}


size_t
ig_text_utf8(ig_str_t s)
{
    size_t  i, n;

    for (i = 0; i < s.len; i += n) {

        n = ig_str_utf8(s.data + i, s.len - i);
        if (n == 0) {
            return i;
        }
    }

    return s.len;
}


bool
ig_text_is_name(ig_str_t s)
{
    size_t   i;
    uint8_t  c;
    bool     alnum;

    if (s.len == 0 || s.len > 64) {
        return false;
    }

    for (i = 0; i < s.len; i++) {

        c = s.data[i];
        alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
                || (c >= 'a' && c <= 'z');

        if (!alnum && (i == 0 || (c != '.' && c != '_' && c != '-'))) {
            return false;
        }
    }

    return true;
}


bool
ig_text_decimal(ig_str_t s, unsigned digits, uint64_t max, uint64_t *out)
{
    size_t    i;
    bool      point, digit;
    uint64_t  n;
    unsigned  left;

    n = 0;
    left = digits;
    point = false;
    digit = false;

    for (i = 0; i < s.len; i++) {

        if (s.data[i] == '.' && !point && digit) {
            point = true;
            digit = false;
            continue;
        }

        if (s.data[i] < '0' || s.data[i] > '9' || (point && left == 0)
            || n > (UINT64_MAX - 9) / 10)
        {
            return false;
        }

        n = n * 10 + (uint64_t) (s.data[i] - '0');
        left -= point;
        digit = true;
    }

    if (!digit) {
        return false;
    }

    for ( /* void */ ; left; left--) {

        if (n > UINT64_MAX / 10) {
            return false;
        }

        n *= 10;
    }

    *out = n;

    return n <= max;
}

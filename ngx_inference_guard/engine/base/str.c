/*
 * Byte strings.
 */

#include <inference_guard/base.h>

#include <string.h>


static uint8_t
ig_lower(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') ? c | 0x20 : c;
}


bool
ig_str_eq(ig_str_t a, ig_str_t b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}


bool
ig_str_eq_nocase(ig_str_t a, ig_str_t b)
{
    size_t  i;

    if (a.len != b.len) {
        return false;
    }

    for (i = 0; i < a.len; i++) {
        if (ig_lower(a.data[i]) != ig_lower(b.data[i])) {
            return false;
        }
    }

    return true;
}


int
ig_str_cmp(ig_str_t a, ig_str_t b)
{
    int     rc;
    size_t  n;

    n = a.len < b.len ? a.len : b.len;
    rc = n ? memcmp(a.data, b.data, n) : 0;

    if (rc != 0) {
        return rc;
    }

    return (a.len > b.len) - (a.len < b.len);
}


ig_str_t
ig_str_from_c(const char *s)
{
    if (s == NULL) {
        return IG_NO_STR;
    }

    return (ig_str_t) { (const uint8_t *) s, strlen(s) };
}


/*
 * Backtracks to the last star only, so the time is at most the product of both
 * lengths, whatever the pattern.
 */

bool
ig_glob_match(ig_str_t pattern, ig_str_t text)
{
    size_t  p, t, star, mark;
    bool    starred;

    p = 0;
    t = 0;
    star = 0;
    mark = 0;
    starred = false;

    while (t < text.len) {

        if (p < pattern.len && pattern.data[p] == '*') {
            star = p++;
            mark = t;
            starred = true;
            continue;
        }

        if (p < pattern.len && pattern.data[p] == text.data[t]) {
            p++;
            t++;
            continue;
        }

        if (!starred) {
            return false;
        }

        p = star + 1;
        t = ++mark;
    }

    while (p < pattern.len && pattern.data[p] == '*') {
        p++;
    }

    return p == pattern.len;
}


/* well-formed byte sequences: the Unicode standard, table 3-7 */

size_t
ig_str_utf8(const uint8_t *p, size_t left)
{
    size_t   n, i;
    uint8_t  lo, hi;

    lo = 0x80;
    hi = 0xbf;

    if (p[0] < 0x80) {
        return 1;
    }

    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        n = 2;

    } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
        n = 3;
        lo = p[0] == 0xe0 ? 0xa0 : lo;
        hi = p[0] == 0xed ? 0x9f : hi;

    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        n = 4;
        lo = p[0] == 0xf0 ? 0x90 : lo;
        hi = p[0] == 0xf4 ? 0x8f : hi;

    } else {
        return 0;
    }

    if (left < n || p[1] < lo || p[1] > hi) {
        return 0;
    }

    for (i = 2; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) {
            return 0;
        }
    }

    return n;
}

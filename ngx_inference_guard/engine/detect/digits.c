/*
 * From a cluster of digits to candidates.
 *
 * A number may be written in groups, with one separator between two of them.
 * So every unbroken series of whole groups is a candidate, and is looked up by
 * its number of digits and its first digit: a thousand detectors cost a
 * cluster what the few rows at that place cost.
 */

#include "detect.h"

#include <string.h>


static bool
ig_separator(uint8_t c)
{
    return c == ' ' || c == '-' || c == '.' || c == '/';
}


static bool
ig_hex_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'f';
}


/*
 * What may stand between two groups of one number: a single separator; or, with
 * parentheses, up to three characters, as in "+46 (0)8-123".
 */

static bool
ig_separated(const uint8_t *text, uint32_t from, uint32_t to)
{
    bool      parenthesis;
    uint32_t  i;

    if (to - from == 1 && ig_separator(text[from])) {
        return true;
    }

    if (to - from > 3) {
        return false;
    }

    parenthesis = false;

    for (i = from; i < to; i++) {
        if (text[i] == '(' || text[i] == ')') {
            parenthesis = true;

        } else if (!ig_separator(text[i])) {
            return false;
        }
    }

    return parenthesis;
}


/*
 * A token of hexadecimal digits, some of them letters and some not, on the
 * other side of a dash: the number is a piece of a UUID or a hash.
 */

static bool
ig_hex_token(const ig_view_t *v, int64_t at, int step)
{
    uint8_t   c;
    unsigned  letters, digits;

    letters = 0;
    digits = 0;

    for ( /* void */ ; at >= v->low && at < v->high; at += step) {
        c = v->text[at];

        if (ig_ascii_digit(c)) {
            digits++;

        } else if (ig_hex_letter(c)) {
            letters++;

        } else if (ig_ascii_alnum(c)) {
            return false;

        } else {
            break;
        }
    }

    /* "beef-" is a word, "-beef-" may be a piece of a UUID without digits */

    if (letters == 4 && digits == 0) {
        return at >= v->low && at < v->high && v->text[at] == '-';
    }

    return letters && digits && letters + digits >= 4;
}


static bool
ig_touches(const ig_view_t *v, uint32_t at)
{
    return at >= v->low && at < v->high && ig_ascii_alnum(v->text[at]);
}


bool
ig_digits_left_edge(const ig_view_t *v, uint32_t start)
{
    uint8_t  c;

    if (start == v->low) {
        return true;
    }

    c = v->text[start - 1];

    if (ig_ascii_alnum(c)) {

        /* an escape that was not undone, as in "\n2000000006", ends there */

        return start - v->low >= 2 && v->text[start - 2] == '\\'
               && (c == 'n' || c == 't' || c == 'r' || c == 'b' || c == 'f');
    }

    if (start - v->low < 2) {
        return true;
    }

    if (c == '.' && ig_ascii_digit(v->text[start - 2])) {
        return false;
    }

    return c != '-' || !ig_hex_token(v, (int64_t) start - 2, -1);
}


/* ".0", as programs write a whole number that they took for another */

static bool
ig_zero_fraction(const ig_view_t *v, uint32_t at)
{
    return v->text[at + 1] == '0' && !ig_touches(v, at + 2)
           && (at + 3 >= v->high || v->text[at + 2] != '.'
               || !ig_ascii_digit(v->text[at + 3]));
}


bool
ig_digits_right_edge(const ig_view_t *v, uint32_t end)
{
    uint8_t  c;

    if (ig_touches(v, end)) {
        return false;
    }

    if (end + 1 >= v->high) {
        return true;
    }

    c = v->text[end];

    if (c == '.' && ig_ascii_digit(v->text[end + 1])) {
        return ig_zero_fraction(v, end);
    }

    return c != '-' || !ig_hex_token(v, (int64_t) end + 1, 1);
}


static bool
ig_row_fits(const ig_digit_row_t *row, const uint8_t *digits)
{
    unsigned  i;

    for (i = 1; i < row->len; i++) {
        if ((row->classes[i] >> (digits[i] - '0') & 1) == 0) {
            return false;
        }
    }

    return true;
}


/* adds group g to the digits; false when the series ends before it */

static bool
ig_digits_take(const ig_detect_t *d, const uint8_t *text,
    const ig_cluster_t *c, size_t first, size_t g, uint8_t *digits, size_t *n)
{
    size_t             len;
    const ig_group_t  *group;

    group = &c->groups[g];
    len = group->end - group->start;

    if (*n + len > d->row_longest) {
        return false;
    }

    if (g != first
        && !ig_separated(text, c->groups[g - 1].end, group->start))
    {
        return false;
    }

    memcpy(digits + *n, text + group->start, len);
    *n += len;

    return true;
}


bool
ig_digits_wanted(const ig_detect_t *d, const uint8_t *text,
    const ig_cluster_t *c)
{
    size_t           i, k, n;
    uint8_t          digits[IG_PATTERN_DIGITS];
    uint32_t         r, end;
    const ig_row_t  *row;

    if (c->digits < d->row_shortest) {
        return false;
    }

    for (i = 0; i < c->n; i++) {

        n = 0;

        for (k = i; k < c->n; k++) {

            if (!ig_digits_take(d, text, c, i, k, digits, &n)) {
                break;
            }

            r = d->row_first[n][digits[0] - '0'];
            end = d->row_first[n][digits[0] - '0' + 1];

            for ( /* void */ ; r < end; r++) {
                row = &d->rows[d->row_list[r]];

                if (ig_row_fits(&row->row, digits)) {
                    return true;
                }
            }
        }
    }

    return false;
}


static void
ig_digits_candidate(ig_detect_worker_t *w, uint32_t start, uint32_t end,
    ig_str_t digits, bool plus)
{
    uint32_t            r, last;
    const ig_row_t     *row;
    const ig_detect_t  *d;

    d = w->d;
    r = d->row_first[digits.len][digits.data[0] - '0'];
    last = d->row_first[digits.len][digits.data[0] - '0' + 1];

    if (r == last || !ig_digits_right_edge(w->view, end)) {
        return;
    }

    w->answer_stamp++;

    for ( /* void */ ; r < last && w->rc == IG_OK; r++) {

        row = &d->rows[d->row_list[r]];

        if (row->plus == (plus ? IG_PLUS_NONE : IG_PLUS_NEEDED)
            || !ig_row_fits(&row->row, digits.data))
        {
            continue;
        }

        (void) ig_confirm(w, row->detector, start - plus, end, digits);
    }
}


void
ig_digits_rows(ig_detect_worker_t *w, const ig_cluster_t *c)
{
    bool              plus;
    size_t            i, k, n;
    uint8_t           digits[IG_PATTERN_DIGITS];
    uint32_t          start;
    const ig_view_t  *v;

    v = w->view;

    for (i = 0; i < c->n && w->rc == IG_OK; i++) {

        start = c->groups[i].start;

        /* a number with a country code, unless it is a sum */

        plus = start > v->low && v->text[start - 1] == '+'
               && (start - 1 == v->low
                   || !ig_ascii_alnum(v->text[start - 2]));

        if (!ig_digits_left_edge(v, start)) {
            continue;
        }

        n = 0;

        for (k = i; k < c->n && w->rc == IG_OK; k++) {

            if (!ig_digits_take(w->d, v->text, c, i, k, digits, &n)) {
                break;
            }

            ig_digits_candidate(w, start, c->groups[k].end,
                                (ig_str_t) { digits, n }, plus);
        }
    }
}


/*
 * The letters and digits from `start` on, single separators between them, up to
 * `want` of them; gives the end of the last, or 0.
 */

static uint32_t
ig_iban_collect(const ig_view_t *v, uint32_t start, size_t want, uint8_t *iban)
{
    size_t    n;
    uint8_t   c;
    uint32_t  at;

    n = 0;

    for (at = start; at < v->high && n < want; at++) {

        c = v->text[at];

        if (ig_ascii_alnum(c)) {
            iban[n++] = (c >= 'a') ? (uint8_t) (c & ~0x20) : c;
            continue;
        }

        if (!ig_separator(c) || at == start || ig_separator(v->text[at - 1])) {
            return 0;
        }
    }

    return n == want ? at : 0;
}


/* of the country whose two letters stand at p, a separator between or not */

size_t
ig_digits_iban_length(const uint8_t *p)
{
    uint8_t  country[2];

    country[0] = p[0] & (uint8_t) ~0x20;
    country[1] = p[ig_separator(p[1]) ? 2 : 1] & (uint8_t) ~0x20;

    return ig_iban_length(country);
}


void
ig_digits_iban(ig_detect_worker_t *w, uint32_t start)
{
    size_t            i, len;
    uint8_t           iban[IG_NORMAL_MAX];
    uint32_t          end;
    const ig_view_t  *v;

    v = w->view;

    if (!ig_digits_left_edge(v, start)) {
        return;
    }

    len = ig_digits_iban_length(v->text + start);

    if (len == 0) {
        return;
    }

    end = ig_iban_collect(v, start, len, iban);

    if (end == 0 || ig_touches(v, end)) {
        return;
    }

    w->answer_stamp++;

    for (i = 0; i < w->d->nibans && w->rc == IG_OK; i++) {
        if (ig_match_whole(w, w->d->ibans[i], iban, len)) {
            (void) ig_confirm(w, w->d->ibans[i], start, end,
                              (ig_str_t) { iban, len });
        }
    }
}

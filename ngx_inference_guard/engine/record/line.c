/*
 * Bytes of a record's line.
 *
 * Every request pays for this twice, so a string without anything to escape is
 * one loop over a table and one copy, and no number goes through printf().
 */

#include "hex.h"
#include "line.h"


/* bytes of a JSON string that stand for themselves (RFC 8259, section 7) */
static const uint8_t  ig_line_plain[256] = {
    [' '] = 1, ['!'] = 1, ['#' ... '['] = 1, [']' ... '~'] = 1
};


void
ig_line_uint(ig_line_t *l, uint64_t n)
{
    uint8_t   digits[20];
    uint8_t  *p;

    p = digits + sizeof(digits);

    do {
        *--p = (uint8_t) ('0' + n % 10);
        n /= 10;
    } while (n);

    ig_line_bytes(l, p, (size_t) (digits + sizeof(digits) - p));
}


/*
 * The longest start of at most IG_LINE_STRING bytes that does not end inside a
 * character.  Bytes that are no UTF-8 are cut anywhere: they are replaced
 * anyway.
 */

static ig_str_t
ig_line_cut(ig_str_t s)
{
    size_t  n;

    if (s.len <= IG_LINE_STRING) {
        return s;
    }

    n = IG_LINE_STRING;

    while (n > IG_LINE_STRING - 4 && (s.data[n] & 0xc0) == 0x80) {
        n--;
    }

    if ((s.data[n] & 0xc0) == 0x80) {
        n = IG_LINE_STRING;
    }

    s.len = n;

    return s;
}


/*
 * Copies what needs no escape, eight bytes at a time; false when something does:
 * a byte has its high bit set in `bad` when it is below 0x20, a quote, a
 * backslash, or from 0x7f on.  A carry or borrow comes only from a byte that is
 * bad itself, so too much may be reported, but never too little.
 */

#define IG_LINE_EACH(c)  (UINT64_C(0x0101010101010101) * (c))

static bool
ig_line_copy_plain(uint8_t *to, ig_str_t s)
{
    size_t    i;
    uint64_t  w, quote, slash, bad;

    for (i = 0; i + 8 <= s.len; i += 8) {
        memcpy(&w, s.data + i, 8);
        memcpy(to + i, &w, 8);

        quote = w ^ IG_LINE_EACH('"');
        slash = w ^ IG_LINE_EACH('\\');
        bad = w | (w + IG_LINE_EACH(1))
              | ((w - IG_LINE_EACH(0x20)) & ~w)
              | ((quote - IG_LINE_EACH(1)) & ~quote)
              | ((slash - IG_LINE_EACH(1)) & ~slash);

        if (bad & IG_LINE_EACH(0x80)) {
            return false;
        }
    }

    for ( /* void */ ; i < s.len; i++) {
        to[i] = s.data[i];

        if (!ig_line_plain[s.data[i]]) {
            return false;
        }
    }

    return true;
}


void
ig_line_json(ig_line_t *l, ig_str_t s)
{
    ig_buf_t  b;

    s = ig_line_cut(s);

    if ((size_t) (l->end - l->p) < s.len + 2) {
        l->full = true;
        return;
    }

    if (ig_line_copy_plain(l->p + 1, s)) {
        l->p[0] = '"';
        l->p[s.len + 1] = '"';
        l->p += s.len + 2;
        return;
    }

    ig_buf_fixed(&b, l->p, (size_t) (l->end - l->p));
    ig_buf_json(&b, s);

    if (b.failed) {
        l->full = true;
        return;
    }

    l->p += b.len;
}


static uint8_t *
ig_line_digits(uint8_t *p, unsigned n, unsigned width)
{
    unsigned  i;

    for (i = width; i > 0; i--) {
        p[i - 1] = (uint8_t) ('0' + n % 10);
        n /= 10;
    }

    return p + width;
}


/*
 * The civil date of a day number: years begin in March, so that the leap day
 * is the last of its year, and 400 years have 146097 days.
 */

void
ig_line_time(ig_line_t *l, uint64_t time_ms)
{
    uint8_t   text[24];
    uint8_t  *p;
    uint64_t  days;
    unsigned  ms, year, month, era, day_of_era, year_of_era, day;

    ms = (unsigned) (time_ms % 86400000);
    days = time_ms / 86400000 + 719468;      /* since 0000-03-01 */

    if (days > 3652364) {                    /* 9999-12-31 is the last */
        days = 3652364;
    }

    era = (unsigned) (days / 146097);
    day_of_era = (unsigned) (days % 146097);
    year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524
                   - day_of_era / 146096) / 365;
    day = day_of_era - (365 * year_of_era + year_of_era / 4
                        - year_of_era / 100);
    month = (5 * day + 2) / 153;
    day = day - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    year = era * 400 + year_of_era + (month <= 2);

    p = ig_line_digits(text, year, 4);
    *p++ = '-';
    p = ig_line_digits(p, month, 2);
    *p++ = '-';
    p = ig_line_digits(p, day, 2);
    *p++ = 'T';
    p = ig_line_digits(p, ms / 3600000, 2);
    *p++ = ':';
    p = ig_line_digits(p, ms / 60000 % 60, 2);
    *p++ = ':';
    p = ig_line_digits(p, ms / 1000 % 60, 2);
    *p++ = '.';
    p = ig_line_digits(p, ms % 1000, 3);
    *p = 'Z';

    ig_line_bytes(l, text, sizeof(text));
}


void
ig_line_score(ig_line_t *l, unsigned score)
{
    size_t   n;
    uint8_t  text[5];

    if (score >= IG_SCORE_ONE) {
        ig_line_lit(l, "1");
        return;
    }

    text[0] = '0';
    text[1] = '.';
    ig_line_digits(text + 2, score, 3);

    for (n = 5; n > 3 && text[n - 1] == '0'; n--) { /* void */ }

    ig_line_bytes(l, text, n);
}


void
ig_writer_init(ig_writer_t *w, ig_str_t id, ig_hasher_t *h)
{
    memset(w, 0, sizeof(*w));
    w->id = id;
    w->seq = 1;
    w->hasher = h;
}


void
ig_line_begin(ig_line_t *l, const char *type, ig_writer_t *w,
    const ig_record_head_t *head)
{
    uint8_t  prev[2 * IG_HASH_SIZE];

    l->p = l->data;
    l->end = l->data + sizeof(l->data);
    l->full = false;

    ig_line_lit(l, "{\"v\":");
    ig_line_uint(l, IG_RECORD_VERSION);
    ig_line_lit(l, ",\"type\":\"");
    ig_line_bytes(l, type, strlen(type));
    ig_line_lit(l, "\",\"time\":\"");
    ig_line_time(l, head->time_ms);
    ig_line_lit(l, "\",\"writer\":");
    ig_line_json(l, w->id);
    ig_line_lit(l, ",\"seq\":");
    ig_line_uint(l, w->seq);
    ig_line_lit(l, ",\"prev\":\"");
    ig_hex(prev, w->prev, IG_HASH_SIZE);
    ig_line_bytes(l, prev, sizeof(prev));
    ig_line_lit(l, "\",\"id\":");
    ig_line_json(l, head->request_id);
}


/*
 * Every record passes here, whole, once, and is hashed.  A number is used up,
 * and the chain moves on, only by a record that was handed over.
 */

void
ig_line_end(ig_line_t *l, ig_writer_t *w, ig_buf_t *out)
{
    size_t    len;
    uint8_t   hash[IG_HASH_SIZE];
    ig_str_t  line;

    ig_line_lit(l, "}\n");
    len = (size_t) (l->p - l->data);

    line.data = l->data;
    line.len = len - 1;

    if (l->full || len > IG_RECORD_MAX
        || !ig_leaf_hash(w->hasher, line, hash))
    {
        out->failed = true;
        return;
    }

    ig_buf_bytes(out, l->data, len);

    if (!out->failed) {
        memcpy(w->prev, hash, IG_HASH_SIZE);
        w->seq++;
    }
}


void
ig_list_begin(ig_list_t *list, ig_line_t *l, const char *name, size_t cap)
{
    size_t  left, used;

    ig_line_lit(l, ",\"");
    ig_line_bytes(l, name, strlen(name));
    ig_line_lit(l, "\":[");

    used = (size_t) (l->p - l->data);
    left = used < IG_RECORD_MAX - IG_LINE_TAIL
           ? IG_RECORD_MAX - IG_LINE_TAIL - used : 0;

    list->line = l;
    list->name = name;
    list->limit = l->p + (cap < left / 2 ? cap : left / 2);
    list->mark = l->p;
    list->n = 0;
    list->cut = false;
    list->full = l->full;
}


bool
ig_list_keep(ig_list_t *list)
{
    if (list->line->p > list->limit || list->line->full) {
        list->line->p = list->mark;
        list->line->full = list->full;
        list->cut = true;
        return false;
    }

    list->n++;

    return true;
}


void
ig_list_end(ig_list_t *list, size_t total)
{
    ig_line_t  *l = list->line;

    ig_line_lit(l, "]");

    if (list->cut || list->n < total) {
        ig_line_lit(l, ",\"");
        ig_line_bytes(l, list->name, strlen(list->name));
        ig_line_lit(l, "_total\":");
        ig_line_uint(l, total);
    }
}

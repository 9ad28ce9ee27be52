/*
 * Folding, and reading characters through their encodings.
 *
 * Sources: RFC 8259 section 7 (escapes), RFC 3986 section 2.1 and WHATWG URL,
 * application/x-www-form-urlencoded (percent, '+'); Unicode 15, UAX #15 (the
 * compatibility decomposition), UAX #44 (general categories).  The tables are
 * utf8proc's.
 */

#include "fold.h"

#include <string.h>

#include <utf8proc.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif


#define IG_REPLACEMENT   0xfffd


static int
ig_fold_hex(int32_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


/* a byte of what percent-encoding stands for; -1 at the end */

static int
ig_fold_byte(ig_fold_source_t *s)
{
    int      hi, lo;
    uint8_t  c;

    if (s->p == s->end) {
        return -1;
    }

    c = *s->p++;

    if (!s->percent) {
        return c;
    }

    if (c == '+') {
        return ' ';
    }

    if (c == '%' && s->end - s->p >= 2) {
        hi = ig_fold_hex(s->p[0]);
        lo = ig_fold_hex(s->p[1]);

        if (hi >= 0 && lo >= 0) {
            s->p += 2;
            return hi * 16 + lo;
        }
    }

    return c;
}


/* one character of UTF-8 (Unicode, table 3-7) */

static int32_t
ig_fold_utf8(ig_fold_source_t *s)
{
    int             c, n, next;
    int32_t         value;
    const uint8_t  *again;

    c = ig_fold_byte(s);

    if (c < 0x80) {
        return c;
    }

    if (c >= 0xc2 && c <= 0xdf) {
        n = 1;
        value = c & 0x1f;

    } else if (c >= 0xe0 && c <= 0xef) {
        n = 2;
        value = c & 0x0f;

    } else if (c >= 0xf0 && c <= 0xf4) {
        n = 3;
        value = c & 0x07;

    } else {
        return IG_REPLACEMENT;
    }

    again = s->p;

    while (n--) {
        next = ig_fold_byte(s);

        if (next < 0x80 || next > 0xbf) {
            s->p = again;
            return IG_REPLACEMENT;
        }

        value = (value << 6) | (next & 0x3f);
    }

    return value > 0x10ffff ? IG_REPLACEMENT : value;
}


static int32_t ig_fold_read(ig_fold_source_t *s, unsigned level);


static int32_t
ig_fold_four(ig_fold_source_t *s, unsigned level)
{
    int      digit;
    int32_t  value;
    unsigned i;

    value = 0;

    for (i = 0; i < 4; i++) {
        digit = ig_fold_hex(ig_fold_read(s, level));

        if (digit < 0) {
            return -1;
        }

        value = value * 16 + digit;
    }

    return value;
}


/* after "\u" */

static int32_t
ig_fold_unicode(ig_fold_source_t *s, unsigned level)
{
    int32_t         high, low;
    const uint8_t  *again;

    high = ig_fold_four(s, level);

    if (high < 0xd800 || high > 0xdfff) {
        return high;
    }

    again = s->p;

    if (high <= 0xdbff && ig_fold_read(s, level) == '\\'
        && ig_fold_read(s, level) == 'u')
    {
        low = ig_fold_four(s, level);

        if (low >= 0xdc00 && low <= 0xdfff) {
            return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
        }
    }

    s->p = again;

    return IG_REPLACEMENT;
}


/* one character, with the escapes of `level` strings undone; -1 at the end */

static int32_t
ig_fold_read(ig_fold_source_t *s, unsigned level)
{
    int32_t         c;
    const uint8_t  *again;

    if (level == 0) {
        return ig_fold_utf8(s);
    }

    c = ig_fold_read(s, level - 1);

    if (c != '\\') {
        return c;
    }

    again = s->p;
    c = ig_fold_read(s, level - 1);

    switch (c) {

    case '"':
    case '\\':
    case '/':
        return c;

    case 'n':
        return '\n';

    case 't':
        return '\t';

    case 'r':
        return '\r';

    case 'b':
        return '\b';

    case 'f':
        return '\f';

    case 'u':
        c = ig_fold_unicode(s, level - 1);

        if (c >= 0) {
            return c;
        }
    }

    /* no escape after all: the text only looked like JSON in JSON */

    s->p = again;

    return '\\';
}


/*
 * The value of a decimal digit: Unicode keeps each script's ten together and
 * in order, so the place in the unbroken range of digits says it.
 */

static int32_t
ig_fold_digit(int32_t c)
{
    int32_t  first;

    first = c;

    while (c - first < 60
           && utf8proc_category(first - 1) == UTF8PROC_CATEGORY_ND)
    {
        first--;
    }

    return '0' + (c - first) % 10;
}


/* one character that has no decomposition left; 0: nothing to be seen */

static int32_t
ig_fold_plain(int32_t c)
{
    if (c < 0x80) {
        return (c >= 0x20 || c == '\n' || c == '\t' || c == '\r') && c != 0x7f
               ? c : 0;
    }

    if (utf8proc_get_property(c)->ignorable) {
        return 0;
    }

    switch (utf8proc_category(c)) {

    case UTF8PROC_CATEGORY_ND:
        return ig_fold_digit(c);

    case UTF8PROC_CATEGORY_PD:
        return '-';

    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return ' ';

    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_CF:
        return 0;

    case UTF8PROC_CATEGORY_CC:
        return c == 0x85 ? ' ' : 0;

    default:
        break;
    }

    switch (c) {

    case 0x2212:               /* minus sign */
    case 0x2043:               /* hyphen bullet */
        return '-';

    case 0x2044:               /* fraction slash */
    case 0x2215:               /* division slash */
        return '/';

    case 0x3002:               /* ideographic full stop */
    case 0x06d4:               /* Arabic full stop */
        return '.';

    case 0x2800:               /* Braille pattern blank */
        return ' ';
    }

    return c;
}


size_t
ig_fold_char(int32_t c, uint8_t *out)
{
    int                last;
    size_t             n;
    int32_t            plain;
    utf8proc_int32_t   parts[32];
    utf8proc_ssize_t   nparts, i;

    if (c < 0x80) {
        plain = ig_fold_plain(c);
        *out = (uint8_t) plain;
        return plain != 0;
    }

    last = 0;
    nparts = 1;
    parts[0] = c;

    /*
     * Signs that stand before a number, and are no letters of a word: as such
     * they would touch it.
     */

    switch (c) {

    case 0xaa:                 /* feminine and masculine ordinal */
    case 0xba:
    case 0x2116:               /* numero sign */
    case 0x2117:               /* sound recording copyright */
    case 0x2120:               /* service mark */
    case 0x2121:               /* telephone sign */
    case 0x2122:               /* trade mark sign */
        *out = ' ';
        return 1;
    }

    /* syllables of Hangul would fall apart into their letters */

    if (c < 0xac00 || c > 0xd7a3) {
        nparts = utf8proc_decompose_char(c, parts, 32,
                                         UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT,
                                         &last);

        if (nparts < 1 || nparts > 15) {
            nparts = 1;
            parts[0] = c;
        }
    }

    n = 0;

    for (i = 0; i < nparts; i++) {
        plain = ig_fold_plain(parts[i]);

        if (plain) {
            n += (size_t) utf8proc_encode_char(plain, out + n);
        }
    }

    return n;
}


void
ig_fold_table_init(ig_fold_table_t *t)
{
    size_t   n;
    int32_t  c;
    uint8_t  folded[IG_FOLD_STEP], plain[4];

    memset(t, 0, sizeof(ig_fold_table_t));

    for (c = 0x80; c < 0x10000; c++) {

        if (c >= 0xd800 && c <= 0xdfff) {
            continue;
        }

        n = (size_t) utf8proc_encode_char(c, plain);

        if (ig_fold_char(c, folded) == n && memcmp(folded, plain, n) == 0) {
            ig_bit_set(t->same, c);
        }
    }
}


size_t
ig_fold_step(const ig_fold_table_t *t, ig_fold_source_t *s, uint8_t *out)
{
    size_t          n;
    int32_t         c;
    const uint8_t  *from;

    from = s->p;
    c = ig_fold_read(s, s->levels);

    if (c < 0) {
        return 0;
    }

    if (c >= 0x80 && c < 0x10000 && ig_bit_get(t->same, c)) {
        return (size_t) utf8proc_encode_char(c, out);
    }

    n = ig_fold_char(c, out);

    /* a copy longer than its source has no place: leave such forms alone */

    if (n > (size_t) (s->p - from)) {
        n = (size_t) utf8proc_encode_char(c, out);
    }

    if (n > (size_t) (s->p - from)) {
        out[0] = '?';          /* what stands for a single broken byte */
        n = 1;
    }

    return n;
}


/* how many of the next bytes are read as they stand: at most 16, or 0 */

static size_t
ig_fold_run(const ig_fold_source_t *s)
{
#if defined(__SSE2__)
    int      stop;
    __m128i  v;

    if (s->end - s->p < 16) {
        return 0;
    }

    v = _mm_loadu_si128((const __m128i *) s->p);

    /* signed: below a space is a control or not ASCII */

    stop = _mm_movemask_epi8(_mm_or_si128(
               _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)),
               _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f))));

    if (s->levels) {
        stop |= _mm_movemask_epi8(_mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
    }

    if (s->percent) {
        stop |= _mm_movemask_epi8(_mm_or_si128(
                    _mm_cmpeq_epi8(v, _mm_set1_epi8('%')),
                    _mm_cmpeq_epi8(v, _mm_set1_epi8('+'))));
    }

    return stop ? (size_t) __builtin_ctz((unsigned) stop) : 16;
#else
    size_t   n;
    uint8_t  c;

    for (n = 0; n < 16 && n < (size_t) (s->end - s->p); n++) {
        c = s->p[n];

        if (c < 0x20 || c >= 0x7f || (s->levels && c == '\\')
            || (s->percent && (c == '%' || c == '+')))
        {
            break;
        }
    }

    return n;
#endif
}


/*
 * The usual characters that are no run, without the general reader: an escape
 * of two bytes in plain JSON, and UTF-8 that folding leaves as it is.  Gives
 * the number of bytes read, and of those written in *n; or 0.
 */

static size_t
ig_fold_usual(const ig_fold_table_t *t, const ig_fold_source_t *s, uint8_t *out,
    size_t *n)
{
    int32_t         c;
    const uint8_t  *p;

    static const uint8_t  escapes[256] = {
        ['n'] = '\n', ['t'] = '\t', ['r'] = '\r', ['"'] = '"',
        ['\\'] = '\\', ['/'] = '/'
    };

    p = s->p;

    if (s->percent) {
        return 0;
    }

    if (p[0] >= 0x20 && p[0] < 0x7f && (p[0] != '\\' || s->levels == 0)) {
        *out = p[0];
        *n = 1;
        return 1;
    }

    if (s->end - p < 4) {
        return 0;
    }

    if (p[0] == '\\' && s->levels == 1 && escapes[p[1]]) {
        *out = escapes[p[1]];
        *n = 1;
        return 2;
    }

    if (p[0] >= 0xc2 && p[0] <= 0xdf && (p[1] & 0xc0) == 0x80) {
        c = (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
        *n = 2;

    } else if (p[0] >= 0xe1 && p[0] <= 0xef && p[0] != 0xed
               && (p[1] & 0xc0) == 0x80 && (p[2] & 0xc0) == 0x80)
    {
        c = (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        *n = 3;

    } else {
        return 0;
    }

    if (!ig_bit_get(t->same, c)) {
        return 0;
    }

    memcpy(out, p, *n);

    return *n;
}


size_t
ig_fold_text(const ig_fold_table_t *t, ig_fold_source_t s, uint8_t *out,
    ig_fold_mark_t *marks, size_t *nmarks)
{
    size_t  o, n, m, used;

    o = 0;
    m = 0;

    while (s.p < s.end) {

        if (o >= m * IG_FOLD_MARK) {
            marks[m].at = (uint32_t) o;
            marks[m].raw = (uint32_t) (s.p - s.start);
            m++;
        }

        n = ig_fold_run(&s);

        if (n) {
            memcpy(out + o, s.p, n);
            s.p += n;
            o += n;
        }

        if (n == 16) {
            continue;
        }

        used = ig_fold_usual(t, &s, out + o, &n);

        if (used) {
            s.p += used;
            o += n;

        } else {
            o += ig_fold_step(t, &s, out + o);
        }
    }

    *nmarks = m;

    return o;
}


void
ig_fold_back(const ig_fold_table_t *t, ig_fold_source_t s,
    const ig_fold_mark_t *mark, uint32_t at, uint32_t *start, uint32_t *end)
{
    size_t          o, n;
    uint8_t         out[IG_FOLD_STEP];
    const uint8_t  *from;

    s.p = s.start + mark->raw;
    o = mark->at;
    from = s.p;

    while (s.p < s.end) {
        from = s.p;
        n = ig_fold_step(t, &s, out);

        if (o + n > at) {
            break;
        }

        o += n;
    }

    *start = (uint32_t) (from - s.start);
    *end = (uint32_t) (s.p - s.start);
}


size_t
ig_fold_word(ig_str_t word, uint8_t *out, size_t cap)
{
    size_t            n, len;
    int32_t           c;
    uint8_t           step[IG_FOLD_STEP];
    ig_fold_source_t  s;

    s = (ig_fold_source_t) { word.data, word.data, word.data + word.len, 0,
                             false };
    len = 0;

    while (s.p < s.end) {

        c = ig_fold_read(&s, 0);
        c = (c == '_' || c == '-') ? ' ' : utf8proc_tolower(c);
        n = ig_fold_char(c, step);

        if (len + n > cap) {
            return 0;
        }

        memcpy(out + len, step, n);
        len += n;
    }

    return len;
}

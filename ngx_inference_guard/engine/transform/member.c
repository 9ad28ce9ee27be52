/*
 * Members of objects, without a tree.
 */

#include <transform/member.h>

#include <string.h>


static const uint8_t *
ig_member_space(const uint8_t *p, const uint8_t *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) {
        p++;
    }

    return p;
}


/* behind the quote that ends the string whose first byte is at p; or NULL */

static const uint8_t *
ig_member_string(const uint8_t *p, const uint8_t *end)
{
    const uint8_t  *quote, *back;

    for ( /* void */ ; p < end; p = quote + 1) {
        quote = memchr(p, '"', (size_t) (end - p));
        if (quote == NULL) {
            return NULL;
        }

        /* p is behind a quote or at the start: no backslash before it counts */

        for (back = quote; back > p && back[-1] == '\\'; back--) {
            /* void */
        }

        if (((quote - back) & 1) == 0) {
            return quote + 1;
        }
    }

    return NULL;
}


static const uint8_t *
ig_member_skip(const uint8_t *p, const uint8_t *end)
{
    size_t  depth;

    depth = 0;

    for ( /* void */ ; p < end; /* void */ ) {

        switch (*p) {

        case '"':
            p = ig_member_string(p + 1, end);
            if (p == NULL) {
                return NULL;
            }

            break;

        case '{':
        case '[':
            depth++;
            p++;
            continue;

        case '}':
        case ']':
            if (depth == 0) {
                return p;
            }

            depth--;
            p++;
            break;

        case ',':
        case ' ':
        case '\t':
        case '\n':
        case '\r':
            if (depth == 0) {
                return p;
            }

            p++;
            continue;

        default:
            p++;
            continue;
        }

        if (depth == 0) {
            return p;
        }
    }

    return NULL;
}


void
ig_members_init(ig_members_t *m, ig_str_t body, const uint8_t *at)
{
    const uint8_t  *end;

    memset(m, 0, sizeof(ig_members_t));

    m->body = body;
    m->empty = true;

    end = body.data + body.len;
    at = ig_member_space(at, end);

    if (at == end || (*at != '{' && *at != '[')) {
        m->bad = true;
        return;
    }

    m->p = at + 1;
    m->inside = m->p;
}


static bool
ig_members_bad(ig_members_t *m)
{
    m->bad = true;

    return false;
}


static int
ig_member_hex(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


/* an escape behind its backslash; what it stands for, if that matters */

static const uint8_t *
ig_member_escape(const uint8_t *p, const uint8_t *end, uint32_t *code)
{
    int  i, digit;

    *code = 0;

    if (*p != 'u') {
        *code = *p == '/' ? '/' : 1;
        return p + 1;
    }

    if (end - p < 5) {
        return end;
    }

    for (i = 1; i <= 4; i++) {
        digit = ig_member_hex(p[i]);
        *code = *code << 4 | (uint32_t) (digit < 0 ? 0 : digit);
    }

    return p + 5;
}


/* the name between p and end, without its escapes */

static void
ig_members_name(ig_members_t *m, const uint8_t *p, const uint8_t *end)
{
    size_t    n;
    uint32_t  code;

    m->name = IG_NO_STR;

    for (n = 0; p < end; /* void */ ) {

        /* room for three bytes, which is all that a letter with a fold takes */

        if (n + 3 > sizeof(m->plain)) {
            return;
        }

        if (*p != '\\' || p + 1 == end) {
            m->plain[n++] = *p++;
            continue;
        }

        p = ig_member_escape(p + 1, end, &code);

        if (code < 0x80) {
            m->plain[n++] = (uint8_t) code;

        } else if (code < 0x800) {
            m->plain[n++] = (uint8_t) (0xc0 | code >> 6);
            m->plain[n++] = (uint8_t) (0x80 | (code & 0x3f));

        } else {
            m->plain[n++] = (uint8_t) (0xe0 | code >> 12);
            m->plain[n++] = (uint8_t) (0x80 | (code >> 6 & 0x3f));
            m->plain[n++] = (uint8_t) (0x80 | (code & 0x3f));
        }
    }

    m->name = (ig_str_t) { m->plain, n };
}


/* the value that begins at p, and what follows it */

static bool
ig_members_value(ig_members_t *m, const uint8_t *p)
{
    const uint8_t  *end, *q;

    end = m->body.data + m->body.len;
    q = ig_member_skip(p, end);

    if (q == NULL || q == p) {
        return ig_members_bad(m);
    }

    m->value = (ig_str_t) { p, (size_t) (q - p) };
    m->empty = false;

    q = ig_member_space(q, end);

    if (q == end) {
        return ig_members_bad(m);
    }

    m->p = q + (*q == ',');

    return true;
}


bool
ig_elements_next(ig_members_t *m)
{
    const uint8_t  *p, *end;

    if (m->bad) {
        return false;
    }

    end = m->body.data + m->body.len;
    p = ig_member_space(m->p, end);

    if (p == end) {
        return ig_members_bad(m);
    }

    return *p != ']' && ig_members_value(m, p);
}


bool
ig_members_next(ig_members_t *m)
{
    const uint8_t  *p, *q, *end;

    if (m->bad) {
        return false;
    }

    end = m->body.data + m->body.len;
    p = ig_member_space(m->p, end);

    if (p == end) {
        return ig_members_bad(m);
    }

    if (*p == '}') {
        return false;
    }

    if (*p != '"') {
        return ig_members_bad(m);
    }

    q = ig_member_string(p + 1, end);

    if (q == NULL) {
        return ig_members_bad(m);
    }

    ig_members_name(m, p + 1, q - 1);

    p = ig_member_space(q, end);

    if (p == end || *p != ':') {
        return ig_members_bad(m);
    }

    return ig_members_value(m, ig_member_space(p + 1, end));
}


bool
ig_member_is(ig_str_t name, const char *known)
{
    return name.len == strlen(known)
           && memcmp(name.data, known, name.len) == 0;
}


bool
ig_member_folds(ig_str_t name, const char *known)
{
    size_t   i;
    uint8_t  c;

    for (i = 0; i < name.len; known++) {
        c = name.data[i];

        if (c >= 'A' && c <= 'Z') {
            c |= 0x20;
            i++;

        } else if (name.len - i >= 2 && memcmp(name.data + i, "\xc5\xbf", 2)
                   == 0)
        {
            c = 's';           /* U+017F, long s */
            i += 2;

        } else if (name.len - i >= 3 && memcmp(name.data + i, "\xe2\x84\xaa", 3)
                   == 0)
        {
            c = 'k';           /* U+212A, Kelvin */
            i += 3;

        } else {
            i++;
        }

        if (c == '\0' || c != (uint8_t) *known) {
            return false;
        }
    }

    return *known == '\0';
}


bool
ig_token_is(ig_str_t value, const char *word)
{
    return ig_member_is(value, word);
}


/* the power of ten behind a number's digits, as far as it could matter */

static int64_t
ig_token_exponent(const uint8_t *p, const uint8_t *end)
{
    bool     minus;
    int64_t  n;

    if (p == end) {
        return 0;
    }

    p++;
    minus = (p < end && *p == '-');
    p += (p < end && (*p == '-' || *p == '+'));

    for (n = 0; p < end && *p >= '0' && *p <= '9' && n < 1000000; p++) {
        n = n * 10 + (*p - '0');
    }

    return minus ? -n : n;
}


bool
ig_token_count(ig_str_t value, uint64_t *out)
{
    bool            point, rest;
    int64_t         exponent;
    uint64_t        n;
    const uint8_t  *p, *end;

    p = value.data;
    end = p + value.len;

    if (p == end || *p < '0' || *p > '9') {
        return false;
    }

    n = 0;
    exponent = 0;
    point = rest = false;

    for ( /* void */ ; p < end && *p != 'e' && *p != 'E'; p++) {

        if (*p == '.') {
            point = true;
            continue;
        }

        if (*p < '0' || *p > '9') {
            return false;
        }

        if (n > UINT64_MAX / 10 - 10) {
            exponent += !point;        /* it only moves the point */
            rest |= (*p != '0');
            continue;
        }

        n = n * 10 + (uint64_t) (*p - '0');
        exponent -= point;
    }

    if (n == 0) {
        return false;
    }

    exponent += ig_token_exponent(p, end);

    for ( /* void */ ; exponent > 0; exponent--) {
        if (n > UINT64_MAX / 10) {
            *out = UINT64_MAX;
            return true;
        }

        n *= 10;
    }

    for ( /* void */ ; exponent < 0 && n > 0; exponent++) {
        rest |= (n % 10) != 0;
        n /= 10;
    }

    *out = n + (rest && n < UINT64_MAX);

    return true;
}

/*
 * The growing buffer, and JSON strings in it.
 */

#include <inference_guard/base.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>


void
ig_buf_init(ig_buf_t *b, ig_arena_t *a, size_t cap)
{
    b->data = ig_arena_alloc(a, cap);
    b->len = 0;
    b->cap = b->data ? cap : 0;
    b->arena = a;
    b->failed = (b->data == NULL);
}


void
ig_buf_fixed(ig_buf_t *b, void *data, size_t cap)
{
    b->data = data;
    b->len = 0;
    b->cap = cap;
    b->arena = NULL;
    b->failed = false;
}


static uint8_t *
ig_buf_reserve(ig_buf_t *b, size_t len)
{
    size_t    cap;
    uint8_t  *p;

    if (b->failed) {
        return NULL;
    }

    if (b->cap - b->len >= len) {
        return b->data + b->len;
    }

    if (b->arena == NULL || len > SIZE_MAX / 4 || b->cap > SIZE_MAX / 4) {
        b->failed = true;
        return NULL;
    }

    cap = b->cap * 2 > b->len + len ? b->cap * 2 : b->len + len;

    p = ig_arena_alloc(b->arena, cap);
    if (p == NULL) {
        b->failed = true;
        return NULL;
    }

    if (b->len) {
        memcpy(p, b->data, b->len);
    }

    b->data = p;
    b->cap = cap;

    return p + b->len;
}


void
ig_buf_bytes(ig_buf_t *b, const void *data, size_t len)
{
    uint8_t  *p;

    p = ig_buf_reserve(b, len);

    if (p && len) {
        memcpy(p, data, len);
        b->len += len;
    }
}


void
ig_buf_str(ig_buf_t *b, ig_str_t s)
{
    ig_buf_bytes(b, s.data, s.len);
}


void
ig_buf_char(ig_buf_t *b, uint8_t c)
{
    ig_buf_bytes(b, &c, 1);
}


void
ig_buf_uint(ig_buf_t *b, uint64_t n)
{
    uint8_t   digits[20];
    uint8_t  *p;

    p = digits + sizeof(digits);

    do {
        *--p = (uint8_t) ('0' + n % 10);
        n /= 10;
    } while (n);

    ig_buf_bytes(b, p, (size_t) (digits + sizeof(digits) - p));
}


void
ig_buf_printf(ig_buf_t *b, const char *fmt, ...)
{
    int       n;
    char      small[256];
    va_list   args;
    uint8_t  *p;

    va_start(args, fmt);
    n = vsnprintf(small, sizeof(small), fmt, args);
    va_end(args);

    if (n < 0) {
        b->failed = true;
        return;
    }

    if ((size_t) n < sizeof(small)) {
        ig_buf_bytes(b, small, (size_t) n);
        return;
    }

    /* the byte more is vsnprintf()'s NUL, which is not kept */

    p = ig_buf_reserve(b, (size_t) n + 1);
    if (p == NULL) {
        return;
    }

    va_start(args, fmt);
    (void) vsnprintf((char *) p, (size_t) n + 1, fmt, args);
    va_end(args);

    b->len += (size_t) n;
}


void
ig_buf_json(ig_buf_t *b, ig_str_t s)
{
    size_t          i, plain, n;
    uint8_t         c, u[6];
    static uint8_t  hex[] = "0123456789abcdef";

    ig_buf_char(b, '"');

    plain = 0;

    for (i = 0; i < s.len; i += n) {

        c = s.data[i];
        n = 1;

        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            continue;
        }

        if (c >= 0x80) {
            n = ig_str_utf8(s.data + i, s.len - i);

            if (n) {
                continue;
            }

            n = 1;
        }

        ig_buf_bytes(b, s.data + plain, i - plain);
        plain = i + n;

        if (c >= 0x80) {
            ig_buf_lit(b, "\xef\xbf\xbd");
            continue;
        }

        switch (c) {

        case '"':
            ig_buf_lit(b, "\\\"");
            break;

        case '\\':
            ig_buf_lit(b, "\\\\");
            break;

        case '\n':
            ig_buf_lit(b, "\\n");
            break;

        default:
            memcpy(u, "\\u00", 4);
            u[4] = hex[c >> 4];
            u[5] = hex[c & 15];
            ig_buf_bytes(b, u, 6);
        }
    }

    ig_buf_bytes(b, s.data + plain, s.len - plain);
    ig_buf_char(b, '"');
}

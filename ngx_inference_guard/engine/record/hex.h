/* Hexadecimal digits, lower case: how bytes are written in records. */

#ifndef IG_RECORD_HEX_H
#define IG_RECORD_HEX_H

#include <inference_guard/base.h>


/* 2 * n bytes at `to` */
static inline void
ig_hex(uint8_t *to, const uint8_t *data, size_t n)
{
    size_t                i;
    static const uint8_t  digits[] = "0123456789abcdef";

    for (i = 0; i < n; i++) {
        to[2 * i] = digits[data[i] >> 4];
        to[2 * i + 1] = digits[data[i] & 0xf];
    }
}


/* 2 * n digits at `text`; false when one is none */
static inline bool
ig_unhex(uint8_t *to, const uint8_t *text, size_t n)
{
    size_t   i;
    uint8_t  c, v;

    for (i = 0; i < 2 * n; i++) {
        c = text[i];

        if (c >= '0' && c <= '9') {
            v = (uint8_t) (c - '0');

        } else if (c >= 'a' && c <= 'f') {
            v = (uint8_t) (c - 'a' + 10);

        } else {
            return false;
        }

        to[i / 2] = (uint8_t) (i & 1 ? to[i / 2] << 4 | v : v);
    }

    return true;
}

#endif /* IG_RECORD_HEX_H */

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
    size_t                i;
    uint8_t               high, low, bad;
    /* a digit's value and one bit more: zero is none */
    static const uint8_t  values[256] = {
        ['0'] = 0x10, ['1'] = 0x11, ['2'] = 0x12, ['3'] = 0x13, ['4'] = 0x14,
        ['5'] = 0x15, ['6'] = 0x16, ['7'] = 0x17, ['8'] = 0x18, ['9'] = 0x19,
        ['a'] = 0x1a, ['b'] = 0x1b, ['c'] = 0x1c, ['d'] = 0x1d, ['e'] = 0x1e,
        ['f'] = 0x1f
    };

    bad = 0x10;

    for (i = 0; i < n; i++) {
        high = values[text[2 * i]];
        low = values[text[2 * i + 1]];
        bad &= high & low;
        to[i] = (uint8_t) (high << 4 | (low & 0xf));
    }

    return bad != 0;
}

#endif /* IG_RECORD_HEX_H */

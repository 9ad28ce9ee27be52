/*
 * Whole numbers in other words: 2000000006.0, 2.000000006e9, 20000000060E-1.  A
 * server that reads a number may write it again as it likes: its value counts.
 */

#include "number.h"
#include "words.h"

#include <string.h>


/* a point this far away is in no identifier */
#define IG_POINT_MAX           10000


typedef struct {
    uint8_t  digits[IG_NUMBER_MAX];   /* from the first that is not zero */
    size_t   n;                       /* to the last that is not */
    size_t   zeros;                   /* behind them, so far */
    int32_t  point;                   /* digits before it */
} ig_number_t;


/* false: more digits count than there is room for */

static bool
ig_number_digit(ig_number_t *v, uint8_t c, bool fraction)
{
    if (v->n == 0 && c == '0') {
        v->point -= fraction;
        return true;
    }

    v->point += !fraction;

    if (c == '0') {
        v->zeros++;
        return true;
    }

    if (v->n + v->zeros >= IG_NUMBER_MAX) {
        return false;
    }

    memset(v->digits + v->n, '0', v->zeros);
    v->n += v->zeros;
    v->zeros = 0;
    v->digits[v->n++] = c;

    return true;
}


/* a sign and digits; IG_POINT_MAX and all that is more are alike */

static int32_t
ig_number_exponent(const uint8_t *p, const uint8_t *end)
{
    bool     minus;
    int32_t  value;

    minus = (*p == '-');
    p += (*p == '-' || *p == '+');

    for (value = 0; p < end && value < IG_POINT_MAX; p++) {
        value = value * 10 + (*p - '0');
    }

    return minus ? -value : value;
}


size_t
ig_number_whole(const uint8_t *p, size_t len, uint8_t out[IG_NUMBER_MAX])
{
    bool            fraction, plain;
    ig_number_t     v;
    const uint8_t  *end;

    if (len > IG_NUMBER_TOKEN) {
        return 0;
    }

    v.n = 0;
    v.zeros = 0;
    v.point = 0;
    fraction = false;
    plain = true;
    end = p + len;

    for (p += (*p == '-'); p < end; p++) {

        if (*p == '.') {
            fraction = true;
            plain = false;

        } else if (!ig_ascii_digit(*p)) {
            v.point += ig_number_exponent(p + 1, end);
            plain = false;
            break;

        } else if (!ig_number_digit(&v, *p, fraction)) {
            return 0;
        }
    }

    if (plain || v.n == 0 || v.point < (int32_t) v.n
        || v.point > IG_NUMBER_MAX)
    {
        return 0;
    }

    memset(out, '0', (size_t) v.point);
    memcpy(out, v.digits, v.n);

    return (size_t) v.point;
}

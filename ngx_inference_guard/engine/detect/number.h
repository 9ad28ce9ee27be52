/*
 * The value of a JSON number that is written with a point or an exponent.
 *
 * In:       a token that ig_read() has accepted.
 * Out:      the digits of its value, when that is a whole number; none for any
 *           other, for one that is plain digits already, and for one too long
 *           to be an identifier.
 * Memory:   the caller's.
 * Failure:  none.
 */

#ifndef IG_DETECT_NUMBER_H
#define IG_DETECT_NUMBER_H

#include <inference_guard/base.h>


#define IG_NUMBER_MAX          40         /* digits of a value */
#define IG_NUMBER_TOKEN        512        /* bytes of a token */

size_t ig_number_whole(const uint8_t *p, size_t len,
    uint8_t out[IG_NUMBER_MAX]);

#endif /* IG_DETECT_NUMBER_H */

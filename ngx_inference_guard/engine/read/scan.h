/*
 * The bytes of one JSON string, checked in a single pass.
 *
 * In:       the byte after the opening quote.
 * Out:      the closing quote, and which IG_SPAN_ESCAPED / IG_SPAN_FOLD hold.
 * Memory:   none.  Nothing outside base … end is read.
 * Failure:  NULL, with reason and place: a control character, an escape that
 *           RFC 8259 does not know, an unpaired surrogate, UTF-8 that is not
 *           well-formed, or the end of the body.
 */

#ifndef IG_READ_SCAN_H
#define IG_READ_SCAN_H

#include <inference_guard/request.h>


typedef struct {
    const uint8_t  *base;
    const uint8_t  *end;
    unsigned        flags;
    ig_reason_t     reason;
    const uint8_t  *at;
} ig_scan_t;

const uint8_t *ig_scan_string(ig_scan_t *s, const uint8_t *p);


/*
 * UTF-8 byte by byte (Unicode 15, table 3-7), for what is not in a hurry.
 * `state` begins as 0 and is 0 again between characters; false: ill-formed.
 */
bool ig_utf8_step(uint32_t *state, uint8_t c);
bool ig_utf8_valid(ig_str_t s);


/*
 * The bytes that a string stands for, one at a time, up to its closing quote.
 * Only for strings that ig_scan_string() accepted.
 */
typedef struct {
    const uint8_t  *p;
    uint8_t         bytes[4];
    unsigned        n;
    unsigned        i;
} ig_unescape_t;

void ig_unescape_init(ig_unescape_t *u, const uint8_t *p);
int ig_unescape_next(ig_unescape_t *u);                /* -1: the quote */

/* at most `size` bytes into `out`; the whole length, or size + 1 if longer */
size_t ig_unescape(const uint8_t *p, uint8_t *out, size_t size);

#endif /* IG_READ_SCAN_H */

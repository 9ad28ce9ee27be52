/*
 * Small helpers over text: what makes a mistake easy to mend.
 *
 * In:       names and bytes.     Out: answers by value.
 * Memory:   none, or as said.    Failure: none.
 */

#ifndef IG_POLICY_TEXT_H
#define IG_POLICY_TEXT_H

#include <inference_guard/mistake.h>


/*
 * How many letters have to be inserted, removed, replaced or swapped with
 * their neighbor to make one of the other; large for texts over 64 bytes.
 */
unsigned ig_text_distance(ig_str_t a, ig_str_t b);

/* the nearest of several candidates, offered one by one */
typedef struct {
    ig_str_t  wanted;
    ig_str_t  best;            /* empty: none is near */
    unsigned  distance;
} ig_nearest_t;

void ig_nearest_init(ig_nearest_t *n, ig_str_t wanted);
void ig_nearest_offer(ig_nearest_t *n, ig_str_t candidate);

/*
 * Bytes of a file that can be printed safely in a message: control characters
 * become '?', long texts are cut.
 */
typedef struct {
    char  text[84];
} ig_shown_t;

ig_shown_t ig_text_show(ig_str_t s);
ig_shown_t ig_text_lower(ig_str_t s);              /* ASCII letters */

/* offset of the first byte that is not UTF-8, or s.len */
size_t ig_text_utf8(ig_str_t s);

/* [A-Za-z0-9][A-Za-z0-9._-]*, at most 64 bytes */
bool ig_text_is_name(ig_str_t s);

/*
 * A decimal without sign or exponent, as a number of units of 10^-digits.
 * False when it is none, has more digits after the point, or exceeds max.
 */
bool ig_text_decimal(ig_str_t s, unsigned digits, uint64_t max, uint64_t *out);

#endif /* IG_POLICY_TEXT_H */

/*
 * What a pattern says about the text it can match, before any text is seen.
 *
 * In:       a pattern that PCRE2 has accepted.
 * Out:      lower bounds (length, digits, dots), a literal that every match
 *           holds, the characters a match can hold, and, for a pattern of
 *           digits alone, its rows of digit classes.
 * Memory:   none is kept.
 * Failure:  none: what is not understood makes every bound weaker, never
 *           wrong (`unsure`).
 */

#ifndef IG_DETECT_PATTERN_H
#define IG_DETECT_PATTERN_H

#include <inference_guard/base.h>


#define IG_PATTERN_DIGITS    32       /* the longest row of digit classes */
#define IG_PATTERN_ROWS      64       /* rows of one pattern */
#define IG_PATTERN_LITERAL   32
#define IG_PATTERN_ENDLESS   UINT32_MAX

typedef struct {
    uint8_t   len;
    uint16_t  classes[IG_PATTERN_DIGITS];     /* bit n: the digit n fits */
} ig_digit_row_t;

typedef enum {
    IG_PLUS_NONE,
    IG_PLUS_OPTIONAL,
    IG_PLUS_NEEDED
} ig_plus_t;

typedef struct {
    bool            unsure;      /* has what this reader does not follow */
    bool            anchored;    /* has ^ or $ or one of their kind */
    size_t          anchored_at;
    bool            look;        /* has an assertion other than \b */
    uint32_t        min;         /* bytes of a match; max may be ENDLESS */
    uint32_t        max;
    uint64_t        chars[4];    /* bytes that a match can hold */

    bool            compact;     /* nothing but digits and what may stand
                                    between the groups of one run */
    uint32_t        digits;      /* the most that surely stand in one run */
    uint32_t        solid;       /* the most that surely stand side by side */
    uint32_t        dots;        /* that surely stand in it; 0 if not compact */
    bool            lettered;    /* and a run of so many touches a letter */

    uint8_t         literal[IG_PATTERN_LITERAL];   /* in every match, as */
    size_t          nliteral;                      /* lower case; 0: none */

    bool            digits_only;
    ig_plus_t       plus;
    size_t          nrows;
    ig_digit_row_t  rows[IG_PATTERN_ROWS];
} ig_pattern_t;

/* false when there is no memory */
bool ig_pattern_read(ig_str_t pattern, ig_pattern_t *out) IG_MUST_CHECK;

/* may stand between two groups of digits of one run, as clusters see it */
bool ig_pattern_loose(uint8_t c);

#endif /* IG_DETECT_PATTERN_H */

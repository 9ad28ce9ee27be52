/*
 * How much text there is, by classes that tokenizers treat differently: what
 * the estimator of tokens stands on when a provider does not say (and before
 * it can say).
 *
 * In:       bytes of text in UTF-8, in any pieces; or the inside of a JSON
 *           string as it stands, with its escapes.
 * Out:      the counts go up.  A piece may end anywhere, in a character too:
 *           a character is counted by its first byte, and the bytes after it
 *           count as IG_TEXT_TAIL.
 * Memory:   none.
 * Failure:  none.  Bytes that are no UTF-8 are counted by what they look like.
 */

#ifndef INFERENCE_GUARD_TEXT_COUNTS_H
#define INFERENCE_GUARD_TEXT_COUNTS_H

#include <inference_guard/base.h>


/*
 * A class is told from one byte: the first of a character.  So scripts that
 * share a first byte share a class (Unicode, blocks; UTF-8: RFC 3629).
 */
typedef enum {
    IG_TEXT_LOWER,       /* a-z */
    IG_TEXT_UPPER,       /* A-Z */
    IG_TEXT_DIGIT,       /* 0-9 */
    IG_TEXT_SPACE,       /* space and controls: 00-20, 7f */
    IG_TEXT_PUNCT,       /* all other ASCII */
    IG_TEXT_LATIN,       /* c0-cb: U+0080-02FF, Latin with marks, IPA */
    IG_TEXT_GREEK,       /* cc-d4: U+0300-053F, combining marks, Greek and
                            Cyrillic, a part of Armenian */
    IG_TEXT_SEMITIC,     /* d5-df: U+0540-07FF, the rest of Armenian, Hebrew,
                            Arabic, Syriac, Thaana, NKo */
    IG_TEXT_INDIC,       /* e0-e1: U+0800-1FFF, Devanagari to Sinhala, Thai,
                            Lao, Tibetan, Georgian, Ethiopic, Khmer; also
                            Vietnamese letters and polytonic Greek (U+1E00) */
    IG_TEXT_SYMBOL,      /* e2: U+2000-2FFF, dashes, quotes, arrows, maths */
    IG_TEXT_CJK,         /* e3-e9, ef: kana, Han; full-width forms */
    IG_TEXT_HANGUL,      /* ea-ee: U+A000-EFFF, Yi, Hangul; private use */
    IG_TEXT_FOUR,        /* f0-ff: above U+FFFF, emoji, rare Han */
    IG_TEXT_TAIL,        /* 80-bf: a byte inside a character; weighs nothing */
    IG_TEXT_CLASSES
} ig_text_class_t;

/* characters of each class; the sum is the bytes of plain text */
typedef struct {
    uint64_t  n[IG_TEXT_CLASSES];
} ig_text_counts_t;


void ig_text_count(ig_text_counts_t *c, ig_str_t text);

/*
 * The inside of a JSON string: an escape is counted as the character that it
 * stands for, without tail bytes.  A piece that is cut inside an escape counts
 * the rest as letters and digits: an error of a few characters a cut.
 */
void ig_text_count_json(ig_text_counts_t *c, ig_str_t raw);

/*
 * One character by its code, for who has undone an escape already.  Of a
 * surrogate pair the first counts and the second does not.
 */
void ig_text_count_char(ig_text_counts_t *c, uint32_t code);

/* adds b to a */
void ig_text_counts_add(ig_text_counts_t *a, const ig_text_counts_t *b);

#endif /* INFERENCE_GUARD_TEXT_COUNTS_H */

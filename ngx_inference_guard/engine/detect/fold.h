/*
 * Text as a reader would see it.
 *
 * In:       a range of raw bytes of a block, and how it is encoded: how often
 *           JSON's escapes are to be undone, percent-encoding.
 * Out:      a folded copy: one script of digits, plain spaces and dashes,
 *           full-width and other compatibility forms as their plain ones,
 *           nothing invisible, letters without their marks; and the way back
 *           from a place in the copy to the raw bytes.
 * Memory:   the caller's: the copy is never longer than the raw range.
 * Failure:  none: what is no UTF-8 is read as U+FFFD.
 *
 * A step reads one character from a raw position and needs nothing else, so the
 * way back is a mark for every 64 bytes of the copy and a walk from there.
 */

#ifndef IG_DETECT_FOLD_H
#define IG_DETECT_FOLD_H

#include <inference_guard/base.h>


#define IG_FOLD_MARK           64
#define IG_FOLD_LEVELS         4      /* of JSON in JSON */
#define IG_FOLD_STEP           64     /* bytes that one step writes, at most */

/* which characters of the basic plane fold to themselves; made once */
typedef struct {
    uint64_t  same[65536 / 64];
} ig_fold_table_t;

void ig_fold_table_init(ig_fold_table_t *t);

typedef struct {
    const uint8_t  *start;           /* of the block: places count from here */
    const uint8_t  *p;
    const uint8_t  *end;
    unsigned        levels;
    bool            percent;
} ig_fold_source_t;

typedef struct {
    uint32_t  at;                    /* in the copy */
    uint32_t  raw;                   /* in the block */
} ig_fold_mark_t;

#define ig_fold_marks(len)  ((len) / IG_FOLD_MARK + 2)

/* reads one character; out has room for IG_FOLD_STEP; gives bytes written */
size_t ig_fold_step(const ig_fold_table_t *t, ig_fold_source_t *s,
    uint8_t *out);

/*
 * The whole source.  `out` has room for its raw length and IG_FOLD_STEP more;
 * marks for ig_fold_marks() of it.  Gives the length of the copy.
 */
size_t ig_fold_text(const ig_fold_table_t *t, ig_fold_source_t s,
    uint8_t *out, ig_fold_mark_t *marks, size_t *nmarks);

/* the raw range of the character that wrote byte `at` of the copy */
void ig_fold_back(const ig_fold_table_t *t, ig_fold_source_t s,
    const ig_fold_mark_t *mark, uint32_t at, uint32_t *start, uint32_t *end);

/* UTF-8 of one character, folded, for context words; gives bytes written */
size_t ig_fold_char(int32_t c, uint8_t *out);

/* a UTF-8 text of configuration, folded, lower case, '_' and '-' as ' ' */
size_t ig_fold_word(ig_str_t word, uint8_t *out, size_t cap);

#endif /* IG_DETECT_FOLD_H */

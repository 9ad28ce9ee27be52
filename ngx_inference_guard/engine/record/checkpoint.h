/*
 * A checkpoint's line, read back.
 *
 * In:       the bytes of a line without its newline.
 * Out:      its fields; strings are spans of the line.
 * Memory:   the struct, one for all lines.
 * Failure:  false: it is no checkpoint.  The signature is not looked at here.
 */

#ifndef IG_RECORD_CHECKPOINT_H
#define IG_RECORD_CHECKPOINT_H

#include <inference_guard/chain.h>


/* more do not fit in a line, as each has a name, numbers and a head */
#define IG_CHECKPOINT_PARSED  600

typedef struct {
    ig_str_t      text;                  /* what is signed */
    ig_str_t      time;
    ig_str_t      node;
    ig_str_t      policy;
    uint64_t      number;
    uint8_t       prev[IG_HASH_SIZE];
    uint8_t       key[IG_KEY_ID_SIZE];
    uint8_t       next_key[IG_KEY_SIZE];
    bool          has_next_key;
    uint8_t       signature[IG_SIGNATURE_SIZE];
    size_t        nwriters;
    ig_sealed_t   writers[IG_CHECKPOINT_PARSED];   /* in ascending order */
} ig_checkpoint_line_t;

bool ig_checkpoint_is(ig_str_t line);    /* by its first bytes */
bool ig_checkpoint_parse(ig_checkpoint_line_t *l, ig_str_t line);

#endif /* IG_RECORD_CHECKPOINT_H */

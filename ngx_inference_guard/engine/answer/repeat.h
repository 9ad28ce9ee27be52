/*
 * Documents of one stream repeat one another but for a few values: the text,
 * perhaps a number or a time.  The last document is kept without them, and a
 * document that is the same around them is compared, not walked.
 *
 * In:       bytes of a document in any pieces, then its end.
 * Out:      the calls of the walk, as if every document were walked, but that
 *           of a repetition (see ig_repeat_end) the calls for what is kept are
 *           left out: the document before has made the very same ones.
 * Memory:   none but the ig_repeat_t.
 * Failure:  none.  What is no repetition is walked from its first byte, out of
 *           what is kept up to the byte where it differs.
 *
 * Who makes the calls has the same result with and without those left out, if
 *
 * - constants are taken so that twice in a row is as good as once: the last, the
 *   largest, or any of them;
 * - text, and values of IG_TAKE_FREE, give the same in any order among all calls
 *   of a document, and null for such a value is nothing.
 *
 * The calls for text are never left out.
 */

#ifndef IG_ANSWER_REPEAT_H
#define IG_ANSWER_REPEAT_H

#include <answer/walk.h>


#define IG_REPEAT_BYTES   1024     /* what is kept of a document, at most */
#define IG_REPEAT_HOLES   12       /* values left out of it, at most */
#define IG_REPEAT_MISSES  8        /* so often none repeats the one before: */
#define IG_REPEAT_REST    120      /* so many are only walked */

typedef enum {
    IG_REPEAT_LEARN,           /* walked, and kept */
    IG_REPEAT_MATCH,           /* compared */
    IG_REPEAT_WALK             /* walked, and not kept */
} ig_repeat_mode_t;

typedef struct {
    size_t                 at;         /* kept bytes before it */
    bool                   string;     /* its quote is kept before it, but not
                                          the one at its end */
    const ig_walk_node_t  *node;
} ig_repeat_hole_t;

typedef struct {
    ig_repeat_mode_t  mode;
    unsigned          misses;          /* in a row */
    unsigned          rest;            /* documents in IG_REPEAT_WALK to come */
    bool              unfit;           /* the document cannot be kept */
    bool              differs;         /* ... from the one before, at pos */
    bool              in;              /* in a hole: the walk has its state */
    uint64_t          vary;            /* a bit for each of the first values
                                          that was seen to be another one */
    size_t            pos;             /* kept bytes that were met again */
    size_t            nth;             /* holes passed */
    size_t            begun;           /* where the value last kept begins */
    size_t            len;
    size_t            holes;
    ig_repeat_hole_t  hole[IG_REPEAT_HOLES];
    uint8_t           bytes[IG_REPEAT_BYTES];
} ig_repeat_t;

void ig_repeat_init(ig_repeat_t *r);
void ig_repeat_feed(ig_repeat_t *r, ig_walk_t *w, ig_str_t piece);

/*
 * The document has ended, for the walk too.  True: it was a repetition of the
 * one before.
 */
bool ig_repeat_end(ig_repeat_t *r, ig_walk_t *w);

/* makes the calls that are left out so far; the rest of the document is walked */
void ig_repeat_settle(ig_repeat_t *r, ig_walk_t *w);

#endif /* IG_ANSWER_REPEAT_H */

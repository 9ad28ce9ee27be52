/*
 * A tolerant walk over JSON that comes in pieces.
 *
 * In:       a tree of the keys that matter, and the document's bytes in any
 *           pieces.
 * Out:      calls for the values at those keys.  Arrays are looked through: an
 *           element stands where its array stands.
 * Memory:   none but the ig_walk_t.
 * Failure:  none.  What is not JSON is walked over somehow; what is not in the
 *           tree is skipped, however deep, by counting brackets.  A key twice
 *           is seen twice.
 */

#ifndef IG_ANSWER_WALK_H
#define IG_ANSWER_WALK_H

#include <inference_guard/answer.h>


#define IG_WALK_DEPTH  16          /* deeper arrays in the tree are skipped */
#define IG_WALK_TOKEN  IG_ANSWER_NAME_MAX

/* what is wanted of a value */
#define IG_TAKE_VALUE  0x01        /* strings, numbers, words: value() */
#define IG_TAKE_TEXT   0x02        /* strings: text(), character() */
#define IG_TAKE_ALL    0x04        /* with TEXT: objects and arrays too, as they
                                      stand */
#define IG_TAKE_SHAPE  0x08        /* shape() */
#define IG_TAKE_FREE   0x10        /* with VALUE: see repeat.h */

typedef struct ig_walk_node_s  ig_walk_node_t;

struct ig_walk_node_s {
    ig_str_t               key;        /* empty: the end of a list */
    unsigned               take;
    unsigned               field;      /* the caller's own */
    const ig_walk_node_t  *children;   /* NULL: objects are skipped */
};

typedef enum {
    IG_SHAPE_OBJECT,
    IG_SHAPE_ARRAY,
    IG_SHAPE_ELEMENT           /* of the array at this node */
} ig_shape_t;

typedef struct {

    /* a string without escapes, or a bare token; too long ones are left out */
    void  (*value)(void *ctx, unsigned field, bool string, ig_str_t token);
    void  (*shape)(void *ctx, unsigned field, ig_shape_t shape);
    void  (*text)(void *ctx, ig_str_t plain);
    void  (*character)(void *ctx, uint32_t code);
} ig_walk_calls_t;

typedef enum {
    IG_WALK_NEXT,              /* between tokens */
    IG_WALK_KEY,
    IG_WALK_STRING,
    IG_WALK_SCALAR,
    IG_WALK_SKIP,              /* in a container that does not matter */
    IG_WALK_SKIP_STRING
} ig_walk_state_t;

typedef struct {
    const ig_walk_node_t  *node;
    bool                   object;
} ig_walk_level_t;

typedef struct {
    const ig_walk_calls_t  *calls;
    void                   *ctx;
    ig_walk_node_t          root;
    ig_walk_state_t         state;
    bool                    key_next;
    bool                    closed;    /* a whole value was seen at the top */
    unsigned                escape;    /* 1: after a backslash; 2-5: in \u */
    uint32_t                code;
    uint64_t                skip;      /* depth inside what is skipped */
    unsigned                values;    /* strings, numbers, words begun, but for
                                          those in what is skipped */
    const ig_walk_node_t   *node;      /* of the value that comes or is read */
    bool                    too_long;
    size_t                  len;
    size_t                  depth;
    ig_walk_level_t         level[IG_WALK_DEPTH];
    uint8_t                 token[IG_WALK_TOKEN];
} ig_walk_t;

/* children: of the object at the top */
void ig_walk_init(ig_walk_t *w, const ig_walk_node_t *children,
    const ig_walk_calls_t *calls, void *ctx);
void ig_walk_feed(ig_walk_t *w, ig_str_t piece);

/*
 * At least to the next change of state, or to the end of the piece, which is
 * not empty; how far.  A number or word is entered before its first byte and
 * left before the byte after it, a string behind its quotes.
 */
const uint8_t *ig_walk_step(ig_walk_t *w, const uint8_t *p, const uint8_t *end);

/* the document has ended; the next piece begins another */
void ig_walk_end(ig_walk_t *w);

/* the next piece begins a document, whatever became of the one before */
void ig_walk_reset(ig_walk_t *w);

/* the next piece begins in a string or before a number or word, at that node */
void ig_walk_value(ig_walk_t *w, const ig_walk_node_t *node, bool string);

#endif /* IG_ANSWER_WALK_H */

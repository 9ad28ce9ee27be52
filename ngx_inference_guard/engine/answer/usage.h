/*
 * Usage out of the documents of an answer: the whole of it, or its events.
 *
 * In:       bytes of a document in any pieces, then its end.
 * Out:      counts so far; what the last document was.
 * Memory:   none but the ig_tally_t.
 * Failure:  none.
 */

#ifndef IG_ANSWER_USAGE_H
#define IG_ANSWER_USAGE_H

#include <answer/repeat.h>


/* numbers as they stand in an answer */
typedef enum {
    IG_COUNT_PROMPT,           /* OpenAI and Ollama: all input */
    IG_COUNT_INPUT,            /* Anthropic: all but cached; Responses: all */
    IG_COUNT_OUTPUT,
    IG_COUNT_TOTAL,
    IG_COUNT_CACHED,           /* contained in the input */
    IG_COUNT_REASONING,
    IG_COUNT_CACHE_READ,       /* Anthropic: beside the input */
    IG_COUNT_CACHE_WRITTEN,
    IG_COUNTS
} ig_count_t;

#define IG_TALLY_STAGE  512

/* what was in the document */
#define IG_DOC_USAGE           0x01    /* an object */
#define IG_DOC_CHOICES         0x02    /* an array */
#define IG_DOC_CHOICE          0x04    /* with an element */
#define IG_DOC_TEXT            0x08
#define IG_DOC_OUTPUT          0x10    /* where its number stands */

typedef struct {
    unsigned          said;            /* bits of ig_count_t */
    unsigned          doc;             /* IG_DOC_... of this document */
    unsigned          last;            /* ... of the one before */
    uint64_t          count[IG_COUNTS];
    ig_text_counts_t  text;            /* but for what waits in `stage` */
    uint64_t          pieces;
    bool              finished;
    bool              error;
    bool              implausible;
    bool              after;           /* text came behind the last number */
    bool              event;           /* documents are events: the end of a
                                          document is not the answer's */
    unsigned          sentinel;        /* bytes of [DONE] seen; 7: none */
    size_t            model_len;
    size_t            status_len;
    size_t            reason_len;
    uint8_t           model[IG_ANSWER_NAME_MAX];
    uint8_t           status[32];
    uint8_t           reason[64];
    size_t            staged;
    ig_walk_t         walk;
    ig_repeat_t       repeat;          /* for events */
    uint8_t           stage[IG_TALLY_STAGE];
} ig_tally_t;

void ig_tally_init(ig_tally_t *t, bool event);
void ig_tally_data(ig_tally_t *t, ig_str_t piece);

/* what the document was: IG_DOC_... */
unsigned ig_tally_end(ig_tally_t *t);

void ig_tally_usage(ig_tally_t *t, ig_usage_t *out);

#endif /* IG_ANSWER_USAGE_H */

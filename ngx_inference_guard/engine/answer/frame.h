/*
 * A stream cut into events, as bytes come.
 *
 * In:       pieces of any size.
 * Out:      marks, one a call: where data is, where a line, where an event has
 *           ended.  All are the same however the stream is cut, but that a run
 *           of data may be in several pieces.
 * Memory:   none but the ig_frame_t.
 * Failure:  none: any bytes are a stream.
 */

#ifndef IG_ANSWER_FRAME_H
#define IG_ANSWER_FRAME_H

#include <inference_guard/answer.h>


typedef enum {
    IG_MARK_MORE,          /* the piece is used up */
    IG_MARK_DATA,          /* `data` is a run of the event's data */
    IG_MARK_BREAK,         /* a new line of data begins: a LF belongs between */
    IG_MARK_IDLE,          /* a line has ended, and no event has begun */
    IG_MARK_END,           /* the event has ended; it may have no data */
    IG_MARK_TAIL           /* a LF that belongs to the end before */
} ig_mark_t;

typedef struct {
    ig_answer_kind_t  kind;
    unsigned          state;
    unsigned          bom;             /* bytes of it seen; 4: no more */
    bool              cr;              /* a LF now belongs to the CR before */
    bool              ended;           /* an event ended at the byte before */
    bool              fields;          /* the event has begun */
    bool              line;            /* the line is not empty */
    unsigned          lines;           /* of data, in this event */
    size_t            field_len;
    uint8_t           field[8];
    size_t            name_len;
    uint8_t           name[IG_EVENT_NAME_MAX];
} ig_frame_t;

void ig_frame_init(ig_frame_t *f, ig_answer_kind_t kind);

/* moves *p to where the mark is; `data` is set for IG_MARK_DATA */
ig_mark_t ig_frame_next(ig_frame_t *f, const uint8_t **p, const uint8_t *end,
    ig_str_t *data);

ig_mark_t ig_sse_next(ig_frame_t *f, const uint8_t **p, const uint8_t *end,
    ig_str_t *data);
ig_mark_t ig_ndjson_next(ig_frame_t *f, const uint8_t **p, const uint8_t *end,
    ig_str_t *data);

/* the next byte begins a new event; for the two above */
void ig_frame_begin(ig_frame_t *f);

#endif /* IG_ANSWER_FRAME_H */

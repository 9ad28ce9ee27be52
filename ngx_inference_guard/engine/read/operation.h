/*
 * The table of operations: what each reads its body as.
 *
 * In:       method, path.     Out: a row, constant.
 * Memory:   none.             Failure: NULL and a reason.
 */

#ifndef IG_READ_OPERATION_H
#define IG_READ_OPERATION_H

#include <read/schema.h>


typedef struct {
    ig_operation_t  public;    /* first: rows are handed out by it */
    ig_place_id_t   place;     /* of the body */
    unsigned        required;  /* IG_SEEN_... besides the model */
    bool            streams;   /* unless the body says `stream: false` */
} ig_operation_row_t;

/* the row behind what ig_operation_find() gave */
const ig_operation_row_t *ig_operation_row(const ig_operation_t *o);

/* for a path that no row has: what its errors should look like */
ig_dialect_t ig_operation_guess(ig_str_t path, bool anthropic);

#endif /* IG_READ_OPERATION_H */

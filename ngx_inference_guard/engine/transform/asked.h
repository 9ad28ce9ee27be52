/*
 * Which names limit the output of an operation.
 *
 * In:       an operation and a key.
 * Out:      what the key is.
 * Memory:   none.
 * Failure:  none.
 */

#ifndef IG_TRANSFORM_ASKED_H
#define IG_TRANSFORM_ASKED_H

#include <inference_guard/edit.h>
#include <transform/member.h>


typedef enum {
    IG_OUTPUT_NONE,            /* no text comes out: embeddings, counts */
    IG_OUTPUT_CHAT,
    IG_OUTPUT_COMPLETIONS,
    IG_OUTPUT_RESPONSES,
    IG_OUTPUT_MESSAGES,
    IG_OUTPUT_OLLAMA           /* in `options` */
} ig_output_t;

ig_output_t ig_output_of(const ig_operation_t *operation);

/* under any of its names, in any case; `exact`: one that the operation knows */
bool ig_output_limit(ig_output_t output, ig_str_t name, bool *exact);

#endif /* IG_TRANSFORM_ASKED_H */

/*
 * What a refused client reads: the error body of its dialect, so that its
 * library raises the exception that fits.
 *
 * In:       dialect, status, code, a sentence, the rule's and request's ids.
 * Out:      a JSON document appended to the buffer.
 * Failure:  buffer->failed.
 *
 * Sources of the formats: OpenAI API reference, "Error codes"; Anthropic API
 * reference, "Errors"; Ollama, docs/api.md.
 */

#ifndef INFERENCE_GUARD_REFUSAL_H
#define INFERENCE_GUARD_REFUSAL_H

#include <inference_guard/policy.h>
#include <inference_guard/reason.h>


typedef struct {
    ig_dialect_t  dialect;      /* NONE is answered as openai */
    unsigned      status;
    ig_str_t      code;         /* [a-z][a-z0-9_]* */
    ig_str_t      text;         /* a sentence without data */
    ig_str_t      rule;         /* its id, or empty */
    ig_str_t      limit;        /* the limit's name, or empty */
    uint64_t      retry_after;  /* seconds until it lets in again; 0: not known */
    ig_str_t      request_id;
} ig_refusal_t;

void ig_refusal_body(const ig_refusal_t *r, ig_buf_t *out);

/* a code and sentence for a status that the server itself chose: 413, 502 … */
ig_str_t ig_status_code(unsigned status);
ig_str_t ig_status_text(unsigned status);
/* would the same request, sent again, have a chance? */
bool ig_status_retry(unsigned status);

#endif /* INFERENCE_GUARD_REFUSAL_H */

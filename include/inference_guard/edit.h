/*
 * Changes of a body, byte by byte: what the changes are, and the changed body.
 *
 * In:       a body that ig_read() has accepted, and what to put into it.
 * Out:      edits; applied, a new body in which every other byte is as it was.
 * Memory:   the caller's: an array of edits, and a buffer for the result.
 * Failure:  IG_LIMIT: more edits than there is room for.  IG_ERROR: the body is
 *           no JSON object (ig_read() would have refused it).  The caller
 *           refuses the request.
 */

#ifndef INFERENCE_GUARD_EDIT_H
#define INFERENCE_GUARD_EDIT_H

#include <inference_guard/base.h>
#include <inference_guard/request.h>


typedef struct {
    size_t    at;              /* offset in the original */
    size_t    remove;          /* bytes of the original that go */
    ig_str_t  insert;          /* bytes that come in their place */
} ig_edit_t;

/*
 * Edits in any order.  Those at one place are applied in the order in which
 * they were added.  Two must not remove the same byte.
 */
typedef struct {
    ig_edit_t  *items;
    size_t      n;
    size_t      max;
    bool        failed;        /* one did not fit */
} ig_edits_t;

void ig_edits_init(ig_edits_t *e, ig_edit_t *items, size_t max);
void ig_edits_add(ig_edits_t *e, size_t at, size_t remove, ig_str_t insert);

/* sorts them; IG_LIMIT: failed before; IG_ERROR: outside, or two overlap */
ig_rc_t ig_edits_check(ig_edits_t *e, size_t body_len) IG_MUST_CHECK;

/* of checked edits: the length of the result, and the result */
size_t ig_edits_size(const ig_edits_t *e, size_t body_len);
void ig_edits_apply(const ig_edits_t *e, ig_str_t body, ig_buf_t *out);


/*
 * What a request says about the length of its answer.  A field whose type is
 * wrong counts as not there: the endpoint refuses it or takes its default.
 */
typedef struct {
    bool      generates;           /* the operation's answer is made of tokens */
    bool      stream;              /* `stream: true` is there */
    bool      include_usage;       /* and asks for the usage */

    /*
     * The largest of the limits that are there (a server may follow any of
     * them), for one choice; UINT64_MAX: none, or one that means none.
     */
    uint64_t  max_output;

    /* answers it asks for: n or best_of, times the prompts of completions */
    uint64_t  choices;

    /*
     * What the client calls its own user and task, as it stands in the JSON
     * string, escapes and all; empty: not said.  user: `safety_identifier`,
     * `user` (OpenAI) or `metadata.user_id` (Anthropic).  task:
     * `metadata.task_id`.
     */
    ig_str_t  user;
    ig_str_t  task;
} ig_asked_t;

ig_rc_t ig_asked(ig_str_t body, const ig_operation_t *operation,
    ig_asked_t *out) IG_MUST_CHECK;


/* which name a cap takes in chat completions that have none yet */
typedef enum {
    IG_CAP_MAX_TOKENS,             /* what most servers know */
    IG_CAP_MAX_COMPLETION_TOKENS   /* what OpenAI's reasoning models need */
} ig_cap_name_t;

typedef struct {
    bool           include_usage;  /* of a stream of chat or completions */
    uint64_t       cap;            /* 0: none */
    ig_cap_name_t  cap_name;
} ig_splice_want_t;

#define IG_SPLICE_EDITS        16

typedef struct {
    ig_edits_t  edits;             /* n = 0: the body stays as it is */
    bool        hide_usage;        /* include_usage was added: hide its event */
    ig_edit_t   items[IG_SPLICE_EDITS];
    uint8_t     text[IG_SPLICE_EDITS * 48];
} ig_splice_t;

/*
 * include_usage: `stream_options.include_usage` becomes true where the body
 * streams and it is not; `want` for another operation does nothing.
 *
 * cap: every limit of output that is larger, missing, null, 0, negative (both
 * mean "no limit" somewhere) or no number becomes the cap; where none is, one
 * is put in.  Names are compared as Go's encoding/json does, without case, as
 * some servers read them so; that one more limit is put in under the exact name
 * then does no harm.
 *
 * The result points into *out; it is checked and can be applied at once.
 */
ig_rc_t ig_splice(ig_str_t body, const ig_operation_t *operation,
    const ig_splice_want_t *want, ig_splice_t *out) IG_MUST_CHECK;

#endif /* INFERENCE_GUARD_EDIT_H */

/*
 * Records: one JSON line for what was decided, one for how it ended, one for a
 * request that came to no decision.  The engine returns bytes; whoever calls
 * writes them.
 *
 * In:       a writer's place in the log, a decision, an outcome.
 * Out:      one line with its newline, appended to the buffer.
 * Memory:   the buffer's.  A record is at most IG_RECORD_MAX bytes: lists that
 *           do not fit are cut and their true number is written.
 * Failure:  buffer->failed.
 *
 * No text of a request and no matched value is in a record.  Every string that
 * came from a client (a model, a path) is cut to 128 bytes and escaped, and a
 * model or path in which something was found is not written at all.  Of a
 * traceparent header the trace id is written, of tools the globs of rules that
 * their names match.
 */

#ifndef INFERENCE_GUARD_RECORD_H
#define INFERENCE_GUARD_RECORD_H

#include <inference_guard/chain.h>
#include <inference_guard/digest.h>
#include <inference_guard/guard.h>


#define IG_RECORD_MAX          16384
#define IG_RECORD_VERSION      1
#define IG_RECORD_PLACES       16        /* places of findings written out */

/*
 * A worker's life, and its chain: each record holds the leaf hash of the one
 * before.  Whoever takes a record back that was rendered copies the whole
 * struct before, and the copy back.
 */
typedef struct {
    ig_str_t      id;          /* unique among nodes and lives, no quotes */
    uint64_t      seq;         /* of the next record; the recorder counts it */
    uint8_t       prev[IG_HASH_SIZE];    /* leaf hash of the last; first: 0s */
    ig_hasher_t  *hasher;      /* the caller's, or NULL */
    ig_keyed_t   *keyed;       /* the caller's; NULL: no digests of values */
} ig_writer_t;

/* before a writer's first record, whose number is 1 */
void ig_writer_init(ig_writer_t *w, ig_str_t id, ig_hasher_t *h);

typedef struct {
    uint64_t  time_ms;         /* since 1970, UTC */
    ig_str_t  request_id;      /* no quotes */
} ig_record_head_t;

void ig_record_decision(ig_buf_t *out, ig_writer_t *w,
    const ig_record_head_t *head, const ig_guard_t *g, const ig_decision_t *d,
    const ig_request_t *r);

/*
 * The same content's decision in another location (internal redirect,
 * error_page): only the endpoint is new.
 */
void ig_record_redirect(ig_buf_t *out, ig_writer_t *w,
    const ig_record_head_t *head, const ig_guard_t *g, uint32_t endpoint,
    ig_reason_t reason);

/* what a request took, as far as its answers were followed */
typedef struct {
    bool      known;
    bool      estimated;           /* a provider did not say all of it */
    uint64_t  input;
    uint64_t  output;
    uint64_t  cached;              /* of input, read from a cache */
    uint64_t  cache_written;       /* of input, written to one */
    uint64_t  reasoning;           /* of output */
    uint64_t  cost;                /* 1e-9 of the currency */
    char      currency[4];         /* empty: no price */
} ig_tokens_t;

/* times of an outcome that are known */
#define IG_TIMED_FIRST_BYTE    0x01
#define IG_TIMED_CONNECT       0x02
#define IG_TIMED_HEADER        0x04
#define IG_TIMED_UPSTREAM      0x08

typedef struct {
    unsigned       status;         /* sent to the client */
    ig_reason_t    reason;         /* why the guard refused, after all */
    uint32_t       endpoint;       /* sent to, or IG_NONE */
    ig_str_t       address;        /* connected to last, or empty */
    bool           verified;       /* the address lies in declared ranges */
    unsigned       tries;
    unsigned       upstream_status;
    uint64_t       sent;           /* bytes to the upstream */
    uint64_t       received;       /* bytes from it */
    uint64_t       duration_us;
    uint64_t       guard_us;       /* spent deciding */
    unsigned       timed;          /* IG_TIMED_… */
    uint64_t       first_byte_ms;  /* from the request's start to the header of
                                      its answer on the way to the client */
    uint64_t       connect_ms;     /* of the connection tried last: until it
                                      stood, */
    uint64_t       header_ms;      /* until the endpoint's header was there, */
    uint64_t       upstream_ms;    /* until it was over */
    ig_str_t       finish;         /* why the answer ended, in the endpoint's
                                      words; written only as [a-z_]{1,32} */
    ig_str_t       model;          /* that the answer names, or empty; written
                                      only when it has a model's characters and
                                      the endpoint declares such a model.  Empty
                                      also when the one that was asked for is
                                      withheld: endpoints repeat it */
    bool           aborted;        /* the client went away */
    ig_tokens_t    tokens;
} ig_outcome_t;

void ig_record_outcome(ig_buf_t *out, ig_writer_t *w,
    const ig_record_head_t *head, const ig_guard_t *g, const ig_outcome_t *o);

/* a threshold of a limit that this request was the first to reach */
void ig_record_limit(ig_buf_t *out, ig_writer_t *w,
    const ig_record_head_t *head, const ig_guard_t *g, uint32_t tenant,
    const ig_crossed_t *crossed);

/*
 * The operator has set a tenant's limit (IG_NONE: all of them) back to unused.
 * `by`: who asked, as the server knows it; no quotes.
 */
void ig_record_reset(ig_buf_t *out, ig_writer_t *w,
    const ig_record_head_t *head, const ig_guard_t *g, uint32_t tenant,
    uint32_t limit, ig_str_t by);

/* ended before a decision: by NGINX, another module, or the client */
void ig_record_undecided(ig_buf_t *out, ig_writer_t *w,
    const ig_record_head_t *head, const ig_guard_t *g, ig_country_t client,
    uint32_t tenant, unsigned status);

#endif /* INFERENCE_GUARD_RECORD_H */

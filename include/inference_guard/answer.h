/*
 * Answers: whole events out of any pieces of a stream, and what an answer cost.
 *
 * In:       the answer's bytes after NGINX has taken transfer codings off, in
 *           any pieces; Content-Encoding identity.
 * Out:      the same bytes through `out`, but for events that were dropped or
 *           replaced; the usage at any moment, final after ig_answer_end().
 * Memory:   from `alloc`, never freed here (a pool); see the bounds below.
 * Failure:  an answer that is not what it should be is never an error: it goes
 *           on as it is, and less is known about it.  IG_NOMEM: `alloc` gave
 *           none.  IG_ERROR: `out` did not take the bytes.  IG_LIMIT: an event
 *           over the bound, where the caller has asked for that to fail.  After
 *           any of them the object takes nothing more and gives the same again.
 *
 * Two layers.  ig_events_t cuts a stream into events and lets a callback keep,
 * drop or replace each: what transformation needs.  ig_answer_t stands on it
 * and follows usage: what limits need.
 */

#ifndef INFERENCE_GUARD_ANSWER_H
#define INFERENCE_GUARD_ANSWER_H

#include <inference_guard/base.h>
#include <inference_guard/text_counts.h>


#define IG_EVENT_MAX           (1u << 20)  /* a good bound for held events */
#define IG_EVENT_NAME_MAX      64          /* longer names are cut */
#define IG_ANSWER_NAME_MAX     256         /* model, reason: longer are left
                                              out */
#define IG_USAGE_MAX           UINT64_C(1000000000000)


typedef enum {
    IG_ANSWER_JSON,        /* one document */
    IG_ANSWER_SSE,         /* server-sent events (WHATWG HTML, 9.2) */
    IG_ANSWER_LINES        /* newline-delimited JSON */
} ig_answer_kind_t;

/* by Content-Type; what is neither stream is JSON */
ig_answer_kind_t ig_answer_kind(ig_str_t content_type);


/* --- events --- */

typedef struct {
    ig_str_t  raw;         /* from the end of the event before to the end of its
                              own blank line.  Of a CRLF that ends that line
                              only the CR: the LF comes later and shares the
                              event's fate */
    ig_str_t  name;        /* `event`; empty: none, which means "message" */
    ig_str_t  data;        /* `data` lines joined by LF; a line without LF */
    bool      complete;    /* false: the answer ended inside of it */
    bool      oversize;    /* larger than the bound: raw and data are empty, and
                              what the callback says is not heard */
} ig_event_t;

typedef enum {
    IG_EVENT_KEEP,
    IG_EVENT_DROP,
    IG_EVENT_REPLACE       /* *instead goes out for the whole of raw, as it is:
                              with field names and blank line */
} ig_event_do_t;

typedef struct {
    void           *ctx;   /* for all of them */

    /* aligned for any type; NULL: no memory */
    void         *(*alloc)(void *ctx, size_t size);

    /* bytes that go on; they are good during the call.  false: stop */
    bool          (*out)(void *ctx, ig_str_t bytes);

    /*
     * Every run of an event's data as it comes in, also of events over the
     * bound and in watching mode; may be NULL.
     */
    void          (*data)(void *ctx, ig_str_t piece);

    /* the event has ended; *instead must be good until the next call */
    ig_event_do_t (*event)(void *ctx, const ig_event_t *e, ig_str_t *instead);

    /*
     * false: watching.  All bytes go out at once as they came, an event has
     * neither raw nor data, and what the callback says is not heard.
     * true: an event goes out when it is complete and not before; what comes
     * before its first field (comments, blank lines) goes out with its line.
     */
    bool            hold;

    /*
     * Bytes of raw that are held at most; the pieces of a held event are kept
     * in buffers that double, so twice that may be taken from `alloc`, and as
     * much again when an event has several data lines.  An event over it goes
     * on unchanged (oversize), or is IG_LIMIT with `strict`.
     */
    size_t          bound;
    bool            strict;
} ig_events_conf_t;

typedef struct ig_events_s  ig_events_t;

/* NULL: no memory.  kind is SSE or LINES; conf is copied */
ig_events_t *ig_events_new(ig_answer_kind_t kind, const ig_events_conf_t *conf)
    IG_MUST_CHECK;
ig_rc_t ig_events_feed(ig_events_t *e, ig_str_t bytes) IG_MUST_CHECK;
ig_rc_t ig_events_end(ig_events_t *e) IG_MUST_CHECK;
size_t ig_events_held(const ig_events_t *e);    /* bytes not yet out */


/* --- usage --- */

/* what the provider has said */
#define IG_USAGE_INPUT         0x01
#define IG_USAGE_OUTPUT        0x02

typedef struct {
    unsigned          said;        /* of the numbers below */

    /*
     * Normalized over all dialects: input has what was read from or written to
     * a cache in it, output has the reasoning in it.  (OpenAI counts so;
     * Anthropic counts cached input apart, and it is added.)  Where a total is
     * larger than input and output together, the rest is output: reasoning that
     * some servers count nowhere else.
     */
    uint64_t          input;
    uint64_t          output;
    uint64_t          cached;          /* of input, read from a cache */
    uint64_t          cache_written;   /* of input, written to a cache */
    uint64_t          reasoning;       /* of output */

    /*
     * The text, reasoning and calls of the answer as far as they were seen,
     * for an estimate where `said` lacks the output, or `after` it is.
     */
    ig_text_counts_t  text;
    uint64_t          pieces;          /* events that had any of it */

    /*
     * Text came behind the last number of output, as of a stream of Anthropic's
     * that ends early: message_start says 1, and only message_delta the truth.
     */
    bool              after;

    bool              finished;        /* the dialect's own end was seen */
    bool              error;           /* an error object came */
    bool              implausible;     /* a number was left out: negative, no
                                          integer, over IG_USAGE_MAX */
    ig_str_t          model;           /* point into the ig_answer_t */
    ig_str_t          reason;          /* stop, length, end_turn ... */
} ig_usage_t;

typedef struct {
    void             *ctx;
    void           *(*alloc)(void *ctx, size_t size);
    bool            (*out)(void *ctx, ig_str_t bytes);   /* may be NULL when
                                                            hide_usage is not
                                                            set: watching */
    ig_answer_kind_t  kind;

    /*
     * The client did not ask for usage and we did: the event of an OpenAI
     * stream that has `usage` and an empty `choices` is dropped.  Only for SSE.
     */
    bool              hide_usage;
    size_t            bound;           /* 0: IG_EVENT_MAX */
} ig_answer_conf_t;

typedef struct ig_answer_s  ig_answer_t;

ig_answer_t *ig_answer_new(const ig_answer_conf_t *conf) IG_MUST_CHECK;
ig_rc_t ig_answer_feed(ig_answer_t *a, ig_str_t bytes) IG_MUST_CHECK;

/* the upstream is done, or nobody waits any more; more calls do nothing */
ig_rc_t ig_answer_end(ig_answer_t *a) IG_MUST_CHECK;

/* at any moment; without ig_answer_end() the last event may be missing */
void ig_answer_usage(ig_answer_t *a, ig_usage_t *out);

#endif /* INFERENCE_GUARD_ANSWER_H */

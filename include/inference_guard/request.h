/*
 * A request as the caller hands it over, and what reading it gives.
 *
 * In:       ig_request_t: bytes that the caller owns and keeps unchanged until
 *           it is done with the reading.
 * Out:      ig_reading_t: dialect, operation, model, and the text spans, which
 *           point into those bytes (or into the arena, for what was decoded).
 * Memory:   the arena given; at most about twice the body on top of it.
 * Failure:  `reason` says what the request is refused with; a reading with a
 *           reason holds nothing else that may be used but dialect and
 *           operation.
 */

#ifndef INFERENCE_GUARD_REQUEST_H
#define INFERENCE_GUARD_REQUEST_H

#include <inference_guard/base.h>
#include <inference_guard/policy.h>
#include <inference_guard/reason.h>


/* bounds of reading; reaching one is a refusal */
#define IG_MAX_BODY            (64u << 20)    /* a span's offset has 32 bits,
                                                 its length 26 */
#define IG_MAX_DEPTH           128            /* of JSON, nested strings aside */
#define IG_MAX_TOOLS           1024           /* names kept for rules */


/* a header that goes on to the endpoint and whose value is text */
typedef struct {
    ig_str_t  name;            /* lower case */
    ig_str_t  value;
} ig_header_t;

typedef struct {
    ig_str_t            method;
    ig_str_t            path;             /* decoded and normalised */
    ig_str_t            args;             /* raw query string without '?' */
    ig_str_t            content_type;     /* raw header value or empty */
    bool                anthropic;        /* an anthropic-version header came */
    ig_str_t            traceparent;      /* raw header value, or empty: none,
                                             or several */
    const ig_header_t  *headers;
    size_t              nheaders;
    bool                has_body;         /* false: body is empty */
    ig_str_t            body;             /* decoded, whole */
} ig_request_t;


/*
 * A text span: a string (without quotes), an object key, a number token, a
 * query argument or a header's value, as raw bytes of its block.  Spans
 * shorter than IG_MIN_SPAN are left out unless they are IG_SPAN_TEXT: no
 * identifier is that short, but text may be split.
 */
#define IG_MIN_SPAN            4

#define IG_SPAN_KEY            0x01   /* an object key */
#define IG_SPAN_NUMBER         0x02   /* a number token */
#define IG_SPAN_ESCAPED        0x04   /* has \n \t \r \" \\ or so: reading it as
                                         it stands finds every anchor */
#define IG_SPAN_FOLD           0x08   /* has bytes above 0x7f, \u, \/, or other
                                         escapes that could hide an anchor: is
                                         read as a folded copy */
#define IG_SPAN_TEXT           0x10   /* part of a conversation's text: is also
                                         read joined with the TEXT span before */
#define IG_SPAN_PERCENT        0x20   /* percent-encoded (a query argument) */

typedef struct {
    uint32_t  start;           /* offset in the block */
    uint32_t  len:26;
    uint32_t  flags:6;
} ig_span_t;

typedef enum {
    IG_BLOCK_BODY,             /* JSON: strings are escaped */
    IG_BLOCK_QUERY,            /* application/x-www-form-urlencoded */
    IG_BLOCK_HEADERS,          /* values, one span each, plain bytes */
    IG_BLOCK_PATH              /* of an operation that names a thing in it */
} ig_block_kind_t;

/* between two values of IG_BLOCK_HEADERS: no part of any pattern */
#define IG_HEADER_SEPARATOR    0x1e

/* spans in the order of their start, in chunks: no array is ever moved */
#define IG_SPANS_PER_CHUNK     510

typedef struct ig_span_chunk_s  ig_span_chunk_t;

struct ig_span_chunk_s {
    ig_span_chunk_t  *next;
    size_t            n;
    ig_span_t         spans[IG_SPANS_PER_CHUNK];
};

typedef struct {
    ig_block_kind_t   kind;
    ig_str_t          bytes;
    ig_span_chunk_t  *spans;           /* NULL: none */
} ig_block_t;

#define IG_MAX_BLOCKS          4


/* what a request asks for; the table is in read/operation.c */
typedef struct {
    ig_str_t      name;               /* "chat_completions" */
    ig_str_t      method;
    ig_str_t      path;               /* may end in a '*' for one segment */
    ig_dialect_t  dialect;
    bool          body;               /* takes one, and needs it */
    bool          model;              /* must name a model */
} ig_operation_t;

/* why a part cannot be inspected: bits, so that all of them are recorded */
#define IG_UNINSPECTABLE_MEDIA      0x01   /* image, audio, video, document */
#define IG_UNINSPECTABLE_REFERENCE  0x02   /* file_id, previous_response_id… */
#define IG_UNINSPECTABLE_REMOTE     0x04   /* a URL that the provider fetches */
#define IG_UNINSPECTABLE_TOKENS     0x08   /* text as token numbers */
#define IG_UNINSPECTABLE_ENCRYPTED  0x10   /* encrypted or redacted content */
#define IG_UNINSPECTABLE_UNKNOWN    0x20   /* a part of an unknown type */

typedef struct {
    ig_reason_t            reason;         /* NONE: read completely */
    size_t                 reason_at;      /* offset in the body */
    ig_dialect_t           dialect;
    const ig_operation_t  *operation;      /* NULL: none known */
    ig_str_t               model;          /* unescaped; empty: none asked */
    bool                   stream;
    ig_strs_t              tools;          /* names defined or called */
    unsigned               uninspectable;
    ig_block_t             blocks[IG_MAX_BLOCKS];
    size_t                 nblocks;
} ig_reading_t;

/* the operation at that path, its dialect at least, before any body is read */
const ig_operation_t *ig_operation_find(ig_str_t method, ig_str_t path,
    bool anthropic, ig_reason_t *reason);

/* IG_OK also for a refusal; else the arena's NOMEM or LIMIT */
ig_rc_t ig_read(const ig_request_t *r, ig_arena_t *arena, ig_reading_t *out)
    IG_MUST_CHECK;


/*
 * Content-Encoding: gzip, x-gzip, deflate (zlib, as RFC 9110 8.4.1.2 says, and
 * raw, as some clients send), identity; exactly one coding.  The decoded body
 * lies in the arena.  More than max_size bytes, or more than max_ratio times
 * the encoded size beyond the first 64 KB, are a refusal.
 */
ig_rc_t ig_decode(ig_str_t encoding, ig_str_t body, size_t max_size,
    unsigned max_ratio, ig_arena_t *arena, ig_str_t *decoded,
    ig_reason_t *reason) IG_MUST_CHECK;

/*
 * The JSON pointer (RFC 6901) of the value or key that holds byte `at` of a
 * body that ig_read() has accepted: "/messages/0/content".  Keys that are no
 * plain names (longer than 64 bytes, other than [A-Za-z0-9_.$-], or with more
 * than four digits) could hold data: they are written as "~", and so is the key
 * that holds the byte itself.
 */
void ig_json_pointer(ig_str_t body, size_t at, ig_buf_t *out);

#endif /* INFERENCE_GUARD_REQUEST_H */

/*
 * What the records of one request say together.
 *
 * In:       a request from audit_join.h.
 * Out:      what became of it: refused, sent and where to, or not known.
 * Memory:   strings point into the records or into `scratch`; they are good
 *           until the next request.
 *
 * A decision is written before a byte leaves: one without an outcome may have
 * been sent.  It counts as sent, and is told apart (IG_SENT_UNKNOWN), because an
 * account of transfers must not leave out what it cannot see.
 */

#ifndef IG_CLI_AUDIT_REQUEST_H
#define IG_CLI_AUDIT_REQUEST_H

#include "audit_join.h"


#define IG_REQUEST_SCRATCH  IG_RECORD_LINE_MAX
#define IG_REQUEST_LIST     256          /* elements of a list that are read */

typedef enum {
    IG_SENT_NO,
    IG_SENT_YES,
    IG_SENT_UNKNOWN
} ig_sent_t;

typedef struct {
    const ig_record_line_t  *decision;   /* NULL: of an outcome alone */
    const ig_record_line_t  *outcome;    /* NULL: not in the log's window */
    bool                     refused;
    ig_str_t                 reason;     /* of the refusal */
    uint64_t                 status;
    ig_sent_t                sent;
    ig_str_t                 endpoint;   /* unless IG_SENT_NO */
    ig_country_t             country;
    ig_str_t                 first;      /* an endpoint that may have read it
                                            before a redirect; or empty */
    ig_country_t             first_country;
    ig_buf_t                 scratch;
    uint8_t                  bytes[IG_REQUEST_SCRATCH];
} ig_audit_request_t;

void ig_audit_request(ig_audit_request_t *q, const ig_joined_t *j);

/* a string, decoded; empty when it is missing */
ig_str_t ig_request_text(ig_audit_request_t *q, const ig_record_line_t *l,
    size_t node);
/* the same of a member of the record; `l` may be NULL */
ig_str_t ig_request_get(ig_audit_request_t *q, const ig_record_line_t *l,
    const char *key);
/* at most IG_REQUEST_LIST strings of a list; their number */
size_t ig_request_list(ig_audit_request_t *q, const ig_record_line_t *l,
    size_t array, const char *key, ig_str_t *out);
/* a whole number, 0 when it is missing; `object` 0 is the record */
uint64_t ig_request_uint(const ig_record_line_t *l, size_t object,
    const char *key);
ig_country_t ig_request_country(const ig_record_line_t *l, size_t object,
    const char *key);

/* "12.345678901" as billionths; false when it is none or too large */
bool ig_request_nano(ig_str_t text, uint64_t *nano);

/* ms since 1970 of a record's time, 0 when it is none */
uint64_t ig_request_ms(const ig_record_line_t *l);

#endif /* IG_CLI_AUDIT_REQUEST_H */

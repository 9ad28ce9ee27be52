/*
 * One request out of its records.
 */

#include "audit_request.h"

#include <string.h>


ig_str_t
ig_request_text(ig_audit_request_t *q, const ig_record_line_t *l, size_t node)
{
    size_t    start;
    ig_str_t  s;

    s = ig_record_line_raw(l, node);

    if (s.len == 0 || memchr(s.data, '\\', s.len) == NULL) {
        return s;
    }

    start = q->scratch.len;

    if (!ig_record_line_text(l, node, &q->scratch) || q->scratch.failed) {

        /* a bad escape: as it stands in the line */

        q->scratch.len = start;
        q->scratch.failed = false;
        return s;
    }

    return (ig_str_t) { q->scratch.data + start, q->scratch.len - start };
}


ig_str_t
ig_request_get(ig_audit_request_t *q, const ig_record_line_t *l,
    const char *key)
{
    size_t  node;

    node = l ? ig_record_line_get(l, 0, key) : 0;

    if (node == 0 || l->nodes[node].kind != IG_NODE_STRING) {
        return IG_NO_STR;
    }

    return ig_request_text(q, l, node);
}


size_t
ig_request_list(ig_audit_request_t *q, const ig_record_line_t *l,
    size_t array, const char *key, ig_str_t *out)
{
    size_t  i, n, node;

    n = 0;

    for (i = ig_record_line_first(l, array); i && n < IG_REQUEST_LIST;
         i = ig_record_line_after(l, array, i))
    {
        node = key ? ig_record_line_get(l, i, key) : i;

        if (node && l->nodes[node].kind == IG_NODE_STRING) {
            out[n++] = ig_request_text(q, l, node);
        }
    }

    return n;
}


uint64_t
ig_request_uint(const ig_record_line_t *l, size_t object, const char *key)
{
    uint64_t  n;

    return l && ig_record_line_uint(l, ig_record_line_get(l, object, key), &n)
           ? n : 0;
}


ig_country_t
ig_request_country(const ig_record_line_t *l, size_t object, const char *key)
{
    return ig_country_parse(ig_record_line_raw(l,
                                ig_record_line_get(l, object, key)));
}


bool
ig_request_nano(ig_str_t s, uint64_t *nano)
{
    size_t    i, places;
    bool      point;

    *nano = 0;
    places = 0;
    point = false;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '.' && !point && i) {
            point = true;
            continue;
        }

        if (s.data[i] < '0' || s.data[i] > '9' || places == 9
            || *nano > UINT64_MAX / 10 - 1)
        {
            return false;
        }

        *nano = *nano * 10 + (uint64_t) (s.data[i] - '0');
        places += point;
    }

    for ( /* void */ ; places < 9; places++) {
        if (*nano > UINT64_MAX / 10) {
            return false;
        }

        *nano *= 10;
    }

    return s.len > 0;
}


/* records of one day follow one another: the day is worked out once */

uint64_t
ig_request_ms(const ig_record_line_t *l)
{
    char              text[40];
    uint64_t          ms;
    ig_str_t          s;
    const uint8_t    *p;
    static char       day[11];
    static uint64_t   day_ms;

    s = ig_record_line_raw(l, ig_record_line_get(l, 0, "time"));

    if (s.len == 0 || s.len >= sizeof(text)) {
        return 0;
    }

    p = s.data;

    if (s.len == 24 && p[10] == 'T' && p[13] == ':' && p[16] == ':'
        && p[19] == '.' && p[23] == 'Z' && memcmp(p, day, 10) == 0)
    {
#define two(at)  ((uint64_t) (p[at] - '0') * 10 + (uint64_t) (p[(at) + 1] - '0'))
        return day_ms + two(11) * 3600000 + two(14) * 60000 + two(17) * 1000
               + two(20) * 10 + (uint64_t) (p[22] - '0');
#undef two
    }

    memcpy(text, p, s.len);
    text[s.len] = '\0';

    if (!ig_audit_time(text, 0, &ms)) {
        return 0;
    }

    memcpy(text, p, 10);
    text[10] = '\0';

    if (ig_audit_time(text, 0, &day_ms)) {
        memcpy(day, text, sizeof(day));
    }

    return ms;
}


static void
ig_request_outcome(ig_audit_request_t *q, const ig_record_line_t *o)
{
    ig_str_t  reason;

    q->status = ig_request_uint(o, 0, "status");
    reason = ig_request_get(q, o, "reason");

    if (reason.len) {
        q->refused = true;
        q->reason = reason;
    }

    q->endpoint = ig_request_get(q, o, "endpoint");
    q->country = ig_request_country(o, 0, "endpoint_country");
    q->sent = q->endpoint.len ? IG_SENT_YES : IG_SENT_NO;
}


/* where the request was meant to go, when nothing tells whether it went */

static void
ig_request_meant(ig_audit_request_t *q, const ig_record_line_t *l)
{
    ig_str_t  reason;

    reason = ig_request_get(q, l, "reason");

    if (reason.len) {
        q->refused = true;
        q->reason = reason;
        q->status = ig_request_uint(l, 0, "status");
        q->endpoint = IG_NO_STR;
        q->sent = IG_SENT_NO;
        return;
    }

    q->endpoint = ig_request_get(q, l, "endpoint");
    q->country = ig_request_country(l, 0, "endpoint_country");
    q->sent = q->endpoint.len ? IG_SENT_UNKNOWN : IG_SENT_NO;
}


void
ig_audit_request(ig_audit_request_t *q, const ig_joined_t *j)
{
    ig_str_t      first;
    ig_country_t  country;

    q->decision = j->decision;
    q->outcome = j->outcome;
    q->refused = false;
    q->reason = IG_NO_STR;
    q->status = 0;
    q->sent = IG_SENT_NO;
    q->endpoint = IG_NO_STR;
    q->first = IG_NO_STR;
    q->country = IG_COUNTRY_UNKNOWN;
    q->first_country = IG_COUNTRY_UNKNOWN;
    ig_buf_fixed(&q->scratch, q->bytes, sizeof(q->bytes));

    if (j->decision) {
        ig_request_meant(q, j->decision);
    }

    first = q->endpoint;
    country = q->country;

    if (j->redirect) {
        ig_request_meant(q, j->redirect);
    }

    if (j->outcome) {
        ig_request_outcome(q, j->outcome);
    }

    /* only the last destination is in the outcome */

    if (j->redirect && first.len && !ig_str_eq(first, q->endpoint)) {
        q->first = first;
        q->first_country = country;
    }
}

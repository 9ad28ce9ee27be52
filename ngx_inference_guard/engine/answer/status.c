/*
 * Statuses that the server chose, not the guard: a code, a sentence, and
 * whether a retry may help.  Sources: RFC 9110, section 15; RFC 6585 (429,
 * 431); RFC 7725 (451); NGINX's own 494 to 497 and 499.
 */

#include <inference_guard/refusal.h>


typedef struct {
    unsigned  status;
    bool      retry;
    ig_str_t  code;
    ig_str_t  text;
} ig_status_row_t;

#define IG_STATUS_ROW(status, retry, code, text)                              \
    { status, retry, { (const uint8_t *) (code), sizeof(code) - 1 },          \
      { (const uint8_t *) (text), sizeof(text) - 1 } }

static const ig_status_row_t  ig_statuses[] = {
    IG_STATUS_ROW(400, false, "bad_request",
                  "the server could not read the request"),
    IG_STATUS_ROW(401, false, "unauthorized",
                  "the request needs a valid credential"),
    IG_STATUS_ROW(403, false, "forbidden", "the server forbids the request"),
    IG_STATUS_ROW(404, false, "not_found", "there is nothing at this path"),
    IG_STATUS_ROW(405, false, "method_not_allowed",
                  "this method is not allowed for the path"),
    IG_STATUS_ROW(408, true, "request_timeout",
                  "the request took too long to arrive"),
    IG_STATUS_ROW(411, false, "length_required",
                  "the request needs a Content-Length"),
    IG_STATUS_ROW(413, false, "body_too_large", "the body is too large"),
    IG_STATUS_ROW(414, false, "uri_too_long", "the request's path is too long"),
    IG_STATUS_ROW(415, false, "unsupported_media_type",
                  "the content type of the body is not supported"),
    IG_STATUS_ROW(417, false, "expectation_failed",
                  "the request expects what the server does not do"),
    IG_STATUS_ROW(421, false, "misdirected_request",
                  "the request was sent to the wrong server"),
    IG_STATUS_ROW(429, true, "rate_limited", "too many requests"),
    IG_STATUS_ROW(431, false, "headers_too_large",
                  "the headers of the request are too large"),
    IG_STATUS_ROW(451, false, "unavailable_for_legal_reasons",
                  "the law does not permit this request here"),
    IG_STATUS_ROW(494, false, "headers_too_large",
                  "the headers of the request are too large"),
    IG_STATUS_ROW(495, false, "certificate_invalid",
                  "the client certificate is not valid"),
    IG_STATUS_ROW(496, false, "certificate_missing",
                  "the request needs a client certificate"),
    IG_STATUS_ROW(497, false, "https_required",
                  "plain HTTP was sent to an HTTPS port"),
    IG_STATUS_ROW(499, true, "client_closed_request",
                  "the client closed the connection"),
    IG_STATUS_ROW(500, true, "server_error", "the server failed"),
    IG_STATUS_ROW(501, false, "not_implemented",
                  "the server does not know how to do this"),
    IG_STATUS_ROW(502, true, "bad_gateway",
                  "the endpoint gave no valid answer"),
    IG_STATUS_ROW(503, true, "unavailable",
                  "the service is not available at the moment"),
    IG_STATUS_ROW(504, true, "gateway_timeout",
                  "the endpoint did not answer in time"),
    IG_STATUS_ROW(505, false, "http_version_not_supported",
                  "the HTTP version is not supported"),
    IG_STATUS_ROW(507, true, "insufficient_storage",
                  "the server has no room left for the request")
};

/* what a status without a row has in common with its class */
static const ig_status_row_t  ig_status_client =
    IG_STATUS_ROW(0, false, "bad_request", "the request is refused");
static const ig_status_row_t  ig_status_server =
    IG_STATUS_ROW(0, true, "server_error", "the server failed");


static const ig_status_row_t *
ig_status_row(unsigned status)
{
    size_t  i;

    for (i = 0; i < sizeof(ig_statuses) / sizeof(ig_statuses[0]); i++) {
        if (ig_statuses[i].status == status) {
            return &ig_statuses[i];
        }
    }

    return status >= 500 ? &ig_status_server : &ig_status_client;
}


ig_str_t
ig_status_code(unsigned status)
{
    return ig_status_row(status)->code;
}


ig_str_t
ig_status_text(unsigned status)
{
    return ig_status_row(status)->text;
}


bool
ig_status_retry(unsigned status)
{
    return ig_status_row(status)->retry;
}

/*
 * Why a request was refused: one stable code for each, with the status it is
 * answered with.  Codes follow [a-z][a-z0-9_]*, go into records, variables and
 * error bodies, and never change their meaning.
 */

#ifndef INFERENCE_GUARD_REASON_H
#define INFERENCE_GUARD_REASON_H

#include <inference_guard/base.h>


/*
 *   name, status, will a retry of the same request ever help, what a person
 *   can act on
 */
#define IG_REASONS(R)                                                         \
    /* the request cannot be read: 400, 413, 415 */                           \
    R(invalid_json, 400, 0, "the body is not valid JSON")                     \
    R(invalid_utf8, 400, 0, "the request is not valid UTF-8")                 \
    R(duplicate_key, 400, 0, "an object of the body has the same key twice")  \
    R(ambiguous_key, 400, 0, "a key of the body differs from a known one "    \
      "only in letter case")                                                  \
    R(trailing_bytes, 400, 0, "bytes follow the JSON document")               \
    R(too_deep, 400, 0, "the body is nested too deeply")                      \
    R(wrong_type, 400, 0, "a field of the body has the wrong type")           \
    R(missing_field, 400, 0, "a required field is missing from the body")     \
    R(unexpected_body, 400, 0, "this operation takes no body")                \
    R(missing_body, 400, 0, "this operation needs a body")                    \
    R(raw_path_differs, 400, 0, "the path is not in its normal form")         \
    R(invalid_query, 400, 0, "the query string cannot be read")               \
    R(invalid_encoding, 400, 0, "the body does not decode as its "            \
      "Content-Encoding says")                                                \
    R(conflicting_credentials, 400, 0, "two credentials of the request "      \
      "differ")                                                               \
    R(body_too_large, 413, 0, "the body is too large")                        \
    R(decoded_too_large, 413, 0, "the decoded body is too large")             \
    R(limit_exceeded, 413, 0, "the request exceeds a limit of the "           \
      "inspection")                                                           \
    R(unsupported_media_type, 415, 0, "the content type of the body is not "  \
      "supported")                                                            \
    R(unsupported_encoding, 415, 0, "the content encoding of the body is "    \
      "not supported")                                                        \
    /* what nobody said */                                                    \
    R(unknown_operation, 404, 0, "this path is no inference operation "       \
      "known here")                                                           \
    R(unknown_method, 405, 0, "this method is not known for the path")        \
    R(uninspectable, 403, 0, "a part of the request cannot be inspected")     \
    R(unknown_tenant, 401, 0, "the credential belongs to no known tenant")    \
    R(unknown_country, 451, 0, "the country of the client is not known")      \
    R(jurisdiction_without_pack, 451, 0, "no rules are known for a "          \
      "jurisdiction that applies")                                            \
    /* rules */                                                               \
    R(blocked_by_rule, 403, 0, "a rule blocks this request")                  \
    R(model_not_permitted, 403, 0, "a rule does not permit this model")       \
    R(model_not_found, 404, 0, "no endpoint serves this model")               \
    R(no_permitted_destination, 451, 0, "no endpoint is left that the law "   \
      "permits for this request")                                             \
    /* limits of the tenant */                                                \
    R(task_missing, 400, 0, "a limit for each task applies, and the request " \
      "names no task")                                                        \
    R(rate_limited, 429, 1, "a rate limit of the tenant is reached")          \
    R(insufficient_quota, 429, 0, "a budget of the tenant is spent")          \
    R(exceeds_limit, 429, 0, "this request alone is larger than a limit of "  \
      "the tenant")                                                           \
    R(limits_unavailable, 503, 1, "the limits of the tenant cannot be "       \
      "counted now")                                                          \
    /* what the way out found */                                              \
    R(destination_not_permitted, 451, 0, "the configured destination is "     \
      "not a permitted endpoint")                                             \
    R(unguarded_location, 403, 0, "the request was led to a location "        \
      "without a guard")                                                      \
    R(endpoints_down, 503, 1, "the permitted endpoints are not available")    \
    R(not_recorded, 503, 1, "the decision could not be recorded")             \
    R(internal_error, 503, 1, "the guard could not finish its inspection")

typedef enum {
    IG_REASON_NONE = 0,
#define IG_REASON_ENUM(name, status, retry, text)  IG_REASON_##name,
    IG_REASONS(IG_REASON_ENUM)
#undef IG_REASON_ENUM
    IG_REASON_COUNT
} ig_reason_t;

ig_str_t ig_reason_code(ig_reason_t r);       /* NONE: "-" */
ig_str_t ig_reason_text(ig_reason_t r);
unsigned ig_reason_status(ig_reason_t r);     /* NONE: 0 */
bool ig_reason_retry(ig_reason_t r);

#endif /* INFERENCE_GUARD_REASON_H */

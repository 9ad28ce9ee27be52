/*
 * The strict reader against jansson and simdjson: what either refuses, we
 * refuse; what both accept, we accept, unless for a reason stated here.
 *
 * We are stricter:
 *   - an object must be at the top (JSON_DECODE_ANY off allows an array too);
 *   - nesting beyond IG_MAX_DEPTH (jansson: 2048, simdjson: 1024);
 *   - keys of places read by name that differ in case; types of such values;
 *     missing fields: none of these is JSON's grammar.
 *
 * We accept what they refuse in one case: a number whose text is good and whose
 * value is out of their range (jansson: integers beyond 64 bits and reals that
 * overflow; simdjson: integers beyond 64 bits unsigned, reals that overflow).
 * Such a number is text for a model, and cannot be read as another text.
 */

#ifndef IG_ORACLE_H
#define IG_ORACLE_H

#include <inference_guard/request.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <read/json.h>


int ig_oracle_simdjson(const uint8_t *data, size_t len);


/* 1, 0, or -1 as above */

static inline int
ig_oracle_jansson(const uint8_t *data, size_t len)
{
    json_t        *root;
    json_error_t   error;

    root = json_loadb((const char *) data, len,
                      JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (root) {
        json_decref(root);
        return 1;
    }

    return json_error_code(&error) == json_error_numeric_overflow ? -1 : 0;
}


/* NULL, or what is wrong */

static inline const char *
ig_oracle_compare(ig_reason_t reason, const uint8_t *data, size_t len)
{
    int  jansson, simdjson;

    switch (reason) {

    case IG_REASON_NONE:
        jansson = ig_oracle_jansson(data, len);
        simdjson = ig_oracle_simdjson(data, len);

        if (jansson == 0) {
            return "accepted, jansson refuses";
        }

        if (simdjson == 0) {
            return "accepted, simdjson refuses";
        }

        return NULL;

    case IG_REASON_duplicate_key:

        return ig_oracle_jansson(data, len) == 1
               ? "duplicate key, jansson accepts" : NULL;

    case IG_REASON_invalid_json:
    case IG_REASON_invalid_utf8:
    case IG_REASON_trailing_bytes:

        if (ig_oracle_jansson(data, len) == 1
            && ig_oracle_simdjson(data, len) == 1)
        {
            return "refused, both accept";
        }

        return NULL;

    case IG_REASON_too_deep:
    case IG_REASON_wrong_type:
    case IG_REASON_ambiguous_key:
    case IG_REASON_missing_field:
    case IG_REASON_limit_exceeded:
        return NULL;

    default:
        return "a reason that the reader does not give";
    }
}


/* the reader alone, with no place read by name */

static inline ig_reason_t
ig_oracle_read(ig_arena_t *arena, const uint8_t *data, size_t len,
    ig_place_id_t place)
{
    ig_json_t  j;

    ig_arena_reset(arena);
    ig_json_init(&j, (ig_str_t) { data, len }, arena);

    if (ig_json_read(&j, place, 0)) {
        return IG_REASON_NONE;
    }

    return j.rc == IG_OK ? j.reason : IG_REASON_internal_error;
}

#endif /* IG_ORACLE_H */

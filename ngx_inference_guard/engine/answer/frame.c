/*
 * What the framings have in common.
 */

#include <answer/frame.h>

#include <string.h>


void
ig_frame_init(ig_frame_t *f, ig_answer_kind_t kind)
{
    memset(f, 0, sizeof(ig_frame_t));

    f->kind = kind;
}


void
ig_frame_begin(ig_frame_t *f)
{
    f->ended = false;
    f->fields = false;
    f->lines = 0;
    f->name_len = 0;
}


ig_mark_t
ig_frame_next(ig_frame_t *f, const uint8_t **p, const uint8_t *end,
    ig_str_t *data)
{
    return f->kind == IG_ANSWER_SSE ? ig_sse_next(f, p, end, data)
                                    : ig_ndjson_next(f, p, end, data);
}


/* essence of the media type (RFC 9110, 8.3.1), parameters do not matter */

ig_answer_kind_t
ig_answer_kind(ig_str_t content_type)
{
    size_t    i;
    ig_str_t  s;

    static const ig_str_t  lines[] = {
        { (const uint8_t *) "application/x-ndjson", 20 },
        { (const uint8_t *) "application/ndjson", 18 },
        { (const uint8_t *) "application/jsonl", 17 },
        { (const uint8_t *) "application/x-jsonlines", 23 },
        { (const uint8_t *) "application/jsonlines", 21 },
    };

    s = content_type;

    while (s.len && (s.data[0] == ' ' || s.data[0] == '\t')) {
        s.data++;
        s.len--;
    }

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == ';' || s.data[i] == ' ' || s.data[i] == '\t') {
            break;
        }
    }

    s.len = i;

    if (ig_str_eq_nocase(s, IG_STR("text/event-stream"))) {
        return IG_ANSWER_SSE;
    }

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        if (ig_str_eq_nocase(s, lines[i])) {
            return IG_ANSWER_LINES;
        }
    }

    return IG_ANSWER_JSON;
}

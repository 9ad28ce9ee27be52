/*
 * Streams of documents made from any bytes, followed twice: with repetitions
 * compared, and with every document walked.  What is known must be the same
 * after each document, and whenever somebody asks.
 *
 * A byte of the input is a token of JSON, the end of a document, or a change of
 * the document before, so that short inputs make streams that nearly repeat.
 */

#ifndef IG_ANSWER_REPEAT_TEST_H
#define IG_ANSWER_REPEAT_TEST_H

#include <stdlib.h>
#include <string.h>

#include <answer/usage.h>


#define STREAM_DOC   2048
#define STREAM_DOCS  256

static const char *const  stream_tokens[] = {
    "{", "}", "[", "]", ",", ":", "\"", "\\", " ", "\n", "null", "true", "1",
    "23", "0", "-", "x", "\"\"", "\"a\"", "\"b\"", "\\\"", "\\n", "\\u00e9",
    "\xd8\xa7", "\"k\":", "\"n\":7", "\"s\":\"v\"", "\"usage\":",
    "{\"prompt_tokens\":", "\"completion_tokens\":12", "\"choices\":[",
    "{\"delta\":{", "\"content\":", "\"model\":", "\"type\":", "\"error\":",
    "\"message_stop\"", "\"arguments\":", "\"tool_calls\":[{\"function\":{",
    "\"delta\":", "\"text\":", "\"response\":", "\"status\":", "\"done\":true",
    "\"finish_reason\":", "}}]}", "[DONE]", "{\"object\":\"chunk\",",
    "\"input\":", "\"content\":\"hello\"", "\"stop\"", "1e2", "\"m1\"", "\"m2\""
};

#define STREAM_TOKENS  (sizeof(stream_tokens) / sizeof(stream_tokens[0]))

typedef struct {
    ig_tally_t  compared;
    ig_tally_t  walked;
    uint32_t    cuts;
    bool        byte_by_byte;
    bool        ask;           /* in the middle of documents too */
    size_t      repeated;
} stream_t;


/* the rest of a walk that never ends */

static inline void
stream_walk_only(ig_tally_t *t)
{
    t->repeat.mode = IG_REPEAT_WALK;
    t->repeat.rest = 0;
}


static inline void
stream_begin(stream_t *s, uint32_t cuts)
{
    ig_tally_init(&s->compared, true);
    ig_tally_init(&s->walked, true);
    stream_walk_only(&s->walked);

    s->cuts = cuts;
    s->byte_by_byte = (cuts % 5 == 0);
    s->ask = (cuts % 3 == 0);
    s->repeated = 0;
}


static inline uint32_t
stream_random(stream_t *s)
{
    s->cuts = s->cuts * 1664525 + 1013904223;

    return s->cuts >> 8;
}


/* NULL: both know the same */

static inline const char *
stream_differs(stream_t *s)
{
    ig_usage_t  a, b;

    ig_tally_usage(&s->compared, &a);
    ig_tally_usage(&s->walked, &b);

    return a.said != b.said || a.input != b.input || a.output != b.output
           || a.cached != b.cached || a.cache_written != b.cache_written
           || a.reasoning != b.reasoning ? "numbers"
         : a.pieces != b.pieces ? "pieces"
         : a.after != b.after ? "after"
         : a.finished != b.finished ? "finished"
         : a.error != b.error ? "error"
         : a.implausible != b.implausible ? "implausible"
         : memcmp(&a.text, &b.text, sizeof(a.text)) ? "text"
         : !ig_str_eq(a.model, b.model) ? "model"
         : !ig_str_eq(a.reason, b.reason) ? "reason"
         : memcmp(s->compared.count, s->walked.count, sizeof(s->walked.count))
           ? "counts"
         : NULL;
}


/* one document in pieces of memory of their own; NULL: both know the same */

static inline const char *
stream_document(stream_t *s, const char *doc, size_t len)
{
    size_t       pos, n;
    ig_str_t     piece;
    uint8_t     *copy;
    const char  *differs;

    for (pos = 0; pos < len; pos += n) {
        n = s->byte_by_byte ? 1
            : stream_random(s) % 4 ? len - pos : 1 + stream_random(s) % 40;
        n = n < len - pos ? n : len - pos;

        copy = malloc(n);
        if (copy == NULL) {
            return "memory";
        }

        memcpy(copy, doc + pos, n);
        piece = (ig_str_t) { copy, n };
        ig_tally_data(&s->compared, piece);
        ig_tally_data(&s->walked, piece);
        free(copy);

        if (s->ask && stream_random(s) % 16 == 0) {
            differs = stream_differs(s);

            if (differs) {
                return differs;
            }
        }
    }

    s->repeated += (len && s->compared.repeat.mode == IG_REPEAT_MATCH
                    && s->compared.repeat.pos == s->compared.repeat.len
                    && s->compared.repeat.nth == s->compared.repeat.holes);

    n = ig_tally_end(&s->walked);

    if (n != ig_tally_end(&s->compared)) {
        return "document";
    }

    return stream_differs(s);
}


/* the stream that the bytes describe; NULL: both know the same */

static inline const char *
stream_of(const uint8_t *data, size_t size, size_t *repeated)
{
    char             doc[STREAM_DOC];
    size_t           i, len, n, docs, at;
    uint8_t          c;
    stream_t         s;
    const char      *token, *differs;

    stream_begin(&s, size ? data[0] : 0);
    len = 0;
    at = 0;

    for (i = 1, docs = 0; i < size && docs < STREAM_DOCS; i++) {
        c = data[i];

        if (c < 128) {

            /* a token at the end, or after a change in place of what follows */

            token = stream_tokens[c % STREAM_TOKENS];
            n = strlen(token);

            if (at + n <= sizeof(doc)) {
                memcpy(doc + at, token, n);
                at += n;
                len = at > len ? at : len;
            }

            continue;
        }

        if (c < 160) {                  /* the document ends, and comes again */
            docs++;
            differs = stream_document(&s, doc, len);

            if (differs) {
                return differs;
            }

            continue;
        }

        if (c < 224) {                  /* changes are at this place */
            at = len ? (size_t) (c - 160) * len / 64 : 0;
            continue;
        }

        if (c < 232) {                  /* it ends here */
            len = at;

        } else if (c < 248) {           /* a byte is inserted or taken out */
            n = len - at;

            if ((c & 1) && len < sizeof(doc)) {
                memmove(doc + at + 1, doc + at, n);
                doc[at] = (c & 2) ? '7' : 'w';
                len++;

            } else if (n && !(c & 1)) {
                memmove(doc + at, doc + at + 1, n - 1);
                len--;
            }

        } else {                        /* a new one */
            len = 0;
            at = 0;
        }
    }

    if (repeated) {
        *repeated += s.repeated;
    }

    return NULL;
}

#endif /* IG_ANSWER_REPEAT_TEST_H */

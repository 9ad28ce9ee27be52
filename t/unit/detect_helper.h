/*
 * For the tests of detect/: a policy made of detectors alone, and readings made
 * of a JSON text by a small lexer of their own, or of plain text.
 */

#ifndef IG_DETECT_HELPER_H
#define IG_DETECT_HELPER_H

#include <inference_guard/finding.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>


#define MAX_TEST_DETECTORS  1200
#define MAX_TEST_SPANS      40000

/* one row of a test's table of detectors; strings that may be NULL */
typedef struct {
    const char  *id;
    const char  *pattern;
    const char  *anchor;       /* "digits", NULL for none, or a literal */
    const char  *validator;
    const char  *context;      /* words, '|' between them */
    unsigned     shape;        /* 0: the default, 300 */
    ig_owner_t   owner;
    bool         unofficial;
} test_row_t;

typedef struct {
    ig_policy_t          policy;
    ig_detector_t        detectors[MAX_TEST_DETECTORS];
    ig_str_t             strings[MAX_TEST_DETECTORS * 10];
    size_t               nstrings;
    ig_pack_t            pack;
    ig_mistakes_t       *mistakes;
    ig_detect_t         *d;
    ig_detect_worker_t  *w;
    ig_arena_t          *arena;
    ig_findings_t        found;
    ig_rc_t              rc;
    char                 body[1 << 20];
    ig_reading_t         reading;
    ig_span_chunk_t     *chunks;
} test_t;


static inline ig_strs_t
test_split(test_t *t, const char *s)
{
    ig_strs_t    r;
    const char  *end;

    r.items = &t->strings[t->nstrings];
    r.n = 0;

    while (s && *s) {
        end = strchr(s, '|');
        end = end ? end : s + strlen(s);

        t->strings[t->nstrings++] = (ig_str_t) { (const uint8_t *) s,
                                                 (size_t) (end - s) };
        r.n++;
        s = *end ? end + 1 : end;
    }

    return r;
}


static inline void
test_fill(test_t *t, const test_row_t *rows, size_t n)
{
    size_t          i;
    ig_detector_t  *d;

    memset(&t->policy, 0, sizeof(t->policy));
    memset(t->detectors, 0, sizeof(t->detectors));
    t->nstrings = 0;

    t->pack.country = ig_country_parse(IG_STR("SA"));

    for (i = 0; i < n; i++) {
        d = &t->detectors[i];
        d->id = ig_str_from_c(rows[i].id);
        d->pattern = ig_str_from_c(rows[i].pattern);
        d->validator = ig_str_from_c(rows[i].validator);
        d->unofficial = rows[i].unofficial;
        d->owner = rows[i].owner;
        d->score_shape = (uint16_t) (rows[i].shape ? rows[i].shape : 300);
        d->score_validated = 500;
        d->score_context = 850;
        d->context = test_split(t, rows[i].context);
        d->place = (ig_place_t) { "test.yaml", (uint32_t) i + 1, 1 };
        d->pattern_place = (ig_place_t) { "test.yaml", (uint32_t) i + 1, 2 };
        d->anchor_place = (ig_place_t) { "test.yaml", (uint32_t) i + 1, 3 };

        if (rows[i].anchor == NULL) {
            d->anchor = IG_ANCHOR_PATTERN;

        } else if (strcmp(rows[i].anchor, "digits") == 0) {
            d->anchor = IG_ANCHOR_DIGITS;

        } else {
            d->anchor = IG_ANCHOR_LITERALS;
            d->literals = test_split(t, rows[i].anchor);
        }
    }

    t->policy.packs = &t->pack;
    t->policy.npacks = 1;
    t->policy.detectors = t->detectors;
    t->policy.ndetectors = n;
}


/* false: there were mistakes, which stay in t->mistakes */

static inline bool
test_open(test_t *t, const test_row_t *rows, size_t n, unsigned options)
{
    memset(t, 0, sizeof(test_t));
    test_fill(t, rows, n);

    t->mistakes = ig_mistakes_new();
    t->arena = ig_arena_new((size_t) 256 << 20, 1 << 20);
    t->d = ig_detect_compile(&t->policy, options, t->mistakes);

    if (t->d) {
        t->w = ig_detect_worker_new(t->d);
        assert_non_null(t->w);
    }

    return t->d != NULL;
}


static inline void
test_free_chunks(test_t *t)
{
    ig_span_chunk_t  *next;

    while (t->chunks) {
        next = t->chunks->next;
        free(t->chunks);
        t->chunks = next;
    }
}


static inline void
test_close(test_t *t)
{
    test_free_chunks(t);
    ig_detect_worker_free(t->w);
    ig_detect_free(t->d);
    ig_arena_free(t->arena);
    ig_mistakes_free(t->mistakes);
}


static inline void
test_span(test_t *t, size_t start, size_t end, unsigned flags)
{
    ig_span_t         *s;
    ig_span_chunk_t  **last;

    for (last = &t->chunks; *last && (*last)->next; last = &(*last)->next) {
        /* void */
    }

    if (*last && (*last)->n == IG_SPANS_PER_CHUNK) {
        last = &(*last)->next;
    }

    if (*last == NULL) {
        *last = calloc(1, sizeof(ig_span_chunk_t));
        assert_non_null(*last);
    }

    s = &(*last)->spans[(*last)->n++];
    s->start = (uint32_t) start;
    s->len = (uint32_t) (end - start) & 0x3ffffff;
    s->flags = flags & 0x3f;
}


/* strings and numbers of a JSON text that is right; values are TEXT */

static inline void
test_lex(test_t *t, const uint8_t *p, size_t len)
{
    size_t    i, start, k;
    unsigned  flags;

    for (i = 0; i < len; i++) {

        if ((p[i] >= '0' && p[i] <= '9') || p[i] == '-') {
            start = i;

            while (i < len && strchr("+-.0123456789eE", p[i])) {
                i++;
            }

            if (i - start >= IG_MIN_SPAN) {
                test_span(t, start, i, IG_SPAN_NUMBER);
            }

            i--;
            continue;
        }

        if (p[i] != '"') {
            continue;
        }

        start = ++i;
        flags = 0;

        for ( /* void */ ; i < len && p[i] != '"'; i++) {

            if (p[i] >= 0x80) {
                flags |= IG_SPAN_FOLD;
            }

            if (p[i] == '\\') {
                i++;
                flags |= (p[i] == 'u' || p[i] == '/') ? IG_SPAN_FOLD
                                                      : IG_SPAN_ESCAPED;
            }
        }

        for (k = i + 1; k < len && strchr(" \t\r\n", p[k]); k++) {
            /* void */
        }

        flags |= (k < len && p[k] == ':') ? IG_SPAN_KEY : IG_SPAN_TEXT;

        if (i - start >= IG_MIN_SPAN || (flags & IG_SPAN_TEXT)) {
            test_span(t, start, i, flags);
        }
    }
}


static inline void
test_detect(test_t *t, ig_block_kind_t kind, const void *bytes, size_t len)
{
    ig_arena_reset(t->arena);

    t->reading.nblocks = 1;
    t->reading.blocks[0].kind = kind;
    t->reading.blocks[0].bytes = (ig_str_t) { bytes, len };
    t->reading.blocks[0].spans = t->chunks;

    t->rc = ig_detect(t->w, &t->reading, t->arena, &t->found);
}


static inline void
test_json(test_t *t, const char *body)
{
    size_t  len;

    len = strlen(body);

    test_free_chunks(t);
    test_lex(t, (const uint8_t *) body, len);
    test_detect(t, IG_BLOCK_BODY, body, len);
}


static inline void
test_text(test_t *t, const char *text)
{
    ig_arena_reset(t->arena);
    t->rc = ig_detect_text(t->w, ig_str_from_c(text), t->arena, &t->found);
}


/* "id:start-end:score " for each, as one string to compare */

static inline const char *
test_findings(test_t *t)
{
    int                  n;
    size_t               i;
    const ig_finding_t  *f;
    static char          out[1 << 18];

    n = 0;
    out[0] = '\0';

    if (t->rc != IG_OK) {
        (void) snprintf(out, sizeof(out), "rc %d", (int) t->rc);
        return out;
    }

    for (i = 0; i < t->found.n && n < (int) sizeof(out) - 128; i++) {
        f = &t->found.items[i];

        n += snprintf(out + n, sizeof(out) - (size_t) n, "%s%.*s:%u-%u:%u%s",
                      i ? " " : "", IG_FMT(t->detectors[f->detector].id),
                      f->start, f->end, f->score, f->joined ? "j" : "");
    }

    return out;
}


/* the ids alone */

static inline const char *
test_ids(test_t *t)
{
    int          n;
    size_t       i;
    static char  out[1 << 18];

    n = 0;
    out[0] = '\0';

    if (t->rc != IG_OK) {
        (void) snprintf(out, sizeof(out), "rc %d", (int) t->rc);
        return out;
    }

    for (i = 0; i < t->found.n && n < (int) sizeof(out) - 128; i++) {
        n += snprintf(out + n, sizeof(out) - (size_t) n, "%s%.*s",
                      i ? " " : "",
                      IG_FMT(t->detectors[t->found.items[i].detector].id));
    }

    return out;
}

#endif /* IG_DETECT_HELPER_H */

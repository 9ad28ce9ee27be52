/*
 * What following an answer costs: a stream of 200 events in pieces as they come
 * from a network, watched and with its last event hidden; whole answers; the
 * counting of text alone; splices.
 *
 *     answer_bench [milliseconds a line, 60 by default [lines that begin so]]
 */

#include <inference_guard/answer.h>
#include <inference_guard/edit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


#define EVENTS  200

static uint8_t  pool[1 << 16];
static size_t   used;
static size_t   bytes_out;

static const char  *only = "";


static double
now(void)
{
    struct timespec  t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);

    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}


static void *
pool_alloc(void *ctx, size_t size)
{
    void  *p;

    (void) ctx;

    size = (size + 15) & ~(size_t) 15;

    if (size > sizeof(pool) - used) {
        return NULL;
    }

    p = pool + used;
    used += size;

    return p;
}


static bool
pool_out(void *ctx, ig_str_t bytes)
{
    (void) ctx;

    bytes_out += bytes.len;

    return true;
}


static void
follow(ig_answer_kind_t kind, bool hide, ig_str_t answer, size_t piece)
{
    size_t            pos, n;
    ig_usage_t        usage;
    ig_answer_t      *a;
    ig_answer_conf_t  conf;

    used = 0;
    memset(&conf, 0, sizeof(conf));
    conf.alloc = pool_alloc;
    conf.out = pool_out;
    conf.kind = kind;
    conf.hide_usage = hide;

    a = ig_answer_new(&conf);
    if (a == NULL) {
        exit(2);
    }

    for (pos = 0; pos < answer.len; pos += n) {
        n = answer.len - pos < piece ? answer.len - pos : piece;

        if (ig_answer_feed(a, (ig_str_t) { answer.data + pos, n }) != IG_OK) {
            exit(2);
        }
    }

    if (ig_answer_end(a) != IG_OK) {
        exit(2);
    }

    ig_answer_usage(a, &usage);

    if (usage.said != (IG_USAGE_INPUT | IG_USAGE_OUTPUT)) {
        fprintf(stderr, "no usage\n");
        exit(1);
    }
}


static void
measure(const char *name, ig_answer_kind_t kind, bool hide, ig_str_t answer,
    size_t piece, double seconds)
{
    double  begin, took, best;
    size_t  i, batch;

    if (strncmp(name, only, strlen(only)) != 0) {
        return;
    }

    best = 1e9;
    batch = 1 + (1u << 20) / answer.len;

    for (begin = now(); now() - begin < seconds; /* void */ ) {
        took = now();

        for (i = 0; i < batch; i++) {
            follow(kind, hide, answer, piece);
        }

        took = (now() - took) / (double) batch;
        best = took < best ? took : best;
    }

    printf("%-28s %8zu %7zu %9.2f %8.2f", name, answer.len, piece, best * 1e6,
           (double) answer.len / best / 1e9);

    if (kind != IG_ANSWER_JSON) {
        printf(" %9.0f", best / EVENTS * 1e9);
    }

    printf("\n");
}


/* how the events of a stream differ, but for their text */

typedef enum {
    ALIKE,
    PADDED,                /* a number and a string too */
    UNLIKE                 /* no event has the keys of the one before */
} differ_t;


static ig_str_t
stream_make(differ_t differ)
{
    int     i;
    char   *p;
    size_t  n;

    p = malloc(EVENTS * 400);
    if (p == NULL) {
        exit(2);
    }

    for (i = 0, n = 0; i < EVENTS - 1; i++) {
        n += (size_t) sprintf(p + n, "data: {\"id\":\"chatcmpl-9xKQ\",\"object"
                              "\":\"chat.completion.chunk\",\"created\":"
                              "1764000000,\"model\":\"gpt-4o-mini\","
                              "\"system_fingerprint\":\"fp_1\",");

        if (differ == UNLIKE) {
            n += (size_t) sprintf(p + n, "\"key%d\":0,", i);
        }

        n += (size_t) sprintf(p + n, "\"choices\":[{"
                              "\"index\":0,\"delta\":{\"content\":\" word%d\"},"
                              "\"logprobs\":null,\"finish_reason\":null}],"
                              "\"usage\":null", i);

        if (differ == PADDED) {
            n += (size_t) sprintf(p + n, ",\"n\":%d,\"obfuscation\":\"%.*s\"",
                                  i, i % 8, "aKd8sLq0");
        }

        n += (size_t) sprintf(p + n, "}\n\n");
    }

    n += (size_t) sprintf(p + n, "data: {\"id\":\"chatcmpl-9xKQ\",\"choices\":"
                          "[],\"usage\":{\"prompt_tokens\":5,"
                          "\"completion_tokens\":200,\"total_tokens\":205}}"
                          "\n\ndata: [DONE]\n\n");

    return (ig_str_t) { (const uint8_t *) p, n };
}


static ig_str_t
whole_make(const char *text, size_t size)
{
    char   *p;
    size_t  n;

    p = malloc(size + 1024);
    if (p == NULL) {
        exit(2);
    }

    n = (size_t) sprintf(p, "{\"id\":\"1\",\"model\":\"gpt-4o\",\"choices\":[{"
                         "\"index\":0,\"message\":{\"role\":\"assistant\","
                         "\"content\":\"");

    while (n < size) {
        n += (size_t) sprintf(p + n, "%s", text);
    }

    n += (size_t) sprintf(p + n, "\"},\"finish_reason\":\"stop\"}],\"usage\":{"
                          "\"prompt_tokens\":5,\"completion_tokens\":6}}");

    return (ig_str_t) { (const uint8_t *) p, n };
}


static ig_str_t
embedding_make(size_t size)
{
    char   *p;
    size_t  n;

    p = malloc(size + 1024);
    if (p == NULL) {
        exit(2);
    }

    n = (size_t) sprintf(p, "{\"object\":\"list\",\"data\":[{\"embedding\":[");

    while (n < size) {
        n += (size_t) sprintf(p + n, "-0.0069292834,");
    }

    n += (size_t) sprintf(p + n, "0]}],\"usage\":{\"prompt_tokens\":5,"
                          "\"total_tokens\":5}}");

    return (ig_str_t) { (const uint8_t *) p, n };
}


static void
measure_splice(double seconds)
{
    char                   out[33 << 10];
    double                 begin, took, best;
    size_t                 i;
    ig_buf_t               b;
    ig_str_t               body, whole;
    ig_splice_t            s;
    ig_reason_t            reason;
    ig_splice_want_t       want;
    const ig_operation_t  *operation;

    whole = whole_make("Some words of a prompt.\\n", 4096);
    body.len = (size_t) sprintf(out, "{\"stream\":true,%.*s",
                                (int) whole.len - 1, whole.data + 1);
    memcpy((void *) (uintptr_t) whole.data, out, body.len);
    body.data = whole.data;

    if (strncmp("splice", only, strlen(only)) != 0) {
        free((void *) (uintptr_t) whole.data);
        return;
    }

    operation = ig_operation_find(IG_STR("POST"),
                                  IG_STR("/v1/chat/completions"), false,
                                  &reason);
    memset(&want, 0, sizeof(want));
    want.include_usage = true;
    want.cap = 1000;
    best = 1e9;

    for (begin = now(); now() - begin < seconds; /* void */ ) {
        took = now();

        for (i = 0; i < 100; i++) {
            ig_buf_fixed(&b, out, sizeof(out));

            if (ig_splice(body, operation, &want, &s) != IG_OK) {
                exit(2);
            }

            ig_edits_apply(&s.edits, body, &b);
        }

        took = (now() - took) / 100;
        best = took < best ? took : best;
    }

    printf("%-28s %8zu %7s %9.2f %8.2f\n", "splice usage and cap", body.len,
           "", best * 1e6, (double) body.len / best / 1e9);
    free((void *) (uintptr_t) whole.data);
}


int
main(int argc, char **argv)
{
    double    seconds;
    size_t    i;
    ig_str_t  s;

    static const struct {
        const char  *name;
        const char  *text;
    } texts[] = {
        { "whole, English", "The committee met on Tuesday to review the draft. "
          "Several members asked whether the figures were final.\\n" },
        { "whole, Arabic", "\xd8\xa7\xd9\x84\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85 "
          "\xd8\xb9\xd9\x84\xd9\x8a\xd9\x83\xd9\x85\xd8\x8c\\n" },
        { "whole, code", "for (i = 0; i < n; i++) {\\n    printf(\\\"%d\\\\n"
          "\\\", i);\\n}\\n" },
    };

    static const char *const  names[] = {
        "stream, watched", "stream, with padding", "stream, never alike"
    };

    only = argc > 2 ? argv[2] : "";
    seconds = (argc > 1 ? atof(argv[1]) : 60) / 1e3;

    printf("%-28s %8s %7s %9s %8s %9s\n", "answer", "bytes", "piece", "us",
           "GB/s", "ns/event");

    for (i = ALIKE; i <= UNLIKE; i++) {
        s = stream_make((differ_t) i);
        measure(names[i], IG_ANSWER_SSE, false, s, s.len / EVENTS, seconds);
        free((void *) (uintptr_t) s.data);
    }

    s = stream_make(ALIKE);
    measure("stream, watched", IG_ANSWER_SSE, false, s, 16384, seconds);
    measure("stream, usage hidden", IG_ANSWER_SSE, true, s, s.len / EVENTS,
            seconds);
    measure("stream, usage hidden", IG_ANSWER_SSE, true, s, 16384, seconds);
    free((void *) (uintptr_t) s.data);

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        s = whole_make(texts[i].text, 4096);
        measure(texts[i].name, IG_ANSWER_JSON, false, s, 16384, seconds);
        free((void *) (uintptr_t) s.data);
        s = whole_make(texts[i].text, 262144);
        measure(texts[i].name, IG_ANSWER_JSON, false, s, 16384, seconds);
        free((void *) (uintptr_t) s.data);
    }

    s = embedding_make(262144);
    measure("whole, embeddings", IG_ANSWER_JSON, false, s, 16384, seconds);
    free((void *) (uintptr_t) s.data);

    measure_splice(seconds);

    return 0;
}

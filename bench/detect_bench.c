/*
 * What the search costs: nanoseconds and bytes a second for clean chat bodies
 * of 1, 4, 32 and 256 KB, with 20 and with 1,000 detectors, and the same bodies
 * with numbers in them.
 *
 *     detect_bench [--no-vectorscan]
 */

#include <inference_guard/finding.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


#define BENCH_DETECTORS  1000
#define BENCH_BODY       (300 * 1024)

typedef struct {
    const char  *pattern;
    const char  *anchor;               /* "digits", or a literal */
    const char  *validator;
} bench_shape_t;

static const bench_shape_t  shapes[] = {
    { "[12]\\d{9}", "digits", "luhn" },
    { "\\d{13,19}", "digits", "luhn" },
    { "[A-Z]{2}\\d{2}[A-Z0-9]{11,30}", "digits", "iban" },
    { "[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\\.[A-Za-z0-9-]+)+", "@", NULL },
    { "\\d{1,3}(?:\\.\\d{1,3}){3}", "digits", NULL },
    { "\\d{8}-?[A-HJ-NP-TV-Z]", "digits", NULL },
    { "[A-Z]{5}\\d{4}[A-Z]", "digits", NULL },
    { "(?:AKIA|ASIA)[0-9A-Z]{16}", "AKIA", NULL },
    { "784\\d{12}", "digits", "luhn" },
    { "[2-9]\\d{11}", "digits", "verhoeff" },
    { "\\d{11}", "digits", "iso7064_mod11_10" },
    { "\\d{9}", "digits", NULL },
    { "\\+\\d{8,15}", "digits", "e164" },
    { "tok%zu_[a-z0-9]{16}", "tok%zu_", NULL },
    { "key%zu-[a-z0-9]{20,40}", "key%zu-", NULL },
    { "\\d{3}-\\d{2}-\\d{4}", "digits", "us_ssn" },
    { "\\d{17}[0-9X]", "digits", "iso7064_mod11_2" },
    { "[3-9]\\d{7}", "digits", NULL },
    { "\\d{2}[A-Z]{5}\\d{4}[A-Z]\\dZ[A-Z0-9]", "digits", "in_gstin" },
    { "-----BEGIN [A-Z ]*PRIVATE KEY-----", "PRIVATE KEY", NULL }
};

#define BENCH_SHAPES  (sizeof(shapes) / sizeof(shapes[0]))

static const char  prose[] =
    "The committee asked for a short summary of the report before the meeting, "
    "and for a list of open questions. Please keep the tone friendly and make "
    "sure that every point is easy to follow for people who join later.";

static const char  numbers[] =
    "Order 4711 of 2023-10-11 for 1,250.00 was paid on 12.10.2023, see page "
    "17; call 555-0123 between 9:30 and 17:00, version 1.22.1 of 2024.";


static ig_policy_t    policy;
static ig_detector_t  detectors[BENCH_DETECTORS];
static ig_str_t       literals[BENCH_DETECTORS];
static ig_str_t       words[BENCH_DETECTORS * 4];
static char           body[BENCH_BODY + 4096];


static ig_str_t
bench_string(const char *fmt, size_t i)
{
    char  *s;

    s = malloc(128);

    if (s == NULL || snprintf(s, 128, fmt, i) < 0) {
        abort();
    }

    return ig_str_from_c(s);
}


static void
bench_policy(size_t n)
{
    size_t                i, k;
    ig_detector_t        *d;
    const bench_shape_t  *s;

    for (i = 0; i < n; i++) {
        s = &shapes[i % BENCH_SHAPES];
        d = &detectors[i];
        memset(d, 0, sizeof(ig_detector_t));

        d->id = bench_string("bench.%zu", i);
        d->pattern = strchr(s->pattern, '%') && strstr(s->pattern, "%zu")
                     ? bench_string(s->pattern, i)
                     : ig_str_from_c(s->pattern);
        d->validator = ig_str_from_c(s->validator);
        d->score_shape = 300;
        d->score_validated = 500;
        d->score_context = 850;
        d->anchor = IG_ANCHOR_DIGITS;

        if (strcmp(s->anchor, "digits") != 0) {
            literals[i] = strstr(s->anchor, "%zu") ? bench_string(s->anchor, i)
                                                   : ig_str_from_c(s->anchor);
            d->anchor = IG_ANCHOR_LITERALS;
            d->literals = (ig_strs_t) { &literals[i], 1 };
        }

        for (k = 0; k < 4; k++) {
            words[i * 4 + k] = bench_string(k ? "number%zu" : "word%zu",
                                            i * 4 + k);
        }

        d->context = (ig_strs_t) { &words[i * 4], 4 };
    }

    policy.detectors = detectors;
    policy.ndetectors = n;
}


/* a chat body with one span a message; `text` again and again, with newlines */

static size_t
bench_body(size_t size, const char *text, ig_span_chunk_t *chunk)
{
    size_t      n, start;
    ig_span_t  *s;

    chunk->next = NULL;
    chunk->n = 0;

    n = (size_t) sprintf(body, "{\"model\":\"gpt-4o\",\"messages\":["
                               "{\"role\":\"user\",\"content\":\"");
    start = n;

    while (n < size) {
        n += (size_t) sprintf(body + n, "%s\\n", text);
    }

    s = &chunk->spans[chunk->n++];
    s->start = (uint32_t) start;
    s->len = (uint32_t) (n - start) & 0x3ffffff;
    s->flags = IG_SPAN_TEXT | IG_SPAN_ESCAPED;

    n += (size_t) sprintf(body + n, "\"}]}");

    return n;
}


static double
bench_now(void)
{
    struct timespec  t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);

    return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}


/* the best of several short runs: what the machine does undisturbed */

static void
bench_run(ig_detect_worker_t *w, ig_arena_t *arena, const char *name,
    size_t size, const char *text)
{
    size_t            i, n, rounds, found;
    double            start, best, ns;
    unsigned          k;
    ig_reading_t      reading;
    ig_findings_t     out;
    ig_span_chunk_t  *chunk;

    chunk = malloc(sizeof(ig_span_chunk_t));
    if (chunk == NULL) {
        abort();
    }

    n = bench_body(size, text, chunk);

    memset(&reading, 0, sizeof(reading));
    reading.nblocks = 1;
    reading.blocks[0].bytes = (ig_str_t) { (const uint8_t *) body, n };
    reading.blocks[0].spans = chunk;

    rounds = 4 * 1024 * 1024 / n + 1;
    best = 1e18;
    found = 0;

    for (k = 0; k < 9; k++) {
        start = bench_now();

        for (i = 0; i < rounds; i++) {
            ig_arena_reset(arena);

            if (ig_detect(w, &reading, arena, &out) != IG_OK) {
                fflush(stdout);
                abort();
            }

            found = out.n;
        }

        ns = (bench_now() - start) / (double) rounds;
        best = ns < best ? ns : best;
    }

    printf("  %-8s %7zu bytes %10.0f ns %7.2f GB/s %4zu findings\n", name, n,
           best, (double) n / best, found);

    free(chunk);
}


static void
bench_size(size_t ndetectors, unsigned options)
{
    size_t               i;
    ig_arena_t          *arena;
    ig_detect_t         *d;
    ig_mistakes_t       *mistakes;
    ig_detect_worker_t  *w;

    static const size_t  sizes[] = { 1024, 4096, 32768, 262144 };

    bench_policy(ndetectors);

    mistakes = ig_mistakes_new();
    arena = ig_arena_new((size_t) 64 << 20, 1 << 20);
    d = ig_detect_compile(&policy, options, mistakes);
    w = d ? ig_detect_worker_new(d) : NULL;

    if (w == NULL || arena == NULL) {
        fputs("cannot compile\n", stderr);
        exit(2);
    }

    printf("%zu detectors%s\n", ndetectors,
           (options & IG_DETECT_NO_VECTORSCAN) ? ", without Vectorscan" : "");

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        bench_run(w, arena, "clean", sizes[i], prose);
    }

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        bench_run(w, arena, "numbers", sizes[i], numbers);
    }

    ig_detect_worker_free(w);
    ig_detect_free(d);
    ig_arena_free(arena);
    ig_mistakes_free(mistakes);
}


int
main(int argc, char **argv)
{
    unsigned  options;

    options = (argc > 1 && strcmp(argv[1], "--no-vectorscan") == 0)
              ? IG_DETECT_NO_VECTORSCAN : 0;

    bench_size(20, options);
    bench_size(BENCH_DETECTORS, options);

    return 0;
}

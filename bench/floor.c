/*
 * The floor: the bare steps that a guard cannot do without, each timed alone.
 *
 *     floor DIRECTORY [SECONDS]
 *
 * For each size one line: nanoseconds a request for a walk over the JSON with
 * strings left in place, for a Vectorscan pass with 12 literal anchors
 * (scan_ns), for one with 12 mixed anchors, a run of digits and the shape of an
 * IBAN among them, which is what the guard looks for (mixed_ns), and for two
 * write()s of 700 bytes to a file in DIRECTORY.
 */

#include "body.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#ifdef IG_HAVE_VECTORSCAN
#include <hs.h>
#endif


#define DEPTH  64

static const size_t  sizes[] = { 1024, 4096, 32768, 262144 };

static volatile uint64_t  sink;


static double
now_ns(void)
{
    struct timespec  t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}


/* -- JSON, strings in place ----------------------------------------------- */

/* the byte at or after p that ends a string's run of plain ASCII */

static const uint8_t *
plain_end(const uint8_t *p, const uint8_t *end)
{
#ifdef __SSE2__
    int            mask;
    __m128i        v, bad;

    while (end - p >= 16) {
        v = _mm_loadu_si128((const __m128i *) p);

        /* signed: below 0x20 are controls and everything above 0x7f */

        bad = _mm_or_si128(_mm_or_si128(
                  _mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
                  _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))),
                  _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)));
        mask = _mm_movemask_epi8(bad);

        if (mask) {
            return p + __builtin_ctz((unsigned) mask);
        }

        p += 16;
    }
#endif

    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\') {
        p++;
    }

    return p;
}


/* the end of a string behind its quote; NULL when it is none */

static const uint8_t *
string_end(const uint8_t *p, const uint8_t *end)
{
    for ( ;; ) {
        p = plain_end(p, end);

        if (p == end || *p < 0x20) {
            return NULL;
        }

        if (*p == '"') {
            return p + 1;
        }

        if (*p == '\\') {
            if (end - p < 2 || memchr("\"\\/bfnrtu", p[1], 9) == NULL) {
                return NULL;
            }

            p += 2;

        } else {
            p++;
        }
    }
}


/* the number of spans, 0 for what is not nested right */

static uint64_t
walk(const uint8_t *p, const uint8_t *end)
{
    uint8_t   open[DEPTH];
    size_t    depth;
    uint64_t  spans;

    depth = 0;
    spans = 0;

    while (p < end) {

        switch (*p) {

        case '{':
        case '[':
            if (depth == DEPTH) {
                return 0;
            }

            open[depth++] = (uint8_t) (*p++ + 2);
            break;

        case '}':
        case ']':
            if (depth == 0 || open[--depth] != *p++) {
                return 0;
            }

            break;

        case '"':
            p = string_end(p + 1, end);

            if (p == NULL) {
                return 0;
            }

            spans++;
            break;

        case ' ': case '\t': case '\r': case '\n': case ',': case ':':
            p++;
            break;

        default:
            spans++;

            do {
                p++;
            } while (p < end && *p != ',' && *p != '}' && *p != ']'
                     && *p > ' ');
        }
    }

    return depth == 0 ? spans : 0;
}


static bool
json_once(const char *body, size_t size)
{
    uint64_t  n;

    n = walk((const uint8_t *) body, (const uint8_t *) body + size);
    sink += n;

    return n != 0;
}

/* -- literals ------------------------------------------------------------- */

#ifdef IG_HAVE_VECTORSCAN

#define ANCHORS  12

static hs_database_t  *literals, *mixed;
static hs_scratch_t   *scratch;

static const char *const  literal_anchors[ANCHORS] = {
    "AKIA", "ghp_", "xoxb-", "-----BEGIN", "sk-proj-", "eyJhbGci", "AIza",
    "passport", "iqama", "@", "hooks\\.slack\\.com", "glpat-"
};

static const char *const  mixed_anchors[ANCHORS] = {
    "AKIA", "ghp_", "xoxb-", "-----BEGIN", "sk-proj-", "eyJhbGci", "AIza",
    "passport", "@", "hooks\\.slack\\.com",
    "[0-9]([ ./-]?[0-9]){8}", "[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4}"
};


static int
on_match(unsigned id, unsigned long long from, unsigned long long to,
    unsigned flags, void *context)
{
    (void) id;
    (void) from;
    (void) flags;
    (void) context;

    sink += to;

    return 0;
}


static hs_database_t *
scan_open(const char *const *anchors)
{
    unsigned             i, ids[ANCHORS], flags[ANCHORS];
    hs_database_t       *db;
    hs_compile_error_t  *error;

    for (i = 0; i < ANCHORS; i++) {
        ids[i] = i;
        flags[i] = HS_FLAG_CASELESS;
    }

    if (hs_compile_multi(anchors, flags, ids, ANCHORS, HS_MODE_BLOCK, NULL,
                         &db, &error) != HS_SUCCESS
        || hs_alloc_scratch(db, &scratch) != HS_SUCCESS)
    {
        fputs("Vectorscan does not compile the anchors\n", stderr);
        exit(2);
    }

    return db;
}


static bool
literals_once(const char *body, size_t size)
{
    return hs_scan(literals, body, (unsigned) size, 0, scratch, on_match, NULL)
           == HS_SUCCESS;
}


static bool
mixed_once(const char *body, size_t size)
{
    return hs_scan(mixed, body, (unsigned) size, 0, scratch, on_match, NULL)
           == HS_SUCCESS;
}

#endif

/* -- two records ---------------------------------------------------------- */

static int  file = -1;

static bool
write_once(const char *body, size_t size)
{
    (void) size;

    return write(file, body, 700) == 700 && write(file, body, 700) == 700;
}

/* ------------------------------------------------------------------------- */


/* the best of five rounds: what is measured is the work, not the machine */

static double
measure(bool (*once)(const char *body, size_t size), const char *body,
    size_t size, double seconds)
{
    int       round;
    double    start, took, best;
    uint64_t  n, k;

    best = 0;

    for (round = 0; round < 5; round++) {
        start = now_ns();
        n = 0;

        do {
            for (k = 0; k < 32; k++) {
                if (!once(body, size)) {
                    fputs("a step failed\n", stderr);
                    exit(2);
                }
            }

            n += k;
            took = now_ns() - start;

        } while (took < seconds * 1e9 / 5);

        if (round == 0 || took / (double) n < best) {
            best = took / (double) n;
        }

        if (file >= 0 && ftruncate(file, 0) != 0) {
            perror("ftruncate");
            exit(2);
        }
    }

    return best;
}


int
main(int argc, char **argv)
{
    char    *body, path[4096];
    size_t   i;
    double   seconds, json, scan, both, records;

    if (argc < 2) {
        fputs("usage: floor DIRECTORY [SECONDS]\n", stderr);
        return 2;
    }

    seconds = argc > 2 ? atof(argv[2]) : 0.5;

    (void) snprintf(path, sizeof(path), "%s/floor.log", argv[1]);
    file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0600);

    if (file < 0) {
        perror(path);
        return 2;
    }

#ifdef IG_HAVE_VECTORSCAN
    literals = scan_open(literal_anchors);
    mixed = scan_open(mixed_anchors);
#endif

    for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        body = bench_body(sizes[i], false);

        json = measure(json_once, body, sizes[i], seconds);
#ifdef IG_HAVE_VECTORSCAN
        scan = measure(literals_once, body, sizes[i], seconds);
        both = measure(mixed_once, body, sizes[i], seconds);
#else
        scan = 0;
        both = 0;
#endif
        records = measure(write_once, body, sizes[i], seconds);

        printf("size=%zu json_ns=%.0f scan_ns=%.0f mixed_ns=%.0f "
               "records_ns=%.0f\n", sizes[i], json, scan, both, records);
        (void) fflush(stdout);
        free(body);
    }

    (void) unlink(path);

    return 0;
}

/*
 * What reading a request costs: bytes a second and instructions a byte, for
 * chat requests of several sizes and scripts, dialect and spans included.
 *
 *     read_bench [milliseconds a line, 60 by default]
 *
 * Instructions are counted by the kernel where it lets us (perf_event_open(2));
 * elsewhere the column is empty.
 */

#include <inference_guard/request.h>

#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>


static const char  english[] =
    "The committee met on Tuesday to review the draft.\\nSeveral members "
    "asked whether the \\\"interim\\\" figures were final; they are not. "
    "Please summarize the discussion below in five points, and keep names of "
    "people out of it.\\n\\n";

static const char  arabic[] =
    "\xd8\xa7\xd9\x84\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85 \xd8\xb9\xd9\x84\xd9\x8a"
    "\xd9\x83\xd9\x85\xd8\x8c \xd8\xa3\xd8\xb1\xd9\x8a\xd8\xaf \xd9\x85\xd9\x84"
    "\xd8\xae\xd8\xb5\xd8\xa7 \xd9\x84\xd9\x84\xd8\xaa\xd9\x82\xd8\xb1\xd9\x8a"
    "\xd8\xb1 \xd8\xa7\xd9\x84\xd8\xb3\xd9\x86\xd9\x88\xd9\x8a.\\n";

static const char  chinese[] =
    "\xe8\xaf\xb7\xe6\x8a\x8a\xe4\xb8\x8b\xe9\x9d\xa2\xe7\x9a\x84\xe4\xbc\x9a"
    "\xe8\xae\xae\xe8\xae\xb0\xe5\xbd\x95\xe6\x80\xbb\xe7\xbb\x93\xe6\x88\x90"
    "\xe4\xba\x94\xe7\x82\xb9\xef\xbc\x8c\xe4\xb8\x8d\xe8\xa6\x81\xe6\x8f\x90"
    "\xe5\x88\xb0\xe4\xba\xba\xe5\x90\x8d\xe3\x80\x82\\n";

static const char  code[] =
    "for (i = 0; i < n; i++) {\\n    if (a[i] == '\\\\n') {\\n        "
    "printf(\\\"%d\\\\n\\\", i);\\n        continue;\\n    }\\n}\\n\\n";

typedef struct {
    const char  *name;
    const char  *text;
} ig_bench_text_t;

static const ig_bench_text_t  texts[] = {
    { "English", english },
    { "Arabic", arabic },
    { "Chinese", chinese },
    { "code", code },
};

static const size_t  sizes[] = { 1024, 4096, 32768, 262144 };


/* a system prompt, then user and assistant by turns, up to about `size` */

static ig_str_t
body_make(const char *text, size_t size)
{
    int     turn;
    char   *p;
    size_t  n, len, part, share;

    len = strlen(text);
    p = malloc(size + 2048);

    if (p == NULL) {
        exit(2);
    }

    n = (size_t) sprintf(p, "{\"model\":\"gpt-4o-mini\",\"temperature\":0.7,"
                         "\"stream\":true,\"messages\":[{\"role\":\"system\","
                         "\"content\":\"You are a helpful assistant.\"}");

    share = size < 8192 ? 600 : 4000;

    for (turn = 0; n + len + 64 < size; turn++) {
        n += (size_t) sprintf(p + n, ",{\"role\":\"%s\",\"content\":\"",
                              turn & 1 ? "assistant" : "user");

        for (part = 0; part < share && n + len + 8 < size; part += len) {
            memcpy(p + n, text, len);
            n += len;
        }

        n += (size_t) sprintf(p + n, "\"}");
    }

    n += (size_t) sprintf(p + n, "]}");

    return (ig_str_t) { (const uint8_t *) p, n };
}


static int
counter_open(void)
{
    struct perf_event_attr  attr;

    memset(&attr, 0, sizeof(attr));

    attr.type = PERF_TYPE_HARDWARE;
    attr.size = sizeof(attr);
    attr.config = PERF_COUNT_HW_INSTRUCTIONS;
    attr.exclude_kernel = 1;
    attr.exclude_hv = 1;

    return (int) syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
}


static uint64_t
counter_read(int fd)
{
    uint64_t  n;

    if (fd < 0 || read(fd, &n, sizeof(n)) != sizeof(n)) {
        return 0;
    }

    return n;
}


static double
now(void)
{
    struct timespec  t;

    (void) clock_gettime(CLOCK_MONOTONIC, &t);

    return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}


static void
measure(const char *name, ig_str_t body, double seconds, int fd,
    ig_arena_t *arena)
{
    double        begin, took, best;
    size_t        i, n, batch;
    uint64_t      instructions;
    ig_request_t  r;
    ig_reading_t  reading;

    memset(&r, 0, sizeof(r));

    r.method = IG_STR("POST");
    r.path = IG_STR("/v1/chat/completions");
    r.content_type = IG_STR("application/json");
    r.has_body = true;
    r.body = body;

    batch = 1 + (2u << 20) / body.len;
    best = 1e9;
    instructions = 0;
    n = 0;

    for (begin = now(); now() - begin < seconds; /* void */ ) {
        instructions -= counter_read(fd);
        took = now();

        for (i = 0; i < batch; i++) {
            ig_arena_reset(arena);

            if (ig_read(&r, arena, &reading) != IG_OK
                || reading.reason != IG_REASON_NONE)
            {
                fprintf(stderr, "%s: not read\n", name);
                exit(1);
            }
        }

        took = (now() - took) / (double) batch;
        instructions += counter_read(fd);
        best = took < best ? took : best;
        n += batch;
    }

    printf("%-8s %7zu %9.2f %8.2f", name, body.len, best * 1e6,
           (double) body.len / best / 1e9);

    if (instructions) {
        printf(" %8.2f", (double) instructions / (double) n
                         / (double) body.len);
    }

    printf("\n");
}


int
main(int argc, char **argv)
{
    int          fd;
    size_t       i, k;
    double       seconds;
    ig_str_t     body;
    ig_arena_t  *arena;

    seconds = (argc > 1 ? atof(argv[1]) : 60) / 1e3;
    fd = counter_open();

    arena = ig_arena_new(64u << 20, 1u << 20);
    if (arena == NULL) {
        return 2;
    }

    printf("%-8s %7s %9s %8s %8s\n", "text", "bytes", "us", "GB/s", "insn/B");

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
            body = body_make(texts[i].text, sizes[k]);
            measure(texts[i].name, body, seconds, fd, arena);
            free((void *) (uintptr_t) body.data);
        }
    }

    ig_arena_free(arena);

    return 0;
}

/*
 * The engine alone: a decision and its two records, without a server.
 *
 *     engine_bench SECONDS RULES…
 *
 * For each size one line: nanoseconds and bytes a second for the decision,
 * instructions a byte where the machine counts them, nanoseconds for the
 * records, and the memory that a request took from the arena.
 */

#include "body.h"

#include <inference_guard/record.h>

#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>


#define MAX_FILES  1024

static const size_t  sizes[] = { 1024, 4096, 32768, 262144 };

static ig_source_t  sources[MAX_FILES];
static size_t       nsources;


static double
now_ns(void)
{
    struct timespec  t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}


static void
slurp(const char *path)
{
    char  *data;
    long   len;
    FILE  *f;

    f = fopen(path, "rb");

    if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (len = ftell(f)) < 0
        || nsources == MAX_FILES)
    {
        perror(path);
        exit(2);
    }

    rewind(f);
    data = malloc((size_t) len + 1);

    if (data == NULL || fread(data, 1, (size_t) len, f) != (size_t) len) {
        perror(path);
        exit(2);
    }

    fclose(f);

    sources[nsources].name = path;
    sources[nsources].text = (ig_str_t) { (uint8_t *) data, (size_t) len };
    nsources++;
}


static ig_guard_t *
compile(void)
{
    size_t          i;
    char            text[1024];
    ig_buf_t        b;
    ig_guard_t     *g;
    ig_mistakes_t  *m;

    m = ig_mistakes_new();
    g = m ? ig_guard_compile(sources, nsources, 0, m) : NULL;

    if (g == NULL) {
        for (i = 0; m && i < ig_mistakes_count(m); i++) {
            ig_buf_fixed(&b, text, sizeof(text));
            ig_mistake_print(ig_mistakes_get(m, i), &b);
            fprintf(stderr, "%.*s\n", (int) b.len, text);
        }

        fputs("the rules do not compile\n", stderr);
        exit(2);
    }

    ig_mistakes_free(m);

    return g;
}


/* instructions of this thread in user mode; -1: the machine does not say */

static int
counter_open(void)
{
    struct perf_event_attr  a;

    memset(&a, 0, sizeof(a));
    a.type = PERF_TYPE_HARDWARE;
    a.size = sizeof(a);
    a.config = PERF_COUNT_HW_INSTRUCTIONS;
    a.exclude_kernel = 1;
    a.exclude_hv = 1;

    return (int) syscall(SYS_perf_event_open, &a, 0, -1, -1, 0);
}


static uint64_t
counter_read(int fd)
{
    uint64_t  n;

    return fd >= 0 && read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}


typedef struct {
    double    decide_ns;
    double    record_ns;
    double    instructions;      /* a request; 0: not known */
    size_t    used;
} cost_t;


static void
decide(ig_worker_t *w, const ig_request_t *r, const ig_identity_t *id,
    ig_decision_t *d)
{
    if (ig_guard_decide(w, r, id, IG_MODE_ENFORCE, d) != IG_OK
        || d->verdict.word == IG_VERDICT_BLOCK)
    {
        fprintf(stderr, "refused (%.*s): this would measure refusals\n",
                IG_FMT(ig_reason_code(d->verdict.reason)));
        exit(2);
    }
}


static double
records(const ig_guard_t *g, const ig_request_t *r, const ig_decision_t *d,
    uint64_t n)
{
    double            start;
    uint64_t          i;
    ig_buf_t          out;
    ig_writer_t       writer;
    ig_hasher_t      *hasher;
    ig_outcome_t      o;
    static uint8_t    bytes[2 * IG_RECORD_MAX];
    ig_record_head_t  head;

    memset(&o, 0, sizeof(o));
    o.status = 200;
    o.endpoint = d->endpoint;
    o.address = IG_STR("10.1.0.5:8000");
    o.tries = 1;
    o.upstream_status = 200;
    hasher = ig_hasher_new();
    if (hasher == NULL) {
        fputs("no memory\n", stderr);
        exit(2);
    }

    ig_writer_init(&writer, IG_STR("bench-1"), hasher);
    head.time_ms = 1795508549123;
    head.request_id = IG_STR("4bf92f3577b34da6a3ce929d0e0e4736");

    start = now_ns();

    for (i = 0; i < n; i++) {
        ig_buf_fixed(&out, bytes, sizeof(bytes));
        ig_record_decision(&out, &writer, &head, g, d, r);
        ig_record_outcome(&out, &writer, &head, g, &o);

        if (out.failed) {
            fputs("a record failed\n", stderr);
            exit(2);
        }
    }

    start = now_ns() - start;
    ig_hasher_free(hasher);

    return start / (double) n;
}


static cost_t
measure(ig_guard_t *g, ig_worker_t *w, const ig_request_t *r,
    const ig_identity_t *id, double seconds)
{
    int            fd, round;
    double         start, took, best;
    cost_t         cost;
    uint64_t       n, before;
    ig_decision_t  d;

    fd = counter_open();
    memset(&cost, 0, sizeof(cost));
    best = 0;

    for (round = 0; round < 5; round++) {
        n = 0;
        before = counter_read(fd);
        start = now_ns();

        do {
            decide(w, r, id, &d);
            n++;
            took = now_ns() - start;
        } while (took < seconds * 1e9 / 5);

        if (round == 0 || took / (double) n < best) {
            best = took / (double) n;
            cost.instructions = (double) (counter_read(fd) - before)
                                / (double) n;
        }
    }

    cost.decide_ns = best;
    cost.used = ig_arena_used(ig_worker_arena(w));
    cost.record_ns = records(g, r, &d, 100000);

    if (fd >= 0) {
        close(fd);
    }

    return cost;
}


int
main(int argc, char **argv)
{
    int            i;
    char          *body;
    size_t         k;
    cost_t         cost;
    double         seconds;
    ig_str_t       tenant = IG_STR("Bearer bench-key");
    ig_guard_t    *g;
    ig_worker_t   *w;
    ig_request_t   r;
    ig_identity_t  id;

    if (argc < 3) {
        fputs("usage: engine_bench SECONDS RULES...\n", stderr);
        return 2;
    }

    seconds = atof(argv[1]);

    for (i = 2; i < argc; i++) {
        slurp(argv[i]);
    }

    g = compile();
    w = ig_worker_new(g);

    if (w == NULL) {
        fputs("no memory\n", stderr);
        return 2;
    }

    memset(&id, 0, sizeof(id));
    id.tenant_values = &tenant;
    id.ntenant_values = 1;
    id.client_country = ig_country_parse(IG_STR("SA"));

    memset(&r, 0, sizeof(r));
    r.method = IG_STR("POST");
    r.path = IG_STR("/v1/chat/completions");
    r.content_type = IG_STR("application/json");
    r.has_body = true;

    for (k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
        body = bench_body(sizes[k], false);
        r.body = (ig_str_t) { (uint8_t *) body, sizes[k] };

        cost = measure(g, w, &r, &id, seconds);

        printf("size=%zu decide_ns=%.0f bytes_per_s=%.0f "
               "instructions_per_byte=%.3f record_ns=%.0f arena=%zu\n",
               sizes[k], cost.decide_ns, (double) sizes[k] * 1e9
               / cost.decide_ns, cost.instructions / (double) sizes[k],
               cost.record_ns, cost.used);
        (void) fflush(stdout);
        free(body);
    }

    ig_worker_free(w);
    ig_guard_free(g);

    return 0;
}

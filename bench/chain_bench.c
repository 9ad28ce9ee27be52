/*
 * What evidence costs: the hash of a record, its place in the tree, a
 * checkpoint; and how fast a log is verified.
 *
 *     chain_bench [MEGABYTES [BYTES]]       a log of so many records' bytes
 *
 * The figures are of one core, from memory.
 */

#include "../t/unit/log_maker.h"

#include <time.h>


static double
now_ns(void)
{
    struct timespec  t;

    (void) clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);

    return (double) t.tv_sec * 1e9 + (double) t.tv_nsec;
}


static void
fail(const char *what)
{
    fprintf(stderr, "chain_bench: %s\n", what);
    exit(2);
}


static void
parts(size_t bytes)
{
    size_t        i, n;
    double        start, leaf, add, node;
    uint8_t       hash[IG_HASH_SIZE];
    uint8_t      *line;
    ig_merkle_t   tree;
    ig_hasher_t  *h;

    n = 500000;
    h = ig_hasher_new();
    line = calloc(1, bytes);

    if (h == NULL || line == NULL) {
        fail("no memory");
    }

    start = now_ns();

    for (i = 0; i < n; i++) {
        line[i % bytes]++;

        if (!ig_leaf_hash(h, (ig_str_t) { line, bytes }, hash)) {
            fail("ig_leaf_hash()");
        }
    }

    leaf = (now_ns() - start) / (double) n;
    ig_merkle_init(&tree);
    start = now_ns();

    for (i = 0; i < n; i++) {
        if (!ig_merkle_add(&tree, h, hash)) {
            fail("ig_merkle_add()");
        }
    }

    add = (now_ns() - start) / (double) n;
    start = now_ns();

    for (i = 0; i < n; i++) {
        if (!ig_node_hash(h, hash, hash, hash)) {
            fail("ig_node_hash()");
        }
    }

    node = (now_ns() - start) / (double) n;

    printf("leaf hash of %zu bytes %6.0f ns (%.0f MB/s)\n"
           "node hash            %6.0f ns\n"
           "leaf into the tree   %6.0f ns\n", bytes, leaf,
           (double) bytes * 1e3 / leaf, node, add);

    ig_hasher_free(h);
    free(line);
}


static void
checkpoints(void)
{
    char      name[16];
    size_t    i, n;
    double    start;
    maker_t  *m;

    m = maker_new("n1");
    n = 2000;

    for (i = 0; i < MAKER_WRITERS; i++) {
        (void) snprintf(name, sizeof(name), "w%zu", i);
        (void) maker_writer(m, name);
    }

    start = now_ns();

    for (i = 0; i < n; i++) {
        maker_checkpoint(m, NULL, NULL, NULL);
    }

    printf("a checkpoint of %u writers %.1f us\n", MAKER_WRITERS,
           (now_ns() - start) / (double) n / 1e3);
    maker_free(m);
}


static void
report(void *data, const ig_verify_finding_t *f)
{
    (void) data;

    fprintf(stderr, "%llu: %s\n", (unsigned long long) f->line, f->text);
}


/* one pass as the command makes it: through a buffer of a megabyte */

static double
pass(ig_verify_t *v, const log_t *l, bool check)
{
    bool            last;
    size_t          at, n, used;
    double          start;
    static uint8_t  buf[1024 * 1024];

    start = now_ns();
    at = 0;

    do {
        n = l->len - at < sizeof(buf) ? l->len - at : sizeof(buf);
        last = at + n == l->len;
        memcpy(buf, l->data + at, n);

        if ((check ? ig_verify_check : ig_verify_scan)
            (v, 0, (ig_str_t) { buf, n }, last, &used) != IG_OK)
        {
            fail("not verified");
        }

        at += used;
    } while (!last);

    return now_ns() - start;
}


static void
verify(size_t megabytes, size_t bytes)
{
    size_t                i, n;
    log_t                 l = { NULL, 0, 0 };
    double                scan, check;
    maker_t              *m;
    uint32_t              row;
    const char           *why;
    ig_verify_t          *v;
    const uint32_t       *order;
    ig_verify_summary_t   s;

    m = maker_new("n1");
    (void) maker_writer(m, "0123456789abcdef01234567");
    (void) maker_writer(m, "76543210fedcba9876543210");
    m->padding = bytes > 300 ? bytes - 250 : 10;

    for (i = 0; l.len < megabytes << 20; i++) {
        maker_record(m, i / 3 % 2, &l);

        if (i % 20000 == 19999) {
            maker_checkpoint(m, &l, NULL, NULL);
        }
    }

    maker_checkpoint(m, &l, NULL, NULL);

    v = ig_verify_new(report, NULL);

    if (v == NULL || ig_verify_key(v, ig_str_from_c(maker_public), &why)
        != IG_OK || ig_verify_file(v, "log", false, &row) != IG_OK)
    {
        fail("no memory");
    }

    scan = pass(v, &l, false);

    if (ig_verify_order(v, &order, &n) != IG_OK) {
        fail("no memory");
    }

    check = pass(v, &l, true);

    if (ig_verify_end(v, &s) != IG_OK || !s.verified || s.sealed != i) {
        fail("not verified");
    }

    printf("verified: %zu records, %zu bytes each: %.0f MB/s, %.0f records/s "
           "(first pass %.0f MB/s, second %.0f)\n", i, l.len / i,
           (double) l.len * 1e3 / (scan + check),
           (double) i * 1e9 / (scan + check), (double) l.len * 1e3 / scan,
           (double) l.len * 1e3 / check);

    ig_verify_free(v);
    log_free(&l);
    maker_free(m);
}


int
main(int argc, char **argv)
{
    size_t  megabytes, bytes;

    megabytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
    bytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 700;

    if (megabytes == 0 || megabytes > 4096 || bytes == 0 || bytes > 16384) {
        fputs("usage: chain_bench [MEGABYTES [BYTES]]\n", stderr);
        return 2;
    }

    parts(bytes);
    checkpoints();
    verify(megabytes, bytes);

    return 0;
}

/* What the tests of the verifier share: logs of lines, a run over them. */

#ifndef IG_VERIFY_HELPER_H
#define IG_VERIFY_HELPER_H

#include "log_maker.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>


#define RUN_FILES     6
#define RUN_FINDINGS  64

typedef struct {
    ig_verify_kind_t  kind;
    char              file[32];
    uint64_t          line;
    char              text[640];
} found_t;

typedef struct {
    log_t                file[RUN_FILES];
    bool                 kept[RUN_FILES];
    size_t               n;
    const char          *key;            /* a public one, or NULL */
    size_t               chunk;          /* bytes given at once */
    ig_verify_t         *v;
    ig_verify_summary_t  sum;
    found_t              found[RUN_FINDINGS];
    size_t               nfound;
} run_t;

static const char *const  run_names[RUN_FILES] = {
    "a.jsonl", "b.jsonl", "c.jsonl", "d.jsonl", "e.jsonl", "f.jsonl"
};


static inline void
run_report(void *data, const ig_verify_finding_t *f)
{
    run_t    *run = data;
    found_t  *to = &run->found[run->nfound++ % RUN_FINDINGS];

    to->kind = f->kind;
    (void) snprintf(to->file, sizeof(to->file), "%s", f->file ? f->file : "");
    (void) snprintf(to->text, sizeof(to->text), "%s", f->text);
    to->line = f->line;
}


static inline void
run_pass(run_t *run, uint32_t row, bool check)
{
    bool          last;
    size_t        at, used, n;
    log_t        *l = &run->file[row];

    at = 0;
    n = 0;
    log_bytes(l, "", 0);                         /* an empty file has bytes */

    do {
        n += run->chunk;
        last = at + n >= l->len;
        n = last ? l->len - at : n;

        assert_int_equal((check ? ig_verify_check : ig_verify_scan)
                         (run->v, row,
                          (ig_str_t) { (uint8_t *) l->data + at, n }, last,
                          &used), IG_OK);
        at += used;
        n -= used;
    } while (!last);

    assert_int_equal(at, l->len);
}


static inline void
run_begin(run_t *run)
{
    size_t       i;
    uint32_t     row;
    const char  *why;

    run->nfound = 0;
    run->chunk = run->chunk ? run->chunk : 1 << 20;
    run->v = ig_verify_new(run_report, run);
    assert_non_null(run->v);

    if (run->key) {
        assert_int_equal(ig_verify_key(run->v, ig_str_from_c(run->key), &why),
                         IG_OK);
    }

    for (i = 0; i < run->n; i++) {
        assert_int_equal(ig_verify_file(run->v, run_names[i], run->kept[i],
                                        &row), IG_OK);
        run_pass(run, row, false);
    }
}


static inline void
run_end(run_t *run)
{
    assert_int_equal(ig_verify_end(run->v, &run->sum), IG_OK);
    ig_verify_free(run->v);
    run->v = NULL;
}


static inline void
run_verify(run_t *run)
{
    size_t           i, n;
    const uint32_t  *order;

    run_begin(run);
    assert_int_equal(ig_verify_order(run->v, &order, &n), IG_OK);
    assert_int_equal(n, run->n);

    for (i = 0; i < n; i++) {
        run_pass(run, order[i], true);
    }

    run_end(run);
}


static inline void
run_free(run_t *run)
{
    size_t  i;

    for (i = 0; i < RUN_FILES; i++) {
        log_free(&run->file[i]);
    }

    memset(run, 0, sizeof(*run));
}


static inline void
run_print(const run_t *run)
{
    size_t  i;

    for (i = 0; i < run->nfound && i < RUN_FINDINGS; i++) {
        print_error("%s:%llu: %s: %s\n", run->found[i].file,
                    (unsigned long long) run->found[i].line,
                    ig_verify_kind_name(run->found[i].kind),
                    run->found[i].text);
    }
}


/* the log is verified, and nothing but the notes is told */

static inline void
expect_verified(run_t *run)
{
    run_verify(run);

    if (!run->sum.verified) {
        run_print(run);
        fail_msg("not verified");
    }
}


/* exactly one failure, of that kind, there */

static inline void
expect_one(run_t *run, ig_verify_kind_t kind, const char *file, uint64_t line)
{
    size_t  i, n;

    run_verify(run);
    n = 0;

    for (i = 0; i < run->nfound; i++) {
        n += ig_verify_is_failure(run->found[i].kind);
    }

    for (i = 0; i < run->nfound && run->found[i].kind != kind; i++) { /* void */ }

    if (n != 1 || i == run->nfound || run->found[i].line != line
        || strcmp(run->found[i].file, file) != 0 || run->sum.whole
        || run->sum.verified || run->sum.found[kind] != 1)
    {
        run_print(run);
        fail_msg("not exactly one %s at %s:%llu", ig_verify_kind_name(kind),
                 file, (unsigned long long) line);
    }
}


/* -- lines of a log, from 1 ----------------------------------------------- */

static inline char *
line_at(const log_t *l, size_t n)
{
    char  *p = l->data;

    while (--n) {
        p = memchr(p, '\n', (size_t) (l->data + l->len - p));
        assert_non_null(p);
        p++;
    }

    return p;
}


static inline size_t
line_len(const log_t *l, size_t n)
{
    char  *p = line_at(l, n);

    return (size_t) ((char *) memchr(p, '\n', (size_t) (l->data + l->len - p))
                     - p) + 1;
}


/* a free()-able copy */

static inline char *
line_copy(const log_t *l, size_t n, size_t *len)
{
    char  *copy;

    *len = line_len(l, n);
    copy = malloc(*len);
    assert_non_null(copy);
    memcpy(copy, line_at(l, n), *len);

    return copy;
}


static inline void
line_remove(log_t *l, size_t n)
{
    char    *p = line_at(l, n);
    size_t   len = line_len(l, n);

    memmove(p, p + len, (size_t) (l->data + l->len - p) - len);
    l->len -= len;
}


/* the bytes stand before line n then */

static inline void
line_insert(log_t *l, size_t n, const char *data, size_t len)
{
    size_t  at;

    at = (size_t) (line_at(l, n) - l->data);
    log_bytes(l, data, len);                     /* makes room */
    memmove(l->data + at + len, l->data + at, l->len - len - at);
    memcpy(l->data + at, data, len);
}


static inline void
line_move(log_t *l, size_t from, size_t to)
{
    char    *copy;
    size_t   len;

    copy = line_copy(l, from, &len);
    line_remove(l, from);
    line_insert(l, to, copy, len);
    free(copy);
}

#endif /* IG_VERIFY_HELPER_H */

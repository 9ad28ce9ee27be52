/*
 * Logs read twice by the verifier, in one buffer.
 */

#include "audit_evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


#define IG_EVIDENCE_BUF   (1024 * 1024)
#define IG_EVIDENCE_STEP  (64u << 20)    /* bytes between two looks at progress */


bool
ig_evidence_init(ig_evidence_t *e, ig_verify_report_pt report, void *data)
{
    memset(e, 0, sizeof(*e));

    e->verify = ig_verify_new(report, data);
    e->buf = malloc(IG_EVIDENCE_BUF);
    e->progress = isatty(STDERR_FILENO);

    if (e->verify == NULL || e->buf == NULL) {
        fputs("inference-guard: no memory\n", stderr);
        ig_evidence_free(e);
        return false;
    }

    return true;
}


void
ig_evidence_free(ig_evidence_t *e)
{
    ig_verify_free(e->verify);
    free(e->files);
    free(e->buf);
    memset(e, 0, sizeof(*e));
}


/* a key is small: what is larger is none, and not read */

bool
ig_evidence_slurp(const char *path, ig_str_t *pem)
{
    struct stat  st;

    if (strcmp(path, "-") == 0 || stat(path, &st) != 0) {
        fprintf(stderr, "inference-guard: %s: %s\n", path, strerror(errno));
        return false;
    }

    if (!S_ISREG(st.st_mode) || st.st_size > 65536) {
        fprintf(stderr, "inference-guard: %s: is no key\n", path);
        return false;
    }

    if (!ig_file_slurp(path, pem)) {
        fprintf(stderr, "inference-guard: %s: %s\n", path, strerror(errno));
        return false;
    }

    return true;
}


bool
ig_evidence_public(const char *path, uint8_t raw[IG_KEY_SIZE])
{
    bool         ok;
    ig_str_t     pem;
    const char  *why;

    if (!ig_evidence_slurp(path, &pem)) {
        return false;
    }

    ok = ig_public_key(pem, raw, &why);
    free((void *) pem.data);

    if (!ok) {
        fprintf(stderr, "inference-guard: %s: %s\n", path, why);
    }

    return ok;
}


bool
ig_evidence_key(ig_evidence_t *e, const char *path)
{
    bool         ok;
    ig_str_t     pem;
    const char  *why;

    if (!ig_evidence_slurp(path, &pem)) {
        return false;
    }

    ok = ig_verify_key(e->verify, pem, &why) == IG_OK;
    free((void *) pem.data);

    if (!ok) {
        fprintf(stderr, "inference-guard: %s: %s\n", path, why);
    }

    return ok;
}


bool
ig_evidence_add(ig_evidence_t *e, const char *name, bool kept)
{
    size_t               i;
    uint32_t             row;
    struct stat          st;
    ig_evidence_file_t  *files;

    if (stat(name, &st) != 0) {
        fprintf(stderr, "%s: %s\n", name, strerror(errno));
        return false;
    }

    if (!S_ISREG(st.st_mode)) {
        fprintf(stderr, "%s: is no regular file; it has to be read twice\n",
                name);
        return false;
    }

    for (i = 0; i < e->nfiles; i++) {
        if (e->files[i].dev == st.st_dev && e->files[i].ino == st.st_ino) {
            fprintf(stderr, "%s: is the same file as %s, and read once\n",
                    name, e->files[i].name);
            return true;
        }
    }

    if (e->nfiles == e->room) {
        e->room = e->room ? e->room * 2 : 16;
        files = realloc(e->files, e->room * sizeof(*files));

        if (files == NULL) {
            fputs("inference-guard: no memory\n", stderr);
            return false;
        }

        e->files = files;
    }

    if (ig_verify_file(e->verify, name, kept, &row) != IG_OK) {
        fputs("inference-guard: no memory\n", stderr);
        return false;
    }

    e->files[e->nfiles++] = (ig_evidence_file_t) {
        name, st.st_dev, st.st_ino, UINT64_MAX
    };
    e->total += 2 * (uint64_t) st.st_size;

    return true;
}


/* -- reading -------------------------------------------------------------- */

static void
ig_evidence_progress(ig_evidence_t *e)
{
    uint64_t  percent;

    if (!e->progress || e->done - e->shown < IG_EVIDENCE_STEP) {
        return;
    }

    e->shown = e->done;
    percent = e->total ? e->done * 100 / e->total : 100;

    fprintf(stderr, "\r%llu of %llu MB read, %u %%  ",
            (unsigned long long) (e->done >> 20),
            (unsigned long long) (e->total >> 20),
            (unsigned) (percent > 100 ? 100 : percent));
    (void) fflush(stderr);
}


void
ig_evidence_progress_end(ig_evidence_t *e)
{
    if (e->progress && e->shown) {
        fputs("\r\033[K", stderr);
        e->shown = 0;
        e->progress = false;
    }
}


static int
ig_evidence_open(const ig_evidence_file_t *f)
{
    int          fd;
    struct stat  st;

    fd = open(f->name, O_RDONLY|O_CLOEXEC);

    if (fd < 0 || fstat(fd, &st) != 0) {
        fprintf(stderr, "%s: %s\n", f->name, strerror(errno));

    } else if (st.st_dev != f->dev || st.st_ino != f->ino) {
        fprintf(stderr, "%s: was replaced while it was read; ask again\n",
                f->name);

    } else {
        return fd;
    }

    if (fd >= 0) {
        close(fd);
    }

    return -1;
}


/*
 * The first pass reads to the end, the second as much as the first: a log may
 * grow meanwhile.
 */

static bool
ig_evidence_read(ig_evidence_t *e, uint32_t row, int fd, bool check)
{
    bool                 last;
    size_t               len, used;
    ig_rc_t              rc;
    ssize_t              n;
    uint64_t             size;
    ig_evidence_file_t  *f = &e->files[row];

    size = 0;
    len = 0;

    do {
        n = (ssize_t) (IG_EVIDENCE_BUF - len);

        if (check && (uint64_t) n > f->size - size) {
            n = (ssize_t) (f->size - size);
        }

        do {
            n = read(fd, e->buf + len, (size_t) n);
        } while (n < 0 && errno == EINTR);

        if (n < 0) {
            fprintf(stderr, "%s: %s\n", f->name, strerror(errno));
            return false;
        }

        if (n == 0 && check && size < f->size) {
            fprintf(stderr, "%s: became shorter while it was read; ask again\n",
                    f->name);
            return false;
        }

        last = (n == 0);
        len += (size_t) n;
        size += (uint64_t) n;

        rc = (check ? ig_verify_check : ig_verify_scan)
             (e->verify, row, (ig_str_t) { e->buf, len }, last, &used);

        if (rc != IG_OK) {
            fprintf(stderr, "inference-guard: %s\n",
                    rc == IG_NOMEM ? "no memory" : "the library failed");
            return false;
        }

        len -= used;
        memmove(e->buf, e->buf + used, len);
        e->done += (uint64_t) n;
        ig_evidence_progress(e);

    } while (!last);

    f->size = size;

    return true;
}


static bool
ig_evidence_pass(ig_evidence_t *e, uint32_t row, bool check)
{
    int   fd;
    bool  ok;

    fd = ig_evidence_open(&e->files[row]);
    if (fd < 0) {
        return false;
    }

    ok = ig_evidence_read(e, row, fd, check);
    close(fd);

    return ok;
}


bool
ig_evidence_scan(ig_evidence_t *e)
{
    size_t  i;

    for (i = 0; i < e->nfiles; i++) {
        if (!ig_evidence_pass(e, (uint32_t) i, false)) {
            return false;
        }
    }

    return true;
}


bool
ig_evidence_check(ig_evidence_t *e, uint32_t file)
{
    return ig_evidence_pass(e, file, true);
}


bool
ig_evidence_check_all(ig_evidence_t *e)
{
    size_t           i, n;
    const uint32_t  *order;

    if (ig_verify_order(e->verify, &order, &n) != IG_OK) {
        fputs("inference-guard: no memory\n", stderr);
        return false;
    }

    for (i = 0; i < n; i++) {
        if (!ig_evidence_check(e, order[i])) {
            return false;
        }
    }

    return true;
}

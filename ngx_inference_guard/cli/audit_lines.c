/*
 * Lines of a file of any size, in one buffer.
 */

#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>


#define IG_AUDIT_BUF  (256 * 1024)

/* a record's first bytes; in a string the quotes would be escaped */
#define IG_AUDIT_HEAD  "{\"v\":1,\"type\":\""
/* lines that are about records, and belong to no request */
#define IG_AUDIT_CHECKPOINT  IG_AUDIT_HEAD "checkpoint\""


bool
ig_audit_lines_open(ig_audit_lines_t *r, const char *name)
{
    memset(r, 0, sizeof(*r));

    r->fd = strcmp(name, "-") == 0 ? dup(STDIN_FILENO)
                                   : open(name, O_RDONLY|O_CLOEXEC);
    if (r->fd < 0) {
        fprintf(stderr, "%s: %s\n", name, strerror(errno));
        return false;
    }

    r->name = strdup(name);
    r->buf = malloc(IG_AUDIT_BUF);

    if (r->name == NULL || r->buf == NULL) {
        fprintf(stderr, "%s: no memory\n", name);
        ig_audit_lines_close(r);
        return false;
    }

    return true;
}


void
ig_audit_lines_close(ig_audit_lines_t *r)
{
    if (r->fd >= 0) {
        close(r->fd);
    }

    free(r->name);
    free(r->buf);
    memset(r, 0, sizeof(*r));
    r->fd = -1;
}


static ssize_t
ig_audit_lines_fill(ig_audit_lines_t *r)
{
    ssize_t  n;

    if (r->start) {
        memmove(r->buf, r->buf + r->start, r->len);
        r->start = 0;
    }

    do {
        n = read(r->fd, r->buf + r->len, IG_AUDIT_BUF - r->len);
    } while (n < 0 && errno == EINTR);

    if (n < 0) {
        fprintf(stderr, "%s: %s\n", r->name, strerror(errno));

    } else {
        r->len += (size_t) n;
        r->offset += (uint64_t) n;
    }

    return n;
}


void
ig_audit_bad(const ig_audit_lines_t *r, const char *why)
{
    if (r->quiet) {
        return;
    }

    (void) fflush(stdout);

    if (r->unnumbered) {
        fprintf(stderr, "%s: a line before byte %llu %s\n", r->name,
                (unsigned long long) (r->offset - r->len), why);
        return;
    }

    fprintf(stderr, "%s:%llu: this line %s\n", r->name,
            (unsigned long long) r->number, why);
}


/*
 * A write that was cut short, and another worker's whole record behind it: no
 * record holds a head within, so what stands before the last one is torn.
 */

static uint8_t *
ig_audit_head(uint8_t *p, size_t len)
{
    return memmem(p, len, IG_AUDIT_HEAD, sizeof(IG_AUDIT_HEAD) - 1);
}


void
ig_audit_torn(const ig_audit_lines_t *r, ig_str_t *line)
{
    uint8_t  *p, *start;

    while (line->len > 1) {
        start = (uint8_t *) line->data;
        p = ig_audit_head(start + 1, line->len - 1);

        if (p == NULL) {
            return;
        }

        ig_audit_bad(r, "begins with a torn record");

        line->len -= (size_t) (p - start);
        line->data = p;
    }
}


/*
 * Of a line that is too long what may yet be a record: from the last head on,
 * or as much as a head that is not all there.
 */

static void
ig_audit_lines_shorten(ig_audit_lines_t *r)
{
    size_t    keep;
    uint8_t  *p, *head, *end;

    if (!r->skipping) {
        r->number++;
        r->skipping = true;
        ig_audit_bad(r, "is too long");
    }

    p = r->buf + r->start;
    end = p + r->len;
    head = NULL;

    while ((p = ig_audit_head(p, (size_t) (end - p))) != NULL) {
        head = p++;
    }

    keep = head ? (size_t) (end - head) : r->len;

    if (keep > IG_RECORD_LINE_MAX) {
        keep = sizeof(IG_AUDIT_HEAD) - 2;
    }

    r->start += r->len - keep;
    r->len = keep;
}


/* false: there is no record in what a newline has ended */

static bool
ig_audit_lines_line(ig_audit_lines_t *r, ig_str_t *line)
{
    uint8_t  *p;

    if (!r->skipping) {
        r->number++;

        if (line->len == 0) {

            /* two workers, each of which ended a torn line */

            return false;
        }

    } else {
        r->skipping = false;
        p = ig_audit_head((uint8_t *) line->data, line->len);

        if (p == NULL) {
            return false;
        }

        line->len -= (size_t) (p - line->data);
        line->data = p;
    }

    ig_audit_torn(r, line);

    return r->checkpoints || line->len < sizeof(IG_AUDIT_CHECKPOINT) - 1
           || memcmp(line->data, IG_AUDIT_CHECKPOINT,
                     sizeof(IG_AUDIT_CHECKPOINT) - 1) != 0;
}


ig_audit_got_t
ig_audit_lines_next(ig_audit_lines_t *r, ig_str_t *line)
{
    size_t    seen;
    ssize_t   n;
    uint8_t  *end;

    seen = 0;

    for ( ;; ) {
        end = r->len > seen
              ? memchr(r->buf + r->start + seen, '\n', r->len - seen) : NULL;

        if (end) {
            line->data = r->buf + r->start;
            line->len = (size_t) (end - line->data);
            r->start += line->len + 1;
            r->len -= line->len + 1;

            if (ig_audit_lines_line(r, line)) {
                return IG_AUDIT_LINE;
            }

            seen = 0;
            continue;
        }

        if (r->len > IG_RECORD_LINE_MAX) {
            ig_audit_lines_shorten(r);
        }

        seen = r->len;
        n = ig_audit_lines_fill(r);

        if (n < 0) {
            return IG_AUDIT_FAILED;
        }

        if (n == 0) {
            line->data = r->buf + r->start;
            line->len = r->skipping ? 0 : r->len;

            return line->len ? IG_AUDIT_PART : IG_AUDIT_END;
        }
    }
}

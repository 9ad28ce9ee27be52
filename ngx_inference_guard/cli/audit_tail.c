/*
 * inference-guard audit tail: the last records of the log, and those to come.
 *
 * Every record is shown as it is, one row each.  A record that lacks what the
 * filter asks for (an outcome names no tenant) is shown when the decision with
 * its id was.  The end of a large file is found from behind, in steps that
 * grow.
 *
 * A log is rotated by renaming it; workers reopen it at different moments, so
 * the old file is read on for a while beside the new one.
 */

#include "audit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>


#define IG_TAIL_STEP   (256 * 1024)
#define IG_TAIL_IDS    4096              /* decisions remembered */
#define IG_TAIL_POLL   100000000         /* ns between two looks */
#define IG_TAIL_GRACE  100               /* looks at a file rotated away */

typedef struct {
    ig_audit_options_t   o;
    ig_record_line_t    *line;
    ig_audit_table_t    *table;
    ig_str_t            *ring;           /* the last lines that are shown */
    size_t               nring;          /* pushed so far */
    uint64_t             ids[IG_TAIL_IDS];
    size_t               nids;
    bool                 collecting;     /* into the ring */
    bool                 failed;
    uint64_t             shown;
} ig_tail_t;


/* FNV-1a with 64 bits: a chance match only shows an outcome too many */

static uint64_t
ig_tail_hash(ig_str_t id)
{
    size_t    i;
    uint64_t  h;

    h = UINT64_C(14695981039346656037);

    for (i = 0; i < id.len; i++) {
        h = (h ^ id.data[i]) * UINT64_C(1099511628211);
    }

    return h ? h : 1;
}


static bool
ig_tail_wanted(ig_tail_t *t)
{
    size_t    i, n;
    uint64_t  h;
    ig_str_t  type;

    if (t->o.keys == 0) {
        return true;
    }

    h = ig_tail_hash(ig_record_line_raw(t->line,
                         ig_record_line_get(t->line, 0, "id")));
    type = ig_record_line_raw(t->line, ig_record_line_get(t->line, 0, "type"));

    if (ig_audit_met(&t->o, t->o.keys, t->line) == t->o.keys) {
        if (ig_str_eq(type, IG_STR("decision"))) {
            t->ids[t->nids++ % IG_TAIL_IDS] = h;
        }

        return true;
    }

    if (ig_str_eq(type, IG_STR("decision")) || ig_audit_event(t->line)) {
        return false;
    }

    n = t->nids < IG_TAIL_IDS ? t->nids : IG_TAIL_IDS;

    for (i = 0; i < n; i++) {
        if (t->ids[i] == h) {
            return true;
        }
    }

    return false;
}


static void
ig_tail_show(ig_tail_t *t, ig_str_t line)
{
    t->shown++;

    if (t->o.json) {
        (void) fwrite(line.data, 1, line.len, stdout);
        putchar('\n');

    } else {
        ig_audit_table_add(t->table, t->line, &line, 1);
    }
}


static void
ig_tail_push(ig_tail_t *t, ig_str_t line)
{
    uint8_t   *copy;
    ig_str_t  *slot;

    if (t->o.lines == 0) {
        return;
    }

    copy = malloc(line.len);
    if (copy == NULL) {
        t->failed = true;
        return;
    }

    memcpy(copy, line.data, line.len);
    slot = &t->ring[t->nring++ % t->o.lines];
    free((void *) slot->data);
    *slot = (ig_str_t) { copy, line.len };
}


static void
ig_tail_forget(ig_tail_t *t)
{
    size_t  i;

    for (i = 0; i < t->o.lines; i++) {
        free((void *) t->ring[i].data);
        t->ring[i] = IG_NO_STR;
    }

    t->nring = 0;
    t->nids = 0;
}


static void
ig_tail_line(ig_tail_t *t, const ig_audit_lines_t *r, ig_str_t line)
{
    if (line.len == 0) {
        return;
    }

    if (!ig_record_line_parse(t->line, line)) {
        ig_audit_bad(r, t->line->error);
        return;
    }

    if (!ig_tail_wanted(t)) {
        return;
    }

    if (t->collecting) {
        ig_tail_push(t, line);

    } else {
        ig_tail_show(t, line);
    }
}


/* all whole lines there are; false when the file cannot be read */

static bool
ig_tail_drain(ig_tail_t *t, ig_audit_lines_t *r)
{
    ig_str_t        line;
    ig_audit_got_t  got;

    while ((got = ig_audit_lines_next(r, &line)) == IG_AUDIT_LINE) {
        ig_tail_line(t, r, line);
    }

    return got != IG_AUDIT_FAILED;
}


/*
 * Collect from `back` bytes before the end; the first line after a jump is most
 * likely a part of one.  Leaves the reader at the end of the file.
 */

static bool
ig_tail_from(ig_tail_t *t, ig_audit_lines_t *r, uint64_t size, uint64_t back)
{
    uint64_t  from;
    ig_str_t  line;

    ig_tail_forget(t);

    from = size > back ? size - back : 0;

    if (lseek(r->fd, (off_t) from, SEEK_SET) < 0 && errno != ESPIPE) {
        return false;
    }

    r->start = 0;
    r->len = 0;
    r->number = 0;
    r->offset = from;
    r->skipping = false;
    r->unnumbered = (from != 0);

    if (from && ig_audit_lines_next(r, &line) != IG_AUDIT_LINE) {
        return true;
    }

    return ig_tail_drain(t, r);
}


/* the last lines that are wanted, and with them the table's widths */

static bool
ig_tail_last(ig_tail_t *t, ig_audit_lines_t *r)
{
    bool         ok;
    size_t       i, n;
    uint64_t     back, size;
    struct stat  st;

    if (fstat(r->fd, &st) != 0) {
        return false;
    }

    size = S_ISREG(st.st_mode) ? (uint64_t) st.st_size : 0;
    t->collecting = true;
    r->quiet = true;                     /* lines are read more than once */

    for (back = IG_TAIL_STEP; ; back *= 8) {
        ok = ig_tail_from(t, r, size, back);

        if (!ok || t->nring >= t->o.lines || back >= size || t->failed) {
            break;
        }
    }

    t->collecting = false;
    r->quiet = false;

    n = t->nring < t->o.lines ? t->nring : t->o.lines;

    for (i = t->nring - n; i < t->nring; i++) {
        ig_tail_show(t, t->ring[i % t->o.lines]);
    }

    return ok && !t->failed;
}


static void
ig_tail_flush(ig_tail_t *t)
{
    if (t->table) {
        ig_audit_table_flush(t->table);
    }

    (void) fflush(stdout);
}


/* the file at that name is another one now */

static bool
ig_tail_rotated(const ig_audit_lines_t *r)
{
    struct stat  there, here;

    return stat(r->name, &there) == 0 && fstat(r->fd, &here) == 0
           && (there.st_ino != here.st_ino || there.st_dev != here.st_dev);
}


static bool
ig_tail_truncated(const ig_audit_lines_t *r)
{
    struct stat  st;

    return fstat(r->fd, &st) == 0 && S_ISREG(st.st_mode)
           && (uint64_t) st.st_size < r->offset;
}


static bool
ig_tail_restart(ig_audit_lines_t *r)
{
    fprintf(stderr, "%s: was truncated\n", r->name);

    r->start = 0;
    r->len = 0;
    r->number = 0;
    r->offset = 0;
    r->skipping = false;
    r->unnumbered = false;

    return lseek(r->fd, 0, SEEK_SET) == 0;
}


/* ends with the process, or when reading fails */

static void
ig_tail_follow(ig_tail_t *t, ig_audit_lines_t *r)
{
    bool              ok;
    unsigned          grace;
    struct timespec   pause = { 0, IG_TAIL_POLL };
    ig_audit_lines_t  old, next;

    grace = 0;
    memset(&old, 0, sizeof(old));
    old.fd = -1;
    ok = true;

    while (ok && !t->failed && !ferror(stdout)) {

        if (grace) {
            ok = ig_tail_drain(t, &old);

            if (--grace == 0) {
                ig_audit_lines_close(&old);
            }
        }

        if (ok && ig_tail_truncated(r)) {
            ok = ig_tail_restart(r);
        }

        ok = ok && ig_tail_drain(t, r);
        ig_tail_flush(t);

        if (ok && ig_tail_rotated(r) && ig_audit_lines_open(&next, r->name)) {
            if (grace) {
                (void) ig_tail_drain(t, &old);
                ig_audit_lines_close(&old);
            }

            old = *r;
            *r = next;
            grace = IG_TAIL_GRACE;
            continue;
        }

        (void) nanosleep(&pause, NULL);
    }

    if (grace) {
        ig_audit_lines_close(&old);
    }
}


int
ig_cmd_audit_tail(int argc, char **argv)
{
    int                first, rc;
    bool               ok;
    ig_tail_t         *t;
    ig_audit_lines_t   r;

    t = calloc(1, sizeof(ig_tail_t));
    if (t == NULL) {
        return IG_EXIT_ERROR;
    }

    first = ig_audit_options(&t->o, true, argc, argv);

    if (first <= 0) {
        free(t);
        return first == 0 ? IG_EXIT_YES : IG_EXIT_ERROR;
    }

    t->line = malloc(sizeof(ig_record_line_t));
    t->table = t->o.json ? NULL : ig_audit_table_new();
    t->ring = calloc(t->o.lines ? t->o.lines : 1, sizeof(ig_str_t));
    ok = t->line && t->ring && (t->o.json || t->table);

    if (ok) {
        ok = ig_audit_lines_open(&r, argv[first]);
    }

    if (ok) {
        ok = ig_tail_last(t, &r);
        ig_tail_flush(t);

        if (ok && t->o.follow) {
            ig_tail_follow(t, &r);
        }

        ig_audit_lines_close(&r);
    }

    rc = !ok ? IG_EXIT_ERROR : t->shown ? IG_EXIT_YES : IG_EXIT_NO;

    ig_audit_table_free(t->table);

    if (t->ring) {
        ig_tail_forget(t);
    }

    free(t->ring);
    free(t->line);
    free(t);

    return rc;
}

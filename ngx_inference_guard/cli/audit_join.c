/*
 * Records joined by id: a decision waits, as bytes, for its outcome.
 */

#include "audit_join.h"
#include "audit_tally.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>


#define IG_JOIN_BUCKETS   65536
#define IG_JOIN_PROGRESS  65536          /* records between two words of it */

typedef struct ig_waiting_s  ig_waiting_t;

struct ig_waiting_s {
    ig_waiting_t  *older;
    ig_waiting_t  *newer;
    ig_waiting_t  *same;                 /* in the bucket */
    uint64_t       hash;                 /* of the id */
    ig_str_t       id;
    ig_str_t       redirect;             /* owned; the last one */
    size_t         len;
    uint8_t        decision[];
};

struct ig_join_s {
    ig_joined_f        fn;
    void              *ctx;
    ig_waiting_t      *oldest;
    ig_waiting_t      *newest;
    size_t             n;
    size_t             bytes;
    uint64_t           total;            /* bytes of all files, when known */
    bool               terminal;
    ig_join_counts_t   counts;
    ig_record_line_t  *line;             /* the one just read */
    ig_record_line_t  *decision;
    ig_record_line_t  *redirect;
    ig_waiting_t      *buckets[IG_JOIN_BUCKETS];
};


ig_join_t *
ig_join_new(ig_joined_f fn, void *ctx)
{
    ig_join_t  *j;

    j = calloc(1, sizeof(ig_join_t));
    if (j == NULL) {
        return NULL;
    }

    j->fn = fn;
    j->ctx = ctx;
    j->line = malloc(sizeof(ig_record_line_t));
    j->decision = malloc(sizeof(ig_record_line_t));
    j->redirect = malloc(sizeof(ig_record_line_t));

    if (j->line == NULL || j->decision == NULL || j->redirect == NULL) {
        ig_join_free(j);
        return NULL;
    }

    return j;
}


static void
ig_waiting_free(ig_waiting_t *w)
{
    free((void *) w->redirect.data);
    free(w);
}


void
ig_join_free(ig_join_t *j)
{
    ig_waiting_t  *w;

    if (j == NULL) {
        return;
    }

    while ((w = j->oldest) != NULL) {
        j->oldest = w->newer;
        ig_waiting_free(w);
    }

    free(j->line);
    free(j->decision);
    free(j->redirect);
    free(j);
}


const ig_join_counts_t *
ig_join_counts(const ig_join_t *j)
{
    return &j->counts;
}


static ig_waiting_t *
ig_join_find(ig_join_t *j, ig_str_t id)
{
    uint64_t       hash;
    ig_waiting_t  *w;

    hash = ig_audit_hash(id.data, id.len);

    for (w = j->buckets[hash % IG_JOIN_BUCKETS]; w; w = w->same) {
        if (w->hash == hash && ig_str_eq(w->id, id)) {
            return w;
        }
    }

    return NULL;
}


static void
ig_join_remove(ig_join_t *j, ig_waiting_t *w)
{
    ig_waiting_t  **p;

    *(w->older ? &w->older->newer : &j->oldest) = w->newer;
    *(w->newer ? &w->newer->older : &j->newest) = w->older;

    for (p = &j->buckets[w->hash % IG_JOIN_BUCKETS]; *p != w; p = &(*p)->same)
    { /* void */ }

    *p = w->same;
    j->n--;
    j->bytes -= w->len + w->redirect.len;
}


/* gives the request, with the outcome or without, and forgets it */

static bool
ig_join_give(ig_join_t *j, ig_waiting_t *w, const ig_record_line_t *outcome)
{
    bool         ok;
    ig_joined_t  joined;

    ig_join_remove(j, w);

    memset(&joined, 0, sizeof(joined));
    joined.kind = IG_JOINED_REQUEST;
    joined.outcome = outcome;

    /* both were parsed before */

    if (ig_record_line_parse(j->decision, (ig_str_t) { w->decision, w->len })) {
        joined.decision = j->decision;
    }

    if (w->redirect.len && ig_record_line_parse(j->redirect, w->redirect)) {
        joined.redirect = j->redirect;
    }

    j->counts.unjoined += outcome == NULL;

    ok = joined.decision && j->fn(j->ctx, &joined);

    ig_waiting_free(w);

    return ok;
}


static bool
ig_join_wait(ig_join_t *j, ig_str_t id)
{
    ig_str_t        text = j->line->text;
    ig_waiting_t   *w, **bucket;

    /* the same id again: what was before it is over */

    w = ig_join_find(j, id);

    if (w && !ig_join_give(j, w, NULL)) {
        return false;
    }

    w = malloc(sizeof(ig_waiting_t) + text.len);
    if (w == NULL) {
        errno = ENOMEM;
        perror("inference-guard audit");
        return false;
    }

    memcpy(w->decision, text.data, text.len);
    w->len = text.len;
    w->redirect = IG_NO_STR;
    w->id.data = w->decision + (id.data - text.data);
    w->id.len = id.len;
    w->hash = ig_audit_hash(id.data, id.len);

    bucket = &j->buckets[w->hash % IG_JOIN_BUCKETS];
    w->same = *bucket;
    *bucket = w;

    w->newer = NULL;
    w->older = j->newest;
    *(w->older ? &w->older->newer : &j->oldest) = w;
    j->newest = w;
    j->n++;
    j->bytes += text.len;

    while (j->n > IG_JOIN_REQUESTS || j->bytes > IG_JOIN_BYTES) {
        if (!ig_join_give(j, j->oldest, NULL)) {
            return false;
        }
    }

    return true;
}


static bool
ig_join_redirected(ig_join_t *j, ig_str_t id)
{
    uint8_t       *copy;
    ig_str_t       text = j->line->text;
    ig_waiting_t  *w;

    w = ig_join_find(j, id);
    if (w == NULL) {
        return true;
    }

    copy = malloc(text.len);
    if (copy == NULL) {
        perror("inference-guard audit");
        return false;
    }

    memcpy(copy, text.data, text.len);
    free((void *) w->redirect.data);

    j->bytes += text.len - w->redirect.len;
    w->redirect = (ig_str_t) { copy, text.len };

    return true;
}


static bool
ig_join_alone(ig_join_t *j, ig_joined_kind_t kind)
{
    ig_joined_t  joined;

    memset(&joined, 0, sizeof(joined));
    joined.kind = kind;

    if (kind == IG_JOINED_OUTCOME) {
        joined.outcome = j->line;

    } else {
        joined.alone = j->line;
    }

    return j->fn(j->ctx, &joined);
}


static bool
ig_join_record(ig_join_t *j)
{
    ig_str_t       id, type;
    ig_waiting_t  *w;

    id = ig_record_line_raw(j->line, ig_record_line_get(j->line, 0, "id"));
    type = ig_record_line_raw(j->line, ig_record_line_get(j->line, 0, "type"));

    if (ig_str_eq(type, IG_STR("decision"))) {
        return ig_join_wait(j, id);
    }

    if (ig_str_eq(type, IG_STR("outcome"))) {
        w = ig_join_find(j, id);
        return w ? ig_join_give(j, w, j->line)
                 : ig_join_alone(j, IG_JOINED_OUTCOME);
    }

    if (ig_str_eq(type, IG_STR("redirect"))) {
        return ig_join_redirected(j, id);
    }

    if (ig_str_eq(type, IG_STR("undecided"))) {
        return ig_join_alone(j, IG_JOINED_UNDECIDED);
    }

    if (ig_str_eq(type, IG_STR("limit"))) {
        return ig_join_alone(j, IG_JOINED_LIMIT);
    }

    /* a later version may have more types */

    return true;
}


/* it has no id: it is of the log, not of a request */

static bool
ig_join_checkpoint(const ig_record_line_t *l)
{
    return ig_str_eq(ig_record_line_raw(l, ig_record_line_get(l, 0, "type")),
                     IG_STR("checkpoint"));
}


static void
ig_join_progress(ig_join_t *j, uint64_t done)
{
    if (!j->terminal) {
        return;
    }

    if (j->total) {
        fprintf(stderr, "\r%3u %%  ",
                (unsigned) (done >= j->total ? 100 : done * 100 / j->total));
    }

    fprintf(stderr, "%llu records", (unsigned long long) j->counts.records);
}


static bool
ig_join_line(ig_join_t *j, ig_audit_lines_t *r, ig_str_t line)
{
    bool  ok;

    ok = ig_record_line_parse(j->line, line);

    if (ig_join_checkpoint(j->line)) {
        j->counts.checkpoints++;
        return true;
    }

    if (!ok) {
        j->counts.bad++;
        ig_audit_bad(r, j->line->error);
        return true;
    }

    if (++j->counts.records % IG_JOIN_PROGRESS == 0) {
        ig_join_progress(j, j->counts.bytes + r->offset - r->len);
    }

    return ig_join_record(j);
}


static bool
ig_join_file(ig_join_t *j, const char *name)
{
    bool              ok;
    ig_str_t          line;
    ig_audit_got_t    got;
    ig_audit_lines_t  r;

    if (!ig_audit_lines_open(&r, name)) {
        return false;
    }

    ok = true;
    r.checkpoints = true;

    do {
        got = ig_audit_lines_next(&r, &line);

        if (got == IG_AUDIT_PART) {
            r.number++;
            ig_audit_torn(&r, &line);
        }

        if ((got == IG_AUDIT_LINE || got == IG_AUDIT_PART) && line.len) {
            ok = ig_join_line(j, &r, line);
        }

    } while (got == IG_AUDIT_LINE && ok);

    j->counts.bytes += r.offset;
    ig_audit_lines_close(&r);

    return ok && got != IG_AUDIT_FAILED;
}


/* a file that is named twice would count twice */

static bool
ig_join_distinct(ig_join_t *j, char *const *files, size_t n)
{
    size_t        i, k;
    struct stat  *st;
    bool          ok;

    st = calloc(n ? n : 1, sizeof(struct stat));
    if (st == NULL) {
        perror("inference-guard audit");
        return false;
    }

    ok = true;

    for (i = 0; i < n && ok; i++) {
        if (stat(files[i], &st[i]) != 0) {
            memset(&st[i], 0, sizeof(st[i]));
            continue;
        }

        j->total += S_ISREG(st[i].st_mode) ? (uint64_t) st[i].st_size : 0;

        for (k = 0; k < i && ok; k++) {
            if (st[i].st_ino && st[k].st_ino == st[i].st_ino
                && st[k].st_dev == st[i].st_dev)
            {
                fprintf(stderr, "%s: is the same file as %s\n", files[i],
                        files[k]);
                ok = false;
            }
        }
    }

    free(st);

    return ok;
}


bool
ig_join_files(ig_join_t *j, char *const *files, size_t n)
{
    bool    ok;
    size_t  i;

    j->terminal = isatty(STDERR_FILENO);

    ok = ig_join_distinct(j, files, n);

    for (i = 0; ok && i < n; i++) {
        ok = ig_join_file(j, files[i]);
    }

    while (ok && j->oldest) {
        ok = ig_join_give(j, j->oldest, NULL);
    }

    if (j->terminal) {
        fputs("\r\033[K", stderr);
    }

    return ok;
}

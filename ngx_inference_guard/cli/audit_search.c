/*
 * inference-guard audit search: requests of the log that meet a filter.
 *
 * The records of a request lie apart: a decision, perhaps redirects, and at its
 * end an outcome.  They are joined in a window of requests in the order of
 * their first record; what leaves the window because it is full is shown without the
 * rest, and a record whose decision is not in the window stands alone.  So do
 * those that are of no request, but of a tenant's limits.
 */

#include "audit.h"

#include <stdlib.h>
#include <string.h>


#define IG_SEARCH_WINDOW   4096          /* requests */
#define IG_SEARCH_BYTES    (32u << 20)   /* of their records */
#define IG_SEARCH_BUCKETS  8192          /* a power of 2 */
#define IG_SEARCH_RECORDS  16            /* of one request */

typedef struct ig_search_request_s  ig_search_request_t;

struct ig_search_request_s {
    ig_search_request_t  *newer;         /* in the window */
    ig_search_request_t  *same;          /* in the bucket */
    size_t                bucket;
    ig_str_t              id;            /* in records[0] */
    unsigned              met;           /* keys that some record met */
    bool                  complete;
    size_t                bytes;
    size_t                nrecords;
    ig_str_t              records[IG_SEARCH_RECORDS];
};

typedef struct {
    ig_audit_options_t    o;
    ig_record_line_t     *line;
    ig_audit_table_t     *table;
    ig_search_request_t  *oldest;
    ig_search_request_t  *newest;
    size_t                n;
    size_t                bytes;
    uint64_t              found;
    bool                  failed;        /* no memory */
    ig_search_request_t  *buckets[IG_SEARCH_BUCKETS];
} ig_search_t;


/* FNV-1a; an id that is chosen to collide only makes the search slow */

static size_t
ig_search_hash(ig_str_t id)
{
    size_t    i;
    uint32_t  h;

    h = 2166136261u;

    for (i = 0; i < id.len; i++) {
        h = (h ^ id.data[i]) * 16777619u;
    }

    return h & (IG_SEARCH_BUCKETS - 1);
}


static ig_search_request_t *
ig_search_find(ig_search_t *s, ig_str_t id)
{
    ig_search_request_t  *r;

    for (r = s->buckets[ig_search_hash(id)]; r; r = r->same) {
        if (!r->complete && ig_str_eq(r->id, id)) {
            return r;
        }
    }

    return NULL;
}


static bool
ig_search_full(const ig_search_t *s)
{
    return s->o.limit && s->found >= s->o.limit;
}


static void
ig_search_show(ig_search_t *s, const ig_search_request_t *r)
{
    size_t  i;

    if ((r->met & s->o.keys) != s->o.keys || ig_search_full(s)) {
        return;
    }

    s->found++;

    if (!s->o.json) {
        ig_audit_table_add(s->table, s->line, r->records, r->nrecords);
        return;
    }

    for (i = 0; i < r->nrecords; i++) {
        (void) fwrite(r->records[i].data, 1, r->records[i].len, stdout);
        putchar('\n');
    }
}


static void
ig_search_drop_oldest(ig_search_t *s)
{
    size_t                 i;
    ig_search_request_t   *r, **p;

    r = s->oldest;
    ig_search_show(s, r);

    s->oldest = r->newer;

    if (s->oldest == NULL) {
        s->newest = NULL;
    }

    for (p = &s->buckets[r->bucket]; *p != r; p = &(*p)->same) { /* void */ }

    *p = r->same;
    s->n--;
    s->bytes -= r->bytes;

    for (i = 0; i < r->nrecords; i++) {
        free((void *) r->records[i].data);
    }

    free(r);
}


static bool
ig_search_keep(ig_search_t *s, ig_search_request_t *r)
{
    uint8_t   *copy;
    ig_str_t   text = s->line->text;

    copy = malloc(text.len);
    if (copy == NULL) {
        s->failed = true;
        return false;
    }

    /* of too many the last counts: it is the outcome */

    if (r->nrecords == IG_SEARCH_RECORDS) {
        r->nrecords--;
        r->bytes -= r->records[r->nrecords].len;
        s->bytes -= r->records[r->nrecords].len;
        free((void *) r->records[r->nrecords].data);
    }

    memcpy(copy, text.data, text.len);
    r->records[r->nrecords++] = (ig_str_t) { copy, text.len };
    r->bytes += text.len;
    s->bytes += text.len;

    return true;
}


static ig_search_request_t *
ig_search_open(ig_search_t *s, size_t id)
{
    ig_search_request_t  *r;

    r = calloc(1, sizeof(ig_search_request_t));

    if (r == NULL || !ig_search_keep(s, r)) {
        free(r);
        s->failed = true;
        return NULL;
    }

    r->id.data = r->records[0].data + s->line->nodes[id].start;
    r->id.len = s->line->nodes[id].end - s->line->nodes[id].start;
    r->bucket = ig_search_hash(r->id);
    r->same = s->buckets[r->bucket];
    s->buckets[r->bucket] = r;

    if (s->newest) {
        s->newest->newer = r;

    } else {
        s->oldest = r;
    }

    s->newest = r;
    s->n++;

    return r;
}


static void
ig_search_record(ig_search_t *s)
{
    bool                  event;
    size_t                id;
    unsigned              met, early;
    ig_str_t              type;
    ig_search_request_t  *r;

    id = ig_record_line_get(s->line, 0, "id");
    type = ig_record_line_raw(s->line, ig_record_line_get(s->line, 0, "type"));
    event = ig_audit_event(s->line);
    met = ig_audit_met(&s->o, s->o.keys, s->line);

    r = event || ig_str_eq(type, IG_STR("decision"))
        ? NULL : ig_search_find(s, ig_record_line_raw(s->line, id));

    if (r) {
        (void) ig_search_keep(s, r);

    } else {

        /* what the first record does not meet, no later one can mend */

        early = s->o.keys & (unsigned) ~IG_AUDIT_LATE;

        if ((met & early) != early) {
            return;
        }

        r = ig_search_open(s, id);
        if (r == NULL) {
            return;
        }

        r->met = met;
    }

    r->met |= met & IG_AUDIT_LATE;

    if (event || ig_str_eq(type, IG_STR("outcome"))
        || ig_str_eq(type, IG_STR("undecided")))
    {
        r->complete = true;
    }

    while (s->oldest && (s->oldest->complete || s->n > IG_SEARCH_WINDOW
                         || s->bytes > IG_SEARCH_BYTES))
    {
        ig_search_drop_oldest(s);
    }
}


/* false when the file could not be read */

static bool
ig_search_file(ig_search_t *s, const char *name)
{
    ig_str_t          line;
    ig_audit_got_t    got;
    ig_audit_lines_t  r;

    if (!ig_audit_lines_open(&r, name)) {
        return false;
    }

    do {
        got = ig_audit_lines_next(&r, &line);

        if (got == IG_AUDIT_PART) {
            r.number++;
            ig_audit_torn(&r, &line);
        }

        if ((got != IG_AUDIT_LINE && got != IG_AUDIT_PART) || line.len == 0) {
            continue;
        }

        if (ig_record_line_parse(s->line, line)) {
            ig_search_record(s);

        } else {
            ig_audit_bad(&r, s->line->error);
        }

    } while (got == IG_AUDIT_LINE && !ig_search_full(s) && !s->failed);

    ig_audit_lines_close(&r);

    return got != IG_AUDIT_FAILED;
}


int
ig_cmd_audit_search(int argc, char **argv)
{
    int           i, first;
    bool          ok;
    ig_search_t  *s;

    s = calloc(1, sizeof(ig_search_t));
    if (s == NULL) {
        return IG_EXIT_ERROR;
    }

    first = ig_audit_options(&s->o, false, argc, argv);

    if (first <= 0) {
        free(s);
        return first == 0 ? IG_EXIT_YES : IG_EXIT_ERROR;
    }

    for (i = first; i < argc; i++) {
        if (s->o.subject.arg && strcmp(s->o.subject.arg, "-") == 0
            && strcmp(argv[i], "-") == 0)
        {
            fputs("inference-guard audit search: standard input is the "
                  "subject's\n", stderr);
            free(s);
            return IG_EXIT_ERROR;
        }
    }

    s->line = malloc(sizeof(ig_record_line_t));
    s->table = s->o.json ? NULL : ig_audit_table_new();
    ok = s->line && (s->o.json || s->table);

    for (i = first; ok && i < argc && !ig_search_full(s); i++) {
        ok = ig_search_file(s, argv[i]) && !s->failed;
    }

    while (s->oldest) {
        ig_search_drop_oldest(s);
    }

    if (s->failed) {
        fputs("inference-guard audit search: no memory\n", stderr);
    }

    ig_audit_subject_end(&s->o.subject);

    ig_audit_table_free(s->table);

    if (fflush(stdout) != 0) {
        ok = false;
    }

    i = !ok ? IG_EXIT_ERROR : s->found ? IG_EXIT_YES : IG_EXIT_NO;

    free(s->line);
    free(s);

    return i;
}

/*
 * One line of the log while it is built: a fixed buffer on the stack, filled
 * from left to right, and lists in it that know when to stop.
 *
 * In:       literals of the code, strings of the policy and of clients.
 * Out:      bytes of valid JSON between data and p.
 * Memory:   the struct itself.
 * Failure:  `full`, when a byte did not fit; nothing is ever written past the
 *           end.
 *
 * A list takes a limited share of the room that is left, so that a long one
 * cannot push out those after it; an element that does not fit is taken back
 * and the list's true number is written beside it.
 */

#ifndef IG_RECORD_LINE_H
#define IG_RECORD_LINE_H

#include <inference_guard/record.h>

#include <string.h>


#define IG_LINE_STRING   128     /* bytes of a string that are written */
#define IG_LINE_TAIL     1024    /* kept free for totals and closing brackets */
#define IG_LINE_SLACK    2048    /* for the element that is then taken back */

typedef struct {
    uint8_t  *p;
    uint8_t  *end;
    bool      full;
    uint8_t   data[IG_RECORD_MAX + IG_LINE_SLACK];
} ig_line_t;

typedef struct {
    ig_line_t   *line;
    const char  *name;
    uint8_t     *limit;
    uint8_t     *mark;           /* where the element at hand begins */
    size_t       n;              /* elements written */
    bool         cut;
    bool         full;           /* of the line, before this list */
} ig_list_t;


static inline void
ig_line_bytes(ig_line_t *l, const void *data, size_t len)
{
    if ((size_t) (l->end - l->p) < len) {
        l->full = true;
        return;
    }

    memcpy(l->p, data, len);
    l->p += len;
}

#define ig_line_lit(l, literal)  ig_line_bytes(l, literal, sizeof(literal) - 1)

void ig_line_uint(ig_line_t *l, uint64_t n);
/* a JSON string of the first IG_LINE_STRING bytes, cut between characters */
void ig_line_json(ig_line_t *l, ig_str_t s);
/* RFC 3339, section 5.6, in UTC with milliseconds, without quotes */
void ig_line_time(ig_line_t *l, uint64_t time_ms);
/* a score as a fraction: 0.95 */
void ig_line_score(ig_line_t *l, unsigned score);

/* head of every record, open for more fields */
void ig_line_begin(ig_line_t *l, const char *type, ig_writer_t *w,
    const ig_record_head_t *head);
/* closes the record and hands it over; the writer has moved on by one */
void ig_line_end(ig_line_t *l, ig_writer_t *w, ig_buf_t *out);

/* ,"name":[ with at most `cap` bytes, never more than half of what is left */
void ig_list_begin(ig_list_t *list, ig_line_t *l, const char *name, size_t cap);
/* before an element: its comma */
static inline void
ig_list_next(ig_list_t *list)
{
    list->mark = list->line->p;

    if (list->n) {
        ig_line_lit(list->line, ",");
    }
}
/* after an element: false when it did not fit and was taken back */
bool ig_list_keep(ig_list_t *list);
/* ] and, when the list was cut, its true number: ,"name_total":N */
void ig_list_end(ig_list_t *list, size_t total);

#endif /* IG_RECORD_LINE_H */

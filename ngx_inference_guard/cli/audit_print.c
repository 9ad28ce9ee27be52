/*
 * The table: a row a request, columns as wide as the first rows need.
 *
 * The first rows are held back to measure them; later ones follow at once and
 * push their neighbors aside where they are wider.  Text of the log is never
 * sent to a terminal as it is: control characters become '?'.
 */

#include "audit.h"

#include <stdlib.h>
#include <string.h>


#define IG_TABLE_HELD   200
#define IG_TABLE_CELL   400              /* bytes */

typedef enum {
    IG_COL_TIME,
    IG_COL_DECISION,
    IG_COL_STATUS,
    IG_COL_TENANT,
    IG_COL_CLIENT,
    IG_COL_LAW,
    IG_COL_ENDPOINT,
    IG_COL_TOOK,
    IG_COL_WHY,
    IG_COL_FOUND,
    IG_COL_ID,
    IG_COLS
} ig_col_t;

static const char *const  ig_table_titles[IG_COLS] = {
    "TIME (UTC)", "DECISION", "STATUS", "TENANT", "CLIENT", "LAW OF",
    "ENDPOINT", "TOOK", "WHY", "FOUND", "REQUEST"
};

typedef struct {
    char         cells[IG_COLS][IG_TABLE_CELL];
    const char  *color;
} ig_row_t;

struct ig_audit_table_s {
    bool       color;
    bool       printed;                  /* the titles */
    size_t     widths[IG_COLS];
    size_t     nheld;
    ig_row_t   row;                      /* at hand */
    ig_row_t  *held;
};


ig_audit_table_t *
ig_audit_table_new(void)
{
    size_t             i;
    ig_audit_table_t  *t;

    t = calloc(1, sizeof(ig_audit_table_t));
    if (t == NULL) {
        return NULL;
    }

    t->held = malloc(IG_TABLE_HELD * sizeof(ig_row_t));
    if (t->held == NULL) {
        free(t);
        return NULL;
    }

    t->color = ig_cli_colors();

    for (i = 0; i < IG_COLS; i++) {
        t->widths[i] = strlen(ig_table_titles[i]);
    }

    return t;
}


/* characters, as far as code points tell */

static size_t
ig_table_width(const char *s)
{
    size_t  n;

    for (n = 0; *s; s++) {
        n += ((uint8_t) *s & 0xc0) != 0x80;
    }

    return n;
}


static void
ig_table_row(const ig_audit_table_t *t, const ig_row_t *row,
    const char *const *titles)
{
    size_t       i, last, width;
    const char  *cell;

    last = IG_COLS - 1;

    for (i = 0; i < IG_COLS; i++) {
        cell = titles ? titles[i] : row->cells[i];
        width = ig_table_width(cell);

        if (row && t->color && i == IG_COL_DECISION) {
            printf("\x1b[%sm%s\x1b[0m", row->color, cell);

        } else {
            fputs(cell, stdout);
        }

        if (i == last) {
            break;
        }

        printf("%*s", (int) (width < t->widths[i] ? t->widths[i] - width : 0)
                      + 2, "");
    }

    putchar('\n');
}


void
ig_audit_table_flush(ig_audit_table_t *t)
{
    size_t  i, k, width;

    if (!t->printed && t->nheld) {
        for (i = 0; i < t->nheld; i++) {
            for (k = 0; k < IG_COLS; k++) {
                width = ig_table_width(t->held[i].cells[k]);

                if (width > t->widths[k]) {
                    t->widths[k] = width < 48 ? width : 48;
                }
            }
        }

        ig_table_row(t, NULL, ig_table_titles);
        t->printed = true;

        for (i = 0; i < t->nheld; i++) {
            ig_table_row(t, &t->held[i], NULL);
        }

        t->nheld = 0;
    }

    (void) fflush(stdout);
}


void
ig_audit_table_free(ig_audit_table_t *t)
{
    if (t == NULL) {
        return;
    }

    ig_audit_table_flush(t);
    free(t->held);
    free(t);
}


/* -- cells ---------------------------------------------------------------- */

static void
ig_cell_add(char *cell, const char *text, size_t len)
{
    size_t  used;

    used = strlen(cell);

    if (len > IG_TABLE_CELL - 1 - used) {
        len = IG_TABLE_CELL - 1 - used;
    }

    memcpy(cell + used, text, len);
    cell[used + len] = '\0';
}


static void
ig_cell_text(char *cell, const char *text)
{
    ig_cell_add(cell, text, strlen(text));
}


static void
ig_cell_value(char *cell, const ig_record_line_t *l, size_t node)
{
    uint8_t   text[IG_TABLE_CELL];
    ig_buf_t  b;

    if (node == 0) {
        return;
    }

    ig_buf_fixed(&b, text, sizeof(text));
    (void) ig_record_line_text(l, node, &b);

    ig_cell_add(cell, (char *) text, ig_cli_plain(text, b.len));
}


static void
ig_cell_list(char *cell, const ig_record_line_t *l, const char *name,
    const char *key)
{
    size_t  i, n, array, count;

    array = ig_record_line_get(l, 0, name);
    n = 0;

    for (i = ig_record_line_first(l, array); i;
         i = ig_record_line_after(l, array, i))
    {
        if (n++) {
            ig_cell_text(cell, ",");
        }

        ig_cell_value(cell, l, key ? ig_record_line_get(l, i, key) : i);

        count = key ? ig_record_line_get(l, i, "count") : 0;

        if (count && !ig_str_eq(ig_record_line_raw(l, count), IG_STR("1"))) {
            ig_cell_text(cell, "*");
            ig_cell_value(cell, l, count);
        }
    }
}


/* 2026-11-24T08:22:29.123Z without what nobody reads */

static void
ig_cell_time(char *cell, const ig_record_line_t *l)
{
    ig_str_t  s;

    s = ig_record_line_raw(l, ig_record_line_get(l, 0, "time"));

    if (s.len < 19) {
        ig_cell_value(cell, l, ig_record_line_get(l, 0, "time"));
        return;
    }

    ig_cell_add(cell, (const char *) s.data, 10);
    ig_cell_text(cell, " ");
    ig_cell_add(cell, (const char *) s.data + 11, 8);
}


static void
ig_cell_took(char *cell, const ig_record_line_t *l)
{
    char      text[32];
    uint64_t  us;

    if (!ig_record_line_uint(l, ig_record_line_get(l, 0, "duration_us"),
                             &us))
    {
        return;
    }

    if (us < 1000) {
        (void) snprintf(text, sizeof(text), "%uus", (unsigned) us);

    } else if (us < 1000000) {
        (void) snprintf(text, sizeof(text), "%.1fms", (double) us / 1e3);

    } else {
        (void) snprintf(text, sizeof(text), "%.1fs", (double) us / 1e6);
    }

    cell[0] = '\0';
    ig_cell_text(cell, text);
}


static void
ig_cell_replace(char *cell, const ig_record_line_t *l, const char *key)
{
    size_t  node;

    node = ig_record_line_get(l, 0, key);

    if (node) {
        cell[0] = '\0';
        ig_cell_value(cell, l, node);
    }
}

/* ------------------------------------------------------------------------- */


static const char *
ig_table_color(const char *decision)
{
    size_t  i;
    static const char *const  colors[][2] = {
        { "block", "31" }, { "route", "36" }, { "transform", "35" },
        { "flag", "33" }, { "allow", "32" }, { "(limit)", "33" },
        { "(reset)", "35" }, { NULL, NULL }
    };

    for (i = 0; colors[i][0]; i++) {
        if (strncmp(decision, colors[i][0], strlen(colors[i][0])) == 0) {
            return colors[i][1];
        }
    }

    return "2";
}


static void
ig_table_decision(ig_row_t *row, const ig_record_line_t *l)
{
    size_t  would;

    ig_cell_value(row->cells[IG_COL_DECISION], l,
                  ig_record_line_get(l, 0, "verdict"));

    would = ig_record_line_get(l, 0, "would");

    if (would) {
        ig_cell_text(row->cells[IG_COL_DECISION], " (would ");
        ig_cell_value(row->cells[IG_COL_DECISION], l,
                      ig_record_line_get(l, would, "verdict"));
        ig_cell_text(row->cells[IG_COL_DECISION], ")");
    }

    ig_cell_list(row->cells[IG_COL_LAW], l, "jurisdictions", "country");
    ig_cell_list(row->cells[IG_COL_WHY], l, "rules", NULL);
    ig_cell_list(row->cells[IG_COL_FOUND], l, "findings", "detector");
}


/* the limits that refused, or would have */

static void
ig_table_limits(char *cell, const ig_record_line_t *l)
{
    size_t  i, array;

    array = ig_record_line_get(l, 0, "limits");

    for (i = ig_record_line_first(l, array); i;
         i = ig_record_line_after(l, array, i))
    {
        ig_cell_text(cell, *cell ? " " : "");
        ig_cell_value(cell, l, ig_record_line_get(l, i, "limit"));

        if (!ig_str_eq(ig_record_line_raw(l,
                                          ig_record_line_get(l, i, "result")),
                       IG_STR("refused")))
        {
            ig_cell_text(cell, " (would)");
        }
    }
}


/* "tokens/day 80% (162 of 200)", "all limits by 127.0.0.1" */

static void
ig_table_event(char *cell, const ig_record_line_t *l)
{
    size_t  limit, by;

    limit = ig_record_line_get(l, 0, "limit");
    by = ig_record_line_get(l, 0, "by");

    if (limit) {
        ig_cell_value(cell, l, limit);

    } else {
        ig_cell_text(cell, "all limits");
    }

    if (by) {
        ig_cell_text(cell, " by ");
        ig_cell_value(cell, l, by);
        return;
    }

    ig_cell_text(cell, " ");
    ig_cell_value(cell, l, ig_record_line_get(l, 0, "level"));
    ig_cell_text(cell, "% (");
    ig_cell_value(cell, l, ig_record_line_get(l, 0, "used"));
    ig_cell_text(cell, " of ");
    ig_cell_value(cell, l, ig_record_line_get(l, 0, "max"));
    ig_cell_text(cell, ")");
}


static void
ig_table_record(ig_row_t *row, const ig_record_line_t *l)
{
    size_t   reason;
    ig_str_t  type;

    type = ig_record_line_raw(l, ig_record_line_get(l, 0, "type"));

    if (row->cells[IG_COL_TIME][0] == '\0') {
        ig_cell_time(row->cells[IG_COL_TIME], l);
        ig_cell_value(row->cells[IG_COL_ID], l,
                      ig_record_line_get(l, 0, "id"));

        if (!ig_str_eq(type, IG_STR("decision"))) {
            ig_cell_text(row->cells[IG_COL_DECISION], "(");
            ig_cell_value(row->cells[IG_COL_DECISION], l,
                          ig_record_line_get(l, 0, "type"));
            ig_cell_text(row->cells[IG_COL_DECISION], ")");
        }
    }

    if (ig_str_eq(type, IG_STR("decision"))) {
        ig_table_decision(row, l);

    } else if (ig_audit_event(l)) {
        ig_table_event(row->cells[IG_COL_WHY], l);
    }

    ig_cell_replace(row->cells[IG_COL_STATUS], l, "status");
    ig_cell_replace(row->cells[IG_COL_TENANT], l, "tenant");
    ig_cell_replace(row->cells[IG_COL_CLIENT], l, "client_country");
    ig_cell_took(row->cells[IG_COL_TOOK], l);

    if (ig_record_line_get(l, 0, "endpoint")) {
        ig_cell_replace(row->cells[IG_COL_ENDPOINT], l, "endpoint");
        ig_cell_text(row->cells[IG_COL_ENDPOINT], " ");
        ig_cell_value(row->cells[IG_COL_ENDPOINT], l,
                      ig_record_line_get(l, 0, "endpoint_country"));
    }

    reason = ig_record_line_get(l, 0, "reason");

    if (reason) {
        if (row->cells[IG_COL_WHY][0]) {
            ig_cell_text(row->cells[IG_COL_WHY], " ");
        }

        ig_cell_value(row->cells[IG_COL_WHY], l, reason);
    }

    ig_table_limits(row->cells[IG_COL_WHY], l);
}


void
ig_audit_table_add(ig_audit_table_t *t, ig_record_line_t *l,
    const ig_str_t *records, size_t n)
{
    size_t     i;
    ig_row_t  *row = &t->row;

    memset(row, 0, sizeof(*row));

    for (i = 0; i < n; i++) {
        if (ig_record_line_parse(l, records[i])) {
            ig_table_record(row, l);
        }
    }

    row->color = ig_table_color(row->cells[IG_COL_DECISION]);

    for (i = 0; i < IG_COLS; i++) {
        if (row->cells[i][0] == '\0') {
            ig_cell_text(row->cells[i], "-");
        }
    }

    if (t->printed) {
        ig_table_row(t, row, NULL);
        return;
    }

    t->held[t->nheld++] = *row;

    if (t->nheld == IG_TABLE_HELD) {
        ig_audit_table_flush(t);
    }
}

/*
 * The page of inference_guard_quota as a table: a row a counter.
 *
 * The page is walked twice, to measure and to print, one counter at a time; so
 * memory does not grow with it, and of a page that is none nothing is printed.
 */

#include "quota.h"
#include "record_line.h"

#include <stdlib.h>
#include <string.h>


#define IG_QUOTA_CELL  256               /* bytes */

typedef enum {
    IG_QUOTA_TENANT,
    IG_QUOTA_LIMIT,
    IG_QUOTA_OF,
    IG_QUOTA_USED,
    IG_QUOTA_MAX,
    IG_QUOTA_PERCENT,
    IG_QUOTA_RESETS,
    IG_QUOTA_COLS
} ig_quota_col_t;

static const char *const  ig_quota_titles[IG_QUOTA_COLS] = {
    "TENANT", "LIMIT", "OF", "USED", "MAX", "PERCENT", "RESETS IN"
};

typedef struct {
    char        cells[IG_QUOTA_COLS][IG_QUOTA_CELL];
    unsigned    percent;
} ig_quota_row_t;

typedef struct {
    const uint8_t     *p;
    const uint8_t     *end;
    ig_record_line_t  *line;
    bool               print;            /* else: measure */
    bool               colors;
    bool               more;
    size_t             rows;
    size_t             widths[IG_QUOTA_COLS];
    ig_quota_row_t     row;
} ig_quota_page_t;


/* -- the document --------------------------------------------------------- */

static uint8_t
ig_quota_peek(ig_quota_page_t *g)
{
    while (g->p < g->end && (*g->p == ' ' || *g->p == '\t' || *g->p == '\r'
                             || *g->p == '\n'))
    {
        g->p++;
    }

    return g->p < g->end ? *g->p : 0;
}


static bool
ig_quota_char(ig_quota_page_t *g, uint8_t c)
{
    if (ig_quota_peek(g) != c) {
        return false;
    }

    g->p++;

    return true;
}


static bool
ig_quota_string(ig_quota_page_t *g, ig_str_t *s)
{
    if (!ig_quota_char(g, '"')) {
        return false;
    }

    s->data = g->p;

    for ( /* void */ ; g->p < g->end; g->p++) {

        if (*g->p == '"') {
            s->len = (size_t) (g->p++ - s->data);
            return true;
        }

        if (*g->p == '\\' && g->end - g->p > 1) {
            g->p++;
        }
    }

    return false;
}


static bool
ig_quota_key(ig_quota_page_t *g, ig_str_t *key)
{
    return ig_quota_string(g, key) && ig_quota_char(g, ':');
}


/* from brace to brace; what is in it is looked at by its reader */

static bool
ig_quota_object(ig_quota_page_t *g, ig_str_t *object)
{
    size_t    depth;
    ig_str_t  s;

    if (ig_quota_peek(g) != '{') {
        return false;
    }

    object->data = g->p;
    depth = 0;

    while (g->p < g->end) {

        if (*g->p == '"') {
            if (!ig_quota_string(g, &s)) {
                return false;
            }

            continue;
        }

        depth += *g->p == '{';
        depth -= *g->p == '}';
        g->p++;

        if (depth == 0) {
            object->len = (size_t) (g->p - object->data);
            return true;
        }
    }

    return false;
}


/* -- cells ---------------------------------------------------------------- */

static void
ig_quota_value(char *cell, const ig_record_line_t *l, const char *key)
{
    size_t    len;
    uint8_t   text[IG_QUOTA_CELL - 1];
    ig_buf_t  b;

    ig_buf_fixed(&b, text, sizeof(text));
    (void) ig_record_line_text(l, ig_record_line_get(l, 0, key), &b);

    len = ig_cli_plain(text, b.len);
    memcpy(cell, text, len);
    cell[len] = '\0';
}


/* money has nine places: those that say nothing are left out but for two */

static bool
ig_quota_amount(char *cell, const ig_record_line_t *l, const char *key,
    double *n)
{
    char    *dot, *end;
    size_t   len;

    ig_quota_value(cell, l, key);
    len = strlen(cell);

    if (len == 0 || strspn(cell, "0123456789.") != len) {
        return false;
    }

    *n = strtod(cell, &end);
    dot = strchr(cell, '.');

    if (dot) {
        for (end = cell + len - 1; end > dot + 2 && *end == '0'; end--) {
            *end = '\0';
        }
    }

    return true;
}


static void
ig_quota_span(char *cell, uint64_t s)
{
    unsigned  d, h, m;

    d = (unsigned) (s / 86400 < 100000 ? s / 86400 : 99999);
    h = (unsigned) (s / 3600 % 24);
    m = (unsigned) (s / 60 % 60);

    if (d) {
        (void) snprintf(cell, IG_QUOTA_CELL, "%ud %uh", d, h);

    } else if (h) {
        (void) snprintf(cell, IG_QUOTA_CELL, "%uh %um", h, m);

    } else if (m) {
        (void) snprintf(cell, IG_QUOTA_CELL, "%um %us", m,
                        (unsigned) (s % 60));

    } else if (s) {
        (void) snprintf(cell, IG_QUOTA_CELL, "%us", (unsigned) s);
    }
}


static void
ig_quota_tenant(ig_quota_page_t *g, ig_str_t name)
{
    size_t    len;
    uint8_t   text[IG_QUOTA_CELL - 1];

    memset(&g->row, 0, sizeof(g->row));

    len = name.len < sizeof(text) ? name.len : sizeof(text);
    memcpy(text, name.data, len);
    len = ig_cli_plain(text, len);
    memcpy(g->row.cells[IG_QUOTA_TENANT], text, len);
}


static bool
ig_quota_cells(ig_quota_page_t *g)
{
    char                    *limit;
    size_t                   len;
    double                   used, max;
    uint64_t                 s;
    ig_quota_row_t          *row = &g->row;
    const ig_record_line_t  *l = g->line;

    limit = row->cells[IG_QUOTA_LIMIT];

    ig_quota_value(limit, l, "limit");
    ig_quota_value(row->cells[IG_QUOTA_OF], l, "of");

    if (*limit == '\0'
        || !ig_quota_amount(row->cells[IG_QUOTA_USED], l, "used", &used)
        || !ig_quota_amount(row->cells[IG_QUOTA_MAX], l, "max", &max)
        || !ig_record_line_uint(l, ig_record_line_get(l, 0, "resets_s"), &s))
    {
        return false;
    }

    if (ig_str_eq(ig_record_line_raw(l, ig_record_line_get(l, 0,
                                                           "enforcement")),
                  IG_STR("audit")))
    {
        len = strlen(limit);
        (void) snprintf(limit + len, IG_QUOTA_CELL - len, " (audit)");
    }

    /* rounded down: 100 is what refuses */

    row->percent = used < max * 999 ? (unsigned) (100 * used / max) : 99900;

    (void) snprintf(row->cells[IG_QUOTA_PERCENT], IG_QUOTA_CELL, "%u%%",
                    row->percent);
    ig_quota_span(row->cells[IG_QUOTA_RESETS], s);

    return true;
}

/* ------------------------------------------------------------------------- */


/* characters, as far as code points tell */

static size_t
ig_quota_width(const char *s)
{
    size_t  n;

    for (n = 0; *s; s++) {
        n += ((uint8_t) *s & 0xc0) != 0x80;
    }

    return n;
}


static void
ig_quota_print(const ig_quota_page_t *g, const ig_quota_row_t *row)
{
    int          pad;
    size_t       i, width;
    const char  *cell, *color;

    color = row && g->colors && row->percent >= 100 ? "\x1b[31m"
            : row && g->colors && row->percent >= 80 ? "\x1b[33m" : "";

    for (i = 0; i < IG_QUOTA_COLS; i++) {
        cell = row ? row->cells[i] : ig_quota_titles[i];
        width = ig_quota_width(cell);
        pad = (int) (g->widths[i] - width);

        if (i == IG_QUOTA_USED || i == IG_QUOTA_MAX || i == IG_QUOTA_PERCENT) {
            printf("%*s", pad, "");
            pad = 0;
        }

        if (i == IG_QUOTA_PERCENT && *color) {
            printf("%s%s\x1b[0m", color, cell);

        } else {
            fputs(cell, stdout);
        }

        if (i + 1 < IG_QUOTA_COLS) {
            printf("%*s", pad + 2, "");
        }
    }

    putchar('\n');
}


static void
ig_quota_row(ig_quota_page_t *g)
{
    size_t  i, width;

    g->rows++;

    for (i = 0; i < IG_QUOTA_COLS; i++) {

        if (g->row.cells[i][0] == '\0') {
            g->row.cells[i][0] = '-';
            g->row.cells[i][1] = '\0';
        }

        width = ig_quota_width(g->row.cells[i]);

        if (width > g->widths[i]) {
            g->widths[i] = width;
        }
    }

    if (g->print) {
        ig_quota_print(g, &g->row);
    }
}


static bool
ig_quota_counters(ig_quota_page_t *g, ig_str_t tenant)
{
    ig_str_t  object;

    if (!ig_quota_char(g, '[')) {
        return false;
    }

    if (ig_quota_char(g, ']')) {
        ig_quota_tenant(g, tenant);
        ig_quota_row(g);
        return true;
    }

    do {
        ig_quota_tenant(g, tenant);

        if (!ig_quota_object(g, &object)
            || !ig_record_line_object(g->line, object) || !ig_quota_cells(g))
        {
            return false;
        }

        ig_quota_row(g);

    } while (ig_quota_char(g, ','));

    return ig_quota_char(g, ']');
}


static bool
ig_quota_tenants(ig_quota_page_t *g)
{
    ig_str_t  name;

    if (!ig_quota_char(g, '{')) {
        return false;
    }

    if (ig_quota_char(g, '}')) {
        return true;
    }

    do {
        if (!ig_quota_key(g, &name) || !ig_quota_counters(g, name)) {
            return false;
        }

    } while (ig_quota_char(g, ','));

    return ig_quota_char(g, '}');
}


static bool
ig_quota_walk(ig_quota_page_t *g, ig_str_t page)
{
    ig_str_t  key;

    g->p = page.data;
    g->end = page.data + page.len;
    g->rows = 0;

    if (!ig_quota_char(g, '{') || !ig_quota_key(g, &key)
        || !ig_str_eq(key, IG_STR("tenants")) || !ig_quota_tenants(g))
    {
        return false;
    }

    if (ig_quota_char(g, ',')) {

        if (!ig_quota_key(g, &key) || !ig_str_eq(key, IG_STR("more"))
            || ig_quota_peek(g) != 't' || g->end - g->p < 4
            || memcmp(g->p, "true", 4) != 0)
        {
            return false;
        }

        g->p += 4;
        g->more = true;
    }

    return ig_quota_char(g, '}') && ig_quota_peek(g) == 0 && g->p == g->end;
}


bool
ig_quota_table(ig_str_t page)
{
    bool              ok;
    size_t            i;
    ig_quota_page_t  *g;

    g = calloc(1, sizeof(ig_quota_page_t));
    if (g == NULL) {
        return false;
    }

    g->line = malloc(sizeof(ig_record_line_t));
    g->colors = ig_cli_colors();

    for (i = 0; i < IG_QUOTA_COLS; i++) {
        g->widths[i] = strlen(ig_quota_titles[i]);
    }

    ok = g->line && ig_quota_walk(g, page);

    if (ok && g->rows == 0) {
        puts("no limits");

    } else if (ok) {
        ig_quota_print(g, NULL);
        g->print = true;
        ok = ig_quota_walk(g, page);
    }

    if (ok && g->more) {
        fputs("inference-guard quota: there are more; name a tenant\n",
              stderr);
    }

    free(g->line);
    free(g);

    return ok;
}

/*
 * A report as sections and tables, written as HTML or as JSON: one description
 * of a table gives both, so that they hold the same figures.
 *
 * In:       text from this program, and strings from records, which are hostile:
 *           every one goes through ig_out_text() or ig_out_item().
 * Out:      a stream.
 * Failure:  that of the stream; look at ferror() at the end.
 */

#ifndef IG_CLI_AUDIT_OUT_H
#define IG_CLI_AUDIT_OUT_H

#include <inference_guard/country.h>

#include <stdio.h>


typedef enum {
    IG_COL_TEXT,
    IG_COL_COUNTRY,
    IG_COL_NUMBER,                       /* to the right */
    IG_COL_BAR                           /* the same, with a bar before it */
} ig_column_kind_t;

typedef struct {
    const char        *key;              /* in JSON */
    const char        *head;
    ig_column_kind_t   kind;
} ig_column_t;

typedef struct {
    const char         *id;
    const char         *caption;
    const char         *flow;            /* what its picture shows, or NULL:
                                            from, to and number are its first
                                            three columns */
    const ig_column_t  *columns;
    size_t              n;
} ig_table_t;

typedef struct {
    FILE               *to;
    bool                json;
    const ig_table_t   *table;
    size_t              tables;
    size_t              rows;
    size_t              cell;            /* of the row, to come */
    size_t              items;
} ig_out_t;

/* English; "not known" for ZZ */
const char *ig_country_name(ig_country_t c);

/* a paragraph and so on, of HTML only: printed as they stand */
void ig_out_html(ig_out_t *o, const char *html);

void ig_out_table(ig_out_t *o, const ig_table_t *table);
void ig_out_table_end(ig_out_t *o);
/* `abroad` is said by the picture's colour */
void ig_out_row(ig_out_t *o, bool abroad);
/* a row of what other rows have no room for; the first cell is made, too */
void ig_out_others(ig_out_t *o, uint64_t rows);
void ig_out_row_end(ig_out_t *o);

/* the next cell of the row */
void ig_out_text(ig_out_t *o, ig_str_t s);
void ig_out_word(ig_out_t *o, const char *word);     /* of this program */
void ig_out_country(ig_out_t *o, ig_country_t c);
/* with a bar when `of` is not 0 */
void ig_out_number(ig_out_t *o, uint64_t n, uint64_t of);
void ig_out_bytes(ig_out_t *o, uint64_t n);
void ig_out_time(ig_out_t *o, uint64_t ms);          /* 0: nothing */
void ig_out_none(ig_out_t *o);
/* a cell with a list */
void ig_out_list(ig_out_t *o);
void ig_out_item(ig_out_t *o, ig_str_t s);
void ig_out_list_end(ig_out_t *o);

/* a string as text of HTML, or of an attribute in double quotes */
void ig_html_text(FILE *to, ig_str_t s);
void ig_html_number(FILE *to, uint64_t n);           /* 1,234,567 */
/* "2026-11-24 08:22:29" */
void ig_time_text(char out[20], uint64_t ms);

#endif /* IG_CLI_AUDIT_OUT_H */

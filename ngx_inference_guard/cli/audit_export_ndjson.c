/*
 * One JSON object a line, with every column in every line: what a table of
 * ClickHouse (JSONEachRow) takes as it is.
 */

#include "audit_export.h"

#include <inttypes.h>


void
ig_export_string(FILE *to, ig_str_t s)
{
    size_t          n;
    const uint8_t  *p, *plain, *end;

    if (s.len == 0) {
        fputs("\"\"", to);
        return;
    }

    end = s.data + s.len;
    plain = s.data;
    fputc('"', to);

    for (p = s.data; p < end; p += n) {

        n = ig_str_utf8(p, (size_t) (end - p));

        if (n && *p >= 0x20 && *p != '"' && *p != '\\') {
            continue;
        }

        (void) fwrite(plain, 1, (size_t) (p - plain), to);

        if (n == 0) {
            fputs("\xef\xbf\xbd", to);

        } else if (*p < 0x20) {
            fprintf(to, "\\u%04x", *p);

        } else {
            fputc('\\', to);
            fputc(*p, to);
        }

        n = 1;
        plain = p + 1;
    }

    (void) fwrite(plain, 1, (size_t) (end - plain), to);
    fputc('"', to);
}


/* checked to be digits with at most one point; JSON wants no zeros before */

static void
ig_export_decimal(FILE *to, ig_str_t s)
{
    while (s.len > 1 && s.data[0] == '0' && s.data[1] != '.') {
        s.data++;
        s.len--;
    }

    (void) fwrite(s.data, 1, s.len, to);

    if (s.data[s.len - 1] == '.') {
        fputc('0', to);
    }
}


static void
ig_ndjson_list(FILE *to, const ig_export_cell_t *c)
{
    size_t  i;

    fputc('[', to);

    for (i = 0; i < c->nitems; i++) {
        fputs(i ? "," : "", to);
        ig_export_string(to, c->items[i]);
    }

    fputc(']', to);
}


void
ig_export_ndjson(FILE *to, const ig_export_row_t *row)
{
    size_t                   i;
    const ig_export_cell_t  *c;

    for (i = 0; i < IG_EXPORT_WIDTH; i++) {
        fprintf(to, "%c\"%s\":", i ? ',' : '{', ig_export_heads[i].name);
        c = &row->cells[i];

        switch (ig_export_heads[i].kind) {

        case IG_EXPORT_TEXT:
            ig_export_string(to, c->text);
            break;

        case IG_EXPORT_DECIMAL:
            if (c->text.len) {
                ig_export_decimal(to, c->text);

            } else {
                fputs("null", to);
            }

            break;

        case IG_EXPORT_LIST:
            ig_ndjson_list(to, c);
            break;

        case IG_EXPORT_BOOL:
        case IG_EXPORT_UINT:
            if (c->there) {
                fprintf(to, "%" PRIu64, c->n);

            } else {
                fputs("null", to);
            }

            break;
        }
    }

    fputs("}\n", to);
}

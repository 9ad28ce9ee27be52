/*
 * CSV as RFC 4180 has it: a header line, CRLF, quotes doubled.
 *
 * A spreadsheet takes a cell that begins with one of = + - @, a tab or a
 * carriage return for a formula (OWASP, "CSV Injection"), quoted or not; model
 * names are chosen by clients.  Such a cell gets a ' before it.
 */

#include "audit_export.h"

#include <inttypes.h>
#include <string.h>


/* white space is skipped by some programs; the wide forms count in others */

static bool
ig_csv_formula(ig_str_t s)
{
    size_t                    i, k;
    static const char *const  wide[] = {
        "\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0",
    };

    for (i = 0; i < s.len && s.data[i] <= ' '; i++) {
        if (s.data[i] != ' ') {
            return true;
        }
    }

    if (i < s.len && strchr("=+-@", s.data[i])) {
        return true;
    }

    for (k = 0; k < sizeof(wide) / sizeof(wide[0]); k++) {
        if (s.len - i >= 3 && memcmp(s.data + i, wide[k], 3) == 0) {
            return true;
        }
    }

    return false;
}


static void
ig_csv_bytes(FILE *to, ig_str_t s)
{
    size_t          n;
    const uint8_t  *p, *end;

    end = s.data + s.len;

    for (p = s.data; p < end; p += n) {

        n = ig_str_utf8(p, (size_t) (end - p));

        if (n == 0 || *p == '\0') {
            fputs("\xef\xbf\xbd", to);
            n = 1;
            continue;
        }

        if (*p == '"') {
            fputc('"', to);
        }

        (void) fwrite(p, 1, n, to);
    }
}


static void
ig_csv_text(FILE *to, ig_str_t s)
{
    if (s.len == 0) {
        return;
    }

    fputs(ig_csv_formula(s) ? "\"'" : "\"", to);
    ig_csv_bytes(to, s);
    fputc('"', to);
}


/* names of the policy have no ';' in them, and lists of records are of names */

static void
ig_csv_list(FILE *to, const ig_export_cell_t *c)
{
    size_t  i;

    if (c->nitems == 0) {
        return;
    }

    fputs(ig_csv_formula(c->items[0]) ? "\"'" : "\"", to);

    for (i = 0; i < c->nitems; i++) {
        if (i) {
            fputc(';', to);
        }

        ig_csv_bytes(to, c->items[i]);
    }

    fputc('"', to);
}


void
ig_export_csv_head(FILE *to)
{
    size_t  i;

    for (i = 0; i < IG_EXPORT_WIDTH; i++) {
        fprintf(to, "%s%s", i ? "," : "", ig_export_heads[i].name);
    }

    fputs("\r\n", to);
}


void
ig_export_csv(FILE *to, const ig_export_row_t *row)
{
    size_t                   i;
    const ig_export_cell_t  *c;

    for (i = 0; i < IG_EXPORT_WIDTH; i++) {

        if (i) {
            fputc(',', to);
        }

        c = &row->cells[i];

        switch (ig_export_heads[i].kind) {

        case IG_EXPORT_TEXT:
            ig_csv_text(to, c->text);
            break;

        case IG_EXPORT_DECIMAL:
            (void) fwrite(c->text.data, 1, c->text.len, to);
            break;

        case IG_EXPORT_LIST:
            ig_csv_list(to, c);
            break;

        case IG_EXPORT_BOOL:
            fputs(!c->there ? "" : c->n ? "true" : "false", to);
            break;

        case IG_EXPORT_UINT:
            if (c->there) {
                fprintf(to, "%" PRIu64, c->n);
            }

            break;
        }
    }

    fputs("\r\n", to);
}

/*
 * Tables as HTML or JSON.
 */

#include "audit_out.h"
#include "cli.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>


#define IG_OUT_SHORT  24


/*
 * What has no place in a page: controls, and the marks that turn the direction
 * of what follows (Unicode Standard Annex 9), which could make a name look like
 * another.  A name's own direction is found by its letters.
 */

static bool
ig_html_hidden(const uint8_t *p, size_t n)
{
    if (n == 1) {
        return p[0] < 0x20 || p[0] == 0x7f;
    }

    if (n == 2) {
        return p[0] == 0xc2 && p[1] < 0xa0;
    }

    return n == 3 && p[0] == 0xe2
           && ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae)
               || (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}


void
ig_html_text(FILE *to, ig_str_t s)
{
    size_t          n;
    const uint8_t  *p, *end;

    if (s.len == 0) {
        return;
    }

    end = s.data + s.len;

    for (p = s.data; p < end; p += n) {

        n = ig_str_utf8(p, (size_t) (end - p));

        if (n == 0 || ig_html_hidden(p, n)) {
            fputs("\xef\xbf\xbd", to);
            n = n ? n : 1;
            continue;
        }

        switch (*p) {
        case '&':  fputs("&amp;", to);  break;
        case '<':  fputs("&lt;", to);   break;
        case '>':  fputs("&gt;", to);   break;
        case '"':  fputs("&quot;", to); break;
        case '\'': fputs("&#39;", to);  break;
        default:
            (void) fwrite(p, 1, n, to);
        }
    }
}


void
ig_html_number(FILE *to, uint64_t n)
{
    char    text[24];
    size_t  i, len;

    len = (size_t) snprintf(text, sizeof(text), "%" PRIu64, n);

    for (i = 0; i < len; i++) {
        fputc(text[i], to);

        if (i + 1 < len && (len - i - 1) % 3 == 0) {
            fputc(',', to);
        }
    }
}


void
ig_time_text(char out[20], uint64_t ms)
{
    time_t     t;
    struct tm  tm;

    t = (time_t) (ms / 1000);

    if (gmtime_r(&t, &tm) == NULL
        || strftime(out, 20, "%Y-%m-%d %H:%M:%S", &tm) == 0)
    {
        strcpy(out, "-");
    }
}


void
ig_out_html(ig_out_t *o, const char *html)
{
    if (!o->json) {
        fputs(html, o->to);
    }
}


void
ig_out_table(ig_out_t *o, const ig_table_t *table)
{
    o->table = table;
    o->rows = 0;

    if (o->json) {
        fprintf(o->to, "%s\n\"%s\":[", o->tables ? "," : "", table->id);
    }

    o->tables++;
}


static void
ig_out_table_head(ig_out_t *o)
{
    size_t             i;
    const ig_table_t  *t = o->table;

    if (t->flow) {
        fprintf(o->to, "<figure class=\"flow\" data-of=\"%s\" hidden>"
                "<figcaption>%s</figcaption></figure>\n", t->id, t->flow);
    }

    fprintf(o->to, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" "
            "aria-labelledby=\"%s-caption\">\n<table id=\"%s\">\n"
            "<caption id=\"%s-caption\">%s</caption>\n<thead><tr>",
            t->id, t->id, t->id, t->caption);

    for (i = 0; i < t->n; i++) {
        fprintf(o->to, "<th scope=\"col\"%s>%s</th>",
                t->columns[i].kind >= IG_COL_NUMBER ? " class=\"n\"" : "",
                t->columns[i].head);
    }

    fputs("</tr></thead>\n<tbody>\n", o->to);
}


void
ig_out_table_end(ig_out_t *o)
{
    if (o->json) {
        fputs(o->rows ? "\n]" : "]", o->to);

    } else if (o->rows) {
        fputs("</tbody>\n</table>\n</div>\n", o->to);

    } else {
        fprintf(o->to, "<p class=\"none\" id=\"%s\">%s: none.</p>\n",
                o->table->id, o->table->caption);
    }
}


void
ig_out_row(ig_out_t *o, bool abroad)
{
    if (o->json) {
        fputs(o->rows ? ",\n{" : "\n{", o->to);

    } else {
        if (o->rows == 0) {
            ig_out_table_head(o);
        }

        fputs(abroad ? "<tr class=\"abroad\">" : "<tr>", o->to);
    }

    o->rows++;
    o->cell = 0;
}


void
ig_out_row_end(ig_out_t *o)
{
    fputs(o->json ? "}" : "</tr>\n", o->to);
}


/* opens the next cell; the first of a row is its header */

static void
ig_out_cell(ig_out_t *o, const char *attributes)
{
    const ig_column_t  *c = &o->table->columns[o->cell];
    static const char   classes[][20] = {
        [IG_COL_TEXT] = "", [IG_COL_COUNTRY] = "",
        [IG_COL_NUMBER] = " class=\"n\"", [IG_COL_BAR] = " class=\"n b\"",
    };

    if (o->json) {
        fprintf(o->to, "%s\"%s\":", o->cell ? "," : "", c->key);

    } else {
        fprintf(o->to, o->cell ? "<td%s%s>" : "<th scope=\"row\"%s%s>",
                classes[c->kind], attributes);
    }
}


static void
ig_out_cell_end(ig_out_t *o)
{
    if (!o->json) {
        fputs(o->cell ? "</td>" : "</th>", o->to);
    }

    o->cell++;
}


void
ig_out_others(ig_out_t *o, uint64_t rows)
{
    ig_out_row(o, false);

    if (o->json) {
        fprintf(o->to, "\"others\":%" PRIu64 ",", rows);
        ig_out_cell(o, "");
        fputs("null", o->to);

    } else {
        ig_out_cell(o, "");
        fputs("<i>others</i>", o->to);
    }

    ig_out_cell_end(o);
}


/* short names are not broken at a hyphen */

static void
ig_out_string(ig_out_t *o, ig_str_t s)
{
    if (o->json) {
        ig_print_json(o->to, s);
        return;
    }

    fputs(s.len <= IG_OUT_SHORT ? "<bdi class=\"s\">" : "<bdi>", o->to);
    ig_html_text(o->to, s);
    fputs("</bdi>", o->to);
}


void
ig_out_text(ig_out_t *o, ig_str_t s)
{
    if (s.len == 0) {
        ig_out_none(o);
        return;
    }

    ig_out_cell(o, "");
    ig_out_string(o, s);
    ig_out_cell_end(o);
}


void
ig_out_word(ig_out_t *o, const char *word)
{
    ig_out_cell(o, "");

    if (o->json) {
        ig_print_json(o->to, ig_str_from_c(word));

    } else {
        fputs(word, o->to);
    }

    ig_out_cell_end(o);
}


void
ig_out_country(ig_out_t *o, ig_country_t c)
{
    char      attribute[24];
    ig_str_t  code = ig_country_code(c);

    (void) snprintf(attribute, sizeof(attribute), " data-c=\"%.2s\"",
                    (const char *) code.data);
    ig_out_cell(o, attribute);

    if (o->json) {
        fprintf(o->to, "\"%.2s\"", (const char *) code.data);

    } else {
        fprintf(o->to, "<span class=\"cc\">%.2s</span> %s",
                (const char *) code.data, ig_country_name(c));
    }

    ig_out_cell_end(o);
}


void
ig_out_number(ig_out_t *o, uint64_t n, uint64_t of)
{
    ig_out_cell(o, "");

    if (o->json) {
        fprintf(o->to, "%" PRIu64, n);

    } else {
        if (of) {
            fprintf(o->to, "<svg class=\"bar\" viewBox=\"0 0 100 8\" "
                    "preserveAspectRatio=\"none\" aria-hidden=\"true\">"
                    "<rect width=\"%.1f\" height=\"8\"/></svg>",
                    (double) n / (double) of * 100.0);
        }

        fprintf(o->to, "<data value=\"%" PRIu64 "\">", n);
        ig_html_number(o->to, n);
        fputs("</data>", o->to);
    }

    ig_out_cell_end(o);
}


/* SI prefixes: a thousand bytes are 1 kB */

void
ig_out_bytes(ig_out_t *o, uint64_t n)
{
    double             size;
    unsigned           i;
    static const char  units[] = " kMGTPE";

    ig_out_cell(o, "");

    if (o->json) {
        fprintf(o->to, "%" PRIu64, n);
        ig_out_cell_end(o);
        return;
    }

    size = (double) n;

    for (i = 0; size >= 999.5 && units[i + 1]; i++) {
        size /= 1000;
    }

    fprintf(o->to, "<data value=\"%" PRIu64 "\">", n);

    if (i == 0) {
        fprintf(o->to, "%.0f B</data>", size);

    } else {
        fprintf(o->to, "%.*f %cB</data>", size < 9.995 ? 2 : size < 99.95 ? 1
                : 0, size, units[i]);
    }

    ig_out_cell_end(o);
}


void
ig_out_time(ig_out_t *o, uint64_t ms)
{
    char  text[20];

    if (ms == 0) {
        ig_out_none(o);
        return;
    }

    ig_time_text(text, ms);
    ig_out_cell(o, " class=\"t\"");

    if (o->json) {
        fprintf(o->to, "\"%.10sT%sZ\"", text, text + 11);

    } else {
        fprintf(o->to, "<span>%.10s</span> <span>%s</span>", text, text + 11);
    }

    ig_out_cell_end(o);
}


void
ig_out_none(ig_out_t *o)
{
    ig_out_cell(o, "");
    fputs(o->json ? "null" : "–", o->to);
    ig_out_cell_end(o);
}


void
ig_out_list(ig_out_t *o)
{
    o->items = 0;
    ig_out_cell(o, "");

    if (o->json) {
        fputc('[', o->to);
    }
}


void
ig_out_item(ig_out_t *o, ig_str_t s)
{
    if (o->items++) {
        fputs(o->json ? "," : ", ", o->to);
    }

    ig_out_string(o, s);
}


void
ig_out_list_end(ig_out_t *o)
{
    if (o->json) {
        fputc(']', o->to);

    } else if (o->items == 0) {
        fputs("–", o->to);
    }

    ig_out_cell_end(o);
}

/*
 * The list of mistakes.
 */

#include <inference_guard/mistake.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


struct ig_mistakes_s {
    ig_mistake_t  *items;
    size_t         n;
    size_t         cap;
    size_t         errors;
};


ig_mistakes_t *
ig_mistakes_new(void)
{
    return calloc(1, sizeof(ig_mistakes_t));
}


void
ig_mistakes_free(ig_mistakes_t *m)
{
    size_t  i;

    if (m == NULL) {
        return;
    }

    for (i = 0; i < m->n; i++) {
        free((void *) m->items[i].message);
    }

    free(m->items);
    free(m);
}


static void
ig_mistakes_add(ig_mistakes_t *m, ig_place_t at, ig_severity_t severity,
    const char *fmt, va_list args)
{
    int            n;
    char          *message;
    size_t         cap;
    va_list        again;
    ig_mistake_t  *items;

    if (severity == IG_MISTAKE_ERROR) {
        m->errors++;
    }

    if (m->n == m->cap) {
        cap = m->cap ? m->cap * 2 : 16;

        items = realloc(m->items, cap * sizeof(ig_mistake_t));
        if (items == NULL) {
            return;
        }

        m->items = items;
        m->cap = cap;
    }

    va_copy(again, args);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);

    if (n < 0) {
        return;
    }

    message = malloc((size_t) n + 1);
    if (message == NULL) {
        return;
    }

    (void) vsnprintf(message, (size_t) n + 1, fmt, args);

    m->items[m->n].place = at;
    m->items[m->n].severity = severity;
    m->items[m->n].message = message;
    m->n++;
}


void
ig_mistakes_error(ig_mistakes_t *m, ig_place_t at, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    ig_mistakes_add(m, at, IG_MISTAKE_ERROR, fmt, args);
    va_end(args);
}


void
ig_mistakes_warning(ig_mistakes_t *m, ig_place_t at, const char *fmt, ...)
{
    va_list  args;

    va_start(args, fmt);
    ig_mistakes_add(m, at, IG_MISTAKE_WARNING, fmt, args);
    va_end(args);
}


size_t
ig_mistakes_count(const ig_mistakes_t *m)
{
    return m->n;
}


size_t
ig_mistakes_errors(const ig_mistakes_t *m)
{
    return m->errors;
}


static int
ig_mistake_cmp(const void *one, const void *two)
{
    int                  rc;
    const ig_mistake_t  *a = one, *b = two;

    rc = strcmp(a->place.file ? a->place.file : "",
                b->place.file ? b->place.file : "");
    if (rc != 0) {
        return rc;
    }

    if (a->place.line != b->place.line) {
        return a->place.line < b->place.line ? -1 : 1;
    }

    if (a->place.column != b->place.column) {
        return a->place.column < b->place.column ? -1 : 1;
    }

    return strcmp(a->message, b->message);
}


void
ig_mistakes_sort(ig_mistakes_t *m)
{
    if (m->n) {
        qsort(m->items, m->n, sizeof(ig_mistake_t), ig_mistake_cmp);
    }
}


const ig_mistake_t *
ig_mistakes_get(const ig_mistakes_t *m, size_t i)
{
    return i < m->n ? &m->items[i] : NULL;
}


void
ig_mistake_print(const ig_mistake_t *k, ig_buf_t *out)
{
    ig_buf_str(out, ig_str_from_c(k->place.file ? k->place.file : "-"));

    if (k->place.line) {
        ig_buf_printf(out, ":%u:%u", k->place.line, k->place.column);
    }

    ig_buf_lit(out, ": ");

    if (k->severity == IG_MISTAKE_WARNING) {
        ig_buf_lit(out, "warning: ");
    }

    ig_buf_str(out, ig_str_from_c(k->message));
}

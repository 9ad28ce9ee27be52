/*
 * Mistakes in rule files, collected rather than stopped at, so that one run
 * shows them all.  The list owns its texts.  A place points into the file
 * that the writer sees: lines and columns count from 1, columns in bytes.
 */

#ifndef INFERENCE_GUARD_MISTAKE_H
#define INFERENCE_GUARD_MISTAKE_H

#include <inference_guard/base.h>


typedef struct {
    const char  *file;         /* a C string owned by the policy or the caller;
                                  it outlives both policy and list */
    uint32_t     line;         /* 0: the file as a whole */
    uint32_t     column;
} ig_place_t;

typedef enum {
    IG_MISTAKE_ERROR,          /* the policy must not start */
    IG_MISTAKE_WARNING         /* it may, and the writer should look */
} ig_severity_t;

typedef struct {
    ig_place_t     place;
    ig_severity_t  severity;
    const char    *message;    /* what is wrong and what would be right */
} ig_mistake_t;

typedef struct ig_mistakes_s  ig_mistakes_t;

ig_mistakes_t *ig_mistakes_new(void) IG_MUST_CHECK;
void ig_mistakes_free(ig_mistakes_t *m);

/* a mistake that could not be kept counts as an error all the same */
void ig_mistakes_error(ig_mistakes_t *m, ig_place_t at, const char *fmt, ...)
    IG_PRINTF(3, 4);
void ig_mistakes_warning(ig_mistakes_t *m, ig_place_t at, const char *fmt, ...)
    IG_PRINTF(3, 4);

size_t ig_mistakes_count(const ig_mistakes_t *m);
size_t ig_mistakes_errors(const ig_mistakes_t *m);
/* in the order of file, line, column after ig_mistakes_sort() */
void ig_mistakes_sort(ig_mistakes_t *m);
const ig_mistake_t *ig_mistakes_get(const ig_mistakes_t *m, size_t i);

/* "file:line:column: message", warnings with "warning: " before the message */
void ig_mistake_print(const ig_mistake_t *k, ig_buf_t *out);

#endif /* INFERENCE_GUARD_MISTAKE_H */

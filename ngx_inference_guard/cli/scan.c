/*
 * inference-guard scan: findings in texts, JSON lines in and out.
 *
 *     {"text": "..."}  ->  {"n": 0, "findings": [{"detector": "sa.national_id",
 *                           "start": 6, "end": 16, "score": 0.95}]}
 *
 * Places are bytes of the text's UTF-8.  A line that is no such object gives
 * {"n": 1, "error": "..."}, and the exit status 2 at the end.
 */

#include "cli.h"

#include <stdlib.h>
#include <string.h>


#define IG_SCAN_ARENA   ((size_t) 512 << 20)
#define IG_SCAN_KEEP    ((size_t) 1 << 20)
#define IG_SCAN_DEPTH   64


typedef struct {
    const uint8_t  *p;
    const uint8_t  *end;
} ig_line_t;


static void
ig_line_blank(ig_line_t *l)
{
    while (l->p < l->end && (*l->p == ' ' || *l->p == '\t' || *l->p == '\r'
                             || *l->p == '\n'))
    {
        l->p++;
    }
}


static bool
ig_line_char(ig_line_t *l, uint8_t c)
{
    ig_line_blank(l);

    if (l->p == l->end || *l->p != c) {
        return false;
    }

    l->p++;

    return true;
}


static int32_t
ig_line_hex(ig_line_t *l)
{
    int      i;
    uint8_t  c;
    int32_t  value;

    if (l->end - l->p < 4) {
        return -1;
    }

    value = 0;

    for (i = 0; i < 4; i++) {
        c = *l->p++;

        if (c >= '0' && c <= '9') {
            value = value * 16 + c - '0';
            continue;
        }

        c |= 0x20;

        if (c < 'a' || c > 'f') {
            return -1;
        }

        value = value * 16 + c - 'a' + 10;
    }

    return value;
}


static void
ig_line_utf8(ig_buf_t *out, uint32_t c)
{
    if (c < 0x80) {
        ig_buf_char(out, (uint8_t) c);
        return;
    }

    if (c < 0x800) {
        ig_buf_char(out, (uint8_t) (0xc0 | c >> 6));

    } else {
        if (c < 0x10000) {
            ig_buf_char(out, (uint8_t) (0xe0 | c >> 12));

        } else {
            ig_buf_char(out, (uint8_t) (0xf0 | c >> 18));
            ig_buf_char(out, (uint8_t) (0x80 | (c >> 12 & 0x3f)));
        }

        ig_buf_char(out, (uint8_t) (0x80 | (c >> 6 & 0x3f)));
    }

    ig_buf_char(out, (uint8_t) (0x80 | (c & 0x3f)));
}


/* after "\u" (RFC 8259, 7): pairs of surrogates make one character */

static bool
ig_line_unicode(ig_line_t *l, ig_buf_t *out)
{
    int32_t  high, low;

    high = ig_line_hex(l);

    if (high < 0 || (high >= 0xdc00 && high <= 0xdfff)) {
        return false;
    }

    if (high >= 0xd800 && high <= 0xdbff) {

        if (l->end - l->p < 6 || l->p[0] != '\\' || l->p[1] != 'u') {
            return false;
        }

        l->p += 2;
        low = ig_line_hex(l);

        if (low < 0xdc00 || low > 0xdfff) {
            return false;
        }

        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }

    ig_line_utf8(out, (uint32_t) high);

    return true;
}


static bool
ig_line_escape(ig_line_t *l, ig_buf_t *out)
{
    const char          *at;
    static const char    names[] = "\"\\/bfnrt";
    static const char    bytes[] = "\"\\/\b\f\n\r\t";

    if (l->p == l->end || *l->p == '\0') {
        return false;
    }

    if (*l->p == 'u') {
        l->p++;
        return ig_line_unicode(l, out);
    }

    at = strchr(names, *l->p);

    if (at == NULL) {
        return false;
    }

    l->p++;
    ig_buf_char(out, (uint8_t) bytes[at - names]);

    return true;
}


/* a string, decoded onto the buffer */

static bool
ig_line_string(ig_line_t *l, ig_buf_t *out)
{
    const uint8_t  *plain;

    if (!ig_line_char(l, '"')) {
        return false;
    }

    plain = l->p;

    for ( ;; ) {

        if (l->p == l->end || *l->p < 0x20) {
            return false;
        }

        if (*l->p != '"' && *l->p != '\\') {
            l->p++;
            continue;
        }

        ig_buf_bytes(out, plain, (size_t) (l->p - plain));

        if (*l->p++ == '"') {
            return true;
        }

        if (!ig_line_escape(l, out)) {
            return false;
        }

        plain = l->p;
    }
}


/* a number, or true, false, null */

static bool
ig_line_bare(ig_line_t *l)
{
    const uint8_t  *start;

    start = l->p;

    while (l->p < l->end && *l->p
           && strchr("+-.0123456789abcdefghijklmnopqrstuvwxyzE", *l->p))
    {
        l->p++;
    }

    return l->p != start;
}


/* any value, which is not looked at */

static bool
ig_line_skip(ig_line_t *l, ig_buf_t *spare)
{
    size_t   depth, mark;
    uint8_t  open[IG_SCAN_DEPTH];

    depth = 0;
    mark = spare->len;

    do {
        ig_line_blank(l);

        if (l->p == l->end) {
            return false;
        }

        switch (*l->p) {

        case '"':
            if (!ig_line_string(l, spare)) {
                return false;
            }

            spare->len = mark;
            break;

        case '{':
        case '[':
            if (depth == IG_SCAN_DEPTH) {
                return false;
            }

            open[depth++] = *l->p++;
            break;

        case '}':
        case ']':
            if (depth == 0 || open[--depth] != (*l->p == '}' ? '{' : '[')) {
                return false;
            }

            l->p++;
            break;

        case ',':
        case ':':
            if (depth == 0) {
                return false;
            }

            l->p++;
            break;

        default:
            if (!ig_line_bare(l)) {
                return false;
            }
        }

    } while (depth);

    return true;
}


/* NULL, or what is wrong with the line */

static const char *
ig_line_text(ig_line_t *l, ig_arena_t *arena, ig_str_t *text)
{
    bool      found;
    ig_buf_t  key, value;

    found = false;

    if (!ig_line_char(l, '{')) {
        return "not an object";
    }

    do {
        ig_buf_init(&key, arena, 64);

        if (!ig_line_string(l, &key) || !ig_line_char(l, ':')) {
            return "not an object with names and values";
        }

        ig_buf_init(&value, arena, 256);

        if (!ig_str_eq((ig_str_t) { key.data, key.len }, IG_STR("text"))) {
            if (!ig_line_skip(l, &value)) {
                return "a value that is no JSON";
            }

            continue;
        }

        if (found || !ig_line_string(l, &value)) {
            return "\"text\" must be one string";
        }

        *text = (ig_str_t) { value.data, value.len };
        found = true;

        if (value.failed) {
            return "too long";
        }

    } while (ig_line_char(l, ','));

    if (!ig_line_char(l, '}')) {
        return "not an object";
    }

    ig_line_blank(l);

    if (l->p != l->end) {
        return "something behind the object";
    }

    return found ? NULL : "no \"text\"";
}


static void
ig_scan_print(const ig_policy_t *p, uint64_t n, const ig_findings_t *found)
{
    size_t               i;
    const ig_finding_t  *f;

    printf("{\"n\": %llu, \"findings\": [", (unsigned long long) n);

    for (i = 0; i < found->n; i++) {
        f = &found->items[i];

        fputs(i ? ", {\"detector\": " : "{\"detector\": ", stdout);
        ig_print_json(stdout, p->detectors[f->detector].id);
        printf(", \"start\": %u, \"end\": %u, \"score\": %u.%03u}", f->start,
               f->end, f->score / IG_SCORE_ONE, f->score % IG_SCORE_ONE);
    }

    puts("]}");
}


static bool
ig_scan_line(ig_worker_t *w, const ig_policy_t *p, uint64_t n, ig_line_t l)
{
    ig_rc_t         rc;
    ig_str_t        text;
    ig_arena_t     *arena;
    const char     *error;
    ig_findings_t   found;

    arena = ig_worker_arena(w);
    ig_arena_reset(arena);
    ig_arena_limit(arena, IG_SCAN_ARENA);

    error = ig_line_text(&l, arena, &text);

    if (error == NULL) {
        rc = ig_detect_text(ig_worker_detect(w), text, arena, &found);

        error = rc == IG_OK ? NULL
                : rc == IG_LIMIT ? "a bound of the search was reached"
                : rc == IG_NOMEM ? "no memory" : "the search failed";
    }

    if (error) {
        printf("{\"n\": %llu, \"error\": ", (unsigned long long) n);
        ig_print_json(stdout, ig_str_from_c(error));
        puts("}");
        return false;
    }

    ig_scan_print(p, n, &found);

    return true;
}


static int
ig_scan_lines(ig_guard_t *g)
{
    int           rc;
    char         *line;
    size_t        size;
    ssize_t       len;
    uint64_t      n;
    ig_worker_t  *w;

    w = ig_worker_new(g);

    if (w == NULL) {
        fputs("inference-guard: no memory\n", stderr);
        return IG_EXIT_ERROR;
    }

    rc = IG_EXIT_YES;
    line = NULL;
    size = 0;

    for (n = 0; (len = getline(&line, &size, stdin)) >= 0; n++) {
        if (!ig_scan_line(w, ig_guard_policy(g), n,
                          (ig_line_t) { (uint8_t *) line,
                                        (uint8_t *) line + len }))
        {
            rc = IG_EXIT_ERROR;
        }
    }

    if (ferror(stdin) || fflush(stdout) != 0) {
        fputs("inference-guard: cannot read or write\n", stderr);
        rc = IG_EXIT_ERROR;
    }

    free(line);
    ig_worker_free(w);

    return rc;
}


int
ig_cmd_scan(int argc, char **argv)
{
    int          i, rc;
    char       **paths;
    size_t       n;
    unsigned     options;
    ig_files_t   files;
    ig_guard_t  *g;

    paths = calloc((size_t) argc, sizeof(char *));

    if (paths == NULL) {
        return IG_EXIT_ERROR;
    }

    n = 0;
    options = 0;

    for (i = 1; i < argc; i++) {

        if (strcmp(argv[i], "--rules") == 0 && i + 1 < argc) {
            paths[n++] = argv[++i];

        } else if (strcmp(argv[i], "--no-vectorscan") == 0) {
            options |= IG_DETECT_NO_VECTORSCAN;

        } else {
            n = 0;
            break;
        }
    }

    if (n == 0) {
        fputs("usage: inference-guard scan --rules PATH [--rules PATH]... "
              "[--no-vectorscan]\n", stderr);
        free(paths);
        return IG_EXIT_ERROR;
    }

    memset(&files, 0, sizeof(files));
    g = ig_cli_load(paths, n, &files, options);

    rc = g ? ig_scan_lines(g) : IG_EXIT_ERROR;

    ig_guard_free(g);
    ig_files_free(&files);
    free(paths);

    return rc;
}

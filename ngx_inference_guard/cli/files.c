/*
 * Rule files into memory, and the policy out of them: what every sub-command
 * begins with.
 */

#include "cli.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>


/* no file that this program reads is larger, and a device has no end */
#define IG_SLURP_MAX  ((size_t) 256 << 20)


static bool
ig_slurp_stream(FILE *f, ig_str_t *out)
{
    size_t    len, cap, n;
    uint8_t  *data, *more;

    len = 0;
    cap = 64 * 1024;

    data = malloc(cap);
    if (data == NULL) {
        return false;
    }

    while ((n = fread(data + len, 1, cap - len, f)) > 0) {

        len += n;

        if (len > IG_SLURP_MAX) {
            free(data);
            errno = EFBIG;
            return false;
        }

        if (len == cap) {

            more = realloc(data, cap * 2);
            if (more == NULL) {
                free(data);
                return false;
            }

            data = more;
            cap *= 2;
        }
    }

    if (ferror(f)) {
        free(data);
        return false;
    }

    out->data = data;
    out->len = len;

    return true;
}


bool
ig_file_slurp(const char *path, ig_str_t *out)
{
    int    saved;
    bool   ok;
    FILE  *f;

    *out = IG_NO_STR;

    if (strcmp(path, "-") == 0) {
        return ig_slurp_stream(stdin, out);
    }

    f = fopen(path, "rb");
    if (f == NULL) {
        return false;
    }

    ok = ig_slurp_stream(f, out);

    saved = errno;
    (void) fclose(f);
    errno = saved;

    return ok;
}


/* false: the path cannot be read, and that was said */

static bool
ig_files_add(ig_files_t *f, const char *path)
{
    char         *name;
    ig_str_t      text;
    ig_source_t  *items;

    if (!ig_file_slurp(path, &text)) {
        fprintf(stderr, "inference-guard: %s: %s\n", path, strerror(errno));
        return false;
    }

    name = strdup(path);
    items = realloc(f->items, (f->n + 1) * sizeof(ig_source_t));

    if (items) {
        f->items = items;
    }

    if (name == NULL || items == NULL) {
        fprintf(stderr, "inference-guard: %s: %s\n", path, strerror(ENOMEM));
        free(name);
        free((void *) text.data);
        return false;
    }

    f->items[f->n].name = name;
    f->items[f->n].text = text;
    f->n++;

    return true;
}


/* as a shell's *.yaml: not what begins with a dot */

static int
ig_files_is_yaml(const struct dirent *entry)
{
    size_t  len;

    len = strlen(entry->d_name);

    return entry->d_name[0] != '.' && len > 5
           && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}


static int
ig_files_by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}


static size_t
ig_files_add_directory(ig_files_t *f, const char *path)
{
    int              i, n;
    char            *name;
    size_t           failed, len;
    struct dirent  **entries;

    n = scandir(path, &entries, ig_files_is_yaml, ig_files_by_name);

    if (n < 0) {
        fprintf(stderr, "inference-guard: %s: %s\n", path, strerror(errno));
        return 1;
    }

    failed = 0;

    if (n == 0) {
        fprintf(stderr, "inference-guard: %s: no *.yaml files in this "
                "directory\n", path);
        failed++;
    }

    len = strlen(path);

    for (i = 0; i < n; i++) {

        if (asprintf(&name, "%s%s%s", path,
                     len && path[len - 1] == '/' ? "" : "/",
                     entries[i]->d_name) < 0)
        {
            failed++;

        } else {
            failed += !ig_files_add(f, name);
            free(name);
        }

        free(entries[i]);
    }

    free(entries);

    return failed;
}


size_t
ig_files_read(ig_files_t *f, char *const *paths, size_t n)
{
    size_t       i, failed;
    struct stat  st;

    f->items = NULL;
    f->n = 0;
    failed = 0;

    for (i = 0; i < n; i++) {

        if (stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode)) {
            failed += ig_files_add_directory(f, paths[i]);

        } else {
            failed += !ig_files_add(f, paths[i]);
        }
    }

    return failed;
}


void
ig_files_free(ig_files_t *f)
{
    size_t  i;

    for (i = 0; i < f->n; i++) {
        free((void *) f->items[i].name);
        free((void *) f->items[i].text.data);
    }

    free(f->items);

    f->items = NULL;
    f->n = 0;
}


/* as ig_mistake_print() does it, whatever the length */

void
ig_print_mistake(FILE *to, const ig_mistake_t *k)
{
    fputs(k->place.file ? k->place.file : "-", to);

    if (k->place.line) {
        fprintf(to, ":%u:%u", k->place.line, k->place.column);
    }

    fprintf(to, ": %s%s\n",
            k->severity == IG_MISTAKE_WARNING ? "warning: " : "", k->message);
}


ig_guard_t *
ig_cli_load(char *const *paths, size_t n, ig_files_t *files,
    unsigned detect_options)
{
    size_t          i;
    ig_guard_t     *guard;
    ig_mistakes_t  *mistakes;

    if (ig_files_read(files, paths, n) != 0) {
        return NULL;
    }

    mistakes = ig_mistakes_new();
    if (mistakes == NULL) {
        fprintf(stderr, "inference-guard: %s\n", strerror(ENOMEM));
        return NULL;
    }

    guard = ig_guard_compile(files->items, files->n, detect_options, mistakes);

    ig_mistakes_sort(mistakes);

    for (i = 0; i < ig_mistakes_count(mistakes); i++) {
        ig_print_mistake(stderr, ig_mistakes_get(mistakes, i));
    }

    ig_mistakes_free(mistakes);

    return guard;
}


void
ig_print_json(FILE *to, ig_str_t s)
{
    ig_buf_t     b;
    ig_arena_t  *arena;

    arena = ig_arena_new(s.len * 6 + 4096, 0);

    if (arena) {
        ig_buf_init(&b, arena, s.len * 6 + 2);
        ig_buf_json(&b, s);

        if (!b.failed) {
            (void) fwrite(b.data, 1, b.len, to);
            ig_arena_free(arena);
            return;
        }
    }

    ig_arena_free(arena);
    fputs("null", to);
}

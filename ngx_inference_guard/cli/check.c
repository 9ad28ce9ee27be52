/*
 * inference-guard check: every mistake in rule files, then one line about
 * what they hold.
 */

#include "cli.h"

#include <errno.h>
#include <string.h>


typedef struct {
    bool    json;
    bool    warnings;
} ig_check_t;


static size_t
ig_check_packs(const ig_policy_t *p)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < p->npacks; i++) {
        n += !p->packs[i].everywhere;
    }

    return n;
}


static void
ig_check_count(size_t n, const char *one, const char *many)
{
    printf("%zu %s", n, n == 1 ? one : many);
}


static void
ig_check_text(const ig_check_t *c, const ig_mistakes_t *m, const ig_guard_t *g)
{
    size_t               i, warnings;
    const ig_policy_t   *p;
    const ig_mistake_t  *k;

    for (i = 0; i < ig_mistakes_count(m); i++) {

        k = ig_mistakes_get(m, i);

        if (k->severity == IG_MISTAKE_ERROR || c->warnings) {
            ig_print_mistake(stderr, k);
        }
    }

    if (g == NULL) {
        warnings = ig_mistakes_count(m) - ig_mistakes_errors(m);
        ig_check_count(ig_mistakes_errors(m), "mistake", "mistakes");

        if (c->warnings && ig_mistakes_count(m) > ig_mistakes_errors(m)) {
            fputs(", ", stdout);
            ig_check_count(warnings, "warning", "warnings");
        }

        putchar('\n');
        return;
    }

    p = ig_guard_policy(g);

    ig_check_count(ig_check_packs(p), "pack, ", "packs, ");
    ig_check_count(p->ndetectors, "detector, ", "detectors, ");
    ig_check_count(p->nrules, "rule, ", "rules, ");
    ig_check_count(p->nendpoints, "endpoint, ", "endpoints, ");
    ig_check_count(p->ntenants, "tenant", "tenants");
    printf(": digest %.*s\n", IG_FMT(ig_guard_digest(g)));
}


static void
ig_check_json(const ig_check_t *c, const ig_mistakes_t *m, const ig_guard_t *g)
{
    size_t               i;
    const char          *comma;
    const ig_policy_t   *p;
    const ig_mistake_t  *k;

    printf("{\"ok\":%s,\"mistakes\":[", g ? "true" : "false");

    comma = "";

    for (i = 0; i < ig_mistakes_count(m); i++) {

        k = ig_mistakes_get(m, i);

        if (k->severity == IG_MISTAKE_WARNING && !c->warnings) {
            continue;
        }

        printf("%s{\"severity\":\"%s\",\"file\":", comma,
               k->severity == IG_MISTAKE_WARNING ? "warning" : "error");

        if (k->place.file) {
            ig_print_json(stdout, ig_str_from_c(k->place.file));

        } else {
            fputs("null", stdout);
        }

        printf(",\"line\":%u,\"column\":%u,\"message\":", k->place.line,
               k->place.column);
        ig_print_json(stdout, ig_str_from_c(k->message));
        putchar('}');

        comma = ",";
    }

    putchar(']');

    if (g) {
        p = ig_guard_policy(g);

        printf(",\"packs\":%zu,\"detectors\":%zu,\"rules\":%zu,"
               "\"endpoints\":%zu,\"tenants\":%zu,\"digest\":\"%.*s\"",
               ig_check_packs(p), p->ndetectors, p->nrules, p->nendpoints,
               p->ntenants, IG_FMT(ig_guard_digest(g)));
    }

    puts("}");
}


static int
ig_check_files(const ig_check_t *c, const ig_files_t *files)
{
    int             status;
    ig_guard_t     *guard;
    ig_mistakes_t  *mistakes;

    mistakes = ig_mistakes_new();
    if (mistakes == NULL) {
        fprintf(stderr, "inference-guard: %s\n", strerror(ENOMEM));
        return IG_EXIT_ERROR;
    }

    guard = ig_guard_compile(files->items, files->n, 0, mistakes);

    ig_mistakes_sort(mistakes);

    if (c->json) {
        ig_check_json(c, mistakes, guard);

    } else {
        ig_check_text(c, mistakes, guard);
    }

    status = guard ? IG_EXIT_YES : IG_EXIT_NO;

    ig_guard_free(guard);
    ig_mistakes_free(mistakes);

    return (fflush(stdout) == 0 && !ferror(stdout)) ? status : IG_EXIT_ERROR;
}


int
ig_cmd_check(int argc, char **argv)
{
    int         i, status;
    ig_check_t  c;
    ig_files_t  files;

    c.json = false;
    c.warnings = true;

    for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {

        if (strcmp(argv[i], "--json") == 0) {
            c.json = true;

        } else if (strcmp(argv[i], "--no-warnings") == 0) {
            c.warnings = false;

        } else if (strcmp(argv[i], "--") == 0) {
            i++;
            break;

        } else {
            fprintf(stderr, "inference-guard check: unknown option \"%s\"\n",
                    argv[i]);
            return IG_EXIT_ERROR;
        }
    }

    if (i == argc) {
        fputs("usage: inference-guard check [--json] [--no-warnings] RULES…\n",
              stderr);
        return IG_EXIT_ERROR;
    }

    status = IG_EXIT_ERROR;

    if (ig_files_read(&files, argv + i, (size_t) (argc - i)) == 0) {
        status = ig_check_files(&c, &files);
    }

    ig_files_free(&files);

    return status;
}

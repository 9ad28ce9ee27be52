/*
 * inference-guard compare: do new rules permit anything that old ones, or a
 * boundary, forbid?
 */

#include "compare.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>


#define IG_COMPARE_MEMORY  ((size_t) 1 << 30)
#define IG_COMPARE_PATHS   32

typedef struct {
    char        *with[IG_COMPARE_PATHS];     /* files of both */
    size_t       nwith;
    const char  *boundary;
    uint64_t     steps;
    bool         json;
    char        *old;
    char        *new;
} ig_compare_options_t;

static const struct option  ig_compare_opts[] = {
    { "with", required_argument, NULL, 'w' },
    { "boundary", required_argument, NULL, 'b' },
    { "steps", required_argument, NULL, 's' },
    { "json", no_argument, NULL, 'j' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 }
};


static void
ig_compare_usage(FILE *to)
{
    fputs(
"usage: inference-guard compare [--with PATH]… [--json] [--steps N] OLD NEW\n"
"       inference-guard compare … --boundary FILE [OLD] NEW\n"
"\n"
"Proves that the rules of NEW permit nothing that those of OLD, or a rule file\n"
"of what must always hold, forbid; or shows a request that they do.\n"
"OLD, NEW: a rule file or a folder of them; --with: files of both, such as\n"
"endpoints and tenants; --steps: how long to look (100000000).\n"
"\n"
"Exit status: 0 proven, 1 a counterexample, 2 not proven, or it could not be\n"
"asked.\n", to);
}


/* 1: run; 0: help was printed; -1: said why */

static int
ig_compare_parse(ig_compare_options_t *o, int argc, char **argv)
{
    int    c, n;
    char  *end;

    memset(o, 0, sizeof(*o));
    o->steps = IG_COMPARE_STEPS;
    optind = 1;

    while ((c = getopt_long(argc, argv, "h", ig_compare_opts, NULL)) != -1) {
        switch (c) {

        case 'w':
            if (o->nwith == IG_COMPARE_PATHS - 1) {
                fputs("inference-guard compare: too many --with\n", stderr);
                return -1;
            }

            o->with[o->nwith++] = optarg;
            break;

        case 'b':
            o->boundary = optarg;
            break;

        case 's':
            o->steps = strtoull(optarg, &end, 10);

            if (*optarg < '0' || *optarg > '9' || *end || o->steps == 0) {
                fprintf(stderr, "inference-guard compare: no number of steps "
                        "\"%s\"\n", optarg);
                return -1;
            }
            break;

        case 'j':
            o->json = true;
            break;

        case 'h':
            ig_compare_usage(stdout);
            return 0;

        default:
            ig_compare_usage(stderr);
            return -1;
        }
    }

    n = argc - optind;

    if (n != 2 && !(n == 1 && o->boundary)) {
        ig_compare_usage(stderr);
        return -1;
    }

    o->old = n == 2 ? argv[optind] : NULL;
    o->new = argv[argc - 1];

    return 1;
}


static ig_guard_t *
ig_compare_load(const ig_compare_options_t *o, char *path, ig_files_t *files)
{
    char  *paths[IG_COMPARE_PATHS];

    memcpy(paths, o->with, sizeof(paths));
    paths[o->nwith] = path;

    return ig_cli_load(paths, o->nwith + 1, files, 0);
}


/* one question; *first: nothing was printed before */

static int
ig_compare_ask(const ig_compare_options_t *o, const char *than,
    const ig_policy_t *old, const ig_policy_t *new, bool *first)
{
    int              status;
    ig_rc_t          rc;
    ig_buf_t         out;
    ig_arena_t      *arena;
    ig_compared_t    shown;
    ig_comparison_t  c;

    arena = ig_arena_new(IG_COMPARE_MEMORY, 0);
    if (arena == NULL) {
        fputs("inference-guard compare: no memory\n", stderr);
        return IG_EXIT_ERROR;
    }

    rc = ig_compare(old, new, o->steps, arena, &c);

    if (rc != IG_OK) {
        fputs(rc == IG_ERROR
              ? "inference-guard compare: a counterexample that the deciders "
                "do not confirm; this is a defect\n"
              : "inference-guard compare: no memory\n", stderr);
        ig_arena_free(arena);
        return IG_EXIT_ERROR;
    }

    shown = (ig_compared_t) { than, old, new, &c };
    ig_buf_init(&out, arena, 4096);

    if (o->json) {
        ig_buf_str(&out, *first ? IG_NO_STR : IG_STR(",\n "));
        ig_compare_json(&shown, &out);

    } else {
        ig_compare_text(&shown, &out);
    }

    *first = false;

    switch (c.answer) {

    case IG_COMPARE_PROVEN:
        status = IG_EXIT_YES;
        break;

    case IG_COMPARE_COUNTEREXAMPLE:
        status = IG_EXIT_NO;
        break;

    default:
        status = IG_EXIT_ERROR;
    }

    if (out.failed || fwrite(out.data, 1, out.len, stdout) != out.len) {
        status = IG_EXIT_ERROR;
    }

    ig_arena_free(arena);

    return status;
}


/* a counterexample is an answer, whatever the other question's */

static int
ig_compare_worse(int a, int b)
{
    if (a == IG_EXIT_NO || b == IG_EXIT_NO) {
        return IG_EXIT_NO;
    }

    return a > b ? a : b;
}


static int
ig_compare_boundary(const ig_compare_options_t *o, const ig_guard_t *new,
    const ig_files_t *files, bool *first)
{
    int             status;
    ig_arena_t     *arena;
    ig_boundary_t   b;

    status = IG_EXIT_ERROR;
    memset(&b, 0, sizeof(b));
    arena = ig_arena_new(IG_COMPARE_MEMORY, 0);

    if (arena && ig_boundary_load(&b, o->boundary, new, files, arena)) {
        status = ig_compare_ask(o, "boundary", &b.policy,
                                ig_guard_policy(new), first);
    }

    ig_boundary_free(&b);
    ig_arena_free(arena);

    return status;
}


int
ig_cmd_compare(int argc, char **argv)
{
    int                   rc, status;
    bool                  first;
    ig_files_t            old_files, new_files;
    ig_guard_t           *old, *new;
    ig_compare_options_t  o;

    rc = ig_compare_parse(&o, argc, argv);
    if (rc <= 0) {
        return rc == 0 ? IG_EXIT_YES : IG_EXIT_ERROR;
    }

    memset(&old_files, 0, sizeof(old_files));
    memset(&new_files, 0, sizeof(new_files));

    new = ig_compare_load(&o, o.new, &new_files);
    old = o.old ? ig_compare_load(&o, o.old, &old_files) : NULL;
    status = IG_EXIT_ERROR;

    if (new && (old || o.old == NULL)) {
        status = IG_EXIT_YES;
        first = true;

        if (o.json) {
            putchar('[');
        }

        if (old) {
            status = ig_compare_ask(&o, "old rules", ig_guard_policy(old),
                                    ig_guard_policy(new), &first);
        }

        if (o.boundary) {
            status = ig_compare_worse(status,
                                      ig_compare_boundary(&o, new, &new_files,
                                                          &first));
        }

        if (o.json) {
            puts("]");
        }
    }

    if (fflush(stdout) != 0) {
        status = IG_EXIT_ERROR;
    }

    ig_guard_free(old);
    ig_guard_free(new);
    ig_files_free(&old_files);
    ig_files_free(&new_files);

    return status;
}

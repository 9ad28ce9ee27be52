/*
 * inference-guard audit export: a log in the formats of other programs.
 */

#include "audit_export.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>


typedef enum {
    IG_OPT_SINCE = 256,
    IG_OPT_UNTIL,
    IG_OPT_TENANT,
    IG_OPT_FORMAT,
    IG_OPT_HELP
} ig_export_opt_t;

static const struct option  ig_export_opts[] = {
    { "since", required_argument, NULL, IG_OPT_SINCE },
    { "until", required_argument, NULL, IG_OPT_UNTIL },
    { "tenant", required_argument, NULL, IG_OPT_TENANT },
    { "format", required_argument, NULL, IG_OPT_FORMAT },
    { "help", no_argument, NULL, IG_OPT_HELP },
    { NULL, 0, NULL, 0 }
};

typedef struct {
    const char   *name;
    void        (*head)(FILE *to);       /* NULL: none */
    void        (*row)(FILE *to, const ig_export_row_t *row);
} ig_export_format_t;

static const ig_export_format_t  ig_export_formats[] = {
    { "csv", ig_export_csv_head, ig_export_csv },
    { "ndjson", NULL, ig_export_ndjson },
    { "ocsf", NULL, ig_export_ocsf },
};

typedef struct {
    ig_audit_options_t         filter;
    const ig_export_format_t  *format;
    uint64_t                   written;
    ig_export_row_t            row;
} ig_export_t;


static bool
ig_export_one(void *ctx, const ig_joined_t *j)
{
    ig_export_t             *x = ctx;
    const ig_record_line_t  *first;

    if (j->kind == IG_JOINED_LIMIT) {
        return true;
    }

    first = j->decision ? j->decision : j->outcome ? j->outcome : j->alone;

    if (ig_audit_met(&x->filter, x->filter.keys, first) != x->filter.keys) {
        return true;
    }

    ig_export_row(&x->row, j);
    x->format->row(stdout, &x->row);
    x->written++;

    if (ferror(stdout)) {
        perror("inference-guard audit export");
        return false;
    }

    return true;
}


static bool
ig_export_format(ig_export_t *x, const char *name)
{
    size_t  i;

    for (i = 0; i < sizeof(ig_export_formats) / sizeof(ig_export_formats[0]);
         i++)
    {
        if (strcmp(name, ig_export_formats[i].name) == 0) {
            x->format = &ig_export_formats[i];
            return true;
        }
    }

    fprintf(stderr, "inference-guard audit export: \"%s\" is no format: ocsf, "
            "csv or ndjson\n", name);

    return false;
}


/* index of the first file; 0: help was printed; -1: said why */

static int
ig_export_options(ig_export_t *x, int argc, char **argv)
{
    int  opt;

    optind = 1;

    while ((opt = getopt_long(argc, argv, "", ig_export_opts, NULL)) != -1) {

        switch (opt) {

        case IG_OPT_SINCE:
        case IG_OPT_UNTIL:
        case IG_OPT_TENANT:
            if (!ig_audit_narrow(&x->filter, argv[0],
                                 ig_export_opts[opt - IG_OPT_SINCE].name,
                                 optarg))
            {
                return -1;
            }

            break;

        case IG_OPT_FORMAT:
            if (!ig_export_format(x, optarg)) {
                return -1;
            }

            break;

        case IG_OPT_HELP:
            ig_audit_help();
            return 0;

        default:
            return -1;
        }
    }

    if (x->format == NULL || optind >= argc) {
        fputs("inference-guard audit export: name the --format and the log "
              "files\n", stderr);
        return -1;
    }

    return optind;
}


static int
ig_export_run(ig_export_t *x, char **files, size_t n)
{
    bool        ok;
    ig_join_t  *j;

    j = ig_join_new(ig_export_one, x);

    if (j == NULL) {
        fputs("inference-guard audit export: no memory\n", stderr);
        return IG_EXIT_ERROR;
    }

    if (x->format->head) {
        x->format->head(stdout);
    }

    ok = ig_join_files(j, files, n);
    ig_join_free(j);

    if (fflush(stdout) != 0) {
        perror("inference-guard audit export");
        ok = false;
    }

    return !ok ? IG_EXIT_ERROR : x->written ? IG_EXIT_YES : IG_EXIT_NO;
}


int
ig_cmd_audit_export(int argc, char **argv)
{
    int           rc;
    ig_export_t  *x;

    x = calloc(1, sizeof(ig_export_t));
    if (x == NULL) {
        return IG_EXIT_ERROR;
    }

    rc = ig_export_options(x, argc, argv);

    if (rc > 0) {
        rc = ig_export_run(x, argv + rc, (size_t) (argc - rc));

    } else {
        rc = rc == 0 ? IG_EXIT_YES : IG_EXIT_ERROR;
    }

    free(x);

    return rc;
}

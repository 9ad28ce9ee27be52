/*
 * inference-guard audit report: a log as one HTML file for people, or the same
 * figures as JSON.
 */

#include "audit_report.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


typedef enum {
    IG_OPT_SINCE = 256,
    IG_OPT_UNTIL,
    IG_OPT_TENANT,
    IG_OPT_KEY,
    IG_OPT_RULES,
    IG_OPT_JSON,
    IG_OPT_HELP
} ig_report_opt_t;

static const struct option  ig_report_opts[] = {
    { "since", required_argument, NULL, IG_OPT_SINCE },
    { "until", required_argument, NULL, IG_OPT_UNTIL },
    { "tenant", required_argument, NULL, IG_OPT_TENANT },
    { "key", required_argument, NULL, IG_OPT_KEY },
    { "rules", required_argument, NULL, IG_OPT_RULES },
    { "json", no_argument, NULL, IG_OPT_JSON },
    { "help", no_argument, NULL, IG_OPT_HELP },
    { NULL, 0, NULL, 0 }
};


static bool
ig_report_rules_add(ig_report_t *r, char *path)
{
    char  **rules;

    rules = realloc(r->rules, (r->nrules + 1) * sizeof(char *));

    if (rules == NULL) {
        return false;
    }

    rules[r->nrules++] = path;
    r->rules = rules;

    return true;
}


/* index of the first file; 0: help was printed; -1: said why */

static int
ig_report_options(ig_report_t *r, int argc, char **argv)
{
    int  opt;

    optind = 1;

    while ((opt = getopt_long(argc, argv, "", ig_report_opts, NULL)) != -1) {

        switch (opt) {

        case IG_OPT_SINCE:
        case IG_OPT_UNTIL:
        case IG_OPT_TENANT:
            if (!ig_audit_narrow(&r->filter, argv[0],
                                 ig_report_opts[opt - IG_OPT_SINCE].name,
                                 optarg))
            {
                return -1;
            }

            break;

        case IG_OPT_KEY:
            r->key = optarg;
            break;

        case IG_OPT_RULES:
            if (!ig_report_rules_add(r, optarg)) {
                return -1;
            }

            break;

        case IG_OPT_JSON:
            r->json = true;
            break;

        case IG_OPT_HELP:
            ig_audit_help();
            return 0;

        default:
            return -1;
        }
    }

    if (optind >= argc) {
        fputs("inference-guard audit report: name the log files\n", stderr);
        return -1;
    }

    r->files = argv + optind;
    r->nfiles = (size_t) (argc - optind);

    return optind;
}


static bool
ig_report_read(ig_report_t *r)
{
    bool        ok;
    ig_join_t  *j;

    j = ig_join_new(ig_report_count, r);

    if (j == NULL) {
        fputs("inference-guard audit report: no memory\n", stderr);
        return false;
    }

    ok = ig_join_files(j, r->files, r->nfiles);
    r->counts = *ig_join_counts(j);
    ig_join_free(j);

    return ok;
}


static int
ig_report_run(ig_report_t *r)
{
    if (!ig_report_rules_read(&r->texts, r->rules, r->nrules)
        || !ig_report_verified(&r->verification, r->key, r->files, r->nfiles)
        || !ig_report_read(r))
    {
        return IG_EXIT_ERROR;
    }

    ig_report_show(r, stdout);

    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("inference-guard audit report");
        return IG_EXIT_ERROR;
    }

    return r->verification.state == IG_VERIFY_FAILED ? IG_EXIT_NO
                                                     : IG_EXIT_YES;
}


int
ig_cmd_audit_report(int argc, char **argv)
{
    int           rc;
    size_t        i;
    ig_report_t  *r;

    r = calloc(1, sizeof(ig_report_t));
    if (r == NULL) {
        return IG_EXIT_ERROR;
    }

    (void) ig_country_group(IG_STR("EEA"), &r->eea);

    rc = ig_report_options(r, argc, argv);

    if (rc > 0) {
        rc = ig_report_run(r);

    } else {
        rc = rc == 0 ? IG_EXIT_YES : IG_EXIT_ERROR;
    }

    for (i = 0; i < IG_TALLIES; i++) {
        ig_tally_free(&r->tallies[i]);
    }

    ig_report_rules_free(&r->texts);
    free(r->rules);
    free(r);

    return rc;
}

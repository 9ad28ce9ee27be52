/*
 * inference-guard audit verify: do the logs hang together, and do the signed
 * checkpoints hold over them?
 */

#include "audit_evidence.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>


typedef struct {
    bool    json;
    size_t  n;                           /* findings printed */
} ig_verify_print_t;


static void
ig_audit_verify_usage(FILE *to)
{
    fputs(
"usage: inference-guard audit verify [--key PUB.pem]… [--checkpoint FILE]…\n"
"                                    [--json] FILE…\n"
"\n"
"Give all files of the log, in any order, and those of several nodes if you\n"
"like; in place of files that were pruned, their FILE.checkpoints.\n"
"  --key PUB.pem      a public key that signs checkpoints; without one, chains\n"
"                     are looked at, but nothing is verified\n"
"  --checkpoint FILE  checkpoints that were kept elsewhere: what they seal must\n"
"                     be there\n"
"  --json             one JSON object on standard output\n"
"\n"
"Exit status: 0 the logs are verified (or, without --key, the chains are\n"
"whole), 1 they are not, 2 they could not be read.\n", to);
}


static void
ig_verify_print(void *data, const ig_verify_finding_t *f)
{
    ig_verify_print_t  *p = data;

    if (!p->json) {
        if (f->file) {
            printf("%s:%llu: ", f->file, (unsigned long long) f->line);
        }

        printf("%s%s: %s\n", ig_verify_is_failure(f->kind) ? "" : "note: ",
               ig_verify_kind_name(f->kind), f->text);
        return;
    }

    printf("%s{\"kind\":\"%s\",\"failure\":%s", p->n++ ? "," : "",
           ig_verify_kind_name(f->kind),
           ig_verify_is_failure(f->kind) ? "true" : "false");

    if (f->file) {
        fputs(",\"file\":", stdout);
        ig_print_json(stdout, ig_str_from_c(f->file));
        printf(",\"line\":%llu", (unsigned long long) f->line);
    }

    fputs(",\"text\":", stdout);
    ig_print_json(stdout, ig_str_from_c(f->text));
    fputs("}", stdout);
}


static void
ig_verify_print_nodes(const ig_verify_t *v, size_t n, bool json)
{
    size_t            i;
    ig_verify_node_t  node;

    for (i = 0; i < n; i++) {
        if (!ig_verify_node(v, i, &node)) {
            continue;
        }

        if (!json) {
            fputs("node ", stdout);
            ig_print_json(stdout, node.name);
            printf(": last checkpoint %llu, of ",
                   (unsigned long long) node.number);
            ig_print_json(stdout, node.time);
            printf(", at %s:%llu\n", node.file,
                   (unsigned long long) node.line);
            continue;
        }

        fputs(i ? ",{\"node\":" : "{\"node\":", stdout);
        ig_print_json(stdout, node.name);
        printf(",\"number\":%llu,\"time\":", (unsigned long long) node.number);
        ig_print_json(stdout, node.time);
        fputs(",\"file\":", stdout);
        ig_print_json(stdout, ig_str_from_c(node.file));
        printf(",\"line\":%llu}", (unsigned long long) node.line);
    }
}


static void
ig_verify_print_json(const ig_verify_t *v, const ig_verify_summary_t *s)
{
    bool              first;
    ig_verify_kind_t  k;

    fputs("],\"found\":{", stdout);
    first = true;

    for (k = 0; k < IG_VERIFY_KINDS; k++) {
        if (s->found[k]) {
            printf("%s\"%s\":%llu", first ? "" : ",", ig_verify_kind_name(k),
                   (unsigned long long) s->found[k]);
            first = false;
        }
    }

    printf("},\"verified\":%s,\"whole\":%s,\"keys\":%zu,\"records\":%llu,"
           "\"sealed\":%llu,\"unsigned_yet\":%llu,\"in_flight\":%llu,"
           "\"pruned\":%llu,\"torn\":%llu,\"checkpoints\":%llu,"
           "\"writers\":%zu,\"nodes\":[",
           s->verified ? "true" : "false", s->whole ? "true" : "false",
           s->keys, (unsigned long long) s->records,
           (unsigned long long) s->sealed,
           (unsigned long long) s->unsigned_yet,
           (unsigned long long) s->in_flight,
           (unsigned long long) s->pruned, (unsigned long long) s->torn,
           (unsigned long long) s->checkpoints, s->writers);

    ig_verify_print_nodes(v, s->nodes, true);
    puts("]}");
}


static void
ig_verify_count(uint64_t n, const char *what)
{
    if (n) {
        printf("%llu %s\n", (unsigned long long) n, what);
    }
}


static void
ig_verify_print_text(const ig_verify_t *v, const ig_verify_summary_t *s)
{
    ig_verify_kind_t  k;

    for (k = 0; k < IG_VERIFY_KINDS; k++) {
        if (s->found[k] > IG_VERIFY_NAMED) {
            printf("%s: %llu more, not named\n", ig_verify_kind_name(k),
                   (unsigned long long) s->found[k] - IG_VERIFY_NAMED);
        }
    }

    printf("%llu records of %zu writers, %llu checkpoints of %zu nodes\n",
           (unsigned long long) s->records, s->writers,
           (unsigned long long) s->checkpoints, s->nodes);
    ig_verify_print_nodes(v, s->nodes, false);

    if (s->keys) {
        printf("%llu records under a good signature\n",
               (unsigned long long) s->sealed);
    }

    ig_verify_count(s->unsigned_yet, "records after the last checkpoint: "
                                     "chained, not signed yet");
    ig_verify_count(s->in_flight, "records of killed writers: chained, and "
                                  "never signed");
    ig_verify_count(s->pruned, "records pruned: their checkpoints are there");
    ig_verify_count(s->torn, "torn lines");

    if (!s->whole) {
        puts("NOT VERIFIED: see above");

    } else if (s->keys == 0) {
        puts("The chains are whole. NOT VERIFIED: no --key was given, so no "
             "signature was looked at; whoever can write these files could have "
             "made them.");

    } else {
        puts("VERIFIED");
    }
}


static int
ig_audit_verify_run(ig_evidence_t *e, ig_verify_print_t *p)
{
    ig_verify_summary_t  s;

    if (!ig_evidence_scan(e)) {
        return IG_EXIT_ERROR;
    }

    if (p->json) {
        fputs("{\"findings\":[", stdout);
    }

    if (!ig_evidence_check_all(e)) {
        return IG_EXIT_ERROR;
    }

    ig_evidence_progress_end(e);

    if (ig_verify_end(e->verify, &s) != IG_OK) {
        fputs("inference-guard: no memory\n", stderr);
        return IG_EXIT_ERROR;
    }

    if (p->json) {
        ig_verify_print_json(e->verify, &s);

    } else {
        ig_verify_print_text(e->verify, &s);
    }

    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("inference-guard: standard output cannot be written\n", stderr);
        return IG_EXIT_ERROR;
    }

    return s.whole ? IG_EXIT_YES : IG_EXIT_NO;
}


/* index of the first file; 0: help was printed; -1: said why */

static int
ig_audit_verify_options(ig_evidence_t *e, ig_verify_print_t *p, int argc,
    char **argv)
{
    int                         opt;
    static const struct option  options[] = {
        { "key", required_argument, NULL, 'k' },
        { "checkpoint", required_argument, NULL, 'c' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };

    optind = 1;

    while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (opt) {

        case 'k':
            if (!ig_evidence_key(e, optarg)) {
                return -1;
            }

            break;

        case 'c':
            if (!ig_evidence_add(e, optarg, true)) {
                return -1;
            }

            break;

        case 'j':
            p->json = true;
            break;

        case 'h':
            ig_audit_verify_usage(stdout);
            return 0;

        default:
            ig_audit_verify_usage(stderr);
            return -1;
        }
    }

    if (optind == argc) {
        ig_audit_verify_usage(stderr);
        return -1;
    }

    return optind;
}


int
ig_cmd_audit_verify(int argc, char **argv)
{
    int                i, rc;
    ig_evidence_t      e;
    ig_verify_print_t  p = { false, 0 };

    if (!ig_evidence_init(&e, ig_verify_print, &p)) {
        return IG_EXIT_ERROR;
    }

    i = ig_audit_verify_options(&e, &p, argc, argv);
    rc = i > 0 ? IG_EXIT_YES : IG_EXIT_ERROR;

    if (i == 0) {
        ig_evidence_free(&e);
        return IG_EXIT_YES;
    }

    for ( /* void */ ; rc == IG_EXIT_YES && i < argc; i++) {
        if (!ig_evidence_add(&e, argv[i], false)) {
            rc = IG_EXIT_ERROR;
        }
    }

    if (rc == IG_EXIT_YES) {
        rc = ig_audit_verify_run(&e, &p);
    }

    ig_evidence_progress_end(&e);
    ig_evidence_free(&e);

    return rc;
}

/*
 * inference-guard audit: a word more says what is asked of the log.
 */

#include "audit.h"
#include "audit_evidence.h"

#include <string.h>


static void
ig_audit_usage(FILE *to)
{
    fputs(
"usage: inference-guard audit search [FILTER…] [--json] [--limit N] FILE…\n"
"       inference-guard audit tail [-n N] [-f] [FILTER…] [--json] FILE\n"
"       inference-guard audit report [--since TIME] [--until TIME]\n"
"           [--tenant T] [--key PUBLIC.pem] [--rules DIR] [--json] FILE…\n"
"       inference-guard audit export --format ocsf|csv|ndjson\n"
"           [--since TIME] [--until TIME] [--tenant T] FILE…\n"
"       inference-guard audit verify [--key PUB.pem]… FILE…\n"
"       inference-guard audit prove SEQ --writer W FILE…\n"
"       inference-guard audit prove --id REQUEST FILE…\n"
"       inference-guard audit verify-proof --key PUB.pem PROOF\n"
"       inference-guard audit prune --before TIME --key PUB.pem FILE…\n"
"       inference-guard audit keygen FILE\n"
"       inference-guard audit keygen --digest KEY FILE\n"
"       inference-guard audit replay --rules PATH… [--old PATH…] [--json] FILE…\n"
"       inference-guard audit propose --rules PATH… [--json] FILE…\n"
"\n"
"Filters, all of which a request must meet:\n"
"  --tenant T             its tenant\n"
"  --since TIME           decided at that time or later\n"
"  --until TIME           decided before that time\n"
"  --rule R               a rule that counted, or would have\n"
"  --jurisdiction J       a country whose law applies, or EU, EEA, GCC\n"
"  --decision V           block, route, transform, flag, allow\n"
"  --reason C             the code of a refusal\n"
"  --endpoint-country CC  where it was sent, or EU, EEA, GCC\n"
"  --finding D            a detector that found something\n"
"  --id REQUEST           the request's id\n"
"  --subject VALUE        a value that was found in it, by its keyed digest; \"-\"\n"
"                         reads it from standard input; with --key KEY, the\n"
"                         private key or that of digests, once or for each\n"
"T, R, V, C and D may hold '*'.  TIME is 2026-11-24, 2026-11-24T08:30:00Z\n"
"(UTC unless it says otherwise), or 15m, 2h, 3d ago.\n"
"\n"
"A report is one HTML file, an export a line a request, on standard output.\n"
"\n"
"Exit status: 0 something was found or written, 1 nothing was, or the log is\n"
"not what was signed (--key), 2 it could not be read.\n",
          to);
}


static const struct {
    const char  *name;
    int        (*run)(int argc, char **argv);
} ig_audit_words[] = {
    { "search", ig_cmd_audit_search },
    { "tail", ig_cmd_audit_tail },
    { "report", ig_cmd_audit_report },
    { "export", ig_cmd_audit_export },
    { "verify", ig_cmd_audit_verify },
    { "prove", ig_cmd_audit_prove },
    { "verify-proof", ig_cmd_audit_verify_proof },
    { "prune", ig_cmd_audit_prune },
    { "keygen", ig_cmd_audit_keygen },
    { "replay", ig_cmd_audit_replay },
    { "propose", ig_cmd_audit_propose },
    { NULL, NULL }
};


int
ig_cmd_audit(int argc, char **argv)
{
    size_t  i;

    for (i = 0; argc >= 2 && ig_audit_words[i].name; i++) {
        if (strcmp(argv[1], ig_audit_words[i].name) == 0) {
            return ig_audit_words[i].run(argc - 1, argv + 1);
        }
    }

    if (argc >= 2 && (strcmp(argv[1], "--help") == 0
                      || strcmp(argv[1], "-h") == 0))
    {
        ig_audit_usage(stdout);
        return IG_EXIT_YES;
    }

    if (argc >= 2) {
        fprintf(stderr, "inference-guard audit: unknown word \"%s\"\n\n",
                argv[1]);
    }

    ig_audit_usage(stderr);

    return IG_EXIT_ERROR;
}

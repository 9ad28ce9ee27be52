/*
 * inference-guard audit: a word more says what is asked of the log.
 */

#include "audit.h"

#include <string.h>


static void
ig_audit_usage(FILE *to)
{
    fputs(
"usage: inference-guard audit search [FILTER…] [--json] [--limit N] FILE…\n"
"       inference-guard audit tail [-n N] [-f] [FILTER…] [--json] FILE\n"
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
"T, R, V, C and D may hold '*'.  TIME is 2026-11-24, 2026-11-24T08:30:00Z\n"
"(UTC unless it says otherwise), or 15m, 2h, 3d ago.\n"
"\n"
"Exit status: 0 something was found, 1 nothing was, 2 it could not be read.\n",
          to);
}


int
ig_cmd_audit(int argc, char **argv)
{
    if (argc >= 2 && strcmp(argv[1], "search") == 0) {
        return ig_cmd_audit_search(argc - 1, argv + 1);
    }

    if (argc >= 2 && strcmp(argv[1], "tail") == 0) {
        return ig_cmd_audit_tail(argc - 1, argv + 1);
    }

    if (argc >= 2 && strcmp(argv[1], "replay") == 0) {
        return ig_cmd_audit_replay(argc - 1, argv + 1);
    }

    if (argc >= 2 && strcmp(argv[1], "propose") == 0) {
        return ig_cmd_audit_propose(argc - 1, argv + 1);
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

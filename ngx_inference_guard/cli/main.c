/*
 * inference-guard: the sub-commands and their table.
 */

#include "cli.h"

#include <string.h>


typedef struct {
    const char  *name;
    int        (*run)(int argc, char **argv);
    const char  *usage;
} ig_command_t;


static const ig_command_t  ig_commands[] = {
    { "check", ig_cmd_check,
      "check [--json] [--no-warnings] RULES…\n"
      "      every mistake in rule files, as file:line:column" },
    { "test", ig_cmd_test,
      "test [--json] [--run TEXT] RULES…\n"
      "      the cases in tests/ beside the rules" },
    { "explain", ig_cmd_explain,
      "explain --rules PATH [--tenant T] [--client-ip A] [--path P] BODY\n"
      "      what would be decided about one request, and why" },
    { "scan", ig_cmd_scan,
      "scan --rules PATH\n"
      "      findings in JSON lines {\"text\": …} from standard input" },
    { "audit", ig_cmd_audit,
      "audit search | tail | report | export | verify | prove | prune | keygen\n"
      "      | replay | propose  …\n"
      "      read the audit log" },
    { "compare", ig_cmd_compare,
      "compare [--with PATH]… [--boundary FILE] OLD NEW\n"
      "      do new rules permit anything that old ones, or a boundary, forbid" },
    { "quota", ig_cmd_quota,
      "quota show | reset  …\n"
      "      what of a tenant's limits is used, and setting it back" },
    { NULL, NULL, NULL }
};


static void
ig_usage(FILE *to)
{
    const ig_command_t  *c;

    fputs("usage: inference-guard COMMAND …\n\n", to);

    for (c = ig_commands; c->name; c++) {
        fprintf(to, "  %s\n", c->usage);
    }

    fputs("\nExit status: 0 yes, 1 no, 2 the question could not be asked.\n",
          to);
}


int
main(int argc, char **argv)
{
    const ig_command_t  *c;

    if (argc < 2) {
        ig_usage(stderr);
        return IG_EXIT_ERROR;
    }

    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        ig_usage(stdout);
        return IG_EXIT_YES;
    }

    if (strcmp(argv[1], "--version") == 0) {
        puts("inference-guard " IG_VERSION);
        return IG_EXIT_YES;
    }

    for (c = ig_commands; c->name; c++) {
        if (strcmp(argv[1], c->name) == 0) {
            return c->run(argc - 1, argv + 1);
        }
    }

    fprintf(stderr, "inference-guard: unknown command \"%s\"\n\n", argv[1]);
    ig_usage(stderr);

    return IG_EXIT_ERROR;
}

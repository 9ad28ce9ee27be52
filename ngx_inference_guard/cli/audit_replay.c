/*
 * inference-guard audit replay: recorded requests under other rules.
 *
 * Files are read once, line by line; a decision is forgotten when it has been
 * decided again, but for what its outcome is waited for.
 */

#include "audit_replay.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>


#define IG_REPLAY_PATHS  32
#define IG_REPLAY_LINE   ((size_t) 16 << 20)      /* memory for one record */

typedef struct {
    char    *rules[IG_REPLAY_PATHS];
    size_t   nrules;
    char    *old[IG_REPLAY_PATHS];
    size_t   nold;
    bool     json;
    int      first;
} ig_replay_options_t;

typedef struct {
    ig_replay_rules_t    rules;
    ig_record_line_t    *line;
    ig_replay_report_t  *report;
    ig_arena_t          *arena;
    ig_replay_record_t  *record;
    ig_replayed_t       *replayed;
} ig_replay_run_t;

static const struct option  ig_replay_opts[] = {
    { "rules", required_argument, NULL, 'r' },
    { "old", required_argument, NULL, 'o' },
    { "json", no_argument, NULL, 'j' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 }
};


static void
ig_replay_usage(FILE *to)
{
    fputs(
"usage: inference-guard audit replay --rules PATH… [--old PATH…] [--json] FILE…\n"
"\n"
"Decides every recorded request again under other rules, from the record alone,\n"
"and shows what differs.  --old: the rules that decided; what they could not\n"
"see is then known.  Both may be given several times.\n"
"\n"
"Exit status: 0 nothing differs, 1 something differs or cannot be told, 2 it\n"
"could not be asked.\n", to);
}


static int
ig_replay_parse(ig_replay_options_t *o, int argc, char **argv)
{
    int  c;

    memset(o, 0, sizeof(*o));
    optind = 1;

    while ((c = getopt_long(argc, argv, "h", ig_replay_opts, NULL)) != -1) {

        if ((c == 'r' && o->nrules == IG_REPLAY_PATHS)
            || (c == 'o' && o->nold == IG_REPLAY_PATHS))
        {
            fputs("inference-guard audit replay: too many paths\n", stderr);
            return -1;
        }

        switch (c) {

        case 'r':
            o->rules[o->nrules++] = optarg;
            break;

        case 'o':
            o->old[o->nold++] = optarg;
            break;

        case 'j':
            o->json = true;
            break;

        case 'h':
            ig_replay_usage(stdout);
            return 0;

        default:
            ig_replay_usage(stderr);
            return -1;
        }
    }

    o->first = optind;

    if (o->nrules == 0 || optind == argc) {
        ig_replay_usage(stderr);
        return -1;
    }

    return 1;
}


/* false: no memory */

static bool
ig_replay_line(ig_replay_run_t *t, const ig_audit_lines_t *lines)
{
    ig_str_t  type;

    type = ig_record_line_raw(t->line, ig_record_line_get(t->line, 0, "type"));

    if (ig_str_eq(type, IG_STR("outcome"))) {
        ig_replay_report_outcome(t->report, t->line, &t->rules.policy);
        return true;
    }

    if (!ig_str_eq(type, IG_STR("decision"))) {
        return true;
    }

    ig_arena_reset(t->arena);

    if (!ig_replay_read(t->line, t->arena, t->record)) {
        ig_audit_bad(lines, "is a decision that cannot be read");
        return true;
    }

    ig_replay_decide(&t->rules, t->record, t->arena, t->replayed);

    return ig_replay_report_add(t->report, &t->rules, t->record, t->replayed,
                                ig_replay_differs(&t->rules, t->record,
                                                  t->replayed));
}


static bool
ig_replay_file(ig_replay_run_t *t, const char *name)
{
    bool              ok;
    ig_str_t          line;
    ig_audit_got_t    got;
    ig_audit_lines_t  r;

    if (!ig_audit_lines_open(&r, name)) {
        return false;
    }

    ok = true;

    do {
        got = ig_audit_lines_next(&r, &line);

        if (got == IG_AUDIT_PART) {
            r.number++;
            ig_audit_torn(&r, &line);
        }

        if ((got != IG_AUDIT_LINE && got != IG_AUDIT_PART) || line.len == 0) {
            continue;
        }

        if (ig_record_line_parse(t->line, line)) {
            ok = ig_replay_line(t, &r);

        } else {
            ig_audit_bad(&r, t->line->error);
        }

    } while (got == IG_AUDIT_LINE && ok);

    ig_audit_lines_close(&r);

    return ok && got != IG_AUDIT_FAILED;
}


static int
ig_replay_files(const ig_replay_options_t *o, const ig_guard_t *guard,
    const ig_guard_t *old, int argc, char **argv)
{
    int              i;
    bool             ok;
    ig_replay_run_t  t;

    memset(&t, 0, sizeof(t));
    t.line = malloc(sizeof(ig_record_line_t));
    t.record = malloc(sizeof(ig_replay_record_t));
    t.replayed = malloc(sizeof(ig_replayed_t));
    t.report = ig_replay_report_new();
    t.arena = ig_arena_new(IG_REPLAY_LINE, IG_REPLAY_LINE);

    ok = t.line && t.record && t.replayed && t.report && t.arena
         && ig_replay_rules_make(&t.rules, guard, old);

    if (!ok) {
        fputs("inference-guard audit replay: no memory\n", stderr);
    }

    for (i = o->first; ok && i < argc; i++) {
        ok = ig_replay_file(&t, argv[i]);
    }

    if (ok && o->json) {
        ig_replay_report_json(t.report);

    } else if (ok) {
        ig_replay_report_text(t.report);
    }

    ok = ok && fflush(stdout) == 0;
    i = !ok ? IG_EXIT_ERROR
            : ig_replay_report_clean(t.report) ? IG_EXIT_YES : IG_EXIT_NO;

    ig_replay_rules_free(&t.rules);
    ig_replay_report_free(t.report);
    ig_arena_free(t.arena);
    free(t.replayed);
    free(t.record);
    free(t.line);

    return i;
}


int
ig_cmd_audit_replay(int argc, char **argv)
{
    int                  rc;
    ig_files_t           new_files, old_files;
    ig_guard_t          *guard, *old;
    ig_replay_options_t  o;

    rc = ig_replay_parse(&o, argc, argv);
    if (rc <= 0) {
        return rc == 0 ? IG_EXIT_YES : IG_EXIT_ERROR;
    }

    memset(&new_files, 0, sizeof(new_files));
    memset(&old_files, 0, sizeof(old_files));

    guard = ig_cli_load(o.rules, o.nrules, &new_files, 0);
    old = o.nold ? ig_cli_load(o.old, o.nold, &old_files, 0) : NULL;
    rc = IG_EXIT_ERROR;

    if (guard && (old || o.nold == 0)) {
        rc = ig_replay_files(&o, guard, old, argc, argv);
    }

    ig_guard_free(old);
    ig_guard_free(guard);
    ig_files_free(&old_files);
    ig_files_free(&new_files);

    return rc;
}

/*
 * inference-guard audit propose: what would have to be written for what was
 * refused to be permitted.  Nothing is written but drafts, on standard output.
 *
 * Requests are alike when a rule can tell no difference between them.  Of each
 * cause one record is kept; a draft is tried on all of them.
 */

#include "audit_propose.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>


#define IG_PROPOSE_PATHS   32
#define IG_PROPOSE_CAUSES  2048
#define IG_PROPOSE_MEMORY  ((size_t) 1 << 30)
#define IG_PROPOSE_LINE    ((size_t) 16 << 20)
#define IG_PROPOSE_LIMIT   20

typedef struct {
    char      *rules[IG_PROPOSE_PATHS];
    size_t     nrules;
    bool       json;
    uint64_t   limit;
    int        first;
} ig_propose_options_t;

typedef struct {
    ig_propose_t        propose;
    ig_replay_rules_t   rules;
    ig_record_line_t   *line;
    ig_arena_t         *arena;         /* of one record */
    ig_cause_t         *causes[IG_PROPOSE_CAUSES];
    size_t              ncauses;
    uint64_t            refused;
    uint64_t            more;          /* of causes that there was no room for */
    uint64_t            permitted;     /* under the rules given */
    uint64_t            untold;
} ig_propose_run_t;

static const struct option  ig_propose_opts[] = {
    { "rules", required_argument, NULL, 'r' },
    { "limit", required_argument, NULL, 'n' },
    { "json", no_argument, NULL, 'j' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 }
};


static void
ig_propose_usage(FILE *to)
{
    fputs(
"usage: inference-guard audit propose --rules PATH… [--limit N] [--json] FILE…\n"
"\n"
"Drafts, for what was refused, the narrowest change of these rules that would\n"
"permit it, the most frequent cause first (20 of them, or N).  No file is\n"
"changed.  --json also has each changed file as a whole.\n"
"\n"
"Exit status: 0 nothing is refused, 1 there are drafts or advice, 2 it could\n"
"not be asked.\n", to);
}


static int
ig_propose_parse(ig_propose_options_t *o, int argc, char **argv)
{
    int    c;
    char  *end;

    memset(o, 0, sizeof(*o));
    o->limit = IG_PROPOSE_LIMIT;
    optind = 1;

    while ((c = getopt_long(argc, argv, "h", ig_propose_opts, NULL)) != -1) {
        switch (c) {

        case 'r':
            if (o->nrules == IG_PROPOSE_PATHS) {
                fputs("inference-guard audit propose: too many paths\n",
                      stderr);
                return -1;
            }

            o->rules[o->nrules++] = optarg;
            break;

        case 'n':
            o->limit = strtoull(optarg, &end, 10);

            if (*optarg < '0' || *optarg > '9' || *end) {
                fprintf(stderr, "inference-guard audit propose: no number "
                        "\"%s\"\n", optarg);
                return -1;
            }
            break;

        case 'j':
            o->json = true;
            break;

        case 'h':
            ig_propose_usage(stdout);
            return 0;

        default:
            ig_propose_usage(stderr);
            return -1;
        }
    }

    o->first = optind;

    if (o->nrules == 0 || optind == argc) {
        ig_propose_usage(stderr);
        return -1;
    }

    return 1;
}


/* -- causes --------------------------------------------------------------- */

static bool
ig_propose_same_strs(const ig_strs_t *a, const ig_strs_t *b)
{
    size_t  i;

    for (i = 0; a->n == b->n && i < a->n; i++) {
        if (!ig_str_eq(a->items[i], b->items[i])) {
            return false;
        }
    }

    return a->n == b->n;
}


static bool
ig_propose_alike(const ig_replay_record_t *a, const ig_replay_record_t *b)
{
    size_t  i;

    if (a->mode != b->mode || a->tenant_state != b->tenant_state
        || !ig_str_eq(a->tenant, b->tenant) || a->client != b->client
        || a->claim_valid != b->claim_valid
        || !ig_countries_eq(&a->claimed, &b->claimed)
        || a->dialect != b->dialect || a->model_known != b->model_known
        || !ig_str_eq(a->model, b->model) || a->read != b->read
        || a->unread != b->unread || a->uninspectable != b->uninspectable
        || a->tools_known != b->tools_known || a->cut != b->cut
        || !ig_str_eq(a->policy, b->policy)
        || !ig_propose_same_strs(&a->would_rules, &b->would_rules)
        || !ig_propose_same_strs(&a->tools, &b->tools)
        || a->nfindings != b->nfindings)
    {
        return false;
    }

    for (i = 0; i < a->nfindings; i++) {
        if (!ig_str_eq(a->findings[i].detector, b->findings[i].detector)
            || a->findings[i].owner != b->findings[i].owner
            || a->findings[i].score != b->findings[i].score)
        {
            return false;
        }
    }

    return true;
}


/* what would be done with it when all is enforced */

static const ig_verdict_t *
ig_propose_verdict(const ig_replayed_t *d)
{
    return d->verdict.word == IG_VERDICT_BLOCK ? &d->verdict : &d->would;
}


/* false: no memory */

static bool
ig_propose_keep(ig_propose_run_t *t, const ig_replay_record_t *r,
    const ig_verdict_t *v)
{
    size_t       i;
    ig_cause_t  *c;

    for (i = 0; i < t->ncauses; i++) {
        c = t->causes[i];

        if (c->reason == v->reason && c->rule == v->rule
            && ig_propose_alike(&c->record, r))
        {
            c->count++;
            return true;
        }
    }

    if (t->ncauses == IG_PROPOSE_CAUSES) {
        t->more++;
        return true;
    }

    c = ig_arena_calloc(t->propose.arena, sizeof(ig_cause_t));

    if (c == NULL || !ig_replay_read(t->line, t->propose.arena, &c->record)) {
        return false;
    }

    c->count = 1;
    c->reason = v->reason;
    c->rule = v->rule;
    t->causes[t->ncauses++] = c;

    return true;
}


static bool
ig_propose_line(ig_propose_run_t *t)
{
    static ig_replayed_t        d;
    static ig_replay_record_t   r;
    const ig_verdict_t         *v;

    if (!ig_str_eq(ig_record_line_raw(t->line,
                                      ig_record_line_get(t->line, 0, "type")),
                   IG_STR("decision")))
    {
        return true;
    }

    ig_arena_reset(t->arena);

    if (!ig_replay_read(t->line, t->arena, &r)
        || (r.word != IG_VERDICT_BLOCK && r.would_word != IG_VERDICT_BLOCK))
    {
        return true;
    }

    t->refused++;
    ig_replay_decide(&t->rules, &r, t->arena, &d);

    if (d.untold != IG_UNTOLD_NOT) {
        t->untold++;
        return true;
    }

    v = ig_propose_verdict(&d);

    if (v->word != IG_VERDICT_BLOCK) {
        t->permitted++;
        return true;
    }

    return ig_propose_keep(t, &r, v);
}


static bool
ig_propose_file(ig_propose_run_t *t, const char *name)
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
            ok = ig_propose_line(t);

        } else {
            ig_audit_bad(&r, t->line->error);
        }

    } while (got == IG_AUDIT_LINE && ok);

    ig_audit_lines_close(&r);

    return ok && got != IG_AUDIT_FAILED;
}


/* -- drafts --------------------------------------------------------------- */

static int
ig_propose_cmp(const void *one, const void *two)
{
    const ig_cause_t  *const *a = one, *const *b = two;

    return ((*a)->count < (*b)->count) - ((*a)->count > (*b)->count);
}


/* what of all causes the changed rules permit */

static void
ig_propose_try(ig_propose_run_t *t, ig_draft_t *draft,
    const ig_guard_t *changed)
{
    size_t                i;
    ig_replay_rules_t     rules;
    static ig_replayed_t  d;

    if (ig_replay_rules_make(&rules, changed, t->propose.guard)) {

        for (i = 0; i < t->ncauses; i++) {
            ig_arena_reset(t->arena);
            ig_replay_decide(&rules, &t->causes[i]->record, t->arena, &d);

            if (d.untold != IG_UNTOLD_NOT
                || ig_propose_verdict(&d)->word == IG_VERDICT_BLOCK)
            {
                continue;
            }

            if (t->causes[i] == draft->cause) {
                draft->permits += t->causes[i]->count;

            } else {
                draft->others += t->causes[i]->count;
            }
        }
    }

    ig_replay_rules_free(&rules);
}


static bool
ig_propose_one(ig_propose_run_t *t, ig_draft_t *draft, bool json,
    unsigned number)
{
    size_t          n;
    ig_guard_t     *changed;
    ig_source_t    *sources;
    ig_mistakes_t  *mistakes;

    sources = NULL;
    n = 0;

    if (draft->nchanges) {
        mistakes = ig_mistakes_new();
        sources = ig_propose_apply(&t->propose, draft, &n);

        if (mistakes == NULL || sources == NULL) {
            ig_mistakes_free(mistakes);
            return false;
        }

        changed = ig_guard_compile(sources, n, 0, mistakes);

        if (changed) {
            ig_propose_try(t, draft, changed);
        }

        if (draft->permits == 0) {
            draft->nchanges = 0;
            draft->advice = "a change that would permit it was not found";
        }

        ig_guard_free(changed);
        ig_mistakes_free(mistakes);
    }

    if (json) {
        ig_propose_json(&t->propose, draft, sources, n, number == 1);

    } else {
        ig_propose_text(&t->propose, draft, number);
    }

    return true;
}


static bool
ig_propose_drafts(ig_propose_run_t *t, const ig_propose_options_t *o)
{
    bool        ok;
    size_t      i, k, n;
    unsigned    number;
    ig_draft_t  drafts[2];

    qsort((void *) t->causes, t->ncauses, sizeof(ig_cause_t *),
          ig_propose_cmp);

    if (o->json) {
        printf("{\"refused\": %llu, \"permitted\": %llu, \"untold\": %llu, "
               "\"causes\": %zu, \"more\": %llu, \"drafts\": [",
               (unsigned long long) t->refused,
               (unsigned long long) t->permitted,
               (unsigned long long) t->untold, t->ncauses,
               (unsigned long long) t->more);

    } else {
        printf("# %llu refused, by %zu causes; %llu more would be permitted "
               "already, of %llu it cannot be told\n",
               (unsigned long long) (t->refused - t->permitted - t->untold),
               t->ncauses, (unsigned long long) t->permitted,
               (unsigned long long) t->untold);
    }

    ok = true;
    number = 0;

    for (i = 0; ok && i < t->ncauses && i < o->limit; i++) {
        n = ig_propose_draft(&t->propose, t->causes[i], drafts);

        for (k = 0; ok && k < n; k++) {
            ok = ig_propose_one(t, &drafts[k], o->json, ++number);
        }
    }

    if (o->json) {
        puts("]}");
    }

    return ok && fflush(stdout) == 0;
}


static int
ig_propose_files(const ig_propose_options_t *o, const ig_guard_t *guard,
    const ig_files_t *files, int argc, char **argv)
{
    int               i;
    bool              ok;
    ig_propose_run_t  *t;

    t = calloc(1, sizeof(ig_propose_run_t));
    if (t == NULL) {
        return IG_EXIT_ERROR;
    }

    t->line = malloc(sizeof(ig_record_line_t));
    t->arena = ig_arena_new(IG_PROPOSE_LINE, IG_PROPOSE_LINE);
    t->propose = (ig_propose_t) { guard, files, &t->rules,
                                  ig_arena_new(IG_PROPOSE_MEMORY, 0) };

    ok = t->line && t->arena && t->propose.arena
         && ig_replay_rules_make(&t->rules, guard, NULL);

    for (i = o->first; ok && i < argc; i++) {
        ok = ig_propose_file(t, argv[i]);
    }

    ok = ok && ig_propose_drafts(t, o);

    if (!ok) {
        fputs("inference-guard audit propose: it could not be finished\n",
              stderr);
    }

    i = !ok ? IG_EXIT_ERROR
            : t->ncauses || t->untold ? IG_EXIT_NO : IG_EXIT_YES;

    ig_replay_rules_free(&t->rules);
    ig_arena_free(t->propose.arena);
    ig_arena_free(t->arena);
    free(t->line);
    free(t);

    return i;
}


int
ig_cmd_audit_propose(int argc, char **argv)
{
    int                   rc;
    ig_files_t            files;
    ig_guard_t           *guard;
    ig_propose_options_t  o;

    rc = ig_propose_parse(&o, argc, argv);
    if (rc <= 0) {
        return rc == 0 ? IG_EXIT_YES : IG_EXIT_ERROR;
    }

    memset(&files, 0, sizeof(files));
    guard = ig_cli_load(o.rules, o.nrules, &files, 0);
    rc = IG_EXIT_ERROR;

    if (guard) {
        rc = ig_propose_files(&o, guard, &files, argc, argv);
    }

    ig_guard_free(guard);
    ig_files_free(&files);

    return rc;
}

/*
 * inference-guard test: the cases beside the rules, and what differs.
 */

#include "cases.h"
#include "show.h"
#include "world.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>


#define IG_TEST_MEMORY  ((size_t) 1 << 30)

typedef struct {
    bool            json;
    const char     *run;               /* NULL: all */
    ig_arena_t     *arena;
    ig_cases_t      cases;
    ig_files_t      rules;
    ig_files_t      tests;
    ig_mistakes_t  *mistakes;
    ig_worlds_t     worlds;
    size_t          passed;
    size_t          failed;
} ig_test_t;

typedef struct {
    const ig_case_t     *test;
    const ig_policy_t   *policy;
    const ig_decision_t *decision;
    ig_str_t             want[IG_EXPECTS];
    ig_str_t             got[IG_EXPECTS];
    bool                 differs[IG_EXPECTS];
    bool                 any;
} ig_result_t;


static int
ig_test_cmp(const void *one, const void *two)
{
    const ig_str_t  *a = one, *b = two;

    return ig_str_cmp(*a, *b);
}


/* sorted, each once, separated by ", " */

static ig_str_t
ig_test_join(ig_test_t *t, const ig_strs_t *s)
{
    size_t     i;
    ig_buf_t   b;
    ig_str_t  *items;

    items = ig_arena_alloc(t->arena, (s->n + 1) * sizeof(ig_str_t));
    ig_buf_init(&b, t->arena, 64);

    if (items == NULL || b.failed) {
        return IG_NO_STR;
    }

    if (s->n) {
        memcpy(items, s->items, s->n * sizeof(ig_str_t));
        qsort(items, s->n, sizeof(ig_str_t), ig_test_cmp);
    }

    for (i = 0; i < s->n; i++) {
        if (i && ig_str_eq(items[i], items[i - 1])) {
            continue;
        }

        if (i) {
            ig_buf_lit(&b, ", ");
        }

        ig_buf_str(&b, items[i]);
    }

    if (s->n == 0) {
        ig_buf_lit(&b, "none");
    }

    return (ig_str_t) { b.data, b.len };
}


static ig_str_t
ig_test_countries(ig_test_t *t, const ig_countries_t *s)
{
    ig_buf_t  b;

    ig_buf_init(&b, t->arena, 64);
    ig_show_countries(&b, s);

    return (ig_str_t) { b.data, b.len };
}


/* expected countries by code, by group, by a pack's jurisdiction, or all */

static ig_str_t
ig_test_want_countries(ig_test_t *t, const ig_result_t *r, const ig_strs_t *s)
{
    size_t          i;
    ig_buf_t        b;
    ig_countries_t  all, part;

    all = ig_countries_none();

    for (i = 0; i < s->n; i++) {

        if (ig_str_eq(s->items[i], IG_STR("all"))) {
            part = ig_countries_all();

        } else if (!ig_facts_claim(r->policy, s->items[i], &part)) {

            /* equal to nothing that can be decided */

            ig_buf_init(&b, t->arena, 64);
            ig_buf_str(&b, s->items[i]);
            ig_buf_lit(&b, " (no country or group)");

            return (ig_str_t) { b.data, b.len };
        }

        ig_countries_union(&all, &part);
    }

    return ig_test_countries(t, &all);
}


static ig_str_t
ig_test_rules(ig_test_t *t, const ig_result_t *r)
{
    size_t               i, n;
    ig_str_t             ids[IG_MAX_CAUSES];
    const ig_verdict_t  *v;

    v = &r->decision->verdict;
    n = v->ncauses < IG_MAX_CAUSES ? v->ncauses : IG_MAX_CAUSES;

    for (i = 0; i < n; i++) {
        ids[i] = r->policy->rules[v->causes[i]].id;
    }

    return ig_test_join(t, &(ig_strs_t) { ids, n });
}


static ig_str_t
ig_test_flags(ig_test_t *t, const ig_result_t *r)
{
    size_t               i, k, n, total;
    ig_str_t            *flags;
    const ig_rule_t     *rule;
    const ig_verdict_t  *v;

    v = &r->decision->verdict;
    n = v->ncauses < IG_MAX_CAUSES ? v->ncauses : IG_MAX_CAUSES;
    total = 0;

    for (i = 0; i < n; i++) {
        total += r->policy->rules[v->causes[i]].flags.n;
    }

    flags = ig_arena_alloc(t->arena, (total + 1) * sizeof(ig_str_t));
    if (flags == NULL) {
        return IG_NO_STR;
    }

    total = 0;

    for (i = 0; i < n; i++) {
        rule = &r->policy->rules[v->causes[i]];

        for (k = 0; k < rule->flags.n; k++) {
            flags[total++] = rule->flags.items[k];
        }
    }

    return ig_test_join(t, &(ig_strs_t) { flags, total });
}


static ig_str_t
ig_test_findings(ig_test_t *t, const ig_result_t *r)
{
    size_t               i, n;
    ig_str_t            *ids;
    const ig_findings_t *f;

    f = &r->decision->findings;

    ids = ig_arena_alloc(t->arena, (f->n + 1) * sizeof(ig_str_t));
    if (ids == NULL) {
        return IG_NO_STR;
    }

    n = 0;

    for (i = 0; i < f->n; i++) {
        if (f->items[i].score >= IG_SCORE_DEFAULT) {
            ids[n++] = r->policy->detectors[f->items[i].detector].id;
        }
    }

    return ig_test_join(t, &(ig_strs_t) { ids, n });
}


static ig_str_t
ig_test_number(ig_test_t *t, unsigned n)
{
    ig_buf_t  b;

    ig_buf_init(&b, t->arena, 16);
    ig_buf_uint(&b, n);

    return (ig_str_t) { b.data, b.len };
}


static void
ig_test_compare(ig_test_t *t, ig_result_t *r)
{
    int                   k;
    const ig_strs_t      *want;
    const ig_decision_t  *d;

    d = r->decision;

    r->got[IG_EXPECT_VERDICT] = ig_verdict_name(d->verdict.word);
    r->got[IG_EXPECT_STATUS] = ig_test_number(t, ig_show_status(&d->verdict));
    r->got[IG_EXPECT_REASON] = ig_reason_code(d->verdict.reason);
    r->got[IG_EXPECT_DESTINATIONS] = ig_test_countries(
                                         t, &d->verdict.destinations);
    r->got[IG_EXPECT_OPERATORS] = ig_test_countries(t, &d->verdict.operators);
    r->got[IG_EXPECT_RULES] = ig_test_rules(t, r);
    r->got[IG_EXPECT_FINDINGS] = ig_test_findings(t, r);
    r->got[IG_EXPECT_FLAGS] = ig_test_flags(t, r);
    r->got[IG_EXPECT_WOULD] = ig_verdict_name(d->would.word);

    for (k = 0; k < IG_EXPECTS; k++) {
        if (!r->test->expect[k].given) {
            continue;
        }

        want = &r->test->expect[k].values;

        if (k == IG_EXPECT_DESTINATIONS || k == IG_EXPECT_OPERATORS) {
            r->want[k] = ig_test_want_countries(t, r, want);

        } else {
            r->want[k] = ig_test_join(t, want);
        }

        r->differs[k] = !ig_str_eq(r->want[k], r->got[k]);
        r->any |= r->differs[k];
    }
}


static void
ig_test_print_trace(ig_test_t *t, const ig_world_t *w, const ig_result_t *r)
{
    size_t            i, elsewhere;
    ig_show_trace_t   trace;

    ig_show_trace(&trace, t->arena, w->guard, &r->decision->facts,
                  IG_MODE_ENFORCE);

    if (trace.n == 0) {
        puts("    no rule was looked at");
        return;
    }

    puts("    rules:");
    elsewhere = 0;

    for (i = 0; i < trace.n; i++) {
        if (trace.rules[i].state == IG_TRACE_PACK) {
            elsewhere++;
            continue;
        }

        printf("      %-32.*s %s\n",
               IG_FMT(r->policy->rules[trace.rules[i].rule].id),
               ig_show_state(&trace.rules[i]));
    }

    printf("      and %zu of jurisdictions that do not apply\n", elsewhere);
}


static void
ig_test_print(ig_test_t *t, const ig_world_t *w, const ig_result_t *r)
{
    int  k;

    printf("FAILED %s:%u: %.*s\n", r->test->place.file, r->test->place.line,
           IG_FMT(r->test->name));
    printf("    %-14s %-40s %s\n", "", "expected", "got");

    for (k = 0; k < IG_EXPECTS; k++) {
        if (r->test->expect[k].given) {
            printf("  %c %-14s %-40.*s %.*s\n", r->differs[k] ? '*' : ' ',
                   ig_expect_name((ig_expect_key_t) k), IG_FMT(r->want[k]),
                   IG_FMT(r->got[k]));
        }
    }

    ig_test_print_trace(t, w, r);
    putchar('\n');
}


static void
ig_test_print_json(const ig_result_t *r, bool first)
{
    int          k;
    const char  *comma;

    printf("%s\n  {\"file\": ", first ? "" : ",");
    ig_print_json(stdout, ig_str_from_c(r->test->place.file));
    printf(", \"line\": %u, \"name\": ", r->test->place.line);
    ig_print_json(stdout, r->test->name);
    printf(", \"passed\": %s, \"differences\": [", r->any ? "false" : "true");

    comma = "";

    for (k = 0; k < IG_EXPECTS; k++) {
        if (r->differs[k]) {
            printf("%s{\"key\": \"%s\", \"expected\": ", comma,
                   ig_expect_name((ig_expect_key_t) k));
            ig_print_json(stdout, r->want[k]);
            fputs(", \"got\": ", stdout);
            ig_print_json(stdout, r->got[k]);
            putchar('}');
            comma = ", ";
        }
    }

    fputs("]}", stdout);
}


static void
ig_test_case(ig_test_t *t, const ig_case_t *test)
{
    uint32_t           tenant;
    ig_result_t        r;
    ig_decision_t      d;
    const ig_world_t  *w;

    w = ig_world_find(&t->worlds, test);

    if (w == NULL || w->guard == NULL) {
        return;
    }

    if (w->worker == NULL) {
        ig_mistakes_error(t->mistakes, test->place, "out of memory");
        return;
    }

    tenant = ig_world_tenant(w, test);

    if (tenant == IG_NONE && test->tenant.len) {
        ig_mistakes_error(t->mistakes, test->place, "no rule file has the "
                          "tenant \"%.*s\"", IG_FMT(test->tenant));
        return;
    }

    memset(&r, 0, sizeof(r));
    r.test = test;
    r.policy = ig_guard_policy(w->guard);
    r.decision = &d;

    /* what does not finish is a refusal too, and compared as such */

    (void) (ig_guard_decide_as(w->worker, &test->request, tenant,
                               test->client_country, test->claim,
                               IG_MODE_ENFORCE, &d) == IG_OK);

    ig_test_compare(t, &r);

    if (t->json) {
        ig_test_print_json(&r, t->passed + t->failed == 0);

    } else if (r.any) {
        ig_test_print(t, w, &r);
    }

    *(r.any ? &t->failed : &t->passed) += 1;
}


/* the cases beside a rule file, or in the folder beside a folder's files */

static size_t
ig_test_paths(ig_test_t *t, char *const *paths, size_t n, char **found)
{
    size_t        i, k;
    char         *path;
    const char   *slash, *base;
    struct stat   st;

    k = 0;

    for (i = 0; i < n; i++) {
        slash = strrchr(paths[i], '/');
        base = slash ? slash + 1 : paths[i];

        path = ig_arena_alloc(t->arena, strlen(paths[i]) + 16);
        if (path == NULL) {
            break;
        }

        if (stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode)) {
            (void) snprintf(path, strlen(paths[i]) + 16, "%s/tests", paths[i]);

        } else {
            (void) snprintf(path, strlen(paths[i]) + 16, "%.*stests/%s",
                            (int) (base - paths[i]), paths[i], base);
        }

        if (stat(path, &st) == 0) {
            found[k++] = path;
        }
    }

    return k;
}


static bool
ig_test_wanted(const ig_test_t *t, const ig_case_t *test)
{
    return t->run == NULL || strstr(test->place.file, t->run)
           || memmem(test->name.data, test->name.len, t->run, strlen(t->run));
}


static size_t
ig_test_mistakes(ig_test_t *t)
{
    size_t               i;
    ig_buf_t             b;
    const ig_mistake_t  *k;

    ig_mistakes_sort(t->mistakes);

    for (i = 0; i < ig_mistakes_count(t->mistakes); i++) {
        k = ig_mistakes_get(t->mistakes, i);

        if (k->severity == IG_MISTAKE_ERROR) {
            ig_buf_init(&b, t->arena, 256);
            ig_mistake_print(k, &b);
            fprintf(stderr, "%.*s\n",
                    IG_FMT(((ig_str_t) { b.data, b.len })));
        }
    }

    return ig_mistakes_errors(t->mistakes);
}


static int
ig_test_run(ig_test_t *t, char *const *paths, size_t n)
{
    size_t           i;
    char           **found;
    ig_case_item_t  *c;

    found = ig_arena_calloc(t->arena, (n + 1) * sizeof(char *));

    if (found == NULL || ig_files_read(&t->rules, paths, n) != 0
        || ig_files_read(&t->tests, found, ig_test_paths(t, paths, n, found))
           != 0)
    {
        return IG_EXIT_ERROR;
    }

    for (i = 0; i < t->tests.n; i++) {
        ig_cases_read(&t->cases, &t->tests.items[i], t->mistakes);
    }

    if (ig_test_mistakes(t)) {
        return IG_EXIT_ERROR;
    }

    fputs(t->json ? "{\"cases\": [" : "", stdout);

    for (c = t->cases.first; c; c = c->next) {
        if (ig_test_wanted(t, &c->test)) {
            ig_test_case(t, &c->test);
        }
    }

    if (t->json) {
        printf("\n], \"passed\": %zu, \"failed\": %zu}\n", t->passed,
               t->failed);

    } else {
        printf("%zu passed, %zu failed\n", t->passed, t->failed);
    }

    if (ig_test_mistakes(t)) {
        return IG_EXIT_ERROR;
    }

    if (t->passed + t->failed == 0) {
        fprintf(stderr, "inference-guard test: no case found%s\n",
                t->run ? " with that text" : " in tests/ beside the rules");
        return IG_EXIT_ERROR;
    }

    if (fflush(stdout) != 0 || ferror(stdout)) {
        return IG_EXIT_ERROR;
    }

    return t->failed ? IG_EXIT_NO : IG_EXIT_YES;
}


static int
ig_test_options(ig_test_t *t, int argc, char **argv)
{
    int  i;

    for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1]; i++) {

        if (strcmp(argv[i], "--json") == 0) {
            t->json = true;

        } else if (strcmp(argv[i], "--run") == 0 && i + 1 < argc) {
            t->run = argv[++i];

        } else if (strcmp(argv[i], "--") == 0) {
            return i + 1;

        } else {
            fprintf(stderr, "inference-guard test: unknown option \"%s\"\n",
                    argv[i]);
            return argc;
        }
    }

    return i;
}


int
ig_cmd_test(int argc, char **argv)
{
    int        i, status;
    ig_test_t  t;

    memset(&t, 0, sizeof(t));
    i = ig_test_options(&t, argc, argv);

    if (i >= argc) {
        fputs("usage: inference-guard test [--json] [--run TEXT] RULES…\n",
              stderr);
        return IG_EXIT_ERROR;
    }

    t.arena = ig_arena_new(IG_TEST_MEMORY, 0);
    t.mistakes = ig_mistakes_new();
    t.cases.arena = t.arena;
    t.cases.last = &t.cases.first;
    t.worlds.arena = t.arena;
    t.worlds.files = &t.rules;
    t.worlds.mistakes = t.mistakes;

    status = IG_EXIT_ERROR;

    if (t.arena && t.mistakes) {
        status = ig_test_run(&t, argv + i, (size_t) (argc - i));
    }

    ig_worlds_free(&t.worlds);
    ig_files_free(&t.rules);
    ig_files_free(&t.tests);
    ig_mistakes_free(t.mistakes);
    ig_arena_free(t.arena);

    return status;
}

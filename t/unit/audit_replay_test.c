/*
 * A record under the rules that made it gives what it says: for every case of
 * rules/tests, and for generated requests, through the real engine.
 *
 * The command's own sources are part of this program: what reads a record is in
 * no library.
 */

#include "tables.h"

#include "../../ngx_inference_guard/cli/audit_lines.c"
#include "../../ngx_inference_guard/cli/audit_replay_decide.c"
#include "../../ngx_inference_guard/cli/audit_replay_facts.c"
#include "../../ngx_inference_guard/cli/audit_replay_rules.c"
#include "../../ngx_inference_guard/cli/cases.c"
#include "../../ngx_inference_guard/cli/doc.c"
#include "../../ngx_inference_guard/cli/files.c"
#include "../../ngx_inference_guard/cli/record_line.c"
#include "../../ngx_inference_guard/cli/world.c"

#include <glob.h>


typedef struct {
    size_t  told;
    size_t  untold;
} u_count_t;

static ig_record_line_t    u_line;
static ig_replay_record_t  u_record;
static ig_replayed_t       u_replayed;


/* the record of a decision, decided again by the same guard */

static void
u_again(const ig_replay_rules_t *rules, const ig_guard_t *g,
    const ig_decision_t *d, const ig_request_t *r, const char *name,
    ig_arena_t *arena, u_count_t *count)
{
    unsigned          differs;
    ig_buf_t          b;
    ig_writer_t       w;
    static uint8_t    bytes[IG_RECORD_MAX + 1];
    ig_record_head_t  head;

    ig_arena_reset(arena);
    ig_buf_fixed(&b, bytes, sizeof(bytes));
    ig_writer_init(&w, IG_STR("w"), NULL);
    head = (ig_record_head_t) { 1700000000000, IG_STR("id") };

    ig_record_decision(&b, &w, &head, g, d, r);
    assert_false(b.failed);
    assert_true(ig_record_line_parse(&u_line,
                                     (ig_str_t) { b.data, b.len - 1 }));
    assert_true(ig_replay_read(&u_line, arena, &u_record));

    ig_replay_decide(rules, &u_record, arena, &u_replayed);

    if (u_replayed.untold != IG_UNTOLD_NOT) {
        count->untold++;
        return;
    }

    differs = ig_replay_differs(rules, &u_record, &u_replayed);

    if (differs || u_replayed.endpoint != d->endpoint
        || memcmp(u_replayed.verdict.permitted, d->verdict.permitted,
                  sizeof(d->verdict.permitted)) != 0
        || u_replayed.verdict.word != d->verdict.word
        || u_replayed.verdict.reason != d->verdict.reason
        || u_replayed.verdict.rule != d->verdict.rule
        || u_replayed.would.word != d->would.word)
    {
        print_error("%s: differs %x\n%.*s\n", name, differs,
                    (int) b.len, (char *) b.data);
        fail();
    }

    count->told++;
}


static void
u_file(const char *tests_file, u_count_t *count)
{
    int               mode;
    char              rules_dir[] = "rules";
    char             *paths[1];
    ig_files_t        rules, tests;
    ig_cases_t        cases;
    ig_worlds_t       worlds;
    ig_arena_t       *arena, *line;
    ig_decision_t     d;
    ig_mistakes_t    *mistakes;
    ig_case_item_t   *i;
    const ig_world_t *world;
    ig_replay_rules_t replay;
    const ig_world_t *of;

    paths[0] = rules_dir;
    assert_int_equal(ig_files_read(&rules, paths, 1), 0);
    paths[0] = (char *) tests_file;
    assert_int_equal(ig_files_read(&tests, paths, 1), 0);

    arena = ig_arena_new((size_t) 1 << 30, 0);
    line = ig_arena_new((size_t) 16 << 20, 1 << 20);
    mistakes = ig_mistakes_new();

    cases.arena = arena;
    cases.first = NULL;
    cases.last = &cases.first;
    ig_cases_read(&cases, &tests.items[0], mistakes);
    assert_int_equal(ig_mistakes_errors(mistakes), 0);

    worlds = (ig_worlds_t) { arena, &rules, mistakes, NULL };
    of = NULL;

    for (i = cases.first; i; i = i->next) {
        world = ig_world_find(&worlds, &i->test);
        assert_non_null(world);
        assert_non_null(world->guard);

        if (world != of) {
            if (of) {
                ig_replay_rules_free(&replay);
            }

            assert_true(ig_replay_rules_make(&replay, world->guard, NULL));
            of = world;
        }

        for (mode = 0; mode < 2; mode++) {
            (void) !ig_guard_decide_as(world->worker, &i->test.request,
                                       ig_world_tenant(world, &i->test),
                                       i->test.client_country, i->test.claim,
                                       mode ? IG_MODE_AUDIT : IG_MODE_ENFORCE,
                                       &d);
            u_again(&replay, world->guard, &d, &i->test.request,
                    (const char *) i->test.name.data, line, count);
        }
    }

    if (of) {
        ig_replay_rules_free(&replay);
    }

    ig_worlds_free(&worlds);
    ig_mistakes_free(mistakes);
    ig_arena_free(arena);
    ig_arena_free(line);
    ig_files_free(&rules);
    ig_files_free(&tests);
}


static void
replay_of_all_cases_is_the_record(void **unused)
{
    size_t     i;
    glob_t     files;
    u_count_t  count = { 0, 0 };

    (void) unused;

    assert_int_equal(glob("rules/tests/*.yaml", 0, NULL, &files), 0);
    assert_true(files.gl_pathc >= 8);

    for (i = 0; i < files.gl_pathc; i++) {
        u_file(files.gl_pathv[i], &count);
    }

    globfree(&files);
    print_message("%zu told, %zu cannot be told\n", count.told, count.untold);
    assert_true(count.told > 250);
    assert_true(count.untold * 50 < count.told);
}


/* -- what a record does not say ------------------------------------------- */

static const char  u_base[] =
    "version: 1\n"
    "tenants: {t: {home: SA, subjects: [s]}, u: {home: DE, subjects: [d]}}\n"
    "endpoints:\n"
    "  riyadh: {upstream: a, country: SA, operators: [SA], tier: on-premises,\n"
    "    dialects: [openai], models: ['*'], price: {currency: USD, input: 1,\n"
    "    output: 2}}\n"
    "  mainz: {upstream: b, country: DE, operators: [DE], tier: cloud,\n"
    "    dialects: [openai], models: ['gpt-*']}\n"
    "detectors:\n"
    "  d.word: {title: w, pattern: 'zebra', anchor: zebra, score: {shape: 0.6}}\n"
    "  d.weak: {title: w, pattern: 'horse', anchor: horse, score: {shape: 0.3}}\n";

static const char  u_packs[] =
    "version: 1\n"
    "jurisdiction: SA\n"
    "title: SA\n"
    "law: {l: {title: t, article: '1', source: 'https://example.com/'}}\n"
    "transfers: {allowed: [SA, DE], of: any, law: l}\n";


static ig_guard_t *
u_guard(const char *rules)
{
    ig_guard_t     *g;
    ig_source_t     sources[3];
    ig_mistakes_t  *m;

    sources[0] = (ig_source_t) { "base", ig_str_from_c(u_base) };
    sources[1] = (ig_source_t) { "packs", ig_str_from_c(u_packs) };
    sources[2] = (ig_source_t) { "rules", ig_str_from_c(rules) };
    m = ig_mistakes_new();
    g = ig_guard_compile(sources, 3, 0, m);

    if (g == NULL) {
        print_error("%s\n", ig_mistakes_get(m, 0)->message);
    }

    assert_non_null(g);
    ig_mistakes_free(m);

    return g;
}


/* one request under `old`, recorded, and again under `new` */

static void
u_under(const char *old, const char *new, bool given, const char *body,
    ig_untold_t untold, ig_verdict_word_t word)
{
    ig_buf_t           b;
    ig_guard_t        *g, *n;
    ig_writer_t        w;
    ig_worker_t       *worker;
    ig_arena_t        *arena;
    ig_request_t       r;
    ig_decision_t      d;
    static uint8_t     bytes[IG_RECORD_MAX + 1];
    ig_record_head_t   head;
    ig_replay_rules_t  rules;

    g = u_guard(old);
    n = u_guard(new);
    worker = ig_worker_new(g);
    arena = ig_arena_new((size_t) 16 << 20, 0);

    memset(&r, 0, sizeof(r));
    r.method = IG_STR("POST");
    r.path = IG_STR("/v1/chat/completions");
    r.content_type = IG_STR("application/json");
    r.has_body = true;
    r.body = ig_str_from_c(body);

    assert_int_equal(ig_guard_decide_as(worker, &r, 0, t_country("SA"),
                                        IG_NO_STR, IG_MODE_ENFORCE, &d),
                     IG_OK);

    ig_buf_fixed(&b, bytes, sizeof(bytes));
    ig_writer_init(&w, IG_STR("w"), NULL);
    head = (ig_record_head_t) { 1700000000000, IG_STR("id") };
    ig_record_decision(&b, &w, &head, g, &d, &r);
    assert_true(ig_record_line_parse(&u_line,
                                     (ig_str_t) { b.data, b.len - 1 }));
    assert_true(ig_replay_read(&u_line, arena, &u_record));

    assert_true(ig_replay_rules_make(&rules, n, given ? g : NULL));
    ig_replay_decide(&rules, &u_record, arena, &u_replayed);

    assert_int_equal(u_replayed.untold, untold);
    assert_int_equal(u_replayed.assumed, !given && strcmp(old, new) != 0);

    if (untold == IG_UNTOLD_NOT) {
        assert_int_equal(u_replayed.verdict.word, word);
    }

    ig_replay_rules_free(&rules);
    ig_arena_free(arena);
    ig_worker_free(worker);
    ig_guard_free(g);
    ig_guard_free(n);
}


#define U_BODY(text)                                                          \
    "{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"user\",\"content\":\""    \
    text "\"}]}"
#define U_TOOL                                                                \
    "{\"model\":\"gpt-4\",\"messages\":[{\"role\":\"user\",\"content\":\"a\"}" \
    "],\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"mail_x\"}}]}"
#define U_NONE     "version: 1\nrules: [{id: f, when: {data: [d.word]}, then: "\
                   "{flag: [f]}}]\n"
#define U_TOOLS(e) "version: 1\nrules: [{id: x, when: {tools: ['mail_*']}, "  \
                   "then: {" e "}}]\n"


static void
replay_does_not_guess_tools(void **unused)
{
    (void) unused;

    /* a new rule asks for tools, and no record has them */

    u_under(U_NONE, U_TOOLS("block: true"), true, U_BODY("a"),
            IG_UNTOLD_TOOLS, 0);

    /* one that changes nothing of the answer does not matter */

    u_under(U_NONE, U_TOOLS("destinations: [SA, DE]"), true, U_BODY("a"),
            IG_UNTOLD_NOT, IG_VERDICT_ROUTE);

    /* the same `when` counted before, or did not: so much is known */

    u_under(U_TOOLS("flag: [f]"), U_TOOLS("block: true"), true, U_BODY("a"),
            IG_UNTOLD_NOT, IG_VERDICT_ROUTE);
    u_under(U_TOOLS("flag: [f]"), U_TOOLS("block: true"), true, U_TOOL,
            IG_UNTOLD_NOT, IG_VERDICT_BLOCK);

    /* which nobody can know without the old rules */

    u_under(U_TOOLS("flag: [f]"), U_TOOLS("block: true"), false, U_TOOL,
            IG_UNTOLD_TOOLS, 0);
}


static void
replay_does_not_guess_findings(void **unused)
{
    (void) unused;

    /* found and recorded, whatever asked then */

    u_under(U_NONE, "version: 1\nrules: [{id: b, when: {data: [d.word]}, then: "
            "{block: true}}]\n", true, U_BODY("a zebra"), IG_UNTOLD_NOT,
            IG_VERDICT_BLOCK);
    u_under(U_NONE, "version: 1\nrules: [{id: b, when: {data: [d.word]}, then: "
            "{block: true}}]\n", true, U_BODY("a"), IG_UNTOLD_NOT,
            IG_VERDICT_ROUTE);

    /* a score that nobody asked for was not recorded */

    u_under(U_NONE, "version: 1\nrules: [{id: b, when: {data: [d.weak], score: "
            "0.3}, then: {block: true}}]\n", true, U_BODY("a horse"),
            IG_UNTOLD_DETECTOR, 0);
    u_under(U_NONE, "version: 1\nrules: [{id: b, when: {data: [d.weak], score: "
            "0.4}, then: {block: true}}]\n", true, U_BODY("a horse"),
            IG_UNTOLD_NOT, IG_VERDICT_ROUTE);

    /* a detector that was not there */

    u_under(U_NONE, "version: 1\ndetectors: {d.new: {title: n, pattern: 'cow', "
            "anchor: cow, score: {shape: 0.6}}}\nrules: [{id: b, when: {data: "
            "[d.new]}, then: {block: true}}]\n", true, U_BODY("a cow"),
            IG_UNTOLD_DETECTOR, 0);
}


static void
replay_tells_what_it_can(void **unused)
{
    (void) unused;

    u_under(U_NONE, "version: 1\nrules: [{id: m, then: {models: ['x-*']}}]\n",
            true, U_BODY("a"), IG_UNTOLD_NOT, IG_VERDICT_BLOCK);
    u_under(U_NONE, "version: 1\nrules: [{id: p, when: {path: ['/v1/*']}, then: "
            "{block: true}}]\n", true, U_BODY("a"), IG_UNTOLD_PATH, 0);
    u_under(U_NONE, "version: 1\nrules: [{id: p, when: {model: ['gpt-4']}, "
            "unless: {tenant: [t]}, then: {block: true}}]\n", true,
            U_BODY("a"), IG_UNTOLD_NOT, IG_VERDICT_ROUTE);
    u_under(U_NONE, U_NONE, false, U_BODY("a zebra"), IG_UNTOLD_NOT,
            IG_VERDICT_ROUTE);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(replay_of_all_cases_is_the_record),
        cmocka_unit_test(replay_does_not_guess_tools),
        cmocka_unit_test(replay_does_not_guess_findings),
        cmocka_unit_test(replay_tells_what_it_can),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

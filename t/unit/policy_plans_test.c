/*
 * Plans: what a tenant's quota becomes, and limits that cannot work.
 */

#include "policy_fixture.h"

#include <inference_guard/calendar.h>


#define V       "version: 1\n"
#define P       V "plans:\n  p:\n"
#define L(s)    P "    limits: [" s "]\n"
#define DE      "endpoints:\n  fra: {upstream: f, country: DE, operators: DE, "\
                "dialects: openai, addresses: 192.0.2.1"

#define REQ     "{of: requests, per: second, max: 20}"


/* the mistakes of one file, warnings left out */

static void
mistakes_of(const char *file, char *said, size_t size, ig_policy_t **policy)
{
    size_t          i;
    ig_buf_t        b;
    ig_source_t     s;
    ig_policy_t    *p;
    ig_mistakes_t  *m;

    m = ig_mistakes_new();
    assert_non_null(m);

    s = fixture_source("t.yaml", file);
    p = ig_policy_read(&s, 1, m);
    assert_non_null(p);

    ig_mistakes_sort(m);
    ig_buf_fixed(&b, said, size - 1);

    for (i = 0; i < ig_mistakes_count(m); i++) {
        if (ig_mistakes_get(m, i)->severity == IG_MISTAKE_ERROR) {
            ig_mistake_print(ig_mistakes_get(m, i), &b);
            ig_buf_lit(&b, "\n");
        }
    }

    said[b.len] = '\0';
    ig_mistakes_free(m);

    if (policy) {
        *policy = p;

    } else {
        ig_policy_free(p);
    }
}


static ig_policy_t *
good(const char *file)
{
    char          said[4096];
    ig_policy_t  *p;

    mistakes_of(file, said, sizeof(said), &p);
    assert_string_equal(said, "");

    return p;
}


static const ig_quota_t *
quota(const ig_policy_t *p, const char *tenant)
{
    uint32_t  row;

    row = ig_policy_tenant(p, ig_str_from_c(tenant));
    assert_int_not_equal(row, IG_NONE);
    assert_non_null(p->tenants[row].quota.zone);

    return &p->tenants[row].quota;
}


static const ig_limit_t *
limit(const ig_quota_t *q, const char *name)
{
    size_t  i;

    for (i = 0; i < q->nlimits; i++) {
        if (ig_str_eq(q->limits[i].name, ig_str_from_c(name))) {
            return &q->limits[i];
        }
    }

    return NULL;
}


static const char  example[] =
    V "endpoints:\n"
    "  fra: {upstream: f, country: DE, operators: DE, dialects: openai, "
    "addresses: 192.0.2.1,\n"
    "        price: {currency: USD, input: 1, output: 2}}\n"
    "plans:\n"
    "  base:\n"
    "    timezone: Asia/Riyadh\n"
    "    cap_output: 4096\n"
    "    task_ttl: 90m\n"
    "    without_store: {local: 12.5%}\n"
    "    limits:\n"
    "      - {of: requests, per: second, max: 20, burst: 40}\n"
    "      - {of: requests, per: hour, max: 5000000}\n"
    "      - {of: concurrent, max: 16, by: [key]}\n"
    "      - {of: tokens, per: minute, by: [user, model], max: 200000}\n"
    "      - {of: cost, currency: USD, per: month, max: 500.25, "
    "enforcement: audit}\n"
    "  standard:\n"
    "    extends: base\n"
    "    interactive: 20%\n"
    "    limits:\n"
    "      - {of: requests, per: second, max: 100, lease: 5}\n"
    "      - {of: cost, currency: USD, per: month, max: none}\n"
    "      - {of: calls, per: task, max: 50, by: model}\n"
    "  exact:\n"
    "    extends: standard\n"
    "    exact: true\n"
    "    without_store: deny\n"
    "    timezone: UTC\n"
    "tenants:\n"
    "  a: {home: SA, plan: base}\n"
    "  b: {home: SA, plan: standard}\n"
    "  c: {home: SA, plan: standard}\n"
    "  d: {home: SA, plan: exact, cap_output: 100, timezone: Europe/Berlin, "
    "limits: [{of: input_tokens, per: day, max: 7000},\n"
    "      {of: concurrent, by: key, max: none}]}\n"
    "  e: {home: SA}\n"
    "  f: {home: SA, limits: [{of: requests, per: month, max: 1}]}\n";


static void
inheritance(void **state)
{
    ig_policy_t       *p;
    const ig_limit_t  *m;
    const ig_quota_t  *a, *b, *d, *e;

    (void) state;

    p = good(example);

    a = quota(p, "a");
    assert_int_equal(a->nlimits, 5);
    assert_int_equal(a->cap_output, 4096);
    assert_int_equal(a->task_ttl_s, 5400);
    assert_int_equal(a->without_store, IG_WITHOUT_STORE_LOCAL);
    assert_int_equal(a->local_share, 125);
    assert_true(ig_str_eq(ig_zone_name(a->zone), IG_STR("Asia/Riyadh")));

    m = limit(a, "requests/second");
    assert_int_equal(m->of, IG_LIMIT_REQUESTS);
    assert_int_equal(m->per, IG_PER_SECOND);
    assert_int_equal(m->algorithm, IG_ALGORITHM_GCRA);
    assert_int_equal(m->max, 20);
    assert_int_equal(m->burst, 40);
    assert_int_equal(m->batch, 1000);
    assert_int_equal(m->lease, 2);
    assert_int_equal(m->by, 0);
    assert_false(m->audit);
    assert_int_equal(m->place.line, 12);

    m = limit(a, "requests/hour");
    assert_int_equal(m->burst, 1000000);
    assert_int_equal(m->lease, 50000);

    m = limit(a, "concurrent by key");
    assert_int_equal(m->algorithm, IG_ALGORITHM_SLOTS);
    assert_int_equal(m->per, IG_PER_NONE);
    assert_int_equal(m->by, IG_BY_KEY);
    assert_int_equal(m->burst, 0);
    assert_int_equal(m->lease, 1);

    m = limit(a, "tokens/minute by model+user");
    assert_int_equal(m->algorithm, IG_ALGORITHM_SLIDING);
    assert_int_equal(m->by, IG_BY_MODEL|IG_BY_USER);
    assert_int_equal(m->max, 200000);

    m = limit(a, "cost USD/month");
    assert_int_equal(m->algorithm, IG_ALGORITHM_CALENDAR);
    assert_int_equal(m->max, UINT64_C(500250000000));
    assert_string_equal(m->currency, "USD");
    assert_true(m->audit);

    /* replaced in its place, taken away, added; batch is of all */

    b = quota(p, "b");
    assert_int_equal(b->nlimits, 5);
    assert_int_equal(b->cap_output, 4096);
    assert_null(limit(b, "cost USD/month"));

    m = &b->limits[0];
    assert_int_equal(m->max, 100);
    assert_int_equal(m->burst, 100);
    assert_int_equal(m->lease, 5);
    assert_int_equal(m->batch, 800);
    assert_int_equal(limit(b, "concurrent by key")->batch, 800);
    assert_int_equal(limit(b, "tokens/minute by model+user")->batch, 800);

    m = limit(b, "calls/task by model");
    assert_int_equal(m->algorithm, IG_ALGORITHM_TASK);
    assert_int_equal(m->by, IG_BY_TASK|IG_BY_MODEL);
    assert_int_equal(m->batch, 1000);
    assert_int_equal(m->lease, 2);

    /* tenants of one plan share their limits; what one changes is its own */

    assert_ptr_equal(quota(p, "c")->limits, b->limits);

    d = quota(p, "d");
    assert_int_equal(d->nlimits, 5);
    assert_null(limit(d, "concurrent by key"));
    assert_int_equal(limit(d, "input_tokens/day")->max, 7000);
    assert_int_equal(limit(d, "input_tokens/day")->batch, 800);
    assert_int_equal(limit(d, "input_tokens/day")->lease, 1);
    assert_int_equal(limit(d, "requests/second")->lease, 1);
    assert_int_equal(d->cap_output, 100);
    assert_int_equal(d->without_store, IG_WITHOUT_STORE_DENY);
    assert_int_equal(d->local_share, 0);
    assert_true(ig_str_eq(ig_zone_name(d->zone), IG_STR("Europe/Berlin")));

    e = quota(p, "e");
    assert_int_equal(e->nlimits, 0);
    assert_int_equal(e->cap_output, 0);
    assert_int_equal(e->task_ttl_s, IG_TASK_TTL_DEFAULT);
    assert_int_equal(e->without_store, IG_WITHOUT_STORE_DENY);
    assert_ptr_equal(e->zone, ig_zone_utc());

    assert_int_equal(quota(p, "f")->nlimits, 1);
    assert_int_equal(quota(p, "f")->limits[0].lease, 1);

    /* the first 8 bytes of: printf a | sha256sum */

    assert_true(p->tenants[ig_policy_tenant(p, IG_STR("a"))].id
                == UINT64_C(0xca978112ca1bbdca));

    ig_policy_free(p);
}


/* exact may be undone, and leases are then as they were written */

static void
exact_undone(void **state)
{
    ig_policy_t  *p;

    (void) state;

    p = good(V "plans:\n"
             "  one: {exact: true, limits: [{of: tokens, per: day, max: 1000}]}"
             "\n  two: {extends: one, exact: false}\n"
             "tenants: {a: {home: SA, plan: one}, b: {home: SA, plan: two}}\n");

    assert_int_equal(quota(p, "a")->limits[0].lease, 1);
    assert_int_equal(quota(p, "b")->limits[0].lease, 50);

    ig_policy_free(p);
}


/* every kind in every span: which algorithm, or no such limit */

static void
algorithms(void **state)
{
    char          file[512], said[4096];
    size_t        i, k;
    ig_policy_t  *p;

    static const char *const  of[] = {
        "requests", "concurrent", "tokens", "input_tokens", "output_tokens",
        "cost, currency: USD", "calls"
    };

    static const char *const  per[] = {
        "", ", per: second", ", per: minute", ", per: hour", ", per: day",
        ", per: month", ", per: task"
    };

    /* G: GCRA, S: sliding, C: calendar, T: task, O: slots */

    static const char *const  expected[] = {
        "-GGGCC-", "O------", "--SSCCT", "--SSCCT", "--SSCCT", "--SSCCT",
        "------T"
    };

    (void) state;

    for (i = 0; i < 7; i++) {
        for (k = 0; k < 7; k++) {

            (void) snprintf(file, sizeof(file), V "tenants:\n  t:\n    home: SA"
                            "\n    limits: [{of: %s%s, max: 9}]\n", of[i],
                            per[k]);
            mistakes_of(file, said, sizeof(said), &p);

            if (expected[i][k] == '-') {
                assert_string_not_equal(said, "");
                assert_int_equal(p->tenants[0].quota.nlimits, 0);

            } else {
                assert_string_equal(said, "");
                assert_int_equal(p->tenants[0].quota.nlimits, 1);
                assert_int_equal(p->tenants[0].quota.limits[0].of, i);
                assert_int_equal(p->tenants[0].quota.limits[0].per, k);
                assert_int_equal("GSCTO"[p->tenants[0].quota.limits[0]
                                         .algorithm], expected[i][k]);
            }

            ig_policy_free(p);
        }
    }
}


/* the message; "+n ": and n more */

static const struct {
    const char  *file;
    const char  *said;
} bad[] = {
    /* spans */
    { L("{of: requests, max: 1}"),
      "t.yaml:4:14: a limit of requests needs the key \"per\": second, minute, "
      "hour, day or month\n" },
    { L("{of: tokens, per: second, max: 1}"),
      "t.yaml:4:32: tokens cannot be limited per second; write per minute, "
      "hour, day, month or task\n" },
    { L("{of: calls, max: 1}"), "t.yaml:4:14: a limit of calls needs the key "
      "\"per\": task\n" },
    { L("{of: calls, per: day, max: 1}"), "t.yaml:4:31: calls cannot be limited "
      "per day; write per task\n" },
    { L("{of: requests, per: task, max: 1}"),
      "t.yaml:4:34: requests of a task are limited by \"of: calls\"\n" },
    { L("{of: concurrent, per: second, max: 1}"),
      "t.yaml:4:36: concurrent requests are counted while they run, in no span "
      "of time; leave \"per\" out\n" },
    { L("{of: tokens, pre: day, max: 1}"),
      "t.yaml:4:27: unknown key \"pre\" of a limit; did you mean \"per\"?\n" },

    /* amounts */
    { L("{of: requests, per: day, max: 0}"),
      "t.yaml:4:44: a max of 0 admits nothing, ever; to refuse all of a "
      "tenant's requests write a rule with \"block\"\n" },
    { L("{of: requests, per: day, max: -1}"),
      "t.yaml:4:44: \"-1\" is not the max of a limit of requests; write a whole "
      "number from 1 to 1000000000\n" },
    { L("{of: requests, per: day, max: 0.5}"), "t.yaml:4:44: \"0.5\" is not" },
    { L("{of: requests, per: day, max: 1000000001}"), "t.yaml:4:44: \"10000" },
    { L("{of: tokens, per: day, max: 1000000000000001}"), "t.yaml:4:42: \"10" },
    { L("{of: tokens, per: day, max: 99999999999999999999999}"),
      "t.yaml:4:42: \"9999" },
    { L("{of: cost, currency: USD, per: day, max: 1000000000.000000001}"),
      "t.yaml:4:55: \"1000000000.000000001\" is not the max of a limit of cost; "
      "write a decimal above 0, up to 1000000000, with up to nine digits behind "
      "the point, as 0.5\n" },
    { L("{of: cost, currency: USD, per: day, max: 0.0000000001}"),
      "t.yaml:4:55: \"0.0000000001\" is not" },
    { L("{of: cost, currency: USD, per: day, max: 0.0}"),
      "t.yaml:4:55: a max of 0 admits nothing" },

    /* bursts */
    { L("{of: tokens, per: minute, max: 1, burst: 2}"),
      "t.yaml:4:55: a burst belongs to requests per second, minute or hour; "
      "this limit has no rate\n" },
    { L("{of: requests, per: day, max: 1, burst: 2}"), "t.yaml:4:54: a burst" },
    { L("{of: requests, per: second, max: 1, burst: 0}"),
      "t.yaml:4:57: a burst of 0 admits nothing, ever; 1 is the least\n" },
    { L("{of: requests, per: second, max: 1, burst: 0.5}"),
      "t.yaml:4:57: \"0.5\" is not a burst" },
    { L("{of: requests, per: second, max: 1, burst: 1000001}"),
      "t.yaml:4:57: \"1000001\" is not a burst" },

    /* leases */
    { L("{of: requests, per: second, max: 9, burst: 2, lease: 3}"),
      "t.yaml:4:67: a lease larger than the limit's burst could never be had\n"
    },
    { L("{of: tokens, per: day, max: 9, lease: 10}"),
      "t.yaml:4:52: a lease larger than the limit's max could never be had\n" },
    { L("{of: tokens, per: day, max: 9, lease: 0}"),
      "t.yaml:4:52: a lease of 0 admits nothing" },
    { L("{of: tokens, per: day, max: x, lease: y}"), "+1 t.yaml:4:52: \"y\" is" },

    /* counters */
    { L("{of: tokens, per: task, max: 1, by: task}"),
      "t.yaml:4:50: \"per: task\" counts each task for itself already; leave "
      "task out of \"by\"\n" },
    { L("{of: tokens, per: day, max: 1, by: [models]}"),
      "t.yaml:4:50: unknown word \"models\"; did you mean \"model\"?\n" },
    { L("{of: tokens, per: day, max: 1, by: []}"), "t.yaml:4:49: \"by\" is an "
      "empty list" },
    { L("{of: tokens, per: day, max: 1, by: [model, user]}, "
        "{of: tokens, per: day, max: 2, by: [user, model]}"),
      "t.yaml:4:65: the limit \"tokens/day by model+user\" is already in this "
      "list, at 4:14\n" },

    /* currencies */
    { L("{of: cost, per: day, max: 1}"),
      "t.yaml:4:14: a limit of cost needs the key \"currency\", as USD\n" },
    { L("{of: tokens, per: day, max: 1, currency: USD}"),
      "t.yaml:4:55: tokens have no currency; only \"of: cost\" has one\n" },
    { L("{of: cost, per: day, max: 1, currency: USD}") DE "}\n",
      "t.yaml:4:53: endpoint \"fra\" has no price: its requests would cost "
      "nothing; give it one in USD, of 0 if it is free\n" },
    { L("{of: cost, per: day, max: 1, currency: USD}") DE
      ", price: {currency: EUR, input: 1, output: 1}}\n",
      "t.yaml:4:53: the price of endpoint \"fra\" is in EUR: its requests would "
      "cost nothing in USD; state all prices in one currency\n" },

    /* inheritance */
    { L(REQ) "    extends: q\n", "t.yaml:5:14: unknown plan \"q\"" },
    { P "    extends: pp\n  ppp: {limits: []}\n",
      "t.yaml:4:14: unknown plan \"pp\"; did you mean \"p\"?\n" },
    { P "    extends: p\n", "t.yaml:4:14: plan \"p\" extends itself\n" },
    { V "plans: {a: {extends: b}, b: {extends: c}, c: {extends: b}}\n",
      "t.yaml:2:39: plan \"b\" extends itself by way of \"c\"\n" },
    { L("{of: tokens, per: day, max: none}"),
      "t.yaml:4:14: \"max: none\" takes away an inherited limit, and no "
      "\"tokens/day\" is inherited\n" },
    { L("{of: requests, per: second, max: none, burst: 2}"),
      "t.yaml:4:47: \"max: none\" takes an inherited limit away, so it has "
      "neither burst nor lease\n" },
    { V "plans: {a: {extends: b, limits: [{of: tokens, per: day, max: none}]}, "
      "b: {limits: [{of: tokens, per: dey, max: 1}]}}\n",
      "t.yaml:2:102: unknown word \"dey\"; did you mean \"day\"?\n" },

    /* shares */
    { P "    interactive: 20\n", "t.yaml:4:18: \"20\" is no share; write a part "
      "of a hundred, from 0.1% to 100%, as 20%\n" },
    { P "    interactive: 0%\n", "t.yaml:4:18: \"0%\" is no share" },
    { P "    interactive: \"%\"\n", "t.yaml:4:18: \"%\" is no share" },
    { P "    interactive: 0.05%\n", "t.yaml:4:18: \"0.05%\" is no share" },
    { P "    interactive: 101%\n", "t.yaml:4:18: \"101%\" is no share" },
    { P "    interactive: 100%\n", "t.yaml:4:18: all for interactive traffic "
      "leaves nothing for batch work" },
    { L(REQ ", {of: concurrent, max: 1}") "    interactive: 20%\n",
      "t.yaml:5:18: interactive traffic keeps so much that batch work has less "
      "than 1 of the limit \"concurrent\" with its max of 1, and is always "
      "refused\n" },
    { V "plans: {a: {extends: b, limits: [{of: requests, per: hour, max: 9, "
      "burst: 4}]}, b: {interactive: 80%}}\n",
      "t.yaml:2:34: interactive traffic keeps so much that batch work has less "
      "than 1 of the limit \"requests/hour\" with its burst of 4" },

    /* the other keys */
    { P "    cap_output: 0\n", "t.yaml:4:17: an answer of 0 tokens is none" },
    { P "    cap_output: many\n", "t.yaml:4:17: \"many\" is not a number of" },
    { P "    timezone: Asia/Riyad\n", "t.yaml:4:15: the time zone "
      "\"Asia/Riyad\" is not in the system's database; write one of the IANA's "
      "names, as Asia/Riyadh or UTC (Debian has them in the package tzdata)\n"
    },
    { P "    timezone: ../../etc/passwd\n", "t.yaml:4:15: the time zone" },
    { P "    task_ttl: 0h\n", "t.yaml:4:15: \"0h\" is no time; write a whole "
      "number above 0 with s, m, h or d behind it, up to 366d, as 24h\n" },
    { P "    task_ttl: 24\n", "t.yaml:4:15: \"24\" is no time" },
    { P "    task_ttl: h\n", "t.yaml:4:15: \"h\" is no time" },
    { P "    task_ttl: 367d\n", "t.yaml:4:15: \"367d\" is no time" },
    { P "    exact: yes\n", "t.yaml:4:12: unknown word \"yes\"" },
    { P "    without_store: allow\n",
      "t.yaml:4:20: without_store is deny, or {local: 25%}\n" },
    { P "    without_store: {}\n", "t.yaml:4:5: without_store needs the key "
      "\"local\"\n" },
    { P "    without_store: {local: 0%}\n", "t.yaml:4:28: \"0%\" is no share" },
    { P "    limit: []\n", "t.yaml:4:5: unknown key \"limit\" of a plan; did "
      "you mean \"limits\"?\n" },
    { P "    limits: {of: calls}\n", "t.yaml:4:13: \"limits\" must be a list" },

    /* and all of them at once */
    { V "plans:\n  p: {interactive: 0%, limits: [{of: requests, max: 0, "
      "burst: 1}, {of: cost, per: second, max: 1}]}\n  q: {extends: r}\n"
      "tenants: {t: {home: SA, plan: s, cap_output: 0}}\n",
      "+7 t.yaml:5:46: an answer of 0 tokens is none" },
};


static void
cannot_work(void **state)
{
    char         said[8192];
    size_t       i, lines, expected;
    const char  *p, *message;

    (void) state;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {

        mistakes_of(bad[i].file, said, sizeof(said), NULL);

        message = bad[i].said;
        expected = 1;

        if (message[0] == '+') {
            expected += (size_t) (message[1] - '0');
            message += 3;
        }

        for (lines = 0, p = said; *p; p++) {
            lines += *p == '\n';
        }

        if (strstr(said, message) == NULL || lines != expected) {
            fail_msg("of:\n%s\nexpected: %s\nsaid:\n%s", bad[i].file,
                     bad[i].said, said);
        }
    }
}


/* IG_MAX_LIMITS, inherited ones included */

static void
too_many(void **state)
{
    char          file[16384], said[4096];
    size_t        i, n;
    ig_buf_t      b;
    ig_policy_t  *p;

    (void) state;

    for (n = IG_MAX_LIMITS; n <= IG_MAX_LIMITS + 1; n++) {

        ig_buf_fixed(&b, file, sizeof(file) - 1);
        ig_buf_lit(&b, V "plans:\n  p:\n    limits:\n");

        for (i = 0; i < n; i++) {

            /* as many sets of by as needed */

            if (i == IG_MAX_LIMITS) {
                ig_buf_lit(&b, "tenants:\n  t:\n    home: SA\n    plan: p\n"
                               "    limits:\n");
            }

            ig_buf_printf(&b, "      - {of: tokens, per: %s, max: 9, by: [key"
                          "%s%s%s%s]}\n", i & 16 ? "day" : "hour",
                          i & 1 ? ", model" : "", i & 2 ? ", user" : "",
                          i & 4 ? ", endpoint" : "",
                          i & 8 ? i & 32 ? ", jurisdiction" : ", task"
                                : i & 32 ? ", jurisdiction" : "");
        }

        file[b.len] = '\0';

        mistakes_of(file, said, sizeof(said), &p);

        if (n == IG_MAX_LIMITS) {
            assert_string_equal(said, "");

        } else {
            assert_non_null(strstr(said, "t.yaml:38:3: \"t\" has 33 limits with "
                                         "those it inherits; 32 are the most"));
        }

        ig_policy_free(p);
    }
}


/* a long way of plans: no recursion, and the last has what the first says */

static void
long_way(void **state)
{
    char         *file;
    size_t        i, n;
    ig_buf_t      b;
    ig_policy_t  *p;

    (void) state;

    n = 50000;
    file = malloc(64 * n);
    assert_non_null(file);

    ig_buf_fixed(&b, file, 64 * n - 1);
    ig_buf_lit(&b, V "plans:\n  p0: {cap_output: 7, limits: [" REQ "]}\n");

    for (i = 1; i < n; i++) {
        ig_buf_printf(&b, "  p%zu: {extends: p%zu}\n", i, i - 1);
    }

    ig_buf_printf(&b, "tenants: {t: {home: SA, plan: p%zu}}\n", n - 1);
    assert_false(b.failed);
    file[b.len] = '\0';

    p = good(file);
    assert_int_equal(quota(p, "t")->cap_output, 7);
    assert_int_equal(quota(p, "t")->nlimits, 1);

    ig_policy_free(p);
    free(file);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(inheritance),
        cmocka_unit_test(exact_undone),
        cmocka_unit_test(algorithms),
        cmocka_unit_test(cannot_work),
        cmocka_unit_test(too_many),
        cmocka_unit_test(long_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

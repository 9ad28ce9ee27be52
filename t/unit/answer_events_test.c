/*
 * Streams cut into events, against a second and simple reading of the standard
 * over the whole stream; every position of a cut.
 */

#include "answer_helper.h"


typedef struct {
    sink_t       sink;
    sink_t       log;
    bool         hold;
    ig_events_t *events;
    char         seen[8192];       /* runs of data */
    size_t       nseen;
} run_t;


static void *
run_alloc(void *ctx, size_t size)
{
    return sink_alloc(&((run_t *) ctx)->sink, size);
}


static bool
run_out(void *ctx, ig_str_t bytes)
{
    return sink_out(&((run_t *) ctx)->sink, bytes);
}


static void
run_data(void *ctx, ig_str_t piece)
{
    run_t  *r = ctx;

    assert_true(r->nseen + piece.len <= sizeof(r->seen));
    assert_true(piece.len > 0);
    memcpy(r->seen + r->nseen, piece.data, piece.len);
    r->nseen += piece.len;
}


static void
log_event(sink_t *log, ig_str_t name, ig_str_t data, bool complete)
{
    sink_out(log, name);
    sink_out(log, IG_STR("|"));
    sink_out(log, data);
    sink_out(log, complete ? IG_STR("|\n") : IG_STR("|cut\n"));
}


static ig_event_do_t
fate_of(ig_str_t data, ig_str_t *instead)
{
    if (data.len && data.data[0] == 'd') {
        return IG_EVENT_DROP;
    }

    if (data.len && data.data[0] == 'r') {
        *instead = IG_STR("data: new\n\n");
        return IG_EVENT_REPLACE;
    }

    return IG_EVENT_KEEP;
}


static ig_event_do_t
run_event(void *ctx, const ig_event_t *e, ig_str_t *instead)
{
    run_t     *r = ctx;
    ig_str_t   seen;

    seen = (ig_str_t) { (const uint8_t *) r->seen, r->nseen };
    r->nseen = 0;

    if (e->oversize) {
        log_event(&r->log, IG_STR("OVERSIZE"), IG_NO_STR, e->complete);
        return IG_EVENT_DROP;
    }

    if (!r->hold) {
        assert_int_equal(e->raw.len, 0);
        assert_int_equal(e->data.len, 0);
        log_event(&r->log, e->name, seen, e->complete);
        return IG_EVENT_DROP;
    }

    assert_true(ig_str_eq(seen, e->data));
    log_event(&r->log, e->name, e->data, e->complete);

    return fate_of(e->data, instead);
}


static ig_events_conf_t
conf_of(run_t *r, size_t bound, bool strict)
{
    ig_events_conf_t  conf;

    memset(&conf, 0, sizeof(conf));
    conf.ctx = r;
    conf.alloc = run_alloc;
    conf.out = run_out;
    conf.data = run_data;
    conf.event = run_event;
    conf.hold = r->hold;
    conf.bound = bound;
    conf.strict = strict;

    return conf;
}


static ig_rc_t
run(run_t *r, ig_answer_kind_t kind, const char *p, size_t len, size_t cut,
    uint64_t *seed, size_t bound, bool strict)
{
    bool              hold;
    size_t            pos, n;
    ig_rc_t           rc;
    ig_str_t          piece;
    ig_events_conf_t  conf;

    hold = r->hold;
    memset(r, 0, sizeof(*r));
    r->hold = hold;

    conf = conf_of(r, bound, strict);
    r->events = ig_events_new(kind, &conf);
    assert_non_null(r->events);

    for (pos = 0; pos < len; pos += n) {
        n = piece_len(cut, pos, len, seed);
        piece = piece_of(p + pos, n);
        rc = ig_events_feed(r->events, piece);
        piece_free(piece);

        if (rc != IG_OK) {
            return rc;
        }

        assert_true(ig_events_held(r->events) <= bound);

        if (!hold) {
            assert_int_equal(r->sink.len, pos + n);
        }
    }

    rc = ig_events_end(r->events);
    assert_int_equal(ig_events_end(r->events), rc);

    return rc;
}


static void
run_free(run_t *r)
{
    sink_free(&r->sink);
    sink_free(&r->log);
}


/* the standard once more, over the whole stream */

typedef struct {
    char    name[64];
    char    data[4096];
    size_t  name_len;
    size_t  len;
    size_t  lines;
    bool    fields;
} plain_t;


static void
plain_append(char *out, size_t *len, size_t max, const char *p, size_t n)
{
    n = n < max - *len ? n : max - *len;
    memcpy(out + *len, p, n);
    *len += n;
}


static void
plain_line(plain_t *e, const char *p, size_t len, bool ended)
{
    size_t       n;
    const char  *colon, *value;

    colon = memchr(p, ':', len);

    if (colon == p || (colon == NULL && !ended)) {
        return;
    }

    n = colon ? (size_t) (colon - p) : len;
    value = colon ? colon + 1 : p + len;
    value += (value < p + len && *value == ' ');
    len -= (size_t) (value - p);
    e->fields = true;

    if (n == 4 && memcmp(p, "data", 4) == 0) {
        if (e->lines++) {
            plain_append(e->data, &e->len, sizeof(e->data), "\n", 1);
        }

        plain_append(e->data, &e->len, sizeof(e->data), value, len);
    }

    if (n == 5 && memcmp(p, "event", 5) == 0) {
        e->name_len = 0;
        plain_append(e->name, &e->name_len, sizeof(e->name), value, len);
    }
}


static void
plain_end(plain_t *e, sink_t *log, sink_t *out, const char *raw, size_t len,
    bool complete)
{
    ig_str_t       instead, data;
    ig_event_do_t  fate;

    data = (ig_str_t) { (const uint8_t *) e->data, e->len };
    fate = e->lines ? fate_of(data, &instead) : IG_EVENT_KEEP;

    if (e->lines) {
        log_event(log, (ig_str_t) { (const uint8_t *) e->name, e->name_len },
                  data, complete);
    }

    if (fate == IG_EVENT_KEEP) {
        sink_out(out, (ig_str_t) { (const uint8_t *) raw, len });

    } else if (fate == IG_EVENT_REPLACE) {
        sink_out(out, instead);
    }

    memset(e, 0, sizeof(*e));
}


static void
plain_read(const char *p, size_t len, sink_t *log, sink_t *out)
{
    bool     ended;
    size_t   pos, line, raw, next;
    plain_t  e;

    memset(&e, 0, sizeof(e));
    raw = 0;
    pos = (len >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) ? 3 : 0;

    for (line = pos; pos < len; pos = next, line = next) {

        while (pos < len && p[pos] != '\r' && p[pos] != '\n') {
            pos++;
        }

        ended = (pos < len);
        next = pos + ended;

        if (ended && p[pos] == '\r' && next < len && p[next] == '\n') {
            next++;
        }

        if (pos > line) {
            plain_line(&e, p + line, pos - line, ended);

        } else if (ended && e.fields) {
            plain_end(&e, log, out, p + raw, next - raw, true);
            raw = next;
        }

        /* before an event's first field nothing belongs to it */

        if (ended && !e.fields) {
            sink_out(out, (ig_str_t) { (const uint8_t *) p + raw, next - raw });
            raw = next;
        }
    }

    if (e.fields) {
        plain_end(&e, log, out, p + raw, len - raw, false);

    } else {
        sink_out(out, (ig_str_t) { (const uint8_t *) p + raw, len - raw });
    }
}


static void
same(const sink_t *a, const sink_t *b, const char *stream)
{
    if (a->len != b->len || (a->len && memcmp(a->out, b->out, a->len))) {
        fail_msg("of: %s\n--- expected %s\n--- got %s", stream,
                 b->out ? b->out : "", a->out ? a->out : "");
    }
}


/* whole, in single bytes, in two at every place, at random: all as expected */

static void
check_sse(const char *p, size_t len, bool every, uint64_t *seed)
{
    run_t   r;
    sink_t  log, out;
    size_t  cut, i;

    memset(&log, 0, sizeof(log));
    memset(&out, 0, sizeof(out));
    memset(&r, 0, sizeof(r));
    plain_read(p, len, &log, &out);

    for (i = 0; i < 2 * (every ? len + 3 : 4); i++) {
        cut = i / 2;
        cut = cut == 0 ? CUT_BYTES : cut < 3 ? CUT_RANDOM : cut - 2;
        r.hold = i & 1;

        assert_int_equal(run(&r, IG_ANSWER_SSE, p, len, cut, seed, 4096, false),
                         IG_OK);
        same(&r.log, &log, p);

        if (r.hold) {
            same(&r.sink, &out, p);

        } else {
            assert_int_equal(r.sink.len, len);
            assert_true(len == 0 || memcmp(r.sink.out, p, len) == 0);
        }

        run_free(&r);
    }

    sink_free(&log);
    sink_free(&out);
}


static void
test_sse_cases(void **state)
{
    size_t    i;
    uint64_t  seed = 7;

    static const char *const  streams[] = {
        "",
        "data: a\n\n",
        "data: a\r\rdata: b\r\rdata:c\r\r",
        "data: a\r\n\r\ndata: drop\r\n\r\ndata: c\r\n\r\n",
        "data: drop\r\n\r\ndata: drop\r\n\r\ndata: replace\r\n\r\n",
        "data: replace\r\rdata: x\n\n\n\n: comment\n\ndata: y\n\n",
        "\xef\xbb\xbf" "data: a\n\n\xef\xbb\xbf" "data: b\n\ndata: c\n\n",
        "\xef\xbb\xbf\xef\xbb\xbf" "data: a\n\n",
        "\xef\xbb" "data: a\n\ndata: b\n\n",
        "\xef\n\ndata: b\n\n",
        "event: message_start\ndata: {\ndata:  \"a\":\ndata\ndata: 1}\n\n",
        ": ping\n: ping\ndata: a\n: in it\nid: 1\nretry: 5\ndata: b\n\n",
        "event: x\n\ndata: a\n\n",
        "data\n\ndata\ndata\n\ndata:\n\n",
        "datax: a\n\ndat: b\n\nda",
        "event: a\nevent: b\ndata: 1\n\n",
        "data: a\n\ndata: last",
        "data: a\n\ndata: last\n",
        "data: drop and no end",
        "data: \nevent",
        ": only a comm",
        "\n\r\n\r\r\ndata: a\n\n",
    };

    (void) state;

    for (i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
        check_sse(streams[i], strlen(streams[i]), true, &seed);
    }

    check_sse("data: a\0b\n\n", 11, true, &seed);
}


static void
test_sse_random(void **state)
{
    char      stream[400];
    size_t    i, n, len;
    uint64_t  seed = 42;

    static const char *const  parts[] = {
        "data", "data:", "data: ", "event: ", "\n", "\r", "\r\n", "\n\n",
        "\r\n\r\n", ":", " ", "x", "drop", "replace", "id: 4", "\xef\xbb\xbf",
        "\xef", "{\"a\":1}"
    };

    (void) state;

    for (i = 0; i < 4000; i++) {
        len = 0;

        for (n = random_below(&seed, 24); n; n--) {
            len += (size_t) sprintf(stream + len, "%s",
                                    parts[random_below(&seed, sizeof(parts)
                                                       / sizeof(parts[0]))]);
        }

        check_sse(stream, len, i % 16 == 0, &seed);
    }
}


/* the very event, not only that all come out somehow */

static void
test_sse_exact(void **state)
{
    run_t        r;
    uint64_t     seed = 1;
    const char  *p;

    (void) state;

    memset(&r, 0, sizeof(r));
    r.hold = true;
    p = "event: e\ndata: one\ndata: two\n\ndata: drop\n\ndata: replace\n\n"
        ": c\ndata: [DONE]\n\n";

    assert_int_equal(run(&r, IG_ANSWER_SSE, p, strlen(p), CUT_BYTES, &seed,
                         4096, false), IG_OK);
    assert_string_equal(r.log.out,
                        "e|one\ntwo|\n|drop|\n|replace|\n|[DONE]|\n");
    assert_string_equal(r.sink.out,
                        "event: e\ndata: one\ndata: two\n\ndata: new\n\n"
                        ": c\ndata: [DONE]\n\n");
    run_free(&r);
}


/* what is complete is out, before another byte comes */

static void
test_no_delay(void **state)
{
    run_t             r;
    size_t            i, n;
    ig_events_conf_t  conf;

    static const struct {
        const char  *piece;
        size_t       out;          /* bytes, after it */
    } steps[] = {
        { "data: a\n", 0 },
        { "\n", 9 },
        { "data: b\r\n\r", 19 },
        { "\n", 20 },
        { ": pi", 20 },
        { "ng\n", 27 },
        { "data: c", 27 },
        { "\n\ndata", 36 },
    };

    (void) state;

    memset(&r, 0, sizeof(r));
    r.hold = true;
    conf = conf_of(&r, 4096, false);
    r.events = ig_events_new(IG_ANSWER_SSE, &conf);
    assert_non_null(r.events);

    for (i = 0, n = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        assert_int_equal(ig_events_feed(r.events,
                                        ig_str_from_c(steps[i].piece)), IG_OK);
        assert_int_equal(r.sink.len, steps[i].out);
        n += strlen(steps[i].piece);
        assert_int_equal(r.sink.len + ig_events_held(r.events), n);
    }

    run_free(&r);
}


static void
test_lines(void **state)
{
    run_t        r;
    size_t       len, cut;
    uint64_t     seed = 3;
    const char  *p, *log, *out;

    (void) state;

    p = "{\"a\":1}\r\n\n  \r\ndrop\n{\"b\":\"\r\"}\nreplace\n{\"c\":2}";
    log = "|{\"a\":1}\r|\n|drop|\n|{\"b\":\"\r\"}|\n|replace|\n"
          "|{\"c\":2}|cut\n";
    out = "{\"a\":1}\r\n\n  \r\n{\"b\":\"\r\"}\ndata: new\n\n{\"c\":2}";
    len = strlen(p);

    memset(&r, 0, sizeof(r));

    for (cut = 0; cut < len + 2; cut++) {
        r.hold = true;
        assert_int_equal(run(&r, IG_ANSWER_LINES, p, len,
                             cut == 0 ? CUT_BYTES
                             : cut == len + 1 ? CUT_RANDOM : cut,
                             &seed, 4096, false), IG_OK);
        assert_string_equal(r.log.out, log);
        assert_string_equal(r.sink.out, out);
        run_free(&r);
    }
}


/* events over the bound: through and said, or a stop; never held */

static void
test_oversize(void **state)
{
    run_t         r;
    char         *p;
    size_t        len, i, cut;
    uint64_t      seed = 5;

    static const size_t  cuts[] = { CUT_BYTES, CUT_RANDOM, 1000, 0, 12, 250 };

    (void) state;

    p = malloc(4096);
    assert_non_null(p);

    memset(&r, 0, sizeof(r));

    for (i = 0; i < 6; i++) {
        cut = cuts[i];

        /* just fits, just does not */

        len = (size_t) sprintf(p, "data: k\n\ndata: d%0*d\n\n", 248, 0);
        len += (size_t) sprintf(p + len, "data: d%0*d\n\ndata: d\n\n", 247, 0);

        r.hold = true;
        assert_int_equal(run(&r, IG_ANSWER_SSE, p, len, cut, &seed, 256, false),
                         IG_OK);
        assert_int_equal(r.sink.len, 9 + 257);
        assert_memory_equal(r.sink.out, p, 9 + 257);
        assert_non_null(strstr(r.log.out, "|k|\nOVERSIZE||\n|d0"));
        assert_non_null(strstr(r.log.out, "\n|d|\n"));
        run_free(&r);

        assert_int_equal(run(&r, IG_ANSWER_SSE, p, len, cut, &seed, 256, true),
                         IG_LIMIT);
        assert_string_equal(r.sink.out, "data: k\n\n");
        assert_int_equal(ig_events_feed(r.events, IG_STR("\n\n")), IG_LIMIT);
        assert_int_equal(ig_events_end(r.events), IG_LIMIT);
        assert_int_equal(r.sink.len, 9);
        run_free(&r);

        /* a line without an end */

        len = (size_t) sprintf(p, "%03000d", 0);
        assert_int_equal(run(&r, IG_ANSWER_LINES, p, len, cut, &seed, 256,
                             false), IG_OK);
        assert_int_equal(r.sink.len, len);
        assert_string_equal(r.log.out, "OVERSIZE||cut\n");
        assert_true(r.sink.taken < 16384);
        run_free(&r);

        len = (size_t) sprintf(p, "x:%03000d", 0);
        assert_int_equal(run(&r, IG_ANSWER_SSE, p, len, cut, &seed, 256,
                             false), IG_OK);
        assert_int_equal(r.sink.len, len);
        run_free(&r);
    }

    free(p);
}


static void
test_failures(void **state)
{
    run_t             r;
    ig_events_conf_t  conf;

    (void) state;

    /* no memory at the start, and for what is held */

    memset(&r, 0, sizeof(r));
    r.hold = true;
    conf = conf_of(&r, 4096, false);
    r.sink.fail_after = 1;
    assert_null(ig_events_new(IG_ANSWER_SSE, &conf));

    r.sink.taken = 0;
    r.sink.fail_after = 4096;
    r.events = ig_events_new(IG_ANSWER_SSE, &conf);
    assert_non_null(r.events);
    assert_int_equal(ig_events_feed(r.events, IG_STR("data: a\n\ndata")),
                     IG_NOMEM);
    assert_int_equal(ig_events_feed(r.events, IG_STR("x")), IG_NOMEM);
    run_free(&r);

    memset(&r, 0, sizeof(r));
    conf = conf_of(&r, 4096, false);
    r.events = ig_events_new(IG_ANSWER_SSE, &conf);
    assert_non_null(r.events);
    r.sink.refuse = true;
    assert_int_equal(ig_events_feed(r.events, IG_STR("x")), IG_ERROR);
    assert_int_equal(ig_events_end(r.events), IG_ERROR);
    run_free(&r);
}


static void
test_kind(void **state)
{
    (void) state;

    assert_int_equal(ig_answer_kind(IG_STR("text/event-stream")),
                     IG_ANSWER_SSE);
    assert_int_equal(ig_answer_kind(IG_STR(" Text/Event-Stream;charset=utf-8")),
                     IG_ANSWER_SSE);
    assert_int_equal(ig_answer_kind(IG_STR("application/x-ndjson")),
                     IG_ANSWER_LINES);
    assert_int_equal(ig_answer_kind(IG_STR("application/json; x=y")),
                     IG_ANSWER_JSON);
    assert_int_equal(ig_answer_kind(IG_STR("text/event-streams")),
                     IG_ANSWER_JSON);
    assert_int_equal(ig_answer_kind(IG_NO_STR), IG_ANSWER_JSON);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_sse_cases),
        cmocka_unit_test(test_sse_random),
        cmocka_unit_test(test_sse_exact),
        cmocka_unit_test(test_no_delay),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_oversize),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_kind),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

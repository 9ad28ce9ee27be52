/*
 * Usage of every dialect, whole and streamed, however it is cut; what must not
 * count; the one event that is hidden.
 *
 * The answers were written after the providers' references.
 */

#include "answer_helper.h"


static sink_t  sink;


static void *
answer_alloc(void *ctx, size_t size)
{
    return sink_alloc(ctx, size);
}


static bool
answer_out(void *ctx, ig_str_t bytes)
{
    return sink_out(ctx, bytes);
}


static uint64_t
text_bytes(const ig_text_counts_t *c)
{
    size_t    i;
    uint64_t  n;

    for (i = 0, n = 0; i < IG_TEXT_CLASSES; i++) {
        n += c->n[i];
    }

    return n;
}


static const char *
usage_string(const ig_usage_t *u)
{
    static char  s[512];

    (void) snprintf(s, sizeof(s), "%s%s in %llu out %llu cached %llu written "
                    "%llu reasoning %llu text %llu pieces %llu%s%s%s%s %.*s %.*s",
                    u->said & IG_USAGE_INPUT ? "I" : "-",
                    u->said & IG_USAGE_OUTPUT ? "O" : "-",
                    (unsigned long long) u->input,
                    (unsigned long long) u->output,
                    (unsigned long long) u->cached,
                    (unsigned long long) u->cache_written,
                    (unsigned long long) u->reasoning,
                    (unsigned long long) text_bytes(&u->text),
                    (unsigned long long) u->pieces,
                    u->after ? " after" : "",
                    u->finished ? " finished" : "", u->error ? " error" : "",
                    u->implausible ? " implausible" : "", IG_FMT(u->model),
                    IG_FMT(u->reason));

    return s;
}


/* the answer cut so; its usage as a line, its bytes in `sink` */

static const char *
answer_cut(ig_answer_kind_t kind, const char *p, size_t len, bool hide,
    size_t cut, uint64_t *seed)
{
    size_t            pos, n;
    ig_str_t          piece;
    ig_usage_t        u;
    ig_answer_t      *a;
    ig_answer_conf_t  conf;

    sink_free(&sink);
    memset(&conf, 0, sizeof(conf));
    conf.ctx = &sink;
    conf.alloc = answer_alloc;
    conf.out = answer_out;
    conf.kind = kind;
    conf.hide_usage = hide;

    a = ig_answer_new(&conf);
    assert_non_null(a);

    for (pos = 0; pos < len; pos += n) {
        n = piece_len(cut, pos, len, seed);
        piece = piece_of(p + pos, n);
        assert_int_equal(ig_answer_feed(a, piece), IG_OK);
        piece_free(piece);
    }

    assert_int_equal(ig_answer_end(a), IG_OK);
    assert_int_equal(ig_answer_end(a), IG_OK);
    ig_answer_usage(a, &u);

    return usage_string(&u);
}


static void
check(ig_answer_kind_t kind, const char *p, size_t len, bool hide,
    const char *usage, const char *out)
{
    size_t       cut, i;
    uint64_t     seed = 11;
    const char  *got;

    for (i = 0; i < len + 8; i++) {
        cut = i == 0 ? 0 : i == 1 ? CUT_BYTES : i < 8 ? CUT_RANDOM : i - 7;
        got = answer_cut(kind, p, len, hide, cut, &seed);

        if (strcmp(got, usage)) {
            fail_msg("cut %zu of: %s\nexpected: %s\ngot:      %s", cut, p,
                     usage, got);
        }

        assert_int_equal(sink.len, strlen(out));
        assert_true(len == 0 || strcmp(sink.out, out) == 0);
    }

    sink_free(&sink);
}


typedef struct {
    ig_answer_kind_t   kind;
    const char        *answer;
    const char        *usage;
} answer_case_t;

#define JSON   IG_ANSWER_JSON
#define SSE    IG_ANSWER_SSE
#define LINES  IG_ANSWER_LINES

static const answer_case_t  dialects[] = {

    /* OpenAI, chat completions */

    { JSON,
      "{\"id\":\"chatcmpl-1\",\"object\":\"chat.completion\",\"created\":1,"
      "\"model\":\"gpt-4o-mini-2024-07-18\",\"choices\":[{\"index\":0,"
      "\"message\":{\"role\":\"assistant\",\"content\":"
      "\"Hello \\\"you\\\"\\n\","
      "\"refusal\":null},\"logprobs\":null,\"finish_reason\":\"stop\"}],"
      "\"usage\":{\"prompt_tokens\":19,\"completion_tokens\":10,"
      "\"total_tokens\":29,\"prompt_tokens_details\":{\"cached_tokens\":4,"
      "\"audio_tokens\":0},\"completion_tokens_details\":{"
      "\"reasoning_tokens\":3,\"accepted_prediction_tokens\":0}},"
      "\"service_tier\":\"default\"}\n",
      "IO in 19 out 10 cached 4 written 0 reasoning 3 text 12 pieces 1 finished"
      " gpt-4o-mini-2024-07-18 stop" },

    { JSON,
      "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"id\":"
      "\"call_1\",\"type\":\"function\",\"function\":{\"name\":\"get\","
      "\"arguments\":\"{\\\"a\\\":1}\"}}]},\"finish_reason\":\"tool_calls\"}]}",
      "-- in 0 out 0 cached 0 written 0 reasoning 0 text 10 pieces 1 finished"
      "  tool_calls" },

    { SSE,
      "data: {\"id\":\"1\",\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":"
      "{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}],"
      "\"usage\":null}\n\n"
      "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"H\\u00e9\"},\"finish_reason\":null}],\"usage\":null}\n\n"
      "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":"
      "\"llo\"},\"finish_reason\":null}],\"usage\":null}\n\n"
      "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{},"
      "\"finish_reason\":\"length\"}],\"usage\":null}\n\n"
      "data: {\"id\":\"1\",\"choices\":[],\"usage\":{\"prompt_tokens\":5,"
      "\"completion_tokens\":2,\"total_tokens\":7}}\n\n"
      "data: [DONE]\n\n",
      "IO in 5 out 2 cached 0 written 0 reasoning 0 text 5 pieces 2 finished"
      " m length" },

    /* without usage, cut off */

    { SSE,
      "data: {\"choices\":[{\"delta\":{\"content\":\"one \"}}]}\r\n\r\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"two\"}}]}\r\n\r\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"thr",
      "-- in 0 out 0 cached 0 written 0 reasoning 0 text 10 pieces 3  " },

    /* usage in every event, cumulative (vLLM, xAI); Groq's own place */

    { SSE,
      "data: {\"choices\":[{\"text\":\"a\"}],\"usage\":{\"prompt_tokens\":3,"
      "\"total_tokens\":4,\"completion_tokens\":1}}\n\n"
      "data: {\"choices\":[{\"text\":\"b\"}],\"usage\":{\"prompt_tokens\":3,"
      "\"total_tokens\":5,\"completion_tokens\":2}}\n\ndata: [DONE]\n\n",
      "IO in 3 out 2 cached 0 written 0 reasoning 0 text 2 pieces 2 finished"
      "  " },
    { SSE,
      "data: {\"choices\":[],\"x_groq\":{\"usage\":{\"prompt_tokens\":3,"
      "\"completion_tokens\":2}}}\n\n",
      "IO in 3 out 2 cached 0 written 0 reasoning 0 text 0 pieces 0  " },

    /* reasoning that only the total has */

    { JSON,
      "{\"choices\":[],\"usage\":{\"prompt_tokens\":10,"
      "\"completion_tokens\":5,\"total_tokens\":115}}",
      "IO in 10 out 105 cached 0 written 0 reasoning 0 text 0 pieces 0 finished"
      "  " },

    /* embeddings */

    { JSON,
      "{\"object\":\"list\",\"data\":[{\"object\":\"embedding\",\"index\":0,"
      "\"embedding\":[0.0023,-1.5e-3,{\"usage\":{\"prompt_tokens\":99}}]}],"
      "\"model\":\"text-embedding-3-small\",\"usage\":{\"prompt_tokens\":8,"
      "\"total_tokens\":8}}",
      "IO in 8 out 0 cached 0 written 0 reasoning 0 text 0 pieces 0 finished"
      " text-embedding-3-small " },

    /* OpenAI, responses */

    { JSON,
      "{\"id\":\"resp_1\",\"object\":\"response\",\"status\":\"completed\","
      "\"error\":null,\"incomplete_details\":null,\"model\":\"gpt-4.1\","
      "\"output\":[{\"type\":\"reasoning\",\"summary\":[{\"type\":"
      "\"summary_text\",\"text\":\"hm\"}]},{\"type\":\"message\",\"content\":[{"
      "\"type\":\"output_text\",\"text\":\"In a peaceful grove\","
      "\"annotations\":[]}]},{\"type\":\"function_call\",\"name\":\"f\","
      "\"arguments\":\"{}\"}],\"usage\":{\"input_tokens\":36,"
      "\"input_tokens_details\":{\"cached_tokens\":1},\"output_tokens\":87,"
      "\"output_tokens_details\":{\"reasoning_tokens\":2},"
      "\"total_tokens\":123},\"metadata\":{}}",
      "IO in 36 out 87 cached 1 written 0 reasoning 2 text 24 pieces 1 finished"
      " gpt-4.1 completed" },

    { SSE,
      "event: response.created\ndata: {\"type\":\"response.created\","
      "\"response\":{\"model\":\"gpt-4.1\",\"status\":\"in_progress\","
      "\"output\":[],\"usage\":null,\"error\":null}}\n\n"
      "event: response.output_text.delta\ndata: {\"type\":"
      "\"response.output_text.delta\",\"output_index\":0,\"delta\":\"Hi\"}\n\n"
      "event: response.output_text.done\ndata: {\"type\":"
      "\"response.output_text.done\",\"text\":\"Hi\"}\n\n"
      "event: response.incomplete\ndata: {\"type\":\"response.incomplete\","
      "\"response\":{\"model\":\"gpt-4.1\",\"status\":\"incomplete\","
      "\"incomplete_details\":{\"reason\":\"max_output_tokens\"},"
      "\"output\":[{\"content\":[{\"text\":\"Hi\"}]}],\"usage\":{"
      "\"input_tokens\":37,\"output_tokens\":11,\"total_tokens\":48}}}\n\n",
      "IO in 37 out 11 cached 0 written 0 reasoning 0 text 2 pieces 1 finished"
      " gpt-4.1 max_output_tokens" },

    /* Anthropic */

    { JSON,
      "{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\","
      "\"model\":\"claude-sonnet-4\",\"content\":[{\"type\":\"thinking\","
      "\"thinking\":\"abc\",\"signature\":\"xyz\"},{\"type\":\"text\","
      "\"text\":\"Hi!\"},{\"type\":\"tool_use\",\"id\":\"t\",\"name\":\"w\","
      "\"input\":{\"a\":[1]}}],\"stop_reason\":\"tool_use\","
      "\"stop_sequence\":null,\"usage\":{\"input_tokens\":100,"
      "\"cache_creation_input_tokens\":20,\"cache_read_input_tokens\":3,"
      "\"output_tokens\":40}}",
      "IO in 123 out 40 cached 3 written 20 reasoning 0 text 16 pieces 1"
      " finished claude-sonnet-4 tool_use" },

    { SSE,
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
      "\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],"
      "\"model\":\"claude\",\"stop_reason\":null,\"usage\":{"
      "\"input_tokens\":25,\"cache_read_input_tokens\":5,"
      "\"output_tokens\":1}}}\n\n"
      "event: content_block_start\ndata: {\"type\":\"content_block_start\","
      "\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n"
      "event: ping\ndata: {\"type\":\"ping\"}\n\n"
      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
      "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n"
      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
      "\"delta\":{\"type\":\"input_json_delta\",\"partial_json\":"
      "\"{\\\"a\\\"\"}}\n\n"
      "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{"
      "\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\"usage\":{"
      "\"input_tokens\":null,\"output_tokens\":15}}\n\n"
      "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
      "IO in 30 out 15 cached 5 written 0 reasoning 0 text 9 pieces 2 finished"
      " claude end_turn" },

    /* it ends early, and what message_start says is not the output */
    { SSE,
      "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{"
      "\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n"
      "event: content_block_delta\ndata: {\"type\":\"content_block_delta\","
      "\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\n",
      "IO in 25 out 1 cached 0 written 0 reasoning 0 text 5 pieces 1 after  " },

    /* cumulative in each event, as vLLM's continuous_usage_stats */
    { SSE,
      "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"}}],\"usage\":{"
      "\"prompt_tokens\":3,\"completion_tokens\":1,\"total_tokens\":4}}\n\n",
      "IO in 3 out 1 cached 0 written 0 reasoning 0 text 5 pieces 1  " },

    { SSE,
      "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
      "\"overloaded_error\",\"message\":\"Overloaded\"}}\n\n",
      "-- in 0 out 0 cached 0 written 0 reasoning 0 text 0 pieces 0 error  " },

    /* Ollama */

    { LINES,
      "{\"model\":\"llama3.2\",\"created_at\":\"t\",\"message\":{\"role\":"
      "\"assistant\",\"content\":\"The\"},\"done\":false}\n"
      "{\"model\":\"llama3.2\",\"message\":{\"role\":\"assistant\","
      "\"content\":\"\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
      "\"arguments\":{\"x\":2}}}]},\"done\":false}\n"
      "{\"model\":\"llama3.2\",\"message\":{\"content\":\"\"},"
      "\"done_reason\":\"stop\",\"done\":true,\"total_duration\":4883583458,"
      "\"prompt_eval_count\":26,\"eval_count\":282}\n",
      "IO in 26 out 282 cached 0 written 0 reasoning 0 text 11 pieces 2"
      " finished llama3.2 stop" },

    { LINES,
      "{\"response\":\"a\",\"done\":false}\n"
      "{\"response\":\"\",\"done\":true,\"context\":[1,2,[3]],"
      "\"eval_count\":9}",
      "-O in 0 out 9 cached 0 written 0 reasoning 0 text 1 pieces 1 finished"
      "  " },

    { JSON,
      "{\"model\":\"all-minilm\",\"embeddings\":[[0.01,-0.2]],"
      "\"total_duration\":14143917,\"prompt_eval_count\":8}",
      "I- in 8 out 0 cached 0 written 0 reasoning 0 text 0 pieces 0 finished"
      " all-minilm " },
};


static void
test_dialects(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++) {
        check(dialects[i].kind, dialects[i].answer, strlen(dialects[i].answer),
              false, dialects[i].usage, dialects[i].answer);
    }
}


#define NOTHING  "-- in 0 out 0 cached 0 written 0 reasoning 0 text "
#define FIVE     "IO in 5 out 6 cached 0 written 0 reasoning 0 text "

static const answer_case_t  hostile[] = {

    /* usage that is said by the model, not by the server */

    { JSON,
      "{\"choices\":[{\"message\":{\"content\":\"\\\"usage\\\":{\\\"prompt_"
      "tokens\\\":9}\"}}]}",
      NOTHING "27 pieces 1 finished  " },
    { JSON,
      "{\"choices\":[{\"message\":{\"tool_calls\":[{\"function\":{"
      "\"arguments\":{\"usage\":{\"prompt_tokens\":9}}}}]}}]}",
      NOTHING "29 pieces 1 finished  " },
    { JSON, "{\"metadata\":{\"usage\":{\"prompt_tokens\":9}}}",
      NOTHING "0 pieces 0 finished  " },
    { SSE,
      "data: {\"choices\":[{\"delta\":{\"content\":\"x\\\\\\\"}]}\\n\\ndata: "
      "{\\\"usage\\\":{\\\"prompt_tokens\\\":9}}\"}}]}\n\n",
      NOTHING "43 pieces 1  " },

    /* twice, with escapes in its name, in any order */

    { JSON,
      "{\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6},"
      "\"usage\":{\"prompt_tokens\":2,\"completion_tokens\":1}}",
      FIVE "0 pieces 0 finished  " },
    { JSON,
      "{\"us\\u0061ge\":{\"prompt\\u005Ftokens\":5 , \"completion_tokens\" :\n6"
      "}}", FIVE "0 pieces 0 finished  " },
    { JSON, "{\"model\":\"meta\\/llama\\u002d3\",\"choices\":[]}",
      NOTHING "0 pieces 0 finished meta/llama-3 " },

    /* numbers */

    { JSON,
      "{\"usage\":{\"prompt_tokens\":5.0,\"completion_tokens\":0.6e1}}",
      FIVE "0 pieces 0 finished  " },
    { JSON,
      "{\"usage\":{\"prompt_tokens\":50e-1,\"completion_tokens\":6E+0}}",
      FIVE "0 pieces 0 finished  " },
    { JSON, "{\"usage\":{\"prompt_tokens\":-5,\"completion_tokens\":6.5}}",
      NOTHING "0 pieces 0 finished implausible  " },
    { JSON,
      "{\"usage\":{\"prompt_tokens\":1e13,\"completion_tokens\":"
      "99999999999999999999999999999999999999999}}",
      NOTHING "0 pieces 0 finished implausible  " },
    { JSON,
      "{\"usage\":{\"prompt_tokens\":1e999999999999,\"completion_tokens\":\"6\""
      ",\"total_tokens\":true}}",
      NOTHING "0 pieces 0 finished implausible  " },
    { JSON, "{\"usage\":{\"prompt_tokens\":.5,\"completion_tokens\":1.2.3}}",
      NOTHING "0 pieces 0 finished implausible  " },
    { JSON, "{\"usage\":{\"prompt_tokens\":5e,\"completion_tokens\":e5}}",
      NOTHING "0 pieces 0 finished implausible  " },
    { JSON, "{\"usage\":{\"prompt_tokens\":null,\"completion_tokens\":null}}",
      NOTHING "0 pieces 0 finished  " },

    /* no JSON, or not all of it */

    { JSON, "<html>502 Bad Gateway</html>", NOTHING "0 pieces 0  " },
    { JSON, "]]}}{\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6}}",
      FIVE "0 pieces 0 finished  " },
    { JSON, "{\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6",
      FIVE "0 pieces 0  " },
    { JSON, "{\"a\":[}],\"usage\":1,\"b\":\"\\u12\"}",
      NOTHING "0 pieces 0 finished  " },
    { JSON, "{\"choices\":[{\"message\":{\"content\":\"\\ud83d\\ude00\\u12z\\q"
      "\xff\xfe\xc3\"}}]}", NOTHING "6 pieces 1 finished  " },
    { JSON, "\1\x1f[\2{\3\"usage\"\4:\5{\"prompt_tokens\":5\6,"
      "\"completion_tokens\":6}}\x7f",
      FIVE "0 pieces 0  " },
    { JSON, "", NOTHING "0 pieces 0  " },
    { JSON, "\"usage\"", NOTHING "0 pieces 0  " },

    /* events: broken ones between good ones */

    { SSE,
      "data: {\"choices\":[{\"delta\":{\"content\":\"a\n\n"
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,"
      "\"completion_tokens\":6}}\n\ndata: [DONE\n\ndata: x[DONE]\n\n",
      FIVE "1 pieces 1  " },
    { SSE,
      "data: {\"choices\":[],\ndata: \"usage\":{\"prompt_tokens\":5,\ndata:"
      "\"completion_tokens\":6}}",
      FIVE "0 pieces 0  " },
};


static void
test_hostile(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
        check(hostile[i].kind, hostile[i].answer, strlen(hostile[i].answer),
              false, hostile[i].usage, hostile[i].answer);
    }
}


/* deep, long: seen through in fixed memory */

static void
test_large(void **state)
{
    char        *p;
    size_t       n, i, mode;
    uint64_t     seed = 9;
    const char  *got, *open;

    static const char *const  deep[] = {
        "{\"x\":", "[", "{\"choices\":", "{\"usage\":", "{\"input\":{\"a\":["
    };

    (void) state;

    p = malloc(1 << 20);
    assert_non_null(p);

    for (mode = 0; mode < 5; mode++) {
        n = (size_t) sprintf(p, "{\"a\":");
        open = deep[mode];

        for (i = 0; i < 10000; i++) {
            n += (size_t) sprintf(p + n, "%s", open);
        }

        n += (size_t) sprintf(p + n, "1");

        for (i = 10000 * strlen(open); i-- > 0; /* void */ ) {
            if (open[i % strlen(open)] == '{') {
                p[n++] = '}';

            } else if (open[i % strlen(open)] == '[') {
                p[n++] = ']';
            }
        }

        n += (size_t) sprintf(p + n, ",\"usage\":{\"prompt_tokens\":5,"
                              "\"completion_tokens\":6}}");

        for (i = 0; i < 3; i++) {
            got = answer_cut(JSON, p, n, false,
                             i == 0 ? 0 : i == 1 ? CUT_BYTES : CUT_RANDOM,
                             &seed);
            assert_string_equal(got, FIVE "0 pieces 0 finished  ");
            assert_true(sink.taken < 8192);
        }

        /* the same where the tree reaches */

        memcpy(p, "[{\"ch", 5);
        (void) answer_cut(JSON, p, n, false, 0, &seed);
        assert_true(sink.taken < 8192);
    }

    /* an event over the bound is still counted, and goes on */

    n = (size_t) sprintf(p, "data: {\"type\":\"response.completed\","
                         "\"response\":{\"output\":\"");
    memset(p + n, 'x', 900000);
    n += 900000;
    n += (size_t) sprintf(p + n, "\",\"usage\":{\"input_tokens\":5,"
                          "\"output_tokens\":6}}}\n\n");

    got = answer_cut(SSE, p, n, false, CUT_RANDOM, &seed);
    assert_string_equal(got, FIVE "0 pieces 0 finished  ");
    assert_true(sink.taken < 8192);
    assert_int_equal(sink.len, n);

    got = answer_cut(SSE, p, n, true, CUT_RANDOM, &seed);
    assert_string_equal(got, FIVE "0 pieces 0 finished  ");
    assert_int_equal(sink.len, n);

    sink_free(&sink);
    free(p);
}


#define CHUNK(n)  "data: {\"choices\":[{\"delta\":{\"content\":\"" n           \
                  "\"}}],\"usage\":null}\n\n"
#define LAST      "data: {\"id\":\"1\",\"choices\":[],\"usage\":{"             \
                  "\"prompt_tokens\":5,\"completion_tokens\":6}}\n\n"
#define DONE      "data: [DONE]\n\n"
#define FILTER    "data: {\"choices\":[],\"prompt_filter_results\":[],"        \
                  "\"usage\":null}\n\n"
#define BOTH      "data: {\"choices\":[{\"delta\":{}}],\"usage\":{"            \
                  "\"prompt_tokens\":5,\"completion_tokens\":6}}\n\n"
#define NO_ARRAY  "data: {\"usage\":{\"prompt_tokens\":5,"                     \
                  "\"completion_tokens\":6}}\n\n"

static void
test_hide(void **state)
{
    size_t  i;

    static const struct {
        const char  *in;
        const char  *out;
        const char  *usage;
    } cases[] = {
        { FILTER CHUNK("a") LAST DONE, FILTER CHUNK("a") DONE,
          FIVE "1 pieces 1 finished  " },
        { CHUNK("a") LAST, CHUNK("a"), FIVE "1 pieces 1  " },
        { CHUNK("a") BOTH DONE, CHUNK("a") BOTH DONE,
          FIVE "1 pieces 1 finished  " },
        { CHUNK("a") NO_ARRAY DONE, CHUNK("a") NO_ARRAY DONE,
          FIVE "1 pieces 1 finished  " },
        { CHUNK("\\\"choices\\\":[],\\\"usage\\\":{}") DONE,
          CHUNK("\\\"choices\\\":[],\\\"usage\\\":{}") DONE,
          NOTHING "23 pieces 1 finished  " },
        { ": ping\n\n" CHUNK("a") ": ping\n" LAST DONE,
          ": ping\n\n" CHUNK("a") ": ping\n" DONE,
          FIVE "1 pieces 1 finished  " },
        { "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":5,\r\n"
          "data: \"completion_tokens\":6}}\r\n\r\ndata: [DONE]\r\n\r\n",
          "data: [DONE]\r\n\r\n", FIVE "0 pieces 0 finished  " },
    };

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        check(SSE, cases[i].in, strlen(cases[i].in), true, cases[i].usage,
              cases[i].out);

        /* and all of it for a client that asked */

        check(SSE, cases[i].in, strlen(cases[i].in), false, cases[i].usage,
              cases[i].in);
    }
}


/* the classes of text that is streamed, escapes undone */

static void
test_classes(void **state)
{
    ig_usage_t        u;
    ig_answer_t      *a;
    ig_answer_conf_t  conf;

    (void) state;

    memset(&conf, 0, sizeof(conf));
    conf.ctx = &sink;
    conf.alloc = answer_alloc;
    conf.kind = LINES;
    a = ig_answer_new(&conf);
    assert_non_null(a);

    assert_int_equal(ig_answer_feed(a, IG_STR(
        "{\"response\":\"aB1 .\\n\\t\\\"\\u0627\xd8\xa7\\u4e2d"
        "\xe4\xb8\xad\\ud83d\\ude00\xf0\x9f\x98\x80\"}\n")), IG_OK);
    ig_answer_usage(a, &u);

    assert_int_equal(u.text.n[IG_TEXT_LOWER], 1);
    assert_int_equal(u.text.n[IG_TEXT_UPPER], 1);
    assert_int_equal(u.text.n[IG_TEXT_DIGIT], 1);
    assert_int_equal(u.text.n[IG_TEXT_SPACE], 3);
    assert_int_equal(u.text.n[IG_TEXT_PUNCT], 2);
    assert_int_equal(u.text.n[IG_TEXT_SEMITIC], 2);
    assert_int_equal(u.text.n[IG_TEXT_CJK], 2);
    assert_int_equal(u.text.n[IG_TEXT_FOUR], 2);

    sink_free(&sink);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_dialects),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_hide),
        cmocka_unit_test(test_classes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

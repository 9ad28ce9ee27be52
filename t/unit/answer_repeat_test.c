/*
 * Documents that repeat one another: the same result as a walk over each, for
 * streams as servers send them, cut anywhere, changed anywhere; and that those
 * streams really are compared, or it would be a walk against a walk.
 */

#include "answer_helper.h"
#include "answer_repeat.h"


#define EVENTS  60

/* %d: another number in each event; %s: another word */

static const char *const  streams[] = {
    /* OpenAI, chat completions */
    "{\"id\":\"chatcmpl-9xKQ\",\"object\":\"chat.completion.chunk\","
    "\"created\":1764000000,\"model\":\"gpt-4o-mini\",\"choices\":[{\"index\":0,"
    "\"delta\":{\"content\":\"%s\"},\"logprobs\":null,"
    "\"finish_reason\":null}],\"usage\":null}",

    /* with padding and a number of its own */
    "{\"id\":\"chatcmpl-9xKQ\",\"choices\":[{\"index\":0,"
    "\"delta\":{\"content\":\"%s\"},\"finish_reason\":null}],"
    "\"obfuscation\":\"%s\",\"n\":%d}",

    /* OpenAI, responses */
    "{\"type\":\"response.output_text.delta\",\"item_id\":\"msg_1\","
    "\"output_index\":0,\"content_index\":0,\"delta\":\"%s\","
    "\"sequence_number\":%d,\"logprobs\":[]}",

    /* Anthropic */
    "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":"
    "\"text_delta\",\"text\":\"%s\"}}",

    /* Ollama */
    "{\"model\":\"llama3.2\",\"created_at\":\"2026-01-01T00:00:00.%dZ\","
    "\"message\":{\"role\":\"assistant\",\"content\":\"%s\"},\"done\":false}",

    /* vLLM, usage in every event */
    "{\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%s\"}}],"
    "\"usage\":{\"prompt_tokens\":9,\"total_tokens\":%d,"
    "\"completion_tokens\":%d}}",

    /* a call's arguments */
    "{\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{"
    "\"index\":0,\"function\":{\"arguments\":\"%s\"}}]}}]}",

    /* numbers in an array; escapes in what does not change */
    "{\"m\\u00e9\":\"\\u0041\",\"delta\":\"%s\",\"usage\":{"
    "\"prompt_tokens\":[%d],\"n\":%d}}",
};

#define STREAMS  (sizeof(streams) / sizeof(streams[0]))

static const char *const  words[] = {
    " word", "", "\\n\\n", " \\\"q\\\"", "\xd8\xa7\xd9\x84", "\\u00e9t\\u00e9",
    "{", " a longer piece of text with several words in it,", "}", "\\ud83d\\ude00"
};


static size_t
event_make(char *out, size_t stream, int i)
{
    size_t       n;
    const char  *p, *word;

    for (p = streams[stream], n = 0; *p; p++) {

        if (p[0] == '%' && p[1] == 's') {
            word = words[(size_t) (i * 7 + (int) n)
                         % (sizeof(words) / sizeof(words[0]))];
            n += (size_t) sprintf(out + n, "%s", word);
            p++;

        } else if (p[0] == '%' && p[1] == 'd') {
            n += (size_t) sprintf(out + n, "%d", 7 + i);
            p++;

        } else {
            out[n++] = *p;
        }
    }

    return n;
}


static void
document(stream_t *s, const char *doc, size_t len)
{
    const char  *differs;

    differs = stream_document(s, doc, len);

    if (differs) {
        fail_msg("another %s after: %.*s", differs, (int) len, doc);
    }
}


/* all but the first events, in which it learns what varies */

static void
test_streams(void **state)
{
    int       i;
    char      doc[1024];
    size_t    k;
    uint32_t  cuts;
    stream_t  s;

    (void) state;

    for (k = 0; k < STREAMS; k++) {
        for (cuts = 0; cuts < 40; cuts++) {
            stream_begin(&s, cuts);
            s.ask = false;

            for (i = 0; i < EVENTS; i++) {
                document(&s, doc, event_make(doc, k, i));
            }

            assert_in_range(s.repeated, EVENTS - 6, EVENTS - 1);
            assert_int_equal(s.walked.pieces, s.compared.pieces);
            assert_true(s.compared.pieces > EVENTS / 2);
        }
    }
}


/* as soon as an event is cut short or asked about, it is walked */

static void
test_asked(void **state)
{
    int       i;
    char      doc[1024];
    size_t    k, len, cut;
    stream_t  s;

    (void) state;

    for (k = 0; k < STREAMS; k++) {
        len = event_make(doc, k, 30);

        for (cut = 0; cut <= len; cut++) {
            stream_begin(&s, 1);

            for (i = 22; i < 30; i++) {
                document(&s, doc, event_make(doc, k, i));
            }

            (void) event_make(doc, k, 30);

            ig_tally_data(&s.compared, (ig_str_t) { (uint8_t *) doc, cut });
            ig_tally_data(&s.walked, (ig_str_t) { (uint8_t *) doc, cut });
            assert_null(stream_differs(&s));

            document(&s, doc + cut, len - cut);
            document(&s, doc, cut);
            document(&s, doc, len);
        }
    }
}


/* each byte of an event changed, taken out, doubled */

static void
test_changed(void **state)
{
    int       i;
    char      doc[1024], other[1024];
    size_t    k, at, len, n, c;
    uint32_t  cuts;
    stream_t  s;

    static const char  put[] = "x7\"\\{}[],: \n\0";

    (void) state;

    for (k = 0; k < STREAMS; k++) {
        len = event_make(doc, k, 5);

        for (at = 0; at < len; at++) {
            for (c = 0; c < sizeof(put) + 1; c++) {
                cuts = (uint32_t) (at * 31 + c);
                stream_begin(&s, cuts);

                for (i = 0; i < 4; i++) {
                    document(&s, other, event_make(other, k, 5 + i % 2));
                }

                memcpy(other, doc, len);
                n = len;

                if (c < sizeof(put) - 1) {
                    other[at] = put[c];

                } else if (c < sizeof(put)) {
                    memmove(other + at, other + at + 1, len - at - 1);
                    n--;

                } else {
                    memmove(other + at + 1, other + at, len - at);
                    n++;
                }

                document(&s, other, n);
                document(&s, other, n);
                document(&s, doc, len);
                document(&s, doc, len);
            }
        }
    }
}


/* a stream of two kinds of events, in turns: what varies is learnt once */

static void
test_turns(void **state)
{
    int       i;
    char      doc[1024];
    stream_t  s;

    (void) state;

    stream_begin(&s, 1);

    for (i = 0; i < 480; i++) {
        document(&s, doc, event_make(doc, 1 + (size_t) i / 12 % 2, i));
    }

    assert_in_range(s.repeated, 480 - 480 / 12 - 8, 480 - 480 / 12);
}


/* what follows a number that varies, changes too */

static void
test_behind(void **state)
{
    int       i;
    char      doc[64];
    stream_t  s;

    (void) state;

    stream_begin(&s, 1);

    for (i = 0; i < 40; i++) {
        document(&s, doc, (size_t) sprintf(doc, "{\"delta\":\"w\",\"n\":%d%s",
                                           i, i < 20 ? ",\"m\":2}" : "}"));
    }

    assert_in_range(s.repeated, 34, 38);
}


/* an element of choices, if it is no more than a number */

static void
test_element(void **state)
{
    int       i;
    char      doc[64];
    stream_t  s;

    (void) state;

    stream_begin(&s, 1);
    s.ask = false;

    for (i = 0; i < 40; i++) {
        document(&s, doc, (size_t) sprintf(doc, "{\"choices\":[%d%s", i % 8,
                                           i % 8 == 7 ? "" : "]}"));
    }
}


/*
 * The last model of a stream counts, wherever in an event it is named: an event
 * that names two is not half a repetition.
 */

static void
test_order(void **state)
{
    int       i;
    char      doc[256];
    size_t    n;
    stream_t  s;

    (void) state;

    stream_begin(&s, 1);

    for (i = 0; i < 40; i++) {
        n = (size_t) sprintf(doc, "{\"model\":\"a%d\",\"n\":%d,\"model\":\"b\","
                             "\"choices\":[{\"text\":\"%d\"}]%s", i / 10, i, i,
                             i % 10 == 9 ? "" : "}");
        document(&s, doc, i % 10 == 9 ? 16 : n);
    }

    assert_true(s.repeated > 20);
}


/* what never repeats costs little more than a walk */

static void
test_rest(void **state)
{
    int       i, walked;
    char      doc[256];
    size_t    n;
    stream_t  s;

    (void) state;

    stream_begin(&s, 1);
    walked = 0;

    for (i = 0; i < 640; i++) {
        n = (size_t) sprintf(doc, "{\"key%d\":1,\"delta\":\"%d\"}", i, i);
        walked += (s.compared.repeat.mode == IG_REPEAT_WALK);
        document(&s, doc, n);
    }

    assert_int_equal(s.repeated, 0);
    assert_in_range(walked, 590, 610);

    for (i = 0; i < 200; i++) {
        n = (size_t) sprintf(doc, "{\"delta\":\"%d\"}", i);
        document(&s, doc, n);
    }

    assert_in_range(s.repeated, 70, 199);
}


/* too much to keep, too many values that vary */

static void
test_bounds(void **state)
{
    int        i, k;
    char      *doc;
    size_t     n, size;
    uint32_t   cuts;
    stream_t   s;

    (void) state;

    doc = malloc(8192);
    assert_non_null(doc);

    for (size = IG_REPEAT_BYTES - 60; size < IG_REPEAT_BYTES + 20; size++) {
        cuts = (uint32_t) size;
        stream_begin(&s, cuts);
        s.ask = false;

        for (i = 0; i < 12; i++) {
            n = (size_t) sprintf(doc, "{\"delta\":\"%d\",\"id\":\"", i);
            memset(doc + n, 'i', size);
            n += size;
            n += (size_t) sprintf(doc + n, "\"}");
            document(&s, doc, n);
        }

        /* all but its text is kept */

        assert_int_equal(s.repeated,
                         size + sizeof("{'delta':'','id':''}") - 2
                         <= IG_REPEAT_BYTES ? 11 : 0);
    }

    for (k = 1; k < 100; k++) {
        stream_begin(&s, (uint32_t) k);

        for (i = 0; i < 20; i++) {
            n = (size_t) sprintf(doc, "{\"delta\":\"%d\"", i);

            while (n < (size_t) k * 12) {
                n += (size_t) sprintf(doc + n, ",\"k%zu\":%d", n, i);
            }

            n += (size_t) sprintf(doc + n, "}");
            document(&s, doc, n);
        }
    }

    free(doc);
}


static void
test_random(void **state)
{
    int          i;
    size_t       k, size, repeated;
    uint8_t      data[200];
    uint64_t     seed = 5;
    const char  *differs;

    (void) state;

    repeated = 0;

    for (i = 0; i < 20000; i++) {
        size = 1 + random_below(&seed, sizeof(data));

        for (k = 0; k < size; k++) {
            data[k] = (uint8_t) random_below(&seed, random_below(&seed, 3)
                                                    ? 128 : 256);

            if (random_below(&seed, 4) == 0) {
                data[k] = 130;
            }
        }

        differs = stream_of(data, size, &repeated);

        if (differs) {
            fail_msg("another %s, stream %d", differs, i);
        }
    }

    assert_true(repeated > 30000);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_streams),
        cmocka_unit_test(test_asked),
        cmocka_unit_test(test_changed),
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_behind),
        cmocka_unit_test(test_element),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_rest),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_random),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Usage, as each dialect says it.
 *
 * Sources: the API references of OpenAI (chat completions, completions,
 * embeddings, responses and their streaming events) and of Anthropic (messages,
 * streaming messages), Ollama's docs/api.md.  Fields that other servers of
 * these dialects add are marked with the server's name.
 *
 * One tree serves all dialects: no key means two things in the same place, and
 * a server that answers in another dialect than expected is still counted.
 *
 * A number that comes several times counts once, with its largest value:
 * message_delta's counts are cumulative, and some servers repeat usage in every
 * event of a stream.
 */

#include <answer/usage.h>

#include <string.h>


/* what a value is for; numbers first, as ig_count_t */
enum {
    FIELD_MODEL = IG_COUNTS,
    FIELD_STATUS,
    FIELD_REASON,
    FIELD_TYPE,
    FIELD_DONE,
    FIELD_ERROR,
    FIELD_USAGE,
    FIELD_CHOICES,
    FIELD_NONE
};

#define KEY(name, take, field, children)                                      \
    { { (const uint8_t *) (name), sizeof(name) - 1 }, take, field, children }

#define NUMBER(name, field)    KEY(name, IG_TAKE_VALUE | IG_TAKE_FREE, field,  \
                                   NULL)
#define NAME(name, field)      KEY(name, IG_TAKE_VALUE, field, NULL)
#define TEXT(name)             KEY(name, IG_TAKE_TEXT, FIELD_NONE, NULL)
#define ALL(name)              KEY(name, IG_TAKE_TEXT | IG_TAKE_ALL,          \
                                   FIELD_NONE, NULL)
#define TEXT_OR(name, of)      KEY(name, IG_TAKE_TEXT, FIELD_NONE, of)
#define OBJECT(name, of)       KEY(name, 0, FIELD_NONE, of)
#define END                    { { NULL, 0 }, 0, 0, NULL }


static const ig_walk_node_t  in_details[] = {
    NUMBER("cached_tokens", IG_COUNT_CACHED),
    END
};

static const ig_walk_node_t  out_details[] = {
    NUMBER("reasoning_tokens", IG_COUNT_REASONING),
    END
};

static const ig_walk_node_t  usage[] = {
    NUMBER("prompt_tokens", IG_COUNT_PROMPT),
    NUMBER("completion_tokens", IG_COUNT_OUTPUT),
    NUMBER("total_tokens", IG_COUNT_TOTAL),
    NUMBER("input_tokens", IG_COUNT_INPUT),
    NUMBER("output_tokens", IG_COUNT_OUTPUT),
    NUMBER("cache_creation_input_tokens", IG_COUNT_CACHE_WRITTEN),
    NUMBER("cache_read_input_tokens", IG_COUNT_CACHE_READ),
    NUMBER("prompt_cache_hit_tokens", IG_COUNT_CACHED),        /* DeepSeek */
    OBJECT("prompt_tokens_details", in_details),
    OBJECT("input_tokens_details", in_details),
    OBJECT("completion_tokens_details", out_details),
    OBJECT("output_tokens_details", out_details),
    END
};

#define USAGE                  KEY("usage", IG_TAKE_SHAPE, FIELD_USAGE, usage)
#define ERROR                  KEY("error", IG_TAKE_VALUE | IG_TAKE_SHAPE,     \
                                   FIELD_ERROR, NULL)

static const ig_walk_node_t  incomplete[] = {
    NAME("reason", FIELD_REASON),
    END
};

/* a part of a content array */

static const ig_walk_node_t  part[] = {
    TEXT("text"),
    TEXT("refusal"),
    TEXT("thinking"),
    ALL("input"),
    TEXT("name"),
    END
};

static const ig_walk_node_t  function[] = {
    TEXT("name"),
    ALL("arguments"),          /* a string; an object in Ollama */
    END
};

static const ig_walk_node_t  call[] = {
    OBJECT("function", function),
    END
};

/* a message or a delta of one; of Anthropic's, what message_start carries */

static const ig_walk_node_t  message[] = {
    TEXT_OR("content", part),
    TEXT("refusal"),
    TEXT("reasoning_content"),     /* DeepSeek, vLLM, SGLang */
    TEXT("reasoning"),             /* vLLM, OpenRouter, Groq */
    TEXT("thinking"),              /* Ollama */
    OBJECT("tool_calls", call),
    OBJECT("function_call", function),
    NAME("model", FIELD_MODEL),
    NAME("stop_reason", FIELD_REASON),
    USAGE,
    END
};

static const ig_walk_node_t  choice[] = {
    OBJECT("delta", message),
    OBJECT("message", message),
    TEXT("text"),
    NAME("finish_reason", FIELD_REASON),
    END
};

/* of Anthropic: content_block_delta, message_delta.  OpenAI's is a string */

static const ig_walk_node_t  delta[] = {
    TEXT("text"),
    TEXT("partial_json"),
    TEXT("thinking"),
    NAME("stop_reason", FIELD_REASON),
    END
};

static const ig_walk_node_t  block[] = {
    TEXT("name"),
    TEXT("text"),
    END
};

/* in an event; what its output says was counted by the deltas before */

static const ig_walk_node_t  response[] = {
    NAME("model", FIELD_MODEL),
    NAME("status", FIELD_STATUS),
    ERROR,
    OBJECT("incomplete_details", incomplete),
    USAGE,
    END
};

static const ig_walk_node_t  output[] = {
    OBJECT("content", part),
    OBJECT("summary", part),
    TEXT("name"),
    TEXT("arguments"),
    TEXT("input"),
    END
};

static const ig_walk_node_t  groq[] = {
    USAGE,
    END
};

static const ig_walk_node_t  root[] = {
    KEY("choices", IG_TAKE_SHAPE, FIELD_CHOICES, choice),
    NAME("model", FIELD_MODEL),
    USAGE,
    NAME("type", FIELD_TYPE),
    ERROR,

    /* Responses, Anthropic */

    TEXT_OR("delta", delta),
    OBJECT("message", message),
    OBJECT("content", part),
    OBJECT("content_block", block),
    NAME("stop_reason", FIELD_REASON),
    TEXT_OR("response", response),     /* a string in Ollama's generate */
    OBJECT("output", output),
    NAME("status", FIELD_STATUS),
    OBJECT("incomplete_details", incomplete),

    /* Ollama */

    NUMBER("prompt_eval_count", IG_COUNT_PROMPT),
    NUMBER("eval_count", IG_COUNT_OUTPUT),
    NAME("done", FIELD_DONE),
    NAME("done_reason", FIELD_REASON),
    TEXT("thinking"),

    OBJECT("x_groq", groq),
    END
};


/*
 * A JSON number that is a count: 12, 12.0, 1.2e1.  False: it is none.
 */

static bool
ig_tally_number(ig_str_t s, uint64_t *out)
{
    size_t    i;
    int64_t   scale, exponent;
    uint64_t  n;
    bool      minus;

    n = 0;
    scale = 0;

    for (i = 0; i < s.len && s.data[i] != 'e' && s.data[i] != 'E'; i++) {

        if (s.data[i] == '.' && scale == 0 && i > 0) {
            scale = 1;
            continue;
        }

        if (s.data[i] < '0' || s.data[i] > '9' || n > IG_USAGE_MAX) {
            return false;
        }

        n = n * 10 + (uint64_t) (s.data[i] - '0');
        scale += (scale > 0);
    }

    exponent = 0;

    if (i == 0) {
        return false;
    }

    if (i++ < s.len) {
        minus = (i < s.len && s.data[i] == '-');
        i += (minus || (i < s.len && s.data[i] == '+'));

        if (i == s.len) {
            return false;
        }

        for ( /* void */ ; i < s.len; i++) {
            if (s.data[i] < '0' || s.data[i] > '9' || exponent > 1000) {
                return false;
            }

            exponent = exponent * 10 + (s.data[i] - '0');
        }

        exponent = minus ? -exponent : exponent;
    }

    exponent -= (scale > 0) ? scale - 1 : 0;

    for ( /* void */ ; exponent > 0 && n > 0; exponent--) {
        n *= 10;

        if (n > IG_USAGE_MAX) {
            return false;
        }
    }

    for ( /* void */ ; exponent < 0 && n > 0; exponent++) {
        if (n % 10) {
            return false;
        }

        n /= 10;
    }

    *out = n;

    return n <= IG_USAGE_MAX;
}


static void
ig_tally_name(ig_str_t s, uint8_t *out, size_t size, size_t *len)
{
    if (s.len && s.len <= size) {
        memcpy(out, s.data, s.len);
        *len = s.len;
    }
}


static bool
ig_tally_last_type(ig_str_t type)
{
    size_t  i;

    static const ig_str_t  last[] = {
        { (const uint8_t *) "message_stop", 12 },
        { (const uint8_t *) "response.completed", 18 },
        { (const uint8_t *) "response.incomplete", 19 },
        { (const uint8_t *) "response.failed", 15 },
        { (const uint8_t *) "response.cancelled", 18 },
    };

    for (i = 0; i < sizeof(last) / sizeof(last[0]); i++) {
        if (type.len == last[i].len
            && memcmp(type.data, last[i].data, type.len) == 0)
        {
            return true;
        }
    }

    return false;
}


static void
ig_tally_value(void *ctx, unsigned field, bool string, ig_str_t token)
{
    uint64_t    n;
    ig_tally_t  *t = ctx;

    /* null, too: a document that repeats one with a number inherits the bit */

    if (field == IG_COUNT_OUTPUT || field == IG_COUNT_TOTAL) {
        t->doc |= IG_DOC_OUTPUT;
    }

    if (!string && token.len == 4 && memcmp(token.data, "null", 4) == 0) {
        return;
    }

    if (field < IG_COUNTS) {

        if (string || !ig_tally_number(token, &n)) {
            t->implausible = true;
            return;
        }

        t->said |= 1u << field;

        if (n > t->count[field]) {
            t->count[field] = n;
        }

        return;
    }

    if (field == FIELD_DONE) {
        t->finished |= (!string && token.len == 4
                        && memcmp(token.data, "true", 4) == 0);
        return;
    }

    if (field == FIELD_ERROR) {
        t->error = true;
        return;
    }

    if (!string) {
        return;
    }

    switch (field) {

    case FIELD_MODEL:
        ig_tally_name(token, t->model, sizeof(t->model), &t->model_len);
        break;

    case FIELD_STATUS:
        ig_tally_name(token, t->status, sizeof(t->status), &t->status_len);
        break;

    case FIELD_REASON:
        ig_tally_name(token, t->reason, sizeof(t->reason), &t->reason_len);
        break;

    default: /* FIELD_TYPE */
        t->finished |= ig_tally_last_type(token);
    }
}


static void
ig_tally_shape(void *ctx, unsigned field, ig_shape_t shape)
{
    ig_tally_t  *t = ctx;

    switch (field) {

    case FIELD_ERROR:
        t->error |= (shape == IG_SHAPE_OBJECT);
        break;

    case FIELD_USAGE:
        t->doc |= (shape == IG_SHAPE_OBJECT) ? IG_DOC_USAGE : 0;
        break;

    default: /* FIELD_CHOICES */
        t->doc |= (shape == IG_SHAPE_ARRAY) ? IG_DOC_CHOICES : IG_DOC_CHOICE;
    }
}


/*
 * Text comes in short runs, cut at every escape; counting is fast over long
 * ones only.  So runs are put together first.
 */

static void
ig_tally_text(void *ctx, ig_str_t plain)
{
    ig_tally_t  *t = ctx;

    t->doc |= IG_DOC_TEXT;

    if (plain.len > sizeof(t->stage) - t->staged) {
        ig_text_count(&t->text, (ig_str_t) { t->stage, t->staged });
        t->staged = 0;

        if (plain.len > sizeof(t->stage)) {
            ig_text_count(&t->text, plain);
            return;
        }
    }

    memcpy(t->stage + t->staged, plain.data, plain.len);
    t->staged += plain.len;
}


static void
ig_tally_character(void *ctx, uint32_t code)
{
    uint8_t      c;
    ig_tally_t  *t = ctx;

    if (code < 0x80) {
        c = (uint8_t) code;
        ig_tally_text(t, (ig_str_t) { &c, 1 });
        return;
    }

    t->doc |= IG_DOC_TEXT;
    ig_text_count_char(&t->text, code);
}


static const ig_walk_calls_t  ig_tally_calls = {
    ig_tally_value,
    ig_tally_shape,
    ig_tally_text,
    ig_tally_character
};


void
ig_tally_init(ig_tally_t *t, bool event)
{
    memset(t, 0, offsetof(ig_tally_t, walk));

    t->event = event;
    ig_repeat_init(&t->repeat);
    ig_walk_init(&t->walk, root, &ig_tally_calls, t);
}


void
ig_tally_data(ig_tally_t *t, ig_str_t piece)
{
    size_t  i;

    static const uint8_t  done[] = "[DONE]";

    if (t->event && t->sentinel < sizeof(done)) {

        for (i = 0; i < piece.len && t->sentinel < sizeof(done); i++) {
            t->sentinel = (t->sentinel < sizeof(done) - 1
                           && piece.data[i] == done[t->sentinel])
                          ? t->sentinel + 1 : (unsigned) sizeof(done);
        }
    }

    if (t->event) {
        ig_repeat_feed(&t->repeat, &t->walk, piece);
        return;
    }

    ig_walk_feed(&t->walk, piece);
    t->finished |= t->walk.closed;
}


static bool
ig_tally_after(const ig_tally_t *t)
{
    return (t->doc & IG_DOC_OUTPUT) ? false
                                    : t->after || (t->doc & IG_DOC_TEXT);
}


unsigned
ig_tally_end(ig_tally_t *t)
{
    unsigned  doc;

    if (!t->event) {
        ig_walk_end(&t->walk);

    } else if (ig_repeat_end(&t->repeat, &t->walk)) {
        t->doc |= t->last & ~(unsigned) IG_DOC_TEXT;
    }

    doc = t->doc;

    t->pieces += (doc & IG_DOC_TEXT) != 0;
    t->after = ig_tally_after(t);
    t->finished |= (t->sentinel == sizeof("[DONE]") - 1);
    t->sentinel = 0;
    t->last = doc;
    t->doc = 0;

    return doc;
}


void
ig_tally_usage(ig_tally_t *t, ig_usage_t *out)
{
    uint64_t  apart;

    ig_repeat_settle(&t->repeat, &t->walk);

    memset(out, 0, sizeof(ig_usage_t));

    apart = t->count[IG_COUNT_CACHE_READ] + t->count[IG_COUNT_CACHE_WRITTEN];

    out->cached = t->count[IG_COUNT_CACHED] > t->count[IG_COUNT_CACHE_READ]
                  ? t->count[IG_COUNT_CACHED] : t->count[IG_COUNT_CACHE_READ];
    out->cache_written = t->count[IG_COUNT_CACHE_WRITTEN];

    if (t->said & (1u << IG_COUNT_PROMPT)) {
        out->said |= IG_USAGE_INPUT;
        out->input = t->count[IG_COUNT_PROMPT];

    } else if (t->said & (1u << IG_COUNT_INPUT)) {
        out->said |= IG_USAGE_INPUT;
        out->input = t->count[IG_COUNT_INPUT] + apart;
    }

    if (t->said & (1u << IG_COUNT_OUTPUT)) {
        out->said |= IG_USAGE_OUTPUT;
        out->output = t->count[IG_COUNT_OUTPUT];
    }

    /* embeddings have a total and no output */

    if ((out->said & IG_USAGE_INPUT)
        && t->count[IG_COUNT_TOTAL] >= out->input
        && t->count[IG_COUNT_TOTAL] > 0)
    {
        out->said |= IG_USAGE_OUTPUT;

        if (t->count[IG_COUNT_TOTAL] - out->input > out->output) {
            out->output = t->count[IG_COUNT_TOTAL] - out->input;
        }
    }

    out->reasoning = t->count[IG_COUNT_REASONING];
    out->text = t->text;
    ig_text_count(&out->text, (ig_str_t) { t->stage, t->staged });
    out->pieces = t->pieces;
    out->after = (out->said & IG_USAGE_OUTPUT) && ig_tally_after(t);
    out->finished = t->finished;
    out->error = t->error;
    out->implausible = t->implausible;
    out->model = (ig_str_t) { t->model, t->model_len };
    out->reason = t->reason_len
                  ? (ig_str_t) { t->reason, t->reason_len }
                  : (ig_str_t) { t->status, t->status_len };
}

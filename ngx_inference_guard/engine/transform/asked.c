/*
 * What a request asks for, as far as it costs.
 *
 * Sources: the API references of OpenAI and Anthropic, Ollama's docs/api.md and
 * docs/modelfile.md (num_predict), the README of llama.cpp's server (n_predict,
 * which goes before max_tokens there).
 */

#include <transform/asked.h>

#include <string.h>


ig_output_t
ig_output_of(const ig_operation_t *operation)
{
    size_t    i;
    ig_str_t  name;

    static const struct {
        const char    *name;
        ig_dialect_t   dialect;
        ig_output_t    output;
    } outputs[] = {
        { "chat_completions", IG_DIALECT_OPENAI, IG_OUTPUT_CHAT },
        { "completions", IG_DIALECT_OPENAI, IG_OUTPUT_COMPLETIONS },
        { "responses", IG_DIALECT_OPENAI, IG_OUTPUT_RESPONSES },
        { "messages", IG_DIALECT_ANTHROPIC, IG_OUTPUT_MESSAGES },
        { "chat", IG_DIALECT_OLLAMA, IG_OUTPUT_OLLAMA },
        { "generate", IG_DIALECT_OLLAMA, IG_OUTPUT_OLLAMA },
    };

    if (operation == NULL) {
        return IG_OUTPUT_NONE;
    }

    name = operation->name;

    for (i = 0; i < sizeof(outputs) / sizeof(outputs[0]); i++) {
        if (operation->dialect == outputs[i].dialect
            && ig_member_is(name, outputs[i].name))
        {
            return outputs[i].output;
        }
    }

    return IG_OUTPUT_NONE;
}


bool
ig_output_limit(ig_output_t output, ig_str_t name, bool *exact)
{
    size_t    i;
    unsigned  bit;

#define KNOWS(output)  (1u << IG_OUTPUT_##output)

    /* servers of one dialect follow names of others: all are looked at */

    static const struct {
        const char  *name;
        unsigned     exact;
    } limits[] = {
        { "max_tokens", KNOWS(CHAT) | KNOWS(COMPLETIONS) | KNOWS(MESSAGES) },
        { "max_completion_tokens", KNOWS(CHAT) },
        { "max_output_tokens", KNOWS(RESPONSES) },
        { "n_predict", 0 },
        { "num_predict", KNOWS(OLLAMA) },
    };

#undef KNOWS

    bit = 1u << output;
    *exact = false;

    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (ig_member_folds(name, limits[i].name)) {
            *exact = (limits[i].exact & bit)
                     && ig_member_is(name, limits[i].name);
            return true;
        }
    }

    return false;
}


static uint64_t
ig_asked_elements(ig_str_t body, ig_str_t array)
{
    uint64_t      n;
    ig_members_t  m;

    ig_members_init(&m, body, array.data);

    for (n = 0; ig_elements_next(&m); n++) {

        /* numbers: the array is one prompt, of tokens */

        if (m.value.data[0] != '"' && m.value.data[0] != '[') {
            return 1;
        }
    }

    return n ? n : 1;
}


/* a limit that is null is not there; one that is no limit is none at all */

static void
ig_asked_limit(ig_str_t value, uint64_t *max, bool *none)
{
    uint64_t  n;

    if (ig_token_is(value, "null")) {
        return;
    }

    if (!ig_token_count(value, &n)) {
        *none = true;
        return;
    }

    if (n == UINT64_MAX) {
        n--;                           /* which stands for none */
    }

    if (*max == UINT64_MAX || n > *max) {
        *max = n;
    }
}


static void
ig_asked_options(ig_str_t body, ig_str_t value, uint64_t *max, bool *none)
{
    bool          exact;
    ig_members_t  m;

    if (value.data[0] != '{') {
        return;
    }

    ig_members_init(&m, body, value.data);

    while (ig_members_next(&m)) {
        if (ig_output_limit(IG_OUTPUT_OLLAMA, m.name, &exact)) {
            ig_asked_limit(m.value, max, none);
        }
    }
}


static bool
ig_asked_usage(ig_str_t body, ig_str_t value)
{
    ig_members_t  m;

    if (value.data[0] != '{') {
        return false;
    }

    ig_members_init(&m, body, value.data);

    while (ig_members_next(&m)) {
        if (ig_member_is(m.name, "include_usage")) {
            return ig_token_is(m.value, "true");
        }
    }

    return false;
}


/* the inside of a JSON string */

static void
ig_asked_string(ig_str_t value, ig_str_t *out)
{
    if (value.len > 2 && value.data[0] == '"') {
        *out = (ig_str_t) { value.data + 1, value.len - 2 };
    }
}


static void
ig_asked_metadata(ig_str_t body, ig_str_t value, ig_asked_t *out)
{
    ig_members_t  m;

    if (value.data[0] != '{') {
        return;
    }

    ig_members_init(&m, body, value.data);

    while (ig_members_next(&m)) {

        if (ig_member_is(m.name, "task_id")) {
            ig_asked_string(m.value, &out->task);

        } else if (ig_member_is(m.name, "user_id") && out->user.len == 0) {
            ig_asked_string(m.value, &out->user);
        }
    }
}


/* who the client says it works for; false: the member is another */

static bool
ig_asked_for(ig_str_t body, const ig_members_t *m, ig_asked_t *out)
{
    if (ig_member_is(m->name, "metadata")) {
        ig_asked_metadata(body, m->value, out);
        return true;
    }

    /* `user` is the older name: where both are, the newer one counts */

    if (ig_member_is(m->name, "safety_identifier")) {
        ig_asked_string(m->value, &out->user);
        return true;
    }

    if (ig_member_is(m->name, "user")) {
        if (out->user.len == 0) {
            ig_asked_string(m->value, &out->user);
        }

        return true;
    }

    return false;
}


ig_rc_t
ig_asked(ig_str_t body, const ig_operation_t *operation, ig_asked_t *out)
{
    bool          none, exact;
    uint64_t      n, prompts, count;
    ig_output_t   output;
    ig_members_t  m;

    memset(out, 0, sizeof(ig_asked_t));
    out->max_output = UINT64_MAX;
    out->choices = 1;

    output = ig_output_of(operation);
    out->generates = (output != IG_OUTPUT_NONE);
    none = false;
    n = prompts = 1;

    ig_members_init(&m, body, body.data);

    while (ig_members_next(&m)) {

        if (ig_member_is(m.name, "stream")) {
            out->stream = ig_token_is(m.value, "true");
            continue;
        }

        if (ig_member_is(m.name, "stream_options")) {
            out->include_usage = ig_asked_usage(body, m.value);
            continue;
        }

        if (ig_asked_for(body, &m, out)) {
            continue;
        }

        if (output == IG_OUTPUT_OLLAMA) {
            if (ig_member_folds(m.name, "options")) {
                ig_asked_options(body, m.value, &out->max_output, &none);
            }

            continue;
        }

        if (ig_output_limit(output, m.name, &exact)) {
            ig_asked_limit(m.value, &out->max_output, &none);
            continue;
        }

        if (output == IG_OUTPUT_COMPLETIONS && m.value.data[0] == '['
            && ig_member_is(m.name, "prompt"))
        {
            prompts = ig_asked_elements(body, m.value);
        }

        if ((output == IG_OUTPUT_CHAT || output == IG_OUTPUT_COMPLETIONS)
            && (ig_member_is(m.name, "n") || ig_member_is(m.name, "best_of"))
            && ig_token_count(m.value, &count) && count > n)
        {
            n = count;
        }
    }

    if (none) {
        out->max_output = UINT64_MAX;
    }

    if (output != IG_OUTPUT_NONE) {
        out->choices = n > UINT64_MAX / prompts ? UINT64_MAX : n * prompts;
    }

    out->include_usage = out->include_usage && out->stream;

    return m.bad ? IG_ERROR : IG_OK;
}

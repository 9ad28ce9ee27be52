/*
 * Operations, one row each.
 *
 * Sources: the API references of OpenAI and Anthropic, Ollama's docs/api.md.
 * Ollama's clients ask for `HEAD /` to see whether a server is there.
 */

#include <read/operation.h>


#define S(literal)                                                            \
    { (const uint8_t *) (literal), sizeof(literal) - 1 }

#define POST(name, path, dialect, place, required, streams)                   \
    { { S(name), S("POST"), S(path), IG_DIALECT_##dialect, true, true },      \
      IG_PLACE_##place, required, streams }

#define READ(name, method, path, dialect)                                     \
    { { S(name), S(method), S(path), IG_DIALECT_##dialect, false, false },    \
      IG_PLACE_ANY, 0, false }

#define INPUT  IG_SEEN_INPUT


static const ig_operation_row_t  ig_operations[] = {
    POST("chat_completions", "/v1/chat/completions", OPENAI, CHAT,
         INPUT, false),
    POST("messages", "/v1/messages", ANTHROPIC, MESSAGES, INPUT, false),
    POST("chat", "/api/chat", OLLAMA, OLLAMA_CHAT, 0, true),
    POST("responses", "/v1/responses", OPENAI, RESPONSES, 0, false),
    POST("embeddings", "/v1/embeddings", OPENAI, EMBEDDINGS, INPUT, false),
    POST("completions", "/v1/completions", OPENAI, COMPLETIONS, 0, false),
    POST("count_tokens", "/v1/messages/count_tokens", ANTHROPIC, MESSAGES,
         INPUT, false),
    POST("generate", "/api/generate", OLLAMA, OLLAMA_GENERATE, 0, true),
    POST("embed", "/api/embed", OLLAMA, OLLAMA_EMBED, 0, false),
    POST("embeddings", "/api/embeddings", OLLAMA, OLLAMA_EMBED, 0, false),

    READ("models", "GET", "/v1/models", OPENAI),
    READ("model", "GET", "/v1/models/*", OPENAI),
    READ("models", "GET", "/v1/models", ANTHROPIC),
    READ("model", "GET", "/v1/models/*", ANTHROPIC),
    READ("tags", "GET", "/api/tags", OLLAMA),
    READ("version", "GET", "/api/version", OLLAMA),
    READ("root", "GET", "/", OLLAMA),
    READ("root", "HEAD", "/", OLLAMA),
};

#define IG_OPERATIONS  (sizeof(ig_operations) / sizeof(ig_operations[0]))


/* a star at the end is one segment, not empty */

static bool
ig_operation_path(ig_str_t pattern, ig_str_t path)
{
    size_t  i, n;

    n = pattern.len - 1;

    if (pattern.data[n] != '*') {
        return pattern.len == path.len && ig_str_eq(pattern, path);
    }

    if (path.len <= n
        || !ig_str_eq((ig_str_t) { pattern.data, n },
                      (ig_str_t) { path.data, n }))
    {
        return false;
    }

    for (i = n; i < path.len; i++) {
        if (path.data[i] == '/') {
            return false;
        }
    }

    return true;
}


/*
 * A row of the path but for the method is given with unknown_method, so that
 * the dialect is known.  Where both dialects have a path the header decides.
 */

const ig_operation_t *
ig_operation_find(ig_str_t method, ig_str_t path, bool anthropic,
    ig_reason_t *reason)
{
    size_t                 i;
    const ig_operation_t  *o, *found, *nearly;

    found = NULL;
    nearly = NULL;

    for (i = 0; i < IG_OPERATIONS; i++) {
        o = &ig_operations[i].public;

        if (!ig_operation_path(o->path, path)) {
            continue;
        }

        if (!ig_str_eq(o->method, method)) {
            nearly = nearly ? nearly : o;
            continue;
        }

        found = o;

        if (!anthropic) {
            break;
        }
    }

    if (found) {
        *reason = IG_REASON_NONE;
        return found;
    }

    *reason = nearly ? IG_REASON_unknown_method : IG_REASON_unknown_operation;

    return nearly;
}


const ig_operation_row_t *
ig_operation_row(const ig_operation_t *o)
{
    return (const ig_operation_row_t *) (const void *) o;
}


static bool
ig_operation_under(ig_str_t path, ig_str_t prefix)
{
    return path.len >= prefix.len
           && ig_str_eq((ig_str_t) { path.data, prefix.len }, prefix);
}


ig_dialect_t
ig_operation_guess(ig_str_t path, bool anthropic)
{
    if (ig_operation_under(path, IG_STR("/v1/"))) {
        return anthropic ? IG_DIALECT_ANTHROPIC : IG_DIALECT_OPENAI;
    }

    if (ig_operation_under(path, IG_STR("/api/"))) {
        return IG_DIALECT_OLLAMA;
    }

    return IG_DIALECT_NONE;
}

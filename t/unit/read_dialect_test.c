/*
 * What is read from bodies as real clients send them: text in order, tools,
 * model, stream, and what cannot be inspected.  Shapes follow the request types
 * of the openai and @anthropic-ai/sdk packages and Ollama's docs/api.md.
 */

#include "read_helpers.h"


#define CHAT       "/v1/chat/completions"
#define RESPONSES  "/v1/responses"
#define MESSAGES   "/v1/messages"
#define USER       "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"
#define PARTS(p)   "{\"model\":\"m\",\"messages\":[{\"role\":\"user\","        \
                   "\"content\":[" p "]}]}"
#define ITEMS(i)   "{\"model\":\"m\",\"input\":[" i "]}"

#define MEDIA      IG_UNINSPECTABLE_MEDIA
#define REFERENCE  IG_UNINSPECTABLE_REFERENCE
#define REMOTE     IG_UNINSPECTABLE_REMOTE
#define TOKENS     IG_UNINSPECTABLE_TOKENS
#define ENCRYPTED  IG_UNINSPECTABLE_ENCRYPTED
#define UNKNOWN    IG_UNINSPECTABLE_UNKNOWN

static ig_arena_t  *arena;


/* text and tools as they are found, with a bar behind each */

typedef struct {
    const char  *path;
    const char  *body;
    unsigned     uninspectable;
    const char  *text;         /* NULL: not looked at */
    const char  *tools;
} shape_t;

static const shape_t  shapes[] = {

    /* chat: what clients send every day */

    { CHAT, "{\"model\":\"m\",\"messages\":["
      "{\"role\":\"developer\",\"content\":\"d1\"},"
      "{\"role\":\"system\",\"content\":[{\"type\":\"text\",\"text\":\"s1\"}]},"
      "{\"role\":\"user\",\"name\":\"ann\",\"content\":\"u1\"},"
      "{\"role\":\"assistant\",\"content\":null,\"refusal\":null,"
      "\"tool_calls\":[{\"id\":\"call_1\",\"type\":\"function\",\"function\":"
      "{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}]},"
      "{\"role\":\"tool\",\"tool_call_id\":\"call_1\",\"content\":\"t1\"}]}",
      0, "d1|s1|u1|{\\\"a\\\":1}|t1|", "f|" },
    { CHAT, "{" USER ",\"model\":\"m\",\"metadata\":{\"file_id\":\"x\","
      "\"images\":\"y\"},\"logit_bias\":{\"50256\":-100},\"stop\":[\"a\"],"
      "\"store\":true,\"user\":\"u-1\",\"n\":2,\"seed\":1,\"reasoning_effort\":"
      "\"low\",\"stream_options\":{\"include_usage\":true},\"modalities\":"
      "[\"text\"],\"service_tier\":\"auto\",\"prompt_cache_key\":\"k\","
      "\"parallel_tool_calls\":false,\"verbosity\":\"low\"}", 0, "hi|", "" },
    { CHAT, "{" USER ",\"model\":\"m\",\"response_format\":{\"type\":"
      "\"json_schema\",\"json_schema\":{\"name\":\"s\",\"schema\":{\"type\":"
      "\"object\",\"properties\":{\"file_id\":{\"type\":\"string\"},"
      "\"image_url\":{\"type\":\"string\"}}},\"strict\":true}}}",
      0, "hi|", "" },
    { CHAT, "{" USER ",\"model\":\"m\",\"tools\":[{\"type\":\"function\","
      "\"function\":{\"name\":\"get\",\"description\":\"d\",\"parameters\":{"
      "\"type\":\"object\",\"properties\":{\"file_id\":{\"type\":\"string\"},"
      "\"images\":{\"type\":\"array\"},\"Name\":{\"type\":\"string\"},\"name\":"
      "{\"enum\":[\"not a tool\"]}}},\"strict\":true}},{\"type\":\"custom\","
      "\"custom\":{\"name\":\"cust\",\"format\":{\"type\":\"text\"}}}],"
      "\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"get\"}}}",
      0, "hi|", "get|cust|" },
    { CHAT, "{" USER ",\"model\":\"m\",\"functions\":[{\"name\":\"old\","
      "\"parameters\":{}}],\"function_call\":{\"name\":\"older\"},"
      "\"tool_choice\":{\"type\":\"allowed_tools\",\"allowed_tools\":{\"mode\":"
      "\"auto\",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":"
      "\"al\"}}]}}}", 0, "hi|", "old|older|al|" },
    { CHAT, "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\","
      "\"content\":\"c\",\"reasoning_content\":\"r\",\"annotations\":[{\"type\":"
      "\"url_citation\",\"url_citation\":{\"url\":\"https://x\"}}],"
      "\"function_call\":{\"name\":\"o\",\"arguments\":\"{}\"}},{\"role\":"
      "\"function\",\"name\":\"o\",\"content\":\"res\"}],\"tools\":null,"
      "\"prediction\":{\"type\":\"content\",\"content\":\"p\"}}",
      0, "c|r|{}|res|p|", "o|" },
    { CHAT, PARTS("{\"type\":\"text\",\"text\":\"20000\"},{\"text\":\"00006\","
      "\"type\":\"text\",\"cache_control\":{\"type\":\"ephemeral\"}}"),
      0, "20000|00006|", "" },
    { CHAT, PARTS("\"plain\",{\"type\":\"refusal\",\"refusal\":\"no\"}"),
      0, "plain|no|", "" },
    { CHAT, "{" USER ",\"model\":\"m\",\"audio\":{\"voice\":\"alloy\","
      "\"format\":\"mp3\"},\"web_search_options\":{}}", 0, "hi|", "" },

    /* other models, and a cache that is fetched from elsewhere */

    { CHAT, "{\"model\":\"m\"," USER ",\"models\":[\"n\"]}",
      UNKNOWN, "hi|", "" },
    { CHAT, "{\"model\":\"m\"," USER ",\"models\":[],\"fallbacks\":null}",
      0, "hi|", "" },
    { MESSAGES, "{\"model\":\"m\"," USER ",\"fallbacks\":[{\"model\":\"n\"}]}",
      UNKNOWN, "hi|", "" },
    { RESPONSES, "{\"model\":\"m\",\"input\":\"i\",\"models\":[\"n\"]}",
      UNKNOWN, "i|", "" },
    { CHAT, "{\"model\":\"m\"," USER ",\"kv_transfer_params\":{"
      "\"remote_host\":\"h\"}}", REMOTE, "hi|", "" },

    /* chat: what cannot be read */

    { CHAT, PARTS("{\"type\":\"text\",\"text\":\"see\"},{\"type\":"
      "\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AA==\"}}"),
      MEDIA, "see|", "" },
    { CHAT, PARTS("{\"type\":\"image_url\",\"image_url\":{\"url\":"
      "\"https:\\/\\/x.example/a.png\",\"detail\":\"low\"}}"),
      MEDIA | REMOTE, "", "" },
    { CHAT, PARTS("{\"image_url\":\"https://x.example/a.png\"}"),
      MEDIA | REMOTE | UNKNOWN, "", "" },
    { CHAT, PARTS("{\"type\":\"input_audio\",\"input_audio\":{\"data\":"
      "\"AAAA\",\"format\":\"wav\"}}"), MEDIA, "", "" },
    { CHAT, PARTS("{\"type\":\"file\",\"file\":{\"file_id\":\"file-1\"}}"),
      MEDIA | REFERENCE, "", "" },
    { CHAT, PARTS("{\"type\":\"file\",\"file\":{\"file_data\":\"AA\","
      "\"filename\":\"a.pdf\"}}"), MEDIA, "", "" },
    { CHAT, PARTS("{\"type\":\"video_url\",\"video_url\":{\"url\":"
      "\"s3://bucket/x\"}}"), MEDIA | REMOTE, "", "" },
    { CHAT, PARTS("{\"type\":\"hologram\",\"text\":\"x\"}"),
      UNKNOWN, "x|", "" },
    { CHAT, PARTS("{\"blob\":\"x\"}"), UNKNOWN, "", "" },
    { CHAT, PARTS("{}"), UNKNOWN, "", "" },
    { CHAT, PARTS("{\"type\":\"t\\u0065xt\",\"text\":\"x\"}"), 0, "x|", "" },
    { CHAT, PARTS("{\"t\\u0079pe\":\"image_\\u0075rl\"}"), MEDIA, "", "" },
    { CHAT, "{\"model\":\"m\",\"messages\":[{\"role\":\"assistant\",\"audio\":"
      "{\"id\":\"audio_1\"}}]}", REFERENCE, "", "" },
    { CHAT, "{" USER ",\"model\":\"m\",\"tools\":[{\"type\":\"quantum\"}]}",
      UNKNOWN, "hi|", "" },

    /* completions and embeddings */

    { "/v1/completions", "{\"model\":\"m\",\"prompt\":\"p\",\"suffix\":\"s\","
      "\"stop\":\"x\",\"echo\":true}", 0, "p|s|", "" },
    { "/v1/completions", "{\"model\":\"m\",\"prompt\":[\"p\",\"q\"]}",
      0, "p|q|", "" },
    { "/v1/completions", "{\"model\":\"m\",\"prompt\":null}", 0, "", "" },
    { "/v1/completions", "{\"model\":\"m\",\"prompt\":[1,2]}", TOKENS, "", "" },
    { "/v1/completions", "{\"model\":\"m\",\"prompt\":[[1],[2]]}",
      TOKENS, "", "" },
    { "/v1/completions", "{\"model\":\"m\",\"prompt\":[[]]}", 0, "", "" },
    { "/v1/completions", "{\"model\":\"m\",\"prompt_embeds\":\"AA\"}",
      TOKENS, "", "" },
    { "/v1/embeddings", "{\"model\":\"m\",\"input\":\"e\",\"encoding_format\":"
      "\"float\",\"dimensions\":8,\"user\":\"u\"}", 0, "e|", "" },
    { "/v1/embeddings", "{\"model\":\"m\",\"input\":[\"e\",\"f\"]}",
      0, "e|f|", "" },
    { "/v1/embeddings", "{\"model\":\"m\",\"input\":[1234]}", TOKENS, "", "" },
    { "/v1/embeddings", "{\"model\":\"m\",\"input\":[[1234]]}", TOKENS, "", "" },

    /* responses */

    { RESPONSES, "{\"model\":\"m\",\"input\":\"i\",\"instructions\":\"n\","
      "\"store\":false,\"include\":[\"reasoning.encrypted_content\"],"
      "\"reasoning\":{\"effort\":\"low\",\"summary\":\"auto\"},\"text\":"
      "{\"format\":{\"type\":\"json_schema\",\"name\":\"x\",\"schema\":{"
      "\"properties\":{\"file_id\":{}}}}},\"truncation\":\"auto\","
      "\"metadata\":{\"conversation\":\"c\"},\"background\":false,"
      "\"previous_response_id\":null,\"conversation\":null,\"prompt\":null,"
      "\"max_tool_calls\":3,\"safety_identifier\":\"s\"}", 0, "i|n|", "" },
    { RESPONSES, ITEMS("{\"role\":\"user\",\"content\":\"a\"},"
      "{\"type\":\"message\",\"role\":\"developer\",\"content\":[{\"type\":"
      "\"input_text\",\"text\":\"b\"}]},{\"id\":\"msg_1\",\"type\":\"message\","
      "\"role\":\"assistant\",\"status\":\"completed\",\"content\":[{\"type\":"
      "\"output_text\",\"text\":\"c\",\"annotations\":[{\"type\":"
      "\"file_citation\",\"file_id\":\"f\",\"index\":1}],\"logprobs\":[]}]},"
      "{\"id\":\"rs_1\",\"type\":\"reasoning\",\"summary\":[{\"type\":"
      "\"summary_text\",\"text\":\"d\"}],\"content\":[{\"type\":"
      "\"reasoning_text\",\"text\":\"e\"}],\"encrypted_content\":null},"
      "{\"type\":\"function_call\",\"call_id\":\"c1\",\"id\":\"fc_1\","
      "\"name\":\"g\",\"arguments\":\"{}\",\"status\":\"completed\"},"
      "{\"type\":\"function_call_output\",\"call_id\":\"c1\",\"output\":\"h\"},"
      "{\"type\":\"function_call_output\",\"call_id\":\"c2\",\"output\":[{"
      "\"type\":\"input_text\",\"text\":\"i\"}]},{\"type\":\"custom_tool_call\","
      "\"call_id\":\"c3\",\"name\":\"k\",\"input\":\"l\"},{\"type\":"
      "\"custom_tool_call_output\",\"call_id\":\"c3\",\"output\":\"m\"}"),
      0, "a|b|c|d|e|{}|h|i|l|m|", "g|k|" },
    { RESPONSES, ITEMS("{\"type\":\"web_search_call\",\"id\":\"ws_1\","
      "\"status\":\"completed\",\"action\":{\"type\":\"search\",\"query\":"
      "\"q\"}},{\"type\":\"shell_call\",\"call_id\":\"c\",\"action\":"
      "{\"commands\":[\"ls\"]}},{\"type\":\"shell_call_output\",\"call_id\":"
      "\"c\",\"output\":[{\"stdout\":\"o\",\"stderr\":\"\",\"outcome\":{"
      "\"type\":\"exit\",\"exit_code\":0}}]},{\"type\":\"mcp_list_tools\","
      "\"id\":\"l\",\"server_label\":\"s\",\"tools\":[{\"name\":\"mt\","
      "\"input_schema\":{}}]},{\"type\":\"mcp_call\",\"id\":\"x\",\"name\":"
      "\"mt\",\"arguments\":\"{}\",\"output\":\"mo\",\"server_label\":\"s\"}"),
      0, "search|q|ls|o|{}|mo|", "mt|" },
    { RESPONSES, "{\"model\":\"m\",\"input\":\"i\",\"tools\":[{\"type\":"
      "\"function\",\"name\":\"f\",\"parameters\":{\"properties\":{"
      "\"vector_store_ids\":{}}},\"strict\":true},{\"type\":\"web_search\","
      "\"filters\":{\"allowed_domains\":[\"x.example\"]}},{\"type\":"
      "\"web_search_preview_2025_03_11\"},{\"type\":\"code_interpreter\","
      "\"container\":{\"type\":\"auto\"}},{\"type\":\"local_shell\"},{\"type\":"
      "\"custom\",\"name\":\"c\"},{\"type\":\"image_generation\"}],"
      "\"tool_choice\":{\"type\":\"function\",\"name\":\"f\"}}",
      0, "i|", "f|c|" },
    { RESPONSES, "{\"model\":\"m\",\"previous_response_id\":\"resp_1\"}",
      REFERENCE, "", "" },
    { RESPONSES, "{\"model\":\"m\",\"conversation\":{\"id\":\"conv_1\"}}",
      REFERENCE, "", "" },
    { RESPONSES, "{\"model\":\"m\",\"conversation\":\"conv_1\"}",
      REFERENCE, "", "" },
    { RESPONSES, "{\"model\":\"m\",\"prompt\":{\"id\":\"pmpt_1\",\"variables\":"
      "{\"name\":\"v\"}}}", REFERENCE, "v|", "" },
    { RESPONSES, ITEMS("{\"type\":\"item_reference\",\"id\":\"msg_1\"}"),
      REFERENCE, "", "" },
    { RESPONSES, ITEMS("{\"id\":\"msg_1\"}"), REFERENCE, "", "" },
    { RESPONSES, ITEMS("{\"type\":null,\"id\":\"msg_1\"}"),
      REFERENCE, "", "" },
    { RESPONSES, ITEMS("{\"type\":\"novelty\",\"id\":\"x\"}"),
      UNKNOWN, "", "" },
    { RESPONSES, ITEMS("{\"type\":\"reasoning\",\"id\":\"r\",\"summary\":[],"
      "\"encrypted_content\":\"gAAA\"}"), ENCRYPTED, "", "" },
    { RESPONSES, ITEMS("{\"type\":\"compaction\",\"encrypted_content\":\"g\"}"),
      ENCRYPTED, "", "" },
    { RESPONSES, ITEMS("{\"role\":\"user\",\"content\":[{\"type\":"
      "\"input_image\",\"image_url\":\"https://x/y.png\"}]}"),
      MEDIA | REMOTE, "", "" },
    { RESPONSES, ITEMS("{\"role\":\"user\",\"content\":[{\"type\":"
      "\"input_image\",\"file_id\":\"f\",\"image_url\":null}]}"),
      MEDIA | REFERENCE, "", "" },
    { RESPONSES, ITEMS("{\"role\":\"user\",\"content\":[{\"type\":"
      "\"input_file\",\"file_url\":\"https://x/y.pdf\"}]}"),
      MEDIA | REMOTE, "", "" },
    { RESPONSES, ITEMS("{\"type\":\"computer_call_output\",\"call_id\":\"c\","
      "\"output\":{\"type\":\"computer_screenshot\",\"image_url\":"
      "\"data:image/png;base64,A\"}}"), MEDIA, "", "" },
    { RESPONSES, ITEMS("{\"type\":\"file_search_call\",\"id\":\"f\","
      "\"queries\":[\"q\"],\"results\":null}"), REFERENCE, "q|", "" },
    { RESPONSES, ITEMS("{\"type\":\"image_generation_call\",\"id\":\"i\","
      "\"result\":\"AAAA\"}"), MEDIA, "AAAA|", "" },
    { RESPONSES, "{\"model\":\"m\",\"input\":\"i\",\"tools\":[{\"type\":"
      "\"file_search\",\"vector_store_ids\":[\"vs_1\"]}]}",
      REFERENCE, "i|", "" },
    { RESPONSES, "{\"model\":\"m\",\"input\":\"i\",\"tools\":[{\"type\":"
      "\"mcp\",\"server_label\":\"s\",\"server_url\":\"https://x\"}]}",
      REMOTE, "i|", "" },
    { RESPONSES, "{\"model\":\"m\",\"input\":\"i\",\"tools\":[{\"type\":"
      "\"code_interpreter\",\"container\":\"cntr_1\"}]}",
      REFERENCE, "i|", "" },
    { RESPONSES, "{\"model\":\"m\",\"input\":\"i\",\"tools\":[{\"type\":"
      "\"code_interpreter\",\"container\":{\"type\":\"auto\",\"file_ids\":"
      "[\"f\"]}}]}", REFERENCE, "i|", "" },

    /* Anthropic */

    { MESSAGES, "{\"model\":\"m\",\"max_tokens\":9,\"system\":[{\"type\":"
      "\"text\",\"text\":\"s\",\"cache_control\":{\"type\":\"ephemeral\","
      "\"ttl\":\"1h\"}}],\"messages\":[{\"role\":\"user\",\"content\":\"u\"},"
      "{\"role\":\"assistant\",\"content\":[{\"type\":\"thinking\","
      "\"thinking\":\"t\",\"signature\":\"EqQBCgIYAhIM\"},{\"type\":\"text\","
      "\"text\":\"a\",\"citations\":[{\"type\":\"char_location\",\"cited_text\":"
      "\"c\",\"document_index\":0,\"document_title\":null,\"file_id\":null}]},"
      "{\"type\":\"tool_use\",\"id\":\"toolu_1\",\"name\":\"f\",\"input\":{"
      "\"file_id\":\"x\",\"deep\":[\"y\",{\"z\":\"w\"}],\"n\":12345}}]},"
      "{\"role\":\"user\",\"content\":[{\"type\":\"tool_result\","
      "\"tool_use_id\":\"toolu_1\",\"content\":[{\"type\":\"text\",\"text\":"
      "\"r\"}],\"is_error\":false},{\"type\":\"tool_result\",\"tool_use_id\":"
      "\"toolu_2\",\"content\":\"r2\"},{\"type\":\"tool_result\","
      "\"tool_use_id\":\"toolu_3\"}]}],\"tools\":[{\"name\":\"f\","
      "\"description\":\"d\",\"input_schema\":{\"type\":\"object\","
      "\"properties\":{\"images\":{},\"file_id\":{}}}},{\"type\":"
      "\"bash_20250124\",\"name\":\"bash\"},{\"type\":"
      "\"text_editor_20250728\",\"name\":\"str_replace_based_edit_tool\"},"
      "{\"type\":\"web_search_20250305\",\"name\":\"web_search\",\"max_uses\":"
      "1},{\"type\":\"custom\",\"name\":\"g\",\"input_schema\":{}}],"
      "\"tool_choice\":{\"type\":\"tool\",\"name\":\"f\"},\"thinking\":{"
      "\"type\":\"enabled\",\"budget_tokens\":1024},\"metadata\":{\"user_id\":"
      "\"u-1\"},\"stop_sequences\":[\"x\"],\"service_tier\":\"auto\"}",
      0, "s|u|t|a|x|y|w|r|r2|",
      "f|bash|str_replace_based_edit_tool|web_search|g|" },
    { MESSAGES, "{\"model\":\"m\",\"max_tokens\":9,\"system\":\"sys\"," USER
      ",\"container\":null,\"mcp_servers\":[]}", 0, "sys|hi|", "" },
    { MESSAGES, PARTS("{\"type\":\"document\",\"source\":{\"type\":\"text\","
      "\"media_type\":\"text/plain\",\"data\":\"dd\"},\"title\":\"tt\","
      "\"context\":\"cc\",\"citations\":{\"enabled\":true}}"),
      0, "dd|tt|cc|", "" },
    { MESSAGES, PARTS("{\"type\":\"document\",\"source\":{\"type\":"
      "\"content\",\"content\":[{\"type\":\"text\",\"text\":\"dc\"}]}}"),
      0, "dc|", "" },
    { MESSAGES, PARTS("{\"type\":\"search_result\",\"source\":\"https://x\","
      "\"title\":\"ti\",\"content\":[{\"type\":\"text\",\"text\":\"co\"}]}"),
      0, "ti|co|", "" },
    { MESSAGES, PARTS("{\"type\":\"server_tool_use\",\"id\":\"s\",\"name\":"
      "\"web_search\",\"input\":{\"query\":\"q\"}},{\"type\":"
      "\"web_search_tool_result\",\"tool_use_id\":\"s\",\"content\":{\"type\":"
      "\"web_search_tool_result_error\",\"error_code\":\"unavailable\"}}"),
      0, "q|", "web_search|" },
    { MESSAGES, PARTS("{\"type\":\"web_search_tool_result\",\"tool_use_id\":"
      "\"s\",\"content\":[{\"type\":\"web_search_result\",\"url\":\"https://x\","
      "\"title\":\"t\",\"encrypted_content\":\"EqQ\"}]}"),
      ENCRYPTED, "t|", "" },
    { MESSAGES, PARTS("{\"type\":\"redacted_thinking\",\"data\":\"EmwK\"}"),
      ENCRYPTED, NULL, "" },
    { MESSAGES, PARTS("{\"type\":\"image\",\"source\":{\"type\":\"base64\","
      "\"media_type\":\"image/png\",\"data\":\"AA\"}}"), MEDIA, NULL, "" },
    { MESSAGES, PARTS("{\"type\":\"image\",\"source\":{\"type\":\"url\","
      "\"url\":\"https://x\"}}"), MEDIA | REMOTE, NULL, "" },
    { MESSAGES, PARTS("{\"type\":\"document\",\"source\":{\"type\":\"file\","
      "\"file_id\":\"file_1\"}}"), REFERENCE, NULL, "" },
    { MESSAGES, PARTS("{\"source\":{\"data\":\"AA\",\"type\":\"base64\"},"
      "\"type\":\"document\"}"), MEDIA, NULL, "" },
    { MESSAGES, PARTS("{\"type\":\"document\",\"source\":{\"data\":\"AA\"}}"),
      UNKNOWN, NULL, "" },
    { MESSAGES, PARTS("{\"type\":\"document\"}"), MEDIA, NULL, "" },
    { MESSAGES, PARTS("{\"type\":\"document\",\"source\":\"https://x\"}"),
      MEDIA, NULL, "" },
    { MESSAGES, PARTS("{\"type\":\"tool_result\",\"tool_use_id\":\"t\","
      "\"content\":[{\"type\":\"image\",\"source\":{\"type\":\"base64\","
      "\"data\":\"A\"}}]}"), MEDIA, NULL, "" },
    { MESSAGES, PARTS("{\"type\":\"container_upload\",\"file_id\":\"f\"}"),
      REFERENCE, NULL, "" },
    { MESSAGES, "{\"model\":\"m\"," USER ",\"mcp_servers\":[{\"type\":\"url\","
      "\"url\":\"https://x\",\"name\":\"n\"}]}", REMOTE, "hi|", "" },
    { MESSAGES, "{\"model\":\"m\"," USER ",\"container\":\"container_1\"}",
      REFERENCE, "hi|", "" },
    { MESSAGES, "{\"model\":\"m\"," USER ",\"container\":{\"id\":null,"
      "\"skills\":[{\"type\":\"anthropic\",\"skill_id\":\"pdf\"}]}}",
      REFERENCE, "hi|", "" },
    { "/v1/messages/count_tokens", "{\"model\":\"m\"," USER "}", 0, "hi|", "" },

    /* Ollama */

    { "/api/chat", "{\"model\":\"m\",\"messages\":[{\"role\":\"user\","
      "\"content\":\"u\",\"images\":null},{\"role\":\"assistant\",\"content\":"
      "\"\",\"thinking\":\"th\",\"tool_calls\":[{\"function\":{\"name\":\"f\","
      "\"arguments\":{\"city\":\"Riyadh\",\"n\":1}}}]},{\"role\":\"tool\","
      "\"tool_name\":\"f\",\"content\":\"r\"}],\"tools\":[{\"type\":"
      "\"function\",\"function\":{\"name\":\"f\",\"parameters\":{}}}],"
      "\"format\":{\"properties\":{\"images\":{}}},\"options\":{\"num_ctx\":"
      "4096},\"keep_alive\":\"5m\",\"think\":true}",
      0, "u|th|Riyadh|r|", "f|" },
    { "/api/chat", "{\"model\":\"m\"}", 0, "", "" },
    { "/api/chat", "{\"model\":\"m\",\"messages\":[{\"role\":\"user\","
      "\"content\":\"u\",\"images\":[\"AAAA\"]}]}", MEDIA, "u|", "" },
    { "/api/chat", "{\"model\":\"m\",\"messages\":[{\"role\":\"user\","
      "\"content\":\"u\",\"images\":[]}]}", 0, "u|", "" },
    { "/api/generate", "{\"model\":\"m\",\"prompt\":\"p\",\"system\":\"s\","
      "\"template\":\"t\",\"suffix\":\"x\",\"context\":[],\"images\":[],"
      "\"raw\":false,\"format\":\"json\"}", 0, "p|s|t|x|", "" },
    { "/api/generate", "{\"model\":\"m\",\"prompt\":\"p\",\"context\":[1,2]}",
      TOKENS, "p|", "" },
    { "/api/generate", "{\"model\":\"m\",\"images\":[\"A\"]}", MEDIA, "", "" },
    { "/api/embed", "{\"model\":\"m\",\"input\":[\"a\",\"b\"]}",
      0, "a|b|", "" },
    { "/api/embeddings", "{\"model\":\"m\",\"prompt\":\"a\"}", 0, "a|", "" },
};


static void
test_shapes(void **state)
{
    char            found[1024];
    size_t          i, k, n;
    ig_reading_t    r;
    const shape_t  *s;

    (void) state;

    for (i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
        s = &shapes[i];
        r = read_post(s->path, ig_str_from_c(s->body), arena);

        if (r.reason != IG_REASON_NONE) {
            fail_msg("%s: %s at %zu", s->body,
                     (const char *) ig_reason_code(r.reason).data,
                     r.reason_at);
        }

        if (r.uninspectable != s->uninspectable) {
            fail_msg("%s: uninspectable 0x%x", s->body, r.uninspectable);
        }

        if (s->text) {
            text_of(block_of(&r, IG_BLOCK_BODY), found, sizeof(found));

            if (strcmp(found, s->text) != 0) {
                fail_msg("%s: text %s", s->body, found);
            }
        }

        for (k = 0, n = 0; k < r.tools.n; k++) {
            n += (size_t) sprintf(found + n, "%.*s|", IG_FMT(r.tools.items[k]));
        }

        found[n] = '\0';

        if (strcmp(found, s->tools) != 0) {
            fail_msg("%s: tools %s", s->body, found);
        }
    }
}


typedef struct {
    const char   *path;
    const char   *body;
    ig_reason_t   reason;
} refused_t;

#define WRONG      IG_REASON_wrong_type
#define MISSING    IG_REASON_missing_field
#define AMBIGUOUS  IG_REASON_ambiguous_key
#define DUPLICATE  IG_REASON_duplicate_key

static const refused_t  refused[] = {
    { CHAT, "[]", WRONG },
    { CHAT, "{}", MISSING },
    { CHAT, "{" USER "}", MISSING },
    { CHAT, "{\"model\":\"m\"}", MISSING },
    { CHAT, "{\"model\":\"\"," USER "}", MISSING },
    { CHAT, "{\"model\":null," USER "}", WRONG },
    { CHAT, "{\"model\":[\"m\"]," USER "}", WRONG },
    { CHAT, "{\"model\":\"a\\nb\"," USER "}", WRONG },
    { CHAT, "{\"model\":\"m\",\"stream\":\"true\"," USER "}", WRONG },
    { CHAT, "{\"model\":\"m\",\"stream\":1," USER "}", WRONG },
    { CHAT, "{\"model\":\"m\",\"messages\":null}", WRONG },
    { CHAT, "{\"model\":\"m\",\"messages\":{}}", WRONG },
    { CHAT, "{\"model\":\"m\",\"messages\":\"x\"}", WRONG },
    { CHAT, "{\"model\":\"m\",\"messages\":[\"x\"]}", WRONG },
    { CHAT, "{\"model\":\"m\",\"messages\":[[]]}", WRONG },
    { CHAT, "{\"model\":\"m\",\"messages\":[{\"content\":1}]}", WRONG },
    { CHAT, "{\"model\":\"m\",\"messages\":[{\"content\":{}}]}", WRONG },
    { CHAT, "{\"model\":\"m\",\"messages\":[{\"content\":true}]}", WRONG },
    { CHAT, "{\"model\":\"m\",\"messages\":[{\"role\":1}]}", WRONG },
    { CHAT, PARTS("1"), WRONG },
    { CHAT, PARTS("[]"), WRONG },
    { CHAT, PARTS("{\"type\":1}"), WRONG },
    { CHAT, "{\"model\":\"m\"," USER ",\"tools\":{}}", WRONG },
    { CHAT, "{\"model\":\"m\"," USER ",\"tools\":[\"x\"]}", WRONG },
    { CHAT, "{\"model\":\"m\"," USER ",\"tools\":[{\"name\":1}]}", WRONG },
    { "/v1/completions", "{\"model\":\"m\",\"prompt\":{}}", WRONG },
    { "/v1/completions", "{\"model\":\"m\",\"prompt\":[[\"x\"]]}", WRONG },
    { "/v1/completions", "{\"model\":\"m\",\"prompt\":1}", WRONG },
    { "/v1/embeddings", "{\"model\":\"m\"}", MISSING },
    { RESPONSES, "{\"model\":\"m\",\"input\":{}}", WRONG },
    { RESPONSES, "{\"model\":\"m\",\"input\":[\"x\"]}", WRONG },
    { RESPONSES, "{\"input\":\"x\"}", MISSING },
    { MESSAGES, "{\"model\":\"m\"," USER ",\"system\":1}", WRONG },
    { "/api/generate", "{\"model\":\"m\",\"prompt\":[\"x\"]}", WRONG },
    { "/api/chat", "{\"messages\":[]}", MISSING },

    { CHAT, "{\"model\":\"m\",\"Model\":\"n\"," USER "}", AMBIGUOUS },
    { CHAT, "{\"MODEL\":\"m\"," USER "}", AMBIGUOUS },
    { CHAT, "{\"model\":\"m\",\"meSSages\":[]," USER "}", AMBIGUOUS },
    { CHAT, "{\"model\":\"m\",\"me\xc5\xbf\xc5\xbf"
      "age\xc5\xbf\":[]," USER "}",
      AMBIGUOUS },
    { CHAT, "{\"model\":\"m\",\"\\u017ftream\":true," USER "}", AMBIGUOUS },
    { CHAT, "{\"model\":\"m\",\"\\u004dodel\":\"x\"," USER "}", AMBIGUOUS },
    { MESSAGES, "{\"model\":\"m\",\"too\\u212as\":1,\"Tools\":[]," USER "}",
      AMBIGUOUS },
    { CHAT, "{\"model\":\"m\",\"messages\":[{\"Content\":\"x\"}]}", AMBIGUOUS },
    { CHAT, PARTS("{\"type\":\"text\",\"Text\":\"x\"}"), AMBIGUOUS },
    { CHAT, "{\"model\":\"m\"," USER ",\"tools\":[{\"function\":{\"Name\":"
      "\"x\"}}]}", AMBIGUOUS },

    { CHAT, "{\"model\":\"m\",\"model\":\"m\"," USER "}", DUPLICATE },
    { CHAT, "{\"model\":\"m\",\"m\\u006fdel\":\"x\"," USER "}", DUPLICATE },
    { CHAT, "{\"x\":1,\"x\":1,\"model\":\"m\"," USER "}", DUPLICATE },
    { CHAT, "{\"model\":\"m\",\"messages\":[{\"content\":\"a\",\"con\\u0074"
      "ent\":\"b\"}]}", DUPLICATE },
    { CHAT, "{\"model\":\"m\"," USER ",\"metadata\":{\"a\":1,\"\\u0061\":2}}",
      DUPLICATE },
    { CHAT, "{\"model\":\"m\"," USER "}x", IG_REASON_trailing_bytes },
};


static void
test_refused(void **state)
{
    size_t        i;
    ig_reading_t  r;

    (void) state;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        r = read_post(refused[i].path, ig_str_from_c(refused[i].body), arena);

        if (r.reason != refused[i].reason) {
            fail_msg("%s: %s", refused[i].body,
                     (const char *) ig_reason_code(r.reason).data);
        }

        assert_int_equal(r.nblocks, 0);
    }
}


/* keys that differ in case are other keys where nothing is read by name */

static void
test_free_keys(void **state)
{
    ig_reading_t  r;

    (void) state;

    r = read_post(CHAT, IG_STR("{\"model\":\"m\"," USER ",\"Temperature\":1,"
                  "\"metadata\":{\"Model\":1,\"model\":2,\"CONTENT\":3}}"),
                  arena);
    assert_int_equal(r.reason, IG_REASON_NONE);
}


static void
test_model_and_stream(void **state)
{
    char          body[1024];
    size_t        len;
    ig_reading_t  r;

    (void) state;

    r = read_post(CHAT, IG_STR("{\"model\":\"gpt-4o\",\"stream\":true," USER
                               "}"), arena);
    assert_true(ig_str_eq(r.model, IG_STR("gpt-4o")));
    assert_true(r.stream);

    r = read_post(CHAT, IG_STR("{\"model\":\"org\\/m\\u00e9\",\"stream\":null,"
                               USER "}"), arena);
    assert_true(ig_str_eq(r.model, IG_STR("org/m\xc3\xa9")));
    assert_false(r.stream);

    r = read_post("/api/chat", IG_STR("{\"model\":\"m\"}"), arena);
    assert_true(r.stream);
    r = read_post("/api/generate", IG_STR("{\"model\":\"m\",\"stream\":false}"),
                  arena);
    assert_false(r.stream);
    r = read_post("/api/embed", IG_STR("{\"model\":\"m\"}"), arena);
    assert_false(r.stream);

    /* 256 bytes, as they stand for and not as they are written */

    for (len = 256; len <= 257; len++) {
        (void) sprintf(body, "{\"model\":\"%0*d\"," USER "}", (int) len, 0);
        r = read_post(CHAT, ig_str_from_c(body), arena);
        assert_int_equal(r.reason, len == 256 ? IG_REASON_NONE : WRONG);

        (void) sprintf(body, "{\"model\":\"%0*d\\u0041\"," USER "}",
                       (int) len - 1, 0);
        r = read_post(CHAT, ig_str_from_c(body), arena);
        assert_int_equal(r.reason, len == 256 ? IG_REASON_NONE : WRONG);
    }
}


/* every string, key and number of unknown fields is a span, and no TEXT */

static void
test_spans(void **state)
{
    const ig_block_t  *b;
    ig_reading_t       r;

    (void) state;

    r = read_post(CHAT, IG_STR("{\"model\":\"model-name\",\"messages\":[{"
        "\"role\":\"user\",\"content\":\"the text\",\"novel\":{\"2000000006\":"
        "[2000000007,\"2000000008\"]}}],\"tools\":[{\"type\":\"function\","
        "\"function\":{\"name\":\"tool-name\",\"description\":\"words\","
        "\"parameters\":{\"enum\":[\"deep value\"]}}}],\"user\":\"u-123\"}"),
        arena);

    assert_int_equal(r.reason, IG_REASON_NONE);
    b = block_of(&r, IG_BLOCK_BODY);

    assert_int_equal(span_count(b, "the text", IG_SPAN_TEXT), 1);
    assert_int_equal(span_count(b, "2000000006", IG_SPAN_KEY), 1);
    assert_int_equal(span_count(b, "2000000007", IG_SPAN_NUMBER), 1);
    assert_int_equal(span_count(b, "2000000008", 0), 1);
    assert_int_equal(span_count(b, "deep value", 0), 1);
    assert_int_equal(span_count(b, "words", 0), 1);
    assert_int_equal(span_count(b, "u-123", 0), 1);
    assert_int_equal(span_count(b, "model-name", 0), 1);
    assert_int_equal(span_count(b, "tool-name", 0), 1);
    assert_int_equal(span_count(b, "user", IG_SPAN_KEY), 1);
    assert_int_equal(span_count(b, "messages", IG_SPAN_KEY), 1);

    assert_int_equal(span_count(b, "model-name", IG_SPAN_TEXT), 0);
    assert_int_equal(span_count(b, "tool-name", IG_SPAN_TEXT), 0);
    assert_int_equal(span_count(b, "words", IG_SPAN_TEXT), 0);
    assert_int_equal(span_count(b, "user", IG_SPAN_TEXT), 0);
    assert_int_equal(span_count(b, "2000000006", IG_SPAN_TEXT), 0);
}


/* spans are in order and inside, whatever the number of chunks */

static void
test_order(void **state)
{
    char                   *body;
    size_t                  i, n, spans;
    uint32_t                end;
    ig_reading_t            r;
    const ig_span_chunk_t  *c;

    (void) state;

    body = malloc(200000);
    assert_non_null(body);

    n = (size_t) sprintf(body, "{\"model\":\"name\",\"messages\":[");

    for (i = 0; i < 2000; i++) {
        n += (size_t) sprintf(body + n, "%s{\"role\":\"user\",\"content\":"
                              "\"%zu\"}", i ? "," : "", i);
    }

    n += (size_t) sprintf(body + n, "]}");

    r = read_post(CHAT, (ig_str_t) { (uint8_t *) body, n }, arena);
    assert_int_equal(r.reason, IG_REASON_NONE);

    end = 0;
    spans = 0;

    for (c = block_of(&r, IG_BLOCK_BODY)->spans; c; c = c->next) {
        for (i = 0; i < c->n; i++) {
            assert_true(c->spans[i].start >= end);
            end = c->spans[i].start + c->spans[i].len;
            assert_true(end <= n);
            spans++;
        }
    }

    assert_int_equal(spans, 3 + 2000 * 4);
    free(body);
}


/* names are kept once each, up to the bound */

static void
test_tools(void **state)
{
    char                 *body;
    size_t                i, k, n;
    ig_reading_t          r;
    static const size_t   counts[] = {
        1, 16, 17, 64, 65, 500, IG_MAX_TOOLS, IG_MAX_TOOLS + 1
    };

    (void) state;

    body = malloc(200000);
    assert_non_null(body);

    for (k = 0; k < sizeof(counts) / sizeof(counts[0]); k++) {
        n = (size_t) sprintf(body, "{\"model\":\"m\",\"tools\":[");

        for (i = 0; i < counts[k]; i++) {
            n += (size_t) sprintf(body + n, "{\"name\":\"t%zu\"},", i);
        }

        for (i = 0; i < counts[k]; i++) {
            n += (size_t) sprintf(body + n, "%s{\"name\":\"\\u0074%zu\"}",
                                  i ? "," : "", i);
        }

        n += (size_t) sprintf(body + n, "]," USER "}");

        r = read_post(CHAT, (ig_str_t) { (uint8_t *) body, n }, arena);

        if (counts[k] > IG_MAX_TOOLS) {
            assert_int_equal(r.reason, IG_REASON_limit_exceeded);
            continue;
        }

        assert_int_equal(r.reason, IG_REASON_NONE);
        assert_int_equal(r.tools.n, counts[k]);

        for (i = 0; i < counts[k]; i++) {
            (void) sprintf(body, "t%zu", i);
            assert_int_equal(r.tools.items[i].len, strlen(body));
        }
    }

    free(body);
}


int
main(void)
{
    int                      rc;
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_free_keys),
        cmocka_unit_test(test_model_and_stream),
        cmocka_unit_test(test_spans),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_tools),
    };

    arena = ig_arena_new(16u << 20, 1u << 20);
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    ig_arena_free(arena);

    return rc;
}

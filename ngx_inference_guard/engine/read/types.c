/*
 * The words that `type` may hold, and what cannot be inspected behind them.
 *
 * Sources: OpenAI's and Anthropic's API references and the request types of
 * their client libraries.
 */

#include <read/schema.h>


#define MEDIA                  IG_UNINSPECTABLE_MEDIA
#define REFERENCE              IG_UNINSPECTABLE_REFERENCE
#define REMOTE                 IG_UNINSPECTABLE_REMOTE
#define ENCRYPTED              IG_UNINSPECTABLE_ENCRYPTED
#define UNKNOWN                IG_UNINSPECTABLE_UNKNOWN


typedef struct {
    const char  *name;
    unsigned     bits;
} ig_type_row_t;


/* a part's type; the keys that hold what is not text have bits of their own */
static const ig_type_row_t  ig_part_types[] = {
    { "text", 0 },
    { "input_text", 0 },
    { "output_text", 0 },
    { "summary_text", 0 },
    { "reasoning_text", 0 },
    { "refusal", 0 },
    { "thinking", 0 },
    { "reasoning", 0 },
    { "tool_use", 0 },
    { "tool_result", 0 },
    { "tool_reference", 0 },
    { "server_tool_use", 0 },
    { "mcp_tool_use", 0 },
    { "mcp_tool_result", 0 },
    { "search_result", 0 },
    { "compaction", 0 },
    { "logs", 0 },
    { "browser_state", 0 },
    { "fallback", 0 },

    { "mcp_tool_listing", 0 },
    { "tool_addition", 0 },
    { "tool_removal", 0 },
    { "tool_definition", 0 },
    { "mcp_tool_reference", 0 },
    { "mcp_toolset_reference", 0 },     /* its server has the bit */

    { "advisor_tool_result", 0 },
    { "advisor_tool_result_error", 0 },
    { "advisor_result", 0 },
    { "web_search_tool_result", 0 },
    { "web_search_tool_result_error", 0 },
    { "web_search_result", 0 },
    { "web_fetch_tool_result", 0 },
    { "web_fetch_tool_result_error", 0 },
    { "web_fetch_tool_error", 0 },
    { "web_fetch_result", 0 },
    { "tool_search_tool_result", 0 },
    { "tool_search_tool_result_error", 0 },
    { "tool_search_tool_search_result", 0 },
    { "code_execution_tool_result", 0 },
    { "code_execution_tool_result_error", 0 },
    { "code_execution_result", 0 },
    { "code_execution_output", 0 },
    { "bash_code_execution_tool_result", 0 },
    { "bash_code_execution_tool_result_error", 0 },
    { "bash_code_execution_result", 0 },
    { "bash_code_execution_output", 0 },
    { "text_editor_code_execution_tool_result", 0 },
    { "text_editor_code_execution_tool_result_error", 0 },
    { "text_editor_code_execution_view_result", 0 },
    { "text_editor_code_execution_create_result", 0 },
    { "text_editor_code_execution_str_replace_result", 0 },

    { "image", MEDIA },
    { "image_url", MEDIA },
    { "input_image", MEDIA },
    { "computer_screenshot", MEDIA },
    { "audio", MEDIA },
    { "output_audio", MEDIA },
    { "audio_url", MEDIA },
    { "input_audio", MEDIA },
    { "video", MEDIA },
    { "video_url", MEDIA },
    { "input_video", MEDIA },
    { "file", MEDIA },
    { "input_file", MEDIA },
    { "container_upload", REFERENCE },
    { "redacted_thinking", ENCRYPTED },
    { "advisor_redacted_result", ENCRYPTED },
    { "encrypted_code_execution_result", ENCRYPTED },
    { NULL, 0 }
};

static const ig_type_row_t  ig_item_types[] = {
    { "message", 0 },
    { "reasoning", 0 },
    { "function_call", 0 },
    { "function_call_output", 0 },
    { "custom_tool_call", 0 },
    { "custom_tool_call_output", 0 },
    { "local_shell_call", 0 },
    { "local_shell_call_output", 0 },
    { "shell_call", 0 },
    { "shell_call_output", 0 },
    { "apply_patch_call", 0 },
    { "apply_patch_call_output", 0 },
    { "web_search_call", 0 },
    { "tool_search_call", 0 },
    { "tool_search_output", 0 },
    { "code_interpreter_call", 0 },
    { "computer_call", 0 },
    { "computer_call_output", 0 },
    { "mcp_call", 0 },
    { "mcp_list_tools", 0 },
    { "mcp_approval_request", 0 },
    { "mcp_approval_response", 0 },
    { "additional_tools", 0 },
    { "program", 0 },
    { "program_output", 0 },
    { "compaction_trigger", 0 },

    { "item_reference", REFERENCE },
    { "file_search_call", REFERENCE },
    { "image_generation_call", MEDIA },
    { "compaction", ENCRYPTED },
    { NULL, 0 }
};

/* Anthropic's have a date behind them: bash_20250124 */
static const ig_type_row_t  ig_tool_types[] = {
    { "function", 0 },
    { "custom", 0 },
    { "namespace", 0 },
    { "web_search", 0 },
    { "web_search_preview", 0 },
    { "web_fetch", 0 },
    { "code_interpreter", 0 },
    { "code_execution", 0 },
    { "image_generation", 0 },
    { "local_shell", 0 },
    { "shell", 0 },
    { "bash", 0 },
    { "apply_patch", 0 },
    { "text_editor", 0 },
    { "computer", 0 },
    { "computer_use_preview", 0 },
    { "memory", 0 },
    { "tool_search", 0 },
    { "tool_search_tool_regex", 0 },
    { "tool_search_tool_bm25", 0 },
    { "programmatic_tool_calling", 0 },
    { "computer_toolset", 0 },
    { "browser_toolset", 0 },
    { "mcp_toolset", 0 },           /* its server has the bit */

    { "mcp", REMOTE },
    { "file_search", REFERENCE },
    { NULL, 0 }
};

static const ig_type_row_t  ig_source_types[] = {
    { "text", 0 },
    { "content", 0 },
    { "base64", MEDIA },
    { "url", MEDIA | REMOTE },
    { "file", REFERENCE },
    { NULL, 0 }
};


static unsigned
ig_type_bits(const ig_type_row_t *row, ig_str_t type)
{
    for ( /* void */ ; row->name; row++) {
        if (ig_str_eq(ig_str_from_c(row->name), type)) {
            return row->bits;
        }
    }

    return UNKNOWN;
}


unsigned
ig_part_type(ig_str_t type, unsigned *seen)
{
    /* its source says what it is; without one it cannot be read */

    if (ig_str_eq(type, IG_STR("document"))) {
        *seen |= IG_SEEN_DOCUMENT;
        return 0;
    }

    return ig_type_bits(ig_part_types, type);
}


unsigned
ig_item_type(ig_str_t type)
{
    return ig_type_bits(ig_item_types, type);
}


/* "_20250124", and OpenAI's "_2025_08_26": eight digits among underscores */

static size_t
ig_type_date(ig_str_t type)
{
    size_t   n, digits;
    uint8_t  c;

    digits = 0;

    for (n = type.len; n > 0; n--) {
        c = type.data[n - 1];

        if (c >= '0' && c <= '9') {
            digits++;

        } else if (c != '_') {
            break;
        }

        if (digits == 8 && c == '_') {
            return n - 1;
        }
    }

    return type.len;
}


unsigned
ig_tool_type(ig_str_t type)
{
    type.len = ig_type_date(type);

    return ig_type_bits(ig_tool_types, type);
}


unsigned
ig_source_type(ig_str_t type)
{
    return ig_type_bits(ig_source_types, type);
}

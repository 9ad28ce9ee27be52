/*
 * The dialects' tables: places, their keys, and the slots behind them.
 *
 * Sources: OpenAI's API reference (chat, completions, responses, embeddings),
 * Anthropic's (messages, count_tokens), Ollama's docs/api.md, and what servers
 * that speak OpenAI's dialect add (vLLM: reasoning_content, video_url, ...).
 */

#include <read/schema.h>

#include <string.h>


enum {
    S_ANY = 0,
    S_TEXT = IG_SLOT_TEXT,     /* text, however deep */
    S_VARIABLE = IG_SLOT_VARIABLE,
    S_MODEL,
    S_STREAM,
    S_MESSAGES,
    S_MESSAGES_OPTIONAL,
    S_MESSAGE,
    S_ROLE,
    S_CONTENT,
    S_CONTENT_OR_PART,
    S_PART,
    S_PART_TYPE,
    S_STRING_TEXT,
    S_PROMPT,
    S_PROMPT_ELEMENT,
    S_PROMPT_TOKEN,
    S_EMBED_INPUT,
    S_INPUT,
    S_ITEM,
    S_ITEM_TYPE,
    S_MEDIA,                   /* bytes that are no text */
    S_MEDIA_URL,               /* {url: ...}, or the URL itself */
    S_FILE,
    S_URL,
    S_REMOTE,
    S_REFERENCE,
    S_ENCRYPTED,
    S_TOKENS,
    S_SOURCE,
    S_SOURCE_TYPE,
    S_AUDIO,
    S_REASONING,
    S_REASONING_DETAILS,
    S_PREDICTION,
    S_PROMPT_KEPT,
    S_TOOLS,
    S_TOOL,
    S_TOOL_TYPE,
    S_TOOL_NAME,
    S_FUNCTION,
    S_FUNCTIONS,
    S_CALLS,
    S_CALL,
    S_TOOL_CHOICE,
    S_TOOL_CHOICES,
    S_CONTAINER,
    S_ENVIRONMENT,
    S_SKILL,
    S_TOOL_CHANGE,
    S_THREAD,
    S_CITATION,
    S_VARIABLES,
    S_OTHER_MODELS,
    S_COUNT
};

#define NUL                    IG_TYPE_NULL
#define STR                    IG_TYPE_STRING
#define NUM                    IG_TYPE_NUMBER
#define ARR                    IG_TYPE_ARRAY
#define OBJ                    IG_TYPE_OBJECT
#define ANY                    IG_TYPE_ANY

#define BITS(b)                .value_bits = (b), .number_bits = (b),         \
                               .object_bits = (b)

#define MEDIA                  IG_UNINSPECTABLE_MEDIA
#define REFERENCE              IG_UNINSPECTABLE_REFERENCE
#define REMOTE                 IG_UNINSPECTABLE_REMOTE
#define TOKENS                 IG_UNINSPECTABLE_TOKENS
#define ENCRYPTED              IG_UNINSPECTABLE_ENCRYPTED


const ig_slot_t  ig_slots[S_COUNT] = {
    [S_ANY]         = { .types = ANY },
    [S_TEXT]        = { .types = ANY, .text = IG_SPAN_TEXT,
                        .place = IG_PLACE_TEXT, .element = S_TEXT,
                        .seen = IG_SEEN_TEXT },

    [S_MODEL]       = { .types = STR, .action = IG_DO_MODEL,
                        .seen = IG_SEEN_MODEL },
    [S_STREAM]      = { .types = IG_TYPE_BOOL | NUL, .action = IG_DO_STREAM },

    [S_MESSAGES]    = { .types = ARR, .element = S_MESSAGE,
                        .seen = IG_SEEN_INPUT },
    [S_MESSAGES_OPTIONAL]
                    = { .types = ARR | NUL, .element = S_MESSAGE },
    [S_MESSAGE]     = { .types = OBJ, .place = IG_PLACE_MESSAGE },
    [S_ROLE]        = { .types = STR, .seen = IG_SEEN_ROLE },
    [S_CONTENT]     = { .types = STR | NUL | ARR, .text = IG_SPAN_TEXT,
                        .element = S_PART, .seen = IG_SEEN_TEXT },
    [S_CONTENT_OR_PART]
                    = { .types = STR | NUL | ARR | OBJ, .text = IG_SPAN_TEXT,
                        .place = IG_PLACE_PART, .element = S_PART,
                        .seen = IG_SEEN_TEXT },
    [S_PART]        = { .types = STR | OBJ, .text = IG_SPAN_TEXT,
                        .place = IG_PLACE_PART },
    [S_PART_TYPE]   = { .types = STR | NUL, .action = IG_DO_PART_TYPE,
                        .seen = IG_SEEN_TYPE },
    [S_STRING_TEXT] = { .types = STR | NUL, .text = IG_SPAN_TEXT },

    /* text, a list of texts, tokens, or a list of lists of tokens */
    [S_PROMPT]      = { .types = STR | NUL | ARR, .text = IG_SPAN_TEXT,
                        .element = S_PROMPT_ELEMENT },
    [S_EMBED_INPUT] = { .types = STR | ARR, .text = IG_SPAN_TEXT,
                        .element = S_PROMPT_ELEMENT, .seen = IG_SEEN_INPUT },
    [S_PROMPT_ELEMENT]
                    = { .types = STR | NUM | ARR, .text = IG_SPAN_TEXT,
                        .element = S_PROMPT_TOKEN, .number_bits = TOKENS },
    [S_PROMPT_TOKEN]
                    = { .types = NUM, .number_bits = TOKENS },
    [S_TOKENS]      = { .types = ANY, .element = S_TOKENS, BITS(TOKENS) },

    [S_INPUT]       = { .types = STR | NUL | ARR, .text = IG_SPAN_TEXT,
                        .element = S_ITEM },
    [S_ITEM]        = { .types = OBJ, .place = IG_PLACE_ITEM },
    [S_ITEM_TYPE]   = { .types = STR | NUL, .action = IG_DO_ITEM_TYPE,
                        .seen = IG_SEEN_TYPE },

    [S_MEDIA]       = { .types = ANY, .element = S_MEDIA, BITS(MEDIA),
                        .place = IG_PLACE_MEDIA },
    [S_MEDIA_URL]   = { .types = ANY, .element = S_MEDIA_URL, BITS(MEDIA),
                        .action = IG_DO_URL, .place = IG_PLACE_MEDIA },
    [S_FILE]        = { .types = ANY, .element = S_FILE, BITS(MEDIA),
                        .place = IG_PLACE_MEDIA },
    [S_URL]         = { .types = ANY, .element = S_URL,
                        .action = IG_DO_URL },
    [S_REMOTE]      = { .types = ANY, .element = S_REMOTE, BITS(REMOTE) },
    [S_REFERENCE]   = { .types = ANY, .element = S_REFERENCE,
                        BITS(REFERENCE) },
    [S_ENCRYPTED]   = { .types = ANY, .element = S_ENCRYPTED,
                        BITS(ENCRYPTED) },

    [S_SOURCE]      = { .types = STR | NUL | OBJ, .action = IG_DO_SOURCE,
                        .place = IG_PLACE_SOURCE, .seen = IG_SEEN_SOURCE },
    [S_SOURCE_TYPE] = { .types = STR, .action = IG_DO_SOURCE_TYPE,
                        .seen = IG_SEEN_TYPE },

    /* {id: ...} in a message; in a part it would be the sound itself */
    [S_AUDIO]       = { .types = ANY, .element = S_MEDIA,
                        .value_bits = MEDIA, .place = IG_PLACE_AUDIO },
    [S_REASONING]   = { .types = ANY, .element = S_REASONING,
                        .text = IG_SPAN_TEXT, .place = IG_PLACE_REASONING },
    [S_REASONING_DETAILS]
                    = { .types = ANY, .element = S_REASONING,
                        .place = IG_PLACE_REASONING },
    [S_PREDICTION]  = { .types = OBJ | NUL, .place = IG_PLACE_PREDICTION },
    [S_PROMPT_KEPT] = { .types = ANY, .element = S_REFERENCE,
                        .place = IG_PLACE_PROMPT, BITS(REFERENCE) },

    [S_TOOLS]       = { .types = ARR | NUL, .element = S_TOOL },
    [S_TOOL]        = { .types = OBJ, .place = IG_PLACE_TOOL },
    [S_TOOL_TYPE]   = { .types = STR | NUL, .action = IG_DO_TOOL_TYPE },
    [S_TOOL_NAME]   = { .types = STR | NUL, .action = IG_DO_TOOL_NAME },
    [S_FUNCTION]    = { .types = OBJ | NUL, .place = IG_PLACE_FUNCTION },
    [S_FUNCTIONS]   = { .types = ARR | NUL, .element = S_FUNCTION },
    [S_CALLS]       = { .types = ARR | NUL, .element = S_CALL },
    [S_CALL]        = { .types = OBJ | NUL, .place = IG_PLACE_CALL },
    [S_TOOL_CHOICE] = { .types = STR | NUL | OBJ,
                        .place = IG_PLACE_TOOL_CHOICE },
    [S_TOOL_CHOICES]
                    = { .types = ARR | NUL, .element = S_TOOL_CHOICE },

    /* a new one, {type: "auto"}, or by id one that holds something */
    [S_CONTAINER]   = { .types = STR | NUL | OBJ, .value_bits = REFERENCE,
                        .place = IG_PLACE_CONTAINER },

    /* of a shell, {type: "local"} or a container; or of a screen, "mac" */
    [S_ENVIRONMENT] = { .types = ANY, .place = IG_PLACE_CONTAINER },
    [S_SKILL]       = { .types = ANY, .element = S_SKILL,
                        .value_bits = REFERENCE, .place = IG_PLACE_SKILL },

    [S_TOOL_CHANGE] = { .types = ANY, .place = IG_PLACE_TOOL_CHANGE },
    [S_THREAD]      = { .types = OBJ | NUL, .place = IG_PLACE_THREAD },
    [S_CITATION]    = { .types = ANY, .element = S_CITATION,
                        .place = IG_PLACE_CITATION },

    /* of a prompt kept by the provider: name to text or part */
    [S_VARIABLES]   = { .types = ANY, .text = IG_SPAN_TEXT,
                        .place = IG_PLACE_VARIABLES, .element = S_TEXT },
    [S_VARIABLE]    = { .types = ANY, .text = IG_SPAN_TEXT,
                        .place = IG_PLACE_PART, .element = S_PART },

    /* to be tried when the model that was asked for fails: rules and endpoints
       were asked about that one only */
    [S_OTHER_MODELS]
                    = { .types = ANY, .element = S_OTHER_MODELS,
                        BITS(IG_UNINSPECTABLE_UNKNOWN) },
};


#define CONTENT_KEYS                                                          \
    [IG_KEY_text]                 = S_TEXT,                                   \
    [IG_KEY_refusal]              = S_TEXT,                                   \
    [IG_KEY_thinking]             = S_TEXT,                                   \
    [IG_KEY_reasoning]            = S_TEXT,                                   \
    [IG_KEY_encrypted_content]    = S_ENCRYPTED

#define MEDIA_KEYS                                                            \
    [IG_KEY_image]                = S_MEDIA_URL,                              \
    [IG_KEY_images]               = S_MEDIA,                                  \
    [IG_KEY_image_url]            = S_MEDIA_URL,                              \
    [IG_KEY_audio_url]            = S_MEDIA_URL,                              \
    [IG_KEY_video]                = S_MEDIA_URL,                              \
    [IG_KEY_video_url]            = S_MEDIA_URL,                              \
    [IG_KEY_input_audio]          = S_MEDIA,                                  \
    [IG_KEY_file]                 = S_FILE,                                   \
    [IG_KEY_file_data]            = S_MEDIA,                                  \
    [IG_KEY_file_url]             = S_REMOTE,                                 \
    [IG_KEY_file_id]              = S_REFERENCE,                              \
    [IG_KEY_file_ids]             = S_REFERENCE


static const uint8_t  ig_places[IG_PLACES][IG_KEY_COUNT] = {

    [IG_PLACE_CHAT] = {
        [IG_KEY_model]                = S_MODEL,
        [IG_KEY_messages]             = S_MESSAGES,
        [IG_KEY_stream]               = S_STREAM,
        [IG_KEY_tools]                = S_TOOLS,
        [IG_KEY_functions]            = S_FUNCTIONS,
        [IG_KEY_tool_choice]          = S_TOOL_CHOICE,
        [IG_KEY_function_call]        = S_TOOL_CHOICE,
        [IG_KEY_prediction]           = S_PREDICTION,
        [IG_KEY_previous_response_id] = S_REFERENCE,
        [IG_KEY_file_ids]             = S_REFERENCE,
        [IG_KEY_models]               = S_OTHER_MODELS,  /* OpenRouter */
        [IG_KEY_fallbacks]            = S_OTHER_MODELS,
        [IG_KEY_kv_transfer_params]   = S_REMOTE,        /* vLLM */
    },

    [IG_PLACE_COMPLETIONS] = {
        [IG_KEY_model]                = S_MODEL,
        [IG_KEY_prompt]               = S_PROMPT,
        [IG_KEY_prompt_embeds]        = S_TOKENS,
        [IG_KEY_suffix]               = S_STRING_TEXT,
        [IG_KEY_stream]               = S_STREAM,
        [IG_KEY_models]               = S_OTHER_MODELS,  /* OpenRouter */
        [IG_KEY_fallbacks]            = S_OTHER_MODELS,
        [IG_KEY_kv_transfer_params]   = S_REMOTE,        /* vLLM */
    },

    [IG_PLACE_RESPONSES] = {
        [IG_KEY_model]                = S_MODEL,
        [IG_KEY_input]                = S_INPUT,
        [IG_KEY_instructions]         = S_INPUT,
        [IG_KEY_stream]               = S_STREAM,
        [IG_KEY_tools]                = S_TOOLS,
        [IG_KEY_tool_choice]          = S_TOOL_CHOICE,
        [IG_KEY_previous_response_id] = S_REFERENCE,
        [IG_KEY_conversation]         = S_REFERENCE,
        [IG_KEY_prompt]               = S_PROMPT_KEPT,
        [IG_KEY_models]               = S_OTHER_MODELS,  /* OpenRouter */
        [IG_KEY_fallbacks]            = S_OTHER_MODELS,
    },

    [IG_PLACE_EMBEDDINGS] = {
        [IG_KEY_model]                = S_MODEL,
        [IG_KEY_input]                = S_EMBED_INPUT,
        [IG_KEY_messages]             = S_MESSAGES,      /* vLLM */
    },

    [IG_PLACE_MESSAGES] = {
        [IG_KEY_model]                = S_MODEL,
        [IG_KEY_messages]             = S_MESSAGES,
        [IG_KEY_system]               = S_CONTENT,
        [IG_KEY_stream]               = S_STREAM,
        [IG_KEY_tools]                = S_TOOLS,
        [IG_KEY_tool_choice]          = S_TOOL_CHOICE,
        [IG_KEY_mcp_servers]          = S_REMOTE,
        [IG_KEY_container]            = S_CONTAINER,
        [IG_KEY_thread]               = S_THREAD,
        [IG_KEY_models]               = S_OTHER_MODELS,  /* OpenRouter */
        [IG_KEY_fallbacks]            = S_OTHER_MODELS,
    },

    [IG_PLACE_OLLAMA_CHAT] = {
        [IG_KEY_model]                = S_MODEL,
        [IG_KEY_messages]             = S_MESSAGES_OPTIONAL,
        [IG_KEY_stream]               = S_STREAM,
        [IG_KEY_tools]                = S_TOOLS,
    },

    [IG_PLACE_OLLAMA_GENERATE] = {
        [IG_KEY_model]                = S_MODEL,
        [IG_KEY_prompt]               = S_STRING_TEXT,
        [IG_KEY_suffix]               = S_STRING_TEXT,
        [IG_KEY_system]               = S_STRING_TEXT,
        [IG_KEY_template]             = S_STRING_TEXT,
        [IG_KEY_context]              = S_TOKENS,
        [IG_KEY_images]               = S_MEDIA,
        [IG_KEY_stream]               = S_STREAM,
    },

    [IG_PLACE_OLLAMA_EMBED] = {
        [IG_KEY_model]                = S_MODEL,
        [IG_KEY_input]                = S_PROMPT,
        [IG_KEY_prompt]               = S_PROMPT,
    },

    [IG_PLACE_MESSAGE] = {
        CONTENT_KEYS,
        [IG_KEY_role]                 = S_ROLE,
        [IG_KEY_content]              = S_CONTENT,
        [IG_KEY_reasoning_content]    = S_TEXT,
        [IG_KEY_reasoning_details]    = S_REASONING_DETAILS,
        [IG_KEY_tool_calls]           = S_CALLS,
        [IG_KEY_function_call]        = S_CALL,
        [IG_KEY_tool_name]            = S_TOOL_NAME,
        [IG_KEY_audio]                = S_AUDIO,
        [IG_KEY_images]               = S_MEDIA,
    },

    [IG_PLACE_PART] = {
        CONTENT_KEYS,
        MEDIA_KEYS,
        [IG_KEY_type]                 = S_PART_TYPE,
        [IG_KEY_audio]                = S_MEDIA_URL,
        [IG_KEY_source]               = S_SOURCE,
        [IG_KEY_name]                 = S_TOOL_NAME,
        [IG_KEY_arguments]            = S_TEXT,
        [IG_KEY_input]                = S_TEXT,
        [IG_KEY_output]               = S_TEXT,
        [IG_KEY_content]              = S_CONTENT_OR_PART,
        [IG_KEY_title]                = S_TEXT,
        [IG_KEY_context]              = S_TEXT,
        [IG_KEY_summary]              = S_TEXT,
        [IG_KEY_stdout]               = S_TEXT,
        [IG_KEY_stderr]               = S_TEXT,
        [IG_KEY_logs]                 = S_TEXT,
        [IG_KEY_lines]                = S_TEXT,
        [IG_KEY_transcript]           = S_TEXT,
        [IG_KEY_tabs]                 = S_TEXT,
        [IG_KEY_state_changes]        = S_TEXT,
        [IG_KEY_citations]            = S_CITATION,
        [IG_KEY_tool]                 = S_TOOL_CHANGE,
        [IG_KEY_tools]                = S_TOOLS,
        [IG_KEY_tool_name]            = S_TOOL_NAME,
        [IG_KEY_tool_changes]         = S_CONTENT,
        [IG_KEY_tool_references]      = S_CONTENT,
    },

    [IG_PLACE_ITEM] = {
        MEDIA_KEYS,
        [IG_KEY_type]                 = S_ITEM_TYPE,
        [IG_KEY_role]                 = S_ROLE,
        [IG_KEY_content]              = S_CONTENT_OR_PART,
        [IG_KEY_summary]              = S_CONTENT_OR_PART,
        [IG_KEY_encrypted_content]    = S_ENCRYPTED,
        [IG_KEY_name]                 = S_TOOL_NAME,
        [IG_KEY_arguments]            = S_TEXT,
        [IG_KEY_input]                = S_TEXT,
        [IG_KEY_output]               = S_CONTENT_OR_PART,
        [IG_KEY_outputs]              = S_CONTENT_OR_PART,
        [IG_KEY_action]               = S_TEXT,
        [IG_KEY_operation]            = S_TEXT,
        [IG_KEY_queries]              = S_TEXT,
        [IG_KEY_results]              = S_TEXT,
        [IG_KEY_code]                 = S_TEXT,
        [IG_KEY_error]                = S_TEXT,
        [IG_KEY_container_id]         = S_REFERENCE,
        [IG_KEY_result]               = S_TEXT,   /* or an image: its type */
        [IG_KEY_actions]              = S_TEXT,
        [IG_KEY_reason]               = S_TEXT,
        [IG_KEY_environment]          = S_ENVIRONMENT,
        [IG_KEY_tools]                = S_TOOLS,
    },

    [IG_PLACE_SOURCE] = {
        [IG_KEY_type]                 = S_SOURCE_TYPE,
        [IG_KEY_data]                 = S_TEXT,
        [IG_KEY_content]              = S_CONTENT_OR_PART,
        [IG_KEY_url]                  = S_REMOTE,
        [IG_KEY_file_id]              = S_REFERENCE,
    },

    [IG_PLACE_MEDIA] = {
        MEDIA_KEYS,
        [IG_KEY_url]                  = S_URL,
        [IG_KEY_text]                 = S_TEXT,
    },

    [IG_PLACE_AUDIO] = {
        [IG_KEY_id]                   = S_REFERENCE,
        [IG_KEY_data]                 = S_MEDIA,
        [IG_KEY_transcript]           = S_TEXT,
    },

    [IG_PLACE_REASONING] = {
        CONTENT_KEYS,
        [IG_KEY_summary]              = S_TEXT,
        [IG_KEY_data]                 = S_ENCRYPTED,
    },

    [IG_PLACE_PREDICTION] = {
        [IG_KEY_content]              = S_CONTENT,
    },

    [IG_PLACE_PROMPT] = {
        [IG_KEY_variables]            = S_VARIABLES,
    },

    [IG_PLACE_TOOL] = {
        [IG_KEY_type]                 = S_TOOL_TYPE,
        [IG_KEY_name]                 = S_TOOL_NAME,
        [IG_KEY_function]             = S_FUNCTION,
        [IG_KEY_custom]               = S_FUNCTION,
        [IG_KEY_tools]                = S_TOOLS,
        [IG_KEY_server_url]           = S_REMOTE,
        [IG_KEY_connector_id]         = S_REMOTE,
        [IG_KEY_vector_store_ids]     = S_REFERENCE,
        [IG_KEY_container]            = S_CONTAINER,
        [IG_KEY_environment]          = S_ENVIRONMENT,
        [IG_KEY_input_image_mask]     = S_FILE,
    },

    [IG_PLACE_FUNCTION] = {
        [IG_KEY_name]                 = S_TOOL_NAME,
    },

    [IG_PLACE_CALL] = {
        [IG_KEY_name]                 = S_TOOL_NAME,
        [IG_KEY_function]             = S_CALL,
        [IG_KEY_custom]               = S_CALL,
        [IG_KEY_arguments]            = S_TEXT,
        [IG_KEY_input]                = S_TEXT,
    },

    [IG_PLACE_TOOL_CHOICE] = {
        [IG_KEY_name]                 = S_TOOL_NAME,
        [IG_KEY_function]             = S_TOOL_CHOICE,
        [IG_KEY_custom]               = S_TOOL_CHOICE,
        [IG_KEY_allowed_tools]        = S_TOOL_CHOICE,
        [IG_KEY_tools]                = S_TOOL_CHOICES,
    },

    [IG_PLACE_CONTAINER] = {
        [IG_KEY_id]                   = S_REFERENCE,
        [IG_KEY_file_ids]             = S_REFERENCE,
        [IG_KEY_container_id]         = S_REFERENCE,
        [IG_KEY_skills]               = S_SKILL,
    },

    [IG_PLACE_SKILL] = {
        [IG_KEY_id]                   = S_REFERENCE,
        [IG_KEY_skill_id]             = S_REFERENCE,
        [IG_KEY_source]               = S_SOURCE,
        [IG_KEY_url]                  = S_REMOTE,
    },

    [IG_PLACE_TOOL_CHANGE] = {
        [IG_KEY_type]                 = S_PART_TYPE,
        [IG_KEY_name]                 = S_TOOL_NAME,
        [IG_KEY_definition]           = S_TOOL,
    },

    [IG_PLACE_THREAD] = {
        [IG_KEY_previous_message_id]  = S_REFERENCE,
    },

    [IG_PLACE_CITATION] = {
        [IG_KEY_encrypted_index]      = S_ENCRYPTED,
    },
};


unsigned
ig_slot_of(ig_place_id_t place, ig_key_id_t key)
{
    return ig_places[place][key];
}


/* sizes are constant: each comparison is one or two of machine words */

#define K(name)                                                               \
    if (memcmp(p, #name, sizeof(#name) - 1) == 0) {                           \
        return IG_KEY_##name;                                                 \
    }

static ig_key_id_t
ig_key_id_short(const uint8_t *p, size_t len)
{
    switch (len) {

    case 2:
        K(id)
        break;

    case 3:
        K(url)
        break;

    case 4:
        K(role) K(type) K(text) K(name) K(code) K(data) K(file)
        K(logs) K(tabs) K(tool)
        break;

    case 5:
        K(model) K(tools) K(input) K(image) K(audio) K(title) K(video)
        K(error) K(lines)
        break;

    case 6:
        K(stream) K(system) K(source) K(prompt) K(output) K(images)
        K(action) K(custom) K(result) K(skills) K(stderr) K(stdout) K(suffix)
        K(models) K(reason) K(thread)
        break;

    case 7:
        K(content) K(summary) K(context) K(file_id) K(outputs) K(queries)
        K(refusal) K(results) K(actions)
        break;

    case 8:
        K(messages) K(function) K(thinking) K(file_ids)
        K(file_url) K(template) K(skill_id)
        break;

    default:
        break;
    }

    return IG_KEY_UNKNOWN;
}


static ig_key_id_t
ig_key_id_long(const uint8_t *p, size_t len)
{
    switch (len) {

    case 9:
        K(arguments) K(tool_name) K(functions) K(image_url) K(reasoning)
        K(audio_url) K(container) K(file_data) K(operation) K(variables)
        K(video_url) K(citations) K(fallbacks)
        break;

    case 10:
        K(tool_calls) K(server_url) K(prediction) K(definition) K(transcript)
        break;

    case 11:
        K(tool_choice) K(input_audio) K(mcp_servers) K(environment)
        break;

    case 12:
        K(instructions) K(connector_id) K(container_id) K(conversation)
        K(tool_changes)
        break;

    case 13:
        K(function_call) K(allowed_tools) K(prompt_embeds) K(state_changes)
        break;

    case 15:
        K(encrypted_index) K(tool_references)
        break;

    case 16:
        K(input_image_mask) K(vector_store_ids)
        break;

    case 17:
        K(encrypted_content) K(reasoning_content) K(reasoning_details)
        break;

    case 18:
        K(kv_transfer_params)
        break;

    case 19:
        K(previous_message_id)
        break;

    case 20:
        K(previous_response_id)
        break;

    default:
        break;
    }

    return IG_KEY_UNKNOWN;
}

#undef K


ig_key_id_t
ig_key_id(const uint8_t *p, size_t len)
{
    return len <= 8 ? ig_key_id_short(p, len) : ig_key_id_long(p, len);
}

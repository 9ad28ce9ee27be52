/*
 * What a value means, by where it stands: the tables of the dialects.
 *
 * A place is an object that is read by name; its keys lead to slots.  A slot
 * says which types a value may have, what a string there is, and what the
 * elements and the object behind it are.  What no table names is a slot ANY:
 * its strings, keys and numbers are spans all the same.
 *
 * In:       place and key.     Out: a slot, constant.
 * Memory:   none.              Failure: none.
 */

#ifndef IG_READ_SCHEMA_H
#define IG_READ_SCHEMA_H

#include <inference_guard/request.h>


/* every key that some place knows: all are plain ASCII in lower case */
#define IG_KEYS(K)                                                            \
    K(action) K(actions) K(allowed_tools) K(arguments) K(audio) K(audio_url)  \
    K(citations) K(code) K(connector_id) K(container) K(container_id)         \
    K(content) K(context) K(conversation) K(custom) K(data) K(definition)     \
    K(encrypted_content) K(encrypted_index) K(environment) K(error)           \
    K(fallbacks) K(file) K(file_data) K(file_id) K(file_ids) K(file_url)      \
    K(function) K(function_call) K(functions) K(id) K(image) K(image_url)     \
    K(images) K(input) K(input_audio) K(input_image_mask) K(instructions)     \
    K(kv_transfer_params) K(lines) K(logs) K(mcp_servers) K(messages)         \
    K(model) K(models) K(name) K(operation) K(output) K(outputs)              \
    K(prediction) K(previous_message_id) K(previous_response_id) K(prompt)    \
    K(prompt_embeds) K(queries) K(reason) K(reasoning) K(reasoning_content)   \
    K(reasoning_details) K(refusal) K(result) K(results) K(role)              \
    K(server_url) K(skill_id) K(skills) K(source) K(state_changes) K(stderr)  \
    K(stdout) K(stream) K(suffix) K(summary) K(system) K(tabs) K(template)    \
    K(text) K(thinking) K(thread) K(title) K(tool) K(tool_calls)              \
    K(tool_changes) K(tool_choice) K(tool_name) K(tool_references) K(tools)   \
    K(transcript) K(type) K(url) K(variables) K(vector_store_ids) K(video)    \
    K(video_url)

typedef enum {
    IG_KEY_UNKNOWN = 0,
#define IG_KEY_ENUM(name)  IG_KEY_##name,
    IG_KEYS(IG_KEY_ENUM)
#undef IG_KEY_ENUM
    IG_KEY_COUNT
} ig_key_id_t;

#define IG_KEY_MAX_LEN         20

ig_key_id_t ig_key_id(const uint8_t *p, size_t len);


typedef enum {
    IG_PLACE_ANY = 0,          /* not read by name */
    IG_PLACE_TEXT,             /* not read by name, its strings are text */
    IG_PLACE_VARIABLES,        /* not read by name, holds parts */
    IG_PLACE_NAMED,            /* those from here on are read by name */
    IG_PLACE_CHAT = IG_PLACE_NAMED,
    IG_PLACE_COMPLETIONS,
    IG_PLACE_RESPONSES,
    IG_PLACE_EMBEDDINGS,
    IG_PLACE_MESSAGES,
    IG_PLACE_OLLAMA_CHAT,
    IG_PLACE_OLLAMA_GENERATE,
    IG_PLACE_OLLAMA_EMBED,
    IG_PLACE_MESSAGE,
    IG_PLACE_PART,
    IG_PLACE_ITEM,             /* of a Responses input */
    IG_PLACE_SOURCE,           /* of an Anthropic image or document */
    IG_PLACE_MEDIA,
    IG_PLACE_AUDIO,            /* an earlier answer's, by id */
    IG_PLACE_REASONING,
    IG_PLACE_PREDICTION,
    IG_PLACE_PROMPT,           /* a prompt kept by the provider */
    IG_PLACE_TOOL,
    IG_PLACE_FUNCTION,
    IG_PLACE_CALL,
    IG_PLACE_TOOL_CHOICE,
    IG_PLACE_CONTAINER,
    IG_PLACE_SKILL,
    IG_PLACE_TOOL_CHANGE,      /* a tool that a message adds or removes */
    IG_PLACE_THREAD,
    IG_PLACE_CITATION,
    IG_PLACES
} ig_place_id_t;


#define IG_TYPE_NULL           0x01
#define IG_TYPE_BOOL           0x02
#define IG_TYPE_NUMBER         0x04
#define IG_TYPE_STRING         0x08
#define IG_TYPE_ARRAY          0x10
#define IG_TYPE_OBJECT         0x20
#define IG_TYPE_ANY            0x3f

/* what is done with a value besides making it a span */
typedef enum {
    IG_DO_NOTHING = 0,
    IG_DO_MODEL,
    IG_DO_STREAM,
    IG_DO_TOOL_NAME,
    IG_DO_PART_TYPE,
    IG_DO_ITEM_TYPE,
    IG_DO_TOOL_TYPE,
    IG_DO_SOURCE_TYPE,
    IG_DO_SOURCE,
    IG_DO_URL
} ig_do_t;

/* what an object has had so far */
#define IG_SEEN_MODEL          0x01
#define IG_SEEN_INPUT          0x02    /* messages, input */
#define IG_SEEN_TYPE           0x04
#define IG_SEEN_ROLE           0x08
#define IG_SEEN_TEXT           0x10
#define IG_SEEN_SOURCE         0x20
#define IG_SEEN_DOCUMENT       0x40    /* a part that needs a source */

typedef struct {
    uint8_t  types;
    uint8_t  text;             /* IG_SPAN_TEXT or 0 */
    uint8_t  action;           /* ig_do_t */
    uint8_t  place;            /* of an object here */
    uint8_t  element;          /* slot of an array's elements */
    uint8_t  seen;             /* set in the object that holds it */
    uint8_t  value_bits;       /* uninspectable: a string, true */
    uint8_t  number_bits;
    uint8_t  object_bits;
} ig_slot_t;

extern const ig_slot_t  ig_slots[];

/* the slot of a value, by number; 0 is ANY */
unsigned ig_slot_of(ig_place_id_t place, ig_key_id_t key);

/* the slot of every unknown key: those without names have the same number */
#define ig_slot_default(place)  ((place) < IG_PLACE_NAMED ? (place) : 0)
#define IG_SLOT_TEXT           IG_PLACE_TEXT
#define IG_SLOT_VARIABLE       IG_PLACE_VARIABLES


/* IG_UNINSPECTABLE_... of a `type`; *seen gets IG_SEEN_DOCUMENT */
unsigned ig_part_type(ig_str_t type, unsigned *seen);
unsigned ig_item_type(ig_str_t type);
unsigned ig_tool_type(ig_str_t type);
unsigned ig_source_type(ig_str_t type);

#define IG_TYPE_MAX_LEN        64

#endif /* IG_READ_SCHEMA_H */

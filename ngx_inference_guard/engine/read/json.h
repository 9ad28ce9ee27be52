/*
 * The strict JSON reader: one pass, no tree.
 *
 * In:       the whole body, and the place that its object is.
 * Out:      spans of every string, key and number in order; model, stream,
 *           tool names and uninspectable bits, by the tables of schema.h.
 * Memory:   the arena: chunks of spans, keys of open objects beyond the first,
 *           tool names.  Nothing is copied that has no escapes.
 * Failure:  false, with `reason` and the place; or `rc` for the arena.
 *
 * json.c is the grammar (RFC 8259), dialect.c what values mean.
 */

#ifndef IG_READ_JSON_H
#define IG_READ_JSON_H

#include <read/keys.h>
#include <read/scan.h>
#include <read/schema.h>
#include <read/spans.h>


typedef struct {
    uint8_t   object;          /* or an array */
    uint8_t   place;
    uint8_t   slot;            /* of the next value */
    uint8_t   seen;
    uint32_t  first_key;
    uint64_t  known[2];        /* keys of the tables that came, a bit each */
} ig_frame_t;

/* names without repetition; the table comes when they are many */
#define IG_NAMES_FEW           16
#define IG_NAMES_TABLE         (2 * IG_MAX_TOOLS)

typedef struct {
    ig_str_t  *items;
    size_t     n;
    size_t     max;
    uint16_t  *table;          /* number + 1, open addressing */
} ig_names_t;

typedef struct {
    ig_arena_t       *arena;
    const uint8_t    *base;
    const uint8_t    *p;
    const uint8_t    *end;

    ig_reason_t       reason;
    const uint8_t    *at;
    ig_rc_t           rc;

    ig_spans_t        spans;

    ig_str_t          model;
    bool              stream;
    unsigned          uninspectable;
    ig_names_t        tools;

    ig_scan_t         scan;
    ig_keys_t         keys;
    uint32_t          depth;
    ig_frame_t        frames[IG_MAX_DEPTH];
} ig_json_t;

void ig_json_init(ig_json_t *j, ig_str_t body, ig_arena_t *arena);

/* `required`: IG_SEEN_... that the top object must have */
bool ig_json_read(ig_json_t *j, ig_place_id_t top, unsigned required);

/* all false */
bool ig_json_refuse(ig_json_t *j, ig_reason_t reason, const uint8_t *at);
bool ig_json_nomem(ig_json_t *j, const uint8_t *at);

/* false when the object has that key */
bool ig_json_key_new(ig_json_t *j, ig_frame_t *f, const uint8_t *p, size_t len,
    unsigned flags);


/* dialect.c: called for what the tables say needs a look */

/* the slot of the value behind a key of an object that is read by name */
bool ig_dialect_key(ig_json_t *j, ig_frame_t *f, const uint8_t *p, size_t len,
    unsigned flags);
bool ig_dialect_string(ig_json_t *j, ig_frame_t *f, const ig_slot_t *slot,
    const uint8_t *p, size_t len, unsigned flags);
void ig_dialect_end(ig_json_t *j, ig_frame_t *f);

#endif /* IG_READ_JSON_H */

/*
 * One line of the audit log, read back.
 *
 * In:       the bytes of a line without its newline.
 * Out:      a flat array of nodes, the root first, children after their parent.
 * Memory:   the struct, one for all lines; nodes point into the line's bytes.
 * Failure:  false, and a word why: torn lines are to be expected.
 *
 * Strict enough to tell a torn or foreign line from a record: the whole line is
 * one JSON object (RFC 8259) with "v", "type", "time" and "id".  Escapes and
 * UTF-8 are looked at when a string is used.
 */

#ifndef IG_RECORD_LINE_READER_H
#define IG_RECORD_LINE_READER_H

#include <inference_guard/record.h>


#define IG_RECORD_LINE_MAX    65536      /* longer lines are no records */
#define IG_RECORD_LINE_NODES  16384
#define IG_RECORD_LINE_DEPTH  16

typedef enum {
    IG_NODE_OBJECT,
    IG_NODE_ARRAY,
    IG_NODE_STRING,
    IG_NODE_NUMBER,
    IG_NODE_LITERAL                      /* true, false, null */
} ig_node_kind_t;

typedef struct {
    ig_node_kind_t  kind;
    uint32_t        start;               /* of strings: without quotes */
    uint32_t        end;
    uint32_t        next;                /* the node after this one's subtree */
} ig_node_t;

/* in an object, keys and values alternate */

typedef struct {
    ig_str_t     text;
    const char  *error;
    size_t       pos;
    size_t       n;
    ig_node_t    nodes[IG_RECORD_LINE_NODES];
} ig_record_line_t;

bool ig_record_line_parse(ig_record_line_t *l, ig_str_t text);
/* the same for any JSON object on one line */
bool ig_record_line_object(ig_record_line_t *l, ig_str_t text);

/* the value of a key of an object node, or 0 (the root is no value) */
size_t ig_record_line_get(const ig_record_line_t *l, size_t object,
    const char *key);
/* the first element of an array, or of what follows `node` in it; 0: none */
size_t ig_record_line_first(const ig_record_line_t *l, size_t array);
size_t ig_record_line_after(const ig_record_line_t *l, size_t array,
    size_t node);

/* the bytes of a string that has no escapes, else as they stand in the line */
ig_str_t ig_record_line_raw(const ig_record_line_t *l, size_t node);
/* a string decoded, or a number as it stands; false: a bad escape */
bool ig_record_line_text(const ig_record_line_t *l, size_t node,
    ig_buf_t *out);
/* does the string, decoded, match the glob? */
bool ig_record_line_match(const ig_record_line_t *l, size_t node,
    ig_str_t glob);
/* false when it is no whole number */
bool ig_record_line_uint(const ig_record_line_t *l, size_t node,
    uint64_t *n);

#endif /* IG_RECORD_LINE_READER_H */

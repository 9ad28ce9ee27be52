/*
 * A pattern as a tree: made by pattern_tree.c, read by pattern.c.
 */

#ifndef IG_DETECT_PATTERN_TREE_H
#define IG_DETECT_PATTERN_TREE_H

#include <inference_guard/base.h>


typedef enum {
    IG_NODE_SET,               /* one byte out of a set */
    IG_NODE_NOTHING,           /* \b, an assertion, an empty branch */
    IG_NODE_SEQUENCE,
    IG_NODE_CHOICE,
    IG_NODE_REPEAT
} ig_node_kind_t;

typedef struct ig_node_s  ig_node_t;

struct ig_node_s {
    ig_node_kind_t  kind;
    ig_node_t      *first;     /* child */
    ig_node_t      *last;
    ig_node_t      *next;      /* sibling */
    uint64_t        set[4];
    uint32_t        min;       /* IG_NODE_REPEAT */
    uint32_t        max;
};

#define IG_TREE_NODES          4096
#define IG_TREE_DEPTH          64

typedef struct {
    const uint8_t  *start;
    const uint8_t  *p;
    const uint8_t  *end;
    bool            caseless;
    bool            unsure;
    bool            anchored;
    size_t          anchored_at;
    bool            look;
    unsigned        depth;
    size_t          n;
    ig_node_t       nodes[IG_TREE_NODES];
} ig_tree_t;

/* NULL: not followed, and t->unsure is set */
ig_node_t *ig_tree_read(ig_tree_t *t, ig_str_t pattern);

#endif /* IG_DETECT_PATTERN_TREE_H */

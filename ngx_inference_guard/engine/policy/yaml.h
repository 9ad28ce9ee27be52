/*
 * A YAML file as a tree in which every node knows its place.
 *
 * Only what a rule file needs: maps with text keys, lists, and scalars that
 * stay the text they are (NO is Norway, 1.0 is not 1).  Anchors, aliases, tags,
 * directives and a second document are mistakes: each can make a file mean
 * something else than it seems to say.  So are a key or an item of a list that is there
 * twice.
 *
 * In:       a file's bytes.
 * Out:      the tree, or NULL when the file cannot be read at all.
 * Memory:   the arena given; texts are copies in it.
 * Failure:  mistakes in the list.  What is wrong with one node only is an
 *           IG_YAML_BAD node: reported already, to be passed over silently.
 */

#ifndef IG_POLICY_YAML_H
#define IG_POLICY_YAML_H

#include <inference_guard/policy.h>


#define IG_YAML_MAX_FILE       (8u << 20)
#define IG_YAML_MAX_DEPTH      16


typedef enum {
    IG_YAML_TEXT,
    IG_YAML_LIST,
    IG_YAML_MAP,
    IG_YAML_BAD
} ig_yaml_kind_t;

typedef struct ig_yaml_s  ig_yaml_t;

struct ig_yaml_s {
    ig_yaml_kind_t   kind;
    ig_place_t       place;
    ig_str_t         text;
    const ig_yaml_t *key;       /* of a value in a map; else NULL */
    ig_yaml_t       *first;     /* of a list or map */
    ig_yaml_t       *next;
    size_t           n;
    bool             twice;     /* of a map: a key is there twice */
    bool             lost;      /* of a map: a key is none, so its value is
                                   not kept */
};

ig_yaml_t *ig_yaml_read(const ig_source_t *source, ig_arena_t *arena,
    ig_mistakes_t *mistakes) IG_MUST_CHECK;

/* the value of a map's key, or NULL */
const ig_yaml_t *ig_yaml_get(const ig_yaml_t *map, const char *key);

/* "a list", for messages */
const char *ig_yaml_kind(const ig_yaml_t *node);

#endif /* IG_POLICY_YAML_H */

/*
 * YAML for the command's own files: case files, and rule files of which cases
 * replace a part.
 *
 * In:       a file's name and bytes.
 * Out:      libyaml's document, in which every node knows its place.
 * Memory:   the document, until yaml_document_delete().
 * Failure:  false, and mistakes in the list.
 */

#ifndef IG_CLI_DOC_H
#define IG_CLI_DOC_H

#include <inference_guard/guard.h>

#include <yaml.h>


typedef struct {
    const char       *file;        /* a C string that outlives the mistakes */
    yaml_document_t   doc;
    yaml_node_t      *root;        /* NULL: an empty file */
    ig_mistakes_t    *mistakes;
} ig_doc_t;

bool ig_doc_read(ig_doc_t *t, const ig_source_t *source,
    ig_mistakes_t *mistakes);
void ig_doc_free(ig_doc_t *t);

yaml_node_t *ig_doc_node(ig_doc_t *t, int index);
/* the value of a map's key, or NULL; NULL for what is no map as well */
yaml_node_t *ig_doc_get(ig_doc_t *t, yaml_node_t *map, const char *key);

ig_place_t ig_doc_place(const ig_doc_t *t, const yaml_node_t *node);
ig_str_t ig_doc_text(const yaml_node_t *node);      /* of a scalar */
/* "a list" and so on, for messages; a mistake and false when it is another */
bool ig_doc_is(ig_doc_t *t, yaml_node_t *node, yaml_node_type_t type,
    const char *what);

/* a mistake for each key of the map that is not in the list, or there twice */
void ig_doc_keys(ig_doc_t *t, yaml_node_t *map, const char *what,
    const char *const *known);

/* the node as YAML on one line, every scalar in quotes */
void ig_doc_flow(ig_doc_t *t, yaml_node_t *node, ig_buf_t *out);
/* the node as JSON; plain scalars that are JSON numbers or words stay so */
void ig_doc_json(ig_doc_t *t, yaml_node_t *node, ig_buf_t *out);

#endif /* IG_CLI_DOC_H */

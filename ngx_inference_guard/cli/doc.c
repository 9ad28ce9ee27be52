/*
 * YAML documents with places.
 */

#include "doc.h"

#include <string.h>


bool
ig_doc_read(ig_doc_t *t, const ig_source_t *source, ig_mistakes_t *mistakes)
{
    bool           ok;
    ig_place_t     at;
    yaml_parser_t  parser;

    t->file = source->name;
    t->mistakes = mistakes;
    t->root = NULL;

    at = (ig_place_t) { source->name, 0, 0 };

    if (!yaml_parser_initialize(&parser)) {
        ig_mistakes_error(mistakes, at, "out of memory");
        return false;
    }

    yaml_parser_set_input_string(&parser, source->text.data, source->text.len);

    ok = yaml_parser_load(&parser, &t->doc);

    if (ok) {
        t->root = yaml_document_get_root_node(&t->doc);

    } else {
        at.line = (uint32_t) parser.problem_mark.line + 1;
        at.column = (uint32_t) parser.problem_mark.column + 1;
        ig_mistakes_error(mistakes, at, "this is no YAML: %s",
                          parser.problem ? parser.problem : "it cannot be read");
    }

    yaml_parser_delete(&parser);

    return ok;
}


void
ig_doc_free(ig_doc_t *t)
{
    yaml_document_delete(&t->doc);
}


yaml_node_t *
ig_doc_node(ig_doc_t *t, int index)
{
    return yaml_document_get_node(&t->doc, index);
}


ig_str_t
ig_doc_text(const yaml_node_t *node)
{
    return (ig_str_t) { node->data.scalar.value, node->data.scalar.length };
}


ig_place_t
ig_doc_place(const ig_doc_t *t, const yaml_node_t *node)
{
    return (ig_place_t) { t->file, (uint32_t) node->start_mark.line + 1,
                          (uint32_t) node->start_mark.column + 1 };
}


static bool
ig_doc_is_text(const yaml_node_t *node, const char *text)
{
    return node->type == YAML_SCALAR_NODE
           && ig_str_eq(ig_doc_text(node), ig_str_from_c(text));
}


yaml_node_t *
ig_doc_get(ig_doc_t *t, yaml_node_t *map, const char *key)
{
    yaml_node_pair_t  *p;

    if (map == NULL || map->type != YAML_MAPPING_NODE) {
        return NULL;
    }

    for (p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
         p++)
    {
        if (ig_doc_is_text(ig_doc_node(t, p->key), key)) {
            return ig_doc_node(t, p->value);
        }
    }

    return NULL;
}


bool
ig_doc_is(ig_doc_t *t, yaml_node_t *node, yaml_node_type_t type,
    const char *what)
{
    if (node->type == type) {
        return true;
    }

    ig_mistakes_error(t->mistakes, ig_doc_place(t, node), "%s must be %s",
                      what,
                      type == YAML_SCALAR_NODE ? "a text"
                      : type == YAML_SEQUENCE_NODE ? "a list" : "a map");

    return false;
}


void
ig_doc_keys(ig_doc_t *t, yaml_node_t *map, const char *what,
    const char *const *known)
{
    size_t             i;
    yaml_node_t       *key;
    yaml_node_pair_t  *p, *q;

    for (p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
         p++)
    {
        key = ig_doc_node(t, p->key);

        if (!ig_doc_is(t, key, YAML_SCALAR_NODE, "a key")) {
            continue;
        }

        for (i = 0; known[i] && !ig_doc_is_text(key, known[i]); i++) {
            /* void */
        }

        if (known[i] == NULL) {
            ig_mistakes_error(t->mistakes, ig_doc_place(t, key),
                              "%s has no key \"%s\"", what,
                              (char *) key->data.scalar.value);
            continue;
        }

        for (q = map->data.mapping.pairs.start; q < p; q++) {
            if (ig_doc_is_text(ig_doc_node(t, q->key), known[i])) {
                ig_mistakes_error(t->mistakes, ig_doc_place(t, key),
                                  "the key \"%s\" is there twice", known[i]);
            }
        }
    }
}


/* is it a number of JSON (RFC 8259, 6)? */

static bool
ig_doc_number(ig_str_t s)
{
    size_t  i, digits;

    i = 0;

#define ig_digits()                                                           \
    for (digits = 0; i < s.len && s.data[i] >= '0' && s.data[i] <= '9'; i++)  \
    {                                                                         \
        digits++;                                                             \
    }

    if (i < s.len && s.data[i] == '-') {
        i++;
    }

    if (i + 1 < s.len && s.data[i] == '0' && s.data[i + 1] >= '0'
        && s.data[i + 1] <= '9')
    {
        return false;
    }

    ig_digits();

    if (digits == 0) {
        return false;
    }

    if (i < s.len && s.data[i] == '.') {
        i++;
        ig_digits();

        if (digits == 0) {
            return false;
        }
    }

    if (i < s.len && (s.data[i] | 0x20) == 'e') {
        i++;

        if (i < s.len && (s.data[i] == '+' || s.data[i] == '-')) {
            i++;
        }

        ig_digits();

        if (digits == 0) {
            return false;
        }
    }

#undef ig_digits

    return i == s.len;
}


static bool
ig_doc_json_word(const yaml_node_t *node)
{
    ig_str_t  s;

    s = ig_doc_text(node);

    return node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE
           && (ig_str_eq(s, IG_STR("true")) || ig_str_eq(s, IG_STR("false"))
               || ig_str_eq(s, IG_STR("null")) || ig_doc_number(s));
}


static void
ig_doc_write(ig_doc_t *t, yaml_node_t *node, bool json, ig_buf_t *out)
{
    yaml_node_item_t  *i;
    yaml_node_pair_t  *p;

    switch (node->type) {

    case YAML_SEQUENCE_NODE:
        ig_buf_char(out, '[');

        for (i = node->data.sequence.items.start;
             i < node->data.sequence.items.top;
             i++)
        {
            if (i > node->data.sequence.items.start) {
                ig_buf_lit(out, ", ");
            }

            ig_doc_write(t, ig_doc_node(t, *i), json, out);
        }

        ig_buf_char(out, ']');
        break;

    case YAML_MAPPING_NODE:
        ig_buf_char(out, '{');

        for (p = node->data.mapping.pairs.start;
             p < node->data.mapping.pairs.top;
             p++)
        {
            if (p > node->data.mapping.pairs.start) {
                ig_buf_lit(out, ", ");
            }

            ig_doc_write(t, ig_doc_node(t, p->key), false, out);
            ig_buf_lit(out, ": ");
            ig_doc_write(t, ig_doc_node(t, p->value), json, out);
        }

        ig_buf_char(out, '}');
        break;

    case YAML_SCALAR_NODE:
        if (json && ig_doc_json_word(node)) {
            ig_buf_str(out, ig_doc_text(node));

        } else {
            ig_buf_json(out, ig_doc_text(node));
        }

        break;

    default:
        ig_buf_lit(out, "null");
    }
}


/* JSON's strings are YAML's in double quotes (YAML 1.2.2, 1.2) */

void
ig_doc_flow(ig_doc_t *t, yaml_node_t *node, ig_buf_t *out)
{
    ig_doc_write(t, node, false, out);
}


void
ig_doc_json(ig_doc_t *t, yaml_node_t *node, ig_buf_t *out)
{
    ig_doc_write(t, node, true, out);
}

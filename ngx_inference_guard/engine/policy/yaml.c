/*
 * libyaml's events to a tree with places.
 *
 * libyaml counts columns in characters and takes more than LF and CRLF for a
 * line's end (YAML 1.1, section 5.4).  An editor does not, so files with the
 * others are refused, and columns are counted again in bytes.
 */

#include "yaml.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>


typedef struct {
    ig_yaml_t   *node;
    ig_yaml_t  **tail;
    ig_yaml_t   *key;          /* of a map, waiting for its value */
} ig_yaml_frame_t;

typedef struct {
    const ig_source_t  *source;
    ig_arena_t         *arena;
    ig_mistakes_t      *mistakes;

    /* the last place asked for: places mostly go forward */
    size_t              line;
    size_t              line_start;
    size_t              column;        /* in characters */
    size_t              offset;

    ig_yaml_t          *root;
    ig_yaml_frame_t     stack[IG_YAML_MAX_DEPTH];
    size_t              depth;
} ig_yaml_reader_t;


/* the place of a byte, for what is found before libyaml is asked */

static ig_place_t
ig_yaml_place_at(const ig_source_t *source, size_t at)
{
    size_t      i;
    ig_place_t  place;

    place.file = source->name;
    place.line = 1;
    place.column = 1;

    for (i = 0; i < at; i++) {
        if (source->text.data[i] == '\n') {
            place.line++;
            place.column = 1;

        } else {
            place.column++;
        }
    }

    return place;
}


static ig_place_t
ig_yaml_place(ig_yaml_reader_t *r, yaml_mark_t mark)
{
    ig_str_t        text;
    ig_place_t      place;
    const uint8_t  *p;

    text = r->source->text;

    if (mark.line < r->line) {
        r->line = 0;
        r->line_start = 0;
        r->column = 0;
        r->offset = 0;
    }

    while (r->line < mark.line) {

        p = memchr(text.data + r->line_start, '\n', text.len - r->line_start);
        if (p == NULL) {
            break;
        }

        r->line++;
        r->line_start = (size_t) (p - text.data) + 1;
        r->column = 0;
        r->offset = r->line_start;
    }

    if (mark.column < r->column) {
        r->column = 0;
        r->offset = r->line_start;
    }

    while (r->column < mark.column && r->offset < text.len) {

        do {
            r->offset++;
        } while (r->offset < text.len
                 && (text.data[r->offset] & 0xc0) == 0x80);

        r->column++;
    }

    place.file = r->source->name;
    place.line = (uint32_t) r->line + 1;
    place.column = (uint32_t) (r->offset - r->line_start) + 1;

    return place;
}


/* what no rule file may contain, and editors do not show */

static const char *
ig_yaml_bad_bytes(ig_str_t s, size_t i)
{
    const uint8_t  *p;

    p = s.data + i;

    if (p[0] == '\r' && (i + 1 == s.len || p[1] != '\n')) {
        return "a carriage return without a line feed; end lines with a line "
               "feed";
    }

    if ((p[0] < 0x20 && p[0] != '\n' && p[0] != '\r' && p[0] != '\t')
        || p[0] == 0x7f || (p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f))
    {
        return "a control character; write it as an escape in double quotes";
    }

    if (p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9)) {
        return "a Unicode line separator; write it as an escape in double "
               "quotes";
    }

    if (p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf) {
        return "a byte order mark; save the file as UTF-8 without one";
    }

    return NULL;
}


static bool
ig_yaml_check_bytes(const ig_source_t *source, ig_mistakes_t *mistakes)
{
    size_t       i;
    ig_str_t     s;
    ig_place_t   whole;
    const char  *what;

    s = source->text;
    whole = (ig_place_t) { source->name, 0, 0 };

    if (s.len > IG_YAML_MAX_FILE) {
        ig_mistakes_error(mistakes, whole,
                          "the file is larger than %u MB; split it",
                          IG_YAML_MAX_FILE >> 20);
        return false;
    }

    if (s.len >= 2 && ((s.data[0] == 0xff && s.data[1] == 0xfe)
                       || (s.data[0] == 0xfe && s.data[1] == 0xff)))
    {
        ig_mistakes_error(mistakes, whole,
                          "the file is UTF-16; save it as UTF-8");
        return false;
    }

    i = ig_text_utf8(s);

    if (i < s.len) {
        ig_mistakes_error(mistakes, ig_yaml_place_at(source, i),
                          "bytes that are not UTF-8; save the file as UTF-8");
        return false;
    }

    for (i = 0; i < s.len; i++) {

        what = ig_yaml_bad_bytes(s, i);

        if (what) {
            ig_mistakes_error(mistakes, ig_yaml_place_at(source, i), "%s",
                              what);
            return false;
        }
    }

    return true;
}


static ig_yaml_t *
ig_yaml_node(ig_yaml_reader_t *r, ig_yaml_kind_t kind, yaml_mark_t mark)
{
    ig_yaml_t  *node;

    node = ig_arena_calloc(r->arena, sizeof(ig_yaml_t));

    if (node) {
        node->kind = kind;
        node->place = ig_yaml_place(r, mark);
    }

    return node;
}


static void
ig_yaml_attach(ig_yaml_reader_t *r, ig_yaml_t *node)
{
    ig_yaml_frame_t  *f;

    if (r->depth == 0) {
        r->root = node;
        return;
    }

    f = &r->stack[r->depth - 1];

    if (f->node->kind == IG_YAML_MAP) {

        if (f->key == NULL) {
            f->key = node;

            if (node->kind == IG_YAML_LIST || node->kind == IG_YAML_MAP) {
                ig_mistakes_error(r->mistakes, node->place,
                                  "a key must be a word, not %s; quote it when "
                                  "it begins with [ or {", ig_yaml_kind(node));
            }

            f->node->lost = f->node->lost || node->kind != IG_YAML_TEXT;

            return;
        }

        node->key = f->key;
        f->key = NULL;

        if (node->key->kind != IG_YAML_TEXT) {
            return;
        }
    }

    *f->tail = node;
    f->tail = &node->next;
    f->node->n++;
}


static bool
ig_yaml_push(ig_yaml_reader_t *r, ig_yaml_t *node)
{
    ig_yaml_frame_t  *f;

    if (r->depth == IG_YAML_MAX_DEPTH) {
        ig_mistakes_error(r->mistakes, node->place,
                          "nested more than %d levels deep; no rule file needs "
                          "that", IG_YAML_MAX_DEPTH);
        return false;
    }

    f = &r->stack[r->depth++];
    f->node = node;
    f->tail = &node->first;
    f->key = NULL;

    return true;
}


/* what must differ among the children of a node: keys of a map, texts */

static const ig_yaml_t *
ig_yaml_identity(const ig_yaml_t *node)
{
    return node->key ? node->key : node;
}


static int
ig_yaml_identity_cmp(const void *one, const void *two)
{
    int               rc;
    const ig_yaml_t  *a, *b;

    a = ig_yaml_identity(*(const ig_yaml_t *const *) one);
    b = ig_yaml_identity(*(const ig_yaml_t *const *) two);

    rc = ig_str_cmp(a->text, b->text);
    if (rc != 0) {
        return rc;
    }

    if (a->place.line != b->place.line) {
        return a->place.line < b->place.line ? -1 : 1;
    }

    return (a->place.column > b->place.column)
           - (a->place.column < b->place.column);
}


/*
 * The same key twice in a map has no meaning that all readers share, and every
 * list of texts in a rule file is a set.  Texts of lists are not shown: they
 * could be keys.
 */

static void
ig_yaml_duplicates(ig_yaml_reader_t *r, ig_yaml_t *node)
{
    size_t             i, n;
    ig_yaml_t         *v;
    const ig_yaml_t   *a, *b;
    const ig_yaml_t  **sorted;

    if (node->n < 2) {
        return;
    }

    sorted = ig_arena_alloc(r->arena, node->n * sizeof(ig_yaml_t *));
    if (sorted == NULL) {
        return;
    }

    n = 0;

    for (v = node->first; v; v = v->next) {
        if (v->key || v->kind == IG_YAML_TEXT) {
            sorted[n++] = v;
        }
    }

    qsort(sorted, n, sizeof(ig_yaml_t *), ig_yaml_identity_cmp);

    for (i = 1; i < n; i++) {

        a = ig_yaml_identity(sorted[i - 1]);
        b = ig_yaml_identity(sorted[i]);

        if (!ig_str_eq(a->text, b->text)) {
            continue;
        }

        if (node->kind == IG_YAML_MAP) {
            node->twice = true;
            ig_mistakes_error(r->mistakes, b->place,
                              "duplicate key \"%s\"; it is already in line %u",
                              ig_text_show(b->text).text, a->place.line);

        } else {
            ig_mistakes_error(r->mistakes, b->place,
                              "the same value is already in this list, at "
                              "%u:%u", a->place.line, a->place.column);
        }
    }
}


static void
ig_yaml_properties(ig_yaml_reader_t *r, const ig_yaml_t *node,
    const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (anchor) {
        ig_mistakes_error(r->mistakes, node->place,
                          "an anchor (&%s) is not allowed in a rule file; "
                          "write the value out, or quote it",
                          ig_text_show(ig_str_from_c((const char *) anchor))
                          .text);
    }

    if (tag) {
        ig_mistakes_error(r->mistakes, node->place,
                          "a tag (!...) is not allowed in a rule file; quote "
                          "the value when it begins with !");
    }
}


static bool
ig_yaml_scalar(ig_yaml_reader_t *r, const yaml_event_t *e)
{
    size_t      len;
    ig_yaml_t  *node;

    node = ig_yaml_node(r, IG_YAML_TEXT, e->start_mark);
    if (node == NULL) {
        return false;
    }

    len = e->data.scalar.length;

    /* the line feed that ends a block scalar is not part of what is meant */

    if ((e->data.scalar.style == YAML_LITERAL_SCALAR_STYLE
         || e->data.scalar.style == YAML_FOLDED_SCALAR_STYLE)
        && len && e->data.scalar.value[len - 1] == '\n')
    {
        len--;
    }

    node->text = ig_arena_strdup(r->arena,
                                 (ig_str_t) { e->data.scalar.value, len });

    ig_yaml_properties(r, node, e->data.scalar.anchor, e->data.scalar.tag);
    ig_yaml_attach(r, node);

    return true;
}


static bool
ig_yaml_collection(ig_yaml_reader_t *r, const yaml_event_t *e)
{
    ig_yaml_t  *node;

    node = ig_yaml_node(r, e->type == YAML_MAPPING_START_EVENT
                           ? IG_YAML_MAP : IG_YAML_LIST, e->start_mark);
    if (node == NULL) {
        return false;
    }

    if (e->type == YAML_MAPPING_START_EVENT) {
        ig_yaml_properties(r, node, e->data.mapping_start.anchor,
                           e->data.mapping_start.tag);

    } else {
        ig_yaml_properties(r, node, e->data.sequence_start.anchor,
                           e->data.sequence_start.tag);
    }

    ig_yaml_attach(r, node);

    return ig_yaml_push(r, node);
}


static bool
ig_yaml_document(ig_yaml_reader_t *r, const yaml_event_t *e)
{
    if (r->root) {
        ig_mistakes_error(r->mistakes, ig_yaml_place(r, e->start_mark),
                          "a second document begins here; one file holds one");
        return false;
    }

    if (e->data.document_start.version_directive
        || e->data.document_start.tag_directives.start
           != e->data.document_start.tag_directives.end)
    {
        ig_mistakes_error(r->mistakes, ig_yaml_place(r, e->start_mark),
                          "a YAML directive (%%) is not allowed in a rule "
                          "file; remove it");
    }

    return true;
}


/* false: reading ends here, for the reason already reported, or no memory */

static bool
ig_yaml_event(ig_yaml_reader_t *r, const yaml_event_t *e)
{
    ig_yaml_t  *node;

    switch (e->type) {

    case YAML_DOCUMENT_START_EVENT:
        return ig_yaml_document(r, e);

    case YAML_SCALAR_EVENT:
        return ig_yaml_scalar(r, e);

    case YAML_MAPPING_START_EVENT:
    case YAML_SEQUENCE_START_EVENT:
        return ig_yaml_collection(r, e);

    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        r->depth--;
        ig_yaml_duplicates(r, r->stack[r->depth].node);
        return true;

    case YAML_ALIAS_EVENT:
        node = ig_yaml_node(r, IG_YAML_BAD, e->start_mark);
        if (node == NULL) {
            return false;
        }

        ig_mistakes_error(r->mistakes, node->place,
                          "an alias (*%s) is not allowed in a rule file; write "
                          "the value out, or quote it when it is a glob",
                          ig_text_show(ig_str_from_c(
                              (const char *) e->data.alias.anchor)).text);
        ig_yaml_attach(r, node);
        return true;

    default:
        return true;
    }
}


static void
ig_yaml_problem(ig_yaml_reader_t *r, const yaml_parser_t *parser)
{
    ig_place_t   place;
    const char  *problem;

    problem = parser->problem ? parser->problem : "it cannot be read";

    if (parser->error == YAML_MEMORY_ERROR) {
        ig_mistakes_error(r->mistakes, (ig_place_t) { r->source->name, 0, 0 },
                          "not enough memory to read the file");
        return;
    }

    if (parser->error == YAML_READER_ERROR) {
        place = ig_yaml_place_at(r->source,
                                 parser->problem_offset < r->source->text.len
                                 ? parser->problem_offset
                                 : r->source->text.len);

    } else {
        place = ig_yaml_place(r, parser->problem_mark);
    }

    if (parser->context) {
        ig_mistakes_error(r->mistakes, place,
                          "this is not YAML: %s, %s (begun in line %lu)%s",
                          parser->context, problem,
                          (unsigned long) parser->context_mark.line + 1,
                          strstr(parser->context, "alias")
                          ? "; quote a glob that begins with *" : "");

    } else {
        ig_mistakes_error(r->mistakes, place, "this is not YAML: %s", problem);
    }
}


static bool
ig_yaml_events(ig_yaml_reader_t *r, yaml_parser_t *parser)
{
    bool          ok, end;
    yaml_event_t  event;

    for ( ;; ) {

        if (!yaml_parser_parse(parser, &event)) {
            ig_yaml_problem(r, parser);
            return false;
        }

        end = (event.type == YAML_STREAM_END_EVENT);
        ok = ig_yaml_event(r, &event);

        yaml_event_delete(&event);

        if (!ok || end) {
            return ok;
        }
    }
}


ig_yaml_t *
ig_yaml_read(const ig_source_t *source, ig_arena_t *arena,
    ig_mistakes_t *mistakes)
{
    bool              ok;
    yaml_parser_t     parser;
    ig_yaml_reader_t  r;

    if (!ig_yaml_check_bytes(source, mistakes)) {
        return NULL;
    }

    memset(&r, 0, sizeof(ig_yaml_reader_t));
    r.source = source;
    r.arena = arena;
    r.mistakes = mistakes;

    if (!yaml_parser_initialize(&parser)) {
        ig_mistakes_error(mistakes, (ig_place_t) { source->name, 0, 0 },
                          "not enough memory to read the file");
        return NULL;
    }

    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, source->text.len
                                          ? source->text.data
                                          : (const uint8_t *) "",
                                 source->text.len);

    ok = ig_yaml_events(&r, &parser);

    yaml_parser_delete(&parser);

    if (!ok) {
        return NULL;
    }

    if (r.root == NULL) {
        ig_mistakes_error(mistakes, (ig_place_t) { source->name, 0, 0 },
                          "the file holds nothing; a rule file begins with "
                          "\"version: 1\"");
    }

    return r.root;
}


const ig_yaml_t *
ig_yaml_get(const ig_yaml_t *map, const char *key)
{
    const ig_yaml_t  *v;

    if (map == NULL || map->kind != IG_YAML_MAP) {
        return NULL;
    }

    for (v = map->first; v; v = v->next) {
        if (ig_str_eq(v->key->text, ig_str_from_c(key))) {
            return v;
        }
    }

    return NULL;
}


const char *
ig_yaml_kind(const ig_yaml_t *node)
{
    switch (node->kind) {

    case IG_YAML_LIST:
        return "a list";

    case IG_YAML_MAP:
        return "a map";

    default:
        return node->text.len ? "a single value" : "nothing";
    }
}

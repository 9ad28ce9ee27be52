/*
 * Reading case files.
 */

#include "cases.h"
#include "doc.h"

#include <string.h>


typedef struct {
    ig_doc_t    tree;
    ig_arena_t  *arena;
    ig_case_t   *test;
} ig_reader_t;


static const char *const  ig_case_keys[] = {
    "name", "tenant", "client_country", "claim", "request", "policy",
    "endpoints", "expect", NULL
};

static const char *const  ig_request_keys[] = {
    "method", "path", "text", "body", "model", "headers", "args", NULL
};

static const char *const  ig_expect_keys[] = {
    "verdict", "status", "reason", "destinations", "operators", "rules",
    "findings", "flags", "would", NULL
};


const char *
ig_expect_name(ig_expect_key_t k)
{
    return ig_expect_keys[k];
}


static void
ig_case_error(ig_reader_t *r, yaml_node_t *at, const char *text)
{
    ig_mistakes_error(r->tree.mistakes, ig_doc_place(&r->tree, at), "%s",
                      text);
}


/* a text value, copied, or empty when the key is absent or no text */

static ig_str_t
ig_case_text(ig_reader_t *r, yaml_node_t *map, const char *key)
{
    yaml_node_t  *node;

    node = ig_doc_get(&r->tree, map, key);

    if (node == NULL || !ig_doc_is(&r->tree, node, YAML_SCALAR_NODE, key)) {
        return IG_NO_STR;
    }

    return ig_arena_strdup(r->arena, ig_doc_text(node));
}


static ig_country_t
ig_case_country(ig_reader_t *r, yaml_node_t *map, const char *key)
{
    ig_str_t      code;
    ig_country_t  c;

    code = ig_case_text(r, map, key);

    if (code.len == 0 || ig_str_eq(code, IG_STR("ZZ"))) {
        return IG_COUNTRY_UNKNOWN;
    }

    c = ig_country_parse(code);

    if (c == IG_COUNTRY_UNKNOWN) {
        ig_case_error(r, ig_doc_get(&r->tree, map, key),
                      "this is no country code of ISO 3166-1");
    }

    return c;
}


/* a text is a list of one */

static ig_strs_t
ig_case_list(ig_reader_t *r, yaml_node_t *node)
{
    size_t             n;
    ig_str_t          *items;
    yaml_node_t       *one;
    yaml_node_item_t  *i;

    if (node->type == YAML_SCALAR_NODE) {
        items = ig_arena_alloc(r->arena, sizeof(ig_str_t));
        if (items == NULL) {
            return (ig_strs_t) { NULL, 0 };
        }

        items[0] = ig_arena_strdup(r->arena, ig_doc_text(node));

        return (ig_strs_t) { items, 1 };
    }

    if (!ig_doc_is(&r->tree, node, YAML_SEQUENCE_NODE, "what is expected")) {
        return (ig_strs_t) { NULL, 0 };
    }

    n = (size_t) (node->data.sequence.items.top
                  - node->data.sequence.items.start);

    items = ig_arena_calloc(r->arena, (n + 1) * sizeof(ig_str_t));
    if (items == NULL) {
        return (ig_strs_t) { NULL, 0 };
    }

    n = 0;

    for (i = node->data.sequence.items.start;
         i < node->data.sequence.items.top;
         i++)
    {
        one = ig_doc_node(&r->tree, *i);

        if (ig_doc_is(&r->tree, one, YAML_SCALAR_NODE, "an item of a list")) {
            items[n++] = ig_arena_strdup(r->arena, ig_doc_text(one));
        }
    }

    return (ig_strs_t) { items, n };
}


static ig_str_t
ig_case_flow(ig_reader_t *r, yaml_node_t *node)
{
    ig_buf_t  b;

    ig_buf_init(&b, r->arena, 256);
    ig_doc_flow(&r->tree, node, &b);

    return b.failed ? IG_NO_STR : (ig_str_t) { b.data, b.len };
}


/* `text` as the only message of the smallest body that the path takes */

static ig_str_t
ig_case_body(ig_reader_t *r, ig_str_t path, ig_str_t model, ig_str_t text)
{
    ig_buf_t  b;

    ig_buf_init(&b, r->arena, text.len + 256);
    ig_buf_lit(&b, "{\"model\": ");
    ig_buf_json(&b, model.len ? model : IG_STR("model"));

    if (ig_str_eq(path, IG_STR("/v1/messages"))) {
        ig_buf_lit(&b, ", \"max_tokens\": 256");
    }

    if (ig_str_eq(path, IG_STR("/v1/completions"))
        || ig_str_eq(path, IG_STR("/api/generate")))
    {
        ig_buf_lit(&b, ", \"prompt\": ");
        ig_buf_json(&b, text);

    } else if (ig_str_eq(path, IG_STR("/v1/responses"))
               || ig_str_eq(path, IG_STR("/v1/embeddings")))
    {
        ig_buf_lit(&b, ", \"input\": ");
        ig_buf_json(&b, text);

    } else {
        ig_buf_lit(&b, ", \"messages\": [{\"role\": \"user\", \"content\": ");
        ig_buf_json(&b, text);
        ig_buf_lit(&b, "}]");
    }

    ig_buf_char(&b, '}');

    return b.failed ? IG_NO_STR : (ig_str_t) { b.data, b.len };
}


static ig_str_t
ig_case_lower(ig_reader_t *r, ig_str_t s)
{
    size_t    i;
    uint8_t  *p;

    s = ig_arena_strdup(r->arena, s);

    for (i = 0, p = (uint8_t *) s.data; i < s.len; i++) {
        if (p[i] >= 'A' && p[i] <= 'Z') {
            p[i] |= 0x20;
        }
    }

    return s;
}


static void
ig_case_headers(ig_reader_t *r, yaml_node_t *map, ig_request_t *q)
{
    size_t             n;
    ig_str_t           name, value;
    ig_header_t       *headers;
    yaml_node_pair_t  *p;

    if (map == NULL
        || !ig_doc_is(&r->tree, map, YAML_MAPPING_NODE, "headers"))
    {
        return;
    }

    n = (size_t) (map->data.mapping.pairs.top - map->data.mapping.pairs.start);

    headers = ig_arena_calloc(r->arena, (n + 1) * sizeof(ig_header_t));
    if (headers == NULL) {
        return;
    }

    for (p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
         p++)
    {
        if (!ig_doc_is(&r->tree, ig_doc_node(&r->tree, p->key),
                        YAML_SCALAR_NODE, "a header's name")
            || !ig_doc_is(&r->tree, ig_doc_node(&r->tree, p->value),
                           YAML_SCALAR_NODE, "a header's value"))
        {
            continue;
        }

        name = ig_case_lower(r, ig_doc_text(ig_doc_node(&r->tree, p->key)));
        value = ig_arena_strdup(r->arena, ig_doc_text(
                                    ig_doc_node(&r->tree, p->value)));

        if (ig_str_eq(name, IG_STR("content-type"))) {
            q->content_type = value;
            continue;
        }

        if (ig_str_eq(name, IG_STR("anthropic-version"))) {
            q->anthropic = true;
        }

        headers[q->nheaders].name = name;
        headers[q->nheaders++].value = value;
    }

    q->headers = headers;
}


static void
ig_case_request(ig_reader_t *r, yaml_node_t *map)
{
    ig_buf_t       b;
    ig_str_t       model;
    yaml_node_t   *text, *body;
    ig_request_t  *q;

    q = &r->test->request;

    if (!ig_doc_is(&r->tree, map, YAML_MAPPING_NODE, "request")) {
        return;
    }

    ig_doc_keys(&r->tree, map, "a request", ig_request_keys);

    text = ig_doc_get(&r->tree, map, "text");
    body = ig_doc_get(&r->tree, map, "body");

    q->path = ig_case_text(r, map, "path");
    q->args = ig_case_text(r, map, "args");
    q->method = ig_case_text(r, map, "method");
    q->anthropic = q->path.len >= 12
                   && memcmp(q->path.data, "/v1/messages", 12) == 0;
    model = ig_case_text(r, map, "model");

    if (q->path.len == 0) {
        ig_case_error(r, map, "a request needs a path");
    }

    if (q->method.len == 0) {
        q->method = IG_STR("POST");
    }

    if (text && body) {
        ig_case_error(r, body, "a request has either text or body");
    }

    if (model.len && text == NULL) {
        ig_case_error(r, map, "model goes with text; write it in the body");
    }

    if (text) {
        q->body = ig_case_body(r, q->path, model, ig_case_text(r, map, "text"));

    } else if (body && body->type == YAML_SCALAR_NODE) {
        q->body = ig_case_text(r, map, "body");

    } else if (body) {
        ig_buf_init(&b, r->arena, 256);
        ig_doc_json(&r->tree, body, &b);
        q->body = (ig_str_t) { b.data, b.len };
    }

    q->has_body = text || body;

    if (q->has_body) {
        q->content_type = IG_STR("application/json");
    }

    ig_case_headers(r, ig_doc_get(&r->tree, map, "headers"), q);
}


static void
ig_case_tenant(ig_reader_t *r, yaml_node_t *node)
{
    static const char *const  keys[] = { "home", NULL };

    if (node->type == YAML_SCALAR_NODE) {
        r->test->tenant = ig_arena_strdup(r->arena, ig_doc_text(node));
        return;
    }

    if (!ig_doc_is(&r->tree, node, YAML_MAPPING_NODE, "tenant")) {
        return;
    }

    ig_doc_keys(&r->tree, node, "a tenant", keys);
    r->test->home = ig_case_country(r, node, "home");

    if (r->test->home == IG_COUNTRY_UNKNOWN) {
        ig_case_error(r, node, "a tenant is a name, or {home: a country}");
    }
}


/* words that are none would only make a case fail, without saying why */

static void
ig_case_words(ig_reader_t *r, yaml_node_t *node, ig_expect_key_t key,
    const ig_strs_t *values)
{
    int  i;

    if (values->n != 1) {
        ig_case_error(r, node, "this takes one word, no list");
        return;
    }

    switch (key) {

    case IG_EXPECT_VERDICT:
    case IG_EXPECT_WOULD:
        for (i = IG_VERDICT_BLOCK; i <= IG_VERDICT_ALLOW; i++) {
            if (ig_str_eq(ig_verdict_name((ig_verdict_word_t) i),
                          values->items[0]))
            {
                return;
            }
        }

        ig_case_error(r, node, "a verdict is block, route, transform, flag or "
                      "allow");
        break;

    case IG_EXPECT_REASON:
        for (i = 0; i < IG_REASON_COUNT; i++) {
            if (ig_str_eq(ig_reason_code((ig_reason_t) i), values->items[0])) {
                return;
            }
        }

        ig_case_error(r, node, "no request is refused for this reason; see "
                      "docs/decisions.md");
        break;

    default:
        break;
    }
}


static void
ig_case_expect(ig_reader_t *r, yaml_node_t *map)
{
    int           k;
    bool          any;
    ig_expect_t  *e;
    yaml_node_t  *node;

    if (!ig_doc_is(&r->tree, map, YAML_MAPPING_NODE, "expect")) {
        return;
    }

    ig_doc_keys(&r->tree, map, "expect", ig_expect_keys);
    any = false;

    for (k = 0; k < IG_EXPECTS; k++) {
        node = ig_doc_get(&r->tree, map, ig_expect_keys[k]);

        if (node == NULL) {
            continue;
        }

        any = true;
        e = &r->test->expect[k];
        e->given = true;
        e->values = ig_case_list(r, node);

        if (k <= IG_EXPECT_REASON || k == IG_EXPECT_WOULD) {
            ig_case_words(r, node, (ig_expect_key_t) k, &e->values);
        }
    }

    if (!any) {
        ig_case_error(r, map, "a case that expects nothing cannot fail");
    }
}


static void
ig_case_read(ig_reader_t *r, yaml_node_t *map)
{
    ig_doc_t    *t;
    ig_case_t    *test;
    yaml_node_t  *node;

    t = &r->tree;
    test = r->test;

    if (!ig_doc_is(t, map, YAML_MAPPING_NODE, "a case")) {
        return;
    }

    ig_doc_keys(t, map, "a case", ig_case_keys);

    test->place = ig_doc_place(t, map);
    test->name = ig_case_text(r, map, "name");
    test->client_country = ig_case_country(r, map, "client_country");
    test->claim = ig_case_text(r, map, "claim");

    if (test->name.len == 0) {
        ig_case_error(r, map, "a case needs a name");
    }

    node = ig_doc_get(t, map, "tenant");

    if (node) {
        ig_case_tenant(r, node);
    }

    node = ig_doc_get(t, map, "policy");

    if (node && ig_doc_is(t, node, YAML_MAPPING_NODE, "policy")) {
        test->policy = ig_case_flow(r, node);
    }

    node = ig_doc_get(t, map, "endpoints");

    if (node && node->type == YAML_SCALAR_NODE) {
        test->own_endpoints = ig_str_eq(ig_doc_text(node), IG_STR("files"));

        if (!test->own_endpoints) {
            ig_case_error(r, node, "endpoints is a map, or the word files");
        }

    } else if (node && ig_doc_is(t, node, YAML_MAPPING_NODE, "endpoints")) {
        test->endpoints = ig_case_flow(r, node);
    }

    node = ig_doc_get(t, map, "request");

    if (node) {
        ig_case_request(r, node);

    } else {
        ig_case_error(r, map, "a case needs a request");
    }

    node = ig_doc_get(t, map, "expect");

    if (node) {
        ig_case_expect(r, node);

    } else {
        ig_case_error(r, map, "a case needs what to expect");
    }
}


void
ig_cases_read(ig_cases_t *c, const ig_source_t *file, ig_mistakes_t *mistakes)
{
    ig_reader_t        r;
    ig_case_item_t    *item;
    yaml_node_item_t  *i;

    r.arena = c->arena;

    if (!ig_doc_read(&r.tree, file, mistakes)) {
        return;
    }

    if (r.tree.root == NULL
        || !ig_doc_is(&r.tree, r.tree.root, YAML_SEQUENCE_NODE,
                       "a file of cases"))
    {
        ig_doc_free(&r.tree);
        return;
    }

    for (i = r.tree.root->data.sequence.items.start;
         i < r.tree.root->data.sequence.items.top;
         i++)
    {
        item = ig_arena_calloc(c->arena, sizeof(ig_case_item_t));

        if (item == NULL) {
            ig_mistakes_error(mistakes, (ig_place_t) { file->name, 0, 0 },
                              "out of memory");
            break;
        }

        r.test = &item->test;
        ig_case_read(&r, ig_doc_node(&r.tree, *i));

        *c->last = item;
        c->last = &item->next;
    }

    /* what the arena had no room for is empty, and must not be run */

    if (ig_arena_status(c->arena) != IG_OK) {
        ig_mistakes_error(mistakes, (ig_place_t) { file->name, 0, 0 },
                          "out of memory");
    }

    ig_doc_free(&r.tree);
}

/*
 * Sources of a case: what stays of the rule files, and what is made for it.
 */

#include "doc.h"
#include "world.h"

#include <string.h>


/* one endpoint a country, named by its code in lower case */

static void
ig_world_endpoints(ig_buf_t *out)
{
    size_t        i;
    ig_str_t      code;
    const char   *comma;

    comma = "";

    ig_buf_char(out, '{');

    for (i = 1; i < ig_country_count(); i++) {
        code = ig_country_code((ig_country_t) i);

        ig_buf_printf(out, "%s\"%c%c\": {\"upstream\": \"%c%c\", ", comma,
                      code.data[0] | 0x20, code.data[1] | 0x20,
                      code.data[0] | 0x20, code.data[1] | 0x20);
        ig_buf_printf(out, "\"country\": \"%.*s\", \"operators\": [\"%.*s\"], ",
                      IG_FMT(code), IG_FMT(code));
        ig_buf_lit(out, "\"tier\": \"cloud\", \"dialects\": [\"openai\", "
                   "\"anthropic\", \"ollama\"], \"models\": [\"*\"]}");

        comma = ",\n  ";
    }

    ig_buf_lit(out, "}\n");
}


/* and one tenant a country, for cases that name only a home */

static void
ig_world_tenants(ig_buf_t *out)
{
    size_t        i;
    ig_str_t      code;
    const char   *comma;

    comma = "";

    ig_buf_lit(out, "tenants: {");

    for (i = 1; i < ig_country_count(); i++) {
        code = ig_country_code((ig_country_t) i);
        ig_buf_printf(out, "%s\"case-%.*s\": {\"home\": \"%.*s\", "
                      "\"subjects\": [\"case-%.*s\"]}", comma, IG_FMT(code),
                      IG_FMT(code), IG_FMT(code));
        comma = ",\n  ";
    }

    ig_buf_lit(out, "}\n");
}


/* a map without some of its keys; `seen` says whether anything was written */

static void
ig_world_map(ig_doc_t *t, yaml_node_t *map, const char *const *without,
    ig_doc_t *over, bool *seen, ig_buf_t *out)
{
    size_t             i;
    yaml_node_t       *key;
    yaml_node_pair_t  *p;

    for (p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
         p++)
    {
        key = ig_doc_node(t, p->key);

        if (key->type != YAML_SCALAR_NODE) {
            continue;
        }

        for (i = 0; without[i]; i++) {
            if (ig_str_eq(ig_doc_text(key), ig_str_from_c(without[i]))) {
                break;
            }
        }

        if (without[i]
            || (over && ig_doc_get(over, over->root,
                                    (char *) key->data.scalar.value)))
        {
            continue;
        }

        ig_buf_str(out, *seen ? IG_STR(", ") : IG_NO_STR);
        ig_doc_flow(t, key, out);
        ig_buf_lit(out, ": ");
        ig_doc_flow(t, ig_doc_node(t, p->value), out);
        *seen = true;
    }
}


/* the files' policy, key by key unless the case has its own */

static void
ig_world_policy(ig_worlds_t *w, const ig_case_t *test, ig_buf_t *out)
{
    size_t                    i;
    bool                      seen, over_read;
    ig_doc_t                 over, file;
    ig_source_t               source;
    yaml_node_t              *policy;
    static const char *const  none[] = { NULL };
    static const char *const  endpoints[] = { "uninspectable", NULL };

    seen = false;
    over_read = false;
    over.root = NULL;

    if (test->policy.len) {
        source = (ig_source_t) { test->place.file, test->policy };
        over_read = ig_doc_read(&over, &source, w->mistakes);
    }

    ig_buf_lit(out, "policy: {");

    if (over_read) {
        ig_world_map(&over, over.root, none, NULL, &seen, out);
    }

    for (i = 0; i < w->files->n; i++) {

        if (!ig_doc_read(&file, &w->files->items[i], w->mistakes)) {
            continue;
        }

        policy = ig_doc_get(&file, file.root, "policy");

        /* the endpoints that its stance names are gone */

        if (policy && policy->type == YAML_MAPPING_NODE) {
            ig_world_map(&file, policy, test->own_endpoints ? none : endpoints,
                         over_read ? &over : NULL, &seen, out);
        }

        ig_doc_free(&file);
    }

    ig_buf_lit(out, "}\n");

    if (!seen) {
        out->len -= sizeof("policy: {}\n") - 1;
    }

    if (over_read) {
        ig_doc_free(&over);
    }
}


static ig_str_t
ig_world_text(ig_worlds_t *w, const ig_case_t *test)
{
    ig_buf_t  b;

    ig_buf_init(&b, w->arena, 64 * 1024);
    ig_buf_lit(&b, "version: 1\n");

    if (test->endpoints.len) {
        ig_buf_lit(&b, "endpoints: ");
        ig_buf_str(&b, test->endpoints);
        ig_buf_char(&b, '\n');

    } else if (!test->own_endpoints) {
        ig_buf_lit(&b, "endpoints: ");
        ig_world_endpoints(&b);
    }

    ig_world_tenants(&b);
    ig_world_policy(w, test, &b);

    return b.failed ? IG_NO_STR : (ig_str_t) { b.data, b.len };
}


/* a rule file without its policy and, if so, its endpoints */

static void
ig_world_source(ig_worlds_t *w, const ig_source_t *file, bool own_endpoints,
    ig_source_t *sources, size_t *n)
{
    bool                      seen;
    ig_buf_t                  b;
    ig_doc_t                 t;
    static const char *const  both[] = { "version", "policy", "endpoints",
                                         NULL };
    static const char *const  policy[] = { "version", "policy", NULL };

    if (!ig_doc_read(&t, file, w->mistakes)) {
        return;
    }

    if (ig_doc_get(&t, t.root, "policy") == NULL
        && (own_endpoints || ig_doc_get(&t, t.root, "endpoints") == NULL))
    {
        sources[(*n)++] = *file;
        ig_doc_free(&t);
        return;
    }

    seen = false;

    ig_buf_init(&b, w->arena, 4096);
    ig_buf_lit(&b, "{\"version\": \"1\", ");
    ig_world_map(&t, t.root, own_endpoints ? policy : both, NULL, &seen, &b);
    ig_buf_lit(&b, "}\n");

    if (seen && !b.failed) {
        sources[(*n)++] = (ig_source_t) { file->name, { b.data, b.len } };
    }

    ig_doc_free(&t);
}


/*
 * A place in what was made for a case is no place that its writer sees: the
 * case is.
 */

static void
ig_world_mistakes(ig_worlds_t *w, const ig_case_t *test, ig_mistakes_t *found)
{
    size_t               i;
    const ig_mistake_t  *k;

    for (i = 0; i < ig_mistakes_count(found); i++) {
        k = ig_mistakes_get(found, i);

        if (k->severity == IG_MISTAKE_ERROR) {
            ig_mistakes_error(w->mistakes,
                              k->place.file == test->place.file ? test->place
                                                                : k->place,
                              "%s", k->message);
        }
    }

    if (ig_mistakes_errors(found) && ig_mistakes_count(found) == 0) {
        ig_mistakes_error(w->mistakes, test->place, "out of memory");
    }
}


static void
ig_world_compile(ig_worlds_t *w, const ig_case_t *test, ig_world_t *world)
{
    size_t          i, n;
    ig_source_t    *sources;
    ig_mistakes_t  *found;

    found = ig_mistakes_new();
    sources = ig_arena_calloc(w->arena,
                              (w->files->n + 1) * sizeof(ig_source_t));

    if (sources == NULL || found == NULL) {
        ig_mistakes_error(w->mistakes, test->place, "out of memory");
        ig_mistakes_free(found);
        return;
    }

    n = 0;

    for (i = 0; i < w->files->n; i++) {
        ig_world_source(w, &w->files->items[i], test->own_endpoints, sources,
                        &n);
    }

    sources[n++] = (ig_source_t) { test->place.file, world->text };

    world->guard = ig_guard_compile(sources, n, 0, found);

    if (world->guard) {
        world->worker = ig_worker_new(world->guard);
    }

    ig_world_mistakes(w, test, found);
    ig_mistakes_free(found);
}


const ig_world_t *
ig_world_find(ig_worlds_t *w, const ig_case_t *test)
{
    ig_str_t     text;
    ig_world_t  *world;

    text = ig_world_text(w, test);

    for (world = w->first; world; world = world->next) {
        if (ig_str_eq(world->text, text)
            && world->own_endpoints == test->own_endpoints)
        {
            return world;
        }
    }

    world = ig_arena_calloc(w->arena, sizeof(ig_world_t));

    if (world == NULL || text.len == 0) {
        ig_mistakes_error(w->mistakes, test->place, "out of memory");
        return NULL;
    }

    world->text = text;
    world->own_endpoints = test->own_endpoints;
    world->next = w->first;
    w->first = world;

    ig_world_compile(w, test, world);

    return world;
}


void
ig_worlds_free(ig_worlds_t *w)
{
    ig_world_t  *world;

    for (world = w->first; world; world = world->next) {
        ig_worker_free(world->worker);
        ig_guard_free(world->guard);
    }
}


uint32_t
ig_world_tenant(const ig_world_t *w, const ig_case_t *test)
{
    char      name[8];
    ig_buf_t  b;

    if (test->home == IG_COUNTRY_UNKNOWN) {
        return ig_policy_tenant(ig_guard_policy(w->guard), test->tenant);
    }

    ig_buf_fixed(&b, name, sizeof(name));
    ig_buf_lit(&b, "case-");
    ig_buf_str(&b, ig_country_code(test->home));

    return ig_policy_tenant(ig_guard_policy(w->guard),
                            (ig_str_t) { b.data, b.len });
}

/*
 * A boundary's rules among the packs of a policy.
 *
 * Its names are looked up where they will be used: it is compiled together with
 * the policy's files, of which one of the same jurisdiction gives its detectors
 * only, as a jurisdiction has one pack.  Then the rules are taken over with
 * their rows translated by name.
 */

#include "compare.h"
#include "doc.h"

#include <stdlib.h>
#include <string.h>


/* the value of `jurisdiction`, in the arena; empty: none */

static ig_str_t
ig_boundary_jurisdiction(const ig_source_t *file, ig_mistakes_t *mistakes,
    ig_arena_t *arena, bool *transfers)
{
    ig_doc_t      t;
    ig_str_t      name;
    yaml_node_t  *node;

    name = IG_NO_STR;

    if (!ig_doc_read(&t, file, mistakes)) {
        return name;
    }

    node = ig_doc_get(&t, t.root, "jurisdiction");

    if (node && node->type == YAML_SCALAR_NODE) {
        name = ig_arena_strdup(arena, ig_doc_text(node));
    }

    if (transfers) {
        *transfers = ig_doc_get(&t, t.root, "transfers") != NULL;
    }

    ig_doc_free(&t);

    return name;
}


/* the detectors of a file, as a file of their own; empty: it has none */

static ig_str_t
ig_boundary_detectors(const ig_source_t *file, ig_mistakes_t *mistakes,
    ig_arena_t *arena)
{
    ig_buf_t      b;
    ig_doc_t      t;
    yaml_node_t  *node;

    if (!ig_doc_read(&t, file, mistakes)) {
        return IG_NO_STR;
    }

    b.len = 0;
    b.failed = true;
    node = ig_doc_get(&t, t.root, "detectors");

    if (node) {
        ig_buf_init(&b, arena, 4096);
        ig_buf_lit(&b, "{\"version\": 1, \"detectors\": ");
        ig_doc_flow(&t, node, &b);
        ig_buf_lit(&b, "}\n");
    }

    ig_doc_free(&t);

    return b.failed ? IG_NO_STR : (ig_str_t) { b.data, b.len };
}


static ig_guard_t *
ig_boundary_compile(const ig_source_t *boundary, ig_str_t jurisdiction,
    const ig_files_t *files, ig_mistakes_t *mistakes, ig_arena_t *arena)
{
    size_t        i, n;
    ig_str_t      other, text;
    ig_source_t  *sources;

    sources = ig_arena_alloc(arena, (files->n + 1) * sizeof(ig_source_t));
    if (sources == NULL) {
        return NULL;
    }

    for (i = 0, n = 0; i < files->n; i++) {
        other = ig_boundary_jurisdiction(&files->items[i], mistakes, arena,
                                         NULL);

        if (jurisdiction.len == 0 || !ig_str_eq(other, jurisdiction)) {
            sources[n++] = files->items[i];
            continue;
        }

        text = ig_boundary_detectors(&files->items[i], mistakes, arena);

        if (text.len) {
            sources[n++] = (ig_source_t) { files->items[i].name, text };
        }
    }

    sources[n++] = *boundary;

    return ig_guard_compile(sources, n, 0, mistakes);
}


/* rows of a list by the names that they have, in the other policy */

static bool
ig_boundary_rows(ig_rows_t *rows, const ig_policy_t *from,
    const ig_policy_t *to, bool tenants, ig_arena_t *arena)
{
    size_t     i, n;
    uint32_t  *items, row;

    items = ig_arena_alloc(arena, (rows->n + 1) * sizeof(uint32_t));
    if (items == NULL) {
        return false;
    }

    for (i = 0, n = 0; i < rows->n; i++) {
        row = tenants
              ? ig_policy_tenant(to, from->tenants[rows->items[i]].name)
              : ig_policy_detector(to, from->detectors[rows->items[i]].id);

        if (row != IG_NONE) {
            items[n++] = row;
        }
    }

    *rows = (ig_rows_t) { items, n };

    return true;
}


static bool
ig_boundary_condition(ig_condition_t *c, const ig_policy_t *from,
    const ig_policy_t *to, ig_arena_t *arena)
{
    return ig_boundary_rows(&c->data, from, to, false, arena)
           && ig_boundary_rows(&c->tenants, from, to, true, arena);
}


/* a detector of the boundary's own is none that the policy looks for */

static bool
ig_boundary_own_detectors(const ig_boundary_t *b, const ig_policy_t *from,
    const ig_policy_t *to)
{
    size_t  i;

    for (i = 0; i < from->ndetectors; i++) {
        if (ig_policy_detector(to, from->detectors[i].id) == IG_NONE) {
            fprintf(stderr, "%s: the new rules have no detector \"%.*s\", so "
                    "what the boundary says of it cannot hold\n", b->name,
                    IG_FMT(from->detectors[i].id));
            return true;
        }
    }

    return false;
}


/* the row of the boundary's pack in *to, added if it is not there */

static uint32_t
ig_boundary_pack(ig_policy_t *to, ig_pack_t *packs, const ig_pack_t *pack)
{
    size_t  i;

    for (i = 0; i < to->npacks; i++) {
        if (pack->everywhere ? packs[i].everywhere
                             : ig_str_eq(packs[i].jurisdiction,
                                         pack->jurisdiction))
        {
            return (uint32_t) i;
        }
    }

    packs[to->npacks] = *pack;

    return (uint32_t) to->npacks++;
}


static bool
ig_boundary_merge(ig_boundary_t *b, const ig_policy_t *to, bool transfers,
    ig_arena_t *arena)
{
    size_t              i, n;
    ig_pack_t          *packs;
    ig_rule_t          *rules;
    const ig_policy_t  *from;

    from = ig_guard_policy(b->guard);
    packs = ig_arena_alloc(arena, (to->npacks + 1) * sizeof(ig_pack_t));
    rules = ig_arena_alloc(arena, (to->nrules + from->nrules + 1)
                                  * sizeof(ig_rule_t));

    if (packs == NULL || rules == NULL) {
        return false;
    }

    b->policy = *to;
    memcpy(packs, to->packs, to->npacks * sizeof(ig_pack_t));
    memcpy(rules, to->rules, to->nrules * sizeof(ig_rule_t));
    n = to->nrules;

    for (i = 0; i < from->nrules; i++) {
        const ig_pack_t  *pack = &from->packs[from->rules[i].pack];

        if (strcmp(pack->file, b->name) != 0
            || (from->rules[i].transfers && !transfers))
        {
            continue;
        }

        rules[n] = from->rules[i];
        rules[n].pack = ig_boundary_pack(&b->policy, packs, pack);
        rules[n].laws = (ig_rows_t) { NULL, 0 };

        if (!ig_boundary_condition(&rules[n].when, from, to, arena)
            || !ig_boundary_condition(&rules[n].unless, from, to, arena))
        {
            return false;
        }

        n++;
    }

    b->policy.packs = packs;
    b->policy.rules = rules;
    b->policy.nrules = n;

    if (n == to->nrules) {
        fprintf(stderr, "%s: no rule is in this file\n", b->name);
        return false;
    }

    return true;
}


static void
ig_boundary_mistakes(ig_mistakes_t *mistakes)
{
    size_t               i;
    const ig_mistake_t  *k;

    ig_mistakes_sort(mistakes);

    for (i = 0; i < ig_mistakes_count(mistakes); i++) {
        k = ig_mistakes_get(mistakes, i);

        if (k->severity == IG_MISTAKE_ERROR) {
            ig_print_mistake(stderr, k);
        }
    }
}


bool
ig_boundary_load(ig_boundary_t *b, const char *path, const ig_guard_t *guard,
    const ig_files_t *files, ig_arena_t *arena)
{
    bool            transfers;
    char           *paths[1];
    ig_str_t        jurisdiction;
    ig_mistakes_t  *mistakes;

    paths[0] = (char *) path;
    transfers = false;

    if (ig_files_read(&b->files, paths, 1) != 0) {
        return false;
    }

    if (b->files.n != 1) {
        fprintf(stderr, "%s: a boundary is one file\n", path);
        return false;
    }

    mistakes = ig_mistakes_new();
    if (mistakes == NULL) {
        return false;
    }

    b->name = b->files.items[0].name;
    jurisdiction = ig_boundary_jurisdiction(&b->files.items[0], mistakes,
                                            arena, &transfers);
    b->guard = ig_boundary_compile(&b->files.items[0], jurisdiction, files,
                                   mistakes, arena);
    ig_boundary_mistakes(mistakes);
    ig_mistakes_free(mistakes);

    return b->guard
           && !ig_boundary_own_detectors(b, ig_guard_policy(b->guard),
                                         ig_guard_policy(guard))
           && ig_boundary_merge(b, ig_guard_policy(guard), transfers, arena);
}


void
ig_boundary_free(ig_boundary_t *b)
{
    ig_guard_free(b->guard);
    ig_files_free(&b->files);
}

/*
 * A draft's changes made in copies of the rule files.
 */

#include "audit_propose.h"
#include "doc.h"

#include <string.h>


typedef struct {
    ig_doc_t      doc;
    ig_arena_t   *arena;
    ig_buf_t     *out;
} ig_patch_t;


/* a map's pairs without one key, "key: value, " each */

static void
ig_patch_pairs(ig_patch_t *t, yaml_node_t *map, const char *without,
    ig_buf_t *out)
{
    yaml_node_t       *key;
    yaml_node_pair_t  *p;

    for (p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
         p++)
    {
        key = ig_doc_node(&t->doc, p->key);

        if (without && ig_str_eq(ig_doc_text(key), ig_str_from_c(without))) {
            continue;
        }

        ig_doc_flow(&t->doc, key, out);
        ig_buf_lit(out, ": ");
        ig_doc_flow(&t->doc, ig_doc_node(&t->doc, p->value), out);
        ig_buf_lit(out, ", ");
    }
}


static void
ig_patch_rule(ig_patch_t *t, yaml_node_t *rule, ig_change_t *c)
{
    ig_buf_t  b;

    ig_buf_init(&b, t->arena, 512);
    ig_buf_char(&b, '{');
    ig_patch_pairs(t, rule, "unless", &b);
    ig_buf_lit(&b, "unless: ");
    ig_buf_str(&b, c->add);
    ig_buf_char(&b, '}');

    c->yaml = b.failed ? IG_NO_STR : (ig_str_t) { b.data, b.len };
    ig_buf_str(t->out, c->yaml);
}


/* NULL: a file without transfers permits its own jurisdiction, named so */

static void
ig_patch_transfers(ig_patch_t *t, yaml_node_t *transfers, ig_str_t own,
    ig_change_t *c)
{
    ig_buf_t           b;
    yaml_node_t       *allowed;
    yaml_node_item_t  *i;

    ig_buf_init(&b, t->arena, 512);
    ig_buf_char(&b, '{');
    allowed = transfers ? ig_doc_get(&t->doc, transfers, "allowed") : NULL;

    if (transfers) {
        ig_patch_pairs(t, transfers, "allowed", &b);
    }

    ig_buf_lit(&b, "allowed: [");

    if (allowed && allowed->type == YAML_SEQUENCE_NODE) {
        for (i = allowed->data.sequence.items.start;
             i < allowed->data.sequence.items.top;
             i++)
        {
            ig_doc_flow(&t->doc, ig_doc_node(&t->doc, *i), &b);
            ig_buf_lit(&b, ", ");
        }

    } else {
        ig_buf_json(&b, own);
        ig_buf_lit(&b, ", ");
    }

    ig_buf_json(&b, c->add);
    ig_buf_lit(&b, "]}");

    c->yaml = b.failed ? IG_NO_STR : (ig_str_t) { b.data, b.len };
    ig_buf_str(t->out, c->yaml);
}


/* the change of a file's rule with that id, or of its transfers, or NULL */

static ig_change_t *
ig_patch_find(const ig_policy_t *p, ig_draft_t *d, const char *file,
    ig_change_kind_t kind, ig_str_t id)
{
    size_t            i;
    ig_change_t      *c;
    const ig_rule_t  *rule;

    for (i = 0; i < d->nchanges; i++) {
        c = &d->changes[i];

        if (c->kind != kind || c->rule >= p->nrules) {
            continue;
        }

        rule = &p->rules[c->rule];

        if (strcmp(p->packs[rule->pack].file, file) == 0
            && (kind == IG_CHANGE_TRANSFERS || ig_str_eq(rule->id, id)))
        {
            return c;
        }
    }

    return NULL;
}


static void
ig_patch_rules(ig_patch_t *t, const ig_policy_t *p, ig_draft_t *d,
    yaml_node_t *rules)
{
    yaml_node_t       *rule, *id;
    ig_change_t       *c;
    yaml_node_item_t  *i;

    ig_buf_char(t->out, '[');

    for (i = rules->data.sequence.items.start;
         i < rules->data.sequence.items.top;
         i++)
    {
        rule = ig_doc_node(&t->doc, *i);
        id = ig_doc_get(&t->doc, rule, "id");
        c = id ? ig_patch_find(p, d, t->doc.file, IG_CHANGE_RULE,
                               ig_doc_text(id)) : NULL;

        if (c) {
            ig_patch_rule(t, rule, c);

        } else {
            ig_doc_flow(&t->doc, rule, t->out);
        }

        ig_buf_lit(t->out, ",\n  ");
    }

    ig_buf_char(t->out, ']');
}


static void
ig_patch_root(ig_patch_t *t, const ig_policy_t *p, ig_draft_t *d)
{
    ig_str_t           name, own;
    yaml_node_t       *key, *value, *root;
    ig_change_t       *transfers;
    yaml_node_pair_t  *i;

    root = t->doc.root;
    key = ig_doc_get(&t->doc, root, "jurisdiction");
    own = key ? ig_doc_text(key) : IG_NO_STR;
    transfers = ig_patch_find(p, d, t->doc.file, IG_CHANGE_TRANSFERS,
                              IG_NO_STR);

    ig_buf_char(t->out, '{');

    for (i = root->data.mapping.pairs.start; i < root->data.mapping.pairs.top;
         i++)
    {
        key = ig_doc_node(&t->doc, i->key);
        value = ig_doc_node(&t->doc, i->value);
        name = ig_doc_text(key);

        ig_doc_flow(&t->doc, key, t->out);
        ig_buf_lit(t->out, ": ");

        if (transfers && ig_str_eq(name, IG_STR("transfers"))) {
            ig_patch_transfers(t, value, own, transfers);
            transfers = NULL;

        } else if (ig_str_eq(name, IG_STR("rules"))
                   && value->type == YAML_SEQUENCE_NODE)
        {
            ig_patch_rules(t, p, d, value);

        } else {
            ig_doc_flow(&t->doc, value, t->out);
        }

        ig_buf_lit(t->out, ",\n ");
    }

    if (transfers) {
        ig_buf_lit(t->out, "transfers: ");
        ig_patch_transfers(t, NULL, own, transfers);
    }

    ig_buf_lit(t->out, "}\n");
}


static bool
ig_patch_touches(const ig_policy_t *p, const ig_draft_t *d, const char *file)
{
    size_t              i;
    const ig_change_t  *c;

    for (i = 0; i < d->nchanges; i++) {
        c = &d->changes[i];

        if (c->rule < p->nrules
            && strcmp(p->packs[p->rules[c->rule].pack].file, file) == 0)
        {
            return true;
        }
    }

    return false;
}


static bool
ig_patch_file(const ig_propose_t *p, ig_draft_t *d, const ig_source_t *file,
    ig_mistakes_t *mistakes, ig_source_t *to)
{
    ig_buf_t    b;
    ig_patch_t  t;

    if (!ig_doc_read(&t.doc, file, mistakes)) {
        return false;
    }

    ig_buf_init(&b, p->arena, 2 * file->text.len + 4096);
    t.arena = p->arena;
    t.out = &b;

    ig_patch_root(&t, ig_guard_policy(p->guard), d);
    ig_doc_free(&t.doc);

    *to = (ig_source_t) { file->name, { b.data, b.len } };

    return !b.failed;
}


static bool
ig_patch_endpoint(const ig_propose_t *p, ig_change_t *c, ig_source_t *to)
{
    ig_buf_t  b;

    ig_buf_init(&b, p->arena, 512);
    ig_buf_lit(&b, "version: 1\nendpoints:\n  new-endpoint: ");
    ig_buf_str(&b, c->add);
    ig_buf_char(&b, '\n');

    *to = (ig_source_t) { "new-endpoint.yaml", { b.data, b.len } };
    c->yaml = c->add;

    return !b.failed;
}


ig_source_t *
ig_propose_apply(const ig_propose_t *p, ig_draft_t *draft, size_t *n)
{
    bool            ok;
    size_t          i;
    ig_source_t    *to;
    ig_mistakes_t  *mistakes;

    mistakes = ig_mistakes_new();
    to = ig_arena_alloc(p->arena, (p->files->n + 1) * sizeof(ig_source_t));
    ok = mistakes && to;
    *n = 0;

    for (i = 0; ok && i < p->files->n; i++) {
        if (ig_patch_touches(ig_guard_policy(p->guard), draft,
                             p->files->items[i].name))
        {
            ok = ig_patch_file(p, draft, &p->files->items[i], mistakes,
                               &to[(*n)++]);

        } else {
            to[(*n)++] = p->files->items[i];
        }
    }

    for (i = 0; ok && i < draft->nchanges; i++) {
        if (draft->changes[i].kind == IG_CHANGE_ENDPOINT) {
            ok = ig_patch_endpoint(p, &draft->changes[i], &to[(*n)++]);
        }
    }

    ig_mistakes_free(mistakes);

    return ok ? to : NULL;
}

/*
 * Drafts for people, as YAML with comments, and for programs.
 */

#include "audit_propose.h"

#include <string.h>


/* a record's text in a comment: it must not end the line */

static void
ig_propose_safe(ig_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        putchar(s.data[i] < 0x20 || s.data[i] == 0x7f ? '?' : s.data[i]);
    }
}


static void
ig_propose_laws(const ig_policy_t *p, const ig_rule_t *rule)
{
    size_t           i;
    const ig_law_t  *law;

    for (i = 0; i < rule->laws.n; i++) {
        law = &p->laws[rule->laws.items[i]];

        fputs("#     rests on ", stdout);
        ig_propose_safe(law->id);
        fputs(": ", stdout);
        ig_propose_safe(law->title);
        fputs(", article ", stdout);
        ig_propose_safe(law->article);
        fputs("\n#       ", stdout);
        ig_propose_safe(law->source);
        putchar('\n');
    }
}


static void
ig_propose_cause(const ig_cause_t *c)
{
    size_t  i;

    printf("%llu refused, %.*s: tenant ", (unsigned long long) c->count,
           IG_FMT(ig_reason_code(c->reason)));
    ig_propose_safe(c->record.tenant.len ? c->record.tenant : IG_STR("-"));
    printf(", client %.*s, model ", IG_FMT(ig_country_code(c->record.client)));
    ig_propose_safe(c->record.model.len ? c->record.model : IG_STR("-"));

    for (i = 0; i < c->record.nfindings; i++) {
        fputs(i ? ", " : ", data ", stdout);
        ig_propose_safe(c->record.findings[i].detector);
    }

    fputs("\n#   as request ", stdout);
    ig_propose_safe(c->record.id);
    putchar('\n');
}


static void
ig_propose_change(const ig_policy_t *p, const ig_change_t *c)
{
    const ig_rule_t  *rule;

    if (c->kind == IG_CHANGE_ENDPOINT) {
        puts("#   no rule is changed: an endpoint where the law permits one; "
             "name its upstream");
        printf("version: 1\nendpoints:\n  new-endpoint: ");

    } else {
        rule = &p->rules[c->rule];
        printf("#   in %s, in place of %s%.*s (line %u)\n",
               p->packs[rule->pack].file,
               c->kind == IG_CHANGE_RULE ? "the rule " : "transfers, ",
               IG_FMT(rule->id), rule->place.line);
        ig_propose_laws(p, rule);
        fputs(c->kind == IG_CHANGE_RULE ? "rules:\n  - " : "transfers: ",
              stdout);
    }

    printf("%.*s\n", IG_FMT(c->yaml));
}


void
ig_propose_text(const ig_propose_t *p, const ig_draft_t *draft,
    unsigned number)
{
    size_t  i;

    printf("---\n# draft %u, for a person to approve: ", number);
    ig_propose_cause(draft->cause);

    if (draft->nchanges == 0) {
        printf("#   no draft: %s\n", draft->advice);
        return;
    }

    printf("#   it would permit %llu of them, and %llu refused for other "
           "causes\n", (unsigned long long) draft->permits,
           (unsigned long long) draft->others);

    for (i = 0; i < draft->nchanges; i++) {
        fputs(i ? "---\n" : "", stdout);
        ig_propose_change(ig_guard_policy(p->guard), &draft->changes[i]);
    }
}


/* -- JSON ----------------------------------------------------------------- */

static void
ig_propose_json_text(const char *key, ig_str_t value)
{
    printf(", \"%s\": ", key);
    ig_print_json(stdout, value.len ? value : IG_STR(""));
}


static void
ig_propose_json_change(const ig_policy_t *p, const ig_change_t *c,
    const ig_source_t *sources, size_t n)
{
    size_t            i;
    const char       *file;
    const ig_rule_t  *rule;
    static const char *const  words[] = { "rule", "transfers", "endpoint" };

    printf("{\"change\": \"%s\"", words[c->kind]);
    file = "new-endpoint.yaml";

    if (c->kind != IG_CHANGE_ENDPOINT) {
        rule = &p->rules[c->rule];
        file = p->packs[rule->pack].file;

        ig_propose_json_text("rule", rule->id);
        printf(", \"line\": %u, \"laws\": [", rule->place.line);

        for (i = 0; i < rule->laws.n; i++) {
            fputs(i ? ", " : "", stdout);
            ig_print_json(stdout, p->laws[rule->laws.items[i]].id);
        }

        putchar(']');
    }

    ig_propose_json_text("file", ig_str_from_c(file));
    ig_propose_json_text("yaml", c->yaml);

    for (i = 0; i < n; i++) {
        if (strcmp(sources[i].name, file) == 0) {
            ig_propose_json_text("text", sources[i].text);
        }
    }

    putchar('}');
}


void
ig_propose_json(const ig_propose_t *p, const ig_draft_t *draft,
    const ig_source_t *sources, size_t n, bool first)
{
    size_t             i;
    const ig_cause_t  *c;

    c = draft->cause;

    printf("%s\n {\"count\": %llu", first ? "" : ",",
           (unsigned long long) c->count);
    ig_propose_json_text("reason", ig_reason_code(c->reason));
    ig_propose_json_text("tenant", c->record.tenant);
    ig_propose_json_text("client_country", ig_country_code(c->record.client));
    ig_propose_json_text("model", c->record.model);
    ig_propose_json_text("example", c->record.id);
    fputs(", \"data\": [", stdout);

    for (i = 0; i < c->record.nfindings; i++) {
        fputs(i ? ", " : "", stdout);
        ig_print_json(stdout, c->record.findings[i].detector);
    }

    putchar(']');

    if (draft->nchanges == 0) {
        ig_propose_json_text("advice", ig_str_from_c(draft->advice));
    }

    printf(", \"permits\": %llu, \"others\": %llu, \"changes\": [",
           (unsigned long long) draft->permits,
           (unsigned long long) draft->others);

    for (i = 0; i < draft->nchanges; i++) {
        fputs(i ? ", " : "", stdout);
        ig_propose_json_change(ig_guard_policy(p->guard), &draft->changes[i],
                               sources, n);
    }

    fputs("]}", stdout);
}

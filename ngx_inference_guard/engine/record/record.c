/*
 * The records.
 *
 * First what every record has, then who asked for what, then the lists, the
 * most important first: a list can be cut only by what stands before it.
 */

#include "amounts.h"
#include "answered.h"
#include "line.h"
#include "places.h"
#include "trace.h"


static const struct {
    unsigned     bit;
    const char  *name;
} ig_record_uninspectable[] = {
    { IG_UNINSPECTABLE_MEDIA, "media" },
    { IG_UNINSPECTABLE_REFERENCE, "reference" },
    { IG_UNINSPECTABLE_REMOTE, "remote" },
    { IG_UNINSPECTABLE_TOKENS, "tokens" },
    { IG_UNINSPECTABLE_ENCRYPTED, "encrypted" },
    { IG_UNINSPECTABLE_UNKNOWN, "unknown" },
    { 0, NULL }
};


#define ig_record_key(l, key)  ig_line_lit(l, ",\"" key "\":")


static void
ig_record_policy(ig_line_t *l, const ig_guard_t *g)
{
    ig_str_t  digest;

    digest = ig_guard_digest(g);

    ig_line_lit(l, ",\"policy\":\"");
    ig_line_bytes(l, digest.data, digest.len);
    ig_line_lit(l, "\"");
}


static void
ig_record_country(ig_line_t *l, ig_country_t c)
{
    ig_line_lit(l, "\"");
    ig_line_bytes(l, ig_country_code(c).data, 2);
    ig_line_lit(l, "\"");
}


static void
ig_record_endpoint(ig_line_t *l, const ig_policy_t *p, uint32_t endpoint)
{
    if (endpoint >= p->nendpoints) {
        return;
    }

    ig_record_key(l, "endpoint");
    ig_line_json(l, p->endpoints[endpoint].name);
    ig_record_key(l, "endpoint_country");
    ig_record_country(l, p->endpoints[endpoint].country);
}


static void
ig_record_reason(ig_line_t *l, ig_reason_t reason)
{
    if (reason == IG_REASON_NONE) {
        return;
    }

    ig_record_key(l, "reason");
    ig_line_json(l, ig_reason_code(reason));
}


static void
ig_record_tenant(ig_line_t *l, const ig_policy_t *p, uint32_t tenant)
{
    if (tenant < p->ntenants) {
        ig_record_key(l, "tenant");
        ig_line_json(l, p->tenants[tenant].name);
    }
}


static void
ig_record_who(ig_line_t *l, const ig_policy_t *p, const ig_facts_t *f)
{
    ig_record_tenant(l, p, f->tenant);

    switch (f->tenant_state) {

    case IG_TENANT_KNOWN:
        break;

    case IG_TENANT_NONE:
        ig_line_lit(l, ",\"tenant_state\":\"none\"");
        break;

    case IG_TENANT_UNKNOWN:
        ig_line_lit(l, ",\"tenant_state\":\"unknown\"");
        break;

    case IG_TENANT_CONFLICT:
        ig_line_lit(l, ",\"tenant_state\":\"conflict\"");
        break;
    }

    ig_record_key(l, "client_country");
    ig_record_country(l, f->client_country);

    if (!f->claim_valid) {
        ig_line_lit(l, ",\"claim_valid\":false");
    }
}


/*
 * A model is text of the client: it is written only when it was inspected and
 * nothing was found in it.  One that stands in the path was not.
 */

static void
ig_record_model(ig_line_t *l, const ig_decision_t *d, const ig_request_t *r)
{
    uintptr_t  model, path;

    if (d->reading.model.len == 0) {
        return;
    }

    model = (uintptr_t) d->reading.model.data;
    path = (uintptr_t) r->path.data;

    if ((model >= path && model < path + r->path.len)
        || ig_places_touch(&d->reading, &d->findings, d->reading.model))
    {
        ig_line_lit(l, ",\"model_withheld\":true");
        return;
    }

    ig_record_key(l, "model");
    ig_line_json(l, d->reading.model);
}


/*
 * A reading without a reason and without a block of what came was not made: who
 * is refused for the tenant alone is not read.
 */

static void
ig_record_coverage(ig_line_t *l, const ig_reading_t *reading,
    const ig_request_t *r)
{
    size_t  i, n;

    if (reading->reason != IG_REASON_NONE) {
        ig_line_lit(l, ",\"coverage\":{\"inspected\":\"none\",\"unread\":");
        ig_line_json(l, ig_reason_code(reading->reason));
        ig_line_lit(l, "}");
        return;
    }

    if (reading->nblocks == 0
        && ((r->has_body && r->body.len) || r->args.len))
    {
        ig_line_lit(l, ",\"coverage\":{\"inspected\":\"none\"}");
        return;
    }

    if (reading->uninspectable == 0) {
        ig_line_lit(l, ",\"coverage\":{\"inspected\":\"full\"}");
        return;
    }

    ig_line_lit(l, ",\"coverage\":{\"inspected\":\"partial\","
                   "\"uninspectable\":[");
    n = 0;

    for (i = 0; ig_record_uninspectable[i].name; i++) {
        if (reading->uninspectable & ig_record_uninspectable[i].bit) {
            if (n++) {
                ig_line_lit(l, ",");
            }

            ig_line_json(l, ig_str_from_c(ig_record_uninspectable[i].name));
        }
    }

    ig_line_lit(l, "]}");
}


static bool
ig_record_tool(const ig_strs_t *tools, ig_str_t glob)
{
    size_t  i;

    for (i = 0; i < tools->n; i++) {
        if (ig_glob_match(glob, tools->items[i])) {
            return true;
        }
    }

    return false;
}


/*
 * The names of tools are text of the client.  What rules ask of them is the
 * operator's, and enough to decide again.
 */

static void
ig_record_tools(ig_line_t *l, const ig_policy_t *p, const ig_strs_t *tools)
{
    size_t     i, total;
    ig_list_t  list;

    if (tools->n == 0 || p->tools.n == 0) {
        return;
    }

    total = 0;

    ig_list_begin(&list, l, "tools", 1024);

    for (i = 0; i < p->tools.n; i++) {
        if (!ig_record_tool(tools, p->tools.items[i])) {
            continue;
        }

        total++;

        if (!list.cut) {
            ig_list_next(&list);
            ig_line_json(l, p->tools.items[i]);
            (void) ig_list_keep(&list);
        }
    }

    ig_list_end(&list, total);
}


static void
ig_record_what(ig_line_t *l, const ig_policy_t *p, const ig_decision_t *d,
    const ig_request_t *r)
{
    if (d->reading.dialect != IG_DIALECT_NONE) {
        ig_record_key(l, "dialect");
        ig_line_json(l, ig_dialect_name(d->reading.dialect));
    }

    if (d->reading.operation) {
        ig_record_key(l, "operation");
        ig_line_json(l, d->reading.operation->name);
    }

    if (d->reading.reason == IG_REASON_NONE) {
        ig_record_model(l, d, r);

        if (d->reading.stream) {
            ig_line_lit(l, ",\"stream\":true");
        }

        ig_record_tools(l, p, &d->reading.tools);
    }

    ig_record_key(l, "bytes");
    ig_line_uint(l, r->has_body ? r->body.len : 0);
    ig_record_coverage(l, &d->reading, r);
}


/* ids of the rules that count in a verdict */

static void
ig_record_rules(ig_line_t *l, const ig_policy_t *p, const ig_verdict_t *v,
    size_t cap)
{
    size_t     i, n;
    ig_list_t  list;

    n = v->ncauses < IG_MAX_CAUSES ? v->ncauses : IG_MAX_CAUSES;

    ig_list_begin(&list, l, "rules", cap);

    for (i = 0; i < n; i++) {
        if (v->causes[i] >= p->nrules) {
            continue;
        }

        ig_list_next(&list);
        ig_line_json(l, p->rules[v->causes[i]].id);

        if (!ig_list_keep(&list)) {
            break;
        }
    }

    ig_list_end(&list, v->ncauses);
}


/*
 * Rows named by several rules, each once: few in practice, and never more than
 * IG_RECORD_ONCE are compared.
 */

#define IG_RECORD_ONCE  64

typedef struct {
    const ig_str_t  *seen[IG_RECORD_ONCE];
    size_t           n;
    size_t           total;
} ig_record_once_t;

static bool
ig_record_first(ig_record_once_t *once, const ig_str_t *s)
{
    size_t  i;

    for (i = 0; i < once->n; i++) {
        if (once->seen[i] == s || ig_str_eq(*once->seen[i], *s)) {
            return false;
        }
    }

    if (once->n < IG_RECORD_ONCE) {
        once->seen[once->n++] = s;
    }

    once->total++;

    return true;
}


typedef enum {
    IG_RECORD_LAWS,
    IG_RECORD_FLAGS
} ig_record_of_t;

/* laws or flags of the rules that count */

static void
ig_record_of_rules(ig_line_t *l, const ig_policy_t *p, const ig_verdict_t *v,
    ig_record_of_t of)
{
    size_t             i, k, n;
    ig_list_t          list;
    const ig_str_t    *s;
    const ig_rule_t   *rule;
    ig_record_once_t   once;

    once.n = 0;
    once.total = 0;

    for (i = 0; i < v->ncauses && i < IG_MAX_CAUSES; i++) {
        if (v->causes[i] >= p->nrules) {
            continue;
        }

        rule = &p->rules[v->causes[i]];
        n = of == IG_RECORD_LAWS ? rule->laws.n : rule->flags.n;

        for (k = 0; k < n; k++) {
            s = of == IG_RECORD_FLAGS ? &rule->flags.items[k]
                                      : &p->laws[rule->laws.items[k]].id;
            (void) ig_record_first(&once, s);
        }
    }

    if (once.n == 0) {
        return;
    }

    ig_list_begin(&list, l, of == IG_RECORD_LAWS ? "laws" : "flags", 1024);

    for (i = 0; i < once.n; i++) {
        ig_list_next(&list);
        ig_line_json(l, *once.seen[i]);

        if (!ig_list_keep(&list)) {
            break;
        }
    }

    ig_list_end(&list, once.total);
}


static void
ig_record_would(ig_line_t *l, const ig_policy_t *p, const ig_decision_t *d)
{
    if (!d->would_differs) {
        return;
    }

    ig_line_lit(l, ",\"would\":{\"verdict\":");
    ig_line_json(l, ig_verdict_name(d->would.word));

    if (d->would.reason != IG_REASON_NONE) {
        ig_record_reason(l, d->would.reason);
        ig_record_key(l, "status");
        ig_line_uint(l, ig_reason_status(d->would.reason));
    }

    ig_record_rules(l, p, &d->would, 1024);
    ig_line_lit(l, "}");
}


static void
ig_record_from(ig_line_t *l, const ig_facts_t *f, ig_country_t c)
{
    size_t                 i, n;
    const ig_countries_t  *sets[4];
    static const char     *names[] = { "\"tenant\"", "\"client\"", "\"data\"",
                                       "\"claim\"" };

    sets[0] = &f->from_tenant;
    sets[1] = &f->from_client;
    sets[2] = &f->from_data;
    sets[3] = &f->from_claim;
    n = 0;

    for (i = 0; i < 4; i++) {
        if (ig_countries_has(sets[i], c)) {
            if (n++) {
                ig_line_lit(l, ",");
            }

            ig_line_bytes(l, names[i], strlen(names[i]));
        }
    }
}


static void
ig_record_jurisdictions(ig_line_t *l, const ig_facts_t *f)
{
    ig_list_t     list;
    ig_country_t  c;

    ig_list_begin(&list, l, "jurisdictions", 2048);

    for (c = ig_countries_next(&f->jurisdictions, 1);
         c != IG_COUNTRY_UNKNOWN;
         c = ig_countries_next(&f->jurisdictions, (ig_country_t) (c + 1)))
    {
        ig_list_next(&list);
        ig_line_lit(l, "{\"country\":");
        ig_record_country(l, c);
        ig_line_lit(l, ",\"from\":[");
        ig_record_from(l, f, c);
        ig_line_lit(l, "]}");

        if (!ig_list_keep(&list)) {
            break;
        }
    }

    ig_list_end(&list, list.cut ? ig_countries_size(&f->jurisdictions)
                                : list.n);
}


static void
ig_record_countries(ig_line_t *l, const char *name, const ig_countries_t *s)
{
    ig_list_t       list;
    ig_country_t    c;
    ig_countries_t  all;

    all = ig_countries_all();

    if (ig_countries_eq(s, &all)) {
        ig_line_lit(l, ",\"");
        ig_line_bytes(l, name, strlen(name));
        ig_line_lit(l, "\":\"all\"");
        return;
    }

    ig_list_begin(&list, l, name, 1280);

    for (c = ig_countries_next(s, 1);
         c != IG_COUNTRY_UNKNOWN;
         c = ig_countries_next(s, (ig_country_t) (c + 1)))
    {
        ig_list_next(&list);
        ig_record_country(l, c);

        if (!ig_list_keep(&list)) {
            break;
        }
    }

    ig_list_end(&list, list.cut ? ig_countries_size(s) : list.n);
}


static void
ig_record_permitted(ig_line_t *l, const ig_policy_t *p, const ig_verdict_t *v)
{
    size_t     i, total;
    ig_list_t  list;

    total = 0;

    ig_list_begin(&list, l, "permitted", 2048);

    for (i = 0; i < p->nendpoints && i < IG_MAX_ENDPOINTS; i++) {
        if (!ig_bit_get(v->permitted, i)) {
            continue;
        }

        total++;

        if (!list.cut) {
            ig_list_next(&list);
            ig_line_json(l, p->endpoints[i].name);
            (void) ig_list_keep(&list);
        }
    }

    ig_list_end(&list, total);
}


static void
ig_record_rejected(ig_line_t *l, const ig_policy_t *p, const ig_verdict_t *v)
{
    size_t     i, total;
    ig_list_t  list;

    total = 0;

    ig_list_begin(&list, l, "rejected", 3072);

    for (i = 0; i < p->nendpoints && i < IG_MAX_ENDPOINTS; i++) {
        if (v->rejected[i] == IG_REJECT_NOT || ig_bit_get(v->permitted, i)) {
            continue;
        }

        total++;

        if (!list.cut) {
            ig_list_next(&list);
            ig_line_lit(l, "{\"endpoint\":");
            ig_line_json(l, p->endpoints[i].name);
            ig_line_lit(l, ",\"why\":");
            ig_line_json(l, ig_reject_name((ig_reject_t) v->rejected[i]));
            ig_line_lit(l, "}");
            (void) ig_list_keep(&list);
        }
    }

    ig_list_end(&list, total);
}


void
ig_record_decision(ig_buf_t *out, ig_writer_t *w,
    const ig_record_head_t *head, const ig_guard_t *g, const ig_decision_t *d,
    const ig_request_t *r)
{
    ig_line_t            l;
    const ig_policy_t   *p;
    const ig_verdict_t  *v = &d->verdict;

    p = ig_guard_policy(g);

    ig_line_begin(&l, "decision", w, head);
    ig_line_trace(&l, r->traceparent);
    ig_record_policy(&l, g);

    if (d->mode == IG_MODE_AUDIT) {
        ig_line_lit(&l, ",\"mode\":\"audit\",\"verdict\":");

    } else {
        ig_line_lit(&l, ",\"mode\":\"enforce\",\"verdict\":");
    }

    ig_line_json(&l, ig_verdict_name(v->word));

    if (v->reason != IG_REASON_NONE) {
        ig_record_reason(&l, v->reason);
        ig_record_key(&l, "status");
        ig_line_uint(&l, ig_reason_status(v->reason));
    }

    if (v->rule < p->nrules) {
        ig_record_key(&l, "rule");
        ig_line_json(&l, p->rules[v->rule].id);
    }

    ig_record_who(&l, p, &d->facts);
    ig_record_what(&l, p, d, r);
    ig_record_endpoint(&l, p, d->endpoint);
    ig_line_limited(&l, &d->limited);

    ig_record_rules(&l, p, v, 2048);
    ig_record_of_rules(&l, p, v, IG_RECORD_LAWS);
    ig_record_would(&l, p, d);
    ig_record_jurisdictions(&l, &d->facts);
    ig_record_countries(&l, "destinations", &v->destinations);
    ig_record_countries(&l, "operators", &v->operators);

    if (d->endpoint < p->nendpoints) {
        ig_record_countries(&l, "endpoint_operators",
                            &p->endpoints[d->endpoint].operators);
    }

    ig_places_write(&l, p, &d->reading, &d->findings, w->keyed);
    ig_record_of_rules(&l, p, v, IG_RECORD_FLAGS);
    ig_record_permitted(&l, p, v);
    ig_record_rejected(&l, p, v);

    ig_line_end(&l, w, out);
}


void
ig_record_redirect(ig_buf_t *out, ig_writer_t *w,
    const ig_record_head_t *head, const ig_guard_t *g, uint32_t endpoint,
    ig_reason_t reason)
{
    ig_line_t  l;

    ig_line_begin(&l, "redirect", w, head);
    ig_record_policy(&l, g);

    if (reason != IG_REASON_NONE) {
        ig_record_reason(&l, reason);
        ig_record_key(&l, "status");
        ig_line_uint(&l, ig_reason_status(reason));
    }

    ig_record_endpoint(&l, ig_guard_policy(g), endpoint);

    ig_line_end(&l, w, out);
}


void
ig_record_outcome(ig_buf_t *out, ig_writer_t *w,
    const ig_record_head_t *head, const ig_guard_t *g, const ig_outcome_t *o)
{
    ig_line_t  l;

    ig_line_begin(&l, "outcome", w, head);

    ig_line_number(&l, "status", o->status);
    ig_record_reason(&l, o->reason);
    ig_record_endpoint(&l, ig_guard_policy(g), o->endpoint);

    if (o->address.len) {
        ig_record_key(&l, "address");
        ig_line_json(&l, o->address);

        if (o->verified) {
            ig_line_lit(&l, ",\"verified\":true");

        } else {
            ig_line_lit(&l, ",\"verified\":false");
        }
    }

    ig_line_number(&l, "tries", o->tries);

    if (o->upstream_status) {
        ig_line_number(&l, "upstream_status", o->upstream_status);
    }

    ig_line_number(&l, "sent", o->sent);
    ig_line_number(&l, "received", o->received);
    ig_line_number(&l, "duration_us", o->duration_us);
    ig_line_number(&l, "guard_us", o->guard_us);
    ig_line_times(&l, o);
    ig_line_answer(&l, ig_guard_policy(g), o);
    ig_line_tokens(&l, &o->tokens);

    if (o->aborted) {
        ig_line_lit(&l, ",\"aborted\":true");
    }

    ig_line_end(&l, w, out);
}


void
ig_record_limit(ig_buf_t *out, ig_writer_t *w, const ig_record_head_t *head,
    const ig_guard_t *g, uint32_t tenant, const ig_crossed_t *crossed)
{
    ig_line_t           l;
    const ig_limit_t   *limit;
    const ig_policy_t  *p;

    p = ig_guard_policy(g);
    limit = &p->tenants[tenant].quota.limits[crossed->state.limit];

    ig_line_begin(&l, "limit", w, head);
    ig_record_policy(&l, g);
    ig_record_tenant(&l, p, tenant);
    ig_record_key(&l, "limit");
    ig_line_json(&l, limit->name);
    ig_line_number(&l, "level", crossed->level);
    ig_line_state(&l, limit, &crossed->state);

    ig_line_end(&l, w, out);
}


void
ig_record_reset(ig_buf_t *out, ig_writer_t *w, const ig_record_head_t *head,
    const ig_guard_t *g, uint32_t tenant, uint32_t limit, ig_str_t by)
{
    ig_line_t           l;
    const ig_policy_t  *p;
    const ig_quota_t   *quota;

    p = ig_guard_policy(g);
    quota = &p->tenants[tenant].quota;

    ig_line_begin(&l, "reset", w, head);
    ig_record_policy(&l, g);
    ig_record_tenant(&l, p, tenant);

    if (limit < quota->nlimits) {
        ig_record_key(&l, "limit");
        ig_line_json(&l, quota->limits[limit].name);
    }

    ig_record_key(&l, "by");
    ig_line_json(&l, by);

    ig_line_end(&l, w, out);
}


void
ig_record_undecided(ig_buf_t *out, ig_writer_t *w,
    const ig_record_head_t *head, const ig_guard_t *g, ig_country_t client,
    uint32_t tenant, unsigned status)
{
    ig_line_t  l;

    ig_line_begin(&l, "undecided", w, head);
    ig_record_policy(&l, g);
    ig_line_number(&l, "status", status);
    ig_record_tenant(&l, ig_guard_policy(g), tenant);
    ig_record_key(&l, "client_country");
    ig_record_country(&l, client);

    ig_line_end(&l, w, out);
}

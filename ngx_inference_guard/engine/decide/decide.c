/*
 * The verdict.  What it means is written in verdict.h, step by step; the
 * functions here stand in the order of those steps.
 */

#include "decide/table.h"

#include <string.h>


/* what is gathered while rules are looked at */
typedef struct {
    ig_endpoint_set_t          serving;     /* speak the dialect, serve the
                                               model */
    bool                       confined;    /* to the endpoints of the stance */
    bool                       flagged;
    const ig_compiled_rule_t  *block;       /* of each, the one of least rank */
    const ig_compiled_rule_t  *models;
    const ig_compiled_rule_t  *tightest;    /* leaves the fewest endpoints */
    unsigned                   left;        /* by it */
} ig_product_t;


/* no stance and no audit lifts a limit on memory, or what was not inspected
   for a fault of our own */

static bool
ig_decide_absolute(ig_reason_t reason)
{
    return reason == IG_REASON_body_too_large
           || reason == IG_REASON_decoded_too_large
           || reason == IG_REASON_limit_exceeded
           || reason == IG_REASON_internal_error
           || reason == IG_REASON_not_recorded;
}


/* unread, and nothing but the stance `uninspectable` speaks of it */

static bool
ig_decide_uninspectable(ig_reason_t reason)
{
    return reason == IG_REASON_unknown_operation
           || reason == IG_REASON_unknown_method
           || reason == IG_REASON_unsupported_media_type
           || reason == IG_REASON_uninspectable;
}


/* the endpoints that could serve the request; the verdict starts with them */

static void
ig_decide_serving(const ig_decider_t *d, const ig_facts_t *f, ig_product_t *p,
    ig_verdict_t *v)
{
    size_t        i;
    bool          model;
    ig_dialect_t  dialect;

    dialect = f->reading->dialect < IG_DIALECTS ? f->reading->dialect
                                                : IG_DIALECT_NONE;

    /* a model that was read before the reading failed is not to be used */

    model = f->reading->model.len != 0 && f->reading->reason == IG_REASON_NONE;

    p->serving = d->speaks[dialect];

    for (i = 0; i < d->policy->nendpoints; i++) {

        if (!ig_bit_get(p->serving.bits, i)) {
            v->rejected[i] = IG_REJECT_DIALECT;
            continue;
        }

        if (model
            && !ig_bit_get(d->any_model.bits, i)
            && !ig_globs_match(&d->policy->endpoints[i].models,
                               f->reading->model))
        {
            ig_bit_clear(p->serving.bits, i);
            v->rejected[i] = IG_REJECT_MODEL;
        }
    }
}


static bool
ig_endpoints_empty(const ig_endpoint_set_t *s)
{
    size_t    i;
    uint64_t  any;

    any = 0;

    for (i = 0; i < IG_ENDPOINT_WORDS; i++) {
        any |= s->bits[i];
    }

    return any == 0;
}


/* step 1: what nobody said */

static ig_reason_t
ig_decide_stances(const ig_decider_t *d, const ig_facts_t *f, ig_product_t *p)
{
    ig_reason_t  reason;

    if (f->tenant_state == IG_TENANT_CONFLICT) {
        return IG_REASON_conflicting_credentials;
    }

    if (f->tenant == IG_NONE) {
        return IG_REASON_unknown_tenant;
    }

    if (!f->claim_valid || !f->client_known) {
        return IG_REASON_unknown_country;
    }

    reason = f->reading->reason;

    if (reason == IG_REASON_NONE && f->reading->uninspectable) {
        reason = IG_REASON_uninspectable;
    }

    if (reason != IG_REASON_NONE) {

        if (!ig_decide_uninspectable(reason)
            || !d->policy->stances.uninspectable_allowed)
        {
            return reason;
        }

        p->confined = true;
    }

    if (f->without_pack != IG_COUNTRY_UNKNOWN) {
        return IG_REASON_jurisdiction_without_pack;
    }

    return IG_REASON_NONE;
}


/* a rule's models permit what asks for no model, but not what was not read */

static bool
ig_decide_model(const ig_rule_t *rule, const ig_reading_t *reading)
{
    if (reading->reason != IG_REASON_NONE) {
        return false;
    }

    return reading->model.len == 0
           || ig_globs_match(&rule->models, reading->model);
}


static void
ig_decide_least(const ig_compiled_rule_t **least, const ig_compiled_rule_t *r)
{
    if (*least == NULL || r->rank < (*least)->rank) {
        *least = r;
    }
}


/* step 2, for one rule that matched: multiply it into the product */

static void
ig_decide_apply(const ig_compiled_rule_t *r, const ig_facts_t *f,
    ig_product_t *p, ig_verdict_t *v)
{
    size_t            i;
    unsigned          left;
    const ig_rule_t  *text;

    text = r->text;

    if (v->ncauses < IG_MAX_CAUSES) {
        v->causes[v->ncauses] = r->row;
    }

    v->ncauses++;

    if (text->effects & IG_THEN_BLOCK) {
        ig_decide_least(&p->block, r);
    }

    if (text->effects & IG_THEN_DESTINATIONS) {
        ig_countries_intersect(&v->destinations, &text->destinations);
    }

    if (text->effects & IG_THEN_OPERATORS) {
        ig_countries_intersect(&v->operators, &text->operators);
    }

    if ((text->effects & IG_THEN_MODELS)
        && !ig_decide_model(text, f->reading))
    {
        ig_decide_least(&p->models, r);
    }

    if (text->effects & IG_THEN_FLAG) {
        p->flagged = true;
    }

    if (!r->narrows) {
        return;
    }

    left = 0;

    for (i = 0; i < IG_ENDPOINT_WORDS; i++) {
        left += (unsigned) __builtin_popcountll(p->serving.bits[i]
                                                & r->endpoints.bits[i]);
    }

    if (p->tightest == NULL || left < p->left
        || (left == p->left && r->rank < p->tightest->rank))
    {
        p->tightest = r;
        p->left = left;
    }
}


static void
ig_decide_pack(const ig_decider_t *d, uint32_t pack, const ig_facts_t *f,
    ig_mode_t mode, const ig_found_t *found, ig_product_t *p, ig_verdict_t *v,
    ig_trace_pt trace, void *data)
{
    uint32_t                   i;
    unsigned                   key;
    ig_trace_rule_t            t;
    const ig_compiled_rule_t  *r;

    for (i = d->first[pack]; i < d->first[pack + 1]; i++) {
        r = &d->rules[i];

        t.rule = r->row;
        t.key = 0;
        t.state = IG_TRACE_MATCHED;

        /* an audited rule is not even looked at, unless somebody watches */

        if (r->text->audit && mode == IG_MODE_ENFORCE && trace == NULL) {
            continue;
        }

        if (r->when.text->keys
            && !ig_clause_holds(&r->when, f, found, &t.key))
        {
            t.state = IG_TRACE_WHEN;

        } else if (r->unless.text->keys
                   && ig_clause_holds(&r->unless, f, found, &key))
        {
            t.state = IG_TRACE_UNLESS;

        } else if (r->text->audit && mode == IG_MODE_ENFORCE) {
            t.state = IG_TRACE_AUDIT;

        } else {
            ig_decide_apply(r, f, p, v);
        }

        if (trace) {
            trace(data, &t);
        }
    }
}


static void
ig_decide_rules(const ig_decider_t *d, const ig_facts_t *f, ig_mode_t mode,
    ig_product_t *p, ig_verdict_t *v, ig_trace_pt trace, void *data)
{
    uint32_t         w, pack, i;
    uint64_t         packs;
    ig_found_t       found;
    ig_trace_rule_t  t;

    ig_found_collect(&found, f->findings);

    for (w = 0; w < IG_BIT_WORDS(d->policy->npacks); w++) {
        for (packs = f->packs[w]; packs; packs &= packs - 1) {
            pack = w * 64 + (uint32_t) __builtin_ctzll(packs);

            if (pack < d->policy->npacks) {
                ig_decide_pack(d, pack, f, mode, &found, p, v, trace, data);
            }
        }
    }

    if (trace == NULL) {
        return;
    }

    t.state = IG_TRACE_PACK;
    t.key = 0;

    for (pack = 0; pack < d->policy->npacks; pack++) {

        if (ig_bit_get(f->packs, pack)) {
            continue;
        }

        for (i = d->first[pack]; i < d->first[pack + 1]; i++) {
            t.rule = d->rules[i].row;
            trace(data, &t);
        }
    }
}


/* step 3: the endpoints that are left */

static void
ig_decide_endpoints(const ig_decider_t *d, const ig_product_t *p,
    ig_verdict_t *v)
{
    size_t                i;
    const ig_endpoint_t  *e;

    for (i = 0; i < d->policy->nendpoints; i++) {
        e = &d->policy->endpoints[i];

        if (!ig_bit_get(p->serving.bits, i)) {
            continue;
        }

        if (!ig_countries_has(&v->destinations, e->country)) {
            v->rejected[i] = IG_REJECT_COUNTRY;

        } else if (!ig_countries_subset(&e->operators, &v->operators)) {
            v->rejected[i] = IG_REJECT_OPERATOR;

        } else if (p->confined && !ig_bit_get(d->uninspectable.bits, i)) {
            v->rejected[i] = IG_REJECT_UNINSPECTABLE;

        } else {
            ig_bit_set(v->permitted, i);
        }
    }
}


static ig_reason_t
ig_decide_reason(const ig_product_t *p, ig_verdict_t *v)
{
    size_t    i;
    uint64_t  any;

    if (p->block) {
        v->rule = p->block->row;
        return IG_REASON_blocked_by_rule;
    }

    if (p->models) {
        v->rule = p->models->row;
        return IG_REASON_model_not_permitted;
    }

    if (ig_endpoints_empty(&p->serving)) {
        return IG_REASON_model_not_found;
    }

    any = 0;

    for (i = 0; i < IG_ENDPOINT_WORDS; i++) {
        any |= v->permitted[i];
    }

    if (any == 0) {
        v->rule = p->tightest ? p->tightest->row : IG_NONE;
        return IG_REASON_no_permitted_destination;
    }

    return IG_REASON_NONE;
}


static void
ig_decide_refuse(const ig_decider_t *d, ig_reason_t reason, ig_verdict_t *v)
{
    size_t  i;

    v->word = IG_VERDICT_BLOCK;
    v->reason = reason;

    memset(v->permitted, 0, sizeof(v->permitted));

    for (i = 0; i < d->policy->nendpoints; i++) {
        if (v->rejected[i] == IG_REJECT_NOT) {
            v->rejected[i] = IG_REJECT_BLOCKED;
        }
    }
}


/* a stance permits no country at all: nothing of the verdict can be misread */

static void
ig_decide_refuse_all(const ig_decider_t *d, ig_reason_t reason,
    ig_verdict_t *v)
{
    v->destinations = ig_countries_none();
    v->operators = ig_countries_none();
    v->narrowed = true;

    ig_decide_refuse(d, reason, v);
}


static void
ig_decide_audit(const ig_decider_t *d, const ig_facts_t *f,
    const ig_product_t *p, ig_verdict_t *v)
{
    if (ig_decide_absolute(f->reading->reason)) {
        ig_decide_refuse_all(d, f->reading->reason, v);
        return;
    }

    if (ig_endpoints_empty(&p->serving)) {
        ig_decide_refuse(d, IG_REASON_model_not_found, v);
        return;
    }

    memcpy(v->permitted, p->serving.bits, sizeof(v->permitted));
    v->word = IG_VERDICT_ALLOW;
}


void
ig_decide(const ig_decider_t *d, const ig_facts_t *f, ig_mode_t mode,
    ig_verdict_t *v, ig_trace_pt trace, void *data)
{
    ig_reason_t   reason;
    ig_product_t  p;

    memset(v, 0, sizeof(ig_verdict_t));
    memset(&p, 0, sizeof(ig_product_t));

    v->rule = IG_NONE;
    v->destinations = d->everywhere;
    v->operators = d->everywhere;

    ig_decide_serving(d, f, &p, v);

    if (mode == IG_MODE_AUDIT) {
        ig_decide_audit(d, f, &p, v);
        return;
    }

    reason = ig_decide_stances(d, f, &p);

    if (reason != IG_REASON_NONE) {
        ig_decide_refuse_all(d, reason, v);
        return;
    }

    ig_decide_rules(d, f, mode, &p, v, trace, data);
    ig_decide_endpoints(d, &p, v);

    v->narrowed = p.confined
                  || !ig_countries_eq(&v->destinations, &d->everywhere)
                  || !ig_countries_eq(&v->operators, &d->everywhere);

    reason = ig_decide_reason(&p, v);

    if (reason != IG_REASON_NONE) {
        ig_decide_refuse(d, reason, v);
        return;
    }

    if (v->narrowed) {
        v->word = IG_VERDICT_ROUTE;

    } else {
        v->word = p.flagged ? IG_VERDICT_FLAG : IG_VERDICT_ALLOW;
    }
}


ig_str_t
ig_verdict_name(ig_verdict_word_t w)
{
    switch (w) {

    case IG_VERDICT_ROUTE:
        return IG_STR("route");

    case IG_VERDICT_TRANSFORM:
        return IG_STR("transform");

    case IG_VERDICT_FLAG:
        return IG_STR("flag");

    case IG_VERDICT_ALLOW:
        return IG_STR("allow");

    default:
        return IG_STR("block");
    }
}


ig_str_t
ig_reject_name(ig_reject_t r)
{
    switch (r) {

    case IG_REJECT_NOT:
        return IG_STR("permitted");

    case IG_REJECT_DIALECT:
        return IG_STR("dialect");

    case IG_REJECT_MODEL:
        return IG_STR("model");

    case IG_REJECT_COUNTRY:
        return IG_STR("country");

    case IG_REJECT_OPERATOR:
        return IG_STR("operator");

    case IG_REJECT_UNINSPECTABLE:
        return IG_STR("uninspectable");

    default:
        return IG_STR("blocked");
    }
}

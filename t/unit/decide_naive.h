/*
 * The decision once more, as plainly as the words of verdict.h and facts.h can
 * be written down: no tables, no bits, every rule looked at for every question.
 */

#ifndef IG_TEST_DECIDE_NAIVE_H
#define IG_TEST_DECIDE_NAIVE_H

#include "decide_generated.h"


/* facts first: whose law applies */

static bool
n_covers(const ig_pack_t *p, ig_country_t c)
{
    return !p->everywhere && ig_countries_has(&p->members, c);
}


static bool
n_pack_applies(const p_case_t *c, const ig_facts_t *f, uint32_t pack)
{
    size_t               i, k;
    bool                 covered;
    unsigned             from;
    ig_country_t         j;
    const ig_stances_t  *s;
    const ig_finding_t  *found;

    s = &c->t.policy.stances;
    from = s->jurisdictions_from;

    if (c->t.packs[pack].everywhere) {
        return true;
    }

    for (i = 0; i < c->findings.n; i++) {
        found = &c->items[i];

        if ((from & IG_FROM_DATA) && found->score >= 500
            && found->owner == IG_COUNTRY_UNKNOWN
            && c->t.detectors[found->detector].pack == pack)
        {
            return true;
        }
    }

    for (j = 1; j < ig_country_count(); j++) {

        if (!ig_countries_has(&f->jurisdictions, j)) {
            continue;
        }

        if (n_covers(&c->t.packs[pack], j)) {
            return true;
        }

        covered = false;

        for (k = 0; k < c->t.policy.npacks; k++) {
            covered |= n_covers(&c->t.packs[k], j);
        }

        if (!covered && s->jurisdiction_without_pack == pack) {
            return true;
        }
    }

    return false;
}


static ig_countries_t
n_jurisdictions(const p_case_t *c, const ig_facts_t *f)
{
    size_t          i;
    unsigned        from;
    ig_country_t    client;
    ig_countries_t  s;

    from = c->t.policy.stances.jurisdictions_from;
    client = c->facts.client_country;
    s = ig_countries_none();

    if (client == IG_COUNTRY_UNKNOWN) {
        client = c->t.policy.stances.unknown_country;
    }

    if ((from & IG_FROM_TENANT) && f->tenant != IG_NONE) {
        ig_countries_add(&s, c->t.tenants[f->tenant].home);
    }

    if (from & IG_FROM_CLIENT) {
        ig_countries_add(&s, client);
    }

    if ((from & IG_FROM_CLAIM) && c->facts.claim_valid) {
        ig_countries_union(&s, &c->facts.claimed);
    }

    for (i = 0; (from & IG_FROM_DATA) && i < c->findings.n; i++) {
        if (c->items[i].score >= 500) {
            ig_countries_add(&s, c->items[i].owner);
        }
    }

    return s;
}


static bool
n_any(const ig_strs_t *globs, ig_str_t text)
{
    size_t  i;

    for (i = 0; i < globs->n; i++) {
        if (ig_glob_match(globs->items[i], text)) {
            return true;
        }
    }

    return false;
}


static bool
n_data(const p_case_t *c, const ig_condition_t *k)
{
    size_t  i, j;

    for (i = 0; i < k->data.n; i++) {
        for (j = 0; j < c->findings.n; j++) {
            if (c->items[j].detector == k->data.items[i]
                && c->items[j].score >= k->score)
            {
                return true;
            }
        }
    }

    return false;
}


static bool
n_holds(const p_case_t *c, const ig_facts_t *f, const ig_condition_t *k)
{
    size_t  i;
    bool    read, tool;

    read = c->reading.reason == IG_REASON_NONE;

    if ((k->keys & IG_WHEN_DATA) && !n_data(c, k)) {
        return false;
    }

    if ((k->keys & IG_WHEN_MODEL)
        && (!read || c->reading.model.len == 0
            || !n_any(&k->models, c->reading.model)))
    {
        return false;
    }

    if ((k->keys & IG_WHEN_TENANT) && f->tenant != k->tenants.items[0]) {
        return false;
    }

    if ((k->keys & IG_WHEN_COUNTRY)
        && !ig_countries_has(&k->countries, f->client_country))
    {
        return false;
    }

    if ((k->keys & IG_WHEN_DIALECT)
        && !(k->dialects & (1u << c->reading.dialect)))
    {
        return false;
    }

    if (k->keys & IG_WHEN_TOOLS) {
        tool = false;

        for (i = 0; read && i < c->reading.tools.n; i++) {
            tool |= n_any(&k->tools, c->reading.tools.items[i]);
        }

        if (!tool) {
            return false;
        }
    }

    return !(k->keys & IG_WHEN_PATH) || n_any(&k->paths, c->facts.path);
}


static bool
n_serves(const p_case_t *c, const ig_endpoint_t *e)
{
    if (c->reading.dialect != IG_DIALECT_NONE
        && !(e->dialects & (1u << c->reading.dialect)))
    {
        return false;
    }

    return c->reading.model.len == 0 || c->reading.reason != IG_REASON_NONE
           || n_any(&e->models, c->reading.model);
}


static bool
n_unread(ig_reason_t r)
{
    return r == IG_REASON_unknown_operation || r == IG_REASON_unknown_method
           || r == IG_REASON_unsupported_media_type;
}


static ig_reason_t
n_stance(const p_case_t *c, const ig_facts_t *f, bool *confined)
{
    size_t               i;
    ig_country_t         j;
    ig_reason_t          reason;
    const ig_stances_t  *s;

    s = &c->t.policy.stances;
    reason = c->reading.reason;

    *confined = false;

    if (c->facts.tenant_state == IG_TENANT_CONFLICT) {
        return IG_REASON_conflicting_credentials;
    }

    if (c->facts.tenant_state != IG_TENANT_KNOWN
        && s->unknown_tenant == IG_NONE)
    {
        return IG_REASON_unknown_tenant;
    }

    if (!c->facts.claim_valid
        || (c->facts.client_country == IG_COUNTRY_UNKNOWN
            && !s->ignore_unknown_country
            && s->unknown_country == IG_COUNTRY_UNKNOWN))
    {
        return IG_REASON_unknown_country;
    }

    if (reason != IG_REASON_NONE
        && !(n_unread(reason) && s->uninspectable_allowed))
    {
        return reason;
    }

    if (reason == IG_REASON_NONE && c->reading.uninspectable
        && !s->uninspectable_allowed)
    {
        return IG_REASON_uninspectable;
    }

    *confined = reason != IG_REASON_NONE || c->reading.uninspectable;

    for (j = 1; j < ig_country_count(); j++) {
        if (ig_countries_has(&f->jurisdictions, j)
            && s->jurisdiction_without_pack == IG_NONE)
        {
            for (i = 0; i < c->t.policy.npacks; i++) {
                if (n_covers(&c->t.packs[i], j)) {
                    break;
                }
            }

            if (i == c->t.policy.npacks) {
                return IG_REASON_jurisdiction_without_pack;
            }
        }
    }

    return IG_REASON_NONE;
}


static bool
n_in(const ig_rows_t *rows, size_t row)
{
    size_t  i;

    for (i = 0; i < rows->n; i++) {
        if (rows->items[i] == row) {
            return true;
        }
    }

    return false;
}


/* is rule a before b: smaller id, then smaller jurisdiction */

static bool
n_before(const p_case_t *c, uint32_t a, uint32_t b)
{
    int  rc;

    if (b == IG_NONE) {
        return true;
    }

    rc = ig_str_cmp(c->t.rules[a].id, c->t.rules[b].id);

    return rc ? rc < 0
              : ig_str_cmp(c->t.packs[c->t.rules[a].pack].jurisdiction,
                           c->t.packs[c->t.rules[b].pack].jurisdiction) < 0;
}


typedef struct {
    ig_verdict_word_t  word;
    ig_reason_t        reason;
    uint32_t           rule;
    ig_countries_t     destinations;
    ig_countries_t     operators;
    bool               permitted[T_ENDPOINTS];
    bool               counts[T_RULES];
    bool               confined;
} n_verdict_t;


static size_t
n_left(const p_case_t *c, const ig_rule_t *r)
{
    size_t                i, n;
    const ig_endpoint_t  *e;

    n = 0;

    for (i = 0; i < c->t.policy.nendpoints; i++) {
        e = &c->t.endpoints[i];

        n += n_serves(c, e)
             && (!(r->effects & IG_THEN_DESTINATIONS)
                 || ig_countries_has(&r->destinations, e->country))
             && (!(r->effects & IG_THEN_OPERATORS)
                 || ig_countries_subset(&e->operators, &r->operators));
    }

    return n;
}


static void
n_refuse(n_verdict_t *v, ig_reason_t reason)
{
    v->word = IG_VERDICT_BLOCK;
    v->reason = reason;
    memset(v->permitted, 0, sizeof(v->permitted));
}


static void
n_rules(const p_case_t *c, const ig_facts_t *f, ig_mode_t mode,
    n_verdict_t *v, uint32_t *block, uint32_t *model, uint32_t *tight,
    bool *flag)
{
    uint32_t          i;
    const ig_rule_t  *r;

    for (i = 0; i < c->t.policy.nrules; i++) {
        r = &c->t.rules[i];

        if (!n_pack_applies(c, f, r->pack)
            || (r->audit && mode == IG_MODE_ENFORCE)
            || !n_holds(c, f, &r->when)
            || (r->unless.keys && n_holds(c, f, &r->unless)))
        {
            continue;
        }

        v->counts[i] = true;
        *flag |= (r->effects & IG_THEN_FLAG) != 0;

        if ((r->effects & IG_THEN_BLOCK) && n_before(c, i, *block)) {
            *block = i;
        }

        if ((r->effects & IG_THEN_MODELS)
            && (c->reading.reason != IG_REASON_NONE
                || (c->reading.model.len
                    && !n_any(&r->models, c->reading.model)))
            && n_before(c, i, *model))
        {
            *model = i;
        }

        if (r->effects & IG_THEN_DESTINATIONS) {
            ig_countries_intersect(&v->destinations, &r->destinations);
        }

        if (r->effects & IG_THEN_OPERATORS) {
            ig_countries_intersect(&v->operators, &r->operators);
        }

        if ((r->effects & (IG_THEN_DESTINATIONS | IG_THEN_OPERATORS))
            && (*tight == IG_NONE
                || n_left(c, r) < n_left(c, &c->t.rules[*tight])
                || (n_left(c, r) == n_left(c, &c->t.rules[*tight])
                    && n_before(c, i, *tight))))
        {
            *tight = i;
        }
    }
}


static void
n_decide(const p_case_t *c, const ig_facts_t *f, ig_mode_t mode,
    n_verdict_t *v)
{
    size_t                i, serving, left;
    bool                  flag;
    uint32_t              block, model, tight;
    ig_reason_t           reason;
    ig_countries_t        all;
    const ig_endpoint_t  *e;

    memset(v, 0, sizeof(*v));

    all = ig_countries_all();
    v->destinations = all;
    v->operators = all;
    v->rule = IG_NONE;
    serving = 0;
    left = 0;
    flag = false;
    block = model = tight = IG_NONE;
    reason = IG_REASON_NONE;

    if (mode != IG_MODE_AUDIT) {
        reason = n_stance(c, f, &v->confined);

    } else if (c->reading.reason == IG_REASON_body_too_large
               || c->reading.reason == IG_REASON_decoded_too_large
               || c->reading.reason == IG_REASON_limit_exceeded
               || c->reading.reason == IG_REASON_internal_error)
    {
        reason = c->reading.reason;
    }

    if (reason != IG_REASON_NONE) {
        v->destinations = ig_countries_none();
        v->operators = ig_countries_none();
        n_refuse(v, reason);
        return;
    }

    if (mode != IG_MODE_AUDIT) {
        n_rules(c, f, mode, v, &block, &model, &tight, &flag);
    }

    for (i = 0; i < c->t.policy.nendpoints; i++) {
        e = &c->t.endpoints[i];
        serving += n_serves(c, e);

        v->permitted[i] = n_serves(c, e)
                          && ig_countries_has(&v->destinations, e->country)
                          && ig_countries_subset(&e->operators, &v->operators)
                          && (!v->confined
                              || n_in(&c->t.policy.stances.uninspectable, i));
        left += v->permitted[i];
    }

    if (block != IG_NONE) {
        v->rule = block;
        n_refuse(v, IG_REASON_blocked_by_rule);

    } else if (model != IG_NONE) {
        v->rule = model;
        n_refuse(v, IG_REASON_model_not_permitted);

    } else if (serving == 0) {
        n_refuse(v, IG_REASON_model_not_found);

    } else if (left == 0) {
        v->rule = tight;
        n_refuse(v, IG_REASON_no_permitted_destination);

    } else if (v->confined || !ig_countries_eq(&v->destinations, &all)
               || !ig_countries_eq(&v->operators, &all))
    {
        v->word = IG_VERDICT_ROUTE;

    } else {
        v->word = flag ? IG_VERDICT_FLAG : IG_VERDICT_ALLOW;
    }
}

#endif /* IG_TEST_DECIDE_NAIVE_H */

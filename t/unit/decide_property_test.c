/*
 * Properties of the decision, over generated policies and facts:
 *
 *   - it agrees with a second implementation, written from the words of
 *     verdict.h and as simple as can be;
 *   - the order of packs, rules and endpoints changes nothing;
 *   - one rule more never permits more nor turns a refusal into a pass;
 *   - rules that are only audited change nothing that is applied;
 *   - what is permitted when enforcing is permitted when auditing.
 *
 * Every case comes from its seed, which is printed when it fails.
 */

#include "tables.h"

#include <stdio.h>
#include <stdlib.h>


#define P_CASES  6000


/* xorshift64* (Vigna, 2016): the same numbers everywhere */

static uint64_t  p_state;


static void
p_seed(uint64_t seed)
{
    p_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}


static uint32_t
p_rand(uint32_t below)
{
    p_state ^= p_state >> 12;
    p_state ^= p_state << 25;
    p_state ^= p_state >> 27;

    return (uint32_t) ((p_state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}


static bool
p_one_in(uint32_t n)
{
    return p_rand(n) == 0;
}


/* what a policy and a request are made of */

#define S(text)  { (const uint8_t *) (text), sizeof(text) - 1 }

static const char *const  p_codes[] = { "SA", "AE", "DE", "FR", "US", "CA" };

#define P_CODES  6

static const ig_str_t  p_models[] = {
    S("*"), S("gpt-*"), S("llama"), S("gpt-4"), S("*-4")
};

static const ig_str_t  p_asked[] = { S(""), S("gpt-4"), S("llama"), S("qwen") };
static const ig_str_t  p_tools[] = { S("mail_*"), S("db_*"), S("*") };
static const ig_str_t  p_called[] = { S("mail_send"), S("db_query"), S("eval") };
static const ig_str_t  p_paths[] = { S("/v1/*"), S("/api/chat"), S("*") };
static const ig_str_t  p_path[] = { S("/v1/messages"), S("/api/chat"), S("/x") };
static const ig_str_t  p_flags[] = { S("look") };

static const ig_reason_t  p_reasons[] = {
    IG_REASON_invalid_json, IG_REASON_body_too_large,
    IG_REASON_decoded_too_large, IG_REASON_limit_exceeded,
    IG_REASON_internal_error, IG_REASON_unknown_operation,
    IG_REASON_unknown_method, IG_REASON_unsupported_media_type,
    IG_REASON_unsupported_encoding, IG_REASON_raw_path_differs
};

typedef struct {
    t_tables_t    t;
    char          names[T_RULES + T_ENDPOINTS + T_DETECTORS][8];
    uint32_t      rows[T_RULES][2][8];      /* of data */
    uint32_t      tenants[T_RULES][2][4];

    ig_facts_t    facts;
    ig_reading_t  reading;
    ig_findings_t findings;
    ig_finding_t  items[16];
} p_case_t;


static ig_countries_t
p_some_countries(uint32_t one_in)
{
    size_t          i;
    ig_countries_t  s;

    s = ig_countries_none();

    for (i = 0; i < P_CODES; i++) {
        if (!p_one_in(one_in)) {
            ig_countries_add(&s, t_country(p_codes[i]));
        }
    }

    return s;
}


static ig_strs_t
p_some(const ig_str_t *from, uint32_t n)
{
    uint32_t  first;

    first = p_rand(n);

    return (ig_strs_t) { from + first, 1 + p_rand(n - first) };
}


static int
p_cmp_rows(const void *one, const void *two)
{
    const uint32_t  *a = one, *b = two;

    return (*a > *b) - (*a < *b);
}


static void
p_condition(p_case_t *c, size_t rule, size_t which, ig_condition_t *k)
{
    size_t     i, n;
    uint32_t  *rows;

    k->score = (uint16_t) (100 * (1 + p_rand(10)));

    if (p_one_in(2)) {
        rows = c->rows[rule][which];
        n = 1 + p_rand(8);

        /* neighbors, as detectors of one pack are, or from anywhere */

        for (i = 0; i < n; i++) {
            rows[i] = p_one_in(2) ? (uint32_t) (i * 7)
                                  : p_rand((uint32_t) c->t.policy.ndetectors);
        }

        qsort(rows, n, sizeof(uint32_t), p_cmp_rows);
        k->keys |= IG_WHEN_DATA;
        k->data = (ig_rows_t) { rows, n };
    }

    if (p_one_in(5)) {
        k->keys |= IG_WHEN_MODEL;
        k->models = p_some(p_models, 5);
    }

    if (p_one_in(5)) {
        rows = c->tenants[rule][which];
        rows[0] = p_rand((uint32_t) c->t.policy.ntenants);
        k->keys |= IG_WHEN_TENANT;
        k->tenants = (ig_rows_t) { rows, 1 };
    }

    if (p_one_in(5)) {
        k->keys |= IG_WHEN_COUNTRY;
        k->countries = p_some_countries(2);
    }

    if (p_one_in(5)) {
        k->keys |= IG_WHEN_DIALECT;
        k->dialects = 2 + p_rand(14);
    }

    if (p_one_in(5)) {
        k->keys |= IG_WHEN_TOOLS;
        k->tools = p_some(p_tools, 3);
    }

    if (p_one_in(5)) {
        k->keys |= IG_WHEN_PATH;
        k->paths = p_some(p_paths, 3);
    }
}


/* effects that often leave something, so that passes are common as well */

static void
p_add_rule(p_case_t *c)
{
    size_t      i;
    ig_rule_t  *r;

    i = c->t.policy.nrules;
    (void) snprintf(c->names[i], 8, "r%03u", p_rand(1000));

    r = t_rule(&c->t, c->names[i], p_rand((uint32_t) c->t.policy.npacks));
    r->audit = p_one_in(4);

    if (!p_one_in(4)) {
        p_condition(c, i, 0, &r->when);
    }

    if (p_one_in(4)) {
        p_condition(c, i, 1, &r->unless);
    }

    if (p_one_in(12)) {
        r->effects |= IG_THEN_BLOCK;
    }

    if (p_one_in(2)) {
        r->effects |= IG_THEN_DESTINATIONS;
        r->destinations = p_some_countries(5);
    }

    if (p_one_in(4)) {
        r->effects |= IG_THEN_OPERATORS;
        r->operators = p_some_countries(8);
    }

    if (p_one_in(8)) {
        r->effects |= IG_THEN_MODELS;
        r->models = p_some(p_models, 5);
    }

    if (p_one_in(4) || r->effects == 0) {
        r->effects |= IG_THEN_FLAG;
        r->flags = (ig_strs_t) { p_flags, 1 };
    }
}


static void
p_make_endpoints(p_case_t *c)
{
    char           *name;
    size_t          i, n;
    ig_endpoint_t  *e;

    n = p_one_in(20) ? 0 : 1 + p_rand(10);

    for (i = 0; i < n; i++) {
        name = c->names[T_RULES + i];
        (void) snprintf(name, 8, "e%c%u", 'a' + (int) p_rand(26), (unsigned) i);

        e = t_endpoint(&c->t, name, p_codes[p_rand(P_CODES)], "");
        e->operators = p_some_countries(2);
        ig_countries_add(&e->operators, e->country);
        e->tier = (ig_tier_t) p_rand(IG_TIERS);
        e->dialects = p_one_in(3) ? 2 + p_rand(14) : e->dialects;
        e->models = p_one_in(3) ? p_some(p_models, 5) : e->models;
        e->priced = p_one_in(2);
        memcpy(e->currency, p_one_in(4) ? "AED" : "USD", 4);
        e->price_input = p_rand(4);
        e->price_output = p_rand(4);
    }
}


static void
p_make_stances(p_case_t *c)
{
    size_t         i;
    ig_stances_t  *s;

    s = &c->t.policy.stances;

    s->jurisdictions_from = p_one_in(3) ? p_rand(16) : 15;

    if (p_one_in(2)) {
        s->unknown_tenant = p_rand((uint32_t) c->t.policy.ntenants);
    }

    if (p_one_in(2)) {
        s->ignore_unknown_country = p_one_in(2);
        s->unknown_country = t_country(p_codes[p_rand(P_CODES)]);
    }

    if (p_one_in(2)) {
        s->jurisdiction_without_pack = p_rand((uint32_t) c->t.policy.npacks);
    }

    if (p_one_in(2)) {
        s->uninspectable_allowed = true;

        for (i = 0; i < c->t.policy.nendpoints; i++) {
            if (p_one_in(2)) {
                c->t.uninspectable[s->uninspectable.n++] = (uint32_t) i;
            }
        }
    }
}


static void
p_make_policy(p_case_t *c)
{
    char      *name;
    size_t     i, n;

    t_init(&c->t);

    (void) t_pack(&c->t, "SA", "SA");
    (void) t_pack(&c->t, "", "");
    (void) t_pack(&c->t, "EU", "DE FR");

    if (p_one_in(2)) {
        (void) t_pack(&c->t, "AE", "AE");
        (void) t_pack(&c->t, "DE", "DE");
        (void) t_pack(&c->t, "US", "US");
        (void) t_pack(&c->t, "GCC", "SA AE");
    }

    if (p_one_in(2)) {
        (void) t_pack(&c->t, "CA", "CA");
        (void) t_pack(&c->t, "NA", "CA US");
    }

    n = p_one_in(2) ? T_DETECTORS : 1 + p_rand(70);

    for (i = 0; i < n; i++) {
        name = c->names[T_RULES + T_ENDPOINTS + i];
        (void) snprintf(name, 8, "d.%03u", (unsigned) i);
        (void) t_detector(&c->t, name, p_rand((uint32_t) c->t.policy.npacks));
    }

    (void) t_tenant(&c->t, "one", "SA");
    (void) t_tenant(&c->t, "two", "DE");
    (void) t_tenant(&c->t, "three", p_codes[p_rand(P_CODES)]);

    p_make_endpoints(c);
    p_make_stances(c);

    n = p_rand(12);

    for (i = 0; i < n; i++) {
        p_add_rule(c);
    }
}


static void
p_make_request(p_case_t *c)
{
    size_t        i;
    uint32_t      from;
    ig_facts_t   *f;
    ig_finding_t *k;

    f = &c->facts;
    memset(f, 0, sizeof(*f));
    memset(&c->reading, 0, sizeof(c->reading));

    f->reading = &c->reading;
    f->findings = &c->findings;
    f->path = p_path[p_rand(3)];
    f->tenant_state = p_one_in(3) ? (ig_tenant_state_t) p_rand(4)
                                  : IG_TENANT_KNOWN;
    f->tenant = f->tenant_state == IG_TENANT_KNOWN ? p_rand(3) : IG_NONE;
    f->claim_valid = !p_one_in(20);

    if (f->claim_valid && p_one_in(4)) {
        f->claimed = p_some_countries(2);
    }

    if (!p_one_in(5)) {
        f->client_country = t_country(p_codes[p_rand(P_CODES)]);
    }

    c->reading.dialect = (ig_dialect_t) (p_one_in(10) ? 0 : 1 + p_rand(3));
    c->reading.model = p_asked[p_rand(4)];
    c->reading.reason = p_one_in(5) ? p_reasons[p_rand(10)] : IG_REASON_NONE;
    c->reading.uninspectable = p_one_in(8) ? 1 + p_rand(60) : 0;
    from = p_rand(3);
    c->reading.tools = (ig_strs_t) { p_called + from, p_rand(4 - from) };

    c->findings.items = c->items;
    c->findings.n = p_one_in(2) ? 0 : p_rand(16);

    for (i = 0; i < c->findings.n; i++) {
        k = &c->items[i];
        memset(k, 0, sizeof(*k));
        k->detector = p_one_in(2)
                      ? p_rand((uint32_t) c->t.policy.ndetectors)
                      : p_rand(8) * 7 % (uint32_t) c->t.policy.ndetectors;
        k->score = (uint16_t) (100 * (1 + p_rand(10)));
        k->owner = p_one_in(2) ? t_country(p_codes[p_rand(P_CODES)])
                               : IG_COUNTRY_UNKNOWN;
    }
}


static p_case_t *
p_make(uint64_t seed)
{
    p_case_t  *c;

    c = calloc(1, sizeof(p_case_t));
    assert_non_null(c);

    p_seed(seed);
    p_make_policy(c);
    p_make_request(c);

    return c;
}


typedef struct {
    size_t           n;
    ig_trace_rule_t  rules[T_RULES];
} p_trace_t;


static void
p_trace(void *data, const ig_trace_rule_t *t)
{
    p_trace_t  *all = data;

    assert_true(all->n < T_RULES);
    all->rules[all->n++] = *t;
}


/* facts gathered anew, as rows may have moved; endpoint: chosen or IG_NONE */

static void
p_decide(p_case_t *c, ig_mode_t mode, ig_verdict_t *v, ig_facts_t *f,
    p_trace_t *trace, uint32_t *endpoint)
{
    ig_chooser_t      *chooser;
    ig_decider_t      *d;
    ig_facts_table_t  *table;

    table = ig_facts_compile(&c->t.policy);
    d = ig_decide_compile(&c->t.policy);
    chooser = ig_choose_compile(&c->t.policy);

    assert_non_null(table);
    assert_non_null(d);
    assert_non_null(chooser);

    *f = c->facts;
    ig_facts_gather(table, f);

    /* what was left in it before must not show */

    memset(v, 0xa5, sizeof(*v));
    ig_decide(d, f, mode, v, trace ? p_trace : NULL, trace);

    *endpoint = ig_choose(chooser, v->permitted, NULL);

    ig_chooser_free(chooser);
    ig_decider_free(d);
    ig_facts_table_free(table);
}


/*
 * The second implementation.  Facts first: whose law applies, from the words of
 * facts.h.
 */

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


/* checks name what differs and the seed that shows it */

static uint64_t  p_case_seed;

#define p_check(what)                                                         \
    do {                                                                      \
        if (!(what)) {                                                        \
            print_error("seed %llu: not so: %s\n",                            \
                        (unsigned long long) p_case_seed, #what);             \
            fail();                                                           \
        }                                                                     \
    } while (0)


/* two rules of one id in one pack cannot be told apart; files have none */

static bool
p_twins(const p_case_t *c)
{
    size_t  i, k;

    for (i = 0; i < c->t.policy.nrules; i++) {
        for (k = 0; k < i; k++) {
            if (ig_str_eq(c->t.rules[i].id, c->t.rules[k].id)
                && c->t.rules[i].pack == c->t.rules[k].pack)
            {
                return true;
            }
        }
    }

    return false;
}


static void
p_check_trace(const p_case_t *c, const ig_facts_t *f, const n_verdict_t *want,
    const p_trace_t *trace)
{
    size_t     i;
    bool       seen[T_RULES] = { false };
    uint32_t   row;
    ig_rule_t  r;

    p_check(trace->n == c->t.policy.nrules);

    for (i = 0; i < trace->n; i++) {
        row = trace->rules[i].rule;
        r = c->t.rules[row];

        p_check(!seen[row]);
        seen[row] = true;

        p_check((trace->rules[i].state == IG_TRACE_MATCHED)
                == want->counts[row]);

        switch (trace->rules[i].state) {

        case IG_TRACE_PACK:
            p_check(!n_pack_applies(c, f, r.pack));
            break;

        case IG_TRACE_WHEN:
            p_check(r.when.keys & trace->rules[i].key);
            r.when.keys = trace->rules[i].key;
            p_check(!n_holds(c, f, &r.when));
            break;

        case IG_TRACE_UNLESS:
            p_check(r.unless.keys && n_holds(c, f, &r.unless));
            break;

        case IG_TRACE_AUDIT:
            p_check(r.audit && n_holds(c, f, &r.when));
            break;

        default:
            break;
        }
    }
}


static void
p_check_same(const p_case_t *c, const ig_facts_t *f, ig_mode_t mode,
    const ig_verdict_t *v, const n_verdict_t *want)
{
    size_t          i, n;
    ig_countries_t  all;

    all = ig_countries_all();

    p_check(v->word == want->word);
    p_check(v->reason == want->reason);
    p_check(v->rule == want->rule);
    p_check(ig_countries_eq(&v->destinations, &want->destinations));
    p_check(ig_countries_eq(&v->operators, &want->operators));
    p_check(v->narrowed == (want->confined
                            || !ig_countries_eq(&v->destinations, &all)
                            || !ig_countries_eq(&v->operators, &all))
            || v->reason != IG_REASON_NONE);

    for (i = 0; i < IG_MAX_ENDPOINTS; i++) {
        p_check(ig_bit_get(v->permitted, i)
                == (i < T_ENDPOINTS && want->permitted[i]));
    }

    for (i = 0; i < c->t.policy.nendpoints; i++) {
        p_check((v->rejected[i] == IG_REJECT_NOT) == want->permitted[i]);
        p_check((v->rejected[i] == IG_REJECT_DIALECT
                 || v->rejected[i] == IG_REJECT_MODEL)
                == !n_serves(c, &c->t.endpoints[i]));
        p_check(v->rejected[i] != IG_REJECT_COUNTRY
                || !ig_countries_has(&v->destinations,
                                     c->t.endpoints[i].country));
        p_check(v->rejected[i] != IG_REJECT_OPERATOR
                || !ig_countries_subset(&c->t.endpoints[i].operators,
                                        &v->operators));
    }

    n = 0;

    for (i = 0; i < c->t.policy.nrules; i++) {
        n += want->counts[i];
    }

    p_check(v->ncauses == n);

    for (i = 0; i < n; i++) {
        p_check(want->counts[v->causes[i]]);
        p_check(i == 0 || v->causes[i] != v->causes[i - 1]);
    }

    if (mode != IG_MODE_AUDIT) {
        for (i = 0; i < c->t.policy.npacks; i++) {
            p_check(ig_bit_get(f->packs, i)
                    == n_pack_applies(c, f, (uint32_t) i));
        }
    }
}


static void
test_second_implementation(void **state)
{
    bool          looked, confined;
    size_t        i;
    uint32_t      endpoint, chosen[IG_REASON_COUNT] = { 0 };
    uint32_t      words[IG_VERDICT_ALLOW + 1] = { 0 };
    p_case_t     *c;
    ig_mode_t     mode;
    p_trace_t     trace;
    ig_facts_t    f;
    n_verdict_t   want;
    ig_verdict_t  v, untraced;
    ig_countries_t  j;

    (void) state;

    for (p_case_seed = 1; p_case_seed <= P_CASES; p_case_seed++) {
        c = p_make(p_case_seed);

        for (mode = IG_MODE_ENFORCE; !p_twins(c) && mode <= IG_MODE_AUDIT;
             mode++)
        {
            trace.n = 0;
            p_decide(c, mode, &v, &f, &trace, &endpoint);
            p_decide(c, mode, &untraced, &f, NULL, &endpoint);

            j = n_jurisdictions(c, &f);
            p_check(ig_countries_eq(&f.jurisdictions, &j));

            n_decide(c, &f, mode, &want);
            p_check_same(c, &f, mode, &v, &want);
            p_check_same(c, &f, mode, &untraced, &want);
            p_check((endpoint == IG_NONE) == (v.word == IG_VERDICT_BLOCK));

            looked = mode != IG_MODE_AUDIT
                     && n_stance(c, &f, &confined) == IG_REASON_NONE;

            if (looked) {
                p_check_trace(c, &f, &want, &trace);

            } else {
                p_check(trace.n == 0);
            }

            chosen[v.reason]++;
            words[v.word]++;
        }

        free(c);
    }

    /* the cases must have been there, or nothing was shown */

    for (i = 0; i <= IG_VERDICT_ALLOW; i++) {
        assert_true(i == IG_VERDICT_TRANSFORM || words[i] > 50);
    }

    assert_true(chosen[IG_REASON_conflicting_credentials] > 50);
    assert_true(chosen[IG_REASON_unknown_tenant] > 50);
    assert_true(chosen[IG_REASON_unknown_country] > 50);
    assert_true(chosen[IG_REASON_invalid_json] > 50);
    assert_true(chosen[IG_REASON_limit_exceeded] > 50);
    assert_true(chosen[IG_REASON_unknown_operation] > 50);
    assert_true(chosen[IG_REASON_uninspectable] > 50);
    assert_true(chosen[IG_REASON_jurisdiction_without_pack] > 50);
    assert_true(chosen[IG_REASON_blocked_by_rule] > 50);
    assert_true(chosen[IG_REASON_model_not_permitted] > 50);
    assert_true(chosen[IG_REASON_model_not_found] > 50);
    assert_true(chosen[IG_REASON_no_permitted_destination] > 50);
}


static void
p_shuffle(uint32_t *order, size_t n)
{
    size_t    i, k;
    uint32_t  swap;

    for (i = 0; i < n; i++) {
        order[i] = (uint32_t) i;
    }

    for (i = n; i > 1; i--) {
        k = p_rand((uint32_t) i);
        swap = order[i - 1];
        order[i - 1] = order[k];
        order[k] = swap;
    }
}


/* the same policy with its rows moved: row i becomes row to[i] */

static void
p_permute(p_case_t *c)
{
    size_t         i;
    uint32_t       to[T_RULES];
    t_tables_t    *was;
    ig_stances_t  *s;

    was = malloc(sizeof(t_tables_t));
    assert_non_null(was);
    memcpy(was, &c->t, sizeof(t_tables_t));

    s = &c->t.policy.stances;

    p_shuffle(to, was->policy.npacks);

    for (i = 0; i < was->policy.npacks; i++) {
        c->t.packs[to[i]] = was->packs[i];
    }

    for (i = 0; i < was->policy.ndetectors; i++) {
        c->t.detectors[i].pack = to[was->detectors[i].pack];
    }

    for (i = 0; i < was->policy.nrules; i++) {
        was->rules[i].pack = to[was->rules[i].pack];
    }

    if (s->jurisdiction_without_pack != IG_NONE) {
        s->jurisdiction_without_pack = to[s->jurisdiction_without_pack];
    }

    p_shuffle(to, was->policy.nrules);

    for (i = 0; i < was->policy.nrules; i++) {
        c->t.rules[to[i]] = was->rules[i];
    }

    p_shuffle(to, was->policy.nendpoints);

    for (i = 0; i < was->policy.nendpoints; i++) {
        c->t.endpoints[to[i]] = was->endpoints[i];
    }

    for (i = 0; i < s->uninspectable.n; i++) {
        c->t.uninspectable[i] = to[was->uninspectable[i]];
    }

    qsort(c->t.uninspectable, s->uninspectable.n, sizeof(uint32_t),
          p_cmp_rows);

    free(was);
}


static bool
p_permits(const p_case_t *c, const ig_verdict_t *v, ig_str_t name)
{
    size_t  i;

    for (i = 0; i < c->t.policy.nendpoints; i++) {
        if (ig_str_eq(c->t.endpoints[i].name, name)) {
            return ig_bit_get(v->permitted, i);
        }
    }

    return false;
}


static ig_str_t
p_rule_id(const p_case_t *c, uint32_t row)
{
    return row == IG_NONE ? IG_STR("-") : c->t.rules[row].id;
}


static void
p_check_equal(const p_case_t *a, const ig_verdict_t *v, uint32_t chosen,
    const p_case_t *b, const ig_verdict_t *w, uint32_t other)
{
    size_t  i;

    p_check(v->word == w->word);
    p_check(v->reason == w->reason);
    p_check(ig_reason_status(v->reason) == ig_reason_status(w->reason));
    p_check(ig_str_eq(p_rule_id(a, v->rule), p_rule_id(b, w->rule)));
    p_check(ig_countries_eq(&v->destinations, &w->destinations));
    p_check(ig_countries_eq(&v->operators, &w->operators));
    p_check(v->narrowed == w->narrowed);
    p_check(v->ncauses == w->ncauses);

    for (i = 0; i < a->t.policy.nendpoints; i++) {
        p_check(p_permits(b, w, a->t.endpoints[i].name)
                == (bool) ig_bit_get(v->permitted, i));
    }

    p_check((chosen == IG_NONE) == (other == IG_NONE));
    p_check(chosen == IG_NONE
            || ig_str_eq(a->t.endpoints[chosen].name,
                         b->t.endpoints[other].name));
}


static void
test_order_never_matters(void **state)
{
    uint32_t      chosen, other;
    p_case_t     *a, *b;
    ig_mode_t     mode;
    ig_facts_t    f;
    ig_verdict_t  v, w;

    (void) state;

    for (p_case_seed = 1; p_case_seed <= P_CASES; p_case_seed++) {
        a = p_make(p_case_seed);
        b = p_make(p_case_seed);

        p_permute(b);

        for (mode = IG_MODE_ENFORCE; !p_twins(a) && mode <= IG_MODE_AUDIT;
             mode++)
        {
            p_decide(a, mode, &v, &f, NULL, &chosen);
            p_decide(b, mode, &w, &f, NULL, &other);
            p_check_equal(a, &v, chosen, b, &w, other);
        }

        free(a);
        free(b);
    }
}


static void
test_rule_more_never_widens(void **state)
{
    size_t        i, narrowed;
    uint32_t      chosen;
    p_case_t     *c;
    ig_mode_t     mode;
    ig_facts_t    f;
    ig_verdict_t  v[IG_MODE_AUDIT + 1], w;

    (void) state;

    narrowed = 0;

    for (p_case_seed = 1; p_case_seed <= P_CASES; p_case_seed++) {
        c = p_make(p_case_seed);

        for (mode = IG_MODE_ENFORCE; mode <= IG_MODE_FULL; mode++) {
            p_decide(c, mode, &v[mode], &f, NULL, &chosen);
        }

        p_add_rule(c);

        for (mode = IG_MODE_ENFORCE; mode <= IG_MODE_FULL; mode++) {
            p_decide(c, mode, &w, &f, NULL, &chosen);

            for (i = 0; i < IG_ENDPOINT_WORDS; i++) {
                p_check((w.permitted[i] & ~v[mode].permitted[i]) == 0);
                narrowed += w.permitted[i] != v[mode].permitted[i];
            }

            p_check(ig_countries_subset(&w.destinations,
                                        &v[mode].destinations));
            p_check(ig_countries_subset(&w.operators, &v[mode].operators));
            p_check(w.word == IG_VERDICT_BLOCK
                    || v[mode].word != IG_VERDICT_BLOCK);
            p_check(w.word <= v[mode].word);
        }

        free(c);
    }

    assert_true(narrowed > 100);
}


static void
test_audit_rules_change_nothing(void **state)
{
    size_t        i, n, changed;
    uint32_t      chosen, other, full;
    p_case_t     *a, *b;
    ig_facts_t    f;
    ig_verdict_t  v, w, x;

    (void) state;

    changed = 0;

    for (p_case_seed = 1; p_case_seed <= P_CASES; p_case_seed++) {
        a = p_make(p_case_seed);
        b = p_make(p_case_seed);
        n = 0;

        for (i = 0; i < b->t.policy.nrules; i++) {
            if (!b->t.rules[i].audit) {
                b->t.rules[n++] = b->t.rules[i];
            }
        }

        b->t.policy.nrules = n;

        p_decide(a, IG_MODE_ENFORCE, &v, &f, NULL, &chosen);
        p_decide(b, IG_MODE_ENFORCE, &w, &f, NULL, &other);
        p_decide(a, IG_MODE_FULL, &x, &f, NULL, &full);

        if (!p_twins(a)) {
            p_check_equal(a, &v, chosen, b, &w, other);
        }

        /* with them enforced, no more is permitted than without them */

        for (i = 0; i < IG_ENDPOINT_WORDS; i++) {
            p_check((x.permitted[i] & ~v.permitted[i]) == 0);
        }

        changed += x.word != v.word;

        free(a);
        free(b);
    }

    assert_true(changed > 100);
}


static void
test_audit_permits_what_enforce_does(void **state)
{
    size_t        i;
    uint32_t      chosen;
    p_case_t     *c;
    ig_facts_t    f;
    ig_verdict_t  v, w;

    (void) state;

    for (p_case_seed = 1; p_case_seed <= P_CASES; p_case_seed++) {
        c = p_make(p_case_seed);

        p_decide(c, IG_MODE_ENFORCE, &v, &f, NULL, &chosen);
        p_decide(c, IG_MODE_AUDIT, &w, &f, NULL, &chosen);

        for (i = 0; i < IG_ENDPOINT_WORDS; i++) {
            p_check((v.permitted[i] & ~w.permitted[i]) == 0);
        }

        free(c);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_second_implementation),
        cmocka_unit_test(test_order_never_matters),
        cmocka_unit_test(test_rule_more_never_widens),
        cmocka_unit_test(test_audit_rules_change_nothing),
        cmocka_unit_test(test_audit_permits_what_enforce_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

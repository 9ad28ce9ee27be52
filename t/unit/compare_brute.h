/*
 * Small policies from a seed, and every request of a small world, for
 * compare_test.c.
 */

#ifndef IG_TEST_COMPARE_BRUTE_H
#define IG_TEST_COMPARE_BRUTE_H

#include "tables.h"

#include <inference_guard/compare.h>

#include <stdlib.h>


static uint64_t  b_state;

static void
b_seed(uint64_t seed)
{
    b_state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
}


/* xorshift64* (Vigna, 2016) */

static uint32_t
b_rand(uint32_t below)
{
    b_state ^= b_state >> 12;
    b_state ^= b_state << 25;
    b_state ^= b_state >> 27;

    return (uint32_t) ((b_state * UINT64_C(0x2545f4914f6cdd1d)) >> 33) % below;
}


static bool
b_one_in(uint32_t n)
{
    return b_rand(n) == 0;
}


#define S(text)  { (const uint8_t *) (text), sizeof(text) - 1 }

static const char *const  b_codes[] = { "SA", "DE", "US", "FR" };

static const ig_str_t  b_models[] = {
    S("gpt-*"), S("llama"), S("*-4"), S("gpt-4"), S("*")
};
static const ig_str_t  b_asked[] = {
    S(""), S("gpt-4"), S("gpt-x"), S("x-4"), S("llama"), S("q")
};
static const ig_str_t  b_paths[] = { S("/v1/*"), S("/a*"), S("*") };
static const ig_str_t  b_path[] = { S("/v1/chat/completions"), S("/a"), S("/z") };
static const ig_str_t  b_tools[] = { S("mail_*"), S("*_send"), S("db"), S("*") };
static const ig_str_t  b_called[] = { S("mail_x"), S("x_send"), S("db"),
                                      S("q") };
static const ig_str_t  b_words[] = { S("word") };
static const ig_str_t  b_luhn = S("luhn");

#define B_RULES  6

typedef struct {
    t_tables_t  t;
    char        names[B_RULES][8];
    uint32_t    rows[B_RULES][2][3];
    uint32_t    tenants[B_RULES][2][1];
} b_policy_t;


static ig_countries_t
b_some_countries(void)
{
    size_t          i;
    ig_countries_t  s;

    s = ig_countries_none();

    for (i = 0; i < 4; i++) {
        if (!b_one_in(3)) {
            ig_countries_add(&s, t_country(b_codes[i]));
        }
    }

    return s;
}


static ig_strs_t
b_some(const ig_str_t *from, uint32_t n)
{
    uint32_t  first;

    first = b_rand(n);

    return (ig_strs_t) { from + first, 1 + b_rand(n - first) };
}


/* keys: what the world of this seed asks about at all */

static void
b_condition(b_policy_t *b, size_t rule, size_t which, unsigned keys,
    ig_condition_t *k)
{
    size_t     i;
    uint32_t  *rows;

    k->score = b_one_in(3) ? 300 : b_one_in(3) ? 800 : 500;

    if (b_one_in(2)) {
        rows = b->rows[rule][which];
        k->keys |= IG_WHEN_DATA;
        k->data.items = rows;

        for (i = 0; i < b->t.policy.ndetectors; i++) {
            if (b_one_in(2)) {
                rows[k->data.n++] = (uint32_t) i;
            }
        }
    }

    if ((keys & IG_WHEN_MODEL) && b_one_in(3)) {
        k->keys |= IG_WHEN_MODEL;
        k->models = b_some(b_models, 5);
    }

    if ((keys & IG_WHEN_TOOLS) && b_one_in(2)) {
        k->keys |= IG_WHEN_TOOLS;
        k->tools = b_some(b_tools, 4);
    }

    if ((keys & IG_WHEN_PATH) && b_one_in(3)) {
        k->keys |= IG_WHEN_PATH;
        k->paths = b_some(b_paths, 3);
    }

    if ((keys & IG_WHEN_DIALECT) && b_one_in(3)) {
        k->keys |= IG_WHEN_DIALECT;
        k->dialects = 2 + b_rand(14);
    }

    if (b_one_in(5)) {
        b->tenants[rule][which][0] = b_rand((uint32_t) b->t.policy.ntenants);
        k->keys |= IG_WHEN_TENANT;
        k->tenants = (ig_rows_t) { b->tenants[rule][which], 1 };
    }

    if (b_one_in(5)) {
        k->keys |= IG_WHEN_COUNTRY;
        k->countries = b_some_countries();
    }
}


static void
b_rule(b_policy_t *b, size_t i, unsigned keys)
{
    ig_rule_t  *r;

    b->names[i][0] = 'r';
    b->names[i][1] = (char) ('0' + i);

    r = t_rule(&b->t, b->names[i], b_rand((uint32_t) b->t.policy.npacks));
    r->audit = b_one_in(8);

    if (!b_one_in(4)) {
        b_condition(b, i, 0, keys, &r->when);
    }

    if (b_one_in(2)) {
        b_condition(b, i, 1, keys, &r->unless);
    }

    switch (b_rand(4)) {
    case 0:
        r->effects = IG_THEN_BLOCK;
        break;
    case 1:
        r->effects = IG_THEN_OPERATORS;
        r->operators = b_some_countries();
        break;
    case 2:
        if (keys & IG_WHEN_MODEL) {
            r->effects = IG_THEN_MODELS;
            r->models = b_some(b_models, 4);
            break;
        }
        /* fall through */
    default:
        r->effects = IG_THEN_DESTINATIONS;
        r->destinations = b_some_countries();
    }
}


static void
b_detector(b_policy_t *b, const char *id, uint32_t pack, ig_owner_t owner)
{
    ig_detector_t  *d;

    d = &b->t.detectors[t_detector(&b->t, id, pack)];
    d->owner = owner;
    d->score_shape = b_one_in(2) ? 300 : 600;
    d->score_validated = 700;
    d->score_context = 900;

    if (b_one_in(3)) {
        d->context = (ig_strs_t) { b_words, 1 };
    }

    if (b_one_in(4)) {
        d->validator = b_luhn;
    }
}


static void
b_stances(b_policy_t *b)
{
    ig_stances_t  *s;

    s = &b->t.policy.stances;
    s->jurisdictions_from = b_one_in(2) ? 15 : b_rand(16);

    if (b_one_in(3)) {
        s->unknown_tenant = b_rand((uint32_t) b->t.policy.ntenants);
    }

    if (b_one_in(3)) {
        s->ignore_unknown_country = b_one_in(2);
        s->unknown_country = t_country(b_codes[b_rand(4)]);
    }

    if (b_one_in(3)) {
        s->jurisdiction_without_pack = b_rand((uint32_t) b->t.policy.npacks);
    }

    if (b_one_in(4)) {
        s->uninspectable_allowed = true;
        b->t.uninspectable[0] = b_rand(2);
        s->uninspectable.n = 1;
    }
}


static void
b_make(b_policy_t *b, uint64_t seed, unsigned keys)
{
    size_t  i, n;

    memset(b, 0, sizeof(*b));
    b_seed(seed);
    t_init(&b->t);

    (void) t_pack(&b->t, "", "");
    (void) t_pack(&b->t, "SA", "SA");
    (void) t_pack(&b->t, "EU", "DE FR");

    if (b_one_in(2)) {
        (void) t_pack(&b->t, "DE", "DE");
    }

    b_detector(b, "d.bank", 0, IG_OWNER_IBAN);
    b_detector(b, "d.id", 1, IG_OWNER_PACK);
    b_detector(b, "d.vat", 2, IG_OWNER_PACK);

    (void) t_tenant(&b->t, "one", b_codes[b_rand(4)]);
    (void) t_tenant(&b->t, "two", "DE");

    (void) t_endpoint(&b->t, "a", b_codes[b_rand(4)], "SA");
    (void) t_endpoint(&b->t, "b", "DE", b_one_in(2) ? "DE" : "DE US");

    if (keys & IG_WHEN_MODEL) {
        b->t.endpoints[1].models = b_some(b_models, 5);
        b->t.endpoints[0].dialects = 2 + b_rand(14);
    }

    b_stances(b);

    n = 1 + b_rand(B_RULES - 1);

    for (i = 0; i < n; i++) {
        b_rule(b, i, keys);
    }
}


/* one thing changed, as an editor of rules would */

static void
b_change(b_policy_t *b, uint64_t seed, unsigned keys)
{
    ig_rule_t  *r;

    b_seed(seed);
    r = &b->t.rules[b_rand((uint32_t) b->t.policy.nrules)];

    switch (b_rand(8)) {
    case 0:
        b->t.policy.nrules--;
        break;
    case 1:
        memset(&r->unless, 0, sizeof(r->unless));
        b_condition(b, (size_t) (r - b->t.rules), 1, keys, &r->unless);
        break;
    case 2:
        r->audit = !r->audit;
        break;
    case 3:
        if (r->effects & IG_THEN_DESTINATIONS) {
            r->destinations = b_some_countries();
        } else {
            memset(&r->when, 0, sizeof(r->when));
            b_condition(b, (size_t) (r - b->t.rules), 0, keys, &r->when);
        }
        break;
    case 4:
        b->t.policy.stances.uninspectable_allowed = false;
        b->t.policy.stances.uninspectable.n = 0;
        b->t.policy.stances.unknown_tenant = IG_NONE;
        b_stances(b);
        break;
    case 5:
        b->t.tenants[0].home = t_country(b_codes[b_rand(4)]);
        break;
    case 6:
        b->t.detectors[b_rand(3)].score_shape = 600;
        break;
    default:
        b->t.packs[2].members = t_countries(b_one_in(2) ? "FR" : "DE FR US");
        b->t.packs[2].country = ig_countries_size(&b->t.packs[2].members) == 1
                                ? t_country("FR") : IG_COUNTRY_UNKNOWN;
        break;
    }
}


/* -- every request -------------------------------------------------------- */

typedef struct {
    const ig_policy_t  *policy;
    ig_decider_t       *decider;
    ig_facts_table_t   *facts;
} b_guard_t;

typedef struct {
    b_guard_t  old;
    b_guard_t  new;
    unsigned   keys;
    int        most;                   /* findings of a request */
    bool       claims;                 /* say whose law applies */
} b_world_t;

/* a finding that both see, each in its own way */
typedef struct {
    uint32_t      detector;
    unsigned      level;
    ig_country_t  owner;
} b_found_t;


static uint16_t
b_score(const ig_detector_t *d, unsigned level)
{
    if (level == 0) {
        return d->validator.len ? 0 : d->score_shape;
    }

    if (level == 1) {
        return d->validator.len ? d->score_validated : 0;
    }

    return d->context.n ? d->score_context : 0;
}


static bool
b_permits(const b_guard_t *g, const ig_facts_t *base, const ig_reading_t *r,
    const b_found_t *found, size_t n, uint64_t *permitted)
{
    size_t                i;
    ig_facts_t            f;
    ig_verdict_t          v;
    ig_finding_t          items[8];
    ig_findings_t         findings;
    const ig_detector_t  *d;

    memset(items, 0, sizeof(items));
    findings.items = items;
    findings.n = 0;

    for (i = 0; i < n; i++) {
        d = &g->policy->detectors[found[i].detector];

        if (b_score(d, found[i].level)) {
            items[findings.n].detector = found[i].detector;
            items[findings.n].score = b_score(d, found[i].level);
            items[findings.n++].owner = d->owner == IG_OWNER_PACK
                ? g->policy->packs[d->pack].country : found[i].owner;
        }
    }

    f = *base;
    f.reading = r;
    f.findings = &findings;
    ig_facts_gather(g->facts, &f);
    ig_decide(g->decider, &f, IG_MODE_ENFORCE, &v, NULL, NULL);
    *permitted = v.permitted[0];

    return *permitted != 0;
}


/* all sets of as many findings as the world has */

static bool
b_findings(b_world_t *w, const ig_facts_t *f, const ig_reading_t *r)
{
    size_t       i, n, all;
    unsigned     set;
    uint64_t     new, old;
    b_found_t    items[12], some[4];
    static const char *const  owners[] = { "ZZ", "SA", "US" };

    all = 0;

    for (i = 0; i < 3; i++) {
        items[all++] = (b_found_t) { 0, 0, t_country(owners[i]) };
        items[all++] = (b_found_t) { 0, 2, t_country(owners[i]) };
    }

    for (i = 0; i < 3; i++) {
        items[all++] = (b_found_t) { 1, (unsigned) i, 0 };
    }

    for (i = 0; i < 3; i++) {
        items[all++] = (b_found_t) { 2, (unsigned) i, 0 };
    }

    for (set = 0; set < 1u << all; set++) {

        if (__builtin_popcount(set) > w->most) {
            continue;
        }

        for (i = 0, n = 0; i < all; i++) {
            if (set >> i & 1) {
                some[n++] = items[i];
            }
        }

        if (n && r->reason != IG_REASON_NONE) {
            continue;
        }

        if (!b_permits(&w->new, f, r, some, n, &new)) {
            continue;
        }

        (void) b_permits(&w->old, f, r, some, n, &old);

        if (new & ~old) {
            return true;
        }
    }

    return false;
}


static bool
b_tools_and_claims(b_world_t *w, ig_facts_t *f, ig_reading_t *r)
{
    size_t    i;
    unsigned  set, claims, sets;
    ig_str_t  tools[4];

    sets = (w->keys & IG_WHEN_TOOLS) && r->reason == IG_REASON_NONE ? 16 : 1;

    for (set = 0; set < sets; set++) {
        r->tools = (ig_strs_t) { tools, 0 };

        for (i = 0; i < 4; i++) {
            if (set >> i & 1) {
                tools[r->tools.n++] = b_called[i];
            }
        }

        for (claims = 0; claims < (w->claims ? 4 : 1); claims++) {
            f->claimed = ig_countries_none();

            for (i = 0; i < 2; i++) {
                if (claims >> i & 1) {
                    ig_countries_add(&f->claimed, t_country(b_codes[i]));
                }
            }

            if (b_findings(w, f, r)) {
                return true;
            }
        }
    }

    return false;
}


static bool
b_readings(b_world_t *w, ig_facts_t *f)
{
    size_t        i, m, p, models, paths;
    ig_reading_t  r;
    static const struct {
        ig_dialect_t  dialect;
        ig_reason_t   reason;
        unsigned      uninspectable;
    } kinds[] = {
        { IG_DIALECT_OPENAI, IG_REASON_NONE, 0 },
        { IG_DIALECT_ANTHROPIC, IG_REASON_NONE, 0 },
        { IG_DIALECT_OPENAI, IG_REASON_NONE, IG_UNINSPECTABLE_REMOTE },
        { IG_DIALECT_OPENAI, IG_REASON_unsupported_media_type, 0 },
        { IG_DIALECT_NONE, IG_REASON_unknown_method, 0 },
        { IG_DIALECT_OPENAI, IG_REASON_invalid_json, 0 },
    };

    models = (w->keys & IG_WHEN_MODEL) ? 6 : 1;
    paths = (w->keys & IG_WHEN_PATH) ? 3 : 1;

    for (i = 0; i < 6; i++) {

        if ((kinds[i].reason || kinds[i].uninspectable)
            && !w->new.policy->stances.uninspectable_allowed)
        {
            continue;
        }

        for (m = 0; m < models; m++) {
            for (p = 0; p < paths; p++) {
                memset(&r, 0, sizeof(r));
                r.dialect = kinds[i].dialect;
                r.reason = kinds[i].reason;
                r.uninspectable = kinds[i].uninspectable;
                r.model = b_asked[m];
                f->path = b_path[p];

                if (b_tools_and_claims(w, f, &r)) {
                    return true;
                }
            }
        }
    }

    return false;
}


/* is there a request of this small world that new permits and old forbids? */

static bool
b_brute(b_world_t *w)
{
    size_t               t, c;
    ig_facts_t           f;
    const ig_stances_t  *s;

    s = &w->new.policy->stances;
    w->claims = (s->jurisdictions_from | w->old.policy->stances
                                         .jurisdictions_from) & IG_FROM_CLAIM;

    for (t = 0; t < 3; t++) {
        for (c = 0; c < 5; c++) {

            /* whom the new policy refuses, whatever is asked */

            if ((t == 2 && s->unknown_tenant == IG_NONE)
                || (c == 4 && !s->ignore_unknown_country
                    && s->unknown_country == IG_COUNTRY_UNKNOWN))
            {
                continue;
            }

            memset(&f, 0, sizeof(f));
            f.tenant = t < 2 ? (uint32_t) t : IG_NONE;
            f.tenant_state = t < 2 ? IG_TENANT_KNOWN : IG_TENANT_UNKNOWN;
            f.claim_valid = true;

            if (c < 4) {
                f.client_country = t_country(b_codes[c]);
            }

            if (b_readings(w, &f)) {
                return true;
            }
        }
    }

    return false;
}

#endif /* IG_TEST_COMPARE_BRUTE_H */

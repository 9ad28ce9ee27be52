/*
 * Policies built from C, without files: tables of fixed size that a test fills
 * in.  Rows point into the struct, so it must not be copied.
 */

#ifndef IG_TEST_TABLES_H
#define IG_TEST_TABLES_H

#include <inference_guard/verdict.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <string.h>

#include <cmocka.h>


#define T_PACKS      16
#define T_DETECTORS  200
#define T_RULES      40
#define T_ENDPOINTS  16
#define T_TENANTS    8

typedef struct {
    ig_policy_t           policy;
    ig_pack_t             packs[T_PACKS];
    ig_detector_t         detectors[T_DETECTORS];
    ig_rule_t             rules[T_RULES];
    ig_endpoint_t         endpoints[T_ENDPOINTS];
    ig_tenant_t           tenants[T_TENANTS];
    ig_network_country_t  networks[8];
    uint32_t              uninspectable[T_ENDPOINTS];
} t_tables_t;


static inline ig_country_t
t_country(const char *code)
{
    return ig_country_parse(ig_str_from_c(code));
}


/* "SA AE": countries by their codes, or "*" for all */

static inline ig_countries_t
t_countries(const char *codes)
{
    ig_countries_t  s;

    if (strcmp(codes, "*") == 0) {
        return ig_countries_all();
    }

    s = ig_countries_none();

    for ( /* void */ ; *codes; codes += (codes[2] == ' ') ? 3 : 2) {
        ig_countries_add(&s, ig_country_parse((ig_str_t) {
                                 (const uint8_t *) codes, 2 }));
    }

    return s;
}


static inline void
t_init(t_tables_t *t)
{
    memset(t, 0, sizeof(*t));

    t->policy.packs = t->packs;
    t->policy.detectors = t->detectors;
    t->policy.rules = t->rules;
    t->policy.endpoints = t->endpoints;
    t->policy.tenants = t->tenants;
    t->policy.stances.networks = t->networks;
    t->policy.stances.uninspectable.items = t->uninspectable;
    t->policy.stances.jurisdictions_from = IG_FROM_TENANT | IG_FROM_CLIENT
                                           | IG_FROM_DATA | IG_FROM_CLAIM;
    t->policy.stances.unknown_tenant = IG_NONE;
    t->policy.stances.jurisdiction_without_pack = IG_NONE;
    t->policy.stances.tiers[0] = IG_TIER_EDGE;
    t->policy.stances.tiers[1] = IG_TIER_ON_PREMISES;
    t->policy.stances.tiers[2] = IG_TIER_CLOUD;
}


/* members "" makes a pack for everywhere */

static inline uint32_t
t_pack(t_tables_t *t, const char *jurisdiction, const char *members)
{
    ig_pack_t  *p;

    p = &t->packs[t->policy.npacks];
    p->jurisdiction = ig_str_from_c(jurisdiction);
    p->members = t_countries(members);
    p->everywhere = members[0] == '\0';

    if (ig_countries_size(&p->members) == 1) {
        p->country = ig_countries_next(&p->members, 1);
    }

    return (uint32_t) t->policy.npacks++;
}


static inline uint32_t
t_detector(t_tables_t *t, const char *id, uint32_t pack)
{
    t->detectors[t->policy.ndetectors].id = ig_str_from_c(id);
    t->detectors[t->policy.ndetectors].pack = pack;

    return (uint32_t) t->policy.ndetectors++;
}


static inline ig_rule_t *
t_rule(t_tables_t *t, const char *id, uint32_t pack)
{
    ig_rule_t  *r;

    r = &t->rules[t->policy.nrules++];
    r->id = ig_str_from_c(id);
    r->pack = pack;
    r->when.score = IG_SCORE_DEFAULT;
    r->unless.score = IG_SCORE_DEFAULT;

    return r;
}


static inline ig_rule_t *
t_destinations(ig_rule_t *r, const char *codes)
{
    r->effects |= IG_THEN_DESTINATIONS;
    r->destinations = t_countries(codes);

    return r;
}


static inline ig_rule_t *
t_operators(ig_rule_t *r, const char *codes)
{
    r->effects |= IG_THEN_OPERATORS;
    r->operators = t_countries(codes);

    return r;
}


static const ig_str_t  t_star[] = { { (const uint8_t *) "*", 1 } };

/* speaks every dialect, serves every model */

static inline ig_endpoint_t *
t_endpoint(t_tables_t *t, const char *name, const char *country,
    const char *operators)
{
    ig_endpoint_t  *e;

    e = &t->endpoints[t->policy.nendpoints++];
    e->name = ig_str_from_c(name);
    e->country = t_country(country);
    e->operators = t_countries(operators);
    e->tier = IG_TIER_CLOUD;
    e->dialects = IG_DIALECT_BIT(IG_DIALECT_OPENAI)
                  | IG_DIALECT_BIT(IG_DIALECT_ANTHROPIC)
                  | IG_DIALECT_BIT(IG_DIALECT_OLLAMA);
    e->models = (ig_strs_t) { t_star, 1 };

    return e;
}


static inline uint32_t
t_tenant(t_tables_t *t, const char *name, const char *home)
{
    t->tenants[t->policy.ntenants].name = ig_str_from_c(name);
    t->tenants[t->policy.ntenants].home = t_country(home);

    return (uint32_t) t->policy.ntenants++;
}

#endif /* IG_TEST_TABLES_H */

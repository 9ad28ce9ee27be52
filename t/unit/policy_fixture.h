/*
 * What the policy's tests share: reading files from strings, and the good files
 * that they change.
 *
 * The validators stand in for those of detect/, so that these tests are about
 * names only.  They are weak, so as not to collide with the real ones.
 */

#ifndef IG_POLICY_FIXTURE_H
#define IG_POLICY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <inference_guard/policy.h>
#include <inference_guard/validator.h>


static const char *const  fixture_validators[] = { "iban", "luhn", NULL };


static bool
fixture_passes(ig_str_t candidate)
{
    (void) candidate;

    return true;
}


__attribute__((weak)) ig_validator_pt
ig_validator_find(ig_str_t name)
{
    return ig_str_eq(name, IG_STR("luhn")) || ig_str_eq(name, IG_STR("iban"))
           ? fixture_passes : NULL;
}


__attribute__((weak)) const char *const *
ig_validator_names(void)
{
    return fixture_validators;
}


/* one of every kind, as DESIGN's examples */

static const char  fixture_sa[] =
    "version: 1\n"
    "jurisdiction: SA\n"
    "title: Saudi Arabia\n"
    "law:\n"
    "  pdpl-29: {title: PDPL, article: \"29\", source: \"https://e.example\"}\n"
    "  nca: {title: ECC, article: \"4-2\", source: \"https://n.example\"}\n"
    "detectors:\n"
    "  sa.national_id:\n"
    "    title: National ID or Iqama number\n"
    "    pattern: '[12]\\d{9}'\n"
    "    anchor: digits\n"
    "    validator: luhn\n"
    "    context: [هوية, iqama, national id]\n"
    "    score: {validated: 0.5, context: 0.95}\n"
    "  sa.border: {pattern: '[3]\\d{9}', context: border}\n"
    "transfers: {allowed: [SA, NO], of: any, law: pdpl-29}\n"
    "rules:\n"
    "  - id: sa-sovereign\n"
    "    when: {data: [sa.*], score: 0.25}\n"
    "    unless: {tenant: acme-bank, client_country: [GCC, JP]}\n"
    "    then: {operators: [SA, GCC], flag: [id, sa.x]}\n"
    "    law: [pdpl-29, nca]\n"
    "    enforcement: audit\n"
    "  - id: sa-block\n"
    "    when:\n"
    "      model: [\"gpt-*\", o3]\n"
    "      dialect: [openai, ollama]\n"
    "      tools: \"exec*\"\n"
    "      path: /v1/*\n"
    "    then: {block: true, models: [\"allam-*\"], destinations: adequate}\n"
    "    law: nca\n";

static const char  fixture_global[] =
    "version: 1\n"
    "detectors:\n"
    "  iban:\n"
    "    pattern: '[A-Z]{2}\\d{2}[A-Z0-9]{11,30}'\n"
    "    validator: {name: iban, unofficial: true}\n"
    "    owner: iban\n"
    "  secret.aws_key:\n"
    "    pattern: 'AKIA[A-Z0-9]{16}'\n"
    "    anchor: [AKIA, ASIA]\n"
    "    kind: secret\n"
    "    score: {shape: 1}\n"
    "rules:\n"
    "  - id: no-secrets\n"
    "    when: {data: \"secret.*\"}\n"
    "    then: {block: true}\n";

static const char  fixture_endpoints[] =
    "version: 1\n"
    "endpoints:\n"
    "  riyadh:\n"
    "    upstream: riyadh\n"
    "    country: SA\n"
    "    operators: [SA]\n"
    "    tier: on-premises\n"
    "    dialects: [openai, ollama]\n"
    "    models: [\"allam-*\"]\n"
    "    addresses: [10.1.0.0/16, \"2001:db8::/33\"]\n"
    "    price: {currency: USD, input: 0.20, output: 12.345678}\n"
    "  frankfurt:\n"
    "    upstream: fra\n"
    "    scheme: https\n"
    "    host: api.example.com\n"
    "    credential: {header: X-Api-Key, file: /etc/ig/fra.key}\n"
    "    country: DE\n"
    "    operators: [DE, US]\n"
    "    dialects: anthropic\n"
    "    addresses: 192.0.2.1\n"
    "    price: {currency: USD, input: 3, output: 15}\n";

static const char  fixture_tenants[] =
    "version: 1\n"
    "tenants:\n"
    "  acme-bank:\n"
    "    home: SA\n"
    "    keys: [\"sha256:5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef"
    "721d1542d8\"]\n"
    "    subjects: [\"CN=acme-bank\"]\n"
    "    plan: standard\n"
    "  guest: {home: NO}\n"
    "plans:\n"
    "  standard:\n"
    "    limits:\n"
    "      - {of: requests, per: second, max: 20, burst: 40}\n"
    "      - {of: cost, currency: USD, per: month, max: 500.5,"
    " enforcement: audit}\n"
    "      - {of: tokens, per: minute, by: [model], max: 200000}\n";

static const char  fixture_policy[] =
    "version: 1\n"
    "policy:\n"
    "  jurisdictions_from: [tenant, data]\n"
    "  networks: {10.0.0.0/8: SA, 10.9.0.0/16: AE}\n"
    "  groups: {adequate: [CH, JP]}\n"
    "  unknown_tenant: guest\n"
    "  unknown_country: NO\n"
    "  jurisdiction_without_pack: SA\n"
    "  uninspectable: {endpoints: [riyadh]}\n"
    "  tiers: [cloud]\n";

#define FIXTURE_FILES  5

static const char *const  fixture_files[FIXTURE_FILES][2] = {
    { "sa.yaml", fixture_sa },
    { "global.yaml", fixture_global },
    { "endpoints.yaml", fixture_endpoints },
    { "tenants.yaml", fixture_tenants },
    { "policy.yaml", fixture_policy }
};


static inline ig_source_t
fixture_source(const char *name, const char *text)
{
    return (ig_source_t) { name, ig_str_from_c(text) };
}


/* all mistakes, sorted, a line each */

static inline void
fixture_print(ig_mistakes_t *m, char *text, size_t size)
{
    size_t    i;
    ig_buf_t  b;

    ig_mistakes_sort(m);
    ig_buf_fixed(&b, text, size - 1);

    for (i = 0; i < ig_mistakes_count(m); i++) {
        ig_mistake_print(ig_mistakes_get(m, i), &b);
        ig_buf_lit(&b, "\n");
    }

    text[b.len] = '\0';
}

#endif /* IG_POLICY_FIXTURE_H */

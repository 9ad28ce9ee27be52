/*
 * Facts: who asks, from where, and whose law applies.
 *
 * In:       the policy; the values of the tenant variables, the address that
 *           the server settled on, a claim; the reading and its findings.
 * Out:      ig_facts_t, all that a rule can look at.
 * Memory:   none: facts point into what they were made from.
 * Failure:  none: what is unknown is a fact, and decide/ takes its stance.
 */

#ifndef INFERENCE_GUARD_FACTS_H
#define INFERENCE_GUARD_FACTS_H

#include <inference_guard/finding.h>
#include <inference_guard/policy.h>
#include <inference_guard/request.h>


/* countries of addresses, from a MaxMind DB file (libmaxminddb) */
typedef struct ig_geo_s  ig_geo_t;

/* NULL, and a sentence in error (a fixed buffer is enough) */
ig_geo_t *ig_geo_open(const char *path, ig_buf_t *error) IG_MUST_CHECK;
void ig_geo_close(ig_geo_t *g);
/* IG_COUNTRY_UNKNOWN when the database has no country for the address */
ig_country_t ig_geo_country(const ig_geo_t *g, const uint8_t address[16]);


/* compiled once: tables of key digests, subjects and networks */
typedef struct ig_facts_table_s  ig_facts_table_t;

ig_facts_table_t *ig_facts_compile(const ig_policy_t *p) IG_MUST_CHECK;
void ig_facts_table_free(ig_facts_table_t *t);


/* hashes credentials, for one worker or thread: no allocation a request */
typedef struct ig_digester_s  ig_digester_t;

ig_digester_t *ig_digester_new(void) IG_MUST_CHECK;
void ig_digester_free(ig_digester_t *d);


typedef enum {
    IG_TENANT_KNOWN,
    IG_TENANT_NONE,            /* no variable has a value */
    IG_TENANT_UNKNOWN,         /* a value that no tenant has */
    IG_TENANT_CONFLICT         /* two values that differ */
} ig_tenant_state_t;

/*
 * The tenant by the first of `values` that is not empty, as key (a leading
 * "Bearer " in any case is not part of it) or as subject.  A later value that
 * is not empty must, without its "Bearer ", be the same bytes.  The tenant is
 * IG_NONE but for IG_TENANT_KNOWN.  No stance is taken here.  Without a digester
 * (NULL) the same, and slower.
 */
ig_tenant_state_t ig_facts_tenant(const ig_facts_table_t *t,
    ig_digester_t *d, const ig_str_t *values, size_t n, uint32_t *tenant);

/* policy.networks first, then the database; geo may be NULL */
ig_country_t ig_facts_country(const ig_facts_table_t *t, const ig_geo_t *geo,
    const uint8_t address[16]);

/* "SA" or "SA,AE": false when any part is not a country or a known group */
bool ig_facts_claim(const ig_policy_t *p, ig_str_t text,
    ig_countries_t *claimed);


/* where the countries that apply come from: the same bits as IG_FROM_... */
typedef struct {
    ig_tenant_state_t     tenant_state;
    uint32_t              tenant;         /* after the stance; IG_NONE: refuse */
    ig_country_t          client_country; /* after the stance */
    bool                  client_known;   /* or the stance says ignore */
    bool                  claim_valid;    /* true when there is none */
    ig_countries_t        claimed;

    ig_str_t              path;           /* of the request, for rules */
    const ig_reading_t   *reading;
    const ig_findings_t  *findings;

    ig_countries_t        from_tenant;
    ig_countries_t        from_client;
    ig_countries_t        from_data;
    ig_countries_t        from_claim;
    ig_countries_t        jurisdictions;  /* the union of those that count */
    uint64_t              packs[IG_BIT_WORDS(IG_MAX_PACKS)];
                                          /* that apply: the covering ones, those
                                             for everywhere, the stand-in, and
                                             the packs of a group whose own data
                                             was found */
    ig_country_t          without_pack;   /* the first country that no pack
                                             covers, when the stance refuses */
} ig_facts_t;

/*
 * Fill in the rest of the facts from what the caller has set: tenant_state and
 * tenant; claim_valid and claimed; client_country as found, unknown allowed;
 * path, reading and findings (NULL: none).  Takes the stances for tenant and
 * country, and unites the jurisdictions.
 *
 * Only a finding of IG_SCORE_DEFAULT or more says whose law applies.  Its owner
 * does; when it has none and its detector's file has a jurisdiction (a group's
 * own number), that pack applies and no country is added.
 *
 * Claimed countries count only when the claim as a whole is valid.  Credentials
 * that differ (IG_TENANT_CONFLICT) have no tenant under any stance.
 */
void ig_facts_gather(const ig_facts_table_t *t, ig_facts_t *f);

#endif /* INFERENCE_GUARD_FACTS_H */

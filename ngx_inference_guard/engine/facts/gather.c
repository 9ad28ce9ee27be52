/*
 * Whose law applies: stances for what is unknown, countries united, packs.
 */

#include "facts/table.h"

#include <string.h>


static void
ig_facts_stances(const ig_facts_table_t *t, ig_facts_t *f)
{
    const ig_stances_t  *s;

    s = &t->policy->stances;

    switch (f->tenant_state) {

    case IG_TENANT_KNOWN:
        if (f->tenant >= t->policy->ntenants) {
            f->tenant = IG_NONE;
        }
        break;

    case IG_TENANT_NONE:
    case IG_TENANT_UNKNOWN:
        f->tenant = s->unknown_tenant;
        break;

    default:

        /* two credentials: whose request it is, no stance can say */

        f->tenant = IG_NONE;
    }

    f->client_known = true;

    if (f->client_country == IG_COUNTRY_UNKNOWN) {
        f->client_country = s->unknown_country;
        f->client_known = s->ignore_unknown_country
                          || s->unknown_country != IG_COUNTRY_UNKNOWN;
    }
}


/*
 * Findings below the default score are guesses: rules may ask for them by
 * `score`, but whose law applies they do not decide.
 */

static void
ig_facts_data(const ig_facts_table_t *t, ig_facts_t *f)
{
    size_t               i;
    uint32_t             pack;
    const ig_finding_t  *k;

    if (f->findings == NULL) {
        return;
    }

    for (i = 0; i < f->findings->n; i++) {
        k = &f->findings->items[i];

        if (k->score < IG_SCORE_DEFAULT) {
            continue;
        }

        if (k->owner != IG_COUNTRY_UNKNOWN) {
            ig_countries_add(&f->from_data, k->owner);
            continue;
        }

        /*
         * Nobody's data in a file with a jurisdiction: a group's own numbers
         * (an EU VAT number).  No one country follows, but that law does.
         */

        pack = t->policy->detectors[k->detector].pack;

        if ((t->policy->stances.jurisdictions_from & IG_FROM_DATA)
            && !t->policy->packs[pack].everywhere)
        {
            ig_bit_set(f->packs, pack);
        }
    }
}


static void
ig_facts_packs(const ig_facts_table_t *t, ig_facts_t *f)
{
    size_t        i;
    uint32_t      stand_in;
    ig_country_t  c;

    stand_in = t->policy->stances.jurisdiction_without_pack;

    for (i = 0; i < IG_PACK_WORDS; i++) {
        f->packs[i] |= t->everywhere.bits[i];
    }

    for (c = ig_countries_next(&f->jurisdictions, 1);
         c;
         c = ig_countries_next(&f->jurisdictions, (ig_country_t) (c + 1)))
    {
        if (ig_countries_has(&t->covered, c)) {
            for (i = 0; i < IG_PACK_WORDS; i++) {
                f->packs[i] |= t->of_country[c].bits[i];
            }

        } else if (stand_in < t->policy->npacks) {
            ig_bit_set(f->packs, stand_in);

        } else if (f->without_pack == IG_COUNTRY_UNKNOWN) {
            f->without_pack = c;
        }
    }
}


void
ig_facts_gather(const ig_facts_table_t *t, ig_facts_t *f)
{
    unsigned  from;

    from = t->policy->stances.jurisdictions_from;

    memset(f->packs, 0, sizeof(f->packs));
    f->without_pack = IG_COUNTRY_UNKNOWN;
    f->from_tenant = ig_countries_none();
    f->from_client = ig_countries_none();
    f->from_data = ig_countries_none();
    f->from_claim = ig_countries_none();
    f->jurisdictions = ig_countries_none();

    ig_facts_stances(t, f);
    ig_facts_data(t, f);

    if (f->tenant != IG_NONE) {
        ig_countries_add(&f->from_tenant, t->policy->tenants[f->tenant].home);
    }

    ig_countries_add(&f->from_client, f->client_country);

    if (f->claim_valid) {
        f->from_claim = f->claimed;
    }

    if (from & IG_FROM_TENANT) {
        ig_countries_union(&f->jurisdictions, &f->from_tenant);
    }

    if (from & IG_FROM_CLIENT) {
        ig_countries_union(&f->jurisdictions, &f->from_client);
    }

    if (from & IG_FROM_DATA) {
        ig_countries_union(&f->jurisdictions, &f->from_data);
    }

    if (from & IG_FROM_CLAIM) {
        ig_countries_union(&f->jurisdictions, &f->from_claim);
    }

    ig_facts_packs(t, f);
}

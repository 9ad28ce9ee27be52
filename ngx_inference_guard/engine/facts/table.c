/*
 * Compiling the tables of facts: credentials, networks, packs a country.
 */

#include "facts/table.h"

#include <stdlib.h>
#include <string.h>


static void
ig_facts_add_credential(ig_facts_table_t *t,
    const uint8_t digest[IG_DIGEST_SIZE], uint32_t tenant)
{
    size_t  i;

    /*
     * The table is at least half empty, so a free slot is found.  A credential
     * that two tenants share is a mistake that policy/ reports; should one come
     * here all the same, the first holds.
     */

    for (i = ig_facts_slot(t, digest);
         t->credentials[i].tenant != IG_NONE;
         i = (i + 1) & t->mask)
    {
        if (memcmp(t->credentials[i].digest, digest, IG_DIGEST_SIZE) == 0) {
            return;
        }
    }

    memcpy(t->credentials[i].digest, digest, IG_DIGEST_SIZE);
    t->credentials[i].tenant = tenant;
}


static bool
ig_facts_compile_credentials(ig_facts_table_t *t)
{
    size_t              i, k, n, slots;
    uint8_t             digest[IG_DIGEST_SIZE];
    const ig_tenant_t  *tenant;

    n = 0;

    for (i = 0; i < t->policy->ntenants; i++) {
        n += t->policy->tenants[i].nkeys + t->policy->tenants[i].subjects.n;
    }

    for (slots = 8; slots < n * 2; slots *= 2) { /* void */ }

    t->credentials = malloc(slots * sizeof(ig_credential_t));
    if (t->credentials == NULL) {
        return false;
    }

    t->mask = slots - 1;

    for (i = 0; i < slots; i++) {
        t->credentials[i].tenant = IG_NONE;
    }

    for (i = 0; i < t->policy->ntenants; i++) {
        tenant = &t->policy->tenants[i];

        for (k = 0; k < tenant->nkeys; k++) {
            ig_facts_add_credential(t, tenant->keys[k], (uint32_t) i);
        }

        /* subjects by their digest as well: one table, one look-up */

        for (k = 0; k < tenant->subjects.n; k++) {
            if (!ig_facts_digest(t, tenant->subjects.items[k], digest)) {
                return false;
            }

            ig_facts_add_credential(t, digest, (uint32_t) i);
        }
    }

    return true;
}


uint64_t
ig_facts_word(const uint8_t *p)
{
    size_t    i;
    uint64_t  w;

    w = 0;

    for (i = 0; i < 8; i++) {
        w = w << 8 | p[i];
    }

    return w;
}


/* the first `bits` bits of a word set */

static uint64_t
ig_facts_mask(unsigned bits)
{
    if (bits == 0) {
        return 0;
    }

    return bits >= 64 ? UINT64_MAX : ~(UINT64_MAX >> bits);
}


static bool
ig_facts_compile_networks(ig_facts_table_t *t)
{
    size_t                       i, n;
    ig_net_t                    *net;
    const ig_network_country_t  *c;

    n = t->policy->stances.nnetworks;

    t->nets = calloc(n + 1, sizeof(ig_net_t));
    if (t->nets == NULL) {
        return false;
    }

    t->nnets = n;

    for (i = 0; i < n; i++) {
        c = &t->policy->stances.networks[i];
        net = &t->nets[i];

        net->high_mask = ig_facts_mask(c->network.bits);
        net->low_mask = ig_facts_mask(c->network.bits > 64
                                      ? c->network.bits - 64 : 0);
        net->high = ig_facts_word(c->network.address) & net->high_mask;
        net->low = ig_facts_word(c->network.address + 8) & net->low_mask;
        net->country = c->country;
    }

    return true;
}


static bool
ig_facts_compile_packs(ig_facts_table_t *t)
{
    size_t            i;
    ig_country_t      c;
    const ig_pack_t  *pack;

    t->of_country = calloc(ig_country_count(), sizeof(ig_pack_set_t));
    if (t->of_country == NULL) {
        return false;
    }

    for (i = 0; i < t->policy->npacks; i++) {
        pack = &t->policy->packs[i];

        if (pack->everywhere) {
            ig_bit_set(t->everywhere.bits, i);
            continue;
        }

        for (c = ig_countries_next(&pack->members, 1);
             c;
             c = ig_countries_next(&pack->members, (ig_country_t) (c + 1)))
        {
            ig_bit_set(t->of_country[c].bits, i);
        }

        ig_countries_union(&t->covered, &pack->members);
    }

    return true;
}


ig_facts_table_t *
ig_facts_compile(const ig_policy_t *p)
{
    ig_facts_table_t  *t;

    if (p->npacks > IG_MAX_PACKS) {
        return NULL;
    }

    t = calloc(1, sizeof(ig_facts_table_t));
    if (t == NULL) {
        return NULL;
    }

    t->policy = p;
    t->covered = ig_countries_none();
    t->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);

    if (t->sha256 == NULL
        || !ig_facts_compile_credentials(t)
        || !ig_facts_compile_networks(t)
        || !ig_facts_compile_packs(t))
    {
        ig_facts_table_free(t);
        return NULL;
    }

    return t;
}


void
ig_facts_table_free(ig_facts_table_t *t)
{
    if (t == NULL) {
        return;
    }

    EVP_MD_free(t->sha256);
    free(t->credentials);
    free(t->nets);
    free(t->of_country);
    free(t);
}

/*
 * What facts/ compiles a policy into.  Private to this folder.
 */

#ifndef IG_FACTS_TABLE_H
#define IG_FACTS_TABLE_H

#include <inference_guard/facts.h>

#include <openssl/evp.h>


#define IG_PACK_WORDS  IG_BIT_WORDS(IG_MAX_PACKS)

typedef struct {
    uint64_t  bits[IG_PACK_WORDS];
} ig_pack_set_t;

/* a credential: the SHA-256 of a key or of a subject, and whose it is */
typedef struct {
    uint8_t   digest[IG_DIGEST_SIZE];
    uint32_t  tenant;                  /* IG_NONE: a free slot */
} ig_credential_t;

/* a network as two words, so that a test is two ands and two compares */
typedef struct {
    uint64_t      high;
    uint64_t      low;
    uint64_t      high_mask;
    uint64_t      low_mask;
    ig_country_t  country;
} ig_net_t;

struct ig_facts_table_s {
    const ig_policy_t  *policy;
    EVP_MD             *sha256;

    ig_credential_t    *credentials;   /* open addressing, half empty */
    size_t              mask;          /* number of slots, less one */

    ig_net_t           *nets;          /* longest prefix first */
    size_t              nnets;

    ig_pack_set_t      *of_country;    /* packs that cover each country */
    ig_pack_set_t       everywhere;
    ig_countries_t      covered;       /* countries that have a pack */
};


/* false when the digest could not be made */
bool ig_facts_digest(const ig_facts_table_t *t, ig_str_t s,
    uint8_t digest[IG_DIGEST_SIZE]);

size_t ig_facts_slot(const ig_facts_table_t *t,
    const uint8_t digest[IG_DIGEST_SIZE]);
/* eight bytes of an address, the first the highest */
uint64_t ig_facts_word(const uint8_t *p);

#endif /* IG_FACTS_TABLE_H */

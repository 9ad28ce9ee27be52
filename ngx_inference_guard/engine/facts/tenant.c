/*
 * Who asks: the tenant by the digest of a credential.
 */

#include "facts/table.h"

#include <openssl/crypto.h>

#include <stdlib.h>
#include <string.h>


struct ig_digester_s {
    EVP_MD_CTX  *context;
};


ig_digester_t *
ig_digester_new(void)
{
    ig_digester_t  *d;

    d = malloc(sizeof(ig_digester_t));
    if (d == NULL) {
        return NULL;
    }

    d->context = EVP_MD_CTX_new();
    if (d->context == NULL) {
        free(d);
        return NULL;
    }

    return d;
}


void
ig_digester_free(ig_digester_t *d)
{
    if (d == NULL) {
        return;
    }

    EVP_MD_CTX_free(d->context);
    free(d);
}


/* a context that is used again costs half of one that is made each time */

static bool
ig_facts_hash(const ig_facts_table_t *t, ig_digester_t *d, ig_str_t s,
    uint8_t digest[IG_DIGEST_SIZE])
{
    if (d == NULL) {
        return ig_facts_digest(t, s, digest);
    }

    return EVP_DigestInit_ex2(d->context, t->sha256, NULL) == 1
           && EVP_DigestUpdate(d->context, s.data, s.len) == 1
           && EVP_DigestFinal_ex(d->context, digest, NULL) == 1;
}


bool
ig_facts_digest(const ig_facts_table_t *t, ig_str_t s,
    uint8_t digest[IG_DIGEST_SIZE])
{
    return EVP_Digest(s.len ? (const void *) s.data : "", s.len, digest, NULL,
                      t->sha256, NULL) == 1;
}


size_t
ig_facts_slot(const ig_facts_table_t *t, const uint8_t digest[IG_DIGEST_SIZE])
{
    uint64_t  h;

    /* a digest is as good a hash as there is */

    memcpy(&h, digest, sizeof(h));

    return (size_t) h & t->mask;
}


/*
 * "Bearer" and the spaces after it are the scheme (RFC 6750, 2.1; the name of
 * a scheme has no case, RFC 9110, 11.1), not part of the credential.
 */

static ig_str_t
ig_facts_token(ig_str_t value)
{
    size_t    i;
    ig_str_t  scheme;

    scheme = (ig_str_t) { value.data, value.len < 6 ? value.len : 6 };

    if (!ig_str_eq_nocase(scheme, IG_STR("bearer"))
        || (value.len > 6 && value.data[6] != ' '))
    {
        return value;
    }

    for (i = 6; i < value.len && value.data[i] == ' '; i++) { /* void */ }

    return (ig_str_t) { value.data + i, value.len - i };
}


static uint32_t
ig_facts_credential(const ig_facts_table_t *t,
    const uint8_t digest[IG_DIGEST_SIZE])
{
    size_t  i;

    /*
     * How long this takes tells about the digest of a guess, which whoever
     * guesses can compute; it tells of a stored digest at most which slots are
     * taken.  The comparison itself takes the same time for all, as it costs
     * nothing to be sure.
     */

    for (i = ig_facts_slot(t, digest);
         t->credentials[i].tenant != IG_NONE;
         i = (i + 1) & t->mask)
    {
        if (CRYPTO_memcmp(t->credentials[i].digest, digest, IG_DIGEST_SIZE)
            == 0)
        {
            return t->credentials[i].tenant;
        }
    }

    return IG_NONE;
}


ig_tenant_state_t
ig_facts_tenant(const ig_facts_table_t *t, ig_digester_t *d,
    const ig_str_t *values, size_t n, uint32_t *tenant)
{
    size_t    i;
    uint8_t   digest[IG_DIGEST_SIZE];
    ig_str_t  token, other;

    *tenant = IG_NONE;
    token = IG_NO_STR;

    for (i = 0; i < n; i++) {
        other = ig_facts_token(values[i]);

        if (other.len == 0) {
            continue;
        }

        if (token.len == 0) {
            token = other;

        } else if (!ig_str_eq(token, other)) {
            return IG_TENANT_CONFLICT;
        }
    }

    if (token.len == 0) {
        return IG_TENANT_NONE;
    }

    /*
     * Without memory for a digest nobody can say who this is.  No stance may
     * then put another tenant in: that state is refused under any policy.
     */

    if (!ig_facts_hash(t, d, token, digest)) {
        return IG_TENANT_CONFLICT;
    }

    *tenant = ig_facts_credential(t, digest);

    return *tenant == IG_NONE ? IG_TENANT_UNKNOWN : IG_TENANT_KNOWN;
}

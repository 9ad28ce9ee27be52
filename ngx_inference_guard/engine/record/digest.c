/*
 * Digests of values: one context that is initialised again for each of them,
 * 0.7 us instead of 1.9 for one that is made anew.
 */

#include <inference_guard/digest.h>

#include "hex.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <stdlib.h>


struct ig_keyed_s {
    EVP_MAC      *mac;
    EVP_MAC_CTX  *ctx;
};


ig_keyed_t *
ig_keyed_new(const uint8_t key[IG_KEYED_KEY_SIZE])
{
    char         name[] = "SHA256";
    ig_keyed_t  *k;
    OSSL_PARAM   params[2];

    k = calloc(1, sizeof(*k));
    if (k == NULL) {
        return NULL;
    }

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name,
                                                 0);
    params[1] = OSSL_PARAM_construct_end();

    k->mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    k->ctx = k->mac ? EVP_MAC_CTX_new(k->mac) : NULL;

    if (k->ctx == NULL
        || EVP_MAC_init(k->ctx, key, IG_KEYED_KEY_SIZE, params) != 1)
    {
        ig_keyed_free(k);
        return NULL;
    }

    return k;
}


void
ig_keyed_free(ig_keyed_t *k)
{
    if (k) {
        EVP_MAC_CTX_free(k->ctx);
        EVP_MAC_free(k->mac);
        free(k);
    }
}


bool
ig_keyed_digest(ig_keyed_t *k, const ig_value_t *v, uint64_t *digest)
{
    size_t   i, len;
    uint8_t  out[IG_HASH_SIZE];

    /* without a key it begins again with the one that it has */

    if (EVP_MAC_init(k->ctx, NULL, 0, NULL) != 1
        || EVP_MAC_update(k->ctx, v->bytes, v->len) != 1
        || EVP_MAC_final(k->ctx, out, &len, sizeof(out)) != 1
        || len != sizeof(out))
    {
        return false;
    }

    *digest = 0;

    for (i = 0; i < sizeof(*digest); i++) {
        *digest = *digest << 8 | out[i];
    }

    return true;
}


void
ig_keyed_hex(uint64_t digest, uint8_t hex[IG_KEYED_HEX])
{
    size_t   i;
    uint8_t  bytes[sizeof(digest)];

    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t) (digest >> (56 - 8 * i));
    }

    ig_hex(hex, bytes, sizeof(bytes));
}

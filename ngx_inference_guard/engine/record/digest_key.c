/*
 * The key of digests: derived from the one that signs, and as a file of its
 * own, which outlives that one and cannot sign.
 */

#include <inference_guard/digest.h>

#include "hex.h"
#include "signer.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <string.h>


#define IG_KEYED_INFO    "inference-guard value digest v1"
#define IG_KEYED_PREFIX  "inference-guard-digest-key-1:"

_Static_assert(sizeof(IG_KEYED_PREFIX) + 2 * IG_KEYED_KEY_SIZE < IG_KEYED_FILE,
               "the file has room for the line");


static bool
ig_keyed_derive(uint8_t secret[IG_KEY_SIZE], uint8_t key[IG_KEYED_KEY_SIZE])
{
    bool          ok;
    char          name[] = "SHA256", info[] = IG_KEYED_INFO;
    EVP_KDF      *kdf;
    OSSL_PARAM    params[4];
    EVP_KDF_CTX  *ctx;

    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name,
                                                 0);
    params[1] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, secret,
                                                  IG_KEY_SIZE);
    params[2] = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info,
                                                  sizeof(info) - 1);
    params[3] = OSSL_PARAM_construct_end();

    kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    ok = ctx && EVP_KDF_derive(ctx, key, IG_KEYED_KEY_SIZE, params) == 1;

    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);

    return ok;
}


bool
ig_keyed_key(const ig_signer_t *s, uint8_t key[IG_KEYED_KEY_SIZE])
{
    bool     ok;
    uint8_t  secret[IG_KEY_SIZE];

    ok = ig_signer_secret(s, secret) && ig_keyed_derive(secret, key);

    OPENSSL_cleanse(secret, sizeof(secret));

    return ok;
}


size_t
ig_keyed_key_write(const uint8_t key[IG_KEYED_KEY_SIZE],
    char out[IG_KEYED_FILE])
{
    size_t  n;

    n = sizeof(IG_KEYED_PREFIX) - 1;
    memcpy(out, IG_KEYED_PREFIX, n);
    ig_hex((uint8_t *) out + n, key, IG_KEYED_KEY_SIZE);
    n += 2 * IG_KEYED_KEY_SIZE;
    out[n++] = '\n';

    return n;
}


static bool
ig_keyed_key_line(ig_str_t text, uint8_t key[IG_KEYED_KEY_SIZE],
    const char **why)
{
    const size_t  n = sizeof(IG_KEYED_PREFIX) - 1;

    while (text.len && (text.data[text.len - 1] == '\n'
                        || text.data[text.len - 1] == '\r'))
    {
        text.len--;
    }

    *why = "is no key of digests; it was cut or changed";

    return text.len == n + 2 * IG_KEYED_KEY_SIZE
           && ig_unhex(key, text.data + n, IG_KEYED_KEY_SIZE);
}


bool
ig_keyed_key_read(ig_str_t text, uint8_t key[IG_KEYED_KEY_SIZE],
    const char **why)
{
    bool          ok;
    ig_signer_t  *s;
    const size_t  n = sizeof(IG_KEYED_PREFIX) - 1;

    if (text.len >= n && memcmp(text.data, IG_KEYED_PREFIX, n) == 0) {
        return ig_keyed_key_line(text, key, why);
    }

    s = ig_signer_new(text, why);
    if (s == NULL) {
        return false;
    }

    ok = ig_keyed_key(s, key);
    ig_signer_free(s);

    if (!ok) {
        *why = "cannot be used: no key could be derived from it";
    }

    return ok;
}

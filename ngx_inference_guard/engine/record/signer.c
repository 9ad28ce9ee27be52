/*
 * The key that signs checkpoints: Ed25519 (RFC 8032) out of a PEM file of
 * PKCS #8 (RFC 5958, RFC 8410).
 */

#include "signer.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <limits.h>
#include <stdlib.h>
#include <string.h>


struct ig_signer_s {
    EVP_PKEY    *key;
    EVP_MD_CTX  *ctx;
    uint8_t      public[IG_KEY_SIZE];
    uint8_t      id[IG_KEY_ID_SIZE];
};


bool
ig_signer_key_id(const uint8_t key[IG_KEY_SIZE], uint8_t id[IG_KEY_ID_SIZE])
{
    uint8_t  hash[IG_HASH_SIZE];

    if (EVP_Digest(key, IG_KEY_SIZE, hash, NULL, EVP_sha256(), NULL) != 1) {
        return false;
    }

    memcpy(id, hash, IG_KEY_ID_SIZE);

    return true;
}


/* without one OpenSSL would ask at the terminal */

static int
ig_signer_no_password(char *buf, int size, int writing, void *data)
{
    (void) buf;
    (void) size;
    (void) writing;
    (void) data;

    return -1;
}


static EVP_PKEY *
ig_signer_read(ig_str_t pem, const char **why)
{
    BIO       *bio;
    EVP_PKEY  *key;

    bio = pem.len && pem.len <= INT_MAX
          ? BIO_new_mem_buf(pem.data, (int) pem.len) : NULL;
    key = bio ? PEM_read_bio_PrivateKey(bio, NULL, ig_signer_no_password, NULL)
              : NULL;

    BIO_free(bio);
    ERR_clear_error();

    if (key == NULL) {
        *why = "holds no private key in PEM without a password; make one with "
               "\"inference-guard audit keygen\"";
        return NULL;
    }

    if (EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(key);
        *why = "holds a key that is not Ed25519; make one with "
               "\"inference-guard audit keygen\"";
        return NULL;
    }

    return key;
}


ig_signer_t *
ig_signer_new(ig_str_t pem, const char **why)
{
    size_t        len;
    ig_signer_t  *s;

    *why = "cannot be used: no memory";

    s = calloc(1, sizeof(*s));
    if (s == NULL) {
        return NULL;
    }

    s->key = ig_signer_read(pem, why);
    if (s->key == NULL) {
        free(s);
        return NULL;
    }

    len = IG_KEY_SIZE;
    s->ctx = EVP_MD_CTX_new();

    if (s->ctx == NULL
        || EVP_PKEY_get_raw_public_key(s->key, s->public, &len) != 1
        || len != IG_KEY_SIZE || !ig_signer_key_id(s->public, s->id))
    {
        ig_signer_free(s);
        return NULL;
    }

    return s;
}


void
ig_signer_free(ig_signer_t *s)
{
    if (s) {
        EVP_MD_CTX_free(s->ctx);
        EVP_PKEY_free(s->key);
        free(s);
    }
}


const uint8_t *
ig_signer_public(const ig_signer_t *s)
{
    return s->public;
}


const uint8_t *
ig_signer_id(const ig_signer_t *s)
{
    return s->id;
}


bool
ig_signer_sign(ig_signer_t *s, ig_str_t bytes,
    uint8_t signature[IG_SIGNATURE_SIZE])
{
    size_t  len;

    len = IG_SIGNATURE_SIZE;

    return EVP_MD_CTX_reset(s->ctx) == 1
           && EVP_DigestSignInit(s->ctx, NULL, NULL, NULL, s->key) == 1
           && EVP_DigestSign(s->ctx, signature, &len, bytes.data, bytes.len)
              == 1
           && len == IG_SIGNATURE_SIZE;
}


bool
ig_signer_secret(const ig_signer_t *s, uint8_t secret[IG_KEY_SIZE])
{
    size_t  len;

    len = IG_KEY_SIZE;

    return EVP_PKEY_get_raw_private_key(s->key, secret, &len) == 1
           && len == IG_KEY_SIZE;
}

/* What checkpoints and digests need of a signer. */

#ifndef IG_RECORD_SIGNER_H
#define IG_RECORD_SIGNER_H

#include <inference_guard/chain.h>


bool ig_signer_sign(ig_signer_t *s, ig_str_t bytes,
    uint8_t signature[IG_SIGNATURE_SIZE]) IG_MUST_CHECK;

/* its 32 raw bytes; the caller wipes them */
bool ig_signer_secret(const ig_signer_t *s, uint8_t secret[IG_KEY_SIZE])
    IG_MUST_CHECK;

/* the first bytes of the SHA-256 of a raw public key */
bool ig_signer_key_id(const uint8_t key[IG_KEY_SIZE], uint8_t id[IG_KEY_ID_SIZE])
    IG_MUST_CHECK;

#endif /* IG_RECORD_SIGNER_H */

/*
 * Keyed digests: the same value has the same digest in all records of a key's
 * life, and without the key nobody finds a value by trying all that there are.
 *
 * Key:     HKDF-SHA-256 (RFC 5869) without salt of the 32 bytes of the Ed25519
 *          private key (RFC 8032, 5.1.5), with the info
 *          "inference-guard value digest v1"; 32 bytes.
 * Digest:  the first 8 bytes of HMAC-SHA-256 (RFC 2104, FIPS 180-4) of a value
 *          as its validator sees it (finding.h); of one with fewer than
 *          IG_KEYED_MIN characters there is none: there are too few of them.
 *
 * Memory:  whoever has a key wipes it.
 * Failure: false or NULL: no memory, or the library failed; *why says what is
 *          wrong with a file, in words that fit behind its name.
 */

#ifndef INFERENCE_GUARD_DIGEST_H
#define INFERENCE_GUARD_DIGEST_H

#include <inference_guard/chain.h>
#include <inference_guard/finding.h>


#define IG_KEYED_KEY_SIZE      32
#define IG_KEYED_MIN           6
#define IG_KEYED_HEX           16       /* a digest in a record */
#define IG_KEYED_FILE          128      /* bytes of a derived key's file */

bool ig_keyed_key(const ig_signer_t *s, uint8_t key[IG_KEYED_KEY_SIZE])
    IG_MUST_CHECK;

/* a derived key as a file of one line, and its length; to be wiped */
size_t ig_keyed_key_write(const uint8_t key[IG_KEYED_KEY_SIZE],
    char out[IG_KEYED_FILE]);
/* of such a file, or derived from a private key's */
bool ig_keyed_key_read(ig_str_t text, uint8_t key[IG_KEYED_KEY_SIZE],
    const char **why) IG_MUST_CHECK;


/* one a worker, made after fork(), not shared by threads */
typedef struct ig_keyed_s  ig_keyed_t;

ig_keyed_t *ig_keyed_new(const uint8_t key[IG_KEYED_KEY_SIZE]) IG_MUST_CHECK;
void ig_keyed_free(ig_keyed_t *k);                       /* NULL is allowed */

/* of a value with IG_KEYED_MIN characters or more; big-endian in *digest */
bool ig_keyed_digest(ig_keyed_t *k, const ig_value_t *v, uint64_t *digest)
    IG_MUST_CHECK;
void ig_keyed_hex(uint64_t digest, uint8_t hex[IG_KEYED_HEX]);

#endif /* INFERENCE_GUARD_DIGEST_H */

/*
 * The Merkle tree of RFC 6962, section 2.1, kept as the roots of its perfect
 * subtrees.
 *
 * A new leaf is joined with the subtrees of the low set bits of the count, as a
 * carry runs through a sum.  The slot it ends in belongs to a bit that is not
 * set: nothing that counts is written before the count itself.
 */

#include <inference_guard/chain.h>

#include <openssl/evp.h>

#include <string.h>


void
ig_merkle_init(ig_merkle_t *m)
{
    __atomic_store_n(&m->count, 0, __ATOMIC_RELEASE);
}


bool
ig_merkle_add(ig_merkle_t *m, ig_hasher_t *h, const uint8_t leaf[IG_HASH_SIZE])
{
    uint8_t   hash[IG_HASH_SIZE];
    unsigned  i;

    if (m->count == UINT64_MAX) {
        return false;
    }

    memcpy(hash, leaf, IG_HASH_SIZE);

    for (i = 0; m->count >> i & 1; i++) {
        if (!ig_node_hash(h, m->node[i], hash, hash)) {
            return false;
        }
    }

    memcpy(m->node[i], hash, IG_HASH_SIZE);
    __atomic_store_n(&m->count, m->count + 1, __ATOMIC_RELEASE);

    return true;
}


bool
ig_merkle_root(const ig_merkle_t *m, ig_hasher_t *h,
    uint8_t root[IG_HASH_SIZE])
{
    bool      first;
    unsigned  i;

    if (m->count == 0) {
        return EVP_Digest("", 0, root, NULL, EVP_sha256(), NULL) == 1;
    }

    first = true;

    for (i = 0; i < IG_MERKLE_LEVELS; i++) {

        if (!(m->count >> i & 1)) {
            continue;
        }

        if (first) {
            memcpy(root, m->node[i], IG_HASH_SIZE);
            first = false;

        } else if (!ig_node_hash(h, m->node[i], root, root)) {
            return false;
        }
    }

    return true;
}

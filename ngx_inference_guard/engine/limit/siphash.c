/*
 * SipHash-2-4 (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012).
 */

#include <limit/table.h>

#include <string.h>


#define ig_rotl(x, n)          (((x) << (n)) | ((x) >> (64 - (n))))


static inline void
ig_sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = ig_rotl(v[1], 13) ^ v[0];
    v[3] = ig_rotl(v[3], 16) ^ v[2];
    v[0] = ig_rotl(v[0], 32);

    v[2] += v[1];
    v[0] += v[3];
    v[1] = ig_rotl(v[1], 17) ^ v[2];
    v[3] = ig_rotl(v[3], 21) ^ v[0];
    v[2] = ig_rotl(v[2], 32);
}


static inline void
ig_sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    ig_sip_round(v);
    ig_sip_round(v);
    v[0] ^= word;
}


/* words as they lie in memory: the result never leaves the machine */

uint64_t
ig_siphash(const uint64_t key[2], const void *data, size_t len)
{
    size_t          i;
    uint64_t        v[4], word;
    const uint8_t  *p;

    v[0] = key[0] ^ UINT64_C(0x736f6d6570736575);
    v[1] = key[1] ^ UINT64_C(0x646f72616e646f6d);
    v[2] = key[0] ^ UINT64_C(0x6c7967656e657261);
    v[3] = key[1] ^ UINT64_C(0x7465646279746573);

    p = data;

    for (i = 0; i + 8 <= len; i += 8) {
        memcpy(&word, p + i, 8);
        ig_sip_word(v, word);
    }

    word = 0;

    if (i < len) {
        memcpy(&word, p + i, len - i);
    }

    ig_sip_word(v, word | (uint64_t) len << 56);

    v[2] ^= 0xff;
    ig_sip_round(v);
    ig_sip_round(v);
    ig_sip_round(v);
    ig_sip_round(v);

    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

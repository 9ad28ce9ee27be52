/*
 * Networks: addresses as IPv6 with a prefix length.
 */

#include <inference_guard/policy.h>

#include <arpa/inet.h>
#include <string.h>


/* "0" to "128", without a sign, a space or a leading zero */

static bool
ig_network_bits(ig_str_t s, unsigned max, unsigned *bits)
{
    size_t    i;
    unsigned  n;

    if (s.len == 0 || s.len > 3 || (s.len > 1 && s.data[0] == '0')) {
        return false;
    }

    n = 0;

    for (i = 0; i < s.len; i++) {

        if (s.data[i] < '0' || s.data[i] > '9') {
            return false;
        }

        n = n * 10 + (unsigned) (s.data[i] - '0');
    }

    *bits = n;

    return n <= max;
}


bool
ig_network_parse(ig_str_t text, ig_network_t *out)
{
    char            address[INET6_ADDRSTRLEN];
    bool            v4;
    unsigned        max;
    ig_str_t        bits;
    struct in_addr  in;
    const uint8_t  *slash;

    slash = text.len ? memchr(text.data, '/', text.len) : NULL;
    bits = IG_NO_STR;

    if (slash) {
        bits.data = slash + 1;
        bits.len = text.len - (size_t) (slash + 1 - text.data);
        text.len = (size_t) (slash - text.data);
    }

    if (text.len == 0 || text.len >= sizeof(address)
        || memchr(text.data, '\0', text.len))
    {
        return false;
    }

    memcpy(address, text.data, text.len);
    address[text.len] = '\0';

    v4 = inet_pton(AF_INET, address, &in) == 1;

    if (v4) {
        memset(out->address, 0, 10);
        memset(out->address + 10, 0xff, 2);
        memcpy(out->address + 12, &in, 4);

    } else if (inet_pton(AF_INET6, address, out->address) != 1) {
        return false;
    }

    max = v4 ? 32 : 128;
    out->bits = max;

    if (slash && !ig_network_bits(bits, max, &out->bits)) {
        return false;
    }

    out->bits += v4 ? 96 : 0;

    return true;
}


bool
ig_network_has(const ig_network_t *n, const uint8_t address[16])
{
    uint8_t   mask;
    unsigned  bytes, rest;

    bytes = n->bits / 8;
    rest = n->bits % 8;

    if (bytes && memcmp(n->address, address, bytes) != 0) {
        return false;
    }

    if (rest == 0) {
        return true;
    }

    mask = (uint8_t) (0xff << (8 - rest));

    return ((n->address[bytes] ^ address[bytes]) & mask) == 0;
}

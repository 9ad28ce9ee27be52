/*
 * Countries, sets of them, and the groups everybody means the same by.
 */

#include <inference_guard/country.h>


/* two letters each; ZZ first, so that a country is its place in the list */
static const uint8_t  ig_country_codes[] =
    "ZZ"
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZ"
    "BABBBDBEBFBGBHBIBJBLBMBNBOBQBRBS"
    "BTBVBWBYBZCACCCDCFCGCHCICKCLCMCN"
    "COCRCUCVCWCXCYCZDEDJDKDMDODZECEE"
    "EGEHERESETFIFJFKFMFOFRGAGBGDGEGF"
    "GGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHM"
    "HNHRHTHUIDIEILIMINIOIQIRISITJEJM"
    "JOJPKEKGKHKIKMKNKPKRKWKYKZLALBLC"
    "LILKLRLSLTLULVLYMAMCMDMEMFMGMHMK"
    "MLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNA"
    "NCNENFNGNINLNONPNRNUNZOMPAPEPFPG"
    "PHPKPLPMPNPRPSPTPWPYQARERORSRURW"
    "SASBSCSDSESGSHSISJSKSLSMSNSOSRSS"
    "STSVSXSYSZTCTDTFTGTHTJTKTLTMTNTO"
    "TRTTTVTWTZUAUGUMUSUYUZVAVCVEVGVI"
    "VNVUWFWSXKYEYTZAZMZW";

#define IG_COUNTRIES  ((sizeof(ig_country_codes) - 1) / 2)

_Static_assert(IG_COUNTRIES <= 64 * IG_COUNTRY_SET_WORDS, "set too small");


typedef struct {
    const char  *name;
    const char  *members;
} ig_country_group_t;

#define IG_EU                                                                 \
    "ATBEBGCYCZDEDKEEESFIFRGRHRHUIEITLTLULVMTNLPLPTROSESISK"

static const ig_country_group_t  ig_country_groups[] = {
    { "EU", IG_EU },
    { "EEA", IG_EU "ISLINO" },
    { "GCC", "AEBHKWOMQASA" },
    { NULL, NULL }
};


size_t
ig_country_count(void)
{
    return IG_COUNTRIES;
}


ig_country_t
ig_country_parse(ig_str_t alpha2)
{
    size_t          low, high, i;
    const uint8_t  *p;

    if (alpha2.len != 2) {
        return IG_COUNTRY_UNKNOWN;
    }

    low = 1;
    high = IG_COUNTRIES;

    while (low < high) {
        i = (low + high) / 2;
        p = &ig_country_codes[2 * i];

        if (p[0] == alpha2.data[0] && p[1] == alpha2.data[1]) {
            return (ig_country_t) i;
        }

        if (p[0] < alpha2.data[0]
            || (p[0] == alpha2.data[0] && p[1] < alpha2.data[1]))
        {
            low = i + 1;

        } else {
            high = i;
        }
    }

    return IG_COUNTRY_UNKNOWN;
}


ig_str_t
ig_country_code(ig_country_t c)
{
    if (c >= IG_COUNTRIES) {
        c = IG_COUNTRY_UNKNOWN;
    }

    return (ig_str_t) { &ig_country_codes[2 * c], 2 };
}


ig_countries_t
ig_countries_none(void)
{
    return (ig_countries_t) { { 0 } };
}


/* a request asks for this, and the compiler folds the loop to constants */

ig_countries_t
ig_countries_all(void)
{
    size_t          i;
    ig_countries_t  s;

    for (i = 0; i < IG_COUNTRY_SET_WORDS; i++) {
        if (IG_COUNTRIES >= 64 * (i + 1)) {
            s.bits[i] = UINT64_MAX;

        } else {
            s.bits[i] = IG_COUNTRIES > 64 * i
                        ? (UINT64_C(1) << (IG_COUNTRIES - 64 * i)) - 1 : 0;
        }
    }

    ig_bit_clear(s.bits, IG_COUNTRY_UNKNOWN);

    return s;
}


void
ig_countries_add(ig_countries_t *s, ig_country_t c)
{
    if (c != IG_COUNTRY_UNKNOWN && c < IG_COUNTRIES) {
        ig_bit_set(s->bits, c);
    }
}


bool
ig_countries_has(const ig_countries_t *s, ig_country_t c)
{
    return c < IG_COUNTRIES && ig_bit_get(s->bits, c);
}


void
ig_countries_union(ig_countries_t *s, const ig_countries_t *other)
{
    size_t  i;

    for (i = 0; i < IG_COUNTRY_SET_WORDS; i++) {
        s->bits[i] |= other->bits[i];
    }
}


void
ig_countries_intersect(ig_countries_t *s, const ig_countries_t *other)
{
    size_t  i;

    for (i = 0; i < IG_COUNTRY_SET_WORDS; i++) {
        s->bits[i] &= other->bits[i];
    }
}


bool
ig_countries_subset(const ig_countries_t *s, const ig_countries_t *of)
{
    size_t  i;

    for (i = 0; i < IG_COUNTRY_SET_WORDS; i++) {
        if (s->bits[i] & ~of->bits[i]) {
            return false;
        }
    }

    return true;
}


bool
ig_countries_empty(const ig_countries_t *s)
{
    ig_countries_t  none;

    none = ig_countries_none();

    return ig_countries_subset(s, &none);
}


bool
ig_countries_eq(const ig_countries_t *a, const ig_countries_t *b)
{
    return ig_countries_subset(a, b) && ig_countries_subset(b, a);
}


size_t
ig_countries_size(const ig_countries_t *s)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < IG_COUNTRY_SET_WORDS; i++) {
        n += (size_t) __builtin_popcountll(s->bits[i]);
    }

    return n;
}


ig_country_t
ig_countries_next(const ig_countries_t *s, ig_country_t from)
{
    size_t    i;
    uint64_t  word;

    if (from >= IG_COUNTRIES) {
        return IG_COUNTRY_UNKNOWN;
    }

    i = from >> 6;
    word = s->bits[i] & (UINT64_MAX << (from & 63));

    while (word == 0) {
        if (++i == IG_COUNTRY_SET_WORDS) {
            return IG_COUNTRY_UNKNOWN;
        }

        word = s->bits[i];
    }

    return (ig_country_t) (64 * i + (size_t) __builtin_ctzll(word));
}


bool
ig_country_group(ig_str_t name, ig_countries_t *out)
{
    const char                *p;
    const ig_country_group_t  *g;

    for (g = ig_country_groups; g->name; g++) {

        if (!ig_str_eq(name, ig_str_from_c(g->name))) {
            continue;
        }

        *out = ig_countries_none();

        for (p = g->members; *p; p += 2) {
            ig_countries_add(out, ig_country_parse(
                                 (ig_str_t) { (const uint8_t *) p, 2 }));
        }

        return true;
    }

    return false;
}

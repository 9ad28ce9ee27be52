/*
 * IBAN: ISO 13616-1, with MOD 97-10 of ISO/IEC 7064, and each country's account
 * number as the SWIFT IBAN Registry has it: n digits, a letters, c either.
 */

#include "detect.h"
#include "validator.h"


static const char *const  ig_ibans[] = {
    "AD n8c12", "AE n19", "AL n8c16", "AT n16", "AZ a4c20", "BA n16",
    "BE n12", "BG a4n6c8", "BH a4c14", "BI n23", "BR n23a1c1", "BY c4n4c16",
    "CH n5c12", "CR n18", "CY n8c16", "CZ n20", "DE n18", "DJ n23", "DK n14",
    "DO c4n20", "EE n16", "EG n25", "ES n20", "FI n14", "FK a2n12", "FO n14",
    "FR n10c11n2", "GB a4n14", "GE a2n16", "GI a4c15", "GL n14", "GR n7c16",
    "GT c24", "HN a4n20", "HR n17", "HU n24", "IE a4n14", "IL n19",
    "IQ a4n15", "IS n22", "IT a1n10c12", "JO a4n4c18", "KW a4c22",
    "KZ n3c13", "LB n4c20", "LC a4c24", "LI n5c12", "LT n16", "LU n3c13",
    "LV a4c13", "LY n21", "MC n10c11n2", "MD c20", "ME n18", "MK n3c10n2",
    "MN n16", "MR n23", "MT a4n5c18", "MU a4n19a3", "NI a4n20", "NL a4n10",
    "NO n11", "OM n3c16", "PK a4c16", "PL n24", "PS a4c21", "PT n21",
    "QA a4c21", "RO a4c16", "RS n18", "RU n14c15", "SA n2c18", "SC a4n20a3",
    "SD n14", "SE n20", "SI n15", "SK n20", "SM a1n10c12", "SO n19",
    "ST n21", "SV a4n20", "TL n19", "TN n20", "TR n6c16", "UA n6c19",
    "VA n18", "VG a4n16", "XK n16", "YE a4n4c18"
};

#define IG_IBANS  (sizeof(ig_ibans) / sizeof(ig_ibans[0]))


static const char *
ig_iban_structure(const uint8_t country[2])
{
    int          rc;
    size_t       low, high, i;
    const char  *row;

    low = 0;
    high = IG_IBANS;

    while (low < high) {
        i = (low + high) / 2;
        row = ig_ibans[i];

        rc = country[0] - (uint8_t) row[0];
        rc = rc ? rc : country[1] - (uint8_t) row[1];

        if (rc == 0) {
            return row + 3;
        }

        if (rc > 0) {
            low = i + 1;

        } else {
            high = i;
        }
    }

    return NULL;
}


/* reads "n10" of a structure; NULL at its end */

static const char *
ig_iban_part(const char *p, char *kind, size_t *n)
{
    if (*p == '\0') {
        return NULL;
    }

    *kind = *p++;
    *n = 0;

    for ( /* void */ ; *p >= '0' && *p <= '9'; p++) {
        *n = *n * 10 + (size_t) (*p - '0');
    }

    return p;
}


size_t
ig_iban_length(const uint8_t country[2])
{
    char         kind;
    size_t       n, total;
    const char  *p;

    p = ig_iban_structure(country);

    if (p == NULL) {
        return 0;
    }

    total = 4;

    while ((p = ig_iban_part(p, &kind, &n)) != NULL) {
        total += n;
    }

    return total;
}


ig_country_t
ig_owner_of_iban(ig_str_t iban)
{
    if (iban.len < 2) {
        return IG_COUNTRY_UNKNOWN;
    }

    return ig_country_parse((ig_str_t) { iban.data, 2 });
}


static bool
ig_iban_account(ig_str_t s, const char *p)
{
    int     value;
    char    kind;
    size_t  n, at;

    at = 4;

    while ((p = ig_iban_part(p, &kind, &n)) != NULL) {
        for ( /* void */ ; n > 0; n--, at++) {

            value = ig_check_value(s.data[at]);

            if (value < 0 || (kind == 'n' && value > 9)
                || (kind == 'a' && value < 10))
            {
                return false;
            }
        }
    }

    return true;
}


bool
ig_check_iban(ig_str_t s)
{
    unsigned     sum, check;
    const char  *structure;

    if (s.len < 5) {
        return false;
    }

    structure = ig_iban_structure(s.data);

    if (structure == NULL || s.len != ig_iban_length(s.data)
        || !ig_check_digits((ig_str_t) { s.data + 2, 2 })
        || !ig_iban_account(s, structure))
    {
        return false;
    }

    /* 00, 01 and 99 cannot come out of the computation */

    check = (unsigned) (s.data[2] - '0') * 10 + (unsigned) (s.data[3] - '0');

    if (check < 2 || check > 98) {
        return false;
    }

    sum = ig_check_mod97((ig_str_t) { s.data + 4, s.len - 4 }, 0);

    return ig_check_mod97((ig_str_t) { s.data, 4 }, sum) == 1;
}

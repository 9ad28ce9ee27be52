/*
 * National numbers that no general check fits.
 *
 * Sources:
 *   de_idnr    Abgabenordnung 139b; Steueridentifikationsnummerverordnung, 1:
 *              ISO/IEC 7064 MOD 11,10, and one repeated digit among the first
 *              ten (twice, or since 2016 three times, never three in a row)
 *   fr_nir     INSEE, decret 82-103: 97 less the number modulo 97; in Corsica
 *              2A counts as 19, 2B as 18
 *   in_gstin   GST Network: check character modulo 36 over the first fourteen
 *   us_ssn     Social Security Administration, POMS RM 10201: numbers never
 *              issued; and two that were printed in public
 */

#include "validator.h"

#include <string.h>


bool
ig_check_de_idnr(ig_str_t s)
{
    size_t    i;
    unsigned  count[10], n, repeated;

    if (s.len != 11 || !ig_check_digits(s) || s.data[0] == '0'
        || !ig_check_mod11_10(s))
    {
        return false;
    }

    memset(count, 0, sizeof(count));

    for (i = 0; i < 10; i++) {
        count[s.data[i] - '0']++;

        if (i >= 2 && s.data[i] == s.data[i - 1]
            && s.data[i] == s.data[i - 2])
        {
            return false;
        }
    }

    repeated = 0;

    for (n = 0; n < 10; n++) {
        if (count[n] > 3) {
            return false;
        }

        repeated += (count[n] > 1);
    }

    return repeated == 1;
}


bool
ig_check_fr_nir(ig_str_t s)
{
    size_t    i;
    uint8_t   n[13];
    unsigned  rest, key, month;

    if (s.len != 15) {
        return false;
    }

    memcpy(n, s.data, 13);

    if (n[5] == '2' && (n[6] == 'A' || n[6] == 'B')) {
        n[5] = '1';
        n[6] = (n[6] == 'A') ? '9' : '8';
    }

    if (!ig_check_digits((ig_str_t) { n, 13 })
        || !ig_check_digits((ig_str_t) { s.data + 13, 2 }))
    {
        return false;
    }

    /* 1 and 2; 3 and 4 while abroad, 7 and 8 while not yet certain */

    if (memchr("123478", n[0], 6) == NULL) {
        return false;
    }

    /* above 12: the month is not known */

    month = (unsigned) (n[3] - '0') * 10 + (unsigned) (n[4] - '0');

    if (month == 0 || (month > 12 && month < 20)
        || (month > 42 && month < 50))
    {
        return false;
    }

    rest = 0;

    for (i = 0; i < 13; i++) {
        rest = (rest * 10 + (unsigned) (n[i] - '0')) % 97;
    }

    key = (unsigned) (s.data[13] - '0') * 10 + (unsigned) (s.data[14] - '0');

    return key == 97 - rest;
}


bool
ig_check_in_gstin(ig_str_t s)
{
    int          n;
    size_t       i;
    unsigned     sum, p;
    const char  *c;

    /* state, PAN, registration, Z, check */

    static const char  shape[] = "nnaaaaannnnacZc";

    if (s.len != 15) {
        return false;
    }

    sum = 0;

    for (i = 0; i < 15; i++) {

        n = ig_check_value(s.data[i]);
        c = &shape[i];

        if (n < 0 || (*c == 'n' && n > 9) || (*c == 'a' && n < 10)
            || (*c == 'Z' && s.data[i] != 'Z'))
        {
            return false;
        }

        if (i < 14) {
            p = (unsigned) n * (i % 2 ? 2 : 1);
            sum += p / 36 + p % 36;
        }
    }

    return (36 - sum % 36) % 36 == (unsigned) ig_check_value(s.data[14]);
}


bool
ig_check_us_ssn(ig_str_t s)
{
    if (s.len != 9 || !ig_check_digits(s)) {
        return false;
    }

    if (memcmp(s.data, "000", 3) == 0 || memcmp(s.data, "666", 3) == 0
        || s.data[0] == '9' || memcmp(s.data + 3, "00", 2) == 0
        || memcmp(s.data + 5, "0000", 4) == 0)
    {
        return false;
    }

    return memcmp(s.data, "078051120", 9) != 0
           && memcmp(s.data, "219099999", 9) != 0;
}

/*
 * The table of validators, and the general check digits.
 *
 * Sources:
 *   luhn                ISO/IEC 7812-1, annex B
 *   verhoeff            J. Verhoeff, Error Detecting Decimal Codes, 1969
 *   iso7064_*           ISO/IEC 7064:2003
 *   iban                validator_iban.c
 *   national ones       validator_national.c
 */

#include "validator.h"

#include <string.h>


typedef struct {
    const char       *name;
    ig_validator_pt   check;
} ig_validator_t;


int
ig_check_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    return (c >= 'A' && c <= 'Z') ? c - 'A' + 10 : -1;
}


bool
ig_check_digits(ig_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            return false;
        }
    }

    return s.len != 0;
}


/* a row of zeros satisfies every sum, and is nobody's number */

static bool
ig_check_zeros(ig_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] != '0') {
            return false;
        }
    }

    return true;
}


bool
ig_check_luhn(ig_str_t s)
{
    size_t    i;
    unsigned  sum, n;

    if (s.len < 2 || !ig_check_digits(s) || ig_check_zeros(s)) {
        return false;
    }

    sum = 0;

    for (i = 0; i < s.len; i++) {
        n = s.data[s.len - 1 - i] - '0';

        if (i % 2) {
            n *= 2;
            n = n > 9 ? n - 9 : n;
        }

        sum += n;
    }

    return sum % 10 == 0;
}


/* the dihedral group of ten elements, and Verhoeff's permutation */

static bool
ig_check_verhoeff(ig_str_t s)
{
    size_t    i, k;
    unsigned  c, n, turn;

    static const uint8_t  step[10] = { 1, 5, 7, 6, 2, 8, 3, 0, 9, 4 };

    if (s.len < 2 || !ig_check_digits(s) || ig_check_zeros(s)) {
        return false;
    }

    c = 0;

    for (i = 0; i < s.len; i++) {
        n = s.data[s.len - 1 - i] - '0';

        for (k = i % 8; k > 0; k--) {
            n = step[n];
        }

        /* below five are rotations, from five on reflections */

        turn = c < 5 ? c + n % 5 : c % 5 + 5 - n % 5;
        c = turn % 5 + ((c < 5) == (n < 5) ? 0 : 5);
    }

    return c == 0;
}


static bool
ig_check_mod11_2(ig_str_t s)
{
    int       n;
    size_t    i;
    unsigned  p;

    if (s.len < 2 || ig_check_zeros(s)) {
        return false;
    }

    p = 0;

    for (i = 0; i < s.len; i++) {

        n = ig_check_value(s.data[i]);

        if (s.data[i] == 'X' && i == s.len - 1) {
            n = 10;

        } else if (n < 0 || n > 9) {
            return false;
        }

        p = (p * 2 + (unsigned) n) % 11;
    }

    return p == 1;
}


/* the hybrid systems: MOD 11,10 over digits, MOD 37,36 over letters too */

static bool
ig_check_hybrid(ig_str_t s, unsigned modulus)
{
    int       n;
    size_t    i;
    unsigned  p;

    if (s.len < 2 || ig_check_zeros(s)) {
        return false;
    }

    p = modulus;

    for (i = 0; i < s.len; i++) {

        n = ig_check_value(s.data[i]);

        if (n < 0 || (unsigned) n >= modulus) {
            return false;
        }

        p = (p + (unsigned) n) % modulus;

        if (i == s.len - 1) {
            break;
        }

        p = (p ? p : modulus) * 2 % (modulus + 1);
    }

    return p == 1;
}


bool
ig_check_mod11_10(ig_str_t s)
{
    return ig_check_hybrid(s, 10);
}


static bool
ig_check_mod37_36(ig_str_t s)
{
    return ig_check_hybrid(s, 36);
}


/* of the number that letters make with A as 10 to Z as 35 */

unsigned
ig_check_mod97(ig_str_t s, unsigned sum)
{
    int     n;
    size_t  i;

    for (i = 0; i < s.len; i++) {

        n = ig_check_value(s.data[i]);

        if (n < 0) {
            return 97;
        }

        sum = (sum * (n > 9 ? 100 : 10) + (unsigned) n) % 97;
    }

    return sum;
}


static bool
ig_check_mod97_10(ig_str_t s)
{
    return s.len > 2 && ig_check_mod97(s, 0) == 1;
}


static const ig_validator_t  ig_validators[] = {
    { "de_idnr", ig_check_de_idnr },
    { "e164", ig_check_e164 },
    { "fr_nir", ig_check_fr_nir },
    { "iban", ig_check_iban },
    { "in_gstin", ig_check_in_gstin },
    { "iso7064_mod11_10", ig_check_mod11_10 },
    { "iso7064_mod11_2", ig_check_mod11_2 },
    { "iso7064_mod37_36", ig_check_mod37_36 },
    { "iso7064_mod97_10", ig_check_mod97_10 },
    { "luhn", ig_check_luhn },
    { "us_ssn", ig_check_us_ssn },
    { "verhoeff", ig_check_verhoeff }
};

#define IG_VALIDATORS  (sizeof(ig_validators) / sizeof(ig_validators[0]))

static const char *const  ig_validator_list[] = {
    "de_idnr", "e164", "fr_nir", "iban", "in_gstin", "iso7064_mod11_10",
    "iso7064_mod11_2", "iso7064_mod37_36", "iso7064_mod97_10", "luhn",
    "us_ssn", "verhoeff", NULL
};

_Static_assert(sizeof(ig_validator_list) / sizeof(ig_validator_list[0])
               == IG_VALIDATORS + 1, "a validator is missing in the list");


ig_validator_pt
ig_validator_find(ig_str_t name)
{
    size_t  i;

    for (i = 0; i < IG_VALIDATORS; i++) {
        if (ig_str_eq(name, ig_str_from_c(ig_validators[i].name))) {
            return ig_validators[i].check;
        }
    }

    return NULL;
}


const char *const *
ig_validator_names(void)
{
    return ig_validator_list;
}

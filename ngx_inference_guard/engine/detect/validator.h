/*
 * Checks that more than one file of detect/ knows.  All take capital letters
 * and digits, without separators.
 */

#ifndef IG_DETECT_VALIDATOR_H
#define IG_DETECT_VALIDATOR_H

#include <inference_guard/validator.h>


/* 0 to 9, A as 10 to Z as 35; -1 for anything else */
int ig_check_value(uint8_t c);
bool ig_check_digits(ig_str_t s);
/* goes on from `sum`; 97 when there is something else than those */
unsigned ig_check_mod97(ig_str_t s, unsigned sum);

bool ig_check_luhn(ig_str_t s);
bool ig_check_mod11_10(ig_str_t s);
bool ig_check_iban(ig_str_t s);
bool ig_check_e164(ig_str_t s);
bool ig_check_de_idnr(ig_str_t s);
bool ig_check_fr_nir(ig_str_t s);
bool ig_check_in_gstin(ig_str_t s);
bool ig_check_us_ssn(ig_str_t s);

#endif /* IG_DETECT_VALIDATOR_H */

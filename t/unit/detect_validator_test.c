/*
 * Validators, on published numbers: each right one must become wrong when any
 * of its characters changes (or stay right only where its check says so).
 */

#include "detect_helper.h"

#include <inference_guard/validator.h>


typedef struct {
    const char  *name;
    const char  *good;
    bool         single;       /* finds every change of one digit */
} test_vector_t;

static const test_vector_t  vectors[] = {
    { "luhn", "79927398713", true },           /* the usual example */
    { "luhn", "4111111111111111", true },      /* test cards of the schemes */
    { "luhn", "5555555555554444", true },
    { "luhn", "378282246310005", true },
    { "luhn", "046454286", true },             /* Canada: sample SIN */
    { "verhoeff", "2363", true },              /* Verhoeff's paper: 236 -> 3 */
    { "verhoeff", "123451", true },
    { "verhoeff", "84736430954837284567892", true },
    { "iso7064_mod11_2", "0000000218250097", true },   /* ORCID */
    { "iso7064_mod11_2", "000000021694233X", true },
    { "iso7064_mod11_2", "11010519491231002X", true }, /* GB 11643-1999 */
    { "iso7064_mod11_2", "07940", true },      /* ISO/IEC 7064 */
    { "iso7064_mod11_10", "07945", true },
    { "iso7064_mod97_10", "79444", true },
    { "iso7064_mod97_10", "5493000IBP32UQZ0KL24", false },    /* an LEI */
    { "iso7064_mod37_36", "A12425GABC1234002M", true },       /* a GRid */
    { "iban", "GB82WEST12345698765432", true },
    { "iban", "GB33BUKB20201555555555", true },
    { "iban", "DE89370400440532013000", true },
    { "iban", "SA0380000000608010167519", true },
    { "iban", "AE070331234567890123456", true },
    { "iban", "FR1420041010050500013M02606", true },
    { "iban", "BE68539007547034", true },
    { "iban", "NO9386011117947", true },
    { "iban", "CH9300762011623852957", true },
    { "iban", "EG380019000500000000263180002", true },
    { "iban", "QA58DOHB00001234567890ABCDEFG", true },
    { "iban", "KW81CBKU0000000000001234560101", true },
    { "iban", "JO94CBJO0010000000000131000302", true },
    { "iban", "LC55HEMM000100010012001200023015", true },
    { "iban", "MT84MALT011000012345MTLCAST001S", true },
    { "iban", "TR330006100519786457841326", true },
    { "iban", "UA213223130000026007233566001", true },
    { "de_idnr", "36574261809", true },
    { "de_idnr", "86095742719", true },
    { "fr_nir", "295109912611193", true },
    { "fr_nir", "253072A07300443", false },
    { "fr_nir", "253072B07300470", false },
    { "in_gstin", "27AAPFU0939F1ZV", true },
    { "us_ssn", "123456789", false },
    { "e164", "966501234567", false },
    { "e164", "12125550123", false }
};

typedef struct {
    const char  *name;
    const char  *bad;
} test_refusal_t;

static const test_refusal_t  refusals[] = {
    { "luhn", "" },
    { "luhn", "0" },
    { "luhn", "0000000000000000" },
    { "luhn", "4111 1111 1111 1111" },
    { "luhn", "411111111111111X" },
    { "luhn", "\331\244111111111111111" },
    { "verhoeff", "" },
    { "verhoeff", "000000000000" },
    { "iso7064_mod11_2", "X" },
    { "iso7064_mod11_2", "000X000218250097" },
    { "iban", "GB82WEST1234569876543" },
    { "iban", "GB82WEST123456987654321" },
    { "iban", "GB8212345698765432WEST" },
    { "iban", "ZZ82WEST12345698765432" },
    { "iban", "gb82west12345698765432" },
    { "iban", "GB" },
    { "iban", "" },
    { "de_idnr", "00000000000" },
    { "de_idnr", "12345678903" },              /* nothing repeated */
    { "de_idnr", "11123456785" },              /* three in a row */
    { "fr_nir", "295139912611193" },
    { "fr_nir", "29510991261119" },
    { "in_gstin", "27AAPFU0939F1AV" },
    { "in_gstin", "A7AAPFU0939F1ZV" },
    { "us_ssn", "000456789" },
    { "us_ssn", "666456789" },
    { "us_ssn", "900456789" },
    { "us_ssn", "123006789" },
    { "us_ssn", "123450000" },
    { "us_ssn", "078051120" },
    { "e164", "999501234567" },
    { "e164", "1212555012" },
    { "e164", "11125550123" },
    { "e164", "9665012345678901" }
};


static bool
check(const char *name, const char *text)
{
    ig_validator_pt  v;

    v = ig_validator_find(ig_str_from_c(name));
    assert_non_null(v);

    return v(ig_str_from_c(text));
}


static void
published_numbers(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        if (!check(vectors[i].name, vectors[i].good)) {
            fail_msg("%s refuses %s", vectors[i].name, vectors[i].good);
        }
    }
}


static void
changed_digits(void **state)
{
    char    text[64], old, c;
    size_t  i, k;

    (void) state;

    for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {

        if (!vectors[i].single) {
            continue;
        }

        (void) snprintf(text, sizeof(text), "%s", vectors[i].good);

        for (k = 0; text[k]; k++) {

            old = text[k];

            for (c = '0'; c <= '9'; c++) {

                if (old < '0' || old > '9' || c == old) {
                    continue;
                }

                text[k] = c;

                if (check(vectors[i].name, text)) {
                    fail_msg("%s accepts %s", vectors[i].name, text);
                }
            }

            text[k] = old;
        }
    }
}


static void
refused(void **state)
{
    size_t  i;

    (void) state;

    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (check(refusals[i].name, refusals[i].bad)) {
            fail_msg("%s accepts %s", refusals[i].name, refusals[i].bad);
        }
    }
}


static void
names(void **state)
{
    size_t              i;
    const char *const  *n;

    (void) state;

    n = ig_validator_names();

    for (i = 0; n[i]; i++) {
        assert_non_null(ig_validator_find(ig_str_from_c(n[i])));
        assert_true(i == 0 || strcmp(n[i - 1], n[i]) < 0);
    }

    assert_null(ig_validator_find(IG_STR("lunh")));
    assert_null(ig_validator_find(IG_NO_STR));
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(published_numbers),
        cmocka_unit_test(changed_digits),
        cmocka_unit_test(refused),
        cmocka_unit_test(names)
    };

    return cmocka_run_group_tests_name("detect_validator", tests, NULL, NULL);
}

/*
 * Whose number it is, by the calling code of a telephone number.
 *
 * Sources: ITU-T Recommendation E.164, list of assigned country codes; for +1
 * the North American Numbering Plan's area codes as NANPA and the Canadian
 * Numbering Administrator publish them; +7 6 and +7 7 are Kazakhstan's (ITU
 * communication of the Republic of Kazakhstan).  The Crown dependencies share
 * +44 and stand as GB; other shared codes stand as the country that most of
 * their numbers are of, unless the next digits tell.
 */

#include "detect.h"
#include "validator.h"

#include <string.h>


typedef struct {
    const char  *code;
    const char  *country;
} ig_calling_code_t;


/* the longest code that a number begins with decides */

static const ig_calling_code_t  ig_calling_codes[] = {
    { "1", "US" }, { "20", "EG" }, { "211", "SS" }, { "212", "MA" },
    { "213", "DZ" }, { "216", "TN" }, { "218", "LY" }, { "220", "GM" },
    { "221", "SN" }, { "222", "MR" }, { "223", "ML" }, { "224", "GN" },
    { "225", "CI" }, { "226", "BF" }, { "227", "NE" }, { "228", "TG" },
    { "229", "BJ" }, { "230", "MU" }, { "231", "LR" }, { "232", "SL" },
    { "233", "GH" }, { "234", "NG" }, { "235", "TD" }, { "236", "CF" },
    { "237", "CM" }, { "238", "CV" }, { "239", "ST" }, { "240", "GQ" },
    { "241", "GA" }, { "242", "CG" }, { "243", "CD" }, { "244", "AO" },
    { "245", "GW" }, { "246", "IO" }, { "247", "SH" }, { "248", "SC" },
    { "249", "SD" }, { "250", "RW" }, { "251", "ET" }, { "252", "SO" },
    { "253", "DJ" }, { "254", "KE" }, { "255", "TZ" }, { "256", "UG" },
    { "257", "BI" }, { "258", "MZ" }, { "260", "ZM" }, { "261", "MG" },
    { "262", "RE" }, { "262269", "YT" }, { "262639", "YT" },
    { "263", "ZW" }, { "264", "NA" }, { "265", "MW" }, { "266", "LS" },
    { "267", "BW" }, { "268", "SZ" }, { "269", "KM" }, { "27", "ZA" },
    { "290", "SH" }, { "291", "ER" }, { "297", "AW" }, { "298", "FO" },
    { "299", "GL" }, { "30", "GR" }, { "31", "NL" }, { "32", "BE" },
    { "33", "FR" }, { "34", "ES" }, { "350", "GI" }, { "351", "PT" },
    { "352", "LU" }, { "353", "IE" }, { "354", "IS" }, { "355", "AL" },
    { "356", "MT" }, { "357", "CY" }, { "358", "FI" }, { "35818", "AX" },
    { "359", "BG" }, { "36", "HU" }, { "370", "LT" }, { "371", "LV" },
    { "372", "EE" }, { "373", "MD" }, { "374", "AM" }, { "375", "BY" },
    { "376", "AD" }, { "377", "MC" }, { "378", "SM" }, { "379", "VA" },
    { "380", "UA" }, { "381", "RS" }, { "382", "ME" }, { "383", "XK" },
    { "385", "HR" }, { "386", "SI" }, { "387", "BA" }, { "389", "MK" },
    { "39", "IT" }, { "3906698", "VA" }, { "40", "RO" }, { "41", "CH" },
    { "420", "CZ" }, { "421", "SK" }, { "423", "LI" }, { "43", "AT" },
    { "44", "GB" }, { "45", "DK" }, { "46", "SE" }, { "47", "NO" },
    { "4779", "SJ" }, { "48", "PL" }, { "49", "DE" }, { "500", "FK" },
    { "501", "BZ" }, { "502", "GT" }, { "503", "SV" }, { "504", "HN" },
    { "505", "NI" }, { "506", "CR" }, { "507", "PA" }, { "508", "PM" },
    { "509", "HT" }, { "51", "PE" }, { "52", "MX" }, { "53", "CU" },
    { "54", "AR" }, { "55", "BR" }, { "56", "CL" }, { "57", "CO" },
    { "58", "VE" }, { "590", "GP" }, { "591", "BO" }, { "592", "GY" },
    { "593", "EC" }, { "594", "GF" }, { "595", "PY" }, { "596", "MQ" },
    { "597", "SR" }, { "598", "UY" }, { "599", "BQ" }, { "5999", "CW" },
    { "60", "MY" }, { "61", "AU" }, { "6189162", "CC" }, { "6189164", "CX" },
    { "62", "ID" }, { "63", "PH" }, { "64", "NZ" }, { "65", "SG" },
    { "66", "TH" }, { "670", "TL" }, { "672", "AQ" }, { "6723", "NF" },
    { "673", "BN" }, { "674", "NR" }, { "675", "PG" }, { "676", "TO" },
    { "677", "SB" }, { "678", "VU" }, { "679", "FJ" }, { "680", "PW" },
    { "681", "WF" }, { "682", "CK" }, { "683", "NU" }, { "685", "WS" },
    { "686", "KI" }, { "687", "NC" }, { "688", "TV" }, { "689", "PF" },
    { "690", "TK" }, { "691", "FM" }, { "692", "MH" }, { "7", "RU" },
    { "76", "KZ" }, { "77", "KZ" }, { "81", "JP" }, { "82", "KR" },
    { "84", "VN" }, { "850", "KP" }, { "852", "HK" }, { "853", "MO" },
    { "855", "KH" }, { "856", "LA" }, { "86", "CN" }, { "880", "BD" },
    { "886", "TW" }, { "90", "TR" }, { "91", "IN" }, { "92", "PK" },
    { "93", "AF" }, { "94", "LK" }, { "95", "MM" }, { "960", "MV" },
    { "961", "LB" }, { "962", "JO" }, { "963", "SY" }, { "964", "IQ" },
    { "965", "KW" }, { "966", "SA" }, { "967", "YE" }, { "968", "OM" },
    { "970", "PS" }, { "971", "AE" }, { "972", "IL" }, { "973", "BH" },
    { "974", "QA" }, { "975", "BT" }, { "976", "MN" }, { "977", "NP" },
    { "98", "IR" }, { "992", "TJ" }, { "993", "TM" }, { "994", "AZ" },
    { "995", "GE" }, { "996", "KG" }, { "998", "UZ" },

    /* of the North American plan; "ZZ" belongs to no country of its own */

    { "1242", "BS" }, { "1246", "BB" }, { "1264", "AI" }, { "1268", "AG" },
    { "1284", "VG" }, { "1340", "VI" }, { "1345", "KY" }, { "1441", "BM" },
    { "1473", "GD" }, { "1649", "TC" }, { "1658", "JM" }, { "1664", "MS" },
    { "1670", "MP" }, { "1671", "GU" }, { "1684", "AS" }, { "1721", "SX" },
    { "1758", "LC" }, { "1767", "DM" }, { "1784", "VC" }, { "1787", "PR" },
    { "1809", "DO" }, { "1829", "DO" }, { "1849", "DO" }, { "1868", "TT" },
    { "1869", "KN" }, { "1876", "JM" }, { "1939", "PR" },
    { "1800", "ZZ" }, { "1833", "ZZ" }, { "1844", "ZZ" }, { "1855", "ZZ" },
    { "1866", "ZZ" }, { "1877", "ZZ" }, { "1888", "ZZ" }, { "1900", "ZZ" }
};

#define IG_CALLING_CODES                                                      \
    (sizeof(ig_calling_codes) / sizeof(ig_calling_codes[0]))

static const char  ig_canada[] =
    "204226236249250257263289306343354365367368382403416418428431437438450"
    "468474506514519548579581584587600604613622639647672683705709742753778"
    "780782807819825867873879902905942";


static bool
ig_canadian(const uint8_t *area)
{
    const char  *p;

    for (p = ig_canada; *p; p += 3) {
        if (memcmp(p, area, 3) == 0) {
            return true;
        }
    }

    return false;
}


ig_country_t
ig_owner_of_phone(ig_str_t digits)
{
    size_t                    i, n, best;
    const char               *country;
    const ig_calling_code_t  *c;

    best = 0;
    country = "ZZ";

    for (i = 0; i < IG_CALLING_CODES; i++) {

        c = &ig_calling_codes[i];
        n = strlen(c->code);

        if (n > best && n <= digits.len
            && memcmp(c->code, digits.data, n) == 0)
        {
            best = n;
            country = c->country;
        }
    }

    if (best == 1 && digits.data[0] == '1' && digits.len >= 4
        && ig_canadian(digits.data + 1))
    {
        country = "CA";
    }

    return ig_country_parse((ig_str_t) { (const uint8_t *) country, 2 });
}


static bool
ig_calling_code(ig_str_t digits)
{
    size_t                    i, n;
    const ig_calling_code_t  *c;

    for (i = 0; i < IG_CALLING_CODES; i++) {

        c = &ig_calling_codes[i];
        n = strlen(c->code);

        if (n <= digits.len && memcmp(c->code, digits.data, n) == 0) {
            return true;
        }
    }

    return false;
}


/*
 * A number with its country code (E.164, 6.2: at most fifteen digits), perhaps
 * after the prefix 00; those of the North American plan have eleven digits, and
 * neither area nor exchange begins with 0 or 1.
 */

bool
ig_check_e164(ig_str_t s)
{
    if (!ig_check_digits(s)) {
        return false;
    }

    if (s.len > 2 && s.data[0] == '0' && s.data[1] == '0') {
        s.data += 2;
        s.len -= 2;
    }

    if (s.len < 7 || s.len > 15 || !ig_calling_code(s)) {
        return false;
    }

    if (s.data[0] == '1') {
        return s.len == 11 && s.data[1] >= '2' && s.data[4] >= '2';
    }

    return true;
}

/*
 * English names of countries, for people's eyes only: everything else goes by
 * the code.
 *
 * Source: Unicode CLDR, territories, the short form where there is one.
 */

#include "audit_out.h"

#include <string.h>


/* code and name, in the order of the codes */
static const char *const  ig_country_names[] = {
    "ADAndorra", "AEUnited Arab Emirates", "AFAfghanistan",
    "AGAntigua & Barbuda", "AIAnguilla", "ALAlbania", "AMArmenia", "AOAngola",
    "AQAntarctica", "ARArgentina", "ASAmerican Samoa", "ATAustria",
    "AUAustralia", "AWAruba", "AXÅland Islands", "AZAzerbaijan", "BABosnia",
    "BBBarbados", "BDBangladesh", "BEBelgium", "BFBurkina Faso", "BGBulgaria",
    "BHBahrain", "BIBurundi", "BJBenin", "BLSt. Barthélemy", "BMBermuda",
    "BNBrunei", "BOBolivia", "BQCaribbean Netherlands", "BRBrazil",
    "BSBahamas", "BTBhutan", "BVBouvet Island", "BWBotswana", "BYBelarus",
    "BZBelize", "CACanada", "CCCocos Islands", "CDCongo - Kinshasa",
    "CFCentral African Republic", "CGCongo - Brazzaville", "CHSwitzerland",
    "CICôte d’Ivoire", "CKCook Islands", "CLChile", "CMCameroon", "CNChina",
    "COColombia", "CRCosta Rica", "CUCuba", "CVCape Verde", "CWCuraçao",
    "CXChristmas Island", "CYCyprus", "CZCzechia", "DEGermany", "DJDjibouti",
    "DKDenmark", "DMDominica", "DODominican Republic", "DZAlgeria",
    "ECEcuador", "EEEstonia", "EGEgypt", "EHWestern Sahara", "EREritrea",
    "ESSpain", "ETEthiopia", "FIFinland", "FJFiji", "FKFalkland Islands",
    "FMMicronesia", "FOFaroe Islands", "FRFrance", "GAGabon",
    "GBUnited Kingdom", "GDGrenada", "GEGeorgia", "GFFrench Guiana",
    "GGGuernsey", "GHGhana", "GIGibraltar", "GLGreenland", "GMGambia",
    "GNGuinea", "GPGuadeloupe", "GQEquatorial Guinea", "GRGreece",
    "GSSouth Georgia & South Sandwich Islands", "GTGuatemala", "GUGuam",
    "GWGuinea-Bissau", "GYGuyana", "HKHong Kong", "HMHeard & McDonald Islands",
    "HNHonduras", "HRCroatia", "HTHaiti", "HUHungary", "IDIndonesia",
    "IEIreland", "ILIsrael", "IMIsle of Man", "INIndia",
    "IOBritish Indian Ocean Territory", "IQIraq", "IRIran", "ISIceland",
    "ITItaly", "JEJersey", "JMJamaica", "JOJordan", "JPJapan", "KEKenya",
    "KGKyrgyzstan", "KHCambodia", "KIKiribati", "KMComoros",
    "KNSt. Kitts & Nevis", "KPNorth Korea", "KRSouth Korea", "KWKuwait",
    "KYCayman Islands", "KZKazakhstan", "LALaos", "LBLebanon", "LCSt. Lucia",
    "LILiechtenstein", "LKSri Lanka", "LRLiberia", "LSLesotho", "LTLithuania",
    "LULuxembourg", "LVLatvia", "LYLibya", "MAMorocco", "MCMonaco",
    "MDMoldova", "MEMontenegro", "MFSt. Martin", "MGMadagascar",
    "MHMarshall Islands", "MKNorth Macedonia", "MLMali", "MMMyanmar",
    "MNMongolia", "MOMacao", "MPNorthern Mariana Islands", "MQMartinique",
    "MRMauritania", "MSMontserrat", "MTMalta", "MUMauritius", "MVMaldives",
    "MWMalawi", "MXMexico", "MYMalaysia", "MZMozambique", "NANamibia",
    "NCNew Caledonia", "NENiger", "NFNorfolk Island", "NGNigeria",
    "NINicaragua", "NLNetherlands", "NONorway", "NPNepal", "NRNauru", "NUNiue",
    "NZNew Zealand", "OMOman", "PAPanama", "PEPeru", "PFFrench Polynesia",
    "PGPapua New Guinea", "PHPhilippines", "PKPakistan", "PLPoland",
    "PMSt. Pierre & Miquelon", "PNPitcairn", "PRPuerto Rico", "PSPalestine",
    "PTPortugal", "PWPalau", "PYParaguay", "QAQatar", "RERéunion", "RORomania",
    "RSSerbia", "RURussia", "RWRwanda", "SASaudi Arabia", "SBSolomon Islands",
    "SCSeychelles", "SDSudan", "SESweden", "SGSingapore", "SHSt. Helena",
    "SISlovenia", "SJSvalbard & Jan Mayen", "SKSlovakia", "SLSierra Leone",
    "SMSan Marino", "SNSenegal", "SOSomalia", "SRSuriname", "SSSouth Sudan",
    "STSão Tomé & Príncipe", "SVEl Salvador", "SXSint Maarten", "SYSyria",
    "SZEswatini", "TCTurks & Caicos Islands", "TDChad",
    "TFFrench Southern Territories", "TGTogo", "THThailand", "TJTajikistan",
    "TKTokelau", "TLTimor-Leste", "TMTurkmenistan", "TNTunisia", "TOTonga",
    "TRTürkiye", "TTTrinidad & Tobago", "TVTuvalu", "TWTaiwan", "TZTanzania",
    "UAUkraine", "UGUganda", "UMU.S. Outlying Islands", "USUnited States",
    "UYUruguay", "UZUzbekistan", "VAVatican City",
    "VCSt. Vincent & Grenadines", "VEVenezuela", "VGBritish Virgin Islands",
    "VIU.S. Virgin Islands", "VNVietnam", "VUVanuatu", "WFWallis & Futuna",
    "WSSamoa", "XKKosovo", "YEYemen", "YTMayotte", "ZASouth Africa",
    "ZMZambia", "ZWZimbabwe"
};

#define IG_COUNTRY_NAMES                                                      \
    (sizeof(ig_country_names) / sizeof(ig_country_names[0]))


const char *
ig_country_name(ig_country_t c)
{
    int       rc;
    size_t    low, high, mid;
    ig_str_t  code;

    if (c == IG_COUNTRY_UNKNOWN) {
        return "not known";
    }

    code = ig_country_code(c);
    low = 0;
    high = IG_COUNTRY_NAMES;

    while (low < high) {
        mid = low + (high - low) / 2;
        rc = memcmp(code.data, ig_country_names[mid], 2);

        if (rc == 0) {
            return ig_country_names[mid] + 2;
        }

        if (rc < 0) {
            high = mid;

        } else {
            low = mid + 1;
        }
    }

    return "";
}

/*
 * A policy: every rule file, read, checked and resolved into plain tables.
 *
 * In:       the files' names and bytes (the caller reads files and globs).
 * Out:      one ig_policy_t, immutable, to be shared by processes and threads.
 * Memory:   all of it, strings included, belongs to the policy.
 * Failure:  every mistake of all files in the list.  The policy is there all the
 *           same, as far as it could be read, so that the patterns in it can be
 *           judged in the same run: whoever wants to use it looks at
 *           ig_mistakes_errors() first, as ig_guard_compile() does.  NULL only
 *           without memory, which is in the list, too.
 *
 * Names are resolved here: a rule holds numbers of detectors, tenants and laws,
 * groups are expanded to countries, `transfers` have become rules, a tenant has
 * the limits of its plan.  The stages compile their own structures from these
 * tables and look at nothing else.  Time zones that plans name are read from the
 * system's database while the policy is read (calendar.h), and not later.
 */

#ifndef INFERENCE_GUARD_POLICY_H
#define INFERENCE_GUARD_POLICY_H

#include <inference_guard/base.h>
#include <inference_guard/country.h>
#include <inference_guard/mistake.h>


/* bounds of a policy; one more is a mistake */
#define IG_MAX_PACKS           512
#define IG_MAX_ENDPOINTS       256
#define IG_MAX_DETECTORS       4096
#define IG_MAX_RULES           65536
#define IG_MAX_LIMITS          32     /* of a tenant, after inheritance */

#define IG_NONE                UINT32_MAX     /* no row of a table */

/* scores and prices are integers: no float is compared or added */
#define IG_SCORE_ONE           1000           /* score 1.0 */
#define IG_SCORE_DEFAULT       500            /* `score` absent in when/unless */


typedef enum {
    IG_DIALECT_NONE = 0,       /* none known: cannot be followed */
    IG_DIALECT_OPENAI,
    IG_DIALECT_ANTHROPIC,
    IG_DIALECT_OLLAMA,
    IG_DIALECTS
} ig_dialect_t;

#define IG_DIALECT_BIT(d)      (1u << (d))

ig_str_t ig_dialect_name(ig_dialect_t d);             /* "openai"; NONE: "-" */
ig_dialect_t ig_dialect_parse(ig_str_t name);


/* a list of strings or of rows of another table */
typedef struct {
    const ig_str_t  *items;
    size_t           n;
} ig_strs_t;

typedef struct {
    const uint32_t  *items;
    size_t           n;
} ig_rows_t;


/* a citation: every rule names the article it rests on */
typedef struct {
    ig_str_t    id;
    ig_str_t    title;
    ig_str_t    article;
    ig_str_t    source;
    uint32_t    pack;
    ig_place_t  place;
} ig_law_t;


/*
 * A rule file with a jurisdiction, or one with what belongs to no country
 * (then `jurisdiction` is empty, `everywhere` true, and its rules apply to
 * every request).
 */
typedef struct {
    ig_str_t        jurisdiction;     /* "SA", "EU", or a group of the policy */
    ig_str_t        title;
    ig_countries_t  members;          /* one country, or a group's */
    ig_country_t    country;          /* the one, or unknown for a group */
    bool            everywhere;
    const char     *file;
    ig_place_t      place;
} ig_pack_t;


typedef enum {
    IG_ANCHOR_PATTERN,         /* none named: the pattern itself is searched */
    IG_ANCHOR_DIGITS,          /* a run of digits, separators between allowed */
    IG_ANCHOR_LITERALS,        /* one of these literal strings */
    IG_ANCHOR_MISTAKEN         /* not known for a mistake in it, or in what
                                  decides about it; never in a policy without */
} ig_anchor_kind_t;

typedef enum {
    IG_DATA_PERSONAL,          /* what `of: personal_data` means */
    IG_DATA_SECRET             /* credentials: no natural person's data */
} ig_data_kind_t;

typedef enum {
    IG_OWNER_PACK,             /* the pack's country; none for a file without */
    IG_OWNER_IBAN,             /* the country in the IBAN's first two letters */
    IG_OWNER_PHONE             /* that of the E.164 country code */
} ig_owner_t;

typedef struct {
    ig_str_t          id;             /* "sa.national_id" */
    ig_str_t          title;
    uint32_t          pack;
    ig_data_kind_t    kind;
    ig_owner_t        owner;
    ig_str_t          pattern;        /* empty only after a mistake */
    ig_str_t          weak;           /* empty: none; else what lowers the score
                                         of a validated match to its shape's */
    ig_anchor_kind_t  anchor;
    ig_strs_t         literals;       /* IG_ANCHOR_LITERALS; ASCII case folds */
    ig_str_t          validator;      /* empty: none */
    bool              unofficial;     /* the validator raises, never rejects */
    ig_strs_t         context;        /* words, UTF-8 */
    uint16_t          score_shape;    /* of IG_SCORE_ONE */
    uint16_t          score_validated;
    uint16_t          score_context;
    ig_place_t        place;
    ig_place_t        pattern_place;
    ig_place_t        weak_place;
    ig_place_t        anchor_place;
    ig_place_t        validator_place;
} ig_detector_t;


/* keys of when and unless: those that are present are and-ed */
#define IG_WHEN_DATA           0x01
#define IG_WHEN_MODEL          0x02
#define IG_WHEN_TENANT         0x04
#define IG_WHEN_COUNTRY        0x08
#define IG_WHEN_DIALECT        0x10
#define IG_WHEN_TOOLS          0x20
#define IG_WHEN_PATH           0x40

typedef struct {
    unsigned        keys;
    ig_rows_t       data;             /* detectors, sorted */
    uint16_t        score;            /* a finding counts from this on */
    ig_strs_t       models;           /* globs */
    ig_rows_t       tenants;          /* sorted */
    ig_countries_t  countries;        /* of the client */
    unsigned        dialects;         /* IG_DIALECT_BIT */
    ig_strs_t       tools;            /* globs over tool names */
    ig_strs_t       paths;            /* globs over the endpoint path */
} ig_condition_t;

/* effects of then: each narrows */
#define IG_THEN_BLOCK          0x01
#define IG_THEN_DESTINATIONS   0x02
#define IG_THEN_OPERATORS      0x04
#define IG_THEN_MODELS         0x08
#define IG_THEN_FLAG           0x10

typedef struct {
    ig_str_t        id;
    uint32_t        pack;
    ig_rows_t       laws;
    ig_condition_t  when;             /* keys 0: always */
    ig_condition_t  unless;           /* keys 0: no exception */
    unsigned        effects;
    ig_countries_t  destinations;
    ig_countries_t  operators;
    ig_strs_t       models;           /* globs */
    ig_strs_t       flags;
    bool            transfers;        /* made from the pack's `transfers` */
    bool            audit;            /* enforcement: audit */
    ig_place_t      place;
} ig_rule_t;


typedef enum {
    IG_TIER_EDGE,
    IG_TIER_ON_PREMISES,
    IG_TIER_CLOUD,
    IG_TIERS
} ig_tier_t;

ig_str_t ig_tier_name(ig_tier_t t);

/* addresses as IPv6, IPv4 mapped (RFC 4291, 2.5.5.2); `bits` of the 128 */
typedef struct {
    uint8_t   address[16];
    unsigned  bits;
} ig_network_t;

typedef struct {
    ig_str_t             name;
    ig_str_t             upstream;
    ig_str_t             scheme;      /* "http" or "https" */
    ig_str_t             host;        /* empty: the upstream's name */
    ig_str_t             credential_header;   /* lower case; empty: none */
    ig_str_t             credential_file;
    ig_country_t         country;
    ig_countries_t       operators;
    ig_tier_t            tier;
    unsigned             dialects;
    ig_strs_t            models;      /* globs */
    const ig_network_t  *addresses;
    size_t               naddresses;  /* 0: anywhere, recorded as unverified */
    bool                 priced;
    char                 currency[4];
    uint64_t             price_input;     /* millionths of the currency, for a */
    uint64_t             price_output;    /* million tokens; see estimate.h */
    bool                 stream_usage_never;  /* it knows no stream_options */
    bool                 cap_completion;      /* a cap that is put in is called
                                                 max_completion_tokens */
    ig_place_t           place;
    ig_place_t           upstream_place;
    ig_place_t           credential_place;
} ig_endpoint_t;


typedef enum {
    IG_LIMIT_REQUESTS,
    IG_LIMIT_CONCURRENT,
    IG_LIMIT_TOKENS,           /* in and out together */
    IG_LIMIT_TOKENS_IN,
    IG_LIMIT_TOKENS_OUT,
    IG_LIMIT_COST,
    IG_LIMIT_CALLS,            /* requests of one task */
    IG_LIMIT_KINDS
} ig_limit_kind_t;

typedef enum {
    IG_PER_NONE,               /* of what runs at once */
    IG_PER_SECOND,
    IG_PER_MINUTE,
    IG_PER_HOUR,
    IG_PER_DAY,
    IG_PER_MONTH,
    IG_PER_TASK
} ig_limit_per_t;

/* follows from kind and span: nobody chooses it */
typedef enum {
    IG_ALGORITHM_GCRA,         /* requests per second, minute, hour (ITU-T
                                  I.371, the virtual scheduling algorithm) */
    IG_ALGORITHM_SLIDING,      /* tokens, cost per minute, hour */
    IG_ALGORITHM_CALENDAR,     /* requests, tokens, cost per day, month */
    IG_ALGORITHM_TASK,         /* calls, tokens, cost per task */
    IG_ALGORITHM_SLOTS         /* concurrent */
} ig_limit_algorithm_t;

/* a counter each for */
#define IG_BY_MODEL            0x01
#define IG_BY_ENDPOINT         0x02
#define IG_BY_JURISDICTION     0x04   /* one for each that applies */
#define IG_BY_KEY              0x08
#define IG_BY_USER             0x10
#define IG_BY_TASK             0x20   /* set by per: task as well */

/*
 * Bounds of max, checked when files are read: two of them can be added in 64
 * bits, and burst times the longest span of a rate in nanoseconds fits 63.
 * A max times thousandths does not fit.
 */
#define IG_LIMIT_MAX_REQUESTS  UINT64_C(1000000000)
#define IG_LIMIT_MAX_BURST     UINT64_C(1000000)
#define IG_LIMIT_MAX_TOKENS    UINT64_C(1000000000000000)
#define IG_LIMIT_MAX_COST      UINT64_C(1000000000000000000)

#define IG_SHARE_ALL           1000   /* shares are thousandths */

typedef struct {
    ig_str_t              name;       /* "tokens/minute by model": of a limit's
                                         of, currency, per, by; printable ASCII
                                         without quotes; no other of the tenant
                                         has it */
    ig_limit_kind_t       of;
    ig_limit_per_t        per;
    ig_limit_algorithm_t  algorithm;
    unsigned              by;         /* IG_BY_… */
    uint64_t              max;        /* requests, tokens, or 1e-9 of the
                                         currency; at least 1 */
    uint64_t              burst;      /* GCRA: requests at once, at least 1;
                                         else 0 */
    char                  currency[4];    /* COST, else empty */
    bool                  audit;
    uint16_t              batch;      /* the share of max (GCRA: of burst) that
                                         batch work may fill: never none */
    uint64_t              lease;      /* a fleet: amount leased at a time, up to
                                         max (burst); 1: exact */
    ig_place_t            place;
} ig_limit_t;

typedef enum {
    IG_WITHOUT_STORE_DENY,
    IG_WITHOUT_STORE_LOCAL
} ig_without_store_t;

typedef struct ig_zone_s  ig_zone_t;       /* calendar.h */

/* a plan as it holds for a tenant: inheritance and overrides resolved */
typedef struct {
    const ig_limit_t    *limits;      /* tenants of one plan may share them */
    size_t               nlimits;
    uint64_t             cap_output;  /* most tokens of one answer; 0: no cap */
    const ig_zone_t     *zone;        /* of days and months; never NULL */
    uint64_t             task_ttl_s;  /* a task is over when idle so long */
    ig_without_store_t   without_store;
    uint16_t             local_share; /* LOCAL: of each max, for this node */
} ig_quota_t;

#define IG_TASK_TTL_DEFAULT    86400


#define IG_DIGEST_SIZE         32     /* SHA-256 */

typedef struct {
    ig_str_t        name;
    uint64_t        id;               /* first 8 bytes of the name's SHA-256: the
                                         same on all nodes, after any reload */
    ig_country_t    home;             /* always known */
    ig_str_t        plan;             /* empty: none */
    ig_quota_t      quota;            /* nlimits 0: without limits */
    const uint8_t (*keys)[IG_DIGEST_SIZE];
    size_t          nkeys;
    ig_strs_t       subjects;
    ig_place_t      place;
} ig_tenant_t;


#define IG_FROM_TENANT         0x01
#define IG_FROM_CLIENT         0x02
#define IG_FROM_DATA           0x04
#define IG_FROM_CLAIM          0x08

/* countries: the address first, the longest prefix wins */
typedef struct {
    ig_network_t  network;
    ig_country_t  country;
} ig_network_country_t;

typedef struct {
    unsigned                     jurisdictions_from;  /* default: all four */
    const ig_network_country_t  *networks;            /* longest prefix first */
    size_t                       nnetworks;

    uint32_t                     unknown_tenant;      /* IG_NONE: refuse */

    bool                         ignore_unknown_country;
    ig_country_t                 unknown_country;     /* unknown: refuse */

    uint32_t                     jurisdiction_without_pack;   /* IG_NONE: refuse */

    bool                         uninspectable_allowed;
    ig_rows_t                    uninspectable;       /* endpoints, sorted */

    ig_tier_t                    tiers[IG_TIERS];     /* in order of preference */
    ig_place_t                   place;
} ig_stances_t;


typedef struct {
    const ig_pack_t      *packs;
    size_t                npacks;
    const ig_law_t       *laws;
    size_t                nlaws;
    const ig_detector_t  *detectors;  /* sorted by id */
    size_t                ndetectors;
    const ig_rule_t      *rules;      /* sorted by pack, then id */
    size_t                nrules;
    const ig_endpoint_t  *endpoints;  /* sorted by name */
    size_t                nendpoints;
    const ig_tenant_t    *tenants;    /* sorted by name */
    size_t                ntenants;
    ig_strs_t             tools;      /* globs of all rules over names of tools,
                                         sorted, each once */
    ig_stances_t          stances;
    uint8_t               digest[IG_DIGEST_SIZE];  /* of all files, whatever
                                                      their order and names */
} ig_policy_t;


typedef struct {
    const char  *name;         /* as mistakes shall print it */
    ig_str_t     text;
} ig_source_t;

ig_policy_t *ig_policy_read(const ig_source_t *sources, size_t n,
    ig_mistakes_t *mistakes) IG_MUST_CHECK;
void ig_policy_free(ig_policy_t *p);

/* the row with that name, or IG_NONE */
uint32_t ig_policy_detector(const ig_policy_t *p, ig_str_t id);
uint32_t ig_policy_endpoint(const ig_policy_t *p, ig_str_t name);
uint32_t ig_policy_tenant(const ig_policy_t *p, ig_str_t name);

/* "10.0.0.0/8" or an address alone; false when it is neither */
bool ig_network_parse(ig_str_t text, ig_network_t *out);
bool ig_network_has(const ig_network_t *n, const uint8_t address[16]);

#endif /* INFERENCE_GUARD_POLICY_H */

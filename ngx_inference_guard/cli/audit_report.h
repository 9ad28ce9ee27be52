/*
 * The report: what a log says of a period, for a data protection officer.
 *
 * audit_report.c counts are made by audit_report_count.c from one request after
 * another, and shown by audit_report_show.c and its sections.  The numbers of a
 * row of each tally are named here.
 */

#ifndef IG_CLI_AUDIT_REPORT_H
#define IG_CLI_AUDIT_REPORT_H

#include "audit_join.h"
#include "audit_out.h"
#include "audit_request.h"
#include "audit_tally.h"


/* of a table that people read; the rest is summed up in one row */
#define IG_REPORT_ROWS  500

typedef enum {
    IG_TALLY_CLIENT,         /* client's country, destination */
    IG_TALLY_LAW,            /* jurisdiction, destination */
    IG_TALLY_LEDGER,         /* tenant, jurisdiction, destination, endpoint */
    IG_TALLY_MOVED,          /* the same, detector */
    IG_TALLY_BASIS,          /* the same, law */
    IG_TALLY_REASON,         /* reason, status */
    IG_TALLY_BY_LAW,         /* law */
    IG_TALLY_BY_RULE,        /* rule */
    IG_TALLY_DATA,           /* tenant, detector */
    IG_TALLY_LIMIT,          /* tenant, limit, what happened */
    IG_TALLY_ENDPOINT,       /* endpoint, country */
    IG_TALLY_OPERATORS,      /* endpoint, operator's country */
    IG_TALLY_COST,           /* endpoint, currency */
    IG_TALLY_MODEL,          /* model */
    IG_TALLY_TENANT,         /* tenant */
    IG_TALLY_OPERATION,      /* tenant, operation */
    IG_TALLY_RECIPIENT,      /* tenant, endpoint, country */
    IG_TALLY_DAY,            /* date */
    IG_TALLY_POLICY,         /* digest */
    IG_TALLIES
} ig_report_tally_t;

/* CLIENT, LAW, LEDGER, MOVED, BASIS, RECIPIENT */
#define IG_V_TRANSFERS   0   /* sent, or perhaps */
#define IG_V_UNKNOWN     1   /* of these without an outcome */
#define IG_V_FOUND       2   /* of these with a finding */
#define IG_V_SENT        3   /* bytes */
#define IG_V_RECEIVED    4
#define IG_V_FIRST       5   /* ms */
#define IG_V_LAST        6
/* ENDPOINT, as above, and */
#define IG_V_FAILED      7   /* status 500 and more */
#define IG_V_INPUT       8   /* tokens */
#define IG_V_OUTPUT      9
#define IG_V_UNVERIFIED  10
/* REASON, MODEL, OPERATION, OPERATORS, LIMIT, POLICY, TENANT, DAY, DATA */
#define IG_V_REQUESTS    0
/* TENANT, DAY, MODEL and DATA */
#define IG_V_REFUSED     1
#define IG_V_WENT        2   /* sent, or perhaps */
#define IG_V_ABROAD      3   /* of these to another legal area */
#define IG_V_PLACES      4   /* DATA */
#define IG_V_WITH        4   /* TENANT, DAY: with a finding */
/* BY_LAW, BY_RULE */
#define IG_V_BLOCKED     0
#define IG_V_WOULD       1
/* COST */
#define IG_V_NANO        0   /* billionths of the currency */

typedef struct {
    uint64_t  requests;      /* decisions */
    uint64_t  sent;          /* with an outcome that says so */
    uint64_t  unknown;       /* perhaps sent */
    uint64_t  abroad;        /* of sent and unknown */
    uint64_t  refused;
    uint64_t  would;         /* would have been refused; only audited */
    uint64_t  found;
    uint64_t  uninspected;   /* coverage is not full */
    uint64_t  undecided;
    uint64_t  alone;         /* outcomes whose decision was not seen */
    uint64_t  first;         /* ms */
    uint64_t  last;
} ig_report_totals_t;


/* what verification said; the first lines of the report */
typedef enum {
    IG_NOT_VERIFIED,
    IG_VERIFIED,
    IG_VERIFY_FAILED
} ig_report_state_t;

typedef struct {
    char  name[64];
    char  value[256];        /* "" when it is not known */
} ig_report_fact_t;

#define IG_REPORT_FACTS  32

typedef struct {
    ig_report_state_t  state;
    char               summary[512];     /* a sentence */
    ig_report_fact_t   facts[IG_REPORT_FACTS];   /* checkpoints, keys … */
    size_t             nfacts;
} ig_report_verification_t;


/* titles for the ids in records, of rule files; all empty without them */
typedef struct {
    ig_files_t    files;
    ig_policy_t  *policy;
} ig_report_rules_t;

typedef struct {
    ig_audit_options_t         filter;
    const char                *key;      /* file of the public key, or NULL */
    char                     **rules;    /* files and directories */
    size_t                     nrules;
    bool                       json;
    char *const               *files;
    size_t                     nfiles;

    ig_report_rules_t          texts;
    ig_report_verification_t   verification;
    ig_join_counts_t           counts;
    ig_report_totals_t         totals;
    ig_tally_t                 tallies[IG_TALLIES];
    ig_audit_request_t         request;
    ig_country_t               countries[IG_REQUEST_LIST];
    size_t                     ncountries;
    ig_countries_t             eea;
} ig_report_t;


/* -- audit_report_verified.c ---------------------------------------------- */

/*
 * Verifies the files with the public key (a PEM file); `key` may be NULL.
 * False when it could not be asked, said on stderr.
 */
bool ig_report_verified(ig_report_verification_t *v, const char *key,
    char *const *files, size_t n);

/* -- audit_report_count.c ------------------------------------------------- */

/* for ig_join_new(); ctx is the report */
bool ig_report_count(void *ctx, const ig_joined_t *j);

/* a key, and the number of its strings */
#define IG_FIELDS(...)                                                        \
    (const ig_str_t[]) { __VA_ARGS__ },                                       \
    sizeof((const ig_str_t[]) { __VA_ARGS__ }) / sizeof(ig_str_t)

/* adds to one number of a row; false when there is no memory */
bool ig_report_add(ig_report_t *r, ig_report_tally_t tally,
    const ig_str_t *fields, size_t n, size_t value, uint64_t add);
/* adds one for each string of a list of the decision, as the key's last field,
   for which there is room at fields[n] */
bool ig_report_each(ig_report_t *r, ig_report_tally_t tally, ig_str_t *fields,
    size_t n, const char *list, const char *key);
/* the first and the last time of a row */
void ig_report_when(uint64_t *v, uint64_t ms);

/* -- audit_report_sent.c -------------------------------------------------- */

/* what every sum of a transfer takes of a request */
typedef struct {
    uint64_t  ms;
    uint64_t  sent;
    uint64_t  received;
    bool      unknown;
    bool      found;
} ig_transfer_t;

/* another legal area: another country, and not both of the EEA */
bool ig_report_abroad(const ig_report_t *r, ig_country_t law,
    ig_country_t destination);
/* the countries whose law applied to the request, into r->countries */
void ig_report_laws_of(ig_report_t *r);
/* does it leave the legal area of any of them? */
bool ig_report_any_abroad(const ig_report_t *r, ig_country_t destination);

void ig_report_transfer_of(ig_report_t *r, ig_transfer_t *t, uint64_t ms);
bool ig_report_sent(ig_report_t *r, ig_str_t tenant, const ig_transfer_t *t);
bool ig_report_operators(ig_report_t *r);

/* -- audit_report_rules.c ------------------------------------------------- */

/* false, said on stderr, when the rule files have mistakes */
bool ig_report_rules_read(ig_report_rules_t *t, char *const *paths, size_t n);
void ig_report_rules_free(ig_report_rules_t *t);
/* the next citation with that id behind row `from`, or NULL */
const ig_law_t *ig_report_law(const ig_report_rules_t *t, ig_str_t id,
    size_t *from);
const ig_rule_t *ig_report_rule(const ig_report_rules_t *t, ig_str_t id);
/* empty when it has none */
ig_str_t ig_report_detector(const ig_report_rules_t *t, ig_str_t id);

/* -- audit_report_show.c, _transfers.c, _used.c --------------------------- */

/* prints one row; `row` is NULL for what is summed up in `others` */
typedef void (*ig_report_row_f)(ig_report_t *r, ig_out_t *o,
    const ig_tally_row_t *row, const uint64_t *v);

void ig_report_show(ig_report_t *r, FILE *to);
/* a tally as a table, its rows in their order */
void ig_report_tally(ig_report_t *r, ig_out_t *o, ig_report_tally_t tally,
    const ig_table_t *table, ig_report_row_f fn);
/* the cell of a field of the key that is text */
void ig_report_field(ig_out_t *o, const ig_tally_row_t *row, size_t field);
ig_country_t ig_report_field_country(const ig_tally_row_t *row, size_t field);
/* the last field of all rows of a tally whose first n fields are these */
void ig_report_list(ig_report_t *r, ig_out_t *o, ig_report_tally_t tally,
    const ig_str_t *fields, size_t n);

void ig_report_transfers(ig_report_t *r, ig_out_t *o);
void ig_report_refusals(ig_report_t *r, ig_out_t *o);
void ig_report_data(ig_report_t *r, ig_out_t *o);
void ig_report_limits(ig_report_t *r, ig_out_t *o);
void ig_report_endpoints(ig_report_t *r, ig_out_t *o);
void ig_report_processing(ig_report_t *r, ig_out_t *o);
void ig_report_ledger(ig_report_t *r, ig_out_t *o);
void ig_report_log(ig_report_t *r, ig_out_t *o);

/* -- made from cli/report/ when the program is built ----------------------- */

extern const char    ig_report_page_head[];
extern const size_t  ig_report_page_head_len;
extern const char    ig_report_page_tail[];
extern const size_t  ig_report_page_tail_len;

#endif /* IG_CLI_AUDIT_REPORT_H */

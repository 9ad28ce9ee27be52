/*
 * A recorded request, decided again.
 *
 * A record is turned back into facts, and ig_decide() and ig_choose() decide:
 * there is no second procedure.  What a record does not hold (tools, paths, a
 * model withheld, what detectors unknown then would have found) is not guessed:
 * every value that the record allows is tried, and unless all give the same
 * answer it cannot be told.
 */

#ifndef IG_CLI_AUDIT_REPLAY_H
#define IG_CLI_AUDIT_REPLAY_H

#include "audit.h"


/* -- audit_replay_rules.c: the rules to decide by ------------------------- */

/* a condition that asks for less than what the old rules had recorded */
typedef struct {
    uint32_t  detector;
    uint32_t  rule;                /* IG_NONE: whatever asks */
    uint16_t  least;               /* a finding of this score or more is known */
} ig_replay_blind_t;

/* what is known of records that some rules made */
typedef struct {
    const ig_guard_t   *guard;     /* NULL: rules that were not given */
    ig_replay_blind_t  *blind;     /* what they could not have found */
    size_t              nblind;
    bool                claims;    /* a claim that counts now did then */
    bool                groups;    /* a claim means the same */
    bool                credentials;   /* whom they did not know, nobody knows */
    uint32_t           *same;      /* a rule's row in them, or IG_NONE */
} ig_replay_origin_t;

#define IG_REPLAY_LISTS   64       /* of globs that differ, of one kind */
#define IG_REPLAY_GUESSES 10       /* unknown lists of one request */

/* lists of globs, of which a request has matched some */
typedef struct {
    ig_strs_t  lists[IG_REPLAY_LISTS];
    size_t     n;
} ig_replay_lists_t;

typedef struct {
    const ig_guard_t   *guard;
    ig_arena_t         *arena;
    ig_replay_lists_t   models;
    ig_replay_lists_t   tools;
    ig_replay_lists_t   paths;
    ig_policy_t         policy;    /* the guard's, each list of globs replaced
                                      by one that its number matches */
    ig_decider_t       *decider;
    ig_facts_table_t   *facts;
    ig_replay_origin_t  own;       /* records of these very rules */
    ig_replay_origin_t  old;       /* of --old */
    ig_replay_origin_t  other;     /* of rules not given */
} ig_replay_rules_t;

/* old: NULL when not given.  False: said why on stderr */
bool ig_replay_rules_make(ig_replay_rules_t *r, const ig_guard_t *guard,
    const ig_guard_t *old);
void ig_replay_rules_free(ig_replay_rules_t *r);


/* -- audit_replay_facts.c: a record, read back ---------------------------- */

#define IG_REPLAY_FINDINGS  256
#define IG_REPLAY_NAMES     IG_MAX_ENDPOINTS

typedef struct {
    ig_str_t      detector;
    ig_country_t  owner;
    uint16_t      score;
    uint64_t      count;
} ig_replay_finding_t;

/* texts are in the arena given, all else in the struct */
typedef struct {
    ig_str_t             id;
    ig_str_t             policy;       /* digest */
    ig_mode_t            mode;
    ig_str_t             tenant;
    ig_tenant_state_t    tenant_state;
    ig_country_t         client;
    bool                 claim_valid;
    ig_countries_t       claimed;
    ig_countries_t       jurisdictions;
    ig_dialect_t         dialect;
    ig_str_t             operation;
    ig_str_t             model;
    bool                 model_known;
    bool                 read;         /* false: nobody looked at it */
    ig_reason_t          unread;
    unsigned             uninspectable;
    uint64_t             bytes;
    bool                 tools_known;
    ig_strs_t            tools;
    bool                 path_known;
    ig_str_t             path;
    ig_replay_finding_t  findings[IG_REPLAY_FINDINGS];
    size_t               nfindings;
    bool                 cut;          /* findings or jurisdictions are */

    /* what was decided */
    ig_verdict_word_t    word;
    ig_reason_t          reason;
    bool                 beyond;       /* refused for what no rule says: a
                                          limit, or a fault */
    ig_str_t             rule;
    ig_str_t             endpoint;
    ig_country_t         endpoint_country;
    ig_strs_t            rules;
    bool                 rules_cut;
    ig_strs_t            laws;
    ig_strs_t            permitted;
    bool                 permitted_cut;
    bool                 would;        /* differs */
    ig_verdict_word_t    would_word;
    ig_reason_t          would_reason;
    ig_strs_t            would_rules;
} ig_replay_record_t;

/* false: it is a decision that cannot be understood */
bool ig_replay_read(const ig_record_line_t *l, ig_arena_t *arena,
    ig_replay_record_t *r);


/* -- audit_replay_decide.c ------------------------------------------------ */

typedef enum {
    IG_UNTOLD_NOT = 0,
    IG_UNTOLD_TENANT,              /* is not in the new rules */
    IG_UNTOLD_CREDENTIAL,          /* may be known to the new rules */
    IG_UNTOLD_NOT_READ,            /* refused for its tenant, never read */
    IG_UNTOLD_UNFINISHED,          /* the guard could not finish */
    IG_UNTOLD_CUT,                 /* the record had no room */
    IG_UNTOLD_CLAIM,
    IG_UNTOLD_DETECTOR,            /* new, changed, or asked for less */
    IG_UNTOLD_TOOLS,
    IG_UNTOLD_PATH,
    IG_UNTOLD_MODEL,
    IG_UNTOLD_COUNTRY,             /* by a stance or by its address? */
    IG_UNTOLD_BEYOND,              /* refused for a limit or a fault */
    IG_UNTOLDS
} ig_untold_t;

const char *ig_untold_code(ig_untold_t u);
const char *ig_untold_text(ig_untold_t u);

typedef struct {
    ig_untold_t     untold;
    ig_str_t        about;         /* the rule or detector that asks, or empty */
    bool            assumed;       /* its rules were not given */
    ig_facts_t      facts;         /* of one possible case */
    ig_reading_t    reading;
    ig_findings_t   findings;
    ig_finding_t    items[IG_REPLAY_FINDINGS];
    ig_verdict_t    verdict;       /* rows are the rules' */
    ig_verdict_t    would;
    uint32_t        endpoint;
} ig_replayed_t;

void ig_replay_decide(const ig_replay_rules_t *rules,
    const ig_replay_record_t *r, ig_arena_t *arena, ig_replayed_t *out);

/* how the answer differs from the record; 0: not at all */
#define IG_DIFFERS_REFUSED    0x01     /* went, and would not */
#define IG_DIFFERS_PERMITTED  0x02
#define IG_DIFFERS_MOVED      0x04     /* to another endpoint */
#define IG_DIFFERS_WORD       0x08
#define IG_DIFFERS_REASON     0x10
#define IG_DIFFERS_CHOICES    0x20     /* other endpoints are permitted */
#define IG_DIFFERS_WOULD      0x40     /* what audited rules would have done */

unsigned ig_replay_differs(const ig_replay_rules_t *rules,
    const ig_replay_record_t *r, const ig_replayed_t *d);


/* -- audit_replay_report.c ------------------------------------------------ */

typedef struct ig_replay_report_s  ig_replay_report_t;

ig_replay_report_t *ig_replay_report_new(void);
void ig_replay_report_free(ig_replay_report_t *t);

/* false: no memory */
bool ig_replay_report_add(ig_replay_report_t *t, const ig_replay_rules_t *rules,
    const ig_replay_record_t *r, const ig_replayed_t *d, unsigned differs);
/* the tokens and the cost of a request that was added not long ago */
void ig_replay_report_outcome(ig_replay_report_t *t, const ig_record_line_t *l,
    const ig_policy_t *p);
void ig_replay_report_text(const ig_replay_report_t *t);
void ig_replay_report_json(const ig_replay_report_t *t);
/* nothing differs, and everything could be told */
bool ig_replay_report_clean(const ig_replay_report_t *t);

#endif /* IG_CLI_AUDIT_REPLAY_H */

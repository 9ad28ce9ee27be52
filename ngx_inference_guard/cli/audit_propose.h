/*
 * Drafts of rules that would permit what was refused.
 */

#ifndef IG_CLI_AUDIT_PROPOSE_H
#define IG_CLI_AUDIT_PROPOSE_H

#include "audit_replay.h"


#define IG_PROPOSE_CHANGES  16

/* one place of one rule file, written anew */
typedef enum {
    IG_CHANGE_RULE,                    /* gets an `unless` */
    IG_CHANGE_TRANSFERS,               /* one country more */
    IG_CHANGE_ENDPOINT                 /* a file of its own */
} ig_change_kind_t;

typedef struct {
    ig_change_kind_t  kind;
    uint32_t          rule;            /* of the policy */
    ig_str_t          add;             /* the `unless`, the country's code, or
                                          the endpoint: as YAML */
    ig_str_t          yaml;            /* how that place reads then */
} ig_change_t;

/* refused requests of one cause, by one of them */
typedef struct {
    ig_replay_record_t  record;        /* the first */
    uint64_t            count;
    ig_reason_t         reason;        /* under the rules given */
    uint32_t            rule;          /* that blocks, or IG_NONE */
} ig_cause_t;

typedef struct {
    const ig_cause_t  *cause;
    ig_change_t        changes[IG_PROPOSE_CHANGES];
    size_t             nchanges;       /* 0: advice only */
    const char        *advice;         /* why none, or NULL */
    uint64_t           permits;        /* of the cause's requests */
    uint64_t           others;         /* of other causes */
} ig_draft_t;

typedef struct {
    const ig_guard_t   *guard;
    const ig_files_t   *files;
    ig_replay_rules_t  *rules;
    ig_arena_t         *arena;
} ig_propose_t;

/* audit_propose_draft.c: up to two drafts for a cause; their number */
size_t ig_propose_draft(const ig_propose_t *p, const ig_cause_t *cause,
    ig_draft_t drafts[2]);

/*
 * audit_propose_patch.c: every file with the draft's changes made, and each
 * change's `yaml`.  NULL: no memory, or a file that cannot be read.
 */
ig_source_t *ig_propose_apply(const ig_propose_t *p, ig_draft_t *draft,
    size_t *n);

/* audit_propose_print.c */
void ig_propose_text(const ig_propose_t *p, const ig_draft_t *draft,
    unsigned number);
void ig_propose_json(const ig_propose_t *p, const ig_draft_t *draft,
    const ig_source_t *sources, size_t n, bool first);

#endif /* IG_CLI_AUDIT_PROPOSE_H */

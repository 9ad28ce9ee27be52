/*
 * Verification of logs: do the records hang together, and do the signed
 * checkpoints hold over them?  One record proven alone.
 *
 * In:       the bytes of files, twice: first all are scanned (in any order) for
 *           checkpoints and for what order they belong in, then all are checked
 *           in that order.
 * Out:      findings, each with its file and line, and a summary.
 * Memory:   grows with the number of checkpoints (150 bytes for each writer of
 *           each) and of writers (2.4 KB), not with that of records.
 * Failure:  IG_NOMEM or IG_ERROR (the library) of any call: nothing is verified
 *           then.
 *
 * What is hashed is a line's bytes as they stand in the file.  docs/evidence.md
 * has the format and says what a verified log shows.
 */

#ifndef INFERENCE_GUARD_VERIFY_H
#define INFERENCE_GUARD_VERIFY_H

#include <inference_guard/chain.h>


#define IG_VERIFY_LINE         65536     /* longer lines are no records */
#define IG_VERIFY_NAMED        20        /* findings of a kind that are told */

typedef enum {
    /* failures */
    IG_VERIFY_ALTERED = 0,       /* a record is not the one that was chained */
    IG_VERIFY_REMOVED,           /* numbers are missing between two records */
    IG_VERIFY_INSERTED,          /* two records have one number */
    IG_VERIFY_REPEATED,          /* the same record twice */
    IG_VERIFY_REORDERED,         /* a record stands behind a later one */
    IG_VERIFY_CUT,               /* the end that a checkpoint seals is missing */
    IG_VERIFY_LEFT_OUT,          /* no record of a writer is there */
    IG_VERIFY_REWRITTEN,         /* chained anew, but not what was signed */
    IG_VERIFY_UNSEALED,          /* later checkpoints do not cover a record */
    IG_VERIFY_NOT_CHAINED,       /* records of an older version */
    IG_VERIFY_INVALID,           /* a checkpoint that cannot be read */
    IG_VERIFY_MISSING,           /* a checkpoint's number is missing */
    IG_VERIFY_SWAPPED,           /* two checkpoints of one number, two chains */
    IG_VERIFY_BAD_SIGNATURE,
    IG_VERIFY_UNKNOWN_KEY,
    IG_VERIFY_FOREIGN,           /* neither a record nor a torn one */
    IG_VERIFY_NOTHING_SIGNED,
    /* notes */
    IG_VERIFY_TORN,              /* a write that was cut short */
    IG_VERIFY_AGAIN,             /* a writer's last record once more: perhaps its
                                    newline was cut off */
    IG_VERIFY_ELSEWHERE,         /* a checkpoint that is only in a kept copy */
    IG_VERIFY_NEW_KEY,           /* another key that was given, not announced */
    IG_VERIFY_KINDS
} ig_verify_kind_t;

#define ig_verify_is_failure(kind)  ((kind) < IG_VERIFY_TORN)

const char *ig_verify_kind_name(ig_verify_kind_t kind);

typedef struct {
    ig_verify_kind_t  kind;
    const char       *file;      /* NULL: it has no place */
    uint64_t          line;
    const char       *text;      /* printable ASCII, good during the call */
} ig_verify_finding_t;

typedef void (*ig_verify_report_pt)(void *data, const ig_verify_finding_t *f);

typedef struct ig_verify_s  ig_verify_t;

/* the first IG_VERIFY_NAMED findings of each kind are reported, all counted */
ig_verify_t *ig_verify_new(ig_verify_report_pt report, void *data)
    IG_MUST_CHECK;
void ig_verify_free(ig_verify_t *v);                 /* NULL is allowed */

/* PEM, SubjectPublicKeyInfo, Ed25519; as many as there are */
ig_rc_t ig_verify_key(ig_verify_t *v, ig_str_t pem, const char **why)
    IG_MUST_CHECK;

/*
 * A file to come: its name is the caller's and stays.  Of a kept copy only the
 * checkpoints count, and a line may begin with something else (syslog).
 */
ig_rc_t ig_verify_file(ig_verify_t *v, const char *name, bool kept,
    uint32_t *file) IG_MUST_CHECK;

/*
 * Bytes of a file, in order, from its beginning.  `last` with the last ones;
 * *used says how many were taken: what is left stands before the next bytes.  A
 * buffer of twice IG_VERIFY_LINE is enough.
 */
ig_rc_t ig_verify_scan(ig_verify_t *v, uint32_t file, ig_str_t bytes,
    bool last, size_t *used) IG_MUST_CHECK;

/* after all scans: the files in the order in which they are to be checked */
ig_rc_t ig_verify_order(ig_verify_t *v, const uint32_t **files, size_t *n)
    IG_MUST_CHECK;

ig_rc_t ig_verify_check(ig_verify_t *v, uint32_t file, ig_str_t bytes,
    bool last, size_t *used) IG_MUST_CHECK;

typedef struct {
    uint64_t  records;           /* chained ones */
    uint64_t  sealed;            /* of them under a good signature */
    uint64_t  unsigned_yet;      /* chained, after the last checkpoint */
    uint64_t  in_flight;         /* chained, of killed writers, never signed */
    uint64_t  pruned;            /* sealed, removed as their checkpoints say */
    uint64_t  torn;              /* lines */
    uint64_t  checkpoints;
    size_t    writers;
    size_t    nodes;
    size_t    keys;              /* given */
    uint64_t  found[IG_VERIFY_KINDS];
    bool      whole;             /* no failure */
    bool      verified;          /* whole, a key was given, all is signed */
} ig_verify_summary_t;

ig_rc_t ig_verify_end(ig_verify_t *v, ig_verify_summary_t *s) IG_MUST_CHECK;

/* after the end: the last checkpoint of the node numbered i */
typedef struct {
    ig_str_t     name;
    ig_str_t     time;
    uint64_t     number;
    const char  *file;
    uint64_t     line;
} ig_verify_node_t;

bool ig_verify_node(const ig_verify_t *v, size_t i, ig_verify_node_t *node);

/*
 * Between the check of a file and that of the next: may it go, and what must
 * stay of it so that the rest still verifies?  Lines to be kept with its
 * checkpoints are appended.  *why: it may not.
 */
ig_rc_t ig_verify_prune(ig_verify_t *v, uint32_t file, ig_str_t before,
    ig_buf_t *out, const char **why) IG_MUST_CHECK;


/*
 * A proof that one record is in a log: its line, the path to the root, the
 * checkpoint's line, as one JSON object.
 */
typedef struct ig_prove_s  ig_prove_t;

typedef struct {
    ig_str_t  writer;            /* by number in a writer's chain */
    uint64_t  seq;
    ig_str_t  id;                /* or by a request's id, if not empty: its */
} ig_prove_ask_t;                /* first record that a checkpoint seals */

ig_prove_t *ig_prove_new(const ig_prove_ask_t *ask) IG_MUST_CHECK;
void ig_prove_free(ig_prove_t *p);
/* two times all lines of all files: first to find, then to hash */
ig_rc_t ig_prove_find(ig_prove_t *p, ig_str_t line) IG_MUST_CHECK;
ig_rc_t ig_prove_hash(ig_prove_t *p, ig_str_t line) IG_MUST_CHECK;
/* false between or after: *why there is no proof */
bool ig_prove_found(ig_prove_t *p, const char **why);
bool ig_prove_write(ig_prove_t *p, ig_buf_t *out, const char **why);

typedef struct {
    ig_str_t  record;            /* lines, in the arena */
    ig_str_t  checkpoint;
    ig_str_t  writer;
    uint64_t  seq;
    ig_str_t  node;
    ig_str_t  time;              /* of the checkpoint */
    uint64_t  number;
} ig_proof_t;

/* `keys`: raw public keys; false: *why the proof does not hold */
bool ig_proof_verify(ig_proof_t *p, ig_str_t json, ig_arena_t *a,
    const uint8_t (*keys)[IG_KEY_SIZE], size_t nkeys, const char **why)
    IG_MUST_CHECK;

/* a public key out of PEM; *why: it is none of ours */
bool ig_public_key(ig_str_t pem, uint8_t key[IG_KEY_SIZE], const char **why)
    IG_MUST_CHECK;

#endif /* INFERENCE_GUARD_VERIFY_H */

/*
 * The records of a log as requests: what `audit report` and `audit export` read.
 *
 * In:       log files, in the order given; of several nodes, too.
 * Out:      one call for each request, with the records that it left.
 * Memory:   a window of IG_JOIN_REQUESTS requests whose outcome has not come,
 *           or IG_JOIN_BYTES of their records, whichever is less.  The oldest
 *           leaves it without its outcome; an outcome that comes later than
 *           that is given alone.
 * Failure:  false, said on stderr; a line that is no record is named and counted.
 */

#ifndef IG_CLI_AUDIT_JOIN_H
#define IG_CLI_AUDIT_JOIN_H

#include "audit.h"


#define IG_JOIN_REQUESTS  65536
#define IG_JOIN_BYTES     ((size_t) 96 << 20)

typedef enum {
    IG_JOINED_REQUEST,               /* decision; redirect, outcome or NULL */
    IG_JOINED_OUTCOME,               /* outcome alone */
    IG_JOINED_UNDECIDED,             /* `alone` */
    IG_JOINED_LIMIT                  /* `alone` */
} ig_joined_kind_t;

typedef struct {
    ig_joined_kind_t         kind;
    const ig_record_line_t  *decision;
    const ig_record_line_t  *redirect;   /* the last one */
    const ig_record_line_t  *outcome;
    const ig_record_line_t  *alone;
} ig_joined_t;

/* false ends the reading */
typedef bool (*ig_joined_f)(void *ctx, const ig_joined_t *j);

typedef struct {
    uint64_t  bytes;
    uint64_t  records;
    uint64_t  bad;                       /* lines that are none */
    uint64_t  checkpoints;
    uint64_t  unjoined;                  /* decisions given without outcome */
} ig_join_counts_t;

typedef struct ig_join_s  ig_join_t;

ig_join_t *ig_join_new(ig_joined_f fn, void *ctx);
void ig_join_free(ig_join_t *j);

/*
 * Reads the files; false when one of them could not be read, is named twice,
 * or fn said so.  Shows how far it is on stderr when that is a terminal.
 */
bool ig_join_files(ig_join_t *j, char *const *files, size_t n);

const ig_join_counts_t *ig_join_counts(const ig_join_t *j);


/* -- audit_narrow.c ------------------------------------------------------- */

/* --since, --until, --tenant; false: said on stderr */
bool ig_audit_narrow(ig_audit_options_t *o, const char *command,
    const char *option, const char *value);
void ig_audit_help(void);

#endif /* IG_CLI_AUDIT_JOIN_H */

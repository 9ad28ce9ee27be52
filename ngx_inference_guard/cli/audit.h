/*
 * What `audit search` and `audit tail` share: options, the filter, the reader
 * of lines, the table.
 *
 * All memory is bounded, whatever the size of a file: one buffer of lines, one
 * parsed line, and a window of requests (search) or ids (tail).
 */

#ifndef IG_CLI_AUDIT_H
#define IG_CLI_AUDIT_H

#include "cli.h"
#include "record_line.h"

#include <inference_guard/digest.h>

#include <sys/types.h>


int ig_cmd_audit_search(int argc, char **argv);
int ig_cmd_audit_tail(int argc, char **argv);
int ig_cmd_audit_report(int argc, char **argv);
int ig_cmd_audit_export(int argc, char **argv);
int ig_cmd_audit_replay(int argc, char **argv);
int ig_cmd_audit_propose(int argc, char **argv);


/* -- audit_filter.c ------------------------------------------------------- */

#define IG_AUDIT_TENANT        0x001
#define IG_AUDIT_SINCE         0x002
#define IG_AUDIT_UNTIL         0x004
#define IG_AUDIT_RULE          0x008
#define IG_AUDIT_JURISDICTION  0x010
#define IG_AUDIT_DECISION      0x020
#define IG_AUDIT_FINDING       0x040
#define IG_AUDIT_ID            0x080
/* these can be met by any record of a request */
#define IG_AUDIT_REASON        0x100
#define IG_AUDIT_ENDPOINT      0x200
#define IG_AUDIT_LATE          (IG_AUDIT_REASON|IG_AUDIT_ENDPOINT)
#define IG_AUDIT_SUBJECT       0x400

#define IG_AUDIT_KEYS          16

/* whose value is looked for; see audit_subject.c */
typedef struct {
    const char  *arg;                    /* "-": on standard input */
    const char  *keys[IG_AUDIT_KEYS];    /* files */
    size_t       nkeys;
    uint8_t      digests[IG_AUDIT_KEYS][IG_KEYED_HEX];
    uint64_t     cut;                    /* records that do not tell, */
    uint64_t     bare;                   /* for one reason or the other */
} ig_audit_subject_t;

typedef struct {
    unsigned        keys;
    ig_str_t        tenant;              /* globs, but for id and times */
    ig_str_t        rule;
    ig_str_t        decision;
    ig_str_t        finding;
    ig_str_t        reason;
    ig_str_t        id;
    ig_countries_t  jurisdictions;       /* one country or a group's */
    ig_countries_t  endpoint_countries;
    uint64_t        since;               /* ms since 1970; from it on */
    uint64_t        until;               /* before it */
    ig_audit_subject_t  subject;

    bool            json;
    uint64_t        limit;               /* 0: none */
    uint64_t        lines;               /* tail -n */
    bool            follow;              /* tail -f */
} ig_audit_options_t;

/* index of the first operand; -1: said why on stderr; 0: help was printed */
int ig_audit_options(ig_audit_options_t *o, bool tail, int argc, char **argv);

/* the keys (of `keys`) that the record meets; counts those that do not tell */
unsigned ig_audit_met(ig_audit_options_t *o, unsigned keys,
    const ig_record_line_t *l);

/*
 * A record that is of a tenant's limits, not of a request (limit, reset): it
 * stands alone, although the id is that of the request that caused it.
 */
bool ig_audit_event(const ig_record_line_t *l);

/* RFC 3339, a part of it ("2026-11-24", UTC), or "15m", "2h", "3d" ago */
bool ig_audit_time(const char *text, uint64_t now_ms, uint64_t *ms);


/* -- audit_subject.c ------------------------------------------------------ */

typedef enum {
    IG_AUDIT_HELD_NOT,
    IG_AUDIT_HELD,
    IG_AUDIT_HELD_CUT,                   /* not all of its digests are there */
    IG_AUDIT_HELD_BARE                   /* it has findings without digests */
} ig_audit_held_t;

/* reads value and keys; false: said why on stderr */
bool ig_audit_subject_init(ig_audit_subject_t *s);
ig_audit_held_t ig_audit_subject(const ig_audit_subject_t *s,
    const ig_record_line_t *l);
/* says on stderr what cannot be known */
void ig_audit_subject_end(const ig_audit_subject_t *s);


/* -- audit_lines.c -------------------------------------------------------- */

typedef struct {
    int       fd;
    char     *name;
    uint64_t  number;                    /* of the line given last */
    uint64_t  offset;                    /* read so far */
    bool      skipping;                  /* the rest of a line too long */
    bool      unnumbered;                /* not read from its beginning */
    bool      quiet;                     /* names no bad line */
    bool      checkpoints;               /* gives them, too */
    size_t    start;
    size_t    len;
    uint8_t  *buf;
} ig_audit_lines_t;

bool ig_audit_lines_open(ig_audit_lines_t *r, const char *name);
void ig_audit_lines_close(ig_audit_lines_t *r);

typedef enum {
    IG_AUDIT_LINE,
    IG_AUDIT_PART,                       /* the end, without a newline */
    IG_AUDIT_END,
    IG_AUDIT_FAILED                      /* said on stderr */
} ig_audit_got_t;

/*
 * The next line that is not empty, good until the next call.  A part stays in
 * the buffer and may be whole at the next call.  Of a line in which a record
 * follows a torn one the torn one is named, and the record is the line.
 */
ig_audit_got_t ig_audit_lines_next(ig_audit_lines_t *r, ig_str_t *line);
/* the same for a part that is taken as it is */
void ig_audit_torn(const ig_audit_lines_t *r, ig_str_t *line);

/* names a line that is no record on stderr */
void ig_audit_bad(const ig_audit_lines_t *r, const char *why);


/* -- audit_print.c -------------------------------------------------------- */

typedef struct ig_audit_table_s  ig_audit_table_t;

ig_audit_table_t *ig_audit_table_new(void);
/* prints what is held back and frees; `t` may be NULL */
void ig_audit_table_free(ig_audit_table_t *t);
void ig_audit_table_flush(ig_audit_table_t *t);

/* one row for a request: its records in the order of the log */
void ig_audit_table_add(ig_audit_table_t *t, ig_record_line_t *l,
    const ig_str_t *records, size_t n);

#endif /* IG_CLI_AUDIT_H */

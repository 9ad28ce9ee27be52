/*
 * What the parts of the verifier share.
 *
 * verify.c        files, lines, what a line is, findings
 * verify_scan.c   the first pass: checkpoints, the order of files
 * verify_seal.c   checkpoints among themselves: numbers, chain, signatures
 * verify_chain.c  the second pass: records against chain and checkpoints
 * verify_end.c    what is missing or left over at the end
 * verify_prune.c  what stays of a file that goes
 */

#ifndef IG_RECORD_VERIFY_STATE_H
#define IG_RECORD_VERIFY_STATE_H

#include "checkpoint.h"
#include "cursor.h"

#include <inference_guard/verify.h>


#define IG_VERIFY_NONE    UINT32_MAX
#define IG_VERIFY_TIME    24             /* bytes of a time */
#define IG_VERIFY_FILE_NODES  4          /* looked at: two masters, twice */
#define IG_VERIFY_RECENT  65536          /* records remembered, to name twins */
#define IG_VERIFY_GAPS    256            /* that a late record may yet fill */

typedef struct {
    uint32_t  file;
    uint64_t  line;
} ig_verify_place_t;

typedef struct {
    const char  *name;
    bool         kept;
    bool         skipping;               /* the rest of a line too long */
    uint64_t     line;
    uint64_t     nrecords;
    uint8_t      first[IG_VERIFY_TIME];  /* times of its records */
    uint8_t      last[IG_VERIFY_TIME];
    bool         timed;
    uint32_t     position;               /* in the order */
    uint32_t     nodes[IG_VERIFY_FILE_NODES];    /* that sign what is in it */
    size_t       nnodes;
} ig_verify_file_t;

/* what a checkpoint says of one writer */
typedef struct {
    uint64_t           from;
    uint64_t           to;
    uint64_t           in_flight;
    uint8_t            root[IG_HASH_SIZE];
    uint8_t            head[IG_HASH_SIZE];
    uint32_t           writer;
    uint32_t           checkpoint;
    ig_writer_state_t  state;
    bool               holds;            /* its records are what was sealed */
    bool               broken;           /* a failure in it was told already */
} ig_verify_seal_t;

typedef struct {
    uint64_t           number;
    uint8_t            hash[IG_HASH_SIZE];
    uint8_t            prev[IG_HASH_SIZE];
    uint8_t            time[IG_VERIFY_TIME];
    uint32_t           node;
    uint32_t           key;              /* its row, or none: not known */
    uint32_t           next_key;
    uint8_t            key_id[IG_KEY_ID_SIZE];
    uint32_t           nseals;           /* with new records */
    ig_verify_place_t  place;            /* in a file of records, if in any */
    bool               kept;             /* only in kept copies so far */
    bool               sound;            /* the signature fits its key */
    bool               looked;           /* at the signature */
    bool               trusted;          /* and the key is one to be trusted */
} ig_verify_checkpoint_t;

typedef struct {
    uint8_t   raw[IG_KEY_SIZE];
    uint8_t   id[IG_KEY_ID_SIZE];
    void     *key;                       /* EVP_PKEY */
    bool      given;
    bool      trusted;                   /* given, or announced by a trusted one */
    uint32_t  retired;                   /* a node's number + 1: it signs no more */
} ig_verify_key_t;

typedef struct {
    ig_str_t  name;
    size_t    first;                     /* its checkpoints, when sorted */
    size_t    n;
} ig_verify_node_row_t;

typedef struct {
    ig_str_t           name;
    uint32_t           node;             /* that seals it, or none */
    uint32_t           scanned;          /* the file it was met in last */
    size_t             seals;            /* first row, when sorted */
    size_t             nseals;
    size_t             seal;             /* at hand */
    uint64_t           next;             /* number expected */
    uint8_t            head[IG_HASH_SIZE];
    uint64_t           blamed;           /* number told of last */
    uint64_t           pruned;           /* up to this number; 0: nothing */
    bool               started;
    uint64_t           tail;             /* records that no checkpoint seals */
    ig_verify_place_t  tail_place;       /* of the first of them */
    ig_verify_place_t  place;            /* of the last record */
    ig_verify_place_t  seal_place;       /* where the seal at hand begins */
    ig_merkle_t        tree;
} ig_verify_writer_t;

/* a writer's first record in a file */
typedef struct {
    uint32_t  file;
    uint32_t  writer;
    uint64_t  seq;
} ig_verify_run_t;

typedef struct {
    uint64_t           seq;              /* 0: empty */
    ig_verify_place_t  place;
    uint32_t           writer;
    uint8_t            hash[16];
} ig_verify_recent_t;

typedef struct {
    uint64_t           from;
    uint64_t           to;
    ig_verify_place_t  before;           /* file none: nothing stood before */
    ig_verify_place_t  after;
    uint32_t           writer;
} ig_verify_gap_t;

typedef struct {
    ig_str_t  line;                      /* all of it */
    ig_str_t  type;
    ig_str_t  time;
    ig_str_t  writer;
    uint64_t  seq;
    ig_str_t  rest;                      /* behind the number */
} ig_verify_record_t;

struct ig_verify_s {
    ig_verify_report_pt      report;
    void                    *data;
    ig_hasher_t             *hasher;
    ig_arena_t              *arena;      /* names */
    ig_rc_t                  rc;

    ig_verify_file_t        *files;
    size_t                   nfiles;
    ig_verify_writer_t      *writers;
    size_t                   nwriters;
    uint32_t                *names;      /* writers by the hash of their name */
    size_t                   nnames;
    uint32_t                 last;       /* writer looked up last */
    ig_verify_node_row_t    *nodes;
    size_t                   nnodes;
    ig_verify_checkpoint_t  *checkpoints;
    size_t                   ncheckpoints;
    ig_verify_seal_t        *seals;
    size_t                   nseals;
    ig_verify_key_t         *keys;
    size_t                   nkeys;
    ig_verify_run_t         *runs;
    size_t                   nruns;
    uint32_t                *order;
    void                    *ctx;        /* EVP_MD_CTX */

    ig_verify_recent_t      *recent;
    ig_verify_gap_t          gaps[IG_VERIFY_GAPS];
    size_t                   ngaps;
    ig_verify_summary_t      sum;
    ig_checkpoint_line_t     line;
};


/* -- verify.c ------------------------------------------------------------- */

/* room for one more row; NULL: no memory */
void *ig_verify_push(ig_verify_t *v, void *rows, size_t *n, size_t size);
#define ig_verify_add(v, rows)                                                \
    ig_verify_push(v, &(v)->rows, &(v)->n##rows, sizeof(*(v)->rows))

void ig_verify_tell(ig_verify_t *v, ig_verify_kind_t kind,
    ig_verify_place_t place, const char *fmt, ...) IG_PRINTF(4, 5);

/* "file:line" or "the beginning"; one of four buffers in turn */
const char *ig_verify_at(const ig_verify_t *v, ig_verify_place_t place);
/* printable, cut; one of four buffers in turn */
const char *ig_verify_plain(ig_str_t s);

/* the writer of that name, made when it is new; none: no memory */
uint32_t ig_verify_writer(ig_verify_t *v, ig_str_t name);

bool ig_verify_record_parse(ig_verify_record_t *r, ig_str_t line);
/* the hash of the record before; false: this one is not chained */
bool ig_verify_record_prev(const ig_verify_record_t *r,
    uint8_t prev[IG_HASH_SIZE]);

/* -- verify_scan.c -------------------------------------------------------- */

void ig_verify_scan_line(ig_verify_t *v, uint32_t file, ig_str_t line);

/* -- verify_seal.c -------------------------------------------------------- */

uint32_t ig_verify_key_find(const ig_verify_t *v,
    const uint8_t id[IG_KEY_ID_SIZE]);
uint32_t ig_verify_key_add(ig_verify_t *v, const uint8_t raw[IG_KEY_SIZE],
    bool given);
bool ig_verify_signature(ig_verify_t *v, const ig_verify_key_t *key,
    const ig_checkpoint_line_t *l);
/* when all checkpoints are there: in order, each once */
void ig_verify_seal_sort(ig_verify_t *v);
/* does it stand among the records that it seals? */
static inline bool
ig_verify_in_log(const ig_verify_t *v, const ig_verify_checkpoint_t *c)
{
    return !c->kept && v->files[c->place.file].nrecords;
}
/* a checkpoint's line met in the second pass */
void ig_verify_seal_line(ig_verify_t *v, uint32_t file, ig_str_t line);
/* at the end: numbers, chain, keys */
void ig_verify_seal_end(ig_verify_t *v);

/* -- verify_chain.c ------------------------------------------------------- */

void ig_verify_chain(ig_verify_t *v, uint32_t file,
    const ig_verify_record_t *r);
/* gaps that nothing filled */
void ig_verify_gaps_end(ig_verify_t *v);

/* -- verify_end.c --------------------------------------------------------- */

void ig_verify_writers_end(ig_verify_t *v);

/* -- verify_prune.c ------------------------------------------------------- */

bool ig_verify_pruned_is(ig_str_t line);
/* false: it cannot be read; `take`: what it says counts from here on */
bool ig_verify_pruned_line(ig_verify_t *v, ig_str_t line, bool take);

#endif /* IG_RECORD_VERIFY_STATE_H */

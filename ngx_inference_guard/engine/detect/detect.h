/*
 * What the files of detect/ share: the compiled detectors, a worker's scratch
 * memory, and a view of text.
 *
 *     compile.c    policy -> ig_detect_t     code.c, pattern.c, pattern_tree.c
 *     detect.c     a reading -> blocks -> spans -> views, in place or folded
 *     joined.c     the same across the ends of spans
 *     anchor.c     a view -> digits (cluster.c), literals (literal.c), others
 *     digits.c     a cluster of digits -> candidates
 *     match.c      PCRE2 around an anchor -> candidates
 *     confirm.c    a candidate -> validator, context, score -> a finding
 *     value.c      what was found, as its validator sees it
 *     context.c    words near a candidate             words.c
 *     fold.c       text as a reader would see it     number.c
 *     owner.c      whose number it is
 *     validator*.c checksums
 */

#ifndef IG_DETECT_H
#define IG_DETECT_H

#define PCRE2_CODE_UNIT_WIDTH  8

#include <inference_guard/finding.h>
#include <inference_guard/validator.h>

#include "cluster.h"
#include "fold.h"
#include "literal.h"
#include "number.h"
#include "pattern.h"
#include "words.h"

#include <pcre2.h>


/* bounds of one request's work; reaching one is IG_LIMIT */
#define IG_MATCH_LIMIT         10000      /* of one PCRE2 search */
#define IG_DEPTH_LIMIT         1000
#define IG_HEAP_LIMIT          1024       /* KB */
#define IG_WORK_FREE           (1u << 20) /* bytes that PCRE2 may go over, and
                                             more for each of the request */
#define IG_WORK_FACTOR         64

#define IG_WINDOW_MAX          4096       /* around an anchor */
#define IG_WINDOW_BEFORE       128        /* where the pattern has no bound */
#define IG_WINDOW_CLUSTER      128        /* on both sides of digits, at most */
#define IG_ANCHOR_MANY         6          /* detectors that ask for a cluster:
                                             of more, Vectorscan chooses */
#define IG_GATE_AHEAD          256        /* bytes that Vectorscan goes on for,
                                             where clusters are dense */
#define IG_CONTEXT_BEFORE      64
#define IG_CONTEXT_AFTER       32
#define IG_CONTEXT_KEY         128
#define IG_CONTEXT_HITS        256
#define IG_NORMAL_MAX          IG_VALUE_MAX /* characters of a candidate */

#define IG_FINDINGS_ROOM       (2 * IG_MAX_FINDINGS) /* with those that are
                                                        found again */
#define IG_SCRATCH_TEXT        (16 * 1024)
#define IG_JOINED_TEXT         8192
#define IG_JOINED_SEGMENTS     512
#define IG_DIRTY_SPANS         4096


typedef enum {
    IG_FIND_ROWS,              /* rows of digit classes */
    IG_FIND_CLUSTER,           /* PCRE2 around a cluster of digits */
    IG_FIND_LITERAL,           /* PCRE2 around a literal */
    IG_FIND_IBAN,
    IG_FIND_ALWAYS             /* no anchor: PCRE2 over the text */
} ig_find_t;

typedef struct {
    ig_find_t        find;
    bool             edges;            /* the rules for the ends of numbers */
    bool             utf;
    bool             unofficial;
    bool             lettered;
    uint32_t         digits;           /* that a cluster must have */
    uint32_t         solid;            /* and a group of it */
    uint32_t         dots;
    uint32_t         before;           /* of the window around an anchor */
    uint32_t         after;
    pcre2_code      *code;
    pcre2_code      *weak;             /* NULL: no form is weaker */
    bool             weak_utf;
    ig_validator_pt  validator;
    uint32_t         validator_number; /* for the worker's memory of answers */
    ig_owner_t       owner;
    ig_country_t     country;
    uint16_t         shape;
    uint16_t         validated;
    uint16_t         context;
    uint16_t         floor;            /* less is asked for by no rule */
    uint32_t         word;             /* first of its words, in word_numbers */
    uint32_t         nwords;
} ig_matcher_t;

/* what a cluster must have, for one detector; four bytes, as all are asked */
typedef struct {
    uint8_t  digits;
    uint8_t  solid;
    uint8_t  dots;
    bool     lettered;
} ig_need_t;

typedef struct {
    uint32_t        detector;
    ig_plus_t       plus;
    ig_digit_row_t  row;
} ig_row_t;

struct ig_detect_s {
    size_t           n;
    ig_matcher_t    *matchers;         /* by row of the policy */

    ig_row_t        *rows;             /* by length, then first digit */
    size_t           nrows;
    uint32_t        *row_list;
    uint32_t         row_first[IG_PATTERN_DIGITS + 1][10 + 1];
    uint32_t         row_longest;
    uint32_t         row_shortest;     /* UINT32_MAX: there is no row */

    uint32_t        *clusters;         /* detectors, by digits needed */
    ig_need_t       *needs;            /* of each of them */
    size_t           nclusters;
    ig_gate_t       *cluster_gate;     /* of many, the few that may match */
    uint32_t         cluster_reach;    /* the widest window of them */
    uint32_t        *ibans;
    size_t           nibans;
    uint32_t         digits;           /* the least that any needs, */
    uint32_t         plain;            /* with no letter beside them and few
                                          dots between, */
    uint32_t         dots;             /* fewer than these */

    ig_literals_t   *literals;
    size_t           nliterals;
    uint32_t        *literal_first;    /* into literal_detectors; n + 1 */
    uint32_t        *literal_detectors;
    uint32_t         literal_nested;   /* from this number on: signs that the
                                          text must be read as a copy */

    ig_gate_t       *gate;
    uint32_t        *always;
    size_t           nalways;

    ig_words_t      *words;
    size_t           nwords;           /* numbers of words */
    uint32_t        *word_numbers;
    size_t           nvalidators;

    ig_fold_table_t  fold;
};


/* a piece of a joined text */
typedef struct {
    uint32_t          at;              /* in the text */
    uint32_t          len;
    bool              cut;             /* does not follow the one before */
    ig_fold_source_t  source;
} ig_segment_t;

/*
 * Text to be searched: bytes [low, high) of `text`, where it came from, and
 * how to go back to there.
 */
typedef struct {
    const uint8_t         *text;
    uint32_t               low;
    uint32_t               high;
    uint32_t               id;         /* a new one for each text */
    uint8_t                block_number;
    const ig_block_t      *block;
    uint32_t               span_start; /* in the block, for the key */
    uint32_t               last_key;   /* the key span seen last, or NONE */
    uint32_t               last_key_len;

    uint32_t               base;       /* in place: offset of text[0] */
    bool                   folded;
    uint32_t               whole;      /* not 0: its end in the block, and what
                                          is found is all of it */
    ig_fold_source_t       source;
    const ig_fold_mark_t  *marks;
    size_t                 nmarks;

    bool                   joined;
    const ig_segment_t    *segments;
    size_t                 nsegments;
} ig_view_t;


typedef struct {
    uint32_t  word;
    uint32_t  start;
    uint32_t  end;
} ig_context_hit_t;

typedef struct {
    uint32_t          view;            /* whose words these are */
    uint32_t          from;
    uint32_t          to;
    uint32_t          grow;
    size_t            n;
    ig_context_hit_t  hits[IG_CONTEXT_HITS];

    uint32_t          asked_view;      /* the question asked last */
    uint32_t          asked_start;
    uint32_t          asked_end;
    bool              any;

    uint32_t          stamp;
    uint32_t         *near;            /* stamp of the last window, a word */
    uint32_t          key_view;
    uint32_t         *key;             /* view in whose key the word stands */
    bool              any_key;
} ig_context_t;

struct ig_detect_worker_s {
    const ig_detect_t      *d;
    void                   *scratch;
    pcre2_match_data       *match;
    pcre2_match_context    *limits;
    pcre2_jit_stack        *stack;

    ig_rc_t                 rc;
    uint64_t                work;      /* left for this request */
    ig_arena_t             *arena;
    ig_view_t              *view;      /* that is searched */
    uint32_t                view_id;

    uint32_t               *done_view; /* a detector: from where to where */
    uint32_t               *done_from; /* PCRE2 has searched that view */
    uint32_t               *done_to;
    uint32_t               *last;      /* its finding added last, plus 1 */

    uint32_t                answer_stamp;
    uint32_t               *answered;  /* a validator: stamp of its answer */
    bool                   *answer;

    uint64_t               *gate;
    uint32_t                gate_view; /* that cluster_gate has seen, */
    uint32_t                gate_from; /* from where to where */
    uint32_t                gate_to;
    ig_context_t            context;
    ig_cluster_t            cluster;

    uint8_t                *text;      /* for folded copies */
    ig_fold_mark_t         *marks;
    size_t                  text_size; /* raw bytes that fit */
    uint64_t                dirty[IG_BIT_WORDS(IG_DIRTY_SPANS)];

    size_t                  nsegments;
    ig_segment_t            segments[IG_JOINED_SEGMENTS];
    uint8_t                 joined[IG_JOINED_TEXT];

    size_t                  nfindings;
    ig_finding_t            findings[IG_FINDINGS_ROOM];

    ig_value_t             *values;    /* of findings, by their row; or NULL */
    uint32_t                value;     /* the row tried next */
    uint64_t                taken[IG_BIT_WORDS(IG_FINDINGS_ROOM)];

    ig_fold_mark_t          own_marks[ig_fold_marks(IG_SCRATCH_TEXT)];
    uint8_t                 own_text[IG_SCRATCH_TEXT + IG_FOLD_STEP + 16];
};


/* anchor.c: all of w->view; w->rc says how it ended */
void ig_anchor_view(ig_detect_worker_t *w);
void ig_anchor_always(ig_detect_worker_t *w);
void ig_anchor_cluster(ig_detect_worker_t *w, const ig_cluster_t *c);
bool ig_anchor_cluster_wanted(const ig_detect_t *d, const uint8_t *text,
    const ig_cluster_t *c);
/* true: the text must be read as a copy */
bool ig_anchor_literal(ig_detect_worker_t *w, uint32_t number, size_t start,
    size_t end);

/* digits.c */
void ig_digits_rows(ig_detect_worker_t *w, const ig_cluster_t *c);
bool ig_digits_wanted(const ig_detect_t *d, const uint8_t *text,
    const ig_cluster_t *c);
/* at two letters, as cluster.h finds them */
void ig_digits_iban(ig_detect_worker_t *w, uint32_t start);
size_t ig_digits_iban_length(const uint8_t *p);
bool ig_digits_left_edge(const ig_view_t *v, uint32_t start);
bool ig_digits_right_edge(const ig_view_t *v, uint32_t end);

/* match.c: every match that meets [start, end), or lies within it */
void ig_match(ig_detect_worker_t *w, uint32_t detector, uint32_t start,
    uint32_t end);
bool ig_match_whole(ig_detect_worker_t *w, uint32_t detector,
    const uint8_t *text, size_t len);

/* the whole of [start, end) is of a weak form */
bool ig_match_weak(ig_detect_worker_t *w, const ig_matcher_t *m,
    uint32_t start, uint32_t end);

/* code.c: NULL after a mistake, or without memory */
typedef struct {
    ig_mistakes_t  *mistakes;
    ig_place_t      place;
    bool            utf;               /* out */
    bool            nomem;             /* out */
} ig_code_source_t;

#define IG_CODE_END       255          /* the callout at the end of a pattern */
#define IG_CODE_END_TEXT  "255"

pcre2_code *ig_code_new(ig_code_source_t *s, ig_str_t pattern);
/* for ig_match_weak(): asks by a callout whether the match may end there */
pcre2_code *ig_code_new_whole(ig_code_source_t *s, ig_str_t pattern);

/* confirm.c: false when it is no finding */
bool ig_confirm(ig_detect_worker_t *w, uint32_t detector, uint32_t start,
    uint32_t end, ig_str_t normal);
void ig_confirm_sort(ig_detect_worker_t *w);

/* value.c */
/* ASCII letters and digits of it; empty when there are too many */
ig_str_t ig_value_normal(const uint8_t *text, size_t len,
    uint8_t normal[IG_NORMAL_MAX]);
/* a row for one more finding: there are as many as findings have room */
uint16_t ig_value_take(ig_detect_worker_t *w);
void ig_value_set(ig_detect_worker_t *w, uint16_t row, ig_str_t normal);
/* only the findings that are there have rows */
void ig_value_sweep(ig_detect_worker_t *w);

/* context.c */
bool ig_context_near(ig_detect_worker_t *w, const ig_matcher_t *m,
    uint32_t start, uint32_t end);

/* owner.c */
ig_country_t ig_owner_of_phone(ig_str_t digits);
ig_country_t ig_owner_of_iban(ig_str_t iban);
size_t ig_iban_length(const uint8_t country[2]);     /* 0: none has it */

/* tables.c: what is looked up at run time; false when there is no memory */
typedef struct {
    ig_str_t  text;
    uint32_t  detector;
} ig_entry_t;

bool ig_tables_rows(ig_detect_t *d, ig_row_t *rows, size_t n);
bool ig_tables_lists(ig_detect_t *d);
bool ig_tables_literals(ig_detect_t *d, ig_entry_t *entries, size_t n,
    bool vectorscan);
bool ig_tables_words(ig_detect_t *d, ig_entry_t *entries, size_t n);

/* joined.c */
void ig_joined_block(ig_detect_worker_t *w, const ig_block_t *b,
    uint8_t number);

#endif /* IG_DETECT_H */

/*
 * The table as it lies in shared memory, and how it is changed.
 *
 * A header, the index, the tenants' chains, and cells of 128 bytes that are all
 * else: counters, their rings and labels, reservations.  Cells name each other
 * by number, so the table may lie anywhere.
 *
 * Every word is noted in the undo journal before it is changed.  A change of
 * the table is a row of IG_SET() with ig_commit() at its end, and either takes
 * cells or frees cells, never both: what is written into a fresh cell needs no
 * note then, as a cell that was free has nothing to lose but its link.
 */

#ifndef IG_LIMIT_TABLE_H
#define IG_LIMIT_TABLE_H

#include <inference_guard/limit.h>


#define IG_NO_CELL             UINT32_MAX
#define IG_UNDO_MAX            8192
#define IG_UNDO_STEP           64     /* words that one step changes at most */
#define IG_RING                8      /* sums of a sliding window */
#define IG_SECOND              UINT64_C(1000000000)
#define IG_OWING               1024   /* counters that are known to owe */

#define ig_min(a, b)           ((a) < (b) ? (a) : (b))
#define ig_max(a, b)           ((a) > (b) ? (a) : (b))

__extension__ typedef unsigned __int128  ig_wide_t;


typedef enum {
    IG_CELL_FREE = 0,
    IG_CELL_COUNTER,
    IG_CELL_RING,
    IG_CELL_INFO,
    IG_CELL_RESERVATION,
    IG_CELL_MORE               /* of a reservation */
} ig_cell_type_t;

/* the first word of every cell */
typedef struct {
    uint8_t   type;
    uint8_t   a;
    uint8_t   b;
    uint8_t   c;
    uint32_t  next;
} ig_cell_t;

/*
 * What the last fields mean:
 *                used            start                end
 *   GCRA         fraction of     TAT (theoretical     when it has recovered
 *                TAT, 1 / max    arrival time)
 *   SLIDING      -               first moment of the  when it has recovered
 *                                newest sum
 *   CALENDAR     amount          of the window        of the window
 *   TASK         amount          -                    when it is over if idle
 *   SLOTS        taken           -                    -
 */
typedef struct {
    uint8_t   type;
    uint8_t   list;            /* by whose age it is evicted */
    uint8_t   algorithm;
    uint8_t   levels;          /* thresholds that were told */
    uint32_t  next;            /* in the index */
    uint64_t  key[2];
    uint64_t  tenant;
    uint32_t  tenant_next;
    uint32_t  tenant_prev;
    uint32_t  lru_next;        /* in its list while live is 0 */
    uint32_t  lru_prev;
    uint32_t  tag;             /* its limit */
    uint32_t  ring;
    uint32_t  info;
    uint32_t  live;            /* reservations */
    uint64_t  seq;             /* of the window or sum that counts now */
    uint64_t  used;
    uint64_t  reserved;        /* of used: what reservations of seq hold */
    uint64_t  kept;            /* of reserved: what stays at death */
    uint64_t  start;           /* ns */
    uint64_t  end;             /* ns: nothing of it counts from then on */
    uint64_t  max;             /* GCRA: the denominator of used */
    uint64_t  span;            /* end is never further ahead, but when the
                                  clock was set back */
} ig_counter_t;

typedef struct {
    ig_cell_t  cell;
    uint64_t   amounts[IG_RING];       /* at seq % IG_RING */
    uint32_t   times[IG_RING];         /* of its last part, in ticks */
    uint64_t   spare[3];
} ig_ring_t;

typedef struct {
    ig_cell_t  cell;                   /* a: length of the label */
    uint8_t    label[IG_LIMIT_LABEL];
    uint64_t   pool;                   /* leased and not used */
    uint64_t   until;                  /* ns: and good so long */
    uint64_t   over;                   /* used beyond leases, not yet told */
    uint64_t   seen;                   /* used by all nodes at the last lease */
    uint64_t   touched;                /* ns */
    uint64_t   refused;                /* ns: the store is not asked before */
    uint64_t   max;
    uint64_t   period;
} ig_info_t;

typedef struct {
    uint32_t  counter;
    uint32_t  seq;
    uint64_t  amount;
    uint64_t  kept;                    /* at death */
} ig_entry_t;

#define IG_HEAD_ENTRIES        4
#define IG_MORE_ENTRIES        5

typedef struct {
    uint8_t     type;
    uint8_t     leased;
    uint8_t     n;                     /* entries, of all its cells */
    uint8_t     spare;
    uint32_t    next;                  /* cell */
    uint32_t    generation;
    uint32_t    owner;
    uint32_t    owner_next;            /* circular */
    uint32_t    owner_prev;
    uint64_t    deadline;
    ig_entry_t  entries[IG_HEAD_ENTRIES];
} ig_held_t;

typedef struct {
    ig_cell_t   cell;
    ig_entry_t  entries[IG_MORE_ENTRIES];
} ig_more_t;

typedef union {
    ig_cell_t     cell;
    ig_counter_t  counter;
    ig_ring_t     ring;
    ig_info_t     info;
    ig_held_t     held;
    ig_more_t     more;
} ig_any_t;

_Static_assert(sizeof(ig_any_t) == 128, "a cell is 128 bytes");


/* lists of eviction: by how soon counters recover, and who made up the name */
typedef enum {
    IG_LIST_SLOTS,
    IG_LIST_RATE_SECOND,
    IG_LIST_RATE_MINUTE,
    IG_LIST_RATE_HOUR,
    IG_LIST_SLIDING_MINUTE,
    IG_LIST_SLIDING_HOUR,
    IG_LIST_TASK,
    IG_LIST_DAY,
    IG_LIST_MONTH,
    IG_LISTS
} ig_list_t;

#define IG_NAMED               1      /* list * 2 + IG_NAMED: by the client */

typedef struct {
    uint32_t  head;                   /* the longest unused */
    uint32_t  tail;
} ig_ends_t;

typedef struct {
    uint32_t  pid;                    /* 0: nobody */
    uint32_t  n;
    uint64_t  start;
    uint32_t  first;                  /* of its reservations: looked at next */
    uint32_t  spare;
} ig_process_t;

typedef struct {
    uint64_t  at;                     /* offset of the word */
    uint64_t  was;
} ig_undo_t;

struct ig_limit_table_s {
    uint64_t          magic;
    uint64_t          size;
    uint64_t          seed[2];
    uint32_t          ncells;
    uint32_t          mask;           /* of index and tenants */
    uint64_t          index_at;       /* offsets */
    uint64_t          tenants_at;
    uint64_t          cells_at;

    uint32_t          free;           /* first free cell */
    uint32_t          nfree;
    uint32_t          nnamed;         /* cells of counters that clients named */
    uint32_t          ncounters;
    uint32_t          nheld;
    uint32_t          generation;
    uint32_t          nowners;        /* places in use, up to the highest */
    uint32_t          returns_at;     /* cell that is looked at next for idle
                                         leases */
    uint32_t          nowing;
    uint32_t          unseen;         /* cells to look at: owing was full */
    uint32_t          owing[IG_OWING];
    ig_ends_t         lists[IG_LISTS * 2];

    ig_limit_stats_t  stats;          /* counts of events; not in the journal */

    ig_process_t        owners[IG_LIMIT_OWNERS];

    uint64_t          nundo;          /* not 0: a change is half done */
    ig_undo_t         undo[IG_UNDO_MAX];
};


typedef uint64_t __attribute__((may_alias))  ig_word_t;

/* a kill comes between two instructions: their order is all that matters */
#define ig_barrier()           __asm__ __volatile__("" ::: "memory")

static inline void
ig_undo_note(ig_limit_table_t *t, void *field)
{
    uint64_t   n;
    uintptr_t  at;

    at = ((uintptr_t) field & ~(uintptr_t) 7) - (uintptr_t) t;
    n = t->nundo;

    t->undo[n].at = at;
    t->undo[n].was = *(ig_word_t *) ((uint8_t *) t + at);
    ig_barrier();
    t->nundo = n + 1;
    ig_barrier();
}

#define IG_SET(t, field, value)                                               \
    do {                                                                      \
        ig_undo_note(t, &(field));                                            \
        (field) = (value);                                                    \
    } while (0)

static inline void
ig_commit(ig_limit_table_t *t)
{
    ig_barrier();
    t->nundo = 0;
    ig_barrier();
}

/* false: no room in the journal for one more step */
static inline bool
ig_undo_room(const ig_limit_table_t *t)
{
    return t->nundo <= IG_UNDO_MAX - IG_UNDO_STEP;
}

void ig_undo_all(ig_limit_table_t *t);

/* takes the lock, and puts right what a dead process left */
void ig_limits_lock(ig_limits_t *h);
void ig_limits_unlock(ig_limits_t *h);


static inline ig_any_t *
ig_cell(const ig_limit_table_t *t, uint32_t n)
{
    return (ig_any_t *) ((uintptr_t) t + t->cells_at) + n;
}

static inline uint32_t *
ig_index(const ig_limit_table_t *t, uint64_t hash)
{
    return (uint32_t *) ((uintptr_t) t + t->index_at)
           + ((uint32_t) hash & t->mask);
}

static inline uint32_t *
ig_tenants(const ig_limit_table_t *t, uint64_t hash)
{
    return (uint32_t *) ((uintptr_t) t + t->tenants_at)
           + ((uint32_t) hash & t->mask);
}

/* SipHash-2-4 (Aumasson, Bernstein, 2012) */
uint64_t ig_siphash(const uint64_t key[2], const void *data, size_t len);

uint32_t ig_cell_take(ig_limit_table_t *t, ig_cell_type_t type);
void ig_cell_give(ig_limit_table_t *t, uint32_t n);


/* --- the limits of a tenant, compiled --- */

typedef struct {
    const ig_limit_t  *limit;
    uint8_t            name[IG_DIGEST_SIZE];   /* of tenant and limit */
    uint32_t           tag;
    uint8_t            list;
    uint64_t           period;                 /* ns; GCRA, SLIDING */
} ig_limit_row_t;

typedef struct {
    size_t  first;
    size_t  n;
} ig_limit_rows_t;

struct ig_limiter_s {
    const ig_policy_t  *policy;
    ig_limit_rows_t    *tenants;
    ig_limit_row_t     *rows;
};

/* one counter that a request is to go through */
typedef struct {
    const ig_limit_row_t  *row;
    const ig_limit_t      *limit;
    uint32_t               number;     /* of the limit */
    uint32_t               cell;       /* or IG_NO_CELL */
    ig_country_t           country;    /* by jurisdiction */
    bool                   audit;      /* never refuses */
    bool                   leased;     /* admits from leases */
    bool                   alone;      /* would, but the store is gone */
    uint64_t               key[2];
    uint64_t               hash;       /* of key, for the index */
    uint64_t               amount;
    uint64_t               kept;
    uint64_t               rate;       /* GCRA: of a period */
    uint64_t               max;        /* GCRA: burst */
    uint64_t               cap;        /* of max, for this request */
    uint64_t               start;      /* calendar: its window, ns */
    uint64_t               end;
    uint64_t               ttl;        /* task, ns */
} ig_target_t;

typedef struct {
    const ig_limits_t         *h;
    const ig_limiter_t        *l;
    const ig_limit_request_t  *q;
    const ig_quota_t          *quota;
    const ig_limit_row_t      *rows;
    uint64_t                   now;
    uint64_t                   day[2];     /* ns; 0: not asked for yet */
    uint64_t                   month[2];
    size_t                     n;
    ig_target_t                targets[IG_LIMIT_COUNTERS];
} ig_targets_t;

/* everything but key, hash, cell and country, of the limit `number` */
void ig_target_limit(ig_targets_t *s, ig_target_t *g, uint32_t number);
/* the same by a counter; false: its limit is not (or no more) the tenant's */
bool ig_target_of(ig_targets_t *s, const ig_counter_t *c, ig_target_t *g)
    IG_MUST_CHECK;
void ig_targets_init(ig_targets_t *s, const ig_limits_t *h,
    const ig_limiter_t *l, const ig_limit_request_t *q, uint64_t now);

/* all counters of a request.  IG_ADMITTED: go on */
ig_admission_t ig_targets_make(ig_targets_t *s, uint32_t *missing,
    uint32_t *would) IG_MUST_CHECK;

uint64_t ig_limit_amount(const ig_limit_t *limit, const ig_amounts_t *a);
/* whether settling changes it */
bool ig_limit_settles(const ig_limit_t *limit);
void ig_limit_label(const ig_targets_t *s, const ig_target_t *g, ig_buf_t *b);

void *ig_names_new(void) IG_MUST_CHECK;
void ig_names_free(void *names);
/* sets key and hash of a target */
bool ig_names_key(const ig_targets_t *s, ig_target_t *g) IG_MUST_CHECK;
/* what a limit is by, one bit of limit->by at a time; of a jurisdiction's
   target, its code */
ig_str_t ig_names_value(const ig_targets_t *s, const ig_target_t *g,
    unsigned by);


/* --- algorithms --- */

typedef struct {
    uint64_t  used;
    uint64_t  own;             /* of this node; used: of a fleet */
    uint64_t  reset;           /* ns from now */
    bool      fits;            /* target's amount, under its cap */
    bool      never;
    bool      spent;
    uint64_t  wait;            /* ns, when it does not fit */
} ig_look_t;

/* changes nothing; c NULL: unused */
void ig_limit_look(const ig_limit_table_t *t, const ig_counter_t *c,
    const ig_target_t *g, uint64_t now, ig_look_t *out);
void ig_gcra_look(const ig_counter_t *c, const ig_target_t *g, uint64_t now,
    ig_look_t *out);
void ig_sliding_look(const ig_limit_table_t *t, const ig_counter_t *c,
    const ig_target_t *g, uint64_t now, ig_look_t *out);

/* counts an amount, whatever the maximum; IG_SET inside */
void ig_limit_add(ig_limit_table_t *t, ig_counter_t *c, const ig_target_t *g,
    uint64_t amount, uint64_t now);
void ig_gcra_add(ig_limit_table_t *t, ig_counter_t *c, const ig_target_t *g,
    uint64_t amount, uint64_t now);
void ig_sliding_add(ig_limit_table_t *t, ig_counter_t *c, const ig_target_t *g,
    uint64_t amount, uint64_t now);

/*
 * The clock was set back over a counter: its end is a window ahead from now on,
 * also when it refuses all the time.  With its commit.
 */
void ig_limit_mend(ig_limit_table_t *t, ig_counter_t *c, const ig_target_t *g,
    uint64_t now);

/* of an amount that was counted at seq, if that still counts */
void ig_limit_back(ig_limit_table_t *t, ig_counter_t *c, uint32_t seq,
    uint64_t amount);
void ig_sliding_back(ig_limit_table_t *t, ig_counter_t *c, uint32_t seq,
    uint64_t amount);

/* the level that is reached first now, or 0; marks it */
unsigned ig_limit_level(ig_limit_table_t *t, ig_counter_t *c, uint64_t used,
    uint64_t max);
void ig_limit_report(ig_limit_table_t *t, ig_counter_t *c, const ig_target_t *g,
    const ig_look_t *look, ig_limit_result_t *out);
void ig_limit_result_init(ig_limit_result_t *out);


/* --- counters --- */

uint32_t ig_counter_find(const ig_limit_table_t *t, const uint64_t key[2],
    uint64_t hash);
/* needs ig_counter_cells() free cells; IG_SET inside */
uint32_t ig_counter_make(ig_limit_table_t *t, const ig_targets_t *s,
    const ig_target_t *g);
uint32_t ig_counter_blank(ig_limit_table_t *t, const uint64_t key[2],
    uint64_t hash, uint64_t tenant, uint8_t list, uint8_t algorithm, bool info);
uint32_t ig_counter_cells(const ig_target_t *g);
void ig_counter_pin(ig_limit_table_t *t, uint32_t n);
void ig_counter_unpin(ig_limit_table_t *t, uint32_t n);

/* changes of their own, each with its commit */
void ig_counter_ensure(ig_limit_table_t *t, uint32_t cells, uint32_t named,
    uint64_t now);
bool ig_counter_room(const ig_limit_table_t *t, uint32_t cells, uint32_t named);
/* looks at up to n of a list; frees up to `most`; returns freed */
size_t ig_counter_evict(ig_limit_table_t *t, unsigned list, size_t n,
    size_t most, uint64_t now);


/* --- reservations --- */

uint32_t ig_held_cells(size_t entries);
uint32_t ig_held_make(ig_limit_table_t *t, uint32_t owner, size_t entries,
    uint64_t deadline);
ig_entry_t *ig_held_entry(const ig_limit_table_t *t, uint32_t head, size_t i);
uint32_t ig_held_find(const ig_limit_table_t *t, ig_reservation_t r);
/* gives the cells back; the entries have been dealt with */
void ig_held_free(ig_limit_table_t *t, uint32_t head);
/* ends as at death, with its commit */
void ig_held_end(ig_limit_table_t *t, uint32_t head, uint64_t now);
/* an entry leaves its counter; amount of it that stays counted */
void ig_entry_end(ig_limit_table_t *t, const ig_entry_t *e, uint64_t stays,
    bool leased, uint64_t now);


/* --- leases --- */

/* NULL: nothing was leased of it, and c may be NULL */
ig_info_t *ig_lease_info(const ig_limit_table_t *t, const ig_counter_t *c);
bool ig_lease_covers(const ig_limit_table_t *t, const ig_counter_t *c,
    uint64_t amount, uint64_t now);
void ig_lease_ask(const ig_limit_table_t *t, const ig_targets_t *s,
    const ig_target_t *g, uint64_t now, ig_limit_lease_t *out);
void ig_lease_alone(ig_limit_table_t *t, ig_counter_t *c, const ig_target_t *g,
    uint64_t now);
void ig_lease_take(ig_limit_table_t *t, ig_counter_t *c, uint64_t amount,
    uint64_t now);
void ig_lease_back(ig_limit_table_t *t, ig_counter_t *c, uint64_t amount,
    uint64_t now);
/* used beyond what was taken */
void ig_lease_over(ig_limit_table_t *t, ig_counter_t *c, uint64_t amount,
    uint64_t now);
/* of a counter with info: used beyond leases, in all */
void ig_lease_owe(ig_limit_table_t *t, ig_counter_t *c, uint64_t over);
/* the counter was set back: leases are gone, and this much is in flight */
void ig_lease_reset(ig_limit_table_t *t, ig_counter_t *c, uint64_t flying);
bool ig_lease_holds(const ig_limit_table_t *t, const ig_counter_t *c,
    uint64_t now);

/* the store has none: it is not asked again for a moment; with its commit */
void ig_lease_refused(ig_limit_table_t *t, ig_counter_t *c, uint64_t wait,
    uint64_t now);
/* ns, until it may be asked; 0: now */
uint64_t ig_lease_quiet(const ig_limit_table_t *t, const ig_counter_t *c,
    uint64_t now);

/* under the lock; leases: what the store said, or none */
void ig_reserve_locked(ig_limits_t *h, ig_targets_t *s,
    const ig_limit_lease_t *leases, size_t n, uint64_t deadline,
    ig_limit_result_t *out);

#endif /* IG_LIMIT_TABLE_H */

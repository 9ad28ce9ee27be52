/*
 * One reading of all rule files, while it lasts.
 *
 * Names may be used before they are defined, and in other files.  So reading
 * goes in this order, each step over all files:
 *
 *     digest.c     of all files' bytes, which also orders them
 *     file.c       bytes -> trees (yaml.c) -> sections
 *     stance.c     groups of countries
 *     pack.c       jurisdictions, laws
 *     detector.c   detectors
 *     endpoint.c   endpoints
 *     plan.c       plans (limit.c, terms.c), and what they inherit (standing.c)
 *     tenant.c     tenants
 *     rule.c       rules and transfers, which name all of the above
 *     stance.c     the other stances
 *     lint.c       what can be read and makes no sense
 *
 * In:       sources.     Out: the tables of l->policy.
 * Memory:   the policy's arena for what stays, scratch for trees.
 * Failure:  mistakes in the list.  Every function goes on after one, so that
 *           all are found, and a row with a mistake stays in its table, so that
 *           its name is known.  What a mistake leaves in doubt (`incomplete`,
 *           `misnamed`, `doubtful`) is not held against others: nothing is told
 *           twice.
 */

#ifndef IG_POLICY_LOAD_H
#define IG_POLICY_LOAD_H

#include <inference_guard/policy.h>

#include "keys.h"
#include "text.h"
#include "yaml.h"


/* one rule file: its sections, NULL where it has none */
typedef struct {
    const ig_source_t  *source;
    uint8_t             digest[IG_DIGEST_SIZE];
    const ig_yaml_t    *root;

    const ig_yaml_t    *version;
    const ig_yaml_t    *jurisdiction;
    const ig_yaml_t    *title;
    const ig_yaml_t    *law;
    const ig_yaml_t    *detectors;
    const ig_yaml_t    *transfers;
    const ig_yaml_t    *rules;
    const ig_yaml_t    *endpoints;
    const ig_yaml_t    *tenants;
    const ig_yaml_t    *plans;
    const ig_yaml_t    *policy;

    ig_str_t            title_text;
    uint32_t            pack;          /* or IG_NONE */
    bool                of_nobody;     /* it has a jurisdiction: which one
                                          cannot be said */
    unsigned            incomplete;    /* IG_NAMES_… that it may define */
} ig_file_t;

/* tables that others name rows of */
#define IG_NAMES_LAWS          0x01    /* of the same file */
#define IG_NAMES_DETECTORS     0x02
#define IG_NAMES_ENDPOINTS     0x04
#define IG_NAMES_TENANTS       0x08
#define IG_NAMES_PLANS         0x10
#define IG_NAMES_GROUPS        0x20
#define IG_NAMES_PACKS         0x40
#define IG_NAMES_ALL           0x7f

/* a name that has a mistake in it, as it was probably meant */
typedef struct {
    ig_str_t        meant;
    unsigned        names;
} ig_misnamed_t;

typedef struct {
    ig_str_t        name;
    ig_countries_t  members;
    ig_place_t      place;
} ig_group_t;

typedef struct ig_plan_s  ig_plan_t;        /* plan.h */
typedef struct ig_zones_s  ig_zones_t;      /* terms.c */

/* what a tenant is known by */
typedef struct {
    ig_str_t        value;
    bool            key;               /* or a subject */
    ig_str_t        tenant;
    ig_str_t        text;              /* as it is written */
    ig_place_t      place;
} ig_identified_t;

struct ig_load_s {
    ig_arena_t     *arena;
    ig_arena_t     *scratch;
    ig_mistakes_t  *mistakes;

    ig_file_t      *files;             /* by name, then digest */
    size_t          nfiles;
    /* IG_NAMES_…: a file or a section cannot be read, so what it defines is not
       known and nothing is said about unknown names of that kind */
    unsigned        incomplete;
    /* set when something was passed over silently, as it is reported already or
       may be in what cannot be read */
    bool            doubtful;
    ig_misnamed_t  *misnamed;
    size_t          nmisnamed;
    size_t          misnamed_cap;
    /* what is no mistake of a writer: no memory, no digest */
    bool            failed;

    ig_group_t     *groups;
    size_t          ngroups;
    ig_plan_t      *plans;             /* sorted by name */
    size_t          nplans;
    ig_zones_t     *zones;             /* those that were read */

    ig_identified_t *identities;
    size_t           nidentities;
    size_t           identities_cap;

    /* the tables of the policy while they are filled in */
    ig_policy_t    *policy;
    ig_pack_t      *packs;
    ig_law_t       *laws;
    bool           *law_used;
    bool           *marked;            /* a detector each, false between uses */
    ig_detector_t  *detectors;
    ig_rule_t      *rules;
    ig_endpoint_t  *endpoints;
    ig_tenant_t    *tenants;
};


/* digest.c */
bool ig_digest_sha256(const void *data, size_t len,
    uint8_t digest[IG_DIGEST_SIZE]) IG_MUST_CHECK;
/* sorts files by name, drops those given twice, makes the policy's digest */
void ig_load_digest(ig_load_t *l);

/* the steps, in the files of their names */
void ig_load_files(ig_load_t *l);
void ig_load_groups(ig_load_t *l);
void ig_load_packs(ig_load_t *l);
void ig_load_laws(ig_load_t *l);
void ig_load_detectors(ig_load_t *l);
void ig_load_endpoints(ig_load_t *l);
void ig_load_tenants(ig_load_t *l);
void ig_load_rules(ig_load_t *l);
void ig_load_tools(ig_load_t *l);
void ig_load_stances(ig_load_t *l);
void ig_load_lint(ig_load_t *l);


/*
 * Values (value.c).  Each reports what is wrong with a node and then gives
 * false; about an IG_YAML_BAD node nothing more is said.  Texts are copied to
 * the policy's arena.
 */
bool ig_value_is(ig_load_t *l, const ig_yaml_t *node, ig_yaml_kind_t kind,
    const char *what);
/* whether ig_value_text() would take it; reports nothing */
bool ig_value_sound(const ig_yaml_t *node);
/* one line, not empty */
bool ig_value_text(ig_load_t *l, const ig_yaml_t *node, ig_str_t *out);
bool ig_value_name(ig_load_t *l, const ig_yaml_t *node, ig_str_t *out);
/* the place in a NULL-terminated list of words */
bool ig_value_word(ig_load_t *l, const ig_yaml_t *node,
    const char *const *words, size_t *out);
bool ig_value_decimal(ig_load_t *l, const ig_yaml_t *node, unsigned digits,
    uint64_t max, const char *what, uint64_t *out);
bool ig_value_tier(ig_load_t *l, const ig_yaml_t *node, ig_tier_t *out);
bool ig_value_dialects(ig_load_t *l, const ig_yaml_t *node, unsigned *out);
bool ig_value_network(ig_load_t *l, const ig_yaml_t *node, ig_network_t *out);
/* without the bits beyond its prefix; at most 64 bytes */
void ig_network_print(const ig_network_t *n, ig_buf_t *out);
bool ig_value_currency(ig_load_t *l, const ig_yaml_t *node, char currency[4]);
bool ig_value_enforcement(ig_load_t *l, const ig_yaml_t *node, bool *audit);
/* a text or a list of texts, not empty */
bool ig_value_strs(ig_load_t *l, const ig_yaml_t *node, ig_strs_t *out);

/*
 * The values of "one or a list of": the node itself or its children, with
 * what cannot be taken reported and left out.  Count is 0 after a mistake.
 *     for (v = ig_value_items(l, node, &n); v; v = ig_value_next(node, v))
 */
const ig_yaml_t *ig_value_items(ig_load_t *l, const ig_yaml_t *node,
    size_t *n);
const ig_yaml_t *ig_value_next(const ig_yaml_t *node, const ig_yaml_t *item);

/* lint.c */
void ig_lint_weak(ig_load_t *l, const ig_detector_t *d);
void ig_lint_rule(ig_load_t *l, const ig_rule_t *r);
void ig_lint_plans(ig_load_t *l);          /* plan.c */
void ig_lint_same_rules(ig_load_t *l, const bool *broken);

/* condition.c */
void ig_condition_read(ig_load_t *l, const ig_yaml_t *node,
    ig_condition_t *c);
/* the rows of l->marked, which is then false again */
ig_rows_t ig_condition_marked(ig_load_t *l);

/* names.c: countries, groups, and names of other tables */
bool ig_value_country(ig_load_t *l, const ig_yaml_t *node, ig_country_t *out);
/* a country or a group; *country is the one, or unknown for a group */
bool ig_value_jurisdiction(ig_load_t *l, const ig_yaml_t *node,
    ig_countries_t *members, ig_country_t *country);
bool ig_value_countries(ig_load_t *l, const ig_yaml_t *node,
    ig_countries_t *out);
/* a name that another table does not have, with the nearest it has */
void ig_unknown_name(ig_load_t *l, const ig_yaml_t *node, unsigned names,
    const char *what, const ig_nearest_t *nearest);
/* keeps a name that has a mistake in it */
void ig_misnamed(ig_load_t *l, unsigned names, ig_str_t meant);
/* whether an unknown name (or glob) may be one of what cannot be read */
bool ig_maybe_defined(ig_load_t *l, unsigned names, ig_str_t wanted);
/* the same name twice, in whatever files */
void ig_already_defined(ig_load_t *l, const char *what, ig_str_t name,
    ig_place_t at, ig_place_t before);

/* for qsort() by name: orders what has the same one */
int ig_place_cmp(const ig_place_t *a, const ig_place_t *b);
int ig_rows_cmp(const void *one, const void *two);       /* uint32_t */
/* sorted rows without duplicates, copied to the policy's arena */
ig_rows_t ig_rows_set(ig_load_t *l, uint32_t *rows, size_t n);

/*
 * The rows that a list of names stands for.  `row` finds one, or tells the
 * mistake and gives IG_NONE; `what` is what an item is when it is no text.
 */
typedef uint32_t (*ig_row_pt)(ig_load_t *l, const ig_yaml_t *name,
    void *object);

ig_rows_t ig_names_rows(ig_load_t *l, const ig_yaml_t *value, const char *what,
    ig_row_pt row, void *object);

/* rows of a table for the children of one section in all files */
#define ig_load_count(l, section, total)                                      \
    do {                                                                      \
        size_t  i_;                                                           \
                                                                              \
        (total) = 0;                                                          \
                                                                              \
        for (i_ = 0; i_ < (l)->nfiles; i_++) {                                \
            if ((l)->files[i_].section) {                                     \
                (total) += (l)->files[i_].section->n;                         \
            }                                                                 \
        }                                                                     \
    } while (0)

#endif /* IG_POLICY_LOAD_H */

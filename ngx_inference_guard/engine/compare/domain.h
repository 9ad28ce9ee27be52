/*
 * The domain of a comparison in classes.
 *
 * Rules of both policies have one numbering, the old policy's first; rule r's
 * `when` is condition 2 r, its `unless` 2 r + 1.  What a set of findings, tools
 * and jurisdictions does is an effect: bits that can only be added.
 */

#ifndef IG_COMPARE_DOMAIN_H
#define IG_COMPARE_DOMAIN_H

#include <inference_guard/compare.h>


typedef enum {
    IG_SIDE_OLD,
    IG_SIDE_NEW
} ig_side_name_t;

/* one policy; bits of an effect */
typedef struct {
    const ig_policy_t  *policy;
    size_t              first;         /* its first rule */
    size_t              packs;         /* that apply, from this bit on */
    size_t              uncovered;     /* a jurisdiction that is refused */
    ig_countries_t      covered;       /* have a pack */
} ig_side_t;

/* values of one key that both policies treat alike, and one of them */
typedef struct {
    uint64_t         *holds;           /* conditions without that key, or whose
                                          key holds */
    uint64_t         *effect;
    uint64_t         *refuses;         /* models: rules whose `models` do */
    uint64_t         *serves;          /* models, dialects: endpoints */
    bool              refused[2];      /* by a stance */

    ig_str_t          text;            /* tenant, model, path */
    ig_country_t      country;
    ig_dialect_t      dialect;
    ig_reason_t       reason;
    unsigned          uninspectable;
} ig_class_t;

typedef struct {
    ig_class_t  *items;
    size_t       n;
} ig_classes_t;

typedef enum {
    IG_ITEM_FINDING,
    IG_ITEM_CLAIM,
    IG_ITEM_TOOL
} ig_item_kind_t;

/* what a request may have any number of */
typedef struct {
    ig_item_kind_t        kind;
    uint64_t             *effect;
    ig_compare_finding_t  finding;
    ig_country_t          country;
    ig_str_t              tool;
} ig_item_t;

/* endpoints that both policies treat alike, whatever the request */
typedef struct {
    uint32_t   row;
    uint64_t  *excluders;              /* rules that do not let it through */
    bool       confined[2];            /* is in the stance `uninspectable` */
} ig_place_class_t;

typedef struct {
    ig_arena_t        *arena;
    ig_side_t          side[2];
    size_t             rules;          /* of both */
    size_t             rule_words;
    size_t             condition_words;
    size_t             effect_words;
    size_t             endpoint_words;
    size_t             data;           /* bit of condition 0: its data was
                                          found */
    size_t             tools;          /* its tools were asked for */

    ig_classes_t       tenants;
    ig_classes_t       countries;
    ig_classes_t       readings;
    ig_classes_t       models;         /* the first asks for none */
    ig_classes_t       paths;
    ig_class_t         unread;         /* in place of a model */
    ig_item_t         *items;
    size_t             nitems;
    ig_place_class_t  *places;
    size_t             nplaces;
    uint64_t          *always;         /* effect: packs that always apply */
} ig_domain_t;

/*
 * `old` has the endpoints of `new`.  IG_ERROR: too many classes of strings, and
 * *bound says of what.
 */
ig_rc_t ig_domain_make(ig_domain_t *d, const ig_policy_t *old,
    const ig_policy_t *new, ig_arena_t *arena, const char **bound)
    IG_MUST_CHECK;

/* the items of domain_items.c: findings, claims, tools */
bool ig_domain_items(ig_domain_t *d);

const ig_rule_t *ig_domain_rule(const ig_domain_t *d, size_t rule,
    ig_side_name_t *side);
const ig_condition_t *ig_domain_condition(const ig_domain_t *d,
    size_t condition);

/* what it does that the law of a country applies */
void ig_domain_law(const ig_domain_t *d, ig_side_name_t side, ig_country_t c,
    uint64_t *effect);

#endif /* IG_COMPARE_DOMAIN_H */

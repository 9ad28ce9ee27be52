/*
 * Cases: requests with what shall be decided about them, in the folder tests
 * beside the rules.  The format is described in docs/decisions.md.
 *
 * In:       case files' bytes.
 * Out:      a list of cases; nothing in them has been looked up in a policy.
 * Memory:   the arena given.
 * Failure:  mistakes in the list, every one of a file.
 */

#ifndef IG_CLI_CASES_H
#define IG_CLI_CASES_H

#include <inference_guard/guard.h>


typedef enum {
    IG_EXPECT_VERDICT,
    IG_EXPECT_STATUS,
    IG_EXPECT_REASON,
    IG_EXPECT_DESTINATIONS,
    IG_EXPECT_OPERATORS,
    IG_EXPECT_RULES,
    IG_EXPECT_FINDINGS,
    IG_EXPECT_FLAGS,
    IG_EXPECT_WOULD,
    IG_EXPECTS
} ig_expect_key_t;

const char *ig_expect_name(ig_expect_key_t k);

typedef struct {
    bool       given;
    ig_strs_t  values;         /* one for what is no list */
} ig_expect_t;

typedef struct {
    ig_place_t      place;
    ig_str_t        name;
    ig_str_t        tenant;           /* by name, or empty */
    ig_country_t    home;             /* of a tenant made for it, or unknown */
    ig_country_t    client_country;
    ig_str_t        claim;
    ig_request_t    request;
    ig_str_t        endpoints;        /* YAML of the map; empty: one a country */
    bool            own_endpoints;    /* those of the rule files */
    ig_str_t        policy;           /* YAML of the map; empty: none */
    ig_expect_t     expect[IG_EXPECTS];
} ig_case_t;

typedef struct ig_case_item_s  ig_case_item_t;

struct ig_case_item_s {
    ig_case_item_t  *next;
    ig_case_t        test;
};

typedef struct {
    ig_arena_t       *arena;
    ig_case_item_t   *first;
    ig_case_item_t  **last;
} ig_cases_t;

void ig_cases_read(ig_cases_t *c, const ig_source_t *file,
    ig_mistakes_t *mistakes);

#endif /* IG_CLI_CASES_H */

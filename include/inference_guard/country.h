/*
 * Countries as ISO 3166-1 codes, and sets of them.
 *
 * A country is a small number, the place of its alpha-2 code in the sorted
 * list of the standard; 0 is "unknown" and printed as ZZ (a user-assigned
 * code of the standard).  A set holds any of them in 256 bits.
 *
 * Source of the list: ISO 3166-1, officially assigned codes, and XK, the
 * user-assigned code in common use for Kosovo.
 */

#ifndef INFERENCE_GUARD_COUNTRY_H
#define INFERENCE_GUARD_COUNTRY_H

#include <inference_guard/base.h>


typedef uint16_t  ig_country_t;

#define IG_COUNTRY_UNKNOWN     0
#define IG_COUNTRY_SET_WORDS   4

typedef struct {
    uint64_t  bits[IG_COUNTRY_SET_WORDS];
} ig_countries_t;

/* IG_COUNTRY_UNKNOWN when it is not an assigned alpha-2 code, in capitals */
ig_country_t ig_country_parse(ig_str_t alpha2);
/* two letters, always valid */
ig_str_t ig_country_code(ig_country_t c);
/* number of countries, unknown included: valid values are below it */
size_t ig_country_count(void);

ig_countries_t ig_countries_none(void);
ig_countries_t ig_countries_all(void);         /* every known country */
void ig_countries_add(ig_countries_t *s, ig_country_t c);
bool ig_countries_has(const ig_countries_t *s, ig_country_t c);
void ig_countries_union(ig_countries_t *s, const ig_countries_t *other);
void ig_countries_intersect(ig_countries_t *s, const ig_countries_t *other);
bool ig_countries_subset(const ig_countries_t *s, const ig_countries_t *of);
bool ig_countries_empty(const ig_countries_t *s);
bool ig_countries_eq(const ig_countries_t *a, const ig_countries_t *b);
size_t ig_countries_size(const ig_countries_t *s);

/*
 * The first country of the set at or after `from`, or IG_COUNTRY_UNKNOWN:
 *     for (c = ig_countries_next(&s, 1); c; c = ig_countries_next(&s, c + 1))
 */
ig_country_t ig_countries_next(const ig_countries_t *s, ig_country_t from);

/*
 * Groups known without a policy: EU, EEA, GCC.  False when the name is none
 * of them.  Sources: Treaty on European Union, members as of 2020-02-01; EEA
 * Agreement (the EU with IS, LI, NO); Charter of the Gulf Cooperation Council
 * (AE, BH, KW, OM, QA, SA).
 */
bool ig_country_group(ig_str_t name, ig_countries_t *out);

#endif /* INFERENCE_GUARD_COUNTRY_H */

/*
 * What can be read and still makes no sense: rules that can never match or
 * never matter are errors, as their writer believes that they protect; rule.c
 * asks about each rule that could be read without a mistake.
 * Warnings are few, so that they are read.
 */

#include "load.h"

#include <stdlib.h>
#include <string.h>


static bool
ig_lint_rows_subset(ig_rows_t a, ig_rows_t of)
{
    size_t  i, k;

    for (i = 0, k = 0; i < a.n; i++) {

        while (k < of.n && of.items[k] < a.items[i]) {
            k++;
        }

        if (k == of.n || of.items[k] != a.items[i]) {
            return false;
        }
    }

    return true;
}


static bool
ig_lint_rows_disjoint(ig_rows_t a, ig_rows_t b)
{
    size_t  i, k;

    for (i = 0, k = 0; i < a.n && k < b.n; /* void */ ) {

        if (a.items[i] == b.items[k]) {
            return false;
        }

        if (a.items[i] < b.items[k]) {
            i++;

        } else {
            k++;
        }
    }

    return true;
}


/*
 * Whether every text that one of `a` matches is matched by one of `of`.  A glob
 * that matches the text of another, star by star, matches all that it does; so
 * yes is certain, and no may be a yes.
 */

static bool
ig_lint_globs_subset(ig_strs_t a, ig_strs_t of)
{
    size_t  i, k;

    for (i = 0; i < a.n; i++) {

        for (k = 0; k < of.n; k++) {
            if (ig_glob_match(of.items[k], a.items[i])) {
                break;
            }
        }

        if (k == of.n) {
            return false;
        }
    }

    return true;
}


/* whether the exception holds whenever the condition does */

static bool
ig_lint_implied(const ig_condition_t *when, const ig_condition_t *unless)
{
    unsigned  keys;

    keys = unless->keys;

    if (keys == 0 || (keys & ~when->keys)) {
        return false;
    }

    return (!(keys & IG_WHEN_DATA)
            || (ig_lint_rows_subset(when->data, unless->data)
                && when->score >= unless->score))
        && (!(keys & IG_WHEN_MODEL)
            || ig_lint_globs_subset(when->models, unless->models))
        && (!(keys & IG_WHEN_TENANT)
            || ig_lint_rows_subset(when->tenants, unless->tenants))
        && (!(keys & IG_WHEN_COUNTRY)
            || ig_countries_subset(&when->countries, &unless->countries))
        && (!(keys & IG_WHEN_DIALECT)
            || (when->dialects & ~unless->dialects) == 0)
        && (!(keys & IG_WHEN_TOOLS)
            || ig_lint_globs_subset(when->tools, unless->tools))
        && (!(keys & IG_WHEN_PATH)
            || ig_lint_globs_subset(when->paths, unless->paths));
}


/* whether both ask about one fact and share no value of it */

static bool
ig_lint_disjoint(const ig_condition_t *when, const ig_condition_t *unless)
{
    unsigned        both;
    ig_countries_t  countries;

    both = when->keys & unless->keys;

    countries = when->countries;
    ig_countries_intersect(&countries, &unless->countries);

    return ((both & IG_WHEN_TENANT)
            && ig_lint_rows_disjoint(when->tenants, unless->tenants))
        || ((both & IG_WHEN_COUNTRY) && ig_countries_empty(&countries))
        || ((both & IG_WHEN_DIALECT)
            && (when->dialects & unless->dialects) == 0);
}


/* weak forms that score what the others do */

void
ig_lint_weak(ig_load_t *l, const ig_detector_t *d)
{
    if (d->weak.len == 0) {
        return;
    }

    if (d->validator.len == 0) {
        ig_mistakes_error(l->mistakes, d->weak_place,
                          "weak has no effect without a validator: every match "
                          "has the score of its shape");
        return;
    }

    if (d->score_shape >= d->score_validated) {
        ig_mistakes_error(l->mistakes, d->weak_place,
                          "weak has no effect: score.shape, 0.%03u, is not "
                          "below score.validated, 0.%03u", d->score_shape,
                          d->score_validated);
    }
}


void
ig_lint_rule(ig_load_t *l, const ig_rule_t *r)
{
    if (ig_lint_implied(&r->when, &r->unless)) {
        ig_mistakes_error(l->mistakes, r->place,
                          "the rule can never apply: its unless holds whenever "
                          "its when does");
        return;
    }

    if (ig_lint_disjoint(&r->when, &r->unless)) {
        ig_mistakes_error(l->mistakes, r->place,
                          "the exception can never hold: unless and when name "
                          "nothing in common");
    }
}


static int
ig_lint_strs_cmp(ig_strs_t a, ig_strs_t b)
{
    int     rc;
    size_t  i;

    if (a.n != b.n) {
        return a.n < b.n ? -1 : 1;
    }

    for (i = 0; i < a.n; i++) {

        rc = ig_str_cmp(a.items[i], b.items[i]);
        if (rc != 0) {
            return rc;
        }
    }

    return 0;
}


static int
ig_lint_rows_cmp(ig_rows_t a, ig_rows_t b)
{
    if (a.n != b.n) {
        return a.n < b.n ? -1 : 1;
    }

    return a.n ? memcmp(a.items, b.items, a.n * sizeof(uint32_t)) : 0;
}


static int
ig_lint_condition_cmp(const ig_condition_t *a, const ig_condition_t *b)
{
    int  rc;

    if (a->keys != b->keys) {
        return a->keys < b->keys ? -1 : 1;
    }

    if (a->score != b->score) {
        return a->score < b->score ? -1 : 1;
    }

    if (a->dialects != b->dialects) {
        return a->dialects < b->dialects ? -1 : 1;
    }

    rc = memcmp(&a->countries, &b->countries, sizeof(ig_countries_t));
    rc = rc ? rc : ig_lint_rows_cmp(a->data, b->data);
    rc = rc ? rc : ig_lint_rows_cmp(a->tenants, b->tenants);
    rc = rc ? rc : ig_lint_strs_cmp(a->models, b->models);
    rc = rc ? rc : ig_lint_strs_cmp(a->tools, b->tools);

    return rc ? rc : ig_lint_strs_cmp(a->paths, b->paths);
}


static int
ig_lint_rule_cmp(const ig_rule_t *a, const ig_rule_t *b)
{
    int  rc;

    if (a->pack != b->pack) {
        return a->pack < b->pack ? -1 : 1;
    }

    if (a->effects != b->effects) {
        return a->effects < b->effects ? -1 : 1;
    }

    if (a->audit != b->audit) {
        return a->audit ? 1 : -1;
    }

    rc = memcmp(&a->destinations, &b->destinations, sizeof(ig_countries_t));
    rc = rc ? rc : memcmp(&a->operators, &b->operators,
                          sizeof(ig_countries_t));
    rc = rc ? rc : ig_lint_strs_cmp(a->models, b->models);
    rc = rc ? rc : ig_lint_strs_cmp(a->flags, b->flags);
    rc = rc ? rc : ig_lint_condition_cmp(&a->when, &b->when);

    return rc ? rc : ig_lint_condition_cmp(&a->unless, &b->unless);
}


static int
ig_lint_pointer_cmp(const void *one, const void *two)
{
    int               rc;
    const ig_rule_t  *a, *b;

    a = *(const ig_rule_t *const *) one;
    b = *(const ig_rule_t *const *) two;

    rc = ig_lint_rule_cmp(a, b);

    return rc ? rc : ig_place_cmp(&a->place, &b->place);
}


void
ig_lint_same_rules(ig_load_t *l, const bool *broken)
{
    size_t             i, n;
    const ig_rule_t  **sorted;

    sorted = ig_arena_alloc(l->scratch,
                            l->policy->nrules * sizeof(ig_rule_t *));
    if (sorted == NULL) {
        return;
    }

    n = 0;

    for (i = 0; i < l->policy->nrules; i++) {
        if (!broken[i]) {
            sorted[n++] = &l->rules[i];
        }
    }

    qsort(sorted, n, sizeof(ig_rule_t *), ig_lint_pointer_cmp);

    for (i = 1; i < n; i++) {
        if (ig_lint_rule_cmp(sorted[i - 1], sorted[i]) == 0) {
            ig_mistakes_error(l->mistakes, sorted[i]->place,
                              "the rule says the same as \"%s\" in line %u, so "
                              "it can never matter",
                              ig_text_show(sorted[i - 1]->id).text,
                              sorted[i - 1]->place.line);
        }
    }
}


static int
ig_lint_upstream_cmp(const void *one, const void *two)
{
    int                   rc;
    const ig_endpoint_t  *a, *b;

    a = *(const ig_endpoint_t *const *) one;
    b = *(const ig_endpoint_t *const *) two;

    rc = ig_str_cmp(a->upstream, b->upstream);

    return rc ? rc : ig_str_cmp(a->name, b->name);
}


/* one upstream in two countries: one of its endpoints tells a lie */

static void
ig_lint_upstreams(ig_load_t *l)
{
    size_t                 i, n;
    const ig_endpoint_t   *a, *b;
    const ig_endpoint_t  **sorted;

    n = l->policy->nendpoints;

    sorted = ig_arena_alloc(l->scratch, n * sizeof(ig_endpoint_t *));
    if (sorted == NULL) {
        return;
    }

    for (i = 0; i < n; i++) {
        sorted[i] = &l->endpoints[i];
    }

    qsort(sorted, n, sizeof(ig_endpoint_t *), ig_lint_upstream_cmp);

    for (i = 1; i < n; i++) {

        a = sorted[i - 1];
        b = sorted[i];

        if (b->upstream.len == 0 || !ig_str_eq(a->upstream, b->upstream)
            || !a->country || !b->country || ig_countries_empty(&a->operators)
            || ig_countries_empty(&b->operators))
        {
            continue;
        }

        if (a->country != b->country
            || !ig_countries_eq(&a->operators, &b->operators)
            || !ig_str_eq(a->scheme, b->scheme))
        {
            ig_mistakes_error(l->mistakes, b->upstream_place,
                              "upstream \"%s\" is also of endpoint \"%s\", "
                              "with another country, operators or scheme; one of "
                              "them is wrong", ig_text_show(b->upstream).text,
                              ig_text_show(a->name).text);
        }
    }
}


/* the score that a finding of this detector can have at best */

static unsigned
ig_lint_best_score(const ig_detector_t *d)
{
    unsigned  best;

    best = d->validator.len ? d->score_validated : d->score_shape;

    if (d->validator.len && d->unofficial && d->score_shape > best) {
        best = d->score_shape;
    }

    if (d->context.n && d->score_context > best) {
        best = d->score_context;
    }

    return best;
}


static void
ig_lint_detectors(ig_load_t *l)
{
    size_t                i;
    unsigned              best, least;
    const ig_rule_t      *r;
    const ig_detector_t  *d;

    /* the lowest score that any rule asks for */

    least = IG_SCORE_DEFAULT;

    for (i = 0; i < l->policy->nrules; i++) {

        r = &l->rules[i];

        if ((r->when.keys & IG_WHEN_DATA) && r->when.score < least) {
            least = r->when.score;
        }
    }

    for (i = 0; i < l->policy->ndetectors; i++) {

        d = &l->detectors[i];
        best = ig_lint_best_score(d);

        if (best < least) {
            ig_mistakes_warning(l->mistakes, d->place,
                                "a finding scores at most 0.%03u, and no rule "
                                "counts less than 0.%03u; add a validator, "
                                "context words or a higher score", best, least);
        }
    }
}


static void
ig_lint_packs(ig_load_t *l)
{
    size_t            i;
    bool              any;
    const ig_rule_t  *r;

    any = false;

    for (i = 0; i < l->policy->npacks; i++) {
        any = any || !l->packs[i].everywhere;
    }

    if (!any) {
        ig_mistakes_warning(l->mistakes, (ig_place_t) { NULL, 0, 0 },
                            "no rule file has a jurisdiction, so the law of no "
                            "country is known");
    }

    for (i = 0; i < l->policy->nrules; i++) {

        r = &l->rules[i];

        if (r->transfers && !ig_countries_subset(&l->packs[r->pack].members,
                                                 &r->destinations))
        {
            ig_mistakes_warning(l->mistakes, r->place,
                                "the allowed transfers leave out the "
                                "jurisdiction itself: its data may not stay "
                                "at home");
        }
    }
}


static void
ig_lint_warnings(ig_load_t *l)
{
    size_t              i;
    const ig_tenant_t  *t;

    for (i = 0; i < l->policy->nlaws; i++) {
        if (!l->law_used[i]) {
            ig_mistakes_warning(l->mistakes, l->laws[i].place,
                                "no rule rests on the law \"%s\"",
                                ig_text_show(l->laws[i].id).text);
        }
    }

    for (i = 0; i < l->policy->nendpoints; i++) {
        if (l->endpoints[i].naddresses == 0) {
            ig_mistakes_warning(l->mistakes, l->endpoints[i].place,
                                "endpoint \"%s\" has no addresses: where it "
                                "really is will be recorded as unverified",
                                ig_text_show(l->endpoints[i].name).text);
        }
    }

    for (i = 0; i < l->policy->ntenants; i++) {

        t = &l->tenants[i];

        if (t->nkeys == 0 && t->subjects.n == 0
            && l->policy->stances.unknown_tenant != i)
        {
            ig_mistakes_warning(l->mistakes, t->place,
                                "tenant \"%s\" has neither keys nor subjects, "
                                "so no request can be known as its",
                                ig_text_show(t->name).text);
        }
    }
}


void
ig_load_lint(ig_load_t *l)
{
    ig_lint_upstreams(l);

    /* what could not be read is no ground for a warning */

    if (ig_mistakes_errors(l->mistakes) != 0) {
        return;
    }

    ig_lint_packs(l);
    ig_lint_detectors(l);
    ig_lint_plans(l);
    ig_lint_warnings(l);
}

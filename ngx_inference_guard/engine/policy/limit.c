/*
 * One limit of a plan or of a tenant: what can be counted in which span, what
 * follows from that, and what could never work as written.
 */

#include "plan.h"

#include <stdio.h>
#include <string.h>


static const struct {
    const char  *of;           /* as it is written */
    const char  *name;         /* as the limit's name begins */
    unsigned     per;          /* allowed: bits of ig_limit_per_t */
    const char  *spans;        /* the same in words */
    uint64_t     max;
    unsigned     digits;       /* of max, behind the point */
    const char  *form;         /* of max, in words */
} ig_limit_kinds[IG_LIMIT_KINDS] = {
#define IG_SPAN(s)    (1u << IG_PER_ ## s)
#define IG_BUDGETS    (IG_SPAN(MINUTE)|IG_SPAN(HOUR)|IG_SPAN(DAY)             \
                       |IG_SPAN(MONTH)|IG_SPAN(TASK))
#define IG_BUDGET_SPANS  "minute, hour, day, month or task"
#define IG_TOKENS        IG_BUDGETS, IG_BUDGET_SPANS, IG_LIMIT_MAX_TOKENS, 0, \
                         "a whole number from 1 to 1000000000000000"

    [IG_LIMIT_REQUESTS]   = { "requests", "requests",
                              IG_SPAN(SECOND)|IG_SPAN(MINUTE)|IG_SPAN(HOUR)
                              |IG_SPAN(DAY)|IG_SPAN(MONTH),
                              "second, minute, hour, day or month",
                              IG_LIMIT_MAX_REQUESTS, 0,
                              "a whole number from 1 to 1000000000" },
    [IG_LIMIT_CONCURRENT] = { "concurrent", "concurrent",
                              IG_SPAN(NONE), "",
                              IG_LIMIT_MAX_REQUESTS, 0,
                              "a whole number from 1 to 1000000000" },
    [IG_LIMIT_TOKENS]     = { "tokens", "tokens", IG_TOKENS },
    [IG_LIMIT_TOKENS_IN]  = { "input_tokens", "input_tokens", IG_TOKENS },
    [IG_LIMIT_TOKENS_OUT] = { "output_tokens", "output_tokens", IG_TOKENS },
    [IG_LIMIT_COST]       = { "cost", "cost", IG_BUDGETS, IG_BUDGET_SPANS,
                              IG_LIMIT_MAX_COST, 9,
                              "a decimal above 0, up to 1000000000, with up to "
                              "nine digits behind the point, as 0.5" },
    [IG_LIMIT_CALLS]      = { "calls", "calls", IG_SPAN(TASK), "task",
                              IG_LIMIT_MAX_REQUESTS, 0,
                              "a whole number from 1 to 1000000000" },

#undef IG_TOKENS
};

/* in the order of ig_limit_per_t, which begins with none */
static const char *const  ig_limit_spans[] = {
    "second", "minute", "hour", "day", "month", "task", NULL
};

/* in the order of the bits IG_BY_… */
static const char *const  ig_limit_keys[] = {
    "model", "endpoint", "jurisdiction", "key", "user", "task", NULL
};

/* a part of max that a node of a fleet takes at once, without a word */
#define IG_LIMIT_LEASES   20


/* a limit while its keys are read: what depends on another waits */
typedef struct {
    ig_limit_t        limit;
    bool              known;           /* `of` is */
    const ig_yaml_t  *per;
    const ig_yaml_t  *max;
    const ig_yaml_t  *burst;
    const ig_yaml_t  *by;
    const ig_yaml_t  *currency;
    const ig_yaml_t  *lease;
} ig_limit_read_t;


static void
ig_limit_of(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t            i, word;
    const char       *words[IG_LIMIT_KINDS + 1];
    ig_limit_read_t  *r = object;

    for (i = 0; i < IG_LIMIT_KINDS; i++) {
        words[i] = ig_limit_kinds[i].of;
    }

    words[i] = NULL;

    if (ig_value_word(l, value, words, &word)) {
        r->limit.of = (ig_limit_kind_t) word;
        r->known = true;
    }
}


#define IG_LIMIT_LATER(key)                                                   \
    static void                                                               \
    ig_limit_ ## key(ig_load_t *l, const ig_yaml_t *value, void *object)      \
    {                                                                         \
        (void) l;                                                             \
        ((ig_limit_read_t *) object)->key = value;                            \
    }

IG_LIMIT_LATER(per)
IG_LIMIT_LATER(max)
IG_LIMIT_LATER(burst)
IG_LIMIT_LATER(by)
IG_LIMIT_LATER(currency)
IG_LIMIT_LATER(lease)


static void
ig_limit_enforcement(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_enforcement(l, value,
                                &((ig_limit_read_t *) object)->limit.audit);
}


static const ig_key_t  ig_limit_table[] = {
    { "of", true, ig_limit_of },
    { "per", false, ig_limit_per },
    { "max", true, ig_limit_max },
    { "burst", false, ig_limit_burst },
    { "by", false, ig_limit_by },
    { "currency", false, ig_limit_currency },
    { "lease", false, ig_limit_lease },
    { "enforcement", false, ig_limit_enforcement },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_limit = { "limit", "a limit", ig_limit_table };


static bool
ig_limit_read_per(ig_load_t *l, const ig_yaml_t *node, ig_limit_read_t *r)
{
    size_t       word;
    unsigned     allowed;
    ig_limit_t  *m = &r->limit;

    allowed = ig_limit_kinds[m->of].per;

    if (r->per == NULL) {

        if (allowed & IG_SPAN(NONE)) {
            return true;
        }

        if (!ig_object_has(&ig_object_limit, node, "per")) {
            ig_mistakes_error(l->mistakes, node->place,
                              "a limit of %s needs the key \"per\": %s",
                              ig_limit_kinds[m->of].of,
                              ig_limit_kinds[m->of].spans);
        }

        return false;
    }

    if (!ig_value_word(l, r->per, ig_limit_spans, &word)) {
        return false;
    }

    m->per = (ig_limit_per_t) (word + IG_PER_SECOND);

    if (allowed & 1u << m->per) {
        return true;
    }

    if (m->of == IG_LIMIT_CONCURRENT) {
        ig_mistakes_error(l->mistakes, r->per->place,
                          "concurrent requests are counted while they run, in "
                          "no span of time; leave \"per\" out");

    } else if (m->of == IG_LIMIT_REQUESTS) {
        ig_mistakes_error(l->mistakes, r->per->place,
                          "requests of a task are limited by \"of: calls\"");

    } else {
        ig_mistakes_error(l->mistakes, r->per->place,
                          "%s cannot be limited per %s; write per %s",
                          ig_limit_kinds[m->of].of, ig_limit_spans[word],
                          ig_limit_kinds[m->of].spans);
    }

    return false;
}


static ig_limit_algorithm_t
ig_limit_algorithm(const ig_limit_t *m)
{
    switch (m->per) {

    case IG_PER_NONE:
        return IG_ALGORITHM_SLOTS;

    case IG_PER_TASK:
        return IG_ALGORITHM_TASK;

    case IG_PER_DAY:
    case IG_PER_MONTH:
        return IG_ALGORITHM_CALENDAR;

    default:
        return m->of == IG_LIMIT_REQUESTS ? IG_ALGORITHM_GCRA
                                          : IG_ALGORITHM_SLIDING;
    }
}


/* a max or a lease, in the units of the kind */

static bool
ig_limit_amount(ig_load_t *l, const ig_limit_t *m, const ig_yaml_t *node,
    const char *key, uint64_t *out)
{
    char  what[160];

    (void) snprintf(what, sizeof(what), "the %s of a limit of %s; write %s",
                    key, ig_limit_kinds[m->of].of, ig_limit_kinds[m->of].form);

    if (!ig_value_decimal(l, node, ig_limit_kinds[m->of].digits,
                          ig_limit_kinds[m->of].max, what, out))
    {
        return false;
    }

    if (*out == 0) {
        ig_mistakes_error(l->mistakes, node->place,
                          "a %s of 0 admits nothing, ever; to refuse all of a "
                          "tenant's requests write a rule with \"block\"", key);
        return false;
    }

    return true;
}


static bool
ig_limit_read_burst(ig_load_t *l, ig_limit_read_t *r)
{
    ig_limit_t  *m = &r->limit;

    if (m->algorithm != IG_ALGORITHM_GCRA) {

        if (r->burst) {
            ig_mistakes_error(l->mistakes, r->burst->place,
                              "a burst belongs to requests per second, minute "
                              "or hour; this limit has no rate");
        }

        return r->burst == NULL;
    }

    if (r->burst == NULL) {
        m->burst = m->max < IG_LIMIT_MAX_BURST ? m->max : IG_LIMIT_MAX_BURST;
        return true;
    }

    if (!ig_value_decimal(l, r->burst, 0, IG_LIMIT_MAX_BURST,
                          "a burst; write a whole number from 1 to 1000000",
                          &m->burst))
    {
        return false;
    }

    if (m->burst == 0) {
        ig_mistakes_error(l->mistakes, r->burst->place,
                          "a burst of 0 admits nothing, ever; 1 is the least");
    }

    return m->burst != 0;
}


static bool
ig_limit_read_by(ig_load_t *l, ig_limit_read_t *r)
{
    bool              ok;
    size_t            n, word;
    ig_limit_t       *m = &r->limit;
    const ig_yaml_t  *v;

    ok = true;

    if (m->per == IG_PER_TASK) {
        m->by = IG_BY_TASK;
    }

    if (r->by == NULL) {
        return true;
    }

    v = ig_value_items(l, r->by, &n);
    ok = (v != NULL);

    for ( /* void */ ; v; v = ig_value_next(r->by, v)) {

        if (!ig_value_word(l, v, ig_limit_keys, &word)) {
            ok = false;
            continue;
        }

        if (m->per == IG_PER_TASK && 1u << word == IG_BY_TASK) {
            ig_mistakes_error(l->mistakes, v->place,
                              "\"per: task\" counts each task for itself "
                              "already; leave task out of \"by\"");
            ok = false;
        }

        m->by |= 1u << word;
    }

    return ok;
}


/* an endpoint without a price in that currency would be free */

static bool
ig_limit_priced(ig_load_t *l, const ig_limit_t *m, const ig_yaml_t *at)
{
    size_t                i;
    const ig_endpoint_t  *e;

    for (i = 0; i < l->policy->nendpoints; i++) {

        e = &l->policy->endpoints[i];

        /* with a mistake its country is unknown */

        if (e->country == IG_COUNTRY_UNKNOWN
            || (e->priced && memcmp(e->currency, m->currency, 4) == 0))
        {
            continue;
        }

        if (e->priced) {
            ig_mistakes_error(l->mistakes, at->place,
                              "the price of endpoint \"%s\" is in %s: its "
                              "requests would cost nothing in %s; state all "
                              "prices in one currency",
                              ig_text_show(e->name).text, e->currency,
                              m->currency);

        } else {
            ig_mistakes_error(l->mistakes, at->place,
                              "endpoint \"%s\" has no price: its requests "
                              "would cost nothing; give it one in %s, of 0 if "
                              "it is free", ig_text_show(e->name).text,
                              m->currency);
        }

        return false;
    }

    return true;
}


static bool
ig_limit_read_currency(ig_load_t *l, const ig_yaml_t *node, ig_limit_read_t *r)
{
    ig_limit_t  *m = &r->limit;

    if (m->of != IG_LIMIT_COST) {

        if (r->currency) {
            ig_mistakes_error(l->mistakes, r->currency->place,
                              "%s have no currency; only \"of: cost\" has one",
                              ig_limit_kinds[m->of].of);
        }

        return r->currency == NULL;
    }

    if (r->currency) {
        return ig_value_currency(l, r->currency, m->currency);
    }

    if (!ig_object_has(&ig_object_limit, node, "currency")) {
        ig_mistakes_error(l->mistakes, node->place,
                          "a limit of cost needs the key \"currency\", as USD");
    }

    return false;
}


/* the most that may lie with one node of a fleet */

static bool
ig_limit_read_lease(ig_load_t *l, ig_limit_read_t *r)
{
    uint64_t     most;
    ig_limit_t  *m = &r->limit;

    most = m->algorithm == IG_ALGORITHM_GCRA ? m->burst : m->max;

    if (r->lease == NULL) {
        m->lease = most > IG_LIMIT_LEASES ? most / IG_LIMIT_LEASES : 1;
        return true;
    }

    if (!ig_limit_amount(l, m, r->lease, "lease", &m->lease)) {
        return false;
    }

    if (m->lease > most) {
        ig_mistakes_error(l->mistakes, r->lease->place,
                          "a lease larger than the limit's %s could never be "
                          "had", m->algorithm == IG_ALGORITHM_GCRA ? "burst"
                                                                   : "max");
        return false;
    }

    return true;
}


/* "cost USD/month by model+key" */

static ig_str_t
ig_limit_name(ig_load_t *l, const ig_limit_t *m)
{
    size_t    i;
    bool      any;
    char      text[128];
    ig_buf_t  b;

    ig_buf_fixed(&b, text, sizeof(text));
    ig_buf_printf(&b, "%s", ig_limit_kinds[m->of].name);

    if (m->currency[0]) {
        ig_buf_printf(&b, " %s", m->currency);
    }

    if (m->per != IG_PER_NONE) {
        ig_buf_printf(&b, "/%s", ig_limit_spans[m->per - IG_PER_SECOND]);
    }

    any = false;

    for (i = 0; ig_limit_keys[i]; i++) {

        if ((m->by & 1u << i)
            && !(m->per == IG_PER_TASK && 1u << i == IG_BY_TASK))
        {
            ig_buf_printf(&b, "%s%s", any ? "+" : " by ", ig_limit_keys[i]);
            any = true;
        }
    }

    return ig_arena_strdup(l->arena, (ig_str_t) { b.data, b.len });
}


/* burst and lease, which depend on max, or not even that */

static void
ig_limit_read_rest(ig_load_t *l, ig_limit_read_t *r, bool remove, bool counted)
{
    uint64_t  n;

    if (remove) {

        if (r->burst || r->lease) {
            ig_mistakes_error(l->mistakes, r->max->place,
                              "\"max: none\" takes an inherited limit away, so "
                              "it has neither burst nor lease");
        }

        return;
    }

    if (ig_limit_read_burst(l, r) && counted) {
        (void) ig_limit_read_lease(l, r);

    } else if (r->lease) {
        (void) ig_limit_amount(l, &r->limit, r->lease, "lease", &n);
    }
}


bool
ig_limit_read(ig_load_t *l, const ig_yaml_t *node, ig_term_t *out)
{
    bool             spanned, counted;
    size_t           errors;
    ig_limit_read_t  r;

    memset(&r, 0, sizeof(ig_limit_read_t));
    memset(out, 0, sizeof(ig_term_t));

    errors = ig_mistakes_errors(l->mistakes);

    r.limit.place = node->place;
    r.limit.batch = IG_SHARE_ALL;

    if (!ig_object_read(l, &ig_object_limit, node, &r) || !r.known) {
        return false;
    }

    spanned = ig_limit_read_per(l, node, &r);
    r.limit.algorithm = ig_limit_algorithm(&r.limit);

    if (!ig_limit_read_by(l, &r)) {
        l->doubtful = true;
    }

    out->remove = r.max && r.max->kind == IG_YAML_TEXT
                  && ig_str_eq(r.max->text, IG_STR("none"));

    if (ig_limit_read_currency(l, node, &r) && r.limit.of == IG_LIMIT_COST
        && !out->remove)
    {
        (void) ig_limit_priced(l, &r.limit, r.currency);
    }

    counted = r.max && !out->remove
              && ig_limit_amount(l, &r.limit, r.max, "max", &r.limit.max);

    if (spanned) {
        ig_limit_read_rest(l, &r, out->remove, counted);
    }

    if (!spanned || (!counted && !out->remove) || l->doubtful
        || ig_mistakes_errors(l->mistakes) != errors)
    {
        return false;
    }

    r.limit.name = ig_limit_name(l, &r.limit);
    out->limit = r.limit;

    return r.limit.name.data != NULL;
}

/*
 * A recorded request under other rules.
 */

#include "audit_replay.h"

#include <string.h>


static const struct {
    const char  *code;
    const char  *text;
} ig_untold[IG_UNTOLDS] = {
    { "-", "-" },
    { "tenant", "its tenant is not in the new rules" },
    { "credential", "the new rules may know its credential" },
    { "not_read", "it was refused for its tenant and never read" },
    { "unfinished", "the guard could not finish its inspection" },
    { "cut", "its findings or jurisdictions are not all in the record" },
    { "claim", "what it claimed is not in the record" },
    { "detector", "what this detector finds was not recorded" },
    { "tools", "tools are not recorded" },
    { "path", "paths are not recorded" },
    { "model", "its model is not in the record" },
    { "country", "its country may have been set by a stance" },
    { "limit", "it was refused for a limit or a fault, not by rules" }
};


const char *
ig_untold_code(ig_untold_t u)
{
    return ig_untold[u].code;
}


const char *
ig_untold_text(ig_untold_t u)
{
    return ig_untold[u].text;
}


/* a list of globs of which it is not known whether the request matched it */
typedef struct {
    ig_untold_t  kind;
    size_t       list;
    ig_str_t     rule;
} ig_replay_guess_t;

typedef struct {
    const ig_replay_rules_t   *rules;
    const ig_replay_record_t  *record;
    const ig_replay_origin_t  *origin;
    ig_arena_t                *arena;
    ig_replay_guess_t          guesses[IG_REPLAY_GUESSES + 1];
    size_t                     nguesses;
    bool                       deduce;     /* which rules counted is known */
    uint64_t                   matched[IG_BIT_WORDS(IG_MAX_RULES)];
} ig_replay_ask_t;


static bool
ig_replay_has(const ig_strs_t *names, ig_str_t name)
{
    size_t  i;

    for (i = 0; i < names->n; i++) {
        if (ig_str_eq(names->items[i], name)) {
            return true;
        }
    }

    return false;
}


static bool
ig_replay_globs(const ig_strs_t *globs, ig_str_t text)
{
    size_t  i;

    for (i = 0; i < globs->n; i++) {
        if (ig_glob_match(globs->items[i], text)) {
            return true;
        }
    }

    return false;
}


/* -- facts ---------------------------------------------------------------- */

static bool
ig_replay_tenant(ig_replay_ask_t *a, ig_replayed_t *out)
{
    ig_facts_t                *f;
    const ig_replay_record_t  *r;

    r = a->record;
    f = &out->facts;
    f->tenant_state = r->tenant_state;
    f->tenant = IG_NONE;

    if (r->tenant_state == IG_TENANT_KNOWN) {
        f->tenant = r->tenant.len ? ig_policy_tenant(&a->rules->policy,
                                                     r->tenant) : IG_NONE;

        if (f->tenant == IG_NONE) {
            out->untold = IG_UNTOLD_TENANT;
            out->about = r->tenant;
        }

    } else if (r->tenant_state == IG_TENANT_UNKNOWN
               && !a->origin->credentials)
    {
        out->untold = IG_UNTOLD_CREDENTIAL;
    }

    return out->untold == IG_UNTOLD_NOT;
}


static void
ig_replay_found(ig_replay_ask_t *a, ig_replayed_t *out)
{
    size_t                      i;
    uint32_t                    row;
    ig_finding_t               *k;
    const ig_policy_t          *p;
    const ig_detector_t        *d;
    const ig_replay_finding_t  *f;

    p = &a->rules->policy;
    out->findings.items = out->items;
    out->findings.n = 0;

    for (i = 0; i < a->record->nfindings; i++) {
        f = &a->record->findings[i];
        row = ig_policy_detector(p, f->detector);

        if (row == IG_NONE) {
            continue;
        }

        d = &p->detectors[row];
        k = &out->items[out->findings.n++];
        memset(k, 0, sizeof(*k));
        k->detector = row;
        k->score = f->score;
        k->owner = d->owner == IG_OWNER_PACK ? p->packs[d->pack].country
                                             : f->owner;
    }
}


static void
ig_replay_facts(ig_replay_ask_t *a, ig_replayed_t *out)
{
    const ig_replay_record_t  *r;

    r = a->record;
    out->reading.reason = r->unread;
    out->reading.dialect = r->dialect;
    out->reading.uninspectable = r->uninspectable;

    out->facts.client_country = r->client;
    out->facts.claim_valid = r->claim_valid;
    out->facts.claimed = r->claimed;
    out->facts.reading = &out->reading;
    out->facts.findings = &out->findings;

    ig_replay_found(a, out);
}


/* -- what is not known ---------------------------------------------------- */

static bool
ig_replay_applies(const ig_facts_t *f, uint32_t pack)
{
    return ig_bit_get(f->packs, pack);
}


static bool
ig_replay_asks(const ig_condition_t *c, uint32_t detector)
{
    size_t  i;

    for (i = 0; (c->keys & IG_WHEN_DATA) && i < c->data.n; i++) {
        if (c->data.items[i] == detector) {
            return true;
        }
    }

    return false;
}


/* would having found it bring a law that does not apply already? */

static bool
ig_replay_brings(const ig_policy_t *p, uint32_t detector, const ig_facts_t *f)
{
    size_t                i;
    const ig_pack_t      *pack;
    const ig_detector_t  *d;

    d = &p->detectors[detector];
    pack = &p->packs[d->pack];

    if (!(p->stances.jurisdictions_from & IG_FROM_DATA)
        || (d->owner == IG_OWNER_PACK && pack->everywhere))
    {
        return false;
    }

    if (d->owner != IG_OWNER_PACK) {
        return true;
    }

    for (i = 0; i < p->npacks; i++) {
        if ((i == d->pack
             || (!p->packs[i].everywhere && pack->country
                 && ig_countries_has(&p->packs[i].members, pack->country)))
            && !ig_replay_applies(f, (uint32_t) i))
        {
            return true;
        }
    }

    return false;
}


static uint16_t
ig_replay_best(const ig_replayed_t *d, uint32_t detector)
{
    size_t    i;
    uint16_t  best;

    best = 0;

    for (i = 0; i < d->findings.n; i++) {
        if (d->items[i].detector == detector && d->items[i].score > best) {
            best = d->items[i].score;
        }
    }

    return best;
}


/* does a detector matter of whose findings nothing is known? */

static bool
ig_replay_blind(const ig_replay_ask_t *a, ig_replayed_t *out)
{
    size_t                    i, k;
    const ig_rule_t          *rule;
    const ig_policy_t        *p;
    const ig_replay_blind_t  *b;

    p = &a->rules->policy;

    for (i = 0; i < a->origin->nblind; i++) {
        b = &a->origin->blind[i];
        out->about = p->detectors[b->detector].id;

        if (ig_replay_best(out, b->detector) >= b->least) {
            continue;
        }

        if (b->rule != IG_NONE) {
            if (ig_replay_applies(&out->facts, p->rules[b->rule].pack)) {
                return true;
            }

            continue;
        }

        if (ig_replay_brings(p, b->detector, &out->facts)) {
            return true;
        }

        for (k = 0; k < p->nrules; k++) {
            rule = &p->rules[k];

            if (ig_replay_applies(&out->facts, rule->pack)
                && (ig_replay_asks(&rule->when, b->detector)
                    || ig_replay_asks(&rule->unless, b->detector)))
            {
                return true;
            }
        }
    }

    out->about = IG_NO_STR;

    return false;
}


/* false: more than can be tried */

static bool
ig_replay_guess(ig_replay_ask_t *a, ig_untold_t kind, const ig_strs_t *list,
    ig_str_t rule)
{
    size_t          i, n;
    const uint8_t  *p;

    /* its number stands between two bars; "*" has none */

    p = memchr(list->items[0].data, '|', list->items[0].len);

    if (p == NULL || list->n != 1) {
        return true;
    }

    for (n = 0, p++; *p != '|'; p++) {
        n = n * 10 + (size_t) (*p - '0');
    }

    for (i = 0; i < a->nguesses; i++) {
        if (a->guesses[i].kind == kind && a->guesses[i].list == n) {
            return true;
        }
    }

    a->guesses[a->nguesses] = (ig_replay_guess_t) { kind, n, rule };

    if (a->nguesses == IG_REPLAY_GUESSES) {
        return false;
    }

    a->nguesses++;

    return true;
}


static bool
ig_replay_guess_condition(ig_replay_ask_t *a, const ig_condition_t *c,
    ig_str_t rule)
{
    const ig_replay_record_t  *r;

    r = a->record;

    return (r->tools_known || r->unread != IG_REASON_NONE
            || !(c->keys & IG_WHEN_TOOLS)
            || ig_replay_guess(a, IG_UNTOLD_TOOLS, &c->tools, rule))
           && (r->path_known || !(c->keys & IG_WHEN_PATH)
               || ig_replay_guess(a, IG_UNTOLD_PATH, &c->paths, rule))
           && (r->model_known || !(c->keys & IG_WHEN_MODEL)
               || ig_replay_guess(a, IG_UNTOLD_MODEL, &c->models, rule));
}


static bool
ig_replay_guess_all(ig_replay_ask_t *a, const ig_facts_t *f)
{
    size_t              i;
    const ig_rule_t    *rule;
    const ig_policy_t  *p;

    p = &a->rules->policy;

    for (i = 0; i < p->nrules; i++) {
        rule = &p->rules[i];

        if (!ig_replay_applies(f, rule->pack)) {
            continue;
        }

        if (!ig_replay_guess_condition(a, &rule->when, rule->id)
            || !ig_replay_guess_condition(a, &rule->unless, rule->id)
            || ((rule->effects & IG_THEN_MODELS) && !a->record->model_known
                && !ig_replay_guess(a, IG_UNTOLD_MODEL, &rule->models,
                                    rule->id)))
        {
            return false;
        }
    }

    for (i = 0; i < p->nendpoints && !a->record->model_known; i++) {
        if (!ig_replay_guess(a, IG_UNTOLD_MODEL, &p->endpoints[i].models,
                             p->endpoints[i].name))
        {
            return false;
        }
    }

    return true;
}


/* -- one case ------------------------------------------------------------- */

static bool
ig_replay_matches(const ig_replay_ask_t *a, ig_untold_t kind,
    const ig_replay_lists_t *all, size_t list, unsigned guess)
{
    size_t                     i;
    const ig_replay_record_t  *r;

    r = a->record;

    for (i = 0; i < a->nguesses; i++) {
        if (a->guesses[i].kind == kind && a->guesses[i].list == list) {
            return guess >> i & 1;
        }
    }

    switch (kind) {

    case IG_UNTOLD_MODEL:
        return r->model_known && r->model.len
               && ig_replay_globs(&all->lists[list], r->model);

    case IG_UNTOLD_PATH:
        return r->path_known && ig_replay_globs(&all->lists[list], r->path);

    default:
        for (i = 0; r->tools_known && i < r->tools.n; i++) {
            if (ig_replay_globs(&all->lists[list], r->tools.items[i])) {
                return true;
            }
        }

        return false;
    }
}


/* "|2|5|": what the lists 2 and 5 match, and no other */

static ig_str_t
ig_replay_string(const ig_replay_ask_t *a, ig_untold_t kind,
    const ig_replay_lists_t *all, unsigned guess)
{
    size_t    i;
    ig_buf_t  b;

    ig_buf_init(&b, a->arena, 8 + 8 * all->n);
    ig_buf_char(&b, '|');

    for (i = 0; i < all->n; i++) {
        if (ig_replay_matches(a, kind, all, i, guess)) {
            ig_buf_printf(&b, "%zu|", i);
        }
    }

    return (ig_str_t) { b.data, b.len };
}


static void
ig_replay_strings(const ig_replay_ask_t *a, unsigned guess, ig_replayed_t *out)
{
    size_t                    i;
    ig_buf_t                  b;
    ig_str_t                 *tools;
    const ig_replay_lists_t  *all;

    out->facts.path = ig_replay_string(a, IG_UNTOLD_PATH, &a->rules->paths,
                                       guess);
    out->reading.model = IG_NO_STR;

    if (a->record->model.len || !a->record->model_known) {
        out->reading.model = ig_replay_string(a, IG_UNTOLD_MODEL,
                                              &a->rules->models, guess);
    }

    all = &a->rules->tools;
    tools = ig_arena_alloc(a->arena, (all->n + 1) * sizeof(ig_str_t));
    out->reading.tools = (ig_strs_t) { tools, 0 };

    for (i = 0; tools && i < all->n; i++) {
        if (ig_replay_matches(a, IG_UNTOLD_TOOLS, all, i, guess)) {
            ig_buf_init(&b, a->arena, 16);
            ig_buf_printf(&b, "|%zu|", i);
            tools[out->reading.tools.n++] = (ig_str_t) { b.data, b.len };
        }
    }
}


static void
ig_replay_trace(void *data, const ig_trace_rule_t *t)
{
    ig_replay_ask_t  *a = data;

    if (t->state == IG_TRACE_MATCHED) {
        ig_bit_set(a->matched, t->rule);

    } else {
        ig_bit_clear(a->matched, t->rule);
    }
}


/* did the pack of an old rule apply to the recorded request? */

static bool
ig_replay_applied(const ig_pack_t *pack, const ig_replay_record_t *r)
{
    ig_countries_t  both;

    both = pack->members;
    ig_countries_intersect(&both, &r->jurisdictions);

    return pack->everywhere || !ig_countries_empty(&both);
}


/* can this case be so, by the rules that the record says counted? */

static bool
ig_replay_consistent(const ig_replay_ask_t *a, const ig_replayed_t *d)
{
    size_t              i;
    uint32_t            row;
    const ig_rule_t    *rule;
    const ig_policy_t  *p, *old;

    p = &a->rules->policy;
    old = ig_guard_policy(a->origin->guard);

    for (i = 0; i < p->nrules; i++) {
        rule = &p->rules[i];
        row = a->origin->same[i];

        if (row == IG_NONE || !ig_replay_applies(&d->facts, rule->pack)) {
            continue;
        }

        if (ig_replay_has(&a->record->would_rules, rule->id)) {
            if (!ig_bit_get(a->matched, i)) {
                return false;
            }

        } else if (ig_bit_get(a->matched, i)
                   && ig_replay_applied(&old->packs[old->rules[row].pack],
                                        a->record))
        {
            return false;
        }
    }

    return true;
}


/* false: it cannot be so */

static bool
ig_replay_case(ig_replay_ask_t *a, unsigned guess, ig_replayed_t *out)
{
    bool  trace;

    out->facts.client_country = a->record->client;

    if (guess >> a->nguesses & 1) {
        out->facts.client_country = IG_COUNTRY_UNKNOWN;
    }

    ig_replay_strings(a, guess, out);
    ig_facts_gather(a->rules->facts, &out->facts);

    trace = a->deduce && a->nguesses;

    ig_decide(a->rules->decider, &out->facts, a->record->mode, &out->verdict,
              NULL, NULL);
    ig_decide(a->rules->decider, &out->facts, IG_MODE_FULL, &out->would,
              trace ? ig_replay_trace : NULL, a);

    out->endpoint = IG_NONE;

    if (out->verdict.word != IG_VERDICT_BLOCK) {
        out->endpoint = ig_choose(ig_guard_chooser(a->rules->guard),
                                  out->verdict.permitted, NULL);
    }

    return !trace || ig_replay_consistent(a, out);
}


static bool
ig_replay_alike(const ig_replayed_t *a, const ig_replayed_t *b)
{
    return a->verdict.word == b->verdict.word
           && a->verdict.reason == b->verdict.reason
           && a->endpoint == b->endpoint
           && a->would.word == b->would.word
           && a->would.reason == b->would.reason
           && memcmp(a->verdict.permitted, b->verdict.permitted,
                     sizeof(a->verdict.permitted)) == 0;
}


/* rules are looked at after stances: refused by one, none was */

static bool
ig_replay_looked(ig_reason_t reason)
{
    return reason == IG_REASON_NONE || reason == IG_REASON_blocked_by_rule
           || reason == IG_REASON_model_not_permitted
           || reason == IG_REASON_model_not_found
           || reason == IG_REASON_no_permitted_destination;
}


/* the country that was reckoned with may have been a stance's */

static bool
ig_replay_country_open(const ig_replay_ask_t *a)
{
    const ig_stances_t  *s, *new;

    if (a->origin->guard == NULL || a->record->client == IG_COUNTRY_UNKNOWN) {
        return false;
    }

    s = &ig_guard_policy(a->origin->guard)->stances;
    new = &a->rules->policy.stances;

    return s->unknown_country == a->record->client
           && new->unknown_country != a->record->client;
}


static void
ig_replay_cases(ig_replay_ask_t *a, ig_replayed_t *out)
{
    bool           found;
    unsigned       guess, first, n;
    ig_replayed_t  other;

    n = 1u << (a->nguesses + ig_replay_country_open(a));
    found = false;
    first = 0;

    for (guess = 0; guess < n; guess++) {

        if (!found) {
            found = ig_replay_case(a, guess, out);
            first = guess;
            continue;
        }

        other = *out;
        other.facts.reading = &other.reading;
        other.facts.findings = &other.findings;
        other.findings.items = other.items;

        if (ig_replay_case(a, guess, &other) && !ig_replay_alike(out, &other))
        {
            guess ^= first;
            guess = (unsigned) __builtin_ctz(guess);
            out->untold = guess < a->nguesses ? a->guesses[guess].kind
                                              : IG_UNTOLD_COUNTRY;
            out->about = guess < a->nguesses ? a->guesses[guess].rule
                                             : IG_NO_STR;
            return;
        }
    }

    if (!found) {
        out->untold = a->guesses[0].kind;
        out->about = a->guesses[0].rule;
    }
}


/* -- the whole ------------------------------------------------------------ */

/* is it refused for who asks, whatever else is not known? */

static bool
ig_replay_stranger(const ig_replayed_t *d)
{
    return d->verdict.reason == IG_REASON_conflicting_credentials
           || d->verdict.reason == IG_REASON_unknown_tenant;
}


static ig_untold_t
ig_replay_missing(const ig_replay_ask_t *a, ig_replayed_t *out)
{
    const ig_replay_record_t  *r;

    r = a->record;

    if (!r->claim_valid && !a->origin->groups) {
        return IG_UNTOLD_CLAIM;
    }

    if (ig_replay_stranger(out)
        || out->verdict.reason == IG_REASON_unknown_country)
    {
        return IG_UNTOLD_NOT;
    }

    if (!r->read) {
        return IG_UNTOLD_NOT_READ;
    }

    if (r->beyond && out->verdict.word != IG_VERDICT_BLOCK) {
        return IG_UNTOLD_BEYOND;
    }

    if ((r->unread == IG_REASON_internal_error
         || r->unread == IG_REASON_limit_exceeded)
        && a->origin != &a->rules->own)
    {
        return IG_UNTOLD_UNFINISHED;
    }

    if (!a->origin->claims) {
        return IG_UNTOLD_CLAIM;
    }

    if (out->would.reason != IG_REASON_NONE
        && out->verdict.reason == out->would.reason
        && !ig_replay_looked(out->would.reason)
        && out->would.reason != IG_REASON_jurisdiction_without_pack)
    {
        return IG_UNTOLD_NOT;
    }

    if (r->cut) {
        return IG_UNTOLD_CUT;
    }

    if (r->unread == IG_REASON_NONE && ig_replay_blind(a, out)) {
        return IG_UNTOLD_DETECTOR;
    }

    return IG_UNTOLD_NOT;
}


static const ig_replay_origin_t *
ig_replay_origin_of(const ig_replay_rules_t *rules, ig_str_t digest)
{
    if (ig_str_eq(digest, ig_guard_digest(rules->guard))) {
        return &rules->own;
    }

    if (rules->old.guard
        && ig_str_eq(digest, ig_guard_digest(rules->old.guard)))
    {
        return &rules->old;
    }

    return &rules->other;
}


void
ig_replay_decide(const ig_replay_rules_t *rules, const ig_replay_record_t *r,
    ig_arena_t *arena, ig_replayed_t *out)
{
    ig_replay_ask_t  a;

    memset(out, 0, sizeof(*out));
    out->endpoint = IG_NONE;

    a.rules = rules;
    a.record = r;
    a.arena = arena;
    a.nguesses = 0;
    a.origin = ig_replay_origin_of(rules, r->policy);
    out->assumed = a.origin == &rules->other;

    /* the rules that counted say what the facts were, when they are the same */

    a.deduce = a.origin->same && !r->rules_cut
               && r->tenant_state == IG_TENANT_KNOWN
               && ig_replay_looked(r->would_reason);

    ig_replay_facts(&a, out);

    if (!ig_replay_tenant(&a, out)) {
        return;
    }

    (void) ig_replay_case(&a, 0, out);
    out->untold = ig_replay_missing(&a, out);

    if (out->untold != IG_UNTOLD_NOT || ig_replay_stranger(out)) {
        return;
    }

    a.deduce = a.deduce && !ig_replay_country_open(&a);

    if (!ig_replay_guess_all(&a, &out->facts)) {
        out->untold = a.guesses[IG_REPLAY_GUESSES].kind;
        out->about = a.guesses[IG_REPLAY_GUESSES].rule;
        return;
    }

    ig_replay_cases(&a, out);
}


/* -- against the record --------------------------------------------------- */

static bool
ig_replay_same_permitted(const ig_policy_t *p, const ig_replay_record_t *r,
    const ig_verdict_t *v)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < p->nendpoints; i++) {
        if (!ig_bit_get(v->permitted, i)) {
            continue;
        }

        n++;

        if (!ig_replay_has(&r->permitted, p->endpoints[i].name)
            && !r->permitted_cut)
        {
            return false;
        }
    }

    return r->permitted_cut || n == r->permitted.n;
}


unsigned
ig_replay_differs(const ig_replay_rules_t *rules, const ig_replay_record_t *r,
    const ig_replayed_t *d)
{
    bool                  was, is;
    unsigned              differs;
    const ig_endpoint_t  *e;

    was = r->word != IG_VERDICT_BLOCK;
    is = d->verdict.word != IG_VERDICT_BLOCK;
    differs = 0;

    if (was != is) {
        return was ? IG_DIFFERS_REFUSED : IG_DIFFERS_PERMITTED;
    }

    if (is) {
        e = &rules->policy.endpoints[d->endpoint];

        if (!ig_str_eq(e->name, r->endpoint)
            || e->country != r->endpoint_country)
        {
            differs |= IG_DIFFERS_MOVED;
        }

        if (d->verdict.word != r->word) {
            differs |= IG_DIFFERS_WORD;
        }

        if (!ig_replay_same_permitted(&rules->policy, r, &d->verdict)) {
            differs |= IG_DIFFERS_CHOICES;
        }

    } else if (d->verdict.reason != r->reason) {
        differs |= IG_DIFFERS_REASON;
    }

    if (d->would.word != r->would_word || d->would.reason != r->would_reason) {
        differs |= IG_DIFFERS_WOULD;
    }

    return differs;
}

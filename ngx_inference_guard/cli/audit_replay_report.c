/*
 * What differs, counted by kind, rule, tenant, and where from and to.
 *
 * Memory is bounded: so many groups (what comes later is counted together), and
 * so many requests whose outcome, and with it the tokens, is still to come.
 */

#include "audit_replay.h"

#include <stdlib.h>
#include <string.h>


#define IG_REPORT_GROUPS    4096
#define IG_REPORT_BUCKETS   8192         /* a power of 2 */
#define IG_REPORT_EXAMPLES  3
#define IG_REPORT_OPEN      65536        /* a power of 2 */
#define IG_REPORT_ID        64
#define IG_REPORT_MONIES    8

typedef struct ig_report_group_s  ig_report_group_t;

struct ig_report_group_s {
    ig_report_group_t  *same;            /* in the bucket */
    const char         *what;
    char               *key;             /* what, rule, tenant, from, to; each
                                            ends with a NUL */
    size_t              key_len;
    uint64_t            count;
    char                examples[IG_REPORT_EXAMPLES][IG_REPORT_ID];
};

/* of one currency, in billionths */
typedef struct {
    char      currency[4];
    uint64_t  recorded;
    uint64_t  replayed;
} ig_report_money_t;

/* a request that waits for its outcome; the oldest of a place is dropped */
typedef struct {
    char      id[IG_REPORT_ID];
    uint32_t  endpoint;                  /* or IG_NONE: refused now */
    bool      live;
} ig_report_open_t;

struct ig_replay_report_s {
    uint64_t            decided;
    uint64_t            same;
    uint64_t            differ;
    uint64_t            untold;
    uint64_t            assumed;
    uint64_t            kinds[7];
    uint64_t            why[IG_UNTOLDS];
    char                about[IG_UNTOLDS][IG_REPORT_ID];
    char                example[IG_UNTOLDS][IG_REPORT_ID];

    ig_report_group_t  *buckets[IG_REPORT_BUCKETS];
    ig_report_group_t  *groups[IG_REPORT_GROUPS];
    size_t              ngroups;
    uint64_t            ungrouped;

    ig_report_money_t   monies[IG_REPORT_MONIES];
    size_t              nmonies;
    uint64_t            priced;          /* requests in the sums */
    uint64_t            unpriced;        /* with tokens, and no price */
    ig_report_open_t    open[IG_REPORT_OPEN];
};


static const struct {
    unsigned     bit;
    const char  *code;
    const char  *text;
} ig_report_kinds[] = {
    { IG_DIFFERS_REFUSED, "refused", "would be refused" },
    { IG_DIFFERS_PERMITTED, "permitted", "would be permitted" },
    { IG_DIFFERS_MOVED, "moved", "would go elsewhere" },
    { IG_DIFFERS_WORD, "verdict", "has another verdict" },
    { IG_DIFFERS_REASON, "reason", "has another reason" },
    { IG_DIFFERS_CHOICES, "choices", "could go elsewhere" },
    { IG_DIFFERS_WOULD, "would", "differs if all enforced" },
    { 0, NULL, NULL }
};


ig_replay_report_t *
ig_replay_report_new(void)
{
    return calloc(1, sizeof(ig_replay_report_t));
}


void
ig_replay_report_free(ig_replay_report_t *t)
{
    size_t  i;

    if (t == NULL) {
        return;
    }

    for (i = 0; i < t->ngroups; i++) {
        free(t->groups[i]->key);
        free(t->groups[i]);
    }

    free(t);
}


static size_t
ig_report_hash(const void *data, size_t len)
{
    size_t          i;
    uint32_t        h;
    const uint8_t  *p = data;

    h = 2166136261u;

    for (i = 0; i < len; i++) {
        h = (h ^ p[i]) * 16777619u;
    }

    return h ^ h >> 16;
}


/* as much of it as there is room for, without what a terminal would obey */

static void
ig_report_copy(char to[IG_REPORT_ID], ig_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len && i < IG_REPORT_ID - 1; i++) {
        to[i] = s.data[i] < 0x20 || s.data[i] == 0x7f ? '?' : (char) s.data[i];
    }

    to[i] = '\0';
}


/* -- groups --------------------------------------------------------------- */

/* a rule of the new ones that did not count before, or one that does no more */

static ig_str_t
ig_report_rule(const ig_policy_t *p, const ig_replay_record_t *r,
    const ig_replayed_t *d, unsigned differs)
{
    size_t               i, k;
    bool                 known;
    const ig_strs_t     *before;
    const ig_verdict_t  *v;

    v = differs & IG_DIFFERS_WOULD ? &d->would : &d->verdict;
    before = differs & IG_DIFFERS_WOULD ? &r->would_rules : &r->rules;

    if ((differs & IG_DIFFERS_REFUSED) && v->rule < p->nrules) {
        return p->rules[v->rule].id;
    }

    if ((differs & IG_DIFFERS_PERMITTED) && r->rule.len) {
        return r->rule;
    }

    for (i = 0; i < v->ncauses && i < IG_MAX_CAUSES; i++) {
        for (k = 0, known = false; k < before->n; k++) {
            known |= ig_str_eq(before->items[k], p->rules[v->causes[i]].id);
        }

        if (!known) {
            return p->rules[v->causes[i]].id;
        }
    }

    for (k = 0; k < before->n; k++) {
        for (i = 0, known = false; i < v->ncauses && i < IG_MAX_CAUSES; i++) {
            known |= ig_str_eq(before->items[k], p->rules[v->causes[i]].id);
        }

        if (!known) {
            return before->items[k];
        }
    }

    return v->rule < p->nrules ? p->rules[v->rule].id : IG_STR("-");
}


static void
ig_report_end(ig_buf_t *b, ig_verdict_word_t word, ig_reason_t reason,
    ig_str_t endpoint, ig_country_t country)
{
    ig_buf_str(b, ig_verdict_name(word));

    if (reason != IG_REASON_NONE) {
        ig_buf_char(b, ' ');
        ig_buf_str(b, ig_reason_code(reason));

    } else if (endpoint.len) {
        ig_buf_char(b, ' ');
        ig_buf_str(b, endpoint);
        ig_buf_lit(b, " (");
        ig_buf_str(b, ig_country_code(country));
        ig_buf_char(b, ')');
    }

    ig_buf_char(b, '\0');
}


static void
ig_report_key(ig_buf_t *b, const ig_policy_t *p, const ig_replay_record_t *r,
    const ig_replayed_t *d, const char *what, unsigned differs)
{
    ig_str_t  s;

    ig_buf_bytes(b, what, strlen(what) + 1);
    ig_buf_str(b, ig_report_rule(p, r, d, differs));
    ig_buf_char(b, '\0');
    ig_buf_str(b, r->tenant.len ? r->tenant : IG_STR("-"));
    ig_buf_char(b, '\0');

    if (differs == IG_DIFFERS_WOULD) {
        ig_report_end(b, r->would_word, r->would_reason, IG_NO_STR, 0);
        ig_report_end(b, d->would.word, d->would.reason, IG_NO_STR, 0);
        return;
    }

    ig_report_end(b, r->word, r->reason, r->endpoint, r->endpoint_country);
    s = IG_NO_STR;

    if (d->endpoint < p->nendpoints) {
        s = p->endpoints[d->endpoint].name;
    }

    ig_report_end(b, d->verdict.word, d->verdict.reason, s,
                  s.len ? p->endpoints[d->endpoint].country
                        : IG_COUNTRY_UNKNOWN);
}


static ig_report_group_t *
ig_report_group(ig_replay_report_t *t, const ig_buf_t *key, bool *failed)
{
    size_t              h;
    ig_report_group_t  *g;

    h = ig_report_hash(key->data, key->len) & (IG_REPORT_BUCKETS - 1);

    for (g = t->buckets[h]; g; g = g->same) {
        if (g->key_len == key->len
            && memcmp(g->key, key->data, key->len) == 0)
        {
            return g;
        }
    }

    if (t->ngroups == IG_REPORT_GROUPS) {
        t->ungrouped++;
        return NULL;
    }

    g = calloc(1, sizeof(ig_report_group_t));
    if (g) {
        g->key = malloc(key->len);
    }

    if (g == NULL || g->key == NULL) {
        free(g);
        *failed = true;
        return NULL;
    }

    memcpy(g->key, key->data, key->len);
    g->key_len = key->len;
    g->same = t->buckets[h];
    t->buckets[h] = g;
    t->groups[t->ngroups++] = g;

    return g;
}


static bool
ig_report_differs(ig_replay_report_t *t, const ig_policy_t *p,
    const ig_replay_record_t *r, const ig_replayed_t *d, unsigned differs)
{
    int                 i;
    bool                failed;
    char                text[2048];
    ig_buf_t            key;
    ig_report_group_t  *g;

    t->differ++;
    failed = false;

    /* a request is in one group: of the first kind that it is of */

    for (i = 0; !(differs & ig_report_kinds[i].bit); i++) { /* void */ }

    t->kinds[i]++;

    ig_buf_fixed(&key, text, sizeof(text));
    ig_report_key(&key, p, r, d, ig_report_kinds[i].code,
                  ig_report_kinds[i].bit);

    g = key.failed ? NULL : ig_report_group(t, &key, &failed);

    if (g) {
        g->what = ig_report_kinds[i].text;

        if (g->count < IG_REPORT_EXAMPLES) {
            ig_report_copy(g->examples[g->count], r->id);
        }

        g->count++;
    }

    return !failed;
}


bool
ig_replay_report_add(ig_replay_report_t *t, const ig_replay_rules_t *rules,
    const ig_replay_record_t *r, const ig_replayed_t *d, unsigned differs)
{
    ig_report_open_t  *o;

    t->decided++;
    t->assumed += d->assumed;

    if (d->untold != IG_UNTOLD_NOT) {
        t->untold++;

        if (t->why[d->untold]++ == 0) {
            ig_report_copy(t->about[d->untold], d->about);
            ig_report_copy(t->example[d->untold], r->id);
        }

        return true;
    }

    if (r->id.len < IG_REPORT_ID) {
        o = &t->open[ig_report_hash(r->id.data, r->id.len)
                     & (IG_REPORT_OPEN - 1)];
        memset(o, 0, sizeof(*o));
        memcpy(o->id, r->id.data, r->id.len);
        o->endpoint = d->endpoint;
        o->live = true;
    }

    if (differs == 0) {
        t->same++;
        return true;
    }

    return ig_report_differs(t, &rules->policy, r, d, differs);
}


/* -- costs ---------------------------------------------------------------- */

/* billionths of "0.001234000"; false: it is no amount */

static bool
ig_report_amount(ig_str_t s, uint64_t *out)
{
    size_t    i, digits;
    bool      point;
    uint64_t  n;

    n = 0;
    digits = 0;
    point = false;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '.' && !point) {
            point = true;
            continue;
        }

        if (s.data[i] < '0' || s.data[i] > '9' || n > UINT64_MAX / 10 - 1) {
            return false;
        }

        if (point && digits == 9) {
            continue;
        }

        n = n * 10 + (uint64_t) (s.data[i] - '0');
        digits += point;
    }

    for ( /* void */ ; digits < 9; digits++) {
        if (n > UINT64_MAX / 10) {
            return false;
        }

        n *= 10;
    }

    *out = n;

    return s.len > 0;
}


/* tokens at millionths for a million, in billionths */

static uint64_t
ig_report_price(uint64_t tokens, uint64_t price)
{
    if (price && tokens > UINT64_MAX / price) {
        return UINT64_MAX / 4;
    }

    return tokens * price / 1000;
}


static ig_report_money_t *
ig_report_money(ig_replay_report_t *t, ig_str_t currency)
{
    size_t  i;

    if (currency.len != 3) {
        return NULL;
    }

    for (i = 0; i < t->nmonies; i++) {
        if (memcmp(t->monies[i].currency, currency.data, 3) == 0) {
            return &t->monies[i];
        }
    }

    if (i == IG_REPORT_MONIES) {
        return NULL;
    }

    memcpy(t->monies[i].currency, currency.data, 3);
    t->nmonies++;

    return &t->monies[i];
}


static void
ig_report_add(uint64_t *sum, uint64_t n)
{
    *sum = *sum > UINT64_MAX - n ? UINT64_MAX : *sum + n;
}


void
ig_replay_report_outcome(ig_replay_report_t *t, const ig_record_line_t *l,
    const ig_policy_t *p)
{
    size_t                tokens;
    uint64_t              input, output, cost, now;
    ig_str_t              id;
    ig_report_open_t     *o;
    ig_report_money_t    *before, *after;
    const ig_endpoint_t  *e;

    id = ig_record_line_raw(l, ig_record_line_get(l, 0, "id"));
    o = &t->open[ig_report_hash(id.data, id.len) & (IG_REPORT_OPEN - 1)];

    if (!o->live || id.len != strlen(o->id)
        || memcmp(o->id, id.data, id.len) != 0)
    {
        return;
    }

    o->live = false;
    tokens = ig_record_line_get(l, 0, "tokens");

    if (!ig_record_line_uint(l, ig_record_line_get(l, tokens, "input"), &input)
        || !ig_record_line_uint(l, ig_record_line_get(l, tokens, "output"),
                                &output))
    {
        return;
    }

    before = ig_report_money(t, ig_record_line_raw(
                                 l, ig_record_line_get(l, 0, "currency")));
    after = before;
    now = 0;

    if (o->endpoint < p->nendpoints) {
        e = &p->endpoints[o->endpoint];
        after = e->priced ? ig_report_money(t, ig_str_from_c(e->currency))
                          : NULL;
        now = ig_report_price(input, e->price_input)
              + ig_report_price(output, e->price_output);
    }

    if (before == NULL || after == NULL
        || !ig_report_amount(ig_record_line_raw(
                                 l, ig_record_line_get(l, 0, "cost")), &cost))
    {
        t->unpriced++;
        return;
    }

    t->priced++;
    ig_report_add(&before->recorded, cost);
    ig_report_add(&after->replayed, now);
}


/* -- the report ----------------------------------------------------------- */

bool
ig_replay_report_clean(const ig_replay_report_t *t)
{
    return t->differ == 0 && t->untold == 0;
}


static int
ig_report_cmp(const void *one, const void *two)
{
    const ig_report_group_t  *const *a = one, *const *b = two;

    if ((*a)->count != (*b)->count) {
        return (*a)->count > (*b)->count ? -1 : 1;
    }

    /* in one order, whatever the log's */

    if ((*a)->key_len != (*b)->key_len) {
        return (*a)->key_len < (*b)->key_len ? -1 : 1;
    }

    return memcmp((*a)->key, (*b)->key, (*a)->key_len);
}


static const char *
ig_report_part(const ig_report_group_t *g, unsigned n)
{
    const char  *p;

    for (p = g->key; n; n--) {
        p += strlen(p) + 1;
    }

    return p;
}


/* control characters of a record are never sent to a terminal */

static void
ig_report_print(const char *s)
{
    for ( /* void */ ; *s; s++) {
        putchar((uint8_t) *s < 0x20 || *s == 0x7f ? '?' : *s);
    }
}


static void
ig_report_untold(const ig_replay_report_t *t)
{
    int  i;

    for (i = 1; i < IG_UNTOLDS; i++) {
        if (t->why[i] == 0) {
            continue;
        }

        printf("  %12llu  %s", (unsigned long long) t->why[i],
               ig_untold_text((ig_untold_t) i));

        if (t->about[i][0]) {
            printf(" (%s)", t->about[i]);
        }

        printf(", as %s\n", t->example[i]);
    }
}


static void
ig_report_costs(const ig_replay_report_t *t)
{
    size_t                    i;
    const ig_report_money_t  *m;

    for (i = 0; i < t->nmonies; i++) {
        m = &t->monies[i];

        printf("cost %s: %llu.%06llu recorded, %llu.%06llu under these rules\n",
               m->currency,
               (unsigned long long) (m->recorded / 1000000000),
               (unsigned long long) (m->recorded / 1000 % 1000000),
               (unsigned long long) (m->replayed / 1000000000),
               (unsigned long long) (m->replayed / 1000 % 1000000));
    }

    if (t->nmonies) {
        printf("  of %llu requests with tokens and prices; %llu more have "
               "tokens only\n", (unsigned long long) t->priced,
               (unsigned long long) t->unpriced);
    }
}


void
ig_replay_report_text(const ig_replay_report_t *t)
{
    size_t              i, k;
    ig_report_group_t  *g;

    qsort((void *) t->groups, t->ngroups, sizeof(ig_report_group_t *),
          ig_report_cmp);

    printf("%llu decided again: %llu the same, %llu differ, %llu cannot be "
           "told\n", (unsigned long long) t->decided,
           (unsigned long long) t->same, (unsigned long long) t->differ,
           (unsigned long long) t->untold);

    for (i = 0; i < t->ngroups; i++) {
        g = t->groups[i];

        printf("  %12llu  %s: ", (unsigned long long) g->count, g->what);
        ig_report_print(ig_report_part(g, 3));
        fputs(" -> ", stdout);
        ig_report_print(ig_report_part(g, 4));
        fputs("\n                by ", stdout);
        ig_report_print(ig_report_part(g, 1));
        fputs(", tenant ", stdout);
        ig_report_print(ig_report_part(g, 2));

        for (k = 0; k < IG_REPORT_EXAMPLES && k < g->count; k++) {
            printf("%s%s", k ? ", " : ", as ", g->examples[k]);
        }

        putchar('\n');
    }

    if (t->ungrouped) {
        printf("  %12llu  more, of other kinds\n",
               (unsigned long long) t->ungrouped);
    }

    if (t->untold) {
        puts("cannot be told:");
        ig_report_untold(t);
    }

    ig_report_costs(t);

    if (t->assumed) {
        printf("%llu were decided under rules that were not given (--old): it "
               "is taken for granted that those\nhad the same detectors, took "
               "claims, and set no country by a stance\n",
               (unsigned long long) t->assumed);
    }
}


static void
ig_report_json_text(const char *key, const char *value)
{
    printf(", \"%s\": ", key);
    ig_print_json(stdout, ig_str_from_c(value));
}


static void
ig_report_json_groups(const ig_replay_report_t *t)
{
    size_t              i, k;
    ig_report_group_t  *g;

    for (i = 0; i < t->ngroups; i++) {
        g = t->groups[i];

        printf("%s\n  {\"count\": %llu", i ? "," : "",
               (unsigned long long) g->count);
        ig_report_json_text("what", ig_report_part(g, 0));
        ig_report_json_text("rule", ig_report_part(g, 1));
        ig_report_json_text("tenant", ig_report_part(g, 2));
        ig_report_json_text("from", ig_report_part(g, 3));
        ig_report_json_text("to", ig_report_part(g, 4));
        fputs(", \"examples\": [", stdout);

        for (k = 0; k < IG_REPORT_EXAMPLES && k < g->count; k++) {
            fputs(k ? ", " : "", stdout);
            ig_print_json(stdout, ig_str_from_c(g->examples[k]));
        }

        fputs("]}", stdout);
    }
}


static void
ig_report_json_amount(const char *key, uint64_t n)
{
    printf(", \"%s\": \"%llu.%09llu\"", key,
           (unsigned long long) (n / 1000000000),
           (unsigned long long) (n % 1000000000));
}


void
ig_replay_report_json(const ig_replay_report_t *t)
{
    int     i;
    bool    first;
    size_t  k;

    qsort((void *) t->groups, t->ngroups, sizeof(ig_report_group_t *),
          ig_report_cmp);

    printf("{\"decided\": %llu, \"same\": %llu, \"differ\": %llu, "
           "\"untold\": %llu, \"assumed\": %llu",
           (unsigned long long) t->decided, (unsigned long long) t->same,
           (unsigned long long) t->differ, (unsigned long long) t->untold,
           (unsigned long long) t->assumed);

    for (i = 0; ig_report_kinds[i].code; i++) {
        printf("%s\"%s\": %llu", i ? ", " : ", \"kinds\": {",
               ig_report_kinds[i].code, (unsigned long long) t->kinds[i]);
    }

    fputs("}, \"cannot_be_told\": [", stdout);
    first = true;

    for (i = 1; i < IG_UNTOLDS; i++) {
        if (t->why[i]) {
            printf("%s{\"count\": %llu", first ? "" : ", ",
                   (unsigned long long) t->why[i]);
            ig_report_json_text("why", ig_untold_code((ig_untold_t) i));
            ig_report_json_text("about", t->about[i]);
            ig_report_json_text("example", t->example[i]);
            putchar('}');
            first = false;
        }
    }

    fputs("], \"costs\": [", stdout);

    for (k = 0; k < t->nmonies; k++) {
        printf("%s{\"currency\": \"%s\"", k ? ", " : "", t->monies[k].currency);
        ig_report_json_amount("recorded", t->monies[k].recorded);
        ig_report_json_amount("replayed", t->monies[k].replayed);
        putchar('}');
    }

    printf("], \"priced\": %llu, \"unpriced\": %llu, \"ungrouped\": %llu, "
           "\"groups\": [", (unsigned long long) t->priced,
           (unsigned long long) t->unpriced,
           (unsigned long long) t->ungrouped);
    ig_report_json_groups(t);
    puts("]}");
}

/*
 * The names of counters: SHA-256 of tenant, limit and what the limit is by, so
 * that all nodes and all lives of a process agree, and nobody can choose names
 * that share a counter.
 */

#include <limit/table.h>

#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>


typedef struct {
    EVP_MD      *md;
    EVP_MD_CTX  *ctx;
} ig_names_t;


void
ig_names_free(void *names)
{
    ig_names_t *n = names;

    if (n) {
        EVP_MD_CTX_free(n->ctx);
        EVP_MD_free(n->md);
        free(n);
    }
}


void *
ig_names_new(void)
{
    ig_names_t  *n;

    n = calloc(1, sizeof(ig_names_t));
    if (n == NULL) {
        return NULL;
    }

    n->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    n->ctx = EVP_MD_CTX_new();

    if (n->md == NULL || n->ctx == NULL
        || EVP_DigestInit_ex2(n->ctx, n->md, NULL) != 1)
    {
        ig_names_free(n);
        return NULL;
    }

    return n;
}


/* lengths are part of it: "a" "bc" is not "ab" "c" */

static bool
ig_names_part(ig_names_t *n, uint8_t what, ig_str_t s)
{
    uint8_t  head[9];
    size_t   i;

    head[0] = what;

    for (i = 0; i < 8; i++) {
        head[1 + i] = (uint8_t) ((uint64_t) s.len >> (56 - 8 * i));
    }

    return EVP_DigestUpdate(n->ctx, head, sizeof(head)) == 1
           && (s.len == 0 || EVP_DigestUpdate(n->ctx, s.data, s.len) == 1);
}


ig_str_t
ig_names_value(const ig_targets_t *s, const ig_target_t *g, unsigned by)
{
    switch (by) {

    case IG_BY_MODEL:
        return s->q->model;

    case IG_BY_ENDPOINT:
        return s->q->endpoint < s->l->policy->nendpoints
               ? s->l->policy->endpoints[s->q->endpoint].name : IG_NO_STR;

    case IG_BY_JURISDICTION:
        return ig_country_code(g->country);

    case IG_BY_KEY:
        return s->q->key;

    case IG_BY_USER:
        return s->q->user;

    default:
        return s->q->task;
    }
}


bool
ig_names_key(const ig_targets_t *s, ig_target_t *g)
{
    uint8_t      digest[IG_DIGEST_SIZE];
    unsigned     by;
    ig_names_t  *n;

    memcpy(g->key, g->row->name, sizeof(g->key));

    if (g->limit->by) {
        n = s->h->digest;

        if (EVP_DigestInit_ex2(n->ctx, NULL, NULL) != 1
            || EVP_DigestUpdate(n->ctx, g->row->name, IG_DIGEST_SIZE) != 1)
        {
            return false;
        }

        for (by = 1; by <= IG_BY_TASK; by <<= 1) {

            if ((g->limit->by & by)
                && !ig_names_part(n, (uint8_t) by, ig_names_value(s, g, by)))
            {
                return false;
            }
        }

        if (EVP_DigestFinal_ex(n->ctx, digest, NULL) != 1) {
            return false;
        }

        memcpy(g->key, digest, sizeof(g->key));
    }

    g->hash = ig_siphash(s->h->table->seed, g->key, sizeof(g->key));

    return true;
}


static uint8_t
ig_limit_list(const ig_limit_t *limit)
{
    ig_list_t  list;

    switch (limit->algorithm) {

    case IG_ALGORITHM_GCRA:
        list = limit->per == IG_PER_SECOND ? IG_LIST_RATE_SECOND
               : limit->per == IG_PER_MINUTE ? IG_LIST_RATE_MINUTE
                                             : IG_LIST_RATE_HOUR;
        break;

    case IG_ALGORITHM_SLIDING:
        list = limit->per == IG_PER_MINUTE ? IG_LIST_SLIDING_MINUTE
                                           : IG_LIST_SLIDING_HOUR;
        break;

    case IG_ALGORITHM_CALENDAR:
        list = limit->per == IG_PER_DAY ? IG_LIST_DAY : IG_LIST_MONTH;
        break;

    case IG_ALGORITHM_TASK:
        list = IG_LIST_TASK;
        break;

    default:
        list = IG_LIST_SLOTS;
        break;
    }

    return (uint8_t) (list * 2
                      + (limit->by & (IG_BY_MODEL|IG_BY_KEY|IG_BY_USER
                                      |IG_BY_TASK) ? IG_NAMED : 0));
}


static bool
ig_limiter_row(ig_names_t *n, const ig_tenant_t *tenant,
    const ig_limit_t *limit, ig_limit_row_t *row)
{
    static const uint64_t  periods[] = {
        [IG_PER_SECOND] = IG_SECOND,
        [IG_PER_MINUTE] = 60 * IG_SECOND,
        [IG_PER_HOUR] = 3600 * IG_SECOND,
        [IG_PER_TASK] = 0
    };

    row->limit = limit;
    row->period = periods[limit->per];
    row->list = ig_limit_list(limit);

    if (EVP_DigestInit_ex2(n->ctx, NULL, NULL) != 1
        || !ig_names_part(n, 0, IG_STR("inference-guard limit 1"))
        || !ig_names_part(n, 0, tenant->name)
        || !ig_names_part(n, 0, limit->name)
        || EVP_DigestFinal_ex(n->ctx, row->name, NULL) != 1)
    {
        return false;
    }

    memcpy(&row->tag, row->name + 16, sizeof(row->tag));

    return true;
}


ig_limiter_t *
ig_limiter_compile(const ig_policy_t *p)
{
    size_t              i, j, n;
    void               *names;
    ig_limiter_t       *l;
    const ig_tenant_t  *tenant;

    for (i = 0, n = 0; i < p->ntenants; i++) {
        n += p->tenants[i].quota.nlimits;
    }

    l = calloc(1, sizeof(ig_limiter_t));
    names = ig_names_new();

    if (l == NULL || names == NULL) {
        goto failed;
    }

    l->policy = p;
    l->tenants = calloc(p->ntenants + 1, sizeof(ig_limit_rows_t));
    l->rows = calloc(n + 1, sizeof(ig_limit_row_t));

    if (l->tenants == NULL || l->rows == NULL) {
        goto failed;
    }

    for (i = 0, n = 0; i < p->ntenants; i++) {
        tenant = &p->tenants[i];
        l->tenants[i].first = n;
        l->tenants[i].n = tenant->quota.nlimits;

        for (j = 0; j < tenant->quota.nlimits; j++) {

            if (!ig_limiter_row(names, tenant, &tenant->quota.limits[j],
                                &l->rows[n++]))
            {
                goto failed;
            }
        }
    }

    ig_names_free(names);

    return l;

failed:

    ig_names_free(names);
    ig_limiter_free(l);

    return NULL;
}


uint32_t
ig_limit_tag(const ig_limiter_t *l, uint32_t tenant, uint32_t limit)
{
    return l->rows[l->tenants[tenant].first + limit].tag;
}


void
ig_limiter_free(ig_limiter_t *l)
{
    if (l) {
        free(l->tenants);
        free(l->rows);
        free(l);
    }
}


/* whole characters, nothing that a terminal or a line of a log would act on */

static void
ig_label_text(ig_buf_t *b, ig_str_t s)
{
    size_t  n;

    for ( /* void */ ; s.len; s.data += n, s.len -= n) {
        n = ig_str_utf8(s.data, s.len);

        if (n == 0 || s.data[0] < 0x20 || s.data[0] == 0x7f
            || (n == 2 && s.data[0] == 0xc2 && s.data[1] < 0xa0))
        {
            n = n ? n : 1;
            ig_buf_char(b, '?');

        } else {
            ig_buf_bytes(b, s.data, n);
        }

        if (b->failed) {
            return;
        }
    }
}


void
ig_limit_label(const ig_targets_t *s, const ig_target_t *g, ig_buf_t *b)
{
    size_t    i;
    unsigned  bit;
    ig_str_t  value;

    static const char *const  names[] = {
        "model=", "endpoint=", "jurisdiction=", "key=", "user=", "task="
    };

    for (bit = 0; bit < 6 && !b->failed; bit++) {

        if (!(g->limit->by & (1u << bit))) {
            continue;
        }

        value = ig_names_value(s, g, 1u << bit);

        if (b->len) {
            ig_buf_char(b, ' ');
        }

        ig_buf_str(b, ig_str_from_c(names[bit]));

        if (bit != 3) {
            ig_label_text(b, value);
            continue;
        }

        for (i = 0; i < value.len && i < 8; i++) {
            ig_buf_printf(b, "%02x", value.data[i]);
        }
    }
}

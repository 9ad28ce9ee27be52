/*
 * Sums by key: rows in the order of their coming, found through chained
 * buckets.
 */

#include "audit_tally.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>


#define IG_TALLY_BUCKETS  IG_TALLY_ROWS
#define IG_TALLY_KEY      (IG_TALLY_FIELDS * (IG_TALLY_STRING + 2))

#define ig_rotl(x, b)     ((x) << (b) | (x) >> (64 - (b)))

static size_t  ig_tally_by;              /* of the sort that is under way */


static void
ig_sip_rounds(uint64_t v[4], unsigned n)
{
    for ( /* void */ ; n; n--) {
        v[0] += v[1];
        v[1] = ig_rotl(v[1], 13) ^ v[0];
        v[0] = ig_rotl(v[0], 32);
        v[2] += v[3];
        v[3] = ig_rotl(v[3], 16) ^ v[2];
        v[0] += v[3];
        v[3] = ig_rotl(v[3], 21) ^ v[0];
        v[2] += v[1];
        v[1] = ig_rotl(v[1], 17) ^ v[2];
        v[2] = ig_rotl(v[2], 32);
    }
}


uint64_t
ig_audit_hash(const void *data, size_t len)
{
    size_t           i;
    uint64_t         m, v[4];
    const uint8_t   *p;
    static bool      made;
    static uint64_t  key[2];

    if (!made) {
        if (getrandom(key, sizeof(key), 0) != (ssize_t) sizeof(key)) {
            key[0] = (uint64_t) time(NULL) * 0x9e3779b97f4a7c15u;
        }

        made = true;
    }

    v[0] = key[0] ^ 0x736f6d6570736575u;
    v[1] = key[1] ^ 0x646f72616e646f6du;
    v[2] = key[0] ^ 0x6c7967656e657261u;
    v[3] = key[1] ^ 0x7465646279746573u;

    p = data;

    for (i = len / 8; i; i--, p += 8) {
        memcpy(&m, p, 8);
        v[3] ^= m;
        ig_sip_rounds(v, 2);
        v[0] ^= m;
    }

    m = (uint64_t) len << 56;

    for (i = 0; i < len % 8; i++) {
        m |= (uint64_t) p[i] << (8 * i);
    }

    v[3] ^= m;
    ig_sip_rounds(v, 2);
    v[0] ^= m;
    v[2] ^= 0xff;
    ig_sip_rounds(v, 4);

    return v[0] ^ v[1] ^ v[2] ^ v[3];
}


void
ig_tally_add(uint64_t *v, uint64_t n)
{
    *v = *v > UINT64_MAX - n ? UINT64_MAX : *v + n;
}


static size_t
ig_tally_cut(ig_str_t s)
{
    size_t  at, n;

    if (s.len <= IG_TALLY_STRING) {
        return s.len;
    }

    for (at = 0; at < s.len; at += n) {
        n = ig_str_utf8(s.data + at, s.len - at);
        n = n ? n : 1;

        if (at + n > IG_TALLY_STRING) {
            break;
        }
    }

    return at;
}


static size_t
ig_tally_key(uint8_t *key, const ig_str_t *fields, size_t n)
{
    size_t    i, len;
    uint8_t  *p;

    p = key;

    for (i = 0; i < n; i++) {
        len = ig_tally_cut(fields[i]);
        *p++ = (uint8_t) (len >> 8);
        *p++ = (uint8_t) len;

        if (len) {
            memcpy(p, fields[i].data, len);
        }

        p += len;
    }

    return (size_t) (p - key);
}


static ig_tally_row_t *
ig_tally_lookup(const ig_tally_t *t, const uint8_t *key, size_t len,
    uint64_t hash)
{
    uint32_t         at;
    ig_tally_row_t  *r;

    if (t->buckets == NULL) {
        return NULL;
    }

    for (at = t->buckets[hash % IG_TALLY_BUCKETS]; at; at = r->next) {
        r = &t->rows[at - 1];

        if (r->hash == hash && r->len == len && memcmp(r->key, key, len) == 0)
        {
            return r;
        }
    }

    return NULL;
}


const ig_tally_row_t *
ig_tally_find(const ig_tally_t *t, const ig_str_t *fields, size_t n)
{
    size_t   len;
    uint8_t  key[IG_TALLY_KEY];

    len = ig_tally_key(key, fields, n);

    return ig_tally_lookup(t, key, len, ig_audit_hash(key, len));
}


static bool
ig_tally_grow(ig_tally_t *t)
{
    size_t           cap;
    ig_tally_row_t  *rows;

    if (t->buckets == NULL) {
        t->buckets = calloc(IG_TALLY_BUCKETS, sizeof(uint32_t));

        if (t->buckets == NULL) {
            return false;
        }
    }

    if (t->n < t->cap) {
        return true;
    }

    cap = t->cap ? t->cap * 2 : 64;
    rows = realloc(t->rows, cap * sizeof(ig_tally_row_t));

    if (rows == NULL) {
        return false;
    }

    t->rows = rows;
    t->cap = cap;

    return true;
}


uint64_t *
ig_tally_at(ig_tally_t *t, const ig_str_t *fields, size_t n)
{
    size_t           len;
    uint8_t          key[IG_TALLY_KEY];
    uint64_t         hash;
    ig_tally_row_t  *r;

    len = ig_tally_key(key, fields, n);
    hash = ig_audit_hash(key, len);
    r = ig_tally_lookup(t, key, len, hash);

    if (r) {
        return r->v;
    }

    if (t->n == IG_TALLY_ROWS) {
        t->overflow++;
        return t->others;
    }

    if (!ig_tally_grow(t)) {
        return NULL;
    }

    r = &t->rows[t->n];
    memset(r, 0, sizeof(*r));
    r->key = malloc(len + 1);

    if (r->key == NULL) {
        return NULL;
    }

    memcpy(r->key, key, len);
    r->len = (uint32_t) len;
    r->hash = hash;
    r->next = t->buckets[hash % IG_TALLY_BUCKETS];
    t->buckets[hash % IG_TALLY_BUCKETS] = (uint32_t) ++t->n;

    return r->v;
}


ig_str_t
ig_tally_field(const ig_tally_row_t *r, size_t i)
{
    size_t          len;
    const uint8_t  *p;

    for (p = r->key; ; p += 2 + len, i--) {
        len = (size_t) p[0] << 8 | p[1];

        if (i == 0) {
            return (ig_str_t) { p + 2, len };
        }
    }
}


static int
ig_tally_cmp_key(const void *one, const void *two)
{
    size_t                 len;
    int                    rc;
    const ig_tally_row_t  *a = one;
    const ig_tally_row_t  *b = two;

    len = a->len < b->len ? a->len : b->len;
    rc = memcmp(a->key, b->key, len);

    return rc ? rc : (a->len > b->len) - (a->len < b->len);
}


static int
ig_tally_cmp(const void *one, const void *two)
{
    uint64_t  a = ((const ig_tally_row_t *) one)->v[ig_tally_by];
    uint64_t  b = ((const ig_tally_row_t *) two)->v[ig_tally_by];

    return a != b ? (a < b) - (a > b) : ig_tally_cmp_key(one, two);
}


/* rows that moved are put into their buckets anew */

static void
ig_tally_sorted(ig_tally_t *t, int (*cmp)(const void *, const void *))
{
    size_t     i;
    uint32_t  *bucket;

    if (t->n == 0) {
        return;
    }

    qsort(t->rows, t->n, sizeof(ig_tally_row_t), cmp);
    memset(t->buckets, 0, IG_TALLY_BUCKETS * sizeof(uint32_t));

    for (i = 0; i < t->n; i++) {
        bucket = &t->buckets[t->rows[i].hash % IG_TALLY_BUCKETS];
        t->rows[i].next = *bucket;
        *bucket = (uint32_t) (i + 1);
    }
}


void
ig_tally_sort(ig_tally_t *t, size_t by)
{
    ig_tally_by = by;
    ig_tally_sorted(t, ig_tally_cmp);
}


void
ig_tally_sort_keys(ig_tally_t *t)
{
    ig_tally_sorted(t, ig_tally_cmp_key);
}


void
ig_tally_free(ig_tally_t *t)
{
    size_t  i;

    for (i = 0; i < t->n; i++) {
        free(t->rows[i].key);
    }

    free(t->rows);
    free(t->buckets);
    memset(t, 0, sizeof(*t));
}

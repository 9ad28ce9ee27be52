/*
 * Tenants: who asks, and what holds for them beside their plan.
 */

#include "plan.h"

#include <stdlib.h>
#include <string.h>


static const uint8_t  ig_empty_digest[IG_DIGEST_SIZE] = {
    /* SHA-256 of nothing: what a script makes of an unset variable */
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14,
    0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
    0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c,
    0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55
};


/* a tenant while its keys are read; those of the tenant alone see only it */
typedef struct {
    ig_tenant_t       tenant;
    ig_terms_t        terms;
    const ig_plan_t  *plan;
} ig_tenant_read_t;

_Static_assert(offsetof(ig_tenant_read_t, tenant) == 0, "the tenant is first");


static int
ig_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') ? c - '0'
           : (c >= 'a' && c <= 'f') ? c - 'a' + 10
           : (c >= 'A' && c <= 'F') ? c - 'A' + 10 : -1;
}


static bool
ig_tenant_digest(ig_load_t *l, const ig_yaml_t *node, uint8_t *digest)
{
    int       high, low;
    bool      ok;
    size_t    i;
    ig_str_t  s;

    if (!ig_value_text(l, node, &s)) {
        return false;
    }

    ok = s.len == 7 + 2 * IG_DIGEST_SIZE && memcmp(s.data, "sha256:", 7) == 0;

    for (i = 0; ok && i < IG_DIGEST_SIZE; i++) {

        high = ig_hex(s.data[7 + 2 * i]);
        low = ig_hex(s.data[8 + 2 * i]);

        ok = high >= 0 && low >= 0;
        digest[i] = ok ? (uint8_t) (high << 4 | low) : 0;
    }

    /* the text is not shown: a token may have been written in its place */

    if (!ok) {
        ig_mistakes_error(l->mistakes, node->place,
                          "a key is \"sha256:\" and 64 hexadecimal digits, "
                          "made by: printf %%s \"$TOKEN\" | sha256sum");
        return false;
    }

    if (memcmp(digest, ig_empty_digest, IG_DIGEST_SIZE) == 0) {
        ig_mistakes_error(l->mistakes, node->place,
                          "this is the digest of an empty token; the variable "
                          "with the token was not set");
        return false;
    }

    return true;
}


/* keeps a key or subject, to find it again with another tenant */

static void
ig_tenant_identity(ig_load_t *l, const ig_tenant_t *t, const ig_yaml_t *node,
    ig_str_t value, bool key)
{
    size_t            cap;
    ig_identified_t  *items;

    if (l->nidentities == l->identities_cap) {

        cap = l->identities_cap ? l->identities_cap * 2 : 64;

        items = ig_arena_alloc(l->scratch, cap * sizeof(ig_identified_t));
        if (items == NULL) {
            return;
        }

        if (l->nidentities) {
            memcpy(items, l->identities,
                   l->nidentities * sizeof(ig_identified_t));
        }

        l->identities = items;
        l->identities_cap = cap;
    }

    l->identities[l->nidentities++] = (ig_identified_t) {
        value, key, t->name, node->text, node->place
    };
}


static void
ig_tenant_home(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_country(l, value, &((ig_tenant_t *) object)->home);
}


static void
ig_tenant_keys(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t             n;
    uint8_t          (*keys)[IG_DIGEST_SIZE];
    ig_tenant_t       *t = object;
    const ig_yaml_t   *v;

    v = ig_value_items(l, value, &n);

    keys = ig_arena_alloc(l->arena, n * IG_DIGEST_SIZE);
    if (keys == NULL) {
        return;
    }

    t->keys = (const uint8_t (*)[IG_DIGEST_SIZE]) keys;

    for ( /* void */ ; v; v = ig_value_next(value, v)) {
        if (ig_tenant_digest(l, v, keys[t->nkeys])) {
            ig_tenant_identity(l, t, v, (ig_str_t) { keys[t->nkeys],
                                                     IG_DIGEST_SIZE }, true);
            t->nkeys++;
        }
    }
}


static void
ig_tenant_subjects(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t            i;
    ig_tenant_t      *t = object;
    const ig_yaml_t  *v;

    (void) ig_value_strs(l, value, &t->subjects);

    if (t->subjects.n == 0) {
        return;
    }

    v = ig_value_items(l, value, &i);

    for (i = 0; v; v = ig_value_next(value, v)) {
        if (ig_value_sound(v)) {
            ig_tenant_identity(l, t, v, t->subjects.items[i++], false);
        }
    }
}


static void
ig_tenant_plan(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_tenant_read_t  *r = object;

    if (ig_value_name(l, value, &r->tenant.plan)) {
        r->plan = ig_plan_use(l, value);
    }

    r->terms.doubtful = r->terms.doubtful || r->plan == NULL;
}


#define IG_TENANT_TERM(key)                                                   \
    static void                                                               \
    ig_tenant_ ## key(ig_load_t *l, const ig_yaml_t *value, void *object)     \
    {                                                                         \
        ig_terms_ ## key(l, value, &((ig_tenant_read_t *) object)->terms);    \
    }

IG_TENANT_TERM(limits)
IG_TENANT_TERM(timezone)
IG_TENANT_TERM(cap_output)


static const ig_key_t  ig_tenant_table[] = {
    { "home", true, ig_tenant_home },
    { "keys", false, ig_tenant_keys },
    { "subjects", false, ig_tenant_subjects },
    { "plan", false, ig_tenant_plan },
    { "limits", false, ig_tenant_limits },
    { "cap_output", false, ig_tenant_cap_output },
    { "timezone", false, ig_tenant_timezone },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_tenant = {
    "tenant", "a tenant", ig_tenant_table
};


/* of the name alone, so that all nodes and any reload agree */

static bool
ig_tenant_id(ig_tenant_t *t)
{
    size_t   i;
    uint8_t  digest[IG_DIGEST_SIZE];

    if (!ig_digest_sha256(t->name.data, t->name.len, digest)) {
        return false;
    }

    for (i = 0; i < sizeof(t->id); i++) {
        t->id = t->id << 8 | digest[i];
    }

    return true;
}


static ig_tenant_t
ig_tenant_read(ig_load_t *l, const ig_yaml_t *node)
{
    size_t             errors;
    ig_tenant_t       *t;
    ig_standing_t      standing;
    ig_tenant_read_t   r;

    memset(&r, 0, sizeof(ig_tenant_read_t));

    t = &r.tenant;
    t->place = node->key->place;

    if (!ig_value_name(l, node->key, &t->name)) {
        ig_misnamed(l, IG_NAMES_TENANTS, node->key->text);

    } else if (ig_str_eq(t->name, IG_STR("refuse"))) {
        ig_mistakes_error(l->mistakes, t->place,
                          "no tenant can be named \"refuse\": it is a word of "
                          "policy.unknown_tenant");
    }

    if (!ig_tenant_id(t)) {
        l->failed = true;
    }

    errors = ig_mistakes_errors(l->mistakes);
    l->doubtful = false;

    if (!ig_object_read(l, &ig_object_tenant, node, &r) || l->doubtful
        || ig_mistakes_errors(l->mistakes) != errors)
    {
        r.terms.doubtful = true;
    }

    standing = r.plan ? r.plan->standing : ig_standing_default();
    standing = ig_standing_apply(l, &r.terms, &standing, t->name, t->place);

    t->quota = standing.quota;

    return *t;
}


static int
ig_tenant_cmp(const void *one, const void *two)
{
    int                 rc;
    const ig_tenant_t  *a = one, *b = two;

    rc = ig_str_cmp(a->name, b->name);

    return rc ? rc : ig_place_cmp(&a->place, &b->place);
}


static int
ig_identity_cmp(const void *one, const void *two)
{
    int                     rc;
    const ig_identified_t  *a = one, *b = two;

    if (a->key != b->key) {
        return a->key ? -1 : 1;
    }

    rc = ig_str_cmp(a->value, b->value);

    return rc ? rc : ig_place_cmp(&a->place, &b->place);
}


/* two tenants with one key: nobody could say who asks */

static void
ig_tenant_identities(ig_load_t *l)
{
    size_t                  i;
    const ig_identified_t  *a, *b;

    if (l->nidentities == 0) {
        return;
    }

    qsort(l->identities, l->nidentities, sizeof(ig_identified_t),
          ig_identity_cmp);

    for (i = 1; i < l->nidentities; i++) {

        a = &l->identities[i - 1];
        b = &l->identities[i];

        /* a value that is twice in its list, and a tenant that is there twice,
           are told already */

        if (ig_str_eq(a->tenant, b->tenant)
            && (ig_str_eq(a->text, b->text)
                || a->place.file != b->place.file))
        {
            continue;
        }

        if (a->key == b->key && ig_str_eq(a->value, b->value)) {
            ig_mistakes_error(l->mistakes, b->place,
                              "the same %s as of tenant \"%s\" at %s:%u:%u",
                              a->key ? "key" : "subject",
                              ig_text_show(a->tenant).text,
                              a->place.file, a->place.line, a->place.column);
        }
    }
}


void
ig_load_tenants(ig_load_t *l)
{
    size_t            i, n;
    ig_tenant_t      *t;
    const ig_yaml_t  *v;

    ig_load_plans(l);
    ig_load_count(l, tenants, n);

    l->tenants = ig_arena_calloc(l->arena, n * sizeof(ig_tenant_t));
    if (l->tenants == NULL || l->failed) {
        return;
    }

    t = l->tenants;

    for (i = 0; i < l->nfiles; i++) {
        if (l->files[i].tenants) {
            for (v = l->files[i].tenants->first; v; v = v->next) {
                *t++ = ig_tenant_read(l, v);
            }
        }
    }

    qsort(l->tenants, n, sizeof(ig_tenant_t), ig_tenant_cmp);

    for (i = 1; i < n; i++) {

        t = &l->tenants[i];

        if (t->name.len && ig_str_eq(t->name, t[-1].name)
            && t->place.file != t[-1].place.file)
        {
            ig_already_defined(l, "tenant", t->name, t->place, t[-1].place);
        }
    }

    ig_tenant_identities(l);

    l->policy->tenants = l->tenants;
    l->policy->ntenants = n;
}

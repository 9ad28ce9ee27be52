/*
 * What a plan says, and a tenant in its place: values of their keys.
 */

#include "plan.h"

#include <string.h>


#define IG_CAP_OUTPUT_MAX   UINT64_C(1000000000)
#define IG_TASK_TTL_MAX     (366 * UINT64_C(86400))


struct ig_zones_s {
    const ig_zone_t   *zone;
    ig_zones_t        *next;
};


static bool
ig_terms_same(const ig_limit_t *a, const ig_limit_t *b)
{
    return ig_str_eq(a->name, b->name);
}


void
ig_terms_limits(ig_load_t *l, const ig_yaml_t *value, ig_terms_t *t)
{
    size_t            i;
    ig_term_t        *term;
    const ig_yaml_t  *v;

    if (!ig_value_is(l, value, IG_YAML_LIST, "\"limits\"")) {
        return;
    }

    t->limits = ig_arena_alloc(l->scratch, value->n * sizeof(ig_term_t));
    if (t->limits == NULL) {
        return;
    }

    for (v = value->first; v; v = v->next) {

        term = &t->limits[t->nlimits];

        /* a doubt about a limit before is none about this one */

        t->doubtful = t->doubtful || l->doubtful;
        l->doubtful = false;

        if (!ig_limit_read(l, v, term)) {
            t->doubtful = true;
            continue;
        }

        for (i = 0; i < t->nlimits; i++) {
            if (ig_terms_same(&t->limits[i].limit, &term->limit)) {
                break;
            }
        }

        if (i < t->nlimits) {
            ig_mistakes_error(l->mistakes, v->place,
                              "the limit \"%.*s\" is already in this list, at "
                              "%u:%u", IG_FMT(term->limit.name),
                              t->limits[i].limit.place.line,
                              t->limits[i].limit.place.column);
            continue;
        }

        t->nlimits++;
    }
}


/* zones are read once, however many tenants name them */

static ig_rc_t
ig_terms_zone(ig_load_t *l, ig_str_t name, const ig_zone_t **out)
{
    ig_rc_t      rc;
    ig_zones_t  *z;

    for (z = l->zones; z; z = z->next) {
        if (ig_str_eq(ig_zone_name(z->zone), name)) {
            *out = z->zone;
            return IG_OK;
        }
    }

    rc = ig_zone_read(name, l->arena, out);
    if (rc != IG_OK) {
        return rc;
    }

    z = ig_arena_alloc(l->scratch, sizeof(ig_zones_t));

    if (z) {
        z->zone = *out;
        z->next = l->zones;
        l->zones = z;
    }

    return IG_OK;
}


void
ig_terms_timezone(ig_load_t *l, const ig_yaml_t *value, ig_terms_t *t)
{
    ig_rc_t   rc;
    ig_str_t  name;

    if (!ig_value_text(l, value, &name)) {
        return;
    }

    rc = ig_terms_zone(l, name, &t->zone);

    if (rc == IG_ERROR) {
        ig_mistakes_error(l->mistakes, value->place,
                          "the time zone \"%s\" is not in the system's "
                          "database; write one of the IANA's names, as "
                          "Asia/Riyadh or UTC%s", ig_text_show(name).text,
                          ig_zone_is_name(name)
                          ? " (Debian has them in the package tzdata)" : "");

    } else if (rc != IG_OK) {
        l->failed = true;
    }
}


void
ig_terms_cap_output(ig_load_t *l, const ig_yaml_t *value, ig_terms_t *t)
{
    if (ig_value_decimal(l, value, 0, IG_CAP_OUTPUT_MAX,
                         "a number of tokens; write a whole number from 1 to "
                         "1000000000", &t->cap_output)
        && t->cap_output == 0)
    {
        ig_mistakes_error(l->mistakes, value->place,
                          "an answer of 0 tokens is none; leave cap_output out "
                          "for no cap");
    }
}


/* "20%" or "2.5%", in thousandths */

static bool
ig_terms_share(ig_load_t *l, const ig_yaml_t *value, uint16_t *out)
{
    uint64_t  n;
    ig_str_t  s;

    if (!ig_value_text(l, value, &s)) {
        return false;
    }

    if (s.data[s.len - 1] != '%'
        || !ig_text_decimal((ig_str_t) { s.data, s.len - 1 }, 1, IG_SHARE_ALL,
                            &n)
        || n == 0)
    {
        ig_mistakes_error(l->mistakes, value->place,
                          "\"%s\" is no share; write a part of a hundred, from "
                          "0.1%% to 100%%, as 20%%", ig_text_show(s).text);
        return false;
    }

    *out = (uint16_t) n;

    return true;
}


void
ig_terms_interactive(ig_load_t *l, const ig_yaml_t *value, ig_terms_t *t)
{
    uint16_t  share;

    if (!ig_terms_share(l, value, &share)) {
        return;
    }

    if (share == IG_SHARE_ALL) {
        ig_mistakes_error(l->mistakes, value->place,
                          "all for interactive traffic leaves nothing for "
                          "batch work, which then is always refused; 99.9%% is "
                          "the most");
        return;
    }

    t->batch = (uint16_t) (IG_SHARE_ALL - share);
    t->interactive_place = value->place;
}


void
ig_terms_task_ttl(ig_load_t *l, const ig_yaml_t *value, ig_terms_t *t)
{
    bool        ok;
    size_t      i;
    uint64_t    n;
    ig_str_t    s;

    static const char      units[] = "smhd";
    static const uint64_t  seconds[] = { 1, 60, 3600, 86400 };

    if (!ig_value_text(l, value, &s)) {
        return;
    }

    for (i = 0; units[i] && (uint8_t) units[i] != s.data[s.len - 1]; i++) {
        /* void */
    }

    ok = units[i]
         && ig_text_decimal((ig_str_t) { s.data, s.len - 1 }, 0,
                            IG_TASK_TTL_MAX / seconds[i], &n)
         && n > 0;

    if (!ok) {
        ig_mistakes_error(l->mistakes, value->place,
                          "\"%s\" is no time; write a whole number above 0 "
                          "with s, m, h or d behind it, up to 366d, as 24h",
                          ig_text_show(s).text);
        return;
    }

    t->task_ttl_s = n * seconds[i];
}


void
ig_terms_exact(ig_load_t *l, const ig_yaml_t *value, ig_terms_t *t)
{
    size_t                    word;
    static const char *const  words[] = { "false", "true", NULL };

    if (ig_value_word(l, value, words, &word)) {
        t->exact_said = true;
        t->exact = (word == 1);
    }
}


static void
ig_without_store_local(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_terms_t  *t = object;

    if (ig_terms_share(l, value, &t->local_share)) {
        t->store_said = true;
        t->without_store = IG_WITHOUT_STORE_LOCAL;
    }
}


static const ig_key_t  ig_without_store_keys[] = {
    { "local", true, ig_without_store_local },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_without_store = {
    "without_store", "without_store", ig_without_store_keys
};


void
ig_terms_without_store(ig_load_t *l, const ig_yaml_t *value, ig_terms_t *t)
{
    if (value->kind != IG_YAML_TEXT) {
        (void) ig_object_read(l, &ig_object_without_store, value, t);
        return;
    }

    if (!ig_str_eq(value->text, IG_STR("deny"))) {
        ig_mistakes_error(l->mistakes, value->place,
                          "without_store is deny, or {local: 25%%}");
        return;
    }

    t->store_said = true;
    t->without_store = IG_WITHOUT_STORE_DENY;
    t->local_share = 0;
}

/*
 * Names that stand for something else: countries, groups, rows of tables.
 */

#include "load.h"

#include <stdlib.h>
#include <string.h>


#define IG_MISNAMED_MAX  256


/*
 * Codes that people write and ISO 3166-1 does not have: UK and EL (reserved for
 * the United Kingdom and the EU's use for Greece), and common short names.
 */
static const char *const  ig_country_slips[][2] = {
    { "UK", "GB" },
    { "EL", "GR" },
    { "USA", "US" },
    { "GBR", "GB" },
    { "UAE", "AE" },
    { "KSA", "SA" },
    { "DEU", "DE" },
    { "FRA", "FR" },
    { "IND", "IN" },
    { NULL, NULL }
};


static bool
ig_names_group(const ig_load_t *l, ig_str_t name, ig_countries_t *out)
{
    size_t  i;

    if (ig_country_group(name, out)) {
        return true;
    }

    for (i = 0; i < l->ngroups; i++) {
        if (ig_str_eq(name, l->groups[i].name)) {
            *out = l->groups[i].members;
            return true;
        }
    }

    return false;
}


/* what would be right instead of a name that is no country and no group */

static void
ig_names_suggest(const ig_load_t *l, ig_str_t name, bool groups,
    ig_nearest_t *nearest)
{
    size_t          i;
    uint8_t         upper[4];
    ig_str_t        s;
    ig_countries_t  members;

    ig_nearest_init(nearest, name);

    if (name.len && name.len < sizeof(upper)) {

        for (i = 0; i < name.len; i++) {
            upper[i] = (name.data[i] >= 'a' && name.data[i] <= 'z')
                       ? (uint8_t) (name.data[i] & ~0x20) : name.data[i];
        }

        s = (ig_str_t) { upper, name.len };

        for (i = 0; ig_country_slips[i][0]; i++) {
            if (ig_str_eq(s, ig_str_from_c(ig_country_slips[i][0]))) {
                nearest->best = ig_str_from_c(ig_country_slips[i][1]);
                return;
            }
        }

        if (ig_country_parse(s)) {
            nearest->best = ig_country_code(ig_country_parse(s));
            return;
        }

        if (groups && ig_country_group(s, &members)) {
            nearest->best = ig_str_eq(s, IG_STR("EU")) ? IG_STR("EU")
                            : ig_str_eq(s, IG_STR("EEA")) ? IG_STR("EEA")
                            : IG_STR("GCC");
            return;
        }
    }

    for (i = 0; groups && name.len > 2 && i < l->ngroups; i++) {
        ig_nearest_offer(nearest, l->groups[i].name);
    }
}


static void
ig_names_no_country(ig_load_t *l, const ig_yaml_t *node, bool groups)
{
    ig_nearest_t  nearest;

    ig_names_suggest(l, node->text, groups, &nearest);

    if (nearest.best.len == 0 && groups
        && ig_maybe_defined(l, IG_NAMES_GROUPS, node->text))
    {
        return;
    }

    if (nearest.best.len) {
        ig_mistakes_error(l->mistakes, node->place,
                          "unknown country%s \"%s\"; did you mean \"%.*s\"?",
                          groups ? " or group" : "",
                          ig_text_show(node->text).text,
                          IG_FMT(nearest.best));
        return;
    }

    ig_mistakes_error(l->mistakes, node->place,
                      "unknown country%s \"%s\"; write two capital letters of "
                      "ISO 3166-1%s", groups ? " or group" : "",
                      ig_text_show(node->text).text,
                      groups ? ", EU, EEA, GCC, or a group of policy.groups"
                             : "");
}


bool
ig_value_country(ig_load_t *l, const ig_yaml_t *node, ig_country_t *out)
{
    ig_str_t        s;
    ig_countries_t  members;

    if (!ig_value_text(l, node, &s)) {
        return false;
    }

    *out = ig_country_parse(s);

    if (*out != IG_COUNTRY_UNKNOWN) {
        return true;
    }

    if (ig_names_group(l, s, &members)) {
        ig_mistakes_error(l->mistakes, node->place,
                          "%s is a group; one country is needed here",
                          ig_text_show(s).text);
        return false;
    }

    ig_names_no_country(l, node, false);

    return false;
}


bool
ig_value_jurisdiction(ig_load_t *l, const ig_yaml_t *node,
    ig_countries_t *members, ig_country_t *country)
{
    ig_str_t  s;

    if (!ig_value_text(l, node, &s)) {
        return false;
    }

    *members = ig_countries_none();
    *country = ig_country_parse(s);

    if (*country != IG_COUNTRY_UNKNOWN) {
        ig_countries_add(members, *country);
        return true;
    }

    if (ig_names_group(l, s, members)) {
        return true;
    }

    ig_names_no_country(l, node, true);

    return false;
}


bool
ig_value_countries(ig_load_t *l, const ig_yaml_t *node, ig_countries_t *out)
{
    bool              ok;
    size_t            n;
    ig_country_t      country;
    ig_countries_t    members;
    const ig_yaml_t  *v;

    *out = ig_countries_none();

    v = ig_value_items(l, node, &n);
    ok = (v != NULL);

    for ( /* void */ ; v; v = ig_value_next(node, v)) {

        if (!ig_value_jurisdiction(l, v, &members, &country)) {
            ok = false;
            continue;
        }

        ig_countries_union(out, &members);
    }

    return ok;
}


void
ig_misnamed(ig_load_t *l, unsigned names, ig_str_t meant)
{
    size_t          cap;
    ig_misnamed_t  *items;

    /* each is compared with each unknown name: of many, all are possible */

    if (l->nmisnamed == IG_MISNAMED_MAX) {
        l->incomplete |= names;
        return;
    }

    if (l->nmisnamed == l->misnamed_cap) {

        cap = l->misnamed_cap ? l->misnamed_cap * 2 : 16;

        items = ig_arena_alloc(l->scratch, cap * sizeof(ig_misnamed_t));
        if (items == NULL) {
            return;
        }

        if (l->nmisnamed) {
            memcpy(items, l->misnamed, l->nmisnamed * sizeof(ig_misnamed_t));
        }

        l->misnamed = items;
        l->misnamed_cap = cap;
    }

    l->misnamed[l->nmisnamed++] = (ig_misnamed_t) { meant, names };
}


bool
ig_maybe_defined(ig_load_t *l, unsigned names, ig_str_t wanted)
{
    bool          maybe;
    size_t        i;
    ig_nearest_t  nearest;

    ig_nearest_init(&nearest, wanted);
    maybe = (l->incomplete & names) != 0;

    for (i = 0; i < l->nmisnamed && !maybe; i++) {

        if ((l->misnamed[i].names & names) == 0) {
            continue;
        }

        ig_nearest_offer(&nearest, l->misnamed[i].meant);

        maybe = nearest.best.len || ig_str_eq(wanted, l->misnamed[i].meant)
                || ig_glob_match(wanted, l->misnamed[i].meant);
    }

    l->doubtful = l->doubtful || maybe;

    return maybe;
}


void
ig_unknown_name(ig_load_t *l, const ig_yaml_t *node, unsigned names,
    const char *what, const ig_nearest_t *nearest)
{
    if (ig_maybe_defined(l, names, node->text)) {
        return;
    }

    if (nearest->best.len) {
        ig_mistakes_error(l->mistakes, node->place,
                          "unknown %s \"%s\"; did you mean \"%.*s\"?", what,
                          ig_text_show(nearest->wanted).text,
                          IG_FMT(nearest->best));

    } else {
        ig_mistakes_error(l->mistakes, node->place,
                          "unknown %s \"%s\"; no rule file defines it", what,
                          ig_text_show(nearest->wanted).text);
    }
}


void
ig_already_defined(ig_load_t *l, const char *what, ig_str_t name,
    ig_place_t at, ig_place_t before)
{
    ig_mistakes_error(l->mistakes, at, "%s \"%s\" is already defined at "
                      "%s:%u:%u", what, ig_text_show(name).text, before.file,
                      before.line, before.column);
}


int
ig_place_cmp(const ig_place_t *a, const ig_place_t *b)
{
    int  rc;

    rc = strcmp(a->file, b->file);
    if (rc != 0) {
        return rc;
    }

    if (a->line != b->line) {
        return a->line < b->line ? -1 : 1;
    }

    return (a->column > b->column) - (a->column < b->column);
}


int
ig_rows_cmp(const void *one, const void *two)
{
    uint32_t  a, b;

    a = *(const uint32_t *) one;
    b = *(const uint32_t *) two;

    return (a > b) - (a < b);
}


ig_rows_t
ig_rows_set(ig_load_t *l, uint32_t *rows, size_t n)
{
    size_t     i, k;
    uint32_t  *set;

    qsort(rows, n, sizeof(uint32_t), ig_rows_cmp);

    for (i = 0, k = 0; i < n; i++) {
        if (i == 0 || rows[i] != rows[i - 1]) {
            rows[k++] = rows[i];
        }
    }

    set = ig_arena_alloc(l->arena, k * sizeof(uint32_t));
    if (set == NULL) {
        return (ig_rows_t) { NULL, 0 };
    }

    if (k) {
        memcpy(set, rows, k * sizeof(uint32_t));
    }

    return (ig_rows_t) { set, k };
}


ig_rows_t
ig_names_rows(ig_load_t *l, const ig_yaml_t *value, const char *what,
    ig_row_pt row, void *object)
{
    size_t            n, k;
    uint32_t         *rows;
    const ig_yaml_t  *v;

    v = ig_value_items(l, value, &n);

    rows = ig_arena_alloc(l->scratch, n * sizeof(uint32_t));
    if (rows == NULL) {
        return (ig_rows_t) { NULL, 0 };
    }

    k = 0;

    for ( /* void */ ; v; v = ig_value_next(value, v)) {

        if (!ig_value_is(l, v, IG_YAML_TEXT, what)) {
            continue;
        }

        rows[k] = row(l, v, object);
        k += (rows[k] != IG_NONE);
    }

    return ig_rows_set(l, rows, k);
}

/*
 * Does a condition hold?  Keys are and-ed, the values of a key or-ed.
 */

#include "decide/table.h"


void
ig_found_collect(ig_found_t *found, const ig_findings_t *findings)
{
    size_t               i;
    uint32_t             d, w;
    const ig_finding_t  *k;

    found->used = 0;

    if (findings == NULL) {
        return;
    }

    for (i = 0; i < findings->n; i++) {
        k = &findings->items[i];
        d = k->detector;
        w = d >> 6;

        if (!(found->used >> w & 1)) {
            found->used |= UINT64_C(1) << w;
            found->bits[w] = 0;
        }

        if (!ig_bit_get(found->bits, d)) {
            ig_bit_set(found->bits, d);
            found->best[d] = k->score;

        } else if (k->score > found->best[d]) {
            found->best[d] = k->score;
        }
    }
}


static bool
ig_clause_data(const ig_clause_t *c, const ig_found_t *found)
{
    uint32_t  i, w, d;
    uint64_t  both;

    for (i = 0; i < c->n; i++) {
        w = c->first + i;

        if (!(found->used >> w & 1)) {
            continue;
        }

        for (both = c->data[i] & found->bits[w]; both; both &= both - 1) {
            d = w * 64 + (uint32_t) __builtin_ctzll(both);

            if (found->best[d] >= c->text->score) {
                return true;
            }
        }
    }

    return false;
}


bool
ig_globs_match(const ig_strs_t *globs, ig_str_t text)
{
    size_t  i;

    for (i = 0; i < globs->n; i++) {
        if (ig_glob_match(globs->items[i], text)) {
            return true;
        }
    }

    return false;
}


static bool
ig_clause_tools(const ig_condition_t *c, const ig_strs_t *tools)
{
    size_t  i;

    for (i = 0; i < tools->n; i++) {
        if (ig_globs_match(&c->tools, tools->items[i])) {
            return true;
        }
    }

    return false;
}


static bool
ig_clause_tenant(const ig_condition_t *c, uint32_t tenant)
{
    size_t  i;

    for (i = 0; i < c->tenants.n; i++) {
        if (c->tenants.items[i] == tenant) {
            return true;
        }
    }

    return false;
}


/* cheap keys first; the order tells only which key a trace names */

bool
ig_clause_holds(const ig_clause_t *c, const ig_facts_t *f,
    const ig_found_t *found, unsigned *key)
{
    unsigned               keys;
    const ig_condition_t  *text;

    text = c->text;
    keys = text->keys;

    *key = IG_WHEN_DIALECT;

    if ((keys & IG_WHEN_DIALECT)
        && !(text->dialects & IG_DIALECT_BIT(f->reading->dialect)))
    {
        return false;
    }

    *key = IG_WHEN_COUNTRY;

    if ((keys & IG_WHEN_COUNTRY)
        && !ig_countries_has(&text->countries, f->client_country))
    {
        return false;
    }

    *key = IG_WHEN_DATA;

    if ((keys & IG_WHEN_DATA) && !ig_clause_data(c, found)) {
        return false;
    }

    *key = IG_WHEN_TENANT;

    if ((keys & IG_WHEN_TENANT)
        && (f->tenant == IG_NONE || !ig_clause_tenant(text, f->tenant)))
    {
        return false;
    }

    *key = IG_WHEN_PATH;

    if ((keys & IG_WHEN_PATH) && !ig_globs_match(&text->paths, f->path)) {
        return false;
    }

    /*
     * What names no model matches no glob, not even "*".  Of a request that
     * was not read to its end neither model nor tools are known.
     */

    *key = IG_WHEN_MODEL;

    if ((keys & IG_WHEN_MODEL)
        && (f->reading->reason != IG_REASON_NONE
            || f->reading->model.len == 0
            || !ig_globs_match(&text->models, f->reading->model)))
    {
        return false;
    }

    *key = IG_WHEN_TOOLS;

    if ((keys & IG_WHEN_TOOLS)
        && (f->reading->reason != IG_REASON_NONE
            || !ig_clause_tools(text, &f->reading->tools)))
    {
        return false;
    }

    *key = 0;

    return true;
}

/*
 * What a request may have any number of: findings, claimed countries, tools.
 * Of those that do the same one is kept.
 */

#include "compare/domain.h"
#include "compare/globs.h"

#include <string.h>


/* how a score comes about; confirm.c of the stage detect/ has the words */
typedef enum {
    IG_LEVEL_CONTEXT,
    IG_LEVEL_VALIDATED,
    IG_LEVEL_SHAPE,
    IG_LEVELS
} ig_level_t;


static uint16_t
ig_level_score(const ig_detector_t *d, ig_level_t level)
{
    uint16_t  base;

    switch (level) {

    case IG_LEVEL_SHAPE:
        return d->validator.len && d->weak.len == 0 && !d->unofficial
               ? 0 : d->score_shape;

    case IG_LEVEL_VALIDATED:
        return d->validator.len ? d->score_validated : 0;

    default:

        /* words raise a score, and never lower it */

        base = ig_level_score(d, IG_LEVEL_SHAPE);

        if (base == 0) {
            base = d->score_validated;
        }

        return d->context.n && d->score_context > base ? d->score_context : 0;
    }
}


static bool
ig_items_keep(ig_domain_t *d, ig_item_t *item, size_t max)
{
    size_t  i, size;
    bool    any;

    size = d->effect_words * sizeof(uint64_t);
    any = false;

    for (i = 0; i < d->effect_words; i++) {
        any |= item->effect[i] != 0;
    }

    for (i = 0; any && i < d->nitems; i++) {
        if (d->items[i].kind == item->kind
            && memcmp(d->items[i].effect, item->effect, size) == 0)
        {
            any = false;
        }
    }

    if (!any) {
        memset(item->effect, 0, size);
        return true;
    }

    if (d->nitems == max) {
        return false;
    }

    d->items[d->nitems++] = *item;
    item->effect = ig_arena_calloc(d->arena, size);

    return item->effect != NULL;
}


static bool
ig_items_asks(const ig_condition_t *c, uint32_t row, uint16_t score)
{
    size_t  i;

    for (i = 0; (c->keys & IG_WHEN_DATA) && i < c->data.n; i++) {
        if (c->data.items[i] == row) {
            return score >= c->score;
        }
    }

    return false;
}


static void
ig_items_found(const ig_domain_t *d, ig_side_name_t side, uint32_t row,
    ig_country_t owner, uint16_t score, uint64_t *effect)
{
    size_t               i, first;
    uint32_t             pack;
    const ig_side_t     *s;
    const ig_policy_t   *p;

    s = &d->side[side];
    p = s->policy;
    first = 2 * s->first;

    for (i = 0; i < 2 * p->nrules; i++) {
        if (ig_items_asks(ig_domain_condition(d, first + i), row, score)) {
            ig_bit_set(effect, d->data + first + i);
        }
    }

    if (score < IG_SCORE_DEFAULT
        || !(p->stances.jurisdictions_from & IG_FROM_DATA))
    {
        return;
    }

    if (owner != IG_COUNTRY_UNKNOWN) {
        ig_domain_law(d, side, owner, effect);
        return;
    }

    pack = p->detectors[row].pack;

    if (!p->packs[pack].everywhere) {
        ig_bit_set(effect, s->packs + pack);
    }
}


static ig_country_t
ig_items_owner(const ig_policy_t *p, uint32_t row, ig_country_t any)
{
    if (p->detectors[row].owner != IG_OWNER_PACK) {
        return any;
    }

    return p->packs[p->detectors[row].pack].country;
}


/* one country of each law, as claims have it; unknown is the first */

static size_t
ig_items_laws(ig_domain_t *d, ig_country_t *laws)
{
    size_t     i, k, n, size;
    uint64_t  *seen, *effect;

    size = d->effect_words * sizeof(uint64_t);
    seen = ig_arena_calloc(d->arena, size * ig_country_count());

    if (seen == NULL) {
        return 0;
    }

    for (i = 0, n = 0; i < ig_country_count(); i++) {
        effect = seen + n * d->effect_words;
        memset(effect, 0, size);

        ig_domain_law(d, IG_SIDE_OLD, (ig_country_t) i, effect);
        ig_domain_law(d, IG_SIDE_NEW, (ig_country_t) i, effect);

        for (k = 0; k < n; k++) {
            if (memcmp(seen + k * d->effect_words, effect, size) == 0) {
                break;
            }
        }

        if (k == n) {
            laws[n++] = (ig_country_t) i;
        }
    }

    return n;
}


typedef struct {
    ig_item_t            item;
    size_t               max;
    const ig_country_t  *laws;
    size_t               nlaws;
} ig_items_t;

static bool
ig_items_finding(ig_domain_t *d, ig_items_t *t, const uint32_t row[2],
    ig_level_t level)
{
    size_t                 i, k, n;
    ig_compare_finding_t  *f;
    const ig_policy_t     *p;

    f = &t->item.finding;
    n = 1;

    for (k = 0; k < 2; k++) {
        p = d->side[k].policy;
        f->score[k] = 0;

        if (row[k] != IG_NONE) {
            f->detector = p->detectors[row[k]].id;
            f->score[k] = ig_level_score(&p->detectors[row[k]], level);

            if (p->detectors[row[k]].owner != IG_OWNER_PACK) {
                n = t->nlaws;
            }
        }
    }

    for (i = 0; i < n; i++) {
        for (k = 0; k < 2; k++) {
            f->owner[k] = IG_COUNTRY_UNKNOWN;

            if (f->score[k]) {
                f->owner[k] = ig_items_owner(d->side[k].policy, row[k],
                                             t->laws[i]);
                ig_items_found(d, (ig_side_name_t) k, row[k], f->owner[k],
                               f->score[k], t->item.effect);
            }
        }

        if (!ig_items_keep(d, &t->item, t->max)) {
            return false;
        }
    }

    return true;
}


static bool
ig_items_findings(ig_domain_t *d, ig_items_t *t)
{
    int                 level;
    size_t              i, k;
    uint32_t            row[2];
    const ig_policy_t  *p;

    t->item.kind = IG_ITEM_FINDING;

    for (k = 0; k < 2; k++) {
        p = d->side[k].policy;

        for (i = 0; i < p->ndetectors; i++) {
            row[k] = (uint32_t) i;
            row[1 - k] = ig_policy_detector(d->side[1 - k].policy,
                                            p->detectors[i].id);

            if (k == 1 && row[0] != IG_NONE) {
                continue;
            }

            for (level = 0; level < IG_LEVELS; level++) {
                if (!ig_items_finding(d, t, row, (ig_level_t) level)) {
                    return false;
                }
            }
        }
    }

    return true;
}


static bool
ig_items_claims(ig_domain_t *d, ig_items_t *t)
{
    size_t  i, k;

    t->item.kind = IG_ITEM_CLAIM;

    for (i = 0; i < t->nlaws; i++) {
        t->item.country = t->laws[i];

        for (k = 0; k < 2; k++) {
            if (d->side[k].policy->stances.jurisdictions_from & IG_FROM_CLAIM)
            {
                ig_domain_law(d, (ig_side_name_t) k, t->laws[i],
                              t->item.effect);
            }
        }

        if (!ig_items_keep(d, &t->item, t->max)) {
            return false;
        }
    }

    return true;
}


/*
 * The tool that a glob's text makes with a byte of no glob for its stars: a glob
 * that matches it can take that byte only by a star, which takes whatever else
 * may stand there.
 */

static bool
ig_items_tools(ig_domain_t *d, ig_items_t *t)
{
    size_t                 i, k, n, nlists;
    uint8_t                fresh;
    ig_strs_t             *lists;
    const ig_condition_t  *c;

    t->item.kind = IG_ITEM_TOOL;
    lists = ig_arena_calloc(d->arena, (2 * d->rules + 1) * sizeof(ig_strs_t));

    if (lists == NULL) {
        return false;
    }

    for (i = 0, nlists = 0; i < 2 * d->rules; i++) {
        c = ig_domain_condition(d, i);

        if (c->keys & IG_WHEN_TOOLS) {
            lists[nlists++] = c->tools;
        }
    }

    fresh = ig_glob_fresh(lists, nlists);

    for (i = 0; i < nlists; i++) {
        for (k = 0; k < lists[i].n; k++) {
            t->item.tool = ig_glob_text(lists[i].items[k], fresh, d->arena);

            if (t->item.tool.data == NULL) {
                return false;
            }

            for (n = 0; n < 2 * d->rules; n++) {
                c = ig_domain_condition(d, n);

                if ((c->keys & IG_WHEN_TOOLS)
                    && ig_glob_list_match(&c->tools, t->item.tool))
                {
                    ig_bit_set(t->item.effect, d->tools + n);
                }
            }

            if (!ig_items_keep(d, &t->item, t->max)) {
                return false;
            }
        }
    }

    return true;
}


static size_t
ig_items_max(const ig_domain_t *d, const ig_items_t *t)
{
    size_t                 i, k, n;
    const ig_policy_t     *p;
    const ig_condition_t  *c;

    n = t->nlaws;

    for (k = 0; k < 2; k++) {
        p = d->side[k].policy;

        for (i = 0; i < p->ndetectors; i++) {
            n += p->detectors[i].owner == IG_OWNER_PACK
                 ? IG_LEVELS : IG_LEVELS * t->nlaws;
        }
    }

    for (i = 0; i < 2 * d->rules; i++) {
        c = ig_domain_condition(d, i);
        n += (c->keys & IG_WHEN_TOOLS) ? c->tools.n : 0;
    }

    return n;
}


bool
ig_domain_items(ig_domain_t *d)
{
    ig_items_t     t;
    ig_country_t  *laws;

    memset(&t, 0, sizeof(t));

    laws = ig_arena_calloc(d->arena,
                           ig_country_count() * sizeof(ig_country_t));
    if (laws == NULL) {
        return false;
    }

    t.laws = laws;
    t.nlaws = ig_items_laws(d, laws);
    t.max = ig_items_max(d, &t);
    t.item.effect = ig_arena_calloc(d->arena,
                                    d->effect_words * sizeof(uint64_t));
    d->items = ig_arena_calloc(d->arena, (t.max + 1) * sizeof(ig_item_t));

    if (t.nlaws == 0 || t.item.effect == NULL || d->items == NULL) {
        return false;
    }

    return ig_items_findings(d, &t) && ig_items_claims(d, &t)
           && ig_items_tools(d, &t);
}

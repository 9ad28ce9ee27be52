/*
 * Packs: whose law each file is, and its citations.
 */

#include "load.h"

#include <stdlib.h>


typedef struct {
    ig_pack_t   pack;
    ig_file_t  *file;
} ig_pack_of_file_t;


static void
ig_law_title(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_text(l, value, &((ig_law_t *) object)->title);
}


static void
ig_law_article(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_text(l, value, &((ig_law_t *) object)->article);
}


static void
ig_law_source(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_text(l, value, &((ig_law_t *) object)->source);
}


static const ig_key_t  ig_law_keys[] = {
    { "title", true, ig_law_title },
    { "article", true, ig_law_article },
    { "source", true, ig_law_source },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_law = { "law", "a law", ig_law_keys };


static void
ig_pack_jurisdiction(ig_load_t *l, const ig_file_t *f, ig_pack_t *p)
{
    if (f->jurisdiction == NULL) {

        if (f->of_nobody) {
            return;
        }

        p->everywhere = true;

        if (f->transfers) {
            ig_mistakes_error(l->mistakes, f->transfers->key->place,
                              "transfers without a jurisdiction; name whose "
                              "transfers they are, or write a rule with "
                              "destinations");
        }

        return;
    }

    p->place = f->jurisdiction->place;

    if (!ig_value_jurisdiction(l, f->jurisdiction, &p->members, &p->country)) {
        l->incomplete |= IG_NAMES_PACKS;

    } else if (!f->of_nobody) {
        p->jurisdiction = ig_arena_strdup(l->arena, f->jurisdiction->text);
    }
}


static int
ig_pack_cmp(const void *one, const void *two)
{
    int               rc;
    const ig_pack_t  *a, *b;

    a = &((const ig_pack_of_file_t *) one)->pack;
    b = &((const ig_pack_of_file_t *) two)->pack;

    rc = ig_str_cmp(a->jurisdiction, b->jurisdiction);

    return rc ? rc : ig_place_cmp(&a->place, &b->place);
}


static void
ig_pack_twice(ig_load_t *l)
{
    size_t            i;
    const ig_pack_t  *a, *b;

    for (i = 1; i < l->policy->npacks; i++) {

        a = &l->packs[i - 1];
        b = &l->packs[i];

        if (b->jurisdiction.len && ig_str_eq(a->jurisdiction, b->jurisdiction))
        {
            ig_mistakes_error(l->mistakes, b->place,
                              "%s already has a pack at %s:%u; a jurisdiction "
                              "has one", ig_text_show(b->jurisdiction).text,
                              a->place.file, a->place.line);
        }
    }
}


/* the packs of all files in order, and each file's row among them */

static size_t
ig_pack_rows(ig_load_t *l, ig_pack_of_file_t *rows)
{
    size_t      i, n;
    ig_file_t  *f;
    ig_pack_t  *p;

    n = 0;

    for (i = 0; i < l->nfiles; i++) {

        f = &l->files[i];

        if (f->jurisdiction == NULL && !f->of_nobody && f->law == NULL
            && f->detectors == NULL && f->rules == NULL && f->transfers == NULL)
        {
            continue;
        }

        rows[n].file = f;
        p = &rows[n++].pack;

        p->file = f->source->name;
        p->place = f->root->place;

        ig_pack_jurisdiction(l, f, p);

        p->title = f->title_text.len ? f->title_text : p->jurisdiction;
    }

    return n;
}


void
ig_load_packs(ig_load_t *l)
{
    size_t              i, n;
    ig_pack_of_file_t  *rows;

    rows = ig_arena_calloc(l->scratch, l->nfiles * sizeof(ig_pack_of_file_t));
    l->packs = ig_arena_calloc(l->arena, l->nfiles * sizeof(ig_pack_t));

    if (rows == NULL || l->packs == NULL) {
        return;
    }

    n = ig_pack_rows(l, rows);

    qsort(rows, n, sizeof(ig_pack_of_file_t), ig_pack_cmp);

    for (i = 0; i < n; i++) {
        l->packs[i] = rows[i].pack;
        rows[i].file->pack = (uint32_t) i;
    }

    l->policy->packs = l->packs;
    l->policy->npacks = n;

    ig_pack_twice(l);

    if (n > IG_MAX_PACKS) {
        ig_mistakes_error(l->mistakes, l->packs[IG_MAX_PACKS].place,
                          "more than %d packs", IG_MAX_PACKS);
    }
}


static int
ig_law_cmp(const void *one, const void *two)
{
    const ig_law_t  *a = one, *b = two;

    if (a->pack != b->pack) {
        return a->pack < b->pack ? -1 : 1;
    }

    return ig_str_cmp(a->id, b->id);
}


void
ig_load_laws(ig_load_t *l)
{
    size_t            i, n;
    ig_law_t         *law;
    const ig_yaml_t  *v;

    ig_load_count(l, law, n);

    l->laws = ig_arena_calloc(l->arena, n * sizeof(ig_law_t));
    l->law_used = ig_arena_calloc(l->scratch, n * sizeof(bool));

    if (l->laws == NULL || l->law_used == NULL) {
        return;
    }

    law = l->laws;

    for (i = 0; i < l->nfiles; i++) {

        if (l->files[i].law == NULL || l->files[i].pack == IG_NONE) {
            continue;
        }

        for (v = l->files[i].law->first; v; v = v->next) {

            law->pack = l->files[i].pack;
            law->place = v->key->place;

            if (!ig_value_name(l, v->key, &law->id)) {
                ig_misnamed(l, IG_NAMES_LAWS, v->key->text);
            }

            (void) ig_object_read(l, &ig_object_law, v, law);
            law++;
        }
    }

    l->policy->nlaws = (size_t) (law - l->laws);
    l->policy->laws = l->laws;

    qsort(l->laws, l->policy->nlaws, sizeof(ig_law_t), ig_law_cmp);
}

/*
 * Detectors: named data types.  Patterns are compiled, and judged, by detect/.
 */

#include "load.h"

#include <inference_guard/validator.h>

#include <stdlib.h>
#include <string.h>


/* the defaults of score: shape alone does not count, as many things match it */
#define IG_SCORE_SHAPE      300
#define IG_SCORE_VALIDATED  500
#define IG_SCORE_CONTEXT    850


static void
ig_detector_score(ig_load_t *l, const ig_yaml_t *value, uint16_t *score)
{
    uint64_t  n;

    if (ig_value_decimal(l, value, 3, IG_SCORE_ONE,
                         "a score; write a decimal from 0 to 1 with up to "
                         "three digits, as 0.85", &n))
    {
        *score = (uint16_t) n;
    }
}


static void
ig_score_shape(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_detector_score(l, value, &((ig_detector_t *) object)->score_shape);
}


static void
ig_score_validated(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_detector_score(l, value, &((ig_detector_t *) object)->score_validated);
}


static void
ig_score_context(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_detector_score(l, value, &((ig_detector_t *) object)->score_context);
}


static const ig_key_t  ig_score_keys[] = {
    { "shape", false, ig_score_shape },
    { "validated", false, ig_score_validated },
    { "context", false, ig_score_context },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_score = { "score", "a score", ig_score_keys };


static void
ig_validator_name(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    char                text[512];
    size_t              i;
    ig_buf_t            known;
    ig_str_t            name;
    ig_nearest_t        nearest;
    ig_detector_t      *d = object;
    const char *const  *names;

    if (!ig_value_text(l, value, &name)) {
        return;
    }

    if (ig_validator_find(name)) {
        d->validator = name;
        d->validator_place = value->place;
        return;
    }

    ig_nearest_init(&nearest, name);
    ig_buf_fixed(&known, text, sizeof(text));
    names = ig_validator_names();

    for (i = 0; names[i]; i++) {
        ig_nearest_offer(&nearest, ig_str_from_c(names[i]));
        ig_buf_printf(&known, "%s%s", i ? ", " : "", names[i]);
    }

    if (nearest.best.len) {
        ig_mistakes_error(l->mistakes, value->place,
                          "unknown validator \"%s\"; did you mean \"%.*s\"?",
                          ig_text_show(name).text, IG_FMT(nearest.best));

    } else {
        ig_mistakes_error(l->mistakes, value->place,
                          "unknown validator \"%s\"; known are: %.*s",
                          ig_text_show(name).text, (int) known.len,
                          (const char *) known.data);
    }
}


static void
ig_validator_unofficial(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t                    word;
    static const char *const  words[] = { "false", "true", NULL };

    if (ig_value_word(l, value, words, &word)) {
        ((ig_detector_t *) object)->unofficial = (word == 1);
    }
}


static const ig_key_t  ig_validator_keys[] = {
    { "name", true, ig_validator_name },
    { "unofficial", false, ig_validator_unofficial },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_validator = {
    "validator", "a validator", ig_validator_keys
};


static void
ig_detector_title(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_text(l, value, &((ig_detector_t *) object)->title);
}


/* a pattern may have several lines, for (?x) */

static void
ig_detector_regex(ig_load_t *l, const ig_yaml_t *value, const char *what,
    ig_str_t *out)
{
    if (!ig_value_is(l, value, IG_YAML_TEXT, what)) {
        return;
    }

    if (value->text.len == 0 || memchr(value->text.data, '\0',
                                       value->text.len))
    {
        ig_mistakes_error(l->mistakes, value->place,
                          "the pattern is empty or holds a NUL byte");
        return;
    }

    *out = ig_arena_strdup(l->arena, value->text);
}


static void
ig_detector_pattern(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_detector_t  *d = object;

    d->pattern_place = value->place;

    ig_detector_regex(l, value, "a pattern", &d->pattern);
}


static void
ig_detector_weak(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_detector_t  *d = object;

    d->weak_place = value->place;

    ig_detector_regex(l, value, "a pattern of weak forms", &d->weak);
}


static void
ig_detector_anchor(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t          i;
    ig_detector_t  *d = object;

    d->anchor_place = value->place;

    if (value->kind == IG_YAML_TEXT
        && ig_str_eq(value->text, IG_STR("digits")))
    {
        d->anchor = IG_ANCHOR_DIGITS;
        return;
    }

    (void) ig_value_strs(l, value, &d->literals);

    d->anchor = d->literals.n ? IG_ANCHOR_LITERALS : IG_ANCHOR_MISTAKEN;

    for (i = 0; i < d->literals.n; i++) {
        if (ig_str_eq(d->literals.items[i], IG_STR("digits"))) {
            ig_mistakes_error(l->mistakes, value->place,
                              "\"digits\" in a list is the literal word; write "
                              "anchor: digits alone for a run of digits");
        }
    }
}


static void
ig_detector_validator(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    if (value->kind == IG_YAML_MAP) {
        (void) ig_object_read(l, &ig_object_validator, value, object);

    } else {
        ig_validator_name(l, value, object);
    }
}


static void
ig_detector_context(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_strs(l, value, &((ig_detector_t *) object)->context);
}


static void
ig_detector_scores(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_object_read(l, &ig_object_score, value, object);
}


static void
ig_detector_kind(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t                    word;
    static const char *const  words[] = { "personal_data", "secret", NULL };

    if (ig_value_word(l, value, words, &word)) {
        ((ig_detector_t *) object)->kind = word ? IG_DATA_SECRET
                                                : IG_DATA_PERSONAL;
    }
}


static void
ig_detector_owner(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t                    word;
    static const char *const  words[] = { "pack", "iban", "phone", NULL };

    if (ig_value_word(l, value, words, &word)) {
        ((ig_detector_t *) object)->owner = word == 0 ? IG_OWNER_PACK
                                            : word == 1 ? IG_OWNER_IBAN
                                            : IG_OWNER_PHONE;
    }
}


static const ig_key_t  ig_detector_keys[] = {
    { "title", false, ig_detector_title },
    { "pattern", true, ig_detector_pattern },
    { "weak", false, ig_detector_weak },
    { "anchor", false, ig_detector_anchor },
    { "validator", false, ig_detector_validator },
    { "context", false, ig_detector_context },
    { "score", false, ig_detector_scores },
    { "kind", false, ig_detector_kind },
    { "owner", false, ig_detector_owner },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_detector = {
    "detector", "a detector", ig_detector_keys
};


/* an id as it should have been: "sa.id" for "SA.id", "ae.id" or "id" */

static ig_str_t
ig_detector_meant(ig_load_t *l, ig_str_t id, ig_str_t jurisdiction)
{
    size_t     i, k;
    uint8_t   *meant;
    ig_buf_t   b;

    meant = ig_arena_alloc(l->scratch, jurisdiction.len + id.len + 1);
    if (meant == NULL) {
        return id;
    }

    ig_buf_fixed(&b, (char *) meant, jurisdiction.len + id.len + 1);

    if (jurisdiction.len) {

        for (i = 0; i < id.len && id.data[i] != '.'; i++) { /* void */ }

        ig_buf_str(&b, jurisdiction);
        ig_buf_lit(&b, ".");
        i = i < id.len ? i + 1 : 0;
        id = (ig_str_t) { id.data + i, id.len - i };
    }

    ig_buf_str(&b, id);

    for (k = 0; k < b.len; k++) {
        if (meant[k] >= 'A' && meant[k] <= 'Z') {
            meant[k] |= 0x20;
        }
    }

    return (ig_str_t) { meant, b.len };
}


/*
 * "sa.national_id" in SA's pack: whose data it is can be read from the id, in
 * records as well.
 */

static void
ig_detector_id(ig_load_t *l, const ig_yaml_t *key, ig_detector_t *d)
{
    size_t            i;
    ig_str_t          jurisdiction, prefix;
    const ig_pack_t  *pack;

    if (!ig_value_name(l, key, &d->id)) {
        ig_misnamed(l, IG_NAMES_DETECTORS, key->text);
        return;
    }

    for (i = 0; i < d->id.len; i++) {
        if (d->id.data[i] >= 'A' && d->id.data[i] <= 'Z') {
            ig_mistakes_error(l->mistakes, key->place,
                              "a detector's id has no capital letters: \"%s\"",
                              ig_text_show(d->id).text);
            ig_misnamed(l, IG_NAMES_DETECTORS,
                        ig_detector_meant(l, d->id, IG_NO_STR));
            return;
        }
    }

    pack = &l->packs[d->pack];
    jurisdiction = pack->jurisdiction;

    for (i = 0; i < d->id.len && d->id.data[i] != '.'; i++) { /* void */ }

    prefix = (ig_str_t) { d->id.data, i };

    if (jurisdiction.len
        && (i == d->id.len || !ig_str_eq_nocase(prefix, jurisdiction)))
    {
        ig_mistakes_error(l->mistakes, key->place,
                          "detector \"%s\" in the pack of %s; its id must "
                          "begin with \"%s.\"", ig_text_show(d->id).text,
                          ig_text_show(jurisdiction).text,
                          ig_text_lower(jurisdiction).text);
        ig_misnamed(l, IG_NAMES_DETECTORS,
                    ig_detector_meant(l, d->id, jurisdiction));
    }
}


static void
ig_detector_read(ig_load_t *l, const ig_yaml_t *node, uint32_t pack,
    ig_detector_t *d)
{
    size_t  errors;

    d->pack = pack;
    d->place = node->key->place;
    d->pattern_place = d->place;
    d->weak_place = d->place;
    d->anchor_place = d->place;
    d->validator_place = d->place;
    d->score_shape = IG_SCORE_SHAPE;
    d->score_validated = IG_SCORE_VALIDATED;
    d->score_context = IG_SCORE_CONTEXT;

    ig_detector_id(l, node->key, d);

    errors = ig_mistakes_errors(l->mistakes);
    l->doubtful = false;

    (void) ig_object_read(l, &ig_object_detector, node, d);

    if (ig_mistakes_errors(l->mistakes) == errors && !l->doubtful) {
        ig_lint_weak(l, d);
    }

    /* an anchor that is not named may be there all the same */

    if (d->anchor == IG_ANCHOR_PATTERN
        && node->kind == IG_YAML_MAP
        && ((d->validator.len == 0
             && ig_object_has(&ig_object_detector, node, "validator"))
            || ig_object_has(&ig_object_detector, node, "anchor")))
    {
        d->anchor = IG_ANCHOR_MISTAKEN;
    }

    if (d->title.len == 0) {
        d->title = d->id;
    }
}


static int
ig_detector_cmp(const void *one, const void *two)
{
    int                   rc;
    const ig_detector_t  *a = one, *b = two;

    rc = ig_str_cmp(a->id, b->id);

    return rc ? rc : ig_place_cmp(&a->place, &b->place);
}


void
ig_load_detectors(ig_load_t *l)
{
    size_t            i, n;
    ig_detector_t    *d;
    const ig_yaml_t  *v;

    ig_load_count(l, detectors, n);

    l->detectors = ig_arena_calloc(l->arena, n * sizeof(ig_detector_t));
    if (l->detectors == NULL || l->packs == NULL) {
        return;
    }

    d = l->detectors;

    for (i = 0; i < l->nfiles; i++) {

        if (l->files[i].detectors == NULL || l->files[i].pack == IG_NONE) {
            continue;
        }

        for (v = l->files[i].detectors->first; v; v = v->next) {
            ig_detector_read(l, v, l->files[i].pack, d++);
        }
    }

    n = (size_t) (d - l->detectors);
    qsort(l->detectors, n, sizeof(ig_detector_t), ig_detector_cmp);

    for (i = 1; i < n; i++) {
        if (l->detectors[i].id.len
            && ig_str_eq(l->detectors[i].id, l->detectors[i - 1].id)
            && l->detectors[i].place.file != l->detectors[i - 1].place.file)
        {
            ig_already_defined(l, "detector", l->detectors[i].id,
                               l->detectors[i].place,
                               l->detectors[i - 1].place);
        }
    }

    if (n > IG_MAX_DETECTORS) {
        ig_mistakes_error(l->mistakes, l->detectors[IG_MAX_DETECTORS].place,
                          "more than %d detectors", IG_MAX_DETECTORS);
        n = IG_MAX_DETECTORS;
        l->incomplete |= IG_NAMES_DETECTORS;
    }

    l->policy->detectors = l->detectors;
    l->policy->ndetectors = n;
}

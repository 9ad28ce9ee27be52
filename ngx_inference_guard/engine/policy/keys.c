/*
 * Reading a map by its table of keys.
 */

#include "keys.h"
#include "load.h"


static const ig_object_t *const  ig_objects[] = {
    &ig_object_file,
    &ig_object_law,
    &ig_object_transfers,
    &ig_object_detector,
    &ig_object_validator,
    &ig_object_score,
    &ig_object_rule,
    &ig_object_condition,
    &ig_object_effects,
    &ig_object_endpoint,
    &ig_object_credential,
    &ig_object_price,
    &ig_object_tenant,
    &ig_object_plan,
    &ig_object_limit,
    &ig_object_without_store,
    &ig_object_policy,
    &ig_object_uninspectable,
    NULL
};


const ig_object_t *const *
ig_policy_objects(void)
{
    return ig_objects;
}


static const ig_key_t *
ig_object_key(const ig_object_t *kind, ig_str_t name)
{
    const ig_key_t  *k;

    for (k = kind->keys; k->name; k++) {
        if (ig_str_eq(name, ig_str_from_c(k->name))) {
            return k;
        }
    }

    return NULL;
}


/* the known key that an unknown one was meant to be; empty: none is near */

static ig_nearest_t
ig_object_nearest(const ig_object_t *kind, ig_str_t name)
{
    ig_nearest_t     nearest;
    const ig_key_t  *k;

    ig_nearest_init(&nearest, name);

    for (k = kind->keys; k->name; k++) {
        ig_nearest_offer(&nearest, ig_str_from_c(k->name));
    }

    return nearest;
}


bool
ig_object_has(const ig_object_t *kind, const ig_yaml_t *node, const char *key)
{
    ig_nearest_t      nearest;
    const ig_yaml_t  *v;

    if (node->lost || ig_yaml_get(node, key)) {
        return true;
    }

    for (v = node->first; v; v = v->next) {

        if (ig_object_key(kind, v->key->text)) {
            continue;
        }

        nearest = ig_object_nearest(kind, v->key->text);

        if (ig_str_eq(nearest.best, ig_str_from_c(key))) {
            return true;
        }
    }

    return false;
}


static void
ig_object_unknown_key(ig_load_t *l, const ig_object_t *kind,
    const ig_yaml_t *key)
{
    char             text[512];
    ig_buf_t         known;
    ig_nearest_t     nearest;
    const ig_key_t  *k;

    nearest = ig_object_nearest(kind, key->text);
    ig_buf_fixed(&known, text, sizeof(text));

    for (k = kind->keys; k->name; k++) {
        ig_buf_printf(&known, "%s%s", k == kind->keys ? "" : ", ", k->name);
    }

    if (nearest.best.len) {
        ig_mistakes_error(l->mistakes, key->place,
                          "unknown key \"%s\" of %s; did you mean \"%.*s\"?",
                          ig_text_show(key->text).text, kind->title,
                          IG_FMT(nearest.best));

    } else {
        ig_mistakes_error(l->mistakes, key->place,
                          "unknown key \"%s\" of %s; known are: %.*s",
                          ig_text_show(key->text).text, kind->title,
                          (int) known.len, (const char *) known.data);
    }
}


bool
ig_object_read(ig_load_t *l, const ig_object_t *kind, const ig_yaml_t *node,
    void *object)
{
    const ig_key_t   *k;
    const ig_yaml_t  *v;

    if (!ig_value_is(l, node, IG_YAML_MAP, kind->title)) {
        return false;
    }

    if (node->twice || node->lost) {
        l->doubtful = true;
    }

    for (v = node->first; v; v = v->next) {

        k = ig_object_key(kind, v->key->text);

        if (k == NULL) {
            ig_object_unknown_key(l, kind, v->key);
            continue;
        }

        if (k->read) {
            k->read(l, v, object);
        }
    }

    for (k = kind->keys; k->name; k++) {

        if (k->required && !ig_object_has(kind, node, k->name)) {
            ig_mistakes_error(l->mistakes, node->key ? node->key->place
                                                     : node->place,
                              "%s needs the key \"%s\"", kind->title, k->name);
        }
    }

    return true;
}

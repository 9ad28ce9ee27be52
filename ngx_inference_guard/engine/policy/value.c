/*
 * Values of keys: the right kind, one line, one of some words, a decimal.
 */

#include "load.h"

#include <string.h>


bool
ig_value_is(ig_load_t *l, const ig_yaml_t *node, ig_yaml_kind_t kind,
    const char *what)
{
    const char  *wanted;

    if (node->kind == kind) {
        return true;
    }

    if (node->kind == IG_YAML_BAD) {
        l->doubtful = true;
        return false;
    }

    wanted = kind == IG_YAML_MAP ? "a map (key: value)"
             : kind == IG_YAML_LIST ? "a list (- item)" : "a single value";

    ig_mistakes_error(l->mistakes, node->place,
                      "%s must be %s, but this is %s", what, wanted,
                      ig_yaml_kind(node));

    return false;
}


/* "the value of "title"", or of a list's item */

static const char *
ig_value_what(const ig_yaml_t *node, ig_shown_t *shown)
{
    size_t  len;

    if (node->key == NULL) {
        return "an item of this list";
    }

    *shown = ig_text_show(node->key->text);
    len = strlen(shown->text);

    if (len + 3 > sizeof(shown->text)) {
        return "the value";
    }

    memmove(shown->text + 1, shown->text, len);
    shown->text[0] = '"';
    shown->text[len + 1] = '"';
    shown->text[len + 2] = '\0';

    return shown->text;
}


bool
ig_value_sound(const ig_yaml_t *node)
{
    size_t  i;

    if (node->kind != IG_YAML_TEXT || node->text.len == 0) {
        return false;
    }

    for (i = 0; i < node->text.len; i++) {
        if (node->text.data[i] < 0x20 || node->text.data[i] == 0x7f) {
            return false;
        }
    }

    return true;
}


bool
ig_value_text(ig_load_t *l, const ig_yaml_t *node, ig_str_t *out)
{
    ig_shown_t   shown;
    const char  *what;

    what = ig_value_what(node, &shown);

    if (!ig_value_is(l, node, IG_YAML_TEXT, what)) {
        return false;
    }

    if (node->text.len == 0) {
        ig_mistakes_error(l->mistakes, node->place, "%s is empty", what);
        return false;
    }

    if (!ig_value_sound(node)) {
        ig_mistakes_error(l->mistakes, node->place,
                          "%s must be one line without control characters",
                          what);
        return false;
    }

    *out = ig_arena_strdup(l->arena, node->text);

    return true;
}


bool
ig_value_name(ig_load_t *l, const ig_yaml_t *node, ig_str_t *out)
{
    if (!ig_value_text(l, node, out)) {
        return false;
    }

    if (!ig_text_is_name(*out)) {
        ig_mistakes_error(l->mistakes, node->place,
                          "\"%s\" is no name; use up to 64 letters, digits, "
                          "'.', '_' and '-', beginning with a letter or digit",
                          ig_text_show(*out).text);
        return false;
    }

    return true;
}


bool
ig_value_word(ig_load_t *l, const ig_yaml_t *node, const char *const *words,
    size_t *out)
{
    size_t        i;
    char          text[256];
    ig_str_t      s;
    ig_buf_t      known;
    ig_nearest_t  nearest;

    if (!ig_value_text(l, node, &s)) {
        return false;
    }

    ig_nearest_init(&nearest, s);
    ig_buf_fixed(&known, text, sizeof(text));

    for (i = 0; words[i]; i++) {

        if (ig_str_eq(s, ig_str_from_c(words[i]))) {
            *out = i;
            return true;
        }

        ig_nearest_offer(&nearest, ig_str_from_c(words[i]));
        ig_buf_printf(&known, "%s%s", i ? ", " : "", words[i]);
    }

    if (nearest.best.len) {
        ig_mistakes_error(l->mistakes, node->place,
                          "unknown word \"%s\"; did you mean \"%.*s\"?",
                          ig_text_show(s).text, IG_FMT(nearest.best));

    } else {
        ig_mistakes_error(l->mistakes, node->place,
                          "unknown word \"%s\"; known are: %.*s",
                          ig_text_show(s).text, (int) known.len,
                          (const char *) known.data);
    }

    return false;
}


bool
ig_value_decimal(ig_load_t *l, const ig_yaml_t *node, unsigned digits,
    uint64_t max, const char *what, uint64_t *out)
{
    ig_str_t  s;

    if (!ig_value_text(l, node, &s)) {
        return false;
    }

    if (!ig_text_decimal(s, digits, max, out)) {
        ig_mistakes_error(l->mistakes, node->place,
                          "\"%s\" is not %s", ig_text_show(s).text, what);
        return false;
    }

    return true;
}


const ig_yaml_t *
ig_value_items(ig_load_t *l, const ig_yaml_t *node, size_t *n)
{
    ig_shown_t   shown;
    const char  *what;

    *n = 0;

    if (node->kind == IG_YAML_TEXT && node->text.len) {
        *n = 1;
        return node;
    }

    what = ig_value_what(node, &shown);

    if (!ig_value_is(l, node, IG_YAML_LIST, what)) {
        return NULL;
    }

    if (node->n == 0) {
        ig_mistakes_error(l->mistakes, node->place,
                          "%s is an empty list, which nothing can match; name "
                          "something or leave the key out", what);
        return NULL;
    }

    *n = node->n;

    return node->first;
}


const ig_yaml_t *
ig_value_next(const ig_yaml_t *node, const ig_yaml_t *item)
{
    return node == item ? NULL : item->next;
}


bool
ig_value_strs(ig_load_t *l, const ig_yaml_t *node, ig_strs_t *out)
{
    bool              ok;
    size_t            n;
    ig_str_t         *strs;
    const ig_yaml_t  *v;

    v = ig_value_items(l, node, &n);
    if (v == NULL) {
        return false;
    }

    strs = ig_arena_alloc(l->arena, n * sizeof(ig_str_t));
    if (strs == NULL) {
        return false;
    }

    ok = true;
    n = 0;

    for ( /* void */ ; v; v = ig_value_next(node, v)) {
        if (ig_value_text(l, v, &strs[n])) {
            n++;

        } else {
            ok = false;
        }
    }

    out->items = strs;
    out->n = n;

    return ok;
}

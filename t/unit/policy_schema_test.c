/*
 * rules/schema.json and the reader's tables of keys say the same: the same
 * objects, the same keys, the same required ones, nothing besides.
 *
 * Run from the top of the source tree.
 */

#include "policy_fixture.h"

#include <jansson.h>

#include "policy/keys.h"


static int
setup(void **state)
{
    json_error_t  error;

    *state = json_load_file("rules/schema.json", JSON_REJECT_DUPLICATES,
                            &error);

    if (*state == NULL) {
        print_error("rules/schema.json:%d:%d: %s\n", error.line, error.column,
                    error.text);
    }

    return *state == NULL;
}


static int
teardown(void **state)
{
    json_decref(*state);

    return 0;
}


static json_t *
definition(json_t *schema, const ig_object_t *object)
{
    if (object == &ig_object_file) {
        return schema;
    }

    return json_object_get(json_object_get(schema, "$defs"), object->name);
}


static bool
is_required(json_t *def, const char *key)
{
    size_t   i;
    json_t  *item;

    json_array_foreach(json_object_get(def, "required"), i, item) {
        if (strcmp(json_string_value(item), key) == 0) {
            return true;
        }
    }

    return false;
}


static void
same_keys(void **state)
{
    size_t                     n, required;
    json_t                    *def, *properties, *property;
    const ig_key_t            *k;
    const ig_object_t *const  *o;

    for (o = ig_policy_objects(); *o; o++) {

        def = definition(*state, *o);

        if (def == NULL) {
            fail_msg("the schema does not define \"%s\"", (*o)->name);
        }

        if (!json_is_false(json_object_get(def, "additionalProperties"))) {
            fail_msg("\"%s\" is open in the schema", (*o)->name);
        }

        properties = json_object_get(def, "properties");
        n = 0;
        required = 0;

        for (k = (*o)->keys; k->name; k++) {

            property = json_object_get(properties, k->name);

            if (property == NULL) {
                fail_msg("the schema has no \"%s\" in \"%s\"", k->name,
                         (*o)->name);
            }

            if (json_string_length(json_object_get(property, "description"))
                == 0)
            {
                fail_msg("\"%s\" of \"%s\" is not described", k->name,
                         (*o)->name);
            }

            if (k->required != is_required(def, k->name)) {
                fail_msg("\"%s\" of \"%s\" is required by one only", k->name,
                         (*o)->name);
            }

            n++;
            required += k->required;
        }

        if (n != json_object_size(properties)
            || required != json_array_size(json_object_get(def, "required")))
        {
            fail_msg("\"%s\" has more keys in the schema than are read",
                     (*o)->name);
        }
    }
}


/* and no object that nobody reads */

static void
same_objects(void **state)
{
    json_t                    *def;
    const char                *name;
    const ig_object_t *const  *o;

    json_object_foreach(json_object_get(*state, "$defs"), name, def) {

        if (json_object_get(def, "properties") == NULL) {
            continue;
        }

        for (o = ig_policy_objects(); *o; o++) {
            if (strcmp((*o)->name, name) == 0) {
                break;
            }
        }

        if (*o == NULL) {
            fail_msg("nobody reads \"%s\" of the schema", name);
        }
    }
}


/* words that both list */

static void
same_words(void **state)
{
    size_t         i;
    json_t        *defs, *words, *word;
    ig_tier_t      tier;
    ig_dialect_t   dialect;

    defs = json_object_get(*state, "$defs");

    words = json_object_get(json_object_get(json_object_get(
                json_object_get(defs, "endpoint"), "properties"), "tier"),
                "enum");
    assert_int_equal(json_array_size(words), IG_TIERS);

    for (tier = 0; tier < IG_TIERS; tier++) {
        word = json_array_get(words, tier);
        assert_string_equal(json_string_value(word),
                            (const char *) ig_tier_name(tier).data);
    }

    words = json_object_get(json_array_get(json_object_get(json_object_get(
                json_object_get(json_object_get(defs, "endpoint"),
                "properties"), "dialects"), "anyOf"), 0), "enum");
    assert_int_equal(json_array_size(words), IG_DIALECTS - 1);

    json_array_foreach(words, i, word) {
        dialect = ig_dialect_parse(ig_str_from_c(json_string_value(word)));
        assert_int_not_equal(dialect, IG_DIALECT_NONE);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(same_keys),
        cmocka_unit_test(same_objects),
        cmocka_unit_test(same_words),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

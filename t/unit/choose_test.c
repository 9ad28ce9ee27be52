/*
 * The order of preference among endpoints.
 */

#include "tables.h"


static void
priced(ig_endpoint_t *e, ig_tier_t tier, const char *currency, uint64_t input,
    uint64_t output)
{
    e->tier = tier;
    e->priced = currency != NULL;
    e->price_input = input;
    e->price_output = output;

    if (currency) {
        memcpy(e->currency, currency, 4);
    }
}


static void
test_order(void **state)
{
    size_t         i;
    uint32_t       row;
    uint64_t       permitted[IG_ENDPOINT_WORDS] = { 0 };
    uint64_t       tried[IG_ENDPOINT_WORDS] = { 0 };
    t_tables_t     t;
    ig_chooser_t  *c;

    static const char *const  order[] = {
        "edge", "home", "aed", "cheap", "dear-a", "dear-b", "sum", "huge",
        "free-a", "free-b"
    };

    (void) state;

    t_init(&t);

    /* rows are not in the order of preference */

    priced(t_endpoint(&t, "free-b", "SA", "SA"), IG_TIER_CLOUD, NULL, 0, 0);
    priced(t_endpoint(&t, "huge", "SA", "SA"), IG_TIER_CLOUD, "USD",
           UINT64_MAX, 2);
    priced(t_endpoint(&t, "dear-b", "SA", "SA"), IG_TIER_CLOUD, "USD", 7, 0);
    priced(t_endpoint(&t, "home", "SA", "SA"), IG_TIER_ON_PREMISES, NULL,
           0, 0);
    priced(t_endpoint(&t, "dear-a", "SA", "SA"), IG_TIER_CLOUD, "USD", 3, 4);
    priced(t_endpoint(&t, "aed", "SA", "SA"), IG_TIER_CLOUD, "AED", 900, 900);
    priced(t_endpoint(&t, "free-a", "SA", "SA"), IG_TIER_CLOUD, NULL, 0, 0);
    priced(t_endpoint(&t, "cheap", "SA", "SA"), IG_TIER_CLOUD, "USD", 5, 1);
    priced(t_endpoint(&t, "sum", "SA", "SA"), IG_TIER_CLOUD, "USD", 1, 8);
    priced(t_endpoint(&t, "edge", "SA", "SA"), IG_TIER_EDGE, "USD", 99, 99);

    c = ig_choose_compile(&t.policy);
    assert_non_null(c);

    assert_int_equal(ig_choose(c, permitted, NULL), IG_NONE);

    for (i = 0; i < 10; i++) {
        ig_bit_set(permitted, i);
    }

    for (i = 0; i < 10; i++) {
        row = ig_choose(c, permitted, tried);
        assert_int_not_equal(row, IG_NONE);
        assert_true(ig_str_eq(t.endpoints[row].name,
                              ig_str_from_c(order[i])));
        ig_bit_set(tried, row);
    }

    assert_int_equal(ig_choose(c, permitted, tried), IG_NONE);

    /* only what is permitted */

    memset(permitted, 0, sizeof(permitted));
    ig_bit_set(permitted, 0);
    ig_bit_set(permitted, 6);
    assert_int_equal(ig_choose(c, permitted, NULL), 6);

    ig_chooser_free(c);

    /* the policy's order of tiers */

    t.policy.stances.tiers[0] = IG_TIER_CLOUD;
    t.policy.stances.tiers[1] = IG_TIER_ON_PREMISES;
    t.policy.stances.tiers[2] = IG_TIER_EDGE;
    c = ig_choose_compile(&t.policy);
    assert_non_null(c);

    memset(permitted, 0, sizeof(permitted));
    ig_bit_set(permitted, 9);
    ig_bit_set(permitted, 3);
    assert_int_equal(ig_choose(c, permitted, NULL), 3);
    ig_bit_set(permitted, 0);
    assert_int_equal(ig_choose(c, permitted, NULL), 0);

    ig_chooser_free(c);
    ig_chooser_free(NULL);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

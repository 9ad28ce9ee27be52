/*
 * Prices: integers only, rounded up once, saturating.
 */

#include <inference_guard/estimate.h>


/*
 * A price is 1e-6 of the currency for 1e6 tokens, so 1e-12 for one; a thousand
 * of those are the unit of costs.
 */
#define IG_PRICE_UNIT  1000


static uint64_t
ig_price_add(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}


static uint64_t
ig_price_multiply(uint64_t a, uint64_t b)
{
    return (b && a > UINT64_MAX / b) ? UINT64_MAX : a * b;
}


/* the whole units of tokens * price; the rest is added to *rest, in 1e-12 */

static uint64_t
ig_price_units(uint64_t tokens, uint64_t price, uint64_t *rest)
{
    uint64_t  units;

    units = ig_price_multiply(tokens, price / IG_PRICE_UNIT);

    price %= IG_PRICE_UNIT;

    units = ig_price_add(units, ig_price_multiply(tokens / IG_PRICE_UNIT,
                                                  price));
    *rest += tokens % IG_PRICE_UNIT * price;

    return units;
}


uint64_t
ig_price(const ig_endpoint_t *e, uint64_t input, uint64_t output)
{
    uint64_t  units, rest;

    if (!e->priced) {
        return 0;
    }

    rest = 0;

    units = ig_price_units(input, e->price_input, &rest);
    units = ig_price_add(units, ig_price_units(output, e->price_output, &rest));

    return ig_price_add(units, (rest + IG_PRICE_UNIT - 1) / IG_PRICE_UNIT);
}

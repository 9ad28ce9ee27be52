/*
 * From where: the country of an address, and countries that are claimed.
 */

#include "facts/table.h"


ig_country_t
ig_facts_country(const ig_facts_table_t *t, const ig_geo_t *geo,
    const uint8_t address[16])
{
    size_t           i;
    uint64_t         high, low;
    const ig_net_t  *net;

    high = ig_facts_word(address);
    low = ig_facts_word(address + 8);

    for (i = 0; i < t->nnets; i++) {
        net = &t->nets[i];

        if ((high & net->high_mask) == net->high
            && (low & net->low_mask) == net->low)
        {
            return net->country;
        }
    }

    return geo ? ig_geo_country(geo, address) : IG_COUNTRY_UNKNOWN;
}


/* a country, a group that everybody knows, or one that has a pack */

static bool
ig_facts_claim_part(const ig_policy_t *p, ig_str_t name,
    ig_countries_t *claimed)
{
    size_t          i;
    ig_country_t    c;
    ig_countries_t  group;

    c = ig_country_parse(name);

    if (c != IG_COUNTRY_UNKNOWN) {
        ig_countries_add(claimed, c);
        return true;
    }

    if (ig_country_group(name, &group)) {
        ig_countries_union(claimed, &group);
        return true;
    }

    for (i = 0; i < p->npacks; i++) {
        if (!p->packs[i].everywhere
            && ig_str_eq(p->packs[i].jurisdiction, name))
        {
            ig_countries_union(claimed, &p->packs[i].members);
            return true;
        }
    }

    return false;
}


bool
ig_facts_claim(const ig_policy_t *p, ig_str_t text, ig_countries_t *claimed)
{
    size_t    i, start;
    ig_str_t  part;

    *claimed = ig_countries_none();

    start = 0;

    for (i = 0; i <= text.len; i++) {

        if (i < text.len && text.data[i] != ',') {
            continue;
        }

        part = (ig_str_t) { text.data + start, i - start };
        start = i + 1;

        while (part.len && part.data[0] == ' ') {
            part.data++;
            part.len--;
        }

        while (part.len && part.data[part.len - 1] == ' ') {
            part.len--;
        }

        if (!ig_facts_claim_part(p, part, claimed)) {
            *claimed = ig_countries_none();
            return false;
        }
    }

    return true;
}

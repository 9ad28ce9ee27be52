/*
 * Where requests went, into the sums of the report.
 */

#include "audit_report.h"


bool
ig_report_abroad(const ig_report_t *r, ig_country_t law,
    ig_country_t destination)
{
    if (law == destination) {
        return law == IG_COUNTRY_UNKNOWN;
    }

    return !(ig_countries_has(&r->eea, law)
             && ig_countries_has(&r->eea, destination));
}


/* does it leave the legal area of any law that applies? */

bool
ig_report_any_abroad(const ig_report_t *r, ig_country_t destination)
{
    size_t  i;

    for (i = 0; i < r->ncountries; i++) {
        if (ig_report_abroad(r, r->countries[i], destination)) {
            return true;
        }
    }

    return false;
}


/* the countries whose law applied; the client's when none is named */

void
ig_report_laws_of(ig_report_t *r)
{
    size_t                   i, k, array;
    ig_country_t             c;
    const ig_record_line_t  *d = r->request.decision;

    r->ncountries = 0;

    if (d) {
        array = ig_record_line_get(d, 0, "jurisdictions");

        for (i = ig_record_line_first(d, array);
             i && r->ncountries < IG_REQUEST_LIST;
             i = ig_record_line_after(d, array, i))
        {
            c = ig_request_country(d, i, "country");

            for (k = 0; k < r->ncountries && r->countries[k] != c; k++) {
                /* void */
            }

            r->countries[k] = c;
            r->ncountries += k == r->ncountries;
        }
    }

    if (r->ncountries == 0) {
        r->countries[r->ncountries++] =
            d ? ig_request_country(d, 0, "client_country")
              : IG_COUNTRY_UNKNOWN;
    }
}


static bool
ig_count_transfer(ig_report_t *r, ig_report_tally_t tally,
    const ig_str_t *fields, size_t n, const ig_transfer_t *t)
{
    uint64_t  *v;

    v = ig_tally_at(&r->tallies[tally], fields, n);

    if (v) {
        ig_tally_add(&v[IG_V_TRANSFERS], 1);
        ig_tally_add(&v[IG_V_UNKNOWN], t->unknown);
        ig_tally_add(&v[IG_V_FOUND], t->found);
        ig_tally_add(&v[IG_V_SENT], t->sent);
        ig_tally_add(&v[IG_V_RECEIVED], t->received);
        ig_report_when(v, t->ms);
    }

    return v != NULL;
}


static bool
ig_count_destination(ig_report_t *r, ig_str_t tenant, ig_str_t endpoint,
    ig_country_t country, const ig_transfer_t *t)
{
    size_t                   i;
    ig_str_t                 to, key[IG_TALLY_FIELDS];
    ig_country_t             client;
    const ig_record_line_t  *d = r->request.decision;

    to = ig_country_code(country);
    client = d ? ig_request_country(d, 0, "client_country")
               : IG_COUNTRY_UNKNOWN;

    if (!ig_count_transfer(r, IG_TALLY_CLIENT,
                           IG_FIELDS(ig_country_code(client), to), t)
        || !ig_count_transfer(r, IG_TALLY_RECIPIENT,
                              IG_FIELDS(tenant, endpoint, to), t))
    {
        return false;
    }

    for (i = 0; i < r->ncountries; i++) {
        key[0] = tenant;
        key[1] = ig_country_code(r->countries[i]);
        key[2] = to;
        key[3] = endpoint;

        if (!ig_count_transfer(r, IG_TALLY_LAW, key + 1, 2, t)) {
            return false;
        }

        if (r->countries[i] == country && country != IG_COUNTRY_UNKNOWN) {
            continue;
        }

        if (!ig_count_transfer(r, IG_TALLY_LEDGER, key, 4, t)
            || !ig_report_each(r, IG_TALLY_MOVED, key, 4, "findings",
                              "detector")
            || !ig_report_each(r, IG_TALLY_BASIS, key, 4, "laws", NULL))
        {
            return false;
        }
    }

    return true;
}


/* which countries' law reaches the endpoint: the decision tells of its own */

bool
ig_report_operators(ig_report_t *r)
{
    ig_str_t                 all, key[2];
    const ig_record_line_t  *d = r->request.decision;

    key[0] = ig_request_get(&r->request, d, "endpoint");

    if (key[0].len == 0) {
        return true;
    }

    all = ig_request_get(&r->request, d, "endpoint_operators");

    if (all.len) {
        key[1] = all;
        return ig_report_add(r, IG_TALLY_OPERATORS, key, 2, IG_V_REQUESTS, 1);
    }

    return ig_report_each(r, IG_TALLY_OPERATORS, key, 1, "endpoint_operators",
                         NULL);
}


static bool
ig_count_cost(ig_report_t *r, ig_str_t endpoint)
{
    uint64_t             nano;
    ig_audit_request_t  *q = &r->request;

    if (!ig_request_nano(ig_request_get(q, q->outcome, "cost"), &nano)) {
        return true;
    }

    return ig_report_add(r, IG_TALLY_COST,
                    IG_FIELDS(endpoint,
                              ig_request_get(q, q->outcome, "currency")),
                    IG_V_NANO, nano);
}


static bool
ig_count_endpoint(ig_report_t *r, const ig_transfer_t *t)
{
    size_t                   tokens, verified;
    uint64_t                *v;
    ig_audit_request_t      *q = &r->request;
    const ig_record_line_t  *o = q->outcome;

    if (!ig_count_transfer(r, IG_TALLY_ENDPOINT,
                           IG_FIELDS(q->endpoint, ig_country_code(q->country)),
                           t))
    {
        return false;
    }

    if (o == NULL) {
        return true;
    }

    v = ig_tally_at(&r->tallies[IG_TALLY_ENDPOINT],
                    IG_FIELDS(q->endpoint, ig_country_code(q->country)));
    if (v == NULL) {
        return false;
    }

    tokens = ig_record_line_get(o, 0, "tokens");
    verified = ig_record_line_get(o, 0, "verified");

    ig_tally_add(&v[IG_V_FAILED], q->status >= 500);

    if (tokens) {
        ig_tally_add(&v[IG_V_INPUT], ig_request_uint(o, tokens, "input"));
        ig_tally_add(&v[IG_V_OUTPUT], ig_request_uint(o, tokens, "output"));
    }

    if (!ig_str_eq(ig_record_line_raw(o, verified), IG_STR("true"))) {
        ig_tally_add(&v[IG_V_UNVERIFIED], 1);
    }

    return ig_count_cost(r, q->endpoint);
}


bool
ig_report_sent(ig_report_t *r, ig_str_t tenant, const ig_transfer_t *t)
{
    ig_transfer_t        before;
    ig_audit_request_t  *q = &r->request;

    if (q->first.len) {

        /* it may have read the request before the redirect */

        before = *t;
        before.unknown = true;
        before.sent = 0;
        before.received = 0;

        if (!ig_count_destination(r, tenant, q->first, q->first_country,
                                  &before))
        {
            return false;
        }
    }

    if (q->sent == IG_SENT_NO) {
        return true;
    }

    return ig_count_destination(r, tenant, q->endpoint, q->country, t)
           && ig_count_endpoint(r, t);
}


void
ig_report_transfer_of(ig_report_t *r, ig_transfer_t *t, uint64_t ms)
{
    ig_audit_request_t  *q = &r->request;

    t->ms = ms;
    t->sent = ig_request_uint(q->outcome, 0, "sent");
    t->received = ig_request_uint(q->outcome, 0, "received");
    t->unknown = q->sent == IG_SENT_UNKNOWN;
    t->found = ig_request_uint(q->decision, 0, "findings_total") > 0;
}

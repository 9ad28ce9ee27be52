/*
 * Endpoints: where inference runs, and whose law reaches it.  That an upstream
 * of that name exists is for the server to check.
 */

#include "load.h"

#include <stdlib.h>
#include <string.h>


static const char *const  ig_tier_names[] = {
    "edge", "on-premises", "cloud", NULL
};

static const char *const  ig_dialect_names[] = {
    "openai", "anthropic", "ollama", NULL
};


ig_str_t
ig_tier_name(ig_tier_t t)
{
    return (unsigned) t < IG_TIERS ? ig_str_from_c(ig_tier_names[t])
                                   : IG_STR("-");
}


ig_str_t
ig_dialect_name(ig_dialect_t d)
{
    return (d > IG_DIALECT_NONE && d < IG_DIALECTS)
           ? ig_str_from_c(ig_dialect_names[d - 1]) : IG_STR("-");
}


ig_dialect_t
ig_dialect_parse(ig_str_t name)
{
    size_t  i;

    for (i = 0; ig_dialect_names[i]; i++) {
        if (ig_str_eq(name, ig_str_from_c(ig_dialect_names[i]))) {
            return (ig_dialect_t) (i + 1);
        }
    }

    return IG_DIALECT_NONE;
}


bool
ig_value_tier(ig_load_t *l, const ig_yaml_t *node, ig_tier_t *out)
{
    size_t  word;

    if (!ig_value_word(l, node, ig_tier_names, &word)) {
        return false;
    }

    *out = (ig_tier_t) word;

    return true;
}


bool
ig_value_dialects(ig_load_t *l, const ig_yaml_t *node, unsigned *out)
{
    bool              ok;
    size_t            n, word;
    const ig_yaml_t  *v;

    *out = 0;

    v = ig_value_items(l, node, &n);
    ok = (v != NULL);

    for ( /* void */ ; v; v = ig_value_next(node, v)) {
        if (ig_value_word(l, v, ig_dialect_names, &word)) {
            *out |= IG_DIALECT_BIT(word + 1);

        } else {
            ok = false;
        }
    }

    return ok;
}


/* the network with bits beyond its prefix cleared, as text */

void
ig_network_print(const ig_network_t *n, ig_buf_t *out)
{
    size_t    i;
    unsigned  bit;
    uint8_t   a[16];

    for (i = 0; i < 16; i++) {
        bit = (unsigned) i * 8;
        a[i] = n->bits >= bit + 8 ? n->address[i]
               : n->bits <= bit ? 0
               : (uint8_t) (n->address[i] & (0xff << (8 - (n->bits - bit))));
    }

    if (n->bits >= 96 && memcmp(a, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0) {
        ig_buf_printf(out, "%u.%u.%u.%u/%u", a[12], a[13], a[14], a[15],
                      n->bits - 96);
        return;
    }

    for (i = 0; i < 16; i += 2) {
        ig_buf_printf(out, "%s%x", i ? ":" : "",
                      (unsigned) (a[i] << 8 | a[i + 1]));
    }

    ig_buf_printf(out, "/%u", n->bits);
}


bool
ig_value_network(ig_load_t *l, const ig_yaml_t *node, ig_network_t *out)
{
    char          text[64];
    size_t        i;
    uint8_t       mask;
    ig_buf_t      b;
    ig_str_t      s;
    ig_network_t  host;

    if (!ig_value_text(l, node, &s)) {
        return false;
    }

    if (!ig_network_parse(s, out)) {
        ig_mistakes_error(l->mistakes, node->place,
                          "\"%s\" is no network; write an address and a prefix "
                          "length, as 10.1.0.0/16 or 2001:db8::/32",
                          ig_text_show(s).text);
        return false;
    }

    host = *out;

    for (i = out->bits / 8; i < 16; i++) {

        mask = i == out->bits / 8 ? (uint8_t) (0xff >> (out->bits % 8)) : 0xff;

        if (host.address[i] & mask) {
            ig_buf_fixed(&b, text, sizeof(text));
            ig_network_print(out, &b);
            ig_mistakes_error(l->mistakes, node->place,
                              "\"%s\" has bits beyond its prefix; did you mean "
                              "%.*s?", ig_text_show(s).text, (int) b.len,
                              (const char *) b.data);
            return false;
        }
    }

    return true;
}


static void
ig_endpoint_upstream(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_endpoint_t  *e = object;

    e->upstream_place = value->place;

    (void) ig_value_text(l, value, &e->upstream);
}


static void
ig_endpoint_scheme(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t                    word;
    ig_endpoint_t            *e = object;
    static const char *const  words[] = { "http", "https", NULL };

    if (ig_value_word(l, value, words, &word)) {
        e->scheme = word ? IG_STR("https") : IG_STR("http");
    }
}


static void
ig_endpoint_host(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t          i;
    uint8_t         c;
    ig_endpoint_t  *e = object;

    if (!ig_value_text(l, value, &e->host)) {
        return;
    }

    for (i = 0; i < e->host.len; i++) {

        c = e->host.data[i];

        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
              || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_'
              || c == ':' || c == '[' || c == ']'))
        {
            ig_mistakes_error(l->mistakes, value->place,
                              "\"%s\" is no host; write a name alone, as "
                              "api.example.com", ig_text_show(e->host).text);
            return;
        }
    }
}


/* headers that frame a message (RFC 9110, 7.6.1; RFC 9112, 6) or route it */

static const char *const  ig_framing_headers[] = {
    "connection", "content-encoding", "content-length", "content-type",
    "expect", "host", "keep-alive", "proxy-connection", "te", "trailer",
    "transfer-encoding", "upgrade", NULL
};


static void
ig_credential_header(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t          i;
    uint8_t        *name;
    ig_str_t        s;
    ig_endpoint_t  *e = object;

    if (!ig_value_text(l, value, &s)) {
        return;
    }

    name = ig_arena_alloc(l->arena, s.len + 1);
    if (name == NULL) {
        return;
    }

    /* a token of RFC 9110, 5.6.2, of the usual characters */

    for (i = 0; i < s.len; i++) {

        name[i] = (s.data[i] >= 'A' && s.data[i] <= 'Z')
                  ? (uint8_t) (s.data[i] | 0x20) : s.data[i];

        if (!((name[i] >= 'a' && name[i] <= 'z') || name[i] == '-'
              || name[i] == '_' || (name[i] >= '0' && name[i] <= '9')))
        {
            ig_mistakes_error(l->mistakes, value->place,
                              "\"%s\" is no name of a header; write one as "
                              "authorization or x-api-key",
                              ig_text_show(s).text);
            return;
        }
    }

    name[s.len] = '\0';
    e->credential_header = (ig_str_t) { name, s.len };

    for (i = 0; ig_framing_headers[i]; i++) {
        if (ig_str_eq(e->credential_header,
                      ig_str_from_c(ig_framing_headers[i])))
        {
            ig_mistakes_error(l->mistakes, value->place,
                              "the header %s frames the request and cannot "
                              "carry a credential", ig_framing_headers[i]);
        }
    }
}


static void
ig_credential_file(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_text(l, value, &((ig_endpoint_t *) object)
                                    ->credential_file);
}


static const ig_key_t  ig_credential_keys[] = {
    { "header", true, ig_credential_header },
    { "file", true, ig_credential_file },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_credential = {
    "credential", "a credential", ig_credential_keys
};


static void
ig_endpoint_credential(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ((ig_endpoint_t *) object)->credential_place = value->place;

    (void) ig_object_read(l, &ig_object_credential, value, object);
}


bool
ig_value_currency(ig_load_t *l, const ig_yaml_t *node, char currency[4])
{
    size_t    i;
    ig_str_t  s;

    if (!ig_value_text(l, node, &s)) {
        return false;
    }

    for (i = 0; i < s.len && s.data[i] >= 'A' && s.data[i] <= 'Z'; i++) {
        /* void */
    }

    if (s.len != 3 || i != 3) {
        ig_mistakes_error(l->mistakes, node->place,
                          "\"%s\" is no currency; write three capital letters "
                          "of ISO 4217, as USD", ig_text_show(s).text);
        return false;
    }

    memcpy(currency, s.data, 3);
    currency[3] = '\0';

    return true;
}


static void
ig_price_currency(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_currency(l, value, ((ig_endpoint_t *) object)->currency);
}


/* up to a million of the currency, so that products fit 64 bits */

#define IG_PRICE_MAX  UINT64_C(1000000000000)

static void
ig_price_amount(ig_load_t *l, const ig_yaml_t *value, uint64_t *out)
{
    (void) ig_value_decimal(l, value, 6, IG_PRICE_MAX,
                            "a price; write a decimal up to 1000000 with up to "
                            "six digits, as 0.20", out);
}


static void
ig_price_input(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_price_amount(l, value, &((ig_endpoint_t *) object)->price_input);
}


static void
ig_price_output(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ig_price_amount(l, value, &((ig_endpoint_t *) object)->price_output);
}


static const ig_key_t  ig_price_keys[] = {
    { "currency", true, ig_price_currency },
    { "input", true, ig_price_input },
    { "output", true, ig_price_output },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_price = { "price", "a price", ig_price_keys };


static void
ig_endpoint_price(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    ((ig_endpoint_t *) object)->priced = true;

    (void) ig_object_read(l, &ig_object_price, value, object);
}


static void
ig_endpoint_country(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_country(l, value, &((ig_endpoint_t *) object)->country);
}


static void
ig_endpoint_operators(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_countries(l, value,
                              &((ig_endpoint_t *) object)->operators);
}


static void
ig_endpoint_tier(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_tier(l, value, &((ig_endpoint_t *) object)->tier);
}


static void
ig_endpoint_dialects(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_dialects(l, value, &((ig_endpoint_t *) object)->dialects);
}


static void
ig_endpoint_models(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    (void) ig_value_strs(l, value, &((ig_endpoint_t *) object)->models);
}


static void
ig_endpoint_addresses(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t            n;
    ig_network_t     *networks;
    ig_endpoint_t    *e = object;
    const ig_yaml_t  *v;

    v = ig_value_items(l, value, &n);

    networks = ig_arena_alloc(l->arena, n * sizeof(ig_network_t));
    if (networks == NULL) {
        return;
    }

    e->addresses = networks;

    for ( /* void */ ; v; v = ig_value_next(value, v)) {
        if (ig_value_network(l, v, networks)) {
            networks++;
            e->naddresses++;
        }
    }
}


/* what a server of OpenAI's dialect knows of the two things that limits need */

static void
ig_endpoint_stream_usage(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t                    word;
    static const char *const  words[] = { "ask", "never", NULL };

    if (ig_value_word(l, value, words, &word)) {
        ((ig_endpoint_t *) object)->stream_usage_never = (word == 1);
    }
}


static void
ig_endpoint_cap_field(ig_load_t *l, const ig_yaml_t *value, void *object)
{
    size_t                    word;
    static const char *const  words[] = {
        "max_tokens", "max_completion_tokens", NULL
    };

    if (ig_value_word(l, value, words, &word)) {
        ((ig_endpoint_t *) object)->cap_completion = (word == 1);
    }
}


static const ig_key_t  ig_endpoint_keys[] = {
    { "upstream", true, ig_endpoint_upstream },
    { "scheme", false, ig_endpoint_scheme },
    { "host", false, ig_endpoint_host },
    { "credential", false, ig_endpoint_credential },
    { "country", true, ig_endpoint_country },
    { "operators", true, ig_endpoint_operators },
    { "tier", false, ig_endpoint_tier },
    { "dialects", true, ig_endpoint_dialects },
    { "models", false, ig_endpoint_models },
    { "addresses", false, ig_endpoint_addresses },
    { "price", false, ig_endpoint_price },
    { "stream_usage", false, ig_endpoint_stream_usage },
    { "cap_field", false, ig_endpoint_cap_field },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_endpoint = {
    "endpoint", "an endpoint", ig_endpoint_keys
};


static void
ig_endpoint_read(ig_load_t *l, const ig_yaml_t *node, ig_endpoint_t *e)
{
    size_t                 errors;
    static const ig_str_t  any[] = { { (const uint8_t *) "*", 1 } };

    errors = ig_mistakes_errors(l->mistakes);
    l->doubtful = false;

    e->place = node->key->place;
    e->upstream_place = e->place;
    e->credential_place = e->place;
    e->scheme = IG_STR("http");
    e->tier = IG_TIER_CLOUD;
    e->models = (ig_strs_t) { any, 1 };

    if (!ig_value_name(l, node->key, &e->name)) {
        ig_misnamed(l, IG_NAMES_ENDPOINTS, node->key->text);
    }

    (void) ig_object_read(l, &ig_object_endpoint, node, e);

    /* with a mistake it is compared with no other of its upstream */

    if (ig_mistakes_errors(l->mistakes) != errors || l->doubtful) {
        e->country = IG_COUNTRY_UNKNOWN;
    }
}


static int
ig_endpoint_cmp(const void *one, const void *two)
{
    int                   rc;
    const ig_endpoint_t  *a = one, *b = two;

    rc = ig_str_cmp(a->name, b->name);

    return rc ? rc : ig_place_cmp(&a->place, &b->place);
}


void
ig_load_endpoints(ig_load_t *l)
{
    size_t                i, n;
    ig_endpoint_t        *e;
    const ig_yaml_t      *v;

    ig_load_count(l, endpoints, n);

    l->endpoints = ig_arena_calloc(l->arena, n * sizeof(ig_endpoint_t));
    if (l->endpoints == NULL) {
        return;
    }

    e = l->endpoints;

    for (i = 0; i < l->nfiles; i++) {
        if (l->files[i].endpoints) {
            for (v = l->files[i].endpoints->first; v; v = v->next) {
                ig_endpoint_read(l, v, e++);
            }
        }
    }

    qsort(l->endpoints, n, sizeof(ig_endpoint_t), ig_endpoint_cmp);

    for (i = 1; i < n; i++) {

        e = &l->endpoints[i];

        if (e->name.len && ig_str_eq(e->name, e[-1].name)
            && e->place.file != e[-1].place.file)
        {
            ig_already_defined(l, "endpoint", e->name, e->place, e[-1].place);
        }
    }

    if (n > IG_MAX_ENDPOINTS) {
        ig_mistakes_error(l->mistakes, l->endpoints[IG_MAX_ENDPOINTS].place,
                          "more than %d endpoints", IG_MAX_ENDPOINTS);
    }

    l->policy->endpoints = l->endpoints;
    l->policy->nendpoints = n;
}

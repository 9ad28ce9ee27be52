/*
 * inference-guard explain: what would be decided about one request, and why.
 */

#include "explain.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>


#define IG_EXPLAIN_MEMORY  ((size_t) 512 << 20)

typedef struct {
    char         *rules[32];
    size_t        nrules;
    const char   *tenant;
    const char   *key;
    const char   *client_ip;
    const char   *geoip;
    const char   *country;
    const char   *claim;
    const char   *path;
    const char   *method;
    const char   *body;
    bool          json;
} ig_explain_t;

typedef struct {
    const char  *name;
    size_t       offset;
} ig_explain_option_t;

#define ig_explain_option(name, field)                                        \
    { name, offsetof(ig_explain_t, field) }

static const ig_explain_option_t  ig_explain_options[] = {
    ig_explain_option("--tenant", tenant),
    ig_explain_option("--key", key),
    ig_explain_option("--client-ip", client_ip),
    ig_explain_option("--geoip", geoip),
    ig_explain_option("--country", country),
    ig_explain_option("--claim", claim),
    ig_explain_option("--path", path),
    ig_explain_option("--method", method),
    { NULL, 0 }
};


const char *
ig_explain_tenant(ig_tenant_state_t s)
{
    switch (s) {

    case IG_TENANT_KNOWN:
        return "known";

    case IG_TENANT_NONE:
        return "none";

    case IG_TENANT_UNKNOWN:
        return "unknown";

    default:
        return "conflict";
    }
}


void
ig_explain_where(const ig_explained_t *x, const ig_finding_t *k, ig_buf_t *out)
{
    const ig_reading_t  *r;

    r = &x->decision->reading;

    if (k->block >= r->nblocks) {
        ig_buf_lit(out, "?");
        return;
    }

    switch (r->blocks[k->block].kind) {

    case IG_BLOCK_BODY:
        ig_json_pointer(x->request->body, k->start, out);
        break;

    case IG_BLOCK_QUERY:
        ig_buf_lit(out, "the query");
        break;

    case IG_BLOCK_PATH:
        ig_buf_lit(out, "the path");
        break;

    default:
        ig_buf_lit(out, "the headers");
    }
}


/* IPv4 as mapped IPv6 (RFC 4291, 2.5.5.2) */

static bool
ig_explain_address(const char *text, uint8_t address[16])
{
    if (inet_pton(AF_INET6, text, address) == 1) {
        return true;
    }

    memset(address, 0, 10);
    memset(address + 10, 0xff, 2);

    return inet_pton(AF_INET, text, address + 12) == 1;
}


static bool
ig_explain_complain(const char *what, const char *value)
{
    fprintf(stderr, "inference-guard explain: %s \"%s\"\n", what, value);

    return false;
}


static bool
ig_explain_client(const ig_explain_t *e, const ig_guard_t *g,
    ig_country_t *country)
{
    char       text[256];
    uint8_t    address[16];
    ig_buf_t   error;
    ig_geo_t  *geo;

    *country = IG_COUNTRY_UNKNOWN;

    if (e->country) {
        *country = ig_country_parse(ig_str_from_c(e->country));

        return *country != IG_COUNTRY_UNKNOWN || strcmp(e->country, "ZZ") == 0
               || ig_explain_complain("no country code", e->country);
    }

    if (e->client_ip == NULL) {
        return true;
    }

    if (!ig_explain_address(e->client_ip, address)) {
        return ig_explain_complain("no address", e->client_ip);
    }

    geo = NULL;

    if (e->geoip) {
        ig_buf_fixed(&error, text, sizeof(text) - 1);
        geo = ig_geo_open(e->geoip, &error);

        if (geo == NULL) {
            text[error.len] = '\0';
            fprintf(stderr, "inference-guard explain: %s: %s\n", e->geoip,
                    text);
            return false;
        }
    }

    *country = ig_facts_country(ig_guard_facts(g), geo, address);
    ig_geo_close(geo);

    return true;
}


static bool
ig_explain_request(const ig_explain_t *e, ig_request_t *r)
{
    const char  *args;

    memset(r, 0, sizeof(*r));

    r->path = ig_str_from_c(e->path ? e->path : "/v1/chat/completions");
    args = e->path ? strchr(e->path, '?') : NULL;

    if (args) {
        r->args = ig_str_from_c(args + 1);
        r->path.len = (size_t) (args - e->path);
    }

    r->has_body = e->body != NULL;
    r->method = ig_str_from_c(e->method ? e->method
                              : e->body ? "POST" : "GET");
    r->anthropic = r->path.len >= 12
                   && memcmp(r->path.data, "/v1/messages", 12) == 0;

    if (e->body == NULL) {
        return true;
    }

    r->content_type = IG_STR("application/json");

    return ig_file_slurp(e->body, &r->body)
           || ig_explain_complain("cannot read", e->body);
}


static bool
ig_explain_decide(const ig_explain_t *e, ig_worker_t *w, const ig_guard_t *g,
    const ig_request_t *r, ig_decision_t *d)
{
    ig_rc_t        rc;
    ig_str_t       value;
    uint32_t       tenant;
    ig_identity_t  id;

    memset(&id, 0, sizeof(id));

    if (!ig_explain_client(e, g, &id.client_country)) {
        return false;
    }

    tenant = IG_NONE;
    id.claim = ig_str_from_c(e->claim);

    if (e->tenant) {
        tenant = ig_policy_tenant(ig_guard_policy(g), ig_str_from_c(e->tenant));

        if (tenant == IG_NONE) {
            return ig_explain_complain("no tenant is named", e->tenant);
        }
    }

    /* what did not finish is a refusal, and explained as one */

    if (e->key) {
        value = ig_str_from_c(e->key);
        id.tenant_values = &value;
        id.ntenant_values = 1;
        rc = ig_guard_decide(w, r, &id, IG_MODE_ENFORCE, d);

    } else {
        rc = ig_guard_decide_as(w, r, tenant, id.client_country, id.claim,
                                IG_MODE_ENFORCE, d);
    }

    return rc == IG_OK || d->verdict.word == IG_VERDICT_BLOCK;
}


static int
ig_explain_run(const ig_explain_t *e, ig_worker_t *w, const ig_guard_t *g,
    ig_arena_t *arena)
{
    int             status;
    ig_buf_t        out;
    ig_request_t    r;
    ig_decision_t   d;
    ig_explained_t  x;

    status = IG_EXIT_ERROR;

    if (ig_explain_request(e, &r) && ig_explain_decide(e, w, g, &r, &d)) {

        x = (ig_explained_t) { g, ig_guard_policy(g), &r, &d, { NULL, 0, 0 },
                               arena };

        /* a stage that failed has no facts that rules could be looked at by */

        if (d.verdict.reason != IG_REASON_internal_error
            && d.verdict.reason != IG_REASON_limit_exceeded)
        {
            ig_show_trace(&x.trace, arena, g, &d.facts, IG_MODE_ENFORCE);
        }

        ig_buf_init(&out, arena, 64 * 1024);

        if (e->json) {
            ig_explain_json(&x, &out);

        } else {
            ig_explain_text(&x, &out);
        }

        if (!out.failed && fwrite(out.data, 1, out.len, stdout) == out.len
            && fflush(stdout) == 0)
        {
            status = d.verdict.word == IG_VERDICT_BLOCK ? IG_EXIT_NO
                                                        : IG_EXIT_YES;
        }
    }

    free((void *) r.body.data);

    return status;
}


static bool
ig_explain_parse(ig_explain_t *e, int argc, char **argv)
{
    int                         i;
    const ig_explain_option_t  *o;

    for (i = 1; i < argc; i++) {

        if (argv[i][0] != '-' || argv[i][1] == '\0') {
            if (e->body) {
                return ig_explain_complain("one body only, not also", argv[i]);
            }

            e->body = argv[i];
            continue;
        }

        if (strcmp(argv[i], "--json") == 0) {
            e->json = true;
            continue;
        }

        if (i + 1 == argc) {
            return ig_explain_complain("unknown option, or without a value:",
                                       argv[i]);
        }

        if (strcmp(argv[i], "--rules") == 0) {
            if (e->nrules == sizeof(e->rules) / sizeof(e->rules[0])) {
                return ig_explain_complain("too many --rules at", argv[i + 1]);
            }

            e->rules[e->nrules++] = argv[++i];
            continue;
        }

        for (o = ig_explain_options; o->name; o++) {
            if (strcmp(argv[i], o->name) == 0) {
                *(const char **) ((char *) e + o->offset) = argv[++i];
                break;
            }
        }

        if (o->name == NULL) {
            return ig_explain_complain("unknown option", argv[i]);
        }
    }

    if (e->tenant && e->key) {
        return ig_explain_complain("either --tenant or", "--key");
    }

    return e->nrules != 0 && (e->body || e->path);
}


int
ig_cmd_explain(int argc, char **argv)
{
    int            status;
    ig_files_t     files;
    ig_guard_t    *g;
    ig_arena_t    *arena;
    ig_worker_t   *w;
    ig_explain_t   e;

    memset(&e, 0, sizeof(e));

    if (!ig_explain_parse(&e, argc, argv)) {
        fputs("usage: inference-guard explain --rules PATH "
              "[--tenant T | --key K] [--client-ip A [--geoip FILE]]\n"
              "           [--country CC] [--claim CC,…] [--method M] "
              "[--path P] [--json] BODY|-\n", stderr);
        return IG_EXIT_ERROR;
    }

    status = IG_EXIT_ERROR;
    memset(&files, 0, sizeof(files));

    g = ig_cli_load(e.rules, e.nrules, &files, 0);

    if (g) {
        w = ig_worker_new(g);
        arena = ig_arena_new(IG_EXPLAIN_MEMORY, 0);

        if (w && arena) {
            status = ig_explain_run(&e, w, g, arena);
        }

        ig_arena_free(arena);
        ig_worker_free(w);
        ig_guard_free(g);
    }

    ig_files_free(&files);

    return status;
}

/*
 * inference-guard quota: what of a tenant's limits is used, and setting it back.
 *
 * Exit status: 0 shown or reset, 1 there is no such tenant or limit, 2 it could
 * not be asked.
 */

#include "quota.h"

#include <curl/curl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>


/* 256 bytes of CURL_ERROR_SIZE are what answers keep */
_Static_assert(sizeof(((ig_quota_answer_t *) 0)->why) >= CURL_ERROR_SIZE,
               "libcurl writes so much");


#define IG_QUOTA_URL      "http://127.0.0.1/inference-guard-quota"
#define IG_QUOTA_TIMEOUT  10

typedef struct {
    bool           reset;
    bool           json;
    const char    *tenant;
    const char    *limit;
    ig_quota_at_t  at;
} ig_quota_cmd_t;


static const struct option  ig_quota_opts[] = {
    { "url", required_argument, NULL, 'u' },
    { "unix", required_argument, NULL, 's' },
    { "limit", required_argument, NULL, 'l' },
    { "timeout", required_argument, NULL, 't' },
    { "json", no_argument, NULL, 'j' },
    { "help", no_argument, NULL, 'h' },
    { NULL, 0, NULL, 0 }
};


static void
ig_quota_usage(FILE *to)
{
    fputs(
"usage: inference-guard quota show [TENANT] [--url URL] [--json]\n"
"       inference-guard quota reset TENANT [--limit NAME] [--url URL] [--json]\n"
"\n"
"  --url URL          the location with inference_guard_quota; else what\n"
"                     INFERENCE_GUARD_URL says in the environment; else\n"
"                     " IG_QUOTA_URL "\n"
"  --unix PATH        by this unix socket; the URL's host is the name only\n"
"  --limit NAME       one limit, as \"tokens/day\"; else all of the tenant\n"
"  --timeout SECONDS  to wait for the answer; 10 by default\n"
"\n"
"Exit status: 0 shown or reset, 1 no such tenant or limit, 2 it could not be\n"
"asked.\n",
          to);
}


static int
ig_quota_wrong(const char *what, const char *value)
{
    fprintf(stderr, "inference-guard quota: %s%s%s%s\n", what,
            value ? " \"" : "", value ? value : "", value ? "\"" : "");

    return IG_EXIT_ERROR;
}


/* the status: a word why it is no answer; NULL: it is one */

static const char *
ig_quota_refused(const ig_quota_answer_t *a)
{
    switch (a->status) {

    case 200:
        return a->json ? NULL
                       : "what is there is not inference_guard_quota";

    case 401:
    case 403:
        return "the server does not allow it";

    case 503:
        return "a reset cannot be recorded now, so it is not done";

    default:
        return "the server answers otherwise than inference_guard_quota does";
    }
}


/*
 * 404: of what was asked for, when the location answers without it; a wrong URL
 * says 404, too.
 */

static int
ig_quota_unknown(const ig_quota_cmd_t *q)
{
    bool               there;
    ig_quota_answer_t  a;

    there = ig_quota_ask(&q->at, IG_QUOTA_PROBE, NULL, NULL, &a)
            && a.status == 200 && a.json;

    ig_quota_free(&a);

    if (!there || q->tenant == NULL) {
        return ig_quota_wrong("nothing there, or no limits (404):", q->at.url);
    }

    if (q->limit) {
        fprintf(stderr, "inference-guard quota: no tenant \"%s\" with a limit "
                "\"%s\"\n", q->tenant, q->limit);

    } else {
        fprintf(stderr, "inference-guard quota: no tenant \"%s\"\n", q->tenant);
    }

    return IG_EXIT_NO;
}


static int
ig_quota_answer(const ig_quota_cmd_t *q, const ig_quota_answer_t *a)
{
    ig_str_t     body;
    const char  *why;

    why = ig_quota_refused(a);

    if (why) {
        fprintf(stderr, "inference-guard quota: %s (status %ld): %s\n", why,
                a->status, q->at.url);
        return IG_EXIT_ERROR;
    }

    body = (ig_str_t) { a->body.data, a->body.len };

    if (q->json) {
        (void) fwrite(body.data, 1, body.len, stdout);

    } else if (q->reset) {
        printf("%s of %s: reset\n", q->limit ? q->limit : "all limits",
               q->tenant);

    } else if (!ig_quota_table(body)) {
        return ig_quota_wrong("what is there is not inference_guard_quota:",
                              q->at.url);
    }

    return (fflush(stdout) == 0 && !ferror(stdout)) ? IG_EXIT_YES
                                                    : IG_EXIT_ERROR;
}


static int
ig_quota_run(const ig_quota_cmd_t *q)
{
    int                status;
    ig_quota_answer_t  a;

    if (!ig_quota_ask(&q->at, q->reset ? IG_QUOTA_RESET : IG_QUOTA_SHOW,
                      q->tenant, q->limit, &a))
    {
        fprintf(stderr, "inference-guard quota: %s: %s\n",
                q->at.socket ? q->at.socket : q->at.url, a.why);
        status = IG_EXIT_ERROR;

    } else if (a.status == 404) {
        status = ig_quota_unknown(q);

    } else {
        status = ig_quota_answer(q, &a);
    }

    ig_quota_free(&a);

    return status;
}


/* false: said why on stderr */

static bool
ig_quota_option(ig_quota_cmd_t *q, int opt, const char *value)
{
    char  *end;

    switch (opt) {

    case 'u':
        q->at.url = value;
        return true;

    case 's':
        q->at.socket = value;
        return true;

    case 'l':
        q->limit = value;
        return true;

    case 'j':
        q->json = true;
        return true;

    case 't':
        q->at.timeout_s = strtol(value, &end, 10);

        if (*value < '0' || *value > '9' || *end || q->at.timeout_s < 1
            || q->at.timeout_s > 3600)
        {
            (void) ig_quota_wrong("not a number of seconds:", value);
            return false;
        }

        return true;

    default:
        return false;
    }
}


/* index of the first operand; -1: said why on stderr; 0: help was printed */

static int
ig_quota_read(ig_quota_cmd_t *q, int argc, char **argv)
{
    int  opt;

    optind = 1;

    for ( ;; ) {
        opt = getopt_long(argc, argv, "", ig_quota_opts, NULL);

        if (opt == -1) {
            break;
        }

        if (opt == 'h') {
            ig_quota_usage(stdout);
            return 0;
        }

        if (!ig_quota_option(q, opt, optarg)) {
            return -1;
        }
    }

    if (argc - optind > 1 || (q->reset && argc == optind)) {
        (void) ig_quota_wrong("name one tenant", NULL);
        return -1;
    }

    if (q->limit && !q->reset) {
        (void) ig_quota_wrong("--limit is an option of reset", NULL);
        return -1;
    }

    /* arguments behind a fragment would not be sent */

    if (strchr(q->at.url, '#')) {
        (void) ig_quota_wrong("a URL here has no \"#\":", q->at.url);
        return -1;
    }

    /* an empty name would be no name: of all tenants, of all limits */

    q->tenant = optind < argc ? argv[optind] : NULL;

    if ((q->tenant && *q->tenant == '\0') || (q->limit && *q->limit == '\0')) {
        (void) ig_quota_wrong("a name is empty", NULL);
        return -1;
    }

    return optind;
}


int
ig_cmd_quota(int argc, char **argv)
{
    int          first, status;
    ig_quota_cmd_t   q;
    const char  *url;

    if (argc >= 2 && strcmp(argv[1], "--help") == 0) {
        ig_quota_usage(stdout);
        return IG_EXIT_YES;
    }

    memset(&q, 0, sizeof(q));

    url = getenv("INFERENCE_GUARD_URL");
    q.at.url = url && *url ? url : IG_QUOTA_URL;
    q.at.timeout_s = IG_QUOTA_TIMEOUT;

    if (argc >= 2 && strcmp(argv[1], "reset") == 0) {
        q.reset = true;

    } else if (argc < 2 || strcmp(argv[1], "show") != 0) {
        ig_quota_usage(stderr);
        return IG_EXIT_ERROR;
    }

    first = ig_quota_read(&q, argc - 1, argv + 1);

    if (first <= 0) {
        return first == 0 ? IG_EXIT_YES : IG_EXIT_ERROR;
    }

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        return ig_quota_wrong("no memory", NULL);
    }

    status = ig_quota_run(&q);

    curl_global_cleanup();

    return status;
}

/*
 * The exchange, by libcurl.
 */

#include "quota.h"

#include <curl/curl.h>
#include <string.h>


/* the location says 4 MB at most */
#define IG_QUOTA_BODY     ((size_t) 16 << 20)
#define IG_QUOTA_CONNECT  5L


static size_t
ig_quota_take(char *data, size_t size, size_t n, void *ctx)
{
    ig_quota_answer_t  *a = ctx;

    n *= size;

    if (a->body.len + n > IG_QUOTA_BODY) {
        return 0;
    }

    ig_buf_bytes(&a->body, data, n);

    return a->body.failed ? 0 : n;
}


/* the URL with its arguments; NULL: no memory */

static char *
ig_quota_url(CURL *curl, const ig_quota_at_t *at, const char *tenant,
    const char *limit, ig_arena_t *arena)
{
    size_t      i;
    char       *text;
    ig_buf_t    b;
    const char *value[2], *sep;

    static const char *const  names[] = { "tenant", "limit" };

    value[0] = tenant;
    value[1] = limit;
    sep = strchr(at->url, '?') ? "&" : "?";

    ig_buf_init(&b, arena, strlen(at->url) + 256);
    ig_buf_printf(&b, "%s", at->url);

    for (i = 0; i < 2; i++) {

        if (value[i] == NULL) {
            continue;
        }

        text = curl_easy_escape(curl, value[i], 0);
        if (text == NULL) {
            return NULL;
        }

        ig_buf_printf(&b, "%s%s=%s", sep, names[i], text);
        curl_free(text);
        sep = "&";
    }

    ig_buf_char(&b, '\0');

    return b.failed ? NULL : (char *) b.data;
}


static bool
ig_quota_options(CURL *curl, const ig_quota_at_t *at, ig_quota_how_t how,
    struct curl_slist *headers, const char *url, ig_quota_answer_t *a)
{
    bool  ok;

    ok = curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK
         && curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https")
            == CURLE_OK
         && curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK
         && curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK
         && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK
         && curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, IG_QUOTA_CONNECT)
            == CURLE_OK
         && curl_easy_setopt(curl, CURLOPT_TIMEOUT, at->timeout_s) == CURLE_OK
         && curl_easy_setopt(curl, CURLOPT_USERAGENT,
                             "inference-guard/" IG_VERSION) == CURLE_OK
         && curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK
         && curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, a->why) == CURLE_OK
         && curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ig_quota_take)
            == CURLE_OK
         && curl_easy_setopt(curl, CURLOPT_WRITEDATA, a) == CURLE_OK;

    if (ok && at->socket) {
        ok = curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, at->socket)
             == CURLE_OK;
    }

    if (ok && how == IG_QUOTA_RESET) {
        ok = curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "") == CURLE_OK;
    }

    if (ok && how == IG_QUOTA_PROBE) {
        ok = curl_easy_setopt(curl, CURLOPT_NOBODY, 1L) == CURLE_OK;
    }

    return ok;
}


static bool
ig_quota_exchange(CURL *curl, ig_quota_answer_t *a)
{
    char     *type;
    CURLcode  rc;

    rc = curl_easy_perform(curl);

    if (rc != CURLE_OK) {
        if (a->why[0] == '\0') {
            (void) snprintf(a->why, sizeof(a->why), "%s",
                            curl_easy_strerror(rc));
        }

        return false;
    }

    /* libcurl may have spoken of what it could mend */

    a->why[0] = '\0';
    type = NULL;

    (void) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a->status);
    (void) curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);

    a->json = type && strncmp(type, "application/json", 16) == 0;

    return true;
}


bool
ig_quota_ask(const ig_quota_at_t *at, ig_quota_how_t how, const char *tenant,
    const char *limit, ig_quota_answer_t *a)
{
    bool                ok;
    CURL               *curl;
    const char         *url;
    struct curl_slist  *headers, *more;

    memset(a, 0, sizeof(*a));

    a->arena = ig_arena_new(4 * IG_QUOTA_BODY, 0);
    curl = a->arena ? curl_easy_init() : NULL;
    url = NULL;
    headers = NULL;

    if (curl) {
        ig_buf_init(&a->body, a->arena, 4096);
        url = ig_quota_url(curl, at, tenant, limit, a->arena);
    }

    ok = url != NULL;

    if (ok && how == IG_QUOTA_RESET) {
        headers = curl_slist_append(NULL, "X-Inference-Guard: reset");
        more = headers ? curl_slist_append(headers, "Expect:") : NULL;
        ok = more != NULL;
    }

    ok = ok && ig_quota_options(curl, at, how, headers, url, a);

    if (!ok) {
        (void) snprintf(a->why, sizeof(a->why), "no memory");

    } else {
        ok = ig_quota_exchange(curl, a);
    }

    curl_slist_free_all(headers);

    if (curl) {
        curl_easy_cleanup(curl);
    }

    return ok;
}


void
ig_quota_free(ig_quota_answer_t *a)
{
    ig_arena_free(a->arena);
    a->arena = NULL;
}

/*
 * inference-guard quota: the location of inference_guard_quota asked by HTTP.
 */

#ifndef IG_CLI_QUOTA_H
#define IG_CLI_QUOTA_H

#include "cli.h"


typedef struct {
    const char  *url;
    const char  *socket;       /* path of a unix socket, or NULL */
    long         timeout_s;    /* of the whole exchange */
} ig_quota_at_t;

typedef enum {
    IG_QUOTA_SHOW,
    IG_QUOTA_RESET,
    IG_QUOTA_PROBE             /* is the location there? */
} ig_quota_how_t;

typedef struct {
    char        why[256];      /* not empty: there was no whole answer */
    long        status;
    bool        json;          /* so its Content-Type says */
    ig_arena_t *arena;
    ig_buf_t    body;
} ig_quota_answer_t;


/* -- quota_http.c --------------------------------------------------------- */

/*
 * One exchange; tenant and limit may be NULL.  Only IG_QUOTA_RESET is a POST.
 * No redirect is followed and no proxy is asked: what answers is what was named.
 * false: a->why says why not.  ig_quota_free() in any case.
 */
bool ig_quota_ask(const ig_quota_at_t *at, ig_quota_how_t how,
    const char *tenant, const char *limit, ig_quota_answer_t *a);
void ig_quota_free(ig_quota_answer_t *a);


/* -- quota_table.c -------------------------------------------------------- */

/*
 * {"tenants": {"name": [counters]}} as a table on stdout.  false: it is no such
 * document; nothing was printed.
 */
bool ig_quota_table(ig_str_t page);

#endif /* IG_CLI_QUOTA_H */

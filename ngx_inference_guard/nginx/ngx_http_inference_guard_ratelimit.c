
/*
 * What a client is told of its limits, in the headers that its library knows:
 * OpenAI's x-ratelimit-*, Anthropic's anthropic-ratelimit-*, and the fields of
 * draft-ietf-httpapi-ratelimit-headers-10.  Those that an endpoint sends are of
 * the account that all tenants share: they stop here.
 *
 * Of several limits of a kind the one with the least left is told.
 */


#include "ngx_http_inference_guard.h"


typedef struct {
    const ig_limit_t        *limit;
    const ig_limit_state_t  *state;
} ngx_http_ig_told_t;


static void ngx_http_ig_tightest(ngx_http_ig_charge_t *c,
    const ig_quota_t *quota, ngx_uint_t tokens, ngx_http_ig_told_t *told);
static uint64_t ngx_http_ig_left(const ig_limit_state_t *s);
static void ngx_http_ig_drop_headers(ngx_http_request_t *r);
static ngx_int_t ngx_http_ig_openai_headers(ngx_http_request_t *r,
    ngx_http_ig_told_t *told, const char *of);
static ngx_int_t ngx_http_ig_anthropic_headers(ngx_http_request_t *r,
    ngx_http_ig_told_t *told, const char *of);
static ngx_int_t ngx_http_ig_ietf_headers(ngx_http_request_t *r,
    ngx_http_ig_charge_t *c, const ig_quota_t *quota);
static u_char *ngx_http_ig_duration(u_char *p, u_char *last, uint64_t ns);
static uint64_t ngx_http_ig_window(const ig_limit_t *limit);
static ngx_int_t ngx_http_ig_header_printf(ngx_http_request_t *r,
    const char *name, const char *of, const char *fmt, ...);


ngx_int_t
ngx_http_ig_limit_headers(ngx_http_request_t *r, ngx_http_ig_leg_t *leg)
{
    ngx_int_t                 rc;
    const ig_quota_t         *quota;
    ngx_http_ig_told_t        requests, tokens;
    ngx_http_ig_charge_t     *c;
    ngx_http_ig_main_conf_t  *mcf;

    c = leg->charge;

    if (c == NULL || c->nstates == 0) {
        return NGX_OK;
    }

    mcf = leg->request->mcf;
    quota = &mcf->policy->tenants[c->query.tenant].quota;

    ngx_http_ig_drop_headers(r);

    if (c->query.audit) {
        return NGX_OK;
    }

    ngx_http_ig_tightest(c, quota, 0, &requests);
    ngx_http_ig_tightest(c, quota, 1, &tokens);

    if (leg->request->dialect == IG_DIALECT_ANTHROPIC) {
        rc = ngx_http_ig_anthropic_headers(r, &requests, "requests");

        if (rc == NGX_OK) {
            rc = ngx_http_ig_anthropic_headers(r, &tokens, "tokens");
        }

    } else {
        rc = ngx_http_ig_openai_headers(r, &requests, "requests");

        if (rc == NGX_OK) {
            rc = ngx_http_ig_openai_headers(r, &tokens, "tokens");
        }
    }

    return (rc == NGX_OK) ? ngx_http_ig_ietf_headers(r, c, quota) : rc;
}


static uint64_t
ngx_http_ig_left(const ig_limit_state_t *s)
{
    return (s->used >= s->max) ? 0 : s->max - s->used;
}


/* audited limits refuse nothing: a client has no use for them, nor above */

static void
ngx_http_ig_tightest(ngx_http_ig_charge_t *c, const ig_quota_t *quota,
    ngx_uint_t tokens, ngx_http_ig_told_t *told)
{
    size_t                   i;
    ngx_uint_t               is;
    const ig_limit_t        *limit;
    const ig_limit_state_t  *s;

    told->limit = NULL;
    told->state = NULL;

    for (i = 0; i < c->nstates; i++) {

        s = &c->states[i];
        limit = &quota->limits[s->limit];

        switch (limit->of) {

        case IG_LIMIT_REQUESTS:
            is = 0;
            break;

        case IG_LIMIT_TOKENS:
        case IG_LIMIT_TOKENS_IN:
        case IG_LIMIT_TOKENS_OUT:
            is = 1;
            break;

        default:
            continue;
        }

        if (is != tokens || limit->audit || limit->per == IG_PER_TASK) {
            continue;
        }

        if (told->state == NULL
            || ngx_http_ig_left(s) < ngx_http_ig_left(told->state))
        {
            told->limit = limit;
            told->state = s;
        }
    }
}


static void
ngx_http_ig_drop_headers(ngx_http_request_t *r)
{
    ngx_uint_t        i, k;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    static ngx_str_t  dropped[] = {
        ngx_string("x-ratelimit-"),
        ngx_string("anthropic-ratelimit-"),
        ngx_string("ratelimit")
    };

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        header = part->elts;

        for (i = 0; i < part->nelts; i++) {
            for (k = 0; k < sizeof(dropped) / sizeof(dropped[0]); k++) {

                if (header[i].key.len >= dropped[k].len
                    && ngx_strncasecmp(header[i].key.data, dropped[k].data,
                                       dropped[k].len)
                       == 0)
                {
                    header[i].hash = 0;
                }
            }
        }
    }
}


static ngx_int_t
ngx_http_ig_openai_headers(ngx_http_request_t *r, ngx_http_ig_told_t *told,
    const char *of)
{
    u_char  duration[64], *p;

    if (told->state == NULL) {
        return NGX_OK;
    }

    p = ngx_http_ig_duration(duration, duration + sizeof(duration),
                             told->state->reset_ns);

    if (ngx_http_ig_header_printf(r, "x-ratelimit-limit-%s", of, "%uL",
                                  told->state->max)
        != NGX_OK
        || ngx_http_ig_header_printf(r, "x-ratelimit-remaining-%s", of, "%uL",
                                     ngx_http_ig_left(told->state))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_ig_header_printf(r, "x-ratelimit-reset-%s", of, "%*s",
                                     (size_t) (p - duration), duration);
}


/* 90 ms, 7.5 s, 6 min, as Go writes a duration: what OpenAI sends */

static u_char *
ngx_http_ig_duration(u_char *p, u_char *last, uint64_t ns)
{
    uint64_t  ms;

    ms = ns / 1000000 + (ns % 1000000 ? 1 : 0);

    if (ms < 1000) {
        return ngx_slprintf(p, last, "%uLms", ms);
    }

    if (ms >= 3600000) {
        p = ngx_slprintf(p, last, "%uLh", ms / 3600000);
        ms %= 3600000;
        p = ngx_slprintf(p, last, "%uLm", ms / 60000);
        ms %= 60000;

    } else if (ms >= 60000) {
        p = ngx_slprintf(p, last, "%uLm", ms / 60000);
        ms %= 60000;
    }

    if (ms % 1000) {
        return ngx_slprintf(p, last, "%uL.%03uLs", ms / 1000, ms % 1000);
    }

    return ngx_slprintf(p, last, "%uLs", ms / 1000);
}


static ngx_int_t
ngx_http_ig_anthropic_headers(ngx_http_request_t *r, ngx_http_ig_told_t *told,
    const char *of)
{
    time_t    reset;
    ngx_tm_t  tm;

    if (told->state == NULL) {
        return NGX_OK;
    }

    reset = ngx_time()
            + (time_t) ((told->state->reset_ns + 999999999) / 1000000000);

    ngx_gmtime(reset, &tm);

    if (ngx_http_ig_header_printf(r, "anthropic-ratelimit-%s-limit", of, "%uL",
                                  told->state->max)
        != NGX_OK
        || ngx_http_ig_header_printf(r, "anthropic-ratelimit-%s-remaining", of,
                                     "%uL", ngx_http_ig_left(told->state))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_ig_header_printf(r, "anthropic-ratelimit-%s-reset", of,
                                     "%4d-%02d-%02dT%02d:%02d:%02dZ",
                                     tm.ngx_tm_year, tm.ngx_tm_mon,
                                     tm.ngx_tm_mday, tm.ngx_tm_hour,
                                     tm.ngx_tm_min, tm.ngx_tm_sec);
}


/*
 * RateLimit-Policy: "requests/second";q=40;w=2, "tokens/minute by model";q=…
 * RateLimit: "requests/second";r=39;t=1
 *
 * Names are of the policy: printable, and their quotes escaped there.
 */

static ngx_int_t
ngx_http_ig_ietf_headers(ngx_http_request_t *r, ngx_http_ig_charge_t *c,
    const ig_quota_t *quota)
{
    size_t                   i, n;
    u_char                   policy[1024], state[1024], *p, *s, *plast, *slast;
    uint64_t                 window;
    ngx_str_t                name;
    const ig_limit_t        *limit;
    const ig_limit_state_t  *st;

    p = policy;
    s = state;
    plast = policy + sizeof(policy);
    slast = state + sizeof(state);
    n = 0;

    for (i = 0; i < c->nstates; i++) {

        st = &c->states[i];
        limit = &quota->limits[st->limit];

        /* what does not fit is left out: the draft allows it */

        if (limit->audit
            || (size_t) (plast - p) < limit->name.len + 80
            || (size_t) (slast - s) < limit->name.len + 80)
        {
            continue;
        }

        name = ngx_http_ig_to_ngx(limit->name);
        window = ngx_http_ig_window(limit);

        p = ngx_slprintf(p, plast, "%s\"%V\";q=%uL", n ? ", " : "", &name,
                         st->max);

        if (window) {
            p = ngx_slprintf(p, plast, ";w=%uL", window);
        }

        s = ngx_slprintf(s, slast, "%s\"%V\";r=%uL;t=%uL", n ? ", " : "",
                         &name, ngx_http_ig_left(st),
                         (st->reset_ns + 999999999) / 1000000000);
        n++;
    }

    if (n == 0) {
        return NGX_OK;
    }

    if (ngx_http_ig_header_printf(r, "RateLimit-Policy", "", "%*s",
                                  (size_t) (p - policy), policy)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_ig_header_printf(r, "RateLimit", "", "%*s",
                                     (size_t) (s - state), state);
}


/* seconds; a month has no fixed number, a task no end that is known */

static uint64_t
ngx_http_ig_window(const ig_limit_t *limit)
{
    switch (limit->per) {

    case IG_PER_SECOND:
        return 1;

    case IG_PER_MINUTE:
        return 60;

    case IG_PER_HOUR:
        return 3600;

    case IG_PER_DAY:
        return 86400;

    default:
        return 0;
    }
}


/* a "%s" of the name stands for `of` */

static ngx_int_t
ngx_http_ig_header_printf(ngx_http_request_t *r, const char *name,
    const char *of, const char *fmt, ...)
{
    u_char   text[1100], *p, *key, *value;
    size_t   len;
    va_list  args;

    va_start(args, fmt);
    p = ngx_vslprintf(text, text + sizeof(text), fmt, args);
    va_end(args);

    len = (size_t) (p - text);

    value = ngx_pnalloc(r->pool, len + 1);
    if (value == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(value, text, len);
    value[len] = '\0';

    key = ngx_pnalloc(r->pool, ngx_strlen(name) + ngx_strlen(of) + 1);
    if (key == NULL) {
        return NGX_ERROR;
    }

    p = ngx_sprintf(key, name, of);
    *p = '\0';

    return ngx_http_ig_add_header(r, (char *) key, (char *) value);
}

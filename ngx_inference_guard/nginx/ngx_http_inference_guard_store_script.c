
/*
 * A call of the script engine/limit/lease.lua, which says what its arguments
 * and answers are.
 */


#include "ngx_http_inference_guard_store_parts.h"

#include <ngx_sha1.h>


#define NGX_HTTP_IG_SCRIPT_HEAD    3        /* arguments before the counters' */
#define NGX_HTTP_IG_SCRIPT_FIELDS  15
#define NGX_HTTP_IG_SCRIPT_VALUES  7        /* of an answer, for a counter */
#define NGX_HTTP_IG_SCRIPT_MAX     (UINT64_C(1) << 50)
#define NGX_HTTP_IG_SCRIPT_FITS    -2       /* another one was refused */
#define NGX_HTTP_IG_SCRIPT_ARGS                                               \
    (4 + NGX_HTTP_IG_SCRIPT_HEAD                                              \
     + IG_MAX_LIMITS * (1 + NGX_HTTP_IG_SCRIPT_FIELDS))

/* Redis takes no expiry beyond 2^63 ms; a year is beyond every window */
#define NGX_HTTP_IG_SCRIPT_TTL     (366 * 86400)


typedef struct {
    ngx_uint_t    n;
    u_char       *p;
    u_char       *end;
    const char   *argv[NGX_HTTP_IG_SCRIPT_ARGS];
    size_t        len[NGX_HTTP_IG_SCRIPT_ARGS];
    u_char        text[IG_MAX_LIMITS * 512 + 512];
} ngx_http_ig_args_t;


static void ngx_http_ig_arg(ngx_http_ig_args_t *a, ngx_str_t *s);
static void ngx_http_ig_arg_number(ngx_http_ig_args_t *a, int64_t n);
static void ngx_http_ig_arg_key(ngx_http_ig_args_t *a, ngx_str_t *prefix,
    ngx_http_ig_counter_t *c);
static void ngx_http_ig_arg_tag(ngx_http_ig_args_t *a,
    ngx_http_ig_counter_t *c);
static void ngx_http_ig_arg_resets(ngx_http_ig_args_t *a, ngx_str_t *prefix,
    ngx_http_ig_counter_t *c);
static void ngx_http_ig_arg_counter(ngx_http_ig_args_t *a,
    ngx_http_ig_counter_t *c);


static u_char  ngx_http_ig_script_text[] =
#include "ngx_http_ig_lease_script.h"
;

static ngx_str_t  ngx_http_ig_script = {
    sizeof(ngx_http_ig_script_text) - 1,
    ngx_http_ig_script_text
};

static ngx_str_t  ngx_http_ig_script_kinds[] = {
    ngx_string("gcra"),                  /* IG_ALGORITHM_GCRA */
    ngx_string("sliding"),               /* IG_ALGORITHM_SLIDING */
    ngx_string("sum"),                   /* IG_ALGORITHM_CALENDAR */
    ngx_string("sum"),                   /* IG_ALGORITHM_TASK */
    ngx_string("slots")                  /* IG_ALGORITHM_SLOTS */
};


void
ngx_http_ig_script_digest(ngx_http_ig_store_t *s)
{
    u_char      sha1[20];
    ngx_sha1_t  ctx;

    ngx_sha1_init(&ctx);
    ngx_sha1_update(&ctx, ngx_http_ig_script.data, ngx_http_ig_script.len);
    ngx_sha1_final(sha1, &ctx);

    ngx_hex_dump(s->digest, sha1, sizeof(sha1));
}


void
ngx_http_ig_script_scale(ngx_http_ig_counter_t *c)
{
    ig_limit_lease_t  *l;

    l = &c->lease;

    /* the engine keeps no more of a lease */

    l->size = ngx_min(l->size, IG_AMOUNT_MAX);

    for (c->shift = 0; l->max >> c->shift > NGX_HTTP_IG_SCRIPT_MAX; c->shift++) {
        /* void */
    }

    l->max >>= c->shift;
    l->burst >>= c->shift;
    l->size >>= c->shift;
    l->want = (l->want + (UINT64_C(1) << c->shift) - 1) >> c->shift;
    c->give >>= c->shift;
}


ngx_http_ig_command_t *
ngx_http_ig_script_command(ngx_http_ig_store_t *s, ngx_uint_t n)
{
    ngx_http_ig_command_t  *cmd;

    cmd = ngx_calloc(sizeof(ngx_http_ig_command_t)
                     + (n - 1) * sizeof(ngx_http_ig_counter_t),
                     ngx_cycle->log);
    if (cmd == NULL) {
        return NULL;
    }

    cmd->store = s;
    cmd->n = n;

    return cmd;
}


void
ngx_http_ig_script_free(ngx_http_ig_command_t *cmd)
{
    free(cmd->bytes);
    ngx_free(cmd);
}


ngx_int_t
ngx_http_ig_script_format(ngx_http_ig_command_t *cmd)
{
    int                         len;
    char                       *bytes;
    ngx_str_t                   s;
    ngx_uint_t                  i, limits;
    ngx_http_ig_store_t        *store;

    static ngx_http_ig_args_t   a;         /* 20 KB, of one thread */

    store = cmd->store;

    a.n = 0;
    a.p = a.text;
    a.end = a.text + sizeof(a.text);

    if (cmd->body) {
        ngx_str_set(&s, "EVAL");
        ngx_http_ig_arg(&a, &s);
        ngx_http_ig_arg(&a, &ngx_http_ig_script);

    } else {
        ngx_str_set(&s, "EVALSHA");
        ngx_http_ig_arg(&a, &s);
        s.data = store->digest;
        s.len = sizeof(store->digest);
        ngx_http_ig_arg(&a, &s);
    }

    limits = (cmd->reset || cmd->resets);

    ngx_http_ig_arg_number(&a, limits ? 1 : 1 + (int64_t) cmd->n);
    ngx_http_ig_arg_resets(&a, &store->prefix, &cmd->counters[0]);

    for (i = 0; i < cmd->n && !limits; i++) {
        ngx_http_ig_arg_key(&a, &store->prefix, &cmd->counters[i]);
    }

    if (cmd->report) {
        ngx_str_set(&s, "report");

    } else if (cmd->reset) {
        ngx_str_set(&s, "reset");

    } else if (cmd->resets) {
        ngx_str_set(&s, "resets");

    } else {
        ngx_str_set(&s, "lease");
    }

    ngx_http_ig_arg(&a, &s);

    s = ngx_http_ig_store_id(store);
    ngx_http_ig_arg(&a, &s);

    ngx_http_ig_arg_number(&a, (int64_t) store->grace * 1000);

    for (i = 0; i < cmd->n; i++) {
        if (limits) {
            ngx_http_ig_arg_tag(&a, &cmd->counters[i]);

        } else {
            ngx_http_ig_arg_counter(&a, &cmd->counters[i]);
        }
    }

    len = redisFormatCommandArgv(&bytes, (int) a.n, a.argv, a.len);
    if (len == -1) {
        return NGX_ERROR;
    }

    free(cmd->bytes);

    cmd->bytes = bytes;
    cmd->len = (size_t) len;

    return NGX_OK;
}


static void
ngx_http_ig_arg(ngx_http_ig_args_t *a, ngx_str_t *s)
{
    a->argv[a->n] = (const char *) s->data;
    a->len[a->n++] = s->len;
}


static void
ngx_http_ig_arg_number(ngx_http_ig_args_t *a, int64_t n)
{
    ngx_str_t  s;

    s.data = a->p;
    a->p = ngx_slprintf(a->p, a->end, "%L", n);
    s.len = (size_t) (a->p - s.data);

    ngx_http_ig_arg(a, &s);
}


static void
ngx_http_ig_arg_tag(ngx_http_ig_args_t *a, ngx_http_ig_counter_t *c)
{
    ngx_str_t  s;

    s.data = a->p;
    a->p = ngx_slprintf(a->p, a->end, "%08xD", c->lease.tag);
    s.len = (size_t) (a->p - s.data);

    ngx_http_ig_arg(a, &s);
}


/* ig:{tenant}:resets */

static void
ngx_http_ig_arg_resets(ngx_http_ig_args_t *a, ngx_str_t *prefix,
    ngx_http_ig_counter_t *c)
{
    ngx_str_t  s;

    s.data = a->p;
    a->p = ngx_slprintf(a->p, a->end, "%V{%016xL}:resets", prefix,
                        c->lease.tenant);
    s.len = (size_t) (a->p - s.data);

    ngx_http_ig_arg(a, &s);
}


/* ig:{tenant}:counter, :window of a calendar's, *unit of one so large */

static void
ngx_http_ig_arg_key(ngx_http_ig_args_t *a, ngx_str_t *prefix,
    ngx_http_ig_counter_t *c)
{
    ngx_str_t          s;
    ig_limit_lease_t  *l;

    l = &c->lease;

    s.data = a->p;
    a->p = ngx_slprintf(a->p, a->end, "%V{%016xL}:", prefix, l->tenant);
    a->p = ngx_hex_dump(a->p, l->key, sizeof(l->key));

    if (l->window_s) {
        a->p = ngx_slprintf(a->p, a->end, ":%uL", l->window_s);
    }

    if (c->shift) {
        a->p = ngx_slprintf(a->p, a->end, "*%ui", c->shift);
    }

    s.len = (size_t) (a->p - s.data);

    ngx_http_ig_arg(a, &s);
}


static void
ngx_http_ig_arg_counter(ngx_http_ig_args_t *a, ngx_http_ig_counter_t *c)
{
    int64_t            ttl;
    ig_limit_lease_t  *l;

    l = &c->lease;

    ttl = (int64_t) l->expires_s - ngx_time();
    ttl = ngx_max(1, ngx_min(ttl, NGX_HTTP_IG_SCRIPT_TTL));

    ngx_http_ig_arg(a, &ngx_http_ig_script_kinds[l->algorithm]);
    ngx_http_ig_arg_number(a, (int64_t) l->max);
    ngx_http_ig_arg_number(a, (int64_t) l->burst);
    ngx_http_ig_arg_number(a, (int64_t) (l->period_ns / 1000));
    ngx_http_ig_arg_number(a, (int64_t) l->want);
    ngx_http_ig_arg_number(a, (int64_t) l->size);
    ngx_http_ig_arg_number(a, (int64_t) c->give);
    ngx_http_ig_arg_number(a, c->known ? (int64_t) c->g : -1);
    ngx_http_ig_arg_number(a, c->known ? (int64_t) c->r : -1);
    ngx_http_ig_arg_number(a, (int64_t) c->epoch);
    ngx_http_ig_arg_number(a, (int64_t) c->seen);
    ngx_http_ig_arg_number(a, (int64_t) c->seen_at);
    ngx_http_ig_arg_number(a, ttl * 1000);
    ngx_http_ig_arg_tag(a, c);
    ngx_http_ig_arg_number(a, (int64_t) c->gen);
}


ngx_int_t
ngx_http_ig_script_parse(ngx_http_ig_command_t *cmd, redisReply *reply)
{
    long long               v[NGX_HTTP_IG_SCRIPT_VALUES];
    ngx_uint_t              i, j, each;
    ngx_http_ig_counter_t  *c;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2) {
        return NGX_ERROR;
    }

    for (i = 0; i < reply->elements; i++) {
        if (reply->element[i]->type != REDIS_REPLY_INTEGER) {
            return NGX_ERROR;
        }
    }

    each = (cmd->reset || cmd->resets) ? 1
           : reply->element[0]->integer ? NGX_HTTP_IG_SCRIPT_VALUES : 2;

    if (reply->elements != 2 + cmd->n * each) {
        return NGX_ERROR;
    }

    for (i = 0; i < cmd->n; i++) {
        c = &cmd->counters[i];

        for (j = 0; j < each; j++) {
            v[j] = reply->element[2 + i * each + j]->integer;
        }

        if (each == 1) {
            c->gen = (uint64_t) ngx_max(v[0], 0);
            c->seen_at = (uint64_t) reply->element[1]->integer;
            continue;
        }

        if (each == 2) {
            c->lease.granted = 0;
            c->lease.used = (uint64_t) ngx_max(v[0], 0);
            c->lease.retry_ns = (uint64_t) ngx_max(v[1], 0) * 1000;
            c->refused = (v[1] != NGX_HTTP_IG_SCRIPT_FITS);
            continue;
        }

        if (v[0] < 0 || v[2] < 0 || v[3] < 0
            || (!cmd->report && (uint64_t) v[0] < c->lease.want))
        {
            return NGX_ERROR;
        }

        c->lease.granted = (uint64_t) v[0];
        c->lease.used = (uint64_t) ngx_max(v[1], 0);
        c->lease.retry_ns = 0;
        c->g = (uint64_t) v[2];
        c->r = (uint64_t) v[3];
        c->epoch = (uint64_t) v[4];
        c->seen = (uint64_t) ngx_max(v[5], 0);
        c->gen = (uint64_t) ngx_max(v[6], 0);
        c->seen_at = (uint64_t) reply->element[1]->integer;
    }

    return (each == 2) ? NGX_DECLINED : NGX_OK;
}


/*
 * CRC-16 (XMODEM: 0x1021, from 0) of the hash tag, modulo 16384: the Redis
 * Cluster specification, "Key distribution model"
 */

ngx_uint_t
ngx_http_ig_script_slot(uint64_t tenant)
{
    u_char      tag[16], *p, *end;
    ngx_uint_t  crc, bit;

    crc = 0;
    end = ngx_sprintf(tag, "%016xL", tenant);

    for (p = tag; p < end; p++) {
        crc ^= (ngx_uint_t) *p << 8;

        for (bit = 0; bit < 8; bit++) {
            crc = (crc & 0x8000) ? (crc << 1) ^ 0x1021 : crc << 1;
        }

        crc &= 0xffff;
    }

    return crc % NGX_HTTP_IG_STORE_SLOTS;
}

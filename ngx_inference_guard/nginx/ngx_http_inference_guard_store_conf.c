
/*
 * The directive inference_guard_store.
 */


#include "ngx_http_inference_guard_store_parts.h"


#define NGX_HTTP_IG_STORE_GRACE    3000     /* ms */


static char *ngx_http_ig_store_url(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *url);
static char *ngx_http_ig_store_server(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *host);
static char *ngx_http_ig_store_check(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *url);
static char *ngx_http_ig_store_tls(ngx_conf_t *cf, ngx_http_ig_store_t *s);


char *
ngx_http_ig_store_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ig_main_conf_t *mcf = conf;

    ngx_str_t            *value;
    ngx_uint_t            i;
    ngx_http_ig_store_t  *s;

    if (mcf->store) {
        return "is duplicate";
    }

    s = ngx_pcalloc(cf->pool, sizeof(ngx_http_ig_store_t));
    if (s == NULL) {
        return NGX_CONF_ERROR;
    }

    s->tls = NGX_CONF_UNSET;
    s->verify = NGX_CONF_UNSET;
    s->cluster = NGX_CONF_UNSET;
    s->timeout = NGX_CONF_UNSET_MSEC;
    s->connect_timeout = NGX_CONF_UNSET_MSEC;
    s->zone_size = NGX_CONF_UNSET;

    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {

        if (ngx_http_ig_store_parameter(cf, s, &value[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_http_ig_store_url(cf, s, &value[1]) != NGX_CONF_OK
        || ngx_http_ig_store_check(cf, s, &value[1]) != NGX_CONF_OK
        || ngx_http_ig_store_zone(cf, s) != NGX_CONF_OK
        || ngx_http_ig_store_tls(cf, s) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_http_ig_script_digest(s);

    mcf->store = s;

    return NGX_CONF_OK;
}


/* redis://host[:port],…[/db]; rediss:// is with TLS */

static char *
ngx_http_ig_store_url(ngx_conf_t *cf, ngx_http_ig_store_t *s, ngx_str_t *url)
{
    u_char     *p, *last, *end;
    ngx_int_t   db;
    ngx_str_t   host;

    p = url->data;
    last = p + url->len;

    if (ngx_strncmp(p, "rediss://", 9) == 0) {
        if (s->tls == 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "\"%V\" is with TLS, and \"tls=off\" is not",
                               url);
            return NGX_CONF_ERROR;
        }

        s->tls = 1;
        p += 9;

    } else if (ngx_strncmp(p, "redis://", 8) == 0) {
        p += 8;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" must begin with redis:// or rediss://", url);
        return NGX_CONF_ERROR;
    }

    if (ngx_strlchr(p, last, '@')) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no user or password in the URL: use \"user=NAME\" "
                           "and \"password=FILE\"");
        return NGX_CONF_ERROR;
    }

    end = ngx_strlchr(p, last, '/');

    if (end) {
        if (end + 1 < last) {
            db = ngx_atoi(end + 1, (size_t) (last - end - 1));

            if (db == NGX_ERROR || db > 1000000) {
                ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                                   "invalid database number in \"%V\"", url);
                return NGX_CONF_ERROR;
            }

            s->db = (ngx_uint_t) db;
        }

        last = end;
    }

    if (ngx_array_init(&s->servers, cf->pool, 4, sizeof(ngx_http_ig_server_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    do {
        end = ngx_strlchr(p, last, ',');

        host.data = p;
        host.len = (size_t) ((end ? end : last) - p);

        if (ngx_http_ig_store_server(cf, s, &host) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

        p = end ? end + 1 : last;

    } while (end);

    return NGX_CONF_OK;
}


static char *
ngx_http_ig_store_server(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *host)
{
    ngx_url_t              u;
    ngx_uint_t             i;
    ngx_http_ig_server_t  *server;

    ngx_memzero(&u, sizeof(ngx_url_t));

    u.url = *host;
    u.default_port = s->sentinel.len ? 26379 : 6379;

    if (host->len == 0 || ngx_parse_url(cf->pool, &u) != NGX_OK
        || u.uri.len || u.naddrs == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "%s in \"%V\" of the store",
                           u.err ? u.err : "no host", host);
        return NGX_CONF_ERROR;
    }

    if (s->host.len == 0) {

        /* SNI wants a C string */

        s->host.len = u.host.len;
        s->host.data = ngx_pnalloc(cf->pool, u.host.len + 1);
        if (s->host.data == NULL) {
            return NGX_CONF_ERROR;
        }

        (void) ngx_cpystrn(s->host.data, u.host.data, u.host.len + 1);
    }

    for (i = 0; i < u.naddrs; i++) {
        server = ngx_array_push(&s->servers);
        if (server == NULL) {
            return NGX_CONF_ERROR;
        }

        ngx_memzero(server, sizeof(ngx_http_ig_server_t));

        server->socklen = u.addrs[i].socklen;
        ngx_memcpy(&server->sockaddr, u.addrs[i].sockaddr, u.addrs[i].socklen);

        server->name.len = ngx_min(u.addrs[i].name.len, NGX_SOCKADDR_STRLEN);
        ngx_memcpy(server->text, u.addrs[i].name.data, server->name.len);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_ig_store_check(ngx_conf_t *cf, ngx_http_ig_store_t *s, ngx_str_t *url)
{
    u_char      *p;
    const char  *why;

    why = NULL;

    ngx_conf_init_value(s->tls, 0);
    ngx_conf_init_value(s->verify, 1);
    ngx_conf_init_value(s->cluster, 0);
    ngx_conf_init_msec_value(s->timeout, 200);
    ngx_conf_init_msec_value(s->connect_timeout, 200);
    ngx_conf_init_value(s->zone_size, 1024 * 1024);

    s->grace = ngx_max(NGX_HTTP_IG_STORE_GRACE, 4 * s->timeout);

    if (s->prefix.len == 0) {
        ngx_str_set(&s->prefix, "ig:");
    }

    if (s->name.len == 0) {
        s->name = cf->cycle->hostname;
        s->name.len = ngx_min(s->name.len, NGX_HTTP_IG_STORE_ID - 17);
    }

    if (s->cluster && s->sentinel.len) {
        why = "\"sentinel\" and \"cluster\" exclude each other";

    } else if (s->cluster && s->db) {
        why = "a cluster has database 0 only";

    } else if (s->user.len && s->password.len == 0) {
        why = "\"user\" without \"password\"";

    } else if (s->sentinel_password.len && s->sentinel.len == 0) {
        why = "\"sentinel_password\" without \"sentinel\"";

    } else if (!s->tls && s->ca.len) {
        why = "\"ca\" without TLS: use rediss:// or \"tls=on\"";

    } else if (s->tls && !s->verify && s->ca.len) {
        why = "\"ca\" with \"verify=off\" would not be used";

    } else if (s->tls && s->verify
               && (s->host.data[0] == '['
                   || ngx_inet_addr(s->host.data, s->host.len) != INADDR_NONE))
    {
        why = "the certificate of an address cannot be verified: add "
              "\"name=HOST\"";

    } else if (s->timeout == 0 || s->connect_timeout == 0) {
        why = "a timeout of 0";

    } else if (s->name.len > NGX_HTTP_IG_STORE_ID - 17) {
        why = "\"node\" is longer than 47 bytes";

    } else if (s->prefix.len > 64) {
        why = "\"prefix\" is longer than 64 bytes";
    }

    /* the braces of the tenant are a cluster's hash tag; ids are words */

    for (p = s->prefix.data; p < s->prefix.data + s->prefix.len; p++) {
        if (*p <= ' ' || *p == '{' || *p == '}') {
            why = "\"prefix\" has a brace or a space";
        }
    }

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "store \"%V\": %s", url, why);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_ig_store_tls(ngx_conf_t *cf, ngx_http_ig_store_t *s)
{
#if (NGX_SSL)

    ngx_pool_cleanup_t  *cln;

    if (!s->tls) {
        return NGX_CONF_OK;
    }

    s->ssl.log = cf->log;

    if (ngx_ssl_create(&s->ssl, NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3, NULL)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        ngx_ssl_cleanup_ctx(&s->ssl);
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = &s->ssl;

    if (s->ca.len) {
        if (ngx_ssl_trusted_certificate(cf, &s->ssl, &s->ca, 5) != NGX_OK) {
            return NGX_CONF_ERROR;
        }

    } else if (s->verify
               && SSL_CTX_set_default_verify_paths(s->ssl.ctx) == 0)
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no certificates of the system; add \"ca=FILE\"");
        return NGX_CONF_ERROR;
    }

#else

    if (s->tls) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "TLS needs a module built with "
                           "--with-http_ssl_module");
        return NGX_CONF_ERROR;
    }

#endif

    return NGX_CONF_OK;
}

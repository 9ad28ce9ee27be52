
/*
 * What stands before a line in a message of syslog: RFC 5424, section 6.
 *
 *     PRI VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA
 *
 * TIMESTAMP and MSGID are the line's own time and type, which stand at its start.
 * STRUCTURED-DATA is "-".  MSG is the line, without the BOM of a MSG-UTF8.
 */


#include "ngx_http_inference_guard_audit.h"


/* of a line, with which a record begins and in which is no text of a client */
#define NGX_HTTP_IG_SYSLOG_START  128


static ngx_str_t ngx_http_ig_syslog_hostname(ngx_syslog_peer_t *peer);
static ngx_str_t ngx_http_ig_syslog_field(u_char *line, size_t len,
    const char *key, size_t max);


u_char *
ngx_http_ig_syslog_header(ngx_syslog_peer_t *peer, u_char *p, u_char *line,
    size_t len)
{
    ngx_str_t  time, host, type;

    time = ngx_http_ig_syslog_field(line, len, ",\"time\":\"",
                                    NGX_HTTP_IG_SYSLOG_TIME);
    host = ngx_http_ig_syslog_hostname(peer);
    type = ngx_http_ig_syslog_field(line, len, ",\"type\":\"",
                                    NGX_HTTP_IG_SYSLOG_MSGID);

    return ngx_sprintf(p, "<%ui>1 %V %V %V %P %V - ",
                       peer->facility * 8 + peer->severity, &time, &host,
                       &peer->tag, ngx_pid, &type);
}


/* "-" stands for one that is not of the characters that it must be of */

static ngx_str_t
ngx_http_ig_syslog_hostname(ngx_syslog_peer_t *peer)
{
    size_t      i;
    ngx_str_t  *name;

    static ngx_str_t  none = ngx_string("-");

    name = (ngx_str_t *) &ngx_cycle->hostname;

    if (peer->nohostname
        || name->len == 0 || name->len > NGX_HTTP_IG_SYSLOG_HOSTNAME)
    {
        return none;
    }

    for (i = 0; i < name->len; i++) {
        if (name->data[i] <= ' ' || name->data[i] > '~') {
            return none;
        }
    }

    return *name;
}


static ngx_str_t
ngx_http_ig_syslog_field(u_char *line, size_t len, const char *key, size_t max)
{
    u_char     *p, *end;
    ngx_str_t   value;

    ngx_str_set(&value, "-");

    p = memmem(line, ngx_min(len, NGX_HTTP_IG_SYSLOG_START), key,
               ngx_strlen(key));
    if (p == NULL) {
        return value;
    }

    p += ngx_strlen(key);
    end = memchr(p, '"', (size_t) (line + len - p));

    if (end && end > p && (size_t) (end - p) <= max) {
        value.data = p;
        value.len = (size_t) (end - p);
    }

    return value;
}

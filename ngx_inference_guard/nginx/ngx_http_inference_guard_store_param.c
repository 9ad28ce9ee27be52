
/*
 * The parameters of the directive inference_guard_store, one by one.
 */


#include "ngx_http_inference_guard_store_parts.h"


#define NGX_HTTP_IG_STORE_SECRET   1024


typedef char *(*ngx_http_ig_store_set_pt)(ngx_conf_t *cf,
    ngx_http_ig_store_t *s, ngx_str_t *value, size_t offset);

typedef struct {
    ngx_str_t                       name;       /* with "=" */
    ngx_http_ig_store_set_pt        set;
    size_t                          offset;
} ngx_http_ig_store_parameter_t;


static char *ngx_http_ig_store_set_str(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *value, size_t offset);
static char *ngx_http_ig_store_set_flag(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *value, size_t offset);
static char *ngx_http_ig_store_set_msec(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *value, size_t offset);
static char *ngx_http_ig_store_set_size(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *value, size_t offset);
static char *ngx_http_ig_store_set_secret(ngx_conf_t *cf,
    ngx_http_ig_store_t *s, ngx_str_t *value, size_t offset);
static char *ngx_http_ig_store_set_path(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *value, size_t offset);


#define ngx_http_ig_parameter(name, kind, field)                        \
    { ngx_string(name "="), ngx_http_ig_store_set_##kind,                     \
      offsetof(ngx_http_ig_store_t, field) }

static ngx_http_ig_store_parameter_t  ngx_http_ig_store_parameters[] = {
    ngx_http_ig_parameter("user", str, user),
    ngx_http_ig_parameter("password", secret, password),
    ngx_http_ig_parameter("tls", flag, tls),
    ngx_http_ig_parameter("ca", path, ca),
    ngx_http_ig_parameter("name", str, host),
    ngx_http_ig_parameter("verify", flag, verify),
    ngx_http_ig_parameter("timeout", msec, timeout),
    ngx_http_ig_parameter("connect_timeout", msec, connect_timeout),
    ngx_http_ig_parameter("sentinel", str, sentinel),
    ngx_http_ig_parameter("sentinel_password", secret, sentinel_password),
    ngx_http_ig_parameter("cluster", flag, cluster),
    ngx_http_ig_parameter("prefix", str, prefix),
    ngx_http_ig_parameter("node", str, name),
    ngx_http_ig_parameter("zone", size, zone_size),
    { ngx_null_string, NULL, 0 }
};


char *
ngx_http_ig_store_parameter(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *word)
{
    char                           *rv;
    ngx_str_t                       value;
    ngx_http_ig_store_parameter_t  *p;

    for (p = ngx_http_ig_store_parameters; p->name.len; p++) {

        if (word->len <= p->name.len
            || ngx_strncmp(word->data, p->name.data, p->name.len) != 0)
        {
            continue;
        }

        value.data = word->data + p->name.len;
        value.len = word->len - p->name.len;

        rv = p->set(cf, s, &value, p->offset);

        if (rv != NGX_CONF_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "parameter \"%V\" %s",
                               word, rv);
            return NGX_CONF_ERROR;
        }

        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"", word);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_ig_store_set_str(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *value, size_t offset)
{
    ngx_str_t  *field;

    field = (ngx_str_t *) ((u_char *) s + offset);

    if (field->len) {
        return "is duplicate";
    }

    /* NUL-terminated, as the configuration's words are */

    *field = *value;

    return NGX_CONF_OK;
}


static char *
ngx_http_ig_store_set_flag(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *value, size_t offset)
{
    ngx_flag_t  *field;

    field = (ngx_flag_t *) ((u_char *) s + offset);

    if (*field != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    if (value->len == 2 && ngx_strncmp(value->data, "on", 2) == 0) {
        *field = 1;

    } else if (value->len == 3 && ngx_strncmp(value->data, "off", 3) == 0) {
        *field = 0;

    } else {
        return "must be \"on\" or \"off\"";
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_ig_store_set_msec(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *value, size_t offset)
{
    ngx_int_t    ms;
    ngx_msec_t  *field;

    field = (ngx_msec_t *) ((u_char *) s + offset);

    if (*field != NGX_CONF_UNSET_MSEC) {
        return "is duplicate";
    }

    ms = ngx_parse_time(value, 0);

    if (ms == NGX_ERROR || ms > 60000) {
        return "must be a time of at most 60s";
    }

    *field = (ngx_msec_t) ms;

    return NGX_CONF_OK;
}


static char *
ngx_http_ig_store_set_size(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *value, size_t offset)
{
    ssize_t  *field;

    field = (ssize_t *) ((u_char *) s + offset);

    if (*field != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    *field = ngx_parse_size(value);

    if (*field == NGX_ERROR) {
        return "must be a size";
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_ig_store_set_path(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *value, size_t offset)
{
    ngx_str_t  *field;

    field = (ngx_str_t *) ((u_char *) s + offset);

    if (field->len) {
        return "is duplicate";
    }

    *field = *value;

    if (ngx_conf_full_name(cf->cycle, field, 1) != NGX_OK) {
        return "is no path";
    }

    return NGX_CONF_OK;
}


/* the first line of a file */

static char *
ngx_http_ig_store_set_secret(ngx_conf_t *cf, ngx_http_ig_store_t *s,
    ngx_str_t *value, size_t offset)
{
    u_char           *p;
    ssize_t           n;
    ngx_fd_t          fd;
    ngx_str_t        *field;
    const char       *why;
    ngx_file_info_t   fi;

    field = (ngx_str_t *) ((u_char *) s + offset);

    if (ngx_http_ig_store_set_path(cf, s, value, offset) != NGX_CONF_OK) {
        return "is duplicate or no path";
    }

    fd = ngx_open_file(field->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           ngx_open_file_n " \"%V\" failed", field);
        return "names a file that cannot be opened";
    }

    why = NULL;
    n = 0;

    p = ngx_pnalloc(cf->pool, NGX_HTTP_IG_STORE_SECRET);

    if (p == NULL) {
        why = "found no memory";

    } else if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR || !ngx_is_file(&fi)) {
        why = "is no regular file";

    } else if (ngx_file_access(&fi) & (S_IROTH|S_IWOTH)) {
        why = "holds a secret and must not be accessible to others";

    } else {
        n = ngx_read_fd(fd, p, NGX_HTTP_IG_STORE_SECRET);
    }

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", field);
    }

    if (why) {
        return (char *) why;
    }

    field->data = p;

    for (field->len = 0; (ssize_t) field->len < n; field->len++) {
        if (p[field->len] == LF || p[field->len] == CR) {
            break;
        }
    }

    if (field->len == 0 || field->len == NGX_HTTP_IG_STORE_SECRET) {
        return "must have a secret of up to 1023 bytes in its first line";
    }

    return NGX_CONF_OK;
}


/*
 * inference_guard_audit file [key=file] [checkpoint=time] [checkpoints=…]
 *                            [records=syslog:…] [sync=off|time|group]
 *                            [digests=on|off];
 */


#include "ngx_http_inference_guard_audit.h"


#define NGX_HTTP_IG_KEY_FILE_MAX   65536
#define NGX_HTTP_IG_INTERVAL_MIN   10


typedef struct {
    ngx_http_ig_main_conf_t  *mcf;
    ngx_str_t                 key;
    ngx_str_t                 file;     /* of checkpoints */
    ngx_str_t                 syslog;   /* for them */
    ngx_str_t                 records;  /* syslog for records */
    unsigned                  digests:1;    /* it was said whether */
} ngx_http_ig_audit_args_t;


static char *ngx_http_ig_audit_arg(ngx_conf_t *cf,
    ngx_http_ig_audit_args_t *args, ngx_str_t *value);
static char *ngx_http_ig_audit_sync(ngx_conf_t *cf,
    ngx_http_ig_main_conf_t *mcf, ngx_str_t *value);
static char *ngx_http_ig_audit_interval(ngx_conf_t *cf, ngx_str_t *value,
    size_t skip, ngx_msec_t *interval);
static char *ngx_http_ig_audit_digests(ngx_conf_t *cf,
    ngx_http_ig_audit_args_t *args, ngx_str_t *value);
static char *ngx_http_ig_audit_signer(ngx_conf_t *cf,
    ngx_http_ig_main_conf_t *mcf, ngx_str_t *path);
static char *ngx_http_ig_audit_places(ngx_conf_t *cf,
    ngx_http_ig_audit_args_t *args);


char *
ngx_http_ig_audit_directive(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ig_main_conf_t *mcf = conf;

    char                      *rv;
    ngx_str_t                 *value;
    ngx_uint_t                 i;
    ngx_http_ig_audit_args_t   args;

    if (mcf->audit_file) {
        return "is duplicate";
    }

    ngx_memzero(&args, sizeof(ngx_http_ig_audit_args_t));

    args.mcf = mcf;
    value = cf->args->elts;

    for (i = 2; i < cf->args->nelts; i++) {

        rv = ngx_http_ig_audit_arg(cf, &args, &value[i]);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    if (args.key.len == 0
        && (args.file.len || args.syslog.len || mcf->checkpoint_interval))
    {
        return "has no \"key=\", and checkpoints are signed";
    }

    if (args.key.len == 0 && mcf->digests) {
        return "has no \"key=\", and digests are made with it";
    }

    if (mcf->checkpoint_interval == 0) {
        mcf->checkpoint_interval = 60000;
    }

    if (args.key.len) {

        rv = ngx_http_ig_audit_signer(cf, mcf, &args.key);

        if (rv != NGX_CONF_OK) {
            return rv;
        }
    }

    mcf->audit_file = ngx_conf_open_file(cf->cycle, &value[1]);
    if (mcf->audit_file == NULL) {
        return NGX_CONF_ERROR;
    }

    rv = ngx_http_ig_audit_places(cf, &args);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    if (ngx_http_ig_audit_share(cf, mcf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_ig_audit_arg(ngx_conf_t *cf, ngx_http_ig_audit_args_t *args,
    ngx_str_t *value)
{
    ngx_str_t  *place;

    if (ngx_strncmp(value->data, "key=", 4) == 0) {

        if (args->key.len) {
            return "has \"key=\" twice";
        }

        args->key.data = value->data + 4;
        args->key.len = value->len - 4;

        return args->key.len ? NGX_CONF_OK : "has an empty \"key=\"";
    }

    if (ngx_strncmp(value->data, "checkpoints=", 12) == 0) {

        place = ngx_strncmp(value->data + 12, "syslog:", 7) == 0
                ? &args->syslog : &args->file;

        if (place->len) {
            return "has \"checkpoints=\" of one kind twice";
        }

        place->data = value->data + 12;
        place->len = value->len - 12;

        return place->len ? NGX_CONF_OK : "has an empty \"checkpoints=\"";
    }

    if (ngx_strncmp(value->data, "records=", 8) == 0) {

        if (args->records.len) {
            return "has \"records=\" twice";
        }

        args->records.data = value->data + 8;
        args->records.len = value->len - 8;

        return ngx_strncmp(value->data + 8, "syslog:", 7) == 0
               ? NGX_CONF_OK : "has a \"records=\" that is no \"syslog:…\"";
    }

    if (ngx_strncmp(value->data, "checkpoint=", 11) == 0) {

        if (args->mcf->checkpoint_interval) {
            return "has \"checkpoint=\" twice";
        }

        return ngx_http_ig_audit_interval(cf, value, 11,
                                          &args->mcf->checkpoint_interval);
    }

    if (ngx_strncmp(value->data, "sync=", 5) == 0) {
        return ngx_http_ig_audit_sync(cf, args->mcf, value);
    }

    if (ngx_strncmp(value->data, "digests=", 8) == 0) {
        return ngx_http_ig_audit_digests(cf, args, value);
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"", value);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_ig_audit_sync(ngx_conf_t *cf, ngx_http_ig_main_conf_t *mcf,
    ngx_str_t *value)
{
    char  *rv;

    if (mcf->sync != NGX_HTTP_IG_SYNC_OFF) {
        return "has \"sync=\" twice";
    }

    if (ngx_strcmp(value->data + 5, "off") == 0) {
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value->data + 5, "group") == 0) {
        mcf->sync = NGX_HTTP_IG_SYNC_GROUP;

    } else {
        rv = ngx_http_ig_audit_interval(cf, value, 5, &mcf->sync_interval);

        if (rv != NGX_CONF_OK) {
            return rv;
        }

        mcf->sync = NGX_HTTP_IG_SYNC_INTERVAL;
    }

#if (NGX_THREADS)

    mcf->sync_pool = ngx_thread_pool_add(cf, NULL);
    if (mcf->sync_pool == NULL) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;

#else

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "\"%V\" needs threads, and this NGINX was built "
                       "without them (--with-threads)", value);
    return NGX_CONF_ERROR;

#endif
}


static char *
ngx_http_ig_audit_digests(ngx_conf_t *cf, ngx_http_ig_audit_args_t *args,
    ngx_str_t *value)
{
    if (args->digests) {
        return "has \"digests=\" twice";
    }

    args->digests = 1;

    if (ngx_strcmp(value->data + 8, "on") == 0) {
        args->mcf->digests = 1;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value->data + 8, "off") == 0) {
        return NGX_CONF_OK;
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\": \"on\" or \"off\" is wanted",
                       value);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_ig_audit_interval(ngx_conf_t *cf, ngx_str_t *value, size_t skip,
    ngx_msec_t *interval)
{
    ngx_int_t  ms;
    ngx_str_t  s;

    s.data = value->data + skip;
    s.len = value->len - skip;

    ms = ngx_parse_time(&s, 0);

    if (ms == NGX_ERROR || ms < NGX_HTTP_IG_INTERVAL_MIN) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\": a time of at least %dms is "
                           "wanted", value, NGX_HTTP_IG_INTERVAL_MIN);
        return NGX_CONF_ERROR;
    }

    *interval = (ngx_msec_t) ms;

    return NGX_CONF_OK;
}


static char *
ngx_http_ig_audit_signer(ngx_conf_t *cf, ngx_http_ig_main_conf_t *mcf,
    ngx_str_t *path)
{
    ig_str_t     pem;
    ngx_str_t    text;
    const char  *why;

    if (ngx_conf_full_name(cf->cycle, path, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_ig_read_file(cf, path, NGX_HTTP_IG_KEY_FILE_MAX,
                              NGX_HTTP_IG_KEY, &text)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    pem = ngx_http_ig_from_ngx(text);

    mcf->signer = ig_signer_new(pem, &why);

    ngx_explicit_memzero(text.data, text.len);

    if (mcf->signer == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\" %s", path, why);
        return NGX_CONF_ERROR;
    }

    if (mcf->digests && !ig_keyed_key(mcf->signer, mcf->digest_key)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "no key of digests could be derived from \"%V\"",
                           path);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_ig_audit_places(ngx_conf_t *cf, ngx_http_ig_audit_args_t *args)
{
    char                     *rv;
    ngx_http_ig_main_conf_t  *mcf;

    mcf = args->mcf;

    if (args->file.len) {

        mcf->checkpoint_file = ngx_conf_open_file(cf->cycle, &args->file);
        if (mcf->checkpoint_file == NULL) {
            return NGX_CONF_ERROR;
        }

        /* NGINX knows a file by its name, and gives the same one again */

        if (mcf->checkpoint_file == mcf->audit_file) {
            return "has the log itself as \"checkpoints=\"";
        }
    }

    rv = NGX_CONF_OK;

    if (args->syslog.len) {
        rv = ngx_http_ig_syslog_conf(cf, &mcf->checkpoint_syslog,
                                     &args->syslog);
    }

    if (args->records.len && rv == NGX_CONF_OK) {
        rv = ngx_http_ig_syslog_conf(cf, &mcf->audit_syslog, &args->records);
    }

    return rv;
}

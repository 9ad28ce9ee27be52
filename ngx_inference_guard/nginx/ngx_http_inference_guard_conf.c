
/*
 * Configuration time: rule files are found, read and compiled once, in the
 * master, and every mistake in any of them is logged before NGINX gives up.
 * Endpoints are tied to the upstream{} blocks that they name.
 */


#include "ngx_http_inference_guard.h"


#define NGX_HTTP_IG_FILE_MAX   (16 * 1024 * 1024)


typedef struct {
    ngx_conf_t   *cf;
    ngx_array_t   sources;       /* ig_source_t */
    ngx_uint_t    failed;
} ngx_http_ig_sources_t;


static ngx_int_t ngx_http_ig_check_limits(ngx_conf_t *cf,
    ngx_http_ig_main_conf_t *mcf);
static void ngx_http_ig_add_path(ngx_http_ig_sources_t *s,
    ngx_http_ig_rules_t *rule);
static void ngx_http_ig_add_glob(ngx_http_ig_sources_t *s,
    ngx_http_ig_rules_t *rule, ngx_str_t *pattern, ngx_uint_t needed);
static ngx_int_t ngx_http_ig_add_file(ngx_http_ig_sources_t *s,
    ngx_str_t *path);
static ngx_int_t ngx_http_ig_check_mode(ngx_conf_t *cf, ngx_str_t *path,
    ngx_file_info_t *fi, ngx_uint_t secret);
static void ngx_http_ig_log_mistakes(ngx_conf_t *cf, ig_mistakes_t *mistakes);
static ngx_int_t ngx_http_ig_endpoints(ngx_conf_t *cf,
    ngx_http_ig_main_conf_t *mcf);
static ngx_int_t ngx_http_ig_endpoint(ngx_conf_t *cf,
    ngx_http_ig_endpoint_t *ep);
static ngx_int_t ngx_http_ig_credential(ngx_conf_t *cf,
    ngx_http_ig_endpoint_t *ep);


char *
ngx_http_ig_mode(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ig_loc_conf_t *lcf = conf;

    ngx_str_t                *value;
    ngx_http_ig_main_conf_t  *mcf;

    if (lcf->mode != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "on") == 0) {
        lcf->mode = NGX_HTTP_IG_ON;

    } else if (ngx_strcmp(value[1].data, "audit") == 0) {
        lcf->mode = NGX_HTTP_IG_AUDIT;

    } else if (ngx_strcmp(value[1].data, "off") == 0) {
        lcf->mode = NGX_HTTP_IG_OFF;
        return NGX_CONF_OK;

    } else {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" in \"%V\" directive, "
                           "it must be \"on\", \"audit\" or \"off\"",
                           &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    mcf = ngx_http_conf_get_module_main_conf(cf,
                                             ngx_http_inference_guard_module);
    mcf->used = 1;

    return NGX_CONF_OK;
}


char *
ngx_http_ig_rules(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ig_main_conf_t *mcf = conf;

    ngx_str_t            *value;
    ngx_uint_t            i;
    ngx_http_ig_rules_t  *rule;

    if (mcf->rules == NULL) {
        mcf->rules = ngx_array_create(cf->pool, 4, sizeof(ngx_http_ig_rules_t));
        if (mcf->rules == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        rule = ngx_array_push(mcf->rules);
        if (rule == NULL) {
            return NGX_CONF_ERROR;
        }

        rule->pattern = value[i];
        rule->file = cf->conf_file->file.name;
        rule->line = cf->conf_file->line;

        if (ngx_conf_full_name(cf->cycle, &rule->pattern, 1) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_http_ig_geoip(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ig_main_conf_t *mcf = conf;

    u_char      text[256];
    ig_buf_t    error;
    ngx_str_t  *value;

    if (mcf->geo) {
        return "is duplicate";
    }

    value = cf->args->elts;
    mcf->geoip = value[1];

    if (ngx_conf_full_name(cf->cycle, &mcf->geoip, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    ig_buf_fixed(&error, text, sizeof(text));

    mcf->geo = ig_geo_open((char *) mcf->geoip.data, &error);

    if (mcf->geo == NULL) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "\"%V\": %*s",
                           &mcf->geoip, error.len, error.data);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_ig_tenant(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ig_loc_conf_t *lcf = conf;

    ngx_int_t   *index;
    ngx_str_t   *value;
    ngx_uint_t   i;

    if (lcf->tenant != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    lcf->tenant = ngx_array_create(cf->pool, 2, sizeof(ngx_int_t));
    if (lcf->tenant == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len < 2 || value[i].data[0] != '$') {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid variable name \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        value[i].data++;
        value[i].len--;

        index = ngx_array_push(lcf->tenant);
        if (index == NULL) {
            return NGX_CONF_ERROR;
        }

        *index = ngx_http_get_variable_index(cf, &value[i]);
        if (*index == NGX_ERROR) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


char *
ngx_http_ig_claim(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ig_loc_conf_t *lcf = conf;

    ngx_str_t  *value;

    if (lcf->claim != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        lcf->claim = NGX_DECLINED;
        return NGX_CONF_OK;
    }

    if (value[1].len < 2 || value[1].data[0] != '$') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid variable name \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    /*
     * a request's own header or argument is nothing to be trusted: it would
     * let a client choose whose law applies
     */

    if (ngx_strncmp(value[1].data, "$http_", 6) == 0
        || ngx_strncmp(value[1].data, "$arg_", 5) == 0
        || ngx_strncmp(value[1].data, "$cookie_", 8) == 0)
    {
        ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                           "\"%V\" comes from the client and can only be a "
                           "claim when something in front of it sets it",
                           &value[1]);
    }

    value[1].data++;
    value[1].len--;

    lcf->claim = ngx_http_get_variable_index(cf, &value[1]);
    if (lcf->claim == NGX_ERROR) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_ig_variable_slot(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_int_t  *index;
    ngx_str_t  *value;

    index = (ngx_int_t *) (p + cmd->offset);

    if (*index != NGX_CONF_UNSET) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        *index = NGX_DECLINED;
        return NGX_CONF_OK;
    }

    if (value[1].len < 2 || value[1].data[0] != '$') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid variable name \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    value[1].data++;
    value[1].len--;

    *index = ngx_http_get_variable_index(cf, &value[1]);

    return (*index == NGX_ERROR) ? NGX_CONF_ERROR : NGX_CONF_OK;
}


ngx_int_t
ngx_http_ig_compile(ngx_conf_t *cf, ngx_http_ig_main_conf_t *mcf)
{
    ig_str_t                digest;
    ngx_uint_t              i;
    ig_mistakes_t          *mistakes;
    ngx_http_ig_rules_t    *rules;
    ngx_http_ig_sources_t   s;

    if (mcf->used && mcf->rules == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"inference_guard\" is used, but there is no "
                      "\"inference_guard_rules\"");
        return NGX_ERROR;
    }

    if (mcf->used && mcf->audit_file == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"inference_guard\" is used, but there is no "
                      "\"inference_guard_audit\": nothing may happen without "
                      "a record");
        return NGX_ERROR;
    }

    if (mcf->rules == NULL) {
        return NGX_OK;
    }

    s.cf = cf;
    s.failed = 0;

    if (ngx_array_init(&s.sources, cf->temp_pool, 16, sizeof(ig_source_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    rules = mcf->rules->elts;

    for (i = 0; i < mcf->rules->nelts; i++) {
        ngx_http_ig_add_path(&s, &rules[i]);
    }

    mistakes = ig_mistakes_new();
    if (mistakes == NULL) {
        return NGX_ERROR;
    }

    mcf->guard = ig_guard_compile(s.sources.elts, s.sources.nelts, 0, mistakes);

    ngx_http_ig_log_mistakes(cf, mistakes);
    ig_mistakes_free(mistakes);

    if (mcf->guard == NULL || s.failed) {
        return NGX_ERROR;
    }

    mcf->policy = ig_guard_policy(mcf->guard);

    digest = ig_guard_digest(mcf->guard);
    mcf->digest = ngx_http_ig_to_ngx(digest);

    if (ngx_http_ig_endpoints(cf, mcf) != NGX_OK
        || ngx_http_ig_check_limits(cf, mcf) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_ig_peer_init_upstreams(cf, mcf);
}


/* limits that nobody could count would be none */

static ngx_int_t
ngx_http_ig_check_limits(ngx_conf_t *cf, ngx_http_ig_main_conf_t *mcf)
{
    size_t              i;
    const ig_tenant_t  *t;

    for (i = 0; i < mcf->policy->ntenants; i++) {

        t = &mcf->policy->tenants[i];

        if (t->quota.nlimits == 0 || !mcf->used || mcf->zone) {
            continue;
        }

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "%s:%uD:%uD: tenant \"%*s\" has limits, and there is no "
                      "\"inference_guard_zone\" to count them in",
                      t->place.file, t->place.line, t->place.column,
                      t->name.len, t->name.data);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* a file, a directory (its *.yaml and *.yml), or a pattern */

static void
ngx_http_ig_add_path(ngx_http_ig_sources_t *s, ngx_http_ig_rules_t *rule)
{
    u_char           *p;
    ngx_str_t         pattern;
    ngx_uint_t        i;
    ngx_file_info_t   fi;

    static ngx_str_t  suffix[] = {
        ngx_string("/*.yaml"),
        ngx_string("/*.yml")
    };

    if (strpbrk((char *) rule->pattern.data, "*?[") != NULL) {
        ngx_http_ig_add_glob(s, rule, &rule->pattern, 1);
        return;
    }

    if (ngx_file_info(rule->pattern.data, &fi) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_EMERG, s->cf->log, ngx_errno,
                      "rule file \"%V\" in %V:%ui cannot be read",
                      &rule->pattern, &rule->file, rule->line);
        s->failed = 1;
        return;
    }

    if (!ngx_is_dir(&fi)) {
        if (ngx_http_ig_add_file(s, &rule->pattern) != NGX_OK) {
            s->failed = 1;
        }

        return;
    }

    for (i = 0; i < 2; i++) {
        pattern.len = rule->pattern.len + suffix[i].len;

        pattern.data = ngx_pnalloc(s->cf->temp_pool, pattern.len + 1);
        if (pattern.data == NULL) {
            s->failed = 1;
            return;
        }

        p = ngx_cpymem(pattern.data, rule->pattern.data, rule->pattern.len);
        ngx_cpystrn(p, suffix[i].data, suffix[i].len + 1);

        ngx_http_ig_add_glob(s, rule, &pattern, i == 0);
    }
}


static void
ngx_http_ig_add_glob(ngx_http_ig_sources_t *s, ngx_http_ig_rules_t *rule,
    ngx_str_t *pattern, ngx_uint_t needed)
{
    ngx_int_t   n;
    ngx_str_t   name, copy;
    ngx_uint_t  found;
    ngx_glob_t  gl;

    ngx_memzero(&gl, sizeof(ngx_glob_t));

    gl.pattern = pattern->data;
    gl.log = s->cf->log;
    gl.test = 1;

    found = 0;

    if (ngx_open_glob(&gl) == NGX_OK) {

        for ( ;; ) {
            n = ngx_read_glob(&gl, &name);

            if (n != NGX_OK) {
                break;
            }

            copy.len = name.len;
            copy.data = ngx_pnalloc(s->cf->pool, name.len + 1);
            if (copy.data == NULL) {
                s->failed = 1;
                break;
            }

            ngx_cpystrn(copy.data, name.data, name.len + 1);
            found = 1;

            if (ngx_http_ig_add_file(s, &copy) != NGX_OK) {
                s->failed = 1;
            }
        }

        ngx_close_glob(&gl);
    }

    if (!found && needed) {
        /* rules that are not there would be rules that do not hold */
        ngx_log_error(NGX_LOG_EMERG, s->cf->log, 0,
                      "no rule file matches \"%V\" in %V:%ui",
                      pattern, &rule->file, rule->line);
        s->failed = 1;
    }
}


static ngx_int_t
ngx_http_ig_add_file(ngx_http_ig_sources_t *s, ngx_str_t *path)
{
    ngx_str_t     text;
    ngx_uint_t    i;
    ig_source_t  *source;

    source = s->sources.elts;

    for (i = 0; i < s->sources.nelts; i++) {
        if (ngx_strcmp(source[i].name, path->data) == 0) {
            return NGX_OK;
        }
    }

    if (ngx_http_ig_read_file(s->cf, path, NGX_HTTP_IG_FILE_MAX,
                              NGX_HTTP_IG_PUBLIC, &text)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    source = ngx_array_push(&s->sources);
    if (source == NULL) {
        return NGX_ERROR;
    }

    source->name = (char *) path->data;
    source->text = ngx_http_ig_from_ngx(text);

    return NGX_OK;
}


ngx_int_t
ngx_http_ig_read_file(ngx_conf_t *cf, ngx_str_t *path, size_t max,
    ngx_uint_t secret, ngx_str_t *text)
{
    ssize_t          n;
    ngx_int_t        rc;
    ngx_file_t       file;
    ngx_file_info_t  fi;

    rc = NGX_ERROR;

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.name = *path;
    file.log = cf->log;
    file.fd = ngx_open_file(path->data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, ngx_errno,
                      ngx_open_file_n " \"%V\" failed", path);
        return NGX_ERROR;
    }

    if (ngx_fd_info(file.fd, &fi) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, ngx_errno,
                      ngx_fd_info_n " \"%V\" failed", path);
        goto done;
    }

    if (!ngx_is_file(&fi) || (size_t) ngx_file_size(&fi) > max) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" is not a regular file of at most %uz bytes",
                      path, max);
        goto done;
    }

    if (ngx_http_ig_check_mode(cf, path, &fi, secret) != NGX_OK) {
        goto done;
    }

    text->len = (size_t) ngx_file_size(&fi);
    text->data = ngx_pnalloc(secret ? cf->pool : cf->temp_pool, text->len + 1);
    if (text->data == NULL) {
        goto done;
    }

    n = ngx_read_file(&file, text->data, text->len, 0);

    if (n == NGX_ERROR) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, ngx_errno,
                      ngx_read_file_n " \"%V\" failed", path);
        goto done;
    }

    if ((size_t) n != text->len) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" was changed while it was read", path);
        goto done;
    }

    rc = NGX_OK;

done:

    if (ngx_close_file(file.fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", path);
    }

    return rc;
}


static ngx_int_t
ngx_http_ig_check_mode(ngx_conf_t *cf, ngx_str_t *path, ngx_file_info_t *fi,
    ngx_uint_t secret)
{
    ngx_core_conf_t  *ccf;

    if (secret == NGX_HTTP_IG_CREDENTIAL
        && (ngx_file_access(fi) & (S_IROTH|S_IWOTH)))
    {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"%V\" holds a secret and should not be accessible to "
                      "others", path);
    }

    if (secret != NGX_HTTP_IG_KEY) {
        return NGX_OK;
    }

    if (ngx_file_access(fi) & (S_IRWXG|S_IRWXO)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" holds a private key and must not be accessible "
                      "to its group or others (chmod 600)", path);
        return NGX_ERROR;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cf->cycle->conf_ctx,
                                           ngx_core_module);

    if (fi->st_uid != 0
        && fi->st_uid != geteuid()
        && fi->st_uid != (uid_t) ccf->user)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" holds a private key and must belong to root or "
                      "the user of NGINX", path);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_ig_log_mistakes(ngx_conf_t *cf, ig_mistakes_t *mistakes)
{
    size_t               i;
    u_char               line[2048];
    ig_buf_t             b;
    ngx_uint_t           level;
    const ig_mistake_t  *k;

    ig_mistakes_sort(mistakes);

    for (i = 0; i < ig_mistakes_count(mistakes); i++) {
        k = ig_mistakes_get(mistakes, i);

        ig_buf_fixed(&b, line, sizeof(line));
        ig_mistake_print(k, &b);

        level = (k->severity == IG_MISTAKE_ERROR) ? NGX_LOG_EMERG
                                                  : NGX_LOG_WARN;

        ngx_log_error(level, cf->log, 0, "%*s", b.len, b.data);
    }
}


static ngx_int_t
ngx_http_ig_endpoints(ngx_conf_t *cf, ngx_http_ig_main_conf_t *mcf)
{
    size_t                   i, n;
    ngx_int_t                rc;
    ngx_http_ig_endpoint_t  *ep;

    n = mcf->policy->nendpoints;

    mcf->endpoints = ngx_pcalloc(cf->pool,
                                 (n + 1) * sizeof(ngx_http_ig_endpoint_t));
    if (mcf->endpoints == NULL) {
        return NGX_ERROR;
    }

    rc = NGX_OK;

    for (i = 0; i < n; i++) {
        ep = &mcf->endpoints[i];
        ep->row = &mcf->policy->endpoints[i];

        /* all of them: one run shows every mistake */

        if (ngx_http_ig_endpoint(cf, ep) != NGX_OK) {
            rc = NGX_ERROR;
        }
    }

    return rc;
}


static ngx_int_t
ngx_http_ig_endpoint(ngx_conf_t *cf, ngx_http_ig_endpoint_t *ep)
{
    ngx_uint_t                       i;
    const ig_endpoint_t             *row;
    ngx_http_upstream_srv_conf_t   **uscfp;
    ngx_http_upstream_main_conf_t   *umcf;

    row = ep->row;

    ep->name = ngx_http_ig_to_ngx(row->name);
    ep->scheme = ngx_http_ig_to_ngx(row->scheme);
    ep->upstream_name = ngx_http_ig_to_ngx(row->upstream);
    ep->host = row->host.len ? ngx_http_ig_to_ngx(row->host)
                             : ep->upstream_name;
    ep->country = ngx_http_ig_to_ngx(ig_country_code(row->country));
    ep->slot = NGX_CONF_UNSET_UINT;

    umcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_upstream_module);
    uscfp = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {

        /* a block, not the implicit upstream of some proxy_pass */

        if ((uscfp[i]->flags & NGX_HTTP_UPSTREAM_CREATE)
            && uscfp[i]->port == 0
            && uscfp[i]->host.len == ep->upstream_name.len
            && ngx_strncasecmp(uscfp[i]->host.data, ep->upstream_name.data,
                               ep->upstream_name.len)
               == 0)
        {
            ep->upstream = uscfp[i];
            break;
        }
    }

    if (ep->upstream == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "%s:%uD:%uD: endpoint \"%V\" names the upstream \"%V\", "
                      "and there is no upstream{} block of that name",
                      row->upstream_place.file, row->upstream_place.line,
                      row->upstream_place.column, &ep->name,
                      &ep->upstream_name);
        return NGX_ERROR;
    }

    if (row->credential_header.len == 0) {
        return NGX_OK;
    }

    return ngx_http_ig_credential(cf, ep);
}


static ngx_int_t
ngx_http_ig_credential(ngx_conf_t *cf, ngx_http_ig_endpoint_t *ep)
{
    size_t                i;
    ngx_str_t             path, text;
    const ig_endpoint_t  *row;

    row = ep->row;

    ep->credential_header = ngx_http_ig_to_ngx(row->credential_header);

    path.len = row->credential_file.len;
    path.data = ngx_pnalloc(cf->pool, path.len + 1);
    if (path.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(path.data, row->credential_file.data, path.len);
    path.data[path.len] = '\0';

    if (ngx_conf_full_name(cf->cycle, &path, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_ig_read_file(cf, &path, 16384, NGX_HTTP_IG_CREDENTIAL, &text)
        != NGX_OK)
    {
        goto failed;
    }

    if (text.len && text.data[text.len - 1] == LF) {
        text.len--;
    }

    if (text.len && text.data[text.len - 1] == CR) {
        text.len--;
    }

    for (i = 0; i < text.len; i++) {
        if (text.data[i] < 0x20 || text.data[i] == 0x7f) {
            text.len = 0;
        }
    }

    if (text.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%V\" must hold one line, the header's value", &path);
        goto failed;
    }

    ep->credential = text;

    return NGX_OK;

failed:

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "%s:%uD:%uD: the credential of endpoint \"%V\" cannot be "
                  "used", row->credential_place.file,
                  row->credential_place.line, row->credential_place.column,
                  &ep->name);

    return NGX_ERROR;
}


/* of a configuration that ends, or that was never good */

void
ngx_http_ig_cleanup(void *data)
{
    ngx_http_ig_main_conf_t  *mcf = data;

    ngx_http_ig_audit_exit(mcf);

    ig_worker_free(mcf->worker);
    mcf->worker = NULL;

    if (mcf->decision) {
        ngx_free(mcf->decision);
        mcf->decision = NULL;
    }

    ig_guard_free(mcf->guard);
    mcf->guard = NULL;

    ig_signer_free(mcf->signer);
    mcf->signer = NULL;

    ngx_explicit_memzero(mcf->digest_key, sizeof(mcf->digest_key));

    if (mcf->geo) {
        ig_geo_close(mcf->geo);
        mcf->geo = NULL;
    }
}

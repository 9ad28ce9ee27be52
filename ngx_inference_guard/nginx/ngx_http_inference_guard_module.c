
/*
 * Directives, and where the module hooks into NGINX.
 *
 *     REWRITE      (first) notes that a request came to a guarded location
 *     PRECONTENT   (before mirror and try_files) reads, decides, records,
 *                  refuses or sets the choke point
 *     LOG          records how it ended
 *     filters      streams, and NGINX's own errors in the client's dialect
 *     peer.init    of each declared upstream: checks every address
 */


#include "ngx_http_inference_guard.h"


static ngx_int_t ngx_http_ig_preconfiguration(ngx_conf_t *cf);
static ngx_int_t ngx_http_ig_postconfiguration(ngx_conf_t *cf);
static void *ngx_http_ig_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_ig_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_ig_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static char *ngx_http_ig_check_max_body(ngx_conf_t *cf, void *post,
    void *data);
static ngx_int_t ngx_http_ig_init_module(ngx_cycle_t *cycle);
static ngx_int_t ngx_http_ig_init_process(ngx_cycle_t *cycle);
static void ngx_http_ig_exit_process(ngx_cycle_t *cycle);


static ngx_conf_post_t  ngx_http_ig_max_body_post = {
    ngx_http_ig_check_max_body
};

static ngx_conf_num_bounds_t  ngx_http_ig_max_ratio_bounds = {
    ngx_conf_check_num_bounds, 1, 10000
};


static ngx_command_t  ngx_http_ig_commands[] = {

    { ngx_string("inference_guard"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_ig_mode,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("inference_guard_rules"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_ig_rules,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("inference_guard_geoip"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE1,
      ngx_http_ig_geoip,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("inference_guard_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE123,
      ngx_http_ig_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("inference_guard_audit"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_ig_audit_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("inference_guard_tenant"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_1MORE,
      ngx_http_ig_tenant,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("inference_guard_claim"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_ig_claim,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("inference_guard_user"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_ig_variable_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_ig_loc_conf_t, user),
      NULL },

    { ngx_string("inference_guard_task"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_ig_variable_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_ig_loc_conf_t, task),
      NULL },

    { ngx_string("inference_guard_batch"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_http_ig_variable_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_ig_loc_conf_t, batch),
      NULL },

    { ngx_string("inference_guard_store"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_1MORE,
      ngx_http_ig_store_directive,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("inference_guard_max_body"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_size_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_ig_loc_conf_t, max_body),
      &ngx_http_ig_max_body_post },

    { ngx_string("inference_guard_max_ratio"),
      NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_num_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_ig_loc_conf_t, max_ratio),
      &ngx_http_ig_max_ratio_bounds },

    { ngx_string("inference_guard_status"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_ig_status,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("inference_guard_quota"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_ig_quota_directive,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_ig_module_ctx = {
    ngx_http_ig_preconfiguration,          /* preconfiguration */
    ngx_http_ig_postconfiguration,         /* postconfiguration */

    ngx_http_ig_create_main_conf,          /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_ig_create_loc_conf,           /* create location configuration */
    ngx_http_ig_merge_loc_conf             /* merge location configuration */
};


ngx_module_t  ngx_http_inference_guard_module = {
    NGX_MODULE_V1,
    &ngx_http_ig_module_ctx,               /* module context */
    ngx_http_ig_commands,                  /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    ngx_http_ig_init_module,               /* init module */
    ngx_http_ig_init_process,              /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_ig_exit_process,              /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static void *
ngx_http_ig_create_main_conf(ngx_conf_t *cf)
{
    ngx_pool_cleanup_t       *cln;
    ngx_http_ig_main_conf_t  *mcf;

    mcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_ig_main_conf_t));
    if (mcf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     everything: no directive of http{} has a default but "not there"
     */

    if (ngx_array_init(&mcf->upstreams, cf->pool, 4,
                       sizeof(ngx_http_ig_upstream_t))
        != NGX_OK)
    {
        return NULL;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_ig_cleanup;
    cln->data = mcf;

    return mcf;
}


static void *
ngx_http_ig_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_ig_loc_conf_t  *lcf;

    lcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_ig_loc_conf_t));
    if (lcf == NULL) {
        return NULL;
    }

    lcf->mode = NGX_CONF_UNSET_UINT;
    lcf->tenant = NGX_CONF_UNSET_PTR;
    lcf->claim = NGX_CONF_UNSET;
    lcf->user = NGX_CONF_UNSET;
    lcf->task = NGX_CONF_UNSET;
    lcf->batch = NGX_CONF_UNSET;
    lcf->max_body = NGX_CONF_UNSET_SIZE;
    lcf->max_ratio = NGX_CONF_UNSET_UINT;

    return lcf;
}


static char *
ngx_http_ig_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_ig_loc_conf_t  *prev = parent;
    ngx_http_ig_loc_conf_t  *conf = child;

    ngx_conf_merge_uint_value(conf->mode, prev->mode, NGX_HTTP_IG_OFF);
    ngx_conf_merge_ptr_value(conf->tenant, prev->tenant, NULL);
    ngx_conf_merge_value(conf->claim, prev->claim, NGX_DECLINED);
    ngx_conf_merge_value(conf->user, prev->user, NGX_DECLINED);
    ngx_conf_merge_value(conf->task, prev->task, NGX_DECLINED);
    ngx_conf_merge_value(conf->batch, prev->batch, NGX_DECLINED);
    ngx_conf_merge_size_value(conf->max_body, prev->max_body,
                              8 * 1024 * 1024);
    ngx_conf_merge_uint_value(conf->max_ratio, prev->max_ratio, 100);

    return NGX_CONF_OK;
}


static char *
ngx_http_ig_check_max_body(ngx_conf_t *cf, void *post, void *data)
{
    size_t  *size = data;

    if (*size == 0 || *size > IG_MAX_BODY) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "value must be between 1 and %uz bytes",
                           (size_t) IG_MAX_BODY);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_ig_init_module(ngx_cycle_t *cycle)
{
    ngx_http_ig_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_inference_guard_module);

    if (mcf && mcf->used && !ngx_test_config) {
        ngx_http_ig_table_supersede(mcf);
        ngx_http_ig_audit_start(mcf);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ig_init_process(ngx_cycle_t *cycle)
{
    ngx_http_ig_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_inference_guard_module);

    if (mcf && mcf->used) {

        /* without memory now, each request tries again, and is refused */

        (void) ngx_http_ig_worker_init(mcf, cycle->log);

        if (ngx_http_ig_table_init_worker(mcf, cycle) != NGX_OK) {
            return NGX_ERROR;
        }

        if (mcf->store && mcf->limits) {
            ig_limits_fleet(mcf->limits, true);

            return ngx_http_ig_store_init_worker(mcf, cycle);
        }
    }

    return NGX_OK;
}


static void
ngx_http_ig_exit_process(ngx_cycle_t *cycle)
{
    ngx_http_ig_main_conf_t  *mcf;

    mcf = ngx_http_cycle_get_module_main_conf(cycle,
                                              ngx_http_inference_guard_module);
    if (mcf) {

        if (mcf->store) {
            ngx_http_ig_store_exit_worker(mcf->store);
        }

        ngx_http_ig_table_exit_worker(mcf);
        ngx_http_ig_audit_exit(mcf);
    }
}


static ngx_int_t
ngx_http_ig_preconfiguration(ngx_conf_t *cf)
{
    return ngx_http_ig_add_variables(cf);
}


static ngx_int_t
ngx_http_ig_postconfiguration(ngx_conf_t *cf)
{
    ngx_str_t                   name = ngx_string("request_id");
    ngx_array_t                *handlers;
    ngx_http_handler_pt        *h;
    ngx_http_ig_main_conf_t    *mcf;
    ngx_http_core_main_conf_t  *cmcf;

    mcf = ngx_http_conf_get_module_main_conf(cf,
                                             ngx_http_inference_guard_module);

    if (ngx_http_ig_compile(cf, mcf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_ig_filter_init(cf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (!mcf->used) {
        return NGX_OK;
    }

    mcf->request_id = ngx_http_get_variable_index(cf, &name);
    if (mcf->request_id == NGX_ERROR) {
        return NGX_ERROR;
    }

    /*
     * handlers of a phase run in the reverse order: those pushed last, as a
     * dynamic module's are, come first
     */

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_REWRITE_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_ig_enter_handler;

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_ig_guard_handler;

    /*
     * handlers of the LOG phase run in their order; ours comes first, so that
     * the access log can say what a request has taken
     */

    handlers = &cmcf->phases[NGX_HTTP_LOG_PHASE].handlers;

    if (ngx_array_push(handlers) == NULL) {
        return NGX_ERROR;
    }

    h = handlers->elts;

    ngx_memmove(h + 1, h, (handlers->nelts - 1) * sizeof(ngx_http_handler_pt));

    *h = ngx_http_ig_log_handler;

    return NGX_OK;
}


ngx_int_t
ngx_http_ig_worker_init(ngx_http_ig_main_conf_t *mcf, ngx_log_t *log)
{
    if (mcf->worker == NULL) {
        mcf->worker = ig_worker_new(mcf->guard);

        if (mcf->worker == NULL) {
            ngx_log_error(NGX_LOG_CRIT, log, 0,
                          "inference guard: no memory for a worker");
            return NGX_ERROR;
        }

        if (mcf->digests
            && !ig_detect_keep_values(ig_worker_detect(mcf->worker)))
        {
            ngx_log_error(NGX_LOG_CRIT, log, 0,
                          "inference guard: no memory for a worker");
            ig_worker_free(mcf->worker);
            mcf->worker = NULL;
            return NGX_ERROR;
        }
    }

    if (mcf->decision == NULL) {
        mcf->decision = ngx_alloc(sizeof(ig_decision_t), log);
        if (mcf->decision == NULL) {
            return NGX_ERROR;
        }
    }

    return ngx_http_ig_audit_init(mcf, log);
}

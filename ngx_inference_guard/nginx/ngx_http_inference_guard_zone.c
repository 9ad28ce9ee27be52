
/*
 * Counters in shared memory, and their JSON.  One table is laid out when the
 * zone is made; a request only adds to words of it, so a worker that dies in
 * the middle leaves nothing half done.  A reload keeps the zone (NGINX gives a
 * new one when the size changes); endpoints keep their row by name.
 */


#include "ngx_http_inference_guard.h"


#define NGX_HTTP_IG_ZONE_VERSION   0x49470002
#define NGX_HTTP_IG_ZONE_ROWS      (2 * IG_MAX_ENDPOINTS)
#define NGX_HTTP_IG_ZONE_NAME      64
#define NGX_HTTP_IG_ZONE_REASONS   128
#define NGX_HTTP_IG_WORDS          (IG_VERDICT_ALLOW + 1)
#define NGX_HTTP_IG_STATUS_SIZE    (10 * 1024 * 1024)


typedef struct {
    ngx_atomic_t   requests;
    size_t         len;
    u_char         name[NGX_HTTP_IG_ZONE_NAME];
} ngx_http_ig_row_t;

typedef struct {
    ngx_uint_t          version;
    ngx_uint_t          size;
    ngx_atomic_t        words[NGX_HTTP_IG_WORDS];
    ngx_atomic_t        reasons[NGX_HTTP_IG_ZONE_REASONS];
    ngx_atomic_t        undecided;
    ngx_atomic_t        unrecorded;
    ngx_http_ig_part_t  limits;
    ngx_http_ig_row_t   endpoints[NGX_HTTP_IG_ZONE_ROWS];
} ngx_http_ig_table_t;


static ngx_int_t ngx_http_ig_zone_parameter(ngx_conf_t *cf,
    ngx_http_ig_main_conf_t *mcf, ngx_str_t *value);
static ngx_int_t ngx_http_ig_zone_snapshot(ngx_conf_t *cf,
    ngx_http_ig_main_conf_t *mcf, ngx_str_t *file);
static ngx_int_t ngx_http_ig_init_zone(ngx_shm_zone_t *shm_zone, void *data);
static void ngx_http_ig_assign_rows(ngx_http_ig_main_conf_t *mcf,
    ngx_http_ig_table_t *table);
static ngx_int_t ngx_http_ig_status_handler(ngx_http_request_t *r);
static void ngx_http_ig_status_limits(ngx_http_ig_main_conf_t *mcf,
    ig_buf_t *b);
static void ngx_http_ig_status_body(ngx_http_ig_main_conf_t *mcf,
    ngx_http_ig_table_t *t, ig_buf_t *b);


static ngx_http_ig_table_t *
ngx_http_ig_table(ngx_http_ig_main_conf_t *mcf)
{
    ngx_slab_pool_t  *shpool;

    if (mcf->zone == NULL) {
        return NULL;
    }

    shpool = (ngx_slab_pool_t *) mcf->zone->shm.addr;

    return shpool->data;
}


char *
ngx_http_ig_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ig_main_conf_t *mcf = conf;

    u_char                   *p;
    ssize_t                   size;
    ngx_str_t                *value, name, s;
    ngx_uint_t                i;
    ngx_cycle_t              *old;
    ngx_http_ig_main_conf_t  *omcf;

    if (mcf->zone) {
        return "is duplicate";
    }

    value = cf->args->elts;
    p = (u_char *) ngx_strchr(value[1].data, ':');

    if (p == NULL || p == value[1].data) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone \"%V\", it must be name:size",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    name.data = value[1].data;
    name.len = (size_t) (p - value[1].data);

    s.data = p + 1;
    s.len = (size_t) (value[1].data + value[1].len - s.data);

    size = ngx_parse_size(&s);

    if (size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid zone size \"%V\"",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    if (size < (ssize_t) (sizeof(ngx_http_ig_table_t) + 32 * ngx_pagesize)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "zone \"%V\" is too small",
                           &value[1]);
        return NGX_CONF_ERROR;
    }

    mcf->zone = ngx_shared_memory_add(cf, &name, (size_t) size,
                                      &ngx_http_inference_guard_module);
    if (mcf->zone == NULL) {
        return NGX_CONF_ERROR;
    }

    if (mcf->zone->data) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "duplicate zone \"%V\"",
                           &name);
        return NGX_CONF_ERROR;
    }

    mcf->zone->init = ngx_http_ig_init_zone;
    mcf->zone->data = mcf;

    old = cf->cycle->old_cycle;

    if (old && old->conf_ctx && old->conf_ctx[ngx_http_module.index]) {
        omcf = ngx_http_cycle_get_module_main_conf(old,
                                             ngx_http_inference_guard_module);
        mcf->old_zone = omcf ? omcf->zone : NULL;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_ig_zone_parameter(cf, mcf, &value[i]) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    if (mcf->snapshot_interval && mcf->snapshot.len == 0) {
        return "has an interval, and no snapshot";
    }

    if (mcf->snapshot_interval == 0) {
        mcf->snapshot_interval = 10000;
    }

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_ig_zone_parameter(ngx_conf_t *cf, ngx_http_ig_main_conf_t *mcf,
    ngx_str_t *value)
{
    ngx_int_t  ms;
    ngx_str_t  s;

    if (ngx_strncmp(value->data, "snapshot=", 9) == 0 && value->len > 9) {

        s.data = value->data + 9;
        s.len = value->len - 9;

        return ngx_http_ig_zone_snapshot(cf, mcf, &s);
    }

    if (ngx_strncmp(value->data, "interval=", 9) == 0) {

        s.data = value->data + 9;
        s.len = value->len - 9;

        ms = ngx_parse_time(&s, 0);

        if (ms != NGX_ERROR && ms > 0) {
            mcf->snapshot_interval = (ngx_msec_t) ms;
            return NGX_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0, "invalid parameter \"%V\"", value);

    return NGX_ERROR;
}


/*
 * Its directory must be there: a name with a mistake in it would look like the
 * first start, and every restart would begin with nothing used.
 */

static ngx_int_t
ngx_http_ig_zone_snapshot(ngx_conf_t *cf, ngx_http_ig_main_conf_t *mcf,
    ngx_str_t *file)
{
    u_char           *p, directory[NGX_MAX_PATH];
    ngx_file_info_t   fi;

    mcf->snapshot = *file;

    if (ngx_conf_full_name(cf->cycle, &mcf->snapshot, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    file = &mcf->snapshot;

    for (p = file->data + file->len; p > file->data && p[-1] != '/'; p--) {
        /* void */
    }

    if (file->len + 2 > NGX_MAX_PATH || p == file->data + file->len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is no file for a snapshot", file);
        return NGX_ERROR;
    }

    ngx_cpystrn(directory, file->data, (size_t) (p - file->data) + 1);

    if (ngx_file_info(directory, &fi) == NGX_FILE_ERROR || !ngx_is_dir(&fi)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "there is no directory \"%s\" for the snapshot",
                           directory);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ig_init_zone(ngx_shm_zone_t *shm_zone, void *data)
{
    ngx_slab_pool_t          *shpool;
    ngx_http_ig_table_t      *table;
    ngx_http_ig_main_conf_t  *mcf;

    mcf = shm_zone->data;
    shpool = (ngx_slab_pool_t *) shm_zone->shm.addr;

    if (data || shm_zone->shm.exists) {
        table = shpool->data;

        if (table
            && table->version == NGX_HTTP_IG_ZONE_VERSION
            && table->size == sizeof(ngx_http_ig_table_t)
            && ig_limit_table_known(table->limits.memory, table->limits.size))
        {
            ngx_http_ig_assign_rows(mcf, table);
            return NGX_OK;
        }

        if (data) {
            ngx_log_error(NGX_LOG_EMERG, shm_zone->shm.log, 0,
                          "inference_guard_zone \"%V\" is of another version; "
                          "give it another name or size", &shm_zone->shm.name);
            return NGX_ERROR;
        }
    }

    table = ngx_slab_calloc(shpool, sizeof(ngx_http_ig_table_t));
    if (table == NULL) {
        return NGX_ERROR;
    }

    table->version = NGX_HTTP_IG_ZONE_VERSION;
    table->size = sizeof(ngx_http_ig_table_t);

    shpool->data = table;

    ngx_http_ig_assign_rows(mcf, table);

    return ngx_http_ig_table_init(shm_zone, mcf, &table->limits);
}


ngx_http_ig_part_t *
ngx_http_ig_zone_part(ngx_shm_zone_t *zone)
{
    ngx_slab_pool_t      *shpool;
    ngx_http_ig_table_t  *table;

    if (zone == NULL || zone->shm.addr == NULL) {
        return NULL;
    }

    shpool = (ngx_slab_pool_t *) zone->shm.addr;
    table = shpool->data;

    return table ? &table->limits : NULL;
}


/* rows are only ever added; old workers go on with theirs */

static void
ngx_http_ig_assign_rows(ngx_http_ig_main_conf_t *mcf,
    ngx_http_ig_table_t *table)
{
    size_t                   i, len;
    ngx_uint_t               j;
    ngx_http_ig_row_t       *row;
    ngx_http_ig_endpoint_t  *ep;

    if (mcf->policy == NULL) {
        return;
    }

    for (i = 0; i < mcf->policy->nendpoints; i++) {

        ep = &mcf->endpoints[i];
        len = ngx_min(ep->name.len, NGX_HTTP_IG_ZONE_NAME);

        for (j = 0; j < NGX_HTTP_IG_ZONE_ROWS; j++) {

            row = &table->endpoints[j];

            if (row->len == 0) {
                ngx_memcpy(row->name, ep->name.data, len);
                row->len = len;
            }

            if (row->len == len
                && ngx_memcmp(row->name, ep->name.data, len) == 0)
            {
                ep->slot = j;
                break;
            }
        }
    }
}


void
ngx_http_ig_count_decision(ngx_http_ig_main_conf_t *mcf,
    ig_verdict_word_t word)
{
    ngx_http_ig_table_t  *t;

    t = ngx_http_ig_table(mcf);

    if (t && (ngx_uint_t) word < NGX_HTTP_IG_WORDS) {
        (void) ngx_atomic_fetch_add(&t->words[word], 1);
    }
}


void
ngx_http_ig_count_reason(ngx_http_ig_main_conf_t *mcf, ig_reason_t reason)
{
    ngx_http_ig_table_t  *t;

    t = ngx_http_ig_table(mcf);

    if (t && (ngx_uint_t) reason < NGX_HTTP_IG_ZONE_REASONS) {
        (void) ngx_atomic_fetch_add(&t->reasons[reason], 1);
    }
}


void
ngx_http_ig_count_endpoint(ngx_http_ig_main_conf_t *mcf, uint32_t endpoint)
{
    ngx_uint_t            slot;
    ngx_http_ig_table_t  *t;

    t = ngx_http_ig_table(mcf);

    if (t == NULL || endpoint == IG_NONE) {
        return;
    }

    slot = mcf->endpoints[endpoint].slot;

    if (slot < NGX_HTTP_IG_ZONE_ROWS) {
        (void) ngx_atomic_fetch_add(&t->endpoints[slot].requests, 1);
    }
}


void
ngx_http_ig_count_undecided(ngx_http_ig_main_conf_t *mcf)
{
    ngx_http_ig_table_t  *t;

    t = ngx_http_ig_table(mcf);

    if (t) {
        (void) ngx_atomic_fetch_add(&t->undecided, 1);
    }
}


void
ngx_http_ig_count_unrecorded(ngx_http_ig_main_conf_t *mcf)
{
    ngx_http_ig_table_t  *t;

    t = ngx_http_ig_table(mcf);

    if (t) {
        (void) ngx_atomic_fetch_add(&t->unrecorded, 1);
    }
}


char *
ngx_http_ig_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_ig_loc_conf_t *lcf = conf;

    ngx_http_core_loc_conf_t  *clcf;

    /* the page itself is no inference, whatever the server's default */

    if (lcf->mode == NGX_CONF_UNSET_UINT) {
        lcf->mode = NGX_HTTP_IG_OFF;
    }

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_ig_status_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_ig_status_handler(ngx_http_request_t *r)
{
    ig_buf_t                  text;
    ngx_int_t                 rc;
    ig_arena_t               *arena;
    ngx_http_ig_main_conf_t  *mcf;

    if (!(r->method & (NGX_HTTP_GET|NGX_HTTP_HEAD))) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        return rc;
    }

    mcf = ngx_http_get_module_main_conf(r, ngx_http_inference_guard_module);

    arena = ig_arena_new(NGX_HTTP_IG_STATUS_SIZE, 0);
    if (arena == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ig_buf_init(&text, arena, 4096);

    ngx_http_ig_status_body(mcf, ngx_http_ig_table(mcf), &text);

    rc = ngx_http_ig_send_json(r, &text);

    ig_arena_free(arena);

    return rc;
}


ngx_int_t
ngx_http_ig_send_json(ngx_http_request_t *r, ig_buf_t *text)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_chain_t   out;

    if (text->failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b = ngx_create_temp_buf(r->pool, text->len);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->last = ngx_cpymem(b->pos, text->data, text->len);
    b->last_buf = (r == r->main) ? 1 : 0;
    b->last_in_chain = 1;

    ngx_str_set(&r->headers_out.content_type, "application/json");
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.status = NGX_HTTP_OK;
    r->headers_out.content_length_n = (off_t) text->len;

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    out.buf = b;
    out.next = NULL;

    return ngx_http_output_filter(r, &out);
}


/* the table of limits itself, then who uses how much of his */

static void
ngx_http_ig_status_limits(ngx_http_ig_main_conf_t *mcf, ig_buf_t *b)
{
    ig_limit_stats_t  stats;

    if (mcf->limits == NULL) {
        return;
    }

    ig_limit_stats(mcf->limits, &stats);

    ig_buf_printf(b, ", \"limits\": {\"cells\": %lu, \"cells_free\": %lu, "
                  "\"counters\": %lu, \"reservations\": %lu, "
                  "\"evicted\": %lu, \"full\": %lu, \"expired\": %lu, "
                  "\"orphaned\": %lu, \"repaired\": %lu, "
                  "\"uncharged\": %lu, \"tenants\": ",
                  (unsigned long) stats.cells,
                  (unsigned long) stats.cells_free,
                  (unsigned long) stats.counters,
                  (unsigned long) stats.reservations,
                  (unsigned long) stats.evicted, (unsigned long) stats.full,
                  (unsigned long) stats.expired,
                  (unsigned long) stats.orphaned,
                  (unsigned long) stats.repaired,
                  (unsigned long) stats.uncharged);

    ngx_http_ig_quota_json(mcf, IG_NONE, b);

    ig_buf_lit(b, "}");
}


static void
ngx_http_ig_status_body(ngx_http_ig_main_conf_t *mcf, ngx_http_ig_table_t *t,
    ig_buf_t *b)
{
    size_t                   i;
    ngx_uint_t               n, total, slot;
    ngx_http_ig_endpoint_t  *ep;

    ig_buf_lit(b, "{\"version\": \"" IG_VERSION "\", \"policy\": ");

    if (mcf->guard == NULL) {
        ig_buf_lit(b, "null}\n");
        return;
    }

    ig_buf_json(b, ngx_http_ig_from_ngx(mcf->digest));
    ig_buf_printf(b, ", \"zone\": %s", t ? "true" : "false");

    if (t == NULL) {
        ig_buf_lit(b, "}\n");
        return;
    }

    total = 0;

    for (i = 0; i < NGX_HTTP_IG_WORDS; i++) {
        total += t->words[i];
    }

    ig_buf_printf(b, ", \"decided\": %lu, \"undecided\": %lu, "
                  "\"unrecorded\": %lu, \"decisions\": {",
                  (unsigned long) total, (unsigned long) t->undecided,
                  (unsigned long) t->unrecorded);

    for (i = 0; i < NGX_HTTP_IG_WORDS; i++) {
        ig_buf_printf(b, "%s\"%.*s\": %lu", i ? ", " : "",
                      IG_FMT(ig_verdict_name((ig_verdict_word_t) i)),
                      (unsigned long) t->words[i]);
    }

    ig_buf_lit(b, "}, \"refused\": {");
    n = 0;

    for (i = 1; i < IG_REASON_COUNT && i < NGX_HTTP_IG_ZONE_REASONS; i++) {
        if (t->reasons[i]) {
            ig_buf_printf(b, "%s\"%.*s\": %lu", n++ ? ", " : "",
                          IG_FMT(ig_reason_code((ig_reason_t) i)),
                          (unsigned long) t->reasons[i]);
        }
    }

    ig_buf_lit(b, "}, \"endpoints\": {");

    for (i = 0; i < mcf->policy->nendpoints; i++) {
        ep = &mcf->endpoints[i];
        slot = ep->slot;

        if (i) {
            ig_buf_lit(b, ", ");
        }

        ig_buf_json(b, ep->row->name);
        ig_buf_printf(b, ": {\"country\": \"%.*s\", \"requests\": %lu}",
                      (int) ep->country.len, (char *) ep->country.data,
                      slot < NGX_HTTP_IG_ZONE_ROWS
                          ? (unsigned long) t->endpoints[slot].requests : 0UL);
    }

    ig_buf_lit(b, "}");

    ngx_http_ig_status_limits(mcf, b);

    ig_buf_lit(b, "}\n");
}


/*
 * The line of a checkpoint, to its places: the second one, which may be a file, a
 * syslog server or both, and then the log.  A file that does not take it gets it
 * later; a datagram is sent once.
 */


#include "ngx_http_inference_guard_audit.h"


static void ngx_http_ig_checkpoint_seen(ngx_http_ig_main_conf_t *mcf,
    ngx_http_ig_made_t *made);
static void ngx_http_ig_checkpoint_put(ngx_http_ig_main_conf_t *mcf,
    ngx_http_ig_made_t *made, ngx_uint_t place);


ngx_int_t
ngx_http_ig_checkpoint_place(ngx_http_ig_main_conf_t *mcf)
{
    ngx_http_ig_made_t    *made;
    ngx_http_ig_shared_t  *sh;

    sh = mcf->chain->shared;
    made = &sh->lines[sh->made & 1];

    if (mcf->checkpoint_file == NULL) {
        made->places &= ~NGX_HTTP_IG_PLACE_FILE;
    }

    if (sh->doubt) {
        ngx_http_ig_checkpoint_seen(mcf, made);
        sh->doubt = 0;
    }

    if (made->places & NGX_HTTP_IG_PLACE_FILE) {
        ngx_http_ig_checkpoint_put(mcf, made, NGX_HTTP_IG_PLACE_FILE);
    }

    if (made->places & NGX_HTTP_IG_PLACE_SYSLOG) {
        ngx_http_ig_syslog_send(mcf->checkpoint_syslog, made->line, made->len);
        made->places &= ~NGX_HTTP_IG_PLACE_SYSLOG;
    }

    if (made->places & NGX_HTTP_IG_PLACE_LOG) {
        ngx_http_ig_checkpoint_put(mcf, made, NGX_HTTP_IG_PLACE_LOG);
    }

    return made->places ? NGX_AGAIN : NGX_OK;
}


/* who was writing it was killed; a line is not wanted twice */

static void
ngx_http_ig_checkpoint_seen(ngx_http_ig_main_conf_t *mcf,
    ngx_http_ig_made_t *made)
{
    ngx_uint_t             i;
    ngx_open_file_t       *file;
    ig_checkpoint_head_t   head;
    u_char                 line[IG_CHECKPOINT_MAX];

    static ngx_uint_t  places[] = {
        NGX_HTTP_IG_PLACE_LOG, NGX_HTTP_IG_PLACE_FILE
    };

    for (i = 0; i < 2; i++) {

        file = i ? mcf->checkpoint_file : mcf->audit_file;

        if ((made->places & places[i])
            && ngx_http_ig_last_checkpoint(&file->name, line, &head) == NGX_OK
            && ngx_memcmp(head.hash, made->hash, IG_HASH_SIZE) == 0)
        {
            made->places &= ~places[i];
        }
    }
}


static void
ngx_http_ig_checkpoint_put(ngx_http_ig_main_conf_t *mcf,
    ngx_http_ig_made_t *made, ngx_uint_t place)
{
    time_t                 now;
    ngx_open_file_t       *file;
    ngx_http_ig_put_t      put;
    ngx_uint_t             thread;
    ngx_http_ig_shared_t  *sh;

    static time_t  logged;

    sh = mcf->chain->shared;
    thread = (mcf->audit && mcf->audit->sync);
    file = (place == NGX_HTTP_IG_PLACE_LOG) ? mcf->audit_file
                                            : mcf->checkpoint_file;

    put.fd = file->fd;
    put.torn = (place == NGX_HTTP_IG_PLACE_LOG) ? &sh->log_torn
                                                : &sh->file_torn;
    put.data = made->line;
    put.len = made->len;
    put.slot = NULL;
    put.also = NGX_INVALID_FILE;
    put.sync = (mcf->sync != NGX_HTTP_IG_SYNC_OFF && !thread);

    ngx_http_ig_put(&put);

    if (put.whole == put.len) {
        made->places &= ~place;

        if (place == NGX_HTTP_IG_PLACE_LOG) {
            sh->log_key = put.key;
        }

        if (thread) {
            ngx_http_ig_sync_checkpoint(mcf->audit);
        }
    }

    if (put.failed == NULL) {
        return;
    }

    now = ngx_time();

    if (now - logged < 60 && !ngx_exiting && !ngx_terminate) {
        return;
    }

    logged = now;

    ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, put.err,
                  "inference guard: %s \"%V\" failed; checkpoint %uL waits",
                  put.failed, &file->name, made->number);
}

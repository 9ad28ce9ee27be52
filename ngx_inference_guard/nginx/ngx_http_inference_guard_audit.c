
/*
 * The records of a worker.  Records of one turn of the event loop share one
 * write(2); whoever needs a record waits for it.
 *
 * Everything that was rendered is kept, in order, until it is in the file: the
 * numbers of a writer's records have no gaps, and each names the one before by
 * its hash.  After a failure those who wait are told; the records stay, a timer
 * and every new record try again.  When half of the buffer is full of them,
 * decisions get no record any more (and their requests are refused); the other
 * half is for outcomes.
 *
 * With sync=group a thread writes and syncs, one group at a time: what comes
 * meanwhile is the next group, in the same buffer behind it.
 */


#include "ngx_http_inference_guard_audit.h"

#include <openssl/rand.h>


#define NGX_HTTP_IG_AUDIT_SIZE    (2 * 1024 * 1024)
/* a slow disk's groups wait in memory */
#define NGX_HTTP_IG_GROUP_SIZE    (8 * 1024 * 1024)
/* no record is shorter */
#define NGX_HTTP_IG_RECORD_MIN    256


static ngx_int_t ngx_http_ig_audit_memory(ngx_http_ig_audit_t *a,
    ngx_log_t *log);
static ngx_int_t ngx_http_ig_audit_register(ngx_http_ig_audit_t *a,
    ngx_log_t *log);
static void ngx_http_ig_audit_free(ngx_http_ig_audit_t *a);
static void ngx_http_ig_audit_event(ngx_event_t *ev);
static void ngx_http_ig_audit_fail(ngx_http_ig_audit_t *a);


ngx_int_t
ngx_http_ig_audit_init(ngx_http_ig_main_conf_t *mcf, ngx_log_t *log)
{
    u_char                random[NGX_HTTP_IG_WRITER_BYTES];
    ig_str_t              id;
    ngx_http_ig_audit_t  *a;

    if (mcf->audit) {
        return NGX_OK;
    }

    if (RAND_bytes(random, sizeof(random)) != 1) {
        ngx_log_error(NGX_LOG_ALERT, log, 0, "RAND_bytes() failed");
        return NGX_ERROR;
    }

    a = ngx_calloc(sizeof(ngx_http_ig_audit_t), log);
    if (a == NULL) {
        return NGX_ERROR;
    }

    ngx_hex_dump(a->id, random, sizeof(random));

    a->mcf = mcf;
    a->file = mcf->audit_file;

    ngx_queue_init(&a->waiting);

    a->posted.handler = ngx_http_ig_audit_event;
    a->posted.data = a;
    a->posted.log = ngx_cycle->log;

    a->timer.handler = ngx_http_ig_audit_event;
    a->timer.data = a;
    a->timer.log = ngx_cycle->log;
    a->timer.cancelable = 1;

    if (ngx_http_ig_audit_memory(a, log) != NGX_OK
        || ngx_http_ig_sync_init(a) != NGX_OK
        || ngx_http_ig_audit_register(a, log) != NGX_OK)
    {
        ngx_http_ig_audit_free(a);
        return NGX_ERROR;
    }

    id.data = a->id;
    id.len = sizeof(a->id);

    ig_writer_init(&a->writer, id, a->hasher);
    a->writer.keyed = a->keyed;

    mcf->audit = a;

    ngx_http_ig_syslog_init(mcf->audit_syslog);
    ngx_http_ig_syslog_init(mcf->checkpoint_syslog);

    ngx_http_ig_checkpoint_init(a);

    return NGX_OK;
}


static ngx_int_t
ngx_http_ig_audit_memory(ngx_http_ig_audit_t *a, ngx_log_t *log)
{
    a->size = (a->mcf->sync == NGX_HTTP_IG_SYNC_GROUP) ? NGX_HTTP_IG_GROUP_SIZE
                                                       : NGX_HTTP_IG_AUDIT_SIZE;
    a->leaf_size = a->size / NGX_HTTP_IG_RECORD_MIN;

    a->data = ngx_alloc(a->size, log);
    if (a->data == NULL) {
        return NGX_ERROR;
    }

    a->leaves = ngx_alloc(a->leaf_size * sizeof(ngx_http_ig_leaf_t), log);
    if (a->leaves == NULL) {
        return NGX_ERROR;
    }

    a->hasher = ig_hasher_new();
    if (a->hasher == NULL) {
        return NGX_ERROR;
    }

    if (a->mcf->digests) {
        a->keyed = ig_keyed_new(a->mcf->digest_key);
        if (a->keyed == NULL) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* a writer that no checkpoint could name writes nothing */

static ngx_int_t
ngx_http_ig_audit_register(ngx_http_ig_audit_t *a, ngx_log_t *log)
{
    ngx_http_ig_shared_t  *sh;

    sh = a->mcf->chain->shared;

    if (ngx_http_ig_chain_lock(sh) != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, log, 0,
                      "inference guard: the lock of \"%V\" failed",
                      &a->file->name);
        return NGX_ERROR;
    }

    a->slot = ngx_http_ig_slot_take(sh, a->id);

    if (a->slot == NULL) {

        /* a checkpoint says who died, and their slots are free */

        (void) ngx_http_ig_checkpoint_make(a->mcf,
                                    ngx_http_ig_checkpoint_signer(a->mcf->chain),
                                    a->hasher, NULL);

        a->slot = ngx_http_ig_slot_take(sh, a->id);
    }

    (void) pthread_mutex_unlock(&sh->lock);

    if (a->slot == NULL) {
        ngx_log_error(NGX_LOG_CRIT, log, 0,
                      "inference guard: %d writers of \"%V\" wait for a "
                      "checkpoint; requests are refused until it is written",
                      NGX_HTTP_IG_SLOTS, &a->file->name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_ig_audit_free(ngx_http_ig_audit_t *a)
{
    ngx_http_ig_sync_exit(a);

    ig_hasher_free(a->hasher);
    ig_keyed_free(a->keyed);

    if (a->leaves) {
        ngx_free(a->leaves);
    }

    if (a->data) {
        ngx_free(a->data);
    }

    ngx_free(a);
}


void
ngx_http_ig_audit_exit(ngx_http_ig_main_conf_t *mcf)
{
    ngx_http_ig_audit_t  *a;

    a = mcf->audit;

    if (a == NULL) {
        return;
    }

    mcf->audit = NULL;

    ngx_http_ig_sync_exit(a);
    ngx_http_ig_audit_flush(a);

    if (a->len) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "inference guard: %uz bytes of records are lost",
                      a->len);
    }

    ngx_http_ig_checkpoint_exit(a);

    ngx_http_ig_syslog_exit(mcf->audit_syslog);
    ngx_http_ig_syslog_exit(mcf->checkpoint_syslog);

    if (a->posted.posted) {
        ngx_delete_posted_event(&a->posted);
    }

    if (a->timer.timer_set) {
        ngx_del_timer(&a->timer);
    }

    ngx_http_ig_audit_free(a);
}


ngx_int_t
ngx_http_ig_audit_begin(ngx_http_ig_audit_t *a, ig_buf_t *b, ngx_uint_t needed)
{
    size_t      size;
    ngx_uint_t  leaves;

    size = needed ? a->size / 2 : a->size;
    leaves = needed ? a->leaf_size / 2 : a->leaf_size;

    if (a->len + IG_RECORD_MAX > size || a->nleaves >= leaves) {

        /* many requests in one turn, or a file that takes nothing */

        ngx_http_ig_audit_flush(a);

        if (a->len + IG_RECORD_MAX > size || a->nleaves >= leaves) {
            return NGX_ERROR;
        }
    }

    /* what the disk may have lost must not grow */

    if (needed && a->unsynced) {
        return NGX_ERROR;
    }

    a->before = a->writer;

    ig_buf_fixed(b, a->data + a->len, IG_RECORD_MAX);

    return NGX_OK;
}


ig_writer_t *
ngx_http_ig_audit_writer(ngx_http_ig_audit_t *a)
{
    return &a->writer;
}


ngx_int_t
ngx_http_ig_audit_end(ngx_http_ig_audit_t *a, ig_buf_t *b,
    ngx_http_ig_wait_t *wait)
{
    ngx_http_ig_leaf_t  *leaf;

    if (b->failed || b->len == 0 || b->data[b->len - 1] != LF) {
        a->writer = a->before;

        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "inference guard: a record could not be made");
        return NGX_ERROR;
    }

    a->len += b->len;

    leaf = &a->leaves[(a->leaf + a->nleaves++) % a->leaf_size];
    leaf->end = a->written + a->len;
    ngx_memcpy(leaf->hash, a->writer.prev, IG_HASH_SIZE);

    if (wait) {
        wait->end = leaf->end;
        wait->queued = 1;
        ngx_queue_insert_tail(&a->waiting, &wait->queue);
    }

    if (!a->posted.posted) {
        ngx_post_event(&a->posted, &ngx_posted_events);
    }

    return NGX_OK;
}


void
ngx_http_ig_audit_forget(ngx_http_ig_wait_t *wait)
{
    if (wait->queued) {
        wait->queued = 0;
        ngx_queue_remove(&wait->queue);
    }
}


ngx_uint_t
ngx_http_ig_audit_failed(ngx_http_ig_audit_t *a)
{
    return a->failed;
}


static void
ngx_http_ig_audit_event(ngx_event_t *ev)
{
    ngx_http_ig_audit_t *a = ev->data;

    ngx_http_ig_audit_flush(a);
    ngx_http_ig_audit_wake(a);
}


void
ngx_http_ig_audit_flush(ngx_http_ig_audit_t *a)
{
    ngx_http_ig_put_t  put;

    if (a->len == 0) {
        return;
    }

    if (a->mcf->sync == NGX_HTTP_IG_SYNC_GROUP && a->sync) {

        if (ngx_http_ig_sync_group(a) != NGX_OK) {
            ngx_http_ig_audit_fail(a);
        }

        return;
    }

    ngx_http_ig_audit_put(a, &put, a->len);

    put.fd = a->file->fd;
    put.hasher = a->hasher;
    put.also = NGX_INVALID_FILE;
    put.sync = (a->sync == NULL && a->mcf->sync != NGX_HTTP_IG_SYNC_OFF);

    ngx_http_ig_put(&put);
    ngx_http_ig_audit_written(a, &put);
}


void
ngx_http_ig_audit_put(ngx_http_ig_audit_t *a, ngx_http_ig_put_t *put,
    size_t len)
{
    put->torn = &a->mcf->chain->shared->log_torn;
    put->data = a->data;
    put->len = len;
    put->slot = len ? a->slot : NULL;
    put->leaves = a->leaves;
    put->leaf_size = a->leaf_size;
    put->leaf = a->leaf;
    put->nleaves = a->nleaves;
    put->written = a->written;
}


void
ngx_http_ig_audit_written(ngx_http_ig_audit_t *a, ngx_http_ig_put_t *put)
{
    ngx_http_ig_syslog_send(a->mcf->audit_syslog, a->data, put->whole);

    a->written += put->whole;
    a->len -= put->whole;

    ngx_memmove(a->data, a->data + put->whole, a->len);

    a->leaf = (a->leaf + put->added) % a->leaf_size;
    a->nleaves -= put->added;

    if (put->unhashed) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "inference guard: a record could not be hashed");
    }

    if (put->failed) {
        ngx_http_ig_audit_log(a, put->err, put->failed);

    } else {
        ngx_http_ig_checkpoint_file(a, put->key);
    }

    if (!put->unsynced) {
        a->kept = a->written;
    }

    if (put->whole && !put->sync) {
        ngx_http_ig_sync_later(a);
    }

    a->failed = 0;

    if (put->failed) {
        ngx_http_ig_audit_fail(a);
    }
}


static void
ngx_http_ig_audit_fail(ngx_http_ig_audit_t *a)
{
    a->failed = 1;

    if (!a->timer.timer_set && !ngx_exiting) {
        ngx_add_timer(&a->timer, NGX_HTTP_IG_AUDIT_RETRY);
    }
}


void
ngx_http_ig_audit_log(ngx_http_ig_audit_t *a, ngx_err_t err, const char *what)
{
    time_t  now;

    now = ngx_time();

    if (a->failed && now - a->error_log_time < 60) {
        return;
    }

    a->error_log_time = now;

    ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, err,
                  "inference guard: %s \"%V\" failed; requests are refused "
                  "until their records can be written", what, &a->file->name);
}


void
ngx_http_ig_audit_wake(ngx_http_ig_audit_t *a)
{
    uint64_t             kept;
    ngx_int_t            rc;
    ngx_uint_t           failed;
    ngx_queue_t         *q, woken;
    ngx_http_ig_wait_t  *wait;

    if (ngx_queue_empty(&a->waiting)) {
        return;
    }

    /* the first waits for a thread, and with it all */

    q = ngx_queue_head(&a->waiting);
    wait = ngx_queue_data(q, ngx_http_ig_wait_t, queue);

    if (wait->end > a->kept && !a->failed) {
        return;
    }

    /*
     * requests that go on may add records, end, or take others of this list
     * with them: it is a list of its own, and always the first is taken
     */

    ngx_queue_init(&woken);
    ngx_queue_add(&woken, &a->waiting);
    ngx_queue_init(&a->waiting);

    kept = a->kept;
    failed = a->failed;

    while (!ngx_queue_empty(&woken)) {

        q = ngx_queue_head(&woken);
        wait = ngx_queue_data(q, ngx_http_ig_wait_t, queue);

        ngx_queue_remove(q);
        wait->queued = 0;

        rc = (wait->end <= kept) ? NGX_OK : NGX_ERROR;

        if (rc != NGX_OK && !failed) {

            /* its record came after that write */

            wait->queued = 1;
            ngx_queue_insert_tail(&a->waiting, q);
            continue;
        }

        wait->handler(wait->data, rc);
    }
}

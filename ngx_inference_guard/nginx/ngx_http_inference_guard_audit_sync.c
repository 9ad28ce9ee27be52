
/*
 * Records that survive the machine: fdatasync() in a thread, at an interval
 * after something was written, or for every group of records whose requests
 * wait for it.
 *
 * One task a worker, one at a time.  It has a descriptor of its own: NGINX may
 * close the log's to open it anew, and give its number to a connection, while
 * the thread writes.
 */


#include "ngx_http_inference_guard_audit.h"


#if (NGX_THREADS)


struct ngx_http_ig_sync_s {
    ngx_thread_task_t      task;
    ngx_http_ig_put_t      put;
    ngx_http_ig_audit_t   *audit;     /* NULL: it has ended meanwhile */
    ngx_thread_pool_t     *pool;
    ngx_event_t            timer;     /* of the interval */
    ngx_fd_t               fd;
    dev_t                  dev;
    ino_t                  ino;
    ngx_atomic_t           done;      /* by the thread */
    unsigned               busy:1;
    unsigned               dirty:1;   /* written since the last began */
    unsigned               checkpoint:1;    /* so, and in the second place */
};


static void ngx_http_ig_sync_free(ngx_http_ig_sync_t *s);
static ngx_int_t ngx_http_ig_sync_fd(ngx_http_ig_audit_t *a);
static ngx_int_t ngx_http_ig_sync_post(ngx_http_ig_audit_t *a, size_t len);
static void ngx_http_ig_sync_also(ngx_http_ig_sync_t *s);
static void ngx_http_ig_sync_thread(void *data, ngx_log_t *log);
static void ngx_http_ig_sync_event(ngx_event_t *ev);
static void ngx_http_ig_sync_done(ngx_http_ig_audit_t *a);
static void ngx_http_ig_sync_timer(ngx_event_t *ev);


ngx_int_t
ngx_http_ig_sync_init(ngx_http_ig_audit_t *a)
{
    ngx_http_ig_sync_t  *s;

    if (a->mcf->sync == NGX_HTTP_IG_SYNC_OFF) {
        return NGX_OK;
    }

    s = ngx_calloc(sizeof(ngx_http_ig_sync_t), ngx_cycle->log);
    if (s == NULL) {
        return NGX_ERROR;
    }

    /* a hasher is a thread's alone */

    s->put.hasher = ig_hasher_new();
    if (s->put.hasher == NULL) {
        ngx_free(s);
        return NGX_ERROR;
    }

    s->audit = a;
    s->pool = a->mcf->sync_pool;
    s->fd = NGX_INVALID_FILE;

    s->task.handler = ngx_http_ig_sync_thread;
    s->task.ctx = s;
    s->task.event.handler = ngx_http_ig_sync_event;
    s->task.event.data = s;
    s->task.event.log = ngx_cycle->log;

    s->timer.handler = ngx_http_ig_sync_timer;
    s->timer.data = a;
    s->timer.log = ngx_cycle->log;
    s->timer.cancelable = 1;

    a->sync = s;

    return NGX_OK;
}


ngx_int_t
ngx_http_ig_sync_group(ngx_http_ig_audit_t *a)
{
    if (a->sync->busy) {
        return NGX_OK;
    }

    return ngx_http_ig_sync_post(a, a->len);
}


void
ngx_http_ig_sync_later(ngx_http_ig_audit_t *a)
{
    ngx_http_ig_sync_t  *s;

    s = a->sync;

    if (s == NULL || a->mcf->sync != NGX_HTTP_IG_SYNC_INTERVAL) {
        return;
    }

    s->dirty = 1;

    if (!s->busy && !s->timer.timer_set) {
        ngx_add_timer(&s->timer, a->mcf->sync_interval);
    }
}


void
ngx_http_ig_sync_checkpoint(ngx_http_ig_audit_t *a)
{
    ngx_http_ig_sync_t  *s;

    s = a->sync;
    s->checkpoint = 1;

    /* what is being done does not count; the next begins when it is */

    if (!s->busy && !s->timer.timer_set) {
        ngx_add_timer(&s->timer, 1);
    }
}


static void
ngx_http_ig_sync_timer(ngx_event_t *ev)
{
    ngx_http_ig_audit_t *a = ev->data;

    /* an end of a group is one of these, too */

    if (!a->sync->busy && ngx_http_ig_sync_post(a, 0) != NGX_OK) {
        ngx_add_timer(ev, NGX_HTTP_IG_AUDIT_RETRY);
    }
}


/* the log's file as it is open now, under a number of our own */

static ngx_int_t
ngx_http_ig_sync_fd(ngx_http_ig_audit_t *a)
{
    ngx_file_info_t      fi;
    ngx_http_ig_sync_t  *s;

    s = a->sync;

    if (ngx_fd_info(a->file->fd, &fi) == NGX_FILE_ERROR) {
        ngx_http_ig_audit_log(a, ngx_errno, ngx_fd_info_n "()");
        return NGX_ERROR;
    }

    if (s->fd != NGX_INVALID_FILE && fi.st_dev == s->dev && fi.st_ino == s->ino)
    {
        return NGX_OK;
    }

    if (s->fd != NGX_INVALID_FILE) {

        /* what is in the old one is not synced, or not for sure */

        if (s->dirty) {
            (void) ngx_http_ig_file_sync(s->fd);
        }

        (void) ngx_close_file(s->fd);
    }

    s->fd = fcntl(a->file->fd, F_DUPFD_CLOEXEC, 0);

    if (s->fd == NGX_INVALID_FILE) {
        ngx_http_ig_audit_log(a, ngx_errno, "fcntl(F_DUPFD_CLOEXEC)");
        return NGX_ERROR;
    }

    s->dev = fi.st_dev;
    s->ino = fi.st_ino;

    return NGX_OK;
}


static ngx_int_t
ngx_http_ig_sync_post(ngx_http_ig_audit_t *a, size_t len)
{
    ngx_http_ig_sync_t  *s;

    s = a->sync;

    if (ngx_http_ig_sync_fd(a) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_ig_audit_put(a, &s->put, len);

    s->put.fd = s->fd;
    s->put.sync = 1;
    s->put.also = NGX_INVALID_FILE;

    if (s->checkpoint && a->mcf->checkpoint_file) {
        s->put.also = fcntl(a->mcf->checkpoint_file->fd, F_DUPFD_CLOEXEC, 0);
    }

    s->done = 0;

    if (ngx_thread_task_post(s->pool, &s->task) != NGX_OK) {
        ngx_http_ig_sync_also(s);
        return NGX_ERROR;
    }

    s->busy = 1;
    s->dirty = 0;
    s->checkpoint = 0;

    return NGX_OK;
}


static void
ngx_http_ig_sync_also(ngx_http_ig_sync_t *s)
{
    if (s->put.also != NGX_INVALID_FILE) {
        (void) ngx_close_file(s->put.also);
        s->put.also = NGX_INVALID_FILE;
    }
}


static void
ngx_http_ig_sync_thread(void *data, ngx_log_t *log)
{
    ngx_http_ig_sync_t *s = data;

    ngx_http_ig_put(&s->put);

    ngx_memory_barrier();

    s->done = 1;
}


static void
ngx_http_ig_sync_event(ngx_event_t *ev)
{
    ngx_http_ig_sync_t   *s = ev->data;
    ngx_http_ig_audit_t  *a;

    a = s->audit;

    if (a == NULL) {
        ngx_http_ig_sync_free(s);
        return;
    }

    ngx_http_ig_sync_done(a);

    if (a->mcf->sync == NGX_HTTP_IG_SYNC_GROUP) {

        if (!a->failed) {
            ngx_http_ig_audit_flush(a);
        }

        ngx_http_ig_audit_wake(a);
    }

    if (s->busy || s->timer.timer_set) {
        return;
    }

    if (a->unsynced) {
        ngx_add_timer(&s->timer, NGX_HTTP_IG_AUDIT_RETRY);

    } else if (s->checkpoint) {
        ngx_add_timer(&s->timer, s->put.also_err ? NGX_HTTP_IG_AUDIT_RETRY : 1);

    } else if (s->dirty) {
        ngx_add_timer(&s->timer, a->mcf->sync_interval);
    }
}


static void
ngx_http_ig_sync_done(ngx_http_ig_audit_t *a)
{
    ngx_http_ig_sync_t  *s;

    s = a->sync;
    s->busy = 0;

    ngx_http_ig_sync_also(s);

    if (s->put.also_err) {
        ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, s->put.also_err,
                      "inference guard: fdatasync() \"%V\" failed",
                      &a->mcf->checkpoint_file->name);
        s->checkpoint = 1;
    }

    if (a->mcf->sync == NGX_HTTP_IG_SYNC_GROUP) {
        ngx_http_ig_audit_written(a, &s->put);
        return;
    }

    if (s->put.failed && !a->unsynced) {
        ngx_http_ig_audit_log(a, s->put.err, s->put.failed);
    }

    a->unsynced = (s->put.failed != NULL);
}


void
ngx_http_ig_sync_exit(ngx_http_ig_audit_t *a)
{
    ngx_http_ig_sync_t  *s;

    s = a->sync;

    if (s == NULL) {
        return;
    }

    a->sync = NULL;

    if (s->timer.timer_set) {
        ngx_del_timer(&s->timer);
    }

    if (s->busy) {

        while (!s->done) {
            ngx_msleep(1);
        }

        a->sync = s;
        ngx_http_ig_sync_done(a);
        a->sync = NULL;
    }

    if (s->fd != NGX_INVALID_FILE) {
        (void) ngx_http_ig_file_sync(s->fd);
        (void) ngx_close_file(s->fd);
    }

    if (s->checkpoint && a->mcf->checkpoint_file) {
        (void) ngx_http_ig_file_sync(a->mcf->checkpoint_file->fd);
    }

    s->audit = NULL;

    /* its event may still come, in a process that is master and worker */

    if (!s->task.event.active) {
        ngx_http_ig_sync_free(s);
    }
}


static void
ngx_http_ig_sync_free(ngx_http_ig_sync_t *s)
{
    ig_hasher_free(s->put.hasher);
    ngx_free(s);
}


#else

/* the directive takes no sync= then */

ngx_int_t
ngx_http_ig_sync_init(ngx_http_ig_audit_t *a)
{
    return NGX_OK;
}


ngx_int_t
ngx_http_ig_sync_group(ngx_http_ig_audit_t *a)
{
    return NGX_DECLINED;
}


void
ngx_http_ig_sync_later(ngx_http_ig_audit_t *a)
{
}


void
ngx_http_ig_sync_checkpoint(ngx_http_ig_audit_t *a)
{
}


void
ngx_http_ig_sync_exit(ngx_http_ig_audit_t *a)
{
}

#endif

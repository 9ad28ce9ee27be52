
/*
 * The file of records.  Records of one turn of the event loop share one
 * write(2); whoever needs a record waits for it.
 *
 * Everything that was rendered is kept, in order, until it is in the file: the
 * numbers of a writer's records have no gaps.  After a failure those who wait
 * are told; the records stay, a timer and every new record try again.  When
 * half of the buffer is full of them, decisions get no record any more (and
 * their requests are refused); the other half is for outcomes.
 *
 * O_APPEND keeps records of several workers apart, but a write can be short.
 * The workers share a word that says so, and of which file, as they reopen a
 * rotated one at different moments: the next write of any of them to it starts
 * with a newline, and whoever wrote the torn record repeats it whole.  Between
 * the short write and the word another worker may still write; readers find its
 * record behind the torn one, as a record's first bytes occur in no record.
 */


#include "ngx_http_inference_guard.h"

#include <openssl/rand.h>


#define NGX_HTTP_IG_AUDIT_SIZE    (2 * 1024 * 1024)
#define NGX_HTTP_IG_AUDIT_RETRY   1000
#define NGX_HTTP_IG_WRITER_BYTES  12

/* zero, the word of no file, is no inode's number */
#define ngx_http_ig_audit_key(fi)  ((ngx_atomic_uint_t) (fi)->st_ino)


/*
 * The word is shared by the workers of all cycles that write the same file; the
 * count of cycles is each process's own, as each frees its cycles' pools.
 */
struct ngx_http_ig_torn_s {
    ngx_shm_t         shm;
    ngx_uint_t        cycles;
};


struct ngx_http_ig_audit_s {
    ngx_open_file_t  *file;
    u_char           *data;
    size_t            len;
    uint64_t          written;      /* bytes of records, since the start */
    ngx_queue_t       waiting;
    ngx_event_t       posted;
    ngx_event_t       timer;
    time_t            error_log_time;
    ig_writer_t       writer;
    uint64_t          seq;          /* before the record that is begun */
    ngx_atomic_t     *torn;         /* shared: what file ends in a torn line */
    unsigned          failed:1;
    u_char            id[2 * NGX_HTTP_IG_WRITER_BYTES];
};


static void ngx_http_ig_audit_unshare(void *data);
static ngx_uint_t ngx_http_ig_audit_is_torn(ngx_open_file_t *file,
    off_t size);
static void ngx_http_ig_audit_event(ngx_event_t *ev);
static void ngx_http_ig_audit_timer(ngx_event_t *ev);
static void ngx_http_ig_audit_flush(ngx_http_ig_audit_t *a);
static ngx_int_t ngx_http_ig_audit_write(ngx_http_ig_audit_t *a);
static void ngx_http_ig_audit_log(ngx_http_ig_audit_t *a, ngx_err_t err,
    const char *what);
static void ngx_http_ig_audit_wake(ngx_http_ig_audit_t *a);


ngx_int_t
ngx_http_ig_audit_share(ngx_conf_t *cf, ngx_http_ig_main_conf_t *mcf)
{
    ngx_cycle_t              *old;
    ngx_http_ig_torn_t       *torn;
    ngx_pool_cleanup_t       *cln;
    ngx_http_ig_main_conf_t  *omcf;

    torn = NULL;
    old = cf->cycle->old_cycle;
    omcf = NULL;

    if (old && old->conf_ctx && old->conf_ctx[ngx_http_module.index]) {
        omcf = ngx_http_cycle_get_module_main_conf(old,
                                             ngx_http_inference_guard_module);
    }

    if (omcf && omcf->torn
        && omcf->audit_file->name.len == mcf->audit_file->name.len
        && ngx_strncmp(omcf->audit_file->name.data,
                       mcf->audit_file->name.data, mcf->audit_file->name.len)
           == 0)
    {
        torn = omcf->torn;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    if (torn == NULL) {
        torn = ngx_calloc(sizeof(ngx_http_ig_torn_t), cf->log);
        if (torn == NULL) {
            return NGX_ERROR;
        }

        torn->shm.size = sizeof(ngx_atomic_t);
        torn->shm.log = cf->log;
        ngx_str_set(&torn->shm.name, "inference_guard_audit");

        if (ngx_shm_alloc(&torn->shm) != NGX_OK) {
            ngx_free(torn);
            return NGX_ERROR;
        }
    }

    torn->cycles++;
    mcf->torn = torn;

    cln->handler = ngx_http_ig_audit_unshare;
    cln->data = torn;

    return NGX_OK;
}


static void
ngx_http_ig_audit_unshare(void *data)
{
    ngx_http_ig_torn_t *torn = data;

    if (--torn->cycles == 0) {
        torn->shm.log = ngx_cycle->log;
        ngx_shm_free(&torn->shm);
        ngx_free(torn);
    }
}


/* in the master, when the file is open and no worker is there */

void
ngx_http_ig_audit_start(ngx_http_ig_main_conf_t *mcf)
{
    ngx_uint_t        i;
    ngx_open_file_t  *file;
    ngx_file_info_t   fi;

    file = mcf->audit_file;

    if (file == NULL || mcf->torn->cycles > 1) {
        return;
    }

    /*
     * the workers of another master (a binary upgrade) may be writing: what
     * they have begun is whole at the next look
     */

    for (i = 0; i < 3; i++) {

        if (ngx_fd_info(file->fd, &fi) == NGX_FILE_ERROR || !ngx_is_file(&fi)
            || !ngx_http_ig_audit_is_torn(file, ngx_file_size(&fi)))
        {
            return;
        }

        ngx_msleep(1);
    }

    *(ngx_atomic_t *) mcf->torn->shm.addr = ngx_http_ig_audit_key(&fi);
}


static ngx_uint_t
ngx_http_ig_audit_is_torn(ngx_open_file_t *file, off_t size)
{
    u_char    last;
    ssize_t   n;
    ngx_fd_t  fd;

    if (size == 0) {
        return 0;
    }

    /* what cannot be read may be torn, and an empty line does no harm */

    fd = ngx_open_file(file->name.data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        return 1;
    }

    n = pread(fd, &last, 1, size - 1);

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", &file->name);
    }

    return n != 1 || last != LF;
}


ngx_int_t
ngx_http_ig_audit_init(ngx_http_ig_main_conf_t *mcf, ngx_log_t *log)
{
    u_char                random[NGX_HTTP_IG_WRITER_BYTES];
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

    a->data = ngx_alloc(NGX_HTTP_IG_AUDIT_SIZE, log);
    if (a->data == NULL) {
        ngx_free(a);
        return NGX_ERROR;
    }

    ngx_hex_dump(a->id, random, sizeof(random));

    a->file = mcf->audit_file;
    a->torn = (ngx_atomic_t *) mcf->torn->shm.addr;
    a->writer.id.data = a->id;
    a->writer.id.len = sizeof(a->id);

    ngx_queue_init(&a->waiting);

    a->posted.handler = ngx_http_ig_audit_event;
    a->posted.data = a;
    a->posted.log = ngx_cycle->log;

    a->timer.handler = ngx_http_ig_audit_timer;
    a->timer.data = a;
    a->timer.log = ngx_cycle->log;
    a->timer.cancelable = 1;

    mcf->audit = a;

    return NGX_OK;
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

    if (a->len && ngx_http_ig_audit_write(a) != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "inference guard: %uz bytes of records are lost",
                      a->len);
    }

    if (a->posted.posted) {
        ngx_delete_posted_event(&a->posted);
    }

    if (a->timer.timer_set) {
        ngx_del_timer(&a->timer);
    }

    ngx_free(a->data);
    ngx_free(a);
}


ngx_int_t
ngx_http_ig_audit_begin(ngx_http_ig_audit_t *a, ig_buf_t *b, ngx_uint_t needed)
{
    size_t  size;

    size = needed ? NGX_HTTP_IG_AUDIT_SIZE / 2 : NGX_HTTP_IG_AUDIT_SIZE;

    if (a->len + IG_RECORD_MAX > size) {

        /* many requests in one turn, or a file that takes nothing */

        ngx_http_ig_audit_flush(a);

        if (a->len + IG_RECORD_MAX > size) {
            return NGX_ERROR;
        }
    }

    a->seq = a->writer.seq;

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
    if (b->failed || b->len == 0 || b->data[b->len - 1] != LF) {
        a->writer.seq = a->seq;

        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "inference guard: a record could not be made");
        return NGX_ERROR;
    }

    a->len += b->len;

    if (wait) {
        wait->end = a->written + a->len;
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


static void
ngx_http_ig_audit_timer(ngx_event_t *ev)
{
    ngx_http_ig_audit_t *a = ev->data;

    ngx_http_ig_audit_flush(a);
    ngx_http_ig_audit_wake(a);
}


static void
ngx_http_ig_audit_flush(ngx_http_ig_audit_t *a)
{
    a->failed = (ngx_http_ig_audit_write(a) != NGX_OK);

    if (a->failed && !a->timer.timer_set && !ngx_exiting) {
        ngx_add_timer(&a->timer, NGX_HTTP_IG_AUDIT_RETRY);
    }
}


/* as much as goes; NGX_OK when nothing is left */

static ngx_int_t
ngx_http_ig_audit_write(ngx_http_ig_audit_t *a)
{
    u_char             *p, lf;
    size_t              whole;
    ssize_t             n;
    ngx_uint_t          torn;
    struct iovec        iov[2];
    ngx_file_info_t     fi;
    ngx_atomic_uint_t   key;

    if (a->len == 0) {
        return NGX_OK;
    }

    /* what is written to a removed file, nobody will ever read */

    if (ngx_fd_info(a->file->fd, &fi) == NGX_FILE_ERROR) {
        ngx_http_ig_audit_log(a, ngx_errno, ngx_fd_info_n "()");
        return NGX_ERROR;
    }

    if (fi.st_nlink == 0) {
        ngx_http_ig_audit_log(a, 0, "the file was removed; reopen it (USR1):");
        return NGX_ERROR;
    }

    key = ngx_http_ig_audit_key(&fi);

    while (a->len) {

        lf = LF;
        torn = (*a->torn == key);

        iov[0].iov_base = &lf;
        iov[0].iov_len = torn;
        iov[1].iov_base = a->data;
        iov[1].iov_len = a->len;

        n = writev(a->file->fd, iov, 2);

        if (n == -1) {
            if (ngx_errno == NGX_EINTR) {
                continue;
            }

            ngx_http_ig_audit_log(a, ngx_errno, "writev()");
            return NGX_ERROR;
        }

        if (n > 0 && torn) {
            (void) ngx_atomic_cmp_set(a->torn, key, 0);
            n--;
        }

        if (n == 0) {
            ngx_http_ig_audit_log(a, 0, "writev() wrote nothing:");
            return NGX_ERROR;
        }

        /* whole records only count as written */

        for (p = a->data + n; p > a->data && p[-1] != LF; p--) { /* void */ }

        whole = (size_t) (p - a->data);

        if (whole != (size_t) n) {
            *a->torn = key;
        }

        a->written += whole;
        a->len -= whole;

        ngx_memmove(a->data, a->data + whole, a->len);

        if (whole == 0) {
            ngx_http_ig_audit_log(a, 0, "a record was written in part:");
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static void
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


static void
ngx_http_ig_audit_wake(ngx_http_ig_audit_t *a)
{
    uint64_t             written;
    ngx_int_t            rc;
    ngx_uint_t           failed;
    ngx_queue_t         *q, woken;
    ngx_http_ig_wait_t  *wait;

    if (ngx_queue_empty(&a->waiting)) {
        return;
    }

    /*
     * requests that go on may add records, end, or take others of this list
     * with them: it is a list of its own, and always the first is taken
     */

    ngx_queue_init(&woken);
    ngx_queue_add(&woken, &a->waiting);
    ngx_queue_init(&a->waiting);

    written = a->written;
    failed = a->failed;

    while (!ngx_queue_empty(&woken)) {

        q = ngx_queue_head(&woken);
        wait = ngx_queue_data(q, ngx_http_ig_wait_t, queue);

        ngx_queue_remove(q);
        wait->queued = 0;

        rc = (wait->end <= written) ? NGX_OK : NGX_ERROR;

        if (rc != NGX_OK && !failed) {

            /* its record came after that write */

            wait->queued = 1;
            ngx_queue_insert_tail(&a->waiting, q);
            continue;
        }

        wait->handler(wait->data, rc);
    }
}

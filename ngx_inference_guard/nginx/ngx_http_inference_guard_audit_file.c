
/*
 * Whole lines into a file that other processes append to.
 *
 * O_APPEND keeps lines of several workers apart, but a write can be short.  The
 * workers share a word that says so, and of which file, as they reopen a
 * rotated one at different moments: the next write of any of them to it starts
 * with a newline, and whoever wrote the torn line repeats it whole.  Between
 * the short write and the word another worker may still write; readers find its
 * record behind the torn one, as a record's first bytes occur in no record.
 *
 * A writer's records are written and added to its tree under its lock, so that no
 * record is in the file that a checkpoint after it could overlook: whoever makes
 * one waits for the lock, or is told that its holder was killed.
 */


#include "ngx_http_inference_guard_audit.h"


static void ngx_http_ig_put_records(ngx_http_ig_put_t *put);
static void ngx_http_ig_put_lines(ngx_http_ig_put_t *put);
static ngx_uint_t ngx_http_ig_file_torn(ngx_open_file_t *file, off_t size);


void
ngx_http_ig_put(ngx_http_ig_put_t *put)
{
    ngx_file_info_t  fi;

    put->whole = 0;
    put->added = 0;
    put->unhashed = 0;
    put->err = 0;
    put->failed = NULL;
    put->unsynced = 0;
    put->also_err = 0;

    /* what is written to a removed file, nobody will ever read */

    if (ngx_fd_info(put->fd, &fi) == NGX_FILE_ERROR) {
        put->err = ngx_errno;
        put->failed = ngx_fd_info_n "()";
        return;
    }

    if (fi.st_nlink == 0) {
        put->failed = "the file was removed; reopen it (USR1):";
        return;
    }

    put->key = ngx_http_ig_file_key(&fi);

    if (put->slot) {
        ngx_http_ig_put_records(put);

    } else {
        ngx_http_ig_put_lines(put);
    }

    if (put->sync
        && (put->whole || put->len == 0)
        && ngx_http_ig_file_sync(put->fd) != NGX_OK)
    {
        put->unsynced = 1;
        put->err = ngx_errno;
        put->failed = "fdatasync()";
    }

    if (put->also != NGX_INVALID_FILE
        && ngx_http_ig_file_sync(put->also) != NGX_OK)
    {
        put->also_err = ngx_errno;
    }
}


static void
ngx_http_ig_put_records(ngx_http_ig_put_t *put)
{
    if (ngx_http_ig_lock(&put->slot->lock) == NGX_ERROR) {
        put->failed = "the lock of a writer of";
        return;
    }

    put->slot->in_flight = put->nleaves;

    ngx_http_ig_put_lines(put);
    ngx_http_ig_slot_add(put);

    (void) pthread_mutex_unlock(&put->slot->lock);
}


/* a pipe or a device cannot be synced, and has nothing to be kept */

ngx_int_t
ngx_http_ig_file_sync(ngx_fd_t fd)
{
    if (fdatasync(fd) == -1 && ngx_errno != EINVAL && ngx_errno != EROFS) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_ig_put_lines(ngx_http_ig_put_t *put)
{
    u_char        *p, *data, lf;
    size_t         whole, left;
    ssize_t        n;
    ngx_uint_t     torn;
    struct iovec   iov[2];

    while (put->whole < put->len) {

        data = put->data + put->whole;
        left = put->len - put->whole;

        lf = LF;
        torn = (*put->torn == put->key);

        iov[0].iov_base = &lf;
        iov[0].iov_len = torn;
        iov[1].iov_base = data;
        iov[1].iov_len = left;

        n = writev(put->fd, iov, 2);

        if (n == -1) {
            if (ngx_errno == NGX_EINTR) {
                continue;
            }

            put->err = ngx_errno;
            put->failed = "writev()";
            return;
        }

        if (n > 0 && torn) {
            (void) ngx_atomic_cmp_set(put->torn, put->key, 0);
            n--;
        }

        if (n == 0) {
            put->failed = "writev() wrote nothing:";
            return;
        }

        /* whole lines only count as written */

        for (p = data + n; p > data && p[-1] != LF; p--) { /* void */ }

        whole = (size_t) (p - data);

        if (whole != (size_t) n) {
            *put->torn = put->key;
        }

        put->whole += whole;

        if (whole == 0) {
            put->failed = "a record was written in part:";
            return;
        }
    }
}


void
ngx_http_ig_file_start(ngx_open_file_t *file, ngx_atomic_t *torn)
{
    ngx_uint_t       i;
    ngx_file_info_t  fi;

    /*
     * the workers of another master (a binary upgrade) may be writing: what
     * they have begun is whole at the next look
     */

    for (i = 0; i < 3; i++) {

        if (ngx_fd_info(file->fd, &fi) == NGX_FILE_ERROR || !ngx_is_file(&fi)
            || !ngx_http_ig_file_torn(file, ngx_file_size(&fi)))
        {
            return;
        }

        ngx_msleep(1);
    }

    *torn = ngx_http_ig_file_key(&fi);
}


static ngx_uint_t
ngx_http_ig_file_torn(ngx_open_file_t *file, off_t size)
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


/*
 * The table of limits in the zone: laid out when the zone is made, kept over a
 * reload, and saved to a file, so that a restart or another binary does not
 * hand out a new month.  A zone of another size starts from the one before.
 *
 * The zone's own mutex guards it: when a worker dies with it, the master unlocks
 * it, and the engine undoes what was half done.  Each worker is an owner of
 * reservations; the first worker looks every second for owners that are no more.
 *
 * The file is written piece by piece, by a timer, under a name of its own; then
 * it takes the place of the one before, which is kept as FILE~ for the case that
 * the machine goes down before the new one is on the disk.
 */


#include "ngx_http_inference_guard.h"

#include <openssl/rand.h>


#define NGX_HTTP_IG_TICK           1000
#define NGX_HTTP_IG_PIECE          (128 * 1024)


struct ngx_http_ig_table_worker_s {
    ngx_http_ig_main_conf_t  *mcf;
    ig_limits_t               limits;
    ngx_event_t               tick;
    ngx_event_t               save;
    ngx_fd_t                  fd;             /* of a snapshot being written */
    uint64_t                  cursor;
    u_char                   *piece;
    u_char                   *temp;
    time_t                    failed;         /* told in the log, at */
};


static ngx_int_t ngx_http_ig_table_handle(ngx_shm_zone_t *zone, void *memory,
    ig_limits_t *h);
static ngx_int_t ngx_http_ig_table_carry(ngx_shm_zone_t *zone,
    ngx_shm_zone_t *old, ig_limits_t *h);
static ngx_int_t ngx_http_ig_table_load(ngx_shm_zone_t *zone, ngx_str_t *name,
    ig_limits_t *h);
static ngx_int_t ngx_http_ig_table_file(ngx_shm_zone_t *zone, u_char *name,
    ig_limits_t *h);
static void ngx_http_ig_table_lock(void *ctx);
static void ngx_http_ig_table_unlock(void *ctx);
static void ngx_http_ig_table_tick(ngx_event_t *ev);
static ngx_uint_t ngx_http_ig_table_bury(ig_limits_t *h);
static void ngx_http_ig_table_save(ngx_event_t *ev);
static ngx_int_t ngx_http_ig_save_begin(ngx_http_ig_table_worker_t *w);
static ngx_int_t ngx_http_ig_save_piece(ngx_http_ig_table_worker_t *w);
static ngx_int_t ngx_http_ig_save_end(ngx_http_ig_table_worker_t *w,
    ngx_int_t rc);
static void ngx_http_ig_save_failed(ngx_http_ig_table_worker_t *w,
    const char *what);


/* the rest of a fresh zone */

ngx_int_t
ngx_http_ig_table_init(ngx_shm_zone_t *zone, ngx_http_ig_main_conf_t *mcf,
    ngx_http_ig_part_t *part)
{
    size_t            size;
    u_char            seed[16];
    ngx_int_t         rc;
    ig_limits_t       h;
    ngx_slab_pool_t  *shpool;

    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    size = shpool->pfree * ngx_pagesize;

    part->memory = (size >= ig_limit_table_min())
                   ? ngx_slab_alloc(shpool, size) : NULL;

    if (part->memory == NULL) {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                      "inference_guard_zone \"%V\" is too small",
                      &zone->shm.name);
        return NGX_ERROR;
    }

    part->size = size;

    if (RAND_bytes(seed, sizeof(seed)) != 1
        || ig_limit_table_init(part->memory, size, seed) != IG_OK
        || ngx_http_ig_table_handle(zone, part->memory, &h) != NGX_OK)
    {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                      "inference_guard_zone \"%V\" could not be laid out",
                      &zone->shm.name);
        return NGX_ERROR;
    }

    if (mcf->old_zone && mcf->old_zone->shm.addr
        && mcf->old_zone->shm.addr != zone->shm.addr)
    {
        rc = ngx_http_ig_table_carry(zone, mcf->old_zone, &h);

    } else {
        rc = ngx_http_ig_table_load(zone, &mcf->snapshot, &h);
    }

    ig_limits_close(&h, ngx_http_ig_now_ns());

    return rc;
}


static ngx_int_t
ngx_http_ig_table_handle(ngx_shm_zone_t *zone, void *memory, ig_limits_t *h)
{
    uint64_t          now;
    ig_limit_lock_t   lock;
    ngx_slab_pool_t  *shpool;

    shpool = (ngx_slab_pool_t *) zone->shm.addr;

    lock.ctx = &shpool->mutex;
    lock.lock = ngx_http_ig_table_lock;
    lock.unlock = ngx_http_ig_table_unlock;

    now = ngx_http_ig_now_ns();

    return ig_limits_open(h, memory, &lock, (uint32_t) ngx_pid, now, now)
           == IG_OK ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_ig_table_lock(void *ctx)
{
    ngx_shmtx_lock(ctx);
}


static void
ngx_http_ig_table_unlock(void *ctx)
{
    ngx_shmtx_unlock(ctx);
}


/* a zone of another size: what the old one holds, while old workers go on */

static ngx_int_t
ngx_http_ig_table_carry(ngx_shm_zone_t *zone, ngx_shm_zone_t *old,
    ig_limits_t *h)
{
    size_t               n, len, size;
    u_char              *p;
    ig_rc_t              rc;
    uint64_t             cursor, now;
    ig_str_t             whole;
    ig_limits_t          from;
    ngx_http_ig_part_t  *part;

    part = ngx_http_ig_zone_part(old);

    if (part == NULL
        || !ig_limit_table_known(part->memory, part->size)
        || ngx_http_ig_table_handle(old, part->memory, &from) != NGX_OK)
    {
        return NGX_OK;
    }

    now = ngx_http_ig_now_ns();
    size = part->size + NGX_HTTP_IG_PIECE;
    len = 0;
    cursor = 0;

    p = ngx_alloc(size, zone->shm.log);
    if (p == NULL) {
        ig_limits_close(&from, now);
        return NGX_ERROR;
    }

    do {
        n = (size - len < IG_LIMIT_PIECE_MIN)
            ? 0 : ig_limit_save(&from, &cursor, p + len, size - len, now);
        len += n;
    } while (n);

    whole.data = p;
    whole.len = len;

    rc = ig_limit_restore(h, whole, now);

    ngx_free(p);

    ig_limits_close(&from, now);

    if (rc != IG_OK) {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                      "inference_guard_zone \"%V\" is too small for the limits "
                      "that are in use", &zone->shm.name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * Not before: a configuration can still fail when its zones are made, at a port
 * that is in use, and the old workers go on.
 */

void
ngx_http_ig_table_supersede(ngx_http_ig_main_conf_t *mcf)
{
    ngx_http_ig_part_t  *part;

    if (mcf->zone == NULL || mcf->old_zone == NULL
        || mcf->zone->shm.addr == mcf->old_zone->shm.addr)
    {
        return;
    }

    part = ngx_http_ig_zone_part(mcf->old_zone);

    if (part) {
        part->superseded = 1;
    }
}


static ngx_int_t
ngx_http_ig_table_load(ngx_shm_zone_t *zone, ngx_str_t *name, ig_limits_t *h)
{
    u_char           before[NGX_MAX_PATH];
    ngx_int_t        rc;
    ngx_file_info_t  fi;

    if (name->len == 0) {
        return NGX_OK;
    }

    if (name->len + 2 > sizeof(before)) {
        return NGX_ERROR;
    }

    ngx_snprintf(before, sizeof(before), "%V~%Z", name);

    rc = ngx_http_ig_table_file(zone, name->data, h);

    if (rc == NGX_DECLINED) {
        rc = ngx_http_ig_table_file(zone, before, h);

        if (rc == NGX_DECLINED) {

            /* neither is there: the first start, unless one is broken */

            if (ngx_file_info(name->data, &fi) != NGX_FILE_ERROR
                || ngx_file_info(before, &fi) != NGX_FILE_ERROR)
            {
                ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                              "\"%V\" is no whole snapshot of limits; without "
                              "it and \"%s\" all of them would begin unused",
                              name, before);
                return NGX_ERROR;
            }

            return NGX_OK;
        }
    }

    return rc;
}


/* NGX_DECLINED: there is none, or it is not whole */

static ngx_int_t
ngx_http_ig_table_file(ngx_shm_zone_t *zone, u_char *name, ig_limits_t *h)
{
    u_char           *p;
    size_t            size, len;
    ssize_t           n;
    ig_rc_t           rc;
    ngx_fd_t          fd;
    ig_str_t          whole;
    ngx_file_info_t   fi;

    /* a pipe of that name must not hold the start up */

    fd = ngx_open_file(name, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK, NGX_FILE_OPEN,
                       0);

    if (fd == NGX_INVALID_FILE) {

        if (ngx_errno == NGX_ENOENT) {
            return NGX_DECLINED;
        }

        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, ngx_errno,
                      ngx_open_file_n " \"%s\" failed", name);
        return NGX_ERROR;
    }

    p = NULL;
    rc = IG_ERROR;

    if (ngx_fd_info(fd, &fi) != NGX_FILE_ERROR) {

        size = (size_t) ngx_file_size(&fi);
        p = ngx_alloc(size + 1, zone->shm.log);

        for (len = 0; p && len < size; len += (size_t) n) {
            n = ngx_read_fd(fd, p + len, size - len);

            if (n <= 0) {
                break;
            }
        }

        if (p && len == size) {
            whole.data = p;
            whole.len = size;
            rc = ig_limit_restore(h, whole, ngx_http_ig_now_ns());
        }
    }

    if (p) {
        ngx_free(p);
    }

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, zone->shm.log, ngx_errno,
                      ngx_close_file_n " \"%s\" failed", name);
    }

    if (rc == IG_LIMIT) {
        ngx_log_error(NGX_LOG_EMERG, zone->shm.log, 0,
                      "inference_guard_zone \"%V\" is too small for the limits "
                      "in \"%s\"", &zone->shm.name, name);
        return NGX_ERROR;
    }

    return (rc == IG_OK) ? NGX_OK : NGX_DECLINED;
}


/* --- a worker's part --- */

ngx_int_t
ngx_http_ig_table_init_worker(ngx_http_ig_main_conf_t *mcf, ngx_cycle_t *cycle)
{
    ngx_http_ig_part_t          *part;
    ngx_http_ig_table_worker_t  *w;

    if (mcf->zone == NULL
        || (ngx_process != NGX_PROCESS_WORKER
            && ngx_process != NGX_PROCESS_SINGLE))
    {
        return NGX_OK;
    }

    part = ngx_http_ig_zone_part(mcf->zone);

    w = ngx_pcalloc(cycle->pool, sizeof(ngx_http_ig_table_worker_t));
    if (w == NULL || part == NULL) {
        return NGX_ERROR;
    }

    w->mcf = mcf;
    w->fd = NGX_INVALID_FILE;

    if (ngx_http_ig_table_handle(mcf->zone, part->memory, &w->limits)
        != NGX_OK)
    {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "inference guard: no place at the table of limits; "
                      "tenants that have limits are refused");
        return NGX_OK;
    }

    mcf->table_worker = w;
    mcf->limits = &w->limits;

    if (ngx_process == NGX_PROCESS_WORKER && ngx_worker != 0) {
        return NGX_OK;
    }

    w->tick.handler = ngx_http_ig_table_tick;
    w->tick.data = w;
    w->tick.log = cycle->log;
    w->tick.cancelable = 1;

    ngx_add_timer(&w->tick, NGX_HTTP_IG_TICK);

    w->save.handler = ngx_http_ig_table_save;
    w->save.data = w;
    w->save.log = cycle->log;
    w->save.cancelable = 1;

    if (mcf->snapshot.len) {
        ngx_add_timer(&w->save, mcf->snapshot_interval);
    }

    return NGX_OK;
}


/* who leaves the table last saves it */

void
ngx_http_ig_table_exit_worker(ngx_http_ig_main_conf_t *mcf)
{
    ngx_int_t                    rc;
    ngx_uint_t                   alive;
    ngx_http_ig_part_t          *part;
    ngx_http_ig_table_worker_t  *w;

    w = mcf->table_worker;

    if (w == NULL) {
        return;
    }

    mcf->table_worker = NULL;
    mcf->limits = NULL;

    part = ngx_http_ig_zone_part(mcf->zone);

    if (w->tick.timer_set) {
        ngx_del_timer(&w->tick);
    }

    if (w->save.timer_set) {
        ngx_del_timer(&w->save);
    }

    if (w->fd != NGX_INVALID_FILE) {
        (void) ngx_http_ig_save_end(w, NGX_ERROR);
    }

    /* of two that leave at once, the second finds nobody */

    ig_limits_close(&w->limits, ngx_http_ig_now_ns());

    alive = ngx_http_ig_table_bury(&w->limits);

    if (alive == 0 && mcf->snapshot.len && part && !part->superseded) {

        rc = ngx_http_ig_save_begin(w);

        while (rc == NGX_OK) {
            rc = ngx_http_ig_save_piece(w);
        }

        if (rc == NGX_DONE) {
            (void) ngx_http_ig_save_end(w, NGX_OK);
        }
    }
}


static void
ngx_http_ig_table_tick(ngx_event_t *ev)
{
    ngx_http_ig_table_worker_t  *w;

    w = ev->data;

    ig_limits_tick(&w->limits, ngx_http_ig_now_ns());

    (void) ngx_http_ig_table_bury(&w->limits);

    ngx_add_timer(ev, NGX_HTTP_IG_TICK);
}


/* ends what processes that are no more have left; how many are */

static ngx_uint_t
ngx_http_ig_table_bury(ig_limits_t *h)
{
    size_t                   i, n;
    ngx_uint_t               alive;
    static ig_limit_owner_t  owners[IG_LIMIT_OWNERS];

    alive = 0;
    n = ig_limits_owners(h, owners, IG_LIMIT_OWNERS);

    for (i = 0; i < n; i++) {

        /* a process of another user lives, too */

        if (kill((ngx_pid_t) owners[i].pid, 0) == -1 && ngx_errno == NGX_ESRCH)
        {
            ig_limits_owner_gone(h, &owners[i], ngx_http_ig_now_ns());
            continue;
        }

        alive++;
    }

    return alive;
}


/* --- the snapshot --- */

static void
ngx_http_ig_table_save(ngx_event_t *ev)
{
    ngx_int_t                    rc;
    ngx_http_ig_part_t          *part;
    ngx_http_ig_table_worker_t  *w;

    w = ev->data;
    part = ngx_http_ig_zone_part(w->mcf->zone);

    if (part == NULL || part->superseded || ngx_exiting) {

        /* others save now */

        if (w->fd != NGX_INVALID_FILE) {
            (void) ngx_http_ig_save_end(w, NGX_ERROR);
        }

        return;
    }

    rc = (w->fd == NGX_INVALID_FILE) ? ngx_http_ig_save_begin(w) : NGX_OK;

    if (rc == NGX_OK) {
        rc = ngx_http_ig_save_piece(w);
    }

    if (rc == NGX_OK) {
        ngx_add_timer(ev, 1);
        return;
    }

    if (rc == NGX_DONE) {
        (void) ngx_http_ig_save_end(w, NGX_OK);

    } else if (w->fd != NGX_INVALID_FILE) {
        (void) ngx_http_ig_save_end(w, NGX_ERROR);
    }

    ngx_add_timer(ev, w->mcf->snapshot_interval);
}


static ngx_int_t
ngx_http_ig_save_begin(ngx_http_ig_table_worker_t *w)
{
    size_t  len;

    len = w->mcf->snapshot.len + NGX_INT64_LEN + 2;

    if (w->temp == NULL) {
        w->temp = ngx_alloc(len, ngx_cycle->log);
        w->piece = ngx_alloc(NGX_HTTP_IG_PIECE, ngx_cycle->log);

        if (w->temp == NULL || w->piece == NULL) {
            return NGX_ERROR;
        }

        ngx_snprintf(w->temp, len, "%V.%P%Z", &w->mcf->snapshot, ngx_pid);
    }

    w->cursor = 0;

    /* what lies there is of a dead process, or a trap: never written into */

    (void) ngx_delete_file(w->temp);

    w->fd = ngx_open_file(w->temp, NGX_FILE_WRONLY, O_CREAT|O_EXCL, 0600);

    if (w->fd == NGX_INVALID_FILE) {
        ngx_http_ig_save_failed(w, ngx_open_file_n);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* NGX_OK: there is more; NGX_DONE: that was all */

static ngx_int_t
ngx_http_ig_save_piece(ngx_http_ig_table_worker_t *w)
{
    size_t   n;
    ssize_t  written;

    n = ig_limit_save(&w->limits, &w->cursor, w->piece, NGX_HTTP_IG_PIECE,
                      ngx_http_ig_now_ns());
    if (n == 0) {
        return NGX_DONE;
    }

    written = ngx_write_fd(w->fd, w->piece, n);

    if (written != (ssize_t) n) {
        ngx_http_ig_save_failed(w, "write()");
        return NGX_ERROR;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_ig_save_end(ngx_http_ig_table_worker_t *w, ngx_int_t rc)
{
    u_char  before[NGX_MAX_PATH];

    if (ngx_close_file(w->fd) == NGX_FILE_ERROR && rc == NGX_OK) {
        ngx_http_ig_save_failed(w, ngx_close_file_n);
        rc = NGX_ERROR;
    }

    w->fd = NGX_INVALID_FILE;

    if (rc != NGX_OK) {
        (void) ngx_delete_file(w->temp);
        return NGX_ERROR;
    }

    ngx_snprintf(before, sizeof(before), "%V~%Z", &w->mcf->snapshot);

    (void) ngx_rename_file(w->mcf->snapshot.data, before);

    if (ngx_rename_file(w->temp, w->mcf->snapshot.data) == NGX_FILE_ERROR) {
        ngx_http_ig_save_failed(w, ngx_rename_file_n);
        (void) ngx_delete_file(w->temp);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_ig_save_failed(ngx_http_ig_table_worker_t *w, const char *what)
{
    ngx_err_t  err;

    err = ngx_errno;

    /* once a minute is enough of it */

    if (w->failed && ngx_time() - w->failed < 60) {
        return;
    }

    w->failed = ngx_time();

    ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, err,
                  "%s \"%s\" failed: the snapshot of limits is not saved",
                  what, w->temp);
}

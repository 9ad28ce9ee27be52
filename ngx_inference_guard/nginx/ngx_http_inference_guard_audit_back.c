
/*
 * A log read back from its end, for its checkpoints.
 */


#include "ngx_http_inference_guard_audit.h"


/* looked through from the end, for a checkpoint */
#define NGX_HTTP_IG_BACK_MAX      ((off_t) 1024 * 1024 * 1024)
#define NGX_HTTP_IG_BACK_BLOCK    (1024 * 1024)

/* a greater one was made up */
#define NGX_HTTP_IG_NUMBER_MAX    ((uint64_t) 1 << 53)


static ngx_fd_t ngx_http_ig_back_open(ngx_str_t *name, off_t *size);
static void ngx_http_ig_back_close(ngx_fd_t fd, ngx_str_t *name);
static off_t ngx_http_ig_back_read(ngx_fd_t fd, off_t end, off_t size,
    u_char *line, ig_checkpoint_head_t *head);
static ngx_int_t ngx_http_ig_back_search(u_char *block, size_t len,
    size_t *limit, u_char *line, ig_checkpoint_head_t *head);


ngx_int_t
ngx_http_ig_last_checkpoint(ngx_str_t *name, u_char *line,
    ig_checkpoint_head_t *head)
{
    off_t      at, size;
    ngx_fd_t   fd;

    fd = ngx_http_ig_back_open(name, &size);
    if (fd == NGX_INVALID_FILE) {
        return NGX_DECLINED;
    }

    at = ngx_http_ig_back_read(fd, size, size, line, head);

    ngx_http_ig_back_close(fd, name);

    return at == -1 ? NGX_DECLINED : NGX_OK;
}


ngx_fd_t
ngx_http_ig_open_back(ngx_str_t *name, uint64_t number, off_t *at, off_t *size)
{
    off_t                 found;
    ngx_fd_t              fd;
    ig_checkpoint_head_t  head;
    u_char                line[IG_CHECKPOINT_MAX];

    fd = ngx_http_ig_back_open(name, size);
    if (fd == NGX_INVALID_FILE) {
        return NGX_INVALID_FILE;
    }

    *at = ngx_max(*size - NGX_HTTP_IG_BACK_MAX, 0);

    found = ngx_http_ig_back_read(fd, *size, *size, line, &head);

    if (found != -1 && head.number == number) {
        found = ngx_http_ig_back_read(fd, found, *size, line, &head);
    }

    if (found != -1) {
        *at = found + (off_t) ((u_char *) ngx_strchr(line, LF) - line);
    }

    return fd;
}


static ngx_fd_t
ngx_http_ig_back_open(ngx_str_t *name, off_t *size)
{
    ngx_fd_t          fd;
    ngx_file_info_t   fi;

    fd = ngx_open_file(name->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        return fd;
    }

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR || !ngx_is_file(&fi)) {
        ngx_http_ig_back_close(fd, name);
        return NGX_INVALID_FILE;
    }

    *size = ngx_file_size(&fi);

    return fd;
}


static void
ngx_http_ig_back_close(ngx_fd_t fd, ngx_str_t *name)
{
    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", name);
    }
}


/*
 * Where the last checkpoint before `end` begins, or -1.  Blocks overlap by the
 * longest checkpoint, which begins in one of them.
 */

static off_t
ngx_http_ig_back_read(ngx_fd_t fd, off_t end, off_t size, u_char *line,
    ig_checkpoint_head_t *head)
{
    off_t     at, stop, found;
    size_t    len, limit;
    u_char   *block;

    block = ngx_alloc(NGX_HTTP_IG_BACK_BLOCK + IG_CHECKPOINT_MAX,
                      ngx_cycle->log);
    if (block == NULL) {
        return -1;
    }

    found = -1;
    stop = ngx_max(size - NGX_HTTP_IG_BACK_MAX, 0);

    for ( /* void */ ; end > stop && found == -1; end = at) {

        at = ngx_max(end - NGX_HTTP_IG_BACK_BLOCK, stop);
        len = (size_t) (ngx_min(end + IG_CHECKPOINT_MAX, size) - at);

        if (pread(fd, block, len, at) != (ssize_t) len) {
            break;
        }

        limit = (size_t) (end - at);

        if (ngx_http_ig_back_search(block, len, &limit, line, head)
            == NGX_OK)
        {
            found = at + (off_t) limit;
        }
    }

    ngx_free(block);

    return found;
}


static ngx_int_t
ngx_http_ig_back_search(u_char *block, size_t len, size_t *limit,
    u_char *line, ig_checkpoint_head_t *head)
{
    u_char    *p, *end;
    size_t     n;
    ig_str_t   s;

    static ngx_str_t  start = ngx_string("{\"v\":1,\"type\":\"checkpoint\"");

    for (p = block + *limit; p-- > block; /* void */ ) {

        if (*p != '{' || (size_t) (block + len - p) < start.len
            || ngx_memcmp(p, start.data, start.len) != 0)
        {
            continue;
        }

        end = ngx_strlchr(p, block + len, LF);

        if (end == NULL || end - p >= IG_CHECKPOINT_MAX) {
            continue;
        }

        n = (size_t) (end - p);

        ngx_memcpy(line, p, n + 1);

        s.data = line;
        s.len = n;

        if (ig_checkpoint_head(NULL, s, head)
            && head->node.len == NGX_HTTP_IG_NODE_LEN
            && head->number < NGX_HTTP_IG_NUMBER_MAX)
        {
            *limit = (size_t) (p - block);
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


/*
 * Where a log goes on: in the master, when its files are open and before
 * workers are there that know of this configuration.
 *
 * A node is a log under one master at a time.  Its name is locked, as a byte of
 * FILE.lock, by the master and through it by every worker, until the last of
 * them is gone.  A start reads the last checkpoint and goes on with its node if
 * nobody has the lock and the same key signs; else (the first start, a binary
 * upgrade beside the old master, another key) the log has a new node, whose
 * checkpoints count from 1.
 */


#include "ngx_http_inference_guard_audit.h"

#include <openssl/rand.h>


static void ngx_http_ig_start_signer(ngx_http_ig_main_conf_t *mcf);
static ngx_int_t ngx_http_ig_start_key(ngx_http_ig_main_conf_t *mcf);
static ngx_int_t ngx_http_ig_start_node(ngx_http_ig_main_conf_t *mcf);
static ngx_int_t ngx_http_ig_start_again(ngx_http_ig_main_conf_t *mcf,
    ngx_http_ig_made_t *made);
static ngx_int_t ngx_http_ig_start_lock(ngx_http_ig_main_conf_t *mcf,
    u_char *node);
static ngx_int_t ngx_http_ig_start_lock_file(ngx_fd_t *fd, ngx_str_t *name,
    u_char *node);


void
ngx_http_ig_audit_start(ngx_http_ig_main_conf_t *mcf)
{
    ngx_file_info_t        fi;
    ngx_http_ig_shared_t  *sh;

    if (mcf->audit_file == NULL) {
        return;
    }

    sh = mcf->chain->shared;

    /* later, workers know better */

    if (mcf->chain->cycles == 1) {
        ngx_http_ig_file_start(mcf->audit_file, &sh->log_torn);

        if (ngx_fd_info(mcf->audit_file->fd, &fi) != NGX_FILE_ERROR) {
            sh->log_key = ngx_http_ig_file_key(&fi);
        }
    }

    if (mcf->checkpoint_file) {
        ngx_http_ig_file_start(mcf->checkpoint_file, &sh->file_torn);
    }

    if (ngx_http_ig_chain_lock(sh) != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "inference guard: the lock of \"%V\" failed",
                      &mcf->audit_file->name);
        return;
    }

    ngx_http_ig_start_signer(mcf);

    (void) pthread_mutex_unlock(&sh->lock);
}


static void
ngx_http_ig_start_signer(ngx_http_ig_main_conf_t *mcf)
{
    ngx_int_t              rc;
    ig_signer_t           *signer;
    ngx_http_ig_chain_t   *chain;
    ngx_http_ig_shared_t  *sh;

    chain = mcf->chain;
    sh = chain->shared;

    if (mcf->signer == NULL) {
        sh->signing = 0;

        ig_signer_free(chain->signer);
        chain->signer = NULL;
        return;
    }

    rc = ngx_http_ig_start_key(mcf);

    ig_signer_free(chain->signer);
    chain->signer = mcf->signer;
    mcf->signer = NULL;

    ngx_memcpy(sh->key, ig_signer_id(chain->signer), IG_KEY_ID_SIZE);
    sh->signing = 1;

    if (rc == NGX_DECLINED) {
        sh->node_len = 0;
    }

    sh->time = ngx_current_msec;

    if (sh->node_len == 0 && ngx_http_ig_start_node(mcf) == NGX_OK) {

        /*
         * of the life before this one: a checkpoint that it had no time to
         * write everywhere, and records that it had no time to sign
         */

        signer = ngx_http_ig_adopt(sh, &mcf->audit_file->name,
                                   &sh->lines[sh->made & 1])
                 ? chain->signer : NULL;

        (void) ngx_http_ig_checkpoint_make(mcf, signer, NULL, NULL);
    }
}


/*
 * Another key: the old one signs for the last time, and says who comes.
 * NGX_DECLINED: it cannot.
 */

static ngx_int_t
ngx_http_ig_start_key(ngx_http_ig_main_conf_t *mcf)
{
    ngx_atomic_uint_t      made;
    ngx_http_ig_chain_t   *chain;
    ngx_http_ig_shared_t  *sh;

    chain = mcf->chain;
    sh = chain->shared;

    if (sh->node_len
        && ngx_memcmp(ig_signer_id(mcf->signer), sh->key, IG_KEY_ID_SIZE) == 0)
    {
        return NGX_OK;
    }

    sh->key_count++;

    if (sh->node_len == 0) {
        return NGX_OK;
    }

    if (chain->signer == NULL) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "inference guard: another key, and the last one is not "
                      "there to say so: the log gets a new node");
        return NGX_DECLINED;
    }

    /* once it is made, anybody can write it */

    made = sh->made;

    (void) ngx_http_ig_checkpoint_make(mcf, chain->signer, NULL,
                                       ig_signer_public(mcf->signer));

    if (sh->made != made) {
        return NGX_OK;
    }

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "inference guard: another key, and the last one could not "
                  "say so: the log gets a new node");

    return NGX_DECLINED;
}


/* NGX_OK: it goes on with one */

static ngx_int_t
ngx_http_ig_start_node(ngx_http_ig_main_conf_t *mcf)
{
    u_char                 random[NGX_HTTP_IG_NODE_BYTES];
    ngx_http_ig_made_t    *made;
    ngx_http_ig_shared_t  *sh;

    sh = mcf->chain->shared;
    made = &sh->lines[sh->made & 1];

    if (ngx_http_ig_start_again(mcf, made) == NGX_OK) {
        return NGX_OK;
    }

    ngx_memzero(made, offsetof(ngx_http_ig_made_t, line));

    if (RAND_bytes(random, sizeof(random)) != 1) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0, "RAND_bytes() failed");
        return NGX_ERROR;
    }

    ngx_hex_dump(sh->node, random, sizeof(random));
    sh->node_len = NGX_HTTP_IG_NODE_LEN;

    (void) ngx_http_ig_start_lock(mcf, sh->node);

    return NGX_DECLINED;
}


/* the node of the last checkpoint in the log, or in the second place */

static ngx_int_t
ngx_http_ig_start_again(ngx_http_ig_main_conf_t *mcf,
    ngx_http_ig_made_t *made)
{
    ngx_int_t              log, file;
    ngx_uint_t             place;
    ig_checkpoint_head_t   head, other, *last;
    ngx_http_ig_shared_t  *sh;
    u_char                 line[IG_CHECKPOINT_MAX];

    sh = mcf->chain->shared;
    last = &head;
    place = 0;

    log = ngx_http_ig_last_checkpoint(&mcf->audit_file->name, made->line,
                                      &head);

    file = NGX_DECLINED;

    if (mcf->checkpoint_file) {
        file = ngx_http_ig_last_checkpoint(&mcf->checkpoint_file->name, line,
                                           &other);
    }

    /* one may be behind, when there was no time to write to both */

    if (log != NGX_OK
        || (file == NGX_OK
            && ngx_memcmp(head.node.data, other.node.data,
                          NGX_HTTP_IG_NODE_LEN) == 0
            && other.number > head.number))
    {
        if (file != NGX_OK) {
            return NGX_DECLINED;
        }

        if (log == NGX_OK) {
            place = NGX_HTTP_IG_PLACE_LOG;
        }

        ngx_memcpy(made->line, line, sizeof(line));
        last = &other;
        last->node.data = made->line + (other.node.data - line);

    } else if (file == NGX_OK
               && ngx_memcmp(head.node.data, other.node.data,
                             NGX_HTTP_IG_NODE_LEN) == 0
               && other.number < head.number)
    {
        place = NGX_HTTP_IG_PLACE_FILE;
    }

    if (ngx_memcmp(last->key, sh->key, IG_KEY_ID_SIZE) != 0) {
        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "inference guard: the last checkpoint is of another "
                      "key: the log gets a new node");
        return NGX_DECLINED;
    }

    if (ngx_http_ig_start_lock(mcf, (u_char *) last->node.data) != NGX_OK) {
        return NGX_DECLINED;
    }

    made->number = last->number;
    ngx_memcpy(made->hash, last->hash, IG_HASH_SIZE);
    made->len = (size_t) ((u_char *) ngx_strchr(made->line, LF) + 1
                          - made->line);
    made->places = place;

    ngx_memcpy(sh->node, last->node.data, NGX_HTTP_IG_NODE_LEN);
    sh->node_len = NGX_HTTP_IG_NODE_LEN;

    return NGX_OK;
}


/*
 * One byte of FILE.lock stands for a node.  Of the second place, too: another
 * log may have it.
 */

static ngx_int_t
ngx_http_ig_start_lock(ngx_http_ig_main_conf_t *mcf, u_char *node)
{
    ngx_int_t             rc;
    ngx_http_ig_chain_t  *chain;

    chain = mcf->chain;

    rc = ngx_http_ig_start_lock_file(&chain->locks[0], &mcf->audit_file->name,
                                     node);

    if (rc == NGX_OK && mcf->checkpoint_file) {
        rc = ngx_http_ig_start_lock_file(&chain->locks[1],
                                         &mcf->checkpoint_file->name, node);
    }

    return rc;
}


static ngx_int_t
ngx_http_ig_start_lock_file(ngx_fd_t *fd, ngx_str_t *name, u_char *node)
{
#ifdef F_OFD_SETLK
    u_char        *path;
    struct flock   fl;

    if (*fd == NGX_INVALID_FILE) {

        path = ngx_alloc(name->len + sizeof(".lock"), ngx_cycle->log);
        if (path == NULL) {
            return NGX_ERROR;
        }

        ngx_sprintf(path, "%V.lock%Z", name);

        *fd = open((char *) path, O_RDWR|O_CREAT|O_CLOEXEC|O_NOFOLLOW,
                   S_IRUSR|S_IWUSR);

        if (*fd == NGX_INVALID_FILE) {
            ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, ngx_errno,
                          "inference guard: \"%s\" cannot be opened: every "
                          "start gets a new node", path);
            ngx_free(path);
            return NGX_ERROR;
        }

        ngx_free(path);
    }

    ngx_memzero(&fl, sizeof(struct flock));

    fl.l_type = F_WRLCK;
    fl.l_whence = SEEK_SET;
    /* as many digits as an offset has room for */
    fl.l_start = (off_t) ngx_hextoi(node, NGX_HTTP_IG_NODE_LEN - 1);
    fl.l_len = 1;

    return fcntl(*fd, F_OFD_SETLK, &fl) == 0 ? NGX_OK : NGX_DECLINED;
#else
    return NGX_DECLINED;
#endif
}

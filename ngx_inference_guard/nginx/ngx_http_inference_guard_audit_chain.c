
/*
 * Memory that the writers of a log share: who they are, and the trees over
 * their records since the last checkpoint.
 *
 * Any of them may be killed at any instant.  The locks are robust: the kernel
 * tells the next who takes one that its holder died, without the master's help
 * and whatever became of the holder's process number.  What a lock protects is
 * changed by one store at a time that leaves it good before and after: a tree
 * by its count (see ig_merkle_add()), a writer's span by its epoch.
 *
 * A writer holds its slot's `life` as long as it lives, so that everybody can
 * see whether it does.
 */


#include "ngx_http_inference_guard_audit.h"


static ngx_http_ig_chain_t *ngx_http_ig_chain_new(ngx_log_t *log);
static ngx_int_t ngx_http_ig_shared_init(ngx_http_ig_shared_t *sh);
static void ngx_http_ig_audit_unshare(void *data);


ngx_int_t
ngx_http_ig_audit_share(ngx_conf_t *cf, ngx_http_ig_main_conf_t *mcf)
{
    ngx_cycle_t              *old;
    ngx_pool_cleanup_t       *cln;
    ngx_http_ig_chain_t      *chain;
    ngx_http_ig_main_conf_t  *omcf;

    chain = NULL;
    old = cf->cycle->old_cycle;
    omcf = NULL;

    if (old && old->conf_ctx && old->conf_ctx[ngx_http_module.index]) {
        omcf = ngx_http_cycle_get_module_main_conf(old,
                                             ngx_http_inference_guard_module);
    }

    if (omcf && omcf->chain
        && omcf->audit_file->name.len == mcf->audit_file->name.len
        && ngx_strncmp(omcf->audit_file->name.data,
                       mcf->audit_file->name.data, mcf->audit_file->name.len)
           == 0)
    {
        chain = omcf->chain;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    if (chain == NULL) {
        chain = ngx_http_ig_chain_new(cf->log);
        if (chain == NULL) {
            return NGX_ERROR;
        }
    }

    chain->cycles++;
    mcf->chain = chain;

    cln->handler = ngx_http_ig_audit_unshare;
    cln->data = mcf;

    return NGX_OK;
}


static ngx_http_ig_chain_t *
ngx_http_ig_chain_new(ngx_log_t *log)
{
    ngx_http_ig_chain_t  *chain;

    chain = ngx_calloc(sizeof(ngx_http_ig_chain_t), log);
    if (chain == NULL) {
        return NULL;
    }

    chain->locks[0] = NGX_INVALID_FILE;
    chain->locks[1] = NGX_INVALID_FILE;
    chain->shm.size = sizeof(ngx_http_ig_shared_t);
    chain->shm.log = log;
    ngx_str_set(&chain->shm.name, "inference_guard_audit");

    if (ngx_shm_alloc(&chain->shm) != NGX_OK) {
        ngx_free(chain);
        return NULL;
    }

    chain->shared = (ngx_http_ig_shared_t *) chain->shm.addr;

    if (ngx_http_ig_shared_init(chain->shared) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, log, 0,
                      "inference guard: no robust locks on this system");
        ngx_shm_free(&chain->shm);
        ngx_free(chain);
        return NULL;
    }

    return chain;
}


/* the memory is zeroed; what is there then is no slot and no epoch */

static ngx_int_t
ngx_http_ig_shared_init(ngx_http_ig_shared_t *sh)
{
    int                   rc;
    ngx_uint_t            i;
    pthread_mutexattr_t   attr;

    if (pthread_mutexattr_init(&attr) != 0) {
        return NGX_ERROR;
    }

    rc = pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    rc |= pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    rc |= pthread_mutex_init(&sh->lock, &attr);

    for (i = 0; i < NGX_HTTP_IG_SLOTS; i++) {
        rc |= pthread_mutex_init(&sh->slots[i].lock, &attr);
        rc |= pthread_mutex_init(&sh->slots[i].life, &attr);
    }

    (void) pthread_mutexattr_destroy(&attr);

    return rc ? NGX_ERROR : NGX_OK;
}


static void
ngx_http_ig_audit_unshare(void *data)
{
    ngx_http_ig_main_conf_t *mcf = data;

    ngx_uint_t            i;
    ngx_http_ig_chain_t  *chain;

    /* one process may be master and worker, and its slot is in there */

    ngx_http_ig_audit_exit(mcf);

    chain = mcf->chain;
    mcf->chain = NULL;

    if (--chain->cycles) {
        return;
    }

    ig_signer_free(chain->signer);

    for (i = 0; i < 2; i++) {
        if (chain->locks[i] != NGX_INVALID_FILE
            && ngx_close_file(chain->locks[i]) == NGX_FILE_ERROR)
        {
            ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                          ngx_close_file_n " failed");
        }
    }

    chain->shm.log = ngx_cycle->log;
    ngx_shm_free(&chain->shm);
    ngx_free(chain);
}


ngx_int_t
ngx_http_ig_lock(pthread_mutex_t *m)
{
    int  rc;

    rc = pthread_mutex_lock(m);

    if (rc == EOWNERDEAD) {
        return pthread_mutex_consistent(m) == 0 ? NGX_DONE : NGX_ERROR;
    }

    return rc == 0 ? NGX_OK : NGX_ERROR;
}


/* a maker that was killed may have written its line, or not */

ngx_int_t
ngx_http_ig_chain_lock(ngx_http_ig_shared_t *sh)
{
    ngx_int_t  rc;

    rc = ngx_http_ig_lock(&sh->lock);

    if (rc == NGX_DONE) {
        sh->doubt = 1;
        rc = NGX_OK;
    }

    return rc;
}


ngx_int_t
ngx_http_ig_trylock(pthread_mutex_t *m)
{
    int  rc;

    rc = pthread_mutex_trylock(m);

    if (rc == EBUSY) {
        return NGX_BUSY;
    }

    if (rc == EOWNERDEAD) {
        return pthread_mutex_consistent(m) == 0 ? NGX_DONE : NGX_ERROR;
    }

    return rc == 0 ? NGX_OK : NGX_ERROR;
}


ngx_uint_t
ngx_http_ig_slot_alive(ngx_http_ig_slot_t *slot)
{
    ngx_int_t  rc;

    if (slot->state != NGX_HTTP_IG_SLOT_LIVE) {
        return 0;
    }

    rc = ngx_http_ig_trylock(&slot->life);

    if (rc == NGX_OK || rc == NGX_DONE) {
        (void) pthread_mutex_unlock(&slot->life);
        return 0;
    }

    return 1;
}


ngx_http_ig_slot_t *
ngx_http_ig_slot_take(ngx_http_ig_shared_t *sh, u_char *name)
{
    ngx_int_t            rc;
    ngx_uint_t           i;
    ngx_http_ig_slot_t  *slot;
    ngx_http_ig_span_t  *span;

    for (i = 0; i < NGX_HTTP_IG_SLOTS; i++) {

        slot = &sh->slots[i];

        /* without a key, there is no checkpoint that a dead one waits for */

        if (slot->state != NGX_HTTP_IG_SLOT_FREE
            && (sh->signing || ngx_http_ig_slot_alive(slot)))
        {
            continue;
        }

        rc = ngx_http_ig_trylock(&slot->life);

        if (rc != NGX_OK && rc != NGX_DONE) {
            continue;
        }

        slot->state = NGX_HTTP_IG_SLOT_FREE;
        slot->in_flight = 0;
        slot->key = sh->key_count;
        slot->epoch = sh->epoch;
        slot->spans[0].sealed = 0;
        slot->spans[1].sealed = 0;

        span = &slot->spans[sh->epoch & 1];
        span->from = 1;
        ig_merkle_init(&span->tree);
        ngx_memzero(span->head, sizeof(span->head));

        ngx_memcpy(slot->name, name, NGX_HTTP_IG_WRITER_LEN);

        ngx_memory_barrier();

        slot->state = NGX_HTTP_IG_SLOT_LIVE;

        return slot;
    }

    return NULL;
}


void
ngx_http_ig_slot_add(ngx_http_ig_put_t *put)
{
    ngx_http_ig_leaf_t  *leaf;
    ngx_http_ig_span_t  *span;

    span = &put->slot->spans[put->slot->epoch & 1];

    while (put->added < put->nleaves) {

        leaf = &put->leaves[(put->leaf + put->added) % put->leaf_size];

        if (leaf->end > put->written + put->whole) {
            break;
        }

        ngx_memcpy(span->head[(span->tree.count + 1) & 1], leaf->hash,
                   IG_HASH_SIZE);

        ngx_memory_barrier();

        if (!ig_merkle_add(&span->tree, put->hasher, leaf->hash)) {

            /* it is tried again with the next records */

            put->unhashed = 1;
            break;
        }

        put->added++;
    }

    put->slot->in_flight = put->unhashed ? put->nleaves - put->added : 0;
}


ngx_int_t
ngx_http_ig_slot_seal(ngx_http_ig_shared_t *sh, ngx_http_ig_slot_t *slot)
{
    ngx_uint_t           alive;
    ngx_http_ig_span_t  *span, *next;

    alive = ngx_http_ig_slot_alive(slot);

    if (ngx_http_ig_lock(&slot->lock) == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (slot->epoch != sh->epoch) {

        if (slot->state == NGX_HTTP_IG_SLOT_LIVE && !alive) {
            slot->state = NGX_HTTP_IG_SLOT_KILLED;
        }

        span = &slot->spans[slot->epoch & 1];
        next = &slot->spans[sh->epoch & 1];

        span->sealed = 1;
        span->in_flight = 0;

        switch (slot->state) {

        case NGX_HTTP_IG_SLOT_ENDED:
            span->state = IG_WRITER_ENDED;
            break;

        case NGX_HTTP_IG_SLOT_KILLED:
            span->state = IG_WRITER_KILLED;
            span->in_flight = slot->in_flight;
            break;

        default:
            span->state = IG_WRITER_LIVE;
        }

        next->sealed = 0;
        next->from = span->from + span->tree.count;
        ig_merkle_init(&next->tree);
        ngx_memcpy(next->head[0], span->head[span->tree.count & 1],
                   IG_HASH_SIZE);

        ngx_memory_barrier();

        slot->epoch = sh->epoch;
    }

    (void) pthread_mutex_unlock(&slot->lock);

    return NGX_OK;
}


/* a slot is let go by its writer, which then is dead to all */

void
ngx_http_ig_slot_end(ngx_http_ig_shared_t *sh, ngx_http_ig_slot_t *slot)
{
    slot->state = sh->signing ? NGX_HTTP_IG_SLOT_ENDED : NGX_HTTP_IG_SLOT_FREE;

    ngx_memory_barrier();

    (void) pthread_mutex_unlock(&slot->life);
}


void
ngx_http_ig_slots_free(ngx_http_ig_shared_t *sh)
{
    ngx_uint_t           i;
    ngx_http_ig_slot_t  *slot;
    ngx_http_ig_span_t  *span;

    for (i = 0; i < NGX_HTTP_IG_SLOTS; i++) {

        slot = &sh->slots[i];
        span = &slot->spans[(sh->made - 1) & 1];

        if ((slot->state == NGX_HTTP_IG_SLOT_ENDED
             || slot->state == NGX_HTTP_IG_SLOT_KILLED)
            && slot->epoch == sh->made
            && span->sealed && span->state != IG_WRITER_LIVE)
        {
            slot->state = NGX_HTTP_IG_SLOT_FREE;
        }
    }
}

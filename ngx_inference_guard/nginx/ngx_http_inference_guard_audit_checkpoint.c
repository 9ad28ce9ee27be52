
/*
 * Checkpoints: what every writer wrote since the last one, signed.
 *
 * Whoever's timer fires first and gets the lock makes it; the others see that
 * it is made.  A checkpoint begins with a new epoch: each writer's span ends
 * and its next one begins, while it goes on writing.  Then its line is rendered
 * and signed beside the last one; the store of `made` makes it the one.  From
 * there on it is only written (see audit_place), by anybody, and nothing of the
 * same number is ever signed again.  A killed maker leaves an epoch that the
 * next one goes on with, or a line that the next one writes.
 */


#include "ngx_http_inference_guard_audit.h"


static ngx_int_t ngx_http_ig_checkpoint_render(ngx_http_ig_main_conf_t *mcf,
    ig_signer_t *signer, ig_hasher_t *h, const uint8_t *next_key);
static size_t ngx_http_ig_checkpoint_writers(ngx_http_ig_shared_t *sh,
    ig_hasher_t *h, ig_sealed_t *sealed);
static ngx_uint_t ngx_http_ig_checkpoint_stale(ngx_http_ig_audit_t *a);
static void ngx_http_ig_checkpoint_timer(ngx_event_t *ev);
static ngx_msec_t ngx_http_ig_checkpoint_due(ngx_http_ig_audit_t *a);
static ngx_uint_t ngx_http_ig_slots_alive(ngx_http_ig_shared_t *sh);


ngx_int_t
ngx_http_ig_checkpoint_make(ngx_http_ig_main_conf_t *mcf, ig_signer_t *signer,
    ig_hasher_t *h, const uint8_t *next_key)
{
    ngx_uint_t             i;
    ngx_http_ig_shared_t  *sh;

    sh = mcf->chain->shared;

    if (sh->epoch == sh->made) {

        ngx_http_ig_slots_free(sh);

        if (ngx_http_ig_checkpoint_place(mcf) != NGX_OK) {
            return NGX_AGAIN;
        }
    }

    if (signer == NULL || sh->node_len == 0) {
        return NGX_DECLINED;
    }

    if (sh->epoch == sh->made) {
        sh->epoch++;
    }

    for (i = 0; i < NGX_HTTP_IG_SLOTS; i++) {

        if (sh->slots[i].state != NGX_HTTP_IG_SLOT_FREE
            && ngx_http_ig_slot_seal(sh, &sh->slots[i]) != NGX_OK)
        {
            ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                          "inference guard: the lock of a writer failed");
            return NGX_AGAIN;
        }
    }

    if (ngx_http_ig_checkpoint_render(mcf, signer, h, next_key) != NGX_OK) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "inference guard: a checkpoint of \"%V\" could not be "
                      "made", &mcf->audit_file->name);
        return NGX_AGAIN;
    }

    ngx_memory_barrier();

    sh->made = sh->epoch;
    sh->time = ngx_current_msec;
    sh->doubt = 0;

    ngx_http_ig_slots_free(sh);

    return ngx_http_ig_checkpoint_place(mcf);
}


static ngx_int_t
ngx_http_ig_checkpoint_render(ngx_http_ig_main_conf_t *mcf,
    ig_signer_t *signer, ig_hasher_t *h, const uint8_t *next_key)
{
    ig_buf_t               b;
    ngx_time_t            *tp;
    ig_sealed_t            sealed[NGX_HTTP_IG_SLOTS];
    ig_checkpoint_t        c;
    ngx_http_ig_made_t    *last, *made;
    ngx_http_ig_shared_t  *sh;

    sh = mcf->chain->shared;
    last = &sh->lines[(sh->epoch - 1) & 1];
    made = &sh->lines[sh->epoch & 1];

    tp = ngx_timeofday();

    ngx_memzero(&c, sizeof(ig_checkpoint_t));

    c.time_ms = (uint64_t) tp->sec * 1000 + tp->msec;
    c.node.data = sh->node;
    c.node.len = sh->node_len;
    c.number = last->number + 1;
    ngx_memcpy(c.prev, last->hash, IG_HASH_SIZE);
    c.policy = ngx_http_ig_from_ngx(mcf->digest);
    c.writers = sealed;
    c.nwriters = ngx_http_ig_checkpoint_writers(sh, h, sealed);
    c.next_key = next_key;

    if (c.nwriters > NGX_HTTP_IG_SLOTS) {
        return NGX_ERROR;
    }

    ig_buf_fixed(&b, made->line, sizeof(made->line));

    ig_checkpoint_write(&b, &c, signer, h, made->hash);

    if (b.failed) {
        return NGX_ERROR;
    }

    made->len = b.len;
    made->number = c.number;
    made->places = NGX_HTTP_IG_PLACE_LOG|NGX_HTTP_IG_PLACE_FILE
                   |NGX_HTTP_IG_PLACE_SYSLOG;

    return NGX_OK;
}


/* more than there are slots: a root could not be worked out */

static size_t
ngx_http_ig_checkpoint_writers(ngx_http_ig_shared_t *sh, ig_hasher_t *h,
    ig_sealed_t *sealed)
{
    size_t               n;
    ngx_uint_t           i;
    ig_sealed_t         *w;
    ngx_http_ig_slot_t  *slot;
    ngx_http_ig_span_t  *span;

    n = 0;

    for (i = 0; i < NGX_HTTP_IG_SLOTS; i++) {

        slot = &sh->slots[i];
        span = &slot->spans[(sh->epoch - 1) & 1];

        if (slot->state == NGX_HTTP_IG_SLOT_FREE || !span->sealed) {
            continue;
        }

        w = &sealed[n++];

        w->writer.data = slot->name;
        w->writer.len = NGX_HTTP_IG_WRITER_LEN;
        w->from = span->from;
        w->to = span->from + span->tree.count - 1;
        w->state = span->state;
        w->in_flight = span->in_flight;

        ngx_memcpy(w->head, span->head[span->tree.count & 1], IG_HASH_SIZE);

        if (!ig_merkle_root(&span->tree, h, w->root)) {
            return NGX_HTTP_IG_SLOTS + 1;
        }
    }

    return n;
}


ig_signer_t *
ngx_http_ig_checkpoint_signer(ngx_http_ig_chain_t *chain)
{
    ngx_http_ig_shared_t  *sh;

    sh = chain->shared;

    if (chain->signer == NULL
        || !sh->signing
        || ngx_memcmp(ig_signer_id(chain->signer), sh->key, IG_KEY_ID_SIZE)
           != 0)
    {
        return NULL;
    }

    return chain->signer;
}


void
ngx_http_ig_checkpoint_init(ngx_http_ig_audit_t *a)
{
    ngx_event_t  *ev;

    if (a->mcf->chain->signer == NULL) {
        return;
    }

    ev = &a->checkpoint_timer;

    ev->handler = ngx_http_ig_checkpoint_timer;
    ev->data = a;
    ev->log = ngx_cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, a->mcf->checkpoint_interval);
}


void
ngx_http_ig_checkpoint_file(ngx_http_ig_audit_t *a, ngx_atomic_uint_t key)
{
    ngx_event_t  *ev;

    ev = &a->checkpoint_timer;

    if (a->log_key == key || ev->handler == NULL) {
        return;
    }

    /* once for each file, as for a moment workers write to two */

    a->log_key = key;

    if (a->mcf->chain->shared->log_key == key) {
        return;
    }

    a->rotated = 1;

    ngx_add_timer(ev, 1);
}


/*
 * A process that is master and worker outlives its configurations, and the
 * files of the one before are closed.
 */

static ngx_uint_t
ngx_http_ig_checkpoint_stale(ngx_http_ig_audit_t *a)
{
    return ngx_cycle->conf_ctx == NULL
           || ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                             ngx_http_inference_guard_module)
              != (void *) a->mcf;
}


static void
ngx_http_ig_checkpoint_timer(ngx_event_t *ev)
{
    ngx_http_ig_audit_t *a = ev->data;

    ngx_int_t              rc;
    ngx_msec_t             next;
    ngx_http_ig_shared_t  *sh;

    if (ngx_http_ig_checkpoint_stale(a)) {
        return;
    }

    sh = a->mcf->chain->shared;
    next = NGX_HTTP_IG_AUDIT_RETRY;

    rc = ngx_http_ig_trylock(&sh->lock);

    if (rc == NGX_DONE) {
        sh->doubt = 1;
    }

    if (rc == NGX_OK || rc == NGX_DONE) {
        next = ngx_http_ig_checkpoint_due(a);

        (void) pthread_mutex_unlock(&sh->lock);
    }

    ngx_add_timer(ev, next);
}


/* makes one if it is time; when to look again */

static ngx_msec_t
ngx_http_ig_checkpoint_due(ngx_http_ig_audit_t *a)
{
    ig_signer_t           *signer;
    ngx_msec_int_t         left;
    ngx_http_ig_shared_t  *sh;

    sh = a->mcf->chain->shared;

    left = (ngx_msec_int_t) (sh->time + a->mcf->checkpoint_interval
                             - ngx_current_msec);

    if (left > 0
        && sh->epoch == sh->made
        && sh->lines[sh->made & 1].places == 0
        && (!a->rotated || sh->log_key == a->log_key))
    {
        return (ngx_msec_t) left;
    }

    a->rotated = 0;

    signer = ngx_http_ig_checkpoint_signer(a->mcf->chain);

    /* another key signs now, and its workers are there */

    if (signer == NULL) {
        return a->mcf->checkpoint_interval;
    }

    if (ngx_http_ig_checkpoint_make(a->mcf, signer, a->hasher, NULL)
        != NGX_OK)
    {
        return NGX_HTTP_IG_AUDIT_RETRY;
    }

    return a->mcf->checkpoint_interval;
}


void
ngx_http_ig_checkpoint_exit(ngx_http_ig_audit_t *a)
{
    ig_signer_t           *signer;
    ngx_http_ig_chain_t   *chain;
    ngx_http_ig_shared_t  *sh;

    chain = a->mcf->chain;
    sh = chain->shared;

    if (a->checkpoint_timer.timer_set) {
        ngx_del_timer(&a->checkpoint_timer);
    }

    if (ngx_http_ig_chain_lock(sh) != NGX_OK) {
        return;
    }

    ngx_http_ig_slot_end(sh, a->slot);

    signer = ngx_http_ig_checkpoint_stale(a)
             ? NULL : ngx_http_ig_checkpoint_signer(chain);

    if (signer
        && !ngx_http_ig_slots_alive(sh)
        && ngx_http_ig_checkpoint_make(a->mcf, signer, a->hasher, NULL)
           != NGX_OK)
    {
        ngx_log_error(NGX_LOG_CRIT, ngx_cycle->log, 0,
                      "inference guard: the last checkpoint of \"%V\" could "
                      "not be written", &a->file->name);
    }

    (void) pthread_mutex_unlock(&sh->lock);
}


/* those of an older key cannot sign what comes after this one */

static ngx_uint_t
ngx_http_ig_slots_alive(ngx_http_ig_shared_t *sh)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_IG_SLOTS; i++) {
        if (sh->slots[i].key == sh->key_count
            && ngx_http_ig_slot_alive(&sh->slots[i]))
        {
            return 1;
        }
    }

    return 0;
}

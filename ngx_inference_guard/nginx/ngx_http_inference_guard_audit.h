
/*
 * What the files of the audit log share among themselves:
 *
 *     audit             the buffer of a worker's records, and who waits for them
 *     audit_conf        the directive
 *     audit_file        bytes into a file that others append to, too
 *     audit_sync        the same, and fdatasync(), in a thread
 *     audit_syslog      copies of lines to a syslog server
 *     audit_rfc5424     the form they go in
 *     audit_chain       memory that the writers share
 *     audit_checkpoint  what they wrote, signed
 *     audit_place       a checkpoint's line, to all of its places
 *     audit_start       where a log goes on after a start or a reload
 *     audit_back        the last checkpoints of a file
 *     audit_adopt       writers that nobody is left to speak for
 *
 * Of three lives: ngx_http_ig_audit_t is a worker's, ngx_http_ig_chain_t a
 * process's for one log, ngx_http_ig_shared_t that of the log under one master.
 */

#ifndef _NGX_HTTP_INFERENCE_GUARD_AUDIT_H_INCLUDED_
#define _NGX_HTTP_INFERENCE_GUARD_AUDIT_H_INCLUDED_


#include "ngx_http_inference_guard.h"

#include <pthread.h>

#include <inference_guard/chain.h>


#define NGX_HTTP_IG_WRITER_BYTES   12
#define NGX_HTTP_IG_WRITER_LEN     (2 * NGX_HTTP_IG_WRITER_BYTES)
#define NGX_HTTP_IG_NODE_BYTES     8
#define NGX_HTTP_IG_NODE_LEN       (2 * NGX_HTTP_IG_NODE_BYTES)
#define NGX_HTTP_IG_SLOTS          IG_CHECKPOINT_WRITERS

/* between two tries of what failed */
#define NGX_HTTP_IG_AUDIT_RETRY    1000

/* RFC 5424, section 6; NGINX takes a tag of 32 characters */
#define NGX_HTTP_IG_SYSLOG_HOSTNAME  255
#define NGX_HTTP_IG_SYSLOG_TAG       32
#define NGX_HTTP_IG_SYSLOG_MSGID     32
#define NGX_HTTP_IG_SYSLOG_TIME      (sizeof("2026-11-24T08:22:29.123Z") - 1)
#define NGX_HTTP_IG_SYSLOG_HEADER                                             \
    (sizeof("<191>1      - ") + NGX_HTTP_IG_SYSLOG_TIME                       \
     + NGX_HTTP_IG_SYSLOG_HOSTNAME + NGX_HTTP_IG_SYSLOG_TAG + NGX_INT64_LEN   \
     + NGX_HTTP_IG_SYSLOG_MSGID)

/* zero, the word of no file, is no inode's number */
#define ngx_http_ig_file_key(fi)   ((ngx_atomic_uint_t) (fi)->st_ino)


/* of a record that is in the buffer, or not yet in its slot's tree */
typedef struct {
    uint64_t                  end;      /* of its bytes, as audit.written counts */
    uint8_t                   hash[IG_HASH_SIZE];
} ngx_http_ig_leaf_t;


typedef struct ngx_http_ig_slot_s  ngx_http_ig_slot_t;


/*
 * Lines to append, and what came of it.  A thread may do it: nothing of NGINX
 * is touched.
 */
typedef struct {
    ngx_fd_t                  fd;
    ngx_atomic_t             *torn;     /* shared: what file ends in a torn line */
    u_char                   *data;
    size_t                    len;
    ngx_fd_t                  also;     /* to be synced, or NGX_INVALID_FILE */
    unsigned                  sync:1;

    /* of records; NULL: they are none */
    ngx_http_ig_slot_t       *slot;
    ig_hasher_t              *hasher;
    ngx_http_ig_leaf_t       *leaves;   /* a ring, to which others are added */
    ngx_uint_t                leaf_size;
    ngx_uint_t                leaf;
    ngx_uint_t                nleaves;
    uint64_t                  written;  /* before these */

    size_t                    whole;    /* bytes of the lines that are in it */
    ngx_uint_t                added;    /* leaves, to the slot's tree */
    ngx_atomic_uint_t         key;      /* of the file */
    ngx_err_t                 err;
    const char               *failed;   /* what did, or NULL */
    ngx_err_t                 also_err;
    unsigned                  unsynced:1;    /* written, and perhaps not kept */
    unsigned                  unhashed:1;    /* written, and not all added */
} ngx_http_ig_put_t;


/*
 * A checkpoint that was made.  It is written to its places until it is in all
 * of them, whoever is killed meanwhile: another of the same number would look
 * like a forgery.
 */
typedef struct {
    uint64_t                  number;
    uint8_t                   hash[IG_HASH_SIZE];
    ngx_uint_t                places;   /* where it is not yet */
    size_t                    len;
    u_char                    line[IG_CHECKPOINT_MAX];
} ngx_http_ig_made_t;

#define NGX_HTTP_IG_PLACE_LOG      0x01
#define NGX_HTTP_IG_PLACE_FILE     0x02
#define NGX_HTTP_IG_PLACE_SYSLOG   0x04


/* records of one writer from one checkpoint to the next */
typedef struct {
    uint64_t                  from;
    ig_merkle_t               tree;     /* its last is from + count - 1 */
    uint8_t                   head[2][IG_HASH_SIZE];    /* by the count's parity */

    /* how the writer stood when the next began */
    ngx_uint_t                sealed;   /* 0: it was not there */
    ig_writer_state_t         state;
    uint64_t                  in_flight;
} ngx_http_ig_span_t;


typedef enum {
    NGX_HTTP_IG_SLOT_FREE = 0,
    NGX_HTTP_IG_SLOT_LIVE,
    NGX_HTTP_IG_SLOT_ENDED,
    NGX_HTTP_IG_SLOT_KILLED
} ngx_http_ig_slot_e;


/*
 * A writer.  Its span of an epoch is spans[epoch & 1]; one store of the epoch
 * begins the next, so a process killed anywhere leaves the one or the other.
 */
struct ngx_http_ig_slot_s {
    pthread_mutex_t           lock;
    pthread_mutex_t           life;     /* held as long as the writer lives */
    ngx_atomic_t              state;    /* ngx_http_ig_slot_e */
    ngx_atomic_t              in_flight;    /* records being written */
    ngx_atomic_t              epoch;
    ngx_uint_t                key;      /* the writer's: see shared.key_count */
    u_char                    name[NGX_HTTP_IG_WRITER_LEN];
    ngx_http_ig_span_t        spans[2];
};


/* a checkpoint seals all spans of `epoch`, then is made, then is `made` */
typedef struct {
    ngx_atomic_t              log_torn;
    ngx_atomic_t              file_torn;
    ngx_atomic_t              log_key;  /* the file with the last checkpoint */

    pthread_mutex_t           lock;     /* of all below but the slots' insides */
    ngx_atomic_t              epoch;
    ngx_atomic_t              made;
    ngx_msec_t                time;     /* of the last */
    ngx_uint_t                key_count;
    ngx_uint_t                signing;
    ngx_uint_t                doubt;    /* places may have the line */
    uint8_t                   key[IG_KEY_ID_SIZE];
    size_t                    node_len;
    u_char                    node[NGX_HTTP_IG_NODE_LEN];
    ngx_http_ig_made_t        lines[2]; /* by the epoch's parity */
    ngx_http_ig_slot_t        slots[NGX_HTTP_IG_SLOTS];
} ngx_http_ig_shared_t;


/*
 * A log in this process, whatever the number of configurations that name its
 * file: the count of cycles is each process's own, as each frees its cycles'
 * pools.
 */
struct ngx_http_ig_chain_s {
    ngx_shm_t                 shm;
    ngx_uint_t                cycles;
    ngx_http_ig_shared_t     *shared;
    ig_signer_t              *signer;   /* NULL: no checkpoints */
    ngx_fd_t                  locks[2]; /* FILE.lock, of the second place */
};


struct ngx_http_ig_audit_s {
    ngx_http_ig_main_conf_t  *mcf;
    ngx_open_file_t          *file;

    u_char                   *data;
    size_t                    size;
    size_t                    len;
    uint64_t                  written;  /* bytes of records, since the start */
    uint64_t                  kept;     /* those that nobody waits for any more */
    ngx_queue_t               waiting;
    ngx_event_t               posted;
    ngx_event_t               timer;
    ngx_event_t               checkpoint_timer;
    time_t                    error_log_time;

    ig_writer_t               writer;
    ig_writer_t               before;   /* the record that is begun */
    ig_hasher_t              *hasher;
    ig_keyed_t               *keyed;    /* NULL: no digests of values */
    ngx_http_ig_slot_t       *slot;
    ngx_http_ig_leaf_t       *leaves;   /* a ring */
    ngx_uint_t                leaf_size;
    ngx_uint_t                leaf;     /* the first */
    ngx_uint_t                nleaves;

    ngx_atomic_uint_t         log_key;  /* the file that a checkpoint was asked
                                           for, when it was new */

    ngx_http_ig_sync_t       *sync;     /* NULL: without threads */

    unsigned                  failed:1;
    unsigned                  unsynced:1;
    unsigned                  rotated:1;    /* the log needs a checkpoint */
    u_char                    id[NGX_HTTP_IG_WRITER_LEN];
};


/* ngx_http_inference_guard_audit.c */

/* the buffer's start is to be written, up to len */
void ngx_http_ig_audit_put(ngx_http_ig_audit_t *a, ngx_http_ig_put_t *put,
    size_t len);
/* what came of it */
void ngx_http_ig_audit_written(ngx_http_ig_audit_t *a, ngx_http_ig_put_t *put);
void ngx_http_ig_audit_flush(ngx_http_ig_audit_t *a);
void ngx_http_ig_audit_wake(ngx_http_ig_audit_t *a);
void ngx_http_ig_audit_log(ngx_http_ig_audit_t *a, ngx_err_t err,
    const char *what);


/* ngx_http_inference_guard_audit_file.c */

/* as much as goes */
void ngx_http_ig_put(ngx_http_ig_put_t *put);
ngx_int_t ngx_http_ig_file_sync(ngx_fd_t fd);
/* a file's end is looked at, while no worker of this master writes */
void ngx_http_ig_file_start(ngx_open_file_t *file, ngx_atomic_t *torn);


/* ngx_http_inference_guard_audit_syslog.c; without a server nothing is done */

char *ngx_http_ig_syslog_conf(ngx_conf_t *cf, ngx_http_ig_syslog_t **syslog,
    ngx_str_t *value);
/* in a worker, lines that cannot go now wait for a while */
void ngx_http_ig_syslog_init(ngx_http_ig_syslog_t *s);
void ngx_http_ig_syslog_exit(ngx_http_ig_syslog_t *s);
/* whole lines, which are in the file; nobody knows whether they arrive */
void ngx_http_ig_syslog_send(ngx_http_ig_syslog_t *s, u_char *data,
    size_t len);


/* ngx_http_inference_guard_audit_rfc5424.c */

/* of a line without its newline; at most NGX_HTTP_IG_SYSLOG_HEADER bytes */
u_char *ngx_http_ig_syslog_header(ngx_syslog_peer_t *peer, u_char *p,
    u_char *line, size_t len);


/* ngx_http_inference_guard_audit_chain.c */

/* a robust lock; NGX_DONE: it is taken, and who held it was killed */
ngx_int_t ngx_http_ig_lock(pthread_mutex_t *m);
/* the shared lock */
ngx_int_t ngx_http_ig_chain_lock(ngx_http_ig_shared_t *sh);
/* as ngx_http_ig_lock(), or NGX_BUSY: somebody alive has it */
ngx_int_t ngx_http_ig_trylock(pthread_mutex_t *m);
/* the writer's own; the shared lock is held.  NULL: none is free */
ngx_http_ig_slot_t *ngx_http_ig_slot_take(ngx_http_ig_shared_t *sh,
    u_char *name);
/* records that are in the file now; the slot's lock is held */
void ngx_http_ig_slot_add(ngx_http_ig_put_t *put);
void ngx_http_ig_slot_end(ngx_http_ig_shared_t *sh,
    ngx_http_ig_slot_t *slot);
ngx_uint_t ngx_http_ig_slot_alive(ngx_http_ig_slot_t *slot);
/* what the checkpoint that was made last says the end of; lock held */
void ngx_http_ig_slots_free(ngx_http_ig_shared_t *sh);
/* the span that ends now begins a new one; NGX_ERROR: no lock */
ngx_int_t ngx_http_ig_slot_seal(ngx_http_ig_shared_t *sh,
    ngx_http_ig_slot_t *slot);


/* ngx_http_inference_guard_audit_checkpoint.c */

/*
 * With the shared lock held: what was made before is written first.  NGX_AGAIN:
 * it cannot be yet.
 */
ngx_int_t ngx_http_ig_checkpoint_make(ngx_http_ig_main_conf_t *mcf,
    ig_signer_t *signer, ig_hasher_t *h, const uint8_t *next_key);
/* the process's key, when it is the one that signs */
ig_signer_t *ngx_http_ig_checkpoint_signer(ngx_http_ig_chain_t *chain);
void ngx_http_ig_checkpoint_init(ngx_http_ig_audit_t *a);
/* the writer has ended; the last of all says so */
void ngx_http_ig_checkpoint_exit(ngx_http_ig_audit_t *a);
/* the log was opened anew: it gets one soon */
void ngx_http_ig_checkpoint_file(ngx_http_ig_audit_t *a,
    ngx_atomic_uint_t key);


/* ngx_http_inference_guard_audit_place.c */

/* the line that was made last, to where it is not yet; NGX_AGAIN: nor is it now */
ngx_int_t ngx_http_ig_checkpoint_place(ngx_http_ig_main_conf_t *mcf);


/* ngx_http_inference_guard_audit_back.c */

/* the last whole checkpoint of a file, in *line; NGX_DECLINED: there is none */
ngx_int_t ngx_http_ig_last_checkpoint(ngx_str_t *name, u_char *line,
    ig_checkpoint_head_t *head);
/* a log, and where in it the checkpoint before that number ends */
ngx_fd_t ngx_http_ig_open_back(ngx_str_t *name, uint64_t number, off_t *at,
    off_t *size);


/* ngx_http_inference_guard_audit_adopt.c */

/*
 * Writers of a life before this one get slots as killed ones; how many.  The
 * shared lock is held.
 */
ngx_uint_t ngx_http_ig_adopt(ngx_http_ig_shared_t *sh, ngx_str_t *name,
    ngx_http_ig_made_t *last);


/* ngx_http_inference_guard_audit_sync.c */

ngx_int_t ngx_http_ig_sync_init(ngx_http_ig_audit_t *a);
/* records up to here by a thread; NGX_AGAIN: it has others in hand */
ngx_int_t ngx_http_ig_sync_group(ngx_http_ig_audit_t *a);
/* something was written that a thread shall sync, at an interval */
void ngx_http_ig_sync_later(ngx_http_ig_audit_t *a);
/* a checkpoint was written: the thread syncs it, in both files */
void ngx_http_ig_sync_checkpoint(ngx_http_ig_audit_t *a);
/* waits for the thread, and does the rest itself */
void ngx_http_ig_sync_exit(ngx_http_ig_audit_t *a);


#endif /* _NGX_HTTP_INFERENCE_GUARD_AUDIT_H_INCLUDED_ */

/*
 * Evidence: what chains the records of a writer, and what signs them.
 *
 * Leaf hash of a line:  SHA-256(0x00 || the line's bytes without its newline)
 * Node of a tree:       SHA-256(0x01 || left || right)
 * Root:                 MTH of RFC 6962, section 2.1
 * Signature:            Ed25519 (RFC 8032) over the bytes of a checkpoint's
 *                       line up to `,"signature":`
 *
 * docs/evidence.md has the format whole.  Nothing here does I/O.
 */

#ifndef INFERENCE_GUARD_CHAIN_H
#define INFERENCE_GUARD_CHAIN_H

#include <inference_guard/base.h>


#define IG_HASH_SIZE           32
#define IG_SIGNATURE_SIZE      64
#define IG_KEY_SIZE            32       /* of an Ed25519 public key, raw */
#define IG_KEY_ID_SIZE         16       /* of SHA-256 of the raw public key */
#define IG_CHECKPOINT_MAX      65536    /* bytes of its line, with newline */
/* so many writers of 24-byte names fit, whatever their numbers */
#define IG_CHECKPOINT_WRITERS  220


/*
 * A hash context that is used again and again: one a process, made after
 * fork(), not shared by threads.  Where a hasher is asked for, NULL is allowed
 * and slower.  ig_hasher_new() gives NULL when there is no memory.
 */
typedef struct ig_hasher_s  ig_hasher_t;

ig_hasher_t *ig_hasher_new(void) IG_MUST_CHECK;
void ig_hasher_free(ig_hasher_t *h);                 /* NULL is allowed */

/* `line` is without its newline; false: the library failed, out is not set */
bool ig_leaf_hash(ig_hasher_t *h, ig_str_t line, uint8_t out[IG_HASH_SIZE])
    IG_MUST_CHECK;
bool ig_node_hash(ig_hasher_t *h, const uint8_t left[IG_HASH_SIZE],
    const uint8_t right[IG_HASH_SIZE], uint8_t out[IG_HASH_SIZE])
    IG_MUST_CHECK;


/*
 * A Merkle tree that only grows, as the roots of its perfect subtrees:
 * node[i] is the root of 2^i leaves, good when bit i of `count` is set.
 *
 * It has no pointers and may lie in shared memory.  To add a leaf first fills a
 * slot whose bit is not set yet, then stores the new count, once: whoever is
 * killed between leaves the tree as it was before.  Adding is for one process
 * at a time.  All zeros is the empty tree.
 */
#define IG_MERKLE_LEVELS       64

typedef struct {
    uint64_t  count;                     /* of leaves */
    uint8_t   node[IG_MERKLE_LEVELS][IG_HASH_SIZE];
} ig_merkle_t;

/* only the count has to be reset; what is in the slots does not matter then */
void ig_merkle_init(ig_merkle_t *m);
bool ig_merkle_add(ig_merkle_t *m, ig_hasher_t *h,
    const uint8_t leaf[IG_HASH_SIZE]) IG_MUST_CHECK;
/* of no leaves: SHA-256 of nothing */
bool ig_merkle_root(const ig_merkle_t *m, ig_hasher_t *h,
    uint8_t root[IG_HASH_SIZE]) IG_MUST_CHECK;


/*
 * A private key.  `pem` is PKCS #8, not encrypted, Ed25519 only; *why then says
 * what is wrong with it, in words that fit behind a file's name.  The caller
 * reads the file and looks at its permissions, and wipes `pem`.
 */
typedef struct ig_signer_s  ig_signer_t;

ig_signer_t *ig_signer_new(ig_str_t pem, const char **why) IG_MUST_CHECK;
void ig_signer_free(ig_signer_t *s);                 /* NULL is allowed */
const uint8_t *ig_signer_public(const ig_signer_t *s);   /* IG_KEY_SIZE bytes */
const uint8_t *ig_signer_id(const ig_signer_t *s);       /* IG_KEY_ID_SIZE */


/* how a writer stands at a checkpoint */
typedef enum {
    IG_WRITER_LIVE = 0,
    IG_WRITER_ENDED,             /* in order: nothing more will come from it */
    IG_WRITER_KILLED             /* up to `in_flight` records more may be there */
} ig_writer_state_t;

typedef struct {
    ig_str_t           writer;   /* its id */
    uint64_t           from;     /* the first seq since the last checkpoint */
    uint64_t           to;       /* the last; from - 1: nothing new, no root */
    uint8_t            root[IG_HASH_SIZE];      /* over from..to */
    uint8_t            head[IG_HASH_SIZE];      /* leaf hash of `to`; of 0: 0s */
    ig_writer_state_t  state;
    uint64_t           in_flight;               /* of a killed one */
} ig_sealed_t;

typedef struct {
    uint64_t        time_ms;     /* since 1970, UTC */
    ig_str_t        node;
    uint64_t        number;      /* the node's first is 1 */
    uint8_t         prev[IG_HASH_SIZE];         /* leaf hash of the one before */
    ig_str_t        policy;      /* digest in hex, or empty */
    ig_sealed_t    *writers;     /* sorted by id when it is written */
    size_t          nwriters;
    const uint8_t  *next_key;    /* raw public key that signs from here, or NULL */
} ig_checkpoint_t;

/*
 * Appends the line with its newline and gives its leaf hash: `prev` of the next.
 * out->failed when it does not fit (or is longer than IG_CHECKPOINT_MAX), two
 * writers have one id, or the library fails; nothing is appended then.
 */
void ig_checkpoint_write(ig_buf_t *out, ig_checkpoint_t *c, ig_signer_t *s,
    ig_hasher_t *h, uint8_t hash[IG_HASH_SIZE]);

/*
 * Where a node's chain of checkpoints stands, read from a checkpoint's line
 * (without newline): what a start needs to go on.  False: it is none.  The
 * signature is not looked at.  `node` points into the line.
 */
typedef struct {
    ig_str_t  node;
    uint64_t  number;
    uint8_t   hash[IG_HASH_SIZE];        /* leaf hash of this line */
    uint8_t   key[IG_KEY_ID_SIZE];
} ig_checkpoint_head_t;

bool ig_checkpoint_head(ig_hasher_t *h, ig_str_t line,
    ig_checkpoint_head_t *head) IG_MUST_CHECK;

#endif /* INFERENCE_GUARD_CHAIN_H */

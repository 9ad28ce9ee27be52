/*
 * Checkpoints among themselves: each number once, each with the hash of the one
 * before, each signed with a key that was given or that a trusted checkpoint
 * has announced.
 */

#include "signer.h"
#include "verify_state.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <limits.h>
#include <stdlib.h>


/* -- keys ----------------------------------------------------------------- */

bool
ig_public_key(ig_str_t pem, uint8_t key[IG_KEY_SIZE], const char **why)
{
    BIO       *bio;
    bool       ok;
    size_t     len;
    EVP_PKEY  *pkey;

    bio = pem.len && pem.len <= INT_MAX
          ? BIO_new_mem_buf(pem.data, (int) pem.len) : NULL;
    pkey = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    ERR_clear_error();

    if (pkey == NULL) {
        *why = "holds no public key in PEM; \"openssl pkey -pubout\" writes one";
        return false;
    }

    len = IG_KEY_SIZE;
    ok = EVP_PKEY_get_id(pkey) == EVP_PKEY_ED25519
         && EVP_PKEY_get_raw_public_key(pkey, key, &len) == 1
         && len == IG_KEY_SIZE;

    if (!ok) {
        *why = "holds a key that is not Ed25519";
    }

    EVP_PKEY_free(pkey);

    return ok;
}


uint32_t
ig_verify_key_find(const ig_verify_t *v, const uint8_t id[IG_KEY_ID_SIZE])
{
    size_t  i;

    for (i = 0; i < v->nkeys; i++) {
        if (memcmp(v->keys[i].id, id, IG_KEY_ID_SIZE) == 0) {
            return (uint32_t) i;
        }
    }

    return IG_VERIFY_NONE;
}


uint32_t
ig_verify_key_add(ig_verify_t *v, const uint8_t raw[IG_KEY_SIZE], bool given)
{
    uint8_t           id[IG_KEY_ID_SIZE];
    uint32_t          row;
    ig_verify_key_t  *key;

    if (!ig_signer_key_id(raw, id)) {
        v->rc = IG_ERROR;
        return IG_VERIFY_NONE;
    }

    row = ig_verify_key_find(v, id);

    if (row == IG_VERIFY_NONE) {
        key = ig_verify_add(v, keys);
        if (key == NULL) {
            return IG_VERIFY_NONE;
        }

        row = (uint32_t) (v->nkeys - 1);
        memcpy(key->raw, raw, IG_KEY_SIZE);
        memcpy(key->id, id, IG_KEY_ID_SIZE);
        key->key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, raw,
                                               IG_KEY_SIZE);
        if (key->key == NULL) {
            v->rc = IG_NOMEM;
            return IG_VERIFY_NONE;
        }
    }

    v->keys[row].given |= given;
    v->keys[row].trusted |= given;

    return row;
}


ig_rc_t
ig_verify_key(ig_verify_t *v, ig_str_t pem, const char **why)
{
    uint8_t  raw[IG_KEY_SIZE];

    if (!ig_public_key(pem, raw, why)) {
        return IG_ERROR;
    }

    *why = "cannot be used: no memory";

    return ig_verify_key_add(v, raw, true) == IG_VERIFY_NONE ? IG_NOMEM
                                                             : IG_OK;
}


bool
ig_verify_signature(ig_verify_t *v, const ig_verify_key_t *key,
    const ig_checkpoint_line_t *l)
{
    bool  ok;

    if (EVP_MD_CTX_reset(v->ctx) != 1
        || EVP_DigestVerifyInit(v->ctx, NULL, NULL, NULL, key->key) != 1)
    {
        v->rc = IG_ERROR;
        return false;
    }

    ok = EVP_DigestVerify(v->ctx, l->signature, IG_SIGNATURE_SIZE,
                          l->text.data, l->text.len) == 1;
    ERR_clear_error();

    return ok;
}


/* -- in order ------------------------------------------------------------- */

/* qsort() gives its comparison nothing else */
static const ig_verify_t  *ig_verify_sorting;

static unsigned
ig_verify_checkpoint_class(const ig_verify_checkpoint_t *c)
{
    return c->kept ? 2 : !ig_verify_in_log(ig_verify_sorting, c);
}


static int
ig_verify_checkpoint_cmp(const ig_verify_checkpoint_t *a,
    const ig_verify_checkpoint_t *b)
{
    if (a->node != b->node) {
        return a->node < b->node ? -1 : 1;
    }

    if (a->number != b->number) {
        return a->number < b->number ? -1 : 1;
    }

    return memcmp(a->hash, b->hash, IG_HASH_SIZE);
}


static int
ig_verify_row_cmp(const void *one, const void *two)
{
    int                            rc;
    uint32_t                       i = *(const uint32_t *) one,
                                   k = *(const uint32_t *) two;
    const ig_verify_t             *v = ig_verify_sorting;
    const ig_verify_checkpoint_t  *a = &v->checkpoints[i],
                                  *b = &v->checkpoints[k];

    rc = ig_verify_checkpoint_cmp(a, b);

    if (rc == 0) {
        rc = (int) ig_verify_checkpoint_class(a)
             - (int) ig_verify_checkpoint_class(b);
    }

    if (rc == 0 && a->place.file != b->place.file) {
        rc = v->files[a->place.file].position
             < v->files[b->place.file].position ? -1 : 1;
    }

    return rc ? rc : (i < k ? -1 : i > k);
}


static int
ig_verify_seal_cmp(const void *one, const void *two)
{
    const ig_verify_seal_t  *a = one, *b = two;

    if (a->writer != b->writer) {
        return a->writer < b->writer ? -1 : 1;
    }

    if (a->from != b->from) {
        return a->from < b->from ? -1 : 1;
    }

    if (a->to != b->to) {
        return a->to < b->to ? -1 : 1;
    }

    return a->checkpoint < b->checkpoint ? -1 : a->checkpoint > b->checkpoint;
}


/* rows in their new order, and for each old one where it is now, or none */

static bool
ig_verify_checkpoint_sort(ig_verify_t *v, uint32_t *rows, uint32_t *now)
{
    size_t                   i, n;
    ig_verify_checkpoint_t  *sorted;

    sorted = malloc((v->ncheckpoints + 1) * sizeof(*sorted));
    if (sorted == NULL) {
        return false;
    }

    for (i = 0; i < v->ncheckpoints; i++) {
        rows[i] = (uint32_t) i;
    }

    ig_verify_sorting = v;
    qsort(rows, v->ncheckpoints, sizeof(*rows), ig_verify_row_cmp);
    n = 0;

    for (i = 0; i < v->ncheckpoints; i++) {
        now[rows[i]] = IG_VERIFY_NONE;

        if (n && ig_verify_checkpoint_cmp(&sorted[n - 1],
                                          &v->checkpoints[rows[i]]) == 0)
        {
            continue;
        }

        now[rows[i]] = (uint32_t) n;
        sorted[n++] = v->checkpoints[rows[i]];
    }

    free(v->checkpoints);
    v->checkpoints = sorted;
    v->ncheckpoints = n;

    return true;
}


static void
ig_verify_file_node(ig_verify_file_t *f, uint32_t node)
{
    size_t  i;

    for (i = 0; i < f->nnodes; i++) {
        if (f->nodes[i] == node) {
            return;
        }
    }

    if (f->nnodes < IG_VERIFY_FILE_NODES) {
        f->nodes[f->nnodes++] = node;
    }
}


/* where the rows of each node, of each writer and of each file are */

static void
ig_verify_seal_index(ig_verify_t *v)
{
    size_t                   i;
    ig_verify_writer_t      *w;
    ig_verify_node_row_t    *node;
    ig_verify_checkpoint_t  *c;

    for (i = v->ncheckpoints; i > 0; i--) {
        c = &v->checkpoints[i - 1];
        node = &v->nodes[c->node];
        node->first = i - 1;
        node->n++;

        if (ig_verify_in_log(v, c)) {
            ig_verify_file_node(&v->files[c->place.file], c->node);
        }
    }

    for (i = v->nseals; i > 0; i--) {
        w = &v->writers[v->seals[i - 1].writer];
        w->seals = i - 1;
        w->nseals++;
    }

    for (i = 0; i < v->nruns; i++) {
        w = &v->writers[v->runs[i].writer];

        if (w->node != IG_VERIFY_NONE) {
            ig_verify_file_node(&v->files[v->runs[i].file], w->node);
        }
    }
}


void
ig_verify_seal_sort(ig_verify_t *v)
{
    size_t     i, n;
    uint32_t  *rows, *now;

    if (v->ncheckpoints == 0) {
        return;
    }

    rows = malloc(v->ncheckpoints * sizeof(*rows));
    now = malloc(v->ncheckpoints * sizeof(*now));

    if (rows == NULL || now == NULL
        || !ig_verify_checkpoint_sort(v, rows, now))
    {
        v->rc = IG_NOMEM;
        free(rows);
        free(now);
        return;
    }

    n = 0;

    for (i = 0; i < v->nseals; i++) {
        v->seals[n] = v->seals[i];
        v->seals[n].checkpoint = now[v->seals[i].checkpoint];
        n += v->seals[n].checkpoint != IG_VERIFY_NONE;
    }

    v->nseals = n;

    free(rows);
    free(now);

    if (v->nseals) {
        qsort(v->seals, v->nseals, sizeof(*v->seals), ig_verify_seal_cmp);
    }

    ig_verify_seal_index(v);
}


/* -- lines ---------------------------------------------------------------- */

static ig_verify_checkpoint_t *
ig_verify_checkpoint_find(ig_verify_t *v, const ig_verify_checkpoint_t *key)
{
    int     rc;
    size_t  low, high, mid;

    low = 0;
    high = v->ncheckpoints;

    while (low < high) {
        mid = low + (high - low) / 2;
        rc = ig_verify_checkpoint_cmp(key, &v->checkpoints[mid]);

        if (rc == 0) {
            return &v->checkpoints[mid];
        }

        if (rc < 0) {
            high = mid;

        } else {
            low = mid + 1;
        }
    }

    return NULL;
}


void
ig_verify_seal_line(ig_verify_t *v, uint32_t file, ig_str_t line)
{
    size_t                   i;
    ig_verify_place_t        place = { file, v->files[file].line };
    ig_verify_checkpoint_t  *c, key;

    if (!ig_checkpoint_parse(&v->line, line)
        || v->line.time.len != IG_VERIFY_TIME)
    {
        ig_verify_tell(v, IG_VERIFY_INVALID, place,
                       "this line is no valid checkpoint");
        return;
    }

    for (i = 0; i + 1 < v->nnodes; i++) {
        if (ig_str_eq(v->nodes[i].name, v->line.node)) {
            break;
        }
    }

    key.node = (uint32_t) i;
    key.number = v->line.number;

    if (!ig_leaf_hash(v->hasher, line, key.hash)) {
        v->rc = IG_ERROR;
        return;
    }

    /* a line that was written since the first pass has no row */

    c = ig_verify_checkpoint_find(v, &key);

    if (c == NULL || c->looked) {
        return;
    }

    c->looked = true;
    c->key = ig_verify_key_find(v, c->key_id);

    if (c->key != IG_VERIFY_NONE) {
        c->sound = ig_verify_signature(v, &v->keys[c->key], &v->line);
    }
}


/* -- the end -------------------------------------------------------------- */

/*
 * Which checkpoints are trusted.  What one announces another node's may be
 * signed with, so this is repeated until nothing changes; told at last only.
 */

static bool
ig_verify_trust(ig_verify_t *v, ig_verify_checkpoint_t *c, uint32_t *current,
    bool announced, bool tell)
{
    const ig_verify_key_t  *key;

    if (c->key == IG_VERIFY_NONE || !v->keys[c->key].trusted) {
        if (tell) {
            ig_verify_tell(v, IG_VERIFY_UNKNOWN_KEY, c->place,
                           "checkpoint %llu of node %s is signed with a key "
                           "that was neither given nor announced",
                           (unsigned long long) c->number,
                           ig_verify_plain(v->nodes[c->node].name));
        }

        return false;
    }

    if (!c->sound) {
        if (tell) {
            ig_verify_tell(v, IG_VERIFY_BAD_SIGNATURE, c->place,
                           "the signature of checkpoint %llu of node %s does "
                           "not hold", (unsigned long long) c->number,
                           ig_verify_plain(v->nodes[c->node].name));
        }

        return false;
    }

    key = &v->keys[c->key];

    if (c->key != *current && (announced || key->retired == c->node + 1)) {
        if (tell) {
            ig_verify_tell(v, IG_VERIFY_UNKNOWN_KEY, c->place,
                           "checkpoint %llu of node %s is signed with another "
                           "key than the one that was announced",
                           (unsigned long long) c->number,
                           ig_verify_plain(v->nodes[c->node].name));
        }

        return false;
    }

    if (tell && *current != IG_VERIFY_NONE && c->key != *current) {
        ig_verify_tell(v, IG_VERIFY_NEW_KEY, c->place,
                       "from checkpoint %llu of node %s on another key signs, "
                       "which the one before did not announce%s",
                       (unsigned long long) c->number,
                       ig_verify_plain(v->nodes[c->node].name),
                       key->given ? "; it was given" : "");
    }

    *current = c->key;

    return true;
}


static bool
ig_verify_trust_all(ig_verify_t *v, bool tell)
{
    bool                     changed, announced;
    size_t                   i;
    uint32_t                 current;
    ig_verify_checkpoint_t  *c;

    changed = false;
    announced = false;
    current = IG_VERIFY_NONE;

    for (i = 0; i < v->nkeys; i++) {
        v->keys[i].retired = 0;
    }

    for (i = 0; i < v->ncheckpoints; i++) {
        c = &v->checkpoints[i];

        if (i == 0 || c[-1].node != c->node) {
            announced = false;
            current = IG_VERIFY_NONE;
        }

        c->trusted = ig_verify_trust(v, c, &current, announced, tell);

        if (!c->trusted) {
            continue;
        }

        announced = false;

        if (c->next_key == IG_VERIFY_NONE || c->next_key == c->key) {
            continue;
        }

        v->keys[c->key].retired = c->node + 1;
        current = c->next_key;
        announced = true;

        if (!v->keys[c->next_key].trusted) {
            v->keys[c->next_key].trusted = true;
            changed = true;
        }
    }

    return changed;
}


static void
ig_verify_missing(ig_verify_t *v, const ig_verify_checkpoint_t *c,
    uint64_t from, uint64_t to)
{
    ig_verify_tell(v, IG_VERIFY_MISSING, c->place,
                   "checkpoints %llu to %llu of node %s are missing before "
                   "this one%s", (unsigned long long) from,
                   (unsigned long long) to,
                   ig_verify_plain(v->nodes[c->node].name),
                   from == 1 ? "; give the older files, or their checkpoints"
                             : "");
}


/* a node's checkpoint and the one that stands before it, or NULL */

static void
ig_verify_follows(ig_verify_t *v, const ig_verify_checkpoint_t *c,
    const ig_verify_checkpoint_t *before)
{
    const uint8_t         *prev;
    static const uint8_t   none[IG_HASH_SIZE];

    if (before && before->number == c->number) {
        ig_verify_tell(v, IG_VERIFY_SWAPPED, c->place,
                       "another checkpoint %llu of node %s is at %s",
                       (unsigned long long) c->number,
                       ig_verify_plain(v->nodes[c->node].name),
                       ig_verify_at(v, before->place));
        return;
    }

    if (c->number != (before ? before->number + 1 : 1)) {
        ig_verify_missing(v, c, before ? before->number + 1 : 1,
                          c->number - 1);
        return;
    }

    prev = before ? before->hash : none;

    if (memcmp(c->prev, prev, IG_HASH_SIZE) != 0) {
        ig_verify_tell(v, IG_VERIFY_SWAPPED, c->place,
                       "checkpoint %llu of node %s does not follow the one at "
                       "%s", (unsigned long long) c->number,
                       ig_verify_plain(v->nodes[c->node].name),
                       before ? ig_verify_at(v, before->place)
                              : "the beginning");
    }
}


void
ig_verify_seal_end(ig_verify_t *v)
{
    bool                     keyed;
    size_t                   i;
    ig_verify_checkpoint_t  *c;

    keyed = false;

    for (i = 0; i < v->nkeys; i++) {
        keyed |= v->keys[i].given;
    }

    for (i = 0; i < v->ncheckpoints; i++) {
        c = &v->checkpoints[i];

        ig_verify_follows(v, c, i && c[-1].node == c->node ? c - 1 : NULL);

        if (c->kept) {
            ig_verify_tell(v, IG_VERIFY_ELSEWHERE, c->place,
                           "checkpoint %llu of node %s is in this kept copy "
                           "only", (unsigned long long) c->number,
                           ig_verify_plain(v->nodes[c->node].name));
        }
    }

    if (keyed) {
        while (ig_verify_trust_all(v, false)) { /* void */ }

        (void) ig_verify_trust_all(v, true);
    }
}

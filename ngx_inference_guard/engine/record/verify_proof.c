/*
 * One record proven alone: its line, the hashes beside its path to the root
 * (RFC 9162, section 2.1.3), and the signed checkpoint that holds the root.
 *
 *     {"v":1,"type":"proof","record":"…","index":I,"size":N,"path":["…"],
 *      "checkpoint":"…"}
 *
 * Both lines are strings whose quotes and backslashes alone are escaped: what
 * is hashed is their bytes.
 */

#include "signer.h"
#include "verify_state.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <stdlib.h>


/* a checkpoint's range: half a gigabyte of hashes */
#define IG_PROVE_MAX  (UINT64_C(1) << 24)

struct ig_prove_s {
    ig_str_t               writer;
    uint64_t               seq;
    ig_str_t               id;
    bool                   known;        /* the writer and number */
    ig_sealed_t            seal;
    bool                   sealed;
    ig_str_t               record;
    ig_str_t               checkpoint;
    uint8_t              (*leaves)[IG_HASH_SIZE];
    uint64_t               n;            /* of them there */
    bool                  *there;
    ig_hasher_t           *hasher;
    ig_arena_t            *arena;
    ig_checkpoint_line_t   line;
};


ig_prove_t *
ig_prove_new(const ig_prove_ask_t *ask)
{
    ig_prove_t  *p;

    p = calloc(1, sizeof(*p));
    if (p == NULL) {
        return NULL;
    }

    p->hasher = ig_hasher_new();
    p->arena = ig_arena_new(SIZE_MAX / 2, 0);

    if (p->hasher == NULL || p->arena == NULL) {
        ig_prove_free(p);
        return NULL;
    }

    p->known = ask->id.len == 0;
    p->seq = ask->seq;
    p->id = ask->id;
    p->writer = ask->writer;

    return p;
}


void
ig_prove_free(ig_prove_t *p)
{
    if (p) {
        ig_hasher_free(p->hasher);

        if (p->arena) {
            ig_arena_free(p->arena);
        }

        free(p->leaves);
        free(p->there);
        free(p);
    }
}


/* the request's id stands behind the hash that every chained record has */

static bool
ig_prove_id(const ig_verify_record_t *r, ig_str_t id)
{
    ig_str_t     s, prev;
    ig_cursor_t  c = { r->rest.data, r->rest.data + r->rest.len };

    return ig_cursor_lit(&c, ",\"prev\":") && ig_cursor_string(&c, &prev)
           && ig_cursor_lit(&c, ",\"id\":") && ig_cursor_string(&c, &s)
           && ig_str_eq(s, id);
}


ig_rc_t
ig_prove_find(ig_prove_t *p, ig_str_t line)
{
    size_t               i;
    ig_sealed_t         *w;
    ig_verify_record_t   r;

    if (p->sealed) {
        return IG_OK;
    }

    if (!ig_checkpoint_is(line)) {
        if (!p->known && ig_verify_record_parse(&r, line)
            && ig_prove_id(&r, p->id))
        {
            p->seq = r.seq;
            p->writer = ig_arena_strdup(p->arena, r.writer);
            p->known = p->writer.data != NULL;
            return p->known ? IG_OK : IG_NOMEM;
        }

        return IG_OK;
    }

    if (!p->known || !ig_checkpoint_parse(&p->line, line)) {
        return IG_OK;
    }

    for (i = 0; i < p->line.nwriters; i++) {
        w = &p->line.writers[i];

        if (ig_str_eq(w->writer, p->writer) && w->from <= p->seq
            && p->seq <= w->to)
        {
            p->checkpoint = ig_arena_strdup(p->arena, line);
            p->seal = *w;
            p->sealed = p->checkpoint.data != NULL;
            return p->sealed ? IG_OK : IG_NOMEM;
        }
    }

    return IG_OK;
}


bool
ig_prove_found(ig_prove_t *p, const char **why)
{
    uint64_t  n;

    if (!p->known) {
        *why = "no chained record has that id";
        return false;
    }

    if (!p->sealed) {
        *why = "no checkpoint seals that record";
        return false;
    }

    n = p->seal.to - p->seal.from + 1;

    if (n > IG_PROVE_MAX) {
        *why = "its checkpoint seals too many records";
        return false;
    }

    if (p->leaves == NULL) {
        p->leaves = malloc(n * sizeof(*p->leaves));
        p->there = calloc(n, sizeof(*p->there));
    }

    *why = "no memory";

    return p->leaves && p->there;
}


ig_rc_t
ig_prove_hash(ig_prove_t *p, ig_str_t line)
{
    uint64_t            i;
    ig_verify_record_t  r;

    if (!ig_verify_record_parse(&r, line)
        || !ig_str_eq(r.writer, p->writer) || r.seq < p->seal.from
        || r.seq > p->seal.to)
    {
        return IG_OK;
    }

    i = r.seq - p->seal.from;

    if (p->there[i]) {
        return IG_OK;
    }

    p->there[i] = true;
    p->n++;

    if (!ig_leaf_hash(p->hasher, line, p->leaves[i])) {
        return IG_ERROR;
    }

    if (r.seq == p->seq) {
        p->record = ig_arena_strdup(p->arena, line);
        return p->record.data ? IG_OK : IG_NOMEM;
    }

    return IG_OK;
}


static void
ig_prove_string(ig_buf_t *out, const char *key, ig_str_t s)
{
    size_t  i;

    ig_buf_lit(out, ",\"");
    ig_buf_str(out, ig_str_from_c(key));
    ig_buf_lit(out, "\":\"");

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '"' || s.data[i] == '\\') {
            ig_buf_char(out, '\\');
        }

        ig_buf_char(out, s.data[i]);
    }

    ig_buf_lit(out, "\"");
}


/*
 * A level at a time: what has no neighbour goes up as it is, which gives the
 * same tree as splitting at the largest power of two.  The root is left in the
 * first leaf.
 */

static bool
ig_prove_path(ig_prove_t *p, ig_buf_t *out)
{
    bool      first;
    uint8_t   text[2 * IG_HASH_SIZE];
    uint64_t  i, n, at;

    first = true;
    at = p->seq - p->seal.from;

    for (n = p->n; n > 1; n = (n + 1) / 2, at /= 2) {

        if ((at ^ 1) < n) {
            ig_hex(text, p->leaves[at ^ 1], IG_HASH_SIZE);

            if (!first) {
                ig_buf_lit(out, ",");
            }

            ig_buf_lit(out, "\"");
            ig_buf_bytes(out, text, sizeof(text));
            ig_buf_lit(out, "\"");
            first = false;
        }

        for (i = 0; i < n / 2; i++) {
            if (!ig_node_hash(p->hasher, p->leaves[2 * i],
                              p->leaves[2 * i + 1], p->leaves[i]))
            {
                return false;
            }
        }

        if (n & 1) {
            memcpy(p->leaves[n / 2], p->leaves[n - 1], IG_HASH_SIZE);
        }
    }

    return true;
}


bool
ig_prove_write(ig_prove_t *p, ig_buf_t *out, const char **why)
{
    if (p->n != p->seal.to - p->seal.from + 1) {
        *why = "records of its checkpoint are missing; \"audit verify\" says "
               "which";
        return false;
    }

    ig_buf_lit(out, "{\"v\":1,\"type\":\"proof\"");
    ig_prove_string(out, "record", p->record);
    ig_buf_lit(out, ",\"index\":");
    ig_buf_uint(out, p->seq - p->seal.from);
    ig_buf_lit(out, ",\"size\":");
    ig_buf_uint(out, p->n);
    ig_buf_lit(out, ",\"path\":[");

    if (!ig_prove_path(p, out)) {
        *why = "the library failed";
        return false;
    }

    ig_buf_lit(out, "]");
    ig_prove_string(out, "checkpoint", p->checkpoint);
    ig_buf_lit(out, "}\n");

    if (out->failed) {
        *why = "no memory";
        return false;
    }

    if (memcmp(p->leaves[0], p->seal.root, IG_HASH_SIZE) != 0) {
        *why = "the records are not those that its checkpoint seals; \"audit "
               "verify\" says more";
        return false;
    }

    return true;
}


/* -- a proof, read -------------------------------------------------------- */

static bool
ig_proof_string(ig_cursor_t *c, ig_arena_t *a, ig_str_t *s)
{
    size_t    i, n;
    uint8_t  *p;
    ig_str_t  raw;

    if (!ig_cursor_string(c, &raw)) {
        return false;
    }

    p = ig_arena_alloc(a, raw.len + 1);
    if (p == NULL) {
        return false;
    }

    n = 0;

    for (i = 0; i < raw.len; i++) {
        if (raw.data[i] == '\\') {
            i++;

            if (raw.data[i] != '"' && raw.data[i] != '\\') {
                return false;
            }
        }

        p[n++] = raw.data[i];
    }

    *s = (ig_str_t) { p, n };

    return true;
}


/* RFC 9162, section 2.1.3.2; the path is at the cursor's bracket */

static bool
ig_proof_root(ig_cursor_t *c, uint64_t fn, uint64_t size, ig_str_t record,
    uint8_t r[IG_HASH_SIZE])
{
    bool      ok;
    uint8_t   p[IG_HASH_SIZE];
    uint64_t  sn;

    if (fn >= size || !ig_cursor_lit(c, "[") || !ig_leaf_hash(NULL, record, r))
    {
        return false;
    }

    sn = size - 1;

    while (!ig_cursor_lit(c, "]")) {

        if (sn == 0 || !ig_cursor_hex(c, p, IG_HASH_SIZE)) {
            return false;
        }

        if ((fn & 1) || fn == sn) {
            ok = ig_node_hash(NULL, p, r, r);

            while (!(fn & 1) && fn) {
                fn >>= 1;
                sn >>= 1;
            }

        } else {
            ok = ig_node_hash(NULL, r, p, r);
        }

        fn >>= 1;
        sn >>= 1;

        if (!ok || (!ig_cursor_lit(c, ",") && (c->p == c->end || *c->p != ']')))
        {
            return false;
        }
    }

    return sn == 0;
}


static bool
ig_proof_signed(const ig_checkpoint_line_t *l,
    const uint8_t (*keys)[IG_KEY_SIZE], size_t nkeys, const char **why)
{
    bool         ok;
    size_t       i;
    uint8_t      id[IG_KEY_ID_SIZE];
    EVP_PKEY    *key;
    EVP_MD_CTX  *ctx;

    for (i = 0; i < nkeys; i++) {
        if (ig_signer_key_id(keys[i], id) && memcmp(id, l->key, sizeof(id)) == 0) {
            break;
        }
    }

    if (i == nkeys) {
        *why = "its checkpoint is signed with another key";
        return false;
    }

    key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, keys[i],
                                      IG_KEY_SIZE);
    ctx = EVP_MD_CTX_new();

    ok = key && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key) == 1
         && EVP_DigestVerify(ctx, l->signature, IG_SIGNATURE_SIZE,
                             l->text.data, l->text.len) == 1;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);
    ERR_clear_error();
    *why = "the signature of its checkpoint does not hold";

    return ok;
}


static const ig_sealed_t *
ig_proof_seal(const ig_checkpoint_line_t *l, const ig_verify_record_t *r,
    uint64_t index, uint64_t size)
{
    size_t              i;
    const ig_sealed_t  *w;

    for (i = 0; i < l->nwriters; i++) {
        w = &l->writers[i];

        if (ig_str_eq(w->writer, r->writer) && r->seq >= w->from
            && r->seq <= w->to && index == r->seq - w->from
            && size == w->to - w->from + 1)
        {
            return w;
        }
    }

    return NULL;
}


static bool
ig_proof_holds(ig_proof_t *p, const ig_verify_record_t *r, ig_cursor_t path,
    uint64_t index, uint64_t size, const uint8_t (*keys)[IG_KEY_SIZE],
    size_t nkeys, ig_checkpoint_line_t *l, const char **why)
{
    uint8_t             root[IG_HASH_SIZE];
    const ig_sealed_t  *w;

    if (!ig_checkpoint_parse(l, p->checkpoint)) {
        *why = "its checkpoint cannot be read";
        return false;
    }

    if (!ig_proof_signed(l, keys, nkeys, why)) {
        return false;
    }

    w = ig_proof_seal(l, r, index, size);

    if (w == NULL) {
        *why = "its checkpoint does not seal that record at that place";
        return false;
    }

    if (!ig_proof_root(&path, index, size, p->record, root)
        || memcmp(root, w->root, IG_HASH_SIZE) != 0)
    {
        *why = "the record is not the one that was sealed";
        return false;
    }

    p->writer = r->writer;
    p->seq = r->seq;
    p->node = l->node;
    p->time = l->time;
    p->number = l->number;

    return true;
}


bool
ig_proof_verify(ig_proof_t *p, ig_str_t json, ig_arena_t *a,
    const uint8_t (*keys)[IG_KEY_SIZE], size_t nkeys, const char **why)
{
    bool                   ok;
    uint64_t               index, size;
    ig_cursor_t            c, path;
    ig_verify_record_t     r;
    ig_checkpoint_line_t  *l;

    while (json.len && (json.data[json.len - 1] == '\n'
                        || json.data[json.len - 1] == '\r'))
    {
        json.len--;
    }

    c.p = json.data;
    c.end = json.data + json.len;
    *why = "this is no proof";

    if (!ig_cursor_lit(&c, "{\"v\":1,\"type\":\"proof\",\"record\":")
        || !ig_proof_string(&c, a, &p->record)
        || !ig_verify_record_parse(&r, p->record)
        || !ig_cursor_lit(&c, ",\"index\":") || !ig_cursor_uint(&c, &index)
        || !ig_cursor_lit(&c, ",\"size\":") || !ig_cursor_uint(&c, &size)
        || !ig_cursor_lit(&c, ",\"path\":"))
    {
        return false;
    }

    path = c;

    if (!ig_cursor_skip(&c, 0) || !ig_cursor_lit(&c, ",\"checkpoint\":")
        || !ig_proof_string(&c, a, &p->checkpoint)
        || !ig_cursor_lit(&c, "}") || c.p != c.end)
    {
        return false;
    }

    l = malloc(sizeof(*l));
    if (l == NULL) {
        *why = "no memory";
        return false;
    }

    ok = ig_proof_holds(p, &r, path, index, size, keys, nkeys, l, why);
    free(l);

    return ok;
}

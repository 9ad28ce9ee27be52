/*
 * The chain: hashes against published vectors and a naive tree, checkpoints
 * that are read back and whose signature holds, records that hang together.
 */

#include "record_fixture.h"

#include "../../ngx_inference_guard/engine/record/checkpoint.h"
#include "../../ngx_inference_guard/engine/record/hex.h"

#include <openssl/evp.h>
#include <openssl/pem.h>


/* the secret key of RFC 8032, section 7.1, test 1, as PKCS #8 */
static const char  key_pem[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";

/* RFC 8032, section 7.1, test 1: its public key */
static const char  key_public[] =
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

static const char  rsa_like[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq\n"
    "-----END PRIVATE KEY-----\n";


static ig_signer_t *
signer(void)
{
    const char   *why;
    ig_signer_t  *s;

    s = ig_signer_new(ig_str_from_c(key_pem), &why);
    assert_non_null(s);

    return s;
}


static void
assert_hex(const uint8_t *data, size_t n, const char *hex)
{
    uint8_t  text[256];

    ig_hex(text, data, n);
    assert_memory_equal(text, hex, 2 * n);
}


/*
 * Leaves and roots that the tests of Certificate Transparency's merkle tree use
 * (github.com/google/certificate-transparency, cpp/merkletree).
 */

static const struct {
    const char  *leaf;
    const char  *root;
} vectors[] = {
    { "", "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
    { "00",
      "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
    { "10",
      "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
    { "2021",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
    { "3031",
      "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
    { "40414243",
      "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
    { "5051525354555657",
      "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
    { "606162636465666768696a6b6c6d6e6f",
      "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" }
};

static void
published_roots(void **state)
{
    size_t        i, k, n;
    uint8_t       data[16], hash[IG_HASH_SIZE];
    ig_merkle_t   m;
    ig_hasher_t  *h, *with[2];

    (void) state;

    h = ig_hasher_new();
    assert_non_null(h);
    with[0] = h;
    with[1] = NULL;

    for (k = 0; k < 2; k++) {
        ig_merkle_init(&m);
        assert_true(ig_merkle_root(&m, with[k], hash));
        assert_hex(hash, IG_HASH_SIZE, "e3b0c44298fc1c149afbf4c8996fb924"
                                       "27ae41e4649b934ca495991b7852b855");

        for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
            n = strlen(vectors[i].leaf) / 2;
            assert_true(ig_unhex(data, (const uint8_t *) vectors[i].leaf, n));
            assert_true(ig_leaf_hash(with[k], (ig_str_t) { data, n }, hash));
            assert_true(ig_merkle_add(&m, with[k], hash));
            assert_true(ig_merkle_root(&m, with[k], hash));
            assert_hex(hash, IG_HASH_SIZE, vectors[i].root);
        }
    }

    ig_hasher_free(h);
}


/* section 2.1 to the letter */

static void
naive_root(uint8_t leaves[][IG_HASH_SIZE], size_t n, uint8_t *out_hash)
{
    size_t   k;
    uint8_t  left[IG_HASH_SIZE], right[IG_HASH_SIZE];

    if (n == 1) {
        memcpy(out_hash, leaves[0], IG_HASH_SIZE);
        return;
    }

    for (k = 1; k * 2 < n; k *= 2) { /* void */ }

    naive_root(leaves, k, left);
    naive_root(leaves + k, n - k, right);
    assert_true(ig_node_hash(NULL, left, right, out_hash));
}


static void
roots_as_the_naive_tree(void **state)
{
    size_t          n;
    uint8_t         want[IG_HASH_SIZE], got[IG_HASH_SIZE];
    ig_merkle_t     m, before;
    ig_hasher_t    *h;
    static uint8_t  leaves[300][IG_HASH_SIZE];

    (void) state;

    h = ig_hasher_new();
    assert_non_null(h);

    /* what was in the slots before does not matter */

    memset(&m, 0xa5, sizeof(m));
    ig_merkle_init(&m);

    for (n = 0; n < 300; n++) {
        assert_true(ig_leaf_hash(h, (ig_str_t) { (uint8_t *) &n, sizeof(n) },
                                 leaves[n]));
        before = m;
        assert_true(ig_merkle_add(&m, h, leaves[n]));
        naive_root(leaves, n + 1, want);
        assert_true(ig_merkle_root(&m, h, got));
        assert_memory_equal(want, got, IG_HASH_SIZE);

        /* killed before the count was stored: the tree of before, whole */

        if (n) {
            m.count--;
            naive_root(leaves, n, want);
            assert_true(ig_merkle_root(&m, h, got));
            assert_memory_equal(want, got, IG_HASH_SIZE);
            m.count++;
        }

        assert_int_equal(before.count, n);
    }

    ig_hasher_free(h);
}


static void
records_hang_together(void **state)
{
    size_t         i;
    json_t        *record;
    uint8_t        hash[IG_HASH_SIZE], text[2 * IG_HASH_SIZE];
    ig_writer_t    before;
    ig_request_t   r;
    ig_hasher_t   *h;
    ig_decision_t  d;

    (void) state;

    h = ig_hasher_new();
    assert_non_null(h);
    policy_make(64, 128, 2, NULL);
    decision_make(&d, &r);
    memset(hash, 0, sizeof(hash));
    start();
    ig_writer_init(&writer, IG_STR("w1"), h);

    for (i = 0; i < 4; i++) {
        ig_buf_fixed(&out, bytes, sizeof(bytes));

        /* one that is taken back leaves no trace */

        before = writer;
        ig_record_redirect(&out, &writer, &head, NULL, 0, IG_REASON_NONE);
        assert_false(out.failed);
        writer = before;

        ig_buf_fixed(&out, bytes, sizeof(bytes));
        ig_record_decision(&out, &writer, &head, NULL, &d, &r);
        record = check();
        assert_true(contains(",\"prev\":\""));
        assert_int_equal(get_int(record, "seq"), i + 1);
        ig_hex(text, hash, IG_HASH_SIZE);
        assert_int_equal(strlen(get(record, "prev")), sizeof(text));
        assert_memory_equal(get(record, "prev"), text, sizeof(text));
        json_decref(record);

        assert_true(ig_leaf_hash(NULL, (ig_str_t) { out.data, out.len - 1 },
                                 hash));
        assert_memory_equal(writer.prev, hash, IG_HASH_SIZE);
    }

    ig_hasher_free(h);
}


static void
keys(void **state)
{
    const char   *why;
    ig_signer_t  *s;
    const char   *encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
        "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAjcCkRz0GkY1QICCAAw\n"
        "-----END ENCRYPTED PRIVATE KEY-----\n";

    (void) state;

    s = signer();
    assert_hex(ig_signer_public(s), IG_KEY_SIZE, key_public);
    ig_signer_free(s);
    ig_signer_free(NULL);

    why = NULL;
    assert_null(ig_signer_new(IG_STR("no key"), &why));
    assert_non_null(strstr(why, "keygen"));
    assert_null(ig_signer_new(IG_NO_STR, &why));
    assert_null(ig_signer_new(ig_str_from_c(encrypted), &why));
    assert_null(ig_signer_new(ig_str_from_c(rsa_like), &why));
    assert_non_null(strstr(why, "not Ed25519"));
}


static void
checkpoint_make(ig_checkpoint_t *c, ig_sealed_t *w, size_t n)
{
    size_t       i;
    uint64_t     largest;
    static char  ids[1000][32];

    largest = n < 3 ? INT64_MAX : UINT64_MAX;    /* jansson's integers end */

    memset(c, 0, sizeof(*c));
    memset(w, 0, n * sizeof(*w));

    /* not in order */

    for (i = 0; i < n; i++) {
        (void) snprintf(ids[i], sizeof(ids[i]), "%024zx", (i * 7919) % 1009);
        w[i].writer = ig_str_from_c(ids[i]);
        w[i].from = largest - 1;
        w[i].to = i % 3 ? largest : w[i].from - 1;
        w[i].state = (ig_writer_state_t) (i % 3);
        w[i].in_flight = largest;
        memset(w[i].root, 0xab, IG_HASH_SIZE);
        memset(w[i].head, 0xcd, IG_HASH_SIZE);
    }

    c->time_ms = UINT64_C(1795508549123);
    c->node = IG_STR("0123456789abcdef");
    c->number = 12;
    c->policy = ig_str_from_c(digest);
    c->writers = w;
    c->nwriters = n;
}


static bool
signature_holds(const ig_checkpoint_line_t *l, const ig_signer_t *s)
{
    bool         ok;
    EVP_PKEY    *key;
    EVP_MD_CTX  *ctx;

    key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL,
                                      ig_signer_public(s), IG_KEY_SIZE);
    ctx = EVP_MD_CTX_new();
    assert_true(key && ctx);
    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, key), 1);
    ok = EVP_DigestVerify(ctx, l->signature, IG_SIGNATURE_SIZE,
                          l->text.data, l->text.len) == 1;
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(key);

    return ok;
}


static void
checkpoints_read_back(void **state)
{
    size_t                       i;
    json_t                      *record;
    uint8_t                      hash[IG_HASH_SIZE], want[IG_HASH_SIZE];
    uint8_t                      next[IG_KEY_SIZE];
    ig_str_t                     line;
    ig_signer_t                 *s;
    ig_checkpoint_t              c;
    ig_checkpoint_head_t         at;
    static ig_sealed_t           w[3];
    static ig_checkpoint_line_t  l;

    (void) state;

    s = signer();
    memset(next, 0x5a, sizeof(next));

    for (i = 0; i < 4; i++) {
        checkpoint_make(&c, w, i);
        c.next_key = i == 2 ? next : NULL;
        c.policy = i == 1 ? IG_NO_STR : c.policy;
        start();
        ig_checkpoint_write(&out, &c, s, NULL, hash);

        if (i < 3) {
            record = check();
            assert_string_equal(get(record, "type"), "checkpoint");
            assert_string_equal(get(record, "time"),
                                "2026-11-24T08:22:29.123Z");
            json_decref(record);
        }

        line = (ig_str_t) { out.data, out.len - 1 };
        assert_true(ig_leaf_hash(NULL, line, want));
        assert_memory_equal(hash, want, IG_HASH_SIZE);
        assert_true(ig_checkpoint_is(line));
        assert_true(ig_checkpoint_parse(&l, line));
        assert_int_equal(l.nwriters, i);
        assert_int_equal(l.number, 12);
        assert_int_equal(l.has_next_key, i == 2);
        assert_memory_equal(l.key, ig_signer_id(s), IG_KEY_ID_SIZE);
        assert_true(signature_holds(&l, s));

        if (i == 3) {
            assert_int_equal(l.writers[1].state, IG_WRITER_KILLED);
            assert_true(l.writers[1].in_flight == UINT64_MAX);
            assert_int_equal(l.writers[1].root[31], 0xab);
        }

        assert_true(ig_checkpoint_head(NULL, line, &at));
        assert_int_equal(at.number, 12);
        assert_true(ig_str_eq(at.node, c.node));
        assert_memory_equal(at.hash, hash, IG_HASH_SIZE);
    }

    /* whatever byte is changed, the line is no checkpoint or not signed */

    for (i = 0; i < line.len; i++) {
        out.data[i] ^= 1;
        assert_false(ig_checkpoint_parse(&l, line) && signature_holds(&l, s));
        out.data[i] ^= 1;
        assert_false(ig_checkpoint_parse(&l, (ig_str_t) { line.data, i }));
    }

    ig_signer_free(s);
}


static void
checkpoint_bounds(void **state)
{
    uint8_t              hash[IG_HASH_SIZE];
    ig_signer_t         *s;
    ig_checkpoint_t      c;
    static uint8_t       room[2 * IG_CHECKPOINT_MAX];
    static ig_sealed_t   w[1000];

    (void) state;

    s = signer();

    /* the largest of as many writers as are promised */

    checkpoint_make(&c, w, IG_CHECKPOINT_WRITERS);
    ig_buf_fixed(&out, room, sizeof(room));
    ig_buf_lit(&out, "before\n");
    ig_checkpoint_write(&out, &c, s, NULL, hash);
    assert_false(out.failed);
    assert_in_range(out.len, 40000, IG_CHECKPOINT_MAX);

    checkpoint_make(&c, w, 1000);
    ig_buf_fixed(&out, room, sizeof(room));
    ig_buf_lit(&out, "before\n");
    ig_checkpoint_write(&out, &c, s, NULL, hash);
    assert_true(out.failed);
    assert_int_equal(out.len, 7);

    /* no room, the same writer twice, a range that ends before it begins */

    checkpoint_make(&c, w, 2);
    ig_buf_fixed(&out, room, 300);
    ig_checkpoint_write(&out, &c, s, NULL, hash);
    assert_true(out.failed);
    assert_int_equal(out.len, 0);

    w[1].writer = w[0].writer;
    ig_buf_fixed(&out, room, sizeof(room));
    ig_checkpoint_write(&out, &c, s, NULL, hash);
    assert_true(out.failed);

    checkpoint_make(&c, w, 1);
    w[0].to = w[0].from - 2;
    ig_buf_fixed(&out, room, sizeof(room));
    ig_checkpoint_write(&out, &c, s, NULL, hash);
    assert_true(out.failed);

    ig_signer_free(s);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(published_roots),
        cmocka_unit_test(roots_as_the_naive_tree),
        cmocka_unit_test(records_hang_together),
        cmocka_unit_test(keys),
        cmocka_unit_test(checkpoints_read_back),
        cmocka_unit_test(checkpoint_bounds)
    };

    return cmocka_run_group_tests(tests, schema_load, schema_free);
}

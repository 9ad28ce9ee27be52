/*
 * The verifier and the reader of proofs on anything, and on a good log in which
 * bytes are changed: whatever is changed, it is never all verified any more.
 */

#include "../unit/log_maker.h"


static log_t   good, proof;
static size_t  good_records;


static void
report(void *data, const ig_verify_finding_t *f)
{
    size_t  *n = data;

    *n += strlen(f->text);
}


static void
proof_make(void)
{
    char            *p, *end;
    int              pass;
    ig_buf_t         out;
    const char      *why;
    ig_prove_t      *prove;
    static uint8_t   bytes[65536];
    ig_prove_ask_t   ask = { IG_STR("w1"), 3, IG_NO_STR };

    prove = ig_prove_new(&ask);

    if (prove == NULL) {
        abort();
    }

    for (pass = 0; pass < 2; pass++) {
        for (p = good.data; p < good.data + good.len; p = end + 1) {
            end = memchr(p, '\n', (size_t) (good.data + good.len - p));

            if ((pass ? ig_prove_hash : ig_prove_find)
                (prove, (ig_str_t) { (uint8_t *) p, (size_t) (end - p) })
                != IG_OK)
            {
                abort();
            }
        }

        if (!ig_prove_found(prove, &why)) {
            abort();
        }
    }

    ig_buf_fixed(&out, bytes, sizeof(bytes));

    if (!ig_prove_write(prove, &out, &why)) {
        abort();
    }

    log_bytes(&proof, out.data, out.len);
    ig_prove_free(prove);
}


static void
good_make(void)
{
    size_t    i, k;
    maker_t  *m;

    m = maker_new("n1");
    (void) maker_writer(m, "w1");
    (void) maker_writer(m, "w2");

    for (k = 0; k < 2; k++) {
        for (i = 0; i < 4; i++) {
            maker_record(m, i & 1, &good);
            good_records++;
        }

        m->w[0].state = k ? IG_WRITER_ENDED : IG_WRITER_LIVE;
        maker_checkpoint(m, &good, NULL, NULL);
    }

    maker_free(m);
    proof_make();
}


/* the bytes as two files, cut at `at`; given in pieces */

static bool
verify(const uint8_t *data, size_t size, size_t at, size_t step,
    ig_verify_summary_t *s)
{
    bool             last;
    int              pass;
    size_t           i, n, from, end, to, used, told;
    uint32_t         row, k;
    const char      *why;
    ig_verify_t     *v;
    const uint32_t  *order;

    told = 0;
    v = ig_verify_new(report, &told);

    if (v == NULL || ig_verify_key(v, ig_str_from_c(maker_public), &why)
        != IG_OK || ig_verify_file(v, "a", false, &row) != IG_OK
        || ig_verify_file(v, "b", false, &row) != IG_OK)
    {
        abort();
    }

    order = NULL;

    for (pass = 0; pass < 2; pass++) {
        if (pass && ig_verify_order(v, &order, &n) != IG_OK) {
            abort();
        }

        for (i = 0; i < 2; i++) {
            k = pass ? order[i] : (uint32_t) i;
            from = k ? at : 0;
            end = k ? size : at;
            to = from;

            do {
                to = end - to < step ? end : to + step;
                last = to == end;

                if ((pass ? ig_verify_check : ig_verify_scan)
                    (v, k, (ig_str_t) { data + from, to - from }, last, &used)
                    != IG_OK)
                {
                    abort();
                }

                from += used;
            } while (!last);
        }
    }

    if (ig_verify_end(v, s) != IG_OK) {
        abort();
    }

    ig_verify_free(v);

    return s->verified;
}


static void
anything(const uint8_t *data, size_t size)
{
    uint8_t               key[IG_KEY_SIZE];
    const char           *why;
    ig_proof_t            p;
    ig_arena_t           *arena;
    ig_verify_summary_t   s;

    (void) verify(data, size, size / 2, size / 3 + 1, &s);

    arena = ig_arena_new(1 << 20, 0);

    if (arena == NULL || !ig_public_key(ig_str_from_c(maker_public), key, &why))
    {
        abort();
    }

    if (ig_proof_verify(&p, (ig_str_t) { data, size }, arena,
                        (const uint8_t (*)[IG_KEY_SIZE]) &key, 1, &why)
        && (size < proof.len - 1 || memcmp(data, proof.data, proof.len - 1)))
    {
        abort();
    }

    ig_arena_free(arena);
}


/* three bytes each: where, and what is added to the byte there */

static void
changed(const uint8_t *data, size_t size)
{
    size_t                i, at;
    uint8_t              *copy;
    ig_verify_summary_t   s;

    copy = malloc(good.len);
    if (copy == NULL) {
        abort();
    }

    memcpy(copy, good.data, good.len);

    for (i = 0; i + 3 <= size; i += 3) {
        at = (size_t) (data[i] << 8 | data[i + 1]) % good.len;
        copy[at] = (uint8_t) (copy[at] + data[i + 2]);
    }

    at = size ? data[0] * good.len / 256 : 0;

    while (at && good.data[at - 1] != '\n') {
        at--;
    }

    if (verify(copy, good.len, at, 1 << 20, &s) && s.sealed == good_records
        && memcmp(copy, good.data, good.len) != 0)
    {
        abort();
    }

    if (memcmp(copy, good.data, good.len) == 0 && s.sealed != good_records) {
        abort();
    }

    free(copy);
}


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t  *joined;

    if (good.data == NULL) {
        good_make();
    }

    if (size == 0) {
        return 0;
    }

    switch (data[0] % 3) {

    case 0:
        anything(data + 1, size - 1);
        break;

    case 1:
        changed(data + 1, size - 1);
        break;

    default:

        /* a good log, and anything behind it */

        joined = malloc(good.len + size);
        if (joined == NULL) {
            abort();
        }

        memcpy(joined, good.data, good.len);
        memcpy(joined + good.len, data + 1, size - 1);
        anything(joined, good.len + size - 1);
        free(joined);
    }

    return 0;
}

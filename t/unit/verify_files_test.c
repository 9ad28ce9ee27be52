/*
 * The verifier on logs of several files and nodes: rotation, torn lines,
 * writers that died, records that nobody signed, what was pruned, proofs.
 */

#include "verify_helper.h"


static maker_t *
start(run_t *run)
{
    maker_t  *m;

    memset(run, 0, sizeof(*run));
    run->key = maker_public;
    run->n = 1;
    m = maker_new("n1");
    (void) maker_writer(m, "w1");
    (void) maker_writer(m, "w2");

    return m;
}


static void
end(run_t *run, maker_t *m)
{
    maker_free(m);
    run_free(run);
}


/*
 * Three files; around each rotation the old and the new one grow together, and
 * a checkpoint stands in the old one that covers records of the new one.  Given
 * in every order.
 */

static void
rotation(run_t *run, maker_t *m, const size_t *at)
{
    size_t  k;
    log_t  *old, *new;

    for (k = 0; k < 2; k++) {
        old = &run->file[at[k]];
        new = &run->file[at[k + 1]];

        maker_records(m, 0, 4, old);
        maker_records(m, 1, 4, old);
        maker_checkpoint(m, old, &run->file[5], NULL);
        maker_records(m, 0, 2, old);
        maker_records(m, 1, 2, new);             /* w2 has reopened */
        maker_checkpoint(m, old, &run->file[5], NULL);
        maker_records(m, 0, 1, old);
        maker_records(m, 0, 3, new);
        maker_records(m, 1, 2, new);
    }

    maker_checkpoint(m, new, &run->file[5], NULL);
    run->n = 3;
}


static void
files_in_any_order(void **state)
{
    run_t                run;
    size_t               i;
    maker_t             *m;
    static const size_t  orders[][3] = {
        { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 },
        { 2, 1, 0 }
    };

    (void) state;

    for (i = 0; i < 6; i++) {
        m = start(&run);

        if (i & 1) {
            m->time_ms = 0;                      /* a clock that was wrong */
        }

        rotation(&run, m, orders[i]);
        expect_verified(&run);
        assert_int_equal(run.nfound, 0);
        assert_int_equal(run.sum.records, 36);
        assert_int_equal(run.sum.sealed, 36);

        /* a file is left out */

        log_free(&run.file[orders[i][1]]);
        run_verify(&run);
        assert_false(run.sum.verified);
        assert_true(run.sum.found[IG_VERIFY_REMOVED]
                    + run.sum.found[IG_VERIFY_CUT] > 0);
        assert_int_equal(run.sum.found[IG_VERIFY_MISSING], 1);
        end(&run, m);
    }
}


static void
several_nodes(void **state)
{
    run_t     run;
    maker_t  *m, *o;

    (void) state;
    m = start(&run);
    o = maker_new("n2");
    (void) maker_writer(o, "x1");

    /* one machine's file, another's, and two masters in one file */

    maker_records(m, 0, 3, &run.file[0]);
    maker_records(o, 0, 3, &run.file[1]);
    maker_checkpoint(o, &run.file[1], NULL, NULL);
    maker_checkpoint(m, &run.file[0], NULL, NULL);
    maker_records(o, 0, 2, &run.file[0]);
    maker_records(m, 1, 3, &run.file[0]);
    maker_checkpoint(o, &run.file[0], NULL, NULL);
    maker_checkpoint(m, &run.file[0], NULL, NULL);
    run.n = 2;
    expect_verified(&run);
    assert_int_equal(run.sum.nodes, 2);
    assert_int_equal(run.sum.sealed, 11);

    maker_free(o);
    end(&run, m);
}


static void
torn_lines(void **state)
{
    char     *copy, *p;
    run_t     run;
    size_t    len, cut, n;
    maker_t  *m;

    (void) state;

    /*
     * a write that was cut anywhere, and repeated whole: on a line of its own,
     * or with another worker's record behind the piece
     */

    m = start(&run);
    maker_records(m, 0, 2, &run.file[0]);
    maker_records(m, 1, 1, &run.file[0]);
    maker_records(m, 0, 1, &run.file[0]);
    maker_checkpoint(m, &run.file[0], NULL, NULL);

    copy = line_copy(&run.file[0], 2, &len);

    for (cut = 1; cut < len; cut++) {
        for (n = 0; n < 2; n++) {
            p = malloc(cut + 1);
            assert_non_null(p);
            memcpy(p, copy, cut);
            p[cut] = '\n';
            line_insert(&run.file[0], 2, p, cut + (n == 0));
            free(p);

            expect_verified(&run);
            assert_int_equal(run.nfound, 1);

            if (cut + 1 == len && n == 0) {      /* whole, but the newline */
                assert_int_equal(run.found[0].kind, IG_VERIFY_AGAIN);
                assert_int_equal(run.found[0].line, 3);

            } else {
                assert_int_equal(run.found[0].kind, IG_VERIFY_TORN);
                assert_int_equal(run.found[0].line, 2);
            }

            assert_int_equal(run.sum.records, 4);
            assert_int_equal(run.sum.sealed, 4);

            memmove(line_at(&run.file[0], 2),
                    line_at(&run.file[0], 2) + cut + (n == 0),
                    (size_t) (run.file[0].data + run.file[0].len
                              - line_at(&run.file[0], 2)) - cut - (n == 0));
            run.file[0].len -= cut + (n == 0);
        }
    }

    /* empty lines, zeros of a machine that went down; the last one torn */

    log_text(&run.file[0], "\n\n");
    log_bytes(&run.file[0], "\0\0\0\n", 4);
    log_bytes(&run.file[0], copy, len / 2);
    expect_verified(&run);
    assert_int_equal(run.sum.torn, 2);

    /* which hides nothing: a record cut to look torn is missing */

    run.file[0].len -= len / 2;
    line_at(&run.file[0], 2)[line_len(&run.file[0], 2) - 2] = ' ';
    run_verify(&run);
    assert_false(run.sum.verified);
    assert_int_equal(run.sum.found[IG_VERIFY_REMOVED], 1);

    free(copy);
    end(&run, m);
}


/* what a reader might take for a record and the verifier does not */

static void
foreign_lines(void **state)
{
    run_t               run;
    size_t              i, n;
    log_t               l = { NULL, 0, 0 };
    maker_t            *m;
    static const char  *lines[] = {
        "hello",
        "{ \"v\":1,\"type\":\"decision\",\"time\":\"t\",\"id\":\"x\"}",
        "{\"v\":1,\"type\":\"decision\",\"time\":\"t\",\"id\":\"x\"}",
        "{\"v\":1,\"type\":\"decision\",\"time\":\"t\",\"id\":\"x\"} ",
        "{\"v\":1,\"type\":\"decision\",\"time\":\"t\",\"id\":\"x\"}\r",
        "{\"v\":1,\"type\":\"pruned\",\"writer\":\"w1\",\"to\":9,\"id\":\"x\"}",
        NULL
    };

    (void) state;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        m = start(&run);
        maker_records(m, 0, 3, &run.file[0]);
        maker_checkpoint(m, &run.file[0], NULL, NULL);

        if (lines[i]) {
            log_text(&l, lines[i]);

        } else {
            for (n = 0; n < 3 * IG_VERIFY_LINE; n++) {
                log_text(&l, "x");
            }
        }

        log_text(&l, "\n");
        line_insert(&run.file[0], 2, l.data, l.len);
        run.chunk = 2 * IG_VERIFY_LINE;
        expect_one(&run, IG_VERIFY_FOREIGN, "a.jsonl", 2);
        log_free(&l);

        /* and before a record on its line */

        line_remove(&run.file[0], 2);

        if (lines[i]) {
            line_insert(&run.file[0], 2, lines[i], strlen(lines[i]));
            run_verify(&run);

            /* a whole one may have lost its newline, and is written again */

            assert_int_equal(run.sum.verified, i == 2 || i == 5);
            assert_int_equal(run.found[0].line, 2);
        }

        end(&run, m);
    }
}


static void
dead_writers(void **state)
{
    run_t     run;
    maker_t  *m;

    (void) state;

    /* killed with 2 in flight, of which one came to the file */

    m = start(&run);
    maker_records(m, 0, 3, &run.file[0]);
    maker_records(m, 1, 3, &run.file[0]);
    m->w[0].state = IG_WRITER_KILLED;
    m->w[0].in_flight = 2;
    maker_checkpoint(m, &run.file[0], NULL, NULL);
    maker_records(m, 0, 1, &run.file[0]);
    maker_records(m, 1, 3, &run.file[0]);
    maker_checkpoint(m, &run.file[0], NULL, NULL);
    maker_checkpoint(m, &run.file[0], NULL, NULL);
    maker_checkpoint(m, &run.file[0], NULL, NULL);
    expect_verified(&run);
    assert_int_equal(run.sum.in_flight, 1);
    assert_int_equal(run.sum.sealed, 9);

    /* a third is one too many */

    maker_records(m, 0, 2, &run.file[0]);
    expect_one(&run, IG_VERIFY_UNSEALED, "a.jsonl", 8);
    end(&run, m);

    /* after its end there is nothing */

    m = start(&run);
    maker_records(m, 0, 3, &run.file[0]);
    m->w[0].state = IG_WRITER_ENDED;
    maker_checkpoint(m, &run.file[0], NULL, NULL);
    expect_verified(&run);
    maker_records(m, 0, 1, &run.file[0]);
    expect_one(&run, IG_VERIFY_UNSEALED, "a.jsonl", 5);
    end(&run, m);
}


/* an unknown writer's chain, whole, of which no checkpoint knows */

static void
added_writer(void **state)
{
    run_t     run;
    size_t    n;
    log_t     forged = { NULL, 0, 0 };
    maker_t  *m, *f;

    (void) state;
    f = maker_new("n1");
    (void) maker_writer(f, "zz");
    maker_record(f, 0, &forged);

    m = start(&run);

    for (n = 0; n < 3; n++) {
        maker_records(m, 0, 2, &run.file[0]);
        maker_checkpoint(m, &run.file[0], NULL, NULL);
    }

    maker_records(m, 0, 1, &run.file[0]);

    for (n = 1; n < 6; n++) {
        line_insert(&run.file[0], n, forged.data, forged.len);
        expect_one(&run, IG_VERIFY_UNSEALED, "a.jsonl", n);
        line_remove(&run.file[0], n);
    }

    /* behind the last but one it may be one that began just now */

    line_insert(&run.file[0], 10, forged.data, forged.len);
    expect_verified(&run);
    assert_int_equal(run.sum.unsigned_yet, 2);
    line_remove(&run.file[0], 10);

    /* in a file of its own, which no node signs and which is not younger */

    log_bytes(&run.file[1], forged.data, forged.len);
    run.n = 2;
    expect_one(&run, IG_VERIFY_UNSEALED, "b.jsonl", 1);

    log_free(&forged);
    maker_free(f);
    end(&run, m);
}


static void
not_chained(void **state)
{
    run_t     run;
    maker_t  *m;

    (void) state;
    m = start(&run);
    log_text(&run.file[0], "{\"v\":1,\"type\":\"outcome\",\"time\":"
             "\"2026-11-24T08:22:29.123Z\",\"writer\":\"old\",\"seq\":7,"
             "\"id\":\"r\",\"status\":200}\n");
    maker_records(m, 0, 1, &run.file[0]);
    maker_checkpoint(m, &run.file[0], NULL, NULL);
    expect_one(&run, IG_VERIFY_NOT_CHAINED, "a.jsonl", 1);
    end(&run, m);
}


/* each file of a rotated log pruned in turn, and what stays still verifies */

static void
prune(run_t *run, size_t file, const char *before, const char *expected)
{
    size_t           i, n;
    ig_buf_t         out;
    const char      *why, *p, *line_end;
    log_t            stays = { NULL, 0, 0 };
    const uint32_t  *order;
    static uint8_t   bytes[65536];

    ig_buf_fixed(&out, bytes, sizeof(bytes));
    run_begin(run);
    assert_int_equal(ig_verify_order(run->v, &order, &n), IG_OK);

    for (i = 0; i < n; i++) {
        run_pass(run, order[i], true);

        if (order[i] == file) {
            assert_int_equal(ig_verify_prune(run->v, order[i],
                                             ig_str_from_c(before), &out,
                                             &why), IG_OK);
        }
    }

    run_end(run);
    assert_true(run->sum.verified);

    if (expected) {
        assert_non_null(why);
        assert_non_null(strstr(why, expected));
        return;
    }

    assert_null(why);

    for (p = run->file[file].data; p < run->file[file].data
                                       + run->file[file].len; p = line_end)
    {
        line_end = (char *) memchr(p, '\n', 1 << 20) + 1;

        if (strncmp(p, "{\"v\":1,\"type\":\"checkpoint\"", 26) == 0) {
            log_bytes(&stays, p, (size_t) (line_end - p));
        }
    }

    log_bytes(&stays, out.data, out.len);
    log_free(&run->file[file]);
    run->file[file] = stays;
}


static void
pruned(void **state)
{
    char                *p;
    run_t                run;
    maker_t             *m;
    static const size_t  order[] = { 1, 0, 2 };

    (void) state;
    m = start(&run);
    rotation(&run, m, order);

    prune(&run, 1, "2026-11-24T08:22:29.124", "not older");
    prune(&run, 1, "2027", NULL);
    expect_verified(&run);
    assert_int_equal(run.nfound, 0);
    assert_int_equal(run.sum.pruned, 11);
    assert_int_equal(run.sum.sealed, 25);

    /* the middle one, without the first, which had to go before */

    prune(&run, 0, "2027", NULL);
    expect_verified(&run);
    assert_int_equal(run.sum.pruned + run.sum.sealed, 36);

    /* its hashes prove the rest of a range that began in it */

    p = strstr(run.file[0].data, "\"nodes\":[\"");
    assert_non_null(p);
    p[12] = p[12] == 'a' ? 'b' : 'a';
    run_verify(&run);
    assert_false(run.sum.verified);
    p[12] = p[12] == 'a' ? 'b' : 'a';

    /* without what stays, they are missing */

    log_free(&run.file[0]);
    run_verify(&run);
    assert_false(run.sum.verified);
    end(&run, m);

    /* the one in the middle was not pruned by this rule */

    m = start(&run);
    rotation(&run, m, order);
    prune(&run, 0, "2027", NULL);
    run_verify(&run);
    assert_false(run.sum.verified);
    end(&run, m);

    /* what is not sealed stays */

    m = start(&run);
    rotation(&run, m, order);
    maker_records(m, 0, 1, &run.file[2]);
    prune(&run, 2, "2027", "no checkpoint seals");
    end(&run, m);
}


/* -- proofs --------------------------------------------------------------- */

static void
prove_lines(ig_prove_t *p, const log_t *l,
    ig_rc_t (*take)(ig_prove_t *p, ig_str_t line))
{
    const char  *at, *line_end;

    for (at = l->data; at < l->data + l->len; at = line_end + 1) {
        line_end = memchr(at, '\n', (size_t) (l->data + l->len - at));
        assert_int_equal(take(p, (ig_str_t) { (const uint8_t *) at,
                                              (size_t) (line_end - at) }),
                         IG_OK);
    }
}


static bool
prove(const log_t *l, const ig_prove_ask_t *ask, ig_buf_t *out)
{
    bool         ok;
    const char  *why;
    ig_prove_t  *p;

    p = ig_prove_new(ask);
    assert_non_null(p);
    prove_lines(p, l, ig_prove_find);
    ok = ig_prove_found(p, &why);

    if (ok) {
        prove_lines(p, l, ig_prove_hash);
        ok = ig_prove_write(p, out, &why);
    }

    ig_prove_free(p);

    return ok;
}


static void
proofs(void **state)
{
    bool                 ok;
    run_t                run;
    size_t               n, seq, i;
    uint8_t              keys[2][IG_KEY_SIZE];
    ig_buf_t             out;
    maker_t             *m;
    ig_proof_t           proof;
    const char          *why;
    ig_arena_t          *arena;
    ig_prove_ask_t       ask;
    static uint8_t       bytes[65536];

    (void) state;
    arena = ig_arena_new(1 << 24, 0);
    assert_non_null(arena);
    memset(keys[0], 7, IG_KEY_SIZE);
    assert_true(ig_public_key(ig_str_from_c(maker_public), keys[1], &why));

    for (n = 1; n < 20; n++) {
        m = start(&run);
        maker_records(m, 1, 3, &run.file[0]);
        maker_records(m, 0, 2, &run.file[0]);
        maker_checkpoint(m, &run.file[0], NULL, NULL);
        maker_records(m, 0, n, &run.file[0]);
        maker_checkpoint(m, &run.file[0], NULL, NULL);
        maker_records(m, 0, 1, &run.file[0]);

        for (seq = 1; seq <= n + 2; seq++) {
            memset(&ask, 0, sizeof(ask));
            ask.writer = IG_STR("w1");
            ask.seq = seq;
            ig_buf_fixed(&out, bytes, sizeof(bytes));
            assert_true(prove(&run.file[0], &ask, &out));
            assert_true(ig_proof_verify(&proof,
                                        (ig_str_t) { out.data, out.len },
                                        arena,
                                        (const uint8_t (*)[IG_KEY_SIZE]) keys,
                                        2, &why));
            assert_int_equal(proof.seq, seq);
            assert_int_equal(proof.number, seq < 3 ? 1 : 2);
            ig_arena_reset(arena);
        }

        /* no byte of a proof may be another */

        for (i = 0; n == 5 && i + 1 < out.len; i++) {
            out.data[i] ^= 1;
            ok = ig_proof_verify(&proof, (ig_str_t) { out.data, out.len },
                                 arena,
                                 (const uint8_t (*)[IG_KEY_SIZE]) keys, 2,
                                 &why);
            assert_false(ok);
            out.data[i] ^= 1;
            ig_arena_reset(arena);
        }

        /* another's key, and what is not sealed yet */

        assert_false(ig_proof_verify(&proof, (ig_str_t) { out.data, out.len },
                                     arena,
                                     (const uint8_t (*)[IG_KEY_SIZE]) keys, 1,
                                     &why));
        ask.seq = n + 3;
        assert_false(prove(&run.file[0], &ask, &out));

        /* a request's, by its id */

        memset(&ask, 0, sizeof(ask));
        ask.id = IG_STR("r2");
        ig_buf_fixed(&out, bytes, sizeof(bytes));
        assert_true(prove(&run.file[0], &ask, &out));
        ask.id = IG_STR("r99");
        assert_false(prove(&run.file[0], &ask, &out));

        /* an altered neighbour: no proof, rather than a wrong one */

        line_at(&run.file[0], 4)[210] ^= 1;
        memset(&ask, 0, sizeof(ask));
        ask.writer = IG_STR("w1");
        ask.seq = 2;
        ig_buf_fixed(&out, bytes, sizeof(bytes));
        assert_false(prove(&run.file[0], &ask, &out));

        end(&run, m);
    }

    ig_arena_free(arena);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(files_in_any_order),
        cmocka_unit_test(several_nodes),
        cmocka_unit_test(torn_lines),
        cmocka_unit_test(foreign_lines),
        cmocka_unit_test(dead_writers),
        cmocka_unit_test(added_writer),
        cmocka_unit_test(not_chained),
        cmocka_unit_test(pruned),
        cmocka_unit_test(proofs)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

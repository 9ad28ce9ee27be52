/*
 * The verifier on logs that were written as they should, and on what an
 * attacker makes of them: each attack is found and named with its line.
 */

#include "verify_helper.h"


/*
 * Two writers, 5 records each before each of three checkpoints, one line each
 * in turn: lines 11, 22 and 33 are checkpoints, two records of each follow.
 */

static maker_t *
usual(run_t *run)
{
    size_t    i, k;
    maker_t  *m;

    memset(run, 0, sizeof(*run));
    run->key = maker_public;
    run->n = 1;

    m = maker_new("n1");
    (void) maker_writer(m, "w1");
    (void) maker_writer(m, "w2");

    for (k = 0; k < 3; k++) {
        for (i = 0; i < 5; i++) {
            maker_record(m, 0, &run->file[0]);
            maker_record(m, 1, &run->file[0]);
        }

        maker_checkpoint(m, &run->file[0], &run->file[5], NULL);
    }

    for (i = 0; i < 2; i++) {
        maker_record(m, 0, &run->file[0]);
        maker_record(m, 1, &run->file[0]);
    }

    return m;
}


static void
end(run_t *run, maker_t *m)
{
    maker_free(m);
    run_free(run);
}


static void
good_log(void **state)
{
    run_t            run;
    maker_t         *m;
    size_t           chunk;
    ig_verify_node_t node;

    (void) state;
    m = usual(&run);

    for (chunk = 1; chunk < 70000; chunk = chunk * 3 + 1) {
        run.chunk = chunk;
        expect_verified(&run);
        assert_int_equal(run.nfound, 0);
        assert_int_equal(run.sum.records, 34);
        assert_int_equal(run.sum.sealed, 30);
        assert_int_equal(run.sum.unsigned_yet, 4);
        assert_int_equal(run.sum.checkpoints, 3);
        assert_int_equal(run.sum.writers, 2);
    }

    run_begin(&run);
    assert_false(ig_verify_node(run.v, 0, &node));
    run_end(&run);

    end(&run, m);
}


static void
without_a_key(void **state)
{
    run_t     run;
    maker_t  *m;

    (void) state;
    m = usual(&run);
    run.key = NULL;
    run_verify(&run);
    assert_true(run.sum.whole);
    assert_false(run.sum.verified);
    assert_int_equal(run.sum.sealed, 0);

    line_at(&run.file[0], 3)[200] ^= 1;
    expect_one(&run, IG_VERIFY_ALTERED, "a.jsonl", 3);
    end(&run, m);
}


static void
altered(void **state)
{
    run_t     run;
    size_t    n, i, len;
    maker_t  *m;

    (void) state;
    m = usual(&run);

    /* each record but the last of each writer, whose hash nobody has yet */

    for (n = 1; n <= 35; n++) {
        if (n % 11 == 0) {
            continue;
        }

        line_at(&run.file[0], n)[210] ^= 1;
        run_verify(&run);
        assert_false(run.sum.verified);
        assert_true(run.sum.found[IG_VERIFY_ALTERED]
                    + run.sum.found[IG_VERIFY_REWRITTEN] == 1);

        if (run.sum.found[IG_VERIFY_ALTERED]) {
            assert_int_equal(run.found[0].line, n);
        }

        line_at(&run.file[0], n)[210] ^= 1;
    }

    /* any byte of a record in the middle, one at a time */

    len = line_len(&run.file[0], 13);

    for (i = 0; i + 1 < len; i++) {
        line_at(&run.file[0], 13)[i] ^= 1;
        run_verify(&run);
        assert_false(run.sum.verified);
        assert_true(run.nfound > 0);
        line_at(&run.file[0], 13)[i] ^= 1;
    }

    expect_verified(&run);
    end(&run, m);
}


static void
altered_prev(void **state)
{
    run_t     run;
    char     *p;
    maker_t  *m;

    (void) state;
    m = usual(&run);

    /* the first under a checkpoint: the one before it is sealed */

    p = strstr(line_at(&run.file[0], 12), "\"prev\":\"") + 8;
    *p = *p == 'a' ? 'b' : 'a';
    run_verify(&run);
    assert_int_equal(run.found[0].kind, IG_VERIFY_ALTERED);
    assert_int_equal(run.found[0].line, 12);
    end(&run, m);
}


static void
removed(void **state)
{
    run_t     run;
    maker_t  *m;

    (void) state;
    m = usual(&run);
    line_remove(&run.file[0], 5);                /* record 3 of w1 */
    expect_one(&run, IG_VERIFY_REMOVED, "a.jsonl", 6);
    assert_non_null(strstr(run.found[0].text, "records 3 to 3 of writer w1"));
    assert_non_null(strstr(run.found[0].text, "a.jsonl:3 and"));
    end(&run, m);

    /* a writer's first */

    m = usual(&run);
    line_remove(&run.file[0], 1);
    expect_one(&run, IG_VERIFY_REMOVED, "a.jsonl", 2);
    end(&run, m);

    /* the last that a checkpoint seals, and all behind it */

    m = usual(&run);
    line_remove(&run.file[0], 36);
    line_remove(&run.file[0], 34);
    line_remove(&run.file[0], 31);
    expect_one(&run, IG_VERIFY_CUT, "a.jsonl", 29);
    assert_non_null(strstr(run.found[0].text, "15 to 15 of writer w1"));
    end(&run, m);
}


static void
inserted_and_repeated(void **state)
{
    char     *copy;
    run_t     run;
    size_t    len;
    maker_t  *m;

    (void) state;

    /* the same line once more, nearby and far away */

    m = usual(&run);
    copy = line_copy(&run.file[0], 5, &len);
    line_insert(&run.file[0], 8, copy, len);
    expect_one(&run, IG_VERIFY_REPEATED, "a.jsonl", 8);
    assert_non_null(strstr(run.found[0].text, "a.jsonl:5"));
    line_remove(&run.file[0], 8);
    line_insert(&run.file[0], 30, copy, len);
    expect_one(&run, IG_VERIFY_REPEATED, "a.jsonl", 30);
    line_remove(&run.file[0], 30);

    /* another content under a number that is there */

    copy[210] ^= 1;
    line_insert(&run.file[0], 6, copy, len);
    expect_one(&run, IG_VERIFY_INSERTED, "a.jsonl", 6);
    assert_non_null(strstr(run.found[0].text, "a.jsonl:5"));
    free(copy);
    end(&run, m);
}


static void
reordered(void **state)
{
    run_t     run;
    maker_t  *m;

    (void) state;
    m = usual(&run);
    line_move(&run.file[0], 3, 6);               /* behind record 3 of w1 */
    run_verify(&run);
    assert_int_equal(run.sum.found[IG_VERIFY_REORDERED], 1);
    assert_int_equal(run.sum.found[IG_VERIFY_REMOVED], 0);
    assert_false(run.sum.verified);
    assert_int_equal(run.found[0].line, 6);
    end(&run, m);

    /* between writers there is no order to break */

    m = usual(&run);
    line_move(&run.file[0], 3, 4);
    expect_verified(&run);
    end(&run, m);
}


/* the whole chain anew after a change: all hashes hold but the sealed ones */

static void
rewritten(void **state)
{
    run_t     run;
    size_t    i;
    log_t     forged = { NULL, 0, 0 };
    maker_t  *m, *f;

    (void) state;
    m = usual(&run);
    f = maker_new("n1");
    (void) maker_writer(f, "w1");
    f->padding = 101;
    maker_records(f, 0, 17, &forged);

    for (i = 0; i < 17; i++) {
        size_t  n = i / 5 * 11 + i % 5 * 2 + 1;

        line_remove(&run.file[0], n);
        line_insert(&run.file[0], n, line_at(&forged, i + 1),
                    line_len(&forged, i + 1));
    }

    run_verify(&run);
    assert_false(run.sum.verified);
    assert_int_equal(run.sum.found[IG_VERIFY_REWRITTEN], 3);
    assert_int_equal(run.found[0].line, 9);
    assert_non_null(strstr(run.found[0].text, "1 to 5 of writer w1"));
    assert_non_null(strstr(run.found[0].text, "a.jsonl:11"));

    /* which nobody sees who has no checkpoint */

    line_remove(&run.file[0], 33);
    line_remove(&run.file[0], 22);
    line_remove(&run.file[0], 11);
    run_verify(&run);
    assert_false(run.sum.verified);
    assert_int_equal(run.sum.found[IG_VERIFY_NOTHING_SIGNED], 1);

    log_free(&forged);
    maker_free(f);
    end(&run, m);
}


static void
left_out(void **state)
{
    run_t     run;
    size_t    n;
    maker_t  *m;

    (void) state;
    m = usual(&run);

    for (n = 37; n > 0; n--) {
        if (strncmp(strstr(line_at(&run.file[0], n), "\"writer") + 10, "w2", 2)
            == 0 && strstr(line_at(&run.file[0], n), "outcome")
                    < line_at(&run.file[0], n) + 30)
        {
            line_remove(&run.file[0], n);
        }
    }

    expect_one(&run, IG_VERIFY_LEFT_OUT, "a.jsonl", 18);
    assert_non_null(strstr(run.found[0].text, "1 to 15 of writer w2"));
    end(&run, m);
}


static void
cut_tail(void **state)
{
    run_t     run;
    maker_t  *m;

    (void) state;
    m = usual(&run);

    /* everything after the second checkpoint: the log alone cannot tell */

    run.file[0].len = (size_t) (line_at(&run.file[0], 23) - run.file[0].data);
    expect_verified(&run);

    /* a copy kept elsewhere can; syslog wrote something before each line */

    log_text(&run.file[1], "no checkpoint\n");
    log_text(&run.file[1], "<134>1 2026-11-24T08:22:29Z host nginx - - - ");
    log_bytes(&run.file[1], line_at(&run.file[5], 3),
              line_len(&run.file[5], 3));
    run.n = 2;
    run.kept[1] = true;
    run_verify(&run);
    assert_false(run.sum.verified);
    assert_int_equal(run.sum.found[IG_VERIFY_CUT], 2);
    assert_int_equal(run.sum.found[IG_VERIFY_ELSEWHERE], 1);

    /* and says nothing more when all is there */

    end(&run, m);
    m = usual(&run);
    log_bytes(&run.file[1], run.file[5].data, run.file[5].len);
    run.n = 2;
    run.kept[1] = true;
    expect_verified(&run);
    assert_int_equal(run.nfound, 0);
    end(&run, m);
}


static void
checkpoints_missing(void **state)
{
    run_t     run;
    maker_t  *m;

    (void) state;
    m = usual(&run);
    line_remove(&run.file[0], 22);
    run_verify(&run);
    assert_false(run.sum.verified);
    assert_int_equal(run.sum.found[IG_VERIFY_MISSING], 1);
    assert_non_null(strstr(run.found[0].text, "2 to 2 of node n1"));
    assert_int_equal(run.found[0].line, 32);
    end(&run, m);

    /* the beginning of the log */

    m = usual(&run);
    run.file[0].len -= (size_t) (line_at(&run.file[0], 12) - run.file[0].data);
    memmove(run.file[0].data, line_at(&run.file[0], 12), run.file[0].len);
    run_verify(&run);
    assert_false(run.sum.verified);
    assert_int_equal(run.sum.found[IG_VERIFY_MISSING], 1);
    assert_int_equal(run.sum.found[IG_VERIFY_REMOVED], 2);
    end(&run, m);
}


/* the log of another node, or of another life of this one, in its place */

static void
swapped(void **state)
{
    run_t     run, other;
    maker_t  *m, *o;

    (void) state;
    m = usual(&run);
    o = usual(&other);
    maker_free(o);
    run_free(&other);

    o = maker_new("n1");
    (void) maker_writer(o, "w3");
    maker_records(o, 0, 3, &run.file[1]);
    maker_checkpoint(o, &run.file[1], NULL, NULL);
    run.n = 2;
    run_verify(&run);
    assert_false(run.sum.verified);
    assert_true(run.sum.found[IG_VERIFY_SWAPPED] >= 1);

    /* the node's own checkpoints, kept elsewhere, are not this log's */

    log_free(&run.file[0]);
    log_bytes(&run.file[0], run.file[1].data, run.file[1].len);
    log_free(&run.file[1]);
    log_bytes(&run.file[1], run.file[5].data, run.file[5].len);
    run.kept[1] = true;
    run_verify(&run);
    assert_false(run.sum.verified);
    assert_true(run.sum.found[IG_VERIFY_SWAPPED] >= 1);
    assert_int_equal(run.sum.found[IG_VERIFY_LEFT_OUT], 2);

    maker_free(o);
    end(&run, m);
}


static void
signatures(void **state)
{
    run_t     run;
    char     *p;
    maker_t  *m;

    (void) state;

    /* signed by somebody else */

    m = usual(&run);
    maker_sign_with(m, maker_key_2);
    maker_checkpoint(m, &run.file[0], NULL, NULL);
    expect_one(&run, IG_VERIFY_UNKNOWN_KEY, "a.jsonl", 38);
    end(&run, m);

    /* changed, in a way that the chain of checkpoints does not see */

    m = usual(&run);
    p = strstr(line_at(&run.file[0], 33), "\"signature\":\"") + 20;
    *p = *p == 'a' ? 'b' : 'a';
    expect_one(&run, IG_VERIFY_BAD_SIGNATURE, "a.jsonl", 33);
    end(&run, m);

    m = usual(&run);
    *(strstr(line_at(&run.file[0], 33), "\"state\"") + 2) = 'x';
    run_verify(&run);
    assert_int_equal(run.sum.found[IG_VERIFY_INVALID], 1);
    assert_false(run.sum.verified);
    end(&run, m);
}


static void
key_rotation(void **state)
{
    run_t         run;
    maker_t      *m;
    const char   *why;
    ig_signer_t  *next;

    (void) state;

    /* announced: the first key is enough */

    next = ig_signer_new(ig_str_from_c(maker_key_2), &why);
    assert_non_null(next);
    m = usual(&run);
    maker_checkpoint(m, &run.file[0], NULL, ig_signer_public(next));
    maker_sign_with(m, maker_key_2);
    maker_records(m, 0, 2, &run.file[0]);
    maker_checkpoint(m, &run.file[0], NULL, NULL);
    expect_verified(&run);
    assert_int_equal(run.sum.sealed, 36);
    assert_int_equal(run.nfound, 0);

    /* the old key is destroyed by then: whoever signs with it is another */

    maker_sign_with(m, maker_key);
    maker_checkpoint(m, &run.file[0], NULL, NULL);
    expect_one(&run, IG_VERIFY_UNKNOWN_KEY, "a.jsonl", 42);
    end(&run, m);

    m = usual(&run);
    maker_checkpoint(m, &run.file[0], NULL, ig_signer_public(next));
    maker_checkpoint(m, &run.file[0], NULL, NULL);
    expect_one(&run, IG_VERIFY_UNKNOWN_KEY, "a.jsonl", 39);
    end(&run, m);

    ig_signer_free(next);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(good_log),
        cmocka_unit_test(without_a_key),
        cmocka_unit_test(altered),
        cmocka_unit_test(altered_prev),
        cmocka_unit_test(removed),
        cmocka_unit_test(inserted_and_repeated),
        cmocka_unit_test(reordered),
        cmocka_unit_test(rewritten),
        cmocka_unit_test(left_out),
        cmocka_unit_test(cut_tail),
        cmocka_unit_test(checkpoints_missing),
        cmocka_unit_test(swapped),
        cmocka_unit_test(signatures),
        cmocka_unit_test(key_rotation)
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

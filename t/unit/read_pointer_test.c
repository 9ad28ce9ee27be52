/*
 * JSON pointers of bytes.
 */

#include "read_helpers.h"


static const char  body[] =
    " {\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"AAA\"},"
    "{\"content\":[{\"text\":\"x,]}{[\\\"y\"},{\"text\":\"BBB\"}]}],"
    "\"a/b\":{\"k\":\"CCC\"},\"\xd8\xa7\":[[1,[22222]]],\"a\\u0062\":\"DDD\","
    "\"\":333, \"metadata\" : { \"user-id\" : 4444 } ,\"e\":{},\"f\":[],"
    "\"key_of_a_length_that_is_more_than_the_sixty_four_bytes_that_are_kept_"
    "here\":\"EEE\",\"x\":{\"2000000006\":55555,\"k1234\":66666}}";

static const struct {
    const char  *find;
    size_t       skip;
    const char  *pointer;
} cases[] = {
    { "model", 0, "/~" },
    { "\"m\"", 1, "/model" },
    { "messages", 0, "/~" },
    { "AAA", 2, "/messages/0/content" },
    { "role", 0, "/messages/0/~" },
    { "x,]}", 3, "/messages/1/content/0/text" },
    { "BBB", 0, "/messages/1/content/1/text" },
    { "a/b", 0, "/~" },
    { "CCC", 0, "/~/k" },
    { "22222", 4, "/~/0/1/0" },
    { "DDD", 0, "/~" },
    { "333", 0, "/" },
    { "4444", 0, "/metadata/user-id" },
    { "user-id", 6, "/metadata/~" },
    { "EEE", 0, "/~" },
    { "2000000006", 0, "/x/~" },
    { "55555", 0, "/x/~" },
    { "66666", 0, "/x/k1234" },
};


static void
test_pointers(void **state)
{
    char       out[256];
    size_t     i;
    ig_buf_t   b;

    (void) state;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char  *at;

        at = strstr(body, cases[i].find);
        assert_non_null(at);

        ig_buf_fixed(&b, out, sizeof(out));
        ig_json_pointer(IG_STR(body), (size_t) (at - body) + cases[i].skip, &b);

        out[b.len] = '\0';
        assert_string_equal(out, cases[i].pointer);
    }
}


/* any place, and none: no crash and never a byte of data that is no name */

static void
test_anywhere(void **state)
{
    char       out[256];
    size_t     i, k;
    ig_buf_t   b;
    guarded_t  g;
    ig_str_t   s;

    (void) state;

    guarded_open(&g, 4096);

    for (i = 0; i <= strlen(body) + 1; i++) {
        s = guarded_end(&g, IG_STR(body));

        ig_buf_fixed(&b, out, sizeof(out));
        ig_json_pointer(s, i, &b);
        assert_false(b.failed);

        for (k = 0; k < b.len; k++) {
            assert_non_null(strchr("/~_.$-0123456789abcdefghijklmnopqrstuvwxyz",
                                   out[k]));
        }

        /* and a body that is cut */

        s = guarded_end(&g, (ig_str_t) { (const uint8_t *) body,
                                         i < strlen(body) ? i : 0 });
        ig_buf_fixed(&b, out, sizeof(out));
        ig_json_pointer(s, SIZE_MAX, &b);
    }

    guarded_close(&g);
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_pointers),
        cmocka_unit_test(test_anywhere),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

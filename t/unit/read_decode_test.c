/*
 * Content-Encoding: what decodes, what does not, and the bounds.
 */

#include "read_helpers.h"

#include <zlib.h>


#define GZIP   (MAX_WBITS + 16)
#define ZLIB   MAX_WBITS
#define RAW    (-MAX_WBITS)

static ig_arena_t  *arena;
static guarded_t    guard;
static uint8_t      packed[1u << 20];


static ig_str_t
pack(ig_str_t s, int window)
{
    z_stream  z;

    memset(&z, 0, sizeof(z));

    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 8,
                                  Z_DEFAULT_STRATEGY), Z_OK);

    z.next_in = (z_const Bytef *) s.data;
    z.avail_in = (uInt) s.len;
    z.next_out = packed;
    z.avail_out = sizeof(packed) - 16;

    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(deflateEnd(&z), Z_OK);

    return (ig_str_t) { packed, sizeof(packed) - 16 - z.avail_out };
}


static ig_reason_t
decode(const char *encoding, ig_str_t body, size_t max_size, unsigned ratio,
    ig_str_t *out)
{
    ig_reason_t  reason;

    ig_arena_reset(arena);

    assert_int_equal(ig_decode(ig_str_from_c(encoding), body, max_size, ratio,
                               arena, out, &reason), IG_OK);

    if (reason != IG_REASON_NONE) {
        assert_int_equal(out->len, 0);
    }

    return reason;
}


static const char  text[] =
    "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"one two "
    "three four five six seven eight nine ten one two three four five\"}]}";

static const struct {
    const char  *encoding;
    int          window;
} kinds[] = {
    { "gzip", GZIP },
    { "GZip", GZIP },
    { "x-gzip", GZIP },
    { " gzip\t", GZIP },
    { "deflate", ZLIB },
    { "Deflate", ZLIB },
    { "deflate", RAW },
};

#define KINDS  (sizeof(kinds) / sizeof(kinds[0]))


static void
test_kinds(void **state)
{
    size_t    i, n;
    ig_str_t  body, s, out;

    (void) state;

    for (i = 0; i < KINDS; i++) {
        body = pack(IG_STR(text), kinds[i].window);

        s = guarded_end(&guard, body);
        assert_int_equal(decode(kinds[i].encoding, s, 4096, 100, &out),
                         IG_REASON_NONE);
        assert_true(ig_str_eq(out, IG_STR(text)));

        /* cut anywhere, it is refused */

        for (n = 0; n < body.len; n++) {
            s = guarded_end(&guard, (ig_str_t) { body.data, n });
            assert_int_not_equal(decode(kinds[i].encoding, s, 4096, 100, &out),
                                 IG_REASON_NONE);
        }

        /* so is what follows, be it a second member */

        packed[body.len] = 0;
        s = guarded_end(&guard, (ig_str_t) { body.data, body.len + 1 });
        assert_int_not_equal(decode(kinds[i].encoding, s, 4096, 100, &out),
                             IG_REASON_NONE);

        memmove(packed + body.len, packed, body.len);
        s = guarded_end(&guard, (ig_str_t) { body.data, 2 * body.len });
        assert_int_equal(decode(kinds[i].encoding, s, 4096, 100, &out),
                         IG_REASON_invalid_encoding);
    }
}


/* one byte changed: another text only where no checksum is (raw) */

static void
test_every_byte(void **state)
{
    size_t       i, k;
    ig_str_t     body, s, out;
    ig_reason_t  reason;

    (void) state;

    for (i = 0; i < KINDS; i++) {
        body = pack(IG_STR(text), kinds[i].window);

        for (k = 0; k < body.len * 8; k++) {
            packed[k / 8] ^= (uint8_t) (1 << (k & 7));
            s = guarded_end(&guard, body);
            reason = decode(kinds[i].encoding, s, 4096, 100, &out);

            if (kinds[i].window != RAW && reason == IG_REASON_NONE) {
                assert_true(ig_str_eq(out, IG_STR(text)));
            }

            packed[k / 8] ^= (uint8_t) (1 << (k & 7));
        }
    }
}


static void
test_names(void **state)
{
    size_t                    i;
    ig_str_t                  out;
    static const char *const  unsupported[] = {
        "br", "zstd", "compress", "gzip, gzip", "gzip,", "identity, gzip",
        ",gzip", "gzip;q=1", "gzipx", "*", "chunked", "x-deflate"
    };

    (void) state;

    for (i = 0; i < sizeof(unsupported) / sizeof(unsupported[0]); i++) {
        assert_int_equal(decode(unsupported[i], IG_STR(text), 4096, 100, &out),
                         IG_REASON_unsupported_encoding);
    }

    assert_int_equal(decode("", IG_STR(text), 4096, 1, &out), IG_REASON_NONE);
    assert_ptr_equal(out.data, text);
    assert_int_equal(decode("Identity", IG_STR(text), 4096, 1, &out),
                     IG_REASON_NONE);
    assert_int_equal(decode("identity", IG_STR(text), 10, 1, &out),
                     IG_REASON_body_too_large);
}


/* zeros: a thousand to one */

static void
test_bounds(void **state)
{
    size_t                i, n;
    uint8_t              *zeros;
    ig_str_t              body, out;
    static const size_t   sizes[] = { 65536, 300000, 8u << 20 };

    (void) state;

    zeros = calloc(1, 8u << 20);
    assert_non_null(zeros);

    for (i = 0; i < KINDS; i++) {
        for (n = 0; n < 3; n++) {
            body = pack((ig_str_t) { zeros, sizes[n] }, kinds[i].window);

            /* to the byte */

            assert_int_equal(decode(kinds[i].encoding, body, sizes[n], 2000,
                                    &out), IG_REASON_NONE);
            assert_int_equal(out.len, sizes[n]);
            assert_int_equal(out.data[out.len - 1], 0);

            /* the decoded bytes and a constant, no more */

            assert_true(ig_arena_used(arena) < sizes[n] + 128 * 1024);

            assert_int_equal(decode(kinds[i].encoding, body, sizes[n] - 1,
                                    2000, &out), IG_REASON_decoded_too_large);
            assert_true(ig_arena_used(arena) < 128 * 1024);

            /* beyond the first 64 KB the ratio counts */

            assert_int_equal(decode(kinds[i].encoding, body, sizes[n], 10,
                                    &out),
                             n == 0 ? IG_REASON_NONE
                                    : IG_REASON_decoded_too_large);
        }
    }

    free(zeros);
}


/* gzip's own size is not believed */

static void
test_gzip_size(void **state)
{
    size_t    k;
    ig_str_t  body, out;

    (void) state;

    for (k = 0; k < 4; k++) {
        body = pack(IG_STR(text), GZIP);
        packed[body.len - 4 + k] ^= 1;

        assert_int_not_equal(decode("gzip", body, 1u << 20, 1000, &out),
                             IG_REASON_NONE);
    }
}


/* no size at all, and the arena's bound at every place */

static void
test_no_memory(void **state)
{
    size_t       i, limit;
    ig_rc_t      rc;
    ig_str_t     body, out;
    ig_arena_t  *small;
    ig_reason_t  reason;

    (void) state;

    for (i = 0; i < KINDS; i++) {
        body = pack(IG_NO_STR, kinds[i].window);
        assert_int_equal(decode(kinds[i].encoding, body, 4096, 1, &out),
                         IG_REASON_NONE);
        assert_int_equal(out.len, 0);

        body = pack(IG_STR(text), kinds[i].window);
        rc = IG_LIMIT;

        for (limit = 0; rc != IG_OK; limit += 1000) {
            small = ig_arena_new(limit, 0);
            assert_non_null(small);

            rc = ig_decode(ig_str_from_c(kinds[i].encoding), body, 4096, 100,
                           small, &out, &reason);
            assert_true(rc == IG_OK || rc == IG_LIMIT);
            ig_arena_free(small);
        }

        assert_int_equal(reason, IG_REASON_NONE);
    }
}


int
main(void)
{
    int                      rc;
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_gzip_size),
        cmocka_unit_test(test_no_memory),
    };

    arena = ig_arena_new(16u << 20, 1u << 20);
    guarded_open(&guard, 8192);

    rc = cmocka_run_group_tests(tests, NULL, NULL);

    guarded_close(&guard);
    ig_arena_free(arena);

    return rc;
}

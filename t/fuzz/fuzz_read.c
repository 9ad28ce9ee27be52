/*
 * libFuzzer: the whole of read/ on any bytes, the strict reader against its
 * oracles.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined ... fuzz_read.c
 *
 * The first byte says what the rest is: a body of one of the operations, a
 * query, or an encoded body.
 */

#include "oracle.h"


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static const char *const  paths[] = {
    "/v1/chat/completions", "/v1/completions", "/v1/responses",
    "/v1/embeddings", "/v1/messages", "/api/chat", "/api/generate",
    "/api/embed"
};

#define PATHS  (sizeof(paths) / sizeof(paths[0]))


static void
check(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


/* spans in order and inside their block; a pointer for each */

static void
check_blocks(const ig_reading_t *r)
{
    char                    out[16384];
    size_t                  i, k, end;
    ig_buf_t                b;
    const ig_block_t       *block;
    const ig_span_t        *s;
    const ig_span_chunk_t  *c;

    for (i = 0; i < r->nblocks; i++) {
        block = &r->blocks[i];
        end = 0;

        for (c = block->spans; c; c = c->next) {
            for (k = 0; k < c->n; k++) {
                s = &c->spans[k];

                check(s->start >= end, "spans are not in order");
                end = (size_t) s->start + s->len;
                check(end <= block->bytes.len, "a span outside its block");

                if (block->kind == IG_BLOCK_BODY) {
                    ig_buf_fixed(&b, out, sizeof(out));
                    ig_json_pointer(block->bytes, s->start, &b);
                    check(b.failed || b.len > 0, "a span without a pointer");
                }
            }
        }
    }
}


static void
fuzz_body(ig_arena_t *arena, const char *path, const uint8_t *data, size_t size)
{
    ig_request_t  r;
    ig_reading_t  reading;
    const char   *wrong;

    wrong = ig_oracle_compare(ig_oracle_read(arena, data, size, IG_PLACE_ANY),
                              data, size);
    check(wrong == NULL, wrong);

    memset(&r, 0, sizeof(r));
    r.method = IG_STR("POST");
    r.path = ig_str_from_c(path);
    r.content_type = IG_STR("application/json");
    r.has_body = true;
    r.body = (ig_str_t) { data, size };

    ig_arena_reset(arena);
    check(ig_read(&r, arena, &reading) == IG_OK, "out of memory");

    /* names in the arena, a chunk of spans, and about twice the body */

    check(ig_arena_used(arena) < 64 * 1024 + size * 9 / 4, "too much memory");

    if (size) {
        wrong = ig_oracle_compare(reading.reason, data, size);
        check(wrong == NULL, wrong);
    }

    if (reading.reason == IG_REASON_NONE) {
        check_blocks(&reading);
    }
}


static void
fuzz_query(ig_arena_t *arena, const uint8_t *data, size_t size)
{
    ig_header_t   header;
    ig_request_t  r;
    ig_reading_t  reading;

    header.name = IG_STR("x-text");
    header.value = (ig_str_t) { data, size };

    memset(&r, 0, sizeof(r));
    r.method = IG_STR("GET");
    r.path = IG_STR("/v1/models");
    r.args = (ig_str_t) { data, size };
    r.headers = &header;
    r.nheaders = 1;

    ig_arena_reset(arena);
    check(ig_read(&r, arena, &reading) == IG_OK, "out of memory");

    if (reading.reason == IG_REASON_NONE) {
        check_blocks(&reading);
    }
}


static void
fuzz_decode(ig_arena_t *arena, const char *encoding, const uint8_t *data,
    size_t size)
{
    ig_str_t     decoded;
    ig_reason_t  reason;

    ig_arena_reset(arena);
    check(ig_decode(ig_str_from_c(encoding), (ig_str_t) { data, size },
                    1u << 20, 100, arena, &decoded, &reason) == IG_OK,
          "out of memory");
    check(decoded.len <= (1u << 20), "too large");
    check(decoded.len <= 65536 + 100 * size, "beyond the ratio");
    check(ig_arena_used(arena) < (1u << 20) + 128 * 1024, "too much memory");
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ig_arena_t  *arena;

    if (size == 0) {
        return 0;
    }

    arena = ig_arena_new(64u << 20, 0);
    check(arena != NULL, "no memory");

    switch (data[0] % (PATHS + 3)) {

    case PATHS:
        fuzz_query(arena, data + 1, size - 1);
        break;

    case PATHS + 1:
        fuzz_decode(arena, "gzip", data + 1, size - 1);
        break;

    case PATHS + 2:
        fuzz_decode(arena, "deflate", data + 1, size - 1);
        break;

    default:
        fuzz_body(arena, paths[data[0] % (PATHS + 3)], data + 1, size - 1);
    }

    ig_arena_free(arena);

    return 0;
}

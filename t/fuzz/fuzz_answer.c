/*
 * libFuzzer: answers of any bytes, cut anywhere: the same bytes out and the
 * same usage as at once.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined ... fuzz_answer.c
 *
 * The first byte says the kind and whether usage is hidden, the second seeds
 * the cuts.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <inference_guard/answer.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


#define BOUND  256

typedef struct {
    void     *blocks[16];
    size_t    nblocks;
    uint8_t  *out;
    size_t    len;
    size_t    cap;
} sink_t;


static void
check(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "%s\n", what);
        abort();
    }
}


static void *
sink_alloc(void *ctx, size_t size)
{
    sink_t  *s = ctx;

    check(s->nblocks < 16, "too many blocks");
    s->blocks[s->nblocks] = malloc(size);

    return s->blocks[s->nblocks++];
}


static bool
sink_out(void *ctx, ig_str_t bytes)
{
    sink_t  *s = ctx;

    check(bytes.len > 0 && bytes.len <= s->cap - s->len, "too many bytes");
    memcpy(s->out + s->len, bytes.data, bytes.len);
    s->len += bytes.len;

    return true;
}


static void
answer(ig_answer_kind_t kind, bool hide, const uint8_t *data, size_t size,
    uint32_t cuts, sink_t *s, ig_usage_t *usage)
{
    size_t            pos, n;
    uint8_t          *piece;
    ig_answer_t      *a;
    ig_answer_conf_t  conf;

    memset(s, 0, sizeof(*s));
    s->cap = size;
    s->out = malloc(size + 1);
    check(s->out != NULL, "no memory");

    memset(&conf, 0, sizeof(conf));
    conf.ctx = s;
    conf.alloc = sink_alloc;
    conf.out = sink_out;
    conf.kind = kind;
    conf.hide_usage = hide;
    conf.bound = BOUND;

    a = ig_answer_new(&conf);
    check(a != NULL, "no memory");

    for (pos = 0; pos < size; pos += n) {
        cuts = cuts * 1664525 + 1013904223;
        n = cuts & 1 ? 1 + (cuts >> 24) % 31 : size - pos;
        n = cuts & 0x700 ? n : 1;
        n = n > size - pos ? size - pos : n;

        piece = malloc(n);
        check(piece != NULL, "no memory");
        memcpy(piece, data + pos, n);
        check(ig_answer_feed(a, (ig_str_t) { piece, n }) == IG_OK, "failed");
        free(piece);
        check(s->len + BOUND >= pos + n || hide, "held");
    }

    check(ig_answer_end(a) == IG_OK, "failed at the end");
    ig_answer_usage(a, usage);
}


static void
sink_free(sink_t *s)
{
    while (s->nblocks) {
        free(s->blocks[--s->nblocks]);
    }

    free(s->out);
}


int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bool              hide;
    sink_t            whole, cut;
    ig_usage_t        a, b;
    ig_answer_kind_t  kind;

    if (size < 2) {
        return 0;
    }

    kind = (ig_answer_kind_t) (data[0] % 3);
    hide = (data[0] & 0x80) != 0;

    answer(kind, hide, data + 2, size - 2, 0, &whole, &a);
    answer(kind, hide, data + 2, size - 2, data[1] * 2654435761u, &cut, &b);

    check(whole.len == cut.len
          && memcmp(whole.out, cut.out, whole.len) == 0, "other bytes");
    check(hide || (whole.len == size - 2
                   && memcmp(whole.out, data + 2, whole.len) == 0),
          "changed");

    check(a.said == b.said && a.input == b.input && a.output == b.output
          && a.cached == b.cached && a.reasoning == b.reasoning
          && a.pieces == b.pieces && a.finished == b.finished
          && a.after == b.after && a.error == b.error
          && a.implausible == b.implausible
          && memcmp(&a.text, &b.text, sizeof(a.text)) == 0
          && ig_str_eq(a.model, b.model) && ig_str_eq(a.reason, b.reason),
          "other usage");

    sink_free(&whole);
    sink_free(&cut);

    return 0;
}

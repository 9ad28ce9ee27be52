/*
 * Checkpoints, written.
 */

#include "checkpoint.h"
#include "hex.h"
#include "line.h"
#include "signer.h"

#include <stdlib.h>


static const char *const  ig_checkpoint_states[] = {
    "live", "ended", "killed"
};


static int
ig_checkpoint_cmp(const void *one, const void *two)
{
    const ig_sealed_t  *a = one, *b = two;

    return ig_str_cmp(a->writer, b->writer);
}


static void
ig_checkpoint_hex(ig_buf_t *b, const uint8_t *data, size_t n)
{
    uint8_t  text[2 * IG_SIGNATURE_SIZE];

    ig_hex(text, data, n);
    ig_buf_bytes(b, text, 2 * n);
}


static void
ig_checkpoint_writer(ig_buf_t *b, const ig_sealed_t *w)
{
    ig_buf_lit(b, "{\"writer\":");
    ig_buf_json(b, w->writer);
    ig_buf_lit(b, ",\"from\":");
    ig_buf_uint(b, w->from);
    ig_buf_lit(b, ",\"to\":");
    ig_buf_uint(b, w->to);

    if (w->to >= w->from) {
        ig_buf_lit(b, ",\"root\":\"");
        ig_checkpoint_hex(b, w->root, IG_HASH_SIZE);
        ig_buf_lit(b, "\"");
    }

    ig_buf_lit(b, ",\"head\":\"");
    ig_checkpoint_hex(b, w->head, IG_HASH_SIZE);
    ig_buf_lit(b, "\",\"state\":\"");
    ig_buf_str(b, ig_str_from_c(ig_checkpoint_states[w->state]));

    if (w->state == IG_WRITER_KILLED) {
        ig_buf_lit(b, "\",\"in_flight\":");
        ig_buf_uint(b, w->in_flight);
        ig_buf_lit(b, "}");

    } else {
        ig_buf_lit(b, "\"}");
    }
}


static bool
ig_checkpoint_good(const ig_checkpoint_t *c)
{
    size_t              i;
    const ig_sealed_t  *w;

    if (c->number == 0 || c->node.len == 0) {
        return false;
    }

    for (i = 0; i < c->nwriters; i++) {
        w = &c->writers[i];

        if (w->writer.len == 0 || w->from == 0 || w->to < w->from - 1
            || (unsigned) w->state > IG_WRITER_KILLED)
        {
            return false;
        }

        if (i && ig_str_cmp(c->writers[i - 1].writer, w->writer) >= 0) {
            return false;
        }
    }

    return true;
}


static void
ig_checkpoint_head_write(ig_buf_t *b, const ig_checkpoint_t *c,
    const ig_signer_t *s)
{
    ig_line_t  time;

    time.p = time.data;
    time.end = time.data + sizeof(time.data);
    time.full = false;
    ig_line_time(&time, c->time_ms);

    ig_buf_lit(b, "{\"v\":1,\"type\":\"checkpoint\",\"time\":\"");
    ig_buf_bytes(b, time.data, (size_t) (time.p - time.data));
    ig_buf_lit(b, "\",\"node\":");
    ig_buf_json(b, c->node);
    ig_buf_lit(b, ",\"number\":");
    ig_buf_uint(b, c->number);
    ig_buf_lit(b, ",\"prev\":\"");
    ig_checkpoint_hex(b, c->prev, IG_HASH_SIZE);

    if (c->policy.len) {
        ig_buf_lit(b, "\",\"policy\":");
        ig_buf_json(b, c->policy);
        ig_buf_lit(b, ",\"key\":\"");

    } else {
        ig_buf_lit(b, "\",\"key\":\"");
    }

    ig_checkpoint_hex(b, ig_signer_id(s), IG_KEY_ID_SIZE);
    ig_buf_lit(b, "\"");

    if (c->next_key) {
        ig_buf_lit(b, ",\"next_key\":\"");
        ig_checkpoint_hex(b, c->next_key, IG_KEY_SIZE);
        ig_buf_lit(b, "\"");
    }
}


void
ig_checkpoint_write(ig_buf_t *out, ig_checkpoint_t *c, ig_signer_t *s,
    ig_hasher_t *h, uint8_t hash[IG_HASH_SIZE])
{
    size_t    i, start;
    uint8_t   signature[IG_SIGNATURE_SIZE];
    ig_str_t  line;

    start = out->len;

    if (out->failed) {
        return;
    }

    if (c->nwriters) {
        qsort(c->writers, c->nwriters, sizeof(ig_sealed_t), ig_checkpoint_cmp);
    }

    if (!ig_checkpoint_good(c)) {
        goto failed;
    }

    ig_checkpoint_head_write(out, c, s);
    ig_buf_lit(out, ",\"writers\":[");

    for (i = 0; i < c->nwriters; i++) {
        if (i) {
            ig_buf_lit(out, ",");
        }

        ig_checkpoint_writer(out, &c->writers[i]);
    }

    ig_buf_lit(out, "]");

    line.data = out->data + start;
    line.len = out->len - start;

    if (out->failed || !ig_signer_sign(s, line, signature)) {
        goto failed;
    }

    ig_buf_lit(out, ",\"signature\":\"");
    ig_checkpoint_hex(out, signature, IG_SIGNATURE_SIZE);
    ig_buf_lit(out, "\"}\n");

    if (out->failed || out->len - start > IG_CHECKPOINT_MAX) {
        goto failed;
    }

    line.data = out->data + start;
    line.len = out->len - start - 1;

    if (ig_leaf_hash(h, line, hash)) {
        return;
    }

failed:

    out->len = start;
    out->failed = true;
}

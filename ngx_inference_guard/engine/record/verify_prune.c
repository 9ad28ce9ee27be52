/*
 * What stays of a file that goes, for each writer in it:
 *
 *     {"v":1,"type":"pruned","writer":"W","to":T,"head":"…","count":K,
 *      "nodes":["…"]}
 *
 * Records up to T are gone; `head` is the leaf hash of T.  Of a checkpoint's
 * range that began in the file, K records are gone, and `nodes` are the roots
 * of their perfect subtrees, the smallest first: the signed root still proves
 * the rest of the range, and with it these hashes.
 */

#include "verify_state.h"


#define IG_PRUNED_HEAD  "{\"v\":1,\"type\":\"pruned\",\"writer\":"


bool
ig_verify_pruned_is(ig_str_t line)
{
    ig_cursor_t  c = { line.data, line.data + line.len };

    return ig_cursor_lit(&c, IG_PRUNED_HEAD);
}


static bool
ig_verify_pruned_nodes(ig_cursor_t *c, ig_merkle_t *tree, uint64_t count)
{
    bool      first;
    unsigned  i;

    first = true;

    for (i = 0; i < IG_MERKLE_LEVELS; i++) {
        if (!(count >> i & 1)) {
            continue;
        }

        if ((!first && !ig_cursor_lit(c, ","))
            || !ig_cursor_hex(c, tree->node[i], IG_HASH_SIZE))
        {
            return false;
        }

        first = false;
    }

    tree->count = count;

    return true;
}


bool
ig_verify_pruned_line(ig_verify_t *v, ig_str_t line, bool take)
{
    uint8_t              head[IG_HASH_SIZE];
    uint32_t             row;
    uint64_t             to, count;
    ig_str_t             writer;
    ig_cursor_t          c = { line.data, line.data + line.len };
    ig_merkle_t          tree;
    ig_verify_writer_t  *w;

    if (!ig_cursor_lit(&c, IG_PRUNED_HEAD) || !ig_cursor_string(&c, &writer)
        || !ig_cursor_lit(&c, ",\"to\":") || !ig_cursor_uint(&c, &to)
        || to == 0 || to > UINT64_MAX / 2
        || !ig_cursor_lit(&c, ",\"head\":")
        || !ig_cursor_hex(&c, head, IG_HASH_SIZE)
        || !ig_cursor_lit(&c, ",\"count\":") || !ig_cursor_uint(&c, &count)
        || count > to
        || !ig_cursor_lit(&c, ",\"nodes\":[")
        || !ig_verify_pruned_nodes(&c, &tree, count)
        || !ig_cursor_lit(&c, "]}") || c.p != c.end)
    {
        return false;
    }

    if (!take) {
        return true;
    }

    row = ig_verify_writer(v, writer);

    if (row == IG_VERIFY_NONE || to <= v->writers[row].pruned) {
        return true;
    }

    w = &v->writers[row];
    w->pruned = to;
    w->next = to + 1;
    w->tree = tree;
    memcpy(w->head, head, IG_HASH_SIZE);

    return true;
}


static void
ig_verify_prune_hex(ig_buf_t *b, const uint8_t *hash)
{
    uint8_t  text[2 * IG_HASH_SIZE];

    ig_hex(text, hash, IG_HASH_SIZE);
    ig_buf_lit(b, "\"");
    ig_buf_bytes(b, text, sizeof(text));
    ig_buf_lit(b, "\"");
}


static void
ig_verify_prune_writer(const ig_verify_t *v, const ig_verify_writer_t *w,
    ig_buf_t *out)
{
    bool                     first;
    uint64_t                 count;
    unsigned                 i;
    const ig_verify_seal_t  *s;

    /* closed ranges need nothing but their checkpoint */

    s = w->seal < w->nseals ? &v->seals[w->seals + w->seal] : NULL;
    count = s && s->to >= w->next && s->from < w->next ? w->tree.count : 0;

    ig_buf_lit(out, IG_PRUNED_HEAD "\"");
    ig_buf_str(out, w->name);
    ig_buf_lit(out, "\",\"to\":");
    ig_buf_uint(out, w->next - 1);
    ig_buf_lit(out, ",\"head\":");
    ig_verify_prune_hex(out, w->head);
    ig_buf_lit(out, ",\"count\":");
    ig_buf_uint(out, count);
    ig_buf_lit(out, ",\"nodes\":[");
    first = true;

    for (i = 0; i < IG_MERKLE_LEVELS; i++) {
        if (count >> i & 1) {
            if (!first) {
                ig_buf_lit(out, ",");
            }

            ig_verify_prune_hex(out, w->tree.node[i]);
            first = false;
        }
    }

    ig_buf_lit(out, "]}\n");
}


static bool
ig_verify_prune_sealed(const ig_verify_t *v, const ig_verify_writer_t *w)
{
    const ig_verify_seal_t  *last;

    if (w->nseals == 0) {
        return false;
    }

    last = &v->seals[w->seals + w->nseals - 1];

    return w->next - 1 <= last->to || last->state != IG_WRITER_LIVE;
}


ig_rc_t
ig_verify_prune(ig_verify_t *v, uint32_t file, ig_str_t before, ig_buf_t *out,
    const char **why)
{
    size_t                     i;
    const ig_verify_file_t    *f = &v->files[file];
    const ig_verify_writer_t  *w;

    *why = NULL;

    if (f->nrecords == 0 || f->kept) {
        *why = "holds no records";
        return v->rc;
    }

    if (before.len > IG_VERIFY_TIME
        || memcmp(f->last, before.data, before.len) >= 0)
    {
        *why = "holds records that are not older";
        return v->rc;
    }

    for (i = 0; i < v->nruns; i++) {
        if (v->runs[i].file == file
            && !ig_verify_prune_sealed(v, &v->writers[v->runs[i].writer]))
        {
            *why = "holds records that no checkpoint seals";
            return v->rc;
        }
    }

    for (i = 0; i < v->nruns; i++) {
        w = &v->writers[v->runs[i].writer];

        if (v->runs[i].file == file && w->started) {
            ig_verify_prune_writer(v, w, out);
        }
    }

    return out->failed ? IG_NOMEM : v->rc;
}

/*
 * Edits over a body.
 */

#include <inference_guard/edit.h>


void
ig_edits_init(ig_edits_t *e, ig_edit_t *items, size_t max)
{
    e->items = items;
    e->n = 0;
    e->max = max;
    e->failed = false;
}


void
ig_edits_add(ig_edits_t *e, size_t at, size_t remove, ig_str_t insert)
{
    if (e->n == e->max) {
        e->failed = true;
        return;
    }

    e->items[e->n].at = at;
    e->items[e->n].remove = remove;
    e->items[e->n].insert = insert;
    e->n++;
}


/* they come nearly sorted: insertion sort, which keeps equal ones in order */

static void
ig_edits_sort(ig_edits_t *e)
{
    size_t     i, k;
    ig_edit_t  edit;

    for (i = 1; i < e->n; i++) {
        edit = e->items[i];

        for (k = i; k > 0 && e->items[k - 1].at > edit.at; k--) {
            e->items[k] = e->items[k - 1];
        }

        e->items[k] = edit;
    }
}


ig_rc_t
ig_edits_check(ig_edits_t *e, size_t body_len)
{
    size_t            i, end;
    const ig_edit_t  *edit;

    if (e->failed) {
        return IG_LIMIT;
    }

    ig_edits_sort(e);

    end = 0;

    for (i = 0; i < e->n; i++) {
        edit = &e->items[i];

        if (edit->at < end || edit->at > body_len
            || edit->remove > body_len - edit->at)
        {
            return IG_ERROR;
        }

        end = edit->at + edit->remove;
    }

    return IG_OK;
}


size_t
ig_edits_size(const ig_edits_t *e, size_t body_len)
{
    size_t  i, size;

    size = body_len;

    for (i = 0; i < e->n; i++) {
        size += e->items[i].insert.len;
        size -= e->items[i].remove;
    }

    return size;
}


void
ig_edits_apply(const ig_edits_t *e, ig_str_t body, ig_buf_t *out)
{
    size_t            i, at;
    const ig_edit_t  *edit;

    at = 0;

    for (i = 0; i < e->n; i++) {
        edit = &e->items[i];

        ig_buf_bytes(out, body.data + at, edit->at - at);
        ig_buf_str(out, edit->insert);
        at = edit->at + edit->remove;
    }

    ig_buf_bytes(out, body.data + at, body.len - at);
}

/*
 * Words near a candidate.
 *
 * The words of all detectors are one set, looked for around the first candidate
 * that needs them and in larger and larger steps when more follow, so that a
 * text full of numbers is gone over about once.  The key of a JSON value, or
 * the name of a query argument, counts as near.
 */

#include "detect.h"

#include <string.h>


typedef struct {
    ig_context_t   *c;
    const uint8_t  *text;
    uint32_t        low;
    uint32_t        high;
    uint32_t        full_at;           /* where the list ran full, or high */
    uint32_t        key_view;          /* not 0: a key is searched */
} ig_context_search_t;


/*
 * Words of letters stand alone; what begins or ends in another script may be
 * joined to others, as Arabic prefixes are.
 */

static bool
ig_context_whole(const ig_context_search_t *s, uint32_t start, uint32_t end)
{
    const uint8_t  *p;

    p = s->text;

    return !(start > s->low && ig_ascii_alnum(p[start])
             && ig_ascii_alnum(p[start - 1])
             && !(start - s->low >= 2 && p[start - 2] == '\\'))
           && !(end < s->high && ig_ascii_alnum(p[end - 1])
                && ig_ascii_alnum(p[end]));
}


static bool
ig_context_found(void *data, uint32_t number, size_t start, size_t end)
{
    ig_context_hit_t     *hit;
    ig_context_search_t  *s = data;

    if (!ig_context_whole(s, (uint32_t) start, (uint32_t) end)) {
        return true;
    }

    if (s->key_view) {
        s->c->key[number] = s->key_view;
        s->c->any_key = true;
        return true;
    }

    if (s->c->n == IG_CONTEXT_HITS) {
        s->full_at = (uint32_t) start;
        return false;
    }

    hit = &s->c->hits[s->c->n++];
    *hit = (ig_context_hit_t) { number, (uint32_t) start, (uint32_t) end };

    return true;
}


static void
ig_context_fill(ig_detect_worker_t *w, uint32_t from, uint32_t to)
{
    ig_context_t         *c;
    const ig_view_t      *v;
    ig_context_search_t   s;

    v = w->view;
    c = &w->context;

    if (c->view == v->id && from >= c->from && to <= c->to) {
        return;
    }

    /* a second question in the same text: expect more of them */

    c->grow = (c->view == v->id && c->grow < 4096) ? c->grow * 2 : 64;
    c->view = v->id;
    c->from = from;
    c->n = 0;

    s = (ig_context_search_t) { c, v->text, v->low, v->high, v->high, 0 };

    to = v->high - to > c->grow ? to + c->grow : v->high;

    if (ig_words_search(w->d->words, (ig_str_t) { v->text, v->high }, from, to,
                        ig_context_found, &s))
    {
        c->to = to;

    } else {
        c->to = s.full_at;
    }
}


/* from the opening quote's inside to `end`, the closing one */

static uint32_t
ig_key_start(const uint8_t *p, uint32_t end)
{
    uint32_t  at, slashes;

    for (at = end; at > 0 && end - at <= IG_CONTEXT_KEY; at--) {

        if (p[at - 1] != '"') {
            continue;
        }

        for (slashes = 0; slashes < at - 1 && p[at - 2 - slashes] == '\\'; ) {
            slashes++;
        }

        if (slashes % 2 == 0) {
            return at;
        }
    }

    return end;
}


static bool
ig_json_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}


/* the raw key before a JSON value; for an array's, the key seen last */

static ig_str_t
ig_context_json_key(const ig_view_t *v)
{
    uint32_t        at, start;
    const uint8_t  *p;

    p = v->block->bytes.data;
    at = v->span_start;

    if (at > 0 && p[at - 1] == '"') {
        at--;
    }

    while (at > 0 && ig_json_blank(p[at - 1])) {
        at--;
    }

    if (at > 0 && p[at - 1] == ':') {

        at--;

        while (at > 0 && ig_json_blank(p[at - 1])) {
            at--;
        }

        if (at == 0 || p[at - 1] != '"') {
            return IG_NO_STR;
        }

        start = ig_key_start(p, at - 1);

        return (ig_str_t) { p + start, at - 1 - start };
    }

    if (v->last_key == IG_NONE || at == 0
        || (p[at - 1] != '[' && p[at - 1] != ','))
    {
        return IG_NO_STR;
    }

    return (ig_str_t) { p + v->last_key,
                        v->last_key_len < IG_CONTEXT_KEY ? v->last_key_len
                                                         : IG_CONTEXT_KEY };
}


static ig_str_t
ig_context_query_key(const ig_view_t *v)
{
    uint32_t        at, end;
    const uint8_t  *p;

    p = v->block->bytes.data;
    at = v->span_start;

    if (at == 0 || p[at - 1] != '=') {
        return IG_NO_STR;
    }

    end = --at;

    while (at > 0 && p[at - 1] != '&' && end - at < IG_CONTEXT_KEY) {
        at--;
    }

    return (ig_str_t) { p + at, end - at };
}


static void
ig_context_key(ig_detect_worker_t *w)
{
    size_t                n, len;
    uint8_t               step[IG_FOLD_STEP];
    uint8_t               text[2 * IG_CONTEXT_KEY + IG_FOLD_STEP];
    ig_str_t              key;
    const ig_view_t      *v;
    ig_fold_source_t      s;
    ig_context_search_t   search;

    v = w->view;

    if (w->context.key_view == v->id) {
        return;
    }

    w->context.key_view = v->id;
    w->context.any_key = false;

    if (v->joined || v->block == NULL
        || (v->block->kind != IG_BLOCK_BODY
            && v->block->kind != IG_BLOCK_QUERY))
    {
        return;
    }

    key = v->block->kind == IG_BLOCK_BODY ? ig_context_json_key(v)
                                          : ig_context_query_key(v);

    if (key.len == 0) {
        return;
    }

    s = (ig_fold_source_t) { key.data, key.data, key.data + key.len,
                             v->block->kind == IG_BLOCK_BODY,
                             v->block->kind == IG_BLOCK_QUERY };
    len = 0;

    while (s.p < s.end && len < 2 * IG_CONTEXT_KEY) {
        n = ig_fold_step(&w->d->fold, &s, step);

        /* nationalId is read as national Id */

        if (n == 1 && len && step[0] >= 'A' && step[0] <= 'Z'
            && text[len - 1] >= 'a' && text[len - 1] <= 'z')
        {
            text[len++] = ' ';
        }

        memcpy(text + len, step, n);
        len += n;
    }

    search = (ig_context_search_t) { &w->context, text, 0, (uint32_t) len, 0,
                                     v->id };

    (void) ig_words_search(w->d->words, (ig_str_t) { text, len }, 0, len,
                           ig_context_found, &search);
}


/* stamps the words in the window of [start, end) */

static void
ig_context_ask(ig_detect_worker_t *w, uint32_t start, uint32_t end)
{
    size_t             i;
    uint32_t           from, to;
    ig_context_t      *c;
    ig_context_hit_t  *h;
    const ig_view_t   *v;

    v = w->view;
    c = &w->context;

    if (c->asked_view == v->id && c->asked_start == start
        && c->asked_end == end)
    {
        return;
    }

    c->asked_view = v->id;
    c->asked_start = start;
    c->asked_end = end;

    from = start - v->low > IG_CONTEXT_BEFORE ? start - IG_CONTEXT_BEFORE
                                              : v->low;
    to = v->high - end > IG_CONTEXT_AFTER ? end + IG_CONTEXT_AFTER : v->high;

    ig_context_fill(w, from, to);
    ig_context_key(w);

    c->stamp++;
    c->any = c->any_key;

    for (i = 0; i < c->n; i++) {
        h = &c->hits[i];

        if ((h->start >= from && h->end <= start)
            || (h->start >= end && h->end <= to))
        {
            c->near[h->word] = c->stamp;
            c->any = true;
        }
    }
}


bool
ig_context_near(ig_detect_worker_t *w, const ig_matcher_t *m, uint32_t start,
    uint32_t end)
{
    uint32_t       i, word;
    ig_context_t  *c;

    c = &w->context;

    ig_context_ask(w, start, end);

    if (!c->any) {
        return false;
    }

    for (i = 0; i < m->nwords; i++) {
        word = w->d->word_numbers[m->word + i];

        if (c->near[word] == c->stamp || c->key[word] == w->view->id) {
            return true;
        }
    }

    return false;
}

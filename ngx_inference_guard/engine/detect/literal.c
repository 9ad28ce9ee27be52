/*
 * Literal anchors and the gate, on Vectorscan or without it.
 */

#include "literal.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

#if IG_HAVE_VECTORSCAN
#include <hs.h>
#endif


struct ig_literals_s {
    size_t          n;
    uint32_t       *lengths;
    ig_words_t     *words;             /* without Vectorscan */
#if IG_HAVE_VECTORSCAN
    hs_database_t  *database;
#endif
};

struct ig_gate_s {
    size_t          n;
    uint64_t       *open;              /* those that Vectorscan cannot judge */
#if IG_HAVE_VECTORSCAN
    hs_database_t  *database;
#endif
};

typedef struct {
    const ig_literals_t  *literals;
    ig_literal_pt         found;
    void                 *data;
} ig_literal_call_t;


#if IG_HAVE_VECTORSCAN

typedef struct {
    char      **texts;
    unsigned   *flags;
    unsigned   *ids;
} ig_gate_lists_t;


static bool
ig_literals_vectorscan(ig_literals_t *l, const ig_str_t *strings)
{
    bool                 ok;
    size_t               i, *lengths;
    unsigned            *flags, *ids;
    const char         **texts;
    hs_compile_error_t  *error;

    texts = calloc(l->n, sizeof(char *));
    flags = calloc(l->n, sizeof(unsigned));
    ids = calloc(l->n, sizeof(unsigned));
    lengths = calloc(l->n, sizeof(size_t));

    ok = (texts && flags && ids && lengths);

    for (i = 0; ok && i < l->n; i++) {
        texts[i] = (const char *) strings[i].data;
        lengths[i] = strings[i].len;
        flags[i] = HS_FLAG_CASELESS;
        ids[i] = (unsigned) i;
    }

    if (ok && hs_compile_lit_multi(texts, flags, ids, lengths, (unsigned) l->n,
                                   HS_MODE_BLOCK, NULL, &l->database, &error)
              != HS_SUCCESS)
    {
        hs_free_compile_error(error);
        ok = false;
    }

    free(texts);
    free(flags);
    free(ids);
    free(lengths);

    return ok;
}


static int
ig_literal_hit(unsigned id, unsigned long long from, unsigned long long to,
    unsigned flags, void *context)
{
    ig_literal_call_t  *call = context;

    (void) from;
    (void) flags;

    return !call->found(call->data, id, (size_t) to
                                        - call->literals->lengths[id],
                        (size_t) to);
}

#endif


ig_literals_t *
ig_literals_new(const ig_str_t *strings, size_t n, bool vectorscan)
{
    size_t          i;
    ig_literals_t  *l;

    l = calloc(1, sizeof(ig_literals_t));
    if (l == NULL) {
        return NULL;
    }

    l->n = n;

    if (n == 0) {
        return l;
    }

    l->lengths = calloc(n, sizeof(uint32_t));

    if (l->lengths == NULL) {
        ig_literals_free(l);
        return NULL;
    }

    for (i = 0; i < n; i++) {
        l->lengths[i] = (uint32_t) strings[i].len;
    }

#if IG_HAVE_VECTORSCAN
    if (vectorscan && hs_valid_platform() == HS_SUCCESS) {

        if (!ig_literals_vectorscan(l, strings)) {
            ig_literals_free(l);
            return NULL;
        }

        return l;
    }
#else
    (void) vectorscan;
#endif

    l->words = ig_words_new(strings, n, "");

    if (l->words == NULL) {
        ig_literals_free(l);
        return NULL;
    }

    return l;
}


void
ig_literals_free(ig_literals_t *l)
{
    if (l == NULL) {
        return;
    }

#if IG_HAVE_VECTORSCAN
    hs_free_database(l->database);
#endif

    ig_words_free(l->words);
    free(l->lengths);
    free(l);
}


#if IG_HAVE_VECTORSCAN

static bool
ig_scratch_grow(const hs_database_t *database, void **scratch)
{
    bool           ok;
    hs_scratch_t  *s;

    if (database == NULL) {
        return true;
    }

    s = *scratch;
    ok = (hs_alloc_scratch(database, &s) == HS_SUCCESS);
    *scratch = s;

    return ok;
}

#endif


bool
ig_literals_scratch(const ig_literals_t *l, void **scratch)
{
#if IG_HAVE_VECTORSCAN
    return ig_scratch_grow(l->database, scratch);
#else
    (void) l;
    (void) scratch;
    return true;
#endif
}


void
ig_literals_scratch_free(void *scratch)
{
#if IG_HAVE_VECTORSCAN
    hs_free_scratch(scratch);
#else
    (void) scratch;
#endif
}


ig_rc_t
ig_literals_search(const ig_literals_t *l, void *scratch, ig_str_t text,
    ig_literal_pt found, void *data)
{
    if (l->n == 0 || text.len == 0) {
        return IG_OK;
    }

#if IG_HAVE_VECTORSCAN
    if (l->database) {
        hs_error_t         rc;
        ig_literal_call_t  call;

        call = (ig_literal_call_t) { l, found, data };

        rc = hs_scan(l->database, (const char *) text.data,
                     (unsigned) text.len, 0, scratch, ig_literal_hit, &call);

        return (rc == HS_SUCCESS || rc == HS_SCAN_TERMINATED) ? IG_OK
                                                              : IG_ERROR;
    }
#else
    (void) scratch;
#endif

    (void) ig_words_search(l->words, text, 0, text.len, found, data);

    return IG_OK;
}


#if IG_HAVE_VECTORSCAN

/* those that Vectorscan does not even take as a prefilter are always tried */

static size_t
ig_gate_refused(ig_gate_t *g, const ig_gate_lists_t *l, size_t n)
{
    size_t               i, kept;
    hs_database_t       *one;
    hs_compile_error_t  *error;

    kept = 0;

    for (i = 0; i < n; i++) {

        if (hs_compile(l->texts[i], l->flags[i], HS_MODE_BLOCK, NULL, &one,
                       &error)
            != HS_SUCCESS)
        {
            hs_free_compile_error(error);
            free(l->texts[i]);
            ig_bit_set(g->open, l->ids[i]);
            continue;
        }

        hs_free_database(one);
        l->texts[kept] = l->texts[i];
        l->ids[kept] = l->ids[i];
        kept++;
    }

    return kept;
}


static bool
ig_gate_database(ig_gate_t *g, const ig_gate_lists_t *l, size_t n)
{
    hs_compile_error_t  *error;

    if (n == 0
        || hs_compile_multi((const char *const *) l->texts, l->flags, l->ids,
                            (unsigned) n, HS_MODE_BLOCK, NULL, &g->database,
                            &error)
           == HS_SUCCESS)
    {
        return true;
    }

    hs_free_compile_error(error);
    g->database = NULL;

    return false;
}


static bool
ig_gate_vectorscan(ig_gate_t *g, const ig_str_t *patterns)
{
    bool             ok;
    size_t           i, n;
    ig_gate_lists_t  l;

    l.texts = calloc(g->n, sizeof(char *));
    l.flags = calloc(g->n, sizeof(unsigned));
    l.ids = calloc(g->n, sizeof(unsigned));

    ok = (l.texts && l.flags && l.ids);
    n = 0;

    for (i = 0; ok && i < g->n; i++) {

        if (patterns[i].len == 0) {
            ig_bit_set(g->open, i);
            continue;
        }

        l.texts[n] = strndup((const char *) patterns[i].data,
                             patterns[i].len);
        ok = (l.texts[n] != NULL);

        l.flags[n] = HS_FLAG_PREFILTER | HS_FLAG_SINGLEMATCH | HS_FLAG_DOTALL
                     | HS_FLAG_ALLOWEMPTY;
        l.ids[n] = (unsigned) i;
        n += ok;
    }

    if (ok && !ig_gate_database(g, &l, n)) {
        n = ig_gate_refused(g, &l, n);
        ok = ig_gate_database(g, &l, n);
    }

    for (i = 0; l.texts && i < n; i++) {
        free(l.texts[i]);
    }

    free(l.texts);
    free(l.flags);
    free(l.ids);

    return ok;
}


static int
ig_gate_hit(unsigned id, unsigned long long from, unsigned long long to,
    unsigned flags, void *context)
{
    uint64_t  *bits = context;

    (void) from;
    (void) to;
    (void) flags;

    ig_bit_set(bits, id);

    return 0;
}

#endif


ig_gate_t *
ig_gate_new(const ig_str_t *patterns, size_t n, bool vectorscan)
{
    size_t      i;
    ig_gate_t  *g;

    g = calloc(1, sizeof(ig_gate_t));
    if (g == NULL) {
        return NULL;
    }

    g->n = n;
    g->open = calloc(IG_BIT_WORDS(n) + 1, sizeof(uint64_t));

    if (g->open == NULL) {
        ig_gate_free(g);
        return NULL;
    }

#if IG_HAVE_VECTORSCAN
    if (n && vectorscan && hs_valid_platform() == HS_SUCCESS) {

        if (!ig_gate_vectorscan(g, patterns)) {
            ig_gate_free(g);
            return NULL;
        }

        return g;
    }
#endif

    (void) patterns;
    (void) vectorscan;

    for (i = 0; i < n; i++) {
        ig_bit_set(g->open, i);
    }

    return g;
}


void
ig_gate_free(ig_gate_t *g)
{
    if (g == NULL) {
        return;
    }

#if IG_HAVE_VECTORSCAN
    hs_free_database(g->database);
#endif

    free(g->open);
    free(g);
}


bool
ig_gate_scratch(const ig_gate_t *g, void **scratch)
{
#if IG_HAVE_VECTORSCAN
    return ig_scratch_grow(g->database, scratch);
#else
    (void) g;
    (void) scratch;
    return true;
#endif
}


ig_rc_t
ig_gate_open(const ig_gate_t *g, void *scratch, ig_str_t text, uint64_t *bits)
{
    memcpy(bits, g->open, IG_BIT_WORDS(g->n) * sizeof(uint64_t));

#if IG_HAVE_VECTORSCAN
    if (g->database
        && hs_scan(g->database, (const char *) text.data, (unsigned) text.len,
                   0, scratch, ig_gate_hit, bits) != HS_SUCCESS)
    {
        return IG_ERROR;
    }
#else
    (void) scratch;
    (void) text;
#endif

    return IG_OK;
}

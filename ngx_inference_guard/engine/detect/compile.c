/*
 * Detectors, from the policy's table to what a search runs on, and what is
 * wrong with them.
 */

#include "detect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utf8proc.h>


#define IG_WORD_MAX      128          /* bytes of a context word, folded */
#define IG_WORD_FORMS    2


typedef struct {
    const ig_policy_t  *policy;
    ig_mistakes_t      *mistakes;
    ig_detect_t        *d;
    bool                nomem;

    ig_row_t           *rows;
    size_t              nrows;
    size_t              rows_size;

    ig_entry_t         *literals;
    size_t              nliterals;
    size_t              literals_size;

    ig_entry_t         *words;
    size_t              nwords;
    size_t              words_size;

    ig_validator_pt    *validators;

    ig_str_t           *gated;        /* patterns, by detector; empty: none */
    uint8_t            *bytes;        /* folded texts of literals and words */
    size_t              nbytes;
} ig_compiler_t;


static void *
ig_grown(ig_compiler_t *c, void *items, size_t n, size_t *size, size_t item)
{
    void    *p;
    size_t   more;

    if (n < *size) {
        return items;
    }

    more = *size ? *size * 2 : 64;

    p = realloc(items, more * item);
    if (p == NULL) {
        c->nomem = true;
        return items;
    }

    *size = more;

    return p;
}


static void
ig_compile_row(ig_compiler_t *c, uint32_t i, const ig_pattern_t *p)
{
    size_t     k;
    ig_row_t  *r;

    for (k = 0; k < p->nrows; k++) {
        c->rows = ig_grown(c, c->rows, c->nrows, &c->rows_size,
                           sizeof(ig_row_t));

        if (c->nomem) {
            return;
        }

        r = &c->rows[c->nrows++];
        r->detector = i;
        r->plus = p->plus;
        r->row = p->rows[k];
    }
}


static void
ig_compile_entry(ig_compiler_t *c, ig_entry_t **entries, size_t *n,
    size_t *size, uint32_t i, const uint8_t *text, size_t len)
{
    uint8_t  *copy;

    *entries = ig_grown(c, *entries, *n, size, sizeof(ig_entry_t));

    if (c->nomem || len == 0) {
        return;
    }

    copy = c->bytes + c->nbytes;
    memcpy(copy, text, len);
    c->nbytes += len;

    (*entries)[*n].text = (ig_str_t) { copy, len };
    (*entries)[*n].detector = i;
    (*n)++;
}


/* the longest piece that stands as it is in a raw JSON string too */

static ig_str_t
ig_literal_piece(const uint8_t *p, size_t len)
{
    size_t  i, start, best, at;

    start = 0;
    best = 0;
    at = 0;

    for (i = 0; i <= len; i++) {

        if (i < len && p[i] >= 0x20 && p[i] != '"' && p[i] != '\\'
            && p[i] != 0x7f)
        {
            continue;
        }

        if (i - start > best) {
            best = i - start;
            at = start;
        }

        start = i + 1;
    }

    return (ig_str_t) { p + at, best };
}


static void
ig_compile_literal(ig_compiler_t *c, uint32_t i, ig_str_t literal)
{
    size_t            n, k, len;
    uint8_t           text[IG_WORD_MAX + IG_FOLD_STEP];
    ig_str_t          piece;
    ig_fold_source_t  s;

    s = (ig_fold_source_t) { literal.data, literal.data,
                             literal.data + literal.len, 0, false };
    len = 0;

    while (s.p < s.end && len < IG_WORD_MAX) {
        n = ig_fold_step(&c->d->fold, &s, text + len);
        len += n;
    }

    piece = ig_literal_piece(text, len);

    for (k = 0; k < piece.len; k++) {
        text[k] = ig_ascii_lower(piece.data[k]);
    }

    ig_compile_entry(c, &c->literals, &c->nliterals, &c->literals_size, i,
                     text, piece.len);
}


static bool
ig_literal_possible(const ig_pattern_t *p, ig_str_t literal)
{
    size_t   i;
    uint8_t  c, other;

    for (i = 0; i < literal.len; i++) {

        c = literal.data[i];
        other = c;

        if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') {
            other = c ^ 0x20;
        }

        if (!ig_bit_get(p->chars, c) && !ig_bit_get(p->chars, other)) {
            return false;
        }
    }

    return true;
}


static void
ig_compile_literals(ig_compiler_t *c, uint32_t i, const ig_pattern_t *p)
{
    size_t                k;
    ig_str_t              literal;
    const ig_detector_t  *r;

    r = &c->policy->detectors[i];

    for (k = 0; k < r->literals.n; k++) {
        literal = r->literals.items[k];

        if (ig_literal_piece(literal.data, literal.len).len == 0) {
            ig_mistakes_error(c->mistakes, r->anchor_place,
                              "an anchor needs a character other than quotes, "
                              "backslashes and controls");
            continue;
        }

        if (!ig_literal_possible(p, literal)) {
            ig_mistakes_error(c->mistakes, r->anchor_place,
                              "the anchor \"%.*s\" cannot occur in what the "
                              "pattern matches", IG_FMT(literal));
            continue;
        }

        if (literal.len == 1 && literal.data[0] != '@') {
            ig_mistakes_warning(c->mistakes, r->anchor_place,
                                "the anchor \"%.*s\" stands in almost every "
                                "text: the pattern will be tried very often; "
                                "name a longer one", IG_FMT(literal));
        }

        ig_compile_literal(c, i, literal);
    }
}


/* decides how the detector is found */

static void
ig_compile_find(ig_compiler_t *c, uint32_t i, ig_matcher_t *m,
    const ig_pattern_t *p)
{
    ig_str_t              literal;
    const ig_detector_t  *r;

    r = &c->policy->detectors[i];

    if (ig_str_eq(r->validator, IG_STR("iban"))) {
        m->find = IG_FIND_IBAN;
        return;
    }

    if (r->anchor == IG_ANCHOR_LITERALS) {
        m->find = IG_FIND_LITERAL;
        ig_compile_literals(c, i, p);
        return;
    }

    if (p->digits_only) {
        m->find = IG_FIND_ROWS;
        ig_compile_row(c, i, p);
        return;
    }

    if (r->anchor == IG_ANCHOR_DIGITS) {
        m->find = IG_FIND_CLUSTER;
        m->edges = true;
        m->digits = p->digits ? p->digits : 1;
        m->solid = p->solid;
        m->dots = p->dots;
        m->lettered = p->lettered;

        if (p->unsure) {
            ig_mistakes_warning(c->mistakes, r->pattern_place,
                                "what numbers this pattern needs cannot be "
                                "seen, so it is tried at every number; write "
                                "it without (?x), back-references, "
                                "[[:digit:]] and other constructs that go "
                                "beyond a plain pattern");
        }

        return;
    }

    literal = ig_literal_piece(p->literal, p->nliteral);

    if (literal.len >= 3
        || (literal.len && memchr(literal.data, '@', literal.len)))
    {
        m->find = IG_FIND_LITERAL;
        ig_compile_literal(c, i, literal);
        return;
    }

    if (p->digits >= 4) {
        m->find = IG_FIND_CLUSTER;
        m->digits = p->digits;
        m->solid = p->solid;
        m->dots = p->dots;
        m->lettered = p->lettered;
        return;
    }

    m->find = IG_FIND_ALWAYS;

    ig_mistakes_warning(c->mistakes, r->pattern_place,
                        "nothing in this pattern can serve as its anchor, so "
                        "every text is searched for it: about a microsecond "
                        "for each kilobyte; name an anchor");
}


static void
ig_compile_anchored(ig_compiler_t *c, ig_place_t place, const ig_pattern_t *p)
{
    if (p->anchored) {
        ig_mistakes_error(c->mistakes, place,
                          "at offset %zu: ^ and $ (and \\A, \\z) cannot match "
                          "inside running text; leave them out",
                          p->anchored_at);
    }
}


static void
ig_compile_check(ig_compiler_t *c, uint32_t i, const ig_pattern_t *p)
{
    unsigned              k;
    uint32_t              empty;
    const ig_matcher_t   *m;
    const ig_detector_t  *r;

    r = &c->policy->detectors[i];
    m = &c->d->matchers[i];

    empty = 0;
    (void) pcre2_pattern_info(m->code, PCRE2_INFO_MATCHEMPTY, &empty);

    if (empty) {
        ig_mistakes_error(c->mistakes, r->pattern_place,
                          "the pattern matches the empty string; it must need "
                          "at least one character");
    }

    ig_compile_anchored(c, r->pattern_place, p);

    if (r->anchor != IG_ANCHOR_DIGITS || p->unsure) {
        return;
    }

    for (k = '0'; k <= '9'; k++) {
        if (ig_bit_get(p->chars, k)) {
            return;
        }
    }

    ig_mistakes_error(c->mistakes, r->anchor_place,
                      "the anchor is digits, but the pattern matches none");
}


static void
ig_compile_validator(ig_compiler_t *c, uint32_t i)
{
    size_t                k;
    ig_matcher_t         *m;
    const ig_detector_t  *r;

    r = &c->policy->detectors[i];
    m = &c->d->matchers[i];

    if (r->validator.len == 0) {
        return;
    }

    m->validator = ig_validator_find(r->validator);

    if (m->validator == NULL) {
        ig_mistakes_error(c->mistakes, r->validator_place,
                          "there is no validator \"%.*s\"",
                          IG_FMT(r->validator));
        return;
    }

    for (k = 0; k < c->d->nvalidators; k++) {
        if (c->validators[k] == m->validator) {
            break;
        }
    }

    if (k == c->d->nvalidators) {
        c->validators[c->d->nvalidators++] = m->validator;
    }

    m->validator_number = (uint32_t) k;
}


/* lower case, and as capitals where those are not ASCII's */

static void
ig_compile_words(ig_compiler_t *c, uint32_t i)
{
    size_t                k, len, n, at;
    uint8_t               text[IG_WORD_MAX + IG_FOLD_STEP];
    uint8_t               upper[2 * IG_WORD_MAX + IG_FOLD_STEP];
    int32_t               ch;
    utf8proc_ssize_t      used;
    const ig_detector_t  *r;

    r = &c->policy->detectors[i];

    for (k = 0; k < r->context.n; k++) {

        len = ig_fold_word(r->context.items[k], text, IG_WORD_MAX);

        if (len == 0) {
            ig_mistakes_error(c->mistakes, r->place,
                              "a context word is empty, or longer than %d "
                              "bytes", IG_WORD_MAX);
            continue;
        }

        ig_compile_entry(c, &c->words, &c->nwords, &c->words_size, i, text,
                         len);

        n = 0;

        for (at = 0; at < len; at += (size_t) used) {
            used = utf8proc_iterate(text + at, (utf8proc_ssize_t) (len - at),
                                    &ch);
            if (used <= 0) {
                break;
            }

            n += (size_t) utf8proc_encode_char(ch < 0x80 ? ch
                                               : utf8proc_toupper(ch),
                                               upper + n);
        }

        if (n && n <= IG_WORD_MAX
            && !ig_str_eq((ig_str_t) { upper, n }, (ig_str_t) { text, len }))
        {
            ig_compile_entry(c, &c->words, &c->nwords, &c->words_size, i,
                             upper, n);
        }
    }
}


/* the lowest score that a rule asks of the detector */

static uint16_t
ig_compile_floor(const ig_policy_t *p, uint32_t i)
{
    size_t                 k, n;
    uint16_t               floor;
    unsigned               side;
    const ig_condition_t  *c;

    floor = IG_SCORE_DEFAULT;

    for (k = 0; k < p->nrules; k++) {
        for (side = 0; side < 2; side++) {

            c = side ? &p->rules[k].unless : &p->rules[k].when;

            if ((c->keys & IG_WHEN_DATA) == 0 || c->score >= floor) {
                continue;
            }

            for (n = 0; n < c->data.n; n++) {
                if (c->data.items[n] == i) {
                    floor = c->score;
                    break;
                }
            }
        }
    }

    return floor;
}


static void
ig_compile_window(ig_matcher_t *m, const ig_pattern_t *p)
{
    if (p->unsure || p->max > IG_WINDOW_MAX) {
        m->before = IG_WINDOW_BEFORE;
        m->after = IG_WINDOW_MAX;
        return;
    }

    m->before = p->max;
    m->after = p->max + 16;            /* and what look-ahead may see */
}


/* a number is short, whatever its pattern would allow around it */

static void
ig_compile_cluster(ig_detect_t *d, ig_matcher_t *m)
{
    m->before = m->before < IG_WINDOW_CLUSTER ? m->before : IG_WINDOW_CLUSTER;
    m->after = m->after < IG_WINDOW_CLUSTER ? m->after : IG_WINDOW_CLUSTER;

    if (d->cluster_reach < m->before) {
        d->cluster_reach = m->before;
    }

    if (d->cluster_reach < m->after) {
        d->cluster_reach = m->after;
    }
}


static bool
ig_compile_code(ig_compiler_t *c, uint32_t i)
{
    ig_matcher_t         *m;
    ig_code_source_t      s;
    const ig_detector_t  *r;

    r = &c->policy->detectors[i];
    m = &c->d->matchers[i];

    s = (ig_code_source_t) { c->mistakes, r->pattern_place, false, false };
    m->code = ig_code_new(&s, r->pattern);
    m->utf = s.utf;
    c->nomem = c->nomem || s.nomem;

    return m->code != NULL;
}


static void
ig_compile_weak(ig_compiler_t *c, uint32_t i, ig_pattern_t *p)
{
    ig_matcher_t         *m;
    ig_code_source_t      s;
    const ig_detector_t  *r;

    r = &c->policy->detectors[i];
    m = &c->d->matchers[i];

    if (r->weak.len == 0) {
        return;
    }

    s = (ig_code_source_t) { c->mistakes, r->weak_place, false, false };
    m->weak = ig_code_new_whole(&s, r->weak);
    m->weak_utf = s.utf;
    c->nomem = c->nomem || s.nomem;

    if (m->weak == NULL) {
        return;
    }

    if (!ig_pattern_read(r->weak, p)) {
        c->nomem = true;
        return;
    }

    ig_compile_anchored(c, r->weak_place, p);
}


static void
ig_compile_detector(ig_compiler_t *c, uint32_t i, ig_pattern_t *p)
{
    ig_matcher_t         *m;
    const ig_detector_t  *r;

    r = &c->policy->detectors[i];
    m = &c->d->matchers[i];

    m->unofficial = r->unofficial;
    m->owner = r->owner;
    m->shape = r->score_shape;
    m->validated = r->score_validated;
    m->context = r->score_context;
    m->floor = ig_compile_floor(c->policy, i);
    m->country = r->pack < c->policy->npacks
                 ? c->policy->packs[r->pack].country : IG_COUNTRY_UNKNOWN;

    ig_compile_validator(c, i);
    ig_compile_words(c, i);
    ig_compile_weak(c, i, p);

    /* an empty one was a mistake, told where it was read */

    if (c->nomem || r->pattern.len == 0 || !ig_compile_code(c, i)) {
        return;
    }

    if (!ig_pattern_read(r->pattern, p)) {
        c->nomem = true;
        return;
    }

    ig_compile_window(m, p);
    ig_compile_check(c, i, p);

    if (r->anchor == IG_ANCHOR_MISTAKEN) {
        return;
    }

    ig_compile_find(c, i, m, p);

    if (m->find == IG_FIND_CLUSTER) {
        ig_compile_cluster(c->d, m);
    }

    /* Vectorscan takes C strings, and bytes for characters */

    if (!m->utf && memchr(r->pattern.data, '\0', r->pattern.len) == NULL) {
        c->gated[i] = r->pattern;
    }
}


/* bytes enough for every folded literal and word, in all their forms */

static size_t
ig_compile_bytes(const ig_policy_t *p)
{
    size_t  i, n;

    n = 1;

    for (i = 0; i < p->ndetectors; i++) {
        n += (p->detectors[i].literals.n + 1) * (IG_WORD_MAX + IG_FOLD_STEP)
             + p->detectors[i].context.n * IG_WORD_MAX * IG_WORD_FORMS;
    }

    return n;
}


static ig_gate_t *
ig_compile_gate(ig_compiler_t *c, const uint32_t *detectors, size_t n,
    bool vectorscan)
{
    size_t      i;
    ig_str_t   *patterns;
    ig_gate_t  *g;

    patterns = calloc(n + 1, sizeof(ig_str_t));
    if (patterns == NULL) {
        return NULL;
    }

    for (i = 0; i < n; i++) {
        patterns[i] = c->gated[detectors[i]];
    }

    g = ig_gate_new(patterns, n, vectorscan);
    free(patterns);

    return g;
}


static bool
ig_compile_tables(ig_compiler_t *c, bool vectorscan)
{
    ig_row_t     *rows;
    ig_detect_t  *d;

    d = c->d;
    rows = c->rows;
    c->rows = NULL;

    if (!ig_tables_rows(d, rows, c->nrows) || !ig_tables_lists(d)
        || !ig_tables_literals(d, c->literals, c->nliterals, vectorscan)
        || !ig_tables_words(d, c->words, c->nwords))
    {
        return false;
    }

    d->gate = ig_compile_gate(c, d->always, d->nalways, vectorscan);
    d->cluster_gate = ig_compile_gate(c, d->clusters, d->nclusters,
                                      vectorscan
                                      && d->nclusters > IG_ANCHOR_MANY);

    return d->gate && d->cluster_gate;
}


static void
ig_compile_all(ig_compiler_t *c, unsigned options)
{
    size_t         n;
    uint32_t       i;
    ig_pattern_t  *p;

    n = c->policy->ndetectors;
    p = malloc(sizeof(ig_pattern_t));

    c->d->n = n;
    c->d->matchers = calloc(n + 1, sizeof(ig_matcher_t));
    c->validators = calloc(n + 1, sizeof(ig_validator_pt));
    c->gated = calloc(n + 1, sizeof(ig_str_t));
    c->bytes = malloc(ig_compile_bytes(c->policy));

    if (p == NULL || c->d->matchers == NULL || c->validators == NULL
        || c->gated == NULL || c->bytes == NULL)
    {
        c->nomem = true;
        free(p);
        return;
    }

    ig_fold_table_init(&c->d->fold);

    for (i = 0; i < n && !c->nomem; i++) {
        ig_compile_detector(c, i, p);
    }

    free(p);

    if (!c->nomem && ig_mistakes_errors(c->mistakes) == 0
        && !ig_compile_tables(c, (options & IG_DETECT_NO_VECTORSCAN) == 0))
    {
        c->nomem = true;
    }
}


ig_detect_t *
ig_detect_compile(const ig_policy_t *p, unsigned options,
    ig_mistakes_t *mistakes)
{
    ig_compiler_t  c;

    memset(&c, 0, sizeof(c));
    c.policy = p;
    c.mistakes = mistakes;
    c.d = calloc(1, sizeof(ig_detect_t));

    if (c.d == NULL) {
        return NULL;
    }

    ig_compile_all(&c, options);

    if (c.nomem) {
        ig_mistakes_error(mistakes, (ig_place_t) { NULL, 0, 0 },
                          "no memory to compile the detectors, or Vectorscan "
                          "refused their anchors");
    }

    free(c.rows);
    free(c.literals);
    free(c.words);
    free(c.validators);
    free(c.gated);
    free(c.bytes);

    if (c.nomem || ig_mistakes_errors(mistakes) != 0) {
        ig_detect_free(c.d);
        return NULL;
    }

    return c.d;
}


void
ig_detect_free(ig_detect_t *d)
{
    size_t  i;

    if (d == NULL) {
        return;
    }

    for (i = 0; d->matchers && i < d->n; i++) {
        pcre2_code_free(d->matchers[i].code);
        pcre2_code_free(d->matchers[i].weak);
    }

    free(d->matchers);
    free(d->rows);
    free(d->row_list);
    free(d->clusters);
    free(d->needs);
    free(d->ibans);
    free(d->always);
    free(d->literal_first);
    free(d->literal_detectors);
    free(d->word_numbers);
    ig_literals_free(d->literals);
    ig_gate_free(d->gate);
    ig_gate_free(d->cluster_gate);
    ig_words_free(d->words);
    free(d);
}

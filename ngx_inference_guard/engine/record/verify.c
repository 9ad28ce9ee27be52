/*
 * The verifier: files cut into lines, lines told apart, findings told.
 */

#include "verify_state.h"

#include <openssl/evp.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>


/* a record's first bytes; in a string the quotes would be escaped */
#define IG_VERIFY_HEAD        "{\"v\":1,\"type\":\""
#define IG_VERIFY_CHECKPOINT  "{\"v\":1,\"type\":\"checkpoint\","

static const char *const  ig_verify_kinds[IG_VERIFY_KINDS] = {
    "altered", "removed", "inserted", "repeated", "reordered", "cut",
    "left_out", "rewritten", "unsealed", "not_chained", "invalid_checkpoint",
    "missing_checkpoint", "swapped", "bad_signature", "unknown_key",
    "foreign", "nothing_signed", "torn", "again", "elsewhere",
    "new_key"
};


const char *
ig_verify_kind_name(ig_verify_kind_t kind)
{
    return ig_verify_kinds[kind];
}


ig_verify_t *
ig_verify_new(ig_verify_report_pt report, void *data)
{
    ig_verify_t  *v;

    v = calloc(1, sizeof(*v));
    if (v == NULL) {
        return NULL;
    }

    v->report = report;
    v->data = data;
    v->last = IG_VERIFY_NONE;
    v->hasher = ig_hasher_new();
    v->arena = ig_arena_new(SIZE_MAX / 2, 0);
    v->ctx = EVP_MD_CTX_new();
    v->recent = calloc(IG_VERIFY_RECENT, sizeof(*v->recent));

    if (v->hasher == NULL || v->arena == NULL || v->ctx == NULL
        || v->recent == NULL)
    {
        ig_verify_free(v);
        return NULL;
    }

    return v;
}


void
ig_verify_free(ig_verify_t *v)
{
    size_t  i;

    if (v == NULL) {
        return;
    }

    for (i = 0; i < v->nkeys; i++) {
        EVP_PKEY_free(v->keys[i].key);
    }

    ig_hasher_free(v->hasher);

    if (v->arena) {
        ig_arena_free(v->arena);
    }

    EVP_MD_CTX_free(v->ctx);
    free(v->files);
    free(v->writers);
    free(v->names);
    free(v->nodes);
    free(v->checkpoints);
    free(v->seals);
    free(v->keys);
    free(v->runs);
    free(v->order);
    free(v->recent);
    free(v);
}


/* room grows when the number of rows is a power of two */

void *
ig_verify_push(ig_verify_t *v, void *rows, size_t *n, size_t size)
{
    void  **array = rows, *p;

    if ((*n & (*n - 1)) == 0) {
        p = *n < UINT32_MAX / 2
            ? realloc(*array, (*n ? *n * 2 : 1) * size) : NULL;

        if (p == NULL) {
            v->rc = IG_NOMEM;
            return NULL;
        }

        *array = p;
    }

    p = (char *) *array + *n * size;
    memset(p, 0, size);
    (*n)++;

    return p;
}


ig_rc_t
ig_verify_file(ig_verify_t *v, const char *name, bool kept, uint32_t *file)
{
    ig_verify_file_t  *f;

    f = ig_verify_add(v, files);
    if (f == NULL) {
        return v->rc;
    }

    f->name = name;
    f->kept = kept;
    *file = (uint32_t) (v->nfiles - 1);

    return IG_OK;
}


/* -- findings ------------------------------------------------------------- */

void
ig_verify_tell(ig_verify_t *v, ig_verify_kind_t kind, ig_verify_place_t place,
    const char *fmt, ...)
{
    char                 text[640];
    va_list              args;
    ig_verify_finding_t  f;

    if (v->sum.found[kind]++ >= IG_VERIFY_NAMED) {
        return;
    }

    va_start(args, fmt);
    (void) vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);

    f.kind = kind;
    f.file = place.file == IG_VERIFY_NONE ? NULL : v->files[place.file].name;
    f.line = place.line;
    f.text = text;

    v->report(v->data, &f);
}


const char *
ig_verify_at(const ig_verify_t *v, ig_verify_place_t place)
{
    char            *p;
    static char      text[4][200];
    static unsigned  turn;

    if (place.file == IG_VERIFY_NONE) {
        return "the beginning";
    }

    p = text[turn++ % 4];
    (void) snprintf(p, sizeof(text[0]), "%.150s:%llu",
                    v->files[place.file].name,
                    (unsigned long long) place.line);

    return p;
}


const char *
ig_verify_plain(ig_str_t s)
{
    char            *p;
    size_t           i;
    static char      text[4][64];
    static unsigned  turn;

    p = text[turn++ % 4];

    for (i = 0; i < s.len && i < sizeof(text[0]) - 1; i++) {
        p[i] = (char) (s.data[i] > 0x20 && s.data[i] < 0x7f ? s.data[i] : '?');
    }

    p[i] = '\0';

    return p;
}


/* -- writers -------------------------------------------------------------- */

static size_t
ig_verify_name_hash(ig_str_t name)
{
    size_t    i;
    uint64_t  h;

    h = UINT64_C(14695981039346656037);          /* FNV-1a */

    for (i = 0; i < name.len; i++) {
        h = (h ^ name.data[i]) * UINT64_C(1099511628211);
    }

    return (size_t) (h ^ h >> 32);
}


static bool
ig_verify_names_grow(ig_verify_t *v)
{
    size_t     i, k, n;
    uint32_t  *names;

    n = v->nnames ? v->nnames * 2 : 256;

    names = malloc(n * sizeof(*names));
    if (names == NULL) {
        return false;
    }

    for (i = 0; i < n; i++) {
        names[i] = IG_VERIFY_NONE;
    }

    for (i = 0; i < v->nwriters; i++) {
        k = ig_verify_name_hash(v->writers[i].name) & (n - 1);

        while (names[k] != IG_VERIFY_NONE) {
            k = (k + 1) & (n - 1);
        }

        names[k] = (uint32_t) i;
    }

    free(v->names);
    v->names = names;
    v->nnames = n;

    return true;
}


uint32_t
ig_verify_writer(ig_verify_t *v, ig_str_t name)
{
    size_t               k;
    ig_verify_writer_t  *w;

    if (v->last != IG_VERIFY_NONE
        && ig_str_eq(v->writers[v->last].name, name))
    {
        return v->last;
    }

    if (v->nwriters * 2 >= v->nnames && !ig_verify_names_grow(v)) {
        v->rc = IG_NOMEM;
        return IG_VERIFY_NONE;
    }

    k = ig_verify_name_hash(name) & (v->nnames - 1);

    while (v->names[k] != IG_VERIFY_NONE) {
        if (ig_str_eq(v->writers[v->names[k]].name, name)) {
            v->last = v->names[k];
            return v->last;
        }

        k = (k + 1) & (v->nnames - 1);
    }

    name = ig_arena_strdup(v->arena, name);
    w = name.data ? ig_verify_add(v, writers) : NULL;

    if (w == NULL) {
        v->rc = IG_NOMEM;
        return IG_VERIFY_NONE;
    }

    w->name = name;
    w->node = IG_VERIFY_NONE;
    w->scanned = IG_VERIFY_NONE;
    w->place.file = IG_VERIFY_NONE;
    w->next = 1;
    v->names[k] = (uint32_t) (v->nwriters - 1);
    v->last = v->names[k];

    return v->last;
}


/* -- lines ---------------------------------------------------------------- */

bool
ig_verify_record_parse(ig_verify_record_t *r, ig_str_t line)
{
    ig_cursor_t  c = { line.data, line.data + line.len };

    r->line = line;

    if (!ig_cursor_lit(&c, "{\"v\":1,\"type\":")
        || !ig_cursor_string(&c, &r->type)
        || !ig_cursor_lit(&c, ",\"time\":")
        || !ig_cursor_string(&c, &r->time) || r->time.len != IG_VERIFY_TIME
        || !ig_cursor_lit(&c, ",\"writer\":")
        || !ig_cursor_string(&c, &r->writer) || r->writer.len == 0
        || !ig_cursor_lit(&c, ",\"seq\":") || !ig_cursor_uint(&c, &r->seq))
    {
        return false;
    }

    /* no chain has so many records, and numbers can be added to */

    if (r->seq > UINT64_MAX / 2) {
        return false;
    }

    r->rest = (ig_str_t) { c.p, (size_t) (c.end - c.p) };

    return true;
}


bool
ig_verify_record_prev(const ig_verify_record_t *r, uint8_t prev[IG_HASH_SIZE])
{
    ig_cursor_t  c = { r->rest.data, r->rest.data + r->rest.len };

    return r->seq && ig_cursor_lit(&c, ",\"prev\":")
           && ig_cursor_hex(&c, prev, IG_HASH_SIZE);
}


/*
 * As many braces open as close, and none opens where one closes: what a whole
 * record has, and one that was cut, or two without a newline, have not.  Braces
 * in strings can make a whole one look otherwise, which is then looked at more
 * closely.
 */

/* a vector of GCC and clang: a comparison gives -1 in each lane that is equal */
typedef int8_t  ig_verify_vector_t __attribute__((vector_size(16)));

#define IG_VERIFY_LANES  16
#define IG_VERIFY_ROUNDS 127             /* so that no lane overflows */

static bool
ig_verify_balanced(ig_str_t line)
{
    size_t              i, k, end;
    int64_t             depth;
    ig_verify_vector_t  v, next, sum, two;

    depth = 0;
    i = 0;
    two = (ig_verify_vector_t) { 0 };

    /* one byte more is looked at than is counted */

    while (line.len - i > IG_VERIFY_LANES) {
        end = (line.len - i - 1) / IG_VERIFY_LANES;
        end = end < IG_VERIFY_ROUNDS ? end : IG_VERIFY_ROUNDS;
        sum = (ig_verify_vector_t) { 0 };

        for (k = 0; k < end; k++, i += IG_VERIFY_LANES) {
            memcpy(&v, line.data + i, sizeof(v));
            memcpy(&next, line.data + i + 1, sizeof(next));
            sum += (v == '}') - (v == '{');
            two |= (v == '}') & (next == '{');
        }

        for (k = 0; k < IG_VERIFY_LANES; k++) {
            depth += sum[k];
        }
    }

    for (k = 0; k < IG_VERIFY_LANES; k++) {
        if (two[k]) {
            return false;
        }
    }

    for ( /* void */ ; i < line.len; i++) {
        depth += line.data[i] == '{';
        depth -= line.data[i] == '}';

        if (line.data[i] == '{' && i && line.data[i - 1] == '}') {
            return false;
        }
    }

    return depth == 0;
}


static bool
ig_verify_whole(ig_str_t line)
{
    ig_cursor_t  c = { line.data, line.data + line.len };

    if (line.data[line.len - 1] != '}') {
        return false;
    }

    return ig_verify_balanced(line)
           || (ig_cursor_skip(&c, 0) && c.p == c.end);
}


static void
ig_verify_note(ig_verify_t *v, ig_verify_kind_t kind, uint32_t file,
    const char *what)
{
    ig_verify_place_t  place = { file, v->files[file].line };

    if (kind == IG_VERIFY_TORN) {
        v->sum.torn++;
    }

    ig_verify_tell(v, kind, place, "%s", what);
}


/*
 * The beginning of a record that is not all there: what no reader takes for one.
 * Before another record on the same line it can be all there but its newline.  A
 * machine that goes down can leave zeros.
 */

static bool
ig_verify_is_torn(ig_str_t piece, bool before)
{
    bool      string;
    size_t    i, n, depth;
    uint8_t   c;

    for (i = 0; i < piece.len && piece.data[i] == '\0'; i++) { /* void */ }

    if (i == piece.len) {
        return true;
    }

    n = sizeof(IG_VERIFY_HEAD) - 1;
    n = piece.len < n ? piece.len : n;

    if (before || memcmp(piece.data, IG_VERIFY_HEAD, n) != 0) {
        return memcmp(piece.data, IG_VERIFY_HEAD, n) == 0;
    }

    depth = 0;
    string = false;

    for (i = 0; i < piece.len; i++) {
        c = piece.data[i];

        if (string) {
            i += c == '\\';
            string = c != '"';

        } else if (c == '"') {
            string = true;

        } else if (c == '{' || c == '[') {
            depth++;

        } else if ((c == '}' || c == ']') && --depth == 0) {
            return false;
        }
    }

    return true;
}


static void
ig_verify_piece(ig_verify_t *v, uint32_t file, ig_str_t piece, bool before)
{
    if (ig_verify_is_torn(piece, before)) {
        ig_verify_note(v, IG_VERIFY_TORN, file, "a write that was cut short");

    } else {
        ig_verify_note(v, IG_VERIFY_FOREIGN, file,
                       "this is neither a record nor a part of one");
    }
}


/*
 * What stands before a record's first bytes in a line is a write that was cut
 * short.  True: `line` is whole now.
 */

static bool
ig_verify_untear(ig_verify_t *v, uint32_t file, ig_str_t *line, bool check)
{
    uint8_t   *p;
    ig_str_t   piece;

    while (!ig_verify_whole(*line)) {

        p = memmem(line->data + 1, line->len - 1, IG_VERIFY_HEAD,
                   sizeof(IG_VERIFY_HEAD) - 1);

        piece.data = line->data;
        piece.len = p ? (size_t) (p - line->data) : line->len;

        if (check) {
            ig_verify_piece(v, file, piece, p != NULL);
        }

        if (p == NULL) {
            return false;
        }

        line->len -= piece.len;
        line->data = p;
    }

    return true;
}


static void
ig_verify_line(ig_verify_t *v, uint32_t file, ig_str_t line, bool check)
{
    uint8_t             *p;
    ig_verify_record_t   r;

    if (line.len == 0) {
        return;
    }

    if (v->files[file].kept) {
        p = memmem(line.data, line.len, IG_VERIFY_CHECKPOINT,
                   sizeof(IG_VERIFY_CHECKPOINT) - 1);
        if (p == NULL) {
            return;
        }

        line.len -= (size_t) (p - line.data);
        line.data = p;

        if (line.data[line.len - 1] == '\r') {
            line.len--;
        }
    }

    if (!ig_verify_untear(v, file, &line, check)) {
        return;
    }

    if (!check) {
        ig_verify_scan_line(v, file, line);
        return;
    }

    if (ig_checkpoint_is(line)) {
        ig_verify_seal_line(v, file, line);

    } else if (ig_verify_pruned_is(line)) {
        if (!ig_verify_pruned_line(v, line, false)) {
            ig_verify_note(v, IG_VERIFY_FOREIGN, file,
                           "this line says what was pruned and cannot be read");
        }

    } else if (ig_verify_record_parse(&r, line)) {
        ig_verify_chain(v, file, &r);

    } else {
        ig_verify_note(v, IG_VERIFY_FOREIGN, file, "this line is no record");
    }
}


static ig_rc_t
ig_verify_lines(ig_verify_t *v, uint32_t file, ig_str_t bytes, bool last,
    size_t *used, bool check)
{
    uint8_t           *end;
    ig_str_t           line;
    ig_verify_file_t  *f = &v->files[file];

    *used = 0;

    while (v->rc == IG_OK && *used < bytes.len) {

        line.data = bytes.data + *used;
        line.len = bytes.len - *used;
        end = memchr(line.data, '\n', line.len);

        if (end) {
            line.len = (size_t) (end - line.data);
            *used += line.len + 1;

        } else if (last || line.len > IG_VERIFY_LINE) {
            *used += line.len;

        } else {
            break;
        }

        f->line += f->skipping ? 0 : 1;

        if (f->skipping || line.len > IG_VERIFY_LINE) {
            if (check && !f->skipping) {
                ig_verify_note(v, IG_VERIFY_FOREIGN, file,
                               "this line is too long for a record");
            }

            f->skipping = (end == NULL);
            continue;
        }

        ig_verify_line(v, file, line, check);
    }

    if (last) {
        f->line = 0;
        f->skipping = false;
    }

    return v->rc;
}


ig_rc_t
ig_verify_scan(ig_verify_t *v, uint32_t file, ig_str_t bytes, bool last,
    size_t *used)
{
    return ig_verify_lines(v, file, bytes, last, used, false);
}


ig_rc_t
ig_verify_check(ig_verify_t *v, uint32_t file, ig_str_t bytes, bool last,
    size_t *used)
{
    return ig_verify_lines(v, file, bytes, last, used, true);
}


/* -- the end -------------------------------------------------------------- */

ig_rc_t
ig_verify_end(ig_verify_t *v, ig_verify_summary_t *s)
{
    size_t             i;
    ig_verify_place_t  none = { IG_VERIFY_NONE, 0 };

    ig_verify_gaps_end(v);
    ig_verify_seal_end(v);
    ig_verify_writers_end(v);

    v->sum.writers = v->nwriters;
    v->sum.nodes = v->nnodes;
    v->sum.checkpoints = v->ncheckpoints;

    for (i = 0; i < v->nkeys; i++) {
        v->sum.keys += v->keys[i].given;
    }

    if (v->sum.keys && v->sum.sealed + v->sum.pruned == 0
        && v->sum.found[IG_VERIFY_BAD_SIGNATURE] == 0)
    {
        ig_verify_tell(v, IG_VERIFY_NOTHING_SIGNED, none,
                       "no record is covered by a signed checkpoint");
    }

    v->sum.whole = true;

    for (i = 0; i < IG_VERIFY_KINDS; i++) {
        if (ig_verify_is_failure(i) && v->sum.found[i]) {
            v->sum.whole = false;
        }
    }

    v->sum.verified = v->sum.whole && v->sum.keys && v->rc == IG_OK;
    *s = v->sum;

    return v->rc;
}


bool
ig_verify_node(const ig_verify_t *v, size_t i, ig_verify_node_t *node)
{
    const ig_verify_checkpoint_t  *c;

    if (i >= v->nnodes || v->nodes[i].n == 0) {
        return false;
    }

    c = &v->checkpoints[v->nodes[i].first + v->nodes[i].n - 1];

    node->name = v->nodes[i].name;
    node->time = (ig_str_t) { c->time, IG_VERIFY_TIME };
    node->number = c->number;
    node->file = v->files[c->place.file].name;
    node->line = c->place.line;

    return true;
}

/*
 * Reading a request: its operation, then query, headers and body.
 *
 * The query, the headers and a path that names a thing are read also where the
 * operation takes no body: they go on to the endpoint as well.
 */

#include <read/json.h>
#include <read/operation.h>

#include <string.h>


static ig_rc_t
ig_read_refuse(ig_reading_t *out, ig_reason_t reason, size_t at)
{
    out->reason = reason;
    out->reason_at = at;
    out->nblocks = 0;

    return IG_OK;
}


static void
ig_read_block(ig_reading_t *out, ig_block_kind_t kind, ig_str_t bytes,
    ig_span_chunk_t *spans)
{
    ig_block_t  *block;

    block = &out->blocks[out->nblocks++];

    block->kind = kind;
    block->bytes = bytes;
    block->spans = spans;
}


/*
 * A name or a value from *i up to `stop` or '&': whole percent escapes, and
 * UTF-8 when they are decoded (WHATWG URL, 5.1).
 */

static bool
ig_query_part(ig_str_t args, size_t *i, uint8_t stop, unsigned *flags)
{
    int       high, low;
    uint8_t   c;
    uint32_t  state;

    *flags = 0;
    state = 0;

    for ( /* void */ ; *i < args.len; (*i)++) {
        c = args.data[*i];

        if (c == '&' || c == stop) {
            break;
        }

        if (c == '+') {
            *flags |= IG_SPAN_PERCENT;
            c = ' ';
        }

        if (c == '%') {

            if (args.len - *i < 3) {
                return false;
            }

            high = ig_hex(args.data[*i + 1]);
            low = ig_hex(args.data[*i + 2]);

            if ((high | low) < 0) {
                return false;
            }

            *flags |= IG_SPAN_PERCENT;
            *i += 2;
            c = (uint8_t) (high << 4 | low);
        }

        if (c >= 0x80) {
            *flags |= IG_SPAN_FOLD;
        }

        if (!ig_utf8_step(&state, c)) {
            return false;
        }
    }

    return state == 0;
}


static ig_rc_t
ig_read_query(const ig_request_t *r, ig_arena_t *arena, ig_reading_t *out)
{
    size_t      i, start;
    unsigned    flags;
    ig_spans_t  spans;

    if (r->args.len == 0) {
        return IG_OK;
    }

    /* the length of a span must fit */

    if (r->args.len >= IG_MAX_BODY) {
        return ig_read_refuse(out, IG_REASON_limit_exceeded, 0);
    }

    ig_spans_init(&spans, arena);

    for (i = 0; i < r->args.len; i++) {
        start = i;

        if (!ig_query_part(r->args, &i, '=', &flags)) {
            return ig_read_refuse(out, IG_REASON_invalid_query, 0);
        }

        if (!ig_spans_add(&spans, start, i - start, flags | IG_SPAN_KEY)) {
            return ig_arena_status(arena);
        }

        if (i == r->args.len || r->args.data[i] == '&') {
            continue;
        }

        start = ++i;

        if (!ig_query_part(r->args, &i, '&', &flags)) {
            return ig_read_refuse(out, IG_REASON_invalid_query, 0);
        }

        if (!ig_spans_add(&spans, start, i - start, flags)) {
            return ig_arena_status(arena);
        }
    }

    ig_read_block(out, IG_BLOCK_QUERY, r->args, spans.first);

    return IG_OK;
}


/*
 * Header values are bytes (RFC 9110, 5.5): what is not UTF-8 is kept as it is,
 * with IG_SPAN_FOLD, and looked at like all other text.
 */

static ig_rc_t
ig_read_headers(const ig_request_t *r, ig_arena_t *arena, ig_reading_t *out)
{
    size_t      i, k, total;
    uint8_t    *p;
    unsigned    flags;
    ig_str_t    value;
    ig_spans_t  spans;

    total = 0;

    for (i = 0; i < r->nheaders; i++) {

        if (r->headers[i].value.len > IG_MAX_BODY - 1
            || total > IG_MAX_BODY - 1 - r->headers[i].value.len)
        {
            return ig_read_refuse(out, IG_REASON_limit_exceeded, 0);
        }

        total += r->headers[i].value.len + 1;
    }

    if (total == 0) {
        return IG_OK;
    }

    p = ig_arena_alloc(arena, total);
    if (p == NULL) {
        return ig_arena_status(arena);
    }

    ig_spans_init(&spans, arena);

    total = 0;

    for (i = 0; i < r->nheaders; i++) {
        value = r->headers[i].value;
        flags = 0;

        for (k = 0; k < value.len; k++) {
            p[total + k] = value.data[k];
            flags |= value.data[k] >= 0x80 ? IG_SPAN_FOLD : 0;
        }

        p[total + value.len] = IG_HEADER_SEPARATOR;

        if (!ig_spans_add(&spans, total, value.len, flags)) {
            return ig_arena_status(arena);
        }

        total += value.len + 1;
    }

    ig_read_block(out, IG_BLOCK_HEADERS, (ig_str_t) { p, total }, spans.first);

    return IG_OK;
}


/*
 * The path goes on as it is.  What the table of operations leaves open in it is
 * text of the client.
 */

static ig_rc_t
ig_read_path(const ig_request_t *r, ig_arena_t *arena, ig_reading_t *out)
{
    size_t      i;
    unsigned    flags;
    ig_str_t    known;
    ig_spans_t  spans;

    known = out->operation->path;

    if (known.data[known.len - 1] != '*') {
        return IG_OK;
    }

    if (r->path.len >= IG_MAX_BODY) {
        return ig_read_refuse(out, IG_REASON_limit_exceeded, 0);
    }

    flags = 0;

    for (i = 0; i < r->path.len; i++) {
        flags |= r->path.data[i] >= 0x7f ? IG_SPAN_FOLD : 0;
    }

    ig_spans_init(&spans, arena);

    if (!ig_spans_add(&spans, known.len - 1, r->path.len - known.len + 1,
                      flags))
    {
        return ig_arena_status(arena);
    }

    ig_read_block(out, IG_BLOCK_PATH, r->path, spans.first);

    return IG_OK;
}


/* what is before the first `c`; *rest is what is behind it */

static ig_str_t
ig_read_token(ig_str_t *rest, uint8_t c)
{
    size_t    i;
    ig_str_t  s;

    for (i = 0; i < rest->len && rest->data[i] != c; i++) {
        /* void */
    }

    s = (ig_str_t) { rest->data, i };
    i = i < rest->len ? i + 1 : i;

    rest->data += i;
    rest->len -= i;

    return ig_trim(s);
}


/*
 * application/json, with no parameter but charset=utf-8 (RFC 9110, 8.3).  JSON
 * is UTF-8 (RFC 8259, 8.1), but a server may believe another charset.
 */

static bool
ig_read_is_json(ig_str_t type)
{
    ig_str_t  parameter;

    if (ig_str_eq(type, IG_STR("application/json"))) {
        return true;
    }

    if (type.len == 0
        || !ig_str_eq_nocase(ig_read_token(&type, ';'),
                             IG_STR("application/json")))
    {
        return false;
    }

    while (type.len) {
        parameter = ig_read_token(&type, ';');

        if (parameter.len
            && !ig_str_eq_nocase(parameter, IG_STR("charset=utf-8"))
            && !ig_str_eq_nocase(parameter, IG_STR("charset=\"utf-8\"")))
        {
            return false;
        }
    }

    return true;
}


static ig_rc_t
ig_read_body(const ig_request_t *r, const ig_operation_row_t *row,
    ig_arena_t *arena, ig_reading_t *out)
{
    ig_json_t  j;

    if (r->body.len == 0) {
        return ig_read_refuse(out, IG_REASON_missing_body, 0);
    }

    if (r->body.len > IG_MAX_BODY) {
        return ig_read_refuse(out, IG_REASON_body_too_large, 0);
    }

    if (!ig_read_is_json(r->content_type)) {
        return ig_read_refuse(out, IG_REASON_unsupported_media_type, 0);
    }

    ig_json_init(&j, r->body, arena);
    j.stream = row->streams;

    if (!ig_json_read(&j, row->place,
                      row->required | (row->public.model ? IG_SEEN_MODEL : 0)))
    {
        return j.rc != IG_OK
               ? j.rc : ig_read_refuse(out, j.reason, (size_t) (j.at - j.base));
    }

    ig_read_block(out, IG_BLOCK_BODY, r->body, j.spans.first);

    out->model = j.model;
    out->stream = j.stream;
    out->tools = (ig_strs_t) { j.tools.items, j.tools.n };
    out->uninspectable = j.uninspectable;

    return IG_OK;
}


ig_rc_t
ig_read(const ig_request_t *r, ig_arena_t *arena, ig_reading_t *out)
{
    ig_rc_t                rc;
    ig_reason_t            reason;
    const ig_operation_t  *operation;

    memset(out, 0, sizeof(ig_reading_t));

    operation = ig_operation_find(r->method, r->path, r->anthropic, &reason);

    out->dialect = operation ? operation->dialect
                             : ig_operation_guess(r->path, r->anthropic);

    if (reason != IG_REASON_NONE) {
        return ig_read_refuse(out, reason, 0);
    }

    out->operation = operation;

    if (!operation->body && (r->has_body || r->body.len)) {
        return ig_read_refuse(out, IG_REASON_unexpected_body, 0);
    }

    if (operation->body) {
        rc = ig_read_body(r, ig_operation_row(operation), arena, out);

        if (rc != IG_OK || out->reason != IG_REASON_NONE) {
            return rc;
        }
    }

    rc = ig_read_query(r, arena, out);

    if (rc != IG_OK || out->reason != IG_REASON_NONE) {
        return rc;
    }

    rc = ig_read_headers(r, arena, out);

    if (rc != IG_OK || out->reason != IG_REASON_NONE) {
        return rc;
    }

    return ig_read_path(r, arena, out);
}

/*
 * The grammar of RFC 8259, read strictly.
 *
 * Stricter than the RFC: a key more than once in an object is refused, compared
 * after unescaping, so is a NUL in a key, nesting beyond IG_MAX_DEPTH and a
 * document that is no object.  Numbers are checked as text and have no range.
 */

#include <read/json.h>

#include <string.h>


bool
ig_json_refuse(ig_json_t *j, ig_reason_t reason, const uint8_t *at)
{
    j->reason = reason;
    j->at = at;

    return false;
}


static bool
ig_json_invalid(ig_json_t *j)
{
    return ig_json_refuse(j, IG_REASON_invalid_json, j->p);
}


void
ig_json_init(ig_json_t *j, ig_str_t body, ig_arena_t *arena)
{
    j->arena = arena;
    j->base = body.data;
    j->p = body.data;
    j->end = body.data + body.len;

    j->reason = IG_REASON_NONE;
    j->at = body.data;
    j->rc = IG_OK;

    ig_spans_init(&j->spans, arena);

    j->model = IG_NO_STR;
    j->stream = false;
    j->uninspectable = 0;
    memset(&j->tools, 0, sizeof(j->tools));

    j->scan.base = body.data;
    j->scan.end = j->end;
    j->scan.flags = 0;
    j->scan.reason = IG_REASON_NONE;
    j->scan.at = body.data;

    ig_keys_init(&j->keys, arena, body.data);

    j->depth = 0;
}


/* the arena said no: not the client's fault, or beyond its bound */

bool
ig_json_nomem(ig_json_t *j, const uint8_t *at)
{
    j->rc = ig_arena_status(j->arena);

    return ig_json_refuse(j, IG_REASON_internal_error, at);
}


static inline bool
ig_json_span(ig_json_t *j, const uint8_t *p, size_t len, unsigned flags)
{
    return ig_spans_add(&j->spans, (size_t) (p - j->base), len, flags)
           ? true : ig_json_nomem(j, p);
}


static inline void
ig_json_space(ig_json_t *j)
{
    const uint8_t  *p;

    for (p = j->p; p < j->end; p++) {
        if (*p > ' ' || (*p != ' ' && *p != '\n' && *p != '\r' && *p != '\t')) {
            break;
        }
    }

    j->p = p;
}


/* the string whose quote is at j->p: its length, and j->p behind it */

static inline const uint8_t *
ig_json_string(ig_json_t *j, size_t *len)
{
    const uint8_t  *start, *quote;

    start = j->p + 1;

    quote = ig_scan_string(&j->scan, start);
    if (quote == NULL) {
        (void) ig_json_refuse(j, j->scan.reason, j->scan.at);
        return NULL;
    }

    *len = (size_t) (quote - start);
    j->p = quote + 1;

    return start;
}


static bool
ig_json_has_nul(const uint8_t *p)
{
    int            c;
    ig_unescape_t  u;

    ig_unescape_init(&u, p);

    do {
        c = ig_unescape_next(&u);
    } while (c > 0);

    return c == 0;
}


bool
ig_json_key_new(ig_json_t *j, ig_frame_t *f, const uint8_t *p, size_t len,
    unsigned flags)
{
    bool  duplicate;

    duplicate = false;

    if (ig_keys_add(&j->keys, f->first_key, p, len, (size_t) (j->end - p),
                    flags != 0, &duplicate))
    {
        return true;
    }

    return duplicate ? ig_json_refuse(j, IG_REASON_duplicate_key, p)
                     : ig_json_nomem(j, p);
}


/* a key and its colon; f->slot is then that of the value */

static bool
ig_json_key(ig_json_t *j, ig_frame_t *f)
{
    size_t          len;
    unsigned        flags;
    const uint8_t  *start;

    start = ig_json_string(j, &len);
    if (start == NULL) {
        return false;
    }

    flags = j->scan.flags;

    /* C programs behind us would end the key at a NUL */

    if (flags && ig_json_has_nul(start)) {
        return ig_json_refuse(j, IG_REASON_invalid_json, start);
    }

    if (!ig_json_span(j, start, len, flags | IG_SPAN_KEY)) {
        return false;
    }

    f->slot = ig_slot_default(f->place);

    if (f->place >= IG_PLACE_NAMED) {

        if (!ig_dialect_key(j, f, start, len, flags)) {
            return false;
        }

    } else if (!ig_json_key_new(j, f, start, len, flags)) {
        return false;
    }

    ig_json_space(j);

    if (j->p == j->end || *j->p != ':') {
        return ig_json_invalid(j);
    }

    j->p++;

    return true;
}


/* at least one digit from p on: the first byte behind them, or NULL */

static inline const uint8_t *
ig_json_digits(const uint8_t *p, const uint8_t *end)
{
    const uint8_t  *start;

    for (start = p; p < end && (uint8_t) (*p - '0') < 10; p++) {
        /* void */
    }

    return p > start ? p : NULL;
}


/* RFC 8259, section 6 */

static const uint8_t *
ig_json_number_end(const uint8_t *p, const uint8_t *end)
{
    if (*p == '-') {
        p++;
    }

    if (p < end && *p == '0') {
        p++;

    } else {
        p = ig_json_digits(p, end);
    }

    if (p && p < end && *p == '.') {
        p = ig_json_digits(p + 1, end);
    }

    if (p && p < end && (*p | 0x20) == 'e') {
        p++;

        if (p < end && (*p == '+' || *p == '-')) {
            p++;
        }

        p = ig_json_digits(p, end);
    }

    return p;
}


static bool
ig_json_number(ig_json_t *j, ig_frame_t *f, const ig_slot_t *slot)
{
    const uint8_t  *start, *p;

    start = j->p;

    p = ig_json_number_end(start, j->end);
    if (p == NULL) {
        return ig_json_invalid(j);
    }

    if ((slot->types & IG_TYPE_NUMBER) == 0) {
        return ig_json_refuse(j, IG_REASON_wrong_type, start);
    }

    j->uninspectable |= slot->number_bits;
    f->seen |= slot->seen;
    j->p = p;

    return ig_json_span(j, start, (size_t) (p - start), IG_SPAN_NUMBER);
}


static bool
ig_json_literal(ig_json_t *j, ig_frame_t *f, const ig_slot_t *slot,
    ig_str_t word)
{
    unsigned  type;

    if ((size_t) (j->end - j->p) < word.len
        || memcmp(j->p, word.data, word.len) != 0)
    {
        return ig_json_invalid(j);
    }

    type = word.data[0] == 'n' ? IG_TYPE_NULL : IG_TYPE_BOOL;

    if ((slot->types & type) == 0) {
        return ig_json_refuse(j, IG_REASON_wrong_type, j->p);
    }

    if (word.data[0] == 't') {
        j->uninspectable |= slot->value_bits;
    }

    if (type == IG_TYPE_BOOL) {
        f->seen |= slot->seen;

        if (slot->action == IG_DO_STREAM) {
            j->stream = word.data[0] == 't';
        }
    }

    j->p += word.len;

    return true;
}


static bool
ig_json_value_string(ig_json_t *j, ig_frame_t *f, const ig_slot_t *slot)
{
    size_t          len;
    unsigned        flags;
    const uint8_t  *start;

    start = ig_json_string(j, &len);
    if (start == NULL) {
        return false;
    }

    if ((slot->types & IG_TYPE_STRING) == 0) {
        return ig_json_refuse(j, IG_REASON_wrong_type, start);
    }

    flags = j->scan.flags;
    f->seen |= slot->seen;

    if (!ig_json_span(j, start, len, flags | slot->text)) {
        return false;
    }

    if (len) {
        j->uninspectable |= slot->value_bits;
    }

    if (slot->action == IG_DO_NOTHING) {
        return true;
    }

    return ig_dialect_string(j, f, slot, start, len, flags);
}


static bool
ig_json_open(ig_json_t *j, ig_frame_t *f, const ig_slot_t *slot, bool object)
{
    ig_frame_t  *child;

    if ((slot->types & (object ? IG_TYPE_OBJECT : IG_TYPE_ARRAY)) == 0) {
        return ig_json_refuse(j, IG_REASON_wrong_type, j->p);
    }

    if (j->depth == IG_MAX_DEPTH) {
        return ig_json_refuse(j, IG_REASON_too_deep, j->p);
    }

    if (f) {
        f->seen |= slot->seen;
    }

    child = &j->frames[j->depth++];

    child->object = object;
    child->place = slot->place;
    child->slot = slot->element;
    child->seen = 0;
    child->first_key = j->keys.n;
    child->known[0] = 0;
    child->known[1] = 0;

    if (object) {
        j->uninspectable |= slot->object_bits;
    }

    j->p++;

    return true;
}


static bool
ig_json_close(ig_json_t *j, ig_frame_t *f)
{
    const uint8_t  *at;

    j->p++;
    j->depth--;

    if (!f->object) {
        return true;
    }

    if (!ig_keys_close(&j->keys, f->first_key, &at)) {
        return ig_json_refuse(j, IG_REASON_duplicate_key, at);
    }

    if (f->place >= IG_PLACE_NAMED) {
        ig_dialect_end(j, f);
    }

    return true;
}


/* a value that is whole, or the bracket of one that is not */

static bool
ig_json_value(ig_json_t *j, ig_frame_t *f)
{
    const ig_slot_t  *slot;

    slot = &ig_slots[f->slot];

    switch (*j->p) {

    case '"':
        return ig_json_value_string(j, f, slot);

    case '{':
        return ig_json_open(j, f, slot, true);

    case '[':
        return ig_json_open(j, f, slot, false);

    case 't':
        return ig_json_literal(j, f, slot, IG_STR("true"));

    case 'f':
        return ig_json_literal(j, f, slot, IG_STR("false"));

    case 'n':
        return ig_json_literal(j, f, slot, IG_STR("null"));

    case '-': case '0': case '1': case '2': case '3': case '4':
    case '5': case '6': case '7': case '8': case '9':
        return ig_json_number(j, f, slot);

    default:
        return ig_json_invalid(j);
    }
}


/*
 * What comes next in an open object or array: the closing bracket (true, and
 * the depth is less), or, after the key of an object, a value at j->p.
 */

static bool
ig_json_next(ig_json_t *j, ig_frame_t *f, bool first)
{
    uint8_t  close;

    close = f->object ? '}' : ']';

    ig_json_space(j);

    if (j->p < j->end && *j->p == close) {
        return ig_json_close(j, f);
    }

    if (!first) {

        if (j->p == j->end || *j->p != ',') {
            return ig_json_invalid(j);
        }

        j->p++;
        ig_json_space(j);
    }

    if (f->object) {

        if (j->p == j->end || *j->p != '"') {
            return ig_json_invalid(j);
        }

        if (!ig_json_key(j, f)) {
            return false;
        }

        ig_json_space(j);
    }

    return j->p < j->end ? true : ig_json_invalid(j);
}


bool
ig_json_read(ig_json_t *j, ig_place_id_t top, unsigned required)
{
    bool         first;
    uint32_t     depth;
    ig_slot_t    slot;
    ig_frame_t  *f;

    ig_json_space(j);

    if (j->p == j->end) {
        return ig_json_invalid(j);
    }

    if (*j->p != '{') {

        /* good JSON of another type, maybe: either way it is refused */

        return ig_json_refuse(j, *j->p == '[' ? IG_REASON_wrong_type
                                              : IG_REASON_invalid_json, j->p);
    }

    memset(&slot, 0, sizeof(slot));
    slot.types = IG_TYPE_OBJECT;
    slot.place = top & 0xff;

    if (!ig_json_open(j, NULL, &slot, true)) {
        return false;
    }

    first = true;

    while (j->depth) {
        depth = j->depth;
        f = &j->frames[depth - 1];

        if (!ig_json_next(j, f, first)) {
            return false;
        }

        first = false;

        if (j->depth < depth) {
            continue;
        }

        if (!ig_json_value(j, f)) {
            return false;
        }

        first = j->depth > depth;
    }

    ig_json_space(j);

    if (j->p < j->end) {
        return ig_json_refuse(j, IG_REASON_trailing_bytes, j->p);
    }

    if (required & ~(unsigned) j->frames[0].seen) {
        return ig_json_refuse(j, IG_REASON_missing_field, j->base);
    }

    return true;
}

/*
 * The reader of record lines: recursive descent over a bounded array.
 */

#include "record_line.h"

#include <string.h>


static bool ig_record_line_value(ig_record_line_t *l, unsigned depth);


static bool
ig_record_line_fail(ig_record_line_t *l, const char *why)
{
    if (l->error == NULL) {
        l->error = why;
    }

    return false;
}


static uint8_t
ig_record_line_peek(ig_record_line_t *l)
{
    while (l->pos < l->text.len
           && (l->text.data[l->pos] == ' ' || l->text.data[l->pos] == '\t'))
    {
        l->pos++;
    }

    return l->pos < l->text.len ? l->text.data[l->pos] : 0;
}


static ig_node_t *
ig_record_line_node(ig_record_line_t *l, ig_node_kind_t kind)
{
    ig_node_t  *node;

    if (l->n == IG_RECORD_LINE_NODES) {
        (void) ig_record_line_fail(l, "has too many values");
        return NULL;
    }

    node = &l->nodes[l->n++];
    node->kind = kind;
    node->start = (uint32_t) l->pos;
    node->end = node->start;
    node->next = (uint32_t) l->n;

    return node;
}


static bool
ig_record_line_string(ig_record_line_t *l)
{
    uint8_t     c;
    ig_node_t  *node;

    l->pos++;

    node = ig_record_line_node(l, IG_NODE_STRING);
    if (node == NULL) {
        return false;
    }

    for ( /* void */ ; l->pos < l->text.len; l->pos++) {
        c = l->text.data[l->pos];

        if (c == '"') {
            node->end = (uint32_t) l->pos++;
            return true;
        }

        if (c < 0x20) {
            return ig_record_line_fail(l, "has a control character in a "
                                          "string");
        }

        if (c == '\\') {
            l->pos++;
        }
    }

    return ig_record_line_fail(l, "is cut within a string");
}


/* RFC 8259, section 6; records hold no exponents, a reader may meet them */

static bool
ig_record_line_number(ig_record_line_t *l)
{
    size_t      digits;
    uint8_t     c;
    ig_node_t  *node;

    node = ig_record_line_node(l, IG_NODE_NUMBER);
    if (node == NULL) {
        return false;
    }

    digits = 0;

    for ( /* void */ ; l->pos < l->text.len; l->pos++) {
        c = l->text.data[l->pos];

        if (c >= '0' && c <= '9') {
            digits++;

        } else if (c != '-' && c != '+' && c != '.' && c != 'e' && c != 'E') {
            break;
        }
    }

    node->end = (uint32_t) l->pos;

    return digits ? true : ig_record_line_fail(l, "has an invalid value");
}


static bool
ig_record_line_literal(ig_record_line_t *l)
{
    size_t                    i, n;
    ig_node_t                *node;
    static const char *const  words[] = { "true", "false", "null" };

    node = ig_record_line_node(l, IG_NODE_LITERAL);
    if (node == NULL) {
        return false;
    }

    for (i = 0; i < 3; i++) {
        n = strlen(words[i]);

        if (l->text.len - l->pos >= n
            && memcmp(l->text.data + l->pos, words[i], n) == 0)
        {
            l->pos += n;
            node->end = (uint32_t) l->pos;
            return true;
        }
    }

    return ig_record_line_fail(l, "has an invalid value");
}


static bool
ig_record_line_members(ig_record_line_t *l, bool object, unsigned depth)
{
    uint8_t  c, close;

    close = object ? '}' : ']';
    l->pos++;

    if (ig_record_line_peek(l) == close) {
        l->pos++;
        return true;
    }

    for ( ;; ) {
        if (object) {
            if (ig_record_line_peek(l) != '"' || !ig_record_line_string(l)) {
                return ig_record_line_fail(l, "is cut or no JSON");
            }

            if (ig_record_line_peek(l) != ':') {
                return ig_record_line_fail(l, "is cut or no JSON");
            }

            l->pos++;
        }

        if (!ig_record_line_value(l, depth + 1)) {
            return false;
        }

        c = ig_record_line_peek(l);

        if (c == close) {
            l->pos++;
            return true;
        }

        if (c != ',') {
            return ig_record_line_fail(l, "is cut or no JSON");
        }

        l->pos++;
    }
}


static bool
ig_record_line_value(ig_record_line_t *l, unsigned depth)
{
    bool        ok;
    uint8_t     c;
    ig_node_t  *node;

    if (depth > IG_RECORD_LINE_DEPTH) {
        return ig_record_line_fail(l, "is nested too deeply");
    }

    c = ig_record_line_peek(l);

    switch (c) {

    case '{':
    case '[':
        node = ig_record_line_node(l, c == '{' ? IG_NODE_OBJECT
                                               : IG_NODE_ARRAY);
        if (node == NULL) {
            return false;
        }

        ok = ig_record_line_members(l, c == '{', depth);
        node->end = (uint32_t) l->pos;
        node->next = (uint32_t) l->n;
        return ok;

    case '"':
        return ig_record_line_string(l);

    case 't':
    case 'f':
    case 'n':
        return ig_record_line_literal(l);

    case 0:
        return ig_record_line_fail(l, "is cut");

    default:
        return ig_record_line_number(l);
    }
}


bool
ig_record_line_object(ig_record_line_t *l, ig_str_t text)
{
    l->text = text;
    l->error = NULL;
    l->pos = 0;
    l->n = 0;

    if (text.len > IG_RECORD_LINE_MAX) {
        return ig_record_line_fail(l, "is too long");
    }

    if (ig_record_line_peek(l) != '{') {
        return ig_record_line_fail(l, "is no JSON object");
    }

    if (!ig_record_line_value(l, 0)) {
        return false;
    }

    if (ig_record_line_peek(l) != 0 || l->pos != text.len) {
        return ig_record_line_fail(l, "goes on after its record");
    }

    return true;
}


bool
ig_record_line_parse(ig_record_line_t *l, ig_str_t text)
{
    uint64_t  version;

    if (!ig_record_line_object(l, text)) {
        return false;
    }

    if (!ig_record_line_uint(l, ig_record_line_get(l, 0, "v"), &version)
        || !ig_record_line_get(l, 0, "type")
        || !ig_record_line_get(l, 0, "time")
        || !ig_record_line_get(l, 0, "id"))
    {
        return ig_record_line_fail(l, "is no record");
    }

    if (version != IG_RECORD_VERSION) {
        return ig_record_line_fail(l, "is of another version");
    }

    return true;
}


size_t
ig_record_line_get(const ig_record_line_t *l, size_t object, const char *key)
{
    size_t            i, len;
    const ig_node_t  *k;

    if (object >= l->n || l->nodes[object].kind != IG_NODE_OBJECT) {
        return 0;
    }

    len = strlen(key);

    for (i = object + 1; i < l->nodes[object].next;
         i = l->nodes[i + 1].next)
    {
        k = &l->nodes[i];

        if (k->end - k->start == len
            && memcmp(l->text.data + k->start, key, len) == 0)
        {
            return i + 1;
        }
    }

    return 0;
}


size_t
ig_record_line_first(const ig_record_line_t *l, size_t array)
{
    if (array == 0 || array >= l->n || l->nodes[array].kind != IG_NODE_ARRAY
        || l->nodes[array].next == array + 1)
    {
        return 0;
    }

    return array + 1;
}


size_t
ig_record_line_after(const ig_record_line_t *l, size_t array, size_t node)
{
    node = l->nodes[node].next;

    return node < l->nodes[array].next ? node : 0;
}


ig_str_t
ig_record_line_raw(const ig_record_line_t *l, size_t node)
{
    if (node == 0 || node >= l->n) {
        return IG_NO_STR;
    }

    return (ig_str_t) { l->text.data + l->nodes[node].start,
                        l->nodes[node].end - l->nodes[node].start };
}


static bool
ig_record_line_hex(const uint8_t *p, unsigned *code)
{
    size_t   i;
    uint8_t  c;

    *code = 0;

    for (i = 0; i < 4; i++) {
        c = p[i];

        if (c >= '0' && c <= '9') {
            *code = *code * 16 + (unsigned) (c - '0');

        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            *code = *code * 16 + (unsigned) ((c | 0x20) - 'a' + 10);

        } else {
            return false;
        }
    }

    return true;
}


static void
ig_record_line_utf8(ig_buf_t *out, unsigned code)
{
    if (code < 0x80) {
        ig_buf_char(out, (uint8_t) code);

    } else if (code < 0x800) {
        ig_buf_char(out, (uint8_t) (0xc0 | code >> 6));
        ig_buf_char(out, (uint8_t) (0x80 | (code & 0x3f)));

    } else {
        ig_buf_char(out, (uint8_t) (0xe0 | code >> 12));
        ig_buf_char(out, (uint8_t) (0x80 | (code >> 6 & 0x3f)));
        ig_buf_char(out, (uint8_t) (0x80 | (code & 0x3f)));
    }
}


bool
ig_record_line_text(const ig_record_line_t *l, size_t node, ig_buf_t *out)
{
    size_t                i;
    ig_str_t              s;
    unsigned              code;
    const char           *at;
    static const char     names[] = "\"\\/bfnrt";
    static const uint8_t  values[] = "\"\\/\b\f\n\r\t";

    s = ig_record_line_raw(l, node);

    for (i = 0; i < s.len; i++) {

        if (s.data[i] != '\\') {
            ig_buf_char(out, s.data[i]);
            continue;
        }

        if (++i == s.len) {
            return false;
        }

        if (s.data[i] == 'u') {
            if (s.len - i < 5 || !ig_record_line_hex(s.data + i + 1, &code)) {
                return false;
            }

            /* a record has no surrogates: they are not joined here */

            ig_record_line_utf8(out, code >= 0xd800 && code < 0xe000
                                     ? 0xfffd : code);
            i += 4;
            continue;
        }

        at = s.data[i] ? strchr(names, s.data[i]) : NULL;
        if (at == NULL) {
            return false;
        }

        ig_buf_char(out, values[at - names]);
    }

    return true;
}


bool
ig_record_line_match(const ig_record_line_t *l, size_t node, ig_str_t glob)
{
    ig_buf_t  b;
    uint8_t   text[1024];

    if (node == 0 || l->nodes[node].kind != IG_NODE_STRING) {
        return false;
    }

    ig_buf_fixed(&b, text, sizeof(text));

    return ig_record_line_text(l, node, &b) && !b.failed
           && ig_glob_match(glob, (ig_str_t) { b.data, b.len });
}


bool
ig_record_line_uint(const ig_record_line_t *l, size_t node, uint64_t *n)
{
    size_t    i;
    ig_str_t  s;

    if (node == 0 || l->nodes[node].kind != IG_NODE_NUMBER) {
        return false;
    }

    s = ig_record_line_raw(l, node);
    *n = 0;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9' || *n > UINT64_MAX / 10 - 1) {
            return false;
        }

        *n = *n * 10 + (uint64_t) (s.data[i] - '0');
    }

    return s.len > 0;
}

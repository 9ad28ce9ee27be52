/*
 * Checkpoints, read back: fields in any order, so that a later version may add
 * some, but each once, and the signature last.
 */

#include "checkpoint.h"
#include "cursor.h"

#include <stdlib.h>


#define IG_CHECKPOINT_HEAD  "{\"v\":1,\"type\":\"checkpoint\","
#define IG_CHECKPOINT_TAIL  ",\"signature\":"

/* the tail, a string of the signature's digits, a brace */
#define IG_CHECKPOINT_SIGNED                                                  \
    (sizeof(IG_CHECKPOINT_TAIL) - 1 + 2 * IG_SIGNATURE_SIZE + 2 + 1)

/* what a field may be, in the order in which we write them */
enum {
    IG_FIELD_TIME = 0x01,
    IG_FIELD_NODE = 0x02,
    IG_FIELD_NUMBER = 0x04,
    IG_FIELD_PREV = 0x08,
    IG_FIELD_POLICY = 0x10,
    IG_FIELD_KEY = 0x20,
    IG_FIELD_NEXT_KEY = 0x40,
    IG_FIELD_WRITERS = 0x80,
    IG_FIELDS_ALL = 0xaf                 /* without policy and next_key */
};

enum {
    IG_SEALED_WRITER = 0x01,
    IG_SEALED_FROM = 0x02,
    IG_SEALED_TO = 0x04,
    IG_SEALED_ROOT = 0x08,
    IG_SEALED_HEAD = 0x10,
    IG_SEALED_STATE = 0x20,
    IG_SEALED_IN_FLIGHT = 0x40,
    IG_SEALED_ALL = 0x37                 /* without root and in_flight */
};

typedef struct {
    const char  *name;
    unsigned     bit;
} ig_field_t;

static const ig_field_t  ig_checkpoint_fields[] = {
    { "time", IG_FIELD_TIME },
    { "node", IG_FIELD_NODE },
    { "number", IG_FIELD_NUMBER },
    { "prev", IG_FIELD_PREV },
    { "policy", IG_FIELD_POLICY },
    { "key", IG_FIELD_KEY },
    { "next_key", IG_FIELD_NEXT_KEY },
    { "writers", IG_FIELD_WRITERS },
    { NULL, 0 }
};

static const ig_field_t  ig_sealed_fields[] = {
    { "writer", IG_SEALED_WRITER },
    { "from", IG_SEALED_FROM },
    { "to", IG_SEALED_TO },
    { "root", IG_SEALED_ROOT },
    { "head", IG_SEALED_HEAD },
    { "state", IG_SEALED_STATE },
    { "in_flight", IG_SEALED_IN_FLIGHT },
    { NULL, 0 }
};


/* "key": and which one it is, 0: one that is not known */

static bool
ig_field_key(ig_cursor_t *c, const ig_field_t *fields, unsigned *seen,
    unsigned *bit)
{
    ig_str_t  key;

    if (!ig_cursor_string(c, &key) || !ig_cursor_lit(c, ":")) {
        return false;
    }

    *bit = 0;

    for ( /* void */ ; fields->name; fields++) {
        if (ig_str_eq(key, ig_str_from_c(fields->name))) {
            *bit = fields->bit;
            break;
        }
    }

    if (*seen & *bit) {
        return false;
    }

    *seen |= *bit;

    return true;
}


static bool
ig_sealed_state(ig_cursor_t *c, ig_writer_state_t *state)
{
    if (ig_cursor_lit(c, "\"live\"")) {
        *state = IG_WRITER_LIVE;
        return true;
    }

    if (ig_cursor_lit(c, "\"ended\"")) {
        *state = IG_WRITER_ENDED;
        return true;
    }

    *state = IG_WRITER_KILLED;

    return ig_cursor_lit(c, "\"killed\"");
}


static bool
ig_sealed_value(ig_cursor_t *c, unsigned bit, ig_sealed_t *w)
{
    switch (bit) {

    case IG_SEALED_WRITER:
        return ig_cursor_string(c, &w->writer) && w->writer.len;

    case IG_SEALED_FROM:
        return ig_cursor_uint(c, &w->from);

    case IG_SEALED_TO:
        return ig_cursor_uint(c, &w->to);

    case IG_SEALED_ROOT:
        return ig_cursor_hex(c, w->root, IG_HASH_SIZE);

    case IG_SEALED_HEAD:
        return ig_cursor_hex(c, w->head, IG_HASH_SIZE);

    case IG_SEALED_STATE:
        return ig_sealed_state(c, &w->state);

    case IG_SEALED_IN_FLIGHT:
        return ig_cursor_uint(c, &w->in_flight);

    default:
        return ig_cursor_skip(c, 0);
    }
}


static bool
ig_sealed_parse(ig_cursor_t *c, ig_sealed_t *w)
{
    unsigned  seen, bit;

    memset(w, 0, sizeof(*w));
    seen = 0;

    if (!ig_cursor_lit(c, "{")) {
        return false;
    }

    do {
        if (!ig_field_key(c, ig_sealed_fields, &seen, &bit)
            || !ig_sealed_value(c, bit, w))
        {
            return false;
        }
    } while (ig_cursor_lit(c, ","));

    return ig_cursor_lit(c, "}")
           && (seen & IG_SEALED_ALL) == IG_SEALED_ALL
           && w->from > 0 && w->to >= w->from - 1
           && (w->to >= w->from) == ((seen & IG_SEALED_ROOT) != 0)
           && (w->state == IG_WRITER_KILLED
               || !(seen & IG_SEALED_IN_FLIGHT));
}


static bool
ig_checkpoint_writers(ig_cursor_t *c, ig_checkpoint_line_t *l)
{
    ig_sealed_t  *w;

    if (!ig_cursor_lit(c, "[")) {
        return false;
    }

    if (ig_cursor_lit(c, "]")) {
        return true;
    }

    do {
        if (l->nwriters == IG_CHECKPOINT_PARSED) {
            return false;
        }

        w = &l->writers[l->nwriters++];

        if (!ig_sealed_parse(c, w)
            || (l->nwriters > 1 && ig_str_cmp(w[-1].writer, w->writer) >= 0))
        {
            return false;
        }
    } while (ig_cursor_lit(c, ","));

    return ig_cursor_lit(c, "]");
}


static bool
ig_checkpoint_value(ig_cursor_t *c, unsigned bit, ig_checkpoint_line_t *l)
{
    switch (bit) {

    case IG_FIELD_TIME:
        return ig_cursor_string(c, &l->time);

    case IG_FIELD_NODE:
        return ig_cursor_string(c, &l->node) && l->node.len;

    case IG_FIELD_NUMBER:
        return ig_cursor_uint(c, &l->number) && l->number;

    case IG_FIELD_PREV:
        return ig_cursor_hex(c, l->prev, IG_HASH_SIZE);

    case IG_FIELD_POLICY:
        return ig_cursor_string(c, &l->policy);

    case IG_FIELD_KEY:
        return ig_cursor_hex(c, l->key, IG_KEY_ID_SIZE);

    case IG_FIELD_NEXT_KEY:
        l->has_next_key = true;
        return ig_cursor_hex(c, l->next_key, IG_KEY_SIZE);

    case IG_FIELD_WRITERS:
        return ig_checkpoint_writers(c, l);

    default:
        return ig_cursor_skip(c, 0);
    }
}


bool
ig_checkpoint_is(ig_str_t line)
{
    ig_cursor_t  c = { line.data, line.data + line.len };

    return ig_cursor_lit(&c, IG_CHECKPOINT_HEAD);
}


bool
ig_checkpoint_parse(ig_checkpoint_line_t *l, ig_str_t line)
{
    unsigned     seen, bit;
    ig_cursor_t  c = { line.data, line.data + line.len };

    l->has_next_key = false;
    l->policy = IG_NO_STR;
    l->nwriters = 0;
    seen = 0;

    if (line.len < IG_CHECKPOINT_SIGNED || line.len >= IG_CHECKPOINT_MAX
        || !ig_cursor_lit(&c, IG_CHECKPOINT_HEAD))
    {
        return false;
    }

    l->text.data = line.data;
    l->text.len = line.len - IG_CHECKPOINT_SIGNED;

    c.end = line.data + l->text.len;

    if (c.p >= c.end) {
        return false;
    }

    do {
        if (!ig_field_key(&c, ig_checkpoint_fields, &seen, &bit)
            || !ig_checkpoint_value(&c, bit, l))
        {
            return false;
        }
    } while (ig_cursor_lit(&c, ","));

    if (c.p != c.end || (seen & IG_FIELDS_ALL) != IG_FIELDS_ALL) {
        return false;
    }

    c.end = line.data + line.len;

    return ig_cursor_lit(&c, IG_CHECKPOINT_TAIL)
           && ig_cursor_hex(&c, l->signature, IG_SIGNATURE_SIZE)
           && ig_cursor_lit(&c, "}") && c.p == c.end;
}


bool
ig_checkpoint_head(ig_hasher_t *h, ig_str_t line, ig_checkpoint_head_t *head)
{
    ig_checkpoint_line_t  *l;
    bool                   ok;

    l = malloc(sizeof(*l));
    if (l == NULL) {
        return false;
    }

    ok = ig_checkpoint_parse(l, line) && ig_leaf_hash(h, line, head->hash);

    if (ok) {
        head->node = l->node;
        head->number = l->number;
        memcpy(head->key, l->key, IG_KEY_ID_SIZE);
    }

    free(l);

    return ok;
}

/*
 * What values mean, as the tables of schema.h say: names, types, references.
 */

#include <read/json.h>

#include <string.h>


#define IG_MODEL_MAX           256
#define IG_TOOL_NAME_MAX       256


/*
 * A key as Go's encoding/json would match it (bytes.EqualFold: ASCII case,
 * U+017F for s, U+212A for k).  False: it has no such letter, or is too long to
 * be a known key.
 */

static bool
ig_dialect_fold(const uint8_t *p, size_t len, uint8_t *out, size_t *n)
{
    bool    folded;
    size_t  i;

    folded = false;
    *n = 0;

    for (i = 0; i < len; i++) {

        if (*n == IG_KEY_MAX_LEN) {
            return false;
        }

        if (p[i] >= 'A' && p[i] <= 'Z') {
            out[(*n)++] = p[i] | 0x20;
            folded = true;

        } else if (p[i] == 0xc5 && i + 1 < len && p[i + 1] == 0xbf) {
            out[(*n)++] = 's';
            i += 1;
            folded = true;

        } else if (p[i] == 0xe2 && i + 2 < len && p[i + 1] == 0x84
                   && p[i + 2] == 0xaa)
        {
            out[(*n)++] = 'k';
            i += 2;
            folded = true;

        } else {
            out[(*n)++] = p[i];
        }
    }

    return folded;
}


/* a key that no table knows: is it one of this place in other letters? */

static bool
ig_dialect_ambiguous(const ig_frame_t *f, const uint8_t *p, size_t len)
{
    size_t       n;
    uint8_t      folded[IG_KEY_MAX_LEN];
    ig_key_id_t  id;

    if (!ig_dialect_fold(p, len, folded, &n)) {
        return false;
    }

    id = ig_key_id(folded, n);

    return id != IG_KEY_UNKNOWN && ig_slot_of(f->place, id) != 0;
}


bool
ig_dialect_key(ig_json_t *j, ig_frame_t *f, const uint8_t *p, size_t len,
    unsigned flags)
{
    size_t          n;
    uint64_t        bit;
    uint8_t         plain[3 * IG_KEY_MAX_LEN];
    ig_key_id_t     id;
    const uint8_t  *name;

    name = p;
    n = len;

    if (flags) {
        n = ig_unescape(p, plain, sizeof(plain));
        name = plain;

        if (n > sizeof(plain)) {
            n = 0;
        }
    }

    id = ig_key_id(name, n);

    if (id == IG_KEY_UNKNOWN) {

        if (ig_dialect_ambiguous(f, name, n)) {
            return ig_json_refuse(j, IG_REASON_ambiguous_key, p);
        }

        return ig_json_key_new(j, f, p, len, flags);
    }

    /* known keys are compared by their number */

    bit = UINT64_C(1) << (id & 63);

    if (f->known[id >> 6] & bit) {
        return ig_json_refuse(j, IG_REASON_duplicate_key, p);
    }

    f->known[id >> 6] |= bit;
    f->slot = (uint8_t) ig_slot_of(f->place, id);

    return true;
}


_Static_assert(IG_KEY_COUNT <= 128, "ig_frame_t.known");


/* a string as a value of its own: in place when it has no escapes */

static bool
ig_dialect_copy(ig_json_t *j, const uint8_t *p, size_t len, unsigned flags,
    size_t max, ig_str_t *out)
{
    size_t    n;
    uint8_t   plain[256];
    ig_str_t  s;

    s = (ig_str_t) { p, len };

    if (flags) {
        n = ig_unescape(p, plain, sizeof(plain));
        s = (ig_str_t) { plain, n };
    }

    if (s.len > max) {
        return ig_json_refuse(j, IG_REASON_wrong_type, p);
    }

    if (flags) {
        s = ig_arena_strdup(j->arena, s);
        if (s.data == NULL) {
            return ig_json_nomem(j, p);
        }
    }

    *out = s;

    return true;
}


_Static_assert(IG_MODEL_MAX <= 256 && IG_TOOL_NAME_MAX <= 256,
               "ig_dialect_copy");


static bool
ig_dialect_model(ig_json_t *j, const uint8_t *p, size_t len, unsigned flags)
{
    size_t  i;

    if (!ig_dialect_copy(j, p, len, flags, IG_MODEL_MAX, &j->model)) {
        return false;
    }

    /* it goes into logs, and names no model with these in it */

    for (i = 0; i < j->model.len; i++) {
        if (j->model.data[i] < 0x20 || j->model.data[i] == 0x7f) {
            return ig_json_refuse(j, IG_REASON_wrong_type, p);
        }
    }

    if (j->model.len == 0) {
        return ig_json_refuse(j, IG_REASON_missing_field, p);
    }

    return true;
}


/* false when the name is there; else *slot is where its number goes, or NULL */

static bool
ig_names_new(ig_json_t *j, ig_str_t name, uint16_t **slot)
{
    size_t       i;
    ig_names_t  *t;

    t = &j->tools;
    *slot = NULL;

    if (t->table == NULL) {

        for (i = 0; i < t->n; i++) {
            if (ig_str_eq(t->items[i], name)) {
                return false;
            }
        }

        return true;
    }

    i = ig_keys_hash(&j->keys, name.data, name.len) % IG_NAMES_TABLE;

    while (t->table[i]) {

        if (ig_str_eq(t->items[t->table[i] - 1], name)) {
            return false;
        }

        i = (i + 1) % IG_NAMES_TABLE;
    }

    *slot = &t->table[i];

    return true;
}


/* room for four times as many names, and the table when it is time for it */

static bool
ig_names_grow(ig_json_t *j)
{
    size_t       i, max;
    uint16_t    *slot;
    ig_str_t    *items;
    ig_names_t  *t;

    t = &j->tools;
    max = t->max ? t->max * 4 : IG_NAMES_FEW;
    max = max < IG_MAX_TOOLS ? max : IG_MAX_TOOLS;

    items = ig_arena_alloc(j->arena, max * sizeof(ig_str_t));
    if (items == NULL) {
        return false;
    }

    if (t->n) {
        memcpy(items, t->items, t->n * sizeof(ig_str_t));
    }

    t->items = items;
    t->max = max;

    if (max == IG_NAMES_FEW || t->table) {
        return true;
    }

    t->table = ig_arena_calloc(j->arena, IG_NAMES_TABLE * sizeof(uint16_t));
    if (t->table == NULL) {
        return false;
    }

    for (i = 0; i < t->n; i++) {
        if (ig_names_new(j, items[i], &slot)) {
            *slot = (uint16_t) (i + 1);
        }
    }

    return true;
}


static bool
ig_dialect_tool(ig_json_t *j, const uint8_t *p, size_t len, unsigned flags)
{
    uint16_t    *slot;
    ig_str_t     name;
    ig_names_t  *t;

    t = &j->tools;

    if (!ig_dialect_copy(j, p, len, flags, IG_TOOL_NAME_MAX, &name)) {
        return false;
    }

    if (name.len == 0 || !ig_names_new(j, name, &slot)) {
        return true;
    }

    if (t->n == IG_MAX_TOOLS) {
        return ig_json_refuse(j, IG_REASON_limit_exceeded, p);
    }

    if (t->n == t->max) {

        if (!ig_names_grow(j)) {
            return ig_json_nomem(j, p);
        }

        (void) ig_names_new(j, name, &slot);
    }

    t->items[t->n++] = name;

    if (slot) {
        *slot = (uint16_t) t->n;
    }

    return true;
}


/* an address that the provider would fetch, unlike data: and plain base64 */

static unsigned
ig_dialect_url(const uint8_t *p)
{
    int            c;
    size_t         i, n;
    uint8_t        start[32];
    ig_unescape_t  u;

    ig_unescape_init(&u, p);

    for (n = 0; n < sizeof(start) && (c = ig_unescape_next(&u)) >= 0; n++) {
        start[n] = (uint8_t) c;
    }

    for (i = 0; i + 3 <= n; i++) {
        if (memcmp(start + i, "://", 3) == 0) {
            return IG_UNINSPECTABLE_REMOTE;
        }
    }

    return 0;
}


/* `type` decides what the rest of its object is */

static void
ig_dialect_type(ig_json_t *j, ig_frame_t *f, ig_do_t action, const uint8_t *p)
{
    unsigned  seen;
    uint8_t   plain[IG_TYPE_MAX_LEN];
    ig_str_t  type;

    type.data = plain;
    type.len = ig_unescape(p, plain, sizeof(plain));

    if (type.len > sizeof(plain)) {
        j->uninspectable |= IG_UNINSPECTABLE_UNKNOWN;
        return;
    }

    switch (action) {

    case IG_DO_PART_TYPE:
        seen = 0;
        j->uninspectable |= ig_part_type(type, &seen);
        f->seen |= (uint8_t) seen;
        break;

    case IG_DO_ITEM_TYPE:
        j->uninspectable |= ig_item_type(type);
        break;

    case IG_DO_TOOL_TYPE:
        j->uninspectable |= ig_tool_type(type);
        break;

    default: /* IG_DO_SOURCE_TYPE */
        j->uninspectable |= ig_source_type(type);
        break;
    }
}


bool
ig_dialect_string(ig_json_t *j, ig_frame_t *f, const ig_slot_t *slot,
    const uint8_t *p, size_t len, unsigned flags)
{
    switch (slot->action) {

    case IG_DO_MODEL:
        return ig_dialect_model(j, p, len, flags);

    case IG_DO_TOOL_NAME:
        return ig_dialect_tool(j, p, len, flags);

    case IG_DO_PART_TYPE:
    case IG_DO_ITEM_TYPE:
    case IG_DO_TOOL_TYPE:
    case IG_DO_SOURCE_TYPE:
        ig_dialect_type(j, f, slot->action, p);
        return true;

    case IG_DO_SOURCE:

        /* a search result names its source; a document has an object there */

        f->seen &= (uint8_t) ~IG_SEEN_SOURCE;
        return true;

    case IG_DO_URL:
        j->uninspectable |= ig_dialect_url(p);
        return true;

    default:
        return true;
    }
}


/* what an object lacks can matter as much as what it has */

void
ig_dialect_end(ig_json_t *j, ig_frame_t *f)
{
    switch (f->place) {

    case IG_PLACE_PART:

        if ((f->seen & IG_SEEN_DOCUMENT) && !(f->seen & IG_SEEN_SOURCE)) {
            j->uninspectable |= IG_UNINSPECTABLE_MEDIA;
        }

        if ((f->seen & (IG_SEEN_TYPE | IG_SEEN_TEXT)) == 0) {
            j->uninspectable |= IG_UNINSPECTABLE_UNKNOWN;
        }

        break;

    case IG_PLACE_ITEM:

        /* the type may be left out of a message, and of a reference */

        if ((f->seen & (IG_SEEN_TYPE | IG_SEEN_ROLE)) == 0) {
            j->uninspectable |= IG_UNINSPECTABLE_REFERENCE;
        }

        break;

    case IG_PLACE_SOURCE:

        if ((f->seen & IG_SEEN_TYPE) == 0) {
            j->uninspectable |= IG_UNINSPECTABLE_UNKNOWN;
        }

        break;

    default:
        break;
    }
}

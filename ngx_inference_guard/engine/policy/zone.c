/*
 * Reading a time zone: a TZif file (RFC 8536) of the system's tz database, the
 * only files that the engine opens itself beside databases of countries.  Its
 * changes, and those its rule makes until IG_ZONE_LAST_YEAR, become one table.
 */

#include "zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define IG_ZONE_DIRECTORY   "/usr/share/zoneinfo"
#define IG_ZONE_NAME_MAX    64
#define IG_ZONE_PATH_MAX    1024

/* the largest of the database have 3 KB */
#define IG_ZONE_FILE_MAX    (256u << 10)

#define IG_ZONE_HEADER      44

#define IG_EPOCH_YEAR       1970


typedef struct {
    uint8_t    version;
    uint32_t   utc, standard, leaps, times, types, chars;
    unsigned   time_size;      /* 4 in the first block, 8 in the second */
    uint64_t   size;           /* of the block behind the header */
} ig_zone_header_t;


static const ig_zone_shift_t  ig_zone_utc_shift = { INT64_MIN, 0 };

static const ig_zone_t  ig_zone_utc_table = {
    { (const uint8_t *) "UTC", 3 }, &ig_zone_utc_shift, 1
};


const ig_zone_t *
ig_zone_utc(void)
{
    return &ig_zone_utc_table;
}


ig_str_t
ig_zone_name(const ig_zone_t *z)
{
    return z->name;
}


bool
ig_zone_is_name(ig_str_t name)
{
    size_t   i;
    bool     alnum, begin;
    uint8_t  c;

    if (name.len == 0 || name.len > IG_ZONE_NAME_MAX) {
        return false;
    }

    begin = true;

    for (i = 0; i < name.len; i++) {

        c = name.data[i];
        alnum = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
                || (c >= 'a' && c <= 'z');

        if (c == '/' && !begin) {
            begin = true;
            continue;
        }

        if (!alnum && (begin || (c != '_' && c != '-' && c != '+'))) {
            return false;
        }

        begin = false;
    }

    return !begin;
}


static uint32_t
ig_zone_u32(const uint8_t *p)
{
    return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16
           | (uint32_t) p[2] << 8 | p[3];
}


static int64_t
ig_zone_time(const uint8_t *p, unsigned size)
{
    if (size == 4) {
        return (int32_t) ig_zone_u32(p);
    }

    return (int64_t) ((uint64_t) ig_zone_u32(p) << 32 | ig_zone_u32(p + 4));
}


static bool
ig_zone_header(ig_str_t file, unsigned time_size, ig_zone_header_t *h)
{
    const uint8_t  *p;

    p = file.data;

    if (file.len < IG_ZONE_HEADER || memcmp(p, "TZif", 4) != 0) {
        return false;
    }

    h->version = p[4];
    h->utc = ig_zone_u32(p + 20);
    h->standard = ig_zone_u32(p + 24);
    h->leaps = ig_zone_u32(p + 28);
    h->times = ig_zone_u32(p + 32);
    h->types = ig_zone_u32(p + 36);
    h->chars = ig_zone_u32(p + 40);
    h->time_size = time_size;

    h->size = (uint64_t) h->times * (time_size + 1) + (uint64_t) h->types * 6
              + h->chars + (uint64_t) h->leaps * (time_size + 4)
              + h->standard + h->utc;

    /* with leap seconds ("right/…") its times are not those of clocks */

    return h->types >= 1 && h->types <= 256 && h->leaps == 0
           && h->size <= file.len - IG_ZONE_HEADER;
}


/* false: changes out of order, which the table could not hold */

static bool
ig_zone_append(ig_zone_shift_t *shifts, size_t *n, ig_zone_shift_t s)
{
    if (s.offset < -IG_ZONE_OFFSET_MAX || s.offset > IG_ZONE_OFFSET_MAX
        || s.at_s < shifts[*n - 1].at_s)
    {
        return false;
    }

    if (s.at_s == shifts[*n - 1].at_s) {
        shifts[*n - 1].offset = s.offset;

    } else if (s.offset != shifts[*n - 1].offset) {
        shifts[(*n)++] = s;
    }

    return true;
}


/* what the block says, in shifts with room for all */

static bool
ig_zone_block(const uint8_t *p, const ig_zone_header_t *h,
    ig_zone_shift_t *shifts, size_t *n)
{
    size_t           i;
    ig_zone_shift_t  s;
    const uint8_t   *which, *types;

    which = p + (size_t) h->times * h->time_size;
    types = which + h->times;

    /* before the first change the first type holds (3.2) */

    *n = 1;
    shifts[0].at_s = INT64_MIN;
    shifts[0].offset = (int32_t) ig_zone_u32(types);

    if (shifts[0].offset < -IG_ZONE_OFFSET_MAX
        || shifts[0].offset > IG_ZONE_OFFSET_MAX)
    {
        return false;
    }

    for (i = 0; i < h->times; i++) {

        if (which[i] >= h->types) {
            return false;
        }

        s.at_s = ig_zone_time(p + i * h->time_size, h->time_size);
        s.offset = (int32_t) ig_zone_u32(types + 6 * which[i]);

        if (!ig_zone_append(shifts, n, s)) {
            return false;
        }
    }

    return true;
}


/* the rule goes on where the changes of the block end */

static bool
ig_zone_follow(ig_str_t rule, int64_t last_s, ig_zone_shift_t *shifts,
    size_t *n)
{
    int              i;
    int64_t          year;
    ig_zone_rule_t   r;
    ig_zone_shift_t  s[2];

    if (rule.len == 0) {
        return true;
    }

    if (!ig_zone_rule_parse(rule, &r)) {
        return false;
    }

    if (!r.changes) {
        return true;
    }

    for (year = IG_EPOCH_YEAR; year <= IG_ZONE_LAST_YEAR; year++) {

        ig_zone_rule_year(&r, year, s);

        for (i = 0; i < 2; i++) {
            if (s[i].at_s > last_s && !ig_zone_append(shifts, n, s[i])) {
                return false;
            }
        }
    }

    return true;
}


/* "\n" rule "\n" behind the second block */

static bool
ig_zone_footer(ig_str_t rest, ig_str_t *rule)
{
    const uint8_t  *end;

    if (rest.len < 2 || rest.data[0] != '\n') {
        return false;
    }

    end = memchr(rest.data + 1, '\n', rest.len - 1);
    if (end == NULL) {
        return false;
    }

    *rule = (ig_str_t) { rest.data + 1, (size_t) (end - rest.data - 1) };

    return true;
}


ig_rc_t
ig_zone_parse(ig_str_t name, ig_str_t file, ig_arena_t *a,
    const ig_zone_t **out)
{
    size_t            n, room;
    int64_t           last_s;
    ig_str_t          rule;
    ig_zone_t        *z;
    ig_zone_shift_t  *shifts;
    ig_zone_header_t  h;

    rule = IG_NO_STR;

    if (!ig_zone_header(file, 4, &h)) {
        return IG_ERROR;
    }

    file.data += IG_ZONE_HEADER;
    file.len -= IG_ZONE_HEADER;

    if (h.version >= '2') {

        /* the first block is for old readers */

        file.data += h.size;
        file.len -= (size_t) h.size;

        if (!ig_zone_header(file, 8, &h)) {
            return IG_ERROR;
        }

        file.data += IG_ZONE_HEADER;
        file.len -= IG_ZONE_HEADER;

        if (!ig_zone_footer((ig_str_t) { file.data + h.size,
                                         file.len - (size_t) h.size }, &rule))
        {
            return IG_ERROR;
        }
    }

    room = 1 + (size_t) h.times
           + 2 * (IG_ZONE_LAST_YEAR - IG_EPOCH_YEAR + 1);

    z = ig_arena_alloc(a, sizeof(ig_zone_t));
    shifts = ig_arena_alloc(a, room * sizeof(ig_zone_shift_t));

    if (z == NULL || shifts == NULL) {
        return ig_arena_status(a);
    }

    if (!ig_zone_block(file.data, &h, shifts, &n)) {
        return IG_ERROR;
    }

    last_s = h.times ? ig_zone_time(file.data + (h.times - 1) * h.time_size,
                                    h.time_size)
                     : INT64_MIN;

    if (!ig_zone_follow(rule, last_s, shifts, &n)) {
        return IG_ERROR;
    }

    z->name = name;
    z->shifts = shifts;
    z->n = n;
    *out = z;

    return IG_OK;
}


/* the file's bytes in `data`; 0: none, or too many */

static size_t
ig_zone_load(ig_str_t name, uint8_t *data)
{
    int          len;
    char         path[IG_ZONE_PATH_MAX];
    FILE        *f;
    size_t       n;
    const char  *directory;

    directory = getenv("TZDIR");

    if (directory == NULL || directory[0] == '\0') {
        directory = IG_ZONE_DIRECTORY;
    }

    len = snprintf(path, sizeof(path), "%s/%.*s", directory, IG_FMT(name));

    if (len < 0 || (size_t) len >= sizeof(path)) {
        return 0;
    }

    f = fopen(path, "rbe");
    if (f == NULL) {
        return 0;
    }

    n = fread(data, 1, IG_ZONE_FILE_MAX + 1, f);

    if (ferror(f) || n > IG_ZONE_FILE_MAX) {
        n = 0;
    }

    (void) fclose(f);

    return n;
}


ig_rc_t
ig_zone_read(ig_str_t name, ig_arena_t *a, const ig_zone_t **out)
{
    size_t    n;
    ig_rc_t   rc;
    uint8_t  *data;

    if (!ig_zone_is_name(name)) {
        return IG_ERROR;
    }

    if (ig_str_eq(name, ig_zone_utc_table.name)) {
        *out = &ig_zone_utc_table;
        return IG_OK;
    }

    name = ig_arena_strdup(a, name);
    if (name.data == NULL) {
        return ig_arena_status(a);
    }

    data = malloc(IG_ZONE_FILE_MAX + 1);
    if (data == NULL) {
        return IG_NOMEM;
    }

    n = ig_zone_load(name, data);
    rc = n ? ig_zone_parse(name, (ig_str_t) { data, n }, a, out) : IG_ERROR;

    free(data);

    return rc;
}

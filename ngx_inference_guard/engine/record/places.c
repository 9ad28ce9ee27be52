/*
 * Findings in a record.
 *
 * All findings are counted, IG_RECORD_PLACES of them are written with their
 * place, and every group gets one before any gets a second.  A place in a body
 * is named by its JSON pointer, for which the body is walked once more: that
 * walk is bounded for a request as a whole (IG_PLACES_WALK), after which a
 * place says "body" and has its offsets only.
 */

#include "digests.h"
#include "places.h"


#define IG_PLACES_GROUPS   32
#define IG_PLACES_POINTER  256         /* longer ones become "body" */
#define IG_PLACES_WALK     (4u << 20)

typedef struct {
    uint32_t      detector;
    ig_country_t  owner;
    uint16_t      score;               /* the best */
    uint32_t      count;
    uint32_t      places;              /* how many are written */
    ig_digests_t  digests;
} ig_places_group_t;

typedef struct {
    const ig_block_t  *block;
    size_t             at;             /* the byte whose pointer is known */
    size_t             walked;
    ig_buf_t           pointer;
    uint8_t            bytes[IG_PLACES_POINTER];
} ig_places_walk_t;


static size_t
ig_places_group(ig_places_group_t *groups, const ig_findings_t *findings)
{
    size_t               i, k, n;
    const ig_finding_t  *f;

    n = 0;
    k = 0;

    for (i = 0; i < findings->n; i++) {
        f = &findings->items[i];

        /* the same detector mostly finds several in a row */

        if (k >= n || groups[k].detector != f->detector
            || groups[k].owner != f->owner)
        {
            for (k = 0; k < n; k++) {
                if (groups[k].detector == f->detector
                    && groups[k].owner == f->owner)
                {
                    break;
                }
            }
        }

        if (k == n) {
            if (n == IG_PLACES_GROUPS) {
                continue;
            }

            groups[n].detector = f->detector;
            groups[n].owner = f->owner;
            groups[n].score = 0;
            groups[n].count = 0;
            groups[n].places = 0;
            n++;
        }

        groups[k].count++;

        if (f->score > groups[k].score) {
            groups[k].score = f->score;
        }
    }

    return n;
}


static void
ig_places_share(ig_places_group_t *groups, size_t n)
{
    size_t  i, left;
    bool    given;

    left = IG_RECORD_PLACES;

    do {
        given = false;

        for (i = 0; i < n && left; i++) {
            if (groups[i].places < groups[i].count) {
                groups[i].places++;
                left--;
                given = true;
            }
        }
    } while (given && left);
}


/* false: no record shall be written that lacks them for a failure */

static bool
ig_places_digests(ig_places_group_t *groups, size_t n,
    const ig_findings_t *findings, ig_keyed_t *keyed)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        if (!ig_digests_collect(&groups[i].digests, keyed, findings,
                                groups[i].detector, groups[i].owner,
                                ig_digests_share(n)))
        {
            return false;
        }
    }

    return true;
}


/* number of detectors among the findings, those without a group included */

static size_t
ig_places_kinds(const ig_findings_t *findings, size_t n)
{
    size_t    i, kinds;
    uint64_t  seen[IG_BIT_WORDS(IG_MAX_DETECTORS)] = { 0 };

    if (n < IG_PLACES_GROUPS) {
        return n;
    }

    kinds = 0;

    for (i = 0; i < findings->n; i++) {
        if (findings->items[i].detector < IG_MAX_DETECTORS
            && !ig_bit_get(seen, findings->items[i].detector))
        {
            ig_bit_set(seen, findings->items[i].detector);
            kinds++;
        }
    }

    return kinds > n ? kinds : n;
}


/* no quote between two bytes of a document: they are in the same string */

static bool
ig_places_same(const ig_places_walk_t *walk, const ig_block_t *b, size_t at)
{
    return walk->block == b && at >= walk->at
           && memchr(b->bytes.data + walk->at, '"', at - walk->at) == NULL;
}


static void
ig_places_at(ig_line_t *l, ig_places_walk_t *walk, const ig_block_t *b,
    size_t at)
{
    if (b->kind == IG_BLOCK_QUERY) {
        ig_line_lit(l, "\"query\"");
        return;
    }

    if (b->kind == IG_BLOCK_HEADERS) {
        ig_line_lit(l, "\"headers\"");
        return;
    }

    if (b->kind == IG_BLOCK_PATH) {
        ig_line_lit(l, "\"path\"");
        return;
    }

    if (at >= b->bytes.len || walk->walked + at > IG_PLACES_WALK) {
        ig_line_lit(l, "\"body\"");
        return;
    }

    if (!ig_places_same(walk, b, at)) {
        walk->block = b;
        walk->at = at;
        walk->walked += at;

        ig_buf_fixed(&walk->pointer, walk->bytes, sizeof(walk->bytes));
        ig_json_pointer(b->bytes, at, &walk->pointer);
    }

    if (walk->pointer.failed || walk->pointer.len > IG_LINE_STRING) {
        ig_line_lit(l, "\"body\"");
        return;
    }

    ig_line_json(l, (ig_str_t) { walk->pointer.data, walk->pointer.len });
}


static void
ig_places_group_write(ig_line_t *l, ig_places_walk_t *walk,
    const ig_places_group_t *g, const ig_policy_t *p,
    const ig_reading_t *reading, const ig_findings_t *findings)
{
    size_t               i, n;
    const ig_finding_t  *f;

    ig_line_lit(l, "{\"detector\":");
    ig_line_json(l, g->detector < p->ndetectors
                    ? p->detectors[g->detector].id : IG_STR("-"));

    if (g->owner != IG_COUNTRY_UNKNOWN) {
        ig_line_lit(l, ",\"owner\":\"");
        ig_line_bytes(l, ig_country_code(g->owner).data, 2);
        ig_line_lit(l, "\"");
    }

    ig_line_lit(l, ",\"count\":");
    ig_line_uint(l, g->count);
    ig_line_lit(l, ",\"score\":");
    ig_line_score(l, g->score);
    ig_digests_write(l, &g->digests);
    ig_line_lit(l, ",\"places\":[");

    n = 0;

    for (i = 0; i < findings->n && n < g->places; i++) {
        f = &findings->items[i];

        if (f->detector != g->detector || f->owner != g->owner
            || f->block >= reading->nblocks)
        {
            continue;
        }

        if (n) {
            ig_line_lit(l, ",");
        }

        ig_line_lit(l, "{\"at\":");
        ig_places_at(l, walk, &reading->blocks[f->block], f->start);
        ig_line_lit(l, ",\"start\":");
        ig_line_uint(l, f->start);
        ig_line_lit(l, ",\"end\":");
        ig_line_uint(l, f->end);

        if (f->joined) {
            ig_line_lit(l, ",\"joined\":true");
        }

        ig_line_lit(l, "}");
        n++;
    }

    ig_line_lit(l, "]}");
}


void
ig_places_write(ig_line_t *l, const ig_policy_t *p,
    const ig_reading_t *reading, const ig_findings_t *findings,
    ig_keyed_t *keyed)
{
    size_t             i, n;
    ig_list_t          list;
    ig_places_walk_t   walk;
    ig_places_group_t  groups[IG_PLACES_GROUPS];

    if (findings->n == 0) {
        ig_line_lit(l, ",\"findings\":[],\"findings_total\":0");
        return;
    }

    n = ig_places_group(groups, findings);
    ig_places_share(groups, n);

    if (!ig_places_digests(groups, n, findings, keyed)) {
        l->full = true;
    }

    walk.block = NULL;
    walk.walked = 0;

    /* the number of detectors is "detectors_total", so the list has no own */

    ig_list_begin(&list, l, "findings", 7168);

    for (i = 0; i < n; i++) {
        ig_list_next(&list);
        ig_places_group_write(l, &walk, &groups[i], p, reading, findings);

        if (ig_list_keep(&list)) {
            continue;
        }

        /* rather without its places, then without digests, than not at all */

        groups[i].places = 0;
        ig_list_next(&list);
        ig_places_group_write(l, &walk, &groups[i], p, reading, findings);

        if (ig_list_keep(&list)) {
            continue;
        }

        groups[i].digests.cut |= (groups[i].digests.n != 0);
        groups[i].digests.n = 0;
        ig_list_next(&list);
        ig_places_group_write(l, &walk, &groups[i], p, reading, findings);

        if (!ig_list_keep(&list)) {
            break;
        }
    }

    ig_line_lit(l, "],\"findings_total\":");
    ig_line_uint(l, findings->n);

    if (list.cut || n == IG_PLACES_GROUPS) {
        ig_line_lit(l, ",\"detectors_total\":");
        ig_line_uint(l, ig_places_kinds(findings, n));
    }
}


bool
ig_places_touch(const ig_reading_t *reading, const ig_findings_t *findings,
    ig_str_t bytes)
{
    size_t               i, start, end;
    uint8_t              at;
    const ig_block_t    *b;
    const ig_finding_t  *f;

    for (at = 0; at < reading->nblocks; at++) {
        b = &reading->blocks[at];

        if ((uintptr_t) bytes.data < (uintptr_t) b->bytes.data
            || (uintptr_t) bytes.data + bytes.len
               > (uintptr_t) b->bytes.data + b->bytes.len)
        {
            continue;
        }

        start = (size_t) (bytes.data - b->bytes.data);
        end = start + bytes.len;

        for (i = 0; i < findings->n; i++) {
            f = &findings->items[i];

            if (f->block == at && f->start < end && f->end > start) {
                return true;
            }
        }

        return false;
    }

    /* a copy: which bytes it was made from is not known */

    return findings->n != 0;
}

/*
 * A decision record, read back into the words it was written from.
 */

#include "audit_replay.h"

#include <string.h>


static ig_str_t
ig_replay_text(const ig_record_line_t *l, size_t node, ig_arena_t *arena)
{
    ig_buf_t  b;

    if (node == 0 || l->nodes[node].kind != IG_NODE_STRING) {
        return IG_NO_STR;
    }

    ig_buf_init(&b, arena, ig_record_line_raw(l, node).len + 1);

    if (!ig_record_line_text(l, node, &b) || b.failed) {
        return IG_NO_STR;
    }

    return (ig_str_t) { b.data, b.len };
}


static ig_str_t
ig_replay_field(const ig_record_line_t *l, size_t object, const char *key,
    ig_arena_t *arena)
{
    return ig_replay_text(l, ig_record_line_get(l, object, key), arena);
}


static bool
ig_replay_is(const ig_record_line_t *l, size_t object, const char *key,
    const char *word)
{
    return ig_str_eq(ig_record_line_raw(l, ig_record_line_get(l, object, key)),
                     ig_str_from_c(word));
}


static ig_strs_t
ig_replay_names(const ig_record_line_t *l, size_t object, const char *key,
    ig_arena_t *arena)
{
    size_t     i, n, array;
    ig_str_t  *items;

    array = ig_record_line_get(l, object, key);
    n = 0;

    for (i = ig_record_line_first(l, array); i;
         i = ig_record_line_after(l, array, i))
    {
        n++;
    }

    items = ig_arena_alloc(arena, (n + 1) * sizeof(ig_str_t));
    if (items == NULL) {
        return (ig_strs_t) { NULL, 0 };
    }

    n = 0;

    for (i = ig_record_line_first(l, array); i;
         i = ig_record_line_after(l, array, i))
    {
        items[n++] = ig_replay_text(l, i, arena);
    }

    return (ig_strs_t) { items, n };
}


static ig_country_t
ig_replay_country(const ig_record_line_t *l, size_t object, const char *key)
{
    return ig_country_parse(ig_record_line_raw(
                                l, ig_record_line_get(l, object, key)));
}


static bool
ig_replay_verdict(const ig_record_line_t *l, size_t object,
    ig_verdict_word_t *word, ig_reason_t *reason)
{
    int       i;
    ig_str_t  s;

    s = ig_record_line_raw(l, ig_record_line_get(l, object, "verdict"));

    for (i = IG_VERDICT_BLOCK; i <= IG_VERDICT_ALLOW; i++) {
        if (ig_str_eq(s, ig_verdict_name((ig_verdict_word_t) i))) {
            break;
        }
    }

    if (i > IG_VERDICT_ALLOW) {
        return false;
    }

    *word = (ig_verdict_word_t) i;
    *reason = IG_REASON_NONE;
    s = ig_record_line_raw(l, ig_record_line_get(l, object, "reason"));

    for (i = 0; s.len && i < IG_REASON_COUNT; i++) {
        if (ig_str_eq(s, ig_reason_code((ig_reason_t) i))) {
            *reason = (ig_reason_t) i;
            return true;
        }
    }

    /* one that is not known here: what it says no rule said */

    return true;
}


/* reasons that come after the decision, or from outside of it */

static bool
ig_replay_beyond(const ig_record_line_t *l, ig_reason_t reason)
{
    switch (reason) {

    case IG_REASON_NONE:
        return ig_record_line_get(l, 0, "reason") != 0;

    case IG_REASON_task_missing:
    case IG_REASON_rate_limited:
    case IG_REASON_insufficient_quota:
    case IG_REASON_exceeds_limit:
    case IG_REASON_limits_unavailable:
    case IG_REASON_endpoints_down:
    case IG_REASON_not_recorded:
    case IG_REASON_destination_not_permitted:
    case IG_REASON_unguarded_location:
        return true;

    default:
        return false;
    }
}


/* thousandths of "0.95" */

static uint16_t
ig_replay_score(ig_str_t s)
{
    size_t    i, digits;
    unsigned  n;

    n = s.len && s.data[0] >= '0' && s.data[0] <= '9'
        ? (unsigned) (s.data[0] - '0') : 0;
    digits = 0;

    for (i = 2; i < s.len && digits < 3; i++, digits++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            break;
        }

        n = n * 10 + (unsigned) (s.data[i] - '0');
    }

    for ( /* void */ ; digits < 3; digits++) {
        n *= 10;
    }

    return n > IG_SCORE_ONE ? IG_SCORE_ONE : (uint16_t) n;
}


static void
ig_replay_findings(const ig_record_line_t *l, ig_arena_t *arena,
    ig_replay_record_t *r)
{
    size_t                i, array;
    ig_replay_finding_t  *f;

    array = ig_record_line_get(l, 0, "findings");

    for (i = ig_record_line_first(l, array); i;
         i = ig_record_line_after(l, array, i))
    {
        if (r->nfindings == IG_REPLAY_FINDINGS) {
            r->cut = true;
            return;
        }

        f = &r->findings[r->nfindings++];
        f->detector = ig_replay_field(l, i, "detector", arena);
        f->owner = ig_replay_country(l, i, "owner");
        f->score = ig_replay_score(ig_record_line_raw(
                                       l, ig_record_line_get(l, i, "score")));
        (void) ig_record_line_uint(l, ig_record_line_get(l, i, "count"),
                                   &f->count);
    }
}


/* countries whose law applied, and those that a claim named */

static void
ig_replay_jurisdictions(const ig_record_line_t *l, ig_replay_record_t *r)
{
    size_t        i, k, array, from;
    ig_country_t  c;

    array = ig_record_line_get(l, 0, "jurisdictions");

    for (i = ig_record_line_first(l, array); i;
         i = ig_record_line_after(l, array, i))
    {
        c = ig_replay_country(l, i, "country");
        from = ig_record_line_get(l, i, "from");
        ig_countries_add(&r->jurisdictions, c);

        for (k = ig_record_line_first(l, from); k;
             k = ig_record_line_after(l, from, k))
        {
            if (ig_str_eq(ig_record_line_raw(l, k), IG_STR("claim"))) {
                ig_countries_add(&r->claimed, c);
            }
        }
    }
}


static bool
ig_replay_coverage(const ig_record_line_t *l, ig_replay_record_t *r)
{
    int       k;
    size_t    i, coverage, array, n;
    ig_str_t  s;
    static const struct {
        const char  *name;
        unsigned     bit;
    } kinds[] = {
        { "media", IG_UNINSPECTABLE_MEDIA },
        { "reference", IG_UNINSPECTABLE_REFERENCE },
        { "remote", IG_UNINSPECTABLE_REMOTE },
        { "tokens", IG_UNINSPECTABLE_TOKENS },
        { "encrypted", IG_UNINSPECTABLE_ENCRYPTED },
    };

    coverage = ig_record_line_get(l, 0, "coverage");
    s = ig_record_line_raw(l, ig_record_line_get(l, coverage, "unread"));
    r->read = true;

    if (s.len) {
        for (k = 0; k < IG_REASON_COUNT; k++) {
            if (ig_str_eq(s, ig_reason_code((ig_reason_t) k))) {
                r->unread = (ig_reason_t) k;
                return true;
            }
        }

        return false;
    }

    r->read = !ig_replay_is(l, coverage, "inspected", "none");
    array = ig_record_line_get(l, coverage, "uninspectable");

    for (i = ig_record_line_first(l, array); i;
         i = ig_record_line_after(l, array, i))
    {
        s = ig_record_line_raw(l, i);

        for (n = 0; n < sizeof(kinds) / sizeof(kinds[0]); n++) {
            if (ig_str_eq(s, ig_str_from_c(kinds[n].name))) {
                break;
            }
        }

        /* all are treated alike; one more kind is none that can be read */

        r->uninspectable |= n < sizeof(kinds) / sizeof(kinds[0])
                            ? kinds[n].bit : IG_UNINSPECTABLE_UNKNOWN;
    }

    return coverage != 0;
}


static void
ig_replay_who(const ig_record_line_t *l, ig_arena_t *arena,
    ig_replay_record_t *r)
{
    r->mode = ig_replay_is(l, 0, "mode", "audit") ? IG_MODE_AUDIT
                                                  : IG_MODE_ENFORCE;
    r->tenant = ig_replay_field(l, 0, "tenant", arena);
    r->tenant_state = IG_TENANT_KNOWN;

    if (ig_replay_is(l, 0, "tenant_state", "none")) {
        r->tenant_state = IG_TENANT_NONE;

    } else if (ig_replay_is(l, 0, "tenant_state", "unknown")) {
        r->tenant_state = IG_TENANT_UNKNOWN;

    } else if (ig_record_line_get(l, 0, "tenant_state")) {
        r->tenant_state = IG_TENANT_CONFLICT;
    }

    r->client = ig_replay_country(l, 0, "client_country");
    r->claim_valid = ig_record_line_get(l, 0, "claim_valid") == 0;
}


/* a string of a record is cut to 128 bytes, between characters */

#define IG_REPLAY_WHOLE  125

static void
ig_replay_what(const ig_record_line_t *l, ig_arena_t *arena,
    ig_replay_record_t *r)
{
    r->dialect = ig_dialect_parse(ig_record_line_raw(
                                      l, ig_record_line_get(l, 0, "dialect")));
    r->operation = ig_replay_field(l, 0, "operation", arena);
    r->model = ig_replay_field(l, 0, "model", arena);
    r->model_known = ig_record_line_get(l, 0, "model_withheld") == 0
                     && r->model.len < IG_REPLAY_WHOLE;
    (void) ig_record_line_uint(l, ig_record_line_get(l, 0, "bytes"),
                               &r->bytes);

    /*
     * without a body nothing names a tool; else a record has the globs of its
     * own policy that a tool matched, and not the tools
     */

    r->tools_known = r->bytes == 0;
    r->path = ig_replay_field(l, 0, "path", arena);
    r->path_known = r->path.len && r->path.len < IG_REPLAY_WHOLE;
}


static void
ig_replay_decided(const ig_record_line_t *l, ig_arena_t *arena,
    ig_replay_record_t *r)
{
    size_t  would;

    r->rule = ig_replay_field(l, 0, "rule", arena);
    r->endpoint = ig_replay_field(l, 0, "endpoint", arena);
    r->endpoint_country = ig_replay_country(l, 0, "endpoint_country");
    r->rules = ig_replay_names(l, 0, "rules", arena);
    r->rules_cut = ig_record_line_get(l, 0, "rules_total") != 0;
    r->laws = ig_replay_names(l, 0, "laws", arena);
    r->permitted = ig_replay_names(l, 0, "permitted", arena);
    r->permitted_cut = ig_record_line_get(l, 0, "permitted_total") != 0;

    would = ig_record_line_get(l, 0, "would");

    if (would && ig_replay_verdict(l, would, &r->would_word, &r->would_reason))
    {
        r->would = true;
        r->would_rules = ig_replay_names(l, would, "rules", arena);
        r->rules_cut |= ig_record_line_get(l, would, "rules_total") != 0;

    } else {
        r->would_word = r->word;
        r->would_reason = r->reason;
        r->would_rules = r->rules;
    }
}


bool
ig_replay_read(const ig_record_line_t *l, ig_arena_t *arena,
    ig_replay_record_t *r)
{
    memset(r, 0, sizeof(*r));

    r->id = ig_replay_field(l, 0, "id", arena);
    r->policy = ig_replay_field(l, 0, "policy", arena);
    r->claimed = ig_countries_none();
    r->jurisdictions = ig_countries_none();

    if (r->id.len == 0
        || !ig_replay_verdict(l, 0, &r->word, &r->reason)
        || !ig_replay_coverage(l, r))
    {
        return false;
    }

    r->beyond = ig_replay_beyond(l, r->reason);
    ig_replay_who(l, arena, r);
    ig_replay_what(l, arena, r);
    ig_replay_findings(l, arena, r);
    ig_replay_jurisdictions(l, r);
    ig_replay_decided(l, arena, r);

    r->cut |= ig_record_line_get(l, 0, "detectors_total")
              || ig_record_line_get(l, 0, "jurisdictions_total");

    /* who is refused for the tenant is not read, and a request without a body
       does not show it */

    if (r->mode == IG_MODE_ENFORCE
        && (r->reason == IG_REASON_unknown_tenant
            || r->reason == IG_REASON_conflicting_credentials))
    {
        r->read = r->read && r->unread != IG_REASON_NONE;
    }

    return ig_arena_status(arena) == IG_OK;
}

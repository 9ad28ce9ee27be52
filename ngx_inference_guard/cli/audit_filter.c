/*
 * Options of the audit commands, and which records meet them.
 */

#include "audit.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>


typedef enum {
    IG_OPT_TENANT = 256,
    IG_OPT_SINCE,
    IG_OPT_UNTIL,
    IG_OPT_RULE,
    IG_OPT_JURISDICTION,
    IG_OPT_DECISION,
    IG_OPT_REASON,
    IG_OPT_ENDPOINT,
    IG_OPT_FINDING,
    IG_OPT_ID,
    IG_OPT_SUBJECT,
    IG_OPT_KEY,
    IG_OPT_JSON,
    IG_OPT_LIMIT,
    IG_OPT_HELP
} ig_audit_opt_t;

static const struct option  ig_audit_opts[] = {
    { "tenant", required_argument, NULL, IG_OPT_TENANT },
    { "since", required_argument, NULL, IG_OPT_SINCE },
    { "until", required_argument, NULL, IG_OPT_UNTIL },
    { "rule", required_argument, NULL, IG_OPT_RULE },
    { "jurisdiction", required_argument, NULL, IG_OPT_JURISDICTION },
    { "decision", required_argument, NULL, IG_OPT_DECISION },
    { "reason", required_argument, NULL, IG_OPT_REASON },
    { "endpoint-country", required_argument, NULL, IG_OPT_ENDPOINT },
    { "finding", required_argument, NULL, IG_OPT_FINDING },
    { "id", required_argument, NULL, IG_OPT_ID },
    { "subject", required_argument, NULL, IG_OPT_SUBJECT },
    { "key", required_argument, NULL, IG_OPT_KEY },
    { "json", no_argument, NULL, IG_OPT_JSON },
    { "limit", required_argument, NULL, IG_OPT_LIMIT },
    { "lines", required_argument, NULL, 'n' },
    { "follow", no_argument, NULL, 'f' },
    { "help", no_argument, NULL, IG_OPT_HELP },
    { NULL, 0, NULL, 0 }
};


static bool
ig_audit_digits(const char **p, unsigned n, unsigned *out)
{
    *out = 0;

    for ( /* void */ ; n; n--, (*p)++) {
        if (**p < '0' || **p > '9') {
            return false;
        }

        *out = *out * 10 + (unsigned) (**p - '0');
    }

    return true;
}


static bool
ig_audit_ago(const char *text, uint64_t now_ms, uint64_t *ms)
{
    char      *end;
    uint64_t   n, unit;

    if (*text < '0' || *text > '9') {
        return false;
    }

    n = strtoull(text, &end, 10);

    switch (*end) {
    case 's': unit = 1; break;
    case 'm': unit = 60; break;
    case 'h': unit = 3600; break;
    case 'd': unit = 86400; break;
    case 'w': unit = 7 * 86400; break;
    default:
        return false;
    }

    if (end[1] != '\0' || n > 4000000000u / unit) {
        return false;
    }

    n *= unit * 1000;
    *ms = n < now_ms ? now_ms - n : 0;

    return true;
}


/* +hh:mm or -hh:mm or Z or nothing, in seconds east of UTC */

static bool
ig_audit_zone(const char *p, int *seconds)
{
    int       sign;
    unsigned  h, m;

    *seconds = 0;

    if (*p == '\0' || ((*p == 'Z' || *p == 'z') && p[1] == '\0')) {
        return true;
    }

    if (*p != '+' && *p != '-') {
        return false;
    }

    sign = *p++ == '-' ? -1 : 1;

    if (!ig_audit_digits(&p, 2, &h) || *p++ != ':'
        || !ig_audit_digits(&p, 2, &m) || *p || h > 23 || m > 59)
    {
        return false;
    }

    *seconds = sign * (int) (h * 3600 + m * 60);

    return true;
}


/* what may follow a date: " 08:30", "T08:30:00", "T08:30:00.123" */

static bool
ig_audit_clock(const char **p, unsigned *second, unsigned *ms)
{
    unsigned  h, m, s, scale;

    s = 0;
    *second = 0;
    *ms = 0;

    if (**p != 'T' && **p != 't' && **p != ' ') {
        return true;
    }

    (*p)++;

    if (!ig_audit_digits(p, 2, &h) || *(*p)++ != ':'
        || !ig_audit_digits(p, 2, &m) || h > 23 || m > 59)
    {
        return false;
    }

    if (**p == ':') {
        (*p)++;

        if (!ig_audit_digits(p, 2, &s) || s > 60) {
            return false;
        }
    }

    if (**p == '.') {
        (*p)++;

        for (scale = 100; **p >= '0' && **p <= '9'; (*p)++, scale /= 10) {
            *ms += (unsigned) (**p - '0') * scale;
        }
    }

    *second = h * 3600 + m * 60 + s;

    return true;
}


bool
ig_audit_time(const char *text, uint64_t now_ms, uint64_t *ms)
{
    int          zone;
    time_t       t;
    unsigned     y, m, d, second, fraction;
    struct tm    tm;
    const char  *p = text;

    if (ig_audit_ago(text, now_ms, ms)) {
        return true;
    }

    if (!ig_audit_digits(&p, 4, &y) || *p++ != '-'
        || !ig_audit_digits(&p, 2, &m) || *p++ != '-'
        || !ig_audit_digits(&p, 2, &d)
        || !ig_audit_clock(&p, &second, &fraction)
        || !ig_audit_zone(p, &zone) || y < 1970 || m < 1 || m > 12 || d < 1)
    {
        return false;
    }

    memset(&tm, 0, sizeof(tm));
    tm.tm_year = (int) y - 1900;
    tm.tm_mon = (int) m - 1;
    tm.tm_mday = (int) d;

    t = timegm(&tm);

    /* the 31st of a month that has none comes back as another day */

    if (tm.tm_mday != (int) d || t + (time_t) second < zone) {
        return false;
    }

    *ms = (uint64_t) (t + (time_t) second - zone) * 1000 + fraction;

    return true;
}


static bool
ig_audit_countries(const char *text, ig_countries_t *out)
{
    ig_str_t      s;
    ig_country_t  c;

    s = ig_str_from_c(text);

    if (ig_country_group(s, out)) {
        return true;
    }

    *out = ig_countries_none();
    c = ig_country_parse(s);
    ig_countries_add(out, c);

    return c != IG_COUNTRY_UNKNOWN;
}


static bool
ig_audit_number(const char *text, uint64_t *n)
{
    char  *end;

    if (*text < '0' || *text > '9') {
        return false;
    }

    *n = strtoull(text, &end, 10);

    return *end == '\0';
}


static uint64_t
ig_audit_now(void)
{
    struct timespec  now;

    (void) clock_gettime(CLOCK_REALTIME, &now);

    return (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
}


/* an option whose value is taken as it stands; false: it is another one */

static bool
ig_audit_plain(ig_audit_options_t *o, int opt, const char *value)
{
    unsigned   key;
    ig_str_t  *text;

    switch (opt) {

    case IG_OPT_TENANT:
        key = IG_AUDIT_TENANT;
        text = &o->tenant;
        break;

    case IG_OPT_RULE:
        key = IG_AUDIT_RULE;
        text = &o->rule;
        break;

    case IG_OPT_DECISION:
        key = IG_AUDIT_DECISION;
        text = &o->decision;
        break;

    case IG_OPT_REASON:
        key = IG_AUDIT_REASON;
        text = &o->reason;
        break;

    case IG_OPT_FINDING:
        key = IG_AUDIT_FINDING;
        text = &o->finding;
        break;

    case IG_OPT_ID:
        key = IG_AUDIT_ID;
        text = &o->id;
        break;

    default:
        return false;
    }

    o->keys |= key;
    *text = ig_str_from_c(value);

    return true;
}


/* "" when the option was taken, else what it should be; NULL: not known */

static const char *
ig_audit_option(ig_audit_options_t *o, int opt, const char *value)
{
    if (ig_audit_plain(o, opt, value)) {
        return "";
    }

    switch (opt) {

    case IG_OPT_SINCE:
        o->keys |= IG_AUDIT_SINCE;
        return ig_audit_time(value, ig_audit_now(), &o->since)
               ? "" : "a time like 2026-11-24T08:30:00Z or 2h";

    case IG_OPT_UNTIL:
        o->keys |= IG_AUDIT_UNTIL;
        return ig_audit_time(value, ig_audit_now(), &o->until)
               ? "" : "a time like 2026-11-24T08:30:00Z or 2h";

    case IG_OPT_JURISDICTION:
        o->keys |= IG_AUDIT_JURISDICTION;
        return ig_audit_countries(value, &o->jurisdictions)
               ? "" : "a country like SA, or EU, EEA, GCC";

    case IG_OPT_ENDPOINT:
        o->keys |= IG_AUDIT_ENDPOINT;
        return ig_audit_countries(value, &o->endpoint_countries)
               ? "" : "a country like SA, or EU, EEA, GCC";

    case IG_OPT_SUBJECT:
        o->keys |= IG_AUDIT_SUBJECT;
        o->subject.arg = value;
        return "";

    case IG_OPT_KEY:
        if (o->subject.nkeys == IG_AUDIT_KEYS) {
            return "one of 16 keys";
        }

        o->subject.keys[o->subject.nkeys++] = value;
        return "";

    case IG_OPT_LIMIT:
        return ig_audit_number(value, &o->limit) && o->limit
               ? "" : "a number from 1 on";

    case 'n':
        return ig_audit_number(value, &o->lines) && o->lines <= 100000
               ? "" : "a number up to 100000";

    case 'f':
        o->follow = true;
        return "";

    case IG_OPT_JSON:
        o->json = true;
        return "";
    }

    return NULL;
}


int
ig_audit_options(ig_audit_options_t *o, bool tail, int argc, char **argv)
{
    int          opt;
    const char  *wanted;

    memset(o, 0, sizeof(*o));
    o->lines = 10;
    optind = 1;

    for ( ;; ) {
        opt = getopt_long(argc, argv, tail ? "n:f" : "", ig_audit_opts, NULL);

        if (opt == -1) {
            break;
        }

        if (opt == IG_OPT_HELP) {
            char  word[] = "audit", help[] = "--help";
            char *args[] = { word, help, NULL };

            (void) ig_cmd_audit(2, args);
            return 0;
        }

        if ((opt == 'n' || opt == 'f') && !tail) {
            fprintf(stderr, "inference-guard audit search: -n and -f are "
                    "options of tail\n");
            return -1;
        }

        if (opt == IG_OPT_LIMIT && tail) {
            fprintf(stderr, "inference-guard audit tail: --limit is an option "
                    "of search; use -n\n");
            return -1;
        }

        wanted = ig_audit_option(o, opt, optarg);

        if (wanted == NULL) {
            return -1;
        }

        if (*wanted) {
            fprintf(stderr, "inference-guard audit %s: \"%s\" is not %s\n",
                    argv[0], optarg, wanted);
            return -1;
        }
    }

    if (optind >= argc || (tail && optind + 1 != argc)) {
        fprintf(stderr, "inference-guard audit %s: name %s\n", argv[0],
                tail ? "one log file" : "the log files");
        return -1;
    }

    return ig_audit_subject_init(&o->subject) ? optind : -1;
}


static bool
ig_audit_list_match(const ig_record_line_t *l, size_t array, const char *key,
    ig_str_t glob)
{
    size_t  i;

    for (i = ig_record_line_first(l, array); i;
         i = ig_record_line_after(l, array, i))
    {
        if (ig_record_line_match(l, key ? ig_record_line_get(l, i, key) : i,
                                 glob))
        {
            return true;
        }
    }

    return false;
}


static bool
ig_audit_jurisdiction(const ig_record_line_t *l, const ig_countries_t *set)
{
    size_t        i, array;
    ig_country_t  c;

    array = ig_record_line_get(l, 0, "jurisdictions");

    for (i = ig_record_line_first(l, array); i;
         i = ig_record_line_after(l, array, i))
    {
        c = ig_country_parse(ig_record_line_raw(l,
                                 ig_record_line_get(l, i, "country")));

        if (c != IG_COUNTRY_UNKNOWN && ig_countries_has(set, c)) {
            return true;
        }
    }

    return false;
}


static bool
ig_audit_when(const ig_audit_options_t *o, unsigned key,
    const ig_record_line_t *l)
{
    char      text[40];
    uint64_t  ms;
    ig_str_t  s;

    s = ig_record_line_raw(l, ig_record_line_get(l, 0, "time"));

    if (s.len == 0 || s.len >= sizeof(text)) {
        return false;
    }

    memcpy(text, s.data, s.len);
    text[s.len] = '\0';

    return ig_audit_time(text, 0, &ms)
           && (key == IG_AUDIT_SINCE ? ms >= o->since : ms < o->until);
}


static bool
ig_audit_one(const ig_audit_options_t *o, unsigned key,
    const ig_record_line_t *l)
{
    size_t        would;
    ig_country_t  c;

    switch (key) {

    case IG_AUDIT_TENANT:
        return ig_record_line_match(l, ig_record_line_get(l, 0, "tenant"),
                                    o->tenant);

    case IG_AUDIT_SINCE:
    case IG_AUDIT_UNTIL:
        return ig_audit_when(o, key, l);

    case IG_AUDIT_RULE:
        would = ig_record_line_get(l, 0, "would");

        return ig_audit_list_match(l, ig_record_line_get(l, 0, "rules"), NULL,
                                   o->rule)
               || (would && ig_audit_list_match(l,
                                ig_record_line_get(l, would, "rules"), NULL,
                                o->rule));

    case IG_AUDIT_JURISDICTION:
        return ig_audit_jurisdiction(l, &o->jurisdictions);

    case IG_AUDIT_DECISION:
        return ig_record_line_match(l, ig_record_line_get(l, 0, "verdict"),
                                    o->decision);

    case IG_AUDIT_FINDING:
        return ig_audit_list_match(l, ig_record_line_get(l, 0, "findings"),
                                   "detector", o->finding);

    case IG_AUDIT_ID:
        return ig_str_eq(ig_record_line_raw(l, ig_record_line_get(l, 0, "id")),
                         o->id);

    case IG_AUDIT_REASON:
        return ig_record_line_match(l, ig_record_line_get(l, 0, "reason"),
                                    o->reason);

    default:
        c = ig_country_parse(ig_record_line_raw(l,
                                 ig_record_line_get(l, 0,
                                                    "endpoint_country")));

        return c != IG_COUNTRY_UNKNOWN
               && ig_countries_has(&o->endpoint_countries, c);
    }
}


static void
ig_audit_meet_subject(ig_audit_options_t *o, unsigned keys,
    const ig_record_line_t *l, unsigned *met)
{
    unsigned  others;

    others = keys & o->keys & (unsigned) ~(IG_AUDIT_SUBJECT|IG_AUDIT_LATE);

    /* only of those that would be shown is it of interest */

    if (!(keys & o->keys & IG_AUDIT_SUBJECT) || (*met & others) != others) {
        return;
    }

    switch (ig_audit_subject(&o->subject, l)) {

    case IG_AUDIT_HELD:
        *met |= IG_AUDIT_SUBJECT;
        break;

    case IG_AUDIT_HELD_CUT:
        o->subject.cut++;
        break;

    case IG_AUDIT_HELD_BARE:
        o->subject.bare++;
        break;

    case IG_AUDIT_HELD_NOT:
        break;
    }
}


unsigned
ig_audit_met(ig_audit_options_t *o, unsigned keys, const ig_record_line_t *l)
{
    unsigned  key, met;

    met = 0;

    for (key = 1; key <= IG_AUDIT_ENDPOINT; key <<= 1) {
        if ((keys & o->keys & key) && ig_audit_one(o, key, l)) {
            met |= key;
        }
    }

    ig_audit_meet_subject(o, keys, l, &met);

    return met;
}


bool
ig_audit_event(const ig_record_line_t *l)
{
    ig_str_t  type;

    type = ig_record_line_raw(l, ig_record_line_get(l, 0, "type"));

    return ig_str_eq(type, IG_STR("limit")) || ig_str_eq(type, IG_STR("reset"));
}

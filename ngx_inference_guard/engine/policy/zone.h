/*
 * A time zone as a table: what its clocks show besides UTC, from when on.
 *
 * Memory: immutable, in the arena it was read into.
 */

#ifndef IG_POLICY_ZONE_H
#define IG_POLICY_ZONE_H

#include <inference_guard/calendar.h>


/* offsets beyond this are no zone's (RFC 8536, 3.2: -25 to 26 hours) */
#define IG_ZONE_OFFSET_MAX   (26 * 3600)

typedef struct {
    int64_t   at_s;            /* from this second on; the first: ever before */
    int32_t   offset;          /* seconds east of Greenwich */
} ig_zone_shift_t;

struct ig_zone_s {
    ig_str_t                name;
    const ig_zone_shift_t  *shifts;    /* at least one, in order */
    size_t                  n;
};

/* the last one that is not after at_s */
size_t ig_zone_find(const ig_zone_t *z, int64_t at_s);

/* days since 1970-01-01 of a date of the Gregorian calendar; month 1 to 12 */
int64_t ig_calendar_days(int64_t year, unsigned month, unsigned day);
/* and back */
void ig_calendar_date(int64_t days, int64_t *year, unsigned *month,
    unsigned *day);

/*
 * The rule by which clocks change for ever (POSIX, "TZ"; RFC 8536, 3.3.1, for
 * longer hours): without one for summer time there are none.
 */
typedef struct {
    bool      changes;
    int32_t   offset[2];       /* standard, summer */
    struct {
        enum { IG_ZONE_JULIAN, IG_ZONE_DAY, IG_ZONE_WEEKDAY }  kind;
        unsigned  month, week, day;
        int32_t   time_s;      /* local, as shown before the change */
    }         from[2];
} ig_zone_rule_t;

/* false: it is no rule */
bool ig_zone_rule_parse(ig_str_t text, ig_zone_rule_t *out) IG_MUST_CHECK;
/* the two changes of that year, in their order; the rule must have some */
void ig_zone_rule_year(const ig_zone_rule_t *rule, int64_t year,
    ig_zone_shift_t out[2]);

#endif /* IG_POLICY_ZONE_H */

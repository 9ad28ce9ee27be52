/*
 * The rule at the end of a zone's file: "CET-1CEST,M3.5.0,M10.5.0/3".
 */

#include "zone.h"

#include <string.h>


#define IG_HOUR_S       3600
#define IG_DAY_S        86400

/* the longest hours (RFC 8536, 3.3.1) */
#define IG_RULE_HOURS   167

typedef struct {
    const uint8_t  *p;
    const uint8_t  *end;
} ig_rule_text_t;


static bool
ig_rule_is(const ig_rule_text_t *t, uint8_t c)
{
    return t->p < t->end && *t->p == c;
}


static bool
ig_rule_take(ig_rule_text_t *t, uint8_t c)
{
    if (!ig_rule_is(t, c)) {
        return false;
    }

    t->p++;

    return true;
}


static bool
ig_rule_number(ig_rule_text_t *t, unsigned min, unsigned max, unsigned *out)
{
    unsigned        n;
    const uint8_t  *start;

    n = 0;

    for (start = t->p; t->p < t->end && *t->p >= '0' && *t->p <= '9'; t->p++) {

        n = n * 10 + (unsigned) (*t->p - '0');

        if (n > max) {
            return false;
        }
    }

    *out = n;

    return t->p > start && n >= min;
}


/* three letters or more, or anything between < and > */

static bool
ig_rule_name(ig_rule_text_t *t)
{
    uint8_t         c;
    const uint8_t  *start;

    if (ig_rule_take(t, '<')) {

        while (t->p < t->end && *t->p != '>') {
            t->p++;
        }

        return ig_rule_take(t, '>');
    }

    for (start = t->p; t->p < t->end; t->p++) {

        c = *t->p | 0x20;

        if (c < 'a' || c > 'z') {
            break;
        }
    }

    return t->p - start >= 3;
}


/* [+-]hh[:mm[:ss]] */

static bool
ig_rule_time(ig_rule_text_t *t, int32_t *out)
{
    int32_t   sign;
    unsigned  hours, minutes, seconds;

    minutes = 0;
    seconds = 0;
    sign = ig_rule_take(t, '-') ? -1 : 1;

    if (sign > 0) {
        (void) ig_rule_take(t, '+');
    }

    if (!ig_rule_number(t, 0, IG_RULE_HOURS, &hours)) {
        return false;
    }

    if (ig_rule_take(t, ':')) {

        if (!ig_rule_number(t, 0, 59, &minutes)
            || (ig_rule_take(t, ':') && !ig_rule_number(t, 0, 59, &seconds)))
        {
            return false;
        }
    }

    *out = sign * (int32_t) (hours * IG_HOUR_S + minutes * 60 + seconds);

    return true;
}


/* ",M3.5.0/3", ",J60/2" or ",59": two o'clock when no time is said */

static bool
ig_rule_change(ig_rule_text_t *t, ig_zone_rule_t *out, int i)
{
    bool  ok;

    if (!ig_rule_take(t, ',')) {
        return false;
    }

    if (ig_rule_take(t, 'M')) {
        out->from[i].kind = IG_ZONE_WEEKDAY;

        ok = ig_rule_number(t, 1, 12, &out->from[i].month)
             && ig_rule_take(t, '.')
             && ig_rule_number(t, 1, 5, &out->from[i].week)
             && ig_rule_take(t, '.')
             && ig_rule_number(t, 0, 6, &out->from[i].day);

    } else if (ig_rule_take(t, 'J')) {
        out->from[i].kind = IG_ZONE_JULIAN;
        ok = ig_rule_number(t, 1, 365, &out->from[i].day);

    } else {
        out->from[i].kind = IG_ZONE_DAY;
        ok = ig_rule_number(t, 0, 365, &out->from[i].day);
    }

    out->from[i].time_s = 2 * IG_HOUR_S;

    return ok && (!ig_rule_take(t, '/')
                  || ig_rule_time(t, &out->from[i].time_s));
}


bool
ig_zone_rule_parse(ig_str_t text, ig_zone_rule_t *out)
{
    int32_t         west;
    ig_rule_text_t  t;

    memset(out, 0, sizeof(ig_zone_rule_t));

    t.p = text.data;
    t.end = text.data + text.len;

    if (!ig_rule_name(&t) || !ig_rule_time(&t, &west)) {
        return false;
    }

    /* written west of Greenwich */

    out->offset[0] = -west;
    out->offset[1] = out->offset[0] + IG_HOUR_S;

    if (t.p < t.end) {

        if (!ig_rule_name(&t)) {
            return false;
        }

        if (!ig_rule_is(&t, ',')) {

            if (!ig_rule_time(&t, &west)) {
                return false;
            }

            out->offset[1] = -west;
        }

        if (!ig_rule_change(&t, out, 1) || !ig_rule_change(&t, out, 0)) {
            return false;
        }

        out->changes = true;
    }

    return t.p == t.end
           && out->offset[0] >= -IG_ZONE_OFFSET_MAX
           && out->offset[0] <= IG_ZONE_OFFSET_MAX
           && out->offset[1] >= -IG_ZONE_OFFSET_MAX
           && out->offset[1] <= IG_ZONE_OFFSET_MAX;
}


static bool
ig_rule_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}


/* days since 1970 of the change to offset[i] */

static int64_t
ig_rule_day(const ig_zone_rule_t *rule, int i, int64_t year)
{
    int64_t   first, next;
    unsigned  weekday;

    if (rule->from[i].kind != IG_ZONE_WEEKDAY) {

        first = ig_calendar_days(year, 1, 1) + rule->from[i].day;

        if (rule->from[i].kind == IG_ZONE_DAY) {
            return first;
        }

        /* J1 is the first day, and none of them is a 29 February */

        return first - 1 + (ig_rule_leap(year) && rule->from[i].day >= 60);
    }

    first = ig_calendar_days(year, rule->from[i].month, 1);
    next = rule->from[i].month == 12
           ? ig_calendar_days(year + 1, 1, 1)
           : ig_calendar_days(year, rule->from[i].month + 1, 1);

    /* 1970-01-01 was a Thursday; weeks begin on Sunday, 0 */

    weekday = (unsigned) (((first + 4) % 7 + 7) % 7);

    first += (rule->from[i].day + 7 - weekday) % 7
             + 7 * (rule->from[i].week - 1);

    while (first >= next) {
        first -= 7;
    }

    return first;
}


void
ig_zone_rule_year(const ig_zone_rule_t *rule, int64_t year,
    ig_zone_shift_t out[2])
{
    int              i;
    ig_zone_shift_t  first;

    for (i = 0; i < 2; i++) {
        out[i].at_s = ig_rule_day(rule, i, year) * IG_DAY_S
                      + rule->from[i].time_s - rule->offset[1 - i];
        out[i].offset = rule->offset[i];
    }

    if (out[0].at_s > out[1].at_s) {
        first = out[1];
        out[1] = out[0];
        out[0] = first;
    }
}

/*
 * Days and months of a zone.
 */

#include "zone.h"


#define IG_DAY_S   86400

/* beyond any clock, and far from where sums of seconds overflow */
#define IG_NOW_MAX_S  (INT64_C(1) << 40)


/*
 * Both from Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms":
 * years begin in March, so that the day that is not always there is the last
 * one; 400 years are an era of 146097 days.
 */

int64_t
ig_calendar_days(int64_t year, unsigned month, unsigned day)
{
    int64_t   era;
    unsigned  of_era, of_year;

    year -= month <= 2;
    era = (year >= 0 ? year : year - 399) / 400;
    of_era = (unsigned) (year - era * 400);
    of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

    return era * 146097 - 719468
           + (int64_t) (of_era * 365 + of_era / 4 - of_era / 100 + of_year);
}


void
ig_calendar_date(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    int64_t   era;
    unsigned  of_era, year_of_era, of_year, m;

    days += 719468;
    era = (days >= 0 ? days : days - 146096) / 146097;
    of_era = (unsigned) (days - era * 146097);
    year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096)
                  / 365;
    of_year = of_era - (365 * year_of_era + year_of_era / 4
                        - year_of_era / 100);
    m = (5 * of_year + 2) / 153;

    *day = of_year - (153 * m + 2) / 5 + 1;
    *month = m < 10 ? m + 3 : m - 9;
    *year = (int64_t) year_of_era + era * 400 + (*month <= 2);
}


size_t
ig_zone_find(const ig_zone_t *z, int64_t at_s)
{
    size_t  low, high, i;

    low = 0;
    high = z->n;

    while (high - low > 1) {
        i = low + (high - low) / 2;

        if (z->shifts[i].at_s <= at_s) {
            low = i;

        } else {
            high = i;
        }
    }

    return low;
}


int32_t
ig_zone_offset(const ig_zone_t *z, int64_t at_s)
{
    return z->shifts[ig_zone_find(z, at_s)].offset;
}


static int64_t
ig_calendar_floor(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}


/* the first moment whose local time is not before midnight of that day */

static int64_t
ig_calendar_begin(const ig_zone_t *z, int64_t day)
{
    size_t   i;
    int64_t  local, at;

    local = day * IG_DAY_S;

    /* before this no clock shows it */

    i = ig_zone_find(z, local - IG_ZONE_OFFSET_MAX);

    for ( ;; ) {
        at = local - z->shifts[i].offset;

        if (i + 1 == z->n || at < z->shifts[i + 1].at_s) {
            break;
        }

        i++;
    }

    return (i && at < z->shifts[i].at_s) ? z->shifts[i].at_s : at;
}


/* windows are numbered by days, or by months since the year 0 */

static int64_t
ig_calendar_number(ig_limit_per_t per, int64_t day)
{
    int64_t   year;
    unsigned  month, of_month;

    if (per != IG_PER_MONTH) {
        return day;
    }

    ig_calendar_date(day, &year, &month, &of_month);

    return year * 12 + month - 1;
}


static int64_t
ig_calendar_start(const ig_zone_t *z, ig_limit_per_t per, int64_t number)
{
    if (per == IG_PER_MONTH) {
        number = ig_calendar_days(number / 12, (unsigned) (number % 12) + 1, 1);
    }

    return ig_calendar_begin(z, number);
}


void
ig_calendar_window(const ig_zone_t *z, ig_limit_per_t per, uint64_t now_s,
    uint64_t *start_s, uint64_t *end_s)
{
    int64_t  now, number, start, end;

    now = now_s < IG_NOW_MAX_S ? (int64_t) now_s : IG_NOW_MAX_S;

    number = ig_calendar_number(per,
                                ig_calendar_floor(now + ig_zone_offset(z, now),
                                                  IG_DAY_S));

    start = ig_calendar_start(z, per, number);
    end = ig_calendar_start(z, per, number + 1);

    /* clocks were set back over midnight: the new day has begun before */

    while (end <= now) {
        number++;
        start = end;
        end = ig_calendar_start(z, per, number + 1);
    }

    *start_s = start > 0 ? (uint64_t) start : 0;
    *end_s = now_s < IG_NOW_MAX_S ? (uint64_t) end : UINT64_MAX;
}

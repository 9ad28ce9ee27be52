/*
 * Days and months of time zones: values computed by hand, the C library as an
 * oracle for every zone, and files that are none.
 *
 * Times are written as UTC: at(2026, 3, 29, 1) is 2026-03-29 01:00 UTC.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <inference_guard/calendar.h>

#include "policy/zone.h"


#define HOUR  3600
#define DAY   86400


static int
setup(void **state)
{
    *state = ig_arena_new(64u << 20, 0);

    return *state == NULL;
}


static int
teardown(void **state)
{
    ig_arena_free(*state);

    return 0;
}


static uint64_t
at(int64_t year, unsigned month, unsigned day, int hour)
{
    return (uint64_t) (ig_calendar_days(year, month, day) * DAY + hour * HOUR);
}


static const ig_zone_t *
zone(ig_arena_t *a, const char *name)
{
    const ig_zone_t  *z;

    if (ig_zone_read(ig_str_from_c(name), a, &z) != IG_OK) {
        fail_msg("the zone %s cannot be read", name);
    }

    assert_true(ig_str_eq(ig_zone_name(z), ig_str_from_c(name)));

    return z;
}


/* the whole window, asked at its first and at its last second */

static void
window(const ig_zone_t *z, ig_limit_per_t per, uint64_t start, uint64_t end)
{
    size_t    i;
    uint64_t  s, e, asked[3];

    asked[0] = start;
    asked[1] = start + (end - start) / 2;
    asked[2] = end - 1;

    for (i = 0; i < 3; i++) {
        ig_calendar_window(z, per, asked[i], &s, &e);
        assert_int_equal(s, start);
        assert_int_equal(e, end);
    }
}


static void
dates(void **state)
{
    int64_t   day, year;
    unsigned  month, of_month;

    (void) state;

    assert_int_equal(ig_calendar_days(1970, 1, 1), 0);
    assert_int_equal(ig_calendar_days(2000, 3, 1), 11017);
    assert_int_equal(ig_calendar_days(1969, 12, 31), -1);
    assert_int_equal(ig_calendar_days(2100, 3, 1)
                     - ig_calendar_days(2100, 2, 28), 1);

    for (day = -800000; day < 800000; day += 17) {
        ig_calendar_date(day, &year, &month, &of_month);
        assert_in_range(month, 1, 12);
        assert_in_range(of_month, 1, 31);
        assert_int_equal(ig_calendar_days(year, month, of_month), day);
    }
}


static void
without_changes(void **state)
{
    const ig_zone_t  *z;

    z = ig_zone_utc();
    window(z, IG_PER_DAY, at(2024, 2, 29, 0), at(2024, 3, 1, 0));
    window(z, IG_PER_MONTH, at(2024, 2, 1, 0), at(2024, 3, 1, 0));
    window(z, IG_PER_MONTH, at(2023, 12, 1, 0), at(2024, 1, 1, 0));
    assert_ptr_equal(zone(*state, "UTC"), z);

    /* +03:00 */
    z = zone(*state, "Asia/Riyadh");
    window(z, IG_PER_DAY, at(2026, 5, 30, 21), at(2026, 5, 31, 21));
    window(z, IG_PER_MONTH, at(2026, 5, 31, 21), at(2026, 6, 30, 21));

    /* +05:30 */
    z = zone(*state, "Asia/Kolkata");
    window(z, IG_PER_DAY, at(2026, 5, 30, 18) + 1800,
           at(2026, 5, 31, 18) + 1800);
    window(z, IG_PER_MONTH, at(2026, 1, 31, 18) + 1800,
           at(2026, 2, 28, 18) + 1800);
}


static void
clocks_change(void **state)
{
    const ig_zone_t  *z;

    /* 2026: on the 29 March at 2 to 3, on the 25 October at 3 to 2 */
    z = zone(*state, "Europe/Berlin");
    window(z, IG_PER_DAY, at(2026, 3, 28, 23), at(2026, 3, 29, 22));
    window(z, IG_PER_DAY, at(2026, 10, 24, 22), at(2026, 10, 25, 23));
    window(z, IG_PER_MONTH, at(2026, 2, 28, 23), at(2026, 3, 31, 22));
    window(z, IG_PER_MONTH, at(2026, 9, 30, 22), at(2026, 10, 31, 23));

    /* far behind what the file lists: the rule */
    window(z, IG_PER_MONTH, at(2150, 2, 28, 23), at(2150, 3, 31, 22));

    /* 2018: midnight of the 4 November was 1 o'clock, so the day begins then;
       the 17 February ended twice, at midnight back to 23 o'clock */
    z = zone(*state, "America/Sao_Paulo");
    window(z, IG_PER_DAY, at(2018, 11, 4, 3), at(2018, 11, 5, 2));
    window(z, IG_PER_DAY, at(2018, 2, 17, 2), at(2018, 2, 18, 3));
    window(z, IG_PER_MONTH, at(2018, 11, 1, 3), at(2018, 12, 1, 2));
    window(z, IG_PER_DAY, at(2026, 11, 4, 3), at(2026, 11, 5, 3));

    /* 2011: behind Thursday the 29 December came Saturday the 31 */
    z = zone(*state, "Pacific/Apia");
    window(z, IG_PER_DAY, at(2011, 12, 29, 10), at(2011, 12, 30, 10));
    window(z, IG_PER_DAY, at(2011, 12, 30, 10), at(2011, 12, 31, 10));
    window(z, IG_PER_MONTH, at(2011, 12, 1, 10), at(2011, 12, 31, 10));

    /* 2006: at one minute past midnight of the 29 October back to 23:01 of the
       28, which does not begin again */
    z = zone(*state, "America/St_Johns");
    window(z, IG_PER_DAY, at(2006, 10, 29, 2) + 1800,
           at(2006, 10, 30, 3) + 1800);
    window(z, IG_PER_DAY, at(2006, 10, 28, 2) + 1800,
           at(2006, 10, 29, 2) + 1800);
}


/* windows follow one another, and cover all there is */

static void
no_gap(void **state)
{
    size_t            i, n;
    int64_t           year;
    uint64_t          now, start, end, last, shortest, longest;
    unsigned          month, day;
    const ig_zone_t  *z;

    static const char *const  zones[] = {
        "Asia/Riyadh", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata",
        "Pacific/Apia", "America/St_Johns", "Pacific/Kwajalein",
        "Africa/Casablanca", "Antarctica/Troll", "Australia/Lord_Howe",
        "America/Nuuk", "Asia/Gaza", "Asia/Manila", "Pacific/Kiritimati"
    };

    for (i = 0; i < sizeof(zones) / sizeof(zones[0]); i++) {

        z = zone(*state, zones[i]);

        for (n = 0; n < 2; n++) {

            shortest = UINT64_MAX;
            longest = 0;

            for (now = at(1971, 1, 1, 0), last = 0; now < at(2110, 1, 1, 0);
                 now = end)
            {
                ig_calendar_window(z, n ? IG_PER_MONTH : IG_PER_DAY, now,
                                   &start, &end);

                assert_true(start <= now && now < end);
                assert_true(last == 0 || start == last);

                /* a month begins on the first, unless that was skipped */

                ig_calendar_date(((int64_t) end + ig_zone_offset(z, (int64_t)
                                                                    end)) / DAY,
                                 &year, &month, &day);
                assert_true(n == 0 || day == 1);

                if (last) {
                    shortest = end - start < shortest ? end - start : shortest;
                    longest = end - start > longest ? end - start : longest;
                }

                last = end;
            }

            assert_in_range(shortest, n ? 27 * DAY : 21 * HOUR, UINT64_MAX);
            assert_in_range(longest, 0, n ? 32 * DAY : 26 * HOUR);
        }
    }
}


/* what the C library makes of the same files, at moments spread over time */

static void
as_the_library(void **state)
{
    FILE             *f;
    char              line[512], *name, *end;
    size_t            zones;
    time_t            t;
    int64_t           moment;
    uint64_t          random;
    struct tm         tm;
    const char       *directory;
    const ig_zone_t  *z;

    directory = getenv("TZDIR");

    (void) snprintf(line, sizeof(line), "%s/zone1970.tab",
                    directory ? directory : "/usr/share/zoneinfo");

    f = fopen(line, "r");
    assert_non_null(f);

    zones = 0;
    random = 1;

    while (fgets(line, sizeof(line), f)) {

        if (line[0] == '#') {
            continue;
        }

        name = strchr(line, '\t') + 1;
        name = strchr(name, '\t') + 1;
        end = name + strcspn(name, "\t\n");
        *end = '\0';

        z = zone(*state, name);
        zones++;

        assert_int_equal(setenv("TZ", name, 1), 0);
        tzset();

        for (moment = -INT64_C(4000000000); moment < INT64_C(4100000000);
             moment += (int64_t) (random >> 33) % 20000000)
        {
            random = random * UINT64_C(6364136223846793005) + 1;

            t = (time_t) moment;
            assert_non_null(localtime_r(&t, &tm));

            if (tm.tm_gmtoff != ig_zone_offset(z, moment)) {
                fail_msg("%s at %lld: %ld, not %d", name, (long long) moment,
                         tm.tm_gmtoff, ig_zone_offset(z, moment));
            }
        }
    }

    (void) fclose(f);
    (void) unsetenv("TZ");
    tzset();

    assert_in_range(zones, 200, 1000);
}


static void
names(void **state)
{
    size_t            i;
    const ig_zone_t  *z;

    static const char *const  bad[] = {
        "", "/", "/etc/passwd", "../zoneinfo/UTC", "Asia/../Asia/Riyadh",
        "Asia//Riyadh", "Asia/", ".", "Asia/.", "Asia/Riyad", "asia/riyadh",
        "Asia", "zone.tab", "tzdata.zi", "posixrules.", "right/Asia/Riyadh",
        "GMT+3 ", ":Asia/Riyadh", "<+03>-3", "Asia/Riyadh\n",
        "Aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    };

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (ig_zone_read(ig_str_from_c(bad[i]), *state, &z) != IG_ERROR) {
            fail_msg("\"%s\" is taken", bad[i]);
        }
    }

    (void) zone(*state, "Etc/GMT+3");
    (void) zone(*state, "America/Argentina/Buenos_Aires");
    (void) zone(*state, "America/Port-au-Prince");

    /* the directory that the C library would take */

    assert_int_equal(setenv("TZDIR", "/nonexistent", 1), 0);
    assert_int_equal(ig_zone_read(IG_STR("Asia/Riyadh"), *state, &z), IG_ERROR);
    assert_int_equal(ig_zone_read(IG_STR("UTC"), *state, &z), IG_OK);
    assert_int_equal(unsetenv("TZDIR"), 0);
}


/* a file of one type at +01:00, a change to +02:00 at 1000, and that rule */

typedef struct {
    uint8_t  bytes[512];
    size_t   len;
} file_t;


static void
put(file_t *f, const void *bytes, size_t len)
{
    memcpy(f->bytes + f->len, bytes, len);
    f->len += len;
}


static void
put_number(file_t *f, uint64_t n, unsigned size)
{
    uint8_t  b;

    while (size--) {
        b = size < 8 ? (uint8_t) (n >> (8 * size)) : 0;
        put(f, &b, 1);
    }
}


static void
put_block(file_t *f, char version, unsigned size, uint32_t leaps, int64_t first)
{
    put(f, "TZif", 4);
    put(f, &version, 1);
    put(f, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
    put_number(f, 0, 4);
    put_number(f, 0, 4);
    put_number(f, leaps, 4);
    put_number(f, 2, 4);
    put_number(f, 2, 4);
    put_number(f, 4, 4);

    put_number(f, (uint64_t) first, size);
    put_number(f, 2000, size);
    put(f, "\1\0", 2);
    put_number(f, HOUR, 4);
    put(f, "\0\0", 2);
    put_number(f, 2 * HOUR, 4);
    put(f, "\1\0ABC\0", 6);
    put_number(f, 0, leaps * (size + 4));
}


static file_t
file_of(char version, const char *rule, uint32_t leaps, int64_t first)
{
    file_t  f;

    f.len = 0;
    put_block(&f, version, 4, leaps, first);

    if (version >= '2') {
        put_block(&f, version, 8, leaps, first);
        put(&f, "\n", 1);
        put(&f, rule, strlen(rule));
        put(&f, "\n", 1);
    }

    return f;
}


static const ig_zone_t *
parse(ig_arena_t *a, const file_t *f, size_t len)
{
    ig_rc_t           rc;
    uint8_t          *exact;
    const ig_zone_t  *z;

    /* of its size to the byte, so that a byte more is seen */

    exact = malloc(len ? len : 1);
    assert_non_null(exact);
    memcpy(exact, f->bytes, len);

    rc = ig_zone_parse(IG_STR("x"), (ig_str_t) { exact, len }, a, &z);
    free(exact);

    assert_true(rc == IG_OK || rc == IG_ERROR);

    return rc == IG_OK ? z : NULL;
}


static void
files(void **state)
{
    size_t            i, k;
    file_t            f;
    uint8_t           was;
    const ig_zone_t  *z;

    static const char *const  bad_rules[] = {
        "x", "CET", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.0.0,M10.5.0",
        "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J365", "CET-1CEST,366,1",
        "CET-1CEST,M3.5.0,M10.5.0/168", "CET-1CEST,M3.5.0,M10.5.0x",
        "CET-30", "<CET-1", "CET-1:60", "CET-1CEST,,", "CET-1CEST,M3.5.0,J"
    };

    f = file_of('2', "", 0, 1000);
    z = parse(*state, &f, f.len);
    assert_non_null(z);
    assert_int_equal(ig_zone_offset(z, 999), HOUR);
    assert_int_equal(ig_zone_offset(z, 1000), 2 * HOUR);
    assert_int_equal(ig_zone_offset(z, 2000), HOUR);
    assert_int_equal(ig_zone_offset(z, INT64_MIN), HOUR);
    assert_int_equal(ig_zone_offset(z, INT64_MAX), HOUR);

    /* no file cut anywhere is taken, but a second version's behind its end */

    for (i = 0; i < f.len; i++) {
        assert_null(parse(*state, &f, i));
    }

    /* any byte may be any other: read, or refused */

    for (i = 0; i < f.len; i++) {
        was = f.bytes[i];

        for (k = 0; k < 256; k++) {
            f.bytes[i] = (uint8_t) k;
            ig_arena_reset(*state);
            (void) parse(*state, &f, f.len);
        }

        f.bytes[i] = was;
    }

    f = file_of('\0', "", 0, 1000);
    assert_non_null(parse(*state, &f, f.len));

    /* leap seconds; changes out of order */

    f = file_of('2', "", 1, 1000);
    assert_null(parse(*state, &f, f.len));
    f = file_of('2', "", 0, 2001);
    assert_null(parse(*state, &f, f.len));

    for (i = 0; i < sizeof(bad_rules) / sizeof(bad_rules[0]); i++) {
        f = file_of('2', bad_rules[i], 0, 1000);

        if (parse(*state, &f, f.len)) {
            fail_msg("the rule %s is taken", bad_rules[i]);
        }
    }
}


static void
rules(void **state)
{
    file_t            f;
    const ig_zone_t  *z;

    f = file_of('2', "CET-1CEST,M3.5.0,M10.5.0/3", 0, 1000);
    z = parse(*state, &f, f.len);
    assert_int_equal(ig_zone_offset(z, (int64_t) at(2040, 3, 25, 1) - 1), HOUR);
    assert_int_equal(ig_zone_offset(z, (int64_t) at(2040, 3, 25, 1)), 2 * HOUR);
    assert_int_equal(ig_zone_offset(z, (int64_t) at(2040, 10, 28, 1) - 1),
                     2 * HOUR);
    assert_int_equal(ig_zone_offset(z, (int64_t) at(2040, 10, 28, 1)), HOUR);

    /* summer over New Year; J60 is the 1 March in any year, 59 only if there
       is no 29 February */

    f = file_of('2', "<-03>3<-02>,J300/0,J60/0", 0, 1000);
    z = parse(*state, &f, f.len);
    assert_int_equal(ig_zone_offset(z, (int64_t) at(2032, 3, 1, 2) - 1),
                     -2 * HOUR);
    assert_int_equal(ig_zone_offset(z, (int64_t) at(2032, 3, 1, 2)), -3 * HOUR);
    assert_int_equal(ig_zone_offset(z, (int64_t) at(2033, 3, 1, 2) - 1),
                     -2 * HOUR);
    assert_int_equal(ig_zone_offset(z, (int64_t) at(2032, 12, 31, 0)),
                     -2 * HOUR);

    f = file_of('2', "AAA0BBB,59/0,300/0", 0, 1000);
    z = parse(*state, &f, f.len);
    assert_int_equal(ig_zone_offset(z, (int64_t) at(2032, 2, 29, 0)), HOUR);
    assert_int_equal(ig_zone_offset(z, (int64_t) at(2033, 3, 1, 0) - 1), 0);
    assert_int_equal(ig_zone_offset(z, (int64_t) at(2033, 3, 1, 0)), HOUR);

    /* summer all year (RFC 8536, 3.3.1) */

    f = file_of('3', "XXX3EDT4,0/0,J365/23", 0, 1000);
    z = parse(*state, &f, f.len);
    assert_int_equal(ig_zone_offset(z, (int64_t) at(2030, 1, 1, 3)), -4 * HOUR);
    assert_int_equal(ig_zone_offset(z, (int64_t) at(2030, 12, 31, 23)),
                     -4 * HOUR);
    window(z, IG_PER_DAY, at(2030, 12, 31, 4), at(2031, 1, 1, 4));
}


/* no moment breaks it */

static void
extremes(void **state)
{
    size_t            i;
    uint64_t          start, end;
    const ig_zone_t  *z;

    static const uint64_t  moments[] = {
        0, 1, 3 * HOUR, UINT64_C(1) << 39, (UINT64_C(1) << 40) - 1,
        UINT64_C(1) << 40, INT64_MAX, UINT64_MAX - 1
    };

    z = zone(*state, "Asia/Riyadh");

    for (i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        ig_calendar_window(z, IG_PER_DAY, moments[i], &start, &end);
        assert_true(start <= moments[i] && moments[i] < end);
        ig_calendar_window(z, IG_PER_MONTH, moments[i], &start, &end);
        assert_true(start <= moments[i] && moments[i] < end);
    }
}


int
main(void)
{
    const struct CMUnitTest  tests[] = {
        cmocka_unit_test(dates),
        cmocka_unit_test(without_changes),
        cmocka_unit_test(clocks_change),
        cmocka_unit_test(no_gap),
        cmocka_unit_test(as_the_library),
        cmocka_unit_test(names),
        cmocka_unit_test(files),
        cmocka_unit_test(rules),
        cmocka_unit_test(extremes),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}

/*
 * Days and months of a time zone, as windows of budgets.
 *
 * In:       a zone of the tz database, read once; seconds since 1970, UTC.
 * Out:      the window that holds a moment.
 * Memory:   a zone lies in the arena it was read into, and is immutable.
 * Failure:  reading says what is wrong with a name or its file; a window has
 *           none, does no I/O and asks the C library nothing.
 *
 * A day begins at the first moment whose local date is that day: where clocks
 * skip midnight, at the moment after; where they are set back over midnight,
 * the first time only.  So windows follow one another without gap or overlap,
 * have 23 or 25 hours when clocks change, and a date that a zone skipped
 * (Apia, 2011-12-30) has none.  Months are of the Gregorian calendar.
 */

#ifndef INFERENCE_GUARD_CALENDAR_H
#define INFERENCE_GUARD_CALENDAR_H

#include <inference_guard/base.h>
#include <inference_guard/policy.h>


#define IG_ZONE_LAST_YEAR      2199   /* clocks change by rule until its end */

const ig_zone_t *ig_zone_utc(void);
ig_str_t ig_zone_name(const ig_zone_t *z);             /* "Asia/Riyadh" */

/* whether it may name a zone: no absolute path, no "..", no odd characters */
bool ig_zone_is_name(ig_str_t name);

/*
 * Reads a zone: "UTC", or a TZif file (RFC 8536) in the directory that TZDIR
 * names, /usr/share/zoneinfo without it.  IG_ERROR: there is no such zone, or
 * its file is none; IG_NOMEM, IG_LIMIT: of the arena.
 */
ig_rc_t ig_zone_read(ig_str_t name, ig_arena_t *a, const ig_zone_t **out)
    IG_MUST_CHECK;

/* the same from a file's bytes; the name is kept as it is */
ig_rc_t ig_zone_parse(ig_str_t name, ig_str_t file, ig_arena_t *a,
    const ig_zone_t **out) IG_MUST_CHECK;

/* seconds east of Greenwich at that moment */
int32_t ig_zone_offset(const ig_zone_t *z, int64_t at_s);

/* the window of IG_PER_DAY or IG_PER_MONTH that holds now: start <= now < end */
void ig_calendar_window(const ig_zone_t *z, ig_limit_per_t per, uint64_t now_s,
    uint64_t *start_s, uint64_t *end_s);

#endif /* INFERENCE_GUARD_CALENDAR_H */

/*
 * The options that report and export have in common: which requests of a log.
 */

#include "audit_join.h"

#include <string.h>
#include <time.h>


bool
ig_audit_narrow(ig_audit_options_t *o, const char *command, const char *option,
    const char *value)
{
    bool             ok;
    struct timespec  now;

    if (strcmp(option, "tenant") == 0) {
        o->keys |= IG_AUDIT_TENANT;
        o->tenant = ig_str_from_c(value);
        return true;
    }

    (void) clock_gettime(CLOCK_REALTIME, &now);

    if (strcmp(option, "since") == 0) {
        o->keys |= IG_AUDIT_SINCE;
        ok = ig_audit_time(value, (uint64_t) now.tv_sec * 1000, &o->since);

    } else {
        o->keys |= IG_AUDIT_UNTIL;
        ok = ig_audit_time(value, (uint64_t) now.tv_sec * 1000, &o->until);
    }

    if (!ok) {
        fprintf(stderr, "inference-guard audit %s: \"%s\" is not a time like "
                "2026-11-24T08:30:00Z or 2h\n", command, value);
    }

    return ok;
}


void
ig_audit_help(void)
{
    char  word[] = "audit", help[] = "--help";
    char *args[] = { word, help, NULL };

    (void) ig_cmd_audit(2, args);
}

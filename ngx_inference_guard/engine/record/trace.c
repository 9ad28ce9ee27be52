/*
 * traceparent = version "-" trace-id "-" parent-id "-" flags, in lower-case hex
 * (W3C Trace Context, 3.2.2).  Of a version after 00 more may follow, behind
 * one more "-" (3.2.4); version ff, and ids of zeros, are invalid.
 */

#include "trace.h"


#define IG_TRACE_ID      3            /* where the ids begin */
#define IG_TRACE_ID_LEN  32
#define IG_TRACE_PARENT  36
#define IG_TRACE_FLAGS   53
#define IG_TRACE_LEN     55


static bool
ig_trace_hex(const uint8_t *p, size_t len, bool *zeros)
{
    size_t  i;

    *zeros = true;

    for (i = 0; i < len; i++) {
        if (!(p[i] >= '0' && p[i] <= '9') && !(p[i] >= 'a' && p[i] <= 'f')) {
            return false;
        }

        *zeros = *zeros && p[i] == '0';
    }

    return true;
}


static bool
ig_trace_valid(ig_str_t s)
{
    bool            first, no_trace, no_parent, zeros;
    const uint8_t  *p = s.data;

    if (s.len < IG_TRACE_LEN || p[2] != '-' || p[IG_TRACE_PARENT - 1] != '-'
        || p[IG_TRACE_FLAGS - 1] != '-'
        || !ig_trace_hex(p, 2, &first)
        || !ig_trace_hex(p + IG_TRACE_ID, IG_TRACE_ID_LEN, &no_trace)
        || !ig_trace_hex(p + IG_TRACE_PARENT, 16, &no_parent)
        || !ig_trace_hex(p + IG_TRACE_FLAGS, 2, &zeros))
    {
        return false;
    }

    if (no_trace || no_parent || (p[0] == 'f' && p[1] == 'f')) {
        return false;
    }

    return s.len == IG_TRACE_LEN || (!first && p[IG_TRACE_LEN] == '-');
}


void
ig_line_trace(ig_line_t *l, ig_str_t traceparent)
{
    if (!ig_trace_valid(traceparent)) {
        return;
    }

    ig_line_lit(l, ",\"trace\":\"");
    ig_line_bytes(l, traceparent.data + IG_TRACE_ID, IG_TRACE_ID_LEN);
    ig_line_lit(l, "\"");
}

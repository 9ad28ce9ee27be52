/*
 * The trace that a request belongs to.
 *
 * In:       a traceparent header (W3C Trace Context, section 3.2).
 * Out:      ,"trace":"<32 hex>" in the line; nothing for a header that is not
 *           valid, and never anything else of it.
 */

#ifndef IG_RECORD_TRACE_H
#define IG_RECORD_TRACE_H

#include "line.h"


void ig_line_trace(ig_line_t *l, ig_str_t traceparent);

#endif /* IG_RECORD_TRACE_H */

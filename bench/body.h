/*
 * Chat requests to measure with: real JSON of a wanted size, the same bytes in
 * every program.  Prose with the paragraphs, lists, code and numbers that
 * prompts have, so that there are escapes to step over and digits to look at,
 * but nothing that a detector should find.
 */

#ifndef IG_BENCH_BODY_H
#define IG_BENCH_BODY_H

#include <stdbool.h>
#include <stddef.h>


/*
 * A request of exactly `size` bytes (at least 256) in malloc'ed memory, with
 * "stream":true when asked.  Exits when there is no memory.
 */
char *bench_body(size_t size, bool stream);

#endif /* IG_BENCH_BODY_H */

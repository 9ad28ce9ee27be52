/*
 * How verdicts, rules and countries are written for people and programs:
 * shared by test and explain.
 */

#ifndef IG_CLI_SHOW_H
#define IG_CLI_SHOW_H

#include "cli.h"


/* "all", or codes with whole groups by name, separated by ", " */
void ig_show_countries(ig_buf_t *out, const ig_countries_t *s);
/* ["DE", …] */
void ig_show_countries_json(ig_buf_t *out, const ig_countries_t *s);

/* "matched", "when: data does not hold" … */
const char *ig_show_state(const ig_trace_rule_t *t);
const char *ig_show_key(unsigned key);
/* a word for programs: matched, pack, when, unless, audit */
const char *ig_show_state_word(ig_trace_state_t s);

/* "destinations SA; flag x" */
void ig_show_effects(ig_buf_t *out, const ig_rule_t *r);

/* 200 when nothing is refused */
unsigned ig_show_status(const ig_verdict_t *v);

/* rules of a trace, in the order of the policy */
typedef struct {
    ig_trace_rule_t  *rules;
    size_t            n;
    size_t            cap;
} ig_show_trace_t;

/* decides once more, watching; the rules lie in the arena */
void ig_show_trace(ig_show_trace_t *t, ig_arena_t *arena, const ig_guard_t *g,
    const ig_facts_t *f, ig_mode_t mode);

#endif /* IG_CLI_SHOW_H */

/*
 * An answer from its first byte to its last: framing, usage, and the one event
 * that a client did not ask for.
 */

#include <answer/frame.h>
#include <answer/usage.h>

#include <string.h>


struct ig_answer_s {
    ig_answer_conf_t   conf;
    ig_events_t       *events;         /* NULL: one document */
    ig_tally_t         tally;
    ig_rc_t            rc;
    bool               ended;
};


static bool
ig_answer_out(void *ctx, ig_str_t bytes)
{
    ig_answer_t  *a = ctx;

    return a->conf.out == NULL || a->conf.out(a->conf.ctx, bytes);
}


static void *
ig_answer_alloc(void *ctx, size_t size)
{
    ig_answer_t  *a = ctx;

    return a->conf.alloc(a->conf.ctx, size);
}


static void
ig_answer_data(void *ctx, ig_str_t piece)
{
    ig_answer_t  *a = ctx;

    ig_tally_data(&a->tally, piece);
}


static ig_event_do_t
ig_answer_event(void *ctx, const ig_event_t *e, ig_str_t *instead)
{
    unsigned      doc;
    ig_answer_t  *a = ctx;

    (void) e;
    (void) instead;

    doc = ig_tally_end(&a->tally);

    if (a->conf.hide_usage && (doc & IG_DOC_USAGE) && (doc & IG_DOC_CHOICES)
        && !(doc & (IG_DOC_CHOICE | IG_DOC_TEXT)))
    {
        return IG_EVENT_DROP;
    }

    return IG_EVENT_KEEP;
}


ig_answer_t *
ig_answer_new(const ig_answer_conf_t *conf)
{
    ig_answer_t       *a;
    ig_events_conf_t   events;

    a = conf->alloc(conf->ctx, sizeof(ig_answer_t));
    if (a == NULL) {
        return NULL;
    }

    a->conf = *conf;
    a->events = NULL;
    a->rc = IG_OK;
    a->ended = false;

    ig_tally_init(&a->tally, conf->kind != IG_ANSWER_JSON);

    if (conf->kind == IG_ANSWER_JSON) {
        return a;
    }

    memset(&events, 0, sizeof(events));
    events.ctx = a;
    events.alloc = ig_answer_alloc;
    events.out = ig_answer_out;
    events.data = ig_answer_data;
    events.event = ig_answer_event;
    events.hold = conf->hide_usage && conf->kind == IG_ANSWER_SSE;
    events.bound = conf->bound ? conf->bound : IG_EVENT_MAX;

    a->events = ig_events_new(conf->kind, &events);

    return a->events ? a : NULL;
}


ig_rc_t
ig_answer_feed(ig_answer_t *a, ig_str_t bytes)
{
    if (a->rc != IG_OK || a->ended || bytes.len == 0) {
        return a->rc;
    }

    if (a->events) {
        a->rc = ig_events_feed(a->events, bytes);
        return a->rc;
    }

    ig_tally_data(&a->tally, bytes);

    if (!ig_answer_out(a, bytes)) {
        a->rc = IG_ERROR;
    }

    return a->rc;
}


ig_rc_t
ig_answer_end(ig_answer_t *a)
{
    if (a->rc != IG_OK || a->ended) {
        return a->rc;
    }

    a->ended = true;

    if (a->events) {
        a->rc = ig_events_end(a->events);

    } else {
        (void) ig_tally_end(&a->tally);
    }

    return a->rc;
}


void
ig_answer_usage(ig_answer_t *a, ig_usage_t *out)
{
    ig_tally_usage(&a->tally, out);
}

/*
 * Events that are kept, dropped or replaced, and the bytes that wait for it.
 *
 * A piece of the stream is at any moment: bytes that are decided and go on,
 * from `pass` to `open`; then the bytes of the event that has begun, from
 * `open` on.  What is left of an event at the end of a piece is copied into
 * `held`, and only then is anything copied at all.
 */

#include <answer/frame.h>

#include <string.h>


#define IG_HELD_FIRST  4096


struct ig_events_s {
    ig_events_conf_t  conf;
    ig_frame_t        frame;
    ig_rc_t           rc;
    bool              ended;
    bool              oversize;        /* the event goes through unseen */
    bool              gone;            /* the event before was not kept */
    bool              begun;           /* no BOM can come any more */
    uint8_t          *held;
    size_t            held_len;
    size_t            held_cap;
    uint8_t          *joined;
    size_t            joined_cap;
    size_t            size;            /* of the event, before this piece */
    size_t            data_at;         /* offset in the event */
    size_t            data_len;
};


ig_events_t *
ig_events_new(ig_answer_kind_t kind, const ig_events_conf_t *conf)
{
    ig_events_t  *e;

    e = conf->alloc(conf->ctx, sizeof(ig_events_t));
    if (e == NULL) {
        return NULL;
    }

    memset(e, 0, sizeof(ig_events_t));

    e->conf = *conf;
    ig_frame_init(&e->frame, kind);

    return e;
}


size_t
ig_events_held(const ig_events_t *e)
{
    return e->held_len;
}


static bool
ig_events_out(ig_events_t *e, const uint8_t *p, size_t len)
{
    if (len && !e->conf.out(e->conf.ctx, (ig_str_t) { p, len })) {
        e->rc = IG_ERROR;
        return false;
    }

    return true;
}


static bool
ig_events_release(ig_events_t *e)
{
    size_t  len;

    len = e->held_len;
    e->held_len = 0;

    return ig_events_out(e, e->held, len);
}


static bool
ig_events_hold(ig_events_t *e, const uint8_t *p, size_t len)
{
    size_t    cap;
    uint8_t  *held;

    if (len == 0) {
        return true;
    }

    if (len > e->held_cap - e->held_len) {
        cap = e->held_cap ? e->held_cap * 2 : IG_HELD_FIRST;

        while (cap < e->held_len + len) {
            cap *= 2;
        }

        held = e->conf.alloc(e->conf.ctx, cap);
        if (held == NULL) {
            e->rc = IG_NOMEM;
            return false;
        }

        if (e->held_len) {
            memcpy(held, e->held, e->held_len);
        }

        e->held = held;
        e->held_cap = cap;
    }

    memcpy(e->held + e->held_len, p, len);
    e->held_len += len;

    return true;
}


/* several lines of data: the event is read once more */

static bool
ig_events_join(ig_events_t *e, ig_event_t *event)
{
    size_t          len;
    ig_str_t        data;
    ig_mark_t       mark;
    ig_frame_t      frame;
    const uint8_t  *p, *end;

    if (e->joined_cap < event->raw.len) {
        len = event->raw.len < IG_HELD_FIRST ? IG_HELD_FIRST
                                             : event->raw.len * 2;

        e->joined = e->conf.alloc(e->conf.ctx, len);
        if (e->joined == NULL) {
            e->joined_cap = 0;
            e->rc = IG_NOMEM;
            return false;
        }

        e->joined_cap = len;
    }

    ig_frame_init(&frame, e->frame.kind);

    if (e->begun) {
        frame.bom = e->frame.bom;
    }

    p = event->raw.data;
    end = p + event->raw.len;
    len = 0;

    do {
        mark = ig_frame_next(&frame, &p, end, &data);

        if (mark == IG_MARK_DATA) {
            memcpy(e->joined + len, data.data, data.len);
            len += data.len;

        } else if (mark == IG_MARK_BREAK) {
            e->joined[len++] = '\n';
        }

    } while (mark != IG_MARK_MORE && mark != IG_MARK_END);

    event->data = (ig_str_t) { e->joined, len };

    return true;
}


/*
 * More of the event than may be held: it goes through unseen, or that is the
 * end.  What stands before it, from `pass` to `open`, goes on in any case.
 */

static bool
ig_events_over(ig_events_t *e, const uint8_t *pass, const uint8_t *open)
{
    if (!e->conf.strict) {
        e->oversize = true;
        return ig_events_release(e);
    }

    if (ig_events_out(e, pass, (size_t) (open - pass))) {
        e->rc = IG_LIMIT;
    }

    return false;
}


static inline bool
ig_events_is_over(const ig_events_t *e, size_t len)
{
    return e->conf.hold && !e->oversize && e->size + len > e->conf.bound;
}


/*
 * The event is whole, but for its first bytes that may be held: raw is what of
 * it is in this piece.  False: stop, with e->rc.
 */

static bool
ig_events_decide(ig_events_t *e, ig_str_t raw, bool complete,
    ig_event_do_t *decision, ig_str_t *instead)
{
    ig_event_t  event;

    memset(&event, 0, sizeof(event));
    event.name = (ig_str_t) { e->frame.name, e->frame.name_len };
    event.complete = complete;
    event.oversize = e->oversize;

    if (e->conf.hold && !e->oversize) {
        event.raw = raw;

        if (e->frame.lines > 1) {
            if (!ig_events_join(e, &event)) {
                return false;
            }

        } else if (e->data_len) {
            event.data = (ig_str_t) { raw.data + e->data_at, e->data_len };
        }
    }

    *decision = IG_EVENT_KEEP;
    *instead = IG_NO_STR;

    /* fields without data are no event to anybody (9.2.6, "dispatch") */

    if (e->frame.lines) {
        *decision = e->conf.event(e->conf.ctx, &event, instead);
    }

    if (!e->conf.hold || e->oversize) {
        *decision = IG_EVENT_KEEP;
    }

    e->oversize = false;
    e->size = 0;
    e->data_at = 0;
    e->data_len = 0;
    e->gone = (*decision != IG_EVENT_KEEP);
    e->begun = true;

    return true;
}


static void
ig_events_data(ig_events_t *e, ig_str_t piece, const uint8_t *open)
{
    if (e->data_len == 0) {
        e->data_at = e->size + (size_t) (piece.data - open);
    }

    e->data_len += piece.len;

    if (e->conf.data) {
        e->conf.data(e->conf.ctx, piece);
    }
}


/* an event ends at p; *pass and *open go on to it */

static bool
ig_events_close(ig_events_t *e, const uint8_t **pass, const uint8_t **open,
    const uint8_t *p)
{
    size_t         len;
    ig_str_t       raw, instead;
    ig_event_do_t  decision;

    len = (size_t) (p - *open);
    raw = (ig_str_t) { *open, len };

    if (ig_events_is_over(e, len) && !ig_events_over(e, *pass, *open)) {
        return false;
    }

    if (e->held_len) {
        if (!ig_events_hold(e, *open, len)) {
            return false;
        }

        raw = (ig_str_t) { e->held, e->held_len };
        *open = p;
        *pass = p;
    }

    if (!ig_events_decide(e, raw, true, &decision, &instead)) {
        return false;
    }

    if (decision == IG_EVENT_KEEP) {
        *open = p;
        return ig_events_release(e);
    }

    e->held_len = 0;
    len = (size_t) (*open - *pass);

    if (!ig_events_out(e, *pass, len)) {
        return false;
    }

    *pass = p;
    *open = p;

    return decision == IG_EVENT_DROP
           || ig_events_out(e, instead.data, instead.len);
}


/* the piece ends in an event: what came of it waits, or goes on if it may */

static bool
ig_events_rest(ig_events_t *e, const uint8_t *pass, const uint8_t *open,
    const uint8_t *end)
{
    size_t  len;

    len = (size_t) (end - open);

    if (ig_events_is_over(e, len) && !ig_events_over(e, pass, open)) {
        return false;
    }

    e->size += len;

    if (!e->conf.hold || e->oversize) {
        return ig_events_out(e, pass, (size_t) (end - pass));
    }

    return ig_events_out(e, pass, (size_t) (open - pass))
           && ig_events_hold(e, open, len);
}


ig_rc_t
ig_events_feed(ig_events_t *e, ig_str_t bytes)
{
    ig_str_t        data;
    ig_mark_t       mark;
    const uint8_t  *p, *end, *pass, *open;

    if (e->rc != IG_OK || bytes.len == 0) {
        return e->rc;
    }

    p = bytes.data;
    end = p + bytes.len;
    pass = p;
    open = p;

    while ((mark = ig_frame_next(&e->frame, &p, end, &data)) != IG_MARK_MORE) {

        switch (mark) {

        case IG_MARK_DATA:
            ig_events_data(e, data, open);
            break;

        case IG_MARK_BREAK:
            if (e->conf.data) {
                e->conf.data(e->conf.ctx, IG_STR("\n"));
            }

            break;

        case IG_MARK_TAIL:
            if (e->gone) {
                if (!ig_events_out(e, pass, (size_t) (open - pass))) {
                    return e->rc;
                }

                pass = p;
            }

            open = p;
            break;

        case IG_MARK_IDLE:
            open = p;
            e->size = 0;
            e->oversize = false;
            e->begun = true;

            if (!ig_events_release(e)) {
                return e->rc;
            }

            break;

        default: /* IG_MARK_END */
            if (!ig_events_close(e, &pass, &open, p)) {
                return e->rc;
            }
        }
    }

    (void) ig_events_rest(e, pass, open, end);

    return e->rc;
}


ig_rc_t
ig_events_end(ig_events_t *e)
{
    ig_str_t       instead;
    ig_event_do_t  decision;

    if (e->rc != IG_OK || e->ended) {
        return e->rc;
    }

    e->ended = true;

    if (!e->frame.fields || e->frame.ended) {
        (void) ig_events_release(e);
        return e->rc;
    }

    if (!ig_events_decide(e, (ig_str_t) { e->held, e->held_len }, false,
                          &decision, &instead))
    {
        return e->rc;
    }

    if (decision == IG_EVENT_KEEP) {
        (void) ig_events_release(e);

    } else {
        e->held_len = 0;

        if (decision == IG_EVENT_REPLACE) {
            (void) ig_events_out(e, instead.data, instead.len);
        }
    }

    return e->rc;
}

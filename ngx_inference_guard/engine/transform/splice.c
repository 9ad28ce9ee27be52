/*
 * What is put into a request so that its cost can be known and bounded.
 *
 * New members go behind their object's opening brace: the one place that can be
 * found without knowing what is in it.
 */

#include <transform/asked.h>

#include <string.h>


typedef struct {
    ig_str_t       body;
    ig_output_t    output;
    ig_edits_t    *edits;
    ig_buf_t       text;               /* what is inserted and not constant */
    ig_str_t       cap;                /* as digits */
    uint64_t       max;
    bool           usage;              /* wanted, and may be put in */
    bool           usage_added;
    bool           usage_there;        /* stream_options, under this name */
    bool           cap_there;          /* a name that the operation knows */
} ig_splicer_t;


static void
ig_splice_replace(ig_splicer_t *s, ig_str_t value, ig_str_t with)
{
    ig_edits_add(s->edits, (size_t) (value.data - s->body.data), value.len,
                 with);
}


/*
 * Text that is kept with the result.  When it is full the pieces are wrong, and
 * ig_splice() fails.
 */

static ig_str_t
ig_splice_text(ig_splicer_t *s, const char *before, ig_str_t middle,
    const char *after)
{
    size_t  from;

    from = s->text.len;

    ig_buf_bytes(&s->text, before, strlen(before));
    ig_buf_str(&s->text, middle);
    ig_buf_bytes(&s->text, after, strlen(after));

    return (ig_str_t) { s->text.data + from, s->text.len - from };
}


/* a member in front of the others, of which m has seen the last */

static void
ig_splice_member(ig_splicer_t *s, const ig_members_t *m, const char *name,
    ig_str_t value)
{
    ig_edits_add(s->edits, (size_t) (m->inside - s->body.data), 0,
                 ig_splice_text(s, name, value, m->empty ? "" : ","));
}


static void
ig_splice_cap_value(ig_splicer_t *s, ig_str_t value)
{
    uint64_t  n;

    if (!ig_token_count(value, &n) || n > s->max) {
        ig_splice_replace(s, value, s->cap);
    }
}


static void
ig_splice_options(ig_splicer_t *s, ig_str_t value, bool *bad)
{
    bool          exact, there;
    ig_members_t  m;

    if (ig_token_is(value, "null")) {
        ig_splice_replace(s, value,
                          ig_splice_text(s, "{\"num_predict\":", s->cap, "}"));
        return;
    }

    if (value.data[0] != '{') {
        return;                        /* no server takes it */
    }

    there = false;
    ig_members_init(&m, s->body, value.data);

    while (ig_members_next(&m)) {
        if (ig_output_limit(s->output, m.name, &exact)) {
            there |= exact;
            ig_splice_cap_value(s, m.value);
        }
    }

    if (!there) {
        ig_splice_member(s, &m, "\"num_predict\":", s->cap);
    }

    *bad |= m.bad;
}


static void
ig_splice_usage(ig_splicer_t *s, ig_str_t value, bool *bad)
{
    bool          there;
    ig_members_t  m;

    if (ig_token_is(value, "null")) {
        ig_splice_replace(s, value, IG_STR("{\"include_usage\":true}"));
        s->usage_added = true;
        return;
    }

    if (value.data[0] != '{') {
        return;
    }

    there = false;
    ig_members_init(&m, s->body, value.data);

    while (ig_members_next(&m)) {

        if (!ig_member_folds(m.name, "include_usage")) {
            continue;
        }

        there |= ig_member_is(m.name, "include_usage");

        if (!ig_token_is(m.value, "true")) {
            ig_splice_replace(s, m.value, IG_STR("true"));
            s->usage_added = true;
        }
    }

    if (!there) {
        ig_splice_member(s, &m, "\"include_usage\":", IG_STR("true"));
        s->usage_added = true;
    }

    *bad |= m.bad;
}


static bool
ig_splice_members(ig_splicer_t *s, ig_members_t *m)
{
    bool  exact, bad;

    bad = false;

    while (ig_members_next(m)) {

        if (s->usage && ig_member_folds(m->name, "stream_options")) {
            s->usage_there |= ig_member_is(m->name, "stream_options");
            ig_splice_usage(s, m->value, &bad);
            continue;
        }

        if (s->max == 0) {
            continue;
        }

        if (s->output == IG_OUTPUT_OLLAMA) {
            if (ig_member_folds(m->name, "options")) {
                s->cap_there |= ig_member_is(m->name, "options");
                ig_splice_options(s, m->value, &bad);
            }

            continue;
        }

        if (ig_output_limit(s->output, m->name, &exact)) {
            s->cap_there |= exact;
            ig_splice_cap_value(s, m->value);
        }
    }

    return !bad && !m->bad;
}


static void
ig_splice_new_cap(ig_splicer_t *s, const ig_members_t *m, ig_cap_name_t name)
{
    switch (s->output) {

    case IG_OUTPUT_CHAT:
        ig_splice_member(s, m, name == IG_CAP_MAX_COMPLETION_TOKENS
                               ? "\"max_completion_tokens\":"
                               : "\"max_tokens\":", s->cap);
        break;

    case IG_OUTPUT_RESPONSES:
        ig_splice_member(s, m, "\"max_output_tokens\":", s->cap);
        break;

    case IG_OUTPUT_OLLAMA:
        ig_splice_member(s, m, "\"options\":",
                         ig_splice_text(s, "{\"num_predict\":", s->cap, "}"));
        break;

    default:
        ig_splice_member(s, m, "\"max_tokens\":", s->cap);
    }
}


ig_rc_t
ig_splice(ig_str_t body, const ig_operation_t *operation,
    const ig_splice_want_t *want, ig_splice_t *out)
{
    ig_rc_t       rc;
    ig_asked_t    asked;
    ig_members_t  m;
    ig_splicer_t  s;

    out->hide_usage = false;
    ig_edits_init(&out->edits, out->items, IG_SPLICE_EDITS);

    rc = ig_asked(body, operation, &asked);
    if (rc != IG_OK) {
        return rc;
    }

    memset(&s, 0, sizeof(s));
    s.body = body;
    s.edits = &out->edits;
    s.output = ig_output_of(operation);
    s.max = (s.output == IG_OUTPUT_NONE) ? 0 : want->cap;
    s.usage = want->include_usage && asked.stream && !asked.include_usage
              && (s.output == IG_OUTPUT_CHAT
                  || s.output == IG_OUTPUT_COMPLETIONS);

    if (!s.usage && s.max == 0) {
        return IG_OK;
    }

    ig_buf_fixed(&s.text, out->text, sizeof(out->text));
    ig_buf_uint(&s.text, s.max);
    s.cap = (ig_str_t) { s.text.data, s.text.len };

    ig_members_init(&m, body, body.data);

    if (!ig_splice_members(&s, &m)) {
        return IG_ERROR;
    }

    /* the first that is put into an empty object would lack its comma */

    if (m.empty) {
        return IG_ERROR;
    }

    if (s.usage && !s.usage_there) {
        ig_splice_member(&s, &m, "\"stream_options\":",
                         IG_STR("{\"include_usage\":true}"));
        s.usage_added = true;
    }

    if (s.max && !s.cap_there) {
        ig_splice_new_cap(&s, &m, want->cap_name);
    }

    out->hide_usage = s.usage_added;

    return s.text.failed ? IG_LIMIT : ig_edits_check(&out->edits, body.len);
}

/*
 * What an endpoint says of its answer.
 */

#include "answered.h"


#define IG_ANSWERED_FINISH  32


static bool
ig_answered_finish(ig_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (!(s.data[i] >= 'a' && s.data[i] <= 'z') && s.data[i] != '_') {
            return false;
        }
    }

    return s.len > 0 && s.len <= IG_ANSWERED_FINISH;
}


/* a name that is cut would be another model's */

static bool
ig_answered_name(ig_str_t s)
{
    size_t   i;
    uint8_t  c;

    for (i = 0; i < s.len; i++) {
        c = s.data[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z')
            && !(c >= '0' && c <= '9')
            && (c == '\0' || strchr("-._:/@+", c) == NULL))
        {
            return false;
        }
    }

    return s.len > 0 && s.len <= IG_LINE_STRING;
}


static bool
ig_answered_declared(const ig_strs_t *models, ig_str_t name)
{
    size_t  i;

    for (i = 0; i < models->n; i++) {
        if (ig_glob_match(models->items[i], name)) {
            return true;
        }
    }

    return false;
}


void
ig_line_answer(ig_line_t *l, const ig_policy_t *p, const ig_outcome_t *o)
{
    if (ig_answered_finish(o->finish)) {
        ig_line_lit(l, ",\"finish\":");
        ig_line_json(l, o->finish);
    }

    if (o->endpoint < p->nendpoints && ig_answered_name(o->model)
        && ig_answered_declared(&p->endpoints[o->endpoint].models, o->model))
    {
        ig_line_lit(l, ",\"answer_model\":");
        ig_line_json(l, o->model);
    }
}

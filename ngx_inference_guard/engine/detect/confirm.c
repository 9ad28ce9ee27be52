/*
 * From a candidate to a finding: validator, context, score.  What no rule could
 * look at, for its score, is left out, so that a number in a text is not one
 * finding for each detector of its length.
 */

#include "detect.h"

#include <string.h>


static bool
ig_confirm_valid(ig_detect_worker_t *w, const ig_matcher_t *m, ig_str_t normal)
{
    uint32_t  i;

    if (normal.len == 0) {
        return false;
    }

    /* many detectors ask the same of one number */

    i = m->validator_number;

    if (w->answered[i] != w->answer_stamp) {
        w->answered[i] = w->answer_stamp;
        w->answer[i] = m->validator(normal);
    }

    return w->answer[i];
}


static ig_country_t
ig_confirm_owner(const ig_matcher_t *m, const ig_view_t *v, uint32_t start,
    ig_str_t normal)
{
    if (m->owner == IG_OWNER_IBAN) {
        return ig_owner_of_iban(normal);
    }

    /* without a country code the number is the pack's own */

    if (m->owner == IG_OWNER_PHONE && v->text[start] == '+') {
        return ig_owner_of_phone(normal);
    }

    if (m->owner == IG_OWNER_PHONE && normal.len > 4
        && normal.data[0] == '0' && normal.data[1] == '0')
    {
        return ig_owner_of_phone((ig_str_t) { normal.data + 2,
                                              normal.len - 2 });
    }

    return m->country;
}


static const ig_segment_t *
ig_segment_of(const ig_view_t *v, uint32_t at)
{
    size_t  low, high, i;

    low = 0;
    high = v->nsegments;

    while (high - low > 1) {
        i = (low + high) / 2;

        if (v->segments[i].at <= at) {
            low = i;

        } else {
            high = i;
        }
    }

    return &v->segments[low];
}


/* does [start, end) lie in several segments, each of which follows another? */

static bool
ig_joins(const ig_view_t *v, uint32_t start, uint32_t end)
{
    const ig_segment_t  *g, *last;

    g = ig_segment_of(v, start);
    last = ig_segment_of(v, end - 1);

    if (g == last) {
        return false;
    }

    while (++g <= last) {
        if (g->cut) {
            return false;
        }
    }

    return true;
}


/* the raw range of one byte of a view */

static void
ig_view_back(const ig_detect_t *d, const ig_view_t *v, uint32_t at,
    uint32_t *start, uint32_t *end)
{
    size_t               i;
    ig_fold_mark_t       mark;
    const ig_segment_t  *g;

    if (v->joined) {
        g = ig_segment_of(v, at);
        mark.at = g->at;
        mark.raw = (uint32_t) (g->source.p - g->source.start);
        ig_fold_back(&d->fold, g->source, &mark, at, start, end);
        return;
    }

    if (v->whole) {
        *start = v->span_start;
        *end = v->whole;
        return;
    }

    if (!v->folded) {
        *start = v->base + at;
        *end = *start + 1;
        return;
    }

    i = at / IG_FOLD_MARK;
    i = i < v->nmarks ? i : v->nmarks - 1;

    while (i > 0 && v->marks[i].at > at) {
        i--;
    }

    ig_fold_back(&d->fold, v->source, &v->marks[i], at, start, end);
}


static void
ig_confirm_add(ig_detect_worker_t *w, ig_finding_t *f, ig_str_t normal)
{
    uint32_t       last;
    ig_finding_t  *old;

    last = w->last[f->detector];

    if (last) {
        old = &w->findings[last - 1];

        /* of two that overlap, the longer one */

        if (old->block == f->block && f->start < old->end
            && old->start < f->end)
        {
            if (f->end - f->start > old->end - old->start
                || (f->end - f->start == old->end - old->start
                    && f->score > old->score))
            {
                f->value = old->value;
                *old = *f;
                ig_value_set(w, old->value, normal);
            }

            return;
        }
    }

    /* when half of it stays, as many more fit before the next sort: a full list
       that is found again costs no sort for each */

    if (w->nfindings == IG_FINDINGS_ROOM) {
        ig_confirm_sort(w);
    }

    if (w->rc != IG_OK) {
        return;
    }

    f->value = ig_value_take(w);
    ig_value_set(w, f->value, normal);

    w->findings[w->nfindings++] = *f;
    w->last[f->detector] = (uint32_t) w->nfindings;
}


bool
ig_confirm(ig_detect_worker_t *w, uint32_t detector, uint32_t start,
    uint32_t end, ig_str_t normal)
{
    uint16_t             score;
    uint32_t             ignored;
    ig_finding_t         f;
    const ig_view_t     *v;
    const ig_matcher_t  *m;

    v = w->view;
    m = &w->d->matchers[detector];

    /* what lies in one span was found there */

    if (v->joined && !ig_joins(v, start, end)) {
        return false;
    }

    score = m->shape;

    if (m->validator) {
        if (ig_confirm_valid(w, m, normal)) {
            score = m->validated;

            if (m->weak && ig_match_weak(w, m, start, end)) {
                score = m->shape;
            }

            if (w->rc != IG_OK) {
                return false;
            }

        } else if (!m->unofficial) {
            return false;
        }
    }

    if (score < m->context && m->nwords && ig_context_near(w, m, start, end)) {
        score = m->context;
    }

    if (score == 0 || score < m->floor) {
        return false;
    }

    memset(&f, 0, sizeof(f));
    f.detector = detector;
    f.score = score;
    f.owner = ig_confirm_owner(m, v, start, normal);
    f.block = v->block_number;
    f.joined = v->joined;
    ig_view_back(w->d, v, start, &f.start, &ignored);
    ig_view_back(w->d, v, end - 1, &ignored, &f.end);

    ig_confirm_add(w, &f, normal);

    return true;
}


static int
ig_finding_cmp(const ig_finding_t *a, const ig_finding_t *b, bool by_detector)
{
    if (by_detector && a->detector != b->detector) {
        return a->detector < b->detector ? -1 : 1;
    }

    if (a->block != b->block) {
        return a->block < b->block ? -1 : 1;
    }

    if (a->start != b->start) {
        return a->start < b->start ? -1 : 1;
    }

    if (a->end != b->end) {
        return a->end < b->end ? -1 : 1;
    }

    if (a->detector != b->detector) {
        return a->detector < b->detector ? -1 : 1;
    }

    return (a->score < b->score) - (a->score > b->score);
}


/* a heap sort: in place, and as fast for an adversary as for anyone */

static void
ig_findings_sift(ig_finding_t *f, size_t i, size_t n, bool by_detector)
{
    size_t        child;
    ig_finding_t  moved;

    moved = f[i];

    for ( /* void */ ; ; ) {
        child = 2 * i + 1;

        if (child >= n) {
            break;
        }

        if (child + 1 < n
            && ig_finding_cmp(&f[child], &f[child + 1], by_detector) < 0)
        {
            child++;
        }

        if (ig_finding_cmp(&moved, &f[child], by_detector) >= 0) {
            break;
        }

        f[i] = f[child];
        i = child;
    }

    f[i] = moved;
}


static void
ig_findings_order(ig_finding_t *f, size_t n, bool by_detector)
{
    size_t        i;
    ig_finding_t  first;

    for (i = n / 2; i > 0; i--) {
        ig_findings_sift(f, i - 1, n, by_detector);
    }

    for (i = n; i > 1; i--) {
        first = f[0];
        f[0] = f[i - 1];
        f[i - 1] = first;
        ig_findings_sift(f, 0, i - 1, by_detector);
    }
}


/*
 * One of each heap of overlapping findings of a detector, then all in order;
 * more than a request may have are IG_LIMIT.
 */

void
ig_confirm_sort(ig_detect_worker_t *w)
{
    size_t         i, n;
    ig_finding_t  *f, *kept;

    f = w->findings;

    if (w->nfindings > 1) {
        ig_findings_order(f, w->nfindings, true);

        n = 1;

        for (i = 1; i < w->nfindings; i++) {
            kept = &f[n - 1];

            if (f[i].detector == kept->detector && f[i].block == kept->block
                && f[i].start < kept->end)
            {
                if (f[i].end - f[i].start > kept->end - kept->start) {
                    *kept = f[i];
                }

                continue;
            }

            f[n++] = f[i];
        }

        w->nfindings = n;

        ig_findings_order(f, n, false);
    }

    if (w->nfindings > IG_MAX_FINDINGS) {
        w->rc = IG_LIMIT;
    }

    ig_value_sweep(w);

    /* places have changed; what comes later is only added */

    for (i = 0; i < w->d->n; i++) {
        w->last[i] = 0;
    }
}

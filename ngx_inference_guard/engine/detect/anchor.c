/*
 * A view's anchors: clusters of digits, literals, and the patterns that have
 * neither.
 */

#include "detect.h"


static inline bool
ig_anchor_fits(const ig_need_t *n, const ig_cluster_t *c)
{
    return n->digits <= c->digits && n->solid <= c->solid
           && n->dots <= c->dots && n->lettered <= c->letters;
}


bool
ig_anchor_cluster_wanted(const ig_detect_t *d, const uint8_t *text,
    const ig_cluster_t *c)
{
    size_t  i;

    for (i = 0; i < d->nclusters && d->needs[i].digits <= c->digits; i++) {
        if (ig_anchor_fits(&d->needs[i], c)) {
            return true;
        }
    }

    return ig_digits_wanted(d, text, c);
}


/*
 * PCRE2 goes over the whole cluster at once, unless a group is longer than any
 * number: then over what lies before and behind it.
 */

static void
ig_anchor_around(ig_detect_worker_t *w, uint32_t detector,
    const ig_cluster_t *c)
{
    size_t  i, first;

    first = 0;

    for (i = 0; i <= c->n && w->rc == IG_OK; i++) {

        if (i < c->n
            && c->groups[i].end - c->groups[i].start <= IG_NORMAL_MAX)
        {
            continue;
        }

        if (i > first) {
            ig_match(w, detector, c->groups[first].start,
                     c->groups[i - 1].end);
        }

        first = i + 1;
    }
}


/*
 * All, or those that Vectorscan finds possible in the cluster's window.  The
 * windows of clusters that stand close together overlap: then it goes over more
 * text than asked for, and over none of it many times.
 */

static void
ig_anchor_gate(ig_detect_worker_t *w, const ig_cluster_t *c)
{
    ig_rc_t           rc;
    uint32_t          start, end, reach;
    const ig_view_t  *v;

    v = w->view;
    reach = w->d->cluster_reach + 16;
    start = c->groups[0].start;
    end = c->groups[c->n - 1].end;

    start = start - v->low > reach ? start - reach : v->low;
    end = v->high - end > reach ? end + reach : v->high;

    if (w->gate_view == v->id && start >= w->gate_from && start < w->gate_to) {

        if (end <= w->gate_to) {
            return;
        }

        end = v->high - end > IG_GATE_AHEAD ? end + IG_GATE_AHEAD : v->high;
    }

    w->gate_view = v->id;
    w->gate_from = start;
    w->gate_to = end;

    rc = ig_gate_open(w->d->cluster_gate, w->scratch,
                      (ig_str_t) { v->text + start, end - start }, w->gate);

    if (rc != IG_OK) {
        w->rc = rc;
    }
}


void
ig_anchor_cluster(ig_detect_worker_t *w, const ig_cluster_t *c)
{
    size_t              i, n, many;
    uint32_t            few[IG_ANCHOR_MANY];
    const ig_detect_t  *d;

    d = w->d;

    ig_digits_rows(w, c);

    many = 0;

    for (n = 0; n < d->nclusters && d->needs[n].digits <= c->digits; n++) {

        if (ig_anchor_fits(&d->needs[n], c)) {

            if (many < IG_ANCHOR_MANY) {
                few[many] = d->clusters[n];
            }

            many++;
        }
    }

    if (many <= IG_ANCHOR_MANY) {
        for (i = 0; i < many && w->rc == IG_OK; i++) {
            ig_anchor_around(w, few[i], c);
        }

        return;
    }

    ig_anchor_gate(w, c);

    for (i = 0; i < n && w->rc == IG_OK; i++) {
        if (ig_bit_get(w->gate, i) && ig_anchor_fits(&d->needs[i], c)) {
            ig_anchor_around(w, d->clusters[i], c);
        }
    }
}


bool
ig_anchor_literal(ig_detect_worker_t *w, uint32_t number, size_t start,
    size_t end)
{
    uint32_t            i;
    const ig_detect_t  *d;

    d = w->d;

    if (number >= d->literal_nested) {
        return true;
    }

    for (i = d->literal_first[number];
         i < d->literal_first[number + 1] && w->rc == IG_OK;
         i++)
    {
        ig_match(w, d->literal_detectors[i], (uint32_t) start, (uint32_t) end);
    }

    return false;
}


static bool
ig_anchor_on_cluster(void *data, ig_str_t text, ig_cluster_t *c)
{
    ig_detect_worker_t  *w = data;

    (void) text;

    ig_anchor_cluster(w, c);

    return w->rc == IG_OK;
}


static bool
ig_anchor_on_group(void *data, ig_str_t text, uint32_t start, uint32_t end)
{
    ig_detect_worker_t  *w = data;

    (void) text;
    (void) end;

    ig_digits_iban(w, start);

    return w->rc == IG_OK;
}


static bool
ig_anchor_on_literal(void *data, uint32_t number, size_t start, size_t end)
{
    ig_detect_worker_t  *w = data;

    (void) ig_anchor_literal(w, number, start, end);

    return w->rc == IG_OK;
}


void
ig_anchor_always(ig_detect_worker_t *w)
{
    size_t            i;
    ig_rc_t           rc;
    uint32_t          at, end;
    const ig_view_t  *v;

    v = w->view;

    if (w->d->nalways == 0 || v->low == v->high) {
        return;
    }

    w->gate_view = 0;

    rc = ig_gate_open(w->d->gate, w->scratch,
                      (ig_str_t) { v->text + v->low, v->high - v->low },
                      w->gate);

    if (rc != IG_OK) {
        w->rc = rc;
        return;
    }

    for (i = 0; i < w->d->nalways; i++) {

        if (!ig_bit_get(w->gate, i)) {
            continue;
        }

        /* in pieces, so that a search sees no more than a window */

        for (at = v->low; at < v->high && w->rc == IG_OK; at = end) {
            end = v->high - at > IG_WINDOW_MAX ? at + IG_WINDOW_MAX : v->high;
            ig_match(w, w->d->always[i], at, end);
        }
    }
}


void
ig_anchor_view(ig_detect_worker_t *w)
{
    ig_rc_t            rc;
    ig_str_t           text;
    ig_cluster_pass_t  pass;

    text = (ig_str_t) { w->view->text, w->view->high };

    pass = (ig_cluster_pass_t) {
        w->d->digits, w->d->plain, w->d->dots, ig_anchor_on_cluster,
        w->d->nibans ? ig_anchor_on_group : NULL, w, &w->cluster
    };

    if (!ig_clusters(&pass, text)) {
        return;
    }

    rc = ig_literals_search(w->d->literals, w->scratch, text,
                            ig_anchor_on_literal, w);

    if (rc != IG_OK && w->rc == IG_OK) {
        w->rc = rc;
    }

    if (w->rc == IG_OK) {
        ig_anchor_always(w);
    }
}

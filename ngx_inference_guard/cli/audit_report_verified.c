/*
 * The report's first lines: is the log what was signed?
 */

#include "audit_evidence.h"
#include "audit_report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>


#define IG_REPORT_FINDING  4096          /* longer than any path */

typedef struct {
    char *const  *files;
    size_t        nfiles;
    char          first[IG_VERIFY_KINDS][IG_REPORT_FINDING];   /* of its kind */
} ig_report_findings_t;


/* the report goes to others: names of files lose their paths */

static void
ig_report_unpath(const ig_report_findings_t *all, char *text)
{
    char        *at;
    size_t       i, len;
    const char  *slash;

    for (i = 0; i < all->nfiles; i++) {
        slash = strrchr(all->files[i], '/');

        if (slash == NULL) {
            continue;
        }

        len = (size_t) (slash + 1 - all->files[i]);

        while ((at = strstr(text, all->files[i])) != NULL) {
            memmove(at, at + len, strlen(at + len) + 1);
        }
    }
}


static void
ig_report_finding(void *data, const ig_verify_finding_t *f)
{
    char                  *text;
    ig_report_findings_t  *all = data;

    text = all->first[f->kind];

    if (*text) {
        return;
    }

    if (f->file) {
        (void) snprintf(text, IG_REPORT_FINDING, "%s:%" PRIu64 ": %s", f->file,
                        f->line, f->text);

    } else {
        (void) snprintf(text, IG_REPORT_FINDING, "%s", f->text);
    }

    ig_report_unpath(all, text);
}


static void
ig_report_fact(ig_report_verification_t *v, const char *name,
    const char *value)
{
    ig_report_fact_t  *f;

    if (v->nfacts < IG_REPORT_FACTS) {
        f = &v->facts[v->nfacts++];
        (void) snprintf(f->name, sizeof(f->name), "%s", name);
        (void) snprintf(f->value, sizeof(f->value), "%s", value);
    }
}


static void
ig_report_fact_number(ig_report_verification_t *v, const char *name,
    uint64_t n)
{
    char  text[24];

    if (n) {
        (void) snprintf(text, sizeof(text), "%" PRIu64, n);
        ig_report_fact(v, name, text);
    }
}


static void
ig_report_fact_nodes(ig_report_verification_t *v, const ig_verify_t *verify,
    size_t n)
{
    char              name[64], value[256];
    size_t            i;
    ig_verify_node_t  node;

    for (i = 0; i < n; i++) {
        if (!ig_verify_node(verify, i, &node)) {
            continue;
        }

        (void) snprintf(name, sizeof(name), i ? "Last checkpoint (%zu)"
                                              : "Last checkpoint", i + 1);
        (void) snprintf(value, sizeof(value), "number %" PRIu64
                        " of %.*s, node %.*s", node.number, IG_FMT(node.time),
                        IG_FMT(node.name));
        ig_report_fact(v, name, value);
    }
}


static void
ig_report_fact_found(ig_report_verification_t *v,
    const ig_verify_summary_t *s, const ig_report_findings_t *all)
{
    char              name[64], value[256];
    ig_verify_kind_t  k;

    for (k = 0; k < IG_VERIFY_KINDS; k++) {
        if (s->found[k] == 0) {
            continue;
        }

        (void) snprintf(name, sizeof(name), "%s%s",
                        ig_verify_is_failure(k) ? "" : "Note: ",
                        ig_verify_kind_name(k));
        (void) snprintf(value, sizeof(value), "%" PRIu64 "; the first: %.200s",
                        s->found[k], all->first[k]);
        ig_report_fact(v, name, value);
    }
}


static void
ig_report_verified_say(ig_report_verification_t *v,
    const ig_verify_summary_t *s)
{
    const char  *text;

    if (s->verified) {
        v->state = IG_VERIFIED;
        text = "Every record up to the last checkpoint is the one that was "
               "written, and none is missing. Records after it are chained, "
               "and not signed yet.";

    } else {
        v->state = IG_VERIFY_FAILED;
        text = "The log is not what was signed: records were changed, removed "
               "or added, or signatures are missing. The figures below are of "
               "the log as it is.";
    }

    (void) snprintf(v->summary, sizeof(v->summary), "%s", text);
}


static bool
ig_report_verified_run(ig_report_verification_t *v, ig_evidence_t *e,
    const ig_report_findings_t *all, const char *key, char *const *files,
    size_t n)
{
    size_t               i;
    ig_verify_summary_t  s;

    if (!ig_evidence_key(e, key)) {
        return false;
    }

    for (i = 0; i < n; i++) {
        if (!ig_evidence_add(e, files[i], false)) {
            return false;
        }
    }

    if (!ig_evidence_scan(e) || !ig_evidence_check_all(e)) {
        return false;
    }

    ig_evidence_progress_end(e);

    if (ig_verify_end(e->verify, &s) != IG_OK) {
        fputs("inference-guard audit report: no memory\n", stderr);
        return false;
    }

    ig_report_verified_say(v, &s);
    ig_report_fact_nodes(v, e->verify, s.nodes);
    ig_report_fact_number(v, "Records under a signature", s.sealed);
    ig_report_fact_number(v, "Not signed yet", s.unsigned_yet);
    ig_report_fact_number(v, "Of killed writers, never signed", s.in_flight);
    ig_report_fact_number(v, "Removed as retention demands", s.pruned);
    ig_report_fact_found(v, &s, all);

    return true;
}


bool
ig_report_verified(ig_report_verification_t *v, const char *key,
    char *const *files, size_t n)
{
    bool                   ok;
    ig_evidence_t          e;
    ig_report_findings_t  *all;

    memset(v, 0, sizeof(*v));
    v->state = IG_NOT_VERIFIED;

    if (key == NULL) {
        (void) snprintf(v->summary, sizeof(v->summary),
                        "No key given. Whoever could write the log could have "
                        "changed it; the figures below are only as good as "
                        "that.");
        return true;
    }

    all = calloc(1, sizeof(ig_report_findings_t));

    if (all == NULL || !ig_evidence_init(&e, ig_report_finding, all)) {
        free(all);
        return false;
    }

    all->files = files;
    all->nfiles = n;

    ok = ig_report_verified_run(v, &e, all, key, files, n);

    ig_evidence_progress_end(&e);
    ig_evidence_free(&e);
    free(all);

    return ok;
}

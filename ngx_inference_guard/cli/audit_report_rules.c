/*
 * Titles of laws, rules and detectors, from rule files.
 */

#include "audit_report.h"

#include <stdlib.h>
#include <string.h>


bool
ig_report_rules_read(ig_report_rules_t *t, char *const *paths, size_t n)
{
    bool            ok;
    size_t          i;
    ig_mistakes_t  *mistakes;

    memset(t, 0, sizeof(*t));

    if (n == 0) {
        return true;
    }

    if (ig_files_read(&t->files, paths, n) != 0) {
        return false;
    }

    mistakes = ig_mistakes_new();
    if (mistakes == NULL) {
        return false;
    }

    t->policy = ig_policy_read(t->files.items, t->files.n, mistakes);

    ok = t->policy && ig_mistakes_errors(mistakes) == 0;

    for (i = 0; !ok && i < ig_mistakes_count(mistakes); i++) {
        ig_print_mistake(stderr, ig_mistakes_get(mistakes, i));
    }

    ig_mistakes_free(mistakes);

    return ok;
}


void
ig_report_rules_free(ig_report_rules_t *t)
{
    ig_policy_free(t->policy);
    ig_files_free(&t->files);
}


const ig_law_t *
ig_report_law(const ig_report_rules_t *t, ig_str_t id, size_t *from)
{
    const ig_law_t  *law;

    while (t->policy && *from < t->policy->nlaws) {
        law = &t->policy->laws[(*from)++];

        if (ig_str_eq(law->id, id)) {
            return law;
        }
    }

    return NULL;
}


const ig_rule_t *
ig_report_rule(const ig_report_rules_t *t, ig_str_t id)
{
    size_t  i;

    for (i = 0; t->policy && i < t->policy->nrules; i++) {
        if (ig_str_eq(t->policy->rules[i].id, id)) {
            return &t->policy->rules[i];
        }
    }

    return NULL;
}


ig_str_t
ig_report_detector(const ig_report_rules_t *t, ig_str_t id)
{
    uint32_t  row;

    if (t->policy == NULL) {
        return IG_NO_STR;
    }

    row = ig_policy_detector(t->policy, id);

    return row == IG_NONE ? IG_NO_STR : t->policy->detectors[row].title;
}

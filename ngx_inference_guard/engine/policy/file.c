/*
 * Files: bytes to trees, and which sections each holds.
 */

#include "load.h"


#define IG_FILE_SECTION(name)                                                 \
    static void                                                               \
    ig_file_##name(ig_load_t *l, const ig_yaml_t *value, void *object)        \
    {                                                                         \
        ig_file_t  *f = object;                                               \
                                                                              \
        (void) l;                                                             \
        f->name = value;                                                      \
    }

IG_FILE_SECTION(version)
IG_FILE_SECTION(jurisdiction)
IG_FILE_SECTION(title)
IG_FILE_SECTION(law)
IG_FILE_SECTION(detectors)
IG_FILE_SECTION(transfers)
IG_FILE_SECTION(rules)
IG_FILE_SECTION(endpoints)
IG_FILE_SECTION(tenants)
IG_FILE_SECTION(plans)
IG_FILE_SECTION(policy)

static const ig_key_t  ig_file_keys[] = {
    { "version", true, ig_file_version },
    { "jurisdiction", false, ig_file_jurisdiction },
    { "title", false, ig_file_title },
    { "law", false, ig_file_law },
    { "detectors", false, ig_file_detectors },
    { "transfers", false, ig_file_transfers },
    { "rules", false, ig_file_rules },
    { "endpoints", false, ig_file_endpoints },
    { "tenants", false, ig_file_tenants },
    { "plans", false, ig_file_plans },
    { "policy", false, ig_file_policy },
    { NULL, false, NULL }
};

const ig_object_t  ig_object_file = { "file", "a rule file", ig_file_keys };


/* a section of the wrong kind is dropped, so that nobody else has to look */

static void
ig_file_section(ig_load_t *l, const ig_yaml_t **section, ig_yaml_kind_t kind,
    const char *what)
{
    if (*section == NULL) {
        return;
    }

    if (!ig_value_is(l, *section, kind, what)) {
        *section = NULL;
        l->incomplete = true;
        return;
    }

    if ((*section)->n == 0) {
        ig_mistakes_error(l->mistakes, (*section)->place,
                          "%s is empty; leave the key out", what);
    }
}


static void
ig_file_sections(ig_load_t *l, ig_file_t *f)
{
    if (f->jurisdiction == NULL && f->law == NULL && f->detectors == NULL
        && f->rules == NULL && f->transfers == NULL && f->endpoints == NULL
        && f->tenants == NULL && f->plans == NULL && f->policy == NULL)
    {
        ig_mistakes_error(l->mistakes, f->root->place,
                          "the file says nothing; it needs at least one of "
                          "jurisdiction, detectors, rules, endpoints, tenants, "
                          "plans, policy");
    }

    ig_file_section(l, &f->law, IG_YAML_MAP, "\"law\"");
    ig_file_section(l, &f->detectors, IG_YAML_MAP, "\"detectors\"");
    ig_file_section(l, &f->transfers, IG_YAML_MAP, "\"transfers\"");
    ig_file_section(l, &f->rules, IG_YAML_LIST, "\"rules\"");
    ig_file_section(l, &f->endpoints, IG_YAML_MAP, "\"endpoints\"");
    ig_file_section(l, &f->tenants, IG_YAML_MAP, "\"tenants\"");
    ig_file_section(l, &f->plans, IG_YAML_MAP, "\"plans\"");
    ig_file_section(l, &f->policy, IG_YAML_MAP, "\"policy\"");
}


void
ig_load_files(ig_load_t *l)
{
    size_t      i;
    ig_str_t    version;
    ig_file_t  *f;

    for (i = 0; i < l->nfiles; i++) {

        f = &l->files[i];
        f->pack = IG_NONE;
        f->root = ig_yaml_read(f->source, l->scratch, l->mistakes);

        if (f->root == NULL
            || !ig_object_read(l, &ig_object_file, f->root, f))
        {
            l->incomplete = true;
            continue;
        }

        if (f->version && ig_value_text(l, f->version, &version)
            && !ig_str_eq(version, IG_STR("1")))
        {
            ig_mistakes_error(l->mistakes, f->version->place,
                              "version \"%s\" is not known; this program reads "
                              "version 1", ig_text_show(version).text);
        }

        if (f->title) {
            (void) ig_value_text(l, f->title, &f->title_text);
        }

        ig_file_sections(l, f);
    }
}

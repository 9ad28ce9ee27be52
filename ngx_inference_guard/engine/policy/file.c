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
ig_file_section(ig_load_t *l, ig_file_t *f, const ig_yaml_t **section,
    ig_yaml_kind_t kind, unsigned names, const char *what)
{
    if (*section == NULL) {
        return;
    }

    if (!ig_value_is(l, *section, kind, what)) {
        *section = NULL;
        f->incomplete |= names;
        return;
    }

    if ((*section)->n == 0) {
        ig_mistakes_error(l->mistakes, (*section)->place,
                          "%s is empty; leave the key out", what);
    }
}


static const struct {
    const char  *key;
    unsigned     names;
} ig_file_names[] = {
    { "law", IG_NAMES_LAWS },
    { "detectors", IG_NAMES_DETECTORS },
    { "endpoints", IG_NAMES_ENDPOINTS },
    { "tenants", IG_NAMES_TENANTS },
    { "plans", IG_NAMES_PLANS },
    { "policy", IG_NAMES_GROUPS },
    { "jurisdiction", IG_NAMES_PACKS },
    { NULL, 0 }
};


/* what misspelled sections, and those that are there twice, may define */

static void
ig_file_doubts(ig_file_t *f)
{
    size_t            i, n;
    const ig_yaml_t  *v;

    for (i = 0; ig_file_names[i].key; i++) {

        n = 0;

        for (v = f->root->first; v; v = v->next) {
            n += ig_str_eq(v->key->text, ig_str_from_c(ig_file_names[i].key));
        }

        if (n > 1 || (n == 0 && ig_object_has(&ig_object_file, f->root,
                                              ig_file_names[i].key)))
        {
            f->incomplete |= ig_file_names[i].names;
        }
    }

    f->of_nobody = (f->incomplete & IG_NAMES_PACKS) != 0;
}


/* the file has a key that none of its sections is read from */

static bool
ig_file_misspelled(const ig_file_t *f)
{
    return f->incomplete || f->root->lost
           || ig_object_has(&ig_object_file, f->root, "rules")
           || ig_object_has(&ig_object_file, f->root, "transfers");
}


static void
ig_file_sections(ig_load_t *l, ig_file_t *f)
{
    if (f->jurisdiction == NULL && f->law == NULL && f->detectors == NULL
        && f->rules == NULL && f->transfers == NULL && f->endpoints == NULL
        && f->tenants == NULL && f->plans == NULL && f->policy == NULL
        && !ig_file_misspelled(f))
    {
        ig_mistakes_error(l->mistakes, f->root->place,
                          "the file says nothing; it needs at least one of "
                          "jurisdiction, detectors, rules, endpoints, tenants, "
                          "plans, policy");
    }

    ig_file_section(l, f, &f->law, IG_YAML_MAP, IG_NAMES_LAWS, "\"law\"");
    ig_file_section(l, f, &f->detectors, IG_YAML_MAP, IG_NAMES_DETECTORS,
                    "\"detectors\"");
    ig_file_section(l, f, &f->transfers, IG_YAML_MAP, 0, "\"transfers\"");
    ig_file_section(l, f, &f->rules, IG_YAML_LIST, 0, "\"rules\"");
    ig_file_section(l, f, &f->endpoints, IG_YAML_MAP, IG_NAMES_ENDPOINTS,
                    "\"endpoints\"");
    ig_file_section(l, f, &f->tenants, IG_YAML_MAP, IG_NAMES_TENANTS,
                    "\"tenants\"");
    ig_file_section(l, f, &f->plans, IG_YAML_MAP, IG_NAMES_PLANS,
                    "\"plans\"");
    ig_file_section(l, f, &f->policy, IG_YAML_MAP, IG_NAMES_GROUPS,
                    "\"policy\"");
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
            l->incomplete |= IG_NAMES_ALL & ~(unsigned) IG_NAMES_LAWS;
            continue;
        }

        ig_file_doubts(f);

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

        l->incomplete |= f->incomplete & ~(unsigned) IG_NAMES_LAWS;
    }
}

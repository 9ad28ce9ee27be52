/*
 * The keys of every kind of object in a rule file, as tables.
 *
 * One table is the reader of its object: it names the keys, says which are
 * required, and which function takes the value.  So what the reader knows, what
 * messages propose and what the JSON Schema must list are the same by
 * construction; a test compares the tables with rules/schema.json.
 */

#ifndef IG_POLICY_KEYS_H
#define IG_POLICY_KEYS_H

#include "yaml.h"


typedef struct ig_load_s  ig_load_t;

typedef struct {
    const char  *name;
    bool         required;
    /* the value is of any kind; mistakes in it are reported there */
    void       (*read)(ig_load_t *l, const ig_yaml_t *value, void *object);
} ig_key_t;

typedef struct {
    const char      *name;     /* of the schema's definition */
    const char      *title;    /* "a detector", for messages */
    const ig_key_t  *keys;     /* a NULL name ends them */
} ig_object_t;


/* file.c */
extern const ig_object_t  ig_object_file;

/* pack.c */
extern const ig_object_t  ig_object_law;

/* detector.c */
extern const ig_object_t  ig_object_detector;
extern const ig_object_t  ig_object_validator;
extern const ig_object_t  ig_object_score;

/* rule.c */
extern const ig_object_t  ig_object_transfers;
extern const ig_object_t  ig_object_rule;
extern const ig_object_t  ig_object_effects;

/* condition.c */
extern const ig_object_t  ig_object_condition;

/* endpoint.c */
extern const ig_object_t  ig_object_endpoint;
extern const ig_object_t  ig_object_credential;
extern const ig_object_t  ig_object_price;

/* tenant.c, plan.c, limit.c, terms.c */
extern const ig_object_t  ig_object_tenant;
extern const ig_object_t  ig_object_plan;
extern const ig_object_t  ig_object_limit;
extern const ig_object_t  ig_object_without_store;

/* stance.c */
extern const ig_object_t  ig_object_policy;
extern const ig_object_t  ig_object_uninspectable;

/* all of them, NULL at the end */
const ig_object_t *const *ig_policy_objects(void);

/*
 * Whether the map has the key, or an unknown one that seems to be this one
 * misspelled: what then is missing needs no second message.
 */
bool ig_object_has(const ig_object_t *kind, const ig_yaml_t *node,
    const char *key);

/* reads a map by the table of its kind into `object` */
bool ig_object_read(ig_load_t *l, const ig_object_t *kind,
    const ig_yaml_t *node, void *object);

#endif /* IG_POLICY_KEYS_H */

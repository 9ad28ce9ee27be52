/*
 * The members of an object, one after another, in a body that ig_read() has
 * accepted.
 *
 * In:       the body, and where the object's brace is.
 * Out:      key and value of each member, as they stand.
 * Memory:   none.
 * Failure:  `bad`: what is there is no object.  Nothing outside the body is
 *           read, whatever it holds.
 */

#ifndef IG_TRANSFORM_MEMBER_H
#define IG_TRANSFORM_MEMBER_H

#include <inference_guard/base.h>


#define IG_MEMBER_NAME_MAX  32         /* longer names are none that matter */

typedef struct {
    ig_str_t        body;
    const uint8_t  *p;
    const uint8_t  *inside;            /* behind the object's brace */
    bool            empty;             /* known after the last one */
    bool            bad;
    ig_str_t        name;              /* unescaped; empty: too long */
    ig_str_t        value;             /* from its first byte to its last */
    uint8_t         plain[IG_MEMBER_NAME_MAX];
} ig_members_t;

/* `at` is at white space before the brace, or at the brace */
void ig_members_init(ig_members_t *m, ig_str_t body, const uint8_t *at);
bool ig_members_next(ig_members_t *m);

/* values of an array; the same, without a name */
bool ig_elements_next(ig_members_t *m);

/* as Go's bytes.EqualFold does, to a lower-case ASCII name */
bool ig_member_folds(ig_str_t name, const char *known);
bool ig_member_is(ig_str_t name, const char *known);

bool ig_token_is(ig_str_t value, const char *word);

/*
 * A number as a count, rounded up; false: it is no number, negative, or 0.
 * Larger than 64 bits is UINT64_MAX.
 */
bool ig_token_count(ig_str_t value, uint64_t *out);

#endif /* IG_TRANSFORM_MEMBER_H */

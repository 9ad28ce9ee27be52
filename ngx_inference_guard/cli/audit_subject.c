/*
 * audit search --subject: whose value has which digest, and which records have
 * it.  The value and the keys are in memory no longer than that takes.
 */

#include "audit.h"
#include "audit_evidence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>


#define IG_SUBJECT_TEXT  1024


/* the first line of standard input */

static bool
ig_subject_read(uint8_t *text, ig_str_t *value)
{
    size_t    len;
    ssize_t   n;
    uint8_t  *end;

    len = 0;
    end = NULL;

    while (len < IG_SUBJECT_TEXT && end == NULL) {
        n = read(STDIN_FILENO, text + len, IG_SUBJECT_TEXT - len);

        if (n < 0 && errno == EINTR) {
            continue;
        }

        if (n < 0) {
            fprintf(stderr, "inference-guard: standard input: %s\n",
                    strerror(errno));
            return false;
        }

        if (n == 0) {
            break;
        }

        end = memchr(text + len, '\n', (size_t) n);
        len += (size_t) n;
    }

    *value = (ig_str_t) { text, end ? (size_t) (end - text) : len };

    return true;
}


static bool
ig_subject_value(const char *arg, ig_value_t *value)
{
    bool      ok;
    uint8_t   text[IG_SUBJECT_TEXT];
    ig_str_t  s;

    s = ig_str_from_c(arg);
    ok = strcmp(arg, "-") != 0 || ig_subject_read(text, &s);

    if (ok) {
        ig_value_of_text(s, value);
    }

    OPENSSL_cleanse(text, sizeof(text));

    if (ok && value->len < IG_KEYED_MIN) {
        fprintf(stderr, "inference-guard audit: values of fewer than %d or more "
                "than %d letters and digits have no digest\n", IG_KEYED_MIN,
                IG_VALUE_MAX);
        return false;
    }

    return ok;
}


static bool
ig_subject_key(const char *path, uint8_t key[IG_KEYED_KEY_SIZE])
{
    bool         ok;
    ig_str_t     text;
    const char  *why;

    if (!ig_evidence_slurp(path, &text)) {
        return false;
    }

    ok = ig_keyed_key_read(text, key, &why);

    OPENSSL_cleanse((void *) text.data, text.len);
    free((void *) text.data);

    if (!ok) {
        fprintf(stderr, "inference-guard: %s: %s\n", path, why);
    }

    return ok;
}


static bool
ig_subject_digest(const char *path, const ig_value_t *value,
    uint8_t hex[IG_KEYED_HEX])
{
    bool         ok;
    uint8_t      key[IG_KEYED_KEY_SIZE];
    uint64_t     digest;
    ig_keyed_t  *k;

    if (!ig_subject_key(path, key)) {
        return false;
    }

    k = ig_keyed_new(key);
    ok = k && ig_keyed_digest(k, value, &digest);

    OPENSSL_cleanse(key, sizeof(key));
    ig_keyed_free(k);

    if (!ok) {
        fputs("inference-guard audit: the library failed\n", stderr);
        return false;
    }

    ig_keyed_hex(digest, hex);

    return true;
}


bool
ig_audit_subject_init(ig_audit_subject_t *s)
{
    bool        ok;
    size_t      i;
    ig_value_t  value;

    if (s->arg == NULL && s->nkeys) {
        fputs("inference-guard audit: --key is the key of the digest that "
              "--subject asks for\n", stderr);
        return false;
    }

    if (s->arg == NULL) {
        return true;
    }

    if (s->nkeys == 0) {
        fputs("inference-guard audit: --subject needs --key: digests are made "
              "with a key\n", stderr);
        return false;
    }

    ok = ig_subject_value(s->arg, &value);

    for (i = 0; ok && i < s->nkeys; i++) {
        ok = ig_subject_digest(s->keys[i], &value, s->digests[i]);
    }

    OPENSSL_cleanse(&value, sizeof(value));

    return ok;
}


static bool
ig_subject_is(const ig_audit_subject_t *s, ig_str_t digest)
{
    size_t  i;

    for (i = 0; i < s->nkeys; i++) {
        if (ig_str_eq(digest, (ig_str_t) { s->digests[i], IG_KEYED_HEX })) {
            return true;
        }
    }

    return false;
}


ig_audit_held_t
ig_audit_subject(const ig_audit_subject_t *s, const ig_record_line_t *l)
{
    bool    cut, bare;
    size_t  i, k, findings, digests;

    cut = false;
    bare = false;
    findings = ig_record_line_get(l, 0, "findings");

    for (i = ig_record_line_first(l, findings); i;
         i = ig_record_line_after(l, findings, i))
    {
        digests = ig_record_line_get(l, i, "digests");
        cut |= ig_record_line_get(l, i, "digests_cut") != 0;
        bare |= (digests == 0);

        for (k = ig_record_line_first(l, digests); k;
             k = ig_record_line_after(l, digests, k))
        {
            if (ig_subject_is(s, ig_record_line_raw(l, k))) {
                return IG_AUDIT_HELD;
            }
        }
    }

    /* not all that was found is in a list that was cut */

    cut |= ig_record_line_get(l, 0, "detectors_total") != 0;

    return cut ? IG_AUDIT_HELD_CUT : bare ? IG_AUDIT_HELD_BARE
                                          : IG_AUDIT_HELD_NOT;
}


void
ig_audit_subject_end(const ig_audit_subject_t *s)
{
    if (s->cut) {
        fprintf(stderr, "%llu requests hold more values than their records have "
                "digests: what they hold besides is not known\n",
                (unsigned long long) s->cut);
    }

    if (s->bare) {
        fprintf(stderr, "%llu requests have findings without a digest: they were "
                "off, or the values too short or too long\n",
                (unsigned long long) s->bare);
    }
}

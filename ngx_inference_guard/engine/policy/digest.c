/*
 * The digest of a policy: SHA-256 over the sorted SHA-256 digests of its files,
 * so that neither their order nor their names change it.
 */

#include "load.h"

#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>


bool
ig_digest_sha256(const void *data, size_t len, uint8_t digest[IG_DIGEST_SIZE])
{
    return EVP_Digest(data, len, digest, NULL, EVP_sha256(), NULL) == 1;
}


static int
ig_digest_file_cmp(const void *one, const void *two)
{
    int               rc;
    const ig_file_t  *a = one, *b = two;

    rc = strcmp(a->source->name, b->source->name);

    return rc ? rc : memcmp(a->digest, b->digest, IG_DIGEST_SIZE);
}


static int
ig_digest_cmp(const void *one, const void *two)
{
    return memcmp(one, two, IG_DIGEST_SIZE);
}


/* the same bytes twice would be one mistake for each name in them */

static void
ig_digest_twice(ig_load_t *l)
{
    size_t  i, j, n;

    n = 0;

    for (i = 0; i < l->nfiles; i++) {

        for (j = 0; j < n; j++) {
            if (memcmp(l->files[i].digest, l->files[j].digest, IG_DIGEST_SIZE)
                == 0)
            {
                break;
            }
        }

        if (j < n) {
            ig_mistakes_error(l->mistakes,
                              (ig_place_t) { l->files[i].source->name, 0, 0 },
                              "the same file as %s; give it once",
                              l->files[j].source->name);
            continue;
        }

        l->files[n++] = l->files[i];
    }

    l->nfiles = n;
}


void
ig_load_digest(ig_load_t *l)
{
    size_t     i;
    uint8_t  (*all)[IG_DIGEST_SIZE];

    for (i = 0; i < l->nfiles; i++) {
        if (!ig_digest_sha256(l->files[i].source->text.data,
                              l->files[i].source->text.len,
                              l->files[i].digest))
        {
            l->failed = true;
            return;
        }
    }

    qsort(l->files, l->nfiles, sizeof(ig_file_t), ig_digest_file_cmp);
    ig_digest_twice(l);

    all = ig_arena_alloc(l->scratch, l->nfiles * IG_DIGEST_SIZE);
    if (all == NULL) {
        return;
    }

    for (i = 0; i < l->nfiles; i++) {
        memcpy(all[i], l->files[i].digest, IG_DIGEST_SIZE);
    }

    qsort(all, l->nfiles, IG_DIGEST_SIZE, ig_digest_cmp);

    if (!ig_digest_sha256(all, l->nfiles * IG_DIGEST_SIZE, l->policy->digest)) {
        l->failed = true;
    }
}

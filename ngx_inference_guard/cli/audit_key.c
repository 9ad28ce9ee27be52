/*
 * inference-guard audit keygen: the key that signs checkpoints, and the one of
 * digests, which is derived from it.
 */

#include "audit_evidence.h"

#include <inference_guard/digest.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/pem.h>


static void
ig_audit_keygen_usage(FILE *to)
{
    fputs(
"usage: inference-guard audit keygen FILE\n"
"       inference-guard audit keygen --digest KEY FILE\n"
"\n"
"Makes an Ed25519 key: FILE, for its owner alone (mode 0600), is named in\n"
"inference_guard_audit … key=FILE; FILE.pub is for those who verify.  Neither\n"
"may be there yet.\n"
"With --digest, FILE gets the key of digests=on, derived from the private KEY:\n"
"it finds values by audit search --subject, also when KEY is destroyed, and\n"
"cannot sign.\n", to);
}


static bool
ig_keygen_put(const char *path, mode_t mode, const char *data, size_t len)
{
    int      fd;
    bool     ok;
    ssize_t  n;

    fd = open(path, O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, mode);
    if (fd < 0) {
        fprintf(stderr, "inference-guard: %s: %s\n", path, strerror(errno));
        return false;
    }

    ok = fchmod(fd, mode) == 0;

    while (ok && len) {
        n = write(fd, data, len);

        if (n < 0 && errno == EINTR) {
            continue;
        }

        ok = n > 0;
        data += ok ? n : 0;
        len -= ok ? (size_t) n : 0;
    }

    ok = ok && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;

    if (!ok) {
        fprintf(stderr, "inference-guard: %s: %s\n", path, strerror(errno));
        (void) unlink(path);
    }

    return ok;
}


static bool
ig_keygen_write(const char *path, const char *pub, BIO *private, BIO *public)
{
    char  *data;
    long   len;

    len = BIO_get_mem_data(private, &data);

    if (!ig_keygen_put(path, 0600, data, (size_t) len)) {
        return false;
    }

    len = BIO_get_mem_data(public, &data);

    if (!ig_keygen_put(pub, 0644, data, (size_t) len)) {
        (void) unlink(path);
        return false;
    }

    return true;
}


static void
ig_keygen_say(const char *path, const char *pub, EVP_PKEY *key)
{
    size_t   i, len;
    uint8_t  raw[IG_KEY_SIZE], hash[IG_HASH_SIZE];

    len = sizeof(raw);
    printf("%s: private, for the server alone\n%s: public, for those who "
           "verify\n", path, pub);

    if (EVP_PKEY_get_raw_public_key(key, raw, &len) == 1
        && EVP_Digest(raw, len, hash, NULL, EVP_sha256(), NULL) == 1)
    {
        fputs("key id: ", stdout);

        for (i = 0; i < IG_KEY_ID_SIZE; i++) {
            printf("%02x", hash[i]);
        }

        puts("");
    }
}


static int
ig_keygen_digest(const char *from, const char *path)
{
    bool         ok;
    char         line[IG_KEYED_FILE];
    size_t       len;
    uint8_t      key[IG_KEYED_KEY_SIZE];
    ig_str_t     text;
    const char  *why;

    if (!ig_evidence_slurp(from, &text)) {
        return IG_EXIT_ERROR;
    }

    ok = ig_keyed_key_read(text, key, &why);

    OPENSSL_cleanse((void *) text.data, text.len);
    free((void *) text.data);

    if (!ok) {
        fprintf(stderr, "inference-guard: %s: %s\n", from, why);
        return IG_EXIT_ERROR;
    }

    len = ig_keyed_key_write(key, line);
    ok = ig_keygen_put(path, 0600, line, len);

    OPENSSL_cleanse(key, sizeof(key));
    OPENSSL_cleanse(line, sizeof(line));

    if (ok) {
        printf("%s: the key of digests, for those who search\n", path);
    }

    return ok ? IG_EXIT_YES : IG_EXIT_ERROR;
}


int
ig_cmd_audit_keygen(int argc, char **argv)
{
    BIO       *private, *public;
    bool       ok;
    char      *pub;
    EVP_PKEY  *key;

    if (argc == 2 && (strcmp(argv[1], "--help") == 0
                      || strcmp(argv[1], "-h") == 0))
    {
        ig_audit_keygen_usage(stdout);
        return IG_EXIT_YES;
    }

    if (argc == 4 && strcmp(argv[1], "--digest") == 0 && argv[3][0] != '-'
        && argv[3][0] != '\0')
    {
        return ig_keygen_digest(argv[2], argv[3]);
    }

    if (argc != 2 || argv[1][0] == '-' || argv[1][0] == '\0') {
        ig_audit_keygen_usage(stderr);
        return IG_EXIT_ERROR;
    }

    key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    private = BIO_new(BIO_s_secmem());
    public = BIO_new(BIO_s_mem());
    pub = malloc(strlen(argv[1]) + sizeof(".pub"));

    ok = key && private && public && pub
         && PEM_write_bio_PrivateKey(private, key, NULL, NULL, 0, NULL, NULL)
            == 1
         && PEM_write_bio_PUBKEY(public, key) == 1;

    if (!ok) {
        fputs("inference-guard: the key could not be made\n", stderr);

    } else {
        (void) strcpy(pub, argv[1]);
        (void) strcat(pub, ".pub");
        ok = ig_keygen_write(argv[1], pub, private, public);
    }

    if (ok) {
        ig_keygen_say(argv[1], pub, key);
    }

    BIO_free(private);
    BIO_free(public);
    EVP_PKEY_free(key);
    free(pub);

    return ok ? IG_EXIT_YES : IG_EXIT_ERROR;
}

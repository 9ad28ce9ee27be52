/*
 * inference-guard audit prove and verify-proof: one record, proven without the
 * rest of the log.
 */

#include "audit.h"
#include "audit_evidence.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>


static void
ig_audit_prove_usage(FILE *to)
{
    fputs(
"usage: inference-guard audit prove SEQ --writer W FILE…\n"
"       inference-guard audit prove --id REQUEST FILE…\n"
"\n"
"Writes a proof of one record to standard output: its line, the hashes beside\n"
"its path to the signed root, the checkpoint's line.  Of a request it is the\n"
"first record.  Whoever has the public key checks it with \"audit verify-proof\".\n"
"\n"
"Exit status: 0 there is a proof, 1 there is none, 2 it could not be read.\n",
          to);
}


static void
ig_audit_proof_usage(FILE *to)
{
    fputs(
"usage: inference-guard audit verify-proof --key PUB.pem [--key …] PROOF\n"
"\n"
"Exit status: 0 the proof holds, 1 it does not, 2 it could not be read.\n",
          to);
}


typedef ig_rc_t (*ig_prove_line_pt)(ig_prove_t *p, ig_str_t line);

static bool
ig_audit_prove_file(ig_prove_t *p, const char *name, ig_prove_line_pt take)
{
    bool              ok;
    ig_str_t          line;
    ig_audit_got_t    got;
    ig_audit_lines_t  lines;

    if (strcmp(name, "-") == 0) {
        fputs("inference-guard: standard input cannot be read twice\n",
              stderr);
        return false;
    }

    if (!ig_audit_lines_open(&lines, name)) {
        return false;
    }

    lines.quiet = true;
    lines.checkpoints = true;
    ok = true;

    do {
        got = ig_audit_lines_next(&lines, &line);

        if (got == IG_AUDIT_LINE && take(p, line) != IG_OK) {
            fputs("inference-guard: no memory\n", stderr);
            ok = false;
        }
    } while (ok && got == IG_AUDIT_LINE);

    ig_audit_lines_close(&lines);

    return ok && got != IG_AUDIT_FAILED;
}


static bool
ig_audit_prove_files(ig_prove_t *p, char **files, int n, ig_prove_line_pt take)
{
    int  i;

    for (i = 0; i < n; i++) {
        if (!ig_audit_prove_file(p, files[i], take)) {
            return false;
        }
    }

    return true;
}


static int
ig_audit_prove_none(const char *why)
{
    fprintf(stderr, "inference-guard: no proof: %s\n", why);

    return IG_EXIT_NO;
}


static int
ig_audit_prove_run(ig_prove_t *p, char **files, int n)
{
    int          rc;
    ig_buf_t     out;
    const char  *why;
    ig_arena_t  *arena;

    /* a request's checkpoint may have stood before its record was found */

    if (!ig_audit_prove_files(p, files, n, ig_prove_find)
        || (!ig_prove_found(p, &why)
            && !ig_audit_prove_files(p, files, n, ig_prove_find)))
    {
        return IG_EXIT_ERROR;
    }

    if (!ig_prove_found(p, &why)) {
        return ig_audit_prove_none(why);
    }

    if (!ig_audit_prove_files(p, files, n, ig_prove_hash)) {
        return IG_EXIT_ERROR;
    }

    arena = ig_arena_new(SIZE_MAX / 2, 0);
    if (arena == NULL) {
        fputs("inference-guard: no memory\n", stderr);
        return IG_EXIT_ERROR;
    }

    ig_buf_init(&out, arena, 65536);
    rc = IG_EXIT_YES;

    if (!ig_prove_write(p, &out, &why)) {
        rc = ig_audit_prove_none(why);

    } else if (fwrite(out.data, 1, out.len, stdout) != out.len
               || fflush(stdout) != 0)
    {
        fputs("inference-guard: standard output cannot be written\n", stderr);
        rc = IG_EXIT_ERROR;
    }

    ig_arena_free(arena);

    return rc;
}


static bool
ig_audit_prove_seq(const char *text, uint64_t *seq)
{
    char  *end;

    errno = 0;
    *seq = strtoull(text, &end, 10);

    return errno == 0 && *text >= '1' && *text <= '9' && *end == '\0';
}


int
ig_cmd_audit_prove(int argc, char **argv)
{
    int                         opt, rc;
    ig_prove_t                 *p;
    ig_prove_ask_t              ask;
    static const struct option  options[] = {
        { "writer", required_argument, NULL, 'w' },
        { "id", required_argument, NULL, 'i' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };

    memset(&ask, 0, sizeof(ask));
    optind = 1;

    while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (opt) {

        case 'w':
            ask.writer = ig_str_from_c(optarg);
            break;

        case 'i':
            ask.id = ig_str_from_c(optarg);
            break;

        case 'h':
            ig_audit_prove_usage(stdout);
            return IG_EXIT_YES;

        default:
            ig_audit_prove_usage(stderr);
            return IG_EXIT_ERROR;
        }
    }

    if ((ask.id.len == 0) == (ask.writer.len == 0)
        || (ask.writer.len
            && (optind == argc
                || !ig_audit_prove_seq(argv[optind++], &ask.seq)))
        || optind == argc)
    {
        ig_audit_prove_usage(stderr);
        return IG_EXIT_ERROR;
    }

    p = ig_prove_new(&ask);
    if (p == NULL) {
        fputs("inference-guard: no memory\n", stderr);
        return IG_EXIT_ERROR;
    }

    rc = ig_audit_prove_run(p, argv + optind, argc - optind);
    ig_prove_free(p);

    return rc;
}


/* -- a proof -------------------------------------------------------------- */

static int
ig_audit_proof_run(const char *path, const uint8_t (*keys)[IG_KEY_SIZE],
    size_t nkeys)
{
    int          rc;
    ig_str_t     json;
    ig_proof_t   proof;
    ig_arena_t  *arena;
    const char  *why;

    if (!ig_file_slurp(path, &json)) {
        fprintf(stderr, "inference-guard: %s: %s\n", path, strerror(errno));
        return IG_EXIT_ERROR;
    }

    arena = ig_arena_new(SIZE_MAX / 2, 0);
    if (arena == NULL) {
        free((void *) json.data);
        fputs("inference-guard: no memory\n", stderr);
        return IG_EXIT_ERROR;
    }

    if (ig_proof_verify(&proof, json, arena, keys, nkeys, &why)) {
        printf("%.*s\n", IG_FMT(proof.record));
        fputs("VERIFIED: this record is number ", stdout);
        printf("%llu of writer ", (unsigned long long) proof.seq);
        ig_print_json(stdout, proof.writer);
        printf(", sealed by checkpoint %llu of node ",
               (unsigned long long) proof.number);
        ig_print_json(stdout, proof.node);
        fputs(" at ", stdout);
        ig_print_json(stdout, proof.time);
        puts("");
        rc = IG_EXIT_YES;

    } else {
        printf("NOT VERIFIED: %s\n", why);
        rc = IG_EXIT_NO;
    }

    ig_arena_free(arena);
    free((void *) json.data);

    return rc;
}


#define IG_PROOF_KEYS  64

int
ig_cmd_audit_verify_proof(int argc, char **argv)
{
    int                         opt;
    size_t                      n;
    uint8_t                     keys[IG_PROOF_KEYS][IG_KEY_SIZE];
    static const struct option  options[] = {
        { "key", required_argument, NULL, 'k' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };

    n = 0;
    optind = 1;

    while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (opt) {

        case 'k':
            if (n == IG_PROOF_KEYS || !ig_evidence_public(optarg, keys[n])) {
                return IG_EXIT_ERROR;
            }

            n++;
            break;

        case 'h':
            ig_audit_proof_usage(stdout);
            return IG_EXIT_YES;

        default:
            ig_audit_proof_usage(stderr);
            return IG_EXIT_ERROR;
        }
    }

    if (n == 0 || optind + 1 != argc) {
        ig_audit_proof_usage(stderr);
        return IG_EXIT_ERROR;
    }

    return ig_audit_proof_run(argv[optind],
                              (const uint8_t (*)[IG_KEY_SIZE]) keys, n);
}

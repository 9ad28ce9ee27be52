/*
 * What `audit verify`, `audit prune` and the proofs share: files read twice by
 * the verifier, public keys read, findings printed.
 */

#ifndef IG_CLI_AUDIT_EVIDENCE_H
#define IG_CLI_AUDIT_EVIDENCE_H

#include "cli.h"

#include <inference_guard/verify.h>

#include <sys/types.h>


int ig_cmd_audit_verify(int argc, char **argv);
int ig_cmd_audit_prove(int argc, char **argv);
int ig_cmd_audit_verify_proof(int argc, char **argv);
int ig_cmd_audit_keygen(int argc, char **argv);
int ig_cmd_audit_prune(int argc, char **argv);


/* a regular file; what is written to it after the first pass is left out */
typedef struct {
    const char  *name;
    dev_t        dev;
    ino_t        ino;
    uint64_t     size;                   /* that the first pass read */
} ig_evidence_file_t;

typedef struct {
    ig_verify_t         *verify;
    ig_evidence_file_t  *files;          /* rows as the verifier's */
    size_t               nfiles;
    size_t               room;
    uint8_t             *buf;
    uint64_t             done;           /* bytes, of both passes */
    uint64_t             total;
    uint64_t             shown;
    bool                 progress;       /* on stderr */
} ig_evidence_t;

/* all of these say on stderr why they give false */

bool ig_evidence_init(ig_evidence_t *e, ig_verify_report_pt report, void *data);
void ig_evidence_free(ig_evidence_t *e);
bool ig_evidence_key(ig_evidence_t *e, const char *path);
/* a file that was added already (by another name, too) is left out */
bool ig_evidence_add(ig_evidence_t *e, const char *name, bool kept);
bool ig_evidence_scan(ig_evidence_t *e);
/* one file of the second pass */
bool ig_evidence_check(ig_evidence_t *e, uint32_t file);
/* the second pass over all of them */
bool ig_evidence_check_all(ig_evidence_t *e);
void ig_evidence_progress_end(ig_evidence_t *e);

/* the bytes of a key's file, which the caller frees */
bool ig_evidence_slurp(const char *path, ig_str_t *pem);
/* a public key's raw bytes out of a PEM file */
bool ig_evidence_public(const char *path, uint8_t raw[IG_KEY_SIZE]);

#endif /* IG_CLI_AUDIT_EVIDENCE_H */

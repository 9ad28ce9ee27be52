/*
 * inference-guard audit prune: the oldest files go, what the rest needs to be
 * verified stays.
 *
 * Nothing is removed unless all of the log is verified.  What stays of a file is
 * on disk before the file is removed, so a machine that goes down between leaves
 * both, which does no harm.
 */

#include "audit.h"
#include "audit_evidence.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>


#define IG_PRUNE_SUFFIX  ".checkpoints"

typedef struct {
    ig_evidence_t  evidence;
    char           before[32];           /* as times are in records */
    bool           dry;
    ig_arena_t    *arena;
    ig_str_t      *stays;                /* of each file that goes, in order */
    size_t         n;
} ig_prune_t;


static void
ig_audit_prune_usage(FILE *to)
{
    fputs(
"usage: inference-guard audit prune --before TIME --key PUB.pem [--key …]\n"
"                                   [--dry-run] FILE…\n"
"\n"
"Give all files of the log.  It is verified first; then the oldest files go, as\n"
"long as all of their records are older than TIME and sealed by a checkpoint,\n"
"but never the last file.  FILE.checkpoints stays in place of FILE: give it to\n"
"\"audit verify\" with the rest.  TIME is 2026-11-24, 2026-11-24T08:30:00Z, or\n"
"15m, 2h, 3d, 1w ago.\n"
"\n"
"Exit status: 0 done, 1 the log is not verified and nothing was removed, 2 it\n"
"could not be read or written.\n", to);
}


static void
ig_prune_finding(void *data, const ig_verify_finding_t *f)
{
    (void) data;

    if (ig_verify_is_failure(f->kind)) {
        fprintf(stderr, "%s:%llu: %s: %s\n", f->file ? f->file : "",
                (unsigned long long) f->line, ig_verify_kind_name(f->kind),
                f->text);
    }
}


static bool
ig_prune_before(ig_prune_t *p, const char *text)
{
    time_t           s;
    uint64_t         ms, now_ms;
    struct tm        tm;
    struct timespec  now;

    (void) clock_gettime(CLOCK_REALTIME, &now);
    now_ms = (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;

    if (!ig_audit_time(text, now_ms, &ms)) {
        fprintf(stderr, "inference-guard: \"%s\" is no time\n", text);
        return false;
    }

    s = (time_t) (ms / 1000);

    return gmtime_r(&s, &tm) != NULL
           && strftime(p->before, sizeof(p->before), "%Y-%m-%dT%H:%M:%S", &tm);
}


/* -- what goes ------------------------------------------------------------ */

static bool
ig_prune_check(ig_prune_t *p)
{
    bool             going;
    size_t           i, n;
    ig_buf_t         out;
    const char      *why;
    const uint32_t  *order;

    if (ig_verify_order(p->evidence.verify, &order, &n) != IG_OK) {
        return false;
    }

    p->stays = ig_arena_calloc(p->arena, (n + 1) * sizeof(*p->stays));
    if (p->stays == NULL) {
        return false;
    }

    going = true;

    for (i = 0; i < n; i++) {
        if (!ig_evidence_check(&p->evidence, order[i])) {
            return false;
        }

        if (!going || i + 1 == n) {
            continue;
        }

        ig_buf_init(&out, p->arena, 4096);

        if (ig_verify_prune(p->evidence.verify, order[i],
                            ig_str_from_c(p->before), &out, &why) != IG_OK)
        {
            return false;
        }

        if (why == NULL) {
            p->stays[order[i]] = (ig_str_t) { out.data, out.len };
            p->n++;

        } else if (strcmp(why, "holds no records") != 0) {
            printf("%s stays: it %s\n", p->evidence.files[order[i]].name, why);
            going = false;
        }
    }

    return true;
}


static bool
ig_prune_copy(FILE *to, const char *name)
{
    bool              ok;
    ig_str_t          line;
    ig_audit_got_t    got;
    ig_audit_lines_t  lines;
    static const char  head[] = "{\"v\":1,\"type\":\"checkpoint\"";

    if (!ig_audit_lines_open(&lines, name)) {
        return false;
    }

    lines.quiet = true;
    lines.checkpoints = true;
    ok = true;

    while (ok && (got = ig_audit_lines_next(&lines, &line)) == IG_AUDIT_LINE) {
        if (line.len >= sizeof(head)
            && memcmp(line.data, head, sizeof(head) - 1) == 0)
        {
            ok = fwrite(line.data, 1, line.len, to) == line.len
                 && fputc('\n', to) != EOF;
        }
    }

    ig_audit_lines_close(&lines);

    return ok && got != IG_AUDIT_FAILED;
}


static bool
ig_prune_sync_dir(const char *path)
{
    int    fd;
    bool   ok;
    char  *copy;

    copy = strdup(path);
    if (copy == NULL) {
        return false;
    }

    fd = open(dirname(copy), O_RDONLY|O_DIRECTORY|O_CLOEXEC);
    ok = fd >= 0 && fsync(fd) == 0;

    if (fd >= 0) {
        close(fd);
    }

    free(copy);

    return ok;
}


/* the new file is there whole or not at all, and none is written over */

static bool
ig_prune_put(const char *name, const char *path, const char *part,
    ig_str_t stays)
{
    int    fd;
    bool   ok;
    FILE  *to;

    fd = open(part, O_WRONLY|O_CREAT|O_EXCL|O_CLOEXEC, 0640);
    to = fd < 0 ? NULL : fdopen(fd, "w");

    if (to == NULL) {
        fprintf(stderr, "inference-guard: %s: %s\n", part, strerror(errno));

        if (fd >= 0) {
            close(fd);
            (void) unlink(part);
        }

        return false;
    }

    ok = ig_prune_copy(to, name)
         && fwrite(stays.data, 1, stays.len, to) == stays.len
         && fflush(to) == 0 && fsync(fd) == 0;
    ok = fclose(to) == 0 && ok;
    ok = ok && link(part, path) == 0;

    if (!ok) {
        fprintf(stderr, "inference-guard: %s: %s\n", path, strerror(errno));
    }

    (void) unlink(part);

    return ok && ig_prune_sync_dir(path);
}


static bool
ig_prune_file(const char *name, ig_str_t stays)
{
    int   n;
    char  path[PATH_MAX], part[PATH_MAX];

    n = snprintf(path, sizeof(path), "%s" IG_PRUNE_SUFFIX, name);

    if (n < 0 || (size_t) n >= sizeof(path)
        || (size_t) snprintf(part, sizeof(part), "%s.part", path)
           >= sizeof(part))
    {
        fprintf(stderr, "inference-guard: %s: the name is too long\n", name);
        return false;
    }

    if (!ig_prune_put(name, path, part, stays)) {
        return false;
    }

    if (unlink(name) != 0) {
        fprintf(stderr, "inference-guard: %s: %s\n", name, strerror(errno));
        return false;
    }

    printf("%s is removed; %s stays\n", name, path);

    return true;
}


static int
ig_audit_prune_run(ig_prune_t *p)
{
    size_t               i;
    ig_evidence_t       *e = &p->evidence;
    ig_verify_summary_t  s;

    if (!ig_evidence_scan(e) || !ig_prune_check(p)
        || ig_verify_end(e->verify, &s) != IG_OK)
    {
        return IG_EXIT_ERROR;
    }

    ig_evidence_progress_end(e);

    if (!s.verified) {
        fputs("inference-guard: the log is not verified; nothing was removed\n",
              stderr);
        return IG_EXIT_NO;
    }

    for (i = 0; i < e->nfiles; i++) {
        if (p->stays[i].data == NULL) {
            continue;
        }

        if (p->dry) {
            printf("%s would be removed\n", e->files[i].name);

        } else if (!ig_prune_file(e->files[i].name, p->stays[i])) {
            return IG_EXIT_ERROR;
        }
    }

    if (p->n == 0) {
        puts("nothing to remove");
    }

    return IG_EXIT_YES;
}


/* index of the first file; 0: help was printed; -1: said why */

static int
ig_audit_prune_options(ig_prune_t *p, int argc, char **argv)
{
    int                         opt, keys;
    static const struct option  options[] = {
        { "before", required_argument, NULL, 'b' },
        { "key", required_argument, NULL, 'k' },
        { "dry-run", no_argument, NULL, 'd' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 }
    };

    keys = 0;
    optind = 1;

    while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (opt) {

        case 'b':
            if (!ig_prune_before(p, optarg)) {
                return -1;
            }

            break;

        case 'k':
            if (!ig_evidence_key(&p->evidence, optarg)) {
                return -1;
            }

            keys++;
            break;

        case 'd':
            p->dry = true;
            break;

        case 'h':
            ig_audit_prune_usage(stdout);
            return 0;

        default:
            ig_audit_prune_usage(stderr);
            return -1;
        }
    }

    if (optind == argc || keys == 0 || p->before[0] == '\0') {
        ig_audit_prune_usage(stderr);
        return -1;
    }

    return optind;
}


int
ig_cmd_audit_prune(int argc, char **argv)
{
    int         i, rc;
    ig_prune_t  p;

    memset(&p, 0, sizeof(p));

    if (!ig_evidence_init(&p.evidence, ig_prune_finding, NULL)) {
        return IG_EXIT_ERROR;
    }

    p.arena = ig_arena_new(SIZE_MAX / 2, 0);
    i = p.arena ? ig_audit_prune_options(&p, argc, argv) : -1;
    rc = i < 0 ? IG_EXIT_ERROR : IG_EXIT_YES;

    if (i > 0) {
        for ( /* void */ ; rc == IG_EXIT_YES && i < argc; i++) {
            if (!ig_evidence_add(&p.evidence, argv[i], false)) {
                rc = IG_EXIT_ERROR;
            }
        }

        if (rc == IG_EXIT_YES) {
            rc = ig_audit_prune_run(&p);
        }
    }

    ig_evidence_progress_end(&p.evidence);
    ig_evidence_free(&p.evidence);

    if (p.arena) {
        ig_arena_free(p.arena);
    }

    return rc;
}

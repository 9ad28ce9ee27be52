/*
 * The command: a file a sub-command, behind one table in main.c.
 *
 * Exit statuses are those of DESIGN: 0 the question was answered yes, 1 no,
 * 2 it could not be asked.
 */

#ifndef IG_CLI_H
#define IG_CLI_H

#include <inference_guard/guard.h>

#include <stdio.h>


#define IG_EXIT_YES    0
#define IG_EXIT_NO     1
#define IG_EXIT_ERROR  2

/* argv[0] is the sub-command's own name */
int ig_cmd_check(int argc, char **argv);
int ig_cmd_test(int argc, char **argv);
int ig_cmd_explain(int argc, char **argv);
int ig_cmd_scan(int argc, char **argv);
int ig_cmd_audit(int argc, char **argv);
int ig_cmd_quota(int argc, char **argv);
int ig_cmd_compare(int argc, char **argv);


/*
 * Rule files read into memory: each path is a file, or a directory whose *.yaml
 * are taken, in the order of their names, without what is below it.  Paths
 * that cannot be read are said on stderr, and the count of them returned.
 */
typedef struct {
    ig_source_t  *items;
    size_t        n;
} ig_files_t;

size_t ig_files_read(ig_files_t *f, char *const *paths, size_t n);
void ig_files_free(ig_files_t *f);

/* one whole file, or all of standard input for "-"; false when it cannot */
bool ig_file_slurp(const char *path, ig_str_t *out);

/*
 * Reads and compiles; prints every mistake on stderr.  NULL when there were
 * errors.  *files must outlive the guard, as mistakes and places name them.
 */
ig_guard_t *ig_cli_load(char *const *paths, size_t n, ig_files_t *files,
    unsigned detect_options);

/* "file:line:column: message" and a line feed */
void ig_print_mistake(FILE *to, const ig_mistake_t *k);

/* stdout is a terminal, and nobody says no to colors (https://no-color.org) */
bool ig_cli_colors(void);
/*
 * Text that comes from elsewhere, for a terminal: C0, DEL and C1 (in UTF-8 C2 80
 * to C2 9F) become '?', in place.  Returns the length.
 */
size_t ig_cli_plain(uint8_t *text, size_t len);

/* a JSON string on stdout or another stream */
void ig_print_json(FILE *to, ig_str_t s);

#endif /* IG_CLI_H */

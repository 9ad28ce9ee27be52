/*
 * Export: a row for each request, flat, in three formats.
 *
 * audit_export_row.c makes the row, one writer for each format prints it.  The
 * columns have one table, so that CSV, JSON and the ClickHouse table have the
 * same names in the same order.
 */

#ifndef IG_CLI_AUDIT_EXPORT_H
#define IG_CLI_AUDIT_EXPORT_H

#include "audit_join.h"
#include "audit_request.h"


/* name, kind; docs/export.md says what they mean */
#define IG_EXPORT_COLUMNS(C)                                                  \
    C(time, TEXT)                                                             \
    C(id, TEXT)                                                               \
    C(kind, TEXT)                                                             \
    C(writer, TEXT)                                                           \
    C(seq, UINT)                                                              \
    C(tenant, TEXT)                                                           \
    C(tenant_state, TEXT)                                                     \
    C(client_country, TEXT)                                                   \
    C(jurisdictions, LIST)                                                    \
    C(dialect, TEXT)                                                          \
    C(operation, TEXT)                                                        \
    C(model, TEXT)                                                            \
    C(stream, BOOL)                                                           \
    C(bytes, UINT)                                                            \
    C(inspected, TEXT)                                                        \
    C(policy, TEXT)                                                           \
    C(mode, TEXT)                                                             \
    C(verdict, TEXT)                                                          \
    C(status, UINT)                                                           \
    C(reason, TEXT)                                                           \
    C(rule, TEXT)                                                             \
    C(rules, LIST)                                                            \
    C(laws, LIST)                                                             \
    C(flags, LIST)                                                            \
    C(would_verdict, TEXT)                                                    \
    C(would_reason, TEXT)                                                     \
    C(findings, LIST)                                                         \
    C(findings_total, UINT)                                                   \
    C(sent_to, TEXT)                                                          \
    C(endpoint, TEXT)                                                         \
    C(endpoint_country, TEXT)                                                 \
    C(endpoint_operators, LIST)                                               \
    C(address, TEXT)                                                          \
    C(verified, BOOL)                                                         \
    C(tries, UINT)                                                            \
    C(upstream_status, UINT)                                                  \
    C(sent, UINT)                                                             \
    C(received, UINT)                                                         \
    C(duration_us, UINT)                                                      \
    C(guard_us, UINT)                                                         \
    C(first_byte_us, UINT)                                                    \
    C(aborted, BOOL)                                                          \
    C(input_tokens, UINT)                                                     \
    C(output_tokens, UINT)                                                    \
    C(cached_tokens, UINT)                                                    \
    C(reasoning_tokens, UINT)                                                 \
    C(tokens_source, TEXT)                                                    \
    C(cost, DECIMAL)                                                          \
    C(currency, TEXT)                                                         \
    C(finish, TEXT)                                                           \
    C(trace, TEXT)

typedef enum {
    IG_EXPORT_TEXT,          /* empty: nothing */
    IG_EXPORT_UINT,
    IG_EXPORT_BOOL,
    IG_EXPORT_DECIMAL,       /* digits with a point, as text */
    IG_EXPORT_LIST
} ig_export_kind_t;

typedef enum {
#define IG_EXPORT_ENUM(name, kind)  IG_EXPORT_##name,
    IG_EXPORT_COLUMNS(IG_EXPORT_ENUM)
#undef IG_EXPORT_ENUM
    IG_EXPORT_WIDTH
} ig_export_column_t;

typedef struct {
    const char        *name;
    ig_export_kind_t   kind;
} ig_export_head_t;

extern const ig_export_head_t  ig_export_heads[IG_EXPORT_WIDTH];

typedef struct {
    bool             there;  /* UINT, BOOL: it is known */
    uint64_t         n;
    ig_str_t         text;
    const ig_str_t  *items;
    size_t           nitems;
} ig_export_cell_t;

typedef struct {
    ig_audit_request_t   request;
    ig_joined_kind_t     kind;
    uint64_t             ms;             /* of `time` */
    ig_export_cell_t     cells[IG_EXPORT_WIDTH];
    ig_str_t             items[IG_EXPORT_WIDTH][IG_REQUEST_LIST];
} ig_export_row_t;

/* strings are good as long as the records are */
void ig_export_row(ig_export_row_t *row, const ig_joined_t *j);

void ig_export_csv_head(FILE *to);
void ig_export_csv(FILE *to, const ig_export_row_t *row);
void ig_export_ndjson(FILE *to, const ig_export_row_t *row);
void ig_export_ocsf(FILE *to, const ig_export_row_t *row);

/* a JSON string: what is no UTF-8 becomes U+FFFD */
void ig_export_string(FILE *to, ig_str_t s);

#endif /* IG_CLI_AUDIT_EXPORT_H */

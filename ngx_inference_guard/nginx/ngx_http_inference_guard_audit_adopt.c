
/*
 * Writers that nobody is left to speak for: all processes of a master died
 * before a checkpoint could say so.  The next start reads what they wrote since
 * the last one, follows each chain as far as it is whole, and gives them slots
 * as killed writers: the checkpoint that it makes then covers them.
 *
 * No record that the checkpoint n does not cover stands before the line of n-1,
 * as that one is in the file before the spans of n end.  So the reading begins
 * there.  A writer that n does not name either began since then or is another
 * node's; where another node signed in between, only those that n names are
 * taken.
 */


#include "ngx_http_inference_guard_audit.h"


#define NGX_HTTP_IG_ADOPT_BLOCK   (1024 * 1024)


typedef struct {
    ngx_http_ig_shared_t  *sh;
    ngx_str_t              node;
    ngx_str_t              named;     /* the last checkpoint's writers */
    ngx_uint_t             unnamed;   /* others are taken, too */
    ngx_uint_t             n;
    ngx_http_ig_slot_t    *slots[NGX_HTTP_IG_SLOTS];
} ngx_http_ig_adopt_t;


static void ngx_http_ig_adopt_named(ngx_http_ig_adopt_t *ad);
static void ngx_http_ig_adopt_read(ngx_http_ig_adopt_t *ad, ngx_fd_t fd,
    off_t at, off_t size);
static void ngx_http_ig_adopt_line(ngx_http_ig_adopt_t *ad, u_char *p,
    size_t len);
static void ngx_http_ig_adopt_record(ngx_http_ig_adopt_t *ad, ngx_str_t *line,
    u_char *name, uint64_t seq, uint8_t *prev);
static ngx_http_ig_slot_t *ngx_http_ig_adopt_slot(ngx_http_ig_adopt_t *ad,
    u_char *name, uint64_t from, uint8_t *head);
static ngx_uint_t ngx_http_ig_adopt_known(ngx_http_ig_adopt_t *ad,
    u_char *name);
static u_char *ngx_http_ig_adopt_field(u_char *p, u_char *end, char *key);
static ngx_int_t ngx_http_ig_adopt_hash(u_char *p, u_char *end, uint8_t *hash);


ngx_uint_t
ngx_http_ig_adopt(ngx_http_ig_shared_t *sh, ngx_str_t *name,
    ngx_http_ig_made_t *last)
{
    off_t                 at, size;
    u_char               *p;
    ngx_fd_t              fd;
    ngx_http_ig_adopt_t   ad;

    ngx_memzero(&ad, sizeof(ngx_http_ig_adopt_t));

    ad.sh = sh;
    ad.node.data = sh->node;
    ad.node.len = sh->node_len;
    ad.unnamed = 1;

    p = ngx_http_ig_adopt_field(last->line, last->line + last->len,
                                "\"writers\":[");
    if (p == NULL) {
        return 0;
    }

    ad.named.data = p;
    ad.named.len = (size_t) (last->line + last->len - p);

    ngx_http_ig_adopt_named(&ad);

    fd = ngx_http_ig_open_back(name, last->number, &at, &size);

    if (fd != NGX_INVALID_FILE) {

        ngx_http_ig_adopt_read(&ad, fd, at, size);

        if (ngx_close_file(fd) == NGX_FILE_ERROR) {
            ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                          ngx_close_file_n " \"%V\" failed", name);
        }
    }

    return ad.n;
}


/* those that lived when the last checkpoint was made */

static void
ngx_http_ig_adopt_named(ngx_http_ig_adopt_t *ad)
{
    u_char    *p, *end, *next, *to, *state, *name;
    uint8_t    head[IG_HASH_SIZE];
    uint64_t   seq;

    p = ad->named.data;
    end = p + ad->named.len;

    while ((name = ngx_http_ig_adopt_field(p, end, "{\"writer\":\"")) != NULL) {

        next = ngx_strlchr(name, end, '}');
        if (next == NULL || next - name < NGX_HTTP_IG_WRITER_LEN) {
            return;
        }

        p = next;

        to = ngx_http_ig_adopt_field(name, next, ",\"to\":");
        state = ngx_http_ig_adopt_field(name, next, ",\"state\":\"live\"");

        if (to == NULL || state == NULL
            || ngx_http_ig_adopt_known(ad, name))
        {
            continue;
        }

        for (seq = 0; to < next && *to >= '0' && *to <= '9'; to++) {
            seq = seq * 10 + (*to - '0');
        }

        ngx_memzero(head, sizeof(head));

        if (seq && ngx_http_ig_adopt_hash(
                       ngx_http_ig_adopt_field(name, next, ",\"head\":\""),
                       next, head)
                   != NGX_OK)
        {
            continue;
        }

        if (ngx_http_ig_adopt_slot(ad, name, seq + 1, head) == NULL) {
            return;
        }
    }
}


static void
ngx_http_ig_adopt_read(ngx_http_ig_adopt_t *ad, ngx_fd_t fd, off_t at,
    off_t size)
{
    u_char   *block, *p, *end, *lf;
    size_t    kept;
    ssize_t   n;

    block = ngx_alloc(NGX_HTTP_IG_ADOPT_BLOCK, ngx_cycle->log);
    if (block == NULL) {
        return;
    }

    kept = 0;

    while (at < size) {

        n = pread(fd, block + kept, NGX_HTTP_IG_ADOPT_BLOCK - kept, at);

        if (n <= 0) {
            break;
        }

        at += n;
        p = block;
        end = block + kept + n;

        while ((lf = memchr(p, LF, (size_t) (end - p))) != NULL) {
            ngx_http_ig_adopt_line(ad, p, (size_t) (lf - p));
            p = lf + 1;
        }

        /* a line without an end is no record, however long */

        kept = (size_t) (end - p);

        if (kept == NGX_HTTP_IG_ADOPT_BLOCK) {
            break;
        }

        ngx_memmove(block, p, kept);
    }

    ngx_free(block);
}


static void
ngx_http_ig_adopt_line(ngx_http_ig_adopt_t *ad, u_char *p, size_t len)
{
    u_char     *end, *name, *hash;
    uint8_t     prev[IG_HASH_SIZE];
    uint64_t    seq;
    ngx_str_t   line;

    static ngx_str_t  start = ngx_string("{\"v\":1,\"type\":\"");
    static ngx_str_t  checkpoint = ngx_string("checkpoint\"");

    /* behind a torn piece, if there is one */

    end = p + len;

    for (line.data = end; line.data-- > p; /* void */ ) {
        if (*line.data == '{'
            && (size_t) (end - line.data) > start.len
            && ngx_memcmp(line.data, start.data, start.len) == 0)
        {
            break;
        }
    }

    if (line.data < p) {
        return;
    }

    line.len = (size_t) (end - line.data);
    p = line.data + start.len;

    if ((size_t) (end - p) > checkpoint.len
        && ngx_memcmp(p, checkpoint.data, checkpoint.len) == 0)
    {
        name = ngx_http_ig_adopt_field(p, end, ",\"node\":\"");

        if (name == NULL || (size_t) (end - name) < ad->node.len
            || ngx_memcmp(name, ad->node.data, ad->node.len) != 0)
        {
            ad->unnamed = 0;
        }

        return;
    }

    /* the head of a record has no string of a client in it */

    name = ngx_http_ig_adopt_field(p, end, ",\"writer\":\"");

    if (name == NULL || end - name < NGX_HTTP_IG_WRITER_LEN
        || ngx_http_ig_adopt_field(name, end, "\",\"seq\":")
           != name + NGX_HTTP_IG_WRITER_LEN + sizeof("\",\"seq\":") - 1)
    {
        return;
    }

    p = name + NGX_HTTP_IG_WRITER_LEN + sizeof("\",\"seq\":") - 1;

    for (seq = 0; p < end && *p >= '0' && *p <= '9'; p++) {
        seq = seq * 10 + (*p - '0');
    }

    hash = ngx_http_ig_adopt_field(p, end, ",\"prev\":\"");

    if (hash != p + sizeof(",\"prev\":\"") - 1
        || ngx_http_ig_adopt_hash(hash, end, prev) != NGX_OK)
    {
        return;
    }

    ngx_http_ig_adopt_record(ad, &line, name, seq, prev);
}


static void
ngx_http_ig_adopt_record(ngx_http_ig_adopt_t *ad, ngx_str_t *line,
    u_char *name, uint64_t seq, uint8_t *prev)
{
    uint8_t              hash[IG_HASH_SIZE];
    ngx_uint_t           i;
    ngx_http_ig_slot_t  *slot;
    ngx_http_ig_span_t  *span;

    slot = NULL;

    for (i = 0; i < ad->n; i++) {
        if (ngx_memcmp(ad->slots[i]->name, name, NGX_HTTP_IG_WRITER_LEN) == 0) {
            slot = ad->slots[i];
            break;
        }
    }

    if (slot == NULL && seq == 1 && ad->unnamed
        && !ngx_http_ig_adopt_known(ad, name))
    {
        ngx_memzero(hash, sizeof(hash));
        slot = ngx_http_ig_adopt_slot(ad, name, 1, hash);
    }

    if (slot == NULL) {
        return;
    }

    span = &slot->spans[slot->epoch & 1];

    if (seq != span->from + span->tree.count
        || ngx_memcmp(prev, span->head[span->tree.count & 1], IG_HASH_SIZE)
           != 0
        || !ig_leaf_hash(NULL, ngx_http_ig_from_ngx(*line), hash))
    {
        return;
    }

    ngx_memcpy(span->head[(span->tree.count + 1) & 1], hash, IG_HASH_SIZE);

    if (!ig_merkle_add(&span->tree, NULL, hash)) {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, 0,
                      "inference guard: a record could not be hashed");
    }
}


static ngx_http_ig_slot_t *
ngx_http_ig_adopt_slot(ngx_http_ig_adopt_t *ad, u_char *name, uint64_t from,
    uint8_t *head)
{
    ngx_http_ig_slot_t  *slot;
    ngx_http_ig_span_t  *span;

    slot = ngx_http_ig_slot_take(ad->sh, name);

    if (slot == NULL) {
        return NULL;
    }

    span = &slot->spans[slot->epoch & 1];
    span->from = from;
    ngx_memcpy(span->head[0], head, IG_HASH_SIZE);

    slot->state = NGX_HTTP_IG_SLOT_KILLED;
    (void) pthread_mutex_unlock(&slot->life);

    ad->slots[ad->n++] = slot;

    return slot;
}


/* one that is named already, or that has a slot */

static ngx_uint_t
ngx_http_ig_adopt_known(ngx_http_ig_adopt_t *ad, u_char *name)
{
    u_char              *p, *end;
    ngx_uint_t           i;
    ngx_http_ig_slot_t  *slot;

    for (i = 0; i < NGX_HTTP_IG_SLOTS; i++) {

        slot = &ad->sh->slots[i];

        if (slot->state != NGX_HTTP_IG_SLOT_FREE
            && ngx_memcmp(slot->name, name, NGX_HTTP_IG_WRITER_LEN) == 0)
        {
            return 1;
        }
    }

    p = ad->named.data;
    end = p + ad->named.len;

    while ((p = ngx_http_ig_adopt_field(p, end, "{\"writer\":\"")) != NULL) {

        if (p != name && end - p >= NGX_HTTP_IG_WRITER_LEN
            && ngx_memcmp(p, name, NGX_HTTP_IG_WRITER_LEN) == 0)
        {
            return 1;
        }
    }

    return 0;
}


/* what follows a key, which stands as it is in lines of our own making */

static u_char *
ngx_http_ig_adopt_field(u_char *p, u_char *end, char *key)
{
    size_t  len;

    len = ngx_strlen(key);

    p = memmem(p, (size_t) (end - p), key, len);

    return p ? p + len : NULL;
}


static ngx_int_t
ngx_http_ig_adopt_hash(u_char *p, u_char *end, uint8_t *hash)
{
    ngx_int_t   n;
    ngx_uint_t  i;

    if (p == NULL || end - p < 2 * IG_HASH_SIZE) {
        return NGX_ERROR;
    }

    for (i = 0; i < IG_HASH_SIZE; i++) {

        n = ngx_hextoi(p + 2 * i, 2);

        if (n == NGX_ERROR) {
            return NGX_ERROR;
        }

        hash[i] = (uint8_t) n;
    }

    return NGX_OK;
}

/*
 * Logs as workers write them, for the tests of the verifier, its fuzzer and its
 * benchmark: writers with chains, checkpoints over them.
 */

#ifndef IG_LOG_MAKER_H
#define IG_LOG_MAKER_H

#include <inference_guard/record.h>
#include <inference_guard/verify.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#define MAKER_WRITERS  8

/* the secret key of RFC 8032, section 7.1, test 1, and its public key */
static const char  maker_key[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
    "-----END PRIVATE KEY-----\n";
static const char  maker_public[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n"
    "-----END PUBLIC KEY-----\n";
/* test 2 */
static const char  maker_key_2[] =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
    "-----END PRIVATE KEY-----\n";

typedef struct {
    char    *data;
    size_t   len;
    size_t   room;
} log_t;

typedef struct {
    char               name[32];
    ig_writer_t        writer;
    ig_merkle_t        tree;
    uint64_t           from;
    ig_writer_state_t  state;
    uint64_t           in_flight;
    bool               gone;             /* was in a checkpoint as not live */
} maker_writer_t;

typedef struct {
    maker_writer_t   w[MAKER_WRITERS];
    size_t           n;
    ig_hasher_t     *hasher;
    ig_signer_t     *signer;
    char             node[32];
    uint64_t         number;
    uint8_t          prev[IG_HASH_SIZE];
    uint64_t         time_ms;
    size_t           padding;            /* bytes in a record besides its head */
    uint8_t          line[IG_CHECKPOINT_MAX + 1];
} maker_t;


static inline void
log_bytes(log_t *l, const void *data, size_t len)
{
    if (l->len + len >= l->room) {
        l->room = (l->len + len + 1) * 2;
        l->data = realloc(l->data, l->room);

        if (l->data == NULL) {
            abort();
        }
    }

    memcpy(l->data + l->len, data, len);
    l->len += len;
}


static inline void
log_text(log_t *l, const char *text)
{
    log_bytes(l, text, strlen(text));
}


static inline void
log_free(log_t *l)
{
    free(l->data);
    memset(l, 0, sizeof(*l));
}


static inline void
maker_sign_with(maker_t *m, const char *pem)
{
    const char  *why;

    ig_signer_free(m->signer);
    m->signer = ig_signer_new(ig_str_from_c(pem), &why);

    if (m->signer == NULL) {
        abort();
    }
}


static inline maker_t *
maker_new(const char *node)
{
    maker_t  *m;

    m = calloc(1, sizeof(*m));
    if (m == NULL) {
        abort();
    }

    m->hasher = ig_hasher_new();
    m->time_ms = UINT64_C(1795508549123);
    m->padding = 100;
    (void) snprintf(m->node, sizeof(m->node), "%s", node);
    maker_sign_with(m, maker_key);

    return m;
}


static inline void
maker_free(maker_t *m)
{
    ig_hasher_free(m->hasher);
    ig_signer_free(m->signer);
    free(m);
}


static inline size_t
maker_writer(maker_t *m, const char *name)
{
    maker_writer_t  *w = &m->w[m->n];

    memset(w, 0, sizeof(*w));
    (void) snprintf(w->name, sizeof(w->name), "%s", name);
    ig_writer_init(&w->writer, ig_str_from_c(w->name), m->hasher);
    w->from = 1;

    return m->n++;
}


/* a line as a record begins, chained as the recorder chains */

static inline void
maker_record(maker_t *m, size_t i, log_t *l)
{
    int              n;
    char             hex[2 * IG_HASH_SIZE + 1];
    size_t           k;
    maker_writer_t  *w = &m->w[i];

    m->time_ms++;

    for (k = 0; k < IG_HASH_SIZE; k++) {
        (void) snprintf(hex + 2 * k, 3, "%02x", w->writer.prev[k]);
    }

    n = snprintf((char *) m->line, sizeof(m->line),
                 "{\"v\":1,\"type\":\"outcome\",\"time\":"
                 "\"2026-11-24T08:%02u:%02u.%03uZ\",\"writer\":\"%s\","
                 "\"seq\":%llu,\"prev\":\"%s\",\"id\":\"r%llu\",\"x\":{\"y\":"
                 "\"%0*u\"}}", (unsigned) (m->time_ms / 60000 % 60),
                 (unsigned) (m->time_ms / 1000 % 60),
                 (unsigned) (m->time_ms % 1000), w->name,
                 (unsigned long long) w->writer.seq, hex,
                 (unsigned long long) w->writer.seq, (int) m->padding, 7u);

    if (!ig_leaf_hash(m->hasher, (ig_str_t) { m->line, (size_t) n },
                      w->writer.prev)
        || !ig_merkle_add(&w->tree, m->hasher, w->writer.prev))
    {
        abort();
    }

    w->writer.seq++;
    m->line[n] = '\n';

    if (l) {
        log_bytes(l, m->line, (size_t) n + 1);
    }
}


static inline void
maker_records(maker_t *m, size_t i, size_t n, log_t *l)
{
    while (n--) {
        maker_record(m, i, l);
    }
}


/* over all that was written, with one copy for each log that is not NULL */

static inline void
maker_checkpoint(maker_t *m, log_t *l, log_t *copy, const uint8_t *next_key)
{
    size_t           i;
    ig_buf_t         out;
    ig_sealed_t      sealed[MAKER_WRITERS], *s;
    maker_writer_t  *w;
    ig_checkpoint_t  c;

    memset(&c, 0, sizeof(c));
    c.time_ms = ++m->time_ms;
    c.node = ig_str_from_c(m->node);
    c.number = ++m->number;
    memcpy(c.prev, m->prev, IG_HASH_SIZE);
    c.writers = sealed;
    c.next_key = next_key;

    for (i = 0; i < m->n; i++) {
        w = &m->w[i];

        if (w->gone) {
            continue;
        }

        s = &sealed[c.nwriters++];
        memset(s, 0, sizeof(*s));
        s->writer = w->writer.id;
        s->from = w->from;
        s->to = w->writer.seq - 1;
        s->state = w->state;
        s->in_flight = w->in_flight;
        memcpy(s->head, w->writer.prev, IG_HASH_SIZE);

        if (w->tree.count && !ig_merkle_root(&w->tree, m->hasher, s->root)) {
            abort();
        }

        w->from = w->writer.seq;
        w->gone = w->state != IG_WRITER_LIVE;
        ig_merkle_init(&w->tree);
    }

    ig_buf_fixed(&out, m->line, sizeof(m->line));
    ig_checkpoint_write(&out, &c, m->signer, m->hasher, m->prev);

    if (out.failed) {
        abort();
    }

    if (l) {
        log_bytes(l, out.data, out.len);
    }

    if (copy) {
        log_bytes(copy, out.data, out.len);
    }
}

#endif /* IG_LOG_MAKER_H */

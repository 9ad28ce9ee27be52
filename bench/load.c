/*
 * A closed loop of HTTP requests: each connection sends the next one as soon as
 * it has the whole answer to the last.
 *
 *     load PORT SIZE CONNECTIONS SECONDS [stream]
 *
 * Prints one line: requests, bad answers, seconds, and percentiles of the time
 * to the first byte and to the last in microseconds.  The exit status is 1 when
 * an answer was not 200 or a connection was lost.
 */

#include "body.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


#define MAX_CONNECTIONS  512
#define IN_SIZE          65536
#define HEAD_SIZE        8192
#define SAMPLES          (1u << 21)

typedef enum {
    IN_HEAD,
    IN_BODY,                 /* `left` bytes of a known length */
    IN_CHUNK_SIZE,
    IN_CHUNK,                /* `left` bytes and their CRLF */
    IN_TRAILER
} state_t;

typedef struct {
    int       fd;
    size_t    sent;
    uint64_t  start;         /* ns, of the request at hand */
    uint64_t  first;         /* ns, of the first byte of its answer */
    state_t   state;
    uint64_t  left;
    size_t    nhead;
    char      head[HEAD_SIZE + 1];
} conn_t;

static conn_t     conns[MAX_CONNECTIONS];
static char      *request;
static size_t     request_len;
static int        port;
static int        ep;
static uint64_t   done, bad;
static int        active;        /* requests that wait for their answer */
static bool       stopping;      /* no more of them */
static uint32_t  *first_us, *total_us;
static uint64_t   nsamples;


static uint64_t
now_ns(void)
{
    struct timespec  t;

    clock_gettime(CLOCK_MONOTONIC, &t);

    return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}


static void
die(const char *what)
{
    perror(what);
    exit(2);
}


static void
arm(conn_t *c, uint32_t events, int op)
{
    struct epoll_event  e;

    memset(&e, 0, sizeof(e));
    e.events = events;
    e.data.ptr = c;

    if (epoll_ctl(ep, op, c->fd, &e) != 0) {
        die("epoll_ctl");
    }
}


static void
send_more(conn_t *c)
{
    ssize_t  n;

    while (c->sent < request_len) {
        n = send(c->fd, request + c->sent, request_len - c->sent, MSG_NOSIGNAL);

        if (n < 0) {
            if (errno == EAGAIN) {
                arm(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
                return;
            }

            die("send");
        }

        c->sent += (size_t) n;
    }
}


static void
begin(conn_t *c)
{
    if (stopping) {
        return;
    }

    active++;
    c->sent = 0;
    c->nhead = 0;
    c->first = 0;
    c->state = IN_HEAD;
    c->start = now_ns();
    send_more(c);
}


static void
connect_one(conn_t *c)
{
    int                 one = 1;
    struct sockaddr_in  a;

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) {
        die("socket");
    }

    memset(&a, 0, sizeof(a));
    a.sin_family = AF_INET;
    a.sin_port = htons((uint16_t) port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));

    if (connect(c->fd, (struct sockaddr *) &a, sizeof(a)) != 0
        && errno != EINPROGRESS)
    {
        die("connect");
    }

    c->sent = request_len;
    c->start = 0;
    arm(c, EPOLLIN | EPOLLOUT, EPOLL_CTL_ADD);
}


static void
finished(conn_t *c)
{
    uint64_t  t;

    if (strncmp(c->head, "HTTP/1.1 200 ", 13) != 0) {
        if (bad++ == 0) {
            fprintf(stderr, "not answered 200:\n%.600s\n", c->head);
        }
    }

    t = now_ns();
    done++;
    active--;

    if (nsamples < SAMPLES) {
        first_us[nsamples] = (uint32_t) ((c->first - c->start) / 1000);
        total_us[nsamples++] = (uint32_t) ((t - c->start) / 1000);
    }

    begin(c);
}


static const char *
header(const conn_t *c, const char *name)
{
    return strcasestr(c->head, name);
}


/* false: the head is not complete */

static bool
take_head(conn_t *c, const char **p, const char *end)
{
    char        *blank;
    size_t       n, old;
    const char  *length;

    old = c->nhead;
    n = (size_t) (end - *p);

    if (n > HEAD_SIZE - old) {
        n = HEAD_SIZE - old;
    }

    memcpy(c->head + old, *p, n);
    c->nhead += n;
    c->head[c->nhead] = '\0';

    blank = strstr(c->head, "\r\n\r\n");

    if (blank == NULL) {
        *p += n;

        if (c->nhead == HEAD_SIZE) {
            fputs("a head too large\n", stderr);
            exit(2);
        }

        return false;
    }

    *p += (size_t) (blank + 4 - c->head) - old;

    length = header(c, "\r\nContent-Length:");

    if (length) {
        c->state = IN_BODY;
        c->left = strtoull(length + 17, NULL, 10);

    } else if (header(c, "\r\nTransfer-Encoding: chunked")) {
        c->state = IN_CHUNK_SIZE;
        c->left = 0;

    } else {
        fprintf(stderr, "an answer without a length:\n%s\n", c->head);
        exit(2);
    }

    return true;
}


/* a byte of a chunk's size line; true at its end */

static bool
take_size(conn_t *c, char b)
{
    if (b == '\n') {
        c->state = c->left ? IN_CHUNK : IN_TRAILER;
        c->left += 2;
        return true;
    }

    if (b >= '0' && b <= '9') {
        c->left = c->left * 16 + (uint64_t) (b - '0');

    } else if ((b | 0x20) >= 'a' && (b | 0x20) <= 'f') {
        c->left = c->left * 16 + (uint64_t) ((b | 0x20) - 'a' + 10);
    }

    return false;
}


static void
take(conn_t *c, const char *p, const char *end)
{
    uint64_t  n;

    while (p < end || (c->state == IN_BODY && c->left == 0)) {

        switch (c->state) {

        case IN_HEAD:
            if (!take_head(c, &p, end)) {
                return;
            }

            break;

        case IN_CHUNK_SIZE:
            (void) take_size(c, *p++);
            break;

        default:
            n = (uint64_t) (end - p) < c->left ? (uint64_t) (end - p) : c->left;
            p += n;
            c->left -= n;

            if (c->left) {
                return;
            }

            if (c->state == IN_CHUNK) {
                c->state = IN_CHUNK_SIZE;
                break;
            }

            finished(c);
            return;
        }
    }
}


static void
receive(conn_t *c)
{
    ssize_t      n;
    static char  in[IN_SIZE];

    n = recv(c->fd, in, sizeof(in), 0);

    if (n < 0 && errno == EAGAIN) {
        return;
    }

    if (n <= 0) {
        fputs("a connection was lost\n", stderr);
        exit(1);
    }

    if (c->first == 0) {
        c->first = now_ns();
    }

    take(c, in, in + n);
}


static int
compare(const void *a, const void *b)
{
    uint32_t  x = *(const uint32_t *) a, y = *(const uint32_t *) b;

    return (x > y) - (x < y);
}


static unsigned
percentile(const uint32_t *sorted, unsigned per_mille)
{
    return nsamples ? sorted[(nsamples - 1) * per_mille / 1000] : 0;
}


int
main(int argc, char **argv)
{
    int                 i, n, connections;
    bool                stream;
    char               *body;
    size_t              size;
    double              seconds;
    conn_t             *c;
    uint64_t            begun, ends, now;
    struct epoll_event  events[64];

    if (argc < 5) {
        fputs("usage: load PORT SIZE CONNECTIONS SECONDS [stream]\n", stderr);
        return 2;
    }

    port = atoi(argv[1]);
    size = (size_t) atol(argv[2]);
    connections = atoi(argv[3]);
    seconds = atof(argv[4]);
    stream = argc > 5;

    if (connections < 1 || connections > MAX_CONNECTIONS) {
        return 2;
    }

    body = bench_body(size, stream);
    request = malloc(size + 512);
    first_us = malloc(SAMPLES * sizeof(uint32_t));
    total_us = malloc(SAMPLES * sizeof(uint32_t));
    ep = epoll_create1(0);

    if (request == NULL || first_us == NULL || total_us == NULL || ep < 0) {
        die("setup");
    }

    request_len = (size_t) sprintf(request,
                      "POST /v1/chat/completions HTTP/1.1\r\n"
                      "Host: bench\r\nAuthorization: Bearer bench-key\r\n"
                      "Content-Type: application/json\r\n"
                      "Content-Length: %zu\r\n\r\n", size);
    memcpy(request + request_len, body, size);
    request_len += size;

    begun = now_ns();
    ends = begun + (uint64_t) (seconds * 1e9);

    for (i = 0; i < connections; i++) {
        connect_one(&conns[i]);
    }

    do {
        n = epoll_wait(ep, events, 64, 1000);

        for (i = 0; i < n; i++) {
            c = events[i].data.ptr;

            if (events[i].events & EPOLLOUT) {
                arm(c, EPOLLIN, EPOLL_CTL_MOD);

                if (c->start == 0) {
                    begin(c);

                } else {
                    send_more(c);
                }
            }

            if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) {
                receive(c);
            }
        }

        now = now_ns();
        stopping = (now >= ends);

        /* what is under way is waited for: its cost is in the count, too */

    } while (!stopping || (active && now < ends + 10000000000u));

    if (active) {
        fputs("answers are missing\n", stderr);
        return 1;
    }

    qsort(first_us, nsamples, sizeof(uint32_t), compare);
    qsort(total_us, nsamples, sizeof(uint32_t), compare);

    printf("requests=%llu bad=%llu seconds=%.3f first_p50=%u p50=%u p90=%u "
           "p99=%u max=%u\n", (unsigned long long) done,
           (unsigned long long) bad, (double) (now - begun) / 1e9,
           percentile(first_us, 500), percentile(total_us, 500),
           percentile(total_us, 900), percentile(total_us, 990),
           percentile(total_us, 1000));

    return bad || done == 0;
}

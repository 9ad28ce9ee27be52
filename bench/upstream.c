/*
 * An inference endpoint that costs next to nothing: it reads a request to its
 * end and answers with a fixed JSON document, or, when the body begins with a
 * request to stream, with 200 server-sent events, one write each.
 *
 *     upstream PORT
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>


#define MAX_FD     4096
#define HEAD_SIZE  16384
#define EVENTS     200

typedef struct {
    size_t    nhead;         /* of the head and what came with it */
    uint64_t  left;          /* of the body */
    bool      in_body;
    bool      stream;
    char      head[HEAD_SIZE + 1];
} conn_t;

static conn_t  *conns[MAX_FD];

static const char  answer_body[] =
    "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\","
    "\"created\":1700000000,\"model\":\"bench-model\","
    "\"choices\":[{\"index\":0,"
    "\"message\":{\"role\":\"assistant\",\"content\":\"The pump is well. Order "
    "the seals, ask about the hum, and look again in week 48.\"},"
    "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":400,"
    "\"completion_tokens\":24,\"total_tokens\":424}}";

static const char  event_text[] =
    "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\","
    "\"created\":1700000000,\"model\":\"bench-model\","
    "\"choices\":[{\"index\":0,"
    "\"delta\":{\"content\":\" word\"},\"finish_reason\":null}]}\n\n";


static void
die(const char *what)
{
    perror(what);
    exit(2);
}


/* small answers to a peer that reads: a full socket only makes this wait */

static bool
put(int fd, const char *data, size_t len)
{
    ssize_t  n;

    while (len) {
        n = send(fd, data, len, MSG_NOSIGNAL);

        if (n < 0) {
            if (errno == EAGAIN) {
                usleep(50);
                continue;
            }

            return false;
        }

        data += n;
        len -= (size_t) n;
    }

    return true;
}


static bool
answer(int fd, bool stream)
{
    int          i;
    static char  plain[2048], chunk[1024];
    static int   nplain, nchunk;
    static const char  head[] =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
        "Transfer-Encoding: chunked\r\n\r\n";

    if (nplain == 0) {
        nplain = snprintf(plain, sizeof(plain), "HTTP/1.1 200 OK\r\n"
                          "Content-Type: application/json\r\n"
                          "Content-Length: %zu\r\n\r\n%s",
                          sizeof(answer_body) - 1, answer_body);
        nchunk = snprintf(chunk, sizeof(chunk), "%zx\r\n%s\r\n",
                          sizeof(event_text) - 1, event_text);
    }

    if (!stream) {
        return put(fd, plain, (size_t) nplain);
    }

    if (!put(fd, head, sizeof(head) - 1)) {
        return false;
    }

    for (i = 0; i < EVENTS; i++) {
        if (!put(fd, chunk, (size_t) nchunk)) {
            return false;
        }
    }

    return put(fd, "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n", 24);
}


/* how much of `in` belongs to the head; sets what follows it */

static size_t
take_head(conn_t *c, const char *in, size_t n)
{
    char    *blank, *length;
    size_t   old, used;

    old = c->nhead;
    used = n < HEAD_SIZE - old ? n : HEAD_SIZE - old;
    memcpy(c->head + old, in, used);
    c->nhead += used;
    c->head[c->nhead] = '\0';

    blank = strstr(c->head, "\r\n\r\n");

    if (blank == NULL) {
        return used;
    }

    used = (size_t) (blank + 4 - c->head) - old;
    length = strcasestr(c->head, "\r\nContent-Length:");
    c->left = length && length < blank ? strtoull(length + 17, NULL, 10) : 0;
    c->in_body = true;
    c->stream = false;
    c->nhead = 0;

    return used;
}


static bool
take(int fd, conn_t *c, const char *in, size_t n)
{
    size_t  used;

    while (n || (c->in_body && c->left == 0)) {

        if (!c->in_body) {
            used = take_head(c, in, n);
            in += used;
            n -= used;

            if (!c->in_body && c->nhead == HEAD_SIZE) {
                return false;
            }

            continue;
        }

        used = n < c->left ? n : (size_t) c->left;

        if (used && memmem(in, used < 256 ? used : 256, "\"stream\":true", 13))
        {
            c->stream = true;
        }

        in += used;
        n -= used;
        c->left -= used;

        if (c->left == 0) {
            c->in_body = false;

            if (!answer(fd, c->stream)) {
                return false;
            }
        }
    }

    return true;
}


static int
listener(int port)
{
    int                 fd, one = 1;
    struct sockaddr_in  a;

    fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

    memset(&a, 0, sizeof(a));
    a.sin_family = AF_INET;
    a.sin_port = htons((uint16_t) port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));

    if (fd < 0 || bind(fd, (struct sockaddr *) &a, sizeof(a)) != 0
        || listen(fd, 511) != 0)
    {
        die("listen");
    }

    return fd;
}


static void
watch(int ep, int fd)
{
    struct epoll_event  e;

    memset(&e, 0, sizeof(e));
    e.events = EPOLLIN;
    e.data.fd = fd;

    if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e) != 0) {
        die("epoll_ctl");
    }
}


static void
serve(int fd)
{
    ssize_t      n;
    static char  in[262144];

    n = recv(fd, in, sizeof(in), 0);

    if (n < 0 && errno == EAGAIN) {
        return;
    }

    if (n <= 0 || !take(fd, conns[fd], in, (size_t) n)) {
        close(fd);
        free(conns[fd]);
        conns[fd] = NULL;
    }
}


int
main(int argc, char **argv)
{
    int                 i, n, ep, fd, lfd, one = 1;
    struct epoll_event  events[64];

    if (argc != 2) {
        fputs("usage: upstream PORT\n", stderr);
        return 2;
    }

    lfd = listener(atoi(argv[1]));
    ep = epoll_create1(0);
    watch(ep, lfd);

    for ( ;; ) {
        n = epoll_wait(ep, events, 64, -1);

        for (i = 0; i < n; i++) {
            if (events[i].data.fd != lfd) {
                serve(events[i].data.fd);
                continue;
            }

            fd = accept4(lfd, NULL, NULL, SOCK_NONBLOCK);

            if (fd < 0) {
                continue;
            }

            if (fd >= MAX_FD
                || (conns[fd] = calloc(1, sizeof(conn_t))) == NULL)
            {
                close(fd);
                continue;
            }

            setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
            watch(ep, fd);
        }
    }
}

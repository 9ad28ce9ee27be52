/*
 * For LD_PRELOAD: a disk that is slow or fails, a network that takes no long
 * datagrams, and a death at a chosen moment.
 *
 * IG_SHIM names a file of four 64-bit numbers that all processes share:
 *
 *     kill   counted down at every point where a log's state may be half done
 *            (a lock taken or given back, a write or a sync begun or ended); who
 *            comes to 0 is killed as by kill -9
 *     sync   0: fdatasync() works; 1: waits; 2: fails with EIO
 *     syncs  how often it was called
 *     mtu    if not 0, sendmsg() of more bytes fails with EMSGSIZE
 */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

typedef struct {
    _Atomic int64_t  kill;
    _Atomic int64_t  sync;
    _Atomic int64_t  syncs;
    _Atomic int64_t  mtu;
} shim_t;

static shim_t  *shim;

static int (*real_lock)(pthread_mutex_t *);
static int (*real_trylock)(pthread_mutex_t *);
static int (*real_unlock)(pthread_mutex_t *);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static int (*real_fdatasync)(int);
static ssize_t (*real_sendmsg)(int, const struct msghdr *, int);

__attribute__((constructor)) static void
shim_init(void)
{
    int          fd;
    const char  *path = getenv("IG_SHIM");

    real_lock = (int (*)(pthread_mutex_t *)) dlsym(RTLD_NEXT, "pthread_mutex_lock");
    real_trylock = (int (*)(pthread_mutex_t *)) dlsym(RTLD_NEXT, "pthread_mutex_trylock");
    real_unlock = (int (*)(pthread_mutex_t *)) dlsym(RTLD_NEXT, "pthread_mutex_unlock");
    real_writev = (ssize_t (*)(int, const struct iovec *, int)) dlsym(RTLD_NEXT, "writev");
    real_fdatasync = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
    real_sendmsg = (ssize_t (*)(int, const struct msghdr *, int))
                   dlsym(RTLD_NEXT, "sendmsg");

    fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd >= 0) {
        void  *p = mmap(NULL, sizeof(shim_t), PROT_READ | PROT_WRITE,
                        MAP_SHARED, fd, 0);
        if (p != MAP_FAILED) {
            shim = p;
        }
        close(fd);
    }
}

static void
point(void)
{
    if (shim && atomic_load(&shim->kill) > 0
        && atomic_fetch_sub(&shim->kill, 1) == 1)
    {
        kill(getpid(), SIGKILL);
    }
}

int
pthread_mutex_lock(pthread_mutex_t *m)
{
    int  rc = real_lock(m);

    point();
    return rc;
}

int
pthread_mutex_trylock(pthread_mutex_t *m)
{
    int  rc = real_trylock(m);

    point();
    return rc;
}

int
pthread_mutex_unlock(pthread_mutex_t *m)
{
    int  rc;

    point();
    rc = real_unlock(m);
    point();
    return rc;
}

ssize_t
writev(int fd, const struct iovec *iov, int n)
{
    ssize_t  done;

    point();
    done = real_writev(fd, iov, n);
    point();
    return done;
}

int
fdatasync(int fd)
{
    struct timespec  ms = { 0, 1000000 };

    point();

    if (shim) {
        atomic_fetch_add(&shim->syncs, 1);

        while (atomic_load(&shim->sync) == 1) {
            nanosleep(&ms, NULL);
        }

        if (atomic_load(&shim->sync) == 2) {
            errno = EIO;
            return -1;
        }
    }

    return real_fdatasync(fd);
}

ssize_t
sendmsg(int fd, const struct msghdr *msg, int flags)
{
    size_t   i;
    int64_t  n = 0;

    for (i = 0; i < msg->msg_iovlen; i++) {
        n += (int64_t) msg->msg_iov[i].iov_len;
    }

    if (shim && atomic_load(&shim->mtu) && n > atomic_load(&shim->mtu)) {
        errno = EMSGSIZE;
        return -1;
    }

    return real_sendmsg(fd, msg, flags);
}

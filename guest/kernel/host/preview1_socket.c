// host.h over preview 1: sockets.
#include "host/preview1.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_iovec.h>

uint32_t p1_sock_accept(int, uint32_t, int *) IMPORT(sock_accept);
uint32_t p1_sock_recv(int, const struct p1_iovec *, size_t, uint32_t, size_t *, uint16_t *)
    IMPORT(sock_recv);
uint32_t p1_sock_send(int, const struct p1_iovec *, size_t, uint32_t, size_t *) IMPORT(sock_send);
uint32_t p1_sock_shutdown(int, uint32_t) IMPORT(sock_shutdown);

enum { NONBLOCK = 4 };                 // fdflags
enum { PEEK = 1, DATA_TRUNCATED = 1 }; // riflags, roflags

_Static_assert(sizeof(struct linux_iovec) == sizeof(struct p1_iovec), "iovec");

int host_accept(int hfd) {
    int accepted = -1;
    uint32_t error = p1_sock_accept(hfd, NONBLOCK, &accepted);
    return error ? p1_error(error) : accepted < 0 ? -EIO : accepted;
}

static size_t all_of(const struct linux_iovec *vectors, size_t count) {
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += vectors[i].size;
    return size;
}

long host_receive(int hfd, const struct linux_iovec *vectors, size_t count, int peek,
                  int *truncated) {
    size_t done = 0;
    uint16_t flags = 0;
    uint32_t error =
        p1_sock_recv(hfd, (const struct p1_iovec *)vectors, count, peek ? PEEK : 0, &done, &flags);
    *truncated = flags & DATA_TRUNCATED;
    return error ? p1_error(error) : done > all_of(vectors, count) ? -EIO : (long)done;
}

long host_transmit(int hfd, const struct linux_iovec *vectors, size_t count) {
    size_t done = 0;
    uint32_t error = p1_sock_send(hfd, (const struct p1_iovec *)vectors, count, 0, &done);
    return error ? p1_error(error) : done > all_of(vectors, count) ? -EIO : (long)done;
}

int host_shut(int hfd, int how) {
    return p1_error(p1_sock_shutdown(hfd, (uint32_t)how));
}

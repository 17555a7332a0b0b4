// Datagrams between boxes: sockets in the folders of their networks, as those that listen are.
//
// Invariants
// 1. A socket of the box has one end on each network at most; what comes by any of them comes by
//    the socket's one number.
// 2. What is from no member's place on that network is dropped; where there is no room, or nobody,
//    a datagram is lost, as on any network.
#define _GNU_SOURCE
#include "net.h"
#include "net_peers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

// Ports of ends that no program has bound: above those that the kernel gives.
enum { LONGEST = 65507, FIRST_PORT = 61000, LAST_PORT = 65535, DROPPED = 16 };
static const char KIND[] = "u";

// ports: 0: there is no end. is_bound: a program has bound the port.
struct peer_ends {
    int fds[MOST_NETWORKS];
    uint16_t ports[MOST_NETWORKS];
    uint8_t is_bound;
};

static struct peer_ends *ends_of(struct net_socket *socket) {
    if (!socket->ends)
        socket->ends = calloc(1, sizeof *socket->ends);
    return socket->ends;
}

static int bind_at(const struct boxer_membership *own, int fd, uint16_t port) {
    struct sockaddr_un place;
    peers_place(own, own->address, KIND, port, &place);
    return bind(fd, (struct sockaddr *)&place, sizeof place) < 0 ? errno : 0;
}

static void unbind(const struct boxer_membership *own, uint16_t port) {
    struct sockaddr_un place;
    peers_place(own, own->address, KIND, port, &place);
    unlink(place.sun_path);
}

// A port that is asked for is had: one that was killed may have left its place.
static int bind_end(const struct boxer_membership *own, int fd, uint16_t *port) {
    int error = EADDRINUSE;
    if (*port) {
        unbind(own, *port);
        return bind_at(own, fd, *port);
    }
    for (uint32_t other = FIRST_PORT; error == EADDRINUSE && other <= LAST_PORT; other++) {
        *port = (uint16_t)other;
        error = bind_at(own, fd, *port);
    }
    return error;
}

// port: 0: any. An errno.
static int open_end(struct net *net, struct net_socket *made, uint32_t n, uint16_t port) {
    struct peer_ends *ends = ends_of(made);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET,
                                .data.u32 = NET_FIRST + (uint32_t)(made - net->sockets)};
    if (!ends || ends->ports[n])
        return ends ? 0 : ENOBUFS;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int error = bind_end(&net->peers.of[n], fd, &port);
    if (!error && epoll_ctl(net->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        error = ENOBUFS;
    if (error) {
        close(fd);
        return error;
    }
    ends->fds[n] = fd;
    ends->ports[n] = port;
    return 0;
}

int ends_listen(struct net *net, struct net_socket *socket, uint16_t port) {
    int error = 0;
    for (uint32_t n = 0; n < net->peers.count && !error; n++)
        error = open_end(net, socket, n, port);
    if (!error)
        socket->ends->is_bound = 1;
    return error;
}

int ends_have(const struct net *net, uint16_t port) {
    for (uint32_t place = 0; place < net->room; place++) {
        const struct peer_ends *ends = net->sockets[place].ends;
        if (ends && ends->is_bound && ends->ports[0] == port)
            return 1;
    }
    return 0;
}

int ends_send(struct net *net, struct net_socket *socket, const struct endpoint *to,
              const struct iovec *pieces, size_t count, uint64_t *sent) {
    const struct boxer_membership *own = peers_of(&net->peers, to);
    struct sockaddr_un place;
    uint8_t address[4];
    uint64_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += pieces[i].iov_len;
    if (size > LONGEST || !own || peers_as_ipv4(to, address) < 0)
        return net_error(size > LONGEST ? EMSGSIZE : EACCES);
    uint32_t n = (uint32_t)(own - net->peers.of);
    int error = grants_note_peer(net->grants, PROTOCOL_UDP, NULL, to, own->name);
    if (!error)
        error = open_end(net, socket, n, 0);
    if (error)
        return net_error(error);
    peers_place(own, address, KIND, to->port, &place);
    struct msghdr message = {.msg_name = &place,
                             .msg_namelen = sizeof place,
                             .msg_iov = (struct iovec *)pieces,
                             .msg_iovlen = count};
    sendmsg(socket->ends->fds[n], &message, MSG_DONTWAIT | MSG_NOSIGNAL); // or it is lost
    *sent = size;
    return WASI_SUCCESS;
}

// Whose place it is: ../ADDRESS/uPORT. 0, or -1.
static int read_place(const struct sockaddr_un *place, socklen_t size, struct endpoint *from) {
    char path[sizeof place->sun_path + 1] = "", address[INET_ADDRSTRLEN];
    unsigned port;
    if (size > offsetof(struct sockaddr_un, sun_path) && size <= sizeof *place)
        memcpy(path, place->sun_path, size - offsetof(struct sockaddr_un, sun_path));
    char *last = strrchr(path, '/');
    if (!last)
        return -1;
    *last = 0;
    const char *text = strrchr(path, '/');
    *from = (struct endpoint){.family = 4};
    if (!text || sscanf(text + 1, "%15s", address) != 1 ||
        inet_pton(AF_INET, address, from->address) != 1 || sscanf(last + 1, "u%u", &port) != 1 ||
        !port || port > UINT16_MAX)
        return -1;
    from->port = (uint16_t)port;
    return 0;
}

// What waits at one end.
static int receive_at(struct net *net, const struct net_socket *socket, uint32_t n,
                      struct msghdr *message, int peek, struct endpoint *from, uint64_t *got) {
    int fd = socket->ends->fds[n];
    for (int i = 0; i < DROPPED; i++) {
        struct sockaddr_un place = {0};
        message->msg_name = &place;
        message->msg_namelen = sizeof place;
        ssize_t size = recvmsg(fd, message, MSG_DONTWAIT | (peek ? MSG_PEEK : 0));
        if (size < 0)
            return WASI_AGAIN;
        *got = (uint64_t)size;
        if (read_place(&place, message->msg_namelen, from) == 0 &&
            peers_of(&net->peers, from) == &net->peers.of[n])
            return WASI_SUCCESS;
        if (peek) // it must not stay the first
            recv(fd, NULL, 0, MSG_DONTWAIT);
    }
    net_tell_again(net, socket, fd, EPOLLIN | EPOLLET);
    return WASI_AGAIN;
}

int ends_receive(struct net *net, struct net_socket *socket, struct msghdr *message, int peek,
                 struct endpoint *from, uint64_t *got) {
    for (uint32_t n = 0; socket->ends && n < net->peers.count; n++) {
        if (!socket->ends->ports[n])
            continue;
        int error = receive_at(net, socket, n, message, peek, from, got);
        if (error != WASI_AGAIN)
            return error;
    }
    return WASI_AGAIN;
}

void ends_close(struct net *net, struct net_socket *socket) {
    for (uint32_t n = 0; socket->ends && n < net->peers.count; n++)
        if (socket->ends->ports[n]) {
            unbind(&net->peers.of[n], socket->ends->ports[n]);
            close(socket->ends->fds[n]);
        }
    free(socket->ends);
}

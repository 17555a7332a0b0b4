// Datagrams: an address in front of each, both ways (abi/boot.toml: net_address).
//
// Invariant: one goes out to whom the policy grants it, or, from a published port, to one of the
// last that were heard there; one comes in from those, or at a published port from anybody. Those
// of networks of boxes have ends of their own (net_peer_datagrams.c).
#define _GNU_SOURCE
#include "net.h"
#include "net_peers.h"

#include "../guest/include/boxer/boot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum { LONGEST = 65507, TRIES = 16 };

static int is_same(const struct endpoint *a, const struct endpoint *b) {
    return a->family == b->family && a->port == b->port &&
           memcmp(a->address, b->address, a->family == 4 ? 4 : 16) == 0;
}

static int is_loopback(const struct endpoint *to) {
    static const uint8_t loopback6[16] = {[15] = 1};
    return to->family == 4 ? to->address[0] == 127 : memcmp(to->address, loopback6, 16) == 0;
}

static int has_heard(const struct net_socket *socket, const struct endpoint *from) {
    for (uint32_t i = 0; i < socket->heard_count; i++)
        if (is_same(&socket->heard[i], from))
            return 1;
    return 0;
}

static int note_heard(struct net *net, struct net_socket *socket, const struct endpoint *from) {
    if (has_heard(socket, from))
        return 1;
    grants_note_came(net->grants, PROTOCOL_UDP, from, socket->box_port, NULL);
    if (!socket->heard && !(socket->heard = calloc(MOST_HEARD, sizeof *socket->heard)))
        return 0;
    socket->heard[socket->heard_at++ % MOST_HEARD] = *from;
    if (socket->heard_count < MOST_HEARD)
        socket->heard_count++;
    return 1;
}

static int read_address(const struct net_pieces *pieces, struct endpoint *to) {
    struct boxer_net_address address;
    if (pieces->count < 1 || pieces->list[0].iov_len != sizeof address)
        return EINVAL;
    memcpy(&address, pieces->list[0].iov_base, sizeof address);
    if ((address.family != 4 && address.family != 6) || address.port > UINT16_MAX)
        return EINVAL;
    *to = (struct endpoint){
        .scope = address.scope, .port = (uint16_t)address.port, .family = (uint8_t)address.family};
    memcpy(to->address, address.address, sizeof to->address);
    return 0;
}

int net_send_datagram(struct net *net, struct net_socket *socket, const struct net_pieces *pieces,
                      uint64_t *moved) {
    struct endpoint to, real;
    struct sockaddr_storage address;
    int error = read_address(pieces, &to);
    if (error)
        return net_error(error);
    uint64_t sent_there = 0;
    if (socket->published && has_heard(socket, &to))
        real = to;
    else if (peers_of(&net->peers, &to)) {
        error =
            ends_send(net, socket, &to, &pieces->list[1], (size_t)pieces->count - 1, &sent_there);
        *moved = sizeof(struct boxer_net_address) + sent_there;
        return error ? error : net_count(net, sent_there, 0);
    } else if (is_loopback(&to))
        return WASI_ACCES; // the box's own, where nobody was: no matter of the policy
    else if ((error = grants_may_connect(net->grants, PROTOCOL_UDP, &to, &real)))
        return net_error(error);
    if (real.family != socket->family)
        return net_error(EAFNOSUPPORT);
    struct msghdr message = {
        .msg_name = &address,
        .msg_namelen = net_sockaddr(&real, socket->family, &address),
        .msg_iov = (struct iovec *)&pieces->list[1],
        .msg_iovlen = (size_t)pieces->count - 1,
    };
    ssize_t sent = sendmsg(socket->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return net_error(errno);
    *moved = sizeof(struct boxer_net_address) + (uint64_t)sent;
    return net_count(net, (uint64_t)sent, 0);
}

// Whether the box may have it; from: as it is shown there.
static int may_hear(struct net *net, struct net_socket *socket, const struct endpoint *real,
                    struct endpoint *from) {
    *from = *real;
    return socket->published ? note_heard(net, socket, real)
                             : grants_may_hear(net->grants, real, from);
}

// The next one of the host's network.
static int receive_outer(struct net *net, struct net_socket *socket, struct msghdr *message,
                         int peek, struct endpoint *from, uint64_t *got) {
    for (int i = 0; i < TRIES; i++) {
        struct sockaddr_storage address;
        struct endpoint real;
        message->msg_name = &address;
        message->msg_namelen = sizeof address;
        ssize_t size = recvmsg(socket->fd, message, MSG_DONTWAIT | (peek ? MSG_PEEK : 0));
        if (size < 0 && errno != EAGAIN)
            continue; // what ICMP said of another datagram
        if (size < 0)
            return WASI_AGAIN;
        net_endpoint(&address, &real);
        *got = (uint64_t)size;
        if (may_hear(net, socket, &real, from))
            return WASI_SUCCESS;
        if (peek) // it must not stay the first
            recv(socket->fd, NULL, 0, MSG_DONTWAIT);
    }
    net_tell_again(net, socket, socket->fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET);
    return WASI_AGAIN;
}

int net_receive_datagram(struct net *net, struct net_socket *socket, struct net_pieces *pieces,
                         int peek, uint64_t *moved, int *truncated) {
    struct boxer_net_address shown;
    struct endpoint from;
    uint64_t got = 0;
    if (pieces->count < 1 || pieces->list[0].iov_len != sizeof shown)
        return net_error(EINVAL);
    struct msghdr message = {.msg_iov = &pieces->list[1], .msg_iovlen = (size_t)pieces->count - 1};
    int error = ends_receive(net, socket, &message, peek, &from, &got);
    if (error == WASI_AGAIN)
        error = receive_outer(net, socket, &message, peek, &from, &got);
    if (error)
        return error;
    net_tell(&from, (uint8_t *)&shown);
    memcpy(pieces->list[0].iov_base, &shown, sizeof shown);
    *truncated = (message.msg_flags & MSG_TRUNC) != 0;
    *moved = sizeof shown + got;
    return peek ? WASI_SUCCESS : net_count(net, 0, got);
}

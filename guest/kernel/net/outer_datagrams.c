// Datagrams from and to what lies beyond the box.
//
// Invariants
// 1. A socket has at most one door for what it sends of each family; those of published ports come
//    first.
// 2. A datagram the host has no room for is lost, as on any network.
#include "net/inet.h"
#include "net/outer_datagrams.h"
#include "net/outer_listen.h"
#include "net/outer_name.h"
#include "host/host.h"
#include "net/queue.h"
#include "outside/outside.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_iovec.h>
#include <boxer/linux_socket.h>
#include <string.h>

enum { VECTORS = 15 };

static struct outside *open_door(uint32_t family, uint32_t port, uint32_t number) {
    struct boxer_net_reply reply;
    struct boxer_net_request request = {.kind = BOXER_NET_DATAGRAMS,
                                        .protocol = LINUX_IPPROTO_UDP,
                                        .family = family,
                                        .port = port,
                                        .value = number};
    if (outside_request(&request, NULL, 0, &reply, sizeof reply))
        return NULL;
    struct outside *door = outside_new((int)reply.descriptor);
    if (door)
        door->family = port ? (int)reply.value : (int)family;
    return door;
}

void outer_bind(struct socket *socket) {
    if (!outside_is_granted() || !outer_is_wildcard(&socket->local))
        return;
    for (uint32_t number = 0; socket->door_count < DOORS_MOST; number++) {
        struct outside *door = open_door(0, inet_port(socket), number);
        if (!door)
            return;
        socket->doors[socket->door_count++] = door;
    }
}

void outer_set_own(struct socket *socket, const struct name *remote) {
    struct boxer_net_address peer;
    outer_tell(remote, &peer);
    if (outer_is_wildcard(&socket->local))
        socket->local = outer_own(&peer, inet_port(socket), socket->family);
}

static struct outside *door_of(struct socket *socket, uint32_t family) {
    for (unsigned i = 0; i < socket->door_count; i++)
        if ((uint32_t)socket->doors[i]->family == family)
            return socket->doors[i];
    struct outside *door = socket->door_count < DOORS_MOST ? open_door(family, 0, 0) : NULL;
    if (door)
        socket->doors[socket->door_count++] = door;
    return door;
}

// The address, and what the message has of memory behind it.
static size_t with_address(struct boxer_net_address *address, const struct message *message,
                           struct linux_iovec *vectors) {
    if (message->count > VECTORS)
        return 0;
    vectors[0] = (struct linux_iovec){address, sizeof *address};
    if (message->count)
        memcpy(vectors + 1, message->vectors, message->count * sizeof *vectors);
    return message->count + 1;
}

long outer_send_to(struct socket *socket, const struct message *message, const struct name *to) {
    struct boxer_net_address address;
    struct linux_iovec vectors[VECTORS + 1];
    outer_tell(to, &address);
    struct outside *door = door_of(socket, address.family);
    size_t count = with_address(&address, message, vectors);
    if (!door || !count)
        return door ? -EMSGSIZE : -ENETUNREACH;
    long sent = host_transmit(door->hfd, vectors, count);
    return sent < 0 && sent != -EAGAIN ? sent : (long)message->size;
}

static int is_from_peer(const struct socket *socket, const struct name *from) {
    return !socket->connected ||
           (from->size == socket->remote.size && from->in.port == socket->remote.in.port &&
            (socket->family == LINUX_AF_INET
                 ? from->in.address == socket->remote.in.address
                 : memcmp(from->in6.address, socket->remote.in6.address, 16) == 0));
}

static long receive_at(struct socket *socket, struct outside *door, struct message *message) {
    struct boxer_net_address address;
    struct linux_iovec vectors[VECTORS + 1];
    size_t count = with_address(&address, message, vectors);
    int truncated, peek = message->flags & LINUX_MSG_PEEK;
    if (!count)
        return -EMSGSIZE;
    for (;;) {
        long got = host_receive(door->hfd, vectors, count, peek, &truncated);
        if (got == -EAGAIN)
            door->bits &= ~(uint32_t)OUTSIDE_READABLE;
        else if (got >= 0 && !peek)
            outside_took(door);
        if (got < (long)sizeof address)
            return got < 0 ? got : -EIO;
        message->from = outer_name(&address, socket->family);
        if (is_from_peer(socket, &message->from)) {
            message->out_flags |= truncated ? LINUX_MSG_TRUNC : 0;
            return got - (long)sizeof address;
        }
        if (peek) // it is not for this socket: out of the way
            host_receive(door->hfd, vectors, 1, 0, &truncated);
    }
}

long outer_receive_from(struct socket *socket, struct message *message) {
    if (!outer_is_knocked(socket))
        outside_look();
    for (unsigned i = 0; i < socket->door_count; i++) {
        if (!(outside_bits(socket->doors[i]) & OUTSIDE_READABLE))
            continue;
        long got = receive_at(socket, socket->doors[i], message);
        if (got != -EAGAIN)
            return got;
    }
    return -EAGAIN;
}

int outer_may_know(const struct name *name) {
    struct boxer_net_address address;
    outer_tell(name, &address);
    struct boxer_net_request request = {.kind = BOXER_NET_CONNECT,
                                        .protocol = LINUX_IPPROTO_UDP,
                                        .family = address.family,
                                        .port = address.port,
                                        .scope = address.scope};
    memcpy(request.address, address.address, sizeof request.address);
    return outside_request(&request, NULL, 0, NULL, 0);
}

// Listeners that the host has a port for.
#include "net/inet.h"
#include "net/outer_listen.h"
#include "host/host.h"
#include "net/outer_name.h"
#include "outside/outside.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_socket.h>
#include <string.h>

static struct outside *door_of(const struct socket *socket, uint32_t number) {
    struct boxer_net_reply reply;
    struct boxer_net_request request = {.kind = BOXER_NET_LISTEN,
                                        .protocol = LINUX_IPPROTO_TCP,
                                        .port = inet_port(socket),
                                        .option = socket->backlog,
                                        .value = number};
    if (!outside_is_granted())
        return number ? NULL : outside_inherited(inet_port(socket));
    int error = outside_request(&request, NULL, 0, &reply, sizeof reply);
    struct outside *door = error ? NULL : outside_new((int)reply.descriptor);
    if (door)
        door->family = (int)reply.value;
    return door;
}

// Whether what comes by a door is of the socket's own kind: of two sockets for one port, one for
// each protocol (as asyncio opens them), each has its own connections.
static int fits(const struct socket *socket, const struct outside *door) {
    if (door->family == 6)
        return socket->family == LINUX_AF_INET6;
    return door->family != 4 || !socket->v6_only;
}

unsigned outer_listen(struct socket *socket) {
    if (socket->door_count || !(outside_gives_lives() || outer_is_wildcard(&socket->local)))
        return socket->door_count;
    while (socket->door_count < DOORS_MOST) {
        struct outside *door = door_of(socket, socket->door_count);
        if (!door)
            break;
        if (door->refs == 1 || (fits(socket, door) && !fits(door->turn, door)))
            door->turn = socket;
        socket->doors[socket->door_count++] = door;
    }
    return socket->door_count;
}

static int has_door(const struct socket *socket, const struct outside *door) {
    for (unsigned i = 0; i < socket->door_count; i++)
        if (socket->doors[i] == door)
            return 1;
    return 0;
}

// The next socket behind this one, around all, that has the door, too, and rather one that fits.
static void pass_turn(const struct socket *socket, struct outside *door) {
    const struct socket *next = socket, *other = NULL;
    do {
        next = next->next ? next->next : all_sockets;
        if (next != socket && has_door(next, door) && !other)
            other = next;
    } while (next != socket && !(has_door(next, door) && fits(next, door)));
    door->turn =
        next == socket && other && !(has_door(socket, door) && fits(socket, door)) ? other : next;
}

void outer_unlisten(struct socket *socket) {
    while (socket->door_count) {
        struct outside *door = socket->doors[--socket->door_count];
        if (door->refs > 1)
            pass_turn(socket, door);
        outside_put(door);
    }
}

// Both names of a connection that was just accepted. Without a control descriptor nobody can say.
static void set_names(const struct socket *listener, struct socket *server) {
    struct boxer_net_reply reply = {0};
    struct boxer_net_address peer = {.family = listener->family == LINUX_AF_INET ? 4 : 6};
    struct linux_iovec vector = {&reply, sizeof reply};
    int truncated;
    if (outside_is_granted() &&
        host_receive(outside_control(), &vector, 1, 0, &truncated) == (long)sizeof reply)
        memcpy(&peer, reply.peer, sizeof peer);
    server->remote = outer_name(&peer, server->family);
    server->local = outer_own(&peer, inet_port(listener), server->family);
}

static int welcome(struct socket *listener, int hfd, struct socket **accepted) {
    struct outside *outside = outside_new(hfd);
    struct socket *server =
        outside ? socket_new(listener->family, listener->type, listener->protocol) : NULL;
    if (!server) {
        if (outside)
            outside_put(outside);
        return -ENOBUFS;
    }
    outside->bits = OUTSIDE_WRITABLE | OUTSIDE_UNTRIED;
    server->outside = outside;
    server->connected = server->accepted = 1;
    server->receive_limit = listener->receive_limit;
    server->send_limit = listener->send_limit;
    server->linger = listener->linger;
    set_names(listener, server);
    *accepted = server;
    return 0;
}

// A connection that waits at a shared door is its one socket's whose turn it is: as if it had come
// to that one's queue.
static int is_own(const struct socket *socket, const struct outside *door) {
    return door->refs == 1 || door->turn == socket;
}

int outer_is_knocked(const struct socket *socket) {
    for (unsigned i = 0; i < socket->door_count; i++)
        if (is_own(socket, socket->doors[i]) &&
            (outside_sure_bits(socket->doors[i]) & OUTSIDE_READABLE))
            return 1;
    return 0;
}

int outer_accept(struct socket *listener, struct socket **accepted) {
    if (listener->door_count && !outer_is_knocked(listener))
        outside_look();
    for (unsigned i = 0; i < listener->door_count; i++) {
        struct outside *door = listener->doors[i];
        if (!is_own(listener, door) || !(outside_bits(door) & OUTSIDE_READABLE))
            continue;
        int hfd = host_accept(door->hfd);
        if (hfd >= 0)
            outside_took(door);
        if (hfd >= 0 && door->refs > 1)
            pass_turn(listener, door);
        if (hfd >= 0)
            return welcome(listener, hfd, accepted);
        if (hfd != -EAGAIN)
            return hfd;
        door->bits &= ~(uint32_t)OUTSIDE_READABLE;
    }
    return -EAGAIN;
}

// The time that connections have: until they stand, and without a byte.
//
// Invariant: one whose time is over is reset; its next call says ETIMEDOUT, those behind it what
// they say of any connection that has ended.
#define _GNU_SOURCE
#include "net.h"

#include <errno.h>
#include <sys/socket.h>

enum { SWEEP_NS = 100000000 };

void net_touch(struct net *net, struct net_socket *socket) {
    socket->since_ns = net->swept_ns;
}

static void end(struct net *net, struct net_socket *socket, const char *limit) {
    struct sockaddr none = {.sa_family = AF_UNSPEC};
    grants_expired(net->grants, limit, &socket->to);
    socket->error = ETIMEDOUT;
    socket->is_connecting = 0;
    socket->is_over = 1;
    connect(socket->fd, &none, sizeof none);
}

void net_sweep(struct boxer_machine *machine) {
    struct net *net = machine->net;
    if (!net || !machine->run->network)
        return;
    uint64_t now = now_ns();
    if (now - net->swept_ns < SWEEP_NS)
        return;
    net->swept_ns = now;
    const struct network_limits *limits = policy_limits(machine->run->network->policy);
    if (!limits->connect_ns && !limits->idle_ns)
        return;
    for (uint32_t place = 0; place < net->room; place++) {
        struct net_socket *socket = &net->sockets[place];
        if (socket->kind != NET_STREAM || socket->is_over)
            continue;
        uint64_t passed = now - socket->since_ns;
        if (socket->is_connecting && limits->connect_ns && passed > limits->connect_ns)
            end(net, socket, "connect_time");
        else if (!socket->is_connecting && limits->idle_ns && passed > limits->idle_ns)
            end(net, socket, "idle_time");
    }
}

// Loopback addresses and ports of AF_INET and AF_INET6.
//
// Invariants
// 1. Inside, every address is an IPv6 one: IPv4 a.b.c.d is ::ffff:a.b.c.d. TCP and UDP have their
//    own ports.
// 2. Only loopback (127.0.0.0/8, ::1) and the wildcards are local; the rest of the world is
//    unreachable until the host grants network.
// 3. Ports below 1024 need no privilege: what container engines set (ip_unprivileged_port_start=0).
#include "net/inet.h"
#include "net/outer_datagrams.h"
#include "net/socket.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_socket.h>
#include <string.h>

#define EPHEMERAL_FIRST 32768u // net.ipv4.ip_local_port_range
#define EPHEMERAL_LAST 60999u

struct endpoint {
    uint8_t ip[16];
    uint16_t port; // host order
};

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
static const uint8_t loopback6[16] = {[15] = 1};
static KERNEL_STATE uint16_t next_port = EPHEMERAL_FIRST;

static uint16_t swap(uint16_t value) {
    return (uint16_t)(value << 8 | value >> 8);
}

uint16_t inet_port(const struct socket *socket) {
    return swap(socket->local.in.port);
}

static struct endpoint endpoint_of(const struct name *name) {
    struct endpoint point = {.port = swap(name->in.port)};
    if (name->family == LINUX_AF_INET6) {
        memcpy(point.ip, name->in6.address, sizeof point.ip);
    } else {
        memcpy(point.ip, mapped_prefix, sizeof mapped_prefix);
        memcpy(point.ip + 12, &name->in.address, 4);
    }
    return point;
}

static int is_mapped(const struct endpoint *point) {
    return memcmp(point->ip, mapped_prefix, sizeof mapped_prefix) == 0;
}

static int is_any(const struct endpoint *point) {
    static const uint8_t zeros[16];
    return is_mapped(point) ? memcmp(point->ip + 12, zeros, 4) == 0
                            : memcmp(point->ip, zeros, 16) == 0;
}

static int is_loopback(const struct endpoint *point) {
    return is_mapped(point) ? point->ip[12] == 127 : memcmp(point->ip, loopback6, 16) == 0;
}

void inet_address(const struct name *name, uint8_t address[16]) {
    struct endpoint point = endpoint_of(name);
    if (is_any(&point) && is_mapped(&point))
        memcpy(point.ip + 12, (uint8_t[4]){127, 0, 0, 1}, 4);
    else if (is_any(&point))
        memcpy(point.ip, loopback6, sizeof point.ip);
    memcpy(address, point.ip, sizeof point.ip);
}

int inet_is_mapped(const uint8_t address[16]) {
    return memcmp(address, mapped_prefix, sizeof mapped_prefix) == 0;
}

static struct name name_of(const struct endpoint *point, int family) {
    struct name name = {0};
    if (family == LINUX_AF_INET) {
        name.size = sizeof name.in;
        name.in = (struct linux_sockaddr_in){.family = LINUX_AF_INET, .port = swap(point->port)};
        memcpy(&name.in.address, point->ip + 12, 4);
    } else {
        name.size = sizeof name.in6;
        name.in6 = (struct linux_sockaddr_in6){.family = LINUX_AF_INET6, .port = swap(point->port)};
        memcpy(name.in6.address, point->ip, 16);
    }
    return name;
}

int inet_name(const struct socket *socket, const void *address, uint32_t size, struct name *name) {
    uint16_t family;
    if (size < sizeof family)
        return -EINVAL;
    memcpy(&family, address, sizeof family);
    *name = (struct name){0};
    if (family == LINUX_AF_UNSPEC) {
        name->family = family;
        return 0;
    }
    // An IPv6 datagram socket may be given plain IPv4 addresses to send to on Linux; a stream may
    // not.
    if (family != socket->family)
        return -EAFNOSUPPORT;
    uint32_t least = family == LINUX_AF_INET ? sizeof name->in : 24; // SIN6_LEN_RFC2133: no scope
    uint32_t most = family == LINUX_AF_INET ? sizeof name->in : sizeof name->in6;
    if (size < least)
        return -EINVAL;
    memcpy(&name->in, address, size < most ? size : most);
    name->size = most;
    if (family == LINUX_AF_INET)
        memset(name->in.zero, 0, sizeof name->in.zero);
    return 0;
}

// Whether a socket bound to `bound` is reached through `point`'s address.
static int covers(const struct socket *socket, const struct endpoint *bound,
                  const struct endpoint *point) {
    if (is_any(bound)) {
        if (is_mapped(bound))
            return is_mapped(point);
        return !(socket->v6_only && is_mapped(point));
    }
    return memcmp(bound->ip, point->ip, 16) == 0;
}

// Each protocol has its own ports.
static int is_candidate(const struct socket *socket, const struct socket *other) {
    return socket->family != LINUX_AF_UNIX && socket->protocol == other->protocol &&
           socket->local.size != 0;
}

static int taken(const struct socket *socket, const struct endpoint *point) {
    for (struct socket *other = all_sockets; other; other = other->next) {
        if (other == socket || !is_candidate(other, socket))
            continue;
        // The server's end of a connection does not hold the port.
        if (other->connected && !socket_is_datagram(other))
            continue;
        struct endpoint bound = endpoint_of(&other->local);
        if (bound.port != point->port)
            continue;
        if (!covers(other, &bound, point) && !covers(socket, point, &bound))
            continue;
        if (socket->reuse_port && other->reuse_port)
            continue;
        int both = socket->reuse_address && other->reuse_address;
        if (!both || (other->listening && !socket_is_datagram(other)))
            return 1;
    }
    return 0;
}

static int pick_port(struct socket *socket, struct endpoint *point) {
    for (unsigned tries = 0; tries <= EPHEMERAL_LAST - EPHEMERAL_FIRST; tries++) {
        point->port = next_port;
        next_port = next_port == EPHEMERAL_LAST ? EPHEMERAL_FIRST : (uint16_t)(next_port + 1);
        int reuse = socket->reuse_address;
        socket->reuse_address = 0; // a picked port is nobody else's
        int used = taken(socket, point);
        socket->reuse_address = reuse;
        if (!used) {
            socket->port_is_any = 1;
            return 0;
        }
    }
    return -EADDRINUSE;
}

int inet_bind(struct socket *socket, const struct name *name) {
    if (name->family == LINUX_AF_UNSPEC)
        return -EAFNOSUPPORT;
    if (socket->local.size)
        return -EINVAL;
    struct endpoint point = endpoint_of(name);
    if (!is_any(&point) && !is_loopback(&point))
        return -EADDRNOTAVAIL;
    if (point.port ? taken(socket, &point) : pick_port(socket, &point) != 0)
        return -EADDRINUSE;
    socket->local = name_of(&point, socket->family);
    if (socket_is_datagram(socket))
        outer_bind(socket);
    return 0;
}

int inet_autobind(struct socket *socket) {
    if (socket->local.size)
        return 0;
    struct endpoint any = {0};
    if (socket->family == LINUX_AF_INET)
        memcpy(any.ip, mapped_prefix, sizeof mapped_prefix);
    int error = pick_port(socket, &any);
    if (!error)
        socket->local = name_of(&any, socket->family);
    return error ? -EAGAIN : 0;
}

// To the wildcard means to this machine, as on Linux.
static void reach_wildcard(struct endpoint *point) {
    if (!is_any(point))
        return;
    if (is_mapped(point)) {
        point->ip[12] = 127;
        point->ip[15] = 1;
    } else {
        memcpy(point->ip, loopback6, 16);
    }
}

int inet_find(const struct socket *from, const struct name *to, struct socket **found) {
    *found = NULL;
    if (to->family == LINUX_AF_UNSPEC)
        return -EAFNOSUPPORT;
    struct endpoint point = endpoint_of(to), own = {0};
    reach_wildcard(&point);
    if (!is_loopback(&point) || (from->v6_only && is_mapped(&point)))
        return -ENETUNREACH;
    if (from->local.size)
        own = endpoint_of(&from->local);
    struct socket *best = NULL;
    int best_score = -1;
    for (struct socket *other = all_sockets; other; other = other->next) {
        if (!is_candidate(other, from))
            continue;
        struct endpoint bound = endpoint_of(&other->local);
        if (bound.port != point.port || !covers(other, &bound, &point))
            continue;
        int score = !is_any(&bound);
        if (socket_is_datagram(other) && other->connected) {
            struct endpoint remote = endpoint_of(&other->remote);
            if (remote.port != own.port)
                continue; // connected to somebody else
            score += 2;
        } else if (!socket_is_datagram(other) && !other->listening) {
            continue;
        }
        if (score > best_score) {
            best = other;
            best_score = score;
        }
    }
    *found = best;
    return 0;
}

void inet_names(struct socket *from, struct socket *to, const struct name *name,
                struct name *from_remote, struct name *to_local, struct name *to_remote) {
    struct endpoint server = endpoint_of(name), client = endpoint_of(&from->local);
    reach_wildcard(&server);
    if (is_any(&client)) { // the source address is chosen now: loopback of the server's kind
        memcpy(client.ip, is_mapped(&server) ? mapped_prefix : loopback6, 12);
        memcpy(client.ip + 12, is_mapped(&server) ? (uint8_t[]){127, 0, 0, 1} : loopback6 + 12, 4);
        from->local = name_of(&client, from->family);
    }
    *from_remote = name_of(&server, from->family);
    *to_remote = name_of(&client, to->family);
    if (to != from)
        *to_local = name_of(&server, to->family);
}

// Ancillary data of datagrams: IP_TTL, IP_TOS and IP_PKTINFO (ip(7)), and their likes of IPv6
// (RFC 3542, ipv6(7)).
//
// Invariants
// 1. A datagram carries what its sender's message said, else its socket's options, else Linux's
//    defaults; nothing changes it on the way, since there are no hops.
// 2. A receiver is told only what it has asked for; of a datagram of IPv4 at a socket of IPv6 no
//    more than where it went to.
#include "net/ancillary.h"
#include "net/inet.h"
#include "net/socket.h"

#include <boxer/linux_errno.h>
#include <string.h>

enum {
    IP_TOS = 1,
    IP_TTL = 2,
    IP_PKTINFO = 8,
    IP_RECVTTL = 12,
    IP_RECVTOS = 13,
    IPV6_UNICAST_HOPS = 16,
    IPV6_RECVPKTINFO = 49,
    IPV6_PKTINFO = 50,
    IPV6_RECVHOPLIMIT = 51,
    IPV6_HOPLIMIT = 52,
    IPV6_RECVTCLASS = 66,
    IPV6_TCLASS = 67,
    DEFAULT_HOPS = 64,
    LOOPBACK = 1 // its index
};

struct in_pktinfo {
    int interface;
    uint32_t local, destination;
};

struct in6_pktinfo {
    uint8_t address[16];
    uint32_t interface;
};

static int is_v6(const struct socket *socket) {
    return socket->family == LINUX_AF_INET6;
}

// -1: the default. 0 or -EINVAL.
static int take(struct said *said, const char *data, size_t size, int least) {
    int value;
    if (size != sizeof value)
        return -EINVAL;
    memcpy(&value, data, sizeof value);
    if (value < least || value > 255)
        return -EINVAL;
    *said = (struct said){value >= 0, (uint8_t)(value < 0 ? 0 : value)};
    return 0;
}

// From which address and interface: there is one of each that could be meant.
static int read_packet_info(const struct socket *socket, const char *data, size_t size) {
    uint32_t interface;
    if (size != (is_v6(socket) ? sizeof(struct in6_pktinfo) : sizeof(struct in_pktinfo)))
        return -EINVAL;
    memcpy(&interface, is_v6(socket) ? data + 16 : data, sizeof interface);
    return interface > LOOPBACK ? -ENODEV : 0;
}

int ancillary_read(struct socket *socket, const struct linux_cmsghdr *head, const char *data,
                   size_t size, struct message *message) {
    if (head->level == LINUX_SOL_SOCKET)
        return head->type == LINUX_SCM_RIGHTS || head->type == LINUX_SCM_CREDENTIALS ? 0 : -EINVAL;
    if (!socket_is_datagram(socket) ||
        head->level != (is_v6(socket) ? LINUX_IPPROTO_IPV6 : LINUX_IPPROTO_IP))
        return 0; // another protocol's
    if (head->type == (is_v6(socket) ? IPV6_PKTINFO : IP_PKTINFO))
        return read_packet_info(socket, data, size);
    if (is_v6(socket) && head->type == IPV6_HOPLIMIT)
        return take(&message->ancillary.hops, data, size, -1);
    if (is_v6(socket) && head->type == IPV6_TCLASS)
        return take(&message->ancillary.traffic_class, data, size, -1);
    if (!is_v6(socket) && head->type == IP_TTL)
        return take(&message->ancillary.hops, data, size, 1);
    if (is_v6(socket) || head->type != IP_TOS)
        return -EINVAL;
    int byte = size == 1 ? (uint8_t)*data : 0;
    return size == 1 ? take(&message->ancillary.traffic_class, (char *)&byte, sizeof byte, 0)
                     : take(&message->ancillary.traffic_class, data, size, 0);
}

static uint8_t value_of(struct said said, const struct socket *socket, int name, int otherwise) {
    int level = is_v6(socket) ? LINUX_IPPROTO_IPV6 : LINUX_IPPROTO_IP;
    const struct option *option = socket_option(socket, level, name);
    int value = said.is_said ? said.value : option ? option->value : -1;
    return (uint8_t)(value < 0 ? otherwise : value);
}

struct ancillary ancillary_of(const struct socket *socket, const struct message *message) {
    const struct ancillary *said = &message->ancillary;
    int v6 = is_v6(socket);
    struct ancillary carried = {
        .hops = {1, value_of(said->hops, socket, v6 ? IPV6_UNICAST_HOPS : IP_TTL, DEFAULT_HOPS)},
        .traffic_class = {1, value_of(said->traffic_class, socket, v6 ? IPV6_TCLASS : IP_TOS, 0)}};
    inet_address(message->name ? message->name : &socket->remote, carried.to);
    return carried;
}

static int asks(const struct socket *socket, int level, int name) {
    const struct option *option = socket_option(socket, level, name);
    return option && option->value;
}

static void write_v6(const struct socket *socket, const struct message *message,
                     ancillary_putter put, void *state) {
    int hops = message->ancillary.hops.value, class = message->ancillary.traffic_class.value;
    int mapped = inet_is_mapped(message->ancillary.to);
    if (asks(socket, LINUX_IPPROTO_IPV6, IPV6_RECVPKTINFO)) {
        struct in6_pktinfo info = {.interface = LOOPBACK};
        memcpy(info.address, message->ancillary.to, sizeof info.address);
        put(state, LINUX_IPPROTO_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
    if (mapped)
        return;
    if (asks(socket, LINUX_IPPROTO_IPV6, IPV6_RECVHOPLIMIT))
        put(state, LINUX_IPPROTO_IPV6, IPV6_HOPLIMIT, &hops, sizeof hops);
    if (asks(socket, LINUX_IPPROTO_IPV6, IPV6_RECVTCLASS))
        put(state, LINUX_IPPROTO_IPV6, IPV6_TCLASS, &class, sizeof class);
}

void ancillary_write(const struct socket *socket, const struct message *message,
                     ancillary_putter put, void *state) {
    if (!socket_is_datagram(socket) || !message->ancillary.hops.is_said)
        return; // not of this loopback
    if (is_v6(socket)) {
        write_v6(socket, message, put, state);
        return;
    }
    int hops = message->ancillary.hops.value;
    if (asks(socket, LINUX_IPPROTO_IP, IP_PKTINFO)) {
        struct in_pktinfo info = {.interface = LOOPBACK};
        memcpy(&info.local, message->ancillary.to + 12, sizeof info.local);
        info.destination = info.local;
        put(state, LINUX_IPPROTO_IP, IP_PKTINFO, &info, sizeof info);
    }
    if (asks(socket, LINUX_IPPROTO_IP, IP_RECVTTL))
        put(state, LINUX_IPPROTO_IP, IP_TTL, &hops, sizeof hops);
    if (asks(socket, LINUX_IPPROTO_IP, IP_RECVTOS))
        put(state, LINUX_IPPROTO_IP, IP_TOS, &message->ancillary.traffic_class.value, 1);
}

int ancillary_check_option(int level, int name, int value) {
    int is_hops = level == LINUX_IPPROTO_IP ? name == IP_TTL : name == IPV6_UNICAST_HOPS;
    int is_class = level == LINUX_IPPROTO_IPV6 && name == IPV6_TCLASS;
    if (level == LINUX_IPPROTO_IP && is_hops && value == 0)
        return -EINVAL;
    return (is_hops || is_class) && (value < -1 || value > 255) ? -EINVAL : 0;
}

int ancillary_shown_option(int level, int name, int value) {
    if (value >= 0)
        return value;
    if (level == LINUX_IPPROTO_IP)
        return name == IP_TTL ? DEFAULT_HOPS : value;
    return name == IPV6_UNICAST_HOPS ? DEFAULT_HOPS : name == IPV6_TCLASS ? 0 : value;
}

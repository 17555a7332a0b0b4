// Addresses as programs have them, and as the host's network is told them.
#include "net/outer_name.h"

#include <boxer/linux_socket.h>
#include <string.h>

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
static const uint8_t loopback6[16] = {[15] = 1};
static const uint8_t loopback4[4] = {127, 0, 0, 1};
static const uint8_t host4[4] = {254, 1, 1, 1}; // native/policy.h: host_endpoint

static uint16_t swap(uint32_t value) {
    return (uint16_t)(value << 8 | (value >> 8 & 0xff));
}

void outer_tell(const struct name *name, struct boxer_net_address *to) {
    *to = (struct boxer_net_address){.port = swap(name->in.port)};
    if (name->family == LINUX_AF_INET) {
        to->family = 4;
        memcpy(to->address, &name->in.address, 4);
    } else if (memcmp(name->in6.address, mapped_prefix, sizeof mapped_prefix) == 0) {
        to->family = 4;
        memcpy(to->address, name->in6.address + 12, 4);
    } else {
        to->family = 6;
        to->scope = name->in6.scope;
        memcpy(to->address, name->in6.address, 16);
    }
}

static struct name name4(const uint8_t address[4], uint32_t port) {
    struct name name = {.size = sizeof name.in};
    name.in = (struct linux_sockaddr_in){.family = LINUX_AF_INET, .port = swap(port)};
    memcpy(&name.in.address, address, 4);
    return name;
}

struct name outer_name(const struct boxer_net_address *from, int family) {
    struct name name = {.size = sizeof name.in6};
    if (family == LINUX_AF_INET) {
        if (from->family == 4)
            return name4(from->address, from->port);
        if (memcmp(from->address, mapped_prefix, sizeof mapped_prefix) == 0)
            return name4(from->address + 12, from->port);
        int is_loopback = memcmp(from->address, loopback6, 16) == 0;
        return name4(is_loopback ? loopback4 : host4, from->port);
    }
    name.in6 = (struct linux_sockaddr_in6){.family = LINUX_AF_INET6, .port = swap(from->port)};
    if (from->family == 4) {
        memcpy(name.in6.address, mapped_prefix, sizeof mapped_prefix);
        memcpy(name.in6.address + 12, from->address, 4);
    } else {
        name.in6.scope = from->scope;
        memcpy(name.in6.address, from->address, 16);
    }
    return name;
}

struct name outer_own(const struct boxer_net_address *other, uint32_t port, int family) {
    struct boxer_net_address own = {.family = other->family, .port = port};
    if (own.family == 4)
        memcpy(own.address, loopback4, 4);
    else
        memcpy(own.address, loopback6, 16);
    return outer_name(&own, family);
}

int outer_is_wildcard(const struct name *name) {
    static const uint8_t zeros[16];
    if (name->family == LINUX_AF_INET)
        return name->in.address == 0;
    struct boxer_net_address told;
    outer_tell(name, &told);
    return memcmp(told.address, zeros, 16) == 0;
}

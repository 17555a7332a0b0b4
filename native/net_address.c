// Addresses between the policy, the system and the guest; errors as the guest is told them.
#define _GNU_SOURCE
#include "net.h"

#include "../guest/include/boxer/boot.h"
#include "../guest/include/boxer/preview1_errors.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

unsigned net_sockaddr(const struct endpoint *from, int family, struct sockaddr_storage *to) {
    memset(to, 0, sizeof *to);
    if (family == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)to;
        in->sin_family = AF_INET;
        in->sin_port = htons(from->port);
        memcpy(&in->sin_addr, from->address, 4);
        return sizeof *in;
    }
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)to;
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(from->port);
    in6->sin6_scope_id = from->scope;
    memcpy(&in6->sin6_addr, from->address, 16);
    return sizeof *in6;
}

void net_endpoint(const struct sockaddr_storage *from, struct endpoint *to) {
    *to = (struct endpoint){.family = 4};
    if (from->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)from;
        to->port = ntohs(in->sin_port);
        memcpy(to->address, &in->sin_addr, 4);
    } else if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)from;
        to->port = ntohs(in6->sin6_port);
        if (memcmp(&in6->sin6_addr, mapped, sizeof mapped) == 0) {
            memcpy(to->address, (const uint8_t *)&in6->sin6_addr + 12, 4);
            return;
        }
        to->family = 6;
        to->scope = in6->sin6_scope_id;
        memcpy(to->address, &in6->sin6_addr, 16);
    } else {
        to->family = 0;
    }
}

void net_tell(const struct endpoint *from, uint8_t record[28]) {
    struct boxer_net_address address = {
        .family = from->family, .port = from->port, .scope = from->scope};
    _Static_assert(sizeof address == 28, "of a reply's fields");
    memcpy(address.address, from->address, sizeof address.address);
    memcpy(record, &address, sizeof address);
}

// In preview 1's order; what it has no number for is EIO.
int net_error(int error) {
    static const int errors[] = {PREVIEW1_ERRORS};
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (errors[i] == error)
            return (int)i;
    return error == EHOSTDOWN ? net_error(EHOSTUNREACH) : WASI_IO;
}

// An address with a port, as the host and the guest tell it one another.
#ifndef BOXER_NATIVE_ENDPOINT_H
#define BOXER_NATIVE_ENDPOINT_H

#include <stdint.h>

// family: 4 (the address is the first four bytes) or 6. scope: of a link-local address, 0: none.
// In the order of the network: the address. In the host's: port and scope.
struct endpoint {
    uint8_t address[16];
    uint32_t scope;
    uint16_t port;
    uint8_t family;
};

enum { PROTOCOL_TCP = 6, PROTOCOL_UDP = 17 };

#endif

// The network a run is granted. Pointers are the caller's and outlive the entry.
#ifndef BOXER_NATIVE_NETWORK_H
#define BOXER_NATIVE_NETWORK_H

#include <stdint.h>

struct policy;

enum { MOST_NETWORKS = 8 };

// A socket that is bound and does not listen. protocol: 6 or 17. family: 4 or 6. port: the box's.
struct boxer_listener {
    int32_t descriptor;
    uint32_t protocol, family, port;
};

// A network of boxes that the run is on (net_peers.h). folder: a descriptor. address: the machine's
// own there. prefix: of the network's addresses, 1 to 32.
struct boxer_membership {
    int32_t folder;
    uint32_t prefix;
    uint8_t address[4];
    const char *name;
};

struct boxer_network {
    const struct boxer_listener *listeners;
    uint32_t listener_count;
    int32_t log; // a descriptor; -1: none
    const struct policy *policy;
    const struct boxer_membership *memberships;
    uint32_t membership_count;
};

#endif

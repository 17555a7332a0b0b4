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

// Each connection gets a life of its own, in a process that is a copy of this one (lives.h). most:
// at once. The limits are each life's; UINT64_MAX: none. silence_ns: for which its program may say
// nothing to the connection. grace_ns: that lives under way have when no more are wanted. control:
// a socket: it is written to when the machine waits for its first connection, and no more are
// wanted when its other end is closed. Ports of listeners that are 0 are the one that the program
// listens on first.
struct boxer_lives {
    uint32_t most;
    int32_t control;
    uint64_t time_ns, silence_ns, cpu_ns, output, grace_ns;
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

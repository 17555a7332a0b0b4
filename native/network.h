// The network a run is granted. Pointers are the caller's and outlive the entry.
#ifndef BOXER_NATIVE_NETWORK_H
#define BOXER_NATIVE_NETWORK_H

#include <stdint.h>

struct policy;

// A socket that is bound and does not listen. protocol: 6 or 17. family: 4 or 6. port: the box's.
struct boxer_listener {
    int32_t descriptor;
    uint32_t protocol, family, port;
};

struct boxer_network {
    const struct boxer_listener *listeners;
    uint32_t listener_count;
    int32_t log; // a descriptor; -1: none
    const struct policy *policy;
};

#endif

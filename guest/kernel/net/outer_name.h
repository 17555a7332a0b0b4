// Addresses as programs have them, and as the host's network is told them (abi/boot.toml).
#ifndef KERNEL_NET_OUTER_NAME_H
#define KERNEL_NET_OUTER_NAME_H

#include "net/socket.h"

#include <boxer/boot.h>

// IPv4 in IPv6 is told as IPv4.
void outer_tell(const struct name *, struct boxer_net_address *);
// As a socket of `family` (LINUX_AF_..) is shown it. An IPv6 address that is no IPv4 one has none
// for an IPv4 socket: loopback is loopback, others are the host's, as a container sees its bridge.
struct name outer_name(const struct boxer_net_address *, int family);
// The machine's own: loopback of the kind of `other`, with that port.
struct name outer_own(const struct boxer_net_address *other, uint32_t port, int family);
int outer_is_wildcard(const struct name *);

#endif

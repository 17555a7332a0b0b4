// AF_INET and AF_INET6: reading a caller's address, binding, finding who is bound.
#ifndef KERNEL_NET_INET_H
#define KERNEL_NET_INET_H

#include "net/socket.h"

int inet_name(const struct socket *, const void *address, uint32_t size, struct name *);
int inet_bind(struct socket *, const struct name *);
int inet_autobind(struct socket *);
// As IPv6 says it; a wildcard is where it leads to, loopback.
void inet_address(const struct name *, uint8_t address[16]);
int inet_is_mapped(const uint8_t address[16]); // IPv4's
uint16_t inet_port(const struct socket *);     // in host order
// 0 with *found null when nobody is bound there; -ENETUNREACH beyond loopback.
int inet_find(const struct socket *from, const struct name *to, struct socket **found);
// The names of both ends as `from` reaches `to` at `name`, in the families of the two sockets.
void inet_names(struct socket *from, struct socket *to, const struct name *name,
                struct name *from_remote, struct name *to_local, struct name *to_remote);

#endif

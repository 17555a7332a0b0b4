// AF_UNIX: reading a caller's address, binding, finding who is bound.
#ifndef KERNEL_NET_UNIX_H
#define KERNEL_NET_UNIX_H

#include "net/socket.h"

int unix_name(const void *address, uint32_t size, struct name *);
int unix_bind(struct socket *, const struct name *);
int unix_find(const struct socket *from, const struct name *to, struct socket **found);
void unix_unbind(struct socket *);

#endif

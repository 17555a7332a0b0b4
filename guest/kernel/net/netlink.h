// AF_NETLINK: the names of interfaces.
#ifndef KERNEL_NET_NETLINK_H
#define KERNEL_NET_NETLINK_H

#include "net/socket.h"

long netlink_request(struct socket *, const char *bytes, size_t size);
int netdevice_ioctl(unsigned request, uintptr_t argument);

#endif

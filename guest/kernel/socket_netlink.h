// AF_NETLINK: the names of interfaces.
#ifndef KERNEL_SOCKET_NETLINK_H
#define KERNEL_SOCKET_NETLINK_H

#include "socket.h"

long netlink_request(struct socket *, const char *bytes, size_t size);
int netdevice_ioctl(unsigned request, uintptr_t argument);

#endif

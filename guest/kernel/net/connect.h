// Connections: made, waiting to be accepted, ended.
#ifndef KERNEL_NET_CONNECT_H
#define KERNEL_NET_CONNECT_H

#include "net/socket.h"

int socket_connect(struct socket *, const struct name *);
int socket_accept(struct socket *, struct socket **accepted);
void socket_drop_pending(struct socket *listener);

#endif

// Listeners that the host has a port for.
#ifndef KERNEL_NET_OUTER_LISTEN_H
#define KERNEL_NET_OUTER_LISTEN_H

#include "net/socket.h"

// Takes what the host has for the socket's port: how many listeners.
unsigned outer_listen(struct socket *);
int outer_accept(struct socket *listener, struct socket **accepted);
void outer_unlisten(struct socket *);
int outer_is_knocked(const struct socket *); // something waits at one of its doors

#endif

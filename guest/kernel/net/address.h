// Socket addresses at the caller's side.
#ifndef KERNEL_NET_ADDRESS_H
#define KERNEL_NET_ADDRESS_H

#include "net/socket.h"

int socket_read_name(struct socket *, const void *address, uint32_t size, struct name *);
// Copies as much as *size allows and sets *size to the whole length.
int socket_write_name(const struct socket *, const struct name *, void *address, uint32_t *size);

#endif

// What IP says of a datagram besides its bytes: hop limit, traffic class, where it went to.
#ifndef KERNEL_NET_ANCILLARY_H
#define KERNEL_NET_ANCILLARY_H

#include "net/queue.h"

#include <boxer/linux_socket.h>

// One control message of sendmsg(2) at an AF_INET or AF_INET6 socket: 0 or -EINVAL.
int ancillary_read(struct socket *, const struct linux_cmsghdr *, const char *data, size_t size,
                   struct message *);
// What a datagram carries that this socket sends with that message.
struct ancillary ancillary_of(const struct socket *, const struct message *);
// The control messages that the receiver's options ask for (ip(7), RFC 3542), each handed to `put`.
typedef void (*ancillary_putter)(void *state, int level, int type, const void *data, size_t size);
void ancillary_write(const struct socket *, const struct message *, ancillary_putter, void *state);
// Whether an option of IP may have that value: 0 or -EINVAL.
int ancillary_check_option(int level, int name, int value);
// What is shown of it: -1 means the default.
int ancillary_shown_option(int level, int name, int value);

#endif

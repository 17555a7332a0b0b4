// A datagram that is put together of several messages (MSG_MORE, send(2)).
#ifndef KERNEL_NET_CORKED_H
#define KERNEL_NET_CORKED_H

#include "net/queue.h"

// name: where to, as the first message said; size 0: the peer.
struct corked {
    struct name name;
    struct ancillary ancillary;
    size_t size;
    char data[];
};

// Whether the message is a part of one: more is to come, or has been.
int cork_wants(const struct socket *, const struct message *);
int cork_add(struct socket *, const struct message *); // 0, -EMSGSIZE or -ENOBUFS: none is left
struct corked *cork_take(struct socket *);             // whole, the caller's
void cork_free(struct corked *);
void cork_drop(struct socket *);

#endif

// What was sent and not yet received.
#ifndef KERNEL_NET_QUEUE_H
#define KERNEL_NET_QUEUE_H

#include "net/socket.h"

#include "task/process.h"

#include <boxer/linux_iovec.h>

struct message {
    const struct linux_iovec *vectors;
    size_t count, size; // size: of all vectors
    int flags;
    int waits;               // the caller tries again when there is an event
    const struct name *name; // sending: where to, null: the peer. Receiving: unused
    struct file **files;     // sending: taken over when it succeeds. Receiving: given to the caller
    unsigned file_count;
    struct ancillary ancillary; // ancillary.h
    // Receiving only.
    struct name from;
    struct linux_ucred sender;
    int out_flags;
};
// What sockets of IP have received, and sent, by READING and WRITING: payload, and messages of it.
extern struct transfers loopback[];
long socket_send(struct socket *, struct message *);    // never waits: -EAGAIN
long socket_receive(struct socket *, struct message *); // never waits: -EAGAIN
// From the kernel; from: null, nobody.
int socket_deliver(struct socket *, const struct name *from, const void *bytes, size_t size);
void message_gather(const struct message *, size_t skip, char *to, size_t size);
void socket_drop_queue(struct socket *);
unsigned socket_poll(struct socket *);

#endif

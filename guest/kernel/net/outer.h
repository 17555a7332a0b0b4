// Sockets of the box that have an end in the host's network.
//
// Invariants
// 1. A socket has an `outside` if it is a connection beyond the box, or is being made into one
//    (`reaching`); `doors` if what comes from beyond arrives there too: a listener's, or those that
//    datagrams go through.
// 2. Nothing here waits: -EAGAIN.
// 3. What the host has queued stays there: the kernel copies nothing of it.
#ifndef KERNEL_NET_OUTER_H
#define KERNEL_NET_OUTER_H

#include "net/queue.h"
#include "net/socket.h"

// 0: connected; -EINPROGRESS: not yet; -ECONNREFUSED ..: then it may be tried again.
int outer_connect(struct socket *, const struct name *);
int outer_settle(struct socket *); // the same of one that is under way
int outer_error(struct socket *);  // SO_ERROR, positive
long outer_send(struct socket *, const struct message *);
long outer_receive(struct socket *, struct message *);
unsigned outer_poll(struct socket *);
void outer_shutdown(struct socket *, int how); // SHUT_RECEIVE ..
void outer_set_option(struct socket *, int option, int value);
long outer_queued(struct socket *); // FIONREAD
void outer_close(struct socket *);
// A life ends: who listens will again, in the next.
void outer_freeze(void);
// A life begins: who listens, or is bound, has what the host has for it now.
void outer_thaw(void);
// With whom a connection beyond the box stands; null: there is none.
const struct name *outer_stands(void);

#endif

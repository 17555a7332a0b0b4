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

// outer_listen.c. What the host has for a listener's port, if anything: how many.
unsigned outer_listen(struct socket *);
int outer_accept(struct socket *listener, struct socket **accepted);
void outer_unlisten(struct socket *);
int outer_is_knocked(const struct socket *); // something waits at one of its doors

// outer.c. 0: connected; -EINPROGRESS: not yet; -ECONNREFUSED ..: then it may be tried again.
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

// outer_datagrams.c.
void outer_set_own(struct socket *, const struct name *remote); // its local name, if it has none
void outer_bind(struct socket *); // where the host has its port for it
long outer_send_to(struct socket *, const struct message *, const struct name *);
long outer_receive_from(struct socket *, struct message *);
int outer_may_know(const struct name *); // connect(2): 0 or why not

#endif

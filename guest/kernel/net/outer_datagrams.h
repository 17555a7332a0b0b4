// Datagrams from and to what lies beyond the box.
#ifndef KERNEL_NET_OUTER_DATAGRAMS_H
#define KERNEL_NET_OUTER_DATAGRAMS_H

#include "net/queue.h"
#include "net/socket.h"

void outer_set_own(struct socket *, const struct name *remote); // its local name, if it has none
void outer_bind(struct socket *); // where the host has its port for it
long outer_send_to(struct socket *, const struct message *, const struct name *);
long outer_receive_from(struct socket *, struct message *);
int outer_may_know(const struct name *); // connect(2): 0 or why not

#endif

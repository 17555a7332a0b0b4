// The name server of the box, 127.0.0.11: what it is asked, the host looks up.
//
// Invariants
// 1. It is there only where a network was granted.
// 2. Who asks waits for nothing here; an answer to one who is gone is dropped.
// 3. MOST questions are under way, more fail at once.
#ifndef KERNEL_NET_DNS_H
#define KERNEL_NET_DNS_H

#include "net/queue.h"
#include "net/socket.h"

void dns_freeze(void);
int dns_is(const struct name *);
// A query by datagram: the size of the message, as sent.
long dns_ask(struct socket *from, const struct message *);
// TCP: makes `server`, the other end of a connection, one that answers; and looks at what has come
// there.
void dns_serve(struct socket *server);
void dns_look(struct socket *server);
void dns_forget(struct socket *); // it is being freed

#endif

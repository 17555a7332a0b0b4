// MSG_MORE of UDP (udp(7)): bytes are kept until a message without it sends them as one datagram.
#include "net/corked.h"
#include "mm/slab.h"
#include "net/socket.h"

#include <boxer/linux_errno.h>

#define UDP_MOST 65507u

int cork_wants(const struct socket *socket, const struct message *message) {
    int is_inet = socket->family == LINUX_AF_INET || socket->family == LINUX_AF_INET6;
    return socket->corked || (is_inet && message->flags & LINUX_MSG_MORE);
}

static struct corked *begin(struct socket *socket, const struct message *message) {
    struct corked *corked = kzalloc(sizeof *corked);
    if (!corked)
        return NULL;
    if (message->name)
        corked->name = *message->name;
    corked->ancillary = message->ancillary;
    return socket->corked = corked;
}

int cork_add(struct socket *socket, const struct message *message) {
    struct corked *corked = socket->corked ? socket->corked : begin(socket, message);
    if (!corked)
        return -ENOBUFS;
    if (message->size > UDP_MOST - corked->size) {
        cork_drop(socket);
        return -EMSGSIZE;
    }
    struct corked *longer = krealloc(corked, sizeof *corked + corked->size + message->size);
    if (!longer) {
        cork_drop(socket);
        return -ENOBUFS;
    }
    message_gather(message, 0, longer->data + longer->size, message->size);
    longer->size += message->size;
    socket->corked = longer;
    return 0;
}

struct corked *cork_take(struct socket *socket) {
    struct corked *corked = socket->corked;
    socket->corked = NULL;
    return corked;
}

void cork_free(struct corked *corked) {
    kfree(corked);
}

void cork_drop(struct socket *socket) {
    kfree(socket->corked);
    socket->corked = NULL;
}

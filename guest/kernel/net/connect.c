// connect(2) and accept(2): both ends are in this box, so a connection is made at once.
#include "net/connect.h"
#include "net/dns.h"
#include "net/inet.h"
#include "net/outer.h"
#include "net/outer_datagrams.h"
#include "net/outer_listen.h"
#include "net/socket.h"
#include "net/unix.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_socket.h>

static int disconnect(struct socket *socket) {
    if (!socket_is_datagram(socket))
        return -EINVAL;
    socket->peer = NULL;
    socket->connected = 0;
    socket->remote = (struct name){0};
    return 0;
}

static int connect_datagram(struct socket *socket, const struct name *name) {
    struct socket *to = NULL;
    int error = socket->family == LINUX_AF_UNIX ? unix_find(socket, name, &to)
                                                : inet_find(socket, name, &to);
    int beyond = error == -ENETUNREACH && socket->family != LINUX_AF_UNIX;
    if (beyond ? (error = outer_may_know(name)) : error)
        return error;
    if (socket->family == LINUX_AF_UNIX) {
        if (to->peer && to->peer != socket)
            return -EPERM;
        socket->peer = to;
    } else {
        if ((error = inet_autobind(socket)))
            return error;
        struct name reached = *name, unused;
        if (beyond)
            outer_set_own(socket, name);
        else
            inet_names(socket, socket, name, &reached, &socket->local, &unused);
        socket->remote = reached;
        socket->connected = 1;
        return 0;
    }
    socket->remote = *name;
    socket->connected = 1;
    return 0;
}

static int refuses(const struct socket *socket, const struct socket *listener) {
    if (!listener || !listener->listening || listener->shut & SHUT_RECEIVE)
        return -ECONNREFUSED;
    // Linux keeps one more than it was asked for.
    if (listener->pending_count > listener->backlog)
        return socket->family == LINUX_AF_UNIX ? -EAGAIN : -ETIMEDOUT;
    return 0;
}

static void queue_for_accept(struct socket *listener, struct socket *server) {
    struct socket **link = &listener->pending;
    while (*link)
        link = &(*link)->pending_next;
    *link = server;
    listener->pending_count++;
    listener->came++;
}

// The box's own name server: the other end is the kernel's.
static int connect_to_names(struct socket *socket, const struct name *name) {
    int error = inet_autobind(socket);
    struct socket *server =
        error ? NULL : socket_new(socket->family, socket->type, socket->protocol);
    if (!server)
        return error ? error : -ENOBUFS;
    inet_names(socket, server, name, &socket->remote, &server->local, &server->remote);
    socket_join(socket, server);
    socket->accepted = server->accepted = 1;
    socket->shut = 0;
    dns_serve(server);
    return 0;
}

static int connect_stream(struct socket *socket, const struct name *name) {
    struct socket *listener = NULL;
    if (socket->connected || socket->reaching)
        return socket->reaching ? -EALREADY : -EISCONN;
    if (socket->listening)
        return socket->family == LINUX_AF_UNIX ? -EINVAL : -EISCONN;
    int inet = socket->family != LINUX_AF_UNIX;
    if (inet && dns_is(name))
        return connect_to_names(socket, name);
    int error = inet ? inet_find(socket, name, &listener) : unix_find(socket, name, &listener);
    if (inet && error == -ENETUNREACH)
        return outer_connect(socket, name);
    if (error || (error = refuses(socket, listener)))
        return error;
    if (inet && (error = inet_autobind(socket)))
        return error;
    struct socket *server = socket_new(listener->family, listener->type, listener->protocol);
    if (!server)
        return -ENOBUFS;
    server->receive_limit = listener->receive_limit;
    server->send_limit = listener->send_limit;
    server->pass_credentials = listener->pass_credentials;
    if (inet) {
        struct name local;
        inet_names(socket, server, name, &socket->remote, &local, &server->remote);
        server->local = local;
    } else {
        server->local = listener->local;
        server->remote = socket->local;
        socket->remote = listener->local;
    }
    socket_join(socket, server);
    socket->accepted = 1;
    socket->shut = 0;
    queue_for_accept(listener, server);
    return 0;
}

int socket_connect(struct socket *socket, const struct name *name) {
    if (socket->family == LINUX_AF_NETLINK)
        return 0; // to the kernel, which it always is
    if (name->family == LINUX_AF_UNSPEC)
        return disconnect(socket);
    return socket_is_datagram(socket) ? connect_datagram(socket, name)
                                      : connect_stream(socket, name);
}

int socket_accept(struct socket *listener, struct socket **accepted) {
    if (socket_is_datagram(listener))
        return -EOPNOTSUPP;
    if (!listener->listening)
        return -EINVAL;
    struct socket *server = listener->pending;
    if (!server)
        return listener->shut & SHUT_RECEIVE ? -EINVAL : outer_accept(listener, accepted);
    listener->pending = server->pending_next;
    server->pending_next = NULL;
    server->accepted = 1;
    listener->pending_count--;
    listener->left++;
    *accepted = server;
    return 0;
}

void socket_drop_pending(struct socket *listener) {
    while (listener->pending) {
        struct socket *server = listener->pending;
        listener->pending = server->pending_next;
        socket_free(server);
    }
    listener->pending_count = 0;
}

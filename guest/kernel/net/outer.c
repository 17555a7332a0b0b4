// Connections with what lies beyond the box.
#include "net/outer.h"
#include "net/outer_datagrams.h"
#include "net/outer_listen.h"
#include "host/host.h"
#include "net/outer_name.h"
#include "net/queue.h"
#include "outside/outside.h"
#include "task/signal.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_iovec.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_signal.h>
#include <boxer/linux_socket.h>
#include <string.h>

enum { PEEKED = 4096, SETTLED = OUTSIDE_WRITABLE | OUTSIDE_HUNG_UP | OUTSIDE_FAILED };

static int ask(const struct socket *socket, uint32_t kind, uint32_t option, uint32_t value,
               struct boxer_net_reply *reply) {
    struct boxer_net_request request = {.kind = kind,
                                        .descriptor = (uint32_t)socket->outside->hfd,
                                        .option = option,
                                        .value = value};
    return outside_request(&request, NULL, 0, reply, reply ? sizeof *reply : 0);
}

static void set_names(struct socket *socket, const struct name *to,
                      const struct boxer_net_reply *reply) {
    struct boxer_net_address local, peer;
    memcpy(&local, reply->local, sizeof local);
    outer_tell(to, &peer);
    socket->remote = *to;
    if (!socket->local.size)
        socket->local = outer_own(&peer, local.port, socket->family);
}

int outer_connect(struct socket *socket, const struct name *to) {
    struct boxer_net_reply reply;
    struct boxer_net_address address;
    outer_tell(to, &address);
    struct boxer_net_request request = {.kind = BOXER_NET_CONNECT,
                                        .protocol = LINUX_IPPROTO_TCP,
                                        .family = address.family,
                                        .port = address.port,
                                        .scope = address.scope};
    memcpy(request.address, address.address, sizeof request.address);
    int error = outside_request(&request, NULL, 0, &reply, sizeof reply);
    if (error)
        return error;
    socket->outside = outside_new((int)reply.descriptor);
    if (!socket->outside)
        return -ENOBUFS;
    set_names(socket, to, &reply);
    socket->reaching = 1;
    socket->shut = 0;
    return -EINPROGRESS;
}

static void let_go(struct socket *socket) {
    outside_put(socket->outside);
    socket->outside = NULL;
    socket->remote = (struct name){0};
}

int outer_settle(struct socket *socket) {
    struct boxer_net_reply reply;
    if (!(outside_bits(socket->outside) & SETTLED))
        return -EINPROGRESS;
    int error = ask(socket, BOXER_NET_ERROR, 0, 0, &reply);
    if (!error)
        error = -(int)reply.value;
    if (error == -EINPROGRESS)
        return error;
    socket->reaching = 0;
    if (error)
        let_go(socket);
    else
        socket->connected = 1;
    return error;
}

int outer_error(struct socket *socket) {
    struct boxer_net_reply reply;
    if (socket->reaching) {
        int error = outer_settle(socket);
        return error == -EINPROGRESS ? 0 : -error;
    }
    if (!(outside_bits(socket->outside) & OUTSIDE_FAILED) || !outside_is_granted())
        return 0;
    socket->outside->bits &= ~(uint32_t)OUTSIDE_FAILED;
    return ask(socket, BOXER_NET_ERROR, 0, 0, &reply) ? 0 : (int)reply.value;
}

// Where it is still being connected: what a call on it answers.
static int not_yet(struct socket *socket) {
    int error = socket->reaching ? outer_settle(socket) : 0;
    return error == -EINPROGRESS ? -EAGAIN : error;
}

// Whether to ask the host: who waits for an event has had the answer already.
static int may_try(struct socket *socket, const struct message *message, uint32_t bits) {
    return !message->waits ||
           (outside_bits(socket->outside) & (bits | OUTSIDE_FAILED | OUTSIDE_HUNG_UP)) != 0;
}

static void forget(struct socket *socket, uint32_t bits) {
    socket->outside->bits &= ~(bits | OUTSIDE_UNTRIED);
}

static long broken(const struct message *message) {
    if (!(message->flags & LINUX_MSG_NOSIGNAL))
        signal_raise(LINUX_SIGPIPE);
    return -EPIPE;
}

long outer_send(struct socket *socket, const struct message *message) {
    int error = not_yet(socket);
    if (error)
        return error;
    if (socket->shut & SHUT_SEND)
        return broken(message);
    if (message->size == 0)
        return 0;
    if (!may_try(socket, message, OUTSIDE_WRITABLE))
        return -EAGAIN;
    long sent = host_transmit(socket->outside->hfd, message->vectors, message->count);
    if (sent == -EBADF) // it was of an earlier life
        return -ECONNRESET;
    if (sent == -EAGAIN || (sent >= 0 && sent < HOST_TRANSFER && (size_t)sent < message->size))
        forget(socket, OUTSIDE_WRITABLE);
    else if (sent < 0)
        forget(socket, OUTSIDE_FAILED);
    return sent == -EPIPE ? broken(message) : sent;
}

long outer_receive(struct socket *socket, struct message *message) {
    int truncated, error = not_yet(socket), peek = message->flags & LINUX_MSG_PEEK;
    if (error)
        return error;
    if (message->size == 0)
        return 0;
    if (!(socket->shut & SHUT_RECEIVE) &&
        !may_try(socket, message, OUTSIDE_READABLE | OUTSIDE_ENDED | OUTSIDE_UNTRIED))
        return -EAGAIN;
    long got =
        host_receive(socket->outside->hfd, message->vectors, message->count, peek, &truncated);
    if (got == -EBADF)
        return -ECONNRESET;
    int is_short = got >= 0 && got < HOST_TRANSFER && (size_t)got < message->size && !peek;
    if (got == -EAGAIN || (is_short && !(socket->outside->bits & OUTSIDE_ENDED)))
        forget(socket, OUTSIDE_READABLE);
    else if (got < 0)
        forget(socket, OUTSIDE_FAILED);
    else if (!peek)
        outside_took(socket->outside);
    return got;
}

unsigned outer_poll(struct socket *socket) {
    unsigned in = LINUX_POLLIN | LINUX_POLLRDNORM, out = LINUX_POLLOUT | LINUX_POLLWRNORM,
             ready = 0;
    uint32_t bits = outside_sure_bits(socket->outside);
    if (socket->reaching && !(bits & SETTLED))
        return 0;
    if (bits & OUTSIDE_READABLE)
        ready |= in;
    if (bits & OUTSIDE_WRITABLE)
        ready |= out;
    if ((bits & OUTSIDE_ENDED) || (socket->shut & SHUT_RECEIVE))
        ready |= in | LINUX_POLLRDHUP;
    if (bits & OUTSIDE_FAILED)
        ready |= in | out | LINUX_POLLERR;
    if ((bits & OUTSIDE_HUNG_UP) || socket->shut == SHUT_BOTH ||
        ((bits & OUTSIDE_ENDED) && (socket->shut & SHUT_SEND)))
        ready |= in | out | LINUX_POLLHUP | LINUX_POLLRDHUP;
    return ready;
}

void outer_shutdown(struct socket *socket, int how) {
    host_shut(socket->outside->hfd, how);
}

void outer_set_option(struct socket *socket, int option, int value) {
    if (socket->outside && outside_is_granted())
        ask(socket, BOXER_NET_OPTION, (uint32_t)option, (uint32_t)value, NULL);
}

long outer_queued(struct socket *socket) {
    char bytes[PEEKED];
    struct linux_iovec vector = {bytes, sizeof bytes};
    int truncated;
    long got = socket->reaching ? 0 : host_receive(socket->outside->hfd, &vector, 1, 1, &truncated);
    return got < 0 ? 0 : got;
}

void outer_close(struct socket *socket) {
    outer_unlisten(socket);
    if (!socket->outside)
        return;
    if (socket->linger.on)
        outer_set_option(socket, BOXER_NET_OPTION_LINGER, socket->linger.seconds);
    outside_put(socket->outside);
    socket->outside = NULL;
}

void outer_freeze(void) {
    for (struct socket *socket = all_sockets; socket; socket = socket->next)
        outer_unlisten(socket);
}

void outer_thaw(void) {
    for (struct socket *socket = all_sockets; socket; socket = socket->next) {
        outer_unlisten(socket);
        if (socket->listening && socket->family != LINUX_AF_UNIX)
            outer_listen(socket);
        else if (socket_is_datagram(socket) && socket->local.size &&
                 socket->family != LINUX_AF_UNIX && socket->family != LINUX_AF_NETLINK)
            outer_bind(socket);
    }
}

const struct name *outer_stands(void) {
    for (struct socket *socket = all_sockets; socket; socket = socket->next)
        if (socket->outside)
            return &socket->remote;
    return NULL;
}

// Sending and receiving: the queue of bytes or messages that each socket has.
//
// Invariants
// 1. Stream bytes are packed into the last packet while it has room; a packet with descriptors
//    starts a new one, and a read never crosses into or out of it, as on Linux.
// 2. A message is queued whole or not at all.
#include "net/queue.h"
#include "mm/slab.h"
#include "net/ancillary.h"
#include "net/corked.h"
#include "net/dns.h"
#include "net/inet.h"
#include "net/netlink.h"
#include "net/outer.h"
#include "net/outer_datagrams.h"
#include "net/outer_listen.h"
#include "net/socket.h"
#include "net/unix.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "vfs/file.h"
#include "vfs/io.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_iovec.h>
#include <boxer/linux_poll.h>
#include <boxer/linux_signal.h>
#include <boxer/linux_socket.h>
#include <string.h>

// A stream's packet has at least this room, the largest small object's: small writes share it.
#define CHUNK (2016u - sizeof(struct packet))
#define UDP_MOST 65507u

KERNEL_STATE struct transfers loopback[2];

static void packet_free(struct packet *packet) {
    for (unsigned i = 0; i < packet->file_count; i++)
        file_put(packet->files[i]);
    kfree(packet->files);
    kfree(packet->from);
    kfree(packet);
}

void socket_drop_queue(struct socket *socket) {
    while (socket->first) {
        struct packet *packet = socket->first;
        socket->first = packet->next;
        packet_free(packet);
    }
    socket->last = NULL;
    socket->queued = 0;
}

void message_gather(const struct message *message, size_t skip, char *to, size_t size) {
    for (size_t i = 0; i < message->count && size; i++) {
        const struct linux_iovec *vector = &message->vectors[i];
        if (skip >= vector->size) {
            skip -= vector->size;
            continue;
        }
        size_t part = vector->size - skip < size ? vector->size - skip : size;
        memcpy(to, (const char *)vector->base + skip, part);
        to += part;
        size -= part;
        skip = 0;
    }
}

static void scatter(const struct message *message, size_t skip, const char *from, size_t size) {
    for (size_t i = 0; i < message->count && size; i++) {
        const struct linux_iovec *vector = &message->vectors[i];
        if (skip >= vector->size) {
            skip -= vector->size;
            continue;
        }
        size_t part = vector->size - skip < size ? vector->size - skip : size;
        memcpy((char *)vector->base + skip, from, part);
        from += part;
        size -= part;
        skip = 0;
    }
}

static int keep_sender(const struct socket *socket, struct packet *packet) {
    packet->sender =
        (struct linux_ucred){current->process->pid, current_cred()->ruid, current_cred()->rgid};
    if (!socket_is_datagram(socket) || socket->local.size == 0)
        return 0;
    packet->from = kmalloc(sizeof *packet->from);
    if (!packet->from)
        return -ENOBUFS;
    *packet->from = socket->local;
    return 0;
}

// Stream bytes into what the last packet has left; how many.
static size_t fill_last(struct socket *to, const struct message *message, size_t size) {
    struct packet *last = to->last;
    if (!socket_is_stream(to) || !last || last->file_count || message->file_count)
        return 0;
    size_t room = last->capacity - last->size;
    size_t part = size < room ? size : room;
    message_gather(message, 0, last->data + last->size, part);
    last->size += part;
    to->queued += part;
    return part;
}

static long enqueue(struct socket *from, struct socket *to, struct message *message, size_t size) {
    size_t filled = fill_last(to, message, size), rest = size - filled;
    to->came++;
    if (filled && !rest)
        return (long)filled;
    size_t capacity = socket_is_stream(to) && rest < CHUNK ? CHUNK : rest;
    struct packet *packet = kmalloc(sizeof *packet + capacity);
    if (packet) {
        *packet = (struct packet){.size = rest, .capacity = capacity};
        if (keep_sender(from, packet)) {
            kfree(packet);
            packet = NULL;
        }
    }
    if (!packet)
        return filled ? (long)filled : -ENOBUFS;
    message_gather(message, filled, packet->data, rest);
    if (socket_is_datagram(from) && to->family != LINUX_AF_UNIX && to->family != LINUX_AF_NETLINK)
        packet->ancillary = ancillary_of(from, message);
    packet->files = message->files;
    packet->file_count = message->file_count;
    message->files = NULL;
    message->file_count = 0;
    if (to->last)
        to->last->next = packet;
    else
        to->first = packet;
    to->last = packet;
    to->queued += rest;
    return (long)size;
}

static long broken_pipe(const struct message *message) {
    if (!(message->flags & LINUX_MSG_NOSIGNAL))
        signal_raise(LINUX_SIGPIPE);
    return -EPIPE;
}

static int take_error(struct socket *socket) {
    int error = socket->error;
    socket->error = 0;
    return -error;
}

static long send_connected(struct socket *socket, struct message *message) {
    if (message->name && socket->family == LINUX_AF_UNIX)
        return socket->connected ? -EISCONN : -EOPNOTSUPP;
    if (socket->error)
        return take_error(socket);
    if (socket->outside)
        return outer_send(socket, message);
    if (socket->shut & SHUT_SEND)
        return broken_pipe(message);
    if (!socket->connected)
        return socket->family == LINUX_AF_UNIX ? -ENOTCONN : broken_pipe(message);
    if (!socket->peer && socket->family != LINUX_AF_UNIX) {
        socket->shut |= SHUT_SEND; // TCP: this one goes out, and brings back that nobody is there
        return (long)message->size;
    }
    if (!socket->peer || (socket->family == LINUX_AF_UNIX && socket->peer->shut & SHUT_RECEIVE))
        return broken_pipe(message);
    if (socket->peer->shut & SHUT_RECEIVE)
        return (long)message->size; // TCP: the peer throws it away
    if (message->size == 0 && socket_is_stream(socket))
        return 0;
    size_t room = socket_room(socket, socket->peer);
    if (socket_is_stream(socket)) {
        long sent = room ? enqueue(socket, socket->peer, message,
                                   message->size < room ? message->size : room)
                         : -EAGAIN;
        if (socket->peer->serves_names)
            dns_look(socket->peer);
        return sent;
    }
    if (message->size > socket->send_limit)
        return -EMSGSIZE;
    return message->size <= room || !socket->peer->queued
               ? enqueue(socket, socket->peer, message, message->size)
               : -EAGAIN;
}

static int destination(struct socket *socket, const struct message *message, struct socket **to) {
    *to = NULL;
    if (!message->name && socket->family != LINUX_AF_UNIX) {
        if (!socket->connected)
            return -EDESTADDRREQ;
        return inet_find(socket, &socket->remote, to);
    }
    if (!message->name) {
        *to = socket->peer;
        return *to ? 0 : socket->connected ? -ECONNREFUSED : -ENOTCONN;
    }
    if (socket->family == LINUX_AF_UNIX)
        return unix_find(socket, message->name, to);
    return inet_find(socket, message->name, to);
}

int socket_deliver(struct socket *socket, const struct name *from, const void *bytes, size_t size) {
    struct linux_iovec vector = {(void *)bytes, size};
    struct message message = {.vectors = &vector, .count = 1, .size = size};
    if (socket->queued + size > socket->receive_limit)
        return -ENOBUFS;
    long result = enqueue(socket, socket, &message, size);
    if (result < 0)
        return (int)result;
    struct packet *packet = socket->last;
    packet->ancillary = (struct ancillary){0}; // nobody has said any
    kfree(packet->from);
    packet->from = from ? kmalloc(sizeof *from) : NULL;
    if (packet->from)
        *packet->from = *from;
    return 0;
}

static long send_to_kernel(struct socket *socket, struct message *message) {
    char request[256]; // header and family are all that is looked at
    size_t size = message->size < sizeof request ? message->size : sizeof request;
    message_gather(message, 0, request, size);
    return netlink_request(socket, request, size);
}

static long send_datagram(struct socket *, struct message *);

// MSG_MORE: the datagram goes out with the first message without it, to where the first of all
// went.
static long send_corked(struct socket *socket, struct message *message) {
    int error = cork_add(socket, message);
    if (error || message->flags & LINUX_MSG_MORE)
        return error ? error : (long)message->size;
    struct corked *corked = cork_take(socket);
    struct linux_iovec vector = {corked->data, corked->size};
    struct message whole = {.vectors = &vector,
                            .count = 1,
                            .size = corked->size,
                            .flags = message->flags,
                            .name = corked->name.size ? &corked->name : NULL,
                            .ancillary = corked->ancillary};
    long sent = send_datagram(socket, &whole);
    cork_free(corked);
    return sent < 0 ? sent : (long)message->size;
}

static long send_datagram(struct socket *socket, struct message *message) {
    struct socket *to;
    if (socket->shut & SHUT_SEND)
        return broken_pipe(message);
    if (cork_wants(socket, message))
        return send_corked(socket, message);
    if (socket->error && !message->name)
        return take_error(socket);
    if (socket->family == LINUX_AF_NETLINK)
        return send_to_kernel(socket, message);
    int inet = socket->family != LINUX_AF_UNIX;
    const struct name *name = message->name || !socket->connected ? message->name : &socket->remote;
    int for_names = inet && name && dns_is(name);
    int error = for_names ? 0 : destination(socket, message, &to);
    if (error && !(inet && error == -ENETUNREACH))
        return error;
    if (socket->family == LINUX_AF_UNIX) {
        if (to->peer && to->peer != socket)
            return -EPERM; // connected elsewhere
        if (to->shut & SHUT_RECEIVE)
            return -EPIPE;
        if (message->size > socket->send_limit)
            return -EMSGSIZE;
        if (to->queued && message->size > socket_room(socket, to))
            return -EAGAIN;
        return enqueue(socket, to, message, message->size);
    }
    if (message->size > UDP_MOST)
        return -EMSGSIZE;
    int beyond = error;
    if ((error = inet_autobind(socket)))
        return error;
    if (for_names)
        return dns_ask(socket, message);
    if (beyond)
        return outer_send_to(socket, message, name);
    // Whom a published port has heard of may be at the loopback of the host.
    if (!to && socket->door_count && outer_send_to(socket, message, name) >= 0)
        return (long)message->size;
    if (!to) {
        if (socket->connected)
            socket->error = ECONNREFUSED; // what ICMP would tell, at the next call
        return (long)message->size;
    }
    if (to->queued + message->size > to->receive_limit)
        return (long)message->size; // UDP: lost
    return enqueue(socket, to, message, message->size);
}

// The result of a send or receive, which is counted.
static long counted(const struct socket *socket, const struct message *message, int direction,
                    long result) {
    int is_ip = socket->family == LINUX_AF_INET || socket->family == LINUX_AF_INET6;
    if (is_ip && result > 0 && !(message->flags & LINUX_MSG_PEEK)) {
        loopback[direction].bytes += (uint64_t)result;
        loopback[direction].calls++;
    }
    return result;
}

static long send_any(struct socket *socket, struct message *message) {
    if (message->flags & LINUX_MSG_OOB)
        return -EOPNOTSUPP;
    if (socket->listening)
        return socket->family == LINUX_AF_UNIX ? -ENOTCONN : broken_pipe(message);
    return socket_is_datagram(socket) ? send_datagram(socket, message)
                                      : send_connected(socket, message);
}

long socket_send(struct socket *socket, struct message *message) {
    return counted(socket, message, WRITING, send_any(socket, message));
}

static void unlink_first(struct socket *socket) {
    struct packet *packet = socket->first;
    socket->first = packet->next;
    if (!socket->first)
        socket->last = NULL;
    packet_free(packet);
}

// Descriptors of the packet, as the receiver gets them: the packet's own, or copies for MSG_PEEK.
static int hand_over(struct packet *packet, struct message *message) {
    if (!packet->file_count)
        return 0;
    if (message->flags & LINUX_MSG_PEEK) {
        size_t bytes = packet->file_count * sizeof *packet->files;
        message->files = kmalloc(bytes);
        if (!message->files)
            return -ENOBUFS;
        memcpy(message->files, packet->files, bytes);
        for (unsigned i = 0; i < packet->file_count; i++)
            file_get(packet->files[i]);
        message->file_count = packet->file_count;
        return 0;
    }
    message->files = packet->files;
    message->file_count = packet->file_count;
    packet->files = NULL;
    packet->file_count = 0;
    return 0;
}

static long receive_stream(struct socket *socket, struct message *message) {
    size_t done = 0;
    int peek = message->flags & LINUX_MSG_PEEK;
    for (struct packet *packet = socket->first, *next; packet && done < message->size;
         packet = next) {
        next = packet->next;
        int has_files = packet->file_count != 0;
        if (has_files && done)
            break;
        if (done == 0)
            message->sender = packet->sender;
        if (hand_over(packet, message))
            return -ENOBUFS;
        size_t part = packet->size - packet->start;
        if (part > message->size - done)
            part = message->size - done;
        scatter(message, done, packet->data + packet->start, part);
        done += part;
        if (!peek) {
            packet->start += part;
            socket->queued -= part;
            if (packet->start == packet->size)
                unlink_first(socket);
        }
        if (has_files)
            break;
    }
    return (long)done;
}

static long receive_packet(struct socket *socket, struct message *message) {
    struct packet *packet = socket->first;
    size_t part = packet->size < message->size ? packet->size : message->size;
    long result = (long)(message->flags & LINUX_MSG_TRUNC ? packet->size : part);
    message->sender = packet->sender;
    message->ancillary = packet->ancillary;
    if (packet->from)
        message->from = *packet->from;
    if (hand_over(packet, message))
        return -ENOBUFS;
    if (part < packet->size)
        message->out_flags |= LINUX_MSG_TRUNC;
    if (socket->type == LINUX_SOCK_SEQPACKET)
        message->out_flags |= LINUX_MSG_EOR;
    scatter(message, 0, packet->data, part);
    if (!(message->flags & LINUX_MSG_PEEK)) {
        socket->queued -= packet->size;
        unlink_first(socket);
    }
    return result;
}

static long receive_any(struct socket *socket, struct message *message) {
    message->files = NULL;
    message->file_count = 0;
    if (message->flags & LINUX_MSG_OOB)
        return -EOPNOTSUPP;
    if (message->flags & LINUX_MSG_ERRQUEUE)
        return -EAGAIN;
    if (socket->outside && !socket->error)
        return outer_receive(socket, message);
    if (!socket->first) {
        if (!socket_is_datagram(socket) && !socket->connected)
            return socket->listening && socket->family == LINUX_AF_UNIX ? -EINVAL : -ENOTCONN;
        if (socket->error)
            return take_error(socket);
        if (socket->shut & SHUT_RECEIVE)
            return 0;
        return socket->door_count && socket_is_datagram(socket)
                   ? outer_receive_from(socket, message)
                   : -EAGAIN;
    }
    long result = socket_is_stream(socket) ? receive_stream(socket, message)
                                           : receive_packet(socket, message);
    if (socket->peer)
        socket->peer->left++;
    return result;
}

long socket_receive(struct socket *socket, struct message *message) {
    return counted(socket, message, READING, receive_any(socket, message));
}

unsigned socket_poll(struct socket *socket) {
    unsigned in = LINUX_POLLIN | LINUX_POLLRDNORM, out = LINUX_POLLOUT | LINUX_POLLWRNORM,
             ready = 0;
    if (socket->outside)
        return outer_poll(socket);
    if (socket->error)
        ready |= LINUX_POLLERR;
    if (socket->first || socket->pending || outer_is_knocked(socket))
        ready |= in;
    if (socket->shut & SHUT_RECEIVE)
        ready |= in | LINUX_POLLRDHUP;
    if (socket->shut == SHUT_BOTH)
        ready |= LINUX_POLLHUP;
    if (socket_is_datagram(socket)) {
        struct socket *to = socket->family == LINUX_AF_UNIX ? socket->peer : NULL;
        return ready | (!to || !to->queued || socket_room(socket, to) ? out : 0);
    }
    if (socket->listening)
        return ready;
    if (!socket->connected)
        return ready | out | LINUX_POLLHUP | (socket->error ? in : 0);
    if (!socket->peer || socket->peer->shut & SHUT_RECEIVE || socket_room(socket, socket->peer))
        ready |= out;
    return ready;
}

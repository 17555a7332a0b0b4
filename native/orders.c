// Orders of who watches the machine: programs to start beside its own, and signals for them.
//
//     packet in: kind, id, words, signal (four u32), then `words` and K=V, each with its NUL;
//                with a PROGRAM three descriptors (SCM_RIGHTS)
//     packet out: id, exit status (two u32); 0, 0: the machine takes orders
//
// Belongs here: packets, and the streams of such programs. Does not: starting them
// (guest/kernel/process/ordered.c). Who sends them: src/boxer/services/life.py.
//
// Invariants
// 1. One packet is held at a time, and none is longer than LARGEST.
// 2. A stream is an open file of somebody else: its flags are not changed, and nothing is read or
//    written that could wait.
// 3. What it answers waits for who watches the machine to read, as what it prints does.
#define _GNU_SOURCE
#include "net.h"

#include "../guest/include/boxer/boot.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

// HANDED: descriptors that a packet's room holds: an even number of them, by its alignment.
enum { LARGEST = 64 << 10, STREAMS = 3, HANDED = 4, ATOMIC = 4096 }; // PIPE_BUF

struct order {
    struct {
        uint32_t kind, id, words, signal;
    } head;
    uint32_t size, streams[STREAMS];
    char text[LARGEST];
};

int orders_begin(struct net *net, int socket) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = NET_ORDERS};
    return epoll_ctl(net->epoll, EPOLL_CTL_ADD, socket, &event);
}

static void close_all(const int *descriptors, size_t count) {
    for (size_t i = 0; i < count; i++)
        close(descriptors[i]);
}

static size_t handed(struct msghdr *message, int descriptors[HANDED]) {
    struct cmsghdr *control = CMSG_FIRSTHDR(message);
    if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS)
        return 0;
    size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    count = count < HANDED ? count : HANDED;
    memcpy(descriptors, CMSG_DATA(control), count * sizeof(int));
    return count;
}

static int add_streams(struct net *net, struct order *order, const int descriptors[STREAMS]) {
    for (size_t i = 0; i < STREAMS; i++) {
        int number = net_add(net, descriptors[i], NET_FILE, 0);
        if (number < 0) {
            close_all(descriptors + i + 1, STREAMS - i - 1);
            while (i--)
                net_remove(net, net_socket(net, order->streams[i]));
            return number;
        }
        order->streams[i] = (uint32_t)number;
    }
    return 0;
}

// The next packet; null: there is none that can be used.
static struct order *take(struct net *net, int socket) {
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(HANDED * sizeof(int))];
    } control;
    int descriptors[HANDED];
    struct order *order = calloc(1, sizeof *order);
    if (!order)
        return NULL;
    struct iovec pieces[] = {{&order->head, sizeof order->head},
                             {order->text, sizeof order->text - 1}};
    struct msghdr message = {.msg_iov = pieces,
                             .msg_iovlen = 2,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t size = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    size_t count = size >= 0 ? handed(&message, descriptors) : 0;
    if (size == 0 && !count) // nobody is there any more
        epoll_ctl(net->epoll, EPOLL_CTL_DEL, socket, NULL);
    order->size = size < (ssize_t)sizeof order->head ? 0 : (uint32_t)size - sizeof order->head;
    int is_program = order->head.kind == BOXER_NET_ORDER_PROGRAM;
    if (size >= (ssize_t)sizeof order->head && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) &&
        (is_program ? count == STREAMS && order->size && !order->text[order->size - 1]
                    : count == 0)) {
        if (!is_program || add_streams(net, order, descriptors) == 0)
            return order;
    } else {
        close_all(descriptors, count);
    }
    if (is_program)
        orders_ended(socket, order->head.id, 126);
    free(order);
    return NULL;
}

int orders_next(struct net *net, int socket, uint32_t from, struct boxer_net_order *told) {
    if (!net->order && !(net->order = take(net, socket)))
        return EAGAIN;
    struct order *order = net->order;
    *told = (struct boxer_net_order){.id = order->head.id,
                                     .kind = order->head.kind,
                                     .words = order->head.words,
                                     .size = order->size,
                                     .signal = order->head.signal};
    memcpy(told->streams, order->streams, sizeof told->streams);
    uint32_t left = from < order->size ? order->size - from : 0;
    memcpy(told->text, order->text + from, left < sizeof told->text ? left : sizeof told->text);
    if (left <= sizeof told->text)
        orders_forget(net);
    return 0;
}

void orders_forget(struct net *net) {
    free(net->order);
    net->order = NULL;
}

void orders_ended(int socket, uint32_t id, uint32_t status) {
    uint32_t packet[] = {id, status};
    while (send(socket, packet, sizeof packet, MSG_NOSIGNAL) < 0 && errno == EINTR)
        ;
}

uint8_t order_stream_type(const struct net_socket *stream) {
    struct stat status;
    if (fstat(stream->fd, &status) == 0 && S_ISREG(status.st_mode))
        return WASI_REGULAR_FILE;
    return isatty(stream->fd) ? WASI_CHARACTER_DEVICE : WASI_UNKNOWN;
}

static int is_ready(const struct net_socket *stream, short events) {
    struct pollfd polled = {.fd = stream->fd, .events = events};
    return poll(&polled, 1, 0) > 0;
}

int order_stream_read(struct net_socket *stream, const struct net_pieces *pieces, uint64_t *moved) {
    if (!is_ready(stream, POLLIN))
        return WASI_AGAIN;
    ssize_t got = readv(stream->fd, pieces->list, pieces->count ? 1 : 0);
    *moved = got > 0 ? (uint64_t)got : 0;
    return got < 0 ? net_error(errno) : WASI_SUCCESS;
}

int order_stream_write(struct net_socket *stream, const struct net_pieces *pieces,
                       uint64_t *moved) {
    if (!pieces->count)
        return WASI_SUCCESS;
    if (!is_ready(stream, POLLOUT))
        return WASI_AGAIN;
    size_t size = pieces->list[0].iov_len < ATOMIC ? pieces->list[0].iov_len : ATOMIC;
    ssize_t put = write(stream->fd, pieces->list[0].iov_base, size);
    *moved = put > 0 ? (uint64_t)put : 0;
    return put < 0 ? net_error(errno) : WASI_SUCCESS;
}

// A machine's network: its life, and the calls of preview 1 on its descriptors.
#define _GNU_SOURCE
#include "lives.h"
#include "net.h"
#include "net_peers.h"

#include "../guest/include/boxer/boot.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 128, FIRST = 3 };

static void tell_person(void *state, const char *line, size_t size) {
    machine_tell(state, line, size);
}

int net_begin(struct boxer_machine *machine) {
    const struct boxer_network *network = machine->run->network;
    int orders = machine->run->orders - 1;
    if (machine->net || (!network && orders < 0))
        return machine->net ? 0 : -1;
    struct net *net = calloc(1, sizeof *net);
    if (!net)
        return -1;
    net->machine = machine;
    net->swept_ns = now_ns();
    net->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (network)
        net->grants = grants_new(network->policy, tell_person, machine, network->log);
    machine->net = net;
    machine->net_descriptors = 1; // the control descriptor; sockets have numbers of their own
    if (net->epoll >= 0 && (net->grants || !network) && peers_begin(&net->peers, network) == 0 &&
        (orders < 0 || orders_begin(net, orders) == 0))
        return 0;
    net_end(machine);
    return -1;
}

void net_end(struct boxer_machine *machine) {
    struct net *net = machine->net;
    if (!net)
        return;
    machine->net = NULL;
    machine->net_descriptors = 0;
    for (uint32_t place = 0; place < net->room; place++)
        if (net->sockets[place].kind != NET_FREE)
            net_remove(net, &net->sockets[place]);
    orders_forget(net);
    if (net->resolver)
        resolver_free(net->resolver);
    if (net->grants)
        grants_free(net->grants);
    peers_end(&net->peers);
    if (net->epoll >= 0)
        close(net->epoll);
    free(net->sockets);
    free(net);
}

void net_note(struct boxer_machine *machine) {
    if (machine->net && machine->net->grants)
        machine->outcome->network_limit = grants_reached(machine->net->grants);
}

static int is_control(const struct boxer_machine *machine, uint32_t number) {
    return machine->net && number == FIRST + machine->folders;
}

int net_has(struct boxer_machine *machine, uint32_t number) {
    return is_control(machine, number) || net_socket(machine->net, number);
}

uint8_t net_filetype(struct boxer_machine *machine, uint32_t number) {
    const struct net_socket *socket = net_socket(machine->net, number);
    if (socket && socket->kind == NET_FILE)
        return order_stream_type(socket);
    return !socket || socket->kind == NET_DATAGRAMS ? WASI_SOCKET_DGRAM : WASI_SOCKET_STREAM;
}

int net_descriptor(struct boxer_machine *machine, uint32_t number) {
    if (is_control(machine, number))
        return machine->net->epoll;
    const struct net_socket *socket = net_socket(machine->net, number);
    return socket ? socket->fd : -1;
}

int net_count(struct net *net, uint64_t sent, uint64_t received) {
    struct boxer_machine *machine = net->machine;
    int over = sent && grants_sent(net->grants, sent) ? BOXER_LIMIT_SENT : 0;
    if (!over && received && grants_received(net->grants, received))
        over = BOXER_LIMIT_RECEIVED;
    if (!over)
        return 0;
    machine->outcome->kind = BOXER_LIMIT;
    machine->outcome->status = (uint32_t)over;
    return STREAM_OVER;
}

static void reply_names(struct net *net, const struct sockaddr_storage *peer) {
    struct boxer_net_reply reply = {0};
    struct endpoint end;
    net_endpoint(peer, &end);
    net_tell(&end, reply.peer);
    memcpy(net->reply, &reply, sizeof reply);
    net->reply_size = sizeof reply;
}

static void note_accepted(struct net *net, const struct net_socket *listener,
                          struct net_socket *made) {
    const char *network = NULL;
    if (listener->listens_for < 0)
        network = net->peers.of[PEER_NETWORK(listener->listens_for)].name;
    made->box_port = listener->box_port;
    net_touch(net, made);
    grants_note_came(net->grants, PROTOCOL_TCP, &made->to, made->box_port, network);
}

static void set_own_name(struct sockaddr_storage *peer, int family) {
    static const struct endpoint v4 = {.address = {127, 0, 0, 1}, .family = 4},
                                 v6 = {.address = {[15] = 1}, .family = 6};
    net_sockaddr(family == 6 ? &v6 : &v4, family, peer);
}

// Of a machine that gives lives, a copy has one connection, and the first machine none.
static int take_knocker(struct boxer_machine *machine, uint32_t number,
                        const struct net_socket *listener, struct sockaddr_storage *peer,
                        socklen_t *size) {
    if (!machine->lives)
        return accept4(listener->fd, (struct sockaddr *)peer, size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    int fd = lives_take(machine, number);
    if (fd < 0)
        errno = EAGAIN;
    else if (getpeername(fd, (struct sockaddr *)peer, size) < 0 || peer->ss_family == AF_UNIX)
        set_own_name(peer, listener->family); // it has gone already, or is a program in front
    return fd;
}

int net_accept(struct boxer_machine *machine, uint32_t number, uint32_t *accepted) {
    struct net *net = machine->net;
    struct net_socket *listener = net_socket(net, number);
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    if (!listener)
        return WASI_BADF;
    if (listener->kind != NET_LISTENER)
        return net_error(EINVAL);
    struct pollfd polled = {.fd = listener->fd, .events = POLLIN};
    if (grants_is_full(net->grants) && poll(&polled, 1, 0) != 1)
        return WASI_AGAIN;          // nobody is there who could be refused
    if (grants_opened(net->grants)) // who knocks waits until another one is gone
        return net_error(EMFILE);
    int fd = take_knocker(machine, number, listener, &peer, &size);
    int error = errno;
    int made = fd < 0 ? -error : net_add(net, fd, NET_STREAM, listener->family);
    if (made < 0) {
        grants_closed(net->grants);
        return net_error(-made);
    }
    if (machine->lives)
        lives_took(machine, (uint32_t)made);
    net_set_nodelay(fd);
    listener = net_socket(net, number); // the table may have moved
    peers_read_name(&peer, size);
    net_endpoint(&peer, &net_socket(net, (uint32_t)made)->to);
    note_accepted(net, listener, net_socket(net, (uint32_t)made));
    reply_names(net, &peer);
    *accepted = (uint32_t)made;
    return WASI_SUCCESS;
}

static int take_reply(struct net *net, struct net_pieces *pieces, uint64_t *moved) {
    for (int i = 0; i < pieces->count && *moved < net->reply_size; i++) {
        uint64_t left = net->reply_size - *moved;
        uint64_t part = pieces->list[i].iov_len < left ? pieces->list[i].iov_len : left;
        memcpy(pieces->list[i].iov_base, net->reply + *moved, part);
        *moved += part;
    }
    net->reply_size = 0;
    return *moved ? WASI_SUCCESS : WASI_AGAIN;
}

static int take_error(struct net_socket *socket, int otherwise) {
    int error = socket->error ? socket->error : otherwise;
    socket->error = 0;
    return net_error(error);
}

static struct msghdr message_of(struct net_pieces *pieces) {
    return (struct msghdr){.msg_iov = pieces->list, .msg_iovlen = (size_t)pieces->count};
}

int net_receive(struct boxer_machine *machine, uint32_t number, struct net_pieces *pieces, int peek,
                uint64_t *moved, int *truncated) {
    struct net *net = machine->net;
    if (is_control(machine, number))
        return take_reply(net, pieces, moved);
    struct net_socket *socket = net_socket(net, number);
    if (!socket || socket->kind == NET_FILE)
        return WASI_BADF;
    if (socket->kind == NET_DATAGRAMS)
        return net_receive_datagram(net, socket, pieces, peek, moved, truncated);
    if (socket->is_over)
        return take_error(socket, 0);
    struct msghdr message = message_of(pieces);
    ssize_t got = recvmsg(socket->fd, &message, MSG_DONTWAIT | (peek ? MSG_PEEK : 0));
    if (got < 0)
        return net_error(errno);
    *moved = (uint64_t)got;
    socket->bytes[1] += peek ? 0 : *moved;
    net_touch(net, socket);
    return peek ? WASI_SUCCESS : net_count(net, 0, *moved);
}

int net_send(struct boxer_machine *machine, uint32_t number, struct net_pieces *pieces,
             uint64_t *moved) {
    struct net *net = machine->net;
    if (is_control(machine, number)) {
        int error = net_request(net, pieces);
        for (int i = 0; i < pieces->count; i++)
            *moved += pieces->list[i].iov_len;
        return net_error(error);
    }
    struct net_socket *socket = net_socket(net, number);
    if (!socket || socket->kind == NET_FILE)
        return WASI_BADF;
    if (socket->kind == NET_DATAGRAMS)
        return net_send_datagram(net, socket, pieces, moved);
    if (socket->is_over)
        return take_error(socket, EPIPE);
    struct msghdr message = message_of(pieces);
    ssize_t sent = sendmsg(socket->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        return net_error(errno);
    *moved = (uint64_t)sent;
    socket->bytes[0] += *moved;
    net_touch(net, socket);
    lives_sent(machine, number);
    return net_count(net, *moved, 0);
}

int net_shutdown(struct boxer_machine *machine, uint32_t number, uint32_t how) {
    struct net_socket *socket = net_socket(machine->net, number);
    if (!socket)
        return is_control(machine, number) ? net_error(EINVAL) : WASI_BADF;
    if (how < 1 || how > 3 || socket->kind != NET_STREAM)
        return net_error(EINVAL);
    return shutdown(socket->fd, (int)how - 1) < 0 ? net_error(errno) : WASI_SUCCESS;
}

int net_close(struct boxer_machine *machine, uint32_t number) {
    struct net_socket *socket = net_socket(machine->net, number);
    if (!socket)
        return is_control(machine, number) ? WASI_SUCCESS : WASI_BADF;
    lives_closed(machine, number);
    net_remove(machine->net, socket);
    return WASI_SUCCESS;
}

static uint32_t bits_of(uint32_t events) {
    static const struct {
        uint32_t system, bit;
    } pairs[] = {
        {EPOLLIN, BOXER_NET_BIT_READABLE}, {EPOLLOUT, BOXER_NET_BIT_WRITABLE},
        {EPOLLRDHUP, BOXER_NET_BIT_ENDED}, {EPOLLHUP, BOXER_NET_BIT_HUNG_UP},
        {EPOLLERR, BOXER_NET_BIT_FAILED},
    };
    uint32_t bits = 0;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        bits |= events & pairs[i].system ? 1u << pairs[i].bit : 0;
    return bits;
}

int net_events(struct boxer_machine *machine, struct net_pieces *pieces, uint64_t *moved) {
    struct epoll_event found[EVENTS];
    struct boxer_net_event event;
    if (!pieces->count || pieces->list[0].iov_len < sizeof event)
        return WASI_INVAL;
    uint64_t room = pieces->list[0].iov_len / sizeof event;
    uint32_t control = FIRST + machine->folders;
    int most = room < EVENTS ? (int)room : EVENTS;
    net_sweep(machine);
    int news = 0;
    while (news < most && lives_news(machine, &event))
        memcpy((uint8_t *)pieces->list[0].iov_base + news++ * sizeof event, &event, sizeof event);
    if (news) { // the rest is asked for again
        *moved = (uint64_t)news * sizeof event;
        return WASI_SUCCESS;
    }
    int count = epoll_wait(machine->net->epoll, found, most, 0);
    for (int i = 0; i < count; i++) {
        struct net_socket *socket = net_socket(machine->net, found[i].data.u32);
        if (socket && (found[i].events & EPOLLOUT))
            socket->is_connecting = 0;
        event = (struct boxer_net_event){found[i].data.u32, bits_of(found[i].events)};
        if (event.descriptor == NET_RESOLVER)
            event = (struct boxer_net_event){control, 1u << BOXER_NET_BIT_ANSWERED};
        else if (event.descriptor == NET_ORDERS)
            event = (struct boxer_net_event){control, 1u << BOXER_NET_BIT_ORDERED};
        memcpy((uint8_t *)pieces->list[0].iov_base + i * sizeof event, &event, sizeof event);
    }
    *moved = count > 0 ? (uint64_t)count * sizeof event : 0;
    return count > 0 ? WASI_SUCCESS : WASI_AGAIN;
}

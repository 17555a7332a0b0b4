// What the guest asks of its host through the control descriptor.
#define _GNU_SOURCE
#include "lives.h"
#include "net.h"
#include "net_peers.h"
#include "addresses.h"

#include "../guest/include/boxer/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG_MOST = 4096 };

void net_set_nodelay(int fd) {
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
}

static void reply(struct net *net, const void *bytes, size_t size) {
    memcpy(net->reply, bytes, size);
    net->reply_size = (uint32_t)size;
}

// The n-th that is bound for that, or null.
static const struct boxer_listener *published(const struct net *net, uint32_t protocol,
                                              uint32_t port, uint32_t n) {
    const struct boxer_network *network = net->machine->run->network;
    for (uint32_t i = 0; network && i < network->listener_count; i++) {
        const struct boxer_listener *listener = &network->listeners[i];
        uint32_t own = listener->port ? listener->port : net->any_port;
        if (listener->protocol == protocol && own == port && n-- == 0)
            return listener;
    }
    return NULL;
}

static int reply_descriptor(struct net *net, int number) {
    struct boxer_net_reply answer = {.descriptor = (uint32_t)number};
    if (number < 0)
        return -number;
    reply(net, &answer, sizeof answer);
    return 0;
}

static int reply_published(struct net *net, int number, const struct boxer_listener *listener) {
    int error = reply_descriptor(net, number);
    if (!error)
        ((struct boxer_net_reply *)net->reply)->value = listener->family;
    return error;
}

// The number of a listener that is open already: two sockets of the box share it.
static int opened(const struct net *net, int32_t listens_for) {
    for (uint32_t place = 0; place < net->room; place++)
        if (net->sockets[place].listens_for == listens_for)
            return (int)(NET_FIRST + place);
    return -1;
}

static uint32_t count_published(const struct net *net, uint32_t port) {
    uint32_t count = 0;
    while (published(net, IPPROTO_TCP, port, count))
        count++;
    return count;
}

// The program listens all the same, and would wait for ever.
static int not_offered(struct net *net, uint32_t n, uint32_t port, int error) {
    char line[256];
    int size = snprintf(line, sizeof line, "boxer: port %u is not offered on the network %s: %s\n",
                        port, net->peers.of[n].name, strerror(error));
    machine_tell(net->machine, line, (size_t)size);
    return error;
}

// Behind the published ones: a place on each network of boxes.
static int listen_to_peers(struct net *net, uint32_t n, uint32_t port) {
    if (n >= net->peers.count || port > UINT16_MAX)
        return ENOENT;
    int32_t door = PEER_DOOR(n, (int32_t)port);
    int number = opened(net, door);
    if (number >= 0)
        return reply_descriptor(net, number);
    int fd = peers_listen(&net->peers, n, (uint16_t)port);
    if (fd < 0)
        return not_offered(net, n, port, -fd);
    number = net_add(net, fd, NET_LISTENER, 4);
    if (number < 0) {
        peers_unlisten(&net->peers, n, (uint16_t)port);
        return not_offered(net, n, port, -number);
    }
    net_socket(net, (uint32_t)number)->listens_for = door;
    net_socket(net, (uint32_t)number)->box_port = (uint16_t)port;
    return reply_descriptor(net, number);
}

static int add_published(struct net *net, const struct boxer_listener *listener,
                         enum net_kind kind) {
    int fd = fcntl(listener->descriptor, F_DUPFD_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    int number = net_add(net, fd, kind, (int)listener->family);
    if (number >= 0) {
        net_socket(net, (uint32_t)number)->listens_for = listener->descriptor + 1;
        net_socket(net, (uint32_t)number)->box_port = (uint16_t)listener->port;
    }
    return number;
}

static int do_listen(struct net *net, const struct boxer_net_request *request) {
    net->any_port = net->any_port ? net->any_port : request->port;
    const struct boxer_listener *listener =
        published(net, IPPROTO_TCP, request->port, request->value);
    if (!listener)
        return listen_to_peers(net, request->value - count_published(net, request->port),
                               request->port);
    int number = opened(net, listener->descriptor + 1);
    if (number >= 0)
        return reply_published(net, number, listener);
    uint32_t backlog = request->option < BACKLOG_MOST ? request->option : BACKLOG_MOST;
    if (listen(listener->descriptor, (int)backlog) < 0)
        return errno;
    // Not before: two boxes could be bound, each waiting to listen. From now on connections that
    // have ended do not keep the next run from binding.
    setsockopt(listener->descriptor, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    return reply_published(net, add_published(net, listener, NET_LISTENER), listener);
}

// Of what goes out. A number, or a negated errno.
static int add_datagrams(struct net *net, int family) {
    int fd = socket(family == 4 ? AF_INET : AF_INET6, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : net_add(net, fd, NET_DATAGRAMS, family);
}

// What is bound to a port is so on the networks of boxes, too: by its first socket for IPv4.
static void bind_ends(struct net *net, int number, uint32_t port) {
    int error = ends_listen(net, net_socket(net, (uint32_t)number), (uint16_t)port);
    if (error)
        not_offered(net, 0, port, error);
}

static int do_bound_datagrams(struct net *net, uint32_t port, uint32_t n) {
    const struct boxer_listener *listener = published(net, IPPROTO_UDP, port, n);
    if (port > UINT16_MAX || (listener && opened(net, listener->descriptor + 1) >= 0))
        return ENOENT;
    int has_ends = !net->peers.count || ends_have(net, (uint16_t)port);
    if (!listener && has_ends)
        return ENOENT;
    int number = listener ? add_published(net, listener, NET_DATAGRAMS) : add_datagrams(net, 4);
    if (number >= 0 && listener)
        net_socket(net, (uint32_t)number)->published = 1;
    if (number >= 0 && !has_ends && (!listener || listener->family == 4))
        bind_ends(net, number, port);
    const struct boxer_listener outward = {.family = 4};
    return reply_published(net, number, listener ? listener : &outward);
}

static int do_datagrams(struct net *net, const struct boxer_net_request *request) {
    if (request->port)
        return do_bound_datagrams(net, request->port, request->value);
    if (request->family != 4 && request->family != 6)
        return EAFNOSUPPORT;
    return reply_descriptor(net, add_datagrams(net, (int)request->family));
}

static int begin_connecting(struct net *net, const struct boxer_membership *peers,
                            const struct endpoint *to, int *number) {
    struct sockaddr_storage address;
    if (peers) {
        int connected = peers_connect(peers, to);
        *number = connected < 0 ? connected : net_add(net, connected, NET_STREAM, to->family);
        return *number < 0 ? -*number : 0;
    }
    int family = to->family == 4 ? AF_INET : AF_INET6;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    socklen_t size = net_sockaddr(to, to->family, &address);
    net_set_nodelay(fd);
    if (connect(fd, (struct sockaddr *)&address, size) < 0 && errno != EINPROGRESS) {
        int error = errno;
        close(fd);
        return error;
    }
    *number = net_add(net, fd, NET_STREAM, to->family);
    return *number < 0 ? -*number : 0;
}

static int do_connect(struct net *net, const struct boxer_net_request *request) {
    struct endpoint real, to = {.scope = request->scope,
                                .port = (uint16_t)request->port,
                                .family = (uint8_t)request->family};
    if ((request->family != 4 && request->family != 6) || request->port > UINT16_MAX)
        return EINVAL;
    memcpy(to.address, request->address, sizeof to.address);
    const struct boxer_membership *peers = peers_of(&net->peers, &to);
    if (request->protocol == IPPROTO_UDP) // nothing is sent yet
        return peers || grants_know(net->grants, &to) ? 0 : ENETUNREACH;
    if (request->protocol != IPPROTO_TCP)
        return EINVAL;
    int number = -1,
        error = peers ? grants_note_peer(net->grants, PROTOCOL_TCP, NULL, &to, peers->name)
                      : grants_may_connect(net->grants, PROTOCOL_TCP, &to, &real);
    if (error || (error = grants_opened(net->grants)))
        return error;
    if ((error = begin_connecting(net, peers, peers ? &to : &real, &number))) {
        grants_closed(net->grants);
        return error;
    }
    struct boxer_net_reply answer = {.descriptor = (uint32_t)number};
    struct net_socket *made = net_socket(net, (uint32_t)number);
    struct sockaddr_storage local;
    socklen_t size = sizeof local;
    struct endpoint end = {0};
    made->is_connecting = 1;
    made->to = to;
    made->since_ns = now_ns();
    if (getsockname(made->fd, (struct sockaddr *)&local, &size) == 0) {
        peers_read_name(&local, size);
        net_endpoint(&local, &end);
    }
    end = (struct endpoint){.family = end.family, .port = end.port}; // its address is the host's
    net_tell(&end, answer.local);
    reply(net, &answer, sizeof answer);
    return 0;
}

static int do_error(struct net *net, const struct boxer_net_request *request) {
    struct net_socket *socket = net_socket(net, request->descriptor);
    struct boxer_net_reply answer = {0};
    int error = 0;
    socklen_t size = sizeof error;
    if (!socket)
        return EBADF;
    if (getsockopt(socket->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        return errno;
    answer.value = (uint32_t)(socket->error ? socket->error : error);
    socket->error = 0;
    reply(net, &answer, sizeof answer);
    return 0;
}

static int do_option(struct net *net, const struct boxer_net_request *request) {
    struct net_socket *socket = net_socket(net, request->descriptor);
    int value = (int)request->value;
    struct linger linger = {1, value};
    if (!socket || socket->kind != NET_STREAM)
        return EBADF;
    switch (request->option) {
    case BOXER_NET_OPTION_KEEPALIVE:
        return setsockopt(socket->fd, SOL_SOCKET, SO_KEEPALIVE, &value, sizeof value) ? errno : 0;
    case BOXER_NET_OPTION_LINGER:
        // A close never waits: it resets, or lets the system send what is left.
        return value                                                                   ? 0
               : setsockopt(socket->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) ? errno
                                                                                       : 0;
    default:
        return ENOPROTOOPT;
    }
}

static int start_resolver(struct net *net) {
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = NET_RESOLVER};
    if (net->resolver)
        return 0;
    net->resolver = resolver_new(net->grants, net->machine->run->network->policy);
    if (!net->resolver)
        return ENOBUFS;
    return epoll_ctl(net->epoll, EPOLL_CTL_ADD, resolver_descriptor(net->resolver), &event) < 0
               ? errno
               : 0;
}

// Whether a name or an address is of a network of boxes, and the answer. Then nobody else is asked.
static int answer_of_peers(struct net *net, enum question question, const char *name,
                           struct answer *answer) {
    const struct net_peers *peers = &net->peers;
    char canonical[LONGEST_NAME + 1];
    struct endpoint address;
    if (!peers->count || name_canonical(name, canonical) < 0)
        return 0;
    if (address_of_reverse(canonical, &address) == 0) {
        answer->status =
            peers_name(peers, &address, answer->name) == 0 ? ANSWER_FOUND : ANSWER_NXDOMAIN;
        return question == ASKS_PTR && peers_of(peers, &address) != NULL;
    }
    answer->count = (uint32_t)peers_find(peers, canonical, answer->addresses, MOST_ADDRESSES);
    if (!answer->count)
        return 0;
    for (uint32_t i = 0; i < answer->count; i++)
        grants_note_peer(net->grants, 0, canonical, &answer->addresses[i],
                         peers_of(peers, &answer->addresses[i])->name);
    if (question != ASKS_A) {
        answer->count = 0;
        answer->status = ANSWER_NODATA;
    }
    return 1;
}

static int do_resolve(struct net *net, const struct boxer_net_request *request, const char *name) {
    uint32_t type = request->option;
    if (type != ASKS_A && type != ASKS_AAAA && type != ASKS_PTR)
        return EINVAL;
    struct answer answer = {.id = request->descriptor};
    int error = start_resolver(net);
    if (error)
        return error;
    if (answer_of_peers(net, (enum question)type, name, &answer))
        return resolver_give(net->resolver, &answer);
    return resolver_start(net->resolver, request->descriptor, (enum question)type, name);
}

static int do_answer(struct net *net) {
    struct answer answer;
    struct boxer_net_answer told = {0};
    if (!net->resolver || !resolver_take(net->resolver, &answer))
        return EAGAIN;
    told.id = answer.id;
    told.status = answer.status;
    told.count = answer.count;
    told.name_size = (uint32_t)strlen(answer.name);
    for (uint32_t i = 0; i < answer.count && i < MOST_ADDRESSES; i++)
        memcpy(told.addresses + 16 * i, answer.addresses[i].address, 16);
    memcpy(told.name, answer.name, told.name_size);
    reply(net, &told, sizeof told);
    return 0;
}

static int do_order(struct net *net, const struct boxer_net_request *request) {
    const struct boxer_run *run = net->machine->run;
    int orders = run->orders - 1;
    struct boxer_net_reply answer = {0};
    struct boxer_net_order order;
    if (request->kind == BOXER_NET_GRANTED) {
        answer.value = (run->network ? 1u << BOXER_NET_GRANT_NETWORK : 0) |
                       (orders >= 0 ? 1u << BOXER_NET_GRANT_ORDERS : 0) |
                       (net->machine->lives ? 1u << BOXER_NET_GRANT_LIVES : 0);
        reply(net, &answer, sizeof answer);
        if (orders >= 0) // from now on it hears of them
            orders_ended(orders, 0, 0);
        return 0;
    }
    if (orders < 0)
        return ENOSYS;
    if (request->kind == BOXER_NET_ENDED) {
        orders_ended(orders, request->descriptor, request->value);
        return 0;
    }
    int error = orders_next(net, orders, request->value, &order);
    if (!error)
        reply(net, &order, sizeof order);
    return error;
}

// What follows the request, with a NUL behind it. 0, or -1: too long.
static int rest_of(const struct net_pieces *pieces, char *name, size_t room) {
    size_t size = 0;
    for (int i = 1; i < pieces->count; i++) {
        if (pieces->list[i].iov_len >= room - size)
            return -1;
        memcpy(name + size, pieces->list[i].iov_base, pieces->list[i].iov_len);
        size += pieces->list[i].iov_len;
    }
    name[size] = 0;
    return strlen(name) == size ? 0 : -1;
}

int net_request(struct net *net, const struct net_pieces *pieces) {
    struct boxer_net_request request;
    char name[LONGEST_NAME + 1];
    net->reply_size = 0;
    if (!pieces->count || pieces->list[0].iov_len != sizeof request)
        return EINVAL;
    memcpy(&request, pieces->list[0].iov_base, sizeof request);
    if (request.kind == BOXER_NET_GRANTED || request.kind == BOXER_NET_ORDER ||
        request.kind == BOXER_NET_ENDED)
        return do_order(net, &request);
    if (!net->machine->run->network) // entered without the one it began with
        return ENETDOWN;
    switch (request.kind) {
    case BOXER_NET_LISTEN:
        return do_listen(net, &request);
    case BOXER_NET_CONNECT:
        return do_connect(net, &request);
    case BOXER_NET_DATAGRAMS:
        return do_datagrams(net, &request);
    case BOXER_NET_ERROR:
        return do_error(net, &request);
    case BOXER_NET_OPTION:
        return do_option(net, &request);
    case BOXER_NET_RESOLVE:
        return rest_of(pieces, name, sizeof name) ? EINVAL : do_resolve(net, &request, name);
    case BOXER_NET_ANSWER:
        return do_answer(net);
    case BOXER_NET_AWAIT:
        lives_await(net->machine);
        return 0;
    default:
        return ENOSYS;
    }
}

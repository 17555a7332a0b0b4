// The table of a machine's sockets.
#define _GNU_SOURCE
#include "net.h"
#include "net_peers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int grow(struct net *net) {
    uint32_t room = net->room ? net->room * 2 : 16;
    if (room > MOST_SOCKETS)
        return -EMFILE;
    struct net_socket *grown = realloc(net->sockets, room * sizeof *grown);
    if (!grown)
        return -ENOBUFS;
    net->sockets = grown;
    for (uint32_t place = room; place-- > net->room;) {
        grown[place] = (struct net_socket){.fd = -1, .next_free = net->free};
        net->free = place + 1;
    }
    net->room = room;
    return 0;
}

int net_add(struct net *net, int fd, enum net_kind kind, int family) {
    int is_other = kind != NET_STREAM;
    int error = is_other && net->others == MOST_OTHERS ? -EMFILE : net->free ? 0 : grow(net);
    uint32_t place = net->free - 1;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.u32 = NET_FIRST + place};
    if (kind == NET_LISTENER)
        event.events = EPOLLIN | EPOLLET;
    int is_watched = kind != NET_FILE && !(kind == NET_LISTENER && net->machine->lives);
    if (!error && is_watched && epoll_ctl(net->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        error = -ENOBUFS;
    if (error) {
        close(fd);
        return error;
    }
    struct net_socket *socket = &net->sockets[place];
    net->free = socket->next_free;
    net->others += (uint32_t)is_other;
    *socket = (struct net_socket){.fd = fd, .kind = (uint8_t)kind, .family = (uint8_t)family};
    return (int)(NET_FIRST + place);
}

void net_tell_again(struct net *net, const struct net_socket *socket, int fd, uint32_t events) {
    struct epoll_event event = {.events = events,
                                .data.u32 = NET_FIRST + (uint32_t)(socket - net->sockets)};
    epoll_ctl(net->epoll, EPOLL_CTL_MOD, fd, &event);
}

struct net_socket *net_socket(struct net *net, uint32_t number) {
    if (!net || number < NET_FIRST || number - NET_FIRST >= net->room)
        return NULL;
    struct net_socket *socket = &net->sockets[number - NET_FIRST];
    return socket->kind == NET_FREE ? NULL : socket;
}

void net_remove(struct net *net, struct net_socket *socket) {
    // Of a listener, and of a published port, others have descriptors: closing alone changes
    // nothing.
    epoll_ctl(net->epoll, EPOLL_CTL_DEL, socket->fd, NULL);
    if (socket->listens_for < 0) // nobody finds it any more
        peers_unlisten(&net->peers, PEER_NETWORK(socket->listens_for),
                       PEER_PORT(socket->listens_for));
    if (socket->kind == NET_LISTENER && !net->machine->lives)
        shutdown(socket->fd, SHUT_RD); // it refuses, and can be told to listen again
    if (socket->kind == NET_STREAM) {
        grants_note_ended(net->grants, &socket->to, socket->box_port, socket->bytes);
        grants_closed(net->grants);
    } else {
        net->others--;
    }
    close(socket->fd);
    ends_close(net, socket);
    free(socket->heard);
    *socket = (struct net_socket){.fd = -1, .next_free = net->free};
    net->free = (uint32_t)(socket - net->sockets) + 1;
}

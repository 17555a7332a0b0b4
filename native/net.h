// A machine's sockets, from what its run has been granted to the end of its life.
//
// Invariants
// 1. Without `network` or `orders` in its run a machine has none of this, and no descriptor says
//    so; without `network` every request of it is refused.
// 2. The guest names sockets by numbers of a table with MOST_SOCKETS places, never by descriptors
//    of this process, and each call looks its number up. Connections have a limit of their own;
//    MOST_OTHERS are none: of those, too, the guest can ask for as many as it likes.
// 3. Nothing here waits: the one wait is `stream_wait`, for `net_descriptor`.
// 4. What goes out has been through the policy; a datagram each time.
// 5. All sockets are closed when the life ends, and listeners listen no more.
#ifndef BOXER_NATIVE_NET_H
#define BOXER_NATIVE_NET_H

#include "network.h"
#include "orders.h"
#include "policy.h"
#include "resolve.h"
#include "state.h"
#include "wasi.h"

#include <sys/uio.h>

struct msghdr;

enum {
    NET_FIRST = 1 << 16,
    MOST_SOCKETS = 1 << 14,
    MOST_OTHERS = 1024,
    MOST_HEARD = 64,
    NET_REPLY = 1024
};
// FILE: a stream of a program that was ordered (orders.h), in no epoll.
enum net_kind { NET_FREE, NET_LISTENER, NET_STREAM, NET_DATAGRAMS, NET_FILE };
// Of the epoll, beside numbers of sockets.
enum { NET_RESOLVER, NET_ORDERS };

// error: ended by its time, and not yet told. since_ns: something was moved, or it began.
// published: datagrams of a port of the host. heard: whom it may answer, the last that came.
// box_port: on which the box listens, also of what came there; 0: it went out. bytes: sent,
// received.
// is_before: of before a copy's life (lives.h).
struct net_socket {
    int fd;
    uint8_t kind, family, published, is_connecting, is_over, is_before;
    int error;
    uint64_t since_ns;
    struct endpoint to; // of a connection, where it leads or comes from
    uint64_t bytes[2];
    uint16_t box_port;
    uint32_t next_free;
    int32_t listens_for; // the run's descriptor + 1; 0: none; negative: see net_peers.h
    uint32_t heard_count, heard_at;
    struct endpoint *heard;
    struct peer_ends *ends; // of datagrams, on networks of boxes; null: none yet
};

// The networks of boxes it is on, for as long as its life is: net_peers.h.
struct net_peers {
    uint32_t count;
    struct boxer_membership of[MOST_NETWORKS];
    char names[MOST_NETWORKS][64];
};

// reply: of the last request, or accept, until it is read.
struct net {
    struct boxer_machine *machine;
    struct grants *grants;
    struct resolver *resolver; // null: nobody has asked
    struct order *order;       // that is being told; null: none
    int epoll;
    struct net_peers peers;
    struct net_socket *sockets;
    uint32_t room, free; // free: number + 1 of a place; 0: none
    uint32_t others;     // that are no connections
    uint64_t swept_ns;   // the clock of its sockets, too
    uint32_t any_port;   // what a listener's port 0 means; 0: nothing yet
    uint32_t reply_size;
    uint8_t reply[NET_REPLY];
};

// 0, or -1: there is none, or no descriptor for it.
int net_begin(struct boxer_machine *);
void net_end(struct boxer_machine *); // of its life
// Which limit was reached, for the outcome of an entry.
void net_note(struct boxer_machine *);
int net_has(struct boxer_machine *, uint32_t number);
uint8_t net_filetype(struct boxer_machine *, uint32_t number);
int net_descriptor(struct boxer_machine *, uint32_t number); // for poll(2); -1: none

// What preview 1 answers: an error of it, or STREAM_OVER. pieces: of the guest's memory.
struct net_pieces {
    struct iovec list[1024];
    int count;
};
int net_accept(struct boxer_machine *, uint32_t number, uint32_t *accepted);
int net_receive(struct boxer_machine *, uint32_t number, struct net_pieces *, int peek,
                uint64_t *moved, int *truncated);
int net_send(struct boxer_machine *, uint32_t number, struct net_pieces *, uint64_t *moved);
int net_shutdown(struct boxer_machine *, uint32_t number, uint32_t how);
int net_close(struct boxer_machine *, uint32_t number);
int net_events(struct boxer_machine *, struct net_pieces *, uint64_t *moved);

// net_table.c. Of a new place: its number, or a negated errno; then fd is closed.
int net_add(struct net *, int fd, enum net_kind, int family);
struct net_socket *net_socket(struct net *, uint32_t number); // null: there is none
void net_remove(struct net *, struct net_socket *);
// If there is more to be had of a descriptor of the socket's, it is an event once more.
void net_tell_again(struct net *, const struct net_socket *, int fd, uint32_t events);
// net_control.c. An errno; the reply is in `net`.
void net_set_nodelay(int fd);
int net_request(struct net *, const struct net_pieces *);
// net_sweep.c. Ends connections whose time is over; now and then is enough.
void net_sweep(struct boxer_machine *);
void net_touch(struct net *, struct net_socket *); // something was moved
// net_datagrams.c.
int net_send_datagram(struct net *, struct net_socket *, const struct net_pieces *, uint64_t *);
int net_receive_datagram(struct net *, struct net_socket *, struct net_pieces *, int peek,
                         uint64_t *moved, int *truncated);
// net_peer_datagrams.c. The ends of a socket of datagrams on networks of boxes.
int ends_listen(struct net *, struct net_socket *, uint16_t port); // on all of them; an errno
int ends_have(const struct net *, uint16_t port);                  // whether one of them listens so
// What preview 1 answers. pieces: without the address.
int ends_send(struct net *, struct net_socket *, const struct endpoint *to,
              const struct iovec *pieces, size_t count, uint64_t *sent);
int ends_receive(struct net *, struct net_socket *, struct msghdr *, int peek,
                 struct endpoint *from, uint64_t *got);
void ends_close(struct net *, struct net_socket *);
// net_address.c.
struct sockaddr_storage;
unsigned net_sockaddr(const struct endpoint *, int family, struct sockaddr_storage *);
void net_endpoint(const struct sockaddr_storage *, struct endpoint *);
void net_tell(const struct endpoint *, uint8_t record[28]);
// The bytes were moved. 0, or STREAM_OVER: more than the life may.
int net_count(struct net *, uint64_t sent, uint64_t received);

int net_error(int error); // an errno as preview 1 has it

#endif

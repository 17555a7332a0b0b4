// Sockets: AF_UNIX, loopback AF_INET and AF_INET6, AF_NETLINK for the names of interfaces. What
// lies beyond the box is ENETUNREACH, unless the host has granted it (net/outer.h).
//
// Invariants
// 1. A connected pair points at each other by `peer`; a close clears the other's pointer. A
//    datagram socket's peer is only where it sends to.
// 2. What was sent lies in the receiver's queue; queued bytes never exceed its limit by more than
//    one datagram, and nothing is ever allocated beyond it.
// 3. A socket has a file, or waits in a listener's queue to be accepted, never both.
// 4. Connecting within the box ends at once: both ends are here. A non-blocking TCP socket hears of
// it as on
//    Linux, by EINPROGRESS, poll and SO_ERROR.
#ifndef KERNEL_NET_SOCKET_H
#define KERNEL_NET_SOCKET_H

#include <boxer/linux_socket.h>

#include <stddef.h>
#include <stdint.h>

struct file;
struct file_ops;
struct inode;
struct outside;

// A socket address as the caller sees it; size 0: none (unnamed, unbound).
struct name {
    uint32_t size;
    union {
        uint16_t family;
        struct linux_sockaddr_in in;
        struct linux_sockaddr_in6 in6;
        struct linux_sockaddr_un un;
    };
};

enum { SHUT_RECEIVE = 1, SHUT_SEND = 2, SHUT_BOTH = 3 };
#define BUFFER_DEFAULT 212992u // net.core.rmem_default
#define BUFFER_MOST 425984u    // twice net.core.rmem_max
#define BUFFER_LEAST 2304u     // SOCK_MIN_RCVBUF
#define RIGHTS_MOST 253        // SCM_MAX_FD
#define STORED_OPTIONS 16
#define DOORS_MOST 4

// Of datagrams of IP. to: as IPv6 says it.
struct said {
    uint8_t is_said, value;
};
struct ancillary {
    struct said hops, traffic_class;
    uint8_t to[16];
};

struct packet {
    struct packet *next;
    size_t size, start, capacity; // bytes [start, size) are still to be read
    struct name *from;            // datagrams of named senders
    struct file **files;          // SCM_RIGHTS, referenced
    unsigned file_count;
    struct linux_ucred sender;
    struct ancillary ancillary;
    char data[];
};

struct option {
    int level, name, value;
};

struct socket {
    struct socket *next, *previous; // of all sockets
    int family, type, protocol;
    int listening, connected, shut, error, accepted;
    int is_reset;     // what came before can still be read
    int connecting;   // a non-blocking connect(2) answered EINPROGRESS and was not asked again
    int serves_names; // dns.h: it has no file
    unsigned asking;  // names that it waits for (dns.h)
    int reaching;     // beyond the box, and not there yet
    struct outside *outside, *doors[DOORS_MOST];
    unsigned door_count;
    struct socket *peer;
    struct packet *first, *last;
    size_t queued;
    struct socket *pending, *pending_next; // a listener's queue, oldest first
    unsigned pending_count, backlog;
    struct name local, remote;
    int port_is_any;     // the kernel picked it: nobody outside can know it
    struct inode *inode; // AF_UNIX with a path: referenced
    struct linux_ucred peer_credentials;
    uint32_t came, left; // edges for epoll
    uint32_t send_limit, receive_limit;
    int64_t send_timeout, receive_timeout; // nanoseconds, 0: none
    int reuse_address, reuse_port, pass_credentials, v6_only;
    struct linux_linger linger;
    struct option options[STORED_OPTIONS]; // accepted, remembered, without effect on loopback
    unsigned option_count;
    struct corked *corked; // a datagram of which more is to come (corked.h)
};

extern struct socket *all_sockets;
extern const struct file_ops socket_ops;

struct socket *socket_new(int family, int type, int protocol); // null: no memory
void socket_free(struct socket *);
struct socket *socket_of(int fd, struct file **file, int *error);
int socket_is_stream(const struct socket *); // no message boundaries
int socket_is_datagram(const struct socket *);
// What was set, without effect here or looked at elsewhere; null: never.
const struct option *socket_option(const struct socket *, int level, int name);
void socket_join(struct socket *, struct socket *);
size_t socket_room(const struct socket *from, const struct socket *to); // bytes `to` takes now

#endif

// Networks of boxes on one host: who is on them is in a folder of each, which their processes write
// (src/boxer/networks). A member's ports are sockets in the file system there; no other program of
// the host, and no other user, is offered any.
//
//   names/NAME/ADDRESS   who has the name      ADDRESS/lock   held as long as the member lives
//   ADDRESS/name         its first name        ADDRESS/PORT   a socket that listens
//                                              ADDRESS/uPORT  one of datagrams
//
// Invariants
// 1. A machine sees the networks of its run alone, by descriptors of their folders.
// 2. What a guest says becomes a part of a path only as an address, a port or a name of DNS that
// were
//    read here and written anew.
// 3. An address of a network is never asked for elsewhere, whatever else is granted.
#ifndef BOXER_NATIVE_NET_PEERS_H
#define BOXER_NATIVE_NET_PEERS_H

#include "net.h"
#include "network.h"

#include <sys/socket.h>
#include <sys/un.h>

// A listener on the n-th network, as struct net_socket has it.
#define PEER_DOOR(n, port) (-(int32_t)(1 + ((n) << 16) + (port)))
#define PEER_NETWORK(door) ((uint32_t)(-(door) - 1) >> 16)
#define PEER_PORT(door) ((uint16_t)(-(door) - 1))

// Copies what the run was given; 0, or -1: too many, or no descriptor for one.
int peers_begin(struct net_peers *, const struct boxer_network *);
void peers_end(struct net_peers *);
// The addresses of a name, port 0; 0: nobody has it. At most `most`.
size_t peers_find(const struct net_peers *, const char *name, struct endpoint *found, size_t most);
// The first name of who has the address now, into LONGEST_NAME + 1 bytes. 0, or -1.
int peers_name(const struct net_peers *, const struct endpoint *, char *name);
// The network of an address, or null.
const struct boxer_membership *peers_of(const struct net_peers *, const struct endpoint *);
// A connection to a port of a member, which stands. A descriptor, or a negated errno.
int peers_connect(const struct boxer_membership *, const struct endpoint *to);
// The place where this machine listens on the n-th of its networks. A descriptor, or a negated
// errno: ENOENT: there is no n-th.
int peers_listen(const struct net_peers *, uint32_t n, uint16_t port);
void peers_unlisten(const struct net_peers *, uint32_t n, uint16_t port);
// The place in the file system of an address and a port. kind: what stands before the port.
void peers_place(const struct boxer_membership *, const uint8_t address[4], const char *kind,
                 uint16_t port, struct sockaddr_un *);
int peers_as_ipv4(const struct endpoint *, uint8_t address[4]); // 0, or -1: it is none
// Of a socket's name that is of a network of boxes: the address and the port, as of TCP.
void peers_read_name(struct sockaddr_storage *, socklen_t size);

#endif

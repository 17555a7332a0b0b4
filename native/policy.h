// What a box may reach outside of itself: rules, and what became of them in one life of a machine.
//
// Invariants
// 1. What no rule grants is refused. So is what cannot be understood, remembered or logged.
// 2. An address that is not globally routable is granted by a rule within its own range, or as
//    what a name resolved to that may resolve inside; the host's loopback as host.boxer.internal
//    alone. An IPv4 address in an IPv6 one is looked at as itself.
// 3. A name grants the addresses that were found for it in this life, and no others.
// 4. Nothing here grows with what a guest does beyond the sizes below.
// A policy never changes and may be used by many threads; grants belong to their machine's thread.
#ifndef BOXER_NATIVE_POLICY_H
#define BOXER_NATIVE_POLICY_H

#include "endpoint.h"
#include "names.h"

#include <stddef.h>

enum { MOST_RULES = 4096, MOST_KNOWN = 512, MOST_TOLD = 256 };

// As their option wants them; 0: none.
struct network_limits {
    uint64_t connections;         // at once, both ways
    uint64_t connect_ns, idle_ns; // until it stands; without a byte
    uint64_t sent, received;      // bytes of a life, all connections and datagrams together
};

// text: a rule a line, made by src/boxer/runtime/network.py:
//   allow FAMILY ADDRESS-IN-HEX PREFIX FIRST-PORT LAST-PORT SPELLING
//   name NAME FIRST-PORT LAST-PORT SPELLING      (NAME: a leading `*.` stands for labels)
//   inside NAME FIRST-PORT LAST-PORT SPELLING    (what it resolves to may be private)
//   all SPELLING
//   server FAMILY ADDRESS-IN-HEX PORT            (of names; none: the host's own way)
//   limit NAME NUMBER                            (the names of struct network_limits)
// Null, and why in `error`: the text is not one.
struct policy *boxer_policy_new(const char *text, size_t size, char *error, size_t room);
void boxer_policy_free(struct policy *);
const struct network_limits *policy_limits(const struct policy *);
// Their number.
size_t policy_servers(const struct policy *, const struct endpoint **);

// Of one life. tell: is given a line with its newline for the person who runs the box. log: a
// descriptor for lines of JSON, -1: none.
typedef void (*tell)(void *state, const char *line, size_t size);
struct grants *grants_new(const struct policy *, tell, void *state, int log);
void grants_free(struct grants *);

// Whether a connection or a datagram may go there. 0, and the address to use instead of it; or an
// errno, and it has been told.
int grants_may_connect(struct grants *, int protocol, const struct endpoint *to,
                       struct endpoint *real);
// Whether anything at that address is granted, whatever the port; quietly. For connect(2) of a
// datagram socket, which sends nothing: getaddrinfo(3) does it to sort addresses.
int grants_know(struct grants *, const struct endpoint *to);
// Of a network of boxes, which no rule names: an answer to a name (protocol: 0), or where something
// goes. It is logged, datagrams once while the target stays the same. 0, or an errno.
int grants_note_peer(struct grants *, int protocol, const char *name,
                     const struct endpoint *address, const char *network);
// For the log: who came to a port of the box, by way of a network of boxes or (null) one of the
// host's; with whom a connection has ended (port: 0: it went out). bytes: sent and received.
void grants_note_came(struct grants *, int protocol, const struct endpoint *from, uint16_t port,
                      const char *network);
void grants_note_ended(struct grants *, const struct endpoint *with, uint16_t port,
                       const uint64_t bytes[2]);
// Whether a datagram that came from there may be shown to the box: whether one may go there.
// Quietly, and real is of the box: host.boxer.internal's for the host's loopback.
int grants_may_hear(struct grants *, const struct endpoint *real, struct endpoint *from);
// Whether the host may look a name up (of an address: as in in-addr.arpa, ip6.arpa). 0 or an errno.
int grants_may_resolve(struct grants *, const char *name);
// What the host found for a name: those that may be told are kept, and may be connected to.
size_t grants_answer(struct grants *, const char *name, const struct endpoint *found, size_t count,
                     struct endpoint *kept);

// 0, or an errno: as many as may be at once are there. One that is refused is not closed.
int grants_opened(struct grants *);
void grants_closed(struct grants *);
int grants_is_full(const struct grants *); // quietly
// 0, or 1: with these bytes it is more than a life may; the run is over.
int grants_sent(struct grants *, uint64_t bytes), grants_received(struct grants *, uint64_t bytes);
// The first limit that was reached, by its name, or null.
const char *grants_reached(const struct grants *);
// For who keeps time: a connection was ended for it. limit: connect_time or idle_time.
void grants_expired(struct grants *, const char *limit, const struct endpoint *to);

// What HOST_NAME resolves to: it stands for the host's loopback.
extern const struct endpoint host_endpoint;

#endif

// The host's network, as far as this machine has been granted it: its descriptors, and what is
// known of each.
//
// Invariants
// 1. Without a network and without orders there is no control descriptor and nothing here is ever
// asked of the host,
//    but whether there is one, once a life.
// 2. The `bits` of a descriptor are what the host said in an event, less what a call has found
//    otherwise since (abi/boot.toml: net_event). Without a control descriptor the host is asked.
// 3. A frozen machine has none of it.
#ifndef KERNEL_OUTSIDE_OUTSIDE_H
#define KERNEL_OUTSIDE_OUTSIDE_H

#include <boxer/boot.h>

#include <stddef.h>
#include <stdint.h>

enum {
    OUTSIDE_READABLE = 1 << BOXER_NET_BIT_READABLE,
    OUTSIDE_WRITABLE = 1 << BOXER_NET_BIT_WRITABLE,
    OUTSIDE_ENDED = 1 << BOXER_NET_BIT_ENDED,
    OUTSIDE_HUNG_UP = 1 << BOXER_NET_BIT_HUNG_UP,
    OUTSIDE_FAILED = 1 << BOXER_NET_BIT_FAILED,
    OUTSIDE_ANSWERED = 1 << BOXER_NET_BIT_ANSWERED,
    OUTSIDE_ORDERED = 1 << BOXER_NET_BIT_ORDERED,
    OUTSIDE_BORN = 1 << BOXER_NET_BIT_BORN,
    OUTSIDE_UNTRIED = 1 << 16, // new: whether it is readable, nobody has said
    OUTSIDE_TAKEN = 1 << 17,   // it was readable, and something was taken since
};

struct outside {
    int hfd;
    unsigned refs;
    uint32_t bits;
    uint32_t came; // grows with each event: edges for epoll
    int family;    // 4 or 6, of datagrams and listeners; 0: not known
    // Of a listener that several sockets of one port have: whose turn it is to accept.
    const void *turn;
};

// first: the host's first descriptor that is no folder. What was known in an earlier life is cut
// off: its descriptors are nobody's.
void outside_thaw(int first);
void outside_freeze(void);
int outside_is_granted(void);   // a network
int outside_takes_orders(void); // of who watches the machine
int outside_gives_lives(void);  // to copies of the machine, one for each connection
int outside_control(void);      // it, or -1
// The wait that follows is one for connections. Where lives are given, it may end in a copy of this
// machine, which is told so: it has none of the host's sockets but the one that knocks.
void outside_await(void);

// One reference; null without memory, and the descriptor is closed. The descriptor of one that is
// known already: another reference to that.
struct outside *outside_new(int hfd);
void outside_put(struct outside *); // the last one closes it
uint32_t outside_bits(struct outside *);
// Those that hold now: what was taken from may have nothing more, which the host is asked. For who
// is told that it is readable, and would wait for ever if it is not.
uint32_t outside_sure_bits(struct outside *);
void outside_took(struct outside *); // something was, and there may be more
// The host descriptor to wait for: the control descriptor, or without one its own.
int outside_awaited(const struct outside *);
// Ports that are exposed; a listener that the host has passed on without a control descriptor and
// nobody has yet, or null. The n-th is for the n-th exposed port, those behind them for any other.
void outside_expose(unsigned long port);
struct outside *outside_inherited(unsigned port);

// Asks the host what has happened, without waiting. How much it was.
int outside_look(void);
// Called when an answer to a RESOLVE is there.
void outside_on_answer(void (*)(void));
void outside_on_order(void (*)(void)); // when there is one
void outside_on_birth(void (*)(void)); // in a copy

// more: what follows the request. reply: null where none is wanted. 0 or -errno.
int outside_request(const struct boxer_net_request *, const void *more, size_t size, void *reply,
                    size_t room);

#endif

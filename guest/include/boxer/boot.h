// The boot block and the tree image: where Boxer and the kernel in a box meet.
//
// Made from abi/boot.toml by `python -m abi`: change that file.
#ifndef BOXER_BOOT_H
#define BOXER_BOOT_H

#include <stddef.h>
#include <stdint.h>

#define BOXER_KERNEL_ABI 2
#define BOXER_ASKING 1048576
#define BOXER_BOOT_MAGIC "BXBOOT01"
#define BOXER_TREE_MAGIC "BXTREE01"

// What a machine's memory holds: one that has not started yet, or one that was frozen.
enum { BOXER_PHASE_COLD, BOXER_PHASE_FROZEN };

// The bits of a boot block's `reached`, 1 << one of these: limits of a run.
enum { BOXER_REACHED_MEMORY, BOXER_REACHED_FILES, BOXER_REACHED_STORAGE };

// The flags of a tree image. ADDRESSES: its offsets are addresses, as the kernel writes it.
enum { BOXER_TREE_OFFSETS, BOXER_TREE_ADDRESSES };

// Requests to the control descriptor of a host that grants a network; see `net_request`.
enum {
    BOXER_NET_LISTEN,
    BOXER_NET_CONNECT,
    BOXER_NET_DATAGRAMS,
    BOXER_NET_ERROR,
    BOXER_NET_OPTION,
    BOXER_NET_RESOLVE,
    BOXER_NET_ANSWER,
    BOXER_NET_GRANTED,
    BOXER_NET_ORDER,
    BOXER_NET_ENDED,
    BOXER_NET_AWAIT,
};

// Bits of an event, 1 << one of these. ANSWERED, ORDERED: look. BORN: in a copy (AWAIT).
enum {
    BOXER_NET_BIT_READABLE,
    BOXER_NET_BIT_WRITABLE,
    BOXER_NET_BIT_ENDED,
    BOXER_NET_BIT_HUNG_UP,
    BOXER_NET_BIT_FAILED,
    BOXER_NET_BIT_ANSWERED,
    BOXER_NET_BIT_ORDERED,
    BOXER_NET_BIT_BORN,
};

// What OPTION sets. LINGER: seconds, 0: a reset.
enum { BOXER_NET_OPTION_KEEPALIVE, BOXER_NET_OPTION_LINGER };

// Bits, 1 << one of these: a network; orders; a life for each connection (AWAIT).
enum { BOXER_NET_GRANT_NETWORK, BOXER_NET_GRANT_ORDERS, BOXER_NET_GRANT_LIVES };

// PROGRAM: one is to be started. SIGNAL: that of an earlier order gets a signal.
enum { BOXER_NET_ORDER_NONE, BOXER_NET_ORDER_PROGRAM, BOXER_NET_ORDER_SIGNAL };

// The boot block: the exported global `boxer_boot` holds its address. Behind `heap`: how the host
// hands a request to boxer_call and finds the reply.
struct boxer_boot {
    char magic[8] __attribute__((nonstring));
    uint32_t abi;          // kernel_abi
    uint32_t phase;        // see the enumeration
    uint32_t tree;         // the tree image
    uint32_t tree_size;    // bytes
    uint32_t config;       // records, each ended by NUL
    uint32_t config_size;  // bytes
    uint32_t heap;         // first free byte; 0: __heap_base
    uint32_t thaw;         // set by the host: this call begins a life
    uint32_t request;      // where a request goes
    uint32_t request_size; // bytes
    uint32_t reply;        // where the reply is
    uint32_t reply_size;   // bytes
    uint32_t room;         // bytes there are for a request at its address
    uint32_t reached;      // limits this life has run into
};
_Static_assert(sizeof(struct boxer_boot) == 64, "boot");

// What a host tells a machine while it runs; the exported global `boxer_signals` has its address.
// A host that tells nothing leaves it as it is; a base without it is told nothing. The number of a
// signal is its place in a list and its bit in a set. Each field has one writer, so that nothing
// is lost where both are at it.
struct boxer_signals {
    uint32_t sent;      // host: grows with each signal, after its count
    uint32_t taken;     // guest: `sent` as it was when it last looked
    uint32_t heeded;    // guest: signals with a handler, or ignored
    uint32_t word;      // guest: what its program looks at as it runs; 0: nothing
    uint32_t bits;      // guest: which of its bits a host sets
    uint32_t live;      // host: 1 where signals may come
    uint32_t rows;      // host: of the terminal; 0: not known
    uint32_t columns;   // host: likewise
    uint8_t counts[32]; // host: how often each was sent
    uint8_t known[32];  // guest: `counts` as it last looked
};
_Static_assert(sizeof(struct boxer_signals) == 96, "signals");

// How a machine's tasks take turns; the exported global `boxer_tasks` has its address. The slots
// are places in the exported table: the guest's own functions lie there, which answer -ENOSYS,
// until a host that can switch native stacks puts its own there. A host that cannot leaves all
// as it is.
struct boxer_tasks {
    uint32_t switch_slot; // guest: another fiber goes on
    uint32_t fork_slot;   // guest: a copy of the fiber, and of a space's memory
    uint32_t drop_slot;   // guest: a fiber, and a space, are not needed any more
    uint32_t image_slot;  // guest: a space begins as the machine's image
    uint32_t most;        // host: how many tasks there may be; 0: the kernel's default
    uint32_t due;         // host: 1 at a tick; guest: 0 when others have had a turn
    uint32_t others;      // guest: how many tasks want a turn besides the current
    uint32_t tick_us;     // guest: microseconds between ticks; 0: 5000
    uint32_t watched;     // guest: a word that holds an address, or 0; 0: none
    uint32_t offset;      // guest: from that address to four bytes
    uint32_t bits;        // guest: which of their bits a tick sets
    uint32_t reserved[5];
};
_Static_assert(sizeof(struct boxer_tasks) == 64, "tasks");

// The memory of a process, as the kernel tells its host of it in a slot.
struct boxer_space {
    uint32_t id;     // 1 or more
    uint32_t count;  // of ranges
    uint32_t ranges; // where they are, sorted and disjoint
};
_Static_assert(sizeof(struct boxer_space) == 12, "space");

// A run of a space's pages.
struct boxer_space_range {
    uint32_t address; // a multiple of 4096
    uint32_t size;    // bytes, a multiple of 4096
};
_Static_assert(sizeof(struct boxer_space_range) == 8, "space_range");

// The head of a tree image.
struct boxer_tree {
    char magic[8] __attribute__((nonstring));
    uint32_t count;      // of entries
    uint32_t entries;    // offset of entry 0 from the image's start
    uint32_t total_size; // bytes, the head included
    uint32_t flags;      // see the enumeration
    uint32_t reserved[2];
};
_Static_assert(sizeof(struct boxer_tree) == 32, "tree");

// One name of a tree image. Entry 0 is the root and its own parent; a parent precedes its children;
// siblings are sorted by name.
struct boxer_tree_entry {
    uint32_t parent;   // the number of its folder's entry
    uint32_t name;     // offset from the image's start
    uint32_t name_len; // bytes
    uint32_t mode;     // st_mode, type bits included
    uint32_t uid;
    uint32_t gid;
    int64_t mtime_sec;
    uint32_t mtime_nsec;
    uint32_t size;   // bytes of the file
    uint32_t data;   // offset from the image's start
    uint32_t stored; // bytes at data; fewer than size: compressed (RFC 1950, or .lzma)
    uint32_t link;   // number + 1 of the earlier entry of this inode, else 0
    uint32_t rdev;   // of a device
    uint32_t block;  // what is stored is a block of several files, of so many bytes; else 0
    uint32_t offset; // where in the block the file begins
};
_Static_assert(sizeof(struct boxer_tree_entry) == 64, "tree_entry");

// What `sock_send` on the control descriptor asks for; its error is the answer's, and what else
// there is to answer is read with `sock_recv` on it. LISTEN: the `value`-th of what the host has
// bound for protocol and port begins to take connections, `option` of them before they are
// accepted; ENOENT: there is none; closed, it refuses them again. CONNECT: it has begun; of UDP:
// whether anything may be sent to that address. DATAGRAMS: a socket for them; where port is one
// that the host has bound, that one. ERROR: why it failed. OPTION: one of net_option becomes
// `value`. RESOLVE: the name follows, without NUL; `option` is its type as in DNS. ANSWER: the
// next one. GRANTED: what there is of net_grant, as `value`. ORDER: the next one, its text from
// `value` on. ENDED: the program of order `descriptor`, with exit status `value`.
struct boxer_net_request {
    uint32_t kind;
    uint32_t descriptor; // of RESOLVE: a number that its answer has, too
    uint32_t protocol;   // 6: TCP, 17: UDP
    uint32_t family;     // 4 or 6
    uint32_t port;       // in the order of numbers
    uint32_t scope;
    uint8_t address[16]; // IPv4: the first four
    uint32_t option;
    uint32_t value;
};
_Static_assert(sizeof(struct boxer_net_request) == 48, "net_request");

// An end of a connection. In front of each datagram in `sock_send` and `sock_recv`.
struct boxer_net_address {
    uint32_t family; // 4, 6, or 0: not known
    uint32_t port;
    uint32_t scope;
    uint8_t address[16];
};
_Static_assert(sizeof(struct boxer_net_address) == 28, "net_address");

// LISTEN, CONNECT, DATAGRAMS: `descriptor`; LISTEN, and DATAGRAMS of a port: its family as `value`.
// ERROR: `value`, a number of Linux. CONNECT, and of itself behind `sock_accept`: names, each a
// net_address; of the local one only the port.
struct boxer_net_reply {
    uint32_t descriptor;
    uint32_t value;
    uint8_t local[28];
    uint8_t peer[28];
};
_Static_assert(sizeof(struct boxer_net_reply) == 64, "net_reply");

// What `fd_read` on the control descriptor gives, as many as fit; EAGAIN: nothing has happened.
// What a bit says holds until a call on the descriptor says EAGAIN or does less than it was asked
// for.
struct boxer_net_event {
    uint32_t descriptor;
    uint32_t bits; // see net_bit
};
_Static_assert(sizeof(struct boxer_net_event) == 8, "net_event");

// What was asked for by RESOLVE.
struct boxer_net_answer {
    uint32_t id;
    uint32_t status;        // 0: found; 1: nothing of that type; else DNS's number
    uint32_t count;         // of addresses
    uint32_t name_size;     // of a PTR
    uint8_t addresses[256]; // 16 bytes each
    uint8_t name[256];
};
_Static_assert(sizeof(struct boxer_net_answer) == 528, "net_answer");

// What ORDER answers. The text of a PROGRAM: `words` of its arguments, then K=V of its environment,
// each with its NUL; `size` bytes, of which here are those from where it was asked for. Its streams
// are descriptors of the host, for fd_read and fd_write, which never wait.
struct boxer_net_order {
    uint32_t id;
    uint32_t kind; // see the enumeration
    uint32_t words;
    uint32_t size;
    uint32_t signal;
    uint32_t streams[3];
    uint8_t text[960];
};
_Static_assert(sizeof(struct boxer_net_order) == 992, "net_order");

#endif

// The boot block and the tree image: where Boxer and the kernel in a box meet.
//
// Made from abi/boot.toml by `python -m abi`: change that file.
#ifndef BOXER_BOOT_H
#define BOXER_BOOT_H

#include <stddef.h>
#include <stdint.h>

#define BOXER_KERNEL_ABI 1
#define BOXER_BOOT_MAGIC "BXBOOT01"
#define BOXER_TREE_MAGIC "BXTREE01"

// What a machine's memory holds: one that has not started yet, or one that was frozen.
enum { BOXER_PHASE_COLD, BOXER_PHASE_FROZEN };

// The bits of a boot block's `reached`, 1 << one of these: limits of a run.
enum { BOXER_REACHED_MEMORY, BOXER_REACHED_FILES, BOXER_REACHED_STORAGE };

// The flags of a tree image. ADDRESSES: its offsets are addresses, as the kernel writes it.
enum { BOXER_TREE_OFFSETS, BOXER_TREE_ADDRESSES };

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
    uint32_t stored; // bytes at data; fewer than size: a zlib stream (RFC 1950)
    uint32_t link;   // number + 1 of the earlier entry of this inode, else 0
    uint32_t rdev;   // of a device
    uint32_t reserved[2];
};
_Static_assert(sizeof(struct boxer_tree_entry) == 64, "tree_entry");

#endif

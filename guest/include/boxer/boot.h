// The boot block and the tree image: where the linker (src/boxer/link) and the kernel meet.
//
// Both sides state the layout; tests/link checks that they agree. All integers little-endian.
#ifndef BOXER_BOOT_H
#define BOXER_BOOT_H

#include <stdint.h>

#define BOXER_KERNEL_ABI 1
#define BOXER_BOOT_MAGIC "BXBOOT01"
#define BOXER_TREE_MAGIC "BXTREE01"

enum { BOXER_PHASE_COLD = 0, BOXER_PHASE_FROZEN = 1 };

// A tree image whose offsets are addresses, as the kernel itself writes it (kernel_tree).
enum { BOXER_TREE_ADDRESSES = 1 };

// Addresses are offsets in linear memory; 0 means "not there".
struct boxer_boot {
    char magic[8] __attribute__((nonstring));
    uint32_t abi;
    uint32_t phase;
    uint32_t tree, tree_size;
    uint32_t config, config_size;
    uint32_t heap; // first free byte; 0: __heap_base
    // How the host hands a request to boxer_call and finds the reply. thaw: set by the host, this
    // call begins a life. room: bytes there are for a request at its address.
    uint32_t thaw, request, request_size, reply, reply_size, room;
    uint32_t reached; // limits this life has run into: 1 << one of those below
};

// The order is that of src/boxer/sandbox/limits.py.
enum { BOXER_REACHED_MEMORY, BOXER_REACHED_FILES, BOXER_REACHED_STORAGE };

struct boxer_tree {
    char magic[8] __attribute__((nonstring));
    uint32_t count;
    uint32_t entries; // offset of entry 0 from the image's start
    uint32_t total_size;
    uint32_t flags;
    uint32_t reserved[2];
};

// Entry 0 is the root and its own parent; a parent precedes its children; siblings are sorted by
// name. `stored` < `size`: a zlib stream (RFC 1950). `link` - 1: the earlier entry of this inode.
struct boxer_tree_entry {
    uint32_t parent;
    uint32_t name, name_len;
    uint32_t mode; // st_mode, type bits included
    uint32_t uid, gid;
    int64_t mtime_sec;
    uint32_t mtime_nsec;
    uint32_t size;
    uint32_t data, stored;
    uint32_t link;
    uint32_t rdev;
    uint32_t reserved[2];
};

_Static_assert(sizeof(struct boxer_boot) == 64, "boot block");
_Static_assert(sizeof(struct boxer_tree) == 32, "tree header");
_Static_assert(sizeof(struct boxer_tree_entry) == 64, "tree entry");

#endif

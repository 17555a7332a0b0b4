// MAP_SHARED mappings of files: the program's pages are the file's own pages.
//
// Differences from Linux
// 1. A mapping that overlaps another of the same file at another distance gets its pages only when
//    the earlier one can be extended in place; else a read-only one is a snapshot, a writable one
//    answers -ENOMEM. There is one memory and no page table: a page has one address.
// 2. Two mappings of the same part have the same address.
// 3. Beyond the end of the file there is memory, not SIGBUS.
// 4. A file of a host folder is read when it is mapped. The bytes that changed are written back by
//    msync, munmap, the program's end, and before the file is read through a descriptor; what
//    others on the host wrote meanwhile is seen after msync or a lock.
#ifndef KERNEL_VFS_MAPPING_H
#define KERNEL_VFS_MAPPING_H

#include "mm/memory.h"
#include "vfs/inode.h"

#include <stddef.h>
#include <stdint.h>

struct file;
struct space;

enum kind { HOME, COPY };

struct mapping {
    struct mapping *next;
    struct space *space; // where it is: nobody else ends it
    struct inode *inode; // referenced
    struct file *file;   // COPY: referenced, to write back through
    enum kind kind;
    int writable;
    uintptr_t address;
    size_t pages, index; // index: of the file's page at `address`
    uint8_t *pristine;   // COPY and writable: what was read, to find what changed
    struct stamp seen;   // COPY: when the file had changed, as it was last looked at
};

extern struct mapping *mappings;

static inline uint8_t *page_at(const struct mapping *mapping, size_t i) {
    return (uint8_t *)(mapping->address + i * PAGE_SIZE);
}

// Maps `pages` pages of the file from offset on; the address or -errno.
long mapping_share(struct file *, uintptr_t address, size_t pages, int prot, int flags,
                   int64_t offset);
// Memory that stays shared after a fork: MAP_SHARED without a file.
long mapping_share_anonymous(uintptr_t address, size_t pages, int flags);
// Ends what shared mappings lie in this range; what is not to be freed belongs to the kernel then,
// or stays covered. -ENOMEM when a mapping would have to be split without memory for it, or is
// another process's.
int mapping_forget(uintptr_t address, size_t pages);
void mappings_end(struct space *); // all that are this space's
// The second has those of the first: 0, or -ENOMEM with none.
int mappings_copy(const struct space *from, struct space *to);
int mappings_are_files(const struct space *);        // none is a copy of what is elsewhere
int mapping_covers(uintptr_t address, size_t pages); // any page of it
long mapping_resize(uintptr_t address, size_t old, size_t pages, int flags);
int mapping_sync(uintptr_t address, size_t pages);
void mapping_sync_all(void); // the program ends

// Of an inode with mapped > 0, for its file system: the page that a mapping holds for this index of
// the file, or null. Such a page is never freed by the file: it is zeroed and left, and taken up
// again when the file grows back.
uint8_t *mapping_page(const struct inode *, size_t index);

#endif

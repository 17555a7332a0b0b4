// The memory of a process, which several share after clone(2) with CLONE_VM. Linux: mm_struct.
//
// A page is the kernel's, or one or several spaces' at the same address, each with contents of its
// own. One space is in place: its pages, its data of the module and its stack are what memory
// holds. Those of the others are with the host.
#ifndef KERNEL_MM_SPACE_H
#define KERNEL_MM_SPACE_H

#include <boxer/boot.h>

#include <stddef.h>
#include <stdint.h>

struct space {
    struct boxer_space told; // for the host: valid while the space is out of place
    struct space *next;
    uint32_t refs;
    uint64_t *own;   // its pages
    uint64_t *shown; // the kernel's pages that it may use: of shared mappings, never exchanged
    size_t words;    // of each of the two; a page beyond them is neither
    size_t hint;     // no free page for it lies below
    size_t mixed;    // words where it has pages beside the kernel's (mmap(2) with MAP_FIXED)
    struct boxer_space_range *ranges; // null: nobody has asked yet
    size_t room;                      // for that many
    uint8_t *edges;    // bytes of its data that share a page with the kernel's, while out of place
    uintptr_t brk_end; // brk(2); 0: never moved, it is at memory_floor()
};

extern struct space *space_in_place;

void spaces_boot(void);
void spaces_released(size_t page); // from this page on there may be room
// Whether the kernel may have a page in this word, where spaces have some: none but the one in
// place does, and it has memory for what that takes.
int space_admits(size_t word);

// Pages for the space in place, zeroed. space_claim: takes exactly this run if all of it is free
// for it; space_extend: likewise behind `old` pages, or gives up what is behind `count`.
void *space_alloc(size_t count);
int space_claim(uintptr_t address, size_t count);
int space_extend(uintptr_t address, size_t old, size_t count);
void space_free(uintptr_t address, size_t count); // all of it is its own
void space_discard(void);                         // everything it owns; nothing is shown to it
// Pages as the program in place has them: its own, and the kernel's that it is shown.
// Only these are ever unmapped or moved by it.
enum page_owner { PAGE_FREE, PAGE_KERNEL, PAGE_PROGRAM };
enum page_owner page_owner(uintptr_t address);
int page_is_shared(uintptr_t address);            // it is the same page in other processes
int pages_given(uintptr_t address, size_t count); // whether all of them are the program's

// Pages of the kernel that the space in place sees, and that one does not see any more.
// space_expects: before such pages are looked for, at an address or anywhere (0). 0: no memory.
int space_expects(uintptr_t wanted, size_t count);
void space_show(void *pages, size_t count);
void space_hide(struct space *, void *pages, size_t count);
size_t space_pages(const struct space *); // how many it owns or sees

// For what space_leave, or the host's fork, asks of memory: 0 or -ENOMEM.
int space_prepare(struct space *);
// A new one, out of place. space_copy: with the pages of the one in place, whose ranges are told
// (space_leave). space_empty: with the module's data alone. Null: no memory.
struct space *space_copy(void);
struct space *space_copy_of(const struct space *); // one out of place
struct space *space_empty(void);
void space_get(struct space *);
// 1: it was the last reference to a space out of place, which is gone; the host is to drop it.
int space_put(struct space *);

// Around a switch: the ranges of the space in place are told and its edges kept; another one's
// edges are put back, and it is the one in place.
void space_leave(void);
void space_enter(struct space *);

#endif

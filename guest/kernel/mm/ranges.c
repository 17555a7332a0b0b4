// What the host is told of a space, and the bytes that it cannot exchange.
//
// Invariants
// 1. Ranges are whole pages, sorted and disjoint. What lies between a space's pages in a word is in
//    them too, unless it is the kernel's: so there are few (mm/memory.c, invariant 3), and at most
//    one for each word that is not mixed.
// 2. Constants are left out: all spaces have the same. A page that begins or ends with some is
//    exchanged like any other.
// 3. Edges are the bytes of the data in pages that the kernel's state or its tree share.
#include "mm/ranges.h"
#include "mm/data.h"
#include "mm/memory.h"
#include "mm/pages.h"
#include "mm/slab.h"
#include "mm/space.h"

#include <string.h>

#define DATA_RANGES 16u // the stack, and what lies between the holes of the data
#define MIXED_RANGES 32u

#define PAGE_DOWN(address) ((address) & ~(uintptr_t)(PAGE_SIZE - 1))
#define PAGE_UP(address) PAGE_DOWN((address) + PAGE_SIZE - 1)

// What is done with a run of the data that is not constant: its inner pages, and what is around
// them.
struct walk {
    void (*pages)(struct walk *, uintptr_t from, uintptr_t to);
    void (*edge)(struct walk *, uint8_t *bytes, size_t size);
    struct space *space;
    uintptr_t done; // pages so far end here
    size_t offset;
};

static void walk_edge(struct walk *walk, uintptr_t from, uintptr_t to) {
    if (walk->edge && from < to)
        walk->edge(walk, (uint8_t *)from, to - from);
}

static void walk_run(uint8_t *data, size_t size, size_t offset, void *context) {
    struct walk *walk = context;
    uintptr_t from = (uintptr_t)data, to = from + size, constants = program_constants_end();
    (void)offset;
    if (to <= constants)
        return;
    if (from < constants)
        from = PAGE_DOWN(constants) >= from ? PAGE_DOWN(constants) : constants;
    if (from < walk->done)
        from = walk->done < to ? walk->done : to;
    uintptr_t inner = PAGE_UP(from), inner_end = PAGE_DOWN(to);
    if (inner >= inner_end) { // no whole page
        walk_edge(walk, from, to);
        return;
    }
    walk_edge(walk, from, inner);
    if (walk->pages)
        walk->pages(walk, inner, inner_end);
    walk_edge(walk, inner_end, to);
}

static void walk_data(struct walk *walk) {
    uintptr_t stack = PAGE_UP(program_stack_end());
    if (walk->pages && stack)
        walk->pages(walk, 0, stack);
    walk->done = stack;
    program_data(walk_run, walk);
}

static void count_edge(struct walk *walk, uint8_t *bytes, size_t size) {
    (void)bytes;
    walk->offset += size;
}

static size_t edges_size(void) {
    struct walk walk = {.edge = count_edge};
    walk_data(&walk);
    return walk.offset;
}

int ranges_make_room(struct space *space) {
    size_t room = space->words + DATA_RANGES + MIXED_RANGES * space->mixed, size;
    if (space->ranges && room <= space->room)
        return 1;
    struct boxer_space_range *ranges = krealloc(space->ranges, room * sizeof *ranges);
    if (!ranges)
        return 0;
    space->ranges = ranges;
    space->told.ranges = (uint32_t)(uintptr_t)ranges;
    space->room = room;
    if (!space->edges && (size = edges_size()))
        space->edges = kmalloc(size);
    return space->edges || !edges_size();
}

static void add(struct space *space, uintptr_t from, uintptr_t to) {
    struct boxer_space_range *last = space->ranges + space->told.count;
    if (space->told.count && last[-1].address + last[-1].size == (uint32_t)from)
        last[-1].size += (uint32_t)(to - from);
    else
        space->ranges[space->told.count++] =
            (struct boxer_space_range){(uint32_t)from, (uint32_t)(to - from)};
}

static void add_pages(struct walk *walk, uintptr_t from, uintptr_t to) {
    add(walk->space, from, to);
}

static void add_run(struct space *space, size_t from, size_t to) {
    add(space, (uintptr_t)address_of(from), (uintptr_t)address_of(to));
}

static void add_mixed(struct space *space, size_t word) {
    size_t end = (word + 1) * 64;
    for (size_t page = next_bit(space->own, word * 64, end, 1); page < end;) {
        size_t behind = next_bit(space->own, page, end, 0);
        add_run(space, page, behind);
        page = next_bit(space->own, behind, end, 1);
    }
}

void ranges_tell(struct space *space) {
    struct walk walk = {.pages = add_pages, .space = space};
    space->told.count = 0;
    walk_data(&walk);
    size_t from = 0, to = 0; // a run of clean words
    for (size_t word = 0; word < space->words; word++) {
        uint64_t own = space->own[word];
        int mixed = kernels(word) != 0;
        if ((!own || mixed) && to) {
            add_run(space, from, to);
            to = 0;
        }
        if (!own)
            continue;
        if (mixed) {
            add_mixed(space, word);
            continue;
        }
        if (!to)
            from = word * 64 + (size_t)__builtin_ctzll(own);
        to = (word + 1) * 64 - (size_t)__builtin_clzll(own);
    }
    if (to)
        add_run(space, from, to);
}

static void keep_edge(struct walk *walk, uint8_t *bytes, size_t size) {
    memcpy(walk->space->edges + walk->offset, bytes, size);
    walk->offset += size;
}

static void put_back_edge(struct walk *walk, uint8_t *bytes, size_t size) {
    memcpy(bytes, walk->space->edges + walk->offset, size);
    walk->offset += size;
}

void edges_keep(struct space *space) {
    struct walk walk = {.edge = keep_edge, .space = space};
    walk_data(&walk);
}

void edges_put_back(const struct space *space) {
    struct walk walk = {.edge = put_back_edge, .space = (struct space *)space};
    walk_data(&walk);
}

void ranges_copy(struct space *space, const struct space *from) {
    memcpy(space->ranges, from->ranges, from->told.count * sizeof *space->ranges);
    space->told.count = from->told.count;
    if (from->edges)
        memcpy(space->edges, from->edges, edges_size());
}

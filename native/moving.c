// Pages from one place of this process to another: by moving the tables that name them (mremap),
// or by copying those that are private.
//
// Invariants
// 1. Both places are mapped before, behind, and at each moment in between: no mapping of another
//    thread's can get there. Kernels before Linux 6.17 unmap the destination of an mremap that
//    fails: there only what is known to lie within one mapping is moved.
// 2. Behind a move the source is mapped as before, without private pages.
// What has to be there besides: MREMAP_DONTUNMAP for mappings of files, Linux 5.13. Elsewhere all
// is copied.
#define _GNU_SOURCE
#include "moving.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

enum { PAGE = 4096, WORTH_A_MOVE = 16 * PAGE, WORTH_POPULATING = 16 * PAGE };
enum moves { NOT_KNOWN, NEVER, WITHIN_A_MAPPING, ALWAYS };

static int try_to_move(uint8_t *to, uint8_t *from, uint64_t size) {
    const int how = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
    return mremap(from, size, size, how, to) == to ? 0 : -1;
}

// 8 pages: a file's private one is moved from page 0 to 4; then 0 and 1, which are two mappings,
// are moved to 6 and 7, which must fail, and leave those.
static enum moves find_out(void) {
    enum moves found = NEVER;
    int file = memfd_create("boxer", MFD_CLOEXEC);
    uint8_t *pages = MAP_FAILED;
    if (file >= 0 && ftruncate(file, 8 * PAGE) == 0)
        pages = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file, 0);
    if (pages != MAP_FAILED) {
        unsigned char unused[2];
        pages[0] = pages[6 * PAGE] = 1;
        if (try_to_move(pages + 4 * PAGE, pages, PAGE) == 0 && pages[4 * PAGE] == 1 &&
            pages[0] == 0 && mprotect(pages + PAGE, PAGE, PROT_READ) == 0) {
            int failed = try_to_move(pages + 6 * PAGE, pages, 2 * PAGE) < 0;
            int is_there = mincore(pages + 6 * PAGE, 2 * PAGE, unused) == 0;
            found = failed && is_there && pages[6 * PAGE] == 1 ? ALWAYS : WITHIN_A_MAPPING;
        }
        munmap(pages, (found == WITHIN_A_MAPPING ? 6 : 8) * PAGE);
    }
    if (file >= 0)
        close(file);
    return found;
}

static enum moves known_moves;

static enum moves moves(void) {
    enum moves found = __atomic_load_n(&known_moves, __ATOMIC_RELAXED);
    if (found == NOT_KNOWN) {
        found = find_out();
        __atomic_store_n(&known_moves, found, __ATOMIC_RELAXED);
    }
    return found;
}

static int map_file(uint8_t *place, uint64_t size, int file, uint64_t offset) {
    const int how = MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE;
    return size && mmap(place, size, PROT_READ | PROT_WRITE, file < 0 ? how | MAP_ANONYMOUS : how,
                        file, (off_t)offset) == MAP_FAILED
               ? -1
               : 0;
}

int map_untouched(const struct source *source, uint8_t *base, struct range part) {
    uint8_t *place = base + part.offset;
    uint64_t size = source->image->size;
    if (source->file >= 0)
        return map_file(place, part.size, source->file, part.offset);
    uint64_t left = part.offset < size ? size - part.offset : 0;
    uint64_t first = left < part.size ? left : part.size;
    return map_file(place, first, source->image->descriptor, part.offset) < 0 ||
                   map_file(place + first, part.size - first, -1, 0) < 0
               ? -1
               : 0;
}

struct copying {
    uint8_t *to, *from;
    uint64_t copied, most;
    int failed;
};

static void copy_region(void *state, uint64_t offset, uint64_t size) {
    struct copying *copying = state;
    if (copying->failed || size > copying->most - copying->copied) {
        copying->failed = 1;
        return;
    }
    if (size >= WORTH_POPULATING)
        madvise(copying->to + offset, size, MADV_POPULATE_WRITE);
    memcpy(copying->to + offset, copying->from + offset, size);
    copying->copied += size;
}

// Where the host's kernel does not tell which pages are private.
static void copy_different(struct copying *copying, uint64_t size) {
    for (uint64_t at = 0; at < size && !copying->failed; at += PAGE)
        if (memcmp(copying->to + at, copying->from + at, PAGE) != 0)
            copy_region(copying, at, PAGE);
}

int64_t copy_part(const struct source *source, uint8_t *to, uint8_t *from, struct range part,
                  uint64_t most) {
    struct copying copying = {to + part.offset, from + part.offset, 0, most, 0};
    if (map_untouched(source, to, part) < 0)
        return -1;
    if (visit_private(copying.from, part.size, copy_region, &copying) < 0)
        copy_different(&copying, part.size);
    return copying.failed ? -1 : (int64_t)copying.copied;
}

static int move_by_copying(const struct source *source, uint8_t *to, uint8_t *from,
                           struct range part, part_visitor done, void *state) {
    if (copy_part(source, to, from, part, UINT64_MAX) < 0 || map_untouched(source, from, part) < 0)
        return -1;
    return done(state, part);
}

int move_part(const struct source *source, uint8_t *to, uint8_t *from, struct range part,
              int is_whole, part_visitor done, void *state) {
    enum moves how = moves();
    if (how == NEVER || (how == WITHIN_A_MAPPING && !is_whole))
        return move_by_copying(source, to, from, part, done, state);
    if (try_to_move(to + part.offset, from + part.offset, part.size) == 0)
        return done(state, part);
    if (how != ALWAYS || part.size <= WORTH_A_MOVE)
        return how == ALWAYS ? move_by_copying(source, to, from, part, done, state) : -1;
    // Two mappings, or more.
    uint64_t half = part.size / 2 / PAGE * PAGE;
    struct range first = {part.offset, half}, second = {part.offset + half, part.size - half};
    return move_part(source, to, from, first, 0, done, state) < 0 ||
                   move_part(source, to, from, second, 0, done, state) < 0
               ? -1
               : 0;
}

// The stacks of threads that have ended, kept for the next ones: fresh memory would have to be
// cleared, and a detached thread cannot unmap what it stands on.
//
// Invariants
// 1. The list is changed by who holds the thread list's lock. A thread that puts its own stack here
//    has that lock, and the kernel gives it back when the thread has left: nobody takes a stack
//    that somebody stands on.
// 2. At most MOST_KEPT bytes are kept, but for stacks of detached threads, until the next thread.
#include "stacks.h"
#include "pthread_impl.h"
#include <string.h>
#include <sys/mman.h>

#define MOST_KEPT (8u << 20)

struct kept {
    struct kept *next;
    unsigned char *map;
    size_t size;
};

static struct kept *first;
static size_t kept_bytes;

void __boxer_stack_keep(unsigned char *map, size_t size) {
    struct kept *kept = (struct kept *)(map + size) - 1;
    *kept = (struct kept){first, map, size};
    first = kept;
    kept_bytes += size;
}

static void unlink_kept(struct kept **link) {
    kept_bytes -= (*link)->size;
    *link = (*link)->next;
}

static void drop_beyond(size_t bytes) {
    while (kept_bytes > bytes) {
        struct kept *kept = first;
        unlink_kept(&first);
        __munmap(kept->map, kept->size);
    }
}

static unsigned char *find(size_t size) {
    for (struct kept **link = &first; *link; link = &(*link)->next) {
        unsigned char *map = (*link)->map;
        if ((*link)->size == size) {
            unlink_kept(link);
            return map;
        }
    }
    return 0;
}

unsigned char *__boxer_stack_take(size_t size, size_t cleared) {
    sigset_t set;
    __block_app_sigs(&set);
    __tl_lock();
    unsigned char *map = find(size);
    drop_beyond(MOST_KEPT);
    __tl_unlock();
    __restore_sigs(&set);
    if (map) {
        memset(map + size - cleared, 0, cleared);
        return map;
    }
    map = __mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    return map == MAP_FAILED ? 0 : map;
}

void __boxer_stack_put(unsigned char *map, size_t size) {
    sigset_t set;
    __block_app_sigs(&set);
    __tl_lock();
    __boxer_stack_keep(map, size);
    drop_beyond(MOST_KEPT);
    __tl_unlock();
    __restore_sigs(&set);
}

// Before a freeze: an image holds no stacks.
void __boxer_stacks_drop(void) {
    drop_beyond(0);
}

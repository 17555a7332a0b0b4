// Native stacks, kept for the next task: a new one costs 40 us, a used one nothing.
//
// Invariants
// 1. Below each stack lie pages nobody can touch: what runs over ends in a fault, never in memory
//    of others. (A guest never gets there: the engine's own limit comes first.)
// 2. A stack that is kept holds few pages: after a deep recursion the others are given back.
// 3. No more are kept than MOST_KEPT, whatever a guest has asked for.
#define _GNU_SOURCE
#include "fiber.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { GUARD = 64 << 10, STAYS = 64 << 10, MOST_KEPT = 64 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct native_stack *kept;
static int kept_count;

static uint64_t size_of(const struct native_stack *stack) {
    return (uint64_t)(stack->top - stack->lowest);
}

static struct native_stack *take_kept(uint64_t size) {
    struct native_stack *found = NULL;
    pthread_mutex_lock(&lock);
    for (struct native_stack **at = &kept; *at && !found; at = &(*at)->next) {
        if (size_of(*at) != size)
            continue;
        found = *at;
        *at = found->next;
        kept_count--;
        break;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static struct native_stack *make(uint64_t size) {
    struct native_stack *stack = malloc(sizeof *stack);
    if (!stack)
        return NULL;
    uint8_t *mapped = mmap(NULL, GUARD + size, PROT_NONE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (mapped == MAP_FAILED) {
        free(stack);
        return NULL;
    }
    if (mprotect(mapped + GUARD, size, PROT_READ | PROT_WRITE) < 0) {
        munmap(mapped, GUARD + size);
        free(stack);
        return NULL;
    }
    *stack = (struct native_stack){NULL, mapped + GUARD, mapped + GUARD + size};
    return stack;
}

struct native_stack *stack_take(uint64_t size) {
    struct native_stack *stack = take_kept(size);
    return stack ? stack : make(size);
}

void stack_give(struct native_stack *stack) {
    uint64_t size = size_of(stack);
    if (size > STAYS)
        madvise(stack->lowest, size - STAYS, MADV_DONTNEED);
    pthread_mutex_lock(&lock);
    int keeps = kept_count < MOST_KEPT;
    if (keeps) {
        stack->next = kept;
        kept = stack;
        kept_count++;
    }
    pthread_mutex_unlock(&lock);
    if (!keeps) {
        munmap(stack->lowest - GUARD, GUARD + size);
        free(stack);
    }
}

// A thread that is not there any more may have held it.
static void forget_lock(void) {
    pthread_mutex_init(&lock, NULL);
    kept = NULL; // the list may be half changed: what it held is this child's loss
    kept_count = 0;
}

__attribute__((constructor)) static void survive_fork(void) {
    pthread_atfork(NULL, NULL, forget_lock);
}

// The functions that lie in the slots while no host has put its own there.
#include "task/slots.h"
#include "state.h"

#include <boxer/linux_errno.h>

// Each is a function of its own, and nobody may conclude what it answers: a host replaces it.
#define ABSENT __attribute__((noinline)) static

ABSENT int no_change(int to, int leave, int enter) {
    __asm__ volatile("" ::"r"(to), "r"(leave), "r"(enter));
    return -ENOSYS;
}

ABSENT int no_fork(int id, int from, int space) {
    __asm__ volatile("" ::"r"(space), "r"(from), "r"(id));
    return -ENOSYS;
}

ABSENT int no_drop(int id, int space) {
    __asm__ volatile("" ::"r"(id), "r"(space));
    return -ENOSYS;
}

ABSENT int no_image(int space, int ranges) {
    __asm__ volatile("" ::"r"(ranges), "r"(space));
    return -ENOSYS;
}

KERNEL_STATE volatile struct slots slots = {no_change, no_fork, no_drop, no_image};

#ifdef __wasm__
KERNEL_STATE struct boxer_tasks boxer_tasks = {
    .switch_slot = (uintptr_t)no_change,
    .fork_slot = (uintptr_t)no_fork,
    .drop_slot = (uintptr_t)no_drop,
    .image_slot = (uintptr_t)no_image,
};
#else
KERNEL_STATE struct boxer_tasks boxer_tasks; // natively a test fills `slots`
#endif

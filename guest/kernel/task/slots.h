// What a host that can switch native stacks does for the kernel (abi/boot.toml, `tasks`).
#ifndef KERNEL_TASK_SLOTS_H
#define KERNEL_TASK_SLOTS_H

#include <boxer/boot.h>

#include <stdint.h>

// Ids of fibers are below this, whatever the host allows.
#define FIBERS 1024

// Each: 0 or -errno; -ENOSYS where the host cannot. Spaces: addresses of a struct boxer_space, 0:
// memory stays.
struct slots {
    int (*change)(int to, int leave, int enter); // goes on with another fiber
    int (*fork)(int id, int from, int space);    // 1 in the copy
    int (*drop)(int id, int space);              // id -1, space 0: none
    int (*image)(int space, int ranges);
};
extern volatile struct slots slots;
extern struct boxer_tasks boxer_tasks;

#endif

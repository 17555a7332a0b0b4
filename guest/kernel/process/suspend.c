// A process suspended while another one is in its place, to its end.
//
// Invariants
// 1. A process out of place keeps its memory with it (struct memory_map): its pages and the
//    data of the module but for the kernel's own (KERNEL_STATE). The stack above the caller of
//    kernel_suspend is nobody's to change.
// 2. The kernel's memory is never exchanged: files, sockets, pipes, timers and clocks go on.
// 3. kernel_resume cannot fail: what it needs was allocated by kernel_suspend.
#include "mm/memory.h"
#include "process/spawn.h"
#include "task/arrived.h"
#include "task/process.h"
#include "task/task.h"
#include "task/wait.h"
#include "vfs/mapping.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <string.h>

#ifdef __wasm__

extern unsigned char __global_base, __heap_base;
extern unsigned char __start_kernel_state, __stop_kernel_state;

#define HOLES 5

struct hole {
    uintptr_t from, to;
};

// What of the module's data is not the program's.
static void find_holes(struct hole holes[HOLES]) {
    uintptr_t bitmaps[3];
    size_t size;
    memory_bitmaps(bitmaps, &size);
    for (int i = 0; i < 3; i++)
        holes[i] = (struct hole){bitmaps[i], bitmaps[i] + size};
    holes[3] = (struct hole){(uintptr_t)&__start_kernel_state, (uintptr_t)&__stop_kernel_state};
    holes[4] = (struct hole){(uintptr_t)&boxer_boot, (uintptr_t)(&boxer_boot + 1)};
}

// Between the module's data and a copy of it; without a copy only its size.
static size_t copy_data(uint8_t *copy, int back) {
    struct hole holes[HOLES];
    find_holes(holes);
    size_t done = 0;
    uintptr_t end = (uintptr_t)&__heap_base;
    for (uintptr_t at = (uintptr_t)&__global_base; at < end;) {
        struct hole next = {end, end};
        for (int i = 0; i < HOLES; i++)
            if (holes[i].to > at && holes[i].from < next.from)
                next = holes[i];
        size_t size = next.from > at ? next.from - at : 0;
        if (copy && size)
            memcpy(back ? (uint8_t *)at : copy + done, back ? copy + done : (uint8_t *)at, size);
        done += size;
        at = next.to;
    }
    return done;
}

#else

static size_t copy_data(uint8_t *copy, int back) {
    (void)copy, (void)back; // natively the data around the kernel is the test's own
    return 0;
}

#endif

static size_t data_pages(void) {
    return (copy_data(NULL, 0) + PAGE_SIZE - 1) / PAGE_SIZE;
}

// The memory of the process in place, kept with it and still there: 0 or -ENOMEM.
static int keep(struct memory_map *memory) {
    size_t pages = data_pages();
    memory->data = pages ? pages_alloc(pages, 0) : NULL;
    if (pages && !memory->data)
        return -ENOMEM;
    int error = memory_suspend(&memory->kept, mapping_covers);
    if (!error)
        copy_data(memory->data, 0);
    else if (pages)
        pages_free(memory->data, pages);
    return error;
}

static void put_back(struct memory_map *memory) {
    memory_resume(&memory->kept, mapping_covers);
    copy_data(memory->data, 1);
    if (memory->data)
        pages_free(memory->data, data_pages());
}

int kernel_suspend(void) {
    struct process *process = current->process;
    int error = keep(&process->memory);
    if (error)
        return error;
    struct task *task = process_spawn();
    if (!task) {
        put_back(&process->memory);
        return -ENOMEM;
    }
    task->process->suspended = process;
    current = task;
    signals_tell_host();
    return 0;
}

void kernel_resume(void) {
    struct task *ended = current;
    struct process *process = ended->process->suspended;
    process_end();
    current = process->leader;
    process_release(ended);
    put_back(&process->memory);
    signals_tell_host();
    wait_thaw();
}

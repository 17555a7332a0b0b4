// A program suspended while another one runs in its place.
//
// Invariants
// 1. All that a program can change of itself is kept and put back: its pages (memory.c), the data
//    of the module but for the kernel's own (KERNEL_STATE), descriptors, signals, timers, the
//    struct process, directory and root. The stack above the caller of kernel_suspend is nobody's
//    to change.
// 2. The kernel's state is never copied: files, sockets, pipes and clocks go on.
// 3. kernel_resume cannot fail: what it needs was allocated by kernel_suspend.
#include "file.h"
#include "host.h"
#include "inode.h"
#include "memory.h"
#include "path.h"
#include "process.h"
#include "shared_mapping.h"
#include "state.h"
#include "timer.h"
#include "wait.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <string.h>

struct suspended {
    struct suspended *outer;
    struct process process;
    struct memory_kept memory;
    struct descriptors_kept descriptors;
    struct signals_kept signals;
    struct dentry *cwd, *root;
    uintptr_t brk;
    uint8_t *data;
};

static KERNEL_STATE struct suspended *innermost;

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

// What can fail, in an order in which each step leaves nothing behind that the next one trips over.
static int keep(struct suspended *now) {
    size_t pages = data_pages();
    now->data = pages ? pages_alloc(pages, 0) : NULL;
    if (pages && !now->data)
        return -ENOMEM;
    int error = memory_suspend(&now->memory);
    if (error)
        goto no_memory;
    if ((error = fd_suspend(&now->descriptors)))
        goto no_descriptors;
    if ((error = signal_suspend(&now->signals)))
        goto no_signals;
    return 0;
no_signals:
    fd_resume(&now->descriptors);
no_descriptors:
    memory_resume(&now->memory);
no_memory:
    if (pages)
        pages_free(now->data, pages);
    return error;
}

int kernel_suspend(void) {
    struct suspended *now = kzalloc(sizeof *now);
    if (!now)
        return -ENOMEM;
    int error = keep(now);
    if (error) {
        kfree(now);
        return error;
    }
    copy_data(now->data, 0);
    timers_forget(); // a shell has none
    mapping_suspend();
    now->process = process;
    process.exe = process.cmdline = process.environ = NULL; // the copy's now
    now->brk = brk_place();
    dentry_get(now->cwd = path_cwd());
    dentry_get(now->root = path_root());
    wait_thaw();
    now->outer = innermost;
    innermost = now;
    return 0;
}

void kernel_resume(void) {
    struct suspended *then = innermost;
    innermost = then->outer;
    timers_forget();
    mapping_resume();
    fd_resume(&then->descriptors);
    signal_resume(&then->signals);
    path_set_root(then->root);
    path_set_cwd(then->cwd);
    dentry_put(then->root);
    dentry_put(then->cwd);
    kfree(process.exe);
    kfree(process.cmdline);
    kfree(process.environ);
    process = then->process;
    brk_put_back(then->brk);
    memory_resume(&then->memory);
    copy_data(then->data, 1);
    if (then->data)
        pages_free(then->data, data_pages());
    kfree(then);
    wait_thaw();
}

void suspend_tell(void) {
    static const char told[] =
        "boxer: a program that is not the last one of its script ended the process itself "
        "(_exit, abort or a signal), and so the script ends with it\n";
    if (innermost)
        host_write(2, told, sizeof told - 1);
}

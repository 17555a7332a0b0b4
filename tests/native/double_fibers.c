// Fibers of native tests: one ucontext each, and the sanitizer is told of each switch.
#include "double_fibers.h"
#include "check.h"
#include "task/slots.h"
#include "task/switch.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <boxer/linux_syscalls.h>
#include <sanitizer/common_interface_defs.h>
#include <stdlib.h>
#include <ucontext.h>

enum { STACK = 256 << 10 };

struct fiber {
    ucontext_t context;
    void *stack, *fake;
    const void *bottom;
    size_t size;
};

static struct fiber fibers[FIBERS];
static int running;
int host_switched, host_exchanged, host_stacks, host_stacks_most = FIBERS;
int64_t host_exchange_ns = -1;

static void arrive(int from) {
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(fibers[running].fake, &bottom, &size);
    fibers[from].bottom = bottom;
    fibers[from].size = size;
}

static int left;

static void begin(void) {
    arrive(left);
    boxer_task_begin(running);
    abort();
}

static int has_stack(struct fiber *fiber) {
    if (fiber->stack)
        return 1;
    if (host_stacks >= host_stacks_most)
        return 0;
    fiber->stack = malloc(STACK);
    fiber->bottom = fiber->stack;
    fiber->size = STACK;
    fiber->fake = NULL;
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = fiber->stack;
    fiber->context.uc_stack.ss_size = STACK;
    makecontext(&fiber->context, begin, 0);
    host_stacks++;
    return 1;
}

static int change(int to, int leave, int enter) {
    int exchanges = leave || enter;
    if (to < 0 || to >= FIBERS || to == running || (exchanges && host_exchange_ns < 0))
        return -EINVAL;
    if (to && !has_stack(&fibers[to]))
        return -EAGAIN;
    int from = running;
    host_switched++;
    host_exchanged += exchanges;
    host_now += exchanges ? host_exchange_ns : 0;
    left = from;
    running = to;
    __sanitizer_start_switch_fiber(&fibers[from].fake, fibers[to].bottom, fibers[to].size);
    swapcontext(&fibers[from].context, &fibers[to].context);
    running = from; // somebody has come back here
    arrive(left);
    return 0;
}

static int drop(int id, int space) {
    if (id <= 0 || id >= FIBERS || id == running || (space && host_exchange_ns < 0))
        return -EINVAL;
    host_stacks -= fibers[id].stack != NULL;
    free(fibers[id].stack);
    fibers[id].stack = NULL;
    return 0;
}

long host_thread(int (*function)(void *), void *argument) {
    static _Alignas(16) uintptr_t tops[FIBERS][4];
    static int made;
    uintptr_t *top = tops[made++];
    top[0] = (uintptr_t)function;
    top[1] = (uintptr_t)argument;
    unsigned long flags = LINUX_CLONE_VM | LINUX_CLONE_FS | LINUX_CLONE_FILES |
                          LINUX_CLONE_SIGHAND | LINUX_CLONE_THREAD;
    return boxer_syscall(NR_clone, (long)flags, (long)top, 0, 0, 0, 0);
}

void host_switches(void) {
    slots.change = change;
    slots.drop = drop;
}

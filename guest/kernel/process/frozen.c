// The frozen program.
//
// Invariants
// 1. Its pages are lent for good, so that the kernel never has one of them.
// 2. It has mapped no file: one that has begins afresh, for such pages may be elsewhere by then.
#include "process/frozen.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "vfs/mapping.h"
#include "state.h"

#include <boxer/kernel.h>
#include <boxer/linux_signal.h>
#include <string.h>

static KERNEL_STATE struct {
    char name[64];
    struct space *space;
    struct linux_sigaction actions[LINUX_NSIG + 1];
    struct linux_sigaltstack alternate;
    uint32_t *clear_child_tid;
    void *robust_list;
} frozen;

void kernel_freezes(const char *name) {
    size_t length = name ? strlen(name) : 0;
    memset(frozen.name, 0, sizeof frozen.name);
    if (length < sizeof frozen.name)
        memcpy(frozen.name, name ? name : "", length);
}

static void give_up(void) {
    if (!frozen.space)
        return;
    space_put(frozen.space);
    frozen.space = NULL;
}

void frozen_keep(void) {
    give_up();
    if (!frozen.name[0] || mappings || space_prepare(space_in_place))
        return;
    space_leave();
    frozen.space = space_copy();
    memcpy(frozen.actions, current->process->signals.actions, sizeof frozen.actions);
    frozen.alternate = current->signals.alternate;
    frozen.clear_child_tid = current->clear_child_tid;
    frozen.robust_list = current->robust_list;
}

int frozen_is(const char *name) {
    return frozen.space && strcmp(name, frozen.name) == 0;
}

struct space *frozen_space(void) {
    return frozen.space ? space_copy_of(frozen.space) : NULL;
}

void frozen_signals(struct task *task) {
    struct linux_sigaction *actions = task->process->signals.actions;
    for (int signo = 1; signo <= LINUX_NSIG; signo++)
        if (actions[signo].handler != LINUX_SIG_IGN)
            actions[signo] = frozen.actions[signo];
    task->signals.alternate = frozen.alternate;
    task->clear_child_tid = frozen.clear_child_tid;
    task->robust_list = frozen.robust_list;
}

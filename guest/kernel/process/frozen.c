// The frozen program.
//
// Invariants
// 1. Its pages are lent for good, so that the kernel never has one of them.
// 2. Its mappings of files are lent too: so their pages stay where its memory says they are. One
//    with mappings that are copies of files elsewhere begins afresh.
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

static void space_forget(struct space *space) {
    mappings_end(space);
    space_put(space);
}

static void give_up(void) {
    if (!frozen.space)
        return;
    space_forget(frozen.space);
    frozen.space = NULL;
}

void frozen_keep(void) {
    give_up();
    if (!frozen.name[0] || !mappings_are_files(space_in_place) || space_prepare(space_in_place))
        return;
    space_leave();
    frozen.space = space_copy();
    if (frozen.space && mappings_copy(space_in_place, frozen.space))
        give_up();
    memcpy(frozen.actions, current->process->signals.actions, sizeof frozen.actions);
    frozen.alternate = current->signals.alternate;
    frozen.clear_child_tid = current->clear_child_tid;
    frozen.robust_list = current->robust_list;
}

int frozen_is(const char *name) {
    return frozen.space && strcmp(name, frozen.name) == 0;
}

struct space *frozen_space(void) {
    struct space *space = frozen.space ? space_copy_of(frozen.space) : NULL;
    if (space && mappings_copy(frozen.space, space)) {
        space_put(space);
        return NULL;
    }
    return space;
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

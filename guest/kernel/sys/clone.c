// clone(2): threads.
#include "sys/clone.h"
#include "mm/memory.h"
#include "task/exit.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/switch.h"
#include "task/task.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>

#define OF_A_THREAD (LINUX_CLONE_VM | LINUX_CLONE_FS | LINUX_CLONE_FILES | LINUX_CLONE_SIGHAND)

static int cannot_write(unsigned long flags, unsigned long flag, const uint32_t *word) {
    return (flags & flag) && !(word && user_range(word, sizeof *word));
}

static long new_thread(unsigned long flags, void *stack, uint32_t *parent_tid,
                       uintptr_t thread_pointer, uint32_t *child_tid) {
    int error;
    struct task *task = task_new(&error);
    if (!task)
        return error;
    task->stack = stack;
    thread_block_begin(task, flags & LINUX_CLONE_SETTLS ? thread_pointer : 0);
    if (flags & LINUX_CLONE_PARENT_SETTID)
        *parent_tid = task->tid;
    if (flags & LINUX_CLONE_CHILD_SETTID)
        *child_tid = task->tid;
    if (flags & LINUX_CLONE_CHILD_CLEARTID)
        task->clear_child_tid = child_tid;
    task_ready(task);
    return (long)task->tid;
}

long sys_clone(unsigned long flags, void *stack, uint32_t *parent_tid, uintptr_t thread_pointer,
               uint32_t *child_tid) {
    if (!(flags & LINUX_CLONE_THREAD))
        return -ENOSYS;
    if ((flags & OF_A_THREAD) != OF_A_THREAD)
        return -EINVAL; // as Linux, but for what need not be shared and cannot be otherwise here
    if (!stack || (uintptr_t)stack % 16 || !user_range(stack, 3 * sizeof(uintptr_t)))
        return -EINVAL;
    if (cannot_write(flags, LINUX_CLONE_PARENT_SETTID, parent_tid) ||
        cannot_write(flags, LINUX_CLONE_CHILD_SETTID, child_tid) ||
        cannot_write(flags, LINUX_CLONE_CHILD_CLEARTID, child_tid))
        return -EFAULT;
    return new_thread(flags, stack, parent_tid, thread_pointer, child_tid);
}

long sys_exit(int status) {
    task_exit(status);
    return 0;
}

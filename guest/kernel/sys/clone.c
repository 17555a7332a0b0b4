// clone(2): threads and processes.
#include "sys/clone.h"
#include "mm/memory.h"
#include "process/fork.h"
#include "task/exit.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/switch.h"
#include "task/task.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <boxer/linux_signal.h>

#define OF_A_THREAD (LINUX_CLONE_VM | LINUX_CLONE_FS | LINUX_CLONE_FILES | LINUX_CLONE_SIGHAND)

#define OF_A_PROCESS                                                                               \
    (LINUX_CSIGNAL | LINUX_CLONE_VM | LINUX_CLONE_VFORK | LINUX_CLONE_SETTLS |                     \
     LINUX_CLONE_PARENT_SETTID | LINUX_CLONE_CHILD_CLEARTID | LINUX_CLONE_CHILD_SETTID)

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

// What a process would share with its parent beyond memory nobody asks for: it is refused.
static long new_process(unsigned long flags, void *stack, uint32_t *parent_tid,
                        uintptr_t thread_pointer, uint32_t *child_tid) {
    if ((flags & ~OF_A_PROCESS) || (flags & LINUX_CSIGNAL) > LINUX_NSIG)
        return -EINVAL;
    if (stack && ((uintptr_t)stack % 16 || !user_range(stack, 3 * sizeof(uintptr_t))))
        return -EINVAL;
    if (cannot_write(flags, LINUX_CLONE_PARENT_SETTID, parent_tid))
        return -EFAULT;
    return process_fork(&(struct forking){flags, stack, parent_tid, child_tid, thread_pointer});
}

long sys_clone(unsigned long flags, void *stack, uint32_t *parent_tid, uintptr_t thread_pointer,
               uint32_t *child_tid) {
    if (!(flags & LINUX_CLONE_THREAD))
        return new_process(flags, stack, parent_tid, thread_pointer, child_tid);
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

long sys_get_robust_list(int tid, void **head, size_t *size) {
    const struct task *task = tid ? task_find((uint32_t)tid) : current;
    if (!task)
        return -ESRCH;
    if (!user_range(head, sizeof *head) || !user_range(size, sizeof *size))
        return -EFAULT;
    *head = task->robust_list;
    *size = 3 * sizeof(long); // struct robust_list_head
    return 0;
}

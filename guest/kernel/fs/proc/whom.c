// Whose folder of /proc it is: processes and their threads by number.
//
// Invariant: what is shown of a process is shown as if it were the current one (task/task.h): all
// of it lies in the kernel's memory. A zombie has a task of its own for that.
#include "fs/proc/whom.h"
#include "fs/proc/proc.h"
#include "fs/proc/self.h"
#include "fs/proc/text.h"
#include "mm/slab.h"
#include "task/process.h"
#include "task/task.h"
#include "vfs/dentry.h"
#include "state.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_file.h>

static KERNEL_STATE struct task departed;

static struct task *task_of(uint32_t whom) {
    struct process *process = process_find(whom);
    struct task *task = process && process->leader ? process->leader : task_find(whom);
    if (task || !process)
        return task;
    departed = (struct task){.process = process, .tid = whom, .state = TASK_ENDED};
    for (int i = 0; i < 16; i++)
        departed.comm[i] = process->comm[i];
    return &departed;
}

struct task *whom_enter(uint32_t whom) {
    struct task *before = current, *task = whom ? task_of(whom) : current;
    if (!task)
        return NULL;
    current = task;
    return before;
}

void whom_leave(struct task *before) {
    current = before;
}

int whom_parse(const char *name, size_t len) {
    int number = 0;
    if (len == 0 || len > 9 || (len > 1 && name[0] == '0'))
        return -1;
    for (size_t i = 0; i < len; i++) {
        if (name[i] < '0' || name[i] > '9')
            return -1;
        number = number * 10 + (name[i] - '0');
    }
    return number;
}

// One number as an entry: whether there is no more room, or -ENOMEM.
static int put(fill_entry fill, void *context, uint32_t number, int64_t next) {
    struct text name = {0};
    text_print(&name, "%u", U(number));
    int full = name.failed ? -ENOMEM
                           : fill(context, name.bytes, name.size, (uint64_t)number << 32 | 1,
                                  S_IFDIR, next);
    kfree(name.bytes);
    return full;
}

int whom_list(struct inode *dir, int64_t from, int64_t base, fill_entry fill, void *context) {
    int begun = 0;
    (void)dir;
    for (struct process *process = processes; process; process = process->next) {
        if (base + process->pid < from)
            continue;
        int full = put(fill, context, process->pid, base + process->pid + 3);
        if (full)
            return full < 0 ? full : begun ? 0 : -EINVAL;
        begun = 1;
    }
    return 0;
}

static int thread_lookup(struct dentry *dir, const char *name, size_t len, struct inode **found) {
    int tid = whom_parse(name, len);
    struct task *task = tid > 0 ? task_find((uint32_t)tid) : NULL;
    if (!task || task->process->pid != whom_of(dir->inode))
        return -ENOENT;
    *found = proc_folder_of(dir->inode->fs, (uint32_t)tid);
    return *found ? 0 : -ENOMEM;
}

static int thread_list(struct dentry *dir, int64_t pos, fill_entry fill, void *context) {
    int begun = 0;
    for (struct task *task = tasks; task; task = task->next) {
        if (task->process->pid != whom_of(dir->inode) || task->state == TASK_ENDED ||
            (int64_t)task->tid < pos - 2)
            continue;
        int full = put(fill, context, task->tid, (int64_t)task->tid + 3);
        if (full)
            return full < 0 ? full : begun ? 0 : -EINVAL;
        begun = 1;
    }
    return 0;
}

static int refuse(struct inode *inode, const struct attributes *wanted) {
    (void)inode, (void)wanted;
    return -EPERM;
}

const struct inode_ops proc_threads_ops = {
    .lookup = thread_lookup, .list = thread_list, .set = refuse};

// Processes made from others, and their end.
#include "process/spawn.h"
#include "mm/memory.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "task/timers.h"
#include "task/wait.h"
#include "vfs/dentry.h"
#include "vfs/fd.h"
#include "vfs/mapping.h"

static void exec(struct task *task) {
    struct process *process = task->process;
    process->exe = process->cmdline = process->environ = NULL; // kernel_set_program sets its own
    process->cmdline_size = process->environ_size = 0;
    process->suspended = NULL;
    process->memory = (struct memory_kept){0};
    signal_exec(task);
    signal_fork(process);
    task->signals.pending = (struct signal_queue){0, NULL};
    timers_begin(process);
    task->waiting = (struct waiting){0};
    task->clear_child_tid = NULL;
    task->robust_list = NULL;
}

struct task *process_spawn(void) {
    struct process *process = kmalloc(sizeof *process);
    struct task *task = kmalloc(sizeof *task);
    struct descriptors descriptors;
    if (!process || !task ||
        descriptors_inherit(&descriptors, &current->process->descriptors) < 0) {
        kfree(process);
        kfree(task);
        return NULL;
    }
    *process = *current->process;
    *task = *current;
    process->leader = task;
    task->process = process;
    process->descriptors = descriptors;
    dentry_get(process->directories.cwd);
    dentry_get(process->directories.root);
    exec(task);
    return task;
}

void process_end(void) {
    struct process *process = current->process;
    timers_end(process);
    mappings_end(space_in_place);
    descriptors_end(process);
    signal_thaw();
    dentry_put(process->directories.cwd);
    dentry_put(process->directories.root);
    kfree(process->exe);
    kfree(process->cmdline);
    kfree(process->environ);
}

void process_release(struct task *task) {
    kfree(task->process);
    kfree(task);
}

// The end of a process.
//
// Invariant: what a process holds is given back by its last task, on its own stack and with its
// memory in place; a zombie has no more than its record.
#include "process/end.h"
#include "mm/slab.h"
#include "mm/space.h"
#include "process/ordered.h"
#include "task/family.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "task/timers.h"
#include "task/wait.h"
#include "vfs/dentry.h"
#include "vfs/fd.h"
#include "vfs/mapping.h"

#include <stddef.h>

void process_drop(struct process *process) {
    timers_end(process);
    descriptors_end(process);
    dentry_put(process->directories.cwd);
    dentry_put(process->directories.root);
    kfree(process->exe);
    kfree(process->cmdline);
    kfree(process->environ);
    kfree(process->arguments);
    process->exe = process->cmdline = process->environ = process->arguments = NULL;
    process->cmdline_size = process->environ_size = 0;
    process->directories = (struct directories){NULL, NULL, process->directories.umask};
}

void process_returns_memory(struct process *process) {
    if (!process->borrows)
        return;
    process->borrows = 0;
    wake_all(&process->borrows);
}

static void end(void) {
    struct process *process = current->process;
    if (process->space->refs == 1)
        mappings_end(process->space);
    process_drop(process);
    signal_forget(process);
    process_returns_memory(process);
    ordered_end(process);
    if (family_end())
        family_bury(process);
}

void process_end_boot(void) {
    process_at_end(end);
}

// The task that runs, and the first one of a machine.
#include "task/task.h"
#include "task/process.h"
#include "state.h"

static KERNEL_STATE struct process first_process;
static KERNEL_STATE struct task first_task = {.process = &first_process};

KERNEL_STATE struct task *current = &first_task;

void task_boot(void) {
    first_process = (struct process){.leader = &first_task};
    first_task = (struct task){.process = &first_process};
    current = &first_task;
}

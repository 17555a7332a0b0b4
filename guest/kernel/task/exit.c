// The end of a task: _exit(2) of a thread, set_robust_list(2), CLONE_CHILD_CLEARTID.
#include "task/exit.h"
#include "mm/memory.h"
#include "task/futex.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/task.h"

#include <boxer/linux_process.h>

#include <stddef.h>

#define ROBUST_MOST 2048 // ROBUST_LIST_LIMIT: a list may be a circle

// As the program lays it out (linux/futex.h).
struct robust_list {
    struct robust_list *next;
};
struct robust_head {
    struct robust_list list;
    long offset; // from an entry to its lock's word
    struct robust_list *pending;
};

static void give_up(struct robust_list *entry, long offset) {
    uint32_t *word = (uint32_t *)((uintptr_t)entry + (uintptr_t)offset);
    if ((uintptr_t)word % sizeof *word || !user_range(word, sizeof *word) ||
        (*word & LINUX_FUTEX_TID_MASK) != current->tid)
        return;
    *word = (*word & LINUX_FUTEX_WAITERS) | LINUX_FUTEX_OWNER_DIED;
    futex_wake(word, 1);
}

static void give_up_locks(void) {
    struct robust_head *head = current->robust_list;
    if (!head || !user_range(head, sizeof *head))
        return;
    struct robust_list *entry = head->list.next, *pending = head->pending;
    for (int i = 0; entry != &head->list && i < ROBUST_MOST; i++) {
        if (!user_range(entry, sizeof *entry))
            return;
        struct robust_list *next = entry->next;
        if (entry != pending)
            give_up(entry, head->offset);
        entry = next;
    }
    if (pending)
        give_up(pending, head->offset);
}

void task_clear(void) {
    uint32_t *word = current->clear_child_tid;
    give_up_locks();
    if (word && !((uintptr_t)word % sizeof *word) && user_range(word, sizeof *word)) {
        *word = 0;
        futex_wake(word, 1);
    }
    current->clear_child_tid = NULL;
    current->robust_list = NULL;
}

void task_end(void) {
    task_clear();
    current->state = TASK_ENDED;
}

_Noreturn void task_end_for_good(void) {
    task_end();
    if (!task_count_of(current->process))
        process_ended();
    task_leave();
}

void task_exit(int status) {
    if (task_count_of(current->process) == 1)
        process_exit(status);
    if (!current->is_nested)
        task_end_for_good();
    task_end();
}

void task_end_siblings(void) {
    struct process *process = current->process;
    for (struct task *task = tasks; task; task = task->next)
        if (task != current && task->process == process && task->state != TASK_ENDED)
            task_kill(task);
    while (task_count_of(process) > 1)
        task_yield();
}

void task_end_others(void) {
    for (;;) {
        struct task *other = tasks;
        while (other && (other == current || other->is_nested))
            other = other->next;
        if (!other) {
            current->process->ticks_wanted = 0; // those that waited are gone
            return;
        }
        for (struct task *task = other; task; task = task->next)
            if (task != current && !task->is_killed)
                task_kill(task);
        if (other->state == TASK_WAITS)
            task_ready(other);
        task_yield();
    }
}

// Waiting for a word of memory to change: futex(2).
#ifndef KERNEL_TASK_FUTEX_H
#define KERNEL_TASK_FUTEX_H

#include "task/wait.h"

#include <stdint.h>

// Who waits for this word: of the current process's memory, or of memory that it shares.
struct wait_key futex_key(const uint32_t *word, uint32_t bits);
int futex_wake(const uint32_t *word, int most); // how many
// Of a task in the queue: it was woken for a word between processes that is again what it waited
// for.
int futex_is_vain(const struct task *);

#endif

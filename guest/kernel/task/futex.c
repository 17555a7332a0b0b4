// Keys of futexes. A word in a shared mapping has one address in all processes, and is in place
// whoever runs.
#include "task/futex.h"
#include "mm/space.h"
#include "task/process.h"
#include "task/task.h"

#define SHARED ((const void *)&tasks)

struct wait_key futex_key(const uint32_t *word, uint32_t bits) {
    const void *space = page_is_shared((uintptr_t)word) ? SHARED : process_space();
    return (struct wait_key){space, word, bits, *word};
}

int futex_is_vain(const struct task *task) {
    const struct waiting *waiting = &task->waiting;
    return waiting->is_woken && waiting->is_futex && waiting->key.space == SHARED &&
           *(const volatile uint32_t *)waiting->key.address == waiting->key.value;
}

int futex_wake(const uint32_t *word, int most) {
    return wake_key(futex_key(word, UINT32_MAX), most);
}

// Keys of futexes. A word in a shared mapping has one address in all processes.
#include "task/futex.h"
#include "mm/space.h"
#include "task/process.h"
#include "task/task.h"

struct wait_key futex_key(const uint32_t *word, uint32_t bits) {
    const void *space = page_is_shared((uintptr_t)word) ? (const void *)&tasks : process_space();
    return (struct wait_key){space, word, bits};
}

int futex_wake(const uint32_t *word, int most) {
    return wake_key(futex_key(word, UINT32_MAX), most);
}

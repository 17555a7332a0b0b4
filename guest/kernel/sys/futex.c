// futex(2).
#include "sys/futex.h"
#include "mm/memory.h"
#include "task/wait.h"
#include "time/clock.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <boxer/linux_time.h>

// One task: a wait whose word has the expected value can only end by timeout, by a
// signal, or by what wait_lets_run lets run; a wake finds nobody. wait.h says what happens to a
// wait that nothing can end.
long sys_futex(uint32_t *word, int operation, uint32_t value, const struct linux_timespec *timeout,
               uint32_t *other, uint32_t value3) {
    int command = operation & ~(LINUX_FUTEX_PRIVATE | LINUX_FUTEX_CLOCK_REALTIME);
    int64_t ns, deadline = INT64_MAX;
    (void)other;
    if (!word || (uintptr_t)word % sizeof *word || !user_range(word, sizeof *word))
        return !word || !((uintptr_t)word % sizeof *word) ? -EFAULT : -EINVAL;
    switch (command) {
    case LINUX_FUTEX_WAIT:
    case LINUX_FUTEX_WAIT_BITSET:
        if (command == LINUX_FUTEX_WAIT_BITSET && !value3)
            return -EINVAL;
        if (timeout) {
            if (!user_range(timeout, sizeof *timeout))
                return -EFAULT;
            if (timespec_ns(timeout, &ns))
                return -EINVAL;
            int real = operation & LINUX_FUTEX_CLOCK_REALTIME;
            deadline = command == LINUX_FUTEX_WAIT
                           ? add_ns(clock_monotonic(), ns)
                           : deadline_of(real ? TIMER_REALTIME : TIMER_MONOTONIC, ns);
        }
        if (*word != value)
            return -EAGAIN;
        int result = wait_futex(deadline);
        return result > 0 ? 0 : result ? result : -ETIMEDOUT; // 0: as after a wake
    case LINUX_FUTEX_WAKE:
    case LINUX_FUTEX_WAKE_BITSET:
    case LINUX_FUTEX_REQUEUE:
    case LINUX_FUTEX_WAKE_OP:
        return 0;
    case LINUX_FUTEX_CMP_REQUEUE:
        return *word == value3 ? 0 : -EAGAIN;
    default:
        return -ENOSYS; // priority inheritance has no meaning with one task
    }
}

// futex(2).
#include "sys/futex.h"
#include "mm/memory.h"
#include "task/futex.h"
#include "task/wait.h"
#include "time/clock.h"

#include <boxer/linux_errno.h>
#include <boxer/linux_process.h>
#include <boxer/linux_time.h>

static long wait(const uint32_t *word, int operation, uint32_t value,
                 const struct linux_timespec *timeout, uint32_t bits) {
    int64_t ns, deadline = INT64_MAX;
    int relative = (operation & 0x7f) == LINUX_FUTEX_WAIT;
    if (!bits)
        return -EINVAL;
    if (timeout) {
        if (!user_range(timeout, sizeof *timeout))
            return -EFAULT;
        if (timespec_ns(timeout, &ns))
            return -EINVAL;
        int real = operation & LINUX_FUTEX_CLOCK_REALTIME;
        deadline = relative ? add_ns(clock_monotonic(), ns)
                            : deadline_of(real ? TIMER_REALTIME : TIMER_MONOTONIC, ns);
    }
    if (*word != value)
        return -EAGAIN;
    int result = wait_for_key(futex_key(word, bits), deadline, 1);
    return result > 0 ? 0 : result ? result : -ETIMEDOUT;
}

static int sign_extended(uint32_t twelve_bits) {
    return (int)(twelve_bits << 20) >> 20;
}

// FUTEX_WAKE_OP: what becomes of the second word, and whether its waiters are woken. -ENOSYS: no
// such operation.
static int change(uint32_t *word, uint32_t operation) {
    int kind = operation >> 28 & 7, compared = operation >> 24 & 15;
    int argument = sign_extended(operation >> 12 & 0xfff), with = sign_extended(operation & 0xfff);
    if (operation >> 31)
        argument = (int)(1u << (argument & 31));
    uint32_t old = *word, by = (uint32_t)argument;
    const uint32_t changed[] = {by, old + by, old | by, old & ~by, old ^ by};
    if (kind >= (int)(sizeof changed / sizeof *changed))
        return -ENOSYS;
    *word = changed[kind];
    const int holds[] = {(int)old == with, (int)old != with,
                         (int)old<with, (int)old <= with, (int)old> with, (int)old >= with};
    return compared < (int)(sizeof holds / sizeof *holds) ? holds[compared] : -ENOSYS;
}

static int count_of(uint32_t value) {
    return value > INT32_MAX ? INT32_MAX : (int)value;
}

static int is_bad(const uint32_t *word) {
    if ((uintptr_t)word % sizeof *word)
        return -EINVAL;
    return word && user_range(word, sizeof *word) ? 0 : -EFAULT;
}

static long wake_op(uint32_t *word, uint32_t value, uint32_t value2, uint32_t *other,
                    uint32_t operation) {
    int too = change(other, operation);
    if (too < 0)
        return too;
    int woken = futex_wake(word, value ? count_of(value) : 1);
    return woken + (too ? futex_wake(other, value2 ? count_of(value2) : 1) : 0);
}

static long requeue(uint32_t *word, uint32_t value, uint32_t value2, uint32_t *other) {
    if (value > INT32_MAX || value2 > INT32_MAX)
        return -EINVAL;
    int moved = count_of(value2) - (value2 == INT32_MAX ? count_of(value) : 0);
    return wake_and_move(futex_key(word, UINT32_MAX), count_of(value), futex_key(other, UINT32_MAX),
                         moved);
}

long sys_futex(uint32_t *word, int operation, uint32_t value, const struct linux_timespec *timeout,
               uint32_t *other, uint32_t value3) {
    int command = operation & ~(LINUX_FUTEX_PRIVATE | LINUX_FUTEX_CLOCK_REALTIME);
    uint32_t value2 = (uint32_t)(uintptr_t)timeout; // of the calls without one
    int error = is_bad(word);
    if (error)
        return error;
    switch (command) {
    case LINUX_FUTEX_WAIT:
        return wait(word, operation, value, timeout, UINT32_MAX);
    case LINUX_FUTEX_WAIT_BITSET:
        return wait(word, operation, value, timeout, value3);
    case LINUX_FUTEX_WAKE:
        return futex_wake(word, value ? count_of(value) : 1);
    case LINUX_FUTEX_WAKE_BITSET:
        return value3 ? wake_key(futex_key(word, value3), value ? count_of(value) : 1) : -EINVAL;
    case LINUX_FUTEX_REQUEUE:
    case LINUX_FUTEX_CMP_REQUEUE:
        if ((error = is_bad(other)))
            return error;
        if (command == LINUX_FUTEX_CMP_REQUEUE && *word != value3)
            return -EAGAIN;
        return requeue(word, value, value2, other);
    case LINUX_FUTEX_WAKE_OP:
        return (error = is_bad(other)) ? error : wake_op(word, value, value2, other, value3);
    default:
        return -ENOSYS; // priority inheritance has no meaning where one task runs at a time
    }
}

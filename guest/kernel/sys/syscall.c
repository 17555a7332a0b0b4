// The entry of every system call.
//
// Invariants
// 1. Timers are looked at on entry, signals are delivered on exit, nowhere else. There a task that
//    is to end ends, and others have a turn when a tick has come.
// 2. A call that was interrupted and whose handlers all have SA_RESTART runs again, unless
//    signal(7) says that this call never does.
// 3. To read a clock is no system call on Linux (vdso(7)), and programs do so between their last
// look
//    at what a handler leaves behind and the call that waits. A signal that has come by then is
//    left to that call, which it interrupts; a second look at a clock delivers it.
// 4. A handler's exit through a trap or exit_group leaves the machine as it is: calls are not
//    nested in kernel state, only on the stack.
#include "sys/table.h"
#include "process/life.h"
#include "task/exit.h"
#include "task/family.h"
#include "task/process.h"
#include "task/schedule.h"
#include "task/signal.h"
#include "task/switch.h"
#include "task/task.h"
#include "time/timer.h"
#include "trace/trace.h"

#include <boxer/kernel.h>
#include <boxer/linux_errno.h>
#include <boxer/linux_syscalls.h>

// signal(7): these answer EINTR whatever SA_RESTART says.
static int never_restarted(long number) {
    switch (number) {
    case NR_nanosleep:
    case NR_clock_nanosleep_time64:
    case NR_ppoll_time64:
    case NR_pselect6_time64:
    case NR_epoll_pwait:
    case NR_epoll_pwait2:
    case NR_rt_sigsuspend:
    case NR_rt_sigtimedwait_time64:
        return 1;
    default:
        return 0;
    }
}

// Whether a signal that waits at the end of this call is left to the task's next one.
static int leaves_signals(long number) {
    int leaves = number == NR_clock_gettime64 && !current->signals.is_left;
    current->signals.is_left = leaves;
    return leaves;
}

__attribute__((noinline)) static long serve(long number, long a, long b, long c, long d, long e,
                                            long f) {
    long result;
    stack_check();
    if (number != NR_futex_time64)
        schedule_stir(); // whatever it does may be what others wait for
    timers_run();
    if (boxer_trace && (number == NR_exit_group || number == NR_exit))
        boxer_trace(number, (long[]){a, b, c, d, e, f}, 0); // it does not come back
    for (;;) {
        result = syscall_dispatch(number, (long[]){a, b, c, d, e, f});
        life_look();
        if (schedule_is_due())
            task_yield();
        if (current->process->is_stopped)
            family_stay_stopped();
        if (current->is_killed)
            task_exit(0);
        if (!signal_pending() || leaves_signals(number))
            break;
        int restart = signal_deliver();
        if (result != -EINTR || !restart || never_restarted(number))
            break;
    }
    if (boxer_trace)
        boxer_trace(number, (long[]){a, b, c, d, e, f}, result);
    return result;
}

// Has no frame of its own on the C stack, so that a mark is its caller's.
long boxer_syscall(long number, long a, long b, long c, long d, long e, long f) {
    if (number == NR_clone)
        stack_mark();
    return serve(number, a, b, c, d, e, f);
}

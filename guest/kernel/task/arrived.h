// Signals that the host sends while the program runs, in the signals' block (boot.h).
#ifndef KERNEL_TASK_ARRIVED_H
#define KERNEL_TASK_ARRIVED_H

#include <boxer/kernel.h>

// Whether the host has sent something that nobody has looked at.
static inline int signals_have_arrived(void) {
    const volatile struct boxer_signals *block = &boxer_signals;
    return block->sent != block->taken;
}

// Raises what has arrived, for the current process and those that wait for its end.
void signals_take_arrived(void);
// Tells the host which signals the current process heeds, and what it looks at as it runs. Whenever
// an action changes, or another process is in place.
void signals_tell_host(void);
// Whether a wait that nothing else can end may be for one of the host's signals.
int signals_may_arrive(unsigned files_waited_for);

#endif

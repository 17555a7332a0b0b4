// The signal state that signal.c keeps and the system calls on it change.
#ifndef KERNEL_SIGNAL_STATE_H
#define KERNEL_SIGNAL_STATE_H

#include <boxer/linux_signal.h>

#include <stdint.h>

struct signal_state {
    uint64_t pending, blocked;
    uint64_t waited; // sigtimedwait's set while it waits
    struct linux_sigaction actions[LINUX_NSIG + 1];
    struct linux_sigaltstack alternate; // remembered, never switched to: wasm has one stack
};

struct signal_state *signal_state(void);

#endif

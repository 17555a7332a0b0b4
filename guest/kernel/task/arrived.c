// Between the host, which writes the signals' block at any moment, and the queues of signals.
//
// Invariants
// 1. A field has one writer (boot.h): a count that the host has raised differs from the known one
//    until it is looked at, and `taken` is set before the counts are read.
// 2. The block is the machine's, not a process's: it keeps its place when processes change.
#include "task/arrived.h"
#include "task/group.h"
#include "task/process.h"
#include "task/signal.h"
#include "task/task.h"
#include "state.h"

#include <boxer/linux_signal.h>

enum { HOST_SIGNALS = 32 };

KERNEL_STATE struct boxer_signals boxer_signals;

// What a terminal sends is for all of its foreground.
static int is_typed(int signo) {
    return signo == LINUX_SIGINT || signo == LINUX_SIGQUIT || signo == LINUX_SIGTSTP ||
           signo == LINUX_SIGWINCH;
}

void signals_take_arrived(void) {
    volatile struct boxer_signals *block = &boxer_signals;
    block->taken = block->sent;
    for (int signo = 1; signo < HOST_SIGNALS; signo++) {
        uint8_t count = block->counts[signo];
        if (count == block->known[signo])
            continue;
        block->known[signo] = count;
        const struct controlling *terminal = processes->terminal;
        if (is_typed(signo) && terminal && terminal->foreground && processes->next) {
            group_signal(terminal->foreground, signo);
            continue;
        }
        signal_send(processes, signo, LINUX_SI_KERNEL, NULL);
    }
}

void signals_tell_host(void) {
    const struct process_signals *signals = &processes->signals;
    uint32_t heeded = 0;
    for (int signo = 1; signo < HOST_SIGNALS; signo++)
        if (signals->actions[signo].handler != LINUX_SIG_DFL)
            heeded |= 1u << signo;
    boxer_signals.heeded = heeded;
    boxer_signals.word = (uint32_t)(uintptr_t)signals->word;
    boxer_signals.bits = signals->bits;
}

void kernel_on_signal(const void *word, uint32_t bits) {
    current->process->signals.word = word;
    current->process->signals.bits = bits;
    signals_tell_host();
}

// A program with a handler for one of these lives to be told; every Python has one for SIGINT.
static int is_servant(void) {
    static const int told[] = {LINUX_SIGHUP, LINUX_SIGQUIT, LINUX_SIGUSR1, LINUX_SIGUSR2,
                               LINUX_SIGTERM};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        uintptr_t handler = processes->signals.actions[told[i]].handler;
        if (handler != LINUX_SIG_DFL && handler != LINUX_SIG_IGN)
            return 1;
    }
    return 0;
}

int signals_may_arrive(unsigned files_waited_for) {
    const struct waiting *waiting = &current->waiting;
    if (!boxer_signals.live || waiting->may_give_up)
        return 0;
    return is_servant() || (!files_waited_for && !waiting->is_futex);
}

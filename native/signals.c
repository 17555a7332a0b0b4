// Signals of this process, told to the program in a machine: docker's --sig-proxy.
//
// Belongs here: who gets them, and when a program that does not end is ended. Does not: what they
// do in the machine (guest/kernel/task/arrived.c, whose block of memory is written to here).
//
// Invariants
// 1. A field of the block is written by handlers or by the machine, never by both; handlers may run
//    in several threads at a time (one that blocks signals leaves them to others), so they count
//    atomically.
// 2. A signal that was ignored when this process began stays so, as for any program.
// 3. What a handler calls is safe in one (signal-safety(7)): it writes memory, reads a clock, arms
//    a timer, or ends the process.
#define _GNU_SOURCE
#include "polling.h"
#include "state.h"

#include "../guest/include/boxer/boot.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <unistd.h>

enum { TICK_US = 100000, NEVER = -1, KILLED = 128 + SIGKILL };

static const int forwarded[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGUSR1, SIGUSR2,
                                SIGTERM, SIGCONT, SIGTSTP, SIGWINCH};
enum { FORWARDED = sizeof forwarded / sizeof *forwarded };

static uint8_t *memory;
static uint64_t memory_size;
static volatile struct boxer_signals *block; // null: nobody is told
static int64_t stop_ns;
static uint64_t asked_to_end_ns, interrupted_ns; // since when; 0: not
static uint64_t sent_ns;                         // the last one
static struct sigaction before[FORWARDED], before_alarm;

static int is_waiting(int signo) {
    return block->counts[signo] != block->known[signo];
}

static int is_harmless(int signo) {
    return signo == SIGWINCH || signo == SIGCONT || signo == SIGTSTP;
}

static void look_at_terminal(void) {
    struct winsize size;
    for (int descriptor = 0; descriptor < 3; descriptor++) {
        if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_row) {
            block->rows = size.ws_row;
            block->columns = size.ws_col;
            return;
        }
    }
}

// What the program looks at as it runs. Its own change of the word may undo this: done again with
// every tick, until the signal is taken.
static void knock(void) {
    uint32_t word = block->word, value;
    if (!word || word > memory_size - sizeof value)
        return;
    memcpy(&value, memory + word, sizeof value);
    value |= block->bits;
    memcpy(memory + word, &value, sizeof value);
}

static void tick(int on) {
    struct itimerval timer = {{0, on ? TICK_US : 0}, {0, on ? TICK_US : 0}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

static int is_late(uint64_t since_ns) {
    return since_ns && stop_ns != NEVER && now_ns() - since_ns >= (uint64_t)stop_ns;
}

// A program that makes no system call cannot end itself for a signal it has no handler for.
static void end_for_it(void) {
    for (int i = 0; i < FORWARDED; i++) {
        int signo = forwarded[i];
        if (is_waiting(signo) && !is_harmless(signo) && !(block->heeded & 1u << signo))
            _exit(128 + signo);
    }
}

static void on_tick(int unused) {
    (void)unused;
    int saved = errno;
    if (block) {
        int waiting = block->sent != block->taken;
        if (is_late(asked_to_end_ns))
            _exit(KILLED);
        if (is_waiting(SIGINT) && is_late(interrupted_ns))
            _exit(128 + SIGINT);
        if (waiting && now_ns() - sent_ns >= TICK_US * 1000ull)
            end_for_it();
        if (waiting)
            knock();
        tick(waiting || asked_to_end_ns);
    }
    errno = saved;
}

static void on_signal(int signo) {
    int saved = errno;
    if (!block)
        return;
    // A shell with job control heeds it: the job in its foreground stops. All else stops as a
    // whole, for the shell out here.
    if (signo == SIGTSTP && !(block->heeded & 1u << SIGTSTP)) {
        raise(SIGSTOP);
        errno = saved;
        return;
    }
    if (signo == SIGINT) {
        if (interrupted_ns && is_waiting(SIGINT)) // the first one is not even looked at
            _exit(128 + SIGINT);
        interrupted_ns = now_ns();
    }
    if (signo == SIGTERM && !asked_to_end_ns)
        asked_to_end_ns = now_ns();
    if (signo == SIGWINCH)
        look_at_terminal();
    __atomic_add_fetch(&block->counts[signo], 1, __ATOMIC_SEQ_CST);
    __atomic_add_fetch(&block->sent, 1, __ATOMIC_SEQ_CST);
    sent_ns = now_ns();
    knock();
    tick(1);
    errno = saved;
}

static void install(int signo, void (*handler)(int), struct sigaction *old) {
    struct sigaction ours = {.sa_handler = handler}; // no SA_RESTART: waits look around
    for (int i = 0; i < FORWARDED; i++)
        sigaddset(&ours.sa_mask, forwarded[i]);
    sigaddset(&ours.sa_mask, SIGALRM);
    sigaction(signo, NULL, old);
    if (old->sa_handler != SIG_IGN || signo == SIGALRM)
        sigaction(signo, &ours, NULL);
}

void boxer_signals_begin(uint8_t *start, uint64_t size, uint32_t place, int64_t stop) {
    if (!place || size < sizeof *block || place > size - sizeof *block)
        return;
    memory = start;
    memory_size = size;
    stop_ns = stop;
    asked_to_end_ns = interrupted_ns = 0;
    block = (struct boxer_signals *)(start + place);
    block->live = 1;
    look_at_terminal();
    install(SIGALRM, on_tick, &before_alarm);
    for (int i = 0; i < FORWARDED; i++)
        install(forwarded[i], on_signal, &before[i]);
}

// What the host has set meanwhile stays.
static void restore(int signo, void (*handler)(int), const struct sigaction *old) {
    struct sigaction now;
    if (sigaction(signo, NULL, &now) == 0 && now.sa_handler == handler)
        sigaction(signo, old, NULL);
}

void boxer_signals_end(void) {
    if (!block)
        return;
    for (int i = 0; i < FORWARDED; i++)
        restore(forwarded[i], on_signal, &before[i]);
    tick(0);
    restore(SIGALRM, on_tick, &before_alarm);
    block = NULL;
}

void boxer_machine_forward(struct boxer_machine *machine, int64_t stop) {
    boxer_signals_begin(machine->base,
                        wasmtime.wasmtime_memory_data_size(machine->context, &machine->memory),
                        machine->signals, stop);
}

int signals_wait(struct boxer_machine *machine) {
    const volatile struct boxer_signals *own =
        machine->signals ? guest_at(machine, machine->signals, sizeof *own) : NULL;
    return own && own->sent != own->taken;
}

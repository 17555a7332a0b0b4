// Who is told of faults: this file, then the engine, whose handler makes a guest's into traps, or a
// host whose handler was set later than both (faulthandler's, say).
//
// Invariants
// 1. A guest's faults end no process, whatever handlers the host sets between two entries.
// 2. The host's handler is called for all other faults. What it puts back when it is taken off is
//    what it has found.
#define _GNU_SOURCE
#include "state.h"

#include <pthread.h>
#include <signal.h>

static const int numbers[] = {SIGSEGV, SIGILL, SIGBUS, SIGFPE};
enum { FAULTS = sizeof numbers / sizeof *numbers };

static struct sigaction engines[FAULTS], hosts[FAULTS];
static int installed;

static int place_of(int number) {
    int place = 0;
    while (numbers[place] != number)
        place++;
    return place;
}

static void hand_on(const struct sigaction *next, int number, siginfo_t *information,
                    void *context) {
    if (next->sa_flags & SA_SIGINFO)
        next->sa_sigaction(number, information, context);
    else if (next->sa_handler != SIG_DFL && next->sa_handler != SIG_IGN)
        next->sa_handler(number);
    else
        sigaction(number, next, NULL); // the instruction runs again and faults for good
}

static int is_admitted(int number, const siginfo_t *information) {
    return number == SIGSEGV && information->si_code == SEGV_ACCERR &&
           tracking_admit(information->si_addr);
}

// Over the engine's.
static void on_fault(int number, siginfo_t *information, void *context) {
    if (!is_admitted(number, information))
        hand_on(&engines[place_of(number)], number, information, context);
}

// Over a host's.
static void on_fault_first(int number, siginfo_t *information, void *context) {
    int place = place_of(number);
    if (!is_admitted(number, information))
        hand_on(interrupting_is_guest(context) ? &engines[place] : &hosts[place], number,
                information, context);
}

static int set(int number, void (*handler)(int, siginfo_t *, void *)) {
    struct sigaction ours = {.sa_sigaction = handler,
                             .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
    sigemptyset(&ours.sa_mask);
    return sigaction(number, &ours, NULL);
}

static void install(void) {
    installed = 1;
    for (int i = 0; i < FAULTS; i++)
        installed &= sigaction(numbers[i], NULL, &engines[i]) == 0;
    for (int i = 0; i < FAULTS && installed; i++)
        installed &= set(numbers[i], on_fault) == 0;
}

void faults_install(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install); // after the engine, so that its handlers are those before ours
}

static int is_ours(int number, struct sigaction *now) {
    return sigaction(number, NULL, now) == 0 &&
           (now->sa_sigaction == on_fault || now->sa_sigaction == on_fault_first);
}

static int come_first(void) {
    static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
    struct sigaction now;
    int done = 1;
    pthread_mutex_lock(&one_at_a_time);
    for (int i = 0; i < FAULTS; i++) {
        if (is_ours(numbers[i], &now))
            continue;
        hosts[i] = now;
        done &= set(numbers[i], on_fault_first) == 0;
    }
    pthread_mutex_unlock(&one_at_a_time);
    return done;
}

// One is looked at: who sets a handler for faults sets it for all.
int faults_are_ours(void) {
    struct sigaction now;
    return installed && (is_ours(SIGSEGV, &now) || come_first());
}

// Whether a run may go on: wall time, CPU time, and the caller's own wish; and the tick.
//
// One thread looks at all machines of the process every 10 ms, and sleeps while none runs. Where a
// limit is reached, or it is time to ask the caller, it has the machine's own thread look
// (`interrupt.c`); that one looks around every wait, too. So limits are exact to a tick. A guest
// whose tasks want turns is told more often (`tick.c`), and only while they do.
#define _GNU_SOURCE
#include "state.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

enum { TICK_NS = 10000000, SOON_NS = 100000, ATTEND_NS = 50000000 };

static uint64_t read_clock(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t now_ns(void) {
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t cpu_now_ns(void) {
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

uint64_t real_now_ns(void) {
    return read_clock(CLOCK_REALTIME);
}

static int over(struct boxer_machine *machine, enum boxer_kind kind, uint32_t status) {
    machine->outcome->kind = kind;
    machine->outcome->status = status;
    return 1;
}

static uint32_t word_of(const volatile uint32_t *word) {
    return word ? *word : BOXER_GO_ON;
}

// Also in a signal's handler.
static void stand_still(const struct boxer_run *run) {
    while (word_of(run->word) == BOXER_PAUSE)
        nanosleep(&(struct timespec){.tv_nsec = TICK_NS}, NULL);
}

int watch_is_cancelled(const struct watched *watched) {
    return watched->cancelled && __atomic_load_n(watched->cancelled, __ATOMIC_RELAXED);
}

int watch_check(struct boxer_machine *machine) {
    const struct boxer_run *run = machine->run;
    stand_still(run);
    if (word_of(run->word) == BOXER_STOP)
        return over(machine, BOXER_EXITED, 128 + SIGKILL);
    uint64_t now = now_ns();
    if (watch_is_cancelled(&machine->watched))
        return over(machine, BOXER_LIMIT, BOXER_LIMIT_CANCELLED);
    if (run->time_ns != UINT64_MAX && now - machine->began_ns >= run->time_ns)
        return over(machine, BOXER_LIMIT, BOXER_LIMIT_TIME);
    if (run->cpu_ns != UINT64_MAX && cpu_now_ns() - machine->cpu_began_ns >= run->cpu_ns)
        return over(machine, BOXER_LIMIT, BOXER_LIMIT_CPU);
    if (run->attend && now >= machine->watched.attend_ns) {
        __atomic_store_n(&machine->watched.attend_ns, now + ATTEND_NS, __ATOMIC_RELAXED);
        if (fibers_attend(machine))
            return over(machine, BOXER_INTERRUPTED, 0);
    }
    return 0;
}

static int check_machine(struct watched *watched) {
    return watch_check(
        (struct boxer_machine *)((char *)watched - offsetof(struct boxer_machine, watched)));
}

static uint64_t end_of(uint64_t began, uint64_t length) {
    return length > UINT64_MAX - began ? UINT64_MAX : began + length;
}

static void set_times(struct boxer_machine *machine) {
    struct watched *watched = &machine->watched;
    const struct boxer_run *run = machine->run;
    watched->until_ns = end_of(machine->began_ns, run->time_ns);
    watched->cpu_until_ns = end_of(machine->cpu_began_ns, run->cpu_ns);
    watched->attend_ns = run->attend ? machine->began_ns + ATTEND_NS : UINT64_MAX;
    watched->cancelled = run->cancelled;
    watched->word = run->word;
}

int watch_begin(struct boxer_machine *machine) {
    struct watched *watched = &machine->watched;
    set_times(machine);
    watched->code_start = machine->code->start;
    watched->code_end = machine->code->end;
    watched->context = machine->context;
    watched->check = check_machine;
    // A copy of this process could not learn it: the engine compiles with threads, which are not
    // there.
    if (machine->run->lives)
        interrupting_learn(machine->code->engine);
    tick_begin(machine);
    return watching_begin(watched, machine->code->engine);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wanted = PTHREAD_COND_INITIALIZER;
static struct watched *first; // of those that run
static wasm_engine_t *own_engine;
static int parked, begun;

enum { NOT_DUE, TO_ATTEND, IS_OVER };

static int what_is_due(const struct watched *watched, uint64_t now) {
    uint32_t word = word_of(watched->word);
    if (word != BOXER_GO_ON)
        return word == BOXER_STOP ? IS_OVER : TO_ATTEND;
    if (now >= watched->until_ns || watch_is_cancelled(watched) ||
        (watched->cpu_until_ns != UINT64_MAX &&
         read_clock(watched->cpu_clock) >= watched->cpu_until_ns))
        return IS_OVER;
    return now >= __atomic_load_n(&watched->attend_ns, __ATOMIC_RELAXED) ? TO_ATTEND : NOT_DUE;
}

static void look_at_peer(struct watched *watched, uint64_t now) {
    struct pollfd polled = {.fd = watched->peer - 1, .events = POLLRDHUP};
    if (!watched->peer || poll(&polled, 1, 0) < 1)
        return;
    watched->left_ns = watched->left_ns ? watched->left_ns : now;
    if ((polled.revents & (POLLHUP | POLLERR)) || now - watched->left_ns > watched->patience_ns)
        __atomic_store_n(&watched->has_left, 1, __ATOMIC_RELAXED);
}

// Holding the lock: none of them can leave meanwhile. The most that is due; next: when to look
// again.
static int ask_those_due(int can_end, uint64_t now, uint64_t *next) {
    int most = NOT_DUE;
    for (struct watched *watched = first; watched; watched = watched->next) {
        look_at_peer(watched, now);
        int due = what_is_due(watched, now);
        int ticks = tick_is_due(watched, now, next);
        if (ticks)
            watched->tick_is_due = 1;
        if ((due != NOT_DUE && can_end) || ticks)
            interrupting_ask(watched);
        most = due > most ? due : most;
    }
    return most;
}

static void *tick(void *unused) {
    (void)unused;
    for (int can_end = 0;;) {
        pthread_mutex_lock(&lock);
        while (!first) {
            parked = 1;
            pthread_cond_wait(&wanted, &lock);
        }
        parked = 0;
        uint64_t now = now_ns(), next = now + TICK_NS;
        int due = ask_those_due(can_end, now, &next);
        pthread_mutex_unlock(&lock);
        if (due && !can_end && (can_end = interrupting_learn(own_engine) == 0))
            continue;
        // Who is over and goes on was met outside of its own code: in a copy of much memory, say.
        long pause = due == IS_OVER ? SOON_NS : (long)(next - now);
        nanosleep(&(struct timespec){.tv_nsec = pause}, NULL);
    }
    return NULL;
}

// The ticker must not take the signals that the process's own threads wait for.
static void begin_thread(wasm_engine_t *engine) {
    sigset_t all, kept;
    pthread_t thread;
    own_engine = engine; // a process has one
    sigfillset(&all);
    sigdelset(&all, SIGILL); // of `interrupting_learn`
    pthread_sigmask(SIG_SETMASK, &all, &kept);
    begun = pthread_create(&thread, NULL, tick, NULL) == 0;
    if (begun)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &kept, NULL);
}

// In a forked child, which has no such thread, and of the others only the one that forked.
static void forget_thread(void) {
    begun = parked = 0;
    first = NULL;
    for (struct watched *watched = interrupting_innermost(); watched; watched = watched->outer) {
        pthread_getcpuclockid(watched->thread, &watched->cpu_clock);
        watched->next = first;
        watched->previous = NULL;
        if (first)
            first->previous = watched;
        first = watched;
    }
    pthread_mutex_init(&lock, NULL);
    pthread_cond_init(&wanted, NULL);
}

void watch_again(struct boxer_machine *machine) {
    pthread_mutex_lock(&lock);
    set_times(machine);
    if (!begun)
        begin_thread(machine->code->engine);
    pthread_mutex_unlock(&lock);
}

void watch_longer(struct boxer_machine *machine) {
    pthread_mutex_lock(&lock);
    machine->watched.until_ns = end_of(machine->began_ns, machine->run->time_ns);
    pthread_mutex_unlock(&lock);
}

void watch_peer(struct boxer_machine *machine, int connection, uint64_t patience) {
    struct watched *watched = &machine->watched;
    pthread_mutex_lock(&lock);
    watched->peer = connection + 1;
    watched->patience_ns = patience;
    watched->left_ns = 0;
    pthread_mutex_unlock(&lock);
}

int watching_begin(struct watched *watched, wasm_engine_t *engine) {
    watched->thread = pthread_self();
    watched->stack_top = stack_bounds().top;
    pthread_getcpuclockid(watched->thread, &watched->cpu_clock);
    int has_signal = interrupting_begin(watched);
    pthread_mutex_lock(&lock);
    watched->previous = NULL;
    watched->next = first;
    if (first)
        first->previous = watched;
    first = watched;
    if (!begun)
        begin_thread(engine);
    if (parked)
        pthread_cond_signal(&wanted);
    pthread_mutex_unlock(&lock);
    return has_signal;
}

void watching_end(struct watched *watched) {
    pthread_mutex_lock(&lock);
    if (watched->previous)
        watched->previous->next = watched->next;
    else
        first = watched->next;
    if (watched->next)
        watched->next->previous = watched->previous;
    pthread_mutex_unlock(&lock);
    interrupting_end(watched);
}

__attribute__((constructor)) static void survive_fork(void) {
    pthread_atfork(NULL, NULL, forget_thread);
}

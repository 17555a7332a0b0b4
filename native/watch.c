// Whether a run may go on: wall time, CPU time, and the caller's own wish; and the engine's tick.
//
// Limits are looked at when the engine ticks (10 ms) and around every wait, so they are exact to a
// tick. One thread ticks for all machines of the process, and sleeps while none runs.
#define _GNU_SOURCE
#include "state.h"

#include <pthread.h>
#include <time.h>

enum { TICK_NS = 10000000, ATTEND_NS = 50000000 };

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
    machine->ending->kind = kind;
    machine->ending->status = status;
    return 1;
}

int watch_check(struct boxer_machine *machine) {
    const struct boxer_run *run = machine->run;
    uint64_t now = now_ns();
    if (run->time_ns != UINT64_MAX && now - machine->began_ns >= run->time_ns)
        return over(machine, BOXER_LIMIT, BOXER_LIMIT_TIME);
    if (run->cpu_ns != UINT64_MAX && cpu_now_ns() - machine->cpu_began_ns >= run->cpu_ns)
        return over(machine, BOXER_LIMIT, BOXER_LIMIT_CPU);
    if (run->attend && now - machine->attended_ns >= ATTEND_NS) {
        machine->attended_ns = now;
        if (run->attend(machine->ending))
            return over(machine, BOXER_INTERRUPTED, 0);
    }
    return 0;
}

wasmtime_error_t *watch_tick(wasmtime_context_t *context, void *data, uint64_t *delta,
                             uint8_t *kind) {
    (void)data;
    struct boxer_machine *machine = wasmtime.wasmtime_context_get_data(context);
    if (watch_check(machine))
        return wasmtime.wasmtime_error_new("ended by the host");
    *delta = 1;
    *kind = WASMTIME_UPDATE_DEADLINE_CONTINUE;
    return NULL;
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wanted = PTHREAD_COND_INITIALIZER;
static wasm_engine_t *ticked;
static int running, parked, begun;

static void *tick(void *unused) {
    (void)unused;
    for (;;) {
        pthread_mutex_lock(&lock);
        while (__atomic_load_n(&running, __ATOMIC_SEQ_CST) == 0) {
            __atomic_store_n(&parked, 1, __ATOMIC_SEQ_CST);
            // Looked at again after parking: a run that began in between did not see it parked.
            if (__atomic_load_n(&running, __ATOMIC_SEQ_CST) == 0)
                pthread_cond_wait(&wanted, &lock);
            __atomic_store_n(&parked, 0, __ATOMIC_SEQ_CST);
        }
        wasm_engine_t *engine = ticked;
        pthread_mutex_unlock(&lock);
        nanosleep(&(struct timespec){.tv_nsec = TICK_NS}, NULL);
        wasmtime.wasmtime_engine_increment_epoch(engine);
    }
    return NULL;
}

static void begin_thread(wasm_engine_t *engine) {
    pthread_mutex_lock(&lock);
    ticked = engine; // a process has one
    pthread_t thread;
    if (!begun && pthread_create(&thread, NULL, tick, NULL) == 0) {
        pthread_detach(thread);
        __atomic_store_n(&begun, 1, __ATOMIC_SEQ_CST);
    }
    pthread_mutex_unlock(&lock);
}

// In a forked child, which has no such thread.
static void forget_thread(void) {
    begun = running = parked = 0;
    pthread_mutex_init(&lock, NULL);
    pthread_cond_init(&wanted, NULL);
}

void ticking_begin(wasm_engine_t *engine) {
    __atomic_add_fetch(&running, 1, __ATOMIC_SEQ_CST);
    if (!__atomic_load_n(&begun, __ATOMIC_SEQ_CST))
        begin_thread(engine);
    if (__atomic_load_n(&parked, __ATOMIC_SEQ_CST)) {
        pthread_mutex_lock(&lock);
        pthread_cond_signal(&wanted);
        pthread_mutex_unlock(&lock);
    }
}

void ticking_end(void) {
    __atomic_sub_fetch(&running, 1, __ATOMIC_SEQ_CST);
}

__attribute__((constructor)) static void survive_fork(void) {
    pthread_atfork(NULL, NULL, forget_thread);
}

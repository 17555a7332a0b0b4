// Threads of a Python process that come back from machines, one after the other.
//
// Between two calls a thread holds Python's lock for a few microseconds. One that wanted it just
// then would sleep, and to wake it takes longer than the call. So the threads hand a baton round:
// who comes back from a machine takes it, and looks for it for a moment before he asks for Python's
// lock; who has given that up to enter a machine gives the baton on.
//
// Invariant: it is advice alone. Who has waited for SPINS looks takes it from whoever has it: that
// thread runs other Python code, has ended, or is not running.
#include "baton.h"

#include <pthread.h>
#include <stdint.h>
#include <unistd.h>

enum { SPINS = 400 }; // some 10 us

static uintptr_t holder; // its thread's mark, or 0
static int spins;        // 0: who holds it cannot run while another one looks

static uintptr_t mark(void) {
    static __thread char own __attribute__((tls_model("initial-exec")));
    return (uintptr_t)&own;
}

static void count(void) {
    spins = sysconf(_SC_NPROCESSORS_ONLN) > 1 ? SPINS : 0;
}

static void relax(void) {
#if defined __x86_64__
    __builtin_ia32_pause();
#elif defined __aarch64__
    __asm__ volatile("isb");
#endif
}

void baton_take(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, count);
    for (int i = 0; i < spins; i++) {
        uintptr_t nobody = 0;
        if (!__atomic_load_n(&holder, __ATOMIC_RELAXED) &&
            __atomic_compare_exchange_n(&holder, &nobody, mark(), 0, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED))
            return;
        relax();
    }
    __atomic_store_n(&holder, mark(), __ATOMIC_RELAXED);
}

void baton_give(void) {
    if (__atomic_load_n(&holder, __ATOMIC_RELAXED) == mark())
        __atomic_store_n(&holder, 0, __ATOMIC_RELAXED);
}

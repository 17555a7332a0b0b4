// One thread runs at a time: whoever has the lock needs a turn to give it back.
#include "pthread_impl.h"

int pthread_spin_lock(pthread_spinlock_t *lock) {
    while (pthread_spin_trylock(lock))
        __syscall(SYS_sched_yield);
    return 0;
}

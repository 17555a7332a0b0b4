// A process whose other threads have been ended, wherever they stood: as the child of a fork(2).
#include <signal.h>
#include <unistd.h>
#include "fork_impl.h"
#include "libc.h"
#include "lock.h"
#include "pthread_impl.h"
#include "../thread/stacks.h"

pid_t __boxer_fork_by(pid_t (*)(void));

static void (*end)(void);

static pid_t end_others(void) {
    sigset_t set;
    __block_all_sigs(&set);
    LOCK(__abort_lock);
    end();
    __post_Fork(0);
    __restore_sigs(&set);
    return 0;
}

static void keep_stacks(pthread_t first, pthread_t self) {
    for (pthread_t other = first; other != self;) {
        pthread_t next = other->next;
        other->detach_state = DT_EXITED;
        if (other->map_base)
            __boxer_stack_put(other->map_base, other->map_size);
        other = next;
    }
}

void __boxer_alone(void (*end_them)(void)) {
    pthread_t self = __pthread_self(), first = self->next;
    end = end_them;
    __boxer_fork_by(end_others);
    keep_stacks(first, self);
}

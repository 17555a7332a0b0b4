// Threads that share the one C stack: each runs to its end on top of whoever waits (see
// guest/python/threads.c). What belongs here: their identity, which pthread_self answers, with
// errno and thread-specific data of its own.
#include <stdlib.h>
#include "pthread_impl.h"
#include "ksigaction.h"
#include "libc.h"

extern uintptr_t __boxer_thread_pointer;
hidden extern volatile int __eintr_valid_flag;

void *__boxer_thread_new(void) {
    static int last = 100;
    struct pthread *td = calloc(1, sizeof *td + __pthread_tsd_size);
    if (!td)
        return 0;
    td->self = td;
    td->next = td->prev = td;
    td->tid = ++last;
    td->detach_state = DT_JOINABLE;
    td->locale = &libc.global_locale;
    td->robust_list.head = &td->robust_list.head;
    td->sysinfo = __pthread_self()->sysinfo;
    td->tsd = (void **)(td + 1);
    /* Waits are interrupted when nobody is left to end them. */
    __eintr_valid_flag = 1;
    return td;
}

void *__boxer_thread_switch(void *td) {
    void *before = (void *)__boxer_thread_pointer;
    __boxer_thread_pointer = (uintptr_t)td;
    return before;
}

void __boxer_thread_free(void *td) {
    free(td);
}

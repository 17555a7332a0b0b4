// No TLS images: thread-locals lie in the section that the kernel exchanges when threads switch.
#define SYSCALL_NO_TLS 1
#include <stddef.h>
#include "pthread_impl.h"
#include "libc.h"
#include "syscall.h"

volatile int __thread_list_lock;

int __init_tp(void *p) {
    pthread_t td = p;
    td->self = td;
    int r = __set_thread_area(TP_ADJ(p));
    if (r < 0)
        return -1;
    libc.can_do_threads = 1;
    td->detach_state = DT_JOINABLE;
    td->tid = __syscall(SYS_set_tid_address, &__thread_list_lock);
    td->locale = &libc.global_locale;
    td->robust_list.head = &td->robust_list.head;
    td->sysinfo = __sysinfo;
    td->next = td->prev = td;
    return 0;
}

static struct pthread main_thread;
static uintptr_t no_modules[1]; // what __reset_tls is told

void *__copy_tls(unsigned char *mem) {
    pthread_t td = (pthread_t)(((uintptr_t)mem + 15) & -16);
    td->dtv = no_modules;
    return td;
}

static void static_init_tls(size_t *aux) {
    main_thread.dtv = no_modules;
    libc.tls_align = 16;
    libc.tls_size = (sizeof(struct pthread) + 31) & -16;
    if (__init_tp(&main_thread) < 0)
        a_crash();
}

weak_alias(static_init_tls, __init_tls);

// Threads beside what is the whole process's: credentials, timers, signals, exit.
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static sem_t sem, go;
static volatile int stop;
static void *uids(void *p) {
    sem_post(&sem);
    sem_wait(&go);
    return (void *)(long)(getuid() == 1000 && geteuid() == 1000);
}
static pthread_t target;
static volatile int handled_in_target;
static void handler(int signo) { handled_in_target = pthread_self() == target; }
static void *signalled(void *p) {
    sem_post(&sem);
    while (!stop) usleep(1000);
    return 0;
}
static void notified(union sigval value) { if (value.sival_int == 9) sem_post(&sem); }
static void *robust_holder(void *mutex) { pthread_mutex_lock(mutex); return 0; }
static void *named(void *p) {
    char name[16];
    prctl(PR_SET_NAME, "worker");
    pthread_getname_np(pthread_self(), name, sizeof name);
    return (void *)(long)(!strcmp(name, "worker") && (long)syscall(SYS_gettid) != getpid());
}
static void *spins(void *p) { for (;;) usleep(100); }
static void *exits(void *p) { printf("exit from a thread\n"); fflush(stdout); exit(3); }
int main(void) {
    pthread_t t;
    void *r;
    sem_init(&sem, 0, 0); sem_init(&go, 0, 0);
    pthread_create(&t, 0, named, 0); pthread_join(t, &r); printf("named %d\n", r != 0);
    signal(SIGUSR1, handler);
    pthread_create(&target, 0, signalled, 0); sem_wait(&sem);
    printf("kill %d\n", pthread_kill(target, SIGUSR1));
    while (!handled_in_target) usleep(1000);
    stop = 1; pthread_join(target, 0);
    printf("handled in its thread\n");
    sigset_t set; int got;
    sigemptyset(&set); sigaddset(&set, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &set, 0);
    kill(getpid(), SIGUSR2); sigwait(&set, &got); printf("sigwait %d\n", got == SIGUSR2);
    pthread_mutexattr_t ma; pthread_mutex_t robust;
    pthread_mutexattr_init(&ma); pthread_mutexattr_setrobust(&ma, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &ma);
    pthread_create(&t, 0, robust_holder, &robust); pthread_join(t, 0);
    printf("robust %d\n", pthread_mutex_lock(&robust) == EOWNERDEAD);
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = notified, .sigev_value.sival_int = 9};
    struct itimerspec when = {.it_value.tv_nsec = 1000000};
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) || timer_settime(timer, 0, &when, 0)) return 1;
    sem_wait(&sem); printf("timer's thread\n"); timer_delete(timer);
    pthread_create(&t, 0, uids, 0); sem_wait(&sem);
    if (setuid(1000)) return 1;
    sem_post(&go); pthread_join(t, &r); printf("setuid of all %d\n", r != 0);
    pthread_create(&t, 0, spins, 0);
    pthread_create(&t, 0, exits, 0);
    pthread_exit(0);
}

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static int pipes[2];
static volatile int stage;
static void clean(void *text) { printf("cleaned %s\n", (char *)text); fflush(stdout); }
static void *in_read(void *p) {
    char c;
    pthread_cleanup_push(clean, "read");
    stage = 1;
    read(pipes[0], &c, 1);
    printf("never\n");
    pthread_cleanup_pop(0);
    return 0;
}
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static void unlock(void *p) { printf("unlocked %d\n", pthread_mutex_unlock(&lock)); }
static void *in_cond(void *p) {
    pthread_mutex_lock(&lock);
    pthread_cleanup_push(unlock, 0);
    stage = 2;
    for (;;) pthread_cond_wait(&cond, &lock);
    pthread_cleanup_pop(1);
    return 0;
}
static void *disabled(void *p) {
    int old;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old);
    stage = 3;
    usleep(30000);
    stage = 4;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
    pthread_cleanup_push(clean, "enabled");
    pthread_testcancel();
    printf("never\n");
    pthread_cleanup_pop(0);
    return 0;
}
static void *locked(void *p) { /* no cancellation point: waits for its lock, then finds itself cancelled */
    stage = 5;
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    stage = 6;
    usleep(1);
    printf("never\n");
    return 0;
}
static void *async(void *p) {
    int old;
    pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old);
    stage = 7;
    for (;;) sched_yield();
}
static void go(void *(*f)(void *), int at) {
    pthread_t t; void *r;
    pthread_create(&t, 0, f, 0);
    while (stage != at) usleep(1000);
    usleep(5000);
    pthread_cancel(t);
    if (f == locked) usleep(5000), pthread_mutex_unlock(&lock);
    pthread_join(t, &r);
    printf("%s\n", r == PTHREAD_CANCELED ? "cancelled" : "not");
}
#include <sched.h>
int main(void) {
    pipe(pipes);
    go(in_read, 1);
    go(in_cond, 2);
    go(disabled, 3);
    pthread_mutex_lock(&lock);
    go(locked, 5);
    printf("stage %d\n", stage);
    go(async, 7);
    return 0;
}

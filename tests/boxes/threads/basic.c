#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t ready = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int count, turns, inits, destroyed, value;
static void init(void) { inits++; }
static void destroy(void *p) { destroyed += p == &value; }
static void *add(void *step) {
    pthread_once(&once, init);
    pthread_setspecific(key, &value);
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&lock);
        int before = count;
        if (i % 100 == 0) sched_yield();
        count = before + (int)(long)step;
        pthread_mutex_unlock(&lock);
    }
    errno = (int)(long)step;
    pthread_barrier_wait(&barrier);
    return (void *)(long)errno;
}
static void *turn(void *odd) {
    for (int i = 0; i < 50; i++) {
        pthread_mutex_lock(&lock);
        while ((turns & 1) != (int)(long)odd) pthread_cond_wait(&ready, &lock);
        turns++;
        pthread_cond_broadcast(&ready);
        pthread_mutex_unlock(&lock);
    }
    return 0;
}
static sem_t sem;
static void *detached(void *p) { sem_post(&sem); return 0; }
static int c11(void *p) { *(int *)p = 5; return 6; }
int main(void) {
    pthread_t t[8];
    void *r;
    long sum = 0;
    pthread_key_create(&key, destroy);
    pthread_barrier_init(&barrier, 0, 8);
    for (long i = 0; i < 8; i++) if (pthread_create(&t[i], 0, add, (void *)(i + 1))) return 1;
    for (int i = 0; i < 8; i++) pthread_join(t[i], &r), sum += (long)r;
    printf("count %d errnos %ld once %d destroyed %d\n", count, sum, inits, destroyed);
    for (long i = 0; i < 2; i++) pthread_create(&t[i], 0, turn, (void *)i);
    for (int i = 0; i < 2; i++) pthread_join(t[i], 0);
    printf("turns %d\n", turns);
    sem_init(&sem, 0, 0);
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN);
    for (int i = 0; i < 100; i++) if (pthread_create(&t[0], &attr, detached, 0)) return 2; else sem_wait(&sem);
    struct timespec soon;
    clock_gettime(CLOCK_REALTIME, &soon);
    soon.tv_nsec += 1000000;
    if (soon.tv_nsec > 999999999) soon.tv_sec++, soon.tv_nsec -= 1000000000;
    int timed = sem_timedwait(&sem, &soon) ? errno : 0;
    pthread_mutex_lock(&lock);
    int cond = pthread_cond_timedwait(&ready, &lock, &soon);
    pthread_mutex_unlock(&lock);
    printf("%s %s\n", timed == ETIMEDOUT ? "timed out" : "?", cond == ETIMEDOUT ? "timed out" : "?");
    thrd_t c; int got = 0, res;
    thrd_create(&c, c11, &got);
    thrd_join(c, &res);
    printf("c11 %d %d\n", got, res);
    pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
    pthread_rwlock_rdlock(&rw); pthread_rwlock_rdlock(&rw);
    printf("rw %d\n", pthread_rwlock_trywrlock(&rw) == EBUSY);
    return 0;
}

// Spin locks between threads that compute, and scheduling that a thread is made with.
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 4, ROUNDS = 200 };

static pthread_spinlock_t spin, held;
static long counter;

static void *adds(void *unused) {
    for (int i = 0; i < ROUNDS; i++) {
        pthread_spin_lock(&spin);
        long seen = counter;
        if (i % 8 == 0)
            sched_yield();
        counter = seen + 1;
        pthread_spin_unlock(&spin);
    }
    return unused;
}

static void *lets_go(void *unused) {
    usleep(1000);
    pthread_spin_unlock(&held);
    return unused;
}

static void *tells(void *unused) {
    int policy;
    struct sched_param parameter;
    int error = pthread_getschedparam(pthread_self(), &policy, &parameter);
    printf("inside: %s, %d, %d\n", strerror(error), policy, parameter.sched_priority);
    return unused;
}

int main(void) {
    pthread_t threads[THREADS], one;
    pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
    pthread_spin_init(&held, PTHREAD_PROCESS_PRIVATE);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], 0, adds, 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], 0);
    printf("%ld\n", counter);

    pthread_spin_lock(&held);
    printf("%d\n", pthread_spin_trylock(&held) != 0);
    pthread_create(&one, 0, lets_go, 0);
    pthread_spin_lock(&held);
    pthread_join(one, 0);
    puts("let go");

    pthread_attr_t attributes;
    struct sched_param parameter = {0};
    pthread_attr_init(&attributes);
    pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
    pthread_attr_setschedpolicy(&attributes, SCHED_OTHER);
    pthread_attr_setschedparam(&attributes, &parameter);
    int error = pthread_create(&one, &attributes, tells, 0);
    if (!error)
        pthread_join(one, 0);
    printf("create: %s\n", strerror(error));

    pthread_create(&one, 0, lets_go, 0);
    printf("set: %s\n", strerror(pthread_setschedparam(one, SCHED_OTHER, &parameter)));
    pthread_join(one, 0);
}

// The baton: taken by whoever waits, never lost with who had it, given by nobody else.
#include "../../native/baton.c"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

enum { THREADS = 8, TURNS = 2000 };

#define CHECK(condition)                                                                           \
    do                                                                                             \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                        \
            exit(1);                                                                               \
        }                                                                                          \
    while (0)

static uintptr_t who_has_it(void) {
    return __atomic_load_n(&holder, __ATOMIC_RELAXED);
}

static sem_t taken, taken_from;
static uintptr_t first;

// Has it, keeps it, and gives it when another one has taken it.
static void *keep(void *unused) {
    baton_take();
    first = mark();
    CHECK(who_has_it() == first);
    sem_post(&taken);
    sem_wait(&taken_from);
    uintptr_t now = who_has_it();
    baton_give();
    CHECK(now && now != first && who_has_it() == now);
    return unused;
}

static void check_taking(void) {
    pthread_t thread;
    sem_init(&taken, 0, 0);
    sem_init(&taken_from, 0, 0);
    CHECK(pthread_create(&thread, NULL, keep, NULL) == 0);
    sem_wait(&taken);
    CHECK(who_has_it() == first && first != mark());
    baton_give(); // of who has it not: nothing
    CHECK(who_has_it() == first);
    baton_take(); // it is not given: after some looks it is taken
    CHECK(who_has_it() == mark());
    sem_post(&taken_from);
    pthread_join(thread, NULL);
    CHECK(who_has_it() == mark());
    baton_take(); // its own
    CHECK(who_has_it() == mark());
    baton_give();
    CHECK(who_has_it() == 0);
}

static void *leave_with_it(void *unused) {
    baton_take();
    return unused;
}

static void check_a_thread_that_has_ended(void) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, leave_with_it, NULL) == 0);
    pthread_join(thread, NULL);
    CHECK(who_has_it() != 0);
    baton_take();
    baton_give();
    CHECK(who_has_it() == 0);
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long turns;

// As threads of Python do: the lock is what counts, the baton only comes before it.
static void *take_turns(void *unused) {
    for (int i = 0; i < TURNS; i++) {
        baton_take();
        pthread_mutex_lock(&lock);
        turns++;
        pthread_mutex_unlock(&lock);
        baton_give();
    }
    return unused;
}

static void check_many(void) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, take_turns, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK(turns == (long)THREADS * TURNS);
    CHECK(who_has_it() == 0);
}

int main(void) {
    check_taking();
    check_a_thread_that_has_ended();
    check_many();
    return 0;
}

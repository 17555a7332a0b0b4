// What processes share by memory: mutexes (robust, recursive, checked), conditions, barriers,
// semaphores, locks for many readers; what threads have of their own; cancelled waits.
#include "said.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>

struct shared {
    pthread_mutex_t robust, plain;
    pthread_cond_t cond;
    pthread_barrier_t barrier;
    pthread_rwlock_t rwlock;
    sem_t sem;
    int turn, count, readers;
    atomic_int sum;
};
static struct shared *s;

static void make(void) {
    pthread_mutexattr_t mutex;
    pthread_condattr_t cond;
    pthread_barrierattr_t barrier;
    pthread_rwlockattr_t rw;
    s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&mutex);
    pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(&s->plain, &mutex);
    pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&s->robust, &mutex);
    pthread_condattr_init(&cond);
    pthread_condattr_setpshared(&cond, PTHREAD_PROCESS_SHARED);
    pthread_condattr_setclock(&cond, CLOCK_MONOTONIC);
    pthread_cond_init(&s->cond, &cond);
    pthread_barrierattr_init(&barrier);
    pthread_barrierattr_setpshared(&barrier, PTHREAD_PROCESS_SHARED);
    pthread_barrier_init(&s->barrier, &barrier, 4);
    pthread_rwlockattr_init(&rw);
    pthread_rwlockattr_setpshared(&rw, PTHREAD_PROCESS_SHARED);
    pthread_rwlock_init(&s->rwlock, &rw);
    sem_init(&s->sem, 1, 0);
}

static void owner_dies(int by_signal) {
    pid_t pid = fork();
    if (pid == 0) {
        pthread_mutex_lock(&s->robust);
        if (by_signal)
            raise(SIGKILL);
        _exit(0);
    }
    say_end("owner", end_of(pid));
    int told = pthread_mutex_lock(&s->robust);
    say("owner died", told == EOWNERDEAD);
    say("consistent", pthread_mutex_consistent(&s->robust));
    say("unlock", pthread_mutex_unlock(&s->robust));
    say("lock", pthread_mutex_lock(&s->robust));
    say("unlock", pthread_mutex_unlock(&s->robust));
}

static void waiter_is_told(void) {
    pid_t holder = fork();
    if (holder == 0) {
        pthread_mutex_lock(&s->robust);
        sem_post(&s->sem);
        nap(50);
        _exit(1);
    }
    while (sem_wait(&s->sem))
        ;
    say("waiter is told", pthread_mutex_lock(&s->robust) == EOWNERDEAD);
    // not made consistent: for nobody any more
    say("unlock", pthread_mutex_unlock(&s->robust));
    say("not recoverable", pthread_mutex_lock(&s->robust) == ENOTRECOVERABLE);
    end_of(holder);
}

static void turns(void) {
    pid_t pids[4];
    for (int i = 0; i < 4; i++)
        if ((pids[i] = fork()) == 0) {
            for (int round = 0; round < 50; round++) {
                pthread_mutex_lock(&s->plain);
                while (s->turn % 4 != i)
                    pthread_cond_wait(&s->cond, &s->plain);
                s->turn++;
                pthread_cond_broadcast(&s->cond);
                pthread_mutex_unlock(&s->plain);
            }
            int serial = pthread_barrier_wait(&s->barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
            atomic_fetch_add(&s->sum, serial);
            for (int k = 0; k < 200; k++) {
                pthread_rwlock_wrlock(&s->rwlock);
                s->count++;
                pthread_rwlock_unlock(&s->rwlock);
                pthread_rwlock_rdlock(&s->rwlock);
                pthread_rwlock_unlock(&s->rwlock);
            }
            sem_post(&s->sem);
            _exit(0);
        }
    for (int i = 0; i < 4; i++)
        while (sem_wait(&s->sem))
            ;
    for (int i = 0; i < 4; i++)
        say_end("child", end_of(pids[i]));
    say("turns", s->turn);
    say("count", s->count);
    say("serial", s->sum);
}

static void timed(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_nsec += 20000000;
    if (at.tv_nsec >= 1000000000)
        at.tv_nsec -= 1000000000, at.tv_sec++;
    pthread_mutex_lock(&s->plain);
    say("cond timed out", pthread_cond_timedwait(&s->cond, &s->plain, &at) == ETIMEDOUT);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    say("not before",
        now.tv_sec > at.tv_sec || (now.tv_sec == at.tv_sec && now.tv_nsec >= at.tv_nsec));
    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_nsec += 20000000;
    if (at.tv_nsec >= 1000000000)
        at.tv_nsec -= 1000000000, at.tv_sec++;
    say("sem timed out", sem_timedwait(&s->sem, &at) < 0 && errno == ETIMEDOUT);
    pid_t pid = fork();
    if (pid == 0) {
        int got = pthread_mutex_timedlock(&s->plain, &at);
        int rd = pthread_rwlock_tryrdlock(&s->rwlock);
        _exit(got == ETIMEDOUT ? rd : 99);
    }
    say_end("timed lock", end_of(pid));
    pthread_mutex_unlock(&s->plain);
    at.tv_nsec = 1000000000;
    say("bad time", sem_timedwait(&s->sem, &at) < 0 && errno == EINVAL);
}

static pthread_key_t key;
static atomic_int destroyed;
static void again(void *value) {
    destroyed++;
    if ((long)value > 1)
        pthread_setspecific(key, (void *)((long)value - 1));
}
static void clean(void *word) {
    printf("cleaned %s\n", (char *)word);
    fflush(stdout);
}
static void unlocks(void *mutex) {
    pthread_mutex_unlock(mutex);
}
static sem_t never;
static pthread_mutex_t m = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t c = PTHREAD_COND_INITIALIZER;
static int fds[2];
static sem_t ready;
static void *waits(void *how) {
    char byte;
    pthread_setspecific(key, (void *)3L);
    pthread_cleanup_push(clean, how);
    sem_post(&ready);
    switch (*(char *)how) {
    case 's':
        sem_wait(&never);
        break;
    case 'c':
        pthread_mutex_lock(&m);
        pthread_cleanup_push(unlocks, &m);
        pthread_cond_wait(&c, &m);
        pthread_cleanup_pop(1);
        break;
    case 'r':
        read(fds[0], &byte, 1);
        break;
    case 'n':
        nap(100000);
        break;
    case 'p':
        poll(NULL, 0, -1);
        break;
    case 'w': {
        sigset_t set;
        int n;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR2);
        sigwait(&set, &n);
    } break;
    case 'a': {
        pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
        pause();
    } break;
    case 'd':
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
        nap(30);
        pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, NULL);
        pthread_testcancel();
        break;
    case 'e':
        pthread_exit("left");
        break;
    }
    pthread_cleanup_pop(0);
    return "returned";
}
static void cancelled(void) {
    static const char *hows[] = {"sem",     "cond",        "read",     "nanosleep", "poll",
                                 "sigwait", "at any time", "disabled", "exit"};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    pipe(fds);
    sem_init(&never, 0, 0);
    sem_init(&ready, 0, 0);
    pthread_key_create(&key, again);
    for (unsigned i = 0; i < sizeof hows / sizeof *hows; i++) {
        pthread_t t;
        void *result;
        destroyed = 0;
        pthread_create(&t, NULL, waits, (void *)hows[i]);
        while (sem_wait(&ready))
            ;
        int told = hows[i][0] == 'e' ? 0 : pthread_cancel(t);
        say("join", pthread_join(t, &result));
        say("cancel", told);
        printf("%s: %s, %d\n", hows[i], result == PTHREAD_CANCELED ? "cancelled" : (char *)result,
               destroyed);
        fflush(stdout);
    }
    say("mutex is free", pthread_mutex_trylock(&m));
}

static volatile sig_atomic_t hits;
static pthread_t hit;
static void handler(int n) {
    hits++;
    hit = pthread_self();
}
static atomic_int done;
static void *sleeper(void *unused) {
    struct timespec time = {50, 0};
    long error = nanosleep(&time, &time) < 0 ? errno : 0;
    done = 1;
    return (void *)error;
}

static void signalled(void) {
    struct sigaction action = {.sa_handler = handler};
    pthread_t thread;
    void *result;
    sigaction(SIGUSR1, &action, NULL);
    pthread_create(&thread, NULL, sleeper, NULL);
    for (; !done; nap(10)) // the first may come before it sleeps
        pthread_kill(thread, SIGUSR1);
    pthread_join(thread, &result);
    say("interrupted", (long)result == EINTR);
    say("hits", hits > 0);
    say("there", pthread_equal(hit, thread) != 0);
    say("kill 0", pthread_kill(pthread_self(), 0));
    say("bad signal", pthread_kill(pthread_self(), 999));
}

static void *forks(void *n) {
    pid_t pid = fork();
    if (pid == 0) {
        int fd[2];
        pipe(fd);
        write(fd[1], "x", 1);
        char b;
        read(fd[0], &b, 1);
        pthread_t t;
        void *r;
        pthread_create(&t, NULL, sleeper, NULL);
        pthread_cancel(t);
        pthread_join(t, &r);
        _exit(r == PTHREAD_CANCELED ? 40 + (int)(long)n : 1);
    }
    return (void *)(long)WEXITSTATUS(end_of(pid));
}
static void many(void) {
    pthread_t t[8];
    long sum = 0;
    void *r;
    for (long i = 0; i < 8; i++)
        pthread_create(&t[i], NULL, forks, (void *)i);
    for (int i = 0; i < 8; i++)
        pthread_join(t[i], &r), sum += (long)r;
    say("forks of threads", sum);
}

static void kinds(void) {
    pthread_mutexattr_t a;
    pthread_mutex_t k;
    pthread_mutexattr_init(&a);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&k, &a);
    say("unlock unlocked", pthread_mutex_unlock(&k));
    pthread_mutex_lock(&k);
    say("lock twice", pthread_mutex_lock(&k));
    say("try", pthread_mutex_trylock(&k));
    pthread_mutex_unlock(&k);
    pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&k, &a);
    say("lock", pthread_mutex_lock(&k));
    say("again", pthread_mutex_lock(&k));
    say("try", pthread_mutex_trylock(&k));
    for (int i = 0; i < 3; i++)
        say("unlock", pthread_mutex_unlock(&k));
    say("one too many", pthread_mutex_unlock(&k));
    pthread_rwlock_t rw = PTHREAD_RWLOCK_INITIALIZER;
    say("rd", pthread_rwlock_rdlock(&rw));
    say("rd", pthread_rwlock_tryrdlock(&rw));
    say("trywr", pthread_rwlock_trywrlock(&rw));
    pthread_rwlock_unlock(&rw);
    pthread_rwlock_unlock(&rw);
    say("trywr", pthread_rwlock_trywrlock(&rw));
    say("tryrd", pthread_rwlock_tryrdlock(&rw));
    sem_t x;
    sem_init(&x, 0, 1);
    int v;
    say("trywait", sem_trywait(&x));
    say("none", sem_trywait(&x) < 0 && errno == EAGAIN);
    sem_getvalue(&x, &v);
    say("value", v);
    pthread_spinlock_t sp;
    pthread_spin_init(&sp, 0);
    say("spin", pthread_spin_lock(&sp));
    say("busy", pthread_spin_trylock(&sp));
    pthread_spin_unlock(&sp);
}

int main(void) {
    alarm(100);
    make();
    owner_dies(0);
    owner_dies(1);
    waiter_is_told();
    turns();
    timed();
    cancelled();
    signalled();
    many();
    kinds();
    return 0;
}

// fork, vfork and posix_spawn of a process with threads.
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
static int handlers;
static __thread int mine = 1;
static void before(void) { handlers += 1; }
static void parent(void) { handlers += 10; }
static void child(void) { handlers += 100; }
static sem_t sem, go;
static void *waits(void *p) { sem_post(&sem); sem_wait(&go); return 0; }
static void *forks(void *p) {
    mine = 5;
    pid_t pid = fork();
    if (!pid) {
        pthread_t t;
        pthread_create(&t, 0, waits, 0);
        sem_post(&go);
        pthread_join(t, 0);
        free(malloc(10000));
        _exit(handlers * 2 + mine);
    }
    int status;
    waitpid(pid, &status, 0);
    return (void *)(long)WEXITSTATUS(status);
}
int main(int argc, char **argv) {
    if (argc > 1)
        return 5;
    pthread_t t, w;
    void *r;
    int status;
    sem_init(&sem, 0, 0); sem_init(&go, 0, 0);
    pthread_atfork(before, parent, child);
    pthread_create(&w, 0, waits, 0); sem_wait(&sem);
    pthread_create(&t, 0, forks, 0); pthread_join(t, &r);
    printf("child %ld parent %d mine %d\n", (long)r, handlers, mine);
    volatile int shared = 0;
    pid_t pid = vfork();
    if (!pid) { shared = 1; _exit(4); }
    waitpid(pid, &status, 0);
    printf("vfork %d %d\n", WEXITSTATUS(status), shared);
    char *again[] = {argv[0], "again", NULL}, *none[] = {NULL};
    printf("spawn %d\n", posix_spawn(&pid, argv[0], 0, 0, again, none));
    waitpid(pid, &status, 0);
    printf("status %d\n", WEXITSTATUS(status));
    printf("no such %d\n", posix_spawn(&pid, "/no/such", 0, 0, again, none));
    sem_post(&go); pthread_join(w, 0);
    return 0;
}

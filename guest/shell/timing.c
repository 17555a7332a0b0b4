// `time`: how long a pipeline took.
#include "shell.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

struct times {
    double real, user, system;
};

static double seconds_of(struct timeval value) {
    return (double)value.tv_sec + (double)value.tv_usec / 1e6;
}

static struct times now(void) {
    struct timespec clock;
    struct rusage own, children;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    getrusage(RUSAGE_SELF, &own);
    getrusage(RUSAGE_CHILDREN, &children);
    return (struct times){(double)clock.tv_sec + (double)clock.tv_nsec / 1e9,
                          seconds_of(own.ru_utime) + seconds_of(children.ru_utime),
                          seconds_of(own.ru_stime) + seconds_of(children.ru_stime)};
}

static void print(const char *name, double seconds, int posix) {
    if (posix)
        fprintf(stderr, "%s %.2f\n", name, seconds);
    else
        fprintf(stderr, "%s\t%dm%.3fs\n", name, (int)(seconds / 60),
                seconds - 60 * (int)(seconds / 60));
}

void psh_run_timed(struct psh_node *node) {
    int posix = node->name != NULL;
    struct times start = now();
    psh.status = 0;
    psh_run(node->first, 0);
    struct times end = now();
    fflush(stdout);
    if (!posix)
        fputc('\n', stderr);
    print("real", end.real - start.real, posix);
    print("user", end.user - start.user, posix);
    print("sys", end.system - start.system, posix);
}

// Processes timed from inside, in C: `PROGRAM true`, which does nothing; `PROGRAM cat FILE N`, the
// file N times; `PROGRAM wc`, bytes of standard input; `PROGRAM time-true PROGRAM` and `time-pipe
// PROGRAM`: samples in seconds as JSON, of starting itself, and of a MB from `cat` to `wc`.
//
// A box in C is one program and a shell, so the program starts itself.
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 65536, PART = 64 << 20, PARTS = 16, STARTS = 100, PIPES = 3 };

static char block[BLOCK];
static const char file[] = "task_programs.part";

static int put_all(int to, size_t size) {
    for (size_t put = 0; put < size;) {
        ssize_t now = write(to, block + put, size - put);
        if (now < 0)
            return 1;
        put += (size_t)now;
    }
    return 0;
}

static int cat(const char *path, int times) {
    for (int i = 0; i < times; i++) {
        int from = open(path, O_RDONLY);
        ssize_t got;
        if (from < 0)
            return 1;
        while ((got = read(from, block, BLOCK)) > 0)
            if (put_all(1, (size_t)got))
                return 1;
        close(from);
    }
    return 0;
}

static int wc(void) {
    unsigned long total = 0;
    ssize_t got;
    while ((got = read(0, block, BLOCK)) > 0)
        total += (unsigned long)got;
    return total != (unsigned long)PART * PARTS;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static int ended_well(pid_t child) {
    int status;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int start_true(char *program) {
    char *const arguments[] = {program, "true", NULL}, *const nothing[] = {NULL};
    pid_t child;
    return posix_spawn(&child, program, NULL, NULL, arguments, nothing) || !ended_well(child);
}

static pid_t start_at(int end, int as, int other, char *const arguments[]) {
    pid_t child = fork();
    if (child)
        return child;
    dup2(end, as);
    close(end);
    close(other);
    execv(arguments[0], arguments);
    _exit(127);
}

static int start_pipe(char *program) {
    char *const cat_line[] = {program, "cat", (char *)file, NULL};
    char *const wc_line[] = {program, "wc", NULL};
    int ends[2];
    if (pipe(ends))
        return 1;
    pid_t writer = start_at(ends[1], 1, ends[0], cat_line);
    pid_t reader = start_at(ends[0], 0, ends[1], wc_line);
    close(ends[0]);
    close(ends[1]);
    return !ended_well(writer) | !ended_well(reader);
}

static int samples(int times, double operations, int (*work)(char *), char *program) {
    for (int i = 0; i < times; i++) {
        double began = now();
        if (work(program))
            return 1;
        printf("%s%.9f", i ? ", " : "[", (now() - began) / operations);
    }
    return puts("]") < 0;
}

static int make_file(void) {
    int to = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600), failed = to < 0;
    for (int i = 0; i < PART / BLOCK && !failed; i++)
        failed = put_all(to, BLOCK);
    return close(to) | failed;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "true") == 0)
        return 0;
    if (strcmp(what, "cat") == 0 && argc > 2)
        return cat(argv[2], PARTS);
    if (strcmp(what, "wc") == 0)
        return wc();
    if (strcmp(what, "time-true") == 0 && argc > 2)
        return samples(STARTS, 1, start_true, argv[2]);
    if (strcmp(what, "time-pipe") == 0 && argc > 2) {
        int failed = make_file() || samples(PIPES, PART / 1e6 * PARTS, start_pipe, argv[2]);
        unlink(file);
        return failed;
    }
    return 2;
}
